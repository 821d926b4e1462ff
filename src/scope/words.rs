//! The words of a review, the same in a terminal, on the screen and in a report.

use super::explain::Effect;
use super::proof::{Outcome, Proved};
use super::report::Report;
use super::review::{Review, Row, RowNeed, Standing, State};
use crate::secret::printable;

/// Longest text of others, in characters.
const LONGEST: usize = 400;

/// What a review is of, and when its granted scopes were known, a line each.
pub fn subject(report: &Report<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(procedure) = report.procedure {
        lines.push(format!("For {} ({})", procedure.title, procedure.id));
    }
    if let Some(connection) = report.connection {
        let rehearsal = if connection.rehearsal { ", a rehearsal" } else { "" };
        lines.push(format!("Connection {}{rehearsal}", printable(&connection.name, 100)));
    }
    lines.push(match (report.review.compared, report.granted_at) {
        (false, _) => "What was granted is not confirmed".to_owned(),
        (true, Some(at)) => format!("Granted as of {}", at.strftime("%Y-%m-%d %H:%M UTC")),
        (true, None) => "Granted as given".to_owned(),
    });
    lines
}

/// `6 required, 5 granted, 1 missing`: every state that has any.
pub fn counts(review: &Review) -> String {
    let count = |state: State| (review.count(state), state.words());
    let mut counts: Vec<String> = State::ALL
        .into_iter()
        .map(count)
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    if !review.covered.is_empty() {
        counts.push(format!("{} covered by others", review.covered.len()));
    }
    if counts.is_empty() { "no scopes".to_owned() } else { counts.join(", ") }
}

/// How a row stands, in a few words.
pub fn standing(row: &Row) -> String {
    let mut words = match &row.standing {
        Standing::Granted => "granted".to_owned(),
        Standing::Covered(cover) => format!("covered by {}", cover.by.join(" and ")),
        Standing::Missing => "MISSING".to_owned(),
        Standing::Excess => "in excess".to_owned(),
        Standing::Open => "not granted".to_owned(),
        Standing::NotConfirmed => "not confirmed".to_owned(),
    };
    if !row.known {
        words.push_str(", unknown here");
    }
    words
}

/// For what a row is there.
pub fn need(review: &Review, row: &Row) -> String {
    match row.need {
        Some(RowNeed::Required) => "required".to_owned(),
        Some(RowNeed::Chosen) => "chosen for this app".to_owned(),
        Some(RowNeed::Optional) => "optional".to_owned(),
        Some(RowNeed::Classic) => "classic stand-in".to_owned(),
        None => match review.covered.iter().filter(|cover| cover.by.contains(&row.id)).count() {
            0 => "not asked for".to_owned(),
            1 => "covers a needed one".to_owned(),
            count => format!("covers {count} needed ones"),
        },
    }
}

/// Whether a row says something: optional scopes that nobody granted do not.
pub fn matters(row: &Row) -> bool {
    row.is_needed() || row.is(State::Granted)
}

/// The result of a proof, and what it rests on.
pub fn proof_words(proved: &Proved) -> String {
    let mut words = proved.outcome.words().to_owned();
    if let Outcome::ScopeMissing { any_of } = &proved.outcome
        && !any_of.is_empty()
    {
        words.push_str(&format!(" (Zoom wants any of {})", printable(&any_of.join(", "), LONGEST)));
    }
    if !proved.also.is_empty() && proved.outcome == Outcome::Works {
        words.push_str(&format!(" (allowed by {} as well)", proved.also.join(", ")));
    }
    words
}

/// What a scope does, for a table.
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "reads",
        Effect::Change => "changes",
        Effect::Events => "events",
        Effect::Unknown => "not known",
    }
}
