//! The query of a callback: the authorization response of RFC 6749 section 4.1.2, as far as the listener
//! must understand it to judge a request.

use crate::ports::CallbackOutcome;
use crate::secret::{Secret, printable};

/// Longest `error` and `error_description` that are passed on, in characters.
const ERROR_LIMIT: usize = 80;
const DESCRIPTION_LIMIT: usize = 300;

/// Parameters of an authorization response. Absent and empty are the same (RFC 6749 section 3.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    pub state: Option<Secret>,
    pub code: Option<Secret>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

/// Why a query is not an authorization response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadQuery {
    /// A parameter occurs twice (RFC 6749 section 3.1 forbids it).
    Repeated,
    /// The percent-encoding does not give UTF-8.
    Encoding,
}

impl Response {
    /// Parses the part of a request target behind `?`. Unknown parameters are ignored.
    pub(super) fn parse(query: &str) -> Result<Self, BadQuery> {
        let mut response = Self::default();
        let mut seen: Vec<&'static str> = Vec::new();
        for pair in query.split('&') {
            let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = match decode(raw_name).as_deref() {
                Some("state") => "state",
                Some("code") => "code",
                Some("error") => "error",
                Some("error_description") => "error_description",
                Some(_) | None => continue,
            };
            if seen.contains(&name) {
                return Err(BadQuery::Repeated);
            }
            seen.push(name);
            let value = decode(raw_value).ok_or(BadQuery::Encoding)?;
            if value.is_empty() {
                continue;
            }
            match name {
                "state" => response.state = Some(Secret::new(value)),
                "code" => response.code = Some(Secret::new(value)),
                "error" => response.error = Some(printable(&value, ERROR_LIMIT)),
                _ => response.error_description = Some(printable(&value, DESCRIPTION_LIMIT)),
            }
        }
        Ok(response)
    }

    /// What it says. An error wins over a code beside it: such an answer is not to be trusted with a
    /// token request. `None`: neither is there.
    pub(super) fn outcome(self) -> Option<CallbackOutcome> {
        if let Some(error) = self.error {
            return Some(CallbackOutcome::Error { error, description: self.error_description });
        }
        self.code.map(CallbackOutcome::Code)
    }
}

/// `application/x-www-form-urlencoded` (RFC 6749 appendix B): `+` is a space. A `%` that starts no byte
/// stands for itself, as in the URL Standard. `None`: the bytes are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |place: usize| bytes.get(place).and_then(|&byte| (byte as char).to_digit(16));
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'+', ..) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn response(
        state: Option<&str>,
        code: Option<&str>,
        error: Option<&str>,
        text: Option<&str>,
    ) -> Response {
        Response {
            state: state.map(Secret::new),
            code: code.map(Secret::new),
            error: error.map(str::to_owned),
            error_description: text.map(str::to_owned),
        }
    }

    #[rstest]
    #[case::usual("code=abc&state=xyz", response(Some("xyz"), Some("abc"), None, None))]
    #[case::encoded("code=a%2Fb%3D&state=x+y", response(Some("x y"), Some("a/b="), None, None))]
    #[case::encoded_name("c%6Fde=a", response(None, Some("a"), None, None))]
    #[case::unknown_ignored("code=a&app=1&app=2&iss=%FF", response(None, Some("a"), None, None))]
    #[case::without_value("code=&state", response(None, None, None, None))]
    #[case::empty("", response(None, None, None, None))]
    #[case::only_separators("&&&=&", response(None, None, None, None))]
    #[case::case_matters("CODE=a&State=b", response(None, None, None, None))]
    #[case::lone_percent("code=100%&state=%zz", response(Some("%zz"), Some("100%"), None, None))]
    #[case::error(
        "error=access_denied&error_description=No%1b%5B31m+way",
        response(None, None, Some("access_denied"), Some("No[31m way"))
    )]
    fn parsed(#[case] query: &str, #[case] expected: Response) {
        assert_eq!(Response::parse(query), Ok(expected));
    }

    #[rstest]
    #[case::code_twice("code=a&code=b", BadQuery::Repeated)]
    #[case::same_code_twice("code=a&code=a", BadQuery::Repeated)]
    #[case::state_twice("state=a&code=b&state=a", BadQuery::Repeated)]
    #[case::second_empty("code=a&code=", BadQuery::Repeated)]
    #[case::encoded_second("code=a&%63ode=b", BadQuery::Repeated)]
    #[case::not_utf8("code=%ff%fe", BadQuery::Encoding)]
    fn refused(#[case] query: &str, #[case] expected: BadQuery) {
        assert_eq!(Response::parse(query), Err(expected));
    }

    #[test]
    fn an_error_wins_over_a_code() {
        let outcome = response(None, Some("a"), Some("server_error"), None).outcome();
        let expected = CallbackOutcome::Error { error: "server_error".to_owned(), description: None };
        assert_eq!(outcome, Some(expected));
        assert_eq!(response(Some("s"), None, None, Some("text")).outcome(), None);
    }

    proptest! {
        #[test]
        fn never_panics(query in ".{0,200}") {
            let _ = Response::parse(&query);
        }

        #[test]
        fn what_was_encoded_comes_back(code in ".{1,40}", state in ".{1,40}") {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("code", &code)
                .append_pair("state", &state)
                .finish();
            prop_assert_eq!(Response::parse(&query), Ok(response(Some(&state), Some(&code), None, None)));
        }
    }
}
