//! `new PROCEDURE --answers FILE`: in rehearsal, and against a Zoom in another process.

use super::home::{Home, Ran, finish, script, until};
use super::zoom::{StandAlone, consent, exchange};
use super::{PROCEDURES, answers};
use rstest::rstest;
use std::fs;
use std::io::Write;
use std::process::Stdio;

fn rehearse(home: &Home, procedure: &str, text: impl AsRef<[u8]>) -> Ran {
    let file = home.write("answers.toml", text).display().to_string();
    home.run(&["--rehearse", "new", procedure, "--answers", &file])
}

#[test]
fn all_five_are_rehearsed_to_a_sheet() {
    let home = Home::new();
    for procedure in PROCEDURES {
        let ran = rehearse(&home, procedure, answers(&format!("example {procedure}"))).ends(0);
        assert!(ran.stdout.starts_with("# Zoom for "), "{}", ran.stdout);
        assert!(ran.stdout.contains("REHEARSAL") && ran.stdout.contains(procedure), "{}", ran.stdout);
        // A line a step, in order, and the last one is done.
        let steps: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with('[')).collect();
        let count: usize = steps[0].split(['/', ']']).nth(1).unwrap().parse().unwrap();
        assert_eq!(steps.len(), count, "{}", ran.stderr);
        assert!(steps[count - 1].ends_with(": done"), "{}", ran.stderr);
        assert!(ran.stderr.contains("PASS        Scopes: "), "{}", ran.stderr);
    }
    let list = home.run(&["--rehearse", "connections", "--json"]).ends(0).json();
    assert_eq!(list["connections"].as_array().unwrap().len(), 5, "{list}");
    assert!(list["connections"].as_array().unwrap().iter().all(|one| one["outcome"] == "pass"), "{list}");
    // What is rehearsed is not among the real ones.
    assert_eq!(home.run(&["connections", "--json"]).ends(0).json()["connections"], serde_json::json!([]));
}

/// Answers for the sandbox's app that the procedure needs.
fn credentials(zoom: &StandAlone, procedure: &str) -> String {
    let server = ["celigo-s2s", "servicenow-external-content"].contains(&procedure);
    let app = usize::from(server);
    let mut text = format!(
        "client_id = \"{}\"\nclient_secret = \"{}\"\n",
        zoom.value("Client ID", app),
        zoom.value("Client Secret", app)
    );
    if server {
        text.push_str(&format!("account_id = \"{}\"\n", zoom.value("Account ID", 0)));
    }
    text
}

/// Runs a set-up against a Zoom in another process; whoever presses Allow is the test.
fn against(zoom: &StandAlone, home: &Home, procedure: &str, store: &str, passphrase: Option<&str>) -> Ran {
    let _ = fs::remove_file(home.path("address"));
    let browser = home.path("browser");
    let address = home.path("address");
    script(&browser, &format!("printf '%s' \"$1\" > {0}.tmp && mv {0}.tmp {0}", address.display()));
    let text = format!("{}{}", answers(&format!("example {procedure}")), credentials(zoom, procedure));
    let file = home.write("answers.toml", text).display().to_string();
    let mut arguments = vec!["new", procedure, "--answers", &file, "--store", store];
    arguments.extend(zoom.options());
    let mut command = home.command(&arguments);
    command.env("BROWSER", &browser);
    if let Some(passphrase) = passphrase {
        command.env("ZOOM_SETUP_PASSPHRASE", passphrase);
    }
    let child = command.spawn().unwrap();
    if !["celigo-s2s", "servicenow-external-content"].contains(&procedure) {
        let url = until("the browser was not opened", || fs::read_to_string(&address).ok());
        let back = consent(&url);
        assert!(back.starts_with("http://127.0.0.1:"), "{back}");
        let page = exchange(&back, None);
        // The code leaves the address bar before anybody sees the page (RFC 9700 section 4.3.1).
        assert_eq!(page.status, 303, "{page:?}");
        let clean = page.location.unwrap();
        assert!(!clean.contains('?'), "{clean}");
    }
    finish(child)
}

#[test]
fn all_five_against_a_zoom_of_its_own_keeping_nothing() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    for procedure in PROCEDURES {
        let ran = against(&zoom, &home, procedure, "memory", None).ends(0);
        assert!(!ran.stdout.contains("**REHEARSAL.**"), "this is not a rehearsal: {}", ran.stdout);
        assert!(ran.stderr.contains("PASS        Token: "), "{}", ran.stderr);
    }
    let kept: Vec<_> = home.files().into_iter().filter(|(path, _)| path.starts_with(home.data())).collect();
    assert!(kept.is_empty(), "{:?}", kept.iter().map(|(path, _)| path).collect::<Vec<_>>());
    assert_eq!(zoom.end("TERM"), Some(0));
}

#[test]
fn a_passphrase_from_the_environment_opens_the_store_again() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let word = "correct horse battery staple";
    against(&zoom, &home, "servicenow-dex", "file", Some(word)).ends(0);
    assert!(home.data().join("secrets.age").exists() && home.data().join("key.age").exists());

    let reveal =
        ["handoff", "example servicenow-dex", "--format", "json", "--reveal-secrets", "--store", "file"];
    // Nobody to ask, and nothing in the environment.
    home.run(&reveal).ends(6).silent().says(&["ZOOM_SETUP_PASSPHRASE"]);
    let with = |word: &str| finish(home.command(&reveal).env("ZOOM_SETUP_PASSPHRASE", word).spawn().unwrap());
    with("another word").ends(6).silent().says(&["passphrase"]);
    let secret = zoom.value("Client Secret", 0);
    assert!(with(word).ends(0).stdout.contains(secret));
    let without = home.run(&["handoff", "example servicenow-dex", "--format", "json"]).ends(0);
    assert!(!without.stdout.contains(secret), "{}", without.stdout);
}

#[rstest]
#[case::byte_order_mark("\u{feff}", "\n")]
#[case::windows_line_ends("", "\r\n")]
#[case::both("\u{feff}", "\r\n")]
fn editors_of_windows_are_welcome(#[case] start: &str, #[case] line_end: &str) {
    let text = format!("{start}{}", answers("example").replace('\n', line_end));
    rehearse(&Home::new(), "celigo-s2s", text).ends(0);
}

#[test]
fn answers_from_standard_input() {
    let home = Home::new();
    let mut command = home.command(&["--rehearse", "new", "celigo-s2s", "--answers", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answers("example").as_bytes()).unwrap();
    assert!(finish(child).ends(0).stdout.contains("example"));
}

#[test]
fn the_client_secret_may_come_from_the_environment() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let text = format!("{}{}", answers("example"), credentials(&zoom, "celigo-s2s"));
    let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("client_secret")).collect();
    let file = home.write("answers.toml", kept.join("\n")).display().to_string();
    let mut arguments = vec!["new", "celigo-s2s", "--answers", &file, "--store", "memory"];
    arguments.extend(zoom.options());
    home.run(&arguments).ends(2).silent().says(&["missing", "client_secret", "ZOOM_CLIENT_SECRET"]);
    let mut command = home.command(&arguments);
    command.env("ZOOM_CLIENT_SECRET", zoom.value("Client Secret", 1));
    finish(command.spawn().unwrap()).ends(0);
}

#[rstest]
#[case::unknown_key("client_sekret = \"hidden-word\"\n", &["unknown key client_sekret", "Known keys", "client_secret"])]
#[case::wrong_type("client_id = 12345\n", &["client_id must be text in quotes"])]
#[case::wrong_word("authorize = \"browser\"\n", &["authorize must be \"skip\" or \"loopback\""])]
#[case::wrong_redirect("redirect = \"hidden-word\"\n", &["redirect must be"])]
#[case::no_list_of_scopes("scopes = [1]\n", &["scopes must be"])]
#[case::empty_list_of_scopes("scopes = []\n", &["scopes must be"])]
#[case::unknown_words_for_scopes("scopes = \"hidden-word\"\n", &["scopes must be"])]
#[case::not_toml("client_secret = hidden-word\n", &["not TOML", ":1:"])]
#[case::twice("region = \"na\"\nregion = \"hidden-word\"\n", &["not TOML", ":2:"])]
#[case::table("[client_secret]\nvalue = \"hidden-word\"\n", &["client_secret must be text in quotes"])]
#[case::client_type("client_type = \"public\"\n", &["client_type must be", "\"confidential\" or \"pkce\""])]
#[case::receiver_and_loopback("redirect = \"receiver\"\nauthorize = \"loopback\"\n", &["redirect = \"receiver\"", "authorize"])]
fn a_file_that_can_not_be_meant_is_refused(#[case] text: &str, #[case] words: &[&str]) {
    let home = Home::new();
    let ran = rehearse(&home, "servicenow-dex", text).ends(2).silent().says(words);
    // Any value may be a secret in the wrong place.
    assert!(!ran.stderr.contains("hidden-word"), "{}", ran.stderr);
    assert!(!home.data().join("rehearsal/setups").exists(), "nothing is begun");
}

#[rstest]
#[case::every_missing_key_is_named("servicenow-dex", "", "", &["missing", "instance", "manual_steps"])]
#[case::region("celigo-oauth", "manual_steps = \"done\"\n", "", &["missing", "region"])]
#[case::unknown_region("celigo-oauth", "region = \"mars\"\n", "region", &["region", "none of the choices", "na", "eu"])]
#[case::bad_instance("servicenow-dex", "instance = \"https://user@example.com\"\n", "instance", &["instance in the answers file"])]
#[case::bad_mail("celigo-s2s", "developer_email = \"nobody\"\n", "developer_email", &["developer_email in the answers file"])]
#[case::unknown_scope("servicenow-dex", "scopes = [\"meeting:reed:meeting:admin\"]\n", "scopes", &["no scope meeting:reed:meeting:admin", "Did you mean meeting:read:meeting:admin?"])]
#[case::no_scope_at_all("servicenow-dex", "scopes = [\"View your meetings\"]\n", "scopes", &["no scope View your meetings"])]
#[case::hidden_character("servicenow-dex", "client_id = \"REHEARSAL\u{a0}general-0001\"\n", "client_id", &["client_id in the answers file"])]
fn an_answer_that_does_not_fit_is_named(
    #[case] procedure: &str,
    #[case] text: &str,
    #[case] replaces: &str,
    #[case] words: &[&str],
) {
    let mut all = text.to_owned();
    if !replaces.is_empty() {
        for line in answers("example").lines().filter(|line| !line.starts_with(replaces)) {
            all.push_str(line);
            all.push('\n');
        }
    }
    rehearse(&Home::new(), procedure, all).ends(2).silent().says(words);
}

/// What the admin knows about the app is kept with the connection.
#[test]
fn the_kind_of_client_is_kept() {
    let home = Home::new();
    let text = format!("{}client_type = \"pkce\"\n", answers("example"));
    rehearse(&home, "servicenow-dex", text).ends(0);
    let shown = home.run(&["--rehearse", "connections", "show", "example"]).ends(0);
    assert!(
        shown.stdout.lines().any(|line| line.contains("client_type") && line.contains("pkce")),
        "{shown:?}"
    );
}

/// The port that is named is the one that is used, or nothing is.
#[test]
fn a_port_that_is_named_and_busy_ends_the_run() {
    let home = Home::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let file = home.write("answers.toml", answers("example")).display().to_string();
    let arguments = ["--rehearse", "new", "celigo-oauth", "--answers", &file, "--port", &port];
    home.run(&arguments).ends(1).says(&["no port to listen on", &format!("Port {port} is held by")]);
    drop(holder);
    home.run(&arguments).ends(0);
}

#[rstest]
#[case("80")]
#[case("0")]
#[case("65536")]
#[case("http")]
fn a_port_that_is_none_is_refused(#[case] port: &str) {
    let home = Home::new();
    home.run(&["new", "celigo-oauth", "--port", port]).ends(2).says(&["--port"]).silent();
}

/// A file of the author's takes the place of the procedure that has its id, also where only that one is read.
#[test]
fn an_authors_own_procedure_is_the_one_that_runs() {
    let home = Home::new();
    std::fs::create_dir(home.path("own")).unwrap();
    let text = include_str!("../../assets/procedures/servicenow-dex.toml");
    let own = text.replace("title = \"Create a General app\"", "title = \"Create it our way\"");
    assert_ne!(own, text);
    home.write("own/servicenow-dex.toml", own);
    let directory = home.path("own").display().to_string();
    let file = home.write("answers.toml", answers("example")).display().to_string();
    let arguments = ["--rehearse", "--procedures", &directory, "new", "servicenow-dex", "--answers", &file];
    home.run(&arguments).ends(0).says(&["Create it our way"]);
}
