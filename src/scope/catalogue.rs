//! The embedded list of scopes. Entries borrow from the embedded text; only the index is built at run time.

use super::Level;
use super::pairs::LetterPairs;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

/// Longest edit distance at which a scope is still offered as "did you mean", as a share of its length.
const NEAREST_SHARE: usize = 5;

/// The two generations of scopes. A three-segment id cannot be told by its shape; the catalogue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `product:access:resource[:level]`; what apps made since March 2024 offer.
    Granular,
    /// The coarse ones of older apps: `meeting:read:admin`.
    Classic,
}

impl Style {
    /// As in the catalogue: `granular`, `classic`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granular => "granular",
            Self::Classic => "classic",
        }
    }
}

/// What is known about one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeInfo {
    /// The id as tokens carry it.
    pub id: &'static str,
    pub style: Style,
    pub level: Level,
    /// Its label in Zoom's scope picker, where a source states one.
    pub label: Option<&'static str>,
    /// What is odd about the published id, which is kept as it is: a word misspelled, a blank.
    pub odd: Option<&'static str>,
    classic: &'static str,
    operations: &'static str,
    events: &'static str,
    sources: &'static str,
}

impl ScopeInfo {
    /// What the scope is about: the first part of its id. Granular and classic scopes name some products
    /// differently (`cloud_recording`, `recording`).
    pub fn product(&self) -> &'static str {
        product(self.id)
    }

    /// Keys of the sources that the facts come from; [`super::source`] knows them.
    pub fn sources(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.sources.split_ascii_whitespace()
    }

    /// Whether an app has it for itself, with the client-credentials grant. Such a scope carries no suffix and
    /// stands for no user, so it says nothing about how the app is managed.
    pub fn is_app_owned(&self) -> bool {
        self.level == Level::User && self.sources().any(|key| key == super::source::APP_OWNED_TABLE)
            || self.id == "imchat:bot"
    }

    /// Whether it unlocks webhook events and no operation, so that no read can show that it works.
    pub fn is_event_only(&self) -> bool {
        self.operations.is_empty() && !self.events.is_empty()
    }

    /// Classic scopes documented as alternatives for the operations of this granular one. Empty for
    /// classic scopes.
    pub fn classic(&self) -> impl Iterator<Item = &'static str> + use<> {
        facts(self.classic, Fact::Classic)
    }

    /// API operations that ask for it: `GET /users`.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> + use<> {
        facts(self.operations, Fact::Operation)
    }

    /// Webhook events that ask for it: `meeting.started`.
    pub fn events(&self) -> impl Iterator<Item = &'static str> + use<> {
        facts(self.events, Fact::Event)
    }

    /// The lines of its operations, for search.
    pub(super) fn operation_lines(&self) -> &'static str {
        self.operations
    }
}

/// What a scope is about, known or not: the first part of its id.
pub fn product(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}

/// A kind of line below a scope.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fact {
    Classic,
    Operation,
    Event,
    Odd,
    From,
}

impl Fact {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Classic => "\tclassic ",
            Self::Operation => "\t",
            Self::Event => "\tevent ",
            Self::Odd => "\todd ",
            Self::From => "\tfrom ",
        }
    }

    fn of(line: &str) -> Self {
        [Self::Classic, Self::Event, Self::Odd, Self::From]
            .into_iter()
            .find(|fact| line.starts_with(fact.prefix()))
            .unwrap_or(Self::Operation)
    }
}

fn facts(block: &'static str, fact: Fact) -> impl Iterator<Item = &'static str> {
    block.lines().filter_map(move |line| line.strip_prefix(fact.prefix()))
}

/// All published scopes, sorted by id.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<ScopeInfo>,
    /// For search; made at the first one that looks at operations.
    pairs: OnceLock<Vec<LetterPairs>>,
    /// Places of the scopes that name an operation or a classic counterpart; made at the first explanation.
    naming: OnceLock<HashMap<&'static str, Vec<u16>>>,
}

impl Catalogue {
    /// The catalogue in the binary; read on first use.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| Self::parse(include_str!("../../assets/scopes.txt")))
    }

    /// Reads the format that the head of `assets/scopes.txt` describes. Total: a line that does not fit is
    /// passed over (a test holds the embedded file to having none).
    fn parse(text: &'static str) -> Self {
        let mut entries: Vec<ScopeInfo> = Vec::with_capacity(text.len() / 150);
        // By the number that the file gives them.
        let mut sources: Vec<&'static str> = Vec::new();
        let mut at = 0;
        while let Some(line) = line_at(text, at) {
            at += line.len() + 1;
            if let Some((_number, keys)) = line.strip_prefix("from ").and_then(|line| line.split_once('\t')) {
                sources.push(keys);
                continue;
            }
            let Some(mut entry) = parse_head(line) else { continue };
            while let Some(line) = line_at(text, at).filter(|line| line.starts_with('\t')) {
                let end = at + line.len();
                let fact = Fact::of(line);
                let block = match fact {
                    Fact::Classic => &mut entry.classic,
                    Fact::Operation => &mut entry.operations,
                    Fact::Event => &mut entry.events,
                    Fact::Odd | Fact::From => {
                        let text = line.strip_prefix(fact.prefix()).unwrap_or_default();
                        if fact == Fact::Odd {
                            entry.odd = Some(text)
                        } else {
                            let number = text.parse::<usize>().ok();
                            entry.sources =
                                number.and_then(|number| sources.get(number)).copied().unwrap_or_default();
                        }
                        at = end + 1;
                        continue;
                    }
                };
                // Lines of a kind stand together, so a block grows from its first line to this one.
                let start = if block.is_empty() { at } else { at - 1 - block.len() };
                *block = text.get(start..end).unwrap_or_default();
                at = end + 1;
            }
            entries.push(entry);
        }
        entries.sort_unstable_by_key(|entry| entry.id);
        Self { entries, pairs: OnceLock::new(), naming: OnceLock::new() }
    }

    /// Every scope, sorted by id.
    pub fn entries(&self) -> &[ScopeInfo] {
        &self.entries
    }

    /// The scopes that have one of these among their operations or classic counterparts, each once, sorted by id.
    pub(super) fn naming<'a>(
        &'static self,
        facts: impl IntoIterator<Item = &'a str>,
    ) -> impl Iterator<Item = &'static ScopeInfo> {
        let naming = self.naming.get_or_init(|| {
            let mut naming: HashMap<&'static str, Vec<u16>> = HashMap::new();
            for (at, entry) in (0_u16..).zip(&self.entries) {
                entry
                    .operations()
                    .chain(entry.classic())
                    .for_each(|fact| naming.entry(fact).or_default().push(at));
            }
            naming
        });
        let found: BTreeSet<u16> =
            facts.into_iter().filter_map(|fact| naming.get(fact)).flatten().copied().collect();
        found.into_iter().filter_map(|at| self.entries.get(usize::from(at)))
    }

    /// The letter pairs in the operations and events of each scope, in the order of [`Self::entries`].
    pub(super) fn letter_pairs(&self) -> &[LetterPairs] {
        self.pairs.get_or_init(|| {
            let of = |entry: &ScopeInfo| LetterPairs::of(entry.operations).and(LetterPairs::of(entry.events));
            self.entries.iter().map(of).collect()
        })
    }

    /// The scope of that id. `None`: unknown, which does not mean invalid.
    pub fn get(&self, id: &str) -> Option<&ScopeInfo> {
        let at = self.entries.binary_search_by(|entry| entry.id.cmp(id)).ok()?;
        self.entries.get(at)
    }

    /// Level of a scope: as published, else as its shape says.
    pub fn level(&self, id: &str) -> Level {
        self.get(id).map_or_else(|| Level::by_shape(id), |entry| entry.level)
    }

    /// The known scope that an unknown one was most likely meant to be. `None` if it is known, or if
    /// nothing is close.
    pub fn nearest(&self, id: &str) -> Option<&'static str> {
        if self.get(id).is_some() {
            return None;
        }
        let tidy = id.trim().to_ascii_lowercase();
        // Some pages write a user level as a suffix that Zoom does not have.
        let tidy = tidy.strip_suffix(":user").unwrap_or(&tidy);
        let length = tidy.chars().count();
        let farthest = (length / NEAREST_SHARE).max(1);
        let level = Level::by_shape(tidy);
        self.entries
            .iter()
            // Every character more or less is one edit, so these cannot be near.
            .filter(|entry| entry.id.len().abs_diff(length) <= farthest)
            .map(|entry| (strsim::osa_distance(entry.id, tidy), entry))
            .filter(|(distance, _)| *distance <= farthest)
            .min_by_key(|(distance, entry)| (*distance, entry.level != level, entry.style, entry.id))
            .map(|(_, entry)| entry.id)
    }
}

/// The line that begins at a byte offset, without its line feed.
fn line_at(text: &'static str, at: usize) -> Option<&'static str> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    Some(rest.split_once('\n').map_or(rest, |(line, _)| line))
}

fn parse_head(line: &'static str) -> Option<ScopeInfo> {
    if line.starts_with('#') {
        return None;
    }
    let mut parts = line.split('\t');
    let id = parts.next().filter(|id| !id.is_empty())?;
    let style = match parts.next()? {
        "granular" => Style::Granular,
        "classic" => Style::Classic,
        _ => return None,
    };
    let level = match parts.next()? {
        "user" => Level::User,
        "admin" => Level::Admin,
        "master" => Level::Master,
        _ => return None,
    };
    Some(ScopeInfo {
        id,
        style,
        level,
        label: parts.next(),
        odd: None,
        classic: "",
        operations: "",
        events: "",
        sources: "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use std::collections::BTreeSet;
    use std::fmt::Write;

    /// Writes a catalogue in the file's format.
    fn render(catalogue: &Catalogue) -> String {
        let mut out = String::new();
        let sources: BTreeSet<&str> = catalogue.entries().iter().map(|entry| entry.sources).collect();
        let sources: Vec<&str> = sources.into_iter().filter(|keys| !keys.is_empty()).collect();
        for (number, keys) in sources.iter().enumerate() {
            writeln!(out, "from {number}\t{keys}").unwrap();
        }
        for entry in catalogue.entries() {
            write!(out, "{}\t{}\t{}", entry.id, entry.style.as_str(), entry.level.as_str()).unwrap();
            if let Some(label) = entry.label {
                write!(out, "\t{label}").unwrap();
            }
            out.push('\n');
            entry.classic().for_each(|id| writeln!(out, "\tclassic {id}").unwrap());
            entry.operations().for_each(|operation| writeln!(out, "\t{operation}").unwrap());
            entry.events().for_each(|event| writeln!(out, "\tevent {event}").unwrap());
            entry.odd.iter().for_each(|odd| writeln!(out, "\todd {odd}").unwrap());
            if let Ok(number) = sources.binary_search(&entry.sources) {
                writeln!(out, "\tfrom {number}").unwrap();
            }
        }
        out
    }

    #[test]
    fn every_line_of_the_embedded_file_is_read() {
        let file = include_str!("../../assets/scopes.txt");
        let body: String = file.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
        assert!(render(Catalogue::embedded()) == body, "the catalogue does not render back to its file");
    }

    #[test]
    fn the_published_counts_hold() {
        let entries = Catalogue::embedded().entries();
        let count = |style| entries.iter().filter(|entry| entry.style == style).count();
        assert_eq!((count(Style::Granular), count(Style::Classic)), (2827, 478));
        let operations: BTreeSet<&str> = entries.iter().flat_map(ScopeInfo::operations).collect();
        assert_eq!(operations.len(), 2501);
    }

    #[test]
    fn references_resolve_and_shapes_agree() {
        let catalogue = Catalogue::embedded();
        for entry in catalogue.entries() {
            assert!(
                entry.id.is_ascii() && entry.operations.is_ascii() && entry.events.is_ascii(),
                "{}",
                entry.id
            );
            assert_eq!(Level::by_shape(entry.id), entry.level, "{}", entry.id);
            for classic in entry.classic() {
                assert_eq!(
                    catalogue.get(classic).map(|found| found.style),
                    Some(Style::Classic),
                    "{classic}"
                );
            }
        }
    }

    #[test]
    fn a_scope_says_what_it_unlocks() {
        let entry = Catalogue::embedded().get("user:read:list_users:admin").unwrap();
        assert_eq!(entry.operations().collect::<Vec<_>>(), ["GET /users"]);
        assert_eq!(entry.classic().collect::<Vec<_>>(), ["user:read:admin", "user:write:admin"]);
        assert_eq!(entry.label, Some("View users"));
    }

    #[rstest]
    #[case("meeting:read:meeting", Level::User)]
    #[case("meeting:read:meeting:admin", Level::Admin)]
    #[case("meeting_token:read:admin:local_recording", Level::Admin)]
    #[case("account:master", Level::Master)]
    #[case("new_product:read:thing:admin", Level::Admin)]
    #[case("new_product:read:thing", Level::User)]
    #[case("admin:read:thing", Level::User)]
    fn levels(#[case] id: &str, #[case] level: Level) {
        assert_eq!(Catalogue::embedded().level(id), level);
    }

    /// What Zoom published is kept and marked: tokens carry it.
    #[test]
    fn oddities_are_marked() {
        let odd: Vec<_> =
            Catalogue::embedded().entries().iter().filter(|entry| entry.odd.is_some()).collect();
        assert_eq!(odd.len(), 11);
        let blank = Catalogue::embedded().get("contact_center:write:queue disposition:admin").unwrap();
        assert!(blank.odd.is_some_and(|odd| odd.contains("blank")));
        assert!(Catalogue::embedded().get("user:read:user:admin").unwrap().odd.is_none());
    }

    #[test]
    fn every_scope_says_where_it_comes_from() {
        for entry in Catalogue::embedded().entries() {
            assert!(entry.sources().next().is_some(), "{}", entry.id);
            assert!(entry.sources().all(|key| super::super::source::describe(key).is_some()), "{}", entry.id);
        }
    }

    #[rstest]
    #[case("user:read:list_user:admin", Some("user:read:list_users:admin"))]
    #[case("user:raed:list_users:admin", Some("user:read:list_users:admin"))]
    #[case(" User:Read:List_Users:Admin ", Some("user:read:list_users:admin"))]
    #[case("meeting:read:list_meetings:user", Some("meeting:read:list_meetings"))]
    #[case("user:read:list_users:admin", None)]
    #[case("completely different", None)]
    #[case("", None)]
    fn nearest(#[case] typed: &str, #[case] expected: Option<&str>) {
        assert_eq!(Catalogue::embedded().nearest(typed), expected);
    }

    proptest! {
        #[test]
        fn any_text_parses(text in "([a-z:]{0,9}\t?(granular|classic|x)?\t?(user|admin)?\t?[a-zé]{0,4}\n?|\tclassic [a-z]{1,5}\n|\tGET /[a-zé]{0,5}\n|\n|#.{0,5}\n){0,20}") {
            let catalogue = Catalogue::parse(Box::leak(text.into_boxed_str()));
            for entry in catalogue.entries() {
                prop_assert!(!entry.id.is_empty());
            }
            let ids: Vec<&str> = catalogue.entries().iter().map(|entry| entry.id).collect();
            prop_assert!(ids.is_sorted());
        }
    }

    proptest! {
        // Each case compares with most of the catalogue.
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn nearest_is_total_and_known(text in "\\PC{0,40}") {
            let catalogue = Catalogue::embedded();
            if let Some(found) = catalogue.nearest(&text) {
                prop_assert!(catalogue.get(found).is_some());
            }
        }
    }
}
