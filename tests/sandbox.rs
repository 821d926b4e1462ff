//! The embedded Zoom over real HTTP on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, which fail by panicking")]

#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/grants.rs"]
mod grants;
#[path = "sandbox/life.rs"]
mod life;
#[path = "sandbox/mistakes.rs"]
mod mistakes;
#[path = "sandbox/reads.rs"]
mod reads;
#[path = "sandbox/stage.rs"]
mod stage;
