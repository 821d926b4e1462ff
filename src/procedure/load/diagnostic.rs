//! Errors of a procedure file, with the place they point at.

use crate::secret::printable;
use std::fmt;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// Columns of a source line that are shown at most.
const SHOWN_COLUMNS: usize = 100;
/// Columns kept before the caret when the start of a long line is cut off.
const LEADING_COLUMNS: usize = 40;

/// One error in a procedure file. `Display` is the excerpt with caret, several lines, without a final line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// File name as given to the loader.
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The part of the source line that is shown, fit for a terminal.
    source: String,
    /// Terminal columns before the caret, within `source`.
    indent: usize,
    /// Terminal columns the caret covers; at least one.
    width: usize,
}

impl LoadError {
    /// An error at a byte range of `text`. A range that lies outside or across a character is moved to the
    /// nearest place that exists; a range over several lines points at its first.
    pub fn new(
        file: &str,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Self {
        let start = floor(text, span.start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let end = floor(text, span.end.max(start)).min(line_start + line.len());
        let excerpt = Excerpt::of(line, start - line_start..end.max(start) - line_start);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: message.into(),
            help,
            source: excerpt.source,
            indent: excerpt.indent,
            width: excerpt.width,
        }
    }
}

/// The last place at or before `at` where a character begins, or the end.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The shown part of one line.
struct Excerpt {
    source: String,
    indent: usize,
    width: usize,
}

impl Excerpt {
    /// Control characters are replaced one by one, so that the caret stays under what it means.
    fn of(line: &str, span: Range<usize>) -> Self {
        let shown = |character: char| {
            let mut buffer = [0; 4];
            printable(character.encode_utf8(&mut buffer), 1).chars().next().unwrap_or('\u{fffd}')
        };
        let columns = |character: char| shown(character).width().unwrap_or(0);
        let before: usize =
            line.char_indices().take_while(|(at, _)| *at < span.start).map(|(_, c)| columns(c)).sum();
        let total: usize = line.chars().map(columns).sum();
        let cut =
            if total > SHOWN_COLUMNS && before > LEADING_COLUMNS { before - LEADING_COLUMNS } else { 0 };

        let mut excerpt = Self { source: String::new(), indent: 0, width: 0 };
        if cut > 0 {
            excerpt.source.push('…');
            excerpt.indent = 1;
        }
        let mut column = 0;
        for (at, character) in line.char_indices() {
            let width = columns(character);
            column += width;
            if column <= cut {
                continue;
            }
            if column - cut > SHOWN_COLUMNS {
                excerpt.source.push('…');
                break;
            }
            excerpt.source.push(shown(character));
            if at < span.start {
                excerpt.indent += width;
            } else if at < span.end {
                excerpt.width += width;
            }
        }
        excerpt.width = excerpt.width.max(1);
        excerpt
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = number.len();
        let file = printable(&self.file, usize::MAX);
        writeln!(formatter, "error: {}", self.message)?;
        writeln!(formatter, "{:gutter$}--> {file}:{}:{}", "", self.line, self.column)?;
        writeln!(formatter, "{:gutter$} |", "")?;
        writeln!(formatter, "{number} | {}", self.source)?;
        let (indent, caret) = (self.indent, "^".repeat(self.width));
        write!(formatter, "{:gutter$} | {:indent$}{caret}", "", "")?;
        match &self.help {
            Some(help) => write!(formatter, "\n{:gutter$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LoadError {}

/// Where the bytes `part` of a decoded TOML string stand in the file, given the string's place with its
/// quotes. Escape sequences are walked over; without any the answer is a shift by the opening quotes.
pub(super) fn place_in_string(text: &str, string: Range<usize>, part: Range<usize>) -> Range<usize> {
    let Some(raw) = text.get(string.clone()) else {
        return string;
    };
    let quotes =
        ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or("");
    let mut at = quotes.len();
    if quotes.len() == 3 {
        // A line end right after the opening quotes is not part of the string (TOML 1.0, "String").
        at += if raw[at..].starts_with("\r\n") { 2 } else { usize::from(raw[at..].starts_with('\n')) };
    }
    let clamped =
        |start: usize, end: usize| string.start + start.min(raw.len())..string.start + end.min(raw.len());
    if quotes.starts_with('\'') || !raw.contains('\\') {
        return clamped(at + part.start, at + part.end);
    }
    let mut decoded = 0;
    let mut start = None;
    while at < raw.len() && decoded < part.end {
        let (raw_length, decoded_length) = unit(&raw[at..]);
        if start.is_none() && decoded >= part.start && decoded_length > 0 {
            start = Some(at);
        }
        at += raw_length;
        decoded += decoded_length;
    }
    clamped(start.unwrap_or(at), at)
}

/// Lengths of the next character of a basic string: in the file, and decoded. An escape sequence counts as
/// what it stands for.
fn unit(raw: &str) -> (usize, usize) {
    let Some(escape) = raw.strip_prefix('\\') else {
        let length = raw.chars().next().map_or(1, char::len_utf8);
        return (length, length);
    };
    let digits = match escape.chars().next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(blank) if blank.is_ascii_whitespace() => {
            // A line-ending backslash swallows all blanks up to the next text.
            return (1 + escape.len() - escape.trim_ascii_start().len(), 0);
        }
        Some(other) => return (1 + other.len_utf8(), 1),
        None => return (1, 0),
    };
    let decoded = escape
        .get(1..=digits)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .and_then(char::from_u32)
        .map_or(1, char::len_utf8);
    (2 + digits, decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn caret_of(text: &str, part: &str) -> LoadError {
        let at = text.find(part).unwrap();
        LoadError::new("a.toml", text, at..at + part.len(), "wrong", None)
    }

    #[test]
    fn place_is_counted_in_lines_and_characters() {
        let error = caret_of("one\r\nä = wrong\r\n", "wrong");
        assert_eq!((error.line, error.column), (2, 5));
        assert_eq!(error.to_string(), "error: wrong\n --> a.toml:2:5\n  |\n2 | ä = wrong\n  |     ^^^^^");
    }

    #[test]
    fn caret_counts_wide_characters_as_two_columns_and_disarms_controls() {
        let error = caret_of("日本\t\u{1b}\rx", "x");
        assert!(error.to_string().ends_with("1 | 日本 \u{fffd} x\n  |        ^"), "{error}");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        let error = caret_of(&text, "HERE");
        let rendered = error.to_string();
        let lines: Vec<&str> = rendered.lines().collect();
        assert!(lines[3].chars().count() < 110);
        let caret = lines[4].find('^').unwrap();
        let under: String = lines[3].chars().skip(caret).take(4).collect();
        assert_eq!((error.column, under.as_str()), (301, "HERE"));
    }

    #[test]
    fn a_range_over_lines_or_outside_points_at_what_exists() {
        assert_eq!(LoadError::new("a", "one\ntwo", 1..6, "m", None).width, 2);
        let end = LoadError::new("a", "one\n", 90..99, "m", None);
        assert_eq!((end.line, end.column, end.width), (2, 1, 1));
        assert_eq!(LoadError::new("a", "ä", 1..2, "m", None).column, 1);
    }

    #[test]
    fn escapes_are_walked_over() {
        for (raw, decoded_part, expected) in [
            (r#""a\"bX""#, 3..4, "X"),
            (r#""\u20ACX""#, 3..4, "X"),
            ("'a\\X'", 2..3, "X"),
            ("\"\"\"\nab\\\n   X\"\"\"", 2..3, "X"),
            ("'''\r\nX'''", 0..1, "X"),
            (r#""\U0001F600X""#, 4..5, "X"),
        ] {
            let text = format!("key = {raw}");
            let place = place_in_string(&text, 6..text.len(), decoded_part);
            assert_eq!(&text[place], expected, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn a_part_is_found_in_any_spelling(spelled in r#"([a-zä€]|\\["\\tn]|\\u00e9|\\U0001F600){1,12}"#, cut in any::<usize>()) {
            let text = format!("key = \"{spelled}\" # after");
            let table: toml::Table = toml::from_str(&text).unwrap();
            let value = table["key"].as_str().unwrap();
            let (at, character) = value.char_indices().nth(cut % value.chars().count()).unwrap();
            let string = 6..8 + spelled.len();
            let place = place_in_string(&text, string, at..at + character.len_utf8());
            let again: toml::Table = toml::from_str(&format!("key = \"{}\"", &text[place])).unwrap();
            prop_assert_eq!(again["key"].as_str().unwrap(), character.to_string());
        }
    }
}
