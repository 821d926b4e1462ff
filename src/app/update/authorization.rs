//! The wizard's own test login: offered before the receiver's (law 1), by loopback or by pasting.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::exchange::{answer, exchange, fail};
use super::keys::Typed;
use super::{notify, save, secrets, steps, store_failure_text, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::update::activation::later;
use crate::app::wizard::{Authorization, AuthorizationPhase, LoginWay, MAX_REQUEST_LINES, StepState, Wizard};
use crate::oauth::callback::{self as paste, Answer, PasteProblem};
use crate::oauth::{Diagnosis, DiagnosisClass, PendingAuthorization, authorize, diagnosis, pkce};
use crate::ports::{
    BoundPort, CallbackEvent, CallbackOutcome, CallbackPage, ListenFailure, ListenRequest, PortProblem,
    PortReason, StoreFailure,
};
use crate::procedure::FieldName;
use crate::secret::Secret;
use crate::setup::{GrantDecision, SecretKey};

/// Path of the loopback redirect.
const CALLBACK_PATH: &str = "/callback";

/// The state the step begins in.
pub fn begin(wizard: &Wizard) -> Authorization {
    let phase = if wizard.tokens.is_some() {
        AuthorizationPhase::Granted
    } else {
        // Skipping is the last way; whoever skipped before finds the cursor there again.
        let skipped = wizard.setup.decision == Some(GrantDecision::Skipped);
        AuthorizationPhase::Offer { selected: if skipped { LoginWay::ALL.len() - 1 } else { 0 } }
    };
    Authorization {
        phase,
        way: LoginWay::Loopback,
        paste: None,
        pasting: false,
        paste_problem: None,
        requests: Vec::new(),
    }
}

/// A login of an earlier run that still waits for its answer is taken up again: the paste box works at once,
/// and the listener is bound to the same port as before, if it is still free.
pub fn take_up_pending(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let tick = model.ticket();
    let ticket = model.ticket();
    let endpoints = model.settings.endpoints.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let Some(pending) = wizard.pending.take() else { return };
    let ours = wizard.setup.answers.get(&FieldName::ClientId) == Some(&pending.client_id);
    if pending.expires_at <= now || !ours || wizard.tokens.is_some() {
        return forget_pending(model, out);
    }
    if let Some(port) = loopback_port(&pending.redirect_uri) {
        let request = listen_for(&endpoints, vec![port], pending.state.clone());
        out.push(Effect::Listen { ticket, request });
    } else {
        authorization.way = LoginWay::Receiver;
    }
    out.push(Effect::Wake { ticket: tick, seconds: 1 });
    authorization
        .requests
        .push("This login was begun before the program was restarted. It is still good.".into());
    let url = login_url(&endpoints, &pending);
    let deadline = pending.expires_at;
    authorization.phase = AuthorizationPhase::Waiting { ticket, tick, url, port: None, deadline, pending };
}

/// Port of a loopback redirect; `None` for the receiver's redirect URL.
fn loopback_port(redirect_uri: &str) -> Option<u16> {
    let url = url::Url::parse(redirect_uri).ok()?;
    if authorize::is_loopback(&url) { url.port() } else { None }
}

fn listen_for(endpoints: &authorize::Endpoints, ports: Vec<u16>, state: Secret) -> ListenRequest {
    let issuer = endpoints.oauth_base().to_owned();
    ListenRequest { ports, path: CALLBACK_PATH.to_owned(), state, issuer }
}

/// The authorize step, if it is on screen.
pub fn state_mut(model: &mut Model) -> Option<&mut Authorization> {
    wizard_mut(model)?.authorization_mut()
}

/// Opens the paste box.
pub fn open_paste_box(model: &mut Model) {
    if let Some(authorization) = state_mut(model)
        && matches!(authorization.phase, AuthorizationPhase::Waiting { .. })
    {
        authorization.paste.get_or_insert_with(|| TextField::masked(""));
        authorization.pasting = true;
    }
}

/// Text for the paste box.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    if let Some(authorization) = state_mut(model)
        && let Some(field) = &mut authorization.paste
    {
        typed.apply(field);
        authorization.paste_problem = None;
    }
}

/// A key on the authorize step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let usual_port = model.settings.loopback_port;
    let Some(authorization) = state_mut(model) else { return };
    if authorization.pasting {
        match intent {
            Intent::Confirm => use_paste(model, out),
            Intent::Back => authorization.pasting = false,
            _ => {}
        }
        return;
    }
    match (&mut authorization.phase, intent) {
        (AuthorizationPhase::Offer { selected }, Intent::Up | Intent::FocusPrevious) => {
            *selected = selected.saturating_sub(1);
        }
        (AuthorizationPhase::Offer { selected }, Intent::Down | Intent::FocusNext) => {
            *selected = (*selected + 1).min(LoginWay::ALL.len() - 1);
        }
        (AuthorizationPhase::Offer { selected }, Intent::Copy)
            if LoginWay::ALL[*selected] == LoginWay::Loopback =>
        {
            let text = Secret::new(format!("http://127.0.0.1:{usual_port}{CALLBACK_PATH}"));
            out.push(Effect::Copy { text, what: "OAuth Allow Lists".to_owned() });
        }
        (AuthorizationPhase::Offer { selected }, Intent::Confirm) => {
            let way = LoginWay::ALL[*selected];
            authorization.way = way;
            match way {
                LoginWay::Skip => skip(model, out),
                LoginWay::Loopback | LoginWay::Receiver => start(model, false, out),
            }
        }
        (AuthorizationPhase::Waiting { .. }, Intent::PasteBox) => open_paste_box(model),
        (AuthorizationPhase::Waiting { url, .. }, Intent::Copy) => {
            out.push(Effect::Copy { text: Secret::new(url.clone()), what: "Login address".to_owned() });
        }
        (AuthorizationPhase::Waiting { url, .. }, Intent::Open) => {
            out.push(Effect::OpenBrowser { url: url.clone() });
        }
        (AuthorizationPhase::Waiting { ticket, .. }, Intent::Retry) => {
            out.push(Effect::Cancel { ticket: *ticket });
            start(model, false, out);
        }
        (AuthorizationPhase::PortTaken { .. }, Intent::Confirm) => start(model, true, out),
        (AuthorizationPhase::PortTaken { .. }, Intent::Retry) => start(model, false, out),
        (
            AuthorizationPhase::Failed { .. }
            | AuthorizationPhase::NotStored { .. }
            | AuthorizationPhase::Granted,
            Intent::Retry,
        ) => start(model, false, out),
        (AuthorizationPhase::Granted | AuthorizationPhase::Skipped, Intent::Confirm) => {
            steps::finish(model, out)
        }
        (
            AuthorizationPhase::Failed { .. } | AuthorizationPhase::NotStored { .. },
            Intent::Confirm | Intent::Back,
        )
        | (AuthorizationPhase::PortTaken { .. }, Intent::Back) => offer_again(model),
        (
            AuthorizationPhase::Waiting { ticket, .. } | AuthorizationPhase::Preparing { ticket, .. },
            Intent::Back,
        ) => {
            let ticket = *ticket;
            cancel(model, ticket, out);
        }
        (AuthorizationPhase::Exchanging { .. } | AuthorizationPhase::Storing { .. }, Intent::Back) => {
            // A code is spent by asking; stopping now would lose a grant that Zoom may have given.
            notify(
                model,
                Tone::Information,
                "The exchange is under way and takes seconds. Then Esc goes back.",
            );
        }
        (
            AuthorizationPhase::Offer { .. } | AuthorizationPhase::Granted | AuthorizationPhase::Skipped,
            Intent::Back,
        ) => steps::back(model, out),
        _ => {}
    }
}

fn offer_again(model: &mut Model) {
    if let Some(authorization) = state_mut(model) {
        let selected = LoginWay::ALL.iter().position(|way| *way == authorization.way).unwrap_or(0);
        authorization.phase = AuthorizationPhase::Offer { selected };
        authorization.paste = None;
    }
}

fn skip(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(wizard) = wizard_mut(model) {
        wizard.setup.decision = Some(GrantDecision::Skipped);
        if let StepState::Authorize(authorization) = &mut wizard.state {
            authorization.phase = AuthorizationPhase::Skipped;
        }
    }
    steps::finish(model, out);
}

fn cancel(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    out.push(Effect::Cancel { ticket });
    forget_pending(model, out);
    offer_again(model);
    notify(model, Tone::Information, "Cancelled. The port is free again and the address no longer works.");
}

/// Takes the pending login out of the secret store.
pub fn forget_pending(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let key = SecretKey::SetupPending(wizard.setup.id.clone());
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes: vec![(key, None)] }, out);
}

/// The tokens in the store are those of another client now. They go before the new credentials are written, so
/// that no kill can leave the two together.
pub fn forget_grant(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let id = wizard.setup.id.clone();
    let changes = vec![(SecretKey::SetupTokens(id.clone()), None), (SecretKey::SetupPending(id), None)];
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// First of all: randomness.
fn start(model: &mut Model, any_port: bool, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(authorization) = state_mut(model) else { return };
    authorization.requests.clear();
    authorization.paste = None;
    authorization.pasting = false;
    authorization.paste_problem = None;
    authorization.phase =
        AuthorizationPhase::Preparing { ticket, any_port, login: None, port: None, pending: None };
    out.push(Effect::Random { ticket });
}

/// Randomness came: bind the listener before anything else, or go on without one.
pub fn random(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Box<[u8; 64]>, String>,
    out: &mut Vec<Effect>,
) {
    let usual_port = model.settings.loopback_port;
    let endpoints = model.settings.endpoints.clone();
    let Some(authorization) = state_mut(model) else { return };
    let way = authorization.way;
    let AuthorizationPhase::Preparing { ticket: expected, any_port, login, .. } = &mut authorization.phase
    else {
        return;
    };
    if *expected != ticket {
        return;
    }
    let bytes = match result {
        Ok(bytes) => bytes,
        Err(why) => {
            authorization.phase = AuthorizationPhase::Failed { problem: local_problem("no-randomness", why) };
            return;
        }
    };
    let (first, second) = bytes.split_at(32);
    let (Ok(first), Ok(second)) = (<&[u8; 32]>::try_from(first), <&[u8; 32]>::try_from(second)) else {
        return;
    };
    let state = pkce::state_from(first);
    *login = Some((state.clone(), pkce::Verifier::from_bytes(second).into_secret()));
    match way {
        LoginWay::Loopback => {
            let ports = if *any_port { Vec::new() } else { vec![usual_port] };
            let request = listen_for(&endpoints, ports, state);
            out.push(Effect::Listen { ticket, request });
        }
        LoginWay::Receiver | LoginWay::Skip => keep_pending(model, None, out),
    }
}

/// The listener is bound, or can't be.
pub fn listening(
    model: &mut Model,
    ticket: Ticket,
    result: Result<BoundPort, ListenFailure>,
    out: &mut Vec<Effect>,
) {
    let Some(authorization) = state_mut(model) else {
        // Nobody waits for it any more: the port is freed.
        return out.push(Effect::Cancel { ticket });
    };
    if let AuthorizationPhase::Waiting { ticket: one, port, .. } = &mut authorization.phase
        && *one == ticket
    {
        match result {
            Ok(bound) => *port = Some(bound.port),
            Err(_) => authorization
                .requests
                .push("The port of this login is taken now: paste the final address, or press r.".to_owned()),
        }
        return;
    }
    let expected =
        matches!(&authorization.phase, AuthorizationPhase::Preparing { ticket: one, .. } if *one == ticket);
    if !expected {
        return out.push(Effect::Cancel { ticket });
    }
    match result {
        Ok(bound) => {
            authorization.requests.extend(bound.passed_over.iter().map(PortProblem::message));
            keep_pending(model, Some(bound.port), out);
        }
        Err(ListenFailure::NoPort { problems }) => {
            let Some(PortProblem { port, reason }) = problems.into_iter().next() else { return };
            let (holder, detail) = match reason {
                PortReason::InUse { holder } => (holder, None),
                PortReason::NotAllowed { detail } | PortReason::Other { detail } => (None, Some(detail)),
            };
            authorization.phase = AuthorizationPhase::PortTaken { port, holder, detail };
        }
        Err(ListenFailure::Other { detail }) => {
            authorization.phase =
                AuthorizationPhase::Failed { problem: local_problem("no-listener", &detail) };
        }
    }
}

/// State and verifier go into the secret store before the browser opens, so that a pasted answer still works
/// after a crash.
fn keep_pending(model: &mut Model, bound: Option<u16>, out: &mut Vec<Effect>) {
    let expires_at = later(model.now, model.settings.authorize_limit_s);
    let Some(wizard) = wizard_mut(model) else { return };
    let client_id = wizard.setup.answers.get(&FieldName::ClientId).cloned().unwrap_or_default();
    let redirect = match bound {
        Some(port) => Some(format!("http://127.0.0.1:{port}{CALLBACK_PATH}")),
        None => wizard.values().redirect_url(),
    };
    let key = SecretKey::SetupPending(wizard.setup.id.clone());
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let AuthorizationPhase::Preparing { ticket, login, port, pending, .. } = &mut authorization.phase else {
        return;
    };
    let (Some(redirect_uri), Some((state, verifier))) = (redirect, login.clone()) else {
        let why = "the redirect URL is not known: go back and fill in where the receiver lives";
        authorization.phase = AuthorizationPhase::Failed { problem: local_problem("no-redirect", why) };
        return;
    };
    *port = bound;
    let login = PendingAuthorization { state, verifier, redirect_uri, client_id, expires_at };
    let changes = vec![(key, Some(login.to_secret()))];
    *pending = Some(login);
    let ticket = *ticket;
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// The pending login, or the new tokens, are in the store.
pub fn secrets_written(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let tick = model.ticket();
    let now = model.now;
    let endpoints = model.settings.endpoints.clone();
    let rehearsal = model.settings.rehearsal.is_some();
    let Some(wizard) = wizard_mut(model) else { return };
    let told = match &wizard.authorization().map(|authorization| &authorization.phase) {
        Some(AuthorizationPhase::Preparing { pending: Some(pending), .. }) if rehearsal => {
            Some(steps::sandbox_app(wizard, pending.redirect_uri.clone()))
        }
        Some(_) | None => None,
    };
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    match &authorization.phase {
        AuthorizationPhase::Preparing { ticket: expected, port, pending: Some(pending), .. }
            if *expected == ticket =>
        {
            if let Err(failure) = result {
                let problem = local_problem("not-stored", &store_failure_text(failure));
                authorization.phase = AuthorizationPhase::Failed { problem };
                return out.push(Effect::Cancel { ticket });
            }
            let url = login_url(&endpoints, pending);
            out.extend(told.map(Effect::ConfigureSandbox));
            out.push(Effect::OpenBrowser { url: url.clone() });
            out.push(Effect::Wake { ticket: tick, seconds: 1 });
            let (pending, port) = (pending.clone(), *port);
            let deadline = pending.expires_at;
            authorization.phase = AuthorizationPhase::Waiting { ticket, tick, pending, url, port, deadline };
        }
        AuthorizationPhase::Storing { ticket: expected, listener } if *expected == ticket => {
            let listener = *listener;
            let (phase, page) = match result {
                Ok(()) => (AuthorizationPhase::Granted, CallbackPage::Done),
                Err(failure) => {
                    let message = store_failure_text(failure);
                    let page = CallbackPage::Failed {
                        heading: "The tokens could not be stored".to_owned(),
                        cause: "Zoom granted the login, and then zoom-setup could not write to its store."
                            .to_owned(),
                        next: "The terminal says what to put right; r there logs in again.".to_owned(),
                    };
                    (AuthorizationPhase::NotStored { message }, page)
                }
            };
            let granted = phase == AuthorizationPhase::Granted;
            authorization.phase = phase;
            if granted && let Some(tokens) = &wizard.tokens {
                wizard.setup.decision = None;
                if let Some(grant) = &mut wizard.setup.grant {
                    grant.obtained_at = now;
                    grant.refreshable = tokens.refresh_token.is_some();
                }
            } else {
                wizard.setup.grant = None;
                wizard.tokens = None;
            }
            answer(listener, page, out);
            save(model, out);
        }
        AuthorizationPhase::Offer { .. }
        | AuthorizationPhase::Preparing { .. }
        | AuthorizationPhase::Waiting { .. }
        | AuthorizationPhase::Exchanging { .. }
        | AuthorizationPhase::Storing { .. }
        | AuthorizationPhase::Failed { .. }
        | AuthorizationPhase::PortTaken { .. }
        | AuthorizationPhase::Granted
        | AuthorizationPhase::NotStored { .. }
        | AuthorizationPhase::Skipped => {}
    }
}

/// A second has passed: the countdown moves, or the time is up.
pub fn woke(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    let now = model.now;
    let next = model.ticket();
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { tick, deadline, ticket: listener, .. } = &mut authorization.phase
    else {
        return;
    };
    if *tick != ticket {
        return;
    }
    if now < *deadline {
        *tick = next;
        return out.push(Effect::Wake { ticket: next, seconds: 1 });
    }
    out.push(Effect::ExpireCallback { ticket: *listener });
    authorization.pasting = false;
    authorization.phase = AuthorizationPhase::Failed {
        problem: Diagnosis {
            code: "login-timed-out".to_owned(),
            heading: "No answer came back in time".to_owned(),
            cause: "The login was not finished in the browser, or the browser could not reach this machine."
                .to_owned(),
            next: "Press r to begin again. Over SSH or in a container, paste the final address instead."
                .to_owned(),
            zoom: None,
            class: DiagnosisClass::CheckFailed,
            retry: true,
        },
    };
    forget_pending(model, out);
}

/// Something reached the listener.
pub fn callback(model: &mut Model, ticket: Ticket, event: CallbackEvent, out: &mut Vec<Effect>) {
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket: listener, pending, .. } = &authorization.phase else { return };
    if *listener != ticket {
        return;
    }
    match event {
        CallbackEvent::Seen { line } => {
            authorization.requests.push(line);
            let extra = authorization.requests.len().saturating_sub(MAX_REQUEST_LINES);
            authorization.requests.drain(..extra);
        }
        CallbackEvent::Arrived { outcome: CallbackOutcome::Code(code) } => {
            let pending = pending.clone();
            exchange(model, code, &pending, Some(ticket), out);
        }
        CallbackEvent::Arrived { outcome: CallbackOutcome::Error { error, description } } => {
            let problem = diagnosis::diagnose_callback_error(&error, description.as_deref());
            fail(model, problem, Some(ticket), out);
        }
    }
}

/// Enter in the paste box.
fn use_paste(model: &mut Model, out: &mut Vec<Effect>) {
    let issuer = model.settings.endpoints.oauth_base().to_owned();
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket, pending, .. } = &authorization.phase else { return };
    let (ticket, pending) = (*ticket, pending.clone());
    let Some(field) = &authorization.paste else { return };
    match paste::parse_paste(field.text(), &pending, &issuer) {
        Ok(outcome) => {
            authorization.paste = None;
            authorization.pasting = false;
            authorization.paste_problem = None;
            authorization.requests.extend(outcome.note);
            // The listener has done its part: the port is freed.
            out.push(Effect::Cancel { ticket });
            match outcome.answer {
                Answer::Code(code) => exchange(model, code, &pending, None, out),
                Answer::Error { error, description } => {
                    let problem = diagnosis::diagnose_callback_error(&error, description.as_deref());
                    fail(model, problem, None, out);
                }
            }
        }
        Err(problem) => {
            // No answer, but perhaps the text of the page on which Zoom refused the login.
            let refused = matches!(problem, PasteProblem::NotRecognised)
                .then(|| diagnosis::scan_authorize_page(field.text()))
                .flatten();
            if let Some(number) = refused {
                return page_refused(model, diagnosis::diagnose_authorize_page(number), out);
            }
            authorization.paste_problem = Some(format!("{}. {}", problem.message(), problem.hint()))
        }
    }
}

/// The browser was not opened, or says at which page the login stopped.
pub fn browser_refused(model: &mut Model, why: &str, out: &mut Vec<Effect>) {
    match diagnosis::scan_authorize_page(why) {
        Some(number) => page_refused(model, diagnosis::diagnose_authorize_page(number), out),
        None => {
            let text =
                format!("The browser did not open ({why}). The address is on the screen: c copies it.");
            notify(model, Tone::Warning, text);
        }
    }
}

/// The login ended on an error page of Zoom: no callback will come.
pub fn page_refused(model: &mut Model, problem: Diagnosis, out: &mut Vec<Effect>) {
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket, .. } = authorization.phase else { return };
    authorization.paste = None;
    authorization.pasting = false;
    authorization.paste_problem = None;
    fail(model, problem, Some(ticket), out);
}

fn login_url(endpoints: &authorize::Endpoints, pending: &PendingAuthorization) -> String {
    let challenge = pkce::challenge(&pending.verifier);
    authorize::authorize_url(endpoints, &pending.client_id, &pending.redirect_uri, &pending.state, &challenge)
}

/// A problem of this machine, in the shape of the others.
fn local_problem(code: &str, why: &str) -> Diagnosis {
    Diagnosis {
        code: code.to_owned(),
        heading: "The login could not begin".to_owned(),
        cause: why.to_owned(),
        next: "Press r to try again, or Esc to choose another way.".to_owned(),
        zoom: None,
        class: DiagnosisClass::CheckFailed,
        retry: true,
    }
}
