//! What to do on Zoom's Scopes page, and what follows from it for the live grant.

use super::{Row, RowNeed, Standing, Subject, is_server_to_server};
use crate::procedure::ScopeNeed;
use crate::scope::catalogue::{Catalogue, Style, product};
use crate::setup::Owner;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The to-do for Zoom's page. Both lists are by product and then by id, so that what stands together in the
/// picker stands together here; in which order Zoom's picker has the products is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Todo {
    pub add: Vec<AddScope>,
    pub remove: Vec<RemoveScope>,
    /// What must happen to the grant, if anything is to be changed.
    pub renewal: Option<Renewal>,
}

impl Todo {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

/// A scope to add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddScope {
    pub scope: String,
    pub product: String,
    /// The needed scopes that it is for: itself, or those that a classic one covers.
    pub for_scopes: Vec<String>,
    pub why: String,
}

/// A scope to take away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemoveScope {
    pub scope: String,
    pub product: String,
    pub why: String,
}

/// A token keeps the scopes it was made with, so a change of the app needs a new one; by whom (law 1: Zoom
/// keeps one grant per user and app, and the newer login ends the earlier one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renewal {
    /// Who has to act.
    pub by: RenewalBy,
    /// What to do, and what must not be done, a sentence each.
    pub steps: Vec<String>,
}

/// Who renews the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RenewalBy {
    /// Nobody logs in: a Server-to-Server app asks for tokens by itself.
    Nobody,
    /// The receiver's admin, in the receiver.
    Receiver,
    /// This program, which owns the grant.
    Wizard,
    /// Whoever holds the live grant; it is not known here who does.
    Holder,
}

pub(super) fn todo(
    catalogue: &'static Catalogue,
    subject: &Subject<'_>,
    needed: &BTreeSet<String>,
    granted: Option<&[String]>,
    rows: &[Row],
) -> Todo {
    let Some(granted) = granted else { return Todo::default() };
    let mut add: BTreeMap<(String, String), AddScope> = BTreeMap::new();
    let classic_app = is_classic_app(catalogue, granted);
    for row in rows.iter().filter(|row| row.standing == Standing::Missing) {
        let stand_in = if classic_app { classic_for(catalogue, subject, &row.id) } else { None };
        let id = stand_in.unwrap_or(&row.id);
        let why = row.asked.as_ref().filter(|_| id == row.id).map(|asked| asked.reason.clone());
        let entry = add.entry((product(id).to_owned(), id.to_owned())).or_insert_with(|| AddScope {
            scope: id.to_owned(),
            product: product(id).to_owned(),
            for_scopes: Vec::new(),
            why: why.unwrap_or_else(|| match row.need {
                Some(RowNeed::Chosen) if id == row.id => "Chosen for this app.".to_owned(),
                Some(_) | None => "The app has classic scopes; this one covers what is needed.".to_owned(),
            }),
        });
        entry.for_scopes.push(row.id.clone());
    }
    // What is added can make a wider scope superfluous, so excess is what the app would then have too much of.
    let mut after = granted.to_vec();
    after.extend(add.values().map(|item| item.scope.clone()));
    let diff = catalogue.diff(needed, Some(&after));
    let wanted_anyway = |id: &str| {
        let need = rows.iter().find(|row| row.id == id).and_then(|row| row.need);
        matches!(need, Some(RowNeed::Optional))
    };
    let excess: BTreeSet<(&str, &str)> = diff
        .excess
        .iter()
        .map(|id| (product(id), id.as_str()))
        .filter(|(_, id)| subject.procedure.is_some() && !wanted_anyway(id))
        .collect();
    let remove: Vec<RemoveScope> = excess
        .into_iter()
        .map(|(product, id)| RemoveScope {
            scope: id.to_owned(),
            product: product.to_owned(),
            why: why_remove(rows, id),
        })
        .collect();
    let mut todo = Todo { add: add.into_values().collect(), remove, renewal: None };
    if !todo.is_empty() {
        todo.renewal = Some(renewal(subject));
    }
    todo
}

fn why_remove(rows: &[Row], id: &str) -> String {
    let row = rows.iter().find(|row| row.id == id);
    match row.and_then(|row| row.asked.as_ref()) {
        Some(asked) => match asked.actions.first() {
            Some(action) => format!("{} {action}", asked.reason),
            None => asked.reason.clone(),
        },
        None => "Nothing in the procedure asks for it.".to_owned(),
    }
}

/// An app made before granular scopes: everything known that it has is classic.
fn is_classic_app(catalogue: &Catalogue, granted: &[String]) -> bool {
    let mut known = granted.iter().filter_map(|id| catalogue.get(id)).peekable();
    known.peek().is_some() && known.all(|entry| entry.style == Style::Classic)
}

/// The classic scope for a granular need: one that the procedure names, else the one that unlocks least.
fn classic_for(catalogue: &'static Catalogue, subject: &Subject<'_>, id: &str) -> Option<&'static str> {
    let entry = catalogue.get(id)?;
    let named = |classic: &str| {
        let scope = subject.procedure.and_then(|procedure| procedure.scope(classic));
        scope.is_some_and(|scope| scope.need == ScopeNeed::Classic)
    };
    let options = entry.classic().filter_map(|classic| catalogue.get(classic));
    options
        .min_by_key(|option| (!named(option.id), option.operations().count(), option.id))
        .map(|option| option.id)
}

fn renewal(subject: &Subject<'_>) -> Renewal {
    let receiver = subject.procedure.map_or("the receiving system", |procedure| procedure.receiver.label());
    if is_server_to_server(subject) {
        let steps = [
            format!("Nobody has to log in: the next token that {receiver} asks for has the changed scopes."),
            "A token lives for an hour, and Zoom can take a while to follow a change.".to_owned(),
        ];
        return Renewal { by: RenewalBy::Nobody, steps: steps.into() };
    }
    let keeps =
        "A token keeps the scopes it was made with, and once the app's scopes have changed Zoom can refuse \
                 to refresh it (4711): the grant must be renewed right after the change."
            .to_owned();
    let by = match subject.owner {
        Some(Owner::Receiver) => RenewalBy::Receiver,
        Some(Owner::Wizard) => RenewalBy::Wizard,
        None => RenewalBy::Holder,
    };
    let log_in = match (by, subject.procedure) {
        (RenewalBy::Receiver, Some(procedure)) => format!(
            "{receiver} holds the live grant. Its admin opens the connection there and presses {} again, signed in \
             to Zoom as an admin.",
            procedure.handover.last_button
        ),
        (RenewalBy::Wizard, _) => {
            "This program holds the live grant: log in again with it, as a Zoom admin.".to_owned()
        }
        (RenewalBy::Receiver | RenewalBy::Holder | RenewalBy::Nobody, _) => {
            format!("Whoever holds the live grant logs in again: {receiver}, if it runs on this app.")
        }
    };
    let not = match by {
        RenewalBy::Wizard => {
            "Zoom keeps one grant per user and app: the new login ends the old one.".to_owned()
        }
        RenewalBy::Receiver | RenewalBy::Holder | RenewalBy::Nobody => format!(
            "Do not try it with a login of your own afterwards: Zoom keeps one grant per user and app, and a newer \
             login cuts {receiver} off."
        ),
    };
    Renewal { by, steps: vec![keeps, log_in, not] }
}
