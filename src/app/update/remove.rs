//! Removing a stored connection: asked first, its login revoked at Zoom if that is wanted. A revocation that fails
//! keeps everything.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::scroll;
use super::{home, notify, secrets, store_failure_text};
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{Model, Screen, Tone};
use crate::app::removal::{RemovalChoice, RemovalPhase, RemovalProblem, Removing};
use crate::error::ErrorKind;
use crate::oauth::diagnosis::diagnose;
use crate::oauth::token::StoredTokens;
use crate::oauth::{ClientAuthentication, Failure, RevokeRequest};
use crate::ports::{Renewal, RenewalRequest, StoreFailure};
use crate::procedure::FieldName;
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey};

/// Seconds that the access token must still live when Zoom is asked to revoke by it: two time limits of a call.
const ENOUGH_LIFE_S: u64 = 60;

/// Asks about the connection of that name.
pub fn open(model: &mut Model, name: &str) {
    let Some(connection) = model.connection(name).cloned() else {
        return notify(model, Tone::Failure, format!("There is no connection {name}."));
    };
    model.scroll = 0;
    model.notice = None;
    model.removing = Some(Box::new(Removing::new(connection)));
}

/// A key while the question is on the screen.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(removing) = &mut model.removing else { return };
    model.notice = None;
    if removing.is_busy() {
        return scroll(model, intent);
    }
    let choices = removing.choices();
    let last = choices.len() - 1;
    match intent {
        Intent::Up => removing.selected = removing.selected.saturating_sub(1),
        Intent::Down => removing.selected = (removing.selected + 1).min(last),
        Intent::Back => close(model),
        Intent::Confirm => match choices.get(removing.selected) {
            Some(RemovalChoice::RevokeAndRemove) => read(model, out),
            Some(RemovalChoice::Remove) => delete(model, out),
            Some(RemovalChoice::Keep) | None => close(model),
        },
        other => scroll(model, other),
    }
}

/// Takes one of the choices, as if it was selected. For a caller that has asked already.
pub fn choose(model: &mut Model, choice: RemovalChoice, out: &mut Vec<Effect>) {
    let Some(removing) = &mut model.removing else { return };
    if let Some(selected) = removing.choices().iter().position(|other| *other == choice) {
        removing.selected = selected;
        intent(model, Intent::Confirm, out);
    }
}

fn close(model: &mut Model) {
    model.removing = None;
    model.scroll = 0;
}

/// The client secret is needed to revoke.
fn read(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(removing) = &mut model.removing else { return };
    removing.problem = None;
    removing.phase = RemovalPhase::Reading { ticket };
    let keys = vec![SecretKey::ConnectionField(removing.connection.name.clone(), FieldName::ClientSecret)];
    secrets::with_store(model, Effect::ReadSecrets { ticket, keys }, out);
}

/// Secrets were read, or could not be.
pub fn secrets_read(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Vec<(SecretKey, Option<Secret>)>, StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let Some(removing) = &model.removing else { return };
    if removing.phase != (RemovalPhase::Reading { ticket }) {
        return;
    }
    let client_secret = match result {
        Ok(found) => found.first().and_then(|(_, value)| value.clone()),
        Err(failure) => return keep(model, of_store(failure)),
    };
    let connection = &removing.connection;
    if client_secret.is_none() && connection.secrets.contains_key(&FieldName::ClientSecret) {
        let text = "Its client secret is not stored here, and Zoom wants it.".to_owned();
        return keep(model, RemovalProblem { kind: ErrorKind::Store, text });
    }
    let request = RenewalRequest {
        key: SecretKey::ConnectionTokens(connection.name.clone()),
        client: client(connection, client_secret.clone()),
        when_less_than_s: Some(ENOUGH_LIFE_S),
    };
    let ticket = model.ticket();
    if let Some(removing) = &mut model.removing {
        removing.phase = RemovalPhase::Renewing { ticket, client_secret };
    }
    out.push(Effect::Renew { ticket, request });
}

fn client(connection: &Connection, client_secret: Option<Secret>) -> ClientAuthentication {
    let client_id = connection.answers.get(&FieldName::ClientId).cloned().unwrap_or_default();
    match client_secret {
        Some(client_secret) => ClientAuthentication::Basic { client_id, client_secret },
        None => ClientAuthentication::Public { client_id },
    }
}

/// There is an access token that lives, or there is none.
pub fn renewed(model: &mut Model, ticket: Ticket, renewal: &Renewal, out: &mut Vec<Effect>) {
    let Some(removing) = &model.removing else { return };
    let RemovalPhase::Renewing { ticket: expected, client_secret } = &removing.phase else { return };
    if *expected != ticket {
        return;
    }
    let client = client(&removing.connection, client_secret.clone());
    let tokens = match usable(renewal, model.now) {
        Ok(tokens) => tokens,
        Err(why) => return keep(model, why),
    };
    let request = RevokeRequest { client, token: tokens.access_token.clone() };
    let ticket = model.ticket();
    if let Some(removing) = &mut model.removing {
        removing.phase = RemovalPhase::Revoking { ticket };
    }
    out.push(Effect::Revoke { ticket, request });
}

/// The tokens whose access token Zoom takes; otherwise why there are none.
fn usable(renewal: &Renewal, now: jiff::Timestamp) -> Result<&StoredTokens, RemovalProblem> {
    let lost = |text: &str| Err(RemovalProblem { kind: ErrorKind::Refused, text: text.to_owned() });
    match renewal {
        // A new pair that is on no disk revokes as well as one that is.
        Renewal::Fresh { tokens, .. }
        | Renewal::Renewed { tokens, .. }
        | Renewal::NotStored { tokens, .. } => Ok(tokens),
        // An access token outlives what became of its refresh token.
        Renewal::Unknown { tokens, .. } | Renewal::NoRefreshToken { tokens } if tokens.expires_at > now => {
            Ok(tokens)
        }
        Renewal::Unknown { .. } => {
            lost("A refresh of it was interrupted, so its token is not known any more.")
        }
        Renewal::NoRefreshToken { .. } => {
            lost("Its access token has ended, and there is no refresh token to get another.")
        }
        Renewal::Refused { failure, .. } | Renewal::NotSent { failure, .. } => Err(of_zoom(failure, now)),
        Renewal::NoTokens => {
            Err(RemovalProblem { kind: ErrorKind::Store, text: "Its tokens are not stored here.".to_owned() })
        }
        Renewal::Store(failure) => Err(of_store(failure)),
    }
}

fn of_zoom(failure: &Failure, now: jiff::Timestamp) -> RemovalProblem {
    let problem = diagnose(failure, now);
    let zoom = problem.zoom.map(|zoom| format!(" Zoom said: {zoom}")).unwrap_or_default();
    let text = format!("{}. {}{zoom}", problem.heading, problem.cause);
    RemovalProblem { kind: problem.class.error_kind(), text }
}

fn of_store(failure: &StoreFailure) -> RemovalProblem {
    RemovalProblem { kind: ErrorKind::Store, text: store_failure_text(failure) }
}

/// Zoom answered the revocation.
pub fn revoked(model: &mut Model, ticket: Ticket, result: &Result<(), Failure>, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(removing) = &mut model.removing else { return };
    if removing.phase != (RemovalPhase::Revoking { ticket }) {
        return;
    }
    match result {
        Ok(()) => {
            removing.revoked = true;
            removing.selected = 0;
            delete(model, out);
        }
        Err(failure) => keep(model, of_zoom(failure, now)),
    }
}

/// Nothing was revoked and nothing removed.
fn keep(model: &mut Model, why: RemovalProblem) {
    model.scroll = 0;
    if let Some(removing) = &mut model.removing {
        removing.phase = RemovalPhase::Asking;
        removing.problem = Some(why);
    }
}

fn delete(model: &mut Model, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(removing) = &mut model.removing else { return };
    removing.problem = None;
    removing.phase = RemovalPhase::Deleting { ticket };
    let name = removing.connection.name.clone();
    let secrets = home::connection_secrets(&removing.connection);
    secrets::with_store(model, Effect::RemoveConnection { ticket, name, secrets }, out);
}

/// The store has removed it, or has not.
pub fn removed(model: &mut Model, ticket: Ticket, result: &Result<(), StoreFailure>, out: &mut Vec<Effect>) {
    let Some(removing) = &model.removing else { return not_removed(model, result) };
    if removing.phase != (RemovalPhase::Deleting { ticket }) {
        return not_removed(model, result);
    }
    if let Err(failure) = result {
        return keep(model, of_store(failure));
    }
    let name = removing.connection.name.clone();
    let receiver = removing.connection.receiver.label();
    let text = if removing.revoked {
        format!("Revoked at Zoom and removed here: {name}. Its app in Zoom stays.")
    } else {
        format!("Removed {name} here. The app in Zoom and the connection in {receiver} are still there.")
    };
    close(model);
    model.library.connections.retain(|connection| connection.name != name);
    model.screen = Screen::Home { selected: 0 };
    out.push(Effect::LoadLibrary);
    notify(model, Tone::Information, text);
}

/// Nobody waits for it but for its failure.
fn not_removed(model: &mut Model, result: &Result<(), StoreFailure>) {
    if let Err(failure) = result {
        notify(model, Tone::Failure, store_failure_text(failure));
    }
}
