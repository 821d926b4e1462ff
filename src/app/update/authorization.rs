//! The wizard's own test login: offered before the receiver's (law 1), by loopback or by pasting.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::exchange::answer;
use super::waiting::{self, open_paste_box, use_paste};
use super::{notify, pending, progress, save, secrets, steps, store_failure_text, wizard_mut};
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::update::activation::later;
use crate::app::wizard::{Authorization, AuthorizationPhase, LoginWay, StepState, Wizard};
use crate::oauth::{Diagnosis, DiagnosisClass, PendingAuthorization, authorize, pkce};
use crate::ports::{BoundPort, CallbackPage, ListenFailure, ListenRequest, StoreFailure};
use crate::procedure::{ClientType, FieldName};
use crate::secret::Secret;
use crate::setup::{GrantDecision, Question, SecretKey, loopback_redirect};

/// Path of the loopback redirect.
const CALLBACK_PATH: &str = "/callback";

/// The state the step begins in.
pub fn begin(wizard: &Wizard) -> Authorization {
    let phase = if wizard.tokens.is_some() {
        AuthorizationPhase::Granted
    } else {
        // Skipping is the last way; whoever skipped before finds the cursor there again.
        let skipped = wizard.setup.decision == Some(GrantDecision::Skipped);
        AuthorizationPhase::Offer { selected: if skipped { wizard.login_ways().len() - 1 } else { 0 } }
    };
    Authorization {
        phase,
        way: wizard.login_ways()[0],
        paste: None,
        pasting: false,
        paste_problem: None,
        landed: None,
        qr: false,
        next_address: 0,
        log: Vec::new(),
    }
}

/// What to listen for: an answer of the Zoom that is configured.
pub fn listen_for(endpoints: &authorize::Endpoints, ports: Vec<u16>, state: Secret) -> ListenRequest {
    let issuer = endpoints.oauth_base().to_owned();
    ListenRequest { ports, path: CALLBACK_PATH.to_owned(), state, issuer }
}

/// The authorize step, if it is on screen.
pub fn state_mut(model: &mut Model) -> Option<&mut Authorization> {
    wizard_mut(model)?.authorization_mut()
}

/// A key on the authorize step.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(authorization) = state_mut(model) else { return };
    if authorization.pasting {
        match intent {
            Intent::Confirm => use_paste(model, out),
            Intent::TakeOffer => waiting::take_landed(model),
            Intent::Back => authorization.pasting = false,
            _ => {}
        }
        return;
    }
    match (&mut authorization.phase, intent) {
        (AuthorizationPhase::Offer { selected }, other) => {
            let selected = *selected;
            on_offer(model, selected, other, out);
        }
        (AuthorizationPhase::Waiting { .. }, Intent::PasteBox) => open_paste_box(model),
        (AuthorizationPhase::Waiting { url, late: false, .. }, Intent::Copy) => {
            out.push(Effect::Copy { text: Secret::new(url.clone()), what: "Login address".to_owned() });
        }
        (AuthorizationPhase::Waiting { url, late: false, .. }, Intent::Open) => {
            out.push(Effect::OpenBrowser { url: url.clone() });
        }
        (AuthorizationPhase::Waiting { .. }, Intent::Extend) => waiting::extend(model, out),
        (AuthorizationPhase::Waiting { late: false, .. }, Intent::QrCode) => {
            authorization.qr = !authorization.qr;
        }
        (AuthorizationPhase::Waiting { .. }, Intent::Back) if authorization.qr => authorization.qr = false,
        (AuthorizationPhase::Waiting { ticket, .. }, Intent::Retry) => {
            out.push(Effect::Cancel { ticket: *ticket });
            start(model, false, out);
        }
        (AuthorizationPhase::PortTaken { .. }, Intent::Confirm) => start(model, true, out),
        (AuthorizationPhase::PortTaken { .. }, Intent::Retry) => start(model, false, out),
        (AuthorizationPhase::PortTaken { .. }, Intent::PasteBox) => {
            authorization.way = LoginWay::Receiver;
            start(model, false, out);
        }
        (AuthorizationPhase::Granted, Intent::Retry) => {
            start(model, false, out);
            // Law 1, before the browser has asked anything.
            let text = "A new login ends the one before, once Zoom grants it. Esc keeps the one before.";
            notify(model, Tone::Warning, text);
        }
        (AuthorizationPhase::Failed { .. } | AuthorizationPhase::NotStored { .. }, Intent::Retry) => {
            start(model, false, out);
        }
        (AuthorizationPhase::Granted | AuthorizationPhase::Skipped, Intent::Confirm) => {
            steps::finish(model, out)
        }
        (AuthorizationPhase::Failed { .. } | AuthorizationPhase::NotStored { .. }, Intent::Confirm) => {
            offer_again(model);
        }
        (
            AuthorizationPhase::Failed { .. }
            | AuthorizationPhase::NotStored { .. }
            | AuthorizationPhase::PortTaken { .. },
            Intent::Back,
        ) => give_up(model),
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
        (AuthorizationPhase::Granted | AuthorizationPhase::Skipped, Intent::Back) => steps::back(model, out),
        _ => {}
    }
}

/// A key while the ways are offered.
fn on_offer(model: &mut Model, selected: usize, intent: Intent, out: &mut Vec<Effect>) {
    let ports = model.settings.loopback_ports.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    let ways = wizard.login_ways();
    let way = ways.get(selected).copied().unwrap_or(LoginWay::Skip);
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let mut select = |selected: usize| authorization.phase = AuthorizationPhase::Offer { selected };
    match intent {
        Intent::Up | Intent::FocusPrevious => select(selected.saturating_sub(1)),
        Intent::Down | Intent::FocusNext => select((selected + 1).min(ways.len() - 1)),
        Intent::Toggle => toggle_client_type(model, out),
        Intent::Copy if way == LoginWay::Loopback => {
            // Zoom's form takes one address at a time.
            if let Some(port) = ports.get(authorization.next_address) {
                authorization.next_address = (authorization.next_address + 1) % ports.len();
                let text = Secret::new(loopback_redirect(*port));
                out.push(Effect::Copy { text, what: format!("OAuth Allow Lists, port {port}") });
            }
        }
        Intent::Confirm => {
            authorization.way = way;
            match way {
                LoginWay::Skip => skip(model, out),
                LoginWay::Loopback | LoginWay::Receiver => start(model, false, out),
            }
        }
        Intent::Back if wizard.tokens.is_some() => give_up(model),
        Intent::Back => steps::back(model, out),
        _ => {}
    }
}

/// Space: whether PKCE is switched on in the app, which only the admin can see.
fn toggle_client_type(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    if wizard.is_public_client() {
        return;
    }
    let other = if wizard.takes_loopback() { ClientType::Confidential } else { ClientType::Pkce };
    set_client_type(model, other, out);
}

/// An answer by name: the kind of client, where the login is made.
pub fn provide(model: &mut Model, field: FieldName, value: &Secret, out: &mut Vec<Effect>) {
    let given = ClientType::ALL.into_iter().find(|kind| kind.as_str() == value.expose());
    if let (FieldName::ClientType, Some(client_type), Some(_)) = (field, given, state_mut(model)) {
        set_client_type(model, client_type, out);
    }
}

/// The kind of client is known; the ways that are offered are put in order anew.
fn set_client_type(model: &mut Model, client_type: ClientType, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    progress::set_answer(wizard, FieldName::ClientType, client_type.as_str());
    if let StepState::Authorize(Authorization { phase: AuthorizationPhase::Offer { selected }, .. }) =
        &mut wizard.state
    {
        *selected = 0;
    }
    save(model, out);
}

fn offer_again(model: &mut Model) {
    let Some(wizard) = wizard_mut(model) else { return };
    let ways = wizard.login_ways();
    if let StepState::Authorize(authorization) = &mut wizard.state {
        let selected = ways.iter().position(|way| *way == authorization.way).unwrap_or(0);
        authorization.phase = AuthorizationPhase::Offer { selected };
        authorization.end_waiting();
    }
}

/// A login is given up before it was granted: back to the one before, if there is one, otherwise to the ways.
fn give_up(model: &mut Model) {
    let Some(wizard) = wizard_mut(model) else { return };
    if wizard.tokens.is_none() {
        return offer_again(model);
    }
    if let StepState::Authorize(authorization) = &mut wizard.state {
        authorization.phase = AuthorizationPhase::Granted;
        authorization.end_waiting();
    }
    notify(model, Tone::Information, "The login before is kept: beginning a new one revoked nothing.");
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
    pending::forget(model, out);
    give_up(model);
    let kept = wizard_mut(model).is_some_and(|wizard| wizard.tokens.is_some());
    let text = if kept {
        "Cancelled. The login before is kept: beginning a new one revoked nothing."
    } else {
        "Cancelled. The port is free again and the address no longer works."
    };
    notify(model, Tone::Information, text);
}

/// First of all: randomness.
fn start(model: &mut Model, any_port: bool, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(authorization) = state_mut(model) else { return };
    authorization.log.clear();
    authorization.end_waiting();
    authorization.phase = AuthorizationPhase::Preparing {
        ticket,
        any_port,
        login: None,
        port: None,
        passed_over: Vec::new(),
        pending: None,
    };
    out.push(Effect::Random { ticket });
}

/// Randomness came: bind the listener before anything else. On the way over the receiver no answer comes to it by
/// itself, but it gives the short address, and takes the final one from a second shell.
pub fn random(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Box<[u8; 64]>, String>,
    out: &mut Vec<Effect>,
) {
    let usual_ports = model.settings.loopback_ports.clone();
    let endpoints = model.settings.endpoints.clone();
    let Some(authorization) = state_mut(model) else { return };
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
    let ports = if *any_port { Vec::new() } else { usual_ports };
    let request = listen_for(&endpoints, ports, state);
    out.push(Effect::Listen { ticket, request });
}

/// The listener is bound, or can't be.
pub fn listening(
    model: &mut Model,
    ticket: Ticket,
    result: Result<BoundPort, ListenFailure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let Some(authorization) = state_mut(model) else {
        // Nobody waits for it any more: the port is freed.
        return out.push(Effect::Cancel { ticket });
    };
    let way = authorization.way;
    match &mut authorization.phase {
        AuthorizationPhase::Waiting { ticket: one, .. } if *one == ticket => {
            return waiting::listening(model, ticket, result, out);
        }
        AuthorizationPhase::Preparing { ticket: one, passed_over, .. } if *one == ticket => {
            if let Ok(bound) = &result {
                passed_over.clone_from(&bound.passed_over);
            }
        }
        _ => return out.push(Effect::Cancel { ticket }),
    }
    match result {
        Ok(bound) => keep_pending(model, Some(bound.port), out),
        Err(failure) if way == LoginWay::Receiver => {
            for line in waiting::failure_lines(&failure) {
                authorization.note(now, line);
            }
            keep_pending(model, None, out);
        }
        Err(ListenFailure::NoPort { problems }) => {
            authorization.phase = AuthorizationPhase::PortTaken { problems };
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
    let begun_at = model.now;
    let expires_at = later(begun_at, model.settings.authorize_limit_s);
    let Some(wizard) = wizard_mut(model) else { return };
    let client_id = wizard.setup.answers.get(&FieldName::ClientId).cloned().unwrap_or_default();
    let own = bound.map(loopback_redirect);
    let receivers = wizard.values().redirect_url();
    let key = SecretKey::SetupPending(wizard.setup.id.clone());
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let redirect = if authorization.way == LoginWay::Loopback { own } else { receivers };
    let AuthorizationPhase::Preparing { ticket, login, port, pending, .. } = &mut authorization.phase else {
        return;
    };
    let ticket = *ticket;
    let (Some(redirect_uri), Some((state, verifier))) = (redirect, login.clone()) else {
        let why = "the redirect URL is not known: go back and fill in where the receiver lives";
        authorization.phase = AuthorizationPhase::Failed { problem: local_problem("no-redirect", why) };
        return out.push(Effect::Cancel { ticket });
    };
    *port = bound;
    let login = PendingAuthorization { state, verifier, redirect_uri, client_id, begun_at, expires_at };
    let changes = vec![(key, Some(login.to_secret()))];
    *pending = Some(login);
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
            Some(steps::sandbox_app(wizard, vec![pending.redirect_uri.clone()]))
        }
        Some(_) | None => None,
    };
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    match &authorization.phase {
        AuthorizationPhase::Preparing {
            ticket: expected, port, passed_over, pending: Some(pending), ..
        } if *expected == ticket => {
            if let Err(failure) = result {
                let problem = local_problem("not-stored", &store_failure_text(failure));
                authorization.phase = AuthorizationPhase::Failed { problem };
                return out.push(Effect::Cancel { ticket });
            }
            let url = login_url(&endpoints, pending);
            out.extend(told.map(Effect::ConfigureSandbox));
            if port.is_some() {
                out.push(Effect::OfferLogin { ticket, url: url.clone() });
            }
            out.push(Effect::OpenBrowser { url: url.clone() });
            out.push(Effect::Wake { ticket: tick, milliseconds: 1_000 });
            let (pending, port, passed_over) = (pending.clone(), *port, passed_over.clone());
            authorization.phase = AuthorizationPhase::Waiting {
                ticket,
                tick,
                deadline: pending.expires_at,
                pending,
                url,
                port,
                passed_over,
                late: false,
            };
            authorization.note(now, "The login began; the browser was asked to open its address");
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
            let way = authorization.way;
            let caught_here = granted && way == LoginWay::Loopback;
            authorization.phase = phase;
            if granted {
                // Zoom took client ID and secret with the code, and sent the browser to the redirect URL.
                progress::proved(wizard, Question::Pair);
                if way == LoginWay::Receiver {
                    progress::proved(wizard, Question::Redirect);
                }
            }
            if granted && let Some(tokens) = &wizard.tokens {
                // Who logs in again for a connection that this wizard keeps alive has decided that before.
                if wizard.setup.replaces.is_none() {
                    wizard.setup.decision = None;
                }
                if let Some(grant) = &mut wizard.setup.grant {
                    grant.obtained_at = now;
                    grant.refreshable = tokens.refresh_token.is_some();
                }
            } else {
                wizard.setup.grant = None;
                wizard.tokens = None;
            }
            if caught_here && !wizard.takes_loopback() {
                // Zoom has just taken a loopback address for this app.
                progress::set_answer(wizard, FieldName::ClientType, ClientType::Pkce.as_str());
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

/// The address that begins the login.
pub fn login_url(endpoints: &authorize::Endpoints, pending: &PendingAuthorization) -> String {
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
