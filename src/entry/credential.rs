//! Ids and secrets of a Zoom app. Their shapes are known from samples only, so shape alone never refuses;
//! what is certainly something else does. No message repeats a value.

use super::text::column_of;
use super::{Accepted, Finding, Others, Refusal, noun, warning};
use crate::procedure::FieldName;

/// Longest entry in characters; anything longer is a document, not an id.
const LENGTH_LIMIT: usize = 256;
/// Lengths seen in samples, with room: client and account ids have 21 or 22 characters.
const ID_LENGTHS: std::ops::RangeInclusive<usize> = 18..=30;
/// Length of a client secret in samples.
const SECRET_LENGTH: usize = 32;

/// Labels that get copied together with the value, lower-case.
const LABELS: [&str; 12] = [
    "client id",
    "client_id",
    "clientid",
    "client secret",
    "client_secret",
    "clientsecret",
    "account id",
    "account_id",
    "accountid",
    "secret token",
    "secret_token",
    "secrettoken",
];

const COPY_AGAIN: &str = "Use the copy button beside the value on the app's page in the Zoom Marketplace.";

pub(super) fn check(field: FieldName, text: &str, others: Others) -> Result<Accepted, Refusal> {
    something_else(field, text)?;
    same_as_another(field, text, others)?;
    let warnings = if field.is_secret() { secret_shape(field, text) } else { id_shape(field, text) };
    Ok((text.to_owned(), warnings))
}

/// Refuses what cannot be an id or a secret, whatever its length.
fn something_else(field: FieldName, text: &str) -> Result<(), Refusal> {
    let name = noun(field);
    let lower = text.to_ascii_lowercase();
    if text.chars().all(|character| matches!(character, '*' | '•' | '●' | '.' | '·')) {
        let hint =
            "The page shows dots in place of the value. Reveal it or use the copy button, then paste again.";
        return Err(Refusal::new(format!("This is the masked form of the {name}"), hint));
    }
    if let Some(inner) = text.strip_prefix(['"', '\'', '`']) {
        let inner = inner.trim_end_matches([',', ';']).trim_end_matches(['"', '\'', '`']);
        return Err(Refusal::new(format!("The {name} stands in quotes"), COPY_AGAIN).at(1).offer(inner));
    }
    let label = LABELS.into_iter().find_map(|label| lower.strip_prefix(label)).map(str::trim_start);
    if let Some(rest) = label.and_then(|rest| rest.strip_prefix([':', '='])) {
        let value = &text[text.len() - rest.len()..];
        return Err(Refusal::new("The label was copied together with the value", COPY_AGAIN)
            .at(1)
            .offer(value));
    }
    if lower.contains("://") || lower.starts_with("www.") {
        return Err(Refusal::new(format!("This is an address, not the {name}"), COPY_AGAIN));
    }
    if text.contains('{') || text.contains('}') || text.contains("\":") {
        return Err(Refusal::new(format!("This is a piece of JSON, not the {name}"), COPY_AGAIN));
    }
    if lower.starts_with("bearer ") || lower.starts_with("basic ") || lower.starts_with("authorization:") {
        let hint = "A header was copied. The wizard needs the app's own values and makes the header itself.";
        return Err(Refusal::new(format!("This is an authorization header, not the {name}"), hint));
    }
    if text.starts_with("eyJ") && text.matches('.').count() == 2 {
        let hint = "A token ends after an hour; the wizard needs the app's own values.";
        return Err(Refusal::new(format!("This is a token, not the {name}"), hint));
    }
    if let Some((first, second)) = text.split_once(':') {
        let refusal =
            Refusal::new("This is a pair with a colon, client ID and client secret in one", COPY_AGAIN);
        return Err(match field {
            FieldName::ClientId => refusal.offer(first),
            FieldName::ClientSecret => refusal.offer(second),
            FieldName::AppName
            | FieldName::Instance
            | FieldName::Region
            | FieldName::Management
            | FieldName::ClientType
            | FieldName::Company
            | FieldName::ShortDescription
            | FieldName::DeveloperName
            | FieldName::DeveloperEmail
            | FieldName::AccountId
            | FieldName::SecretToken
            | FieldName::ConnectionName => refusal,
        });
    }
    if let Some(column) = column_of(text, char::is_whitespace) {
        let joined: String = text.split_whitespace().collect();
        return Err(Refusal::new(format!("A space is inside the {name}"), COPY_AGAIN)
            .at(column)
            .offer(joined));
    }
    if let Some(column) = column_of(text, |character| !character.is_ascii()) {
        let message = format!("Column {column} is not a character that Zoom uses in a {name}");
        return Err(Refusal::new(message, COPY_AGAIN).at(column));
    }
    if text.contains('@') && !field.is_secret() {
        return Err(Refusal::new(format!("This is an e-mail address, not the {name}"), COPY_AGAIN));
    }
    if text.len() > LENGTH_LIMIT {
        let message = format!("The {name} has {} characters, far more than Zoom gives out", text.len());
        return Err(Refusal::new(message, COPY_AGAIN));
    }
    Ok(())
}

/// Refuses a value that already stands in another field.
fn same_as_another(field: FieldName, text: &str, others: Others) -> Result<(), Refusal> {
    let twins = [FieldName::ClientId, FieldName::ClientSecret, FieldName::AccountId, FieldName::SecretToken];
    let same = |(other, value): &&(FieldName, &str)| {
        *other != field && twins.contains(other) && value.trim() == text
    };
    let Some((other, _)) = others.iter().find(same) else { return Ok(()) };
    let hint = if matches!(
        (field, other),
        (FieldName::ClientSecret, FieldName::SecretToken) | (FieldName::SecretToken, FieldName::ClientSecret)
    ) {
        "The Secret Token (Features, Access) signs events and is not used for OAuth. The client secret is under App Credentials."
    } else {
        COPY_AGAIN
    };
    Err(Refusal::new(format!("This is the same value as the {}", noun(*other)), hint))
}

fn is_id_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '-'
}

fn id_shape(field: FieldName, text: &str) -> Vec<Finding> {
    let name = noun(field);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = text.chars().all(|character| character.is_ascii_digit() || character == '-');
    if field == FieldName::AccountId && is_number && (8..=12).contains(&digits) {
        return vec![warning(
            "This looks like the account number, not the account ID",
            "The number on the account's profile is another thing. The account ID is under App Credentials of the \
             Server-to-Server app: letters and digits, about 22 characters.",
        )];
    }
    if text.len() == SECRET_LENGTH && text.chars().all(|character| character.is_ascii_alphanumeric()) {
        return vec![warning(
            format!("This looks like a client secret, not like a {name}"),
            "32 letters and digits are the shape of a client secret. Compare with the app's page.",
        )];
    }
    let mut warnings = Vec::new();
    if let Some(column) = column_of(text, |character| !is_id_character(character)) {
        let message = format!("Column {column} is not a letter, digit, hyphen or underscore");
        warnings.push(Finding { column: Some(column), ..warning(message, COPY_AGAIN) });
    }
    if !ID_LENGTHS.contains(&text.len()) {
        let message = format!("A {name} usually has about 22 characters; this one has {}", text.len());
        warnings.push(warning(message, "Check that it was copied whole."));
    }
    warnings
}

fn secret_shape(field: FieldName, text: &str) -> Vec<Finding> {
    // The shape of a Secret Token is not documented anywhere.
    if field != FieldName::ClientSecret {
        return Vec::new();
    }
    if (20..=24).contains(&text.len()) && text.chars().all(is_id_character) {
        return vec![warning(
            "This looks like a client ID or a Secret Token, not like a client secret",
            "A client secret usually has 32 letters and digits. It is under App Credentials, below the client ID; \
             the Secret Token (Features, Access) is not used for OAuth.",
        )];
    }
    let mut warnings = Vec::new();
    if let Some(column) = column_of(text, |character| !character.is_ascii_alphanumeric()) {
        let message = format!("Column {column} is not a letter or a digit");
        warnings.push(Finding { column: Some(column), ..warning(message, COPY_AGAIN) });
    }
    if text.len() != SECRET_LENGTH {
        let message =
            format!("A client secret usually has {SECRET_LENGTH} characters; this one has {}", text.len());
        warnings.push(warning(message, "Check that it was copied whole."));
    }
    warnings
}
