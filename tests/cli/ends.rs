//! How an unattended run ends when something is wrong: exit code and words of each fault, signals, dead ports.

use super::answers;
use super::home::{Home, Ran, finish, free_port, script, signal, until};
use super::zoom::{StandAlone, consent, exchange};
use rstest::rstest;
use std::fs;
use std::net::{TcpListener, TcpStream};

#[rstest]
#[case::wrong_secret("wrong-secret", 5, &["does not know this pair", "invalid_client", "Secret Token"])]
#[case::not_activated("not-activated", 5, &["switched off", "4717"])]
#[case::wrong_kind("wrong-kind", 5, &["a General app is needed", "unsupported"])]
#[case::missing_scope("missing-scope", 1, &["1 missing", "failed: Scopes"])]
#[case::scope_lag("scope-lag", 1, &["missing", "failed: Scopes"])]
#[case::user_managed("user-managed", 1, &["FAIL        App kind", "user-managed", "failed: Scopes, App kind"])]
#[case::lost_refresh("lost-refresh", 4, &["its end is not known", "connection broke", "never sent again", "failed: Refresh"])]
#[case::redirect_mismatch("redirect-mismatch", 5, &["does not accept the redirect URL", "4,700", "OAuth Allow Lists"])]
#[case::deny("deny", 5, &["declined", "access_denied"])]
#[case::expired_code("expired-code", 5, &["too old", "4733"])]
fn each_fault_of_a_general_app(#[case] fault: &str, #[case] code: i32, #[case] words: &[&str]) {
    fails("servicenow-dex", fault, code, words);
}

#[rstest]
#[case::wrong_secret("wrong-secret", 5, &["does not know this pair", "invalid_client"])]
#[case::wrong_kind("wrong-kind", 5, &["a Server-to-Server app is needed", "does not enabled"])]
#[case::not_activated("not-activated", 5, &["The app is not activated", "4717", "Activation"])]
#[case::deactivated("deactivated", 5, &["switched off", "4717"])]
fn each_fault_of_a_server_to_server_app(#[case] fault: &str, #[case] code: i32, #[case] words: &[&str]) {
    fails("celigo-s2s", fault, code, words);
}

/// What only kept the proof at the credentials from being made is told, marked, and does not end the run.
#[rstest]
#[case::rate_limit("servicenow-dex", "rate-limit", &["limit is reached", "429"])]
#[case::html("servicenow-dex", "html", &["web page came instead", "Sign in to the network"])]
#[case::drop("servicenow-dex", "drop", &["connection broke"])]
#[case::master_scope("servicenow-dex", "master-scope", &["WARN        App kind", "sub accounts", "account:master"])]
#[case::rate_limit_of_a_server("celigo-s2s", "rate-limit", &["limit is reached", "429"])]
#[case::html_of_a_server("celigo-s2s", "html", &["web page came instead"])]
#[case::account("celigo-s2s", "wrong-account", &["a wrong Account ID, or not activated yet", "Bad Request"])]
#[case::master_scope_of_a_server("celigo-s2s", "master-scope", &["WARN        App kind", "account:master"])]
fn what_is_not_decided_is_told(#[case] procedure: &str, #[case] fault: &str, #[case] words: &[&str]) {
    let ran = rehearse(&Home::new(), procedure, fault).ends(0).says(words);
    let open = fault != "master-scope";
    let passed =
        ran.stderr.contains("PASS        Zoom ") || ran.stderr.contains("not checked Zoom knows this app");
    assert_eq!(passed, !open, "{}", ran.stderr);
}

/// Without a login nothing else proves the pair, and the sheet says so.
#[test]
fn a_pair_that_nobody_proved_is_on_the_sheet() {
    let home = Home::new();
    let text = answers("example").replace("authorize = \"loopback\"", "authorize = \"skip\"");
    let file = home.write("answers.toml", text).display().to_string();
    let ran = home.run(&["--rehearse=rate-limit", "new", "servicenow-dex", "--answers", &file]).ends(0);
    assert!(ran.stdout.contains("Pair: Zoom's daily limit is reached"), "{}", ran.stdout);
    let file = home.write("again.toml", answers("again")).display().to_string();
    let ran = home.run(&["--rehearse", "new", "servicenow-dex", "--answers", &file]).ends(0);
    assert!(ran.stdout.contains("Zoom knew it at 20"), "{}", ran.stdout);
}

/// Both at once, since each waits out the time limit.
#[test]
fn a_slow_answer_is_not_waited_for_for_ever() {
    let runs = ["servicenow-dex", "celigo-s2s"].map(|procedure| {
        let home = Home::new();
        let file = home.write("answers.toml", answers("example")).display().to_string();
        let child = home.command(&["--rehearse=slow", "new", procedure, "--answers", &file]).spawn().unwrap();
        (home, child)
    });
    for (_home, child) in runs {
        finish(child).ends(0).says(&["    not checked ", "no answer within 10 seconds"]);
    }
}

/// A Server-to-Server call may be sent again, and its scopes may be late: these mend themselves.
#[rstest]
#[case("missing-scope")]
#[case("scope-lag")]
#[case("drop")]
fn what_passes_by_itself(#[case] fault: &str) {
    let home = Home::new();
    rehearse(&home, "celigo-s2s", fault)
        .ends(0)
        .says(&["PASS        Scopes: 1 chosen, 1 granted, none missing"]);
}

fn rehearse(home: &Home, procedure: &str, fault: &str) -> Ran {
    let file = home.write("answers.toml", answers("example")).display().to_string();
    home.run(&[&format!("--rehearse={fault}"), "new", procedure, "--answers", &file])
}

fn fails(procedure: &str, fault: &str, code: i32, words: &[&str]) {
    let home = Home::new();
    let ran = rehearse(&home, procedure, fault).ends(code).says(words).says(&["FAIL", "error: "]);
    // The advice comes after the error, each on a line of its own.
    let (_, error) = ran.stderr.split_once("error: ").unwrap();
    assert!(error.lines().skip(1).any(|line| line.starts_with("  ") && line.len() > 20), "{}", ran.stderr);
    // The fault is over, so trying again leads through. Connections with a failed check keep their name.
    let file = home.write("answers.toml", answers("second try")).display().to_string();
    home.run(&["--rehearse", "new", procedure, "--answers", &file]).ends(0);
}

/// A set-up that waits for a login that nobody makes.
#[rstest]
#[case("TERM")]
#[case("INT")]
#[case("HUP")]
fn a_signal_while_waiting_is_a_cancellation(#[case] name: &str) {
    let home = Home::new();
    let browser = home.path("browser");
    let address = home.path("address");
    script(&browser, &format!("printf '%s' \"$1\" > {0}.tmp && mv {0}.tmp {0}", address.display()));
    let file = home.write("answers.toml", answers("example")).display().to_string();
    let port = free_port();
    let mut command =
        home.command(&["--rehearse", "new", "servicenow-dex", "--answers", &file, "--port", &port]);
    let child = command.env("BROWSER", &browser).spawn().unwrap();
    let url = until("the browser was not opened", || fs::read_to_string(&address).ok());
    assert!(url.contains(&format!("127.0.0.1%3A{port}")), "{url}");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_ok(), "it listens");
    signal(child.id(), name);
    finish(child).ends(3).silent().says(&["interrupted", "zoom-setup --rehearse resume"]);
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "the port is free again");
    // What was answered is kept.
    assert_eq!(fs::read_dir(home.data().join("rehearsal/setups")).unwrap().count(), 1);
}

#[rstest]
#[case("TERM")]
#[case("INT")]
#[case("HUP")]
fn a_signal_ends_the_sandbox_in_order(#[case] name: &str) {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let address = zoom.url.strip_prefix("http://").unwrap().to_owned();
    assert_eq!(exchange(&format!("{}/", zoom.url), None).status, 200);
    assert_eq!(zoom.end(name), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_taken_port_of_the_sandbox_is_named() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    home.run(&["sandbox", "--port", &port]).ends(2).silent().says(&[&format!("127.0.0.1:{port}"), "--port"]);
}

/// Answers with a made-up Server-to-Server app, for a Zoom at `url`.
fn server_to_server(home: &Home, url: &str, secret: &str, more: &[&str]) -> Ran {
    let text = format!(
        "{}client_id = \"REHEARSAL-s2s-app-0001\"\nclient_secret = \"{secret}\"\naccount_id = \"REHEARSAL-account-0001\"\n",
        answers("example")
    );
    let file = home.write("answers.toml", text).display().to_string();
    let arguments = ["new", "celigo-s2s", "--answers", &file, "--oauth-url", url, "--api-url", url];
    home.run(&[&arguments, more].concat())
}

#[test]
fn nobody_at_the_address() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ran =
        server_to_server(&home, &url, "AnInventedSecretOf32Characters00", &["--store", "memory"]).ends(4);
    ran.silent().says(&["127.0.0.1", "refused"]);
}

#[test]
fn a_wrong_secret() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let wrong = "AnInventedSecretOf32Characters00";
    let ran = server_to_server(&home, &zoom.url, wrong, &["--store", "memory"]).ends(5).silent();
    assert!(!ran.stderr.contains(wrong), "{}", ran.stderr);
    ran.says(&["does not know this pair", "Zoom said: 400 invalid_client"]);
}

#[test]
fn a_store_that_nobody_can_open() {
    let home = Home::new();
    let url = "http://127.0.0.1:9";
    let ran = server_to_server(&home, url, "AnInventedSecretOf32Characters00", &["--store", "file"]).ends(6);
    ran.silent().says(&["passphrase", "ZOOM_SETUP_PASSPHRASE"]);
    let ran =
        server_to_server(&home, url, "AnInventedSecretOf32Characters00", &["--store", "keyring"]).ends(6);
    ran.silent().says(&["keyring"]);
}

#[test]
fn a_data_directory_that_is_a_file() {
    let home = Home::new();
    let file = home.write("in-the-way", "").display().to_string();
    let answers = home.write("answers.toml", answers("example")).display().to_string();
    let arguments = ["--rehearse", "--data-dir", &file, "new", "celigo-s2s", "--answers", &answers];
    home.run(&arguments).ends(6).silent().says(&["in-the-way"]);
}

// Rows P06, W05 of docs/callback-rows.md.
/// Two runs at once on the port that is usual: each gets its own login.
#[test]
fn two_at_once_do_not_mix_up_their_logins() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let mut runs = Vec::new();
    for name in ["one", "two"] {
        let address = home.path(&format!("address-{name}"));
        let browser = home.path(&format!("browser-{name}"));
        script(&browser, &format!("printf '%s' \"$1\" > {0}.tmp && mv {0}.tmp {0}", address.display()));
        let text = format!(
            "{}client_id = \"{}\"\nclient_secret = \"{}\"\n",
            answers(name),
            zoom.value("Client ID", 0),
            zoom.value("Client Secret", 0)
        );
        let file = home.write(&format!("{name}.toml"), text).display().to_string();
        let mut arguments = vec!["new", "servicenow-dex", "--answers", &file, "--store", "memory"];
        arguments.extend(zoom.options());
        let child = home.command(&arguments).env("BROWSER", &browser).spawn().unwrap();
        let url = until("the browser was not opened", || fs::read_to_string(&address).ok());
        runs.push((child, url));
    }
    let of = |url: &str, name: &str| {
        let url = url::Url::parse(url).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
    };
    for name in ["state", "code_challenge", "redirect_uri"] {
        assert_ne!(of(&runs[0].1, name), of(&runs[1].1, name), "each login has its own {name}");
    }
    // The later one is finished first, and each stays on its own port.
    for (child, url) in runs.into_iter().rev() {
        assert_eq!(exchange(&consent(&url), None).status, 303);
        finish(child).ends(0);
    }
}
