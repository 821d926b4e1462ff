//! Set-ups and connections as files; modes; the data directory.

use super::support::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zoom_setup::ports::{Store, StoreFailure};
use zoom_setup::secret::Secret;
use zoom_setup::store::{FileStore, StoreKind, StoreOptions, StoreParts};

#[test]
fn opening_touches_nothing() {
    let home = tempfile::tempdir().unwrap();
    let data_dir = home.path().join("not/yet/there");
    for kind in
        [StoreKind::Auto, StoreKind::Keyring, StoreKind::File, StoreKind::Memory, StoreKind::Rehearsal]
    {
        let parts = StoreParts { keyring: Arc::new(Untouchable), ..StoreParts::default() };
        let store = FileStore::with_parts(StoreOptions { data_dir: data_dir.clone(), kind }, parts).unwrap();
        assert_eq!(store.setups().unwrap(), (vec![], vec![]));
        assert_eq!(store.connections().unwrap(), (vec![], vec![]));
    }
    assert!(!home.path().join("not").exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_what_is_written() {
    let home = tempfile::tempdir().unwrap();
    let data_dir = home.path().join("data");
    let mut store = open(&data_dir, StoreKind::File);
    store.save_setup(&setup("one")).unwrap();
    store.save_connection(&connection("Acme")).unwrap();
    store.unlock(Some(&Secret::new("correct horse"))).unwrap();
    store.write_secrets(vec![(secret("Acme"), Some(Secret::new("t")))]).unwrap();
    let mut rehearsal = open(&data_dir, StoreKind::Rehearsal);
    rehearsal.unlock(None).unwrap();
    rehearsal.write_secrets(vec![(secret("Acme"), Some(Secret::new("t")))]).unwrap();

    let found = tree(&data_dir);
    let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    for expected in [
        "",
        "connections",
        "setups",
        "setups/one.json",
        "secrets.age",
        "key.age",
        "lock",
        "rehearsal-key.txt",
    ] {
        assert!(names.contains(&expected), "{expected} is missing in {names:?}");
    }
    for (path, mode) in &found {
        let directory = data_dir.join(path).is_dir();
        assert_eq!(*mode, if directory { 0o700 } else { 0o600 }, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn open_modes_are_put_right() {
    let home = tempfile::tempdir().unwrap();
    let data_dir = home.path().join("data");
    let mut store = open(&data_dir, StoreKind::Rehearsal);
    store.save_setup(&setup("one")).unwrap();
    store.unlock(None).unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
    drop(store);
    for path in ["", "setups", "rehearsal-secrets.age", "rehearsal-key.txt", "setups/one.json"] {
        set_mode(&data_dir.join(path), if data_dir.join(path).is_dir() { 0o755 } else { 0o644 });
    }
    let mut store = open(&data_dir, StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    store.setups().unwrap();
    store.save_setup(&setup("two")).unwrap();
    for (path, mode) in tree(&data_dir) {
        assert_eq!(mode & 0o077, 0, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_directory_with_other_things_in_it_keeps_its_mode() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("somebody's.txt"), "x").unwrap();
    set_mode(home.path(), 0o755);
    for _ in 0..2 {
        let mut store = open(home.path(), StoreKind::Rehearsal);
        store.unlock(None).unwrap();
        store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
        store.save_setup(&setup("one")).unwrap();
    }
    assert_eq!(mode_of(home.path()), 0o755);
    assert_eq!(mode_of(&home.path().join("rehearsal-secrets.age")), 0o600);
    assert_eq!(mode_of(&home.path().join("setups")), 0o700);
}

#[test]
fn a_data_directory_that_is_a_file_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    fs::write(&path, "x").unwrap();
    let failure = FileStore::open(StoreOptions { data_dir: path, kind: StoreKind::Auto }).unwrap_err();
    assert!(matches!(&failure, StoreFailure::Io { message } if message.contains("not a directory")));
}

#[test]
fn set_ups_come_back_the_last_changed_first() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), StoreKind::Auto);
    let mut older = setup("older");
    let newer = setup("newer");
    older.updated = "2026-01-01T00:00:00Z".parse().unwrap();
    store.save_setup(&newer).unwrap();
    store.save_setup(&older).unwrap();
    older.current = "redirect".to_owned();
    store.save_setup(&older).unwrap();
    assert_eq!(store.setups().unwrap(), (vec![newer, older], vec![]));
    store.remove_setup("newer").unwrap();
    store.remove_setup("newer").unwrap();
    assert_eq!(store.setups().unwrap().0.len(), 1);
}

#[test]
fn an_id_cannot_leave_the_directory() {
    let home = tempfile::tempdir().unwrap();
    let store = open(&home.path().join("data"), StoreKind::Auto);
    for id in ["", "../out", "a/b", "A", "a.b", "ä", &"x".repeat(200)] {
        assert!(matches!(store.save_setup(&setup(id)), Err(StoreFailure::Io { .. })), "{id}");
        assert!(matches!(store.remove_setup(id), Err(StoreFailure::Io { .. })), "{id}");
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn any_name_makes_a_connection_of_its_own() {
    let long = "長".repeat(400);
    let mut names = vec![
        "Acme",
        "acme",
        "ACME ",
        "acme/eu",
        "../acme",
        "会議室",
        "会议室",
        "🎥",
        "👩‍💻 team",
        "é",
        "e\u{301}",
        "",
        ".",
        "con",
        "a\u{202e}b",
        "a\nb",
        "\u{0}",
        "x'\"$(id)`",
        &long,
    ];
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    for name in &names {
        store.save_connection(&connection(name)).unwrap();
        store.write_secrets(vec![(secret(name), Some(Secret::new(format!("token of {name}"))))]).unwrap();
    }
    let (found, unreadable) = store.connections().unwrap();
    assert_eq!(unreadable, Vec::<String>::new());
    names.sort_unstable();
    assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), names);
    for name in &names {
        let secret = store.read_secret(&secret(name)).unwrap();
        assert_eq!(secret, Some(Secret::new(format!("token of {name}"))));
    }
    store.remove_connection("acme").unwrap();
    store.remove_connection("acme").unwrap();
    assert_eq!(store.connections().unwrap().0.len(), names.len() - 1);
}

/// The records in a directory, without their backups.
fn files(directory: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

#[test]
fn the_name_inside_the_file_is_the_truth() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), StoreKind::Auto);
    store.save_connection(&connection("Acme")).unwrap();
    let directory = home.path().join("connections");
    let original = files(&directory).remove(0);
    let renamed = directory.join("renamed by hand.json");
    fs::rename(&original, &renamed).unwrap();

    // Saving goes to the renamed file, and makes no second one.
    let mut changed = connection("Acme");
    changed.rehearsal = true;
    store.save_connection(&changed).unwrap();
    assert_eq!(files(&directory), std::slice::from_ref(&renamed));
    assert_eq!(store.connections().unwrap(), (vec![changed.clone()], vec![]));

    // Two files with one name: one is listed, the other is reported.
    fs::copy(&renamed, directory.join("a copy.json")).unwrap();
    let (found, unreadable) = store.connections().unwrap();
    assert_eq!(found, [changed]);
    assert!(unreadable.len() == 1 && unreadable[0].contains("second file"), "{unreadable:?}");

    // A file in the place of another name is not overwritten.
    fs::write(&original, serde_json::to_vec(&connection("Other")).unwrap()).unwrap();
    let failure = store.save_connection(&connection("Acme")).unwrap_err();
    assert!(
        matches!(&failure, StoreFailure::Unreadable { message } if message.contains("Other")),
        "{failure:?}"
    );
}

#[test]
fn broken_and_newer_set_ups_are_listed_and_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), StoreKind::Auto);
    store.save_setup(&setup("good")).unwrap();
    let directory = home.path().join("setups");
    let newer = {
        let mut value = serde_json::to_value(setup("newer")).unwrap();
        value["format"] = 2.into();
        value["invented_later"] = true.into();
        serde_json::to_vec(&value).unwrap()
    };
    let broken: [(&str, &[u8], &str); 5] = [
        ("cut", b"{\"format\": 1, \"id\": \"cu", "line 1"),
        ("empty", b"", "EOF"),
        ("noise", b"\xff\xfe\x00\x1b[31m", "line 1"),
        ("newer", &newer, "newer zoom-setup (format 2"),
        ("coloured", br#"{"format": 1, "id": "coloured", "decision": "\u001b[31mred"}"#, "unknown variant"),
    ];
    for (id, bytes, _) in &broken {
        fs::write(directory.join(format!("{id}.json")), bytes).unwrap();
    }
    fs::write(directory.join("misnamed.json"), serde_json::to_vec(&setup("good")).unwrap()).unwrap();
    fs::write(directory.join(".good.json.x.tmp"), b"left of a crash").unwrap();

    let (found, unreadable) = store.setups().unwrap();
    assert_eq!(found, [setup("good")]);
    assert_eq!(unreadable.len(), broken.len() + 1, "{unreadable:?}");
    for (id, bytes, reason) in &broken {
        let line = unreadable.iter().find(|line| line.contains(&format!("{id}.json"))).unwrap();
        assert!(line.contains(reason), "{line}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
        assert!(matches!(store.save_setup(&setup(id)), Err(StoreFailure::Unreadable { .. })), "{id}");
        assert!(matches!(store.remove_setup(id), Err(StoreFailure::Unreadable { .. })), "{id}");
        assert_eq!(&fs::read(directory.join(format!("{id}.json"))).unwrap(), bytes, "{id}");
    }
}

#[test]
fn a_newer_connection_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path(), StoreKind::Auto);
    store.save_connection(&connection("Good")).unwrap();
    let good = files(&home.path().join("connections")).remove(0);
    store.save_connection(&connection("Bad")).unwrap();
    let bad = files(&home.path().join("connections")).into_iter().find(|path| *path != good).unwrap();
    let newer = br#"{"format": 7, "name": "Bad", "invented_later": 1}"#;
    // Where it was written, and where an admin moved it.
    for place in [bad.clone(), bad.with_file_name("moved.json")] {
        fs::rename(&bad, &place).unwrap();
        fs::write(&place, newer).unwrap();
        let (found, unreadable) = store.connections().unwrap();
        assert_eq!(found, [connection("Good")]);
        assert!(unreadable.len() == 1 && unreadable[0].contains("format 7"), "{unreadable:?}");
        assert!(matches!(store.save_connection(&connection("Bad")), Err(StoreFailure::Unreadable { .. })));
        assert!(matches!(store.remove_connection("Bad"), Err(StoreFailure::Unreadable { .. })));
        assert_eq!(fs::read(&place).unwrap(), newer);
    }
}

#[test]
fn a_thousand_connections_are_listed_and_one_is_found() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("connections");
    fs::create_dir(&directory).unwrap();
    for number in 0..1000 {
        let bytes = serde_json::to_vec(&connection(&format!("Acme {number:04}"))).unwrap();
        fs::write(directory.join(format!("{number}.json")), bytes).unwrap();
    }
    let store = open(home.path(), StoreKind::Auto);
    let (found, unreadable) = store.connections().unwrap();
    assert_eq!((found.len(), unreadable.len()), (1000, 0));
    assert!(found.is_sorted_by(|one, other| one.name < other.name));
    store.save_connection(&connection("Acme 0999")).unwrap();
    assert_eq!(store.connections().unwrap().0.len(), 1000);
}

/// Two programs on one set-up: the second to write is told, and the first one's answers stay.
#[test]
fn a_set_up_changed_elsewhere_is_not_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let (one, other) = (open(home.path(), StoreKind::File), open(home.path(), StoreKind::File));
    let mut mine = setup("shared");
    one.save_setup(&mine).unwrap();
    let mut theirs = other.setups().unwrap().0.remove(0);
    theirs.current = "scopes".to_owned();
    theirs.updated = "2026-11-01T10:00:00Z".parse().unwrap();
    other.save_setup(&theirs).unwrap();

    mine.updated = "2026-11-01T10:00:01Z".parse().unwrap();
    assert!(matches!(one.save_setup(&mine), Err(StoreFailure::Locked { .. })));
    assert_eq!(other.setups().unwrap().0, [theirs.clone()]);
    // Who has read the newer state may go on from it.
    theirs.updated = mine.updated;
    assert_eq!(one.setups().unwrap().0.len(), 1);
    one.save_setup(&theirs).unwrap();
}
