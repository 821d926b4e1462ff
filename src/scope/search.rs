//! Search over the catalogue, fit for every keystroke.

use super::pairs::LetterPairs;
use super::{Catalogue, ScopeInfo};
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::cmp::Reverse;

/// A scope that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub scope: &'static ScopeInfo,
    /// Where the words matched in the id: byte offsets (ids are ASCII), ascending. Empty if they matched
    /// elsewhere only.
    pub positions: Vec<usize>,
    /// The other texts in which words were found that are not in the id.
    pub elsewhere: Vec<FoundText>,
}

/// A text beside the id in which a word was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundText {
    pub place: Place,
    pub text: &'static str,
    /// Where, in characters, ascending.
    pub positions: Vec<usize>,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Label,
    Operation,
    Event,
}

/// How well a scope fits; greater is better. Whether the whole text names one of its operations or events, then words
/// in the id or label counted with weights, then the matcher's own score.
type Fit = (bool, u32, u32);

impl Catalogue {
    /// Scopes that contain every word of `text`, in any order and case, in their id (which begins with the
    /// product), label, operations or events; best first, at most `limit`. A whole operation, path or event
    /// (`GET /users`, `meeting.started`) comes first, then words found in the id. If no scope contains them
    /// all, their letters may lie apart (`usrlst`). Without a word, all scopes in order of id.
    pub fn search(&'static self, text: &str, limit: usize) -> Vec<SearchHit> {
        self.search_among(text, limit, &|_| true)
    }

    /// As [`Self::search`], over those scopes alone that `among` takes.
    pub fn search_among(
        &'static self,
        text: &str,
        limit: usize,
        among: &dyn Fn(&ScopeInfo) -> bool,
    ) -> Vec<SearchHit> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() {
            let all = self.entries().iter().filter(|scope| among(scope)).take(limit);
            return all
                .map(|scope| SearchHit { scope, positions: Vec::new(), elsewhere: Vec::new() })
                .collect();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut search = |kind| self.search_as(kind, &words, limit, among, &mut matcher);
        let hits = search(AtomKind::Substring);
        if hits.is_empty() { search(AtomKind::Fuzzy) } else { hits }
    }

    fn search_as(
        &'static self,
        kind: AtomKind,
        words: &[&str],
        limit: usize,
        among: &dyn Fn(&ScopeInfo) -> bool,
        matcher: &mut Matcher,
    ) -> Vec<SearchHit> {
        let atoms: Vec<Atom> = words
            .iter()
            .map(|word| Atom::new(word, CaseMatching::Ignore, Normalization::Smart, kind, false))
            .collect();
        // A scope with every word in its id comes before any that has one elsewhere. Where such scopes fill the
        // list already, the long lines of operations need not be read; that is most keystrokes.
        let mut found: Vec<(Fit, &ScopeInfo)> = Vec::new();
        let mut others: Vec<(usize, &ScopeInfo)> = Vec::new();
        let fact = Fact::of(words);
        for (at, scope) in self.entries().iter().enumerate().filter(|(_, scope)| among(scope)) {
            let by_id = if fact.is_none() { fit_id(scope, &atoms, matcher) } else { None };
            match by_id {
                Some((place, score)) => found.push(((false, place, score), scope)),
                None => others.push((at, scope)),
            }
        }
        if found.len() < limit {
            // Letters that may lie apart would match almost any long list of paths.
            let facts = (kind == AtomKind::Substring).then(|| self.letter_pairs());
            let words: Vec<Word<'_>> = words
                .iter()
                .zip(&atoms)
                .map(|(word, atom)| Word { atom, pairs: LetterPairs::of(word), in_id: !word.contains('/') })
                .collect();
            found.extend(others.into_iter().filter_map(|(at, scope)| {
                let pairs = facts.and_then(|facts| facts.get(at)).copied();
                let (place, score) = fit(scope, &words, pairs, matcher)?;
                Some(((fact.is_some_and(|fact| fact.is_of(scope)), place, score), scope))
            }));
        }
        let rank =
            |(fit, scope): &(Fit, &'static ScopeInfo)| (Reverse(*fit), scope.style, scope.id.len(), scope.id);
        if found.len() > limit {
            found.select_nth_unstable_by_key(limit, rank);
            found.truncate(limit);
        }
        found.sort_unstable_by_key(rank);
        found.into_iter().map(|(_, scope)| hit(scope, &atoms, kind, matcher)).collect()
    }
}

/// What the words are if they are an operation, its path or an event, perhaps not whole yet.
#[derive(Clone, Copy)]
enum Fact<'a> {
    Path(&'a str),
    Operation(&'a str, &'a str),
    Event(&'a str),
}

impl<'a> Fact<'a> {
    fn of(words: &[&'a str]) -> Option<Self> {
        match words {
            [path] if path.starts_with('/') => Some(Self::Path(path)),
            [method, path] if path.starts_with('/') => Some(Self::Operation(method, path)),
            [event] if event.contains('.') => Some(Self::Event(event)),
            _ => None,
        }
    }

    /// Whether the scope has just that one.
    fn is_of(self, scope: &ScopeInfo) -> bool {
        let mut operations = scope.operations().filter_map(|operation| operation.split_once(' '));
        match self {
            Self::Path(path) => operations.any(|found| found.1.eq_ignore_ascii_case(path)),
            Self::Operation(method, path) => operations
                .any(|found| found.0.eq_ignore_ascii_case(method) && found.1.eq_ignore_ascii_case(path)),
            Self::Event(event) => scope.events().any(|found| found.eq_ignore_ascii_case(event)),
        }
    }
}

/// Weight of a word found in the id; in the label it weighs one, in operations and events nothing.
const IN_ID: u32 = 2;

/// As [`fit`], for scopes that have every word in their id.
fn fit_id(scope: &ScopeInfo, atoms: &[Atom], matcher: &mut Matcher) -> Option<(u32, u32)> {
    atoms.iter().try_fold((0, 0), |(place, total), atom| {
        let score = atom.score(Utf32Str::Ascii(scope.id.as_bytes()), matcher)?;
        Some((place + IN_ID, total + u32::from(score)))
    })
}

/// A word that is looked for beside the id, too.
struct Word<'a> {
    atom: &'a Atom,
    pairs: LetterPairs,
    /// Whether it can be in an id at all: none has a slash.
    in_id: bool,
}

/// Weight of the places where the words were found, and the matcher's score; `facts` are the letter pairs of
/// operations and events, if these are to be read. `None` if a word was not found.
fn fit(
    scope: &ScopeInfo,
    words: &[Word<'_>],
    facts: Option<LetterPairs>,
    matcher: &mut Matcher,
) -> Option<(u32, u32)> {
    let mut buffer = Vec::new();
    let mut total = (0, 0);
    for Word { atom, pairs, in_id } in words {
        let id = Utf32Str::Ascii(scope.id.as_bytes());
        let (place, score) = in_id
            .then(|| atom.score(id, matcher))
            .flatten()
            .map(|score| (IN_ID, score))
            .or_else(|| {
                let label = Utf32Str::new(scope.label?, &mut buffer);
                atom.score(label, matcher).map(|score| (1, score))
            })
            .or_else(|| {
                facts.filter(|facts| facts.may_hold(*pairs))?;
                in_facts(scope, atom, matcher).map(|score| (0, score))
            })?;
        total = (total.0 + place, total.1 + u32::from(score));
    }
    Some(total)
}

/// The score of a word in the operations, else in the events.
fn in_facts(scope: &ScopeInfo, atom: &Atom, matcher: &mut Matcher) -> Option<u16> {
    atom.score(Utf32Str::Ascii(scope.operation_lines().as_bytes()), matcher)
        .or_else(|| scope.events().find_map(|event| atom.score(Utf32Str::Ascii(event.as_bytes()), matcher)))
}

fn hit(scope: &'static ScopeInfo, atoms: &[Atom], kind: AtomKind, matcher: &mut Matcher) -> SearchHit {
    let mut in_id = Vec::new();
    let mut elsewhere: Vec<FoundText> = Vec::new();
    for atom in atoms {
        if atom.indices(Utf32Str::Ascii(scope.id.as_bytes()), matcher, &mut in_id).is_none()
            && let Some(found) = found_elsewhere(scope, atom, kind, matcher)
        {
            match elsewhere.iter_mut().find(|known| known.text == found.text) {
                Some(known) => known.positions.extend(found.positions),
                None => elsewhere.push(found),
            }
        }
    }
    elsewhere.iter_mut().for_each(|found| tidy(&mut found.positions));
    let mut positions = in_places(&in_id);
    tidy(&mut positions);
    SearchHit { scope, positions, elsewhere }
}

/// The first text beside the id that holds a word.
fn found_elsewhere(
    scope: &ScopeInfo,
    atom: &Atom,
    kind: AtomKind,
    matcher: &mut Matcher,
) -> Option<FoundText> {
    let facts = scope
        .operations()
        .map(|text| (Place::Operation, text))
        .chain(scope.events().map(|text| (Place::Event, text)))
        .filter(|_| kind == AtomKind::Substring);
    let mut texts = scope.label.map(|label| (Place::Label, label)).into_iter().chain(facts);
    texts.find_map(|(place, text)| {
        let (mut buffer, mut found) = (Vec::new(), Vec::new());
        atom.indices(Utf32Str::new(text, &mut buffer), matcher, &mut found)?;
        Some(FoundText { place, text, positions: in_places(&found) })
    })
}

fn in_places(found: &[u32]) -> Vec<usize> {
    found.iter().filter_map(|at| usize::try_from(*at).ok()).collect()
}

fn tidy(positions: &mut Vec<usize>) {
    positions.sort_unstable();
    positions.dedup();
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
    #[case("meeting.participant_joined admin", "meeting:read:participant:admin")]
    fn best_first(#[case] text: &str, #[case] first: &str) {
        assert_eq!(ids(text, 1), [first]);
    }

    proptest! {
        // Each case reads the whole catalogue twice.
        #![proptest_config(ProptestConfig::with_cases(64))]
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
    fn words_beside_the_id_are_shown_where_they_are() {
        let found = |text: &str| {
            let hits = Catalogue::embedded().search(text, usize::MAX);
            let hit = hits.into_iter().find(|hit| hit.scope.id == "meeting:read:participant:admin").unwrap();
            hit.elsewhere.into_iter().next()
        };
        assert_eq!(found("participant read"), None);
        let event = found("participant_joined admin").unwrap();
        assert_eq!(event.place, Place::Event);
        let marked: String =
            event.positions.iter().map(|at| char::from(event.text.as_bytes()[*at])).collect();
        assert_eq!(marked, "participant_joined");

        let hits = Catalogue::embedded().search("View users", 1);
        assert_eq!(hits[0].elsewhere[0].place, Place::Label);
        let hits = Catalogue::embedded().search("/metrics/zoomrooms", 1);
        assert_eq!(
            (hits[0].elsewhere[0].place, hits[0].elsewhere[0].text),
            (Place::Operation, "GET /metrics/zoomrooms")
        );
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
            for found in hits.iter().flat_map(|hit| &hit.elsewhere) {
                prop_assert!(found.positions.iter().all(|at| *at < found.text.chars().count()));
                prop_assert!(!found.positions.is_empty());
            }
            prop_assert_eq!(&hits, &Catalogue::embedded().search(&text, limit));
        }
    }
}
