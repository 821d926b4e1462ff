//! The loopback listener against honest, hostile and clumsy clients. `docs/callback-rows.md` says which test proves
//! which requirement; tests carry the row in their names.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "callback/acts.rs"]
mod acts;
#[path = "callback/during.rs"]
mod during;
#[path = "callback/go.rs"]
mod go;
#[path = "callback/honest.rs"]
mod honest;
#[cfg(target_os = "linux")]
#[path = "callback/memory.rs"]
mod memory;
#[path = "callback/port.rs"]
mod port;
#[path = "callback/rows.rs"]
mod rows;
#[path = "callback/seen.rs"]
mod seen;
#[path = "callback/support.rs"]
mod support;
