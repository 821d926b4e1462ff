//! The checks: their order, the refresh that is stored before use, findings, and the decision about the login.

use super::admin::Admin;
use super::support::{Core, Storing, grant, me, refusal};
use rstest::rstest;
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::wizard::{VerifyStage, VerifyingPhase};
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{Call, Failure, FailureKind, Grant, TokenGrant};
use zoom_setup::ports::{Adopted, Renewal, StoreFailure};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{GrantDecision, Outcome, SecretKey};

const SCOPES_MISSING: &str =
    r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:user:admin]."}"#;
const NO_SUCH_USER: &str = r#"{"code":1001,"message":"User does not exist: me."}"#;

/// At the checks of a DEX set-up, the refresh under way.
fn refreshing() -> Core {
    let mut core = Core::at("servicenow-dex", "authorize");
    super::login::granted(&mut core);
    core.press("Enter");
    assert_eq!(stage(&core), Some(VerifyStage::Refresh));
    core
}

fn stage(core: &Core) -> Option<VerifyStage> {
    match core.verifying() {
        VerifyingPhase::Running { stage, .. } => Some(*stage),
        _ => None,
    }
}

fn rotated(core: &Core) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new("MARKER6rotatedAccess"),
        refresh_token: Some(Secret::new("MARKER7rotatedRefresh")),
        ..core.grant()
    }
}

/// Answers everything well, from the refresh on.
pub fn pass(core: &mut Core) {
    let grant = rotated(core);
    core.refreshed(Ok(grant));
    core.read(Ok(me()));
}

// Rows B04, F21 of docs/callback-rows.md.
#[test]
fn the_refresh_is_left_to_the_renewer_and_its_pair_is_used() {
    let mut core = refreshing();
    let (ticket, request) = core.renewal();
    assert_eq!(request.key, SecretKey::SetupTokens(core.wizard().setup.id.clone()));
    assert_eq!(request.when_less_than_s, None);
    // Nothing leads away from it, and nobody else's answer ends it.
    assert!(core.keys("Esc").is_empty() && core.keys("r").is_empty() && core.keys("Enter").is_empty());
    core.press("s Up Enter");
    assert_eq!(core.step(), "verify");
    core.send(Msg::Renewed { ticket: Ticket(ticket.0 + 1000), result: Box::new(Renewal::NoTokens) });
    assert_eq!(stage(&core), Some(VerifyStage::Refresh));
    let grant = rotated(&core);
    let effects = core.refreshed(Ok(grant));
    let Effect::Read { request, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(request.path, "/users/me");
    assert_eq!(request.access_token.expose(), "MARKER6rotatedAccess");
    assert!(core.wizard().setup.grant.as_ref().unwrap().refreshed_at.is_some());
    assert!(core.effects.iter().all(|effect| !matches!(effect, Effect::Token { request, .. }
        if matches!(request.grant, Grant::RefreshToken { .. }))));
}

/// A refresh whose end is not known, begun a minute ago.
fn interrupted(core: &mut Core, failure: Option<Failure>) {
    let tokens = core.wizard().tokens.clone().unwrap();
    let since = core.now;
    core.pass(60);
    core.renewed(Renewal::Unknown { tokens, since, failure });
}

fn lost() -> Failure {
    let kind = FailureKind::AnswerLost { detail: "connection reset".to_owned() };
    Failure { call: Call::Refresh, host: "zoom.us".to_owned(), kind, clock_offset_s: None }
}

#[test]
fn an_end_that_is_not_known_is_said_and_leads_to_a_new_login() {
    for failure in [None, Some(lost())] {
        let mut core = refreshing();
        interrupted(&mut core, failure.clone());
        let check = core.check("refresh").clone();
        assert_eq!(check.outcome, Outcome::Fail);
        assert!(check.detail.contains("begun at 2026-03-12 10:00 UTC"), "{}", check.detail);
        assert!(check.detail.contains("never sent again"), "{}", check.detail);
        assert!(check.next.unwrap().starts_with("Esc to the login"));
        assert_eq!(check.diagnosis.is_some(), failure.is_some());
        assert_eq!(*core.verifying(), VerifyingPhase::Finished);
        // The renewer is asked again, not Zoom: it may have found the pair.
        core.press("r");
        assert_eq!(stage(&core), Some(VerifyStage::Refresh));
        interrupted(&mut core, None);
        core.press("Esc r");
        core.bound(47_823);
        assert_eq!(core.step(), "authorize");
    }
}

#[test]
fn a_connection_takes_the_mark_of_its_tokens_along() {
    let mut core = refreshing();
    interrupted(&mut core, Some(lost()));
    core.press("Enter Enter Down Enter");
    assert_eq!(core.step(), "open-connection");
    let kept = &core.secrets[&SecretKey::ConnectionTokens("DEX for Zoom".to_owned())];
    let record = TokenRecord::from_secret(kept).unwrap();
    let begun = record.refreshing.unwrap();
    assert_eq!(Some(begun.spends), record.tokens.refresh_token.map(|token| token.fingerprint()));
}

/// Two copies of one refresh token would be spent by two.
#[test]
fn a_login_that_is_kept_goes_to_the_connection_and_is_refreshed_there() {
    let mut core = refreshing();
    pass(&mut core);
    core.press("Down Enter");
    assert_eq!(core.step(), "open-connection");
    let (copy, kept) = (
        SecretKey::SetupTokens(core.wizard().setup.id.clone()),
        SecretKey::ConnectionTokens("DEX for Zoom".to_owned()),
    );
    assert!(!core.secrets.contains_key(&copy) && core.secrets.contains_key(&kept));
    // Also after a restart, whatever a kill left of the copy.
    for left in [None, Some(core.secrets[&kept].clone())] {
        if let Some(left) = left {
            core.secrets.insert(copy.clone(), left);
        }
        core.restart();
        core.press("Home Enter");
        if core.step() != "verify" {
            core.press("Esc");
        }
        assert_eq!(core.step(), "verify");
        core.press("r");
        assert_eq!(core.renewal().1.key, kept);
        pass(&mut core);
    }
    // A new login is the set-up's again.
    core.press("Esc r");
    super::login::comes_back(&mut core);
    core.press("Enter");
    assert_eq!(core.renewal().1.key, copy);
}

#[test]
fn a_set_up_that_was_killed_in_a_refresh_says_so_when_it_is_resumed() {
    let mut core = refreshing();
    let tokens = core.wizard().tokens.clone().unwrap();
    let key = core.renewal().1.key;
    let marked = TokenRecord::of_login(tokens).marked(core.now).unwrap();
    core.secrets.insert(key, marked.to_secret());
    core.restart();
    core.press("Home Enter");
    assert_eq!(core.step(), "verify");
    assert!(core.notice().contains("begun at 2026-03-12 10:00 UTC"), "{}", core.notice());
    assert_eq!(core.wizard().refreshing, marked.refreshing);
}

#[test]
fn a_pair_that_was_stored_before_a_kill_counts_after_it() {
    let mut core = refreshing();
    let key = core.renewal().1.key;
    core.pass(9);
    let old = TokenRecord::of_login(core.wizard().tokens.clone().unwrap());
    let renewed = old.renewed(&rotated(&core), core.now);
    core.secrets.insert(key, renewed.to_secret());
    core.restart();
    core.press("Home Enter");
    let grant = core.wizard().setup.grant.clone().unwrap();
    assert_eq!((grant.refreshed_at, grant.expires_at), (Some(core.now), renewed.tokens.expires_at));
    assert_eq!(core.wizard().tokens, Some(renewed.tokens));
}

#[test]
fn a_pair_that_no_store_took_is_written_again() {
    let mut core = refreshing();
    let grant = rotated(&core);
    let tokens = StoredTokens::from_grant(&grant, core.now, None);
    let full = || StoreFailure::Io { message: "no space left".to_owned() };
    core.renewed(Renewal::NotStored { tokens: tokens.clone(), grant, failure: full(), rescued: None });
    core.read(Ok(me()));
    let check = core.check("store").clone();
    assert!(check.detail.contains("no space left") && check.detail.contains("nowhere but in this run"));
    assert_eq!(core.check("account").outcome, Outcome::Pass, "it is used all the same");
    core.storing = Storing::Fails;
    core.press("r");
    assert_eq!(core.check("store").outcome, Outcome::Fail);
    core.read(Ok(me()));
    core.storing = Storing::Works;
    core.press("r");
    let key = SecretKey::SetupTokens(core.wizard().setup.id.clone());
    assert_eq!(StoredTokens::from_secret(&core.secrets[&key]), Some(tokens));
    assert_eq!(core.check("refresh").outcome, Outcome::Pass);
    core.read(Ok(me()));
    // From now on it is refreshed like any other.
    core.press("r");
    assert_eq!(stage(&core), Some(VerifyStage::Refresh));
}

#[test]
fn a_pair_that_was_put_elsewhere_is_named_and_brought_back() {
    let mut core = refreshing();
    let grant = rotated(&core);
    let tokens = StoredTokens::from_grant(&grant, core.now, None);
    let full = || StoreFailure::Io { message: "no space left".to_owned() };
    let place = "/run/user/1000/tokens.age".to_owned();
    core.renewed(Renewal::NotStored {
        tokens: tokens.clone(),
        grant,
        failure: full(),
        rescued: Some(place.clone()),
    });
    core.read(Ok(me()));
    assert!(core.check("store").detail.contains(&place));
    for failure in [Some(full()), None] {
        core.press("r");
        assert_eq!(stage(&core), Some(VerifyStage::Refresh));
        let stored = failure.is_none();
        let adopted = Some(Adopted { place: place.clone(), failure });
        core.renewed(Renewal::Fresh { tokens: tokens.clone(), adopted });
        core.read(Ok(me()));
        let check = core.check(if stored { "refresh" } else { "store" });
        assert_eq!(check.outcome == Outcome::Pass, stored);
        assert!(check.detail.contains(&place));
    }
}

#[test]
fn a_store_that_cannot_mark_lets_nothing_be_sent() {
    let mut core = refreshing();
    let failure = StoreFailure::Locked { message: "process 7 has held it".to_owned() };
    core.renewed(Renewal::Store(failure));
    let check = core.check("store").clone();
    assert!(check.detail.contains("Nothing was sent to Zoom: process 7"), "{}", check.detail);
    assert_eq!(check.next.as_deref(), Some("Press r to try again."));
}

#[test]
fn all_well_ends_in_the_decision() {
    let mut core = refreshing();
    pass(&mut core);
    assert!(core.checks().iter().all(|check| check.outcome == Outcome::Pass), "{:?}", core.checks());
    let codes: Vec<&str> = core.checks().iter().map(|check| check.code.as_str()).collect();
    assert_eq!(codes, ["token", "refresh", "account", "scopes", "pair"]);
    assert_eq!(*core.verifying(), VerifyingPhase::Deciding { selected: 0 });
    let account = core.on_disk().verification.as_ref().unwrap().account.clone().unwrap();
    assert_eq!(account.email.as_deref(), Some("admin@example.com"));
}

#[rstest]
#[case(400, SCOPES_MISSING)]
#[case(404, NO_SUCH_USER)]
#[case(403, r#"{"code":200,"message":"No permission."}"#)]
fn a_refused_me_falls_back_to_the_list(#[case] status: u16, #[case] body: &str) {
    let mut core = refreshing();
    let grant = rotated(&core);
    core.refreshed(Ok(grant));
    core.read(Err(refusal(Call::Read, status, body)));
    assert_eq!(stage(&core), Some(VerifyStage::Users));
    assert_eq!(core.read_call().1, "/users?page_size=1");
    let mut users = me();
    users.body = serde_json::json!({ "users": [users.body] });
    core.read(Ok(users));
    assert_eq!(core.check("account").outcome, Outcome::Pass);
}

#[rstest]
#[case(401, r#"{"code":124,"message":"Invalid access token."}"#)]
#[case(429, r#"{"code":429,"message":"Too many"}"#)]
#[case(500, "{}")]
fn a_refused_token_or_a_fault_asks_no_second_time(#[case] status: u16, #[case] body: &str) {
    let mut core = refreshing();
    let grant = rotated(&core);
    core.refreshed(Ok(grant));
    core.read(Err(refusal(Call::Read, status, body)));
    assert_eq!(core.check("account").outcome, Outcome::Fail);
    assert!(core.check("account").diagnosis.is_some());
    assert_eq!(*core.verifying(), VerifyingPhase::Finished);
}

#[test]
fn no_scope_for_the_account_is_not_checked() {
    let mut core = refreshing();
    let grant = rotated(&core);
    core.refreshed(Ok(grant));
    core.read(Err(refusal(Call::Read, 400, SCOPES_MISSING)));
    core.read(Err(refusal(Call::Read, 400, SCOPES_MISSING)));
    assert_eq!(core.check("account").outcome, Outcome::NotChecked);
}

// Rows B06, F09 of docs/callback-rows.md.
#[test]
fn missing_scopes_fail_and_more_than_chosen_warn() {
    let mut core = refreshing();
    let mut few = rotated(&core);
    let dropped = few.scopes.as_mut().unwrap().pop().unwrap();
    core.refreshed(Ok(few));
    core.read(Ok(me()));
    assert_eq!(core.check("scopes").outcome, Outcome::Fail);
    assert_eq!(core.on_disk().verification.as_ref().unwrap().missing, [dropped]);
    core.press("r");
    let mut many = rotated(&core);
    many.scopes.as_mut().unwrap().push("webinar:delete:webinar:admin".to_owned());
    core.refreshed(Ok(many));
    core.read(Ok(me()));
    assert_eq!(core.check("scopes").outcome, Outcome::Warning);
    assert_eq!(core.on_disk().verification.as_ref().unwrap().excess, ["webinar:delete:webinar:admin"]);
    assert_eq!(*core.verifying(), VerifyingPhase::Deciding { selected: 0 }, "a warning is no obstacle");
}

// Row F08 of docs/callback-rows.md.
/// With one of the required scopes only, at the login.
fn with_one_scope() -> (Core, Vec<String>) {
    let mut core = Core::at("servicenow-dex", "scopes");
    let mut required: Vec<String> = core.wizard().setup.scopes.iter().cloned().collect();
    core.send(Msg::ProvideScopes(vec![required.remove(0)]));
    core.press("Enter");
    assert_ne!(core.step(), "scopes", "it is said, not forbidden");
    core.walk_to("authorize");
    (core, required)
}

#[test]
fn required_scopes_that_were_left_out_are_named() {
    let (mut core, left_out) = with_one_scope();
    super::login::granted(&mut core);
    core.press("Enter");
    pass(&mut core);
    let check = core.check("scopes").clone();
    assert_eq!(check.outcome, Outcome::Warning, "{check:?}");
    assert!(left_out.iter().all(|id| check.detail.contains(id)), "{check:?}");
    // Without a login as well.
    let (mut core, left_out) = with_one_scope();
    core.press("Down Down Enter");
    let check = core.check("scopes").clone();
    assert_eq!(check.outcome, Outcome::Warning, "{check:?}");
    assert!(left_out.iter().all(|id| check.detail.contains(id)), "{check:?}");
}

#[test]
fn what_follows_from_the_kind_of_the_app_is_advised_once() {
    let mut core = refreshing();
    let user_level = TokenGrant { scopes: Some(vec!["user:read:user".to_owned()]), ..rotated(&core) };
    core.refreshed(Ok(user_level));
    core.read(Ok(me()));
    let (scopes, kind) = (core.check("scopes"), core.check("app-kind"));
    assert_eq!((scopes.outcome, kind.outcome), (Outcome::Fail, Outcome::Fail));
    assert_eq!(scopes.next.as_deref(), Some("That follows from the kind of the app: see App kind."));
}

// Row F08 of docs/callback-rows.md.
#[test]
fn scopes_that_are_not_named_are_not_confirmed() {
    let mut core = refreshing();
    let silent = TokenGrant { scopes: None, ..rotated(&core) };
    core.refreshed(Ok(silent));
    core.read(Ok(me()));
    assert_eq!(core.check("scopes").outcome, Outcome::NotChecked);
}

#[test]
fn an_app_of_the_wrong_kind_is_told() {
    let mut core = refreshing();
    let user_level = TokenGrant { scopes: Some(vec!["user:read:user".to_owned()]), ..rotated(&core) };
    core.refreshed(Ok(user_level));
    core.read(Ok(me()));
    let finding = core.check("app-kind");
    assert_eq!(finding.outcome, Outcome::Fail);
    assert!(finding.next.is_some());
}

#[test]
fn a_wrong_clock_is_told_once() {
    let mut core = refreshing();
    let late = TokenGrant { clock_offset_s: Some(600), ..rotated(&core) };
    core.refreshed(Ok(late));
    let mut answer = me();
    answer.clock_offset_s = Some(600);
    core.read(Ok(answer));
    assert_eq!(core.checks().iter().filter(|check| check.code == "clock").count(), 1);
}

// Row B05 of docs/callback-rows.md.
#[test]
fn a_refused_refresh_is_mended_by_a_new_login() {
    let mut core = refreshing();
    core.refreshed(Err(refusal(
        Call::Refresh,
        400,
        r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
    )));
    assert_eq!(core.check("refresh").outcome, Outcome::Fail);
    assert_eq!(*core.verifying(), VerifyingPhase::Finished);
    core.press("Esc r");
    core.bound(47_823);
    assert_eq!(core.step(), "authorize");
}

#[test]
fn revoking_comes_before_the_hand_over() {
    let mut core = refreshing();
    pass(&mut core);
    let effects = core.keys("Enter");
    let [Effect::Revoke { ticket, request }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(request.token.expose(), "MARKER6rotatedAccess");
    assert!(core.keys("Esc").is_empty() && core.keys("Enter").is_empty(), "it is waited for");
    core.send(Msg::Revoked { ticket: Ticket(ticket.0 + 1000), result: Ok(()) });
    assert!(matches!(core.verifying(), VerifyingPhase::Revoking { .. }));
    core.send(Msg::Revoked { ticket: *ticket, result: Ok(()) });
    assert_eq!(core.step(), "open-connection");
    assert_eq!(core.on_disk().decision, Some(GrantDecision::RevokeAndHandOver));
    assert!(
        core.secrets
            .keys()
            .all(|key| { !matches!(key, SecretKey::SetupTokens(_) | SecretKey::ConnectionTokens(_)) })
    );
}

#[test]
fn a_revocation_that_fails_can_be_tried_again_or_passed() {
    let mut core = refreshing();
    pass(&mut core);
    let refuse = |core: &mut Core| {
        let ticket = core.last(|effect| match effect {
            Effect::Revoke { ticket, .. } => Some(*ticket),
            _ => None,
        });
        core.send(Msg::Revoked { ticket, result: Err(refusal(Call::Revoke, 500, "{}")) });
        assert!(matches!(core.verifying(), VerifyingPhase::RevokeFailed { .. }));
    };
    core.press("Enter");
    refuse(&mut core);
    core.press("r");
    refuse(&mut core);
    core.press("Enter");
    assert_eq!(core.step(), "open-connection");
    assert_eq!(core.wizard().tokens, None);
    let checks = &core.on_disk().verification.as_ref().unwrap().checks;
    assert_eq!(checks.last().unwrap().outcome, Outcome::Warning);
}

#[test]
fn keeping_the_grant_keeps_its_tokens_with_the_connection() {
    let mut core = refreshing();
    pass(&mut core);
    core.press("Down Enter");
    assert_eq!(core.step(), "open-connection");
    let kept = &core.secrets[&SecretKey::ConnectionTokens("DEX for Zoom".to_owned())];
    assert!(kept.expose().contains("MARKER7"));
    assert_eq!(core.connections["DEX for Zoom"].owner, zoom_setup::setup::Owner::Wizard);
}

// Row F09 of docs/callback-rows.md.
#[test]
fn failures_are_taken_note_of_before_going_on() {
    let mut core = refreshing();
    let few = TokenGrant { scopes: Some(Vec::new()), ..rotated(&core) };
    core.refreshed(Ok(few));
    core.read(Ok(me()));
    core.press("Enter");
    assert!(core.notice().contains("failed"), "{}", core.notice());
    core.press("Enter");
    assert_eq!(*core.verifying(), VerifyingPhase::Deciding { selected: 0 }, "the login is not forgotten");
}

#[test]
fn a_server_to_server_check_keeps_no_token() {
    let mut core = Core::at("celigo-s2s", "activation");
    core.press("Enter");
    let token = TokenGrant { refresh_token: None, ..core.grant() };
    core.token(Ok(token.clone()));
    core.press("Enter");
    assert_eq!(stage(&core), Some(VerifyStage::Token));
    core.token(Ok(token));
    core.read(Err(refusal(Call::Read, 404, NO_SUCH_USER)));
    let mut users = me();
    users.body = serde_json::json!({ "users": [users.body] });
    core.read(Ok(users));
    assert_eq!(*core.verifying(), VerifyingPhase::Finished);
    assert_eq!(core.wizard().tokens, None);
    core.press("Enter");
    assert_eq!(core.step(), "start-connection");
    assert!(core.secrets.keys().all(|key| !matches!(key, SecretKey::ConnectionTokens(_))));
}

#[test]
fn a_check_that_is_left_comes_too_late() {
    let mut core = Core::at("celigo-s2s", "activation");
    core.press("Enter");
    let token = TokenGrant { refresh_token: None, ..grant(vec!["user:read:list_users:admin".to_owned()]) };
    core.token(Ok(token.clone()));
    core.press("Enter");
    let ticket = core.token_ticket();
    assert!(core.keys("Esc").contains(&Effect::Cancel { ticket }));
    assert_eq!(core.step(), "activation");
    core.send(Msg::Token { ticket, result: Box::new(Ok(token)) });
    assert_eq!(core.step(), "activation");
}
