//! A stored connection.

use super::checking::{history, sign};
use super::home::about;
use super::page::{Body, Page};
use super::proof::checks;
use super::text::{age, date, remaining};
use super::theme::Look;
use crate::app::model::Model;
use crate::procedure::AppKind;
use crate::setup::{Connection, Owner};
use ratatui::text::Span;

/// Past checks that are shown as signs.
const PAST: usize = 10;

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
            page.heading(format!("Set up and verified {}", age(model.now, verification.at)));
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
    let look = page.look;
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
    page.fact("Last check", NAME, last_check(model, connection, look));
}

/// What the last check made of it, with the checks before as signs.
fn last_check(model: &Model, connection: &Connection, look: Look<'_>) -> Vec<Span<'static>> {
    let Some(last) = model.checking.last(connection) else { return vec![look.dim("none yet: r checks it")] };
    let (sign, style) = sign(Some(last.status), look);
    let mut spans = vec![
        Span::styled(format!("{sign} {}", last.status.word()), style),
        look.dim(format!("{}{}", look.signs.between, age(model.now, last.at))),
    ];
    if let Some(code) = last.findings.first() {
        spans.push(Span::raw(format!(": {}", code.as_str())));
    }
    let past = model.checking.history.of(&connection.name).len().min(PAST);
    if past > 1 {
        spans.push(Span::raw("  "));
        spans.extend(history(model, connection, past, look));
    }
    spans
}

/// Who spends the refresh token.
const fn refresh(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "nothing to refresh",
        (AppKind::General, Owner::Wizard) => "done by this wizard",
        (AppKind::General, Owner::Receiver) => "done by the receiver",
    }
}

/// Answers, secrets by fingerprint.
fn values<'a>(page: &mut Page<'a>, connection: &'a Connection) {
    let look = page.look;
    const NAME: usize = 18;
    page.heading("Answers");
    for (field, value) in &connection.answers {
        page.fact(field.label(), NAME, vec![Span::styled(value.as_str(), look.theme.value)]);
    }
    for (field, fingerprint) in &connection.secrets {
        page.fact(field.label(), NAME, vec![Span::raw(fingerprint.to_string())]);
    }
}
