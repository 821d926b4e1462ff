//! A Server-to-Server app: a token is asked for, its scopes are compared, and it is dropped.

use super::Status;
use super::checking::{Answer, CheckOptions, Notes, Subject, no_client};
use crate::oauth::{Grant, TokenRequest, diagnosis};
use crate::procedure::FieldName;
use crate::scope::Catalogue;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountQuestion {
    Token(TokenRequest),
}

/// The check under way. The token itself is in none of its states.
#[derive(Clone, Debug)]
pub(super) struct AccountFlow {
    options: Arc<CheckOptions>,
    /// What is asked next, and from when on.
    asking: Option<(TokenRequest, Timestamp)>,
    /// How often scopes were missing.
    lagged: usize,
}

impl AccountFlow {
    pub(super) fn new(
        subject: &Subject,
        options: &Arc<CheckOptions>,
        now: Timestamp,
        notes: &mut Notes,
    ) -> Self {
        let asking = match subject.client() {
            Ok(client) => {
                let account_id = subject.answer(FieldName::AccountId).to_owned();
                Some((TokenRequest { client, grant: Grant::AccountCredentials { account_id } }, now))
            }
            Err(why) => {
                no_client(notes, subject, why, Status::Warning);
                None
            }
        };
        Self { options: Arc::clone(options), asking, lagged: 0 }
    }

    pub(super) fn next(&self) -> Option<(AccountQuestion, Timestamp)> {
        let (request, not_before) = self.asking.as_ref()?;
        Some((AccountQuestion::Token(request.clone()), *not_before))
    }

    pub(super) fn answered(&mut self, subject: &Subject, answer: Answer, now: Timestamp, notes: &mut Notes) {
        let Some((request, _)) = self.asking.take() else { return };
        let Answer::Token(result) = answer else { return };
        match result {
            Err(failure) => notes.problem(subject, &diagnosis::diagnose(&failure, now)),
            Ok(grant) => {
                notes.clock(grant.clock_offset_s);
                let missing =
                    Catalogue::embedded().diff(&subject.connection.scopes, grant.scopes.as_deref()).missing;
                // What was missing last time too is not late.
                let known = subject.before.as_ref().is_some_and(|before| before.missing == missing);
                let delay = self.options.lag_delays_s.get(self.lagged).copied();
                if let Some(delay_s) = delay.filter(|_| !missing.is_empty() && !known) {
                    self.lagged += 1;
                    let delay = SignedDuration::from_secs(i64::try_from(delay_s).unwrap_or(0));
                    self.asking = Some((request, now.checked_add(delay).unwrap_or(now)));
                }
                notes.granted = grant.scopes;
                if notes.proved.is_empty() {
                    notes.proved.push(
                        "Zoom gave a token: Account ID, client ID and secret belong together, and the app is active"
                            .to_owned(),
                    );
                }
            }
        }
    }
}
