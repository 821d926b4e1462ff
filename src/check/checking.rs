//! The check of one connection as a state machine: what to ask next, and what the answers mean.
//!
//! Like [`crate::scope::proof`] a plan over answers, without I/O. There are three ways to check, and each can ask
//! only its own questions ([`AccountQuestion`], [`GrantQuestion`], [`ReceiverQuestion`]): a refresh or a token cannot
//! be expressed for a connection that the receiver owns (law 1).

use super::account::{AccountFlow, AccountQuestion};
use super::grant::{GrantFlow, GrantQuestion};
use super::receiver::{ReceiverFlow, ReceiverQuestion};
use super::{CheckReport, Entry, Finding, FindingCode, ScopeDrift, Service, Status, finding, places, words};
use crate::oauth::authorize::Endpoints;
use crate::oauth::renewal::TokenRecord;
use crate::oauth::token::StoredTokens;
use crate::oauth::{
    ApiAnswer, ApiRead, ClientAuthentication, Diagnosis, Failure, PreflightAnswer, PreflightRequest,
    TokenGrant, TokenRequest, diagnosis,
};
use crate::ports::{Renewal, RenewalRequest, StoreFailure};
use crate::procedure::{AppKind, FieldName};
use crate::scope::Catalogue;
use crate::secret::Secret;
use crate::setup::{Connection, GrantRecord, Owner, SecretKey};
use jiff::Timestamp;
use std::sync::Arc;

/// A connection to check, with what of it is known here.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub connection: Connection,
    /// The client secret; `None` if there is none in the store.
    pub client_secret: Result<Option<Secret>, StoreFailure>,
    /// The receiver's redirect URL, if the procedure and its answers tell it.
    pub redirect_url: Option<String>,
    /// Scheme and host of the receiver, if they tell that.
    pub receiver_url: Option<String>,
    /// What was found last time.
    pub before: Option<Entry>,
}

impl Subject {
    /// Whose rate limit it counts against: the account of a Server-to-Server app, else the app.
    pub fn account(&self) -> &str {
        let field = match self.connection.app_kind {
            AppKind::ServerToServer => FieldName::AccountId,
            AppKind::General => FieldName::ClientId,
        };
        self.answer(field)
    }

    pub(super) fn answer(&self, field: FieldName) -> &str {
        self.connection.answers.get(&field).map(String::as_str).unwrap_or_default()
    }

    /// How the app shows who it is, or why it cannot.
    pub(super) fn client(&self) -> Result<ClientAuthentication, Option<&StoreFailure>> {
        let client_id = self.answer(FieldName::ClientId).to_owned();
        let is_public = self.connection.app_kind == AppKind::General
            && !self.connection.secrets.contains_key(&FieldName::ClientSecret);
        match &self.client_secret {
            Ok(Some(client_secret)) => {
                Ok(ClientAuthentication::Basic { client_id, client_secret: client_secret.clone() })
            }
            Ok(None) if is_public => Ok(ClientAuthentication::Public { client_id }),
            Ok(None) => Err(None),
            Err(failure) => Err(Some(failure)),
        }
    }
}

/// How to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOptions {
    /// Refresh each grant that is owned here, due or not.
    pub refresh: bool,
    /// Waits before a token with too few scopes is asked for again, in seconds.
    pub lag_delays_s: Vec<u64>,
    pub endpoints: Endpoints,
}

/// Random bytes from the operating system: for a code, a state, and a verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Randomness(pub [[u8; 32]; 3]);

/// What is asked. A receiver-owned connection has no way to the first two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Account(AccountQuestion),
    Grant(GrantQuestion),
    Receiver(ReceiverQuestion),
}

/// What a question is for those who carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A token of a Server-to-Server app, or a made-up code.
    Token(TokenRequest),
    Renew(RenewalRequest),
    Read(ApiRead),
    Preflight(PreflightRequest),
    /// What is stored under that key; nobody outside is asked.
    Look(SecretKey),
}

impl Question {
    /// The request behind it.
    pub fn into_request(self) -> Request {
        match self {
            Self::Account(AccountQuestion::Token(request)) => Request::Token(request),
            Self::Grant(GrantQuestion::Look(key)) => Request::Look(key),
            Self::Grant(GrantQuestion::Renew(request)) => Request::Renew(request),
            Self::Grant(GrantQuestion::Read(read)) => Request::Read(read),
            Self::Receiver(ReceiverQuestion::Pair(probe)) => Request::Token(probe.into_request()),
            Self::Receiver(ReceiverQuestion::Redirect(request)) => Request::Preflight(request),
        }
    }

    /// Which of Zoom's services it goes to; `None`: to nobody outside.
    pub const fn service(&self) -> Option<Service> {
        match self {
            Self::Grant(GrantQuestion::Look(_)) => None,
            Self::Grant(GrantQuestion::Read(_)) => Some(Service::Api),
            Self::Account(_) | Self::Grant(GrantQuestion::Renew(_)) | Self::Receiver(_) => {
                Some(Service::OAuth)
            }
        }
    }

    /// Whether it spends something, so that it is neither repeated nor broken off.
    pub const fn spends(&self) -> bool {
        match self {
            Self::Grant(GrantQuestion::Renew(_)) => true,
            Self::Account(_)
            | Self::Grant(GrantQuestion::Look(_) | GrantQuestion::Read(_))
            | Self::Receiver(_) => false,
        }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Token(Result<TokenGrant, Failure>),
    Renewed(Renewal),
    Read(Result<ApiAnswer, Failure>),
    Preflight(Result<PreflightAnswer, Failure>),
    Looked(Result<Option<TokenRecord>, StoreFailure>),
    /// Nobody was asked.
    NotAsked(NotAsked),
}

impl Answer {
    /// The failure in it, if Zoom or the way to it failed.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Token(Err(failure)) | Self::Read(Err(failure)) | Self::Preflight(Err(failure)) => {
                Some(failure)
            }
            Self::Renewed(Renewal::Refused { failure, .. } | Renewal::NotSent { failure, .. }) => {
                Some(failure)
            }
            Self::Renewed(Renewal::Unknown { failure, .. }) => failure.as_ref(),
            Self::Renewed(
                Renewal::Fresh { .. }
                | Renewal::Renewed { .. }
                | Renewal::NotStored { .. }
                | Renewal::NoRefreshToken { .. }
                | Renewal::NoTokens
                | Renewal::Store(_),
            )
            | Self::Token(Ok(_))
            | Self::Read(Ok(_))
            | Self::Preflight(Ok(_))
            | Self::Looked(_)
            | Self::NotAsked(_) => None,
        }
    }

    /// The same question may be asked again without harm. `false` for a refresh that was sent.
    pub(super) const fn repeatable(&self) -> bool {
        match self {
            Self::Renewed(renewal) => matches!(renewal, Renewal::NotSent { .. } | Renewal::Refused { .. }),
            Self::Token(_) | Self::Read(_) | Self::Preflight(_) => true,
            Self::Looked(_) | Self::NotAsked(_) => false,
        }
    }

    /// The `Retry-After` of a refusal with status 429; the inner `None` if it came without.
    pub(super) fn limited(&self) -> Option<Option<&str>> {
        if let Self::Preflight(Ok(PreflightAnswer::Page { status: 429, retry_after, .. })) = self {
            return Some(retry_after.as_deref());
        }
        self.failure().and_then(|failure| failure.kind.limited())
    }
}

/// Why nobody was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// The account's rate limit is reached, until then if that is known. `zoom`: Zoom's own words.
    Limited { until: Option<Timestamp>, zoom: Option<String> },
    /// So many requests in a row got no answer, the last one so.
    OutOfReach { times: u32, failure: Failure },
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask this, not before that time.
    Ask { question: Question, not_before: Timestamp },
    /// The check is over.
    Done,
}

/// A new pair that the store did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaved {
    pub key: SecretKey,
    pub tokens: StoredTokens,
    /// Where it was put for safety, in words. `None`: `tokens` is the only copy.
    pub rescued: Option<String>,
}

/// What a refresh changes in the record of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantChange {
    pub refreshed_at: Timestamp,
    pub expires_at: Timestamp,
    pub refreshable: bool,
    /// `None`: the answer named none.
    pub scopes: Option<Vec<String>>,
    pub api_url: Option<String>,
}

impl GrantChange {
    /// Brings the record of a grant up to date.
    pub fn apply(&self, grant: &mut GrantRecord) {
        grant.refreshed_at = Some(self.refreshed_at);
        grant.expires_at = self.expires_at;
        grant.refreshable = self.refreshable;
        // An answer that names none leaves what was granted (RFC 6749 section 6).
        if self.scopes.is_some() {
            grant.scopes.clone_from(&self.scopes);
        }
        if self.api_url.is_some() {
            grant.api_url.clone_from(&self.api_url);
        }
    }
}

/// The result for one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub report: CheckReport,
    /// To be written into the connection's record.
    pub change: Option<GrantChange>,
    /// To be saved by hand, at once.
    pub unsaved: Option<Unsaved>,
}

/// A check under way.
#[derive(Clone, Debug)]
pub struct Checking {
    subject: Subject,
    flow: Flow,
    notes: Notes,
}

#[derive(Clone, Debug)]
enum Flow {
    Account(AccountFlow),
    Grant(GrantFlow),
    Receiver(ReceiverFlow),
}

/// What the flows find out.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) findings: Vec<Finding>,
    pub(super) proved: Vec<String>,
    pub(super) unknown: Vec<String>,
    /// As an answer of this check named them.
    pub(super) granted: Option<Vec<String>>,
    pub(super) stored: Option<Stored>,
    pub(super) refreshed: bool,
    pub(super) change: Option<GrantChange>,
    pub(super) unsaved: Option<Unsaved>,
}

/// The times of tokens that are stored here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) access_expires: Timestamp,
    pub(super) refresh_from: Option<Timestamp>,
}

impl Stored {
    pub(super) fn of(tokens: &StoredTokens) -> Self {
        Self {
            access_expires: tokens.expires_at,
            refresh_from: tokens.refresh_token.as_ref().map(|_| tokens.obtained_at),
        }
    }
}

impl Notes {
    /// A finding; each code once, the worst first.
    pub(super) fn add(&mut self, finding: Finding) {
        if !self.findings.iter().any(|found| found.code == finding.code) {
            self.findings.push(finding);
        }
    }

    /// A wrong clock makes tokens look expired.
    pub(super) fn clock(&mut self, offset_s: Option<i64>) {
        if let Some(problem) = offset_s.and_then(diagnosis::clock_finding) {
            self.add(finding::of_clock(&problem));
        }
    }

    /// What a failed question amounts to. `call` is what was being done, in words.
    pub(super) fn problem(&mut self, subject: &Subject, problem: &Diagnosis) {
        self.add(finding::of_diagnosis(subject, problem));
    }
}

impl Checking {
    /// Begins. `randomness` is used only where a pair is asked about.
    pub fn new(
        subject: Subject,
        options: &Arc<CheckOptions>,
        randomness: Result<Randomness, String>,
        now: Timestamp,
    ) -> Self {
        let mut notes = Notes::default();
        let flow = match (subject.connection.owner, subject.connection.app_kind) {
            (Owner::Receiver, AppKind::General | AppKind::ServerToServer) => {
                Flow::Receiver(ReceiverFlow::new(&subject, options, randomness, &mut notes))
            }
            (Owner::Wizard, AppKind::ServerToServer) => {
                Flow::Account(AccountFlow::new(&subject, options, now, &mut notes))
            }
            (Owner::Wizard, AppKind::General) => Flow::Grant(GrantFlow::new(&subject, options)),
        };
        Self { subject, flow, notes }
    }

    /// The connection.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What to do next. Asking twice gives the same until [`Self::answered`].
    pub fn next(&self) -> Turn {
        let at_once = |question: Question| Turn::Ask { question, not_before: Timestamp::MIN };
        match &self.flow {
            Flow::Account(flow) => flow.next().map_or(Turn::Done, |(question, not_before)| Turn::Ask {
                question: Question::Account(question),
                not_before,
            }),
            Flow::Grant(flow) => flow.next().map(Question::Grant).map_or(Turn::Done, at_once),
            Flow::Receiver(flow) => flow.next().map(Question::Receiver).map_or(Turn::Done, at_once),
        }
    }

    /// Takes the answer to the question that was asked last.
    pub fn answered(&mut self, answer: Answer, now: Timestamp) {
        self.notes.clock(answer.failure().and_then(|failure| failure.clock_offset_s));
        if let Answer::NotAsked(why) = &answer {
            self.notes.add(finding::not_asked(why, now));
        }
        match &mut self.flow {
            Flow::Account(flow) => flow.answered(&self.subject, answer, now, &mut self.notes),
            Flow::Grant(flow) => flow.answered(&self.subject, answer, now, &mut self.notes),
            Flow::Receiver(flow) => flow.answered(&self.subject, &answer, now, &mut self.notes),
        }
    }

    /// Ends it before its time, with what is known.
    pub fn stop(&mut self) {
        if self.next() != Turn::Done {
            self.notes.add(finding::stopped());
        }
    }

    /// The result, as it is now.
    pub fn finish(self, now: Timestamp) -> Checked {
        let Self { subject, flow: _, mut notes } = self;
        let connection = &subject.connection;
        let earlier = || {
            let (granted, _) = connection.last_granted();
            granted.or_else(|| subject.before.as_ref()?.granted.clone())
        };
        // A refresh that named no scopes leaves those of the login (RFC 6749 section 6).
        let known_now = notes.granted.is_some();
        let granted = notes.granted.take().or_else(earlier);
        let diff = Catalogue::embedded().diff(&connection.scopes, granted.as_deref());
        // What the receiver's own login was given is not known here, whatever an earlier test login had.
        let compared = diff.compared && connection.owner == Owner::Wizard;
        let scopes = if compared {
            ScopeDrift { known: true, missing: diff.missing, excess: diff.excess }
        } else {
            ScopeDrift::default()
        };
        for found in finding::of_scopes(&subject, &scopes, known_now) {
            notes.add(found);
        }
        if let Some(stored) = notes.stored
            && let Some(from) = stored.refresh_from
            && let Some(found) = finding::of_age(&subject, &notes.findings, from, now)
        {
            notes.add(found);
        }
        notes.findings.sort_by_key(|found| std::cmp::Reverse(found.severity));
        let worst = notes.findings.first().map(|found| found.severity);
        let proves = !notes.proved.is_empty() && connection.owner == Owner::Wizard;
        let status = match worst {
            Some(worst) => worst,
            None if proves => Status::Healthy,
            None => Status::NotChecked,
        };
        notes.unknown.extend(words::unknown(connection));
        let report = CheckReport {
            name: connection.name.clone(),
            procedure: connection.procedure.clone(),
            receiver: connection.receiver,
            app_kind: connection.app_kind,
            owner: connection.owner,
            at: now,
            status,
            access_token_expires: notes.stored.map(|stored| stored.access_expires),
            refresh_token_from: notes.stored.and_then(|stored| stored.refresh_from),
            refreshed: notes.refreshed,
            granted: granted.filter(|_| connection.owner == Owner::Wizard),
            scopes,
            findings: notes.findings,
            proved: notes.proved,
            unknown: notes.unknown,
            places: places::of(&subject),
        };
        Checked { report, change: notes.change, unsaved: notes.unsaved }
    }
}

/// Whether nothing but the answer itself was refused: the token was taken, and this read is not for it. Scopes, role
/// and plan are looked at after the token.
pub(super) fn token_was_taken(problem: &Diagnosis) -> bool {
    [
        "missing-scope",
        "no-permission",
        "not-found",
        "plan-missing",
        "request-invalid",
        "user-not-found",
        "user-not-in-account",
    ]
    .contains(&problem.code.as_str())
}

/// A finding about the secrets, in place of an answer.
pub(super) fn no_client(notes: &mut Notes, subject: &Subject, why: Option<&StoreFailure>, severity: Status) {
    notes.add(match why {
        Some(failure) => finding::of_store(failure),
        None => finding::secret_missing(subject, severity),
    });
}

/// Whether a finding of that code was made.
pub(super) fn found(notes: &Notes, code: FindingCode) -> bool {
    notes.findings.iter().any(|finding| finding.code == code)
}
