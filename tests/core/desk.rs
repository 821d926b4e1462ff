//! The exact-string desk: its keys, its results, and what becomes of them.

use super::admin::Admin;
use super::support::{CLIENT_ID, CLIENT_SECRET, Core, SECRET_TOKEN};
use rstest::rstest;
use zoom_setup::app::desk::{DeskRow, rows};
use zoom_setup::app::message::{Effect, Exit};
use zoom_setup::app::model::Overlay;
use zoom_setup::app::update::selected_on_desk;
use zoom_setup::procedure::FieldName;
use zoom_setup::setup::Outcome;
use zoom_setup::setup::compared::ExactString;

const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn desk(core: &Core) -> bool {
    matches!(core.model.overlay, Some(Overlay::Desk(_)))
}

fn row(core: &Core, string: ExactString) -> DeskRow {
    rows(core.wizard(), &core.model.settings).into_iter().find(|row| row.string == string).unwrap()
}

/// `None`: not compared, or void.
fn result(core: &Core, string: ExactString) -> Option<bool> {
    row(core, string).standing(core.wizard()).map(|compared| compared.same)
}

fn select(core: &mut Core, string: ExactString) {
    core.press("Home");
    for _row in 0..8 {
        if selected_on_desk(&core.model).unwrap().string == string {
            return;
        }
        core.press("Down");
    }
    panic!("{string:?} is not on the desk");
}

#[test]
fn it_opens_on_every_step_and_closes_to_it() {
    for procedure in ["servicenow-dex", "celigo-oauth", "celigo-s2s"] {
        let mut core = Core::new();
        core.begin(procedure);
        loop {
            let before = core.model.clone();
            let key = if matches!(before.wizard().unwrap().state, zoom_setup::app::wizard::StepState::Fill(_))
            {
                "Ctrl-E"
            } else {
                "="
            };
            core.press(key);
            assert!(desk(&core), "{procedure} at {}", core.step());
            core.press("Esc");
            // What is typed, or suggested, is kept; the step stands as it stood.
            let (now, before) = (core.wizard(), before.wizard().unwrap());
            assert!(now.state == before.state && now.step == before.step, "{procedure} at {}", core.step());
            assert!(core.model.overlay.is_none());
            if !core.plain_step() {
                break;
            }
        }
    }
}

#[test]
fn it_opens_over_a_waiting_and_a_failed_login() {
    let mut core = super::login::waiting();
    core.press("=");
    assert!(desk(&core));
    // The browser comes back meanwhile: nothing is lost.
    core.press("Esc p");
    core.text("half");
    core.press("Ctrl-E");
    assert!(desk(&core));
    core.press("Esc");
    let pasted = core.wizard().authorization().unwrap().paste.clone().unwrap();
    assert_eq!(pasted.text(), "half");
    core.press("Enter");
    core.press("Esc =");
    assert!(desk(&core));
}

#[test]
fn the_rows_are_those_of_the_procedure() {
    let of = |procedure: &str, step: &str| -> Vec<String> {
        let core = Core::at(procedure, step);
        rows(core.wizard(), &core.model.settings).iter().map(DeskRow::place).collect()
    };
    assert_eq!(
        of("servicenow-dex", "scopes"),
        [
            "Zoom's OAuth Redirect URL",
            "Zoom's OAuth Allow Lists",
            "ServiceNow's OAuth Redirect URL",
            "Zoom's OAuth Allow Lists (loopback)",
            "ServiceNow's OAuth Client ID",
            "ServiceNow's OAuth Client Secret",
            "ServiceNow's Secret Token",
        ]
    );
    assert_eq!(
        of("celigo-oauth", "redirect-url"),
        [
            "Zoom's OAuth Redirect URL",
            "Zoom's OAuth Allow Lists",
            "Celigo's Redirect URL",
            "Zoom's OAuth Allow Lists (loopback)",
            "Celigo's iClient: Client ID",
            "Celigo's iClient: Client secret",
        ]
    );
    assert_eq!(
        of("celigo-s2s", "scopes"),
        ["Celigo's Account ID", "Celigo's Client ID", "Celigo's Client secret"]
    );
    let core = Core::at("celigo-oauth", "redirect-url");
    assert!(row(&core, ExactString::ReceiverRedirect).read_only);
    assert!(!row(&core, ExactString::ZoomRedirect).read_only);
}

#[test]
fn what_is_not_known_yet_says_which_step_asks() {
    let mut core = Core::new();
    core.begin("servicenow-dex");
    core.press("=");
    let waits = row(&core, ExactString::ZoomRedirect).expected.unwrap_err();
    assert_eq!(waits, "Not known yet: step 3, Name your ServiceNow instance, asks for it.");
    let waits = row(&core, ExactString::ClientSecret).expected.unwrap_err();
    assert!(waits.contains("Copy the client ID and the secret"), "{waits}");
    // Neither key nor paste does anything but say so.
    for keys in ["p", "c"] {
        assert!(core.keys(keys).is_empty());
        assert!(core.notice().contains("step 3"), "{}", core.notice());
    }
    core.paste(REDIRECT);
    assert!(core.notice().contains("step 3") && core.wizard().setup.compared.is_empty());
}

#[test]
fn a_paste_goes_to_the_selected_row_at_once_and_the_result_is_kept() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("=");
    core.paste(&REDIRECT.replace("dev", "Dev"));
    assert_eq!(result(&core, ExactString::ZoomRedirect), Some(false));
    assert!(core.notice().contains("different"), "{}", core.notice());
    core.paste(&format!("{REDIRECT}\n"));
    assert_eq!(result(&core, ExactString::ZoomRedirect), Some(true));
    assert!(core.notice().contains("line end"), "{}", core.notice());
    assert_eq!(result(&core, ExactString::ZoomAllowList), None);
    // On disk, without what was pasted.
    let disk = core.on_disk().clone();
    assert!(disk.compared[&ExactString::ZoomRedirect].same);
    core.restart();
    core.press("Home Enter");
    assert_eq!(result(&core, ExactString::ZoomRedirect), Some(true));
    assert!(core.wizard().pasted.is_empty());
}

#[test]
fn the_box_compares_what_was_typed_and_takes_a_paste_whole() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("= Tab p");
    core.press("Enter");
    assert!(core.notice().contains("Nothing is in the box"), "{}", core.notice());
    core.text(REDIRECT);
    core.press("Enter");
    assert_eq!(result(&core, ExactString::ZoomAllowList), Some(true));
    // A space at the end of a paste is not lost on the way through the box.
    core.press("p");
    core.paste(&format!("{REDIRECT}\t"));
    assert_eq!(result(&core, ExactString::ZoomAllowList), Some(false));
    // Esc closes the box first, then the desk.
    core.press("p Esc");
    assert!(desk(&core));
    core.press("Esc");
    assert!(!desk(&core));
    assert_eq!(core.step(), "redirect-url");
}

#[test]
fn c_copies_the_expected_string() {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.press("=");
    for (string, text) in [
        (ExactString::ZoomRedirect, REDIRECT),
        (ExactString::Loopback, "http://127.0.0.1:47823/callback"),
        (ExactString::ClientId, CLIENT_ID),
        (ExactString::ClientSecret, CLIENT_SECRET),
        (ExactString::SecretToken, SECRET_TOKEN),
    ] {
        select(&mut core, string);
        let effects = core.keys("c");
        let [Effect::Copy { text: copied, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(copied.expose(), text);
    }
}

#[test]
fn the_loopback_is_that_of_the_login_under_way() {
    let mut core = Core::at("servicenow-dex", "authorize");
    assert_eq!(
        row(&core, ExactString::Loopback).expected.unwrap().expose(),
        "http://127.0.0.1:47823/callback"
    );
    core.press("=");
    select(&mut core, ExactString::Loopback);
    core.paste("http://127.0.0.1:47823/callback");
    assert_eq!(result(&core, ExactString::Loopback), Some(true));
    core.press("Esc Down Enter");
    core.bound(40_411);
    assert_eq!(
        row(&core, ExactString::Loopback).expected.unwrap().expose(),
        "http://127.0.0.1:40411/callback"
    );
    assert_eq!(result(&core, ExactString::Loopback), None, "another port, another string");
}

#[test]
fn a_result_is_void_once_the_answer_changes_and_holds_again_with_the_old_one() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("=");
    core.paste(REDIRECT);
    core.press("Esc s Home Down Down Enter");
    assert_eq!(core.step(), "instance");
    core.press("Ctrl-U");
    core.paste("dev99999");
    core.press("Enter");
    assert_eq!(result(&core, ExactString::ZoomRedirect), None);
    core.press("Esc Ctrl-U");
    core.paste("dev12345");
    core.press("Enter");
    assert_eq!(result(&core, ExactString::ZoomRedirect), Some(true));
}

#[test]
fn what_is_typed_on_the_step_is_kept_before_the_desk_opens() {
    let mut core = Core::at("servicenow-dex", "instance");
    core.text("dev777");
    core.press("Ctrl-E");
    let expected = row(&core, ExactString::ZoomRedirect).expected.unwrap();
    assert_eq!(expected.expose(), "https://dev777.service-now.com/oauth_redirect.do");
    core.press("Esc");
    core.text("8");
    assert_eq!(super::support::form(&core).fields[0].input.text(), "dev7778");
}

#[rstest]
#[case::same(CLIENT_SECRET, Some(true))]
#[case::other("MARKER6anotherSecret890123456789", Some(false))]
#[case::token(SECRET_TOKEN, Some(false))]
fn a_secret_is_compared_and_kept_nowhere(#[case] given: &str, #[case] same: Option<bool>) {
    let mut core = Core::at("servicenow-dex", "scopes");
    core.press("=");
    select(&mut core, ExactString::ClientSecret);
    let before = core.effects.len();
    core.paste(given);
    assert_eq!(result(&core, ExactString::ClientSecret), same);
    assert!(!format!("{:?}", core.model).contains("MARKER6"), "Debug shows what was pasted");
    for effect in &core.effects[before..] {
        let Effect::SaveSetup(setup) = effect else { panic!("{effect:?}") };
        let file = serde_json::to_string(setup).unwrap();
        assert!(!file.contains("MARKER"), "{file}");
    }
}

#[test]
fn too_much_is_not_compared() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("=");
    core.paste(&"x".repeat(16_385));
    assert!(core.notice().contains("16385 characters"), "{}", core.notice());
    core.paste("");
    assert!(core.notice().contains("Nothing was pasted"), "{}", core.notice());
    assert!(core.wizard().setup.compared.is_empty());
}

#[test]
fn help_of_the_desk_goes_back_to_the_desk() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("= Down");
    let before = core.model.overlay.clone();
    core.press("? Esc");
    assert_eq!(core.model.overlay, before);
    core.press("p F1 Esc");
    assert!(matches!(&core.model.overlay, Some(Overlay::Desk(desk)) if desk.paste.is_some() && !desk.help));
}

#[test]
fn leaving_from_the_desk_saves_and_leaves() {
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("=");
    assert!(core.keys("Ctrl-C").contains(&Effect::Exit(Exit::Left)));
}

#[test]
fn a_comparison_after_storing_reaches_the_connection_and_its_sheet() {
    let mut core = super::steps::verified();
    core.press("Enter");
    core.send(zoom_setup::app::message::Msg::Revoked {
        ticket: core.last(|effect| match effect {
            Effect::Revoke { ticket, .. } => Some(*ticket),
            _ => None,
        }),
        result: Ok(()),
    });
    core.walk();
    assert_eq!(core.step(), "hand-over");
    core.press("=");
    assert_eq!(selected_on_desk(&core.model).unwrap().string, ExactString::ReceiverRedirect);
    core.paste(REDIRECT);
    for string in [ExactString::ZoomRedirect, ExactString::ZoomAllowList] {
        select(&mut core, string);
        core.paste(REDIRECT);
    }
    core.press("Esc Enter");
    let (_, connection) = core.connections.iter().next().unwrap();
    assert_eq!(connection.compared.len(), 3, "{connection:?}");
    let procedure = core.model.procedure(&connection.procedure).unwrap().clone();
    let sheet = zoom_setup::handoff::sheet(connection, &procedure, &std::collections::BTreeMap::new());
    let proved = sheet.checks.iter().find(|check| check.code == "redirect-strings").unwrap();
    assert_eq!(proved.outcome, Outcome::Pass);
    assert!(sheet.not_tried.iter().any(|line| line.starts_with("Receiver's copy: Nothing was pasted back")));
    assert!(core.setups.is_empty(), "the set-up is finished");
}

#[test]
fn an_answer_of_another_name_is_not_asked_for() {
    let core = Core::at("servicenow-dex", "instance");
    assert!(core.wizard().values().answer(FieldName::Instance).is_none());
    assert!(row(&core, ExactString::ReceiverRedirect).expected.is_err());
}
