//! The review of scopes in a terminal: from the command line, and of a connection with its proof.

use super::home::Home;
use super::pty::{DOWN, ENTER, ESC, TAB, Terminal};
use super::walk::{self, is_stored};
use rstest::rstest;

const GRANTED: &str = "user:read:user:admin report:read:user:admin user:delete:user:admin";

#[rstest]
#[case(80, 24)]
#[case(200, 60)]
fn an_app_that_exists_already_is_reviewed(#[case] columns: u16, #[case] rows: u16) {
    let home = Home::new();
    let file = home.write("granted.txt", GRANTED);
    let arguments =
        ["scopes", "review", "--procedure", "servicenow-dex", "--granted", file.to_str().unwrap()];
    let mut terminal = Terminal::start(&home, &arguments, columns, rows);
    terminal.wait_for(&["scope review · DEX for Zoom", "3 granted, as pasted", "[all 7]", "missing 4"]);
    terminal.keys("ffff");
    terminal.wait_for(&["[excess 1]", "user:delete:user:admin"]);
    terminal.keys("n");
    terminal.wait_for(&["[x] ✗ missing", "dashboard:read:issues_zoomroom:admin: "]);
    terminal.keys("d");
    terminal.wait_for(&["Add on Zoom's Scopes page (4)", "Remove there (1)", "the grant must be renewed"]);
    terminal.keys(ESC);
    terminal.wait_for(&["[all 7]"]);
    terminal.keys("F/list_users admin");
    terminal.wait_for(&["user:read:list_users:admin", "found"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Space tick"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["\"View users\"", "GET /users", "Effect", "Reads only"]);
    terminal.keys(&format!("{ESC}{ESC}"));
    // What somebody has now, with its line ends.
    terminal.paste("user:read:user:admin\nreport:read:user:admin\n");
    terminal.wait_for(&["2 granted scopes taken: 4 missing, 0 in excess", "[all 6]"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[test]
fn the_smallest_terminal_shows_one_pane_at_a_time() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["scopes", "review", "--procedure", "servicenow-dex"], 40, 12);
    terminal.wait_for(&["[all 6]", "f for others", "not confirmed, required"]);
    terminal.keys(DOWN);
    terminal.keys(ENTER);
    terminal.wait_for(&["list_meeting_participants", "Why, by DEX for Zoom"]);
    terminal.keys(TAB);
    terminal.wait_for(&["dashboard", "report"]);
    terminal.keys(&format!("{DOWN}{ENTER}"));
    terminal.wait_for(&["report:read:user:admin"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_connection_is_proved_from_its_screen() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("v");
    terminal.wait_for(&["scope review", "granted 1", "missing 0"]);
    terminal.keys("t");
    terminal.wait_for(&["Proof done: 1 work, 0 refused by Zoom", "works"]);
    terminal.keys(ESC);
    terminal.wait_for(&["zoom-setup  connection"]);
    terminal.keys("q");
    terminal.end();
    terminal.assert_restored();
}

#[test]
fn what_is_not_there_is_said_before_the_screen_opens() {
    let home = Home::new();
    for (arguments, words) in [
        (&["scopes", "review", "nobody"][..], "there is no connection nobody"),
        (&["scopes", "review", "--procedure", "nothing"][..], "nothing"),
    ] {
        let mut terminal = Terminal::start(&home, arguments, 80, 24);
        assert_eq!(terminal.end(), 2);
        terminal.assert_left(&[words]);
    }
}
