//! What the store is made of, and whether each file is whole: looked at without changing anything.

use super::backup;
use super::disk::{self, shown};
use super::keyring::KeyringProblem;
use super::lost::Loss;
use super::records::{file_name, in_words, other_format};
use super::sealed::{self, OpenFailure};
use super::stamp::{self, Unfit};
use super::{FileStore, StoreKind};
use crate::oauth::renewal::{DocumentProblem, FORMAT, TokenDocument};
use crate::ports::StoreFailure;
use crate::secret::Secret;
use crate::setup::{Connection, Setup};
use age::x25519::Identity;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// What the store is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub data_dir: PathBuf,
    pub key: KeyPlace,
    pub opened: Opened,
    pub keyring: KeyringHealth,
    /// Each file that lasts, in the order of the module's table.
    pub files: Vec<FileHealth>,
    /// What belongs here by the records, and is nowhere.
    pub lost: Vec<Loss>,
    /// Damaged files that a repair has set aside.
    pub set_aside: Vec<PathBuf>,
    /// What a kill has left: half-written files, and a key in a place that does not count any more.
    pub leftovers: Vec<String>,
}

impl Health {
    /// Whether every file is whole, and nothing is gone, as far as it could be looked at.
    pub fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.files_are_whole()
    }

    /// The same of the files that are there.
    pub fn files_are_whole(&self) -> bool {
        self.files.iter().all(|file| matches!(file.state, FileState::Whole | FileState::NotOpened))
    }
}

/// Where the key to the secrets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// Nowhere yet: no secret was ever stored here.
    NoneYet,
    /// In the operating system's keyring.
    Keyring,
    /// In `key.age`, behind a passphrase.
    Passphrase,
    /// In the open, beside the invented secrets of a rehearsal.
    Open,
    /// There are secrets and no key to them, as far as can be seen.
    NotFound,
    /// Nothing is kept.
    Memory,
}

/// Whether the secrets could be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Yes,
    /// There is nothing to open.
    Nothing,
    /// The passphrase was not given.
    NeedsPassphrase,
    /// The passphrase given does not open the key.
    WrongPassphrase,
    /// Why not, in words.
    No(String),
}

/// What the keyring is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringHealth {
    /// It was not asked: this kind of store does not use it.
    NotAsked,
    /// It took an entry, gave it back, and removed it.
    Keeps,
    Problem(KeyringProblem),
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Setup,
    Connection,
    Secrets,
    Tokens,
    Key,
}

/// A file and its backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHealth {
    pub path: PathBuf,
    pub kind: FileKind,
    pub state: FileState,
    /// How many secrets it holds; of a damaged one, how many can still be read.
    pub secrets: Option<usize>,
    pub backup: Option<BackupHealth>,
}

/// The backup of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupHealth {
    /// When it was written, by the file system.
    pub written: Option<Timestamp>,
    pub state: FileState,
    pub secrets: Option<usize>,
}

/// Whether a file is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    Whole,
    /// Encrypted, and the key is not at hand: nothing speaks against it.
    NotOpened,
    /// A newer zoom-setup wrote it: in words.
    Newer(String),
    /// In words.
    Damaged(String),
    /// It is gone, and its backup is there.
    Gone,
}

/// The key, as far as it was found without making one.
pub(super) struct FoundKey {
    pub place: KeyPlace,
    pub identity: Option<Identity>,
    pub opened: Opened,
    /// Why the keyring was not of use, if it was asked and was not.
    pub problem: Option<KeyringProblem>,
    /// What the passphrase was tried on: `key.age` and its backup, once where their bytes are the same.
    tried: Vec<Tried>,
}

/// A key file that a passphrase was tried on.
struct Tried {
    bytes: Vec<u8>,
    /// `None`: it opened.
    failure: Option<OpenFailure>,
}

impl FileStore {
    /// Looks at everything. Nothing is changed, apart from the entry with which the keyring is tried; no key is made.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn health(&self, passphrase: Option<&Secret>) -> Result<Health, StoreFailure> {
        let found = self.find_key(passphrase)?;
        let mut health = Health {
            data_dir: self.layout.data_dir.clone(),
            key: found.place,
            opened: found.opened.clone(),
            // One that has just failed is not waited for again.
            keyring: found.problem.clone().map_or_else(|| self.try_keyring(), KeyringHealth::Problem),
            files: Vec::new(),
            lost: Vec::new(),
            set_aside: Vec::new(),
            leftovers: Vec::new(),
        };
        if self.kind == StoreKind::Memory {
            return Ok(health);
        }
        let identity = found.identity.as_ref();
        for path in self.files_in(&self.layout.data_dir.join("setups"), "json")? {
            health.files.push(self.record::<Setup>(path, FileKind::Setup));
        }
        for path in self.files_in(&self.layout.data_dir.join("connections"), "json")? {
            health.files.push(self.record::<Connection>(path, FileKind::Connection));
        }
        health.files.extend(self.sealed_files_with(&found)?);
        health.lost = self.losses(&found)?;
        self.look_for_leftovers(&mut health, identity)?;
        Ok(health)
    }

    /// The encrypted files.
    pub(super) fn sealed_files(&self, passphrase: Option<&Secret>) -> Result<Vec<FileHealth>, StoreFailure> {
        let found = self.find_key(passphrase)?;
        self.sealed_files_with(&found)
    }

    fn sealed_files_with(&self, found: &FoundKey) -> Result<Vec<FileHealth>, StoreFailure> {
        let identity = found.identity.as_ref();
        let mut files: Vec<FileHealth> = self.secrets_file(identity)?.into_iter().collect();
        files.extend(self.token_files()?.into_iter().map(|path| self.tokens_file(path, identity)));
        files.extend(self.key_file(found)?);
        Ok(files)
    }

    /// The files of tokens that rotate.
    pub(super) fn token_files(&self) -> Result<Vec<PathBuf>, StoreFailure> {
        self.files_in(&self.layout.tokens, "age")
    }

    /// The key that opens the secrets now, and its place.
    pub(super) fn find_key(&self, passphrase: Option<&Secret>) -> Result<FoundKey, StoreFailure> {
        let found = |place, identity: Option<Identity>, opened| {
            Ok(FoundKey { place, identity, opened, problem: None, tried: Vec::new() })
        };
        match self.kind {
            StoreKind::Memory => return found(KeyPlace::Memory, None, Opened::Nothing),
            StoreKind::Rehearsal => {
                let bytes = self.disk.read(&self.layout.rehearsal_key)?;
                let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
                return match text.and_then(|text| sealed::parse_identity(&Secret::new(text))) {
                    Some(identity) => found(KeyPlace::Open, Some(identity), Opened::Yes),
                    None => {
                        let opened = self.no_key(passphrase, None)?.opened;
                        found(KeyPlace::Open, None, opened)
                    }
                };
            }
            StoreKind::Auto | StoreKind::Keyring | StoreKind::File => {}
        }
        if self.disk.head(&self.layout.passphrase_key)?.is_some() {
            return self.find_passphrase_key(passphrase);
        }
        if self.kind == StoreKind::File || !self.layout.data_dir.is_dir() {
            return self.no_key(passphrase, None);
        }
        match self.keyring.get(&self.keyring_user()?) {
            Ok(Some(entry)) => match sealed::parse_identity(&entry) {
                Some(identity) => found(KeyPlace::Keyring, Some(identity), Opened::Yes),
                None => self.no_key(passphrase, Some("the entry in the keyring holds no age key".to_owned())),
            },
            Ok(None) => self.no_key(passphrase, None),
            Err(problem) => {
                let why = format!("the keyring cannot be used: {problem}. {}", problem.next());
                Ok(FoundKey { problem: Some(problem), ..self.no_key(passphrase, Some(why))? })
            }
        }
    }

    /// The key behind the passphrase, from `key.age` or from its backup.
    fn find_passphrase_key(&self, passphrase: Option<&Secret>) -> Result<FoundKey, StoreFailure> {
        let path = &self.layout.passphrase_key;
        let (mut identity, mut tried) = (None, Vec::<Tried>::new());
        if let Some(passphrase) = passphrase {
            for bytes in [self.disk.read(path)?, self.disk.read(&backup::of(path))?].into_iter().flatten() {
                if tried.iter().any(|known| known.bytes == bytes) {
                    continue;
                }
                let failure = match sealed::open_identity(&bytes, passphrase) {
                    Ok(opened) => {
                        identity = identity.or(Some(opened));
                        None
                    }
                    Err(failure) => Some(failure),
                };
                tried.push(Tried { bytes, failure });
            }
        }
        let opened = match (&identity, passphrase, tried.first().and_then(|first| first.failure.as_ref())) {
            (Some(_), _, _) => Opened::Yes,
            (None, None, _) => Opened::NeedsPassphrase,
            (None, Some(_), None | Some(OpenFailure::WrongKey)) => Opened::WrongPassphrase,
            (None, Some(_), Some(OpenFailure::Newer(how) | OpenFailure::Damaged(how))) => {
                Opened::No(format!("{}: {how}", shown(path)))
            }
        };
        Ok(FoundKey { place: KeyPlace::Passphrase, identity, opened, problem: None, tried })
    }

    /// There is no key: that is as it should be where there is nothing to open either.
    fn no_key(&self, passphrase: Option<&Secret>, why: Option<String>) -> Result<FoundKey, StoreFailure> {
        let passphrase_key = backup::of(&self.layout.passphrase_key);
        if self.kind != StoreKind::Rehearsal && self.disk.head(&passphrase_key)?.is_some() {
            return self.find_passphrase_key(passphrase);
        }
        let there = self.sealed_already()?.is_some();
        let (place, opened) = match (there, why) {
            (false, _) => (KeyPlace::NoneYet, Opened::Nothing),
            (true, None) => {
                (KeyPlace::NotFound, Opened::No("the secrets are there and their key is not".to_owned()))
            }
            (true, Some(why)) => (KeyPlace::NotFound, Opened::No(why)),
        };
        Ok(FoundKey { place, identity: None, opened, problem: None, tried: Vec::new() })
    }

    fn try_keyring(&self) -> KeyringHealth {
        match self.kind {
            StoreKind::Memory | StoreKind::Rehearsal | StoreKind::File => KeyringHealth::NotAsked,
            StoreKind::Auto | StoreKind::Keyring => {
                let user = self.keyring_user().unwrap_or_else(|_| "probe".to_owned());
                match self.keyring.prove(&user) {
                    Ok(()) => KeyringHealth::Keeps,
                    Err(problem) => KeyringHealth::Problem(problem),
                }
            }
        }
    }

    /// Files with that extension, and the backups of those that are gone.
    fn files_in(&self, directory: &Path, extension: &str) -> Result<Vec<PathBuf>, StoreFailure> {
        let mut paths: Vec<PathBuf> = disk::names_in(directory)?
            .into_iter()
            .filter_map(
                |path| if disk::is_named(&path, extension) { Some(path) } else { backup::is_of(&path) },
            )
            .filter(|path| disk::is_named(path, extension))
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    fn record<T: DeserializeOwned>(&self, path: PathBuf, kind: FileKind) -> FileHealth {
        let judge = |bytes: &[u8]| match stamp::parse::<T>(bytes) {
            Ok(_) => FileState::Whole,
            Err(Unfit::Newer(how)) => FileState::Newer(how),
            Err(Unfit::Damaged(how)) => FileState::Damaged(how),
        };
        let state = self.state(&path, &judge);
        let backup = self.backup(&path, |bytes| (judge(bytes), None));
        FileHealth { path, kind, state, secrets: None, backup }
    }

    fn secrets_file(&self, identity: Option<&Identity>) -> Result<Option<FileHealth>, StoreFailure> {
        let path = self.layout.secrets.clone();
        let kept = self.disk.read(&backup::of(&path))?;
        let judge = |bytes: &[u8], other: Option<&[u8]>| match identity {
            None => (without_key(bytes), None),
            Some(identity) => match sealed::examine(bytes, other, identity) {
                Ok(secrets) => (FileState::Whole, Some(secrets.len())),
                Err(OpenFailure::Newer(how)) => (FileState::Newer(how), None),
                Err(OpenFailure::Damaged(how)) => {
                    (FileState::Damaged(how), Some(sealed::salvage(bytes, identity).len()))
                }
                Err(OpenFailure::WrongKey) => {
                    (FileState::Damaged("it was encrypted with another key".to_owned()), None)
                }
            },
        };
        let (state, secrets) = match self.disk.read(&path) {
            Ok(Some(bytes)) => judge(&bytes, kept.as_deref()),
            Ok(None) if kept.is_none() => return Ok(None),
            Ok(None) => (FileState::Gone, None),
            Err(failure) => (FileState::Damaged(in_words(failure)), None),
        };
        let backup = self.backup(&path, |bytes| judge(bytes, None));
        Ok(Some(FileHealth { path, kind: FileKind::Secrets, state, secrets, backup }))
    }

    /// Tokens have no backup: it would bring back one that is spent.
    fn tokens_file(&self, path: PathBuf, identity: Option<&Identity>) -> FileHealth {
        let state = self.state(&path, &|bytes: &[u8]| {
            let Some(identity) = identity else { return without_key(bytes) };
            let damaged = |how: &str| FileState::Damaged(how.to_owned());
            match sealed::decrypt(bytes, identity) {
                Ok(plain) => match TokenDocument::from_json(&plain) {
                    Ok(document) => {
                        let named = document.key.as_deref().map(|key| file_name(key, "tokens", "age"));
                        if named.is_some()
                            && named.as_deref() == path.file_name().and_then(|name| name.to_str())
                        {
                            FileState::Whole
                        } else {
                            damaged("it holds the tokens of something else than its name says")
                        }
                    }
                    Err(DocumentProblem::OtherFormat(found)) if found > FORMAT => {
                        FileState::Newer(other_format(found, FORMAT))
                    }
                    Err(DocumentProblem::OtherFormat(_) | DocumentProblem::Damaged { .. }) => {
                        damaged("inside, it is not as written")
                    }
                },
                Err(OpenFailure::WrongKey) => damaged("it was encrypted with another key"),
                Err(OpenFailure::Newer(how)) => FileState::Newer(how),
                Err(OpenFailure::Damaged(how)) => FileState::Damaged(how),
            }
        });
        FileHealth { path, kind: FileKind::Tokens, state, secrets: None, backup: None }
    }

    fn key_file(&self, found: &FoundKey) -> Result<Option<FileHealth>, StoreFailure> {
        if self.kind == StoreKind::Rehearsal {
            return Ok(None);
        }
        let path = self.layout.passphrase_key.clone();
        let kept = self.disk.read(&backup::of(&path))?;
        let tried = |bytes: &[u8]| found.tried.iter().find(|tried| tried.bytes == bytes);
        // Damage can look like a wrong passphrase. One that opens the backup is right.
        let proved = kept.as_deref().and_then(tried).is_some_and(|tried| tried.failure.is_none());
        let judge = |bytes: &[u8]| match tried(bytes).map(|tried| tried.failure.as_ref()) {
            Some(None) => FileState::Whole,
            Some(Some(OpenFailure::WrongKey)) if proved => {
                FileState::Damaged("the passphrase that opens its backup does not open it".to_owned())
            }
            Some(Some(OpenFailure::Damaged(how))) => FileState::Damaged(how.clone()),
            Some(Some(OpenFailure::Newer(how))) => FileState::Newer(how.clone()),
            Some(Some(OpenFailure::WrongKey)) | None => without_key(bytes),
        };
        let there = self.disk.head(&path).map_or(true, |head| head.is_some());
        if !there && (kept.is_none() || found.place == KeyPlace::Keyring) {
            return Ok(None);
        }
        let state = self.state(&path, &judge);
        let backup = self.backup(&path, |bytes| (judge(bytes), None));
        Ok(Some(FileHealth { path, kind: FileKind::Key, state, secrets: None, backup }))
    }

    fn state(&self, path: &Path, judge: &dyn Fn(&[u8]) -> FileState) -> FileState {
        match self.disk.read(path) {
            Ok(Some(bytes)) => judge(&bytes),
            Ok(None) => FileState::Gone,
            Err(failure) => FileState::Damaged(in_words(failure)),
        }
    }

    fn backup(
        &self,
        path: &Path,
        judge: impl FnOnce(&[u8]) -> (FileState, Option<usize>),
    ) -> Option<BackupHealth> {
        let path = backup::of(path);
        let (state, secrets) = match self.disk.read(&path) {
            Ok(None) => return None,
            Ok(Some(bytes)) => judge(&bytes),
            Err(failure) => (FileState::Damaged(in_words(failure)), None),
        };
        Some(BackupHealth { written: backup::written_at(&path), state, secrets })
    }

    fn look_for_leftovers(
        &self,
        health: &mut Health,
        identity: Option<&Identity>,
    ) -> Result<(), StoreFailure> {
        let directories = [
            self.layout.data_dir.clone(),
            self.layout.data_dir.join("setups"),
            self.layout.data_dir.join("connections"),
            self.layout.tokens.clone(),
        ];
        for directory in directories {
            for path in disk::names_in(&directory)? {
                if backup::is_aside(&path) {
                    health.set_aside.push(path);
                } else if disk::is_unfinished(&path) {
                    health.leftovers.push(format!("{}: a write that was cut short", shown(&path)));
                }
            }
        }
        health.set_aside.sort();
        health.leftovers.sort();
        if health.key == KeyPlace::Passphrase
            && matches!(self.kind, StoreKind::Auto | StoreKind::Keyring)
            && let Ok(Some(entry)) = self.keyring.get(&self.keyring_user()?)
        {
            let same = match (sealed::parse_identity(&entry), identity) {
                (Some(entry), Some(identity)) => {
                    entry.to_public().to_string() == identity.to_public().to_string()
                }
                (Some(_) | None, Some(_) | None) => false,
            };
            let what = if same { "still holds the key" } else { "holds an entry for this directory" };
            health.leftovers.push(format!(
                "the keyring {what}, beside key.age: a move was cut short; zoom-setup store move --to file (or keyring) \
                 finishes it"
            ));
        }
        if health.key == KeyPlace::Keyring
            && self.disk.head(&backup::of(&self.layout.passphrase_key))?.is_some()
        {
            health.leftovers.push(format!(
                "{}: a move to the keyring was cut short; zoom-setup store move --to keyring finishes it",
                shown(&backup::of(&self.layout.passphrase_key))
            ));
        }
        Ok(())
    }
}

/// What can be said of an encrypted file without its key.
fn without_key(bytes: &[u8]) -> FileState {
    match age::Decryptor::new_buffered(bytes) {
        Ok(_) => FileState::NotOpened,
        Err(_) => FileState::Damaged("it is no age file, or its beginning is damaged".to_owned()),
    }
}
