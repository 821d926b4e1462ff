//! One scope explained: how it stands and why, what it lets the app do, and how far that can be trusted.

use super::LONGEST;
use super::list::{standing, state};
use crate::app::model::Model;
use crate::app::review::{ReviewOf, Reviewing};
use crate::scope::Catalogue;
use crate::scope::explain::{Alternative, AlternativeKind, Asked, Explanation, explain};
use crate::scope::proof::{Outcome, Proved};
use crate::scope::review::{Row, Standing};
use crate::scope::words;
use crate::secret::printable;
use crate::ui::page::{Body, Page};
use crate::ui::text::plural;
use crate::ui::theme::Look;
use ratatui::text::Span;
use std::sync::Arc;

/// Lines of one list that are written out for a scope that unlocks very much.
const MOST_LINES: usize = 60;
/// Columns of the name of a fact.
const NAME: usize = 9;

/// Everything about the selected scope.
pub fn page<'a>(model: &Model, reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    let Some(listed) = reviewing.selected() else { return Body::text(page) };
    let id = reviewing.id(listed);
    let told = explain(Catalogue::embedded(), id, model.procedures.iter().map(Arc::as_ref));
    let row = reviewing.row(listed);
    page.value(&printable(id, LONGEST), look.theme.strong);
    if let Some(label) = told.label {
        page.styled(format!("\"{label}\""), look.theme.dim);
    }
    if let Some(nearest) = told.nearest {
        page.styled(format!("Not known here. Did you mean {nearest}?"), look.theme.warning);
    }
    page.gap();
    let (sign, _, style) = standing(reviewing, listed, look);
    page.item(Span::styled(sign, style), vec![Span::styled(state(reviewing, listed), style)]);
    if let Some(row) = row {
        of_the_review(&mut page, reviewing, row);
    }
    page.gap();
    page.fact("Effect", NAME, vec![Span::raw(told.effect_words.clone())]);
    let generation = told.style.map_or_else(String::new, |style| format!(", {}", style.as_str()));
    let level = format!("{}{generation}: {}", told.level.as_str(), told.reach);
    page.fact("Level", NAME, vec![Span::raw(level)]);
    page.fact("For", NAME, vec![Span::raw(told.apps)]);
    facts(&mut page, &told);
    let own = reviewing.about.procedure.as_ref().map(|procedure| procedure.id.clone());
    let others: Vec<&Asked> =
        told.asked_by.iter().filter(|asked| Some(&asked.procedure) != own.as_ref()).collect();
    if !others.is_empty() {
        page.heading(if own.is_some() { "Asked for by other procedures" } else { "Asked for by" });
    }
    for asked in others {
        page.text(vec![
            look.strong(asked.title.clone()),
            look.dim(format!("{}{}", look.signs.between, asked.need.words())),
        ]);
        why(&mut page, asked);
        page.gap();
    }
    bullets(&mut page, "Not sure", &told.doubts);
    bullets(&mut page, "From", &told.sources);
    Body::text(page)
}

/// Why the app should have it, what covers it, and what the proof found.
fn of_the_review(page: &mut Page<'_>, reviewing: &Reviewing, row: &Row) {
    let look = page.look;
    if let Standing::Covered(cover) = &row.standing {
        page.plain(format!(
            "Not granted itself: {} does for it.",
            printable(&cover.by.join(" and "), LONGEST)
        ));
    }
    for cover in reviewing.review.covered.iter().filter(|cover| cover.by.contains(&row.id)) {
        page.plain(format!("Does for {}.", printable(&cover.scope, LONGEST)));
    }
    if let Some(asked) = &row.asked {
        page.heading(format!("Why, by {}", asked.title));
        why(page, asked);
    }
    let remarks = reviewing.review.remarks.iter().filter(|remark| remark.scopes.contains(&row.id));
    for remark in remarks {
        page.item(Span::styled(look.signs.warn, look.theme.warning), vec![Span::raw(remark.text.clone())]);
    }
    page.gap();
    match (reviewing.proved(&row.id), row.not_provable) {
        (Some(proved), _) => proof(page, proved),
        (None, Some(reason)) => page.fact("Proof", NAME, vec![look.dim(reason.words())]),
        (None, None) if reviewing.about.of != ReviewOf::Anything => {
            page.fact("Proof", NAME, vec![look.dim("One harmless read can show whether it works: t.")]);
        }
        (None, None) => {
            page.fact("Proof", NAME, vec![look.dim("One harmless read could show whether it works.")])
        }
    }
}

/// The reason, where it stands in the document, and the receiver's and Zoom's opinions.
fn why(page: &mut Page<'_>, asked: &Asked) {
    let look = page.look;
    page.plain(asked.reason.clone());
    let steps = asked.documented.join(", ");
    let label = asked.label.as_ref().map(|label| format!("\"{label}\""));
    let step = (!steps.is_empty()).then(|| format!("step {steps}"));
    let place: Vec<String> = step.into_iter().chain(label).collect();
    if !place.is_empty() {
        page.styled(format!("Document: {}", place.join(", ")), look.theme.dim);
    }
    for action in &asked.actions {
        page.item(look.dim(look.signs.bullet), vec![Span::raw(action.clone())]);
    }
}

fn proof(page: &mut Page<'_>, proved: &Proved) {
    let look = page.look;
    let style = match proved.outcome {
        Outcome::Works | Outcome::NotFoundButAllowed => look.theme.success,
        Outcome::ScopeMissing { .. } => look.theme.failure,
        Outcome::PlanOrRoleMissing | Outcome::Inconclusive => look.theme.warning,
        Outcome::NotProvable | Outcome::NotTried => look.theme.dim,
    };
    page.heading("Proof, by reading only");
    page.styled(words::proof_words(proved), style);
    if let Some(operation) = &proved.operation {
        page.styled(operation.clone(), look.theme.dim);
    }
    if !proved.detail.is_empty() {
        page.plain(printable(&proved.detail, LONGEST));
    }
}

/// What it unlocks, and its kin.
fn facts(page: &mut Page<'_>, told: &Explanation) {
    lines(page, "Operations", &told.operations);
    lines(page, "Events", &told.events);
    lines(page, "Classic scopes documented for the same", &told.classic);
    lines(page, "Granular scopes of this classic one", &told.granular);
    alternatives(page, "Narrower", &told.narrower);
    alternatives(page, "Broader: covers it where granted", &told.broader);
}

fn lines(page: &mut Page<'_>, heading: &str, texts: &[&'static str]) {
    if texts.is_empty() {
        return;
    }
    page.heading(format!("{heading} ({})", texts.len()));
    for text in texts.iter().take(MOST_LINES) {
        page.plain(*text);
    }
    if texts.len() > MOST_LINES {
        let more = format!("and {} more: zoom-setup scopes explain lists them", texts.len() - MOST_LINES);
        page.styled(more, page.look.theme.dim);
    }
}

fn alternatives(page: &mut Page<'_>, heading: &'static str, alternatives: &[Alternative]) {
    let look = page.look;
    let others: Vec<&Alternative> =
        alternatives.iter().filter(|one| one.why != AlternativeKind::Generation).collect();
    if others.is_empty() {
        return;
    }
    page.heading(format!("{heading} ({})", others.len()));
    for one in others.iter().take(MOST_LINES) {
        let why = match one.why {
            AlternativeKind::Generation => "the other generation",
            AlternativeKind::Operations => "by its operations",
            AlternativeKind::Level => "the same at another level",
        };
        let beside = format!("  {why}, {}", plural(one.operations, "operation"));
        page.text(vec![Span::raw(one.scope), look.dim(beside)]);
    }
}

fn bullets(page: &mut Page<'_>, heading: &'static str, texts: &[String]) {
    let look = page.look;
    if texts.is_empty() {
        return;
    }
    page.heading(heading);
    for text in texts {
        page.item(look.dim(look.signs.bullet), vec![look.dim(text.clone())]);
    }
}
