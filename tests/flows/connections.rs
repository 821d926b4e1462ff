//! A stored connection against the sandbox: its client secret is replaced, its login revoked.

use super::admin::Admin;
use super::complete::{End, at_login, verify_and_finish};
use super::harness::{Harness, World};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::rotation::{Rotating, RotationPhase};
use zoom_setup::app::wizard::AuthorizationPhase;
use zoom_setup::oauth::verdict::Judgement;
use zoom_setup::ports::Store;
use zoom_setup::procedure::{AppKind, FieldName};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, SecretKey};

/// On the screen of a connection whose login is kept here.
fn kept() -> (Harness, Connection) {
    let mut harness = at_login(World::new(&[]), "servicenow-dex");
    harness.log_in("Down Enter");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted, "{}", harness.notice());
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Keep);
    as_it_lies(harness, &stored.name)
}

/// The same of a Server-to-Server app.
fn server() -> (Harness, Connection) {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin("celigo-s2s");
    harness.walk();
    harness.press("Enter Enter");
    let stored = verify_and_finish(&mut harness, End::Revoke);
    as_it_lies(harness, &stored.name)
}

/// The connection as it is on the disk: the model's copy has a time of its own until the library is read again.
fn as_it_lies(mut harness: Harness, name: &str) -> (Harness, Connection) {
    harness.until_stored();
    let stored = on_disk(&harness, name);
    (harness, stored)
}

fn rotating(harness: &Harness) -> &Rotating {
    harness.model.rotating.as_deref().unwrap()
}

fn secret_on_disk(harness: &Harness, name: &str) -> Option<Secret> {
    let key = SecretKey::ConnectionField(name.to_owned(), FieldName::ClientSecret);
    harness.world.open_store().read_secret(&key).unwrap()
}

fn on_disk(harness: &Harness, name: &str) -> Connection {
    let (connections, _) = harness.world.open_store().connections().unwrap();
    connections.into_iter().find(|connection| connection.name == name).unwrap()
}

#[test]
fn a_regenerated_secret_takes_the_old_ones_place() {
    for (mut harness, stored) in [kept(), server()] {
        let kind = stored.app_kind;
        let old = harness.world.sandbox.app_page(kind).client_secret;
        harness.press("n");
        assert_eq!(mode(&harness.model), Mode::Rotate);
        // Ctrl-Y presses Regenerate on the sandbox's page; Enter asks Zoom and stores.
        harness.press("Ctrl-Y");
        let new = harness.world.sandbox.app_page(kind).client_secret;
        assert_ne!(new, old);
        assert_eq!(secret_on_disk(&harness, &stored.name), Some(old), "until Zoom knows the new one");
        harness.press("Enter");
        let RotationPhase::Stored { same: false, .. } = rotating(&harness).phase else {
            panic!("{:?} {:?}", rotating(&harness).phase, rotating(&harness).verdict)
        };
        assert_eq!(secret_on_disk(&harness, &stored.name), Some(new.clone()));
        let now = on_disk(&harness, &stored.name);
        assert_eq!(now.secrets[&FieldName::ClientSecret], new.fingerprint());
        assert!(now.secret_since(FieldName::ClientSecret) > stored.created);
        harness.press("c");
        assert_eq!(harness.world.copied.0.lock().unwrap().last().map(String::as_str), Some(new.expose()));
        super::complete::no_secret_on_disk(&harness.world, &[new.expose().to_owned()]);
        harness.press("Enter");
        assert_eq!(mode(&harness.model), Mode::Connection);
    }
}

#[test]
fn a_secret_that_zoom_does_not_know_changes_nothing() {
    for (mut harness, stored) in [kept(), server()] {
        let old = harness.world.sandbox.app_page(stored.app_kind).client_secret;
        harness.press("n");
        harness.paste("abcdefghijklmnopqrstuvwxyz012345");
        harness.press("Enter");
        assert_eq!(rotating(&harness).verdict.as_ref().unwrap().judgement, Judgement::Refused);
        assert_eq!(secret_on_disk(&harness, &stored.name), Some(old));
        assert_eq!(on_disk(&harness, &stored.name), stored);
    }
}

#[test]
fn killed_while_it_is_stored_the_connection_has_a_secret_that_zoom_knows() {
    for operations in 0..8 {
        let (mut harness, stored) = kept();
        harness.press("n Ctrl-Y");
        let old = on_disk(&harness, &stored.name);
        harness.world.power_for(operations);
        harness.press("Enter");
        let harness = harness.restart();
        let kept = secret_on_disk(&harness, &stored.name).unwrap();
        let new = harness.world.sandbox.app_page(AppKind::General).client_secret;
        let now = on_disk(&harness, &stored.name);
        assert!(
            kept == new || kept.fingerprint() == old.secrets[&FieldName::ClientSecret],
            "after {operations} operations"
        );
        // The record never names a secret that is not stored.
        let named = &now.secrets[&FieldName::ClientSecret];
        assert!(*named == kept.fingerprint() || now == old, "after {operations} operations");
    }
}

#[test]
fn a_login_is_revoked_at_zoom_and_then_removed() {
    let (mut harness, stored) = kept();
    let key = SecretKey::ConnectionTokens(stored.name);
    let tokens = harness.world.open_store().tokens().unwrap();
    assert!(tokens.look(&key).unwrap().is_some());
    harness.press("x");
    assert_eq!(mode(&harness.model), Mode::Remove);
    harness.press("Enter");
    harness.until_stored();
    assert!(harness.notice().starts_with("Revoked at Zoom"), "{}", harness.notice());
    assert_eq!(tokens.look(&key).unwrap(), None);
    assert!(harness.world.open_store().connections().unwrap().0.is_empty());
}

#[test]
fn a_login_that_zoom_does_not_revoke_stays() {
    let (mut harness, stored) = kept();
    // Somebody pressed Regenerate, so the stored pair is nothing to Zoom any more.
    harness.world.sandbox.regenerate_secret(AppKind::General);
    harness.press("x Enter");
    let problem = harness.model.removing.as_ref().unwrap().problem.clone().unwrap();
    assert!(problem.text.contains("invalid_client"), "{}", problem.text);
    assert_eq!(on_disk(&harness, &stored.name), stored);
    // With the new secret it can be revoked after all.
    harness.press("Esc n");
    let new = harness.world.sandbox.app_page(AppKind::General).client_secret;
    harness.paste(new.expose());
    harness.press("Enter Enter x Enter");
    harness.until_stored();
    assert!(harness.notice().starts_with("Revoked at Zoom"), "{}", harness.notice());
}
