//! Which scopes a procedure is about, by whose word: what the files carry, and what the loader refuses.

use super::{GENERAL, embedded_procedures, rendered};
use rstest::rstest;
use zoom_setup::procedure::load::{LoadError, load};
use zoom_setup::procedure::{Procedure, ScopeNeed};
use zoom_setup::scope::Catalogue;

const WITH_A_CONTRACT: &str = r#"
[actions]
source = "The vendor's list"

[[actions.list]]
name = "Test connection"
scope = "user:read:list_users:admin"

[[actions.list]]
name = "Change settings"
scope = "user:update:user:admin"
zoom = "user:update:settings:admin"
note = "Zoom calls it: Update user settings."

[[avoid]]
id = "user:delete:user:admin"
documented = ["2"]
why = "An example only."
"#;

/// The fixture with a contract, then one edit.
fn loaded(old: &str, new: &str) -> Result<Procedure, Vec<LoadError>> {
    let with = GENERAL.replacen(
        "reason = \"The connection test lists users.\"",
        "reason = \"The connection test lists users.\"\ndocumented = [\"3\"]",
        1,
    ) + WITH_A_CONTRACT;
    assert!(with.contains(old), "the fixture has no {old:?}");
    load("fixture-general.toml", &with.replacen(old, new, 1))
}

#[test]
fn the_contract_is_loaded() {
    let procedure = loaded("", "").unwrap_or_else(|errors| panic!("{}", rendered(&errors)));
    assert_eq!(procedure.scope("user:read:list_users:admin").unwrap().documented, ["3"]);
    assert_eq!(procedure.actions_with("user:update:settings:admin").count(), 1);
    assert_eq!(procedure.actions_with("user:update:user:admin").count(), 1);
    assert_eq!(procedure.avoided("user:delete:user:admin").unwrap().documented, ["2"]);
    assert!(procedure.avoided("user:read:list_users:admin").is_none());
}

#[rstest]
#[case::a_step_of_no_document(
    "documented = [\"3\"]",
    "documented = [\"33\"]",
    "no step claims the documented step `33`",
    "did you mean `3`?"
)]
#[case::the_step_of_an_example(
    "documented = [\"2\"]\nwhy",
    "documented = [\"22\"]\nwhy",
    "no step claims the documented step `22`",
    "did you mean `2`?"
)]
#[case::a_step_twice(
    "documented = [\"3\"]",
    "documented = [\"3\", \"3\"]",
    "documented step `3` a second time",
    "first on line"
)]
#[case::no_scope(
    "scope = \"user:update:user:admin\"",
    "scope = \"user update\"",
    "`user update` does not look like a scope",
    "user:read:list_users:admin"
)]
#[case::no_scope_of_zooms(
    "zoom = \"user:update:settings:admin\"",
    "zoom = \"settings\"",
    "`settings` does not look like a scope",
    "user:read:list_users:admin"
)]
#[case::the_same_opinion(
    "zoom = \"user:update:settings:admin\"",
    "zoom = \"user:update:user:admin\"",
    "the same scope twice",
    "leave it out"
)]
#[case::an_action_twice(
    "name = \"Change settings\"\nscope = \"user:update:user:admin\"",
    "name = \"Test connection\"\nscope = \"user:read:list_users:admin\"",
    "action `Test connection` with this scope a second time",
    ""
)]
#[case::wanted_and_not(
    "id = \"user:delete:user:admin\"",
    "id = \"user:read:admin\"",
    "`user:read:admin` is both asked for and to be avoided",
    "[[avoid]]"
)]
#[case::an_unknown_key(
    "why = \"An example only.\"",
    "because = \"An example only.\"",
    "unknown key `because`",
    "known: `id`, `documented`, `why`"
)]
#[case::an_empty_reason("why = \"An example only.\"", "why = \"\"", "an empty text", "write it")]
fn what_does_not_hold_together_is_refused(
    #[case] old: &str,
    #[case] new: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let errors = loaded(old, new).unwrap_err();
    let found = errors.iter().find(|error| error.message == message);
    let error = found.unwrap_or_else(|| panic!("no such error: {message}\n{}", rendered(&errors)));
    assert!(error.help.as_deref().unwrap_or_default().contains(help), "{error}");
}

/// Each scope of a bundled procedure says which step of the document asks for it.
#[test]
fn every_bundled_scope_names_its_step() {
    for procedure in embedded_procedures() {
        for scope in &procedure.scopes {
            assert!(!scope.documented.is_empty(), "{}: {}", procedure.id, scope.id);
            assert!(Catalogue::embedded().get(&scope.id).is_some(), "{}: {}", procedure.id, scope.id);
        }
        for action in procedure.actions.iter().flat_map(|list| &list.actions) {
            for id in [Some(&action.scope), action.zoom.as_ref()].into_iter().flatten() {
                assert!(Catalogue::embedded().get(id).is_some(), "{}: {id}", procedure.id);
            }
        }
    }
}

/// ServiceNow's list and Zoom's disagree about these; for the job, both scopes are asked for.
#[test]
fn the_opinions_that_differ_are_carried() {
    let procedures = embedded_procedures();
    let omnichannel = procedures.iter().find(|procedure| procedure.id == "servicenow-omnichannel").unwrap();
    let actions = &omnichannel.actions.as_ref().unwrap().actions;
    let differing: Vec<&str> =
        actions.iter().filter(|action| action.zoom.is_some()).map(|action| action.name.as_str()).collect();
    assert_eq!(
        differing,
        [
            "Download Meeting Transcript",
            "End meeting",
            "Look up ended meeting instances",
            "Add meeting registrant",
            "Update user settings",
        ]
    );
    let required = omnichannel.scope_ids(ScopeNeed::Required);
    for name in ["Download Meeting Transcript", "End meeting"] {
        let action = actions.iter().find(|action| action.name == name).unwrap();
        assert!(required.contains(&action.scope.as_str()), "{name}");
        assert!(required.contains(&action.zoom.as_deref().unwrap()), "{name}");
    }
    let dex = procedures.iter().find(|procedure| procedure.id == "servicenow-dex").unwrap();
    assert!(dex.avoided("meeting:delete:meeting:admin").is_some());
}
