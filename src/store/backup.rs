//! Backups of the last good version, one of each file, beside it: `secrets.age.backup`.
//!
//! What is written seldom and matters most (secrets, the key) has a copy of what was written last, made before the
//! file itself is replaced: nothing is lost with the file, and what was removed is in neither. Records have the version
//! before the last write, under a second name, which costs no copy: a set-up is written at every answer. Tokens that
//! rotate have none, since it would bring back a token that is spent; rehearsals have none, since nothing is real.

use super::disk::Disk;
use crate::ports::StoreFailure;
use jiff::Timestamp;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Suffix of a backup.
const BACKUP: &str = ".backup";

/// Part of the name of a damaged file that was set aside.
const DAMAGED: &str = ".damaged-";

/// The backup of this file.
pub fn of(path: &Path) -> PathBuf {
    with_suffix(path, BACKUP)
}

/// The file that this is the backup of.
pub fn is_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_suffix(BACKUP)?;
    Some(path.with_file_name(name))
}

/// The name that a damaged file is given, unlike any before: with the time, in seconds since 1970.
pub fn aside(path: &Path, now: Timestamp) -> PathBuf {
    let name = with_suffix(path, &format!("{DAMAGED}{}", now.as_second()));
    (1..)
        .map(|number| if number == 1 { name.clone() } else { with_suffix(&name, &format!("-{number}")) })
        .find(|name| fs::symlink_metadata(name).is_err())
        .unwrap_or(name)
}

/// Whether this is a damaged file that was set aside.
pub fn is_aside(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(DAMAGED))
}

/// When the file was written, by its file system.
pub fn written_at(path: &Path) -> Option<Timestamp> {
    fs::symlink_metadata(path).ok()?.modified().ok()?.try_into().ok()
}

/// Keeps the version that is about to be replaced. A backup that cannot be made does not cost the answer that is
/// being saved.
pub fn keep_previous(disk: &dyn Disk, path: &Path) {
    let _ = disk.second_name(path, &of(path));
}

/// Keeps a copy of what is about to be written.
pub fn keep_copy(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
    disk.replace(&of(path), bytes)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(suffix);
    path.with_file_name(name)
}
