//! Everything the program knows while it runs.

use super::checking::{Checking, Checks};
use super::desk::Desk;
use super::input::TextField;
use super::message::{Effect, Exit, Ticket};
use super::removal::Removing;
use super::review::Reviewing;
use super::rotation::Rotating;
use super::wizard::Wizard;
use crate::oauth::authorize::Endpoints;
pub use crate::ports::Remote;
use crate::ports::Unlocked;
use crate::procedure::{FieldName, Procedure};
use crate::secret::Secret;
use crate::setup::{Connection, Setup};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The whole state.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Time of the message being handled.
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub settings: Settings,
    pub procedures: Vec<Arc<Procedure>>,
    pub library: Library,
    pub screen: Screen,
    /// The review of scopes: in the place of the screen, which goes on below it.
    pub review: Option<Box<Reviewing>>,
    /// What is known of the connections by checking them.
    pub checking: Checking,
    /// A client secret that is being replaced: in the place of the screen, which goes on below it.
    pub rotating: Option<Box<Rotating>>,
    /// A connection about to be removed: in the place of the screen, which goes on below it.
    pub removing: Option<Box<Removing>>,
    /// Drawn above the screen; takes the keys first.
    pub overlay: Option<Overlay>,
    /// One line about the last thing that happened.
    pub notice: Option<Notice>,
    pub secret_store: SecretStore,
    /// How far the current text scrolls at the most, as the last drawing found.
    pub max_scroll: u16,
    /// How many lines of the current text are visible at once, as the last drawing found.
    pub page: u16,
    /// First line of the current text that is shown.
    pub scroll: u16,
    /// A new set-up waits for randomness (its id).
    pub starting: Option<Starting>,
    pub next_ticket: u64,
    pub exit: Option<Exit>,
}

/// What does not change while the program runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Which Zoom is talked to.
    pub endpoints: Endpoints,
    /// Set while the embedded sandbox stands in for Zoom.
    pub rehearsal: Option<Rehearsal>,
    /// Loopback ports to listen on, in the order in which they are tried; at least one.
    pub loopback_ports: Vec<u16>,
    /// Seconds to wait for the browser to come back.
    pub authorize_limit_s: u64,
    /// Seconds to wait before each further try, while granted scopes lag.
    pub lag_delays_s: Vec<u64>,
    /// The browser may not reach this machine's loopback address, and why.
    pub remote: Option<Remote>,
    /// Draw with ASCII only.
    pub ascii: bool,
    /// Whether the terminal is driven by a person (false: answers file).
    pub interactive: bool,
}

/// Rehearsal: what the sandbox's app page would show.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// Name of the fault that is rehearsed, if any.
    pub fault: Option<String>,
    /// No browser can be opened here: the rehearsal follows a login by itself.
    pub stand_in: bool,
    /// Offers for a General app.
    pub general: BTreeMap<FieldName, Secret>,
    /// Offers for a Server-to-Server app.
    pub server_to_server: BTreeMap<FieldName, Secret>,
}

/// Set-ups and connections on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// False until the first answer of the store.
    pub loaded: bool,
    /// Newest first.
    pub setups: Vec<Setup>,
    /// By name.
    pub connections: Vec<Connection>,
    /// Files that could not be read, each a printable line.
    pub unreadable: Vec<String>,
}

/// What fills the terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    Home {
        selected: usize,
    },
    Wizard(Box<Wizard>),
    Connection {
        name: String,
    },
    /// The check of connections.
    Checks(Box<Checks>),
}

/// A set-up about to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Starting {
    pub ticket: Ticket,
    /// Id of the procedure.
    pub procedure: String,
    /// The connection that is logged in to again, and its secrets.
    pub again: Option<Box<Again>>,
}

/// A connection that is about to be logged in to again.
#[derive(Clone, Debug, PartialEq)]
pub struct Again {
    pub connection: Connection,
    pub secrets: BTreeMap<FieldName, Secret>,
}

/// One line of the home screen that can be selected.
#[derive(Clone, Debug, PartialEq)]
pub enum HomeItem {
    /// Index into [`Library::setups`].
    Resume(usize),
    /// Index into [`Model::procedures`].
    New(usize),
    /// Everything once against the embedded sandbox. Not there in a rehearsal.
    Rehearse,
    /// Look up scopes, and review an app that exists already.
    Review,
    /// Check connections: there if there is one.
    Check,
    /// Index into [`Library::connections`].
    Connection(usize),
}

/// Something above the screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// All keys of the mode below.
    Help,
    /// What the document says about the current step.
    Document,
    /// All steps; Enter goes to one.
    Steps { selected: usize },
    /// The secret store wants a passphrase.
    Unlock(UnlockForm),
    /// Strings that must be identical somewhere, and a box to paste back what stands there.
    Desk(Desk),
    /// Removing the set-up of that id: Enter removes, Esc keeps.
    ConfirmRemoval { setup: String, name: String },
}

/// The passphrase form.
#[derive(Clone, Debug, PartialEq)]
pub struct UnlockForm {
    /// A passphrase is chosen, so it is asked twice.
    pub new: bool,
    /// Why a passphrase is needed.
    pub why: String,
    pub passphrase: TextField,
    /// Second entry, if new.
    pub repeat: TextField,
    /// 0: passphrase, 1: repeat.
    pub focus: usize,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// A line about the last thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

/// How something is meant; the view adds a sign to the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Information,
    Success,
    Warning,
    Failure,
}

/// State of the secret store.
#[derive(Clone, Debug, PartialEq)]
pub enum SecretStore {
    /// Not asked yet.
    Locked,
    /// Asked, no answer yet; the effects wait for it.
    Unlocking {
        ticket: Ticket,
        waiting: Vec<Effect>,
    },
    Open(Unlocked),
}

impl Model {
    /// The state at start: home screen, library not loaded.
    pub fn new(now: Timestamp, settings: Settings, procedures: Vec<Arc<Procedure>>) -> Self {
        Self {
            now,
            size: (80, 24),
            settings,
            procedures,
            library: Library::default(),
            screen: Screen::Home { selected: 0 },
            review: None,
            checking: Checking::default(),
            rotating: None,
            removing: None,
            overlay: None,
            notice: None,
            secret_store: SecretStore::Locked,
            max_scroll: 0,
            page: 1,
            scroll: 0,
            starting: None,
            next_ticket: 1,
            exit: None,
        }
    }

    /// A ticket nobody has had.
    pub const fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        ticket
    }

    /// The lines of the home screen that can be selected, from top to bottom: unfinished set-ups, then new
    /// set-ups grouped by receiver in the order of [`Self::procedures`], the rehearsal, the review of scopes, then
    /// the check of connections and each of them.
    pub fn home_items(&self) -> Vec<HomeItem> {
        let resume = (0..self.library.setups.len()).map(HomeItem::Resume);
        let new = (0..self.procedures.len()).map(HomeItem::New);
        let connections = (0..self.library.connections.len()).map(HomeItem::Connection);
        let check = (!self.library.connections.is_empty()).then_some(HomeItem::Check);
        let rehearse = self.settings.rehearsal.is_none().then_some(HomeItem::Rehearse);
        resume.chain(new).chain(rehearse).chain([HomeItem::Review]).chain(check).chain(connections).collect()
    }

    /// The procedure of that id.
    pub fn procedure(&self, id: &str) -> Option<&Arc<Procedure>> {
        self.procedures.iter().find(|procedure| procedure.id == id)
    }

    /// The connection of that name.
    pub fn connection(&self, name: &str) -> Option<&Connection> {
        self.library.connections.iter().find(|connection| connection.name == name)
    }

    /// The wizard, if it is on screen.
    pub const fn wizard(&self) -> Option<&Wizard> {
        match &self.screen {
            Screen::Wizard(wizard) => Some(wizard),
            Screen::Home { .. } | Screen::Connection { .. } | Screen::Checks(_) => None,
        }
    }
}
