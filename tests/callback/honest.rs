//! The honest callback, in whatever dress, and what its browser is told when.

use super::support::*;
use rstest::rstest;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;
use zoom_setup::callback::Limits;
use zoom_setup::ports::{CallbackEvent, CallbackOutcome, CallbackPage};
use zoom_setup::secret::Secret;

#[rstest]
#[case::plain("", "")]
// Row F02 of docs/callback-rows.md.
#[case::unknown_parameters("&app=1&app=2&iss=https%3A%2F%2Fzoom.us", "")]
#[case::cookies("", "Cookie: a=\u{e9}\r\nAccept-Language: en\r\n")]
#[case::body_announced("", "Content-Length: 5\r\n")]
fn an_honest_callback_in_odd_dress_is_taken(#[case] more: &str, #[case] fields: &str) {
    let mut listening = listen_without_follow_up();
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &(honest_target() + more), fields).as_bytes()).unwrap();
    assert_eq!(await_arrival(&mut listening, HONEST_LIMIT), CallbackOutcome::Code(Secret::new(CODE)));
    listening.control.answer(CallbackPage::Done);
    assert_eq!(status(&drain(&mut browser)), 303);
}

#[rstest]
#[case::four_kilobytes("a%2B", "a+", 2048)]
#[case::eight_kilobytes("a", "a", 8192)]
#[case::eight_kilobytes_all_of_them_encoded("%2B", "+", 8192)]
fn f11_codes_of_4_and_8_kilobytes_arrive_whole(
    #[case] sent: &str,
    #[case] meant: &str,
    #[case] times: usize,
) {
    let mut listening = listen();
    let port = listening.bound.port;
    let query = format!("code={}&state={STATE}", sent.repeat(times));
    let _browser = stays(port, with_query(port, &query).as_bytes());
    let code = CallbackOutcome::Code(Secret::new(meant.repeat(times)));
    assert_eq!(await_arrival(&mut listening, HONEST_LIMIT), code);
}

#[test]
fn a_request_in_pieces_arrives() {
    let mut listening = listen();
    let _browser = drips(listening.bound.port, get(listening.bound.port, &honest_target(), "").as_bytes());
    assert_eq!(await_arrival(&mut listening, HONEST_LIMIT), CallbackOutcome::Code(Secret::new(CODE)));
}

// Row B17 of docs/callback-rows.md.
#[test]
fn an_error_with_the_right_state_arrives_printable_and_the_page_is_escaped() {
    let mut listening = listen();
    let port = listening.bound.port;
    let mut browser = connect(port);
    let query = format!("error=access_denied&error_description=%1B%5B31mNo<script>x</script>&state={STATE}");
    browser.write_all(with_query(port, &query).as_bytes()).unwrap();
    let outcome = await_arrival(&mut listening, HONEST_LIMIT);
    let CallbackOutcome::Error { error, description: Some(description) } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((error.as_str(), description.as_str()), ("access_denied", "[31mNo<script>x</script>"));
    listening.control.answer(CallbackPage::Failed {
        heading: description,
        cause: "because".to_owned(),
        next: "<b>Try & retry</b>".to_owned(),
    });
    let answer = drain(&mut browser);
    assert_hardened(&answer);
    let last = exchange(port, get(port, "/callback/done", ""));
    for page in [body(&answer), body(&last)] {
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("[31mNo&lt;script&gt;x&lt;/script&gt;"), "{page}");
        assert!(page.contains("&lt;b&gt;Try &amp; retry&lt;/b&gt;"), "{page}");
    }
}

#[test]
fn nothing_is_said_to_the_browser_before_the_end_is_known() {
    let mut listening = listen_without_follow_up();
    let mut browser = connect(listening.bound.port);
    browser.write_all(get(listening.bound.port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    browser.set_nonblocking(true).unwrap();
    assert_eq!(browser.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock);
    browser.set_nonblocking(false).unwrap();
    listening.control.answer(CallbackPage::Failed {
        heading: "Not accepted".to_owned(),
        cause: "c".to_owned(),
        next: "r".to_owned(),
    });
    let answer = drain(&mut browser);
    assert!(answer.contains("Not accepted") && !answer.contains("finished"), "{answer}");
}

// Rows N10, W03 of docs/callback-rows.md.
#[test]
fn a_second_callback_is_told_before_and_after_the_end() {
    let mut listening = listen_without_follow_up();
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    let other = with_query(port, &format!("code=another&state={STATE}"));

    let again = exchange(port, get(port, &honest_target(), ""));
    assert_eq!(status(&again), 200);
    assert_hardened(&again);
    assert!(again.contains("Already done") && !again.contains("finished"), "{again}");
    assert_eq!(status(&exchange(port, &other)), 409);

    listening.control.answer(CallbackPage::Done);
    listening.control.answer(CallbackPage::Failed {
        heading: "late".to_owned(),
        cause: "late".to_owned(),
        next: "late".to_owned(),
    });
    assert_eq!(status(&drain(&mut browser)), 303);
    let again = exchange(port, get(port, &honest_target(), ""));
    assert_eq!(status(&again), 200);
    assert!(again.contains("Already done: Zoom login finished"), "{again}");
    let again = exchange(port, &other);
    assert_eq!(status(&again), 409);
    assert_hardened(&again);

    let mut lines = Vec::new();
    while let Some(event) = next_event(&mut listening, Duration::ZERO) {
        let CallbackEvent::Seen { line } = event else { panic!("arrived twice") };
        assert_line(&line);
        lines.push(line);
    }
    assert_eq!(lines.len(), 4, "{lines:?}");
}

#[test]
fn a_login_finished_by_pasting_is_told_to_a_late_browser() {
    let mut listening = listen();
    listening.control.answer(CallbackPage::Done);
    let late = exchange(listening.bound.port, get(listening.bound.port, &honest_target(), ""));
    assert_eq!(status(&late), 200);
    assert!(late.contains("Already done: Zoom login finished"), "{late}");
    assert!(matches!(next_event(&mut listening, DEADLINE), Some(CallbackEvent::Seen { .. })));
}

#[test]
fn a_long_exchange_ends_with_an_honest_interim_page() {
    let mut listening = listen_with(Limits { hold: Duration::from_millis(50), ..Limits::default() });
    let port = listening.bound.port;
    let answer = exchange(port, get(port, &honest_target(), ""));
    assert_eq!(status(&answer), 202, "{answer}");
    assert_hardened(&answer);
    assert!(answer.contains("Still working") && answer.contains("terminal"), "{answer}");
    await_arrival(&mut listening, HONEST_LIMIT);
    assert_eq!(status(&exchange(port, get(port, "/callback/done", ""))), 404);
    listening.control.answer(CallbackPage::Done);
    assert!(exchange(port, get(port, "/callback/done", "")).contains("Zoom login finished"));
    assert!(exchange(port, get(port, &honest_target(), "")).contains("Already done"));
}

// Row F23 of docs/callback-rows.md.
#[test]
fn debug_output_of_what_arrives_holds_no_secret() {
    let mut text = String::new();
    write!(text, "{:?} {:?}", request(&[]), CallbackOutcome::Code(Secret::new(CODE))).unwrap();
    assert!(!text.contains(STATE) && !text.contains(CODE));
}
