//! The honest login in the middle of an act that does not stop: accepted within two seconds all the same, and the port
//! is closed afterwards. W02, N07, N08.

use super::support::*;
use rstest::rstest;
use socket2::SockRef;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Attackers at once. More would measure the machine, not the listener.
const ATTACKERS: usize = 3;
/// Rounds that have been played before the honest browser comes, so that the act is under way.
const ROUNDS_BEFORE: usize = 6;

/// One round of an act on a port; a long one looks whether the act is over.
type Round = fn(u16, Over);
type Over = Arc<AtomicBool>;

/// Sends what is taken; to be cut off in the middle is what an attacker expects.
fn push(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

fn send(port: u16, bytes: impl AsRef<[u8]>) {
    // The port is closed at the end of the act.
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let _ = stream.set_write_timeout(Some(DEADLINE));
    let _ = stream.set_read_timeout(Some(DEADLINE));
    push(&mut stream, bytes.as_ref());
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

fn with_host(port: u16, line: &str, fields: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}\r\n")
}

/// Hundreds of connections that begin a request and leave it at that.
fn half_open(port: u16, over: Over) {
    let mut open = Vec::new();
    for _ in 0..100 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
        push(&mut stream, b"GET /callback?code=");
        open.push(stream);
        if over.load(Ordering::SeqCst) {
            return;
        }
    }
}

/// One byte at a time, with a pause after each.
fn slow_drip(port: u16, over: Over) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let _ = stream.set_nodelay(true);
    for byte in b"GET /callback?code=x HTTP/1.1\r\nX-Slow: y\r\n" {
        push(&mut stream, &[*byte]);
        thread::park_timeout(Duration::from_millis(2));
        if over.load(Ordering::SeqCst) {
            return;
        }
    }
}

/// Closes with a reset instead of an end.
fn reset(port: u16, bytes: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    push(&mut stream, bytes);
}

#[rstest]
#[case::w02_half_open_by_the_hundred(half_open)]
#[case::w02_slow_drip(slow_drip)]
#[case::w02_request_line_of_a_megabyte(|port, _| send(port, [b"GET /".as_slice(), &vec![b'a'; 1 << 20]].concat()))]
#[case::w02_ten_thousand_headers(|port, _| {
    send(port, with_host(port, "GET /callback", &"X-Filler: abcdefgh\r\n".repeat(10_000)));
})]
#[case::w02_binary_noise(|port, _| {
    send(port, (0..4096_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>());
})]
#[case::w02_line_of_64_kilobytes(|port, _| send(port, with_host(port, &format!("GET /{}", "a".repeat(65_536)), "")))]
#[case::n08_absolute_form(|port, _| {
    send(port, with_host(port, &format!("GET http://127.0.0.1:{port}/callback?code=a&state=b"), ""));
    send(port, with_host(port, "GET http://example.com/callback?code=a&state=b", ""));
})]
#[case::b18_foreign_host(|port, _| {
    send(port, format!("GET {} HTTP/1.1\r\nHost: evil.example.com:{port}\r\n\r\n", honest_target()));
})]
#[case::n08_head_options_post(|port, _| {
    for method in ["HEAD", "OPTIONS", "POST"] {
        send(port, with_host(port, &format!("{method} {}", honest_target()), "Content-Length: 9\r\n"));
    }
})]
#[case::n08_favicon(|port, _| send(port, with_host(port, "GET /favicon.ico", "")))]
#[case::w01_prefetch(|port, _| {
    for field in ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: prefetch", "X-Purpose: preview"] {
        send(port, with_host(port, &format!("GET {}", honest_target()), &format!("{field}\r\n")));
    }
})]
#[case::w02_private_network_preflight(|port, _| {
    send(port, with_host(port, "OPTIONS /callback", "Origin: https://example.com\r\n\
        Access-Control-Request-Method: GET\r\nAccess-Control-Request-Private-Network: true\r\n"));
})]
#[case::f01_duplicate_parameters(|port, _| {
    send(port, with_host(port, &format!("GET {}&code=other", honest_target()), ""));
    send(port, with_host(port, &format!("GET {}&state={STATE}", honest_target()), ""));
})]
#[case::w02_codes_of_8_kilobytes(|port, _| {
    send(port, with_host(port, &format!("GET /callback?state=other&code={}", "a".repeat(8192)), ""));
    send(port, with_host(port, &format!("GET /callback?state={STATE}&code={}", "a".repeat(8193)), ""));
})]
#[case::b13_foreign_codes(|port, _| {
    let fields = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    send(port, with_host(port, "GET /callback?code=foreign&state=foreign", fields));
})]
#[case::w02_reset_before_a_request(|port, _| reset(port, b""))]
#[case::w02_reset_in_a_request(|port, _| reset(port, b"GET /callback?code=x HTTP/1.1\r\nHost: 127"))]
#[case::w02_reset_before_the_answer(|port, _| {
    reset(port, with_host(port, "GET /favicon.ico", "").as_bytes());
})]
fn the_honest_login_works_in_the_middle_of(#[case] round: Round) {
    let listening = listen();
    let port = listening.bound.port;
    let (over, rounds) = (Over::default(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _attacker in 0..ATTACKERS {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    round(port, Over::clone(&over));
                    rounds.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        while rounds.load(Ordering::SeqCst) < ROUNDS_BEFORE {
            thread::yield_now();
        }
        // A panic in here must not leave the attackers at it.
        let login = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| honest_login_works(listening)));
        over.store(true, Ordering::SeqCst);
        if let Err(panic) = login {
            std::panic::resume_unwind(panic);
        }
    });
}
