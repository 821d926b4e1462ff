use super::*;
use crate::procedure::registry;

fn explained(id: &str) -> Explanation {
    let procedures = registry::embedded().unwrap();
    explain(Catalogue::embedded(), id, &procedures)
}

fn scopes(alternatives: &[Alternative]) -> Vec<&str> {
    alternatives.iter().map(|one| one.scope).collect()
}

#[test]
fn a_granular_scope() {
    let told = explained("user:read:list_users:admin");
    assert_eq!((told.effect, told.level, told.style), (Effect::Read, Level::Admin, Some(Style::Granular)));
    assert_eq!(told.operations, ["GET /users"]);
    assert_eq!(told.classic, ["user:read:admin", "user:write:admin"]);
    assert!(told.granular.is_empty());
    assert_eq!(scopes(&told.broader), ["user:read:admin", "user:write:admin"]);
    assert!(told.apps.contains("Server-to-Server"));
    let asking: Vec<&str> = told.asked_by.iter().map(|asked| asked.procedure.as_str()).collect();
    assert_eq!(
        asking,
        ["servicenow-omnichannel", "servicenow-external-content", "celigo-oauth", "celigo-s2s"]
    );
    assert_eq!(told.asked_by[1].documented, ["5.2"]);
    assert!(!told.sources.is_empty());
}

#[test]
fn a_classic_scope_names_its_narrower_ones() {
    let told = explained("user:read:admin");
    assert_eq!(told.style, Some(Style::Classic));
    assert!(told.granular.contains(&"user:read:list_users:admin"));
    assert!(scopes(&told.narrower).contains(&"user:read:list_users:admin"));
    assert_eq!(told.asked_by[0].need, AskedAs::Classic);
}

/// What the receiver and Zoom disagree about is told with both scopes.
#[test]
fn both_opinions_are_told() {
    for id in ["meeting:update:status:admin", "meeting:delete:meeting:admin"] {
        let told = explained(id);
        let asked = told.asked_by.iter().find(|asked| asked.procedure == "servicenow-omnichannel").unwrap();
        let end = asked.actions.iter().find(|words| words.starts_with("End meeting")).unwrap();
        assert!(end.contains("ServiceNow names meeting:delete:meeting:admin"), "{end}");
        assert!(end.contains("Zoom's own list meeting:update:status:admin"), "{end}");
    }
}

#[test]
fn what_a_document_shows_as_an_example_is_not_asked_for() {
    let told = explained("meeting:delete:meeting:admin");
    let dex = told.asked_by.iter().find(|asked| asked.procedure == "servicenow-dex").unwrap();
    assert_eq!((dex.need, dex.documented.as_slice()), (AskedAs::Avoid, ["14".to_owned()].as_slice()));
    assert_eq!(told.effect, Effect::Change);
    let chat = explained("team_chat:write:members:admin");
    assert_eq!(chat.asked_by[0].need, AskedAs::Action);
}

#[test]
fn events_and_levels() {
    let told = explained("meeting:read:participant:admin");
    assert_eq!(told.effect, Effect::Events);
    assert!(told.events.contains(&"meeting.participant_joined"));
    assert!(scopes(&told.narrower).contains(&"meeting:read:participant"));
    let master = explained("account:master");
    assert!(master.apps.contains("account owner"));
    assert!(explained("imchat:bot").apps.contains("without a user"));
}

#[test]
fn unknown_is_unknown() {
    let told = explained("user:read:list_user:admin");
    assert!(!told.known);
    assert_eq!((told.nearest, told.level), (Some("user:read:list_users:admin"), Level::Admin));
    assert!(told.doubts[0].contains("does not make it wrong"));
}

/// What is narrower from one side is broader from the other.
#[test]
fn narrower_and_broader_mirror_each_other() {
    for id in ["user:read:admin", "meeting:write:admin", "recording:read:admin"] {
        for one in &explained(id).narrower {
            if one.why != AlternativeKind::Level {
                let back = explain(Catalogue::embedded(), one.scope, []);
                assert!(scopes(&back.broader).contains(&id), "{id} {}", one.scope);
            }
        }
    }
}

/// What the index leads to is what reading all of the catalogue finds.
#[test]
fn narrower_and_broader_are_all_there_are() {
    let catalogue = Catalogue::embedded();
    let all = catalogue.entries();
    let sample = all.iter().step_by(61).chain(catalogue.get("phone:write:admin"));
    for entry in sample {
        let told = explain(catalogue, entry.id, []);
        let by_operations = |list: &[Alternative]| -> Vec<&'static str> {
            let by = list.iter().filter(|one| one.why == AlternativeKind::Operations);
            by.map(|one| one.scope).collect()
        };
        let peers = || {
            all.iter().filter(|other| {
                other.id != entry.id && other.style == entry.style && other.level == entry.level
            })
        };
        let narrower: Vec<_> = peers().filter(|other| is_part(other, entry)).map(|other| other.id).collect();
        let broader: Vec<_> = peers().filter(|other| is_part(entry, other)).map(|other| other.id).collect();
        assert_eq!(by_operations(&told.narrower), narrower, "{}", entry.id);
        assert_eq!(by_operations(&told.broader), broader, "{}", entry.id);
        let granular: Vec<_> = all
            .iter()
            .filter(|other| entry.style == Style::Classic && other.classic().any(|one| one == entry.id))
            .map(|other| other.id)
            .collect();
        assert_eq!(told.granular, granular, "{}", entry.id);
        let levels = all.iter().filter(|other| {
            other.id != entry.id && other.style == entry.style && stem(other.id) == stem(entry.id)
        });
        let levels: Vec<_> = levels.map(|other| other.id).collect();
        let found: Vec<_> = super::levels(catalogue, entry).map(|other| other.id).collect();
        assert_eq!(found, levels, "{}", entry.id);
    }
}
