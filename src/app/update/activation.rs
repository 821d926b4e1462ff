//! Server-to-Server activation: proved by asking for a token, with bounded further tries while the granted
//! scopes lag (Zoom's picker and its token service are seconds apart).

use super::{form, progress, proof, save, steps, verification, wizard_mut};
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::Model;
use crate::app::wizard::{Activation, StepState, Wizard};
use crate::oauth::kind::{self, Observed};
use crate::oauth::probe::{self, Moment};
use crate::oauth::token::token_hint;
use crate::oauth::{Failure, TokenGrant};
use crate::procedure::FieldName;
use crate::scope::Catalogue;
use crate::setup::Question;
use jiff::{SignedDuration, Timestamp};

/// The state the step begins in.
pub fn begin(wizard: &Wizard) -> Activation {
    let done = wizard.setup.done.get(&wizard.current().id).is_some_and(|done| !done.check_again);
    if done { Activation::Granted { missing: Vec::new(), findings: Vec::new() } } else { Activation::Ready }
}

/// A key on the activation step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Activate(activation) = &wizard.state else { return };
    match (intent, activation) {
        (Intent::Confirm, Activation::Granted { .. }) => steps::finish(model, out),
        (Intent::Confirm | Intent::Retry, Activation::Ready | Activation::Failed { .. })
        | (Intent::Retry, Activation::Granted { .. }) => ask(model, 1, out),
        (Intent::Credentials, Activation::Failed { verdict }) => {
            let field = wizard.credentials().at_fault(verdict);
            let Some(index) = wizard.credentials_step() else { return };
            steps::go_to(model, index, out);
            if let Some(field) = field {
                form::focus_on(model, field);
            }
        }
        (Intent::Back, Activation::Asking { ticket, .. } | Activation::Lagging { ticket, .. }) => {
            let ticket = *ticket;
            wizard.state = StepState::Activate(Activation::Ready);
            out.push(Effect::Cancel { ticket });
        }
        (Intent::Back, Activation::Ready | Activation::Failed { .. } | Activation::Granted { .. }) => {
            steps::back(model, out);
        }
        _ => {}
    }
}

fn ask(model: &mut Model, attempt: usize, out: &mut Vec<Effect>) {
    if attempt == 1 {
        steps::tell_sandbox(model, out);
    }
    let ticket = model.ticket();
    let of = model.settings.lag_delays_s.len() + 1;
    let Some(wizard) = wizard_mut(model) else { return };
    let request = verification::account_credentials(wizard);
    wizard.state = StepState::Activate(Activation::Asking { ticket, attempt, of });
    out.push(Effect::Token { ticket, request });
}

/// The token endpoint answered.
pub fn token(model: &mut Model, ticket: Ticket, result: &Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    let now = model.now;
    let delays = model.settings.lag_delays_s.clone();
    let next_ticket = model.ticket();
    let endpoints = model.settings.endpoints.clone();
    let Some(wizard) = model.wizard() else { return };
    let StepState::Activate(Activation::Asking { ticket: expected, attempt, of }) = wizard.state else {
        return;
    };
    if expected != ticket {
        return;
    }
    // Kept with the set-up: a later refusal of the same values then means that the app was deactivated.
    let token_at = wizard.proof(Question::Account, &endpoints).and_then(|record| record.token_at);
    let verdict = probe::account(result, wizard.credentials(), Moment::Activation { token_at }, now);
    if let Some(about) = wizard.about(Question::Account, &endpoints) {
        proof::keep(model, Question::Account, about, verdict.clone());
    }
    let Some(wizard) = wizard_mut(model) else { return };
    let state = match result {
        Err(_) => Activation::Failed { verdict },
        Ok(grant) => {
            let hint = token_hint(&grant.access_token);
            let findings = kind::findings(&Observed {
                app_kind: wizard.procedure.app_kind,
                management: None,
                chosen: &wizard.setup.scopes,
                granted: grant.scopes.as_deref(),
                account_id: wizard.values().answer(FieldName::AccountId),
                token_account: hint.as_ref().and_then(|hint| hint.account_id.as_deref()),
                pair: None,
                redirect: None,
            });
            let missing = Catalogue::embedded().diff(&wizard.setup.scopes, grant.scopes.as_deref()).missing;
            match delays.get(attempt - 1) {
                Some(delay) if !missing.is_empty() => {
                    out.push(Effect::Wake { ticket: next_ticket, milliseconds: *delay * 1_000 });
                    Activation::Lagging {
                        ticket: next_ticket,
                        attempt,
                        of,
                        missing,
                        until: later(now, *delay),
                    }
                }
                Some(_) | None => Activation::Granted { missing, findings },
            }
        }
    };
    let granted = matches!(state, Activation::Granted { .. });
    wizard.state = StepState::Activate(state);
    if granted {
        progress::mark_done(wizard, &endpoints, now);
    }
    save(model, out);
}

/// Time for the next try.
pub fn woke(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    if let StepState::Activate(Activation::Lagging { ticket: expected, attempt, .. }) = wizard.state
        && expected == ticket
    {
        ask(model, attempt + 1, out);
    }
}

/// `seconds` after `now`.
pub fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}
