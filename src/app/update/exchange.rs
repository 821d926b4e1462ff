//! From an authorization code to stored tokens. A code is spent by asking, so it is asked with once.

use super::authorization::state_mut;
use super::{pending, secrets, wizard_mut};
use crate::app::message::{Effect, Ticket};
use crate::app::model::Model;
use crate::app::wizard::{AuthorizationPhase, StepState, Wizard};
use crate::oauth::token::StoredTokens;
use crate::oauth::{
    ClientAuthentication, Diagnosis, Failure, Grant, PendingAuthorization, TokenGrant, TokenRequest,
    diagnosis,
};
use crate::ports::CallbackPage;
use crate::procedure::FieldName;
use crate::secret::Secret;
use crate::setup::{GrantRecord, SecretKey};

/// How this set-up's app shows who it is.
pub fn client(wizard: &Wizard) -> ClientAuthentication {
    let client_id = wizard.setup.answers.get(&FieldName::ClientId).cloned().unwrap_or_default();
    match wizard.secrets.get(&FieldName::ClientSecret) {
        Some(client_secret) => {
            ClientAuthentication::Basic { client_id, client_secret: client_secret.clone() }
        }
        None => ClientAuthentication::Public { client_id },
    }
}

pub fn exchange(
    model: &mut Model,
    code: Secret,
    pending: &PendingAuthorization,
    listener: Option<Ticket>,
    out: &mut Vec<Effect>,
) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let request = TokenRequest {
        client: client(wizard),
        grant: Grant::AuthorizationCode {
            code,
            redirect_uri: pending.redirect_uri.clone(),
            verifier: pending.verifier.clone(),
        },
    };
    if let StepState::Authorize(authorization) = &mut wizard.state {
        authorization.end_waiting();
        authorization.phase = AuthorizationPhase::Exchanging { ticket, listener };
    }
    out.push(Effect::Token { ticket, request });
}

/// The token endpoint answered the exchange.
pub fn token(model: &mut Model, ticket: Ticket, result: &Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    let now = model.now;
    let store_ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let AuthorizationPhase::Exchanging { ticket: expected, listener } = authorization.phase else { return };
    if expected != ticket {
        return;
    }
    match result {
        Ok(grant) => {
            let tokens = StoredTokens::from_grant(grant, now, None);
            authorization.phase = AuthorizationPhase::Storing { ticket: store_ticket, listener };
            let id = wizard.setup.id.clone();
            let changes = vec![
                (SecretKey::SetupTokens(id.clone()), Some(tokens.to_secret())),
                (SecretKey::SetupPending(id), None),
            ];
            wizard.setup.grant = Some(GrantRecord {
                obtained_at: now,
                expires_at: tokens.expires_at,
                scopes: grant.scopes.clone(),
                api_url: grant.api_url.clone(),
                refreshable: grant.refresh_token.is_some(),
                refreshed_at: None,
                unknown: Default::default(),
            });
            wizard.setup.verification = None;
            wizard.tokens = Some(tokens);
            wizard.refreshing = None;
            wizard.tokens_unstored = false;
            wizard.tokens_with = None;
            secrets::with_store(model, Effect::WriteSecrets { ticket: store_ticket, changes }, out);
        }
        Err(failure) => {
            let problem = diagnosis::diagnose(failure, now);
            fail(model, problem, listener, out);
        }
    }
}

pub fn fail(model: &mut Model, problem: Diagnosis, listener: Option<Ticket>, out: &mut Vec<Effect>) {
    let page = if problem.code == "access-denied" {
        CallbackPage::Declined
    } else {
        CallbackPage::Failed {
            heading: problem.heading.clone(),
            cause: problem.cause.clone(),
            next: problem.next.clone(),
        }
    };
    answer(listener, page, out);
    if let Some(authorization) = state_mut(model) {
        authorization.end_waiting();
        authorization.phase = AuthorizationPhase::Failed { problem };
    }
    pending::forget(model, out);
}

pub fn answer(listener: Option<Ticket>, page: CallbackPage, out: &mut Vec<Effect>) {
    if let Some(ticket) = listener {
        out.push(Effect::AnswerCallback { ticket, page });
        out.push(Effect::Cancel { ticket });
    }
}
