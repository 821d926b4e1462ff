//! Questions to Zoom that belong to a step: asked on Enter, a few times at most, and never claimed beyond the answer.

use super::admin::Admin;
use super::support::{CLIENT_ID, CLIENT_SECRET, CODE_REFUSED, Core, DISABLED, Storing, grant, refusal};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::proof::{MOST_TIMES, Shown, shown};
use zoom_setup::app::wizard::{Activation, AuthorizationPhase, StepState};
use zoom_setup::oauth::verdict::Judgement;
use zoom_setup::oauth::{Call, ClientAuthentication, Failure, FailureKind, Grant, PreflightAnswer};
use zoom_setup::procedure::{FieldName, StepKind};
use zoom_setup::setup::{Outcome, Question, Setup};

const DEX: &str = "servicenow-dex";
const WRONG: &str = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;

/// Asking about the pair of a DEX set-up.
fn asking() -> Core {
    let mut core = Core::at(DEX, "credentials");
    core.asks = true;
    core.paste(CLIENT_ID);
    core.press("Enter");
    core.paste(CLIENT_SECRET);
    core.press("Enter");
    assert_eq!(mode(&core.model), Mode::Busy);
    core
}

fn questions(core: &Core) -> usize {
    core.count(|effect| matches!(effect, Effect::Token { .. } | Effect::Preflight { .. }))
}

fn slow() -> Failure {
    Failure { kind: FailureKind::TimedOut { limit_s: 10 }, ..refusal(Call::ExchangeCode, 0, "") }
}

fn refused_page() -> PreflightAnswer {
    PreflightAnswer::Page {
        status: 200,
        body: r#"{"status":false,"errorCode":4700,"errorMessage":"Invalid redirect url","result":null}"#
            .to_owned(),
        content_type: "application/json".to_owned(),
        retry_after: None,
    }
}

#[test]
fn the_pair_is_asked_about_with_a_made_up_code() {
    let core = asking();
    let request = core.last(|effect| match effect {
        Effect::Token { request, .. } => Some(request.clone()),
        _ => None,
    });
    let ClientAuthentication::Basic { client_id, client_secret } = &request.client else {
        panic!("{request:?}")
    };
    assert_eq!((client_id.as_str(), client_secret.expose()), (CLIENT_ID, CLIENT_SECRET));
    let Grant::AuthorizationCode { code, redirect_uri, verifier } = &request.grant else {
        panic!("{request:?}")
    };
    let random = code.expose().strip_prefix("zoom-setup-test-").unwrap();
    assert_eq!((random.len(), verifier.expose().len()), (43, 43));
    assert_eq!(redirect_uri, "https://dev12345.service-now.com/oauth_redirect.do");
}

#[test]
fn no_key_asks_but_enter() {
    let mut core = Core::at(DEX, "credentials");
    core.text(CLIENT_ID);
    core.press("Tab");
    core.text(CLIENT_SECRET);
    core.press("Tab Shift-Tab Ctrl-T Ctrl-R");
    assert_eq!(questions(&core), 0);
    assert_eq!(shown(&core.model), None);
}

#[test]
fn it_can_be_taken_back_and_a_late_answer_is_dropped() {
    let mut core = asking();
    let ticket = core.token_ticket();
    assert_eq!(core.keys("Esc"), [Effect::Cancel { ticket }]);
    assert_eq!((core.step(), shown(&core.model)), ("credentials".to_owned(), None));
    let late = Box::new(Err(refusal(Call::ExchangeCode, 400, CODE_REFUSED)));
    core.send(Msg::Token { ticket, result: late });
    assert!(core.wizard().setup.proofs.is_empty(), "what was cancelled comes too late");
    // Going elsewhere takes it back as well.
    core.press("Enter");
    let ticket = core.token_ticket();
    assert!(core.keys("s Up Enter").contains(&Effect::Cancel { ticket }));
    assert_ne!(core.step(), "credentials");
}

#[test]
fn answers_of_other_questions_are_dropped() {
    let mut core = asking();
    let ticket = core.token_ticket();
    let good = || Box::new(Err(refusal(Call::ExchangeCode, 400, CODE_REFUSED)));
    core.send(Msg::Token { ticket: Ticket(ticket.0 + 1000), result: good() });
    core.send(Msg::Preflight { ticket, result: Box::new(Err(slow())) });
    assert_eq!(shown(&core.model), Some(Shown::Asking(Question::Pair)));
    core.send(Msg::Token { ticket, result: good() });
    assert_eq!(core.verdict().code, "pair-known");
    core.send(Msg::Token { ticket, result: Box::new(Err(refusal(Call::ExchangeCode, 400, WRONG))) });
    assert_eq!(core.verdict().code, "pair-known", "an answer counts once");
}

#[test]
fn a_refused_pair_is_corrected_in_place() {
    let mut core = asking();
    core.token(Err(refusal(Call::ExchangeCode, 400, WRONG)));
    assert_eq!(core.verdict().judgement, Judgement::Refused);
    core.text("M");
    assert_eq!(shown(&core.model), None, "nothing is said about a value that is being changed");
    core.press("Ctrl-U");
    core.paste("MARKER1clientSecretabcdefgh99999");
    core.press("Enter");
    assert_eq!(core.step(), "credentials");
    core.token(Err(refusal(Call::ExchangeCode, 400, CODE_REFUSED)));
    assert_eq!(core.verdict().judgement, Judgement::Proved);
    core.press("Enter");
    assert_eq!(core.step(), "redirect-url");
}

#[test]
fn it_is_asked_a_few_times_and_then_passed_as_not_proved() {
    let mut core = asking();
    for left in (0..MOST_TIMES).rev() {
        core.token(Err(refusal(Call::ExchangeCode, 400, WRONG)));
        let Some(Shown::Answered { left: said, .. }) = shown(&core.model) else { panic!("no answer") };
        assert_eq!(said, left);
        if left > 0 {
            core.press("Enter");
        }
    }
    assert_eq!(questions(&core), MOST_TIMES);
    core.press("Ctrl-R");
    assert!(core.notice().contains("not asked again"), "{}", core.notice());
    core.press("Enter");
    assert_eq!(core.step(), "redirect-url");
    assert!(core.notice().contains("Not proved"), "{}", core.notice());
    assert_eq!(questions(&core), MOST_TIMES);
}

#[test]
fn what_is_not_decided_is_passed_and_marked() {
    let mut core = asking();
    core.token(Err(slow()));
    assert_eq!(core.verdict().judgement, Judgement::Open);
    assert!(core.verdict().heading.starts_with("Not checked"), "{:?}", core.verdict());
    core.press("Enter");
    assert_eq!(core.step(), "redirect-url");
    core.asks = false;
    core.walk();
    core.press("Down Down Enter");
    let check = core.check("pair");
    assert_eq!(check.outcome, Outcome::NotChecked);
    assert!(check.detail.contains("no answer within"), "{check:?}");
}

#[test]
fn one_that_was_not_decided_in_an_earlier_run_is_asked_again() {
    let mut core = asking();
    core.token(Err(slow()));
    core.restart();
    core.press("Enter");
    assert_eq!(core.verdict().judgement, Judgement::Open, "it is shown");
    core.asks = false;
    core.press("Enter Enter");
    assert_eq!((core.step(), core.verdict().judgement), ("credentials".to_owned(), Judgement::Proved));
}

#[test]
fn a_token_that_comes_for_nothing_proves_nothing_and_is_dropped() {
    let mut core = asking();
    let effects = core.token(Ok(grant(Vec::new())));
    assert_eq!(core.verdict().judgement, Judgement::Open);
    assert_eq!((&core.wizard().tokens, &core.wizard().setup.grant), (&None, &None));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::WriteSecrets { .. })));
}

#[test]
fn without_randomness_nothing_is_asked() {
    let mut core = asking();
    core.press("Esc");
    core.storing = Storing::Works;
    let mut model = core.model.clone();
    let effects = zoom_setup::app::update::update(
        &mut model,
        core.now,
        Msg::Intent(zoom_setup::app::message::Intent::Confirm),
    );
    let [Effect::Random { ticket }] = effects[..] else { panic!("{effects:?}") };
    let none = Msg::Random { ticket, result: Err("no source".to_owned()) };
    let effects = zoom_setup::app::update::update(&mut model, core.now, none);
    assert!(matches!(effects[..], [Effect::SaveSetup(_)]));
    let Some(Shown::Answered { record, .. }) = shown(&model) else { panic!("nothing is said") };
    assert!(record.verdict.candidates[0].cause.contains("no source"));
}

/// A procedure of somebody's own may have no secret at all.
#[test]
fn a_public_client_is_asked_about_and_never_claimed() {
    let mut core = Core::new();
    for procedure in core.model.procedures.iter_mut().filter(|procedure| procedure.id == DEX) {
        for step in &mut std::sync::Arc::make_mut(procedure).steps {
            if let StepKind::Fill { fields } = &mut step.kind {
                fields.retain(|field| field.name != FieldName::ClientSecret);
            }
        }
    }
    core.begin(DEX);
    core.answer_of("credentials");
    let request = core.last(|effect| match effect {
        Effect::Token { request, .. } => Some(request.clone()),
        _ => None,
    });
    assert!(matches!(request.client, ClientAuthentication::Public { .. }), "{request:?}");
    assert_eq!((core.verdict().code.as_str(), core.verdict().judgement), ("public-client", Judgement::Open));
    core.press("Enter");
    assert_eq!(core.step(), "redirect-url");
}

#[test]
fn another_redirect_is_another_question() {
    let mut core = Core::new();
    core.begin(DEX);
    core.answer_of("redirect-url");
    assert_eq!(core.verdict().code, "nothing-wrong-seen");
    core.press("s Home Down Down Enter");
    assert_eq!(core.step(), "instance");
    core.press("Ctrl-U");
    core.paste("dev54321");
    core.press("Enter");
    core.walk_to("redirect-url");
    assert_eq!(shown(&core.model), None, "nothing is known about the new one");
    let before = questions(&core);
    core.press("Enter");
    assert_eq!(questions(&core), before + 1);
}

#[test]
fn the_redirect_is_looked_at_on_its_step() {
    let mut core = Core::at(DEX, "redirect-url");
    core.asks = true;
    core.press("Enter");
    let (ticket, request) = core.last(|effect| match effect {
        Effect::Preflight { ticket, request } => Some((*ticket, request.clone())),
        _ => None,
    });
    assert!(request.url.starts_with("https://zoom.us/oauth/authorize?response_type=code"), "{request:?}");
    assert_eq!(request.redirect_uri, "https://dev12345.service-now.com/oauth_redirect.do");
    core.send(Msg::Preflight { ticket, result: Box::new(Ok(refused_page())) });
    assert_eq!(core.verdict().code, "invalid-redirect");
    assert_eq!(core.verdict().zoom.as_deref(), Some("4700: Invalid redirect url"));
    core.asks = false;
    core.press("r");
    assert_eq!(core.verdict().code, "nothing-wrong-seen");
    core.press("Enter");
    assert_eq!(core.step(), "secret-token");
}

#[test]
fn a_refusal_ahead_ends_the_waiting_and_frees_the_port() {
    let mut core = super::login::waiting();
    let ticket = core.last(|effect| match effect {
        Effect::Preflight { ticket, .. } => Some(*ticket),
        _ => None,
    });
    let AuthorizationPhase::Waiting { ticket: listener, .. } = *core.login() else { panic!("not waiting") };
    core.send(Msg::Preflight { ticket, result: Box::new(Ok(PreflightAnswer::SignIn)) });
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }), "nothing wrong seen: it goes on");
    let effects = core.send(Msg::Preflight { ticket, result: Box::new(Ok(refused_page())) });
    assert!(effects.contains(&Effect::Cancel { ticket: listener }));
    let AuthorizationPhase::Failed { problem } = core.login() else { panic!("{:?}", core.login()) };
    assert_eq!(problem.code, "invalid-redirect");
    // One of a login that is over says nothing about the next.
    core.press("r");
    core.bound(47_823);
    core.send(Msg::Preflight { ticket, result: Box::new(Ok(refused_page())) });
    assert!(matches!(core.login(), AuthorizationPhase::Waiting { .. }));
}

#[test]
fn an_app_that_was_active_was_deactivated_since() {
    let mut core = Core::at("celigo-s2s", "activation");
    core.press("Enter");
    core.token(Err(refusal(Call::AccountCredentials, 400, DISABLED)));
    let StepState::Activate(Activation::Failed { verdict }) = &core.wizard().state else {
        panic!("not failed")
    };
    assert_eq!(verdict.code, "not-activated");
    core.press("r");
    let full = core.grant();
    core.token(Ok(full));
    // The evidence is on disk, and outlives refusals.
    for _refusal in 0..2 {
        core.restart();
        core.press("Enter");
        core.press("r");
        core.token(Err(refusal(Call::AccountCredentials, 400, DISABLED)));
        let StepState::Activate(Activation::Failed { verdict }) = &core.wizard().state else {
            panic!("not failed: {:?}", core.wizard().state)
        };
        assert_eq!(verdict.code, "deactivated");
        assert!(verdict.evidence[0].contains("2026-03-12 10:00 UTC"), "{verdict:?}");
    }
}

#[test]
fn a_progress_file_from_before_the_questions_still_loads() {
    let mut core = asking();
    core.token(Err(refusal(Call::ExchangeCode, 400, CODE_REFUSED)));
    let mut json = serde_json::to_value(core.on_disk()).unwrap();
    let again: Setup = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(&again, core.on_disk());
    json.as_object_mut().unwrap().remove("proofs").unwrap();
    let old: Setup = serde_json::from_value(json).unwrap();
    assert!(old.proofs.is_empty());
}
