//! Replacing a client secret on the screen: what was entered, what Zoom said to it, and how far it is stored.
//!
//! The old secret stays stored until Zoom has shown that it knows the new one.

use super::message::Ticket;
use super::wizard::Field;
use crate::oauth::credentials::Credentials;
use crate::oauth::verdict::Verdict;
use crate::procedure::{FieldName, Procedure};
use crate::secret::{Fingerprint, Secret};
use crate::setup::{Connection, Verification};
use jiff::Timestamp;
use std::sync::Arc;

/// A client secret that is being replaced. Lies above the screen it was opened from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotating {
    /// The connection as it was when this was opened.
    pub connection: Connection,
    /// `None` if it is not among the loaded ones.
    pub procedure: Option<Arc<Procedure>>,
    /// The new secret.
    pub field: Field,
    pub phase: RotationPhase,
    /// What Zoom said to the secret that was asked about last.
    pub verdict: Option<Verdict>,
    /// Every secret that Zoom was asked about here.
    pub asked: Vec<Fingerprint>,
    /// The one that Zoom knows, and when it said so.
    pub proved: Option<(Fingerprint, Timestamp)>,
    /// Why the proved secret is not stored.
    pub not_stored: Option<String>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub enum RotationPhase {
    /// The new secret is to be entered.
    Enter,
    /// Rehearsal: Regenerate is pressed on the sandbox's page.
    Regenerating { ticket: Ticket },
    /// Zoom is asked about it.
    Asking { ticket: Ticket, secret: Secret },
    /// Proved, and on its way into the secret store.
    Storing { ticket: Ticket, secret: Secret },
    /// In the secret store; the connection's file is to name it.
    Recording { ticket: Ticket, secret: Secret },
    /// Stored: now whoever else uses it must get it.
    Stored {
        secret: Secret,
        /// It is the secret that was stored before.
        same: bool,
    },
}

impl Rotating {
    /// Fingerprint of the secret that the connection was made with.
    pub fn before(&self) -> Option<&Fingerprint> {
        self.connection.secrets.get(&FieldName::ClientSecret)
    }

    /// Whether something is under way that has no keys but Esc.
    pub const fn is_busy(&self) -> bool {
        matches!(
            self.phase,
            RotationPhase::Regenerating { .. }
                | RotationPhase::Asking { .. }
                | RotationPhase::Storing { .. }
                | RotationPhase::Recording { .. }
        )
    }

    /// The new pair as evidence.
    pub fn credentials<'a>(&'a self, secret: &'a Secret) -> Credentials<'a> {
        let answer = |field| self.connection.answers.get(&field).map(String::as_str);
        Credentials {
            app_kind: self.connection.app_kind,
            client_id: answer(FieldName::ClientId).unwrap_or_default(),
            client_secret: Some(secret),
            account_id: answer(FieldName::AccountId),
            secret_token: None,
        }
    }

    /// When Zoom last gave a token for the pair before, as far as is known here.
    pub fn token_at(&self) -> Option<Timestamp> {
        self.connection.verification.as_ref().filter(|done| Verification::proves(done)).map(|done| done.at)
    }
}
