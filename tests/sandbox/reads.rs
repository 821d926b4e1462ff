//! API reads, consent and app pages, and the handling of odd requests.

use super::stage::*;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use zoom_setup::procedure::{AppKind, Management};
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox};

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
        stage.token_call();
        drop(stage);
        let again = TcpListener::bind(("127.0.0.1", port));
        assert!(again.is_ok(), "{again:?}");
        drop(idle);
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
