//! A connection on its way to another machine, as a document: readable and without secrets, or with them for a file
//! that is encrypted. What comes in is bad input until it was checked whole.

use crate::entry::{self, Checked};
use crate::oauth::renewal::TokenRecord;
use crate::procedure::{AppKind, FieldName};
use crate::secret::{Fingerprint, Secret, printable};
use crate::setup::{Connection, FORMAT as CONNECTION_FORMAT, Owner};
use jiff::Timestamp;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Version of the document.
pub const FORMAT: u32 = 1;
/// What it calls itself.
const KIND: &str = "zoom-setup connection";
/// Largest document that is read, in bytes. A connection with every scope of Zoom has less than half of it.
pub const LARGEST: usize = 1024 * 1024;
/// Longest text in it, in characters.
const LONGEST_TEXT: usize = 4096;
/// Longest secret, in characters.
const LONGEST_SECRET: usize = 256;
/// Longest scope, in characters.
const LONGEST_SCOPE: usize = 200;

/// A connection with what goes along.
#[derive(Clone, Debug, PartialEq)]
pub struct Parcel {
    pub exported: Timestamp,
    pub connection: Connection,
    /// Secret answers by field; empty in a readable document.
    pub secrets: BTreeMap<FieldName, Secret>,
    /// The login that is kept with it. It is spent by refreshing, so it is never in two places.
    pub tokens: Option<TokenRecord>,
}

/// Why a text is no connection that can be taken. Never quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferProblem {
    /// It is larger than [`LARGEST`].
    TooLarge,
    /// It is no JSON, or JSON that was cut.
    NotJson { line: usize, column: usize },
    /// It is something else.
    NotAnExport,
    /// Another version wrote it.
    OtherFormat(u32),
    /// A field is missing, unknown or of the wrong kind: where.
    NotAsWritten { line: usize, column: usize },
    /// It contradicts itself or holds what no export holds: what.
    Invalid(String),
}

impl fmt::Display for TransferProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(formatter, "it is larger than {LARGEST} bytes"),
            Self::NotJson { line, column } => {
                write!(formatter, "line {line} column {column}: it is no JSON, or it was cut")
            }
            Self::NotAnExport => write!(formatter, "it is not what zoom-setup connections export writes"),
            Self::OtherFormat(format) if *format > FORMAT => write!(
                formatter,
                "a newer zoom-setup wrote it (format {format}, this one reads {FORMAT}); update zoom-setup"
            ),
            Self::OtherFormat(format) => {
                write!(formatter, "format {format} does not exist; this zoom-setup reads {FORMAT}")
            }
            Self::NotAsWritten { line, column } => {
                write!(formatter, "line {line} column {column}: it is not as an export writes it")
            }
            Self::Invalid(what) => write!(formatter, "{what}"),
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    kind: &'a str,
    exported: Timestamp,
    connection: &'a Connection,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<FieldName, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(rename = "kind")]
    _kind: String,
    exported: Timestamp,
    connection: Connection,
    #[serde(default)]
    secrets: BTreeMap<FieldName, SecretText>,
    #[serde(default)]
    tokens: Option<SecretText>,
}

/// A secret on its way in.
struct SecretText(Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = SecretText;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_str<E>(self, text: &str) -> Result<SecretText, E> {
                Ok(SecretText(Secret::new(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A connection as it may leave this machine without its login: tokens stay where they are refreshed.
#[must_use]
pub fn without_login(connection: &Connection) -> Connection {
    Connection { grant: None, ..connection.clone() }
}

impl Parcel {
    /// As JSON, on lines. A secret where anything secret is in it.
    ///
    /// # Errors
    /// What serde says of types that always serialize.
    pub fn to_json(&self) -> Result<Secret, String> {
        let tokens = self.tokens.as_ref().map(TokenRecord::to_secret);
        let written = Written {
            format: FORMAT,
            kind: KIND,
            exported: self.exported,
            connection: &self.connection,
            secrets: self.secrets.iter().map(|(field, secret)| (*field, secret.expose())).collect(),
            tokens: tokens.as_ref().map(Secret::expose),
        };
        let mut text = serde_json::to_string_pretty(&written).map_err(|error| error.to_string())?;
        text.push('\n');
        Ok(Secret::new(text))
    }

    /// Reads a document and checks it whole.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TransferProblem> {
        if bytes.len() > LARGEST {
            return Err(TransferProblem::TooLarge);
        }
        // Their texts may quote what they read, so only the place is passed on.
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| TransferProblem::NotJson { line: error.line(), column: error.column() })?;
        let format = value.get("format").and_then(Value::as_u64);
        let kind = value.get("kind").and_then(Value::as_str);
        let (Some(format), Some(KIND)) = (format, kind) else { return Err(TransferProblem::NotAnExport) };
        let format = u32::try_from(format).unwrap_or(u32::MAX);
        if format != FORMAT {
            return Err(TransferProblem::OtherFormat(format));
        }
        if let Some(format) = value.pointer("/connection/format").and_then(Value::as_u64)
            && format != u64::from(CONNECTION_FORMAT)
        {
            return Err(TransferProblem::OtherFormat(u32::try_from(format).unwrap_or(u32::MAX)));
        }
        if let Some(connection) = value.get("connection") {
            plain_texts(connection)?;
        }
        let read: Read = serde_json::from_slice(bytes)
            .map_err(|error| TransferProblem::NotAsWritten { line: error.line(), column: error.column() })?;
        let tokens = match &read.tokens {
            None => None,
            Some(text) => {
                let record = TokenRecord::from_secret(&text.0);
                Some(record.ok_or_else(|| invalid("its login is not as an export writes it"))?)
            }
        };
        let secrets = read.secrets.into_iter().map(|(field, text)| (field, text.0)).collect();
        let parcel = Self { exported: read.exported, connection: read.connection, secrets, tokens };
        parcel.check()?;
        Ok(parcel)
    }

    fn check(&self) -> Result<(), TransferProblem> {
        let connection = &self.connection;
        for (field, value) in &connection.answers {
            check_answer(*field, value)?;
        }
        for (field, fingerprint) in &connection.secrets {
            check_fingerprint(*field, fingerprint)?;
        }
        if connection.credentials_since.keys().any(|field| !connection.secrets.contains_key(field)) {
            return Err(invalid("it dates a secret that it does not name"));
        }
        let scope = |scope: &String| {
            !scope.is_empty()
                && scope.len() <= LONGEST_SCOPE
                && scope.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !connection.scopes.iter().all(scope) {
            return Err(invalid("one of its scopes is none"));
        }
        for (field, secret) in &self.secrets {
            let named = connection.secrets.get(field);
            if named != Some(&secret.fingerprint()) {
                let label = field.label();
                return Err(invalid(format!("its {label} is not the one that its fingerprint names")));
            }
        }
        let kept = connection.app_kind == AppKind::General && connection.owner == Owner::Wizard;
        match (&self.tokens, &connection.grant) {
            (Some(_), _) if !kept => Err(invalid("it holds a login that is not zoom-setup's own")),
            (Some(_), None) => Err(invalid("it holds a login that its record does not name")),
            (None, Some(_)) => Err(invalid("its record names a login that is not in it")),
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }
}

fn invalid(what: impl Into<String>) -> TransferProblem {
    TransferProblem::Invalid(what.into())
}

/// No text may hold what would steer a terminal, or be without end.
fn plain_texts(value: &Value) -> Result<(), TransferProblem> {
    let plain = |text: &str| printable(text, LONGEST_TEXT) == text;
    match value {
        Value::String(text) if !plain(text) => {
            Err(invalid("a text in it holds characters that cannot be seen, or is too long"))
        }
        Value::Array(items) => items.iter().try_for_each(plain_texts),
        Value::Object(fields) => {
            if !fields.keys().all(|name| plain(name)) {
                return Err(invalid("a name in it holds characters that cannot be seen, or is too long"));
            }
            fields.values().try_for_each(plain_texts)
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_answer(field: FieldName, value: &str) -> Result<(), TransferProblem> {
    let label = field.label();
    if field.is_secret() {
        return Err(invalid(format!("its {label} stands in the open")));
    }
    let fits = match field {
        // A procedure of an author's own may know other regions.
        FieldName::Region => {
            !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }
        FieldName::AppName
        | FieldName::Instance
        | FieldName::Management
        | FieldName::ClientType
        | FieldName::Company
        | FieldName::ShortDescription
        | FieldName::DeveloperName
        | FieldName::DeveloperEmail
        | FieldName::ClientId
        | FieldName::ClientSecret
        | FieldName::AccountId
        | FieldName::SecretToken
        | FieldName::ConnectionName => {
            matches!(entry::check(field, value, &[]), Checked::Good { value: normal, .. } if normal == value)
        }
    };
    if fits { Ok(()) } else { Err(invalid(format!("its {label} is not one that a set-up takes"))) }
}

fn check_fingerprint(field: FieldName, fingerprint: &Fingerprint) -> Result<(), TransferProblem> {
    let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let fits = field.is_secret()
        && fingerprint.sha256.len() == 8
        && fingerprint.sha256.bytes().all(digits)
        && (1..=LONGEST_SECRET).contains(&fingerprint.length);
    if fits { Ok(()) } else { Err(invalid("a fingerprint in it is none")) }
}

#[cfg(test)]
mod tests;
