//! The embedded Zoom over real HTTP on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, which fail by panicking")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use zoom_setup::ports::{Clock, Entropy};
use zoom_setup::procedure::{AppKind, Management};
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxApp, SandboxOptions};

/// Appendix B of RFC 7636.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const RECEIVER: &str = "https://dev12345.service-now.com/oauth_redirect.do";
const LOOPBACK: &str = "http://127.0.0.1:52936/callback";
const SCOPES: [&str; 4] = [
    "dashboard:read:list_zoomrooms:admin",
    "report:read:user:admin",
    "user:read:list_users:admin",
    "user:read:user:admin",
];

/// A clock that is set by hand.
struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Different bytes each time. Not random, which nothing here needs.
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn bytes(&self) -> Result<[u8; 32], String> {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(bytes)
    }
}

struct Stage {
    sandbox: Sandbox,
    clock: Arc<HandClock>,
}

/// Counters begin apart, so that two runs on one state file do not make the same tokens.
static RUNS: AtomicU64 = AtomicU64::new(1);

fn options() -> (SandboxOptions, Arc<HandClock>) {
    let clock = Arc::new(HandClock(AtomicI64::new(1_800_000_000)));
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    let entropy = Arc::new(Counter(AtomicU64::new(run << 32)));
    let mut options = SandboxOptions::new(Arc::clone(&clock) as Arc<dyn Clock>, entropy);
    options.consent = Consent::Automatic;
    (options, clock)
}

fn general_configuration() -> AppConfiguration {
    AppConfiguration {
        redirect_url: Some(RECEIVER.to_owned()),
        allow_list: vec![RECEIVER.to_owned(), "http://127.0.0.1/callback".to_owned()],
        scopes: SCOPES.map(str::to_owned).into(),
        management: Some(Management::Admin),
        ..AppConfiguration::default()
    }
}

impl Stage {
    fn new(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let (mut options, clock) = options();
        change(&mut options);
        let sandbox = Sandbox::start(options).unwrap();
        Self { sandbox, clock }
    }

    /// Both apps configured as an admin would.
    fn ready(change: impl FnOnce(&mut SandboxOptions)) -> Self {
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

    fn with_fault(fault: Fault) -> Self {
        Self::ready(|options| options.faults = vec![fault])
    }

    fn port(&self) -> u16 {
        self.sandbox.oauth_url().rsplit(':').next().unwrap().parse().unwrap()
    }

    fn app(&self, kind: AppKind) -> SandboxApp {
        self.sandbox.app_page(kind)
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn get(&self, path: &str) -> Reply {
        send(self.port(), "GET", path, &[], "").unwrap()
    }

    /// A form with the pair of the app.
    fn form(&self, path: &str, kind: AppKind, pairs: &[(&str, &str)]) -> Reply {
        self.try_form(path, kind, pairs).unwrap()
    }

    fn try_form(&self, path: &str, kind: AppKind, pairs: &[(&str, &str)]) -> Option<Reply> {
        let app = self.app(kind);
        let basic = basic(&app.client_id, app.client_secret.expose());
        send(self.port(), "POST", path, &[FORM, ("Authorization", &basic)], &encoded(pairs))
    }

    fn token(&self, kind: AppKind, pairs: &[(&str, &str)]) -> Reply {
        self.form("/oauth/token", kind, pairs)
    }

    fn authorize(&self, redirect: &str) -> Reply {
        self.get(&authorize_path(&self.app(AppKind::General).client_id, redirect, &[]))
    }

    /// A code by automatic consent.
    fn code(&self, redirect: &str) -> String {
        let reply = self.authorize(redirect);
        assert_eq!(reply.status, 302, "{}", reply.body);
        reply.landing("code").unwrap()
    }

    fn exchange(&self, code: &str, redirect: &str) -> Reply {
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

    fn login(&self) -> Value {
        let reply = self.exchange(&self.code(RECEIVER), RECEIVER);
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }

    fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(AppKind::General, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    fn account_credentials(&self) -> Reply {
        let account_id = self.app(AppKind::ServerToServer).account_id.unwrap();
        self.token(
            AppKind::ServerToServer,
            &[("grant_type", "account_credentials"), ("account_id", &account_id)],
        )
    }

    fn read(&self, token: &str, path: &str) -> Reply {
        send(self.port(), "GET", path, &[("Authorization", &format!("Bearer {token}"))], "").unwrap()
    }
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The query of a good login with some parameters replaced, or left out where the value is empty.
fn authorize_path(client_id: &str, redirect: &str, changes: &[(&str, &str)]) -> String {
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
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// A parameter of the address the browser is sent to.
    fn landing(&self, key: &str) -> Option<String> {
        let url = url::Url::parse(self.header("Location")?).unwrap();
        url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    }

    fn refused(&self, status: u16, error: &str, reason: &str) {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!(json["error"], error, "{json}");
        assert!(json["reason"].as_str().unwrap().contains(reason), "{json}");
    }

    fn api_refused(&self, status: u16, code: u32, message: &str) {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!(json["code"], code, "{json}");
        assert_eq!(json["message"], message, "{json}");
    }

    fn scopes(&self) -> BTreeSet<String> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["scope"].as_str().unwrap().split_whitespace().map(str::to_owned).collect()
    }
}

/// One request on a connection of its own. `None` if the connection ends without an answer.
fn send(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
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

fn receive(stream: &mut TcpStream) -> Option<Reply> {
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

fn parsed(bytes: &[u8]) -> Option<Reply> {
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

fn temporary_directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

// ---- authorization code

#[test]
fn a_login_gives_tokens_in_zooms_shape() {
    let stage = Stage::ready(|_| ());
    let reply = stage.authorize(RECEIVER);
    assert!(reply.header("Location").unwrap().starts_with(&format!("{RECEIVER}?code=")));
    assert_eq!(reply.landing("state").as_deref(), Some("st&te=1"));
    let reply = stage.exchange(&reply.landing("code").unwrap(), RECEIVER);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("Cache-Control"), Some("no-store"));
    assert_eq!(reply.header("Connection"), Some("close"));
    let json = reply.json();
    assert_eq!(json["token_type"], "bearer");
    assert_eq!(json["expires_in"], 3599);
    assert_eq!(json["scope"], SCOPES.join(" "));
    assert_eq!(json["api_url"], stage.sandbox.api_url());
    let access = json["access_token"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["exp"], 1_800_000_000 + 3599);
    let me = stage.read(access, "/v2/users/me");
    assert_eq!(me.status, 200);
    assert_eq!(me.json()["account_id"], claims["aid"]);
}

#[test]
fn a_loopback_login_works_on_any_port() {
    let stage = Stage::ready(|_| ());
    let code = stage.code(LOOPBACK);
    assert_eq!(stage.exchange(&code, LOOPBACK).status, 200);
    // The exchange must still send the same bytes.
    let code = stage.code(LOOPBACK);
    stage.exchange(&code, "http://127.0.0.1:52937/callback").refused(400, "invalid_grant", "4709");
}

#[test]
fn the_authorize_page_refuses_unknown_clients_and_redirects() {
    let stage = Stage::ready(|_| ());
    let id = stage.app(AppKind::General).client_id;
    let server_id = stage.app(AppKind::ServerToServer).client_id;
    let public_id = stage.app(AppKind::General).public_client_id.unwrap();
    for wrong in ["", "<script>", server_id.as_str(), public_id.as_str()] {
        let reply = stage.get(&authorize_path("x", RECEIVER, &[("client_id", wrong)]));
        assert_eq!(reply.status, 400);
        assert!(reply.body.contains("(4,702)"), "{}", reply.body);
        assert!(!reply.body.contains("<script>"));
    }
    for wrong in [
        "https://dev12345.service-now.com/oauth_redirect.do/",
        "https://dev12345.service-now.com/",
        "http://localhost:52936/callback",
        "http://127.0.0.1:52936/other",
    ] {
        let reply = stage.get(&authorize_path(&id, wrong, &[]));
        assert_eq!(reply.status, 400);
        assert!(reply.body.contains(&format!("Invalid redirect: {wrong} (4,700)")), "{}", reply.body);
        assert_eq!(reply.header("Location"), None);
    }
    let without_pkce = authorize_path(&id, LOOPBACK, &[("code_challenge", "")]);
    assert!(stage.get(&without_pkce).body.contains("(4,700)"));
}

#[test]
fn the_authorize_page_wants_state_and_s256_and_no_scope() {
    let stage = Stage::ready(|_| ());
    let id = stage.app(AppKind::General).client_id;
    let scoped = stage.get(&authorize_path(&id, RECEIVER, &[("scope", "user:read:user:admin")]));
    assert_eq!(scoped.status, 400);
    assert!(scoped.body.contains("Invalid scope"), "{}", scoped.body);
    let refusals = [
        (("state", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
    ];
    for (change, error) in refusals {
        let reply = stage.get(&authorize_path(&id, RECEIVER, &[change]));
        assert_eq!(reply.landing("error").as_deref(), Some(error), "{change:?}");
        assert_eq!(reply.landing("code"), None, "{change:?}");
    }
    let twice = format!("{}&state=other", authorize_path(&id, RECEIVER, &[]));
    assert_eq!(stage.get(&twice).status, 400);
}

#[test]
fn an_app_without_scopes_cannot_log_in() {
    let stage = Stage::ready(|_| ());
    let scopes = BTreeSet::new();
    stage.sandbox.configure(AppKind::General, AppConfiguration { scopes, ..general_configuration() });
    let reply = stage.authorize(RECEIVER);
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains("no scopes"), "{}", reply.body);
}

#[test]
fn an_app_that_nobody_configured_refuses() {
    let stage = Stage::new(|_| ());
    assert!(stage.authorize(RECEIVER).body.contains("(4,700)"));
    stage.account_credentials().refused(400, "invalid_request", "4717");
}

#[test]
fn a_code_is_good_once_and_its_reuse_ends_the_grant() {
    let stage = Stage::ready(|_| ());
    let code = stage.code(RECEIVER);
    let access = stage.exchange(&code, RECEIVER).json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stage.read(&access, "/v2/users/me").status, 200);
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    stage.read(&access, "/v2/users/me").api_refused(401, 124, "Invalid access token.");
}

#[test]
fn a_code_dies_after_five_minutes() {
    let stage = Stage::ready(|_| ());
    let code = stage.code(RECEIVER);
    stage.pass(300);
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "Code is expired (4733)");
    let code = stage.code(RECEIVER);
    stage.pass(299);
    assert_eq!(stage.exchange(&code, RECEIVER).status, 200);
}

#[test]
fn a_wrong_verifier_spends_the_code() {
    let stage = Stage::ready(|_| ());
    let code = stage.code(RECEIVER);
    for verifier in ["wrong-verifier-wrong-verifier-wrong-verifier", CHALLENGE, ""] {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", RECEIVER),
            ("code_verifier", verifier),
        ];
        stage.token(AppKind::General, &pairs).refused(400, "invalid_grant", "Invalid authorization code");
    }
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
}

#[test]
fn a_made_up_code_tells_a_good_pair_from_a_wrong_one() {
    let stage = Stage::ready(|_| ());
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_grant", "Invalid authorization code [made-up]");
    let id = stage.app(AppKind::General).client_id;
    let secret_token = stage.app(AppKind::General).secret_token.unwrap();
    let body = encoded(&[("grant_type", "authorization_code"), ("code", "made-up")]);
    for secret in ["", "wrong", secret_token.expose()] {
        let headers = [FORM, ("Authorization", &basic(&id, secret))];
        let reply = send(stage.port(), "POST", "/oauth/token", &headers, &body).unwrap();
        reply.refused(400, "invalid_client", "Invalid client_id or client_secret");
    }
}

#[test]
fn the_token_endpoint_takes_forms_by_post_only() {
    let stage = Stage::ready(|_| ());
    let app = stage.app(AppKind::General);
    let basic = basic(&app.client_id, app.client_secret.expose());
    let port = stage.port();
    let body = encoded(&[("grant_type", "authorization_code"), ("code", "made-up")]);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        send(port, method, path, headers, body).unwrap()
    };
    let pair = ("Authorization", basic.as_str());
    assert_eq!(ask("GET", "/oauth/token", &[pair], "").status, 405);
    assert_eq!(ask("PUT", "/oauth/token", &[pair, FORM], &body).status, 405);
    let json = ("Content-Type", "application/json");
    ask("POST", "/oauth/token", &[pair, json], "{\"grant_type\":\"refresh_token\"}").refused(
        400,
        "unsupported_grant_type",
        "unsupported grant type",
    );
    let in_query = format!("/oauth/token?{body}");
    ask("POST", &in_query, &[pair, FORM], &body).refused(400, "invalid_request", "Bad Request");
    let doubled = format!("{body}&code=other");
    ask("POST", "/oauth/token", &[pair, FORM], &doubled).refused(400, "invalid_request", "Bad Request");
    ask("POST", "/oauth/token", &[FORM], &body).refused(400, "invalid_client", "4706");
    let secret_in_body = format!(
        "{body}&{}",
        encoded(&[("client_id", &app.client_id), ("client_secret", app.client_secret.expose())])
    );
    ask("POST", "/oauth/token", &[FORM], &secret_in_body).refused(400, "invalid_client", "Invalid client_id");
    let other_id = format!("{body}&client_id=other");
    ask("POST", "/oauth/token", &[pair, FORM], &other_id).refused(400, "invalid_client", "Invalid client_id");
    ask("POST", "/oauth/token", &[pair, FORM], "code=x").refused(400, "invalid_request", "4706");
    ask("POST", "/oauth/token", &[pair, FORM], "grant_type=password").refused(
        400,
        "unsupported_grant_type",
        "unsupported grant type",
    );
}

#[test]
fn a_public_client_works_only_when_switched_on() {
    let stage = Stage::ready(|_| ());
    let public_id = stage.app(AppKind::General).public_client_id.unwrap();
    assert!(stage.get(&authorize_path(&public_id, LOOPBACK, &[])).body.contains("(4,702)"));
    let configuration = AppConfiguration { public_client: true, ..general_configuration() };
    stage.sandbox.configure(AppKind::General, configuration);
    let code = stage.get(&authorize_path(&public_id, LOOPBACK, &[])).landing("code").unwrap();
    // A code of the public client is not the confidential client's.
    stage.exchange(&code, LOOPBACK).refused(400, "invalid_grant", "Invalid authorization code");
    let ask = |pairs: &[(&str, &str)]| {
        send(stage.port(), "POST", "/oauth/token", &[FORM], &encoded(pairs)).unwrap()
    };
    let reply = ask(&[
        ("grant_type", "authorization_code"),
        ("client_id", &public_id),
        ("code", &code),
        ("redirect_uri", LOOPBACK),
        ("code_verifier", VERIFIER),
    ]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let refresh = reply.json()["refresh_token"].as_str().unwrap().to_owned();
    stage.refresh(&refresh).refused(400, "invalid_grant", "Invalid Token!");
    let reply =
        ask(&[("grant_type", "refresh_token"), ("client_id", &public_id), ("refresh_token", &refresh)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    // The confidential id without its secret is nobody.
    let id = stage.app(AppKind::General).client_id;
    ask(&[("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", "x")]).refused(
        400,
        "invalid_client",
        "Invalid client_id",
    );
}

// ---- refresh, revoke, 4741

#[test]
fn a_refresh_token_works_once_and_rotates() {
    let stage = Stage::ready(|_| ());
    let first = stage.login();
    let refresh = first["refresh_token"].as_str().unwrap();
    let second = stage.refresh(refresh);
    assert_eq!(second.status, 200);
    let second = second.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    stage.refresh(refresh).refused(400, "invalid_grant", "Invalid Token!");
    let (old, new) = (first["access_token"].as_str().unwrap(), second["access_token"].as_str().unwrap());
    stage.read(old, "/v2/users/me").api_refused(401, 124, "Invalid access token.");
    assert_eq!(stage.read(new, "/v2/users/me").status, 200);
    // Of the wrong kind: an access token is no refresh token.
    stage.refresh(new).refused(400, "invalid_grant", "Invalid Token!");
    assert_eq!(stage.refresh(second["refresh_token"].as_str().unwrap()).status, 200);
}

#[test]
fn tokens_expire() {
    let stage = Stage::ready(|_| ());
    let tokens = stage.login();
    stage.pass(3599);
    stage.read(tokens["access_token"].as_str().unwrap(), "/v2/users/me").api_refused(
        401,
        124,
        "Access token is expired.",
    );
    let refresh = tokens["refresh_token"].as_str().unwrap();
    stage.pass(90 * 24 * 3600);
    stage.refresh(refresh).refused(400, "invalid_grant", "Invalid Token!");
}

#[test]
fn a_second_authorization_revokes_the_first() {
    let stage = Stage::ready(|_| ());
    let first = stage.login();
    let second = stage.login();
    stage.read(first["access_token"].as_str().unwrap(), "/v2/users/me").api_refused(
        401,
        4741,
        "Token has been revoked.",
    );
    stage.refresh(first["refresh_token"].as_str().unwrap()).refused(400, "invalid_grant", "4741");
    assert_eq!(stage.read(second["access_token"].as_str().unwrap(), "/v2/users/me").status, 200);
}

#[test]
fn a_revoked_grant_is_gone() {
    let stage = Stage::ready(|_| ());
    let tokens = stage.login();
    let access = tokens["access_token"].as_str().unwrap();
    // Another client's revoke does nothing.
    let foreign = stage.form("/oauth/revoke", AppKind::ServerToServer, &[("token", access)]);
    assert_eq!(foreign.status, 400);
    assert_eq!(stage.read(access, "/v2/users/me").status, 200);
    let reply = stage.form("/oauth/revoke", AppKind::General, &[("token", access)]);
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("success")));
    stage.read(access, "/v2/users/me").api_refused(401, 124, "Invalid access token.");
    stage.refresh(tokens["refresh_token"].as_str().unwrap()).refused(400, "invalid_grant", "Invalid Token!");
    assert_eq!(stage.form("/oauth/revoke", AppKind::General, &[("token", access)]).status, 400);
    assert_eq!(stage.get("/oauth/revoke?token=x").status, 405);
}

// ---- Server-to-Server

#[test]
fn account_credentials_give_a_token_without_refresh() {
    let stage = Stage::ready(|_| ());
    let reply = stage.account_credentials();
    assert_eq!(reply.scopes(), SCOPES.map(str::to_owned).into());
    let json = reply.json();
    assert!(json.get("refresh_token").is_none());
    let access = json["access_token"].as_str().unwrap();
    let users = stage.read(access, "/v2/users?page_size=1");
    assert_eq!(users.status, 200);
    assert_eq!(users.json()["users"].as_array().unwrap().len(), 1);
    stage.read(access, "/v2/users/me").api_refused(404, 1001, "User does not exist: me.");
    let id = users.json()["users"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.read(access, &format!("/v2/users/{id}")).status, 200);
    assert_eq!(stage.read(access, "/v2/users/admin%40example.com").status, 200);
}

#[test]
fn account_credentials_are_refused_to_the_wrong_app_or_account() {
    let stage = Stage::ready(|_| ());
    let account_id = stage.app(AppKind::ServerToServer).account_id.unwrap();
    let grant = ("grant_type", "account_credentials");
    let padded = format!(" {account_id}");
    for wrong in ["1234567890", padded.as_str(), ""] {
        stage.token(AppKind::ServerToServer, &[grant, ("account_id", wrong)]).refused(
            400,
            "invalid_request",
            "Bad Request",
        );
    }
    stage.token(AppKind::General, &[grant, ("account_id", &account_id)]).refused(
        400,
        "invalid_request",
        "Account does not enabled the OAuth app type",
    );
    for grant_type in ["authorization_code", "refresh_token", "client_credentials"] {
        stage.token(AppKind::ServerToServer, &[("grant_type", grant_type)]).refused(
            400,
            "unsupported_grant_type",
            "unsupported grant type",
        );
    }
}

#[test]
fn deactivation_stops_tokens() {
    let stage = Stage::ready(|_| ());
    let access = stage.account_credentials().json()["access_token"].as_str().unwrap().to_owned();
    let mut configuration = stage.sandbox.configuration(AppKind::ServerToServer);
    configuration.activated = false;
    stage.sandbox.configure(AppKind::ServerToServer, configuration);
    assert_eq!(stage.read(&access, "/v2/users").status, 401);
    stage.account_credentials().refused(400, "invalid_request", "The app has been disabled (4717)");
}

// ---- API

#[test]
fn reads_need_their_scope() {
    let stage = Stage::ready(|_| ());
    let token = stage.login()["access_token"].as_str().unwrap().to_owned();
    let ok = [
        "/v2/users/me",
        "/v2/users?page_size=1",
        "/v2/report/users/me/meetings?from=2026-01-01&to=2026-01-31",
        "/v2/metrics/zoomrooms",
    ];
    for path in ok {
        assert_eq!(stage.read(&token, path).status, 200, "{path}");
    }
    let missing = [
        ("/v2/users/me/meetings", "meeting:read:list_meetings, meeting:read:list_meetings:admin"),
        ("/v2/users/me/webinars", "webinar:read:list_webinars, webinar:read:list_webinars:admin"),
        ("/v2/metrics/zoomrooms/issues", "dashboard:read:issues_zoomroom:admin"),
        ("/v2/past_meetings/1/participants", "meeting:read:list_past_participants:admin"),
    ];
    for (path, scopes) in missing {
        let message = format!("Invalid access token, does not contain scopes:[{scopes}].");
        stage.read(&token, path).api_refused(400, 4711, &message);
    }
    stage.read(&token, "/v2/nonsense").api_refused(404, 2300, "This API endpoint is not recognized.");
    stage.read(&token, "/v2/users/nobody").api_refused(404, 1001, "User does not exist: nobody.");
    for path in ["/v2/users?page_size=0", "/v2/users?page_size=301", "/v2/users?page_size=x"] {
        assert_eq!(stage.read(&token, path).status, 400, "{path}");
    }
    for query in ["", "?from=2026-01-01", "?from=2026-02-01&to=2026-01-01", "?from=2025-01-01&to=2026-01-01"]
    {
        let path = format!("/v2/report/users/me/meetings{query}");
        assert_eq!(stage.read(&token, &path).status, 400, "{path}");
    }
}

#[test]
fn classic_scopes_count_as_well() {
    let stage = Stage::ready(|_| ());
    let scopes = ["user:read:admin", "meeting:read:admin"].map(str::to_owned).into();
    stage.sandbox.configure(AppKind::General, AppConfiguration { scopes, ..general_configuration() });
    let token = stage.login()["access_token"].as_str().unwrap().to_owned();
    for path in ["/v2/users/me", "/v2/users", "/v2/users/me/meetings"] {
        assert_eq!(stage.read(&token, path).status, 200, "{path}");
    }
    assert_eq!(stage.read(&token, "/v2/users/me/recordings").status, 400);
    stage.read(&token, "/v2/meetings/123").api_refused(404, 3001, "Meeting does not exist: 123.");
}

#[test]
fn user_level_scopes_reach_the_own_user_only() {
    let stage = Stage::ready(|_| ());
    let configuration = AppConfiguration {
        management: Some(Management::User),
        scopes: ["user:read:user", "user:read:user:admin"].map(str::to_owned).into(),
        ..general_configuration()
    };
    let dropped = stage.sandbox.configure(AppKind::General, configuration);
    assert_eq!(dropped.len(), 1);
    assert_eq!(dropped[0].value, "user:read:user:admin");
    let token = stage.login()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stage.read(&token, "/v2/users/me").status, 200);
    assert_eq!(stage.read(&token, "/v2/users/somebody").status, 400);
    assert_eq!(stage.read(&token, "/v2/users").status, 400);
}

#[test]
fn tokens_keep_their_scopes_until_the_next_login() {
    let stage = Stage::ready(|_| ());
    let tokens = stage.login();
    let mut configuration = stage.sandbox.configuration(AppKind::General);
    configuration.scopes.insert("meeting:read:list_meetings:admin".to_owned());
    stage.sandbox.configure(AppKind::General, configuration);
    let refreshed = stage.refresh(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(refreshed.scopes().len(), SCOPES.len());
    assert_eq!(stage.exchange(&stage.code(RECEIVER), RECEIVER).scopes().len(), SCOPES.len() + 1);
}

#[test]
fn bad_tokens_are_124() {
    let stage = Stage::ready(|_| ());
    let token = stage.login()["access_token"].as_str().unwrap().to_owned();
    stage.get("/v2/users/me").api_refused(401, 124, "Invalid access token.");
    stage.read("x", "/v2/users/me").api_refused(401, 124, "Invalid access token.");
    stage.get(&format!("/v2/users/me?access_token={token}")).api_refused(
        401,
        124,
        "Invalid access token, this access token is not supported as query parameter string.",
    );
    let headers = [("Authorization", format!("Bearer {token}"))];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(send(stage.port(), "POST", "/v2/users/me", &headers, "").unwrap().status, 405);
}

// ---- consent by page

fn hidden(page: &str, name: &str) -> String {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[test]
fn the_consent_page_asks_and_its_form_counts_once() {
    let stage = Stage::ready(|options| options.consent = Consent::Page);
    let page = stage.authorize(LOOPBACK);
    assert_eq!(page.status, 200);
    for scope in SCOPES {
        assert!(page.body.contains(scope));
    }
    assert!(page.body.contains("REHEARSAL"));
    let policy = page.header("Content-Security-Policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:52936;"), "{policy}");
    let ticket = hidden(&page.body, "ticket");
    let press = |ticket: &str, decision: &str| {
        let body = encoded(&[("ticket", ticket), ("decision", decision)]);
        send(stage.port(), "POST", "/oauth/authorize", &[FORM], &body).unwrap()
    };
    assert_eq!(press("made-up", "allow").status, 400);
    let reply = press(&ticket, "allow");
    assert_eq!(reply.status, 302);
    assert_eq!(stage.exchange(&reply.landing("code").unwrap(), LOOPBACK).status, 200);
    assert_eq!(press(&ticket, "allow").status, 400);

    let ticket = hidden(&stage.authorize(LOOPBACK).body, "ticket");
    let reply = press(&ticket, "decline");
    assert_eq!(reply.landing("error").as_deref(), Some("access_denied"));
    assert_eq!(reply.landing("state").as_deref(), Some("st&te=1"));

    let ticket = hidden(&stage.authorize(LOOPBACK).body, "ticket");
    stage.pass(600);
    assert_eq!(press(&ticket, "allow").status, 400);
}

#[test]
fn a_rehearsal_sends_no_browser_to_a_real_system() {
    let stage = Stage::ready(|options| options.consent = Consent::Page);
    let ticket = hidden(&stage.authorize(RECEIVER).body, "ticket");
    let body = encoded(&[("ticket", &ticket), ("decision", "allow")]);
    let page = send(stage.port(), "POST", "/oauth/authorize", &[FORM], &body).unwrap();
    assert_eq!(page.status, 200);
    assert_eq!(page.header("Location"), None);
    let shown = page.body.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    let address = url::Url::parse(&shown.replace("&amp;", "&")).unwrap();
    let code = address.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    assert_eq!(stage.exchange(&code, RECEIVER).status, 200);
}

// ---- app page

#[test]
fn the_app_page_shows_the_values_and_takes_the_forms() {
    let stage = Stage::new(|_| ());
    let page = stage.get("/");
    let app = stage.app(AppKind::General);
    for value in [app.client_id.as_str(), app.client_secret.expose()] {
        assert!(page.body.contains(value));
    }
    let save = |pairs: &[(&str, &str)]| send(stage.port(), "POST", "/", &[FORM], &encoded(pairs)).unwrap();
    let form = [
        ("app", "general"),
        ("redirect_url", RECEIVER),
        ("allow_list", &format!("{RECEIVER}\r\nhttp://localhost/callback\r\n")),
        ("scopes", "user:read:user:admin\r\nuser:read:list_users:admin"),
    ];
    let mut form: Vec<(&str, &str)> = form.to_vec();
    assert_eq!(save(&form).status, 400, "without the key of the page");
    let key = hidden(&page.body, "key");
    form.push(("key", &key));
    let reply = save(&form);
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains("http://localhost/callback: Zoom refuses localhost"), "{}", reply.body);
    assert_eq!(stage.login()["scope"], "user:read:list_users:admin user:read:user:admin");
    let server =
        [("key", key.as_str()), ("app", "server_to_server"), ("activated", "on"), ("scopes", SCOPES[0])];
    assert_eq!(save(&server).status, 200);
    assert_eq!(stage.account_credentials().scopes().len(), 1);
}

// ---- hygiene

#[test]
fn odd_requests_are_turned_away() {
    let stage = Stage::ready(|_| ());
    let port = stage.port();
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        send(port, method, path, headers, body).unwrap().status
    };
    assert_eq!(ask("GET", "/nonsense", &[], ""), 404);
    assert_eq!(ask("GET", "/oauth", &[], ""), 404);
    assert_eq!(ask("DELETE", "/", &[], ""), 405);
    assert_eq!(ask("DELETE", "/oauth/authorize", &[], ""), 405);
    let localhost = format!("localhost:{port}");
    for host in ["example.com", "127.0.0.1", localhost.as_str()] {
        assert_eq!(ask("GET", "/", &[("Host", host)], ""), 421, "{host}");
    }
    let large = "x".repeat(64 * 1024 + 1);
    assert_eq!(ask("POST", "/oauth/token", &[FORM], &large), 413);
    assert_eq!(ask("POST", "/oauth/token", &[FORM, ("Transfer-Encoding", "chunked")], "0\r\n\r\n"), 411);
    // Still there.
    assert_eq!(ask("GET", "/", &[], ""), 200);
}

#[test]
fn a_silent_or_stalled_client_holds_up_nobody() {
    let stage = Stage::ready(|_| ());
    let mut silent = Vec::new();
    for number in 0..12 {
        let mut stream = TcpStream::connect(("127.0.0.1", stage.port())).unwrap();
        if number % 2 == 0 {
            let head = format!(
                "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 5000\r\n\r\nx",
                stage.port()
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
        silent.push(stream);
    }
    assert_eq!(stage.login()["token_type"], "bearer");
    drop(silent);
}

#[test]
fn dropping_it_frees_the_port() {
    for faults in [vec![], vec![Fault::Drop]] {
        let stage = Stage::ready(|options| options.faults = faults);
        let port = stage.port();
        let idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stage.login_or_cut();
        drop(stage);
        let again = TcpListener::bind(("127.0.0.1", port));
        assert!(again.is_ok(), "{again:?}");
        drop(idle);
    }
}

impl Stage {
    /// A token call, whatever becomes of it.
    fn login_or_cut(&self) {
        let _ = self.try_form("/oauth/token", AppKind::General, &[("grant_type", "refresh_token")]);
    }
}

#[test]
fn a_taken_port_is_named() {
    let stage = Stage::new(|_| ());
    let (mut second, _) = options();
    second.port = Some(stage.port());
    let failure = Sandbox::start(second).unwrap_err().to_string();
    assert!(failure.contains(&format!("127.0.0.1:{}", stage.port())), "{failure}");
}

// ---- restart

fn with_state(path: PathBuf) -> impl FnOnce(&mut SandboxOptions) {
    move |options| options.state_file = Some(path)
}

#[test]
fn tokens_codes_and_apps_survive_a_restart() {
    let directory = temporary_directory();
    let path = directory.path().join("sandbox.json");
    let stage = Stage::ready(with_state(path.clone()));
    let tokens = stage.login();
    let open = stage.code(LOOPBACK);
    let port = stage.port();
    drop(stage);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let stage = Stage::new(with_state(path));
    assert!(stage.sandbox.notices().is_empty());
    assert_eq!(stage.port(), port);
    assert_eq!(stage.sandbox.configuration(AppKind::General), general_configuration());
    assert_eq!(stage.read(tokens["access_token"].as_str().unwrap(), "/v2/users/me").status, 200);
    let refreshed = stage.refresh(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(stage.exchange(&open, LOOPBACK).status, 200);
}

#[test]
fn an_unreadable_state_is_said_and_replaced() {
    let directory = temporary_directory();
    let path = directory.path().join("sandbox.json");
    for content in ["{ not json", "{\"format\": 99}"] {
        std::fs::write(&path, content).unwrap();
        let stage = Stage::ready(with_state(path.clone()));
        let notices = stage.sandbox.notices();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].contains("sandbox.json"), "{notices:?}");
        stage.login();
        drop(stage);
        assert!(Stage::new(with_state(path.clone())).sandbox.notices().is_empty());
    }
}

#[test]
fn a_state_that_cannot_be_saved_is_said() {
    let directory = temporary_directory();
    let stage = Stage::ready(with_state(directory.path().join("absent").join("sandbox.json")));
    stage.login();
    let notices = stage.sandbox.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(stage.sandbox.notices().is_empty());
}

// ---- faults: each strikes once, then the same act succeeds

#[test]
fn fault_wrong_secret() {
    let stage = Stage::with_fault(Fault::WrongSecret);
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_client", "Invalid client_id or client_secret");
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    let stage = Stage::with_fault(Fault::WrongSecret);
    stage.account_credentials().refused(400, "invalid_client", "Invalid client_id or client_secret");
    assert_eq!(stage.account_credentials().status, 200);
}

#[test]
fn fault_not_activated() {
    let stage = Stage::with_fault(Fault::NotActivated);
    stage.account_credentials().refused(400, "invalid_request", "4717");
    assert_eq!(stage.account_credentials().status, 200);
    let stage = Stage::with_fault(Fault::NotActivated);
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_request", "4717");
    stage.login();
}

#[test]
fn fault_missing_scope() {
    let stage = Stage::with_fault(Fault::MissingScope);
    let short = stage.exchange(&stage.code(RECEIVER), RECEIVER);
    assert_eq!(short.scopes().len(), SCOPES.len() - 1);
    // A refresh does not bring it, a login does.
    assert_eq!(
        stage.refresh(short.json()["refresh_token"].as_str().unwrap()).scopes().len(),
        SCOPES.len() - 1
    );
    assert_eq!(stage.exchange(&stage.code(RECEIVER), RECEIVER).scopes().len(), SCOPES.len());
    let stage = Stage::with_fault(Fault::MissingScope);
    let short = stage.account_credentials();
    assert_eq!(short.scopes().len(), SCOPES.len() - 1);
    let access = short.json()["access_token"].as_str().unwrap().to_owned();
    assert!(stage.read(&access, "/v2/users/admin@example.com").body.contains("does not contain scopes"));
    assert_eq!(stage.account_credentials().scopes().len(), SCOPES.len());
}

#[test]
fn fault_scope_lag() {
    let stage = Stage::with_fault(Fault::ScopeLag);
    let counts: Vec<usize> = (0..3).map(|_| stage.account_credentials().scopes().len()).collect();
    assert_eq!(counts, [2, 2, 4]);
    let stage = Stage::with_fault(Fault::ScopeLag);
    let mut reply = stage.exchange(&stage.code(RECEIVER), RECEIVER);
    for expected in [2, 2, 4] {
        assert_eq!(reply.scopes().len(), expected);
        reply = stage.refresh(reply.json()["refresh_token"].as_str().unwrap());
    }
}

#[test]
fn fault_redirect_mismatch() {
    let stage = Stage::with_fault(Fault::RedirectMismatch);
    let reply = stage.authorize(RECEIVER);
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains(&format!("Invalid redirect: {RECEIVER} (4,700)")));
    stage.login();
}

#[test]
fn fault_deny() {
    for consent in [Consent::Automatic, Consent::Page] {
        let stage = Stage::ready(|options| {
            options.faults = vec![Fault::Deny];
            options.consent = consent;
        });
        assert_eq!(stage.authorize(LOOPBACK).landing("error").as_deref(), Some("access_denied"));
        assert_eq!(stage.authorize(LOOPBACK).landing("error"), None);
    }
}

#[test]
fn fault_expired_code() {
    let stage = Stage::with_fault(Fault::ExpiredCode);
    // A made-up code does not use the strike up.
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    let code = stage.code(RECEIVER);
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "4733");
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    stage.login();
}

#[test]
fn fault_rate_limit() {
    let stage = Stage::with_fault(Fault::RateLimit);
    let reply = stage.account_credentials();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("X-RateLimit-Category"), Some("Light"));
    assert_eq!(reply.header("X-RateLimit-Remaining"), Some("0"));
    let again: Timestamp = reply.header("Retry-After").unwrap().parse().unwrap();
    assert_eq!(again.as_second(), 1_800_000_003);
    assert_eq!(stage.account_credentials().status, 200);
    let stage = Stage::with_fault(Fault::RateLimit);
    assert_eq!(stage.get("/v2/users/me").status, 429);
    assert_eq!(stage.get("/v2/users/me").status, 401);
}

#[test]
fn fault_html() {
    let stage = Stage::with_fault(Fault::Html);
    let reply = stage.exchange("made-up", RECEIVER);
    assert_eq!(reply.status, 200);
    assert!(reply.header("Content-Type").unwrap().starts_with("text/html"));
    stage.login();
}

#[test]
fn fault_drop_spends_what_was_sent() {
    let stage = Stage::with_fault(Fault::Drop);
    let code = stage.code(RECEIVER);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", RECEIVER),
        ("code_verifier", VERIFIER),
    ];
    assert!(stage.try_form("/oauth/token", AppKind::General, &pairs).is_none());
    stage.exchange(&code, RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    stage.login();
}

#[test]
fn a_fault_strikes_as_often_as_told() {
    let stage = Stage::ready(|options| {
        options.faults = vec![Fault::Drop];
        options.strikes = 2;
    });
    let ask = || {
        let account_id = stage.app(AppKind::ServerToServer).account_id.unwrap();
        let pairs = [("grant_type", "account_credentials"), ("account_id", account_id.as_str())];
        stage.try_form("/oauth/token", AppKind::ServerToServer, &pairs).is_some()
    };
    assert_eq!([ask(), ask(), ask()], [false, false, true]);
}

#[test]
fn fault_slow_answers_late_and_ends_with_the_sandbox() {
    let stage = Stage::ready(|options| {
        options.faults = vec![Fault::Slow];
        // Longer than the test's patience: only the end of the sandbox can bring the answer.
        options.slow_for = Duration::from_secs(3600);
    });
    let port = stage.port();
    let (sender, replies) = std::sync::mpsc::channel();
    for _ in 0..2 {
        let sender = sender.clone();
        std::thread::spawn(move || sender.send(send(port, "GET", "/v2/users/me", &[], "")));
    }
    let next = || replies.recv_timeout(Duration::from_secs(20)).unwrap().map(|reply| reply.status);
    // Whichever of the two came second is answered at once.
    assert_eq!(next(), Some(401));
    stage.login();
    drop(stage);
    let held = next();
    assert!(held.is_none() || held == Some(503), "{held:?}");
}

#[test]
fn fault_slow_answers_in_the_end() {
    let stage = Stage::ready(|options| {
        options.faults = vec![Fault::Slow];
        options.slow_for = Duration::from_millis(20);
    });
    assert_eq!(stage.account_credentials().status, 200);
}

// ---- the program's own client

#[tokio::test]
async fn a_common_client_gets_along() {
    // Another test of this binary may have been first; either way there is a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::with_fault(Fault::Drop);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let app = stage.app(AppKind::ServerToServer);
    let account_id = app.account_id.unwrap();
    let ask = || {
        client
            .post(format!("{}/oauth/token", stage.sandbox.oauth_url()))
            .basic_auth(&app.client_id, Some(app.client_secret.expose()))
            .form(&[("grant_type", "account_credentials"), ("account_id", account_id.as_str())])
            .send()
    };
    let cut = ask().await.unwrap_err();
    assert!(!cut.is_timeout(), "{cut:?}");
    for _ in 0..3 {
        let answer = ask().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let json: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let users = client
            .get(format!("{}/v2/users?page_size=1", stage.sandbox.api_url()))
            .bearer_auth(json["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(users.status().as_u16(), 200);
    }
}

// ---- the sub-command

#[test]
fn the_sub_command_says_how_to_use_it_and_is_ready() {
    let (options, _) = options();
    let alone = zoom_setup::cli::sandbox::StandAlone {
        port: None,
        fault: Some(Fault::Deny),
        general_scopes: SCOPES.map(str::to_owned).into(),
        server_to_server_scopes: SCOPES.map(str::to_owned).into(),
        clock: options.clock,
        entropy: options.entropy,
    };
    let mut out = Vec::new();
    let mut ended = false;
    zoom_setup::cli::sandbox::run(alone, &mut out, || ended = true).unwrap();
    assert!(ended);
    let text = String::from_utf8(out).unwrap();
    for part in
        ["REHEARSAL", "--oauth-url http://127.0.0.1:", "--api-url", "Account ID", "Client Secret", "deny"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}
