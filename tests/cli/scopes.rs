//! `zoom-setup scopes …` as a process of its own.

use super::home::{Home, Ran, finish};
use rstest::rstest;
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

const NAME: &str = "Example Zoom";

/// Runs with this on standard input.
fn piped(home: &Home, arguments: &[&str], text: &str) -> Ran {
    let mut child = home.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    finish(child)
}

/// A home with a connection that was set up in rehearsal.
fn with_a_connection(procedure: &str, more: &str) -> Home {
    let home = Home::new();
    let answers = format!(
        "manual_steps = \"done\"\nauthorize = \"loopback\"\ninstance = \"dev12345\"\nregion = \"na\"\n\
         connection_name = \"{NAME}\"\ncompany = \"Example Company\"\ndeveloper_name = \"Example Admin\"\n\
         developer_email = \"admin@example.com\"\n{more}"
    );
    let file = home.write("answers.toml", answers).display().to_string();
    home.run(&["--rehearse", "new", procedure, "--answers", &file]).ends(0);
    home
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

const DEX_LESS_ONE: &str = "report:read:user:admin dashboard:read:list_meeting_participants_qos:admin \
     dashboard:read:meeting_participant_qos:admin dashboard:read:list_zoomrooms:admin \
     dashboard:read:issues_zoomroom:admin meeting:delete:meeting:admin";

#[test]
fn search_finds_and_says_where() {
    let home = Home::new();
    let text = home.run(&["scopes", "search", "participant_joined", "admin"]).ends(0).stdout;
    assert!(text.starts_with("meeting:read:participant:admin\n    meeting.participant_joined\n"), "{text}");
    let json = home.run(&["scopes", "search", "GET /users", "--json", "--limit", "1"]).ends(0).json();
    assert_eq!(json["scopes"].as_array().unwrap().len(), 1);
    assert_eq!(json["scopes"][0]["scope"], "user:read:list_users:admin");
    assert_eq!(json["scopes"][0]["operations"], json!(["GET /users"]));
    home.run(&["scopes", "search", "zzzzqqqq"]).ends(0).silent().says(&["No published scope"]);
    assert!(home.files().is_empty(), "searching leaves nothing behind");
}

#[test]
fn explain_tells_and_keeps_its_keys() {
    let home = Home::new();
    let text = home.run(&["scopes", "explain", "meeting:delete:meeting:admin"]).ends(0).stdout;
    insta::assert_snapshot!(text);
    let json = home.run(&["scopes", "explain", "user:read:admin", "--json"]).ends(0).json();
    assert!(strings(&json["granular"]).contains(&"user:read:list_users:admin"));
    for key in [
        "apps",
        "asked_by",
        "broader",
        "classic",
        "doubts",
        "effect",
        "events",
        "known",
        "label",
        "level",
        "narrower",
        "operations",
        "reach",
        "scope",
        "sources",
        "style",
    ] {
        assert!(json.get(key).is_some(), "{key}: {json}");
    }
    let unknown = home.run(&["scopes", "explain", "user:read:list_user:admin"]).ends(0).stdout;
    assert!(unknown.contains("Did you mean user:read:list_users:admin?"), "{unknown}");
}

#[test]
fn a_review_without_a_connection() {
    let home = Home::new();
    let arguments = ["scopes", "review", "--procedure", "servicenow-dex", "--granted", "-"];
    let text = piped(&home, &arguments, DEX_LESS_ONE).ends(1).says(&["1 needed scope is missing"]).stdout;
    insta::assert_snapshot!(text);
    let json = piped(&home, &[&arguments[..], &["--json"]].concat(), DEX_LESS_ONE).ends(1).json();
    assert_eq!(json["missing"], json!(["user:read:user:admin"]));
    assert_eq!(json["excess"], json!(["meeting:delete:meeting:admin"]));
    assert_eq!((strings(&json["required"]).len(), strings(&json["granted"]).len()), (6, 6));
    assert_eq!(
        (&json["unknown"], &json["not_provable"]),
        (&json!([]), &json!(["meeting:delete:meeting:admin"]))
    );
    assert_eq!((&json["compared"], &json["procedure"]), (&json!(true), &json!("servicenow-dex")));
    assert!(home.files().is_empty(), "a review leaves nothing behind");
}

#[test]
fn the_report_for_a_ticket() {
    let home = Home::new();
    let file = home.write("granted.txt", DEX_LESS_ONE).display().to_string();
    let arguments =
        ["scopes", "review", "--procedure", "servicenow-dex", "--granted", &file, "--format", "markdown"];
    insta::assert_snapshot!(home.run(&arguments).ends(1).stdout);
}

/// Whatever stands in a pasted list, the report stays a table and the terminal stays whole.
#[test]
fn pasted_text_steers_nothing() {
    let home = Home::new();
    let evil = "\u{1b}]0;x\u{7}a|b `c` <script> [x](http://y) \u{202e}user:read:admin";
    for format in ["text", "markdown", "json"] {
        let arguments =
            ["scopes", "review", "--procedure", "celigo-s2s", "--granted", "-", "--format", format];
        let ran = piped(&home, &arguments, evil).ends(if format == "never" { 0 } else { 1 });
        assert!(!ran.stdout.contains(['\u{1b}', '\u{7}']), "{:?}", ran.stdout);
        if format == "markdown" {
            assert!(!ran.stdout.contains("<script>\n") && !ran.stdout.contains("| `a|b"), "{}", ran.stdout);
        }
    }
}

#[rstest]
#[case::everything("{\"access_token\": \"hidden-word\", \"scope\": \"user:read:list_users:admin\"}", 0, true)]
#[case::none_reported("{\"access_token\": \"hidden-word\"}", 0, false)]
#[case::an_empty_grant("{\"scope\": \"\"}", 1, true)]
#[case::classic("user:read:admin", 0, true)]
#[case::another_case("User:Read:List_Users:Admin", 1, true)]
fn granted_in_each_form(#[case] text: &str, #[case] code: i32, #[case] compared: bool) {
    let home = Home::new();
    let arguments = ["scopes", "review", "--procedure", "celigo-oauth", "--granted", "-", "--json"];
    let ran = piped(&home, &arguments, text).ends(code);
    assert_eq!(ran.json()["compared"], compared);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hidden-word"));
}

#[rstest]
#[case::nothing_named(&["scopes", "review"], &["nothing is named", "--procedure ID --granted FILE"])]
#[case::unknown_procedure(&["scopes", "review", "--procedure", "servicenow-dx"], &["did you mean `servicenow-dex`?"])]
#[case::no_connection(&["scopes", "review", "example"], &["there is no connection example"])]
#[case::no_file(&["scopes", "review", "--granted", "/nonexistent"], &["/nonexistent"])]
#[case::proof_of_a_list(&["scopes", "review", "--procedure", "celigo-s2s", "--prove"], &["CONNECTION"])]
#[case::two_forms(&["scopes", "review", "x", "--json", "--format", "markdown"], &["--format"])]
#[case::no_words(&["scopes", "search"], &["TEXT"])]
fn what_can_not_be_done_is_said(#[case] arguments: &[&str], #[case] words: &[&str]) {
    Home::new().run(arguments).ends(2).silent().says(words);
}

#[test]
fn json_that_is_no_list_is_said_without_repeating_it() {
    let home = Home::new();
    let arguments = ["scopes", "review", "--procedure", "celigo-s2s", "--granted", "-"];
    let ran = piped(&home, &arguments, "{\"access_token\": \"hidden-word\", \"scope\": 7}").ends(2).silent();
    assert!(!ran.stderr.contains("hidden-word"), "{}", ran.stderr);
}

#[test]
fn a_stored_connection_is_reviewed_and_proved() {
    let home = with_a_connection("servicenow-external-content", "");
    let json = home.run(&["--rehearse", "scopes", "review", NAME, "--json"]).ends(0).json();
    assert_eq!((strings(&json["granted"]).len(), &json["missing"]), (17, &json!([])));
    assert_eq!(json["not_provable"], json!(["meeting:read:participant:admin"]));
    assert_eq!(json["proof"], Value::Null);

    let ran = home.run(&["--rehearse", "scopes", "review", NAME, "--prove", "--json"]).ends(0);
    let results = ran.json()["proof"]["results"].clone();
    let by = |word: &str| {
        let results = results.as_array().unwrap();
        results.iter().filter(|proved| proved["result"] == word).count()
    };
    assert_eq!((by("works"), by("not_found_but_allowed"), by("not_provable")), (5, 11, 1), "{results}");
    ran.says(&["GET /users", "of 17 done"]);
}

/// Law 1: what the receiver holds is not touched, and no login is made for a proof.
#[test]
fn a_grant_of_the_receivers_is_left_alone() {
    let home = with_a_connection("servicenow-dex", "");
    home.run(&["--rehearse", "scopes", "review", NAME]).ends(0);
    let ran = home.run(&["--rehearse", "scopes", "review", NAME, "--prove"]).ends(2).silent();
    ran.says(&["ServiceNow holds the grant", "one grant per user and app", "without --prove"]);
}

#[test]
fn a_grant_of_the_wizards_own_is_proved_with_its_stored_token() {
    let home = with_a_connection("servicenow-omnichannel", "after_login = \"keep\"\n");
    let json = home.run(&["--rehearse", "scopes", "review", NAME, "--prove", "--json"]).ends(0).json();
    let results = json["proof"]["results"].as_array().unwrap();
    assert_eq!(results.len(), 13);
    let writing = results.iter().find(|proved| proved["scope"] == "meeting:delete:meeting:admin").unwrap();
    assert_eq!(writing["result"], "not_provable");
}

#[test]
fn what_the_sandbox_left_out_is_missing() {
    let home = with_a_connection("celigo-s2s", "");
    let arguments =
        ["--rehearse", "scopes", "review", NAME, "--procedure", "servicenow-external-content", "--json"];
    let json = home.run(&arguments).ends(1).json();
    assert_eq!(strings(&json["missing"]).len(), 16);
}
