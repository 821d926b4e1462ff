//! Removing a stored connection: what is asked first, and how far it is.

use super::message::Ticket;
use crate::error::ErrorKind;
use crate::handoff::removal::is_revocable;
use crate::secret::Secret;
use crate::setup::Connection;

/// A connection about to be removed. Lies above the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Removing {
    pub connection: Connection,
    /// Index into [`Self::choices`].
    pub selected: usize,
    pub phase: RemovalPhase,
    /// The login was revoked at Zoom.
    pub revoked: bool,
    /// Why it is still here.
    pub problem: Option<RemovalProblem>,
}

/// Why a connection is still here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalProblem {
    /// What a command ends with.
    pub kind: ErrorKind,
    /// A sentence or two.
    pub text: String,
}

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalChoice {
    /// Revoke the login at Zoom, then remove.
    RevokeAndRemove,
    /// Remove here only.
    Remove,
    /// Leave everything as it is.
    Keep,
}

impl RemovalChoice {
    /// In a few words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RevokeAndRemove => "Revoke the login at Zoom, then remove",
            Self::Remove => "Remove here only",
            Self::Keep => "Keep it",
        }
    }
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemovalPhase {
    /// The question is on the screen.
    Asking,
    /// The client secret is read, to revoke with.
    Reading { ticket: Ticket },
    /// An access token that lives is made sure of: Zoom revokes by it.
    Renewing { ticket: Ticket, client_secret: Option<Secret> },
    /// Zoom is asked to revoke.
    Revoking { ticket: Ticket },
    /// It is removed here.
    Deleting { ticket: Ticket },
}

impl Removing {
    /// The question about that connection.
    pub const fn new(connection: Connection) -> Self {
        Self { connection, selected: 0, phase: RemovalPhase::Asking, revoked: false, problem: None }
    }

    /// What can be done, the first one recommended.
    pub fn choices(&self) -> &'static [RemovalChoice] {
        if is_revocable(&self.connection) && !self.revoked {
            &[RemovalChoice::RevokeAndRemove, RemovalChoice::Remove, RemovalChoice::Keep]
        } else {
            &[RemovalChoice::Remove, RemovalChoice::Keep]
        }
    }

    /// Whether it is under way.
    pub fn is_busy(&self) -> bool {
        self.phase != RemovalPhase::Asking
    }
}
