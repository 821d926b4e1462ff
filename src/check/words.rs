//! What to do now and whose job it is, and what cannot be known from here.

use super::FindingCode;
use super::checking::Subject;
use crate::handoff::quote;
use crate::oauth::diagnosis::span_in_words;
use crate::procedure::{AppKind, Receiver};
use crate::secret::printable;
use crate::setup::{Connection, Owner};
use jiff::Timestamp;

/// The next step of a refusal, where it is another one than during a set-up.
pub(super) fn next(code: FindingCode, subject: &Subject) -> Option<String> {
    let receiver = subject.connection.receiver.label();
    Some(match code {
        FindingCode::CredentialsRefused => format!(
            "Zoom admin: see in the app's App Credentials whether the secret was regenerated or the app removed. The \
             pair of today is needed here (zoom-setup connections rotate {}) and in {receiver}.",
            name(subject)
        ),
        FindingCode::AccountRefused => format!(
            "Zoom admin: compare the Account ID with the app's App Credentials, and see that the app is activated. \
             {receiver} needs the same values."
        ),
        FindingCode::AppDisabled => match subject.connection.app_kind {
            AppKind::ServerToServer => {
                "Zoom admin: open the app's Activation page and activate it. If it is active there, ask Zoom support."
            }
            AppKind::General => {
                "Zoom admin: see in the Marketplace under Manage whether the app was switched off or its approval \
                 taken away, and undo that. If nothing is to be seen there, ask Zoom support."
            }
        }
        .to_owned(),
        FindingCode::Superseded => match subject.connection.owner {
            Owner::Wizard => format!(
                "Find out who logged in. If it was {receiver}, its login is the live one: let it be, and remove this \
                 connection here. If not, log in again here: {}.",
                watch(subject)
            ),
            Owner::Receiver => at_receiver(subject),
        },
        FindingCode::DisabledByAdmin => format!(
            "Zoom admin: approve the app again in the Marketplace. Then {}",
            lower_first(&log_in_again(subject))
        ),
        FindingCode::OwnerRemoved => {
            format!(
                "Zoom admin: choose a user who will stay. Then log in again here as that user: {}.",
                watch(subject)
            )
        }
        FindingCode::RefreshTokenRefused
        | FindingCode::RefreshTokenExpired
        | FindingCode::RefreshInterrupted
        | FindingCode::NoRefreshToken
        | FindingCode::TokenRefused => log_in_again(subject),
        FindingCode::RefreshTokenOld
        | FindingCode::NewPairNotStored
        | FindingCode::RescuedPairStored
        | FindingCode::ScopesMissing
        | FindingCode::ScopesGained
        | FindingCode::RedirectRefused
        | FindingCode::ClockSkew
        | FindingCode::Unreachable
        | FindingCode::RateLimited
        | FindingCode::StoreLocked
        | FindingCode::StoreUnreadable
        | FindingCode::SecretMissing
        | FindingCode::Refused
        | FindingCode::Stopped => return None,
    })
}

/// A new grant, from whoever owns it.
pub(super) fn log_in_again(subject: &Subject) -> String {
    match (subject.connection.app_kind, subject.connection.owner) {
        (AppKind::ServerToServer, _) => "Check again: this app needs no login.".to_owned(),
        (AppKind::General, Owner::Wizard) => {
            format!(
                "Log in again here, as the same Zoom user: {}. Only a new login brings a new pair.",
                watch(subject)
            )
        }
        (AppKind::General, Owner::Receiver) => at_receiver(subject),
    }
}

/// A login in place of one whose tokens can't be read.
pub(super) fn new_login(subject: &Subject) -> String {
    format!(
        "A new login, as the same Zoom user, brings new tokens; begin it with zoom-setup new {}. If the message says \
         how the file can be read again, do that instead.",
        quote(&printable(&subject.connection.procedure, 100))
    )
}

/// The command and the key that begin a login of a connection that is there.
fn watch(subject: &Subject) -> String {
    format!("zoom-setup check --watch {}, then press l", name(subject))
}

/// The name as a word of a shell.
fn name(subject: &Subject) -> String {
    quote(&printable(&subject.connection.name, 100))
}

fn at_receiver(subject: &Subject) -> String {
    let button = match subject.connection.receiver {
        Receiver::ServiceNow => "Configure and Get OAuth Token (or Edit and Get OAuth Token)",
        Receiver::Celigo => "Save & authorize",
    };
    format!("{} admin: press {button} on the connection there.", subject.connection.receiver.label())
}

pub(super) fn store_secret(subject: &Subject) -> String {
    let name = name(subject);
    format!("Whoever has the client secret: store it here with zoom-setup connections rotate {name}.")
}

/// `count`: how many are missing.
pub(super) fn scopes_missing(subject: &Subject, count: usize) -> String {
    let what = if count == 1 { "it" } else { "them" };
    let add = format!("Zoom admin: add {what} on the app's Scopes page");
    match (subject.connection.app_kind, subject.connection.owner) {
        (AppKind::ServerToServer, _) => {
            format!("{add}, then check again; new tokens have {what} within seconds.")
        }
        (AppKind::General, _) => format!("{add}. Then {}", lower_first(&log_in_again(subject))),
    }
}

pub(super) fn scopes_gained(subject: &Subject) -> String {
    let name = name(subject);
    format!(
        "Zoom admin: remove what nobody needs on the app's Scopes page (zoom-setup scopes review {name} tells what \
         each is for)."
    )
}

pub(super) fn redirect(subject: &Subject) -> String {
    let url = subject.redirect_url.as_deref().unwrap_or_default();
    format!("Zoom admin: enter {url} in OAuth Redirect URL and in OAuth Allow Lists of the app, and save.")
}

pub(super) fn refresh(subject: &Subject) -> String {
    match subject.connection.owner {
        Owner::Wizard => "Check with --refresh while Zoom can be reached: that brings a new one.".to_owned(),
        Owner::Receiver => at_receiver(subject),
    }
}

/// What cannot be known from here, by kind.
pub(super) fn unknown(connection: &Connection) -> Vec<String> {
    let receiver = connection.receiver.label();
    match (connection.app_kind, connection.owner) {
        (AppKind::General, Owner::Receiver) => vec![
            format!(
                "Whether {receiver}'s login is alive and will refresh: the grant is there, and only there"
            ),
            format!("Which scopes {receiver}'s login was granted, and when it was refreshed last"),
        ],
        (AppKind::ServerToServer, Owner::Receiver) => {
            vec![format!(
                "Whether {receiver} gets tokens: a token was not asked for, since it is the owner's"
            )]
        }
        (AppKind::ServerToServer, Owner::Wizard) => {
            vec![format!(
                "Whether {receiver} holds the same values and uses them: it asks for tokens of its own"
            )]
        }
        (AppKind::General, Owner::Wizard) => {
            vec![format!("Whether {receiver} uses this login, or one of its own that would end it (4741)")]
        }
    }
}

/// A next step without the keys of a screen: `press r to try again` is `check again` here.
pub(super) fn without_keys(text: &str) -> String {
    let mut out = text.to_owned();
    for (keys, words) in [
        ("Press r to try again", "Check again"),
        ("press r to try again", "check again"),
        ("Press r to try once more", "Check once more"),
        ("start again", "check again"),
    ] {
        out = out.replace(keys, words);
    }
    out
}

/// `at 14:05 UTC, in 20 minutes`.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(at.as_second().saturating_sub(now.as_second())).unwrap_or(0);
    format!("at {}, in {}", clock(at), span_in_words(seconds))
}

/// Day and minute.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// As part of a sentence.
pub(super) fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        // The name of a receiver keeps its capital.
        Some(first) if !text.starts_with("ServiceNow") && !text.starts_with("Celigo") => {
            first.to_lowercase().chain(characters).collect()
        }
        Some(_) | None => text.to_owned(),
    }
}
