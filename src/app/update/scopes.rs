//! The scope checklist: choose, copy the next one, tick what Zoom has.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::Typed;
use super::{notify, progress, save, steps, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent};
use crate::app::model::{Model, Tone};
use crate::app::wizard::{MOST_FOUND, ScopeList, ScopeRow, StepState, Wizard};
use crate::procedure::ScopeNeed;
use crate::scope::Catalogue;
use crate::secret::Secret;

/// The list as the step opens: what the procedure names, then what the admin added.
pub fn begin(wizard: &Wizard) -> ScopeList {
    ScopeList { rows: rows(wizard), selected: 0, search: None, searching: false }
}

fn rows(wizard: &Wizard) -> Vec<ScopeRow> {
    let mut rows: Vec<ScopeRow> = wizard
        .procedure
        .scopes
        .iter()
        .map(|scope| ScopeRow {
            id: scope.id.clone(),
            need: Some(scope.need),
            reason: scope.reason.clone(),
            label: scope.label.clone(),
        })
        .collect();
    // What is chosen comes first, so that a short list needs no scrolling.
    rows.sort_by_key(|row| row.need);
    for id in &wizard.setup.scopes {
        if !rows.iter().any(|row| row.id == *id) {
            rows.push(found(id));
        }
    }
    rows
}

/// A row for a scope that the procedure does not name.
fn found(id: &str) -> ScopeRow {
    let reason = Catalogue::embedded().get(id).map_or_else(
        || "Not in the catalogue of this program; Zoom may know it.".to_owned(),
        |info| match (info.operations().next(), info.events().next()) {
            (Some(operation), _) => format!("Unlocks {operation}"),
            (None, Some(event)) => format!("Unlocks the event {event}"),
            (None, None) => "Unlocks no operation that is documented".to_owned(),
        },
    );
    ScopeRow { id: id.to_owned(), need: None, reason, label: None }
}

/// Text for the search box.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let all = rows(wizard);
    let StepState::Scopes(list) = &mut wizard.state else { return };
    let Some(search) = &mut list.search else { return };
    typed.apply(search);
    let text = search.text().trim().to_owned();
    list.rows = if text.is_empty() { all } else { search_rows(&all, &text) };
    list.selected = 0;
}

fn search_rows(all: &[ScopeRow], text: &str) -> Vec<ScopeRow> {
    let mut rows: Vec<ScopeRow> = Catalogue::embedded()
        .search(text, MOST_FOUND)
        .iter()
        .map(|hit| {
            all.iter().find(|row| row.id == hit.scope.id).cloned().unwrap_or_else(|| found(hit.scope.id))
        })
        .collect();
    // A scope typed in full may be newer than the catalogue: it can be taken all the same.
    let shaped = text.contains(':') && !text.contains(char::is_whitespace);
    if shaped && !rows.iter().any(|row| row.id == text) {
        rows.push(found(text));
    }
    rows
}

/// A key on the scopes step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Scopes(list) = &mut wizard.state else { return };
    let last = list.rows.len().saturating_sub(1);
    if list.searching {
        match intent {
            Intent::Confirm | Intent::Down => list.searching = false,
            Intent::Back => close_search(wizard),
            _ => {}
        }
        return;
    }
    match intent {
        Intent::Up | Intent::FocusPrevious => list.selected = list.selected.saturating_sub(1),
        Intent::Down | Intent::FocusNext => list.selected = (list.selected + 1).min(last),
        Intent::First => list.selected = 0,
        Intent::Last => list.selected = last,
        Intent::Search => {
            list.search.get_or_insert_with(|| TextField::plain(""));
            list.searching = true;
        }
        Intent::Toggle => toggle(model, out),
        Intent::Copy => {
            if let Some(row) = list.rows.get(list.selected) {
                let text = Secret::new(row.id.clone());
                out.push(Effect::Copy { text, what: row.id.clone() });
            }
        }
        Intent::CopyNext => copy_next(model, out),
        Intent::Recommended => {
            // Nothing that was chosen beside it is lost.
            wizard.setup.scopes.extend(progress::recommended(&wizard.procedure));
            progress::scopes_changed(wizard);
            refresh(wizard);
            save(model, out);
            notify(model, Tone::Information, "The whole recommended set is chosen.");
        }
        Intent::Back => {
            if list.search.is_some() {
                close_search(wizard);
            } else {
                steps::back(model, out);
            }
        }
        // Among what a search found, Enter takes; the step ends from the list itself.
        Intent::Confirm if list.search.is_some() => toggle(model, out),
        Intent::Confirm => confirm(model, out),
        _ => {}
    }
}

fn close_search(wizard: &mut Wizard) {
    let all = rows(wizard);
    if let StepState::Scopes(list) = &mut wizard.state {
        list.search = None;
        list.searching = false;
        list.rows = all;
        list.selected = 0;
    }
}

fn refresh(wizard: &mut Wizard) {
    let all = rows(wizard);
    if let StepState::Scopes(list) = &mut wizard.state
        && list.search.is_none()
    {
        list.rows = all;
        list.selected = list.selected.min(list.rows.len().saturating_sub(1));
    }
}

/// Space goes round: not chosen, chosen, added in Zoom, not chosen.
fn toggle(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Scopes(list) = &wizard.state else { return };
    let Some(row) = list.rows.get(list.selected).cloned() else { return };
    let setup = &mut wizard.setup;
    if setup.scopes_added.remove(&row.id) {
        setup.scopes.remove(&row.id);
        progress::scopes_changed(wizard);
    } else if setup.scopes.contains(&row.id) {
        setup.scopes_added.insert(row.id.clone());
    } else {
        setup.scopes.insert(row.id.clone());
        progress::scopes_changed(wizard);
    }
    let warn_required = row.need == Some(ScopeNeed::Required) && !wizard.setup.scopes.contains(&row.id);
    save(model, out);
    steps::tell_sandbox(model, out);
    if warn_required {
        notify(model, Tone::Warning, format!("The documented job needs {}. Space chooses it again.", row.id));
    }
}

/// Copies the next scope that Zoom does not have yet and ticks it.
fn copy_next(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(next) = wizard.scopes_to_add().first().map(|id| (*id).to_owned()) else {
        return notify(model, Tone::Success, "Every chosen scope is ticked. Press Enter for the next step.");
    };
    wizard.setup.scopes_added.insert(next.clone());
    if let StepState::Scopes(list) = &mut wizard.state
        && let Some(index) = list.rows.iter().position(|row| row.id == next)
    {
        list.selected = index;
    }
    out.push(Effect::Copy { text: Secret::new(next.clone()), what: next });
    save(model, out);
}

fn confirm(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    if wizard.setup.scopes.is_empty() {
        return notify(
            model,
            Tone::Warning,
            "Zoom issues no token to an app without a scope. Choose at least one.",
        );
    }
    let open = wizard.scopes_to_add().len();
    if open > 0 {
        let text =
            format!("{open} chosen scopes are not ticked as added in Zoom. Press n to copy the next one.");
        return notify(model, Tone::Warning, text);
    }
    steps::finish(model, out);
    steps::tell_sandbox(model, out);
}

/// The answers file names the scopes; the admin vouches that they are in Zoom.
pub fn provide(model: &mut Model, ids: Vec<String>) {
    let Some(wizard) = wizard_mut(model) else { return };
    wizard.setup.scopes = ids.iter().cloned().collect();
    wizard.setup.scopes_added = wizard.setup.scopes.clone();
    progress::scopes_changed(wizard);
    refresh(wizard);
}
