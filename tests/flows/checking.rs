//! The check of connections on the screen, through the real loop against the embedded Zoom.

use super::admin::Admin;
use super::complete::{End, at_login, verify_and_finish};
use super::harness::{Harness, World};
use zoom_setup::app::checking::{Checks, Run};
use zoom_setup::app::model::{HomeItem, Screen};
use zoom_setup::check::{Entry, FindingCode, Status};
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::ports::Store;
use zoom_setup::setup::{Connection, Owner, SecretKey};
use zoom_setup::store::HistoryFile;

fn logged_in(harness: &mut Harness) {
    let keys = harness.caught_here();
    harness.log_in(keys);
    harness.press("Enter");
}

/// A stored connection with that end of its test login, on its screen.
fn stored(id: &str, end: End) -> (Harness, Connection) {
    let mut harness = at_login(World::new(&[]), id);
    logged_in(&mut harness);
    let connection = verify_and_finish(&mut harness, end);
    (harness, connection)
}

fn last(harness: &Harness, name: &str) -> Option<Entry> {
    let connection = harness.model.connection(name).unwrap();
    harness.model.checking.last(connection).cloned()
}

fn screen(harness: &Harness) -> &Checks {
    match &harness.model.screen {
        Screen::Checks(checks) => checks,
        other => panic!("no check on screen but {other:?}; {}", harness.notice()),
    }
}

fn tokens(harness: &Harness, name: &str) -> TokenRecord {
    let key = SecretKey::ConnectionTokens(name.to_owned());
    harness.world.open_store().tokens().unwrap().look(&key).unwrap().unwrap()
}

fn until_checked(harness: &mut Harness) {
    harness.until("the check is over", |model| model.checking.run.is_none());
}

/// The home screen's line of the check.
fn to_the_check(harness: &mut Harness) {
    let at = harness.model.home_items().iter().position(|item| *item == HomeItem::Check).unwrap();
    harness.press("Home");
    for _press in 0..at {
        harness.press("Down");
    }
    harness.press("Enter");
}

/// Somebody logs in to the same app, as the same user, for another purpose.
fn another_login(harness: Harness, id: &str) -> Harness {
    let mut harness = harness.restart();
    harness.begin(id);
    harness.walk_to("authorize");
    logged_in(&mut harness);
    harness.restart()
}

#[test]
fn healthy_then_superseded_then_logged_in_again_and_healthy() {
    let id = "celigo-oauth";
    let (mut harness, connection) = stored(id, End::Keep);
    let name = connection.name.clone();
    assert_eq!(connection.owner, Owner::Wizard);
    harness.press("r");
    until_checked(&mut harness);
    assert_eq!(last(&harness, &name).unwrap().status, Status::Healthy, "{}", harness.notice());
    assert_eq!(harness.notice(), format!("{name}: healthy"));

    let mut harness = another_login(harness, "servicenow-dex");
    harness.until("it is remembered", |model| model.checking.history.last(&name).is_some());
    assert_eq!(last(&harness, &name).unwrap().status, Status::Healthy);
    // As it is on the disk: what the first run had in memory is a moment younger.
    let connection = harness.model.connection(&name).unwrap().clone();
    to_the_check(&mut harness);
    harness.press("R");
    until_checked(&mut harness);
    let found = last(&harness, &name).unwrap();
    assert_eq!((found.status, found.findings[0]), (Status::Unhealthy, FindingCode::Superseded));

    harness.press("l");
    assert_eq!(harness.step(), "authorize", "{}", harness.notice());
    logged_in(&mut harness);
    harness.walk();
    harness.press("Enter");
    harness.walk();
    harness.press("Enter");
    harness.until("the connection is on screen", |model| matches!(model.screen, Screen::Connection { .. }));
    harness.until_stored();
    let replaced = harness.model.connection(&name).unwrap().clone();
    assert_eq!(replaced.owner, Owner::Wizard);
    assert_eq!(replaced.created, connection.created);
    assert_eq!(replaced.answers, connection.answers);
    let record = tokens(&harness, &name);
    assert_eq!((record.refreshing, record.replaces), (None, None), "a record of its own, with no mark");
    assert_eq!(last(&harness, &name), None, "what was found before says nothing about this login");
    harness.press("r");
    until_checked(&mut harness);
    assert_eq!(last(&harness, &name).unwrap().status, Status::Healthy, "{}", harness.notice());

    let remembered = HistoryFile::new(&harness.world.data()).read().unwrap();
    let statuses: Vec<Status> = remembered.of(&name).iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Status::Healthy, Status::Unhealthy, Status::Healthy]);
}

#[test]
fn a_refresh_by_its_key_is_stored_and_shown() {
    let (mut harness, connection) = stored("celigo-oauth", End::Keep);
    let before = tokens(&harness, &connection.name).tokens;
    harness.press("Esc");
    to_the_check(&mut harness);
    harness.press("u");
    until_checked(&mut harness);
    assert!(last(&harness, &connection.name).unwrap().refreshed);
    let after = tokens(&harness, &connection.name).tokens;
    assert_ne!(after.refresh_token, before.refresh_token);
    harness.until_stored();
    let record = harness.model.connection(&connection.name).unwrap().grant.clone().unwrap();
    assert!(record.refreshed_at > connection.grant.unwrap().refreshed_at);
    harness.press("r");
    until_checked(&mut harness);
    assert_eq!(last(&harness, &connection.name).unwrap().status, Status::Healthy);
}

#[test]
fn a_grant_that_the_receiver_owns_is_looked_at_and_never_touched() {
    let (mut harness, connection) = stored("servicenow-dex", End::Revoke);
    assert_eq!(connection.owner, Owner::Receiver);
    harness.press("Esc");
    to_the_check(&mut harness);
    harness.press("R");
    until_checked(&mut harness);
    let found = last(&harness, &connection.name).unwrap();
    assert_eq!((found.status, found.refreshed), (Status::NotChecked, false));
    let report = harness.model.checking.report(&connection).unwrap();
    assert!(!report.places.is_empty() && !report.unknown.is_empty());
    harness.press("u l");
    assert_eq!(harness.model.checking.run, None::<Run>);
    assert_eq!(screen(&harness).list.len(), 1);
    harness.press("o");
    assert!(harness.notice().contains("not known from here"), "the first place is a menu path");
    harness.press("Tab o");
    assert!(harness.notice().contains("oauth_credential_list.do"), "{}", harness.notice());
}

#[test]
fn a_check_that_is_stopped_leaves_what_it_knows() {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin("celigo-s2s");
    harness.walk();
    harness.press("Enter Enter");
    let connection = verify_and_finish(&mut harness, End::Revoke);
    harness.press("r Esc");
    assert_eq!(harness.model.checking.run, None);
    harness.press("r");
    until_checked(&mut harness);
    assert_eq!(last(&harness, &connection.name).unwrap().status, Status::Healthy, "{}", harness.notice());
    let world = harness.stop();
    let remembered = HistoryFile::new(&world.data()).read().unwrap();
    assert!(remembered.of(&connection.name).iter().all(|entry| entry.status == Status::Healthy));
}
