//! The query of a redirect: the authorization response of RFC 6749 section 4.1.2. One parser for the listener
//! and for what is pasted.

use crate::secret::{Secret, printable};

/// Longest authorization code that is taken, in bytes. RFC 6749 sets no limit; Zoom's have about 40.
pub(super) const LONGEST_CODE: usize = 8 * 1024;
/// Longest `error` that is kept, in characters; those of RFC 6749 have up to 25.
const LONGEST_ERROR: usize = 80;
/// Longest `error_description` that is kept, in characters.
const LONGEST_DESCRIPTION: usize = 300;
/// The parameters that mean something here. Others are ignored (RFC 6749 section 3.1).
pub(super) const KNOWN: [&str; 5] = ["code", "state", "error", "error_description", "iss"];

/// The answer of the authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An authorization code.
    Code(Secret),
    /// `error` and `error_description` (RFC 6749 section 4.1.2.1), printable.
    Error { error: String, description: Option<String> },
}

/// A redirect's query, taken apart. Nothing in it is to be believed before [`super::check_state`], and then only
/// what [`Callback::answer`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// What the state must be compared with.
    pub state: Option<Secret>,
    code: Option<Secret>,
    error: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
}

/// Why a query is no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackProblem {
    /// A parameter occurs twice (RFC 6749 section 3.1).
    Repeated { name: &'static str },
    /// A parameter is not text in UTF-8 (RFC 6749 appendix B).
    Encoding { name: &'static str },
    /// Neither `code` nor `error`.
    Nothing,
    /// The code is longer than 8 kB.
    CodeTooLong,
    /// `iss` names another server (RFC 9207 section 2.4).
    ForeignIssuer { given: String },
}

impl CallbackProblem {
    /// What is wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Self::Repeated { name } => format!("The parameter {name} is there twice"),
            Self::Encoding { name } => format!("The parameter {name} is not readable text"),
            Self::Nothing => "There is neither a code nor an error in it".to_owned(),
            Self::CodeTooLong => "The code is longer than 8 kB".to_owned(),
            Self::ForeignIssuer { given } => format!("The answer comes from {given}, not from Zoom"),
        }
    }

    /// What to do, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Repeated { .. } | Self::Encoding { .. } => {
                "Copy the address once more, from the address bar and only once".to_owned()
            }
            Self::Nothing => {
                "Finish the login in the browser first; the right address has code= in it".to_owned()
            }
            Self::CodeTooLong => "Begin the login again; Zoom's codes are short".to_owned(),
            Self::ForeignIssuer { .. } => {
                "Begin the login again from here, and close other login pages".to_owned()
            }
        }
    }
}

impl Callback {
    /// Takes apart the query of a redirect, without the leading `?`. A parameter without a value counts as absent
    /// (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// [`CallbackProblem::Repeated`] and [`CallbackProblem::Encoding`]; the query must then be treated as if it had
    /// not come.
    pub fn parse(query: &str) -> Result<Self, CallbackProblem> {
        let mut values: [Option<String>; KNOWN.len()] = Default::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let Some((name, kept)) = KNOWN.iter().zip(&mut values).find(|(known, _)| **known == key) else {
                continue;
            };
            if kept.is_some() {
                return Err(CallbackProblem::Repeated { name });
            }
            // What stands for bytes that are no text; no code, state or error contains it.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(CallbackProblem::Encoding { name });
            }
            *kept = Some(value.into_owned());
        }
        let [code, state, error, description, issuer] =
            values.map(|value| value.filter(|text| !text.is_empty()));
        Ok(Self {
            state: state.map(Secret::new),
            code: code.map(Secret::new),
            error: error.map(|text| printable(&text, LONGEST_ERROR)),
            description: description.map(|text| printable(&text, LONGEST_DESCRIPTION)),
            issuer,
        })
    }

    /// What it says. An `iss` must be the issuer that the login was begun with, character for character (RFC 9207
    /// section 2.4); Zoom documents none, so its absence is fine.
    ///
    /// # Errors
    /// [`CallbackProblem`]: nothing of the answer may be used, not even its error.
    pub fn answer(self, issuer: &str) -> Result<Answer, CallbackProblem> {
        if let Some(given) = self.issuer.filter(|given| given != issuer) {
            return Err(CallbackProblem::ForeignIssuer { given: printable(&given, 80) });
        }
        // A server that sends both has refused; its code must not be used.
        match (self.error, self.code) {
            (Some(error), _) => Ok(Answer::Error { error, description: self.description }),
            (None, Some(code)) if code.expose().len() > LONGEST_CODE => Err(CallbackProblem::CodeTooLong),
            (None, Some(code)) => Ok(Answer::Code(code)),
            (None, None) => Err(CallbackProblem::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const ISSUER: &str = "https://zoom.us";

    /// State and answer of a query.
    fn read(query: &str) -> Result<(Option<Secret>, Answer), CallbackProblem> {
        let callback = Callback::parse(query)?;
        Ok((callback.state.clone(), callback.answer(ISSUER)?))
    }

    fn code(code: &str) -> Answer {
        Answer::Code(Secret::new(code))
    }

    #[rstest]
    #[case::plain("code=a&state=b", Some("b"), "a")]
    #[case::encoded("code=a%2Fb%3D&state=x+y", Some("x y"), "a/b=")]
    #[case::encoded_name("c%6Fde=a", None, "a")]
    #[case::f02_unknown_are_ignored("code=a%2Bb&state=xyz&session=1&session=2&app=%FF", Some("xyz"), "a+b")]
    #[case::f03_without_a_value("code=a&state&error=&iss=", None, "a")]
    #[case::separators("&&code=a&=b&", None, "a")]
    #[case::lone_percent("code=100%&state=%zz", Some("%zz"), "100%")]
    fn taken(#[case] query: &str, #[case] state: Option<&str>, #[case] expected: &str) {
        assert_eq!(read(query), Ok((state.map(Secret::new), code(expected))));
    }

    // F01 (RFC 6749 section 3.1).
    #[rstest]
    #[case("code=a&code=b", "code")]
    #[case("code=a&code=a", "code")]
    #[case("code=a&state=b&state=b", "state")]
    #[case("code=&code=b", "code")]
    #[case("code=b&code=", "code")]
    #[case("code=a&%63ode=b", "code")]
    #[case("error=a&error=b", "error")]
    #[case("code=a&iss=https://zoom.us&iss=https://zoom.us", "iss")]
    fn f01_a_repeated_parameter_is_refused(#[case] query: &str, #[case] name: &'static str) {
        assert_eq!(read(query), Err(CallbackProblem::Repeated { name }));
    }

    #[rstest]
    #[case("")]
    #[case("code=&state=x")]
    #[case("code&state=x")]
    #[case("a=b")]
    #[case("error=")]
    #[case("CODE=a&State=b")]
    #[case("error_description=text&state=s")]
    fn f03_a_parameter_without_a_value_is_absent(#[case] query: &str) {
        assert_eq!(read(query), Err(CallbackProblem::Nothing));
    }

    #[rstest]
    #[case("code=%ff%fe", "code")]
    #[case("code=a&state=%c3", "state")]
    fn bytes_that_are_no_text_are_refused(#[case] query: &str, #[case] name: &'static str) {
        assert_eq!(read(query), Err(CallbackProblem::Encoding { name }));
    }

    #[test]
    fn f11_a_code_of_8_kb_is_taken_and_a_longer_one_is_not() {
        let long = "a".repeat(8 * 1024);
        assert_eq!(read(&format!("code={long}")), Ok((None, code(&long))));
        assert_eq!(read(&format!("code={long}a")), Err(CallbackProblem::CodeTooLong));
    }

    // Row B17 of docs/callback-rows.md.
    #[test]
    fn an_error_wins_over_a_code_and_is_printable() {
        let query = "code=a&error=access_denied&error_description=No%1b%5b31m+%3Cb%3E&state=x";
        let error = "access_denied".to_owned();
        let description = Some("No[31m <b>".to_owned());
        assert_eq!(read(query), Ok((Some(Secret::new("x")), Answer::Error { error, description })));
    }

    // Row I05 of docs/callback-rows.md.
    #[rstest]
    #[case::i01_equal("https://zoom.us", true)]
    // Row B11 of docs/callback-rows.md.
    #[case::i02_another_server("https://example.com", false)]
    #[case::i02_another_cloud("https://zoomgov.com", false)]
    #[case::i03_slash("https://zoom.us/", false)]
    #[case::i03_case("https://ZOOM.us", false)]
    #[case::i03_default_port("https://zoom.us:443", false)]
    #[case::i03_space("https://zoom.us ", false)]
    #[case::i04_absent("", true)]
    fn the_issuer_is_compared_as_plain_text(#[case] issuer: &str, #[case] fine: bool) {
        let query =
            url::form_urlencoded::Serializer::new("code=abc".to_owned()).append_pair("iss", issuer).finish();
        let refused = CallbackProblem::ForeignIssuer { given: issuer.to_owned() };
        let expected = if fine { Ok((None, code("abc"))) } else { Err(refused.clone()) };
        assert_eq!(read(&query), expected);
        // I05: an error of a foreign server is not believed either.
        let error = read(&query.replace("code=", "error="));
        assert_eq!(error.err(), (!fine).then_some(refused));
    }

    proptest! {
        #[test]
        fn no_query_panics_and_shown_texts_are_printable(query in "\\PC{0,200}") {
            match read(&query) {
                Ok((_, Answer::Error { error, description })) => {
                    prop_assert!(!error.chars().any(char::is_control));
                    prop_assert!(!description.unwrap_or_default().chars().any(char::is_control));
                }
                Ok((_, Answer::Code(code))) => prop_assert!(!code.is_empty()),
                Err(problem) => prop_assert!(!problem.message().chars().any(char::is_control)),
            }
        }

        #[test]
        fn what_was_encoded_comes_back(given in "[^\u{fffd}]{1,40}", state in "[^\u{fffd}]{1,40}") {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("code", &given)
                .append_pair("state", &state)
                .finish();
            prop_assert_eq!(read(&query), Ok((Some(Secret::new(&state)), code(&given))));
        }
    }
}
