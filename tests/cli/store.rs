//! `store`: what it says of a whole and of a damaged store, what it brings back, and what it refuses to.

use super::home::{Home, Ran, finish};
use std::fs;
use std::path::Path;
use zoom_setup::ports::Store;
use zoom_setup::procedure::{AppKind, FieldName};
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{FileStore, StoreKind, StoreLimits, StoreOptions, StoreParts};

const WORD: &str = "correct horse";

/// A store behind a passphrase with a connection and its secret.
fn filled(home: &Home) {
    let limits = StoreLimits { work_factor: 4, ..StoreLimits::default() };
    let options = StoreOptions { data_dir: home.data(), kind: StoreKind::File };
    let mut store = FileStore::with_parts(options, StoreParts { limits, ..StoreParts::default() }).unwrap();
    store.unlock(Some(&Secret::new(WORD))).unwrap();
    let key = SecretKey::ConnectionField("Acme".to_owned(), FieldName::ClientSecret);
    store.write_secrets(vec![(key, Some(Secret::new("hunter2hunter2")))]).unwrap();
    let connection = r#"{
        "format": 1, "name": "Acme", "procedure": "celigo-s2s", "receiver": "celigo", "app_kind": "server_to_server",
        "rehearsal": false, "created": "2026-11-01T08:00:00Z", "owner": "wizard", "answers": {}, "secrets": {},
        "scopes": [], "grant": null, "verification": null
    }"#;
    store.save_connection(&serde_json::from_str(connection).unwrap()).unwrap();
}

fn run(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = home.command(&[&["--store", "file", "store"], arguments].concat());
    for (name, value) in variables {
        command.env(name, value);
    }
    finish(command.spawn().unwrap())
}

/// What was said, without what differs from run to run.
fn said(home: &Home, ran: &Ran) -> String {
    let mut text = format!("exit code {}\n{}--\n{}", ran.code.unwrap(), ran.stdout, ran.stderr);
    text = text.replace(&home.data().display().to_string(), "DATA");
    // Times and ages.
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let bare = word.trim_end();
        let rest = &word[bare.len()..];
        let is_date = bare.len() >= 10 && bare.as_bytes()[4] == b'-' && bare.as_bytes()[7] == b'-';
        let is_time = bare.len() == 5 && bare.as_bytes()[2] == b':' && bare.as_bytes()[0].is_ascii_digit();
        let new = if is_date {
            "DATE"
        } else if is_time {
            "TIME"
        } else {
            bare
        };
        format!("{new}{rest}")
    });
    let text: String = words.collect();
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_owned();
        if let Some(at) = line.find(".damaged-") {
            let digits = line[at + 9..].chars().take_while(char::is_ascii_digit).count();
            line.replace_range(at + 9..at + 9 + digits, "TIME");
        }
        for age in ["backup, ", "("] {
            if let Some(at) = line.find(age) {
                let from = at + age.len();
                let digits = line[from..].chars().take_while(char::is_ascii_digit).count();
                if digits > 0 && line[from + digits..].starts_with(" s") {
                    line.replace_range(from..from + digits, "N");
                }
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn record(home: &Home) -> std::path::PathBuf {
    let paths = fs::read_dir(home.data().join("connections")).unwrap().map(|entry| entry.unwrap().path());
    paths.into_iter().find(|path| path.extension().is_some_and(|found| found == "json")).unwrap()
}

#[test]
fn a_store_that_is_whole() {
    let home = Home::new();
    insta::assert_snapshot!("store_empty", said(&home, &run(&home, &[], &[])));
    filled(&home);
    insta::assert_snapshot!("store_whole_not_opened", said(&home, &run(&home, &[], &[])));
    let word = [("ZOOM_SETUP_PASSPHRASE", WORD)];
    insta::assert_snapshot!("store_whole", said(&home, &run(&home, &["status"], &word)));
    insta::assert_snapshot!("store_repair_nothing", said(&home, &run(&home, &["repair"], &word)));
    let json = run(&home, &["--json"], &word).ends(0).json();
    assert_eq!(
        (&json["key"], &json["opened"], &json["whole"]),
        (&"passphrase".into(), &"yes".into(), &true.into())
    );
    assert_eq!(json["files"].as_array().unwrap().len(), 3, "{json}");
    for file in json["files"].as_array().unwrap() {
        assert_eq!((&file["state"], &file["backup"]["state"]), (&"whole".into(), &"whole".into()), "{file}");
    }
    let wrong = run(&home, &[], &[("ZOOM_SETUP_PASSPHRASE", "wrong")]).ends(6);
    assert!(wrong.stdout.contains("does not open"), "{}", wrong.stdout);
}

#[test]
fn a_damaged_store_is_told_and_brought_back() {
    let home = Home::new();
    filled(&home);
    let (secrets, record) = (home.data().join("secrets.age"), record(&home));
    let before = fs::read(&record).unwrap();
    damage(&secrets);
    damage(&record);
    let word = [("ZOOM_SETUP_PASSPHRASE", WORD)];
    insta::assert_snapshot!("store_damaged", said(&home, &run(&home, &[], &word)));
    let damaged = fs::read(&record).unwrap();
    // Nobody to ask: nothing is done.
    insta::assert_snapshot!("store_repair_not_asked", said(&home, &run(&home, &["repair"], &word).ends(2)));
    assert_eq!(fs::read(&record).unwrap(), damaged);
    insta::assert_snapshot!("store_repair", said(&home, &run(&home, &["repair", "--yes"], &word).ends(0)));
    assert_eq!(fs::read(&record).unwrap(), before);
    insta::assert_snapshot!("store_repaired", said(&home, &run(&home, &[], &word).ends(0)));
    // What another command says of damage leads here.
    damage(&record);
    run(&home, &["status"], &word).ends(6);
    let mut command = home.command(&["--store", "file", "connections"]);
    command.env("ZOOM_SETUP_PASSPHRASE", WORD);
    let listed = finish(command.spawn().unwrap());
    assert!(listed.stderr.contains("zoom-setup store repair"), "{}", listed.stderr);
}

#[test]
fn what_cannot_be_brought_back_is_said() {
    let home = Home::new();
    filled(&home);
    fs::remove_file(home.data().join("secrets.age.backup")).unwrap();
    damage(&home.data().join("secrets.age"));
    let word = [("ZOOM_SETUP_PASSPHRASE", WORD)];
    insta::assert_snapshot!("store_lost", said(&home, &run(&home, &["repair", "--yes"], &word).ends(6)));
}

/// A connection whose record names a secret and a login.
fn names_what_it_needs(home: &Home) {
    let options = StoreOptions { data_dir: home.data(), kind: StoreKind::File };
    let store = FileStore::open(options).unwrap();
    let mut connection = store.connections().unwrap().0.remove(0);
    connection.app_kind = AppKind::General;
    connection.secrets.insert(FieldName::ClientSecret, Secret::new("hunter2hunter2").fingerprint());
    let grant = serde_json::json!({
        "obtained_at": "2026-11-01T08:00:00Z", "expires_at": "2026-11-01T09:00:00Z", "refreshable": true
    });
    connection.grant = Some(serde_json::from_value(grant).unwrap());
    store.save_connection(&connection).unwrap();
}

#[test]
fn what_is_gone_is_named_with_what_to_do() {
    let word = [("ZOOM_SETUP_PASSPHRASE", WORD)];
    let told = |home: &Home, name: &str| {
        let status = said(home, &run(home, &[], &word).ends(6));
        let repair = said(home, &run(home, &["repair", "--yes"], &word).ends(6));
        insta::assert_snapshot!(name, format!("{status}\n{repair}"));
    };
    let filled_home = || {
        let home = Home::new();
        filled(&home);
        names_what_it_needs(&home);
        home
    };
    let home = filled_home();
    told(&home, "store_gone_login");
    for name in ["secrets.age", "secrets.age.backup"] {
        fs::remove_file(home.data().join(name)).unwrap();
    }
    told(&home, "store_gone_secrets");
    let json = run(&home, &["--json"], &word).ends(6).json();
    assert_eq!(json["lost"][0]["what"], "secret", "{json}");

    let home = filled_home();
    for name in ["key.age", "key.age.backup"] {
        damage(&home.data().join(name));
    }
    told(&home, "store_damaged_keys");
    for name in ["key.age", "key.age.backup"] {
        fs::remove_file(home.data().join(name)).unwrap();
    }
    told(&home, "store_gone_keys");
}

#[test]
fn a_new_passphrase_is_not_short() {
    let home = Home::new();
    filled(&home);
    let short = [("ZOOM_SETUP_PASSPHRASE", WORD), ("ZOOM_SETUP_NEW_PASSPHRASE", "seven 7")];
    run(&home, &["move", "--to", "file"], &short).ends(2).silent().says(&["at least 8 characters"]);
    run(&home, &["status"], &[("ZOOM_SETUP_PASSPHRASE", WORD)]).ends(0);
}

#[test]
fn the_passphrase_is_changed() {
    let home = Home::new();
    insta::assert_snapshot!(
        "store_move_nothing",
        said(&home, &run(&home, &["move", "--to", "file"], &[]).ends(2))
    );
    filled(&home);
    let word = ("ZOOM_SETUP_PASSPHRASE", WORD);
    let new = ("ZOOM_SETUP_NEW_PASSPHRASE", "another horse");
    insta::assert_snapshot!(
        "store_move_no_new",
        said(&home, &run(&home, &["move", "--to", "file"], &[word]).ends(2))
    );
    insta::assert_snapshot!(
        "store_move_no_old",
        said(&home, &run(&home, &["move", "--to", "file"], &[new]).ends(6))
    );
    let wrong = [("ZOOM_SETUP_PASSPHRASE", "wrong"), new];
    run(&home, &["move", "--to", "file"], &wrong).ends(6).silent().says(&["does not open"]);
    insta::assert_snapshot!(
        "store_moved",
        said(&home, &run(&home, &["move", "--to", "file"], &[word, new]).ends(0))
    );
    let opened = run(&home, &["--json"], &[word]).json();
    assert_eq!(opened["opened"], "wrong_passphrase");
    let opened = run(&home, &["--json"], &[("ZOOM_SETUP_PASSPHRASE", "another horse")]).json();
    assert_eq!(opened["opened"], "yes");
}

#[test]
fn memory_and_rehearsal_are_said_plainly() {
    let home = Home::new();
    for (kind, name) in [("memory", "store_memory"), ("auto", "store_rehearsal")] {
        let arguments = |more: &[&'static str]| {
            let first: &[&str] = if kind == "auto" { &["--rehearse"] } else { &["--store", "memory"] };
            home.run(&[first, more].concat())
        };
        let status = said(&home, &arguments(&["store"]).ends(0));
        let moving = said(&home, &arguments(&["store", "move", "--to", "keyring"]).ends(2));
        insta::assert_snapshot!(name, format!("{status}\n{moving}"));
    }
}
