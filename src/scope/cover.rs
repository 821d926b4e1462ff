//! When a granted scope does for a wanted one that is not granted itself. Only the catalogue decides that:
//! Zoom lists the scopes of an operation side by side, and any one of them is enough.

use super::catalogue::{Catalogue, ScopeInfo, Style};
use serde::Serialize;
use std::collections::BTreeSet;

/// A wanted scope that is not granted itself, and what does for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cover {
    /// The scope that is wanted.
    pub scope: String,
    /// The granted scopes that cover it together, sorted; most often one.
    pub by: Vec<String>,
    pub how: CoverKind,
}

/// Why a scope covers another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverKind {
    /// A classic scope that Zoom names for the same operations or events.
    Classic,
    /// The same scope at a level that reaches further, named for the same operations or events.
    Level,
}

impl Catalogue {
    /// What of `granted` does for `wanted`, which is not in it. Classic scopes first (those of older apps), the
    /// one that unlocks least; several together if none does alone; then the same scope at a wider level.
    pub fn cover<'a>(
        &self,
        wanted: &str,
        granted: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Option<Cover> {
        let entry = self.get(wanted)?;
        let found = |by: Vec<&str>, how| Cover {
            scope: wanted.to_owned(),
            by: by.into_iter().map(str::to_owned).collect(),
            how,
        };
        let known = || granted.clone().into_iter().filter_map(|id| self.get(id));
        let classic = known()
            .filter(|have| entry.classic().any(|classic| classic == have.id))
            .min_by_key(|have| (have.operations().count(), have.id));
        if let Some(classic) = classic {
            return Some(found(vec![classic.id], CoverKind::Classic));
        }
        if let Some(wider) = known().filter(|have| is_wider_level(have, entry)).min_by_key(|have| have.level)
        {
            return Some(found(vec![wider.id], CoverKind::Level));
        }
        let parts: BTreeSet<&str> = known()
            .filter(|have| {
                is_other_generation(have, entry) && have.operations().any(|one| unlocks(entry, one))
            })
            .map(|have| have.id)
            .collect();
        let together =
            |operation: &str| parts.iter().filter_map(|id| self.get(id)).any(|have| unlocks(have, operation));
        let whole = entry.operations().next().is_some() && entry.operations().all(together);
        whole.then(|| found(parts.into_iter().collect(), CoverKind::Classic))
    }

    /// Of the operations of `wanted`, those that classic scopes in `granted` unlock, if these are some and not
    /// all of them.
    pub fn cover_in_part<'a>(
        &self,
        wanted: &str,
        granted: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Option<Cover> {
        let entry = self.get(wanted)?;
        let parts = granted.into_iter().filter_map(|id| self.get(id)).filter(|have| {
            is_other_generation(have, entry) && have.operations().any(|operation| unlocks(entry, operation))
        });
        let by: BTreeSet<String> = parts.map(|have| have.id.to_owned()).collect();
        (!by.is_empty()).then(|| Cover {
            scope: wanted.to_owned(),
            by: by.into_iter().collect(),
            how: CoverKind::Classic,
        })
    }
}

fn unlocks(have: &ScopeInfo, operation: &str) -> bool {
    have.operations().any(|one| one == operation)
}

/// A classic scope beside a granular one, whose level reaches as far.
fn is_other_generation(have: &ScopeInfo, wanted: &ScopeInfo) -> bool {
    have.style == Style::Classic && wanted.style == Style::Granular && have.level >= wanted.level
}

/// The same resource at a level that reaches further, where the catalogue lists both for the same things.
fn is_wider_level(have: &ScopeInfo, wanted: &ScopeInfo) -> bool {
    let mut needs = wanted.operations().chain(wanted.events()).peekable();
    have.style == wanted.style
        && have.level > wanted.level
        && stem(have.id) == stem(wanted.id)
        && needs.peek().is_some()
        && needs.all(|one| have.operations().chain(have.events()).any(|other| other == one))
}

/// An id without its level.
pub(super) fn stem(id: &str) -> &str {
    id.strip_suffix(":admin").or_else(|| id.strip_suffix(":master")).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::classic("user:read:list_users:admin", &["user:read:admin"], &["user:read:admin"])]
    #[case::the_narrower_one("user:read:list_users:admin", &["user:write:admin", "user:read:admin"], &["user:read:admin"])]
    #[case::another_level_of_classic("user:read:list_users:admin", &["user:read"], &[])]
    #[case::another_product("user:read:list_users:admin", &["meeting:read:admin"], &[])]
    #[case::granular_never_covers_classic("user:read:admin", &["user:read:list_users:admin"], &[])]
    #[case::a_wider_level("meeting:read:meeting", &["meeting:read:meeting:admin"], &["meeting:read:meeting:admin"])]
    #[case::never_a_narrower_level("meeting:read:meeting:admin", &["meeting:read:meeting"], &[])]
    #[case::master_has_other_paths("meeting:read:list_meetings:admin", &["meeting:read:list_meetings:master"], &[])]
    #[case::two_together("dashboard:read:list_zoomrooms:admin", &["dashboard_home:read:admin", "dashboard_zr:read:admin"],
        &["dashboard_home:read:admin", "dashboard_zr:read:admin"])]
    #[case::one_of_two_is_not_enough("dashboard:read:list_zoomrooms:admin", &["dashboard_zr:read:admin"], &[])]
    #[case::an_event_scope("meeting:read:participant:admin", &["meeting:read:admin"], &["meeting:read:admin"])]
    #[case::unknown("made:up:thing:admin", &["made:up:admin", "user:read:admin"], &[])]
    fn by_the_catalogue_only(#[case] wanted: &str, #[case] granted: &[&str], #[case] by: &[&str]) {
        let cover = Catalogue::embedded().cover(wanted, granted.iter().copied());
        assert_eq!(cover.map(|cover| cover.by).unwrap_or_default(), by);
    }

    #[test]
    fn a_part_is_told() {
        let part = Catalogue::embedded().cover_in_part(
            "dashboard:read:list_zoomrooms:admin",
            ["dashboard_zr:read:admin", "user:read:admin"],
        );
        assert_eq!(part.unwrap().by, ["dashboard_zr:read:admin"]);
        assert_eq!(Catalogue::embedded().cover_in_part("user:read:user:admin", ["meeting:read:admin"]), None);
    }
}
