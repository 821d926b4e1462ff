//! Tokens that rotate: the adapter behind [`crate::ports::TokenStore`].
//!
//! One age file a key, so that a rotation is one small atomic replace, one connection never waits for another, and no
//! backup of the other secrets can bring back a token that is spent. Beside it lies a lock file, which stays for good:
//! one that is removed could be waited for by somebody while a third makes a new one.

mod memory;

pub use memory::MemoryTokens;

use super::backup;
use super::disk::{self, Disk, ProcessLock, shown};
use super::records::{file_name, other_format};
use super::sealed::{self, OpenFailure, SealedFile};
use crate::oauth::renewal::{DocumentProblem, FORMAT, TokenDocument, TokenRecord};
use crate::ports::{Adopted, HeldTokens, StoreFailure, TokenStore};
use crate::setup::SecretKey;
use age::x25519::Identity;
use etcetera::BaseStrategy;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Places for pairs that the token files do not take: the user's state directory, runtime directory, and the temporary
/// directory, usually on three file systems.
pub fn default_rescue_places() -> Vec<PathBuf> {
    let user = etcetera::base_strategy::choose_native_strategy().ok();
    let state = user.as_ref().and_then(BaseStrategy::state_dir);
    let runtime = user.as_ref().and_then(BaseStrategy::runtime_dir);
    state.into_iter().chain(runtime).chain([std::env::temp_dir()]).collect()
}

/// One of the token files in that directory, if there is any.
pub fn any_file(directory: &Path) -> Result<Option<PathBuf>, StoreFailure> {
    Ok(disk::names_in(directory)?.into_iter().find(|path| disk::is_named(path, "age")))
}

/// Where the tokens of this key lie.
pub fn file_of(directory: &Path, key: &str) -> PathBuf {
    directory.join(file_name(key, "tokens", "age"))
}

/// Where a pair of this key is put within a place that is not its own. The name of the directory carries the data
/// directory, since two may hold a connection of one name.
pub fn rescue_file(directory: &Path, place: &Path, key: &str) -> PathBuf {
    let directory = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let digest = Sha256::digest(directory.as_os_str().as_encoded_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    file_of(&place.join(format!("zoom-setup-rescued-{hex}")), key)
}

/// Token files of one data directory.
#[derive(Clone)]
pub struct TokenFiles {
    parts: Arc<Parts>,
}

/// What the token files work with.
pub struct Parts {
    pub disk: Arc<dyn Disk>,
    /// Of the token files; made at the first write.
    pub directory: PathBuf,
    pub identity: Identity,
    /// Where the key came from, for the messages.
    pub key_name: String,
    /// Where an earlier version kept the tokens, whether that has a backup, and the lock that guards it.
    pub secrets: PathBuf,
    pub secrets_backed_up: bool,
    pub secrets_lock: PathBuf,
    /// How long to wait for the lock of the secrets, and for that of one key.
    pub secrets_wait: Duration,
    pub tokens_wait: Duration,
    /// Where pairs go that the token files do not take, the first that takes them.
    pub rescue_places: Vec<PathBuf>,
}

impl TokenFiles {
    /// Touches nothing yet.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }
}

impl TokenStore for TokenFiles {
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure> {
        let parts = Arc::clone(&self.parts);
        disk::create_private_directory(&parts.directory)?;
        let key = key.path();
        let path = parts.path(&key);
        let lock = disk::lock(&path.with_extension("lock"), parts.tokens_wait)?;
        let document = parts.look(&key)?;
        let mut held = HeldFile { parts, key, path, document, adopted: None, _lock: lock };
        held.adopt();
        Ok(Box::new(held))
    }

    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        Ok(self.parts.look(&key.path())?.map(|document| document.record))
    }

    fn set_damaged_aside(&self, key: &SecretKey) -> Result<bool, StoreFailure> {
        let path = self.parts.path(&key.path());
        let is_damaged = || -> Result<bool, StoreFailure> {
            let Some(bytes) = self.parts.disk.read(&path)? else { return Ok(false) };
            Ok(matches!(sealed::decrypt(&bytes, &self.parts.identity), Err(OpenFailure::Damaged(_))))
        };
        if !is_damaged()? {
            return Ok(false);
        }
        let _lock = disk::lock(&path.with_extension("lock"), self.parts.tokens_wait)?;
        // Another writer may have been quicker.
        if !is_damaged()? {
            return Ok(false);
        }
        let written = backup::written_at(&path).unwrap_or(Timestamp::UNIX_EPOCH);
        self.parts.disk.set_aside(&path, &backup::aside(&path, written))?;
        self.parts.disk.remove(&path)?;
        Ok(true)
    }
}

impl Parts {
    fn path(&self, key: &str) -> PathBuf {
        file_of(&self.directory, key)
    }

    /// What is stored under the key, by this version or an earlier one.
    fn look(&self, key: &str) -> Result<Option<TokenDocument>, StoreFailure> {
        match self.read(&self.path(key), key)? {
            Some(document) => Ok(Some(document)),
            None => self.among_secrets(key),
        }
    }

    /// What a token file holds.
    fn read(&self, path: &Path, key: &str) -> Result<Option<TokenDocument>, StoreFailure> {
        let Some(bytes) = self.disk.read(path)? else { return Ok(None) };
        let unreadable = |reason: &str| StoreFailure::Unreadable {
            message: format!("{}: {reason}; the file is left as it is", shown(path)),
        };
        let plain = sealed::decrypt(&bytes, &self.identity).map_err(|failure| match failure {
            OpenFailure::WrongKey => {
                unreadable(&format!("it was encrypted with another key than {}", self.key_name))
            }
            OpenFailure::Newer(how) | OpenFailure::Damaged(how) => unreadable(&how),
        })?;
        let document = TokenDocument::from_json(&plain).map_err(|problem| match problem {
            DocumentProblem::OtherFormat(format) => unreadable(&other_format(format, FORMAT)),
            DocumentProblem::Damaged { line, column } => {
                unreadable(&format!("inside, line {line} column {column}, it is not as written"))
            }
        })?;
        if document.key.as_deref() == Some(key) {
            Ok(Some(document))
        } else {
            // Somebody renamed a file: the tokens of another connection must not be taken for these.
            Err(unreadable("it holds the tokens of something else than its name says"))
        }
    }

    /// Tokens that an earlier version kept among the other secrets.
    fn among_secrets(&self, key: &str) -> Result<Option<TokenDocument>, StoreFailure> {
        if self.disk.head(&self.secrets)?.is_none() {
            return Ok(None);
        }
        let found = self.secrets()?.read(key)?;
        let record = found.as_ref().and_then(TokenRecord::from_secret);
        Ok(record.map(|record| TokenDocument::new(key.to_owned(), record)))
    }

    fn forget_among_secrets(&self, key: &str) -> Result<(), StoreFailure> {
        if self.disk.head(&self.secrets)?.is_none() || self.secrets()?.read(key)?.is_none() {
            return Ok(());
        }
        let _lock = disk::lock(&self.secrets_lock, self.secrets_wait)?;
        self.secrets()?.write(vec![(key.to_owned(), None)])
    }

    fn secrets(&self) -> Result<SealedFile, StoreFailure> {
        let disk = Arc::clone(&self.disk);
        let (identity, key_name) = (self.identity.clone(), self.key_name.clone());
        SealedFile::open(disk, self.secrets.clone(), identity, key_name, self.secrets_backed_up)
    }

    /// Encrypts the document, puts it in place of what is there, and reads it back.
    fn write(&self, path: &Path, document: &TokenDocument) -> Result<(), StoreFailure> {
        let failure = |what: &str| StoreFailure::Io { message: format!("{}: {what}", shown(path)) };
        let json = document.to_json();
        let sealed = age::encrypt(&self.identity.to_public(), json.expose().as_bytes())
            .map_err(|error| failure(&format!("cannot be encrypted: {error}")))?;
        // Opened before the old file goes: what cannot be read back must never replace what can.
        let opened = sealed::decrypt(&sealed, &self.identity).ok();
        if opened.and_then(|plain| TokenDocument::from_json(&plain).ok()).as_ref() != Some(document) {
            return Err(failure(
                "what was encrypted does not decrypt to the same again; nothing was changed",
            ));
        }
        self.disk.replace(path, &sealed)?;
        match self.disk.read(path)? {
            Some(bytes) if bytes == sealed => Ok(()),
            Some(_) | None => Err(failure(
                "what was written does not read back; the disk may be full or failing, do not rely on it",
            )),
        }
    }
}

/// The file of one key, while the lock is held.
struct HeldFile {
    parts: Arc<Parts>,
    key: String,
    path: PathBuf,
    /// What counts: what is in the file, or a newer pair that was found elsewhere and that the file does not take.
    document: Option<TokenDocument>,
    adopted: Option<Adopted>,
    _lock: ProcessLock,
}

impl HeldFile {
    /// Brings back a pair that is newer than what is stored: one that a kill left written and not yet in its place,
    /// or one that was put elsewhere. A place that does not answer is passed over: it is there for bad days, and may
    /// not spoil the good ones.
    fn adopt(&mut self) {
        let places: Vec<PathBuf> = [self.path.clone()].into_iter().chain(self.rescue_files()).collect();
        for file in places.iter().flat_map(|path| disk::leftovers(path)).chain(self.rescue_files()) {
            let before = self.document.clone();
            let failure = match self.adopt_file(&file) {
                Ok(true) => None,
                // It counts all the same, and stays where it is safe.
                Err(failure) if self.document != before => Some(failure),
                Ok(false) | Err(_) => continue,
            };
            self.adopted = Some(Adopted { place: shown(&file), failure });
        }
        if self.adopted.as_ref().is_none_or(|adopted| adopted.failure.is_none()) {
            // Half a file is left of a write that was cut off.
            places.iter().for_each(|path| disk::remove_leftovers(path));
        }
    }

    /// Whether a newer pair was in there, which is stored now.
    fn adopt_file(&mut self, file: &Path) -> Result<bool, StoreFailure> {
        let Some(found) = self.parts.read(file, &self.key)? else { return Ok(false) };
        let newer = found.record.is_newer_than(self.document.as_ref().map(|document| &document.record));
        if newer {
            self.document = Some(found.clone());
            self.parts.write(&self.path, &found)?;
        }
        // One that stays behind is not newer than what is stored, and is never taken again.
        let _ = self.parts.disk.remove(file);
        Ok(newer)
    }

    /// Puts the document into a place that is not its own; gives the file, in words.
    fn put_into(&self, place: &Path, document: &TokenDocument) -> Result<String, StoreFailure> {
        let file = rescue_file(&self.parts.directory, place, &self.key);
        disk::create_private_directory(file.parent().unwrap_or(place))?;
        self.parts.write(&file, document)?;
        Ok(shown(&file))
    }

    fn rescue_files(&self) -> Vec<PathBuf> {
        self.parts
            .rescue_places
            .iter()
            .map(|place| rescue_file(&self.parts.directory, place, &self.key))
            .collect()
    }

    fn document_with(&self, record: &TokenRecord) -> TokenDocument {
        match &self.document {
            Some(document) => document.with(record.clone()),
            None => TokenDocument::new(self.key.clone(), record.clone()),
        }
    }
}

impl HeldTokens for HeldFile {
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure> {
        Ok(self.document.as_ref().map(|document| document.record.clone()))
    }

    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure> {
        let first = self.parts.disk.head(&self.path)?.is_none();
        let document = self.document_with(record);
        self.parts.write(&self.path, &document)?;
        self.document = Some(document);
        if first {
            // The file counts from now on; a copy that stays among the secrets is never looked at again.
            let _ = self.parts.forget_among_secrets(&self.key);
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), StoreFailure> {
        // The older places first: a kill in between must not let them count again.
        for file in self.rescue_files() {
            // What cannot be read is nothing that could come back.
            if let Ok(Some(_)) = self.parts.disk.head(&file) {
                self.parts.disk.remove(&file)?;
            }
        }
        self.parts.forget_among_secrets(&self.key)?;
        self.parts.disk.remove(&self.path)?;
        self.document = None;
        Ok(())
    }

    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure> {
        let document = self.document_with(record);
        let mut last = StoreFailure::Io { message: "there is no other place to put it".to_owned() };
        for place in &self.parts.rescue_places {
            match self.put_into(place, &document) {
                Ok(file) => return Ok(file),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    fn rescue_into(&mut self, directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.put_into(directory, &self.document_with(record))
    }

    fn adopted(&self) -> Option<&Adopted> {
        self.adopted.as_ref()
    }
}
