//! A clumsy or hostile client, and the honest browser, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use zoom_setup::callback::{Limits, TinyHttpListener};
use zoom_setup::ports::{CallbackEvent, CallbackOutcome, CallbackPage, ListenRequest, Listener, Listening};
use zoom_setup::secret::Secret;

pub const STATE: &str = "b1RtTk9TVEFURV9mb3JfdGVzdHM";
pub const CODE: &str = "honest-code";
pub const ISSUER: &str = "https://zoom.us";
/// The honest callback must be in the hands of the program within this time.
pub const HONEST_LIMIT: Duration = Duration::from_secs(2);
/// A broken listener fails a test after this time instead of hanging it.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub fn listen() -> Listening {
    listen_with(Limits::default())
}

/// For a client that does not follow the redirect, so that the drop need not wait for it.
pub fn listen_without_follow_up() -> Listening {
    listen_with(Limits { follow_up: Duration::ZERO, ..Limits::default() })
}

pub fn listen_with(limits: Limits) -> Listening {
    TinyHttpListener { limits }.listen(request(&[])).expect("a free port on loopback")
}

pub fn request(ports: &[u16]) -> ListenRequest {
    ListenRequest {
        ports: ports.to_vec(),
        path: "/callback".to_owned(),
        state: Secret::new(STATE),
        issuer: ISSUER.to_owned(),
    }
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("connects");
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends as much as the listener takes; that it hangs up in the middle is its right.
pub fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    if let Err(error) = stream.write_all(bytes) {
        assert!(
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "the listener does not read"
        );
    }
}

/// Everything until the listener closes; empty if it was cut.
pub fn drain(stream: &mut TcpStream) -> String {
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

pub fn get(port: u16, target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n")
}

pub fn exchange(port: u16, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = connect(port);
    pour(&mut stream, bytes.as_ref());
    drain(&mut stream)
}

pub fn honest_target() -> String {
    format!("/callback?code={CODE}&state={STATE}")
}

pub fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer}"))
}

/// One field of an answer.
pub fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

pub fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

pub fn assert_hardened(answer: &str) {
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
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for directive in policy.split("; ").filter(|directive| directive.contains("script")) {
        assert!(directive.starts_with("script-src 'sha256-") && !directive.contains("' '"), "{policy}");
    }
    if let Some(length) = field(answer, "Content-Length") {
        let length: usize = length.parse().unwrap();
        assert!(body(answer).is_empty() || body(answer).len() == length, "{answer}");
    }
    for secret in [CODE, STATE] {
        assert!(!answer.contains(secret), "{answer}");
    }
}

/// The next event, within a limit.
pub fn next_event(listening: &mut Listening, limit: Duration) -> Option<CallbackEvent> {
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
pub fn await_arrival(listening: &mut Listening, limit: Duration) -> CallbackOutcome {
    let until = Instant::now() + limit;
    loop {
        match next_event(listening, until.saturating_duration_since(Instant::now())) {
            Some(CallbackEvent::Arrived { outcome }) => return outcome,
            Some(CallbackEvent::Seen { line }) => assert_line(&line),
            None => panic!("the honest callback did not arrive in {limit:?}"),
        }
    }
}

pub fn assert_line(line: &str) {
    assert!(!line.is_empty() && line.chars().count() <= 200, "{line:?}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
    for secret in [CODE, STATE, "code=", "state="] {
        assert!(!line.contains(secret), "{line:?}");
    }
}

/// The honest browser: callback, redirect, final page. The port is free afterwards.
pub fn honest_login_works(mut listening: Listening) {
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

pub fn assert_port_is_free(port: u16) {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free at once");
}

/// What an act leaves behind: connections that stay open during the honest login.
pub type Left = Vec<TcpStream>;

/// An act that sends something and stays.
pub fn stays(port: u16, bytes: &[u8]) -> Left {
    let mut stream = connect(port);
    pour(&mut stream, bytes);
    vec![stream]
}

/// An act that sends something and is gone.
pub fn leaves(port: u16, bytes: &[u8]) -> Left {
    drop(stays(port, bytes));
    Vec::new()
}

pub fn with_query(port: u16, query: &str) -> String {
    get(port, &format!("/callback?{query}"), "")
}

pub fn many(port: u16, count: usize, bytes: &[u8]) -> Left {
    (0..count).flat_map(|_| stays(port, bytes)).collect()
}

/// One byte at a time, as long as the listener listens.
pub fn drips(port: u16, bytes: &[u8]) -> Left {
    let mut stream = connect(port);
    stream.set_nodelay(true).unwrap();
    for byte in bytes {
        pour(&mut stream, &[*byte]);
    }
    vec![stream]
}
