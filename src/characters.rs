//! Characters that are not what they look like: by name, code point and script.
//!
//! Pure. Text that is copied from pages, documents and chats brings along characters that nobody sees or that
//! pass for others. Entry rules and exact comparison name them with the words of this module. Names in
//! capitals are those of the Unicode character database; scripts are those of UAX #24.

use unicode_script::{Script, UnicodeScript};

/// A character that is not what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disguise {
    pub sort: Sort,
    /// Its name, or what it is, for the middle of a sentence.
    pub name: &'static str,
    /// What takes its place: a look-alike's original, a space, or nothing.
    pub instead: &'static str,
    /// Seen by the eye, and right in a text for people.
    pub visible: bool,
}

/// What sort of disguise it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// U+2024, which passes for the dot of a host name.
    OneDotLeader,
    /// Another sign in the place of a dot, colon or slash.
    Punctuation,
    /// U+00A0.
    NoBreakSpace,
    /// A space other than U+0020.
    Space,
    /// Takes no room on the screen.
    ZeroWidth,
    /// Turns the direction of the text around it.
    Direction,
    CurlyQuote,
    /// A hyphen or dash other than the keyboard's.
    Dash,
    Tab,
    LineBreak,
    Control,
}

/// What is disguised in a character, if anything is.
pub fn disguise(character: char) -> Option<Disguise> {
    let seen = |sort, name, instead| Some(Disguise { sort, name, instead, visible: true });
    let unseen = |sort, name, instead| Some(Disguise { sort, name, instead, visible: false });
    match character {
        '\u{2024}' => unseen(Sort::OneDotLeader, "ONE DOT LEADER, which only looks like a full stop", "."),
        '\u{ff0e}' => seen(Sort::Punctuation, "FULLWIDTH FULL STOP", "."),
        '\u{3002}' => seen(Sort::Punctuation, "IDEOGRAPHIC FULL STOP", "."),
        '\u{ff61}' => seen(Sort::Punctuation, "HALFWIDTH IDEOGRAPHIC FULL STOP", "."),
        '\u{ff1a}' => seen(Sort::Punctuation, "FULLWIDTH COLON", ":"),
        '\u{ff0f}' => seen(Sort::Punctuation, "FULLWIDTH SOLIDUS", "/"),
        '\u{2044}' => seen(Sort::Punctuation, "FRACTION SLASH", "/"),
        '\u{2215}' => seen(Sort::Punctuation, "DIVISION SLASH", "/"),
        '\u{a0}' => unseen(Sort::NoBreakSpace, "NO-BREAK SPACE", " "),
        '\u{1680}' => unseen(Sort::Space, "OGHAM SPACE MARK", " "),
        '\u{2000}' => unseen(Sort::Space, "EN QUAD", " "),
        '\u{2001}' => unseen(Sort::Space, "EM QUAD", " "),
        '\u{2002}' => unseen(Sort::Space, "EN SPACE", " "),
        '\u{2003}' => unseen(Sort::Space, "EM SPACE", " "),
        '\u{2004}' => unseen(Sort::Space, "THREE-PER-EM SPACE", " "),
        '\u{2005}' => unseen(Sort::Space, "FOUR-PER-EM SPACE", " "),
        '\u{2006}' => unseen(Sort::Space, "SIX-PER-EM SPACE", " "),
        '\u{2007}' => unseen(Sort::Space, "FIGURE SPACE", " "),
        '\u{2008}' => unseen(Sort::Space, "PUNCTUATION SPACE", " "),
        '\u{2009}' => unseen(Sort::Space, "THIN SPACE", " "),
        '\u{200a}' => unseen(Sort::Space, "HAIR SPACE", " "),
        '\u{202f}' => unseen(Sort::Space, "NARROW NO-BREAK SPACE", " "),
        '\u{205f}' => unseen(Sort::Space, "MEDIUM MATHEMATICAL SPACE", " "),
        '\u{3000}' => seen(Sort::Space, "IDEOGRAPHIC SPACE", " "),
        '\u{200b}' => unseen(Sort::ZeroWidth, "ZERO WIDTH SPACE", ""),
        '\u{200c}' => unseen(Sort::ZeroWidth, "ZERO WIDTH NON-JOINER", ""),
        '\u{200d}' => unseen(Sort::ZeroWidth, "ZERO WIDTH JOINER", ""),
        '\u{2060}' => unseen(Sort::ZeroWidth, "WORD JOINER", ""),
        '\u{feff}' => unseen(Sort::ZeroWidth, "BYTE ORDER MARK", ""),
        '\u{ad}' => unseen(Sort::ZeroWidth, "SOFT HYPHEN", ""),
        '\u{180e}' => unseen(Sort::ZeroWidth, "MONGOLIAN VOWEL SEPARATOR", ""),
        '\u{61c}' => unseen(Sort::Direction, "ARABIC LETTER MARK", ""),
        '\u{200e}' => unseen(Sort::Direction, "LEFT-TO-RIGHT MARK", ""),
        '\u{200f}' => unseen(Sort::Direction, "RIGHT-TO-LEFT MARK", ""),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            unseen(Sort::Direction, "a mark for the direction of text", "")
        }
        '\u{2018}' | '\u{2019}' => seen(Sort::CurlyQuote, "a curly quote", "'"),
        '\u{201a}' | '\u{201e}' => seen(Sort::CurlyQuote, "a low curly quote", "\""),
        '\u{201c}' | '\u{201d}' => seen(Sort::CurlyQuote, "a curly double quote", "\""),
        '\u{2010}' | '\u{2011}' => unseen(Sort::Dash, "a special hyphen", "-"),
        '\u{2012}'..='\u{2015}' | '\u{2212}' => {
            seen(Sort::Dash, "a dash that is not the hyphen of the keyboard", "-")
        }
        '\t' => unseen(Sort::Tab, "a tab", " "),
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => unseen(Sort::LineBreak, "a line break", " "),
        '\u{fff9}'..='\u{fffb}' => unseen(Sort::ZeroWidth, "an annotation mark", ""),
        '\u{e0000}'..='\u{e007f}' => unseen(Sort::ZeroWidth, "an invisible tag", ""),
        other if other.is_control() => unseen(Sort::Control, "a control character", ""),
        _ => None,
    }
}

/// `U+2024`.
pub fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// The ASCII character that a letter or sign of another block is taken for by the eye.
///
/// Letters of Cyrillic, Greek, Armenian and Latin that most typefaces draw like a letter of a-z, Roman
/// numerals, and the full-width forms U+FF01 to U+FF5E, which stand for one ASCII character each.
pub fn look_alike(character: char) -> Option<char> {
    if let code @ 0xff01..=0xff5e = u32::from(character) {
        return char::from_u32(code - 0xfee0);
    }
    LOOK_ALIKES.iter().find(|(_, others)| others.contains(character)).map(|(ascii, _)| *ascii)
}

/// ASCII letters and what is drawn like them.
const LOOK_ALIKES: [(char, &str); 44] = [
    ('a', "аαɑ"),
    ('b', "Ь"),
    ('c', "сϲⅽ"),
    ('d', "ԁⅾ"),
    ('e', "еҽ"),
    ('g', "ɡց"),
    ('h', "һհ"),
    ('i', "іιıⅰ"),
    ('j', "јϳ"),
    ('k', "κ"),
    ('l', "ӏⅼ"),
    ('m', "ⅿ"),
    ('n', "ոռ"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('q', "ԛ"),
    ('s', "ѕ"),
    ('u', "υս"),
    ('v', "νѵⅴ"),
    ('w', "ԝ"),
    ('x', "хⅹ"),
    ('y', "уγ"),
    ('z', "ᴢ"),
    ('A', "АΑ"),
    ('B', "ВΒ"),
    ('C', "СⅭ"),
    ('D', "Ⅾ"),
    ('E', "ЕΕ"),
    ('G', "Ԍ"),
    ('H', "НΗ"),
    ('I', "ІΙⅠ"),
    ('J', "Ј"),
    ('K', "КΚ"),
    ('L', "Ⅼ"),
    ('M', "МΜⅯ"),
    ('N', "Ν"),
    ('O', "ОΟՕ"),
    ('P', "РΡ"),
    ('S', "Ѕ"),
    ('T', "ТΤ"),
    ('V', "Ⅴ"),
    ('X', "ХΧⅩ"),
    ('Y', "УΥ"),
    ('Z', "Ζ"),
];

/// The script a character belongs to (UAX #24): `Cyrillic`, `Greek`, `Han`. `None` for signs of no script.
pub fn script(character: char) -> Option<&'static str> {
    let script = character.script();
    let of_none = matches!(script, Script::Common | Script::Inherited | Script::Unknown);
    (!of_none).then(|| script.full_name())
}

/// A character that is not ASCII, for the middle of a sentence: `U+0435 (е), a Cyrillic letter that looks like e`.
/// The character itself is shown only if a terminal can draw it.
pub fn describe(character: char) -> String {
    let point = code_point(character);
    if let Some(disguise) = disguise(character) {
        return format!("{point} ({})", disguise.name);
    }
    let shown = if unicode_width::UnicodeWidthChar::width(character).is_some_and(|width| width > 0) {
        format!("{point} ({character})")
    } else {
        point
    };
    let what = match script(character) {
        Some(script) if character.is_alphabetic() => format!("a {script} letter"),
        Some(script) => format!("a {script} character"),
        None if character.is_alphabetic() => "a letter".to_owned(),
        None => "a sign".to_owned(),
    };
    let alike = look_alike(character).map(|ascii| format!(" that looks like {ascii}")).unwrap_or_default();
    format!("{shown}, {what}{alike}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn look_alikes_are_no_ascii_and_stand_once() {
        let mut seen = BTreeSet::new();
        for (ascii, others) in LOOK_ALIKES {
            assert!(ascii.is_ascii_alphabetic());
            for other in others.chars() {
                assert!(!other.is_ascii() && seen.insert(other), "{other} for {ascii}");
                assert_eq!(look_alike(other), Some(ascii));
                assert!(other.is_alphabetic() && disguise(other).is_none(), "{other}");
            }
        }
    }

    #[test]
    fn a_look_alike_is_described_with_script_and_code_point() {
        assert_eq!(describe('\u{435}'), "U+0435 (е), a Cyrillic letter that looks like e");
        assert_eq!(describe('\u{3bf}'), "U+03BF (ο), a Greek letter that looks like o");
        assert_eq!(describe('\u{fc}'), "U+00FC (ü), a Latin letter");
        assert_eq!(describe('東'), "U+6771 (東), a Han letter");
        assert_eq!(describe('\u{ff44}'), "U+FF44 (ｄ), a Latin letter that looks like d");
        assert_eq!(describe('\u{301}'), "U+0301, a sign");
        assert_eq!(describe('\u{a0}'), "U+00A0 (NO-BREAK SPACE)");
    }
}
