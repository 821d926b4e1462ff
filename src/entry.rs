//! Entry rules: what an admin types or pastes, checked and brought into the one form the program keeps.
//!
//! Pure, and a library of its own: text goes in, a [`Checked`] comes out. Every refusal says what is wrong, where
//! (a 1-based column of the text as it was given), what to do, and offers the cleaned value where there is one.
//! What is offered is usable as it stands; it is never taken without the admin.
//!
//! ```
//! use zoom_setup::entry::{Checked, check};
//! use zoom_setup::procedure::FieldName;
//!
//! let pasted = "https://dev12345.service-now.com/nav_to.do?uri=x";
//! let Checked::Good { value, .. } = check(FieldName::Instance, pasted, &[]) else { panic!("refused") };
//! assert_eq!(value, "dev12345.service-now.com");
//! ```
//!
//! The rules, by field:
//! - *Instance*: any pasted form (name, host, address, with path, port 443, user interface fragment) becomes the
//!   host in small letters. Only https; one instance, one domain, each once; no user, no port, no IP address. A
//!   slip that would make another host (`https://https://…`, the domain or the name twice, a missing dot or
//!   hyphen) is refused, and the host that was meant is offered.
//! - *Region*: the id of a Celigo region; its names and addresses are offered as the id.
//! - *Ids and secrets*: refused if they are certainly something else (an address, a token, another field's value);
//!   an odd shape is a warning, since Zoom documents none.
//! - *Names and e-mail*: any script in names; hidden characters in neither.
//! - Characters that are not what they look like are named with code point, script and column
//!   ([`crate::characters`]); international host names and mixed scripts are refused.
//!
//! [`redirect`] has the rules of redirect URLs, which are taken byte by byte or not at all.

mod credential;
mod instance;
pub mod redirect;
mod text;
mod words;

use crate::procedure::FieldName;
use serde::{Deserialize, Serialize};

/// Something to say about an entered value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong or odd, in one line.
    pub message: String,
    /// Likely cause or what to do, in one line.
    pub hint: String,
    /// 1-based column (in characters) the finding points at.
    pub column: Option<usize>,
}

/// Result of checking an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing entered.
    Empty,
    /// Usable. `value` is the normal form (an instance host for any pasted form); `warnings` are soft.
    Good { value: String, warnings: Vec<Finding> },
    /// Not usable as it stands. `cleaned` is a value that would be, offered to the admin, never taken silently.
    Bad { finding: Finding, cleaned: Option<String> },
}

/// Other entries of the same set-up that a value is compared with (a client ID pasted as secret).
pub type Others<'a> = &'a [(FieldName, &'a str)];

/// Most corrections that are put together into one offer.
const OFFER_STEPS: usize = 8;

/// Checks one entry as typed or pasted.
///
/// Bracketed-paste marks, line ends and white space around the value are dropped without a word; beyond the
/// normal form, nothing else is changed silently. A `Good` value is in normal form: checking it again gives the same. Columns of a `Bad` finding
/// count in `raw`, those of warnings in the value. Values of secret fields appear in no message.
pub fn check(field: FieldName, raw: &str, others: Others) -> Checked {
    let tidied = text::Tidied::new(raw, text::kind(field));
    match examine(field, &tidied, others) {
        Err(refusal) => Checked::Bad {
            cleaned: refusal.candidate.and_then(|candidate| offer(field, candidate, others)),
            finding: Finding {
                column: refusal.finding.column.and_then(|at| tidied.raw_column(at)),
                ..refusal.finding
            },
        },
        Ok(None) => Checked::Empty,
        Ok(Some((value, warnings))) => Checked::Good { value, warnings },
    }
}

/// A usable value and what is odd about it.
type Accepted = (String, Vec<Finding>);

/// A refusal, with a text that may be right instead. Columns count in the tidied text.
struct Refusal {
    finding: Finding,
    candidate: Option<String>,
}

impl Refusal {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { finding: warning(message, hint), candidate: None }
    }

    /// `at`: 1-based column in the tidied text.
    fn at(mut self, at: usize) -> Self {
        self.finding.column = Some(at);
        self
    }

    fn offer(mut self, candidate: impl Into<String>) -> Self {
        self.candidate = Some(candidate.into());
        self
    }
}

/// A finding without a place.
fn warning(message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { message: message.into(), hint: hint.into(), column: None }
}

/// `Ok(None)`: nothing entered.
fn examine(field: FieldName, tidied: &text::Tidied, others: Others) -> Result<Option<Accepted>, Refusal> {
    let entered = tidied.text();
    if entered.is_empty() {
        return Ok(None);
    }
    let mut warnings = text::hidden_characters(entered, text::kind(field))?;
    let (value, more) = match field {
        FieldName::Instance => instance::check(entered)?,
        FieldName::ClientId | FieldName::AccountId | FieldName::ClientSecret | FieldName::SecretToken => {
            credential::check(field, entered, others)?
        }
        FieldName::Region => words::region(entered)?,
        FieldName::Management => words::management(entered)?,
        FieldName::ClientType => words::client_type(entered)?,
        FieldName::DeveloperEmail => words::email(entered)?,
        FieldName::ConnectionName => words::connection_name(entered)?,
        FieldName::AppName | FieldName::Company | FieldName::ShortDescription | FieldName::DeveloperName => {
            words::name(field, entered)?
        }
    };
    warnings.extend(more);
    Ok(Some((value, warnings)))
}

/// The usable value behind a candidate, following its own corrections; `None` if that leads nowhere.
fn offer(field: FieldName, mut candidate: String, others: Others) -> Option<String> {
    for _ in 0..OFFER_STEPS {
        match examine(field, &text::Tidied::new(&candidate, text::kind(field)), others) {
            Ok(accepted) => return accepted.map(|(value, _)| value),
            Err(refusal) => candidate = refusal.candidate.filter(|next| *next != candidate)?,
        }
    }
    None
}

/// What a field is called in a message.
const fn noun(field: FieldName) -> &'static str {
    match field {
        FieldName::AppName => "app name",
        FieldName::Instance => "instance",
        FieldName::Region => "region",
        FieldName::Management => "app management",
        FieldName::ClientType => "kind of client",
        FieldName::Company => "company name",
        FieldName::ShortDescription => "short description",
        FieldName::DeveloperName => "developer name",
        FieldName::DeveloperEmail => "email address",
        FieldName::ClientId => "client ID",
        FieldName::ClientSecret => "client secret",
        FieldName::AccountId => "account ID",
        FieldName::SecretToken => "Secret Token",
        FieldName::ConnectionName => "connection name",
    }
}
