//! Damaged, cut, lost and newer files: reported with what can be saved, brought back when asked, never overwritten.

use super::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zoom_setup::ports::{Store, StoreFailure};
use zoom_setup::secret::Secret;
use zoom_setup::store::{FileKind, FileState, Health, Source, StoreKind};

fn now() -> jiff::Timestamp {
    "2026-11-23T17:00:00Z".parse().unwrap()
}

fn word() -> Secret {
    Secret::new("correct horse")
}

fn backup_of(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}.backup", path.file_name().unwrap().to_str().unwrap()))
}

/// A store behind a passphrase with a set-up, a connection, two secrets and a pair of tokens.
fn filled(home: &Path) {
    let mut store = open(home, StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    let mut one = setup("one");
    store.save_setup(&one).unwrap();
    one.updated = "2026-11-01T10:00:00Z".parse().unwrap();
    one.current = "redirect".to_owned();
    store.save_setup(&one).unwrap();
    store.save_connection(&connection("Acme")).unwrap();
    store.write_secrets(vec![(secret("Acme"), Some(Secret::new("first")))]).unwrap();
    store.write_secrets(vec![(secret("Other"), Some(Secret::new("second")))]).unwrap();
    store.write_secrets(vec![(tokens("Acme"), Some(pair("access")))]).unwrap();
}

fn health(home: &Path) -> Health {
    open(home, StoreKind::File).health(Some(&word())).unwrap()
}

fn state_of(health: &Health, path: &Path) -> FileState {
    health.files.iter().find(|file| file.path == path).unwrap().state.clone()
}

/// Repairs everything that can be.
fn repair(home: &Path) -> Vec<PathBuf> {
    let store = open(home, StoreKind::File);
    let repairs = store.health(Some(&word())).unwrap().repairs();
    repairs.iter().filter_map(|one| store.repair(one, Some(&word()), now()).unwrap()).collect()
}

fn only(directory: &Path, extension: &str) -> PathBuf {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.remove(0)
}

/// Each byte with one bit flipped, and the file cut at every seventh. In JSON the last byte is a line feed, which nobody
/// misses.
fn damages(whole: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let flipped = (0..whole.len()).map(|place| {
        let mut flipped = whole.to_vec();
        flipped[place] ^= 1 << (place % 8);
        (format!("byte {place} flipped"), flipped)
    });
    let cut = (0..whole.len() - 2).step_by(7).chain([whole.len() - 2]);
    flipped.chain(cut.map(|place| (format!("cut to {place} bytes"), whole[..place].to_vec())))
}

#[test]
fn everything_is_whole_and_has_a_backup_but_tokens() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let health = health(home.path());
    assert!(health.is_whole(), "{health:?}");
    assert_eq!(health.repairs(), []);
    for file in &health.files {
        assert_eq!(file.backup.is_some(), file.kind != FileKind::Tokens, "{file:?}");
        if let Some(backup) = &file.backup {
            assert_eq!(backup.state, FileState::Whole, "{file:?}");
        }
    }
    assert_eq!(health.files.len(), 5, "{health:?}");
}

#[test]
fn every_damage_to_the_secrets_is_found_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let path = home.path().join("secrets.age");
    let whole = fs::read(&path).unwrap();
    let store = open(home.path(), StoreKind::File);
    for (what, damaged) in damages(&whole) {
        fs::write(&path, &damaged).unwrap();
        let health = store.health(Some(&word())).unwrap();
        assert!(matches!(state_of(&health, &path), FileState::Damaged(_)), "{what}: {health:?}");
        let repairs = health.repairs();
        assert!(
            matches!(&repairs[..], [one] if matches!(one.source, Source::Parts { backup: 2, .. })),
            "{what}: {repairs:?}"
        );
        let failure = open(home.path(), StoreKind::File).unlock(Some(&word())).unwrap_err();
        assert!(
            matches!(&failure, StoreFailure::Unreadable { message } if message.contains("zoom-setup store repair")),
            "{what}: {failure:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), damaged, "{what}");
    }
    let aside = repair(home.path());
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read(&aside[0]).unwrap(), whole[..whole.len() - 2]);
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    assert_eq!(store.read_secret(&secret("Acme")).unwrap(), Some(Secret::new("first")));
    assert_eq!(store.read_secret(&secret("Other")).unwrap(), Some(Secret::new("second")));
    assert!(health(home.path()).is_whole());
}

#[test]
fn every_damage_to_the_key_is_found_and_its_backup_opens() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let path = home.path().join("key.age");
    let whole = fs::read(&path).unwrap();
    let store = open(home.path(), StoreKind::File);
    for (what, damaged) in damages(&whole) {
        fs::write(&path, &damaged).unwrap();
        let health = store.health(Some(&word())).unwrap();
        assert!(matches!(state_of(&health, &path), FileState::Damaged(_)), "{what}: {health:?}");
        assert_eq!(health.repairs().len(), 1, "{what}");
        let failure = open(home.path(), StoreKind::File).unlock(Some(&word())).unwrap_err();
        assert!(
            matches!(&failure, StoreFailure::Unreadable { message } if message.contains("store repair")),
            "{what}: {failure:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), damaged, "{what}");
    }
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    repair(home.path());
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn every_damage_to_a_record_is_found_and_its_backup_told() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    for directory in ["setups", "connections"] {
        let path = only(&home.path().join(directory), "json");
        let whole = fs::read(&path).unwrap();
        let store = open(home.path(), StoreKind::File);
        for (what, damaged) in damages(&whole) {
            fs::write(&path, &damaged).unwrap();
            let unreadable = if directory == "setups" {
                let (found, unreadable) = store.setups().unwrap();
                assert_eq!((found.len(), unreadable.len()), (0, 1), "{what}");
                assert!(store.save_setup(&setup("one")).is_err(), "{what}");
                unreadable
            } else {
                let (found, unreadable) = store.connections().unwrap();
                assert_eq!((found.len(), unreadable.len()), (0, 1), "{what}");
                assert!(store.save_connection(&connection("Acme")).is_err(), "{what}");
                unreadable
            };
            assert!(unreadable[0].contains("Its backup of 20"), "{what}: {unreadable:?}");
            assert_eq!(fs::read(&path).unwrap(), damaged, "{what}");
        }
        fs::write(&path, b"{").unwrap();
        repair(home.path());
        assert!(health(home.path()).is_whole());
    }
    let store = open(home.path(), StoreKind::File);
    // A set-up has the version before the last write, a connection what was written first.
    assert_eq!(store.setups().unwrap().0, [setup("one")]);
    assert_eq!(store.connections().unwrap().0, [connection("Acme")]);
}

#[test]
fn large_secrets_are_read_up_to_the_damage() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    let names: Vec<String> = (0..300).map(|number| format!("connection {number:03}")).collect();
    let long = "s".repeat(1_000);
    let changes = names.iter().map(|name| (secret(name), Some(Secret::new(long.clone()))));
    store.write_secrets(changes.collect()).unwrap();
    let path = home.path().join("secrets.age");
    let whole = fs::read(&path).unwrap();
    fs::remove_file(backup_of(&path)).unwrap();
    let mut last = 0;
    for place in [200, 60_000, 70_000, 140_000, 200_000, 290_000, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        for damaged in [flipped, whole[..place].to_vec()] {
            fs::write(&path, &damaged).unwrap();
            let health = health(home.path());
            let file = health.files.iter().find(|file| file.kind == FileKind::Secrets).unwrap();
            assert!(matches!(file.state, FileState::Damaged(_)), "{place}");
            // Chunks of 64 KiB before the damage count, with the header some hundred bytes less.
            let chunks = place.saturating_sub(200) / (64 * 1024);
            let expected = chunks * 64 * 1024 / 1_045;
            let readable = file.secrets.unwrap_or(0);
            assert!(
                readable >= expected.saturating_sub(2) && readable <= expected + 2,
                "{place}: {readable}, {expected}"
            );
            last = readable;
        }
    }
    // The last damage was in the last chunk: what lies before it comes back, and only that.
    let aside = repair(home.path());
    assert_eq!(aside.len(), 1);
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    let back = names.iter().filter(|name| store.read_secret(&secret(name)).unwrap().is_some()).count();
    assert_eq!(back, last);
    assert!(back > 200, "{back}");
}

#[test]
fn what_is_gone_comes_back_from_its_backup() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    for name in ["secrets.age", "key.age"] {
        let path = home.path().join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let failure = open(home.path(), StoreKind::File).unlock(Some(&word())).unwrap_err();
        assert!(
            matches!(&failure, StoreFailure::Unreadable { message } if message.contains("store repair")),
            "{name}: {failure:?}"
        );
        assert!(!path.exists(), "{name} was begun anew");
        assert_eq!(state_of(&health(home.path()), &path), FileState::Gone);
        assert_eq!(repair(home.path()), Vec::<PathBuf>::new(), "{name}: there was nothing to set aside");
        assert!(path.exists());
        if name == "key.age" {
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    assert_eq!(store.read_secret(&secret("Other")).unwrap(), Some(Secret::new("second")));
    assert!(store.read_secret(&tokens("Acme")).unwrap().is_some());
}

#[test]
fn damaged_tokens_are_told_and_nothing_brings_them_back() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let path = only(&home.path().join("tokens"), "age");
    let whole = fs::read(&path).unwrap();
    for (what, damaged) in damages(&whole).step_by(7) {
        fs::write(&path, &damaged).unwrap();
        let health = health(home.path());
        assert!(matches!(state_of(&health, &path), FileState::Damaged(_)), "{what}");
        assert_eq!(health.repairs(), [], "{what}");
        assert_eq!(fs::read(&path).unwrap(), damaged, "{what}");
    }
}

#[test]
fn what_is_removed_is_in_no_backup() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    store.write_secrets(vec![(secret("Acme"), None)]).unwrap();
    store.remove_connection("Acme").unwrap();
    store.setups().unwrap();
    store.remove_setup("one").unwrap();
    for directory in ["setups", "connections"] {
        assert_eq!(fs::read_dir(home.path().join(directory)).unwrap().count(), 0, "{directory}");
    }
    let path = home.path().join("secrets.age");
    assert_eq!(fs::read(&path).unwrap(), fs::read(backup_of(&path)).unwrap());
}

#[test]
fn what_is_newer_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let path = only(&home.path().join("connections"), "json");
    let newer = br#"{"format": 9, "name": "Acme", "invented_later": 1}"#;
    fs::write(&path, newer).unwrap();
    let health = health(home.path());
    assert!(matches!(state_of(&health, &path), FileState::Newer(_)), "{health:?}");
    assert!(!health.is_whole());
    assert_eq!(health.repairs(), []);
    assert_eq!(fs::read(&path).unwrap(), newer);
}

#[test]
fn a_repair_that_was_planned_before_a_change_does_nothing() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let path = home.path().join("secrets.age");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let store = open(home.path(), StoreKind::File);
    let repairs = store.health(Some(&word())).unwrap().repairs();
    fs::write(&path, &whole).unwrap();
    let outcome = store.repair(&repairs[0], Some(&word()), now());
    assert!(matches!(&outcome, Err(StoreFailure::Io { message }) if message.contains("changed meanwhile")));
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn rehearsals_and_pending_logins_have_no_backup() {
    let home = tempfile::tempdir().unwrap();
    let mut rehearsal = open(home.path(), StoreKind::Rehearsal);
    rehearsal.unlock(None).unwrap();
    rehearsal.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
    rehearsal.save_connection(&connection("Acme")).unwrap();
    for directory in [home.path().to_owned(), home.path().join("connections")] {
        for entry in fs::read_dir(directory).unwrap() {
            let name = entry.unwrap().file_name();
            assert!(!name.to_string_lossy().contains("backup"), "{name:?}");
        }
    }
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let kept = backup_of(&home.path().join("secrets.age"));
    let before = fs::read(&kept).unwrap();
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&word())).unwrap();
    let pending = zoom_setup::setup::SecretKey::SetupPending("one".to_owned());
    store.write_secrets(vec![(pending, Some(Secret::new("state")))]).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), before);
}

#[test]
fn a_disk_that_takes_no_backup_leaves_everything_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let disk = Arc::new(FaultyDisk::default());
    let mut store = with_parts(
        home.path(),
        StoreKind::File,
        zoom_setup::store::StoreParts { disk: disk.clone(), ..parts(Arc::new(Untouchable)) },
    );
    store.unlock(Some(&word())).unwrap();
    *disk.fault.lock().unwrap() = Some(DiskFault::Full);
    assert!(store.write_secrets(vec![(secret("Acme"), Some(Secret::new("new")))]).is_err());
    *disk.fault.lock().unwrap() = None;
    assert_eq!(store.read_secret(&secret("Acme")).unwrap(), Some(Secret::new("first")));
    assert!(health(home.path()).is_whole());
}
