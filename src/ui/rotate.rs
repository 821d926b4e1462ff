//! Replacing a client secret.

use super::entry::{input, remarks};
use super::page::{Body, Own, Page};
use super::theme::Look;
use super::verdict;
use crate::app::checking::wants_secret;
use crate::app::model::Model;
use crate::app::rotation::{Rotating, RotationPhase};
use crate::app::update::{RotationOffer, rotation_offer};
use crate::check::FindingCode;
use crate::handoff::rotation;
use crate::procedure::AppKind;
use ratatui::text::Span;

/// Columns of the names of facts.
const NAME: usize = 12;

/// What to do and what stops, or where the new secret has to go; below it the field.
pub fn body<'a>(model: &'a Model, rotating: &'a Rotating, full: u16, look: Look<'a>) -> Body<'a> {
    match &rotating.phase {
        RotationPhase::Stored { secret, same } => {
            let mut page = Page::new(full, look);
            let found = wants_secret(model, &rotating.connection);
            stored(&mut page, rotating, &secret.fingerprint().to_string(), *same, found);
            Body::text(page)
        }
        RotationPhase::Enter => {
            Body { text: opening(rotating, full, look), own: Some(field(model, rotating, full, look)) }
        }
        RotationPhase::Regenerating { .. } => {
            busy(rotating, "Pressing Regenerate in the rehearsal's Zoom", full, look)
        }
        RotationPhase::Asking { .. } => {
            let words = match rotating.connection.app_kind {
                AppKind::General => "Asking Zoom whether it knows this pair, with a made-up code",
                AppKind::ServerToServer => "Asking Zoom for a token with the new secret",
            };
            busy(rotating, words, full, look)
        }
        RotationPhase::Storing { .. } | RotationPhase::Recording { .. } => {
            busy(rotating, "Zoom knows the new secret. Storing it in the place of the old one", full, look)
        }
    }
}

fn heading<'a>(page: &mut Page<'a>, rotating: &'a Rotating) {
    let name = page.look.strong(rotating.connection.name.as_str());
    page.text(vec![page.look.strong("New client secret for "), name]);
}

fn busy<'a>(rotating: &'a Rotating, words: &str, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    heading(&mut page, rotating);
    page.gap();
    page.strong_line(format!("{words}{}", look.signs.ellipsis));
    page.styled("Until that is done, what is stored here stays as it is.", look.theme.dim);
    Body::text(page)
}

/// What Zoom said to the last one if it refused it, then what to do and what stops when.
fn opening<'a>(rotating: &'a Rotating, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    heading(&mut page, rotating);
    page.gap();
    if let Some(why) = &rotating.not_stored {
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        let text = "Zoom knows the new secret, and it could not be stored here.";
        page.item(sign, vec![Span::styled(text, look.theme.failure)]);
        page.plain(why.as_str());
        page.text(vec![look.accent("Enter"), Span::raw(" stores it again; Zoom is not asked again.")]);
        page.gap();
    } else if let Some(said) = &rotating.verdict {
        let meaning = "Nothing was changed: what is stored here is what it was.";
        verdict::refusal(&mut page, said, meaning, "Enter");
        page.gap();
    }
    for (index, paragraph) in rotation::before(&rotating.connection).into_iter().enumerate() {
        match index {
            0 | 1 => page.plain(paragraph),
            2 | 3 => page.item(Span::styled(look.signs.warn, look.theme.warning), vec![Span::raw(paragraph)]),
            _ => page.styled(paragraph, look.theme.dim),
        }
    }
    page
}

fn field<'a>(model: &'a Model, rotating: &'a Rotating, full: u16, look: Look<'a>) -> Own<'a> {
    let mut page = Page::new(full, look);
    if let Some(before) = rotating.before() {
        // The record may come from an import: its fingerprint does not say that the secret itself is here.
        page.fact("On record", NAME, vec![Span::raw(before.to_string())]);
    }
    if wants_secret(model, &rotating.connection) == Some(FindingCode::SecretMissing) {
        let text = "none, as the last check found";
        page.fact("Stored here", NAME, vec![Span::styled(text, look.theme.warning)]);
    }
    let start = page.len();
    page.marked(true, vec![Span::styled(rotating.field.spec.label.as_str(), look.theme.accent)]);
    let from = input(&mut page, &rotating.field.input, rotating.field.peek, true);
    remarks(&mut page, &rotating.field, true, from);
    match rotation_offer(model) {
        Some(RotationOffer::Cleaned(_)) => {
            let text = "take it without the characters that do not belong";
            page.item(look.accent("Ctrl-Y:"), vec![Span::raw(text)]);
        }
        Some(RotationOffer::Regenerate) => {
            let text = "press Regenerate in the rehearsal's Zoom, and take the new secret";
            page.item(look.accent("Ctrl-Y:"), vec![Span::raw(text)]);
        }
        None => {}
    }
    page.focus_from(start);
    Own { share: 60, ..Own::rows(page) }
}

/// What is stored, and where it has to go.
fn stored<'a>(
    page: &mut Page<'a>,
    rotating: &'a Rotating,
    fingerprint: &str,
    same: bool,
    found: Option<FindingCode>,
) {
    let look = page.look;
    heading(page, rotating);
    page.gap();
    let good = Span::styled(look.signs.good, look.theme.success);
    if same {
        let text = "Zoom knows this secret, and it is stored here.";
        page.item(good, vec![Span::styled(text, look.theme.success)]);
        page.fact("Secret", NAME, vec![Span::raw(fingerprint.to_owned())]);
        page.gap();
        let receiver = rotating.connection.receiver.label();
        page.plain(format!(
            "It is the one that was on record before: {receiver} goes on with it if it has it. Esc goes back, where \
             r checks the connection."
        ));
        if found.is_none() {
            page.gap();
            page.plain("Only if it was to be replaced: press Regenerate in Zoom first, then come back here.");
        }
        return;
    }
    let text = "Zoom knows the new secret, and it is stored here.";
    page.item(good, vec![Span::styled(text, look.theme.success)]);
    page.fact("New", NAME, vec![look.strong(fingerprint.to_owned())]);
    if let Some(before) = rotating.before().filter(|_| found != Some(FindingCode::SecretMissing)) {
        page.fact("Before", NAME, vec![look.dim(before.to_string())]);
    }
    page.heading("Now, wherever else the old one stands");
    let steps = rotation::after(&rotating.connection, rotating.procedure.as_deref());
    for (index, step) in steps.into_iter().enumerate() {
        page.item(look.dim(format!("{}.", index + 1)), vec![Span::raw(step)]);
    }
    page.gap();
    page.text(vec![
        look.accent("c"),
        Span::raw(" copies the secret. To compare, copy what stands in the form and paste it here: it is not shown."),
    ]);
}
