//! The login of an answers file: the program opens the browser by itself, and its page tells the end.

use super::chromium;
use super::home::{Home, finish, script, until};
use std::fs;
use std::path::{Path, PathBuf};

/// A browser for `$BROWSER`: opens the address, writes the page it ends at to `page`, then its exit code to `code`.
fn browser(home: &Home, program: &Path) -> PathBuf {
    let path = home.path("browser");
    let flags: Vec<String> = chromium::FLAGS.iter().map(|flag| format!("'{flag}'")).collect();
    script(
        &path,
        &format!(
            "'{}' {} --user-data-dir='{}' --dump-dom \"$1\" > '{page}' 2> '{noise}'\n\
             echo $? > '{code}.tmp'; mv '{code}.tmp' '{code}'",
            program.display(),
            flags.join(" "),
            home.path("profile").display(),
            page = home.path("page").display(),
            noise = home.path("noise").display(),
            code = home.path("code").display(),
        ),
    );
    path
}

fn log_in(fault: &str, expected: i32) -> Option<(Home, String, String)> {
    let chromium = chromium::installed()?;
    let home = Home::new();
    let answers = "manual_steps = \"done\"\nauthorize = \"loopback\"\ninstance = \"dev12345\"\n\
                   connection_name = \"example\"\n";
    let file = home.write("answers.toml", answers).display().to_string();
    let rehearse = format!("--rehearse{fault}");
    let log = home.path("log").display().to_string();
    let arguments = [&rehearse, "--log-file", &log, "new", "servicenow-dex", "--answers", &file];
    let mut command = home.command(&arguments);
    let ran = finish(command.env("BROWSER", browser(&home, &chromium)).spawn().unwrap()).ends(expected);
    let code = until("the browser did not end", || fs::read_to_string(home.path("code")).ok());
    let noise = fs::read_to_string(home.path("noise")).unwrap();
    assert_eq!(code.trim(), "0", "{noise}");
    let page = fs::read_to_string(home.path("page")).unwrap();
    Some((home, page, ran.stderr))
}

#[test]
fn the_page_says_that_the_login_succeeded() {
    let Some((home, page, talk)) = log_in("", 0) else { return };
    assert!(page.contains("Zoom login finished") && page.contains("Close this tab"), "{page}");
    assert!(talk.contains("Test login by the wizard: PASS"), "{talk}");
    assert!(!page.contains("code="), "{page}");
    // Chromium itself notes addresses that sent it on, hidden from its user; the code in there is spent. Nothing of
    // ours keeps it.
    for (path, content) in
        home.files().into_iter().filter(|(path, _)| !path.starts_with(home.path("profile")))
    {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("callback?code="), "{}", path.display());
    }
}

#[test]
fn the_page_says_that_the_login_failed_and_why() {
    let Some((_home, page, talk)) = log_in("=expired-code", 5) else { return };
    assert!(page.contains("too old") && !page.contains("Zoom login finished"), "{page}");
    assert!(talk.contains("4733"), "{talk}");
}

#[test]
fn the_page_says_that_the_login_was_declined() {
    let Some((_home, page, _talk)) = log_in("=deny", 5) else { return };
    assert!(page.contains("declined"), "{page}");
}
