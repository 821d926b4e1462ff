//! `connections export NAME`: a readable document without secrets, or an age file with them.

use super::find;
use crate::cli::arguments::{ExportArguments, Global};
use crate::cli::output;
use crate::cli::world::{self, World};
use crate::error::{Error, ErrorKind};
use crate::handoff::transfer::{Parcel, without_login};
use crate::oauth::renewal::TokenRecord;
use crate::ports::{Clock, HeldTokens, Store};
use crate::procedure::FieldName;
use crate::runtime::private_file;
use crate::secret::{Secret, passphrase_fault, printable};
use crate::setup::{Connection, SecretKey};
use crate::store::parcel;
use crate::system::SystemClock;
use crate::terminal;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// The passphrase of a file that is written or read, where no prompt is possible.
pub const PASSPHRASE: &str = "ZOOM_SETUP_EXPORT_PASSPHRASE";

/// Writes a connection to a file or standard output.
///
/// # Errors
/// 2: no such connection, a file that is there, no passphrase; 6: the store.
pub fn run(global: &Global, arguments: &ExportArguments, out: &mut dyn Write) -> Result<(), Error> {
    let mut world = World::without_zoom(global)?;
    let connections = super::stored(&world)?;
    let connection = find(&connections, &arguments.name)?.clone();
    if let Some(path) = &arguments.output {
        refuse_present(path)?;
    }
    match &arguments.output {
        Some(path) if arguments.with_secrets || arguments.moved => {
            let passphrase = new_passphrase()?;
            world.open_secrets()?;
            if arguments.moved {
                move_out(&mut world, &connection, path, &passphrase)
            } else {
                let secrets = secrets_of(world.store.as_ref(), &connection)?;
                let parcel = parcel_of(without_login(&connection), secrets, None);
                write_sealed(path, &parcel, &passphrase)?;
                told(&format!("{} is written, with its secrets.", path.display()));
                told_of_login(&connection);
                Ok(())
            }
        }
        path => {
            let parcel = parcel_of(without_login(&connection), BTreeMap::new(), None);
            let text = text_of(&parcel)?;
            match path {
                None => out.write_all(text.expose().as_bytes()).map_err(|error| output(&error))?,
                Some(path) => write_verified(path, text.expose().as_bytes())?,
            }
            told("Its secrets are not in it: they stand there by fingerprint.");
            told_of_login(&connection);
            Ok(())
        }
    }
}

/// Everything goes, and what was here is removed once the file is proved to hold it.
fn move_out(
    world: &mut World,
    connection: &Connection,
    path: &Path,
    passphrase: &Secret,
) -> Result<(), Error> {
    let key = SecretKey::ConnectionTokens(connection.name.clone());
    let tokens = world.store.tokens().map_err(world::store_error)?;
    // Held to the end: nobody refreshes what is on its way out.
    let mut held = tokens.hold(&key).map_err(world::store_error)?;
    let connections = super::stored(world)?;
    let connection = find(&connections, &connection.name)?;
    let record = if connection.grant.is_some() { held.read().map_err(world::store_error)? } else { None };
    let secrets = secrets_of(world.store.as_ref(), connection)?;
    let record_here = match &record {
        Some(_) => connection.clone(),
        None => without_login(connection),
    };
    write_sealed(path, &parcel_of(record_here, secrets, record), passphrase)?;
    let name = printable(&connection.name, 100);
    remove(world, connection, held.as_mut()).map_err(|error| {
        error
            .hint(format!("{} is written and whole; {name} is not removed here yet.", path.display()))
            .hint("Do not import the file before it is: two copies would spend one refresh token.")
    })?;
    told(&format!("{} is written and was read back; {name} is removed here.", path.display()));
    told("Import it once, on one machine, and delete the file then.");
    Ok(())
}

fn remove(world: &mut World, connection: &Connection, held: &mut dyn HeldTokens) -> Result<(), Error> {
    held.remove().map_err(world::store_error)?;
    let fields = connection.secrets.keys();
    let changes =
        fields.map(|field| (SecretKey::ConnectionField(connection.name.clone(), *field), None)).collect();
    world.store.write_secrets(changes).map_err(world::store_error)?;
    world.store.remove_connection(&connection.name).map_err(world::store_error)
}

fn parcel_of(
    connection: Connection,
    secrets: BTreeMap<FieldName, Secret>,
    tokens: Option<TokenRecord>,
) -> Parcel {
    Parcel { exported: SystemClock.now(), connection, secrets, tokens }
}

fn text_of(parcel: &Parcel) -> Result<Secret, Error> {
    parcel.to_json().map_err(|error| Error::new(ErrorKind::Internal, error))
}

/// Its secrets, every one that it names.
fn secrets_of(store: &dyn Store, connection: &Connection) -> Result<BTreeMap<FieldName, Secret>, Error> {
    let mut secrets = BTreeMap::new();
    for (field, fingerprint) in &connection.secrets {
        let key = SecretKey::ConnectionField(connection.name.clone(), *field);
        match store.read_secret(&key).map_err(world::store_error)? {
            Some(secret) if secret.fingerprint() == *fingerprint => {
                secrets.insert(*field, secret);
            }
            Some(_) | None => {
                let label = field.label();
                return Err(Error::new(
                    ErrorKind::Store,
                    format!("its {label} is not stored here as its record names it"),
                )
                .hint("Nothing was written. Enter it again: zoom-setup connections rotate NAME")
                .hint("Without --with-secrets it is exported all the same."));
            }
        }
    }
    Ok(secrets)
}

/// Writes an age file, and proves that it opens to the same.
fn write_sealed(path: &Path, parcel: &Parcel, passphrase: &Secret) -> Result<(), Error> {
    let text = text_of(parcel)?;
    let sealed = parcel::seal(&text, passphrase).map_err(|why| Error::new(ErrorKind::Internal, why))?;
    write_verified(path, &sealed)?;
    let back = std::fs::read(path).map_err(|error| Error::usage(format!("{}: {error}", path.display())))?;
    let opened = parcel::open(&back, passphrase).ok();
    if opened.and_then(|plain| Parcel::from_json(&plain).ok()).as_ref() == Some(parcel) {
        return Ok(());
    }
    // Of no use, and with the secrets in it.
    let _ = std::fs::remove_file(path);
    Err(Error::usage(format!("{}: what was written does not open to the same again", path.display()))
        .hint("The disk may be full or failing. The file is removed; nothing was changed here."))
}

/// Writes a file that was not there before, for its owner only, and reads it back.
fn write_verified(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::usage(format!("{}: {error}", path.display()));
    let mut file = private_file(path).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::read(path));
    match written {
        Ok(back) if back == bytes => Ok(()),
        result => {
            // Half a file is of no use to anybody.
            let _ = std::fs::remove_file(path);
            Err(match result {
                Ok(_) => Error::usage(format!("{}: what was written does not read back", path.display())),
                Err(error) => failed(error),
            }
            .hint("The disk may be full or failing. Nothing was changed here."))
        }
    }
}

fn refuse_present(path: &Path) -> Result<(), Error> {
    // Also a link that leads nowhere is there.
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(Error::usage(format!("{} is there already", path.display()))
            .hint("An export is never written over a file: name one that is not there yet."));
    }
    Ok(())
}

/// A passphrase for a new file: from the environment, or typed twice.
fn new_passphrase() -> Result<Secret, Error> {
    let fit = |chosen: Secret| match passphrase_fault(&chosen) {
        None => Ok(chosen),
        Some(fault) => Err(Error::usage(fault)),
    };
    if let Some(passphrase) = world::secret_variable(PASSPHRASE) {
        return fit(passphrase);
    }
    let first = fit(asked("Passphrase for the file: ")?)?;
    if asked("The same again: ")? != first {
        return Err(Error::usage("the two passphrases are not the same").hint("Nothing was written."));
    }
    Ok(first)
}

/// A passphrase that is typed.
///
/// # Errors
/// There is no terminal to type on.
pub fn asked(prompt: &str) -> Result<Secret, Error> {
    if !terminal::is_interactive() {
        return Err(Error::usage("the file needs a passphrase, and there is no terminal to ask on")
            .hint(format!("Put it into {PASSPHRASE}.")));
    }
    let typed = rpassword::prompt_password(prompt);
    typed.map(Secret::new).map_err(|error| Error::usage(format!("no passphrase was read: {error}")))
}

fn told_of_login(connection: &Connection) {
    if connection.grant.is_some() {
        told(
            "The login that is kept here stays here: zoom-setup goes on refreshing it. --move takes it along.",
        );
    }
}

fn told(line: &str) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr(), "{}", printable(line, 400));
}
