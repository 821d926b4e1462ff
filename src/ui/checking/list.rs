//! The list of connections, a line each, and below it what to do about the selected one, where nothing else says it.

use super::facts::{self, drift, history, refresh, state, token};
use super::{LONGEST, detail};
use crate::app::checking::{Checks, Filter};
use crate::app::model::Model;
use crate::secret::printable;
use crate::setup::Connection;
use crate::ui::Drawn;
use crate::ui::page::{List, Page, below, rule};
use crate::ui::text::{age, column, columns, shorten};
use crate::ui::theme::Look;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Narrowest name beside other columns.
const NAME: usize = 16;
/// Widest name.
const NAME_MOST: usize = 44;
/// Columns before the name: the sign of the selected line and that of the state.
const LEAD: usize = 4;
/// Columns between two.
const GAP: usize = 2;

/// What stands behind the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    // In the order in which they stand.
    Word,
    Age,
    Token,
    Refresh,
    Owner,
    Drift,
    History,
}

impl Column {
    /// The most useful first.
    const BY_USE: [Self; 7] =
        [Self::Word, Self::Refresh, Self::Token, Self::History, Self::Drift, Self::Age, Self::Owner];

    const fn width(self) -> usize {
        match self {
            Self::Word => 11,
            Self::Age => 11,
            Self::Token => 7,
            Self::Refresh => 11,
            Self::Owner => 8,
            Self::Drift => 6,
            Self::History => 7,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Word => "state",
            Self::Age => "checked",
            Self::Token => "token",
            Self::Refresh => "refresh",
            Self::Owner => "owner",
            Self::Drift => "scopes",
            Self::History => "past",
        }
    }
}

/// Columns of the name, and what fits behind it.
fn layout(model: &Model, checks: &Checks, width: usize) -> (usize, Vec<Column>) {
    // Of the first rows only: a thousand names are not measured for each frame.
    let names = checks.list.iter().take(100).filter_map(|index| model.library.connections.get(*index));
    let longest = names.map(|connection| columns(&connection.name)).max().unwrap_or(0);
    let wanted = longest.clamp(NAME, NAME_MOST);
    let mut room = width.saturating_sub(LEAD);
    let mut shown = Vec::new();
    for each in Column::BY_USE {
        let least = if shown.is_empty() { NAME } else { wanted.min(22) };
        if room >= least + GAP + each.width() {
            room -= GAP + each.width();
            shown.push(each);
        }
    }
    shown.sort_unstable();
    (if shown.is_empty() { room } else { room.min(NAME_MOST.max(longest.min(NAME_MOST))) }, shown)
}

/// The titles and the lines; only those that are seen are made.
pub fn draw(model: &Model, checks: &Checks, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) {
    // The last column is for the arrows.
    let width = usize::from(area.width.saturating_sub(1));
    let (name, shown) = layout(model, checks, width);
    let rows = if shown.len() > 1 && area.height > 3 && !checks.list.is_empty() {
        let mut spans =
            vec![Span::raw(" ".repeat(LEAD)), look.dim(column("name", name, look.signs.ellipsis))];
        for each in &shown {
            let title = match each {
                // The newest check stands at the right.
                Column::History => format!("{:>width$}", each.title(), width = each.width()),
                Column::Word
                | Column::Age
                | Column::Token
                | Column::Refresh
                | Column::Owner
                | Column::Drift => column(each.title(), each.width(), look.signs.ellipsis),
            };
            spans.extend([Span::raw(" ".repeat(GAP)), look.dim(title)]);
        }
        frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
        below(area, 1)
    } else {
        area
    };
    let list = List {
        count: checks.list.len(),
        selected: checks.selected,
        line: Box::new(|index| {
            let connection = checks.list.get(index).and_then(|at| model.library.connections.get(*at));
            connection.map_or_else(Line::default, |connection| {
                line(model, connection, index == checks.selected, name, &shown, look)
            })
        }),
    };
    list.draw(frame, rows, look);
    if checks.list.is_empty() {
        let mut page = Page::new(rows.width, look);
        page.styled(nothing(model, checks), look.theme.dim);
        page.draw(frame, rows, 0);
    }
}

/// The list, and below it what to do about the selected connection.
pub fn with_foot(
    model: &Model,
    checks: &Checks,
    frame: &mut Frame<'_>,
    area: Rect,
    roomy: bool,
    look: Look<'_>,
) -> Drawn {
    let foot = detail::advice(model, area.width, look);
    let most = if roomy { 5 } else { 4 };
    let room = usize::from(area.height).saturating_sub(3 + usize::from(roomy));
    let shown = foot.len().min(most).min(room);
    let above = usize::from(area.height).saturating_sub(shown + usize::from(roomy && shown > 0));
    let list_area = Rect { height: u16::try_from(above).unwrap_or(0), ..area };
    draw(model, checks, frame, list_area, look);
    if shown > 0 {
        let rest = below(area, above);
        if roomy {
            rule(frame, Rect { height: 1, ..rest }, "", look);
        }
        foot.draw(frame, below(rest, usize::from(roomy)), 0);
    }
    Drawn { page: list_area.height, ..Drawn::default() }
}

/// Why the list is empty.
fn nothing(model: &Model, checks: &Checks) -> &'static str {
    if !model.library.loaded {
        "Reading what is stored."
    } else if model.library.connections.is_empty() {
        "No connection is stored yet: there is nothing to check. Esc goes back, where a set-up can be begun."
    } else if checks.search.is_some() {
        "No connection here has these words in its name. Esc closes the search, f goes to others."
    } else if checks.filter == Filter::All {
        "None of the connections that were named is stored any more."
    } else {
        "No connection is in this state. f goes to others."
    }
}

fn line<'a>(
    model: &Model,
    connection: &Connection,
    selected: bool,
    room: usize,
    shown: &[Column],
    look: Look<'a>,
) -> Line<'a> {
    let (sign, word, style) = state(model, connection, look);
    let marker = if selected { look.signs.selected } else { " " };
    let name = printable(&connection.name, LONGEST);
    let name_style = if selected { look.theme.accent } else { look.theme.value };
    let mut spans = vec![
        look.accent(marker),
        Span::raw(" "),
        Span::styled(sign, style),
        Span::raw(" "),
        Span::styled(column(&name, room, look.signs.ellipsis), name_style),
    ];
    for each in shown {
        spans.push(Span::raw(" ".repeat(GAP)));
        let width = each.width();
        let (text, style) = match each {
            Column::Word => (word.to_owned(), style),
            Column::Age => {
                let last = model.checking.last(connection);
                (last.map(|last| age(model.now, last.at)).unwrap_or_default(), look.theme.dim)
            }
            Column::Token => token(model, connection, look),
            Column::Refresh => refresh(model, connection, look),
            Column::Owner => (facts::owner(connection).to_owned(), look.theme.dim),
            Column::Drift => drift(model, connection, look),
            Column::History => {
                spans.extend(history(model, connection, width, look));
                continue;
            }
        };
        spans.push(Span::styled(column(&shorten(&text, width, look.signs.ellipsis), width, ""), style));
    }
    Line::from(spans)
}
