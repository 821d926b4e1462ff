//! The last checks of each connection, as lines of JSON in one file: appended to once a run, and written anew when it
//! holds much more than is kept.

use super::disk::{self, Disk, SystemDisk, cannot};
use crate::check::{Entry, History};
use crate::ports::StoreFailure;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long another process may hold the file.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The file; `None`: nothing is kept on disk.
#[derive(Clone, Debug)]
pub struct HistoryFile {
    path: Option<PathBuf>,
}

impl HistoryFile {
    /// Below that data directory. Touches nothing yet.
    pub fn new(data_dir: &Path) -> Self {
        Self { path: Some(data_dir.join("checks.jsonl")) }
    }

    /// One that forgets, for a store in memory.
    pub const fn nowhere() -> Self {
        Self { path: None }
    }

    /// What is remembered. A file that is not there remembers nothing.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn read(&self) -> Result<History, StoreFailure> {
        match &self.path {
            Some(path) => Ok(parse(SystemDisk.read(path)?.as_deref())),
            None => Ok(History::default()),
        }
    }

    /// Remembers a run's checks. Other processes may do the same.
    ///
    /// # Errors
    /// The file can't be locked or written.
    pub fn append(&self, entries: &[Entry]) -> Result<(), StoreFailure> {
        let Some(path) = self.path.as_ref().filter(|_| !entries.is_empty()) else { return Ok(()) };
        let _lock = self.lock(path)?;
        let mut history = parse(SystemDisk.read(path)?.as_deref());
        if history.is_wasteful() {
            entries.iter().for_each(|entry| history.add(entry.clone()));
            return SystemDisk.replace(path, history.to_text().as_bytes());
        }
        let lines = history.lines_for(entries);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |error: std::io::Error| cannot("write", path, &error);
        let mut file = options.open(path).map_err(failed)?;
        let mut text = String::new();
        if !ends_with_a_line(&mut file).map_err(failed)? {
            // Cut by a crash: the rest of that line is lost, the next one shall not be.
            text.push('\n');
        }
        text.push_str(&lines);
        file.write_all(text.as_bytes()).map_err(failed)
    }

    /// A connection has another name now.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn rename(&self, from: &str, to: &str) -> Result<(), StoreFailure> {
        self.change(|history| history.rename(from, to))
    }

    /// A connection is gone, and its checks with it.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn forget(&self, connection: &str) -> Result<(), StoreFailure> {
        self.change(|history| history.forget(connection))
    }

    fn change(&self, change: impl FnOnce(&mut History)) -> Result<(), StoreFailure> {
        let Some(path) = &self.path else { return Ok(()) };
        if !path.exists() {
            return Ok(());
        }
        let _lock = self.lock(path)?;
        let mut history = parse(SystemDisk.read(path)?.as_deref());
        change(&mut history);
        SystemDisk.replace(path, history.to_text().as_bytes())
    }

    fn lock(&self, path: &Path) -> Result<disk::ProcessLock, StoreFailure> {
        if let Some(directory) = path.parent() {
            disk::create_private_directory(directory)?;
        }
        disk::lock(&path.with_extension("lock"), LOCK_WAIT)
    }
}

fn parse(bytes: Option<&[u8]>) -> History {
    bytes.map(|bytes| History::parse(&String::from_utf8_lossy(bytes))).unwrap_or_default()
}

/// Whether the file is empty or its last line is whole.
fn ends_with_a_line(file: &mut std::fs::File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
