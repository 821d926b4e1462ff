//! Fill steps: fields, live checks, and keeping what was entered.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::Typed;
use super::{notify, offer, pending, progress, proof, save, secrets, steps, store_failure_text, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Edit, Effect, Intent, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::wizard::{Field, Form, Saving, StepState, Wizard};
use crate::entry::{self, Checked, Finding};
use crate::ports::StoreFailure;
use crate::procedure::{FieldName, FieldSpec};
use crate::secret::Secret;
use crate::setup::SecretKey;

/// The fields of a step, filled with what is known.
pub fn begin(wizard: &Wizard, specs: &[FieldSpec]) -> Form {
    let mut fields: Vec<Field> = specs.iter().map(|spec| field(wizard, spec)).collect();
    for index in 0..fields.len() {
        fields[index].checked = check(&fields, index, wizard, &[]);
    }
    let focus = fields.iter().position(|field| !settled(field)).unwrap_or(0);
    Form { fields, focus }
}

fn field(wizard: &Wizard, spec: &FieldSpec) -> Field {
    let (input, kept) = if spec.name.is_secret() {
        (TextField::masked(""), wizard.secrets.get(&spec.name).map(Secret::fingerprint))
    } else {
        let answer = wizard.setup.answers.get(&spec.name).cloned();
        let suggested = || spec.suggestion.as_ref().and_then(|template| template.render(&wizard.values()));
        (TextField::plain(&answer.or_else(suggested).unwrap_or_default()), None)
    };
    Field { spec: spec.clone(), input, checked: Checked::Empty, peek: false, kept, visited: false }
}

/// Whether nothing is wanted of this field any more.
fn settled(field: &Field) -> bool {
    match &field.checked {
        Checked::Good { .. } => true,
        Checked::Empty => field.kept.is_some() || !field.spec.required,
        Checked::Bad { .. } => false,
    }
}

/// Checks one field against the entry rules and the other values of the set-up.
fn check(fields: &[Field], index: usize, wizard: &Wizard, taken: &[String]) -> Checked {
    let field = &fields[index];
    let text = field.input.text();
    let mut others: Vec<(FieldName, &str)> = Vec::new();
    for (name, value) in &wizard.setup.answers {
        others.push((*name, value));
    }
    for (name, value) in &wizard.secrets {
        others.push((*name, value.expose()));
    }
    for other in fields {
        // What is on screen wins over what was kept before.
        if !other.input.text().is_empty() {
            others.retain(|(name, _)| *name != other.spec.name);
            others.push((other.spec.name, other.input.text()));
        }
    }
    others.retain(|(name, _)| *name != field.spec.name);
    let checked = entry::check(field.spec.name, text, &others);
    if let Checked::Good { value, .. } = &checked
        && field.spec.name == FieldName::ConnectionName
        && taken.contains(value)
    {
        return Checked::Bad {
            finding: Finding {
                message: "There is a connection of this name already.".to_owned(),
                hint: "Take another name, or remove the old connection on the home screen.".to_owned(),
                column: None,
            },
            cleaned: None,
        };
    }
    checked
}

/// Names of connections that are not this set-up's own.
fn taken_names(model: &Model) -> Vec<String> {
    let own = model.wizard().and_then(|wizard| wizard.setup.connection.clone());
    model
        .library
        .connections
        .iter()
        .map(|connection| connection.name.clone())
        .filter(|name| Some(name) != own.as_ref())
        .collect()
}

/// Checks every field anew.
pub fn check_all(model: &mut Model) {
    let taken = taken_names(model);
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Fill(form) = &wizard.state else { return };
    let checked: Vec<Checked> =
        (0..form.fields.len()).map(|index| check(&form.fields, index, wizard, &taken)).collect();
    if let StepState::Fill(form) = &mut wizard.state {
        for (field, checked) in form.fields.iter_mut().zip(checked) {
            field.checked = checked;
        }
    }
}

/// Text for the field with the focus.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    let Some(field) = focused(model) else { return };
    let cleared = matches!(typed, Typed::Edit(Edit::Clear)) && field.is_removable();
    let name = field.spec.name;
    typed.apply(&mut field.input);
    if cleared {
        field.kept = None;
        remove_secret(model, name);
    }
    check_all(model);
}

/// An optional secret that was kept is taken back; it leaves the store with the next thing that is kept.
fn remove_secret(model: &mut Model, name: FieldName) {
    let Some(wizard) = wizard_mut(model) else { return };
    if wizard.secrets.remove(&name).is_some() {
        progress::changed(wizard, name);
        wizard.setup.secrets.remove(&name);
        wizard.unsaved.insert(name);
    }
    notify(model, Tone::Information, "The kept value is removed.");
}

/// An answer by name, if the current step asks for it.
pub fn provide(model: &mut Model, name: FieldName, value: &Secret) {
    if let Some(wizard) = wizard_mut(model)
        && let StepState::Fill(form) = &mut wizard.state
    {
        for field in form.fields.iter_mut().filter(|field| field.spec.name == name) {
            field.input.set("");
            field.input.paste(value);
        }
    }
    if let Some(wizard) = wizard_mut(model)
        && let crate::procedure::StepKind::Choose { field, options } = wizard.current().kind.clone()
        && field == name
        && let Checked::Good { value, .. } = entry::check(name, value.expose(), &[])
        && let Some(index) = options.iter().position(|option| option.value == value)
    {
        wizard.state = StepState::Choose { selected: index };
    }
    check_all(model);
}

fn focused(model: &mut Model) -> Option<&mut Field> {
    let wizard = wizard_mut(model)?;
    let StepState::Fill(form) = &mut wizard.state else { return None };
    form.fields.get_mut(form.focus)
}

/// A key on a fill step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    match intent {
        Intent::FocusNext => move_focus(model, 1, out),
        Intent::FocusPrevious => move_focus(model, -1, out),
        Intent::Peek => {
            if let Some(field) = focused(model).filter(|field| field.input.is_masked()) {
                field.peek = !field.peek;
            }
        }
        Intent::TakeOffer => {
            let Some(offered) = offer(model) else {
                return notify(model, Tone::Information, "Nothing is offered for this field.");
            };
            for (name, value) in offered {
                provide(model, name, &value);
            }
        }
        Intent::Confirm => confirm(model, out),
        Intent::Retry => proof::retry(model, out),
        Intent::Back => {
            keep_typed(model, out);
            if steps::leave_step(model, out) {
                steps::back(model, out);
            }
        }
        _ => {}
    }
}

/// Puts the focus on a field of the current step, if it has it.
pub fn focus_on(model: &mut Model, name: FieldName) {
    if let Some(wizard) = wizard_mut(model)
        && let StepState::Fill(form) = &mut wizard.state
        && let Some(index) = form.fields.iter().position(|field| field.spec.name == name)
    {
        form.focus = index;
    }
}

fn move_focus(model: &mut Model, by: isize, out: &mut Vec<Effect>) {
    keep_typed(model, out);
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Fill(form) = &mut wizard.state else { return };
    let count = form.fields.len().cast_signed();
    if let Some(field) = form.fields.get_mut(form.focus) {
        field.visited = true;
        field.peek = false;
    }
    form.focus = (form.focus.cast_signed() + by).rem_euclid(count.max(1)).cast_unsigned();
}

/// Enter: on to the next field that wants something; on the last one the step is done.
fn confirm(model: &mut Model, out: &mut Vec<Effect>) {
    check_all(model);
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Fill(form) = &mut wizard.state else { return };
    let focus = form.focus;
    let Some(field) = form.fields.get_mut(focus) else { return };
    field.visited = true;
    field.peek = false;
    if !settled(field) {
        let text = match &field.checked {
            Checked::Bad { finding, .. } => format!("{}: {}", field.spec.label, finding.message),
            Checked::Empty | Checked::Good { .. } => format!("{} is needed to go on.", field.spec.label),
        };
        return notify(model, Tone::Warning, text);
    }
    let count = form.fields.len();
    let next = (1..count).map(|step| (focus + step) % count).find(|index| !settled(&form.fields[*index]));
    // Further fields that are filled in already are still walked through once, top to bottom.
    let next = next.or((focus + 1 < count).then_some(focus + 1));
    keep_typed(model, out);
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Fill(form) = &mut wizard.state else { return };
    if let Some(next) = next {
        form.focus = next;
        return;
    }
    match &mut wizard.saving {
        Some(saving) => saving.advance = true,
        None if wizard.unsaved.is_empty() => proof::conclude(model, out),
        None => write_secrets(model, true, out),
    }
}

/// Keeps every usable entry of the form: answers in the progress file, secrets in the secret store.
pub fn keep_typed(model: &mut Model, out: &mut Vec<Effect>) {
    check_all(model);
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Fill(form) = &wizard.state else { return };
    let entries: Vec<(FieldName, String)> = form
        .fields
        .iter()
        .filter_map(|field| match &field.checked {
            Checked::Good { value, .. } => Some((field.spec.name, value.clone())),
            // An optional answer that was emptied is an answer.
            Checked::Empty if !field.spec.name.is_secret() && !field.spec.required => {
                Some((field.spec.name, String::new()))
            }
            Checked::Empty | Checked::Bad { .. } => None,
        })
        .collect();
    let mut changed = false;
    let marked_before = to_check_again(wizard);
    let had_tokens = wizard.tokens.is_some();
    for (name, value) in entries {
        if name.is_secret() {
            keep_secret(wizard, name, Secret::new(value));
        } else {
            changed |= progress::set_answer(wizard, name, &value);
        }
    }
    let unsaved = !wizard.unsaved.is_empty() && wizard.saving.is_none();
    let marked = to_check_again(wizard);
    if marked > marked_before {
        let text = format!("Steps to look at again since this answer changed: {marked}. s lists them.");
        notify(model, Tone::Information, text);
    }
    let Some(wizard) = wizard_mut(model) else { return };
    if had_tokens && wizard.tokens.is_none() {
        pending::forget_grant(model, out);
    }
    if changed {
        save(model, out);
        steps::tell_sandbox(model, out);
    }
    if unsaved {
        write_secrets(model, false, out);
    }
}

/// How many steps an answer was changed under.
fn to_check_again(wizard: &Wizard) -> usize {
    wizard.setup.done.values().filter(|done| done.check_again).count()
}

fn keep_secret(wizard: &mut Wizard, name: FieldName, value: Secret) {
    if wizard.secrets.get(&name) == Some(&value) {
        return;
    }
    if wizard.secrets.insert(name, value).is_some() {
        progress::changed(wizard, name);
    }
    wizard.unsaved.insert(name);
}

/// Writes the secrets that are not in the store yet; once they are there, the step is done if it waits for them.
pub fn write_secrets(model: &mut Model, advance: bool, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let id = wizard.setup.id.clone();
    let fields = std::mem::take(&mut wizard.unsaved);
    let changes = fields
        .iter()
        .map(|name| (SecretKey::SetupField(id.clone(), *name), wizard.secrets.get(name).cloned()))
        .collect();
    wizard.saving = Some(Saving { ticket, fields, advance });
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// The store answered: the fingerprints go into the progress file, and the step is done if it waited.
pub fn secrets_written(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(saving) = wizard.saving.take_if(|saving| saving.ticket == ticket) else { return };
    if let Err(failure) = result {
        wizard.unsaved.extend(saving.fields);
        let text = store_failure_text(failure);
        return notify(model, Tone::Failure, format!("Not stored: {text}"));
    }
    // What was changed meanwhile is not what was written.
    for name in saving.fields.difference(&wizard.unsaved) {
        let Some(secret) = wizard.secrets.get(name) else { continue };
        let fingerprint = secret.fingerprint();
        wizard.setup.secrets.insert(*name, fingerprint.clone());
        let StepState::Fill(form) = &mut wizard.state else { continue };
        for field in form.fields.iter_mut().filter(|field| field.spec.name == *name) {
            field.kept = Some(fingerprint.clone());
            // What somebody goes on typing stays.
            if matches!(&field.checked, Checked::Good { value, .. } if value == secret.expose()) {
                field.input.set("");
                field.peek = false;
            }
        }
    }
    let more = !wizard.unsaved.is_empty();
    check_all(model);
    save(model, out);
    if more {
        write_secrets(model, saving.advance, out);
    } else if saving.advance {
        proof::conclude(model, out);
    }
}
