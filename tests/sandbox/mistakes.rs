//! What the sandbox says to the mistakes people make: the wrong pair, the wrong view, the wrong kind of app.

use super::stage::*;
use zoom_setup::procedure::AppKind;
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox};

/// A made-up code with any pair.
fn probe(stage: &Stage, id: &str, secret: &str) -> Reply {
    let pairs = [("grant_type", "authorization_code"), ("code", "made-up"), ("redirect_uri", RECEIVER)];
    send(
        stage.port(),
        "POST",
        "/oauth/token",
        &[FORM, ("Authorization", &basic(id, secret))],
        &encoded(&pairs),
    )
    .unwrap()
}

#[test]
fn the_pair_of_the_other_view_is_good_and_its_redirect_is_not() {
    let stage = Stage::ready(|_| ());
    let (id, secret) = stage.app(AppKind::General).production_pair.unwrap();
    probe(&stage, &id, secret.expose()).refused(400, "invalid_grant", "Invalid authorization code");
    let page = stage.get(&authorize_path(&id, RECEIVER, &[]));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("(4,700)"), "{}", page.body);
    // One value of each view is no pair.
    let development = stage.app(AppKind::General);
    probe(&stage, &id, development.client_secret.expose()).refused(
        400,
        "invalid_client",
        "Invalid client_id",
    );
    probe(&stage, &development.client_id, secret.expose()).refused(
        400,
        "invalid_client",
        "Invalid client_id",
    );
}

#[test]
fn a_regenerated_secret_ends_the_one_before_and_survives_a_restart() {
    let directory = temporary_directory();
    let file = directory.path().join("sandbox.json");
    let stage = Stage::ready(|options| options.state_file = Some(file.clone()));
    for kind in [AppKind::General, AppKind::ServerToServer] {
        let old = stage.app(kind);
        stage.sandbox.regenerate_secret(kind);
        let new = stage.app(kind);
        assert_ne!(old.client_secret, new.client_secret);
        assert_eq!(old.client_secret.expose().len(), new.client_secret.expose().len());
        probe(&stage, &old.client_id, old.client_secret.expose()).refused(400, "invalid_client", "Invalid");
        let answer = probe(&stage, &new.client_id, new.client_secret.expose());
        assert!(!answer.body.contains("invalid_client"), "{}", answer.body);
    }
    let secret = stage.app(AppKind::General).client_secret;
    drop(stage);
    let (mut again, _clock) = options();
    again.state_file = Some(file);
    assert_eq!(Sandbox::start(again).unwrap().app_page(AppKind::General).client_secret, secret);
}

#[test]
fn a_look_at_the_authorize_page_is_no_consent() {
    for consent in [Consent::Automatic, Consent::Page] {
        let stage = Stage::ready(|options| options.consent = consent);
        let path = authorize_path(&stage.app(AppKind::General).client_id, RECEIVER, &[]);
        let reply = stage.get(&path);
        assert_eq!(reply.status, 302);
        let sign_in = reply.header("Location").unwrap().to_owned();
        assert!(sign_in.contains("/oauth/signin?ticket="), "{sign_in}");
        assert_eq!(reply.landing("code"), None, "no code before the sign-in");
        // Each sign-in is its own, and one that nobody made is none.
        assert_ne!(stage.get(&path).header("Location"), Some(sign_in.as_str()));
        assert_eq!(stage.get("/oauth/signin?ticket=made-up").status, 400);
        assert_eq!(stage.get("/oauth/signin").status, 400);
        stage.pass(600);
        let (_, query) = sign_in.split_once("/oauth/signin").unwrap();
        assert_eq!(stage.get(&format!("/oauth/signin{query}")).status, 400, "out of date");
    }
}

#[test]
fn fault_wrong_kind() {
    let stage = Stage::with_fault(Fault::WrongKind);
    stage.exchange("made-up", RECEIVER).refused(400, "unsupported_grant_type", "unsupported grant type");
    stage.exchange("made-up", RECEIVER).refused(400, "invalid_grant", "Invalid authorization code");
    let stage = Stage::with_fault(Fault::WrongKind);
    stage.account_credentials().refused(400, "invalid_request", "does not enabled the OAuth app type");
    assert_eq!(stage.account_credentials().status, 200);
}

#[test]
fn fault_wrong_account() {
    let stage = Stage::with_fault(Fault::WrongAccount);
    stage.account_credentials().refused(400, "invalid_request", "Bad Request");
    assert_eq!(stage.account_credentials().status, 200);
}

#[test]
fn fault_deactivated() {
    let stage = Stage::with_fault(Fault::Deactivated);
    assert_eq!(stage.account_credentials().status, 200);
    stage.account_credentials().refused(400, "invalid_request", "4717");
    assert_eq!(stage.account_credentials().status, 200);
}

#[test]
fn fault_user_managed_and_master_scope() {
    let stage = Stage::with_fault(Fault::UserManaged);
    assert!(stage.account_credentials().scopes().iter().all(|scope| !scope.ends_with(":admin")));
    assert!(stage.account_credentials().scopes().iter().all(|scope| scope.ends_with(":admin")));
    let stage = Stage::with_fault(Fault::UserManaged);
    let reply = stage.exchange(&stage.code(RECEIVER), RECEIVER);
    assert!(reply.scopes().iter().all(|scope| !scope.ends_with(":admin")));
    let stage = Stage::with_fault(Fault::MasterScope);
    assert_eq!(stage.exchange(&stage.code(RECEIVER), RECEIVER).scopes().len(), SCOPES.len() + 1);
    assert_eq!(stage.exchange(&stage.code(RECEIVER), RECEIVER).scopes().len(), SCOPES.len());
}

/// Deactivating in the app's own form, not by a fault.
#[test]
fn an_app_that_is_deactivated_gives_no_token() {
    let stage = Stage::ready(|_| ());
    assert_eq!(stage.account_credentials().status, 200);
    let configuration = stage.sandbox.configuration(AppKind::ServerToServer);
    let off = AppConfiguration { activated: false, ..configuration };
    stage.sandbox.configure(AppKind::ServerToServer, off);
    stage.account_credentials().refused(400, "invalid_request", "4717");
}
