//! The keys of the review of scopes.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "applies names the keys that sometimes do nothing; every other key does something always"
)]

use super::Key::{
    self, BackTab, Char, Down, End, Enter, Esc, Function, Left, PageDown, PageUp, Right, Tab, Up,
};
use super::Mode::{self, Review, ReviewPaste, ReviewProving, ReviewSearch, ReviewSubjects, ReviewToDo};
use super::{Binding, Modes, across, bind};
use crate::app::message::Intent;
use crate::app::review::{Pane, ReviewOf, Reviewing};

/// The review with its panes.
const REVIEW: Modes = Modes::of(&[Review, ReviewProving]);
/// Where scopes are in hand.
const IN_HAND: Modes = REVIEW.with(&[ReviewToDo]);
/// Where letters are keys.
const REVIEWING: Modes = IN_HAND.with(&[ReviewSubjects]);

/// Every key of the review.
pub const BINDINGS: &[Binding] = &[
    across(REVIEW, &[Enter], "Enter", Intent::Confirm, "open", Some(0)),
    bind(&[ReviewSearch], &[Enter], "Enter", Intent::Confirm, "to the list", Some(0)),
    bind(&[ReviewSearch], &[Down, Tab], "Down", Intent::Down, "to the list", None),
    bind(&[ReviewPaste], &[Enter], "Enter", Intent::Confirm, "take it", Some(0)),
    bind(&[ReviewToDo], &[Enter], "Enter", Intent::Confirm, "to the list", Some(4)),
    bind(&[ReviewSubjects], &[Enter], "Enter", Intent::Confirm, "review this", Some(0)),
    across(IN_HAND, &[Char('n')], "n", Intent::CopyNext, "copy next", Some(1)),
    across(IN_HAND, &[Char(' ')], "Space", Intent::Toggle, "tick", Some(2)),
    across(REVIEW, &[Char('f'), Right], "f", Intent::FilterNext, "filter", Some(4)),
    across(REVIEW, &[Char('F'), Left], "F", Intent::FilterPrevious, "filter before", None),
    across(REVIEW, &[Char('/')], "/", Intent::Search, "search", Some(3)),
    across(REVIEW, &[Char('d')], "d", Intent::ToDo, "to do", Some(5)),
    bind(&[ReviewToDo], &[Char('d')], "d", Intent::ToDo, "to the list", None),
    bind(&[Review, ReviewToDo], &[Char('t'), Char('r')], "t", Intent::Prove, "prove", Some(6)),
    across(REVIEW, &[Char('p')], "p", Intent::PasteBox, "paste granted", Some(7)),
    across(IN_HAND, &[Char('c')], "c", Intent::Copy, "copy", None),
    across(IN_HAND, &[Char('C')], "C", Intent::CopyAll, "copy all", Some(10)),
    across(IN_HAND, &[Char('e')], "e", Intent::Export, "export report", Some(11)),
    across(REVIEW, &[Char('w')], "w", Intent::Subjects, "what for", Some(8)),
    across(REVIEWING, &[Up, Char('k')], "Up k", Intent::Up, "up", None),
    across(REVIEWING, &[Down, Char('j')], "Down j", Intent::Down, "down", None),
    across(REVIEWING, &[PageDown], "PgDn", Intent::PageDown, "page down", None),
    across(REVIEWING, &[PageUp], "PgUp", Intent::PageUp, "page up", None),
    across(REVIEWING, &[Key::Home, Char('g')], "Home g", Intent::First, "first", None),
    across(REVIEWING, &[End, Char('G')], "End G", Intent::Last, "last", None),
    across(REVIEW, &[Tab], "Tab", Intent::FocusNext, "next pane", None),
    across(REVIEW, &[BackTab], "Shift-Tab", Intent::FocusPrevious, "pane before", None),
    bind(&[ReviewProving], &[Esc], "Esc", Intent::Back, "stop the proof", Some(0)),
    bind(&[Review, ReviewToDo, ReviewSubjects], &[Esc], "Esc", Intent::Back, "back", Some(9)),
    bind(&[ReviewSearch, ReviewPaste], &[Esc], "Esc", Intent::Back, "close", Some(8)),
    across(REVIEWING, &[Char('q')], "q", Intent::Quit, "quit", Some(13)),
    across(REVIEWING, &[Char('?'), Function(1)], "?", Intent::Help, "help", Some(12)),
    bind(&[ReviewSearch, ReviewPaste], &[Function(1)], "F1", Intent::Help, "help", Some(9)),
];

/// The mode of the review.
pub const fn mode(reviewing: &Reviewing) -> Mode {
    if reviewing.paste.is_some() {
        return Mode::ReviewPaste;
    }
    if reviewing.searching {
        return Mode::ReviewSearch;
    }
    match reviewing.pane {
        Pane::ToDo => Mode::ReviewToDo,
        Pane::Subjects => Mode::ReviewSubjects,
        Pane::Tree | Pane::List | Pane::Detail if reviewing.proving.is_some() => Mode::ReviewProving,
        Pane::Tree | Pane::List | Pane::Detail => Mode::Review,
    }
}

/// Whether an intent does anything in the review as it stands.
pub fn applies(reviewing: &Reviewing, intent: Intent) -> bool {
    let in_hand = match reviewing.pane {
        Pane::ToDo => reviewing.tasks().next().is_some(),
        Pane::Tree | Pane::List | Pane::Detail => !reviewing.list.is_empty(),
        Pane::Subjects => false,
    };
    match intent {
        Intent::Copy | Intent::Toggle => in_hand,
        Intent::Confirm => {
            reviewing.searching
                || reviewing.paste.is_some()
                || matches!(reviewing.pane, Pane::ToDo | Pane::Subjects | Pane::Tree)
                || (reviewing.pane == Pane::List && in_hand)
        }
        Intent::Prove => reviewing.proving.is_none(),
        Intent::Subjects => reviewing.about.of != ReviewOf::Setup,
        _ => true,
    }
}
