//! The wizard in its terminal and a person at a real browser: consent, redirect, page, and the wizard goes on.

use super::chromium::{Chromium, installed};
use super::home::{Home, free_port, script, until};
use super::pty::{DOWN, ENTER, Terminal};
use super::walk::{self, press};
use std::fs;

/// The way in that the browser comes back by itself, on the login's offer.
const LOOPBACK: &str = "Test login, caught here";
/// No screen has more ways.
const MOST_WAYS: usize = 6;

struct Desk {
    terminal: Terminal,
    browser: Chromium,
    home: Home,
}

impl Desk {
    /// Walks to the login and starts it on the loopback. `$BROWSER` is the test's own: it takes note of the address.
    fn at_login(procedure: &str) -> Option<Self> {
        let program = installed()?;
        let home = Home::new();
        let opener = home.path("browser");
        let note = home.path("address").display().to_string();
        script(&opener, &format!("printf '%s' \"$1\" > '{note}.tmp'; mv '{note}.tmp' '{note}'"));
        let opener = opener.display().to_string();
        let arguments = ["--rehearse", "new", procedure, "--port", &free_port()];
        let mut terminal = Terminal::start_with(&home, &arguments, 80, 40, &[("BROWSER", &opener)]);
        walk::until(&mut terminal, "the login", |screen| screen.contains(LOOPBACK));
        for _way in 0..MOST_WAYS {
            let screen = terminal.screen();
            let chosen = screen.lines().find(|line| line.starts_with(['›', '>'])).unwrap_or_default();
            if chosen.contains(LOOPBACK) {
                break;
            }
            press(&mut terminal, DOWN);
        }
        let browser = Chromium::start(&program, &home.path("profile"));
        Some(Self { terminal, browser, home })
    }

    /// Starts the login by a key. Gives the screen.
    fn begin(&mut self, key: &str) -> String {
        self.terminal.keys(key);
        let waiting = self.terminal.wait_for(&["Listening on"]);
        assert!(waiting.contains("REHEARSAL"), "{waiting}");
        waiting
    }

    /// Starts the login by a key, and opens what the wizard tells the browser to open.
    fn log_in(&mut self, key: &str) {
        let note = self.home.path("address");
        // There is none before the first login.
        let _ = fs::remove_file(&note);
        self.begin(key);
        let address = until("the wizard opens no browser", || fs::read_to_string(&note).ok());
        self.open(&address);
    }

    /// Opens an address, which leads to Zoom's question.
    fn open(&self, address: &str) {
        self.browser.open(address);
        let text = self.browser.text();
        assert!(text.contains("Allow “Rehearsal app” to use your account?"), "{text}");
    }

    /// Whether the callback's page is on screen, with these words and no code in the bar.
    fn page_says(&self, words: &[&str]) {
        let text = self.browser.text();
        for word in words {
            assert!(text.contains(word), "{word:?} is not in {text:?}");
        }
        let address = self.browser.address();
        assert!(address.starts_with("http://127.0.0.1:") && address.ends_with("/callback/done"), "{address}");
        assert_eq!(self.browser.complaints(), [""; 0]);
    }
}

const ALLOW: &str = "button[value=allow]";
const DECLINE: &str = "button[value=decline]";

// Rows B10, N01 of docs/callback-rows.md.
#[test]
fn a_click_on_allow_and_the_wizard_goes_on() {
    let Some(mut desk) = Desk::at_login("servicenow-dex") else { return };
    desk.log_in(ENTER);
    desk.browser.click(ALLOW);
    desk.page_says(&["Zoom login finished", "Close this tab and go back to the terminal"]);
    desk.terminal.wait_for(&["Zoom granted the login"]);
    let end = walk::until(&mut desk.terminal, "the stored connection", walk::is_stored);
    assert!(end.contains("PASS"), "{end}");
    // No page of the login holds its code: what the profile notes of redirects is Chromium's own, and spent.
    desk.terminal.keys("q");
    assert_eq!(desk.terminal.end(), 0);
    for (path, content) in desk.home.files() {
        if !path.starts_with(desk.home.path("profile")) {
            assert!(!String::from_utf8_lossy(&content).contains("callback?code="), "{}", path.display());
        }
    }
}

/// The short address is typed off the screen, by somebody whose browser the wizard could not open.
#[test]
fn the_short_address_of_the_screen_leads_to_the_login() {
    let Some(mut desk) = Desk::at_login("servicenow-dex") else { return };
    let screen = desk.begin(ENTER);
    let short = screen.split_whitespace().find(|word| word.ends_with("/go"));
    let short = short.unwrap_or_else(|| panic!("no short address on the screen:\n{screen}"));
    assert!(short.starts_with("http://127.0.0.1:"), "{short}");
    desk.open(short);
    assert!(desk.browser.fetched().iter().any(|address| address == short), "{short}");
    desk.browser.click(ALLOW);
    desk.page_says(&["Zoom login finished", "Close this tab and go back to the terminal"]);
    desk.terminal.wait_for(&["Zoom granted the login"]);
}

#[test]
fn a_click_on_decline_is_told_and_the_next_try_is_allowed() {
    let Some(mut desk) = Desk::at_login("celigo-oauth") else { return };
    desk.log_in(ENTER);
    desk.browser.click(DECLINE);
    desk.page_says(&["The login was declined", "press r to begin again"]);
    let declined = desk.terminal.wait_for(&["The login was declined", "access_denied"]);
    assert!(walk::bar(&declined).contains("try again"), "{declined}");
    // What the page says is what the terminal does.
    desk.log_in("r");
    desk.browser.click(ALLOW);
    desk.page_says(&["Zoom login finished"]);
    desk.terminal.wait_for(&["Zoom granted the login"]);
}
