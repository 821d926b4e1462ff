//! The check of connections: opening its screen, moving on it, running a check, and taking its results.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a key that means nothing here is ignored; every message is matched in update.rs"
)]

mod run;

pub use run::{checked, ended, woke};

use super::keys::Typed;
use super::{again, home, notify, selected_home_item, steps};
use crate::app::checking::{CheckRequest, Checks, Filter, Pane, on_screen, place, places};
use crate::app::input::TextField;
use crate::app::message::{Effect, Intent};
use crate::app::model::{HomeItem, Model, Screen, Tone};
use crate::check::History;
use crate::secret::Secret;

/// What the command line asks for: everything, or what it names, checked at once.
pub fn request(model: &mut Model, request: CheckRequest, out: &mut Vec<Effect>) {
    let only = (!request.names.is_empty()).then(|| request.names.into_iter().collect());
    show(model, Checks::new(only, None), None);
    if let Some(every) = request.watch {
        run::watch(model, every);
    }
    run::all(model, out);
}

/// What is under the cursor of the home screen, or on the screen of a connection, is checked.
pub fn open(model: &mut Model, out: &mut Vec<Effect>) {
    let (name, from) = match &model.screen {
        Screen::Home { .. } => match selected_home_item(model) {
            Some(HomeItem::Connection(index)) => (model.library.connections[index].name.clone(), None),
            Some(HomeItem::Check) => {
                show_all(model);
                return run::all(model, out);
            }
            Some(HomeItem::Resume(_) | HomeItem::New(_) | HomeItem::Rehearse | HomeItem::Review) | None => {
                return;
            }
        },
        Screen::Connection { name } if model.connection(name).is_some() => (name.clone(), Some(name.clone())),
        Screen::Connection { .. } | Screen::Wizard(_) | Screen::Checks(_) => return,
    };
    show(model, Checks::new(None, from), Some(&name));
    run::one(model, false, out);
}

/// The screen with every connection, nothing asked yet.
pub fn show_all(model: &mut Model) {
    show(model, Checks::new(None, None), None);
}

fn show(model: &mut Model, checks: Checks, name: Option<&str>) {
    model.scroll = 0;
    model.overlay = None;
    model.screen = Screen::Checks(Box::new(checks));
    relist(model, name);
}

/// Puts the list together anew, the cursor on that connection, or on the first.
fn relist(model: &mut Model, kept: Option<&str>) {
    if let Screen::Checks(checks) = &mut model.screen {
        checks.relist(&model.library.connections, &model.checking, kept);
    }
}

/// The same, the cursor where it is.
pub fn relist_in_place(model: &mut Model) {
    let kept = selected_name(model);
    relist(model, kept.as_deref());
}

/// What is stored of earlier checks.
pub fn remember(model: &mut Model, history: History) {
    model.checking.remember(history);
    relist_in_place(model);
}

/// Name of the connection under the cursor.
fn selected_name(model: &Model) -> Option<String> {
    on_screen(model)?.1.map(|connection| connection.name.clone())
}

/// The screen, if it is there.
fn screen_mut(model: &mut Model) -> Option<&mut Checks> {
    match &mut model.screen {
        Screen::Checks(checks) => Some(checks),
        Screen::Home { .. } | Screen::Wizard(_) | Screen::Connection { .. } => None,
    }
}

/// A key.
pub fn intent(model: &mut Model, intent: Intent, out: &mut Vec<Effect>) {
    model.notice = None;
    let Some(checks) = screen_mut(model) else { return };
    if checks.searching {
        return match intent {
            Intent::Confirm | Intent::Down => checks.searching = false,
            Intent::Back => close_search(model),
            _ => {}
        };
    }
    match (checks.pane, intent) {
        (_, Intent::Back) => back(model, out),
        (Pane::Detail, Intent::Confirm) => go(model, Pane::List),
        (Pane::List, Intent::Confirm) if checks.selected < checks.list.len() => go(model, Pane::Detail),
        (Pane::Detail, _) if is_move(intent) => scroll(model, intent),
        (Pane::List, _) if is_move(intent) => step(model, intent),
        (_, Intent::Check) => run::one(model, false, out),
        (_, Intent::Refresh) => run::refresh(model, out),
        (_, Intent::CheckAll) => run::all(model, out),
        (_, Intent::Watch) => run::turn_watch(model, out),
        (_, Intent::LogInAgain) => {
            if let Some(name) = selected_name(model) {
                again::begin(model, &name, out);
            }
        }
        (_, Intent::Open) => open_place(model, out),
        (_, Intent::Copy) => copy_place(model, out),
        (_, Intent::FocusNext) => turn_place(model, 1),
        (_, Intent::FocusPrevious) => turn_place(model, -1),
        (_, Intent::Search) => {
            checks.search.get_or_insert_with(|| TextField::plain(""));
            checks.searching = true;
            checks.pane = Pane::List;
        }
        (_, Intent::FilterNext) => turn_filter(model, 1),
        (_, Intent::FilterPrevious) => turn_filter(model, Filter::ALL.len() - 1),
        _ => {}
    }
}

/// Text typed into the search box.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    let kept = selected_name(model);
    let Some(search) = screen_mut(model).and_then(|checks| checks.search.as_mut()) else { return };
    typed.apply(search);
    relist(model, kept.as_deref());
}

const fn is_move(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Up | Intent::Down | Intent::PageUp | Intent::PageDown | Intent::First | Intent::Last
    )
}

fn go(model: &mut Model, pane: Pane) {
    model.scroll = 0;
    if let Some(checks) = screen_mut(model) {
        checks.pane = pane;
    }
}

/// Esc: the details, what runs, the search, the screen, in this order.
fn back(model: &mut Model, out: &mut Vec<Effect>) {
    let running = model.checking.is_running();
    let Some(checks) = screen_mut(model) else { return };
    if checks.pane == Pane::Detail {
        return go(model, Pane::List);
    }
    if running {
        return run::stop(model, out);
    }
    if checks.search.is_some() {
        return close_search(model);
    }
    leave(model, out);
}

/// Off the screen, to where it was opened from.
fn leave(model: &mut Model, out: &mut Vec<Effect>) {
    end_watch(model, out);
    let from = screen_mut(model).and_then(|checks| checks.from.take());
    match from.filter(|name| model.connection(name).is_some()) {
        Some(name) => {
            model.scroll = 0;
            model.screen = Screen::Connection { name };
        }
        None => home::show(model, out),
    }
}

/// Nothing is checked by itself any more.
pub fn end_watch(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(watch) = screen_mut(model).and_then(|checks| checks.watch.take()) {
        out.push(Effect::Cancel { ticket: watch.ticket });
    }
}

fn close_search(model: &mut Model) {
    let kept = selected_name(model);
    if let Some(checks) = screen_mut(model) {
        checks.search = None;
        checks.searching = false;
    }
    relist(model, kept.as_deref());
}

fn page(model: &Model) -> u16 {
    model.page.saturating_sub(1).max(1)
}

/// The text of the details.
fn scroll(model: &mut Model, intent: Intent) {
    let (page, max) = (page(model), model.max_scroll);
    model.scroll = match intent {
        Intent::Up => model.scroll.saturating_sub(1),
        Intent::Down => (model.scroll + 1).min(max),
        Intent::PageUp => model.scroll.saturating_sub(page),
        Intent::PageDown => (model.scroll + page).min(max),
        Intent::First => 0,
        _ => max,
    };
}

/// The cursor of the list.
fn step(model: &mut Model, intent: Intent) {
    let page = usize::from(page(model));
    let Some(checks) = screen_mut(model) else { return };
    let last = checks.list.len().saturating_sub(1);
    let at = checks.selected;
    checks.selected = match intent {
        Intent::Up => at.saturating_sub(1),
        Intent::Down => (at + 1).min(last),
        Intent::PageUp => at.saturating_sub(page),
        Intent::PageDown => (at + page).min(last),
        Intent::First => 0,
        _ => last,
    };
    if checks.selected != at {
        checks.place = 0;
        model.scroll = 0;
    }
}

fn turn_filter(model: &mut Model, by: usize) {
    let kept = selected_name(model);
    let Some(checks) = screen_mut(model) else { return };
    // Past what lists nothing.
    let at = checks.filter.index();
    let next = (1..=Filter::ALL.len())
        .map(|steps| (at + steps * by) % Filter::ALL.len())
        .find(|index| *index == 0 || checks.counts[*index] > 0)
        .unwrap_or(0);
    checks.filter = Filter::ALL[next];
    model.scroll = 0;
    relist(model, kept.as_deref());
}

/// Marks the next of the places at the receiver.
fn turn_place(model: &mut Model, by: isize) {
    let Some((_, Some(connection))) = on_screen(model) else { return };
    let count = places(model, connection).len();
    if let Some(checks) = screen_mut(model).filter(|_| count > 0) {
        checks.place = checks.place.saturating_add(count).saturating_add_signed(by) % count;
    }
}

fn open_place(model: &mut Model, out: &mut Vec<Effect>) {
    match place(model).map(|place| place.url.clone()) {
        Some(Some(url)) => steps::open_outside(model, url, out),
        Some(None) => notify(model, Tone::Information, "The address of that place is not known from here."),
        None => notify(model, Tone::Information, "There is no page to open for it. r checks it."),
    }
}

fn copy_place(model: &mut Model, out: &mut Vec<Effect>) {
    match place(model).map(|place| place.url.clone()) {
        Some(Some(url)) => {
            out.push(Effect::Copy { text: Secret::new(url), what: "Address of the place".to_owned() });
        }
        Some(None) | None => {
            notify(model, Tone::Information, "There is no address to copy for it.");
        }
    }
}
