//! Whoever watches a run: every message, every state of the core as `Debug` text, every screen and every line of the
//! log is searched for every secret of the run. So each flow is also a test that none leaks.

use super::issued::issued;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::HashSet;
use std::fmt::Debug;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use tracing_subscriber::fmt::MakeWriter;
use zoom_setup::app::model::Model;
use zoom_setup::ui::{self, Theme};

/// The log of all runs of this process.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LOGGING: OnceLock<()> = OnceLock::new();

/// Writes to [`LOG`].
struct ToLog;

impl Write for ToLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for ToLog {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// What was seen of one run.
pub struct Watch {
    /// Every line only once.
    lines: HashSet<String>,
    /// Known from the beginning.
    secrets: Vec<String>,
    /// What the user put where it is shown. The log has none of it all the same.
    shown: Vec<String>,
    /// Where the sandbox keeps the codes and tokens that it gave.
    state: PathBuf,
}

impl Watch {
    /// Watches for these and for whatever the sandbox writes into its state file.
    pub fn new(secrets: Vec<String>, state: PathBuf) -> Self {
        LOGGING.get_or_init(|| {
            let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
            everything.with_ansi(false).with_writer(ToLog).init();
        });
        Self { lines: HashSet::new(), secrets, shown: Vec::new(), state }
    }

    /// The user put this one where it is shown.
    pub fn allow_on_screen(&mut self, secret: &str) {
        self.shown.push(secret.to_owned());
    }

    /// Something with a `Debug` text.
    pub fn saw(&mut self, value: &impl Debug) {
        self.keep(&format!("{value:#?}"));
    }

    /// The state, and what is on the screen.
    pub fn saw_model(&mut self, model: &Model) {
        self.saw(&model.screen);
        self.saw(&model.review);
        self.saw(&model.overlay);
        self.saw(&model.notice);
        self.saw(&model.secret_store);
        let mut screen = Terminal::new(TestBackend::new(200, 60)).unwrap();
        screen.draw(|frame| drop(ui::view(model, &Theme::plain(), frame))).unwrap();
        let drawn = screen.backend().to_string();
        self.keep(&drawn);
    }

    fn keep(&mut self, text: &str) {
        for line in text.lines() {
            if !self.lines.contains(line) {
                self.lines.insert(line.to_owned());
            }
        }
    }

    /// Panics where a secret was seen.
    fn end(&self) {
        let mut secrets = self.secrets.clone();
        if let Ok(state) = std::fs::read(&self.state) {
            issued(&serde_json::from_slice(&state).unwrap(), &mut secrets);
        }
        let log = LOG.lock().unwrap().clone();
        let log = String::from_utf8_lossy(&log);
        for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
            let seen = self.lines.iter().find(|line| line.contains(secret.as_str()));
            assert!(seen.is_none() || self.shown.contains(secret), "a secret is in what was seen: {seen:?}");
            let logged = log.lines().find(|line| line.contains(secret.as_str()));
            assert!(logged.is_none(), "a secret is in the log: {logged:?}");
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}
