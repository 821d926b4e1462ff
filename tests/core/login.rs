//! The test login: every way in, every way it can fail, and nothing spent twice.

use super::admin::Admin;
use super::support::{ACCESS, CODE, Core, Storing, bound_to, refusal, taken};
use rstest::rstest;
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::wizard::{AuthorizationPhase, LoginWay, MAX_LOG_LINES, StepState};
use zoom_setup::oauth::callback::check_state;
use zoom_setup::oauth::{Call, FailureKind, Grant};
use zoom_setup::ports::{CallbackEvent, CallbackOutcome, CallbackPage};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{GrantDecision, SecretKey};

const DEX: &str = "servicenow-dex";

/// At the login, the browser out.
pub fn waiting() -> Core {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Enter");
    core.bound(47_823);
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }), "{:?}", core.login());
    core
}

/// The listener's ticket.
pub fn listener(core: &Core) -> Ticket {
    match core.login() {
        AuthorizationPhase::Waiting { ticket, .. } => *ticket,
        other => panic!("not waiting: {other:?}"),
    }
}

pub fn arrives(core: &mut Core, outcome: CallbackOutcome) -> Vec<Effect> {
    let ticket = listener(core);
    core.send(Msg::Callback { ticket, event: CallbackEvent::Arrived { outcome } })
}

/// Goes through the login to the end.
pub fn granted(core: &mut Core) {
    core.press("Down Enter");
    comes_back(core);
}

/// The browser comes back with a code, and Zoom gives tokens for it.
pub fn comes_back(core: &mut Core) {
    core.bound(47_823);
    arrives(core, CallbackOutcome::Code(Secret::new(CODE)));
    let grant = core.grant();
    core.token(Ok(grant));
    assert_eq!(*core.login(), AuthorizationPhase::Granted);
}

pub fn failed(core: &Core) -> &str {
    match core.login() {
        AuthorizationPhase::Failed { problem } => &problem.code,
        other => panic!("not failed: {other:?}"),
    }
}

// Rows F14, N05, P03 of docs/callback-rows.md.
#[test]
fn by_loopback_in_the_right_order() {
    let mut core = Core::at(DEX, "authorize");
    let effects = core.keys("Down Enter");
    let [Effect::Random { .. }, Effect::Listen { request, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(
        (request.ports.as_slice(), request.path.as_str()),
        (&[47_823, 47_824, 47_825][..], "/callback")
    );
    let state = request.state.clone();
    let effects = core.bound(47_823);
    // The pending login is stored before the browser opens, and the look ahead does not hold the browser up.
    let [
        Effect::WriteSecrets { changes, .. },
        Effect::OfferLogin { url: short, .. },
        Effect::OpenBrowser { url },
        Effect::Wake { milliseconds: 1_000, .. },
        Effect::Preflight { request, .. },
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(short, url, "the short address leads to the same");
    let id = core.wizard().setup.id.clone();
    assert!(matches!(&changes[..], [(SecretKey::SetupPending(of), Some(_))] if *of == id));
    assert_eq!((&request.url, request.redirect_uri.as_str()), (url, "http://127.0.0.1:47823/callback"));
    let query: Vec<(String, String)> = url::Url::parse(url).unwrap().query_pairs().into_owned().collect();
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("redirect_uri"), Some("http://127.0.0.1:47823/callback"));
    assert_eq!(value("code_challenge_method"), Some("S256"));
    assert!(check_state(&state, value("state").map(Secret::new).as_ref()));
    assert_eq!(value("scope"), None);

    let effects = arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    let [Effect::Token { request, .. }] = &effects[..] else { panic!("{effects:?}") };
    let Grant::AuthorizationCode { redirect_uri, .. } = &request.grant else { panic!("{request:?}") };
    assert_eq!(redirect_uri, "http://127.0.0.1:47823/callback");

    core.storing = Storing::Silent;
    let grant = core.grant();
    let effects = core.token(Ok(grant));
    let [Effect::WriteSecrets { ticket, changes }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(changes.len(), 2, "the tokens come, the pending login goes, in one write");
    assert!(matches!(core.login(), AuthorizationPhase::Storing { .. }), "granted only once stored");
    let effects = core.send(Msg::SecretsWritten { ticket: *ticket, result: Ok(()) });
    assert!(
        matches!(
            &effects[..],
            [
                Effect::AnswerCallback { page: CallbackPage::Done, .. },
                Effect::Cancel { .. },
                Effect::SaveSetup(_)
            ]
        ),
        "{effects:?}"
    );
    assert_eq!(*core.login(), AuthorizationPhase::Granted);
    assert!(core.on_disk().grant.as_ref().is_some_and(|grant| grant.refreshable));
}

// Rows B01, N02 of docs/callback-rows.md.
#[test]
fn over_the_receivers_redirect_url() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Enter");
    // Bound all the same: for the short address, and for an answer from a second shell.
    core.bound(47_824);
    let AuthorizationPhase::Waiting { port: Some(47_824), pending, .. } = core.login() else {
        panic!("{:?}", core.login())
    };
    assert_eq!(pending.redirect_uri, "https://dev12345.service-now.com/oauth_redirect.do");
}

#[test]
fn skipping_is_a_decision_that_is_kept() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Down Enter");
    assert_eq!(core.step(), "verify");
    assert_eq!(core.on_disk().decision, Some(GrantDecision::Skipped));
    core.press("Esc");
    assert_eq!(*core.login(), AuthorizationPhase::Offer { selected: 2 });
}

#[test]
fn a_taken_port_leads_to_any_free_one() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Enter");
    let ticket = core.last(|effect| match effect {
        Effect::Listen { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let taken = taken(47_823, Some("another program"));
    core.send(Msg::Listening { ticket, result: Err(taken) });
    assert!(matches!(core.login(), AuthorizationPhase::PortTaken { problems } if problems[0].port == 47_823));
    let effects = core.keys("Enter");
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Listen { request, .. } if request.ports.is_empty()))
    );
    core.bound(50_001);
    let AuthorizationPhase::Waiting { pending, .. } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(pending.redirect_uri, "http://127.0.0.1:50001/callback");
}

#[test]
fn a_listener_nobody_waits_for_is_closed() {
    let mut core = Core::at(DEX, "authorize");
    core.press("Down Enter");
    let ticket = core.last(|effect| match effect {
        Effect::Listen { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.press("Esc");
    assert_eq!(
        core.send(Msg::Listening { ticket, result: Ok(bound_to(47_823)) }),
        [Effect::Cancel { ticket }]
    );
}

// Row N07 of docs/callback-rows.md.
#[test]
fn cancelling_frees_the_port_and_forgets_the_login() {
    let mut core = waiting();
    let ticket = listener(&core);
    let effects = core.keys("Esc");
    assert!(effects.contains(&Effect::Cancel { ticket }));
    assert!(core.secrets.keys().all(|key| !matches!(key, SecretKey::SetupPending(_))));
    assert!(matches!(core.login(), AuthorizationPhase::Offer { selected: 1 }));
    // What arrives now is nobody's.
    let event = CallbackEvent::Arrived { outcome: CallbackOutcome::Code(Secret::new(CODE)) };
    assert!(core.send(Msg::Callback { ticket, event }).is_empty());
}

#[test]
fn time_runs_out_once_a_second() {
    let mut core = waiting();
    let ticket = listener(&core);
    for _second in 0..3 {
        core.pass(1);
        let tick = match core.login() {
            AuthorizationPhase::Waiting { tick, .. } => *tick,
            other => panic!("{other:?}"),
        };
        assert!(core.send(Msg::Woke { ticket: Ticket(tick.0 + 1000) }).is_empty(), "another clock");
        assert!(matches!(
            core.send(Msg::Woke { ticket: tick })[..],
            [Effect::Wake { milliseconds: 1_000, .. }]
        ));
    }
    core.pass(597);
    let AuthorizationPhase::Waiting { tick, .. } = *core.login() else { panic!("{:?}", core.login()) };
    let effects = core.send(Msg::Woke { ticket: tick });
    assert!(effects.contains(&Effect::ExpireCallback { ticket }), "the listener closes");
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { late: true, port: None, .. }));
}

// Rows F12, F13 of docs/callback-rows.md.
#[test]
fn a_refusal_by_the_browser_is_named_there_and_here() {
    let mut core = waiting();
    let outcome = CallbackOutcome::Error { error: "access_denied".to_owned(), description: None };
    let effects = arrives(&mut core, outcome);
    assert_eq!(failed(&core), "access-denied");
    assert!(matches!(&effects[0], Effect::AnswerCallback { page: CallbackPage::Declined, .. }));
    core.press("Esc");
    assert!(matches!(core.login(), AuthorizationPhase::Offer { selected: 1 }));
}

#[test]
fn requests_that_are_not_the_callback_are_listed_and_bounded() {
    let mut core = waiting();
    let ticket = listener(&core);
    for number in 0..200 {
        let event = CallbackEvent::Seen { line: format!("GET /{number}") };
        core.send(Msg::Callback { ticket, event });
    }
    let StepState::Authorize(authorization) = &core.wizard().state else { panic!("left") };
    assert_eq!(authorization.log.len(), MAX_LOG_LINES);
    assert_eq!(authorization.log.last().unwrap().text, "GET /199");
}

// Row W04 of docs/callback-rows.md.
#[rstest]
#[case("", "Nothing was pasted")]
#[case("https://zoom.us/oauth/authorize?response_type=code&client_id=x", "starts the login")]
#[case("http://127.0.0.1:47823/callback?code=MARKERcode12345&state=wrong", "another login")]
#[case("https://elsewhere.example.com/?code=MARKERcode12345", "elsewhere.example.com")]
#[case("aB3dEfGhIjKlMnOpQrStUv", "client ID")]
#[case("what is this?", "neither an address")]
fn a_paste_that_is_no_answer_is_explained(#[case] text: &str, #[case] words: &str) {
    let mut core = waiting();
    core.press("p");
    core.paste(text);
    assert!(core.keys("Enter").is_empty());
    let StepState::Authorize(authorization) = &core.wizard().state else { panic!("left") };
    let problem = authorization.paste_problem.clone().unwrap();
    assert!(problem.contains(words), "{problem}");
    assert!(!problem.contains("MARKER"), "{problem}");
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }), "the login goes on");
    core.text("x");
    let StepState::Authorize(authorization) = &core.wizard().state else { panic!("left") };
    assert_eq!(authorization.paste_problem, None);
}

#[test]
fn the_text_of_zooms_error_page_is_a_diagnosis() {
    let mut core = waiting();
    let ticket = listener(&core);
    core.paste("Invalid redirect: http://127.0.0.1:47823/callback (4,700)");
    let effects = core.keys("Enter");
    assert!(effects.contains(&Effect::Cancel { ticket }));
    assert_eq!(failed(&core), "invalid-redirect");
}

#[test]
fn a_paste_ends_the_login_and_frees_the_port() {
    let mut core = waiting();
    let ticket = listener(&core);
    core.paste(CODE);
    let effects = core.keys("Enter");
    assert!(effects.contains(&Effect::Cancel { ticket }));
    assert!(matches!(core.login(), AuthorizationPhase::Exchanging { listener: None, .. }));
}

// Rows F10, W03 of docs/callback-rows.md.
#[test]
fn a_code_is_exchanged_once_whatever_comes_of_it() {
    let mut core = waiting();
    let asked_before = core.count(|effect| matches!(effect, Effect::Token { .. }));
    let ticket = listener(&core);
    arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    // A second callback, keys, and a late tick change nothing.
    let event = CallbackEvent::Arrived { outcome: CallbackOutcome::Code(Secret::new("another-code")) };
    core.send(Msg::Callback { ticket, event });
    core.press("r Enter p c");
    let effects = core.keys("Esc");
    assert!(effects.is_empty());
    assert!(core.notice().contains("under way"));
    core.press("s Up Enter");
    assert_eq!(core.step(), "authorize", "an exchange is not walked away from");
    let lost = zoom_setup::oauth::Failure {
        kind: FailureKind::AnswerLost { detail: "cut".to_owned() },
        ..refusal(Call::ExchangeCode, 0, "")
    };
    let effects = core.token(Err(lost));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Token { .. })));
    assert_eq!(failed(&core), "answer-lost");
    assert_eq!(core.count(|effect| matches!(effect, Effect::Token { .. })), asked_before + 1);
    // Trying again is a new login with a new code.
    assert!(core.keys("r").iter().any(|effect| matches!(effect, Effect::Random { .. })));
}

#[test]
fn stale_answers_are_dropped() {
    let mut core = waiting();
    arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    let ticket = core.token_ticket();
    let grant = core.grant();
    core.send(Msg::Token { ticket: Ticket(ticket.0 + 1000), result: Box::new(Ok(grant.clone())) });
    assert!(matches!(core.login(), AuthorizationPhase::Exchanging { .. }));
    core.token(Ok(grant.clone()));
    let before = core.model.screen.clone();
    core.send(Msg::Token { ticket, result: Box::new(Ok(grant)) });
    core.send(Msg::SecretsWritten { ticket, result: Ok(()) });
    core.send(Msg::Random { ticket, result: Ok(Box::new([1; 64])) });
    core.send(Msg::Revoked { ticket, result: Ok(()) });
    core.send(Msg::ConnectionSaved { ticket, result: Ok(()) });
    core.send(Msg::SecretsRead { ticket, result: Ok(Vec::new()) });
    core.send(Msg::Woke { ticket });
    assert_eq!(core.model.screen, before);
}

#[test]
fn tokens_that_can_not_be_stored_do_not_count() {
    let mut core = waiting();
    arrives(&mut core, CallbackOutcome::Code(Secret::new(CODE)));
    core.storing = Storing::Fails;
    let grant = core.grant();
    let effects = core.token(Ok(grant));
    assert!(matches!(core.login(), AuthorizationPhase::NotStored { message } if message.contains("disk")));
    assert!(effects.iter().any(|effect| {
        matches!(effect, Effect::AnswerCallback { page: CallbackPage::Failed { .. }, .. })
    }));
    assert_eq!((&core.wizard().tokens, &core.on_disk().grant), (&None, &None));
}

#[test]
fn a_login_can_not_begin_without_a_store() {
    let mut core = Core::at(DEX, "authorize");
    core.storing = Storing::Fails;
    core.press("Enter");
    core.bound(47_823);
    assert_eq!(failed(&core), "not-stored");
    assert_eq!(core.count(|effect| matches!(effect, Effect::OpenBrowser { .. })), 0);
    assert!(matches!(core.effects.last(), Some(Effect::Cancel { .. })), "the port is free again");
}

#[test]
fn a_pending_login_is_taken_up_again() {
    let mut core = waiting();
    core.pass(100);
    core.restart();
    core.press("Enter");
    let AuthorizationPhase::Waiting { port: None, deadline, .. } = *core.login() else {
        panic!("{:?}", core.login())
    };
    assert_eq!(deadline.as_second() - core.now.as_second(), 500);
    core.bound(47_823);
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { port: Some(47_823), .. }));
}

#[test]
fn the_taken_up_login_goes_on_by_paste_if_its_port_is_gone() {
    let mut core = waiting();
    core.restart();
    core.press("Enter");
    let ticket = listener(&core);
    core.send(Msg::Listening { ticket, result: Err(taken(47_823, None)) });
    core.paste(CODE);
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Exchanging { .. }));
}

#[test]
fn another_way_after_a_grant_starts_anew() {
    let mut core = Core::at(DEX, "authorize");
    granted(&mut core);
    assert_eq!(core.wizard().tokens.as_ref().unwrap().access_token.expose(), ACCESS);
    core.press("r");
    assert!(matches!(core.login(), AuthorizationPhase::Preparing { .. }));
    let StepState::Authorize(authorization) = &core.wizard().state else { panic!("left") };
    assert_eq!(authorization.way, LoginWay::Loopback);
    let notice = core.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    assert!(notice.contains("A new login ends the one before"), "{notice}");
}

#[test]
fn a_new_login_that_is_given_up_leaves_the_one_before() {
    let mut core = Core::at(DEX, "authorize");
    granted(&mut core);
    let kept = |core: &Core| {
        assert!(matches!(core.login(), AuthorizationPhase::Granted), "{:?}", core.login());
        assert_eq!(core.wizard().tokens.as_ref().unwrap().access_token.expose(), ACCESS);
        let notice = core.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
        assert!(notice.contains("revoked nothing"), "{notice}");
    };
    core.press("r Esc");
    kept(&core);
    core.press("r");
    core.bound(47_823);
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }), "{:?}", core.login());
    core.press("Esc");
    kept(&core);
    core.press("r");
    core.bound(47_823);
    let declined = CallbackOutcome::Error { error: "access_denied".to_owned(), description: None };
    arrives(&mut core, declined);
    assert_eq!(failed(&core), "access-denied");
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Offer { .. }), "another way can be taken");
    core.press("Esc");
    kept(&core);
}
