//! A connection gets another name: whenever it is cut off, one of the two names is whole.

use super::support::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use zoom_setup::cli::connections::rename::rename;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::{Store, StoreFailure};
use zoom_setup::procedure::FieldName;
use zoom_setup::secret::Secret;
use zoom_setup::setup::Connection;
use zoom_setup::store::{Disk, FileStore, StoreKind, SystemDisk};

const OLD: &str = "old name";
const NEW: &str = "new name";
const PASSPHRASE: &str = "correct horse battery";

/// The file system of a machine whose power fails after so many operations.
struct MortalDisk {
    left: AtomicUsize,
}

impl MortalDisk {
    fn use_power(&self) -> Result<(), StoreFailure> {
        let spent = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| StoreFailure::Io { message: "no power".to_owned() })
    }
}

impl Disk for MortalDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        self.use_power()?;
        SystemDisk.read(path)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        self.use_power()?;
        SystemDisk.head(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        self.use_power()?;
        SystemDisk.replace(path, bytes)
    }

    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        self.use_power()?;
        SystemDisk.second_name(path, name)
    }

    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        self.use_power()?;
        SystemDisk.set_aside(path, name)
    }

    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        self.use_power()?;
        SystemDisk.remove(path)
    }
}

fn opened(data_dir: &Path) -> FileStore {
    let mut store = open(data_dir, StoreKind::File);
    store.unlock(Some(&Secret::new(PASSPHRASE))).unwrap();
    store
}

/// A pair whose refresh was begun and never ended: its mark must not get lost.
fn record() -> TokenRecord {
    let at = "2026-03-12T10:00:00Z".parse().unwrap();
    let tokens = StoredTokens {
        access_token: Secret::new("access"),
        refresh_token: Some(Secret::new("refresh")),
        obtained_at: at,
        expires_at: "2026-03-12T11:00:00Z".parse().unwrap(),
    };
    TokenRecord::of_login(tokens).marked(at).unwrap()
}

fn stored(name: &str) -> Connection {
    let mut connection = connection(name);
    connection.secrets = [(FieldName::ClientSecret, Secret::new("secret").fingerprint())].into();
    connection
}

fn with_the_old_name(data_dir: &Path) {
    let mut store = opened(data_dir);
    store.write_secrets(vec![(secret(OLD), Some(Secret::new("secret")))]).unwrap();
    store.tokens().unwrap().hold(&tokens(OLD)).unwrap().write(&record()).unwrap();
    store.save_connection(&stored(OLD)).unwrap();
}

fn names(store: &FileStore) -> Vec<String> {
    let (connections, unreadable) = store.connections().unwrap();
    assert_eq!(unreadable, [""; 0]);
    connections.into_iter().map(|connection| connection.name).collect()
}

/// Everything that belongs to the connection is there under that name.
fn assert_whole(store: &FileStore, name: &str) {
    let secret = store.read_secret(&secret(name)).unwrap();
    assert_eq!(secret.as_ref().map(Secret::expose), Some("secret"), "{name}");
    assert_eq!(store.tokens().unwrap().look(&tokens(name)).unwrap(), Some(record()), "{name}");
    assert!(store.connections().unwrap().0.contains(&stored(name)), "{name}");
}

fn assert_gone(store: &FileStore, name: &str) {
    assert_eq!(store.read_secret(&secret(name)).unwrap(), None, "{name}");
    assert_eq!(store.tokens().unwrap().look(&tokens(name)).unwrap(), None, "{name}");
}

#[test]
fn everything_goes_along_and_nothing_stays() {
    let directory = tempfile::tempdir().unwrap();
    with_the_old_name(directory.path());
    let mut store = opened(directory.path());
    assert_eq!(rename(&mut store, OLD, NEW).unwrap(), None);
    assert_eq!(names(&store), [NEW]);
    assert_whole(&store, NEW);
    assert_gone(&store, OLD);
    // The file stands where the new name is looked for, so the old name is free.
    store.save_connection(&stored(OLD)).unwrap();
    assert_eq!(names(&store), [NEW, OLD]);
}

#[test]
fn cut_off_at_any_step_one_name_is_whole() {
    let (mut with_old, mut with_new) = (0, 0);
    for power in 0.. {
        let directory = tempfile::tempdir().unwrap();
        with_the_old_name(directory.path());
        let disk = Arc::new(MortalDisk { left: AtomicUsize::new(usize::MAX) });
        let mut store = open_on(directory.path(), StoreKind::File, Arc::clone(&disk) as Arc<dyn Disk>);
        store.unlock(Some(&Secret::new(PASSPHRASE))).unwrap();
        disk.left.store(power, Ordering::SeqCst);
        let done = rename(&mut store, OLD, NEW);
        drop(store);

        let mut store = opened(directory.path());
        match names(&store).as_slice() {
            [name] if name == OLD => {
                assert!(done.is_err(), "it was said to be done after {power} operations");
                assert_whole(&store, OLD);
                with_old += 1;
                // What lies under the new name is in nobody's way.
                assert_eq!(rename(&mut store, OLD, NEW).unwrap(), None, "after {power} operations");
            }
            [name] if name == NEW => with_new += 1,
            other => panic!("{other:?} after {power} operations"),
        }
        assert_eq!(names(&store), [NEW]);
        assert_whole(&store, NEW);
        if done == Ok(None) {
            assert_gone(&store, OLD);
            break;
        }
    }
    assert!(with_old > 3 && with_new > 3, "{with_old} times the old name, {with_new} times the new one");
}

#[test]
fn a_full_disk_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    with_the_old_name(directory.path());
    for fault in [DiskFault::Full, DiskFault::Garbles, DiskFault::WritesNothing] {
        let disk = Arc::new(FaultyDisk::default());
        let mut store = open_on(directory.path(), StoreKind::File, Arc::clone(&disk) as Arc<dyn Disk>);
        store.unlock(Some(&Secret::new(PASSPHRASE))).unwrap();
        *disk.fault.lock().unwrap() = Some(fault);
        rename(&mut store, OLD, NEW).unwrap_err();
        *disk.fault.lock().unwrap() = None;
        if !matches!(fault, DiskFault::Garbles) {
            let store = opened(directory.path());
            assert_eq!(names(&store), [OLD], "{fault:?}");
            assert_whole(&store, OLD);
        }
        if matches!(fault, DiskFault::Garbles) {
            // The file of the secrets itself was damaged, as any write on such a disk would; begin anew.
            std::fs::remove_dir_all(directory.path()).unwrap();
            std::fs::create_dir(directory.path()).unwrap();
            with_the_old_name(directory.path());
        }
    }
}

#[test]
fn in_memory_it_works_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = open(directory.path(), StoreKind::Memory);
    store.unlock(None).unwrap();
    store.write_secrets(vec![(secret(OLD), Some(Secret::new("secret")))]).unwrap();
    store.tokens().unwrap().hold(&tokens(OLD)).unwrap().write(&record()).unwrap();
    store.save_connection(&stored(OLD)).unwrap();
    assert_eq!(rename(&mut store, OLD, NEW).unwrap(), None);
    assert_eq!(names(&store), [NEW]);
    assert_whole(&store, NEW);
    assert_gone(&store, OLD);
}
