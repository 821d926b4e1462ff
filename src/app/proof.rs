//! Questions to Zoom that belong to a step: what is asked, about which values, and how often.

use super::message::Ticket;
use super::model::Model;
use super::wizard::{Field, StepState, Wizard};
use crate::entry::Checked;
use crate::oauth::authorize::Endpoints;
use crate::oauth::credentials::Credentials;
use crate::procedure::{CopySource, FieldName, Name, Phase, StepKind};
use crate::secret::{Fingerprint, Secret};
use crate::setup::{ProofRecord, Question};
use std::collections::BTreeMap;

/// Most times that one question is asked in one run of a set-up. Enough to correct each value once; a row of
/// refused secrets beyond that would look like guessing to Zoom, and to whoever reads its logs.
pub const MOST_TIMES: usize = 5;

/// Fields that a question about credentials is made of.
const CREDENTIALS: [FieldName; 3] = [FieldName::ClientId, FieldName::ClientSecret, FieldName::AccountId];

/// What a set-up is asking Zoom and has asked in this run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proving {
    /// The question under way on the current step.
    pub asking: Option<Asking>,
    /// How often each question was asked.
    pub asked: BTreeMap<Question, usize>,
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
    /// The answer about the values as they stand, and how often the question may be asked again in this run.
    Answered { question: Question, record: &'a ProofRecord, left: usize },
}

impl Wizard {
    /// The question of the current step, if all it is about is known.
    pub fn question(&self) -> Option<Question> {
        let step = self.current();
        let question = match &step.kind {
            StepKind::Fill { fields } if fields.iter().any(|field| CREDENTIALS.contains(&field.name)) => {
                if self.is_server_to_server() {
                    Question::Account
                } else {
                    Question::Pair
                }
            }
            StepKind::Copy if step.phase == Phase::RedirectUrl => {
                let is_redirect = |name: Name| name == Name::RedirectUrl;
                let copied = step.copy.iter().any(|copy| match &copy.value {
                    CopySource::Template(template) => template.names().any(is_redirect),
                    CopySource::Secret(_) => false,
                });
                if !copied || self.is_server_to_server() {
                    return None;
                }
                Question::Redirect
            }
            StepKind::Instruct
            | StepKind::Fill { .. }
            | StepKind::Choose { .. }
            | StepKind::Copy
            | StepKind::Scopes
            | StepKind::Activate
            | StepKind::Authorize
            | StepKind::Verify
            | StepKind::HandOver => return None,
        };
        self.values_of(question).map(|_| question)
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

    /// How often a question may still be asked in this run.
    pub fn times_left(&self, question: Question) -> usize {
        MOST_TIMES.saturating_sub(self.proving.asked.get(&question).copied().unwrap_or_default())
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
    Some(Shown::Answered { question, record, left: wizard.times_left(question) })
}
