//! Text measured and broken by the columns it takes on the screen.

use super::theme::Look;
use crate::procedure::template::Values;
use crate::procedure::{Piece, Template};
use jiff::Timestamp;
use ratatui::text::{Line, Span};
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// Columns that a row of spans takes.
pub fn spans_columns(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| columns(&span.content)).sum()
}

/// The text if it fits, otherwise its beginning and an ellipsis, together at most `limit` columns.
pub fn shorten(text: &str, limit: usize, ellipsis: &str) -> String {
    if columns(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(columns(ellipsis));
    let mut shortened = take_columns(text, room).0.to_owned();
    if columns(ellipsis) <= limit {
        shortened.push_str(ellipsis);
    }
    shortened
}

/// Shortened or filled up with spaces to exactly that many columns.
pub fn column(text: &str, width: usize, ellipsis: &str) -> String {
    let mut cell = shorten(text, width, ellipsis);
    let missing = width.saturating_sub(columns(&cell));
    cell.extend(std::iter::repeat_n(' ', missing));
    cell
}

/// The longest beginning that takes at most `limit` columns, and the rest.
pub fn take_columns(text: &str, limit: usize) -> (&str, &str) {
    let mut taken = 0;
    for (index, character) in text.char_indices() {
        let width = character.width().unwrap_or(0);
        if taken + width > limit {
            return text.split_at(index);
        }
        taken += width;
    }
    (text, "")
}

/// A text cut into pieces of at most `width` columns, for values that must stay whole when copied.
pub fn chop(text: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (mut piece, mut after) = take_columns(rest, width);
        if piece.is_empty() {
            // A character wider than the screen is drawn cut rather than dropped.
            let end = rest.chars().next().map_or(rest.len(), char::len_utf8);
            (piece, after) = rest.split_at(end);
        }
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Breaks styled text at spaces into lines of at most `width` columns.
pub fn wrap<'a>(spans: Vec<Span<'a>>, width: usize) -> Vec<Line<'a>> {
    if spans_columns(&spans) <= width {
        return vec![Line::from(spans)];
    }
    let whole: String = spans.iter().map(|span| span.content.as_ref()).collect();
    // At spaces only: an address that is broken at a slash cannot be copied.
    let options = Options::new(width.max(1))
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut lines = Vec::new();
    let mut searched = 0;
    for piece in textwrap::wrap(&whole, options) {
        // Pieces follow each other in the text, with only white space left out between them.
        let start = whole[searched..].find(piece.as_ref()).map_or(searched, |found| searched + found);
        let end = (start + piece.len()).min(whole.len());
        lines.push(slice(&spans, start, end));
        searched = end;
    }
    lines
}

/// The part of styled text between two byte positions.
fn slice<'a>(spans: &[Span<'a>], start: usize, end: usize) -> Line<'a> {
    let mut parts = Vec::new();
    let mut at = 0;
    for span in spans {
        let (from, to) = (start.max(at), end.min(at + span.content.len()));
        if from < to
            && let Some(part) = span.content.get(from - at..to - at)
        {
            parts.push(Span::styled(part.to_owned(), span.style));
        }
        at += span.content.len();
    }
    Line::from(parts)
}

/// A template as styled text: screen labels stand out, names are replaced, unknown ones are dim.
pub fn template<'a>(template: &'a Template, values: &dyn Values, look: Look<'_>) -> Vec<Span<'a>> {
    template
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Span::raw(text.as_str()),
            Piece::Label(label) => Span::styled(label.as_str(), look.theme.label),
            Piece::Name(name) => match values.value(*name) {
                Some(value) => Span::styled(value, look.theme.strong),
                None => Span::styled(format!("<{}>", name.as_str()), look.theme.dim),
            },
        })
        .collect()
}

/// How long ago something was, in one coarse unit.
pub fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    let (count, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "min"),
        3_600..86_400 => (seconds / 3_600, "h"),
        86_400..172_800 => (1, "day"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}

/// How long something still lasts, in one coarse unit.
pub fn remaining(now: Timestamp, end: Timestamp) -> String {
    match end.as_second() - now.as_second() {
        ..=0 => "expired".to_owned(),
        seconds @ 1..120 => format!("{seconds} s left"),
        seconds @ 120..7_200 => format!("{} min left", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h left", seconds / 3_600),
        seconds => format!("{} days left", seconds / 86_400),
    }
}

/// A date and time to the minute: `2026-03-12 09:41 UTC`.
pub fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A count with its noun: `1 scope`, `2 scopes`.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Modifier, Style};
    use rstest::rstest;

    // Row W08 of docs/callback-rows.md.
    #[rstest]
    #[case("abcdef", 6, "abcdef")]
    #[case("abcdef", 4, "abc…")]
    #[case("日本語の名前", 5, "日本…")]
    #[case("日本語", 4, "日…")]
    #[case("abc", 0, "")]
    fn shortens_by_columns(#[case] text: &str, #[case] limit: usize, #[case] expected: &str) {
        assert_eq!(shorten(text, limit, "…"), expected);
    }

    #[test]
    fn chopped_values_join_to_the_same_text() {
        let url = "https://zoom.us/oauth/authorize?client_id=日本語&state=abc";
        for width in 1..80 {
            assert_eq!(chop(url, width).concat(), url, "at {width}");
        }
    }

    #[test]
    fn wrapped_text_keeps_words_and_styles() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let spans = vec![Span::raw("Open "), Span::styled("Develop > Build App", bold), Span::raw(" now.")];
        let lines = wrap(spans, 12);
        let texts: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["Open Develop", "> Build App", "now."]);
        assert_eq!(lines[1].spans[0].style, bold);
        assert!(lines.iter().all(|line| line.width() <= 12));
    }

    #[rstest]
    #[case(0, "just now")]
    #[case(-5, "just now")]
    #[case(3_599, "59 min ago")]
    #[case(7_200, "2 h ago")]
    #[case(90_000, "1 day ago")]
    #[case(864_000, "10 days ago")]
    fn ages(#[case] seconds: i64, #[case] expected: &str) {
        let then = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(age(Timestamp::from_second(1_000_000 + seconds).unwrap(), then), expected);
    }
}
