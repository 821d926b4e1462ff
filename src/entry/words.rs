//! Names, the e-mail address, and the fields with a closed list of values.

use super::text::column_of;
use super::{Accepted, Refusal, noun, warning};
use crate::procedure::FieldName;

/// Longest text of any of these fields, in characters.
const TEXT_LIMIT: usize = 1000;
/// Zoom's app manifest: `display_name` has fewer than 50 characters.
const APP_NAME_LIMIT: usize = 50;
/// Longest connection name in characters.
const CONNECTION_NAME_LIMIT: usize = 64;

/// A free text; wide characters are welcome.
pub(super) fn name(field: FieldName, text: &str) -> Result<Accepted, Refusal> {
    let length = text.chars().count();
    if length > TEXT_LIMIT {
        let message =
            format!("The {} has {length} characters; more than {TEXT_LIMIT} are not taken", noun(field));
        return Err(Refusal::new(message, "Shorten it."));
    }
    let mut warnings = Vec::new();
    if field == FieldName::AppName && length >= APP_NAME_LIMIT {
        let message =
            format!("Zoom takes app names of fewer than {APP_NAME_LIMIT} characters; this one has {length}");
        warnings.push(warning(message, "Shorten it now, or Zoom's page will refuse it."));
    }
    Ok((text.to_owned(), warnings))
}

/// The name of a stored connection.
pub(super) fn connection_name(text: &str) -> Result<Accepted, Refusal> {
    if let Some(column) = column_of(text, |character| matches!(character, '/' | '\\')) {
        let hint = "The name is used for a file; use a hyphen in its place.";
        return Err(Refusal::new("A connection name has no slashes", hint)
            .at(column)
            .offer(text.replace(['/', '\\'], "-")));
    }
    if text.starts_with('.') {
        let hint = "Files that begin with a dot are hidden.";
        return Err(Refusal::new("A connection name does not begin with a dot", hint)
            .at(1)
            .offer(text.trim_start_matches('.')));
    }
    let length = text.chars().count();
    if length > CONNECTION_NAME_LIMIT {
        let message = format!(
            "A connection name has at most {CONNECTION_NAME_LIMIT} characters; this one has {length}"
        );
        let cut: String = text.chars().take(CONNECTION_NAME_LIMIT).collect();
        return Err(Refusal::new(message, "Shorten it.").at(CONNECTION_NAME_LIMIT + 1).offer(cut));
    }
    Ok((text.to_owned(), Vec::new()))
}

/// The form of an address (RFC 5321 sections 4.1.2 and 4.5.3.1); whether it exists, only a message can tell.
pub(super) fn email(text: &str) -> Result<Accepted, Refusal> {
    const EXAMPLE: &str = "Enter it like name@example.com.";
    let scheme = "mailto:";
    if text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
        let rest = text[scheme.len()..].split('?').next().unwrap_or_default();
        return Err(Refusal::new("The address begins with mailto:", EXAMPLE).at(1).offer(rest));
    }
    if let Some((_, rest)) = text.split_once('<') {
        let inner = rest.split('>').next().unwrap_or_default();
        return Err(Refusal::new("A name stands around the address", EXAMPLE).offer(inner));
    }
    let bare = text.trim_end_matches([',', ';', '.']);
    if bare != text {
        let column = bare.chars().count() + 1;
        return Err(Refusal::new("The address ends with a punctuation mark", EXAMPLE).at(column).offer(bare));
    }
    if let Some(column) = column_of(text, char::is_whitespace) {
        let joined: String = text.split_whitespace().collect();
        return Err(Refusal::new("A space is inside the address", EXAMPLE).at(column).offer(joined));
    }
    let parts: Vec<&str> = text.split('@').collect();
    let &[local, domain] = parts.as_slice() else {
        let count = parts.len() - 1;
        return Err(Refusal::new(format!("An e-mail address has one @; this one has {count}"), EXAMPLE));
    };
    let tidy = |label: &str| {
        let inside = label.chars().all(|character| character.is_alphanumeric() || character == '-');
        !label.is_empty() && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    if !domain.contains('.') || !domain.split('.').all(tidy) {
        return Err(
            Refusal::new("The part after the @ is not a domain", EXAMPLE).at(local.chars().count() + 2)
        );
    }
    let odd = column_of(local, |character| {
        !(character.is_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(character))
    });
    if local.is_empty() || local.len() > 64 || odd.is_some() || local.split('.').any(str::is_empty) {
        return Err(Refusal::new("The part before the @ is not a mailbox name", EXAMPLE).at(odd.unwrap_or(1)));
    }
    if text.len() > 254 {
        return Err(Refusal::new("The address is longer than mail allows", EXAMPLE));
    }
    Ok((text.to_owned(), Vec::new()))
}

/// Celigo's region.
pub(super) fn region(text: &str) -> Result<Accepted, Refusal> {
    const HINT: &str =
        "Enter na, eu, au or ca. The address bar shows it: eu.integrator.io is eu, integrator.io is na.";
    let lower = text.to_lowercase();
    if ["na", "eu", "au", "ca"].contains(&lower.as_str()) {
        return Ok((lower, Vec::new()));
    }
    let host = lower.trim_start_matches("https://").split('/').next().unwrap_or_default();
    let meant = match host {
        "us" | "usa" | "north america" | "united states" | "integrator.io" | "www.integrator.io" => {
            Some("na")
        }
        "europe" | "emea" | "eu.integrator.io" => Some("eu"),
        "australia" | "apac" | "asia-pacific" | "au.integrator.io" => Some("au"),
        "canada" | "ca.integrator.io" => Some("ca"),
        _ => None,
    };
    let refusal = Refusal::new("This is not the id of a Celigo region", HINT);
    Err(match meant {
        Some(id) => refusal.offer(id),
        None => refusal,
    })
}

/// The kind of client: whether PKCE is switched on in the app.
pub(super) fn client_type(text: &str) -> Result<Accepted, Refusal> {
    let lower = text.to_lowercase();
    if crate::procedure::ClientType::ALL.iter().any(|kind| kind.as_str() == lower) {
        return Ok((lower, Vec::new()));
    }
    let refusal = Refusal::new("This is not a kind of client", "Enter confidential or pkce.");
    Err(match lower.as_str() {
        "public" | "public client" | "public client oauth" => refusal.offer("pkce"),
        _ => refusal,
    })
}

/// How a General app is managed.
pub(super) fn management(text: &str) -> Result<Accepted, Refusal> {
    let lower = text.to_lowercase();
    if lower == "admin" || lower == "user" {
        return Ok((lower, Vec::new()));
    }
    let refusal = Refusal::new("This is not a way to manage an app", "Enter admin or user.");
    let meant = match lower.split_whitespace().collect::<Vec<_>>().join("-").as_str() {
        "admin-managed" | "account-level" | "account-level-app" | "account" => Some("admin"),
        "user-managed" | "user-managed-app" | "user-level" => Some("user"),
        _ => None,
    };
    Err(match meant {
        Some(value) => refusal.offer(value),
        None => refusal,
    })
}
