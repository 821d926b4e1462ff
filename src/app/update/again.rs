//! Logging in again for a stored connection whose login has ended: a set-up that is filled from the connection and
//! stands at the login. At its end the connection is replaced, and with it its tokens.

use super::{checking, form, home, notify, progress, secrets, steps, store_failure_text, wizard_mut};
use crate::app::checking::wants_login;
use crate::app::message::{Effect, Ticket};
use crate::app::model::{Again, Model, Starting, Tone};
use crate::ports::StoreFailure;
use crate::procedure::{AppKind, Step, StepKind};
use crate::secret::Secret;
use crate::setup::{Connection, Done, GrantDecision, Owner, Question, Replaced, SecretKey, Setup};
use std::collections::BTreeMap;

/// Begins the new login, or goes on with the one that was begun before.
pub fn begin(model: &mut Model, name: &str, out: &mut Vec<Effect>) {
    let Some(connection) = model.connection(name).cloned() else { return };
    if model.checking.is_running() {
        return notify(model, Tone::Information, "A check runs. Esc stops it; then the login can begin.");
    }
    if !wants_login(model, &connection) {
        return notify(model, Tone::Information, why_not(&connection));
    }
    if model.procedure(&connection.procedure).is_none() {
        let text = format!("Its procedure {} is not loaded, so there is no login.", connection.procedure);
        return notify(model, Tone::Failure, text);
    }
    checking::end_watch(model, out);
    if let Some(id) = begun_before(model, &connection) {
        return home::resume(model, &id, out);
    }
    let ticket = model.ticket();
    let keys = connection.secrets.keys().map(|field| SecretKey::ConnectionField(name.to_owned(), *field));
    let keys = keys.collect();
    let procedure = connection.procedure.clone();
    let again = Some(Box::new(Again { connection, secrets: BTreeMap::new() }));
    model.starting = Some(Starting { ticket, procedure, again });
    secrets::with_store(model, Effect::ReadSecrets { ticket, keys }, out);
}

/// Why the key does nothing for this connection.
fn why_not(connection: &Connection) -> String {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => {
            "A Server-to-Server app has no login: its credentials get a token at any time.".to_owned()
        }
        (AppKind::General, Owner::Receiver) => {
            let receiver = connection.receiver.label();
            format!("{receiver} logs in here. A login of this wizard would end its own.")
        }
        (AppKind::General, Owner::Wizard) => {
            "No check found that its login has ended. A new one would end it for nothing.".to_owned()
        }
    }
}

/// An unfinished set-up that logs in again for the connection as it is now.
fn begun_before(model: &Model, connection: &Connection) -> Option<String> {
    let same = |setup: &&Setup| {
        setup.replaces.as_ref().is_some_and(|replaced| replaced.connection == connection.name)
            && setup.answers == connection.answers
            && setup.secrets == connection.secrets
    };
    model.library.setups.iter().find(same).map(|setup| setup.id.clone())
}

/// The secrets of the connection are read: now the set-up needs an id.
pub fn secrets_read(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let waits = |starting: &&mut Starting| starting.ticket == ticket;
    let Some(starting) = model.starting.as_mut().filter(waits) else { return };
    let Some(again) = &mut starting.again else { return };
    match result {
        Ok(found) => {
            for (key, value) in found {
                if let (SecretKey::ConnectionField(_, field), Some(value)) = (key, value) {
                    again.secrets.insert(*field, value.clone());
                }
            }
            out.push(Effect::Random { ticket });
        }
        Err(failure) => {
            model.starting = None;
            let text = format!("The login did not begin: {}", store_failure_text(failure));
            notify(model, Tone::Failure, text);
        }
    }
}

/// Fills a set-up that was just begun from the connection, and goes to its login.
pub fn fill(model: &mut Model, again: Again, out: &mut Vec<Effect>) {
    let Again { connection, secrets } = again;
    let Some(wizard) = wizard_mut(model) else { return };
    let setup = &mut wizard.setup;
    setup.answers = connection.answers.clone();
    setup.secrets = secrets.iter().map(|(field, secret)| (*field, secret.fingerprint())).collect();
    setup.scopes = connection.scopes.clone();
    setup.scopes_added = connection.scopes.clone();
    setup.compared = connection.compared.clone();
    setup.decision = Some(GrantDecision::KeepAndOwn);
    setup.connection = Some(connection.name.clone());
    setup.replaces = Some(Replaced {
        connection: connection.name.clone(),
        created: connection.created,
        unknown: Default::default(),
    });
    wizard.secrets = secrets;
    let proved = connection.verification.as_ref().is_some_and(|verification| verification.proves());
    let is_login = |step: &Step| step.kind == StepKind::Authorize;
    let login = wizard.procedure.steps.iter().position(is_login).unwrap_or(0);
    for index in 0..login {
        let step = &wizard.procedure.steps[index];
        let not_proved = wizard.question_of(step).is_some_and(|asked| asked != Question::Pair || !proved);
        let id = step.id.clone();
        let at = connection.created;
        let done = Done { at, check_again: false, not_proved, unknown: Default::default() };
        wizard.setup.done.insert(id, done);
    }
    let lost: Vec<_> =
        connection.secrets.keys().filter(|field| !wizard.secrets.contains_key(field)).copied().collect();
    for field in &lost {
        progress::ask_again(wizard, *field);
    }
    wizard.unsaved = wizard.secrets.keys().copied().collect();
    form::write_secrets(model, false, out);
    steps::go_to(model, login, out);
    let (tone, text) = if lost.is_empty() {
        let text = "All is filled in from the connection. Log in: at the end it is replaced.";
        (Tone::Information, text)
    } else {
        (Tone::Warning, "A secret of this connection is no longer in the store. Enter it again.")
    };
    notify(model, tone, text);
}
