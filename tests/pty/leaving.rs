//! Every way out gives the terminal back.

use super::home::{Home, free_port};
use super::pty::{CTRL_C, Terminal};
use super::walk;
use portable_pty::CommandBuilder;
use rstest::rstest;
use std::io::Write;
use zoom_setup::terminal::{Guard, panicked};

#[rstest]
#[case::quit("q")]
#[case::ctrl_c(CTRL_C)]
fn from_home_by_key(#[case] key: &str) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse"], 80, 24);
    terminal.wait_for(&["REHEARSAL", "quit"]);
    terminal.keys(key);
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[rstest]
#[case::quit("q")]
#[case::ctrl_c(CTRL_C)]
fn from_a_step_by_key(#[case] key: &str) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    terminal.wait_for(&["1 of 14"]);
    terminal.keys(key);
    assert_eq!(terminal.end(), 3, "left before the end");
    terminal.assert_restored();
    terminal.assert_left(&["Every answer is kept", "zoom-setup --rehearse resume"]);
}

/// Ctrl-Z is a key like any other here: a wizard in the background would hold the port and miss its login.
#[test]
fn w07_control_z_does_not_put_it_to_sleep() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse"], 80, 24);
    terminal.wait_for(&["Omnichannel"]);
    terminal.keys("\u{1a}?");
    // It is awake: the next key has its effect.
    terminal.wait_for(&["Keys on this screen"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", terminal.id())).unwrap();
    assert!(status.lines().any(|line| line.starts_with("State:") && !line.contains('T')), "{status}");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

// Row W07 of docs/callback-rows.md.
#[rstest]
#[case("TERM")]
#[case("HUP")]
#[case("INT")]
fn by_signal(#[case] name: &str) {
    let home = Home::new();
    // Nothing is left undone on the home screen; a set-up is left before its end.
    for (arguments, code) in [(["--rehearse"].as_slice(), 0), (&["--rehearse", "new", "servicenow-dex"], 3)] {
        let mut terminal = Terminal::start(&home, arguments, 80, 24);
        terminal.wait_for(&["REHEARSAL", "Enter"]);
        terminal.signal(name);
        assert_eq!(terminal.end(), code);
        terminal.assert_restored();
    }
}

/// From the first byte that changes a mode, a signal may come at any time.
#[test]
fn by_a_signal_at_the_start() {
    let home = Home::new();
    for _round in 0..8 {
        let mut terminal = Terminal::start(&home, &["--rehearse"], 80, 24);
        terminal.wait_bytes(b"\x1b[?1049h");
        terminal.signal("TERM");
        assert_eq!(terminal.end(), 0);
        terminal.assert_restored();
    }
}

// Row W07 of docs/callback-rows.md.
#[test]
fn while_the_browser_is_out() {
    let home = Home::new();
    let arguments = ["--rehearse", "new", "celigo-oauth", "--port", &free_port()];
    let mut terminal = Terminal::start_with(&home, &arguments, 80, 40, &[("BROWSER", "true")]);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login, caught here"));
    terminal.keys("\r");
    terminal.wait_for(&["paste address"]);
    terminal.signal("TERM");
    assert_eq!(terminal.end(), 3);
    terminal.assert_restored();
}

/// Names the way in which the child of a test panics; see [`panics`].
const PANIC: &str = "PTY_TEST_PANIC";

// Row W07 of docs/callback-rows.md.
#[rstest]
#[case("main")]
#[case("thread")]
#[case("task")]
fn by_panic(#[case] place: &str) {
    let home = Home::new();
    // This test binary once more, in a terminal of its own.
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["leaving::panics", "--exact", "--nocapture", "--test-threads=1"]);
    let mut terminal = Terminal::run(&home, command, 80, 24, &[(PANIC, place), ("RUST_BACKTRACE", "0")]);
    assert_ne!(terminal.end(), 0);
    terminal.assert_restored();
    let text = String::from_utf8(terminal.bytes()).unwrap();
    let (_, after) = text.rsplit_once("\u{1b}[?1049l").unwrap();
    assert!(after.contains("panicked at") && after.contains("a panic for a test"), "{text:?}");
    assert!(text.contains("entered"), "{text:?}");
    // The child's main thread learned of it and ended in order.
    assert_eq!(after.contains("the loop ended"), place != "main", "{text:?}");
}

/// Not a test by itself: the child of [`by_panic`].
#[test]
fn panics() {
    let Ok(place) = std::env::var(PANIC) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let guard = Guard::enter().unwrap();
        std::io::stdout().write_all(b"entered").unwrap();
        let fail = || panic!("a panic for a test");
        match place.as_str() {
            "main" => fail(),
            "thread" => drop(std::thread::spawn(fail).join()),
            "task" => drop(tokio::spawn(async move { fail() }).await),
            other => panic!("no such place: {other}"),
        }
        panicked().await;
        drop(guard);
        std::io::stdout().write_all(b"the loop ended\n").unwrap();
        panic!("so that the exit code tells");
    });
}
