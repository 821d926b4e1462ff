//! Secrets and the forms in which they may be seen.
//!
//! A [`Secret`] has no `Display`, a redacting `Debug`, and is wiped on drop. [`Secret::expose`] is the one
//! visible boundary: every call of it is a place to look at in review. People compare secrets by
//! [`Fingerprint`].

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A value that must not reach a log, a screen by default, argv, a URL, `Debug` output or a panic text.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of the text; the caller's copy, if any, is the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself. Only for putting it on the wire, into the encrypted store, or on the screen
    /// after the user asked for it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Short digest by which two people compare a secret without revealing it.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::digest(self.0.as_bytes());
        let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Fingerprint { sha256: hex, length: self.0.chars().count() }
    }
}

/// Fewest characters of a passphrase that somebody chooses. One that is in use already may be shorter.
const SHORTEST_PASSPHRASE: usize = 8;

/// What is wrong with a passphrase that somebody chooses, in words without a full stop; `None`: nothing.
pub fn passphrase_fault(chosen: &Secret) -> Option<String> {
    if chosen.is_empty() {
        Some("an empty passphrase protects nothing".to_owned())
    } else if chosen.expose().chars().count() < SHORTEST_PASSPHRASE {
        Some(format!("the passphrase needs at least {SHORTEST_PASSPHRASE} characters"))
    } else {
        None
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl PartialEq for Secret {
    /// In time that does not depend on where the two differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

/// First four bytes of a secret's SHA-256, and its length in characters: `sha256:ab12cd34, 32 characters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Eight lower-case hexadecimal digits.
    pub sha256: String,
    /// Length of the secret in characters.
    pub length: usize,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}, {} characters", self.sha256, self.length)
    }
}

/// Query keys whose values are replaced by [`redact`].
const SECRET_QUERY_KEYS: [&str; 9] = [
    "access_token",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "password",
    "refresh_token",
    "state",
    "token",
];

/// A URL that is fit for a log or a screen: user information dropped, values of secret query keys replaced.
/// Text that is no URL is replaced whole, since nothing is known about it.
pub fn redact(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else {
        return "(not a URL)".to_owned();
    };
    // Both setters fail only for URLs that can carry neither; then there is nothing to drop.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(key, value)| {
                let hidden = SECRET_QUERY_KEYS.contains(&key.to_ascii_lowercase().as_str());
                (key.into_owned(), if hidden { "hidden".to_owned() } else { value.into_owned() })
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.set_fragment(None);
    url.into()
}

/// The text with each of these secrets replaced by its fingerprint: a server may quote what it was sent. Fragments
/// of fewer than four characters are left, since they would be found in any word.
pub fn hide(text: &str, secrets: &[&Secret]) -> String {
    let worth_hiding = secrets.iter().filter(|secret| secret.expose().chars().count() >= 4);
    worth_hiding.fold(text.to_owned(), |text, secret| {
        text.replace(secret.expose(), &format!("({})", secret.fingerprint()))
    })
}

/// Text from a server, a URL or a file name made safe for a terminal: control characters (C0, C1, DEL) and
/// the bidirectional overrides dropped, line breaks and tabs turned into spaces, cut to `limit` characters.
pub fn printable(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for character in text.chars() {
        let character = match character {
            '\n' | '\r' | '\t' => ' ',
            other if other.is_control() => continue,
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                continue;
            }
            other => other,
        };
        if count == limit {
            out.push('…');
            break;
        }
        out.push(character);
        count += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_quotes_is_hidden() {
        let code = Secret::new("MARKERcode");
        let hidden = hide("Invalid authorization code [MARKERcode] MARKERcode", &[&code, &Secret::new("a")]);
        assert_eq!(hidden.matches("sha256:").count(), 2);
        assert!(
            !hidden.contains("MARKER") && hidden.starts_with("Invalid authorization code [("),
            "{hidden}"
        );
        assert_eq!(hide("", &[&Secret::new("")]), "");
    }

    // Row F23 of docs/callback-rows.md.
    #[test]
    fn debug_does_not_reveal() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn fingerprint_is_the_start_of_sha256_and_the_length() {
        // SHA-256 of "abc": FIPS 180-2 appendix B.1.
        assert_eq!(Secret::new("abc").fingerprint().to_string(), "sha256:ba7816bf, 3 characters");
    }

    #[test]
    fn redact_hides_codes_and_users() {
        let shown = redact("https://me:pw@zoom.us/cb?code=abc&state=def&app=1#x");
        assert_eq!(shown, "https://zoom.us/cb?code=hidden&state=hidden&app=1");
        assert_eq!(redact("code=abc"), "(not a URL)");
    }

    #[test]
    fn printable_drops_escape_sequences() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\nd", 80), "a[31mbc d");
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
