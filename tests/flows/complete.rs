//! The five procedures from the home screen to a stored connection.

use super::admin::Admin;
use super::browser::Reach;
use super::harness::{Harness, World};
use std::collections::BTreeSet;
use zoom_setup::app::model::Screen;
use zoom_setup::app::wizard::{Activation, AuthorizationPhase, StepState, VerifyingPhase};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::Store;
use zoom_setup::procedure::{AppKind, FieldName, StepKind};
use zoom_setup::setup::{Connection, Outcome, Owner, SecretKey};

pub const GENERAL: [&str; 3] = ["servicenow-omnichannel", "servicenow-dex", "celigo-oauth"];
pub const SERVER: [&str; 2] = ["servicenow-external-content", "celigo-s2s"];

/// What becomes of the test login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Revoke,
    Keep,
}

/// From a granted login, or an activated app, to the end.
pub fn verify_and_finish(harness: &mut Harness, end: End) -> Connection {
    harness.walk();
    assert_eq!(harness.wizard().current().kind, StepKind::Verify);
    for check in harness.checks() {
        assert_eq!(check.outcome, Outcome::Pass, "{check:?}");
    }
    if harness.wizard().is_server_to_server() {
        assert_eq!(*harness.verifying(), VerifyingPhase::Finished);
        harness.press("Enter");
    } else {
        assert_eq!(*harness.verifying(), VerifyingPhase::Deciding { selected: 0 });
        harness.press(if end == End::Keep { "Down Enter" } else { "Enter" });
    }
    finish(harness)
}

/// The steps after the checks.
pub fn finish(harness: &mut Harness) -> Connection {
    harness.walk();
    assert_eq!(harness.wizard().current().kind, StepKind::HandOver, "{}", harness.notice());
    assert!(harness.wizard().copy_items().iter().all(|item| item.value.is_some()));
    harness.press("Enter");
    harness.until_setups_are_gone();
    let Screen::Connection { name, .. } = &harness.model.screen else { panic!("no connection on screen") };
    harness.model.connection(name).unwrap().clone()
}

/// What must hold of a finished set-up, on disk.
pub fn check_disk(harness: &Harness, stored: &Connection) {
    let store = harness.world.open_store();
    let (setups, unreadable) = store.setups().unwrap();
    assert!(setups.is_empty() && unreadable.is_empty(), "the set-up is removed");
    let (connections, unreadable) = store.connections().unwrap();
    assert!(unreadable.is_empty());
    assert_eq!(connections.iter().map(|found| &found.name).collect::<Vec<_>>(), [&stored.name]);
    let connection = &connections[0];
    let app = harness.world.sandbox.app_page(connection.app_kind);
    let read = |key| store.read_secret(&key).unwrap();
    let name = || connection.name.clone();
    assert_eq!(
        read(SecretKey::ConnectionField(name(), FieldName::ClientSecret)),
        Some(app.client_secret.clone())
    );
    assert_eq!(connection.secrets[&FieldName::ClientSecret], app.client_secret.fingerprint());
    // However often it was killed: no refresh token was sent that was spent.
    assert_eq!(harness.world.sandbox.refreshes().refused, 0);
    let tokens =
        read(SecretKey::ConnectionTokens(name())).map(|text| StoredTokens::from_secret(&text).unwrap());
    let kept = connection.app_kind == AppKind::General && connection.owner == Owner::Wizard;
    assert_eq!(tokens.is_some(), kept, "tokens are kept where the wizard owns the grant, and only there");
    assert_eq!(connection.grant.is_some(), kept);
    let mut secrets = vec![app.client_secret.expose().to_owned()];
    secrets.extend(app.secret_token.map(|token| token.expose().to_owned()));
    if let Some(tokens) = tokens {
        secrets.push(tokens.access_token.expose().to_owned());
        secrets.extend(tokens.refresh_token.map(|token| token.expose().to_owned()));
    }
    no_secret_on_disk(&harness.world, &secrets);
    assert!(connection.verification.as_ref().is_some_and(|verification| !verification.failed()));
}

/// No readable file holds one of the values.
pub fn no_secret_on_disk(world: &World, secrets: &[String]) {
    for (path, text) in world.records() {
        for secret in secrets {
            assert!(!text.contains(secret.as_str()), "{path} holds a secret");
        }
    }
}

/// The sheet can be exported and holds no secret.
fn check_sheet(harness: &mut Harness, stored: &Connection) {
    harness.press("e");
    harness.until("the sheet is written", |model| {
        model.notice.as_ref().is_some_and(|notice| notice.text.starts_with("Written to"))
    });
    let sheets: Vec<_> = std::fs::read_dir(harness.world.exports())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    assert_eq!(sheets.len(), 1);
    let sheet = std::fs::read_to_string(&sheets[0]).unwrap();
    assert!(sheet.contains(&stored.name));
    let secret = harness.world.sandbox.app_page(stored.app_kind).client_secret;
    assert!(!sheet.contains(secret.expose()));
}

/// Up to the login, from the home screen.
pub fn at_login(world: World, procedure: &str) -> Harness {
    let mut harness = Harness::start(world);
    harness.begin(procedure);
    harness.walk();
    assert_eq!(harness.wizard().current().kind, StepKind::Authorize);
    harness
}

fn general_by_loopback(procedure: &str, end: End) {
    let mut harness = at_login(World::new(&[]), procedure);
    harness.log_in("Down Enter");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted, "{}", harness.notice());
    let landing = harness.landing(1);
    assert_eq!(landing.status, 200, "{}", landing.page);
    assert!(landing.address.ends_with("/callback/done"), "no code stays in the address: {}", landing.address);
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, end);
    assert_eq!(stored.owner, if end == End::Keep { Owner::Wizard } else { Owner::Receiver });
    check_disk(&harness, &stored);
    check_sheet(&mut harness, &stored);
}

#[test]
fn omnichannel_by_loopback() {
    general_by_loopback("servicenow-omnichannel", End::Revoke);
}

#[test]
fn dex_by_loopback_keeping_the_grant() {
    general_by_loopback("servicenow-dex", End::Keep);
}

#[test]
fn celigo_by_loopback() {
    general_by_loopback("celigo-oauth", End::Revoke);
}

/// How the admin pastes.
#[derive(Clone, Copy, Debug)]
enum Pasted {
    Address,
    QueryOnly,
    CodeOnly,
}

/// The text with a line break every few characters, as a terminal or a mail puts them in.
fn broken(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(37).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join("\r\n ")
}

fn general_by_pasting(procedure: &str, keys: &str, pasted: Pasted) {
    let world = World::new(&[]);
    world.browser.set(Reach::Elsewhere);
    let mut harness = at_login(world, procedure);
    harness.press(keys);
    let address = harness.landing(1).address;
    assert!(address.contains("code="), "{address}");
    let url = url::Url::parse(&address).unwrap();
    let text = match pasted {
        Pasted::Address => address.clone(),
        Pasted::QueryOnly => url.query().unwrap().to_owned(),
        Pasted::CodeOnly => {
            url.query_pairs().find(|(name, _)| name == "code").map(|(_, value)| value.into_owned()).unwrap()
        }
    };
    // The first paste opens the box by itself.
    harness.paste(&broken(&text));
    harness.log_in("Enter");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted, "{pasted:?}");
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}

#[test]
fn loopback_address_pasted() {
    for (procedure, pasted) in GENERAL.into_iter().zip([Pasted::Address, Pasted::QueryOnly, Pasted::CodeOnly])
    {
        general_by_pasting(procedure, "Down Enter", pasted);
    }
}

#[test]
fn receiver_address_pasted() {
    for (procedure, pasted) in GENERAL.into_iter().zip([Pasted::QueryOnly, Pasted::CodeOnly, Pasted::Address])
    {
        general_by_pasting(procedure, "Enter", pasted);
    }
}

#[test]
fn without_a_test_login_nothing_is_claimed() {
    let mut harness = at_login(World::new(&[]), "servicenow-dex");
    harness.press("End");
    harness.press("Down Down Enter");
    assert_eq!(harness.wizard().current().kind, StepKind::Verify);
    // Only the pair was proved, without a login.
    assert_eq!(harness.check("pair").outcome, Outcome::Pass);
    let mut others = harness.checks().iter().filter(|check| check.code != "pair");
    assert!(others.all(|check| check.outcome == Outcome::NotChecked));
    harness.press("Enter");
    let stored = finish(&mut harness);
    assert_eq!(stored.owner, Owner::Receiver);
    assert!(stored.grant.is_none());
    assert!(harness.world.browser.landings().is_empty());
}

#[test]
fn server_to_server_by_token_call() {
    for procedure in SERVER {
        let mut harness = Harness::start(World::new(&[]));
        harness.begin(procedure);
        harness.walk();
        harness.press("Enter");
        let StepState::Activate(Activation::Granted { missing, .. }) = &harness.wizard().state else {
            panic!("not granted: {:?}", harness.wizard().state)
        };
        assert!(missing.is_empty());
        harness.press("Enter");
        let stored = verify_and_finish(&mut harness, End::Revoke);
        assert_eq!(stored.owner, Owner::Wizard);
        check_disk(&harness, &stored);
        check_sheet(&mut harness, &stored);
    }
}

#[test]
fn every_scope_that_zoom_needs_is_copied_once() {
    let harness = at_login(World::new(&[]), "servicenow-dex");
    let copied = harness.world.copied.0.lock().unwrap().clone();
    let scopes: BTreeSet<&String> = harness.wizard().setup.scopes.iter().collect();
    assert_eq!(copied.len(), scopes.len());
    assert_eq!(copied.iter().collect::<BTreeSet<_>>(), scopes);
}
