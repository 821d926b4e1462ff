//! Search over the catalogue, fit for every keystroke.

use super::{Catalogue, ScopeInfo};
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Reverse;

/// A scope that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub scope: &'static ScopeInfo,
    /// Where the words matched in the id: byte offsets (ids are ASCII), ascending. Empty if they matched
    /// in its label or operations only.
    pub positions: Vec<usize>,
}

/// How well a scope fits; greater is better. Whether the whole text names one of its operations, then words
/// in the id or label counted with weights, then the matcher's own score.
type Fit = (bool, u32, u32);

impl Catalogue {
    /// Scopes that contain every word of `text`, in any order and case, in their id, label or operations;
    /// best first, at most `limit`. A whole operation or path (`GET /users`) comes first, then words found in
    /// the id. If no scope contains them all, their
    /// letters may lie apart (`usrlst`). Without a word, all scopes in order of id.
    pub fn search(&'static self, text: &str, limit: usize) -> Vec<SearchHit> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            let all = self.entries().iter().take(limit);
            return all.map(|scope| SearchHit { scope, positions: Vec::new() }).collect();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let hits = self.search_as(AtomKind::Substring, &words, limit, &mut matcher);
        if hits.is_empty() { self.search_as(AtomKind::Fuzzy, &words, limit, &mut matcher) } else { hits }
    }

    fn search_as(
        &'static self,
        kind: AtomKind,
        words: &[&str],
        limit: usize,
        matcher: &mut Matcher,
    ) -> Vec<SearchHit> {
        let atoms: Vec<Atom> = words
            .iter()
            .map(|word| Atom::new(word, CaseMatching::Ignore, Normalization::Smart, kind, false))
            .collect();
        // A scope with every word in its id comes before any that has one elsewhere. Where such scopes fill the
        // list already, the long lines of operations need not be read; that is most keystrokes.
        let mut found: Vec<(Fit, &ScopeInfo)> = if words.iter().any(|word| word.contains('/')) {
            Vec::new()
        } else {
            let by_id = self.entries().iter().filter_map(|scope| {
                let (place, score) = fit_id(scope, &atoms, matcher)?;
                Some(((false, place, score), scope))
            });
            by_id.collect()
        };
        if found.len() < limit {
            found = self
                .entries()
                .iter()
                .filter_map(|scope| {
                    let (place, score) = fit(scope, &atoms, kind, matcher)?;
                    Some(((names_operation(scope, words), place, score), scope))
                })
                .collect();
        }
        found.sort_unstable_by_key(|(fit, scope)| (Reverse(*fit), scope.style, scope.id.len(), scope.id));
        found
            .into_iter()
            .take(limit)
            .map(|(_, scope)| SearchHit { scope, positions: positions(scope, &atoms, matcher) })
            .collect()
    }
}

/// Weight of a word found in the id; in the label it weighs one, in the operations nothing.
const IN_ID: u32 = 2;

/// Whether the words are an operation, or its path, and nothing else.
fn names_operation(scope: &ScopeInfo, words: &[&str]) -> bool {
    let is_path = |text: &str| text.starts_with('/');
    match words {
        [path] if is_path(path) => scope
            .operations()
            .filter_map(|operation| operation.split_once(' '))
            .any(|(_, found)| found.eq_ignore_ascii_case(path)),
        [method, path] if is_path(path) => scope
            .operations()
            .filter_map(|operation| operation.split_once(' '))
            .any(|found| found.0.eq_ignore_ascii_case(method) && found.1.eq_ignore_ascii_case(path)),
        _ => false,
    }
}

/// As [`fit`], for scopes that have every word in their id.
fn fit_id(scope: &ScopeInfo, atoms: &[Atom], matcher: &mut Matcher) -> Option<(u32, u32)> {
    atoms.iter().try_fold((0, 0), |(place, total), atom| {
        let score = atom.score(Utf32Str::Ascii(scope.id.as_bytes()), matcher)?;
        Some((place + IN_ID, total + u32::from(score)))
    })
}

/// Weight of the places where the words were found, and the matcher's score. `None` if one was not.
fn fit(scope: &ScopeInfo, atoms: &[Atom], kind: AtomKind, matcher: &mut Matcher) -> Option<(u32, u32)> {
    let mut buffer = Vec::new();
    let mut total = (0, 0);
    for atom in atoms {
        let in_id = atom.score(Utf32Str::Ascii(scope.id.as_bytes()), matcher).map(|score| (IN_ID, score));
        let (place, score) = in_id
            .or_else(|| {
                let label = Utf32Str::new(scope.label?, &mut buffer);
                atom.score(label, matcher).map(|score| (1, score))
            })
            .or_else(|| {
                // Letters that may lie apart would match almost any long list of paths.
                let lines = Utf32Str::Ascii(scope.operation_lines().as_bytes());
                let exact = kind == AtomKind::Substring;
                exact.then(|| atom.score(lines, matcher)).flatten().map(|score| (0, score))
            })?;
        total = (total.0 + place, total.1 + u32::from(score));
    }
    Some(total)
}

fn positions(scope: &ScopeInfo, atoms: &[Atom], matcher: &mut Matcher) -> Vec<usize> {
    let mut found = Vec::new();
    for atom in atoms {
        // A word that is not in the id adds nothing: the score is of no interest here.
        let _ = atom.indices(Utf32Str::Ascii(scope.id.as_bytes()), matcher, &mut found);
    }
    let mut positions: Vec<usize> = found.into_iter().filter_map(|at| usize::try_from(at).ok()).collect();
    positions.sort_unstable();
    positions.dedup();
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn ids(text: &str, limit: usize) -> Vec<&'static str> {
        Catalogue::embedded().search(text, limit).into_iter().map(|hit| hit.scope.id).collect()
    }

    #[rstest]
    #[case("user:read:list_users:admin", "user:read:list_users:admin")]
    #[case("list_users read admin", "user:read:list_users:admin")]
    #[case("View users", "user:read:list_users:admin")]
    #[case("LIST_USERS:ADMIN", "user:read:list_users:admin")]
    #[case("get /users", "user:read:list_users:admin")]
    #[case("/metrics/zoomrooms", "dashboard:read:list_zoomrooms:admin")]
    #[case("usrlistusers", "user:read:list_users:admin")]
    fn best_first(#[case] text: &str, #[case] first: &str) {
        assert_eq!(ids(text, 1), [first]);
    }

    proptest! {
        /// The short way over the ids alone finds what the long way finds.
        #[test]
        fn a_limit_only_cuts(text in "[a-z:_]{1,3}( [a-z:_]{1,4})?|list|read admin|user:|view all", limit in 1_usize..80) {
            let mut all = ids(&text, usize::MAX);
            all.truncate(limit);
            prop_assert_eq!(ids(&text, limit), all);
        }
    }

    #[test]
    fn words_match_in_any_order() {
        let one: std::collections::BTreeSet<_> = ids("recording list", usize::MAX).into_iter().collect();
        let other = ids("list recording", usize::MAX).into_iter().collect();
        assert_eq!(one, other);
        assert!(one.contains("cloud_recording:read:list_user_recordings:admin"));
    }

    #[test]
    fn operations_are_searched_and_rank_last() {
        let found = ids("get /metrics/zoomrooms", usize::MAX);
        assert!(found.contains(&"dashboard:read:list_zoomrooms:admin"), "{found:?}");
        let meet = ids("meet", usize::MAX);
        let last_in_id = meet.iter().rposition(|id| id.contains("meet")).unwrap();
        let first_elsewhere = meet.iter().position(|id| !id.contains("meet")).unwrap();
        assert!(meet[0].starts_with("meet"));
        let label_only = |id: &str| Catalogue::embedded().get(id).unwrap().label.is_some();
        assert!(last_in_id < first_elsewhere || label_only(meet[first_elsewhere]));
    }

    #[test]
    fn letters_apart_only_when_nothing_contains_the_words() {
        assert!(!"user:read:list_users:admin".contains("usrlistusers"));
        let contained = |id: &&str| id.contains("list_users");
        assert!(ids("list_users", usize::MAX).iter().all(contained));
        assert!(ids("meeting", usize::MAX).len() < Catalogue::embedded().entries().len() / 2);
        assert!(ids("zzzzqqqq", 5).is_empty());
    }

    #[test]
    fn positions_point_at_the_words() {
        let hits = Catalogue::embedded().search("users list", 1);
        let id = hits[0].scope.id;
        let matched: String = hits[0].positions.iter().map(|at| char::from(id.as_bytes()[*at])).collect();
        assert!(matched.contains("users") && matched.contains("list"), "{id}: {matched}");
    }

    #[test]
    fn no_word_lists_all() {
        assert_eq!(ids("  ", usize::MAX).len(), Catalogue::embedded().entries().len());
        assert_eq!(ids("", 3).len(), 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn search_is_total_stable_and_bounded(text in "\\PC{0,24}", limit in 0_usize..40) {
            let hits = Catalogue::embedded().search(&text, limit);
            prop_assert!(hits.len() <= limit);
            prop_assert!(hits.iter().all(|hit| hit.positions.iter().all(|at| *at < hit.scope.id.len())));
            prop_assert_eq!(&hits, &Catalogue::embedded().search(&text, limit));
        }
    }
}
