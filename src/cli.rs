//! The outside: arguments in, exit code out. One file a sub-command; results go to the writer given, talk to
//! standard error.

pub mod answers;
pub mod arguments;
pub mod check;
pub mod connections;
pub mod handoff;
mod headless;
pub mod log;
mod page;
pub mod procedures;
pub mod sandbox;
pub mod scopes;
pub mod set_up;
pub mod store;
pub mod world;

use crate::error::{Error, ErrorKind};
use crate::handoff::sheet;
use crate::procedure::FieldName;
use crate::secret::{Secret, printable};
use crate::setup::SecretKey;
use crate::{system, terminal};
use arguments::{Arguments, Command, ProceduresCommand};
use clap::Parser;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use world::World;

/// Runs the command line of this process. Returns the exit code.
pub fn main() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors and go to standard output; clap knows which is which.
            if !error.use_stderr() {
                let _ = error.print();
                return 0;
            }
            // clap repeats what was typed, and takes out less than `printable` does.
            for line in error.to_string().lines() {
                let _ = writeln!(std::io::stderr(), "{}", printable(line, LONGEST_LINE));
            }
            return ErrorKind::Usage.exit_code();
        }
    };
    terminal::install_hook();
    let mut out = Pipe(std::io::stdout().lock());
    let code = match run(&arguments, &mut out).and_then(|()| out.flush().map_err(|error| output(&error))) {
        Ok(()) => 0,
        Err(error) => {
            tracing::warn!(kind = ?error.kind, message = error.message, "ended with an error");
            if !matches!(error.kind, ErrorKind::Plugin(_)) {
                report(&error, &mut std::io::stderr());
            }
            error.kind.exit_code()
        }
    };
    tracing::info!(code, "ended");
    code
}

/// Standard output, whose reader may go away (`zoom-setup procedures | head -1`): it wants no more then, and
/// that is no failure.
struct Pipe<W>(W);

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// Longest line of an error, in characters.
const LONGEST_LINE: usize = 4000;

/// An error on standard error: what failed, then the advice, a line each. Paths and names in it come from
/// anywhere, so whatever could steer a terminal is taken out here.
pub fn report(error: &Error, out: &mut dyn Write) {
    let message = printable(&error.message, LONGEST_LINE);
    let line =
        if error.kind == ErrorKind::Left { format!("{message}.") } else { format!("error: {message}") };
    // Nothing can be done about a closed standard error.
    let _ = writeln!(out, "{line}");
    for line in error.hints.iter().flat_map(|hint| hint.lines()) {
        let _ = writeln!(out, "  {}", printable(line, LONGEST_LINE));
    }
}

/// Writing the result failed.
pub fn output(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the result could not be written: {error}"))
}

fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<(), Error> {
    if let Some(path) = &arguments.global.log_file {
        log::start(path, arguments.global.log_level)?;
    }
    if let Some(fault) = arguments.global.rehearse.as_deref().filter(|fault| !fault.is_empty()) {
        world::parse_fault(fault)?;
    }
    match &arguments.command {
        None => set_up::on_terminal(&arguments.global, set_up::Opening::Home, None),
        Some(Command::New { procedure, answers: Some(file), port }) => {
            answers::run(&arguments.global, procedure.as_deref(), file, *port, out)
        }
        Some(Command::New { procedure, answers: None, port }) => {
            let opening = procedure.clone().map_or(set_up::Opening::Home, set_up::Opening::Procedure);
            set_up::on_terminal(&arguments.global, opening, *port)
        }
        Some(Command::Resume { setup, port }) => {
            set_up::on_terminal(&arguments.global, set_up::Opening::Resume(setup.clone()), *port)
        }
        Some(Command::Procedures { json, command }) => {
            run_procedures(&arguments.global, *json, command.as_ref(), out)
        }
        Some(Command::Connections { json, command }) => {
            connections::run(&arguments.global, *json, command.as_ref(), out)
        }
        Some(Command::Check(arguments_of)) => check::run(&arguments.global, arguments_of, out),
        Some(Command::Scopes { command }) => scopes::run(&arguments.global, command, out),
        Some(Command::Handoff { connection, format, reveal_secrets, output }) => {
            hand_off(&arguments.global, connection, *format, *reveal_secrets, output.as_deref(), out)
        }
        Some(Command::Store { json, command }) => store::run(&arguments.global, *json, command.as_ref(), out),
        Some(Command::Sandbox { port, fault }) => {
            run_sandbox(&arguments.global, *port, fault.as_deref(), out)
        }
    }
}

fn run_procedures(
    global: &arguments::Global,
    json: bool,
    command: Option<&ProceduresCommand>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    if let Some(ProceduresCommand::Lint { file }) = command {
        return procedures::lint(file, out);
    }
    let known: Vec<_> = world::procedures(global)?.into_iter().map(Arc::unwrap_or_clone).collect();
    match command {
        Some(ProceduresCommand::Show { id, json: own }) => procedures::show(&known, id, json || *own, out),
        Some(ProceduresCommand::Lint { .. }) | None => procedures::list(&known, json, out),
    }
}

fn hand_off(
    global: &arguments::Global,
    name: &str,
    format: handoff::SheetFormat,
    reveal: bool,
    file: Option<&std::path::Path>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let (stored, _) = world.store.connections().map_err(world::store_error)?;
    let connection = connections::find(&stored, name)?;
    let procedure = world.procedure(&connection.procedure)?;
    let mut secrets: BTreeMap<FieldName, Secret> = BTreeMap::new();
    if reveal {
        world.open_secrets()?;
        for field in connection.secrets.keys() {
            let key = SecretKey::ConnectionField(connection.name.clone(), *field);
            if let Some(secret) = world.store.read_secret(&key).map_err(world::store_error)? {
                secrets.insert(*field, secret);
            }
        }
    }
    let sheet = sheet(connection, &procedure, &secrets);
    match file {
        None => handoff::write_sheet(&sheet, format, out).map_err(|error| output(&error)),
        Some(path) => {
            let refused = |error: std::io::Error| {
                let hint = "The sheet is never written over a file: name one that is not there yet.";
                Error::usage(format!("{}: {error}", path.display())).hint(hint)
            };
            let mut target = crate::runtime::private_file(path).map_err(refused)?;
            handoff::write_sheet(&sheet, format, &mut target).map_err(|error| output(&error))?;
            target.sync_all().map_err(|error| output(&error))
        }
    }
}

fn run_sandbox(
    global: &arguments::Global,
    port: Option<u16>,
    fault: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let fault = fault.map(world::parse_fault).transpose()?;
    let known = world::procedures(global)?;
    let scopes_of = |kind| {
        known
            .iter()
            .filter(|procedure| procedure.app_kind == kind)
            .flat_map(|procedure| procedure.scopes.iter().map(|scope| scope.id.clone()))
            .collect()
    };
    let options = sandbox::StandAlone {
        port,
        fault,
        general_scopes: scopes_of(crate::procedure::AppKind::General),
        server_to_server_scopes: scopes_of(crate::procedure::AppKind::ServerToServer),
        clock: Arc::new(system::SystemClock),
        entropy: Arc::new(system::SystemEntropy),
    };
    let runtime = set_up::tokio_runtime()?;
    // Before the sandbox says that it is there: whoever reads that may end it at once.
    let mut signals = {
        let _inside = runtime.enter();
        crate::runtime::Signals::new()
    };
    sandbox::run(options, out, || {
        runtime.block_on(async {
            tokio::select! {
                () = signals.next() => {}
                () = terminal::panicked() => {}
            }
        });
    })
}
