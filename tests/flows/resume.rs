//! The program is killed and started again: same step, same answers, secrets there, no login lost.

use super::admin::Admin;
use super::browser::Reach;
use super::complete::{
    End, GENERAL, SERVER, at_login, check_disk, finish, no_secret_on_disk, verify_and_finish,
};
use super::harness::{Harness, World};
use super::waiting::port;
use zoom_setup::app::model::Screen;
use zoom_setup::app::wizard::{Activation, AuthorizationPhase, StepState, VerifyingPhase};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::Store;
use zoom_setup::procedure::{FieldName, StepKind};
use zoom_setup::sandbox::Refreshes;
use zoom_setup::setup::{GrantDecision, Owner, SecretKey};

/// Kills, starts again, and looks whether everything is as it was.
fn killed_and_back(mut harness: Harness) -> Harness {
    harness.until_stored();
    let (setup, secrets) = (harness.wizard().setup.clone(), harness.wizard().secrets.clone());
    let tokens = harness.wizard().tokens.clone();
    let mut harness = harness.restart();
    let known: Vec<String> = secrets.values().map(|secret| secret.expose().to_owned()).collect();
    no_secret_on_disk(&harness.world, &known);
    harness.resume();
    let wizard = harness.wizard();
    let at = &setup.current;
    assert_eq!(wizard.setup.current, *at);
    assert_eq!(wizard.current().id, *at);
    assert_eq!(wizard.setup.answers, setup.answers, "answers at {at}");
    assert_eq!(wizard.setup.secrets, setup.secrets, "fingerprints at {at}");
    assert_eq!(wizard.setup.done, setup.done, "progress at {at}");
    assert_eq!((&wizard.setup.scopes, &wizard.setup.scopes_added), (&setup.scopes, &setup.scopes_added));
    assert_eq!(wizard.secrets, secrets, "secrets at {at}");
    assert_eq!(wizard.tokens, tokens, "tokens at {at}");
    assert_eq!(wizard.setup.verification, setup.verification, "checks at {at}");
    harness
}

fn at_every_step(procedure: &str, end: End) {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin(procedure);
    loop {
        harness = killed_and_back(harness);
        match harness.wizard().current().kind {
            StepKind::Instruct
            | StepKind::Choose { .. }
            | StepKind::Fill { .. }
            | StepKind::Copy
            | StepKind::Scopes => assert!(harness.plain_step()),
            StepKind::Activate => {
                harness.press("Enter");
                harness = killed_and_back(harness);
                assert_eq!(
                    harness.wizard().state,
                    StepState::Activate(Activation::Granted { missing: Vec::new(), findings: Vec::new() })
                );
                harness.press("Enter");
            }
            StepKind::Authorize => {
                let keys = harness.caught_here();
                harness.log_in(keys);
                harness = killed_and_back(harness);
                assert_eq!(*harness.login(), AuthorizationPhase::Granted);
                harness.press("Enter");
            }
            StepKind::Verify => {
                if !harness.wizard().is_server_to_server() {
                    assert_eq!(*harness.verifying(), VerifyingPhase::Deciding { selected: 0 });
                }
                harness.press(if end == End::Keep { "Down Enter" } else { "Enter" });
            }
            StepKind::HandOver => break,
        }
    }
    let stored = finish(&mut harness);
    check_disk(&harness, &stored);
}

#[test]
fn a_kill_at_every_step_of_a_general_app() {
    at_every_step(GENERAL[1], End::Revoke);
    at_every_step(GENERAL[2], End::Keep);
}

#[test]
fn a_kill_at_every_step_of_a_server_to_server_app() {
    at_every_step(SERVER[0], End::Revoke);
}

#[test]
fn a_pending_login_survives_and_a_paste_ends_it() {
    for keys in ["Enter", "Down Enter"] {
        let world = World::new(&[]);
        world.browser.set(Reach::Elsewhere);
        let mut harness = at_login(world, "servicenow-omnichannel");
        harness.press(keys);
        let address = harness.landing(1).address;
        let mut harness = harness.restart();
        harness.resume();
        harness.until("the login is taken up", |model| {
            matches!(model.wizard().map(|wizard| &wizard.state),
                Some(StepState::Authorize(authorization))
                    if matches!(authorization.phase, AuthorizationPhase::Waiting { .. }))
        });
        harness.press("p");
        harness.paste(&address);
        harness.log_in("Enter");
        assert_eq!(*harness.login(), AuthorizationPhase::Granted, "{keys}");
        harness.press("Enter");
        let stored = verify_and_finish(&mut harness, End::Revoke);
        check_disk(&harness, &stored);
    }
}

/// The listener is back on the same port as well, so a browser that was slow still arrives.
#[test]
fn a_pending_login_survives_and_the_browser_ends_it() {
    let world = World::new(&[]);
    world.browser.set(Reach::Elsewhere);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Down Enter");
    let address = harness.landing(1).address;
    let mut harness = harness.restart();
    harness.resume();
    harness.until("the port is bound again", |model| port(model).is_some());
    let url = url::Url::parse(&address).unwrap();
    let visit = std::thread::spawn(move || super::browser::get(&url));
    harness.until_login_ends();
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
    assert_eq!(visit.join().unwrap().0, 303, "the browser is sent to the clean address");
}

/// Going to another step and back finds the login still waiting, on the same port.
#[test]
fn a_look_at_another_step_does_not_end_a_login() {
    let world = World::new(&[]);
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Down Enter");
    let AuthorizationPhase::Waiting { url, .. } = harness.login().clone() else { panic!("not waiting") };
    harness.press("s Up Enter");
    assert_eq!(harness.step(), "scopes");
    harness.press("s Down Enter");
    harness.until("the port is bound again", |model| port(model).is_some());
    let AuthorizationPhase::Waiting { url: again, .. } = harness.login() else { panic!("not waiting") };
    assert_eq!(url, *again);
    harness.world.browser.set(Reach::Loopback);
    harness.log_in("o");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
}

// Row N07 of docs/callback-rows.md.
#[test]
fn cancelling_frees_the_port() {
    let world = World::new(&[]);
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Down Enter");
    let AuthorizationPhase::Waiting { port: Some(port), .. } = *harness.login() else {
        panic!("not listening")
    };
    assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_err());
    harness.press("Esc");
    assert!(matches!(harness.login(), AuthorizationPhase::Offer { selected: 1 }));
    // The same port is wanted and had again.
    harness.press("Enter");
    let AuthorizationPhase::Waiting { port: again, .. } = *harness.login() else { panic!("not listening") };
    assert_eq!(again, Some(port));
}

#[test]
fn a_taken_port_is_named_and_another_one_does() {
    let world = World::new(&[]);
    let holder = std::net::TcpListener::bind(("127.0.0.1", world.settings.loopback_ports[0])).unwrap();
    let mut harness = at_login(world, "celigo-oauth");
    harness.press("Down Enter");
    let AuthorizationPhase::PortTaken { problems } = harness.login() else { panic!("{:?}", harness.login()) };
    assert_eq!(problems[0].port, holder.local_addr().unwrap().port());
    // The same port once more, in vain; then any other.
    harness.press("r");
    assert!(matches!(harness.login(), AuthorizationPhase::PortTaken { .. }));
    harness.press("Enter");
    harness.until_login_ends();
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
}

/// Leaving in the middle of a form keeps what was typed, the secret too.
#[test]
fn what_is_typed_when_leaving_is_kept() {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin("servicenow-dex");
    harness.walk_to("credentials");
    let secret = harness.value(FieldName::ClientSecret).unwrap();
    let id = harness.value(FieldName::ClientId).unwrap();
    harness.text(&id);
    harness.press("Tab");
    harness.text(&secret);
    harness.press("Ctrl-C");
    harness.until_exit();
    let world = harness.stop();
    let mut harness = Harness::start(world);
    harness.resume();
    assert_eq!(harness.step(), "credentials");
    assert_eq!(harness.wizard().setup.answers[&FieldName::ClientId], id);
    assert_eq!(harness.wizard().secrets[&FieldName::ClientSecret].expose(), secret);
    harness.press("Enter Enter");
    assert_eq!(harness.verdict().code, "pair-known");
    harness.press("Enter");
    assert_eq!(harness.step(), "redirect-url");
}

/// The power fails after every single operation of the store, from the step `from` to the stored connection.
/// Whatever was on the disk by then, the set-up goes on from there and ends well.
fn power_failure(procedure: &str, from: &str, end: End) {
    let mut cut = 1;
    loop {
        let mut harness = Harness::start(World::new(&[]));
        harness.begin(procedure);
        if from == "verify" {
            harness.walk();
            harness.log_in("Down Enter");
        } else {
            harness.walk_to(from);
        }
        harness.until_stored();
        harness.world.power_for(cut);
        let finished = go_on(&mut harness, end);
        if finished {
            assert!(cut > 10, "the power failed {cut} times");
            return;
        }
        let answers = harness.model.wizard().map(|wizard| wizard.setup.answers.clone());
        harness = harness.restart();
        assert!(harness.model.library.unreadable.is_empty());
        if harness.model.library.setups.is_empty() {
            // The last operation was the removal; everything else was done.
            let stored = harness.model.library.connections[0].clone();
            check_disk(&harness, &stored);
        } else {
            harness.resume();
            if let Some(answers) = answers {
                // At most the step that was being left is to be done again.
                for (name, value) in &harness.wizard().setup.answers {
                    assert_eq!(answers.get(name), Some(value), "cut {cut}");
                }
            }
            assert!(go_on(&mut harness, end), "cut {cut}: at {}", harness.step());
        }
        cut += 1;
        assert!(cut < 200, "the flow has an end");
    }
}

/// From wherever it stands to the end. `false`: the power failed.
fn go_on(harness: &mut Harness, end: End) -> bool {
    for _step in 0..60 {
        if harness.dead() {
            return false;
        }
        if let Screen::Connection { .. } = &harness.model.screen {
            harness.until_setups_are_gone();
            if harness.dead() {
                return false;
            }
            let Screen::Connection { name, .. } = &harness.model.screen else { panic!("left") };
            let stored = harness.model.connection(name).unwrap().clone();
            check_disk(harness, &stored);
            assert_eq!(stored.owner == Owner::Wizard, end == End::Keep);
            return true;
        }
        match harness.wizard().current().kind.clone() {
            StepKind::Authorize if *harness.login() == AuthorizationPhase::Granted => harness.press("Enter"),
            // A login that was begun before the power failed is still good.
            StepKind::Authorize if matches!(harness.login(), AuthorizationPhase::Waiting { .. }) => {
                harness.log_in("o");
            }
            StepKind::Authorize => {
                let keys = harness.caught_here();
                harness.log_in(keys);
            }
            StepKind::Verify => {
                let keys = match harness.verifying() {
                    VerifyingPhase::Deciding { .. } if end == End::Keep => "Down Enter",
                    VerifyingPhase::Finished
                        if harness.wizard().tokens.is_none()
                            && harness.wizard().setup.decision != Some(GrantDecision::RevokeAndHandOver)
                            && end == End::Keep =>
                    {
                        panic!("a login that was to be kept is gone")
                    }
                    VerifyingPhase::Finished if harness.checks().iter().any(is_failed) => {
                        // The refresh token was spent and its successor lost with the power: log in again.
                        harness.press("Esc");
                        harness.log_in("r");
                        continue;
                    }
                    _ => "Enter",
                };
                harness.press(keys);
            }
            StepKind::Activate => harness.press("Enter"),
            StepKind::HandOver => harness.press("Enter"),
            StepKind::Instruct | StepKind::Copy | StepKind::Choose { .. } => harness.press("Enter"),
            StepKind::Fill { .. } | StepKind::Scopes => {
                harness.plain_step();
            }
        }
    }
    panic!("no end in sight at {}", harness.step());
}

fn is_failed(check: &zoom_setup::setup::Check) -> bool {
    check.outcome == zoom_setup::setup::Outcome::Fail
}

// Row W06 of docs/callback-rows.md.
#[test]
fn the_power_fails_anywhere_and_the_login_is_revoked() {
    power_failure("servicenow-dex", "verify", End::Revoke);
}

// Row W06 of docs/callback-rows.md.
#[test]
fn the_power_fails_anywhere_and_the_login_is_kept() {
    power_failure("celigo-oauth", "credentials", End::Keep);
}

// Row W06 of docs/callback-rows.md.
/// Tokens that were written just before a kill are found, though the progress file does not name them yet.
#[test]
fn tokens_written_before_the_kill_are_taken_up() {
    let mut harness = at_login(World::new(&[]), "servicenow-dex");
    harness.log_in("Down Enter");
    let tokens = harness.wizard().tokens.clone().unwrap();
    let id = harness.wizard().setup.id.clone();
    let world = harness.kill();
    // As if the kill had come between the two writes.
    let store = world.open_store();
    let mut setup = store.setups().unwrap().0.remove(0);
    setup.grant = None;
    store.save_setup(&setup).unwrap();
    let kept = store.read_secret(&SecretKey::SetupTokens(id)).unwrap().unwrap();
    assert_eq!(StoredTokens::from_secret(&kept), Some(tokens.clone()));
    drop(store);
    let mut harness = Harness::start(world);
    harness.resume();
    assert_eq!(harness.wizard().tokens, Some(tokens));
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Keep);
    assert!(stored.grant.is_some());
    check_disk(&harness, &stored);
}

/// Leaving in the middle of a refresh: it goes on to its end, and the next run has the new pair.
#[test]
fn a_refresh_that_is_left_is_not_lost() {
    let mut harness = at_login(World::new(&[]), "servicenow-dex");
    harness.log_in("Down Enter");
    let old = harness.wizard().tokens.clone().unwrap();
    let key = SecretKey::SetupTokens(harness.wizard().setup.id.clone());
    let store = harness.world.open_store();
    let tokens = store.tokens().unwrap();
    let begun = |_: &World| tokens.look(&key).unwrap().unwrap().refreshing.is_some();
    let enter = crossterm::event::Event::Key(crossterm::event::KeyCode::Enter.into());
    let world = harness.leave_once(enter, "the mark is on disk", begun);
    let record = tokens.look(&key).unwrap().unwrap();
    assert_eq!(record.refreshing, None);
    assert_eq!(record.replaces, old.refresh_token.map(|token| token.fingerprint()));
    assert_eq!(world.sandbox.refreshes(), Refreshes { rotated: 1, refused: 0 });
    // The next run refreshes with the new pair.
    let mut harness = Harness::start(world);
    harness.resume();
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}
