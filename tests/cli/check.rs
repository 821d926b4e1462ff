//! `check` from outside: exit codes of the contract, forms, files, names, the end from outside.

use super::answers;
use super::home::{Home, Ran, finish, signal, until};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A home with a Server-to-Server connection `account` and one `app` whose grant the receiver owns, in rehearsal.
fn home() -> Home {
    let home = Home::new();
    for (procedure, name) in [("celigo-s2s", "account"), ("servicenow-dex", "app")] {
        let file = home.write("answers.toml", answers(name)).display().to_string();
        home.run(&["--rehearse", "new", procedure, "--answers", &file]).ends(0);
    }
    home
}

fn check(home: &Home, arguments: &[&str]) -> Ran {
    home.run(&[&["--rehearse", "check"], arguments].concat())
}

fn findings(ran: &Ran, name: &str) -> Vec<String> {
    let document = ran.json();
    let connections = document["connections"].as_array().unwrap();
    let of = connections.iter().find(|connection| connection["name"] == name).unwrap();
    of["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn all_is_well() {
    let home = home();
    let ran = check(&home, &[]).ends(0);
    let rows: Vec<&str> = ran.stdout.lines().collect();
    assert!(rows[0].starts_with("STATE") && rows[1].starts_with("healthy      account"), "{}", ran.stdout);
    assert!(rows[2].starts_with("not checked  app"), "{}", ran.stdout);
    assert!(ran.stdout.contains("app: not known from here."), "{}", ran.stdout);
    assert_eq!(ran.stderr, "", "no progress where nobody looks");
    let json = check(&home, &["--all", "--json"]).ends(0).json();
    assert_eq!(json["connections"][0]["status"], "healthy");
    assert_eq!(json["connections"][1]["owner"], "receiver");
    // One alone tells everything, also what was found before.
    let one = check(&home, &["account"]).ends(0).stdout;
    assert_eq!(one.matches("UTC  healthy").count(), 2, "{one}");
    assert!(one.starts_with("account: healthy\n"), "{one}");
    check(&home, &["account", "app", "account", "--json"]).ends(0).json();
}

#[test]
fn what_is_wrong_is_told_and_ends_with_its_code() {
    let home = home();
    let fault = |name: &str, arguments: &[&str]| {
        home.run(&[&[&*format!("--rehearse={name}"), "check"], arguments].concat())
    };
    let ran = fault("wrong-secret", &["--json", "account"]).ends(1).says(&["the connection is unhealthy"]);
    assert_eq!(findings(&ran, "account"), ["credentials-refused"]);
    let ran = fault("wrong-account", &["--all"]).ends(1).says(&["1 of 2 connections is unhealthy"]);
    assert!(
        ran.stdout.contains("account: Zoom refuses the request, most likely for its Account ID. Zoom admin:"),
        "{}",
        ran.stdout
    );
    // A warning is no failure.
    let ran = fault("clock-skew", &["--json", "account"]).ends(0);
    assert_eq!(findings(&ran, "account"), ["clock-skew"]);
    let ran = fault("redirect-mismatch", &["--json", "app"]).ends(0);
    assert_eq!(findings(&ran, "app"), ["redirect-refused"]);
}

#[test]
fn zoom_out_of_reach_is_a_code_of_its_own() {
    let home = home();
    // The same data, and a Zoom that is not there.
    let ran = home.run(&["--rehearse", "--oauth-url", "http://127.0.0.1:9", "check", "--json"]).json();
    // In rehearsal the sandbox is asked, whatever addresses are given.
    assert_eq!(ran["connections"][0]["status"], "healthy");
    let rehearsal = home.data().join("rehearsal").display().to_string();
    let away =
        ["--data-dir", &rehearsal, "--store", "file", "--oauth-url", "http://127.0.0.1:9", "check", "--json"];
    let ran = home.run(&away).ends(6);
    assert_eq!(findings(&ran, "account"), ["store-locked"]);
    // With secrets that open, and nothing in them.
    let mut command = home.command(&away);
    command.env("ZOOM_SETUP_PASSPHRASE", "correct horse battery");
    let ran = finish(command.spawn().unwrap()).ends(4).says(&["no answer about 1 of 2"]);
    assert_eq!(findings(&ran, "account"), ["secret-missing"]);
    assert_eq!(findings(&ran, "app"), ["secret-missing", "unreachable"]);
}

#[test]
fn names_that_are_not_there() {
    let home = home();
    let ran = check(&home, &["acount"]).ends(2).silent();
    ran.says(&["there is no connection acount", "Stored: account, app", "Did you mean account?"]);
    check(&home, &["--all", "account"]).ends(2).silent();
    check(&home, &["--json", "--format", "text"]).ends(2).silent();
    // None at all is no failure.
    let empty = Home::new();
    empty.run(&["check"]).ends(0).says(&["No stored connections", "zoom-setup new"]);
    assert_eq!(empty.run(&["check", "--json"]).ends(0).json()["connections"], serde_json::json!([]));
}

#[test]
fn a_plugin_speaks_in_one_line_and_its_own_codes() {
    let home = home();
    let plugin = |rehearse: &str, arguments: &[&str]| {
        home.run(&[&[rehearse, "check", "--format", "nagios"], arguments].concat())
    };
    let one_line = |ran: Ran, start: &str| {
        assert!(ran.stdout.starts_with(start) && ran.stdout.matches('\n').count() == 1, "{}", ran.stdout);
        assert_eq!(ran.stderr, "");
    };
    one_line(plugin("--rehearse", &[]).ends(0), "ZOOM OK - 1 of 2 healthy");
    one_line(
        plugin("--rehearse=clock-skew", &["account"]).ends(1),
        "ZOOM WARNING - 1 of 1 need a hand; findings: account",
    );
    one_line(
        plugin("--rehearse=wrong-account", &[]).ends(2),
        "ZOOM CRITICAL - 1 of 2 unhealthy; findings: account",
    );
    one_line(plugin("--rehearse", &["nobody"]).ends(3), "ZOOM UNKNOWN - there is no connection nobody");
}

#[test]
fn a_record_that_cannot_be_read_is_told_in_each_form() {
    let home = home();
    let directory = home.data().join("rehearsal/connections");
    let record = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).find(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("app") && name.ends_with(".json")
    });
    let record = record.unwrap();
    let name = record.file_name().unwrap().to_str().unwrap().to_owned();
    let mut bytes = fs::read(&record).unwrap();
    bytes[20] ^= 1;
    fs::write(&record, bytes).unwrap();
    let ran = check(&home, &[]).ends(6).says(&["1 record of a connection can't be read", "store repair"]);
    assert!(ran.stdout.contains("not known: a record") && ran.stdout.contains(&name), "{}", ran.stdout);
    assert!(ran.stdout.contains("zoom-setup store repair"), "{}", ran.stdout);
    let document = check(&home, &["--all", "--json"]).ends(6).json();
    assert_eq!(document["connections"].as_array().unwrap().len(), 1);
    assert!(document["unreadable"][0].as_str().unwrap().contains(&name), "{document}");
    let ran = check(&home, &["--format", "prometheus"]).ends(6).says(&["warning:", &name]);
    assert!(ran.stdout.contains("\nzoom_setup_connections_unreadable 1\n"), "{}", ran.stdout);
    let ran = check(&home, &["--format", "nagios"]).ends(3);
    let start =
        "ZOOM UNKNOWN - 1 of 1 healthy, 1 record of a connection can't be read (see: zoom-setup store)";
    assert!(ran.stdout.starts_with(start), "{}", ran.stdout);
    // What was not asked for does not count; and the name that is gone leads to the store.
    check(&home, &["account"]).ends(0).says(&["warning:", &name]);
    check(&home, &["app"]).ends(2).says(&["no connection app", "zoom-setup store tells what is damaged"]);
}

#[test]
fn a_file_is_replaced_as_a_whole_and_others_can_read_it() {
    let home = home();
    let file = home.work().join("zoom.prom");
    fs::write(&file, "before").unwrap();
    let arguments = ["--format", "prometheus", "--output", "zoom.prom"];
    let ran = check(&home, &arguments).ends(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# HELP ") && text.contains("zoom_setup_connection_status{"), "{text}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::read_dir(home.work()).unwrap().count(), 1, "nothing is left beside it");
    check(&home, &["--output", "nowhere/zoom.txt"]).ends(2).says(&["nowhere/zoom.txt"]);
}

#[test]
fn who_interrupts_it_gets_what_is_known() {
    let home = home();
    let state = home.data().join("rehearsal/sandbox.json");
    let before = fs::read(&state).unwrap();
    let child = home.command(&["--rehearse=slow", "check", "--json", "account"]).spawn().unwrap();
    // The token was given, and its answer is held back.
    until("the request", || (fs::read(&state).unwrap() != before).then_some(()));
    signal(child.id(), "INT");
    let ran = finish(child).ends(3).says(&["stopped; 0 of 1"]);
    assert_eq!(findings(&ran, "account"), ["stopped"]);
}
