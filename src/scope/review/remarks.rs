//! What a reviewer would say beyond missing and excess: least privilege, and what looks wrong.

use super::{Row, RowNeed, Standing, Subject};
use crate::scope::Level;
use crate::scope::catalogue::{Catalogue, Style};
use crate::scope::compare::{KindProblem, ScopeDiff};
use crate::scope::explain::{AskedAs, Effect};
use serde::Serialize;
use std::collections::BTreeSet;

/// A remark, with the scopes it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    pub kind: RemarkKind,
    /// Sorted.
    pub scopes: Vec<String>,
    /// What was seen, what it means, what to do: a few sentences.
    pub text: String,
}

/// What a remark is about. In the order of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// Granted scopes are not known.
    NotConfirmed,
    /// The document shows it as an example; it must not be there.
    Example,
    /// Reaches into sub accounts.
    Master,
    /// The levels do not fit the kind of app.
    WrongKind,
    /// Changes data, and nothing that is documented for the job uses it.
    UnusedWrite,
    /// A classic scope that does for a need and allows much more.
    Wide,
    /// A part of what a missing scope is for is covered.
    InPart,
    /// An unknown scope that looks like a known one.
    LooksLike,
    /// The receiver and Zoom name different scopes for one action.
    Disagreement,
}

pub(super) fn remarks(
    catalogue: &'static Catalogue,
    subject: &Subject<'_>,
    needed: &BTreeSet<String>,
    granted: Option<&[String]>,
    rows: &[Row],
    diff: &ScopeDiff,
) -> Vec<Remark> {
    let mut out = Vec::new();
    match granted {
        None => out.push(Remark {
            kind: RemarkKind::NotConfirmed,
            scopes: Vec::new(),
            text: "What was granted is not confirmed, so nothing is compared: the token answer named no scopes, or \
                   none was given."
                .to_owned(),
        }),
        Some(granted) => {
            about_rows(catalogue, subject, rows, &mut out);
            wrong_kind(catalogue, subject, needed, granted, &mut out);
            wide(catalogue, diff, &mut out);
            in_part(catalogue, granted, diff, &mut out);
        }
    }
    looks_like(catalogue, rows, &mut out);
    disagreements(subject, rows, &mut out);
    out.sort_by(|one, other| (one.kind, &one.scopes).cmp(&(other.kind, &other.scopes)));
    out
}

fn ids<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    rows.map(|row| row.id.clone()).collect()
}

fn is_granted(row: &&Row) -> bool {
    matches!(row.standing, Standing::Granted | Standing::Excess)
}

fn about_rows(catalogue: &Catalogue, subject: &Subject<'_>, rows: &[Row], out: &mut Vec<Remark>) {
    let held = || rows.iter().filter(is_granted);
    for row in held() {
        if let Some(asked) = row.asked.as_ref().filter(|asked| asked.need == AskedAs::Avoid) {
            out.push(Remark {
                kind: RemarkKind::Example,
                scopes: vec![row.id.clone()],
                text: format!("{} Take it away.", asked.reason),
            });
        }
    }
    let master = ids(held().filter(|row| row.level == Level::Master));
    if !master.is_empty() {
        let text = "These reach into sub accounts, and only the owner of a primary account can grant them. Take them \
                    away unless the receiver works on sub accounts.";
        out.push(Remark { kind: RemarkKind::Master, scopes: master, text: text.to_owned() });
    }
    let changes =
        |row: &&Row| catalogue.get(&row.id).is_some_and(|entry| Effect::of(entry) == Effect::Change);
    let unused = |row: &&Row| match row.standing {
        Standing::Excess => row.asked.as_ref().is_none_or(|asked| asked.need != AskedAs::Avoid),
        Standing::Granted => row.need == Some(RowNeed::Optional),
        Standing::Covered(_) | Standing::Missing | Standing::Open | Standing::NotConfirmed => false,
    };
    // What is told above need not be told again.
    let writes = ids(held().filter(|row| row.level != Level::Master).filter(changes).filter(unused));
    if !writes.is_empty() && subject.procedure.is_some() {
        let text = "These let the app change data, and no action of the documented job uses them. Take them away \
                    unless you know what needs them.";
        out.push(Remark { kind: RemarkKind::UnusedWrite, scopes: writes, text: text.to_owned() });
    }
}

fn wrong_kind(
    catalogue: &Catalogue,
    subject: &Subject<'_>,
    needed: &BTreeSet<String>,
    granted: &[String],
    out: &mut Vec<Remark>,
) {
    let Some(procedure) = subject.procedure else { return };
    let management = subject.management.or(match procedure.management.as_slice() {
        [only] => Some(*only),
        _ => None,
    });
    for finding in catalogue.wrong_kind(needed, granted, procedure.app_kind, management) {
        match finding.problem {
            // Told above, for apps without a procedure too.
            KindProblem::MasterLevel => {}
            KindProblem::UserLevelOnly | KindProblem::AdminLevel => out.push(Remark {
                kind: RemarkKind::WrongKind,
                scopes: finding.evidence,
                text: format!("{}. {}.", finding.message, finding.next),
            }),
        }
    }
}

/// Classic scopes that stand in for needs: how much more they allow, and which would do.
fn wide(catalogue: &'static Catalogue, diff: &ScopeDiff, out: &mut Vec<Remark>) {
    let used: BTreeSet<&String> = diff.covered.iter().flat_map(|cover| &cover.by).collect();
    for id in used {
        let Some(entry) = catalogue.get(id).filter(|entry| entry.style == Style::Classic) else { continue };
        let needs: Vec<&str> = diff
            .covered
            .iter()
            .filter(|cover| cover.by.contains(id))
            .map(|cover| cover.scope.as_str())
            .collect();
        let allowed = entry.operations().count();
        let wanted = needs.iter().filter_map(|need| catalogue.get(need));
        let used: BTreeSet<&str> = wanted
            .flat_map(|need| need.operations())
            .filter(|one| entry.operations().any(|o| o == *one))
            .collect();
        if used.len() >= allowed {
            continue;
        }
        let does = |other: &str| needs.iter().all(|need| catalogue.cover(need, [other]).is_some());
        let narrower = catalogue
            .entries()
            .iter()
            .filter(|other| other.style == Style::Classic && other.level == entry.level)
            .filter(|other| other.operations().count() < allowed && does(other.id))
            .min_by_key(|other| (other.operations().count(), other.id));
        let advice = match narrower {
            Some(narrower) => format!(" {} would do.", narrower.id),
            None => {
                " Granular scopes would be narrower; Zoom lets an older app move to them on its Scopes page."
                    .to_owned()
            }
        };
        out.push(Remark {
            kind: RemarkKind::Wide,
            scopes: vec![id.clone()],
            text: format!(
                "It unlocks {allowed} documented operations; what is needed uses {}.{advice}",
                used.len()
            ),
        });
    }
}

fn in_part(catalogue: &Catalogue, granted: &[String], diff: &ScopeDiff, out: &mut Vec<Remark>) {
    for id in &diff.missing {
        if let Some(cover) = catalogue.cover_in_part(id, granted.iter().map(String::as_str)) {
            out.push(Remark {
                kind: RemarkKind::InPart,
                scopes: vec![id.clone()],
                text: format!("{} covers some of its operations, not all of them.", cover.by.join(" and ")),
            });
        }
    }
}

fn looks_like(catalogue: &Catalogue, rows: &[Row], out: &mut Vec<Remark>) {
    for row in rows.iter().filter(|row| !row.known) {
        if let Some(nearest) = catalogue.nearest(&row.id) {
            out.push(Remark {
                kind: RemarkKind::LooksLike,
                scopes: vec![row.id.clone()],
                text: format!("Not in this program's list; {nearest} is. Newer than the list, or mistyped."),
            });
        }
    }
}

/// Where both opinions matter: both scopes are needed, and one of them is not there.
fn disagreements(subject: &Subject<'_>, rows: &[Row], out: &mut Vec<Remark>) {
    let Some(procedure) = subject.procedure else { return };
    let row = |id: &str| rows.iter().find(|row| row.id == id);
    for action in procedure.actions.iter().flat_map(|list| &list.actions) {
        let Some(zoom) = &action.zoom else { continue };
        let both = [row(&action.scope), row(zoom)];
        let needed = both.iter().all(|row| row.is_some_and(Row::is_needed));
        let lacking: Vec<String> = [&action.scope, zoom]
            .into_iter()
            .filter(|id| {
                !row(id).is_some_and(|row| matches!(row.standing, Standing::Granted | Standing::Covered(_)))
            })
            .cloned()
            .collect();
        if needed && lacking.len() == 1 && subject.granted.is_some() {
            out.push(Remark {
                kind: RemarkKind::Disagreement,
                scopes: lacking,
                text: format!(
                    "{}: {} names {} for it, Zoom's own list {zoom}; the app has only one of them, and which is right \
                     is not known.",
                    action.name,
                    procedure.receiver.label(),
                    action.scope
                ),
            });
        }
    }
}
