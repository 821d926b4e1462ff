//! The review of an app's scopes: the products, the scopes of the list, and one explained. Side by side where it is
//! wide; otherwise one of them at a time.

mod detail;
mod list;
mod side;
mod todo;

use super::entry::input;
use super::page::{Body, Own, Page, below, rule};
use super::text::{columns, date, plural, shorten};
use super::theme::Look;
use super::{Drawn, GUTTER, WIDE};
use crate::app::model::Model;
use crate::app::review::{Filter, MOST_FOUND, Pane, ReviewOf, Reviewing};
use crate::scope::review::State;
use crate::secret::printable;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// From this width on, the products stand beside list and detail as well.
const THREE: u16 = 150;
/// Columns of the products.
const TREE: u16 = 34;
/// Columns of the one explained, beside both.
const DETAIL: u16 = 70;
/// Below this width the filters are not written out.
const FILTERS: u16 = 60;
/// Longest text of others, in characters.
const LONGEST: usize = 300;

/// Draws the review.
pub fn draw(
    model: &Model,
    reviewing: &Reviewing,
    frame: &mut Frame<'_>,
    area: Rect,
    roomy: bool,
    look: Look<'_>,
) -> Drawn {
    let head = head(reviewing, area.width, roomy, look);
    let used = head.len().min(usize::from(area.height));
    head.draw(frame, Rect { height: u16::try_from(used).unwrap_or(0), ..area }, 0);
    let rest = below(area, used + usize::from(roomy));
    if reviewing.paste.is_some() {
        return paste(reviewing, rest.width, look).draw(frame, rest, model.scroll, look);
    }
    match reviewing.pane {
        Pane::ToDo => todo::draw(model, reviewing, frame, rest, look),
        Pane::Subjects => {
            side::subjects(model, reviewing, rest.width, look).draw(frame, rest, look);
            Drawn { page: rest.height, ..Drawn::default() }
        }
        Pane::Tree | Pane::List | Pane::Detail => panes(model, reviewing, frame, rest, look),
    }
}

/// The panes that fit, and what the one with the focus found out.
fn panes(model: &Model, reviewing: &Reviewing, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) -> Drawn {
    let three = area.width >= THREE;
    if area.width < WIDE {
        return match reviewing.pane {
            Pane::Tree => tree(reviewing, frame, area, look),
            Pane::Detail => {
                detail::page(model, reviewing, area.width, look).draw(frame, area, model.scroll, look)
            }
            Pane::List | Pane::ToDo | Pane::Subjects => list::with_foot(reviewing, frame, area, look),
        };
    }
    let left = if three { TREE + GUTTER / 2 } else { 0 };
    let width = ((area.width - left) / 2).min(if three { DETAIL } else { super::MAIN });
    let column = |x: u16, width: u16, title: &str, focused: bool, frame: &mut Frame<'_>| {
        let column = Rect { x: area.x + x, width, ..area };
        caption(frame, column, title, focused, look);
        below(column, 1)
    };
    let beside = if reviewing.pane == Pane::Tree && !three { "Products" } else { "Scopes" };
    let focus_left = if three { reviewing.pane == Pane::List } else { reviewing.pane != Pane::Detail };
    let middle = area.width - left - width - GUTTER / 2;
    let list_area = column(left, middle, beside, focus_left, frame);
    let detail_area = column(area.width - width, width, "Explained", reviewing.pane == Pane::Detail, frame);
    let mut drawn = Drawn { page: list_area.height, ..Drawn::default() };
    if three {
        let tree_area = column(0, TREE, "Products", reviewing.pane == Pane::Tree, frame);
        tree(reviewing, frame, tree_area, look);
    }
    if reviewing.pane == Pane::Tree && !three {
        tree(reviewing, frame, list_area, look);
    } else {
        list::rows(reviewing, list_area.width, look).draw(frame, list_area, look);
    }
    let scroll = if reviewing.pane == Pane::Detail { model.scroll } else { 0 };
    let explained =
        detail::page(model, reviewing, detail_area.width, look).draw(frame, detail_area, scroll, look);
    if reviewing.pane == Pane::Detail {
        drawn = explained;
    }
    drawn
}

fn tree(reviewing: &Reviewing, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) -> Drawn {
    side::tree(reviewing, area.width, look).draw(frame, area, look);
    Drawn { page: area.height, ..Drawn::default() }
}

/// The name of a pane in a thin line.
fn caption(frame: &mut Frame<'_>, area: Rect, title: &str, focused: bool, look: Look<'_>) {
    rule(frame, Rect { height: 1.min(area.height), ..area }, "", look);
    let (sign, style) =
        if focused { (look.signs.selected, look.theme.accent) } else { (" ", look.theme.strong) };
    let line = Line::from(vec![look.accent(sign), Span::raw(" "), Span::styled(format!("{title} "), style)]);
    if area.height > 0 {
        frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
    }
}

/// What is reviewed, the filters with their counts, and the search.
fn head<'a>(reviewing: &'a Reviewing, full: u16, roomy: bool, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let width = usize::from(full).saturating_sub(3);
    if roomy {
        page.line(about(reviewing, width, look));
    }
    if matches!(reviewing.pane, Pane::ToDo | Pane::Subjects) || reviewing.paste.is_some() {
        return page;
    }
    for line in filters(reviewing, width, full < FILTERS || !roomy, look) {
        page.line(line);
    }
    if let Some(search) = &reviewing.search {
        let found = reviewing.list.len();
        let first = if found >= MOST_FOUND { "the best " } else { "" };
        input(&mut page, search, true, reviewing.searching);
        if roomy {
            page.line(look.accent(format!("{first}{found} found")));
        }
    }
    page
}

/// `DEX for Zoom · granted as of …`
fn about<'a>(reviewing: &'a Reviewing, width: usize, look: Look<'a>) -> Line<'a> {
    let about = &reviewing.about;
    let title = about.procedure.as_ref().map(|procedure| procedure.title.as_str());
    let name = match (&about.of, title) {
        (ReviewOf::Connection(name), _) => printable(name, LONGEST),
        (ReviewOf::Setup, Some(title)) => format!("This set-up{}{title}", look.signs.between),
        (ReviewOf::Anything, Some(title)) => title.to_owned(),
        (ReviewOf::Anything | ReviewOf::Setup, None) => "No procedure chosen".to_owned(),
    };
    let granted = match (&about.granted, about.granted_at) {
        (None, _) if about.of == ReviewOf::Anything => "what was granted is not known: p takes it".to_owned(),
        (None, _) => "what was granted is not known".to_owned(),
        (Some(_), Some(at)) => format!("granted as of {}", date(at)),
        (Some(granted), None) => format!("{} granted, as pasted", granted.len()),
    };
    let room = width.saturating_sub(columns(&granted) + columns(look.signs.between));
    Line::from(vec![
        look.strong(shorten(&name, room.max(10), look.signs.ellipsis)),
        look.dim(look.signs.between),
        look.dim(granted),
    ])
}

/// The filters with how many each lists, in as many lines as it takes; or the one that is in force.
fn filters<'a>(reviewing: &Reviewing, width: usize, one: bool, look: Look<'a>) -> Vec<Line<'a>> {
    let mut lines: Vec<Vec<Span<'a>>> = vec![Vec::new()];
    let mut used = 0;
    for (filter, count) in Filter::ALL.into_iter().zip(reviewing.counts) {
        let current = filter == reviewing.filter;
        if one && !current {
            continue;
        }
        let (text, style) = chip(reviewing, filter, count, look);
        let text = if current { format!("[{text}]") } else { text };
        let style = if current { look.theme.accent } else { style };
        if used > 0 && used + columns(&text) + 2 > width {
            lines.push(Vec::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(Span::raw("  "));
                used += 2;
            }
            used += columns(&text);
            line.push(Span::styled(text, style));
            if one {
                line.push(look.dim("  f for others"));
            }
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// A filter and its count; a question mark where nothing was compared.
fn chip(reviewing: &Reviewing, filter: Filter, count: usize, look: Look<'_>) -> (String, Style) {
    let compared = reviewing.review.compared;
    let (known, style) = match filter {
        Filter::State(State::Missing) if count > 0 => (compared, look.theme.failure),
        Filter::State(State::Excess) if count > 0 => (compared, look.theme.warning),
        Filter::State(State::Granted | State::Missing | State::Excess) => (compared, look.theme.dim),
        Filter::Review
        | Filter::State(State::Required | State::Optional | State::Unknown | State::NotProvable)
        | Filter::Published => (true, look.theme.dim),
    };
    let count = if known { count.to_string() } else { "?".to_owned() };
    (format!("{} {count}", filter.words()), style)
}

/// The box for what was granted.
fn paste<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> Body<'a> {
    let mut text = Page::new(full, look);
    text.strong_line("What was granted?");
    text.plain(
        "Paste a scope string, a list of scopes, or a token answer as JSON. Of an answer only its scopes are looked \
         at, and nothing of it is kept or shown.",
    );
    let own = reviewing.paste.as_ref().map(|field| {
        let mut page = Page::new(full, look);
        let typed = field.text().chars().count();
        let asked = if typed == 0 { "Paste it here:".to_owned() } else { plural(typed, "character") };
        page.marked(true, vec![Span::styled(asked, look.theme.accent)]);
        input(&mut page, field, false, true);
        Own { share: 60, ..Own::rows(page) }
    });
    Body { text, own }
}
