//! What an answer says about a scope.

use crate::oauth::{Diagnosis, DiagnosisClass, Failure, FailureKind, diagnosis};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Longest id that is used, in bytes. Zoom's are much shorter.
const LONGEST_ID: usize = 200;

/// What a proof says about one scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Outcome {
    /// Zoom answered the read.
    Works,
    /// Zoom said that the token lacks a scope; any one of these would do, if it named them.
    ScopeMissing { any_of: Vec<String> },
    /// The scope is not what Zoom objects to: the plan or the user's role is.
    PlanOrRoleMissing,
    /// What was asked for is not there, and Zoom did not object to the scope.
    NotFoundButAllowed,
    /// Zoom refused for another reason, which says nothing about the scope.
    Inconclusive,
    /// No read can show it.
    NotProvable,
    /// The proof ended before.
    NotTried,
}

impl Outcome {
    /// In a few words.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::ScopeMissing { .. } => "scope missing",
            Self::PlanOrRoleMissing => "plan or role missing",
            Self::NotFoundButAllowed => "not found, but allowed",
            Self::Inconclusive => "inconclusive",
            Self::NotProvable => "not provable",
            Self::NotTried => "not tried",
        }
    }
}

/// An answer, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub outcome: Outcome,
    pub detail: String,
    /// Id of the first entry, where the answer is a list.
    pub id: Option<String>,
}

/// What a refusal says about the scope. `None` if it says nothing about this read but ends all of them: the
/// token is no good, or Zoom is out of reach.
pub(super) fn read_failure(failure: &Failure, problem: &Diagnosis) -> Option<Reading> {
    let outcome = match problem.code.as_str() {
        "missing-scope" => {
            let any_of = failure.kind.body().and_then(diagnosis::missing_scopes).unwrap_or_default();
            Outcome::ScopeMissing { any_of }
        }
        "plan-missing" | "no-permission" => Outcome::PlanOrRoleMissing,
        "meeting-not-found" | "user-not-found" => Outcome::NotFoundButAllowed,
        // An address that Zoom does not know says nothing; a thing that it does not have does.
        "not-found" if !is_unknown_address(failure) => Outcome::NotFoundButAllowed,
        _ if problem.class == DiagnosisClass::CheckFailed
            || failure.kind.status().is_some_and(is_about_this) =>
        {
            Outcome::Inconclusive
        }
        _ => return None,
    };
    let detail = problem.zoom.clone().unwrap_or_else(|| problem.heading.clone());
    Some(Reading { outcome, detail, id: None })
}

/// A refusal of this request, not of every one.
const fn is_about_this(status: u16) -> bool {
    matches!(status, 400 | 404 | 405 | 409 | 422)
}

fn is_unknown_address(failure: &Failure) -> bool {
    failure.kind.body().is_some_and(|body| {
        let number = serde_json::from_str::<Value>(body).ok().and_then(|value| value.get("code")?.as_i64());
        number == Some(2_300)
    })
}

/// When a rate limit lets go, if it says.
pub(super) fn retry_after(failure: &Failure, now: Timestamp) -> Option<Timestamp> {
    match &failure.kind {
        FailureKind::Answered { retry_after: Some(retry_after), .. } => diagnosis::retry_at(retry_after, now),
        FailureKind::Answered { retry_after: None, .. }
        | FailureKind::Dns { .. }
        | FailureKind::Connect { .. }
        | FailureKind::Tls { .. }
        | FailureKind::Proxy { .. }
        | FailureKind::TimedOut { .. }
        | FailureKind::AnswerLost { .. }
        | FailureKind::TooLarge { .. }
        | FailureKind::Malformed { .. }
        | FailureKind::Forbidden { .. } => None,
    }
}

/// The `id` of the first entry of the first list in an answer that has entries with one.
pub(super) fn first_id(answer: &Value) -> Option<String> {
    let lists = answer.as_object()?.values().filter_map(Value::as_array);
    let mut ids = lists.filter_map(|list| list.first()?.get("id"));
    ids.find_map(|id| {
        let text = id.as_str().filter(|text| !text.is_empty() && text.len() <= LONGEST_ID).map(str::to_owned);
        text.or_else(|| id.as_number().map(ToString::to_string))
    })
}
