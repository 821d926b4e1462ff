//! A sandbox with a clock set by hand, and a small HTTP client.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use zoom_setup::ports::{Clock, Entropy};
use zoom_setup::procedure::{AppKind, Management};
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxApp, SandboxOptions};

/// Appendix B of RFC 7636.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const RECEIVER: &str = "https://dev12345.service-now.com/oauth_redirect.do";
pub const LOOPBACK: &str = "http://127.0.0.1:52936/callback";
pub const SCOPES: [&str; 4] = [
    "dashboard:read:list_zoomrooms:admin",
    "report:read:user:admin",
    "user:read:list_users:admin",
    "user:read:user:admin",
];

/// A clock that is set by hand.
pub struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Different bytes each time. Not random, which nothing here needs.
pub struct Counter(AtomicU64);

impl Entropy for Counter {
    fn bytes(&self) -> Result<[u8; 32], String> {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(bytes)
    }
}

pub struct Stage {
    pub sandbox: Sandbox,
    clock: Arc<HandClock>,
}

/// Counters begin apart, so that two runs on one state file do not make the same tokens.
pub static RUNS: AtomicU64 = AtomicU64::new(1);

pub fn options() -> (SandboxOptions, Arc<HandClock>) {
    let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000)));
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    let entropy = Arc::new(Counter(AtomicU64::new(run << 32)));
    let mut options = SandboxOptions::new(Arc::clone(&clock) as Arc<dyn Clock>, entropy);
    options.consent = Consent::Automatic;
    (options, clock)
}

pub fn general_configuration() -> AppConfiguration {
    AppConfiguration {
        redirect_url: Some(RECEIVER.to_owned()),
        allow_list: vec![RECEIVER.to_owned(), "http://127.0.0.1/callback".to_owned()],
        scopes: SCOPES.map(str::to_owned).into(),
        management: Some(Management::Admin),
        ..AppConfiguration::default()
    }
}

impl Stage {
    pub fn new(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let (mut options, clock) = options();
        change(&mut options);
        let sandbox = Sandbox::start(options).unwrap();
        Self { sandbox, clock }
    }

    /// Both apps configured as an admin would.
    pub fn ready(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let stage = Self::new(change);
        assert!(stage.sandbox.configure(AppKind::General, general_configuration()).is_empty());
        let server = AppConfiguration {
            scopes: SCOPES.map(str::to_owned).into(),
            activated: true,
            ..AppConfiguration::default()
        };
        assert!(stage.sandbox.configure(AppKind::ServerToServer, server).is_empty());
        stage
    }

    pub fn with_fault(fault: Fault) -> Self {
        Self::ready(|options| options.faults = vec![fault])
    }

    pub fn port(&self) -> u16 {
        self.sandbox.oauth_url().rsplit(':').next().unwrap().parse().unwrap()
    }

    pub fn app(&self, kind: AppKind) -> SandboxApp {
        self.sandbox.app_page(kind)
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn get(&self, path: &str) -> Reply {
        send(self.port(), "GET", path, &[], "").unwrap()
    }

    /// A form with the pair of the app.
    pub fn form(&self, path: &str, kind: AppKind, pairs: &[(&str, &str)]) -> Reply {
        self.try_form(path, kind, pairs).unwrap()
    }

    pub fn try_form(&self, path: &str, kind: AppKind, pairs: &[(&str, &str)]) -> Option<Reply> {
        let app = self.app(kind);
        let basic = basic(&app.client_id, app.client_secret.expose());
        send(self.port(), "POST", path, &[FORM, ("Authorization", &basic)], &encoded(pairs))
    }

    pub fn token(&self, kind: AppKind, pairs: &[(&str, &str)]) -> Reply {
        self.form("/oauth/token", kind, pairs)
    }

    pub fn authorize(&self, redirect: &str) -> Reply {
        self.signed_in(&authorize_path(&self.app(AppKind::General).client_id, redirect, &[]))
    }

    /// A login as a browser goes through it: past the sign-in, if the authorize page leads there.
    pub fn signed_in(&self, path: &str) -> Reply {
        let reply = self.get(path);
        match reply.header("Location").and_then(|location| location.split_once("/oauth/signin")) {
            Some((_, query)) => self.get(&format!("/oauth/signin{query}")),
            None => reply,
        }
    }

    /// A code by automatic consent.
    pub fn code(&self, redirect: &str) -> String {
        let reply = self.authorize(redirect);
        assert_eq!(reply.status, 302, "{}", reply.body);
        reply.landing("code").unwrap()
    }

    pub fn exchange(&self, code: &str, redirect: &str) -> Reply {
        self.token(
            AppKind::General,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", redirect),
                ("code_verifier", VERIFIER),
            ],
        )
    }

    pub fn login(&self) -> Value {
        let reply = self.exchange(&self.code(RECEIVER), RECEIVER);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    pub fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(AppKind::General, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    pub fn account_credentials(&self) -> Reply {
        let account_id = self.app(AppKind::ServerToServer).account_id.unwrap();
        self.token(
            AppKind::ServerToServer,
            &[("grant_type", "account_credentials"), ("account_id", &account_id)],
        )
    }

    /// A token call, whatever becomes of it.
    pub fn token_call(&self) {
        let _ = self.try_form("/oauth/token", AppKind::General, &[("grant_type", "refresh_token")]);
    }

    pub fn read(&self, token: &str, path: &str) -> Reply {
        send(self.port(), "GET", path, &[("Authorization", &format!("Bearer {token}"))], "").unwrap()
    }
}

pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The query of a good login with some parameters replaced, or left out where the value is empty.
pub fn authorize_path(client_id: &str, redirect: &str, changes: &[(&str, &str)]) -> String {
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect),
        ("state", "st&te=1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (key, value) in changes {
        pairs.retain(|(name, _)| name != key);
        if !value.is_empty() {
            pairs.push((key, value));
        }
    }
    format!("/oauth/authorize?{}", encoded(&pairs))
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// A parameter of the address the browser is sent to.
    pub fn landing(&self, key: &str) -> Option<String> {
        let url = url::Url::parse(self.header("Location")?).unwrap();
        url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    }

    pub fn refused(&self, status: u16, error: &str, reason: &str) {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!(json["error"], error, "{json}");
        assert!(json["reason"].as_str().unwrap().contains(reason), "{json}");
    }

    pub fn api_refused(&self, status: u16, code: u32, message: &str) {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!(json["code"], code, "{json}");
        assert_eq!(json["message"], message, "{json}");
    }

    pub fn scopes(&self) -> BTreeSet<String> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["scope"].as_str().unwrap().split_whitespace().map(str::to_owned).collect()
    }
}

/// One request on a connection of its own. `None` if the connection ends without an answer.
pub fn send(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
    let mut request = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: 127.0.0.1:{port}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !headers.iter().any(|(name, _)| *name == "Transfer-Encoding") {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    receive(&mut stream)
}

pub fn receive(stream: &mut TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(reply) = parsed(&bytes) {
            return Some(reply);
        }
        match stream.read(&mut buffer) {
            Ok(0) => return None,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) => panic!("no answer in 30 s: {error}"),
        }
    }
}

pub fn parsed(bytes: &[u8]) -> Option<Reply> {
    let text = String::from_utf8(bytes.to_vec()).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let reply = Reply { status, headers, body: body.to_owned() };
    let length: usize = reply.header("Content-Length")?.parse().ok()?;
    (reply.body.len() >= length).then_some(reply)
}

pub fn temporary_directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}
