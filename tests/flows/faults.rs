//! Every fault of the sandbox: it shows its own diagnosis or finding, and the admin's next keys lead on to the end.

use super::admin::Admin;
use super::browser::Reach;
use super::complete::{End, at_login, check_disk, finish, verify_and_finish};
use super::harness::{Harness, World};
use std::time::Duration;
use zoom_setup::app::wizard::{Activation, AuthorizationPhase, StepState, VerifyingPhase};
use zoom_setup::oauth::verdict::Judgement;
use zoom_setup::procedure::{AppKind, StepKind};
use zoom_setup::sandbox::Fault;
use zoom_setup::setup::Outcome;

/// Where a fault of a General app shows, and as what: the answer to a step's question, the login, or a check.
enum Strikes {
    Question(&'static str, &'static str),
    Login(&'static str),
    Check(&'static str),
}

fn of_general(fault: Fault) -> Strikes {
    match fault {
        Fault::WrongSecret => Strikes::Question("credentials", "invalid-client"),
        Fault::NotActivated => Strikes::Question("credentials", "app-disabled"),
        Fault::WrongKind => Strikes::Question("credentials", "wrong-kind"),
        Fault::Slow => Strikes::Question("credentials", "timed-out"),
        Fault::RateLimit => Strikes::Question("credentials", "rate-limited-daily"),
        Fault::RateLimitSeconds | Fault::RateLimitDate => Strikes::Question("credentials", "rate-limited"),
        Fault::Html => Strikes::Question("credentials", "html-answer"),
        Fault::Drop => Strikes::Question("credentials", "answer-lost"),
        Fault::RedirectMismatch => Strikes::Question("redirect-url", "invalid-redirect"),
        Fault::Deny => Strikes::Login("access-denied"),
        Fault::ExpiredCode => Strikes::Login("code-expired"),
        Fault::MissingScope | Fault::ScopeLag => Strikes::Check("scopes"),
        Fault::UserManaged | Fault::MasterScope => Strikes::Check("app-kind"),
        Fault::Superseded
        | Fault::DisabledByAdmin
        | Fault::OwnerRemoved
        | Fault::ExpiredRefresh
        | Fault::LostRefresh => Strikes::Check("refresh"),
        Fault::ClockSkew => Strikes::Check("clock"),
        Fault::WrongAccount | Fault::Deactivated => panic!("{fault} is none of a General app"),
    }
}

/// The verdict that a fault of a Server-to-Server app shows, at the credentials or at the activation; `None` where
/// a token comes all the same.
fn of_server(fault: Fault) -> Option<(&'static str, &'static str)> {
    match fault {
        Fault::WrongSecret => Some(("credentials", "invalid-client")),
        Fault::WrongKind => Some(("credentials", "wrong-kind")),
        Fault::WrongAccount => Some(("credentials", "account-refused")),
        Fault::Slow => Some(("credentials", "timed-out")),
        Fault::RateLimit => Some(("credentials", "rate-limited-daily")),
        Fault::RateLimitSeconds | Fault::RateLimitDate => Some(("credentials", "rate-limited")),
        Fault::Html => Some(("credentials", "html-answer")),
        Fault::Drop => Some(("credentials", "answer-lost")),
        Fault::NotActivated => Some(("activation", "not-activated")),
        Fault::Deactivated => Some(("activation", "deactivated")),
        Fault::MissingScope | Fault::ScopeLag | Fault::UserManaged | Fault::MasterScope => None,
        Fault::RedirectMismatch
        | Fault::Deny
        | Fault::ExpiredCode
        | Fault::Superseded
        | Fault::DisabledByAdmin
        | Fault::OwnerRemoved
        | Fault::ExpiredRefresh
        | Fault::ClockSkew
        | Fault::LostRefresh => {
            panic!("{fault} is none of a Server-to-Server app")
        }
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

/// The answer is there, and the next keys lead past the step: one that decides nothing is passed, a refusal is asked
/// about once more.
fn past_the_question(harness: &mut Harness, step: &str, code: &str) {
    harness.answer_of(step);
    let verdict = harness.verdict().clone();
    assert_eq!(verdict.code, code, "{verdict:?}");
    assert!(!verdict.candidates.is_empty(), "what to do is said: {verdict:?}");
    match verdict.judgement {
        Judgement::Open => {
            harness.press("Enter");
            assert_ne!(harness.step(), step, "what is not decided is passed");
        }
        Judgement::Refused => {
            harness.press(if step == "credentials" { "Ctrl-R" } else { "r" });
            assert_eq!(harness.step(), step);
            assert!(
                matches!(harness.verdict().judgement, Judgement::Proved | Judgement::Expected),
                "{:?}",
                harness.verdict()
            );
            harness.press("Enter");
        }
        Judgement::Proved | Judgement::Expected => panic!("{code} is no good answer"),
    }
}

fn general(fault: Fault) {
    let mut harness = Harness::start(world(fault));
    harness.begin("servicenow-dex");
    match of_general(fault) {
        Strikes::Question(step, code) => {
            past_the_question(&mut harness, step, code);
            harness.walk();
            harness.log_in("Down Enter");
        }
        Strikes::Login(code) => {
            harness.walk();
            harness.log_in("Down Enter");
            let AuthorizationPhase::Failed { problem } = harness.login() else {
                panic!("{fault}: {:?}", harness.login())
            };
            assert_eq!(problem.code, code, "{fault}: {problem:?}");
            assert!(!problem.next.is_empty());
            let landing = harness.landing(1);
            assert!(landing.page.contains("zoom-setup"), "the browser is told: {landing:?}");
            harness.log_in("r");
        }
        Strikes::Check(code) => {
            harness.walk();
            harness.log_in("Down Enter");
            assert_eq!(*harness.login(), AuthorizationPhase::Granted);
            harness.press("Enter");
            assert_eq!(harness.wizard().current().kind, StepKind::Verify);
            let check = harness.check(code);
            let warned = matches!(fault, Fault::MasterScope | Fault::ClockSkew);
            let graver = if warned { Outcome::Warning } else { Outcome::Fail };
            assert_eq!(check.outcome, graver, "{check:?}");
            assert!(check.next.is_some());
            let passing = [
                Fault::ScopeLag,
                Fault::Superseded,
                Fault::DisabledByAdmin,
                Fault::OwnerRemoved,
                Fault::ExpiredRefresh,
                Fault::ClockSkew,
            ];
            if passing.contains(&fault) {
                // The scopes come in late, or what struck is over: asking again finds nothing wrong.
                harness.press("r");
                assert_eq!(*harness.verifying(), VerifyingPhase::Deciding { selected: 0 });
                harness.press("Enter");
                let stored = finish(&mut harness);
                return check_disk(&harness, &stored);
            }
            // An older token keeps its older scopes: log in again.
            harness.press("r");
            assert_eq!(harness.check(code).outcome, graver);
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
    // A call that spends nothing is repeated once by itself, so one lost answer would not even show; and a lag or an
    // app of the wrong kind must outlast the tries of the activation.
    let mut world = world_with(fault, if fault == Fault::Drop { 2 } else { 1 });
    if matches!(fault, Fault::ScopeLag | Fault::UserManaged) {
        world.settings.lag_delays_s = if fault == Fault::ScopeLag { vec![0] } else { Vec::new() };
    }
    let mut harness = Harness::start(world);
    harness.begin("servicenow-external-content");
    let struck = of_server(fault);
    if let Some(("credentials", code)) = struck {
        past_the_question(&mut harness, "credentials", code);
    }
    harness.walk();
    harness.press("Enter");
    if fault == Fault::Deactivated {
        // It was active a moment ago.
        assert!(matches!(harness.wizard().state, StepState::Activate(Activation::Granted { .. })));
        harness.press("r");
    }
    match (harness.wizard().state.clone(), struck) {
        (StepState::Activate(Activation::Failed { verdict }), Some(("activation", code))) => {
            assert_eq!(verdict.code, code, "{fault}: {verdict:?}");
            assert!(verdict.candidates.len() > 1, "{verdict:?}");
            harness.press("r");
        }
        (StepState::Activate(Activation::Granted { missing, findings }), None) => {
            let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
            match fault {
                Fault::UserManaged => assert_eq!(codes, ["user-managed"]),
                Fault::MasterScope => assert_eq!(codes, ["master-scopes"]),
                _ => assert!(!missing.is_empty(), "{fault}: the answers lacked scopes to the last try"),
            }
            harness.press("r");
        }
        (StepState::Activate(Activation::Granted { .. }), Some(("credentials", _))) => {}
        (other, struck) => panic!("{fault}: {other:?} in place of {struck:?}"),
    }
    let StepState::Activate(Activation::Granted { missing, findings }) = &harness.wizard().state else {
        panic!("{fault}: {:?}", harness.wizard().state)
    };
    assert!(missing.is_empty() && findings.is_empty(), "{fault}");
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
    harness.log_in("Down Enter");
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
    harness.log_in("Down Enter");
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
    harness.press("Down Enter");
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
