//! The store with a real Secret Service: `gnome-keyring-daemon` on a D-Bus session of its own, both ended with
//! the test. Skipped with a line where the tools are missing, unless `ZOOM_SETUP_E2E=require`.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests end the test, too"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use zoom_setup::oauth::token::StoredTokens;
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

fn tokens() -> SecretKey {
    SecretKey::ConnectionTokens("Acme".to_owned())
}

fn pair() -> StoredTokens {
    StoredTokens {
        access_token: Secret::new("access"),
        refresh_token: Some(Secret::new("refresh")),
        obtained_at: "2026-11-01T08:00:00Z".parse().unwrap(),
        expires_at: "2026-11-01T09:00:00Z".parse().unwrap(),
    }
}

fn reads(store: &FileStore) {
    assert_eq!(store.read_secret(&client_secret()).unwrap(), Some(Secret::new("kept")));
    let kept = store.tokens().unwrap().look(&tokens()).unwrap().unwrap();
    assert_eq!(kept.tokens, pair());
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
            store
                .write_secrets(vec![
                    (client_secret(), Some(Secret::new("kept"))),
                    (tokens(), Some(pair().to_secret())),
                ])
                .unwrap();
        }
        "read" => {
            assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
            reads(&store);
        }
        "read by passphrase" => {
            let word = Secret::new("correct horse");
            assert_eq!(store.unlock(Some(&word)).unwrap(), Unlocked::Passphrase);
            reads(&store);
        }
        "forgot" => match store.unlock(None) {
            Err(StoreFailure::Unreadable { message }) => {
                assert!(message.contains("has no entry") && message.contains("was reset"), "{message}");
            }
            other => panic!("{other:?}"),
        },
        "read in tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                assert_eq!(store.unlock(None).unwrap(), Unlocked::Keyring);
                assert_eq!(store.read_secret(&client_secret()).unwrap(), Some(Secret::new("kept")));
            });
        }
        "locked" => match store.unlock(None) {
            Err(StoreFailure::Unreadable { message }) => {
                assert!(message.contains("it is locked"), "{message}");
                println!("said: {message}");
            }
            other => panic!("{other:?}"),
        },
        "no keyring" => match store.unlock(None) {
            Err(StoreFailure::NeedsPassphrase { new: true, why }) => {
                assert!(why.contains("none answers here"), "{why}");
                println!("said: {why}");
            }
            other => panic!("{other:?}"),
        },
        other => panic!("no role {other}"),
    }
    println!("role done");
}

/// Runs the role under this start of the daemon (a shell line), in a session with the home directory given.
fn session(home: &Path, data_dir: &Path, daemon: &str, role: &str) {
    let script = format!("{daemon}\nexec \"$0\" --exact inside_the_session --nocapture");
    let test = std::env::current_exe().unwrap();
    let ended = run_in_session(home, data_dir, &script, &test, &[], role);
    assert!(ended.code == Some(0) && ended.out.contains("role done"), "{role}: {ended:?}");
}

/// The real program in such a session.
fn program(home: &Path, data_dir: &Path, daemon: &str, arguments: &[&str]) -> Ended {
    let script = format!("{daemon}\nexec \"$0\" \"$@\"");
    run_in_session(home, data_dir, &script, Path::new(env!("CARGO_BIN_EXE_zoom-setup")), arguments, "none")
}

/// The exit code and what was said.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run_in_session(
    home: &Path,
    data_dir: &Path,
    script: &str,
    program: &Path,
    arguments: &[&str],
    role: &str,
) -> Ended {
    let mut command = Command::new("dbus-run-session");
    if script.starts_with(NO_SERVICE) {
        let configuration = home.join("bus.conf");
        fs::write(&configuration, BARE_BUS.replace("RUN", &home.join("run").display().to_string())).unwrap();
        command.arg("--config-file").arg(configuration);
    }
    let mut child = command
        .args(["--", "bash", "-c", script])
        .arg(program)
        .args(arguments)
        .env("ZOOM_SETUP_DATA_DIR", data_dir)
        .env("ZOOM_SETUP_PASSPHRASE", "correct horse")
        .env("ZOOM_SETUP_NEW_PASSPHRASE", "correct horse")
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
    Ended { code: status.and_then(|status| status.code()), out: text("out"), err: text("err") }
}

/// The tools are there and the directories of a home are made; `None`: a line says what is missing.
fn home() -> Option<tempfile::TempDir> {
    for tool in ["dbus-run-session", "gnome-keyring-daemon", "bash"] {
        let there =
            Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        if !there {
            assert!(std::env::var("ZOOM_SETUP_E2E").as_deref() != Ok("require"), "{tool} is not installed");
            println!("skipped: {tool} is not installed");
            return None;
        }
    }
    let home = tempfile::tempdir().unwrap();
    for directory in ["share", "run", "config", "cache"] {
        fs::create_dir(home.path().join(directory)).unwrap();
    }
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(home.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
    Some(home)
}

/// A keyring that was unlocked with its password.
const UNLOCKED: &str = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null";
/// One that is there, and was not.
const LOCKED: &str = "gnome-keyring-daemon --start --components=secrets >/dev/null </dev/null";
/// No session bus at all.
const NO_BUS: &str = "export XDG_DATA_DIRS=/nonexistent DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus";
/// A bus, and nobody on it who could keep anything, nor be started: [`BARE_BUS`] knows no services.
const NO_SERVICE: &str = ": no service";
const BARE_BUS: &str = r#"<busconfig><type>session</type><listen>unix:dir=RUN</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"#;

#[test]
fn the_real_keyring_keeps_the_key() {
    let Some(home) = home() else { return };
    let data_dir = home.path().join("data");

    session(home.path(), &data_dir, UNLOCKED, "write");
    // Another login, another process: the key is still there.
    session(home.path(), &data_dir, UNLOCKED, "read");
    session(home.path(), &data_dir, UNLOCKED, "read in tokio");

    // Locked, and nobody to ask: an error in bounded time, nothing overwritten, no passphrase chosen.
    let before = fs::read(data_dir.join("secrets.age")).unwrap();
    session(home.path(), &data_dir, LOCKED, "locked");
    assert_eq!(fs::read(data_dir.join("secrets.age")).unwrap(), before);
    assert!(!data_dir.join("key.age").exists());

    // No bus at all.
    session(home.path(), &home.path().join("other"), NO_BUS, "no keyring");
}

/// The keyring's state as `zoom-setup store --json` tells it.
fn state(ended: &Ended) -> serde_json::Value {
    let document: serde_json::Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    document["keyring"]["state"].clone()
}

#[test]
fn the_program_tells_the_states_of_a_keyring_apart() {
    let Some(home) = home() else { return };
    let data_dir = home.path().join("data");
    session(home.path(), &data_dir, UNLOCKED, "write");
    let status = |daemon| program(home.path(), &data_dir, daemon, &["store", "--json"]);
    let keeps = status(UNLOCKED);
    assert_eq!((keeps.code, state(&keeps)), (Some(0), "keeps".into()), "{keeps:?}");
    assert!(
        keeps.out.contains("\"key\": \"keyring\"") && keeps.out.contains("\"opened\": \"yes\""),
        "{keeps:?}"
    );
    let locked = status(LOCKED);
    assert_eq!(state(&locked), "locked", "{locked:?}");
    for nobody in [NO_BUS, NO_SERVICE] {
        let missing = status(nobody);
        assert_eq!(state(&missing), "missing", "{missing:?}");
    }
    // One that forgets what it has kept: its file is gone at the next login.
    fs::remove_dir_all(home.path().join("share/keyrings")).unwrap();
    let forgot = status(UNLOCKED);
    assert_eq!(state(&forgot), "keeps", "{forgot:?}");
    assert!(forgot.out.contains("\"key\": \"not_found\""), "{forgot:?}");
    session(home.path(), &data_dir, UNLOCKED, "forgot");
}

#[test]
fn the_program_moves_the_key_both_ways() {
    let Some(home) = home() else { return };
    let data_dir = home.path().join("data");
    session(home.path(), &data_dir, UNLOCKED, "write");
    let moving = |daemon, to| program(home.path(), &data_dir, daemon, &["store", "move", "--to", to]);
    let out = moving(UNLOCKED, "file");
    assert_eq!(out.code, Some(0), "{out:?}");
    assert!(out.out.contains("1 secret and 1 file of tokens"), "{out:?}");
    // The keyring has no copy, and is not needed any more.
    session(home.path(), &data_dir, NO_BUS, "read by passphrase");
    // Into a keyring that cannot take it: nothing changes.
    for daemon in [LOCKED, NO_BUS, NO_SERVICE] {
        let refused = moving(daemon, "keyring");
        assert_eq!(refused.code, Some(6), "{refused:?}");
        assert!(refused.err.contains("Nothing was moved"), "{refused:?}");
        session(home.path(), &data_dir, NO_BUS, "read by passphrase");
    }
    let back = moving(UNLOCKED, "keyring");
    assert_eq!(back.code, Some(0), "{back:?}");
    assert!(!data_dir.join("key.age").exists() && !data_dir.join("key.age.backup").exists());
    session(home.path(), &data_dir, UNLOCKED, "read");
}
