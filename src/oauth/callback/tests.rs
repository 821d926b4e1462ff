use super::*;
use proptest::prelude::*;
use rstest::rstest;

const ISSUER: &str = "https://zoom.us";
const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn pending() -> PendingAuthorization {
    PendingAuthorization {
        state: Secret::new("s".repeat(43)),
        verifier: Secret::new("v".repeat(43)),
        redirect_uri: REDIRECT.to_owned(),
        client_id: "client_1234567890".to_owned(),
        begun_at: "2026-11-23T10:00:00Z".parse().unwrap(),
        expires_at: "2026-11-23T10:10:00Z".parse().unwrap(),
    }
}

fn code_of(answer: &Answer) -> &str {
    match answer {
        Answer::Code(code) => code.expose(),
        Answer::Error { error, .. } => panic!("an error, not a code: {error}"),
    }
}

// Rows F22, N10 of docs/callback-rows.md.
#[test]
fn state_must_be_there_and_equal() {
    let expected = Secret::new("abc");
    assert!(check_state(&expected, Some(&Secret::new("abc"))));
    assert!(!check_state(&expected, Some(&Secret::new("abd"))));
    assert!(!check_state(&expected, Some(&Secret::new("abcd"))));
    assert!(!check_state(&expected, None));
    assert!(!check_state(&Secret::default(), Some(&Secret::default())));
}

// Row W04 of docs/callback-rows.md.
#[rstest]
#[case::full(format!("{REDIRECT}?code=CODE12345&state={}", "s".repeat(43)), false)]
#[case::broken_lines(format!("  https://dev12345.service-now.com/\n oauth_redirect.do?co\r\nde=CODE\u{200b}12345&state={} \n", "s".repeat(43)), false)]
#[case::quoted(format!("\"<{REDIRECT}?code=CODE12345>\""), true)]
#[case::no_scheme(format!("dev12345.service-now.com/oauth_redirect.do?code=CODE12345&state={}", "s".repeat(43)), false)]
#[case::query(format!("?state={}&code=CODE12345", "s".repeat(43)), false)]
#[case::query_without_mark("code=CODE12345".to_owned(), true)]
#[case::unknown_first("foo=1&code=CODE12345".to_owned(), true)]
#[case::code_only("CODE12345".to_owned(), true)]
#[case::code_broken(" CODE1\n2345 ".to_owned(), true)]
fn pastes_that_are_taken(#[case] text: String, #[case] unchecked: bool) {
    let outcome = parse_paste(&text, &pending(), ISSUER).unwrap();
    assert_eq!(code_of(&outcome.answer), "CODE12345");
    assert_eq!(outcome.state_unchecked, unchecked);
    assert_eq!(outcome.note, None);
}

// Row W04 of docs/callback-rows.md.
#[rstest]
#[case("", PasteProblem::Empty)]
#[case(" \n\t\u{feff}", PasteProblem::Empty)]
#[case(
    "https://zoom.us/oauth/authorize?response_type=code&client_id=x&state=y",
    PasteProblem::AuthorizeAddress
)]
#[case(
    "https://marketplace.zoom.us/v2/authorize?client_id=x&response_type=code",
    PasteProblem::AuthorizeAddress
)]
#[case("https://zoom.us/signin?_rnd=1", PasteProblem::ZoomPage)]
#[case("https://zoom.us/", PasteProblem::ZoomPage)]
#[case(
    "https://example.com/oauth_redirect.do?code=CODE12345",
    PasteProblem::ForeignHost { given: "example.com".to_owned(), expected: "dev12345.service-now.com".to_owned() }
)]
#[case("client_1234567890", PasteProblem::NotTheCode { what: "client ID" })]
#[case("sssssssssssssssssssssssssssssssssssssssssss", PasteProblem::NotTheCode { what: "state" })]
#[case("code=CODE12345&state=other", PasteProblem::WrongState)]
#[case("error=access_denied&state=other", PasteProblem::WrongState)]
#[case("hello", PasteProblem::NotRecognised)]
#[case("{\"code\": 1}", PasteProblem::NotRecognised)]
#[case("code=a&code=b", PasteProblem::Query(CallbackProblem::Repeated { name: "code" }))]
#[case("https://dev12345.service-now.com/oauth_redirect.do", PasteProblem::Query(CallbackProblem::Nothing))]
#[case(
    "code=CODE12345&iss=https://example.com",
    PasteProblem::Query(CallbackProblem::ForeignIssuer { given: "https://example.com".to_owned() })
)]
#[case(
    "https://dev12345.service-now.com/oauth_redirect.do?code=",
    PasteProblem::Query(CallbackProblem::Nothing)
)]
fn pastes_that_are_refused(#[case] text: &str, #[case] problem: PasteProblem) {
    assert_eq!(parse_paste(text, &pending(), ISSUER), Err(problem.clone()));
    assert!(!problem.message().is_empty() && !problem.hint().is_empty());
}

#[rstest]
#[case("http://dev12345.service-now.com/oauth_redirect.do?code=CODE12345", "scheme")]
#[case("https://dev12345.service-now.com:8443/oauth_redirect.do?code=CODE12345", "port")]
#[case("https://dev12345.service-now.com/login_with_sso.do?code=CODE12345", "path")]
fn another_place_on_the_right_host_is_noted(#[case] text: &str, #[case] part: &str) {
    let note = parse_paste(text, &pending(), ISSUER).unwrap().note.unwrap();
    assert!(note.contains(part), "{note}");
}

#[test]
fn an_error_is_reported_as_one() {
    let outcome = parse_paste(&format!("{REDIRECT}?error=access_denied"), &pending(), ISSUER).unwrap();
    assert_eq!(outcome.answer, Answer::Error { error: "access_denied".to_owned(), description: None });
}

#[test]
fn a_percent_encoded_code_is_decoded() {
    assert_eq!(code_of(&parse_paste("CODE%2B12345", &pending(), ISSUER).unwrap().answer), "CODE+12345");
}

#[test]
fn too_long_a_paste_is_refused() {
    assert_eq!(parse_paste(&"a".repeat(70_000), &pending(), ISSUER), Err(PasteProblem::TooLong));
    assert_eq!(
        parse_paste(&"a".repeat(9_000), &pending(), ISSUER),
        Err(PasteProblem::Query(CallbackProblem::CodeTooLong))
    );
}

#[test]
fn a_pending_login_survives_the_store() {
    let before = pending();
    assert_eq!(PendingAuthorization::from_secret(&before.to_secret()), Some(before));
    assert_eq!(PendingAuthorization::from_secret(&Secret::new("{}")), None);
    assert_eq!(PendingAuthorization::from_secret(&Secret::default()), None);
}

proptest! {
    #[test]
    fn no_paste_panics(text in any::<String>()) {
        if let Err(problem) = parse_paste(&text, &pending(), ISSUER) {
            prop_assert!(!problem.message().is_empty() && !problem.hint().is_empty());
        }
    }

    #[test]
    fn every_code_comes_back_from_its_address(code in "[!-~]{1,60}") {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", pending().state.expose())
            .finish();
        let outcome = parse_paste(&format!("{REDIRECT}?{query}"), &pending(), ISSUER).unwrap();
        prop_assert_eq!(code_of(&outcome.answer), code);
        prop_assert!(!outcome.state_unchecked);
    }
}
