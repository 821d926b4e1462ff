#![expect(clippy::result_large_err, reason = "answers as the port gives them")]

use super::*;
use proptest::prelude::*;
use rstest::rstest;

const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn now() -> Timestamp {
    "2026-03-12T10:00:00Z".parse().unwrap()
}

fn asked(pair_known: bool) -> Asked<'static> {
    Asked { host: "zoom.us", redirect_uri: REDIRECT, pair_known }
}

fn page(status: u16, content_type: &str, body: &str) -> Result<PreflightAnswer, Failure> {
    Ok(PreflightAnswer::Page {
        status,
        body: body.to_owned(),
        content_type: content_type.to_owned(),
        retry_after: None,
    })
}

#[rstest]
#[case::json(
    r#"{"status":false,"errorCode":4700,"errorMessage":"Invalid redirect url","result":null}"#,
    "4700: Invalid redirect url"
)]
#[case::json_grouped(
    r#"{"status":false,"errorCode":"4,700","errorMessage":""}"#,
    "4700 on the authorize page"
)]
#[case::comma("<h1>Invalid redirect: https://a (4,700)</h1>", "Invalid redirect: https://a (4,700)")]
#[case::full_stop("<h1>Redirección no válida (4.700)</h1>", "Redirección no válida (4.700)")]
#[case::space("<p>Invalid redirect (4 700)</p>", "Invalid redirect (4 700)")]
#[case::no_break_space("<p>Invalid redirect (4\u{a0}700)</p>", "Invalid redirect (4\u{a0}700)")]
#[case::narrow_space("<p>Invalid redirect (4\u{202f}700)</p>", "Invalid redirect (4\u{202f}700)")]
#[case::entity("<p>Invalid redirect (4&nbsp;700)</p>", "Invalid redirect (4\u{a0}700)")]
#[case::numeric_entity("<p>Invalid redirect (4&#8239;700)</p>", "Invalid redirect (4\u{202f}700)")]
#[case::apostrophe("<p>Invalid redirect (4'700)</p>", "Invalid redirect (4'700)")]
#[case::curly("<p>Invalid redirect (4\u{2019}700)</p>", "Invalid redirect (4\u{2019}700)")]
#[case::ungrouped("<p>Invalid redirect (4700)</p>", "Invalid redirect (4700)")]
#[case::text_alone("Invalid redirect (4,700)", "Invalid redirect (4,700)")]
#[case::inline_marks("<p>Invalid redirect <b>x</b> (<span>4,700</span>)</p>", "Invalid redirect x (4,700)")]
#[case::visible_before_script(
    "<script>if(e.errorCode==4702){}</script><p>Invalid redirect (4,700)</p>",
    "Invalid redirect (4,700)"
)]
#[case::head_left_open(
    "<html><head><title>Error</title><body><h1>Invalid redirect (4,700)</h1>",
    "Invalid redirect (4,700)"
)]
#[case::after_a_script("<p><script>1</script>Invalid redirect (4,700)</p>", "Invalid redirect (4,700)")]
#[case::header_is_no_head("<header>Invalid redirect (4,700)</header>", "Invalid redirect (4,700)")]
#[case::only_in_data(
    "<div id=app></div><script>window.x={\"errorCode\":4700}</script>",
    "4700 on the authorize page"
)]
fn every_form_of_the_refusal_is_read(#[case] body: &str, #[case] zoom: &str) {
    for status in [200, 400] {
        let answer = page(status, "text/html", body);
        let verdict = read(&answer, asked(false), now());
        assert_eq!(
            (verdict.code.as_str(), verdict.judgement),
            ("invalid-redirect", Judgement::Refused),
            "{verdict:?}"
        );
        assert_eq!(verdict.zoom.as_deref(), Some(zoom));
        assert!(verdict.evidence.iter().any(|line| line.contains(REDIRECT)), "what was sent is said");
        assert_eq!(problem(&answer).unwrap().zoom.as_deref(), Some(zoom));
    }
}

#[rstest]
#[case::page("<h1>Sign in</h1><p>4,720 people use this. Call (470) 555 4700.</p>")]
#[case::script("<script>var a=4700,b=\"(4,700)\";</script><h1>Allow?</h1>")]
#[case::style("<style>.x{width:4700px} /* (4,700) */</style><h1>Allow?</h1>")]
#[case::comment("<!-- (4,700) --><h1>Allow?</h1>")]
#[case::title("<head><title>(4,700)</title></head><h1>Allow?</h1>")]
fn other_numbers_are_no_refusal(#[case] body: &str) {
    let verdict = read(&page(200, "text/html", body), asked(true), now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("nothing-wrong-seen", Judgement::Expected));
    assert!(verdict.heading.contains("not proof"), "{}", verdict.heading);
}

#[test]
fn a_clean_end_is_said_to_prove_nothing() {
    for answer in [PreflightAnswer::SignIn, PreflightAnswer::SentBack { error: None }] {
        let verdict = read(&Ok(answer), asked(true), now());
        assert_eq!(verdict.judgement, Judgement::Expected);
        assert!(verdict.heading.contains("Nothing wrong seen before sign-in"), "{}", verdict.heading);
    }
}

#[test]
fn the_other_view_is_named_where_the_pair_is_known() {
    let answer = page(400, "text/html", "(4,702)");
    let verdict = read(&answer, asked(true), now());
    assert_eq!(verdict.code, "unknown-client-id");
    assert!(verdict.candidates.last().unwrap().cause.contains("The pair is known"), "{verdict:?}");
    let verdict = read(&answer, asked(false), now());
    assert!(!verdict.candidates.last().unwrap().cause.contains("The pair is known"), "{verdict:?}");
}

#[rstest]
#[case::limit(429, "", "")]
#[case::gone(404, "text/html", "<h1>Not found</h1>")]
#[case::fault(502, "text/html", "<h1>Bad gateway</h1>")]
#[case::empty(200, "text/html", " ")]
#[case::json(400, "application/json", r#"{"a":1}"#)]
fn odd_answers_decide_nothing(#[case] status: u16, #[case] content_type: &str, #[case] body: &str) {
    let verdict = read(&page(status, content_type, body), asked(true), now());
    assert_eq!(verdict.judgement, Judgement::Open, "{verdict:?}");
    assert!(verdict.heading.starts_with("Not checked"), "{}", verdict.heading);
    assert_eq!(problem(&page(status, content_type, body)), None);
}

#[test]
fn ways_that_lead_nowhere_decide_nothing() {
    let elsewhere = PreflightAnswer::Elsewhere { host: "portal\u{1b}[31m.example".to_owned() };
    for answer in [elsewhere, PreflightAnswer::TooManyRedirects] {
        let verdict = read(&Ok(answer), asked(true), now());
        assert_eq!(verdict.judgement, Judgement::Open);
        assert!(!format!("{verdict:?}").contains('\u{1b}'));
    }
}

#[test]
fn an_error_at_the_redirect_url_is_a_refusal_of_something_else() {
    let error = Some(("invalid_scope".to_owned(), None));
    let verdict = read(&Ok(PreflightAnswer::SentBack { error }), asked(true), now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("invalid-scope", Judgement::Refused));
}

/// A megabyte of what could make the reading slow. With quadratic work this test would not end.
#[test]
fn a_hostile_page_is_read_in_one_go() {
    for part in ["<head>", "<", "<!", "<b ", "(4,7", "4 7", "<script", "</script>", "&#4"] {
        let verdict = read(&page(200, "text/html", &part.repeat(1_000_000 / part.len())), asked(true), now());
        assert_ne!(verdict.judgement, Judgement::Proved);
    }
}

proptest! {
    #[test]
    fn any_page_is_read(status in 200_u16..600, body in any::<String>(), tail in "(<[a-z!/-]{0,8}|[(4,.7 0)]|>|é){0,40}") {
        let verdict = read(&page(status, "text/html", &format!("{body}{tail}")), asked(true), now());
        prop_assert!(verdict.judgement != Judgement::Proved);
        prop_assert!(!verdict.heading.is_empty());
    }
}
