//! The lines around every screen: header, notice, key bar.

use super::text::{columns, shorten};
use super::theme::Look;
use crate::app::keymap;
use crate::app::message::Intent;
use crate::app::model::{Model, Screen, SecretStore};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Name of the program, subject of the screen, and in rehearsal the word that says so.
pub fn header(frame: &mut Frame<'_>, area: Rect, model: &Model, look: Look<'_>) {
    let width = usize::from(area.width);
    let rehearsal = rehearsal(model, width.saturating_sub(11), look);
    let taken = rehearsal.as_deref().map_or(0, columns);
    let left = Rect { width: area.width.saturating_sub(u16::try_from(taken + 1).unwrap_or(0)), ..area };
    let name = "zoom-setup";
    let room = usize::from(left.width).saturating_sub(columns(name) + 2);
    let line = Line::from(vec![
        look.accent(name),
        Span::raw("  "),
        Span::raw(shorten(&subject(model, look), room, look.signs.ellipsis)),
    ]);
    frame.buffer_mut().set_line(left.x, left.y, &line, left.width);
    if let Some(word) = rehearsal {
        let width = u16::try_from(taken).unwrap_or(area.width).min(area.width);
        let x = area.right() - width;
        frame.buffer_mut().set_line(x, area.y, &Line::styled(word, look.theme.rehearsal), width);
    }
}

/// What the screen is about.
fn subject(model: &Model, look: Look<'_>) -> String {
    let of = |procedure: &crate::procedure::Procedure| {
        format!("{}{}{}", procedure.receiver.label(), look.signs.between, procedure.title)
    };
    if model.rotating.is_some() {
        return "new client secret".to_owned();
    }
    if let Some(reviewing) = &model.review {
        let title = reviewing.about.procedure.as_ref().map(|procedure| procedure.title.as_str());
        return [Some("scope review"), title]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(look.signs.between);
    }
    match &model.screen {
        Screen::Home { .. } => String::new(),
        Screen::Wizard(wizard) => of(&wizard.procedure),
        Screen::Connection { .. } => "connection".to_owned(),
        Screen::Checks(_) => "check".to_owned(),
    }
}

/// ` REHEARSAL fault `, the fault cut to the room; `None` outside rehearsal.
pub fn rehearsal(model: &Model, room: usize, look: Look<'_>) -> Option<String> {
    let rehearsal = model.settings.rehearsal.as_ref()?;
    let word = match &rehearsal.fault {
        Some(fault) => {
            let fault = shorten(fault, room.saturating_sub(12), look.signs.ellipsis);
            format!(" REHEARSAL {fault} ")
        }
        None => " REHEARSAL ".to_owned(),
    };
    Some(word)
}

/// Whether the notice line has something to say.
pub fn has_notice(model: &Model) -> bool {
    model.notice.is_some() || waiting(model).is_some()
}

/// What happens in the background without anybody asking.
fn waiting(model: &Model) -> Option<String> {
    if matches!(model.secret_store, SecretStore::Unlocking { .. }) && model.overlay.is_none() {
        return Some("Opening the secret store".to_owned());
    }
    if let Some(reviewing) = model.review.as_ref().filter(|reviewing| reviewing.proving.is_some()) {
        return Some(match reviewing.progress() {
            Some((done, all, operation)) => format!("Proving, {done} of {all}: {operation}"),
            None => "Asking for a token to prove with".to_owned(),
        });
    }
    if let Some(run) = &model.checking.run {
        return Some(format!("Checking, {} of {}", run.done(), run.count));
    }
    let wizard = model.wizard()?;
    let text = if wizard.storing.is_some() {
        "Storing the connection"
    } else if wizard.saving.is_some() {
        "Storing what was entered"
    } else if wizard.loading.is_some() {
        "Reading the secrets of this set-up"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// The line about the last thing that happened.
pub fn notice(frame: &mut Frame<'_>, area: Rect, model: &Model, look: Look<'_>) {
    let width = usize::from(area.width).saturating_sub(1);
    let line = if let Some(notice) = &model.notice {
        let (style, sign) = look.tone(notice.tone);
        let room = width.saturating_sub(columns(sign) + 1);
        Line::from(vec![
            Span::styled(sign, style),
            Span::raw(" "),
            Span::styled(shorten(&notice.text, room, look.signs.ellipsis), style),
        ])
    } else if let Some(text) = waiting(model) {
        let room = width.saturating_sub(columns(look.signs.ellipsis));
        Line::from(look.dim(shorten(&text, room, "") + look.signs.ellipsis))
    } else {
        return;
    };
    frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
}

/// The keys that do something here, as many as fit, most useful first; help keeps its place.
pub fn keys(frame: &mut Frame<'_>, area: Rect, model: &Model, look: Look<'_>) {
    let width = usize::from(area.width);
    let bindings = keymap::bar(model);
    let size = |binding: &keymap::Binding| columns(binding.shown) + 1 + columns(binding.label);
    let total: usize = bindings.iter().map(|binding| size(binding) + 3).sum();
    let help = bindings.iter().find(|binding| binding.intent == Intent::Help);
    let fits = total.saturating_sub(3) <= width;
    let reserved = if fits { 0 } else { help.map_or(0, |binding| size(binding) + 3) };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    let mut push = |binding: &keymap::Binding, used: &mut usize| {
        if *used > 0 {
            spans.push(Span::raw("   "));
        }
        spans.push(look.accent(binding.shown));
        spans.push(look.dim(format!(" {}", binding.label)));
        *used += size(binding) + 3;
    };
    for binding in bindings.iter().filter(|binding| fits || binding.intent != Intent::Help) {
        if used + size(binding) + reserved > width {
            break;
        }
        push(binding, &mut used);
    }
    if let Some(binding) = help.filter(|binding| !fits && used + size(binding) <= width) {
        push(binding, &mut used);
    }
    frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
}
