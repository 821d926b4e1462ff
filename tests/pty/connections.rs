//! A stored connection on a terminal: its client secret is replaced on the screen, and what cannot be taken back is
//! asked about first.

use super::home::Home;
use super::pty::{CTRL_Y, ENTER, Terminal};
use rstest::rstest;
use std::fs;

const NAME: &str = "Example Zoom";
const PASSPHRASE: &str = "four words nobody-says aloud";

/// A home with a rehearsed connection whose login is kept here.
fn kept() -> Home {
    let home = Home::new();
    let text = format!(
        "manual_steps = \"done\"\nauthorize = \"loopback\"\ninstance = \"dev12345\"\n\
         connection_name = \"{NAME}\"\ncompany = \"Example Company\"\ndeveloper_name = \"Example Admin\"\n\
         developer_email = \"admin@example.com\"\nafter_login = \"keep\"\n"
    );
    let file = home.write("answers.toml", text).display().to_string();
    home.run(&["--rehearse", "new", "servicenow-dex", "--answers", &file]).ends(0);
    home
}

fn names(home: &Home) -> usize {
    home.run(&["--rehearse", "connections", "--json"]).json()["connections"].as_array().unwrap().len()
}

#[rstest]
#[case(80, 24)]
#[case(40, 12)]
#[case(200, 60)]
fn a_secret_is_replaced(#[case] columns: u16, #[case] rows: u16) {
    let home = kept();
    let arguments = ["--rehearse", "connections", "rotate", NAME];
    let mut terminal = Terminal::start(&home, &arguments, columns, rows);
    terminal.wait_for(&["New client secret", "REHEARSAL"]);
    terminal.keys(CTRL_Y);
    terminal.wait_for(&["••••••••", "looks right"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Zoom knows the new secret", "c copy the secret"]);
    terminal.paste("RehearsalSecretGeneral0000000001");
    terminal.wait_for(&["Not the new secret"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
    let check = home.run(&["--rehearse", "check", NAME, "--refresh", "--json"]).ends(0).json();
    assert_eq!(check["connections"][0]["status"], "healthy", "the new secret refreshes: {check}");
}

#[test]
fn removing_asks_first() {
    let home = kept();
    let arguments = ["--rehearse", "connections", "remove", NAME];
    for answer in ["3", "no", ""] {
        let mut terminal = Terminal::start(&home, &arguments, 80, 24);
        terminal.wait_bytes(b"Number:");
        let asked = terminal.screen();
        for words in ["the login ends everywhere", "1  Revoke the login at Zoom, then remove", "3  Keep it"] {
            assert!(asked.contains(words), "{words}: {asked}");
        }
        terminal.keys(&format!("{answer}{ENTER}"));
        assert_eq!(terminal.end(), 3, "kept");
        assert_eq!(names(&home), 1);
    }
    let mut terminal = Terminal::start(&home, &arguments, 80, 24);
    terminal.wait_bytes(b"Number:");
    terminal.keys(&format!("1{ENTER}"));
    terminal.wait_bytes(b"Revoked at Zoom and removed here");
    assert_eq!(terminal.end(), 0);
    assert_eq!(names(&home), 0);
}

#[test]
fn a_passphrase_for_a_file_is_asked_for_twice_and_not_shown() {
    let home = kept();
    let path = home.work().join("zoom.age").display().to_string();
    let arguments = ["--rehearse", "connections", "export", NAME, "--with-secrets", "-o", &path];
    for (second, code) in [("something else", 2), (PASSPHRASE, 0)] {
        assert!(fs::metadata(&path).is_err(), "nothing was written before");
        let mut terminal = Terminal::start(&home, &arguments, 80, 24);
        terminal.wait_bytes(b"Passphrase for the file:");
        terminal.wait_no_echo();
        terminal.keys(&format!("{PASSPHRASE}{ENTER}"));
        terminal.wait_bytes(b"The same again:");
        terminal.wait_no_echo();
        terminal.keys(&format!("{second}{ENTER}"));
        assert_eq!(terminal.end(), code, "{}", terminal.screen());
        let seen = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        assert!(!seen.contains(PASSPHRASE) && !seen.contains("something else"), "{seen}");
    }
    assert!(fs::read(&path).unwrap().starts_with(b"age-encryption.org/v1"));
}
