//! `zoom-setup`: from a vendor's written procedure to a Zoom OAuth app that provably works.
//!
//! `ARCHITECTURE.md` draws the data flow. In short: values ([`procedure`], [`setup`], [`oauth`], [`entry`],
//! [`exact`], [`characters`], [`scope`], [`check`], [`secret`]) know the field and do no I/O; [`app`] is the pure core; [`ui`] draws it; [`ports`]
//! names what the core needs from the world; [`runtime`] runs effects against the adapters ([`zoom`],
//! [`callback`], [`store`], [`system`]); [`cli`] is the outside.

pub mod app;
pub mod callback;
pub mod characters;
pub mod check;
pub mod cli;
pub mod entry;
pub mod error;
pub mod exact;
pub mod handoff;
pub mod oauth;
pub mod ports;
pub mod procedure;
pub mod runtime;
pub mod sandbox;
pub mod scope;
pub mod secret;
pub mod setup;
pub mod store;
pub mod system;
pub mod terminal;
pub mod ui;
pub mod zoom;
