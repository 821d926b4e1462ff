//! The procedure files and their loader: what the documents say is carried, bad data is refused with its place.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use zoom_setup::procedure::load::{LoadError, load};
use zoom_setup::procedure::registry::{EMBEDDED, embedded, embedded_one, from_files};
use zoom_setup::procedure::{AppKind, CopySource, FieldName, Procedure, RedirectRule, ScopeNeed, StepKind};

#[path = "procedures/command.rs"]
mod command;
#[path = "procedures/contract.rs"]
mod contract;
#[path = "procedures/refusals.rs"]
mod refusals;

const GENERAL: &str = include_str!("data/fixture-general.toml");
const SERVER: &str = include_str!("data/fixture-server.toml");

fn embedded_procedures() -> Vec<Procedure> {
    embedded().unwrap_or_else(|errors| panic!("{}", rendered(&errors)))
}

fn rendered(errors: &[LoadError]) -> String {
    errors.iter().map(LoadError::to_string).collect::<Vec<_>>().join("\n\n")
}

fn fixture() -> Procedure {
    load("fixture-general.toml", GENERAL).unwrap_or_else(|errors| panic!("{}", rendered(&errors)))
}

// ---- What the documents say ----

#[derive(Deserialize)]
struct DocumentedList {
    steps: Vec<Documented>,
}

#[derive(Deserialize)]
struct Documented {
    id: String,
    what: String,
}

#[test]
fn the_five_procedures_are_embedded_under_their_names() {
    let ids: Vec<String> = embedded_procedures().into_iter().map(|procedure| procedure.id).collect();
    let files: Vec<&str> = EMBEDDED
        .iter()
        .map(|(name, _)| name.trim_start_matches("assets/procedures/").trim_end_matches(".toml"))
        .collect();
    assert_eq!(ids, files);
    // And each is found by its name alone.
    for procedure in embedded_procedures() {
        assert_eq!(embedded_one(&procedure.id), Some(Ok(procedure)));
    }
    for other in ["", "dex", "servicenow-dex.toml", "procedures/servicenow-dex"] {
        assert_eq!(embedded_one(other), None, "{other}");
    }
}

#[test]
fn every_documented_step_is_claimed_once_or_omitted_with_a_reason() {
    let documented: BTreeMap<String, DocumentedList> =
        toml::from_str(include_str!("data/documented-steps.toml")).unwrap();
    let procedures = embedded_procedures();
    let known: BTreeSet<&str> = procedures.iter().map(|procedure| procedure.id.as_str()).collect();
    assert_eq!(known, documented.keys().map(String::as_str).collect());
    for procedure in &procedures {
        let mut claims: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for step in &procedure.steps {
            for id in &step.documented {
                claims.entry(id).or_default().push(&step.id);
            }
        }
        for omission in &procedure.omissions {
            assert!(!omission.why.trim().is_empty());
            claims.entry(&omission.documented).or_default().push("an omission");
        }
        for Documented { id, what } in &documented[&procedure.id].steps {
            let by = claims.remove(id.as_str()).unwrap_or_default();
            assert_eq!(by.len(), 1, "{}: {id} ({what}) is claimed by {by:?}", procedure.id);
        }
        assert!(claims.is_empty(), "{} claims what its document does not have: {claims:?}", procedure.id);
    }
}

// ---- What a valid file becomes ----

#[test]
fn a_valid_file_becomes_a_procedure() {
    let procedure = fixture();
    assert_eq!((procedure.app_kind, procedure.minutes), (AppKind::General, 20));
    assert_eq!(procedure.scope_ids(ScopeNeed::Required), ["user:read:list_users:admin"]);
    assert_eq!(procedure.scope_ids(ScopeNeed::Classic), ["user:read:admin"]);
    let Some(RedirectRule::Regions(regions)) = &procedure.redirect else { panic!("regions expected") };
    assert_eq!(regions.iter().map(|region| region.documented).collect::<Vec<_>>(), [true, false]);
    assert_eq!(procedure.steps[1].corrections, [0]);
    assert_eq!(
        procedure.steps[1].text[0].to_string(),
        "Open **Develop > Build App** and choose **General app**."
    );
    let StepKind::Fill { fields } = &procedure.steps[2].kind else { panic!("fields expected") };
    let required: Vec<bool> = fields.iter().map(|field| field.required).collect();
    assert_eq!(required, [true, true, false]);
    assert_eq!(procedure.handover.fields[1].value, CopySource::Secret(FieldName::ClientSecret));
}

#[test]
fn a_server_to_server_file_needs_neither_redirect_nor_management() {
    let procedure = load("some/where/fixture-server.toml", SERVER).unwrap();
    assert_eq!((procedure.redirect, procedure.management), (None, Vec::new()));
}

#[test]
fn crlf_line_ends_change_nothing() {
    assert_eq!(load("fixture-general.toml", &GENERAL.replace('\n', "\r\n")), Ok(fixture()));
}

// ---- Several files ----

#[test]
fn an_authors_file_replaces_the_embedded_one_of_its_id_or_follows() {
    let own = GENERAL.replace("id = \"fixture-general\"", "id = \"celigo-oauth\"");
    let files = vec![
        ("own/celigo-oauth.toml".to_owned(), own),
        ("own/fixture-server.toml".to_owned(), SERVER.to_owned()),
    ];
    let merged = from_files(embedded_procedures(), files).unwrap();
    let ids: Vec<&str> = merged.iter().map(|procedure| procedure.id.as_str()).collect();
    let mut expected: Vec<String> = embedded_procedures().into_iter().map(|procedure| procedure.id).collect();
    expected.push("fixture-server".to_owned());
    assert_eq!(ids, expected);
    let replaced = merged.iter().find(|procedure| procedure.id == "celigo-oauth").unwrap();
    assert_eq!(replaced.title, "Fixture with regions");
}

#[test]
fn errors_of_several_files_name_their_file() {
    let files = vec![
        ("own/a.toml".to_owned(), SERVER.to_owned()),
        ("own/fixture-server.toml".to_owned(), SERVER.replace("minutes = 5", "minutes = 0")),
    ];
    let errors = from_files(Vec::new(), files).unwrap_err();
    let places: Vec<(&str, usize)> = errors.iter().map(|error| (error.file.as_str(), error.line)).collect();
    assert_eq!(places, [("own/a.toml", 2), ("own/fixture-server.toml", 6)]);
}

// ---- Anything at all ----

/// What a slip of the hand or of an editor does to a file.
#[derive(Clone, Debug)]
enum Slip {
    Insert(usize, String),
    Remove(usize, usize),
    SwapLines(usize, usize),
    RepeatLine(usize),
    RemoveLine(usize),
}

fn slips() -> impl Strategy<Value = Vec<Slip>> {
    let scraps = prop_oneof![
        r"\PC{1,4}",
        prop::sample::select(vec![
            "\"",
            "\"\"\"",
            "'",
            "[",
            "]]",
            "{{",
            "}}",
            "**",
            "\\u0000",
            "\\",
            "=",
            "\n",
            "\u{1b}",
            "{{region}}",
            "\u{feff}",
        ])
        .prop_map(str::to_owned),
    ];
    let slip = prop_oneof![
        (any::<usize>(), scraps).prop_map(|(at, text)| Slip::Insert(at, text)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Slip::Remove(at, length)),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Slip::SwapLines(one, other)),
        any::<usize>().prop_map(Slip::RepeatLine),
        any::<usize>().prop_map(Slip::RemoveLine),
    ];
    prop::collection::vec(slip, 1..5)
}

fn apply(text: &str, slip: &Slip) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut lines: Vec<&str> = text.split('\n').collect();
    let count = lines.len();
    match slip {
        Slip::Insert(at, scrap) => {
            let at = at % (characters.len() + 1);
            characters.splice(at..at, scrap.chars());
            return characters.into_iter().collect();
        }
        Slip::Remove(at, length) => {
            let at = at % (characters.len() + 1);
            characters.drain(at..(at + length).min(characters.len()));
            return characters.into_iter().collect();
        }
        Slip::SwapLines(one, other) => lines.swap(one % count, other % count),
        Slip::RepeatLine(line) => lines.insert(line % count, lines[line % count]),
        Slip::RemoveLine(line) => {
            lines.remove(line % count);
        }
    }
    lines.join("\n")
}

/// Every error has a place in the file and can be shown.
fn check_errors(text: &str, errors: &[LoadError]) {
    assert!(!errors.is_empty());
    let lines: Vec<&str> = text.split('\n').collect();
    for error in errors {
        let line = lines.get(error.line - 1).unwrap_or_else(|| panic!("no line {}", error.line));
        assert!(error.column <= line.chars().count() + 1, "{error}");
        let shown = error.to_string();
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}

proptest! {
    // A failure names its smallest input; there is no file of old ones to keep.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "(?s).{0,300}") {
        if let Err(errors) = load("a.toml", &text) {
            check_errors(&text, &errors);
        }
    }

    #[test]
    fn a_spoiled_file_never_panics(slips in slips()) {
        let text = slips.iter().fold(GENERAL.to_owned(), |text, slip| apply(&text, slip));
        if let Err(errors) = load("fixture-general.toml", &text) {
            check_errors(&text, &errors);
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let text = format!("a = {}", "[".repeat(100_000));
    check_errors(&text, &load("a.toml", &text).unwrap_err());
}
