//! The hand-over sheet: all that the receiver's admin needs, and how much of it was proved.
//!
//! [`sheet()`] gathers, the renderers write. Pure. Secrets are in a sheet only if the caller put them there.

mod env;
pub mod json;
mod markdown;
pub mod ownership;
pub mod removal;
pub mod rotation;
mod sheet;
pub mod transfer;

pub use env::{env, quote};
pub use json::json;
pub use markdown::markdown;
pub use sheet::{
    AppFacts, FormField, ReceiverForm, Redirect, ScopeFacts, ScopeNote, ScopeRole, Sheet, SheetValue, sheet,
};
