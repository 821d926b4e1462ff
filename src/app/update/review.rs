//! The review of an app's scopes: opening, moving, searching, ticking, copying, and the report.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

pub mod proof;

use super::keys::Typed;
use super::{notify, save, selected_home_item, storing, wizard_mut};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent};
use crate::app::model::{HomeItem, Model, Screen, Tone};
use crate::app::review::{About, Filter, Pane, ReviewOf, ReviewRequest, Reviewing, SubjectChoice, subjects};
use crate::procedure::Procedure;
use crate::scope::Catalogue;
use crate::scope::granted::parse_granted;
use crate::scope::proof::Proved;
use crate::scope::report::{Report, ReportedProof, markdown};
use crate::scope::review::State;
use crate::secret::Secret;
use crate::setup::{Connection, Owner, Setup, last_granted, management};
use std::sync::Arc;

/// Longest list of granted scopes that is taken, in bytes. All published ones together are about 120,000.
const LONGEST_LIST: usize = 1_000_000;

/// What the command line asks for.
pub fn request(model: &mut Model, request: ReviewRequest) {
    let named = request.procedure.as_deref().and_then(|id| model.procedure(id)).cloned();
    let mut about = match &request.connection {
        None => of_anything(named.clone()),
        Some(name) => match model.connection(name) {
            Some(connection) => of_connection(model, connection),
            None => return notify(model, Tone::Failure, format!("There is no connection {name}.")),
        },
    };
    if let Some(procedure) = named {
        about.procedure = Some(procedure);
    }
    if let Some(granted) = request.granted {
        about.granted = granted;
        about.granted_at = None;
    }
    show(model, about);
}

/// What is under the cursor, or on the screen.
pub fn open(model: &mut Model) {
    let about = match &model.screen {
        Screen::Home { .. } => match selected_home_item(model) {
            Some(HomeItem::New(index)) => of_anything(model.procedures.get(index).cloned()),
            Some(HomeItem::Resume(index)) => {
                let Some(setup) = model.library.setups.get(index) else { return };
                of_setup(model.procedure(&setup.procedure).cloned(), setup, ReviewOf::Anything)
            }
            Some(HomeItem::Connection(index)) => match model.library.connections.get(index) {
                Some(connection) => of_connection(model, connection),
                None => return,
            },
            Some(HomeItem::Rehearse | HomeItem::Review | HomeItem::Check) | None => of_anything(None),
        },
        Screen::Connection { name } => match model.connection(name) {
            Some(connection) => of_connection(model, connection),
            None => return,
        },
        Screen::Checks(checks) => match checks.selected(&model.library.connections) {
            Some(connection) => of_connection(model, connection),
            None => return,
        },
        Screen::Wizard(wizard) => {
            if wizard.loading.is_some() {
                return;
            }
            of_setup(Some(Arc::clone(&wizard.procedure)), &wizard.setup, ReviewOf::Setup)
        }
    };
    show(model, about);
}

fn show(model: &mut Model, about: About) {
    let mut reviewing = Reviewing::new(about);
    // Before a token tells, what was ticked in the checklist is ticked here; after it, what is missing is to do.
    if reviewing.about.of == ReviewOf::Setup
        && !reviewing.review.compared
        && let Some(wizard) = model.wizard()
    {
        reviewing.ticked.clone_from(&wizard.setup.scopes_added);
    }
    model.scroll = 0;
    model.notice = None;
    model.review = Some(Box::new(reviewing));
}

/// A list of granted scopes that may be pasted, for a procedure or for none.
fn of_anything(procedure: Option<Arc<Procedure>>) -> About {
    About {
        of: ReviewOf::Anything,
        app_kind: procedure.as_ref().map(|procedure| procedure.app_kind),
        procedure,
        chosen: None,
        granted: None,
        granted_at: None,
        management: None,
        owner: None,
    }
}

fn of_connection(model: &Model, connection: &Connection) -> About {
    let (granted, granted_at) = model.checking.history.last_granted(connection);
    About {
        of: ReviewOf::Connection(connection.name.clone()),
        procedure: model.procedure(&connection.procedure).cloned(),
        app_kind: Some(connection.app_kind),
        chosen: Some(connection.scopes.clone()),
        granted,
        granted_at,
        management: connection.management(),
        owner: Some(connection.owner),
    }
}

fn of_setup(procedure: Option<Arc<Procedure>>, setup: &Setup, of: ReviewOf) -> About {
    let (granted, granted_at) = last_granted(setup.grant.as_ref(), setup.verification.as_ref());
    About {
        of,
        app_kind: procedure.as_ref().map(|procedure| procedure.app_kind),
        procedure,
        chosen: Some(setup.scopes.clone()),
        granted,
        granted_at,
        management: management(&setup.answers),
        // What there is of a login during a set-up is this program's own.
        owner: setup.grant.as_ref().map(|_| Owner::Wizard),
    }
}

/// A key.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    model.notice = None;
    let Some(reviewing) = &mut model.review else { return };
    if reviewing.paste.is_some() {
        return match intent {
            Intent::Confirm => take_typed(model),
            Intent::Back => reviewing.paste = None,
            _ => {}
        };
    }
    if reviewing.searching {
        return match intent {
            Intent::Confirm | Intent::Down => reviewing.searching = false,
            Intent::Back => close_search(reviewing),
            _ => {}
        };
    }
    match (reviewing.pane, intent) {
        (_, Intent::Back) => back(model, out),
        (_, Intent::Up | Intent::Down | Intent::PageUp | Intent::PageDown | Intent::First | Intent::Last) => {
            step(model, intent)
        }
        (_, Intent::CopyNext) => copy_next(model, out),
        (_, Intent::CopyAll) => copy_all(model, out),
        (_, Intent::Copy) => copy(model, out),
        (_, Intent::Toggle) => toggle(model, out),
        (_, Intent::Export) => export(model, out),
        (_, Intent::Prove) => proof::start(model, out),
        (Pane::Subjects, Intent::Confirm) => choose(model, out),
        (Pane::ToDo, Intent::ToDo | Intent::Confirm) => go(model, Pane::List),
        (_, Intent::ToDo) => go(model, Pane::ToDo),
        (_, Intent::Subjects) if reviewing.about.of != ReviewOf::Setup => {
            let current = current_subject(model);
            go(model, Pane::Subjects);
            if let Some(reviewing) = &mut model.review {
                reviewing.subject = current;
            }
        }
        (_, Intent::PasteBox) => reviewing.paste = Some(TextField::masked("")),
        (_, Intent::Search) => {
            reviewing.search.get_or_insert_with(|| TextField::plain(""));
            reviewing.searching = true;
            go(model, Pane::List);
        }
        (_, Intent::FilterNext) => turn(model, 1),
        (_, Intent::FilterPrevious) => turn(model, Filter::ALL.len() - 1),
        (Pane::Tree, Intent::Confirm | Intent::FocusNext) => go(model, Pane::List),
        (Pane::List, Intent::Confirm | Intent::FocusNext) if !reviewing.list.is_empty() => {
            go(model, Pane::Detail);
        }
        (Pane::List, Intent::FocusPrevious) | (Pane::Detail, Intent::FocusNext) => go(model, Pane::Tree),
        (Pane::Detail, Intent::FocusPrevious) => go(model, Pane::List),
        (Pane::Tree, Intent::FocusPrevious) => go(model, Pane::Detail),
        _ => {}
    }
}

fn go(model: &mut Model, pane: Pane) {
    model.scroll = 0;
    if let Some(reviewing) = &mut model.review {
        reviewing.pane = pane;
        reviewing.branch = reviewing.branch_of(reviewing.selected);
    }
}

/// Esc: what is under way, the pane, the search, the screen, in this order.
fn back(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &mut model.review else { return };
    match reviewing.pane {
        Pane::ToDo | Pane::Subjects => return go(model, Pane::List),
        Pane::Tree | Pane::List | Pane::Detail => {}
    }
    if reviewing.proving.is_some() {
        return proof::cancel(model, out);
    }
    if reviewing.pane != Pane::List {
        return go(model, Pane::List);
    }
    if reviewing.search.is_some() {
        return close_search(reviewing);
    }
    model.scroll = 0;
    model.review = None;
}

fn close_search(reviewing: &mut Reviewing) {
    let kept = reviewing.selected_id().map(str::to_owned);
    reviewing.search = None;
    reviewing.searching = false;
    reviewing.relist(kept.as_deref());
}

/// The cursor of the pane, or its text where it has none.
fn step(model: &mut Model, intent: Intent) {
    let page = model.page.saturating_sub(1).max(1);
    let choices = subjects(model).len();
    let Some(reviewing) = &mut model.review else { return };
    let moved = |at: usize, count: usize| {
        let last = count.saturating_sub(1);
        match intent {
            Intent::Up => at.saturating_sub(1),
            Intent::Down => (at + 1).min(last),
            Intent::PageUp => at.saturating_sub(usize::from(page)),
            Intent::PageDown => (at + usize::from(page)).min(last),
            Intent::First => 0,
            _ => last,
        }
    };
    match reviewing.pane {
        Pane::Detail => {
            let max = model.max_scroll;
            model.scroll = match intent {
                Intent::Up => model.scroll.saturating_sub(1),
                Intent::Down => (model.scroll + 1).min(max),
                Intent::PageUp => model.scroll.saturating_sub(page),
                Intent::PageDown => (model.scroll + page).min(max),
                Intent::First => 0,
                _ => max,
            };
        }
        Pane::List => {
            reviewing.selected = moved(reviewing.selected, reviewing.list.len());
            reviewing.branch = reviewing.branch_of(reviewing.selected);
        }
        Pane::Tree => {
            reviewing.branch = moved(reviewing.branch, reviewing.branches.len());
            // The list beside it goes along.
            let first = reviewing.branches.get(reviewing.branch).map(|branch| branch.first);
            reviewing.selected = first.unwrap_or(reviewing.selected);
        }
        // The list of tasks moves by lines, the words above it by pages.
        Pane::ToDo => match intent {
            Intent::PageUp => model.scroll = model.scroll.saturating_sub(page),
            Intent::PageDown => model.scroll = (model.scroll + page).min(model.max_scroll),
            _ => {
                let count = reviewing.tasks().count();
                reviewing.task = moved(reviewing.task, count);
            }
        },
        Pane::Subjects => reviewing.subject = moved(reviewing.subject, choices),
    }
}

fn turn(model: &mut Model, by: usize) {
    let Some(reviewing) = &mut model.review else { return };
    // Past what lists nothing; there is always something that is published.
    let at = reviewing.filter.index();
    let next = (1..=Filter::ALL.len())
        .map(|steps| (at + steps * by) % Filter::ALL.len())
        .find(|index| reviewing.counts[*index] > 0)
        .unwrap_or(at);
    reviewing.filter_by(Filter::ALL[next]);
    if reviewing.pane != Pane::Tree {
        reviewing.pane = Pane::List;
    }
    model.scroll = 0;
}

/// The scope that copy and tick are about.
fn in_hand(reviewing: &Reviewing) -> Option<String> {
    match reviewing.pane {
        Pane::ToDo => reviewing.tasks().nth(reviewing.task).map(str::to_owned),
        Pane::Tree | Pane::List | Pane::Detail => reviewing.selected_id().map(str::to_owned),
        Pane::Subjects => None,
    }
}

fn copy(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(id) = model.review.as_deref().and_then(in_hand) {
        out.push(Effect::Copy { text: Secret::new(id.clone()), what: id });
    }
}

/// Everything that is listed, one a line; on the to-do, what is to be added.
fn copy_all(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &model.review else { return };
    let ids: Vec<&str> = match reviewing.pane {
        Pane::ToDo => reviewing.to_add(),
        Pane::Tree | Pane::List | Pane::Detail => {
            reviewing.list.iter().map(|listed| reviewing.id(listed)).collect()
        }
        Pane::Subjects => Vec::new(),
    };
    if ids.is_empty() {
        return notify(model, Tone::Information, "Nothing is listed that could be copied.");
    }
    let what = if ids.len() == 1 { "1 scope".to_owned() } else { format!("{} scopes", ids.len()) };
    out.push(Effect::Copy { text: Secret::new(ids.join("\n")), what });
}

/// Copies the next scope that the app lacks, ticks it, and goes to it.
fn copy_next(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &mut model.review else { return };
    let next = reviewing.to_add().into_iter().find(|id| !reviewing.ticked.contains(*id)).map(str::to_owned);
    let Some(next) = next else {
        let text = match (reviewing.review.compared, reviewing.to_add().is_empty()) {
            (true, true) => "Nothing that is needed is missing.",
            (false, true) => "Nothing is needed here: w chooses what the app is for.",
            (_, false) => "Every scope that is missing is ticked. d shows the to-do.",
        };
        return notify(model, Tone::Success, text);
    };
    if !reviewing.list.iter().any(|listed| reviewing.id(listed) == next) {
        // The cursor goes to what was copied, so that must be listed.
        reviewing.search = None;
        reviewing.filter_by(Filter::Review);
    }
    let task = reviewing.tasks().position(|id| id == next);
    reviewing.task = task.unwrap_or(reviewing.task);
    if let Some(index) = reviewing.list.iter().position(|listed| reviewing.id(listed) == next) {
        reviewing.selected = index;
        reviewing.branch = reviewing.branch_of(index);
    }
    reviewing.ticked.insert(next.clone());
    out.push(Effect::Copy { text: Secret::new(next.clone()), what: next });
    keep_ticks(model, out);
}

fn toggle(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &mut model.review else { return };
    let Some(id) = in_hand(reviewing) else { return };
    if !reviewing.ticked.remove(&id) {
        reviewing.ticked.insert(id);
    }
    keep_ticks(model, out);
}

/// In a set-up before its first token, the ticks are those of its checklist.
fn keep_ticks(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &model.review else { return };
    if reviewing.about.of != ReviewOf::Setup || reviewing.review.compared {
        return;
    }
    let ticked = reviewing.ticked.clone();
    let Some(wizard) = wizard_mut(model) else { return };
    let added = wizard.setup.scopes.intersection(&ticked).cloned().collect();
    if wizard.setup.scopes_added != added {
        wizard.setup.scopes_added = added;
        save(model, out);
        super::steps::tell_sandbox(model, out);
    }
}

fn export(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &model.review else { return };
    let connection = match &reviewing.about.of {
        ReviewOf::Connection(name) => model.connection(name),
        ReviewOf::Anything | ReviewOf::Setup => None,
    };
    let results: Vec<Proved> =
        reviewing.found.iter().flat_map(|found| found.results.values()).cloned().collect();
    let proof = reviewing.found.as_ref().map(|found| ReportedProof {
        at: found.at,
        results: &results,
        stopped: found.stopped.as_ref(),
    });
    let text = markdown(&Report {
        procedure: reviewing.about.procedure.as_deref(),
        connection,
        granted_at: reviewing.about.granted_at,
        review: &reviewing.review,
        proof,
    });
    let name = connection
        .map(|connection| storing::file_safe(&connection.name))
        .or_else(|| reviewing.about.procedure.as_ref().map(|procedure| procedure.id.clone()))
        .unwrap_or_else(|| "app".to_owned());
    out.push(Effect::Export { file_name: format!("zoom-scopes-{name}.md"), text: Secret::new(text) });
}

/// Text for the box that is open.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    let Some(reviewing) = &mut model.review else { return };
    if let Some(field) = &mut reviewing.paste {
        typed.apply(field);
    } else if let Some(field) = reviewing.search.as_mut().filter(|_| reviewing.searching) {
        let before = field.text().to_owned();
        typed.apply(field);
        if field.text() != before {
            reviewing.relist(None);
        }
    }
}

fn take_typed(model: &mut Model) {
    let Some(field) = model.review.as_ref().and_then(|reviewing| reviewing.paste.as_ref()) else { return };
    let text = Secret::new(field.text());
    take(model, &text);
}

/// A paste: into the search box if that has the focus, otherwise what was granted.
pub fn paste(model: &mut Model, text: &Secret) {
    model.notice = None;
    if model.review.as_ref().is_some_and(|reviewing| reviewing.searching) {
        return typed(model, Typed::Paste(text));
    }
    take(model, text);
}

/// Takes a list of granted scopes, with its line ends. Of a token answer only its scopes are looked at.
fn take(model: &mut Model, text: &Secret) {
    let refuse = |model: &mut Model, why: &str| notify(model, Tone::Warning, why);
    if text.expose().len() > LONGEST_LIST {
        return refuse(model, "Too long for a list of scopes. Copy the scopes alone.");
    }
    let catalogue = Catalogue::embedded();
    let granted = match parse_granted(catalogue, text.expose()) {
        Ok(granted) => granted,
        Err(why) => return refuse(model, &format!("Not taken: the text {why}.")),
    };
    let is_scope = |id: &String| id.contains(':') || catalogue.get(id).is_some();
    if granted.as_ref().is_some_and(|ids| !ids.iter().any(is_scope)) {
        return refuse(model, "No scope is in it. A scope looks like user:read:user:admin.");
    }
    // Words between scopes are no scopes, and may be anything.
    let granted: Option<Vec<String>> = granted.map(|ids| ids.into_iter().filter(|id| is_scope(id)).collect());
    let Some(reviewing) = &mut model.review else { return };
    if reviewing.proving.is_some() {
        return refuse(model, "A proof is under way. Esc stops it; then paste again.");
    }
    let count = granted.as_ref().map(Vec::len);
    reviewing.paste = None;
    reviewing.found = None;
    reviewing.ticked.clear();
    reviewing.about.granted = granted;
    reviewing.about.granted_at = None;
    reviewing.search = None;
    reviewing.searching = false;
    reviewing.filter = Filter::Review;
    reviewing.pane = Pane::List;
    reviewing.renew();
    model.scroll = 0;
    let review = &reviewing.review;
    let (missing, excess) = (review.count(State::Missing), review.count(State::Excess));
    match count {
        None => notify(model, Tone::Warning, "The answer names no scopes, so nothing is confirmed."),
        Some(count) if reviewing.about.procedure.is_none() => {
            notify(
                model,
                Tone::Success,
                format!("{count} granted scopes taken. w chooses what the app is for."),
            );
        }
        Some(count) => {
            let tone = if missing > 0 { Tone::Warning } else { Tone::Success };
            let text = format!("{count} granted scopes taken: {missing} missing, {excess} in excess.");
            notify(model, tone, text);
        }
    }
}

fn current_subject(model: &Model) -> usize {
    let Some(reviewing) = &model.review else { return 0 };
    let is_current = |choice: &SubjectChoice| match (choice, &reviewing.about.of) {
        (SubjectChoice::Connection(index), ReviewOf::Connection(name)) => {
            model.library.connections[*index].name == *name
        }
        (SubjectChoice::Procedure(index), ReviewOf::Anything) => {
            reviewing.about.procedure.as_ref() == model.procedures.get(*index)
        }
        _ => false,
    };
    subjects(model).iter().position(is_current).unwrap_or(0)
}

/// Another subject. What was pasted stays, unless the new one brings its own.
fn choose(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(reviewing) = &model.review else { return };
    let pasted = match (&reviewing.about.of, reviewing.about.granted_at) {
        (ReviewOf::Anything, None) => reviewing.about.granted.clone(),
        _ => None,
    };
    let about = match subjects(model).get(reviewing.subject) {
        Some(SubjectChoice::Procedure(index)) => {
            About { granted: pasted, ..of_anything(model.procedures.get(*index).cloned()) }
        }
        Some(SubjectChoice::Connection(index)) => match model.library.connections.get(*index) {
            Some(connection) => of_connection(model, connection),
            None => return,
        },
        Some(SubjectChoice::Nothing) | None => About { granted: pasted, ..of_anything(None) },
    };
    proof::stop(model, out);
    show(model, about);
}
