//! A grant that is owned here: refreshed when due, and its token proved by one harmless read.

use super::checking::{
    Answer, CheckOptions, GrantChange, Notes, Stored, Subject, Unsaved, found, no_client, token_was_taken,
};
use super::{DUE, FindingCode, Status, finding};
use crate::oauth::renewal::TokenRecord;
use crate::oauth::token::StoredTokens;
use crate::oauth::{ApiRead, Failure, TokenGrant, diagnosis};
use crate::ports::{Renewal, RenewalRequest, StoreFailure};
use crate::setup::SecretKey;
use jiff::Timestamp;
use std::sync::Arc;

/// Of the signed-in user; a refusal of the read itself still proves the token.
const HARMLESS_READ: &str = "/users/me";

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantQuestion {
    /// What is stored here.
    Look(SecretKey),
    Renew(RenewalRequest),
    Read(ApiRead),
}

/// The check under way.
#[derive(Clone, Debug)]
pub(super) struct GrantFlow {
    options: Arc<CheckOptions>,
    stage: Stage,
    /// A refresh was asked for in this check.
    renewed: bool,
}

#[derive(Clone, Debug)]
enum Stage {
    Ask(GrantQuestion),
    Done,
}

impl GrantFlow {
    pub(super) fn new(subject: &Subject, options: &Arc<CheckOptions>) -> Self {
        let look = GrantQuestion::Look(key(subject));
        Self { options: Arc::clone(options), stage: Stage::Ask(look), renewed: false }
    }

    pub(super) fn next(&self) -> Option<GrantQuestion> {
        match &self.stage {
            Stage::Ask(question) => Some(question.clone()),
            Stage::Done => None,
        }
    }

    pub(super) fn answered(&mut self, subject: &Subject, answer: Answer, now: Timestamp, notes: &mut Notes) {
        let Stage::Ask(asked) = std::mem::replace(&mut self.stage, Stage::Done) else { return };
        // An answer to another question ends the check: nothing is concluded from it.
        match (asked, answer) {
            (GrantQuestion::Look(_), Answer::Looked(looked)) => self.looked(subject, looked, now, notes),
            (GrantQuestion::Renew(_), Answer::Renewed(renewal)) => self.renewal(subject, renewal, now, notes),
            (GrantQuestion::Read(_), Answer::Read(Ok(answer))) => {
                notes.clock(answer.clock_offset_s);
                notes.proved.push("The API answered to the access token".to_owned());
            }
            (GrantQuestion::Read(_), Answer::Read(Err(failure))) => {
                self.read_failed(subject, &failure, now, notes);
            }
            (
                GrantQuestion::Look(_) | GrantQuestion::Renew(_) | GrantQuestion::Read(_),
                Answer::Token(_)
                | Answer::Renewed(_)
                | Answer::Read(_)
                | Answer::Preflight(_)
                | Answer::Looked(_)
                | Answer::NotAsked(_),
            ) => {}
        }
    }

    fn looked(
        &mut self,
        subject: &Subject,
        looked: Result<Option<TokenRecord>, StoreFailure>,
        now: Timestamp,
        notes: &mut Notes,
    ) {
        let record = match looked {
            Ok(Some(record)) => record,
            Ok(None) => return notes.add(finding::no_refresh_token(subject, false)),
            Err(failure) => return notes.add(finding::of_token_store(subject, &failure)),
        };
        notes.stored = Some(Stored::of(&record.tokens));
        // A mark that is left of an earlier refresh is for the one who refreshes to read.
        let due = self.options.refresh
            || record.refreshing.is_some()
            || record.tokens.expires_at.duration_since(now) < DUE;
        if due {
            return self.renew(subject, !self.options.refresh, notes);
        }
        self.read(subject, &record.tokens);
        if let Err(why) = subject.client() {
            no_client(notes, subject, why, Status::Unhealthy);
        }
    }

    /// A refresh: of what has less than [`DUE`] left, or in any case.
    fn renew(&mut self, subject: &Subject, only_if_due: bool, notes: &mut Notes) {
        self.renewed = true;
        match subject.client() {
            Ok(client) => {
                let due_s = u64::try_from(DUE.as_secs()).unwrap_or(0);
                let when_less_than_s = only_if_due.then_some(due_s);
                let request = RenewalRequest { key: key(subject), client, when_less_than_s };
                self.stage = Stage::Ask(GrantQuestion::Renew(request));
            }
            Err(why) => no_client(notes, subject, why, Status::Unhealthy),
        }
    }

    fn read(&mut self, subject: &Subject, tokens: &StoredTokens) {
        let grant = subject.connection.grant.as_ref();
        let read = ApiRead {
            api_url: grant.and_then(|grant| grant.api_url.clone()),
            path: HARMLESS_READ.to_owned(),
            access_token: tokens.access_token.clone(),
        };
        self.stage = Stage::Ask(GrantQuestion::Read(read));
    }

    fn renewal(&mut self, subject: &Subject, renewal: Renewal, now: Timestamp, notes: &mut Notes) {
        match renewal {
            Renewal::Fresh { tokens, adopted } => {
                if let Some(adopted) = &adopted {
                    notes.add(finding::adopted(adopted));
                }
                notes.stored = Some(Stored::of(&tokens));
                self.read(subject, &tokens);
            }
            Renewal::Renewed { tokens, grant } => {
                notes.proved.push("Zoom gave a new pair, which was stored before it was used".to_owned());
                refreshed(notes, &tokens, &grant, now);
                self.read(subject, &tokens);
            }
            Renewal::NotStored { tokens, grant, failure, rescued } => {
                refreshed(notes, &tokens, &grant, now);
                notes.add(finding::not_stored(&failure, rescued.as_deref()));
                notes.unsaved = Some(Unsaved { key: key(subject), tokens, rescued });
            }
            Renewal::Refused { tokens, failure } => {
                notes.stored = Some(Stored::of(&tokens));
                let problem = diagnosis::diagnose(&failure, now);
                let age = tokens.refresh_token.as_ref().map(|_| now.duration_since(tokens.obtained_at));
                notes.add(finding::of_refused_refresh(subject, &problem, age));
            }
            Renewal::NotSent { tokens, failure } => {
                notes.stored = Some(Stored::of(&tokens));
                notes.problem(subject, &diagnosis::diagnose(&failure, now));
            }
            Renewal::Unknown { tokens, since, failure } => {
                notes.stored = Some(Stored::of(&tokens));
                let problem = failure.as_ref().map(|failure| diagnosis::diagnose(failure, now));
                notes.add(finding::interrupted(subject, since, problem.as_ref()));
            }
            Renewal::NoRefreshToken { tokens } => {
                notes.stored = Some(Stored::of(&tokens));
                let lives = tokens.expires_at > now;
                notes.add(finding::no_refresh_token(subject, lives));
                if lives {
                    self.read(subject, &tokens);
                }
            }
            Renewal::NoTokens => notes.add(finding::no_refresh_token(subject, false)),
            Renewal::Store(failure) => notes.add(finding::of_token_store(subject, &failure)),
        }
    }

    fn read_failed(&mut self, subject: &Subject, failure: &Failure, now: Timestamp, notes: &mut Notes) {
        let problem = diagnosis::diagnose(failure, now);
        if token_was_taken(&problem) {
            let said = problem.heading.trim_end_matches('.');
            notes.proved.push(format!("Zoom knows the access token; it only refused one read ({said})"));
            return;
        }
        let refused = finding::code_of(&problem) == FindingCode::TokenRefused;
        if refused && !self.renewed && !found(notes, FindingCode::NoRefreshToken) {
            // Another copy may have refreshed meanwhile, or the token ended early: a new one tells.
            return self.renew(subject, false, notes);
        }
        notes.problem(subject, &problem);
    }
}

fn key(subject: &Subject) -> SecretKey {
    SecretKey::ConnectionTokens(subject.connection.name.clone())
}

fn refreshed(notes: &mut Notes, tokens: &StoredTokens, grant: &TokenGrant, now: Timestamp) {
    notes.clock(grant.clock_offset_s);
    notes.stored = Some(Stored::of(tokens));
    notes.refreshed = true;
    notes.granted.clone_from(&grant.scopes);
    notes.change = Some(GrantChange {
        refreshed_at: now,
        expires_at: tokens.expires_at,
        refreshable: tokens.refresh_token.is_some(),
        scopes: grant.scopes.clone(),
        api_url: grant.api_url.clone(),
    });
}
