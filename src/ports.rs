//! What the core needs from the world, by role. Adapters: [`crate::zoom`], [`crate::callback`],
//! [`crate::store`], [`crate::system`]; tests bring their own.

pub use crate::oauth::callback::Answer as CallbackOutcome;
use crate::oauth::renewal::TokenRecord;
use crate::oauth::token::StoredTokens;
use crate::oauth::{
    ApiAnswer, ApiRead, ClientAuthentication, Failure, PreflightAnswer, PreflightRequest, RevokeRequest,
    TokenGrant, TokenRequest,
};
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey, Setup};
use jiff::Timestamp;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A boxed future, so that ports can be trait objects.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Zoom's endpoints.
pub trait Zoom: Send + Sync {
    /// Calls the token endpoint. Retries at most once and only where nothing can have been spent
    /// (never a code or refresh token whose request was sent).
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>>;
    /// Revokes a grant.
    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>>;
    /// Reads from the API; retried once on a lost connection.
    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>>;
    /// Looks at the authorize page without cookies, as far as it goes before a sign-in: follows redirects within
    /// Zoom's hosts only, never to the redirect URL and never onto a sign-in page.
    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>>;
}

/// Opens an address in the user's browser, detached.
pub trait Browser: Send + Sync {
    /// Gives the address at which the browser ended, if that can be known: only a stand-in can tell. Errors carry
    /// one line that says what was tried, or the number of Zoom's error page that it ended at.
    fn open(&self, url: &str) -> Result<Option<Secret>, String>;
}

/// The program runs where the browser may not reach its loopback address, and what leads there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Over SSH. `target` are the arguments that lead back: `admin@203.0.113.7`, `-p 2222 admin@203.0.113.7`.
    Ssh { target: String },
    /// In a container, whose loopback address is its own.
    Container,
    /// In a pod of Kubernetes of that name.
    Pod { name: String },
    /// In Linux under Windows; the browser is that of Windows.
    Wsl,
    /// On Linux without a display. `target` as for [`Self::Ssh`], if somebody can log in here at all.
    NoDisplay { target: String },
}

/// Puts text where the user can paste it from.
pub trait Clipboard: Send + Sync {
    /// Says in a few words what was done, and no more: "sent to the terminal's clipboard".
    fn copy(&self, text: &Secret) -> String;
}

/// The sandbox's app page, in rehearsal.
pub trait Rehearsing: Send + Sync {
    /// What the admin has entered by now.
    fn configure(&self, app: RehearsalApp);
    /// The admin presses Regenerate. Gives the client secret that the page shows then.
    fn regenerate(&self, server_to_server: bool) -> Secret;
}

/// The clock.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Randomness from the operating system.
pub trait Entropy: Send + Sync {
    /// 32 bytes. An error means that the system gives none; nothing may go on then.
    fn bytes(&self) -> Result<[u8; 32], String>;
}

/// Catches the callback on loopback.
pub trait Listener: Send + Sync {
    /// Binds 127.0.0.1 before it returns: the first port that can be had.
    fn listen(&self, request: ListenRequest) -> Result<Listening, ListenFailure>;
}

/// What to listen for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenRequest {
    /// Ports to try, in order. None: any free port.
    pub ports: Vec<u16>,
    /// Exact path: `/callback`.
    pub path: String,
    /// The state that the callback must carry.
    pub state: Secret,
    /// What `iss` must be where the callback carries one (RFC 9207): the base of Zoom's OAuth addresses.
    pub issuer: String,
}

/// A bound listener. Dropping it frees the port.
pub struct Listening {
    /// The port that was bound, and those that were not.
    pub bound: BoundPort,
    /// What arrives, in order.
    pub events: mpsc::UnboundedReceiver<CallbackEvent>,
    /// The other end.
    pub control: Box<dyn ListenerControl>,
}

/// Where a listener is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundPort {
    pub port: u16,
    /// The ports that stood before it in [`ListenRequest::ports`] and could not be had.
    pub passed_over: Vec<PortProblem>,
}

/// A port that could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortProblem {
    pub port: u16,
    pub reason: PortReason,
}

/// Why a port could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortReason {
    /// Somebody else has it; `holder` is what is known about them: `nginx (process 1234)`.
    InUse { holder: Option<String> },
    /// The system does not allow it (reserved range, privileged port). What it said, and advice.
    NotAllowed { detail: String },
    /// What the system said.
    Other { detail: String },
}

impl PortProblem {
    /// One line: `Port 28473 is held by nginx (process 1234)`.
    pub fn message(&self) -> String {
        let port = self.port;
        match &self.reason {
            PortReason::InUse { holder: Some(holder) } => format!("Port {port} is held by {holder}"),
            PortReason::InUse { holder: None } => format!("Port {port} is held by another program"),
            PortReason::NotAllowed { detail } => format!("Port {port} is not allowed: {detail}"),
            PortReason::Other { detail } => format!("Port {port} cannot be had: {detail}"),
        }
    }
}

/// Answers the browser that waits, and stops on drop.
pub trait ListenerControl: Send {
    /// From now on `GET /go` sends the admin's browser to this address, which begins the login. Any page
    /// that [`Self::answer`] gives ends that.
    fn offer_login(&self, url: &str);
    /// Sends the page to the request that brought the callback. Later callbacks get "already done", or the
    /// page of [`CallbackPage::Expired`].
    fn answer(&self, page: CallbackPage);
}

/// What the listener saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackEvent {
    /// A request that is not the callback, and was answered: one printable line saying which and why.
    Seen { line: String },
    /// The callback with the right state. The browser waits for [`ListenerControl::answer`].
    Arrived { outcome: CallbackOutcome },
}

/// The page the browser shows at the end. Texts are escaped by the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackPage {
    /// The exchange succeeded.
    Done,
    /// The admin pressed Decline, or the signed-in user may not add the app (`access_denied`).
    Declined,
    /// The time of the login was over before the browser came back.
    Expired,
    /// It did not succeed: what happened, the likely cause, the next step.
    Failed { heading: String, cause: String, next: String },
}

/// Why listening is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenFailure {
    /// None of the ports of [`ListenRequest::ports`] can be had: each of them, in order, at least one.
    NoPort { problems: Vec<PortProblem> },
    /// Anything else: it is not about a port.
    Other { detail: String },
}

/// Set-ups, connections and secrets on disk. Calls block; they run on the store's own thread, in order.
pub trait Store: Send {
    /// Unreadable files are left out and named in the second list.
    fn setups(&self) -> Result<(Vec<Setup>, Vec<String>), StoreFailure>;
    fn save_setup(&self, setup: &Setup) -> Result<(), StoreFailure>;
    fn remove_setup(&self, id: &str) -> Result<(), StoreFailure>;
    fn connections(&self) -> Result<(Vec<Connection>, Vec<String>), StoreFailure>;
    fn save_connection(&self, connection: &Connection) -> Result<(), StoreFailure>;
    fn remove_connection(&self, name: &str) -> Result<(), StoreFailure>;
    /// Puts this record in the place of the one named `from`, whose name is gone in the same instant. Its secrets
    /// and tokens are not moved.
    fn rename_connection(&self, from: &str, connection: &Connection) -> Result<(), StoreFailure>;
    /// Changes the connection of that name as it is stored now, so that what others changed stays. `false`: there is
    /// none.
    fn update_connection(
        &self,
        name: &str,
        change: &mut dyn FnMut(&mut Connection),
    ) -> Result<bool, StoreFailure>;
    /// Makes secrets readable and writable. Call with a passphrase after [`StoreFailure::NeedsPassphrase`].
    fn unlock(&mut self, passphrase: Option<&Secret>) -> Result<Unlocked, StoreFailure>;
    /// `None` if there is no such secret. The store must be unlocked.
    fn read_secret(&self, key: &SecretKey) -> Result<Option<Secret>, StoreFailure>;
    /// Writes (`Some`) and removes (`None`), fsynced and read back before it returns: first the tokens that are
    /// brought, then everything else in one atomic replace, then the tokens that go. Tokens written here are those of
    /// a login: a mark that lay there is gone with the pair it was for.
    fn write_secrets(&mut self, changes: Vec<(SecretKey, Option<Secret>)>) -> Result<(), StoreFailure>;
    /// The tokens that rotate. The store must be unlocked.
    fn tokens(&self) -> Result<Arc<dyn TokenStore>, StoreFailure>;
}

/// Tokens that rotate, by [`SecretKey::SetupTokens`] and [`SecretKey::ConnectionTokens`]: one writer for each key,
/// in this process and all others. Calls block.
pub trait TokenStore: Send + Sync {
    /// Waits for the lock of that key, which the operating system lets go of when the holder dies. A pair that
    /// [`HeldTokens::rescue`] put elsewhere is brought back first.
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure>;
    /// What is stored, without the lock: it may be replaced right after.
    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure>;
    /// Keeps a damaged file under another name, since a new login or a removal makes what was in it worthless. Whether
    /// there was one. What can be read, is of a newer version or was encrypted with another key stays.
    fn set_damaged_aside(&self, key: &SecretKey) -> Result<bool, StoreFailure> {
        // What is in memory cannot be damaged.
        let _ = key;
        Ok(false)
    }
}

/// The tokens of one key, held by this writer until it is dropped.
pub trait HeldTokens: Send {
    /// What is stored now.
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure>;
    /// Replaces it; on the medium when this returns.
    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure>;
    /// Removes it, wherever it is; for good when this returns.
    fn remove(&mut self) -> Result<(), StoreFailure>;
    /// Puts a pair that [`Self::write`] could not store into the first other place that takes it, encrypted to the
    /// same key, from which the next [`TokenStore::hold`] brings it back. Gives the place, in words.
    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure>;
    /// The same into a directory that the user names. It is brought back by whoever holds these tokens and knows of
    /// that directory.
    fn rescue_into(&mut self, directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure>;
    /// The pair that was found elsewhere when these tokens were held, and that counts now.
    fn adopted(&self) -> Option<&Adopted>;
}

/// A pair that an earlier run could not store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Where it was found, in words.
    pub place: String,
    /// Why it is not stored yet, so that it is still there; `None`: it is stored now, and gone there.
    pub failure: Option<StoreFailure>,
}

/// Refreshes tokens so that no pair is lost and no refresh token is spent twice.
pub trait Renewer: Send + Sync {
    /// Held, read, decided, marked, asked, stored, let go. Once begun it goes on to its end, also when the
    /// future is dropped.
    fn renew(&self, request: RenewalRequest) -> PortFuture<'_, Renewal>;
}

/// Whose tokens to refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalRequest {
    pub key: SecretKey,
    pub client: ClientAuthentication,
    /// Refresh only if the access token has fewer seconds left than this; `None`: in any case. Whoever waited for
    /// the lock while another refreshed takes what that one got, in both cases.
    pub when_less_than_s: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The stored pair is fresh enough, or another writer has just refreshed it; Zoom was not asked. `adopted`: it
    /// is one that an earlier run could not store.
    Fresh { tokens: StoredTokens, adopted: Option<Adopted> },
    /// A new pair, and it is on disk.
    Renewed { tokens: StoredTokens, grant: TokenGrant },
    /// A new pair, and the store did not take it. `rescued`: the other place where it is now, in words. `tokens` is
    /// the only copy if that is `None`.
    NotStored { tokens: StoredTokens, grant: TokenGrant, failure: StoreFailure, rescued: Option<String> },
    /// Zoom answered and gave no pair. The mark is gone: the next refresh may try.
    Refused { tokens: StoredTokens, failure: Failure },
    /// Nothing was sent. The stored pair is as it was.
    NotSent { tokens: StoredTokens, failure: Failure },
    /// A refresh was begun, now or in an earlier run, and its end is not known: the refresh token may be spent and
    /// is never sent again. Only a new authorization helps. `failure`: what ended it, if it was now.
    Unknown { tokens: StoredTokens, since: Timestamp, failure: Option<Failure> },
    /// There are tokens and no refresh token among them.
    NoRefreshToken { tokens: StoredTokens },
    /// Nothing is stored under that key.
    NoTokens,
    /// The store could not be held, read or marked. Nothing was sent.
    Store(StoreFailure),
}

/// How the secrets are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlocked {
    /// Encrypted file, key in the operating system's keyring.
    Keyring,
    /// Encrypted file behind a passphrase.
    Passphrase,
    /// In memory only; gone at the end.
    Memory,
    /// Encrypted file, key beside it. Rehearsal only: every secret in it is invented.
    Rehearsal,
}

/// Why the store cannot do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreFailure {
    /// A passphrase is needed; `new`: it is to be chosen, not given. `why` names the reason, such as what the keyring
    /// said.
    NeedsPassphrase { new: bool, why: String },
    /// The passphrase does not open the file.
    WrongPassphrase,
    /// File system, in words with the path.
    Io { message: String },
    /// A file that is there and cannot be understood: path, place, reason. Never overwritten.
    Unreadable { message: String },
    /// Another zoom-setup holds the lock longer than the wait.
    Locked { message: String },
}

/// What the admin has entered on the app page, told to the sandbox in rehearsal. A real Zoom is told by the
/// admin's own hands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RehearsalApp {
    /// Whether it is the Server-to-Server app.
    pub server_to_server: bool,
    /// Redirect URL and allow list.
    pub redirects: Vec<String>,
    /// Scopes ticked in the picker.
    pub scopes: Vec<String>,
    /// General app: user-managed instead of admin-managed.
    pub user_managed: bool,
    /// Server-to-Server: activated.
    pub activated: bool,
}
