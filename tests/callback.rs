//! The loopback listener against hostile and clumsy clients: whatever is done to it, the honest callback is
//! taken and answered afterwards, and the port is free after the drop.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use rstest::rstest;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use zoom_setup::callback::{Limits, TinyHttpListener};
use zoom_setup::ports::{
    CallbackEvent, CallbackOutcome, CallbackPage, ListenFailure, ListenRequest, Listener, Listening,
    PortProblem, PortReason,
};
use zoom_setup::secret::Secret;

const STATE: &str = "b1RtTk9TVEFURV9mb3JfdGVzdHM";
const CODE: &str = "honest-code";
const ISSUER: &str = "https://zoom.us";
/// The honest callback must be in the hands of the program within this time.
const HONEST_LIMIT: Duration = Duration::from_secs(2);
/// A broken listener fails a test after this time instead of hanging it.
const DEADLINE: Duration = Duration::from_secs(20);

fn listen() -> Listening {
    listen_with(Limits::default())
}

/// For a client that does not follow the redirect, so that the drop need not wait for it.
fn listen_without_follow_up() -> Listening {
    listen_with(Limits { follow_up: Duration::ZERO, ..Limits::default() })
}

fn listen_with(limits: Limits) -> Listening {
    TinyHttpListener { limits }.listen(request(&[])).expect("a free port on loopback")
}

fn request(ports: &[u16]) -> ListenRequest {
    ListenRequest {
        ports: ports.to_vec(),
        path: "/callback".to_owned(),
        state: Secret::new(STATE),
        issuer: ISSUER.to_owned(),
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("connects");
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends as much as the listener takes; that it hangs up in the middle is its right.
fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    if let Err(error) = stream.write_all(bytes) {
        assert!(
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "the listener does not read"
        );
    }
}

/// Everything until the listener closes; empty if it was cut.
fn drain(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => {
            assert!(
                !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "no end: {bytes:?}"
            );
        }
    }
    String::from_utf8(bytes).expect("an answer in UTF-8")
}

fn get(port: u16, target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n")
}

fn exchange(port: u16, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(port);
    pour(&mut stream, bytes.as_ref());
    drain(&mut stream)
}

fn honest_target() -> String {
    format!("/callback?code={CODE}&state={STATE}")
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer}"))
}

/// One field of an answer.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn assert_hardened(answer: &str) {
    for (name, value) in [
        ("Connection", "close"),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ] {
        assert_eq!(field(answer, name), Some(value), "{answer}");
    }
    let policy = field(answer, "Content-Security-Policy").expect("a policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.split("; ").any(|directive| directive == part), "{policy}");
    }
    assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
    if let Some(length) = field(answer, "Content-Length") {
        let length: usize = length.parse().unwrap();
        assert!(body(answer).is_empty() || body(answer).len() == length, "{answer}");
    }
    for secret in [CODE, STATE] {
        assert!(!answer.contains(secret), "{answer}");
    }
}

/// The next event, within a limit.
fn next_event(listening: &mut Listening, limit: Duration) -> Option<CallbackEvent> {
    let until = Instant::now() + limit;
    loop {
        match listening.events.try_recv() {
            Ok(event) => return Some(event),
            Err(_) if Instant::now() >= until => return None,
            Err(_) => std::thread::yield_now(),
        }
    }
}

/// Reads events until the callback, checking each line on the way.
fn await_arrival(listening: &mut Listening, limit: Duration) -> CallbackOutcome {
    let until = Instant::now() + limit;
    loop {
        match next_event(listening, until.saturating_duration_since(Instant::now())) {
            Some(CallbackEvent::Arrived { outcome }) => return outcome,
            Some(CallbackEvent::Seen { line }) => assert_line(&line),
            None => panic!("the honest callback did not arrive in {limit:?}"),
        }
    }
}

fn assert_line(line: &str) {
    assert!(!line.is_empty() && line.chars().count() <= 200, "{line:?}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
    for secret in [CODE, STATE, "code=", "state="] {
        assert!(!line.contains(secret), "{line:?}");
    }
}

/// The honest browser: callback, redirect, final page. The port is free afterwards.
fn honest_login_works(mut listening: Listening) {
    let port = listening.bound.port;
    let mut browser = connect(port);
    let fields = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    browser.write_all(get(port, &honest_target(), fields).as_bytes()).unwrap();
    let outcome = await_arrival(&mut listening, HONEST_LIMIT);
    assert_eq!(outcome, CallbackOutcome::Code(Secret::new(CODE)));

    listening.control.answer(CallbackPage::Done);
    let answer = drain(&mut browser);
    assert_eq!(status(&answer), 303, "{answer}");
    assert_hardened(&answer);
    assert_eq!(field(&answer, "Location"), Some("/callback/done"));
    let last = exchange(port, get(port, "/callback/done", ""));
    assert_eq!(status(&last), 200);
    assert_hardened(&last);
    assert!(body(&last).contains("Zoom login finished"), "{last}");

    drop(listening);
    assert_port_is_free(port);
}

fn assert_port_is_free(port: u16) {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free at once");
}

/// What an act leaves behind: connections that stay open during the honest login.
type Left = Vec<TcpStream>;

/// An act that sends one thing and gets one answer of a given status.
fn answered(port: u16, bytes: impl AsRef<[u8]>, expected: u16) -> Left {
    let answer = exchange(port, bytes);
    assert_eq!(status(&answer), expected, "{answer}");
    assert_hardened(&answer);
    Vec::new()
}

/// An act that sends something and stays.
fn stays(port: u16, bytes: &[u8]) -> Left {
    let mut stream = connect(port);
    pour(&mut stream, bytes);
    vec![stream]
}

/// An act that sends something and is gone.
fn leaves(port: u16, bytes: &[u8]) -> Left {
    drop(stays(port, bytes));
    Vec::new()
}

fn line(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn with_query(port: u16, query: &str) -> String {
    get(port, &format!("/callback?{query}"), "")
}

fn looked_ahead(port: u16, field: &str) -> Left {
    let answer = exchange(port, get(port, &honest_target(), &format!("{field}\r\n")));
    assert_eq!(status(&answer), 204);
    assert_eq!(body(&answer), "");
    assert_hardened(&answer);
    Vec::new()
}

fn other_method(port: u16, method: &str) -> Left {
    let target = honest_target();
    let answer = exchange(port, format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"));
    assert_eq!(status(&answer), 405, "{answer}");
    assert_eq!(field(&answer, "Allow"), Some("GET"));
    assert_eq!(body(&answer).is_empty(), method == "HEAD");
    assert_eq!(field(&answer, "Access-Control-Allow-Origin"), None);
    assert_hardened(&answer);
    Vec::new()
}

fn other_host(port: u16, host: &str) -> Left {
    let target = honest_target();
    answered(
        port,
        format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", host.replace("PORT", &port.to_string())),
        400,
    )
}

fn many(port: u16, count: usize, bytes: &[u8]) -> Left {
    (0..count).flat_map(|_| stays(port, bytes)).collect()
}

/// One byte at a time, as long as the listener listens.
fn drips(port: u16, bytes: &[u8]) -> Left {
    let mut stream = connect(port);
    stream.set_nodelay(true).unwrap();
    for byte in bytes {
        pour(&mut stream, &[*byte]);
    }
    vec![stream]
}

#[rstest]
// Connections without a request.
#[case::connect_and_close(|port| leaves(port, b""))]
#[case::silent_preconnect(|port| stays(port, b""))]
#[case::two_preconnects(|port| many(port, 2, b""))]
#[case::hundred_idle(|port| many(port, 100, b""))]
#[case::three_hundred_idle(|port| many(port, 300, b""))]
#[case::hundred_half_requests(|port| many(port, 100, b"GET /callback?co"))]
#[case::hundred_open_heads(|port| many(port, 100, b"GET / HTTP/1.1\r\nHost: a\r\n"))]
#[case::half_closed(|port| {
    let stream = connect(port);
    stream.shutdown(Shutdown::Write).unwrap();
    vec![stream]
})]
#[case::thousand_short_visits(|port| (0..1000).flat_map(|_| leaves(port, b"")).collect())]
// Requests that never end or end early.
#[case::half_line(|port| stays(port, b"GET /callback?code=x&sta"))]
#[case::half_line_then_gone(|port| leaves(port, b"GET /callback?code=x&sta"))]
#[case::half_head(|port| stays(port, b"GET /callback HTTP/1.1\r\nHost: 127.0.0.1"))]
#[case::slow_loris(|port| drips(port, b"GET /callback HTTP/1.1\r\nX-A: b\r\nX-C: d\r\n"))]
#[case::slow_loris_many(|port| (0..70).flat_map(|_| drips(port, b"GET / HTTP/1.1\r\nX: ")).collect())]
#[case::gone_before_the_answer(|port| leaves(port, get(port, "/favicon.ico", "").as_bytes()))]
#[case::two_hundred_gone_before_the_answer(|port| {
    (0..200).flat_map(|_| leaves(port, get(port, "/x", "").as_bytes())).collect()
})]
#[case::never_reads(|port| many(port, 80, get(port, "/x", "").as_bytes()))]
// Too much.
#[case::line_of_64_kilobytes(|port| answered(port, get(port, &format!("/callback?code={}", "a".repeat(65536)), ""), 414))]
#[case::line_of_a_megabyte(|port| leaves(port, &vec![b'A'; 1 << 20]))]
#[case::header_of_a_megabyte(|port| {
    leaves(port, &[b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; 1 << 20]].concat())
})]
#[case::header_too_long(|port| answered(port, get(port, "/callback", &format!("X: {}\r\n", "a".repeat(70_000))), 431))]
#[case::ten_thousand_headers(|port| answered(port, get(port, "/callback", &"X-Y: zz\r\n".repeat(10_000)), 431))]
#[case::large_cookies_of_other_ports(|port| {
    answered(port, get(port, "/callback", &format!("Cookie: a={}\r\n", "b".repeat(30_000))), 400)
})]
#[case::endless_empty_lines(|port| leaves(port, &b"\r\n".repeat(50_000)))]
// Not HTTP, or not HTTP as it should be.
#[case::tls_client_hello(|port| answered(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400))]
#[case::binary_junk(|port| answered(port, b"\x00\xff\xfe\x80\x01\x02\x03\r\n\r\n", 400))]
#[case::ssh(|port| answered(port, b"SSH-2.0-OpenSSH_9.9\r\n", 400))]
#[case::smtp(|port| answered(port, b"EHLO example.com\r\n", 400))]
#[case::http_nine(|port| answered(port, line("GET /callback\r\n\r\n"), 400))]
#[case::http_two(|port| answered(port, line("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505))]
#[case::http_one_without_host(|port| answered(port, format!("GET {} HTTP/1.0\r\n\r\n", honest_target()), 400))]
#[case::control_characters(|port| answered(port, line("GET /\x1b[2J\x07 HTTP/1.1\r\n\r\n"), 400))]
#[case::raw_unicode_path(|port| answered(port, line("GET /caf\u{e9} HTTP/1.1\r\n\r\n"), 400))]
#[case::folded_header(|port| answered(port, get(port, &honest_target(), "X: a\r\n b\r\n"), 400))]
#[case::header_without_colon(|port| answered(port, get(port, &honest_target(), "nonsense\r\n"), 400))]
#[case::space_before_colon(|port| answered(port, get(port, &honest_target(), "Cookie : a\r\n"), 400))]
#[case::huge_content_length(|port| {
    answered(port, get(port, "/callback", "Content-Length: 18446744073709551615\r\n"), 400)
})]
#[case::announced_body_that_never_comes(|port| {
    answered(port, format!("POST /callback HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\n"), 405)
})]
#[case::chunked_without_end(|port| {
    answered(port, get(port, "/callback", "Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\n", 400)
})]
#[case::expect_continue(|port| answered(port, get(port, "/callback", "Expect: 100-continue\r\n"), 400))]
#[case::odd_expectation(|port| answered(port, get(port, "/callback", "Expect: nonsense\r\n"), 400))]
#[case::upgrade(|port| {
    answered(port, get(port, "/callback", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 400)
})]
#[case::pipelined(|port| answered(port, get(port, "/a", "").repeat(50), 404))]
#[case::keep_alive(|port| answered(port, get(port, "/callback", "Connection: keep-alive\r\n"), 400))]
// Other addresses on the port.
#[case::favicon(|port| answered(port, get(port, "/favicon.ico", ""), 404))]
#[case::root(|port| answered(port, get(port, "/", ""), 404))]
#[case::well_known(|port| answered(port, get(port, "/.well-known/appspecific/com.chrome.devtools.json", ""), 404))]
#[case::below(|port| answered(port, get(port, &honest_target().replace("/callback", "/callback/x"), ""), 404))]
#[case::trailing_slash(|port| answered(port, get(port, &honest_target().replace("/callback", "/callback/"), ""), 404))]
#[case::double_slash(|port| answered(port, get(port, &honest_target().replace("/callback", "//callback"), ""), 404))]
#[case::dots(|port| answered(port, get(port, &honest_target().replace("/callback", "/a/../callback"), ""), 404))]
#[case::done_too_early(|port| answered(port, get(port, "/callback/done", ""), 404))]
// Other methods.
#[case::head(|port| other_method(port, "HEAD"))]
#[case::options(|port| other_method(port, "OPTIONS"))]
#[case::post(|port| other_method(port, "POST"))]
#[case::put(|port| other_method(port, "PUT"))]
#[case::delete(|port| other_method(port, "DELETE"))]
#[case::invented_method(|port| other_method(port, "BREW"))]
#[case::options_star(|port| {
    answered(port, format!("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), 404)
})]
#[case::connect(|port| answered(port, format!("CONNECT a:443 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), 404))]
#[case::private_network_preflight(|port| {
    let answer = exchange(port, format!(
        "OPTIONS {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: https://example.com\r\n\
         Access-Control-Request-Private-Network: true\r\n\r\n", honest_target()));
    assert_eq!(status(&answer), 405);
    assert!(!answer.contains("Access-Control"));
    Vec::new()
})]
// Other hosts.
#[case::rebinding(|port| other_host(port, "rebind.example.com:PORT"))]
#[case::host_localhost(|port| other_host(port, "localhost:PORT"))]
#[case::host_without_port(|port| other_host(port, "127.0.0.1"))]
#[case::host_other_port(|port| other_host(port, "127.0.0.1:1"))]
#[case::host_wildcard(|port| other_host(port, "0.0.0.0:PORT"))]
#[case::host_longer(|port| other_host(port, "127.0.0.1:PORT.example.com"))]
#[case::host_decimal(|port| other_host(port, "2130706433:PORT"))]
#[case::host_empty(|port| other_host(port, ""))]
#[case::no_host(|port| answered(port, format!("GET {} HTTP/1.1\r\n\r\n", honest_target()), 400))]
#[case::two_hosts(|port| {
    answered(port, get(port, &honest_target(), &format!("Host: 127.0.0.1:{port}\r\n")), 400)
})]
#[case::absolute_form_elsewhere(|port| {
    answered(port, get(port, &format!("http://example.com{}", honest_target()), ""), 400)
})]
// Not a person's visit.
#[case::sec_purpose_prefetch(|port| looked_ahead(port, "Sec-Purpose: prefetch"))]
#[case::sec_purpose_prerender(|port| looked_ahead(port, "Sec-Purpose: prefetch;prerender"))]
#[case::purpose_prefetch(|port| looked_ahead(port, "Purpose: prefetch"))]
#[case::x_moz_prefetch(|port| looked_ahead(port, "X-Moz: prefetch"))]
#[case::safari_preview(|port| looked_ahead(port, "X-Purpose: preview"))]
#[case::script_fetch(|port| answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: cors\r\n"), 400))]
#[case::image(|port| {
    answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n"), 400)
})]
#[case::frame(|port| {
    answered(port, get(port, &honest_target(), "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n"), 400)
})]
// Other queries.
#[case::no_query(|port| answered(port, get(port, "/callback", ""), 400))]
#[case::code_without_state(|port| answered(port, with_query(port, "code=foreign"), 400))]
#[case::wrong_state(|port| answered(port, with_query(port, "code=foreign&state=other"), 400))]
#[case::empty_state(|port| answered(port, with_query(port, "code=foreign&state="), 400))]
#[case::state_prefix(|port| answered(port, with_query(port, &format!("code=x&state={}", &STATE[..5])), 400))]
#[case::state_with_more(|port| answered(port, with_query(port, &format!("code=x&state={STATE}A")), 400))]
#[case::thousand_wrong_states(|port| {
    (0..1000).flat_map(|_| answered(port, with_query(port, "code=a&state=b"), 400)).collect()
})]
#[case::state_without_code(|port| answered(port, with_query(port, &format!("state={STATE}")), 400))]
#[case::empty_code(|port| answered(port, with_query(port, &format!("code=&state={STATE}")), 400))]
#[case::two_codes(|port| answered(port, with_query(port, &format!("code=a&code=b&state={STATE}")), 400))]
#[case::two_states(|port| answered(port, with_query(port, &format!("code=a&state={STATE}&state={STATE}")), 400))]
#[case::error_without_state(|port| answered(port, with_query(port, "error=access_denied"), 400))]
#[case::error_with_wrong_state(|port| answered(port, with_query(port, "error=access_denied&state=x"), 400))]
#[case::code_not_text(|port| answered(port, with_query(port, &format!("code=%ff%fe&state={STATE}")), 400))]
#[case::redirect_in_query(|port| {
    let answer = exchange(port, with_query(port, "code=a&state=b&redirect_uri=https://example.com/"));
    assert_eq!(field(&answer, "Location"), None);
    assert!(!answer.contains("example.com"));
    Vec::new()
})]
#[case::script_in_query(|port| {
    let answer = exchange(port, with_query(port, "error=<script>alert(1)</script>&state=b"));
    assert!(!answer.contains("<script"), "{answer}");
    Vec::new()
})]
fn the_honest_login_still_works_after(#[case] act: fn(u16) -> Left) {
    let listening = listen();
    let left = act(listening.bound.port);
    honest_login_works(listening);
    drop(left);
}

#[rstest]
#[case::plain("", "")]
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

#[test]
fn a_code_of_four_kilobytes_arrives_whole() {
    let mut listening = listen();
    let code = "a%2B".repeat(1400);
    let _browser = stays(
        listening.bound.port,
        with_query(listening.bound.port, &format!("code={code}&state={STATE}")).as_bytes(),
    );
    assert_eq!(
        await_arrival(&mut listening, HONEST_LIMIT),
        CallbackOutcome::Code(Secret::new("a+".repeat(1400)))
    );
}

#[test]
fn a_request_in_pieces_arrives() {
    let mut listening = listen();
    let _browser = drips(listening.bound.port, get(listening.bound.port, &honest_target(), "").as_bytes());
    assert_eq!(await_arrival(&mut listening, HONEST_LIMIT), CallbackOutcome::Code(Secret::new(CODE)));
}

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

#[test]
fn the_port_is_free_after_a_drop_while_a_request_is_held_and_its_browser_is_told() {
    let mut listening = listen();
    let port = listening.bound.port;
    let mut browser = connect(port);
    let idle = many(port, 10, b"");
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    drop(listening);
    assert_port_is_free(port);
    let answer = drain(&mut browser);
    assert_eq!(status(&answer), 503, "{answer}");
    assert_hardened(&answer);
    assert!(answer.contains("The wizard stopped"), "{answer}");
    drop(idle);
}

#[test]
fn a_drop_right_after_the_answer_still_serves_the_final_page() {
    let mut listening = listen_with(Limits { follow_up: DEADLINE, ..Limits::default() });
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    listening.control.answer(CallbackPage::Done);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(listening));
        assert_eq!(status(&drain(&mut browser)), 303);
        let last = exchange(port, get(port, "/callback/done", ""));
        assert!(last.contains("Zoom login finished"), "{last}");
    });
    assert_port_is_free(port);
}

#[test]
fn a_drop_does_not_wait_for_a_browser_that_has_gone() {
    let mut listening = listen_with(Limits { follow_up: Duration::from_secs(600), ..Limits::default() });
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    browser.shutdown(Shutdown::Both).unwrap();
    drop(browser);
    listening.control.answer(CallbackPage::Done);
    drop(listening);
    assert_port_is_free(port);
}

#[test]
fn the_port_can_be_had_again_and_again() {
    let first = listen();
    let port = first.bound.port;
    drop(first);
    for _ in 0..20 {
        let again = TinyHttpListener::default().listen(request(&[port])).expect("the port is free");
        assert_eq!(again.bound.port, port);
        let idle = many(port, 3, b"GET ");
        drop(again);
        drop(idle);
    }
}

#[test]
fn only_loopback_version_four_is_bound() {
    let listening = listen();
    assert!(TcpStream::connect((std::net::Ipv6Addr::LOCALHOST, listening.bound.port)).is_err());
    assert!(
        TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), listening.bound.port)).is_ok(),
        "bound beyond 127.0.0.1"
    );
}

#[test]
fn a_busy_port_names_its_holder() {
    let first = listen();
    let failure = TinyHttpListener::default().listen(request(&[first.bound.port])).map(|_| ()).unwrap_err();
    let ListenFailure::NoPort { problems } = failure else { panic!("{failure:?}") };
    let [PortProblem { port, reason: PortReason::InUse { holder } }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(*port, first.bound.port);
    if cfg!(target_os = "linux") {
        let holder = holder.as_ref().expect("the holder is this test");
        assert!(holder.contains(&format!("process {}", std::process::id())), "{holder}");
    }
    honest_login_works(first);
}

#[test]
fn two_listeners_do_not_disturb_each_other() {
    let (first, second) = (listen(), listen());
    assert_ne!(first.bound.port, second.bound.port);
    honest_login_works(first);
    honest_login_works(second);
}

#[test]
fn debug_output_of_what_arrives_holds_no_secret() {
    let mut text = String::new();
    write!(text, "{:?} {:?}", request(&[]), CallbackOutcome::Code(Secret::new(CODE))).unwrap();
    assert!(!text.contains(STATE) && !text.contains(CODE));
}

#[test]
fn the_first_port_that_can_be_had_is_bound_and_the_others_are_told() {
    let (first, second) = (listen(), listen());
    let free = {
        let third = listen();
        third.bound.port
    };
    let ports = [first.bound.port, second.bound.port, free];
    let listening = TinyHttpListener::default().listen(request(&ports)).expect("the third is free");
    assert_eq!(listening.bound.port, free);
    let passed_over: Vec<u16> = listening.bound.passed_over.iter().map(|problem| problem.port).collect();
    assert_eq!(passed_over, ports[..2]);
    for problem in &listening.bound.passed_over {
        let message = problem.message();
        assert!(message.starts_with(&format!("Port {} is held by ", problem.port)), "{message}");
        if cfg!(target_os = "linux") {
            assert!(message.ends_with(&format!("(process {})", std::process::id())), "{message}");
        }
    }
    let failure = TinyHttpListener::default().listen(request(&ports)).map(|_| ()).unwrap_err();
    let ListenFailure::NoPort { problems } = failure else { panic!("{failure:?}") };
    assert_eq!(problems.iter().map(|problem| problem.port).collect::<Vec<_>>(), ports);
}
