//! The operating system's keyring, with a bounded wait.
//!
//! A locked keyring asks its user on the desktop, and a sick D-Bus may never answer. Each call therefore runs
//! on a thread of its own, and is given up after the time limit. The thread is also what zbus needs: its
//! blocking calls must not run inside a tokio worker.

use crate::secret::{Secret, printable};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// The service name under which the keyring shows the entry.
pub const SERVICE: &str = "zoom-setup";

/// A keyring: one secret for each user name, under [`SERVICE`]. Calls may block for as long as they like.
pub trait Keyring: Send + Sync {
    /// `None` if there is no such entry. Errors carry one line in words.
    fn get(&self, user: &str) -> Result<Option<Secret>, String>;
    /// Makes or replaces the entry.
    fn set(&self, user: &str, secret: &Secret) -> Result<(), String>;
    /// Removes the entry; it is no error if there is none.
    fn delete(&self, user: &str) -> Result<(), String>;
}

/// The platform's keyring: Secret Service, macOS Keychain, Windows Credential Manager. Nothing is contacted
/// before the first call.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemKeyring;

impl SystemKeyring {
    fn entry(user: &str) -> Result<keyring::Entry, String> {
        // The status tells why there is no store; the error of `new` only that there is none.
        if let Err(error) = keyring::Entry::store_status() {
            return Err(in_words(error));
        }
        keyring::Entry::new(SERVICE, user).map_err(|error| in_words(&error))
    }
}

impl Keyring for SystemKeyring {
    fn get(&self, user: &str) -> Result<Option<Secret>, String> {
        match Self::entry(user)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(in_words(&error)),
        }
    }

    fn set(&self, user: &str, secret: &Secret) -> Result<(), String> {
        Self::entry(user)?.set_password(secret.expose()).map_err(|error| in_words(&error))
    }

    fn delete(&self, user: &str) -> Result<(), String> {
        match Self::entry(user)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(in_words(&error)),
        }
    }
}

/// Never the data that the error may carry: it could be the secret.
fn in_words(error: &keyring::Error) -> String {
    use keyring::Error;
    match error {
        Error::PlatformFailure(detail) => printable(&detail.to_string(), 200),
        Error::NoStorageAccess(detail) => {
            format!("it is locked or refuses access ({})", printable(&detail.to_string(), 200))
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            "the entry holds something other than text".to_owned()
        }
        Error::Ambiguous(_) => "there are several entries of the same name".to_owned(),
        Error::NoEntry
        | Error::NoDefaultStore
        | Error::BadStoreFormat(_)
        | Error::TooLong(..)
        | Error::Invalid(..)
        | Error::NotSupportedByStore(_)
        | _ => printable(&error.to_string(), 200),
    }
}

/// A keyring whose calls end after `wait`, answered or not.
#[derive(Clone)]
pub struct PatientKeyring {
    keyring: Arc<dyn Keyring>,
    wait: Duration,
}

impl PatientKeyring {
    /// `wait` leaves time to type a password into the keyring's own prompt.
    pub fn new(keyring: Arc<dyn Keyring>, wait: Duration) -> Self {
        Self { keyring, wait }
    }

    /// See [`Keyring::get`].
    pub fn get(&self, user: &str) -> Result<Option<Secret>, String> {
        let user = user.to_owned();
        self.within(move |keyring| keyring.get(&user))
    }

    /// See [`Keyring::set`].
    pub fn set(&self, user: &str, secret: &Secret) -> Result<(), String> {
        let (user, secret) = (user.to_owned(), secret.clone());
        self.within(move |keyring| keyring.set(&user, &secret))
    }

    /// Proves that the keyring keeps what it is given: an entry is written, read back, and removed. A keyring
    /// that says yes and keeps nothing would cost every secret at the next start.
    pub fn prove(&self, user: &str) -> Result<(), String> {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        let probe = Secret::new(random.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let user = format!("{user}#probe-{}", probe.fingerprint().sha256);
        self.within(move |keyring| {
            keyring.set(&user, &probe)?;
            let kept = keyring.get(&user)?;
            keyring.delete(&user)?;
            match kept {
                Some(kept) if kept == probe => Ok(()),
                Some(_) => Err("it gave back something other than what was stored".to_owned()),
                None => Err("it accepted an entry and did not keep it".to_owned()),
            }
        })
    }

    fn within<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Keyring) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let (sender, receiver) = mpsc::channel();
        let keyring = Arc::clone(&self.keyring);
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                // Nobody listens any more after the time limit.
                let _ = sender.send(call(keyring.as_ref()));
            })
            .map_err(|error| format!("no thread to ask it: {error}"))?;
        match receiver.recv_timeout(self.wait) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(format!(
                "it did not answer within {} s (is it waiting for its password on the desktop?)",
                self.wait.as_secs_f32()
            )),
            Err(RecvTimeoutError::Disconnected) => Err("its library failed".to_owned()),
        }
    }
}
