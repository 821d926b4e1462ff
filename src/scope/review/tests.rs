use super::*;
use crate::procedure::registry;
use crate::scope::CoverKind;
use proptest::prelude::*;
use rstest::rstest;
use std::sync::LazyLock;

fn procedure(id: &str) -> &'static Procedure {
    static ALL: LazyLock<Vec<Procedure>> = LazyLock::new(|| registry::embedded().unwrap());
    ALL.iter().find(|procedure| procedure.id == id).unwrap()
}

fn list(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn of(procedure: &Procedure, granted: Option<&[String]>) -> Review {
    let subject = Subject { procedure: Some(procedure), granted, ..Subject::default() };
    review(Catalogue::embedded(), &subject)
}

fn required(procedure: &Procedure) -> Vec<String> {
    procedure.scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
}

fn kinds(review: &Review) -> Vec<RemarkKind> {
    let mut kinds: Vec<RemarkKind> = review.remarks.iter().map(|remark| remark.kind).collect();
    kinds.dedup();
    kinds
}

const ALL: [&str; 5] =
    ["servicenow-omnichannel", "servicenow-dex", "servicenow-external-content", "celigo-oauth", "celigo-s2s"];

#[test]
fn everything_granted() {
    for id in ALL {
        let procedure = procedure(id);
        let review = of(procedure, Some(&required(procedure)));
        assert_eq!(review.count(State::Required), required(procedure).len(), "{id}");
        assert_eq!(review.count(State::Granted), required(procedure).len());
        for state in [State::Missing, State::Excess, State::Unknown] {
            assert_eq!(review.ids(state), [] as [&str; 0], "{id} {state:?}");
        }
        assert_eq!((review.todo.clone(), kinds(&review)), (Todo::default(), vec![]), "{id}");
    }
}

#[test]
fn each_one_missing() {
    for id in ALL {
        let procedure = procedure(id);
        for lost in required(procedure) {
            let granted: Vec<String> = required(procedure).into_iter().filter(|one| *one != lost).collect();
            let review = of(procedure, Some(&granted));
            assert_eq!(review.ids(State::Missing), [lost.as_str()], "{id}");
            assert_eq!(review.todo.add.len(), 1);
            assert_eq!((review.todo.add[0].scope.as_str(), review.todo.remove.len()), (lost.as_str(), 0));
            assert!(review.todo.renewal.is_some());
        }
    }
}

#[test]
fn excess_is_told_with_what_it_could_do() {
    let dex = procedure("servicenow-dex");
    let mut granted = required(dex);
    granted.extend(list(&["meeting:delete:meeting:admin", "account:master", "meeting:read:meeting:admin"]));
    let review = of(dex, Some(&granted));
    assert_eq!(
        review.ids(State::Excess),
        ["account:master", "meeting:delete:meeting:admin", "meeting:read:meeting:admin"]
    );
    assert_eq!(kinds(&review), [RemarkKind::Example, RemarkKind::Master]);
    let written = |kind| review.remarks.iter().find(|remark| remark.kind == kind).unwrap().scopes.clone();
    assert_eq!(written(RemarkKind::Example), ["meeting:delete:meeting:admin"]);
    assert_eq!(written(RemarkKind::Master), ["account:master"]);
    let removed: Vec<&str> = review.todo.remove.iter().map(|item| item.scope.as_str()).collect();
    assert_eq!(removed, review.ids(State::Excess));
    assert!(review.todo.remove[1].why.contains("example"));
}

/// The five labels of the document, as an older app has them.
#[test]
fn classic_scopes_cover_what_they_are_documented_for() {
    let omnichannel = procedure("servicenow-omnichannel");
    let granted = list(&[
        "meeting:read:admin",
        "meeting:write:admin",
        "recording:read:admin",
        "recording:write:admin",
        "user:read:admin",
    ]);
    let review = of(omnichannel, Some(&granted));
    assert_eq!(review.ids(State::Missing), [] as [&str; 0]);
    assert_eq!(review.covered.len(), 13);
    assert!(review.covered.iter().all(|cover| cover.how == CoverKind::Classic));
    // Managing recordings is more than the job needs.
    assert_eq!(review.ids(State::Excess), ["recording:write:admin"]);
    assert!(kinds(&review).contains(&RemarkKind::Wide));
    // Without the label that writes meetings, the to-do names that label's scope and no granular one.
    let granted: Vec<String> = granted.into_iter().filter(|id| id != "meeting:write:admin").collect();
    let review = of(omnichannel, Some(&granted));
    assert_eq!(review.count(State::Missing), 4);
    assert_eq!(review.todo.add.len(), 1);
    assert_eq!(review.todo.add[0].scope, "meeting:write:admin");
    assert_eq!(review.todo.add[0].for_scopes.len(), 4);
}

#[rstest]
#[case("servicenow-dex", &["report:read:admin", "dashboard_meetings:read:admin", "dashboard_zr:read:admin", "dashboard_home:read:admin", "user:read:admin"])]
#[case("servicenow-external-content", &["recording:read:admin", "meeting:read:admin", "meeting_summary:read:admin", "user:read:admin", "webinar:read:admin"])]
#[case("celigo-oauth", &["user:read:admin"])]
#[case("celigo-s2s", &["user:write:admin"])]
fn classic_apps_of_the_others(#[case] id: &str, #[case] granted: &[&str]) {
    let review = of(procedure(id), Some(&list(granted)));
    assert_eq!(
        (review.ids(State::Missing), review.ids(State::Excess)),
        (vec![], vec![]),
        "{:#?}",
        review.covered
    );
}

#[test]
fn a_part_is_no_cover_and_is_told() {
    let review = of(procedure("servicenow-dex"), Some(&list(&["dashboard_zr:read:admin"])));
    assert!(review.ids(State::Missing).contains(&"dashboard:read:list_zoomrooms:admin"));
    let part = review.remarks.iter().find(|remark| remark.kind == RemarkKind::InPart).unwrap();
    assert!(part.text.contains("dashboard_zr:read:admin"), "{part:?}");
}

#[test]
fn none_reported_is_not_confirmed() {
    for id in ALL {
        let review = of(procedure(id), None);
        assert!(!review.compared);
        assert_eq!((review.count(State::Missing), review.count(State::Excess)), (0, 0));
        assert_eq!(review.remarks[0].kind, RemarkKind::NotConfirmed);
        assert!(review.rows.iter().all(|row| row.standing == Standing::NotConfirmed));
        assert!(review.todo.is_empty());
    }
    // An empty list is an answer.
    let review = of(procedure("celigo-s2s"), Some(&[]));
    assert_eq!(review.ids(State::Missing), ["user:read:list_users:admin"]);
}

#[test]
fn the_other_level_is_no_alternative_by_itself() {
    let review = of(procedure("celigo-oauth"), Some(&list(&["user:read:list_users", "user:read:user"])));
    assert_eq!(review.ids(State::Missing), ["user:read:list_users:admin"]);
    assert!(kinds(&review).contains(&RemarkKind::WrongKind));
    assert_eq!(review.ids(State::Unknown), ["user:read:list_users"]);
}

#[test]
fn case_is_kept_and_counts() {
    let review = of(procedure("celigo-s2s"), Some(&list(&["User:Read:List_Users:Admin"])));
    assert_eq!(review.ids(State::Missing), ["user:read:list_users:admin"]);
    assert_eq!(review.ids(State::Unknown), ["User:Read:List_Users:Admin"]);
    assert!(kinds(&review).contains(&RemarkKind::LooksLike));
}

#[test]
fn opinions_that_differ_matter_where_one_scope_is_lacking() {
    let omnichannel = procedure("servicenow-omnichannel");
    let granted: Vec<String> =
        required(omnichannel).into_iter().filter(|id| id != "meeting:update:status:admin").collect();
    let review = of(omnichannel, Some(&granted));
    let told: Vec<&Remark> =
        review.remarks.iter().filter(|remark| remark.kind == RemarkKind::Disagreement).collect();
    assert!(told.iter().any(|remark| remark.text.starts_with("End meeting")), "{told:#?}");
    assert_eq!(told[0].scopes, ["meeting:update:status:admin"]);
}

#[test]
fn what_the_admin_chose_is_needed_too() {
    let celigo = procedure("celigo-s2s");
    let chosen = BTreeSet::from(["meeting:read:list_meetings:admin".to_owned()]);
    let granted = required(celigo);
    let subject = Subject {
        procedure: Some(celigo),
        chosen: Some(&chosen),
        granted: Some(&granted),
        ..Subject::default()
    };
    let review = review(Catalogue::embedded(), &subject);
    assert_eq!(review.ids(State::Missing), ["meeting:read:list_meetings:admin"]);
    assert_eq!(review.todo.add[0].why, "Chosen for this app.");
}

#[test]
fn without_a_procedure_nothing_is_too_much() {
    let granted = list(&["account:master", "user:write:user:admin"]);
    let review = review(Catalogue::embedded(), &Subject { granted: Some(&granted), ..Subject::default() });
    assert_eq!((review.count(State::Excess), review.count(State::Granted)), (0, 2));
    assert_eq!(kinds(&review), [RemarkKind::Master]);
    assert!(review.todo.is_empty());
}

#[rstest]
#[case("servicenow-dex", Some(Owner::Receiver), RenewalBy::Receiver, "ServiceNow holds the live grant")]
#[case("celigo-oauth", Some(Owner::Wizard), RenewalBy::Wizard, "log in again with it")]
#[case("celigo-oauth", None, RenewalBy::Holder, "Celigo, if it runs on this app")]
#[case("celigo-s2s", Some(Owner::Receiver), RenewalBy::Nobody, "Nobody has to log in")]
fn who_renews_the_grant(
    #[case] id: &str,
    #[case] owner: Option<Owner>,
    #[case] by: RenewalBy,
    #[case] words: &str,
) {
    let procedure = procedure(id);
    let granted = Vec::new();
    let subject =
        Subject { procedure: Some(procedure), granted: Some(&granted), owner, ..Subject::default() };
    let renewal = review(Catalogue::embedded(), &subject).todo.renewal.unwrap();
    assert_eq!(renewal.by, by);
    assert!(renewal.steps.iter().any(|step| step.contains(words)), "{renewal:#?}");
}

fn some_ids() -> impl Strategy<Value = Vec<String>> {
    let known = proptest::sample::select(Catalogue::embedded().entries())
        .prop_map(|entry| entry.id.to_owned())
        .prop_filter("whose halves depend on the order", |id| !id.contains(' '));
    let omnichannel = procedure("servicenow-omnichannel");
    let named: Vec<String> = omnichannel.scopes.iter().map(|scope| scope.id.clone()).collect();
    let named = proptest::sample::select(named);
    let mine = prop_oneof![named.clone(), named, known, "[A-Da-d]:[rw]:[xy](:admin)?"];
    proptest::collection::vec(mine, 0..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Order and repetitions of the granted scopes change nothing.
    #[test]
    fn order_and_duplicates_do_not_matter(granted in some_ids(), turn in any::<usize>()) {
        let omnichannel = procedure("servicenow-omnichannel");
        let mut other = granted.clone();
        other.extend(granted.clone());
        if !other.is_empty() {
            let middle = turn % other.len();
            other.rotate_left(middle);
            other.reverse();
        }
        prop_assert_eq!(of(omnichannel, Some(&granted)), of(omnichannel, Some(&other)));
    }

    /// Ids come out as they went in, each once.
    #[test]
    fn case_is_kept_and_nothing_is_lost(granted in some_ids()) {
        let review = of(procedure("servicenow-omnichannel"), Some(&granted));
        let expected: BTreeSet<&str> = granted.iter().map(String::as_str).collect();
        let shown: Vec<&str> = review.ids(State::Granted);
        prop_assert_eq!(shown.iter().copied().collect::<BTreeSet<_>>(), expected);
        prop_assert_eq!(review.rows.iter().map(|row| &row.id).collect::<BTreeSet<_>>().len(), review.rows.len());
        for row in &review.rows {
            prop_assert!(!(row.is(State::Missing) && row.is(State::Granted)), "{}", row.id);
        }
    }

    /// Who does what the to-do says has nothing left to do.
    #[test]
    fn doing_the_to_do_leaves_none(granted in some_ids()) {
        let omnichannel = procedure("servicenow-omnichannel");
        let todo = of(omnichannel, Some(&granted)).todo;
        let mut after: BTreeSet<String> = granted.into_iter().collect();
        after.extend(todo.add.iter().map(|item| item.scope.clone()));
        for item in &todo.remove {
            prop_assert!(after.remove(&item.scope), "{} was not there", item.scope);
        }
        let after: Vec<String> = after.into_iter().collect();
        let again = of(omnichannel, Some(&after));
        prop_assert_eq!(&again.todo, &Todo::default());
        prop_assert_eq!(again.ids(State::Missing), [] as [&str; 0]);
    }
}
