//! Proof of granted scopes by reading: which harmless GET shows that a scope works, in which order, how fast,
//! and what the answers mean.
//!
//! A plan over answers, without I/O: [`Proof::next`] says what to read, [`Proof::answered`] takes what came.
//! Nothing but a GET can be expressed: a [`ProofRead`] is made in this module alone, from documented
//! operations that are GETs, and becomes an [`ApiRead`], which has no method.

mod choice;
mod reading;

pub use choice::{NotProvable, provable};
pub use reading::Outcome;

use super::catalogue::{Catalogue, ScopeInfo};
use super::granted::joined;
use crate::oauth::{ApiAnswer, ApiRead, Diagnosis, Failure, diagnosis};
use crate::secret::Secret;
use choice::{Template, choose};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use reading::{Reading, first_id, read_failure};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How often a rate limit is waited out before the rest is left.
const PATIENCE: u8 = 3;
/// Longest wait that a rate limit is given, in seconds. A daily limit is longer, and ends the proof.
const LONGEST_WAIT_S: i64 = 60;
/// Days that reports and dashboards are asked for, which need a range of at most a month.
const RANGE_DAYS: i64 = 7;
/// An id that nothing has: what is asked with it is not there, and still says whether the scope is.
const NOBODY: &str = "zoom-setup-nothing-has-this-id";
/// The same where Zoom wants the form of a meeting number.
const NO_MEETING: &str = "10000000000";

/// Whose token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUser {
    /// A user signed in (General app): `me` is that user.
    SignedIn,
    /// An account (Server-to-Server): there is no `me`.
    Account,
}

/// How fast reads follow one another, in milliseconds. One at a time in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub ordinary_ms: i64,
    /// For reports and dashboards, which Zoom allows less often.
    pub heavy_ms: i64,
}

impl Pace {
    /// Well below what Zoom allows the smallest plan for ordinary reads.
    pub const ZOOM: Self = Self { ordinary_ms: 300, heavy_ms: 1_000 };
    /// Against the sandbox.
    pub const REHEARSAL: Self = Self { ordinary_ms: 10, heavy_ms: 10 };
}

/// What a proof is about.
#[derive(Clone, Copy, Debug)]
pub struct ProofSubject<'a> {
    pub granted: &'a [String],
    pub user: TokenUser,
    /// End of the range that reports are asked for.
    pub today: Date,
    pub pace: Pace,
}

/// A read to do now or later. Always a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofRead {
    path: String,
    operation: &'static str,
    /// Not to be sent before this.
    pub not_before: Timestamp,
}

impl ProofRead {
    /// As documented, fit for a screen: no id of anybody is in it.
    pub fn operation(&self) -> String {
        format!("GET {}", self.operation)
    }

    /// The read for the port.
    pub fn request(&self, api_url: Option<&str>, access_token: &Secret) -> ApiRead {
        ApiRead {
            api_url: api_url.map(str::to_owned),
            path: self.path.clone(),
            access_token: access_token.clone(),
        }
    }
}

/// What came out for one granted scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proved {
    pub scope: String,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The operation that was read, as documented.
    pub operation: Option<String>,
    /// Zoom's words, or why nothing was tried.
    pub detail: String,
    /// Other granted scopes that allow the same read, so that it does not tell them apart.
    pub also: Vec<String>,
}

/// A proof under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    targets: Vec<Target>,
    user: TokenUser,
    today: Date,
    pace: Pace,
    /// By concrete path.
    answers: BTreeMap<String, Reading>,
    not_before: Timestamp,
    limited: u8,
    stopped: Option<Diagnosis>,
}

/// A granted scope and the read that can show it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    scope: String,
    template: Result<Template, NotProvable>,
    also: Vec<String>,
}

/// What has to be read next for a path.
enum Resolved {
    /// The path itself, its ids filled in.
    Path(String),
    /// First this list, for an id.
    First(String, &'static str),
}

impl Proof {
    /// A plan for every granted scope, in the order of ids. `now` is the earliest time of the first read.
    pub fn new(catalogue: &'static Catalogue, subject: ProofSubject<'_>, now: Timestamp) -> Self {
        let granted = joined(catalogue, subject.granted.iter().map(String::as_str));
        let ids: BTreeSet<&str> = granted.iter().map(String::as_str).collect();
        let entries: Vec<&'static ScopeInfo> = ids.iter().filter_map(|id| catalogue.get(id)).collect();
        let target = |id: &str| {
            let template = choose(catalogue, id, &entries);
            let also = template.as_ref().map_or_else(|_| Vec::new(), |template| template.also(id, &entries));
            Target { scope: id.to_owned(), template, also }
        };
        Self {
            targets: ids.iter().map(|id| target(id)).collect(),
            user: subject.user,
            today: subject.today,
            pace: subject.pace,
            answers: BTreeMap::new(),
            not_before: now,
            limited: 0,
            stopped: None,
        }
    }

    /// The next read, or `None` at the end. Asking twice gives the same until [`Self::answered`].
    pub fn next(&self) -> Option<ProofRead> {
        if self.stopped.is_some() {
            return None;
        }
        self.targets.iter().find_map(|target| {
            let template = target.template.as_ref().ok()?;
            let (path, operation) = match self.resolve(template.path) {
                Resolved::First(path, operation) => (path, operation),
                Resolved::Path(path) => (path, template.path),
            };
            (!self.answers.contains_key(&path)).then_some(ProofRead {
                path,
                operation,
                not_before: self.not_before,
            })
        })
    }

    /// Takes the answer to a read.
    pub fn answered(&mut self, read: &ProofRead, result: &Result<ApiAnswer, Failure>, now: Timestamp) {
        let pause = if is_heavy(read.operation) { self.pace.heavy_ms } else { self.pace.ordinary_ms };
        self.not_before = later(now, SignedDuration::from_millis(pause));
        let failure = match result {
            Ok(answer) => {
                let reading =
                    Reading { outcome: Outcome::Works, detail: String::new(), id: first_id(&answer.body) };
                self.answers.insert(read.path.clone(), reading);
                return;
            }
            Err(failure) => failure,
        };
        let problem = diagnosis::diagnose(failure, now);
        if failure.kind.status() == Some(429) {
            self.limited += 1;
            let until =
                reading::retry_after(failure, now).unwrap_or(later(now, SignedDuration::from_secs(2)));
            if self.limited <= PATIENCE && until <= later(now, SignedDuration::from_secs(LONGEST_WAIT_S)) {
                self.not_before = self.not_before.max(until);
            } else {
                self.stopped = Some(problem);
            }
            return;
        }
        match read_failure(failure, &problem) {
            Some(reading) => drop(self.answers.insert(read.path.clone(), reading)),
            None => self.stopped = Some(problem),
        }
    }

    /// Scopes with a result by now, and all of them.
    pub fn progress(&self) -> (usize, usize) {
        let done =
            self.targets.iter().filter(|target| self.reading(target).is_none_or(|found| found.is_some()));
        (done.count(), self.targets.len())
    }

    /// What ended it before its time: the token is no good, or Zoom is out of reach.
    pub fn stopped(&self) -> Option<&Diagnosis> {
        self.stopped.as_ref()
    }

    /// The results so far, in the order of ids.
    pub fn results(&self) -> Vec<Proved> {
        self.targets.iter().map(|target| self.result(target)).collect()
    }

    fn result(&self, target: &Target) -> Proved {
        let proved = |outcome, detail: &str| Proved {
            scope: target.scope.clone(),
            outcome,
            operation: target.template.as_ref().ok().map(|template| format!("GET {}", template.path)),
            detail: detail.to_owned(),
            also: target.also.clone(),
        };
        match (&target.template, self.reading(target)) {
            (Err(why), _) => proved(Outcome::NotProvable, why.words()),
            (Ok(_), Some(Some(reading))) => proved(reading.outcome.clone(), &reading.detail),
            (Ok(_), Some(None) | None) => {
                let why =
                    self.stopped.as_ref().map_or("Stopped before it was tried.", |why| why.heading.as_str());
                proved(Outcome::NotTried, why)
            }
        }
    }

    /// What was read for a target: `None` if nothing can be, `Some(None)` if it has not been yet.
    fn reading(&self, target: &Target) -> Option<Option<&Reading>> {
        let template = target.template.as_ref().ok()?;
        Some(match self.resolve(template.path) {
            Resolved::Path(path) => self.answers.get(&path),
            Resolved::First(..) => None,
        })
    }

    /// Fills in the ids of a path, from lists that were read.
    fn resolve(&self, template: &'static str) -> Resolved {
        let mut segments: Vec<String> = Vec::new();
        for segment in template.split('/').skip(1) {
            let Some(name) = choice::parameter(segment) else {
                segments.push(segment.to_owned());
                continue;
            };
            match self.id_for(template, name) {
                Ok(id) => segments.push(id),
                Err(first) => return first,
            }
        }
        Resolved::Path(format!("/{}{}", segments.join("/"), self.query(template)))
    }

    /// An id for a parameter, or what to read first.
    fn id_for(&self, template: &'static str, name: &str) -> Result<String, Resolved> {
        let nothing = || match name {
            "userId" if self.user == TokenUser::SignedIn => "me".to_owned(),
            "meetingId" | "webinarId" => NO_MEETING.to_owned(),
            _ => NOBODY.to_owned(),
        };
        let Some(list) = choice::list_for(Catalogue::embedded(), template, name) else {
            return Ok(nothing());
        };
        match self.resolve(list) {
            Resolved::First(path, operation) => Err(Resolved::First(path, operation)),
            Resolved::Path(path) => match self.answers.get(&path) {
                None => Err(Resolved::First(path, list)),
                Some(reading) => Ok(reading.id.as_deref().map_or_else(nothing, encoded)),
            },
        }
    }

    /// One entry a page, and a range where one is needed.
    fn query(&self, template: &str) -> String {
        let is_one = template.rsplit('/').next().is_some_and(|last| choice::parameter(last).is_some());
        if is_one {
            return String::new();
        }
        if !is_heavy(template) {
            return "?page_size=1".to_owned();
        }
        let from = self.today.checked_sub(SignedDuration::from_hours(24 * RANGE_DAYS)).unwrap_or(self.today);
        format!("?page_size=1&from={from}&to={}", self.today)
    }
}

/// Reports and dashboards: they need a range of dates, and Zoom allows them less often.
fn is_heavy(template: &str) -> bool {
    ["/report/", "/metrics/"].iter().any(|start| template.starts_with(start))
}

fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_add(span).unwrap_or(now)
}

/// An id as a segment of a path. Zoom wants ids with a slash in them encoded twice.
fn encoded(id: &str) -> String {
    let once = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    if id.contains('/') { once(&once(id)) } else { once(id) }
}

#[cfg(test)]
#[path = "proof/tests.rs"]
mod tests;
