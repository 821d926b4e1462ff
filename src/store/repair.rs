//! Bringing back what is damaged or gone, from its backup and from what can still be read.
//!
//! A damaged file is never deleted: it gets a second name first, and is then replaced as a whole. A kill in between
//! leaves the damaged file where it was, and the repair can be begun again.

use super::backup;
use super::disk::{self, shown};
use super::health::{BackupHealth, FileHealth, FileKind, FileState, Health};
use super::sealed;
use super::{FileStore, StoreKind};
use crate::ports::StoreFailure;
use crate::secret::Secret;
use jiff::Timestamp;
use std::path::PathBuf;

/// What would be brought back, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    pub path: PathBuf,
    pub kind: FileKind,
    pub source: Source,
}

/// Where a file is brought back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Its backup, written then.
    Backup { written: Option<Timestamp> },
    /// For secrets: so many can still be read in the damaged file, and so many are in the backup (0: there is none).
    /// What is in both is taken from the damaged file, which was written last and proves itself.
    Parts { readable: usize, backup: usize, written: Option<Timestamp> },
}

impl Health {
    /// What a repair would bring back; what is newer or whole is left alone.
    pub fn repairs(&self) -> Vec<Repair> {
        self.files.iter().filter_map(repair_of).collect()
    }
}

fn repair_of(file: &FileHealth) -> Option<Repair> {
    if !matches!(file.state, FileState::Damaged(_) | FileState::Gone) {
        return None;
    }
    let whole = |backup: &&BackupHealth| backup.state == FileState::Whole;
    let backup = file.backup.as_ref().filter(whole);
    let source = match file.kind {
        FileKind::Secrets => {
            let (readable, kept) = (file.secrets.unwrap_or(0), backup.and_then(|backup| backup.secrets));
            if readable == 0 && kept.is_none() {
                return None;
            }
            let written = backup.and_then(|backup| backup.written);
            Source::Parts { readable, backup: kept.unwrap_or(0), written }
        }
        FileKind::Setup | FileKind::Connection | FileKind::Key => Source::Backup { written: backup?.written },
        FileKind::Tokens => return None,
    };
    Some(Repair { path: file.path.clone(), kind: file.kind, source })
}

impl FileStore {
    /// Brings one file back. Gives the name under which the damaged one is kept, if there was one.
    ///
    /// # Errors
    /// It is not as it was when it was looked at, or the disk does not take it; then the damaged file is where it was.
    pub fn repair(
        &self,
        repair: &Repair,
        passphrase: Option<&Secret>,
        now: Timestamp,
    ) -> Result<Option<PathBuf>, StoreFailure> {
        if self.kind == StoreKind::Memory {
            return Ok(None);
        }
        let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
        // Looked at again under the lock: another process may have repaired it, or written it anew.
        let still = self.health(passphrase)?.repairs().contains(repair);
        let bytes = if still { self.brought_back(repair, passphrase)? } else { None };
        let Some(bytes) = bytes else {
            return Err(StoreFailure::Io {
                message: format!(
                    "{} has changed meanwhile, and was left alone; look again with: zoom-setup store",
                    shown(&repair.path)
                ),
            });
        };
        let aside = match self.disk.head(&repair.path)? {
            Some(_) => {
                let name = backup::aside(&repair.path, now);
                self.disk.set_aside(&repair.path, &name)?;
                Some(name)
            }
            None => None,
        };
        self.disk.replace(&repair.path, &bytes)?;
        if self.disk.read(&repair.path)?.as_deref() != Some(bytes.as_slice()) {
            return Err(StoreFailure::Io {
                message: format!(
                    "{}: what was brought back does not read back; the disk may be full or failing",
                    shown(&repair.path)
                ),
            });
        }
        Ok(aside)
    }

    fn brought_back(
        &self,
        repair: &Repair,
        passphrase: Option<&Secret>,
    ) -> Result<Option<Vec<u8>>, StoreFailure> {
        let kept = self.disk.read(&backup::of(&repair.path))?;
        match (&repair.source, repair.kind) {
            (Source::Parts { .. }, _) => {
                let Some(identity) = self.find_key(passphrase)?.identity else { return Ok(None) };
                let damaged = self.disk.read(&repair.path)?.unwrap_or_default();
                sealed::brought_back(&damaged, kept.as_deref(), &identity)
                    .map(Some)
                    .map_err(|message| StoreFailure::Io { message })
            }
            (
                Source::Backup { .. },
                FileKind::Setup | FileKind::Connection | FileKind::Key | FileKind::Secrets | FileKind::Tokens,
            ) => Ok(kept),
        }
    }
}
