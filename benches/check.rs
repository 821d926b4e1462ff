//! `check --all`, measured: 1,000 connections against a Zoom on loopback that answers after 50 ms, the real binary from
//! start to exit. How long, how many requests at once, how much memory; and the same for one connection.
//!
//! `cargo bench --bench check`. Nothing is asserted; what must hold whatever the machine is in `tests/check`.

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
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use table::{Failure, Table};

/// Connections of a run.
const MANY: usize = 1_000;
/// Runs that are timed; the one in the middle is told.
const RUNS: usize = 5;

/// One run of the binary.
struct Ran {
    took: Duration,
    peak_kib: u64,
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
    for (name, count, kinds, arguments) in mixes {
        eprintln!("{name}");
        let mut runs = Vec::new();
        for _run in 0..RUNS {
            // Refreshed tokens are due no more, so each run has a store of its own.
            let stage = Stage::new(count, kinds)?;
            runs.push(run(&stage, arguments)?);
        }
        tell(&mut table, name, runs);
    }
    // Twenty checks are remembered of each.
    let stage = Stage::new(MANY, &[Kind::Account])?;
    stage.remember(20)?;
    let runs = (0..RUNS).map(|_run| run(&stage, &[])).collect::<Result<Vec<_>, _>>()?;
    tell(&mut table, "1,000 Server-to-Server, 20 checks each in the history", runs);
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
            "{} s (all: {}); at once {at_once}; {} requests; peak {}; exit {}",
            seconds(middle),
            all.join(" "),
            middle.requests,
            mebibytes(peak),
            middle.exit.map_or_else(|| "by signal".to_owned(), |code| code.to_string())
        ),
    );
}

fn run(stage: &Stage, arguments: &[&str]) -> Result<Ran, Failure> {
    let zoom = SlowZoom::start()?;
    let start = Instant::now();
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_zoom-setup")))
        .args(["check", "--all", "--json", "--store", "file", "--data-dir"])
        .arg(stage.data_dir())
        .args(["--oauth-url", &zoom.address(), "--api-url", &zoom.address()])
        .args(arguments)
        .env("ZOOM_SETUP_PASSPHRASE", stage::PASSPHRASE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut most = 0;
    let exit = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        most = peak(child.id()).unwrap_or(0).max(most);
        #[expect(clippy::disallowed_methods, reason = "a look at the process every few milliseconds")]
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = start.elapsed();
    Ok(Ran { took, peak_kib: most, at_once: zoom.at_once(), requests: zoom.requests(), exit })
}
