//! What was found before: the last checks of each connection, without any secret. Pure; the file is
//! `store::history`.

use super::{CheckReport, FindingCode, Status};
use crate::setup::{Connection, Owner};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many checks of each connection are kept.
pub const KEPT: usize = 20;
/// Version of a line.
const FORMAT: u32 = 1;

/// One check of one connection, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub connection: String,
    pub at: Timestamp,
    pub status: Status,
    /// Worst first.
    pub findings: Vec<FindingCode>,
    pub refreshed: bool,
    pub access_token_expires: Option<Timestamp>,
    pub refresh_token_from: Option<Timestamp>,
    pub missing: Vec<String>,
    pub excess: Vec<String>,
    /// Scopes as they were known then; `None`: no answer ever named them.
    pub granted: Option<Vec<String>>,
}

impl Entry {
    /// What is remembered of a check.
    pub fn of(report: &CheckReport) -> Self {
        Self {
            connection: report.name.clone(),
            at: report.at,
            status: report.status,
            findings: report.findings.iter().map(|finding| finding.code).collect(),
            refreshed: report.refreshed,
            access_token_expires: report.access_token_expires,
            refresh_token_from: report.refresh_token_from,
            missing: report.scopes.missing.clone(),
            excess: report.scopes.excess.clone(),
            granted: report.granted.clone(),
        }
    }
}

/// A line of the file. Scopes stand in it only where they differ from the line before.
#[derive(Serialize, Deserialize)]
struct Line {
    format: u32,
    connection: String,
    at: Timestamp,
    status: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refreshed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_token_expires: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token_from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excess: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granted: Option<Vec<String>>,
}

/// The checks that are remembered, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    entries: BTreeMap<String, Vec<Entry>>,
    lines: usize,
    /// Lines that could not be read, counted from 1.
    broken: Vec<usize>,
}

impl History {
    /// Reads the file's text. A line that is cut or not understood is skipped and counted.
    pub fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            history.lines += 1;
            match serde_json::from_str::<Line>(line).ok().and_then(Self::entry) {
                Some(entry) => history.add(entry),
                None => history.broken.push(index + 1),
            }
        }
        history
    }

    fn entry(line: Line) -> Option<Entry> {
        if line.format != FORMAT {
            return None;
        }
        Some(Entry {
            status: Status::parse(&line.status)?,
            // A code of a later version says nothing here, and does not take the rest along.
            findings: line.findings.iter().filter_map(|code| FindingCode::parse(code)).collect(),
            connection: line.connection,
            at: line.at,
            refreshed: line.refreshed,
            access_token_expires: line.access_token_expires,
            refresh_token_from: line.refresh_token_from,
            missing: line.missing,
            excess: line.excess,
            granted: line.granted,
        })
    }

    /// Remembers one more check. One without scopes keeps those that were known before.
    pub fn add(&mut self, mut entry: Entry) {
        let of = self.entries.entry(entry.connection.clone()).or_default();
        if entry.granted.is_none() {
            entry.granted = of.last().and_then(|last| last.granted.clone());
        }
        of.push(entry);
        if of.len() > KEPT {
            of.remove(0);
        }
    }

    /// The granted scopes of a connection as they were known last, and when that was: by its login or set-up, or by a
    /// check since, if Zoom named them to it.
    pub fn last_granted(&self, connection: &Connection) -> (Option<Vec<String>>, Option<Timestamp>) {
        let stored = connection.last_granted();
        // What the receiver's own login was given is named to nobody here.
        if connection.owner == Owner::Receiver {
            return stored;
        }
        let answered = |entry: &&Entry| {
            matches!(entry.status, Status::Healthy | Status::Warning)
                || entry.findings.contains(&FindingCode::ScopesMissing)
        };
        let seen =
            self.of(&connection.name).iter().rev().filter(answered).find(|entry| entry.granted.is_some());
        match seen {
            Some(entry) if stored.1.is_none_or(|at| at < entry.at) => (entry.granted.clone(), Some(entry.at)),
            Some(_) | None => stored,
        }
    }

    /// The checks of a connection, oldest first, [`KEPT`] at most.
    pub fn of(&self, connection: &str) -> &[Entry] {
        self.entries.get(connection).map(Vec::as_slice).unwrap_or_default()
    }

    /// The last check of a connection.
    pub fn last(&self, connection: &str) -> Option<&Entry> {
        self.of(connection).last()
    }

    /// Numbers of the lines that could not be read.
    pub fn broken(&self) -> &[usize] {
        &self.broken
    }

    /// Whether the file holds so much more than is kept that it is worth writing anew.
    pub fn is_wasteful(&self) -> bool {
        let kept: usize = self.entries.values().map(Vec::len).sum();
        self.lines > 2 * kept.max(KEPT)
    }

    /// The lines to append for new checks.
    pub fn lines_for(&self, entries: &[Entry]) -> String {
        entries
            .iter()
            .map(|entry| line(entry, self.last(&entry.connection).and_then(|last| last.granted.as_ref())))
            .collect()
    }

    /// The whole file, with what is kept and nothing else.
    pub fn to_text(&self) -> String {
        let mut all: Vec<(&Entry, Option<&Vec<String>>)> = Vec::new();
        for entries in self.entries.values() {
            let mut before = None;
            for entry in entries {
                all.push((entry, before));
                before = entry.granted.as_ref();
            }
        }
        all.sort_by_key(|(entry, _)| entry.at);
        all.into_iter().map(|(entry, before)| line(entry, before)).collect()
    }

    /// A connection has another name now.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(mut entries) = self.entries.remove(from) {
            for entry in &mut entries {
                to.clone_into(&mut entry.connection);
            }
            self.entries.insert(to.to_owned(), entries);
        }
    }

    /// A connection is gone.
    pub fn forget(&mut self, connection: &str) {
        self.entries.remove(connection);
    }
}

/// One line with its line feed. `before`: the scopes that the line before of this connection says.
fn line(entry: &Entry, before: Option<&Vec<String>>) -> String {
    let line = Line {
        format: FORMAT,
        connection: entry.connection.clone(),
        at: entry.at,
        status: entry.status.as_str().to_owned(),
        findings: entry.findings.iter().map(|code| code.as_str().to_owned()).collect(),
        refreshed: entry.refreshed,
        access_token_expires: entry.access_token_expires,
        refresh_token_from: entry.refresh_token_from,
        missing: entry.missing.clone(),
        excess: entry.excess.clone(),
        granted: entry.granted.clone().filter(|granted| before != Some(granted)),
    };
    // Plain values always serialize.
    serde_json::to_string(&line).map(|text| text + "\n").unwrap_or_default()
}
