//! The secret store: opened when the first secret needs it, with a passphrase where there is no keyring.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::Typed;
use super::{checking, form, notify, progress, refreshing, save, steps, store_failure_text, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Overlay, SecretStore, Tone, UnlockForm};
use crate::app::wizard::Wizard;
use crate::oauth::renewal::TokenRecord;
use crate::oauth::token::token_hint;
use crate::ports::{Renewal, StoreFailure, Unlocked};
use crate::procedure::FieldName;
use crate::secret::{Secret, passphrase_fault};
use crate::setup::{GrantRecord, SecretKey};

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
    opened(model, result, out);
    if let Some(exit) = model.exit.clone() {
        // Somebody left while the store was being opened for what was typed last.
        out.push(Effect::Exit(exit));
    }
}

fn opened(model: &mut Model, result: Result<Unlocked, StoreFailure>, out: &mut Vec<Effect>) {
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
                Overlay::Help
                | Overlay::Document
                | Overlay::Steps { .. }
                | Overlay::Desk(_)
                | Overlay::ConfirmRemoval { .. },
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
    let mut why = why.to_owned();
    for effect in waiting {
        if matches!(effect, Effect::RemoveSetup { .. } | Effect::RemoveConnection { .. }) {
            "Not removed: the secrets were not unlocked.".clone_into(&mut why);
            out.push(Effect::LoadLibrary);
        }
        let failure = StoreFailure::Io { message: why.clone() };
        match effect {
            Effect::RemoveConnection { ticket, .. } => {
                super::remove::removed(model, ticket, &Err(failure), out);
            }
            Effect::WriteSecrets { ticket, .. } => super::written(model, ticket, &Err(failure), out),
            Effect::Renew { ticket, .. } => super::renewed(model, ticket, Renewal::Store(failure), out),
            Effect::ReadSecrets { ticket, .. } => super::secrets_read(model, ticket, Err(failure), out),
            Effect::Check { ticket, .. } => {
                why = format!("Not checked: {why}");
                checking::ended(model, ticket, &Err(failure), out);
            }
            _ => {}
        }
    }
    notify(model, Tone::Failure, why);
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
            let fault = passphrase_fault(&Secret::new(form.passphrase.text()));
            if let Some(fault) = fault.filter(|_| form.new) {
                form.error = Some(format!("Not taken: {fault}."));
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
        Intent::Back => {
            let why = if matches!(&model.secret_store, SecretStore::Unlocking { waiting, .. }
                if waiting.iter().any(|effect| matches!(effect, Effect::Check { .. })))
            {
                "the secrets were not unlocked. r asks again."
            } else {
                "Not stored: the secrets were not unlocked. Enter asks again."
            };
            give_up(model, why, out);
        }
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

/// Takes up the tokens of a login, if they are this client's.
fn take_tokens(wizard: &mut Wizard, found: Option<TokenRecord>) {
    let client_id = wizard.setup.answers.get(&FieldName::ClientId);
    let found = found.filter(|found| {
        token_hint(&found.tokens.access_token)
            .and_then(|hint| hint.client_id)
            .is_none_or(|issued_to| Some(&issued_to) == client_id)
    });
    let (tokens, refreshing, refreshed) = match found {
        Some(found) => (Some(found.tokens), found.refreshing, found.replaces.is_some()),
        None => (None, None, false),
    };
    match (&tokens, &mut wizard.setup.grant) {
        // Written, but killed before the progress file said so.
        (Some(tokens), None) => {
            wizard.setup.grant = Some(GrantRecord {
                obtained_at: tokens.obtained_at,
                expires_at: tokens.expires_at,
                scopes: None,
                api_url: None,
                refreshable: tokens.refresh_token.is_some(),
                refreshed_at: refreshed.then_some(tokens.obtained_at),
                unknown: Default::default(),
            });
        }
        (Some(tokens), Some(grant)) => {
            grant.expires_at = tokens.expires_at;
            if refreshed {
                grant.refreshed_at = Some(tokens.obtained_at);
            }
        }
        (None, _) => wizard.setup.grant = None,
    }
    wizard.tokens = tokens;
    wizard.refreshing = refreshing;
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
    let (mut tokens, mut kept) = (None, None);
    let mut lost = false;
    match result {
        Ok(found) => {
            for (key, value) in found {
                match (key, value) {
                    (SecretKey::SetupField(_, field), Some(value)) => {
                        // The secret is written before the file that names it; a kill can come between.
                        let known = wizard.setup.secrets.insert(field, value.fingerprint());
                        if known.is_some_and(|known| known != value.fingerprint()) {
                            progress::changed(wizard, field);
                        }
                        wizard.secrets.insert(field, value);
                    }
                    (SecretKey::SetupField(_, field), None) => {
                        // The progress file names a secret that the store does not have: ask again.
                        if wizard.setup.secrets.remove(&field).is_some() {
                            progress::ask_again(wizard, field);
                            lost = true;
                        }
                    }
                    (SecretKey::SetupTokens(_), Some(value)) => {
                        tokens = TokenRecord::from_secret(&value);
                    }
                    (SecretKey::ConnectionTokens(name), Some(value)) => {
                        kept = TokenRecord::from_secret(&value).map(|record| (name, record));
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
            // Those of a login since, or a copy that a kill left when they went to the connection.
            let since = tokens.filter(|record| record.is_newer_than(kept.as_ref().map(|(_, kept)| kept)));
            match (since, kept) {
                (None, Some((name, record))) => {
                    take_tokens(wizard, Some(record));
                    wizard.tokens_with = Some(name);
                }
                (since, _) => take_tokens(wizard, since),
            }
            wizard.pending = pending;
            let unsettled = wizard.refreshing.as_ref().map(|begun| refreshing::begun_at(begun.since));
            steps::go_to(model, index, out);
            if let Some(begun) = unsettled {
                let text = format!("{begun} The step Verify says what to do.");
                notify(model, Tone::Warning, text);
            }
            if lost {
                let text = "A secret of this set-up is no longer in the store. Enter it again.";
                notify(model, Tone::Warning, text);
            }
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
