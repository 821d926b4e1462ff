//! Everything that is known about one scope, in a form to show: what it lets the app do, who asks for it, what
//! is narrower or wider, and how far to trust it.

use super::Level;
use super::catalogue::{Catalogue, ScopeInfo, Style};
use super::cover::stem;
use super::doubt::doubts;
use super::source;
use crate::procedure::{Action, Procedure, ScopeNeed};
use serde::Serialize;

/// One scope explained. The lists are in the order of the catalogue, which is alphabetical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub scope: String,
    /// Whether the catalogue has it. Zoom adds scopes: one that it has not is unknown, not invalid.
    pub known: bool,
    /// For an unknown one: the known scope it was most likely meant to be.
    pub nearest: Option<&'static str>,
    pub product: String,
    pub style: Option<Style>,
    /// As published; by the shape of the id for an unknown scope.
    pub level: Level,
    /// Whose data that is.
    pub reach: &'static str,
    /// Which apps can have it.
    pub apps: &'static str,
    /// Zoom's label, or a third party's (then a doubt says so).
    pub label: Option<&'static str>,
    pub effect: Effect,
    /// The effect in a sentence.
    pub effect_words: String,
    pub operations: Vec<&'static str>,
    pub events: Vec<&'static str>,
    /// Classic scopes documented for the operations of this granular one.
    pub classic: Vec<&'static str>,
    /// Granular scopes for whose operations this classic one is documented.
    pub granular: Vec<&'static str>,
    pub asked_by: Vec<Asked>,
    /// What lets the app do less, for a scope that is wider than the need.
    pub narrower: Vec<Alternative>,
    /// What covers it already, where it is granted.
    pub broader: Vec<Alternative>,
    /// What is not sure, a sentence each; most telling first.
    pub doubts: Vec<String>,
    /// What was read for it.
    pub sources: Vec<String>,
}

/// What a scope lets the app do, by the methods of its documented operations. The word in the id is not relied
/// on: some scopes with `delete` in the id unlock a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Every documented operation is a GET.
    Read,
    /// At least one documented operation changes something.
    Change,
    /// Webhook events and no operation.
    Events,
    /// Nothing is documented, or nothing is known.
    Unknown,
}

/// A bundled procedure that names the scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub procedure: String,
    pub title: String,
    pub need: AskedAs,
    pub reason: String,
    /// The document's label it stands behind.
    pub label: Option<String>,
    /// The document's steps that ask for it.
    pub documented: Vec<String>,
    /// What the receiver says about its own actions, a sentence each, with Zoom's differing opinion.
    pub actions: Vec<String>,
}

/// As what a procedure names a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedAs {
    Required,
    Optional,
    Classic,
    /// Only an action of the receiver beyond the documented job uses it.
    Action,
    /// Named by the document, and not to be added.
    Avoid,
}

impl AskedAs {
    /// In words, for a heading: `required`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Classic => "for an app that still has classic scopes",
            Self::Action => "beyond the documented job",
            Self::Avoid => "not to be added",
        }
    }
}

/// Another scope, and how it compares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    pub scope: &'static str,
    pub why: AlternativeKind,
    /// How many operations it unlocks.
    pub operations: usize,
}

/// How another scope compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlternativeKind {
    /// The other generation, documented for the same operations.
    Generation,
    /// Some of the operations (narrower), or these and more (broader).
    Operations,
    /// The same thing for less or more data.
    Level,
}

impl Level {
    /// Whose data a scope of this level reaches, by Zoom's scopes overview.
    pub const fn reach(self) -> &'static str {
        match self {
            Self::User => "the signed-in user's own data",
            Self::Admin => "the data of the whole account",
            Self::Master => "the data of sub accounts, too",
        }
    }

    /// Which apps can have a scope of this level.
    pub const fn apps(self) -> &'static str {
        match self {
            Self::User => "a General app that is user-managed; not offered to other apps",
            Self::Admin => {
                "a General app that is admin-managed, or a Server-to-Server app; the role of the admin decides \
                 whether it is offered"
            }
            Self::Master => "an app of a primary account; only the account owner can grant it",
        }
    }
}

impl Effect {
    /// By the methods of the documented operations.
    pub fn of(entry: &ScopeInfo) -> Self {
        let mut operations = entry.operations().peekable();
        if operations.peek().is_some() {
            let reads = operations.all(|operation| operation.starts_with("GET "));
            return if reads { Self::Read } else { Self::Change };
        }
        if entry.events().next().is_some() { Self::Events } else { Self::Unknown }
    }
}

/// Everything about the scope of that id. `procedures` are those whose need for it is told.
pub fn explain<'a>(
    catalogue: &'static Catalogue,
    id: &str,
    procedures: impl IntoIterator<Item = &'a Procedure>,
) -> Explanation {
    let asked_by = procedures.into_iter().filter_map(|procedure| asked(procedure, id)).collect();
    let level = catalogue.level(id);
    let Some(entry) = catalogue.get(id) else {
        return Explanation {
            scope: id.to_owned(),
            known: false,
            nearest: catalogue.nearest(id),
            product: super::catalogue::product(id).to_owned(),
            style: None,
            level,
            reach: level.reach(),
            apps: level.apps(),
            label: None,
            effect: Effect::Unknown,
            effect_words: "What it unlocks is not known here.".to_owned(),
            operations: Vec::new(),
            events: Vec::new(),
            classic: Vec::new(),
            granular: Vec::new(),
            asked_by,
            narrower: Vec::new(),
            broader: Vec::new(),
            doubts: vec![
                "Not in this program's list. Zoom adds scopes, so that does not make it wrong; what is said of \
                 its level goes by the shape of its id."
                    .to_owned(),
            ],
            sources: Vec::new(),
        };
    };
    let app_owned = entry.is_app_owned();
    Explanation {
        scope: entry.id.to_owned(),
        known: true,
        nearest: None,
        product: entry.product().to_owned(),
        style: Some(entry.style),
        level,
        reach: if app_owned { "what belongs to the app itself" } else { level.reach() },
        apps: if app_owned {
            "an app that asks with its own credentials, without a user"
        } else {
            level.apps()
        },
        label: entry.label,
        effect: Effect::of(entry),
        effect_words: effect_words(entry),
        operations: entry.operations().collect(),
        events: entry.events().collect(),
        classic: entry.classic().collect(),
        granular: granular_of(catalogue, entry).map(|other| other.id).collect(),
        asked_by,
        narrower: narrower(catalogue, entry),
        broader: broader(catalogue, entry),
        doubts: doubts(entry),
        sources: entry.sources().map(words_of_source).collect(),
    }
}

/// What a scope lets the app do; `None` for an unknown one.
pub fn effect_of(catalogue: &Catalogue, id: &str) -> Option<Effect> {
    catalogue.get(id).map(Effect::of)
}

fn words_of_source(key: &str) -> String {
    source::describe(key).map_or_else(|| key.to_owned(), |source| source.words)
}

fn effect_words(entry: &ScopeInfo) -> String {
    let changing = entry.operations().filter(|operation| !operation.starts_with("GET ")).count();
    let reading = entry.operations().count() - changing;
    match (Effect::of(entry), reading) {
        (Effect::Read, _) => "Reads only: every documented operation is a GET.".to_owned(),
        (Effect::Change, 0) => "Changes data.".to_owned(),
        (Effect::Change, reading) => {
            format!("Changes data ({changing} of its operations), and reads ({reading}).")
        }
        (Effect::Events, _) => {
            "Lets the app be told of events; no operation of the API asks for it.".to_owned()
        }
        (Effect::Unknown, _) => "No operation and no event is documented for it.".to_owned(),
    }
}

/// What a procedure says about a scope, if anything.
pub fn asked(procedure: &Procedure, id: &str) -> Option<Asked> {
    let actions: Vec<String> =
        procedure.actions_with(id).map(|action| action_words(procedure, action)).collect();
    let of = |need, reason: &str, label: Option<&String>, documented: &[String]| Asked {
        procedure: procedure.id.clone(),
        title: procedure.title.clone(),
        need,
        reason: reason.to_owned(),
        label: label.cloned(),
        documented: documented.to_vec(),
        actions: actions.clone(),
    };
    if let Some(scope) = procedure.scope(id) {
        let need = match scope.need {
            ScopeNeed::Required => AskedAs::Required,
            ScopeNeed::Optional => AskedAs::Optional,
            ScopeNeed::Classic => AskedAs::Classic,
        };
        return Some(of(need, &scope.reason, scope.label.as_ref(), &scope.documented));
    }
    if let Some(avoided) = procedure.avoided(id) {
        return Some(of(AskedAs::Avoid, &avoided.why, None, &avoided.documented));
    }
    (!actions.is_empty())
        .then(|| of(AskedAs::Action, "An action beyond the documented job uses it.", None, &[]))
}

/// What an action of the receiver needs, and by whose word.
pub fn action_words(procedure: &Procedure, action: &Action) -> String {
    let receiver = procedure.receiver.label();
    let Action { name, scope, zoom, note } = action;
    match zoom {
        None => format!("{name}: {receiver} names {scope}."),
        Some(zoom) => {
            let note = note.as_ref().map_or_else(String::new, |note| format!(" {note}"));
            format!(
                "{name}: {receiver} names {scope}, Zoom's own list {zoom}.{note} Which is right is not known."
            )
        }
    }
}

/// The granular scopes for whose operations a classic one is documented.
fn granular_of(catalogue: &'static Catalogue, entry: &ScopeInfo) -> impl Iterator<Item = &'static ScopeInfo> {
    let id = entry.id;
    let classic = (entry.style == Style::Classic).then_some(id);
    catalogue.naming(classic).filter(move |other| other.id != id)
}

fn narrower(catalogue: &'static Catalogue, entry: &ScopeInfo) -> Vec<Alternative> {
    let generation = granular_of(catalogue, entry).map(|other| (other, AlternativeKind::Generation));
    let part = peers(catalogue, entry)
        .filter(|other| is_part(other, entry))
        .map(|other| (other, AlternativeKind::Operations));
    let level = levels(catalogue, entry)
        .filter(|other| other.level < entry.level)
        .map(|other| (other, AlternativeKind::Level));
    alternatives(level.chain(part).chain(generation))
}

fn broader(catalogue: &'static Catalogue, entry: &ScopeInfo) -> Vec<Alternative> {
    let generation =
        entry.classic().filter_map(|id| catalogue.get(id)).map(|other| (other, AlternativeKind::Generation));
    let whole = peers(catalogue, entry)
        .filter(|other| is_part(entry, other))
        .map(|other| (other, AlternativeKind::Operations));
    let level = levels(catalogue, entry)
        .filter(|other| other.level > entry.level && catalogue.cover(entry.id, [other.id]).is_some())
        .map(|other| (other, AlternativeKind::Level));
    alternatives(level.chain(whole).chain(generation))
}

fn alternatives(found: impl Iterator<Item = (&'static ScopeInfo, AlternativeKind)>) -> Vec<Alternative> {
    let of = |(entry, why): (&'static ScopeInfo, AlternativeKind)| Alternative {
        scope: entry.id,
        why,
        operations: entry.operations().count(),
    };
    found.map(of).collect()
}

/// Other scopes of the same generation and level that share an operation.
fn peers(catalogue: &'static Catalogue, entry: &ScopeInfo) -> impl Iterator<Item = &'static ScopeInfo> {
    let (id, style, level) = (entry.id, entry.style, entry.level);
    let sharing = catalogue.naming(entry.operations());
    sharing.filter(move |other| other.id != id && other.style == style && other.level == level)
}

/// The same thing at other levels, sorted by id.
fn levels(catalogue: &'static Catalogue, entry: &ScopeInfo) -> impl Iterator<Item = &'static ScopeInfo> {
    let (id, style) = (entry.id, entry.style);
    let ids = ["", ":admin", ":master"].map(|level| format!("{}{level}", stem(id)));
    let known = ids.into_iter().filter_map(|id| catalogue.get(&id));
    known.filter(move |other| other.id != id && other.style == style)
}

/// Whether the documented operations of one are some of those of the other.
fn is_part(part: &ScopeInfo, whole: &ScopeInfo) -> bool {
    let mut operations = part.operations().peekable();
    operations.peek().is_some()
        && operations.all(|one| whole.operations().any(|other| other == one))
        && part.operations().count() < whole.operations().count()
}

#[cfg(test)]
#[path = "explain/tests.rs"]
mod tests;
