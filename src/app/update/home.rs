//! The home screen; beginning, resuming and removing.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::{again, checking, leave, notify, progress, remove, review, secrets, selected_home_item, steps};
use crate::app::message::{Effect, Exit, Intent, Ticket};
use crate::app::model::{HomeItem, Model, Overlay, Screen, SecretStore, Starting, Tone};
use crate::app::wizard::{StepState, Wizard};
use crate::procedure::{FieldName, Procedure, StepKind};
use crate::setup::{Connection, FORMAT, GrantDecision, SecretKey, Setup};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A key on the home screen.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let last = model.home_items().len().saturating_sub(1);
    let Screen::Home { selected } = &mut model.screen else { return };
    match intent {
        Intent::Up => *selected = selected.saturating_sub(1),
        Intent::Down => *selected = (*selected + 1).min(last),
        Intent::First => *selected = 0,
        Intent::Last => *selected = last,
        Intent::Confirm => match selected_home_item(model) {
            Some(HomeItem::Resume(index)) => {
                let id = model.library.setups[index].id.clone();
                resume(model, &id, out);
            }
            Some(HomeItem::New(index)) => {
                let id = model.procedures[index].id.clone();
                begin(model, &id, out);
            }
            Some(HomeItem::Rehearse) => {
                model.exit = Some(Exit::Rehearse);
                out.push(Effect::Exit(Exit::Rehearse));
            }
            Some(HomeItem::Review) => review::open(model),
            Some(HomeItem::Check) => checking::show_all(model),
            Some(HomeItem::Connection(index)) => {
                let name = model.library.connections[index].name.clone();
                model.scroll = 0;
                model.screen = Screen::Connection { name };
            }
            None => {}
        },
        Intent::Remove => ask_removal(model),
        Intent::Quit | Intent::Back => leave(model, out),
        _ => {}
    }
}

/// The store's first answer, or a fresh one.
pub fn loaded(model: &mut Model, setups: Vec<Setup>, connections: Vec<Connection>, unreadable: Vec<String>) {
    let first = !model.library.loaded;
    model.library.setups = setups;
    model.library.setups.sort_by_key(|setup| Reverse(setup.updated));
    model.library.connections = connections;
    model.library.connections.sort_by(|one, other| one.name.cmp(&other.name));
    model.library.unreadable = unreadable;
    model.library.loaded = true;
    let last = model.home_items().len().saturating_sub(1);
    if let Screen::Home { selected } = &mut model.screen {
        // On the first answer the newest unfinished set-up is the likely wish, so the cursor is there.
        *selected = if first { 0 } else { (*selected).min(last) };
    }
    checking::relist_in_place(model);
}

/// Goes back to the home screen.
pub fn show(model: &mut Model, out: &mut Vec<Effect>) {
    model.screen = Screen::Home { selected: 0 };
    model.scroll = 0;
    out.push(Effect::LoadLibrary);
}

fn ask_removal(model: &mut Model) {
    match selected_home_item(model) {
        Some(HomeItem::Resume(index)) => {
            let setup = &model.library.setups[index];
            let name = setup.answers.get(&FieldName::AppName).unwrap_or(&setup.id).clone();
            model.overlay = Some(Overlay::ConfirmRemoval { setup: setup.id.clone(), name });
        }
        Some(HomeItem::Connection(index)) => {
            let name = model.library.connections[index].name.clone();
            remove::open(model, &name);
        }
        Some(HomeItem::New(_) | HomeItem::Rehearse | HomeItem::Review | HomeItem::Check) | None => {}
    }
}

/// Removes a set-up with its secrets. Nothing at Zoom or the receiver changes.
pub fn remove_setup(model: &mut Model, id: &str, out: &mut Vec<Effect>) {
    let Some(setup) = model.library.setups.iter().find(|setup| setup.id == id).cloned() else { return };
    let procedure = model.procedure(&setup.procedure).cloned();
    if may_have_secrets(procedure.as_deref(), &setup) {
        let secrets = setup_secrets(&setup);
        secrets::with_store(model, Effect::RemoveSetup { id: setup.id, secrets }, out);
    } else {
        out.push(Effect::RemoveSetup { id: setup.id, secrets: Vec::new() });
    }
    notify(model, Tone::Information, "Removed here. If the app exists in Zoom already, delete it there too.");
    model.screen = Screen::Home { selected: 0 };
    model.scroll = 0;
    if matches!(model.secret_store, SecretStore::Unlocking { .. }) {
        // The list without it comes after the removal, which waits for the store.
        secrets::with_store(model, Effect::LoadLibrary, out);
    } else {
        out.push(Effect::LoadLibrary);
    }
}

/// Every secret a set-up can have in the store. One that the progress file does not name may be there all the
/// same: the secret is written first, and a kill can come between the two.
pub fn setup_secrets(setup: &Setup) -> Vec<SecretKey> {
    let id = &setup.id;
    let fields = FieldName::ALL.into_iter().filter(|field| field.is_secret());
    let mut keys: Vec<SecretKey> = fields.map(|field| SecretKey::SetupField(id.clone(), field)).collect();
    keys.push(SecretKey::SetupTokens(id.clone()));
    keys.push(SecretKey::SetupPending(id.clone()));
    keys
}

/// Every secret a connection can have in the store.
pub fn connection_secrets(connection: &Connection) -> Vec<SecretKey> {
    let name = &connection.name;
    let mut keys: Vec<SecretKey> =
        connection.secrets.keys().map(|field| SecretKey::ConnectionField(name.clone(), *field)).collect();
    keys.push(SecretKey::ConnectionTokens(name.clone()));
    keys
}

/// Begins a set-up: its id needs randomness first.
pub fn begin(model: &mut Model, procedure: &str, out: &mut Vec<Effect>) {
    if model.procedure(procedure).is_none() {
        return notify(model, Tone::Failure, format!("There is no procedure {procedure}."));
    }
    let ticket = model.ticket();
    model.starting = Some(Starting { ticket, procedure: procedure.to_owned(), again: None });
    out.push(Effect::Random { ticket });
}

/// Randomness for a new set-up.
pub fn random(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Box<[u8; 64]>, String>,
    out: &mut Vec<Effect>,
) {
    let Some(starting) = model.starting.take_if(|starting| starting.ticket == ticket) else { return };
    let bytes = match result {
        Ok(bytes) => bytes,
        Err(why) => {
            return notify(
                model,
                Tone::Failure,
                format!("The system gives no randomness, so nothing can start: {why}"),
            );
        }
    };
    let Some(procedure) = model.procedure(&starting.procedure).cloned() else { return };
    let suffix: String = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let setup = Setup {
        format: FORMAT,
        id: format!("{}-{suffix}", procedure.id),
        procedure: procedure.id.clone(),
        rehearsal: model.settings.rehearsal.is_some(),
        created: model.now,
        updated: model.now,
        current: procedure.steps[0].id.clone(),
        answers: BTreeMap::new(),
        secrets: BTreeMap::new(),
        scopes: progress::recommended(&procedure),
        scopes_added: BTreeSet::new(),
        done: BTreeMap::new(),
        grant: None,
        decision: None,
        verification: None,
        connection: None,
        compared: BTreeMap::new(),
        proofs: BTreeMap::new(),
        replaces: None,
        unknown: Default::default(),
    };
    let again = starting.again;
    show_wizard(model, Arc::clone(&procedure), setup);
    match again {
        Some(again) => again::fill(model, *again, out),
        None => steps::go_to(model, 0, out),
    }
}

/// Goes on with an unfinished set-up, at the step it stood at.
pub fn resume(model: &mut Model, id: &str, out: &mut Vec<Effect>) {
    let Some(setup) = model.library.setups.iter().find(|setup| setup.id == id).cloned() else {
        return notify(model, Tone::Failure, format!("There is no unfinished set-up {id}."));
    };
    let Some(procedure) = model.procedure(&setup.procedure).cloned() else {
        let text =
            format!("The set-up follows {}, which is not among the procedures loaded.", setup.procedure);
        return notify(model, Tone::Failure, text);
    };
    let index = procedure.step_index(&setup.current).unwrap_or_else(|| {
        // The procedure was edited since and the step is gone: the first step that is not done.
        procedure.steps.iter().position(|step| !setup.done.contains_key(&step.id)).unwrap_or(0)
    });
    let mut keys = setup_secrets(&setup);
    // A login that was kept went to the connection when that was stored.
    let kept = setup.connection.clone().filter(|_| setup.decision == Some(GrantDecision::KeepAndOwn));
    keys.extend(kept.map(SecretKey::ConnectionTokens));
    let has_secrets = may_have_secrets(Some(&procedure), &setup);
    show_wizard(model, procedure, setup);
    if has_secrets {
        let ticket = model.ticket();
        if let Screen::Wizard(wizard) = &mut model.screen {
            wizard.loading = Some(ticket);
            wizard.step = index;
        }
        secrets::with_store(model, Effect::ReadSecrets { ticket, keys }, out);
    } else {
        steps::go_to(model, index, out);
    }
}

/// Whether the store can hold a secret of this set-up: a step that asks for one, or logs in, was reached.
fn may_have_secrets(procedure: Option<&Procedure>, setup: &Setup) -> bool {
    let keeps = |kind: &StepKind| {
        *kind == StepKind::Authorize || kind.fields().iter().any(|field| field.name.is_secret())
    };
    let reached = |id: &str| setup.current == id || setup.done.contains_key(id);
    !setup.secrets.is_empty()
        || setup.grant.is_some()
        || procedure
            .is_none_or(|procedure| procedure.steps.iter().any(|step| reached(&step.id) && keeps(&step.kind)))
}

fn show_wizard(model: &mut Model, procedure: Arc<Procedure>, setup: Setup) {
    model.overlay = None;
    model.scroll = 0;
    model.screen = Screen::Wizard(Box::new(Wizard {
        procedure,
        setup,
        secrets: BTreeMap::new(),
        tokens: None,
        refreshing: None,
        tokens_unstored: false,
        tokens_with: None,
        pending: None,
        step: 0,
        state: StepState::Read { selected: 0 },
        unsaved: BTreeSet::new(),
        saving: None,
        storing: None,
        loading: None,
        pasted: BTreeMap::new(),
        proving: crate::app::proof::Proving::default(),
    }));
}
