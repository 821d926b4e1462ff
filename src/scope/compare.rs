//! Chosen scopes against granted ones, and what the granted ones say about the kind of app.

use super::{Catalogue, Cover, Level, ScopeInfo};
use crate::procedure::{AppKind, Management};
use serde::Serialize;
use std::collections::BTreeSet;

/// Chosen against granted. Every list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScopeDiff {
    /// Whether the granted scopes are known. If not, `missing` and `excess` are empty because nothing was
    /// compared, not because all is well.
    pub compared: bool,
    /// Chosen, and neither granted nor covered by scopes that are.
    pub missing: Vec<String>,
    /// Granted and not chosen, and not needed to cover a chosen one.
    pub excess: Vec<String>,
    /// Chosen or granted, and not in the catalogue. Not wrong: Zoom adds scopes.
    pub unknown: Vec<String>,
    /// Chosen scopes that are not granted themselves but by others.
    pub covered: Vec<Cover>,
}

/// What is wrong with the kind of app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KindProblem {
    /// Only user-level scopes where account-wide ones are needed: the app is user-managed.
    UserLevelOnly,
    /// Account-wide scopes on an app that should be user-managed.
    AdminLevel,
    /// Scopes that reach into sub accounts.
    MasterLevel,
}

/// A finding about the kind of app, with the scopes that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindFinding {
    pub problem: KindProblem,
    /// What was seen and what it means.
    pub message: String,
    /// What to do.
    pub next: String,
    /// The granted scopes it rests on, sorted.
    pub evidence: Vec<String>,
}

impl Catalogue {
    /// Compares the scopes an app shall have with those a token carries. `granted` is `None` if the token
    /// answer named none (RFC 6749 section 5.1); nothing is confirmed then.
    pub fn diff(&self, chosen: &BTreeSet<String>, granted: Option<&[String]>) -> ScopeDiff {
        let have: BTreeSet<&str> = granted.unwrap_or_default().iter().map(String::as_str).collect();
        let want: BTreeSet<&str> = chosen.iter().map(String::as_str).collect();
        let unknown = want.union(&have).filter(|id| self.get(id).is_none()).map(|id| (*id).to_owned());
        let mut diff = ScopeDiff { unknown: unknown.collect(), ..ScopeDiff::default() };
        if granted.is_none() {
            return diff;
        }
        diff.compared = true;
        for wanted in want.difference(&have) {
            match self.cover(wanted, have.iter().copied()) {
                Some(cover) => diff.covered.push(cover),
                None => diff.missing.push((*wanted).to_owned()),
            }
        }
        let used: BTreeSet<&str> =
            diff.covered.iter().flat_map(|cover| &cover.by).map(String::as_str).collect();
        diff.excess =
            have.difference(&want).filter(|id| !used.contains(**id)).map(|id| (*id).to_owned()).collect();
        diff
    }

    /// Signs in the granted scopes that the app is of the wrong kind. `management` is that of a General app;
    /// a Server-to-Server app works on the whole account.
    pub fn wrong_kind(
        &self,
        chosen: &BTreeSet<String>,
        granted: &[String],
        app_kind: AppKind,
        management: Option<Management>,
    ) -> Vec<KindFinding> {
        let of = |level: Level| -> Vec<String> {
            let ids: BTreeSet<&String> = granted
                .iter()
                .filter(|id| self.level(id) == level && !self.get(id).is_some_and(ScopeInfo::is_app_owned))
                .collect();
            ids.into_iter().cloned().collect()
        };
        let (user, admin, master) = (of(Level::User), of(Level::Admin), of(Level::Master));
        let account_wide = match (app_kind, management) {
            (AppKind::ServerToServer, _) | (AppKind::General, Some(Management::Admin)) => true,
            (AppKind::General, Some(Management::User)) => false,
            // Not said: the chosen scopes tell.
            (AppKind::General, None) => chosen.iter().any(|id| self.level(id) == Level::Admin),
        };
        let wants_admin = chosen.iter().any(|id| self.level(id) == Level::Admin);
        let mut findings = Vec::new();
        if account_wide && wants_admin && admin.is_empty() && master.is_empty() && !user.is_empty() {
            findings.push(user_level_only(app_kind, user));
        }
        if !account_wide && !admin.is_empty() {
            findings.push(KindFinding {
                problem: KindProblem::AdminLevel,
                message:
                    "The app holds account-wide scopes, so it is admin-managed where a user-managed app \
                          was chosen"
                        .to_owned(),
                next: "Use a General app that is user-managed, or choose admin-managed in this set-up"
                    .to_owned(),
                evidence: admin,
            });
        }
        if !master.is_empty() {
            findings.push(KindFinding {
                problem: KindProblem::MasterLevel,
                message: "The app holds scopes that reach into sub accounts; only the owner of a primary \
                          account can grant them"
                    .to_owned(),
                next: "Remove the :master scopes in Zoom unless the receiver works on sub accounts, then \
                       authorize again"
                    .to_owned(),
                evidence: master,
            });
        }
        findings
    }
}

fn user_level_only(app_kind: AppKind, evidence: Vec<String>) -> KindFinding {
    let (message, next) = match app_kind {
        AppKind::General => (
            "Every granted scope is user level, so the app is user-managed; account-wide scopes end in :admin",
            "In Zoom, make the app admin-managed, add its :admin scopes, then authorize again as an admin",
        ),
        AppKind::ServerToServer => (
            "Every granted scope is user level; account-wide ones, which end in :admin, are not there",
            "In Zoom, add the :admin scopes as a user whose role may grant them, then ask for a new token",
        ),
    };
    KindFinding {
        problem: KindProblem::UserLevelOnly,
        message: message.to_owned(),
        next: next.to_owned(),
        evidence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::CoverKind;
    use proptest::prelude::*;
    use rstest::rstest;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn list(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    // Row F07 of docs/callback-rows.md.
    #[test]
    fn missing_excess_and_unknown() {
        let chosen =
            set(&["meeting:read:meeting:admin", "user:read:list_users:admin", "new:read:thing:admin"]);
        let granted = list(&["user:read:list_users:admin", "report:read:user_activities:admin"]);
        let diff = Catalogue::embedded().diff(&chosen, Some(&granted));
        assert!(diff.compared);
        assert_eq!(diff.missing, ["meeting:read:meeting:admin", "new:read:thing:admin"]);
        assert_eq!(diff.excess, ["report:read:user_activities:admin"]);
        assert_eq!(diff.unknown, ["new:read:thing:admin"]);
        assert!(diff.covered.is_empty());
    }

    #[test]
    fn the_narrowest_classic_scope_covers_and_the_wider_is_excess() {
        let chosen = set(&["user:read:list_users:admin"]);
        let granted = list(&["user:write:admin", "user:read:admin"]);
        let diff = Catalogue::embedded().diff(&chosen, Some(&granted));
        assert!(diff.missing.is_empty());
        assert_eq!(
            diff.covered,
            [Cover {
                scope: "user:read:list_users:admin".into(),
                by: vec!["user:read:admin".into()],
                how: CoverKind::Classic,
            }]
        );
        assert_eq!(diff.excess, ["user:write:admin"]);
    }

    #[test]
    fn a_classic_scope_beside_the_granular_one_is_excess() {
        let chosen = set(&["user:read:list_users:admin"]);
        let granted = list(&["user:read:list_users:admin", "user:read:admin"]);
        let diff = Catalogue::embedded().diff(&chosen, Some(&granted));
        assert_eq!(diff.excess, ["user:read:admin"]);
        assert!(diff.covered.is_empty());
    }

    #[test]
    fn without_granted_scopes_nothing_is_compared() {
        let diff = Catalogue::embedded().diff(&set(&["user:read:list_users:admin", "a:b"]), None);
        assert_eq!(diff, ScopeDiff { unknown: vec!["a:b".into()], ..ScopeDiff::default() });
    }

    #[rstest]
    // The user level of the same thing: user-managed where the account was meant.
    #[case(&["user:read:list_users:admin"], &["user:read:user"], AppKind::General, Some(Management::Admin),
        &[(KindProblem::UserLevelOnly, &["user:read:user"][..])])]
    #[case(&["user:read:list_users:admin"], &["user:read:user"], AppKind::General, None,
        &[(KindProblem::UserLevelOnly, &["user:read:user"][..])])]
    #[case(&["user:read:list_users:admin"], &["user:read:user"], AppKind::ServerToServer, None,
        &[(KindProblem::UserLevelOnly, &["user:read:user"][..])])]
    // One :admin scope is enough to know that it is admin-managed.
    #[case(&["user:read:list_users:admin"], &["user_profile", "user:read:user:admin"], AppKind::General,
        Some(Management::Admin), &[])]
    // App-owned scopes say nothing; neither does an empty grant.
    #[case(&["user:read:list_users:admin"], &["imchat:bot"], AppKind::General, Some(Management::Admin), &[])]
    #[case(&["user:read:list_users:admin"], &[], AppKind::General, Some(Management::Admin), &[])]
    #[case(&["user:read:user"], &["user:read:user"], AppKind::General, Some(Management::User), &[])]
    #[case(&["user:read:user"], &["user:read:user:admin"], AppKind::General, Some(Management::User),
        &[(KindProblem::AdminLevel, &["user:read:user:admin"][..])])]
    #[case(&["user:read:list_users:admin"], &["user:read:list_users:admin", "account:master"],
        AppKind::ServerToServer, None, &[(KindProblem::MasterLevel, &["account:master"][..])])]
    fn kinds(
        #[case] chosen: &[&str],
        #[case] granted: &[&str],
        #[case] app_kind: AppKind,
        #[case] management: Option<Management>,
        #[case] expected: &[(KindProblem, &[&str])],
    ) {
        let findings = Catalogue::embedded().wrong_kind(&set(chosen), &list(granted), app_kind, management);
        let seen: Vec<(KindProblem, Vec<&str>)> = findings
            .iter()
            .map(|finding| (finding.problem, finding.evidence.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(problem, ids)| (*problem, ids.to_vec())).collect();
        assert_eq!(seen, expected);
    }

    fn some_ids() -> impl Strategy<Value = Vec<String>> {
        let known =
            proptest::sample::select(Catalogue::embedded().entries()).prop_map(|entry| entry.id.to_owned());
        let mine = prop_oneof![known, "[a-d]:[rw]:[xy](:admin)?"];
        proptest::collection::vec(mine, 0..12)
    }

    proptest! {
        /// Every chosen scope ends in exactly one place, and so does every granted one.
        #[test]
        fn nothing_is_lost(chosen in some_ids(), granted in some_ids()) {
            let chosen: BTreeSet<String> = chosen.into_iter().collect();
            let diff = Catalogue::embedded().diff(&chosen, Some(&granted));
            for id in &chosen {
                let places = usize::from(granted.contains(id))
                    + usize::from(diff.missing.contains(id))
                    + diff.covered.iter().filter(|cover| &cover.scope == id).count();
                prop_assert_eq!(places, 1, "{}", id);
            }
            for id in &granted {
                let used = diff.covered.iter().any(|cover| cover.by.contains(id));
                let places = [chosen.contains(id) , diff.excess.contains(id)];
                prop_assert!(used || places.iter().filter(|place| **place).count() == 1, "{}", id);
            }
        }
    }
}
