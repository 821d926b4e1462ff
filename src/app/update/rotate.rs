//! Replacing a client secret: entered, shown to Zoom, stored, and then where else it has to go. The old one stays
//! stored until Zoom knows the new one.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

use super::keys::{Typed, scroll};
use super::{notify, proof, secrets, selected_home_item, store_failure_text};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent, Ticket};
use crate::app::model::{HomeItem, Model, Screen, Tone};
use crate::app::proof::{MOST_TIMES, MOST_TIMES_SAME};
use crate::app::rotation::{Rotating, RotationPhase};
use crate::app::wizard::Field;
use crate::entry::{self, Checked, Finding};
use crate::handoff::rotation::APPS_PAGE;
use crate::oauth::probe::{self, Moment, PairProbe};
use crate::oauth::verdict::{Judgement, Verdict};
use crate::oauth::{ClientAuthentication, Failure, Grant, TokenGrant, TokenRequest};
use crate::ports::StoreFailure;
use crate::procedure::{AppKind, FieldName, FieldSpec};
use crate::secret::Secret;
use crate::setup::values::AnswerValues;
use crate::setup::{Connection, SecretKey};

/// Opens the screen for the connection of that name, above whatever is on the screen.
pub fn open(model: &mut Model, name: &str) {
    let Some(connection) = model.connection(name).cloned() else {
        return notify(model, Tone::Failure, format!("There is no connection {name}."));
    };
    if !connection.secrets.contains_key(&FieldName::ClientSecret) {
        let text = "This app is a public client: it has no client secret to replace.";
        return notify(model, Tone::Information, text);
    }
    let field = Field {
        spec: FieldSpec {
            name: FieldName::ClientSecret,
            label: "New client secret".to_owned(),
            help: "In Zoom: the app, App Credentials, Client secret.".to_owned(),
            required: true,
            suggestion: None,
        },
        input: TextField::masked(""),
        checked: Checked::Empty,
        peek: false,
        kept: None,
        visited: false,
    };
    model.scroll = 0;
    model.notice = None;
    model.rotating = Some(Box::new(Rotating {
        procedure: model.procedure(&connection.procedure).cloned(),
        connection,
        field,
        phase: RotationPhase::Enter,
        verdict: None,
        asked: Vec::new(),
        proved: None,
        not_stored: None,
    }));
}

/// Opens it for the connection under the cursor or on the screen.
pub fn open_selected(model: &mut Model) {
    let name = match &model.screen {
        Screen::Connection { name } => Some(name.clone()),
        Screen::Home { .. } => match selected_home_item(model) {
            Some(HomeItem::Connection(index)) => {
                model.library.connections.get(index).map(|connection| connection.name.clone())
            }
            _ => None,
        },
        Screen::Checks(checks) => {
            checks.selected(&model.library.connections).map(|connection| connection.name.clone())
        }
        Screen::Wizard(_) => None,
    };
    if let Some(name) = name {
        open(model, &name);
    }
}

/// What Ctrl-Y would do in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotationOffer {
    /// Take the text without what does not belong.
    Cleaned(Secret),
    /// Rehearsal: press Regenerate on the sandbox's page and take what it shows.
    Regenerate,
}

/// What is offered for the field as it stands.
pub fn rotation_offer(model: &Model) -> Option<RotationOffer> {
    let rotating = model.rotating.as_ref().filter(|rotating| rotating.phase == RotationPhase::Enter)?;
    if let Checked::Bad { cleaned: Some(cleaned), .. } = &rotating.field.checked {
        return Some(RotationOffer::Cleaned(Secret::new(cleaned.clone())));
    }
    let empty = rotating.field.input.text().is_empty();
    (empty && model.settings.rehearsal.is_some()).then_some(RotationOffer::Regenerate)
}

/// A key on the screen.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    let Some(rotating) = &mut model.rotating else { return };
    if intent != Intent::Peek {
        model.notice = None;
    }
    match (&rotating.phase, intent) {
        (RotationPhase::Enter, Intent::Confirm) => conclude(model, out),
        (RotationPhase::Enter, Intent::Peek) => rotating.field.peek = !rotating.field.peek,
        (RotationPhase::Enter, Intent::TakeOffer) => take_offer(model, out),
        (RotationPhase::Enter, Intent::Open) => open_page(model, out),
        (RotationPhase::Asking { ticket, .. }, Intent::Back) => {
            out.push(Effect::Cancel { ticket: *ticket });
            rotating.phase = RotationPhase::Enter;
            notify(model, Tone::Information, "Cancelled. Nothing was spent by asking, and nothing changed.");
        }
        (RotationPhase::Stored { secret, .. }, Intent::Copy) => {
            let what = "Client secret".to_owned();
            out.push(Effect::Copy { text: secret.clone(), what });
        }
        (RotationPhase::Enter, Intent::Back)
        | (RotationPhase::Stored { .. }, Intent::Back | Intent::Confirm) => close(model),
        (
            RotationPhase::Regenerating { .. }
            | RotationPhase::Storing { .. }
            | RotationPhase::Recording { .. },
            Intent::Back,
        ) => notify(model, Tone::Information, "It is being stored, which takes a moment."),
        (_, other) => scroll(model, other),
    }
}

fn close(model: &mut Model) {
    model.rotating = None;
    model.scroll = 0;
}

/// Text for the field.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    let Some(rotating) = &mut model.rotating else { return };
    if rotating.phase != RotationPhase::Enter {
        return;
    }
    typed.apply(&mut rotating.field.input);
    // What was said about another secret says nothing of this one.
    rotating.verdict = None;
    rotating.not_stored = None;
    recheck(rotating);
}

/// A paste: the new secret, or, once that is stored, what stands in the receiver's field.
pub fn paste(model: &mut Model, text: &Secret) {
    let Some(rotating) = &model.rotating else { return };
    let RotationPhase::Stored { secret, .. } = &rotating.phase else {
        return typed(model, Typed::Paste(text));
    };
    if text.expose() == secret.expose() {
        return notify(model, Tone::Success, "The same: this is the new secret, byte for byte.");
    }
    let hints = if rotating.before().is_some_and(|before| *before == text.fingerprint()) {
        vec!["It is the secret from before.".to_owned()]
    } else {
        crate::exact::secret::hints(secret, text, &[])
    };
    notify(model, Tone::Failure, format!("Not the new secret. {}", hints.join(" ")));
}

fn recheck(rotating: &mut Rotating) {
    let answers = &rotating.connection.answers;
    let others: Vec<(FieldName, &str)> =
        answers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let text = rotating.field.input.text();
    let mut checked = entry::check(FieldName::ClientSecret, text, &others);
    if let Checked::Good { value, .. } = &checked {
        let is_token = rotating.connection.secrets.get(&FieldName::SecretToken)
            == Some(&Secret::new(value.clone()).fingerprint());
        if is_token {
            let finding = Finding {
                message: "This is the same value as the Secret Token".to_owned(),
                hint: "The Secret Token signs events. The client secret is under App Credentials.".to_owned(),
                column: None,
            };
            checked = Checked::Bad { finding, cleaned: None };
        }
    }
    rotating.field.checked = checked;
}

fn take_offer(model: &mut Model, out: &mut Vec<Effect>) {
    match rotation_offer(model) {
        Some(RotationOffer::Cleaned(text)) => fill(model, &text),
        Some(RotationOffer::Regenerate) => {
            let ticket = model.ticket();
            let Some(rotating) = &mut model.rotating else { return };
            rotating.phase = RotationPhase::Regenerating { ticket };
            let server_to_server = rotating.connection.app_kind == AppKind::ServerToServer;
            out.push(Effect::Regenerate { ticket, server_to_server });
        }
        None => {}
    }
}

fn fill(model: &mut Model, text: &Secret) {
    if let Some(rotating) = &mut model.rotating {
        rotating.field.input.set(text.expose());
        rotating.verdict = None;
        recheck(rotating);
    }
}

/// The sandbox's page shows another secret.
pub fn regenerated(model: &mut Model, ticket: Ticket, secret: &Secret) {
    let Some(rotating) = &mut model.rotating else { return };
    if rotating.phase != (RotationPhase::Regenerating { ticket }) {
        return;
    }
    rotating.phase = RotationPhase::Enter;
    let server = rotating.connection.app_kind == AppKind::ServerToServer;
    if let Some(rehearsal) = &mut model.settings.rehearsal {
        let page = if server { &mut rehearsal.server_to_server } else { &mut rehearsal.general };
        page.insert(FieldName::ClientSecret, secret.clone());
    }
    fill(model, secret);
    notify(
        model,
        Tone::Information,
        "Regenerate was pressed in the rehearsal's Zoom: this is the new secret.",
    );
}

fn open_page(model: &mut Model, out: &mut Vec<Effect>) {
    if model.settings.rehearsal.is_some() {
        let text = format!("Rehearsal: outside it, Ctrl-O opens {APPS_PAGE}");
        return notify(model, Tone::Information, text);
    }
    out.push(Effect::OpenBrowser { url: APPS_PAGE.to_owned() });
}

/// The admin is done with the field: Zoom is asked, or what it knows already is stored.
fn conclude(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(rotating) = &mut model.rotating else { return };
    rotating.field.visited = true;
    let secret = match &rotating.field.checked {
        Checked::Good { value, .. } => Secret::new(value.clone()),
        Checked::Empty => return notify(model, Tone::Information, "Enter the new client secret first."),
        Checked::Bad { .. } => return notify(model, Tone::Information, "Correct the secret first."),
    };
    let fingerprint = secret.fingerprint();
    if rotating.proved.as_ref().is_some_and(|(proved, _)| *proved == fingerprint) {
        return store(model, secret, out);
    }
    let same = rotating.asked.iter().filter(|earlier| **earlier == fingerprint).count();
    if same >= MOST_TIMES_SAME || rotating.asked.len() >= MOST_TIMES {
        let text = format!(
            "Zoom was asked {same} times about this secret, {} in all, and is not asked again.",
            rotating.asked.len()
        );
        return notify(model, Tone::Warning, text);
    }
    rotating.asked.push(fingerprint);
    rotating.verdict = None;
    rotating.not_stored = None;
    model.scroll = 0;
    ask(model, secret, out);
}

fn ask(model: &mut Model, secret: Secret, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(rotating) = &mut model.rotating else { return };
    match rotating.connection.app_kind {
        AppKind::General => out.push(Effect::Random { ticket }),
        AppKind::ServerToServer => {
            let account_id = rotating.connection.answers.get(&FieldName::AccountId);
            let grant = Grant::AccountCredentials { account_id: account_id.cloned().unwrap_or_default() };
            let client = client(&rotating.connection, &secret);
            out.push(Effect::Token { ticket, request: TokenRequest { client, grant } });
        }
    }
    rotating.phase = RotationPhase::Asking { ticket, secret };
}

fn client(connection: &Connection, secret: &Secret) -> ClientAuthentication {
    let client_id = connection.answers.get(&FieldName::ClientId).cloned().unwrap_or_default();
    ClientAuthentication::Basic { client_id, client_secret: secret.clone() }
}

/// The secret that Zoom is being asked about under this ticket.
fn asking(model: &Model, ticket: Ticket) -> Option<Secret> {
    match &model.rotating.as_ref()?.phase {
        RotationPhase::Asking { ticket: expected, secret } if *expected == ticket => Some(secret.clone()),
        _ => None,
    }
}

/// Randomness for the made-up code.
pub fn random(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<Box<[u8; 64]>, String>,
    out: &mut Vec<Effect>,
) {
    let Some(secret) = asking(model, ticket) else { return };
    let (random, verifier) = match proof::random_parts(result) {
        Ok(parts) => parts,
        Err(verdict) => return answered(model, secret, *verdict, out),
    };
    let Some(rotating) = &model.rotating else { return };
    let connection = &rotating.connection;
    let redirect = rotating
        .procedure
        .as_ref()
        .and_then(|procedure| AnswerValues { answers: &connection.answers, procedure }.redirect_url());
    let request = PairProbe::new(client(connection, &secret), redirect, &random, verifier).into_request();
    out.push(Effect::Token { ticket, request });
}

/// The token endpoint answered. A token that came is dropped: it was asked for as a proof only.
pub fn token(model: &mut Model, ticket: Ticket, result: &Result<TokenGrant, Failure>, out: &mut Vec<Effect>) {
    let Some(secret) = asking(model, ticket) else { return };
    let Some(rotating) = &model.rotating else { return };
    let given = rotating.credentials(&secret);
    let verdict = match rotating.connection.app_kind {
        AppKind::General => probe::pair(result, given, model.now),
        AppKind::ServerToServer => {
            let moment = Moment::Activation { token_at: rotating.token_at() };
            probe::account(result, given, moment, model.now)
        }
    };
    answered(model, secret, verdict, out);
}

fn answered(model: &mut Model, secret: Secret, verdict: Verdict, out: &mut Vec<Effect>) {
    let now = model.now;
    model.scroll = 0;
    let Some(rotating) = &mut model.rotating else { return };
    let proved = verdict.judgement == Judgement::Proved;
    rotating.verdict = Some(verdict);
    rotating.phase = RotationPhase::Enter;
    if proved {
        rotating.proved = Some((secret.fingerprint(), now));
        store(model, secret, out);
    }
}

/// The proved secret takes the place of the old one.
fn store(model: &mut Model, secret: Secret, out: &mut Vec<Effect>) {
    let ticket = model.ticket();
    let Some(rotating) = &mut model.rotating else { return };
    let key = SecretKey::ConnectionField(rotating.connection.name.clone(), FieldName::ClientSecret);
    let changes = vec![(key, Some(secret.clone()))];
    rotating.not_stored = None;
    rotating.phase = RotationPhase::Storing { ticket, secret };
    secrets::with_store(model, Effect::WriteSecrets { ticket, changes }, out);
}

/// The secret store answered: now the file that names the secret.
pub fn secrets_written(
    model: &mut Model,
    ticket: Ticket,
    result: &Result<(), StoreFailure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let Some(rotating) = &model.rotating else { return };
    let RotationPhase::Storing { ticket: expected, secret } = &rotating.phase else { return };
    if *expected != ticket {
        return;
    }
    let secret = secret.clone();
    if let Err(failure) = result {
        return not_stored(model, failure);
    }
    let known = model.connection(&rotating.connection.name).unwrap_or(&rotating.connection);
    let connection = replaced(known, &secret, now);
    let ticket = model.ticket();
    if let Some(rotating) = &mut model.rotating {
        rotating.phase = RotationPhase::Recording { ticket, secret };
    }
    out.push(Effect::SaveConnection { ticket, connection: Box::new(connection) });
}

/// The connection with another client secret.
fn replaced(connection: &Connection, secret: &Secret, now: jiff::Timestamp) -> Connection {
    let mut connection = connection.clone();
    let fingerprint = secret.fingerprint();
    if connection.secrets.get(&FieldName::ClientSecret) != Some(&fingerprint) {
        connection.credentials_since.insert(FieldName::ClientSecret, now);
        connection.secrets.insert(FieldName::ClientSecret, fingerprint);
    }
    connection
}

fn not_stored(model: &mut Model, failure: &StoreFailure) {
    let text = store_failure_text(failure);
    if let Some(rotating) = &mut model.rotating {
        rotating.not_stored = Some(text);
        rotating.phase = RotationPhase::Enter;
    }
}

/// The connection's file was written, or not. Says whether it was the one that is waited for here.
pub fn connection_saved(model: &mut Model, ticket: Ticket, result: &Result<(), StoreFailure>) -> bool {
    let now = model.now;
    let Some(rotating) = &mut model.rotating else { return false };
    let RotationPhase::Recording { ticket: expected, secret } = &rotating.phase else { return false };
    if *expected != ticket {
        return false;
    }
    if let Err(failure) = result {
        not_stored(model, failure);
        return true;
    }
    let secret = secret.clone();
    let same = rotating.before() == Some(&secret.fingerprint());
    let name = rotating.connection.name.clone();
    rotating.field.input.set("");
    rotating.field.checked = Checked::Empty;
    if let Some(known) = model.library.connections.iter_mut().find(|known| known.name == name) {
        *known = replaced(known, &secret, now);
    }
    rotating.phase = RotationPhase::Stored { secret, same };
    model.scroll = 0;
    true
}
