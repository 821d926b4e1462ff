//! The refresh of the verify step: asked of the renewer, which keeps the new pair before anybody uses it.

use super::checks::{failed, not_checked, note_clock, pass};
use super::exchange::client;
use super::{save, secrets, store_failure_text, verification, wizard_mut};
use crate::app::message::{Effect, Ticket};
use crate::app::model::Model;
use crate::app::wizard::{VerifyStage, VerifyingPhase, Wizard};
use crate::oauth::renewal::TokenRecord;
use crate::oauth::token::StoredTokens;
use crate::oauth::{Failure, TokenGrant, diagnosis};
use crate::ports::{Adopted, Renewal, RenewalRequest, StoreFailure};
use crate::setup::{Check, Outcome};
use jiff::Timestamp;

/// The login that helps where a refresh token is of no use any more.
const LOG_IN_ANEW: &str = "Esc to the login, and r there logs in anew.";

/// What a mark on stored tokens means, in a sentence.
pub fn begun_at(since: Timestamp) -> String {
    let since = since.strftime("%Y-%m-%d %H:%M UTC");
    format!("A refresh was begun at {since}, and its end is not known.")
}

/// Begins the refresh. A pair that no store has taken yet is written first: its refresh token is all there is.
pub fn begin(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) -> VerifyStage {
    let Some(wizard) = wizard_mut(model) else { return VerifyStage::Refresh };
    let key = wizard.tokens_key();
    if let Some(record) = wizard.token_record().filter(|_| wizard.tokens_unstored) {
        let changes = vec![(key, Some(record.to_secret()))];
        secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
        return VerifyStage::StoreRefreshed;
    }
    let request = RenewalRequest { key, client: client(wizard), when_less_than_s: None };
    secrets::with_store(model, Effect::Renew { ticket, request }, out);
    VerifyStage::Refresh
}

/// The refresh came to an end.
pub fn renewed(model: &mut Model, ticket: Ticket, renewal: Renewal, out: &mut Vec<Effect>) {
    if verification::stage_of(model, ticket) != Some(VerifyStage::Refresh) {
        return;
    }
    match renewal {
        Renewal::Renewed { tokens, grant } => {
            take(model, tokens, Some(&grant));
            let check = pass("refresh", "Refresh", "Zoom gave a new pair; it was stored before use.");
            go_on(model, vec![check], out);
        }
        Renewal::Fresh { tokens, adopted } => {
            take(model, tokens, None);
            let checks = match adopted {
                None => {
                    let detail = "Another zoom-setup has just refreshed it; its pair is used.";
                    vec![pass("refresh", "Refresh", detail)]
                }
                Some(Adopted { place, failure: None }) => {
                    let detail =
                        format!("The pair that could not be stored was in {place}; it is stored now.");
                    vec![pass("refresh", "Refresh", &detail)]
                }
                Some(Adopted { place, failure: Some(failure) }) => not_stored(&failure, Some(&place)),
            };
            go_on(model, checks, out);
        }
        Renewal::NotStored { tokens, grant, failure, rescued } => {
            take(model, tokens, Some(&grant));
            if let Some(wizard) = wizard_mut(model) {
                wizard.tokens_unstored = rescued.is_none();
            }
            go_on(model, not_stored(&failure, rescued.as_deref()), out);
        }
        Renewal::Refused { failure, .. } | Renewal::NotSent { failure, .. } => {
            let problem = diagnosis::diagnose(&failure, model.now);
            end(model, failed("refresh", "Refresh", &problem), Some(&failure), out);
        }
        Renewal::Unknown { tokens, since, failure } => {
            if let Some(wizard) = wizard_mut(model) {
                wizard.refreshing =
                    TokenRecord::of_login(tokens.clone()).marked(since).and_then(|marked| marked.refreshing);
                wizard.tokens = Some(tokens);
            }
            let begun = begun_at(since);
            let problem = failure.as_ref().map(|failure| diagnosis::diagnose(failure, model.now));
            let cause = problem.as_ref().map(|problem| format!(" {}.", problem.heading)).unwrap_or_default();
            let check = Check {
                next: Some(LOG_IN_ANEW.to_owned()),
                diagnosis: problem,
                ..unproved(
                    "refresh",
                    "Refresh",
                    &format!(
                        "{begun}{cause} Zoom may have spent the refresh token, so it is never sent again."
                    ),
                )
            };
            end(model, check, failure.as_ref(), out);
        }
        Renewal::NoRefreshToken { tokens } => {
            take(model, tokens, None);
            go_on(model, vec![not_checked("refresh", "Refresh", "Zoom gave no refresh token.")], out);
        }
        Renewal::NoTokens => {
            let check = Check {
                next: Some(LOG_IN_ANEW.to_owned()),
                ..unproved("store", "Store", "The tokens of the test login are no longer in the store.")
            };
            end(model, check, None, out);
        }
        Renewal::Store(failure) => {
            let detail = format!("Nothing was sent to Zoom: {}", store_failure_text(&failure));
            let next = Some("Press r to try again.".to_owned());
            end(model, Check { next, ..unproved("store", "Store", &detail) }, None, out);
        }
    }
}

/// A pair that no store had taken was written again.
pub fn secrets_written(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    if verification::stage_of(model, ticket) != Some(VerifyStage::StoreRefreshed) {
        return;
    }
    let checks = match result {
        Ok(()) => vec![pass("refresh", "Refresh", "The new pair that Zoom gave is stored now.")],
        Err(failure) => not_stored(failure, None),
    };
    if let Some(wizard) = wizard_mut(model) {
        wizard.tokens_unstored = result.is_err();
    }
    go_on(model, checks, out);
}

/// The pair that counts from now on.
fn take(model: &mut Model, tokens: StoredTokens, grant: Option<&TokenGrant>) {
    let now = model.now;
    let Some(wizard) = wizard_mut(model) else { return };
    if let Some(record) = &mut wizard.setup.grant {
        record.refreshed_at = Some(grant.map_or(tokens.obtained_at, |_| now));
        record.expires_at = tokens.expires_at;
        if let Some(grant) = grant {
            record.scopes = grant.scopes.clone().or_else(|| record.scopes.take());
            record.api_url = grant.api_url.clone().or_else(|| record.api_url.take());
        }
    }
    wizard.tokens = Some(tokens);
    wizard.refreshing = None;
    wizard.tokens_unstored = false;
    if let (Some(verifying), Some(grant)) = (wizard.verifying_mut(), grant) {
        note_clock(&mut verifying.checks, grant.clock_offset_s);
        verifying.granted.clone_from(&grant.scopes);
        verifying.api_url.clone_from(&grant.api_url);
    }
}

/// There is a token: whose it is comes next.
fn go_on(model: &mut Model, checks: Vec<Check>, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(verifying) = wizard.verifying_mut() else { return };
    verifying.checks.extend(checks);
    verifying.phase = VerifyingPhase::Running { ticket, stage: VerifyStage::Me };
    verification::ask_me(wizard, ticket, out);
    save(model, out);
}

/// There is no token to ask with.
fn end(model: &mut Model, check: Check, failure: Option<&Failure>, out: &mut Vec<Effect>) {
    let Some(verifying) = wizard_mut(model).and_then(Wizard::verifying_mut) else { return };
    note_clock(&mut verifying.checks, failure.and_then(|failure| failure.clock_offset_s));
    verifying.checks.push(check);
    for (code, title) in [("account", "Account"), ("scopes", "Scopes")] {
        verifying.checks.push(not_checked(code, title, "There is no new token to ask with."));
    }
    verification::finish(model, out);
}

fn unproved(code: &str, title: &str, detail: &str) -> Check {
    Check { outcome: Outcome::Fail, ..pass(code, title, detail) }
}

/// The new pair is not where it belongs.
fn not_stored(failure: &StoreFailure, place: Option<&str>) -> Vec<Check> {
    let failure = store_failure_text(failure);
    let failure = failure.trim_end_matches('.');
    let (rest, next) = match place {
        Some(place) => (
            format!("It is safe, encrypted, in {place}"),
            "Make room for it. Then r brings it back, and so does any later run.",
        ),
        None => (
            "It is nowhere but in this run".to_owned(),
            "Make room for it, then press r before you leave: r writes it again.",
        ),
    };
    let detail = format!("The new pair could not be stored: {failure}. {rest}.");
    let store = Check { next: Some(next.to_owned()), ..unproved("store", "Store", &detail) };
    vec![pass("refresh", "Refresh", "Zoom gave a new pair."), store]
}
