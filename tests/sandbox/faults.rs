//! Each fault strikes once, then the same act succeeds.

use super::stage::*;
use jiff::Timestamp;
use std::time::Duration;
use zoom_setup::procedure::AppKind;
use zoom_setup::sandbox::{Consent, Fault, Refreshes};

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
    // Asking again does not bring it, saving the app's pages does.
    assert_eq!(stage.account_credentials().scopes().len(), SCOPES.len() - 1);
    let saved = stage.sandbox.configuration(AppKind::ServerToServer);
    stage.sandbox.configure(AppKind::ServerToServer, saved);
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
fn fault_lost_refresh_rotates_and_says_nothing() {
    let stage = Stage::with_fault(Fault::LostRefresh);
    let first = stage.login();
    let token = first["refresh_token"].as_str().unwrap();
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert!(stage.try_form("/oauth/token", AppKind::General, &pairs).is_none());
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 1, refused: 0 });
    stage.refresh(token).refused(400, "invalid_grant", "Invalid Token!");
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 1, refused: 1 });
    assert_eq!(stage.read(first["access_token"].as_str().unwrap(), "/v2/users/me").status, 401);
    // A new login is the remedy, and its refresh works.
    let second = stage.login();
    assert_eq!(stage.refresh(second["refresh_token"].as_str().unwrap()).status, 200);
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

#[test]
fn faults_of_a_grant_strike_at_the_refresh_and_at_the_api() {
    for (fault, number) in
        [(Fault::Superseded, "4741"), (Fault::DisabledByAdmin, "4738"), (Fault::OwnerRemoved, "4735")]
    {
        let stage = Stage::with_fault(fault);
        let login = stage.exchange(&stage.code(RECEIVER), RECEIVER).json();
        let refresh = login["refresh_token"].as_str().unwrap();
        stage.refresh(refresh).refused(400, "invalid_grant", number);
        // It was refused before it was looked at, so it is not spent.
        assert_eq!(stage.refresh(refresh).status, 200);
        let stage = Stage::with_fault(fault);
        let login = stage.exchange(&stage.code(RECEIVER), RECEIVER).json();
        let access = login["access_token"].as_str().unwrap();
        let reply = stage.read(access, "/v2/users/me");
        assert_eq!((reply.status, reply.body.contains(number)), (401, true), "{}", reply.body);
        assert_eq!(stage.read(access, "/v2/users/me").status, 200);
        // An account's token belongs to no login.
        let stage = Stage::with_fault(fault);
        let access = stage.account_credentials().json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(stage.read(&access, "/v2/users?page_size=1").status, 200);
    }
}

#[test]
fn fault_expired_refresh() {
    let stage = Stage::with_fault(Fault::ExpiredRefresh);
    let login = stage.exchange(&stage.code(RECEIVER), RECEIVER).json();
    let refresh = login["refresh_token"].as_str().unwrap();
    stage.refresh(refresh).refused(400, "invalid_grant", "Invalid Token!");
    assert_eq!(stage.refresh(refresh).status, 200);
}

#[test]
fn fault_clock_skew() {
    let stage = Stage::with_fault(Fault::ClockSkew);
    let dates: Vec<String> =
        (0..2).map(|_| stage.account_credentials().header("Date").unwrap().to_owned()).collect();
    assert_eq!(dates, ["Fri, 15 Jan 2027 08:00:45 GMT", "Fri, 15 Jan 2027 08:00:00 GMT"]);
}

#[test]
fn rate_limits_come_with_every_shape_of_retry_after() {
    for (fault, header) in
        [(Fault::RateLimitSeconds, "1"), (Fault::RateLimitDate, "Fri, 15 Jan 2027 08:00:02 GMT")]
    {
        let stage = Stage::with_fault(fault);
        let reply = stage.account_credentials();
        assert_eq!((reply.status, reply.header("Retry-After")), (429, Some(header)));
        assert_eq!(stage.account_credentials().status, 200);
    }
}
