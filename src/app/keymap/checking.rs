//! The keys of the check of connections.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "applies names the keys that sometimes do nothing; every other key does something always"
)]

use super::Key::{
    self, BackTab, Char, Down, End, Enter, Esc, Function, Left, PageDown, PageUp, Right, Tab, Up,
};
use super::Mode::{self, ChecksDetail, ChecksRunning, ChecksSearch};
use super::{Binding, Modes, across, bind};
use crate::app::checking::{self, Checking, Checks, Pane};
use crate::app::message::Intent;
use crate::app::model::{HomeItem, Model, Screen};
use crate::app::update::selected_home_item;

/// The list of connections.
const LIST: Modes = Modes::of(&[Mode::Checks, ChecksRunning]);
/// Where letters are keys.
const CHECKS: Modes = LIST.with(&[ChecksDetail]);
/// Where connections are that can be checked.
const CONNECTIONS: Modes = Modes::of(&[Mode::Home, Mode::Connection]);

/// Every key of the check.
pub const BINDINGS: &[Binding] = &[
    across(CONNECTIONS, &[Char('r')], "r", Intent::Check, "check", Some(3)),
    bind(&[Mode::Connection], &[Char('l')], "l", Intent::LogInAgain, "log in again", Some(1)),
    bind(&[ChecksRunning], &[Esc], "Esc", Intent::Back, "stop", Some(0)),
    across(CHECKS, &[Char('l')], "l", Intent::LogInAgain, "log in again", Some(0)),
    across(CHECKS, &[Char('r')], "r", Intent::Check, "check", Some(1)),
    across(LIST, &[Char('R')], "R", Intent::CheckAll, "check all", Some(2)),
    across(LIST, &[Enter], "Enter", Intent::Confirm, "details", Some(3)),
    bind(&[ChecksDetail], &[Enter], "Enter", Intent::Confirm, "to the list", None),
    across(CHECKS, &[Char('o')], "o", Intent::Open, "open place", Some(4)),
    across(CHECKS, &[Char('v')], "v", Intent::Review, "review scopes", Some(5)),
    across(CHECKS, &[Char('n')], "n", Intent::Rotate, "new secret", Some(9)),
    across(CHECKS, &[Char('u')], "u", Intent::Refresh, "refresh now", Some(6)),
    across(LIST, &[Char('f'), Right], "f", Intent::FilterNext, "filter", Some(7)),
    across(LIST, &[Char('F'), Left], "F", Intent::FilterPrevious, "filter before", None),
    across(LIST, &[Char('/')], "/", Intent::Search, "search", Some(8)),
    across(LIST, &[Char('w')], "w", Intent::Watch, "watch", Some(10)),
    across(CHECKS, &[Char('c')], "c", Intent::Copy, "copy address", None),
    across(CHECKS, &[Tab], "Tab", Intent::FocusNext, "next place", None),
    across(CHECKS, &[BackTab], "Shift-Tab", Intent::FocusPrevious, "place before", None),
    across(LIST, &[Up, Char('k')], "Up k", Intent::Up, "up", None),
    across(LIST, &[Down, Char('j')], "Down j", Intent::Down, "down", None),
    bind(&[ChecksDetail], &[Up, Char('k')], "Up k", Intent::Up, "scroll up", None),
    bind(&[ChecksDetail], &[Down, Char('j')], "Down j", Intent::Down, "scroll down", None),
    across(CHECKS, &[PageDown], "PgDn", Intent::PageDown, "page down", None),
    across(CHECKS, &[PageUp], "PgUp", Intent::PageUp, "page up", None),
    across(CHECKS, &[Key::Home, Char('g')], "Home g", Intent::First, "first", None),
    across(CHECKS, &[End, Char('G')], "End G", Intent::Last, "last", None),
    bind(&[ChecksSearch], &[Enter], "Enter", Intent::Confirm, "to the list", Some(0)),
    bind(&[ChecksSearch], &[Down, Tab], "Down", Intent::Down, "to the list", None),
    bind(&[ChecksSearch], &[Esc], "Esc", Intent::Back, "close", Some(8)),
    bind(&[ChecksSearch], &[Function(1)], "F1", Intent::Help, "help", Some(9)),
    bind(&[Mode::Checks], &[Esc], "Esc", Intent::Back, "back", Some(9)),
    bind(&[ChecksDetail], &[Esc], "Esc", Intent::Back, "to the list", Some(3)),
    across(CHECKS, &[Char('q')], "q", Intent::Quit, "quit", Some(12)),
    across(CHECKS, &[Char('?'), Function(1)], "?", Intent::Help, "help", Some(11)),
];

/// The mode of the check.
pub fn mode(checks: &Checks, checking: &Checking) -> Mode {
    if checks.searching {
        return ChecksSearch;
    }
    match checks.pane {
        Pane::Detail => ChecksDetail,
        Pane::List if checking.is_running() => ChecksRunning,
        Pane::List => Mode::Checks,
    }
}

/// Whether an intent does anything on the check as it stands.
pub fn applies(model: &Model, checks: &Checks, intent: Intent) -> bool {
    let selected = checks.selected(&model.library.connections);
    let idle = !model.checking.is_running();
    match intent {
        Intent::Confirm => checks.searching || checks.pane == Pane::Detail || selected.is_some(),
        Intent::Check => idle && selected.is_some(),
        Intent::CheckAll => idle && !checks.list.is_empty(),
        Intent::Refresh => idle && selected.is_some_and(checking::is_refreshed_here),
        Intent::LogInAgain => {
            idle && selected.is_some_and(|connection| checking::wants_login(model, connection))
        }
        Intent::Review => selected.is_some(),
        Intent::Rotate => selected.is_some_and(checking::has_secret),
        Intent::FilterNext | Intent::FilterPrevious | Intent::Search | Intent::Watch => {
            !model.library.connections.is_empty()
        }
        Intent::Open | Intent::Copy => checking::place(model).is_some_and(|place| place.url.is_some()),
        Intent::FocusNext | Intent::FocusPrevious => {
            selected.is_some_and(|connection| checking::places(model, connection).len() > 1)
        }
        _ => true,
    }
}

/// The key that stands first in the bar, before its usual place: that which mends what the last check found.
pub fn first(model: &Model, mode: Mode) -> Option<Intent> {
    let connection = match &model.screen {
        Screen::Connection { name } if mode == Mode::Connection => model.connection(name)?,
        Screen::Checks(checks) if CHECKS.contains(mode) => checks.selected(&model.library.connections)?,
        Screen::Home { .. } | Screen::Wizard(_) | Screen::Connection { .. } | Screen::Checks(_) => {
            return None;
        }
    };
    checking::wants_secret(model, connection).map(|_| Intent::Rotate)
}

/// Whether a connection on the home screen, or the line that checks them, is selected.
pub fn applies_at_home(model: &Model) -> bool {
    matches!(selected_home_item(model), Some(HomeItem::Connection(_) | HomeItem::Check))
}
