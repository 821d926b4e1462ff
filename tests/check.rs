//! The check of connections: every finding through the real driver against the sandbox, many at once, the history, the
//! forms of the result.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "check/documents.rs"]
mod documents;
#[path = "check/findings.rs"]
mod findings;
#[path = "check/forms.rs"]
mod forms;
#[path = "check/history.rs"]
mod history;
#[path = "check/law.rs"]
mod law;
#[path = "check/many.rs"]
mod many;
#[path = "check/stage.rs"]
mod stage;
