//! The verify step: every claim is proved by a live answer or marked as not checked.

use super::checks::{
    Scopes, describe, failed, first_user, kind_check, not_checked, note_clock, pass, proved_before,
    scopes_check, tell_more, user, warn_left_out,
};
use super::exchange::client;
use super::{notify, refreshing, save, secrets, steps, storing, wizard_mut};
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::wizard::{StepState, VerifyStage, Verifying, VerifyingPhase, Wizard};
use crate::oauth::kind::{self, Observed};
use crate::oauth::token::{StoredTokens, token_hint};
use crate::oauth::{
    ApiAnswer, ApiRead, Diagnosis, Failure, Grant, RevokeRequest, TokenGrant, TokenRequest, diagnosis,
};
use crate::procedure::{FieldName, Management};
use crate::scope::Catalogue;
use crate::setup::{Check, GrantDecision, Outcome, Question, Verification};

/// The state the step begins in: the last result, if it still holds.
pub fn begin(wizard: &Wizard) -> Verifying {
    let empty = Verifying {
        phase: VerifyingPhase::Ready,
        checks: Vec::new(),
        granted: None,
        account: None,
        api_url: None,
        acknowledged: false,
    };
    match &wizard.setup.verification {
        Some(verification) => Verifying {
            phase: ended(wizard, verification.failed()),
            checks: verification.checks.clone(),
            granted: verification.granted.clone(),
            account: verification.account.clone(),
            ..empty
        },
        None => empty,
    }
}

/// With a test login of the wizard's own, the end is a decision about it (law 1).
fn ended(wizard: &Wizard, failed: bool) -> VerifyingPhase {
    if steps::undecided_grant(wizard) && !failed {
        VerifyingPhase::Deciding { selected: 0 }
    } else {
        VerifyingPhase::Finished
    }
}

/// Nothing has to be asked of the admin first, so the checks begin by themselves.
pub fn start_at_once(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(wizard) = wizard_mut(model)
        && let StepState::Verify(Verifying { phase: VerifyingPhase::Ready, .. }) = &wizard.state
    {
        start(model, out);
    }
}

/// The Server-to-Server token request of a set-up.
pub fn account_credentials(wizard: &Wizard) -> TokenRequest {
    let account_id = wizard.setup.answers.get(&FieldName::AccountId).cloned().unwrap_or_default();
    TokenRequest { client: client(wizard), grant: Grant::AccountCredentials { account_id } }
}

/// A key on the verify step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Verify(verifying) = &mut wizard.state else { return };
    match (&mut verifying.phase, intent) {
        (VerifyingPhase::Ready, Intent::Confirm | Intent::Retry)
        | (VerifyingPhase::Finished, Intent::Retry) => {
            start(model, out);
        }
        (VerifyingPhase::Finished, Intent::Confirm) => {
            let failed = verifying.checks.iter().filter(|check| check.outcome == Outcome::Fail).count();
            if failed > 0 && !verifying.acknowledged {
                verifying.acknowledged = true;
                let text = format!(
                    "{failed} failed. What to do stands beside each; Enter once more goes on without."
                );
                return notify(model, Tone::Warning, text);
            }
            if steps::undecided_grant(wizard) {
                // Failing or not, the wizard's login must not stay behind undecided.
                if let Some(verifying) = wizard.verifying_mut() {
                    verifying.phase = VerifyingPhase::Deciding { selected: 0 };
                }
                return;
            }
            storing::store(model, out);
        }
        (VerifyingPhase::Deciding { selected }, Intent::Up | Intent::FocusPrevious) => {
            *selected = selected.saturating_sub(1);
        }
        (VerifyingPhase::Deciding { selected }, Intent::Down | Intent::FocusNext) => {
            *selected = (*selected + 1).min(1)
        }
        (VerifyingPhase::Deciding { selected }, Intent::Confirm) => {
            if *selected == 0 {
                revoke(model, out);
            } else {
                wizard.setup.decision = Some(GrantDecision::KeepAndOwn);
                storing::store(model, out);
            }
        }
        (VerifyingPhase::Deciding { .. }, Intent::Retry) => start(model, out),
        (VerifyingPhase::RevokeFailed { .. }, Intent::Retry) => revoke(model, out),
        (VerifyingPhase::RevokeFailed { problem }, Intent::Confirm) => {
            let problem = problem.clone();
            forget_tokens(model, Some(problem), out);
        }
        (VerifyingPhase::Running { ticket, stage }, Intent::Back) => {
            if matches!(stage, VerifyStage::Refresh | VerifyStage::StoreRefreshed) {
                // A refresh token is spent by asking: the answer is waited for, it comes within seconds.
                return notify(model, Tone::Information, "The refresh is under way and takes seconds.");
            }
            let ticket = *ticket;
            verifying.phase = VerifyingPhase::Ready;
            out.push(Effect::Cancel { ticket });
            steps::back(model, out);
        }
        (
            VerifyingPhase::Ready
            | VerifyingPhase::Finished
            | VerifyingPhase::Deciding { .. }
            | VerifyingPhase::RevokeFailed { .. },
            Intent::Back,
        ) => steps::back(model, out),
        _ => {}
    }
}

fn start(model: &mut Model, out: &mut Vec<Effect>) {
    steps::tell_sandbox(model, out);
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    wizard.setup.verification = None;
    let fresh = Verifying {
        phase: VerifyingPhase::Ready,
        checks: Vec::new(),
        granted: wizard.setup.grant.as_ref().and_then(|grant| grant.scopes.clone()),
        account: None,
        api_url: wizard.setup.grant.as_ref().and_then(|grant| grant.api_url.clone()),
        acknowledged: false,
    };
    if wizard.is_server_to_server() {
        let request = account_credentials(wizard);
        wizard.state = StepState::Verify(running(fresh, ticket, VerifyStage::Token));
        return out.push(Effect::Token { ticket, request });
    }
    match wizard.tokens.clone() {
        Some(StoredTokens { refresh_token: Some(_), .. }) => {
            let mut verifying = fresh;
            verifying.checks.push(pass("token", "Token", "Zoom gave the wizard's test login a token."));
            let stage = refreshing::begin(model, ticket, out);
            if let Some(wizard) = wizard_mut(model) {
                wizard.state = StepState::Verify(running(verifying, ticket, stage));
            }
        }
        Some(_) => {
            let mut verifying = running(fresh, ticket, VerifyStage::Me);
            verifying.checks.push(pass("token", "Token", "Zoom gave the wizard's test login a token."));
            verifying.checks.push(not_checked("refresh", "Refresh", "Zoom gave no refresh token."));
            wizard.state = StepState::Verify(verifying);
            ask_me(wizard, ticket, out);
        }
        None => {
            let mut verifying = fresh;
            let why = "No test login was made. The receiver's own login will show it.";
            verifying.checks = ["token", "account", "scopes", "refresh"]
                .into_iter()
                .zip(["Token", "Account", "Scopes", "Refresh"])
                .map(|(code, title)| not_checked(code, title, why))
                .collect();
            wizard.state = StepState::Verify(verifying);
            finish(model, out);
        }
    }
}

fn running(mut verifying: Verifying, ticket: Ticket, stage: VerifyStage) -> Verifying {
    verifying.phase = VerifyingPhase::Running { ticket, stage };
    verifying
}

/// Asks whose the token is.
pub fn ask_me(wizard: &Wizard, ticket: Ticket, out: &mut Vec<Effect>) {
    read_path(wizard, ticket, "/users/me", out);
}

fn read_path(wizard: &Wizard, ticket: Ticket, path: &str, out: &mut Vec<Effect>) {
    let Some(StoredTokens { access_token, .. }) = &wizard.tokens else { return };
    let api_url = wizard.verifying().and_then(|verifying| verifying.api_url.clone());
    let request = ApiRead { api_url, path: path.to_owned(), access_token: access_token.clone() };
    out.push(Effect::Read { ticket, request });
}

/// The stage that waits for this ticket.
pub fn stage_of(model: &Model, ticket: Ticket) -> Option<VerifyStage> {
    match model.wizard()?.verifying()?.phase {
        VerifyingPhase::Running { ticket: expected, stage } if expected == ticket => Some(stage),
        VerifyingPhase::Ready
        | VerifyingPhase::Running { .. }
        | VerifyingPhase::Finished
        | VerifyingPhase::Deciding { .. }
        | VerifyingPhase::Revoking { .. }
        | VerifyingPhase::RevokeFailed { .. } => None,
    }
}

/// A Server-to-Server token, or a refusal.
pub fn token(model: &mut Model, ticket: Ticket, result: Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    if stage_of(model, ticket) != Some(VerifyStage::Token) {
        return;
    }
    let now = model.now;
    let next = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(verifying) = wizard.verifying_mut() else { return };
    match result {
        Err(failure) => {
            let problem = diagnosis::diagnose(&failure, now);
            note_clock(&mut verifying.checks, failure.clock_offset_s);
            verifying.checks.push(failed("token", "Token", &problem));
            for (code, title) in [("account", "Account"), ("scopes", "Scopes")] {
                verifying.checks.push(not_checked(code, title, "There is no token to ask with."));
            }
            finish(model, out);
        }
        Ok(grant) => {
            note_clock(&mut verifying.checks, grant.clock_offset_s);
            verifying.granted.clone_from(&grant.scopes);
            verifying.api_url.clone_from(&grant.api_url);
            verifying.checks.push(pass(
                "token",
                "Token",
                "Zoom gave a token for this account, ID and secret.",
            ));
            verifying.phase = VerifyingPhase::Running { ticket: next, stage: VerifyStage::Me };
            wizard.tokens = Some(StoredTokens::from_grant(&grant, now, None));
            ask_me(wizard, next, out);
        }
    }
}

/// The API answered.
pub fn read(model: &mut Model, ticket: Ticket, result: Result<ApiAnswer, Failure>, out: &mut Vec<Effect>) {
    let Some(stage) = stage_of(model, ticket) else { return };
    let now = model.now;
    let next = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(tokens) = wizard.tokens.clone() else { return };
    let hint = token_hint(&tokens.access_token);
    let server_to_server = wizard.is_server_to_server();
    let Some(verifying) = wizard.verifying_mut() else { return };
    match result {
        Ok(answer) => {
            note_clock(&mut verifying.checks, answer.clock_offset_s);
            let mut facts =
                if stage == VerifyStage::Users { first_user(&answer.body) } else { user(&answer.body) };
            if facts.account_id.is_none() {
                facts.account_id = hint.and_then(|hint| hint.account_id);
            }
            let who = describe(&facts);
            let detail = match stage {
                VerifyStage::Users => format!("The API answers; a user of the account: {who}"),
                VerifyStage::Me | VerifyStage::Token | VerifyStage::Refresh | VerifyStage::StoreRefreshed => {
                    format!("The token belongs to {who}")
                }
            };
            verifying.checks.push(pass("account", "Account", &detail));
            verifying.account = Some(facts);
            finish(model, out);
        }
        Err(failure) if stage == VerifyStage::Me && tell_more(&failure) => {
            verifying.phase = VerifyingPhase::Running { ticket: next, stage: VerifyStage::Users };
            read_path(wizard, next, "/users?page_size=1", out);
        }
        Err(failure) => {
            note_clock(&mut verifying.checks, failure.clock_offset_s);
            let problem = diagnosis::diagnose(&failure, now);
            let check = if problem.code == "missing-scope" {
                // The refusal names scopes, so the token itself was accepted.
                let what =
                    if server_to_server { "user:read:list_users:admin" } else { "user:read:user:admin" };
                let detail =
                    format!("Zoom accepts the token, but without {what} it does not say whose it is.");
                not_checked("account", "Account", &detail)
            } else {
                failed("account", "Account", &problem)
            };
            verifying.checks.push(check);
            finish(model, out);
        }
    }
}

/// Every question is asked: scopes are compared, the result is kept.
pub fn finish(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let endpoints = model.settings.endpoints.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    let chosen = wizard.setup.scopes.clone();
    let app_kind = wizard.procedure.app_kind;
    let management = match wizard.setup.answers.get(&FieldName::Management).map(String::as_str) {
        Some("user") => Some(Management::User),
        Some(_) => Some(Management::Admin),
        None => wizard.procedure.management.first().copied(),
    };
    let server_to_server = wizard.is_server_to_server();
    let token_account =
        wizard.tokens.as_ref().and_then(|tokens| token_hint(&tokens.access_token)?.account_id);
    let left_out: Vec<String> = wizard.required_left_out().into_iter().map(str::to_owned).collect();
    let findings = kind::findings(&Observed {
        app_kind,
        management,
        chosen: &chosen,
        granted: wizard.verifying().and_then(|verifying| verifying.granted.as_deref()),
        account_id: wizard.values().answer(FieldName::AccountId).filter(|_| server_to_server),
        token_account: token_account.as_deref(),
        pair: wizard.proof(Question::Pair, &endpoints).map(|record| &record.verdict),
        redirect: wizard.proof(Question::Redirect, &endpoints).map(|record| &record.verdict),
    });
    let user_managed = findings.iter().any(|finding| finding.code == "user-managed");
    let kind_checks: Vec<Check> = findings.into_iter().map(kind_check).collect();
    let earlier = proved_before(wizard, &endpoints);
    let Some(verifying) = wizard.verifying_mut() else { return };
    let granted = verifying.granted.clone();
    let (mut missing, mut excess) = (Vec::new(), Vec::new());
    let has = |checks: &[Check], code: &str| checks.iter().any(|check| check.code == code);
    if !has(&verifying.checks, "scopes") {
        let catalogue = Catalogue::embedded();
        let diff = catalogue.diff(&chosen, granted.as_deref());
        missing = diff.missing;
        excess = diff.excess;
        verifying.checks.push(scopes_check(&Scopes {
            granted: granted.as_deref(),
            server_to_server,
            chosen: chosen.len(),
            missing: &missing,
            excess: &excess,
            by_kind: user_managed,
        }));
    }
    for check in verifying.checks.iter_mut().filter(|check| check.code == "scopes") {
        warn_left_out(check, &left_out);
    }
    verifying.checks.extend(kind_checks);
    verifying.checks.extend(earlier);
    let verification = Verification {
        at: now,
        checks: verifying.checks.clone(),
        account: verifying.account.clone(),
        granted,
        missing,
        excess,
        unknown: Default::default(),
    };
    let failed = verification.failed();
    wizard.setup.verification = Some(verification);
    let phase = ended(wizard, failed);
    if let Some(verifying) = wizard.verifying_mut() {
        verifying.phase = phase;
    }
    if wizard.is_server_to_server() {
        // A Server-to-Server token is asked for anew each time; keeping it would only be one more secret.
        wizard.tokens = None;
    }
    save(model, out);
}

fn revoke(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(tokens) = wizard.tokens.clone() else { return forget_tokens(model, None, out) };
    let request = RevokeRequest { client: client(wizard), token: tokens.access_token };
    if let Some(verifying) = wizard.verifying_mut() {
        verifying.phase = VerifyingPhase::Revoking { ticket };
    }
    out.push(Effect::Revoke { ticket, request });
}

/// Zoom answered the revocation.
pub fn revoked(model: &mut Model, ticket: Ticket, result: Result<(), Failure>, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(verifying) = wizard.verifying_mut() else { return };
    if !matches!(verifying.phase, VerifyingPhase::Revoking { ticket: expected } if expected == ticket) {
        return;
    }
    match result {
        Ok(()) => forget_tokens(model, None, out),
        Err(failure) => {
            let problem = diagnosis::diagnose(&failure, now);
            verifying.phase = VerifyingPhase::RevokeFailed { problem };
        }
    }
}

/// The wizard's tokens leave this machine; the receiver logs in last.
fn forget_tokens(model: &mut Model, problem: Option<Diagnosis>, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let key = wizard.tokens_key();
    wizard.tokens = None;
    wizard.tokens_with = None;
    wizard.setup.grant = None;
    wizard.setup.decision = Some(GrantDecision::RevokeAndHandOver);
    let check = match &problem {
        None => pass(
            "revoke",
            "Revoke",
            "The wizard's test login is revoked. The receiver's will be the only one.",
        ),
        Some(problem) => Check {
            outcome: Outcome::Warning,
            next: Some("The receiver's login, made last, replaces it.".to_owned()),
            ..failed("revoke", "Revoke", problem)
        },
    };
    if let Some(verification) = &mut wizard.setup.verification {
        verification.checks.push(check);
    }
    if let Some(verifying) = wizard.verifying_mut() {
        verifying.phase = VerifyingPhase::Finished;
    }
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes: vec![(key, None)] }, out);
    storing::store(model, out);
}
