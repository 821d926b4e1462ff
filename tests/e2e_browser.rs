//! The login through a real browser: Chromium without a window, against the embedded Zoom.
//!
//! `ZOOM_SETUP_E2E=require` makes a missing Chromium a failure; otherwise the test says that it is skipped.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails; one that is skipped says so"
)]
// The helpers serve other test programs too.
#![expect(dead_code, reason = "this program needs a part of the helpers")]

#[path = "support/home.rs"]
mod home;

use home::{Home, finish, script, until};
use std::fs;
use std::path::{Path, PathBuf};

/// Chromium, if it is installed.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let found = std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|program| program.is_file());
    let required = std::env::var("ZOOM_SETUP_E2E").is_ok_and(|value| value == "require");
    assert!(found.is_some() || !required, "ZOOM_SETUP_E2E=require, and no Chromium on the PATH");
    found
}

/// A browser for `$BROWSER`: opens the address, writes the page it ends at to `page`, then its exit code to `code`.
fn browser(home: &Home, chromium: &Path) -> PathBuf {
    let path = home.path("browser");
    let profile = home.path("profile");
    script(
        &path,
        &format!(
            "'{}' --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --no-proxy-server \
             --disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync \
             --user-data-dir='{}' --dump-dom \"$1\" > '{page}' 2> '{noise}'\n\
             echo $? > '{code}.tmp'; mv '{code}.tmp' '{code}'",
            chromium.display(),
            profile.display(),
            page = home.path("page").display(),
            noise = home.path("noise").display(),
            code = home.path("code").display(),
        ),
    );
    path
}

fn log_in(fault: &str, expected: i32) -> Option<(Home, String, String)> {
    let Some(chromium) = chromium() else {
        println!("skipped: Chromium is not installed (ZOOM_SETUP_E2E=require makes this a failure)");
        return None;
    };
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
    assert!(page.contains("Zoom login finished") && page.contains("close this tab"), "{page}");
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
