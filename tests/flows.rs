//! Whole set-ups through the real runtime: HTTP client, loopback listener, store on disk, embedded Zoom, and a
//! small HTTP client in the place of the browser.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests, which fail by panicking and look for one thing among many"
)]

#[path = "support/admin.rs"]
mod admin;
#[path = "support/browser.rs"]
mod browser;
#[path = "flows/checking.rs"]
mod checking;
#[path = "support/classic.rs"]
mod classic;
#[path = "flows/complete.rs"]
mod complete;
#[path = "flows/connections.rs"]
mod connections;
#[path = "flows/faults.rs"]
mod faults;
#[path = "support/harness.rs"]
mod harness;
#[path = "support/issued.rs"]
mod issued;
#[path = "flows/mistakes.rs"]
mod mistakes;
#[path = "flows/resume.rs"]
mod resume;
#[path = "flows/review.rs"]
mod review;
#[path = "flows/runtime.rs"]
mod runtime;
#[path = "flows/waiting.rs"]
mod waiting;
#[path = "support/watch.rs"]
mod watch;
