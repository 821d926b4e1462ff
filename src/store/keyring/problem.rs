//! Why a keyring cannot be used, told apart, with the cause and the next step of each in words.

use std::fmt;
use std::time::Duration;

/// Why a keyring cannot be used. `said` is what the keyring or its library said, one printable line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringProblem {
    /// Nothing answers: no session bus, no keyring service, or a service without a keyring to put entries in.
    Missing { said: String },
    /// It is there, and closed: its password was not typed, or it lets this program in no further.
    Locked { said: String },
    /// It says yes and keeps nothing.
    Forgets,
    /// It gives back something else than it was given.
    Garbles,
    /// It did not answer in time, and nothing says that it is locked.
    Silent { waited: Duration },
    /// It answered with something else.
    Failed { said: String },
}

impl KeyringProblem {
    /// Stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::Locked { .. } => "locked",
            Self::Forgets => "does_not_keep",
            Self::Garbles => "garbles",
            Self::Silent { .. } => "silent",
            Self::Failed { .. } => "failed",
        }
    }

    /// What to do about it, where the key is to be in the keyring: one sentence.
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Missing { .. } => words::MISSING,
            Self::Locked { .. } => words::LOCKED,
            Self::Forgets | Self::Garbles => words::FORGETS,
            Self::Silent { .. } | Self::Failed { .. } => words::FAILED,
        }
    }
}

/// The cause, as a part of a sentence: "the keyring cannot be used: …".
impl fmt::Display for KeyringProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { said } => write!(formatter, "none answers here ({said})"),
            Self::Locked { said } => write!(formatter, "it is locked ({said})"),
            Self::Forgets => formatter.write_str("it accepted an entry and did not keep it"),
            Self::Garbles => formatter.write_str("it gave back something other than what was stored in it"),
            Self::Silent { waited } => {
                write!(formatter, "it did not answer within {} s", waited.as_secs_f32())
            }
            Self::Failed { said } => formatter.write_str(said),
        }
    }
}

// What the desktop calls the thing that has to be started or unlocked.
#[cfg(not(any(target_os = "macos", windows)))]
mod words {
    pub const MISSING: &str =
        "Log in on the desktop or start its keyring (gnome-keyring, KWallet, KeePassXC), then try again.";
    pub const LOCKED: &str = "Unlock the keyring on the desktop (in Passwords and Keys, or KWallet), then try again. Over \
         SSH it stays locked until somebody logs in on the desktop.";
    pub const FORGETS: &str =
        "Look at the keyring's own settings: it may keep entries for this session only, or be read-only.";
    pub const FAILED: &str = "End and start the keyring again (log out and in), then try again.";
}
#[cfg(target_os = "macos")]
mod words {
    pub const MISSING: &str = "Create a login keychain in Keychain Access, then try again.";
    pub const LOCKED: &str =
        "Unlock the login keychain (security unlock-keychain, or Keychain Access), then try again.";
    pub const FORGETS: &str = "Look for the entry zoom-setup in Keychain Access, then try again.";
    pub const FAILED: &str =
        "Over SSH, unlock the keychain first: security unlock-keychain. Otherwise try again on the desktop.";
}
#[cfg(windows)]
mod words {
    pub const MISSING: &str = "Log in as yourself, not as a service, then try again.";
    pub const LOCKED: &str = "Log in as yourself, not as a service or over the network, then try again.";
    pub const FORGETS: &str =
        "Look at Credential Manager: a policy of the domain may forbid stored credentials.";
    pub const FAILED: &str = "Log out and in again, then try again.";
}
