//! Real Chromium, without a window: the pages of the callback, and whole logins against the embedded Zoom.
//!
//! `ZOOM_SETUP_E2E=require` makes a missing Chromium a failure; otherwise a test says that it is skipped.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails; one that is skipped says so"
)]
// Other test programs use the rest of the helpers.
#![expect(dead_code, reason = "this program needs a part of the helpers")]

#[path = "e2e_browser/answers.rs"]
mod answers;
#[path = "support/chromium.rs"]
mod chromium;
#[path = "support/home.rs"]
mod home;
#[path = "e2e_browser/pages.rs"]
mod pages;
#[path = "support/pty.rs"]
mod pty;
#[path = "pty/walk.rs"]
mod walk;
#[path = "e2e_browser/wizard.rs"]
mod wizard;
