//! Obtaining the key to the secrets: from the keyring, behind a passphrase, or in the open for a rehearsal.
//!
//! A key is made only while there is no `secrets.age`, and under the lock between processes, so that two first
//! starts agree on one. Falling back from the keyring to a passphrase is always an answer to the user first.

use super::backup;
use super::disk::{self, shown};
use super::keyring::KeyringProblem;
use super::sealed::{self, OpenFailure, SealedFile, SecretMap};
use super::tokens::{self, MemoryTokens};
use super::{FileStore, Secrets, StoreKind};
use crate::ports::{StoreFailure, Unlocked};
use crate::secret::{Secret, passphrase_fault};
use age::x25519::Identity;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to do about a damaged `key.age`.
const BACKUP_OPENS: &str = "The passphrase opens its backup; bring it back with: zoom-setup store repair";
const NO_BACKUP: &str = "Restore it from a backup of yours: without it nothing opens the secrets.";
const BACKUP_DAMAGED: &str =
    "Its backup is damaged, too. Restore it from a backup of yours: without it nothing opens the secrets.";

impl FileStore {
    /// The secrets, opened with the key that the rules of the store's kind give.
    pub(super) fn obtain_key(&mut self, passphrase: Option<&Secret>) -> Result<Secrets, StoreFailure> {
        match self.kind {
            StoreKind::Memory => Ok(Secrets::Memory {
                secrets: SecretMap::new(),
                tokens: MemoryTokens::new(self.limits.tokens_wait),
            }),
            StoreKind::Rehearsal => self.rehearsal_key(),
            StoreKind::File => self.passphrase_key(passphrase, "--store file keeps the key behind one"),
            StoreKind::Keyring => {
                if self.is_there(&self.layout.passphrase_key)? {
                    return Err(StoreFailure::Unreadable {
                        message: format!(
                            "the secrets here are behind a passphrase ({}), not in the keyring; use --store file, or \
                             move the key: zoom-setup store move --to keyring",
                            shown(&self.layout.passphrase_key)
                        ),
                    });
                }
                self.keyring_key()?.map_err(|problem| StoreFailure::Io {
                    message: format!(
                        "the keyring cannot be used: {problem}. {} Or use --store file, for a passphrase",
                        problem.next()
                    ),
                })
            }
            StoreKind::Auto => self.best_key(passphrase),
        }
    }

    fn best_key(&mut self, passphrase: Option<&Secret>) -> Result<Secrets, StoreFailure> {
        if self.is_there(&self.layout.passphrase_key)? {
            return self.passphrase_key(passphrase, "the secrets here are behind a passphrase");
        }
        let why = match (passphrase, self.keyring_refused.take()) {
            // The user was told about the keyring, and this is the answer.
            (Some(_), Some(why)) => why,
            (Some(_) | None, _) => match self.keyring_key()? {
                Ok(found) => return Ok(found),
                Err(problem) => problem.to_string(),
            },
        };
        self.keyring_refused = Some(why.clone());
        self.passphrase_key(passphrase, &format!("the keyring cannot be used: {why}"))
    }

    /// The key in the keyring, made if this is the first time. The inner error says why the keyring can't be
    /// used where nothing depends on it yet.
    fn keyring_key(&self) -> Result<Result<Secrets, KeyringProblem>, StoreFailure> {
        // The canonical path needs the directory.
        disk::create_directory(&self.layout.data_dir)?;
        let user = self.keyring_user()?;
        match self.keyring.get(&user) {
            Ok(Some(entry)) => self.keyring_entry(&entry, &user).map(Ok),
            Ok(None) => {
                self.refuse_orphan(&format!("the keyring has no entry {user:?} of {:?}", super::SERVICE))?;
                if let Err(problem) = self.keyring.prove(&user) {
                    return Ok(Err(problem));
                }
                self.make_keyring_key(&user)
            }
            Err(problem) if self.sealed_already()?.is_some() => Err(StoreFailure::Unreadable {
                message: format!(
                    "the key to {} is in the keyring, and the keyring cannot be used: {problem}. {}",
                    shown(&self.layout.secrets),
                    problem.next()
                ),
            }),
            Err(problem) => Ok(Err(problem)),
        }
    }

    fn make_keyring_key(&self, user: &str) -> Result<Result<Secrets, KeyringProblem>, StoreFailure> {
        let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
        // Another first start may have been quicker.
        match self.keyring.get(user) {
            Ok(Some(entry)) => return self.keyring_entry(&entry, user).map(Ok),
            Ok(None) => {}
            Err(problem) => return Ok(Err(problem)),
        }
        self.refuse_orphan("the keyring has no entry for it")?;
        let identity = Identity::generate();
        let text = sealed::identity_line(&identity);
        match self.keyring.keep(user, &text) {
            Ok(()) => self.sealed(identity, Unlocked::Keyring).map(Ok),
            Err(problem) => Ok(Err(problem)),
        }
    }

    fn keyring_entry(&self, entry: &Secret, user: &str) -> Result<Secrets, StoreFailure> {
        let identity = sealed::parse_identity(entry).ok_or_else(|| StoreFailure::Unreadable {
            message: format!(
                "the keyring entry {user:?} of {:?} holds no age key; it is left as it is. Remove it with the \
                 keyring's own program if nothing needs it",
                super::SERVICE
            ),
        })?;
        self.sealed(identity, Unlocked::Keyring)
    }

    /// Two data directories must not share a key, so the entry carries the directory.
    pub(super) fn keyring_user(&self) -> Result<String, StoreFailure> {
        let directory = &self.layout.data_dir;
        let path =
            std::fs::canonicalize(directory).map_err(|error| disk::cannot("read", directory, &error))?;
        // Debug escapes what is not Unicode, so that two such paths stay two.
        Ok(path.to_str().map_or_else(|| format!("{path:?}"), str::to_owned))
    }

    fn passphrase_key(&self, passphrase: Option<&Secret>, why: &str) -> Result<Secrets, StoreFailure> {
        let path = &self.layout.passphrase_key;
        let Some(bytes) = self.disk.read(path)? else {
            self.refuse_orphan(&format!("{} is not there", shown(path)))?;
            return match passphrase {
                Some(chosen) => match passphrase_fault(chosen) {
                    None => self.make_passphrase_key(chosen),
                    Some(fault) => Err(needs_new(&fault)),
                },
                None => Err(needs_new(&format!("{why}. {}", self.limits.passphrase_cost()))),
            };
        };
        match passphrase {
            Some(passphrase) => self.open_passphrase_key(&bytes, passphrase),
            None => Err(StoreFailure::NeedsPassphrase { new: false, why: why.to_owned() }),
        }
    }

    fn make_passphrase_key(&self, passphrase: &Secret) -> Result<Secrets, StoreFailure> {
        let path = &self.layout.passphrase_key;
        disk::create_directory(&self.layout.data_dir)?;
        let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
        // Another first start may have been quicker; then its passphrase counts.
        if let Some(bytes) = self.disk.read(path)? {
            return self.open_passphrase_key(&bytes, passphrase);
        }
        self.refuse_orphan(&format!("{} is not there", shown(path)))?;
        let identity = Identity::generate();
        let bytes = sealed::seal_identity(&identity, passphrase, self.limits.work_factor)
            .map_err(|message| StoreFailure::Io { message })?;
        backup::keep_copy(self.disk.as_ref(), path, &bytes)?;
        self.disk.replace(path, &bytes)?;
        // What is on the disk now must open, before anything is encrypted to it.
        let back = self.disk.read(path)?.unwrap_or_default();
        self.open_passphrase_key(&back, passphrase)
    }

    fn open_passphrase_key(&self, bytes: &[u8], passphrase: &Secret) -> Result<Secrets, StoreFailure> {
        match sealed::open_identity(bytes, passphrase) {
            Ok(identity) => self.sealed(identity, Unlocked::Passphrase),
            Err(failure) => {
                let backup = self.disk.read(&backup::of(&self.layout.passphrase_key))?;
                let there = backup.is_some();
                // The same bytes fail in the same way, and each try takes its time.
                let whole = backup
                    .filter(|backup| backup != bytes)
                    .is_some_and(|backup| sealed::open_identity(&backup, passphrase).is_ok());
                let (how, advice) = match (failure, whole) {
                    // Damage can look like a wrong passphrase. One that opens the backup is right.
                    (OpenFailure::WrongKey, false) => return Err(StoreFailure::WrongPassphrase),
                    (OpenFailure::WrongKey, true) => ("it is damaged".to_owned(), BACKUP_OPENS),
                    (OpenFailure::Newer(how) | OpenFailure::Damaged(how), true) => (how, BACKUP_OPENS),
                    (OpenFailure::Newer(how) | OpenFailure::Damaged(how), false) => {
                        (how, if there { BACKUP_DAMAGED } else { NO_BACKUP })
                    }
                };
                Err(StoreFailure::Unreadable {
                    message: format!(
                        "{} cannot be understood: {how}; it is left as it is. {advice}",
                        shown(&self.layout.passphrase_key)
                    ),
                })
            }
        }
    }

    fn rehearsal_key(&self) -> Result<Secrets, StoreFailure> {
        let path = &self.layout.rehearsal_key;
        let bytes = match self.disk.read(path)? {
            Some(bytes) => bytes,
            None => self.make_rehearsal_key()?,
        };
        let identity = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| sealed::parse_identity(&Secret::new(text)))
            .ok_or_else(|| StoreFailure::Unreadable {
                message: format!(
                    "{} holds no age key; remove it and {}, nothing in a rehearsal is real",
                    shown(path),
                    shown(&self.layout.secrets)
                ),
            })?;
        self.sealed(identity, Unlocked::Rehearsal)
    }

    fn make_rehearsal_key(&self) -> Result<Vec<u8>, StoreFailure> {
        let path = &self.layout.rehearsal_key;
        disk::create_directory(&self.layout.data_dir)?;
        let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
        if let Some(bytes) = self.disk.read(path)? {
            return Ok(bytes);
        }
        self.refuse_orphan(&format!("{} is not there", shown(path)))?;
        let bytes = sealed::identity_file(&Identity::generate()).expose().as_bytes().to_vec();
        self.disk.replace(path, &bytes)?;
        Ok(bytes)
    }

    /// Never a new key beside secrets that need the old one.
    fn refuse_orphan(&self, what_is_missing: &str) -> Result<(), StoreFailure> {
        let Some(sealed) = self.sealed_already()? else { return Ok(()) };
        let kept = backup::of(&self.layout.passphrase_key);
        if self.kind.is_backed_up() && self.is_there(&kept)? {
            return Err(StoreFailure::Unreadable {
                message: format!(
                    "{} is gone, and its backup is there. Bring it back with: zoom-setup store repair",
                    shown(&self.layout.passphrase_key)
                ),
            });
        }
        let secrets = shown(&sealed);
        let advice = match self.kind {
            StoreKind::Rehearsal | StoreKind::Memory => "remove it, nothing in a rehearsal is real".to_owned(),
            StoreKind::File => {
                "if the key is in the keyring, use --store keyring; otherwise bring key.age back from a backup"
                    .to_owned()
            }
            StoreKind::Auto | StoreKind::Keyring => format!(
                "if the data directory was moved or copied, put it back where it was; if the keyring was reset, bring it \
                 back from a backup of yours; otherwise move {secrets} away to begin without its secrets"
            ),
        };
        Err(StoreFailure::Unreadable {
            message: format!(
                "{secrets} is there and its key is not: {what_is_missing}. It is left as it is; {advice}"
            ),
        })
    }

    fn sealed(&self, identity: Identity, by: Unlocked) -> Result<Secrets, StoreFailure> {
        let key_name = match by {
            Unlocked::Keyring => "the one in the keyring".to_owned(),
            Unlocked::Passphrase => format!("the one in {}", shown(&self.layout.passphrase_key)),
            Unlocked::Rehearsal | Unlocked::Memory => {
                format!("the one in {}", shown(&self.layout.rehearsal_key))
            }
        };
        let file = SealedFile::open(
            Arc::clone(&self.disk),
            self.layout.secrets.clone(),
            identity,
            key_name,
            self.kind.is_backed_up(),
        )?;
        Ok(Secrets::Sealed { file, by })
    }

    /// Something that is encrypted to the key of this store, if anything is.
    pub(super) fn sealed_already(&self) -> Result<Option<PathBuf>, StoreFailure> {
        if self.is_there(&self.layout.secrets)? {
            return Ok(Some(self.layout.secrets.clone()));
        }
        tokens::any_file(&self.layout.tokens)
    }

    fn is_there(&self, path: &Path) -> Result<bool, StoreFailure> {
        self.disk.head(path).map(|head| head.is_some())
    }
}

fn needs_new(why: &str) -> StoreFailure {
    StoreFailure::NeedsPassphrase { new: true, why: why.to_owned() }
}
