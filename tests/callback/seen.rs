//! What the screen is told of requests that are not the callback.

use super::support::*;
use std::time::Duration;
use zoom_setup::callback::Limits;
use zoom_setup::ports::CallbackEvent;

#[test]
fn an_unfinished_request_is_answered_and_named() {
    let mut listening = listen_with(Limits { head: Duration::from_millis(300), ..Limits::default() });
    let answer = exchange(listening.bound.port, "GET /callback HTTP/1.1\r\n");
    assert_eq!(status(&answer), 408);
    assert_hardened(&answer);
    let event = next_event(&mut listening, DEADLINE);
    assert!(
        matches!(&event, Some(CallbackEvent::Seen { line }) if line.contains("never ended")),
        "{event:?}"
    );
    assert_eq!(exchange(listening.bound.port, ""), "", "a silent connection is closed without a word");
}

#[test]
fn every_ignored_request_has_a_line_without_secrets() {
    let mut listening = listen();
    let port = listening.bound.port;
    for (bytes, expected) in [
        (with_query(port, "code=foreign&state=other"), "GET /callback ignored (400): another state"),
        (get(port, "/favicon.ico?code=foreign", ""), "GET /favicon.ico ignored (404)"),
        (get(port, &honest_target(), "Purpose: prefetch\r\n"), "GET /callback ignored (204)"),
        ("\u{16}\u{3}\u{1}".to_owned(), "TLS handshake"),
    ] {
        exchange(port, bytes);
        let Some(CallbackEvent::Seen { line }) = next_event(&mut listening, DEADLINE) else {
            panic!("no line for {expected}")
        };
        assert_line(&line);
        assert!(line.contains(expected) && !line.contains("foreign"), "{line}");
    }
}

#[test]
fn a_flood_of_requests_does_not_flood_the_program() {
    let mut listening = listen();
    let port = listening.bound.port;
    for _ in 0..300 {
        exchange(port, get(port, "/x", ""));
    }
    let mut lines = Vec::new();
    while let Some(event) = next_event(&mut listening, Duration::ZERO) {
        lines.push(event);
    }
    assert_eq!(lines.len(), 201);
    honest_login_works(listening);
}
