//! A set-up on screen: the step it stands at and the state of that step.

use super::input::TextField;
use super::message::Ticket;
use super::proof::Proving;
use crate::entry::Checked;
use crate::oauth::kind::KindFinding;
use crate::oauth::renewal::{Refreshing, TokenRecord};
use crate::oauth::verdict::Verdict;
use crate::oauth::{Diagnosis, PendingAuthorization};
pub use crate::ports::PortProblem;
use crate::procedure::{
    AppKind, Choice, ClientType, CopySource, FieldName, FieldSpec, Phase, Procedure, ScopeNeed, Step,
    StepKind, Template,
};
use crate::secret::{Fingerprint, Secret};
use crate::setup::compared::ExactString;
use crate::setup::values::AnswerValues;
use crate::setup::{AccountFacts, Check, SecretKey, Setup};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A set-up being worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Wizard {
    pub procedure: Arc<Procedure>,
    pub setup: Setup,
    /// Secret answers, as far as they are known in this run.
    pub secrets: BTreeMap<FieldName, Secret>,
    /// Tokens of the wizard's own login.
    pub tokens: Option<crate::oauth::token::StoredTokens>,
    /// A refresh of them that was begun and whose end is not known.
    pub refreshing: Option<Refreshing>,
    /// No store took them: they are nowhere but here.
    pub tokens_unstored: bool,
    /// The connection that they went to when it was stored. Two copies of one refresh token would be spent by two.
    pub tokens_with: Option<String>,
    /// A login begun in an earlier run that is still waiting for its answer.
    pub pending: Option<PendingAuthorization>,
    /// Index of the current step.
    pub step: usize,
    pub state: StepState,
    /// Secret answers that are neither in the secret store nor on their way into it.
    pub unsaved: BTreeSet<FieldName>,
    /// Waits for the secret store.
    pub saving: Option<Saving>,
    /// Waits for the connection to be stored.
    pub storing: Option<Ticket>,
    /// Waits for the secrets of a resumed set-up.
    pub loading: Option<Ticket>,
    /// What was pasted back on the desk, in this run only: what it found is in [`Setup::compared`].
    pub pasted: BTreeMap<ExactString, Secret>,
    /// Questions to Zoom about what was entered.
    pub proving: Proving,
}

/// Secrets on their way into the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saving {
    pub ticket: Ticket,
    /// Which. One that is changed meanwhile is in [`Wizard::unsaved`] again.
    pub fields: BTreeSet<FieldName>,
    /// The step is done once they are there.
    pub advance: bool,
}

/// State of the current step, by its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// Instruct and copy: which value `c` copies.
    Read {
        selected: usize,
    },
    Choose {
        selected: usize,
    },
    Fill(Form),
    Scopes(ScopeList),
    Activate(Activation),
    Authorize(Authorization),
    Verify(Verifying),
    /// Which field `c` copies.
    HandOver {
        selected: usize,
    },
}

/// Fields of a fill step.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub fields: Vec<Field>,
    /// Index of the field with the focus.
    pub focus: usize,
}

/// A field being filled in.
#[derive(Clone, PartialEq)]
pub struct Field {
    pub spec: FieldSpec,
    pub input: TextField,
    /// Live result of the entry rules for the text as it stands.
    pub checked: Checked,
    /// A masked field is shown in clear.
    pub peek: bool,
    /// The kept secret, while nothing new is typed.
    pub kept: Option<Fingerprint>,
    /// The admin has left the field or pressed Enter in it: an empty required field is now a problem.
    pub visited: bool,
}

impl Field {
    /// Whether Ctrl-U takes back what was kept of it: an optional secret with nothing typed in its place.
    pub fn is_removable(&self) -> bool {
        self.kept.is_some() && !self.spec.required && self.input.text().is_empty()
    }
}

impl std::fmt::Debug for Field {
    /// The checked value of a masked field is the secret, so only the kind of the result is shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Field");
        shown.field("name", &self.spec.name).field("input", &self.input);
        if self.input.is_masked() {
            let kind = match &self.checked {
                Checked::Empty => "Empty",
                Checked::Good { .. } => "Good(…)",
                Checked::Bad { .. } => "Bad(…)",
            };
            shown.field("checked", &format_args!("{kind}"));
        } else {
            shown.field("checked", &self.checked);
        }
        shown.field("kept", &self.kept).field("visited", &self.visited).finish_non_exhaustive()
    }
}

/// The scope checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopeList {
    /// Rows as shown: the chosen procedure's scopes, or what the search found.
    pub rows: Vec<ScopeRow>,
    pub selected: usize,
    /// Search text; `Some` while it has the focus or holds text.
    pub search: Option<TextField>,
    /// Whether the search box has the focus.
    pub searching: bool,
}

/// How many finds of a search are listed.
pub const MOST_FOUND: usize = 60;

/// A line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRow {
    pub id: String,
    /// Why it is in the list; `None` for one that the admin found by search.
    pub need: Option<ScopeNeed>,
    pub reason: String,
    /// The document's label it stands behind.
    pub label: Option<String>,
}

/// Asking for a Server-to-Server token until it is granted whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    Ready,
    /// Attempt (from 1) of at most so many.
    Asking {
        ticket: Ticket,
        attempt: usize,
        of: usize,
    },
    /// Scopes lag; next attempt at that time.
    Lagging {
        ticket: Ticket,
        attempt: usize,
        of: usize,
        missing: Vec<String>,
        until: Timestamp,
    },
    Failed {
        verdict: Verdict,
    },
    /// A token was granted; `missing` may still be there after the last attempt.
    Granted {
        missing: Vec<String>,
        /// Signs that the app is of the wrong kind.
        findings: Vec<KindFinding>,
    },
}

/// The wizard's own test login.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorization {
    pub phase: AuthorizationPhase,
    /// Which way was chosen last; kept for a retry.
    pub way: LoginWay,
    /// Masked paste box, once opened.
    pub paste: Option<TextField>,
    /// Whether the paste box has the focus.
    pub pasting: bool,
    /// What was wrong with the last paste.
    pub paste_problem: Option<String>,
    /// Where the browser ended, as far as that is known: the stand-in of a rehearsal tells. Ctrl-Y pastes it.
    pub landed: Option<Secret>,
    /// The address of the login is shown as a QR code.
    pub qr: bool,
    /// Which of the loopback addresses is copied next, on the offer.
    pub next_address: usize,
    /// What was seen of the login, newest last, at most [`MAX_LOG_LINES`].
    pub log: Vec<LogLine>,
}

/// How many lines of a login's log are kept.
pub const MAX_LOG_LINES: usize = 50;

/// Something that happened to a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    /// What it was and what was made of it, printable.
    pub text: String,
}

impl Authorization {
    /// The login whose answer is awaited, while one is.
    pub const fn pending(&self) -> Option<&PendingAuthorization> {
        if let AuthorizationPhase::Waiting { pending, .. } = &self.phase { Some(pending) } else { None }
    }

    /// What belongs to the waiting for an answer goes when the waiting ends.
    pub fn end_waiting(&mut self) {
        self.paste = None;
        self.pasting = false;
        self.paste_problem = None;
        self.landed = None;
        self.qr = false;
    }

    /// Notes what happened to the login.
    pub fn note(&mut self, at: Timestamp, text: impl Into<String>) {
        self.log.push(LogLine { at, text: text.into() });
        let surplus = self.log.len().saturating_sub(MAX_LOG_LINES);
        self.log.drain(..surplus);
    }
}

/// Ways through the authorize step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginWay {
    /// Test login, caught on the loopback listener (or pasted).
    Loopback,
    /// Test login over the receiver's redirect URL; the final address is pasted.
    Receiver,
    /// No test login: the receiver logs in.
    Skip,
}

/// Where the login stands.
#[derive(Clone, Debug, PartialEq)]
pub enum AuthorizationPhase {
    /// Choosing a way; index into [`Wizard::login_ways`].
    Offer { selected: usize },
    /// Randomness, listener and store are being prepared, in this order.
    Preparing {
        ticket: Ticket,
        /// Take any free port instead of one of the list.
        any_port: bool,
        /// Known once randomness came: state and verifier.
        login: Option<(Secret, Secret)>,
        /// Known once the listener is bound.
        port: Option<u16>,
        /// Ports of the list that were tried before it.
        passed_over: Vec<PortProblem>,
        /// Known once the redirect URL is.
        pending: Option<PendingAuthorization>,
    },
    /// The browser is out; listener (if any) and paste box are live.
    Waiting {
        /// Ticket of the listener.
        ticket: Ticket,
        /// Ticket of the next countdown wake-up.
        tick: Ticket,
        pending: PendingAuthorization,
        url: String,
        /// `Some` while the loopback listener is up.
        port: Option<u16>,
        /// Ports of the list that were tried before it.
        passed_over: Vec<PortProblem>,
        /// End of the listener's time.
        deadline: Timestamp,
        /// The deadline has passed: only the paste box is left, until [`PendingAuthorization::useless_at`].
        late: bool,
    },
    /// The code is being exchanged; the browser waits for the page.
    Exchanging { ticket: Ticket, listener: Option<Ticket> },
    /// The new tokens are being stored; they count once they are on disk.
    Storing { ticket: Ticket, listener: Option<Ticket> },
    /// It ended without tokens.
    Failed { problem: Diagnosis },
    /// None of the ports can be had; Enter takes any free one.
    PortTaken { problems: Vec<PortProblem> },
    /// Tokens are stored.
    Granted,
    /// The exchange succeeded, but the tokens could not be stored.
    NotStored { message: String },
    /// The receiver will log in.
    Skipped,
}

/// The verify step.
#[derive(Clone, Debug, PartialEq)]
pub struct Verifying {
    pub phase: VerifyingPhase,
    /// Checks so far, in order.
    pub checks: Vec<Check>,
    /// Granted scopes, as far as the token answers named them.
    pub granted: Option<Vec<String>>,
    /// Who the token belongs to, once known.
    pub account: Option<AccountFacts>,
    /// `api_url` of the last token answer.
    pub api_url: Option<String>,
    /// The admin was told about failing checks and pressed Enter; once more goes on.
    pub acknowledged: bool,
}

/// What the verification is asking, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyStage {
    /// Server-to-Server: a token.
    Token,
    /// General app: the refresh, once.
    Refresh,
    /// A pair that the store did not take is being written again.
    StoreRefreshed,
    /// `GET /users/me`.
    Me,
    /// `GET /users?page_size=1`.
    Users,
}

impl VerifyStage {
    /// What is being asked, for the screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Token => "Asking Zoom for a token",
            Self::Refresh => "Trying the refresh once",
            Self::StoreRefreshed => "Writing the new tokens to the store",
            Self::Me => "Asking Zoom who the token belongs to",
            Self::Users => "Asking Zoom for one user of the account",
        }
    }
}

/// Where the verification stands.
#[derive(Clone, Debug, PartialEq)]
pub enum VerifyingPhase {
    /// Not run yet in this state of the answers.
    Ready,
    Running {
        ticket: Ticket,
        stage: VerifyStage,
    },
    /// All checks have an outcome; see [`Setup::verification`]. A wizard-owned login still wants a decision.
    Finished,
    /// Choosing what becomes of the test login: 0 revoke and hand over, 1 keep and own.
    Deciding {
        selected: usize,
    },
    /// The grant is being revoked.
    Revoking {
        ticket: Ticket,
    },
    /// Revoking failed; the tokens are still there.
    RevokeFailed {
        problem: Diagnosis,
    },
}

/// How far a phase or step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Open,
    Current,
    Done,
    /// Done, but an answer it depends on has changed since.
    CheckAgain,
    /// Passed without the proof that it asks for.
    NotProved,
}

/// What the address of a step's page is called among the values to copy.
pub const PAGE: &str = "Page";

/// A value that `c` can copy.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyItem {
    /// The receiver's or Zoom's label.
    pub label: String,
    /// `None` while an answer it is made of is missing.
    pub value: Option<Secret>,
    /// Masked on screen: show its fingerprint.
    pub secret: bool,
    /// What is missing, if `value` is `None`.
    pub missing: Option<String>,
}

impl Wizard {
    /// The step it stands at.
    pub fn current(&self) -> &Step {
        &self.procedure.steps[self.step]
    }

    /// The authorize step, if it is the current one.
    pub const fn authorization(&self) -> Option<&Authorization> {
        if let StepState::Authorize(authorization) = &self.state { Some(authorization) } else { None }
    }

    /// As [`Self::authorization`], to change it.
    pub const fn authorization_mut(&mut self) -> Option<&mut Authorization> {
        if let StepState::Authorize(authorization) = &mut self.state { Some(authorization) } else { None }
    }

    /// Where the tokens lie in the store.
    pub fn tokens_key(&self) -> SecretKey {
        match &self.tokens_with {
            Some(name) => SecretKey::ConnectionTokens(name.clone()),
            None => SecretKey::SetupTokens(self.setup.id.clone()),
        }
    }

    /// The tokens with what is known of their last refresh, for the store.
    pub fn token_record(&self) -> Option<TokenRecord> {
        let tokens = self.tokens.clone()?;
        Some(TokenRecord { refreshing: self.refreshing.clone(), ..TokenRecord::of_login(tokens) })
    }

    /// The verify step, if it is the current one.
    pub const fn verifying(&self) -> Option<&Verifying> {
        if let StepState::Verify(verifying) = &self.state { Some(verifying) } else { None }
    }

    /// As [`Self::verifying`], to change it.
    pub const fn verifying_mut(&mut self) -> Option<&mut Verifying> {
        if let StepState::Verify(verifying) = &mut self.state { Some(verifying) } else { None }
    }

    /// Values for templates.
    pub fn values(&self) -> AnswerValues<'_> {
        AnswerValues { answers: &self.setup.answers, procedure: &self.procedure }
    }

    /// Progress of a step.
    pub fn step_progress(&self, index: usize) -> Progress {
        let step = &self.procedure.steps[index];
        match self.setup.done.get(&step.id) {
            _ if index == self.step => Progress::Current,
            Some(done) if done.check_again => Progress::CheckAgain,
            Some(done) if done.not_proved => Progress::NotProved,
            Some(_) => Progress::Done,
            None => Progress::Open,
        }
    }

    /// The phases in order with their progress.
    pub fn phase_progress(&self) -> Vec<(Phase, Progress)> {
        self.procedure
            .phases()
            .into_iter()
            .map(|phase| {
                let steps =
                    || self.procedure.steps.iter().enumerate().filter(move |(_, step)| step.phase == phase);
                let done = |step: &Step| self.setup.done.get(&step.id);
                let progress = if self.current().phase == phase {
                    Progress::Current
                } else if steps().any(|(_, step)| done(step).is_some_and(|done| done.check_again)) {
                    Progress::CheckAgain
                } else if steps().any(|(_, step)| done(step).is_none()) {
                    Progress::Open
                } else if steps().any(|(_, step)| done(step).is_some_and(|done| done.not_proved)) {
                    Progress::NotProved
                } else {
                    Progress::Done
                };
                (phase, progress)
            })
            .collect()
    }

    /// Values to copy on the current step: its own and the address of its page, or the receiver's form at the
    /// hand-over.
    pub fn copy_items(&self) -> Vec<CopyItem> {
        let step = self.current();
        let of_template = |label: &str, template: &Template| {
            let value = template.render(&self.values());
            let missing = value.is_none().then(|| template.render_lossy(&self.values()));
            CopyItem { label: label.to_owned(), value: value.map(Secret::new), secret: false, missing }
        };
        let form: &[_] =
            if step.kind == StepKind::HandOver { self.procedure.handover.fields.as_slice() } else { &[] };
        let values = step.copy.iter().chain(form).map(|copy| match &copy.value {
            CopySource::Template(template) => of_template(&copy.label, template),
            CopySource::Secret(field) => {
                let value = self.secrets.get(field).cloned();
                let missing = value.is_none().then(|| format!("<{}>", field.as_str()));
                CopyItem { label: copy.label.clone(), value, secret: true, missing }
            }
        });
        // Where no browser opens (over SSH, in a container) the address is carried over like any other value.
        let reads = matches!(step.kind, StepKind::Instruct | StepKind::Copy);
        let page = step.open.iter().filter(|_| reads).map(|template| of_template(PAGE, template));
        values.chain(page).collect()
    }

    /// Options of a choose step.
    pub fn options(&self) -> &[Choice] {
        match &self.current().kind {
            StepKind::Choose { options, .. } => options,
            StepKind::Instruct
            | StepKind::Fill { .. }
            | StepKind::Copy
            | StepKind::Scopes
            | StepKind::Activate
            | StepKind::Authorize
            | StepKind::Verify
            | StepKind::HandOver => &[],
        }
    }

    /// Whether the app is a public client: the procedure knows of no client secret.
    pub fn is_public_client(&self) -> bool {
        !self.procedure.steps.iter().any(|step| step.kind.asks_for(FieldName::ClientSecret))
    }

    /// Whether the app is a PKCE client, as far as is known. Only such a one may be sent to a loopback address
    /// (Zoom's changelog, "PKCE loopback support").
    pub fn takes_loopback(&self) -> bool {
        let client_type = self.setup.answers.get(&FieldName::ClientType).map(String::as_str);
        self.is_public_client() || client_type == Some(ClientType::Pkce.as_str())
    }

    /// The ways through the authorize step, the likeliest to work first. Skipping is the last.
    pub fn login_ways(&self) -> [LoginWay; 3] {
        if self.takes_loopback() {
            [LoginWay::Loopback, LoginWay::Receiver, LoginWay::Skip]
        } else {
            [LoginWay::Receiver, LoginWay::Loopback, LoginWay::Skip]
        }
    }

    /// Whether the app is a Server-to-Server app.
    pub fn is_server_to_server(&self) -> bool {
        self.procedure.app_kind == AppKind::ServerToServer
    }

    /// Scopes that the document requires and that are not chosen, in its order.
    pub fn required_left_out(&self) -> Vec<&str> {
        let required = self.procedure.scope_ids(ScopeNeed::Required).into_iter();
        required.filter(|id| !self.setup.scopes.contains(*id)).collect()
    }

    /// Chosen scopes that are not ticked as added in Zoom, in the order of the checklist.
    pub fn scopes_to_add(&self) -> Vec<&str> {
        let listed = self.procedure.scopes.iter().map(|scope| scope.id.as_str());
        let found = self.setup.scopes.iter().map(String::as_str);
        let mut seen = Vec::new();
        for id in listed.chain(found) {
            if self.setup.scopes.contains(id) && !self.setup.scopes_added.contains(id) && !seen.contains(&id)
            {
                seen.push(id);
            }
        }
        seen
    }
}
