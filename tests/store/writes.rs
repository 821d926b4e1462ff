//! Secrets under damage, crashes, kills, and other processes.

use super::support::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use zoom_setup::ports::{Store, StoreFailure};
use zoom_setup::secret::Secret;
use zoom_setup::store::{FileStore, StoreKind, StoreLimits, StoreOptions, StoreParts, stage};

#[test]
fn damaged_secrets_are_refused_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&Secret::new("correct horse"))).unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
    let path = home.path().join("secrets.age");
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [b"".to_vec(), b"hello".to_vec(), whole[..whole.len() / 2].to_vec(), flipped] {
        fs::write(&path, &damaged).unwrap();
        let mut later = open(home.path(), StoreKind::File);
        let failure = later.unlock(Some(&Secret::new("correct horse"))).unwrap_err();
        assert!(matches!(&failure, StoreFailure::Unreadable { message } if message.contains("secrets.age")));
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    // A store that was open before the damage does not write over it either.
    fs::write(&path, b"hello").unwrap();
    let write = store.write_secrets(vec![(secret("b"), Some(Secret::new("t")))]);
    assert!(matches!(write, Err(StoreFailure::Unreadable { .. })), "{write:?}");
    assert_eq!(fs::read(&path).unwrap(), b"hello");
    fs::write(&path, &whole).unwrap();
    assert_eq!(store.read_secret(&secret("a")).unwrap(), Some(Secret::new("t")));

    fs::write(home.path().join("key.age"), b"hello").unwrap();
    let failure = open(home.path(), StoreKind::File).unlock(Some(&Secret::new("correct horse"))).unwrap_err();
    assert!(matches!(&failure, StoreFailure::Unreadable { message } if message.contains("key.age")));
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("target");
    fs::write(&target, "somebody else's").unwrap();
    set_mode(&target, 0o644);
    for name in ["rehearsal-secrets.age", "rehearsal-key.txt"] {
        let data_dir = home.path().join(format!("data-{name}"));
        fs::create_dir(&data_dir).unwrap();
        std::os::unix::fs::symlink(&target, data_dir.join(name)).unwrap();
        let failure = open(&data_dir, StoreKind::Rehearsal).unlock(None).unwrap_err();
        assert!(
            matches!(&failure, StoreFailure::Unreadable { message } if message.contains("symbolic link"))
        );
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "somebody else's");
    assert_eq!(mode_of(&target), 0o644);
    let data_dir = home.path().join("data");
    fs::create_dir_all(data_dir.join("setups/pipe.json")).unwrap();
    let (found, unreadable) = open(&data_dir, StoreKind::Auto).setups().unwrap();
    assert!(found.is_empty() && unreadable[0].contains("not a regular file"), "{unreadable:?}");
}

#[test]
fn a_crash_before_the_rename_leaves_the_old_file() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("old")))]).unwrap();
    store.save_setup(&setup("one")).unwrap();
    // What a kill between write and rename leaves behind.
    for path in [home.path().join("rehearsal-secrets.age"), home.path().join("setups/one.json")] {
        stage(&path, b"half").unwrap().keep().unwrap();
    }
    let mut later = open(home.path(), StoreKind::Rehearsal);
    later.unlock(None).unwrap();
    assert_eq!(later.read_secret(&secret("a")).unwrap(), Some(Secret::new("old")));
    assert_eq!(later.setups().unwrap(), (vec![setup("one")], vec![]));
    later.write_secrets(vec![(secret("a"), Some(Secret::new("new")))]).unwrap();
    let leftovers: Vec<PathBuf> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tmp"))
        .collect();
    assert_eq!(leftovers, Vec::<PathBuf>::new());
}

#[test]
fn a_write_that_fails_or_lies_is_not_counted() {
    for fault in [DiskFault::Full, DiskFault::Garbles, DiskFault::WritesNothing] {
        let home = tempfile::tempdir().unwrap();
        let disk = Arc::new(FaultyDisk::default());
        let parts = StoreParts { disk: disk.clone(), ..parts(Arc::new(Untouchable)) };
        let options = StoreOptions { data_dir: home.path().to_owned(), kind: StoreKind::Rehearsal };
        let mut store = FileStore::with_parts(options, parts).unwrap();
        store.unlock(None).unwrap();
        store.write_secrets(vec![(secret("a"), Some(Secret::new("old")))]).unwrap();
        *disk.fault.lock().unwrap() = Some(fault);
        let outcome = store.write_secrets(vec![(secret("a"), Some(Secret::new("new")))]);
        assert!(matches!(outcome, Err(StoreFailure::Io { .. })), "{fault:?}: {outcome:?}");
        *disk.fault.lock().unwrap() = None;
        // It never pretends that the new value is kept.
        let read = store.read_secret(&secret("a"));
        match fault {
            DiskFault::Full | DiskFault::WritesNothing => {
                assert_eq!(read.unwrap(), Some(Secret::new("old")), "{fault:?}");
            }
            DiskFault::Garbles => assert!(matches!(read, Err(StoreFailure::Unreadable { .. })), "{read:?}"),
        }
    }
}

#[test]
fn writes_of_two_stores_at_once_both_survive() {
    let home = tempfile::tempdir().unwrap();
    open(home.path(), StoreKind::Rehearsal).unlock(None).unwrap();
    let rounds = 25;
    std::thread::scope(|scope| {
        for writer in ["one", "other"] {
            let path = home.path();
            scope.spawn(move || {
                let mut store = open(path, StoreKind::Rehearsal);
                store.unlock(None).unwrap();
                for round in 0..rounds {
                    let name = format!("{writer}-{round}");
                    store.write_secrets(vec![(secret(&name), Some(Secret::new(name.clone())))]).unwrap();
                    assert_eq!(store.read_secret(&secret(&name)).unwrap(), Some(Secret::new(name)));
                }
            });
        }
    });
    let mut store = open(home.path(), StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    for writer in ["one", "other"] {
        for round in 0..rounds {
            let name = format!("{writer}-{round}");
            assert_eq!(store.read_secret(&secret(&name)).unwrap(), Some(Secret::new(name)));
        }
    }
}

#[test]
fn reads_see_what_another_process_wrote() {
    let home = tempfile::tempdir().unwrap();
    let mut one = open(home.path(), StoreKind::Rehearsal);
    let mut other = open(home.path(), StoreKind::Rehearsal);
    one.unlock(None).unwrap();
    other.unlock(None).unwrap();
    assert_eq!(other.read_secret(&secret("a")).unwrap(), None);
    for value in ["1", "2", "3"] {
        one.write_secrets(vec![(secret("a"), Some(Secret::new(value)))]).unwrap();
        assert_eq!(other.read_secret(&secret("a")).unwrap(), Some(Secret::new(value)));
    }
    one.write_secrets(vec![(secret("a"), None)]).unwrap();
    assert_eq!(other.read_secret(&secret("a")).unwrap(), None);
}

#[test]
fn a_lock_held_too_long_is_said_with_its_holder() {
    let home = tempfile::tempdir().unwrap();
    let limits = StoreLimits { lock_wait: Duration::from_millis(50), ..limits() };
    let options = StoreOptions { data_dir: home.path().to_owned(), kind: StoreKind::Rehearsal };
    let parts = StoreParts { limits, ..parts(Arc::new(Untouchable)) };
    let mut store = FileStore::with_parts(options, parts).unwrap();
    store.unlock(None).unwrap();
    let lock = fs::File::options().read(true).write(true).open(home.path().join("lock")).unwrap();
    lock.lock().unwrap();
    match store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]) {
        Err(StoreFailure::Locked { message }) => {
            assert!(message.contains(&std::process::id().to_string()), "{message}");
        }
        other => panic!("{other:?}"),
    }
    // Set-ups do not wait for it: no answer of the wizard hangs on another process.
    store.save_setup(&setup("one")).unwrap();
    lock.unlock().unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
}

/// Names the directory for the child that is killed.
const WRITER_DIRECTORY: &str = "ZOOM_SETUP_TEST_WRITER";

/// Nothing by itself: the child of the test below.
#[test]
fn writer_to_be_killed() {
    let Some(directory) = std::env::var_os(WRITER_DIRECTORY) else { return };
    let mut store = open(Path::new(&directory), StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    for round in 0..100_000 {
        store.write_secrets(vec![(secret("a"), Some(Secret::new(round.to_string())))]).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "kept {round}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_it_confirmed() {
    let home = tempfile::tempdir().unwrap();
    for lines in 1..=12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes::writer_to_be_killed", "--nocapture"])
            .env(WRITER_DIRECTORY, home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut confirmed = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            confirmed.extend(line.split_once("kept ").and_then(|(_, round)| round.parse::<u32>().ok()));
            if confirmed.len() == lines {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let confirmed = confirmed.pop().expect("the writer wrote nothing");
        let mut store = open(home.path(), StoreKind::Rehearsal);
        store.unlock(None).unwrap();
        let kept: u32 = store.read_secret(&secret("a")).unwrap().unwrap().expose().parse().unwrap();
        // One more may be on disk than was confirmed, never less.
        assert!(kept == confirmed || kept == confirmed + 1, "confirmed {confirmed}, kept {kept}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_secrets_come_back_as_they_were(
        writes in prop::collection::vec((".{0,30}", prop::option::of(".{0,200}")), 1..12)
    ) {
        let home = tempfile::tempdir().unwrap();
        let mut store = open(home.path(), StoreKind::Rehearsal);
        store.unlock(None).unwrap();
        let mut expected: BTreeMap<String, Option<String>> = BTreeMap::new();
        for chunk in writes.chunks(4) {
            let changes = chunk.iter().map(|(name, value)| (secret(name), value.clone().map(Secret::new)));
            store.write_secrets(changes.collect()).unwrap();
            expected.extend(chunk.iter().cloned());
        }
        let mut later = open(home.path(), StoreKind::Rehearsal);
        later.unlock(None).unwrap();
        for (name, value) in expected {
            prop_assert_eq!(later.read_secret(&secret(&name)).unwrap(), value.map(Secret::new));
        }
    }
}
