//! The check of a stored connection: what was found, what it means, whose job it is. Pure.
//!
//! The three questions of whoever is paged: is it alive, will it refresh, until when. A connection whose refresh
//! belongs to the receiver is never refreshed or authorized from here (law 1); what cannot be known then is said.
//!
//! [`Checking`] is the check of one connection, over answers; [`Turns`] says which of many may ask next; what was
//! found before is a [`History`]. `runtime::check` runs them.

mod account;
mod checking;
mod finding;
mod grant;
mod history;
mod places;
mod receiver;
mod turns;
mod words;

pub use crate::oauth::diagnosis::CLOCK_TOLERANCE_S;
pub use checking::{
    Answer, CheckOptions, Checked, Checking, GrantChange, NotAsked, Question, Randomness, Request, Subject,
    Turn, Unsaved,
};
pub use history::{Entry, History, KEPT};
pub use turns::{
    AT_ONCE, LONGEST_WAIT, Limits, Next, PATIENCE, RETRY_AFTER, SILENCE, Service, TOLD_WAIT, Turns, Verdict,
};

use crate::procedure::{AppKind, Receiver};
use crate::setup::Owner;
use jiff::{SignedDuration, Timestamp};

/// How long a refresh token lives unused. Zoom's pages of today say 90 days; older ones 15 years, so it is never
/// taken for sure.
pub const REFRESH_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// An age at which a refresh token is worth a warning.
pub const REFRESH_TOKEN_OLD: SignedDuration = SignedDuration::from_hours(75 * 24);
/// An access token with less of its life left than this is due: it would end under the hands of who uses it.
pub const DUE: SignedDuration = SignedDuration::from_mins(5);

/// State of a connection. In the order of severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Proved alive by a live answer, and nothing needs a hand.
    Healthy,
    /// It could not be asked: nothing is known to be wrong.
    NotChecked,
    /// Alive, and something will need a hand.
    Warning,
    /// It does not work, or nobody can know whether it does.
    Unhealthy,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Healthy, Self::NotChecked, Self::Warning, Self::Unhealthy];

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The name in documents for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NotChecked => "not_checked",
            Self::Warning => "warning",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::NotChecked => "not checked",
            Self::Warning => "warning",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What a check found. The codes are a contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// Zoom refuses the client ID and secret (4702, 4704, `invalid_client`).
    CredentialsRefused,
    /// Zoom refuses the Account ID of a Server-to-Server app.
    AccountRefused,
    /// The grant was replaced by a newer authorization of the same user and app (4741).
    Superseded,
    /// The app is disabled or deactivated (4717).
    AppDisabled,
    /// An administrator switched the app's tokens off (4738).
    DisabledByAdmin,
    /// The user the token belongs to does not exist any more (4735).
    OwnerRemoved,
    /// The refresh token is older than it lives.
    RefreshTokenExpired,
    /// Zoom refuses the refresh token: spent, revoked or expired.
    RefreshTokenRefused,
    /// The refresh token is older than [`REFRESH_TOKEN_OLD`].
    RefreshTokenOld,
    /// A refresh was begun and its end is not known; the token is not tried again.
    RefreshInterrupted,
    /// Zoom gave a new pair and the store did not take it.
    NewPairNotStored,
    /// A new pair that a store had not taken was found where it was put for safety, and is stored now.
    RescuedPairStored,
    /// There is no refresh token here.
    NoRefreshToken,
    /// The access token is refused by the API.
    TokenRefused,
    /// Scopes the app shall have were not granted.
    ScopesMissing,
    /// Scopes were granted that were not chosen.
    ScopesGained,
    /// Zoom's sign-in page refuses the redirect URL.
    RedirectRefused,
    /// This machine's clock is off by more than [`CLOCK_TOLERANCE_S`].
    ClockSkew,
    /// Zoom cannot be reached, or does not answer as Zoom does.
    Unreachable,
    /// Zoom's rate limit is reached; nothing more was asked for this account.
    RateLimited,
    /// The secrets are locked, or another zoom-setup holds the connection.
    StoreLocked,
    /// The secrets of the connection cannot be read.
    StoreUnreadable,
    /// The client secret is not stored here.
    SecretMissing,
    /// Zoom answered something that is not understood.
    Refused,
    /// The check was stopped before this connection had its turn.
    Stopped,
}

impl FindingCode {
    /// Every code, in the order of severity that they usually have.
    pub const ALL: [Self; 25] = [
        Self::NewPairNotStored,
        Self::CredentialsRefused,
        Self::AccountRefused,
        Self::AppDisabled,
        Self::Superseded,
        Self::DisabledByAdmin,
        Self::OwnerRemoved,
        Self::RefreshTokenExpired,
        Self::RefreshTokenRefused,
        Self::RefreshInterrupted,
        Self::NoRefreshToken,
        Self::TokenRefused,
        Self::ScopesMissing,
        Self::SecretMissing,
        Self::Refused,
        Self::RedirectRefused,
        Self::RefreshTokenOld,
        Self::ScopesGained,
        Self::ClockSkew,
        Self::RescuedPairStored,
        Self::StoreLocked,
        Self::StoreUnreadable,
        Self::Unreachable,
        Self::RateLimited,
        Self::Stopped,
    ];

    /// The code of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CredentialsRefused => "credentials-refused",
            Self::AccountRefused => "account-refused",
            Self::Superseded => "superseded",
            Self::AppDisabled => "app-disabled",
            Self::DisabledByAdmin => "disabled-by-admin",
            Self::OwnerRemoved => "owner-removed",
            Self::RefreshTokenExpired => "refresh-token-expired",
            Self::RefreshTokenRefused => "refresh-token-refused",
            Self::RefreshTokenOld => "refresh-token-old",
            Self::RefreshInterrupted => "refresh-interrupted",
            Self::NewPairNotStored => "new-pair-not-stored",
            Self::RescuedPairStored => "rescued-pair-stored",
            Self::NoRefreshToken => "no-refresh-token",
            Self::TokenRefused => "token-refused",
            Self::ScopesMissing => "scopes-missing",
            Self::ScopesGained => "scopes-gained",
            Self::RedirectRefused => "redirect-refused",
            Self::ClockSkew => "clock-skew",
            Self::Unreachable => "unreachable",
            Self::RateLimited => "rate-limited",
            Self::StoreLocked => "store-locked",
            Self::StoreUnreadable => "store-unreadable",
            Self::SecretMissing => "secret-missing",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: FindingCode,
    /// What it makes of the connection.
    pub severity: Status,
    /// What was found, in one line without a full stop.
    pub message: String,
    /// The likely cause, one or two sentences.
    pub cause: String,
    /// What to do now and whose job it is, one or two sentences.
    pub next: String,
    /// Zoom's own code and text, printable.
    pub zoom: Option<String>,
}

/// Scopes as granted against the ones the app shall have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeDrift {
    /// Whether the answer named the granted scopes; if not, nothing is known of the other two.
    pub known: bool,
    pub missing: Vec<String>,
    pub excess: Vec<String>,
}

/// A place at the receiver where what cannot be known from here can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Menu path or page, in the receiver's own labels.
    pub label: String,
    /// Deep link, if the instance is known.
    pub url: Option<String>,
}

/// What a check of one connection found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    pub name: String,
    pub procedure: String,
    pub receiver: Receiver,
    pub app_kind: AppKind,
    pub owner: Owner,
    /// When it ended.
    pub at: Timestamp,
    pub status: Status,
    /// End of the life of the access token that is stored here; `None`: there is none.
    pub access_token_expires: Option<Timestamp>,
    /// When the refresh token that is stored here was given; `None`: there is none.
    pub refresh_token_from: Option<Timestamp>,
    /// Whether this check refreshed the token.
    pub refreshed: bool,
    /// Scopes as they were granted last, now or at an earlier time; `None`: no answer ever named them.
    pub granted: Option<Vec<String>>,
    pub scopes: ScopeDrift,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// What a live answer proved, a line each.
    pub proved: Vec<String>,
    /// What cannot be known from here, a line each.
    pub unknown: Vec<String>,
    /// Where to look for that.
    pub places: Vec<Place>,
}

impl CheckReport {
    /// Whether there is a finding of that code.
    pub fn has(&self, code: FindingCode) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }

    /// Seconds that the stored access token still lives; negative if it is over.
    pub fn access_token_s(&self) -> Option<i64> {
        self.access_token_expires.map(|end| end.as_second().saturating_sub(self.at.as_second()))
    }

    /// Age of the stored refresh token in whole days.
    pub fn refresh_token_days(&self) -> Option<i64> {
        self.refresh_token_from.map(|from| self.at.duration_since(from).as_hours() / 24)
    }
}

/// What a check of several connections comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is unhealthy, and whatever could be asked was.
    Fine,
    /// At least one connection is unhealthy.
    Unhealthy,
    /// It was stopped before its end.
    Stopped,
    /// Nothing is unhealthy, and Zoom did not answer for at least one.
    NoAnswer,
    /// A new pair could not be stored, or nothing is unhealthy and the record or the secrets of at least one can't
    /// be read.
    Store,
}

impl Outcome {
    /// Of all reports, the most urgent first: a pair that hangs by a thread, then that not all was seen, then what
    /// is broken, then what could not be looked at. `unreadable`: records that should have been checked, too.
    pub fn of(reports: &[CheckReport], unreadable: &[String]) -> Self {
        let has =
            |codes: &[FindingCode]| reports.iter().any(|report| codes.iter().any(|code| report.has(*code)));
        if has(&[FindingCode::NewPairNotStored]) {
            Self::Store
        } else if has(&[FindingCode::Stopped]) {
            Self::Stopped
        } else if reports.iter().any(|report| report.status == Status::Unhealthy) {
            Self::Unhealthy
        } else if !unreadable.is_empty() || has(&[FindingCode::StoreLocked, FindingCode::StoreUnreadable]) {
            Self::Store
        } else if has(&[FindingCode::Unreachable, FindingCode::RateLimited]) {
            Self::NoAnswer
        } else {
            Self::Fine
        }
    }
}
