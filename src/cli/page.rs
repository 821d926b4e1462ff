//! Plain text of at most 80 columns, or as many as the terminal has, for people and pipes.

use crate::terminal;
use textwrap::{Options, WordSeparator, WordSplitter};

/// Most columns of a line. A word that is longer, such as an address, stands whole on its line.
const COLUMNS: usize = 80;

/// Text under way, wrapped as it grows.
pub(super) struct Page {
    pub text: String,
    columns: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { text: String::new(), columns: terminal::columns().map_or(COLUMNS, |there| there.min(COLUMNS)) }
    }
}

impl Page {
    /// A line of its own with a blank line before it, unless it is the first.
    pub fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.item(0, "", heading);
    }

    /// A label, and text beside it.
    pub fn fact(&mut self, label: &str, text: &str) {
        let further = " ".repeat(label.chars().count());
        let options = Options::new(self.columns)
            .initial_indent(label)
            .subsequent_indent(&further)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// A lead (`- `, `Copy: `) and text, indented; further lines are indented by two more than the first, or
    /// to the text if the lead is a mere mark.
    pub fn item(&mut self, indent: usize, lead: &str, text: &str) {
        let hang = if lead.is_empty() { 0 } else { lead.chars().count().min(4) };
        let (first, further) = (" ".repeat(indent), " ".repeat(indent + hang));
        let options = Options::new(self.columns)
            .initial_indent(&first)
            .subsequent_indent(&further)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(format!("{lead}{text}").trim_end(), options) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    pub fn list(&mut self, heading: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.heading(heading);
        for item in items {
            self.item(2, "- ", item);
        }
    }
}
