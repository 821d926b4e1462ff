//! The screen on which the browser is waited for: an address that is one line, the lines for a distant browser, the
//! QR code, and a rehearsal without any browser.

use super::home::{Home, free_port, until};
use super::journeys::address;
use super::pty::{DOWN, ENTER, ESC, Terminal};
use super::walk;
use rstest::rstest;

/// At the offer.
fn at_offer(home: &Home, size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let arguments = ["--rehearse", "new", "servicenow-dex", "--port", &free_port()];
    let mut terminal = Terminal::start_with(home, &arguments, size.0, size.1, environment);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login over the receiver's URL"));
    terminal
}

/// Waiting for a browser that does nothing.
fn waiting(home: &Home, size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let mut all = vec![("BROWSER", "true")];
    all.extend_from_slice(environment);
    let mut terminal = at_offer(home, size, &all);
    terminal.keys(ENTER);
    terminal.wait_for(&["Waiting for the browser", "left"]);
    terminal
}

fn written(terminal: &Terminal, text: &str) -> usize {
    String::from_utf8_lossy(&terminal.bytes()).matches(text).count()
}

/// The rows of the address, all but the last of which the terminal takes for unfinished.
fn rows_of_address(terminal: &Terminal, columns: u16) -> (Vec<u16>, Vec<u16>) {
    let screen = terminal.screen();
    let length = u16::try_from(address(&screen).len()).unwrap();
    let rows = terminal.wrapped_rows();
    let first = rows.first().copied().unwrap_or(0);
    (rows, (first..first + length.div_ceil(columns).saturating_sub(1)).collect())
}

#[rstest]
#[case::plain(80, 40, "xterm-256color", true)]
#[case::wide(130, 40, "tmux-256color", true)]
#[case::console(80, 40, "linux", false)]
#[case::dumb(80, 40, "dumb", false)]
fn the_address_is_one_line_to_the_terminal(
    #[case] columns: u16,
    #[case] rows: u16,
    #[case] term: &str,
    #[case] hyperlink: bool,
) {
    let home = Home::new();
    let mut terminal = waiting(&home, (columns, rows), &[("TERM", term)]);
    let one_line = |terminal: &Terminal| {
        until("the address is one line", || {
            let (wrapped, expected) = rows_of_address(terminal, columns);
            (!wrapped.is_empty() && wrapped == expected).then_some(())
        });
    };
    one_line(&terminal);
    let url = address(&terminal.screen());
    // The terminal gives it back without a line break, and nothing stands beside it.
    assert!(terminal.screen().lines().any(|line| line.trim_end() == url), "{}", terminal.screen());
    let open = format!("\u{1b}]8;;{url}\u{1b}\\{url}\u{1b}]8;;\u{1b}\\");
    assert_eq!(written(&terminal, &open), usize::from(hyperlink));
    assert_eq!(written(&terminal, "\u{1b}]8;"), 2 * usize::from(hyperlink));
    // Help covers it, and nothing of it is left there; then it is one line again.
    terminal.keys("?");
    terminal.wait_for(&["Keys on this screen"]);
    until("no row is unfinished", || terminal.wrapped_rows().is_empty().then_some(()));
    terminal.keys(ESC);
    terminal.wait_for(&["Waiting for the browser"]);
    one_line(&terminal);
    // Another width, another line.
    terminal.resize(columns + 20, rows);
    until("it is one line at the new width", || {
        let (wrapped, expected) = rows_of_address(&terminal, columns + 20);
        (!wrapped.is_empty() && wrapped == expected).then_some(())
    });
    assert_eq!(address(&terminal.screen()), url);
}

/// Second after second only the countdown is drawn.
#[test]
fn while_it_waits_only_the_countdown_moves() {
    let home = Home::new();
    let terminal = waiting(&home, (80, 40), &[]);
    let time = |screen: &str| {
        let (_, rest) = screen.split_once("Waiting for the browser   ").unwrap();
        rest.chars().take(5).collect::<String>()
    };
    let first = time(&terminal.screen());
    let second = time(&terminal.wait_until("a second", |screen| time(screen) != first));
    let (before, from) = (written(&terminal, "authorize?"), terminal.bytes().len());
    terminal.wait_until("three seconds more", |screen| {
        let seconds = |time: &str| time[..2].parse::<u32>().unwrap() * 60 + time[3..].parse::<u32>().unwrap();
        seconds(&time(screen)) + 3 <= seconds(&second)
    });
    assert_eq!(written(&terminal, "authorize?"), before, "the address was written again");
    let bytes = terminal.bytes().len() - from;
    assert!(bytes < 600, "{bytes} bytes for three seconds");
}

#[test]
fn over_ssh_the_tunnel_comes_first() {
    let home = Home::new();
    let ssh = [("SSH_CONNECTION", "198.51.100.9 50022 203.0.113.7 2222"), ("USER", "admin")];
    let terminal = waiting(&home, (80, 40), &ssh);
    let screen = terminal.wait_for(&["You are here over SSH", "curl 'http://127.0.0.1:"]);
    let line = screen.lines().find(|line| line.contains("ssh -L ")).unwrap().trim();
    let port = line.split([' ', ':']).nth(2).unwrap();
    assert_eq!(line, format!("ssh -L {port}:127.0.0.1:{port} -p 2222 admin@203.0.113.7"));
    let at = |words: &str| screen.find(words).unwrap_or_else(|| panic!("no {words:?} in\n{screen}"));
    assert!(at("ssh -L ") < at("/oauth/authorize?"));
    assert!(at(&format!("http://127.0.0.1:{port}/go")) < at("/oauth/authorize?"));
}

#[test]
fn the_qr_code_is_drawn_and_put_away() {
    let home = Home::new();
    let mut terminal = waiting(&home, (100, 50), &[]);
    terminal.keys("v");
    terminal.wait_for(&["The login's address", "▀▀▀▀▀▀▀▀"]);
    terminal.keys("v");
    terminal.wait_for(&["Waiting for the browser"]);
    terminal.resize(80, 24);
    terminal.keys("v");
    terminal.wait_for(&["Its QR code takes a terminal of"]);
    terminal.keys(ESC);
    terminal.wait_for(&["Waiting for the browser"]);
}

/// Without a browser the rehearsal hands the last address over, and the newcomer pastes it like a real one.
#[test]
fn a_rehearsal_without_a_browser_is_pasted() {
    let home = Home::new();
    let mut terminal = at_offer(&home, (80, 24), &[]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Ctrl-Y: paste the address", "take offer"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Nothing was pasted"]);
    walk::press(&mut terminal, super::pty::CTRL_Y);
    let masked = terminal.screen();
    assert!(!masked.contains("code="), "{masked}");
    terminal.keys(ENTER);
    terminal.wait_for(&["Zoom granted the login"]);
}

/// Space says that PKCE is on: then the login that is caught here is first, and Enter takes it.
#[test]
fn space_puts_the_loopback_first() {
    let home = Home::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port().to_string();
    let arguments = ["--rehearse", "new", "celigo-oauth", "--port", &port];
    let mut terminal = Terminal::start(&home, &arguments, 80, 40);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login over the receiver's URL"));
    terminal.keys(" ");
    terminal.wait_for(&[
        "› ● Test login, caught here",
        "✓ PKCE",
        &format!("http://127.0.0.1:{port}/callback"),
    ]);
    terminal.keys(ENTER);
    // The port that was named is busy, and no other is tried unasked.
    terminal.wait_for(&[
        &format!("Port {port} of this machine cannot be used"),
        "is held by",
        "paste instead",
    ]);
    drop(holder);
    terminal.keys("r");
    terminal.wait_for(&["Zoom granted the login"]);
    terminal.keys(DOWN);
}
