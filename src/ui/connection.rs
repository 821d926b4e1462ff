//! A stored connection.

use super::home::owner;
use super::page::{Body, Own, Page};
use super::proof::checks;
use super::text::{age, column, date, remaining};
use super::theme::Look;
use crate::app::model::Model;
use crate::procedure::FieldName;
use crate::setup::{Connection, Owner};
use ratatui::text::Span;

/// What is known of the connection, its values, and the keys of the sheet.
pub fn body<'a>(model: &'a Model, name: &'a str, selected: usize, full: u16, look: Look<'a>) -> Body<'a> {
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
            page.heading(format!("Verified {}", age(model.now, verification.at)));
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
        look.dim(" writes the hand-over sheet, without secrets.   "),
        look.accent("x"),
        look.dim(" removes the connection here."),
    ]);
    let rows = values(connection, selected, full, look);
    Body { text: page, own: (rows.len() > 0).then(|| Own::rows(rows)) }
}

fn facts<'a>(page: &mut Page<'a>, model: &'a Model, connection: &'a Connection) {
    const NAME: usize = 12;
    let procedure = model
        .procedure(&connection.procedure)
        .map_or(connection.procedure.as_str(), |procedure| procedure.title.as_str());
    page.fact("Procedure", NAME, vec![Span::raw(procedure)]);
    page.fact("Receiver", NAME, vec![Span::raw(connection.receiver.label())]);
    page.fact("Zoom app", NAME, vec![Span::raw(connection.app_kind.label())]);
    page.fact("Owner", NAME, vec![Span::raw(owner(connection.owner))]);
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

/// Answers as copyable values, secrets by fingerprint.
fn values<'a>(connection: &'a Connection, selected: usize, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let label = |field: FieldName| field.as_str().replace('_', " ");
    let mut index = 0;
    for (field, value) in &connection.answers {
        let start = page.len();
        let style = if index == selected { look.theme.accent } else { look.theme.dim };
        page.marked(index == selected, vec![Span::styled(label(*field), style)]);
        page.value(value, look.theme.value);
        if index == selected {
            page.focus_from(start);
        }
        index += 1;
    }
    for (field, fingerprint) in &connection.secrets {
        let style = if index == selected { look.theme.accent } else { look.theme.dim };
        let name = column(&label(*field), 16, look.signs.ellipsis);
        page.marked(index == selected, vec![Span::styled(name, style), Span::raw(fingerprint.to_string())]);
        index += 1;
    }
    page
}
