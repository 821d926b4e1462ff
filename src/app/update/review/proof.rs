//! The proof on the screen: a token that costs the grant nothing (law 1), then one harmless read after another.

use crate::app::message::{Effect, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::review::{Found, Proving, Reads, ReviewOf, Reviewing, Stage};
use crate::app::update::{notify, secrets, steps, store_failure_text, verification::account_credentials};
use crate::oauth::token::StoredTokens;
use crate::oauth::{ApiAnswer, ClientAuthentication, Failure, Grant, TokenGrant, TokenRequest, diagnosis};
use crate::ports::StoreFailure;
use crate::procedure::{AppKind, FieldName};
use crate::scope::Catalogue;
use crate::scope::proof::{Outcome, Pace, Proof, ProofSubject, TokenUser};
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey};
use jiff::tz::TimeZone;

const EXPIRED: &str =
    "The stored access token is older than its hour, and a proof does not spend the refresh token.";

/// Begins a proof, if there is a token to read with or something to ask for one with.
pub fn start(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = model.review.as_ref().filter(|reviewing| reviewing.proving.is_none()) else {
        return;
    };
    match reviewing.about.of.clone() {
        ReviewOf::Anything => {
            let text = "A proof needs a token, and a list has none. w chooses a stored connection.";
            notify(model, Tone::Warning, text);
        }
        ReviewOf::Connection(name) => {
            let Some(connection) = model.connection(&name) else {
                return notify(model, Tone::Failure, format!("There is no connection {name} any more."));
            };
            let key = match connection.app_kind {
                AppKind::General => SecretKey::ConnectionTokens(name),
                AppKind::ServerToServer => SecretKey::ConnectionField(name, FieldName::ClientSecret),
            };
            let ticket = model.ticket();
            wait(model, ticket, Stage::Secrets);
            secrets::with_store(model, Effect::ReadSecrets { ticket, keys: vec![key] }, out);
        }
        ReviewOf::Setup => of_setup(model, out),
    }
}

/// In a set-up the secrets are at hand.
fn of_setup(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(wizard) = model.wizard() else { return };
    if wizard.is_server_to_server() {
        if !wizard.secrets.contains_key(&FieldName::ClientSecret) {
            return notify(
                model,
                Tone::Warning,
                "The Client Secret comes first: a token is asked for with it.",
            );
        }
        let request = account_credentials(wizard);
        steps::tell_sandbox(model, out);
        let ticket = model.ticket();
        wait(model, ticket, Stage::Token);
        return out.push(Effect::Token { ticket, request });
    }
    let api_url = wizard.setup.grant.as_ref().and_then(|grant| grant.api_url.clone());
    match wizard.tokens.clone() {
        None => {
            let text = "No login was made in this set-up, so there is no token to read with.";
            notify(model, Tone::Warning, text);
        }
        Some(tokens) if tokens.expires_at <= now => notify(model, Tone::Warning, EXPIRED),
        Some(tokens) => read_with(model, tokens.access_token, api_url, out),
    }
}

fn wait(model: &mut Model, ticket: Ticket, stage: Stage) {
    if let Some(reviewing) = &mut model.review {
        reviewing.proving = Some(Proving { ticket, stage });
    }
}

/// The proof that waits for this ticket.
fn waiting(model: &mut Model, ticket: Ticket) -> Option<&mut Reviewing> {
    let reviewing = model.review.as_deref_mut()?;
    reviewing.proving.as_ref().is_some_and(|proving| proving.ticket == ticket).then_some(reviewing)
}

/// Nothing is read: says why.
fn refuse(model: &mut Model, tone: Tone, why: impl Into<String>) {
    if let Some(reviewing) = &mut model.review {
        reviewing.proving = None;
    }
    notify(model, tone, why);
}

/// What the store had.
pub fn secrets_read(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let Some(reviewing) = waiting(model, ticket) else { return };
    let ReviewOf::Connection(name) = reviewing.about.of.clone() else { return };
    let found = match result {
        Ok(found) => found.first().and_then(|(_, value)| value.clone()),
        Err(failure) => {
            let text = format!("Not proved: {}", store_failure_text(failure));
            return refuse(model, Tone::Failure, text);
        }
    };
    let Some(connection) = model.connection(&name).cloned() else {
        return refuse(model, Tone::Failure, format!("There is no connection {name} any more."));
    };
    match (connection.app_kind, found) {
        (AppKind::ServerToServer, Some(client_secret)) => {
            let request = token_request(&connection, client_secret);
            let next = model.ticket();
            wait(model, next, Stage::Token);
            out.push(Effect::Token { ticket: next, request });
        }
        (AppKind::ServerToServer, None) => {
            refuse(model, Tone::Warning, "The client secret of this connection is not stored here.");
        }
        (AppKind::General, found) => match found.as_ref().and_then(StoredTokens::from_secret) {
            None => {
                let receiver = connection.receiver.label();
                let text = format!(
                    "{receiver} holds the grant of this connection: there is no token here to read with."
                );
                refuse(model, Tone::Warning, text);
            }
            Some(tokens) if tokens.expires_at <= now => refuse(model, Tone::Warning, EXPIRED),
            Some(tokens) => {
                let api_url = connection.grant.and_then(|grant| grant.api_url);
                read_with(model, tokens.access_token, api_url, out);
            }
        },
    }
}

fn token_request(connection: &Connection, client_secret: Secret) -> TokenRequest {
    let answer = |field| connection.answers.get(&field).cloned().unwrap_or_default();
    TokenRequest {
        client: ClientAuthentication::Basic { client_id: answer(FieldName::ClientId), client_secret },
        grant: Grant::AccountCredentials { account_id: answer(FieldName::AccountId) },
    }
}

/// A new token of a Server-to-Server app: what it was granted is known from now on.
pub fn token(model: &mut Model, ticket: Ticket, result: &Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(reviewing) = waiting(model, ticket) else { return };
    match result {
        Ok(grant) => {
            reviewing.about.granted.clone_from(&grant.scopes);
            reviewing.about.granted_at = Some(now);
            reviewing.renew();
            read_with(model, grant.access_token.clone(), grant.api_url.clone(), out);
        }
        Err(failure) => {
            let problem = diagnosis::diagnose(failure, now);
            refuse(model, Tone::Failure, format!("Not proved: {}. {}", problem.heading, problem.next));
        }
    }
}

fn read_with(model: &mut Model, access_token: Secret, api_url: Option<String>, out: &mut Vec<Effect>) {
    let now = model.now;
    let pace = if model.settings.rehearsal.is_some() { Pace::REHEARSAL } else { Pace::ZOOM };
    let Some(reviewing) = &mut model.review else { return };
    // Where the answer names no scopes, those that the app should have are tried.
    let granted = reviewing
        .about
        .granted
        .clone()
        .unwrap_or_else(|| reviewing.to_add().into_iter().map(str::to_owned).collect());
    let user = match reviewing.about.app_kind {
        Some(AppKind::General) | None => TokenUser::SignedIn,
        Some(AppKind::ServerToServer) => TokenUser::Account,
    };
    let today = now.to_zoned(TimeZone::UTC).date();
    let subject = ProofSubject { granted: &granted, user, today, pace };
    let proof = Proof::new(Catalogue::embedded(), subject, now);
    go_on(model, proof, access_token, api_url, out);
}

/// What is known by now, and the next read, if there is one.
fn go_on(
    model: &mut Model,
    proof: Proof,
    access_token: Secret,
    api_url: Option<String>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let ticket = model.ticket();
    let Some(reviewing) = &mut model.review else { return };
    let results = proof.results().into_iter().map(|proved| (proved.scope.clone(), proved)).collect();
    reviewing.found = Some(Found { at: now, results, stopped: proof.stopped().cloned(), cancelled: false });
    let Some(next) = proof.next() else {
        return end(model);
    };
    let wait = next.not_before.as_millisecond().saturating_sub(now.as_millisecond());
    let reads = Box::new(Reads { proof, next, access_token, api_url });
    match u64::try_from(wait) {
        Ok(milliseconds @ 1..) => {
            reviewing.proving = Some(Proving { ticket, stage: Stage::Pause(reads) });
            out.push(Effect::Wake { ticket, milliseconds });
        }
        Ok(0) | Err(_) => read(reviewing, ticket, reads, out),
    }
}

fn read(reviewing: &mut Reviewing, ticket: Ticket, reads: Box<Reads>, out: &mut Vec<Effect>) {
    let request = reads.next.request(reads.api_url.as_deref(), &reads.access_token);
    reviewing.proving = Some(Proving { ticket, stage: Stage::Read(reads) });
    out.push(Effect::Read { ticket, request });
}

/// The pace allows the next read.
pub fn woke(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    let next = model.ticket();
    let Some(reviewing) = waiting(model, ticket) else { return };
    if let Some(Proving { stage: Stage::Pause(reads), .. }) = reviewing.proving.take() {
        read(reviewing, next, reads, out);
    }
}

/// Zoom answered a read.
pub fn answered(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<ApiAnswer, Failure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let Some(reviewing) = waiting(model, ticket) else { return };
    let Some(Proving { stage: Stage::Read(reads), .. }) = reviewing.proving.take() else { return };
    let Reads { mut proof, next, access_token, api_url } = *reads;
    proof.answered(&next, result, now);
    go_on(model, proof, access_token, api_url, out);
}

fn end(model: &mut Model) {
    let Some(reviewing) = &mut model.review else { return };
    reviewing.proving = None;
    let Some(found) = &reviewing.found else { return };
    if let Some(problem) = &found.stopped {
        let text = format!("The proof ended early: {}. {}", problem.heading, problem.next);
        return notify(model, Tone::Failure, text);
    }
    let count = |wanted: fn(&Outcome) -> bool| {
        found.results.values().filter(|proved| wanted(&proved.outcome)).count()
    };
    let works = count(|outcome| matches!(outcome, Outcome::Works | Outcome::NotFoundButAllowed));
    let refused = count(|outcome| matches!(outcome, Outcome::ScopeMissing { .. }));
    let other = found.results.len() - works - refused;
    let tone = if refused > 0 { Tone::Failure } else { Tone::Success };
    notify(
        model,
        tone,
        format!("Proof done: {works} work, {refused} refused by Zoom, {other} could not tell."),
    );
}

/// Esc: what was proved by then stays.
pub fn cancel(model: &mut Model, out: &mut Vec<Effect>) {
    stop(model, out);
    if let Some(found) = model.review.as_mut().and_then(|reviewing| reviewing.found.as_mut()) {
        found.cancelled = true;
    }
    notify(model, Tone::Information, "Stopped. What was proved by then stands. Nothing in Zoom was changed.");
}

/// Ends whatever is under way.
pub fn stop(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(proving) = model.review.as_mut().and_then(|reviewing| reviewing.proving.take()) {
        out.push(Effect::Cancel { ticket: proving.ticket });
    }
}
