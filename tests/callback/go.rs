//! The short address that leads to the login, and the login whose time is over.

use super::support::*;
use rstest::rstest;
use std::io::Write;
use std::time::Duration;
use zoom_setup::ports::{CallbackEvent, CallbackOutcome, CallbackPage, Listening};
use zoom_setup::secret::Secret;

const LOGIN: &str = "https://zoom.us/oauth/authorize?response_type=code&client_id=a&state=secret%20state";

/// What a browser sends where its user typed the address.
const TYPED: &str = "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";

fn offering() -> Listening {
    let listening = listen();
    listening.control.offer_login(LOGIN);
    listening
}

fn go(port: u16, fields: &str) -> String {
    let answer = exchange(port, get(port, "/go", fields));
    assert_hardened(&answer);
    answer
}

/// The one line that came for the one request.
fn line(listening: &mut Listening) -> String {
    let Some(CallbackEvent::Seen { line }) = next_event(listening, DEADLINE) else { panic!("no line") };
    assert_line(&line);
    assert!(!line.contains("zoom.us") && !line.contains("secret"), "{line}");
    line
}

#[rstest]
#[case::typed(TYPED)]
#[case::a_browser_without_fetch_metadata("")]
#[case::a_program_in_the_terminal("User-Agent: curl/8.0\r\nAccept: */*\r\n")]
#[case::reloaded("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")]
fn it_leads_to_the_login_and_is_shown(#[case] fields: &str) {
    let mut listening = offering();
    for _again in 0..2 {
        let answer = go(listening.bound.port, fields);
        assert_eq!(status(&answer), 302, "{answer}");
        assert_eq!(field(&answer, "Location"), Some(LOGIN));
        assert!(!body(&answer).contains("zoom.us"), "{answer}");
        assert_eq!(line(&mut listening), "GET /go (302): sent on to the login");
    }
    honest_login_works(listening);
}

#[rstest]
// Row B13 of docs/callback-rows.md.
#[case::foreign_page("GET /go", "Sec-Fetch-Site: cross-site\r\n", 403, "another site's page")]
#[case::foreign_page_of_the_same_site("GET /go", "Sec-Fetch-Site: same-site\r\n", 403, "another site's page")]
#[case::foreign_frame(
    "GET /go",
    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
    400,
    "tab"
)]
#[case::script("GET /go", "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n", 400, "tab")]
// The address bar guesses what its user will type, and opens it in advance.
#[case::w01_prerender_from_the_address_bar(
    "GET /go",
    "Sec-Fetch-Site: none\r\nSec-Purpose: prefetch;prerender\r\nPurpose: prefetch\r\n",
    204,
    "looked ahead"
)]
#[case::w01_prefetch("GET /go", "Purpose: prefetch\r\n", 204, "looked ahead")]
#[case::n08_head("HEAD /go", "", 405, "not a GET")]
#[case::n08_post("POST /go", "", 405, "not a GET")]
#[case::n08_options("OPTIONS /go", "Origin: https://example.com\r\n", 405, "not a GET")]
#[case::n08_below("GET /go/", "", 404, "not the callback path")]
#[case::n08_longer("GET /gone", "", 404, "not the callback path")]
fn nobody_else_is_led_there(
    #[case] request: &str,
    #[case] fields: &str,
    #[case] expected: u16,
    #[case] why: &str,
) {
    let mut listening = offering();
    let port = listening.bound.port;
    let answer = exchange(port, format!("{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n"));
    assert_eq!(status(&answer), expected, "{answer}");
    assert_hardened(&answer);
    assert_eq!(field(&answer, "Location"), None);
    assert_eq!(field(&answer, "Allow"), (expected == 405).then_some("GET"));
    assert_eq!(body(&answer).is_empty(), expected == 204 || request.starts_with("HEAD"), "{answer}");
    let line = line(&mut listening);
    assert!(line.contains(&expected.to_string()) && line.contains(why), "{line}");
    // The same person, a moment later, by a real visit.
    assert_eq!(status(&go(port, TYPED)), 302);
}

#[test]
fn b18_a_foreign_host_is_told_nothing_of_it() {
    let listening = offering();
    let answer = exchange(listening.bound.port, "GET /go HTTP/1.1\r\nHost: evil.example.com\r\n\r\n");
    assert_eq!(status(&answer), 400);
    assert!(!answer.contains("zoom.us"), "{answer}");
}

// B15: the target is what was offered, whatever the query says.
#[test]
fn b15_the_query_has_no_say_in_where_it_leads() {
    let listening = offering();
    let port = listening.bound.port;
    for query in ["url=https://example.com/", "https://example.com/", "next=//example.com&Location=x"] {
        let answer = exchange(port, get(port, &format!("/go?{query}"), ""));
        assert_eq!(field(&answer, "Location"), Some(LOGIN));
        assert!(!answer.contains("example.com"), "{answer}");
    }
}

#[test]
fn an_address_that_is_none_is_not_offered() {
    let listening = listen();
    for url in ["https://zoom.us/\r\nSet-Cookie: a=b", "https://zoom.us/ x", "https://zoom.us/\u{e9}", ""] {
        listening.control.offer_login(url);
        let answer = go(listening.bound.port, "");
        assert_eq!(status(&answer), 404, "{url:?}");
        assert!(!answer.contains("Set-Cookie"), "{answer}");
    }
}

#[test]
fn the_newest_offer_counts() {
    let listening = offering();
    listening.control.offer_login("https://zoomgov.com/oauth/authorize?state=newer");
    let answer = go(listening.bound.port, "");
    assert_eq!(field(&answer, "Location"), Some("https://zoomgov.com/oauth/authorize?state=newer"));
}

#[test]
fn before_the_offer_and_after_the_end_it_says_so() {
    let mut listening = listen_without_follow_up();
    let port = listening.bound.port;
    let early = go(port, TYPED);
    assert_eq!(status(&early), 404);
    assert!(early.contains("No login yet") && early.contains("reload this page"), "{early}");
    assert_eq!(line(&mut listening), "GET /go (404): no login is offered yet");

    listening.control.offer_login(LOGIN);
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    assert_eq!(await_arrival(&mut listening, HONEST_LIMIT), CallbackOutcome::Code(Secret::new(CODE)));
    let busy = go(port, TYPED);
    assert_eq!((status(&busy), field(&busy, "Location")), (410, None));
    assert!(busy.contains("This login is over"), "{busy}");

    listening.control.answer(CallbackPage::Done);
    drain(&mut browser);
    listening.control.offer_login(LOGIN);
    let late = go(port, TYPED);
    assert_eq!((status(&late), field(&late, "Location")), (410, None));
    assert!(late.contains("This login is over"), "{late}");
    assert_eq!(line(&mut listening), "GET /go (410): the login is over");
}

// Row N07 of docs/callback-rows.md.
#[test]
fn a_callback_after_the_time_is_told_so_and_counts_no_more() {
    let mut listening = offering();
    let port = listening.bound.port;
    listening.control.answer(CallbackPage::Expired);
    for target in [honest_target(), format!("/callback?error=access_denied&state={STATE}")] {
        let answer = exchange(port, get(port, &target, ""));
        assert_eq!(status(&answer), 410, "{answer}");
        assert_hardened(&answer);
        assert!(
            answer.contains("This login took too long")
                && answer.contains("press r")
                && answer.contains("paste it"),
            "{answer}"
        );
        assert!(!answer.contains("Already done"), "{answer}");
        assert!(!answer.contains("<script"), "its address can still be pasted: {answer}");
        assert_eq!(line(&mut listening), "GET /callback ignored (410): the time of this login is over");
    }
    let late = go(port, TYPED);
    assert_eq!((status(&late), field(&late, "Location")), (410, None));
    assert!(late.contains("This login is over") && !late.contains("copy the address"), "{late}");
    let done = exchange(port, get(port, "/callback/done", ""));
    assert!(status(&done) == 410 && !done.contains("copy the address"), "{done}");
    assert_eq!(line(&mut listening), "GET /go (410): the login is over");
    // A foreign answer is still only that.
    assert_eq!(status(&exchange(port, with_query(port, "code=a&state=b"))), 400);
    assert_line(&line(&mut listening));
    assert_eq!(next_event(&mut listening, Duration::ZERO), None);
    drop(listening);
    assert_port_is_free(port);
}

/// The time runs out in the moment in which the browser comes back.
#[test]
fn a_browser_that_waits_when_the_time_is_over_is_told_in_place() {
    let mut listening = offering();
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    listening.control.answer(CallbackPage::Expired);
    let answer = drain(&mut browser);
    assert_eq!((status(&answer), field(&answer, "Location")), (410, None), "{answer}");
    assert_hardened(&answer);
    assert!(answer.contains("copy the address of this page"), "{answer}");
    drop(listening);
    assert_port_is_free(port);
}
