//! The real binary in a real pseudo-terminal.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
// Other test programs use the rest of the helpers.
#![expect(dead_code, reason = "this program needs a part of the helpers")]

#[path = "pty/callback.rs"]
mod callback;
#[path = "pty/checking.rs"]
mod checking;
#[path = "pty/connections.rs"]
mod connections;
#[path = "pty/desk.rs"]
mod desk;
#[path = "support/home.rs"]
mod home;
#[path = "pty/journeys.rs"]
mod journeys;
#[path = "pty/killed.rs"]
mod killed;
#[path = "pty/leaving.rs"]
mod leaving;
#[path = "support/pty.rs"]
mod pty;
#[path = "pty/review.rs"]
mod review;
#[path = "pty/screens.rs"]
mod screens;
#[path = "pty/typing.rs"]
mod typing;
#[path = "pty/walk.rs"]
mod walk;
#[path = "support/zoom.rs"]
mod zoom;
