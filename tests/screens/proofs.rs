//! The answers of Zoom to a step's question, as the verdicts really are.

use super::states::{activate, fill, forget_client_secret, good, read, verify};
use super::world::{SECRET, ago, checks, now, verification};
use std::collections::BTreeSet;
use zoom_setup::app::message::Ticket;
use zoom_setup::app::model::{Model, Screen};
use zoom_setup::app::proof::{Asking, MOST_TIMES_SAME};
use zoom_setup::app::wizard::{Activation, VerifyingPhase, Wizard};
use zoom_setup::entry::Checked;
use zoom_setup::oauth::kind::{self, KindFinding, Observed};
use zoom_setup::oauth::preflight::{self, Asked};
use zoom_setup::oauth::probe::{self, Moment};
use zoom_setup::oauth::verdict::Verdict;
use zoom_setup::oauth::{Call, Failure, FailureKind, PreflightAnswer, TokenGrant};
use zoom_setup::procedure::{AppKind, FieldName, Management};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Check, Outcome, ProofRecord, Question};

const ID: &str = "aB3dEfGhIjKlMnOpQrStUv";
const ACCOUNT: &str = "qW8rTyUiOpAsDfGhJkLzXc";
const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn refusal(body: &str) -> Failure {
    Failure {
        call: Call::ExchangeCode,
        host: "zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status: 400,
            body: body.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: None,
        },
        clock_offset_s: None,
    }
}

/// The same for a token with an Account ID.
fn account_refusal(body: &str) -> Failure {
    Failure { call: Call::AccountCredentials, ..refusal(body) }
}

fn slow() -> Failure {
    Failure { kind: FailureKind::TimedOut { limit_s: 10 }, ..refusal("") }
}

const WRONG: &str = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;
const CODE: &str = r#"{"reason":"Invalid authorization code [zoom-setup-test-dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk]","error":"invalid_grant"}"#;
const GRANT_TYPE: &str = r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#;
const BAD: &str = r#"{"reason":"Bad Request","error":"invalid_request"}"#;
const OFF: &str = r#"{"reason":"The app has been disabled (4717)","error":"invalid_request"}"#;
const KIND: &str = r#"{"reason":"Account does not enabled the OAuth app type","error":"invalid_request"}"#;

fn wizard_of(model: &mut Model) -> &mut Wizard {
    match &mut model.screen {
        Screen::Wizard(wizard) => wizard,
        Screen::Home { .. } | Screen::Connection { .. } | Screen::Checks(_) => panic!("no set-up on screen"),
    }
}

/// At the credentials, everything stored.
fn credentials(id: &str) -> Model {
    let kept = ("", Checked::Empty);
    let mut entries = vec![(ID, good(ID)), kept];
    if id == "celigo-s2s" {
        entries.insert(0, (ACCOUNT, good(ACCOUNT)));
    }
    let mut model = fill(id, "credentials", entries);
    if let zoom_setup::app::wizard::StepState::Fill(form) = &mut wizard_of(&mut model).state {
        form.focus = form.fields.len() - 1;
    }
    model
}

/// With this answer, asked so often.
fn with(mut model: Model, question: Question, times: usize, judge: impl Fn(&Wizard) -> Verdict) -> Model {
    let endpoints = model.settings.endpoints.clone();
    let wizard = wizard_of(&mut model);
    let about = wizard.about(question, &endpoints).unwrap();
    let record = ProofRecord {
        at: ago(20),
        about,
        verdict: judge(wizard),
        token_at: None,
        unknown: Default::default(),
    };
    wizard.proving.asked.insert(question, vec![record.about.clone(); times]);
    wizard.setup.proofs.insert(question, record);
    model
}

fn pair(answer: Failure) -> Model {
    with(credentials("servicenow-dex"), Question::Pair, 1, |wizard| {
        probe::pair(&Err(answer.clone()), wizard.credentials(), now())
    })
}

/// The secret is another value.
fn pair_with_secret(secret: &str, token: Option<&str>) -> Model {
    let mut model = credentials("servicenow-dex");
    let wizard = wizard_of(&mut model);
    wizard.secrets.insert(FieldName::ClientSecret, Secret::new(secret));
    if let Some(token) = token {
        wizard.secrets.insert(FieldName::SecretToken, Secret::new(token));
    }
    with(model, Question::Pair, 1, |wizard| probe::pair(&Err(refusal(WRONG)), wizard.credentials(), now()))
}

fn swapped() -> Model {
    // An ID is no secret, so what stands in its field is shown.
    const ENTERED: &str = "AnInventedSecretOf32Characters00";
    let mut model = credentials("servicenow-dex");
    let wizard = wizard_of(&mut model);
    wizard.setup.answers.insert(FieldName::ClientId, ENTERED.to_owned());
    wizard.secrets.insert(FieldName::ClientSecret, Secret::new(ID));
    if let zoom_setup::app::wizard::StepState::Fill(form) = &mut wizard.state {
        form.fields[0].input = zoom_setup::app::input::TextField::plain(ENTERED);
        form.fields[0].checked = good(ENTERED);
    }
    with(model, Question::Pair, 1, |wizard| probe::pair(&Err(refusal(WRONG)), wizard.credentials(), now()))
}

/// The procedure asks for no secret.
fn public_client() -> Model {
    let mut model = credentials("servicenow-dex");
    forget_client_secret(wizard_of(&mut model));
    with(model, Question::Pair, 1, |wizard| probe::pair(&Err(refusal(CODE)), wizard.credentials(), now()))
}

fn token_for_nothing() -> Model {
    with(credentials("servicenow-dex"), Question::Pair, 1, |wizard| {
        probe::pair(&Ok(token()), wizard.credentials(), now())
    })
}

fn asking(mut model: Model, question: Question) -> Model {
    wizard_of(&mut model).proving.asking = Some(Asking { ticket: Ticket(1), question, about: Vec::new() });
    model
}

fn token() -> TokenGrant {
    TokenGrant {
        access_token: Secret::new(SECRET),
        refresh_token: None,
        expires_in_s: 3_600,
        scopes: None,
        api_url: None,
        clock_offset_s: None,
    }
}

fn account(answer: Result<TokenGrant, Failure>) -> Model {
    with(credentials("celigo-s2s"), Question::Account, 1, |wizard| {
        probe::account(&answer, wizard.credentials(), Moment::Credentials, now())
    })
}

fn account_number() -> Model {
    let mut model = credentials("celigo-s2s");
    let wizard = wizard_of(&mut model);
    wizard.setup.answers.insert(FieldName::AccountId, "5001234567".to_owned());
    if let zoom_setup::app::wizard::StepState::Fill(form) = &mut wizard.state {
        form.fields[0].input = zoom_setup::app::input::TextField::plain("5001234567");
        form.fields[0].checked = good("5001234567");
    }
    with(model, Question::Account, 1, |wizard| {
        probe::account(&Err(account_refusal(BAD)), wizard.credentials(), Moment::Credentials, now())
    })
}

fn redirect(answer: Result<PreflightAnswer, Failure>, pair_known: bool) -> Model {
    with(read("servicenow-dex", "redirect-url"), Question::Redirect, 1, |_| {
        preflight::read(&answer, Asked { host: "zoom.us", redirect_uri: REDIRECT, pair_known }, now())
    })
}

fn page(body: &str) -> Result<PreflightAnswer, Failure> {
    Ok(PreflightAnswer::Page {
        status: 200,
        body: body.to_owned(),
        content_type: "text/html".to_owned(),
        retry_after: None,
    })
}

/// At the activation, after Zoom called the app disabled.
pub fn not_activated(token_at: Option<jiff::Timestamp>) -> Verdict {
    at_activation(OFF, token_at)
}

fn at_activation(body: &str, token_at: Option<jiff::Timestamp>) -> Verdict {
    let model = credentials("celigo-s2s");
    let wizard = model.wizard().unwrap();
    let given = wizard.credentials();
    probe::account(&Err(account_refusal(body)), given, Moment::Activation { token_at }, now())
}

fn findings(
    granted: &[&str],
    token_account: Option<&str>,
    earlier: Option<(&Verdict, &Verdict)>,
) -> Vec<KindFinding> {
    findings_of(AppKind::General, granted, token_account, earlier)
}

fn findings_of(
    app_kind: AppKind,
    granted: &[&str],
    token_account: Option<&str>,
    earlier: Option<(&Verdict, &Verdict)>,
) -> Vec<KindFinding> {
    let chosen = BTreeSet::from(["user:read:user:admin".to_owned(), "report:read:user:admin".to_owned()]);
    let granted: Vec<String> = granted.iter().map(|scope| (*scope).to_owned()).collect();
    kind::findings(&Observed {
        app_kind,
        management: (app_kind == AppKind::General).then_some(Management::Admin),
        chosen: &chosen,
        granted: Some(&granted),
        account_id: token_account.map(|_| ACCOUNT),
        token_account,
        pair: earlier.map(|(pair, _)| pair),
        redirect: earlier.map(|(_, redirect)| redirect),
    })
}

fn verified(findings: Vec<KindFinding>) -> Model {
    let mut all = checks(false);
    all.extend(findings.into_iter().map(|finding| Check {
        code: "app-kind".to_owned(),
        title: "App kind".to_owned(),
        outcome: if finding.wrong { Outcome::Fail } else { Outcome::Warning },
        detail: finding.text(),
        next: Some(finding.next),
        diagnosis: None,
        unknown: Default::default(),
    }));
    let verification = zoom_setup::setup::Verification { checks: all.clone(), ..verification(false) };
    verify(VerifyingPhase::Finished, all, Some(verification))
}

fn other_view() -> Model {
    let model = pair(refusal(CODE));
    let known = model.wizard().unwrap().setup.proofs[&Question::Pair].verdict.clone();
    let asked = Asked { host: "zoom.us", redirect_uri: REDIRECT, pair_known: true };
    let refused = preflight::read(&page(INVALID), asked, now());
    verified(findings(&["user:read:user:admin", "report:read:user:admin"], None, Some((&known, &refused))))
}

const INVALID: &str = "<html><head><title>Error</title><script>var a = 4702;</script></head><body><h1>Invalid redirect: \
https://dev12345.service-now.com/oauth_redirect.do (4.700)</h1><p>Ask the app's developer.</p></body></html>";
const PORTAL: &str = "<html><title>Sign in to the network</title><h1>Sign in to the network</h1></html>";

pub fn all() -> Vec<(&'static str, Model)> {
    let bound = with(credentials("servicenow-dex"), Question::Pair, MOST_TIMES_SAME, |wizard| {
        probe::pair(&Err(refusal(WRONG)), wizard.credentials(), now())
    });
    let html = Failure {
        kind: FailureKind::Answered {
            status: 200,
            body: PORTAL.to_owned(),
            content_type: "text/html".to_owned(),
            retry_after: None,
        },
        ..slow()
    };
    let failed = |verdict| activate(Activation::Failed { verdict });
    let master = ["user:read:user:admin", "report:read:user:admin", "account:master"];
    let complete = ["user:read:user:admin", "report:read:user:admin"];
    vec![
        ("pair_asking", asking(credentials("servicenow-dex"), Question::Pair)),
        ("pair_known", pair(refusal(CODE))),
        ("pair_wrong", pair(refusal(WRONG))),
        ("pair_wrong_last", bound),
        ("pair_secret_token", pair_with_secret("REHEARSALtoken00000001", None)),
        ("pair_cut", pair_with_secret("RehearsalSecretGeneral00000000", Some("AnotherValue"))),
        ("pair_swapped", swapped()),
        ("pair_other_kind", pair(refusal(GRANT_TYPE))),
        ("pair_public_client", public_client()),
        ("pair_token_for_nothing", token_for_nothing()),
        ("pair_open_slow", pair(slow())),
        ("pair_open_portal", pair(html)),
        ("account_asking", asking(credentials("celigo-s2s"), Question::Account)),
        ("account_granted", account(Ok(token()))),
        ("account_not_active_yet", account(Err(account_refusal(OFF)))),
        ("account_wrong_pair", account(Err(account_refusal(WRONG)))),
        ("account_number", account_number()),
        ("account_undecided", account(Err(account_refusal(BAD)))),
        ("account_other_kind", account(Err(account_refusal(KIND)))),
        ("account_open", account(Err(slow()))),
        ("redirect_asking", asking(read("servicenow-dex", "redirect-url"), Question::Redirect)),
        ("redirect_clean", redirect(Ok(PreflightAnswer::SignIn), true)),
        ("redirect_refused", redirect(page(INVALID), false)),
        ("redirect_refused_pair_known", redirect(page(INVALID), true)),
        ("redirect_unknown_client", redirect(page("Invalid client_id: x (4 702)"), false)),
        (
            "redirect_elsewhere",
            redirect(Ok(PreflightAnswer::Elsewhere { host: "portal.example".to_owned() }), true),
        ),
        ("redirect_open", redirect(Err(slow()), true)),
        ("activate_deactivated", failed(not_activated(Some(ago(7_200))))),
        ("activate_account_or_activation", failed(at_activation(BAD, None))),
        ("activate_other_kind", failed(at_activation(KIND, None))),
        (
            "activate_user_managed",
            activate(Activation::Granted {
                missing: vec!["user:read:user:admin".to_owned()],
                findings: findings_of(AppKind::ServerToServer, &["user:read:user"], None, None),
            }),
        ),
        ("verify_user_managed", verified(findings(&["user:read:user", "report:read:user"], None, None))),
        ("verify_user_twin", verified(findings(&["user:read:user", "report:read:user:admin"], None, None))),
        ("verify_master", verified(findings(&master, None, None))),
        ("verify_other_account", verified(findings(&complete, Some("zZ9rTyUiOpAsDfGhJkLzXc"), None))),
        ("verify_other_view", other_view()),
    ]
}
