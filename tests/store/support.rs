//! Records, keyrings, disks and openers for the store's tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::StoreFailure;
use zoom_setup::procedure::{AppKind, FieldName, Receiver};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, FORMAT, Owner, SecretKey, Setup};
use zoom_setup::store::{
    Disk, FileStore, Keyring, KeyringProblem, StoreKind, StoreLimits, StoreOptions, StoreParts, SystemDisk,
};

pub fn setup(id: &str) -> Setup {
    Setup {
        format: FORMAT,
        id: id.to_owned(),
        procedure: "servicenow-dex".to_owned(),
        rehearsal: false,
        created: "2026-11-01T08:00:00Z".parse().unwrap(),
        updated: "2026-11-01T09:00:00Z".parse().unwrap(),
        current: "credentials".to_owned(),
        answers: BTreeMap::from([(FieldName::Instance, "dev12345.service-now.com".to_owned())]),
        secrets: BTreeMap::from([(FieldName::ClientSecret, Secret::new("abc").fingerprint())]),
        scopes: BTreeSet::from(["meeting:read:meeting:admin".to_owned()]),
        scopes_added: BTreeSet::new(),
        done: BTreeMap::new(),
        grant: None,
        decision: None,
        verification: None,
        connection: None,
        compared: BTreeMap::new(),
        proofs: std::collections::BTreeMap::new(),
        replaces: None,
        unknown: Default::default(),
    }
}

pub fn connection(name: &str) -> Connection {
    Connection {
        format: FORMAT,
        name: name.to_owned(),
        procedure: "servicenow-dex".to_owned(),
        receiver: Receiver::ServiceNow,
        app_kind: AppKind::General,
        rehearsal: false,
        created: "2026-11-01T08:00:00Z".parse().unwrap(),
        owner: Owner::Receiver,
        answers: BTreeMap::new(),
        secrets: BTreeMap::new(),
        scopes: BTreeSet::new(),
        grant: None,
        verification: None,
        compared: BTreeMap::new(),
        unknown: Default::default(),
        credentials_since: BTreeMap::new(),
    }
}

/// Where a secret lies that is not a pair of tokens, and is any text.
pub fn secret(name: &str) -> SecretKey {
    SecretKey::ConnectionField(name.to_owned(), FieldName::ClientSecret)
}

/// Where a pair of tokens lies.
pub fn tokens(name: &str) -> SecretKey {
    SecretKey::ConnectionTokens(name.to_owned())
}

/// A pair that rotates.
pub fn pair(access: &str) -> Secret {
    let tokens = StoredTokens {
        access_token: Secret::new(access),
        refresh_token: Some(Secret::new(format!("{access} refresh"))),
        obtained_at: "2026-11-01T08:00:00Z".parse().unwrap(),
        expires_at: "2026-11-01T09:00:00Z".parse().unwrap(),
    };
    tokens.to_secret()
}

/// Longer than any thread waits for its turn, so that a busy machine never looks like a keyring that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// As for people, but with a cheap passphrase, and patient.
pub fn limits() -> StoreLimits {
    StoreLimits { lock_wait: PATIENCE, tokens_wait: PATIENCE, keyring_wait: PATIENCE, work_factor: 4 }
}

pub fn parts(keyring: Arc<dyn Keyring>) -> StoreParts {
    StoreParts { disk: Arc::new(SystemDisk), keyring, limits: limits(), rescue_places: Vec::new() }
}

/// A store that must not need a keyring.
pub fn open(data_dir: &Path, kind: StoreKind) -> FileStore {
    with_parts(data_dir, kind, parts(Arc::new(Untouchable)))
}

pub fn open_with(data_dir: &Path, kind: StoreKind, keyring: Arc<FakeKeyring>) -> FileStore {
    // One that hangs never answers, however little it is waited for.
    let hangs = matches!(keyring.fault, Some(KeyringFault::Hangs | KeyringFault::WaitsForItsPassword));
    let keyring_wait = if hangs { Duration::from_millis(50) } else { PATIENCE };
    let limits = StoreLimits { keyring_wait, ..limits() };
    with_parts(data_dir, kind, StoreParts { limits, ..parts(keyring) })
}

/// A store on that disk, which must not need a keyring.
pub fn open_on(data_dir: &Path, kind: StoreKind, disk: Arc<dyn Disk>) -> FileStore {
    with_parts(data_dir, kind, StoreParts { disk, ..parts(Arc::new(Untouchable)) })
}

pub fn with_parts(data_dir: &Path, kind: StoreKind, parts: StoreParts) -> FileStore {
    FileStore::with_parts(StoreOptions { data_dir: data_dir.to_owned(), kind }, parts).unwrap()
}

/// A keyring that nobody may ask.
pub struct Untouchable;

impl Keyring for Untouchable {
    fn get(&self, _user: &str) -> Result<Option<Secret>, KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn set(&self, _user: &str, _secret: &Secret) -> Result<(), KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn delete(&self, _user: &str) -> Result<(), KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn locked(&self) -> Option<bool> {
        panic!("the keyring was asked")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyringFault {
    Unreachable,
    /// Is closed, and says so.
    Locked,
    /// Is closed, and answers nothing until its password is typed.
    WaitsForItsPassword,
    /// Says yes and keeps nothing.
    Forgets,
    /// Gives back something else.
    Garbles,
    Hangs,
    /// Panics.
    Dies,
}

#[derive(Default)]
pub struct FakeKeyring {
    pub entries: Mutex<BTreeMap<String, Secret>>,
    fault: Option<KeyringFault>,
    calls: AtomicUsize,
}

impl FakeKeyring {
    pub fn failing(fault: KeyringFault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    pub fn holding(user: &str, secret: Secret) -> Self {
        Self { entries: Mutex::new(BTreeMap::from([(user.to_owned(), secret)])), ..Self::default() }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn call(&self) -> Result<(), KeyringProblem> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Some(KeyringFault::Unreachable) => {
                Err(KeyringProblem::Missing { said: "no such bus".to_owned() })
            }
            Some(KeyringFault::Locked) => {
                Err(KeyringProblem::Locked { said: "its password was not typed".to_owned() })
            }
            // For good: nothing unparks this thread before the test process ends.
            Some(KeyringFault::Hangs | KeyringFault::WaitsForItsPassword) => loop {
                std::thread::park();
            },
            Some(KeyringFault::Dies) => panic!("the keyring library fails, as it should in this test"),
            Some(KeyringFault::Forgets | KeyringFault::Garbles) | None => Ok(()),
        }
    }
}

impl Keyring for FakeKeyring {
    fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem> {
        self.call()?;
        let kept = self.entries.lock().unwrap().get(user).cloned();
        Ok(match self.fault {
            Some(KeyringFault::Garbles) => kept.map(|_| Secret::new("something")),
            Some(_) | None => kept,
        })
    }

    fn set(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        self.call()?;
        if self.fault != Some(KeyringFault::Forgets) {
            self.entries.lock().unwrap().insert(user.to_owned(), secret.clone());
        }
        Ok(())
    }

    fn delete(&self, user: &str) -> Result<(), KeyringProblem> {
        self.call()?;
        self.entries.lock().unwrap().remove(user);
        Ok(())
    }

    fn locked(&self) -> Option<bool> {
        Some(self.fault == Some(KeyringFault::WaitsForItsPassword))
    }
}

#[derive(Clone, Copy, Debug)]
pub enum DiskFault {
    /// Refuses to write.
    Full,
    /// Loses the end of what it writes.
    Garbles,
    /// Says that it wrote.
    WritesNothing,
}

/// The file system, with a fault that can be switched on.
#[derive(Default)]
pub struct FaultyDisk {
    pub fault: Mutex<Option<DiskFault>>,
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.read(path)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.head(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        match *self.fault.lock().unwrap() {
            None => SystemDisk.replace(path, bytes),
            Some(DiskFault::Full) => Err(StoreFailure::Io { message: "no space left".to_owned() }),
            Some(DiskFault::Garbles) => SystemDisk.replace(path, &bytes[..bytes.len() - 3]),
            Some(DiskFault::WritesNothing) => Ok(()),
        }
    }

    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        SystemDisk.second_name(path, name)
    }

    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        SystemDisk.set_aside(path, name)
    }

    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        SystemDisk.remove(path)
    }
}

/// Every path below the directory, relative, with its permission bits; the directory itself is "".
#[cfg(unix)]
pub fn tree(root: &Path) -> Vec<(String, u32)> {
    let mut found = vec![(String::new(), mode_of(root))];
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.push((name, mode_of(&path)));
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

#[cfg(unix)]
pub fn mode_of(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
