//! The pure core, driven by keys by name and by messages: state and effects.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests, which fail by panicking and look for one effect among many"
)]

#[path = "support/admin.rs"]
mod admin;
#[path = "core/checking.rs"]
mod checking;
#[path = "core/desk.rs"]
mod desk;
#[path = "core/keys.rs"]
mod keys;
#[path = "core/login.rs"]
mod login;
#[path = "core/properties.rs"]
mod properties;
#[path = "core/proving.rs"]
mod proving;
#[path = "core/removing.rs"]
mod removing;
#[path = "core/reviewing.rs"]
mod reviewing;
#[path = "core/rotating.rs"]
mod rotating;
#[path = "core/rows.rs"]
mod rows;
#[path = "core/steps.rs"]
mod steps;
#[path = "core/storing.rs"]
mod storing;
#[path = "support/core.rs"]
mod support;
#[path = "core/verifying.rs"]
mod verifying;
#[path = "core/waiting.rs"]
mod waiting;
