//! `connections` and `connections show NAME`: what is stored, without secrets.

use crate::handoff::json::document;
use crate::procedure::{AppKind, FieldName, Procedure, Receiver};
use crate::secret::printable;
use crate::setup::values::AnswerValues;
use crate::setup::{Connection, FORMAT, Outcome, Owner, Verification};
use jiff::Timestamp;
use serde::Serialize;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Widest name in the list, in columns. The other columns are at most 27, 8 and 17 wide, with two blanks
/// between: 80 in all.
const NAME_COLUMNS: usize = 22;
const PROCEDURE_COLUMNS: usize = 27;
const OWNER_COLUMNS: usize = 8;
/// Width that people's output fits.
const SCREEN_COLUMNS: usize = 80;

/// A connection in the list.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    procedure: &'a str,
    receiver: Receiver,
    app_kind: AppKind,
    rehearsal: bool,
    created: Timestamp,
    owner: Owner,
    /// `None`: never verified.
    verified_at: Option<Timestamp>,
    /// Worst outcome of the last verification.
    outcome: Outcome,
}

#[derive(Serialize)]
struct List<'a> {
    format: u32,
    connections: Vec<Row<'a>>,
}

/// One connection: its file as stored (no secrets are in it), and what follows from it.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    connection: &'a Connection,
    redirect_url: Option<String>,
    receiver_url: Option<String>,
    outcome: Outcome,
}

/// Writes all connections, one a line, in the order given.
///
/// # Errors
/// Those of `out`.
pub fn list(connections: &[Connection], json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        let connections = connections.iter().map(row).collect();
        return out.write_all(document(&List { format: FORMAT, connections })?.as_bytes());
    }
    if connections.is_empty() {
        return writeln!(out, "No stored connections. Make one with: zoom-setup new");
    }
    write_row(out, ["NAME", "PROCEDURE", "REFRESH", "LAST CHECK"])?;
    for connection in connections {
        let row = row(connection);
        write_row(out, [row.name, row.procedure, owner_word(connection), &last_check(connection)])?;
    }
    Ok(())
}

/// Writes one connection. `procedure` is `None` if it is not among the loaded ones; then nothing is
/// computed from it.
///
/// # Errors
/// Those of `out`.
pub fn show(
    connection: &Connection,
    procedure: Option<&Procedure>,
    out: &mut dyn Write,
    json: bool,
) -> io::Result<()> {
    let values = procedure.map(|procedure| AnswerValues { answers: &connection.answers, procedure });
    let redirect_url = values.and_then(|values| values.redirect_url());
    let receiver_url = values.and_then(|values| values.receiver_url());
    if json {
        let outcome = outcome(connection.verification.as_ref());
        return out
            .write_all(document(&Document { connection, redirect_url, receiver_url, outcome })?.as_bytes());
    }
    if connection.rehearsal {
        writeln!(out, "REHEARSAL: made with the embedded sandbox, of no use with a real Zoom.\n")?;
    }
    let title = procedure.map_or("(not among the loaded procedures)", |procedure| procedure.title.as_str());
    pair(out, "Name", &connection.name)?;
    pair(out, "Procedure", &connection.procedure)?;
    wrapped(out, &format!("{:<18} ", ""), title)?;
    pair(out, "Receiver", connection.receiver.label())?;
    pair(out, "Zoom app", connection.app_kind.label())?;
    pair(out, "Refresh", owner_word(connection))?;
    pair(out, "Stored", &connection.created.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())?;
    for (field, value) in &connection.answers {
        if *field != FieldName::ConnectionName {
            pair(out, field.as_str(), value)?;
        }
    }
    for (field, fingerprint) in &connection.secrets {
        pair(out, field.as_str(), &fingerprint.to_string())?;
    }
    if let Some(url) = redirect_url {
        pair(out, "Redirect URL", &url)?;
    }
    let scopes: Vec<&str> = connection.scopes.iter().map(String::as_str).collect();
    column(out, "Scopes", &scopes)?;
    verification(connection, out)
}

fn verification(connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
    let Some(done) = &connection.verification else {
        return pair(out, "Last check", "never");
    };
    pair(out, "Last check", &done.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())?;
    if done.granted.is_some() {
        column(out, "Missing", &done.missing.iter().map(String::as_str).collect::<Vec<_>>())?;
        column(out, "Not chosen", &done.excess.iter().map(String::as_str).collect::<Vec<_>>())?;
    } else {
        pair(out, "Granted", "not known: the token answer named no scopes")?;
    }
    writeln!(out)?;
    for check in &done.checks {
        let text = format!("{}: {}", check.title, check.detail);
        wrapped(out, &format!("{:<11}  ", check.outcome.word()), &text)?;
        if let Some(next) = &check.next {
            wrapped(out, &format!("{:<11}  ", ""), &format!("Next: {next}"))?;
        }
    }
    Ok(())
}

fn row(connection: &Connection) -> Row<'_> {
    Row {
        name: &connection.name,
        procedure: &connection.procedure,
        receiver: connection.receiver,
        app_kind: connection.app_kind,
        rehearsal: connection.rehearsal,
        created: connection.created,
        owner: connection.owner,
        verified_at: connection.verification.as_ref().map(|done| done.at),
        outcome: outcome(connection.verification.as_ref()),
    }
}

/// Worst outcome of a verification: a failure, then a warning, then what was not checked. Without any
/// check nothing is proved.
fn outcome(verification: Option<&Verification>) -> Outcome {
    let checks = verification.map(|done| done.checks.as_slice()).unwrap_or_default();
    let has = |outcome| checks.iter().any(|check| check.outcome == outcome);
    [Outcome::Fail, Outcome::Warning, Outcome::NotChecked, Outcome::Pass]
        .into_iter()
        .find(|outcome| has(*outcome))
        .unwrap_or(Outcome::NotChecked)
}

fn last_check(connection: &Connection) -> String {
    let Some(done) = &connection.verification else {
        return if connection.rehearsal { "rehearsal" } else { "never" }.to_owned();
    };
    let when = if connection.rehearsal {
        "rehearsal".to_owned()
    } else {
        done.at.to_string().chars().take_while(|character| *character != 'T').collect()
    };
    match outcome(Some(done)) {
        word @ (Outcome::Pass | Outcome::Warning | Outcome::Fail) => format!("{} {when}", word.word()),
        // Some checks are open and none failed: the day it was looked at says enough.
        Outcome::NotChecked => format!("partly {when}"),
    }
}

const fn owner_word(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "none",
        (AppKind::General, Owner::Wizard) => "wizard",
        (AppKind::General, Owner::Receiver) => "receiver",
    }
}

fn write_row(out: &mut dyn Write, [name, procedure, owner, check]: [&str; 4]) -> io::Result<()> {
    let line = format!(
        "{}  {}  {}  {check}",
        cell(name, NAME_COLUMNS),
        cell(procedure, PROCEDURE_COLUMNS),
        cell(owner, OWNER_COLUMNS),
    );
    writeln!(out, "{line}")
}

/// Text cut or padded to a number of columns; wide characters count for two.
fn cell(text: &str, columns: usize) -> String {
    let text = printable(text, columns);
    if text.width() <= columns {
        return format!("{text}{}", " ".repeat(columns - text.width()));
    }
    let mut out = String::new();
    for character in text.chars() {
        if out.width() + character.to_string().width() >= columns {
            break;
        }
        out.push(character);
    }
    out.push('…');
    let missing = columns.saturating_sub(out.width());
    out.push_str(&" ".repeat(missing));
    out
}

/// A label and its value. Values to copy are never cut or wrapped into pieces by blanks of ours.
fn pair(out: &mut dyn Write, label: &str, value: &str) -> io::Result<()> {
    let value = printable(value, 4096);
    let line = format!("{label:<18} {value}");
    writeln!(out, "{}", line.trim_end())
}

fn column(out: &mut dyn Write, label: &str, values: &[&str]) -> io::Result<()> {
    let Some((first, rest)) = values.split_first() else {
        return pair(out, label, "none");
    };
    pair(out, label, first)?;
    rest.iter().try_for_each(|value| pair(out, "", value))
}

fn wrapped(out: &mut dyn Write, start: &str, text: &str) -> io::Result<()> {
    let indent = " ".repeat(start.width());
    let options = textwrap::Options::new(SCREEN_COLUMNS).initial_indent(start).subsequent_indent(&indent);
    for line in textwrap::wrap(&printable(text, 4096), options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
