//! See the parent module.

pub mod connections;
pub mod handoff;
pub mod sandbox;
