//! The operating system's keyring, with a bounded wait.
//!
//! A locked keyring asks its user on the desktop, and a sick D-Bus may never answer. Each call therefore runs
//! on a thread of its own, and is given up after the time limit. The thread is also what zbus needs: its
//! blocking calls must not run inside a tokio worker.

mod problem;
mod system;

pub use problem::KeyringProblem;
pub use system::SystemKeyring;

use crate::secret::Secret;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// The service name under which the keyring shows the entry.
pub const SERVICE: &str = "zoom-setup";

/// How long a keyring that did not answer may take to say whether it is locked.
const LOCKED_WAIT: Duration = Duration::from_secs(2);

/// A keyring: one secret for each user name, under [`SERVICE`]. Calls may block for as long as they like.
pub trait Keyring: Send + Sync {
    /// `None` if there is no such entry.
    fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem>;
    /// Makes or replaces the entry.
    fn set(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem>;
    /// Removes the entry; it is no error if there is none.
    fn delete(&self, user: &str) -> Result<(), KeyringProblem>;
    /// Whether it is locked, without asking for its password; `None` if that cannot be known.
    fn locked(&self) -> Option<bool>;
}

/// A keyring whose calls end after `wait`, answered or not.
#[derive(Clone)]
pub struct PatientKeyring {
    keyring: Arc<dyn Keyring>,
    wait: Duration,
}

impl PatientKeyring {
    /// `wait` leaves time to type a password into the keyring's own prompt.
    pub fn new(keyring: Arc<dyn Keyring>, wait: Duration) -> Self {
        Self { keyring, wait }
    }

    /// See [`Keyring::get`].
    pub fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem> {
        let user = user.to_owned();
        self.within(move |keyring| keyring.get(&user))
    }

    /// Makes or replaces the entry, and reads it back.
    pub fn keep(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        let (user, secret) = (user.to_owned(), secret.clone());
        self.within(move |keyring| {
            keyring.set(&user, &secret)?;
            same(&secret, keyring.get(&user)?)
        })
    }

    /// See [`Keyring::delete`].
    pub fn delete(&self, user: &str) -> Result<(), KeyringProblem> {
        let user = user.to_owned();
        self.within(move |keyring| keyring.delete(&user))
    }

    /// Proves that the keyring keeps what it is given: an entry is written, read back, and removed. A keyring
    /// that says yes and keeps nothing would cost every secret at the next start.
    pub fn prove(&self, user: &str) -> Result<(), KeyringProblem> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random)
            .map_err(|error| KeyringProblem::Failed { said: format!("no randomness: {error}") })?;
        let probe = Secret::new(random.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let user = format!("{user}#probe-{}", probe.fingerprint().sha256);
        self.within(move |keyring| {
            let kept = keyring.set(&user, &probe).and_then(|()| keyring.get(&user));
            // Also where it failed: nothing of the trial stays.
            let removed = keyring.delete(&user);
            same(&probe, kept?)?;
            removed
        })
    }

    fn within<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Keyring) -> Result<T, KeyringProblem> + Send + 'static,
    ) -> Result<T, KeyringProblem> {
        match self.ask(self.wait, call) {
            Ok(answer) => answer,
            Err(KeyringProblem::Silent { waited }) => {
                // What it waits for is mostly its own password, and it may say so when asked otherwise.
                let locked = self.ask(LOCKED_WAIT.min(self.wait), |keyring| keyring.locked());
                Err(match locked {
                    Ok(Some(true)) => KeyringProblem::Locked {
                        said: format!(
                            "for {} s nobody typed its password on the desktop",
                            waited.as_secs_f32()
                        ),
                    },
                    Ok(Some(false) | None) | Err(_) => KeyringProblem::Silent { waited },
                })
            }
            Err(problem) => Err(problem),
        }
    }

    /// Calls on a thread that is left alone when the time is over.
    fn ask<T: Send + 'static>(
        &self,
        wait: Duration,
        call: impl FnOnce(&dyn Keyring) -> T + Send + 'static,
    ) -> Result<T, KeyringProblem> {
        let (sender, receiver) = mpsc::channel();
        let keyring = Arc::clone(&self.keyring);
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                // Nobody listens any more after the time limit.
                let _ = sender.send(call(keyring.as_ref()));
            })
            .map_err(|error| KeyringProblem::Failed { said: format!("no thread to ask it: {error}") })?;
        match receiver.recv_timeout(wait) {
            Ok(answer) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => Err(KeyringProblem::Silent { waited: wait }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeyringProblem::Failed { said: "its library failed".to_owned() })
            }
        }
    }
}

/// Whether an entry came back as it was given.
fn same(given: &Secret, kept: Option<Secret>) -> Result<(), KeyringProblem> {
    match kept {
        Some(kept) if kept == *given => Ok(()),
        Some(_) => Err(KeyringProblem::Garbles),
        None => Err(KeyringProblem::Forgets),
    }
}
