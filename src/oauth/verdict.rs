//! What the answer to a question proves, in words: never more than was seen.

use super::{Diagnosis, DiagnosisClass};
use crate::error::Error;
use serde::{Deserialize, Serialize};

/// The answer to one question, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Stable id: `pair-known`, `wrong-pair`, `redirect-refused`.
    pub code: String,
    pub judgement: Judgement,
    /// The result in one line.
    pub heading: String,
    /// What was seen, a sentence each.
    pub evidence: Vec<String>,
    /// What it can be and how to find out, likeliest first. Empty where nothing is wrong.
    pub candidates: Vec<Candidate>,
    /// Zoom's own code and text, printable.
    pub zoom: Option<String>,
    /// Exit code class of a command that ends with it.
    pub class: DiagnosisClass,
}

/// How much an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// A live answer proves it.
    Proved,
    /// As it should be at this point, as far as can be seen; that proves nothing.
    Expected,
    /// Zoom refuses it.
    Refused,
    /// The answer decides nothing, or none came.
    Open,
}

/// One thing that can be the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// What it may be, a sentence.
    pub cause: String,
    /// One test that tells, or what mends it; a sentence.
    pub test: String,
}

impl Candidate {
    pub(super) fn new(cause: impl Into<String>, test: impl Into<String>) -> Self {
        Self { cause: cause.into(), test: test.into() }
    }
}

impl Verdict {
    /// A verdict with nothing but its heading, of class refused.
    pub fn new(code: &str, judgement: Judgement, heading: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            judgement,
            heading: heading.into(),
            evidence: Vec::new(),
            candidates: Vec::new(),
            zoom: None,
            class: DiagnosisClass::Refused,
        }
    }

    /// The heading beside a word that says already that nothing was checked.
    pub fn summary(&self) -> &str {
        self.heading.strip_prefix("Not checked: ").unwrap_or(&self.heading)
    }

    /// What a diagnosis amounts to: its cause is the one candidate, its next step the test.
    pub(super) fn of_diagnosis(judgement: Judgement, problem: &Diagnosis) -> Self {
        Self {
            candidates: vec![Candidate::new(&problem.cause, &problem.next)],
            zoom: problem.zoom.clone(),
            class: problem.class,
            ..Self::new(&problem.code, judgement, &problem.heading)
        }
    }

    #[must_use]
    pub(super) fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    #[must_use]
    pub(super) fn candidates(mut self, candidates: Vec<Candidate>) -> Self {
        self.candidates = candidates;
        self
    }

    #[must_use]
    pub(super) fn quoting(mut self, zoom: Option<String>) -> Self {
        self.zoom = zoom;
        self
    }
}

impl From<&Verdict> for Error {
    fn from(verdict: &Verdict) -> Self {
        let mut error = Self::new(verdict.class.error_kind(), verdict.heading.clone());
        for line in &verdict.evidence {
            error = error.hint(line.clone());
        }
        for candidate in &verdict.candidates {
            error = error.hint(format!("{} {}", candidate.cause, candidate.test));
        }
        match &verdict.zoom {
            Some(zoom) => error.hint(format!("Zoom said: {zoom}")),
            None => error,
        }
    }
}
