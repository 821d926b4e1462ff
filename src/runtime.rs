//! Runs effects against the ports and brings their results back as messages.
//!
//! Every long effect carries a ticket. Its task or listener is kept under it and dropped on
//! [`Effect::Cancel`], which closes the request or frees the port. Effects of the store run on one thread of
//! their own, in order.

pub mod check;
mod checks;
mod link;
mod log;
mod renewal;
mod screen;
mod store_thread;

pub use link::Written;
pub use log::{LoggedStore, LoggedZoom};
pub use renewal::{JournaledRenewer, Renewals};
pub use screen::{Ended, Signals, message, run_on_terminal, step};

use crate::app::message::{Effect, Exit, Msg, Ticket};
use crate::check::Unsaved;
use crate::ports::{
    BoundPort, Browser, CallbackEvent, CallbackPage, Clipboard, Clock, Entropy, ListenFailure, ListenRequest,
    Listener, ListenerControl, Rehearsing, Renewal, RenewalRequest, Renewer, Store, StoreFailure, Zoom,
};
use crate::procedure::Procedure;
use crate::secret::Secret;
use crate::store::HistoryFile;
use checks::{CheckUnderWay, CheckWorld};
use std::collections::HashMap;
use std::future::Future;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use store_thread::{BesideTheStore, StoreThread};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// How long a listener whose login is out of time stays up to tell so. Nothing else counts there.
pub const EXPIRED_GRACE: Duration = Duration::from_secs(60);

/// How long a frame waits for the progress that it shows to be on disk.
const SAVE_PATIENCE: Duration = Duration::from_millis(250);

/// The world, by role.
pub struct Ports {
    pub zoom: Arc<dyn Zoom>,
    pub listener: Arc<dyn Listener>,
    pub browser: Arc<dyn Browser>,
    pub clipboard: Arc<dyn Clipboard>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub store: Box<dyn Store>,
    /// Checks that are remembered.
    pub history: HistoryFile,
    pub procedures: Vec<Arc<Procedure>>,
    /// The sandbox, in rehearsal.
    pub rehearsing: Option<Arc<dyn Rehearsing>>,
    /// Passphrase from the environment, used where no prompt is possible.
    pub passphrase: Option<Secret>,
    /// Where exported sheets go.
    pub export_directory: PathBuf,
}

/// Effects under way.
pub struct Runtime {
    sender: mpsc::UnboundedSender<Msg>,
    receiver: mpsc::UnboundedReceiver<Msg>,
    zoom: Arc<dyn Zoom>,
    listener: Arc<dyn Listener>,
    browser: Arc<dyn Browser>,
    clipboard: Arc<dyn Clipboard>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    rehearsing: Option<Arc<dyn Rehearsing>>,
    export_directory: PathBuf,
    store: StoreThread,
    tasks: HashMap<Ticket, AbortHandle>,
    checks: HashMap<Ticket, CheckUnderWay>,
    renewals: Renewals,
    listeners: HashMap<Ticket, OpenListener>,
    closing: Vec<JoinHandle<()>>,
    /// Holds the listener of the last login that ran out of time; its drop lets go of it.
    expired: Option<std::sync::mpsc::Sender<()>>,
    /// Progress on its way to the disk.
    saving: Option<oneshot::Receiver<()>>,
    exit: Option<Exit>,
}

struct OpenListener {
    control: Box<dyn ListenerControl>,
    forwarding: AbortHandle,
}

impl Drop for OpenListener {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

impl Runtime {
    /// Starts the store's thread; nothing else runs yet.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(ports: Ports) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let beside = BesideTheStore { history: ports.history, procedures: ports.procedures };
        let store = StoreThread::start(ports.store, beside, ports.passphrase, sender.clone())?;
        Ok(Self {
            sender,
            receiver,
            zoom: ports.zoom,
            listener: ports.listener,
            browser: ports.browser,
            clipboard: ports.clipboard,
            clock: ports.clock,
            entropy: ports.entropy,
            rehearsing: ports.rehearsing,
            export_directory: ports.export_directory,
            store,
            tasks: HashMap::new(),
            checks: HashMap::new(),
            renewals: Renewals::default(),
            listeners: HashMap::new(),
            closing: Vec::new(),
            expired: None,
            saving: None,
            exit: None,
        })
    }

    /// Time for the next message.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// The next result. Never ends while the runtime lives.
    pub async fn next(&mut self) -> Msg {
        match self.receiver.recv().await {
            Some(msg) => msg,
            // The runtime holds a sender itself, so the channel cannot close.
            None => std::future::pending().await,
        }
    }

    /// A result that is there already.
    pub fn ready(&mut self) -> Option<Msg> {
        self.receiver.try_recv().ok()
    }

    /// How the program shall end, once an effect said so.
    pub const fn exit(&self) -> Option<&Exit> {
        self.exit.as_ref()
    }

    /// Waits until progress that was to be saved is on disk, so that nobody sees a step that a crash would take
    /// back. Waits a moment only: the store may be busy with a passphrase.
    pub async fn saved(&mut self) {
        if let Some(done) = self.saving.take() {
            // Both ends are fine: it is saved, or it takes long and the screen goes on.
            let _ = tokio::time::timeout(SAVE_PATIENCE, done).await;
        }
    }

    /// Whether a refresh is under way, which [`Self::finish`] waits for.
    pub fn is_refreshing(&self) -> bool {
        self.renewals.any()
    }

    /// Waits until a refresh that was begun is stored (bounded by Zoom's time limit), everything else that was to be
    /// stored is, and the browser has its final page (bounded by the listener). Gives the new pairs that no store has
    /// taken.
    pub async fn finish(self) -> Vec<Unsaved> {
        let Self { store, closing, expired, tasks, renewals, checks, .. } = self;
        drop(expired);
        for task in tasks.into_values() {
            task.abort();
        }
        for check in checks.into_values() {
            check.ended().await;
        }
        renewals.settled().await;
        let ended = tokio::task::spawn_blocking(move || {
            let unsaved = store.finish();
            for closing in closing {
                let _ = closing.join();
            }
            unsaved
        });
        // Fails only if the closure panicked, which is reported by itself.
        ended.await.unwrap_or_default()
    }

    /// Does one effect, or starts it.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            // Nothing is shown as kept before it is.
            Effect::SaveSetup(_) | Effect::WriteSecrets { .. } => {
                self.store.perform(effect);
                self.saving = Some(self.store.done());
            }
            Effect::LoadLibrary
            | Effect::RemoveSetup { .. }
            | Effect::Unlock { .. }
            | Effect::ReadSecrets { .. }
            | Effect::SaveConnection { .. }
            | Effect::RemoveConnection { .. } => self.store.perform(effect),
            Effect::Random { ticket } => self.random(ticket),
            Effect::Wake { ticket, milliseconds } => self.spawn(ticket, async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Msg::Woke { ticket }
            }),
            Effect::Listen { ticket, request } => self.listen(ticket, request),
            Effect::OfferLogin { ticket, url } => {
                if let Some(open) = self.listeners.get(&ticket) {
                    open.control.offer_login(&url);
                }
            }
            Effect::AnswerCallback { ticket, page } => self.answer(ticket, page),
            Effect::ExpireCallback { ticket } => {
                self.answer(ticket, CallbackPage::Expired);
                if let Some(open) = self.listeners.remove(&ticket) {
                    let (hold, over) = std::sync::mpsc::channel();
                    self.expired = Some(hold);
                    self.close(open, move || {
                        // Either end of the wait is fine: the time, or the drop of what holds it.
                        let _ = over.recv_timeout(EXPIRED_GRACE);
                    });
                }
            }
            Effect::Cancel { ticket } => {
                if let Some(open) = self.listeners.remove(&ticket) {
                    self.close(open, || {});
                }
                if let Some(task) = self.tasks.remove(&ticket) {
                    task.abort();
                }
                if let Some(check) = self.checks.get_mut(&ticket) {
                    check.stop();
                }
            }
            Effect::Token { ticket, request } => {
                let zoom = Arc::clone(&self.zoom);
                self.spawn(ticket, async move {
                    Msg::Token { ticket, result: Box::new(zoom.token(request).await) }
                });
            }
            Effect::Renew { ticket, request } => self.renew(ticket, request),
            Effect::Revoke { ticket, request } => {
                let zoom = Arc::clone(&self.zoom);
                self.spawn(
                    ticket,
                    async move { Msg::Revoked { ticket, result: zoom.revoke(request).await } },
                );
            }
            Effect::Read { ticket, request } => {
                let zoom = Arc::clone(&self.zoom);
                self.spawn(ticket, async move {
                    Msg::Read { ticket, result: Box::new(zoom.read(request).await) }
                });
            }
            Effect::Preflight { ticket, request } => {
                let zoom = Arc::clone(&self.zoom);
                self.spawn(ticket, async move {
                    Msg::Preflight { ticket, result: Box::new(zoom.preflight(request).await) }
                });
            }
            Effect::Check { ticket, names, options } => {
                let world = CheckWorld {
                    zoom: Arc::clone(&self.zoom),
                    clock: Arc::clone(&self.clock),
                    entropy: Arc::clone(&self.entropy),
                    store: self.store.for_checks(),
                    renewals: self.renewals.clone(),
                };
                let check = checks::start(world, ticket, names, options, self.sender.clone());
                self.checks.retain(|_, check| !check.is_over());
                self.checks.insert(ticket, check);
            }
            Effect::OpenBrowser { url } => {
                // Launchers of the desktop are watched for a moment, which the screen must not wait for.
                let (browser, sender) = (Arc::clone(&self.browser), self.sender.clone());
                tokio::task::spawn_blocking(move || {
                    let _ = sender.send(Msg::BrowserOpened(browser.open(&url)));
                });
            }
            Effect::Copy { text, what } => {
                let how = self.clipboard.copy(&text);
                self.send(Msg::Copied { what, how });
            }
            Effect::Export { file_name, text } => {
                let result = self.export(&file_name, &text);
                self.send(Msg::Exported { result });
            }
            Effect::ConfigureSandbox(app) => {
                if let Some(rehearsing) = &self.rehearsing {
                    rehearsing.configure(app);
                }
            }
            Effect::Regenerate { ticket, server_to_server } => {
                if let Some(rehearsing) = &self.rehearsing {
                    let secret = rehearsing.regenerate(server_to_server);
                    self.send(Msg::Regenerated { ticket, secret });
                }
            }
            Effect::Exit(exit) => self.exit = Some(exit),
        }
    }

    fn send(&self, msg: Msg) {
        // Fails only when the receiver is gone, and that lives as long as the sender here.
        let _ = self.sender.send(msg);
    }

    fn spawn(&mut self, ticket: Ticket, work: impl Future<Output = Msg> + Send + 'static) {
        let sender = self.sender.clone();
        self.tasks.retain(|_, task| !task.is_finished());
        let task = tokio::spawn(async move {
            let msg = work.await;
            let _ = sender.send(msg);
        });
        self.tasks.insert(ticket, task.abort_handle());
    }

    fn renew(&mut self, ticket: Ticket, request: RenewalRequest) {
        let tokens = self.store.tokens();
        let (zoom, clock) = (Arc::clone(&self.zoom), Arc::clone(&self.clock));
        let renewals = self.renewals.clone();
        self.spawn(ticket, async move {
            let renewal = match tokens.await {
                Ok(Ok(tokens)) => JournaledRenewer::new(tokens, zoom, clock, renewals).renew(request).await,
                Ok(Err(failure)) => Renewal::Store(failure),
                Err(_) => Renewal::Store(StoreFailure::Io { message: "the store has ended".to_owned() }),
            };
            Msg::Renewed { ticket, result: Box::new(renewal) }
        });
    }

    fn random(&self, ticket: Ticket) {
        let halves = self.entropy.bytes().and_then(|first| Ok((first, self.entropy.bytes()?)));
        let result = halves.map(|(first, second)| {
            let mut bytes = Box::new([0; 64]);
            bytes[..32].copy_from_slice(&first);
            bytes[32..].copy_from_slice(&second);
            bytes
        });
        self.send(Msg::Random { ticket, result });
    }

    /// Closing waits a moment for the browser to fetch the final page, which the screen must not wait for. The
    /// listener stays open until `hold` returns.
    fn close(&mut self, open: OpenListener, hold: impl FnOnce() + Send + 'static) {
        self.closing.retain(|thread| !thread.is_finished());
        let closing = std::thread::Builder::new().name("callback-close".to_owned());
        // Without a thread the closure, and the listener with it, is dropped here.
        self.closing.extend(closing.spawn(move || {
            hold();
            drop(open);
        }));
    }

    fn listen(&mut self, ticket: Ticket, request: ListenRequest) {
        self.expired = None;
        for closing in self.closing.drain(..) {
            // It may hold the port that is wanted now.
            let _ = closing.join();
        }
        let result: Result<BoundPort, ListenFailure> = self.listener.listen(request).map(|mut listening| {
            let sender = self.sender.clone();
            let forwarding = tokio::spawn(async move {
                while let Some(event) = listening.events.recv().await {
                    match &event {
                        CallbackEvent::Seen { line } => tracing::info!(line, "request on the listener"),
                        CallbackEvent::Arrived { .. } => tracing::info!("callback with the right state"),
                    }
                    if sender.send(Msg::Callback { ticket, event }).is_err() {
                        break;
                    }
                }
            });
            let open = OpenListener { control: listening.control, forwarding: forwarding.abort_handle() };
            self.listeners.insert(ticket, open);
            tracing::info!(port = listening.bound.port, "listening");
            listening.bound
        });
        self.send(Msg::Listening { ticket, result });
    }

    fn answer(&self, ticket: Ticket, page: CallbackPage) {
        if let Some(listener) = self.listeners.get(&ticket) {
            listener.control.answer(page);
        }
    }

    /// Writes a file that was not there before, readable by its owner only.
    fn export(&self, file_name: &str, text: &Secret) -> Result<String, String> {
        let (stem, extension) = file_name.rsplit_once('.').unwrap_or((file_name, "txt"));
        for attempt in 1..=99 {
            let name =
                if attempt == 1 { file_name.to_owned() } else { format!("{stem}-{attempt}.{extension}") };
            let path = self.export_directory.join(&name);
            match private_file(&path) {
                Ok(mut file) => {
                    return match file.write_all(text.expose().as_bytes()).and_then(|()| file.sync_all()) {
                        Ok(()) => Ok(path.display().to_string()),
                        Err(error) => Err(format!("{}: {error}", path.display())),
                    };
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Err(format!("{file_name} and 98 more of that name are there already"))
    }
}

/// Creates a file that only its owner reads; fails if there is one already.
///
/// # Errors
/// As the file system says.
pub fn private_file(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
