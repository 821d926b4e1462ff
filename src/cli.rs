//! See the parent module.

pub mod sandbox;
