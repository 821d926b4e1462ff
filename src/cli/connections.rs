//! `connections …`: what is stored, and everything that changes it as a whole.

pub mod list;
mod rotate;

use super::arguments::{ConnectionsCommand, Global};
use super::output;
use super::world::{self, World};
use crate::error::Error;
use crate::secret::printable;
use crate::setup::Connection;
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
        Some(ConnectionsCommand::Remove { name }) => remove(global, name),
        Some(ConnectionsCommand::Rotate { name }) => rotate::run(global, name, out),
    }
}

fn show_all(global: &Global, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let world = World::without_zoom(global)?;
    let connections = stored(&world)?;
    list::list(&connections, json, out).map_err(|error| output(&error))
}

fn show(global: &Global, name: &str, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let world = World::without_zoom(global)?;
    let connections = stored(&world)?;
    let connection = find(&connections, name)?;
    let procedure = world.procedure(&connection.procedure).ok();
    list::show(connection, procedure.as_deref(), out, json).map_err(|error| output(&error))
}

fn remove(global: &Global, name: &str) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let connections = stored(&world)?;
    let connection = find(&connections, name)?.clone();
    world.open_secrets()?;
    let keys = crate::app::update::connection_secrets(&connection);
    let changes = keys.into_iter().map(|key| (key, None)).collect();
    world.store.write_secrets(changes).map_err(world::store_error)?;
    world.store.remove_connection(&connection.name).map_err(world::store_error)?;
    let _ = writeln!(
        std::io::stderr(),
        "Removed {} here. The app in Zoom and the connection in {} are still there.",
        printable(&connection.name, 100),
        connection.receiver.label()
    );
    Ok(())
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
