//! `connections` and `connections show NAME`: what is stored, without secrets.

use crate::check::{Entry, FindingCode, History};
use crate::handoff::json::document;
use crate::procedure::{AppKind, FieldName, Procedure, Receiver};
use crate::secret::printable;
use crate::setup::values::AnswerValues;
use crate::setup::{Connection, FORMAT, Outcome, Owner, Verification};
use jiff::Timestamp;
use serde::Serialize;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Widest cells of the list, in columns, with two blanks between. The last one is at most 16 wide: 80 in all.
const NAME_COLUMNS: usize = 20;
const PROCEDURE_COLUMNS: usize = 22;
const OWNER_COLUMNS: usize = 8;
const SECRET_COLUMNS: usize = 6;
/// Width that people's output fits.
const SCREEN_COLUMNS: usize = 80;
/// Seconds of an hour and of a day.
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// What is known beside the records.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    pub history: &'a History,
    pub now: Timestamp,
}

/// The login that is kept with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptLogin {
    /// There is none: the receiver's own, or none at all.
    None,
    /// It was not looked at, and why.
    NotLookedAt(String),
    /// It is not where it should be.
    Missing,
    Here {
        access_token_expires: Timestamp,
        /// When the refresh token was given; `None`: there is none.
        refresh_token_from: Option<Timestamp>,
        /// A refresh that was begun then, and whose end is not known.
        unfinished: Option<Timestamp>,
    },
}

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
    /// Since when the client secret is the one that is stored; `None`: there is none.
    client_secret_since: Option<Timestamp>,
    /// `None`: never verified.
    verified_at: Option<Timestamp>,
    /// Worst outcome of the last verification.
    outcome: Outcome,
    last_check: Option<LastCheck>,
}

/// The last check that is remembered.
#[derive(Serialize)]
struct LastCheck {
    at: Timestamp,
    status: &'static str,
    findings: Vec<&'static str>,
}

impl LastCheck {
    fn of(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            status: entry.status.as_str(),
            findings: entry.findings.iter().copied().map(FindingCode::as_str).collect(),
        }
    }
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
    client_secret_since: Option<Timestamp>,
    last_check: Option<LastCheck>,
    login: Login,
}

/// [`KeptLogin`] for programs.
#[derive(Serialize)]
struct Login {
    /// `none`, `not_looked_at`, `missing` or `here`.
    state: &'static str,
    access_token_expires: Option<Timestamp>,
    refresh_token_from: Option<Timestamp>,
    unfinished_refresh_since: Option<Timestamp>,
}

impl Login {
    fn of(login: &KeptLogin) -> Self {
        let nothing = |state| Self {
            state,
            access_token_expires: None,
            refresh_token_from: None,
            unfinished_refresh_since: None,
        };
        match login {
            KeptLogin::None => nothing("none"),
            KeptLogin::NotLookedAt(_) => nothing("not_looked_at"),
            KeptLogin::Missing => nothing("missing"),
            KeptLogin::Here { access_token_expires, refresh_token_from, unfinished } => Self {
                state: "here",
                access_token_expires: Some(*access_token_expires),
                refresh_token_from: *refresh_token_from,
                unfinished_refresh_since: *unfinished,
            },
        }
    }
}

/// Writes all connections, one a line, in the order given.
///
/// # Errors
/// Those of `out`.
pub fn list(
    connections: &[Connection],
    known: Surroundings<'_>,
    json: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if json {
        let connections = connections.iter().map(|connection| row(connection, known)).collect();
        return out.write_all(document(&List { format: FORMAT, connections })?.as_bytes());
    }
    if connections.is_empty() {
        return writeln!(out, "No stored connections. Make one with: zoom-setup new");
    }
    write_row(out, ["NAME", "PROCEDURE", "REFRESH", "SECRET", "LAST CHECK"])?;
    for connection in connections {
        let row = row(connection, known);
        let since = row.client_secret_since.map_or_else(|| "-".to_owned(), |since| age(known.now, since));
        let check = last_check(connection, known);
        write_row(out, [row.name, row.procedure, owner_word(connection), &since, &check])?;
    }
    Ok(())
}

/// Writes one connection. `procedure` is `None` if it is not among the loaded ones; then nothing is
/// computed from it.
///
/// # Errors
/// Those of `out`.
pub fn show(
    (connection, procedure): (&Connection, Option<&Procedure>),
    known: Surroundings<'_>,
    login: &KeptLogin,
    json: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let values = procedure.map(|procedure| AnswerValues { answers: &connection.answers, procedure });
    let redirect_url = values.and_then(|values| values.redirect_url());
    let receiver_url = values.and_then(|values| values.receiver_url());
    let last = known.history.last(&connection.name);
    let client_secret_since = secret_since(connection);
    if json {
        let document = document(&Document {
            connection,
            redirect_url,
            receiver_url,
            outcome: outcome(connection.verification.as_ref()),
            client_secret_since,
            last_check: last.map(LastCheck::of),
            login: Login::of(login),
        })?;
        return out.write_all(document.as_bytes());
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
    wrapped(out, &format!("{:<18} ", "Refresh"), &refresh_words(connection))?;
    write_login(out, login, known.now)?;
    pair(out, "Stored", &moment(connection.created))?;
    if let Some(since) = client_secret_since {
        pair(out, "Secret since", &format!("{}, {}", moment(since), ago(known.now, since)))?;
    }
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
    match last {
        Some(entry) => {
            let status = entry.status.word();
            pair(
                out,
                "Last check",
                &format!("{status}, {}, {}", moment(entry.at), ago(known.now, entry.at)),
            )?;
            for finding in &entry.findings {
                pair(out, "", finding.as_str())?;
            }
        }
        None => pair(out, "Last check", "never; zoom-setup check makes one")?,
    }
    verification(connection, out)
}

fn write_login(out: &mut dyn Write, login: &KeptLogin, now: Timestamp) -> io::Result<()> {
    match login {
        KeptLogin::None => Ok(()),
        KeptLogin::NotLookedAt(why) => {
            wrapped(out, &format!("{:<18} ", "Login"), &format!("not looked at: {why}"))
        }
        KeptLogin::Missing => pair(out, "Login", "its tokens are not stored here"),
        KeptLogin::Here { access_token_expires, refresh_token_from, unfinished } => {
            let life = match access_token_expires.as_second() - now.as_second() {
                ..=0 => "ended",
                _ => "until",
            };
            pair(out, "Access token", &format!("{life} {}", moment(*access_token_expires)))?;
            match refresh_token_from {
                Some(from) => {
                    let words = format!("of {}, {}; it lives about 90 days", moment(*from), ago(now, *from));
                    pair(out, "Refresh token", &words)?;
                }
                None => pair(out, "Refresh token", "none")?,
            }
            match unfinished {
                Some(since) => {
                    let words = format!("begun at {}, and its end is not known", moment(*since));
                    pair(out, "A refresh", &words)
                }
                None => Ok(()),
            }
        }
    }
}

fn secret_since(connection: &Connection) -> Option<Timestamp> {
    let field = FieldName::ClientSecret;
    connection.secrets.contains_key(&field).then(|| connection.secret_since(field))
}

fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How long it was, for a cell.
fn age(now: Timestamp, then: Timestamp) -> String {
    match now.as_second() - then.as_second() {
        ..HOUR_S => "<1 h".to_owned(),
        seconds @ HOUR_S..DAY_S => format!("{} h", seconds / HOUR_S),
        seconds => format!("{} d", seconds / DAY_S),
    }
}

/// How long ago it was, in a sentence.
fn ago(now: Timestamp, then: Timestamp) -> String {
    let count = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match now.as_second() - then.as_second() {
        ..HOUR_S => "within the hour".to_owned(),
        seconds @ HOUR_S..DAY_S => count(seconds / HOUR_S, "hour"),
        seconds => count(seconds / DAY_S, "day"),
    }
}

fn verification(connection: &Connection, out: &mut dyn Write) -> io::Result<()> {
    let Some(done) = &connection.verification else {
        return pair(out, "Verified", "never");
    };
    pair(out, "Verified", &moment(done.at))?;
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

fn row<'a>(connection: &'a Connection, known: Surroundings<'_>) -> Row<'a> {
    Row {
        name: &connection.name,
        procedure: &connection.procedure,
        receiver: connection.receiver,
        app_kind: connection.app_kind,
        rehearsal: connection.rehearsal,
        created: connection.created,
        owner: connection.owner,
        client_secret_since: secret_since(connection),
        verified_at: connection.verification.as_ref().map(|done| done.at),
        outcome: outcome(connection.verification.as_ref()),
        last_check: known.history.last(&connection.name).map(LastCheck::of),
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

/// The check or the verification that was made last.
fn last_check(connection: &Connection, known: Surroundings<'_>) -> String {
    let verified = connection.verification.as_ref().map(|done| done.at);
    if let Some(entry) = known.history.last(&connection.name)
        && verified.is_none_or(|at| at <= entry.at)
    {
        return format!("{} {}", entry.status.word(), age(known.now, entry.at));
    }
    let Some(done) = &connection.verification else {
        return if connection.rehearsal { "rehearsal" } else { "never" }.to_owned();
    };
    let when = if connection.rehearsal { "rehearsal".to_owned() } else { age(known.now, done.at) };
    match outcome(Some(done)) {
        word @ (Outcome::Pass | Outcome::Warning | Outcome::Fail) => format!("{} {when}", word.word()),
        // Some checks are open and none failed: when it was looked at says enough.
        Outcome::NotChecked => format!("partly {when}"),
    }
}

/// Who refreshes, and what follows from it.
fn refresh_words(connection: &Connection) -> String {
    let receiver = connection.receiver.label();
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => {
            format!("none: {receiver} asks for a new token whenever it needs one")
        }
        (AppKind::General, Owner::Wizard) => "wizard: zoom-setup alone refreshes the login".to_owned(),
        (AppKind::General, Owner::Receiver) => {
            format!("receiver: {receiver} refreshes its own login, zoom-setup never does")
        }
    }
}

const fn owner_word(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "none",
        (AppKind::General, Owner::Wizard) => "wizard",
        (AppKind::General, Owner::Receiver) => "receiver",
    }
}

fn write_row(out: &mut dyn Write, [name, procedure, owner, since, check]: [&str; 5]) -> io::Result<()> {
    let line = format!(
        "{}  {}  {}  {}  {check}",
        cell(name, NAME_COLUMNS),
        cell(procedure, PROCEDURE_COLUMNS),
        cell(owner, OWNER_COLUMNS),
        cell(since, SECRET_COLUMNS),
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
