//! Token files: what is on disk, what is refused, what is brought back.

use super::support::*;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::ports::{Adopted, Store, StoreFailure};
use zoom_setup::secret::Secret;
use zoom_setup::store::{StoreKind, StoreParts};

fn marked(name: &str) -> TokenRecord {
    TokenRecord::of_login(pair(name, 0)).marked(at(1)).unwrap()
}

fn identity(place: &Place) -> age::x25519::Identity {
    let text = fs::read_to_string(place.data().join("rehearsal-key.txt")).unwrap();
    text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().parse().unwrap()
}

/// The JSON inside an age file.
fn opened(place: &Place, path: &Path) -> serde_json::Value {
    let plain = age::decrypt(&identity(place), &fs::read(path).unwrap()).unwrap();
    serde_json::from_slice(&plain).unwrap()
}

fn seal(place: &Place, path: &Path, document: &serde_json::Value) {
    let bytes = age::encrypt(&identity(place).to_public(), document.to_string().as_bytes()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn each_key_has_a_private_file_of_its_own_and_survives_a_restart() {
    let place = Place::new();
    log_in(&*place.tokens(), &key("Acme"), pair("one", 0));
    log_in(&*place.tokens(), &key("acme"), pair("two", 0));
    let names: Vec<String> = place
        .token_files()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("connection-acme-tokens-")), "{names:?}");
    assert_eq!(place.tokens().look(&key("Acme")).unwrap().unwrap().tokens, pair("one", 0));
    assert_eq!(place.tokens().look(&key("acme")).unwrap().unwrap().tokens, pair("two", 0));
    assert!(!place.data().join("rehearsal-secrets.age").exists(), "the other secrets are not touched");
    #[cfg(unix)]
    for path in place.token_files().into_iter().chain([place.data().join("rehearsal-tokens")]) {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn the_store_reads_and_writes_tokens_where_they_rotate() {
    let place = Place::new();
    let mut store = place.store();
    let other = zoom_setup::setup::SecretKey::SetupPending("one".to_owned());
    store
        .write_secrets(vec![
            (key("Acme"), Some(pair("one", 0).to_secret())),
            (other.clone(), Some(Secret::new("pending"))),
        ])
        .unwrap();
    assert_eq!(store.read_secret(&other).unwrap(), Some(Secret::new("pending")));
    let read = store.read_secret(&key("Acme")).unwrap().unwrap();
    assert_eq!(TokenRecord::from_secret(&read), Some(TokenRecord::of_login(pair("one", 0))));
    // A login writes over a mark: the pair it was for is gone.
    store.tokens().unwrap().hold(&key("Acme")).unwrap().write(&marked("one")).unwrap();
    let read = store.read_secret(&key("Acme")).unwrap().unwrap();
    assert!(TokenRecord::from_secret(&read).unwrap().refreshing.is_some());
    store.write_secrets(vec![(key("Acme"), Some(pair("two", 5).to_secret()))]).unwrap();
    let read = store.read_secret(&key("Acme")).unwrap().unwrap();
    assert_eq!(TokenRecord::from_secret(&read), Some(TokenRecord::of_login(pair("two", 5))));
    store.write_secrets(vec![(key("Acme"), None), (key("none"), None)]).unwrap();
    assert_eq!(store.read_secret(&key("Acme")).unwrap(), None);
    assert!(matches!(
        store.write_secrets(vec![(key("Acme"), Some(Secret::new("no tokens")))]),
        Err(StoreFailure::Io { .. })
    ));
}

#[test]
fn tokens_of_an_earlier_version_move_at_the_first_write() {
    let place = Place::new();
    place.store();
    let secrets = place.data().join("rehearsal-secrets.age");
    let old = pair("old", 0);
    let document = serde_json::json!({ "format": 1, "secrets": {
        "connection/Acme/tokens": old.to_secret().expose(),
        "connection/Acme/client_secret": "stays",
    }});
    seal(&place, &secrets, &document);
    let tokens = place.tokens();
    assert_eq!(tokens.look(&key("Acme")).unwrap(), Some(TokenRecord::of_login(old.clone())));
    assert_eq!(tokens.hold(&key("Acme")).unwrap().read().unwrap(), Some(TokenRecord::of_login(old.clone())));
    assert!(
        opened(&place, &secrets)["secrets"]["connection/Acme/tokens"].is_string(),
        "reading moves nothing"
    );
    tokens.hold(&key("Acme")).unwrap().write(&marked("old")).unwrap();
    assert_eq!(
        opened(&place, &secrets)["secrets"],
        serde_json::json!({ "connection/Acme/client_secret": "stays" })
    );
    assert_eq!(tokens.look(&key("Acme")).unwrap(), Some(marked("old")));
    // Removed in both places, so that the older one cannot come back.
    seal(&place, &secrets, &document);
    tokens.hold(&key("Acme")).unwrap().remove().unwrap();
    assert_eq!(tokens.look(&key("Acme")).unwrap(), None);
    assert_eq!(tokens.hold(&key("Acme")).unwrap().read().unwrap(), None);
}

#[test]
fn a_newer_format_is_refused_without_harm_and_unknown_fields_stay() {
    let place = Place::new();
    let tokens = place.tokens();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    let path = place.token_file();
    let mut document = opened(&place, &path);
    document["comes_later"] = serde_json::json!({ "deep": [1, 2] });
    seal(&place, &path, &document);
    tokens.hold(&key("Acme")).unwrap().write(&marked("one")).unwrap();
    assert_eq!(opened(&place, &path)["comes_later"], serde_json::json!({ "deep": [1, 2] }));
    document["format"] = serde_json::json!(2);
    seal(&place, &path, &document);
    let before = fs::read(&path).unwrap();
    for refused in [tokens.look(&key("Acme")).map(drop), tokens.hold(&key("Acme")).map(drop)] {
        let Err(StoreFailure::Unreadable { message }) = refused else { panic!("{refused:?}") };
        assert!(message.contains("newer zoom-setup") && message.contains("format 2"), "{message}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_another_key_or_connection_is_not_taken() {
    let place = Place::new();
    let tokens = place.tokens();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    let acme = place.token_file();
    log_in(&*tokens, &key("Bolt"), pair("two", 0));
    let bolt = place.token_files().into_iter().find(|path| path.to_string_lossy().contains("bolt")).unwrap();
    fs::copy(&acme, bolt.with_extension("age")).unwrap();
    let Err(StoreFailure::Unreadable { message }) = tokens.look(&key("Bolt")) else { panic!("taken") };
    assert!(message.contains("something else"), "{message}");
    // Cut anywhere, it is said and left as it is.
    let whole = fs::read(&acme).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&acme, &whole[..length]).unwrap();
        assert!(matches!(tokens.look(&key("Acme")), Err(StoreFailure::Unreadable { .. })), "{length}");
        assert_eq!(fs::read(&acme).unwrap(), &whole[..length]);
    }
    let stranger = Place::new();
    stranger.store();
    fs::write(&acme, age::encrypt(&identity(&stranger).to_public(), b"{}").unwrap()).unwrap();
    let Err(StoreFailure::Unreadable { message }) = tokens.look(&key("Acme")) else { panic!("taken") };
    assert!(message.contains("another key"), "{message}");
}

#[test]
fn whoever_waits_too_long_learns_who_holds_it() {
    let mut short = Place::new();
    short.tokens_wait = Duration::from_millis(30);
    let memory = short.store_of(StoreKind::Memory).tokens().unwrap();
    for tokens in [short.tokens(), memory] {
        let _held = tokens.hold(&key("Acme")).unwrap();
        let Err(StoreFailure::Locked { message }) = tokens.hold(&key("Acme")).map(drop) else {
            panic!("held twice")
        };
        assert!(
            message.contains(&std::process::id().to_string()) || message.contains("this process"),
            "{message}"
        );
        // Another connection is free.
        tokens.hold(&key("Bolt")).unwrap();
    }
}

#[test]
fn one_thread_at_a_time_holds_a_key() {
    let place = Place::new();
    for tokens in [place.tokens(), place.store_of(StoreKind::Memory).tokens().unwrap()] {
        log_in(&*tokens, &key("Acme"), pair("0", 0));
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..5 {
                        let mut held = tokens.hold(&key("Acme")).unwrap();
                        let record = held.read().unwrap().unwrap();
                        let count: u32 =
                            record.tokens.access_token.expose().split('-').next().unwrap().parse().unwrap();
                        held.write(&TokenRecord::of_login(pair(&(count + 1).to_string(), 0))).unwrap();
                    }
                });
            }
        });
        assert_eq!(tokens.look(&key("Acme")).unwrap().unwrap().tokens, pair("40", 0));
    }
}

/// The token files take so many writes and then no more.
fn failing(fault: DiskFault, good: usize) -> (Place, Arc<FaultyDisk>) {
    let disk = Arc::new(FaultyDisk { fault, good: Mutex::new(good), below: "rehearsal-tokens" });
    (Place::with_disk(disk.clone()), disk)
}

#[test]
fn a_pair_that_is_not_taken_comes_back_from_elsewhere() {
    for fault in [DiskFault::Full, DiskFault::Garbles] {
        let (place, disk) = failing(fault, 2);
        let tokens = place.tokens();
        log_in(&*tokens, &key("Acme"), pair("one", 0));
        tokens.hold(&key("Acme")).unwrap().write(&marked("one")).unwrap();
        let renewed = marked("one").renewed(&grant("two"), at(-9_000));
        let mut held = tokens.hold(&key("Acme")).unwrap();
        assert!(held.write(&renewed).is_err());
        let file = held.rescue(&renewed).unwrap();
        assert!(Path::new(&file).starts_with(place.elsewhere()), "{file}");
        drop(held);
        if fault == DiskFault::Full {
            // Not taken yet: it counts all the same, and stays where it is safe.
            let held = tokens.hold(&key("Acme")).unwrap();
            assert_eq!(held.read().unwrap(), Some(renewed.clone()));
            let Adopted { place, failure: Some(_) } = held.adopted().unwrap() else { panic!("stored") };
            assert_eq!(*place, file);
            assert!(Path::new(&file).exists());
        } else {
            // Half a file has taken the place of the old one. Nothing is overwritten blindly.
            *disk.good.lock().unwrap() = usize::MAX;
            assert!(tokens.hold(&key("Acme")).is_err());
            fs::remove_file(place.token_file()).unwrap();
        }
        *disk.good.lock().unwrap() = usize::MAX;
        let held = tokens.hold(&key("Acme")).unwrap();
        assert_eq!(held.adopted(), Some(&Adopted { place: file.clone(), failure: None }));
        assert_eq!(held.read().unwrap(), Some(renewed.clone()));
        drop(held);
        assert!(!Path::new(&file).exists(), "stored and read back, so it goes");
        assert_eq!(place.tokens().look(&key("Acme")).unwrap(), Some(renewed));
        assert_eq!(tokens.hold(&key("Acme")).unwrap().adopted(), None);
    }
}

#[test]
fn a_rescued_pair_that_was_overtaken_is_not_taken() {
    let place = Place::new();
    let tokens = place.tokens();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    let file =
        tokens.hold(&key("Acme")).unwrap().rescue(&marked("one").renewed(&grant("two"), at(9))).unwrap();
    // A new login brings it back first, and then writes over it.
    log_in(&*tokens, &key("Acme"), pair("three", 5));
    assert!(!Path::new(&file).exists());
    assert_eq!(tokens.hold(&key("Acme")).unwrap().read().unwrap().unwrap().tokens, pair("three", 5));
    // Removing takes it away as well.
    let file = tokens.hold(&key("Acme")).unwrap().rescue(&marked("three")).unwrap();
    tokens.hold(&key("Acme")).unwrap().remove().unwrap();
    assert!(!Path::new(&file).exists());
}

#[test]
fn a_place_that_the_user_names_keeps_a_pair_until_it_is_brought_back() {
    let place = Place::new();
    let tokens = place.tokens();
    log_in(&*tokens, &key("Acme"), pair("one", 0));
    let stick = tempfile::tempdir().unwrap();
    let renewed = marked("one").renewed(&grant("two"), at(2));
    let file = tokens.hold(&key("Acme")).unwrap().rescue_into(stick.path(), &renewed).unwrap();
    assert!(fs::read(&file).unwrap().starts_with(b"age-encryption.org/v1"));
    assert_eq!(tokens.hold(&key("Acme")).unwrap().read().unwrap().unwrap().tokens, pair("one", 0));
    // Whoever is told of that place finds it there.
    let parts = StoreParts { rescue_places: vec![stick.path().to_owned()], ..place.parts() };
    let told = open(&place.data(), StoreKind::Rehearsal, parts).tokens().unwrap();
    let held = told.hold(&key("Acme")).unwrap();
    assert_eq!(held.adopted(), Some(&Adopted { place: file.clone(), failure: None }));
    assert_eq!(held.read().unwrap(), Some(renewed));
    assert!(!Path::new(&file).exists());
}

#[test]
fn a_damaged_file_stands_in_the_way_of_no_new_login_and_no_removal() {
    let place = Place::new();
    let (acme, fresh) = (key("Acme"), TokenRecord::of_login(pair("two", 1)));
    let files = || -> Vec<std::path::PathBuf> {
        fs::read_dir(place.data().join("rehearsal-tokens"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    };
    let damage = || {
        let file =
            files().into_iter().find(|path| path.extension().is_some_and(|found| found == "age")).unwrap();
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    };
    let aside = || files().iter().filter(|path| path.to_string_lossy().contains(".damaged-")).count();
    let mut store = place.store();
    log_in(&*store.tokens().unwrap(), &acme, pair("one", 0));
    damage();
    assert!(matches!(store.tokens().unwrap().hold(&acme), Err(StoreFailure::Unreadable { .. })));
    store.write_secrets(vec![(acme.clone(), Some(fresh.to_secret()))]).unwrap();
    assert_eq!(store.tokens().unwrap().look(&acme).unwrap(), Some(fresh));
    assert_eq!(aside(), 1);
    damage();
    store.write_secrets(vec![(acme.clone(), None)]).unwrap();
    assert_eq!(store.tokens().unwrap().look(&acme).unwrap(), None);
    assert_eq!(aside(), 2);
}
