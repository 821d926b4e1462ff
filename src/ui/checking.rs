//! The check of connections: all of them in a list, and what was found out about one. Side by side where it is wide;
//! otherwise one of the two at a time.

mod detail;
mod facts;
mod list;

pub use facts::{history, sign};

use super::entry::input;
use super::page::{Page, below, rule};
use super::text::{age, columns, plural};
use super::theme::Look;
use super::{Drawn, GUTTER};
use crate::app::checking::{Checks, Filter, Pane, countdown};
use crate::app::model::Model;
use crate::check::Status;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// From this width on, the details stand beside the list.
pub const BESIDE: u16 = 110;
/// Widest details.
const DETAIL: u16 = super::MAIN;
/// Narrowest list beside them.
const LIST: u16 = 54;
/// Below this width the filters are not written out.
const FILTERS: u16 = 60;
/// Longest text of others, in characters.
const LONGEST: usize = 400;

/// Draws the check.
pub fn draw(
    model: &Model,
    checks: &Checks,
    frame: &mut Frame<'_>,
    area: Rect,
    roomy: bool,
    look: Look<'_>,
) -> Drawn {
    let head = head(model, checks, area.width, roomy, look);
    let used = head.len().min(usize::from(area.height));
    head.draw(frame, Rect { height: u16::try_from(used).unwrap_or(0), ..area }, 0);
    let rest = below(area, used + usize::from(roomy));
    if area.width < BESIDE {
        return match checks.pane {
            Pane::List => list::with_foot(model, checks, frame, rest, roomy, look),
            Pane::Detail => detail::body(model, rest, look).draw(frame, rest, model.scroll, look),
        };
    }
    let right = (area.width - LIST - GUTTER / 2).min(DETAIL);
    let left = area.width - right - GUTTER / 2;
    let list_area =
        column(Rect { width: left, ..rest }, "Connections", checks.pane == Pane::List, frame, look);
    let detail_area = Rect { x: area.right() - right, width: right, ..rest };
    let detail_area = column(detail_area, "What was found", checks.pane == Pane::Detail, frame, look);
    list::draw(model, checks, frame, list_area, look);
    let scroll = if checks.pane == Pane::Detail { model.scroll } else { 0 };
    let drawn = detail::body(model, detail_area, look).draw(frame, detail_area, scroll, look);
    match checks.pane {
        Pane::Detail => drawn,
        Pane::List => Drawn { page: list_area.height, ..Drawn::default() },
    }
}

/// A column with its name in a thin line above it; gives what is below that.
fn column(area: Rect, title: &str, focused: bool, frame: &mut Frame<'_>, look: Look<'_>) -> Rect {
    rule(frame, Rect { height: 1.min(area.height), ..area }, "", look);
    let (sign, style) =
        if focused { (look.signs.selected, look.theme.accent) } else { (" ", look.theme.strong) };
    let line = Line::from(vec![look.accent(sign), Span::raw(" "), Span::styled(format!("{title} "), style)]);
    if area.height > 0 {
        frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
    }
    below(area, 1)
}

/// How many there are, when the next check is, the filters with their counts, and the search.
fn head<'a>(model: &'a Model, checks: &'a Checks, full: u16, roomy: bool, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let detail_alone = checks.pane == Pane::Detail && full < BESIDE;
    if detail_alone {
        return page;
    }
    if roomy {
        page.line(about(model, checks, look));
    }
    let width = usize::from(full).saturating_sub(3);
    for line in filters(model, checks, width, full < FILTERS || !roomy, look) {
        page.line(line);
    }
    if let Some(search) = &checks.search {
        input(&mut page, search, true, checks.searching);
    }
    page
}

/// `12 connections · checked 3 min ago · again in 4 min`
fn about<'a>(model: &Model, checks: &Checks, look: Look<'a>) -> Line<'a> {
    let all = checks.counts[Filter::All.index()];
    let mut spans = vec![look.strong(plural(all, "connection"))];
    let latest = model.library.connections.iter().filter_map(|one| Some(model.checking.last(one)?.at)).max();
    if let Some(latest) = latest {
        spans.push(look.dim(format!("{}last check {}", look.signs.between, age(model.now, latest))));
    }
    if let Some(next) = next(model, checks) {
        spans.push(look.dim(look.signs.between));
        spans.push(look.accent(next));
    }
    Line::from(spans)
}

/// When a watch checks again.
fn next(model: &Model, checks: &Checks) -> Option<String> {
    let left = checks.watch.as_ref()?.left(model.now)?;
    Some(format!("all again in {}", countdown(left)))
}

/// The filters with how many each lists, in as many lines as it takes; or the one that is in force.
fn filters<'a>(model: &Model, checks: &Checks, width: usize, one: bool, look: Look<'a>) -> Vec<Line<'a>> {
    let mut lines: Vec<Vec<Span<'a>>> = vec![Vec::new()];
    let mut used = 0;
    for (filter, count) in Filter::ALL.into_iter().zip(checks.counts) {
        let current = filter == checks.filter;
        if (one && !current) || (count == 0 && !current && filter != Filter::All) {
            continue;
        }
        let text = format!("{} {count}", filter.words());
        let text = if current { format!("[{text}]") } else { text };
        let style = if current { look.theme.accent } else { filter_style(filter, look) };
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
        }
    }
    if one && let Some(line) = lines.last_mut() {
        let tail = next(model, checks).unwrap_or_else(|| summary(checks));
        line.push(look.dim(format!("  {tail}")));
    }
    lines.into_iter().map(Line::from).collect()
}

/// What needs a hand, where the filters are not written out.
fn summary(checks: &Checks) -> String {
    let counted = |status: Status| {
        let count = checks.counts[Filter::Status(status).index()];
        (count > 0).then(|| format!("{count} {}", status.word()))
    };
    let parts: Vec<String> = [Status::Unhealthy, Status::Warning].into_iter().filter_map(counted).collect();
    if parts.is_empty() { "f for others".to_owned() } else { parts.join(", ") }
}

const fn filter_style(filter: Filter, look: Look<'_>) -> Style {
    match filter {
        Filter::Status(Status::Unhealthy) => look.theme.failure,
        Filter::Status(Status::Warning) => look.theme.warning,
        Filter::All | Filter::Never | Filter::Status(Status::NotChecked | Status::Healthy) => look.theme.dim,
    }
}
