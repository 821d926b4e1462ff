//! Tokens in memory: gone at the end, and still one writer a key.

use crate::oauth::renewal::TokenRecord;
use crate::ports::{Adopted, HeldTokens, StoreFailure, TokenStore};
use crate::setup::SecretKey;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The tokens of this process, by key.
#[derive(Clone)]
pub struct MemoryTokens {
    shared: Arc<Shared>,
    wait: Duration,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    let_go: Condvar,
}

#[derive(Default)]
struct State {
    records: BTreeMap<String, TokenRecord>,
    held: BTreeSet<String>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryTokens {
    /// `wait`: how long to wait for whoever holds a key.
    pub fn new(wait: Duration) -> Self {
        Self { shared: Arc::default(), wait }
    }
}

impl TokenStore for MemoryTokens {
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure> {
        let key = key.path();
        let (mut state, waited) = self
            .shared
            .let_go
            .wait_timeout_while(self.shared.state(), self.wait, |state| state.held.contains(&key))
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(StoreFailure::Locked {
                message: format!(
                    "these tokens have been in use in this process for more than {} s; try again",
                    self.wait.as_secs_f32()
                ),
            });
        }
        state.held.insert(key.clone());
        drop(state);
        Ok(Box::new(Held { shared: Arc::clone(&self.shared), key }))
    }

    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        Ok(self.shared.state().records.get(&key.path()).cloned())
    }
}

/// One key, until it is dropped.
struct Held {
    shared: Arc<Shared>,
    key: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.state().held.remove(&self.key);
        self.shared.let_go.notify_all();
    }
}

impl HeldTokens for Held {
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure> {
        Ok(self.shared.state().records.get(&self.key).cloned())
    }

    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure> {
        self.shared.state().records.insert(self.key.clone(), record.clone());
        Ok(())
    }

    fn remove(&mut self) -> Result<(), StoreFailure> {
        self.shared.state().records.remove(&self.key);
        Ok(())
    }

    /// Memory takes everything, so nothing has to be put elsewhere.
    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.write(record)?;
        Ok("memory".to_owned())
    }

    fn rescue_into(&mut self, _directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.rescue(record)
    }

    fn adopted(&self) -> Option<&Adopted> {
        None
    }
}
