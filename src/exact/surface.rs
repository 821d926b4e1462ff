//! What lies over a text without being of it: spaces, hidden characters, look-alikes, quotes, escapes.
//!
//! Each is named and taken away, so that what is left can be compared as an address.

use super::name::{Name, Named};
use crate::characters::{self, Sort, code_point, describe, disguise};

/// A text of which parts were taken away, with the place of each character in the given text.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    characters: Vec<(char, usize)>,
    /// Column behind the last character of the given text.
    end: usize,
}

impl Text {
    fn new(given: &str) -> Self {
        let characters: Vec<(char, usize)> = given.chars().zip(1..).collect();
        let end = characters.len() + 1;
        Self { characters, end }
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().map(|(character, _)| character).collect()
    }

    /// Column in the given text of the character at an index; behind the last one for a larger index.
    pub(super) fn column(&self, index: usize) -> usize {
        self.characters.get(index).map_or(self.end, |(_, column)| *column)
    }

    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    /// Characters from one index on to before another.
    pub(super) fn part(&self, from: usize, to: usize) -> Self {
        let characters = self.characters.get(from..to).map(<[_]>::to_vec).unwrap_or_default();
        Self { end: self.column(to), characters }
    }
}

/// Takes away what certainly does not belong, and names it.
pub(super) fn cleaned(expected: &str, given: &str, found: &mut Vec<Named>) -> Text {
    let mut text = Text::new(given);
    drop_spaces(expected, &mut text, found);
    replace_disguises(expected, &mut text, found);
    unquote(expected, &mut text, found);
    unescape(expected, &mut text, found);
    if let Some((_, column)) = text.characters.iter().find(|(character, _)| *character == '*')
        && !expected.contains('*')
    {
        found.push(Named::new(Name::Wildcard, *column, "There is a wildcard (*)"));
    }
    text
}

/// White space of the keyboard: in front, inside, behind.
fn drop_spaces(expected: &str, text: &mut Text, found: &mut Vec<Named>) {
    let is_space = |character: char| {
        let sort = disguise(character).map(|disguise| disguise.sort);
        (character == ' ' || matches!(sort, Some(Sort::Tab | Sort::LineBreak)))
            && !expected.contains(character)
    };
    let all = &text.characters;
    let count = all.len();
    let front = all.iter().take_while(|(character, _)| is_space(*character)).count();
    let back = all.iter().rev().take_while(|(character, _)| is_space(*character)).count().min(count - front);
    let mut seen = Vec::new();
    for (index, (character, column)) in all.iter().enumerate() {
        if !is_space(*character) {
            continue;
        }
        let (place, words) = if index < front {
            (Name::SpaceBefore, "in front")
        } else if index >= count - back {
            (Name::SpaceAfter, "at the end")
        } else {
            (Name::SpaceInside, "inside")
        };
        let (name, says) = match disguise(*character).map(|disguise| disguise.sort) {
            Some(Sort::Tab) => (Name::Tab, format!("There is a tab {words} (column {column})")),
            Some(_) => (Name::LineBreak, format!("There is a line break {words} (column {column})")),
            None => (place, format!("There is a space {words} (column {column})")),
        };
        if !seen.contains(&(name, place)) {
            seen.push((name, place));
            found.push(Named::new(name, *column, says));
        }
    }
    text.characters.retain(|(character, _)| !is_space(*character));
}

/// Hidden characters and look-alikes. One that occurs several times is named once, with its count.
fn replace_disguises(expected: &str, text: &mut Text, found: &mut Vec<Named>) {
    let mut seen: Vec<(char, usize, usize)> = Vec::new();
    let mut kept = Vec::with_capacity(text.characters.len());
    for (character, column) in std::mem::take(&mut text.characters) {
        let disguise = disguise(character);
        let belongs = expected.contains(character) || (character.is_ascii() && disguise.is_none());
        if belongs {
            kept.push((character, column));
            continue;
        }
        match seen.iter_mut().find(|(other, ..)| *other == character) {
            Some((.., count)) => *count += 1,
            None => seen.push((character, column, 1)),
        }
        let instead = match disguise {
            Some(disguise) if disguise.sort == Sort::CurlyQuote => None,
            Some(disguise) => disguise.instead.chars().next().filter(|instead| *instead != ' '),
            None => Some(characters::look_alike(character).unwrap_or(character)),
        };
        kept.extend(instead.map(|instead| (instead, column)));
    }
    text.characters = kept;
    for (character, column, count) in seen {
        let times = if count > 1 { format!(", {count} times") } else { String::new() };
        let (name, what) = match disguise(character) {
            Some(disguise) => (of(disguise.sort), format!("{} ({})", code_point(character), disguise.name)),
            None if characters::look_alike(character).is_some() => (Name::LookAlike, describe(character)),
            None => (Name::Foreign, describe(character)),
        };
        found.push(Named::new(name, column, format!("Column {column} holds {what}{times}")));
    }
}

const fn of(sort: Sort) -> Name {
    match sort {
        Sort::OneDotLeader => Name::OneDotLeader,
        Sort::Punctuation => Name::Punctuation,
        Sort::NoBreakSpace => Name::NoBreakSpace,
        Sort::Space => Name::SpaceInside,
        Sort::ZeroWidth => Name::ZeroWidth,
        Sort::Direction => Name::Direction,
        Sort::CurlyQuote => Name::CurlyQuote,
        Sort::Dash => Name::Dash,
        Sort::Tab => Name::Tab,
        Sort::LineBreak => Name::LineBreak,
        Sort::Control => Name::Control,
    }
}

const OPENING: [char; 6] = ['"', '\'', '`', '<', '(', '['];
const CLOSING: [char; 6] = ['"', '\'', '`', '>', ')', ']'];

/// Quotes or brackets at either end.
fn unquote(expected: &str, text: &mut Text, found: &mut Vec<Named>) {
    let mut first = None;
    while let Some((character, column)) = text.characters.first().copied()
        && OPENING.contains(&character)
        && !expected.starts_with(character)
    {
        first.get_or_insert((column, character));
        text.characters.remove(0);
    }
    while let Some((character, column)) = text.characters.last().copied()
        && CLOSING.contains(&character)
        && !expected.ends_with(character)
    {
        text.end = column;
        first.get_or_insert((column, character));
        text.characters.pop();
    }
    if let Some((column, character)) = first {
        let says = format!("It stands in quotes or brackets ({character})");
        found.push(Named::new(Name::Quoted, column, says));
    }
}

/// Percent-encoding (RFC 3986 section 2.1), as in a query of another address.
fn unescape(expected: &str, text: &mut Text, found: &mut Vec<Named>) {
    if expected.contains('%') {
        return;
    }
    let mut first = None;
    let mut out = Vec::with_capacity(text.characters.len());
    let mut index = 0;
    while let Some(&(character, column)) = text.characters.get(index) {
        let digit = |at: usize| text.characters.get(at).and_then(|(digit, _)| digit.to_digit(16));
        let code = (character == '%').then(|| Some(digit(index + 1)? * 16 + digit(index + 2)?)).flatten();
        match code.and_then(char::from_u32).filter(char::is_ascii) {
            Some(decoded) => {
                first.get_or_insert((column, decoded));
                out.push((decoded, column));
                index += 3;
            }
            None => {
                out.push((character, column));
                index += 1;
            }
        }
    }
    if let Some((column, decoded)) = first {
        let code = u32::from(decoded);
        let says = format!("It is percent-encoded: %{code:02X} stands for {}", super::name::shown(decoded));
        found.push(Named::new(Name::PercentEncoded, column, says));
        text.characters = out;
    }
}
