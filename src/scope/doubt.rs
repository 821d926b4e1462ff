//! What is not sure about a scope, by where its facts come from.

use super::Level;
use super::catalogue::{ScopeInfo, Style};
use super::source::{self, Trust};

/// The doubts about one entry, a sentence each; most telling first. The last holds for every scope.
pub fn doubts(entry: &ScopeInfo) -> Vec<String> {
    let keys: Vec<&str> = entry.sources().collect();
    let trust = |key: &&&str| source::describe(key).map(|source| source.trust);
    let from = |wanted: &str| keys.contains(&wanted);
    let third = keys.iter().filter(|key| trust(key) == Some(Trust::ThirdParty)).count();
    let registry = from(source::THIRD_PARTY_REGISTRY);
    let has_operations = entry.operations().next().is_some();
    let mut doubts = Vec::new();
    if let Some(odd) = entry.odd {
        doubts.push(format!("The id is {odd}. It is kept as it is: tokens carry it so."));
    }
    if !has_operations && entry.events().next().is_none() {
        doubts.push("No source names an operation or event for it.".to_owned());
    }
    if entry.is_event_only() {
        doubts.push("It belongs to events only, so no read can show that it works.".to_owned());
    }
    if registry && third == keys.len() {
        doubts.push(
            "The scope is known from a third party's list alone; its operation was set by hand.".to_owned(),
        );
    } else if registry {
        doubts.push("An operation of it comes from a third party's list and was set by hand.".to_owned());
    }
    if from(source::OLD_SPECIFICATION) {
        doubts.push("An operation of it, or its path, comes from an older specification of Zoom.".to_owned());
    }
    if entry.label.is_some() && third > usize::from(registry) {
        doubts.push(
            "The label comes from a third party: read it as a description, not as Zoom's words.".to_owned(),
        );
    }
    if derived_paths(entry, &keys) {
        doubts.push(
            "Its paths are derived: Zoom says that primary accounts put /accounts/{accountId} in front."
                .to_owned(),
        );
    }
    if let Some(words) = misleading_word(entry) {
        doubts.push(words);
    }
    if entry.style == Style::Classic && !from(source::CLASSIC_TABLE) {
        doubts.push(
            "Zoom's own table of classic scopes does not have it; operations or events name it.".to_owned(),
        );
    }
    if from(source::CLASSIC_TABLE) && from(source::GRANULAR_TABLE) {
        doubts.push("It stands in both of Zoom's tables, the classic one and the granular one.".to_owned());
    }
    if let [only] = keys.as_slice()
        && !registry
        && let Some(source) = source::describe(only)
    {
        doubts.push(format!("One source only: {}.", source.words));
    }
    if entry.classic().next().is_some() {
        doubts.push(
            "Classic counterparts are documented for its operations; that they grant exactly the same is not said."
                .to_owned(),
        );
    }
    doubts.push(
        "From documents, not tried on a live Zoom. Plan, role and app type decide whether Zoom offers it."
            .to_owned(),
    );
    doubts
}

/// Paths of sub accounts for which no reference was found.
fn derived_paths(entry: &ScopeInfo, keys: &[&str]) -> bool {
    entry.level == Level::Master
        && keys.contains(&source::GRANULAR_TABLE)
        && !keys.iter().any(|key| key.ends_with(source::MASTER_REFERENCE))
        && entry.operations().any(|operation| operation.contains(" /accounts/{accountId}/"))
}

/// A word in the id that promises another kind of operation than the documented ones.
fn misleading_word(entry: &ScopeInfo) -> Option<String> {
    let word = entry.id.split(':').nth(1)?;
    let reads = entry.operations().all(|operation| operation.starts_with("GET "));
    let changes = entry.operations().all(|operation| !operation.starts_with("GET "));
    entry.operations().next()?;
    match word {
        "read" if changes => {
            Some("The id says read, and its documented operations change something.".to_owned())
        }
        "write" | "update" | "delete" if reads => {
            Some(format!("The id says {word}, and its documented operations only read."))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Catalogue;
    use rstest::rstest;

    #[rstest]
    #[case("contact_center:write:queue disposition:admin", "with a blank")]
    #[case("dashboard:read:zoomroom:admin", "label comes from a third party")]
    #[case("meeting:read:participant:admin", "events only")]
    #[case("meeting:write:sip_dialing", "both of Zoom's tables")]
    #[case("rtms:read", "classic scopes does not have it")]
    #[case("cloud_recording:read:list_recording_files:admin", "grant exactly the same is not said")]
    #[case("user:read:user:admin", "not tried on a live Zoom")]
    fn each_doubt_is_told(#[case] id: &str, #[case] words: &str) {
        let found = doubts(Catalogue::embedded().get(id).unwrap());
        assert!(found.iter().any(|doubt| doubt.contains(words)), "{found:#?}");
    }

    /// How often each is told, by the counts of what was read.
    #[test]
    fn doubts_are_as_many_as_the_sources_say() {
        let count = |words: &str| {
            let entries = Catalogue::embedded().entries();
            entries.iter().filter(|entry| doubts(entry).iter().any(|doubt| doubt.contains(words))).count()
        };
        assert_eq!(count("known from a third party's list alone"), 32);
        assert_eq!(count("label comes from a third party"), 18);
        assert_eq!(count("No source names an operation or event"), 33);
        assert_eq!(count("belongs to events only"), 126);
        assert_eq!(count("both of Zoom's tables"), 2);
        assert_eq!(count("classic scopes does not have it"), 44);
        assert_eq!(count("not tried on a live Zoom"), Catalogue::embedded().entries().len());
    }
}
