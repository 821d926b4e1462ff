//! `connections remove NAME`: says what it is, what stops and what not; revokes first if that is wanted.

use super::{find, stored};
use crate::app::message::Msg;
use crate::app::removal::{RemovalChoice, Removing};
use crate::cli::arguments::Global;
use crate::cli::headless::Headless;
use crate::cli::page::Page;
use crate::cli::world::World;
use crate::error::{Error, ErrorKind};
use crate::handoff::quote;
use crate::handoff::removal::{consequences, is_revocable, what};
use crate::secret::printable;
use crate::setup::Connection;
use crate::terminal;
use std::io::{BufRead, Write};

/// What the command line says about the login that is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// Nothing: on a terminal it is asked.
    Unsaid,
    Revoke,
    Keep,
}

/// Removes a connection from this machine.
///
/// # Errors
/// 2: no such connection, or nothing said about its login; 3: kept; 4 and 5: it was not revoked, and everything is
/// still there; 6: the store.
pub fn run(global: &Global, name: &str, login: Login) -> Result<(), Error> {
    let world = World::without_zoom(global)?;
    let connection = find(&stored(&world)?, name)?.clone();
    let procedure = world.procedure(&connection.procedure).ok();
    let mut page = Page::default();
    page.item(0, "", &printable(&what(&connection, procedure.as_deref()), 400));
    for paragraph in consequences(&connection) {
        page.item(2, "- ", &paragraph);
    }
    // Nothing can be done about a closed standard error.
    let _ = std::io::stderr().write_all(page.text.as_bytes());
    let choice = choice(&connection, login)?;
    let mut world = match choice {
        RemovalChoice::RevokeAndRemove => World::new(global, false)?,
        RemovalChoice::Remove => world,
        RemovalChoice::Keep => return Err(Error::new(ErrorKind::Left, "Nothing was removed")),
    };
    world.open_secrets()?;
    let model = Headless::run(world, async |core| {
        core.send(Msg::Remove { connection: name.to_owned() });
        core.send(Msg::ChooseRemoval(choice));
        core.until(|model| model.removing.as_ref().is_none_or(|removing| !removing.is_busy())).await;
    })?;
    let said = model.notice.as_ref().map(|notice| printable(&notice.text, 400)).unwrap_or_default();
    match &model.removing {
        Some(removing) => Err(failure(removing)),
        None if model.connection(name).is_some() => Err(Error::new(ErrorKind::Store, said)),
        None => {
            let _ = writeln!(std::io::stderr(), "{said}");
            Ok(())
        }
    }
}

/// What is to be done: as said on the command line, or as answered now.
fn choice(connection: &Connection, login: Login) -> Result<RemovalChoice, Error> {
    let revocable = is_revocable(connection);
    match login {
        Login::Revoke if revocable => Ok(RemovalChoice::RevokeAndRemove),
        Login::Revoke => Err(Error::usage("there is no login here to revoke")
            .hint("Nothing was removed. Without --revoke it is removed here.")),
        Login::Keep => Ok(RemovalChoice::Remove),
        Login::Unsaid if terminal::is_interactive() => ask(Removing::new(connection.clone()).choices()),
        Login::Unsaid if revocable => Err(Error::usage("its login is kept here: say what becomes of it")
            .hint("--revoke revokes it at Zoom first, then removes it here")
            .hint("--keep-grant removes it here only; the login stays alive at Zoom")),
        Login::Unsaid => Ok(RemovalChoice::Remove),
    }
}

/// Asks by number. Anything else than a number of the list keeps it.
fn ask(choices: &[RemovalChoice]) -> Result<RemovalChoice, Error> {
    let mut err = std::io::stderr();
    for (number, choice) in (1..).zip(choices) {
        let _ = writeln!(err, "  {number}  {}", choice.label());
    }
    let _ = write!(err, "Number: ");
    let _ = err.flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Error::usage(format!("no answer was read: {error}")))?;
    let number = line.trim().parse::<usize>().ok();
    let chosen = number.and_then(|number| choices.get(number.checked_sub(1)?)).copied();
    Ok(chosen.unwrap_or(RemovalChoice::Keep))
}

fn failure(removing: &Removing) -> Error {
    let name = printable(&removing.connection.name, 100);
    let quoted = quote(&removing.connection.name);
    let (kind, text) = match &removing.problem {
        Some(problem) => (problem.kind, problem.text.clone()),
        None => (ErrorKind::Internal, "It did not come to an end.".to_owned()),
    };
    if removing.revoked {
        return Error::new(kind, format!("{name} is revoked at Zoom, and was not removed here"))
            .hint(text)
            .hint(format!("Remove it here: zoom-setup connections remove {quoted} --keep-grant"));
    }
    Error::new(kind, format!("{name} was neither revoked nor removed"))
        .hint(text)
        .hint(format!("To remove it here all the same: zoom-setup connections remove {quoted} --keep-grant"))
}
