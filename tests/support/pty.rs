//! A program in a real pseudo-terminal, and the screen that a terminal would show.

use super::home::{Home, PATIENCE, PROGRAM, signal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

pub const ENTER: &str = "\r";
pub const ESC: &str = "\u{1b}";
pub const TAB: &str = "\t";
pub const DOWN: &str = "\u{1b}[B";
/// Takes what is offered for a field.
pub const CTRL_Y: &str = "\u{19}";
pub const CTRL_R: &str = "\u{12}";
/// Shows or hides a secret.
pub const CTRL_T: &str = "\u{14}";
pub const CTRL_C: &str = "\u{3}";

/// What came out of the program so far.
struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    ended: bool,
}

struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A terminal with a program in it. Dropping it ends the program.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    /// Held open, so that the terminal stays readable after the program's end.
    _slave: Box<dyn portable_pty::SlavePty + Send>,
    /// The terminal's settings before the program began, as text.
    settings: String,
    shared: Arc<Shared>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

impl Terminal {
    /// The program under test with these arguments.
    pub fn start(home: &Home, arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(home, arguments, columns, rows, &[])
    }

    /// The same with more environment.
    pub fn start_with(
        home: &Home,
        arguments: &[&str],
        columns: u16,
        rows: u16,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        Self::run(home, command, columns, rows, environment)
    }

    /// Any program.
    pub fn run(
        home: &Home,
        mut command: CommandBuilder,
        columns: u16,
        rows: u16,
        environment: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        command.env_clear();
        command.cwd(home.work());
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in environment {
            command.env(name, value);
        }
        let settings = settings(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen { parser, bytes: Vec::new(), ended: false }),
            changed: Condvar::new(),
        });
        let sink = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                let mut seen = sink.lock();
                seen.parser.process(&buffer[..count]);
                seen.bytes.extend_from_slice(&buffer[..count]);
                seen.ended = count == 0;
                sink.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { child, master: pair.master, writer, _slave: pair.slave, settings, shared }
    }

    pub fn id(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Keys, as the terminal sends them.
    pub fn keys(&mut self, keys: &str) {
        // A program that is gone takes no keys; whoever waits for their effect says so.
        let _ = self.writer.write_all(keys.as_bytes());
        let _ = self.writer.flush();
    }

    /// A bracketed paste.
    pub fn paste(&mut self, text: &str) {
        self.keys(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        // The picture first: the program may draw before this returns.
        self.shared.lock().parser.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// What the screen shows.
    pub fn screen(&self) -> String {
        self.shared.lock().parser.screen().contents()
    }

    /// The rows that the terminal takes for the beginning or middle of a longer line, from 0.
    pub fn wrapped_rows(&self) -> Vec<u16> {
        let seen = self.shared.lock();
        let (rows, _) = seen.parser.screen().size();
        (0..rows.get()).filter(|row| seen.parser.screen().row_wrapped(*row)).collect()
    }

    /// Everything that was written, escape sequences and all.
    pub fn bytes(&self) -> Vec<u8> {
        self.shared.lock().bytes.clone()
    }

    /// Waits for a screen that has all of these.
    #[track_caller]
    pub fn wait_for(&self, words: &[&str]) -> String {
        self.wait_until(&format!("{words:?}"), |screen| words.iter().all(|word| screen.contains(word)))
    }

    /// Waits for a screen without this.
    #[track_caller]
    pub fn wait_gone(&self, word: &str) -> String {
        self.wait_until(&format!("the end of {word:?}"), |screen| !screen.contains(word))
    }

    /// Waits for a screen that fits, and shows the last one if none comes.
    #[track_caller]
    pub fn wait_until(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        loop {
            let screen = seen.parser.screen().contents();
            if ends_a_frame(&seen.bytes) && fits(&screen) {
                return screen;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !seen.ended, "waiting for {what}; the screen is\n{screen}");
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until these bytes have been written.
    #[track_caller]
    pub fn wait_bytes(&self, bytes: &[u8]) {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        while !seen.bytes.windows(bytes.len()).any(|window| window == bytes) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waiting for {:?}", String::from_utf8_lossy(bytes));
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What the user finds on the screen after the end.
    #[track_caller]
    pub fn assert_left(&self, words: &[&str]) {
        let screen = self.screen();
        // Long lines are broken by the terminal.
        let joined = screen.replace('\n', "");
        for word in words {
            assert!(joined.contains(word), "{word:?} is not in\n{screen}");
        }
    }

    /// Waits for the end of the program; gives the exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.settle();
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end; the screen is\n{}", self.screen());
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
    }

    /// Waits until the program has switched the echo off, as it does after it has asked for a secret.
    pub fn wait_no_echo(&self) {
        let end = Instant::now() + PATIENCE;
        while settings(&*self.master) == self.settings {
            assert!(Instant::now() < end, "the echo stays on");
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
    }

    /// Waits until what the program wrote last has been read: the slave is still open, so a mark of our own, echoed
    /// by nobody, cannot tell; what is in the terminal's queue can.
    fn settle(&self) {
        let mark = "\u{1b}[0m~settled~";
        let path = self.master.tty_name().unwrap();
        let mut terminal = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        terminal.write_all(mark.as_bytes()).unwrap();
        let end = Instant::now() + PATIENCE;
        let mut seen = self.shared.lock();
        while !seen.bytes.ends_with(mark.as_bytes()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the mark did not come through");
            seen = self.shared.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let length = seen.bytes.len() - mark.len();
        seen.bytes.truncate(length);
    }

    /// Ends it the hard way.
    pub fn kill(&mut self) {
        self.signal("KILL");
        let _ = self.child.wait();
    }

    /// Whether the program left the terminal as it found it, in the right order.
    #[track_caller]
    pub fn assert_restored(&self) {
        let bytes = self.bytes();
        let text = String::from_utf8_lossy(&bytes);
        let last = |sequence: &str| {
            text.rfind(sequence).unwrap_or_else(|| panic!("no {sequence:?} in the last of\n{text:?}"))
        };
        let (paste, screen, cursor) = (last("\u{1b}[?2004l"), last("\u{1b}[?1049l"), last("\u{1b}[?25h"));
        assert!(last("\u{1b}[?2004h") < paste, "bracketed paste stays on");
        assert!(last("\u{1b}[?1049h") < screen, "the alternate screen stays");
        assert!(last("\u{1b}[?25l") < cursor, "the cursor stays hidden");
        assert!(paste < screen && screen < cursor, "paste {paste}, screen {screen}, cursor {cursor}");
        // Nothing is drawn on the user's own screen.
        assert!(
            !text[screen..].contains("\u{1b}[1;1H") && !text[screen..].contains("\u{1b}[2J"),
            "{:?}",
            &text[screen..]
        );
        let seen = self.shared.lock();
        let now = seen.parser.screen();
        assert!(!now.alternate_screen() && !now.bracketed_paste() && !now.hide_cursor());
        drop(seen);
        assert_eq!(settings(&*self.master), self.settings, "raw mode stays on");
    }
}

/// Whether the last frame is whole: each ends by hiding the cursor, or by showing and placing it. What is read from a
/// terminal may end anywhere.
fn ends_a_frame(bytes: &[u8]) -> bool {
    let tail = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(40)..]).into_owned();
    let placed = |rest: &str| {
        let place = rest.strip_prefix("\u{1b}[").and_then(|rest| rest.strip_suffix('H'));
        place.is_some_and(|place| {
            place.chars().all(|character| character.is_ascii_digit() || character == ';')
        })
    };
    // The address of a login is written after the frame, and the cursor put back.
    let tail = tail.strip_suffix("\u{1b}8").map_or(tail.clone(), |_| "\u{1b}[?25l".to_owned());
    tail.ends_with("\u{1b}[?25l") || tail.rsplit_once("\u{1b}[?25h").is_some_and(|(_, rest)| placed(rest))
}

/// The terminal's settings (termios) as text.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
