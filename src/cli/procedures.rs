//! `procedures`, `procedures show`, `procedures lint`, and the directory of an author's own files.

mod document;
mod text;

use crate::error::{Error, ErrorKind};
use crate::procedure::Procedure;
use crate::procedure::load::{self, LoadError, nearest};
use crate::scope::Catalogue;
use crate::secret::printable;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Bytes of a procedure file that are read at most. The embedded ones have some tens of thousands.
const LARGEST_FILE: u64 = 1_000_000;

/// Writes all procedures: a list for people, or the `procedures --json` document.
///
/// # Errors
/// When `out` can't be written. A reader that went away is none.
pub fn list(procedures: &[Procedure], json: bool, out: &mut dyn Write) -> Result<(), Error> {
    if json {
        written(document::write_list(procedures, out))
    } else {
        written(out.write_all(text::list(procedures).as_bytes()))
    }
}

/// Writes everything about one procedure; with `json` the object that `procedures --json` has for it.
///
/// # Errors
/// A usage error for an id that is not there; as [`list`] otherwise.
pub fn show(procedures: &[Procedure], id: &str, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let Some(procedure) = procedures.iter().find(|procedure| procedure.id == id) else {
        return Err(unknown_procedure(procedures, id));
    };
    if json {
        written(document::write_one(procedure, out))
    } else {
        written(out.write_all(text::show(procedure).as_bytes()))
    }
}

/// The error for an id that no procedure has: with the nearest one, and all of them.
pub fn unknown_procedure(procedures: &[Procedure], id: &str) -> Error {
    let ids = || procedures.iter().map(|procedure| procedure.id.as_str());
    let mut error = Error::usage(format!("there is no procedure `{}`", printable(id, 60)));
    if let Some(meant) = nearest(id, ids()) {
        error = error.hint(format!("did you mean `{meant}`?"));
    }
    error.hint(format!("procedures: {}", ids().collect::<Vec<_>>().join(", ")))
}

/// Checks one file and writes what is wrong with it, each error with line and caret, or one line that says
/// what it holds.
///
/// # Errors
/// A usage error when the file can't be read or holds any error.
pub fn lint(path: &Path, out: &mut dyn Write) -> Result<(), Error> {
    let (name, text) = read_file(path)?;
    match load::load(&name, &text) {
        Ok(procedure) => {
            written(writeln!(out, "OK {}: {}", procedure.id, text::summary(&procedure)))?;
            written(write_unknown_scopes(&procedure, out))
        }
        Err(errors) => {
            written(write_errors(&errors, out))?;
            Err(Error::usage(format!("{} in {}", count(&errors), shown(path)))
                .hint("correct the places above and run lint again"))
        }
    }
}

/// Scopes that are not in the catalogue. Zoom adds some, so that is no error.
fn write_unknown_scopes(procedure: &Procedure, out: &mut dyn Write) -> io::Result<()> {
    let catalogue = Catalogue::embedded();
    let named = procedure.scopes.iter().map(|scope| &scope.id);
    let actions = procedure.actions.iter().flat_map(|list| &list.actions);
    let named = named.chain(actions.flat_map(|action| [Some(&action.scope), action.zoom.as_ref()]).flatten());
    for id in named.filter(|id| catalogue.get(id).is_none()) {
        let nearest =
            catalogue.nearest(id).map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
        writeln!(out, "note: `{id}` is not among the published scopes known here{nearest}")?;
    }
    Ok(())
}

/// The error a command ends with when files of `--procedures DIR` did not load: each excerpt is a hint.
pub fn load_failure(errors: &[LoadError]) -> Error {
    let error = Error::usage(format!("{} in procedure files", count(errors)));
    errors.iter().fold(error, |error, found| error.hint(found.to_string()))
}

fn count(errors: &[LoadError]) -> String {
    match errors.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    }
}

fn write_errors(errors: &[LoadError], out: &mut dyn Write) -> io::Result<()> {
    errors.iter().try_for_each(|error| writeln!(out, "{error}\n"))
}

/// Reads an author's own files: every `*.toml` right in the directory, by name. Not checked here; see
/// [`crate::procedure::registry::from_files`].
///
/// # Errors
/// A usage error when the directory or one of the files can't be read, or there is no such file.
pub fn read_directory(directory: &Path) -> Result<Vec<(String, String)>, Error> {
    let unreadable = |error: io::Error| {
        Error::usage(format!("can't read the directory {}: {error}", shown(directory)))
            .hint("--procedures takes a directory of procedure files")
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(Error::usage(format!("no procedure file in {}", shown(directory)))
            .hint("a procedure file is named after its id: my-procedure.toml"));
    }
    paths.sort();
    paths.iter().map(|path| read_file(path)).collect()
}

/// Name and text of a file.
fn read_file(path: &Path) -> Result<(String, String), Error> {
    let unreadable = |reason: String| Error::usage(format!("can't read {}: {reason}", shown(path)));
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut text = String::new();
    file.take(LARGEST_FILE + 1).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(unreadable(format!("larger than {LARGEST_FILE} bytes, so no procedure")));
    }
    Ok((path.display().to_string(), text))
}

/// A path fit for a terminal.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string(), 200)
}

/// A pipe that was closed early (`| head`) is the reader's choice, not a failure.
fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Internal, format!("can't write the result: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
