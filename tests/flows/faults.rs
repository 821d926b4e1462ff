//! Every fault of the sandbox: it shows its own diagnosis or finding, and the admin's next keys lead on to the end.

use super::admin::Admin;
use super::browser::Reach;
use super::complete::{End, at_login, check_disk, finish, verify_and_finish};
use super::harness::{Harness, World};
use std::time::Duration;
use zoom_setup::app::wizard::{Activation, AuthorizationPhase, StepState, VerifyingPhase};
use zoom_setup::procedure::{AppKind, StepKind};
use zoom_setup::sandbox::Fault;
use zoom_setup::setup::Outcome;

/// The diagnosis that a fault of a token call shows; `None` where it shows in the checks.
fn code(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::WrongSecret => Some("invalid-client"),
        Fault::NotActivated => Some("app-disabled"),
        Fault::MissingScope | Fault::ScopeLag => None,
        Fault::RedirectMismatch => Some("invalid-redirect"),
        Fault::Deny => Some("access-denied"),
        Fault::ExpiredCode => Some("code-expired"),
        Fault::Slow => Some("timed-out"),
        Fault::RateLimit => Some("rate-limited-daily"),
        Fault::Html => Some("html-answer"),
        Fault::Drop => Some("answer-lost"),
    }
}

fn world(fault: Fault) -> World {
    world_with(fault, 1)
}

fn world_with(fault: Fault, strikes: u32) -> World {
    let mut world = World::with_strikes(&[fault], strikes);
    if fault == Fault::Slow {
        world.limits.total = Duration::from_secs(3);
    }
    world
}

fn general(fault: Fault) {
    let mut harness = at_login(world(fault), "servicenow-dex");
    if fault == Fault::RedirectMismatch {
        // The browser stays at Zoom's error page; nothing comes back, so the admin pastes what the page says.
        harness.press("Enter");
        let landing = harness.landing(1);
        assert_eq!(landing.status, 400);
        let heading = landing.page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
        assert!(heading.contains("(4,700)"), "{heading}");
        harness.paste(heading);
        harness.press("Enter");
    } else {
        harness.log_in("Enter");
    }
    match code(fault) {
        Some(code) => {
            let AuthorizationPhase::Failed { problem } = harness.login() else {
                panic!("{fault}: {:?}", harness.login())
            };
            assert_eq!(problem.code, code, "{fault}: {problem:?}");
            assert!(!problem.next.is_empty());
            if let Some(landing) = harness.world.browser.landings().first()
                && fault != Fault::RedirectMismatch
            {
                assert!(landing.page.contains("zoom-setup"), "the browser is told: {landing:?}");
            }
            harness.log_in("r");
        }
        None => {
            assert_eq!(*harness.login(), AuthorizationPhase::Granted);
            harness.press("Enter");
            assert_eq!(harness.wizard().current().kind, StepKind::Verify);
            let scopes = harness.check("scopes");
            assert_eq!(scopes.outcome, Outcome::Fail, "{scopes:?}");
            assert!(scopes.next.is_some());
            let verification = harness.wizard().setup.verification.as_ref().unwrap();
            assert!(!verification.missing.is_empty() && verification.excess.is_empty());
            assert_eq!(*harness.verifying(), VerifyingPhase::Finished);
            if fault == Fault::ScopeLag {
                // The scopes come in late: asking again finds them.
                harness.press("r");
                let stored = {
                    assert_eq!(*harness.verifying(), VerifyingPhase::Deciding { selected: 0 });
                    harness.press("Enter");
                    finish(&mut harness)
                };
                return check_disk(&harness, &stored);
            }
            // An older token keeps its older scopes: log in again.
            harness.press("r");
            assert_eq!(harness.check("scopes").outcome, Outcome::Fail);
            harness.press("Esc");
            harness.log_in("r");
        }
    }
    assert_eq!(*harness.login(), AuthorizationPhase::Granted, "{fault}: {}", harness.notice());
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}

fn server(fault: Fault) {
    // A call that spends nothing is repeated once by itself, so one lost answer would not even show.
    let mut world = world_with(fault, if fault == Fault::Drop { 2 } else { 1 });
    if fault == Fault::ScopeLag {
        // One further try, so that the lag outlasts the activation.
        world.settings.lag_delays_s = vec![0];
    }
    let mut harness = Harness::start(world);
    harness.begin("servicenow-external-content");
    harness.walk();
    harness.press("Enter");
    let StepState::Activate(activation) = harness.wizard().state.clone() else { panic!("not at activation") };
    match (activation, code(fault)) {
        (Activation::Failed { diagnosis }, Some(code)) => {
            assert_eq!(diagnosis.code, code, "{fault}: {diagnosis:?}");
            harness.press("r");
        }
        (Activation::Granted { missing, .. }, None) => {
            assert!(!missing.is_empty(), "{fault}: the answers lacked scopes to the last try");
            harness.press("r");
        }
        (other, code) => panic!("{fault}: {other:?} in place of {code:?}"),
    }
    let StepState::Activate(Activation::Granted { missing, .. }) = &harness.wizard().state else {
        panic!("{fault}: {:?}", harness.wizard().state)
    };
    assert!(missing.is_empty(), "{fault}");
    harness.press("Enter");
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}

#[test]
fn every_fault_of_a_login_is_named_and_mended() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.applies_to(AppKind::General)) {
        if fault != Fault::Slow {
            general(fault);
        }
    }
}

#[test]
fn every_fault_of_an_account_token_is_named_and_mended() {
    for fault in Fault::ALL.into_iter().filter(|fault| fault.applies_to(AppKind::ServerToServer)) {
        if fault != Fault::Slow {
            server(fault);
        }
    }
}

#[test]
fn a_slow_exchange_is_named_and_mended() {
    general(Fault::Slow);
}

#[test]
fn a_slow_account_token_is_named_and_mended() {
    server(Fault::Slow);
}

/// The first fault may strike during the checks as well: then the finding is there and `r` mends it.
#[test]
fn a_check_that_fails_is_mended_by_trying_again() {
    let mut harness = at_login(World::new(&[]), "servicenow-dex");
    harness.log_in("Enter");
    harness.press("Enter");
    assert!(matches!(harness.verifying(), VerifyingPhase::Deciding { .. }));
    // Again while deciding: the refresh is spent, stored, and the decision is asked for anew.
    harness.press("r");
    assert_eq!(harness.check("refresh").outcome, Outcome::Pass);
    assert!(matches!(harness.verifying(), VerifyingPhase::Deciding { selected: 0 }));
    harness.press("Down Enter");
    let stored = finish(&mut harness);
    check_disk(&harness, &stored);
}

/// With failures a second Enter goes on, and a login that the wizard holds is still decided about.
#[test]
fn a_failed_check_can_be_passed_and_the_login_is_not_forgotten() {
    let mut harness = at_login(World::new(&[Fault::MissingScope]), "servicenow-dex");
    harness.log_in("Enter");
    harness.press("Enter");
    harness.press("Enter");
    assert!(harness.notice().contains("failed"), "{}", harness.notice());
    harness.press("Enter");
    assert_eq!(*harness.verifying(), VerifyingPhase::Deciding { selected: 0 });
    harness.press("Enter");
    let stored = finish(&mut harness);
    assert!(stored.verification.unwrap().failed());
    assert!(stored.grant.is_none(), "the test login is revoked");
}

/// A browser that does not open is a notice; the address can be copied and the login goes on.
#[test]
fn without_a_browser_the_address_is_copied() {
    let world = World::new(&[]);
    world.browser.set(Reach::Nothing);
    let mut harness = at_login(world, "celigo-oauth");
    harness.press("Enter");
    harness.until("the notice", |model| {
        model.notice.as_ref().is_some_and(|notice| notice.text.contains("did not open"))
    });
    harness.press("c");
    let address = harness.world.copied.0.lock().unwrap().last().unwrap().clone();
    assert!(address.contains("/oauth/authorize?"), "{address}");
    harness.world.browser.set(Reach::Loopback);
    harness.log_in("o");
    assert_eq!(*harness.login(), AuthorizationPhase::Granted);
}
