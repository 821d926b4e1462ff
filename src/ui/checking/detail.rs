//! One connection: what was found and what to do about it, what was proved, what cannot be known from here and where
//! to look for that, and the checks before.

use super::LONGEST;
use super::facts::{drift, refresh_bar, refresh_days, refresh_style, revoked, sign, state, token_end};
use crate::app::checking::{is_refreshed_here, on_screen, places, ways_out};
use crate::app::keymap;
use crate::app::message::Intent;
use crate::app::model::Model;
use crate::check::{CheckReport, FindingCode, Place, Status};
use crate::procedure::AppKind;
use crate::secret::printable;
use crate::setup::{Connection, Owner};
use crate::ui::page::{Body, Own, Page};
use crate::ui::text::{age, date, remaining};
use crate::ui::theme::Look;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// From this height on, the places at a receiver are listed.
const TALL: u16 = 14;
/// Columns of the name of a fact.
const NAME: usize = 14;
/// Past checks that are written out.
const MOST_PAST: usize = 10;
/// Scopes that the message of a finding names.
const MOST_IN_MESSAGE: usize = 3;
/// Scopes that are named besides, of those missing or gained.
const MOST_NAMED: usize = 8;

/// Everything about the selected connection.
pub fn body<'a>(model: &'a Model, area: Rect, look: Look<'a>) -> Body<'a> {
    let full = area.width;
    let mut page = Page::new(full, look);
    let Some((checks, Some(connection))) = on_screen(model) else {
        page.styled("No connection is selected.", look.theme.dim);
        return Body::text(page);
    };
    let places = places(model, connection);
    page.strong_line(printable(&connection.name, LONGEST));
    standing(&mut page, model, connection);
    match model.checking.report(connection) {
        Some(report) => of_report(&mut page, report, connection, !places.is_empty()),
        None => before(&mut page, model, connection),
    }
    page.heading("Tokens");
    tokens(&mut page, model, connection);
    if let Some(report) = model.checking.report(connection) {
        lines(&mut page, "Cannot be known from here", look.signs.not_confirmed, &report.unknown);
        lines(&mut page, "Proved by a live answer", look.signs.granted, &report.proved);
    }
    past(&mut page, model, connection);
    let own = (!places.is_empty()).then(|| {
        // What is wrong comes first where it is tight, or where little is left to be seen over there.
        let rows = if area.height < TALL || connection.owner == Owner::Wizard {
            place_in_short(places, checks.place, full, look)
        } else {
            where_to_look(places, checks.place, connection, full, look)
        };
        Own { share: 45, ..Own::rows(rows) }
    });
    Body { text: page, own }
}

/// What to do about the selected connection, for below the list.
pub fn advice<'a>(model: &'a Model, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let Some((_, Some(connection))) = on_screen(model) else { return page };
    standing(&mut page, model, connection);
    let Some(report) = model.checking.report(connection) else {
        before(&mut page, model, connection);
        return page;
    };
    let Some(finding) = report.findings.first() else {
        let known = report.status == Status::Healthy;
        let line = if known { report.proved.first() } else { report.unknown.first() };
        page.plain(printable(line.map_or("Nothing was found that needs a hand.", String::as_str), LONGEST));
        if !known && !report.places.is_empty() {
            let receiver = connection.receiver.label();
            page.styled(format!("Enter says where to look in {receiver}."), look.theme.dim);
        }
        return page;
    };
    let mut message = vec![look.strong(printable(&finding.message, LONGEST))];
    if report.findings.len() > 1 {
        message.push(look.dim(format!("  and {} more: Enter", report.findings.len() - 1)));
    }
    page.text(message);
    page.plain(printable(&finding.next, LONGEST));
    page
}

/// `✗ unhealthy · checked 3 min ago`
fn standing<'a>(page: &mut Page<'a>, model: &Model, connection: &Connection) {
    let look = page.look;
    let (sign, word, style) = state(model, connection, look);
    let mut spans = vec![Span::styled(format!("{sign} {word}"), style)];
    if !model.checking.awaited.contains(&connection.name)
        && let Some(last) = model.checking.last(connection)
    {
        spans.push(look.dim(format!("{}checked {}", look.signs.between, age(model.now, last.at))));
    }
    if connection.rehearsal && model.settings.rehearsal.is_none() {
        spans.push(look.dim(format!("{}REHEARSAL", look.signs.between)));
    }
    page.text(spans);
}

/// What an earlier run found, of which only the codes are kept.
fn before(page: &mut Page<'_>, model: &Model, connection: &Connection) {
    let Some(last) = model.checking.last(connection) else {
        let text = if model.checking.history.last(&connection.name).is_some() {
            "Since its login it was not checked. r checks it."
        } else {
            "No check of it is known. r checks it."
        };
        return page.plain(text);
    };
    if last.findings.is_empty() {
        return page.plain("Nothing was found then. r checks it again.");
    }
    let codes: Vec<&str> = last.findings.iter().map(|code| code.as_str()).collect();
    page.plain(format!("Found then: {}. r checks it again and says more.", codes.join(", ")));
}

fn of_report(page: &mut Page<'_>, report: &CheckReport, connection: &Connection, has_places: bool) {
    let look = page.look;
    for finding in &report.findings {
        page.gap();
        let (sign, style) = sign(Some(finding.severity), look);
        let message = vec![Span::styled(printable(&finding.message, LONGEST), style)];
        page.item(Span::styled(sign, style), message);
        page.plain(printable(&finding.cause, LONGEST));
        page.text(vec![look.strong("Next: "), Span::raw(printable(&finding.next, LONGEST))]);
        // The message names a few of each.
        if finding.code == FindingCode::ScopesMissing {
            scopes(page, &report.scopes.missing);
        } else if finding.code == FindingCode::ScopesGained {
            scopes(page, &report.scopes.excess);
        }
        if let Some(zoom) = &finding.zoom {
            page.text(vec![look.dim("Zoom says: "), Span::raw(printable(zoom, LONGEST))]);
        }
        keys(page, &ways_out(finding, connection, has_places));
    }
}

/// The keys that lead on from a finding, as the table has them.
fn keys(page: &mut Page<'_>, ways: &[Intent]) {
    let look = page.look;
    let mut spans = Vec::new();
    for intent in ways {
        let binding = keymap::bindings(keymap::Mode::Checks).find(|binding| binding.intent == *intent);
        let Some(binding) = binding else { continue };
        if !spans.is_empty() {
            spans.push(Span::raw("   "));
        }
        spans.push(look.accent(binding.shown));
        spans.push(look.dim(format!(" {}", words(*intent).unwrap_or(binding.label))));
    }
    page.text(spans);
}

/// What a key does here, where its label in the bar is too short.
const fn words(intent: Intent) -> Option<&'static str> {
    if matches!(intent, Intent::Check) { Some("check again") } else { None }
}

/// The scopes that the message of the finding does not name.
fn scopes(page: &mut Page<'_>, ids: &[String]) {
    let look = page.look;
    if ids.len() <= MOST_IN_MESSAGE {
        return;
    }
    for id in ids.iter().skip(MOST_IN_MESSAGE).take(MOST_NAMED) {
        page.item(look.dim(look.signs.bullet), vec![Span::raw(printable(id, LONGEST))]);
    }
    let named = MOST_IN_MESSAGE + MOST_NAMED;
    if ids.len() > named {
        page.styled(format!("and {} more: v lists them", ids.len() - named), look.theme.dim);
    }
}

/// Until when, and whose job it is.
fn tokens(page: &mut Page<'_>, model: &Model, connection: &Connection) {
    let look = page.look;
    let whose = match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => {
            "Nobody has to: each use asks for a new token with the credentials.".to_owned()
        }
        (AppKind::General, Owner::Wizard) => {
            "This wizard does, and stores each new pair before it is used.".to_owned()
        }
        (AppKind::General, Owner::Receiver) => {
            let receiver = connection.receiver.label();
            format!("{receiver} does. From here its token is never refreshed and nobody is logged in.")
        }
    };
    page.fact("Refresh", NAME, vec![Span::raw(whose)]);
    if revoked(model, connection) {
        let text = "revoked: Zoom takes neither token any more";
        page.fact("Tokens", NAME, vec![Span::styled(text, look.theme.failure)]);
    } else if let Some(end) = token_end(model, connection) {
        page.fact("Access token", NAME, vec![Span::raw(remaining(model.now, end))]);
    }
    if is_refreshed_here(connection) && !revoked(model, connection) {
        let told = match refresh_days(model, connection) {
            Some(days) => {
                let bar = Span::styled(refresh_bar(days, look), refresh_style(days, look));
                vec![bar, Span::raw(format!(" {days} of about 90 days"))]
            }
            None => vec![Span::styled("none is stored here", look.theme.warning)],
        };
        page.fact("Refresh token", NAME, told);
    }
    let (drift, style) = drift(model, connection, look);
    match drift.as_str() {
        "" => {}
        "?" if connection.owner == Owner::Receiver => {}
        "?" => page.fact("Scopes", NAME, vec![look.dim("no answer named what was granted")]),
        "+0/-0" => page.fact("Scopes", NAME, vec![Span::raw("as chosen: none missing, none gained")]),
        _ => page.fact("Scopes", NAME, vec![Span::styled(drift, style), look.dim("  gained / missing")]),
    }
    if is_refreshed_here(connection)
        && let Some(verification) = &connection.verification
        && let Some(account) = &verification.account
        && let Some(who) = account.email.as_deref().or(account.name.as_deref())
    {
        page.fact("Logged in as", NAME, vec![Span::raw(printable(who, LONGEST))]);
    }
}

fn lines(page: &mut Page<'_>, heading: &'static str, sign: &'static str, texts: &[String]) {
    let look = page.look;
    if texts.is_empty() {
        return;
    }
    page.heading(heading);
    for text in texts {
        page.item(look.dim(sign), vec![Span::raw(printable(text, LONGEST))]);
    }
}

/// The checks before, newest first.
fn past(page: &mut Page<'_>, model: &Model, connection: &Connection) {
    let look = page.look;
    let checks = model.checking.history.of(&connection.name);
    if checks.is_empty() {
        return;
    }
    page.heading("Checks, newest first");
    for past in checks.iter().rev().take(MOST_PAST) {
        let (sign, style) = sign(Some(past.status), look);
        let codes: Vec<&str> = past.findings.iter().map(|code| code.as_str()).collect();
        let mut spans =
            vec![look.dim(date(past.at)), Span::styled(format!("  {}", past.status.word()), style)];
        if !codes.is_empty() {
            spans.push(look.dim(format!("  {}", codes.join(", "))));
        }
        page.item(Span::styled(sign, style), spans);
    }
}

/// The marked place alone.
fn place_in_short<'a>(places: &'a [Place], marked: usize, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let Some(place) = places.get(marked) else { return page };
    let count = if places.len() > 1 { format!(" {} of {}", marked + 1, places.len()) } else { String::new() };
    let lead = format!("Look there{count}: ");
    let label = printable(&place.label, LONGEST);
    page.text(vec![look.dim(lead), Span::raw(label)]);
    page
}

/// The places at the receiver, one of them marked.
fn where_to_look<'a>(
    places: &'a [Place],
    marked: usize,
    connection: &Connection,
    full: u16,
    look: Look<'a>,
) -> Page<'a> {
    let mut page = Page::new(full, look);
    page.strong_line(format!("Where to look in {}", connection.receiver.label()));
    for (index, place) in places.iter().enumerate() {
        let label = Span::raw(printable(&place.label, LONGEST));
        page.marked(index == marked, vec![label]);
        if let Some(url) = &place.url
            && index == marked
        {
            page.value(&printable(url, LONGEST), look.theme.value);
        }
    }
    page
}
