//! The look at the authorize page: how far it goes, and where it ends.

use super::server::{Server, Then, with_headers};
use super::{client_of, header, hurried};
use rstest::rstest;
use std::io::Write;
use zoom_setup::oauth::{Call, FailureKind, PreflightAnswer, PreflightRequest};
use zoom_setup::ports::Zoom;

const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn request(server: &Server) -> PreflightRequest {
    let url = format!("{}/oauth/authorize?response_type=code&client_id=x", server.url());
    PreflightRequest { url, redirect_uri: REDIRECT.to_owned() }
}

fn sending_to(location: impl Into<String>) -> Server {
    let location = location.into();
    Server::answering(with_headers("302 Found", &format!("Location: {location}\r\n"), ""))
}

#[rstest]
#[case::sign_in("/oauth/signin?_rnd=1", PreflightAnswer::SignIn)]
#[case::login("/login", PreflightAnswer::SignIn)]
#[case::in_capitals("/Signin", PreflightAnswer::SignIn)]
#[case::back("https://dev12345.service-now.com/oauth_redirect.do", PreflightAnswer::SentBack { error: None })]
#[case::back_with_an_error(
    "https://dev12345.service-now.com/oauth_redirect.do?error=invalid_scope&error_description=No+scope&state=s",
    PreflightAnswer::SentBack { error: Some(("invalid_scope".to_owned(), Some("No scope".to_owned()))) }
)]
#[case::elsewhere("https://portal.example.com/?go=zoom.us", PreflightAnswer::Elsewhere { host: "portal.example.com".to_owned() })]
#[case::lookalike("https://zoom.us.example.com/", PreflightAnswer::Elsewhere { host: "zoom.us.example.com".to_owned() })]
#[case::another_port("http://127.0.0.1:9/oauth/authorize", PreflightAnswer::Elsewhere { host: "127.0.0.1".to_owned() })]
#[case::real_zoom_from_a_test_server("https://zoom.us/oauth/authorize", PreflightAnswer::Elsewhere { host: "zoom.us".to_owned() })]
#[tokio::test]
async fn ends_before(#[case] location: &str, #[case] expected: PreflightAnswer) {
    let server = sending_to(location);
    assert_eq!(client_of(&server).preflight(request(&server)).await, Ok(expected));
    assert_eq!(server.requests().len(), 1, "nobody is asked there");
}

#[tokio::test]
async fn is_asked_as_a_browser_without_cookies_or_credentials() {
    let server = sending_to("/oauth/signin");
    client_of(&server).preflight(request(&server)).await.unwrap();
    let asked = &server.requests()[0];
    assert!(asked.starts_with("GET /oauth/authorize?response_type=code&client_id=x HTTP/1.1\r\n"), "{asked}");
    assert!(header(asked, "accept").unwrap().starts_with("text/html"));
    assert_eq!(
        (header(asked, "cookie"), header(asked, "authorization"), header(asked, "referer")),
        (None, None, None)
    );
}

#[tokio::test]
async fn follows_within_the_server_and_reads_the_page() {
    let server = Server::start(|number, _, stream| {
        let answer = match number {
            1 => with_headers("302 Found", "Location: /oauth/elsewhere?a=b#part\r\nSet-Cookie: a=b\r\n", ""),
            _ => with_headers(
                "400 Bad Request",
                "Content-Type: text/html; charset=utf-8\r\n",
                "<h1>(4,700)</h1>",
            ),
        };
        let _ = stream.write_all(answer.as_bytes());
        Then::Close
    });
    let answer = client_of(&server).preflight(request(&server)).await.unwrap();
    let PreflightAnswer::Page { status, body, content_type, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((status, body.as_str(), content_type.as_str()), (400, "<h1>(4,700)</h1>", "text/html"));
    let requests = server.requests();
    assert!(requests[1].starts_with("GET /oauth/elsewhere?a=b HTTP/1.1\r\n"), "{}", requests[1]);
    assert_eq!(header(&requests[1], "cookie"), None);
}

#[tokio::test]
async fn circles_and_sizes_are_bounded() {
    let server = sending_to("/oauth/authorize?again");
    let answer = client_of(&server).preflight(request(&server)).await;
    assert_eq!(answer, Ok(PreflightAnswer::TooManyRedirects));
    assert_eq!(server.requests().len(), 6);
    let server =
        Server::answering(with_headers("200 OK", "Content-Type: text/html\r\n", &"x".repeat(1_000_001)));
    let failure = client_of(&server).preflight(request(&server)).await.unwrap_err();
    assert_eq!((failure.call, failure.kind), (Call::Probe, FailureKind::TooLarge { limit_bytes: 1_000_000 }));
}

#[tokio::test]
async fn a_page_that_never_comes_is_not_waited_for() {
    let server = Server::start(|_, _, _| Then::Keep);
    let failure = hurried(&server).preflight(request(&server)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TimedOut { limit_s: 1 });
}

#[tokio::test]
async fn plain_http_outside_this_machine_is_not_asked() {
    let server = sending_to("/");
    let url = "http://zoom.us/oauth/authorize?client_id=x".to_owned();
    let failure = client_of(&server)
        .preflight(PreflightRequest { url, redirect_uri: REDIRECT.to_owned() })
        .await
        .unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Forbidden { .. }), "{failure:?}");
}
