//! The store with a real Secret Service: `gnome-keyring-daemon` on a D-Bus session of its own, both ended with
//! the test. Skipped with a line where the tools are missing, unless `ZOOM_SETUP_E2E=require`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests end the test, too")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zoom_setup::ports::{Store, StoreFailure, Unlocked};
use zoom_setup::procedure::FieldName;
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{FileStore, StoreKind, StoreLimits, StoreOptions, StoreParts};

/// What the child is to do; set on children only.
const ROLE: &str = "ZOOM_SETUP_TEST_ROLE";
/// Its data directory.
const DATA_DIR: &str = "ZOOM_SETUP_TEST_DATA_DIR";

fn client_secret() -> SecretKey {
    SecretKey::ConnectionField("Acme".to_owned(), FieldName::ClientSecret)
}

/// Nothing by itself: what runs inside the session.
#[test]
fn inside_the_session() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let data_dir = PathBuf::from(std::env::var_os(DATA_DIR).unwrap());
    let limits = StoreLimits { keyring_wait: Duration::from_secs(3), ..StoreLimits::default() };
    let options = StoreOptions { data_dir, kind: StoreKind::Auto };
    let mut store = FileStore::with_parts(options, StoreParts { limits, ..StoreParts::default() }).unwrap();
    match role.as_str() {
        "write" => {
            assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
            store.write_secrets(vec![(client_secret(), Some(Secret::new("kept")))]).unwrap();
        }
        "read" => {
            assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
            assert_eq!(store.read_secret(&client_secret()).unwrap(), Some(Secret::new("kept")));
        }
        "read in tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
                assert_eq!(store.read_secret(&client_secret()).unwrap(), Some(Secret::new("kept")));
            });
        }
        "locked" => match store.unlock(None) {
            Err(StoreFailure::Unreadable { message }) => println!("said: {message}"),
            other => panic!("{other:?}"),
        },
        "no keyring" => match store.unlock(None) {
            Err(StoreFailure::NeedsPassphrase { new: true, why }) => println!("said: {why}"),
            other => panic!("{other:?}"),
        },
        other => panic!("no role {other}"),
    }
    println!("role done");
}

/// Runs the role under this start of the daemon (a shell line), in a session with the home directory given.
fn session(home: &Path, data_dir: &Path, daemon: &str, role: &str) {
    let script = format!("{daemon}\nexec \"$0\" --exact inside_the_session --nocapture");
    let mut child = Command::new("dbus-run-session")
        .args(["--", "bash", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("share"))
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env(ROLE, role)
        .env(DATA_DIR, data_dir)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("GNOME_KEYRING_CONTROL")
        .stdin(Stdio::null())
        .stdout(fs::File::create(home.join("out")).unwrap())
        .stderr(fs::File::create(home.join("err")).unwrap())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        #[expect(clippy::disallowed_methods, reason = "std has no wait for a child with a deadline")]
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |name: &str| fs::read_to_string(home.join(name)).unwrap_or_default();
    let out = text("out");
    assert!(
        status.is_some_and(|status| status.success()) && out.contains("role done"),
        "{role}: {status:?}\n{out}\n{}",
        text("err")
    );
}

#[test]
fn the_real_keyring_keeps_the_key() {
    for tool in ["dbus-run-session", "gnome-keyring-daemon", "bash"] {
        let there =
            Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !there {
            assert!(std::env::var("ZOOM_SETUP_E2E").as_deref() != Ok("require"), "{tool} is not installed");
            println!("skipped: {tool} is not installed");
            return;
        }
    }
    let home = tempfile::tempdir().unwrap();
    for directory in ["share", "run", "config", "cache"] {
        fs::create_dir(home.path().join(directory)).unwrap();
    }
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = home.path().join("data");
    let unlocked = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
    let locked = "gnome-keyring-daemon --start --components=secrets >/dev/null </dev/null";

    session(home.path(), &data_dir, unlocked, "write");
    // Another login, another process: the key is still there.
    session(home.path(), &data_dir, unlocked, "read");
    session(home.path(), &data_dir, unlocked, "read in tokio");

    // Locked, and nobody to ask: an error in bounded time, nothing overwritten, no passphrase chosen.
    let before = fs::read(data_dir.join("secrets.age")).unwrap();
    session(home.path(), &data_dir, locked, "locked");
    assert_eq!(fs::read(data_dir.join("secrets.age")).unwrap(), before);
    assert!(!data_dir.join("key.age").exists());

    // A bus without a Secret Service (and no activation of one), and no bus at all.
    let masked = "export XDG_DATA_DIRS=/nonexistent DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus";
    session(home.path(), &home.path().join("other"), masked, "no keyring");
}
