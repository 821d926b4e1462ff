//! Two texts one above the other, cut so that a caret below them points at the first difference.

use super::{first_difference, without_line_end};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Signs of a picture, each as wide as it has characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// In the place of a character that cannot be seen: a space, a tab, a zero-width one.
    pub hidden: char,
    /// Where a text is cut.
    pub ellipsis: &'static str,
}

/// The two lines and the column of the caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub expected: String,
    pub given: String,
    /// Columns of the terminal left of the caret, the same for both lines.
    pub caret: usize,
}

/// Narrowest picture. A narrower one is asked for in vain.
const LEAST: usize = 10;

/// A character as it is drawn, and its columns (1 or 2).
type Cell = (char, usize);

/// Draws two texts that differ in at most `width` columns (10 at the least). A line end behind the given text
/// is left out, as [`super::compare`] does.
pub fn picture(expected: &str, given: &str, width: usize, signs: Signs) -> Picture {
    let given = without_line_end(given);
    let width = width.max(LEAST);
    let before = first_difference(expected, given).1 - 1;
    let (expected, given) = (cells(expected, signs), cells(given, signs));
    let ellipsis = signs.ellipsis.width();
    // Behind the caret there is room for the character itself, even a wide one, and for the cut.
    let behind = (width / 3).max(2 + ellipsis);
    let columns = |cells: &[Cell]| cells.iter().map(|(_, width)| width).sum::<usize>();
    // Both have the same characters before the difference.
    let common = expected.get(..before).or_else(|| given.get(..before)).unwrap_or_default();
    let rest = columns(expected.get(before..).unwrap_or_default())
        .max(columns(given.get(before..).unwrap_or_default()));
    let mut start = 0;
    if columns(common) + rest.min(behind).max(1) > width {
        while columns(&common[start..]) + ellipsis + behind > width && start < before {
            start += 1;
        }
    }
    let lead = if start > 0 { ellipsis } else { 0 };
    let line = |cells: &[Cell]| -> String {
        let mut line = if start > 0 { signs.ellipsis.to_owned() } else { String::new() };
        let rest = cells.get(start..).unwrap_or_default();
        let room = width - lead;
        let fits = columns(rest) <= room;
        let mut left = if fits { room } else { room - ellipsis };
        for (character, width) in rest {
            if *width > left {
                break;
            }
            left -= width;
            line.push(*character);
        }
        if !fits {
            line.push_str(signs.ellipsis);
        }
        line
    };
    Picture { expected: line(&expected), given: line(&given), caret: lead + columns(&common[start..]) }
}

/// The characters of a text as they are drawn: whatever takes no column, is blank, or joins its neighbour into
/// one shape gets the sign for a hidden character.
fn cells(text: &str, signs: Signs) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        let blank = character.is_whitespace() || character == '\u{2800}' || character == '\u{3164}';
        let cell =
            if width == 0 || blank || crate::characters::disguise(character).is_some_and(|it| !it.visible) {
                (signs.hidden, 1)
            } else {
                (character, width)
            };
        let joins = cells.last().is_some_and(|(last, before)| {
            !cell.0.is_ascii() && format!("{last}{}", cell.0).width() != before + cell.1
        });
        cells.push(if joins { (signs.hidden, 1) } else { cell });
    }
    cells
}
