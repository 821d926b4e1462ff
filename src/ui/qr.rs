//! The address of a login as a QR code (ISO/IEC 18004), for a browser on another device.

use super::page::MARGIN;
use super::text::wrap;
use super::theme::Look;
use super::waiting::countdown;
use crate::app::model::Model;
use qrcode::{EcLevel, QrCode};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::Span;

/// Light modules around the code, without which a camera does not find it.
const QUIET_ZONE: usize = 4;

/// A module is two columns wide where it is drawn with blanks, and one column wide and half a row high where it is
/// drawn with half blocks: square, as far as letters are twice as high as wide.
struct Shape {
    columns: usize,
    rows: usize,
}

/// The modules with their quiet zone. Black on white whatever the theme: cameras expect it.
struct Modules {
    code: QrCode,
    size: usize,
}

impl Modules {
    /// `None` where the address is longer than any code.
    fn of(url: &str) -> Option<Self> {
        // The lowest level of correction gives the smallest code; a screen has no dirt.
        let code = QrCode::with_error_correction_level(url, EcLevel::L).ok()?;
        let size = code.width() + 2 * QUIET_ZONE;
        Some(Self { code, size })
    }

    fn shape(&self, ascii: bool) -> Shape {
        if ascii {
            Shape { columns: 2 * self.size, rows: self.size }
        } else {
            Shape { columns: self.size, rows: self.size.div_ceil(2) }
        }
    }

    fn colour(&self, x: usize, y: usize) -> Color {
        let inner = |at: usize| at.checked_sub(QUIET_ZONE).filter(|at| *at < self.code.width());
        match (inner(x), inner(y)) {
            (Some(x), Some(y)) if self.code[(x, y)] == qrcode::Color::Dark => Color::Black,
            (Some(_) | None, _) => Color::White,
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, ascii: bool) {
        let shape = self.shape(ascii);
        for (row, y) in (0..shape.rows).zip(area.y..area.bottom()) {
            for (column, x) in (0..shape.columns).zip(area.x..area.right()) {
                let Some(cell) = frame.buffer_mut().cell_mut((x, y)) else { continue };
                if ascii {
                    cell.set_symbol(" ").set_bg(self.colour(column / 2, row));
                } else {
                    let (upper, lower) = (self.colour(column, 2 * row), self.colour(column, 2 * row + 1));
                    cell.set_symbol("▀").set_fg(upper).set_bg(lower);
                }
            }
        }
    }
}

/// The code and how to leave it, or how much room it takes.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    url: &str,
    until: jiff::Timestamp,
    look: Look<'_>,
) {
    let whole = frame.area();
    let width = usize::from(area.width.saturating_sub(MARGIN + 1).max(1));
    let modules = Modules::of(url);
    let shape = modules.as_ref().map(|modules| modules.shape(model.settings.ascii));
    let left = countdown(model.now, until);
    let mut head = vec![
        look.strong("The login's address"),
        Span::raw("   "),
        look.accent(left),
        look.dim(" left   "),
        look.accent("v"),
        look.dim(" or "),
        look.accent("Esc"),
        look.dim(" goes back"),
    ];
    let fits = shape.as_ref().is_some_and(|shape| {
        shape.columns + usize::from(MARGIN) <= usize::from(area.width)
            && shape.rows + wrap(head.clone(), width).len() <= usize::from(area.height)
    });
    let mut lines = wrap(head.clone(), width);
    if !fits {
        head.truncate(0);
        let needed = shape.map_or_else(
            || "This address is too long for a QR code.".to_owned(),
            |shape| {
                let columns = shape.columns + usize::from(MARGIN);
                let rows = shape.rows + lines.len() + usize::from(whole.height - area.height);
                format!(
                    "Its QR code takes a terminal of {columns} columns and {rows} rows; this one has {} and {}. \
                     Make the window larger or its letters smaller, or copy the address with c.",
                    whole.width, whole.height
                )
            },
        );
        lines.push(ratatui::text::Line::default());
        lines.extend(wrap(vec![Span::raw(needed)], width));
    }
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        frame.buffer_mut().set_line(area.x + MARGIN, y, line, area.width.saturating_sub(MARGIN));
    }
    if let (true, Some(modules)) = (fits, modules) {
        let taken = u16::try_from(lines.len()).unwrap_or(0).min(area.height);
        let below = Rect {
            x: area.x + MARGIN,
            y: area.y + taken,
            width: area.width - MARGIN,
            height: area.height - taken,
        };
        modules.draw(frame, below, model.settings.ascii);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_zone_is_light_and_the_finders_are_where_they_belong() {
        let modules = Modules::of("https://zoom.us/oauth/authorize?response_type=code").unwrap();
        let last = modules.size - 1;
        for at in 0..modules.size {
            for edge in 0..QUIET_ZONE {
                for (x, y) in [(at, edge), (edge, at), (at, last - edge), (last - edge, at)] {
                    assert_eq!(modules.colour(x, y), Color::White, "{x} {y}");
                }
            }
        }
        for corner in
            [(QUIET_ZONE, QUIET_ZONE), (last - QUIET_ZONE, QUIET_ZONE), (QUIET_ZONE, last - QUIET_ZONE)]
        {
            assert_eq!(modules.colour(corner.0, corner.1), Color::Black, "{corner:?}");
        }
        // The fourth corner has no finder; beyond the code all is light.
        assert_eq!(modules.colour(modules.size + 5, 3), Color::White);
    }

    #[test]
    fn an_address_longer_than_any_code_has_none() {
        assert!(Modules::of(&"a".repeat(3000)).is_none());
    }
}
