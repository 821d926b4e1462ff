//! A stored connection.

use super::home::about;
use super::page::{Body, Page};
use super::proof::checks;
use super::text::{age, date, remaining};
use super::theme::Look;
use crate::app::model::Model;
use crate::procedure::{AppKind, FieldName};
use crate::setup::{Connection, Owner};
use ratatui::text::Span;

/// What is known of the connection, its values, and the keys of the sheet.
pub fn body<'a>(model: &'a Model, name: &'a str, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    let Some(connection) = model.connection(name) else {
        page.plain(format!("There is no connection named {name} any more. Esc goes back."));
        return Body::text(page);
    };
    page.strong_line(connection.name.as_str());
    page.gap();
    facts(&mut page, model, connection);
    match &connection.verification {
        Some(verification) => {
            page.heading(format!("Checked {}", age(model.now, verification.at)));
            checks(&mut page, &verification.checks);
        }
        None => {
            page.heading("Never verified");
            page.styled("Nothing about this connection was proved by a live answer.", look.theme.dim);
        }
    }
    page.gap();
    page.text(vec![
        look.accent("e"),
        look.dim(" writes the hand-over sheet, "),
        look.accent("c"),
        look.dim(" copies it: both without secrets."),
    ]);
    if !connection.answers.is_empty() || !connection.secrets.is_empty() {
        values(&mut page, connection);
    }
    Body::text(page)
}

/// The second column of a wide screen: the procedure that the connection came from.
pub fn aside<'a>(model: &'a Model, name: &str, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    if let Some(procedure) =
        model.connection(name).and_then(|connection| model.procedure(&connection.procedure))
    {
        about(&mut page, procedure);
    }
    page
}

fn facts<'a>(page: &mut Page<'a>, model: &'a Model, connection: &'a Connection) {
    const NAME: usize = 12;
    let procedure = model
        .procedure(&connection.procedure)
        .map_or(connection.procedure.as_str(), |procedure| procedure.title.as_str());
    page.fact("Procedure", NAME, vec![Span::raw(procedure)]);
    page.fact("Receiver", NAME, vec![Span::raw(connection.receiver.label())]);
    page.fact("Zoom app", NAME, vec![Span::raw(connection.app_kind.label())]);
    page.fact("Refresh", NAME, vec![Span::raw(refresh(connection))]);
    page.fact("Created", NAME, vec![Span::raw(date(connection.created))]);
    page.fact("Scopes", NAME, vec![Span::raw(connection.scopes.len().to_string())]);
    if connection.rehearsal {
        page.fact("Zoom", NAME, vec![Span::raw("REHEARSAL: no such app exists at Zoom")]);
    }
    if let Some(grant) = &connection.grant {
        page.fact("Token", NAME, vec![Span::raw(remaining(model.now, grant.expires_at))]);
        let refreshed = grant.refreshed_at.unwrap_or(grant.obtained_at);
        if connection.owner == Owner::Wizard && grant.refreshable {
            page.fact("Refreshed", NAME, vec![Span::raw(age(model.now, refreshed))]);
        }
    }
}

/// Who spends the refresh token.
const fn refresh(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "nothing to refresh",
        (AppKind::General, Owner::Wizard) => "done by this wizard",
        (AppKind::General, Owner::Receiver) => "done by the receiver",
    }
}

/// Answers as values that can be selected in the terminal, secrets by fingerprint.
fn values<'a>(page: &mut Page<'a>, connection: &'a Connection) {
    let look = page.look;
    let label = |field: FieldName| field.as_str().replace('_', " ");
    page.heading("Answers");
    for (field, value) in &connection.answers {
        page.styled(label(*field), look.theme.dim);
        page.value(value, look.theme.value);
    }
    for (field, fingerprint) in &connection.secrets {
        page.styled(label(*field), look.theme.dim);
        page.plain(fingerprint.to_string());
    }
}
