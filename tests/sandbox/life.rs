//! Restart, a common client, the sub-command.

use super::stage::*;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use zoom_setup::procedure::AppKind;
use zoom_setup::sandbox::{Fault, SandboxOptions};

fn with_state(path: PathBuf) -> impl FnOnce(&mut SandboxOptions) {
    move |options| options.state_file = Some(path)
}

#[test]
fn tokens_codes_and_apps_survive_a_restart() {
    let directory = temporary_directory();
    let path = directory.path().join("sandbox.json");
    let stage = Stage::ready(with_state(path.clone()));
    let tokens = stage.login();
    let open = stage.code(LOOPBACK);
    let port = stage.port();
    drop(stage);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let stage = Stage::new(with_state(path));
    assert!(stage.sandbox.notices().is_empty());
    assert_eq!(stage.port(), port);
    assert_eq!(stage.sandbox.configuration(AppKind::General), general_configuration());
    assert_eq!(stage.read(tokens["access_token"].as_str().unwrap(), "/v2/users/me").status, 200);
    let refreshed = stage.refresh(tokens["refresh_token"].as_str().unwrap());
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    assert_eq!(stage.exchange(&open, LOOPBACK).status, 200);
}

#[test]
fn an_unreadable_state_is_said_and_replaced() {
    let directory = temporary_directory();
    let path = directory.path().join("sandbox.json");
    for content in ["{ not json", "{\"format\": 99}"] {
        std::fs::write(&path, content).unwrap();
        let stage = Stage::ready(with_state(path.clone()));
        let notices = stage.sandbox.notices();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].contains("sandbox.json"), "{notices:?}");
        stage.login();
        drop(stage);
        assert!(Stage::new(with_state(path.clone())).sandbox.notices().is_empty());
    }
}

#[test]
fn a_state_that_cannot_be_saved_is_said() {
    let directory = temporary_directory();
    let stage = Stage::ready(with_state(directory.path().join("absent").join("sandbox.json")));
    stage.login();
    let notices = stage.sandbox.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(stage.sandbox.notices().is_empty());
}

#[tokio::test]
async fn a_common_client_gets_along() {
    // Another test of this binary may have been first; either way there is a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stage = Stage::with_fault(Fault::Drop);
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let app = stage.app(AppKind::ServerToServer);
    let account_id = app.account_id.unwrap();
    let ask = || {
        client
            .post(format!("{}/oauth/token", stage.sandbox.oauth_url()))
            .basic_auth(&app.client_id, Some(app.client_secret.expose()))
            .form(&[("grant_type", "account_credentials"), ("account_id", account_id.as_str())])
            .send()
    };
    let cut = ask().await.unwrap_err();
    assert!(!cut.is_timeout(), "{cut:?}");
    for _ in 0..3 {
        let answer = ask().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let json: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let users = client
            .get(format!("{}/v2/users?page_size=1", stage.sandbox.api_url()))
            .bearer_auth(json["access_token"].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(users.status().as_u16(), 200);
    }
}

#[test]
fn the_sub_command_says_how_to_use_it_and_is_ready() {
    let (options, _) = options();
    let alone = zoom_setup::cli::sandbox::StandAlone {
        port: None,
        fault: Some(Fault::Deny),
        general_scopes: SCOPES.map(str::to_owned).into(),
        server_to_server_scopes: SCOPES.map(str::to_owned).into(),
        clock: options.clock,
        entropy: options.entropy,
    };
    let mut out = Vec::new();
    let mut ended = false;
    zoom_setup::cli::sandbox::run(alone, &mut out, || ended = true).unwrap();
    assert!(ended);
    let text = String::from_utf8(out).unwrap();
    for part in
        ["REHEARSAL", "--oauth-url http://127.0.0.1:", "--api-url", "Account ID", "Client Secret", "deny"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn it_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync>() {}
    shareable::<zoom_setup::sandbox::Sandbox>();
}
