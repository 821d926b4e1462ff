//! All five procedures to their end, in a terminal, against the embedded Zoom.

use super::home::{Home, free_port};
use super::pty::{CTRL_R, ENTER, ESC, Terminal};
use super::walk::{self, is_stored, position, press};
use rstest::rstest;

#[rstest]
#[case::omnichannel("servicenow-omnichannel")]
#[case::dex("servicenow-dex")]
#[case::external_content("servicenow-external-content")]
#[case::celigo_oauth("celigo-oauth")]
#[case::celigo_s2s("celigo-s2s")]
fn a_newcomer_finishes(#[case] procedure: &str) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", procedure], 80, 24);
    let end = walk::until(&mut terminal, "the stored connection", |screen| {
        assert!(screen.contains("REHEARSAL"), "every screen says so:\n{screen}");
        is_stored(screen)
    });
    assert!(end.contains("PASS"), "{end}");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
    let list = home.run(&["--rehearse", "connections", "--json"]).ends(0).json();
    assert_eq!(list["connections"][0]["procedure"], procedure);
    assert_eq!(list["connections"][0]["outcome"], "pass");
}

#[test]
fn home_offers_all_five() {
    let home = Home::new();
    let terminal = Terminal::start(&home, &["--rehearse"], 80, 24);
    terminal.wait_for(&["Omnichannel", "DEX for Zoom", "external content", "OAuth 2.0", "Server-to-Server"]);
}

/// The way for a machine that the browser can't reach: over the receiver's URL, and the final address pasted.
#[rstest]
#[case::omnichannel("servicenow-omnichannel")]
#[case::dex("servicenow-dex")]
#[case::celigo_oauth("celigo-oauth")]
fn by_pasting(#[case] procedure: &str) {
    let home = Home::new();
    // A browser that does nothing: the address on the screen is followed by the test.
    let nothing = [("BROWSER", "true")];
    let mut terminal = Terminal::start_with(&home, &["--rehearse", "new", procedure], 80, 40, &nothing);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login over the receiver's URL"));
    terminal.keys(ENTER);
    let screen = terminal.wait_for(&["/oauth/authorize?", "paste address"]);
    let url = address(&screen);
    let back = super::zoom::consent(&url);
    assert!(back.starts_with("https://"), "{back}");
    // As it comes out of a mail: broken into lines.
    let (one, other) = back.split_at(back.len() / 2);
    terminal.paste(&format!("{one}\r\n  {other}\n"));
    let typed = terminal.wait_for(&["use it"]);
    assert!(!typed.contains("code="), "what is pasted is masked:\n{typed}");
    press(&mut terminal, ENTER);
    terminal.wait_for(&["Zoom granted the login"]);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// The login's address, joined from the rows it is broken into.
pub fn address(screen: &str) -> String {
    let rows = screen.lines().skip_while(|row| !row.starts_with("http://127.0.0.1"));
    rows.take_while(|row| !row.trim().is_empty()).map(str::trim_end).collect()
}

#[test]
fn the_text_of_the_error_page_is_understood() {
    let home = Home::new();
    let arguments = ["--rehearse", "new", "celigo-oauth", "--port", &free_port()];
    let mut terminal = Terminal::start_with(&home, &arguments, 80, 40, &[("BROWSER", "true")]);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login, caught here"));
    terminal.keys(ENTER);
    terminal.wait_for(&["paste address"]);
    terminal.paste("Error\nInvalid redirect: http://127.0.0.1:1234/callback (4,700)");
    terminal.wait_for(&["use it"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["does not accept the redirect URL", "4700", "try again"]);
}

/// Every fault that strikes a login, and the way on from where it struck.
#[rstest]
#[case("wrong-secret", "servicenow-dex", "does not know this pair")]
#[case("not-activated", "servicenow-dex", "The app is switched off")]
#[case("redirect-mismatch", "servicenow-dex", "does not accept the redirect URL")]
#[case("deny", "servicenow-dex", "The login was declined")]
#[case("expired-code", "servicenow-dex", "code is too old")]
#[case("rate-limit", "servicenow-dex", "limit is reached")]
#[case("html", "servicenow-dex", "web page came instead")]
#[case("drop", "servicenow-dex", "connection broke")]
#[case("wrong-kind", "servicenow-dex", "a General app is")]
#[case("wrong-kind", "celigo-s2s", "a Server-to-Server app is")]
#[case("wrong-account", "celigo-s2s", "a wrong Account ID")]
#[case("not-activated", "celigo-s2s", "The app is not activated")]
#[case("wrong-secret", "celigo-s2s", "does not know this pair")]
fn a_fault_is_told_and_mended_in_place(#[case] fault: &str, #[case] procedure: &str, #[case] words: &str) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &[&format!("--rehearse={fault}"), "new", procedure], 80, 24);
    let struck = walk::until(&mut terminal, words, |screen| screen.contains(words));
    assert!(
        ["try again", "asks again", "ask Zoom again"].iter().any(|words| struck.contains(words)),
        "the next key is named:\n{struck}"
    );
    let at = position(&struck);
    terminal.keys(if struck.contains("Ctrl-R") { CTRL_R } else { "r" });
    // Gone is what was told. That the screen changed is not enough: its log grows by itself.
    let after =
        terminal.wait_until("another try", |screen| !screen.contains(words) && walk::is_ready(screen));
    assert!(position(&after) >= at, "{after}");
    walk::until(&mut terminal, "the stored connection", |screen| {
        assert!(!screen.contains(words), "it struck again:\n{screen}");
        is_stored(screen)
    });
}

/// A refresh whose answer is lost is never begun again: back to the login, and forward again.
#[test]
fn a_refresh_that_is_lost_is_mended_by_a_new_login() {
    let home = Home::new();
    let arguments = ["--rehearse=lost-refresh", "new", "servicenow-dex"];
    let mut terminal = Terminal::start(&home, &arguments, 80, 24);
    let words = "its end is not known";
    let struck = walk::until(&mut terminal, words, |screen| screen.contains("end is not known"));
    assert!(struck.contains("never sent") && struck.contains("logs in anew"), "{struck}");
    // Killed here, the next run says the same.
    terminal.kill();
    let mut terminal = Terminal::start(&home, &["--rehearse", "resume"], 80, 24);
    terminal.wait_for(&["never sent", "logs in", "anew"]);
    press(&mut terminal, ESC);
    terminal.wait_for(&["Zoom granted the login", "log in anew"]);
    terminal.keys("r");
    terminal.wait_until("the new login", |screen| {
        screen.contains("Zoom granted the login") && !screen.contains("end is not known")
            || screen.contains("take offer")
    });
    let end = walk::until(&mut terminal, "the stored connection", is_stored);
    assert!(!end.contains("end is not known"), "{end}");
}

/// A new scope needs a new login: back to it, and forward again.
#[test]
fn a_missing_scope_is_mended_by_a_new_login() {
    let home = Home::new();
    let arguments = ["--rehearse=missing-scope", "new", "servicenow-dex"];
    let mut terminal = Terminal::start(&home, &arguments, 80, 24);
    let struck = walk::until(&mut terminal, "the missing scope", |screen| screen.contains("1 missing"));
    assert!(struck.contains("user:read:user:admin") && struck.contains("logs in anew"), "{struck}");
    press(&mut terminal, ESC);
    terminal.wait_for(&["Zoom granted the login", "log in anew"]);
    terminal.keys("r");
    terminal.wait_until("the new login", |screen| {
        screen.contains("Zoom granted the login") && screen.contains("6 scopes")
            || screen.contains("take offer")
    });
    let end = walk::until(&mut terminal, "the stored connection", is_stored);
    assert!(end.contains("6 chosen, 6 granted, none missing"), "{end}");
}
