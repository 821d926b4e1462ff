//! The clipboard of the local desktop. Copying through the terminal (OSC 52) is the terminal's business.

use super::BrowserEnvironment;
use crate::secret::{Secret, printable};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long a desktop may take to accept a copy.
const WAIT: Duration = Duration::from_secs(2);

/// The clipboard of the local desktop, where there is one and the terminal is on the same machine.
///
/// On X11 and Wayland a copied text is served by the program that copied it. The clipboard therefore lives on
/// a thread of its own from the first copy on; what was copied last is gone with this program unless the
/// desktop's clipboard manager took it over.
pub struct SystemClipboard {
    refusal: Option<&'static str>,
    owner: Mutex<Option<Sender<Copy>>>,
}

struct Copy {
    text: Secret,
    answer: Sender<Result<(), String>>,
}

impl SystemClipboard {
    /// Contacts nothing yet.
    pub fn new(environment: &BrowserEnvironment) -> Self {
        let refusal = if environment.ssh {
            Some("over SSH the clipboard of that machine is not the one in front of you")
        } else if !environment.display {
            Some("no local display")
        } else {
            None
        };
        Self { refusal, owner: Mutex::new(None) }
    }

    /// Copies the text and asks clipboard histories not to keep it.
    ///
    /// # Errors
    /// One line that says why not. It never holds the text.
    pub fn copy(&self, text: &Secret) -> Result<(), String> {
        if let Some(refusal) = self.refusal {
            return Err(refusal.to_owned());
        }
        let (answer, answered) = mpsc::channel();
        self.send(Copy { text: text.clone(), answer })?;
        match answered.recv_timeout(WAIT) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout) => Err("the desktop's clipboard did not answer".to_owned()),
            Err(RecvTimeoutError::Disconnected) => Err("the desktop's clipboard failed".to_owned()),
        }
    }

    fn send(&self, copy: Copy) -> Result<(), String> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = match owner.take() {
            Some(sender) => match sender.send(copy) {
                Ok(()) => {
                    *owner = Some(sender);
                    return Ok(());
                }
                // The thread ended because the desktop went away; it may be back.
                Err(mpsc::SendError(copy)) => copy,
            },
            None => copy,
        };
        let (sender, copies) = mpsc::channel();
        std::thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || serve(&copies))
            .map_err(|error| format!("no thread for the clipboard: {error}"))?;
        sender.send(copy).map_err(|_| "the desktop's clipboard failed".to_owned())?;
        *owner = Some(sender);
        Ok(())
    }
}

impl std::fmt::Debug for SystemClipboard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SystemClipboard").field("refusal", &self.refusal).finish_non_exhaustive()
    }
}

/// Owns the clipboard until nobody can copy any more, or until it fails.
fn serve(copies: &mpsc::Receiver<Copy>) {
    let mut clipboard: Option<arboard::Clipboard> = None;
    while let Ok(copy) = copies.recv() {
        let outcome = put(&mut clipboard, &copy.text);
        let failed = outcome.is_err();
        // Whoever asked may have stopped waiting.
        let _ = copy.answer.send(outcome);
        if failed {
            return;
        }
    }
}

fn put(clipboard: &mut Option<arboard::Clipboard>, text: &Secret) -> Result<(), String> {
    let in_words =
        |error: arboard::Error| format!("the desktop's clipboard: {}", printable(&error.to_string(), 120));
    let clipboard = match clipboard {
        Some(clipboard) => clipboard,
        None => clipboard.insert(arboard::Clipboard::new().map_err(in_words)?),
    };
    without_history(clipboard.set()).text(text.expose()).map_err(in_words)
}

/// Asks the history not to keep it: each platform has its own word for that.
fn without_history(set: arboard::Set<'_>) -> arboard::Set<'_> {
    #[cfg(target_os = "macos")]
    return arboard::SetExtApple::exclude_from_history(set);
    #[cfg(windows)]
    return arboard::SetExtWindows::exclude_from_history(arboard::SetExtWindows::exclude_from_cloud(set));
    #[cfg(not(any(target_os = "macos", windows)))]
    return arboard::SetExtLinux::exclude_from_history(set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_clipboard_over_ssh_or_without_a_display() {
        let remote = BrowserEnvironment { display: true, ssh: true, ..Default::default() };
        let error = SystemClipboard::new(&remote).copy(&Secret::new("text")).unwrap_err();
        assert!(error.contains("SSH"), "{error}");
        let headless = BrowserEnvironment::default();
        let error = SystemClipboard::new(&headless).copy(&Secret::new("text")).unwrap_err();
        assert!(error.contains("no local display"), "{error}");
    }
}
