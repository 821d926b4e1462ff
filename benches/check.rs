//! `check --all`, measured: 1,000 connections against a Zoom on loopback that answers after 50 ms, the real binary from
//! start to exit. How long, how many requests at once, how much memory; and the same for one connection.
//!
//! `cargo bench --bench check`, or with `-- --binary PATH` another build, with `-- --only TEXT` the rows of that name. Nothing is asserted; what must hold whatever
//! the machine is in `tests/check`.

#[expect(dead_code, reason = "this program needs a part of it")]
#[path = "terminal/process.rs"]
mod process;
#[path = "check/zoom.rs"]
mod slow_zoom;
#[path = "check/stage.rs"]
mod stage;
#[path = "terminal/table.rs"]
mod table;

use process::{mebibytes, peak};
use slow_zoom::SlowZoom;
use stage::{Kind, Stage};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use table::{Failure, Table};

/// Connections of a run.
const MANY: usize = 1_000;
/// Runs that are timed; the one in the middle is told.
const RUNS: usize = 3;

/// The value of an option.
fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

/// The binary to measure: the one that is named, or the one that was built with this.
fn binary() -> PathBuf {
    option("--binary").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_zoom-setup")), PathBuf::from)
}

/// Processor time of a process so far, in hundredths of a second (user and system, `/proc/PID/stat`).
fn processor(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut times = after_name.split_whitespace().skip(11);
    Some(times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?)
}

/// One run of the binary.
struct Ran {
    took: Duration,
    peak_kib: u64,
    /// In hundredths of a second.
    processor: u64,
    at_once: usize,
    requests: usize,
    exit: Option<i32>,
}

fn main() -> Result<(), Failure> {
    let mut table = Table::default();
    let mixes: [(&str, usize, &[Kind], &[&str]); 7] = [
        ("1,000 Server-to-Server", MANY, &[Kind::Account], &[]),
        ("1,000 of three kinds, tokens fresh", MANY, &[Kind::Account, Kind::Fresh, Kind::Receiver], &[]),
        ("1,000 of three kinds, tokens due", MANY, &[Kind::Account, Kind::Due, Kind::Receiver], &[]),
        ("1,000 that receivers own", MANY, &[Kind::Receiver], &[]),
        ("1,000 wizard-owned, due", MANY, &[Kind::Due], &[]),
        ("1 Server-to-Server", 1, &[Kind::Account], &[]),
        ("1 wizard-owned, refreshed", 1, &[Kind::Fresh], &["--refresh"]),
    ];
    let only = option("--only").unwrap_or_default();
    for (name, count, kinds, arguments) in mixes.into_iter().filter(|mix| mix.0.contains(&only)) {
        writeln!(std::io::stderr(), "{name}")?;
        let mut runs = Vec::new();
        let mut stage = Stage::new(count, kinds)?;
        for _run in 0..RUNS {
            runs.push(run(&stage, arguments)?);
            // What was refreshed is due no more.
            if kinds.contains(&Kind::Due) && runs.len() < RUNS {
                stage = Stage::new(count, kinds)?;
            }
        }
        tell(&mut table, name, runs);
    }
    let remembered = "1,000 Server-to-Server, 20 checks each in the history";
    if remembered.contains(&only) {
        let stage = Stage::new(MANY, &[Kind::Account])?;
        stage.remember(20)?;
        let runs = (0..RUNS).map(|_run| run(&stage, &[])).collect::<Result<Vec<_>, _>>()?;
        tell(&mut table, remembered, runs);
    }
    table.print(&mut std::io::stdout().lock(), "check --all")?;
    Ok(())
}

fn tell(table: &mut Table, name: &str, mut runs: Vec<Ran>) {
    runs.sort_by_key(|run| run.took);
    let Some(middle) = runs.get(runs.len() / 2) else { return };
    let seconds = |run: &Ran| format!("{:.3}", run.took.as_secs_f64());
    let all: Vec<String> = runs.iter().map(seconds).collect();
    let peak = runs.iter().map(|run| run.peak_kib).max().unwrap_or(0);
    let at_once = runs.iter().map(|run| run.at_once).max().unwrap_or(0);
    let goal = if name.starts_with("1,000") { "<= 2.5 s" } else { "" };
    table.row(
        name,
        goal,
        format!(
            "{} s (all: {}); processor {}.{:02} s; at once {at_once}; {} requests; peak {}; exit {}",
            seconds(middle),
            all.join(" "),
            middle.processor / 100,
            middle.processor % 100,
            middle.requests,
            mebibytes(peak),
            middle.exit.map_or_else(|| "by signal".to_owned(), |code| code.to_string())
        ),
    );
}

fn run(stage: &Stage, arguments: &[&str]) -> Result<Ran, Failure> {
    let zoom = SlowZoom::start()?;
    let start = Instant::now();
    let mut child = Command::new(binary())
        .args(["check", "--all", "--json", "--store", "file", "--data-dir"])
        .arg(stage.data_dir())
        .args(["--oauth-url", &zoom.address(), "--api-url", &zoom.address()])
        .args(arguments)
        .env("ZOOM_SETUP_PASSPHRASE", stage::PASSPHRASE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let (mut most, mut used) = (0, 0);
    let exit = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        most = peak(child.id()).unwrap_or(0).max(most);
        used = processor(child.id()).unwrap_or(0).max(used);
        #[expect(clippy::disallowed_methods, reason = "a look at the process every few milliseconds")]
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = start.elapsed();
    writeln!(std::io::stderr(), "  {:.3} s", took.as_secs_f64())?;
    Ok(Ran {
        took,
        peak_kib: most,
        processor: used,
        at_once: zoom.at_once(),
        requests: zoom.requests(),
        exit,
    })
}
