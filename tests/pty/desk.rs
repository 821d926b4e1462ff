//! The exact-string desk in a terminal: a wrong redirect is named, the right one is the same, the set-up goes on.

use super::home::Home;
use super::pty::{DOWN, ENTER, ESC, Terminal};
use super::walk::{self, is_stored};
use rstest::rstest;

/// At the step that hands out the redirect URL, and that URL.
fn at_the_redirect(home: &Home, columns: u16, rows: u16) -> (Terminal, String) {
    let mut terminal = Terminal::start(home, &["--rehearse", "new", "servicenow-dex"], columns, rows);
    walk::until(&mut terminal, "the redirect step", |screen| screen.contains("Enter the redirect URL"));
    terminal.keys("=");
    let screen = terminal.wait_for(&["p paste back"]);
    // Cut at the edge where it is narrow, and joined again.
    let shown = screen.lines().skip_while(|line| !line.trim_start().starts_with("https://"));
    let redirect: String = shown.take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    assert!(redirect.ends_with(".service-now.com/oauth_redirect.do"), "{screen}");
    (terminal, redirect)
}

#[rstest]
#[case::domain(".service-now.com", ".com", ".service-now is missing")]
#[case::scheme_twice("https://", "https://https://", "another scheme behind it")]
#[case::leader(".service", "\u{2024}service", "U+2024 (ONE DOT LEADER")]
#[case::slash("redirect.do", "redirect.do/", "slash too many at the end")]
#[case::space("redirect.do", "redirect.do ", "a space at the end")]
#[case::capital("oauth_", "OAuth_", "A capital O stands where o belongs")]
fn a_wrong_redirect_is_named_and_the_right_one_is_the_same(
    #[case] part: &str,
    #[case] instead: &str,
    #[case] name: &str,
) {
    let home = Home::new();
    let (mut terminal, redirect) = at_the_redirect(&home, 80, 24);
    terminal.paste(&redirect.replacen(part, instead, 1));
    let screen = terminal.wait_for(&["Expected", "Pasted", "^", name]);
    let row = |start: &str| screen.lines().find(|line| line.trim_start().starts_with(start)).unwrap();
    let caret = row("^").find('^').unwrap();
    let under = |line: &str| line.chars().nth(caret);
    assert_ne!(under(row("Expected")), under(row("Pasted")), "the caret is under the difference:\n{screen}");
    terminal.paste(&format!("{redirect}\n"));
    terminal.wait_for(&["The same, byte for byte", "line end of the copy was left out"]);
    terminal.keys(ESC);
    terminal.wait_for(&["Enter the redirect URL", "Compared: OAuth Redirect URL same"]);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_box_takes_typed_text_in_the_smallest_terminal() {
    let home = Home::new();
    let (mut terminal, redirect) = at_the_redirect(&home, 40, 12);
    terminal.keys(DOWN);
    terminal.wait_for(&["› ○ Zoom: OAuth Allow"]);
    terminal.keys("p");
    terminal.wait_for(&["Paste it here", "Enter compare"]);
    terminal.keys("https://dev");
    let typed = terminal.wait_for(&["•••••••••••"]);
    assert!(!typed.contains("› ○ Zoom: OAuth Redirect"), "{typed}");
    terminal.keys(ENTER);
    terminal.wait_for(&["different", "^"]);
    terminal.keys("p");
    terminal.wait_for(&["Paste it here"]);
    terminal.keys(&redirect);
    terminal.keys(ENTER);
    terminal.wait_for(&["✓ Zoom: OAuth Allow Lists"]);
    terminal.keys("?");
    terminal.wait_for(&["Keys on this screen", "paste back"]);
    terminal.keys(ESC);
    terminal.wait_for(&["p paste back"]);
    terminal.keys("=");
    terminal.wait_for(&["Enter the redirect URL"]);
}

/// What the receiver was given, compared without either being shown.
#[test]
fn a_secret_is_compared_and_never_drawn() {
    const OTHER: &str = "AnInventedSecretOf32Characters00";
    let home = Home::new();
    let arguments = ["--rehearse", "new", "celigo-s2s"];
    let mut terminal = Terminal::start(&home, &arguments, 80, 24);
    walk::until(&mut terminal, "the scopes", |screen| screen.contains("added 0 of"));
    terminal.keys("=");
    terminal.wait_for(&["Celigo: Client secret", "paste back"]);
    terminal.keys("G");
    terminal.wait_for(&["› ○ Celigo: Client secret"]);
    terminal.paste(OTHER);
    terminal.wait_for(&["Expected", "Pasted", "sha256:", "different"]);
    terminal.keys(ESC);
    terminal.wait_for(&["added 0 of"]);
    let bytes = terminal.bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains(&OTHER[..12]));
    let file = home.run(&["--rehearse", "connections", "--json"]).ends(0);
    assert!(!file.stdout.contains(OTHER));
}
