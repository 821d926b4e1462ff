//! The platform's keyring, and what its errors mean.

use super::{Keyring, KeyringProblem, SERVICE};
use crate::secret::{Secret, printable};

/// Longest text of a keyring that a message repeats, in characters.
const LONGEST_SAID: usize = 200;

/// The platform's keyring: Secret Service, macOS Keychain, Windows Credential Manager. Nothing is contacted
/// before the first call.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeyring;

impl SystemKeyring {
    fn entry(user: &str) -> Result<keyring::Entry, KeyringProblem> {
        // The status tells why there is no store; the error of `new` only that there is none.
        if let Err(error) = keyring::Entry::store_status() {
            let told = problem(error);
            return Err(if let KeyringProblem::Failed { said } = told {
                KeyringProblem::Missing { said }
            } else {
                told
            });
        }
        keyring::Entry::new(SERVICE, user).map_err(|error| problem(&error))
    }
}

impl Keyring for SystemKeyring {
    fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem> {
        match Self::entry(user)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(problem(&error)),
        }
    }

    fn set(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        Self::entry(user)?.set_password(secret.expose()).map_err(|error| problem(&error))
    }

    fn delete(&self, user: &str) -> Result<(), KeyringProblem> {
        match Self::entry(user)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(problem(&error)),
        }
    }

    fn locked(&self) -> Option<bool> {
        platform::locked()
    }
}

/// What an error means. Never the data that it may carry: that could be the secret.
fn problem(error: &keyring::Error) -> KeyringProblem {
    use keyring::Error;
    let failed = |said: &str| KeyringProblem::Failed { said: said.to_owned() };
    match error {
        Error::PlatformFailure(detail) | Error::NoStorageAccess(detail) => {
            let said = printable(&detail.to_string(), LONGEST_SAID);
            match platform::told(detail.as_ref(), &said) {
                Some(told) => told,
                None if matches!(error, Error::NoStorageAccess(_)) => KeyringProblem::Locked { said },
                None => KeyringProblem::Failed { said },
            }
        }
        Error::NoDefaultStore => {
            KeyringProblem::Missing { said: printable(&error.to_string(), LONGEST_SAID) }
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            failed("the entry holds something other than text")
        }
        Error::Ambiguous(_) => failed("there are several entries of the same name"),
        Error::NoEntry
        | Error::BadStoreFormat(_)
        | Error::TooLong(..)
        | Error::Invalid(..)
        | Error::NotSupportedByStore(_)
        | _ => KeyringProblem::Failed { said: printable(&error.to_string(), LONGEST_SAID) },
    }
}

/// Secret Service (<https://specifications.freedesktop.org/secret-service>), which tells more than its errors do.
#[cfg(all(unix, not(target_os = "macos")))]
mod platform {
    use super::KeyringProblem;
    use secret_service::blocking::SecretService;
    use secret_service::{EncryptionType, Error};

    /// Names of D-Bus errors that mean that nobody is there (D-Bus specification, bus errors; those of activation
    /// begin with `Spawn`).
    const NOBODY: [&str; 4] = [
        "org.freedesktop.DBus.Error.ServiceUnknown",
        "org.freedesktop.DBus.Error.NameHasNoOwner",
        "org.freedesktop.DBus.Error.Spawn",
        "org.freedesktop.DBus.Error.NoServer",
    ];
    /// Secret Service API, section "Errors".
    const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";

    pub fn told(
        detail: &(dyn std::error::Error + Send + Sync + 'static),
        said: &str,
    ) -> Option<KeyringProblem> {
        let said = said.to_owned();
        Some(match detail.downcast_ref::<Error>()? {
            Error::Unavailable => KeyringProblem::Missing { said },
            Error::NoResult => {
                KeyringProblem::Missing { said: "the keyring service has no default keyring yet".to_owned() }
            }
            Error::Locked => KeyringProblem::Locked { said },
            Error::Prompt | Error::PromptDisconnected => {
                KeyringProblem::Locked { said: "its password was not typed".to_owned() }
            }
            Error::Zbus(_) | Error::ZbusFdo(_) => {
                if said.contains(IS_LOCKED) {
                    KeyringProblem::Locked { said }
                } else if NOBODY.iter().any(|name| said.contains(name)) {
                    KeyringProblem::Missing { said }
                } else {
                    KeyringProblem::Failed { said }
                }
            }
            Error::Crypto(_) | Error::Zvariant(_) | _ => KeyringProblem::Failed { said },
        })
    }

    /// Asked over a connection of its own: the other one may be the one that hangs.
    pub fn locked() -> Option<bool> {
        let service = SecretService::connect(EncryptionType::Plain).ok()?;
        service.get_default_collection().ok()?.is_locked().ok()
    }
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
mod platform {
    use super::KeyringProblem;

    /// The keyring crate has judged these errors already.
    pub fn told(
        _detail: &(dyn std::error::Error + Send + Sync + 'static),
        _said: &str,
    ) -> Option<KeyringProblem> {
        None
    }

    /// There is no asking without a prompt.
    pub fn locked() -> Option<bool> {
        None
    }
}
