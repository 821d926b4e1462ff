//! `connections rotate NAME`: on a terminal the screen of it; without one the same core, with the secret from the
//! environment or standard input.

use super::find;
use crate::app::message::{Intent, Msg};
use crate::app::model::Model;
use crate::app::rotation::{Rotating, RotationPhase};
use crate::cli::arguments::Global;
use crate::cli::headless::Headless;
use crate::cli::output;
use crate::cli::page::Page;
use crate::cli::set_up::{Opening, on_terminal};
use crate::cli::world::{self, World};
use crate::entry::Checked;
use crate::error::{Error, ErrorKind};
use crate::handoff::rotation;
use crate::secret::{Secret, printable};
use crate::terminal;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Most that is read of standard input, in bytes. A secret has 32.
const LONGEST_INPUT: u64 = 16 * 1024;

/// What stays as it was, after any failure.
const UNCHANGED: &str = "Nothing was changed: the old secret is still the one that is stored.";

/// Replaces the client secret of a connection, once Zoom knows the new one.
///
/// # Errors
/// 2 no secret, or one that cannot be right; 4 Zoom out of reach, 5 it refuses the secret, 6 it cannot be stored.
pub fn run(global: &Global, name: &str, out: &mut dyn Write) -> Result<(), Error> {
    if terminal::is_interactive() {
        return on_terminal(global, Opening::Rotate(name.to_owned()), None);
    }
    let mut world = World::new(global, false)?;
    find(&super::stored(&world)?, name)?;
    let secret = new_secret()?;
    // Before Zoom is asked: a secret that is proved shall not fail for a locked store.
    world.open_secrets()?;
    let model = Headless::run(world, async |core| {
        core.send(Msg::Rotate { connection: name.to_owned() });
        core.send(Msg::Paste(secret));
        core.send(Msg::Intent(Intent::Confirm));
        core.until(|model| model.rotating.as_ref().is_none_or(|rotating| !rotating.is_busy())).await;
    })?;
    let Some(rotating) = &model.rotating else { return Err(not_begun(&model)) };
    let RotationPhase::Stored { secret, same } = &rotating.phase else {
        return Err(failure(rotating, &model));
    };
    let fingerprint = secret.fingerprint().to_string();
    out.write_all(report(rotating, &fingerprint, *same).as_bytes()).map_err(|error| output(&error))
}

/// The secret from the environment, or else all of standard input.
fn new_secret() -> Result<Secret, Error> {
    if let Some(secret) = world::secret_variable("ZOOM_CLIENT_SECRET") {
        return Ok(secret);
    }
    // As large as it gets, so that the buffer never moves and leaves a copy behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST_INPUT).unwrap_or_default()));
    std::io::stdin()
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .map_err(|error| Error::usage(format!("standard input cannot be read: {error}")))?;
    if text.trim().is_empty() {
        return Err(Error::usage("there is no new client secret")
            .hint("Put it into ZOOM_CLIENT_SECRET or on standard input; on a terminal it is asked for.")
            .hint(UNCHANGED));
    }
    Ok(Secret::new(text.as_str()))
}

fn not_begun(model: &Model) -> Error {
    Error::usage(notice(model).unwrap_or_else(|| "the connection cannot be worked on".to_owned()))
}

fn notice(model: &Model) -> Option<String> {
    model.notice.as_ref().map(|notice| notice.text.trim_end_matches('.').to_owned())
}

/// Why it is not stored, in the core's own words.
fn failure(rotating: &Rotating, model: &Model) -> Error {
    let error = if let Some(why) = &rotating.not_stored {
        Error::new(ErrorKind::Store, "Zoom knows the new secret, and it could not be stored here").hint(why)
    } else if let Some(verdict) = &rotating.verdict {
        Error::from(verdict)
    } else if let Checked::Bad { finding, .. } = &rotating.field.checked {
        Error::usage(finding.message.clone()).hint(finding.hint.clone())
    } else {
        not_begun(model)
    };
    error.hint(UNCHANGED)
}

fn report(rotating: &Rotating, fingerprint: &str, same: bool) -> String {
    let connection = &rotating.connection;
    let mut page = Page::default();
    let name = printable(&connection.name, 100);
    if same {
        page.item(0, "", &format!("Zoom knows this secret, and it is the one that {name} had before."));
        page.item(0, "", &format!("Secret  {fingerprint}"));
        return page.text;
    }
    page.item(0, "", &format!("Zoom knows the new secret, and {name} has it now."));
    page.item(0, "", &format!("New     {fingerprint}"));
    if let Some(before) = rotating.before() {
        page.item(0, "", &format!("Before  {before}"));
    }
    let steps = rotation::after(connection, rotating.procedure.as_deref());
    let steps: Vec<String> = steps.iter().map(|step| printable(step, 400)).collect();
    page.list("Now, wherever else the old one stands:", &steps);
    page.text
}
