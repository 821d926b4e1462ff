//! OAuth as Zoom speaks it, without I/O: requests and answers as data, PKCE, the authorize URL, the callback
//! query, and the diagnosis of everything that can go wrong.

pub mod authorize;
pub mod callback;
pub mod credentials;
pub mod diagnosis;
pub mod kind;
pub mod pkce;
pub mod preflight;
pub mod probe;
pub mod renewal;
pub mod token;
pub mod verdict;

use crate::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an authorization code lives (Zoom's error table, 4733).
pub const CODE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// How the client shows who it is at the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `Authorization: Basic`, each half form-encoded first (RFC 6749 section 2.3.1).
    Basic { client_id: String, client_secret: Secret },
    /// Public PKCE client: `client_id` in the form body, no header.
    Public { client_id: String },
}

/// What is asked of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// RFC 6749 section 4.1.3 with RFC 7636.
    AuthorizationCode { code: Secret, redirect_uri: String, verifier: Secret },
    /// RFC 6749 section 6. Zoom rotates: the token is spent by asking.
    RefreshToken { refresh_token: Secret },
    /// Zoom's Server-to-Server grant.
    AccountCredentials { account_id: String },
}

/// A call of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    pub client: ClientAuthentication,
    pub grant: Grant,
}

/// A call of the revoke endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeRequest {
    pub client: ClientAuthentication,
    /// An access token.
    pub token: Secret,
}

/// A read of the REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRead {
    /// `api_url` of the token answer; honoured only under `zoom.us`, `zoomgov.com` or the configured host.
    pub api_url: Option<String>,
    /// Path and query below `/v2`, beginning with `/`: `/users/me`.
    pub path: String,
    pub access_token: Secret,
}

/// A token answer, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    pub access_token: Secret,
    /// Absent for Server-to-Server, and where the server keeps the old one.
    pub refresh_token: Option<Secret>,
    /// Life of the access token in seconds; 3600 where the answer gives none or nonsense.
    pub expires_in_s: u64,
    /// Granted scopes, duplicates removed, in answer order. `None`: the answer named none, so they are
    /// not confirmed (RFC 6749 section 5.1).
    pub scopes: Option<Vec<String>>,
    pub api_url: Option<String>,
    /// Server's `Date` minus this machine's clock, in seconds.
    pub clock_offset_s: Option<i64>,
}

/// A successful API answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiAnswer {
    pub body: serde_json::Value,
    /// Server's `Date` minus this machine's clock, in seconds.
    pub clock_offset_s: Option<i64>,
}

/// A look at the authorize page before anybody signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightRequest {
    /// The authorize URL ([`authorize::authorize_url`]).
    pub url: String,
    /// The redirect URL in it, which is never visited.
    pub redirect_uri: String,
}

/// Where a look at the authorize page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreflightAnswer {
    /// A page, or an answer in JSON.
    Page {
        status: u16,
        /// First 1 MB of the body, as text.
        body: String,
        /// `Content-Type`, lower-case, without parameters.
        content_type: String,
        /// `Retry-After` as sent.
        retry_after: Option<String>,
    },
    /// Zoom wants a sign-in; that page was not visited.
    SignIn,
    /// Zoom sends the browser to the redirect URL at once, with this OAuth error and its description, if any
    /// (RFC 6749 section 4.1.2.1).
    SentBack { error: Option<(String, Option<String>)> },
    /// Zoom sends the browser to this host, which is not Zoom's.
    Elsewhere { host: String },
    /// More redirects than are followed.
    TooManyRedirects,
}

/// Which call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A question whose answer changes nothing: a made-up code, a look at the authorize page.
    Probe,
    ExchangeCode,
    Refresh,
    AccountCredentials,
    Revoke,
    Read,
}

/// A call that did not succeed, as far as the adapter can tell. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub call: Call,
    /// Host that was asked, for the texts: `zoom.us`.
    pub host: String,
    pub kind: FailureKind,
    /// Server's `Date` minus this machine's clock, in seconds, if an answer came.
    pub clock_offset_s: Option<i64>,
}

/// What kind of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// An answer came and it is a refusal, or not what was asked for.
    Answered {
        status: u16,
        /// First 1 MB of the body, as text.
        body: String,
        /// `Content-Type`, lower-case, without parameters.
        content_type: String,
        /// `Retry-After` as sent: seconds, an HTTP date, or Zoom's ISO-8601 date.
        retry_after: Option<String>,
    },
    /// The host name could not be resolved.
    Dns { detail: String },
    /// No connection: refused, unreachable, reset.
    Connect { detail: String },
    /// TLS failed; `issuer` is the certificate's issuer where the error names it.
    Tls { detail: String, issuer: Option<String> },
    /// The proxy refused or could not be reached; `proxy` is its address without user information.
    Proxy { detail: String, proxy: String },
    /// The total time limit passed; the request may have been received, and what was asked may be done.
    TimedOut { limit_s: u64 },
    /// The connection broke before the answer was whole; what was asked may have been done.
    AnswerLost { detail: String },
    /// The answer is larger than the limit.
    TooLarge { limit_bytes: u64 },
    /// A 200 whose JSON is not a token answer (RFC 6749 section 5.1), or is not JSON.
    Malformed { detail: String },
    /// The address asked for is not allowed (plain http outside loopback, foreign host).
    Forbidden { detail: String },
}

impl FailureKind {
    /// HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.answered().map(|(status, _)| status)
    }

    /// Text of the answer, if one came.
    pub fn body(&self) -> Option<&str> {
        self.answered().map(|(_, body)| body)
    }

    /// The `Retry-After` of a refusal by rate limit (429): the inner `None` if it came without. The outer one: this
    /// is no such refusal.
    pub fn limited(&self) -> Option<Option<&str>> {
        if let Self::Answered { status: 429, retry_after, .. } = self {
            Some(retry_after.as_deref())
        } else {
            None
        }
    }

    /// Whether nobody answered at all: no name, no connection, no time left.
    pub const fn is_silence(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Proxy { .. }
            | Self::TimedOut { .. }
            | Self::AnswerLost { .. } => true,
            Self::Answered { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Forbidden { .. } => false,
        }
    }

    const fn answered(&self) -> Option<(u16, &str)> {
        match self {
            Self::Answered { status, body, .. } => Some((*status, body.as_str())),
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Proxy { .. }
            | Self::TimedOut { .. }
            | Self::AnswerLost { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Forbidden { .. } => None,
        }
    }
}

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Stable id of the row in the diagnosis table: `invalid-client`.
    pub code: String,
    /// What failed, in a few words.
    pub heading: String,
    /// Likely cause, one or two sentences.
    pub cause: String,
    /// What to do now, one or two sentences.
    pub next: String,
    /// Zoom's own code and text, printable: `400 invalid_client: Invalid client_id or client_secret`.
    pub zoom: Option<String>,
    /// Exit code class of a command that ends with it.
    pub class: DiagnosisClass,
    /// Whether trying the same again can help.
    pub retry: bool,
}

/// Class of a diagnosis; decides exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosisClass {
    /// Exit 4.
    Unreachable,
    /// Exit 5.
    Refused,
    /// Exit 1.
    CheckFailed,
}

/// A login that was begun and not yet finished. Serialized into the secret store, so that a pasted answer
/// still works after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingAuthorization {
    /// 128 bits or more, base64url.
    pub state: Secret,
    /// RFC 7636 code verifier.
    pub verifier: Secret,
    /// Sent in the authorize URL; the exchange must send the same bytes.
    pub redirect_uri: String,
    pub client_id: String,
    pub begun_at: Timestamp,
    /// Until then the listener waits.
    pub expires_at: Timestamp,
}

impl PendingAuthorization {
    /// When nothing can be made of the login any more: a code that Zoom gave at the last moment has run out too.
    pub fn useless_at(&self) -> Timestamp {
        self.expires_at.checked_add(CODE_LIFE).unwrap_or(Timestamp::MAX)
    }
}
