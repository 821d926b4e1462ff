//! What is known of a connection, in few columns: its state, its tokens, its scopes, its past.

use crate::app::checking::is_refreshed_here;
use crate::app::model::Model;
use crate::check::{FindingCode, REFRESH_TOKEN_LIFE, REFRESH_TOKEN_OLD, Status};
use crate::procedure::AppKind;
use crate::setup::{Connection, Owner};
use crate::ui::home::progress_bar;
use crate::ui::theme::Look;
use jiff::Timestamp;
use ratatui::style::Style;
use ratatui::text::Span;

/// Columns of the bar of a refresh token's age.
const BAR: usize = 6;

/// Sign and style of a state; one column.
pub const fn sign(status: Option<Status>, look: Look<'_>) -> (&'static str, Style) {
    match status {
        Some(Status::Healthy) => (look.signs.granted, look.theme.success),
        Some(Status::Warning) => (look.signs.excess, look.theme.warning),
        Some(Status::Unhealthy) => (look.signs.missing, look.theme.failure),
        Some(Status::NotChecked) => (look.signs.not_confirmed, look.theme.strong),
        None => (look.signs.not_granted, look.theme.dim),
    }
}

/// Sign, word and style of a connection's state.
pub fn state(model: &Model, connection: &Connection, look: Look<'_>) -> (&'static str, &'static str, Style) {
    if model.checking.awaited.contains(&connection.name) {
        return (look.signs.awaited, "checking", look.theme.dim);
    }
    let status = model.checking.last(connection).map(|last| last.status);
    let (sign, style) = sign(status, look);
    (sign, status.map_or("no check", Status::word), style)
}

/// The last checks as signs, the newest at the right of so many columns.
pub fn history(model: &Model, connection: &Connection, width: usize, look: Look<'_>) -> Vec<Span<'static>> {
    let past = model.checking.history.of(&connection.name);
    let shown = &past[past.len().saturating_sub(width)..];
    let mut spans = vec![Span::raw(" ".repeat(width - shown.len()))];
    spans.extend(shown.iter().map(|past| {
        let (sign, style) = sign(Some(past.status), look);
        Span::styled(sign, style)
    }));
    spans
}

/// Whether Zoom said that the login that is kept here has ended, so that the ages of its tokens mean nothing.
pub fn revoked(model: &Model, connection: &Connection) -> bool {
    const ENDED: [FindingCode; 3] =
        [FindingCode::Superseded, FindingCode::DisabledByAdmin, FindingCode::OwnerRemoved];
    is_refreshed_here(connection)
        && model
            .checking
            .last(connection)
            .is_some_and(|last| last.findings.iter().any(|code| ENDED.contains(code)))
}

/// End of the life of the access token that is stored here, if there is one.
pub fn token_end(model: &Model, connection: &Connection) -> Option<Timestamp> {
    match model.checking.last(connection) {
        Some(last) => last.access_token_expires,
        None if is_refreshed_here(connection) => connection.grant.as_ref().map(|grant| grant.expires_at),
        None => None,
    }
}

/// When the refresh token that is stored here was given, if there is one.
fn refresh_token_from(model: &Model, connection: &Connection) -> Option<Timestamp> {
    match model.checking.last(connection) {
        Some(last) => last.refresh_token_from,
        None if is_refreshed_here(connection) => connection
            .grant
            .as_ref()
            .filter(|grant| grant.refreshable)
            .map(|grant| grant.refreshed_at.unwrap_or(grant.obtained_at)),
        None => None,
    }
}

/// `42 min`, `2 h`, `expired`, or nothing where no token is kept.
pub fn token(model: &Model, connection: &Connection, look: Look<'_>) -> (String, Style) {
    if revoked(model, connection) {
        return ("revoked".to_owned(), look.theme.failure);
    }
    let Some(end) = token_end(model, connection) else { return ("-".to_owned(), look.theme.dim) };
    let left = end.as_second() - model.now.as_second();
    // An access token that has run out is no fault: the next refresh brings another.
    match left {
        ..=0 => ("expired".to_owned(), look.theme.dim),
        1..120 => (format!("{left} s"), look.theme.value),
        120..7_200 => (format!("{} min", left / 60), look.theme.value),
        _ => (format!("{} h", left / 3_600), look.theme.value),
    }
}

/// Days since the refresh token was given.
pub fn refresh_days(model: &Model, connection: &Connection) -> Option<i64> {
    let from = refresh_token_from(model, connection)?;
    Some((model.now.as_second() - from.as_second()).max(0) / 86_400)
}

/// `━━──── 31 d`: the age of the refresh token against its life; or whose it is, where it is not here.
pub fn refresh(model: &Model, connection: &Connection, look: Look<'_>) -> (String, Style) {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => ("not needed".to_owned(), look.theme.dim),
        (AppKind::General, Owner::Receiver) => ("by receiver".to_owned(), look.theme.dim),
        (AppKind::General, Owner::Wizard) if revoked(model, connection) => {
            ("revoked".to_owned(), look.theme.failure)
        }
        (AppKind::General, Owner::Wizard) => match refresh_days(model, connection) {
            None => ("none".to_owned(), look.theme.warning),
            Some(days) => (format!("{} {days} d", refresh_bar(days, look)), refresh_style(days, look)),
        },
    }
}

/// The bar of so many days.
pub fn refresh_bar(days: i64, look: Look<'_>) -> String {
    let life = usize::try_from(REFRESH_TOKEN_LIFE.as_hours() / 24).unwrap_or(1);
    let gone = usize::try_from(days).unwrap_or(0).min(life);
    // The last of it is not drawn before it is over.
    progress_bar(gone, life, BAR, look)
}

/// Style of an age of so many days.
pub fn refresh_style(days: i64, look: Look<'_>) -> Style {
    if days * 24 >= REFRESH_TOKEN_LIFE.as_hours() {
        look.theme.failure
    } else if days * 24 >= REFRESH_TOKEN_OLD.as_hours() {
        look.theme.warning
    } else {
        look.theme.value
    }
}

/// `+1/-2`: scopes granted that were not chosen, and chosen ones that were not granted.
pub fn drift(model: &Model, connection: &Connection, look: Look<'_>) -> (String, Style) {
    let Some(last) = model.checking.last(connection) else { return (String::new(), look.theme.dim) };
    // What its login was granted, only the receiver has seen. Where nobody answered, what was granted is of before.
    let known = match model.checking.report(connection) {
        Some(report) => report.scopes.known,
        None => last.granted.is_some() && last.status != Status::NotChecked,
    };
    if !known || connection.owner == Owner::Receiver {
        return ("?".to_owned(), look.theme.dim);
    }
    let (missing, excess) = (last.missing.len(), last.excess.len());
    let style = match (missing, excess) {
        (1.., _) => look.theme.failure,
        (0, 1..) => look.theme.warning,
        (0, 0) => look.theme.dim,
    };
    (format!("+{excess}/-{missing}"), style)
}

/// Who owns the refresh, in a word.
pub const fn owner(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "nobody",
        (AppKind::General, Owner::Wizard) => "wizard",
        (AppKind::General, Owner::Receiver) => "receiver",
    }
}
