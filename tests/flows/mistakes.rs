//! Each mistake that people make with credentials and redirect URLs, made on purpose: it is named on the step where it
//! was made, and mended there.

use super::admin::Admin;
use super::browser::Reach;
use super::complete::{End, at_login, check_disk, verify_and_finish};
use super::harness::{Harness, World};
use zoom_setup::app::proof::MOST_TIMES_SAME;
use zoom_setup::app::wizard::{AuthorizationPhase, StepState};
use zoom_setup::oauth::verdict::Judgement;
use zoom_setup::procedure::{AppKind, FieldName};
use zoom_setup::sandbox::SandboxApp;
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Outcome, Question};

const DEX: &str = "servicenow-dex";
const S2S: &str = "celigo-s2s";

fn app(harness: &Harness, kind: AppKind) -> SandboxApp {
    harness.world.sandbox.app_page(kind)
}

/// At the credentials, with these values typed and asked about.
fn entered(procedure: &str, values: impl Fn(&Harness) -> Vec<String>) -> Harness {
    let mut harness = Harness::start(World::new(&[]));
    harness.begin(procedure);
    harness.walk_to("credentials");
    let values = values(&harness);
    enter(&mut harness, &values);
    harness
}

/// Types every field anew.
fn enter(harness: &mut Harness, values: &[String]) {
    let StepState::Fill(form) = &harness.wizard().state else { panic!("no form") };
    for _field in 0..form.focus {
        harness.press("Shift-Tab");
    }
    for value in values {
        harness.press("Ctrl-U");
        harness.paste(value);
        harness.press("Enter");
    }
}

fn general(id: &str, secret: &Secret) -> Vec<String> {
    vec![id.to_owned(), secret.expose().to_owned()]
}

fn good(harness: &Harness) -> Vec<String> {
    let app = app(harness, AppKind::General);
    general(&app.client_id, &app.client_secret)
}

/// Refused with this verdict, whose first candidate has these words; then mended, and on to the next step.
fn refused_and_mended(harness: &mut Harness, code: &str, words: &str, right: &[String]) {
    let verdict = harness.verdict().clone();
    assert_eq!((verdict.code.as_str(), verdict.judgement), (code, Judgement::Refused), "{verdict:?}");
    assert!(verdict.candidates[0].cause.contains(words), "{words}: {:?}", verdict.candidates);
    assert!(verdict.zoom.is_some(), "Zoom's own words are there");
    enter(harness, right);
    assert!(
        matches!(harness.verdict().judgement, Judgement::Proved | Judgement::Expected),
        "{:?}",
        harness.verdict()
    );
    harness.press("Enter");
    assert_ne!(harness.step(), "credentials");
}

#[test]
fn a_secret_that_was_cut() {
    let mut harness = entered(DEX, |harness| {
        let app = app(harness, AppKind::General);
        general(&app.client_id, &Secret::new(&app.client_secret.expose()[..30]))
    });
    let right = good(&harness);
    refused_and_mended(&mut harness, "invalid-client", "30 characters", &right);
}

#[test]
fn a_secret_that_was_regenerated() {
    let mut harness = entered(DEX, good);
    assert_eq!(harness.verdict().judgement, Judgement::Proved);
    harness.world.sandbox.regenerate_secret(AppKind::General);
    harness.press("Ctrl-R");
    let causes: Vec<String> =
        harness.verdict().candidates.iter().map(|candidate| candidate.cause.clone()).collect();
    let order = ["hidden character", "other environment", "regenerated", "Secret Token", "another app"];
    assert_eq!(causes.len(), order.len(), "{causes:?}");
    for (cause, words) in causes.iter().zip(order) {
        assert!(cause.contains(words), "{words}: {causes:?}");
    }
    let right = good(&harness);
    refused_and_mended(&mut harness, "invalid-client", "A hidden character", &right);
}

#[test]
fn the_secret_token_in_place_of_the_secret() {
    let mut harness = entered(DEX, |harness| {
        let app = app(harness, AppKind::General);
        general(&app.client_id, &app.secret_token.unwrap())
    });
    let right = good(&harness);
    refused_and_mended(&mut harness, "invalid-client", "The Secret Token was pasted", &right);
}

#[test]
fn id_and_secret_in_each_others_field() {
    let mut harness = entered(DEX, |harness| good(harness).into_iter().rev().collect());
    // The field of the Client ID is not masked, so whoever pastes the secret there sees it.
    let secret = good(&harness)[1].clone();
    harness.watch.allow_on_screen(&secret);
    let verdict = harness.verdict();
    assert!(verdict.candidates[0].cause.contains("each other's field"), "{verdict:?}");
    harness.press("Ctrl-Y Enter");
    assert_eq!(harness.verdict().judgement, Judgement::Proved);
    let right = good(&harness);
    assert_eq!(harness.wizard().setup.answers[&FieldName::ClientId], right[0]);
}

#[test]
fn the_pair_of_a_server_to_server_app_in_a_general_set_up() {
    let mut harness = entered(DEX, |harness| {
        let app = app(harness, AppKind::ServerToServer);
        general(&app.client_id, &app.client_secret)
    });
    let right = good(&harness);
    refused_and_mended(&mut harness, "wrong-kind", "Server-to-Server", &right);
}

fn account(harness: &Harness, account_id: &str, kind: AppKind) -> Vec<String> {
    let app = app(harness, kind);
    vec![account_id.to_owned(), app.client_id, app.client_secret.expose().to_owned()]
}

fn good_account(harness: &Harness) -> Vec<String> {
    let id = app(harness, AppKind::ServerToServer).account_id.unwrap();
    account(harness, &id, AppKind::ServerToServer)
}

#[test]
fn the_pair_of_a_general_app_in_a_server_to_server_set_up() {
    let mut harness = entered(S2S, |harness| {
        let id = app(harness, AppKind::ServerToServer).account_id.unwrap();
        account(harness, &id, AppKind::General)
    });
    let right = good_account(&harness);
    refused_and_mended(&mut harness, "wrong-kind", "General app", &right);
}

#[test]
fn the_account_number_in_place_of_the_account_id() {
    let mut harness = entered(S2S, |harness| account(harness, "5001234567", AppKind::ServerToServer));
    let right = good_account(&harness);
    refused_and_mended(&mut harness, "wrong-account", "account number", &right);
    assert_eq!(harness.wizard().setup.proofs[&Question::Account].verdict.code, "not-active-yet");
}

#[test]
fn another_account_id_is_not_decided_before_the_activation() {
    let mut harness =
        entered(S2S, |harness| account(harness, "REHEARSAL-account-0009", AppKind::ServerToServer));
    let verdict = harness.verdict().clone();
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("account-refused", Judgement::Open));
    assert_eq!(verdict.candidates.len(), 2, "a list of what it can be: {verdict:?}");
    harness.press("Enter");
    harness.walk();
    harness.press("Enter");
    let StepState::Activate(zoom_setup::app::wizard::Activation::Failed { verdict }) =
        &harness.wizard().state
    else {
        panic!("{:?}", harness.wizard().state)
    };
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("account-refused", Judgement::Refused));
    assert!(verdict.candidates.len() >= 3 && verdict.candidates.iter().all(|one| !one.test.is_empty()));
}

/// The pair is good, the redirect stands in the other view: the step that enters the redirect says so.
#[test]
fn the_pair_of_the_production_view() {
    let mut harness = entered(DEX, |harness| {
        let (id, secret) = app(harness, AppKind::General).production_pair.unwrap();
        general(&id, &secret)
    });
    assert_eq!(harness.verdict().judgement, Judgement::Proved, "the pair itself is known");
    harness.press("Enter");
    harness.answer_of("redirect-url");
    let verdict = harness.verdict().clone();
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("invalid-redirect", Judgement::Refused));
    let view = &verdict.candidates.last().unwrap().cause;
    assert!(view.contains("The pair is known") && view.contains("Production"), "{verdict:?}");
    let sent = "https://dev12345.service-now.com/oauth_redirect.do";
    assert!(verdict.evidence.iter().any(|line| line.contains(sent)), "{verdict:?}");
    // It can be passed, after it was asked a few times, and stays marked.
    for _time in 1..MOST_TIMES_SAME {
        harness.press("Enter");
        assert_eq!(harness.step(), "redirect-url");
    }
    harness.press("Enter");
    assert_ne!(harness.step(), "redirect-url");
    assert!(harness.notice().contains("Not proved"), "{}", harness.notice());
    harness.walk();
    harness.press("Down Down Enter");
    assert_eq!(harness.check("redirect").outcome, Outcome::Warning);
    let kind = harness.check("app-kind");
    assert!(kind.detail.contains("Production") && kind.detail.contains("4,700"), "{kind:?}");
}

/// A redirect that is refused is found while the browser is out, though nobody ever comes back.
#[test]
fn a_refused_login_does_not_leave_the_admin_waiting() {
    let mut harness = at_login(World::new(&[]), DEX);
    let (id, secret) = app(&harness, AppKind::General).production_pair.unwrap();
    // As if the other view had been taken after the steps before.
    let mut setup = harness.wizard().setup.clone();
    setup.answers.insert(FieldName::ClientId, id);
    if let zoom_setup::app::model::Screen::Wizard(wizard) = &mut harness.model.screen {
        wizard.setup = setup;
        wizard.secrets.insert(FieldName::ClientSecret, secret);
    }
    harness.world.browser.set(Reach::Nothing);
    harness.press("Enter");
    harness.until_login_ends();
    let AuthorizationPhase::Failed { problem } = harness.login() else { panic!("{:?}", harness.login()) };
    assert_eq!(problem.code, "invalid-redirect");
    assert!(problem.zoom.as_ref().unwrap().contains("(4,700)"), "{problem:?}");
}

/// What was proved is not asked again after a restart, and the end lists it.
#[test]
fn what_was_proved_survives_a_restart() {
    let mut harness = entered(DEX, good);
    assert_eq!(harness.verdict().judgement, Judgement::Proved);
    let record = harness.wizard().setup.proofs[&Question::Pair].clone();
    harness.until_stored();
    let mut harness = harness.restart();
    harness.resume();
    assert_eq!(harness.wizard().setup.proofs[&Question::Pair], record);
    assert_eq!(harness.verdict().code, "pair-known", "it is shown");
    harness.press("Enter Enter");
    assert_eq!(harness.step(), "redirect-url");
    assert_eq!(harness.wizard().setup.proofs[&Question::Pair].at, record.at, "and not asked again");
    harness.walk();
    harness.log_in("Down Enter");
    harness.press("Enter");
    assert_eq!(harness.check("pair").outcome, Outcome::Pass);
    let stored = verify_and_finish(&mut harness, End::Revoke);
    check_disk(&harness, &stored);
}
