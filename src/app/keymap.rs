//! The one table of keys: it turns a key into an [`Intent`], and draws the key bar and the help.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "applies names the keys that sometimes do nothing; every other key does something always"
)]

mod checking;
mod login;
mod remove;
mod review;
mod rotate;

use super::checking::{has_secret, wants_login};
use super::message::Intent;
use super::model::{HomeItem, Model, Overlay, Screen};
use super::proof::{self, Shown};
use super::update::{offer, selected_home_item, selected_on_desk};
use super::wizard::{
    Activation, Authorization, AuthorizationPhase, LoginWay, StepState, VerifyStage, VerifyingPhase,
};

/// A key as the core knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Char(char),
    Ctrl(char),
    Function(u8),
    Enter,
    Esc,
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Backspace,
    Delete,
}

/// Where keys go. One mode is active at a time ([`mode`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    Home,
    /// Instruct and copy steps.
    Read,
    Choose,
    /// A text field of a fill step has the focus.
    Field,
    Scopes,
    /// The search box of the scope list has the focus.
    ScopeSearch,
    /// The list of what a search found has the focus.
    ScopesFound,
    /// Server-to-Server activation.
    Activate,
    /// Choosing how to log in.
    LoginOffer,
    /// The browser is out.
    LoginWaiting,
    /// The paste box has the focus.
    PasteBox,
    /// The login has ended well, or was skipped.
    LoginEnded,
    /// The login has failed; another way can be chosen.
    LoginFailed,
    /// The port is taken.
    LoginPort,
    /// Something is under way that takes seconds; there is nothing to answer.
    Busy,
    /// The result of a live check is on screen: Enter goes on, `r` asks again.
    Verify,
    /// Keep or revoke the test login.
    Decide,
    HandOver,
    Connection,
    /// Help and document overlays.
    Reading,
    Steps,
    /// The list of exact strings.
    Desk,
    /// The box on the desk has the focus.
    DeskPaste,
    Unlock,
    ConfirmRemoval,
    /// The review of scopes.
    Review,
    /// The same while a proof is under way.
    ReviewProving,
    /// Its search box has the focus.
    ReviewSearch,
    /// The box for what was granted.
    ReviewPaste,
    /// What is to be done on Zoom's page.
    ReviewToDo,
    /// What the app is for.
    ReviewSubjects,
    /// The list of connections that are checked.
    Checks,
    /// The same while a check runs.
    ChecksRunning,
    /// What was found out about one of them.
    ChecksDetail,
    /// The search box of the list has the focus.
    ChecksSearch,
    /// What becomes of a connection is chosen.
    Remove,
    /// It is on its way.
    RemoveBusy,
    /// The new client secret is entered.
    Rotate,
    /// It is being asked about or stored.
    RotateBusy,
    /// It is stored, and has to go elsewhere.
    Rotated,
}

impl Mode {
    /// Whether printable keys are text.
    pub const fn is_text(self) -> bool {
        matches!(
            self,
            Self::Field
                | Self::ScopeSearch
                | Self::PasteBox
                | Self::DeskPaste
                | Self::Unlock
                | Self::ReviewSearch
                | Self::ReviewPaste
                | Self::ChecksSearch
                | Self::Rotate
        )
    }
}

/// A set of modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes(u64);

impl Modes {
    /// Every mode.
    const ALL: Self = Self(u64::MAX);

    const fn of(modes: &[Mode]) -> Self {
        Self(0).with(modes)
    }

    const fn with(mut self, mut modes: &[Mode]) -> Self {
        while let [first, rest @ ..] = modes {
            self.0 |= 1 << *first as u64;
            modes = rest;
        }
        self
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn without(self, modes: &[Mode]) -> Self {
        Self(self.0 & !Self::of(modes).0)
    }

    /// Whether the mode is one of them.
    pub const fn contains(self, mode: Mode) -> bool {
        self.0 & (1 << mode as u64) != 0
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binding {
    pub modes: Modes,
    /// Any of them; the first is the one that is shown.
    pub keys: &'static [Key],
    /// How the keys are written in bar and help.
    pub shown: &'static str,
    pub intent: Intent,
    /// What it does, in a word or two.
    pub label: &'static str,
    /// Order in the key bar; `None`: only in the help.
    pub bar: Option<u8>,
}

use Key::{BackTab, Char, Ctrl, Down, End, Enter, Esc, Function, PageDown, PageUp, Tab, Up};
use Mode::{
    Activate, Busy, Choose, ConfirmRemoval, Connection, Decide, Desk, DeskPaste, Field, HandOver, Home,
    LoginEnded, LoginFailed, LoginOffer, LoginPort, LoginWaiting, PasteBox, Read, Reading, ScopeSearch,
    Scopes, ScopesFound, Steps, Unlock, Verify,
};

/// Modes in which the arrows move a selection.
const SELECT: Modes =
    Modes::of(&[Home, Read, Choose, Scopes, ScopesFound, LoginOffer, Decide, HandOver, Steps, Desk]);
/// Modes in which the arrows scroll the text.
pub const SCROLL: Modes = Modes::of(&[
    Activate,
    Busy,
    LoginWaiting,
    LoginEnded,
    LoginFailed,
    LoginPort,
    Verify,
    Connection,
    Reading,
]);
/// Modes in which the page keys do something.
const PAGES: Modes = SELECT.and(SCROLL).with(&[Field, PasteBox]);
/// Modes in which Tab goes round the values.
const VALUES: Modes = SELECT.without(&[Home, Steps]);
/// Modes of a set-up in which letters are keys.
const STEP: Modes = SELECT.and(SCROLL).without(&[Home, Steps, Desk, Connection, Reading]);
/// Modes in which letters are keys, and a set-up or connection is open.
const OPEN: Modes = STEP.with(&[Connection, Steps]);
/// Modes of a set-up in which Esc goes one step back.
const BACK: Modes = Modes::of(&[
    Read, Choose, Field, Scopes, Activate, LoginOffer, LoginEnded, Verify, Decide, HandOver, Connection,
]);

const fn bind(
    modes: &'static [Mode],
    keys: &'static [Key],
    shown: &'static str,
    intent: Intent,
    label: &'static str,
    bar: Option<u8>,
) -> Binding {
    across(Modes::of(modes), keys, shown, intent, label, bar)
}

const fn across(
    modes: Modes,
    keys: &'static [Key],
    shown: &'static str,
    intent: Intent,
    label: &'static str,
    bar: Option<u8>,
) -> Binding {
    Binding { modes, keys, shown, intent, label, bar }
}

/// The keys of all but the review and the check. The first binding that fits wins.
const BINDINGS: &[Binding] = &[
    // What Enter does, per mode.
    bind(&[Home], &[Enter], "Enter", Intent::Confirm, "open", Some(0)),
    bind(&[Read, Scopes], &[Enter], "Enter", Intent::Confirm, "next step", Some(0)),
    bind(&[Choose, LoginOffer, Decide], &[Enter], "Enter", Intent::Confirm, "take this", Some(0)),
    bind(&[Field], &[Enter], "Enter", Intent::Confirm, "next", Some(0)),
    bind(&[ScopeSearch], &[Enter], "Enter", Intent::Confirm, "to the list", Some(0)),
    bind(&[ScopesFound], &[Enter, Char(' ')], "Enter", Intent::Confirm, "take or leave", Some(0)),
    bind(&[ScopesFound], &[Char('/')], "/", Intent::Search, "search on", Some(1)),
    bind(&[ScopesFound], &[Esc], "Esc", Intent::Back, "to all scopes", Some(2)),
    bind(&[Activate], &[Enter], "Enter", Intent::Confirm, "ask Zoom, next", Some(0)),
    bind(&[LoginEnded], &[Enter], "Enter", Intent::Confirm, "next step", Some(0)),
    bind(&[LoginFailed], &[Enter], "Enter", Intent::Confirm, "other ways", Some(3)),
    bind(&[LoginPort], &[Enter], "Enter", Intent::Confirm, "another port", Some(0)),
    bind(&[PasteBox], &[Enter], "Enter", Intent::Confirm, "use it", Some(0)),
    bind(&[Verify], &[Enter], "Enter", Intent::Confirm, "next step", Some(0)),
    bind(&[HandOver], &[Enter], "Enter", Intent::Confirm, "finish", Some(0)),
    bind(&[Steps], &[Enter], "Enter", Intent::Confirm, "go there", Some(0)),
    bind(&[Unlock], &[Enter], "Enter", Intent::Confirm, "unlock", Some(0)),
    bind(&[DeskPaste], &[Enter], "Enter", Intent::Confirm, "compare", Some(0)),
    bind(&[ConfirmRemoval], &[Enter], "Enter", Intent::Confirm, "remove", Some(0)),
    // Copying and opening.
    bind(&[Scopes], &[Char('n')], "n", Intent::CopyNext, "copy next", Some(1)),
    bind(&[Scopes], &[Char(' ')], "Space", Intent::Toggle, "tick", Some(2)),
    bind(&[Scopes], &[Char('/')], "/", Intent::Search, "search", Some(3)),
    bind(&[Scopes], &[Char('a')], "a", Intent::Recommended, "recommended set", None),
    bind(
        &[Read, Scopes, ScopesFound, LoginOffer, LoginWaiting, HandOver, Connection, Desk],
        &[Char('c')],
        "c",
        Intent::Copy,
        "copy",
        Some(1),
    ),
    bind(&[LoginOffer], &[Char(' ')], "Space", Intent::Toggle, "PKCE on or off", Some(2)),
    bind(&[LoginWaiting], &[Char('p')], "p", Intent::PasteBox, "paste address", Some(0)),
    bind(&[LoginWaiting], &[Char('e')], "e", Intent::Extend, "5 minutes more", Some(3)),
    bind(&[LoginWaiting], &[Char('v')], "v", Intent::QrCode, "QR code", Some(5)),
    bind(&[LoginPort], &[Char('p')], "p", Intent::PasteBox, "paste instead", Some(1)),
    bind(&[PasteBox], &[Ctrl('y')], "Ctrl-Y", Intent::TakeOffer, "take offer", Some(1)),
    bind(&[Desk], &[Char('p')], "p", Intent::PasteBox, "paste back", Some(0)),
    across(STEP, &[Char('=')], "=", Intent::Desk, "compare", Some(5)),
    across(STEP, &[Char('o')], "o", Intent::Open, "open page", Some(4)),
    bind(&[HandOver, Connection], &[Char('e')], "e", Intent::Export, "export sheet", Some(2)),
    bind(&[LoginFailed], &[Char('r')], "r", Intent::Retry, "try again", Some(0)),
    bind(&[LoginEnded], &[Char('r')], "r", Intent::Retry, "log in anew", Some(2)),
    bind(
        &[Activate, LoginWaiting, LoginPort, Verify, Decide],
        &[Char('r')],
        "r",
        Intent::Retry,
        "try again",
        Some(2),
    ),
    bind(&[Activate], &[Char('b')], "b", Intent::Credentials, "to the credentials", Some(1)),
    bind(&[Read], &[Char('r')], "r", Intent::Retry, "ask Zoom again", Some(3)),
    bind(&[Field], &[Ctrl('r')], "Ctrl-R", Intent::Retry, "ask Zoom again", Some(2)),
    bind(&[Home, Connection], &[Char('x')], "x", Intent::Remove, "remove", Some(5)),
    bind(&[Connection], &[Char('n')], "n", Intent::Rotate, "new secret", Some(3)),
    // The review of scopes.
    bind(&[Home], &[Char('v')], "v", Intent::Review, "review scopes", Some(4)),
    bind(&[Connection], &[Char('v')], "v", Intent::Review, "review scopes", Some(0)),
    bind(&[Scopes, Verify, Decide], &[Char('v')], "v", Intent::Review, "review", Some(3)),
    // Fields.
    bind(&[Field, Unlock], &[Tab, Down], "Tab", Intent::FocusNext, "next field", Some(2)),
    bind(&[Field, Unlock], &[BackTab, Up], "Shift-Tab", Intent::FocusPrevious, "field before", None),
    bind(&[Field], &[Ctrl('t')], "Ctrl-T", Intent::Peek, "show or hide", Some(3)),
    bind(&[Field], &[Ctrl('y')], "Ctrl-Y", Intent::TakeOffer, "take offer", Some(1)),
    bind(&[Field], &[Ctrl('o')], "Ctrl-O", Intent::Open, "open page", Some(4)),
    bind(&[Field], &[Ctrl('d')], "Ctrl-D", Intent::Document, "document", Some(5)),
    bind(&[Field], &[Ctrl('s')], "Ctrl-S", Intent::Steps, "all steps", None),
    bind(&[Field, ScopeSearch, PasteBox], &[Ctrl('e')], "Ctrl-E", Intent::Desk, "compare", Some(6)),
    bind(&[ScopeSearch], &[Down, Tab], "Down", Intent::Down, "to the list", None),
    // Moving.
    bind(&[Desk], &[Down, Char('j')], "Down j", Intent::Down, "next", Some(2)),
    bind(&[Desk], &[Up, Char('k')], "Up k", Intent::Up, "before", Some(3)),
    across(SELECT.without(&[Desk]), &[Up, Char('k')], "Up k", Intent::Up, "up", None),
    across(SELECT.without(&[Desk]), &[Down, Char('j')], "Down j", Intent::Down, "down", None),
    across(SCROLL, &[Up, Char('k')], "Up k", Intent::Up, "scroll up", None),
    across(SCROLL, &[Down, Char('j')], "Down j", Intent::Down, "scroll down", None),
    across(PAGES, &[PageDown], "PgDn", Intent::PageDown, "more text", None),
    across(PAGES, &[PageUp], "PgUp", Intent::PageUp, "text before", None),
    bind(
        &[Home, Scopes, ScopesFound, Steps, Desk],
        &[Key::Home, Char('g')],
        "Home g",
        Intent::First,
        "first",
        None,
    ),
    bind(&[Home, Scopes, ScopesFound, Steps, Desk], &[End, Char('G')], "End G", Intent::Last, "last", None),
    across(VALUES, &[Tab], "Tab", Intent::FocusNext, "next value", None),
    across(VALUES, &[BackTab], "Shift-Tab", Intent::FocusPrevious, "value before", None),
    // Around the step.
    across(STEP, &[Char('d')], "d", Intent::Document, "document", Some(6)),
    across(STEP, &[Char('s')], "s", Intent::Steps, "all steps", Some(7)),
    bind(&[Busy, LoginWaiting], &[Esc], "Esc", Intent::Back, "cancel", Some(1)),
    bind(&[LoginFailed, LoginPort], &[Esc], "Esc", Intent::Back, "back", Some(8)),
    bind(&[PasteBox, ScopeSearch, Reading, Steps, DeskPaste], &[Esc], "Esc", Intent::Back, "close", Some(8)),
    bind(&[Desk], &[Esc, Char('='), Char('q')], "Esc", Intent::Back, "to the step", Some(8)),
    bind(&[Unlock], &[Esc], "Esc", Intent::Back, "not now", Some(8)),
    bind(&[ConfirmRemoval], &[Esc], "Esc", Intent::Back, "keep", Some(8)),
    across(BACK, &[Esc], "Esc", Intent::Back, "back", Some(8)),
    bind(&[Home], &[Char('q')], "q", Intent::Quit, "quit", Some(9)),
    bind(&[Reading], &[Char('q'), Char('?'), Char('d')], "q", Intent::Back, "close", None),
    across(OPEN, &[Char('q')], "q", Intent::Quit, "save, quit", Some(10)),
    across(OPEN.with(&[Home, Desk]), &[Char('?'), Function(1)], "?", Intent::Help, "help", Some(9)),
    bind(&[Field, ScopeSearch, PasteBox, DeskPaste], &[Function(1)], "F1", Intent::Help, "help", Some(9)),
    across(Modes::ALL, &[Ctrl('c')], "Ctrl-C", Intent::Leave, "save, leave", None),
];

/// Every line of the tables.
pub fn all() -> impl Iterator<Item = &'static Binding> {
    let screens = review::BINDINGS.iter().chain(checking::BINDINGS);
    screens.chain(rotate::BINDINGS).chain(remove::BINDINGS).chain(BINDINGS)
}

/// The mode that the model is in.
pub fn mode(model: &Model) -> Mode {
    match &model.overlay {
        Some(Overlay::Help | Overlay::Document) => Mode::Reading,
        Some(Overlay::Steps { .. }) => Mode::Steps,
        Some(Overlay::Desk(desk)) if desk.help => Mode::Reading,
        Some(Overlay::Desk(desk)) => desk_mode(desk),
        Some(Overlay::Unlock(_)) => Mode::Unlock,
        Some(Overlay::ConfirmRemoval { .. }) => Mode::ConfirmRemoval,
        None => screen_mode(model),
    }
}

const fn desk_mode(desk: &super::desk::Desk) -> Mode {
    if desk.paste.is_some() { Mode::DeskPaste } else { Mode::Desk }
}

/// The mode whose keys the help shows: that of the desk or of the screen below.
pub fn help_mode(model: &Model) -> Mode {
    if let Some(Overlay::Desk(desk)) = &model.overlay { desk_mode(desk) } else { screen_mode(model) }
}

/// The mode of the screen, whatever lies above it.
pub fn screen_mode(model: &Model) -> Mode {
    if let Some(removing) = &model.removing {
        return remove::mode(removing);
    }
    if let Some(rotating) = &model.rotating {
        return rotate::mode(rotating);
    }
    if let Some(reviewing) = &model.review {
        return review::mode(reviewing);
    }
    let wizard = match &model.screen {
        Screen::Home { .. } => return Mode::Home,
        Screen::Connection { .. } => return Mode::Connection,
        Screen::Checks(checks) => return checking::mode(checks, &model.checking),
        Screen::Wizard(wizard) => wizard,
    };
    if wizard.proving.asking.is_some() {
        return Mode::Busy;
    }
    match &wizard.state {
        StepState::Read { .. } => Mode::Read,
        StepState::Choose { .. } => Mode::Choose,
        StepState::Fill(_) => Mode::Field,
        StepState::Scopes(list) => {
            if list.searching {
                Mode::ScopeSearch
            } else if list.search.is_some() {
                Mode::ScopesFound
            } else {
                Mode::Scopes
            }
        }
        StepState::Activate(activation) => match activation {
            Activation::Asking { .. } | Activation::Lagging { .. } => Mode::Busy,
            Activation::Ready | Activation::Failed { .. } => Mode::Activate,
            Activation::Granted { .. } => Mode::Verify,
        },
        StepState::Authorize(authorization) => {
            if authorization.pasting {
                return Mode::PasteBox;
            }
            match authorization.phase {
                AuthorizationPhase::Offer { .. } => Mode::LoginOffer,
                AuthorizationPhase::Waiting { .. } => Mode::LoginWaiting,
                AuthorizationPhase::Preparing { .. }
                | AuthorizationPhase::Exchanging { .. }
                | AuthorizationPhase::Storing { .. } => Mode::Busy,
                AuthorizationPhase::Failed { .. } | AuthorizationPhase::NotStored { .. } => Mode::LoginFailed,
                AuthorizationPhase::PortTaken { .. } => Mode::LoginPort,
                AuthorizationPhase::Granted | AuthorizationPhase::Skipped => Mode::LoginEnded,
            }
        }
        StepState::Verify(verifying) => match verifying.phase {
            VerifyingPhase::Deciding { .. } => Mode::Decide,
            VerifyingPhase::Running { .. } | VerifyingPhase::Revoking { .. } => Mode::Busy,
            VerifyingPhase::Ready | VerifyingPhase::Finished | VerifyingPhase::RevokeFailed { .. } => {
                Mode::Verify
            }
        },
        StepState::HandOver { .. } => Mode::HandOver,
    }
}

/// What a key means in a mode. `None`: nothing, or text.
pub fn intent(mode: Mode, key: Key) -> Option<Intent> {
    bindings(mode).find(|binding| binding.keys.contains(&key)).map(|binding| binding.intent)
}

/// The bindings of a mode, for the help.
pub fn bindings(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    all().filter(move |binding| binding.modes.contains(mode))
}

/// The bindings for the key bar, most useful first. What makes no sense on the screen as it stands is left
/// out (`o` where there is no page, `Ctrl-Y` where nothing is offered, `x` where nothing can be removed).
pub fn bar(model: &Model) -> Vec<&'static Binding> {
    let mode = mode(model);
    let mut shown: Vec<&Binding> =
        bindings(mode).filter(|binding| binding.bar.is_some() && applies(model, binding.intent)).collect();
    let first = checking::first(model, mode);
    shown.sort_by_key(|binding| (Some(binding.intent) != first, binding.bar));
    shown
}

/// Whether an intent does anything on the screen as it stands.
pub fn applies(model: &Model, intent: Intent) -> bool {
    match &model.overlay {
        Some(Overlay::Unlock(form)) => {
            return form.new || !matches!(intent, Intent::FocusNext | Intent::FocusPrevious);
        }
        Some(Overlay::Desk(desk)) if desk.paste.is_none() && !desk.help => {
            let known = || selected_on_desk(model).is_some_and(|row| row.expected.is_ok());
            return !matches!(intent, Intent::Copy | Intent::PasteBox) || known();
        }
        Some(
            Overlay::Help
            | Overlay::Document
            | Overlay::Steps { .. }
            | Overlay::Desk(_)
            | Overlay::ConfirmRemoval { .. },
        ) => {
            return true;
        }
        None => {}
    }
    if model.removing.is_some() {
        return true;
    }
    if let Some(rotating) = &model.rotating {
        return rotate::applies(model, rotating, intent);
    }
    if let Some(reviewing) = &model.review {
        return review::applies(reviewing, intent);
    }
    let wizard = match &model.screen {
        Screen::Home { .. } => {
            let removable =
                matches!(selected_home_item(model), Some(HomeItem::Resume(_) | HomeItem::Connection(_)));
            return match intent {
                Intent::Remove => removable,
                Intent::Check => checking::applies_at_home(model),
                _ => true,
            };
        }
        Screen::Connection { name, .. } => {
            let connection = model.connection(name);
            let sheet = connection.is_some_and(|connection| model.procedure(&connection.procedure).is_some());
            return match intent {
                Intent::Copy | Intent::Export => sheet,
                Intent::Remove | Intent::Review | Intent::Check => connection.is_some(),
                Intent::LogInAgain => connection.is_some_and(|connection| wants_login(model, connection)),
                Intent::Rotate => connection.is_some_and(has_secret),
                _ => true,
            };
        }
        Screen::Checks(checks) => return checking::applies(model, checks, intent),
        Screen::Wizard(wizard) => wizard,
    };
    if wizard.loading.is_some() {
        return matches!(
            intent,
            Intent::Back | Intent::Quit | Intent::Leave | Intent::Help | Intent::Document
        );
    }
    let page = wizard.current().open.is_some();
    match (&wizard.state, intent) {
        (StepState::Authorize(_), Intent::Toggle) => !wizard.is_public_client(),
        (
            StepState::Authorize(Authorization { phase: AuthorizationPhase::Offer { selected }, .. }),
            Intent::Copy,
        ) => wizard.login_ways().get(*selected) == Some(&LoginWay::Loopback),
        (StepState::Authorize(authorization), intent) => login::applies(authorization, page, intent),
        (_, Intent::Open) => page,
        (StepState::Read { .. } | StepState::Fill(_), Intent::Retry) => {
            matches!(proof::shown(model), Some(Shown::Answered { left: 1.., .. }))
        }
        (StepState::Read { .. } | StepState::HandOver { .. }, Intent::Copy) => {
            !wizard.copy_items().is_empty()
        }
        (StepState::Read { .. } | StepState::HandOver { .. }, Intent::FocusNext | Intent::FocusPrevious) => {
            wizard.copy_items().len() > 1
        }
        (StepState::Fill(_), Intent::TakeOffer) => offer(model).is_some(),
        (StepState::Fill(form), Intent::Peek) => {
            form.fields.get(form.focus).is_some_and(|field| field.spec.name.is_secret())
        }
        (StepState::Fill(form), Intent::FocusNext | Intent::FocusPrevious) => form.fields.len() > 1,
        (StepState::Scopes(list), Intent::Copy | Intent::Toggle) => !list.rows.is_empty(),
        (StepState::Activate(activation), Intent::Credentials) => {
            matches!(activation, Activation::Failed { .. })
        }
        (StepState::Activate(activation), Intent::Confirm | Intent::Retry) => {
            !matches!(activation, Activation::Asking { .. } | Activation::Lagging { .. })
        }
        (StepState::Verify(verifying), Intent::Confirm | Intent::Retry) => {
            !matches!(verifying.phase, VerifyingPhase::Running { .. } | VerifyingPhase::Revoking { .. })
        }
        (StepState::Verify(verifying), Intent::Back) => !matches!(
            verifying.phase,
            VerifyingPhase::Revoking { .. }
                | VerifyingPhase::Running { stage: VerifyStage::Refresh | VerifyStage::StoreRefreshed, .. }
        ),
        _ => true,
    }
}
