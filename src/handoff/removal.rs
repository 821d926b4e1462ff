//! Removing a connection in words: what it is, what stops, and what does not.

use crate::procedure::{AppKind, Procedure};
use crate::setup::{Connection, Owner};

/// Whether a login of this program is kept with the connection, which can be revoked.
pub fn is_revocable(connection: &Connection) -> bool {
    connection.app_kind == AppKind::General && connection.owner == Owner::Wizard && connection.grant.is_some()
}

/// What it is, in one sentence.
pub fn what(connection: &Connection, procedure: Option<&Procedure>) -> String {
    let title = procedure.map_or(connection.procedure.as_str(), |procedure| procedure.title.as_str());
    let receiver = connection.receiver.label();
    let kind = connection.app_kind.label();
    let login = match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => format!("{receiver} gets its tokens from Zoom by itself."),
        (AppKind::General, Owner::Receiver) => format!("{receiver} holds the login."),
        (AppKind::General, Owner::Wizard) if is_revocable(connection) => "The login is kept here.".to_owned(),
        (AppKind::General, Owner::Wizard) => "No login is kept here.".to_owned(),
    };
    format!("{title}, for {receiver}; a {kind}. {login}")
}

/// What stops and what does not, a paragraph each, most important first.
pub fn consequences(connection: &Connection) -> Vec<String> {
    let receiver = connection.receiver.label();
    let app = "The app in Zoom stays; delete it there if nobody needs it.".to_owned();
    if is_revocable(connection) {
        return vec![
            format!(
                "Revoked at Zoom, the login ends everywhere: whatever uses this app as the same Zoom user stops \
                 with it, {receiver} too if it logged in so."
            ),
            "Removed here only, the login stays alive at Zoom until its refresh token ends, unused after about 90 \
             days, and cannot be revoked from here any more."
                .to_owned(),
            "Either way its record, its secrets and its tokens are deleted here.".to_owned(),
            app,
        ];
    }
    let goes_on = match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => {
            format!("There is no login to revoke. {receiver} goes on: it has the app's values of its own.")
        }
        (AppKind::General, Owner::Receiver) => {
            format!("Nothing stops in {receiver}: its own login is not touched.")
        }
        (AppKind::General, Owner::Wizard) => {
            format!("There is no login here to revoke, and nothing stops in {receiver}.")
        }
    };
    vec![
        goes_on,
        "Its record and its secrets are deleted here, and zoom-setup cannot check it any more.".to_owned(),
        app,
    ]
}
