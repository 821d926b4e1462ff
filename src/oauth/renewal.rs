//! The record of a connection's tokens, with the mark of a refresh under way: the journal of rotation. Pure.
//!
//! Zoom spends a refresh token by being asked. So the mark is on disk before the request leaves, and the new pair
//! replaces pair and mark at once. A mark that is found when nobody holds the lock means that the end of that
//! refresh is not known: the token may be spent, and is never sent again.
//!
//! | on disk | what it means |
//! |---|---|
//! | a pair, no mark | the pair is alive, as far as this machine can know |
//! | a pair with a mark, lock held | a refresh is under way |
//! | a pair with a mark, nobody holds the lock | the end of a refresh is not known; only a new authorization helps |

mod document;
#[cfg(test)]
mod tests;

pub use document::{DocumentProblem, FORMAT, TokenDocument};

use super::token::StoredTokens;
use super::{Failure, FailureKind, TokenGrant};
use crate::secret::{Fingerprint, Secret};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The tokens of one connection as they are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    pub tokens: StoredTokens,
    /// A refresh that was begun with the refresh token in here.
    pub refreshing: Option<Refreshing>,
    /// The refresh token that was spent for this pair; `None` for the pair of a login.
    pub replaces: Option<Fingerprint>,
}

/// A refresh that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refreshing {
    pub since: Timestamp,
    /// The refresh token that is spent by it.
    pub spends: Fingerprint,
}

impl TokenRecord {
    /// The pair of a login.
    pub const fn of_login(tokens: StoredTokens) -> Self {
        Self { tokens, refreshing: None, replaces: None }
    }

    /// The same pair, marked: its refresh token is about to be sent. `None` if there is none to send, or if it was
    /// sent before.
    pub fn marked(&self, now: Timestamp) -> Option<Self> {
        let spends = self.tokens.refresh_token.as_ref()?.fingerprint();
        let unmarked = self.refreshing.is_none();
        unmarked.then(|| Self { refreshing: Some(Refreshing { since: now, spends }), ..self.clone() })
    }

    /// The same pair without its mark. Only where it is known that the refresh token was not spent.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self { refreshing: None, ..self.clone() }
    }

    /// The pair that a refresh with the one in here brought.
    #[must_use]
    pub fn renewed(&self, grant: &TokenGrant, now: Timestamp) -> Self {
        Self {
            tokens: StoredTokens::from_grant(grant, now, Some(&self.tokens)),
            refreshing: None,
            replaces: self.fingerprint(),
        }
    }

    /// Whether this record, found where a store that did not take it was passed by, is newer than what is stored.
    /// The chain of spent tokens tells first; clocks only where it is broken, since they can be set back.
    pub fn is_newer_than(&self, stored: Option<&Self>) -> bool {
        let Some(stored) = stored else { return true };
        if self.tokens == stored.tokens {
            return false;
        }
        if self.replaces.is_some() && self.replaces == stored.fingerprint() {
            return true;
        }
        if stored.replaces.is_some() && stored.replaces == self.fingerprint() {
            return false;
        }
        self.tokens.obtained_at > stored.tokens.obtained_at
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        self.tokens.refresh_token.as_ref().map(Secret::fingerprint)
    }

    /// Whole seconds that the access token still lives.
    fn seconds_left(&self, now: Timestamp) -> u64 {
        u64::try_from(self.tokens.expires_at.duration_since(now).as_secs()).unwrap_or_default()
    }
}

/// What to do with a record that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Its access token is fresh enough, or somebody else has just refreshed it. Zoom need not be asked.
    Use,
    /// Write the marked record, then send the refresh token.
    Spend { marked: TokenRecord, refresh_token: Secret },
    /// A refresh was begun and its end is not known. Nothing may be sent.
    Unknown { since: Timestamp },
    /// There is nothing to refresh with.
    NoRefreshToken,
}

/// What to do with the record that was read under the lock. `seen`: the pair that the caller saw before it waited
/// for the lock. `when_less_than_s`: refresh only if the access token lives shorter than this; `None`: in any case.
pub fn decide(
    record: &TokenRecord,
    when_less_than_s: Option<u64>,
    now: Timestamp,
    seen: Option<&StoredTokens>,
) -> Decision {
    if let Some(begun) = &record.refreshing {
        return Decision::Unknown { since: begun.since };
    }
    let left = record.seconds_left(now);
    let replaced_meanwhile = seen != Some(&record.tokens) && left > 0;
    if replaced_meanwhile || when_less_than_s.is_some_and(|wanted| left >= wanted) {
        return Decision::Use;
    }
    match (record.marked(now), &record.tokens.refresh_token) {
        (Some(marked), Some(refresh_token)) => {
            Decision::Spend { marked, refresh_token: refresh_token.clone() }
        }
        (Some(_) | None, _) => Decision::NoRefreshToken,
    }
}

/// What a refresh that brought no pair means for the token that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// The request never left this machine: the token is as it was.
    NotSent,
    /// Zoom says no: nothing was given, and nothing rotated.
    Refused,
    /// It may have reached Zoom, and what Zoom did is not known.
    Unknown,
}

/// Error codes of the token endpoint (RFC 6749 section 5.2): the request was turned down.
const TOKEN_ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// What the failure of a refresh means for the token that was sent.
pub fn aftermath(failure: &Failure) -> Aftermath {
    match &failure.kind {
        // The adapter gives these only where no connection came about.
        FailureKind::Dns { .. }
        | FailureKind::Connect { .. }
        | FailureKind::Tls { .. }
        | FailureKind::Proxy { .. }
        | FailureKind::Forbidden { .. } => Aftermath::NotSent,
        FailureKind::Answered { status, body, .. } => {
            if turned_down(*status, body) {
                Aftermath::Refused
            } else {
                Aftermath::Unknown
            }
        }
        FailureKind::TimedOut { .. }
        | FailureKind::AnswerLost { .. }
        | FailureKind::TooLarge { .. }
        | FailureKind::Malformed { .. } => Aftermath::Unknown,
    }
}

/// Whether the answer says that the request was turned down before anything was given. A page, and an error of the
/// server itself, say nothing about that: what stands in front of Zoom may have lost Zoom's answer.
fn turned_down(status: u16, body: &str) -> bool {
    // RFC 6585 section 4: too many requests, so this one was not worked on.
    if status == 429 {
        return true;
    }
    let Ok(Value::Object(answer)) = serde_json::from_str(body) else { return false };
    let error = answer.get("error").and_then(Value::as_str);
    let of_token_endpoint = error.is_some_and(|error| TOKEN_ERRORS.contains(&error));
    // Zoom also refuses with a number of its own and without an OAuth error.
    let of_zoom =
        error.is_some() || ["reason", "errorCode", "code"].iter().any(|key| answer.contains_key(*key));
    of_token_endpoint || ((400..=499).contains(&status) && of_zoom)
}
