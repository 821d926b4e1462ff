//! Replacing a client secret in words: what stops when, and who must get the new one.

use super::env::quote;
use crate::procedure::{AppKind, CopySource, FieldName, Procedure};
use crate::setup::values::AnswerValues;
use crate::setup::{Connection, Owner};

/// Page on which Zoom lists the apps that were made.
pub const APPS_PAGE: &str = "https://marketplace.zoom.us/user/build";

/// What to do on Zoom's page and what stops when, a paragraph each, most important first.
pub fn before(connection: &Connection) -> Vec<String> {
    let receiver = connection.receiver.label();
    let stops = match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => format!(
            "Once the old secret has ended, {receiver} gets no new token with it; the one it has lasts up to an hour."
        ),
        (AppKind::General, Owner::Receiver) => format!(
            "Once the old secret has ended, {receiver} cannot refresh with it; the token it has lasts up to an hour."
        ),
        (AppKind::General, Owner::Wizard) => {
            "Once the old secret has ended, the login kept here cannot be refreshed with it; the token it has \
             lasts up to an hour."
                .to_owned()
        }
    };
    vec![
        "In Zoom, open the app and find App Credentials. If Zoom shows a secret today that is not the one stored \
         here, copy that one."
            .to_owned(),
        format!("Press Regenerate only to replace it: have the form in {receiver} open first."),
        stops,
        format!(
            "If Zoom asks when the old secret shall end, leave {receiver} time: both work until then. If it does \
             not ask, take it that the old one ends at once."
        ),
        "What is stored here changes only when Zoom has shown that it knows the new one.".to_owned(),
        "That two secrets can work side by side is what Zoom says of its API; what the page does was not seen on \
         a live Zoom."
            .to_owned(),
    ]
}

/// Where the new secret has to go, a step each.
pub fn after(connection: &Connection, procedure: Option<&Procedure>) -> Vec<String> {
    let receiver = connection.receiver.label();
    let name = quote(&connection.name);
    let Some(procedure) = procedure else {
        return vec![format!(
            "Enter it in {receiver}, wherever the old one stands. The procedure {} is not loaded, so the way \
             there is not known here.",
            connection.procedure
        )];
    };
    let values = AnswerValues { answers: &connection.answers, procedure };
    let handover = &procedure.handover;
    let button = &handover.last_button;
    let label = handover
        .fields
        .iter()
        .find(|field| field.value == CopySource::Secret(FieldName::ClientSecret))
        .map_or("for the client secret", |field| field.label.as_str());
    let mut steps = Vec::new();
    if (connection.app_kind, connection.owner) == (AppKind::General, Owner::Wizard) {
        steps.push(format!(
            "The login of this connection is kept here, and is refreshed with the new secret from now on: \
             zoom-setup check {name} --refresh proves it."
        ));
        steps.push(format!(
            "If {receiver} has the pair too, replace the secret in its field {label} and save. Do not press \
             {button} there: it ends the login kept here."
        ));
        return steps;
    }
    steps.push(
        "The way there is that of the set-up; where it makes a new connection, open the one that is there."
            .to_owned(),
    );
    steps.extend(handover.path.iter().map(|sentence| sentence.render_lossy(&values)));
    steps.push(format!("Replace the secret in the field {label}. The other fields stay as they are."));
    steps.push(format!("Press {button}."));
    steps.push(format!("It worked if: {}", handover.success.render_lossy(&values)));
    steps
}
