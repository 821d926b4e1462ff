//! The keys of replacing a client secret.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "applies names the keys that sometimes do nothing; every other key does something always"
)]

use super::Key::{Char, Ctrl, Down, Enter, Esc, Function, PageDown, PageUp, Up};
use super::Mode::{Rotate, RotateBusy, Rotated};
use super::{Binding, Mode, bind};
use crate::app::message::Intent;
use crate::app::model::Model;
use crate::app::rotation::{Rotating, RotationPhase};
use crate::app::update::rotation_offer;

/// Every key of it.
pub const BINDINGS: &[Binding] = &[
    bind(&[Rotate], &[Enter], "Enter", Intent::Confirm, "prove and store", Some(0)),
    bind(&[Rotate], &[Ctrl('y')], "Ctrl-Y", Intent::TakeOffer, "take offer", Some(1)),
    bind(&[Rotate], &[Ctrl('o')], "Ctrl-O", Intent::Open, "open page", Some(3)),
    bind(&[Rotate], &[Ctrl('t')], "Ctrl-T", Intent::Peek, "show or hide", Some(4)),
    bind(&[RotateBusy], &[Esc], "Esc", Intent::Back, "cancel", Some(0)),
    bind(&[Rotated], &[Char('c')], "c", Intent::Copy, "copy the secret", Some(0)),
    bind(&[Rotated], &[Enter], "Enter", Intent::Confirm, "done", Some(1)),
    bind(&[Rotated], &[Down, Char('j')], "Down j", Intent::Down, "scroll down", None),
    bind(&[Rotated], &[Up, Char('k')], "Up k", Intent::Up, "scroll up", None),
    bind(&[Rotate, RotateBusy, Rotated], &[PageDown], "PgDn", Intent::PageDown, "more text", None),
    bind(&[Rotate, RotateBusy, Rotated], &[PageUp], "PgUp", Intent::PageUp, "text before", None),
    bind(&[Rotate, Rotated], &[Esc], "Esc", Intent::Back, "back", Some(2)),
    bind(&[Rotated], &[Char('q')], "q", Intent::Quit, "quit", Some(10)),
    bind(&[Rotate], &[Function(1)], "F1", Intent::Help, "help", Some(9)),
    bind(&[RotateBusy, Rotated], &[Char('?'), Function(1)], "?", Intent::Help, "help", Some(9)),
];

/// The mode of it.
pub const fn mode(rotating: &Rotating) -> Mode {
    match rotating.phase {
        RotationPhase::Enter => Mode::Rotate,
        RotationPhase::Regenerating { .. }
        | RotationPhase::Asking { .. }
        | RotationPhase::Storing { .. }
        | RotationPhase::Recording { .. } => Mode::RotateBusy,
        RotationPhase::Stored { .. } => Mode::Rotated,
    }
}

/// Whether an intent does anything on it as it stands.
pub fn applies(model: &Model, rotating: &Rotating, intent: Intent) -> bool {
    match intent {
        Intent::TakeOffer => rotation_offer(model).is_some(),
        Intent::Back => !rotating.is_busy() || matches!(rotating.phase, RotationPhase::Asking { .. }),
        _ => true,
    }
}
