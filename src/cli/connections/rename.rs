//! `connections rename OLD NEW`: copied under the new name, verified, and only then gone under the old one.

use super::find;
use crate::cli::arguments::Global;
use crate::cli::world::{self, World};
use crate::entry::{self, Checked};
use crate::error::{Error, ErrorKind};
use crate::ports::{HeldTokens, Store, StoreFailure};
use crate::procedure::FieldName;
use crate::secret::{Secret, printable};
use crate::setup::{Connection, SecretKey};
use std::io::Write;

/// Renames a connection on this machine. Its name at the receiver stays.
///
/// # Errors
/// 2: no such connection, a name that is taken or cannot be used, a set-up that is still open for it; 6: the store.
pub fn run(global: &Global, from: &str, to: &str) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let connections = super::stored(&world)?;
    let to = usable_name(to)?;
    let is_there = |name: &str| connections.iter().any(|connection| connection.name == name);
    if !is_there(from) && is_there(&to) {
        return finish(&mut world, from, &to);
    }
    find(&connections, from)?;
    refuse_taken(&connections, &to)?;
    let (setups, _) = world.store.setups().map_err(world::store_error)?;
    if let Some(setup) = setups.iter().find(|setup| setup.connection.as_deref() == Some(from)) {
        return Err(Error::usage(format!("a set-up of {} is not finished", printable(from, 100))).hint(
            format!("Finish it first; its name can be changed there: zoom-setup resume {}", setup.id),
        ));
    }
    world.open_secrets()?;
    let left = rename(world.store.as_mut(), from, &to).map_err(world::store_error)?;
    let (from, to) = (printable(from, 100), printable(&to, 100));
    let _ = writeln!(
        std::io::stderr(),
        "Renamed {from} to {to} here. Zoom and the receiver know nothing of this name."
    );
    match left {
        None => Ok(()),
        Some(failure) => Err(Error::new(
            ErrorKind::Store,
            format!("{to} is whole, and what lay under {from} could not be removed"),
        )
        .hint(crate::app::update::store_failure_text(&failure))),
    }
}

/// A rename that was ended after the record had its new name: what lies under the old one goes.
fn finish(world: &mut World, from: &str, to: &str) -> Result<(), Error> {
    world.open_secrets()?;
    let left = remove_left(world.store.as_mut(), from).map_err(world::store_error)?;
    let (from, to) = (printable(from, 100), printable(to, 100));
    if !left {
        return Err(Error::usage(format!("there is no connection {from}, and {to} is there already")));
    }
    let _ = writeln!(
        std::io::stderr(),
        "{to} is whole. A rename of {from} was interrupted; what it had left is removed."
    );
    Ok(())
}

/// Removes secrets and tokens that belong to no connection. Says whether there were any.
fn remove_left(store: &mut dyn Store, name: &str) -> Result<bool, StoreFailure> {
    let mut held = store.tokens()?.hold(&SecretKey::ConnectionTokens(name.to_owned()))?;
    let mut left = held.read()?.is_some();
    held.remove()?;
    let mut changes = Vec::new();
    for field in FieldName::ALL.into_iter().filter(|field| field.is_secret()) {
        let key = SecretKey::ConnectionField(name.to_owned(), field);
        if store.read_secret(&key)?.is_some() {
            changes.push((key, None));
        }
    }
    left |= !changes.is_empty();
    store.write_secrets(changes)?;
    Ok(left)
}

/// The name in its normal form, by the wizard's rules.
///
/// # Errors
/// It cannot be used: why, and what could.
pub fn usable_name(text: &str) -> Result<String, Error> {
    match entry::check(FieldName::ConnectionName, text, &[]) {
        Checked::Good { value, .. } => Ok(value),
        Checked::Empty => Err(Error::usage("the new name is empty")),
        Checked::Bad { finding, cleaned } => {
            let error = Error::usage(finding.message).hint(finding.hint);
            Err(match cleaned {
                Some(name) => error.hint(format!("This could be used: {}", printable(&name, 100))),
                None => error,
            })
        }
    }
}

/// # Errors
/// There is a connection of that name.
pub fn refuse_taken(connections: &[Connection], name: &str) -> Result<(), Error> {
    if connections.iter().any(|connection| connection.name == name) {
        return Err(Error::usage(format!("there is a connection {} already", printable(name, 100)))
            .hint("Nothing was changed. Take another name, or rename or remove that one first."));
    }
    Ok(())
}

/// Copies secrets and tokens to the new name, lets the record change its name in one replace, then removes what lies
/// under the old name. Until that replace the old name is whole, from it on the new one. Gives the failure of the
/// removal, if that is all that went wrong.
///
/// # Errors
/// Nothing has changed; what lies under the new name belongs to no connection.
pub fn rename(store: &mut dyn Store, from: &str, to: &str) -> Result<Option<StoreFailure>, StoreFailure> {
    let [mut old, mut new] = hold_both(store, from, to)?;
    // Under the lock: whoever refreshed meanwhile is done.
    let (connections, _) = store.connections()?;
    let found = connections.into_iter().find(|connection| connection.name == from);
    let Some(connection) = found else {
        return Err(StoreFailure::Io {
            message: format!("there is no connection {} any more", printable(from, 80)),
        });
    };
    if let Err(failure) = copy(store, &connection, to, old.as_ref(), new.as_mut()) {
        // Of no use to anybody, and nothing is lost with it; the failure above is what counts.
        let _ = new.remove();
        let _ = store.write_secrets(removals(&connection, to));
        return Err(failure);
    }
    let renamed = Connection { name: to.to_owned(), ..connection.clone() };
    store.rename_connection(from, &renamed)?;
    let result = verify(store, &renamed)
        .and_then(|()| old.remove())
        .and_then(|()| store.write_secrets(removals(&connection, from)));
    Ok(result.err())
}

/// Both names' tokens, always in the same order, so that two renames never wait for each other.
fn hold_both(store: &dyn Store, from: &str, to: &str) -> Result<[Box<dyn HeldTokens>; 2], StoreFailure> {
    let tokens = store.tokens()?;
    let key = |name: &str| SecretKey::ConnectionTokens(name.to_owned());
    if from < to {
        let old = tokens.hold(&key(from))?;
        Ok([old, tokens.hold(&key(to))?])
    } else {
        let new = tokens.hold(&key(to))?;
        Ok([tokens.hold(&key(from))?, new])
    }
}

/// Everything secret, under the new name too.
fn copy(
    store: &mut dyn Store,
    connection: &Connection,
    to: &str,
    old: &dyn HeldTokens,
    new: &mut dyn HeldTokens,
) -> Result<(), StoreFailure> {
    let mut changes: Vec<(SecretKey, Option<Secret>)> = Vec::new();
    for field in connection.secrets.keys() {
        let secret = store.read_secret(&SecretKey::ConnectionField(connection.name.clone(), *field))?;
        changes.push((SecretKey::ConnectionField(to.to_owned(), *field), secret));
    }
    if !changes.is_empty() {
        store.write_secrets(changes.clone())?;
    }
    for (key, secret) in &changes {
        if store.read_secret(key)? != *secret {
            return Err(not_the_same(to));
        }
    }
    // With the mark of an unfinished refresh, if there is one.
    match old.read()? {
        Some(record) => {
            new.write(&record)?;
            if new.read()?.as_ref() != Some(&record) {
                return Err(not_the_same(to));
            }
        }
        None => new.remove()?,
    }
    Ok(())
}

fn not_the_same(name: &str) -> StoreFailure {
    StoreFailure::Io {
        message: format!("what was stored under {} does not read back the same", printable(name, 80)),
    }
}

fn verify(store: &dyn Store, renamed: &Connection) -> Result<(), StoreFailure> {
    let (connections, _) = store.connections()?;
    if connections.contains(renamed) { Ok(()) } else { Err(not_the_same(&renamed.name)) }
}

/// The secrets of a connection under that name, to be removed.
fn removals(connection: &Connection, name: &str) -> Vec<(SecretKey, Option<Secret>)> {
    connection
        .secrets
        .keys()
        .map(|field| (SecretKey::ConnectionField(name.to_owned(), *field), None))
        .collect()
}
