//! The check of connections on the screen: what is asked, what becomes of the answers, where each key leads.

use super::admin::Admin;
use super::support::{CLIENT_SECRET, Core, Storing, start_of_time};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use zoom_setup::app::checking::{CheckRequest, Checks, Filter, Pane, countdown, until_it_changes};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::model::{HomeItem, Overlay, Screen, SecretStore};
use zoom_setup::check::{CheckReport, Finding, FindingCode, Place, ScopeDrift, Status};
use zoom_setup::ports::{StoreFailure, Unlocked};
use zoom_setup::procedure::{AppKind, FieldName, Receiver};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, GrantDecision, Owner, SecretKey};

/// What a new login would mend.
const MENDED_BY_A_LOGIN: [FindingCode; 4] = [
    FindingCode::Superseded,
    FindingCode::RefreshTokenRefused,
    FindingCode::RefreshInterrupted,
    FindingCode::ScopesMissing,
];

/// A report with nothing wrong in it.
pub fn healthy(name: &str, at: Timestamp) -> CheckReport {
    CheckReport {
        name: name.to_owned(),
        procedure: "celigo-oauth".to_owned(),
        receiver: Receiver::Celigo,
        app_kind: AppKind::General,
        owner: Owner::Wizard,
        at,
        status: Status::Healthy,
        access_token_expires: Some(at + SignedDuration::from_mins(55)),
        refresh_token_from: Some(at),
        refreshed: false,
        granted: Some(Vec::new()),
        scopes: ScopeDrift { known: true, missing: Vec::new(), excess: Vec::new() },
        findings: Vec::new(),
        proved: vec!["Zoom answered a read with this token".to_owned()],
        unknown: Vec::new(),
        places: Vec::new(),
    }
}

/// A report with one finding.
fn found(name: &str, at: Timestamp, code: FindingCode, severity: Status) -> CheckReport {
    let finding = Finding {
        code,
        severity,
        message: format!("{} was found", code.as_str()),
        cause: "Something happened.".to_owned(),
        next: "Do something.".to_owned(),
        zoom: None,
    };
    CheckReport { status: severity, findings: vec![finding], ..healthy(name, at) }
}

/// Connections of these names and owners, with secrets, on the home screen.
fn stored(connections: &[(&str, Owner)]) -> Core {
    let mut core = Core::new();
    super::reviewing::connection(&mut core, "celigo-oauth", None);
    let (_, like) = core.connections.pop_first().unwrap();
    let secrets = std::mem::take(&mut core.secrets);
    for (name, owner) in connections {
        let grant = like.grant.clone().filter(|_| *owner == Owner::Wizard);
        let mut answers = like.answers.clone();
        answers.insert(FieldName::ConnectionName, (*name).to_owned());
        answers.insert(FieldName::AppName, (*name).to_owned());
        answers.insert(FieldName::Region, "us".to_owned());
        answers.insert(FieldName::Management, "admin".to_owned());
        let connection =
            Connection { name: (*name).to_owned(), owner: *owner, grant, answers, ..like.clone() };
        for (key, secret) in &secrets {
            let key = match key {
                SecretKey::ConnectionField(_, field) => {
                    SecretKey::ConnectionField((*name).to_owned(), *field)
                }
                _ => SecretKey::ConnectionTokens((*name).to_owned()),
            };
            core.secrets.insert(key, secret.clone());
        }
        core.connections.insert((*name).to_owned(), connection);
    }
    core.load();
    core
}

/// Three of the wizard's, on the screen of the check.
pub fn three() -> Core {
    let mut core = stored(&[("alpha", Owner::Wizard), ("beta", Owner::Receiver), ("gamma", Owner::Wizard)]);
    to_the_check(&mut core);
    core
}

fn to_the_check(core: &mut Core) {
    let at = core.model.home_items().iter().position(|item| *item == HomeItem::Check).unwrap();
    core.press("Home");
    for _press in 0..at {
        core.press("Down");
    }
    core.press("Enter");
}

fn screen(core: &Core) -> &Checks {
    match &core.model.screen {
        Screen::Checks(checks) => checks,
        other => panic!("no check on screen but {other:?}; notice {:?}", core.model.notice),
    }
}

/// Names in the order of the list.
fn listed(core: &Core) -> Vec<&str> {
    let name = |index: &usize| core.model.library.connections[*index].name.as_str();
    screen(core).list.iter().map(name).collect()
}

fn selected(core: &Core) -> &str {
    &screen(core).selected(&core.model.library.connections).unwrap().name
}

/// The last check that was asked for.
fn asked(core: &Core) -> (Ticket, Vec<String>, bool) {
    core.last(|effect| match effect {
        Effect::Check { ticket, names, options } => Some((*ticket, names.clone(), options.refresh)),
        _ => None,
    })
}

fn checks_asked(core: &Core) -> usize {
    core.count(|effect| matches!(effect, Effect::Check { .. }))
}

/// Answers the check under way with these reports, made now, and ends it.
fn answer(core: &mut Core, mut reports: Vec<CheckReport>) {
    let ticket = asked(core).0;
    for report in &mut reports {
        report.at = core.now;
    }
    core.send(Msg::Checked { ticket, reports });
    core.send(Msg::CheckEnded { ticket, result: Ok(()) });
}

fn status(core: &Core, name: &str) -> Option<Status> {
    let connection = core.model.connection(name).unwrap();
    core.model.checking.last(connection).map(|last| last.status)
}

#[test]
fn the_home_screen_leads_to_the_check_once_there_is_a_connection() {
    let core = Core::new();
    assert!(!core.model.home_items().contains(&HomeItem::Check));
    let core = three();
    assert_eq!(listed(&core), ["alpha", "beta", "gamma"]);
    assert_eq!(checks_asked(&core), 0, "nothing is asked before somebody wants it");
    assert_eq!(screen(&core).counts, [3, 0, 0, 0, 3, 0]);
}

#[test]
fn one_is_checked_from_the_home_screen_and_from_its_own() {
    let mut core = three();
    core.press("Esc End r");
    assert_eq!(asked(&core).1, ["gamma"]);
    assert_eq!(selected(&core), "gamma");
    answer(&mut core, vec![healthy("gamma", start_of_time())]);
    assert_eq!(core.notice(), "gamma: healthy");
    core.press("Esc");
    assert!(matches!(core.model.screen, Screen::Home { .. }));
    core.press("End Enter r");
    assert_eq!(asked(&core).1, ["gamma"]);
    answer(&mut core, vec![healthy("gamma", start_of_time())]);
    core.press("Esc");
    assert_eq!(core.model.screen, Screen::Connection { name: "gamma".to_owned() });
}

#[test]
fn all_are_checked_and_the_worst_stands_on_top() {
    let mut core = three();
    core.press("R");
    assert_eq!(asked(&core), (asked(&core).0, vec!["alpha".into(), "beta".into(), "gamma".into()], false));
    assert_eq!(mode(&core.model), Mode::ChecksRunning);
    let ticket = asked(&core).0;
    let now = core.now;
    core.send(Msg::Checked { ticket, reports: vec![healthy("alpha", now)] });
    assert_eq!(core.model.checking.run.as_ref().unwrap().done(), 1);
    let superseded = found("gamma", now, FindingCode::Superseded, Status::Unhealthy);
    let open = found("beta", now, FindingCode::Unreachable, Status::NotChecked);
    core.send(Msg::Checked { ticket, reports: vec![superseded, open] });
    assert_eq!(listed(&core), ["gamma", "beta", "alpha"]);
    assert_eq!(selected(&core), "gamma", "who stays on top sees what is worst");
    core.send(Msg::CheckEnded { ticket, result: Ok(()) });
    assert_eq!(core.notice(), "Checked 3: 1 unhealthy, 1 not checked, 1 healthy.");
    assert_eq!(core.model.checking.run, None);
}

#[test]
fn the_cursor_stays_with_its_connection_while_results_come_in() {
    let mut core = three();
    core.press("Down R");
    let ticket = asked(&core).0;
    let now = core.now;
    core.send(Msg::Checked {
        ticket,
        reports: vec![found("gamma", now, FindingCode::Superseded, Status::Unhealthy)],
    });
    assert_eq!(listed(&core), ["gamma", "alpha", "beta"]);
    assert_eq!(selected(&core), "beta");
}

#[test]
fn one_check_at_a_time_and_a_stale_result_is_dropped() {
    let mut core = three();
    core.press("R");
    let ticket = asked(&core).0;
    core.press("r R u");
    assert_eq!(checks_asked(&core), 1);
    assert!(core.notice().contains("Esc stops it"));
    let effects = core.keys("Esc");
    assert!(effects.contains(&Effect::Cancel { ticket }), "{effects:?}");
    assert!(core.notice().starts_with("Stopped: 0 checked, 3 not."));
    let now = core.now;
    core.send(Msg::Checked { ticket, reports: vec![healthy("alpha", now)] });
    core.send(Msg::CheckEnded { ticket, result: Ok(()) });
    assert_eq!(status(&core, "alpha"), None);
    assert!(core.model.checking.awaited.is_empty());
}

#[test]
fn what_was_known_when_it_was_stopped_stays() {
    let mut core = three();
    core.press("R");
    let ticket = asked(&core).0;
    let now = core.now;
    core.send(Msg::Checked { ticket, reports: vec![healthy("alpha", now)] });
    core.press("Esc");
    assert_eq!(status(&core, "alpha"), Some(Status::Healthy));
    assert!(core.notice().starts_with("Stopped: 1 checked, 2 not."));
}

#[test]
fn only_what_the_wizard_owns_is_refreshed_by_a_key() {
    let mut core = three();
    core.press("u");
    assert_eq!(asked(&core).1, ["alpha"]);
    assert!(asked(&core).2);
    answer(&mut core, vec![healthy("alpha", start_of_time())]);
    core.press("End");
    while selected(&core) != "beta" {
        core.press("Up");
    }
    core.press("u");
    assert_eq!(checks_asked(&core), 1, "law 1");
    assert!(core.notice().contains("owns this refresh"), "{}", core.notice());
}

#[test]
fn no_key_refreshes_or_logs_in_for_a_connection_that_the_receiver_owns() {
    for code in MENDED_BY_A_LOGIN {
        let mut core = stored(&[("beta", Owner::Receiver)]);
        to_the_check(&mut core);
        core.press("r");
        answer(&mut core, vec![found("beta", start_of_time(), code, Status::Unhealthy)]);
        for keys in ["u", "l", "Enter l u", "Esc Esc End Enter l"] {
            core.press(keys);
        }
        let harmless = |effect: &Effect| match effect {
            Effect::Check { options, .. } => !options.refresh,
            Effect::Token { .. } | Effect::Listen { .. } | Effect::Random { .. } => false,
            _ => true,
        };
        assert!(core.effects.iter().all(harmless), "{code:?}");
        assert!(core.notice().contains("would end its own"), "{}", core.notice());
    }
}

#[test]
fn the_store_is_opened_first_and_who_keeps_it_closed_is_told() {
    let mut core = three();
    core.unlock = Err(StoreFailure::NeedsPassphrase { new: false, why: "no keyring".to_owned() });
    core.press("R");
    assert!(matches!(core.model.overlay, Some(Overlay::Unlock(_))));
    assert_eq!(checks_asked(&core), 0);
    core.press("Esc");
    assert_eq!(core.notice(), "Not checked: the secrets were not unlocked. r asks again.");
    assert_eq!(core.model.checking.run, None);
    core.press("R");
    core.text("correct horse battery");
    core.unlock = Ok(Unlocked::Passphrase);
    core.press("Enter");
    assert_eq!(asked(&core).1.len(), 3);
}

#[test]
fn a_check_that_is_stopped_before_the_store_is_open_asks_nothing() {
    let mut core = three();
    core.storing = Storing::Silent;
    core.press("R");
    let unlock = core.last(|effect| match effect {
        Effect::Unlock { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.press("Esc");
    core.send(Msg::Unlocked { ticket: unlock, result: Ok(Unlocked::Keyring) });
    assert_eq!(core.model.secret_store, SecretStore::Open(Unlocked::Keyring));
    assert_eq!(checks_asked(&core), 0);
}

#[test]
fn the_list_is_searched_and_filtered() {
    let mut core = three();
    core.press("R");
    let now = core.now;
    let gone = found("gamma", now, FindingCode::AppDisabled, Status::Unhealthy);
    answer(&mut core, vec![gone, healthy("alpha", now)]);
    core.press("f");
    assert_eq!(screen(&core).filter, Filter::Status(Status::Unhealthy));
    assert_eq!(listed(&core), ["gamma"]);
    core.press("f");
    assert_eq!(screen(&core).filter, Filter::Never, "past what lists nothing");
    assert_eq!(listed(&core), ["beta"]);
    core.press("F F");
    assert_eq!(screen(&core).filter, Filter::All);
    core.press("/");
    core.text("AL");
    assert_eq!(listed(&core), ["alpha"]);
    core.press("Enter R");
    assert_eq!(asked(&core).1, ["alpha"], "what is listed is checked");
    answer(&mut core, vec![healthy("alpha", now)]);
    core.press("Esc");
    assert_eq!(listed(&core).len(), 3);
    assert_eq!(selected(&core), "alpha");
}

#[test]
fn a_place_at_the_receiver_is_opened_or_copied() {
    let mut core = stored(&[("beta", Owner::Receiver)]);
    to_the_check(&mut core);
    core.press("o");
    assert!(core.notice().contains("no page to open"));
    core.press("r");
    let place =
        |label: &str, url: Option<&str>| Place { label: label.to_owned(), url: url.map(str::to_owned) };
    let places = vec![
        place("Connections", Some("https://dev12345.service-now.com/a")),
        place("Tokens", Some("https://dev12345.service-now.com/b")),
        place("Somewhere", None),
    ];
    answer(&mut core, vec![CheckReport { places, ..healthy("beta", start_of_time()) }]);
    let opened = |effects: &[Effect]| match effects {
        [Effect::OpenBrowser { url }] => url.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(opened(&core.keys("o")), "https://dev12345.service-now.com/a");
    core.press("Tab");
    assert_eq!(opened(&core.keys("o")), "https://dev12345.service-now.com/b");
    let effects = core.keys("c");
    assert!(
        matches!(&effects[..], [Effect::Copy { text, .. }] if *text == Secret::new("https://dev12345.service-now.com/b"))
    );
    core.press("Tab");
    assert!(core.keys("o").is_empty());
    assert!(core.notice().contains("not known"));
    core.press("Tab Shift-Tab Shift-Tab");
    assert_eq!(opened(&core.keys("o")), "https://dev12345.service-now.com/b");
}

#[test]
fn the_details_are_a_key_away_and_back() {
    let mut core = three();
    core.press("Enter");
    assert_eq!(screen(&core).pane, Pane::Detail);
    assert_eq!(mode(&core.model), Mode::ChecksDetail);
    core.send(Msg::Drawn { max_scroll: 9, page: 4 });
    core.press("Down PgDn");
    assert_eq!(core.model.scroll, 4);
    core.press("Esc");
    assert_eq!(screen(&core).pane, Pane::List);
    assert_eq!(core.model.scroll, 0);
    core.press("v Esc");
    assert_eq!(listed(&core).len(), 3, "the review lies above and goes again");
}

#[rstest]
#[case(300_000, "5 min", 60_000)]
#[case(299_999, "5 min", 59_999)]
#[case(240_001, "5 min", 1)]
#[case(240_000, "4 min", 60_000)]
#[case(60_001, "2 min", 1)]
#[case(60_000, "60 s", 10_000)]
#[case(50_001, "60 s", 1)]
#[case(50_000, "50 s", 10_000)]
#[case(9_999, "10 s", 9_999)]
#[case(1, "10 s", 1)]
#[case(0, "0 s", 0)]
fn a_countdown_wakes_only_when_its_words_change(#[case] left: u64, #[case] words: &str, #[case] wait: u64) {
    assert_eq!(countdown(left), words);
    assert_eq!(until_it_changes(left), wait);
    if wait > 0 {
        assert_eq!(countdown(left - wait + 1), words);
        assert_ne!(countdown(left - wait), words);
    }
}

fn wake(core: &Core) -> (Ticket, u64) {
    core.last(|effect| match effect {
        Effect::Wake { ticket, milliseconds } => Some((*ticket, *milliseconds)),
        _ => None,
    })
}

#[test]
fn a_watch_checks_at_once_and_again_after_its_time() {
    let mut core = stored(&[("alpha", Owner::Wizard), ("beta", Owner::Receiver)]);
    let watch = Some(SignedDuration::from_mins(2));
    core.send(Msg::Check(CheckRequest { names: Vec::new(), watch }));
    assert_eq!(asked(&core).1, ["alpha", "beta"]);
    let wakes = |core: &Core| core.count(|effect| matches!(effect, Effect::Wake { .. }));
    assert_eq!(wakes(&core), 0, "while a check runs nothing counts down");
    answer(&mut core, vec![healthy("alpha", start_of_time()), healthy("beta", start_of_time())]);
    let mut waited = 0;
    while checks_asked(&core) == 1 {
        let (ticket, milliseconds) = wake(&core);
        waited += milliseconds;
        core.now += SignedDuration::from_millis(i64::try_from(milliseconds).unwrap());
        core.send(Msg::Woke { ticket });
    }
    assert_eq!(waited, 120_000);
    assert_eq!(wakes(&core), 7, "once at a minute, then each ten seconds");
    assert!(!asked(&core).2, "nothing is refreshed before it is due");
    let before = core.effects.len();
    let ticket = wake(&core).0;
    core.send(Msg::Woke { ticket });
    assert_eq!(core.effects.len(), before, "an old wake-up begins nothing");
}

#[test]
fn a_watch_is_about_what_the_command_named_whatever_is_filtered() {
    let mut core = stored(&[("alpha", Owner::Wizard), ("beta", Owner::Wizard), ("gamma", Owner::Wizard)]);
    let names = vec!["alpha".to_owned(), "gamma".to_owned()];
    core.send(Msg::Check(CheckRequest { names, watch: Some(SignedDuration::from_mins(1)) }));
    assert_eq!(listed(&core), ["alpha", "gamma"]);
    answer(&mut core, vec![healthy("alpha", start_of_time()), healthy("gamma", start_of_time())]);
    core.press("/");
    core.text("gamma");
    core.press("Enter");
    core.pass(60);
    let ticket = wake(&core).0;
    core.send(Msg::Woke { ticket });
    assert_eq!(asked(&core).1, ["alpha", "gamma"]);
}

#[test]
fn a_watch_ends_by_its_key_and_with_its_screen() {
    for keys in ["w", "Esc"] {
        let mut core = three();
        core.press("w");
        let ticket = wake(&core).0;
        let effects = core.keys(keys);
        assert!(effects.contains(&Effect::Cancel { ticket }), "{keys}: {effects:?}");
        core.pass(600);
        core.send(Msg::Woke { ticket });
        assert_eq!(checks_asked(&core), 0);
    }
}

/// A login of the wizard's that has ended, found by a check.
pub fn ended_login() -> Core {
    let mut core = stored(&[("alpha", Owner::Wizard)]);
    to_the_check(&mut core);
    core.press("r");
    core.pass(60);
    answer(&mut core, vec![found("alpha", start_of_time(), FindingCode::Superseded, Status::Unhealthy)]);
    core
}

#[test]
fn a_login_that_has_ended_is_done_again_with_nothing_typed() {
    let mut core = ended_login();
    let before = core.connections["alpha"].clone();
    core.press("l");
    assert_eq!(core.step(), "authorize");
    let setup = &core.wizard().setup;
    assert_eq!(setup.answers, before.answers);
    assert_eq!(setup.secrets, before.secrets);
    assert_eq!(setup.scopes, before.scopes);
    assert_eq!(setup.decision, Some(GrantDecision::KeepAndOwn));
    assert_eq!(core.wizard().secrets[&FieldName::ClientSecret].expose(), CLIENT_SECRET);
    let key = SecretKey::SetupField(setup.id.clone(), FieldName::ClientSecret);
    assert_eq!(core.secrets[&key].expose(), CLIENT_SECRET, "a kill loses nothing");
    assert_eq!(core.on_disk().current, "authorize");
    core.pass(60);
    super::login::granted(&mut core);
    core.press("Enter");
    super::verifying::pass(&mut core);
    core.press("Enter");
    assert_eq!(core.notice(), "Stored as alpha.");
    let after = &core.connections["alpha"];
    assert_eq!(core.connections.len(), 1);
    assert_eq!(after.owner, Owner::Wizard);
    assert_eq!(after.created, before.created);
    assert!(after.grant.as_ref().unwrap().obtained_at > before.grant.unwrap().obtained_at);
    core.walk();
    core.press("Enter");
    assert_eq!(core.model.screen, Screen::Connection { name: "alpha".to_owned() });
    assert_eq!(status(&core, "alpha"), None, "what was found before says nothing about the new login");
    core.press("l");
    assert!(core.notice().contains("No check found"), "{}", core.notice());
}

#[test]
fn a_new_login_that_was_left_is_gone_on_with() {
    let mut core = ended_login();
    core.press("l");
    let id = core.wizard().setup.id.clone();
    core.press("Esc");
    core.restart();
    to_the_check(&mut core);
    core.press("r");
    core.pass(60);
    answer(&mut core, vec![found("alpha", start_of_time(), FindingCode::Superseded, Status::Unhealthy)]);
    core.press("l");
    assert_eq!(core.wizard().setup.id, id);
    assert_eq!(core.setups.len(), 1);
}

#[rstest]
#[case::lost(None, "no longer in the store")]
#[case::there(Some(CLIENT_SECRET), "All is filled in")]
fn a_secret_that_is_gone_is_asked_for_again(#[case] secret: Option<&str>, #[case] words: &str) {
    let mut core = ended_login();
    if secret.is_none() {
        core.secrets.remove(&SecretKey::ConnectionField("alpha".to_owned(), FieldName::ClientSecret));
    }
    core.press("l");
    assert!(core.notice().contains(words), "{}", core.notice());
    assert_eq!(core.step(), if secret.is_some() { "authorize" } else { "credentials" });
}

#[test]
fn while_the_store_does_not_answer_no_login_begins() {
    let mut core = ended_login();
    core.storing = Storing::Silent;
    core.press("l");
    let ticket = core.last(|effect| match effect {
        Effect::ReadSecrets { ticket, .. } => Some(*ticket),
        _ => None,
    });
    core.send(Msg::SecretsRead { ticket, result: Err(StoreFailure::Io { message: "gone".to_owned() }) });
    assert_eq!(core.notice(), "The login did not begin: gone");
    assert_eq!(core.model.starting, None);
    assert_eq!(selected(&core), "alpha");
}

#[test]
fn what_can_be_done_follows_from_what_is_known() {
    let mut core = stored(&[("alpha", Owner::Wizard)]);
    core.press("End Enter");
    let labels = |core: &Core| {
        let bar = zoom_setup::app::keymap::bar(&core.model);
        bar.into_iter().map(|binding| binding.label).collect::<Vec<_>>()
    };
    assert!(!labels(&core).contains(&"log in again"));
    core.press("r");
    core.pass(60);
    answer(
        &mut core,
        vec![found("alpha", start_of_time(), FindingCode::RefreshTokenExpired, Status::Unhealthy)],
    );
    assert_eq!(labels(&core)[0], "log in again", "the next key is the first in the bar");
    core.press("Esc");
    assert!(labels(&core).contains(&"log in again"));
}

#[rstest]
#[case(Owner::Wizard, FindingCode::StoreUnreadable, "log in again")]
#[case(Owner::Wizard, FindingCode::CredentialsRefused, "new secret")]
#[case(Owner::Receiver, FindingCode::SecretMissing, "new secret")]
fn the_key_that_mends_stands_first(#[case] owner: Owner, #[case] code: FindingCode, #[case] label: &str) {
    let mut core = stored(&[("alpha", owner)]);
    to_the_check(&mut core);
    let first = |core: &Core| zoom_setup::app::keymap::bar(&core.model)[0].label;
    assert_ne!(first(&core), label);
    core.press("r");
    core.pass(60);
    answer(&mut core, vec![found("alpha", start_of_time(), code, Status::Unhealthy)]);
    assert_eq!(first(&core), label);
}

#[test]
fn a_watch_that_is_begun_again_keeps_its_interval() {
    let mut core = three();
    core.press("Esc");
    core.send(Msg::Check(CheckRequest { names: Vec::new(), watch: Some(SignedDuration::from_mins(2)) }));
    core.press("w w");
    assert_eq!(screen(&core).watch.unwrap().every, SignedDuration::from_mins(2));
    assert!(core.notice().contains("every 2 min"), "{}", core.notice());
}

/// A connection with places at its receiver, and another.
fn placed() -> Core {
    let mut core = stored(&[("beta", Owner::Receiver), ("delta", Owner::Receiver)]);
    to_the_check(&mut core);
    core.press("r");
    let place =
        |label: &str| Place { label: label.to_owned(), url: Some(format!("https://{label}.example")) };
    let places = vec![place("one"), place("two")];
    answer(&mut core, vec![CheckReport { places, ..healthy("beta", start_of_time()) }]);
    core
}

/// The screen of the check in its modes.
pub fn screens() -> Vec<Core> {
    let after = |keys: &str| {
        let mut core = three();
        core.press(keys);
        core
    };
    let mut running = placed();
    running.press("R");
    let mut placed = placed();
    placed.press("/");
    placed.text("b");
    placed.press("Enter");
    let mut filtered = three();
    filtered.press("r");
    answer(&mut filtered, vec![healthy("alpha", start_of_time())]);
    filtered.press("Up");
    let mut connection = ended_login();
    connection.press("Esc End Enter");
    let mut home = ended_login();
    home.press("Esc End");
    vec![
        after("Down"),
        after("R"),
        after("R Down"),
        after("/"),
        placed,
        running,
        filtered,
        ended_login(),
        connection,
        home,
    ]
}
