//! The release binary in a terminal, measured against its goals: start, keys, idle, memory, login, size.
//!
//! `cargo bench --bench terminal` measures the binary that belongs to it; a path as the argument measures that
//! one. What is not installed (vim, gitui) or not readable (`/proc`) is said so and left out. Nothing is
//! asserted: figures depend on the machine, so they are read beside those of the peers in the same run.

mod login;
mod process;
mod pty;
mod spread;
mod table;

use pty::{Command, Session};
use spread::{Spread, milliseconds};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use table::{Failure, Table};
use zoom_setup::ports::{Clock, Store};
use zoom_setup::procedure::{FieldName, registry};
use zoom_setup::scope::Catalogue;
use zoom_setup::setup::{Done, FORMAT, Setup};
use zoom_setup::store::{FileStore, StoreKind, StoreOptions};
use zoom_setup::system::SystemClock;

/// Starts that are timed, for each program.
const STARTS: usize = 30;
/// Keys that are timed, on each screen.
const KEYS: usize = 300;
/// How long an idle screen is watched.
const IDLE: Duration = Duration::from_secs(5);
/// Set-ups in the library of the home screen that is not empty.
const SETUPS: usize = 20;

/// Terminals that the review is measured in: one pane, and three.
const REVIEWS: [(NonZero<u16>, NonZero<u16>); 2] = [
    (NonZero::new(80).unwrap(), NonZero::new(24).unwrap()),
    (NonZero::new(200).unwrap(), NonZero::new(60).unwrap()),
];

/// The procedure whose steps are measured.
const PROCEDURE: &str = "servicenow-dex";

fn main() -> Result<(), Failure> {
    // Cargo hands a harness's flags over (`--bench`); a path is the only argument of ours.
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let binary = given.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_zoom-setup")), PathBuf::from);
    let directory = tempfile::tempdir()?;
    let mut table = Table::default();

    size(&mut table, &binary)?;
    starts(&mut table, &binary, directory.path())?;
    screens(&mut table, &binary, directory.path())?;
    search(&mut table);
    login::measure(&mut table, &binary, directory.path())?;
    table.print(&mut std::io::stdout().lock(), &binary.display().to_string())?;
    Ok(())
}

fn size(table: &mut Table, binary: &Path) -> Result<(), Failure> {
    let bytes = std::fs::metadata(binary)?.len();
    let tenths = bytes / 100_000;
    table.row("binary", "<= 10 MB", format!("{}.{} MB", tenths / 10, tenths % 10));
    Ok(())
}

/// A program beside ours, if it is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

fn wizard(binary: &Path, data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary).args(["--data-dir"]).args([data]).args(["--store", "memory"]);
    if arguments.contains(&"resume") {
        // Memory has nothing to resume, and a real store would ask for a passphrase. A rehearsal asks nobody;
        // what it measures has the embedded Zoom in it.
        command = Command::new(binary).args(["--data-dir"]).args([data]).args(["--rehearse"]);
    }
    command.args(arguments.iter().copied())
}

fn starts(table: &mut Table, binary: &Path, directory: &Path) -> Result<(), Failure> {
    let text = directory.join("text.txt");
    std::fs::write(&text, "A small file.\n".repeat(20))?;
    let library = directory.join("library");
    fill_library(&library)?;

    let mut programs = vec![
        (
            "start to full frame: zoom-setup, nothing stored".to_owned(),
            "<= vim",
            Some(wizard(binary, &directory.join("none"), &[])),
        ),
        (
            format!("start to full frame: zoom-setup, {SETUPS} set-ups"),
            "<= vim",
            Some(Command::new(binary).args(["--data-dir"]).args([&library]).args(["--store", "file"])),
        ),
    ];
    for arguments in [&[][..], &["-u", "NONE"][..]] {
        let command = installed("vim").map(|vim| Command::new(&vim).args(arguments).args([&text]));
        programs.push((format!("start to full frame: vim {}", arguments.join(" ")), "", command));
    }
    let repository = directory.join("repository");
    let made = std::process::Command::new("git").args(["init", "-q"]).arg(&repository).status();
    let gitui = installed("gitui").filter(|_| made.is_ok_and(|status| status.success()));
    let gitui = gitui.map(|gitui| Command::new(&gitui).args([Path::new("-d"), repository.as_path()]));
    programs.push(("start to full frame: gitui".to_owned(), "", gitui));

    // In turns, so that whatever else the machine does strikes all alike.
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); programs.len()];
    for _start in 0..STARTS {
        for (slot, (_, _, command)) in times.iter_mut().zip(&programs) {
            if let Some(command) = command {
                let mut session = Session::start(command)?;
                slot.push(session.first_frame(Duration::from_millis(80))?);
            }
        }
    }
    for ((what, goal, command), times) in programs.into_iter().zip(times) {
        let figure =
            if command.is_some() { Spread::of(times).to_string() } else { "not installed".to_owned() };
        table.row(what, goal, figure);
    }
    Ok(())
}

/// Keys, idleness and memory on the screens.
fn screens(table: &mut Table, binary: &Path, directory: &Path) -> Result<(), Failure> {
    let (down, up) = (b"\x1b[B".as_slice(), b"\x1b[A".as_slice());
    let mut home = Session::start(&wizard(binary, &directory.join("none"), &[]))?;
    home.first_frame(Duration::from_millis(200))?;
    home.shows("DEX")?;
    memory(table, "home", "<= 10 MiB", &home);
    idle(table, "home", &home);
    keys(table, "home, Down and Up", &mut home, &[down, up])?;

    for (step, goal) in [("instance", ""), ("scopes", "<= 16 MiB")] {
        let data = directory.join(format!("at-{step}"));
        store(&data.join("rehearsal"), vec![setup(&format!("{PROCEDURE}-0001"), step)?])?;
        let mut session = Session::start(&wizard(binary, &data, &["resume"]))?;
        session.first_frame(Duration::from_millis(200))?;
        session.shows(if step == "scopes" { "of 2 chosen" } else { "instance" })?;
        memory(table, &format!("step {step}"), goal, &session);
        idle(table, &format!("step {step}"), &session);
        if step == "instance" {
            keys(table, "field, a letter and Backspace", &mut session, &[b"a", b"\x7f"])?;
        } else {
            keys(table, "scopes, Down and Up", &mut session, &[down, up])?;
            session.press(b"/")?;
            session.shows(" found")?;
            let typed: Vec<&[u8]> = b"user:read".chunks(1).chain([b"\x15".as_slice()]).collect();
            keys(table, "scope search, letters and Ctrl-U", &mut session, &typed)?;
            memory(table, "scope search", goal, &session);
        }
    }

    review(table, binary, directory)?;

    let text = directory.join("text.txt");
    for arguments in [&[][..], &["-u", "NONE"][..]] {
        let name = format!("vim {}", arguments.join(" "));
        let Some(vim) = installed("vim") else { continue };
        let mut session = Session::start(&Command::new(&vim).args(arguments).args([&text]))?;
        session.first_frame(Duration::from_millis(300))?;
        memory(table, &name, "", &session);
        idle(table, &name, &session);
        keys(table, &format!("{name}, j and k"), &mut session, &[b"j", b"k"])?;
    }
    Ok(())
}

/// The review of scopes, with everything listed that Zoom has published.
fn review(table: &mut Table, binary: &Path, directory: &Path) -> Result<(), Failure> {
    for (columns, rows) in REVIEWS {
        let size = format!("{columns}x{rows}");
        let command =
            wizard(binary, &directory.join("none"), &["scopes", "review", "--procedure", PROCEDURE]);
        let mut session = Session::sized(&command, columns, rows)?;
        let begun = session.first_frame(Duration::from_millis(200))?;
        session.shows("[all 6]")?;
        table.row(format!("start to full frame: scope review, {size}"), "", milliseconds(begun));
        session.press(b"F")?;
        session.shows("[all published")?;
        memory(table, &format!("scope review, all published, {size}"), "<= 16 MiB", &session);
        idle(table, &format!("scope review, {size}"), &session);
        keys(table, &format!("scope review, all published, Down, {size}"), &mut session, &[b"\x1b[B"])?;
        keys(table, &format!("scope review, PgDn, PgUp, {size}"), &mut session, &[b"\x1b[6~", b"\x1b[5~"])?;
        session.press(b"/")?;
        let typed: Vec<&[u8]> = b"user:read".chunks(1).chain([b"\x15".as_slice()]).collect();
        keys(table, &format!("scope review, search, letters and Ctrl-U, {size}"), &mut session, &typed)?;
        memory(table, &format!("scope review, after the search, {size}"), "<= 16 MiB", &session);
    }
    Ok(())
}

fn keys(table: &mut Table, what: &str, session: &mut Session, keys: &[&[u8]]) -> Result<(), Failure> {
    let (mut first, mut last, mut bytes, mut silent) = (Vec::new(), Vec::new(), 0, 0);
    for key in keys.iter().cycle().take(KEYS) {
        match session.press(key)? {
            Some(redraw) => {
                first.push(redraw.first);
                last.push(redraw.last);
                bytes += redraw.bytes;
            }
            None => silent += 1,
        }
    }
    let mean = bytes / last.len().max(1);
    let without = if silent == 0 { String::new() } else { format!(", {silent} without redraw") };
    table.row(
        format!("key to redraw: {what}"),
        "p50 <= 0.5 ms, p99 <= 1 ms",
        format!("{} (first byte {}), {mean} bytes a key{without}", Spread::of(last), Spread::of(first)),
    );
    Ok(())
}

fn memory(table: &mut Table, what: &str, goal: &str, session: &Session) {
    let figure = process::memory(session.process())
        .map_or_else(|| "not known here".to_owned(), |memory| memory.to_string());
    table.row(format!("memory: {what}"), goal, figure);
}

fn idle(table: &mut Table, what: &str, session: &Session) {
    let figure = process::work(session.process()).and_then(|before| {
        let bytes = session.leave_alone(IDLE);
        let after = process::work(session.process())?;
        Some(format!(
            "{} wake-ups, {} CPU, {bytes} bytes drawn, {} threads",
            after.switches.saturating_sub(before.switches),
            milliseconds(after.cpu.saturating_sub(before.cpu)),
            after.threads
        ))
    });
    table.row(
        format!("idle for {} s: {what}", IDLE.as_secs()),
        "0 wake-ups, 0 CPU",
        figure.unwrap_or_else(|| "not known here".to_owned()),
    );
}

fn search(table: &mut Table) {
    let begun = Instant::now();
    let catalogue = Catalogue::embedded();
    table.row("scope catalogue, read once", "", milliseconds(begun.elapsed()));
    let mut times = Vec::new();
    for _round in 0..10 {
        for text in ["meeting", "user:read", "recording list", "get /users", "usrlstadm"] {
            for end in 1..=text.len() {
                let begun = Instant::now();
                std::hint::black_box(catalogue.search(std::hint::black_box(&text[..end]), 60));
                times.push(begun.elapsed());
            }
        }
    }
    table.row("one keystroke of scope search", "<= 1 ms", Spread::of(times).to_string());
}

fn fill_library(data: &Path) -> Result<(), Failure> {
    let setups = (0..SETUPS).map(|number| setup(&format!("{PROCEDURE}-{number:04}"), "instance"));
    store(data, setups.collect::<Result<_, _>>()?)
}

fn store(data: &Path, setups: Vec<Setup>) -> Result<(), Failure> {
    let options = StoreOptions { data_dir: data.to_owned(), kind: StoreKind::File };
    let store = FileStore::open(options).map_err(|failure| format!("{failure:?}"))?;
    for setup in setups {
        store.save_setup(&setup).map_err(|failure| format!("{failure:?}"))?;
    }
    Ok(())
}

/// A set-up of the DEX procedure that stands at a step.
fn setup(id: &str, step: &str) -> Result<Setup, Failure> {
    let now = SystemClock.now();
    let procedures = registry::embedded().map_err(|errors| format!("{errors:?}"))?;
    let procedure = procedures.iter().find(|known| known.id == PROCEDURE).ok_or("no such procedure")?;
    let before = procedure.steps.iter().take_while(|other| other.id != step);
    let done = before
        .map(|step| {
            (
                step.id.clone(),
                Done { at: now, check_again: false, not_proved: false, unknown: Default::default() },
            )
        })
        .collect();
    let answers = [
        (FieldName::AppName, "DEX for Zoom"),
        (FieldName::ConnectionName, "DEX for Zoom"),
        (FieldName::Instance, "dev12345"),
        (FieldName::ClientId, "REHEARSAL-general-0001"),
    ];
    let scopes = ["report:read:user:admin", "user:read:user:admin"].map(str::to_owned);
    Ok(Setup {
        format: FORMAT,
        id: id.to_owned(),
        procedure: PROCEDURE.to_owned(),
        rehearsal: false,
        created: now,
        updated: now,
        current: step.to_owned(),
        answers: answers.map(|(field, value)| (field, value.to_owned())).into(),
        secrets: BTreeMap::new(),
        scopes: BTreeSet::from(scopes),
        scopes_added: BTreeSet::new(),
        done,
        grant: None,
        decision: None,
        verification: None,
        connection: None,
        compared: BTreeMap::new(),
        proofs: std::collections::BTreeMap::new(),
        replaces: None,
        unknown: Default::default(),
    })
}
