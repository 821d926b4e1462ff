//! Files and directories of the store: private modes, atomic replace, the lock between processes.

use crate::ports::StoreFailure;
use crate::secret::printable;
use etcetera::BaseStrategy;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// No file of the store comes near this; a larger one is not ours and is not read.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// Enough of an age file to hold the random part of its header, which no two encryptions share.
const HEAD: u64 = 512;

/// How often a taken lock is tried again.
const LOCK_POLL: Duration = Duration::from_millis(10);

/// Suffix of a file that is being written and is not yet in its place.
const UNFINISHED: &str = ".tmp";

/// Where set-ups, connections and secrets go unless the caller says otherwise: `zoom-setup` below the
/// platform's data directory (`$XDG_DATA_HOME` or `~/.local/share` on Linux).
///
/// # Errors
/// There is no home directory.
pub fn default_data_dir() -> Result<PathBuf, StoreFailure> {
    etcetera::base_strategy::choose_native_strategy()
        .map(|strategy| strategy.data_dir().join("zoom-setup"))
        .map_err(|_| StoreFailure::Io {
            message: "there is no home directory to keep data in; name a directory with --data-dir"
                .to_owned(),
        })
}

/// Reading and replacing whole files. [`SystemDisk`] is the real one; tests bring one that breaks.
pub trait Disk: Send + Sync {
    /// The whole file; `None` if there is none. A symbolic link or special file is refused.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure>;
    /// The beginning of the file, enough to tell one encryption from the next.
    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure>;
    /// Puts a file of mode 0600 in place of what is there: either the old bytes or the new ones survive a
    /// crash, and when it returns the new ones are on the medium.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure>;
    /// Gives the file a second name beside it, in place of what had that name. Costs no copy: once the file itself is
    /// replaced, the second name is that of the version before.
    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure>;
    /// Keeps the file under another name, which nothing has yet, also after it is replaced.
    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure>;
    /// Removes a file, for good when it returns. It is no error if there is none.
    fn remove(&self, path: &Path) -> Result<(), StoreFailure>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        read_up_to(path, LARGEST_FILE)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        read_up_to(path, HEAD)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        let staged = stage(path, bytes)?;
        staged.persist(path).map_err(|error| cannot("replace", path, &error.error))?;
        sync_directory(parent(path)).map_err(|error| cannot("write", parent(path), &error))
    }

    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        // A link never replaces, a rename does; and it does nothing where both are names of one file already.
        let mut unfinished = OsString::from(".");
        unfinished.push(name.file_name().unwrap_or_default());
        unfinished.push(UNFINISHED);
        let unfinished = name.with_file_name(unfinished);
        let linked = match fs::hard_link(path, &unfinished) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&unfinished).and_then(|()| fs::hard_link(path, &unfinished))
            }
            linked => linked,
        };
        linked
            .and_then(|()| fs::rename(&unfinished, name))
            .map_err(|error| cannot("make the backup", name, &error))
    }

    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        fs::hard_link(path, name)
            .and_then(|()| sync_directory(parent(path)))
            .map_err(|error| cannot("set aside", path, &error))
    }

    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        remove(path)
    }
}

/// Writes the bytes beside their place and waits until they are on the medium. What is in the place stays.
///
/// # Errors
/// The directory can't be written; the half-written file is removed.
pub fn stage(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, StoreFailure> {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    // `tempfile` creates with mode 0600.
    let mut staged = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(UNFINISHED)
        .tempfile_in(parent(path))
        .map_err(|error| cannot("write", parent(path), &error))?;
    staged
        .write_all(bytes)
        .and_then(|()| staged.as_file().sync_all())
        .map_err(|error| cannot("write", path, &error))?;
    Ok(staged)
}

/// What a crash left of writing this file. Only while the lock is held: somebody else's file in the making looks
/// the same.
pub fn leftovers(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(parent(path)) else { return Vec::new() };
    let prefix = format!(".{name}.");
    let ours = |entry: &fs::DirEntry| {
        let found = entry.file_name();
        found.to_str().is_some_and(|found| found.starts_with(&prefix) && found.ends_with(UNFINISHED))
    };
    entries.flatten().filter(ours).map(|entry| entry.path()).collect()
}

/// Removes what a crash left of writing this file. Only while the lock is held.
pub fn remove_leftovers(path: &Path) {
    for leftover in leftovers(path) {
        // One that can't be removed does no harm.
        let _ = fs::remove_file(leftover);
    }
}

/// Whether this is a file that was being written, and is not in its place.
pub fn is_unfinished(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.') && name.ends_with(UNFINISHED))
}

/// Removes a file, for good when it returns. It is no error if there is none.
pub fn remove(path: &Path) -> Result<(), StoreFailure> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory(parent(path)).map_err(|error| cannot("write", parent(path), &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot("remove", path, &error)),
    }
}

/// Gives a file another name in its directory, for good when it returns.
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreFailure> {
    fs::rename(from, to)
        .and_then(|()| sync_directory(parent(to)))
        .map_err(|error| cannot("rename", from, &error))
}

/// Everything in a directory; one that is not there yet has nothing.
pub fn names_in(directory: &Path) -> Result<Vec<PathBuf>, StoreFailure> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", directory, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| cannot("read", directory, &error))?.path());
    }
    Ok(paths)
}

/// Whether it is a file of the store with that extension, and not one in the making.
pub fn is_named(path: &Path, extension: &str) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|found| found == extension)
}

/// A path fit for a message.
pub fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 300)
}

/// The failure of a file operation, in words.
pub fn cannot(act: &str, path: &Path, error: &io::Error) -> StoreFailure {
    StoreFailure::Io { message: format!("cannot {act} {}: {error}", shown(path)) }
}

/// Makes a directory that only its owner can enter, with the ones above it. One that is there keeps its mode.
pub fn create_directory(path: &Path) -> Result<(), StoreFailure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| cannot("create the directory", path, &error))
}

/// Makes a directory that only its owner can enter, with the ones above it, and takes other people's rights
/// away from one that is there.
pub fn create_private_directory(path: &Path) -> Result<(), StoreFailure> {
    create_directory(path)?;
    tighten(path, &fs::metadata(path).map_err(|error| cannot("read", path, &error))?, 0o700)
}

/// Takes the rights of group and others away, if they have any.
#[cfg(unix)]
pub fn tighten(path: &Path, metadata: &fs::Metadata, mode: u32) -> Result<(), StoreFailure> {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(|error| StoreFailure::Io {
        message: format!(
            "{} can be read by other users, and its mode cannot be changed: {error}",
            shown(path)
        ),
    })
}

/// Windows gives the user's profile to its user only; there is nothing to tighten.
#[cfg(not(unix))]
pub fn tighten(_path: &Path, _metadata: &fs::Metadata, _mode: u32) -> Result<(), StoreFailure> {
    Ok(())
}

/// Held while secrets are read, changed and replaced. Dropping it, or the end of the process, lets go.
#[derive(Debug)]
pub struct ProcessLock {
    _file: File,
}

/// Takes the lock between processes (an advisory lock on a file of its own, since the files it guards are
/// replaced).
///
/// # Errors
/// [`StoreFailure::Locked`] when somebody else keeps it longer than `wait`.
pub fn lock(path: &Path, wait: Duration) -> Result<ProcessLock, StoreFailure> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| cannot("open", path, &error))?;
    let end = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                #[expect(clippy::disallowed_methods, reason = "file locks have no wait with a deadline")]
                std::thread::sleep(LOCK_POLL.min(end.saturating_duration_since(Instant::now())));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreFailure::Locked { message: taken(&mut file, path, wait) });
            }
            Err(TryLockError::Error(error)) => return Err(cannot("lock", path, &error)),
        }
    }
    // Who holds it, for the message of whoever waits in vain. Not worth an error.
    let _ = file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    Ok(ProcessLock { _file: file })
}

fn taken(file: &mut File, path: &Path, wait: Duration) -> String {
    let mut holder = String::new();
    let named = file
        .rewind()
        .and_then(|()| file.take(20).read_to_string(&mut holder))
        .is_ok_and(|_| holder.parse::<u32>().is_ok());
    let who = if named { format!(" (process {holder})") } else { String::new() };
    format!(
        "another zoom-setup{who} has held {} for more than {} s; let it finish or end it, then try again",
        shown(path),
        wait.as_secs_f32()
    )
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn read_up_to(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreFailure> {
    // Not followed: a link could lead a write or a chmod out of the data directory, and a pipe never ends.
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    if !metadata.is_file() {
        let kind = if metadata.is_symlink() { "a symbolic link" } else { "not a regular file" };
        return Err(StoreFailure::Unreadable {
            message: format!("{} is {kind}; put a regular file there or remove it", shown(path)),
        });
    }
    if metadata.len() > LARGEST_FILE {
        return Err(StoreFailure::Unreadable {
            message: format!(
                "{} is larger than {LARGEST_FILE} bytes; it is no file of zoom-setup",
                shown(path)
            ),
        });
    }
    tighten(path, &metadata, 0o600)?;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(most)).unwrap_or_default());
    file.take(most).read_to_end(&mut bytes).map_err(|error| cannot("read", path, &error))?;
    Ok(Some(bytes))
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows has no such call; its rename is journaled.
#[cfg(not(unix))]
fn sync_directory(_path: &Path) -> io::Result<()> {
    Ok(())
}
