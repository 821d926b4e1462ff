//! A program in a terminal of its own, with the time of everything it writes.

use crate::Failure;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const ROWS: NonZero<u16> = NonZero::new(24).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(80).unwrap();
/// Longest wait for anything at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// After this long without output a redraw counts as over.
const REDRAWN: Duration = Duration::from_millis(8);

/// What to start.
pub struct Command {
    words: Vec<OsString>,
}

impl Command {
    pub fn new(program: &Path) -> Self {
        Self { words: vec![program.into()] }
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }
}

/// The answer to a key.
pub struct Redraw {
    /// Until its first byte.
    pub first: Duration,
    /// Until its last byte.
    pub last: Duration,
    pub bytes: usize,
}

/// A running program. Its drop kills it.
pub struct Session {
    started: Instant,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Session {
    pub fn start(command: &Command) -> Result<Self, Failure> {
        Self::sized(command, COLUMNS, ROWS)
    }

    /// In a terminal of that size.
    pub fn sized(command: &Command, columns: NonZero<u16>, rows: NonZero<u16>) -> Result<Self, Failure> {
        let size = PtySize { rows: rows.get(), cols: columns.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut reader = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let (sender, output) = channel();
        // Ends when the program's side closes.
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..length].to_vec())).is_err() {
                    break;
                }
            }
        });
        let mut builder = CommandBuilder::from_argv(command.words.clone());
        builder.env("TERM", "xterm-256color");
        let started = Instant::now();
        let child = pair.slave.spawn_command(builder)?;
        drop(pair.slave);
        let screen = vt100::Parser::new(rows, columns, 0);
        Ok(Self { started, child, keys, output, screen, _terminal: pair.master })
    }

    /// Number of the process; 0, which no process has, if there is none.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap_or(0)
    }

    /// Time from the start to the write after which the screen no longer changed; the terminal is silent for
    /// `quiet` then.
    pub fn first_frame(&mut self, quiet: Duration) -> Result<Duration, Failure> {
        let chunks = self.until_quiet(PATIENCE, quiet);
        let (mut last, mut before) = (None, self.screen.screen().contents());
        for (at, bytes) in &chunks {
            self.screen.process(bytes);
            let after = self.screen.screen().contents();
            if after != before {
                last = Some(*at);
                before = after;
            }
        }
        let last = last.ok_or("a program drew nothing")?;
        Ok(last.duration_since(self.started))
    }

    /// Sends a key. `None` if nothing was drawn for it.
    pub fn press(&mut self, key: &[u8]) -> Result<Option<Redraw>, Failure> {
        let pressed = Instant::now();
        self.keys.write_all(key)?;
        self.keys.flush()?;
        let chunks = self.until_quiet(Duration::from_millis(60), REDRAWN);
        for (_, bytes) in &chunks {
            self.screen.process(bytes);
        }
        let (Some((first, _)), Some((last, _))) = (chunks.first(), chunks.last()) else { return Ok(None) };
        Ok(Some(Redraw {
            first: first.duration_since(pressed),
            last: last.duration_since(pressed),
            bytes: chunks.iter().map(|(_, bytes)| bytes.len()).sum(),
        }))
    }

    /// Makes sure that it is the screen that is meant to be measured.
    pub fn shows(&self, text: &str) -> Result<(), Failure> {
        let contents = self.screen.screen().contents();
        if contents.contains(text) { Ok(()) } else { Err(format!("{text:?} is not on:\n{contents}").into()) }
    }

    /// Lets the program be for `time`. Returns the bytes that it wrote all the same.
    pub fn leave_alone(&self, time: Duration) -> usize {
        let end = Instant::now() + time;
        let mut bytes = 0;
        while let Ok((_, chunk)) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            bytes += chunk.len();
        }
        bytes
    }

    /// What comes until nothing came for `quiet`, at most `patience` for the first of it.
    fn until_quiet(&self, patience: Duration, quiet: Duration) -> Vec<(Instant, Vec<u8>)> {
        let mut chunks = Vec::new();
        let mut wait = patience;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.output.recv_timeout(wait) {
                Ok(chunk) => chunks.push(chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
            wait = quiet;
        }
        chunks
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
