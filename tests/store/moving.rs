//! Moving the key: whatever step fails, or is the last one before the power goes, the store opens afterwards.

use super::support::*;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use zoom_setup::ports::{Store, StoreFailure, Unlocked};
use zoom_setup::secret::Secret;
use zoom_setup::store::{
    Disk, FileStore, KeyPlace, Keyring, KeyringProblem, NewPlace, StoreKind, StoreParts, SystemDisk,
};

/// What happens at the step that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// That step fails, and later ones do not.
    Fails,
    /// That step is done, and says that it failed.
    IsDoneAndFails,
    /// Nothing is done from that step on: what a kill leaves.
    PowerIsOff,
}

/// Counts the steps of disk and keyring together.
struct Steps {
    taken: AtomicUsize,
    last: usize,
    then: Then,
}

impl Steps {
    fn take<T, E>(&self, act: impl FnOnce() -> Result<T, E>, failure: impl FnOnce() -> E) -> Result<T, E> {
        let step = self.taken.fetch_add(1, Ordering::SeqCst);
        match (step.cmp(&self.last), self.then) {
            (std::cmp::Ordering::Less, _) => act(),
            (std::cmp::Ordering::Greater, Then::Fails | Then::IsDoneAndFails) => act(),
            (std::cmp::Ordering::Equal, Then::IsDoneAndFails) => {
                act()?;
                Err(failure())
            }
            (std::cmp::Ordering::Equal, Then::Fails | Then::PowerIsOff)
            | (std::cmp::Ordering::Greater, Then::PowerIsOff) => Err(failure()),
        }
    }

    fn reached(&self) -> bool {
        self.taken.load(Ordering::SeqCst) > self.last
    }
}

struct SteppedDisk(Arc<Steps>);

impl SteppedDisk {
    fn take<T>(&self, act: impl FnOnce() -> Result<T, StoreFailure>) -> Result<T, StoreFailure> {
        self.0.take(act, || StoreFailure::Io { message: "this step failed".to_owned() })
    }
}

impl Disk for SteppedDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        self.take(|| SystemDisk.read(path))
    }
    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        self.take(|| SystemDisk.head(path))
    }
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        self.take(|| SystemDisk.replace(path, bytes))
    }
    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        self.take(|| SystemDisk.second_name(path, name))
    }
    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        self.take(|| SystemDisk.set_aside(path, name))
    }
    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        self.take(|| SystemDisk.remove(path))
    }
}

struct SteppedKeyring(Arc<Steps>, Arc<FakeKeyring>);

impl SteppedKeyring {
    fn take<T>(&self, act: impl FnOnce() -> Result<T, KeyringProblem>) -> Result<T, KeyringProblem> {
        self.0.take(act, || KeyringProblem::Failed { said: "this step failed".to_owned() })
    }
}

impl Keyring for SteppedKeyring {
    fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem> {
        self.take(|| self.1.get(user))
    }
    fn set(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        self.take(|| self.1.set(user, secret))
    }
    fn delete(&self, user: &str) -> Result<(), KeyringProblem> {
        self.take(|| self.1.delete(user))
    }
    fn locked(&self) -> Option<bool> {
        Some(false)
    }
}

const OLD: &str = "old passphrase";
const NEW: &str = "new passphrase";

/// A store with two secrets and a pair of tokens, its key in the keyring or behind [`OLD`].
fn filled(home: &Path, place: KeyPlace, keyring: &Arc<FakeKeyring>) {
    let old = Secret::new(OLD);
    let (kind, passphrase) =
        if place == KeyPlace::Passphrase { (StoreKind::File, Some(&old)) } else { (StoreKind::Auto, None) };
    let mut store = open_with(home, kind, keyring.clone());
    store.unlock(passphrase).unwrap();
    store
        .write_secrets(vec![
            (secret("Acme"), Some(Secret::new("first"))),
            (secret("Other"), Some(Secret::new("second"))),
            (tokens("Acme"), Some(pair("access"))),
        ])
        .unwrap();
}

/// Opens as a person would, and reads everything. Gives the way in.
fn opens(home: &Path, keyring: &Arc<FakeKeyring>) -> Result<Unlocked, StoreFailure> {
    let mut store = open_with(home, StoreKind::Auto, keyring.clone());
    let way = match store.unlock(None) {
        Err(StoreFailure::NeedsPassphrase { new: false, .. }) => {
            store.unlock(Some(&Secret::new(OLD))).or_else(|_| store.unlock(Some(&Secret::new(NEW))))
        }
        other => other,
    }?;
    assert_eq!(store.read_secret(&secret("Acme"))?, Some(Secret::new("first")));
    assert_eq!(store.read_secret(&secret("Other"))?, Some(Secret::new("second")));
    assert!(store.read_secret(&tokens("Acme"))?.is_some());
    Ok(way)
}

fn move_it(store: &FileStore, to: KeyPlace) -> Result<(), StoreFailure> {
    let old = Secret::new(OLD);
    let place =
        if to == KeyPlace::Keyring { NewPlace::Keyring } else { NewPlace::Passphrase(Secret::new(NEW)) };
    // As the command does: the old passphrase, and the new one where a move was cut short after it counted.
    match store.move_key(&place, Some(&old)) {
        Err(StoreFailure::WrongPassphrase) => store.move_key(&place, Some(&Secret::new(NEW))),
        other => other,
    }
    .map(drop)
}

const MOVES: [(KeyPlace, KeyPlace); 3] = [
    (KeyPlace::Keyring, KeyPlace::Passphrase),
    (KeyPlace::Passphrase, KeyPlace::Keyring),
    (KeyPlace::Passphrase, KeyPlace::Passphrase),
];

#[test]
fn whatever_step_is_the_last_the_store_opens_and_the_move_can_be_finished() {
    for (from, to) in MOVES {
        for then in [Then::Fails, Then::IsDoneAndFails, Then::PowerIsOff] {
            let mut steps_seen = 0;
            for last in 0.. {
                let home = tempfile::tempdir().unwrap();
                let keyring = Arc::new(FakeKeyring::default());
                filled(home.path(), from, &keyring);
                let steps = Arc::new(Steps { taken: AtomicUsize::new(0), last, then });
                let stepped = StoreParts {
                    disk: Arc::new(SteppedDisk(steps.clone())),
                    ..parts(Arc::new(SteppedKeyring(steps.clone(), keyring.clone())))
                };
                let outcome = move_it(&with_parts(home.path(), StoreKind::Auto, stepped), to);
                let at = format!("{from:?} to {to:?}, step {last}, {then:?}: {outcome:?}");
                let way = opens(home.path(), &keyring);
                assert!(way.is_ok(), "{at}: {way:?}");
                // And again, without anything in the way.
                let store = open_with(home.path(), StoreKind::Auto, keyring.clone());
                let finished = move_it(&store, to);
                assert!(finished.is_ok(), "{at}: {finished:?}");
                let wanted = if to == KeyPlace::Keyring { Unlocked::Keyring } else { Unlocked::Passphrase };
                assert_eq!(opens(home.path(), &keyring), Ok(wanted), "{at}");
                // A kill within the trial of the keyring leaves the entry of the trial.
                let entries = keyring.entries.lock().unwrap();
                let entries = entries.keys().filter(|user| !user.contains("#probe-")).count();
                assert_eq!(entries, usize::from(to == KeyPlace::Keyring), "{at}: the old place is not empty");
                assert_eq!(home.path().join("key.age").exists(), to == KeyPlace::Passphrase, "{at}");
                assert_eq!(home.path().join("key.age.backup").exists(), to == KeyPlace::Passphrase, "{at}");
                if !steps.reached() {
                    assert!(outcome.is_ok(), "{at}");
                    steps_seen = last;
                    break;
                }
            }
            assert!(steps_seen > 8, "{from:?} to {to:?}: {steps_seen} steps only");
        }
    }
}

#[test]
fn after_a_change_the_old_passphrase_opens_nothing() {
    let home = tempfile::tempdir().unwrap();
    let keyring = Arc::new(FakeKeyring::default());
    filled(home.path(), KeyPlace::Passphrase, &keyring);
    move_it(&open_with(home.path(), StoreKind::File, keyring), KeyPlace::Passphrase).unwrap();
    let mut store = open(home.path(), StoreKind::File);
    assert_eq!(store.unlock(Some(&Secret::new(OLD))), Err(StoreFailure::WrongPassphrase));
    fs::rename(home.path().join("key.age.backup"), home.path().join("key.age")).unwrap();
    assert_eq!(store.unlock(Some(&Secret::new(OLD))), Err(StoreFailure::WrongPassphrase));
    assert_eq!(store.unlock(Some(&Secret::new(NEW))), Ok(Unlocked::Passphrase));
}

/// A keyring that says yes, and from the second entry on keeps nothing.
struct ForgetsTheKey(FakeKeyring, Mutex<u32>);

impl Keyring for ForgetsTheKey {
    fn get(&self, user: &str) -> Result<Option<Secret>, KeyringProblem> {
        self.0.get(user)
    }
    fn set(&self, user: &str, secret: &Secret) -> Result<(), KeyringProblem> {
        let mut count = self.1.lock().unwrap();
        *count += 1;
        if *count == 1 { self.0.set(user, secret) } else { Ok(()) }
    }
    fn delete(&self, user: &str) -> Result<(), KeyringProblem> {
        self.0.delete(user)
    }
    fn locked(&self) -> Option<bool> {
        Some(false)
    }
}

#[test]
fn a_keyring_that_does_not_keep_the_key_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path(), KeyPlace::Passphrase, &Arc::new(FakeKeyring::default()));
    let before = fs::read(home.path().join("key.age")).unwrap();
    let refused: [(Arc<dyn Keyring>, &str); 5] = [
        (Arc::new(ForgetsTheKey(FakeKeyring::default(), Mutex::new(0))), "did not keep"),
        (Arc::new(FakeKeyring::failing(KeyringFault::Forgets)), "did not keep"),
        (Arc::new(FakeKeyring::failing(KeyringFault::Garbles)), "something other"),
        (Arc::new(FakeKeyring::failing(KeyringFault::Locked)), "locked"),
        (Arc::new(FakeKeyring::failing(KeyringFault::Unreachable)), "none answers"),
    ];
    for (keyring, reason) in refused {
        let store = with_parts(home.path(), StoreKind::Auto, parts(keyring));
        match store.move_key(&NewPlace::Keyring, Some(&Secret::new(OLD))) {
            Err(StoreFailure::Io { message }) => assert!(message.contains(reason), "{reason}: {message}"),
            other => panic!("{reason}: {other:?}"),
        }
        assert_eq!(fs::read(home.path().join("key.age")).unwrap(), before, "{reason}");
    }
}

#[test]
fn what_cannot_be_moved_says_why() {
    let home = tempfile::tempdir().unwrap();
    let keyring = Arc::new(FakeKeyring::default());
    let refused = |kind, passphrase: Option<&str>| {
        let passphrase = passphrase.map(Secret::new);
        let store = open_with(home.path(), kind, keyring.clone());
        store.move_key(&NewPlace::Keyring, passphrase.as_ref()).unwrap_err()
    };
    let says = |failure: StoreFailure, word: &str| {
        let (StoreFailure::Io { message } | StoreFailure::Unreadable { message }) = failure else {
            panic!("{failure:?}")
        };
        assert!(message.contains(word), "{message}");
    };
    says(refused(StoreKind::Memory, None), "keeps nothing");
    says(refused(StoreKind::Rehearsal, None), "rehearsal");
    says(refused(StoreKind::Auto, None), "no secret was stored here yet");
    filled(home.path(), KeyPlace::Passphrase, &keyring);
    assert!(matches!(refused(StoreKind::Auto, None), StoreFailure::NeedsPassphrase { new: false, .. }));
    assert_eq!(refused(StoreKind::Auto, Some("wrong")), StoreFailure::WrongPassphrase);
    let path = home.path().join("secrets.age");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    says(refused(StoreKind::Auto, Some(OLD)), "nothing was moved");
    fs::write(&path, &whole).unwrap();
    // Another store's key under the same name is not overwritten.
    let user = home.path().canonicalize().unwrap().to_string_lossy().into_owned();
    keyring.entries.lock().unwrap().insert(user, Secret::new("AGE-SECRET-KEY-1SOMETHINGELSE"));
    says(refused(StoreKind::Auto, Some(OLD)), "another key");
}
