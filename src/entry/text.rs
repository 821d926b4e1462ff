//! What holds for every field: leftovers of pasting, and characters that look like others or like nothing.

use super::{Finding, Refusal, warning};
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

/// A character that is not what it looks like.
struct Disguise {
    name: &'static str,
    /// What takes its place: a look-alike's original, or nothing.
    instead: &'static str,
    /// Seen by the eye, and right in a text for people.
    visible: bool,
}

fn disguise(character: char) -> Option<Disguise> {
    let seen = |name, instead| Some(Disguise { name, instead, visible: true });
    let unseen = |name, instead| Some(Disguise { name, instead, visible: false });
    match character {
        '\u{2024}' => unseen("ONE DOT LEADER, which only looks like a full stop", "."),
        '\u{ff0e}' => seen("FULLWIDTH FULL STOP", "."),
        '\u{3002}' => seen("IDEOGRAPHIC FULL STOP", "."),
        '\u{ff61}' => seen("HALFWIDTH IDEOGRAPHIC FULL STOP", "."),
        '\u{ff1a}' => seen("FULLWIDTH COLON", ":"),
        '\u{ff0f}' => seen("FULLWIDTH SOLIDUS", "/"),
        '\u{a0}' => unseen("NO-BREAK SPACE", " "),
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => unseen("a special space", " "),
        '\u{3000}' => seen("IDEOGRAPHIC SPACE", " "),
        '\u{200b}' => unseen("ZERO WIDTH SPACE", ""),
        '\u{200c}' => unseen("ZERO WIDTH NON-JOINER", ""),
        '\u{200d}' => unseen("ZERO WIDTH JOINER", ""),
        '\u{2060}' => unseen("WORD JOINER", ""),
        '\u{feff}' => unseen("BYTE ORDER MARK", ""),
        '\u{ad}' => unseen("SOFT HYPHEN", ""),
        '\u{180e}' => unseen("MONGOLIAN VOWEL SEPARATOR", ""),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            unseen("a mark for the direction of text", "")
        }
        '\u{2018}' | '\u{2019}' => seen("a curly quote", "'"),
        '\u{201c}' | '\u{201d}' => seen("a curly double quote", "\""),
        '\u{2010}' | '\u{2011}' => unseen("a special hyphen", "-"),
        '\u{2012}'..='\u{2015}' | '\u{2212}' => seen("a dash that is not the hyphen of the keyboard", "-"),
        '\t' => unseen("a tab", " "),
        '\u{fff9}'..='\u{fffb}' => unseen("an annotation mark", ""),
        '\u{e0000}'..='\u{e007f}' => unseen("an invisible tag", ""),
        other if other.is_control() => unseen("a control character", ""),
        _ => None,
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

/// `U+2024`.
pub(super) fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// 1-based column of the first character that `wanted` picks.
pub(super) fn column_of(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    text.chars().position(wanted).map(|at| at + 1)
}
