//! A review as Markdown, for a change ticket.

use super::Catalogue;
use super::explain::{Effect, effect_of};
use super::proof::Proved;
use super::review::{Review, Row};
use super::words::{counts, effect, matters, need, proof_words, standing, subject};
use crate::oauth::Diagnosis;
use crate::procedure::Procedure;
use crate::secret::printable;
use crate::setup::Connection;
use jiff::Timestamp;
use std::fmt::Write;

/// A review with what it is about.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub procedure: Option<&'a Procedure>,
    pub connection: Option<&'a Connection>,
    /// When the granted scopes were known last; `None` for a list that was given, or none at all.
    pub granted_at: Option<Timestamp>,
    pub review: &'a Review,
    pub proof: Option<ReportedProof<'a>>,
}

/// What a proof found.
#[derive(Clone, Copy, Debug)]
pub struct ReportedProof<'a> {
    pub at: Timestamp,
    /// In the order of ids.
    pub results: &'a [Proved],
    /// What ended it before its time.
    pub stopped: Option<&'a Diagnosis>,
}

/// Longest text of a cell, in characters.
const LONGEST: usize = 600;

/// The report.
pub fn markdown(report: &Report<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let review = report.review;
    writeln!(out, "# Zoom scope review\n")?;
    for line in subject(report) {
        writeln!(out, "- {}", inline(&line))?;
    }
    writeln!(out, "- {}\n", inline(&counts(review)))?;
    writeln!(out, "## Scopes\n\n| Scope | Need | State | Lets the app | Why |\n|---|---|---|---|---|")?;
    for row in review.rows.iter().filter(|row| matters(row)) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(&row.id),
            need(review, row),
            inline(&standing(row)),
            effect(effect_of(Catalogue::embedded(), &row.id).unwrap_or(Effect::Unknown)),
            inline(&why(row)),
        )?;
    }
    if !review.remarks.is_empty() {
        writeln!(out, "\n## Remarks\n")?;
        for remark in &review.remarks {
            let scopes: Vec<String> = remark.scopes.iter().map(|scope| code(scope)).collect();
            let lead = if scopes.is_empty() { String::new() } else { format!("{}: ", scopes.join(", ")) };
            writeln!(out, "- {lead}{}", inline(&remark.text))?;
        }
    }
    let todo = &review.todo;
    if !todo.is_empty() {
        writeln!(out, "\n## To do in Zoom, on the app's Scopes page\n")?;
        for item in &todo.add {
            writeln!(out, "- [ ] Add {}. {}", code(&item.scope), inline(&item.why))?;
        }
        for item in &todo.remove {
            writeln!(out, "- [ ] Remove {}. {}", code(&item.scope), inline(&item.why))?;
        }
        for step in todo.renewal.iter().flat_map(|renewal| &renewal.steps) {
            writeln!(out, "- [ ] {}", inline(step))?;
        }
    }
    if let Some(proof) = &report.proof {
        let at = proof.at.strftime("%Y-%m-%d %H:%M UTC");
        writeln!(
            out,
            "\n## Proof of {at}, by reading only\n\n| Scope | Read | Result | Zoom said |\n|---|---|---|---|"
        )?;
        for proved in proof.results {
            let read = proved.operation.as_deref().map(code).unwrap_or_default();
            let result = inline(&proof_words(proved));
            writeln!(out, "| {} | {read} | {result} | {} |", code(&proved.scope), inline(&proved.detail))?;
        }
        if let Some(problem) = proof.stopped {
            writeln!(out, "\nStopped early: {}.", inline(&problem.heading))?;
        }
    }
    writeln!(
        out,
        "\nWhat scopes unlock comes from Zoom's documents and was not tried on a live Zoom, the proof aside. A scope \
         that is unknown here may be newer than the list."
    )
}

fn why(row: &Row) -> String {
    let Some(asked) = &row.asked else { return "Nothing in the procedure asks for it.".to_owned() };
    let mut words = asked.reason.clone();
    if !asked.documented.is_empty() {
        let _ = write!(words, " Document: step {}.", asked.documented.join(", "));
    }
    for action in &asked.actions {
        let _ = write!(words, " {action}");
    }
    words
}

/// Text of others inside a line: nothing in it is Markdown or HTML, and a cell stays a cell.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for character in printable(text, LONGEST).chars() {
        if matches!(character, '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// An id as code. Ids that Zoom publishes hold nothing that would end it; whatever else does is replaced.
fn code(id: &str) -> String {
    format!("`{}`", printable(id, LONGEST).replace(['`', '|'], "?"))
}
