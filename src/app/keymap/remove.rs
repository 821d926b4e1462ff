//! The keys of removing a connection.

use super::Key::{Char, Down, Enter, Esc, Function, PageDown, PageUp, Up};
use super::Mode::{Remove, RemoveBusy};
use super::{Binding, Mode, bind};
use crate::app::message::Intent;
use crate::app::removal::Removing;

/// Every key of it.
pub const BINDINGS: &[Binding] = &[
    bind(&[Remove], &[Enter], "Enter", Intent::Confirm, "take this", Some(0)),
    bind(&[Remove], &[Up, Char('k')], "Up k", Intent::Up, "up", Some(1)),
    bind(&[Remove], &[Down, Char('j')], "Down j", Intent::Down, "down", Some(2)),
    bind(&[Remove], &[Esc], "Esc", Intent::Back, "keep", Some(3)),
    bind(&[Remove, RemoveBusy], &[PageDown], "PgDn", Intent::PageDown, "more text", None),
    bind(&[Remove, RemoveBusy], &[PageUp], "PgUp", Intent::PageUp, "text before", None),
    bind(&[Remove, RemoveBusy], &[Char('?'), Function(1)], "?", Intent::Help, "help", Some(9)),
];

/// The mode of it.
pub fn mode(removing: &Removing) -> Mode {
    if removing.is_busy() { Mode::RemoveBusy } else { Mode::Remove }
}
