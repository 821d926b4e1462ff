//! Scopes from outside: the catalogue's file, the review of every procedure against the sandbox, and the proof.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "scopes/asset.rs"]
mod asset;
#[path = "support/classic.rs"]
mod classic;
#[path = "scopes/proof.rs"]
mod proof;
#[path = "../examples/scopes_asset/render.rs"]
mod render;
#[path = "scopes/sandboxed.rs"]
mod sandboxed;
