//! Intents and typed text, sent to whoever has the focus.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::{
    again, authorization, checking, desk, form, home, leave, notify, proof, remove, review, rotate, scopes,
    secrets, steps, storing, verification, waiting, wizard_mut,
};
use crate::app::keymap::{self, Mode};
use crate::app::message::{Edit, Effect, Intent};
use crate::app::model::{Model, Overlay, Screen, Tone};
use crate::app::wizard::{StepState, Wizard};
use crate::secret::Secret;

/// What a key meant.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    if intent == Intent::Leave {
        return leave(model, out);
    }
    if model.overlay.is_some() {
        return in_overlay(model, intent, out);
    }
    if model.removing.is_some() && !matches!(intent, Intent::Help) {
        return remove::intent(model, intent, out);
    }
    if model.rotating.is_some() && !matches!(intent, Intent::Help | Intent::Quit) {
        return rotate::intent(model, intent, out);
    }
    if model.review.is_some() && !matches!(intent, Intent::Help | Intent::Quit) {
        return review::intent(model, intent, out);
    }
    if matches!(model.screen, Screen::Checks(_))
        && !matches!(intent, Intent::Help | Intent::Quit | Intent::Review | Intent::Rotate)
    {
        return checking::intent(model, intent, out);
    }
    if intent != Intent::Peek {
        model.notice = None;
    }
    match intent {
        Intent::Help => open(model, Overlay::Help),
        Intent::Desk => desk::open(model, out),
        Intent::Review => review::open(model),
        Intent::Check => checking::open(model, out),
        Intent::LogInAgain => {
            if let Screen::Connection { name } = &model.screen {
                let name = name.clone();
                again::begin(model, &name, out);
            }
        }
        Intent::Rotate => rotate::open_selected(model),
        Intent::Document => {
            if model.wizard().is_some() {
                open(model, Overlay::Document);
            }
        }
        Intent::Steps => {
            if let Some(wizard) = model.wizard().filter(|wizard| wizard.loading.is_none()) {
                let selected = wizard.step;
                form::keep_typed(model, out);
                open(model, Overlay::Steps { selected });
            }
        }
        Intent::Quit => leave(model, out),
        Intent::PageDown => model.scroll = (model.scroll + page(model)).min(model.max_scroll),
        Intent::PageUp => model.scroll = model.scroll.saturating_sub(page(model)),
        Intent::Confirm
        | Intent::Back
        | Intent::FocusNext
        | Intent::FocusPrevious
        | Intent::Up
        | Intent::Down
        | Intent::First
        | Intent::Last
        | Intent::Toggle
        | Intent::Search
        | Intent::Copy
        | Intent::CopyNext
        | Intent::Open
        | Intent::PasteBox
        | Intent::Retry
        | Intent::Peek
        | Intent::TakeOffer
        | Intent::Recommended
        | Intent::Export
        | Intent::Extend
        | Intent::QrCode
        | Intent::Credentials
        | Intent::Remove => on_screen(model, intent, out),
        // Of the review and the check, which have their own.
        Intent::FilterNext
        | Intent::FilterPrevious
        | Intent::CopyAll
        | Intent::Prove
        | Intent::ToDo
        | Intent::Subjects
        | Intent::CheckAll
        | Intent::Refresh
        | Intent::Watch
        | Intent::Leave => {}
    }
}

/// A typed character.
pub fn character(model: &mut Model, character: char) {
    typed(model, Typed::Character(character));
}

/// An editing key.
pub fn edit(model: &mut Model, edit: Edit) {
    typed(model, Typed::Edit(edit));
}

/// A paste. Where no field has the focus it is not taken for keys.
pub fn paste(model: &mut Model, text: &Secret, out: &mut Vec<Effect>) {
    if matches!(keymap::mode(model), Mode::Desk | Mode::DeskPaste) {
        return desk::paste(model, text, out);
    }
    if model.rotating.is_some() && model.overlay.is_none() && model.removing.is_none() {
        return rotate::paste(model, text);
    }
    if model.review.is_some() && model.overlay.is_none() && model.removing.is_none() {
        return review::paste(model, text);
    }
    if keymap::mode(model) == Mode::LoginWaiting {
        // The one screen where a paste can mean only one thing: the address the login ended at.
        waiting::open_paste_box(model);
    }
    if matches!(keymap::mode(model), Mode::Read | Mode::HandOver) && desk::paste_on_step(model, text, out) {
        return;
    }
    if !keymap::mode(model).is_text() {
        return notify(model, Tone::Information, "Nothing on this screen takes a paste.");
    }
    typed(model, Typed::Paste(text));
}

/// What was typed.
#[derive(Clone, Copy)]
pub enum Typed<'a> {
    Character(char),
    Edit(Edit),
    Paste(&'a Secret),
}

impl Typed<'_> {
    /// Applies it to a field.
    pub fn apply(self, field: &mut crate::app::input::TextField) {
        match self {
            Self::Character(character) => field.insert(character),
            Self::Edit(edit) => field.edit(edit),
            Self::Paste(text) => field.paste(text),
        }
    }
}

fn typed(model: &mut Model, typed: Typed<'_>) {
    // What was said about the text before is about another text.
    model.notice = None;
    if matches!(typed, Typed::Character('?')) && focused_text(model).is_some_and(str::is_empty) {
        notify(model, Tone::Information, "F1 is the help here: in a field, ? is text like any other.");
    }
    match keymap::mode(model) {
        Mode::Unlock => secrets::typed(model, typed),
        Mode::Field => form::typed(model, typed),
        Mode::ScopeSearch => scopes::typed(model, typed),
        Mode::PasteBox => waiting::typed(model, typed),
        Mode::DeskPaste => desk::typed(model, typed),
        Mode::ReviewSearch | Mode::ReviewPaste => review::typed(model, typed),
        Mode::ChecksSearch => checking::typed(model, typed),
        Mode::Rotate => rotate::typed(model, typed),
        Mode::Home
        | Mode::Read
        | Mode::Choose
        | Mode::Scopes
        | Mode::ScopesFound
        | Mode::Activate
        | Mode::LoginOffer
        | Mode::LoginWaiting
        | Mode::LoginEnded
        | Mode::LoginFailed
        | Mode::LoginPort
        | Mode::Busy
        | Mode::Verify
        | Mode::Decide
        | Mode::HandOver
        | Mode::Connection
        | Mode::Reading
        | Mode::Steps
        | Mode::Desk
        | Mode::Review
        | Mode::ReviewProving
        | Mode::ReviewToDo
        | Mode::ReviewSubjects
        | Mode::Checks
        | Mode::ChecksRunning
        | Mode::ChecksDetail
        | Mode::RotateBusy
        | Mode::Rotated
        | Mode::ConfirmRemoval
        | Mode::Remove
        | Mode::RemoveBusy => {}
    }
}

/// The text of the field that is typed into, where there is one on the screen.
fn focused_text(model: &Model) -> Option<&str> {
    if let Some(rotating) = &model.rotating {
        return (keymap::mode(model) == Mode::Rotate).then(|| rotating.field.input.text());
    }
    let field = match &model.wizard()?.state {
        StepState::Fill(form) => &form.fields.get(form.focus)?.input,
        StepState::Scopes(list) => list.search.as_ref()?,
        StepState::Authorize(authorization) => authorization.paste.as_ref()?,
        StepState::Read { .. }
        | StepState::Choose { .. }
        | StepState::Activate(_)
        | StepState::Verify(_)
        | StepState::HandOver { .. } => return None,
    };
    (model.overlay.is_none() && keymap::mode(model).is_text()).then(|| field.text())
}

fn open(model: &mut Model, overlay: Overlay) {
    model.scroll = 0;
    model.overlay = Some(overlay);
}

fn close(model: &mut Model) {
    model.scroll = 0;
    model.overlay = None;
}

/// As many lines as were visible, less one to keep the place.
fn page(model: &Model) -> u16 {
    model.page.saturating_sub(1).max(1)
}

fn in_overlay(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(overlay) = &mut model.overlay else { return };
    match overlay {
        Overlay::Help | Overlay::Document => match intent {
            Intent::Back | Intent::Quit | Intent::Confirm => close(model),
            other => scroll(model, other),
        },
        Overlay::Steps { selected } => {
            let Screen::Wizard(wizard) = &model.screen else { return close(model) };
            let last = wizard.procedure.steps.len() - 1;
            let furthest = steps::furthest(wizard);
            model.notice = None;
            match intent {
                Intent::Up => *selected = selected.saturating_sub(1),
                Intent::Down => *selected = (*selected + 1).min(last),
                Intent::PageUp => *selected = selected.saturating_sub(10),
                Intent::PageDown => *selected = (*selected + 10).min(last),
                Intent::First => *selected = 0,
                // First to where one may go, then to the end.
                Intent::Last => *selected = if *selected < furthest { furthest } else { last },
                Intent::Confirm => {
                    let index = *selected;
                    let elsewhere = index != wizard.step;
                    let first = &wizard.procedure.steps[furthest].title;
                    if index > furthest {
                        let text = format!("That step comes later; first: {first}");
                        return notify(model, Tone::Information, text);
                    }
                    close(model);
                    if elsewhere && steps::leave_step(model, out) {
                        steps::go_to(model, index, out);
                    }
                }
                Intent::Quit => leave(model, out),
                Intent::Help => open(model, Overlay::Help),
                Intent::Back => close(model),
                _ => {}
            }
        }
        Overlay::Desk(_) => desk::intent(model, intent, out),
        Overlay::Unlock(_) => secrets::intent(model, intent, out),
        Overlay::ConfirmRemoval { setup, .. } => {
            let setup = setup.clone();
            if intent == Intent::Confirm {
                close(model);
                home::remove_setup(model, &setup, out);
            } else if intent == Intent::Back {
                close(model);
            }
        }
    }
}

/// Scrolls the text on screen.
pub fn scroll(model: &mut Model, intent: Intent) {
    let max = model.max_scroll;
    model.scroll = match intent {
        Intent::Down => (model.scroll + 1).min(max),
        Intent::Up => model.scroll.saturating_sub(1),
        Intent::PageDown => (model.scroll + page(model)).min(max),
        Intent::PageUp => model.scroll.saturating_sub(page(model)),
        Intent::First => 0,
        Intent::Last => max,
        _ => model.scroll,
    };
}

fn on_screen(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let wizard = match &mut model.screen {
        Screen::Home { .. } => return home::intent(model, intent, out),
        Screen::Connection { .. } => return storing::on_connection(model, intent, out),
        Screen::Checks(_) => return checking::intent(model, intent, out),
        Screen::Wizard(wizard) => wizard,
    };
    if wizard.loading.is_some() {
        // Without its secrets no step means anything; what is on disk stays as it is.
        if intent == Intent::Back {
            home::show(model, out);
        }
        return;
    }
    let mode = keymap::mode(model);
    if intent == Intent::Open && mode != Mode::LoginWaiting {
        return steps::open_page(model, out);
    }
    if wizard_mut(model).is_some_and(|wizard| wizard.proving.asking.is_some()) {
        return match intent {
            Intent::Back => {
                proof::cancel(model, out);
                notify(model, Tone::Information, "Cancelled. Nothing was spent by asking.");
            }
            other => scroll(model, other),
        };
    }
    if keymap::SCROLL.contains(mode) && matches!(intent, Intent::Up | Intent::Down) {
        return scroll(model, intent);
    }
    let Some(wizard) = wizard_mut(model) else { return };
    match &wizard.state {
        StepState::Read { .. } => read_step(model, intent, out),
        StepState::Choose { .. } => choose_step(model, intent, out),
        StepState::Fill(_) => form::intent(model, intent, out),
        StepState::Scopes(_) => scopes::intent(model, intent, out),
        StepState::Activate(_) => super::activation::intent(model, intent, out),
        StepState::Authorize(_) => authorization::intent(model, intent, out),
        StepState::Verify(_) => verification::intent(model, intent, out),
        StepState::HandOver { .. } => storing::on_hand_over(model, intent, out),
    }
}

fn read_step(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    match intent {
        Intent::Confirm => proof::conclude(model, out),
        Intent::Retry => proof::retry(model, out),
        Intent::Back => steps::back(model, out),
        other => select_or_copy(model, other, out),
    }
}

/// Moves between the values to copy, copies one, or scrolls where there is none.
pub fn select_or_copy(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let items = wizard.copy_items();
    let (StepState::Read { selected } | StepState::HandOver { selected }) = &mut wizard.state else { return };
    if items.len() < 2 && matches!(intent, Intent::Up | Intent::Down) {
        return scroll(model, intent);
    }
    let last = items.len().saturating_sub(1);
    match intent {
        Intent::Up => *selected = selected.saturating_sub(1),
        Intent::Down => *selected = (*selected + 1).min(last),
        Intent::FocusNext => *selected = if *selected == last { 0 } else { *selected + 1 },
        Intent::FocusPrevious => *selected = selected.checked_sub(1).unwrap_or(last),
        Intent::Copy => {
            if let Some(item) = items.get(*selected) {
                match &item.value {
                    Some(text) => {
                        out.push(Effect::Copy { text: text.clone(), what: item.label.clone() });
                        *selected = (*selected + 1).min(last);
                    }
                    None => {
                        let text = format!("{} is not known yet: go back and fill it in.", item.label);
                        notify(model, Tone::Warning, text);
                    }
                }
            }
        }
        _ => {}
    }
}

fn choose_step(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let options = wizard.options().len();
    let StepState::Choose { selected } = &mut wizard.state else { return };
    match intent {
        Intent::Up | Intent::FocusPrevious => *selected = selected.saturating_sub(1),
        Intent::Down | Intent::FocusNext => *selected = (*selected + 1).min(options.saturating_sub(1)),
        Intent::Confirm => {
            let index = *selected;
            choose(wizard, index);
            steps::finish(model, out);
        }
        Intent::Back => steps::back(model, out),
        _ => {}
    }
}

fn choose(wizard: &mut Wizard, index: usize) {
    let crate::procedure::StepKind::Choose { field, options } = wizard.current().kind.clone() else { return };
    if let Some(choice) = options.get(index) {
        super::progress::set_answer(wizard, field, &choice.value);
    }
}
