//! The check of connections on the screen: what is known of each, what runs, what is listed, and where the cursor is.
//!
//! What is listed is put together when a result, the filter or the search changes, not when it is drawn. Of a
//! thousand connections a frame makes only the rows that are seen.

use super::input::TextField;
use super::message::{Intent, Ticket};
use super::model::{Model, Screen};
use crate::check::{CheckReport, Entry, Finding, FindingCode, History, Place, Status};
use crate::procedure::{AppKind, FieldName};
use crate::setup::{Connection, Owner};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What the command line asks to be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckRequest {
    /// Names of connections; none means all of them.
    pub names: Vec<String>,
    /// Check again by itself after so long.
    pub watch: Option<SignedDuration>,
}

/// What checks have found, in this run and before it, and what is being found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checking {
    /// Checks of earlier runs and of this one.
    pub history: History,
    /// The last check of this run, by name of the connection.
    pub reports: BTreeMap<String, Box<CheckReport>>,
    /// Names of those that are being checked, or wait for their turn.
    pub awaited: BTreeSet<String>,
    /// The check under way. One at a time.
    pub run: Option<Run>,
}

impl Checking {
    /// Whether results are still to come.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.done() < run.count)
    }

    /// The last check of a connection. One that was made before its login says nothing about it.
    pub fn last(&self, connection: &Connection) -> Option<&Entry> {
        let login = connection.grant.as_ref().map(|grant| grant.obtained_at);
        self.history.last(&connection.name).filter(|last| login.is_none_or(|login| last.at >= login))
    }

    /// What the last check of a connection found, if it was in this run.
    pub fn report(&self, connection: &Connection) -> Option<&CheckReport> {
        let at = self.last(connection)?.at;
        self.reports.get(&connection.name).map(Box::as_ref).filter(|report| report.at == at)
    }

    /// Takes up what one check found.
    pub fn take(&mut self, report: CheckReport) {
        self.awaited.remove(&report.name);
        self.history.add(Entry::of(&report));
        self.reports.insert(report.name.clone(), Box::new(report));
    }

    /// Takes up what is stored of earlier checks. What was found meanwhile and is not stored yet stays.
    pub fn remember(&mut self, history: History) {
        self.history = history;
        for report in self.reports.values() {
            if self.history.last(&report.name).is_none_or(|last| last.at < report.at) {
                self.history.add(Entry::of(report));
            }
        }
    }
}

/// A check under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub ticket: Ticket,
    /// Connections that are checked in it.
    pub count: usize,
    /// How many of them were found in each of [`Status::ALL`] by now.
    pub found: [usize; Status::ALL.len()],
    /// The only one that is checked, if it is one.
    pub name: Option<String>,
    /// Whether a token was refreshed, so that the connection's record is another now.
    pub refreshed: bool,
}

impl Run {
    /// How many are checked by now.
    pub fn done(&self) -> usize {
        self.found.iter().sum()
    }

    /// How many were found in that state by now.
    pub const fn found(&self, status: Status) -> usize {
        self.found[status as usize]
    }
}

/// Which connections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    All,
    Status(Status),
    /// No check is known of, or none since the login.
    Never,
}

impl Filter {
    /// In the order in which a key goes through them: what needs a hand first.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Status(Status::Unhealthy),
        Self::Status(Status::Warning),
        Self::Status(Status::NotChecked),
        Self::Never,
        Self::Status(Status::Healthy),
    ];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Status(status) => status.word(),
            Self::Never => "no check",
        }
    }

    /// Its place in [`Self::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|filter| *filter == self).unwrap_or(0)
    }

    /// Whether a connection of that last status is listed.
    fn takes(self, status: Option<Status>) -> bool {
        match self {
            Self::All => true,
            Self::Status(wanted) => status == Some(wanted),
            Self::Never => status.is_none(),
        }
    }
}

/// The part of the screen that takes the keys. On a narrow screen it is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    List,
    Detail,
}

/// Checking again and again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    pub every: SignedDuration,
    /// The next wake-up: when it is due, or when the words that say how long it takes change.
    pub ticket: Ticket,
    /// When the next check begins. While one runs, it is not known.
    pub due: Option<Timestamp>,
}

impl Watch {
    /// Milliseconds until the next check; `None` while one runs.
    pub fn left(&self, now: Timestamp) -> Option<u64> {
        let left = self.due?.as_millisecond() - now.as_millisecond();
        Some(u64::try_from(left).unwrap_or(0))
    }
}

/// Steps in which a time that is left is counted down, in milliseconds: minutes, in the last one ten seconds.
const fn step(left: u64) -> u64 {
    if left > 60_000 { 60_000 } else { 10_000 }
}

/// So many milliseconds in words: `4 min`, `50 s`.
pub fn countdown(left: u64) -> String {
    let count = left.div_ceil(step(left));
    if left > 60_000 { format!("{count} min") } else { format!("{} s", count * 10) }
}

/// Milliseconds for which [`countdown`] says the same.
pub const fn until_it_changes(left: u64) -> u64 {
    let step = step(left);
    left - left.div_ceil(step).saturating_sub(1) * step
}

/// The screen of the check.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks {
    /// Only these connections, as the command line named them.
    pub only: Option<BTreeSet<String>>,
    /// The connection from whose screen it was opened, to go back to.
    pub from: Option<String>,
    /// Indices into the connections of the library: what is worst first, then by name.
    pub list: Vec<usize>,
    /// How many connections each of [`Filter::ALL`] lists.
    pub counts: [usize; Filter::ALL.len()],
    /// Index into the list.
    pub selected: usize,
    pub filter: Filter,
    /// Words of names; `Some` while it has the focus or holds text.
    pub search: Option<TextField>,
    /// Whether the search box has the focus.
    pub searching: bool,
    pub pane: Pane,
    /// Index into [`places`] of the selected connection.
    pub place: usize,
    pub watch: Option<Watch>,
    /// How often the last watch checked, for when it is begun again.
    pub every: Option<SignedDuration>,
}

impl Checks {
    /// Everything listed, nothing put together yet.
    pub fn new(only: Option<BTreeSet<String>>, from: Option<String>) -> Self {
        Self {
            only,
            from,
            list: Vec::new(),
            counts: [0; Filter::ALL.len()],
            selected: 0,
            filter: Filter::All,
            search: None,
            searching: false,
            pane: Pane::List,
            place: 0,
            watch: None,
            every: None,
        }
    }

    /// Whether a connection is one of those that the command line named, or it named none.
    pub fn is_about(&self, connection: &Connection) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&connection.name))
    }

    /// Puts the list together, and the cursor on the connection `kept`, or on the first.
    pub fn relist(&mut self, connections: &[Connection], checking: &Checking, kept: Option<&str>) {
        let words = self.search.as_ref().map(|search| search.text().to_lowercase()).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        self.counts = [0; Filter::ALL.len()];
        let mut listed: Vec<(Reverse<u8>, usize)> = Vec::with_capacity(connections.len());
        for (index, connection) in connections.iter().enumerate() {
            if !self.is_about(connection) {
                continue;
            }
            let status = checking.last(connection).map(|last| last.status);
            for (count, filter) in self.counts.iter_mut().zip(Filter::ALL) {
                *count += usize::from(filter.takes(status));
            }
            let name = || connection.name.to_lowercase();
            if self.filter.takes(status) && (words.is_empty() || has(&name(), &words)) {
                listed.push((Reverse(urgency(status)), index));
            }
        }
        listed.sort_unstable();
        self.list = listed.into_iter().map(|(_, index)| index).collect();
        let is_kept =
            |index: &usize| connections.get(*index).is_some_and(|one| Some(one.name.as_str()) == kept);
        let at = kept.and_then(|_| self.list.iter().position(is_kept));
        if at.is_none() {
            self.place = 0;
        }
        self.selected = at.unwrap_or(0);
    }

    /// The connection under the cursor.
    pub fn selected<'a>(&self, connections: &'a [Connection]) -> Option<&'a Connection> {
        connections.get(*self.list.get(self.selected)?)
    }
}

fn has(name: &str, words: &[&str]) -> bool {
    words.iter().all(|word| name.contains(word))
}

/// Where a status stands in the list. One that was never checked needs a look sooner than one that is well.
const fn urgency(status: Option<Status>) -> u8 {
    match status {
        Some(Status::Unhealthy) => 4,
        Some(Status::Warning) => 3,
        Some(Status::NotChecked) => 2,
        None => 1,
        Some(Status::Healthy) => 0,
    }
}

/// The screen of the check and the connection under its cursor.
pub fn on_screen(model: &Model) -> Option<(&Checks, Option<&Connection>)> {
    match &model.screen {
        Screen::Checks(checks) => Some((checks, checks.selected(&model.library.connections))),
        Screen::Home { .. } | Screen::Wizard(_) | Screen::Connection { .. } => None,
    }
}

/// Where to look for what cannot be known from here, as the last check of this run named it.
pub fn places<'a>(model: &'a Model, connection: &Connection) -> &'a [Place] {
    model.checking.report(connection).map_or(&[], |report| report.places.as_slice())
}

/// The place that is marked among them.
pub fn place(model: &Model) -> Option<&Place> {
    let (checks, connection) = on_screen(model)?;
    places(model, connection?).get(checks.place)
}

/// Whether the wizard itself keeps a login alive for the connection, and so may refresh it.
pub fn is_refreshed_here(connection: &Connection) -> bool {
    connection.owner == Owner::Wizard && connection.app_kind == AppKind::General
}

/// What only a new login mends. A file of tokens that cannot be read is one of them: whatever stood in it is lost.
const ENDED: [FindingCode; 10] = [
    FindingCode::Superseded,
    FindingCode::DisabledByAdmin,
    FindingCode::OwnerRemoved,
    FindingCode::RefreshTokenExpired,
    FindingCode::RefreshTokenRefused,
    FindingCode::RefreshInterrupted,
    FindingCode::NoRefreshToken,
    FindingCode::TokenRefused,
    FindingCode::ScopesMissing,
    FindingCode::StoreUnreadable,
];

/// What the client secret of today mends.
const NO_SECRET: [FindingCode; 2] = [FindingCode::CredentialsRefused, FindingCode::SecretMissing];

/// Whether logging in again is what the connection needs, and is done from here. Where the receiver owns the grant, a
/// login from here would end the receiver's.
pub fn wants_login(model: &Model, connection: &Connection) -> bool {
    let found = |last: &Entry| last.findings.iter().any(|code| ENDED.contains(code));
    is_refreshed_here(connection) && model.checking.last(connection).is_some_and(found)
}

/// What the last check found that the client secret of today mends, entered here.
pub fn wants_secret(model: &Model, connection: &Connection) -> Option<FindingCode> {
    let mended = |code: &&FindingCode| NO_SECRET.contains(code);
    let last = model.checking.last(connection)?;
    last.findings.iter().find(mended).copied().filter(|_| has_secret(connection))
}

/// Whether the connection has a client secret at all; a public client has none.
pub fn has_secret(connection: &Connection) -> bool {
    connection.secrets.contains_key(&FieldName::ClientSecret)
}

/// The keys that bring a finding nearer to its end, the likeliest first.
pub fn ways_out(finding: &Finding, connection: &Connection, has_place: bool) -> Vec<Intent> {
    let mut ways = Vec::new();
    if NO_SECRET.contains(&finding.code) && has_secret(connection) {
        ways.push(Intent::Rotate);
    }
    if matches!(finding.code, FindingCode::ScopesMissing | FindingCode::ScopesGained) {
        ways.push(Intent::Review);
    }
    if ENDED.contains(&finding.code) && is_refreshed_here(connection) {
        ways.push(Intent::LogInAgain);
    }
    if finding.code == FindingCode::RefreshTokenOld && is_refreshed_here(connection) {
        ways.push(Intent::Refresh);
    }
    if has_place && connection.owner == Owner::Receiver && finding.code != FindingCode::ScopesMissing {
        ways.push(Intent::Open);
    }
    ways.push(Intent::Check);
    ways
}
