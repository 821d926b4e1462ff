//! The history on disk.

use super::stage::{Kind, Stage};
use jiff::{SignedDuration, Timestamp};
use zoom_setup::check::{Entry, FindingCode, History, KEPT, Status};
use zoom_setup::store::HistoryFile;

fn entry(connection: &str, minute: i64, granted: Option<&[&str]>) -> Entry {
    Entry {
        connection: connection.to_owned(),
        at: Timestamp::from_second(1_795_428_000).unwrap() + SignedDuration::from_mins(minute),
        status: Status::Warning,
        findings: vec![FindingCode::ScopesGained, FindingCode::ClockSkew],
        refreshed: minute % 2 == 0,
        access_token_expires: Timestamp::from_second(1_795_430_000).ok(),
        refresh_token_from: None,
        missing: Vec::new(),
        excess: vec!["a:b".to_owned()],
        granted: granted.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
    }
}

fn file() -> (tempfile::TempDir, HistoryFile, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("zoom-setup");
    (directory, HistoryFile::new(&data), data.join("checks.jsonl"))
}

#[test]
fn the_granted_scopes_are_those_of_the_last_check_that_zoom_answered() {
    let mut stage = Stage::new(&[]);
    let account = stage.connect("acme", Kind::Account);
    assert_eq!(History::default().last_granted(&account), (None, None));
    let mut history = History::default();
    history.add(entry("acme", 0, Some(&["a:b", "c:d"])));
    // A check that was refused carries the scopes of the one before, and proves none.
    history.add(Entry { status: Status::Unhealthy, ..entry("acme", 1, None) });
    let (granted, at) = history.last_granted(&account);
    assert_eq!(granted.unwrap(), ["a:b", "c:d"]);
    assert_eq!(at, Some(entry("acme", 0, None).at));
    // One that found a scope missing was answered.
    let missing = vec![FindingCode::ScopesMissing];
    history.add(Entry { status: Status::Unhealthy, findings: missing, ..entry("acme", 2, Some(&["a:b"])) });
    assert_eq!(history.last_granted(&account).0.unwrap(), ["a:b"]);
    // A login since then knows better, and what a receiver's login was given is known to the receiver only.
    let mut owned = stage.connect("acme", Kind::Owned);
    owned.grant.as_mut().unwrap().obtained_at = entry("acme", 9, None).at;
    assert_eq!(history.last_granted(&owned), owned.last_granted());
    let received = stage.connect("acme", Kind::Receiver);
    assert_eq!(history.last_granted(&received), received.last_granted());
}

#[test]
fn what_was_written_is_read_and_scopes_stand_once() {
    let (_directory, file, path) = file();
    assert!(file.read().unwrap().last("acme").is_none());
    let entries: Vec<Entry> = (0..3).map(|minute| entry("acme", minute, Some(&["a:b", "c:d"]))).collect();
    for entry in &entries {
        file.append(std::slice::from_ref(entry)).unwrap();
    }
    // The answer named none: what was known stays known.
    file.append(&[entry("acme", 3, None)]).unwrap();
    let history = file.read().unwrap();
    assert_eq!(history.of("acme")[..3], entries[..]);
    assert_eq!(history.last("acme").unwrap().granted, entries[0].granted);
    assert_eq!(std::fs::read_to_string(&path).unwrap().matches("c:d").count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn only_the_last_of_each_are_kept_and_the_file_does_not_grow_for_ever() {
    let (_directory, file, path) = file();
    for minute in 0..200 {
        file.append(&[entry("acme", minute, Some(&["a:b"])), entry("other", minute, None)]).unwrap();
    }
    let history = file.read().unwrap();
    for name in ["acme", "other"] {
        assert_eq!(history.of(name).len(), KEPT);
        assert_eq!(history.last(name).unwrap().at, entry(name, 199, None).at);
    }
    assert_eq!(history.of("acme")[0].granted.as_deref(), Some(&["a:b".to_owned()][..]));
    let lines = std::fs::read_to_string(path).unwrap().lines().count();
    assert!(lines <= 2 * 2 * KEPT + 2, "{lines}");
}

#[test]
fn a_broken_line_is_skipped_and_counted() {
    let (_directory, file, path) = file();
    file.append(&[entry("acme", 0, None)]).unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    let newer = whole.replace("\"format\":1", "\"format\":2");
    // Cut by a crash in the middle of the third.
    std::fs::write(&path, format!("{whole}{newer}{}", &whole[..whole.len() / 2])).unwrap();
    assert_eq!(file.read().unwrap().broken(), [2, 3]);
    file.append(&[entry("acme", 1, None)]).unwrap();
    let history = file.read().unwrap();
    assert_eq!((history.of("acme").len(), history.broken()), (2, &[2, 3][..]));
    // Bytes that are no text at all.
    std::fs::write(&path, b"\xff\xfe\n").unwrap();
    assert_eq!(file.read().unwrap().broken(), [1]);
}

#[test]
fn names_change_and_go() {
    let (_directory, file, _) = file();
    file.rename("acme", "new").unwrap();
    file.append(&[entry("acme", 0, Some(&["a:b"])), entry("other", 0, None)]).unwrap();
    file.rename("acme", "new").unwrap();
    file.forget("other").unwrap();
    let history = file.read().unwrap();
    assert_eq!(history.of("new").len(), 1);
    assert!(history.of("acme").is_empty() && history.of("other").is_empty());
}

#[test]
fn several_writers_lose_nothing() {
    let (_directory, file, _) = file();
    let threads: Vec<_> = (0..8)
        .map(|writer| {
            let file = file.clone();
            std::thread::spawn(move || {
                for minute in 0..10 {
                    file.append(&[entry(&format!("by {writer}"), minute, None)]).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let history = file.read().unwrap();
    assert_eq!(history.broken(), [0; 0]);
    assert!((0..8).all(|writer| history.of(&format!("by {writer}")).len() == 10));
}

#[test]
fn no_secret_is_in_it() {
    let mut stage = Stage::new(&[]);
    for (name, kind) in [("account", Kind::Account), ("owned", Kind::Owned), ("receivers", Kind::Receiver)] {
        stage.connect(name, kind);
    }
    stage.options.refresh = true;
    let entries: Vec<Entry> = stage.check().iter().map(|checked| Entry::of(&checked.report)).collect();
    stage.history().append(&entries).unwrap();
    let text = std::fs::read_to_string(stage.data_dir().join("checks.jsonl")).unwrap();
    for secret in stage.secrets() {
        assert!(!text.contains(secret.expose()));
    }
    assert_eq!(stage.history().read().unwrap().last("owned").unwrap().status, Status::Healthy);
}
