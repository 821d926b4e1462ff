//! `connections import FILE`: checked whole before anything is stored.

use super::export::{PASSPHRASE, asked};
use super::rename::{refuse_taken, usable_name};
use crate::cli::arguments::Global;
use crate::cli::world::{self, World};
use crate::error::Error;
use crate::handoff::quote;
use crate::handoff::transfer::{LARGEST, Parcel};
use crate::ports::StoreFailure;
use crate::procedure::{AppKind, FieldName};
use crate::secret::printable;
use crate::setup::{Connection, Owner, SecretKey};
use crate::store::{OpenFailure, parcel};
use std::io::{Read, Write};
use std::path::Path;

/// Stores the connection that is in the file.
///
/// # Errors
/// 2: the file is not usable, or the name is taken; 6: the store. Nothing is changed then.
pub fn run(global: &Global, path: &Path, name: Option<&str>) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let mut parcel = read(path)?;
    let shown = path.display();
    let unusable = |why: String| Error::usage(format!("{shown}: {why}")).hint("Nothing was changed.");
    if parcel.connection.rehearsal != global.rehearse.is_some() {
        return Err(unusable(if parcel.connection.rehearsal {
            "it was made in a rehearsal, and is of no use with a real Zoom; --rehearse imports it".to_owned()
        } else {
            "it is of a real Zoom, and this is a rehearsal".to_owned()
        }));
    }
    let wanted = usable_name(name.unwrap_or(&parcel.connection.name))
        .map_err(|error| error.hint("Another name can be given: --as NAME"))?;
    refuse_taken(&super::stored(&world)?, &wanted)
        .map_err(|error| error.hint("Under another name: --as NAME"))?;
    parcel.connection.name = wanted;
    let known = world.procedure(&parcel.connection.procedure).ok();
    if let Some(procedure) = &known
        && (procedure.app_kind, procedure.receiver)
            != (parcel.connection.app_kind, parcel.connection.receiver)
    {
        let id = &procedure.id;
        return Err(unusable(format!("its app or receiver is not that of the procedure {id}")));
    }
    if !parcel.secrets.is_empty() || parcel.tokens.is_some() {
        world.open_secrets()?;
    }
    store(&mut world, &parcel).map_err(|failure| {
        world::store_error(failure).hint("Nothing of it counts: there is no connection of that name.")
    })?;
    report(&parcel, known.is_some());
    Ok(())
}

/// The document in the file, decrypted if need be.
fn read(path: &Path) -> Result<Parcel, Error> {
    let shown = path.display();
    let unusable = |why: String| Error::usage(format!("{shown}: {why}")).hint("Nothing was changed.");
    let mut bytes = Vec::new();
    // A sealed document is a little larger than what is in it.
    let most = u64::try_from(2 * LARGEST).unwrap_or(u64::MAX);
    std::fs::File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| unusable(error.to_string()))?;
    if !parcel::is_sealed(&bytes) {
        return Parcel::from_json(&bytes).map_err(|problem| unusable(problem.to_string()));
    }
    let passphrase = match world::secret_variable(PASSPHRASE) {
        Some(passphrase) => passphrase,
        None => asked("Passphrase of the file: ")?,
    };
    let plain = parcel::open(&bytes, &passphrase).map_err(|failure| match failure {
        OpenFailure::WrongKey => unusable("the passphrase does not open it".to_owned()),
        OpenFailure::Newer(how) | OpenFailure::Damaged(how) => unusable(how),
    })?;
    Parcel::from_json(&plain).map_err(|problem| unusable(problem.to_string()))
}

/// Secrets and tokens first; the record, which makes it a connection, last.
fn store(world: &mut World, parcel: &Parcel) -> Result<(), StoreFailure> {
    let name = &parcel.connection.name;
    let mut held = None;
    if let Some(record) = &parcel.tokens {
        let mut tokens = world.store.tokens()?.hold(&SecretKey::ConnectionTokens(name.clone()))?;
        tokens.write(record)?;
        held = Some(tokens);
    }
    if !parcel.secrets.is_empty() {
        let changes = parcel
            .secrets
            .iter()
            .map(|(field, secret)| (SecretKey::ConnectionField(name.clone(), *field), Some(secret.clone())))
            .collect();
        world.store.write_secrets(changes)?;
    }
    let result = world.store.save_connection(&parcel.connection);
    drop(held);
    result
}

/// What came in, and what is missing.
fn report(parcel: &Parcel, procedure_known: bool) {
    let connection = &parcel.connection;
    let name = printable(&connection.name, 100);
    let mut lines = vec![format!("{name} is stored.")];
    let missing: Vec<&str> = connection
        .secrets
        .keys()
        .filter(|field| !parcel.secrets.contains_key(field))
        .map(|field| field.label())
        .collect();
    if !missing.is_empty() {
        lines.push(format!("Missing: {}. It is not in the file.", missing.join(", ")));
    }
    if missing.contains(&FieldName::ClientSecret.label()) {
        lines.push(format!(
            "To enter the client secret, the same as before or a new one: zoom-setup connections rotate {}",
            quote(&connection.name)
        ));
    }
    if !procedure_known {
        lines.push(format!(
            "Missing: the procedure {}. If it is one of your own, name its folder: --procedures DIR",
            printable(&connection.procedure, 100)
        ));
    }
    lines.extend(of_login(connection, parcel.tokens.is_some()).map(str::to_owned));
    for line in lines {
        // Nothing can be done about a closed standard error.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

fn of_login(connection: &Connection, came: bool) -> Option<&'static str> {
    match (connection.app_kind, connection.owner) {
        (AppKind::General, Owner::Wizard) if came => Some(
            "Its login came along and is refreshed from here on. Delete the file now: imported a second time, the \
             two would spend one refresh token.",
        ),
        (AppKind::General, Owner::Wizard) => Some(
            "Missing: its login, which stays where it was exported. A new login from here ends that one: Zoom keeps \
             one grant per user and app.",
        ),
        (AppKind::General, Owner::Receiver) | (AppKind::ServerToServer, _) => None,
    }
}
