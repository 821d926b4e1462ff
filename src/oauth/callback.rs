//! What comes back from the browser: the query of the redirect, and the text an admin pastes instead.

use super::PendingAuthorization;
use super::authorize::is_loopback;
use crate::secret::{Secret, printable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

mod query;

pub use query::{Answer, Callback, CallbackProblem};
use query::{KNOWN, LONGEST_CODE};

/// Longest text that is looked at in the paste box, in bytes.
const LONGEST_PASTE: usize = 64 * 1024;
/// Whether the given state is the expected one, in constant time. An absent one is not.
pub fn check_state(expected: &Secret, given: Option<&Secret>) -> bool {
    !expected.is_empty() && given.is_some_and(|given| given == expected)
}

/// What a pasted text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasteOutcome {
    pub answer: Answer,
    /// There was no `state` in it: whether the answer belongs to this login is only proved by the exchange,
    /// which carries the verifier.
    pub state_unchecked: bool,
    /// Something that is odd and no obstacle, in one line.
    pub note: Option<String>,
}

/// Why a pasted text can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasteProblem {
    /// Nothing, or only spaces.
    Empty,
    /// Longer than any answer.
    TooLong,
    /// The address that starts the login.
    AuthorizeAddress,
    /// A page of Zoom before the redirect.
    ZoomPage,
    /// An address on another host than the redirect URL.
    ForeignHost { given: String, expected: String },
    /// The client ID, the state: a value that is not the code.
    NotTheCode { what: &'static str },
    /// The state belongs to another login.
    WrongState,
    /// Neither an address, nor a query, nor a code.
    NotRecognised,
    /// The query is not usable.
    Query(CallbackProblem),
}

impl PasteProblem {
    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Self::Empty => "Nothing was pasted".to_owned(),
            Self::TooLong => "The text is longer than 64 kB".to_owned(),
            Self::AuthorizeAddress => {
                "This is the address that starts the login, not the one it ends at".to_owned()
            }
            Self::ZoomPage => "This is a page of Zoom; the login is not finished there".to_owned(),
            Self::ForeignHost { given, expected } => {
                format!("This address is on {given}; the login ends on {expected}")
            }
            Self::NotTheCode { what } => format!("This is the {what}, not the code"),
            Self::WrongState => {
                "This answer belongs to another login: its state is not the one sent".to_owned()
            }
            Self::NotRecognised => "This is neither an address, nor a query, nor a code".to_owned(),
            Self::Query(problem) => problem.message(),
        }
    }

    /// What to do, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Empty => {
                "Copy the whole address from the browser's address bar and paste it here".to_owned()
            }
            Self::TooLong => "Copy only the address from the browser's address bar".to_owned(),
            Self::AuthorizeAddress => {
                "Press Allow there, then copy the address that follows. Where Zoom shows an error, paste its text"
                    .to_owned()
            }
            Self::ZoomPage => {
                "Sign in and press Allow, then copy the address of the page that follows".to_owned()
            }
            Self::ForeignHost { expected, .. } => {
                format!(
                    "Copy the address beginning with the redirect URL on {expected}, also from an error page"
                )
            }
            Self::NotTheCode { .. } => {
                "Copy the whole address of the last page; the code is the part after code=".to_owned()
            }
            Self::WrongState => {
                "Use the newest login page, or begin the login again and paste what that one ends with"
                    .to_owned()
            }
            Self::NotRecognised => {
                "Copy the whole address of the last page, the one with code= in it".to_owned()
            }
            Self::Query(problem) => problem.hint(),
        }
    }
}

/// Reads what an admin pasted: the full final address, only its query, or only the code.
///
/// White space, line breaks and invisible characters are removed wherever they stand, because a terminal or
/// a mail program puts them into long addresses. The state is checked whenever there is one, and so is `iss`, which
/// must be `issuer`.
///
/// # Errors
/// [`PasteProblem`], in words for the admin.
pub fn parse_paste(
    text: &str,
    pending: &PendingAuthorization,
    issuer: &str,
) -> Result<PasteOutcome, PasteProblem> {
    if text.len() > LONGEST_PASTE {
        return Err(PasteProblem::TooLong);
    }
    let text: String = text.chars().filter(|character| !is_filler(*character)).collect();
    let text = text.trim_matches(|character| matches!(character, '"' | '\'' | '<' | '>' | '`'));
    if text.is_empty() {
        return Err(PasteProblem::Empty);
    }
    if let Some(url) = as_address(text, pending) {
        let note = check_address(&url, pending)?;
        return from_query(url.query().unwrap_or_default(), pending, issuer, note);
    }
    let query = text.trim_start_matches(['?', '&']);
    let names_parameter =
        KNOWN.iter().any(|name| query.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
    if names_parameter || query.contains("&code=") || query.contains("&error=") {
        return from_query(query, pending, issuer, None);
    }
    from_bare_code(text, pending)
}

/// Characters that no address or code contains but that copying puts in.
fn is_filler(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// The text as an address, if it is one. Some browsers copy it without the scheme.
fn as_address(text: &str, pending: &PendingAuthorization) -> Option<Url> {
    let lower = text.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Url::parse(text).ok();
    }
    let host = Url::parse(&pending.redirect_uri).ok()?.host_str()?.to_owned();
    let before_query = lower.split('?').next().unwrap_or_default();
    let without_scheme =
        lower.starts_with(&host) || (lower.contains('?') && before_query.contains(['.', '/']));
    without_scheme
        .then(|| {
            let scheme = pending.redirect_uri.split("://").next().unwrap_or("https");
            Url::parse(&format!("{scheme}://{text}")).ok()
        })
        .flatten()
}

/// Compares an address with the redirect URL. Another host is a problem; another scheme, port or path on the
/// right host is only noted, because servers move a browser on to error and login pages of their own.
fn check_address(url: &Url, pending: &PendingAuthorization) -> Result<Option<String>, PasteProblem> {
    let names = |name: &str| url.query_pairs().any(|(key, value)| key == name && !value.is_empty());
    let is_answer = names("code") || names("error");
    if !is_answer && (names("response_type") || names("code_challenge") || names("redirect_uri")) {
        return Err(PasteProblem::AuthorizeAddress);
    }
    let Ok(redirect) = Url::parse(&pending.redirect_uri) else {
        return Ok(None);
    };
    let same_host = url.host_str() == redirect.host_str() || (is_local(url) && is_local(&redirect));
    if !same_host {
        let given = printable(url.host_str().unwrap_or("no host"), 80);
        let of_zoom = ["zoom.us", "zoomgov.com"]
            .into_iter()
            .any(|domain| given == domain || given.ends_with(&format!(".{domain}")));
        if of_zoom && !is_answer {
            return Err(PasteProblem::ZoomPage);
        }
        let expected = printable(redirect.host_str().unwrap_or_default(), 80);
        return Err(PasteProblem::ForeignHost { given, expected });
    }
    let differs = if url.scheme() != redirect.scheme() {
        Some("scheme (http or https)")
    } else if url.port_or_known_default() != redirect.port_or_known_default() {
        Some("port")
    } else if url.path() != redirect.path() {
        Some("path")
    } else {
        None
    };
    Ok(differs
        .map(|part| format!("The {part} of this address is not that of the redirect URL; it is used anyway")))
}

fn is_local(url: &Url) -> bool {
    is_loopback(url) || url.host_str() == Some("localhost")
}

fn from_query(
    query: &str,
    pending: &PendingAuthorization,
    issuer: &str,
    note: Option<String>,
) -> Result<PasteOutcome, PasteProblem> {
    let callback = Callback::parse(query).map_err(PasteProblem::Query)?;
    if callback.state.is_some() && !check_state(&pending.state, callback.state.as_ref()) {
        return Err(PasteProblem::WrongState);
    }
    let state_unchecked = callback.state.is_none();
    let answer = callback.answer(issuer).map_err(PasteProblem::Query)?;
    Ok(PasteOutcome { answer, state_unchecked, note })
}

fn from_bare_code(text: &str, pending: &PendingAuthorization) -> Result<PasteOutcome, PasteProblem> {
    if text == pending.client_id {
        return Err(PasteProblem::NotTheCode { what: "client ID" });
    }
    let given = Secret::new(text);
    if given == pending.state {
        return Err(PasteProblem::NotTheCode { what: "state" });
    }
    if text.len() > LONGEST_CODE {
        return Err(PasteProblem::Query(CallbackProblem::CodeTooLong));
    }
    let plausible = text.len() >= 8
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if !plausible {
        return Err(PasteProblem::NotRecognised);
    }
    // Taken out of an address it may still be percent-encoded.
    let code = if text.contains('%') {
        url::form_urlencoded::parse(format!("code={text}").as_bytes())
            .map(|(_, value)| Secret::new(value.into_owned()))
            .next()
            .unwrap_or(given)
    } else {
        given
    };
    Ok(PasteOutcome { answer: Answer::Code(code), state_unchecked: true, note: None })
}

/// Form of a pending login inside the secret store.
#[derive(Serialize, Deserialize)]
struct PendingWire<T> {
    state: T,
    verifier: T,
    redirect_uri: T,
    client_id: T,
    begun_at: Timestamp,
    expires_at: Timestamp,
}

impl PendingAuthorization {
    /// For the secret store.
    pub fn to_secret(&self) -> Secret {
        let wire = PendingWire {
            state: self.state.expose(),
            verifier: self.verifier.expose(),
            redirect_uri: &self.redirect_uri,
            client_id: &self.client_id,
            begun_at: self.begun_at,
            expires_at: self.expires_at,
        };
        // Six plain values always serialize; an empty secret reads back as no pending login.
        Secret::new(serde_json::to_string(&wire).unwrap_or_default())
    }

    /// From the secret store; `None` if it is not what [`Self::to_secret`] wrote. There is no reason given,
    /// because a parser's message quotes the text.
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        let wire: PendingWire<String> = serde_json::from_str(secret.expose()).ok()?;
        Some(Self {
            state: Secret::new(wire.state),
            verifier: Secret::new(wire.verifier),
            redirect_uri: wire.redirect_uri,
            client_id: wire.client_id,
            begun_at: wire.begun_at,
            expires_at: wire.expires_at,
        })
    }
}

#[cfg(test)]
mod tests;
