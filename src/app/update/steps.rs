//! From step to step.

use super::{
    activation, authorization, form, home, notify, pending, progress, proof, save, scopes, storing,
    verification, wizard_mut,
};
use crate::app::message::Effect;
use crate::app::model::{Model, Tone};
use crate::app::wizard::{
    Activation, Authorization, AuthorizationPhase, StepState, VerifyStage, Verifying, VerifyingPhase, Wizard,
};
use crate::ports::RehearsalApp;
use crate::procedure::{FieldName, Management, StepKind};
use crate::scope::Catalogue;
use crate::setup::{GrantDecision, loopback_redirect};

/// The last step that may be gone to: the first one that is not done.
pub fn furthest(wizard: &Wizard) -> usize {
    let steps = &wizard.procedure.steps;
    steps.iter().position(|step| !wizard.setup.done.contains_key(&step.id)).unwrap_or(steps.len() - 1)
}

/// The current step is done; on to the next.
pub fn finish(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let endpoints = model.settings.endpoints.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    progress::mark_done(wizard, &endpoints, now);
    let next = wizard.step + 1;
    if next < wizard.procedure.steps.len() {
        go_to(model, next, out);
    } else {
        storing::complete(model, out);
    }
}

/// One step back; from the first one to the home screen.
pub fn back(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    match wizard.step.checked_sub(1) {
        Some(index) => go_to(model, index, out),
        None => {
            save(model, out);
            home::show(model, out);
        }
    }
}

/// Ends what is under way on the current step, so that another step can be gone to. `false`: what is under way
/// spends something that works once, and must come to its end here.
pub fn leave_step(model: &mut Model, out: &mut Vec<Effect>) -> bool {
    let Some(wizard) = wizard_mut(model) else { return true };
    let mut under_way = None;
    let mut must_end = false;
    match &wizard.state {
        StepState::Fill(_) => {
            if let Some(saving) = &mut wizard.saving {
                saving.advance = false;
            }
        }
        StepState::Activate(Activation::Asking { ticket, .. } | Activation::Lagging { ticket, .. }) => {
            under_way = Some(*ticket);
        }
        StepState::Authorize(Authorization { phase, .. }) => match phase {
            AuthorizationPhase::Preparing { ticket, .. } => under_way = Some(*ticket),
            AuthorizationPhase::Waiting { ticket, pending, .. } => {
                // Whoever comes back finds the login still waiting.
                under_way = Some(*ticket);
                wizard.pending = Some(pending.clone());
            }
            AuthorizationPhase::Exchanging { .. } | AuthorizationPhase::Storing { .. } => must_end = true,
            AuthorizationPhase::Offer { .. }
            | AuthorizationPhase::Failed { .. }
            | AuthorizationPhase::PortTaken { .. }
            | AuthorizationPhase::Granted
            | AuthorizationPhase::NotStored { .. }
            | AuthorizationPhase::Skipped => {}
        },
        StepState::Verify(Verifying { phase, .. }) => match phase {
            VerifyingPhase::Running { stage: VerifyStage::Refresh | VerifyStage::StoreRefreshed, .. }
            | VerifyingPhase::Revoking { .. } => must_end = true,
            VerifyingPhase::Running { ticket, .. } => under_way = Some(*ticket),
            VerifyingPhase::Ready
            | VerifyingPhase::Finished
            | VerifyingPhase::Deciding { .. }
            | VerifyingPhase::RevokeFailed { .. } => {}
        },
        StepState::Read { .. }
        | StepState::Choose { .. }
        | StepState::Scopes(_)
        | StepState::Activate(Activation::Ready | Activation::Failed { .. } | Activation::Granted { .. })
        | StepState::HandOver { .. } => {}
    }
    if must_end {
        notify(model, Tone::Information, "A call to Zoom is under way and takes seconds. Then it works.");
        return false;
    }
    out.extend(under_way.map(|ticket| Effect::Cancel { ticket }));
    proof::cancel(model, out);
    true
}

/// Goes to a step and saves where the set-up stands.
pub fn go_to(model: &mut Model, index: usize, out: &mut Vec<Effect>) {
    model.scroll = 0;
    let interactive = model.settings.interactive;
    let Some(wizard) = wizard_mut(model) else { return };
    let index = index.min(furthest(wizard));
    wizard.step = index;
    wizard.setup.current = wizard.current().id.clone();
    wizard.state = state_of(wizard);
    if interactive && wizard.current().kind == StepKind::Scopes {
        // Read now, once, so that the first letter of a search need not wait for it.
        Catalogue::embedded();
    }
    tell_sandbox(model, out);
    save(model, out);
    verification::start_at_once(model, out);
    pending::take_up(model, out);
}

/// The state a step begins in, from what is known already.
fn state_of(wizard: &Wizard) -> StepState {
    match &wizard.current().kind {
        StepKind::Instruct | StepKind::Copy => StepState::Read { selected: 0 },
        StepKind::Choose { field, options } => {
            let answer = wizard.setup.answers.get(field);
            let selected = options.iter().position(|option| Some(&option.value) == answer).unwrap_or(0);
            StepState::Choose { selected }
        }
        StepKind::Fill { fields } => StepState::Fill(form::begin(wizard, fields)),
        StepKind::Scopes => StepState::Scopes(scopes::begin(wizard)),
        StepKind::Activate => StepState::Activate(activation::begin(wizard)),
        StepKind::Authorize => StepState::Authorize(authorization::begin(wizard)),
        StepKind::Verify => StepState::Verify(verification::begin(wizard)),
        StepKind::HandOver => StepState::HandOver { selected: 0 },
    }
}

/// Opens the page the step is about.
pub fn open_page(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let page = wizard.current().open.as_ref().map(|template| template.render(&wizard.values()));
    match page {
        Some(Some(url)) => open_outside(model, url, out),
        Some(None) => notify(model, Tone::Warning, "The address is not known yet: an answer is missing."),
        None => notify(model, Tone::Information, "There is no page to open on this step."),
    }
}

/// Opens a page of Zoom or of the receiver.
pub fn open_outside(model: &mut Model, url: String, out: &mut Vec<Effect>) {
    if model.settings.rehearsal.is_some() {
        // The real pages would not know the sandbox's app, so they are not opened in rehearsal.
        notify(model, Tone::Information, format!("Rehearsal: outside it, o opens {url}"));
    } else {
        out.push(Effect::OpenBrowser { url });
    }
}

/// Rehearsal: the sandbox learns what the admin would have entered on the app page by now.
pub fn tell_sandbox(model: &mut Model, out: &mut Vec<Effect>) {
    if model.settings.rehearsal.is_none() {
        return;
    }
    let loopback = model.settings.loopback_ports.iter().map(|port| loopback_redirect(*port)).collect();
    if let Some(wizard) = model.wizard() {
        out.push(Effect::ConfigureSandbox(sandbox_app(wizard, loopback)));
    }
}

/// What the admin would have entered on the app page by now, with the loopback redirects in the allow list.
pub fn sandbox_app(wizard: &Wizard, loopback: Vec<String>) -> RehearsalApp {
    let management = wizard.setup.answers.get(&FieldName::Management).map(String::as_str);
    RehearsalApp {
        server_to_server: wizard.is_server_to_server(),
        redirects: wizard.values().redirect_url().into_iter().chain(loopback).collect(),
        scopes: wizard.setup.scopes.iter().cloned().collect(),
        user_managed: management == Some(Management::User.as_str()),
        // Who stands at the step that asks Zoom has pressed the button there.
        activated: wizard
            .procedure
            .steps
            .iter()
            .take(wizard.step + 1)
            .any(|step| step.kind == StepKind::Activate),
    }
}

/// Whether the wizard holds a login of its own on which nothing was decided yet.
pub fn undecided_grant(wizard: &Wizard) -> bool {
    wizard.tokens.is_some()
        && !wizard.is_server_to_server()
        && wizard.setup.decision != Some(GrantDecision::KeepAndOwn)
}
