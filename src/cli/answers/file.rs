//! The answers file: closed keys, errors by key and line. Its values are never quoted in an error, since any
//! of them may be a secret in the wrong place.

use crate::error::Error;
use crate::procedure::{ClientType, FieldName, Procedure, ScopeNeed, StepKind};
use crate::scope::Catalogue;
use crate::secret::{Secret, printable};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Largest file read, in bytes.
const LARGEST: u64 = 256 * 1024;

/// Keys that are no fields.
const OTHER_KEYS: [&str; 5] = ["scopes", "manual_steps", "authorize", "redirect", "after_login"];

/// What the file says.
#[derive(Clone, Debug)]
pub struct Answers {
    pub values: BTreeMap<FieldName, Secret>,
    /// `None`: the recommended ones, which are those that the documented job requires.
    scopes: Option<Vec<String>>,
    pub authorize: Authorize,
    pub after_login: AfterLogin,
    manual_steps_done: bool,
}

/// How the test login is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorize {
    Skip,
    Loopback,
}

/// What becomes of the test login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLogin {
    /// Revoked; the receiver logs in last. The default.
    Revoke,
    /// The wizard keeps the grant and owns the refresh.
    Keep,
}

impl Answers {
    /// The scopes to take.
    pub fn scopes(&self, procedure: &Procedure) -> Vec<String> {
        self.scopes.clone().unwrap_or_else(|| {
            procedure.scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
        })
    }
}

/// Reads the file, or standard input for `-`.
///
/// # Errors
/// Names the key and line.
pub fn read(path: &Path) -> Result<Answers, Error> {
    let shown = printable(&path.display().to_string(), 200);
    let unreadable = |error: std::io::Error| Error::usage(format!("can't read {shown}: {error}"));
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
    }
    let text = Secret::new(text);
    parse(&shown, text.expose())
}

/// Parses the text of an answers file called `name`.
///
/// # Errors
/// Names the key and line.
pub fn parse(name: &str, text: &str) -> Result<Answers, Error> {
    let line_at = |offset: usize| text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_at(span.start));
        // The parser's message names what it expected; its excerpt would show the line and is left out.
        Error::usage(format!("{name}:{line}: this is not TOML: {}", printable(error.message(), 200)))
            .hint("Each answer is a line: client_id = \"…\"")
    })?;
    let line_of = |key: &str| {
        text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |index| index + 1)
    };
    let mut answers = Answers {
        values: BTreeMap::new(),
        scopes: None,
        authorize: Authorize::Skip,
        after_login: AfterLogin::Revoke,
        manual_steps_done: false,
    };
    let mut redirect_loopback = None;
    for (key, value) in &table {
        let at = format!("{name}:{}", line_of(key));
        let wrong = |expected: &str| Error::usage(format!("{at}: {key} must be {expected}"));
        if let Some(field) = FieldName::parse(key) {
            let value = value.as_str().ok_or_else(|| wrong("text in quotes"))?;
            if field == FieldName::ClientType && !ClientType::ALL.iter().any(|kind| kind.as_str() == value) {
                return Err(wrong("\"confidential\" or \"pkce\""));
            }
            answers.values.insert(field, Secret::new(value));
            continue;
        }
        match (key.as_str(), value.as_str()) {
            ("scopes", Some("recommended" | "required")) => answers.scopes = None,
            ("scopes", _) => {
                let list = value.as_array().and_then(|list| {
                    list.iter().map(|scope| scope.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
                });
                let list = list
                    .filter(|list| !list.is_empty())
                    .ok_or_else(|| wrong("\"recommended\", \"required\" or a list of scopes"))?;
                answers.scopes = Some(list);
            }
            ("manual_steps", Some("done")) => answers.manual_steps_done = true,
            ("manual_steps", _) => return Err(wrong("\"done\", once every step on Zoom's pages is")),
            ("authorize", Some("skip")) => answers.authorize = Authorize::Skip,
            ("authorize", Some("loopback")) => answers.authorize = Authorize::Loopback,
            ("authorize", _) => return Err(wrong("\"skip\" or \"loopback\"")),
            ("redirect", Some("receiver")) => redirect_loopback = Some((false, at)),
            ("redirect", Some("loopback")) => redirect_loopback = Some((true, at)),
            ("redirect", _) => return Err(wrong("\"receiver\" or \"loopback\"")),
            ("after_login", Some("revoke")) => answers.after_login = AfterLogin::Revoke,
            ("after_login", Some("keep")) => answers.after_login = AfterLogin::Keep,
            ("after_login", _) => return Err(wrong("\"revoke\" or \"keep\"")),
            (unknown, _) => return Err(unknown_key(&at, unknown)),
        }
    }
    if let (Authorize::Loopback, Some((false, at))) = (answers.authorize, redirect_loopback) {
        return Err(Error::usage(format!("{at}: redirect = \"receiver\" sends the login to the receiver, so authorize = \"loopback\" would wait in vain"))
            .hint("Take redirect = \"loopback\", or authorize = \"skip\"."));
    }
    Ok(answers)
}

fn unknown_key(at: &str, key: &str) -> Error {
    let known: Vec<&str> = FieldName::ALL.into_iter().map(FieldName::as_str).chain(OTHER_KEYS).collect();
    Error::usage(format!("{at}: unknown key {}", printable(key, 60)))
        .hint(format!("Known keys: {}", known.join(", ")))
}

/// A scope that cannot be meant: not of the shape of one, or nearly a published one. A scope that is far from
/// all published ones passes, since Zoom may have added it later.
fn check_scopes(answers: &Answers) -> Result<(), Error> {
    let Some(list) = &answers.scopes else { return Ok(()) };
    let catalogue = Catalogue::embedded();
    for scope in list {
        let shown = printable(scope, 100);
        let of_scope = |character: char| character.is_ascii_alphanumeric() || "_-:".contains(character);
        let nearest = catalogue.nearest(scope);
        if !scope.contains(':') || !scope.chars().all(of_scope) || nearest.is_some() {
            let error = Error::usage(format!("scopes in the answers file: there is no scope {shown}"));
            return Err(match nearest {
                Some(nearest) => error.hint(format!("Did you mean {nearest}?")),
                None => error.hint("A scope is written like meeting:read:meeting:admin"),
            });
        }
    }
    Ok(())
}

/// Whether every answer that the procedure needs is there, and no scope is mistyped.
///
/// # Errors
/// Names all that are missing, or the scope.
pub fn complete(answers: &Answers, procedure: &Procedure) -> Result<(), Error> {
    check_scopes(answers)?;
    let mut missing = Vec::new();
    for step in &procedure.steps {
        match &step.kind {
            StepKind::Fill { fields } => {
                for field in fields {
                    let needed = field.required && field.suggestion.is_none();
                    if needed && !answers.values.contains_key(&field.name) {
                        missing.push(field.name.as_str());
                    }
                }
            }
            // How a General app is managed has a recommended answer; where the receiver lives has none.
            StepKind::Choose { field: FieldName::Management, .. } => {}
            StepKind::Choose { field, .. } => {
                if !answers.values.contains_key(field) {
                    missing.push(field.as_str());
                }
            }
            StepKind::Instruct
            | StepKind::Copy
            | StepKind::Scopes
            | StepKind::Activate
            | StepKind::Authorize
            | StepKind::Verify
            | StepKind::HandOver => {}
        }
    }
    if !answers.manual_steps_done {
        missing.push("manual_steps");
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("missing in the answers file: {}", missing.join(", "))).hint(
        "manual_steps = \"done\" says that the steps on Zoom's pages are done; client_secret may come from \
         ZOOM_CLIENT_SECRET.",
    ))
}
