//! The pending login: kept in the secret store from before the browser opens until it ends, so that it survives a
//! restart and can still be finished.

use super::authorization::{listen_for, login_url};
use super::{notify, secrets, steps, wizard_mut};
use crate::app::message::Effect;
use crate::app::model::{Model, Tone};
use crate::app::wizard::{AuthorizationPhase, LoginWay, StepState};
use crate::oauth::{Diagnosis, DiagnosisClass, PendingAuthorization, authorize};
use crate::procedure::FieldName;
use crate::setup::SecretKey;

/// A login of an earlier run that still waits for its answer is taken up again: the paste box works at once,
/// and the listener is bound to the same port as before, if it is still free. One that came to nothing meanwhile is
/// removed, and the screen says so.
pub fn take_up(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let tick = model.ticket();
    let ticket = model.ticket();
    let endpoints = model.settings.endpoints.clone();
    let usual_ports = model.settings.loopback_ports.clone();
    let rehearsal = model.settings.rehearsal.is_some();
    let Some(wizard) = wizard_mut(model) else { return };
    if wizard.authorization().is_none() {
        return;
    }
    let Some(pending) = wizard.pending.take() else { return };
    let ours = wizard.setup.answers.get(&FieldName::ClientId) == Some(&pending.client_id);
    if !ours || wizard.tokens.is_some() {
        forget(model, out);
        if !ours {
            let text = "A login that was begun before belongs to other credentials. It is forgotten.";
            notify(model, Tone::Information, text);
        }
        return;
    }
    let told = rehearsal.then(|| steps::sandbox_app(wizard, vec![pending.redirect_uri.clone()]));
    let StepState::Authorize(authorization) = &mut wizard.state else { return };
    let own_port = loopback_port(&pending.redirect_uri);
    authorization.way = if own_port.is_some() { LoginWay::Loopback } else { LoginWay::Receiver };
    if now >= pending.useless_at() {
        authorization.phase = AuthorizationPhase::Failed { problem: over(&pending) };
        return forget(model, out);
    }
    authorization.note(now, "Taken up again: this login was begun before, and is still good");
    out.extend(told.map(Effect::ConfigureSandbox));
    let late = now >= pending.expires_at;
    if !late {
        let ports = own_port.map_or(usual_ports, |port| vec![port]);
        let request = listen_for(&endpoints, ports, pending.state.clone());
        out.push(Effect::Listen { ticket, request });
    }
    out.push(Effect::Wake { ticket: tick, milliseconds: 1_000 });
    let url = login_url(&endpoints, &pending);
    let deadline = pending.expires_at;
    authorization.phase = AuthorizationPhase::Waiting {
        ticket,
        tick,
        url,
        port: None,
        passed_over: Vec::new(),
        deadline,
        late,
        pending,
    };
}

/// Port of a loopback redirect; `None` for the receiver's redirect URL.
fn loopback_port(redirect_uri: &str) -> Option<u16> {
    let url = url::Url::parse(redirect_uri).ok()?;
    if authorize::is_loopback(&url) { url.port() } else { None }
}

/// Why nothing can be made of the login any more.
pub fn over(pending: &PendingAuthorization) -> Diagnosis {
    let clock = |time: jiff::Timestamp| time.strftime("%Y-%m-%d %H:%M UTC");
    Diagnosis {
        code: "login-timed-out".to_owned(),
        heading: "This login is over: no answer came in time".to_owned(),
        cause: format!(
            "It began at {} and waited until {}. A code that Zoom gave at the last moment has lived its five \
             minutes as well. The login was not finished in the browser, or the browser could not reach this \
             machine.",
            clock(pending.begun_at),
            clock(pending.expires_at),
        ),
        next: "Press r to begin a new login. Over SSH or in a container, paste the final address (p) as soon as \
               the browser shows it."
            .to_owned(),
        zoom: None,
        class: DiagnosisClass::CheckFailed,
        retry: true,
    }
}

/// Writes the pending login as it is now.
pub fn keep(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(wizard) = wizard_mut(model) else { return };
    let StepState::Authorize(authorization) = &wizard.state else { return };
    let AuthorizationPhase::Waiting { pending, .. } = &authorization.phase else { return };
    let key = SecretKey::SetupPending(wizard.setup.id.clone());
    let changes = vec![(key, Some(pending.to_secret()))];
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// Takes the pending login out of the secret store.
pub fn forget(model: &mut Model, out: &mut Vec<Effect>) {
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
