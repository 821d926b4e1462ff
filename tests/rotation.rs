//! Rotation without loss: whatever happens to a refresh, the next run knows which token is alive, or says that nobody
//! can, and no refresh token is sent twice.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests end the test, too")]

#[path = "rotation/child.rs"]
mod child;
#[path = "rotation/crowd.rs"]
mod crowd;
#[path = "rotation/files.rs"]
mod files;
#[path = "rotation/kills.rs"]
mod kills;
#[path = "rotation/outcomes.rs"]
mod outcomes;
#[path = "sandbox/stage.rs"]
#[expect(dead_code, reason = "the tests of the sandbox use more of it")]
mod stage;
#[path = "rotation/support.rs"]
mod support;
