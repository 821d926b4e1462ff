//! The check in a terminal: `check --watch`, and from the screen of a connection.

use super::home::Home;
use super::pty::{CTRL_C, ENTER, ESC, Terminal};
use super::walk::{self, is_stored};
use rstest::rstest;

/// A stored Server-to-Server connection.
fn stored(home: &Home) {
    let mut terminal = Terminal::start(home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("q");
    terminal.end();
}

#[rstest]
#[case::quit("q", 80, 24)]
#[case::ctrl_c(CTRL_C, 40, 12)]
fn a_watch_checks_counts_down_and_can_be_left(#[case] key: &str, #[case] columns: u16, #[case] rows: u16) {
    let home = Home::new();
    stored(&home);
    let mut terminal = Terminal::start(&home, &["--rehearse", "check", "--watch"], columns, rows);
    terminal.wait_for(&["healthy", "all again in 5 min"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Tokens"]);
    terminal.keys(ESC);
    terminal.wait_for(&["all again in"]);
    terminal.keys(key);
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_signal_ends_a_watch_and_gives_the_terminal_back() {
    let home = Home::new();
    stored(&home);
    let mut terminal = Terminal::start(&home, &["--rehearse", "check", "--watch=1"], 80, 24);
    terminal.wait_for(&["healthy", "all again in"]);
    terminal.signal("TERM");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[test]
fn a_connection_is_checked_from_its_screen_and_remembered() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("r");
    terminal.wait_for(&["zoom-setup  check", "✓ healthy", "Zoom gave a token"]);
    terminal.keys(ESC);
    terminal.wait_for(&["zoom-setup  connection", "Last check", "✓ healthy"]);
    terminal.keys("q");
    terminal.end();
    let mut terminal = Terminal::start(&home, &["--rehearse"], 80, 24);
    terminal.wait_for(&["REHEARSAL", "quit"]);
    terminal.keys("G");
    terminal.wait_for(&["Check connections", "1 healthy", "1 of 1 checked", "✓ healthy"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[test]
fn what_cannot_be_watched_is_said_before_the_screen_opens() {
    let home = Home::new();
    for (arguments, words) in [
        (&["check", "--watch"][..], "there is no connection to check"),
        (&["check", "nobody", "--watch"], "there is no connection nobody"),
        (&["check", "--watch=0"], "0 is not in 1..=1440"),
        (&["check", "--watch", "--json"], "cannot be used with"),
    ] {
        let mut terminal = Terminal::start(&home, arguments, 80, 24);
        assert_eq!(terminal.end(), 2, "{arguments:?}");
        terminal.assert_left(&[words]);
    }
}
