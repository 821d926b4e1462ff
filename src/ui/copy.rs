//! Values to copy, and the hand-over.

use super::page::{Body, Own, Page};
use super::step::opening;
use super::text::{columns, template};
use super::theme::Look;
use crate::app::wizard::{CopyItem, Wizard};
use crate::setup::GrantDecision;
use ratatui::text::Span;

/// Whether a value is too long for a page of that many columns beside another one.
pub fn exceeds(wizard: &Wizard, full: u16) -> bool {
    wizard.copy_items().iter().any(|item| {
        !item.secret
            && item.value.as_ref().is_some_and(|value| columns(value.expose()) + 2 > usize::from(full))
    })
}

/// The values of the step, the selected one marked.
pub fn values<'a>(wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    for (index, item) in wizard.copy_items().into_iter().enumerate() {
        let start = page.len();
        let marked = index == selected;
        let style = if marked { look.theme.accent } else { look.theme.dim };
        page.marked(marked, vec![Span::styled(item.label.clone(), style)]);
        value(&mut page, &item);
        if marked {
            page.focus_from(start);
        }
        page.gap();
    }
    page
}

/// One value, as far as it may be seen.
fn value(page: &mut Page<'_>, item: &CopyItem) {
    let look = page.look;
    match (&item.value, &item.missing) {
        (Some(value), _) if item.secret => {
            page.styled(format!("{} (hidden; c copies it)", value.fingerprint()), look.theme.dim);
        }
        (Some(value), _) => page.value(value.expose(), look.theme.value),
        (None, Some(missing)) => {
            page.styled(format!("{missing}  not known yet", missing = missing), look.theme.dim);
        }
        (None, None) => page.styled("not known yet", look.theme.dim),
    }
}

/// Instruct and copy steps.
pub fn read<'a>(wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Body<'a> {
    let text = opening(wizard, full, look);
    if wizard.current().copy.is_empty() {
        return Body::text(text);
    }
    Body { text, own: Some(Own::rows(values(wizard, selected, full, look))) }
}

/// The receiver's form: how to get there, what to press last, and the fields.
pub fn hand_over<'a>(wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Body<'a> {
    let form = &wizard.procedure.handover;
    let values_of = wizard.values();
    let receiver = wizard.procedure.receiver.label();
    let mut text = opening(wizard, full, look);
    if !form.path.is_empty() {
        text.heading(format!("In {receiver}"));
        for (number, sentence) in form.path.iter().enumerate() {
            text.item(look.dim(format!("{}.", number + 1)), template(sentence, &values_of, look));
        }
    }
    if !form.fields.is_empty() {
        text.item(
            look.dim(format!("{}.", form.path.len() + 1)),
            vec![Span::raw("Fill in the form with the values below.")],
        );
    }
    text.item(
        look.dim(format!("{}.", form.path.len() + 1 + usize::from(!form.fields.is_empty()))),
        vec![
            Span::raw("Press "),
            Span::styled(form.last_button.as_str(), look.theme.label),
            Span::raw(" last. It worked if you see: "),
        ]
        .into_iter()
        .chain(template(&form.success, &values_of, look))
        .collect(),
    );
    text.gap();
    for note in &form.notes {
        text.item(Span::styled(look.signs.warn, look.theme.warning), template(note, &values_of, look));
    }
    text.gap();
    text.item(look.dim(look.signs.bullet), vec![look.dim(what_stays(wizard))]);
    text.item(
        look.dim(look.signs.bullet),
        vec![look.dim("e writes the sheet without secrets; Enter finishes and stores the connection.")],
    );
    let rows = values(wizard, selected, full, look);
    Body { text, own: (rows.len() > 0).then(|| Own::rows(rows)) }
}

/// What the wizard keeps after the hand-over.
fn what_stays(wizard: &Wizard) -> &'static str {
    match wizard.setup.decision {
        Some(GrantDecision::KeepAndOwn) => {
            "The wizard keeps its own login and its refresh. A login of the receiver with the same user ends it."
        }
        Some(GrantDecision::RevokeAndHandOver) => {
            "The wizard's test login is revoked. The receiver logs in now and owns the refresh."
        }
        Some(GrantDecision::Skipped) => "The wizard never logged in. The receiver owns the refresh.",
        None if wizard.is_server_to_server() => {
            "Nothing is refreshed: the receiver asks for a token with its own copy of these values."
        }
        None => "The receiver logs in last and owns the refresh.",
    }
}
