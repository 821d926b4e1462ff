//! Text fields of the core: plain ones on `tui-input`, secret ones on a small buffer that wipes itself.

use super::message::Edit;
use crate::secret::Secret;
use tui_input::{Input, InputRequest};
use zeroize::Zeroize;

/// A one-line text field.
#[derive(Clone, Debug)]
pub enum TextField {
    Plain(Input),
    Masked(MaskedField),
}

impl PartialEq for TextField {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
            && self.cursor() == other.cursor()
            && self.is_masked() == other.is_masked()
    }
}

impl TextField {
    /// A field for ordinary text, the cursor at its end.
    pub fn plain(text: &str) -> Self {
        Self::Plain(Input::new(text.to_owned()))
    }

    /// A field for a secret, the cursor at its end.
    pub fn masked(text: &str) -> Self {
        Self::Masked(MaskedField { text: text.to_owned(), cursor: text.chars().count() })
    }

    /// Whether its text is a secret.
    pub const fn is_masked(&self) -> bool {
        matches!(self, Self::Masked(_))
    }

    /// The text. For a masked field this is the secret: draw it only when the user peeks.
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(input) => input.value(),
            Self::Masked(field) => &field.text,
        }
    }

    /// The cursor, in characters from the start.
    pub fn cursor(&self) -> usize {
        match self {
            Self::Plain(input) => input.cursor(),
            Self::Masked(field) => field.cursor,
        }
    }

    /// Replaces the text.
    pub fn set(&mut self, text: &str) {
        match self {
            Self::Plain(input) => *input = Input::new(text.to_owned()),
            Self::Masked(field) => {
                field.text.zeroize();
                *field = MaskedField { text: text.to_owned(), cursor: text.chars().count() };
            }
        }
    }

    /// Inserts a character at the cursor.
    pub fn insert(&mut self, character: char) {
        if character.is_control() {
            return;
        }
        match self {
            Self::Plain(input) => {
                input.handle(InputRequest::InsertChar(character));
            }
            Self::Masked(field) => field.insert(character),
        }
    }

    /// Inserts pasted text at the cursor, line ends and other control characters left out.
    pub fn paste(&mut self, text: &Secret) {
        for character in text.expose().chars().take(MAX_PASTE) {
            self.insert(character);
        }
    }

    /// Applies an editing key.
    pub fn edit(&mut self, edit: Edit) {
        match self {
            Self::Plain(input) => {
                input.handle(match edit {
                    Edit::Backspace => InputRequest::DeletePrevChar,
                    Edit::Delete => InputRequest::DeleteNextChar,
                    Edit::Left => InputRequest::GoToPrevChar,
                    Edit::Right => InputRequest::GoToNextChar,
                    Edit::Home => InputRequest::GoToStart,
                    Edit::End => InputRequest::GoToEnd,
                    Edit::Clear => InputRequest::DeleteLine,
                    Edit::DeleteWord => InputRequest::DeletePrevWord,
                });
            }
            Self::Masked(field) => field.edit(edit),
        }
    }
}

/// Longest paste taken, in characters: a callback address with a 4 kB code fits several times.
const MAX_PASTE: usize = 16_384;

/// A secret being typed. No word motion: the words of a secret are nobody's business.
#[derive(Clone, Default)]
pub struct MaskedField {
    text: String,
    cursor: usize,
}

impl std::fmt::Debug for MaskedField {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MaskedField(…)")
    }
}

impl Drop for MaskedField {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl MaskedField {
    fn byte_at(&self, cursor: usize) -> usize {
        self.text.char_indices().nth(cursor).map_or(self.text.len(), |(index, _)| index)
    }

    fn insert(&mut self, character: char) {
        // Growing in place would leave the old buffer unwiped, so a larger one is filled and the old wiped.
        if self.text.capacity() < self.text.len() + character.len_utf8() {
            let mut larger = String::with_capacity((self.text.len() + 16) * 2);
            larger.push_str(&self.text);
            self.text.zeroize();
            self.text = larger;
        }
        let at = self.byte_at(self.cursor);
        self.text.insert(at, character);
        self.cursor += 1;
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Backspace => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    let at = self.byte_at(self.cursor);
                    self.text.remove(at);
                }
            }
            Edit::Delete => {
                let at = self.byte_at(self.cursor);
                if at < self.text.len() {
                    self.text.remove(at);
                }
            }
            Edit::Left => self.cursor = self.cursor.saturating_sub(1),
            Edit::Right => self.cursor = (self.cursor + 1).min(self.text.chars().count()),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = self.text.chars().count(),
            Edit::Clear | Edit::DeleteWord => {
                self.text.zeroize();
                self.cursor = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paste_drops_line_ends() {
        for mut field in [TextField::plain(""), TextField::masked("")] {
            field.paste(&Secret::new("abc\r\ndef\n"));
            assert_eq!(field.text(), "abcdef");
        }
    }

    #[test]
    fn masked_edits_like_plain() {
        let edits =
            [Edit::Left, Edit::Left, Edit::Backspace, Edit::Delete, Edit::Home, Edit::Delete, Edit::End];
        let (mut plain, mut masked) = (TextField::plain("sécret日本"), TextField::masked("sécret日本"));
        for edit in edits {
            plain.edit(edit);
            masked.edit(edit);
            assert_eq!(plain.text(), masked.text(), "{edit:?}");
            assert_eq!(plain.cursor(), masked.cursor(), "{edit:?}");
        }
    }

    #[test]
    fn debug_of_a_masked_field_does_not_reveal() {
        assert!(!format!("{:?}", TextField::masked("hunter2")).contains("hunter2"));
    }
}
