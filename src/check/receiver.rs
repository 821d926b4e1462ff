//! A connection whose grant the receiver owns. Its grant is never touched: only the pair is asked about, with a code
//! that was made up, and Zoom's sign-in page is looked at.

use super::checking::{Answer, CheckOptions, NotAsked, Notes, Randomness, Subject, no_client};
use super::{Status, finding};
use crate::oauth::credentials::Credentials;
use crate::oauth::pkce::{Verifier, state_from};
use crate::oauth::preflight::{self, Asked};
use crate::oauth::probe::{self, PairProbe};
use crate::oauth::verdict::Judgement;
use crate::oauth::{ClientAuthentication, Failure, PreflightAnswer, PreflightRequest, TokenGrant, diagnosis};
use crate::procedure::{AppKind, FieldName};
use jiff::Timestamp;
use std::sync::Arc;

/// What is asked. Neither can spend or obtain anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiverQuestion {
    /// Whether Zoom knows client ID and secret.
    Pair(PairProbe),
    /// Whether Zoom's sign-in page takes the redirect URL.
    Redirect(PreflightRequest),
}

/// The check under way.
#[derive(Clone, Debug)]
pub(super) struct ReceiverFlow {
    pair: Option<PairProbe>,
    /// Looked at once the pair is not refused.
    redirect: Option<PreflightRequest>,
    pair_known: bool,
    /// For the texts.
    host: String,
}

impl ReceiverFlow {
    pub(super) fn new(
        subject: &Subject,
        options: &Arc<CheckOptions>,
        randomness: Result<Randomness, String>,
        notes: &mut Notes,
    ) -> Self {
        let host = url::Url::parse(options.endpoints.oauth_base())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let mut flow = Self { pair: None, redirect: None, pair_known: false, host };
        let Randomness([code, state, verifier]) = match randomness {
            Ok(randomness) => randomness,
            Err(why) => {
                notes.add(finding::no_randomness(&why));
                return flow;
            }
        };
        match subject.client() {
            Ok(client) => {
                let verifier = Verifier::from_bytes(&verifier);
                let redirect = subject.redirect_url.clone();
                flow.pair = Some(PairProbe::new(client, redirect, &state_from(&code), verifier));
            }
            Err(why) => no_client(notes, subject, why, Status::Warning),
        }
        flow.redirect = subject.redirect_url.clone().map(|redirect| {
            let client_id = subject.answer(FieldName::ClientId);
            let verifier = Verifier::from_bytes(&verifier);
            preflight::request(&options.endpoints, client_id, redirect, &state_from(&state), &verifier)
        });
        if flow.redirect.is_none() && subject.connection.app_kind == AppKind::General {
            notes.unknown.push(
                "Whether Zoom takes the redirect URL: the procedure that tells it is not loaded here"
                    .to_owned(),
            );
        }
        flow
    }

    pub(super) fn next(&self) -> Option<ReceiverQuestion> {
        match (&self.pair, &self.redirect) {
            (Some(probe), _) => Some(ReceiverQuestion::Pair(probe.clone())),
            (None, Some(request)) => Some(ReceiverQuestion::Redirect(request.clone())),
            (None, None) => None,
        }
    }

    pub(super) fn answered(&mut self, subject: &Subject, answer: &Answer, now: Timestamp, notes: &mut Notes) {
        let pair = self.pair.take();
        match (pair, answer) {
            (Some(_), Answer::Token(result)) => self.pair_answered(subject, result, now, notes),
            (None, Answer::Preflight(result)) => self.redirect_answered(subject, result, now, notes),
            (_, Answer::NotAsked(NotAsked::Limited { .. } | NotAsked::OutOfReach { .. })) => {
                self.redirect = None
            }
            (Some(_), Answer::Renewed(_) | Answer::Read(_) | Answer::Preflight(_) | Answer::Looked(_))
            | (None, Answer::Token(_) | Answer::Renewed(_) | Answer::Read(_) | Answer::Looked(_)) => {
                self.redirect = None;
            }
        }
    }

    fn pair_answered(
        &mut self,
        subject: &Subject,
        result: &Result<TokenGrant, Failure>,
        now: Timestamp,
        notes: &mut Notes,
    ) {
        let client = subject.client().ok();
        let secret = client.as_ref().and_then(|client| match client {
            ClientAuthentication::Basic { client_secret, .. } => Some(client_secret),
            ClientAuthentication::Public { .. } => None,
        });
        let given = Credentials {
            app_kind: subject.connection.app_kind,
            client_id: subject.answer(FieldName::ClientId),
            client_secret: secret,
            account_id: None,
            secret_token: None,
        };
        let verdict = probe::pair(result, given, now);
        // A Server-to-Server app exchanges no codes: Zoom knows the pair and refuses the kind of question.
        let other_kind =
            verdict.code == "wrong-kind" && subject.connection.app_kind == AppKind::ServerToServer;
        match (verdict.judgement, result) {
            (Judgement::Proved, _) => {
                self.pair_known = true;
                notes.proved.push("Zoom knows this pair of client ID and secret".to_owned());
            }
            (Judgement::Refused, _) if other_kind => {
                self.pair_known = true;
                notes.proved.push("Zoom did not refuse this pair of client ID and secret".to_owned());
            }
            (Judgement::Refused, Err(failure)) => {
                self.redirect = None;
                notes.problem(subject, &diagnosis::diagnose(failure, now));
            }
            (Judgement::Open, Err(_)) if verdict.code == "public-client" => {
                notes.unknown.push(format!("Whether the client ID is known: {}", verdict.heading));
            }
            (Judgement::Open | Judgement::Expected, Err(failure)) => {
                self.redirect = None;
                notes.add(finding::of_unanswered_pair(subject, &diagnosis::diagnose(failure, now)));
            }
            (Judgement::Refused | Judgement::Open | Judgement::Expected, Ok(_)) => {
                self.redirect = None;
                notes.add(finding::of_verdict(&verdict, Status::NotChecked));
            }
        }
    }

    fn redirect_answered(
        &mut self,
        subject: &Subject,
        result: &Result<PreflightAnswer, Failure>,
        now: Timestamp,
        notes: &mut Notes,
    ) {
        self.redirect = None;
        if let Err(failure) = result {
            return notes.problem(subject, &diagnosis::diagnose(failure, now));
        }
        let asked = Asked {
            host: &self.host,
            redirect_uri: subject.redirect_url.as_deref().unwrap_or_default(),
            pair_known: self.pair_known,
        };
        let verdict = preflight::read(result, asked, now);
        match verdict.judgement {
            Judgement::Proved | Judgement::Expected => {
                notes
                    .proved
                    .push("Zoom's sign-in page refuses neither client ID nor redirect URL".to_owned());
            }
            // The live grant does without the redirect URL; the next login does not.
            Judgement::Refused => notes.add(finding::of_redirect(subject, &verdict)),
            Judgement::Open => {
                notes.unknown.push(format!("Whether Zoom takes the redirect URL: {}", verdict.summary()));
            }
        }
    }
}
