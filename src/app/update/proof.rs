//! Proof before consent: a step that has a question to Zoom asks it when the admin is done with it, and shows
//! the answer. Never by itself on a key, and a few times at most.

use super::exchange::client;
use super::{form, notify, progress, save, steps, verification, waiting, wizard_mut};
use crate::app::message::{Effect, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::proof::{Asking, LoginLook, MOST_TIMES, MOST_TIMES_SAME, Shown, shown};
use crate::app::wizard::{AuthorizationPhase, Wizard};
use crate::oauth::preflight::{self, Asked};
use crate::oauth::probe::{self, Moment, PairProbe};
use crate::oauth::verdict::{Candidate, Judgement, Verdict};
use crate::oauth::{Failure, PreflightAnswer, PreflightRequest, TokenGrant, pkce};
use crate::procedure::FieldName;
use crate::secret::{Fingerprint, Secret};
use crate::setup::{ProofRecord, Question};

/// The admin is done with the step: asks Zoom what is open about it, or goes on.
pub fn conclude(model: &mut Model, out: &mut Vec<Effect>) {
    let endpoints = &model.settings.endpoints;
    let Some(wizard) = model.wizard() else { return };
    if wizard.proving.asking.is_some() {
        return;
    }
    let Some(question) = wizard.question() else { return steps::finish(model, out) };
    let left = wizard.times_left(question, endpoints);
    let asked = wizard.times_asked(question, endpoints);
    let judgement = wizard.proof(question, endpoints).map(|record| record.verdict.judgement);
    let ask_now = match judgement {
        Some(Judgement::Proved | Judgement::Expected) => false,
        // One of an earlier run may be over by now.
        Some(Judgement::Open) => asked.0 == 0 && left > 0,
        Some(Judgement::Refused) | None => left > 0,
    };
    if ask_now {
        return ask(model, question, out);
    }
    let unproved = matches!(judgement, Some(Judgement::Refused) | None);
    steps::finish(model, out);
    if unproved {
        notify(model, Tone::Warning, format!("Not proved: {}", bound(asked)));
    }
}

/// Asks again, whatever the last answer was.
pub fn retry(model: &mut Model, out: &mut Vec<Effect>) {
    match shown(model) {
        Some(Shown::Answered { question, left: 0, .. }) => {
            let Some(wizard) = model.wizard() else { return };
            let asked = wizard.times_asked(question, &model.settings.endpoints);
            notify(model, Tone::Warning, bound(asked));
        }
        Some(Shown::Answered { question, .. }) => ask(model, question, out),
        Some(Shown::Asking(_)) | None => {
            notify(model, Tone::Information, "Zoom was not asked yet: Enter on the last value asks.");
        }
    }
}

/// Why Zoom is not asked again, after so many questions about the same values and so many in all.
fn bound((same, all): (usize, usize)) -> String {
    if same >= MOST_TIMES_SAME || all < MOST_TIMES {
        format!("Zoom was asked {same} times about these values and is not asked again. Changed values are.")
    } else {
        format!("Zoom was asked {all} times in this run and is not asked again.")
    }
}

fn ask(model: &mut Model, question: Question, out: &mut Vec<Effect>) {
    steps::tell_sandbox(model, out);
    let ticket = model.ticket();
    let endpoints = model.settings.endpoints.clone();
    model.scroll = 0;
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(about) = wizard.about(question, &endpoints) else { return };
    wizard.proving.asked.entry(question).or_default().push(about.clone());
    wizard.proving.asking = Some(Asking { ticket, question, about });
    match question {
        // A made-up code, or a state and a challenge.
        Question::Pair | Question::Redirect => out.push(Effect::Random { ticket }),
        Question::Account => {
            out.push(Effect::Token { ticket, request: verification::account_credentials(wizard) });
        }
    }
}

/// Takes a question back. Nothing is spent by it.
pub fn cancel(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(asking) = wizard_mut(model).and_then(|wizard| wizard.proving.asking.take()) {
        out.push(Effect::Cancel { ticket: asking.ticket });
    }
}

/// The question that waits for this ticket, and the values it is about.
fn asking(model: &Model, ticket: Ticket) -> Option<(Question, Vec<Fingerprint>)> {
    let asking = model.wizard()?.proving.asking.as_ref()?;
    (asking.ticket == ticket).then(|| (asking.question, asking.about.clone()))
}

/// Randomness came.
pub fn random(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Box<[u8; 64]>, String>,
    out: &mut Vec<Effect>,
) {
    let Some((question, about)) = asking(model, ticket) else { return };
    let (random, verifier) = match random_parts(result) {
        Ok(parts) => parts,
        Err(verdict) => return answered(model, question, about, *verdict, out),
    };
    let endpoints = model.settings.endpoints.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    let redirect = wizard.values().redirect_url();
    match question {
        Question::Pair => {
            let probe = PairProbe::new(client(wizard), redirect, &random, verifier);
            out.push(Effect::Token { ticket, request: probe.into_request() });
        }
        Question::Redirect => {
            let Some(redirect) = redirect else {
                // It was known when this was asked, and is not any more.
                wizard.proving.asking = None;
                return;
            };
            let client_id = client_id(wizard);
            let request = preflight::request(&endpoints, &client_id, redirect, &random, &verifier);
            out.push(Effect::Preflight { ticket, request });
        }
        Question::Account => {}
    }
}

/// A state and a verifier from randomness; without it, what to say instead of an answer.
pub fn random_parts(
    result: &Result<Box<[u8; 64]>, String>,
) -> Result<(Secret, pkce::Verifier), Box<Verdict>> {
    let halves = result.as_ref().map_err(String::as_str).and_then(|bytes| {
        let (first, second) = bytes.split_at(32);
        match (<&[u8; 32]>::try_from(first), <&[u8; 32]>::try_from(second)) {
            (Ok(first), Ok(second)) => Ok((pkce::state_from(first), pkce::Verifier::from_bytes(second))),
            (Err(_), _) | (_, Err(_)) => Err("too few random bytes came"),
        }
    });
    halves.map_err(|why| {
        let candidate = Candidate {
            cause: format!("This system gives no randomness: {why}."),
            test: "Press r to try again.".to_owned(),
        };
        Box::new(Verdict {
            candidates: vec![candidate],
            ..Verdict::new("no-randomness", Judgement::Open, "Not checked: nothing could be asked")
        })
    })
}

fn client_id(wizard: &Wizard) -> String {
    wizard.setup.answers.get(&FieldName::ClientId).cloned().unwrap_or_default()
}

/// The token endpoint answered. A token that came is dropped: it was asked for as a proof only.
pub fn token(model: &mut Model, ticket: Ticket, result: &Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    let Some((question, about)) = asking(model, ticket) else { return };
    let now = model.now;
    let Some(wizard) = model.wizard() else { return };
    let given = wizard.credentials();
    let verdict = match question {
        Question::Pair => probe::pair(result, given, now),
        Question::Account => probe::account(result, given, Moment::Credentials, now),
        Question::Redirect => return,
    };
    answered(model, question, about, verdict, out);
}

/// The authorize page answered.
pub fn preflight(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<PreflightAnswer, Failure>,
    out: &mut Vec<Effect>,
) {
    login_looked(model, ticket, result, out);
    let Some((Question::Redirect, about)) = asking(model, ticket) else { return };
    let Some(wizard) = model.wizard() else { return };
    let host = host(model.settings.endpoints.oauth_base());
    let pair = wizard.proof(Question::Pair, &model.settings.endpoints);
    let asked = Asked {
        host: &host,
        redirect_uri: &wizard.values().redirect_url().unwrap_or_default(),
        pair_known: pair.is_some_and(|record| record.verdict.judgement == Judgement::Proved),
    };
    let verdict = preflight::read(result, asked, model.now);
    answered(model, Question::Redirect, about, verdict, out);
}

fn host(base: &str) -> String {
    url::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn answered(
    model: &mut Model,
    question: Question,
    about: Vec<Fingerprint>,
    verdict: Verdict,
    out: &mut Vec<Effect>,
) {
    model.scroll = 0;
    if let Some(wizard) = wizard_mut(model) {
        wizard.proving.asking = None;
    }
    // Where nothing is asked any more, Enter goes on, and the focus stays where it does so.
    let refused = verdict.judgement == Judgement::Refused
        && model.wizard().is_some_and(|wizard| wizard.times_left(question, &model.settings.endpoints) > 0);
    let field = model.wizard().filter(|_| refused).and_then(|wizard| wizard.credentials().at_fault(&verdict));
    if let Some(field) = field {
        form::focus_on(model, field);
    }
    keep(model, question, about, verdict);
    let endpoints = model.settings.endpoints.clone();
    if let Some(wizard) = wizard_mut(model) {
        // Whoever came back to a finished step and leaves it again leaves it as it is now.
        let not_proved = wizard.is_not_proved(&endpoints);
        let id = wizard.current().id.clone();
        if let Some(done) = wizard.setup.done.get_mut(&id) {
            done.not_proved = not_proved;
        }
    }
    save(model, out);
}

/// Keeps an answer with the set-up. When the same values last got a token is not forgotten by a later refusal.
pub fn keep(model: &mut Model, question: Question, about: Vec<Fingerprint>, verdict: Verdict) {
    let at = model.now;
    let Some(wizard) = wizard_mut(model) else { return };
    let before = wizard.setup.proofs.get(&question).filter(|record| record.about == about);
    let token_at = if verdict.code == probe::TOKEN_GRANTED {
        Some(at)
    } else {
        before.and_then(|record| record.token_at)
    };
    if matches!(verdict.judgement, Judgement::Proved | Judgement::Expected) {
        progress::proved(wizard, question);
    }
    wizard
        .setup
        .proofs
        .insert(question, ProofRecord { at, about, verdict, token_at, unknown: Default::default() });
}

/// A login begins: the authorize page is looked at while the browser opens, so that a refusal there, after which
/// nobody comes back, does not leave the admin waiting.
pub fn login_began(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(AuthorizationPhase::Waiting { ticket: login, url, pending, .. }) =
        wizard.authorization().map(|authorization| &authorization.phase)
    else {
        return;
    };
    let (login, url, redirect_uri) = (*login, url.clone(), pending.redirect_uri.clone());
    if wizard.proving.login.is_some_and(|look| look.login == login) {
        return;
    }
    wizard.proving.login = Some(LoginLook { login, ticket });
    out.push(Effect::Preflight { ticket, request: PreflightRequest { url, redirect_uri } });
}

/// The look that goes with a login came back. Only a refusal counts: it ends the waiting.
fn login_looked(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<PreflightAnswer, Failure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let Some(wizard) = wizard_mut(model) else { return };
    let Some(LoginLook { login, .. }) = wizard.proving.login.filter(|look| look.ticket == ticket) else {
        return;
    };
    let waits = matches!(
        wizard.authorization().map(|authorization| &authorization.phase),
        Some(AuthorizationPhase::Waiting { ticket, .. }) if *ticket == login
    );
    if !waits {
        return;
    }
    let problem = preflight::problem(result);
    let seen = match (&problem, result) {
        (Some(problem), _) => problem.heading.as_str(),
        (None, Ok(PreflightAnswer::SignIn)) => "nothing wrong seen before sign-in",
        (None, _) => "it told nothing",
    };
    if let Some(authorization) = wizard.authorization_mut() {
        authorization.note(now, format!("A look at Zoom's authorize page beforehand: {seen}"));
    }
    if let Some(problem) = problem {
        waiting::page_refused(model, problem, out);
    }
}
