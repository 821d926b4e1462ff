//! The scope checklist.

use super::entry::input;
use super::page::{Body, List, Own, Page, Rows};
use super::step::opening;
use super::text::{column, columns};
use super::theme::Look;
use crate::app::wizard::{MOST_FOUND, ScopeList, ScopeRow, Wizard};
use crate::procedure::ScopeNeed;
use ratatui::text::{Line, Span};

/// Search box, counts, rows, and the reason for the selected row.
pub fn checklist<'a>(wizard: &'a Wizard, list: &'a ScopeList, full: u16, look: Look<'a>) -> Body<'a> {
    let mut head = Page::new(full, look);
    // What is typed comes first: a small screen cuts from below.
    if let Some(search) = &list.search {
        input(&mut head, search, true, list.searching);
    }
    counts(&mut head, wizard, list);
    if list.rows.is_empty() {
        let text = if list.search.is_some() {
            "No scope has these words. Esc closes the search."
        } else {
            "No scope is named by the document. Press / to search for the ones you need."
        };
        head.styled(text, look.theme.dim);
    }
    let mut foot = Page::new(full, look);
    if let Some(row) = list.rows.get(list.selected) {
        reason(&mut foot, wizard, row, full);
    }
    let rows = Rows::List(List {
        count: list.rows.len(),
        selected: list.selected,
        line: Box::new(move |index| row(wizard, list, index, full, look)),
    });
    Body { text: opening(wizard, full, look), own: Some(Own { head, rows, foot, share: 75 }) }
}

/// `added 3 of 13 chosen`, and what to do with the rest.
fn counts<'a>(page: &mut Page<'a>, wizard: &Wizard, list: &ScopeList) {
    let look = page.look;
    let chosen = wizard.setup.scopes.len();
    let added = wizard.setup.scopes.intersection(&wizard.setup.scopes_added).count();
    let mut spans = vec![look.strong(format!("added {added} of {chosen} chosen"))];
    if list.search.is_some() {
        let first = if list.rows.len() >= MOST_FOUND { "first " } else { "" };
        spans.push(look.accent(format!("   {first}{} found", list.rows.len())));
    } else if chosen > 0 && added == chosen && wizard.required_left_out().is_empty() {
        spans.push(Span::styled(format!("  {} all of them", look.signs.good), look.theme.success));
    } else if added < chosen && page.width >= 60 {
        spans.push(look.dim("   n copies the next one and ticks it"));
    }
    page.line(spans);
    let left_out = wizard.required_left_out().len();
    if left_out > 0 && list.search.is_none() {
        let are = if left_out == 1 { "is" } else { "are" };
        let sign = Span::styled(look.signs.warn, look.theme.warning);
        let text = format!("{left_out} required {are} not chosen.");
        page.item(
            sign,
            vec![Span::styled(text, look.theme.warning), look.accent(" a"), Span::raw(" chooses them.")],
        );
    }
}

/// Whether a scope is added in Zoom, chosen, or neither.
fn mark(wizard: &Wizard, id: &str) -> &'static str {
    if wizard.setup.scopes_added.contains(id) {
        "[x]"
    } else if wizard.setup.scopes.contains(id) {
        "[ ]"
    } else {
        "( )"
    }
}

/// Why a scope is in the list, in a word.
const fn group(need: Option<ScopeNeed>) -> &'static str {
    match need {
        Some(ScopeNeed::Required) => "required",
        Some(ScopeNeed::Optional) => "optional",
        Some(ScopeNeed::Classic) => "classic",
        None => "found",
    }
}

/// Columns for an id: what mark and group leave of the width.
fn id_room(full: u16) -> usize {
    usize::from(full).saturating_sub(2 + 4 + 10 + 1).clamp(8, 60)
}

/// One line of the list.
fn row<'a>(wizard: &Wizard, list: &'a ScopeList, index: usize, full: u16, look: Look<'_>) -> Line<'a> {
    let Some(row) = list.rows.get(index) else { return Line::default() };
    let selected = index == list.selected && !list.searching;
    let added = wizard.setup.scopes_added.contains(&row.id);
    let chosen = wizard.setup.scopes.contains(&row.id);
    let style = if selected {
        look.theme.accent
    } else if added || chosen {
        look.theme.value
    } else {
        look.theme.dim
    };
    let sign = if selected { look.signs.selected } else { " " };
    let room = id_room(full);
    let mark_style = if added { look.theme.success } else { style };
    Line::from(vec![
        look.accent(sign),
        Span::raw(" "),
        Span::styled(mark(wizard, &row.id), mark_style),
        Span::raw(" "),
        Span::styled(column(&row.id, room, look.signs.ellipsis), style),
        Span::raw(" "),
        look.dim(group(row.need)),
    ])
}

/// The reason for a scope in full, its state in words, and the document's label.
fn reason<'a>(page: &mut Page<'a>, wizard: &Wizard, row: &'a ScopeRow, full: u16) {
    let look = page.look;
    let state = if wizard.setup.scopes_added.contains(&row.id) {
        "added in Zoom"
    } else if wizard.setup.scopes.contains(&row.id) {
        "chosen, not yet added in Zoom"
    } else {
        "not chosen"
    };
    if columns(&row.id) > id_room(full) {
        page.value(&row.id, look.theme.accent);
    } else {
        page.line(Line::default());
    }
    page.text(vec![look.dim(format!("{}, {state}. ", group(row.need))), Span::raw(row.reason.as_str())]);
    if let Some(label) = &row.label {
        page.text(vec![look.dim("In the document: "), Span::raw(label.as_str())]);
    }
}
