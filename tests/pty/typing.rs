//! Keys and pastes in text fields.

use super::home::Home;
use super::pty::{CTRL_T, CTRL_Y, ENTER, TAB, Terminal};
use super::walk::{self, press};

const SECRET: &str = "AnInventedSecretOf32Characters00";

fn at(home: &Home, procedure: &str, words: &str, size: (u16, u16)) -> Terminal {
    let mut terminal = Terminal::start(home, &["--rehearse", "new", procedure], size.0, size.1);
    walk::until(&mut terminal, words, |screen| screen.contains(words));
    terminal
}

#[test]
fn letters_that_are_keys_elsewhere_are_text() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Choose two names", (80, 24));
    for key in "q?cnorpsdekjgGx/ a".chars() {
        terminal.keys(&key.to_string());
    }
    terminal.wait_for(&["q?cnorpsdekjgGx/ a", "Choose two names"]);
}

#[test]
fn a_paste_never_submits() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Choose two names", (80, 24));
    terminal.paste("\r\nExample\r\napp\n\n");
    let screen = terminal.wait_for(&["ServiceNow DEXExample", "Choose two names"]);
    let focused = screen.lines().find(|line| line.starts_with('›')).unwrap();
    assert!(focused.contains("App name"), "the first field still has the focus:\n{screen}");
}

/// A paste where nothing takes one is not taken for keys.
#[test]
fn a_paste_is_no_keys() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "servicenow-dex"], 80, 24);
    terminal.wait_for(&["1 of 15"]);
    terminal.paste("q\rq\u{3}");
    terminal.wait_for(&["1 of 15", "Nothing on this screen takes a paste"]);
}

/// Escape sequences in a paste do nothing and are not drawn.
#[test]
fn a_hostile_paste_stays_text() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Choose two names", (80, 24));
    terminal.paste("abc\u{1b}]0;owned\u{7}\u{9b}31mdef\u{202e}");
    terminal.wait_until("the rest of the paste", |screen| screen.contains("abc"));
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("\u{1b}]0;") && !text.contains('\u{9b}') && !text.contains('\u{202e}'));
}

#[test]
fn a_secret_is_seen_only_while_asked_for() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Copy the client ID and the secret", (80, 24));
    terminal.keys("REHEARSAL-general-0001");
    press(&mut terminal, TAB);
    terminal.paste(SECRET);
    let masked = terminal.wait_for(&["••••"]);
    assert!(!masked.contains(SECRET), "{masked}");
    let never = |terminal: &Terminal, word: &str| {
        let bytes = terminal.bytes();
        !String::from_utf8_lossy(&bytes).contains(word)
    };
    assert!(never(&terminal, &SECRET[..6]), "it was drawn before anybody asked");
    terminal.keys(CTRL_T);
    terminal.wait_for(&[SECRET]);
    terminal.keys(CTRL_T);
    terminal.wait_gone(SECRET);
    // Being done with it hides it for good: its fingerprint is what stays, whatever Zoom says about it.
    terminal.keys(CTRL_T);
    terminal.wait_for(&[SECRET]);
    terminal.keys(ENTER);
    let asked = terminal.wait_for(&["does not know this pair", "sha256:"]);
    assert!(!asked.contains(SECRET), "{asked}");
    terminal.keys("\u{1b}");
    terminal.wait_for(&["7 of 15"]);
    terminal.keys(ENTER);
    terminal.wait_for(&["Copy the client ID and the secret"]);
    terminal.keys(TAB);
    let back = terminal.wait_for(&["sha256:"]);
    assert!(!back.contains(SECRET), "{back}");
    terminal.keys("\u{3}");
    terminal.end();
    for (path, content) in home.files() {
        assert!(!String::from_utf8_lossy(&content).contains(SECRET), "{}", path.display());
    }
}

// Row W08 of docs/callback-rows.md.
#[test]
fn resizing_while_typing_keeps_the_text() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Choose two names", (80, 24));
    let sizes = [(40, 12), (200, 60), (20, 5), (1, 1), (80, 24), (3, 40), (60, 15)];
    let text = "Example 山田 app";
    for (index, character) in text.chars().enumerate() {
        let (columns, rows) = sizes[index % sizes.len()];
        terminal.resize(columns, rows);
        terminal.keys(&character.to_string());
    }
    terminal.resize(80, 24);
    terminal.wait_for(&[text, "Choose two names"]);
}

/// What is typed over a secret while that is on its way into the store is neither lost nor taken for stored.
#[test]
fn the_last_word_on_a_secret_counts() {
    let home = Home::new();
    let mut terminal = at(&home, "servicenow-dex", "Copy the client ID and the secret", (80, 24));
    // The offer, and in the same breath another secret and the end of the step.
    terminal.keys(&format!("{CTRL_Y}{TAB}\u{15}\u{1b}[200~{SECRET}\u{1b}[201~{ENTER}"));
    terminal.wait_for(&["does not know this pair"]);
    terminal.kill();
    let kept = format!("{:x}", <sha2::Sha256 as sha2::Digest>::digest(SECRET));
    let mut terminal = Terminal::start(&home, &["--rehearse", "resume"], 80, 24);
    terminal.wait_until("the step", |screen| {
        screen.contains("does not know this pair") && walk::is_ready(screen)
    });
    terminal.keys(TAB);
    terminal.wait_for(&["Copy the client ID and the secret", &kept[..8]]);
}
