//! Home, plain steps, scopes, activation, and what a changed answer does.

use super::admin::Admin;
use super::support::{CLIENT_ID, CLIENT_SECRET, Core, form, grant, refusal};
use zoom_setup::app::message::{Effect, Exit, Msg, Ticket};
use zoom_setup::app::model::{HomeItem, Overlay, Screen};
use zoom_setup::app::wizard::{Activation, Progress, StepState};
use zoom_setup::entry::Checked;
use zoom_setup::oauth::{Call, TokenGrant};
use zoom_setup::procedure::{FieldName, StepKind};
use zoom_setup::setup::SecretKey;

fn selected(core: &Core) -> usize {
    let Screen::Home { selected } = core.model.screen else { panic!("not at home") };
    selected
}

#[test]
fn the_cursor_stays_on_the_home_screen() {
    let mut core = Core::new();
    let last = core.model.home_items().len() - 1;
    core.press("Up");
    assert_eq!(selected(&core), 0);
    core.press("Down j");
    assert_eq!(selected(&core), 2);
    core.press("k");
    assert_eq!(selected(&core), 1);
    core.press("G Down");
    assert_eq!(selected(&core), last);
    core.press("g");
    assert_eq!(selected(&core), 0);
    assert!(matches!(core.keys("q")[..], [Effect::Exit(Exit::Done)]));
}

#[test]
fn a_set_up_begins_with_randomness_and_is_saved_at_once() {
    let mut core = Core::new();
    core.begin("servicenow-dex");
    assert!(matches!(core.effects[..], [Effect::Random { .. }, Effect::SaveSetup(_), ..]));
    assert_eq!(core.on_disk().id, "servicenow-dex-07070707");
    assert_eq!(core.step(), "needs");
    assert_eq!(core.wizard().setup.scopes.len(), 6);
}

#[test]
fn without_randomness_nothing_begins() {
    let mut core = Core::new();
    core.send(Msg::Begin { procedure: "nonsense".to_owned() });
    assert!(core.notice().contains("no procedure"));
    let ticket = core.model.ticket();
    core.model.starting =
        Some(zoom_setup::app::model::Starting { ticket, procedure: "celigo-s2s".to_owned(), again: None });
    core.send(Msg::Random { ticket, result: Err("no source".to_owned()) });
    assert!(core.notice().contains("no source"));
    assert!(matches!(core.model.screen, Screen::Home { .. }));
}

#[test]
fn every_procedure_walks_to_its_first_call_of_zoom() {
    for procedure in Core::new().model.procedures.clone() {
        let mut core = Core::new();
        core.begin(&procedure.id);
        core.walk();
        let kind = &core.wizard().current().kind;
        assert!(matches!(kind, StepKind::Authorize | StepKind::Activate), "{}", procedure.id);
        for index in 0..core.wizard().step {
            assert_eq!(core.wizard().step_progress(index), Progress::Done);
        }
    }
}

#[test]
fn the_first_step_leads_back_home_and_the_set_up_is_resumed_where_it_was() {
    let mut core = Core::at("celigo-oauth", "region");
    core.press("Esc Esc Esc");
    assert!(matches!(core.model.screen, Screen::Home { .. }));
    assert_eq!(core.model.home_items()[0], HomeItem::Resume(0));
    core.press("Enter");
    assert_eq!(core.step(), "needs");
    core.press("s Down Down Enter");
    assert_eq!(core.step(), "region");
    assert_eq!(core.on_disk().current, "region");
}

#[test]
fn a_step_that_comes_later_is_not_gone_to_and_the_list_says_why() {
    let mut core = Core::at("servicenow-dex", "create-app");
    let first = core.wizard().current().title.clone();
    core.press("s End End Enter");
    assert_eq!(core.step(), "create-app");
    let notice = core.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    assert_eq!(notice, format!("That step comes later; first: {first}"));
    core.press("Up");
    assert_eq!(core.model.notice, None);
    core.press("Esc");
    core.press("s Home");
    let Some(Overlay::Steps { selected }) = core.model.overlay else { panic!("no list") };
    assert_eq!(selected, 0);
    core.press("Esc");
    assert_eq!(core.model.overlay, None);
}

#[test]
fn values_are_copied_one_after_the_other() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    let copied = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Copy { text, .. }] => text.expose().to_owned(),
        other => panic!("{other:?}"),
    };
    let first = copied(core.keys("c"));
    assert_eq!(first, "https://dev12345.service-now.com/oauth_redirect.do");
    assert_eq!(copied(core.keys("c")), first);
}

#[test]
fn a_choice_is_kept() {
    let mut core = Core::at("celigo-oauth", "region");
    core.press("Down Enter");
    assert_eq!(core.on_disk().answers[&FieldName::Region], "eu");
    core.press("Esc");
    assert_eq!(core.wizard().state, StepState::Choose { selected: 1 });
}

#[test]
fn a_field_says_what_is_wrong_and_offers_what_would_do() {
    let mut core = Core::at("servicenow-dex", "instance");
    core.press("Enter");
    assert!(core.notice().contains("needed"), "{}", core.notice());
    // One dot leader in place of the dot.
    core.paste("dev12345\u{2024}service-now.com");
    assert!(matches!(form(&core).fields[0].checked, Checked::Bad { cleaned: Some(_), .. }));
    core.press("Enter");
    assert_eq!(core.step(), "instance");
    core.press("Ctrl-Y Enter");
    assert_eq!(core.on_disk().answers[&FieldName::Instance], "dev12345.service-now.com");
}

#[test]
fn a_step_with_secrets_is_done_only_when_they_are_stored() {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.storing = super::support::Storing::Silent;
    core.paste(CLIENT_ID);
    core.press("Enter");
    core.paste(CLIENT_SECRET);
    let before = core.effects.len();
    core.press("Enter");
    let effects = core.effects[before..].to_vec();
    let [Effect::Unlock { ticket, passphrase: None }] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(core.step(), "credentials");
    assert!(core.wizard().setup.secrets.is_empty(), "nothing is claimed before it is stored");
    let effects = core.send(Msg::Unlocked { ticket, result: Ok(zoom_setup::ports::Unlocked::Keyring) });
    let [Effect::WriteSecrets { ticket, .. }] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(core.step(), "credentials");
    core.send(Msg::SecretsWritten { ticket: Ticket(ticket.0 + 1000), result: Ok(()) });
    assert_eq!(core.step(), "credentials", "an answer to another question is dropped");
    core.send(Msg::SecretsWritten { ticket, result: Ok(()) });
    assert_eq!(core.verdict().code, "pair-known", "what is stored is asked about");
    core.press("Enter");
    assert_eq!(core.step(), "redirect-url");
    assert_eq!(core.on_disk().secrets[&FieldName::ClientSecret].length, 32);
}

#[test]
fn a_secret_that_can_not_be_stored_is_kept_and_tried_again() {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.storing = super::support::Storing::Fails;
    assert!(
        !std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| core.plain_step())).is_ok_and(|done| done)
    );
    assert_eq!(core.step(), "credentials");
    assert!(core.notice().contains("the disk is full"), "{}", core.notice());
    core.storing = super::support::Storing::Works;
    core.press("Enter Enter");
    assert_eq!(core.step(), "redirect-url");
    let id = core.wizard().setup.id.clone();
    assert!(core.secrets.contains_key(&SecretKey::SetupField(id, FieldName::ClientSecret)));
}

/// Marks of a changed answer: the steps that are made of it, and no others.
fn marked(core: &Core) -> Vec<&str> {
    let done = &core.wizard().setup.done;
    core.wizard()
        .procedure
        .steps
        .iter()
        .map(|step| step.id.as_str())
        .filter(|id| done.get(*id).is_some_and(|done| done.check_again))
        .collect()
}

/// A DEX set-up with a granted login and checks, standing at the decision.
pub fn verified() -> Core {
    let mut core = Core::at("servicenow-dex", "authorize");
    super::login::granted(&mut core);
    core.press("Enter");
    super::verifying::pass(&mut core);
    core
}

fn jump(core: &mut Core, step: &str) {
    core.press("s Home");
    for _step in 0..core.wizard().procedure.step_index(step).unwrap() {
        core.press("Down");
    }
    core.press("Enter");
    assert_eq!(core.step(), step);
}

#[test]
fn another_instance_marks_what_is_made_of_it() {
    let mut core = verified();
    jump(&mut core, "instance");
    core.press("Ctrl-U");
    core.paste("dev54321");
    core.press("Enter");
    assert_eq!(marked(&core), ["redirect-url", "authorize"]);
    assert_eq!(core.wizard().setup.verification, None);
    assert!(core.wizard().tokens.is_some(), "the grant is still this client's");
    core.walk_to("redirect-url");
    core.press("Enter Enter");
    assert!(!marked(&core).contains(&"redirect-url"));
}

#[test]
fn other_credentials_end_what_was_proved_and_granted() {
    let mut core = verified();
    let tokens = SecretKey::SetupTokens(core.wizard().setup.id.clone());
    assert!(core.secrets.contains_key(&tokens));
    jump(&mut core, "credentials");
    core.press("Tab");
    core.paste("MARKER1clientSecretabcdefgh99999");
    let effects = core.keys("Enter");
    assert_eq!(marked(&core), ["authorize"]);
    let wizard = core.wizard();
    assert_eq!((&wizard.setup.verification, &wizard.setup.grant, &wizard.tokens), (&None, &None, &None));
    assert!(!core.secrets.contains_key(&tokens), "the tokens of the old credentials are gone");
    let saved = effects.iter().position(|effect| matches!(effect, Effect::SaveSetup(_)));
    let forgotten = effects.iter().position(|effect| {
        matches!(effect, Effect::WriteSecrets { changes, .. } if changes.contains(&(tokens.clone(), None)))
    });
    assert!(forgotten < saved, "before anything is written that says otherwise");
}

#[test]
fn the_same_answer_again_marks_nothing() {
    let mut core = verified();
    jump(&mut core, "credentials");
    core.press("Enter");
    core.paste(CLIENT_SECRET);
    core.press("Enter");
    assert!(marked(&core).is_empty());
    assert!(core.wizard().setup.verification.is_some());
}

#[test]
fn tokens_of_another_client_do_not_come_back_to_life() {
    let mut core = verified();
    let id = core.wizard().setup.id.clone();
    core.press("Ctrl-C");
    // The set-up names another client than the tokens do.
    let claims = base64_url(br#"{"iss":"zm:cid:anotherClientabcdefgh1"}"#);
    let mut stranger = grant(Vec::new());
    stranger.access_token = zoom_setup::secret::Secret::new(format!("e30.{claims}.x"));
    let tokens = zoom_setup::oauth::token::StoredTokens::from_grant(&stranger, core.now, None);
    core.secrets.insert(SecretKey::SetupTokens(id), tokens.to_secret());
    core.restart();
    core.press("Enter");
    assert_eq!(core.wizard().tokens, None);
    assert_eq!(core.wizard().setup.grant, None);
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn a_lost_secret_is_asked_for_again() {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.press("q");
    core.secrets.clear();
    core.restart();
    core.press("Enter");
    assert_eq!(core.step(), "credentials");
    assert!(core.notice().contains("no longer in the store"), "{}", core.notice());
    core.walk_to("redirect-url");
    core.press("s End Enter");
    assert_eq!(core.step(), "scopes", "what was done stays done");
}

#[test]
fn a_secret_written_just_before_the_kill_is_found() {
    let mut core = Core::at("servicenow-dex", "credentials");
    let id = core.wizard().setup.id.clone();
    core.secrets.insert(
        SecretKey::SetupField(id, FieldName::ClientSecret),
        zoom_setup::secret::Secret::new(CLIENT_SECRET),
    );
    core.restart();
    core.press("Enter");
    assert_eq!(core.wizard().setup.secrets[&FieldName::ClientSecret].length, 32);
    assert!(form(&core).fields[1].kept.is_some());
}

// Scopes.

#[test]
fn space_goes_round_and_copying_ticks() {
    let mut core = Core::at("servicenow-omnichannel", "scopes");
    let row = |core: &Core| {
        let StepState::Scopes(list) = &core.wizard().state else { panic!("no list") };
        list.rows[list.selected].id.clone()
    };
    let id = row(&core);
    let state = |core: &Core| {
        (core.wizard().setup.scopes.contains(&id), core.wizard().setup.scopes_added.contains(&id))
    };
    assert_eq!(state(&core), (true, false));
    core.press("Space");
    assert_eq!(state(&core), (true, true));
    core.press("Space");
    assert_eq!(state(&core), (false, false));
    assert!(core.notice().contains("needs"), "a required one is missed");
    core.press("Space");
    assert_eq!(state(&core), (true, false));
    core.press("Enter");
    assert_eq!(core.step(), "scopes");
    let count = core.wizard().scopes_to_add().len();
    for left in (0..count).rev() {
        let effects = core.keys("n");
        let [Effect::Copy { text, .. }, Effect::SaveSetup(setup)] = &effects[..] else {
            panic!("{effects:?}")
        };
        assert!(setup.scopes_added.contains(text.expose()));
        assert_eq!(core.wizard().scopes_to_add().len(), left);
    }
    assert!(core.keys("n").is_empty());
    core.press("Enter");
    assert_eq!(core.step(), "authorize");
}

#[test]
fn a_scope_is_found_by_search_and_one_that_nobody_knows_can_be_taken() {
    let mut core = Core::at("celigo-oauth", "scopes");
    core.press("/");
    core.text("meeting:read:newer_than_the_list:admin");
    core.press("Enter Space Esc");
    assert!(core.wizard().setup.scopes.contains("meeting:read:newer_than_the_list:admin"));
    core.press("/");
    core.text("list_meetings");
    core.press("Enter Space");
    assert!(core.wizard().setup.scopes.iter().any(|id| id.contains("list_meetings")));
    // The recommended scope is given up and taken again; what was found stays.
    core.press("Esc Space Space");
    assert!(!core.wizard().setup.scopes.contains("user:read:list_users:admin"));
    core.press("a");
    assert!(core.wizard().setup.scopes.contains("user:read:list_users:admin"));
    assert_eq!(core.wizard().setup.scopes.len(), 3);
}

#[test]
fn no_scope_is_no_way_on() {
    let mut core = Core::at("celigo-oauth", "scopes");
    core.press("Space Space Enter");
    assert_eq!(core.step(), "scopes");
    assert!(core.notice().contains("without a scope"), "{}", core.notice());
}

#[test]
fn other_scopes_end_what_was_proved() {
    let mut core = verified();
    jump(&mut core, "scopes");
    core.press("Space Space");
    assert_eq!(core.wizard().setup.verification, None);
    assert!(core.wizard().tokens.is_some());
}

// Activation.

fn activation(core: &Core) -> Activation {
    match &core.wizard().state {
        StepState::Activate(activation) => activation.clone(),
        other => panic!("not at activation: {other:?}"),
    }
}

#[test]
fn scopes_that_lag_are_waited_for_and_not_for_ever() {
    let mut core = Core::at("celigo-s2s", "activation");
    let none = TokenGrant { refresh_token: None, ..grant(Vec::new()) };
    core.press("Enter");
    for seconds in [2, 4] {
        let effects = core.token(Ok(none.clone()));
        // That a token came is evidence, which is kept.
        let [Effect::Wake { ticket, milliseconds: asked }, Effect::SaveSetup(_)] = &effects[..] else {
            panic!("{effects:?}")
        };
        let (ticket, asked) = (*ticket, *asked);
        assert_eq!(asked, seconds * 1_000);
        assert!(matches!(activation(&core), Activation::Lagging { .. }));
        core.send(Msg::Woke { ticket: Ticket(ticket.0 + 1000) });
        assert!(matches!(activation(&core), Activation::Lagging { .. }), "another clock's tick");
        core.send(Msg::Woke { ticket });
        assert!(matches!(activation(&core), Activation::Asking { .. }));
    }
    assert!(core.token(Ok(none)).iter().all(|effect| matches!(effect, Effect::SaveSetup(_))));
    let Activation::Granted { missing, .. } = activation(&core) else { panic!("{:?}", activation(&core)) };
    assert_eq!(missing, ["user:read:list_users:admin"]);
    // One at the credentials, three here.
    assert_eq!(core.count(|effect| matches!(effect, Effect::Token { .. })), 4);
    core.press("r");
    let grant = core.grant();
    core.token(Ok(grant));
    assert_eq!(activation(&core), Activation::Granted { missing: Vec::new(), findings: Vec::new() });
    core.press("Enter");
    assert_eq!(core.step(), "verify");
}

#[test]
fn a_refused_activation_is_named_and_tried_again() {
    let mut core = Core::at("celigo-s2s", "activation");
    core.press("Enter");
    let body = r#"{"reason":"The app has been disabled (4717)","error":"invalid_request"}"#;
    core.token(Err(refusal(Call::AccountCredentials, 400, body)));
    let Activation::Failed { verdict } = activation(&core) else { panic!("{:?}", activation(&core)) };
    assert_eq!(verdict.code, "not-activated");
    core.press("r");
    let stale = core.token_ticket();
    assert!(core.keys("Esc").contains(&Effect::Cancel { ticket: stale }));
    assert_eq!(activation(&core), Activation::Ready);
    let grant = core.grant();
    core.send(Msg::Token { ticket: stale, result: Box::new(Ok(grant)) });
    assert_eq!(activation(&core), Activation::Ready, "what was cancelled comes too late");
    core.press("Enter s Up Enter");
    assert_eq!(core.step(), "scopes", "another step can be looked at meanwhile");
    let running = core.token_ticket();
    assert_eq!(
        core.last(|effect| match effect {
            Effect::Cancel { ticket } => Some(*ticket),
            _ => None,
        }),
        running
    );
}

#[test]
fn the_scroll_never_goes_beyond_what_was_drawn() {
    let mut core = Core::at("servicenow-dex", "create-app");
    core.send(Msg::Drawn { max_scroll: 30, page: 10 });
    core.press("PgDn PgDn PgDn PgDn");
    assert_eq!(core.model.scroll, 30);
    core.send(Msg::Drawn { max_scroll: 4, page: 2 });
    assert_eq!(core.model.scroll, 4);
    core.send(Msg::Resized { columns: 1, rows: 1 });
    core.press("PgUp PgUp");
    assert_eq!(core.model.scroll, 2);
}

#[test]
fn a_paste_is_never_taken_for_keys() {
    let mut core = Core::at("servicenow-dex", "create-app");
    let before = core.model.clone();
    core.paste("q\nEnter");
    assert_eq!(core.model.screen, before.screen);
    assert!(core.notice().contains("takes a paste"));
}

#[test]
fn the_home_screen_leads_to_the_rehearsal_once() {
    let mut core = Core::new();
    core.model.settings.rehearsal = None;
    let index = core.model.home_items().iter().position(|item| *item == HomeItem::Rehearse).unwrap();
    for _ in 0..index {
        core.press("Down");
    }
    let effects = core.keys("Enter");
    assert!(effects.contains(&Effect::Exit(Exit::Rehearse)), "{effects:?}");
}
