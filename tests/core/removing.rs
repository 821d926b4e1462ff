//! Removing a connection: revoked first if that is wanted, and everything stays where that fails.

use super::admin::Admin;
use super::reviewing::connection;
use super::support::{ACCESS, CLIENT_ID, CLIENT_SECRET, Core, Storing, refusal};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::model::{Overlay, Screen};
use zoom_setup::app::removal::{RemovalChoice, RemovalPhase, Removing};
use zoom_setup::error::ErrorKind;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{Call, ClientAuthentication, Failure, FailureKind, RevokeRequest};
use zoom_setup::ports::{Renewal, RenewalRequest, StoreFailure};
use zoom_setup::setup::{Owner, SecretKey};

/// At the question, for a connection of that procedure.
pub fn asked(id: &str) -> Core {
    let mut core = Core::new();
    connection(&mut core, id, None);
    core.press("End x");
    assert_eq!(mode(&core.model), Mode::Remove);
    core
}

fn removing(core: &Core) -> &Removing {
    core.model.removing.as_deref().unwrap()
}

fn tokens(core: &Core) -> StoredTokens {
    let key = SecretKey::ConnectionTokens(removing(core).connection.name.clone());
    StoredTokens::from_secret(&core.secrets[&key]).unwrap()
}

/// What the renewer says.
fn renewed(core: &mut Core, result: Renewal) {
    let ticket = core.last(|effect| match effect {
        Effect::Renew { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.send(Msg::Renewed { ticket, result: Box::new(result) });
}

fn revoke_request(core: &Core) -> RevokeRequest {
    core.last(|effect| match effect {
        Effect::Revoke { request, .. } => Some(request.clone()),
        _ => None,
    })
}

fn revoked(core: &mut Core, result: Result<(), Failure>) {
    let ticket = core.last(|effect| match effect {
        Effect::Revoke { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.send(Msg::Revoked { ticket, result });
}

fn nothing_is_gone(core: &Core) {
    assert_eq!(core.connections.len(), 1);
    assert!(core.secrets.len() >= 2, "{:?}", core.secrets.keys());
    assert_eq!(removing(core).phase, RemovalPhase::Asking);
}

#[test]
fn what_can_be_done_follows_from_whose_login_it_is() {
    use RemovalChoice::{Keep, Remove, RevokeAndRemove};
    assert_eq!(removing(&asked("celigo-oauth")).choices(), [RevokeAndRemove, Remove, Keep]);
    assert_eq!(removing(&asked("celigo-s2s")).choices(), [Remove, Keep]);
    let mut core = Core::new();
    let name = connection(&mut core, "celigo-oauth", None);
    core.connections.get_mut(&name).unwrap().owner = Owner::Receiver;
    core.load();
    core.send(Msg::Remove { connection: name });
    assert_eq!(removing(&core).choices(), [Remove, Keep], "the receiver's login is not ours to revoke");
}

#[test]
fn a_login_is_revoked_before_it_is_removed() {
    let mut core = asked("celigo-oauth");
    core.press("Enter");
    let request: RenewalRequest = core.last(|effect| match effect {
        Effect::Renew { request, .. } => Some(request.clone()),
        _ => None,
    });
    assert_eq!(request.when_less_than_s, Some(60), "a token that lives is not refreshed");
    let ClientAuthentication::Basic { client_id, client_secret } = &request.client else { panic!("no pair") };
    assert_eq!((client_id.as_str(), client_secret.expose()), (CLIENT_ID, CLIENT_SECRET));
    let tokens = tokens(&core);
    renewed(&mut core, Renewal::Fresh { tokens, adopted: None });
    assert_eq!(revoke_request(&core).token.expose(), ACCESS);
    assert_eq!(core.connections.len(), 1, "it is there until Zoom has revoked");
    revoked(&mut core, Ok(()));
    assert!(core.connections.is_empty() && core.secrets.is_empty());
    assert!(core.model.removing.is_none() && core.model.library.connections.is_empty());
    assert!(core.notice().starts_with("Revoked at Zoom and removed here"), "{}", core.notice());
}

#[test]
fn a_revocation_that_fails_keeps_everything() {
    let lost = FailureKind::TimedOut { limit_s: 10 };
    for (failure, kind) in [
        (refusal(Call::Revoke, 400, r#"{"error":"invalid_client"}"#), ErrorKind::Refused),
        (refusal(Call::Revoke, 400, r#"{"error":"invalid_grant"}"#), ErrorKind::CheckFailed),
        (Failure { kind: lost, ..refusal(Call::Revoke, 0, "") }, ErrorKind::Unreachable),
    ] {
        let mut core = asked("celigo-oauth");
        core.press("Enter");
        let tokens = tokens(&core);
        renewed(&mut core, Renewal::Fresh { tokens, adopted: None });
        revoked(&mut core, Err(failure));
        nothing_is_gone(&core);
        let problem = removing(&core).problem.clone().unwrap();
        assert_eq!(problem.kind, kind, "{}", problem.text);
        // It can be removed here all the same.
        core.press("Down Enter");
        assert!(core.connections.is_empty() && core.secrets.is_empty());
    }
}

#[test]
fn without_a_token_that_lives_nothing_is_revoked() {
    let none: fn(StoredTokens) -> Renewal = |_| Renewal::NoTokens;
    let store: fn(StoredTokens) -> Renewal =
        |_| Renewal::Store(StoreFailure::Locked { message: "another zoom-setup holds it".to_owned() });
    let spent: fn(StoredTokens) -> Renewal = |tokens| Renewal::NoRefreshToken { tokens };
    let unknown: fn(StoredTokens) -> Renewal =
        |tokens| Renewal::Unknown { since: tokens.obtained_at, tokens, failure: None };
    for answer in [none, store, spent, unknown] {
        let mut core = asked("celigo-oauth");
        core.press("Enter");
        // Later than the hour of its access token.
        core.pass(4_000);
        let tokens = tokens(&core);
        renewed(&mut core, answer(tokens));
        assert_eq!(core.count(|effect| matches!(effect, Effect::Revoke { .. })), 0);
        nothing_is_gone(&core);
        assert!(removing(&core).problem.is_some());
    }
}

#[test]
fn a_pair_that_no_disk_took_revokes_as_well() {
    let mut core = asked("celigo-oauth");
    core.press("Enter");
    let answer = Renewal::NotStored {
        tokens: tokens(&core),
        grant: super::support::grant(Vec::new()),
        failure: StoreFailure::Io { message: "the disk is full".to_owned() },
        rescued: None,
    };
    renewed(&mut core, answer);
    revoked(&mut core, Ok(()));
    assert!(core.connections.is_empty());
}

#[test]
fn a_store_that_fails_says_what_was_done() {
    let mut core = asked("celigo-oauth");
    core.press("Enter");
    let tokens = tokens(&core);
    renewed(&mut core, Renewal::Fresh { tokens, adopted: None });
    core.storing = Storing::Fails;
    revoked(&mut core, Ok(()));
    assert!(removing(&core).revoked);
    assert_eq!(removing(&core).choices(), [RemovalChoice::Remove, RemovalChoice::Keep], "revoked is revoked");
    core.storing = Storing::Works;
    core.press("Enter");
    assert!(core.connections.is_empty());
    assert_eq!(core.count(|effect| matches!(effect, Effect::Revoke { .. })), 1);
}

#[test]
fn keeping_it_changes_nothing() {
    for keys in ["Esc", "Down Down Enter"] {
        let mut core = asked("celigo-oauth");
        core.press(keys);
        assert!(core.model.removing.is_none());
        assert_eq!((core.connections.len(), core.secrets.len()), (1, 2));
    }
}

#[test]
fn secrets_that_stay_locked_keep_it() {
    for keys in ["Enter", "Down Enter"] {
        let mut core = asked("celigo-oauth");
        core.unlock = Err(StoreFailure::NeedsPassphrase { new: false, why: "no keyring".to_owned() });
        core.press(keys);
        assert!(matches!(core.model.overlay, Some(Overlay::Unlock(_))));
        core.press("Esc");
        nothing_is_gone(&core);
        assert_eq!(removing(&core).problem.as_ref().unwrap().kind, ErrorKind::Store);
    }
}

#[test]
fn from_the_screen_of_a_connection_it_ends_at_home() {
    let mut core = Core::new();
    connection(&mut core, "celigo-s2s", None);
    core.press("End Enter x Enter");
    assert!(matches!(core.model.screen, Screen::Home { .. }));
    assert!(core.connections.is_empty() && core.secrets.is_empty());
    assert!(core.notice().contains("Celigo"), "{}", core.notice());
}
