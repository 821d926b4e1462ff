//! `connections …`: what is stored, and everything that changes it as a whole.

mod export;
mod import;
pub mod list;
mod remove;
pub mod rename;
mod rotate;

use super::arguments::{ConnectionsCommand, Global};
use super::output;
use super::world::{self, World};
use crate::error::Error;
use crate::handoff::removal::is_revocable;
use crate::ports::{Clock, StoreFailure};
use crate::secret::printable;
use crate::setup::{Connection, SecretKey};
use crate::system::SystemClock;
use list::{KeptLogin, Surroundings};
use remove::Login;
use std::io::Write;

/// Runs a command of the room.
///
/// # Errors
/// Those of the command; an unknown name.
pub fn run(
    global: &Global,
    json: bool,
    command: Option<&ConnectionsCommand>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    match command {
        None => show_all(global, json, out),
        Some(ConnectionsCommand::List { json: own }) => show_all(global, json || *own, out),
        Some(ConnectionsCommand::Show { name, json: own }) => show(global, name, json || *own, out),
        Some(ConnectionsCommand::Rename { old, new }) => rename::run(global, old, new),
        Some(ConnectionsCommand::Remove { name, revoke, keep_grant }) => {
            let login = match (revoke, keep_grant) {
                (true, _) => Login::Revoke,
                (false, true) => Login::Keep,
                (false, false) => Login::Unsaid,
            };
            remove::run(global, name, login)
        }
        Some(ConnectionsCommand::Export(arguments)) => export::run(global, arguments, out),
        Some(ConnectionsCommand::Import { file, name }) => import::run(global, file, name.as_deref()),
        Some(ConnectionsCommand::Rotate { name }) => rotate::run(global, name, out),
    }
}

fn show_all(global: &Global, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let world = World::without_zoom(global)?;
    let connections = stored(&world)?;
    let history = world.history.read().map_err(world::store_error)?;
    let known = Surroundings { history: &history, now: SystemClock.now() };
    list::list(&connections, known, json, out).map_err(|error| output(&error))
}

fn show(global: &Global, name: &str, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let connections = stored(&world)?;
    let connection = find(&connections, name)?;
    let procedure = world.procedure(&connection.procedure).ok();
    let history = world.history.read().map_err(world::store_error)?;
    let known = Surroundings { history: &history, now: SystemClock.now() };
    let login = kept_login(&mut world, connection);
    list::show((connection, procedure.as_deref()), known, &login, json, out).map_err(|error| output(&error))
}

/// The login that is kept here, as far as it can be seen without asking anybody for a passphrase.
fn kept_login(world: &mut World, connection: &Connection) -> KeptLogin {
    if !is_revocable(connection) {
        return KeptLogin::None;
    }
    let passphrase = world.passphrase.clone();
    let unlocked = match world.store.unlock(None) {
        Err(StoreFailure::NeedsPassphrase { .. }) if passphrase.is_some() => {
            world.store.unlock(passphrase.as_ref())
        }
        unlocked => unlocked,
    };
    let key = SecretKey::ConnectionTokens(connection.name.clone());
    let looked = unlocked.and_then(|_| world.store.tokens()).and_then(|tokens| tokens.look(&key));
    match looked {
        Ok(Some(record)) => KeptLogin::Here {
            access_token_expires: record.tokens.expires_at,
            refresh_token_from: record.tokens.refresh_token.as_ref().map(|_| record.tokens.obtained_at),
            unfinished: record.refreshing.map(|begun| begun.since),
        },
        Ok(None) => KeptLogin::Missing,
        Err(StoreFailure::NeedsPassphrase { .. }) => {
            KeptLogin::NotLookedAt("the passphrase is asked for in ZOOM_SETUP_PASSPHRASE only".to_owned())
        }
        Err(failure) => KeptLogin::NotLookedAt(crate::app::update::store_failure_text(&failure)),
    }
}

/// Every connection that can be read. What cannot is a warning.
///
/// # Errors
/// The directory can't be read.
pub fn stored(world: &World) -> Result<Vec<Connection>, Error> {
    let (connections, unreadable) = world.store.connections().map_err(world::store_error)?;
    for line in unreadable {
        let _ = writeln!(std::io::stderr(), "warning: {}", printable(&line, 400));
    }
    Ok(connections)
}

/// The connection of that name.
///
/// # Errors
/// There is none: names those there are.
pub fn find<'a>(connections: &'a [Connection], name: &str) -> Result<&'a Connection, Error> {
    connections.iter().find(|connection| connection.name == name).ok_or_else(|| {
        let known: Vec<String> =
            connections.iter().map(|connection| printable(&connection.name, 100)).collect();
        let list = if known.is_empty() {
            "No connection is stored yet. Begin one: zoom-setup new".to_owned()
        } else {
            format!("Stored: {}", known.join(", "))
        };
        Error::usage(format!("there is no connection {}", printable(name, 100))).hint(list)
    })
}
