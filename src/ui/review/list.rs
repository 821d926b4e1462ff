//! The list of scopes, a line each, and below it what the selected one is, where nothing else says it.

use super::LONGEST;
use crate::app::review::{Listed, Reviewing};
use crate::scope::Catalogue;
use crate::scope::explain::{Effect, effect_of};
use crate::scope::proof::{Outcome, Proved};
use crate::scope::review::{Row, RowNeed, Standing, State};
use crate::scope::words;
use crate::secret::printable;
use crate::ui::Drawn;
use crate::ui::page::{List, Page, below, rule};
use crate::ui::text::{column, columns, shorten};
use crate::ui::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// Columns of the word that says how a scope stands.
const WORD: usize = 12;
/// Columns of what it is needed for.
const NEED: usize = 8;
/// Columns of what the proof found.
const TAIL: usize = 12;
/// From these widths on they are written out.
const WITH_WORD: usize = 58;
const WITH_NEED: usize = 75;
const WITH_BOTH: usize = 91;

/// The lines; only those that are seen are made.
pub fn rows<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> List<'a> {
    // The last column is for the arrows.
    let width = usize::from(full.saturating_sub(1));
    List {
        count: reviewing.list.len(),
        selected: reviewing.selected,
        line: Box::new(move |index| match reviewing.list.get(index) {
            Some(listed) => line(reviewing, listed, index == reviewing.selected, width, look),
            None => Line::default(),
        }),
    }
}

/// The list, and below it the selected scope in short.
pub fn with_foot(reviewing: &Reviewing, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) -> Drawn {
    if reviewing.list.is_empty() {
        let mut page = Page::new(area.width, look);
        page.styled(nothing(reviewing), look.theme.dim);
        page.draw(frame, area, 0);
        return Drawn { page: area.height, ..Drawn::default() };
    }
    let foot = foot(reviewing, area.width, look);
    let tall = area.height >= 12;
    let wanted = foot.len().min(if tall { 4 } else { 3 });
    let room = usize::from(area.height).saturating_sub(3 + usize::from(tall));
    let shown = wanted.min(room);
    let above = usize::from(area.height).saturating_sub(shown + usize::from(tall));
    let list_area = Rect { height: u16::try_from(above).unwrap_or(0), ..area };
    rows(reviewing, area.width, look).draw(frame, list_area, look);
    let rest = below(area, above);
    if tall {
        rule(frame, Rect { height: 1, ..rest }, "", look);
    }
    foot.draw(frame, below(rest, usize::from(tall)), 0);
    Drawn { page: list_area.height, ..Drawn::default() }
}

/// Why the list is empty.
fn nothing(reviewing: &Reviewing) -> &'static str {
    if reviewing.search.is_some() {
        "No scope here has these words. Esc closes the search, f searches among others."
    } else if reviewing.filter == crate::app::review::Filter::Review {
        "Nothing is needed and nothing is granted here. w chooses what the app is for, p takes what was granted."
    } else {
        "No scope is in this state. f shows others."
    }
}

/// State and reason of the selected scope.
fn foot<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let Some(listed) = reviewing.selected() else { return page };
    let id = reviewing.id(listed);
    let row = reviewing.row(listed);
    let (sign, _, style) = standing(reviewing, listed, look);
    page.text(vec![Span::styled(format!("{sign} "), style), Span::styled(state(reviewing, listed), style)]);
    if columns(id) > id_room(reviewing, usize::from(full.saturating_sub(1))) {
        page.value(&printable(id, LONGEST), look.theme.value);
    }
    if let Some(beside) = &listed.beside {
        let mut spans = vec![look.dim("found in ")];
        spans.extend(marked(beside.text, &beside.positions, Style::new()));
        page.text(spans);
    }
    match row.and_then(|row| row.asked.as_ref()) {
        Some(asked) => page.plain(asked.reason.as_str()),
        None => {
            let label = Catalogue::embedded().get(id).and_then(|info| info.label);
            page.styled(label.unwrap_or("Enter explains it."), look.theme.dim);
        }
    }
    page
}

/// Sign, word and style of how a scope stands; of one that the review says nothing about, what it lets the app do.
pub fn standing(
    reviewing: &Reviewing,
    listed: &Listed,
    look: Look<'_>,
) -> (&'static str, &'static str, Style) {
    let (signs, theme) = (look.signs, look.theme);
    let row = reviewing.row(listed);
    if is_refused(reviewing, reviewing.id(listed)) {
        return (signs.missing, "refused", theme.failure);
    }
    match row.map(|row| &row.standing) {
        Some(Standing::Granted) => (signs.granted, "granted", theme.success),
        Some(Standing::Covered(_)) => (signs.covered, "covered", theme.success),
        Some(Standing::Missing) => (signs.missing, "missing", theme.failure),
        Some(Standing::Excess) => (signs.excess, "excess", theme.warning),
        Some(Standing::Open) => (signs.not_granted, "not granted", theme.dim),
        Some(Standing::NotConfirmed) => (signs.not_confirmed, "unconfirmed", theme.dim),
        None => {
            let effect = effect_of(Catalogue::embedded(), reviewing.id(listed)).unwrap_or(Effect::Unknown);
            (" ", words::effect(effect), theme.dim)
        }
    }
}

/// Whether Zoom said in the proof that the token lacks it.
fn is_refused(reviewing: &Reviewing, id: &str) -> bool {
    matches!(reviewing.proved(id), Some(Proved { outcome: Outcome::ScopeMissing { .. }, .. }))
}

/// How a scope stands and what for, in a sentence, with what the proof found.
pub fn state(reviewing: &Reviewing, listed: &Listed) -> String {
    let Some(row) = reviewing.row(listed) else { return "not asked for".to_owned() };
    let need = words::need(&reviewing.review, row);
    if is_refused(reviewing, &row.id) {
        return format!("refused by Zoom, though the token is said to have it; {need}");
    }
    let mut words = format!("{}, {need}", words::standing(row));
    if let Some(proved) = reviewing.proved(&row.id) {
        words.push_str(&format!("; proof: {}", proved.outcome.words()));
    } else if row.is(State::NotProvable) {
        words.push_str(", not provable");
    }
    words
}

/// For what it is there, in a word.
const fn need(row: Option<&Row>) -> &'static str {
    match row {
        Some(Row { need: Some(RowNeed::Required), .. }) => "required",
        Some(Row { need: Some(RowNeed::Chosen), .. }) => "chosen",
        Some(Row { need: Some(RowNeed::Optional), .. }) => "optional",
        Some(Row { need: Some(RowNeed::Classic), .. }) => "classic",
        Some(Row { need: None, .. }) | None => "",
    }
}

/// What the proof found, in a word or two.
fn proved<'a>(proved: &Proved, look: Look<'a>) -> Span<'a> {
    let (word, style) = match &proved.outcome {
        Outcome::Works => ("works", look.theme.success),
        Outcome::NotFoundButAllowed => ("allowed", look.theme.success),
        Outcome::ScopeMissing { .. } => ("refused", look.theme.failure),
        Outcome::PlanOrRoleMissing => ("plan or role", look.theme.warning),
        Outcome::Inconclusive => ("inconclusive", look.theme.warning),
        Outcome::NotProvable => ("not provable", look.theme.dim),
        Outcome::NotTried => ("not tried", look.theme.dim),
    };
    Span::styled(column(word, TAIL, look.signs.ellipsis), style)
}

/// What is special about it, where no proof says it.
fn special(row: Option<&Row>, proved: bool) -> &'static str {
    match row {
        Some(row) if !row.known => "unknown here",
        Some(row) if row.is(State::NotProvable) && !proved => "not provable",
        Some(_) | None => "",
    }
}

/// Whether the need and the result of the proof are written out: the need gives way.
fn columns_behind(reviewing: &Reviewing, width: usize) -> (bool, bool) {
    let proof = reviewing.found.is_some();
    (width >= if proof { WITH_BOTH } else { WITH_NEED }, proof && width >= WITH_NEED)
}

/// Columns for the id.
fn id_room(reviewing: &Reviewing, width: usize) -> usize {
    let word = if width >= WITH_WORD { WORD } else { 0 };
    let (need, proof) = columns_behind(reviewing, width);
    let behind = usize::from(need) * (NEED + 1) + usize::from(proof) * (TAIL + 1);
    width.saturating_sub(2 + 4 + 2 + word + behind)
}

fn line<'a>(
    reviewing: &'a Reviewing,
    listed: &'a Listed,
    selected: bool,
    width: usize,
    look: Look<'a>,
) -> Line<'a> {
    let row = reviewing.row(listed);
    let id = reviewing.id(listed);
    let (sign, word, style) = standing(reviewing, listed, look);
    let ticked = reviewing.ticked.contains(id);
    let to_do = row.is_some_and(|row| match row.standing {
        Standing::Missing | Standing::Excess => true,
        Standing::NotConfirmed => row.is_needed(),
        Standing::Granted | Standing::Covered(_) | Standing::Open => false,
    });
    let tick = match (ticked, to_do) {
        (true, _) => Span::styled("[x] ", look.theme.success),
        (false, true) => Span::raw("[ ] "),
        (false, false) => Span::raw("    "),
    };
    let marker = if selected { look.signs.selected } else { " " };
    let mut spans =
        vec![look.accent(marker), Span::raw(" "), tick, Span::styled(sign, style), Span::raw(" ")];
    if width >= WITH_WORD {
        spans.push(Span::styled(column(word, WORD, look.signs.ellipsis), style));
    }
    let id_style = if selected {
        look.theme.accent
    } else if row.is_none_or(|row| row.standing == Standing::Open) {
        look.theme.dim
    } else {
        look.theme.value
    };
    let room = id_room(reviewing, width);
    let text = printable(id, LONGEST);
    let shown = shorten(&text, room, look.signs.ellipsis);
    let used = columns(&shown);
    spans.extend(marked(&shown, &listed.positions, id_style));
    if let Some(beside) = listed.beside.as_ref().filter(|_| width >= WITH_WORD) {
        // What was found elsewhere is worth more than what is known anyway.
        spans.push(Span::raw("  "));
        spans.extend(marked(beside.text, &beside.positions, look.theme.dim));
        return Line::from(spans);
    }
    if width < WITH_NEED {
        return Line::from(spans);
    }
    let (with_need, with_proof) = columns_behind(reviewing, width);
    let found = reviewing.proved(id).filter(|_| with_proof);
    let special = special(row, found.is_some());
    let gap = room.saturating_sub(used);
    if !special.is_empty() && columns(special) < gap {
        spans.push(Span::raw(" ".repeat(gap - columns(special))));
        spans.push(look.dim(special));
    } else {
        spans.push(Span::raw(" ".repeat(gap)));
    }
    if with_need {
        spans.extend([Span::raw(" "), look.dim(column(need(row), NEED, look.signs.ellipsis))]);
    }
    if let Some(found) = found {
        spans.extend([Span::raw(" "), proved(found, look)]);
    }
    Line::from(spans)
}

/// A text with the characters at these places underlined.
pub fn marked(text: &str, positions: &[usize], style: Style) -> Vec<Span<'static>> {
    if positions.is_empty() {
        return vec![Span::styled(text.to_owned(), style)];
    }
    let found = style.remove_modifier(Modifier::DIM).add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (index, character) in text.chars().enumerate() {
        let style = if positions.binary_search(&index).is_ok() { found } else { style };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push(character),
            _ => spans.push(Span::styled(character.to_string(), style)),
        }
    }
    spans
}
