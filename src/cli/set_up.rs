//! Home, `new` and `resume` on a terminal.

use super::arguments::Global;
use super::world::World;
use crate::app::checking::CheckRequest;
use crate::app::message::{Exit, Msg};
use crate::app::model::Model;
use crate::app::review::ReviewRequest;
use crate::check::Unsaved;
use crate::error::{Error, ErrorKind};
use crate::ports::Clock;
use crate::runtime::{Ended, Runtime, Signals, Written, run_on_terminal};
use crate::secret::printable;
use crate::setup::{Connection, Setup};
use crate::system::SystemClock;
use crate::terminal::{self, Guard};
use crate::ui::Theme;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{BufWriter, Write};

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    Home,
    /// A new set-up for the procedure of that id.
    Procedure(String),
    /// The set-up of that id, or the newest.
    Resume(Option<String>),
    /// The review of scopes.
    Review(ReviewRequest),
    /// The check of connections.
    Check(CheckRequest),
    /// A new client secret for the connection of that name.
    Rotate(String),
}

/// A runtime on this thread: one user, one screen.
///
/// # Errors
/// The system gives no event queue.
pub fn tokio_runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, format!("no event loop: {error}")))
}

/// Runs the full-screen program.
///
/// # Errors
/// No terminal; bad options; cancelled by the user.
pub fn on_terminal(global: &Global, opening: Opening, port: Option<u16>) -> Result<(), Error> {
    if !terminal::is_interactive() {
        return Err(Error::usage("this needs a terminal on standard input and output")
            .hint("Without one: zoom-setup new PROCEDURE --answers FILE")
            .hint("To see what there is: zoom-setup procedures, zoom-setup connections"));
    }
    let world = World::new(global, true)?.with_port(port);
    let mut first = Vec::new();
    match opening {
        Opening::Home => {}
        Opening::Procedure(id) => {
            if !world.procedures.iter().any(|procedure| procedure.id == id) {
                let known: Vec<_> = world.procedures.iter().map(|known| (**known).clone()).collect();
                return Err(super::procedures::unknown_procedure(&known, &id));
            }
            first.push(Msg::Begin { procedure: id });
        }
        Opening::Resume(wanted) => first.extend(resume(&world, wanted)?),
        Opening::Review(request) => first.extend(review(&world, request)?),
        Opening::Check(request) => first.extend(check(&world, request)?),
        Opening::Rotate(name) => first.extend(rotate(&world, name)?),
    }
    let theme = if global.no_color || no_color() { Theme::plain() } else { Theme::coloured() };
    let (ports, settings, procedures) = world.into_parts();
    let mut model = Model::new(SystemClock.now(), settings, procedures);
    let tokio = tokio_runtime()?;
    let (ended, unsaved) = tokio.block_on(async {
        let no_thread = |error: std::io::Error| Error::new(ErrorKind::Internal, error.to_string());
        let mut runtime = Runtime::new(ports).map_err(no_thread)?;
        let signals = Signals::new();
        let guard = Guard::enter()
            .map_err(|error| Error::usage(format!("the terminal can't be used full-screen: {error}")))?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(32 * 1024, std::io::stdout()));
        let mut screen = Terminal::new(backend)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("the terminal: {error}")))?;
        let written = Written::new(std::env::var("TERM").ok().as_deref());
        let ended =
            run_on_terminal(&mut model, &mut runtime, &mut screen, &theme, signals, first, written).await;
        drop(guard);
        let unsaved = if ended == Ended::Panicked {
            Vec::new()
        } else {
            if runtime.is_refreshing() {
                // Nobody may be there to read it.
                let _ = writeln!(std::io::stderr(), "Waiting for the refresh that is under way: up to 10 s.");
            }
            runtime.finish().await
        };
        Ok::<_, Error>((ended, unsaved))
    })?;
    if !unsaved.is_empty() {
        return Err(lost(&unsaved));
    }
    match ended {
        Ended::Exit(Exit::Done) => Ok(()),
        Ended::Exit(Exit::Rehearse) => {
            let rehearsal = Global { rehearse: Some(String::new()), ..global.clone() };
            on_terminal(&rehearsal, Opening::Home, port)
        }
        Ended::Exit(Exit::Left) => {
            Err(Error::new(ErrorKind::Left, "Left before the end").hint(super::world::go_on(global, port)))
        }
        Ended::Panicked => Err(Error::new(ErrorKind::Internal, "a defect of this program ended it")
            .hint(super::world::go_on(global, port))),
        Ended::TerminalLost(why) => {
            Err(Error::new(ErrorKind::Cancelled, format!("the terminal went away: {why}"))
                .hint(super::world::go_on(global, port)))
        }
    }
}

/// New pairs that no store has taken to the end.
fn lost(unsaved: &[Unsaved]) -> Error {
    let names: Vec<String> = unsaved.iter().map(|unsaved| printable(&unsaved.key.path(), 200)).collect();
    let message = format!("a new pair of tokens was stored nowhere and is lost: {}", names.join(", "));
    Error::new(ErrorKind::Store, message)
        .hint("The store took it neither at once nor at the end. Mend the store, then log in again.")
}

/// The library, then the set-up to go on with.
fn resume(world: &World, wanted: Option<String>) -> Result<[Msg; 2], Error> {
    let (mut setups, connections, unreadable) = library(world)?;
    setups.sort_by_key(|setup| std::cmp::Reverse(setup.updated));
    let found = match &wanted {
        Some(id) => setups.iter().find(|setup| setup.id == *id),
        None => setups.first(),
    };
    let Some(setup) = found.map(|setup| setup.id.clone()) else {
        let known: Vec<&str> = setups.iter().map(|setup| setup.id.as_str()).collect();
        return Err(match wanted {
            Some(id) => {
                Error::usage(format!("there is no unfinished set-up {}", printable(&id, 80))).hint(format!(
                    "Unfinished: {}",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                ))
            }
            None => Error::usage("there is no unfinished set-up").hint("Begin one: zoom-setup new"),
        });
    };
    Ok([Msg::LibraryLoaded { setups, connections, unreadable }, Msg::Resume { setup }])
}

/// Set-ups, connections, and a line for each file that could not be read.
type Library = (Vec<Setup>, Vec<Connection>, Vec<String>);

/// What is stored, as the store's thread would tell it.
fn library(world: &World) -> Result<Library, Error> {
    let (setups, mut unreadable) = world.store.setups().map_err(super::world::store_error)?;
    let (connections, more) = world.store.connections().map_err(super::world::store_error)?;
    unreadable.extend(more);
    Ok((setups, connections, unreadable))
}

/// The library, then the screen for a new client secret.
fn rotate(world: &World, name: String) -> Result<[Msg; 2], Error> {
    let (setups, connections, unreadable) = library(world)?;
    super::connections::find(&connections, &name)?;
    Ok([Msg::LibraryLoaded { setups, connections, unreadable }, Msg::Rotate { connection: name }])
}

/// The library, then the review of what is named.
fn review(world: &World, request: ReviewRequest) -> Result<[Msg; 2], Error> {
    let (setups, connections, unreadable) = library(world)?;
    if let Some(name) = &request.connection {
        super::connections::find(&connections, name)?;
    }
    let is_unknown = |id: &&String| !world.procedures.iter().any(|procedure| procedure.id == **id);
    if let Some(id) = request.procedure.as_ref().filter(is_unknown) {
        let known: Vec<_> = world.procedures.iter().map(|known| (**known).clone()).collect();
        return Err(super::procedures::unknown_procedure(&known, id));
    }
    Ok([Msg::LibraryLoaded { setups, connections, unreadable }, Msg::Review(request)])
}

/// The library, then the check of what is named.
fn check(world: &World, request: CheckRequest) -> Result<[Msg; 3], Error> {
    let (setups, mut unreadable) = world.store.setups().map_err(super::world::store_error)?;
    let (connections, more) = world.store.connections().map_err(super::world::store_error)?;
    unreadable.extend(more);
    let named = super::check::chosen(connections.clone(), &request.names)?;
    if named.is_empty() {
        return Err(Error::usage("there is no connection to check").hint("Make one with: zoom-setup new"));
    }
    // Without it every check is the first one.
    let history = world.history.read().unwrap_or_default();
    Ok([
        Msg::LibraryLoaded { setups, connections, unreadable },
        Msg::HistoryLoaded(history),
        Msg::Check(request),
    ])
}

/// The convention of no-color.org: set and not empty.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
