use super::*;
use crate::oauth::verdict::Candidate;

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn list(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn observed(chosen: &BTreeSet<String>) -> Observed<'_> {
    Observed {
        app_kind: AppKind::General,
        management: Some(Management::Admin),
        chosen,
        granted: None,
        account_id: None,
        token_account: None,
        pair: None,
        redirect: None,
    }
}

fn codes(observed: &Observed<'_>) -> Vec<&'static str> {
    findings(observed).into_iter().map(|finding| finding.code).collect()
}

#[test]
fn nothing_is_found_where_nothing_is_known() {
    let chosen = set(&["user:read:user:admin"]);
    assert!(findings(&observed(&chosen)).is_empty());
    let granted = list(&["user:read:user:admin"]);
    assert!(findings(&Observed { granted: Some(&granted), ..observed(&chosen) }).is_empty());
}

#[test]
fn user_level_scopes_are_named() {
    let chosen = set(&["user:read:user:admin", "report:read:user:admin"]);
    let granted = list(&["user:read:user", "report:read:user"]);
    let found = findings(&Observed { granted: Some(&granted), ..observed(&chosen) });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].wrong && found[0].text().contains("user:read:user"), "{found:?}");
    // One of them is enough, beside others that are right.
    let granted = list(&["user:read:user", "report:read:user:admin"]);
    let found = findings(&Observed { granted: Some(&granted), ..observed(&chosen) });
    assert_eq!(found[0].evidence, ["user:read:user in place of user:read:user:admin"]);
}

#[test]
fn classic_scopes_count_too() {
    let chosen = set(&["user:read:admin"]);
    let granted = list(&["user:read"]);
    assert_eq!(codes(&Observed { granted: Some(&granted), ..observed(&chosen) }), ["user-managed"]);
    let granted = list(&["user:read:admin", "account:master"]);
    assert_eq!(codes(&Observed { granted: Some(&granted), ..observed(&chosen) }), ["master-scopes"]);
}

#[test]
fn an_account_of_another_name_is_told() {
    let chosen = set(&[]);
    let base = observed(&chosen);
    let one = Observed { account_id: Some("a"), token_account: Some("b"), ..base };
    let found = findings(&one);
    assert_eq!((found[0].code, found[0].wrong), ("other-account", false));
    assert!(found[0].text().contains("entered a") && found[0].text().contains("says b"), "{found:?}");
    assert!(findings(&Observed { token_account: Some("a"), ..one }).is_empty());
    assert!(findings(&Observed { account_id: None, ..one }).is_empty());
}

#[test]
fn a_known_pair_and_a_refused_page_point_at_the_other_view() {
    let chosen = set(&[]);
    let known = Verdict::new("pair-known", Judgement::Proved, "known");
    let refused =
        Verdict::new("invalid-redirect", Judgement::Refused, "refused").quoting(Some("(4,700)".to_owned()));
    let base = observed(&chosen);
    let found = findings(&Observed { pair: Some(&known), redirect: Some(&refused), ..base });
    assert_eq!(found[0].code, "other-view");
    assert!(found[0].text().contains("(4,700)"), "{found:?}");
    let open = Verdict::new("x", Judgement::Open, "open");
    assert!(findings(&Observed { pair: Some(&open), redirect: Some(&refused), ..base }).is_empty());
    assert!(findings(&Observed { pair: Some(&known), redirect: Some(&open), ..base }).is_empty());
}

#[test]
fn a_pair_of_the_other_kind_is_wrong_and_comes_first() {
    let chosen = set(&["user:read:user:admin"]);
    let granted = list(&["user:read:user:admin", "account:master"]);
    let other = Verdict::new("wrong-kind", Judgement::Refused, "This looks like another app")
        .candidates(vec![Candidate::new("a", "b")]);
    let found = findings(&Observed { granted: Some(&granted), pair: Some(&other), ..observed(&chosen) });
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["other-kind", "master-scopes"]);
    assert_eq!(found[0].next, "b");
}
