//! Redirect URLs: where Zoom may send the browser with the code.
//!
//! A redirect URL is compared byte by byte (facts of Zoom's OAuth; RFC 6749 section 3.1.2.3), so nothing is tidied
//! here and nothing is brought into a form: a URL is taken exactly as it stands, or refused.
//!
//! - It is absolute, with a host (RFC 6749 section 3.1.2).
//! - `https` for every host. `http` only for the loopback literals `127.0.0.1` and `[::1]` (RFC 8252 section 7.3).
//! - Not `localhost`: RFC 8252 section 8.3 advises against it, and Zoom is reported to refuse it since June 2026.
//! - No fragment (RFC 6749 section 3.1.2), no user information.
//! - ASCII only; a look-alike letter, a hidden character and an international name are named by column.
//! - In its normal form already (WHATWG URL): small letters in scheme and host, no default port, no `..`, a path.

use super::{Finding, warning};
use crate::characters::describe;
use url::{Host, Url};

const IN_FULL: &str = "Write it in full, from https:// on.";

/// Refuses what can be no redirect URL; the column is 1-based, in characters.
///
/// # Errors
/// The first thing that is wrong, with what to do.
pub fn check(text: &str) -> Result<(), Finding> {
    let at = |column: usize, message: String, hint: &str| {
        Err(Finding { column: Some(column), ..warning(message, hint) })
    };
    if text.is_empty() {
        return Err(warning("There is no redirect URL", IN_FULL));
    }
    let odd = |character: char| !character.is_ascii_graphic();
    if let Some((column, character)) = (1..).zip(text.chars()).find(|(_, character)| odd(*character)) {
        if character == ' ' {
            return at(column, format!("Column {column} holds a space"), "Take it away.");
        }
        let hint = "An address is ASCII: type the character again.";
        return at(column, format!("Column {column} holds {}", describe(character)), hint);
    }
    if let Some(index) = text.find(['*', '"', '\'', '`', '<', '>', '\\', '{', '}', '|', '^']) {
        let sign = &text[index..=index];
        let hint = "The whole address is compared: no wildcards, no quotes, no placeholders.";
        return at(index + 1, format!("{sign} is no character of a redirect URL"), hint);
    }
    let lower = text.to_ascii_lowercase();
    let Some((scheme, rest)) = lower.split_once("://") else {
        return Err(warning("A redirect URL that is not absolute", IN_FULL));
    };
    if scheme != "https" && scheme != "http" {
        return Err(warning("A redirect URL that is not https", IN_FULL));
    }
    if rest.starts_with("http:") || rest.starts_with("https:") || rest.starts_with('/') {
        return at(
            scheme.len() + 4,
            "The scheme stands there twice, or has a slash too many".to_owned(),
            IN_FULL,
        );
    }
    if let Some(index) = text.find('#') {
        let hint = "Leave out all from the # on: OAuth allows no fragment (RFC 6749 section 3.1.2).";
        return at(index + 1, "A redirect URL with a fragment".to_owned(), hint);
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return Err(warning(format!("Not an address: {error}"), IN_FULL)),
    };
    if !url.username().is_empty() || url.password().is_some() || authority(rest).contains('@') {
        return Err(warning("A redirect URL with a user name in it", "Leave out all up to the @."));
    }
    host(&url, scheme)?;
    if url.as_str() != text {
        let hint = format!("Write {url}");
        return Err(warning("A redirect URL that is not in its normal form", hint));
    }
    Ok(())
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn host(url: &Url, scheme: &str) -> Result<(), Finding> {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            if name == "localhost" || name.ends_with(".localhost") {
                let hint = "Write 127.0.0.1: Zoom is reported to refuse the name localhost since June 2026.";
                return Err(warning("A redirect URL on localhost", hint));
            }
            if name.split('.').any(|label| label.starts_with("xn--")) {
                let hint =
                    "xn-- stands for letters other than a-z. No receiver's host has them; type the host.";
                return Err(warning("A redirect URL with an international host name", hint));
            }
            false
        }
        Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(address)) => address.segments() == [0, 0, 0, 0, 0, 0, 0, 1],
        None => return Err(warning("A redirect URL without a host", IN_FULL)),
    };
    if scheme == "http" && !loopback {
        let hint = "http:// is for 127.0.0.1 and [::1] only; every other redirect URL begins with https://.";
        return Err(warning("A redirect URL that is not https", hint));
    }
    Ok(())
}
