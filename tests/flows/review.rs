//! The review of scopes on the screen, with what the embedded Zoom grants: pasted, of a stored connection, and of a set-up.

use super::admin::Admin;
use super::classic::CLASSIC;
use super::complete::{End, GENERAL, SERVER, at_login, verify_and_finish};
use super::harness::{Harness, World};
use std::collections::BTreeSet;
use std::sync::Arc;
use zoom_setup::app::review::Reviewing;
use zoom_setup::oauth::{ClientAuthentication, Grant, TokenRequest};
use zoom_setup::ports::Zoom;
use zoom_setup::procedure::{AppKind, ScopeNeed};
use zoom_setup::sandbox::AppConfiguration;
use zoom_setup::scope::proof::Outcome;
use zoom_setup::scope::review::{Standing, State};
use zoom_setup::system::SystemClock;
use zoom_setup::zoom::{Limits, ZoomClient};

const TOO_MUCH: &str = "user:delete:user:admin";

fn reviewing(harness: &Harness) -> &Reviewing {
    harness.model.review.as_deref().unwrap()
}

fn ids(harness: &Harness, state: State) -> BTreeSet<String> {
    reviewing(harness).review.ids(state).into_iter().map(str::to_owned).collect()
}

fn required(harness: &Harness, id: &str) -> Vec<String> {
    let procedure = harness.model.procedure(id).unwrap();
    procedure.scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
}

/// What the admin has on Zoom's page from now on.
fn on_zooms_page(world: &World, scopes: &[String]) {
    let configuration = AppConfiguration {
        scopes: scopes.iter().cloned().collect(),
        activated: true,
        ..AppConfiguration::default()
    };
    let dropped = world.sandbox.configure(AppKind::ServerToServer, configuration);
    assert!(dropped.is_empty(), "{dropped:?}");
}

/// The `scope` string of a token of an app that has these.
fn granted(harness: &Harness, scopes: &[String]) -> String {
    on_zooms_page(&harness.world, scopes);
    let app = harness.world.sandbox.app_page(AppKind::ServerToServer);
    let endpoints = harness.world.settings.endpoints.clone();
    let zoom = ZoomClient::new(endpoints, Arc::new(SystemClock), Limits::default());
    let client = ClientAuthentication::Basic { client_id: app.client_id, client_secret: app.client_secret };
    let grant = Grant::AccountCredentials { account_id: app.account_id.unwrap() };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let token = tokio.block_on(zoom.token(TokenRequest { client, grant })).unwrap();
    token.scopes.unwrap().join(" ")
}

/// The review of a procedure, from the home screen.
fn open(harness: &mut Harness, id: &str) {
    harness.press("Home");
    for _line in 0..20 {
        harness.press("v");
        if reviewing(harness).about.procedure.as_ref().is_some_and(|procedure| procedure.id == id) {
            return;
        }
        harness.press("Esc Down");
    }
    panic!("{id} is not on the home screen");
}

#[test]
fn each_procedure_with_what_zoom_granted() {
    let mut harness = Harness::start(World::new(&[]));
    for id in GENERAL.into_iter().chain(SERVER) {
        let required = required(&harness, id);
        let all: BTreeSet<String> = required.iter().cloned().collect();
        open(&mut harness, id);
        assert!(!reviewing(&harness).review.compared);

        let text = granted(&harness, &required);
        harness.paste(&text);
        assert_eq!(ids(&harness, State::Granted), all, "{id}");
        assert!(reviewing(&harness).review.todo.is_empty(), "{id}");

        let (lost, rest) = required.split_first().unwrap();
        let beside = vec!["group:read:list_groups:admin".to_owned()];
        let text = granted(&harness, &[rest, &beside].concat());
        harness.paste(&text);
        assert_eq!(ids(&harness, State::Missing), BTreeSet::from([lost.clone()]), "{id}");
        assert_eq!(ids(&harness, State::Excess), beside.into_iter().collect(), "{id}");
        harness.press("n");
        assert_eq!(harness.world.copied.0.lock().unwrap().last(), Some(lost), "{id}");

        let text = granted(&harness, &[required.as_slice(), &[TOO_MUCH.to_owned()]].concat());
        harness.paste(&text);
        assert_eq!(ids(&harness, State::Excess), BTreeSet::from([TOO_MUCH.to_owned()]), "{id}");
        assert!(ids(&harness, State::Missing).is_empty(), "{id}");
        harness.press("d");
        assert_eq!(reviewing(&harness).tasks().collect::<Vec<_>>(), [TOO_MUCH], "{id}");

        let (_, classic) = CLASSIC.iter().find(|(of, _)| *of == id).unwrap();
        let classic: Vec<String> = classic.iter().map(|scope| (*scope).to_owned()).collect();
        let text = granted(&harness, &classic);
        harness.paste(&text);
        assert_eq!(reviewing(&harness).review.covered.len(), required.len(), "{id}");
        assert!(reviewing(&harness).review.todo.is_empty(), "{id}");

        harness.paste("{\"access_token\":\"x\",\"token_type\":\"bearer\"}");
        assert!(!reviewing(&harness).review.compared && ids(&harness, State::Missing).is_empty(), "{id}");
        assert!(
            reviewing(&harness).review.rows.iter().all(|row| row.standing == Standing::NotConfirmed),
            "{id}"
        );
        harness.press("Esc");
        assert!(harness.model.review.is_none());
    }
}

/// Whether the proof found that out of every granted scope that a read can show.
fn assert_proved(harness: &Harness) {
    let found = reviewing(harness).found.as_ref().unwrap();
    assert_eq!(found.stopped, None);
    assert!(!found.results.is_empty());
    for proved in found.results.values() {
        assert!(
            matches!(
                proved.outcome,
                Outcome::Works
                    | Outcome::NotFoundButAllowed
                    | Outcome::NotProvable
                    | Outcome::PlanOrRoleMissing
            ),
            "{proved:?}"
        );
    }
}

#[test]
fn a_stored_connection_is_proved_and_follows_a_change_in_zoom() {
    for id in SERVER {
        let mut harness = Harness::start(World::new(&[]));
        harness.begin(id);
        harness.walk();
        harness.press("Enter Enter");
        let stored = verify_and_finish(&mut harness, End::Keep);
        let required = required(&harness, id);
        harness.press("v t");
        assert_proved(&harness);
        assert!(reviewing(&harness).review.todo.is_empty(), "{}", stored.name);

        let (lost, rest) = required.split_first().unwrap();
        on_zooms_page(&harness.world, &[rest, &[TOO_MUCH.to_owned()]].concat());
        harness.press("t");
        assert_eq!(ids(&harness, State::Missing), BTreeSet::from([lost.clone()]), "{id}");
        assert_eq!(ids(&harness, State::Excess), BTreeSet::from([TOO_MUCH.to_owned()]), "{id}");
        assert_eq!(reviewing(&harness).found.as_ref().unwrap().results.len(), required.len());

        // The report lies beside the user, and holds no secret.
        harness.press("e");
        harness.until("the report is written", |model| {
            model.notice.as_ref().is_some_and(|notice| notice.text.starts_with("Written to"))
        });
        let path = harness.notice().trim_start_matches("Written to ").to_owned();
        let report = std::fs::read_to_string(&path).unwrap();
        assert!(report.contains(lost) && report.contains("## Proof of"), "{report}");
        let secret = harness.world.sandbox.app_page(AppKind::ServerToServer).client_secret;
        assert!(!report.contains(secret.expose()));
    }
}

#[test]
fn a_set_up_is_proved_with_its_test_login() {
    for id in GENERAL {
        let mut harness = at_login(World::new(&[]), id);
        let keys = harness.caught_here();
        harness.log_in(keys);
        harness.press("Enter");
        harness.walk();
        harness.press("v t");
        assert_proved(&harness);
        harness.press("Esc");
        verify_and_finish(&mut harness, End::Revoke);
    }
}
