//! Rotation without loss: whatever happens to a refresh, the next run knows which token is alive, or says that nobody
//! can, and no refresh token is sent twice.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests end the test, too")]

#[path = "rotation/files.rs"]
mod files;
#[path = "rotation/outcomes.rs"]
mod outcomes;
#[path = "rotation/support.rs"]
mod support;
