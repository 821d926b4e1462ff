//! What a finished set-up leaves: the list, one connection, its sheet, and its removal.

use super::answers;
use super::home::Home;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const NAME: &str = "Example Zoom";
/// The sandbox's invented secret of its General app.
const SECRET: &str = "RehearsalSecretGeneral0000000001";

fn with_a_connection() -> Home {
    let home = Home::new();
    let file = home.write("answers.toml", answers(NAME)).display().to_string();
    home.run(&["--rehearse", "new", "servicenow-dex", "--answers", &file]).ends(0);
    home
}

#[test]
fn list_and_show() {
    let home = with_a_connection();
    let list = home.run(&["--rehearse", "connections"]).ends(0).stdout;
    assert!(list.starts_with("NAME") && list.contains(NAME) && list.contains("servicenow-dex"), "{list}");
    let show = home.run(&["--rehearse", "connections", "show", NAME]).ends(0).stdout;
    for word in ["REHEARSAL", NAME, "https://dev12345.service-now.com/oauth_redirect.do", "sha256:"] {
        assert!(show.contains(word), "{word}: {show}");
    }
    let json = home.run(&["--rehearse", "connections", "show", NAME, "--json"]).ends(0).json();
    assert_eq!(json["name"], NAME);
    assert_eq!(json["procedure"], "servicenow-dex");
    let other = home.run(&["--rehearse", "connections", "show", "Exampel Zoom"]).ends(2).silent();
    other.says(&["there is no connection Exampel Zoom", NAME]);
}

#[test]
fn the_sheet_in_each_format() {
    let home = with_a_connection();
    let sheet = |more: &[&str]| {
        let arguments = [&["--rehearse", "handoff", NAME], more].concat();
        home.run(&arguments).ends(0)
    };
    let markdown = sheet(&[]);
    assert!(markdown.stdout.starts_with("# Zoom for ServiceNow: Example Zoom"), "{}", markdown.stdout);
    let json = sheet(&["--format", "json"]).json();
    assert!(json.to_string().contains("fingerprint"), "{json}");
    let shell = sheet(&["--format", "env"]).stdout;
    assert!(shell.contains("ZOOM_CLIENT_ID=REHEARSAL-general-0001"), "{shell}");
    for format in ["markdown", "json", "env"] {
        assert!(!sheet(&["--format", format]).stdout.contains(SECRET), "{format} tells the secret unasked");
        let revealed = sheet(&["--format", format, "--reveal-secrets"]).stdout;
        assert!(revealed.contains(SECRET), "{format} does not tell it when asked: {revealed}");
    }
}

/// What the file for a shell says is what a shell reads.
#[test]
fn a_shell_reads_the_variables() {
    let home = with_a_connection();
    let path = home.work().join("zoom.env").display().to_string();
    home.run(&["--rehearse", "handoff", NAME, "--format", "env", "--reveal-secrets", "-o", &path])
        .ends(0)
        .silent();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", ". \"$0\" && printf '%s' \"$ZOOM_CLIENT_SECRET\"", &path]).env_clear();
    assert_eq!(String::from_utf8(shell.output().unwrap().stdout).unwrap(), SECRET);
}

#[test]
fn a_sheet_never_replaces_a_file() {
    let home = with_a_connection();
    let path = home.work().join("sheet.md");
    let shown = path.display().to_string();
    let arguments = ["--rehearse", "handoff", NAME, "--output", shown.as_str()];
    home.run(&arguments).ends(0).silent();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(&path, "notes of somebody").unwrap();
    home.run(&arguments).ends(2).silent().says(&["sheet.md", "not there yet"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes of somebody");
    // A link is not followed either.
    let link = home.work().join("link.md");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let link = link.display().to_string();
    home.run(&["--rehearse", "handoff", NAME, "-o", &link]).ends(2).silent();
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes of somebody");
}

#[test]
fn removing_takes_the_secrets_along() {
    let home = with_a_connection();
    let ran = home.run(&["--rehearse", "connections", "remove", NAME]).ends(0).silent();
    ran.says(&["Removed Example Zoom here", "ServiceNow"]);
    assert_eq!(
        home.run(&["--rehearse", "connections", "--json"]).json()["connections"],
        serde_json::json!([])
    );
    home.run(&["--rehearse", "connections", "remove", NAME]).ends(2).silent();
    home.run(&["--rehearse", "handoff", NAME, "--reveal-secrets"]).ends(2).silent();
}

#[test]
fn nobody_else_reads_what_is_kept() {
    let home = with_a_connection();
    let mut looked = 0;
    for (path, _) in home.files() {
        if path.starts_with(home.data()) {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
            looked += 1;
        }
    }
    assert!(looked >= 3, "{looked} files");
}

#[test]
fn a_damaged_record_is_a_warning_and_the_rest_stays_usable() {
    let home = with_a_connection();
    let directory = home.data().join("rehearsal/connections");
    fs::write(directory.join("damaged-0000000000000000.json"), "{ \"name\": \"\u{1b}[31m\" ").unwrap();
    let ran = home.run(&["--rehearse", "connections"]).ends(0);
    assert!(ran.stdout.contains(NAME), "{}", ran.stdout);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    ran.says(&["warning:", "damaged-0000000000000000.json"]);
}
