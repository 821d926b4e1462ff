//! Set-ups and connections: one readable JSON file each, without any secret.

use super::backup;
use super::disk::{self, Disk, shown};
use super::stamp::{self, Unfit};
use crate::ports::StoreFailure;
use crate::secret::printable;
use crate::setup::{Connection, Setup};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest id of a set-up; file systems take 255 bytes, and a temporary name is longer.
const LONGEST_ID: usize = 100;

/// How much of a connection's name its file name shows.
const SHOWN_NAME: usize = 48;

/// The readable files below the data directory.
#[derive(Clone)]
pub struct RecordFiles {
    disk: Arc<dyn Disk>,
    /// Whether the version before the last write is kept.
    backed_up: bool,
    setups: PathBuf,
    connections: PathBuf,
    /// When each set-up was last changed, as far as this process has read or written it.
    seen: Arc<Mutex<BTreeMap<String, Timestamp>>>,
}

/// What a listing found: the records, and one line for each file that could not be read.
pub type Listing<T> = (Vec<T>, Vec<String>);

impl RecordFiles {
    /// Touches nothing yet.
    pub fn new(disk: Arc<dyn Disk>, data_dir: &Path, backed_up: bool) -> Self {
        Self {
            disk,
            backed_up,
            setups: data_dir.join("setups"),
            connections: data_dir.join("connections"),
            seen: Arc::default(),
        }
    }

    /// Set-ups, the one changed last first.
    pub fn setups(&self) -> Result<Listing<Setup>, StoreFailure> {
        let mut setups = Vec::new();
        let mut unreadable = Vec::new();
        for path in json_files(&self.setups)? {
            match self.read::<Setup>(&path) {
                Ok(Some(setup)) if file_stem(&path) == setup.id => setups.push(setup),
                Ok(Some(setup)) => unreadable.push(format!(
                    "{}: the id inside is {}; file name and id must be the same",
                    shown(&path),
                    printable(&setup.id, 80)
                )),
                // Removed since the directory was listed.
                Ok(None) => {}
                Err(failure) => unreadable.push(in_words(failure)),
            }
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(setups.iter().map(|setup| (setup.id.clone(), setup.updated)));
        drop(seen);
        setups.sort_by(|one, other| other.updated.cmp(&one.updated).then_with(|| one.id.cmp(&other.id)));
        Ok((setups, unreadable))
    }

    /// Makes or replaces the set-up of that id. One that another process has changed since this one read or
    /// wrote it is left as it is: of two programs on one set-up none overwrites the other's answers unseen.
    pub fn save_setup(&self, setup: &Setup) -> Result<(), StoreFailure> {
        let path = self.setup_path(&setup.id)?;
        // Replaced only if what is there is a set-up this version understands.
        let there = self.read::<Setup>(&path)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(there), Some(seen)) = (there, seen.get(&setup.id))
            && there.updated != *seen
        {
            return Err(StoreFailure::Locked {
                message:
                    "Another zoom-setup has changed this set-up, so nothing was overwritten. Leave one of \
                          the two, and resume the other."
                        .to_owned(),
            });
        }
        self.save(&self.setups, &path, setup)?;
        seen.insert(setup.id.clone(), setup.updated);
        Ok(())
    }

    /// Removes a set-up; it is no error if there is none.
    pub fn remove_setup(&self, id: &str) -> Result<(), StoreFailure> {
        let path = self.setup_path(id)?;
        match self.read::<Setup>(&path)? {
            Some(_) => self.remove(&path),
            None => Ok(()),
        }
    }

    /// Connections by name.
    pub fn connections(&self) -> Result<Listing<Connection>, StoreFailure> {
        let mut found: Vec<(Connection, PathBuf)> = Vec::new();
        let mut unreadable = Vec::new();
        for path in json_files(&self.connections)? {
            match self.read::<Connection>(&path) {
                Ok(Some(connection)) => found.push((connection, path)),
                Ok(None) => {}
                Err(failure) => unreadable.push(in_words(failure)),
            }
        }
        // Of two files with one name inside, the one that stands where it is written to comes first.
        found.sort_by_key(|(connection, path)| {
            (connection.name.clone(), *path != self.connection_path(&connection.name))
        });
        let mut connections: Vec<Connection> = Vec::with_capacity(found.len());
        for (connection, path) in found {
            if connections.last().is_some_and(|last| last.name == connection.name) {
                unreadable.push(format!(
                    "{}: a second file holds the connection {}; remove one of them",
                    shown(&path),
                    printable(&connection.name, 80)
                ));
            } else {
                connections.push(connection);
            }
        }
        Ok((connections, unreadable))
    }

    /// Makes or replaces the connection of that name.
    pub fn save_connection(&self, connection: &Connection) -> Result<(), StoreFailure> {
        let path = self
            .locate_connection(&connection.name)?
            .unwrap_or_else(|| self.connection_path(&connection.name));
        self.save(&self.connections, &path, connection)
    }

    /// Changes a connection as it stands on disk now. Says whether there is one.
    pub fn update_connection(
        &self,
        name: &str,
        change: &mut dyn FnMut(&mut Connection),
    ) -> Result<bool, StoreFailure> {
        let Some(path) = self.locate_connection(name)? else { return Ok(false) };
        let Some(mut connection) = self.read::<Connection>(&path)? else { return Ok(false) };
        change(&mut connection);
        self.save(&self.connections, &path, &connection)?;
        Ok(true)
    }

    /// Removes a connection; it is no error if there is none.
    pub fn remove_connection(&self, name: &str) -> Result<(), StoreFailure> {
        let Some(path) = self.locate_connection(name)? else { return Ok(()) };
        // Somebody renamed the file, and its backup has the old name.
        self.disk.remove(&backup::of(&self.connection_path(name)))?;
        self.remove(&path)
    }

    /// The backup goes first: a kill in between must not leave one of something that was removed.
    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        self.disk.remove(&backup::of(path))?;
        self.disk.remove(path)
    }

    /// Puts the record in the place of the one named `from`. One replace of one file takes the old name away and
    /// brings the new one, so that no crash leaves both, or none.
    pub fn rename_connection(&self, from: &str, connection: &Connection) -> Result<(), StoreFailure> {
        let there = |name: &str| StoreFailure::Io {
            message: format!("there is a connection {} already", printable(name, 80)),
        };
        let gone = |name: &str| StoreFailure::Io {
            message: format!("there is no connection {}", printable(name, 80)),
        };
        if self.locate_connection(&connection.name)?.is_some() {
            return Err(there(&connection.name));
        }
        let path = self.locate_connection(from)?.ok_or_else(|| gone(from))?;
        self.save(&self.connections, &path, connection)?;
        // The name inside counts, so the file's own name is a matter of order only.
        let _ = disk::rename(&path, &self.connection_path(&connection.name));
        Ok(())
    }

    /// The file that holds the connection: the name inside counts, since an admin may rename files.
    fn locate_connection(&self, name: &str) -> Result<Option<PathBuf>, StoreFailure> {
        let usual = self.connection_path(name);
        if let Some(connection) = self.read::<Connection>(&usual)? {
            if connection.name == name {
                return Ok(Some(usual));
            }
            return Err(StoreFailure::Unreadable {
                message: format!(
                    "{} stands in the place of {} and holds the connection {}; rename the file",
                    shown(&usual),
                    printable(name, 80),
                    printable(&connection.name, 80)
                ),
            });
        }
        for path in json_files(&self.connections)? {
            // One without a name in it is reported by the listing, and cannot be the one that is looked for.
            let named = self.disk.read(&path).ok().flatten();
            let named = named.and_then(|bytes| serde_json::from_slice::<Named>(&bytes).ok());
            if named.is_some_and(|found| found.name == name) {
                // Only what this version understands may be replaced or removed.
                return Ok(self.read::<Connection>(&path)?.map(|_| path));
            }
        }
        Ok(None)
    }

    fn setup_path(&self, id: &str) -> Result<PathBuf, StoreFailure> {
        let fit = !id.is_empty()
            && id.len() <= LONGEST_ID
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fit {
            Ok(self.setups.join(format!("{id}.json")))
        } else {
            Err(StoreFailure::Io {
                message: format!(
                    "{:?} is no id of a set-up: lower-case letters, digits and hyphens, at most {LONGEST_ID}",
                    printable(id, LONGEST_ID)
                ),
            })
        }
    }

    fn connection_path(&self, name: &str) -> PathBuf {
        self.connections.join(connection_file_name(name))
    }

    fn save<T: Serialize>(&self, directory: &Path, path: &Path, record: &T) -> Result<(), StoreFailure> {
        let bytes = stamp::stamp(record).map_err(|error| StoreFailure::Io {
            message: format!("cannot put {} into JSON: {error}", shown(path)),
        })?;
        disk::create_private_directory(directory)?;
        if self.backed_up {
            if self.disk.head(path)?.is_some() {
                backup::keep_previous(self.disk.as_ref(), path);
            } else if directory == self.connections {
                // Written once in most cases, and then never again: without a copy there would be nothing to go back to.
                backup::keep_copy(self.disk.as_ref(), path, &bytes)?;
            }
        }
        self.disk.replace(path, &bytes)
    }

    fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, StoreFailure> {
        let Some(bytes) = self.disk.read(path)? else { return Ok(None) };
        stamp::parse(&bytes).map(Some).map_err(|unfit| {
            let saved = match &unfit {
                Unfit::Newer(_) => String::new(),
                Unfit::Damaged(_) => self.saved::<T>(path),
            };
            StoreFailure::Unreadable {
                message: format!("{}: {}; the file is left as it is{saved}", shown(path), unfit.how()),
            }
        })
    }

    /// What to say of the backup of a damaged file.
    fn saved<T: DeserializeOwned>(&self, path: &Path) -> String {
        let backup = backup::of(path);
        match self.disk.read(&backup) {
            Ok(Some(bytes)) if stamp::parse::<T>(&bytes).is_ok() => format!(
                ". Its backup{} is whole; bring it back with: zoom-setup store repair",
                backup::written_at(&backup)
                    .map(|at| format!(" of {}", at.strftime("%Y-%m-%d %H:%M UTC")))
                    .unwrap_or_default()
            ),
            Ok(Some(_) | None) | Err(_) => String::new(),
        }
    }
}

/// What to say about a format number that is not ours.
pub fn other_format(found: u32, ours: u32) -> String {
    if found > ours {
        format!(
            "it was written by a newer zoom-setup (format {found}, this one reads {ours}); update zoom-setup"
        )
    } else {
        format!("format {found} does not exist; this zoom-setup reads {ours}")
    }
}

/// A file name for any text: the letters and digits of it that every file system takes, then 64 bits of its
/// SHA-256, so that two texts never share a file, also where case is ignored. `fallback` stands where nothing of
/// the text can be shown.
pub fn file_name(text: &str, fallback: &str, extension: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if slug.len() >= SHOWN_NAME {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let slug = if slug.is_empty() { fallback } else { slug };
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{slug}-{hex}.{extension}")
}

fn connection_file_name(name: &str) -> String {
    file_name(name, "connection", "json")
}

/// Files named `*.json`, sorted; a directory that is not there yet has none.
fn json_files(directory: &Path) -> Result<Vec<PathBuf>, StoreFailure> {
    let mut paths = disk::names_in(directory)?;
    paths.retain(|path| disk::is_named(path, "json"));
    paths.sort();
    Ok(paths)
}

fn file_stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A failure as one line of a list.
pub fn in_words(failure: StoreFailure) -> String {
    match failure {
        StoreFailure::Io { message }
        | StoreFailure::Unreadable { message }
        | StoreFailure::Locked { message }
        | StoreFailure::NeedsPassphrase { why: message, .. } => message,
        StoreFailure::WrongPassphrase => "the passphrase does not open it".to_owned(),
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn file_names_show_the_name_and_never_leave_the_directory() {
        let name = connection_file_name("Acme Production (EU)");
        assert!(name.starts_with("acme-production-eu-"), "{name}");
        assert!(connection_file_name("../../etc/passwd").starts_with("etc-passwd-"));
        assert!(connection_file_name("会議").starts_with("connection-"));
        assert_ne!(connection_file_name("Acme"), connection_file_name("acme"));
        assert_ne!(connection_file_name("会議"), connection_file_name("🎥"));
    }

    proptest! {
        #[test]
        fn any_name_gives_a_short_plain_file_name(name in "\\PC{0,300}") {
            let file = connection_file_name(&name);
            prop_assert!(file.len() <= 80);
            prop_assert!(file.ends_with(".json"));
            prop_assert!(file[..file.len() - 5]
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            prop_assert!(!file.starts_with('-'));
        }

        #[test]
        fn two_names_give_two_files(one in ".{0,60}", other in ".{0,60}") {
            prop_assume!(one != other);
            prop_assert_ne!(connection_file_name(&one), connection_file_name(&other));
        }
    }
}
