//! `procedures`, `procedures show`, `procedures lint` and the directory of an author's files.

use super::{GENERAL, SERVER, embedded_procedures, fixture};
use serde_json::Value;
use std::fs;
use zoom_setup::cli::procedures::{self as command, lint, list, read_directory, show};
use zoom_setup::error::{Error, ErrorKind};
use zoom_setup::procedure::load::load;

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> Result<(), Error>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_json_list_keeps_its_contract() {
    let document = json(&written(|out| list(&embedded_procedures(), true, out)));
    assert_eq!(document["format"], 1);
    let procedures = document["procedures"].as_array().unwrap();
    assert_eq!(procedures.len(), 5);
    for procedure in procedures {
        let expected =
            ["app_kind", "corrections", "id", "omissions", "receiver", "scopes", "source", "steps", "title"];
        assert_eq!(keys(procedure), expected);
        assert_eq!(keys(&procedure["source"]), ["document", "publisher", "release", "updated"]);
        assert_eq!(keys(&procedure["scopes"]), ["classic", "optional", "required"]);
        assert_eq!(keys(&procedure["steps"][0]), ["documented", "id", "phase", "title"]);
        for correction in procedure["corrections"].as_array().unwrap() {
            assert_eq!(keys(correction), ["documented", "used", "why"]);
        }
        for omission in procedure["omissions"].as_array().unwrap() {
            assert_eq!(keys(omission), ["documented", "why"]);
        }
    }
    let server: Vec<&str> = procedures
        .iter()
        .filter(|procedure| procedure["app_kind"] == "server_to_server")
        .filter_map(|procedure| procedure["id"].as_str())
        .collect();
    assert_eq!(server, ["servicenow-external-content", "celigo-s2s"]);
}

#[test]
fn show_as_json_is_the_lists_object_with_the_format() {
    let procedures = embedded_procedures();
    let all = json(&written(|out| list(&procedures, true, out)));
    let mut one = json(&written(|out| show(&procedures, "celigo-oauth", true, out)));
    assert_eq!(one.as_object_mut().unwrap().remove("format"), Some(1.into()));
    assert!(all["procedures"].as_array().unwrap().contains(&one));
    assert_eq!((one["receiver"].as_str(), one["app_kind"].as_str()), (Some("celigo"), Some("general")));
}

#[test]
fn the_list_groups_by_receiver() {
    insta::assert_snapshot!(written(|out| list(
        &[fixture(), load("fixture-server.toml", SERVER).unwrap()],
        false,
        out
    )));
}

#[test]
fn show_tells_everything() {
    insta::assert_snapshot!(written(|out| show(&[fixture()], "fixture-general", false, out)));
}

#[test]
fn text_for_people_fits_80_columns() {
    let procedures = embedded_procedures();
    let mut texts = vec![written(|out| list(&procedures, false, out))];
    texts.extend(
        procedures.iter().map(|procedure| written(|out| show(&procedures, &procedure.id, false, out))),
    );
    for line in texts.iter().flat_map(|text| text.lines()) {
        // An address is one word, and stays whole so that it can be copied.
        let one_word = !line.trim_start().contains(' ');
        assert!(line.chars().count() <= 80 || one_word, "{line}");
        assert_eq!(line, line.trim_end());
    }
}

#[test]
fn an_unknown_id_is_a_usage_error_with_the_nearest() {
    let error = show(&embedded_procedures(), "servicenow-dx", false, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert_eq!(error.message, "there is no procedure `servicenow-dx`");
    assert_eq!(error.hints[0], "did you mean `servicenow-dex`?");
    assert!(error.hints[1].contains("celigo-s2s"), "{error:?}");
}

#[test]
fn lint_sums_up_a_good_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fixture-general.toml");
    fs::write(&path, GENERAL).unwrap();
    assert_eq!(
        written(|out| lint(&path, out)),
        "OK fixture-general: General app, 8 steps, 1 required scope, about 20 minutes\n"
    );
}

/// A scope that is newer than the list is no error; a slip of the finger is found.
#[test]
fn lint_notes_scopes_that_are_not_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fixture-general.toml");
    fs::write(&path, GENERAL.replace("user:read:list_users:admin", "user:read:list_user:admin")).unwrap();
    let out = written(|out| lint(&path, out));
    assert!(out.starts_with("OK fixture-general"), "{out}");
    assert!(out.contains("note: `user:read:list_user:admin`"), "{out}");
    assert!(out.contains("did you mean `user:read:list_users:admin`?"), "{out}");
}

#[test]
fn lint_writes_every_error_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fixture-general.toml");
    fs::write(&path, GENERAL.replace("{{client_id}}", "{{client}}").replace("minutes = 20", "minutes = 0"))
        .unwrap();
    let mut out = Vec::new();
    let error = lint(&path, &mut out).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Usage);
    assert_eq!(error.message, format!("2 errors in {}", path.display()));
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("fixture-general.toml:7:11") && out.contains("unknown name `client`"), "{out}");
}

#[test]
fn files_that_can_not_be_read_are_usage_errors() {
    let directory = tempfile::tempdir().unwrap();
    let missing = lint(&directory.path().join("none.toml"), &mut Vec::new()).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::Usage);
    assert!(missing.message.contains("none.toml"), "{missing}");

    let binary = directory.path().join("binary.toml");
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    assert_eq!(lint(&binary, &mut Vec::new()).unwrap_err().kind, ErrorKind::Usage);

    let large = directory.path().join("large.toml");
    fs::write(&large, "#".repeat(1_000_001)).unwrap();
    assert!(lint(&large, &mut Vec::new()).unwrap_err().message.contains("larger than"));
}

#[test]
fn a_directory_gives_its_toml_files_by_name() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(read_directory(directory.path()).unwrap_err().kind, ErrorKind::Usage);
    assert_eq!(read_directory(&directory.path().join("none")).unwrap_err().kind, ErrorKind::Usage);
    for (name, text) in [("b.toml", "b"), ("a.toml", "a"), ("notes.md", "n")] {
        fs::write(directory.path().join(name), text).unwrap();
    }
    let files = read_directory(directory.path()).unwrap();
    let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["a", "b"]);
    assert!(files[0].0.ends_with("a.toml"));
}

#[test]
fn a_bad_directory_ends_with_every_excerpt_as_a_hint() {
    let errors = load("fixture-general.toml", &GENERAL.replace("minutes = 20", "minutes = 0")).unwrap_err();
    let error = command::load_failure(&errors);
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Usage, "1 error in procedure files"));
    assert!(error.hints[0].contains("7 | minutes = 0"), "{error:?}");
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    assert!(list(&[fixture()], false, &mut Gone).is_ok());
    assert!(list(&[fixture()], true, &mut Gone).is_ok());
}
