//! Entry rules: what an admin types or pastes, checked and brought into the one form the program keeps.
//!
//! Pure. Every refusal says what is wrong, where, and offers the cleaned value when there is one.

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

/// Placeholder until the callback branch lands.
pub fn check(_field: FieldName, raw: &str, _others: Others<'_>) -> Checked {
    if raw.is_empty() {
        Checked::Empty
    } else {
        Checked::Good { value: raw.to_owned(), warnings: Vec::new() }
    }
}
