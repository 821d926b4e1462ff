//! The real binary from outside, without a terminal: arguments in, text and exit code out.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "cli/answers.rs"]
mod answers;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/connections.rs"]
mod connections;
#[path = "cli/contract.rs"]
mod contract;
#[path = "cli/ends.rs"]
mod ends;
#[path = "support/home.rs"]
mod home;
#[path = "support/issued.rs"]
mod issued;
#[path = "cli/leaks.rs"]
mod leaks;
#[path = "cli/rescued.rs"]
mod rescued;
#[path = "cli/scopes.rs"]
mod scopes;
#[path = "cli/store.rs"]
mod store;
#[path = "cli/stored.rs"]
mod stored;
#[path = "support/zoom.rs"]
mod zoom;

/// The ids of the built-in procedures.
const PROCEDURES: [&str; 5] =
    ["servicenow-omnichannel", "servicenow-dex", "servicenow-external-content", "celigo-oauth", "celigo-s2s"];

/// Answers for any of them; what a rehearsal's app page shows is not among them.
fn answers(name: &str) -> String {
    format!(
        "manual_steps = \"done\"\nauthorize = \"loopback\"\ninstance = \"dev12345\"\nregion = \"na\"\n\
         connection_name = \"{name}\"\ncompany = \"Example Company\"\ndeveloper_name = \"Example Admin\"\n\
         developer_email = \"admin@example.com\"\n"
    )
}
