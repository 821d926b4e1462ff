//! `store`: where the data is, whether all of it is whole; bringing back, and moving the key.

mod words;

use super::arguments::{Global, KeyArgument, StoreCommand};
use super::output;
use super::world;
use crate::error::{Error, ErrorKind};
use crate::ports::{Clock, StoreFailure};
use crate::secret::{Secret, passphrase_fault};
use crate::store::{FileStore, Health, KeyPlace, NewPlace, Opened};
use crate::system::SystemClock;
use crate::terminal;
use std::io::Write;

/// Where the passphrase of now is taken from, and a new one.
const PASSPHRASE: &str = "ZOOM_SETUP_PASSPHRASE";
const NEW_PASSPHRASE: &str = "ZOOM_SETUP_NEW_PASSPHRASE";

/// Runs `store` and its commands.
///
/// # Errors
/// Exit code 6: a file is damaged, or the store cannot be read or written; 2: not here, or not without a word more.
pub fn run(
    global: &Global,
    json: bool,
    command: Option<&StoreCommand>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let store = world::file_store(global)?;
    match command {
        None => status(&store, json, out),
        Some(StoreCommand::Status { json: own }) => status(&store, json || *own, out),
        Some(StoreCommand::Repair { yes }) => repair(&store, *yes, out),
        Some(StoreCommand::Move { to }) => move_key(&store, *to, out),
    }
}

fn status(store: &FileStore, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let passphrase = world::secret_variable(PASSPHRASE);
    let health = store.health(passphrase.as_ref()).map_err(world::store_error)?;
    let now = SystemClock.now();
    let text = if json {
        words::json(&health, &store.passphrase_cost(), now)
            .map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?
    } else {
        words::text(&health, &store.passphrase_cost(), now)
    };
    out.write_all(text.as_bytes()).map_err(|error| output(&error))?;
    if health.is_whole() {
        // Damage can look like this; and what was not looked at is not called whole.
        return match health.opened {
            Opened::WrongPassphrase => Err(world::store_error(StoreFailure::WrongPassphrase)),
            Opened::Yes | Opened::Nothing | Opened::NeedsPassphrase | Opened::No(_) => Ok(()),
        };
    }
    let what = if health.files_are_whole() { "something is gone" } else { "not every file is whole" };
    Err(Error::new(ErrorKind::Store, what).hint(next_step(&health)))
}

fn next_step(health: &Health) -> &'static str {
    if health.repairs().is_empty() {
        words::NOTHING_TO_BRING_BACK
    } else {
        "See what can be brought back, before anything is changed: zoom-setup store repair"
    }
}

fn repair(store: &FileStore, yes: bool, out: &mut dyn Write) -> Result<(), Error> {
    let mut passphrase = world::secret_variable(PASSPHRASE);
    let mut health = store.health(passphrase.as_ref()).map_err(world::store_error)?;
    if health.opened == Opened::NeedsPassphrase && terminal::is_interactive() {
        // Without it the secrets cannot be looked at, and damage in them would not be seen.
        passphrase = Some(world::typed_passphrase("Passphrase of the secrets: ").map_err(Error::usage)?);
        health = store.health(passphrase.as_ref()).map_err(world::store_error)?;
    }
    match &health.opened {
        Opened::WrongPassphrase if health.repairs().is_empty() => {
            return Err(world::store_error(StoreFailure::WrongPassphrase));
        }
        Opened::Yes | Opened::Nothing | Opened::NeedsPassphrase | Opened::WrongPassphrase | Opened::No(_) => {
        }
    }
    let now = SystemClock.now();
    let repairs = health.repairs();
    let text = words::plan(&health, &repairs, now);
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| output(&error))?;
    if repairs.is_empty() {
        return if health.is_whole() {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::Store, "nothing could be brought back")
                .hint(words::NOTHING_TO_BRING_BACK))
        };
    }
    if !yes && !agreed()? {
        return Err(Error::new(ErrorKind::Left, "Nothing was changed"));
    }
    for repair in &repairs {
        let aside = store.repair(repair, passphrase.as_ref(), now).map_err(world::store_error)?;
        let line = words::repaired(repair, aside.as_deref());
        out.write_all(line.as_bytes()).map_err(|error| output(&error))?;
    }
    let left = store.health(passphrase.as_ref()).map_err(world::store_error)?;
    if left.is_whole() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Store, "some of it is still damaged or gone")
        .hint(words::NOTHING_TO_BRING_BACK))
}

/// Asks on a terminal; without one the answer has to be in the command.
fn agreed() -> Result<bool, Error> {
    if !terminal::is_interactive() {
        return Err(Error::usage("nothing was changed, since nobody is here to be asked")
            .hint("To bring all of it back: zoom-setup store repair --yes"));
    }
    let mut talk = std::io::stderr();
    // A closed standard error asks nobody; the answer is still read.
    let _ = write!(talk, "\nBring all of it back? (y/n) ").and_then(|()| talk.flush());
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Error::usage(format!("no answer was read: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn move_key(store: &FileStore, to: KeyArgument, out: &mut dyn Write) -> Result<(), Error> {
    let mut passphrase = world::secret_variable(PASSPHRASE);
    // What cannot be moved is said before anybody has to think of a passphrase.
    let found = store.key_place(passphrase.as_ref()).map_err(world::store_error)?;
    if matches!(found, KeyPlace::Memory | KeyPlace::Open | KeyPlace::NoneYet) {
        return Err(Error::usage(words::nothing_to_move(found)));
    }
    if found == KeyPlace::Passphrase && passphrase.is_none() && terminal::is_interactive() {
        passphrase = Some(world::typed_passphrase("Passphrase of the secrets: ").map_err(Error::usage)?);
    }
    let place = match to {
        KeyArgument::Keyring => NewPlace::Keyring,
        KeyArgument::File => NewPlace::Passphrase(chosen(store)?),
    };
    let moved = store.move_key(&place, passphrase.as_ref()).map_err(world::store_error)?;
    out.write_all(words::moved(&moved).as_bytes()).map_err(|error| output(&error))
}

/// The new passphrase: from the environment, or typed twice.
fn chosen(store: &FileStore) -> Result<Secret, Error> {
    if let Some(chosen) = world::secret_variable(NEW_PASSPHRASE) {
        return match passphrase_fault(&chosen) {
            None => Ok(chosen),
            Some(fault) => Err(Error::usage(fault)
                .hint(format!("Nothing was changed. Put a longer one into {NEW_PASSPHRASE}."))),
        };
    }
    if !terminal::is_interactive() {
        return Err(Error::usage("no new passphrase was given, and nobody is here to be asked").hint(
            format!("Set it in {NEW_PASSPHRASE}; the one of now is in {PASSPHRASE}, where there is one."),
        ));
    }
    // Talk; the result goes to standard output.
    let _ = writeln!(std::io::stderr(), "{}.", store.passphrase_cost());
    world::new_passphrase().map_err(Error::usage)
}
