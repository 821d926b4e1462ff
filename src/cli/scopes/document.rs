//! The JSON documents of `scopes`. Keys are the contract with scripts.

use super::Reviewed;
use crate::scope::explain::{Asked, Explanation};
use crate::scope::proof::{NotProvable, Proved};
use crate::scope::review::{Remark, Row, RowNeed, Standing, State, Todo};
use crate::scope::{Cover, Level, SearchHit, Style};
use jiff::Timestamp;
use serde::Serialize;

/// Version of the documents.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct SearchDocument<'a> {
    format: u32,
    scopes: Vec<Hit<'a>>,
}

#[derive(Serialize)]
struct Hit<'a> {
    scope: &'a str,
    style: Style,
    level: Level,
    product: &'a str,
    label: Option<&'a str>,
    operations: Vec<&'a str>,
    events: Vec<&'a str>,
}

/// `scopes search TEXT --json`
pub(super) fn search(hits: &[SearchHit]) -> serde_json::Result<String> {
    let scopes = hits.iter().map(|hit| Hit {
        scope: hit.scope.id,
        style: hit.scope.style,
        level: hit.scope.level,
        product: hit.scope.product(),
        label: hit.scope.label,
        operations: hit.scope.operations().collect(),
        events: hit.scope.events().collect(),
    });
    document(&SearchDocument { format: FORMAT, scopes: scopes.collect() })
}

#[derive(Serialize)]
struct ExplainDocument<'a> {
    format: u32,
    #[serde(flatten)]
    told: &'a Explanation,
}

/// `scopes explain SCOPE --json`
pub(super) fn explain(told: &Explanation) -> serde_json::Result<String> {
    document(&ExplainDocument { format: FORMAT, told })
}

#[derive(Serialize)]
struct ReviewDocument<'a> {
    format: u32,
    procedure: Option<&'a str>,
    connection: Option<&'a str>,
    /// Whether the granted scopes are known; if not, `missing` and `excess` are empty for that reason.
    compared: bool,
    granted_at: Option<Timestamp>,
    required: Vec<&'a str>,
    optional: Vec<&'a str>,
    granted: Vec<&'a str>,
    missing: Vec<&'a str>,
    excess: Vec<&'a str>,
    unknown: Vec<&'a str>,
    not_provable: Vec<&'a str>,
    covered: &'a [Cover],
    remarks: &'a [Remark],
    todo: &'a Todo,
    scopes: Vec<Entry<'a>>,
    proof: Option<ProofDocument<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    scope: &'a str,
    product: &'a str,
    level: Level,
    need: Option<RowNeed>,
    standing: &'static str,
    known: bool,
    not_provable: Option<NotProvable>,
    #[serde(flatten)]
    asked: Option<Why<'a>>,
}

#[derive(Serialize)]
struct Why<'a> {
    reason: &'a str,
    label: Option<&'a str>,
    documented: &'a [String],
    actions: &'a [String],
}

#[derive(Serialize)]
struct ProofDocument<'a> {
    at: Timestamp,
    /// Why it ended before its time.
    stopped: Option<&'a str>,
    cancelled: bool,
    results: &'a [Proved],
}

/// `scopes review --json`
pub(super) fn review(reviewed: &Reviewed) -> serde_json::Result<String> {
    let review = &reviewed.review;
    let proof = reviewed.proof.as_ref().map(|proof| ProofDocument {
        at: proof.at,
        stopped: proof.stopped.as_ref().map(|problem| problem.heading.as_str()),
        cancelled: proof.cancelled,
        results: &proof.results,
    });
    document(&ReviewDocument {
        format: FORMAT,
        procedure: reviewed.procedure.as_ref().map(|procedure| procedure.id.as_str()),
        connection: reviewed.connection.as_ref().map(|connection| connection.name.as_str()),
        compared: review.compared,
        granted_at: reviewed.granted_at,
        required: review.ids(State::Required),
        optional: review.ids(State::Optional),
        granted: review.ids(State::Granted),
        missing: review.ids(State::Missing),
        excess: review.ids(State::Excess),
        unknown: review.ids(State::Unknown),
        not_provable: review.ids(State::NotProvable),
        covered: &review.covered,
        remarks: &review.remarks,
        todo: &review.todo,
        scopes: review.rows.iter().map(entry).collect(),
        proof,
    })
}

fn entry(row: &Row) -> Entry<'_> {
    Entry {
        scope: &row.id,
        product: &row.product,
        level: row.level,
        need: row.need,
        standing: match row.standing {
            Standing::Granted => "granted",
            Standing::Covered(_) => "covered",
            Standing::Missing => "missing",
            Standing::Excess => "excess",
            Standing::Open => "open",
            Standing::NotConfirmed => "not_confirmed",
        },
        known: row.known,
        not_provable: row.not_provable,
        asked: row.asked.as_ref().map(why),
    }
}

fn why(asked: &Asked) -> Why<'_> {
    Why {
        reason: &asked.reason,
        label: asked.label.as_deref(),
        documented: &asked.documented,
        actions: &asked.actions,
    }
}

fn document(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
