//! The secret store's passphrase, the stored connection, the end of a set-up, leaving and removing.

use super::admin::Admin;
use super::support::{CLIENT_ID, CLIENT_SECRET, Core, Storing};
use zoom_setup::app::message::{Effect, Exit, Msg};
use zoom_setup::app::model::{Model, Overlay, Screen, SecretStore, UnlockForm};
use zoom_setup::ports::{StoreFailure, Unlocked};
use zoom_setup::procedure::FieldName;
use zoom_setup::setup::{Owner, SecretKey};

const PASSPHRASE: &str = "correct horse battery";

fn needs(new: bool) -> Result<Unlocked, StoreFailure> {
    Err(StoreFailure::NeedsPassphrase { new, why: "there is no keyring".to_owned() })
}

fn form(model: &Model) -> &UnlockForm {
    match &model.overlay {
        Some(Overlay::Unlock(form)) => form,
        other => panic!("no passphrase form but {other:?}"),
    }
}

/// At the credentials, everything typed, the store asking for a passphrase.
fn asked(new: bool) -> Core {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.unlock = needs(new);
    core.paste(CLIENT_ID);
    core.press("Enter");
    core.paste(CLIENT_SECRET);
    core.press("Enter");
    assert_eq!(form(&core.model).new, new);
    core
}

fn passphrase_sent(effects: &[Effect]) -> &str {
    match effects {
        [Effect::Unlock { passphrase: Some(passphrase), .. }, ..] => passphrase.expose(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_passphrase_is_asked_for_twice() {
    let mut core = asked(true);
    core.text("short");
    core.press("Enter");
    core.text("short");
    assert!(core.keys("Enter").is_empty());
    assert!(form(&core.model).error.as_ref().unwrap().contains("at least"));
    core.press("Ctrl-U");
    core.text(PASSPHRASE);
    core.press("Enter Ctrl-U");
    core.text("something else");
    assert!(core.keys("Enter").is_empty());
    assert!(form(&core.model).error.as_ref().unwrap().contains("not the same"));
    core.text(PASSPHRASE);
    core.unlock = Ok(Unlocked::Passphrase);
    let effects = core.keys("Enter");
    assert_eq!(passphrase_sent(&effects), PASSPHRASE);
    assert_eq!(core.verdict().code, "pair-known", "what waited is done");
    assert_eq!(core.model.overlay, None);
}

#[test]
fn a_wrong_passphrase_is_asked_for_again() {
    let mut core = asked(false);
    core.text("not this one");
    core.unlock = Err(StoreFailure::WrongPassphrase);
    core.press("Enter");
    assert!(form(&core.model).error.is_some());
    assert_eq!(form(&core.model).passphrase.text(), "");
    core.text(PASSPHRASE);
    core.unlock = Ok(Unlocked::Passphrase);
    core.press("Enter Enter");
    assert_eq!(core.step(), "redirect-url");
}

#[test]
fn not_now_loses_nothing() {
    let mut core = asked(true);
    core.press("Esc");
    assert_eq!(core.model.overlay, None);
    assert_eq!(core.step(), "credentials");
    assert_eq!(core.wizard().secrets[&FieldName::ClientSecret].expose(), CLIENT_SECRET);
    assert_eq!(core.model.secret_store, SecretStore::Locked);
    core.unlock = Ok(Unlocked::Keyring);
    core.press("Enter Enter");
    assert_eq!(core.step(), "redirect-url");
}

#[test]
fn a_late_answer_to_a_form_that_was_closed_is_dropped() {
    let mut core = asked(false);
    let ticket = core.last(|effect| match effect {
        Effect::Unlock { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.press("Esc");
    assert!(core.send(Msg::Unlocked { ticket, result: Ok(Unlocked::Passphrase) }).is_empty());
    assert_eq!(core.model.secret_store, SecretStore::Locked);
}

#[test]
fn a_set_up_whose_secrets_stay_locked_is_not_opened() {
    let mut core = Core::at("servicenow-dex", "scopes");
    let setup = core.wizard().setup.clone();
    core.restart();
    core.unlock = needs(false);
    core.press("Enter");
    core.press("Esc");
    assert!(matches!(core.model.screen, Screen::Home { .. }));
    assert_eq!(core.setups[&setup.id].answers, setup.answers);
    assert_eq!(core.setups[&setup.id].done, setup.done);
}

#[test]
fn while_secrets_are_read_no_step_can_be_worked_on() {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.restart();
    core.storing = Storing::Silent;
    core.press("Enter");
    assert!(core.wizard().loading.is_some());
    let before = core.wizard().setup.clone();
    core.press("Enter n s Enter r Space");
    assert_eq!(core.wizard().setup, before);
    core.press("Esc");
    assert!(matches!(core.model.screen, Screen::Home { .. }));
}

#[test]
fn what_is_typed_is_stored_before_the_program_ends() {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.storing = Storing::Silent;
    core.press("Tab");
    core.paste(CLIENT_SECRET);
    let before = core.effects.len();
    core.press("Ctrl-C");
    let [Effect::Unlock { ticket, .. }] = core.effects[before..] else {
        panic!("{:?}", &core.effects[before..])
    };
    let effects = core.send(Msg::Unlocked { ticket, result: Ok(Unlocked::Keyring) });
    assert!(matches!(effects[..], [Effect::WriteSecrets { .. }, Effect::Exit(Exit::Left)]), "{effects:?}");
}

#[test]
fn leaving_twice_waits_for_nothing() {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.storing = Storing::Silent;
    core.press("Tab");
    core.paste(CLIENT_SECRET);
    core.press("Ctrl-C");
    assert_eq!(core.send(Msg::Shutdown), [Effect::Exit(Exit::Left)]);
}

#[test]
fn leaving_never_asks_for_a_passphrase() {
    let mut core = Core::at("servicenow-dex", "credentials");
    core.unlock = needs(true);
    core.press("Tab");
    core.paste(CLIENT_SECRET);
    assert!(core.keys("Ctrl-C").contains(&Effect::Exit(Exit::Left)));
}

/// A finished DEX set-up at the hand-over, its login kept.
fn handing_over() -> Core {
    let mut core = super::steps::verified();
    core.press("Down Enter");
    core.walk();
    assert_eq!(core.step(), "hand-over");
    core
}

#[test]
fn the_last_step_turns_the_set_up_into_the_connection() {
    let mut core = handing_over();
    let id = core.wizard().setup.id.clone();
    let effects = core.keys("Enter");
    let [Effect::RemoveSetup { id: removed, secrets }, Effect::LoadLibrary] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*removed, id);
    assert!(secrets.contains(&SecretKey::SetupTokens(id.clone())));
    assert!(secrets.contains(&SecretKey::SetupPending(id.clone())));
    assert!(secrets.contains(&SecretKey::SetupField(id.clone(), FieldName::ClientSecret)));
    assert!(core.setups.is_empty());
    assert!(core.secrets.keys().all(|key| !key.path().contains(&id)), "{:?}", core.secrets.keys());
    assert!(matches!(&core.model.screen, Screen::Connection { name, .. } if name == "DEX for Zoom"));
    assert_eq!(core.connections["DEX for Zoom"].owner, Owner::Wizard);
}

#[test]
fn a_connection_that_can_not_be_stored_stays_a_set_up() {
    let mut core = super::steps::verified();
    core.storing = Storing::Fails;
    core.press("Down Enter");
    assert_eq!(core.step(), "verify");
    assert!(core.notice().contains("the disk is full"), "{}", core.notice());
    core.storing = Storing::Works;
    core.press("Enter");
    assert_eq!(core.step(), "open-connection");
}

/// The refresh token in the connection is the one that was spent by a later check, so the set-up, which has its
/// successor, must not go.
#[test]
fn a_connection_that_is_behind_is_stored_again_before_the_end() {
    let mut core = handing_over();
    core.press("s Home");
    let verify = core.wizard().procedure.step_index("verify").unwrap();
    for _step in 0..verify {
        core.press("Down");
    }
    core.press("Enter");
    core.pass(60);
    core.press("r");
    super::verifying::pass(&mut core);
    core.press("s End Enter");
    assert_eq!(core.step(), "hand-over");
    core.press("Enter");
    assert_eq!(core.step(), "verify");
    assert!(core.notice().contains("store it again"), "{}", core.notice());
    core.press("Enter");
    core.walk();
    core.press("Enter");
    assert!(matches!(core.model.screen, Screen::Connection { .. }), "{}", core.notice());
}

#[test]
fn a_renamed_connection_leaves_none_of_the_old_name() {
    let mut core = handing_over();
    core.press("s Home Down Enter");
    assert_eq!(core.step(), "names");
    core.press("Tab Ctrl-U");
    core.text("Another name");
    core.press("Enter Ctrl-S End Enter Enter");
    assert_eq!(core.step(), "verify");
    core.press("Enter");
    core.walk();
    core.press("Enter");
    assert_eq!(core.connections.keys().collect::<Vec<_>>(), ["Another name"]);
    assert!(core.secrets.keys().all(|key| !key.path().contains("DEX for Zoom")));
}

#[test]
fn a_taken_name_is_refused() {
    let mut core = handing_over();
    core.press("Enter Esc");
    core.begin("servicenow-dex");
    core.walk_to("names");
    core.press("Enter Enter");
    assert_eq!(core.step(), "names");
    assert!(core.notice().contains("of this name"), "{}", core.notice());
}

#[test]
fn removing_asks_first_and_takes_the_secrets_along() {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.restart();
    core.press("x");
    assert!(matches!(core.model.overlay, Some(Overlay::ConfirmRemoval { .. })));
    core.press("Esc");
    assert_eq!(core.setups.len(), 1);
    core.press("x Enter");
    assert!(core.setups.is_empty() && core.secrets.is_empty());
    assert!(core.model.library.setups.is_empty());
}

#[test]
fn removing_opens_the_store_first_or_does_nothing() {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.restart();
    core.unlock = needs(false);
    core.press("x Enter");
    form(&core.model);
    core.press("Esc");
    assert!(core.notice().contains("Not removed"), "{}", core.notice());
    assert_eq!((core.setups.len(), core.model.library.setups.len()), (1, 1));
    core.press("x Enter");
    core.text(PASSPHRASE);
    core.unlock = Ok(Unlocked::Passphrase);
    core.press("Enter");
    assert!(core.setups.is_empty() && core.model.library.setups.is_empty());
}

#[test]
fn a_set_up_without_secrets_is_removed_without_a_passphrase() {
    let mut core = Core::at("servicenow-dex", "create-app");
    core.restart();
    core.unlock = needs(true);
    core.press("x Enter");
    assert_eq!(core.model.overlay, None);
    assert!(core.setups.is_empty());
}

#[test]
fn the_connection_screen_copies_exports_and_removes() {
    let mut core = handing_over();
    core.press("Enter");
    let effects = core.keys("c");
    let [Effect::Copy { text, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert!(!text.expose().contains("MARKER"), "no secret in the sheet");
    assert!(
        matches!(&core.keys("e")[..], [Effect::Export { file_name, .. }] if file_name == "zoom-setup-dex-for-zoom.md")
    );
    // Its login is kept here, so revoking is what is offered first.
    core.press("x Down Enter");
    assert!(core.connections.is_empty() && core.secrets.is_empty());
}
