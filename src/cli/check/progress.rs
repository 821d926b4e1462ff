//! How far it is, on standard error while that is a terminal: one line that is written over and goes away at the end.

use crate::check::{Checked, Status};
use crate::runtime::check::CheckEvent;
use jiff::Timestamp;
use std::io::{self, IsTerminal, Write};

/// Shortest time between two lines, in milliseconds.
const PACE_MS: i64 = 100;

pub(super) struct Progress {
    /// `None`: nobody looks.
    shown: Option<io::Stderr>,
    all: usize,
    done: usize,
    unhealthy: usize,
    waiting: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Progress {
    pub(super) fn new(all: usize) -> Self {
        let stderr = io::stderr();
        let shown = (stderr.is_terminal() && all > 0).then_some(stderr);
        Self { shown, all, done: 0, unhealthy: 0, waiting: None, last: None }
    }

    pub(super) fn event(&mut self, event: &CheckEvent, now: Timestamp) {
        match event {
            CheckEvent::Started { .. } => {}
            CheckEvent::Waiting { until, .. } => self.waiting = Some(*until),
            CheckEvent::Finished(checked) => self.finished(checked),
        }
        let due = self.last.is_none_or(|last| now.as_millisecond() - last.as_millisecond() >= PACE_MS);
        if !due && self.done < self.all {
            return;
        }
        self.last = Some(now);
        let Some(stderr) = &mut self.shown else { return };
        let waiting = match self.waiting.filter(|until| *until > now) {
            Some(until) => format!(", some wait for {} s", (until.as_second() - now.as_second()).max(1)),
            None => String::new(),
        };
        let unhealthy =
            if self.unhealthy > 0 { format!(", {} unhealthy", self.unhealthy) } else { String::new() };
        // Nothing can be done about a closed standard error.
        let _ = write!(stderr, "\r\x1b[Kchecked {} of {}{unhealthy}{waiting}", self.done, self.all);
        let _ = stderr.flush();
    }

    fn finished(&mut self, checked: &Checked) {
        self.done += 1;
        if checked.report.status == Status::Unhealthy {
            self.unhealthy += 1;
        }
    }

    /// Takes the line away, so that something else can be written.
    pub(super) fn clear(&mut self) {
        if let Some(stderr) = &mut self.shown {
            let _ = write!(stderr, "\r\x1b[K");
            let _ = stderr.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
