//! Law 1 in words: who may spend the refresh token, and why the receiver logs in last.

use crate::procedure::{AppKind, Procedure};
use crate::setup::{Connection, Owner};

/// One sentence or two a line, most important first.
pub(super) fn sentences(connection: &Connection, procedure: &Procedure) -> Vec<String> {
    let receiver = connection.receiver.label();
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => vec![
            format!(
                "There is no refresh token: {receiver} asks Zoom for a new access token whenever it needs one, \
                 with the account ID, client ID and client secret."
            ),
            "Zoom documents that several tokens of one app may be in use at once. Reports of 2022 and 2023 say \
             that a new token ended the one before; neither was tried here."
                .to_owned(),
        ],
        (AppKind::General, Owner::Receiver) => vec![
            format!("{receiver} owns the refresh. zoom-setup keeps no token of this connection."),
            format!(
                "Authorize {receiver} last: Zoom keeps one grant per user and app, so any later login of the \
                 same Zoom user to this app ends {receiver}'s (Zoom's code 4741)."
            ),
            "A refresh token works once and each refresh brings a new one. Nobody else may use it.".to_owned(),
        ],
        (AppKind::General, Owner::Wizard) => kept(procedure),
    }
}

/// Where the login is kept here: what the last button of the receiver would do to it.
pub fn kept(procedure: &Procedure) -> Vec<String> {
    let receiver = procedure.receiver.label();
    vec![
        "zoom-setup owns the refresh: it keeps the login and is the only one that may refresh it.".to_owned(),
        format!(
            "{} in {receiver}, pressed for the same Zoom user, ends the login kept here: Zoom keeps \
             one grant per user and app (Zoom's code 4741). Press it only when {receiver} shall take over.",
            procedure.handover.last_button
        ),
        format!(
            "After {receiver} took over, remove this connection here, so that zoom-setup never refreshes."
        ),
    ]
}

/// Whether a note of the hand-over holds for that owner: that the receiver refreshes does not while the login is kept
/// here.
pub fn holds(note: &str, owner: Owner) -> bool {
    owner == Owner::Receiver || !note.contains("refreshes the token")
}
