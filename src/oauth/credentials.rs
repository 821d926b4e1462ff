//! The entered credentials as evidence: what their shape and the other entries say, when Zoom refuses them.
//! No text here repeats a secret.

use super::verdict::{Candidate, Verdict};
use crate::entry::{self, Checked};
use crate::procedure::{AppKind, FieldName};
use crate::secret::Secret;

/// Length of a client secret in every sample seen.
const SECRET_LENGTH: usize = 32;
/// Lengths of client and account ids in samples, with room.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 20..=24;
/// Digits of the account number that Zoom shows on profiles and invoices, with room.
const ACCOUNT_NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 8..=12;

/// What was entered. A value that is not known is empty or `None`.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    pub app_kind: AppKind,
    pub client_id: &'a str,
    /// `None`: a public client, which has none.
    pub client_secret: Option<&'a Secret>,
    /// Server-to-Server only.
    pub account_id: Option<&'a str>,
    /// Signs events; no part of OAuth, and often taken for the secret.
    pub secret_token: Option<&'a Secret>,
}

impl Credentials<'_> {
    fn secret(&self) -> &str {
        self.client_secret.map(Secret::expose).unwrap_or_default()
    }

    /// Lengths, and which of them is not the usual one.
    fn lengths(&self) -> String {
        let count = |value: &str| value.chars().count();
        let said = |length: usize, usual: bool, samples: &str| {
            if usual {
                format!("{length} characters, as usual")
            } else {
                format!("{length} characters, not {samples}")
            }
        };
        let id = count(self.client_id);
        let id = format!("Client ID: {}", said(id, ID_LENGTHS.contains(&id), "about 22"));
        match self.client_secret {
            Some(secret) => {
                let length = count(secret.expose());
                format!("{id}; client secret: {}.", said(length, length == SECRET_LENGTH, "32"))
            }
            None => format!("{id}."),
        }
    }

    /// The one field that the evidence is about, of a verdict that refuses.
    pub fn at_fault(&self, verdict: &Verdict) -> Option<FieldName> {
        match verdict.code.as_str() {
            "wrong-account" | "account-refused" | "not-activated-or-wrong-account" => {
                Some(FieldName::AccountId)
            }
            "invalid-client" if !self.swapped() => {
                let id = is_odd(FieldName::ClientId, self.client_id);
                let secret = is_odd(FieldName::ClientSecret, self.secret());
                match (id, secret) {
                    (true, false) => Some(FieldName::ClientId),
                    (false, true) => Some(FieldName::ClientSecret),
                    (true, true) | (false, false) => None,
                }
            }
            _ => None,
        }
    }

    /// Whether the entry rules find anything odd about ID or secret.
    fn is_odd(&self) -> bool {
        [(FieldName::ClientId, self.client_id), (FieldName::ClientSecret, self.secret())]
            .into_iter()
            .any(|(field, value)| is_odd(field, value))
    }

    /// Whether ID and secret have the shape of each other.
    pub fn swapped(&self) -> bool {
        is_secret_shaped(self.client_id) && is_id_shaped(self.secret())
    }

    /// What a refused pair can be, in the order in which it happens, except that a cause for which the entries
    /// themselves speak comes first.
    pub fn pair_candidates(&self) -> Vec<Candidate> {
        let mut all: Vec<(bool, Candidate)> = Vec::new();
        if self.swapped() {
            let cause = "ID and secret stand in each other's field: the ID has the shape of a secret, the \
                         secret that of an ID.";
            all.push((true, Candidate::new(cause, "Put each into the field of its name.")));
        }
        if !self.swapped() {
            let odd = self.is_odd();
            let cut = odd && self.client_secret.is_some() && !is_id_shaped(self.secret());
            let what = if odd {
                "A hidden character, or a value that was cut."
            } else {
                "A hidden character, though none was found, or a letter that was mistyped."
            };
            let cause = format!("{what} {}", self.lengths());
            all.push((cut, Candidate::new(cause, "Paste both again with Zoom's copy buttons.")));
        }
        if self.app_kind == AppKind::General {
            let cause = "The pair of the other environment, or one value of each: the views Development and \
                         Production have a pair each.";
            let test = "Take both from Development, without changing the view in between.";
            all.push((false, Candidate::new(cause, test)));
        }
        if self.client_secret.is_some() {
            let cause = "The secret was regenerated since it was copied.";
            let test = "Copy the secret once more, and ask whether somebody pressed Regenerate.";
            all.push((false, Candidate::new(cause, test)));
        }
        all.extend(self.secret_token());
        let test = "Look at the app's name on the page from which the pair was copied.";
        all.push((false, Candidate::new("The pair of another app, or of a deleted one.", test)));
        all.sort_by_key(|(evident, _)| !evident);
        all.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The Secret Token in place of the secret, where that is possible: the one that was entered here is known.
    fn secret_token(&self) -> Option<(bool, Candidate)> {
        let secret = self.client_secret?;
        let same = self.secret_token == Some(secret);
        let shaped = is_id_shaped(self.secret());
        let length = self.secret().len();
        let what = "The Secret Token was pasted as client secret";
        let cause = match self.secret_token {
            _ if self.swapped() => return None,
            Some(_) if same => format!("{what}: the two entries here are the same."),
            Some(_) => return None,
            None if shaped => format!("{what}: the secret has {length} characters, not {SECRET_LENGTH}."),
            None => format!("{what}."),
        };
        let test = "The client secret is under App Credentials; the Secret Token is on another page, Access or Feature.";
        Some((same || shaped, Candidate::new(cause, test)))
    }

    /// What a refused Account ID can be, and whether the entry itself speaks for one of them.
    pub fn account_candidates(&self) -> (bool, Vec<Candidate>) {
        let account_id = self.account_id.unwrap_or_default();
        let digits = account_id.chars().filter(char::is_ascii_digit).count();
        let number = ACCOUNT_NUMBER_DIGITS.contains(&digits)
            && account_id.chars().all(|character| character.is_ascii_digit() || character == '-');
        let copy = "Copy the Account ID from the page App Credentials of the Server-to-Server app.";
        let mut candidates = Vec::new();
        if number {
            let cause = format!(
                "The Account ID has {digits} digits and no letter: that is the account number of the profile page, another thing."
            );
            candidates.push(Candidate::new(cause, copy));
        }
        let same = account_id == self.client_id && !account_id.is_empty();
        if same {
            let cause = "The Account ID is the same value as the client ID.";
            candidates.push(Candidate::new(cause, copy));
        }
        let length = account_id.chars().count();
        let odd = !number && !same && !ID_LENGTHS.contains(&length);
        if !number {
            let size = if odd {
                format!("It has {length} characters; samples have 22.")
            } else {
                format!("Its length of {length} characters is usual.")
            };
            let cause = format!("The Account ID was cut or mistyped, or is that of another account. {size}");
            candidates.push(Candidate::new(cause, copy));
        }
        (number || same || odd, candidates)
    }
}

/// Whether the entry rules find anything odd about a value.
fn is_odd(field: FieldName, value: &str) -> bool {
    match entry::check(field, value, &[]) {
        Checked::Empty => false,
        Checked::Good { warnings, .. } => !warnings.is_empty(),
        Checked::Bad { .. } => true,
    }
}

fn is_secret_shaped(text: &str) -> bool {
    text.len() == SECRET_LENGTH && text.chars().all(|character| character.is_ascii_alphanumeric())
}

fn is_id_shaped(text: &str) -> bool {
    ID_LENGTHS.contains(&text.len())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
}
