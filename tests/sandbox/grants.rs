//! The grants: authorization code, refresh, revoke, Server-to-Server.

use super::stage::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeSet;
use zoom_setup::procedure::AppKind;
use zoom_setup::sandbox::AppConfiguration;

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

// Row B01 of docs/callback-rows.md.
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

// Row B12 of docs/callback-rows.md.
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
    let code = stage.signed_in(&authorize_path(&public_id, LOOPBACK, &[])).landing("code").unwrap();
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
