//! The form of a record inside its encrypted file.

use super::{Refreshing, TokenRecord};
use crate::oauth::token::StoredTokens;
use crate::secret::{Fingerprint, Secret};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Version of the form. A newer one is not read, and never overwritten.
pub const FORMAT: u32 = 1;

/// Room for everything that is not a token, in bytes; more only makes the text move once in memory.
const ROOM: usize = 2 * 1024;

/// A record as it lies in its file: with the key it belongs to, and what a newer version put beside it.
#[derive(Clone, PartialEq)]
pub struct TokenDocument {
    /// [`crate::setup::SecretKey::path`]; `None` where an earlier version wrote it.
    pub key: Option<String>,
    pub record: TokenRecord,
    /// Fields that this version does not know, kept as they are. They may be secrets.
    unknown: Map<String, Value>,
}

/// Why a text is not a record. Never quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentProblem {
    /// It was written by a version that this one does not know.
    OtherFormat(u32),
    /// It is not as written: where.
    Damaged { line: usize, column: usize },
}

#[derive(Serialize, Deserialize)]
struct Wire<T> {
    /// Missing where the tokens lay among the other secrets.
    #[serde(default = "first_format")]
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    access_token: T,
    refresh_token: Option<T>,
    obtained_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default)]
    refreshing: Option<Refreshing>,
    #[serde(default)]
    replaces: Option<Fingerprint>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default = "first_format")]
    format: u32,
}

const fn first_format() -> u32 {
    FORMAT
}

impl TokenDocument {
    /// A document of this version.
    pub fn new(key: String, record: TokenRecord) -> Self {
        Self { key: Some(key), record, unknown: Map::new() }
    }

    /// The same document with another record in it.
    #[must_use]
    pub fn with(&self, record: TokenRecord) -> Self {
        Self { key: self.key.clone(), record, unknown: self.unknown.clone() }
    }

    /// As JSON.
    pub fn to_json(&self) -> Secret {
        let tokens = &self.record.tokens;
        let wire = Wire {
            format: FORMAT,
            key: self.key.clone(),
            access_token: tokens.access_token.expose(),
            refresh_token: tokens.refresh_token.as_ref().map(Secret::expose),
            obtained_at: tokens.obtained_at,
            expires_at: tokens.expires_at,
            refreshing: self.record.refreshing.clone(),
            replaces: self.record.replaces.clone(),
            unknown: self.unknown.clone(),
        };
        let length = wire.access_token.len() + wire.refresh_token.map_or(0, str::len);
        // Never grown, so that no copy of a token stays behind where it lay before.
        let mut text = Vec::with_capacity(length + ROOM);
        // Plain values always serialize; an empty text reads back as no record.
        if serde_json::to_writer(&mut text, &wire).is_err() {
            text.clear();
        }
        Secret::new(String::from_utf8(text).unwrap_or_default())
    }

    /// From JSON.
    ///
    /// # Errors
    /// Another format, or damage.
    pub fn from_json(text: &[u8]) -> Result<Self, DocumentProblem> {
        let damaged = |error: serde_json::Error| DocumentProblem::Damaged {
            line: error.line(),
            column: error.column(),
        };
        let header: Header = serde_json::from_slice(text).map_err(damaged)?;
        if header.format != FORMAT {
            return Err(DocumentProblem::OtherFormat(header.format));
        }
        let wire: Wire<String> = serde_json::from_slice(text).map_err(damaged)?;
        let tokens = StoredTokens {
            access_token: Secret::new(wire.access_token),
            refresh_token: wire.refresh_token.map(Secret::new),
            obtained_at: wire.obtained_at,
            expires_at: wire.expires_at,
        };
        let record = TokenRecord { tokens, refreshing: wire.refreshing, replaces: wire.replaces };
        Ok(Self { key: wire.key, record, unknown: wire.unknown })
    }
}

impl fmt::Debug for TokenDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenDocument")
            .field("key", &self.key)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl TokenRecord {
    /// The record as one secret, as [`crate::ports::Store::read_secret`] gives it.
    pub fn to_secret(&self) -> Secret {
        TokenDocument { key: None, record: self.clone(), unknown: Map::new() }.to_json()
    }

    /// From such a secret; `None` if it is none. There is no reason given, because a parser's message quotes the
    /// text.
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        TokenDocument::from_json(secret.expose().as_bytes()).ok().map(|document| document.record)
    }
}
