//! What `store` says, for people and for programs.

use crate::cli::page::Page;
use crate::handoff::json::document;
use crate::secret::printable;
use crate::setup::FORMAT;
use crate::store::{
    BackupHealth, FileHealth, FileKind, FileState, Health, KeyPlace, KeyringHealth, Loss, Moved, Opened,
    Repair, Source,
};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// Advice where no backup helps.
pub const NOTHING_TO_BRING_BACK: &str = "What has no whole backup beside it comes back from a backup of yours, or is \
made anew: a connection by setting it up again, a secret with zoom-setup connections rotate NAME, tokens by logging in \
again.";

/// Advice where the key is lost.
const NO_KEY: &str = "Without the key nothing opens the secrets and the tokens. Bring it back from a backup of yours (if \
it is in the keyring, use --store keyring). If there is none: move key.age, secrets.age, their backups, and the directory \
tokens away, enter each secret again with zoom-setup connections rotate NAME, and log in again.";

/// Room for a label at the head of a line.
const LABEL: usize = 12;

/// What of the store is where, and whether it is whole.
pub fn text(health: &Health, cost: &str, now: Timestamp) -> String {
    let mut page = Page::default();
    if health.key == KeyPlace::Memory {
        page.item(
            0,
            "",
            "--store memory keeps nothing: secrets, set-ups and connections are gone when the program ends.",
        );
        return page.text;
    }
    fact(&mut page, "Data", &shown(&health.data_dir));
    fact(&mut page, "Key", &key(health, cost));
    fact(&mut page, "Keyring", &keyring(&health.keyring));
    for kind in [FileKind::Setup, FileKind::Connection, FileKind::Secrets, FileKind::Tokens, FileKind::Key] {
        let files: Vec<&FileHealth> = health.files.iter().filter(|file| file.kind == kind).collect();
        fact(&mut page, label(kind), &summary(&files, now));
    }
    let problems: Vec<&FileHealth> = health.files.iter().filter(|file| is_problem(&file.state)).collect();
    if !problems.is_empty() {
        page.heading("Not whole");
        for file in problems {
            problem(&mut page, file, now);
        }
    }
    losses(&mut page, &health.lost);
    let aside: Vec<String> = health.set_aside.iter().map(|path| shown(path)).collect();
    page.list("Set aside by a repair (remove them when nothing needs them)", &aside);
    page.list("Left by something that was cut short", &health.leftovers);
    page.text
}

fn fact(page: &mut Page, label: &str, text: &str) {
    let lead = format!("{label:<LABEL$}");
    page.fact(&lead, text);
}

fn key(health: &Health, cost: &str) -> String {
    let place = match health.key {
        KeyPlace::NoneYet => "there is none yet: no secret was stored here",
        KeyPlace::Keyring => "in the keyring of the operating system",
        KeyPlace::Passphrase => {
            let opened = match &health.opened {
                Opened::Yes => "It opens.".to_owned(),
                Opened::Nothing | Opened::NeedsPassphrase => {
                    "The secrets were not looked at: for that the passphrase \
                     must be in ZOOM_SETUP_PASSPHRASE, or zoom-setup store repair asks for it."
                        .to_owned()
                }
                Opened::WrongPassphrase => {
                    "The passphrase in ZOOM_SETUP_PASSPHRASE does not open it, or the file is damaged."
                        .to_owned()
                }
                Opened::No(why) => format!("{}.", printable(why, 600)),
            };
            return format!("in key.age, behind a passphrase. {cost}. {opened}");
        }
        KeyPlace::Open => "in the open, beside the secrets: this is a rehearsal, and nothing in it is real",
        KeyPlace::NotFound => {
            let why = match &health.opened {
                Opened::No(why) => printable(why, 600),
                Opened::Yes | Opened::Nothing | Opened::NeedsPassphrase | Opened::WrongPassphrase => {
                    "the secrets are there and their key is not".to_owned()
                }
            };
            return format!("not found: {why}");
        }
        KeyPlace::Memory => "nowhere",
    };
    place.to_owned()
}

fn keyring(keyring: &KeyringHealth) -> String {
    match keyring {
        KeyringHealth::NotAsked => "not asked, since this store does not use it".to_owned(),
        KeyringHealth::Keeps => "works: it took an entry, gave it back and removed it".to_owned(),
        KeyringHealth::Problem(problem) => format!("{problem}. {}", problem.next()),
    }
}

const fn label(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Setup => "Set-ups",
        FileKind::Connection => "Connections",
        FileKind::Secrets => "Secrets",
        FileKind::Tokens => "Tokens",
        FileKind::Key => "key.age",
    }
}

/// One line for all files of a kind: how many, how they are, how old their backups are.
fn summary(files: &[&FileHealth], now: Timestamp) -> String {
    if files.is_empty() {
        return "none".to_owned();
    }
    let count = |wanted: &dyn Fn(&FileState) -> bool| files.iter().filter(|file| wanted(&file.state)).count();
    let whole = count(&|state| *state == FileState::Whole);
    let closed = count(&|state| *state == FileState::NotOpened);
    let bad = count(&is_problem);
    let mut parts = Vec::new();
    if whole > 0 {
        let holds: usize =
            files.iter().filter_map(|file| file.secrets.filter(|_| file.state == FileState::Whole)).sum();
        parts.push(match files.first().map(|file| file.kind) {
            Some(FileKind::Secrets) => format!("whole, {}", counted(holds, "secret")),
            Some(FileKind::Key) => "whole".to_owned(),
            Some(FileKind::Setup | FileKind::Connection | FileKind::Tokens) | None => {
                format!("{whole} whole")
            }
        });
    }
    if closed > 0 {
        parts.push("not looked at (encrypted)".to_owned());
    }
    if bad > 0 {
        parts.push(match files.first().map(|file| file.kind) {
            Some(FileKind::Secrets | FileKind::Key) => "not whole, see below".to_owned(),
            Some(FileKind::Setup | FileKind::Connection | FileKind::Tokens) | None => {
                format!("{bad} not whole, see below")
            }
        });
    }
    let backups: Vec<&BackupHealth> = files.iter().filter_map(|file| file.backup.as_ref()).collect();
    let times: Vec<Timestamp> = backups.iter().filter_map(|backup| backup.written).collect();
    match (times.iter().min(), times.iter().max()) {
        (Some(oldest), Some(newest)) if oldest != newest => parts.push(format!(
            "{}, {} to {} old",
            counted(backups.len(), "backup"),
            age(*newest, now),
            age(*oldest, now)
        )),
        (Some(only), _) => {
            parts.push(format!("{}, {} old", counted(backups.len(), "backup"), age(*only, now)))
        }
        (None, _) if files.iter().any(|file| file.kind == FileKind::Tokens) => {
            parts.push("no backups, since a backup would bring back a spent token".to_owned());
        }
        (None, _) => parts.push("no backup".to_owned()),
    }
    parts.join("; ")
}

const fn is_problem(state: &FileState) -> bool {
    match state {
        FileState::Whole | FileState::NotOpened => false,
        FileState::Newer(_) | FileState::Damaged(_) | FileState::Gone => true,
    }
}

fn problem(page: &mut Page, file: &FileHealth, now: Timestamp) {
    page.item(2, "- ", &shown(&file.path));
    let what = match &file.state {
        FileState::Newer(how) => format!("Newer: {how}."),
        FileState::Damaged(how) => format!("Damaged: {how}."),
        FileState::Gone => "Gone: its backup is there, and it is not.".to_owned(),
        FileState::Whole | FileState::NotOpened => return,
    };
    page.item(4, "", &printable(&what, 1000));
    if matches!(file.state, FileState::Newer(_)) {
        return;
    }
    match file.secrets {
        None => {}
        Some(0) => page.item(4, "", "None of its secrets can be read any more."),
        Some(readable) => {
            page.item(4, "", &format!("{} in it can still be read.", counted(readable, "secret")));
        }
    }
    let backup = match &file.backup {
        None if file.kind == FileKind::Tokens => {
            "Tokens have no backup. Log in again, and new ones take their place.".to_owned()
        }
        None => "There is no backup beside it.".to_owned(),
        Some(backup) => format!("Its backup{} {}.", when(backup.written, now), backup_state(backup)),
    };
    page.item(4, "", &backup);
    if file.kind == FileKind::Key && !file.backup.as_ref().is_some_and(|kept| kept.state == FileState::Whole)
    {
        page.item(4, "", NO_KEY);
    }
}

/// What is gone, what that means, and what to do.
fn losses(page: &mut Page, losses: &[Loss]) {
    if losses.is_empty() {
        return;
    }
    page.heading("Gone, and in no backup here");
    for loss in losses {
        let (what, next) = match loss {
            Loss::Key => ("The key to the encrypted files".to_owned(), NO_KEY.to_owned()),
            Loss::Secret { connection, field } => (
                format!("{}: its {}", printable(connection, 200), field.label()),
                format!("Enter it again: zoom-setup connections rotate {}", quoted(connection)),
            ),
            Loss::Login { connection } => (
                format!("{}: its login", printable(connection, 200)),
                "Nothing can renew its access any more. Log in again: start zoom-setup, open this connection, and \
                 press l."
                    .to_owned(),
            ),
        };
        page.item(2, "- ", &what);
        page.item(4, "", &next);
    }
}

/// A name as a shell takes it.
fn quoted(name: &str) -> String {
    let name = printable(name, 200);
    if name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character)) {
        name
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

fn backup_state(backup: &BackupHealth) -> String {
    match &backup.state {
        FileState::Whole => match backup.secrets {
            Some(secrets) => format!("is whole and holds {}", counted(secrets, "secret")),
            None => "is whole".to_owned(),
        },
        FileState::NotOpened => "is encrypted and was not looked at".to_owned(),
        FileState::Newer(how) => format!("is newer: {}", printable(how, 400)),
        FileState::Damaged(how) => format!("is damaged, too: {}", printable(how, 400)),
        FileState::Gone => "is gone".to_owned(),
    }
}

/// ` of 2026-11-20 10:00 UTC (3 days old)`.
fn when(written: Option<Timestamp>, now: Timestamp) -> String {
    written.map_or_else(String::new, |at| {
        format!(" of {} ({} old)", at.strftime("%Y-%m-%d %H:%M UTC"), age(at, now))
    })
}

/// How long ago, in the largest unit that fits.
fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = u64::try_from(now.duration_since(at).as_secs()).unwrap_or(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", seconds / 86_400),
    }
}

fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// What a repair would bring back, before it does.
pub fn plan(health: &Health, repairs: &[Repair], now: Timestamp) -> String {
    let mut page = Page::default();
    if health.opened == Opened::NeedsPassphrase {
        page.item(
            0,
            "",
            "The encrypted files were not looked at: their key is behind a passphrase, and none is in \
             ZOOM_SETUP_PASSPHRASE.",
        );
    }
    if repairs.is_empty() && health.is_whole() {
        page.item(0, "", "Nothing is damaged, and nothing is to be brought back.");
        return page.text;
    }
    if !repairs.is_empty() {
        page.heading("This can be brought back:");
        for repair in repairs {
            page.item(2, "- ", &shown(&repair.path));
            page.item(4, "", &source(&repair.source, now));
        }
        page.item(0, "", "Damaged files are kept beside the new ones, as ….damaged-<time>.");
    }
    let planned = |file: &&FileHealth| !repairs.iter().any(|repair| repair.path == file.path);
    let rest: Vec<&FileHealth> =
        health.files.iter().filter(|file| is_problem(&file.state)).filter(planned).collect();
    if !rest.is_empty() {
        page.heading("This cannot, and stays as it is:");
        for file in rest {
            problem(&mut page, file, now);
        }
    }
    losses(&mut page, &health.lost);
    page.text
}

fn source(source: &Source, now: Timestamp) -> String {
    match source {
        Source::Backup { written } => format!("from its backup{}", when(*written, now)),
        Source::Parts { readable, backup: 0, .. } => {
            format!("{} that can still be read in it; there is no whole backup", counted(*readable, "secret"))
        }
        Source::Parts { readable: 0, backup, written } => {
            format!("{} from its backup{}", counted(*backup, "secret"), when(*written, now))
        }
        Source::Parts { readable, backup, written } => format!(
            "{} that can still be read in it, and what else is in its backup{}, which holds {}",
            counted(*readable, "secret"),
            when(*written, now),
            counted(*backup, "secret")
        ),
    }
}

/// A file that was brought back.
pub fn repaired(repair: &Repair, aside: Option<&Path>) -> String {
    let mut page = Page::default();
    page.item(0, "", &format!("Brought back {}", shown(&repair.path)));
    if let Some(aside) = aside {
        page.item(2, "", &format!("the damaged one is now {}", shown(aside)));
    }
    page.text
}

/// Why there is nothing to move.
pub const fn nothing_to_move(place: KeyPlace) -> &'static str {
    match place {
        KeyPlace::Memory => "--store memory keeps nothing, so there is no key to move",
        KeyPlace::Open => {
            "the key of a rehearsal lies in the open, since nothing in it is real, so there is nothing to move"
        }
        KeyPlace::NoneYet | KeyPlace::NotFound | KeyPlace::Keyring | KeyPlace::Passphrase => {
            "no secret was stored here yet, so there is no key to move; name the place when the first one is stored: \
             --store keyring or --store file"
        }
    }
}

/// What a move did.
pub fn moved(moved: &Moved) -> String {
    let opened = format!(
        "{} and {} of tokens opened through it",
        counted(moved.secrets, "secret"),
        counted(moved.tokens, "file")
    );
    let what = match (moved.from, moved.to) {
        (KeyPlace::Keyring, KeyPlace::Keyring) => format!("The key was in the keyring already: {opened}."),
        (_, KeyPlace::Keyring) => format!("The key is in the keyring now: {opened}, and key.age is gone."),
        (KeyPlace::Passphrase, _) => format!(
            "The key is behind the new passphrase now: {opened}. A copy of the old key.age, if you made one, still \
             opens with the old passphrase."
        ),
        (_, _) => format!(
            "The key is behind the passphrase now, in key.age: {opened}, and the keyring has no copy."
        ),
    };
    let mut page = Page::default();
    page.item(0, "", &what);
    page.text
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy(), 300)
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    data_dir: String,
    key: &'static str,
    opened: &'static str,
    passphrase_cost: &'a str,
    keyring: KeyringDocument,
    whole: bool,
    files: Vec<FileDocument>,
    lost: Vec<LossDocument<'a>>,
    set_aside: Vec<String>,
    leftovers: &'a [String],
}

#[derive(Serialize)]
struct KeyringDocument {
    state: &'static str,
    detail: Option<String>,
    next: Option<&'static str>,
}

#[derive(Serialize)]
struct FileDocument {
    path: String,
    kind: &'static str,
    state: &'static str,
    detail: Option<String>,
    /// How many secrets it holds, or how many of a damaged one can still be read.
    secrets: Option<usize>,
    backup: Option<BackupDocument>,
}

#[derive(Serialize)]
struct LossDocument<'a> {
    what: &'static str,
    connection: Option<&'a str>,
    field: Option<&'static str>,
}

#[derive(Serialize)]
struct BackupDocument {
    written: Option<Timestamp>,
    age_s: Option<i64>,
    state: &'static str,
    secrets: Option<usize>,
}

/// The same for programs.
///
/// # Errors
/// As [`document`].
pub fn json(health: &Health, cost: &str, now: Timestamp) -> serde_json::Result<String> {
    let keyring = match &health.keyring {
        KeyringHealth::NotAsked => KeyringDocument { state: "not_asked", detail: None, next: None },
        KeyringHealth::Keeps => KeyringDocument { state: "keeps", detail: None, next: None },
        KeyringHealth::Problem(problem) => KeyringDocument {
            state: problem.code(),
            detail: Some(problem.to_string()),
            next: Some(problem.next()),
        },
    };
    document(&Document {
        format: FORMAT,
        data_dir: health.data_dir.to_string_lossy().into_owned(),
        key: match health.key {
            KeyPlace::NoneYet => "none_yet",
            KeyPlace::Keyring => "keyring",
            KeyPlace::Passphrase => "passphrase",
            KeyPlace::Open => "open",
            KeyPlace::NotFound => "not_found",
            KeyPlace::Memory => "memory",
        },
        opened: match &health.opened {
            Opened::Yes => "yes",
            Opened::Nothing => "nothing",
            Opened::NeedsPassphrase => "needs_passphrase",
            Opened::WrongPassphrase => "wrong_passphrase",
            Opened::No(_) => "no",
        },
        passphrase_cost: cost,
        keyring,
        whole: health.is_whole(),
        files: health.files.iter().map(|file| file_document(file, now)).collect(),
        lost: health.lost.iter().map(loss_document).collect(),
        set_aside: health.set_aside.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        leftovers: &health.leftovers,
    })
}

const fn loss_document(loss: &Loss) -> LossDocument<'_> {
    match loss {
        Loss::Key => LossDocument { what: "key", connection: None, field: None },
        Loss::Secret { connection, field } => LossDocument {
            what: "secret",
            connection: Some(connection.as_str()),
            field: Some(field.as_str()),
        },
        Loss::Login { connection } => {
            LossDocument { what: "login", connection: Some(connection.as_str()), field: None }
        }
    }
}

fn file_document(file: &FileHealth, now: Timestamp) -> FileDocument {
    FileDocument {
        path: file.path.to_string_lossy().into_owned(),
        kind: match file.kind {
            FileKind::Setup => "setup",
            FileKind::Connection => "connection",
            FileKind::Secrets => "secrets",
            FileKind::Tokens => "tokens",
            FileKind::Key => "key",
        },
        state: state_code(&file.state),
        detail: match &file.state {
            FileState::Newer(how) | FileState::Damaged(how) => Some(how.clone()),
            FileState::Whole | FileState::NotOpened | FileState::Gone => None,
        },
        secrets: file.secrets,
        backup: file.backup.as_ref().map(|backup| BackupDocument {
            written: backup.written,
            age_s: backup.written.map(|at| now.duration_since(at).as_secs()),
            state: state_code(&backup.state),
            secrets: backup.secrets,
        }),
    }
}

const fn state_code(state: &FileState) -> &'static str {
    match state {
        FileState::Whole => "whole",
        FileState::NotOpened => "not_opened",
        FileState::Newer(_) => "newer",
        FileState::Damaged(_) => "damaged",
        FileState::Gone => "gone",
    }
}
