//! `check`: is it alive, will it refresh, until when, and whose job is it; from a terminal, cron or a monitor.

pub mod json;
pub mod nagios;
mod progress;
pub mod prometheus;
pub mod text;
pub mod unsaved;

use super::arguments::{CheckArguments, CheckFormat, Global};
use super::output;
use super::set_up::{Opening, on_terminal, tokio_runtime};
use super::world::{self, World};
use crate::app::checking::CheckRequest;
use crate::check::{
    CheckOptions, CheckReport, Checked, Entry, FindingCode, History, Limits, Outcome, Status,
};
use crate::error::{Error, ErrorKind, PluginState};
use crate::ports::{Store, StoreFailure};
use crate::runtime::check::{self, CheckEvent, CheckPorts, TokenPorts};
use crate::runtime::{JournaledRenewer, Ports, Renewals, Signals};
use crate::secret::printable;
use crate::setup::Connection;
use crate::store::HistoryFile;
use jiff::SignedDuration;
use progress::Progress;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

/// Waits before a token with too few scopes is asked for again, in seconds: in a live test they were complete after
/// 12 s.
const LAG_DELAYS_S: [u64; 3] = [2, 4, 8];
/// Narrower screens wrap by themselves.
const NARROWEST: u16 = 40;
/// How alike a name must be to be offered in place of one that is not there, of 1.
const ALIKE: f64 = 0.75;

/// Runs the command.
///
/// # Errors
/// What the exit codes of the contract say; for `--format nagios` those of a plugin.
pub fn run(global: &Global, arguments: &CheckArguments, out: &mut dyn Write) -> Result<(), Error> {
    if let Some(minutes) = arguments.watch {
        let watch = Some(SignedDuration::from_mins(i64::from(minutes)));
        let request = CheckRequest { names: arguments.names.clone(), watch };
        return on_terminal(global, Opening::Check(request), None);
    }
    let format = match arguments.format {
        Some(format) => format,
        None if arguments.json => CheckFormat::Json,
        None => CheckFormat::Text,
    };
    let result = checked(global, arguments, format, out);
    match (format, result) {
        // A plugin that cannot do its work says so in its one line.
        (CheckFormat::Nagios, Err(error)) if !matches!(error.kind, ErrorKind::Plugin(_)) => {
            write_result(arguments.output.as_deref(), &nagios::failed(&error.message), out)?;
            Err(Error::new(ErrorKind::Plugin(PluginState::Unknown), error.message))
        }
        (_, result) => result,
    }
}

fn checked(
    global: &Global,
    arguments: &CheckArguments,
    format: CheckFormat,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut world = World::new(global, false)?;
    let (connections, unreadable) = world.store.connections().map_err(world::store_error)?;
    let all = arguments.names.is_empty();
    // Who asks for all is told in the result. Prometheus gets a number only.
    if !all || format == CheckFormat::Prometheus {
        for line in &unreadable {
            let _ = writeln!(io::stderr(), "warning: {}", printable(line, 400));
        }
    }
    let connections = chosen(connections, &arguments.names)?;
    let unreadable = if all { unreadable } else { Vec::new() };
    let shown = if arguments.names.len() == 1 { text::Shown::One } else { text::Shown::Many };
    if connections.is_empty() && unreadable.is_empty() {
        let _ = writeln!(io::stderr(), "No stored connections. Make one with: zoom-setup new");
    }
    let opened = if connections.is_empty() { Ok(()) } else { world.unlock_secrets() };
    let history_file = world.history.clone();
    let history = read_history(&history_file);
    let lag_delays_s = match world.settings.rehearsal {
        Some(_) => world.settings.lag_delays_s.clone(),
        None => LAG_DELAYS_S.to_vec(),
    };
    let options = CheckOptions {
        refresh: arguments.refresh,
        lag_delays_s,
        endpoints: world.settings.endpoints.clone(),
    };
    let (ports, _, procedures) = world.into_parts();
    let subjects = check::subjects(ports.store.as_ref(), &opened, connections, &procedures, &history);
    let begun = ports.clock.now();
    let results = tokio_runtime()?.block_on(async {
        let carried = carriers(&ports, opened);
        let mut progress = Progress::new(subjects.len());
        let mut signals = Signals::new();
        let clock = Arc::clone(&ports.clock);
        let mut tell = |event: CheckEvent| {
            if let CheckEvent::Finished(checked) = &event {
                unsaved::tell(checked, &mut progress);
            }
            progress.event(&event, clock.now());
        };
        check::check(&carried, subjects, options, Limits::default(), signals.next(), &mut tell).await
    });
    let took = ports.clock.now().duration_since(begun);
    unsaved::ask(ports.store.as_ref(), &results);
    keep(ports.store.as_ref(), &history_file, &results);
    let reports: Vec<CheckReport> = results.into_iter().map(|checked| checked.report).collect();
    let written = match format {
        CheckFormat::Text => {
            let columns = columns(arguments.output.as_deref());
            text::write(&reports, &unreadable, shown, &history, columns)
        }
        CheckFormat::Json => json::write(&reports, &unreadable)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?,
        CheckFormat::Nagios => nagios::write(&reports, &unreadable),
        CheckFormat::Prometheus => {
            prometheus::write(&reports, all.then_some(unreadable.len()), ports.clock.now(), took)
        }
    };
    write_result(arguments.output.as_deref(), &written, out)?;
    if format == CheckFormat::Nagios {
        return match nagios::state(&reports, &unreadable) {
            None => Ok(()),
            Some(state) => Err(Error::new(ErrorKind::Plugin(state), "the state of the plugin")),
        };
    }
    end(&reports, &unreadable)
}

/// What the checks work with. Locked secrets are a finding of each connection.
fn carriers(ports: &Ports, opened: Result<(), StoreFailure>) -> CheckPorts {
    let tokens = opened.and_then(|()| ports.store.tokens()).map(|store| {
        // The driver waits for each refresh that was begun, so nobody else has to count them.
        let renewer = JournaledRenewer::new(
            Arc::clone(&store),
            Arc::clone(&ports.zoom),
            Arc::clone(&ports.clock),
            Renewals::default(),
        );
        TokenPorts { store, renewer: Arc::new(renewer) }
    });
    CheckPorts {
        zoom: Arc::clone(&ports.zoom),
        tokens,
        clock: Arc::clone(&ports.clock),
        entropy: Arc::clone(&ports.entropy),
    }
}

/// The connections of those names, in the order of the names, or all.
pub fn chosen(connections: Vec<Connection>, names: &[String]) -> Result<Vec<Connection>, Error> {
    if names.is_empty() {
        return Ok(connections);
    }
    let mut out: Vec<Connection> = Vec::new();
    for name in names {
        match connections.iter().find(|connection| connection.name == *name) {
            Some(found) if out.iter().any(|there| there.name == found.name) => {}
            Some(found) => out.push(found.clone()),
            None => return Err(unknown(&connections, name)),
        }
    }
    Ok(out)
}

fn unknown(connections: &[Connection], name: &str) -> Error {
    let Err(error) = super::connections::find(connections, name) else {
        return Error::new(ErrorKind::Internal, "a connection was not found and is there");
    };
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    let nearest = connections
        .iter()
        .map(|connection| (likeness(&connection.name), &connection.name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match nearest {
        Some((_, nearest)) => error.hint(format!("Did you mean {}?", printable(nearest, 100))),
        None => error.hint("If it was there before: zoom-setup store tells what is damaged or gone."),
    }
}

/// Records that can't be read, counted. `None`: there is none.
fn unreadable_in_words(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 record of a connection can't be read".to_owned()),
        more => Some(format!("{more} records of connections can't be read")),
    }
}

/// The checks of before. A check goes on without them.
fn read_history(file: &HistoryFile) -> History {
    let history = file.read().unwrap_or_else(|failure| {
        let _ = writeln!(io::stderr(), "warning: {}", printable(&words(&failure), 400));
        History::default()
    });
    if let [first, ..] = history.broken() {
        let count = history.broken().len();
        let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        let were = if count == 1 { "was" } else { "were" };
        let _ = writeln!(
            io::stderr(),
            "warning: {lines} of checks.jsonl can't be read and {were} left out, the first is line {first}"
        );
    }
    history
}

/// What the next check wants to know. What cannot be kept is said; the result stands all the same.
fn keep(store: &dyn Store, history: &HistoryFile, results: &[Checked]) {
    for problem in check::keep(store, results) {
        let _ = writeln!(io::stderr(), "warning: {}", printable(&problem, 400));
    }
    let entries: Vec<Entry> = results.iter().map(|checked| Entry::of(&checked.report)).collect();
    if let Err(failure) = history.append(&entries) {
        let _ = writeln!(io::stderr(), "warning: not remembered: {}", printable(&words(&failure), 400));
    }
}

fn words(failure: &StoreFailure) -> String {
    crate::app::update::store_failure_text(failure)
}

/// Columns of the terminal that the result goes to.
fn columns(file: Option<&Path>) -> usize {
    let on_screen = file.is_none() && io::stdout().is_terminal();
    let width = on_screen.then(crossterm::terminal::size).and_then(Result::ok).map(|(columns, _)| columns);
    width.map_or(text::COLUMNS, |columns| usize::from(columns.max(NARROWEST)))
}

/// To standard output, or into a file that is replaced as a whole, for whoever reads it meanwhile.
fn write_result(file: Option<&Path>, text: &str, out: &mut dyn Write) -> Result<(), Error> {
    match file {
        None => out.write_all(text.as_bytes()).map_err(|error| output(&error)),
        Some(path) => replace(path, text).map_err(|error| {
            Error::usage(format!("{}: {error}", printable(&path.display().to_string(), 400)))
        }),
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // No name that a collector takes for its own.
    let mut builder = tempfile::Builder::new();
    builder.prefix(".zoom-setup-").suffix(".tmp");
    let mut staged = builder.tempfile_in(directory)?;
    staged.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        // There is no secret in it, and the collector is another user. Set now: at its making, the umask would take it.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        staged.as_file().set_permissions(readable)?;
    }
    staged.as_file().sync_all()?;
    staged.persist(path).map(drop).map_err(|error| error.error)
}

/// What the command ends with.
fn end(reports: &[CheckReport], unreadable: &[String]) -> Result<(), Error> {
    let count = |status: Status| reports.iter().filter(|report| report.status == status).count();
    let all = reports.len();
    match Outcome::of(reports, unreadable) {
        Outcome::Fine => Ok(()),
        Outcome::Unhealthy => {
            let unhealthy = count(Status::Unhealthy);
            let message = match (unhealthy, all) {
                (1, 1) => "the connection is unhealthy".to_owned(),
                (1, all) => format!("1 of {all} connections is unhealthy"),
                (unhealthy, all) => format!("{unhealthy} of {all} connections are unhealthy"),
            };
            Err(Error::new(ErrorKind::CheckFailed, message))
        }
        Outcome::Stopped => {
            let ended = reports.iter().filter(|report| !report.has(FindingCode::Stopped)).count();
            Err(Error::new(
                ErrorKind::Cancelled,
                format!("stopped; {ended} of {all} were checked to their end"),
            ))
        }
        Outcome::NoAnswer => {
            let silent = [FindingCode::Unreachable, FindingCode::RateLimited];
            let open = reports.iter().filter(|report| silent.iter().any(|code| report.has(*code))).count();
            Err(Error::new(
                ErrorKind::Unreachable,
                format!("Zoom gave no answer about {open} of {all} connections"),
            ))
        }
        Outcome::Store => {
            let error = match unreadable_in_words(unreadable.len()) {
                Some(problem) => Error::new(ErrorKind::Store, format!("{problem}, so not all were checked"))
                    .hint("What is damaged: zoom-setup store. Bring it back with: zoom-setup store repair"),
                None => Error::new(ErrorKind::Store, "the store did not take or give what was needed"),
            };
            Err(error)
        }
    }
}
