//! The exact-string desk: every string of a set-up that must be identical somewhere, and what is known of each.

use super::input::TextField;
use super::model::Settings;
use super::wizard::{Authorization, Wizard};
use crate::exact;
use crate::procedure::{FieldName, RedirectRule};
use crate::secret::Secret;
use crate::setup::compared::{Compared, ExactString, standing};
use crate::setup::loopback_redirect;

/// The desk while it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    /// Index into [`rows`].
    pub selected: usize,
    /// The box for what stands there, once opened; masked.
    pub paste: Option<TextField>,
    /// Its keys are shown in its place.
    pub help: bool,
}

/// A string and the field it must stand in.
#[derive(Clone, Debug, PartialEq)]
pub struct DeskRow {
    pub string: ExactString,
    /// Whose page or form: `Zoom`, `ServiceNow`.
    pub system: &'static str,
    /// Label of the field there.
    pub label: String,
    /// `Err`: what it waits for, as a sentence.
    pub expected: Result<Secret, String>,
    /// The field shows it and cannot be changed.
    pub read_only: bool,
}

impl DeskRow {
    /// `Zoom's OAuth Redirect URL`.
    pub fn place(&self) -> String {
        format!("{}'s {}", self.system, self.label)
    }

    /// Whether neither string may be shown.
    pub fn is_secret(&self) -> bool {
        self.string.field().is_some_and(FieldName::is_secret)
    }

    /// Whether the two are shown one above the other; otherwise they are compared by fingerprint.
    pub const fn is_address(&self) -> bool {
        self.string.field().is_none()
    }

    /// The last comparison, if it was with the string that is expected now.
    pub fn standing<'a>(&self, wizard: &'a Wizard) -> Option<&'a Compared> {
        let fingerprint = self.expected.as_ref().ok()?.fingerprint();
        standing(&wizard.setup.compared, self.string, Some(&fingerprint))
    }
}

/// The rows of a set-up, from top to bottom.
pub fn rows(wizard: &Wizard, settings: &Settings) -> Vec<DeskRow> {
    let procedure = &wizard.procedure;
    ExactString::of(procedure, wizard.secrets.contains_key(&FieldName::SecretToken))
        .into_iter()
        .map(|string| DeskRow {
            string,
            system: if string.is_in_zoom() { "Zoom" } else { procedure.receiver.label() },
            label: string.label(procedure),
            expected: expected(wizard, settings, string).ok_or_else(|| waits_for(wizard, string)),
            read_only: string.is_read_only(procedure),
        })
        .collect()
}

fn expected(wizard: &Wizard, settings: &Settings, string: ExactString) -> Option<Secret> {
    match string.field() {
        None if string == ExactString::Loopback => loopback(wizard, settings).map(Secret::new),
        None => wizard.values().redirect_url().map(Secret::new),
        Some(field) if field.is_secret() => wizard.secrets.get(&field).cloned(),
        Some(field) => wizard.values().answer(field).map(Secret::new),
    }
}

/// The loopback URL of the login that is under way, or of the port that is tried first.
fn loopback(wizard: &Wizard, settings: &Settings) -> Option<String> {
    wizard
        .authorization()
        .and_then(Authorization::pending)
        .or(wizard.pending.as_ref())
        .map(|pending| pending.redirect_uri.clone())
        .filter(|redirect| redirect.starts_with("http://127.0.0.1:"))
        .or_else(|| settings.loopback_ports.first().map(|port| loopback_redirect(*port)))
}

/// Which answer is missing, and where it is given.
fn waits_for(wizard: &Wizard, string: ExactString) -> String {
    let field = string.field().unwrap_or(match wizard.procedure.redirect {
        Some(RedirectRule::Regions(_)) => FieldName::Region,
        Some(RedirectRule::ServiceNowInstance) | None => FieldName::Instance,
    });
    let step = wizard.procedure.steps.iter().position(|step| step.kind.asks_for(field));
    match step {
        Some(index) => {
            format!(
                "Not known yet: step {}, {}, asks for it.",
                index + 1,
                wizard.procedure.steps[index].title
            )
        }
        None => "Not known: no step of this set-up asks for it.".to_owned(),
    }
}

/// Whether a text holds a secret of the set-up, and which. Such a text is never shown.
pub fn holds_secret(wizard: &Wizard, text: &str) -> Option<FieldName> {
    wizard
        .secrets
        .iter()
        .find(|(_, secret)| !secret.is_empty() && text.contains(secret.expose()))
        .map(|(field, _)| *field)
}

/// What can be said about a pasted value that is not the expected one.
pub fn hints(wizard: &Wizard, row: &DeskRow, expected: &Secret, given: &Secret) -> Vec<String> {
    let answers = [(FieldName::ClientId, "the Client ID"), (FieldName::AccountId, "the Account ID")];
    let answers = answers
        .into_iter()
        .filter_map(|(field, name)| Some((Some(field), name, Secret::new(wizard.values().answer(field)?))));
    let secrets =
        [(FieldName::ClientSecret, "the Client Secret"), (FieldName::SecretToken, "the Secret Token")];
    let secrets = secrets
        .into_iter()
        .filter_map(|(field, name)| Some((Some(field), name, wizard.secrets.get(&field)?.clone())));
    let redirect = wizard.values().redirect_url().map(|url| (None, "the redirect URL", Secret::new(url)));
    let others: Vec<(&str, Secret)> = answers
        .chain(secrets)
        .chain(redirect)
        .filter(|(field, ..)| *field != row.string.field())
        .map(|(_, name, value)| (name, value))
        .collect();
    let others: Vec<exact::secret::Other<'_>> = others.iter().map(|(name, value)| (*name, value)).collect();
    exact::secret::hints(expected, given, &others)
}

/// The state of some strings in one line, for a step on which they matter: `OAuth Redirect URL same, OAuth
/// Allow Lists not yet`.
pub fn summary(rows: &[DeskRow], wizard: &Wizard) -> String {
    let parts: Vec<String> = rows
        .iter()
        .map(|row| {
            let found = match row.standing(wizard) {
                Some(compared) if compared.same => "same",
                Some(_) => "different",
                None => "not yet",
            };
            format!("{} {found}", row.label)
        })
        .collect();
    parts.join(", ")
}
