//! The error a command ends with. Its [`ErrorKind`] decides heading and exit code; its hints are the next
//! key or command to use.

use std::fmt;

/// What kind of end it was. The numbers are the contract with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A check failed or a connection is unhealthy.
    CheckFailed,
    /// The command line, a file or an answer is not usable.
    Usage,
    /// It was ended from outside before its end.
    Cancelled,
    /// The user chose to leave before the end, which is no failure.
    Left,
    /// Network or Zoom out of reach.
    Unreachable,
    /// Zoom refused the credentials or the grant.
    Refused,
    /// The store can't be read or written.
    Store,
    /// A defect of this program.
    Internal,
    /// The result of a monitoring plugin, which says all that is to be said, and whose exit codes are others.
    Plugin(PluginState),
}

/// State that a monitoring plugin ends with (Monitoring Plugins Development Guidelines, plugin return codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginState {
    Warning,
    Critical,
    Unknown,
}

impl PluginState {
    /// Process exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl ErrorKind {
    /// Process exit code.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::CheckFailed => 1,
            Self::Usage => 2,
            Self::Cancelled | Self::Left => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::Store => 6,
            Self::Internal => 70,
            Self::Plugin(state) => state.exit_code(),
        }
    }
}

/// An error with advice. `Display` is the one-line message; hints are printed on lines of their own.
#[derive(Debug)]
pub struct Error {
    /// Decides the exit code.
    pub kind: ErrorKind,
    /// What failed, in one line, without a full stop.
    pub message: String,
    /// Likely cause, next command; most useful first.
    pub hints: Vec<String>,
}

impl Error {
    /// An error without hints.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// A usage error: bad flag, bad file, bad answer.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Adds one line of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
