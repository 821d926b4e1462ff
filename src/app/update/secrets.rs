//! The secret store: opened when the first secret needs it, with a passphrase where there is no keyring.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::Typed;
use super::{form, notify, save, steps, store_failure_text, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Overlay, SecretStore, Tone, UnlockForm};
use crate::oauth::token::StoredTokens;
use crate::ports::{StoreFailure, Unlocked};
use crate::secret::Secret;
use crate::setup::SecretKey;

/// Shortest passphrase that is accepted, in characters.
const SHORTEST_PASSPHRASE: usize = 8;

/// Runs an effect of the secret store, opening the store first if need be.
pub fn with_store(model: &mut Model, effect: Effect, out: &mut Vec<Effect>) {
    match &mut model.secret_store {
        SecretStore::Open(_) => out.push(effect),
        SecretStore::Unlocking { waiting, .. } => waiting.push(effect),
        SecretStore::Locked => {
            let ticket = model.ticket();
            model.secret_store = SecretStore::Unlocking { ticket, waiting: vec![effect] };
            out.push(Effect::Unlock { ticket, passphrase: None });
        }
    }
}

/// The store answered.
pub fn unlocked(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Unlocked, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let SecretStore::Unlocking { ticket: expected, .. } = &model.secret_store else { return };
    if *expected != ticket {
        return;
    }
    match result {
        Ok(how) => {
            let before = std::mem::replace(&mut model.secret_store, SecretStore::Open(how));
            if let SecretStore::Unlocking { waiting, .. } = before {
                out.extend(waiting);
            }
            if matches!(model.overlay, Some(Overlay::Unlock(_))) {
                model.overlay = None;
            }
            if how == Unlocked::Memory {
                notify(
                    model,
                    Tone::Warning,
                    "Secrets are kept in memory only: they are gone when the program ends.",
                );
            }
        }
        Err(StoreFailure::NeedsPassphrase { new, why }) => {
            model.overlay = Some(Overlay::Unlock(UnlockForm {
                new,
                why,
                passphrase: TextField::masked(""),
                repeat: TextField::masked(""),
                focus: 0,
                error: None,
            }));
        }
        Err(StoreFailure::WrongPassphrase) => match &mut model.overlay {
            Some(Overlay::Unlock(form)) => {
                form.error = Some("This passphrase does not open the secrets. Try again.".to_owned());
                form.passphrase.set("");
            }
            Some(
                Overlay::Help | Overlay::Document | Overlay::Steps { .. } | Overlay::ConfirmRemoval { .. },
            )
            | None => {
                give_up(model, &store_failure_text(&StoreFailure::WrongPassphrase), out);
            }
        },
        Err(failure) => give_up(model, &store_failure_text(&failure), out),
    }
}

/// What waited for the store is not done, and says so; nothing that was typed is lost.
fn give_up(model: &mut Model, why: &str, out: &mut Vec<Effect>) {
    model.overlay = None;
    let waiting = match std::mem::replace(&mut model.secret_store, SecretStore::Locked) {
        SecretStore::Unlocking { waiting, .. } => waiting,
        SecretStore::Locked | SecretStore::Open(_) => Vec::new(),
    };
    for effect in waiting {
        let failure = StoreFailure::Io { message: why.to_owned() };
        if let Effect::WriteSecrets { ticket, .. } = effect {
            super::written(model, ticket, &Err(failure), out);
        } else if let Effect::ReadSecrets { ticket, .. } = effect {
            read(model, ticket, Err(failure), out);
        }
    }
    notify(model, Tone::Failure, why.to_owned());
}

/// A key in the passphrase form.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let SecretStore::Unlocking { ticket, .. } = &model.secret_store else {
        model.overlay = None;
        return;
    };
    let ticket = *ticket;
    let Some(Overlay::Unlock(form)) = &mut model.overlay else { return };
    match intent {
        Intent::FocusNext | Intent::FocusPrevious if form.new => form.focus = 1 - form.focus,
        Intent::Confirm => {
            if form.new && form.focus == 0 {
                form.focus = 1;
                return;
            }
            if form.new && form.passphrase.text().chars().count() < SHORTEST_PASSPHRASE {
                form.error = Some(format!("Take at least {SHORTEST_PASSPHRASE} characters."));
                form.focus = 0;
                return;
            }
            if form.new && form.passphrase.text() != form.repeat.text() {
                form.error = Some("The two are not the same. Type the second one again.".to_owned());
                form.repeat.set("");
                return;
            }
            form.error = None;
            out.push(Effect::Unlock { ticket, passphrase: Some(Secret::new(form.passphrase.text())) });
        }
        Intent::Back => give_up(model, "Not stored: the secrets were not unlocked. Enter asks again.", out),
        _ => {}
    }
}

/// Text typed into the passphrase form.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    if let Some(Overlay::Unlock(form)) = &mut model.overlay {
        typed.apply(if form.focus == 0 { &mut form.passphrase } else { &mut form.repeat });
        form.error = None;
    }
}

/// Secrets of a resumed set-up arrived.
pub fn read(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let Some(wizard) = wizard_mut(model).filter(|wizard| wizard.loading == Some(ticket)) else { return };
    wizard.loading = None;
    let index = wizard.step;
    let mut pending = None;
    match result {
        Ok(found) => {
            for (key, value) in found {
                match (key, value) {
                    (SecretKey::SetupField(_, field), Some(value)) => {
                        wizard.secrets.insert(field, value);
                    }
                    (SecretKey::SetupField(_, field), None) => {
                        // The progress file names a secret that the store does not have: ask again.
                        wizard.setup.secrets.remove(&field);
                    }
                    (SecretKey::SetupTokens(_), Some(value)) => {
                        wizard.tokens = StoredTokens::from_secret(&value)
                    }
                    (SecretKey::SetupPending(_), Some(value)) => {
                        pending = crate::oauth::PendingAuthorization::from_secret(&value);
                    }
                    (
                        SecretKey::SetupTokens(_)
                        | SecretKey::SetupPending(_)
                        | SecretKey::ConnectionField(..)
                        | SecretKey::ConnectionTokens(_),
                        _,
                    ) => {}
                }
            }
            if wizard.tokens.is_none() && !wizard.is_server_to_server() {
                wizard.setup.grant = None;
            }
            wizard.pending = pending;
            steps::go_to(model, index, out);
        }
        Err(failure) => {
            let text = store_failure_text(&failure);
            save(model, out);
            super::home::show(model, out);
            notify(model, Tone::Failure, format!("The set-up was not opened: {text}"));
        }
    }
    form::check_all(model);
}
