//! The terminal: modes on and off, whatever happens in between.
//!
//! An own guard, not ratatui's `init` and `restore`: those leave bracketed paste on after a panic, and stack
//! a panic hook at each call. [`Guard::enter`] sets one static flag; leaving swaps it, so that the modes are
//! undone exactly once by whoever comes first: the guard's drop or the panic hook.

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use std::io::{self, IsTerminal, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Whether the modes are on.
static ACTIVE: AtomicBool = AtomicBool::new(false);
/// A thread or task panicked; the loop ends.
static PANICKED: Notify = Notify::const_new();
static HOOK: Once = Once::new();

/// Whether a full-screen program can run: both standard input and output are terminals.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Columns of the terminal that standard output goes to; `None` if it is none, or a very narrow one.
pub fn columns() -> Option<usize> {
    let (columns, _) = io::stdout().is_terminal().then(crossterm::terminal::size)?.ok()?;
    Some(usize::from(columns)).filter(|columns| *columns >= 20)
}

/// Keeps the terminal's modes on while it lives.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Raw mode, alternate screen, bracketed paste, hidden cursor. If one of them fails, those before it are
    /// undone. No mouse: capturing it would take away the selection that copies an address.
    ///
    /// # Errors
    /// What the terminal said.
    pub fn enter() -> io::Result<Self> {
        install_hook();
        enable_raw_mode()?;
        ACTIVE.store(true, Ordering::SeqCst);
        let guard = Self(());
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Undoes every mode, once. Each is tried even if one before it failed: a half-restored terminal is worse
/// than an error nobody can read.
fn leave() {
    if ACTIVE.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = execute!(out, DisableBracketedPaste);
        let _ = execute!(out, LeaveAlternateScreen);
        let _ = execute!(out, cursor::Show);
        let _ = disable_raw_mode();
        let _ = out.flush();
    }
}

/// A panic on any thread first gives the terminal back, then is reported as usual, and ends the loop.
pub fn install_hook() {
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            leave();
            report(info);
            PANICKED.notify_one();
        }));
    });
}

/// Completes when a panic was reported.
pub async fn panicked() {
    PANICKED.notified().await;
}

/// Asks the terminal to put text on its clipboard (OSC 52). There is no answer, so nobody can say whether it
/// did.
///
/// # Errors
/// What writing to the terminal said.
pub fn copy_by_terminal(text: &str) -> io::Result<()> {
    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
}
