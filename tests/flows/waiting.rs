//! The ways in through the real listener: the short address, a second shell, a second wizard, and a port that is gone.

use super::admin::Admin;
use super::browser::{Reach, get};
use super::complete::at_login;
use super::harness::{Harness, World, free_port};
use url::Url;
use zoom_setup::app::model::Model;
use zoom_setup::app::wizard::{AuthorizationPhase, StepState};
use zoom_setup::ports::PortReason;
use zoom_setup::secret::Secret;

/// The port on which the login waits.
pub fn port(model: &Model) -> Option<u16> {
    match model.wizard().map(|wizard| &wizard.state) {
        Some(StepState::Authorize(authorization)) => match authorization.phase {
            AuthorizationPhase::Waiting { port, .. } => port,
            _ => None,
        },
        Some(_) | None => None,
    }
}

/// The address of the login, and the port that waits for it.
fn waiting(harness: &Harness) -> (String, u16) {
    match harness.login() {
        AuthorizationPhase::Waiting { url, port: Some(port), .. } => (url.clone(), *port),
        other => panic!("not listening: {other:?}"),
    }
}

fn on_loopback(port: u16, path: &str) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap()
}

/// Both ways, each at an offer.
fn both_ways() -> [Harness; 2] {
    ["Enter", "Down Enter"].map(|keys| {
        let world = World::new(&[]);
        world.browser.set(Reach::Elsewhere);
        let mut harness = at_login(world, "servicenow-dex");
        harness.press(keys);
        harness
    })
}

#[test]
fn the_short_address_leads_to_the_long_one() {
    for mut harness in both_ways() {
        let (url, port) = waiting(&harness);
        let (status, location, _) = get(&on_loopback(port, "/go"));
        assert_eq!((status, location.as_deref()), (302, Some(url.as_str())));
        harness.until("the visit is in the log", |model| match model.wizard().map(|wizard| &wizard.state) {
            Some(StepState::Authorize(authorization)) => {
                authorization.log.iter().any(|line| line.text.contains("/go"))
            }
            Some(_) | None => false,
        });
    }
}

/// What the `curl` line on the screen does: the final address, handed over from another shell of this machine, also
/// where the browser ended at the receiver.
#[test]
fn the_final_address_is_handed_over_from_a_second_shell() {
    for mut harness in both_ways() {
        let (_, port) = waiting(&harness);
        let landed = Url::parse(&harness.landing(1).address).unwrap();
        let query = landed.query().unwrap().to_owned();
        let shell = std::thread::spawn(move || get(&on_loopback(port, &format!("/callback?{query}"))));
        harness.until_login_ends();
        assert_eq!(*harness.login(), AuthorizationPhase::Granted);
        assert_eq!(shell.join().unwrap().0, 303);
    }
}

/// Two wizards on one machine, each with a login of its own: the second takes the next port, says so, and both end
/// well, whichever is first.
#[test]
fn two_wizards_do_not_disturb_each_other() {
    for second_first in [false, true] {
        let ports = vec![free_port(), free_port(), free_port()];
        let mut wizards = [0, 1].map(|_| {
            let mut world = World::new(&[]);
            world.settings.loopback_ports.clone_from(&ports);
            world.browser.set(Reach::Nothing);
            let mut harness = at_login(world, "celigo-oauth");
            let keys = harness.caught_here();
            harness.press(keys);
            harness
        });
        let bound = wizards.each_ref().map(|harness| port(&harness.model).unwrap());
        assert_ne!(bound[0], bound[1]);
        let AuthorizationPhase::Waiting { passed_over, pending, .. } = wizards[1].login() else {
            panic!("{:?}", wizards[1].login())
        };
        let first = passed_over.iter().find(|problem| problem.port == bound[0]).unwrap();
        assert!(matches!(first.reason, PortReason::InUse { .. }), "{first:?}");
        assert!(pending.redirect_uri.contains(&format!(":{}/", bound[1])));
        // The callback of the one is none of the other: its state is another.
        let state = |harness: &Harness| match harness.login() {
            AuthorizationPhase::Waiting { pending, .. } => pending.state.expose().to_owned(),
            other => panic!("{other:?}"),
        };
        let stray = format!("/callback?code=abcdefgh&state={}", state(&wizards[0]));
        assert_eq!(get(&on_loopback(bound[1], &stray)).0, 400);
        let order = if second_first { [1, 0] } else { [0, 1] };
        for index in order {
            wizards[index].world.browser.set(Reach::Loopback);
            wizards[index].log_in("o");
            assert_eq!(*wizards[index].login(), AuthorizationPhase::Granted, "wizard {index}");
        }
    }
}

/// Killed, and when it comes back somebody else has the port: the paste box does it.
#[test]
fn the_port_of_a_pending_login_is_gone() {
    let world = World::new(&[]);
    world.browser.set(Reach::Elsewhere);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Down Enter");
    let (_, port) = waiting(&harness);
    let address = harness.landing(1).address;
    let world = harness.kill();
    let _holder = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut harness = Harness::start(world);
    harness.resume();
    harness.until("why nothing listens", |model| match model.wizard().map(|wizard| &wizard.state) {
        Some(StepState::Authorize(authorization)) => {
            authorization.log.iter().any(|line| line.text.contains("is held by"))
        }
        Some(_) | None => false,
    });
    assert!(matches!(harness.login(), AuthorizationPhase::Waiting { port: None, .. }));
    harness.paste(&address);
    harness.log_in("Enter");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
}

/// The time is over, nothing listens, and the code that came at the last moment still counts. Killed after that, too.
#[test]
fn a_late_code_is_pasted() {
    for kill in [false, true] {
        let mut world = World::new(&[]);
        world.browser.set(Reach::Elsewhere);
        world.settings.authorize_limit_s = 1;
        let mut harness = at_login(world, "celigo-oauth");
        harness.press("Enter");
        let (_, port) = waiting(&harness);
        let address = harness.landing(1).address;
        let is_late = |model: &Model| {
            matches!(model.wizard().map(|wizard| &wizard.state), Some(StepState::Authorize(authorization))
                if matches!(authorization.phase, AuthorizationPhase::Waiting { late: true, .. }))
        };
        harness.until("the time is over", is_late);
        let mut harness = if kill {
            let mut harness = harness.restart();
            harness.resume();
            harness.until("it is taken up", is_late);
            assert_eq!(get(&on_loopback(port, "/go")).0, 0, "nothing listens");
            harness
        } else {
            harness
        };
        harness.paste(&address);
        harness.log_in("Enter");
        assert_eq!(*harness.login(), AuthorizationPhase::Granted);
    }
}

/// Killed, and started again when nothing can be made of the login any more: it is gone, and the step says so.
#[test]
fn a_pending_login_that_is_too_late_is_removed() {
    let world = World::new(&[]);
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "servicenow-dex");
    harness.press("Enter");
    let pending = match harness.login() {
        AuthorizationPhase::Waiting { pending, .. } => pending.clone(),
        other => panic!("{other:?}"),
    };
    let id = harness.wizard().setup.id.clone();
    harness.until_stored();
    let world = harness.kill();
    // As if an hour had passed.
    let mut store = world.open_store();
    let hour = jiff::SignedDuration::from_hours(1);
    let old = zoom_setup::oauth::PendingAuthorization {
        begun_at: pending.begun_at - hour,
        expires_at: pending.expires_at - hour,
        ..pending
    };
    let key = zoom_setup::setup::SecretKey::SetupPending(id);
    zoom_setup::ports::Store::write_secrets(&mut store, vec![(key.clone(), Some(old.to_secret()))]).unwrap();
    drop(store);
    let mut harness = Harness::start(world);
    harness.resume();
    let AuthorizationPhase::Failed { problem } = harness.login() else { panic!("{:?}", harness.login()) };
    assert_eq!(problem.code, "login-timed-out");
    harness.until_stored();
    let store = harness.world.open_store();
    assert_eq!(zoom_setup::ports::Store::read_secret(&store, &key).unwrap(), None::<Secret>);
    harness.world.browser.set(Reach::Loopback);
    harness.press("Esc");
    harness.log_in("Down Enter");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
}
