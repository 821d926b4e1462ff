//! The HTTP adapter against small servers on loopback that do exactly what a test says.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "zoom/preflight.rs"]
mod preflight;
#[path = "zoom/server.rs"]
mod server;

use jiff::Timestamp;
use rstest::rstest;
use server::{Server, Then, json, with_headers};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use zoom_setup::oauth::authorize::{Cloud, Endpoints};
use zoom_setup::oauth::{
    ApiRead, ClientAuthentication, Failure, FailureKind, Grant, RevokeRequest, TokenGrant, TokenRequest,
};
use zoom_setup::ports::{Clock, Zoom};
use zoom_setup::secret::Secret;
use zoom_setup::zoom::{Limits, ProxyChoice, ZoomClient};

const GRANT: &str =
    r#"{"access_token":"at","token_type":"bearer","refresh_token":"rt","expires_in":3599,"scope":"a:b c:d"}"#;

/// A clock that stands still.
struct Still(Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(Still("2026-11-23T10:00:00Z".parse().unwrap()))
}

fn client_of(server: &Server) -> ZoomClient {
    ZoomClient::new(server.endpoints(), clock(), Limits::default())
}

fn hurried(server: &Server) -> ZoomClient {
    let limits = Limits { total: Duration::from_millis(400), ..Limits::default() };
    ZoomClient::new(server.endpoints(), clock(), limits)
}

fn basic() -> ClientAuthentication {
    ClientAuthentication::Basic { client_id: "i:d +%".to_owned(), client_secret: Secret::new("s:e +%c") }
}

fn public() -> ClientAuthentication {
    ClientAuthentication::Public { client_id: "i:d +%".to_owned() }
}

fn code() -> Grant {
    Grant::AuthorizationCode {
        code: Secret::new("co+de"),
        redirect_uri: "https://dev12345.service-now.com/oauth_redirect.do".to_owned(),
        verifier: Secret::new("verifier"),
    }
}

fn refresh() -> Grant {
    Grant::RefreshToken { refresh_token: Secret::new("rt") }
}

fn account() -> Grant {
    Grant::AccountCredentials { account_id: "acc".to_owned() }
}

fn read_of(path: &str) -> ApiRead {
    ApiRead { api_url: None, path: path.to_owned(), access_token: Secret::new("token-value") }
}

async fn token(client: &ZoomClient, grant: Grant) -> Result<TokenGrant, Failure> {
    client.token(TokenRequest { client: basic(), grant }).await
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .split("\r\n\r\n")
        .next()
        .unwrap()
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

// Rows B07, F05 of docs/callback-rows.md.
#[tokio::test]
async fn a_code_is_exchanged_with_form_and_basic_header() {
    let server = Server::answering(json("200 OK", GRANT));
    let grant = token(&client_of(&server), code()).await.unwrap();
    assert_eq!(grant.access_token, Secret::new("at"));
    assert_eq!(grant.refresh_token, Some(Secret::new("rt")));
    assert_eq!(grant.scopes, Some(vec!["a:b".to_owned(), "c:d".to_owned()]));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert!(request.starts_with("POST /oauth/token HTTP/1.1\r\n"), "{request}");
    assert_eq!(header(request, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(request, "accept"), Some("application/json"));
    assert_eq!(header(request, "user-agent"), Some(concat!("zoom-setup/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(header(request, "host"), Some(server.address.to_string().as_str()));
    // Base64 of "i%3Ad+%2B%25:s%3Ae+%2B%25c".
    assert_eq!(header(request, "authorization"), Some("Basic aSUzQWQrJTJCJTI1OnMlM0FlKyUyQiUyNWM="));
    assert_eq!(
        body(request),
        "grant_type=authorization_code&code=co%2Bde&redirect_uri=https%3A%2F%2Fdev12345.service-now.com\
         %2Foauth_redirect.do&code_verifier=verifier"
    );
}

// Row B07 of docs/callback-rows.md.
#[tokio::test]
async fn a_public_client_sends_its_id_in_the_form_and_no_header() {
    let server = Server::answering(json("200 OK", GRANT));
    let client = client_of(&server);
    client.token(TokenRequest { client: public(), grant: refresh() }).await.unwrap();
    let request = server.requests().remove(0);
    assert_eq!(header(&request, "authorization"), None);
    assert_eq!(body(&request), "grant_type=refresh_token&refresh_token=rt&client_id=i%3Ad+%2B%25");
}

#[tokio::test]
async fn a_read_carries_the_token_in_its_header_only() {
    let server = Server::answering(json("200 OK", r#"{"id":"U"}"#));
    let answer =
        client_of(&server).read(read_of("/past_meetings/%252Fa%252F%252Fb/qa?page_size=1")).await.unwrap();
    assert_eq!(answer.body["id"], "U");
    let request = server.requests().remove(0);
    assert!(
        request.starts_with("GET /v2/past_meetings/%252Fa%252F%252Fb/qa?page_size=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(&request, "authorization"), Some("Bearer token-value"));
    assert_eq!(request.matches("token-value").count(), 1);
    assert_eq!(body(&request), "");
}

#[tokio::test]
async fn a_revocation_is_a_form_with_the_token() {
    let server = Server::answering(json("200 OK", r#"{"status":"success"}"#));
    client_of(&server).revoke(RevokeRequest { client: basic(), token: Secret::new("at") }).await.unwrap();
    let request = server.requests().remove(0);
    assert!(request.starts_with("POST /oauth/revoke HTTP/1.1\r\n"), "{request}");
    assert!(header(&request, "authorization").unwrap().starts_with("Basic "));
    assert_eq!(body(&request), "token=at");
}

#[tokio::test]
async fn a_refusal_is_handed_on_as_it_came() {
    let refusal = r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#;
    let server = Server::answering(with_headers(
        "429 Too Many Requests",
        "Content-Type: Application/JSON; charset=utf-8\r\nRetry-After: 2026-11-24T00:00:00Z\r\n",
        refusal,
    ));
    let failure = token(&client_of(&server), refresh()).await.unwrap_err();
    assert_eq!(failure.host, "127.0.0.1");
    assert_eq!(
        failure.kind,
        FailureKind::Answered {
            status: 429,
            body: refusal.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: Some("2026-11-24T00:00:00Z".to_owned()),
        }
    );
    assert_eq!(server.requests().len(), 1);
}

#[rstest]
#[case("Mon, 23 Nov 2026 10:05:00 GMT", Some(300))]
#[case("Mon, 23 Nov 2026 09:58:30 GMT", Some(-90))]
#[case("yesterday", None)]
#[tokio::test]
async fn the_clock_is_compared_with_the_date_of_any_answer(#[case] date: &str, #[case] offset: Option<i64>) {
    let headers = format!("Content-Type: application/json\r\nDate: {date}\r\n");
    let good = Server::answering(with_headers("200 OK", &headers, GRANT));
    assert_eq!(token(&client_of(&good), code()).await.unwrap().clock_offset_s, offset);
    assert_eq!(client_of(&good).read(read_of("/users/me")).await.unwrap().clock_offset_s, offset);
    let bad = Server::answering(with_headers("400 Bad Request", &headers, "{}"));
    assert_eq!(token(&client_of(&bad), code()).await.unwrap_err().clock_offset_s, offset);
}

#[tokio::test]
async fn reading_stops_at_the_limit() {
    let written = Arc::new(AtomicU64::new(0));
    let server = Server::start({
        let written = Arc::clone(&written);
        move |_, _, stream| {
            let chunk = vec![b'x'; 64 * 1024];
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            );
            for _ in 0..3_200 {
                let sent = stream
                    .write_all(b"10000\r\n")
                    .and_then(|()| stream.write_all(&chunk))
                    .and_then(|()| stream.write_all(b"\r\n"));
                if sent.is_err() {
                    break;
                }
                written.fetch_add(64 * 1024, Ordering::SeqCst);
            }
            Then::Close
        }
    });
    let failure = token(&client_of(&server), code()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge { limit_bytes: 1_000_000 });
    // What the buffers of both sides hold comes on top.
    assert!(written.load(Ordering::SeqCst) < 50_000_000);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_read_and_one_at_the_limit_is() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\nxxxx");
    let failure = client_of(&server).read(read_of("/users/me")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooLarge { limit_bytes: 1_000_000 });
    let text = format!("\"{}\"", "x".repeat(999_998));
    let server = Server::answering(json("200 OK", &text));
    assert!(client_of(&server).read(read_of("/users/me")).await.is_ok());
}

#[rstest]
#[case::no_answer("")]
#[case::half_a_head("HTTP/1.1 200 OK\r\nContent-")]
#[case::half_a_body("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"access_token\":")]
#[tokio::test]
async fn a_server_that_hangs_is_left(#[case] part: &'static str) {
    let server = Server::start(move |_, _, stream| {
        let _ = stream.write_all(part.as_bytes());
        Then::Keep
    });
    let failure = token(&hurried(&server), refresh()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut { limit_s: 1 });
    let failure = hurried(&server).read(read_of("/users/me")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut { limit_s: 1 });
    assert_eq!(server.requests().len(), 2, "neither was repeated");
}

// Row F19 of docs/callback-rows.md.
#[rstest]
#[case("301 Moved")]
#[case("302 Found")]
#[case("307 Temporary Redirect")]
#[case("308 Permanent Redirect")]
#[tokio::test]
async fn no_redirect_is_followed(#[case] status: &str) {
    let stranger = Server::answering(json("200 OK", GRANT));
    let location = format!("Location: {}/oauth/token\r\n", stranger.url());
    let server = Server::answering(with_headers(status, &location, ""));
    let client = client_of(&server);
    for failure in
        [token(&client, code()).await.unwrap_err(), client.read(read_of("/users/me")).await.unwrap_err()]
    {
        let FailureKind::Answered { status: given, .. } = failure.kind else { panic!("{failure:?}") };
        assert!(status.starts_with(&given.to_string()));
    }
    assert_eq!(stranger.connections(), 0);
}

// Row F19 of docs/callback-rows.md.
#[rstest]
#[case::page("text/html", "<html><title>Sign in</title>")]
#[case::page_by_its_look("application/json", "  <!doctype html>")]
#[case::empty("application/json", "")]
#[case::refusal("application/json", r#"{"reason":"no","error":"invalid_grant"}"#)]
#[tokio::test]
async fn a_success_that_is_none_is_an_answer(#[case] content_type: &str, #[case] text: &str) {
    let server =
        Server::answering(with_headers("200 OK", &format!("Content-Type: {content_type}\r\n"), text));
    let failure = token(&client_of(&server), code()).await.unwrap_err();
    assert_eq!(
        failure.kind,
        FailureKind::Answered {
            status: 200,
            body: text.to_owned(),
            content_type: content_type.to_owned(),
            retry_after: None,
        }
    );
}

#[tokio::test]
async fn a_success_that_can_not_be_read_says_why_without_the_token() {
    let server = Server::answering(json("200 OK", r#"{"access_token":"hunter2","token_type":"mac"}"#));
    let failure = token(&client_of(&server), code()).await.unwrap_err();
    assert_eq!(
        failure.kind,
        FailureKind::Malformed { detail: "its token_type is mac, not bearer".to_owned() }
    );
    assert!(!format!("{failure:?}").contains("hunter2"));
    let failure =
        client_of(&Server::answering(json("200 OK", "hello"))).read(read_of("/users/me")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Malformed { detail: "it is not JSON".to_owned() });
}

/// Drops the first `count` requests after reading them, then answers.
fn dropping(count: usize, answer: &str) -> Server {
    let answer = json("200 OK", answer);
    Server::start(move |number, _, stream| {
        if number > count {
            let _ = stream.write_all(answer.as_bytes());
        }
        Then::Close
    })
}

// Rows B04, F10 of docs/callback-rows.md.
#[rstest]
#[case::code(code())]
#[case::refresh(refresh())]
#[tokio::test]
async fn what_works_once_is_never_sent_twice(#[case] grant: Grant) {
    let server = dropping(1, GRANT);
    let failure = token(&client_of(&server), grant.clone()).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::AnswerLost { .. }), "{failure:?}");
    assert_eq!(server.requests().len(), 1);
    // The same where the answer breaks off in the middle.
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\"");
    let failure = token(&client_of(&server), grant).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::AnswerLost { .. }), "{failure:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn harmless_calls_are_sent_twice_and_no_more() {
    let server = dropping(1, r#"{"id":1}"#);
    assert!(client_of(&server).read(read_of("/users/me")).await.is_ok());
    assert_eq!(server.requests().len(), 2);

    let server = dropping(1, GRANT);
    assert!(token(&client_of(&server), account()).await.is_ok());
    assert_eq!(server.requests().len(), 2);

    let server = dropping(1, r#"{"status":"success"}"#);
    let revoke = RevokeRequest { client: basic(), token: Secret::new("at") };
    assert!(client_of(&server).revoke(revoke).await.is_ok());
    assert_eq!(server.requests().len(), 2);

    let server = dropping(9, "");
    let failure = client_of(&server).read(read_of("/users/me")).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::AnswerLost { .. }), "{failure:?}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_error_answer_is_not_repeated() {
    let server = Server::answering(json("503 Service Unavailable", "{}"));
    assert!(client_of(&server).read(read_of("/users/me")).await.is_err());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_works_once_never_meets_a_used_connection_and_reads_share_one() {
    let grant = json("200 OK", GRANT);
    let server = Server::start(move |_, _, stream| {
        let _ = stream.write_all(grant.as_bytes());
        Then::Keep
    });
    let client = client_of(&server);
    token(&client, code()).await.unwrap();
    token(&client, refresh()).await.unwrap();
    assert_eq!(server.connections(), 2);
    client.read(read_of("/users/me")).await.unwrap();
    client.read(read_of("/users/me")).await.unwrap();
    assert_eq!(server.connections(), 3);
}

/// A port on which nobody listens.
fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let url = format!("http://{}", closed_port());
    let endpoints = Endpoints::parse(Some(&url), Some(&url), Cloud::Zoom).unwrap();
    let client = ZoomClient::new(endpoints, clock(), Limits::default());
    let failure = token(&client, code()).await.unwrap_err();
    let FailureKind::Connect { detail } = failure.kind else { panic!("{failure:?}") };
    assert!(detail.to_lowercase().contains("refused"), "{detail}");
}

#[tokio::test]
async fn loopback_is_never_proxied() {
    let proxy = Server::answering(json("200 OK", GRANT));
    let server = Server::answering(json("200 OK", GRANT));
    let client = ZoomClient::with_proxy(
        server.endpoints(),
        clock(),
        Limits::default(),
        ProxyChoice::Fixed(format!("http://{}", proxy.address)),
    );
    token(&client, code()).await.unwrap();
    client.read(read_of("/users/me")).await.unwrap();
    assert_eq!((proxy.connections(), server.requests().len()), (0, 2));
}

/// A client for a host outside, which only the proxy could reach.
fn behind(proxy: &str) -> ZoomClient {
    let url = "https://zoom.example.com";
    let endpoints = Endpoints::parse(Some(url), Some(url), Cloud::Zoom).unwrap();
    ZoomClient::with_proxy(endpoints, clock(), Limits::default(), ProxyChoice::Fixed(proxy.to_owned()))
}

#[rstest]
#[case("407 Proxy Authentication Required", "authorization required")]
#[case("403 Forbidden", "unsuccessful")]
#[tokio::test]
async fn a_proxy_that_refuses_is_named(#[case] status: &str, #[case] words: &str) {
    let proxy = Server::answering(with_headers(status, "", ""));
    let client = behind(&format!("http://me:hunter2@{}", proxy.address));
    let failure = token(&client, code()).await.unwrap_err();
    assert_eq!(failure.host, "zoom.example.com");
    let FailureKind::Proxy { detail, proxy: name } = &failure.kind else { panic!("{failure:?}") };
    assert!(detail.contains(words), "{detail}");
    assert_eq!(*name, proxy.address.to_string());
    assert!(!format!("{failure:?}").contains("hunter2"));
    let requests = proxy.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("CONNECT zoom.example.com:443 HTTP/1.1\r\n"), "{}", requests[0]);
    assert_eq!(header(&requests[0], "authorization"), None, "the client's secret is not for the proxy");
}

#[tokio::test]
#[ignore = "run by the_proxy_of_the_environment_is_used, in an environment of its own"]
async fn in_an_environment_of_its_own() {
    let url = "https://zoom.example.com";
    let endpoints = Endpoints::parse(Some(url), Some(url), Cloud::Zoom).unwrap();
    let failure = token(&ZoomClient::new(endpoints, clock(), Limits::default()), code()).await.unwrap_err();
    println!("{failure:?}");
}

#[test]
fn the_proxy_of_the_environment_is_used() {
    let proxy = Server::answering(with_headers("403 Forbidden", "", ""));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "in_an_environment_of_its_own"])
        .env("HTTPS_PROXY", format!("http://me:hunter2@{}", proxy.address))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains(&format!("proxy: \"{}\"", proxy.address)), "{shown}");
    assert!(!shown.contains("hunter2"));
    assert!(proxy.requests()[0].starts_with("CONNECT zoom.example.com:443 "));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let address = closed_port().to_string();
    let failure = behind(&format!("http://{address}")).read(read_of("/users/me")).await.unwrap_err();
    let FailureKind::Proxy { detail, proxy } = failure.kind else { panic!("{failure:?}") };
    assert!(detail.to_lowercase().contains("refused"), "{detail}");
    assert_eq!(proxy, address);
}

// Row B08 of docs/callback-rows.md.
#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_matter_of_tls() {
    // No request can be read from a TLS client, so this server is a simpler one.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Until the other side has seen enough.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    });
    let endpoints = Endpoints::parse(Some(&url), Some(&url), Cloud::Zoom).unwrap();
    let client = ZoomClient::new(endpoints, clock(), Limits::default());
    let failure = token(&client, code()).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Tls { issuer: None, .. }), "{failure:?}");
    thread.join().unwrap();
}

#[rstest]
#[case("/../oauth/token")]
#[case("/users/a b")]
#[case("/users/\r\nX-Evil: 1")]
#[case("/users/me#x/../..\\")]
#[tokio::test]
async fn a_path_that_is_not_plain_is_not_asked(#[case] path: &str) {
    let server = Server::answering(json("200 OK", "{}"));
    let failure = client_of(&server).read(read_of(path)).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Forbidden { .. }), "{failure:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_foreign_api_address_gets_no_token() {
    let stranger = Server::answering(json("200 OK", "{}"));
    let server = Server::answering(json("200 OK", r#"{"id":1}"#));
    let request = ApiRead { api_url: Some(stranger.url()), ..read_of("/users/me") };
    client_of(&server).read(request).await.unwrap();
    assert_eq!((stranger.connections(), server.requests().len()), (0, 1));
}

#[tokio::test]
async fn an_api_address_of_the_configured_server_is_used() {
    let oauth = Server::answering(json("200 OK", r#"{"from":"oauth"}"#));
    let api = Server::answering(json("200 OK", r#"{"from":"api"}"#));
    let endpoints = Endpoints::parse(Some(&oauth.url()), Some(&api.url()), Cloud::Zoom).unwrap();
    let client = ZoomClient::new(endpoints, clock(), Limits::default());
    let request = ApiRead { api_url: Some(oauth.url()), ..read_of("/users/me") };
    assert_eq!(client.read(request).await.unwrap().body["from"], "oauth");
    assert_eq!(client.read(read_of("/users/me")).await.unwrap().body["from"], "api");
}

#[tokio::test]
async fn a_failure_holds_no_secret() {
    let server = dropping(9, "");
    let client = client_of(&server);
    let mut seen = format!("{:?}", token(&client, code()).await);
    seen += &format!("{:?}", client.read(read_of("/users/me")).await);
    for secret in ["co+de", "co%2Bde", "s:e", "verifier", "token-value"] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}
