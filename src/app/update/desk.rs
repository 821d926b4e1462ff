//! The exact-string desk: what stands somewhere is pasted back and compared with what should stand there.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::Typed;
use super::{form, notify, save, wizard_mut};
use crate::app::desk::{Desk, DeskRow, LESS_LINE_BREAK, rows};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent};
use crate::app::model::{Model, Overlay, Tone};
use crate::app::wizard::StepState;
use crate::exact;
use crate::procedure::Phase;
use crate::secret::Secret;
use crate::setup::compared::Compared;

/// Longest text that is compared, in characters. No field holds more.
const LONGEST: usize = 16_384;

/// Opens the desk of the set-up on screen. What is typed on the step is kept first, since the desk is made of
/// the answers.
pub fn open(model: &mut Model, out: &mut Vec<Effect>) {
    if model.wizard().is_none_or(|wizard| wizard.loading.is_some()) {
        return;
    }
    form::keep_typed(model, out);
    let Some(wizard) = model.wizard() else { return };
    // At the hand-over the receiver's form is what is being filled in.
    let handing_over = wizard.current().phase == Phase::HandOver;
    let at_work = |row: &DeskRow| !handing_over || !row.string.is_in_zoom();
    let selected = rows(wizard, &model.settings).iter().position(at_work).unwrap_or(0);
    model.scroll = 0;
    model.notice = None;
    model.overlay = Some(Overlay::Desk(Desk { selected, paste: None, help: false }));
}

/// The selected row, if the desk is open.
pub fn selected(model: &Model) -> Option<DeskRow> {
    let Some(Overlay::Desk(desk)) = &model.overlay else { return None };
    rows(model.wizard()?, &model.settings).into_iter().nth(desk.selected)
}

/// A key on the desk.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(last) = model.wizard().map(|wizard| rows(wizard, &model.settings).len().saturating_sub(1))
    else {
        model.overlay = None;
        return;
    };
    let (page, max_scroll) = (model.page.saturating_sub(1).max(1), model.max_scroll);
    let row = selected(model);
    let Some(Overlay::Desk(desk)) = &mut model.overlay else { return };
    if desk.help {
        match intent {
            Intent::Back | Intent::Quit | Intent::Confirm => {
                desk.help = false;
                model.scroll = 0;
            }
            Intent::Down | Intent::PageDown => {
                let by = if intent == Intent::Down { 1 } else { page };
                model.scroll = (model.scroll + by).min(max_scroll);
            }
            Intent::Up => model.scroll = model.scroll.saturating_sub(1),
            Intent::PageUp => model.scroll = model.scroll.saturating_sub(page),
            _ => {}
        }
        return;
    }
    if intent == Intent::Help {
        desk.help = true;
        model.scroll = 0;
        return;
    }
    if desk.paste.is_some() {
        match intent {
            Intent::Confirm => compare_typed(model, out),
            Intent::Back => desk.paste = None,
            _ => {}
        }
        return;
    }
    let before = desk.selected;
    match intent {
        Intent::Up => desk.selected = desk.selected.saturating_sub(1),
        Intent::Down => desk.selected = (desk.selected + 1).min(last),
        Intent::First => desk.selected = 0,
        Intent::Last => desk.selected = last,
        Intent::FocusNext => desk.selected = if desk.selected >= last { 0 } else { desk.selected + 1 },
        Intent::FocusPrevious => desk.selected = desk.selected.checked_sub(1).unwrap_or(last),
        Intent::PageDown => model.scroll = (model.scroll + page).min(max_scroll),
        Intent::PageUp => model.scroll = model.scroll.saturating_sub(page),
        Intent::Copy => copy(model, row, out),
        Intent::PasteBox => match row.map(|row| row.expected) {
            Some(Err(waits)) => notify(model, Tone::Warning, waits),
            Some(Ok(_)) => {
                // Nobody knows what will be pasted, so it is not shown before it is compared.
                desk.paste = Some(TextField::masked(""));
                model.notice = None;
                model.scroll = 0;
            }
            None => {}
        },
        Intent::Back => {
            model.scroll = 0;
            model.overlay = None;
        }
        _ => {}
    }
    if let Some(Overlay::Desk(desk)) = &model.overlay
        && desk.selected != before
    {
        model.scroll = 0;
        model.notice = None;
    }
}

fn copy(model: &mut Model, row: Option<DeskRow>, out: &mut Vec<Effect>) {
    let Some(row) = row else { return };
    match row.expected {
        Ok(text) => out.push(Effect::Copy { text, what: row.label }),
        Err(waits) => notify(model, Tone::Warning, waits),
    }
}

/// Text for the box.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    if let Some(Overlay::Desk(Desk { paste: Some(field), .. })) = &mut model.overlay {
        typed.apply(field);
    }
}

/// Enter in the box. What was typed there has no line end.
fn compare_typed(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(Overlay::Desk(desk)) = &mut model.overlay else { return };
    let Some(text) = desk.paste.as_ref().map(|field| Secret::new(field.text())) else { return };
    if text.is_empty() {
        return notify(model, Tone::Warning, "Nothing is in the box: paste what stands in the field.");
    }
    desk.paste = None;
    paste(model, &text, out);
}

/// A paste goes to the selected row at once, as it is: with every space and line end that it brings along.
pub fn paste(model: &mut Model, given: &Secret, out: &mut Vec<Effect>) {
    let Some(row) = selected(model) else { return };
    let now = model.now;
    let expected = match row.expected {
        Err(waits) => return notify(model, Tone::Warning, waits),
        Ok(ref expected) => expected.clone(),
    };
    let length = given.expose().chars().count();
    if length > LONGEST {
        let text = format!("{length} characters were pasted: no field holds so many. Copy the field alone.");
        return notify(model, Tone::Warning, text);
    }
    if given.is_empty() {
        return notify(model, Tone::Warning, "Nothing was pasted: copy what stands in the field first.");
    }
    if let Some(Overlay::Desk(desk)) = &mut model.overlay {
        desk.paste = None;
    }
    let same = exact::same(expected.expose(), given.expose());
    let Some(wizard) = wizard_mut(model) else { return };
    let compared = Compared {
        at: now,
        same: same.is_some(),
        expected: expected.fingerprint(),
        unknown: Default::default(),
    };
    wizard.setup.compared.insert(row.string, compared);
    wizard.pasted.insert(row.string, given.clone());
    model.scroll = 0;
    save(model, out);
    let next = if same.is_some() { to_next(model) } else { None };
    say(model, &row, same, next.as_ref());
}

/// The next row that is not compared and can be: what is copied next belongs there.
fn to_next(model: &mut Model) -> Option<DeskRow> {
    let wizard = model.wizard()?;
    let Some(Overlay::Desk(desk)) = &model.overlay else { return None };
    let rows = rows(wizard, &model.settings);
    let open = |row: &DeskRow| !row.is_optional() && row.expected.is_ok() && row.standing(wizard).is_none();
    let (before, after) = rows.split_at((desk.selected + 1).min(rows.len()));
    let count = before.len();
    let after = after.iter().position(open).map(|index| index + count);
    let index = after.or_else(|| before.iter().position(open))?;
    let row = rows.into_iter().nth(index);
    if let Some(Overlay::Desk(desk)) = &mut model.overlay {
        desk.selected = index;
    }
    row
}

/// A paste on a step with values to copy: it is compared with the selected one, if the desk has it. `false`: it
/// has not.
pub fn paste_on_step(model: &mut Model, given: &Secret, out: &mut Vec<Effect>) -> bool {
    let Some(wizard) = model.wizard() else { return false };
    let (StepState::Read { selected } | StepState::HandOver { selected }) = &wizard.state else {
        return false;
    };
    let in_zoom = wizard.current().phase != Phase::HandOver;
    let Some(item) = wizard.copy_items().into_iter().nth(*selected) else { return false };
    let of_item = |row: &DeskRow| {
        row.string.is_in_zoom() == in_zoom
            && item.value.is_some()
            && row.expected.as_ref().ok() == item.value.as_ref()
    };
    let all = rows(wizard, &model.settings);
    let named = |row: &DeskRow| of_item(row) && item.label.starts_with(&row.label);
    let Some(index) = all.iter().position(named).or_else(|| all.iter().position(of_item)) else {
        return false;
    };
    open(model, out);
    if let Some(Overlay::Desk(desk)) = &mut model.overlay {
        desk.selected = index;
    }
    paste(model, given, out);
    true
}

/// The result in one line; the desk shows the rest. `same`: as [`exact::same`] gives it.
fn say(model: &mut Model, row: &DeskRow, same: Option<bool>, next: Option<&DeskRow>) {
    let next = next.map_or_else(String::new, |next| format!(" Next: {}.", next.label));
    let (tone, words) = match same {
        Some(false) => (Tone::Success, format!("{}: the same, byte for byte.{next}", row.place())),
        // Both would not fit on the line; the selection shows the next one.
        Some(true) => (Tone::Success, format!("{LESS_LINE_BREAK}.")),
        None => (Tone::Failure, format!("{}: different.", row.place())),
    };
    notify(model, tone, words);
}
