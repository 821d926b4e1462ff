//! The real binary in a real pseudo-terminal.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "support/home.rs"]
mod home;
#[path = "support/pty.rs"]
mod pty;

use home::Home;
use pty::*;

#[test]
fn look() {
    let home = Home::new();
    let mut t = Terminal::start(&home, &["--rehearse"], 80, 24);
    eprintln!("{}", t.wait_for(&["REHEARSAL"]));
    t.keys(DOWN);
    t.keys(ENTER);
    let mut last = String::new();
    for key in std::env::var("KEYS").unwrap_or_default().split(' ') {
        std::thread::park_timeout(std::time::Duration::from_millis(300));
        let s = t.screen();
        if s != last { eprintln!("=====\n{s}"); }
        last = s;
        t.keys(match key { "E" => ENTER, "Y" => CTRL_Y, "D" => DOWN, "T" => TAB, k => k });
    }
    std::thread::park_timeout(std::time::Duration::from_millis(300));
    eprintln!("=====\n{}", t.screen());
    t.keys("q");
    t.keys(CTRL_C);
    eprintln!("{}", t.end());
    t.assert_restored();
    eprintln!("{}", t.screen());
}
