//! What RFCs ask of the login and what only the core can keep. The rows are those of `docs/callback-rows.md`.

use super::admin::Admin;
use super::login::waiting;
use super::support::{CODE, Core};
use rstest::rstest;
use zoom_setup::app::message::Effect;
use zoom_setup::app::wizard::AuthorizationPhase;
use zoom_setup::oauth::Grant;
use zoom_setup::setup::SecretKey;

/// The login's address, as the browser gets it.
fn address(core: &Core) -> url::Url {
    match core.login() {
        AuthorizationPhase::Waiting { url, .. } => url.parse().unwrap(),
        other => panic!("not waiting: {other:?}"),
    }
}

fn parameter(url: &url::Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn asks_for_a_token(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Token { .. }))
}

/// N02, N05, F14, B01: one redirect, byte for byte the same wherever it goes.
#[test]
fn n05_listener_authorize_address_and_exchange_name_one_redirect() {
    let mut core = waiting();
    let redirect = parameter(&address(&core), "redirect_uri").unwrap();
    let AuthorizationPhase::Waiting { port: Some(port), pending, .. } = core.login() else {
        panic!("no port")
    };
    assert_eq!(redirect, format!("http://127.0.0.1:{port}/callback"));
    assert_eq!(pending.redirect_uri, redirect);
    let state = parameter(&address(&core), "state").unwrap();
    core.press("p");
    core.paste(&format!("{redirect}?code={CODE}&state={state}"));
    let effects = core.keys("Enter");
    let Some(Effect::Token { request, .. }) =
        effects.iter().find(|effect| matches!(effect, Effect::Token { .. }))
    else {
        panic!("{effects:?}")
    };
    let Grant::AuthorizationCode { redirect_uri, .. } = &request.grant else { panic!("{request:?}") };
    assert_eq!(*redirect_uri, redirect);
}

/// B12, N10, I02, I05: what was begun elsewhere is told and used for nothing.
#[rstest]
#[case::another_run("code=CODE&state=of_another_run", "another login")]
#[case::an_error_of_another_run("error=access_denied&state=of_another_run", "another login")]
#[case::another_server("code=CODE&iss=https%3A%2F%2Fexample.com", "not from Zoom")]
#[case::an_error_of_another_server("error=access_denied&iss=https%3A%2F%2Fexample.com", "not from Zoom")]
fn b12_an_answer_of_another_login_is_told_and_nothing_is_asked_or_stored(
    #[case] query: &str,
    #[case] words: &str,
) {
    let mut core = waiting();
    let secrets = core.secrets.clone();
    core.press("p");
    core.paste(&format!("http://127.0.0.1:47823/callback?{}", query.replace("CODE", CODE)));
    let effects = core.keys("Enter");
    assert!(!asks_for_a_token(&effects), "{effects:?}");
    assert_eq!(core.secrets, secrets);
    let AuthorizationPhase::Waiting { .. } = core.login() else { panic!("{:?}", core.login()) };
    let problem = core.wizard().authorization().unwrap().paste_problem.clone().unwrap();
    assert!(problem.contains(words), "{problem}");
}

/// P05, P03: a refusal of the challenge leads to S256 again, never to `plain`.
#[rstest]
#[case::invalid_request("invalid_request", "code_challenge_method must be plain")]
#[case::server_error("server_error", "code challenge not supported")]
fn p05_a_refused_challenge_is_never_followed_by_a_weaker_one(#[case] error: &str, #[case] text: &str) {
    let mut core = waiting();
    let state = parameter(&address(&core), "state").unwrap();
    core.press("p");
    core.paste(&format!(
        "http://127.0.0.1:47823/callback?error={error}&error_description={}&state={state}",
        text.replace(' ', "+")
    ));
    core.press("Enter");
    assert!(matches!(core.login(), AuthorizationPhase::Failed { .. }), "{:?}", core.login());
    core.press("r");
    core.bound(47_823);
    let again = address(&core);
    assert_eq!(parameter(&again, "code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(parameter(&again, "code_challenge").map(|challenge| challenge.len()), Some(43));
}

/// B03: nothing but a code is ever asked for, and nothing but a code, a refresh token or the account's own
/// credentials is ever given for a token. A grant more would not compile here.
#[test]
fn b03_no_implicit_and_no_password_grant() {
    let core = waiting();
    assert_eq!(parameter(&address(&core), "response_type").as_deref(), Some("code"));
    let kind = |grant: &Grant| match grant {
        Grant::AuthorizationCode { .. } => "authorization_code",
        Grant::RefreshToken { .. } => "refresh_token",
        Grant::AccountCredentials { .. } => "account_credentials",
    };
    assert_eq!(kind(&Grant::AccountCredentials { account_id: "a".to_owned() }), "account_credentials");
}

/// P06: the verifier is gone from the store, and from the core, as soon as the code was exchanged.
#[test]
fn p06_a_verifier_does_not_outlive_its_login() {
    let mut core = waiting();
    let AuthorizationPhase::Waiting { pending, .. } = core.login() else { panic!("{:?}", core.login()) };
    let (verifier, state) = (pending.verifier.clone(), pending.state.clone());
    core.press("p");
    core.paste(&format!("code={CODE}&state={}", state.expose()));
    core.press("Enter");
    let grant = core.grant();
    core.token(Ok(grant));
    assert_eq!(*core.login(), AuthorizationPhase::Granted);
    assert!(core.secrets.keys().all(|key| !matches!(key, SecretKey::SetupPending(_))));
    let held = core.secrets.values().any(|secret| secret.expose().contains(verifier.expose()));
    assert!(!held && core.wizard().pending.is_none());
}
