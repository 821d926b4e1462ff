//! What needs neither network nor store: help, procedures, and the words for what can't be done.

use super::PROCEDURES;
use super::home::Home;
use rstest::rstest;

#[test]
fn help_and_version_are_results() {
    let home = Home::new();
    let help = home.run(&["--help"]).ends(0);
    for word in [
        "new",
        "resume",
        "procedures",
        "connections",
        "scopes",
        "handoff",
        "sandbox",
        "--rehearse",
        "Exit codes",
    ] {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    assert_eq!(help.stderr, "");
    assert_eq!(help.stdout.lines().filter(|line| line.chars().count() > 120).count(), 0);
    let version = home.run(&["--version"]).ends(0);
    assert_eq!(version.stdout, format!("zoom-setup {}\n", env!("CARGO_PKG_VERSION")));
    assert!(home.files().is_empty(), "asking leaves nothing behind");
}

#[test]
fn no_flag_takes_a_secret() {
    let home = Home::new();
    for command in ["new", "handoff", "resume", "sandbox", "connections", "procedures", "scopes"] {
        let help = home.run(&[command, "--help"]).ends(0).stdout;
        for word in ["--client-secret", "--secret", "--token", "--passphrase", "--password"] {
            assert!(!help.contains(word), "{command} has {word}");
        }
    }
}

#[test]
fn procedures_are_listed_for_people_and_programs() {
    let home = Home::new();
    let text = home.run(&["procedures"]).ends(0).stdout;
    let document = home.run(&["procedures", "--json"]).ends(0).json();
    let ids: Vec<&str> =
        document["procedures"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, PROCEDURES);
    for id in PROCEDURES {
        assert!(text.contains(id), "{text}");
        assert!(home.run(&["procedures", "show", id]).ends(0).stdout.contains(id));
        assert_eq!(home.run(&["procedures", "show", id, "--json"]).ends(0).json()["id"], id);
        // The flag may stand before the sub-command, too.
        assert_eq!(home.run(&["procedures", "--json", "show", id]).ends(0).json()["id"], id);
    }
}

#[test]
fn own_procedures_are_checked_and_loaded() {
    let home = Home::new();
    let text = include_str!("../../assets/procedures/celigo-s2s.toml");
    std::fs::create_dir(home.path("own")).unwrap();
    let good =
        home.write("own/example-own.toml", text.replace("id = \"celigo-s2s\"", "id = \"example-own\""));
    let directory = home.path("own").display().to_string();
    let lint = home.run(&["procedures", "lint", &good.display().to_string()]).ends(0);
    assert!(lint.stdout.starts_with("OK example-own"), "{}", lint.stdout);
    let list = home.run(&["procedures", "--procedures", &directory]).ends(0);
    assert!(list.stdout.contains("example-own") && list.stdout.contains("celigo-s2s"));

    let bad = home.write("own/bad.toml", text.replace("kind = \"activate\"", "kind = \"activte\""));
    let lint = home.run(&["procedures", "lint", &bad.display().to_string()]).ends(2);
    let told = format!("{}{}", lint.stdout, lint.stderr);
    assert!(told.contains("bad.toml:") && told.contains("activte") && told.contains('^'), "{told}");
    home.run(&["procedures", "--procedures", &directory]).ends(2).silent().says(&["bad.toml:", "activte"]);
}

#[rstest]
#[case::unknown_procedure(&["procedures", "show", "servicenow-dx"], &["did you mean `servicenow-dex`?", "celigo-s2s"])]
#[case::unknown_procedure_to_answer(&["new", "celigo-s2", "--answers", "/dev/null"], &["did you mean `celigo-s2s`?"])]
#[case::answers_to_what(&["new", "--answers", "/dev/null"], &["zoom-setup new PROCEDURE --answers FILE"])]
#[case::unknown_fault(&["--rehearse=wrong-secrets", "new", "celigo-s2s", "--answers", "/dev/null"], &["no fault wrong-secrets", "wrong-secret,", "drop"])]
#[case::unknown_fault_anywhere(&["--rehearse=nope", "connections"], &["no fault nope", "wrong-secret,"])]
#[case::unknown_fault_of_the_sandbox(&["sandbox", "--fault", "nope"], &["no fault nope", "wrong-secret,"])]
#[case::plain_http(&["--oauth-url", "http://example.com", "connections"], &["--oauth-url", "loopback", "https://"])]
#[case::plain_http_that_looks_local(&["--api-url", "http://127.0.0.1.example.com", "connections"], &["--api-url", "loopback"])]
#[case::no_http_at_all(&["--oauth-url", "ftp://127.0.0.1", "connections"], &["--oauth-url"])]
#[case::password_in_an_address(&["--oauth-url", "https://a:hidden-word@example.com", "connections"], &["--oauth-url"])]
#[case::no_connection(&["connections", "show", "example"], &["there is no connection example", "zoom-setup new"])]
#[case::no_connection_to_remove(&["connections", "remove", "example"], &["there is no connection example"])]
#[case::no_connection_to_hand_over(&["handoff", "example"], &["there is no connection example"])]
#[case::unknown_format(&["handoff", "example", "--format", "yaml"], &["markdown", "json", "env"])]
#[case::unknown_command(&["procedure"], &["procedures"])]
#[case::no_procedure_directory(&["procedures", "--procedures", "/nonexistent"], &["/nonexistent", "--procedures"])]
#[case::no_file_to_check(&["procedures", "lint", "/nonexistent.toml"], &["/nonexistent.toml"])]
#[case::no_place_for_the_log(&["--log-file", "/nonexistent/log", "connections"], &["/nonexistent/log"])]
#[case::no_answers(&["new", "celigo-s2s", "--answers", "/nonexistent.toml"], &["/nonexistent.toml"])]
fn what_can_not_be_done_is_said(#[case] arguments: &[&str], #[case] words: &[&str]) {
    let ran = Home::new().run(arguments).ends(2).silent().says(words);
    assert!(!ran.stderr.contains("hidden-word"), "{}", ran.stderr);
}

#[rstest]
#[case(&[])]
#[case(&["new"])]
#[case(&["new", "servicenow-dex"])]
#[case(&["resume"])]
#[case(&["--rehearse"])]
fn without_a_terminal_the_commands_that_work_are_named(#[case] arguments: &[&str]) {
    let home = Home::new();
    home.run(arguments).ends(2).silent().says(&["terminal", "zoom-setup new PROCEDURE --answers FILE"]);
    assert!(home.files().is_empty(), "nothing is begun");
}

#[test]
fn control_characters_of_arguments_never_reach_the_terminal() {
    let home = Home::new();
    let evil = "a\u{1b}]0;owned\u{7}b\u{202e}c";
    for arguments in [
        ["connections", "show", evil].as_slice(),
        &["connections", "remove", evil],
        &["handoff", evil],
        &["procedures", "show", evil],
        &["new", evil, "--answers", "/dev/null"],
        &["sandbox", "--fault", evil],
        &["new", "celigo-s2s", "--answers", evil],
        &["procedures", "lint", evil],
        &["--procedures", evil, "procedures"],
        &["--log-file", "/nonexistent/\u{1b}[31m", "procedures"],
        &["--oauth-url", evil, "connections"],
        &[evil],
        &["handoff", "x", "--format", evil],
    ] {
        let ran = home.run(arguments).ends(2).silent();
        let steering =
            |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!ran.stderr.contains(steering), "{arguments:?}: {:?}", ran.stderr);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    let mut child = home.command(&["procedures", "--json"]).spawn().unwrap();
    drop(child.stdout.take());
    let ran = super::home::finish(child);
    assert!(matches!(ran.code, Some(0)), "{ran:?}");
}
