//! Scopes as plain text of at most 80 columns.

use super::Reviewed;
use crate::cli::page::Page;
use crate::scope::explain::{Alternative, AlternativeKind, Asked, Explanation};
use crate::scope::proof::Proved;
use crate::scope::review::{Remark, Todo};
use crate::scope::words::{counts, matters, need, proof_words, standing, subject};
use crate::scope::{SearchHit, Style};
use crate::secret::printable;

/// Longest text of others, in characters.
const LONGEST: usize = 400;
/// Lines of one list that are written out for a scope that unlocks very much.
const MOST_LINES: usize = 60;

/// Bold, and the end of it (ECMA-48, SGR 1 and 22).
const BOLD: [&str; 2] = ["\u{1b}[1m", "\u{1b}[22m"];

/// `scopes search TEXT`: an id a line, and below it where else the words were found; with the letters that
/// matched in bold where the reader is a terminal.
pub(super) fn search(hits: &[SearchHit], bold: bool) -> String {
    let mut text = String::new();
    for hit in hits {
        let style = if hit.scope.style == Style::Classic { "  (classic)" } else { "" };
        text.push_str(&format!("{}{style}\n", marked(hit.scope.id, &hit.positions, bold)));
        for found in &hit.elsewhere {
            text.push_str(&format!("    {}\n", marked(found.text, &found.positions, bold)));
        }
        if hit.elsewhere.is_empty()
            && let Some(label) = hit.scope.label
        {
            text.push_str(&format!("    {label}\n"));
        }
    }
    text
}

/// A text with the characters at these places in bold.
fn marked(text: &str, positions: &[usize], bold: bool) -> String {
    let [on, off] = if bold { BOLD } else { ["", ""] };
    let mut out = String::new();
    let mut inside = false;
    for (at, character) in text.chars().enumerate() {
        if positions.binary_search(&at).is_ok() != inside {
            inside = !inside;
            out.push_str(if inside { on } else { off });
        }
        out.push(character);
    }
    if inside {
        out.push_str(off);
    }
    out
}

/// `scopes explain SCOPE`.
pub(super) fn explain(told: &Explanation) -> String {
    let mut page = Page::default();
    page.item(0, "", &printable(&told.scope, LONGEST));
    if let Some(label) = told.label {
        page.item(2, "", &format!("\"{label}\""));
    }
    if let Some(nearest) = told.nearest {
        page.item(2, "", &format!("Not known here. Did you mean {nearest}?"));
    }
    let style = told.style.map_or_else(String::new, |style| format!(", {}", style.as_str()));
    page.item(2, "Effect: ", &told.effect_words);
    page.item(2, "Level:  ", &format!("{}{style}: {}", told.level.as_str(), told.reach));
    page.item(2, "Apps:   ", told.apps);
    lines(&mut page, "Operations", &told.operations);
    lines(&mut page, "Events", &told.events);
    asked_by(&mut page, &told.asked_by);
    lines(&mut page, "Classic scopes documented for the same", &told.classic);
    lines(&mut page, "Granular scopes of this classic one", &told.granular);
    let narrower: Vec<&Alternative> =
        told.narrower.iter().filter(|one| one.why != AlternativeKind::Generation).collect();
    let broader: Vec<&Alternative> =
        told.broader.iter().filter(|one| one.why != AlternativeKind::Generation).collect();
    alternatives(&mut page, "Narrower", &narrower);
    alternatives(&mut page, "Broader, and covers it already where granted", &broader);
    page.list("Not sure", &told.doubts);
    page.list("From", &told.sources);
    page.text
}

fn lines(page: &mut Page, heading: &str, texts: &[&str]) {
    if texts.is_empty() {
        return;
    }
    page.heading(&format!("{heading} ({})", texts.len()));
    for text in texts.iter().take(MOST_LINES) {
        page.item(2, "", text);
    }
    if texts.len() > MOST_LINES {
        page.item(2, "", &format!("and {} more; --json lists them all", texts.len() - MOST_LINES));
    }
}

fn alternatives(page: &mut Page, heading: &str, alternatives: &[&Alternative]) {
    if alternatives.is_empty() {
        return;
    }
    page.heading(heading);
    for one in alternatives {
        let why = match one.why {
            AlternativeKind::Generation => "the other generation",
            AlternativeKind::Operations => "by its operations",
            AlternativeKind::Level => "the same at another level",
        };
        let plural = if one.operations == 1 { "" } else { "s" };
        page.item(2, "", &format!("{} ({why}; {} operation{plural})", one.scope, one.operations));
    }
}

fn asked_by(page: &mut Page, asked_by: &[Asked]) {
    if asked_by.is_empty() {
        return;
    }
    page.heading("Asked for by");
    for asked in asked_by {
        page.item(2, "", &format!("{} ({}): {}", asked.title, asked.procedure, asked.need.words()));
        why(page, 4, asked);
    }
}

/// The reason, where it stands in the document, and the receiver's and Zoom's opinions.
fn why(page: &mut Page, indent: usize, asked: &Asked) {
    page.item(indent, "", &asked.reason);
    let steps = asked.documented.join(", ");
    match (&asked.label, steps.is_empty()) {
        (Some(label), false) => page.item(indent, "", &format!("Document: step {steps}, \"{label}\"")),
        (Some(label), true) => page.item(indent, "", &format!("Document: \"{label}\"")),
        (None, false) => page.item(indent, "", &format!("Document: step {steps}")),
        (None, true) => {}
    }
    for action in &asked.actions {
        page.item(indent, "", action);
    }
}

/// `scopes review`.
pub(super) fn review(reviewed: &Reviewed) -> String {
    let review = &reviewed.review;
    let mut page = Page::default();
    for line in subject(&reviewed.report()) {
        page.item(0, "", &line);
    }
    page.item(0, "", &format!("{}.", counts(review)));
    let mut product = None;
    for row in review.rows.iter().filter(|row| matters(row)) {
        if product != Some(&row.product) {
            product = Some(&row.product);
            page.heading(&printable(&row.product, 80));
        }
        page.item(2, "", &printable(&row.id, LONGEST));
        page.item(4, "", &format!("{}, {}", need(review, row), standing(row)));
        if let Some(asked) = &row.asked {
            why(&mut page, 4, asked);
        }
        if let Some(reason) = row.not_provable {
            page.item(4, "Not provable: ", reason.words());
        }
    }
    let open = review.rows.iter().filter(|row| !matters(row)).count();
    if open > 0 {
        page.heading(&format!("{open} more could be asked for and are not needed; --json lists them"));
    }
    remarks(&mut page, &review.remarks);
    todo(&mut page, &review.todo);
    if let Some(proof) = &reviewed.proof {
        page.heading("Proof, by one read for each");
        for proved in &proof.results {
            self::proved(&mut page, proved);
        }
        if let Some(problem) = &proof.stopped {
            page.item(2, "Stopped: ", &format!("{}. {}", problem.heading, problem.cause));
        }
    }
    page.text
}

fn remarks(page: &mut Page, remarks: &[Remark]) {
    if remarks.is_empty() {
        return;
    }
    page.heading("Remarks");
    for remark in remarks {
        for scope in &remark.scopes {
            page.item(2, "", &printable(scope, LONGEST));
        }
        page.item(if remark.scopes.is_empty() { 2 } else { 4 }, "", &remark.text);
    }
}

fn todo(page: &mut Page, todo: &Todo) {
    if !todo.add.is_empty() {
        page.heading("Add on Zoom's Scopes page");
        for item in &todo.add {
            page.item(2, "[ ] ", &item.scope);
        }
    }
    if !todo.remove.is_empty() {
        page.heading("Remove there");
        for item in &todo.remove {
            page.item(2, "[ ] ", &printable(&item.scope, LONGEST));
        }
    }
    if let Some(renewal) = &todo.renewal {
        page.list("Then", &renewal.steps);
    }
}

fn proved(page: &mut Page, proved: &Proved) {
    page.item(2, "", &printable(&proved.scope, LONGEST));
    let read = proved.operation.as_ref().map_or_else(String::new, |operation| format!(": {operation}"));
    page.item(4, "", &format!("{}{read}", proof_words(proved)));
    if !proved.detail.is_empty() {
        page.item(4, "", &printable(&proved.detail, LONGEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Catalogue;

    #[test]
    fn matches_are_bold_on_a_terminal_and_nowhere_else() {
        let hits = Catalogue::embedded().search("list_users admin", 1);
        assert_eq!(
            search(&hits, true),
            "user:read:\u{1b}[1mlist_users\u{1b}[22m:\u{1b}[1madmin\u{1b}[22m\n    View users\n"
        );
        assert_eq!(search(&hits, false), "user:read:list_users:admin\n    View users\n");
        assert_eq!(marked("añb", &[1, 2], true), "a\u{1b}[1mñb\u{1b}[22m");
    }
}
