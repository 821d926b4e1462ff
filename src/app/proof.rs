//! Questions to Zoom that belong to a step: what is asked, about which values, and how often.

use super::message::Ticket;
use super::model::Model;
use super::wizard::{Activation, AuthorizationPhase, Field, StepState, Wizard};
use crate::entry::Checked;
use crate::oauth::authorize::Endpoints;
use crate::oauth::credentials::Credentials;
use crate::oauth::verdict::Judgement;
use crate::procedure::{CopySource, FieldName, Name, Phase, Step, StepKind};
use crate::secret::{Fingerprint, Secret};
use crate::setup::{ProofRecord, Question};
use std::collections::BTreeMap;

/// Most times that one question is asked about the same values in one run of a set-up: once, once more after
/// something was mended in Zoom, and once more after Zoom had time to take it in. A fourth answer would be no other.
pub const MOST_TIMES_SAME: usize = 3;

/// Most times that one question is asked in one run, whatever the values. Enough to correct each value several
/// times; a row of refused secrets beyond that would look like guessing to Zoom, and to whoever reads its logs.
pub const MOST_TIMES: usize = 20;

/// Fields that a question about credentials is made of.
pub const CREDENTIALS: [FieldName; 3] = [FieldName::ClientId, FieldName::ClientSecret, FieldName::AccountId];

/// What a set-up is asking Zoom and has asked in this run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proving {
    /// The question under way on the current step.
    pub asking: Option<Asking>,
    /// What each question was asked about, every time.
    pub asked: BTreeMap<Question, Vec<Vec<Fingerprint>>>,
    /// The look at the authorize page that goes with a login.
    pub login: Option<LoginLook>,
}

/// A question under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    pub ticket: Ticket,
    pub question: Question,
    /// The values it is about.
    pub about: Vec<Fingerprint>,
}

/// The look at the authorize page while the browser is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLook {
    /// The login it belongs to.
    pub login: Ticket,
    pub ticket: Ticket,
}

/// What a step shows of its question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown<'a> {
    /// It is under way.
    Asking(Question),
    /// The answer about the values as they stand, and how often the question may be asked again about them in
    /// this run.
    Answered { question: Question, record: &'a ProofRecord, left: usize },
}

impl Wizard {
    /// The question of the current step, if all it is about is known.
    pub fn question(&self) -> Option<Question> {
        let question = self.question_of(self.current())?;
        self.values_of(question).map(|_| question)
    }

    /// The question of a step, whether or not it can be asked yet.
    pub fn question_of(&self, step: &Step) -> Option<Question> {
        match &step.kind {
            StepKind::Fill { fields } if fields.iter().any(|field| CREDENTIALS.contains(&field.name)) => {
                Some(if self.is_server_to_server() { Question::Account } else { Question::Pair })
            }
            StepKind::Copy if step.phase == Phase::RedirectUrl => {
                let is_redirect = |name: Name| name == Name::RedirectUrl;
                let copied = step.copy.iter().any(|copy| match &copy.value {
                    CopySource::Template(template) => template.names().any(is_redirect),
                    CopySource::Secret(_) => false,
                });
                (copied && !self.is_server_to_server()).then_some(Question::Redirect)
            }
            StepKind::Instruct
            | StepKind::Fill { .. }
            | StepKind::Choose { .. }
            | StepKind::Copy
            | StepKind::Scopes
            | StepKind::Activate
            | StepKind::Authorize
            | StepKind::Verify
            | StepKind::HandOver => None,
        }
    }

    /// The step at which the credentials are entered.
    pub fn credentials_step(&self) -> Option<usize> {
        let asks = |step: &Step| matches!(self.question_of(step), Some(Question::Pair | Question::Account));
        self.procedure.steps.iter().position(asks)
    }

    /// Whether whoever leaves the current step now leaves it without the proof that it asks for.
    pub fn is_not_proved(&self, endpoints: &Endpoints) -> bool {
        match &self.state {
            StepState::Read { .. } | StepState::Fill(_) => {
                self.question_of(self.current()).is_some_and(|question| {
                    self.proof(question, endpoints).is_none_or(|record| {
                        !matches!(record.verdict.judgement, Judgement::Proved | Judgement::Expected)
                    })
                })
            }
            StepState::Activate(activation) => !matches!(activation, Activation::Granted { .. }),
            StepState::Authorize(authorization) => authorization.phase != AuthorizationPhase::Granted,
            StepState::Verify(_) => {
                self.setup.verification.as_ref().is_none_or(|verification| !verification.proves())
            }
            StepState::Choose { .. } | StepState::Scopes(_) | StepState::HandOver { .. } => false,
        }
    }

    /// The values that a question is about. `None` while one is missing.
    fn values_of(&self, question: Question) -> Option<Vec<Secret>> {
        let answer = |field| self.values().answer(field).map(Secret::new);
        let secret = || self.secrets.get(&FieldName::ClientSecret).cloned();
        Some(match question {
            Question::Pair if !self.is_public_client() => {
                vec![answer(FieldName::ClientId)?, secret()?]
            }
            Question::Pair => vec![answer(FieldName::ClientId)?],
            Question::Account => vec![answer(FieldName::AccountId)?, answer(FieldName::ClientId)?, secret()?],
            Question::Redirect => {
                vec![answer(FieldName::ClientId)?, Secret::new(self.values().redirect_url()?)]
            }
        })
    }

    /// Fingerprints of the values a question is about, and of the server it goes to.
    pub fn about(&self, question: Question, endpoints: &Endpoints) -> Option<Vec<Fingerprint>> {
        let mut about = vec![Secret::new(endpoints.oauth_base()).fingerprint()];
        about.extend(self.values_of(question)?.iter().map(Secret::fingerprint));
        Some(about)
    }

    /// The last answer to a question, if it is about the values as they stand.
    pub fn proof(&self, question: Question, endpoints: &Endpoints) -> Option<&ProofRecord> {
        let about = self.about(question, endpoints)?;
        self.setup.proofs.get(&question).filter(|record| record.about == about)
    }

    /// How often a question was asked about the values as they stand, and how often at all, in this run.
    pub fn times_asked(&self, question: Question, endpoints: &Endpoints) -> (usize, usize) {
        let asked = self.proving.asked.get(&question).map(Vec::as_slice).unwrap_or_default();
        let about = self.about(question, endpoints);
        (asked.iter().filter(|earlier| about.as_ref() == Some(earlier)).count(), asked.len())
    }

    /// How often a question may still be asked about the values as they stand, in this run.
    pub fn times_left(&self, question: Question, endpoints: &Endpoints) -> usize {
        let (same, all) = self.times_asked(question, endpoints);
        MOST_TIMES_SAME.saturating_sub(same).min(MOST_TIMES.saturating_sub(all))
    }

    /// What was entered, as evidence.
    pub fn credentials(&self) -> Credentials<'_> {
        let answer = |field| self.setup.answers.get(&field).map(String::as_str);
        Credentials {
            app_kind: self.procedure.app_kind,
            client_id: answer(FieldName::ClientId).unwrap_or_default(),
            client_secret: self.secrets.get(&FieldName::ClientSecret),
            account_id: answer(FieldName::AccountId),
            secret_token: self.secrets.get(&FieldName::SecretToken),
        }
    }

    /// Whether the form holds values that are not kept yet, so that nothing is known about them.
    fn is_being_changed(&self) -> bool {
        let StepState::Fill(form) = &self.state else { return false };
        let changed = |field: &Field| match &field.checked {
            Checked::Empty => field.kept.is_none(),
            Checked::Bad { .. } => true,
            Checked::Good { value, .. } if field.spec.name.is_secret() => {
                self.secrets.get(&field.spec.name).is_none_or(|kept| kept.expose() != value)
            }
            Checked::Good { value, .. } => self.setup.answers.get(&field.spec.name) != Some(value),
        };
        form.fields.iter().filter(|field| CREDENTIALS.contains(&field.spec.name)).any(changed)
    }
}

/// What the current step shows of its question.
pub fn shown(model: &Model) -> Option<Shown<'_>> {
    let wizard = model.wizard()?;
    if let Some(asking) = &wizard.proving.asking {
        return Some(Shown::Asking(asking.question));
    }
    if wizard.is_being_changed() {
        return None;
    }
    let question = wizard.question()?;
    let record = wizard.proof(question, &model.settings.endpoints)?;
    Some(Shown::Answered { question, record, left: wizard.times_left(question, &model.settings.endpoints) })
}
