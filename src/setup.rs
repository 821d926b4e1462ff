//! A set-up in progress and a stored connection: what is kept on disk, without any secret.

pub mod compared;
pub mod values;

use crate::oauth::Diagnosis;
use crate::oauth::verdict::Verdict;
use crate::procedure::{AppKind, FieldName, Management, Receiver};
use crate::secret::Fingerprint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the file formats below.
pub const FORMAT: u32 = 1;

/// Fields of a record that a newer zoom-setup has written and this one does not know: kept as they are, with the
/// record they belong to, when it is written again.
pub type UnknownFields = serde_json::Map<String, serde_json::Value>;

/// The redirect URL of a login that is caught on this computer (RFC 8252 section 7.3).
pub fn loopback_redirect(port: u16) -> String {
    format!("http://127.0.0.1:{port}/callback")
}

/// A set-up in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    pub format: u32,
    /// Short, unique, fit for a file name: `servicenow-dex-1f3a`.
    pub id: String,
    /// Id of the procedure.
    pub procedure: String,
    /// Begun against the embedded sandbox.
    pub rehearsal: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Id of the step it stands at.
    pub current: String,
    /// Non-secret answers in normal form.
    #[serde(default)]
    pub answers: BTreeMap<FieldName, String>,
    /// Secrets that are in the secret store, by fingerprint.
    #[serde(default)]
    pub secrets: BTreeMap<FieldName, Fingerprint>,
    /// Scopes the app shall have.
    #[serde(default)]
    pub scopes: BTreeSet<String>,
    /// Of these, the ones the admin has added in Zoom.
    #[serde(default)]
    pub scopes_added: BTreeSet<String>,
    /// Steps done, by id.
    #[serde(default)]
    pub done: BTreeMap<String, Done>,
    /// A grant the wizard obtained; the tokens are in the secret store.
    #[serde(default)]
    pub grant: Option<GrantRecord>,
    /// What became of the test login.
    #[serde(default)]
    pub decision: Option<GrantDecision>,
    /// Result of the last verification.
    #[serde(default)]
    pub verification: Option<Verification>,
    /// Name of the connection it was stored as.
    #[serde(default)]
    pub connection: Option<String>,
    /// Strings that were pasted back and compared.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub compared: compared::Comparisons,
    /// The last answer of Zoom to each question.
    #[serde(default)]
    pub proofs: BTreeMap<Question, ProofRecord>,
    /// The stored connection that is logged in to again by it, and whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A stored connection that another takes the place of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    pub connection: String,
    /// When it was made first.
    pub created: Timestamp,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A question to Zoom about what was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// General app: is the pair of client ID and secret known?
    Pair,
    /// Server-to-Server app: do the three values get a token?
    Account,
    /// General app: does the authorize page take the receiver's redirect URL?
    Redirect,
}

/// What Zoom answered, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    pub at: Timestamp,
    /// The values it is about, in the order of the question. With other values it says nothing.
    pub about: Vec<Fingerprint>,
    pub verdict: Verdict,
    /// When these values last got a token.
    #[serde(default)]
    pub token_at: Option<Timestamp>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A finished step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub at: Timestamp,
    /// An answer it depends on changed since; look again.
    #[serde(default)]
    pub check_again: bool,
    /// It was passed without the proof that it asks for, or what was proved has changed since.
    #[serde(default)]
    pub not_proved: bool,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// A grant without its tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRecord {
    pub obtained_at: Timestamp,
    /// End of the access token's life.
    pub expires_at: Timestamp,
    /// As granted; `None` if the answer named none.
    pub scopes: Option<Vec<String>>,
    pub api_url: Option<String>,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// Last successful refresh.
    pub refreshed_at: Option<Timestamp>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What becomes of the wizard's own test login (law 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantDecision {
    /// The wizard's tokens are revoked; the receiver logs in last and owns the refresh.
    RevokeAndHandOver,
    /// The wizard keeps the grant and owns the refresh.
    KeepAndOwn,
    /// The wizard never logged in.
    Skipped,
}

/// Who may spend the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    Wizard,
    Receiver,
}

/// Result of a verification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    pub at: Timestamp,
    pub checks: Vec<Check>,
    pub account: Option<AccountFacts>,
    /// Granted scopes; `None` if not known.
    pub granted: Option<Vec<String>>,
    /// Chosen and not granted.
    pub missing: Vec<String>,
    /// Granted and not chosen.
    pub excess: Vec<String>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Verification {
    /// Whether any check failed.
    pub fn failed(&self) -> bool {
        self.count(Outcome::Fail) > 0
    }

    /// How many checks ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    /// What the verification comes to. It has passed once a token was used: what earlier steps proved stands
    /// among the checks, but is not its own doing.
    pub fn outcome(&self) -> Outcome {
        let own = |check: &Check| matches!(check.code.as_str(), "token" | "account" | "scopes" | "refresh");
        if self.failed() {
            Outcome::Fail
        } else if !self.checks.iter().any(|check| own(check) && check.outcome == Outcome::Pass) {
            Outcome::NotChecked
        } else if self.count(Outcome::Warning) > 0 {
            Outcome::Warning
        } else {
            Outcome::Pass
        }
    }

    /// Whether the connection was proved by it.
    pub fn proves(&self) -> bool {
        matches!(self.outcome(), Outcome::Pass | Outcome::Warning)
    }
}

/// Who a token belongs to, as the API says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    pub account_id: Option<String>,
    pub user_id: Option<String>,
    pub email: Option<String>,
    pub name: Option<String>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// One claim, proved or marked (law 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable id: `token`, `account`, `scopes`, `refresh`, `store`, `app-kind`, `clock`.
    pub code: String,
    pub title: String,
    pub outcome: Outcome,
    /// What was seen, or why it was not checked.
    pub detail: String,
    /// What to do, if anything.
    pub next: Option<String>,
    /// The diagnosis behind a failure.
    #[serde(default)]
    pub diagnosis: Option<Diagnosis>,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Outcome of a check. PASS only after a live answer, or after an exact comparison of what was pasted back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Pass,
    Warning,
    Fail,
    NotChecked,
}

impl Outcome {
    /// The word that carries the meaning without colour.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Warning => "WARN",
            Self::Fail => "FAIL",
            Self::NotChecked => "not checked",
        }
    }
}

/// A stored connection. Readable file; its secrets are in the secret store under `connection/<name>/…`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    pub format: u32,
    /// Chosen by the admin; unique.
    pub name: String,
    pub procedure: String,
    pub receiver: Receiver,
    pub app_kind: AppKind,
    pub rehearsal: bool,
    pub created: Timestamp,
    pub owner: Owner,
    pub answers: BTreeMap<FieldName, String>,
    pub secrets: BTreeMap<FieldName, Fingerprint>,
    /// Scopes the app shall have.
    pub scopes: BTreeSet<String>,
    pub grant: Option<GrantRecord>,
    pub verification: Option<Verification>,
    /// Strings that were pasted back and compared during the set-up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub compared: compared::Comparisons,
    /// See [`UnknownFields`].
    #[serde(flatten)]
    pub unknown: UnknownFields,
    /// Since when a secret is the one that is stored, where it was replaced after [`Self::created`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials_since: BTreeMap<FieldName, Timestamp>,
}

impl Connection {
    /// Since when this secret is the one that is stored.
    pub fn secret_since(&self, field: FieldName) -> Timestamp {
        self.credentials_since.get(&field).copied().unwrap_or(self.created)
    }

    /// How its app is managed, if it is a General app and that was asked.
    pub fn management(&self) -> Option<Management> {
        management(&self.answers)
    }

    /// The granted scopes as they were known last, and when that was.
    pub fn last_granted(&self) -> (Option<Vec<String>>, Option<Timestamp>) {
        last_granted(self.grant.as_ref(), self.verification.as_ref())
    }
}

/// How a General app is managed, if that was asked.
pub fn management(answers: &BTreeMap<FieldName, String>) -> Option<Management> {
    let answer = answers.get(&FieldName::Management)?;
    [Management::Admin, Management::User].into_iter().find(|management| management.as_str() == answer)
}

/// The granted scopes that a login or a verification named last, and when that was.
pub fn last_granted(
    grant: Option<&GrantRecord>,
    verification: Option<&Verification>,
) -> (Option<Vec<String>>, Option<Timestamp>) {
    let grant = grant.map(|grant| (grant.scopes.clone(), grant.refreshed_at.unwrap_or(grant.obtained_at)));
    let verified = verification.map(|done| (done.granted.clone(), done.at));
    let newest =
        grant.into_iter().chain(verified).filter(|(scopes, _)| scopes.is_some()).max_by_key(|(_, at)| *at);
    newest.map_or((None, None), |(scopes, at)| (scopes, Some(at)))
}

/// Where a secret lies in the secret store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKey {
    /// A secret answer of a set-up.
    SetupField(String, FieldName),
    /// Tokens of a set-up's test login ([`crate::oauth::token::StoredTokens`] as JSON).
    SetupTokens(String),
    /// The pending login of a set-up.
    SetupPending(String),
    /// A secret answer of a connection.
    ConnectionField(String, FieldName),
    /// Tokens of a connection.
    ConnectionTokens(String),
}

impl SecretKey {
    /// Path-like text used as the key inside the encrypted file.
    pub fn path(&self) -> String {
        match self {
            Self::SetupField(id, field) => format!("setup/{id}/{}", field.as_str()),
            Self::SetupTokens(id) => format!("setup/{id}/tokens"),
            Self::SetupPending(id) => format!("setup/{id}/pending"),
            Self::ConnectionField(name, field) => format!("connection/{name}/{}", field.as_str()),
            Self::ConnectionTokens(name) => format!("connection/{name}/tokens"),
        }
    }
}
