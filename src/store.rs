//! Set-ups, connections and secrets on disk: the adapter behind [`crate::ports::Store`].
//!
//! Below the data directory:
//!
//! | file | what |
//! |---|---|
//! | `setups/<id>.json` | a set-up in progress, readable, no secret |
//! | `connections/<name>-<hash>.json` | a connection, readable, no secret; the name inside counts |
//! | `secrets.age` | all secrets that stay, encrypted to one key |
//! | `tokens/<key>-<hash>.age` | the tokens of one set-up or connection, encrypted to the same key |
//! | `tokens/<key>-<hash>.lock` | held while those are read, refreshed and written |
//! | `key.age` | that key behind a passphrase, only where no keyring keeps it |
//! | `rehearsal-secrets.age`, `rehearsal-tokens/`, `rehearsal-key.txt` | the same for the invented secrets of rehearsals, key in the open |
//! | `lock` | taken while secrets are changed |
//! | `checks.jsonl` | the last checks of each connection, readable, no secret; `checks.lock` while it is written |
//!
//! Beside each file that lasts lies its backup (`….backup`, see `store/backup.rs`), and what was damaged and replaced
//! (`….damaged-<time>`).
//!
//! Files are 0600, directories 0700. Every file is replaced as a whole: written beside its place, synced,
//! renamed, and the directory synced. What cannot be understood is reported and never overwritten.

mod backup;
mod disk;
mod health;
mod history;
mod keyring;
mod lost;
mod moving;
pub mod parcel;
mod records;
mod repair;
mod sealed;
mod stamp;
mod tokens;
mod unlock;

pub use disk::{Disk, SystemDisk, create_private_directory, default_data_dir, stage};
pub use health::{BackupHealth, FileHealth, FileKind, FileState, Health, KeyPlace, KeyringHealth, Opened};
pub use history::HistoryFile;
pub use keyring::{Keyring, KeyringProblem, SERVICE, SystemKeyring};
pub use lost::Loss;
pub use moving::{Moved, NewPlace};
pub use repair::{Repair, Source};
pub use sealed::OpenFailure;
pub use tokens::default_rescue_places;

use crate::oauth::renewal::TokenRecord;
use crate::ports::{Store, StoreFailure, TokenStore, Unlocked};
use crate::secret::Secret;
use crate::setup::{Connection, SecretKey, Setup};
use disk::shown;
use keyring::PatientKeyring;
use records::RecordFiles;
use sealed::{SealedFile, SecretMap};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokens::{MemoryTokens, TokenFiles};

/// How the key to the secrets is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// In the keyring if it proves to keep entries, otherwise behind a passphrase.
    Auto,
    /// In the keyring, or not at all.
    Keyring,
    /// Behind a passphrase.
    File,
    /// Nothing on disk, not even set-ups and connections.
    Memory,
    /// In the open, beside the encrypted file: every secret of a rehearsal is invented.
    Rehearsal,
}

impl StoreKind {
    /// Whether the last good version of a file is kept: not where nothing is real.
    const fn is_backed_up(self) -> bool {
        match self {
            Self::Auto | Self::Keyring | Self::File => true,
            Self::Memory | Self::Rehearsal => false,
        }
    }
}

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// Made at the first write; see [`default_data_dir`].
    pub data_dir: PathBuf,
    pub kind: StoreKind,
}

/// Limits and costs; the default is right for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// How long a write waits for another process: 5 s.
    pub lock_wait: Duration,
    /// How long to wait for whoever refreshes the same tokens: 15 s, since that one may wait 10 s for Zoom.
    pub tokens_wait: Duration,
    /// How long each call of the keyring may take, with its own password prompt: 20 s.
    pub keyring_wait: Duration,
    /// Base-2 logarithm of scrypt's N for a new `key.age`: 16, which takes 64 MiB (128 · N · r bytes, r = 8)
    /// and a fraction of a second. The `age` tool would take 18, a second and 256 MiB.
    pub work_factor: u8,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_secs(5),
            tokens_wait: Duration::from_secs(15),
            keyring_wait: Duration::from_secs(20),
            work_factor: 16,
        }
    }
}

impl StoreLimits {
    /// What a passphrase costs, a sentence. With r = 8 scrypt fills 128 · 8 · N bytes (RFC 7914 section 2); 64 MiB took
    /// 0.35 s where it was measured.
    pub fn passphrase_cost(&self) -> String {
        let kib = 1_u64.checked_shl(u32::from(self.work_factor)).unwrap_or(u64::MAX);
        let memory = if kib < 1024 { format!("{kib} KiB") } else { format!("{} MiB", kib / 1024) };
        format!(
            "Opening it takes {memory} of memory and under a second (scrypt, N = 2^{}), and so does each guess of \
             somebody else",
            self.work_factor
        )
    }
}

/// What the store works with; tests bring their own.
#[derive(Clone)]
pub struct StoreParts {
    pub disk: Arc<dyn Disk>,
    pub keyring: Arc<dyn Keyring>,
    pub limits: StoreLimits,
    /// Directories for tokens that the data directory does not take; the first that takes them.
    pub rescue_places: Vec<PathBuf>,
}

impl Default for StoreParts {
    fn default() -> Self {
        Self {
            disk: Arc::new(SystemDisk),
            keyring: Arc::new(SystemKeyring),
            limits: StoreLimits::default(),
            rescue_places: default_rescue_places(),
        }
    }
}

/// The store.
pub struct FileStore {
    kind: StoreKind,
    layout: Layout,
    disk: Arc<dyn Disk>,
    keyring: PatientKeyring,
    limits: StoreLimits,
    rescue_places: Vec<PathBuf>,
    /// Why the keyring is not used, once the user was told.
    keyring_refused: Option<String>,
    records: Records,
    secrets: Secrets,
}

/// The files; see the module's table.
#[derive(Clone, Debug)]
struct Layout {
    data_dir: PathBuf,
    secrets: PathBuf,
    tokens: PathBuf,
    passphrase_key: PathBuf,
    rehearsal_key: PathBuf,
    lock: PathBuf,
}

impl Layout {
    fn new(data_dir: PathBuf, kind: StoreKind) -> Self {
        // Apart, so that a rehearsal in the real data directory can't meet a real secret.
        let (secrets, tokens) = match kind {
            StoreKind::Rehearsal => ("rehearsal-secrets.age", "rehearsal-tokens"),
            StoreKind::Auto | StoreKind::Keyring | StoreKind::File | StoreKind::Memory => {
                ("secrets.age", "tokens")
            }
        };
        Self {
            secrets: data_dir.join(secrets),
            tokens: data_dir.join(tokens),
            passphrase_key: data_dir.join("key.age"),
            rehearsal_key: data_dir.join("rehearsal-key.txt"),
            lock: data_dir.join("lock"),
            data_dir,
        }
    }
}

enum Records {
    Files(RecordFiles),
    Memory(RefCell<MemoryRecords>),
}

#[derive(Default)]
struct MemoryRecords {
    setups: BTreeMap<String, Setup>,
    connections: BTreeMap<String, Connection>,
}

enum Secrets {
    Locked,
    Memory { secrets: SecretMap, tokens: MemoryTokens },
    Sealed { file: SealedFile, by: Unlocked },
}

impl FileStore {
    /// Opens the store, without reading a file, asking a keyring or starting a D-Bus connection.
    ///
    /// # Errors
    /// The data directory is something else, or its mode can't be put right.
    pub fn open(options: StoreOptions) -> Result<Self, StoreFailure> {
        Self::with_parts(options, StoreParts::default())
    }

    /// Opens the store with parts of the caller's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_parts(options: StoreOptions, parts: StoreParts) -> Result<Self, StoreFailure> {
        let StoreOptions { data_dir, kind } = options;
        let records = if kind == StoreKind::Memory {
            Records::Memory(RefCell::default())
        } else {
            check_directory(&data_dir)?;
            Records::Files(RecordFiles::new(Arc::clone(&parts.disk), &data_dir, kind.is_backed_up()))
        };
        Ok(Self {
            kind,
            layout: Layout::new(data_dir, kind),
            disk: parts.disk,
            keyring: PatientKeyring::new(parts.keyring, parts.limits.keyring_wait),
            limits: parts.limits,
            rescue_places: parts.rescue_places,
            keyring_refused: None,
            records,
            secrets: Secrets::Locked,
        })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileStore")
            .field("kind", &self.kind)
            .field("data_dir", &self.layout.data_dir)
            .finish_non_exhaustive()
    }
}

impl Store for FileStore {
    fn setups(&self) -> Result<(Vec<Setup>, Vec<String>), StoreFailure> {
        match &self.records {
            Records::Files(files) => files.setups(),
            Records::Memory(memory) => Ok((memory.borrow().setups.values().cloned().collect(), Vec::new())),
        }
    }

    fn save_setup(&self, setup: &Setup) -> Result<(), StoreFailure> {
        match &self.records {
            Records::Files(files) => files.save_setup(setup),
            Records::Memory(memory) => {
                memory.borrow_mut().setups.insert(setup.id.clone(), setup.clone());
                Ok(())
            }
        }
    }

    fn remove_setup(&self, id: &str) -> Result<(), StoreFailure> {
        match &self.records {
            Records::Files(files) => files.remove_setup(id),
            Records::Memory(memory) => {
                memory.borrow_mut().setups.remove(id);
                Ok(())
            }
        }
    }

    fn connections(&self) -> Result<(Vec<Connection>, Vec<String>), StoreFailure> {
        match &self.records {
            Records::Files(files) => files.connections(),
            Records::Memory(memory) => {
                Ok((memory.borrow().connections.values().cloned().collect(), Vec::new()))
            }
        }
    }

    fn save_connection(&self, connection: &Connection) -> Result<(), StoreFailure> {
        match &self.records {
            Records::Files(files) => files.save_connection(connection),
            Records::Memory(memory) => {
                memory.borrow_mut().connections.insert(connection.name.clone(), connection.clone());
                Ok(())
            }
        }
    }

    fn remove_connection(&self, name: &str) -> Result<(), StoreFailure> {
        match &self.records {
            Records::Files(files) => {
                files.remove_connection(name)?;
                // Checks of a connection that is gone do no harm, and go when the file is written anew.
                let _ = self.history().forget(name);
                Ok(())
            }
            Records::Memory(memory) => {
                memory.borrow_mut().connections.remove(name);
                Ok(())
            }
        }
    }

    fn rename_connection(&self, from: &str, connection: &Connection) -> Result<(), StoreFailure> {
        match &self.records {
            Records::Files(files) => {
                files.rename_connection(from, connection)?;
                // Without its earlier checks it is as good as one that was not checked yet.
                let _ = self.history().rename(from, &connection.name);
                Ok(())
            }
            Records::Memory(memory) => {
                let mut memory = memory.borrow_mut();
                memory.connections.remove(from);
                memory.connections.insert(connection.name.clone(), connection.clone());
                Ok(())
            }
        }
    }

    fn update_connection(
        &self,
        name: &str,
        change: &mut dyn FnMut(&mut Connection),
    ) -> Result<bool, StoreFailure> {
        match &self.records {
            Records::Files(files) => files.update_connection(name, change),
            Records::Memory(memory) => {
                Ok(memory.borrow_mut().connections.get_mut(name).map(change).is_some())
            }
        }
    }

    fn unlock(&mut self, passphrase: Option<&Secret>) -> Result<Unlocked, StoreFailure> {
        if let Secrets::Locked = self.secrets {
            self.secrets = self.obtain_key(passphrase)?;
        }
        match &self.secrets {
            Secrets::Locked => Err(not_unlocked()),
            Secrets::Memory { .. } => Ok(Unlocked::Memory),
            Secrets::Sealed { by, .. } => Ok(*by),
        }
    }

    fn read_secret(&self, key: &SecretKey) -> Result<Option<Secret>, StoreFailure> {
        if rotates(key) {
            return Ok(self.read_tokens(key)?.map(|record| record.to_secret()));
        }
        match &self.secrets {
            Secrets::Locked => Err(not_unlocked()),
            Secrets::Memory { secrets, .. } => Ok(secrets.get(&key.path()).cloned()),
            Secrets::Sealed { file, .. } => file.read(&key.path()),
        }
    }

    fn write_secrets(&mut self, changes: Vec<(SecretKey, Option<Secret>)>) -> Result<(), StoreFailure> {
        let (rotating, changes): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(key, _)| rotates(key));
        let tokens = self.tokens()?;
        // A file that cannot be read stands in nobody's way: neither of a new login nor of a removal.
        for (key, _) in &rotating {
            tokens.set_damaged_aside(key)?;
        }
        let (brought, gone): (Vec<_>, Vec<_>) = rotating.into_iter().partition(|(_, value)| value.is_some());
        for (key, value) in &brought {
            let record = value.as_ref().and_then(TokenRecord::from_secret).ok_or_else(not_tokens)?;
            tokens.hold(key)?.write(&record)?;
        }
        if !changes.is_empty() {
            self.write_secrets_that_stay(changes)?;
        }
        for (key, _) in &gone {
            if tokens.look(key)?.is_some() {
                tokens.hold(key)?.remove()?;
            }
        }
        Ok(())
    }

    fn tokens(&self) -> Result<Arc<dyn TokenStore>, StoreFailure> {
        match &self.secrets {
            Secrets::Locked => Err(not_unlocked()),
            Secrets::Memory { tokens, .. } => Ok(Arc::new(tokens.clone())),
            Secrets::Sealed { file, .. } => Ok(Arc::new(TokenFiles::new(tokens::Parts {
                disk: Arc::clone(&self.disk),
                directory: self.layout.tokens.clone(),
                identity: file.identity().clone(),
                key_name: file.key_name().to_owned(),
                secrets: self.layout.secrets.clone(),
                secrets_backed_up: self.kind.is_backed_up(),
                secrets_lock: self.layout.lock.clone(),
                secrets_wait: self.limits.lock_wait,
                tokens_wait: self.limits.tokens_wait,
                rescue_places: self.rescue_places.clone(),
            }))),
        }
    }
}

impl FileStore {
    fn history(&self) -> HistoryFile {
        HistoryFile::new(&self.layout.data_dir)
    }

    /// Tokens for whoever shows them. A mark may be that of a refresh under way, or its new pair may lie elsewhere:
    /// the lock tells.
    fn read_tokens(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        let tokens = self.tokens()?;
        let seen = tokens.look(key)?;
        if seen.as_ref().is_some_and(|record| record.refreshing.is_some()) {
            return tokens.hold(key)?.read();
        }
        Ok(seen)
    }

    /// Everything but tokens, in one atomic replace.
    fn write_secrets_that_stay(
        &mut self,
        changes: Vec<(SecretKey, Option<Secret>)>,
    ) -> Result<(), StoreFailure> {
        let changes = changes.into_iter().map(|(key, value)| (key.path(), value));
        match &mut self.secrets {
            Secrets::Locked => Err(not_unlocked()),
            Secrets::Memory { secrets, .. } => {
                for (key, value) in changes {
                    match value {
                        Some(value) => secrets.insert(key, value),
                        None => secrets.remove(&key),
                    };
                }
                Ok(())
            }
            Secrets::Sealed { file, .. } => {
                disk::create_directory(&self.layout.data_dir)?;
                let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
                disk::remove_leftovers(&self.layout.secrets);
                file.write(changes.collect())
            }
        }
    }
}

/// Whether what lies under the key are tokens, which rotate.
const fn rotates(key: &SecretKey) -> bool {
    match key {
        SecretKey::SetupTokens(_) | SecretKey::ConnectionTokens(_) => true,
        SecretKey::SetupField(..) | SecretKey::SetupPending(_) | SecretKey::ConnectionField(..) => false,
    }
}

fn not_tokens() -> StoreFailure {
    StoreFailure::Io {
        message: "what was to be stored as tokens are none; this is a defect of zoom-setup, please report it"
            .to_owned(),
    }
}

fn not_unlocked() -> StoreFailure {
    StoreFailure::Io {
        message: "the secrets are still locked; this is a defect of zoom-setup, please report it".to_owned(),
    }
}

/// A data directory that is there must be a directory, and private if it is ours. One that the user named and
/// that holds other things as well keeps its mode; the files and directories made in it are private anyway.
fn check_directory(path: &Path) -> Result<(), StoreFailure> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(disk::cannot("read", path, &error)),
    };
    if !metadata.is_dir() {
        return Err(StoreFailure::Io {
            message: format!("{} is not a directory; name another with --data-dir", shown(path)),
        });
    }
    if is_ours(path)? { disk::tighten(path, &metadata, 0o700) } else { Ok(()) }
}

/// Whether a directory is the store's alone: by its name, or because nothing else is in it.
fn is_ours(path: &Path) -> Result<bool, StoreFailure> {
    if path.file_name().is_some_and(|name| name == "zoom-setup") {
        return Ok(true);
    }
    for entry in fs::read_dir(path).map_err(|error| disk::cannot("read", path, &error))? {
        let name = entry.map_err(|error| disk::cannot("read", path, &error))?.file_name();
        let name = name.to_string_lossy();
        let ours = [
            "setups",
            "connections",
            "secrets.age",
            "key.age",
            "tokens",
            "rehearsal-secrets.age",
            "rehearsal-tokens",
            "rehearsal-key.txt",
            "lock",
            "checks.jsonl",
            "checks.lock",
        ];
        let kept =
            backup::is_of(Path::new(name.as_ref())).is_some() || backup::is_aside(Path::new(name.as_ref()));
        if !ours.contains(&name.as_ref()) && !kept && !name.starts_with('.') {
            return Ok(false);
        }
    }
    Ok(true)
}
