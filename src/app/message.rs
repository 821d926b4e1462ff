//! What can happen ([`Msg`]), what a user can mean ([`Intent`]), and what may be asked of the world
//! ([`Effect`]). All plain data.

use super::checking::CheckRequest;
use super::removal::RemovalChoice;
use super::review::ReviewRequest;
use crate::check::{CheckOptions, CheckReport, History};
use crate::oauth::{
    ApiAnswer, ApiRead, Failure, PreflightAnswer, PreflightRequest, RevokeRequest, TokenGrant, TokenRequest,
};
use crate::ports::{
    BoundPort, CallbackEvent, CallbackPage, ListenFailure, ListenRequest, RehearsalApp, Renewal,
    RenewalRequest, StoreFailure, Unlocked,
};
use crate::procedure::FieldName;
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey, Setup};

/// Ties a result to the effect that asked for it; a result with a ticket nobody waits for is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Everything that can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    // The user.
    Intent(Intent),
    /// A printable key while a text field has the focus.
    Character(char),
    /// An editing key while a text field has the focus.
    Edit(Edit),
    /// A bracketed paste. May be a secret, so it is kept as one.
    Paste(Secret),
    /// Begin a set-up for the procedure of that id.
    Begin {
        procedure: String,
    },
    /// Go on with the set-up of that id.
    Resume {
        setup: String,
    },
    /// Review scopes, as the command line asks.
    Review(ReviewRequest),
    /// Check connections, as the command line asks.
    Check(CheckRequest),
    /// Replace the client secret of the connection of that name, as the command line asks.
    Rotate {
        connection: String,
    },
    /// Ask about removing the connection of that name, as the command line does.
    Remove {
        connection: String,
    },
    /// Take one of the choices about the connection that is asked about: the command line has asked already.
    ChooseRemoval(RemovalChoice),
    /// An answer given by name: the answers file.
    Provide {
        field: FieldName,
        value: Secret,
    },
    /// The scopes to take, by id: the answers file.
    ProvideScopes(Vec<String>),
    Resized {
        columns: u16,
        rows: u16,
    },
    /// What the last drawing found out: how far the text can be scrolled, and how many of its lines show.
    Drawn {
        max_scroll: u16,
        page: u16,
    },
    /// SIGTERM, SIGHUP, SIGINT.
    Shutdown,
    /// A requested time has come.
    Woke {
        ticket: Ticket,
    },

    // The store.
    LibraryLoaded {
        setups: Vec<Setup>,
        connections: Vec<Connection>,
        unreadable: Vec<String>,
    },
    /// What is stored of earlier checks of connections; after each library.
    HistoryLoaded(History),
    Unlocked {
        ticket: Ticket,
        result: Result<Unlocked, StoreFailure>,
    },
    SecretsRead {
        ticket: Ticket,
        result: Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    },
    SecretsWritten {
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    },
    ConnectionSaved {
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    },
    ConnectionRemoved {
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    },
    /// A save that nobody waits for went wrong.
    StoreFailed(StoreFailure),

    // Randomness.
    /// 64 bytes from the operating system.
    Random {
        ticket: Ticket,
        result: Result<Box<[u8; 64]>, String>,
    },

    // The callback.
    Listening {
        ticket: Ticket,
        result: Result<BoundPort, ListenFailure>,
    },
    Callback {
        ticket: Ticket,
        event: CallbackEvent,
    },

    // Zoom.
    Token {
        ticket: Ticket,
        result: Box<Result<TokenGrant, Failure>>,
    },
    /// A refresh came to its end, or was not begun.
    Renewed {
        ticket: Ticket,
        result: Box<Renewal>,
    },
    Revoked {
        ticket: Ticket,
        result: Result<(), Failure>,
    },
    Read {
        ticket: Ticket,
        result: Box<Result<ApiAnswer, Failure>>,
    },
    Preflight {
        ticket: Ticket,
        result: Box<Result<PreflightAnswer, Failure>>,
    },

    // The check of connections.
    /// Some more of them are checked.
    Checked {
        ticket: Ticket,
        reports: Vec<CheckReport>,
    },
    /// All of them are, or nothing could be asked.
    CheckEnded {
        ticket: Ticket,
        result: Result<(), StoreFailure>,
    },

    // The desktop.
    /// What came of opening the browser, with the address at which it ended if that is known: `Err` is a notice,
    /// not an error.
    BrowserOpened(Result<Option<Secret>, String>),
    /// How a copy went, in words ("Sent to the terminal's clipboard").
    Copied {
        what: String,
        how: String,
    },
    Exported {
        result: Result<String, String>,
    },
    /// Rehearsal: the secret that the sandbox's page shows since Regenerate was pressed.
    Regenerated {
        ticket: Ticket,
        secret: Secret,
    },
}

/// An editing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Backspace,
    Delete,
    Left,
    Right,
    Home,
    End,
    /// Ctrl-U.
    Clear,
    /// Ctrl-W.
    DeleteWord,
}

/// What a key means where it was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Enter.
    Confirm,
    /// Esc: one step back, close, cancel.
    Back,
    /// Tab.
    FocusNext,
    /// Shift-Tab.
    FocusPrevious,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    /// Space.
    Toggle,
    /// `/`.
    Search,
    /// `c`.
    Copy,
    /// `n`.
    CopyNext,
    /// `o`.
    Open,
    /// `p`.
    PasteBox,
    /// `r`.
    Retry,
    /// `d`: what the document says about this step.
    Document,
    /// `s`: all steps, to go back to one.
    Steps,
    /// Show or hide a masked field.
    Peek,
    /// Take the offered value: the cleaned text, or in rehearsal the sandbox's values.
    TakeOffer,
    /// `a` in the scope list: choose the recommended set again.
    Recommended,
    /// `e` after a set-up: export the sheet.
    Export,
    /// `e` while the browser is out: wait five minutes longer.
    Extend,
    /// `v` while the browser is out: the address as a QR code, or back.
    QrCode,
    /// `x`: remove the selected set-up or connection (asks first).
    Remove,
    /// `b` where Zoom refused the credentials: to the fields in which they were entered.
    Credentials,
    /// `=`: the desk of strings that must be identical somewhere.
    Desk,
    /// `v`: the review of the scopes of what is selected or on screen.
    Review,
    /// `f`, `F`: the next or previous filter of the review.
    FilterNext,
    FilterPrevious,
    /// `C`.
    CopyAll,
    /// `t`: prove what was granted, by reading.
    Prove,
    /// `d` in the review: what is to be done on Zoom's page.
    ToDo,
    /// `w`: what the app that is reviewed is for.
    Subjects,
    /// `r` on a connection: check it.
    Check,
    /// `R`: check all that are listed.
    CheckAll,
    /// `u`: refresh the token now, due or not.
    Refresh,
    /// `l`: log in again for a connection whose login has ended.
    LogInAgain,
    /// `w` on the check: check again and again, or no longer.
    Watch,
    /// `n` on a connection: replace its client secret.
    Rotate,
    Help,
    Quit,
    /// Ctrl-C: leaves from everywhere.
    Leave,
}

/// What may be asked of the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    // The store, in order.
    LoadLibrary,
    SaveSetup(Box<Setup>),
    /// The progress file and every secret below `setup/<id>/`.
    RemoveSetup {
        id: String,
        secrets: Vec<SecretKey>,
    },
    Unlock {
        ticket: Ticket,
        passphrase: Option<Secret>,
    },
    ReadSecrets {
        ticket: Ticket,
        keys: Vec<SecretKey>,
    },
    WriteSecrets {
        ticket: Ticket,
        changes: Vec<(SecretKey, Option<Secret>)>,
    },
    SaveConnection {
        ticket: Ticket,
        connection: Box<Connection>,
    },
    RemoveConnection {
        ticket: Ticket,
        name: String,
        secrets: Vec<SecretKey>,
    },

    /// 64 bytes.
    Random {
        ticket: Ticket,
    },
    /// A message [`Msg::Woke`] after that time.
    Wake {
        ticket: Ticket,
        milliseconds: u64,
    },

    Listen {
        ticket: Ticket,
        request: ListenRequest,
    },
    /// From now on the listener's short address (`/go`) leads to this one.
    OfferLogin {
        ticket: Ticket,
        url: String,
    },
    AnswerCallback {
        ticket: Ticket,
        page: CallbackPage,
    },
    /// The time of the login is over. A browser that comes late still reads so, for at most
    /// [`crate::runtime::EXPIRED_GRACE`]; the next listener ends that at once.
    ExpireCallback {
        ticket: Ticket,
    },
    /// Drops whatever runs under the ticket: the request, the timer, the listener (which frees its port).
    Cancel {
        ticket: Ticket,
    },

    Token {
        ticket: Ticket,
        request: TokenRequest,
    },
    /// Refreshes stored tokens. Once begun it goes on to its end, also when it is cancelled or the program ends.
    Renew {
        ticket: Ticket,
        request: RenewalRequest,
    },
    Revoke {
        ticket: Ticket,
        request: RevokeRequest,
    },
    Read {
        ticket: Ticket,
        request: ApiRead,
    },
    Preflight {
        ticket: Ticket,
        request: PreflightRequest,
    },

    /// Checks these connections, brings what is found as it is found, and remembers it. Cancelled, it asks nothing
    /// more; a refresh under way is brought to its end.
    Check {
        ticket: Ticket,
        names: Vec<String>,
        options: CheckOptions,
    },

    OpenBrowser {
        url: String,
    },
    Copy {
        text: Secret,
        what: String,
    },
    /// Writes a sheet beside the user: never over an existing file.
    Export {
        file_name: String,
        text: Secret,
    },
    /// Rehearsal: what the admin has entered on the sandbox's app page by now.
    ConfigureSandbox(RehearsalApp),
    /// Rehearsal: Regenerate is pressed on the sandbox's app page.
    Regenerate {
        ticket: Ticket,
        server_to_server: bool,
    },

    Exit(Exit),
}

/// How the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The user is done.
    Done,
    /// The user left before the end; progress is saved.
    Left,
    /// Begin again as a rehearsal.
    Rehearse,
}
