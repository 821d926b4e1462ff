//! Values to copy, and the hand-over.

use super::desk::{is_redirect, summary};
use super::entry::answered;
use super::page::{Body, NARROW, Own, Page};
use super::step::{details, instructions, opening};
use super::text::{columns, template};
use super::theme::Look;
use crate::app::model::Model;
use crate::app::wizard::{CopyItem, PAGE, Wizard};
use crate::handoff::ownership;
use crate::procedure::{Phase, StepKind};
use crate::setup::compared::ExactString;
use crate::setup::{GrantDecision, Owner, loopback_redirect};
use ratatui::text::Span;

/// Whether a value is too long for a page of that many columns beside another one.
pub fn exceeds(wizard: &Wizard, full: u16) -> bool {
    wizard.copy_items().iter().any(|item| {
        !item.secret
            && item.value.as_ref().is_some_and(|value| columns(value.expose()) + 2 > usize::from(full))
    })
}

/// Values up to this count stand apart; more stand close together.
const FEW: usize = 2;

/// The values of the step, the selected one marked.
pub fn values<'a>(wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let items = wizard.copy_items();
    let few = items.len() <= FEW;
    for (index, item) in items.into_iter().enumerate() {
        let start = page.len();
        let marked = index == selected;
        let style = if marked { look.theme.accent } else { look.theme.dim };
        page.marked(marked, vec![Span::styled(label(&item), style)]);
        value(&mut page, &item);
        if marked {
            page.focus_from(start);
        }
        if few && index == 0 {
            page.gap();
        }
    }
    page
}

/// What the value is called, and the key for a page.
fn label(item: &CopyItem) -> String {
    if item.label == PAGE { format!("{PAGE} (o opens it):") } else { format!("{}:", item.label) }
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
            page.styled(format!("{missing}  not known yet"), look.theme.dim);
        }
        (None, None) => page.styled("not known yet", look.theme.dim),
    }
}

/// Instruct and copy steps.
pub fn read<'a>(
    model: &'a Model,
    wizard: &'a Wizard,
    selected: usize,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let mut opening = opening(wizard, full, look);
    if wizard.current().phase == Phase::RedirectUrl && wizard.current().kind == StepKind::Copy {
        loopback(&mut opening, &model.settings.loopback_ports);
    }
    let (text, share) = answered(model, opening, 60, full, look);
    if wizard.copy_items().is_empty() {
        return Body::text(text);
    }
    let mut foot = Page::new(full, look);
    if wizard.current().copy.iter().any(is_redirect) {
        foot.line(ratatui::text::Line::default());
        summary(&mut foot, model, wizard, |string| string.is_in_zoom() && string != ExactString::Loopback);
    }
    Body { text, own: Some(Own { foot, share, ..Own::rows(values(wizard, selected, full, look)) }) }
}

/// What a test login that is caught on this machine needs besides.
fn loopback(page: &mut Page<'_>, ports: &[u16]) {
    let look = page.look;
    let Some(port) = ports.first() else { return };
    page.gap();
    page.styled(
        "Only if PKCE (Public client OAuth) is switched on in this app, and the test login shall be caught on this \
         machine: add to OAuth Allow Lists as well",
        look.theme.dim,
    );
    page.value(&loopback_redirect(*port), look.theme.value);
}

/// The receiver's form: how to get there, the fields, and what to press last.
pub fn hand_over<'a>(
    model: &Model,
    wizard: &'a Wizard,
    selected: usize,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let form = &wizard.procedure.handover;
    let answers = wizard.values();
    let receiver = wizard.procedure.receiver.label();
    let kept = wizard.setup.decision == Some(GrantDecision::KeepAndOwn) && !wizard.is_server_to_server();
    let mut text = Page::new(full, look);
    if kept {
        for sentence in ownership::kept(&wizard.procedure) {
            text.item(Span::styled(look.signs.warn, look.theme.warning), vec![Span::raw(sentence)]);
        }
        text.heading(format!("Only if {receiver} shall take over"));
    }
    text.append(instructions(wizard, full, look));
    // The step before leads to the form already; on the sheet the path stands for whoever has only that.
    let led_there = wizard
        .step
        .checked_sub(1)
        .is_some_and(|before| wizard.procedure.steps[before].phase == crate::procedure::Phase::HandOver);
    if !form.path.is_empty() && !led_there {
        text.heading(format!("In {receiver}"));
        for (number, sentence) in form.path.iter().enumerate() {
            text.item(look.dim(format!("{}.", number + 1)), template(sentence, &answers, look));
        }
    }
    text.gap();
    let owner = if kept { Owner::Wizard } else { Owner::Receiver };
    let notes = form.notes.iter().filter(|note| ownership::holds(&note.render_lossy(&answers), owner));
    for note in notes {
        text.item(Span::styled(look.signs.warn, look.theme.warning), template(note, &answers, look));
    }
    text.gap();
    text.item(look.dim(look.signs.bullet), vec![look.dim(what_stays(wizard))]);
    let keys = "e writes the sheet, without secrets. Enter finishes.";
    text.item(look.dim(look.signs.bullet), vec![look.dim(keys)]);
    text.append(details(wizard, full, look));

    let mut foot = Page::new(full, look);
    if full >= NARROW {
        foot.line(ratatui::text::Line::default());
    }
    let press = if kept { "Only to hand it over, press " } else { "Then press " };
    let last = vec![Span::raw(press), Span::styled(form.last_button.as_str(), look.theme.label)];
    foot.text(last);
    let mut success = vec![look.dim("It worked if: ")];
    success.extend(template(&form.success, &answers, look));
    foot.text(success);
    summary(&mut foot, model, wizard, |string| !string.is_in_zoom());
    let own = Own { foot, share: 75, ..Own::rows(values(wizard, selected, full, look)) };
    Body { text, own: Some(own) }
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
