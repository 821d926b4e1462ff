//! From a verified set-up to a stored connection, and the hand-over of it.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::{home, keys, notify, remove, save, secrets, steps, store_failure_text, wizard_mut};
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Screen, Tone};
use crate::app::wizard::Wizard;
use crate::handoff;
use crate::ports::StoreFailure;
use crate::procedure::{FieldName, StepKind};
use crate::secret::Secret;
use crate::setup::{Connection, FORMAT, GrantDecision, Outcome, Owner, SecretKey, Verification};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The connection that a set-up amounts to.
pub fn connection_of(wizard: &Wizard, now: Timestamp) -> Connection {
    let setup = &wizard.setup;
    let name = setup
        .answers
        .get(&FieldName::ConnectionName)
        .or_else(|| setup.answers.get(&FieldName::AppName))
        .unwrap_or(&setup.id)
        .clone();
    // A Server-to-Server app has no refresh token, so nobody can spend one: checking it never harms.
    let owned = setup.decision == Some(GrantDecision::KeepAndOwn) || wizard.is_server_to_server();
    Connection {
        format: FORMAT,
        name,
        procedure: setup.procedure.clone(),
        receiver: wizard.procedure.receiver,
        app_kind: wizard.procedure.app_kind,
        rehearsal: setup.rehearsal,
        created: setup.replaces.as_ref().map_or(now, |replaced| replaced.created),
        owner: if owned { Owner::Wizard } else { Owner::Receiver },
        answers: setup.answers.clone(),
        secrets: setup.secrets.clone(),
        scopes: setup.scopes.clone(),
        grant: setup.grant.clone(),
        verification: setup.verification.clone(),
        compared: setup.compared.clone(),
        unknown: Default::default(),
        credentials_since: BTreeMap::new(),
    }
}

/// The same as it is stored: with what a newer zoom-setup had added to the connection of that name, and since when
/// the credentials are what they are, if it takes the place of that one.
fn to_store(model: &Model) -> Option<Connection> {
    let wizard = model.wizard()?;
    let mut connection = connection_of(wizard, model.now);
    let Some(stored) = model.connection(&connection.name) else { return Some(connection) };
    connection.unknown = stored.unknown.clone();
    if wizard.setup.replaces.is_some() {
        for (field, fingerprint) in &connection.secrets {
            let kept = stored.secrets.get(field) == Some(fingerprint);
            let since = if kept { stored.credentials_since.get(field).copied() } else { Some(model.now) };
            connection.credentials_since.extend(since.map(|since| (*field, since)));
        }
    }
    Some(connection)
}

/// Writes the secrets of the connection; its file follows once they are there.
pub fn store(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let now = model.now;
    let Some(wizard) = wizard_mut(model) else { return };
    let connection = connection_of(wizard, now);
    let name = &connection.name;
    let mut changes: Vec<(SecretKey, Option<Secret>)> = wizard
        .secrets
        .iter()
        .map(|(field, secret)| (SecretKey::ConnectionField(name.clone(), *field), Some(secret.clone())))
        .collect();
    let keep = connection.grant.is_some();
    // With the mark, if there is one: also under the connection's name a token that may be spent is not sent again.
    let tokens = wizard.token_record().filter(|_| keep).map(|record| record.to_secret());
    changes.push((SecretKey::ConnectionTokens(name.clone()), tokens));
    wizard.storing = Some(ticket);
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// The secrets are there: now the file that names them.
pub fn secrets_written(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    if model.wizard().is_none_or(|wizard| wizard.storing != Some(ticket)) {
        return;
    }
    match result {
        Ok(()) => {
            let connection = to_store(model).map(Box::new);
            out.extend(connection.map(|connection| Effect::SaveConnection { ticket, connection }));
        }
        Err(failure) => {
            if let Some(wizard) = wizard_mut(model) {
                wizard.storing = None;
            }
            let text = format!("Not stored: {}", store_failure_text(failure));
            notify(model, Tone::Failure, text);
        }
    }
}

/// The connection is stored: the verify step is done.
pub fn connection_saved(
    model: &mut Model,
    ticket: Ticket,
    result: Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let waited = wizard_mut(model)
        .is_some_and(|wizard| wizard.storing.take_if(|expected| *expected == ticket).is_some());
    if !waited {
        // A set-up that is finished has added its comparisons to a connection that is stored.
        if let Err(failure) = result {
            notify(model, Tone::Failure, format!("Not stored: {}", store_failure_text(&failure)));
        }
        return;
    }
    let Some(connection) = to_store(model) else { return };
    let Some(wizard) = wizard_mut(model) else { return };
    match result {
        Ok(()) => {
            let name = connection.name.clone();
            let before = wizard.setup.connection.replace(name.clone());
            let moved = wizard.tokens.is_some() && connection.grant.is_some();
            wizard.tokens_with = moved.then(|| name.clone());
            let copy = SecretKey::SetupTokens(wizard.setup.id.clone());
            let at_verify = wizard.current().kind == StepKind::Verify;
            let renamed = before.filter(|before| *before != name);
            if let Some(old) = renamed.and_then(|old| model.connection(&old)) {
                let secrets = home::connection_secrets(old);
                let old = old.name.clone();
                let ticket = model.ticket();
                out.push(Effect::RemoveConnection { ticket, name: old.clone(), secrets });
                model.library.connections.retain(|other| other.name != old);
            }
            model.library.connections.retain(|other| other.name != name);
            model.library.connections.push(connection);
            model.library.connections.sort_by(|one, other| one.name.cmp(&other.name));
            if at_verify {
                steps::finish(model, out);
            } else {
                // Somebody went back meanwhile and stays there.
                save(model, out);
            }
            if moved {
                // The progress file says where they are, so the copy that lay with the set-up can go.
                let ticket = model.ticket();
                let changes = vec![(copy, None)];
                secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
            }
            notify(model, Tone::Success, format!("Stored as {name}."));
        }
        Err(failure) => notify(model, Tone::Failure, format!("Not stored: {}", store_failure_text(&failure))),
    }
}

/// A key on the hand-over step.
pub fn on_hand_over(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    match intent {
        Intent::Confirm => steps::finish(model, out),
        Intent::Back => steps::back(model, out),
        Intent::Export => {
            let Some(wizard) = model.wizard() else { return };
            let connection = connection_of(wizard, model.now);
            export(model, &connection, out);
        }
        other => keys::select_or_copy(model, other, out),
    }
}

/// The last step is done: the set-up becomes the connection it was stored as.
pub fn complete(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(wizard) = wizard_mut(model) else { return };
    let steps = &wizard.procedure.steps;
    let stale = |id: &String| wizard.setup.done.get(id).is_none_or(|done| done.check_again);
    if let Some(index) = steps.iter().position(|step| stale(&step.id)) {
        // An answer was changed after the checks: what depends on it is looked at again first.
        steps::go_to(model, index, out);
        return notify(model, Tone::Warning, "An answer changed since: look at this step again, then go on.");
    }
    let (Some(wizard), Some(now)) = (model.wizard(), to_store(model)) else { return };
    let stored = wizard.setup.connection.as_ref().and_then(|name| model.connection(name));
    // Comparisons may go on after storing: they prove more about the same connection.
    let compared = now.compared.clone();
    let holds = |stored: &&Connection| {
        let (created, compared) = (stored.created, stored.compared.clone());
        **stored
            == Connection { created, compared, credentials_since: stored.credentials_since.clone(), ..now }
    };
    let Some(stored) = stored.filter(holds).cloned() else {
        // An answer or the grant changed after storing, and the set-up is about to go with what it knows.
        save(model, out);
        let verify = model
            .wizard()
            .and_then(|wizard| wizard.procedure.steps.iter().position(|step| step.kind == StepKind::Verify));
        steps::go_to(model, verify.unwrap_or(0), out);
        let text = "Something changed since the connection was stored. Check it and store it again.";
        return notify(model, Tone::Warning, text);
    };
    let name = stored.name.clone();
    let stored_verification = stored.verification.clone();
    if stored.compared != compared {
        let ticket = model.ticket();
        let connection = Box::new(Connection { compared, ..stored });
        out.push(Effect::SaveConnection { ticket, connection });
    }
    let Some(wizard) = model.wizard() else { return };
    let id = wizard.setup.id.clone();
    let check = if wizard.setup.replaces.is_some() { " r checks it." } else { "" };
    let secrets = home::setup_secrets(&wizard.setup);
    out.push(Effect::RemoveSetup { id, secrets });
    out.push(Effect::LoadLibrary);
    model.scroll = 0;
    model.screen = Screen::Connection { name: name.clone() };
    let (tone, open) = match stored_verification {
        Some(verification) => (verification.outcome(), open_checks(&verification)),
        None => (Outcome::NotChecked, None),
    };
    let tone = if matches!(tone, Outcome::Pass | Outcome::Warning) { Tone::Success } else { Tone::Warning };
    let open = open.map(|open| format!(" {open}.")).unwrap_or_default();
    notify(model, tone, format!("Finished: {name} is stored.{open}{check}"));
}

/// How many checks failed and how many were not made, in words.
fn open_checks(verification: &Verification) -> Option<String> {
    let counted = |outcome, words: &str| {
        let count = verification.count(outcome);
        (count > 0).then(|| format!("{count} {words}"))
    };
    let parts = [counted(Outcome::Fail, "failed"), counted(Outcome::NotChecked, "not checked")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("Checks: {}", parts.join(", ")))
}

/// A key on the screen of a connection.
pub fn on_connection(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Screen::Connection { name, .. } = &model.screen else { return };
    let Some(connection) = model.connection(name).cloned() else { return home::show(model, out) };
    match intent {
        Intent::Back | Intent::Confirm => home::show(model, out),
        Intent::Export => export(model, &connection, out),
        Intent::Copy => {
            if let Some(text) = sheet_text(model, &connection) {
                out.push(Effect::Copy { text: Secret::new(text), what: "Hand-over sheet".to_owned() });
            }
        }
        Intent::Remove => remove::open(model, &connection.name),
        Intent::Down => model.scroll = (model.scroll + 1).min(model.max_scroll),
        Intent::Up => model.scroll = model.scroll.saturating_sub(1),
        _ => {}
    }
}

fn sheet_text(model: &Model, connection: &Connection) -> Option<String> {
    let procedure = model.procedure(&connection.procedure)?;
    let sheet = handoff::sheet(connection, procedure, &BTreeMap::new());
    Some(handoff::markdown(&sheet))
}

/// Writes the sheet as Markdown, without secrets.
fn export(model: &mut Model, connection: &Connection, out: &mut Vec<Effect>) {
    match sheet_text(model, connection) {
        Some(text) => {
            let file_name = format!("zoom-setup-{}.md", file_safe(&connection.name));
            out.push(Effect::Export { file_name, text: Secret::new(text) });
        }
        None => {
            let text = format!("The procedure {} is not loaded, so there is no sheet.", connection.procedure);
            notify(model, Tone::Failure, text);
        }
    }
}

/// A name reduced to what every file system takes.
pub fn file_safe(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|character| if character.is_alphanumeric() || character == '-' { character } else { '-' })
        .collect();
    safe.trim_matches('-').to_lowercase()
}
