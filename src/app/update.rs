//! `update`: the one place that changes a [`Model`]. Synchronous, total, without I/O.

mod activation;
mod again;
mod authorization;
mod checking;
mod checks;
mod desk;
mod exchange;
mod form;
mod home;
mod keys;
mod pending;
mod progress;
mod proof;
mod refreshing;
pub mod remove;
mod review;
pub mod rotate;
mod scopes;
mod secrets;
mod steps;
mod storing;
mod verification;
mod waiting;

use super::message::{Effect, Exit, Msg, Ticket};
use super::model::{HomeItem, Model, Notice, Overlay, Screen, SecretStore, Tone};
use super::proof::{Shown, shown};
use super::wizard::{Form, StepState, Wizard};
use crate::entry::Checked;
use crate::oauth::verdict::Judgement;
use crate::ports::{Renewal, StoreFailure};
use crate::procedure::FieldName;
use crate::secret::Secret;
use crate::setup::SecretKey;
use jiff::Timestamp;

pub use desk::selected as selected_on_desk;
pub use home::connection_secrets;
pub use rotate::{RotationOffer, rotation_offer};
pub use storing::connection_of;

/// Changes the model by what happened at `now`, and says what is to be done in the world.
pub fn update(model: &mut Model, now: Timestamp, msg: Msg) -> Vec<Effect> {
    model.now = now;
    let mut out = Vec::new();
    match msg {
        Msg::Intent(intent) => keys::intent(model, intent, &mut out),
        Msg::Character(character) => keys::character(model, character),
        Msg::Edit(edit) => keys::edit(model, edit),
        Msg::Paste(text) => keys::paste(model, &text, &mut out),
        Msg::Begin { procedure } => home::begin(model, &procedure, &mut out),
        Msg::Resume { setup } => home::resume(model, &setup, &mut out),
        Msg::Review(request) => review::request(model, request),
        Msg::Check(request) => checking::request(model, request, &mut out),
        Msg::Remove { connection } => remove::open(model, &connection),
        Msg::ChooseRemoval(choice) => remove::choose(model, choice, &mut out),
        Msg::Rotate { connection } => rotate::open(model, &connection),
        Msg::Provide { field, value } => {
            form::provide(model, field, &value);
            authorization::provide(model, field, &value, &mut out);
        }
        Msg::ProvideScopes(ids) => scopes::provide(model, ids),
        Msg::Resized { columns, rows } => model.size = (columns, rows),
        Msg::Drawn { max_scroll, page } => {
            model.max_scroll = max_scroll;
            model.page = page;
            model.scroll = model.scroll.min(max_scroll);
        }
        Msg::Shutdown => leave(model, &mut out),
        Msg::Woke { ticket } => {
            activation::woke(model, ticket, &mut out);
            waiting::woke(model, ticket, &mut out);
            review::proof::woke(model, ticket, &mut out);
            checking::woke(model, ticket, &mut out);
        }
        Msg::LibraryLoaded { setups, connections, unreadable } => {
            home::loaded(model, setups, connections, unreadable);
        }
        Msg::HistoryLoaded(history) => checking::remember(model, history),
        Msg::Unlocked { ticket, result } => secrets::unlocked(model, ticket, result, &mut out),
        Msg::SecretsRead { ticket, result } => secrets_read(model, ticket, result, &mut out),
        Msg::SecretsWritten { ticket, result } => written(model, ticket, &result, &mut out),
        Msg::ConnectionSaved { ticket, result } => {
            if !rotate::connection_saved(model, ticket, &result) {
                storing::connection_saved(model, ticket, result, &mut out);
            }
        }
        Msg::ConnectionRemoved { ticket, result } => remove::removed(model, ticket, &result, &mut out),
        Msg::StoreFailed(failure) => notify(model, Tone::Failure, store_failure_text(&failure)),
        Msg::Random { ticket, result } => {
            home::random(model, ticket, &result, &mut out);
            authorization::random(model, ticket, &result, &mut out);
            proof::random(model, ticket, &result, &mut out);
            rotate::random(model, ticket, &result, &mut out);
        }
        Msg::Listening { ticket, result } => authorization::listening(model, ticket, result, &mut out),
        Msg::Callback { ticket, event } => waiting::callback(model, ticket, event, &mut out),
        Msg::Token { ticket, result } => {
            activation::token(model, ticket, &result, &mut out);
            exchange::token(model, ticket, &result, &mut out);
            proof::token(model, ticket, &result, &mut out);
            review::proof::token(model, ticket, &result, &mut out);
            rotate::token(model, ticket, &result, &mut out);
            verification::token(model, ticket, *result, &mut out);
        }
        Msg::Renewed { ticket, result } => renewed(model, ticket, *result, &mut out),
        Msg::Revoked { ticket, result } => {
            remove::revoked(model, ticket, &result, &mut out);
            verification::revoked(model, ticket, result, &mut out);
        }
        Msg::Read { ticket, result } => {
            review::proof::answered(model, ticket, &result, &mut out);
            verification::read(model, ticket, *result, &mut out);
        }
        Msg::Preflight { ticket, result } => proof::preflight(model, ticket, &result, &mut out),
        Msg::Checked { ticket, reports } => checking::checked(model, ticket, reports),
        Msg::CheckEnded { ticket, result } => checking::ended(model, ticket, &result, &mut out),
        Msg::BrowserOpened(result) => match result {
            Ok(None) => {
                let stand_in = model.settings.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.stand_in);
                let text = if stand_in {
                    "The rehearsal followed the login by itself."
                } else {
                    "Asked the browser to open the page."
                };
                notify(model, Tone::Information, text);
            }
            Ok(Some(address)) => waiting::browser_landed(model, address),
            Err(why) => waiting::browser_refused(model, &why, &mut out),
        },
        Msg::Copied { what, how } => notify(model, Tone::Success, format!("{what}: {how}")),
        Msg::Exported { result } => match result {
            Ok(path) => notify(model, Tone::Success, format!("Written to {path}")),
            Err(why) => notify(model, Tone::Failure, format!("Not written: {why}")),
        },
        Msg::Regenerated { ticket, secret } => rotate::regenerated(model, ticket, &secret),
    }
    out
}

/// Secrets were written: whoever waits for the ticket goes on.
fn written(model: &mut Model, ticket: Ticket, result: &Result<(), StoreFailure>, out: &mut Vec<Effect>) {
    form::secrets_written(model, ticket, result, out);
    authorization::secrets_written(model, ticket, result, out);
    proof::login_began(model, out);
    refreshing::secrets_written(model, ticket, result, out);
    storing::secrets_written(model, ticket, result, out);
    rotate::secrets_written(model, ticket, result, out);
}

/// A refresh came to its end, or was not begun: whoever waits for the ticket goes on.
fn renewed(model: &mut Model, ticket: Ticket, result: Renewal, out: &mut Vec<Effect>) {
    remove::renewed(model, ticket, &result, out);
    refreshing::renewed(model, ticket, result, out);
}

/// Secrets were read, or could not be: whoever waits for the ticket goes on.
fn secrets_read(
    model: &mut Model,
    ticket: Ticket,
    result: Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    review::proof::secrets_read(model, ticket, &result, out);
    again::secrets_read(model, ticket, &result, out);
    remove::secrets_read(model, ticket, &result, out);
    secrets::read(model, ticket, result, out);
}

/// Shows a line about what happened.
fn notify(model: &mut Model, tone: Tone, text: impl Into<String>) {
    model.notice = Some(Notice { tone, text: text.into() });
}

/// Ends the program. Every answer is on disk already; a field that is being typed in is kept as well.
fn leave(model: &mut Model, out: &mut Vec<Effect>) {
    form::keep_typed(model, out);
    let unfinished = matches!(model.screen, Screen::Wizard(_));
    let exit = if unfinished { Exit::Left } else { Exit::Done };
    let again = model.exit.replace(exit.clone()).is_some();
    // A secret typed a moment ago waits for the store to open. That takes no passphrase, or is given up; who
    // asks twice leaves at once.
    let opening = matches!(&model.secret_store, SecretStore::Unlocking { waiting, .. }
        if waiting.iter().any(|effect| matches!(effect, Effect::WriteSecrets { .. })));
    if again || !opening || matches!(model.overlay, Some(Overlay::Unlock(_))) {
        out.push(Effect::Exit(exit));
    }
}

/// The wizard, if it is on screen.
fn wizard_mut(model: &mut Model) -> Option<&mut Wizard> {
    match &mut model.screen {
        Screen::Wizard(wizard) => Some(wizard),
        Screen::Home { .. } | Screen::Connection { .. } | Screen::Checks(_) => None,
    }
}

/// Writes the progress file.
fn save(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    if let Some(wizard) = wizard_mut(model) {
        wizard.setup.updated = now;
        out.push(Effect::SaveSetup(Box::new(wizard.setup.clone())));
    }
}

/// A store failure in words, with what to do.
pub fn store_failure_text(failure: &StoreFailure) -> String {
    match failure {
        StoreFailure::NeedsPassphrase { why, .. } => {
            format!(
                "Secrets need a passphrase ({why}). Set ZOOM_SETUP_PASSPHRASE where no prompt is possible."
            )
        }
        StoreFailure::WrongPassphrase => "The passphrase does not open the secrets file.".to_owned(),
        StoreFailure::Io { message }
        | StoreFailure::Unreadable { message }
        | StoreFailure::Locked { message } => message.clone(),
    }
}

/// The line of the home screen under the cursor.
pub fn selected_home_item(model: &Model) -> Option<HomeItem> {
    match &model.screen {
        Screen::Home { selected } => model.home_items().get(*selected).cloned(),
        Screen::Wizard(_) | Screen::Connection { .. } | Screen::Checks(_) => None,
    }
}

/// ID and secret in each other's place, after Zoom refused them as they are. By hand it could not be mended: neither
/// field takes what still stands in the other.
fn swap(model: &Model, wizard: &Wizard, form: &Form) -> Option<Vec<(FieldName, Secret)>> {
    let Some(Shown::Answered { record, .. }) = shown(model) else { return None };
    let given = wizard.credentials();
    let (id, secret) = (given.client_id, given.client_secret?);
    let both = [FieldName::ClientId, FieldName::ClientSecret]
        .iter()
        .all(|name| form.fields.iter().any(|field| field.spec.name == *name));
    let refused = record.verdict.judgement == Judgement::Refused;
    (both && refused && given.swapped())
        .then(|| vec![(FieldName::ClientId, secret.clone()), (FieldName::ClientSecret, Secret::new(id))])
}

/// What Ctrl-Y would put into the fields of the current step: the cleaned text of the field with the focus,
/// or in rehearsal the sandbox's values.
pub fn offer(model: &Model) -> Option<Vec<(FieldName, Secret)>> {
    let wizard = model.wizard()?;
    let StepState::Fill(form) = &wizard.state else { return None };
    let field = form.fields.get(form.focus)?;
    if let Checked::Bad { cleaned: Some(cleaned), .. } = &field.checked {
        return Some(vec![(field.spec.name, Secret::new(cleaned.clone()))]);
    }
    if let Some(swapped) = swap(model, wizard, form) {
        return Some(swapped);
    }
    let rehearsal = model.settings.rehearsal.as_ref()?;
    let values = if wizard.is_server_to_server() { &rehearsal.server_to_server } else { &rehearsal.general };
    let offered: Vec<(FieldName, Secret)> = form
        .fields
        .iter()
        .filter_map(|field| values.get(&field.spec.name).map(|value| (field.spec.name, value.clone())))
        .collect();
    // What stands in the fields already is no offer.
    let stands = |(name, value): &(FieldName, Secret)| {
        let field = form.fields.iter().find(|field| field.spec.name == *name);
        field.is_some_and(|field| match field.input.text() {
            "" => wizard.secrets.get(name) == Some(value),
            text => text == value.expose(),
        })
    };
    (!offered.iter().all(stands)).then_some(offered)
}
