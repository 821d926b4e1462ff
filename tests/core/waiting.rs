//! The ways in, the ports, the countdown, and what becomes of a login that nobody finishes.

use super::admin::Admin;
use super::login::{arrives, failed, listener, waiting};
use super::support::{CODE, Core, Storing, bound_to, refusal, taken};
use rstest::rstest;
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::wizard::{Authorization, AuthorizationPhase, LoginWay, StepState};
use zoom_setup::oauth::{Call, Grant};
use zoom_setup::ports::{
    BoundPort, CallbackEvent, CallbackOutcome, ListenFailure, PortProblem, PortReason, StoreFailure,
};
use zoom_setup::procedure::FieldName;
use zoom_setup::procedure::load::load;
use zoom_setup::secret::Secret;
use zoom_setup::setup::{SecretKey, Setup};

const DEX: &str = "servicenow-dex";
const LANDED: &str = "https://dev12345.service-now.com/oauth_redirect.do?code=MARKERcode12345";

fn state(core: &Core) -> &Authorization {
    match &core.wizard().state {
        StepState::Authorize(authorization) => authorization,
        other => panic!("not at the login but {other:?}"),
    }
}

fn log(core: &Core) -> Vec<&str> {
    state(core).log.iter().map(|line| line.text.as_str()).collect()
}

/// Whether a login waits in the secret store.
fn is_pending(core: &Core) -> bool {
    core.secrets.keys().any(|key| matches!(key, SecretKey::SetupPending(_)))
}

/// The next second of the countdown comes.
fn tick(core: &mut Core) -> Vec<Effect> {
    let AuthorizationPhase::Waiting { tick, .. } = *core.login() else { panic!("{:?}", core.login()) };
    core.send(Msg::Woke { ticket: tick })
}

fn listening(core: &mut Core, result: Result<BoundPort, ListenFailure>) -> Vec<Effect> {
    let ticket = core.last(|effect| match effect {
        Effect::Listen { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.send(Msg::Listening { ticket, result })
}

/// Ten minutes have passed, and a second.
pub fn late() -> Core {
    let mut core = waiting();
    core.pass(601);
    tick(&mut core);
    core
}

/// Every port is held by somebody.
pub fn busy() -> Core {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Enter");
    listening(&mut core, Err(taken(47_823, Some("another program"))));
    core
}

#[test]
fn the_receivers_way_is_first_unless_pkce_is_on() {
    let mut core = Core::at(DEX, "authorize");
    let receiver_first = [LoginWay::Receiver, LoginWay::Loopback, LoginWay::Skip];
    assert_eq!(core.wizard().login_ways(), receiver_first);
    core.press("Down Space");
    assert_eq!(core.wizard().login_ways(), [LoginWay::Loopback, LoginWay::Receiver, LoginWay::Skip]);
    assert_eq!(*core.login(), AuthorizationPhase::Offer { selected: 0 }, "the first is proposed");
    assert_eq!(core.on_disk().answers[&FieldName::ClientType], "pkce");
    core.restart();
    core.press("Enter");
    assert_eq!(core.wizard().login_ways()[0], LoginWay::Loopback, "it is kept");
    core.press("Enter");
    core.bound(47_823);
    let AuthorizationPhase::Waiting { pending, .. } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(pending.redirect_uri, "http://127.0.0.1:47823/callback");
    core.press("Esc Space");
    assert_eq!(core.wizard().login_ways(), receiver_first);
    assert_eq!(core.on_disk().answers[&FieldName::ClientType], "confidential");
}

/// What a login has shown is not asked for: Zoom takes a loopback address for this app.
#[test]
fn a_login_that_was_caught_here_puts_its_way_first() {
    let mut core = waiting();
    arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    let grant = core.grant();
    core.token(Ok(grant));
    assert_eq!(core.on_disk().answers[&FieldName::ClientType], "pkce");
    core.restart();
    core.press("Enter r");
    core.bound(47_823);
    let AuthorizationPhase::Waiting { pending, .. } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(pending.redirect_uri, "http://127.0.0.1:47823/callback");
}

/// A procedure that asks for no client secret is that of a public client, and there is nothing to tick.
#[test]
fn a_public_client_is_known() {
    let mut file = include_str!("../data/fixture-general.toml").to_owned();
    for field in [
        "[[steps.fields]]\nname = \"client_secret\"\nlabel = \"Client Secret\"\nhelp = \"Beside it.\"\n",
        "[[handover.fields]]\nlabel = \"Client secret\"\nsecret = \"client_secret\"\n",
    ] {
        assert!(file.contains(field), "{field}");
        file = file.replace(field, "");
    }
    let procedure = load("fixture-general.toml", &file).unwrap();
    let mut core = Core::new();
    core.model.procedures.push(std::sync::Arc::new(procedure));
    core.begin("fixture-general");
    core.walk_to("authorize");
    assert_eq!(core.wizard().login_ways()[0], LoginWay::Loopback);
    core.press("Space");
    assert!(!core.wizard().setup.answers.contains_key(&FieldName::ClientType));
    core.press("Enter");
    core.bound(47_823);
    let AuthorizationPhase::Waiting { pending, .. } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(pending.redirect_uri, "http://127.0.0.1:47823/callback");
}

#[test]
fn a_set_up_of_an_earlier_version_is_read() {
    let core = Core::at(DEX, "authorize");
    let text = serde_json::to_string(core.on_disk()).unwrap();
    assert!(!text.contains("client_type"));
    let read: Setup = serde_json::from_str(&text).unwrap();
    assert_eq!(&read, core.on_disk());
}

#[test]
fn every_address_of_the_list_is_copied_in_turn() {
    let mut core = Core::at(DEX, "authorize");
    assert!(core.keys("c").is_empty(), "nothing is to be allowed for the receiver's own way");
    core.press("Down");
    let mut copied = Vec::new();
    for _press in 0..4 {
        let effects = core.keys("c");
        let [Effect::Copy { text, .. }] = &effects[..] else { panic!("{effects:?}") };
        copied.push(text.expose().to_owned());
    }
    let address = |port: u16| format!("http://127.0.0.1:{port}/callback");
    assert_eq!(copied, [address(47_823), address(47_824), address(47_825), address(47_823)]);
}

#[test]
fn the_port_that_was_had_is_used_everywhere() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Enter");
    let problem = PortProblem { port: 47_823, reason: PortReason::InUse { holder: None } };
    let bound = BoundPort { port: 47_824, passed_over: vec![problem.clone()] };
    let effects = listening(&mut core, Ok(bound));
    let AuthorizationPhase::Waiting { pending, url, passed_over, port, .. } = core.login() else {
        panic!("{:?}", core.login())
    };
    assert_eq!((*port, passed_over), (Some(47_824), &vec![problem]));
    assert_eq!(pending.redirect_uri, "http://127.0.0.1:47824/callback");
    assert!(url.contains("127.0.0.1%3A47824%2Fcallback"), "{url}");
    assert!(effects.contains(&Effect::OfferLogin { ticket: listener(&core), url: url.clone() }));
    let effects = arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    let [Effect::Token { request, .. }] = &effects[..] else { panic!("{effects:?}") };
    let Grant::AuthorizationCode { redirect_uri, .. } = &request.grant else { panic!("{request:?}") };
    assert_eq!(redirect_uri, "http://127.0.0.1:47824/callback");
}

#[test]
fn without_a_port_pasting_is_a_way_on() {
    let mut core = busy();
    core.press("p");
    listening(&mut core, Err(taken(47_823, Some("another program"))));
    let AuthorizationPhase::Waiting { port: None, pending, .. } = core.login() else {
        panic!("{:?}", core.login())
    };
    assert_eq!(pending.redirect_uri, "https://dev12345.service-now.com/oauth_redirect.do");
    assert!(log(&core)[0].contains("held by another program"), "{:?}", log(&core));
    assert_eq!(core.count(|effect| matches!(effect, Effect::OfferLogin { .. })), 0);
}

#[test]
fn a_second_try_takes_the_same_ports() {
    let mut core = busy();
    let effects = core.keys("r");
    let Some(Effect::Listen { request, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(request.ports, [47_823, 47_824, 47_825]);
}

#[test]
fn five_minutes_more_up_to_an_hour() {
    let mut core = waiting();
    let end = |core: &Core| match core.login() {
        AuthorizationPhase::Waiting { deadline, pending, .. } => {
            assert_eq!(*deadline, pending.expires_at, "what is kept follows");
            deadline.as_second() - pending.begun_at.as_second()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(end(&core), 600);
    for press in 1..=10 {
        let effects = core.keys("e");
        assert!(matches!(&effects[..], [Effect::WriteSecrets { .. }]), "{effects:?}");
        assert_eq!(end(&core), 600 + press * 300);
    }
    assert!(core.keys("e").is_empty(), "no more than an hour");
    assert!(core.notice().contains("an hour"), "{}", core.notice());
    core.pass(3599);
    assert!(matches!(tick(&mut core)[..], [Effect::Wake { .. }]), "it still listens");
    // After a restart the longer time counts.
    core.restart();
    core.press("Enter");
    core.bound(47_823);
    assert_eq!(end(&core), 3600);
    core.pass(2);
    tick(&mut core);
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { late: true, .. }));
    assert!(core.keys("e").is_empty(), "what is over is not made longer");
}

#[test]
fn an_extension_that_would_pass_the_hour_ends_at_it() {
    let mut core = waiting();
    core.model.settings.authorize_limit_s = 3500;
    core.press("Esc Enter");
    core.bound(47_823);
    core.press("e");
    let AuthorizationPhase::Waiting { deadline, pending, .. } = core.login() else { panic!() };
    assert_eq!(deadline.as_second() - pending.begun_at.as_second(), 3600);
    assert!(core.notice().contains("the most"), "{}", core.notice());
}

#[test]
fn after_the_deadline_a_late_code_can_be_pasted() {
    let mut core = late();
    assert_eq!(core.count(|effect| matches!(effect, Effect::ExpireCallback { .. })), 1);
    assert!(is_pending(&core));
    // The address is of no use any more; `c` and `o` and `v` say nothing.
    assert!(core.keys("c o v e").is_empty());
    core.pass(290);
    assert!(matches!(tick(&mut core)[..], [Effect::Wake { .. }]));
    assert_eq!(core.count(|effect| matches!(effect, Effect::ExpireCallback { .. })), 1, "only once");
    core.paste(CODE);
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Exchanging { .. }));
}

#[test]
fn five_minutes_after_the_deadline_it_is_over() {
    let mut core = late();
    core.press("p");
    core.pass(299);
    tick(&mut core);
    let AuthorizationPhase::Failed { problem } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(problem.code, "login-timed-out");
    assert!(problem.cause.contains("2026-03-12 10:00 UTC"), "when it began: {}", problem.cause);
    assert!(problem.next.contains("Press r"), "{}", problem.next);
    assert!(!is_pending(&core), "it is forgotten");
    assert_eq!(mode(&core.model), Mode::LoginFailed, "the paste box is closed");
    assert!(core.keys("r").iter().any(|effect| matches!(effect, Effect::Random { .. })));
}

/// A machine that slept through all of it.
#[test]
fn a_long_sleep_ends_it_at_once() {
    let mut core = waiting();
    let ticket = listener(&core);
    core.pass(100_000);
    let effects = tick(&mut core);
    assert!(effects.contains(&Effect::ExpireCallback { ticket }));
    assert_eq!(failed(&core), "login-timed-out");
    assert!(!is_pending(&core));
}

/// Where nobody can paste, nobody waits for it.
#[test]
fn unattended_the_deadline_is_the_end() {
    let mut core = waiting();
    core.model.settings.interactive = false;
    core.pass(601);
    tick(&mut core);
    assert_eq!(failed(&core), "login-timed-out");
}

/// Restarted so many seconds after the beginning: taken up, past its time, or over.
#[rstest]
#[case::at_once(0, Some(false))]
#[case::last_second(599, Some(false))]
#[case::deadline(600, Some(true))]
#[case::last_second_of_a_late_code(899, Some(true))]
#[case::over(900, None)]
#[case::next_day(90_000, None)]
fn after_a_restart(#[case] seconds: i64, #[case] taken_up: Option<bool>) {
    for keys in ["Enter", "Down Enter"] {
        let mut core = Core::at(DEX, "authorize");
        core.press(keys);
        core.bound(47_824);
        let way = state(&core).way;
        core.pass(seconds);
        core.restart();
        let effects = core.keys("Enter");
        let bound_again = effects.iter().find_map(|effect| match effect {
            Effect::Listen { request, .. } => Some(request.ports.clone()),
            _ => None,
        });
        assert_eq!(state(&core).way, way);
        match (taken_up, core.login()) {
            (Some(past), AuthorizationPhase::Waiting { late, .. }) => {
                assert_eq!(*late, past);
                let wanted =
                    if way == LoginWay::Loopback { vec![47_824] } else { vec![47_823, 47_824, 47_825] };
                assert_eq!(bound_again, (!past).then_some(wanted));
                assert!(log(&core)[0].contains("Taken up again"));
                core.paste(CODE);
                core.press("Enter");
                assert!(matches!(core.login(), AuthorizationPhase::Exchanging { .. }));
            }
            (None, AuthorizationPhase::Failed { problem }) => {
                assert_eq!(problem.code, "login-timed-out");
                assert!(problem.cause.contains("2026-03-12 10:00 UTC"), "{}", problem.cause);
                assert!(!is_pending(&core) && bound_again.is_none());
                // The same way again.
                core.press("r");
                assert_eq!(state(&core).way, way);
            }
            (expected, other) => panic!("{expected:?}: {other:?}"),
        }
    }
}

/// The port is bound only after the time was over.
#[test]
fn a_port_that_comes_too_late_is_given_back() {
    let mut core = waiting();
    core.pass(598);
    core.restart();
    core.press("Enter");
    let ticket = listener(&core);
    core.pass(3);
    tick(&mut core);
    assert_eq!(
        core.send(Msg::Listening { ticket, result: Ok(bound_to(47_823)) }),
        [Effect::Cancel { ticket }]
    );
}

#[test]
fn a_login_of_other_credentials_is_forgotten_with_a_word() {
    let mut core = waiting();
    core.setups.values_mut().for_each(|setup| {
        setup.answers.insert(FieldName::ClientId, "zZ9dEfGhIjKlMnOpQrStUv".to_owned());
    });
    core.restart();
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Offer { .. }));
    assert!(!is_pending(&core));
    assert!(core.notice().contains("other credentials"), "{}", core.notice());
}

#[test]
fn while_the_secrets_are_locked_nothing_is_lost() {
    let mut core = waiting();
    core.restart();
    let needs = StoreFailure::NeedsPassphrase { new: false, why: "no keyring".to_owned() };
    core.unlock = Err(needs);
    core.press("Enter");
    assert_eq!(mode(&core.model), Mode::Unlock);
    core.press("Esc");
    assert!(is_pending(&core));
    core.unlock = Ok(zoom_setup::ports::Unlocked::Passphrase);
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }), "{:?}", core.model.screen);
}

#[test]
fn a_code_that_zoom_calls_expired_keeps_its_words() {
    let mut core = late();
    core.paste(CODE);
    core.press("Enter");
    let expired = r#"{"reason":"Code is expired","error":"invalid_grant"}"#;
    core.token(Err(refusal(Call::ExchangeCode, 400, expired)));
    assert_ne!(failed(&core), "login-timed-out");
    let AuthorizationPhase::Failed { problem } = core.login() else { panic!("{:?}", core.login()) };
    assert!(problem.zoom.as_ref().is_some_and(|zoom| zoom.contains("expired")), "{problem:?}");
}

#[test]
fn where_the_rehearsals_browser_ended_is_offered() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Enter");
    core.bound(47_823);
    core.send(Msg::BrowserOpened(Ok(Some(Secret::new(LANDED)))));
    assert_eq!(mode(&core.model), Mode::PasteBox, "the box is open");
    assert!(log(&core).iter().all(|line| !line.contains("MARKER")));
    core.press("Enter");
    assert!(state(&core).paste_problem.is_some(), "nothing is taken by itself");
    core.press("Ctrl-Y Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Exchanging { .. }), "{:?}", core.login());
    assert_eq!(state(&core).landed, None);
    // One that comes after the login has ended is nobody's.
    core.send(Msg::BrowserOpened(Ok(Some(Secret::new(LANDED)))));
    assert_eq!(state(&core).landed, None);
}

#[test]
fn the_qr_code_comes_and_goes() {
    let mut core = waiting();
    core.press("v");
    assert!(state(&core).qr);
    core.press("Esc");
    assert!(!state(&core).qr && matches!(core.login(), AuthorizationPhase::Waiting { .. }));
    core.press("v p");
    assert!(!state(&core).qr, "the paste box needs the screen");
    let mut core = waiting();
    core.press("v");
    arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    assert!(!state(&core).qr, "what follows is seen");
}

#[test]
fn everything_that_happens_is_in_the_log() {
    let mut core = waiting();
    let ticket = listener(&core);
    core.pass(5);
    let event = CallbackEvent::Seen { line: "GET /favicon.ico: not the callback".to_owned() };
    core.send(Msg::Callback { ticket, event });
    core.paste("what is this?");
    core.press("Enter");
    core.send(Msg::BrowserOpened(Err("no display".to_owned())));
    let lines = log(&core);
    for (line, words) in lines.iter().zip(["began", "favicon", "Pasted, and not usable", "No browser"]) {
        assert!(line.contains(words), "{lines:?}");
    }
    assert_eq!(lines.len(), 4);
    assert_eq!(state(&core).log[1].at, core.now);
    assert!(state(&core).log[0].at < core.now);
}

/// An answer of the browser closes the paste box that stood open.
#[test]
fn a_refusal_closes_the_paste_box() {
    let mut core = waiting();
    core.press("p");
    let outcome = CallbackOutcome::Error { error: "access_denied".to_owned(), description: None };
    arrives(&mut core, outcome);
    assert_eq!(mode(&core.model), Mode::LoginFailed);
}

/// A write of the longer time that fails does not end the login.
#[test]
fn a_full_disk_does_not_end_a_login() {
    let mut core = waiting();
    core.storing = Storing::Fails;
    core.press("e");
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }));
}
