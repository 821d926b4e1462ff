//! The callback listener, measured: how soon it accepts, how long the honest callback takes with nobody else there and
//! among half-open connections, and how much memory an act can make it take.
//!
//! `cargo bench --bench callback`. Nothing is asserted; what must hold whatever the machine is in `tests/callback`.

#[path = "terminal/login.rs"]
mod login;
#[expect(dead_code, reason = "this program needs a part of it")]
#[path = "terminal/process.rs"]
mod process;
#[path = "terminal/spread.rs"]
mod spread;
#[path = "terminal/table.rs"]
mod table;

use process::{mebibytes, peak};
use spread::Spread;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use table::{Failure, Table};
use zoom_setup::callback::{Limits, TinyHttpListener};
use zoom_setup::ports::{CallbackEvent, CallbackPage, ListenRequest, Listener, Listening};
use zoom_setup::secret::Secret;

/// Logins that are timed, each with a listener of its own.
const LOGINS: usize = 300;
/// Half-open connections beside a login.
const HALF_OPEN: usize = 200;
/// Connections of an act at once, and how often they come.
const POURING: usize = 100;
const WAVES: usize = 3;
/// The argument that makes this program the listener under an act.
const LISTENER: &str = "--listener";

fn main() -> Result<(), Failure> {
    if std::env::args().any(|argument| argument == LISTENER) {
        return listener();
    }
    let mut table = Table::default();
    starts(&mut table)?;
    logins(&mut table)?;
    acts(&mut table)?;
    let directory = tempfile::tempdir()?;
    login::measure(&mut table, Path::new(env!("CARGO_BIN_EXE_zoom-setup")), directory.path())?;
    table.print(&mut std::io::stdout().lock(), "callback listener")?;
    Ok(())
}

fn listen() -> Result<Listening, Failure> {
    // The clients here follow no redirect, so that no drop need wait for one.
    let limits = Limits { follow_up: Duration::ZERO, ..Limits::default() };
    let request = ListenRequest {
        ports: Vec::new(),
        path: "/callback".to_owned(),
        state: Secret::new("state"),
        issuer: "https://zoom.us".to_owned(),
    };
    let listening = TinyHttpListener { limits }.listen(request);
    listening.map_err(|failure| format!("no listener: {failure:?}").into())
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", port))
}

fn get(port: u16, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
}

/// From the call to the first answer.
fn starts(table: &mut Table) -> Result<(), Failure> {
    let (mut bound, mut answered) = (Vec::new(), Vec::new());
    for _start in 0..LOGINS {
        let start = Instant::now();
        let listening = listen()?;
        bound.push(start.elapsed());
        let mut stream = connect(listening.bound.port)?;
        stream.write_all(get(listening.bound.port, "/").as_bytes())?;
        stream.read_to_end(&mut Vec::new())?;
        answered.push(start.elapsed());
    }
    table.row("listen() until the port accepts", "", Spread::of(bound).to_string());
    table.row("listen() until a first page is answered", "", Spread::of(answered).to_string());
    Ok(())
}

/// From the browser's connection to the code in the program's hands.
fn accept(listening: &mut Listening) -> Result<Duration, Failure> {
    let port = listening.bound.port;
    let start = Instant::now();
    let mut browser = connect(port)?;
    browser.write_all(get(port, "/callback?code=code&state=state").as_bytes())?;
    while let Some(event) = listening.events.blocking_recv() {
        if matches!(event, CallbackEvent::Arrived { .. }) {
            let time = start.elapsed();
            listening.control.answer(CallbackPage::Done);
            return Ok(time);
        }
    }
    Err("the listener ended".into())
}

/// Begins requests and leaves them at that.
fn half_open(port: u16) -> Result<Vec<TcpStream>, Failure> {
    let mut open = Vec::new();
    for _connection in 0..HALF_OPEN {
        let mut stream = connect(port)?;
        stream.write_all(b"GET /callback?code=")?;
        open.push(stream);
    }
    Ok(open)
}

fn logins(table: &mut Table) -> Result<(), Failure> {
    let (mut idle, mut beside, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for _login in 0..LOGINS {
        idle.push(accept(&mut listen()?)?);
    }
    // These take their time: the listener gives each connection a moment before it makes room.
    for _login in 0..LOGINS / 5 {
        let mut listening = listen()?;
        let open = half_open(listening.bound.port)?;
        beside.push(accept(&mut listening)?);
        drop(open);

        let mut listening = listen()?;
        let open = half_open(listening.bound.port)?;
        // A visit behind them is answered once all of them were let in.
        let mut visit = connect(listening.bound.port)?;
        visit.write_all(get(listening.bound.port, "/").as_bytes())?;
        visit.read_to_end(&mut Vec::new())?;
        after.push(accept(&mut listening)?);
        drop(open);
    }
    table.row("honest callback, nobody else there", "<= 2 s", Spread::of(idle).to_string());
    let what = format!("honest callback right behind {HALF_OPEN} half-open connections");
    table.row(what, "<= 2 s", Spread::of(beside).to_string());
    let what = format!("honest callback beside {HALF_OPEN} half-open connections");
    table.row(what, "<= 2 s", Spread::of(after).to_string());
    Ok(())
}

/// What this program does as the listener under an act: it says its port and waits for the end of its input.
fn listener() -> Result<(), Failure> {
    let listening = listen()?;
    writeln!(std::io::stdout(), "{}", listening.bound.port)?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The listener in a process of its own, ended with its input.
struct Victim {
    child: Child,
    port: u16,
}

impl Victim {
    fn start() -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(LISTENER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or("no output")?;
        BufReader::new(out).read_line(&mut line)?;
        Ok(Self { port: line.trim().parse()?, child })
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn acts(table: &mut Table) -> Result<(), Failure> {
    let line = [b"GET /".as_slice(), &vec![b'a'; 1 << 20]].concat();
    let headers = format!("GET /callback HTTP/1.1\r\n{}\r\n", "X-Filler: abcdefgh\r\n".repeat(10_000));
    for (name, bytes) in [("request line of 1 MB", line), ("ten thousand headers", headers.into_bytes())] {
        let victim = Victim::start()?;
        let mut visit = connect(victim.port)?;
        visit.write_all(get(victim.port, "/").as_bytes())?;
        visit.read_to_end(&mut Vec::new())?;
        let before = peak(victim.child.id());
        for _wave in 0..WAVES {
            std::thread::scope(|scope| {
                for _connection in 0..POURING {
                    scope.spawn(|| {
                        // To be cut off in the middle is what the act is about.
                        let _ = connect(victim.port).and_then(|mut stream| stream.write_all(&bytes));
                    });
                }
            });
        }
        let after = peak(victim.child.id());
        let figure = match (before, after) {
            (Some(before), Some(after)) => {
                format!("{} + {}", mebibytes(before), mebibytes(after.saturating_sub(before)))
            }
            (_, None) | (None, _) => "not readable here".to_owned(),
        };
        table.row(format!("peak memory and its growth: {name}, {POURING} at once"), "bounded", figure);
    }
    Ok(())
}
