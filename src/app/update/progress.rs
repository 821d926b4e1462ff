//! Answers and what depends on them: a changed answer recomputes what is made of it and marks what must be
//! looked at or verified again.

use crate::app::proof::CREDENTIALS;
use crate::app::wizard::Wizard;
use crate::oauth::authorize::Endpoints;
use crate::procedure::{CopySource, FieldName, Name, Procedure, ScopeNeed, Step, StepKind, Template};
use crate::setup::{Done, Question};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The scopes that are chosen to begin with.
pub fn recommended(procedure: &Procedure) -> BTreeSet<String> {
    procedure.scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
}

/// Keeps a non-secret answer. Returns whether it changed.
pub fn set_answer(wizard: &mut Wizard, field: FieldName, value: &str) -> bool {
    let before = wizard.setup.answers.get(&field).map_or("", String::as_str);
    if before == value {
        return false;
    }
    let known_before = !before.is_empty();
    if value.is_empty() {
        wizard.setup.answers.remove(&field);
    } else {
        wizard.setup.answers.insert(field, value.to_owned());
    }
    if known_before {
        changed(wizard, field);
    }
    true
}

/// An answer (secret or not) has another value than before.
pub fn changed(wizard: &mut Wizard, field: FieldName) {
    let current = wizard.step;
    let affected: Vec<String> = wizard
        .procedure
        .steps
        .iter()
        .enumerate()
        .filter(|(index, step)| *index != current && depends(&wizard.procedure, step, field))
        .map(|(_, step)| step.id.clone())
        .collect();
    for id in affected {
        if let Some(done) = wizard.setup.done.get_mut(&id) {
            done.check_again = true;
        }
    }
    if proves(field) {
        wizard.setup.verification = None;
    }
    if CREDENTIALS.contains(&field) {
        let asked = wizard.procedure.steps.iter().filter(|step| step.kind.asks_for(field));
        let ids: Vec<String> = asked.map(|step| step.id.clone()).collect();
        for id in ids {
            if let Some(done) = wizard.setup.done.get_mut(&id) {
                done.not_proved = true;
            }
        }
    }
    if matches!(field, FieldName::ClientId | FieldName::ClientSecret | FieldName::AccountId) {
        // A grant belongs to the client it was given to.
        wizard.setup.grant = None;
        wizard.setup.decision = None;
        wizard.tokens = None;
        wizard.tokens_with = None;
    }
}

/// A required secret is lost: the step that asks for it is not done any more.
pub fn ask_again(wizard: &mut Wizard, field: FieldName) {
    for step in &wizard.procedure.steps {
        if step.kind.fields().iter().any(|asked| asked.name == field && asked.required) {
            wizard.setup.done.remove(&step.id);
        }
    }
}

/// Chosen scopes changed: what was proved about them is not proved any more.
pub fn scopes_changed(wizard: &mut Wizard) {
    wizard.setup.verification = None;
    let ids: Vec<String> = wizard
        .procedure
        .steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::Activate | StepKind::Verify))
        .map(|step| step.id.clone())
        .collect();
    for id in ids {
        if let Some(done) = wizard.setup.done.get_mut(&id) {
            done.check_again = true;
        }
    }
}

/// The current step is done as of `now`, proved or not.
pub fn mark_done(wizard: &mut Wizard, endpoints: &Endpoints, now: Timestamp) {
    let id = wizard.current().id.clone();
    let not_proved = wizard.is_not_proved(endpoints);
    wizard
        .setup
        .done
        .insert(id, Done { at: now, check_again: false, not_proved, unknown: Default::default() });
}

/// What a question is about is proved, by its answer or by a login: so are the steps that ask it.
pub fn proved(wizard: &mut Wizard, question: Question) {
    let asking = wizard.procedure.steps.iter().filter(|step| wizard.question_of(step) == Some(question));
    let ids: Vec<String> = asking.map(|step| step.id.clone()).collect();
    for id in ids {
        if let Some(done) = wizard.setup.done.get_mut(&id) {
            done.not_proved = false;
        }
    }
}

/// Whether a live answer rests on this field.
const fn proves(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::ClientId
            | FieldName::ClientSecret
            | FieldName::AccountId
            | FieldName::Management
            | FieldName::Instance
            | FieldName::Region
    )
}

/// Whether what a step shows or proves is made of this answer.
fn depends(procedure: &Procedure, step: &Step, field: FieldName) -> bool {
    let uses = |template: &Template| template.names().any(|name| made_of(name, field));
    let copies = |copy: &[crate::procedure::CopyValue]| {
        copy.iter().any(|copy| match &copy.value {
            CopySource::Template(template) => uses(template),
            CopySource::Secret(secret) => *secret == field,
        })
    };
    let by_kind = match &step.kind {
        StepKind::Activate | StepKind::Authorize | StepKind::Verify => proves(field),
        StepKind::HandOver => copies(&procedure.handover.fields) || proves(field),
        StepKind::Scopes => field == FieldName::Management,
        StepKind::Fill { .. } | StepKind::Choose { .. } | StepKind::Instruct | StepKind::Copy => false,
    };
    by_kind
        || copies(&step.copy)
        || step.text.iter().chain(&step.pitfalls).any(&uses)
        || step.open.as_ref().is_some_and(uses)
}

fn made_of(name: Name, field: FieldName) -> bool {
    match name {
        Name::Field(named) => named == field,
        Name::RedirectUrl | Name::ReceiverUrl => matches!(field, FieldName::Instance | FieldName::Region),
    }
}
