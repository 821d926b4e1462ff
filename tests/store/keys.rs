//! Where the key to the secrets is kept, for each kind of store, and what happens when it is not there.

use super::support::*;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use zoom_setup::ports::{Store, StoreFailure, Unlocked};
use zoom_setup::procedure::FieldName;
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{KeyringProblem, StoreKind};

#[test]
fn memory_leaves_nothing_on_disk() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::Memory);
    assert_eq!(store.unlock(None).unwrap(), Unlocked::Memory);
    store.save_setup(&setup("one")).unwrap();
    store.save_connection(&connection("Acme")).unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t"))), (secret("b"), None)]).unwrap();
    assert_eq!(store.unlock(None).unwrap(), Unlocked::Memory);
    assert_eq!(store.read_secret(&secret("a")).unwrap(), Some(Secret::new("t")));
    assert_eq!(store.setups().unwrap().0, [setup("one")]);
    assert_eq!(store.connections().unwrap().0, [connection("Acme")]);
    store.write_secrets(vec![(secret("a"), None)]).unwrap();
    store.remove_setup("one").unwrap();
    store.remove_connection("Acme").unwrap();
    assert_eq!(store.read_secret(&secret("a")).unwrap(), None);
    assert_eq!(store.setups().unwrap().0.len() + store.connections().unwrap().0.len(), 0);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn rehearsal_secrets_stay_apart_from_real_ones() {
    let home = tempfile::tempdir().unwrap();
    let mut real = open(home.path(), StoreKind::File);
    real.unlock(Some(&Secret::new("correct horse"))).unwrap();
    real.write_secrets(vec![(secret("a"), Some(Secret::new("real")))]).unwrap();
    let mut rehearsal = open(home.path(), StoreKind::Rehearsal);
    assert_eq!(rehearsal.unlock(None).unwrap(), Unlocked::Rehearsal);
    assert_eq!(rehearsal.read_secret(&secret("a")).unwrap(), None);
    rehearsal.write_secrets(vec![(secret("a"), Some(Secret::new("invented")))]).unwrap();
    let mut again = open(home.path(), StoreKind::Rehearsal);
    again.unlock(None).unwrap();
    assert_eq!(again.read_secret(&secret("a")).unwrap(), Some(Secret::new("invented")));
    assert_eq!(real.read_secret(&secret("a")).unwrap(), Some(Secret::new("real")));

    fs::remove_file(home.path().join("rehearsal-key.txt")).unwrap();
    let failure = open(home.path(), StoreKind::Rehearsal).unlock(None).unwrap_err();
    assert!(
        matches!(&failure, StoreFailure::Unreadable { message } if message.contains("rehearsal-key.txt"))
    );
}

#[test]
fn a_passphrase_is_chosen_once_and_asked_for_after() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::File);
    assert!(matches!(store.unlock(None), Err(StoreFailure::NeedsPassphrase { new: true, .. })));
    let empty = store.unlock(Some(&Secret::default()));
    assert!(matches!(empty, Err(StoreFailure::NeedsPassphrase { new: true, .. })));
    assert!(!home.path().join("key.age").exists());
    assert_eq!(store.unlock(Some(&Secret::new("correct horse"))).unwrap(), Unlocked::Passphrase);
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();

    let mut later = open(home.path(), StoreKind::File);
    assert!(matches!(later.read_secret(&secret("a")), Err(StoreFailure::Io { .. })));
    assert!(matches!(later.write_secrets(vec![]), Err(StoreFailure::Io { .. })));
    assert!(matches!(later.unlock(None), Err(StoreFailure::NeedsPassphrase { new: false, .. })));
    let before = fs::read(home.path().join("key.age")).unwrap();
    assert_eq!(later.unlock(Some(&Secret::new("wrong"))), Err(StoreFailure::WrongPassphrase));
    assert_eq!(later.unlock(Some(&Secret::default())), Err(StoreFailure::WrongPassphrase));
    assert_eq!(fs::read(home.path().join("key.age")).unwrap(), before);
    assert_eq!(later.unlock(Some(&Secret::new("correct horse"))).unwrap(), Unlocked::Passphrase);
    assert_eq!(later.read_secret(&secret("a")).unwrap(), Some(Secret::new("t")));
}

#[test]
fn a_keyring_that_keeps_entries_is_used() {
    let home = tempfile::tempdir().unwrap();
    let keyring = Arc::new(FakeKeyring::default());
    for kind in [StoreKind::Auto, StoreKind::Keyring, StoreKind::Auto] {
        let mut store = open_with(home.path(), kind, keyring.clone());
        assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
        store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
        assert_eq!(store.read_secret(&secret("a")).unwrap(), Some(Secret::new("t")));
    }
    // One entry, named after the directory; no probe is left behind.
    let entries = keyring.entries.lock().unwrap();
    let users: Vec<&String> = entries.keys().collect();
    assert_eq!(users, [&home.path().canonicalize().unwrap().to_string_lossy().into_owned()]);
    assert!(!home.path().join("key.age").exists());
}

#[test]
fn two_data_directories_have_two_keys() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keyring = Arc::new(FakeKeyring::default());
    for home in [&one, &other] {
        open_with(home.path(), StoreKind::Auto, keyring.clone()).unlock(None).unwrap();
    }
    let entries = keyring.entries.lock().unwrap();
    let keys: Vec<&str> = entries.values().map(Secret::expose).collect();
    assert!(keys.len() == 2 && keys[0] != keys[1]);
}

#[test]
fn without_a_keyring_the_passphrase_is_offered_with_the_reason() {
    for (fault, reason) in [
        (KeyringFault::Unreachable, "none answers here (no such bus)"),
        (KeyringFault::Locked, "it is locked (its password was not typed)"),
        (KeyringFault::WaitsForItsPassword, "it is locked (for 0.05 s nobody typed its password"),
        (KeyringFault::Forgets, "did not keep it"),
        (KeyringFault::Garbles, "something other"),
        (KeyringFault::Hangs, "did not answer within"),
        (KeyringFault::Dies, "library failed"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let keyring = Arc::new(FakeKeyring::failing(fault));
        let mut store = open_with(home.path(), StoreKind::Auto, keyring.clone());
        match store.unlock(None) {
            Err(StoreFailure::NeedsPassphrase { new: true, why }) => {
                assert!(why.contains(reason), "{fault:?}: {why}");
            }
            other => panic!("{fault:?}: {other:?}"),
        }
        assert!(!home.path().join("key.age").exists(), "{fault:?}: chosen silently");
        let calls = keyring.calls();
        assert_eq!(store.unlock(Some(&Secret::new("correct horse"))).unwrap(), Unlocked::Passphrase);
        assert_eq!(keyring.calls(), calls, "{fault:?}: the keyring was asked again after the answer");
        // From now on it is the passphrase, also when a keyring is there.
        let mut later = open_with(home.path(), StoreKind::Auto, Arc::new(FakeKeyring::default()));
        assert!(matches!(later.unlock(None), Err(StoreFailure::NeedsPassphrase { new: false, .. })));

        let mut strict = open_with(&home.path().join("strict"), StoreKind::Keyring, keyring);
        match strict.unlock(None) {
            Err(StoreFailure::Io { message }) => assert!(message.contains(reason), "{fault:?}: {message}"),
            other => panic!("{fault:?}: {other:?}"),
        }
    }
}

#[test]
fn secrets_without_their_keyring_key_are_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open_with(home.path(), StoreKind::Auto, Arc::new(FakeKeyring::default()));
    store.unlock(None).unwrap();
    store.write_secrets(vec![(secret("a"), Some(Secret::new("t")))]).unwrap();
    let before = fs::read(home.path().join("secrets.age")).unwrap();

    let another_key = {
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Arc::new(FakeKeyring::default());
        open_with(elsewhere.path(), StoreKind::Auto, other.clone()).unlock(None).unwrap();
        let entries = other.entries.lock().unwrap();
        entries.values().next().unwrap().clone()
    };
    let user = home.path().canonicalize().unwrap().to_string_lossy().into_owned();
    let cases = [
        (FakeKeyring::default(), "the keyring has no entry"),
        (FakeKeyring::holding(&user, another_key), "encrypted with another key"),
        (FakeKeyring::holding(&user, Secret::new("nonsense")), "holds no age key"),
        (FakeKeyring::failing(KeyringFault::Unreachable), "no such bus"),
        (FakeKeyring::failing(KeyringFault::Hangs), "did not answer"),
    ];
    for (keyring, reason) in cases {
        let keyring = Arc::new(keyring);
        let entries = keyring.entries.lock().unwrap().clone();
        for kind in [StoreKind::Auto, StoreKind::Keyring] {
            for passphrase in [None, Some(Secret::new("correct horse"))] {
                let mut store = open_with(home.path(), kind, keyring.clone());
                match store.unlock(passphrase.as_ref()) {
                    Err(StoreFailure::Unreadable { message }) => {
                        assert!(message.contains(reason), "{reason}: {message}");
                    }
                    other => panic!("{reason}: {other:?}"),
                }
            }
        }
        assert_eq!(*keyring.entries.lock().unwrap(), entries, "{reason}");
    }
    let mut by_passphrase = open(home.path(), StoreKind::File);
    assert!(matches!(
        by_passphrase.unlock(Some(&Secret::new("correct horse"))),
        Err(StoreFailure::Unreadable { .. })
    ));
    assert_eq!(fs::read(home.path().join("secrets.age")).unwrap(), before);
    assert!(!home.path().join("key.age").exists());
}

#[test]
fn a_keyring_store_does_not_take_over_a_passphrase_store() {
    let home = tempfile::tempdir().unwrap();
    open(home.path(), StoreKind::File).unlock(Some(&Secret::new("correct horse"))).unwrap();
    let keyring = Arc::new(FakeKeyring::default());
    let failure = open_with(home.path(), StoreKind::Keyring, keyring.clone()).unlock(None).unwrap_err();
    assert!(matches!(&failure, StoreFailure::Unreadable { message } if message.contains("--store file")));
    assert!(keyring.entries.lock().unwrap().is_empty());
}

#[test]
fn first_starts_at_once_agree_on_one_key() {
    let home = tempfile::tempdir().unwrap();
    let keyring = Arc::new(FakeKeyring::default());
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (path, keyring) = (home.path(), keyring.clone());
            scope.spawn(move || {
                let mut store = open_with(path, StoreKind::Auto, keyring);
                store.unlock(None).unwrap();
                store.write_secrets(vec![(secret(&writer.to_string()), Some(Secret::new("t")))]).unwrap();
            });
        }
    });
    let mut store = open_with(home.path(), StoreKind::Auto, keyring);
    store.unlock(None).unwrap();
    for writer in 0..4 {
        assert_eq!(store.read_secret(&secret(&writer.to_string())).unwrap(), Some(Secret::new("t")));
    }
}

#[test]
fn the_files_open_with_age_itself() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::File);
    store.unlock(Some(&Secret::new("correct horse"))).unwrap();
    let field = SecretKey::ConnectionField("Acme".to_owned(), FieldName::ClientSecret);
    store.write_secrets(vec![(field, Some(Secret::new("s3cret\"\n✓")))]).unwrap();
    for file in ["secrets.age", "key.age", "lock"] {
        let bytes = fs::read(home.path().join(file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("s3cret") && !text.contains("AGE-SECRET") && !text.contains("horse"),
            "{file}"
        );
    }

    let mut passphrase = age::scrypt::Identity::new(age::secrecy::SecretString::from("correct horse"));
    passphrase.set_max_work_factor(16);
    let key = age::decrypt(&passphrase, &fs::read(home.path().join("key.age")).unwrap()).unwrap();
    let key = String::from_utf8(key).unwrap();
    let identity: age::x25519::Identity =
        key.lines().find(|line| !line.starts_with('#')).unwrap().parse().unwrap();
    let plain = age::decrypt(&identity, &fs::read(home.path().join("secrets.age")).unwrap()).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(
        document,
        serde_json::json!({"format": 1, "secrets": {"connection/Acme/client_secret": "s3cret\"\n✓"}})
    );
}

#[test]
fn the_age_tool_opens_the_secrets() {
    let Some(tool) = ["age", "rage"].into_iter().find(|tool| {
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }) else {
        println!("skipped: neither age nor rage is installed");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let mut store = open(home.path(), StoreKind::Rehearsal);
    store.unlock(None).unwrap();
    store.write_secrets(vec![(secret("Acme"), Some(Secret::new("from the tool")))]).unwrap();
    let output = Command::new(tool)
        .args(["-d", "-i"])
        .arg(home.path().join("rehearsal-key.txt"))
        .arg(home.path().join("rehearsal-secrets.age"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["secrets"]["connection/Acme/client_secret"], "from the tool");
}

/// The words of each problem, with what to do: Linux has them of Secret Service.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn each_problem_of_a_keyring_has_its_words() {
    let said = || "what it said".to_owned();
    let problems = [
        KeyringProblem::Missing { said: said() },
        KeyringProblem::Locked { said: said() },
        KeyringProblem::Forgets,
        KeyringProblem::Garbles,
        KeyringProblem::Silent { waited: std::time::Duration::from_secs(20) },
        KeyringProblem::Failed { said: said() },
    ];
    let words: Vec<String> = problems
        .iter()
        .map(|problem| {
            format!("{}\n  the keyring cannot be used: {problem}. {}\n", problem.code(), problem.next())
        })
        .collect();
    insta::assert_snapshot!("each_problem_of_a_keyring", words.join("\n"));
}
