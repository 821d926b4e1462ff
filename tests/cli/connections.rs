//! Everything that changes a stored connection as a whole, with the real binary.

use super::answers;
use super::home::{Home, Ran, finish};
use super::zoom::{StandAlone, exchange};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const NAME: &str = "Example Zoom";
const PASSPHRASE: &str = "four words nobody-says aloud";

/// A rehearsed connection, of an app of either kind.
struct Stage {
    home: Home,
}

impl Stage {
    /// A General app whose login is kept here.
    fn kept() -> Self {
        Self::with("servicenow-dex", "after_login = \"keep\"\n")
    }

    /// A General app whose login the receiver holds.
    fn handed_over() -> Self {
        Self::with("servicenow-dex", "")
    }

    fn server() -> Self {
        Self::with("celigo-s2s", "")
    }

    fn with(procedure: &str, more: &str) -> Self {
        let home = Home::new();
        let text = format!("{}{more}", answers(NAME));
        let file = home.write("answers.toml", text).display().to_string();
        home.run(&["--rehearse", "new", procedure, "--answers", &file]).ends(0);
        fs::remove_file(file).unwrap();
        Self { home }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.home.run(&[&["--rehearse", "connections"], arguments].concat())
    }

    /// With the passphrase for files in the environment.
    fn with_passphrase(&self, arguments: &[&str], passphrase: &str) -> Ran {
        let mut command = self.home.command(&[&["--rehearse", "connections"], arguments].concat());
        finish(command.env("ZOOM_SETUP_EXPORT_PASSPHRASE", passphrase).spawn().unwrap())
    }

    fn shown(&self, name: &str) -> serde_json::Value {
        self.run(&["show", name, "--json"]).ends(0).json()
    }

    fn names(&self) -> Vec<String> {
        let list = self.run(&["--json"]).ends(0).json();
        let names = list["connections"].as_array().unwrap().iter();
        names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }

    fn path(&self, name: &str) -> String {
        self.home.work().join(name).display().to_string()
    }

    fn secret(&self) -> String {
        let sheet = self.home.run(&["--rehearse", "handoff", NAME, "--format", "env", "--reveal-secrets"]);
        let line = sheet.stdout.lines().find_map(|line| line.strip_prefix("ZOOM_CLIENT_SECRET="));
        line.unwrap().to_owned()
    }
}

#[test]
fn list_tells_the_age_of_the_secret_and_the_last_check() {
    let stage = Stage::kept();
    for command in [&["list"][..], &[]] {
        let list = stage.run(command).ends(0).stdout;
        assert!(list.starts_with("NAME") && list.contains("SECRET") && list.contains("<1 h"), "{list}");
    }
    let list = stage.run(&["list", "--json"]).ends(0).json();
    let row = &list["connections"][0];
    assert_eq!(row["client_secret_since"], row["created"]);
    assert_eq!(row["last_check"], serde_json::Value::Null);
    let shown = stage.run(&["show", NAME]).ends(0).stdout;
    for words in
        ["zoom-setup alone refreshes", "Access token       until", "lives about 90 days", "Secret since"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown = stage.shown(NAME);
    assert_eq!(shown["login"]["state"], "here");
    assert!(shown["login"]["access_token_expires"].is_string());
}

#[test]
fn a_login_behind_a_passphrase_is_not_looked_at() {
    let home = Home::new();
    let zoom = StandAlone::start(&home, &[]);
    let text = format!(
        "{}client_id = \"{}\"\nclient_secret = \"{}\"\nsecret_token = \"{}\"\nauthorize = \"skip\"\n",
        answers(NAME).replace("authorize = \"loopback\"\n", ""),
        zoom.value("Client ID", 0),
        zoom.value("Client Secret", 0),
        zoom.value("Secret Token", 0),
    );
    let file = home.write("answers.toml", text).display().to_string();
    let mut arguments = vec!["--store", "file", "new", "servicenow-dex", "--answers", &file];
    arguments.extend(zoom.options());
    finish(home.command(&arguments).env("ZOOM_SETUP_PASSPHRASE", PASSPHRASE).spawn().unwrap()).ends(0);
    // As if it were kept, which the sandbox on its own needs a browser for.
    let (path, record) = home
        .files()
        .into_iter()
        .find(|(path, _)| {
            path.parent().is_some_and(|parent| parent.ends_with("connections"))
                && path.extension().is_some_and(|extension| extension == "json")
        })
        .unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    record["owner"] = "wizard".into();
    record["grant"] = serde_json::json!({
        "obtained_at": "2026-03-12T10:00:00Z", "expires_at": "2026-03-12T11:00:00Z", "scopes": null,
        "api_url": null, "refreshable": true, "refreshed_at": null
    });
    fs::write(&path, record.to_string()).unwrap();
    let shown = home.run(&["--store", "file", "connections", "show", NAME]).ends(0);
    assert!(shown.stdout.contains("not looked at"), "{}", shown.stdout);
}

#[test]
fn renamed_it_is_whole_under_the_new_name_and_gone_under_the_old() {
    let stage = Stage::kept();
    let (before, secret) = (stage.shown(NAME), stage.secret());
    stage
        .run(&["rename", NAME, "Another name"])
        .ends(0)
        .silent()
        .says(&["Renamed Example Zoom to Another name"]);
    assert_eq!(stage.names(), ["Another name"]);
    let after = stage.shown("Another name");
    assert_eq!(after["login"], before["login"], "its login came along");
    assert_eq!(after["answers"], before["answers"], "the receiver's form holds the values that it held");
    let sheet = ["--rehearse", "handoff", "Another name", "--format", "env", "--reveal-secrets"];
    assert!(stage.home.run(&sheet).ends(0).stdout.contains(&secret));
    let check =
        stage.home.run(&["--rehearse", "check", "Another name", "--refresh", "--json"]).ends(0).json();
    assert_eq!(check["connections"][0]["status"], "healthy", "{check}");
}

#[test]
fn a_name_that_cannot_be_is_refused() {
    let stage = Stage::handed_over();
    stage.run(&["rename", "Exampel", "New"]).ends(2).silent().says(&["no connection Exampel", NAME]);
    stage.run(&["rename", NAME, NAME]).ends(2).silent().says(&["already"]);
    stage.run(&["rename", NAME, "a/b"]).ends(2).silent().says(&["slashes", "a-b"]);
    stage.run(&["rename", NAME, ""]).ends(2).silent().says(&["empty"]);
    assert_eq!(stage.names(), [NAME]);
}

#[test]
fn a_kept_login_needs_a_word_about_it() {
    let stage = Stage::kept();
    let ran = stage.run(&["remove", NAME]).ends(2).silent();
    ran.says(&["the login ends everywhere", "--revoke", "--keep-grant"]);
    assert_eq!(stage.names(), [NAME]);
    stage.run(&["remove", NAME, "--revoke", "--keep-grant"]).ends(2);
    stage.run(&["remove", NAME, "--revoke"]).ends(0).silent().says(&["Revoked at Zoom and removed here"]);
    assert_eq!(stage.names(), [""; 0]);
    let state = fs::read_to_string(stage.home.data().join("rehearsal/sandbox.json")).unwrap();
    assert!(state.contains("\"ended\":\"Revoked\""), "{state}");
}

#[test]
fn a_kept_login_can_be_left_alive() {
    let stage = Stage::kept();
    stage.run(&["remove", NAME, "--keep-grant"]).ends(0).silent().says(&["Removed Example Zoom here"]);
    assert_eq!(stage.names(), [""; 0]);
    let left: Vec<_> = stage.home.files().into_iter().map(|(path, _)| path).collect();
    assert!(
        left.iter().all(|path| !path.display().to_string().contains("example-zoom")
            || path.extension().is_some_and(|extension| extension == "lock")),
        "{left:?}"
    );
}

#[test]
fn a_revocation_that_fails_keeps_everything() {
    let stage = Stage::kept();
    // Somebody pressed Regenerate since, so Zoom does not know the stored pair any more.
    let file = stage.home.data().join("rehearsal/sandbox.json");
    let state = fs::read_to_string(&file).unwrap();
    assert!(state.contains("\"regenerated\":[0,0]"));
    fs::write(&file, state.replace("\"regenerated\":[0,0]", "\"regenerated\":[1,0]")).unwrap();
    let ran = stage.run(&["remove", NAME, "--revoke"]).ends(5).silent();
    ran.says(&["neither revoked nor removed", "invalid_client", "remove 'Example Zoom' --keep-grant"]);
    assert_eq!(stage.names(), [NAME]);
    assert_eq!(stage.shown(NAME)["login"]["state"], "here");
}

#[test]
fn where_there_is_no_login_removing_needs_no_word() {
    for (stage, words) in
        [(Stage::handed_over(), "Nothing stops in ServiceNow"), (Stage::server(), "Celigo goes on")]
    {
        stage.run(&["remove", NAME, "--revoke"]).ends(2).silent().says(&["no login here to revoke"]);
        stage.run(&["remove", NAME]).ends(0).silent().says(&[words, "Removed Example Zoom here"]);
        assert_eq!(stage.names(), [""; 0]);
    }
}

#[test]
fn an_export_without_secrets_is_readable_and_comes_back_the_same() {
    let stage = Stage::handed_over();
    let secret = stage.secret();
    let text = stage.run(&["export", NAME]).ends(0);
    assert!(!text.stdout.contains(&secret) && text.stdout.contains("sha256"), "{}", text.stdout);
    let path = stage.path("zoom.json");
    stage.run(&["export", NAME, "-o", &path]).ends(0).silent();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ran = stage.run(&["export", NAME, "-o", &path]).ends(2).silent();
    ran.says(&["is there already"]);
    stage.run(&["import", &path]).ends(2).silent().says(&["already", "--as"]);
    let ran = stage.run(&["import", &path, "--as", "Second"]).ends(0).silent();
    ran.says(&["Second is stored", "Missing: Client Secret", "connections rotate Second"]);
    let (first, mut second) = (stage.shown(NAME), stage.shown("Second"));
    second["name"] = NAME.into();
    assert_eq!(first, second);
}

#[test]
fn with_secrets_it_is_an_age_file_and_the_login_stays() {
    let stage = Stage::kept();
    let (secret, path) = (stage.secret(), stage.path("zoom.age"));
    stage.run(&["export", NAME, "--with-secrets"]).ends(2).silent();
    stage.run(&["export", NAME, "--with-secrets", "-o", &path]).ends(2).silent().says(&["EXPORT_PASSPHRASE"]);
    stage.with_passphrase(&["export", NAME, "--with-secrets", "-o", &path], "short").ends(2).silent();
    assert!(fs::metadata(&path).is_err(), "nothing is written without a passphrase");
    let ran = stage.with_passphrase(&["export", NAME, "--with-secrets", "-o", &path], PASSPHRASE);
    ran.ends(0).silent().says(&["stays here", "--move"]);
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n-> scrypt "));
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    stage
        .with_passphrase(&["import", &path, "--as", "B"], "another passphrase")
        .ends(2)
        .silent()
        .says(&["does not open"]);
    let ran = stage.with_passphrase(&["import", &path, "--as", "B"], PASSPHRASE).ends(0).silent();
    ran.says(&["B is stored", "its login, which stays"]);
    let sheet = ["--rehearse", "handoff", "B", "--format", "env", "--reveal-secrets"];
    assert!(stage.home.run(&sheet).ends(0).stdout.contains(&secret));
    assert_eq!(stage.shown("B")["login"]["state"], "none");
    // A cut file is nothing.
    fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    stage
        .with_passphrase(&["import", &path, "--as", "C"], PASSPHRASE)
        .ends(2)
        .silent()
        .says(&["Nothing was changed"]);
    assert_eq!(stage.names(), ["B", NAME]);
}

#[test]
fn moved_it_is_in_one_place_only() {
    let stage = Stage::kept();
    let path = stage.path("zoom.age");
    let ran = stage.with_passphrase(&["export", NAME, "--move", "-o", &path], PASSPHRASE).ends(0).silent();
    ran.says(&["read back", "removed here", "Import it once"]);
    assert_eq!(stage.names(), [""; 0]);
    stage
        .with_passphrase(&["import", &path], PASSPHRASE)
        .ends(0)
        .silent()
        .says(&["came along", "Delete the file"]);
    assert_eq!(stage.shown(NAME)["login"]["state"], "here");
    let check = stage.home.run(&["--rehearse", "check", NAME, "--refresh", "--json"]).ends(0).json();
    assert_eq!(check["connections"][0]["status"], "healthy", "the login is whole: {check}");
}

#[test]
fn a_file_that_is_none_changes_nothing() {
    let stage = Stage::handed_over();
    let export = stage.run(&["export", NAME]).ends(0).stdout;
    let edited = |from: &str, to: &str| {
        assert!(export.contains(from), "{from}: {export}");
        export.replacen(from, to, 1)
    };
    let cases = [
        (
            "foreign",
            "{\"format\": 1, \"name\": \"x\"}".to_owned(),
            "not what zoom-setup connections export writes",
        ),
        ("text", "hello".to_owned(), "no JSON"),
        ("cut", export[..export.len() / 2].to_owned(), "cut"),
        ("newer", edited("\"format\": 1", "\"format\": 7"), "newer zoom-setup"),
        ("kind", edited("zoom-setup connection", "zoom-setup sheet"), "not what"),
        ("escape", edited("\"client_id\": \"", "\"client_id\": \"\\u001b[31m"), "cannot be seen"),
        ("answer", edited("\"instance\": \"", "\"instance\": \"https://"), "Instance"),
        (
            "secret in the open",
            edited("\"answers\": {", "\"answers\": {\"client_secret\": \"x\","),
            "in the open",
        ),
        ("owner", edited("\"owner\": \"receiver\"", "\"owner\": \"me\""), "not as an export writes it"),
        ("app", edited("\"app_kind\": \"general\"", "\"app_kind\": \"server_to_server\""), "procedure"),
        ("real", edited("\"rehearsal\": true", "\"rehearsal\": false"), "rehearsal"),
        ("slash", edited(&format!("\"name\": \"{NAME}\""), "\"name\": \"a/b\""), "slashes"),
    ];
    let mut words = String::new();
    for (case, text, expected) in cases {
        let path = stage.home.write("in.json", text).display().to_string();
        let name: &[&str] = if case == "slash" { &[] } else { &["--as", "B"] };
        let ran = stage.run(&[&["import", &path], name].concat()).ends(2).silent();
        assert!(!ran.stderr.contains('\u{1b}'), "{case}: {:?}", ran.stderr);
        let ran = ran.says(&[expected]);
        assert_eq!(stage.names(), [NAME], "{case}");
        words.push_str(&format!("{case}\n{}", ran.stderr.replace(&path, "FILE")));
    }
    insta::assert_snapshot!("import_refusals", words);
    let missing = stage.path("nothing.json");
    stage.run(&["import", &missing]).ends(2).silent();
}

/// `connections rotate` without a terminal, against a sandbox of its own.
struct Rotation {
    home: Home,
    zoom: StandAlone,
}

impl Rotation {
    fn new() -> Self {
        let home = Home::new();
        let zoom = StandAlone::start(&home, &[]);
        let text = format!(
            "{}client_id = \"{}\"\nclient_secret = \"{}\"\nsecret_token = \"{}\"\nauthorize = \"skip\"\n",
            answers(NAME).replace("authorize = \"loopback\"\n", ""),
            zoom.value("Client ID", 0),
            zoom.value("Client Secret", 0),
            zoom.value("Secret Token", 0),
        );
        let rotation = Self { home, zoom };
        let file = rotation.home.write("answers.toml", text).display().to_string();
        rotation.run(&["new", "servicenow-dex", "--answers", &file], None, "").ends(0);
        fs::remove_file(file).unwrap();
        rotation
    }

    /// With the secret in the environment or on standard input.
    fn run(&self, arguments: &[&str], variable: Option<&str>, input: &str) -> Ran {
        let all = [&["--store", "file"], arguments, &self.zoom.options()[..]].concat();
        let mut command = self.home.command(&all);
        command.env("ZOOM_SETUP_PASSPHRASE", PASSPHRASE).stdin(Stdio::piped());
        if let Some(secret) = variable {
            command.env("ZOOM_CLIENT_SECRET", secret);
        }
        let mut child = command.spawn().unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        finish(child)
    }

    fn rotate(&self, variable: Option<&str>, input: &str) -> Ran {
        self.run(&["connections", "rotate", NAME], variable, input)
    }

    fn fingerprint(&self) -> String {
        let shown = self.run(&["connections", "show", NAME, "--json"], None, "").ends(0).json();
        shown["secrets"]["client_secret"]["sha256"].as_str().unwrap().to_owned()
    }

    /// Regenerate is pressed on the sandbox's page; gives the secret that it shows then.
    fn regenerate(&self) -> String {
        let url = format!("{}/", self.zoom.url);
        let page = exchange(&url, None).body;
        let after = |page: &str, mark: &str| {
            page.split_once(mark).unwrap().1.split(['"', '<']).next().unwrap().to_owned()
        };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("key", &after(&page, "name=\"key\" value=\""))
            .append_pair("app", "general")
            .append_pair("regenerate", "client_secret")
            .finish();
        let answer = exchange(&url, Some(&form));
        assert_eq!(answer.status, 200);
        after(&answer.body, "<dt>Client Secret</dt><dd><code>")
    }
}

#[test]
fn a_secret_is_rotated_once_zoom_knows_it() {
    let stage = Rotation::new();
    let old = stage.fingerprint();
    // Before Regenerate was pressed, the new one is nothing to Zoom.
    let ran = stage.rotate(Some("abcdefghijklmnopqrstuvwxyz012345"), "").ends(5).silent();
    ran.says(&["does not know this pair", "Nothing was changed"]);
    assert_eq!(stage.fingerprint(), old);
    stage.rotate(None, "").ends(2).silent().says(&["no new client secret", "ZOOM_CLIENT_SECRET"]);
    stage.rotate(None, "••••••••").ends(2).silent().says(&["masked form"]);

    let new = stage.regenerate();
    let ran = stage.rotate(None, &format!("{new}\n")).ends(0);
    assert_ne!(stage.fingerprint(), old);
    assert!(!ran.stdout.contains(&new) && !ran.stderr.contains(&new));
    insta::assert_snapshot!("rotated", ran.stdout);
    // The same again is no rotation.
    let ran = stage.rotate(Some(&new), "").ends(0);
    assert!(ran.stdout.contains("had before"), "{}", ran.stdout);
    for (path, content) in stage.home.files() {
        let told = content.windows(new.len()).any(|window| window == new.as_bytes());
        assert!(!told, "the secret is in {}", path.display());
    }
}

#[test]
fn without_zoom_or_without_the_store_nothing_is_rotated() {
    let stage = Rotation::new();
    let old = stage.fingerprint();
    let new = stage.regenerate();
    let mut command = stage.home.command(&[
        "--store",
        "file",
        "--oauth-url",
        "http://127.0.0.1:9",
        "--api-url",
        "http://127.0.0.1:9",
        "connections",
        "rotate",
        NAME,
    ]);
    command.env("ZOOM_SETUP_PASSPHRASE", PASSPHRASE).env("ZOOM_CLIENT_SECRET", &new);
    finish(command.spawn().unwrap()).ends(4).silent().says(&["Nothing was changed"]);
    let all = [&["--store", "file", "connections", "rotate", NAME], &stage.zoom.options()[..]].concat();
    let mut command = stage.home.command(&all);
    command.env("ZOOM_SETUP_PASSPHRASE", "not this one").env("ZOOM_CLIENT_SECRET", &new);
    finish(command.spawn().unwrap()).ends(6).silent();
    assert_eq!(stage.fingerprint(), old);
}
