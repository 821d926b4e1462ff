//! A Zoom on loopback that answers everything with success, 50 ms after the request came, and counts.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long an answer takes.
const DELAY: Duration = Duration::from_millis(50);

/// The running server. Its threads end with the program.
pub struct SlowZoom {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl SlowZoom {
    pub fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&shared);
                std::thread::spawn(move || while serve(&stream, &counts).is_some() {});
            }
        });
        Ok(Self { address, counts })
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Most requests that waited for their answer at one time.
    pub fn at_once(&self) -> usize {
        self.counts.most.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counts.all.load(Ordering::SeqCst)
    }
}

/// One request; `None` at the end of the connection.
fn serve(mut stream: &TcpStream, counts: &Counts) -> Option<()> {
    let mut read = Vec::new();
    let mut more = |read: &mut Vec<u8>| {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
        Some(())
    };
    let head = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        more(&mut read)?;
    };
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let end = head + length.unwrap_or(0);
    while read.len() < end {
        more(&mut read)?;
    }
    let body = String::from_utf8_lossy(&read[head..end]).into_owned();
    let now = counts.now.fetch_add(1, Ordering::SeqCst) + 1;
    counts.most.fetch_max(now, Ordering::SeqCst);
    counts.all.fetch_add(1, Ordering::SeqCst);
    #[expect(clippy::disallowed_methods, reason = "the time that is measured against")]
    std::thread::sleep(DELAY);
    counts.now.fetch_sub(1, Ordering::SeqCst);
    stream.write_all(answer(&text, &body).as_bytes()).ok()
}

fn answer(head: &str, body: &str) -> String {
    let (status, kind, text) = if head.starts_with("get /oauth/authorize") {
        ("200 OK", "text/html", "<html><body><p>Sign in</p></body></html>".to_owned())
    } else if head.starts_with("get /v2/") {
        ("200 OK", "application/json", r#"{"id":"user","account_id":"account"}"#.to_owned())
    } else if body.contains("grant_type=authorization_code") {
        let refusal = r#"{"reason":"Invalid authorization code","error":"invalid_grant"}"#;
        ("400 Bad Request", "application/json", refusal.to_owned())
    } else {
        let refresh = if body.contains("refresh_token") { r#","refresh_token":"another""# } else { "" };
        let scope = super::stage::SCOPES.join(" ");
        let text = format!(
            r#"{{"access_token":"token","token_type":"bearer","expires_in":3599,"scope":"{scope}"{refresh}}}"#
        );
        ("200 OK", "application/json", text)
    };
    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}
