//! The store's own thread: effects run in the order they were asked for, away from the screen.

use crate::app::message::{Effect, Msg};
use crate::ports::{Store, StoreFailure, TokenStore, Unlocked};
use crate::secret::Secret;
use crate::setup::SecretKey;
use std::sync::{Arc, mpsc as sync};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// The tokens that rotate, or why there are none.
pub type Tokens = Result<Arc<dyn TokenStore>, StoreFailure>;

/// What the thread is told.
enum Order {
    Effect(Effect),
    /// Say when everything before this is done.
    Tell(oneshot::Sender<()>),
    /// Give the tokens that rotate, once everything before this is done.
    Tokens(oneshot::Sender<Tokens>),
}

/// Handle of the thread.
pub struct StoreThread {
    orders: sync::Sender<Order>,
    thread: JoinHandle<()>,
}

impl StoreThread {
    /// Starts it.
    pub fn start(
        store: Box<dyn Store>,
        passphrase: Option<Secret>,
        results: mpsc::UnboundedSender<Msg>,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = sync::channel();
        let mut worker = Worker { store, passphrase, results, library_failed: false };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            while let Ok(order) = inbox.recv() {
                match order {
                    Order::Effect(effect) => worker.perform(effect),
                    // Nobody may be waiting any more.
                    Order::Tell(done) => drop(done.send(())),
                    Order::Tokens(asked) => drop(asked.send(worker.store.tokens())),
                }
            }
        })?;
        Ok(Self { orders, thread })
    }

    /// Asks for an effect of the store.
    pub fn perform(&self, effect: Effect) {
        // Fails only when the thread panicked; that panic ends the program by itself.
        let _ = self.orders.send(Order::Effect(effect));
    }

    /// Completes when everything asked for so far is done.
    pub fn done(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.orders.send(Order::Tell(sender));
        receiver
    }

    /// The tokens that rotate: their writes do not wait for this thread.
    pub fn tokens(&self) -> oneshot::Receiver<Tokens> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.orders.send(Order::Tokens(sender));
        receiver
    }

    /// Waits until everything asked for is done.
    pub fn finish(self) {
        drop(self.orders);
        let _ = self.thread.join();
    }
}

struct Worker {
    store: Box<dyn Store>,
    passphrase: Option<Secret>,
    results: mpsc::UnboundedSender<Msg>,
    library_failed: bool,
}

impl Worker {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::LoadLibrary => self.load(),
            Effect::SaveSetup(setup) => {
                let result = self.store.save_setup(&setup);
                self.unless_ok(result);
            }
            Effect::RemoveSetup { id, secrets } => {
                let result = self.remove_secrets(secrets).and_then(|()| self.store.remove_setup(&id));
                self.unless_ok(result);
            }
            Effect::RemoveConnection { ticket, name, secrets } => {
                let result = self.remove_secrets(secrets).and_then(|()| self.store.remove_connection(&name));
                self.send(Msg::ConnectionRemoved { ticket, result });
            }
            Effect::Unlock { ticket, passphrase } => {
                let result = self.unlock(passphrase.as_ref());
                self.send(Msg::Unlocked { ticket, result });
            }
            Effect::ReadSecrets { ticket, keys } => {
                let result = keys
                    .into_iter()
                    .map(|key| self.store.read_secret(&key).map(|value| (key, value)))
                    .collect::<Result<Vec<_>, _>>();
                self.send(Msg::SecretsRead { ticket, result });
            }
            Effect::WriteSecrets { ticket, changes } => {
                let result = self.store.write_secrets(changes);
                self.send(Msg::SecretsWritten { ticket, result });
            }
            Effect::SaveConnection { ticket, connection } => {
                let result = self.store.save_connection(&connection);
                self.send(Msg::ConnectionSaved { ticket, result });
            }
            Effect::Random { .. }
            | Effect::Wake { .. }
            | Effect::Listen { .. }
            | Effect::AnswerCallback { .. }
            | Effect::OfferLogin { .. }
            | Effect::ExpireCallback { .. }
            | Effect::Cancel { .. }
            | Effect::Token { .. }
            | Effect::Renew { .. }
            | Effect::Revoke { .. }
            | Effect::Read { .. }
            | Effect::Preflight { .. }
            | Effect::OpenBrowser { .. }
            | Effect::Copy { .. }
            | Effect::Export { .. }
            | Effect::ConfigureSandbox(_)
            | Effect::Regenerate { .. }
            | Effect::Exit(_) => {}
        }
    }

    /// The passphrase of the environment is tried where the store wants one and nobody typed one.
    fn unlock(&mut self, typed: Option<&Secret>) -> Result<Unlocked, StoreFailure> {
        let result = self.store.unlock(typed);
        match (&result, &self.passphrase, typed) {
            (Err(StoreFailure::NeedsPassphrase { .. }), Some(passphrase), None) => {
                match self.store.unlock(Some(passphrase)) {
                    // Somebody at the keyboard may know the right one.
                    Err(StoreFailure::WrongPassphrase) => Err(StoreFailure::NeedsPassphrase {
                        new: false,
                        why: "the one in ZOOM_SETUP_PASSPHRASE does not open the secrets".to_owned(),
                    }),
                    opened => opened,
                }
            }
            (Ok(_) | Err(_), Some(_) | None, Some(_) | None) => result,
        }
    }

    /// Removing what lies in a locked store opens it first, as far as that needs nobody at the keyboard.
    fn remove_secrets(&mut self, keys: Vec<SecretKey>) -> Result<(), StoreFailure> {
        if keys.is_empty() {
            return Ok(());
        }
        self.unlock(None)?;
        self.store.write_secrets(keys.into_iter().map(|key| (key, None)).collect())
    }

    fn load(&mut self) {
        let lists = self.store.setups().and_then(|setups| Ok((setups, self.store.connections()?)));
        match lists {
            Ok(((setups, mut unreadable), (connections, more))) => {
                unreadable.extend(more);
                self.send(Msg::LibraryLoaded { setups, connections, unreadable });
            }
            Err(failure) => {
                self.send(Msg::LibraryLoaded {
                    setups: Vec::new(),
                    connections: Vec::new(),
                    unreadable: Vec::new(),
                });
                if !self.library_failed {
                    self.library_failed = true;
                    self.send(Msg::StoreFailed(failure));
                }
            }
        }
    }

    fn unless_ok(&self, result: Result<(), StoreFailure>) {
        if let Err(failure) = result {
            self.send(Msg::StoreFailed(failure));
        }
    }

    fn send(&self, msg: Msg) {
        // The receiver is gone only when the program ends; then nobody waits for the result.
        let _ = self.results.send(msg);
    }
}
