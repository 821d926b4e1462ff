//! `scopes review`, `scopes search`, `scopes explain`.

mod document;
pub mod prove;
mod text;

use super::arguments::{Global, ReviewArguments, ReviewFormat, ScopesCommand};
use super::connections::find;
use super::output;
use super::set_up::{Opening, on_terminal};
use super::world::{self, World};
use crate::app::review::ReviewRequest;
use crate::check::History;
use crate::error::{Error, ErrorKind};
use crate::procedure::Procedure;
use crate::scope::Catalogue;
use crate::scope::explain::explain;
use crate::scope::granted::parse_granted;
use crate::scope::proof::{Outcome, Proved};
use crate::scope::report::{Report, ReportedProof, markdown};
use crate::scope::review::{Review, Row, State, Subject, review};
use crate::secret::printable;
use crate::setup::Connection;
use crate::terminal;
use jiff::Timestamp;
use prove::ProofReport;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a list of granted scopes that are read at most. All published ones together are about 120,000.
const LARGEST_LIST: u64 = 1_000_000;

/// Runs a sub-command of `scopes`.
///
/// # Errors
/// Bad options or files; what is required is missing; those of a proof.
pub fn run(global: &Global, command: &ScopesCommand, out: &mut dyn Write) -> Result<(), Error> {
    match command {
        ScopesCommand::Search { text, json, limit } => {
            let text = text.join(" ");
            let hits = Catalogue::embedded().search(&text, *limit);
            if hits.is_empty() {
                let text = printable(&text, 100);
                let _ = writeln!(
                    std::io::stderr(),
                    "No published scope has this: {text}. Zoom adds scopes; it may be newer."
                );
            }
            let written =
                if *json { document::search(&hits) } else { Ok(text::search(&hits, can_be_bold())) };
            write(written, out)
        }
        ScopesCommand::Explain { scope, json } => {
            let procedures = world::procedures(global)?;
            let told = explain(Catalogue::embedded(), scope.trim(), procedures.iter().map(Arc::as_ref));
            write(if *json { document::explain(&told) } else { Ok(text::explain(&told)) }, out)
        }
        ScopesCommand::Review(arguments) => run_review(global, arguments, out),
    }
}

/// Whether weight reaches a reader: it is no colour, so `NO_COLOR` does not forbid it.
fn can_be_bold() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|name| name != "dumb")
}

fn write(text: serde_json::Result<String>, out: &mut dyn Write) -> Result<(), Error> {
    let text = text.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    out.write_all(text.as_bytes()).map_err(|error| output(&error))
}

/// A review with what it is about.
struct Reviewed {
    procedure: Option<Arc<Procedure>>,
    connection: Option<Connection>,
    /// When the granted scopes were known last; `None` for a list that was given, or none at all.
    granted_at: Option<Timestamp>,
    review: Review,
    proof: Option<ProofReport>,
}

impl Reviewed {
    fn report(&self) -> Report<'_> {
        Report {
            procedure: self.procedure.as_deref(),
            connection: self.connection.as_ref(),
            granted_at: self.granted_at,
            review: &self.review,
            proof: self.proof.as_ref().map(|proof| ReportedProof {
                at: proof.at,
                results: &proof.results,
                stopped: proof.stopped.as_ref(),
            }),
        }
    }
}

fn run_review(global: &Global, arguments: &ReviewArguments, out: &mut dyn Write) -> Result<(), Error> {
    let printed = arguments.json || arguments.format.is_some() || arguments.prove;
    if !printed && terminal::is_interactive() {
        let granted = arguments.granted.as_deref().map(read_granted).transpose()?;
        let request = ReviewRequest {
            connection: arguments.connection.clone(),
            procedure: arguments.procedure.clone(),
            granted,
        };
        return on_terminal(global, Opening::Review(request), None);
    }
    if arguments.connection.is_none() && arguments.procedure.is_none() && arguments.granted.is_none() {
        return Err(Error::usage("nothing is named to review")
            .hint("A stored connection: zoom-setup scopes review NAME (see: zoom-setup connections)")
            .hint("An app that exists already: zoom-setup scopes review --procedure ID --granted FILE"));
    }
    let reviewed = gather(global, arguments)?;
    let written = match arguments.format {
        _ if arguments.json => document::review(&reviewed),
        Some(ReviewFormat::Json) => document::review(&reviewed),
        Some(ReviewFormat::Markdown) => Ok(markdown(&reviewed.report())),
        Some(ReviewFormat::Text) | None => Ok(text::review(&reviewed)),
    };
    write(written, out)?;
    end(&reviewed)
}

/// What the command ends with.
fn end(reviewed: &Reviewed) -> Result<(), Error> {
    if let Some(proof) = &reviewed.proof
        && proof.cancelled
    {
        return Err(Error::new(
            ErrorKind::Cancelled,
            "the proof was stopped; what was proved by then stands above",
        ));
    }
    let missing = reviewed.review.count(State::Missing);
    if missing > 0 {
        let what = if missing == 1 {
            "1 needed scope is".to_owned()
        } else {
            format!("{missing} needed scopes are")
        };
        let advice =
            "Add them on the app's Scopes page in Zoom; the review says who must renew the grant then.";
        return Err(Error::new(ErrorKind::CheckFailed, format!("{what} missing")).hint(advice));
    }
    let refused = |proved: &&Proved| {
        let needed = reviewed.review.row(&proved.scope).is_some_and(Row::is_needed);
        needed && matches!(proved.outcome, Outcome::ScopeMissing { .. })
    };
    let refused = reviewed.proof.iter().flat_map(|proof| &proof.results).filter(refused).count();
    if refused > 0 {
        let advice = "The token was made before the scope was added, or the scope is not what its name says.";
        let message = format!("Zoom refused {refused} needed scopes that the token is said to have");
        return Err(Error::new(ErrorKind::CheckFailed, message).hint(advice));
    }
    match reviewed.proof.as_ref().and_then(|proof| proof.stopped.clone()) {
        Some(problem) => Err(problem.into()),
        None => Ok(()),
    }
}

fn gather(global: &Global, arguments: &ReviewArguments) -> Result<Reviewed, Error> {
    let mut given = match &arguments.granted {
        Some(path) => Some(read_granted(path)?),
        None => None,
    };
    let mut history = History::default();
    let (procedure, connection, proof) = match &arguments.connection {
        None => (procedure(&world::procedures(global)?, arguments.procedure.as_deref())?, None, None),
        Some(name) => {
            let world =
                if arguments.prove { World::new(global, false)? } else { World::without_zoom(global)? };
            let (connections, _) = world.store.connections().map_err(world::store_error)?;
            let connection = find(&connections, name)?.clone();
            let id = arguments.procedure.as_ref().unwrap_or(&connection.procedure);
            let procedure = world.procedure(id)?;
            // Without the checks of before, what the login was granted is what is known.
            history = world.history.read().unwrap_or_default();
            let proof = arguments.prove.then(|| prove::connection(world, &connection)).transpose()?;
            (Some(procedure), Some(connection), proof)
        }
    };
    let mut granted_at = None;
    if given.is_none() {
        let (scopes, at) = match (&proof, &connection) {
            (Some(proof), _) if proof.asked_now => (proof.granted.clone(), Some(proof.at)),
            (Some(_) | None, Some(connection)) => history.last_granted(connection),
            (_, None) => (None, None),
        };
        given = Some(scopes);
        granted_at = at;
    }
    let granted = given.flatten();
    let subject = Subject {
        procedure: procedure.as_deref(),
        chosen: connection.as_ref().map(|connection| &connection.scopes),
        granted: granted.as_deref(),
        management: connection.as_ref().and_then(Connection::management),
        owner: connection.as_ref().map(|connection| connection.owner),
    };
    let review = review(Catalogue::embedded(), &subject);
    Ok(Reviewed { procedure, connection, granted_at, review, proof })
}

fn procedure(known: &[Arc<Procedure>], id: Option<&str>) -> Result<Option<Arc<Procedure>>, Error> {
    let Some(id) = id else { return Ok(None) };
    match known.iter().find(|procedure| procedure.id == id) {
        Some(found) => Ok(Some(Arc::clone(found))),
        None => {
            let known: Vec<Procedure> = known.iter().map(|procedure| Procedure::clone(procedure)).collect();
            Err(super::procedures::unknown_procedure(&known, id))
        }
    }
}

/// Granted scopes from a file or from standard input. `None`: a token answer that names none.
fn read_granted(path: &Path) -> Result<Option<Vec<String>>, Error> {
    let shown = printable(&path.display().to_string(), 200);
    let unreadable = |why: String| {
        Error::usage(format!("{shown}: {why}"))
            .hint("--granted takes a scope string, a list of scopes, or a token answer as JSON")
    };
    let mut text = String::new();
    let mut read = |source: &mut dyn Read| source.take(LARGEST_LIST + 1).read_to_string(&mut text).map(drop);
    let result = if path == Path::new("-") {
        read(&mut std::io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| read(&mut file))
    };
    result.map_err(|error| unreadable(error.to_string()))?;
    if text.len() as u64 > LARGEST_LIST {
        return Err(unreadable(format!("longer than {LARGEST_LIST} bytes")));
    }
    parse_granted(Catalogue::embedded(), &text).map_err(unreadable)
}
