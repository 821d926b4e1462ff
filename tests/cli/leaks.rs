//! No secret ever leaves: not to standard output or error, not to a file that is not encrypted, not to the log, not
//! to the command line of a process.

use super::home::{Home, finish, script, until};
use super::issued::issued;
use super::zoom::{StandAlone, consent, exchange};
use super::{PROCEDURES, answers};
use std::fs;

const PASSPHRASE: &str = "four words nobody-says aloud";

/// Every command line on this machine that can be read.
fn command_lines() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
        .collect()
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

// Rows F23, P06 of docs/callback-rows.md.
#[test]
fn secrets_stay_secret() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let browser = home.path("browser");
    let address = home.path("address");
    script(&browser, &format!("printf '%s' \"$1\" > {0}.tmp && mv {0}.tmp {0}", address.display()));
    let client_secret = zoom.value("Client Secret", 0).to_owned();
    let secret_token = zoom.value("Secret Token", 0).to_owned();
    // The login is kept, so tokens are stored as well.
    let text = format!(
        "{}client_id = \"{}\"\nclient_secret = \"{client_secret}\"\nsecret_token = \"{secret_token}\"\n\
         after_login = \"keep\"\n",
        answers("example"),
        zoom.value("Client ID", 0),
    );
    let file = home.write("answers.toml", text).display().to_string();
    let log = home.path("log").display().to_string();
    let mut arguments = vec!["--log-file", &log, "--log-level", "trace", "--store", "file"];
    arguments.extend(["new", "servicenow-dex", "--answers", &file]);
    arguments.extend(zoom.options());
    let mut command = home.command(&arguments);
    let child = command
        .env("BROWSER", &browser)
        .env("ZOOM_SETUP_PASSPHRASE", PASSPHRASE)
        .env("RUST_LOG", "trace")
        .spawn()
        .unwrap();
    let url = until("the browser was not opened", || fs::read_to_string(&address).ok());
    let back = consent(&url);
    let code = back.split(['?', '&']).find_map(|part| part.strip_prefix("code=")).unwrap().to_owned();
    assert!(!code.is_empty());
    let lines = command_lines();
    let page = exchange(&back, None);
    let ran = finish(child).ends(0);

    let secrets = [
        ("client secret", client_secret),
        ("Secret Token", secret_token),
        ("code", code),
        ("passphrase", PASSPHRASE.to_owned()),
    ];
    for (what, secret) in &secrets {
        assert!(!ran.stdout.contains(secret), "the {what} is on standard output");
        assert!(!ran.stderr.contains(secret), "the {what} is on standard error: {}", ran.stderr);
        assert!(!page.body.contains(secret), "the {what} is on the page");
        assert!(!lines.iter().any(|line| line.contains(secret)), "the {what} is in a command line");
    }
    let mut encrypted = 0;
    for (path, content) in home.files() {
        if path.ends_with("answers.toml") {
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "age") {
            assert!(content.starts_with(b"age-encryption.org/v1") || content.starts_with(b"-----BEGIN AGE"));
            encrypted += 1;
        }
        for (what, secret) in &secrets {
            assert!(!contains(&content, secret), "the {what} is in {}", path.display());
        }
    }
    assert_eq!(encrypted, 3, "secrets, tokens, and their key");
    assert!(fs::metadata(&log).unwrap().len() > 0, "the log was written");
}

// Row F23 of docs/callback-rows.md.
#[test]
fn tokens_are_only_where_they_are_encrypted() {
    let home = Home::new();
    let text = format!("{}after_login = \"keep\"\n", answers("example"));
    let file = home.write("answers.toml", text).display().to_string();
    let log = home.path("log").display().to_string();
    let ran =
        home.run(&["--rehearse", "--log-file", &log, "new", "servicenow-dex", "--answers", &file]).ends(0);
    let state = fs::read(home.data().join("rehearsal/sandbox.json")).unwrap();
    let mut tokens = Vec::new();
    issued(&serde_json::from_slice(&state).unwrap(), &mut tokens);
    assert!(tokens.len() >= 2, "an access token and a refresh token: {}", String::from_utf8_lossy(&state));
    for token in tokens {
        assert!(token.len() >= 20 && !ran.stdout.contains(&token) && !ran.stderr.contains(&token));
        for (path, content) in home.files() {
            // The invented Zoom has to know its own tokens.
            let sandbox = path.ends_with("sandbox.json");
            assert!(sandbox || !contains(&content, &token), "a token is in {}", path.display());
        }
    }
}

/// What the sandbox's app pages show.
const APP_SECRETS: [&str; 3] =
    ["RehearsalSecretGeneral0000000001", "RehearsalSecretServer00000000001", "REHEARSAL-token-000001"];

/// Every command over every kind of connection, with the log at its finest: no secret in what they say, in the log
/// or in any file that is not encrypted.
#[test]
fn every_command_at_the_finest_level_of_the_log() {
    let home = Home::new();
    let log = home.path("log");
    let shown = log.display().to_string();
    let mut said = String::new();
    let mut run = |home: &Home, arguments: &[&str], codes: &[i32]| {
        let all = [&["--log-file", &shown, "--log-level", "trace"], arguments].concat();
        // Some bring a fault of their own.
        let rehearse = arguments.iter().any(|argument| argument.starts_with("--rehearse"));
        let all = if rehearse { all } else { [&["--rehearse"], &all[..]].concat() };
        let mut command = home.command(&all);
        let ran = finish(command.env("ZOOM_SETUP_EXPORT_PASSPHRASE", PASSPHRASE).spawn().unwrap());
        assert!(
            ran.code.is_some_and(|code| codes.contains(&code)),
            "{arguments:?}: {:?} {}",
            ran.code,
            ran.stderr
        );
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    };
    for procedure in PROCEDURES {
        let text = format!("{}after_login = \"keep\"\n", answers(procedure));
        let file = home.write("answers.toml", text).display().to_string();
        run(&home, &["new", procedure, "--answers", &file], &[0]);
        for format in ["markdown", "json", "env"] {
            run(&home, &["handoff", procedure, "--format", format], &[0]);
        }
        run(&home, &["connections", "show", procedure], &[0]);
        run(&home, &["connections", "show", procedure, "--json"], &[0]);
        run(&home, &["scopes", "review", procedure, "--prove", "--format", "markdown"], &[0, 1]);
    }
    run(&home, &["connections", "--json"], &[0]);
    for format in ["text", "json", "nagios", "prometheus"] {
        run(&home, &["check", "--refresh", "--format", format], &[0, 1, 2, 3]);
    }
    for fault in ["superseded", "expired-refresh", "lost-refresh", "wrong-secret", "drop", "html"] {
        let rehearse = format!("--rehearse={fault}");
        run(&home, &[&rehearse, "check", "--refresh", "--json"], &[0, 1, 4]);
    }
    run(&home, &["store", "--json"], &[0, 6]);
    for (number, procedure) in PROCEDURES.into_iter().enumerate() {
        let file = home.path(&format!("export-{number}.age")).display().to_string();
        run(&home, &["connections", "export", procedure, "--with-secrets", "-o", &file], &[0]);
    }
    for procedure in PROCEDURES {
        let renamed = format!("{procedure} renamed");
        run(&home, &["connections", "export", procedure], &[0]);
        run(&home, &["connections", "rename", procedure, &renamed], &[0]);
        run(&home, &["connections", "remove", &renamed, "--keep-grant"], &[0]);
    }

    let state = fs::read(home.data().join("rehearsal/sandbox.json")).unwrap();
    let mut secrets: Vec<String> = APP_SECRETS.map(str::to_owned).to_vec();
    secrets.push(PASSPHRASE.to_owned());
    issued(&serde_json::from_slice(&state).unwrap(), &mut secrets);
    assert!(secrets.len() > 10, "codes and tokens of five set-ups: {}", secrets.len());
    let logged = fs::read_to_string(&log).unwrap();
    for word in ["/oauth/token", "status=200", "sha256:", "ms=", "secrets written"] {
        assert!(logged.contains(word), "support needs {word}: {logged}");
    }
    for secret in secrets {
        assert!(!said.contains(&secret), "a secret was said");
        for (path, content) in home.files() {
            let sandbox = path.ends_with("sandbox.json");
            assert!(sandbox || !contains(&content, &secret), "a secret is in {}", path.display());
        }
    }
}
