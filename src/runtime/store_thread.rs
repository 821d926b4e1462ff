//! The store's own thread: effects run in the order they were asked for, away from the screen.

use super::check::{keep, subjects};
use crate::app::message::{Effect, Msg};
use crate::check::{Checked, Entry, FindingCode, Subject, Unsaved};
use crate::oauth::renewal::TokenRecord;
use crate::ports::{Store, StoreFailure, TokenStore, Unlocked};
use crate::procedure::Procedure;
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey};
use crate::store::HistoryFile;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc as sync;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// The tokens that rotate, or why there are none.
pub type Tokens = Result<Arc<dyn TokenStore>, StoreFailure>;

/// What the thread is told.
enum Order {
    Effect(Effect),
    /// Say when everything before this is done.
    Tell(oneshot::Sender<()>),
    /// What a check of these connections begins with.
    Prepare(Vec<String>, oneshot::Sender<Result<Prepared, StoreFailure>>),
    /// Give the tokens that rotate, once everything before this is done.
    Tokens(oneshot::Sender<Tokens>),
    /// Keep what a check found.
    Record(Vec<Checked>, oneshot::Sender<Result<(), StoreFailure>>),
}

/// What a check begins with.
pub struct Prepared {
    pub subjects: Vec<Subject>,
    pub tokens: Tokens,
}

/// What belongs to the store and is not in it.
pub struct BesideTheStore {
    pub history: HistoryFile,
    /// For the addresses of a connection.
    pub procedures: Vec<Arc<Procedure>>,
}

/// Asks the store's thread on behalf of a check, which goes on beside the screen.
#[derive(Clone)]
pub struct CheckStore(sync::Sender<Order>);

impl CheckStore {
    /// The connections of these names as they are stored now. The store should be unlocked.
    pub async fn prepare(&self, names: Vec<String>) -> Result<Prepared, StoreFailure> {
        let (sender, receiver) = oneshot::channel();
        // Fails only when the thread panicked, and so does the answer then.
        let _ = self.0.send(Order::Prepare(names, sender));
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Writes what was found into the records and the history.
    pub async fn record(&self, checked: Vec<Checked>) -> Result<(), StoreFailure> {
        let (sender, receiver) = oneshot::channel();
        let _ = self.0.send(Order::Record(checked, sender));
        receiver.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> StoreFailure {
    StoreFailure::Io { message: "the store's thread has ended".to_owned() }
}

/// Handle of the thread.
pub struct StoreThread {
    orders: sync::Sender<Order>,
    thread: JoinHandle<Vec<Unsaved>>,
}

impl StoreThread {
    /// Starts it.
    pub fn start(
        store: Box<dyn Store>,
        beside: BesideTheStore,
        passphrase: Option<Secret>,
        results: mpsc::UnboundedSender<Msg>,
    ) -> std::io::Result<Self> {
        let (orders, inbox) = sync::channel();
        let mut worker =
            Worker { store, beside, passphrase, results, library_failed: false, unsaved: Vec::new() };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            while let Ok(order) = inbox.recv() {
                match order {
                    Order::Effect(effect) => worker.perform(effect),
                    // Nobody may be waiting any more.
                    Order::Tell(done) => drop(done.send(())),
                    Order::Prepare(names, answer) => drop(answer.send(worker.prepare(names))),
                    Order::Record(checked, answer) => drop(answer.send(worker.record(checked))),
                    Order::Tokens(asked) => drop(asked.send(worker.store.tokens())),
                }
            }
            worker.keep_unsaved();
            worker.unsaved
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

    /// For checks.
    pub fn for_checks(&self) -> CheckStore {
        CheckStore(self.orders.clone())
    }

    /// Waits until everything asked for is done. Gives the new pairs that no store has taken to the end.
    pub fn finish(self) -> Vec<Unsaved> {
        drop(self.orders);
        self.thread.join().unwrap_or_default()
    }
}

struct Worker {
    store: Box<dyn Store>,
    beside: BesideTheStore,
    passphrase: Option<Secret>,
    results: mpsc::UnboundedSender<Msg>,
    library_failed: bool,
    /// New pairs of which this is the only copy.
    unsaved: Vec<Unsaved>,
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
                let result = self
                    .remove_secrets(secrets)
                    .and_then(|()| self.store.remove_connection(&name))
                    .and_then(|()| self.beside.history.forget(&name));
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
            | Effect::Check { .. }
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
                match self.beside.history.read() {
                    Ok(history) => self.send(Msg::HistoryLoaded(history)),
                    Err(failure) => self.send(Msg::StoreFailed(failure)),
                }
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

    fn prepare(&mut self, names: Vec<String>) -> Result<Prepared, StoreFailure> {
        self.keep_unsaved();
        let (stored, _) = self.store.connections()?;
        let mut stored: BTreeMap<String, Connection> =
            stored.into_iter().map(|connection| (connection.name.clone(), connection)).collect();
        // In the order given; what was removed meanwhile is left out.
        let connections = names.iter().filter_map(|name| stored.remove(name)).collect();
        // Without it every check is the first one.
        let history = self.beside.history.read().unwrap_or_default();
        // Whoever asks has opened the store.
        let subjects = subjects(self.store.as_ref(), &Ok(()), connections, &self.beside.procedures, &history);
        Ok(Prepared { subjects, tokens: self.store.tokens() })
    }

    fn record(&mut self, checked: Vec<Checked>) -> Result<(), StoreFailure> {
        let problems = keep(self.store.as_ref(), &checked);
        let mut entries = Vec::new();
        for Checked { report, unsaved, .. } in checked {
            self.unsaved.extend(unsaved.filter(|unsaved| unsaved.rescued.is_none()));
            // One that was not asked is no check.
            if !report.has(FindingCode::Stopped) {
                entries.push(Entry::of(&report));
            }
        }
        self.beside.history.append(&entries)?;
        match problems.first() {
            Some(problem) => Err(StoreFailure::Io { message: problem.clone() }),
            None => Ok(()),
        }
    }

    /// Tries once more to store new pairs that the store did not take.
    fn keep_unsaved(&mut self) {
        for unsaved in std::mem::take(&mut self.unsaved) {
            if self.store.tokens().and_then(|tokens| keep_pair(tokens.as_ref(), &unsaved)).is_err() {
                self.unsaved.push(unsaved);
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

/// Stores a pair in the place of the one that was spent for it. Where a login has brought another meanwhile, that one
/// counts.
fn keep_pair(tokens: &dyn TokenStore, unsaved: &Unsaved) -> Result<(), StoreFailure> {
    let mut held = tokens.hold(&unsaved.key)?;
    match held.read()?.and_then(|record| record.refreshing) {
        Some(refreshing) => held.write(&TokenRecord {
            tokens: unsaved.tokens.clone(),
            refreshing: None,
            replaces: Some(refreshing.spends),
        }),
        None => Ok(()),
    }
}
