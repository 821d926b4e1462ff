//! Which read shows that a scope works.

use crate::scope::catalogue::{Catalogue, ScopeInfo};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Why no read can show that a scope works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotProvable {
    /// The catalogue does not have it.
    Unknown,
    /// No operation and no event is documented.
    NothingDocumented,
    /// It is for webhook events.
    EventsOnly,
    /// Each of its operations changes something, and such a one is never called.
    ChangesOnly,
    /// Its reads hand out a token or a file.
    HandsOut,
    /// Its reads need an id that no list gives.
    NeedsId,
}

impl NotProvable {
    /// In a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "It is not in this program's list, so no read is known for it.",
            Self::NothingDocumented => "No operation is documented for it.",
            Self::EventsOnly => "It is for webhook events; no read uses it.",
            Self::ChangesOnly => "Its operations change data, and such a one is never called.",
            Self::HandsOut => "Its reads hand out a token or a file, so they are not called.",
            Self::NeedsId => "Its reads need an id that no list gives.",
        }
    }
}

/// A GET as documented: `/users/{userId}/meetings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    pub(super) path: &'static str,
}

impl Template {
    /// Other granted scopes that allow the same read.
    pub(super) fn also(self, id: &str, granted: &[&'static ScopeInfo]) -> Vec<String> {
        others(self.path, id, granted).map(|entry| entry.id.to_owned()).collect()
    }
}

fn others<'a>(
    path: &str,
    id: &str,
    granted: &'a [&'static ScopeInfo],
) -> impl Iterator<Item = &'a &'static ScopeInfo> {
    granted.iter().filter(move |entry| entry.id != id && reads(entry).any(|other| other == path))
}

/// Paths of the documented GETs of a scope.
fn reads(entry: &ScopeInfo) -> impl Iterator<Item = &'static str> {
    entry.operations().filter_map(|operation| operation.strip_prefix("GET "))
}

/// Whether a read can show that a scope works.
///
/// # Errors
/// Why none can.
pub fn provable(catalogue: &'static Catalogue, id: &str) -> Result<Template, NotProvable> {
    choose(catalogue, id, &[])
}

/// The read for a scope: one that tells it from the others that are granted, with the fewest ids to find.
pub(super) fn choose(
    catalogue: &'static Catalogue,
    id: &str,
    granted: &[&'static ScopeInfo],
) -> Result<Template, NotProvable> {
    let entry = catalogue.get(id).ok_or(NotProvable::Unknown)?;
    let mut problem = if entry.is_event_only() {
        NotProvable::EventsOnly
    } else if entry.operations().next().is_none() {
        NotProvable::NothingDocumented
    } else {
        NotProvable::ChangesOnly
    };
    let mut best: Option<((usize, usize, &str), Template)> = None;
    for path in reads(entry) {
        if hands_out(path) {
            problem = problem.max(NotProvable::HandsOut);
            continue;
        }
        let names: Vec<&str> = path.split('/').filter_map(parameter).collect();
        if names.iter().any(|name| list_for(catalogue, path, name).is_none()) {
            problem = NotProvable::NeedsId;
            continue;
        }
        let rank = (others(path, id, granted).count(), names.len(), path);
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, Template { path }));
        }
    }
    best.map(|(_, template)| template).ok_or(problem)
}

/// Words in a path whose answer is worth something by itself: tokens, files, exports.
const WORTH_KEEPING: [&str; 6] = ["token", "zak", "download", "export", "secret", "password"];

fn hands_out(path: &str) -> bool {
    let segments = path.split('/').filter(|segment| parameter(segment).is_none());
    segments
        .map(str::to_ascii_lowercase)
        .any(|segment| WORTH_KEEPING.iter().any(|word| segment.contains(word)))
}

/// The name in `{name}`.
pub(super) fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The list whose first entry gives an id for a parameter of a path: a documented GET. `None` if there is none.
pub(super) fn list_for(
    catalogue: &'static Catalogue,
    path: &'static str,
    name: &str,
) -> Option<&'static str> {
    match name {
        // A list of accounts is for primary accounts; of the account itself no list tells the id.
        "accountId" => None,
        "userId" => (path != "/users").then_some("/users"),
        "meetingId" => Some("/users/{userId}/meetings"),
        "webinarId" => Some("/users/{userId}/webinars"),
        _ => {
            let (before, _) = path.split_once(&format!("/{{{name}}}"))?;
            let names = before.split('/').filter_map(parameter);
            let reachable = names.into_iter().all(|name| list_for(catalogue, before, name).is_some());
            (reachable && documented_reads(catalogue).contains(before) && !hands_out(before))
                .then_some(before)
        }
    }
}

/// Every documented GET.
fn documented_reads(catalogue: &'static Catalogue) -> &'static BTreeSet<&'static str> {
    static READS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    READS.get_or_init(|| catalogue.entries().iter().flat_map(reads).collect())
}
