//! What holds for every field: leftovers of pasting, and characters that look like others or like nothing.

use super::{Finding, Refusal, warning};
use crate::characters::{Disguise, code_point, disguise};
use crate::procedure::FieldName;

/// Which characters a field is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Read by machines: an address, an id, a secret. A line break inside is a wrapped paste.
    Machine,
    /// Read by people: any script, spaces, typographic quotes.
    People,
}

pub(super) const fn kind(field: FieldName) -> Kind {
    match field {
        FieldName::Instance
        | FieldName::Region
        | FieldName::Management
        | FieldName::ClientType
        | FieldName::DeveloperEmail
        | FieldName::ClientId
        | FieldName::ClientSecret
        | FieldName::AccountId
        | FieldName::SecretToken => Kind::Machine,
        FieldName::AppName
        | FieldName::Company
        | FieldName::ShortDescription
        | FieldName::DeveloperName
        | FieldName::ConnectionName => Kind::People,
    }
}

/// An entry without the leftovers of pasting, and where its characters stood.
pub(super) struct Tidied {
    text: String,
    /// 1-based column in the raw entry for each character of `text`.
    columns: Vec<usize>,
}

impl Tidied {
    pub(super) fn new(raw: &str, kind: Kind) -> Self {
        let mut characters: Vec<(usize, char)> = (1..).zip(raw.chars()).collect();
        // Dropping one mark may put another together, or bring white space to the edge.
        loop {
            let before = characters.len();
            drop_paste_marks(&mut characters);
            match kind {
                Kind::Machine => characters.retain(|(_, character)| !is_line_end(*character)),
                Kind::People => {
                    let lines = std::mem::take(&mut characters);
                    for (column, character) in lines {
                        let follows_end = characters.last().is_some_and(|(_, last)| is_line_end(*last));
                        if !(is_line_end(character) && follows_end) {
                            characters.push((column, character));
                        }
                    }
                }
            }
            let is_space =
                |(_, character): &&(usize, char)| character.is_ascii_whitespace() || is_line_end(*character);
            let end = characters.len() - characters.iter().rev().take_while(is_space).count();
            characters.truncate(end);
            let start = characters.iter().take_while(is_space).count();
            characters.drain(..start);
            if characters.len() == before {
                break;
            }
        }
        let shown = |character: char| if is_line_end(character) { ' ' } else { character };
        Self {
            text: characters.iter().map(|(_, character)| shown(*character)).collect(),
            columns: characters.into_iter().map(|(column, _)| column).collect(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Column in the raw entry for a 1-based column of the text.
    pub(super) fn raw_column(&self, column: usize) -> Option<usize> {
        self.columns.get(column.checked_sub(1)?).copied()
    }
}

const fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Bracketed-paste marks, whole anywhere, and without their escape character at the two ends.
fn drop_paste_marks(characters: &mut Vec<(usize, char)>) {
    for mark in ["\u{1b}[200~", "\u{1b}[201~"] {
        let mark: Vec<char> = mark.chars().collect();
        let starts =
            |window: &[(usize, char)]| window.iter().zip(&mark).all(|((_, have), want)| have == want);
        while let Some(at) = characters.windows(mark.len()).position(starts) {
            characters.drain(at..at + mark.len());
        }
    }
    let is =
        |part: &[(usize, char)], mark: &str| part.iter().map(|(_, character)| *character).eq(mark.chars());
    if characters.get(..5).is_some_and(|start| is(start, "[200~")) {
        characters.drain(..5);
    }
    let tail = characters.len().saturating_sub(5);
    if characters.len() >= 5 && is(&characters[tail..], "[201~") {
        characters.truncate(tail);
    }
}

/// Whether a joiner does its work: in a word of a script that needs it, or inside an emoji.
fn joins(characters: &[char], at: usize) -> bool {
    let beside =
        |place: Option<&char>| place.is_some_and(|other| !other.is_ascii() && disguise(*other).is_none());
    matches!(characters[at], '\u{200c}' | '\u{200d}')
        && beside(at.checked_sub(1).and_then(|before| characters.get(before)))
        && beside(characters.get(at + 1))
}

/// Refuses characters in disguise and offers the text without them. In a text for people the visible ones
/// are a warning only.
pub(super) fn hidden_characters(text: &str, kind: Kind) -> Result<Vec<Finding>, Refusal> {
    let characters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut cleaned = String::new();
    for (at, &character) in characters.iter().enumerate() {
        match disguise(character) {
            Some(disguise) if !(kind == Kind::People && joins(&characters, at)) => {
                let refused = kind == Kind::Machine || !disguise.visible;
                cleaned.push_str(match (refused, kind, disguise.instead) {
                    (true, Kind::Machine, " ") => "",
                    (true, _, instead) => instead,
                    (false, ..) => "",
                });
                if !refused {
                    cleaned.push(character);
                }
                found.push((at + 1, character, disguise, refused));
            }
            Some(_) | None => cleaned.push(character),
        }
    }
    let say = |(column, character, disguise, _): &(usize, char, Disguise, bool)| {
        format!("Column {column} holds {} ({})", code_point(*character), disguise.name)
    };
    let refused: Vec<_> = found.iter().filter(|(.., refused)| *refused).collect();
    let Some(first) = refused.first() else {
        let hint = "It is kept as it is; the same field elsewhere must hold the same character.";
        return Ok(found
            .iter()
            .map(|one| Finding { column: Some(one.0), ..warning(say(one), hint) })
            .collect());
    };
    let more = match refused.len() {
        1 => String::new(),
        count => format!(", and {} more like it", count - 1),
    };
    let hint =
        "Pages and documents put such characters in when text is copied. Take the cleaned value, or type it.";
    Err(Refusal::new(format!("{}{more}", say(first)), hint).at(first.0).offer(cleaned))
}

/// 1-based column of the first character that `wanted` picks.
pub(super) fn column_of(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    text.chars().position(wanted).map(|at| at + 1)
}
