//! The review of an app's scopes: what it needs and why, what it has, what is missing, what is too much, and
//! what to do about it.

mod remarks;
mod todo;

pub use remarks::{Remark, RemarkKind};
pub use todo::{AddScope, RemoveScope, Renewal, RenewalBy, Todo};

use super::Level;
use super::catalogue::{Catalogue, product};
use super::cover::Cover;
use super::explain::{Asked, asked};
use super::granted::joined;
use super::proof::{NotProvable, provable};
use crate::procedure::{AppKind, Management, Procedure, ScopeNeed};
use crate::setup::Owner;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is reviewed, and against what.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// What the app is for. Without it nothing is required, and nothing is too much.
    pub procedure: Option<&'a Procedure>,
    /// Scopes that the admin chose for this app beside what the procedure requires.
    pub chosen: Option<&'a BTreeSet<String>>,
    /// As granted, in any order; `None` if the token answer named none: nothing is confirmed then.
    pub granted: Option<&'a [String]>,
    /// How a General app is managed, if that is known.
    pub management: Option<Management>,
    /// Who holds the live grant, if that is known.
    pub owner: Option<Owner>,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Every scope that is needed, offered or granted; by product and id, each once.
    pub rows: Vec<Row>,
    /// Whether the granted scopes are known. If not, nothing is missing or in excess because nothing was
    /// compared, not because all is well.
    pub compared: bool,
    /// Needed scopes for which other granted ones do.
    pub covered: Vec<Cover>,
    pub remarks: Vec<Remark>,
    pub todo: Todo,
}

/// One scope of a review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: String,
    /// First part of the id: the branch of the tree it hangs on.
    pub product: String,
    pub level: Level,
    pub need: Option<RowNeed>,
    pub standing: Standing,
    /// Whether the catalogue has it.
    pub known: bool,
    /// Why no read can show that it works; `None` if one can.
    pub not_provable: Option<NotProvable>,
    /// What the procedure says about it.
    pub asked: Option<Asked>,
}

/// For what the app should have a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowNeed {
    /// The documented job does not work without it.
    Required,
    /// The admin chose it for this app.
    Chosen,
    /// The document's wider labels or further actions would use it.
    Optional,
    /// Stands in for granular ones on an app that still has classic scopes.
    Classic,
}

/// Where a scope stands against what was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Granted,
    /// Not granted itself; others do for it.
    Covered(Cover),
    /// Needed, and neither granted nor covered.
    Missing,
    /// Granted, and neither asked for nor standing in for what is.
    Excess,
    /// Not needed and not granted.
    Open,
    /// It is not known what was granted.
    NotConfirmed,
}

/// What a row can be filtered by. A row can be in several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Required,
    Optional,
    Granted,
    Missing,
    Excess,
    Unknown,
    NotProvable,
}

impl State {
    /// In the order they are shown.
    pub const ALL: [Self; 7] = [
        Self::Required,
        Self::Optional,
        Self::Granted,
        Self::Missing,
        Self::Excess,
        Self::Unknown,
        Self::NotProvable,
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Granted => "granted",
            Self::Missing => "missing",
            Self::Excess => "excess",
            Self::Unknown => "unknown",
            Self::NotProvable => "not provable",
        }
    }
}

impl Row {
    /// Whether it is in that state.
    pub fn is(&self, state: State) -> bool {
        match state {
            State::Required => self.need == Some(RowNeed::Required),
            State::Optional => self.need == Some(RowNeed::Optional),
            State::Granted => matches!(self.standing, Standing::Granted | Standing::Excess),
            State::Missing => self.standing == Standing::Missing,
            State::Excess => self.standing == Standing::Excess,
            State::Unknown => !self.known,
            // Of interest only where it matters: for what is needed or granted.
            State::NotProvable => {
                self.not_provable.is_some() && (self.is_needed() || self.is(State::Granted))
            }
        }
    }

    /// Whether the app should have it.
    pub fn is_needed(&self) -> bool {
        matches!(self.need, Some(RowNeed::Required | RowNeed::Chosen))
    }
}

impl Review {
    /// Ids in that state, in the order of the rows.
    pub fn ids(&self, state: State) -> Vec<&str> {
        self.rows.iter().filter(|row| row.is(state)).map(|row| row.id.as_str()).collect()
    }

    /// How many are in that state.
    pub fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.is(state)).count()
    }

    /// The row of a scope.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }
}

/// Reviews an app. Pure and total; the order of the granted scopes and repetitions among them do not matter,
/// but upper and lower case do: Zoom compares ids as they are.
pub fn review(catalogue: &'static Catalogue, subject: &Subject<'_>) -> Review {
    let granted = subject.granted.map(|ids| joined(catalogue, ids.iter().map(String::as_str)));
    let needs = needs(subject);
    let needed: BTreeSet<String> = needs
        .iter()
        .filter(|(_, need)| matches!(need, RowNeed::Required | RowNeed::Chosen))
        .map(|(id, _)| (*id).to_owned())
        .collect();
    let diff = catalogue.diff(&needed, granted.as_deref());
    let have: BTreeSet<&str> = granted.iter().flatten().map(String::as_str).collect();
    let ids: BTreeSet<(&str, &str)> =
        needs.keys().copied().chain(have.iter().copied()).map(|id| (product(id), id)).collect();
    let row = |(product, id): (&str, &str)| {
        let need = needs.get(id).copied();
        Row {
            id: id.to_owned(),
            product: product.to_owned(),
            level: catalogue.level(id),
            need,
            standing: standing(id, need, &diff.covered, &diff.missing, subject, &have),
            known: catalogue.get(id).is_some(),
            not_provable: provable(catalogue, id).err(),
            asked: subject.procedure.and_then(|procedure| asked(procedure, id)),
        }
    };
    let mut rows: Vec<Row> = ids.into_iter().map(row).collect();
    for row in &mut rows {
        let stands_in = diff.covered.iter().any(|cover| cover.by.contains(&row.id));
        let asked_for = !matches!(row.need, None | Some(RowNeed::Classic)) || stands_in;
        if row.standing == Standing::Granted && !asked_for && subject.procedure.is_some() {
            row.standing = Standing::Excess;
        }
    }
    let remarks = remarks::remarks(catalogue, subject, &needed, granted.as_deref(), &rows, &diff);
    let todo = todo::todo(catalogue, subject, &needed, granted.as_deref(), &rows);
    Review { rows, compared: diff.compared, covered: diff.covered, remarks, todo }
}

/// What the app should have, or could: the strongest need of each scope.
fn needs<'a>(subject: &Subject<'a>) -> BTreeMap<&'a str, RowNeed> {
    let of_procedure = subject.procedure.iter().flat_map(|procedure| &procedure.scopes).map(|scope| {
        let need = match scope.need {
            ScopeNeed::Required => RowNeed::Required,
            ScopeNeed::Optional => RowNeed::Optional,
            ScopeNeed::Classic => RowNeed::Classic,
        };
        (scope.id.as_str(), need)
    });
    let chosen = subject.chosen.into_iter().flatten().map(|id| (id.as_str(), RowNeed::Chosen));
    let mut needs: BTreeMap<&str, RowNeed> = BTreeMap::new();
    for (id, need) in of_procedure.chain(chosen) {
        let known = needs.entry(id).or_insert(need);
        *known = (*known).min(need);
    }
    needs
}

fn standing(
    id: &str,
    need: Option<RowNeed>,
    covered: &[Cover],
    missing: &[String],
    subject: &Subject<'_>,
    have: &BTreeSet<&str>,
) -> Standing {
    if subject.granted.is_none() {
        return Standing::NotConfirmed;
    }
    if have.contains(id) {
        return Standing::Granted;
    }
    if let Some(cover) = covered.iter().find(|cover| cover.scope == id) {
        return Standing::Covered(cover.clone());
    }
    let wanted = matches!(need, Some(RowNeed::Required | RowNeed::Chosen));
    if wanted && missing.iter().any(|one| one == id) { Standing::Missing } else { Standing::Open }
}

/// Whether a Server-to-Server app is meant: it has no login.
fn is_server_to_server(subject: &Subject<'_>) -> bool {
    subject.procedure.is_some_and(|procedure| procedure.app_kind == AppKind::ServerToServer)
}

#[cfg(test)]
#[path = "review/tests.rs"]
mod tests;
