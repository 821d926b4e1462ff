//! Pages of text, and how a page and the interactive part below it share the height of the screen.

use super::text::{chop, columns, wrap};
use super::theme::Look;
use super::{Drawn, Link};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::ops::Range;

/// Columns left free at the left, where the sign of the selected line stands.
pub const MARGIN: u16 = 2;
/// Widest text that reads well.
pub const MEASURE: u16 = 76;

/// Below this width only what is worked in keeps its place.
pub const NARROW: u16 = 60;

/// Rows in which a list or a form can be worked in well.
const ENOUGH: usize = 24;

/// A row of a page.
#[derive(Clone)]
struct Row<'a> {
    /// Column it begins at.
    x: u16,
    line: Line<'a>,
    /// A value to copy: nothing else may stand in its row.
    value: bool,
}

/// Lines of text of one column.
#[derive(Clone)]
pub struct Page<'a> {
    rows: Vec<Row<'a>>,
    /// Columns for text, from [`MARGIN`] on.
    pub width: usize,
    /// All columns, for values that begin at the edge.
    full: usize,
    pub look: Look<'a>,
    /// Where the terminal's cursor stands: column from the edge, row of the page.
    pub cursor: Option<(u16, usize)>,
    /// Rows that must be seen.
    focus: Option<Range<usize>>,
    /// First rows of what belongs together, as a label and its value do.
    items: Vec<usize>,
    /// An address over the whole width, and its first row.
    link: Option<(usize, String)>,
}

impl<'a> Page<'a> {
    /// An empty page for a region of that many columns.
    pub fn new(full: u16, look: Look<'a>) -> Self {
        let width = usize::from(full.saturating_sub(MARGIN + 1).clamp(1, MEASURE));
        Self {
            rows: Vec::new(),
            width,
            full: usize::from(full.max(1)),
            look,
            cursor: None,
            focus: None,
            items: Vec::new(),
            link: None,
        }
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row of its own, cut at the edge if it is too long.
    pub fn line(&mut self, line: impl Into<Line<'a>>) {
        self.rows.push(Row { x: MARGIN, line: line.into(), value: false });
    }

    /// A line with the sign of the selected line before it, if it is that; wrapped if need be. What follows belongs
    /// to it, up to the next one.
    pub fn marked(&mut self, selected: bool, spans: Vec<Span<'a>>) {
        let start = self.len();
        self.items.push(start);
        for line in wrap(spans, self.width) {
            if selected && self.len() == start {
                let mut marked = vec![self.look.accent(self.look.signs.selected), Span::raw(" ")];
                marked.extend(line.spans);
                self.rows.push(Row { x: 0, line: Line::from(marked), value: false });
            } else {
                self.line(line);
            }
        }
        if selected {
            self.focus_from(start);
        }
    }

    /// An empty row, unless there is one already or the page is empty.
    pub fn gap(&mut self) {
        if self.rows.last().is_some_and(|row| row.value || row.line.width() > 0) {
            self.rows.push(Row { x: MARGIN, line: Line::default(), value: false });
        }
    }

    /// Drops empty rows at the end.
    pub fn trim(&mut self) {
        while self.rows.last().is_some_and(|row| !row.value && row.line.width() == 0) {
            self.rows.pop();
        }
    }

    /// A heading, with a gap above.
    pub fn heading(&mut self, text: impl Into<std::borrow::Cow<'a, str>>) {
        self.gap();
        let heading = self.look.strong(text);
        self.line(heading);
    }

    /// Running text, wrapped.
    pub fn text(&mut self, spans: Vec<Span<'a>>) {
        for line in wrap(spans, self.width) {
            self.line(line);
        }
    }

    /// Running text in one style, wrapped.
    pub fn styled(&mut self, text: impl Into<std::borrow::Cow<'a, str>>, style: Style) {
        self.text(vec![Span::styled(text, style)]);
    }

    /// Plain running text, wrapped.
    pub fn plain(&mut self, text: impl Into<std::borrow::Cow<'a, str>>) {
        self.styled(text, Style::new());
    }

    /// Running text behind a lead; its further lines begin below its first word.
    pub fn item(&mut self, lead: Span<'a>, spans: Vec<Span<'a>>) {
        let indent = columns(&lead.content) + 1;
        let mut lead = Some(lead);
        for line in wrap(spans, self.width.saturating_sub(indent).max(1)) {
            let first = lead.take().unwrap_or_else(|| Span::raw(" ".repeat(indent - 1)));
            let mut row = vec![first, Span::raw(" ")];
            row.extend(line.spans);
            self.line(row);
        }
    }

    /// A fact: its name in a column of `width` and its text beside it, or both as a sentence where it is narrow.
    pub fn fact(&mut self, name: &'static str, width: usize, spans: Vec<Span<'a>>) {
        if self.width < 50 {
            let mut text = vec![self.look.dim(format!("{name}: "))];
            text.extend(spans);
            self.text(text);
        } else {
            let name = self.look.dim(super::text::column(name, width, self.look.signs.ellipsis));
            self.item(name, spans);
        }
    }

    /// A value to copy, alone in its rows: from [`MARGIN`] on if it fits, otherwise cut at the full width,
    /// each row from the edge, so that selecting it in the terminal gives the value and nothing else.
    pub fn value(&mut self, value: &str, style: Style) {
        if columns(value) + usize::from(MARGIN) > self.full {
            self.flush(value, style);
            return;
        }
        let line = Line::from(Span::styled(value.to_owned(), style));
        self.rows.push(Row { x: MARGIN, line, value: true });
    }

    /// All rows from that one to the last must be seen.
    pub fn focus_from(&mut self, row: usize) {
        self.focus = Some(row..self.len());
    }

    /// A value too long for one row: cut at the full width, each row from the edge.
    pub fn flush(&mut self, value: &str, style: Style) {
        for piece in chop(value, self.full) {
            self.rows.push(Row {
                x: 0,
                line: Line::from(Span::styled(piece.to_owned(), style)),
                value: true,
            });
        }
    }

    /// An address as [`Self::flush`] writes it, which the terminal may break by itself and follow.
    pub fn link(&mut self, address: &str, style: Style) {
        self.link = Some((self.len(), address.to_owned()));
        self.flush(address, style);
    }

    /// Where the address stands if the rows from `offset` on are drawn there: only if all of it is seen, and its
    /// rows are whole rows of the terminal.
    fn link_at(&self, frame: &Frame<'_>, area: Rect, offset: usize) -> Option<Link> {
        let (start, address) = self.link.as_ref()?;
        let rows = columns(address).div_ceil(self.full);
        let first = start.checked_sub(offset)?;
        let whole = area.x == 0 && area.width == frame.area().width && usize::from(area.width) == self.full;
        let seen = whole && address.is_ascii() && first + rows <= usize::from(area.height);
        let row = area.y + u16::try_from(first).ok()?;
        seen.then(|| Link { row, address: address.clone() })
    }

    /// A line of a heading's weight, without a gap above.
    pub fn strong_line(&mut self, text: impl Into<std::borrow::Cow<'a, str>>) {
        let line = self.look.strong(text);
        self.text(vec![line]);
    }

    /// Appends another page below.
    pub fn append(&mut self, other: Self) {
        let offset = self.len();
        if let Some((column, row)) = other.cursor {
            self.cursor = Some((column, row + offset));
        }
        if let Some(focus) = other.focus {
            self.focus = Some(focus.start + offset..focus.end + offset);
        }
        if let Some((row, address)) = other.link {
            self.link = Some((row + offset, address));
        }
        self.items.extend(other.items.iter().map(|row| row + offset));
        self.rows.extend(other.rows);
    }

    /// Appends another page as an item of its own, without the empty rows that set it apart.
    fn append_item(&mut self, mut other: Self) {
        let blank = other.rows.iter().take_while(|row| !row.value && row.line.width() == 0).count();
        other.rows.drain(..blank);
        if !other.rows.is_empty() {
            self.items.push(self.len());
            self.append(other);
        }
    }

    /// Where one item ends and the next begins, from the first row to behind the last. A page of a single item may
    /// be cut anywhere.
    fn seams(&self) -> Vec<usize> {
        let mut seams: Vec<usize> = [0, self.len()].into_iter().chain(self.items.iter().copied()).collect();
        seams.sort_unstable();
        seams.dedup();
        if seams.len() > 2 { seams } else { (0..=self.len()).collect() }
    }

    /// The rows that are shown in `height` of them: what has the focus, and around it whole items, as many as fit.
    fn window(&self, height: usize) -> Range<usize> {
        let seams = self.seams();
        let focus = self.focus.clone().unwrap_or(0..0);
        let mut first = seams.iter().rposition(|seam| *seam <= focus.start).unwrap_or(0);
        let mut last = seams.iter().position(|seam| *seam >= focus.end).unwrap_or(seams.len() - 1);
        if seams[last] - seams[first] > height {
            let start = focus.start.min(self.len().saturating_sub(height));
            return start..(start + height).min(self.len());
        }
        loop {
            if last + 1 < seams.len() && seams[last + 1] - seams[first] <= height {
                last += 1;
            } else if first > 0 && seams[last] - seams[first - 1] <= height {
                first -= 1;
            } else {
                return seams[first]..seams[last];
            }
        }
    }

    /// Draws the rows from `offset` on.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, offset: usize) {
        let height = usize::from(area.height);
        for (y, row) in (area.y..).zip(self.rows.iter().skip(offset).take(height)) {
            let room = area.width.saturating_sub(row.x);
            if room > 0 {
                frame.buffer_mut().set_line(area.x + row.x, y, &row.line, room);
            }
        }
        if let Some((column, row)) = self.cursor
            && (offset..offset + height).contains(&row)
            && column < area.width
        {
            let y = u16::try_from(row - offset).unwrap_or(0);
            frame.set_cursor_position((area.x + column, area.y + y));
        }
    }

    /// Draws with the focus in sight. If not all of it fits, the last row says how much more there is; where there is
    /// only one row, a sign at its end says that there is more.
    fn draw_following(&self, frame: &mut Frame<'_>, area: Rect) {
        let height = usize::from(area.height);
        if self.len() <= height {
            return self.draw(frame, area, 0);
        }
        let signs = self.look.signs;
        if height < 2 {
            let row = self.focus.as_ref().map_or(0, |focus| focus.start);
            self.draw(frame, area, row);
            let sign = if row + 1 < self.len() { signs.down } else { signs.up };
            return arrow(frame, area, area.y, sign, self.look);
        }
        let shown = self.window(height - 1);
        let rows = u16::try_from(shown.len()).unwrap_or(area.height);
        self.draw(frame, Rect { height: rows, ..area }, shown.start);
        let seams = self.seams();
        let above = seams.iter().filter(|seam| **seam < shown.start).count();
        let below = seams.iter().filter(|seam| **seam > shown.end).count();
        let mut words = Vec::new();
        if above > 0 {
            words.push(format!("{} {above} more", signs.up));
        }
        if below > 0 {
            words.push(format!("{} {below} more", signs.down));
        }
        let line = Line::from(self.look.dim(words.join("   ")));
        frame.buffer_mut().set_line(area.x + MARGIN, area.bottom() - 1, &line, area.width - MARGIN);
    }
}

/// A sign in the last column of a row, whatever stands there: nothing is cut without a mark.
fn arrow(frame: &mut Frame<'_>, area: Rect, y: u16, sign: &'static str, look: Look<'_>) {
    let Some(cell) = area.right().checked_sub(1).and_then(|x| frame.buffer_mut().cell_mut((x, y))) else {
        return;
    };
    cell.set_symbol(sign).set_style(look.theme.dim);
}

/// First of `height` rows out of `count` such that `focus` is in the middle, as far as the ends allow.
fn centred(focus: Range<usize>, count: usize, height: usize) -> usize {
    let size = focus.len().min(height);
    let before = (height - size) / 2;
    focus.start.saturating_sub(before).min(count.saturating_sub(height))
}

/// A list of one-row lines of which only the visible ones are made.
pub struct List<'a> {
    pub count: usize,
    pub selected: usize,
    /// The line at an index, from the edge on.
    pub line: Box<dyn Fn(usize) -> Line<'a> + 'a>,
}

impl List<'_> {
    /// Draws with the selected line in sight.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) {
        let height = usize::from(area.height);
        if height == 0 || area.width == 0 {
            return;
        }
        let offset = centred(self.selected..self.selected + 1, self.count, height);
        for (y, index) in (area.y..area.bottom()).zip(offset..self.count) {
            frame.buffer_mut().set_line(area.x, y, &(self.line)(index), area.width);
        }
        if offset > 0 {
            arrow(frame, area, area.y, look.signs.up, look);
        }
        if offset + height < self.count {
            arrow(frame, area, area.bottom() - 1, look.signs.down, look);
        }
    }
}

/// The rows in which something is selected or typed.
pub enum Rows<'a> {
    Page(Page<'a>),
    List(List<'a>),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Page(page) => page.len(),
            Self::List(list) => list.count,
        }
    }
}

/// The interactive part of a screen. It keeps its place while the text above it scrolls.
pub struct Own<'a> {
    /// Stays above the rows.
    pub head: Page<'a>,
    pub rows: Rows<'a>,
    /// Stays below the rows.
    pub foot: Page<'a>,
    /// Share of the height in percent, where text and own part do not both fit.
    pub share: usize,
}

impl<'a> Own<'a> {
    /// Rows alone, half of the height.
    pub fn rows(page: Page<'a>) -> Self {
        Self { head: page_like(&page), foot: page_like(&page), rows: Rows::Page(page), share: 50 }
    }

    fn len(&self) -> usize {
        self.head.len() + self.rows.len() + self.foot.len()
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) {
        let height = usize::from(area.height);
        // The rows come first: head and foot keep their places only where three rows, or all of them, are seen.
        let wanted = self.rows.len().min(3);
        let part = |from: usize, size: usize| {
            let y = area.y + u16::try_from(from).unwrap_or(0);
            Rect { y, height: u16::try_from(size).unwrap_or(0), ..area }
        };
        match &self.rows {
            Rows::Page(page) => {
                // A part that has no place of its own is moved through with the rows.
                let mut page = page.clone();
                let wanted = wanted + usize::from(self.len() > height && wanted > 1);
                let mut head = self.head.len();
                let mut foot = self.foot.len();
                if head + foot + wanted > height {
                    page.append_item(self.foot.clone());
                    foot = 0;
                }
                if head + wanted > height {
                    let mut whole = self.head.clone();
                    whole.append(page);
                    page = whole;
                    head = 0;
                }
                let rows = page.len().min(height - head - foot);
                self.head.draw(frame, part(0, head), 0);
                page.draw_following(frame, part(head, rows));
                self.foot.draw(frame, part(head + rows, foot), 0);
            }
            Rows::List(list) => {
                let foot = self.foot.len().min(height.saturating_sub(self.head.len() + wanted));
                let head = self.head.len().min(height.saturating_sub(wanted));
                let rows = self.rows.len().min(height - head - foot);
                self.head.draw(frame, part(0, head), 0);
                list.draw(frame, part(head, rows), look);
                self.foot.draw(frame, part(head + rows, foot), 0);
                if foot < self.foot.len() || head < self.head.len() {
                    arrow(frame, area, area.bottom() - 1, look.signs.down, look);
                }
            }
        }
    }
}

/// Width and look of a page, for another one of the same region.
fn page_like<'a>(page: &Page<'a>) -> Page<'a> {
    Page {
        rows: Vec::new(),
        width: page.width,
        full: page.full,
        look: page.look,
        cursor: None,
        focus: None,
        items: Vec::new(),
        link: None,
    }
}

/// Text that scrolls, and below it the part that is worked in.
pub struct Body<'a> {
    pub text: Page<'a>,
    pub own: Option<Own<'a>>,
}

impl<'a> Body<'a> {
    /// Text alone.
    pub const fn text(text: Page<'a>) -> Self {
        Self { text, own: None }
    }

    /// Rows that it would take to show all of it.
    pub fn len(&self) -> usize {
        let own = self.own.as_ref().map_or(0, Own::len);
        self.text.len() + usize::from(self.text.len() > 0 && own > 0) + own
    }

    /// Draws; tells how far the text can be scrolled.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, scroll: u16, look: Look<'_>) -> Drawn {
        let height = usize::from(area.height);
        if height == 0 || area.width == 0 {
            return Drawn::default();
        }
        let text = self.text.len();
        let Some(own) = self.own.as_ref().filter(|own| own.len() > 0) else {
            if text <= height {
                self.text.draw(frame, area, 0);
                let link = self.text.link_at(frame, area, 0);
                return Drawn { max_scroll: 0, page: area.height, link };
            }
            return self.scrolled(frame, area, height - 1, scroll, look);
        };
        let gap = usize::from(text > 0);
        if text + gap + own.len() <= height {
            self.text.draw(frame, area, 0);
            own.draw(frame, below(area, text + gap), look);
            let link = self.text.link_at(frame, area, 0);
            return Drawn { max_scroll: 0, page: u16::try_from(text).unwrap_or(area.height), link };
        }
        // On a tall screen the share is more than the own part needs to be worked in.
        let share = (height * own.share / 100).clamp(1, ENOUGH);
        let most = height.saturating_sub(gap + text.min(2)).max(1);
        let own_height = own.len().min(share.min(most).max(height.saturating_sub(text + gap)));
        let text_height = (height - own_height).saturating_sub(gap);
        own.draw(frame, below(area, text_height + gap), look);
        if text == 0 {
            return Drawn::default();
        }
        self.scrolled(frame, area, text_height, scroll, look)
    }

    /// The text in `height` rows, and a rule below it that says whether there is more.
    fn scrolled(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        height: usize,
        scroll: u16,
        look: Look<'_>,
    ) -> Drawn {
        let max = self.text.len().saturating_sub(height);
        let offset = usize::from(scroll).min(max);
        let rows = u16::try_from(height).unwrap_or(area.height);
        let shown = Rect { height: rows, ..area };
        self.text.draw(frame, shown, offset);
        let link = self.text.link_at(frame, shown, offset);
        let left = max - offset;
        let marker = if left > 0 {
            format!(" {} {left} more, PgDn ", look.signs.down)
        } else if max > 0 {
            format!(" {} PgUp ", look.signs.up)
        } else {
            String::new()
        };
        rule(frame, Rect { y: area.y + rows, height: 1, ..area }, &marker, look);
        Drawn { max_scroll: u16::try_from(max).unwrap_or(u16::MAX), page: rows, link }
    }
}

/// The area without its first rows.
pub fn below(area: Rect, rows: usize) -> Rect {
    let rows = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// A thin line over the width, with a word near its right end.
pub fn rule(frame: &mut Frame<'_>, area: Rect, word: &str, look: Look<'_>) {
    if area.height == 0 {
        return;
    }
    let width = usize::from(area.width);
    let tail = if word.is_empty() { 0 } else { 2 };
    let lead = width.saturating_sub(columns(word) + tail);
    let line = Line::from(vec![
        look.dim(look.signs.rule.repeat(lead)),
        Span::raw(word.to_owned()),
        look.dim(look.signs.rule.repeat(tail)),
    ]);
    frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
}

#[cfg(test)]
mod tests;
