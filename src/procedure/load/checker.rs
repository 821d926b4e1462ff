//! What every part of the check needs: the place of errors, texts, ids, words, templates, and who asks what.

use super::diagnostic::{LoadError, floor, place_in_string};
use super::words::{advice, parse_word};
use crate::procedure::template::TemplateFault;
use crate::procedure::wire::{self, Text};
use crate::procedure::{CopySource, CopyValue, FieldName, Name, Piece, Template};
use crate::secret::printable;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;
use url::Url;

/// Characters of a quoted word that an error repeats.
const QUOTED: usize = 60;

/// Where a template stands, which decides what may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Sentences for the admin.
    Prose,
    /// A value that goes into a form.
    Value,
    /// A page to open.
    Page,
}

/// Which answer an address of the receiver is computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Addresses {
    /// For [`Name::RedirectUrl`].
    pub redirect: Option<FieldName>,
    /// For [`Name::ReceiverUrl`].
    pub receiver: Option<FieldName>,
}

/// The file being checked and what is wrong with it so far.
pub(super) struct Checker<'a> {
    file_name: &'a str,
    text: &'a str,
    errors: Vec<LoadError>,
    /// The step that asks for each answer: its position and id.
    asked: BTreeMap<FieldName, (usize, String)>,
    pub addresses: Addresses,
}

impl<'a> Checker<'a> {
    pub fn new(file_name: &'a str, text: &'a str) -> Self {
        Self { file_name, text, errors: Vec::new(), asked: BTreeMap::new(), addresses: Addresses::default() }
    }

    /// All errors, in the order of the file.
    pub fn into_errors(mut self) -> Vec<LoadError> {
        self.errors.sort_by_key(|error| (error.line, error.column));
        self.errors
    }

    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.errors.push(LoadError::new(self.file_name, self.text, span, message, help));
    }

    /// An error with advice.
    pub fn advise(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.error(span, message, Some(help.to_owned()));
    }

    /// A word of the file as errors repeat it.
    pub fn shown(&self, word: &Text) -> String {
        printable(word.get_ref(), QUOTED)
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.text[..floor(self.text, span.start)].matches('\n').count() + 1
    }

    /// A text that is there and can go to a terminal as it is.
    pub fn text(&mut self, text: &Text) -> String {
        let value = text.get_ref();
        if value.trim().is_empty() {
            self.advise(text.span(), "an empty text", "write it, or leave the key out if it is optional");
        } else if !value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            && printable(value, usize::MAX) != *value
        {
            let mut buffer = [0; 4];
            let bad = |(_, c): &(usize, char)| printable(c.encode_utf8(&mut buffer), 1) != c.to_string();
            let (at, character) = value.char_indices().find(bad).unwrap_or((0, ' '));
            let place = place_in_string(self.text, text.span(), at..at + character.len_utf8());
            let (message, help) = match character {
                '\n' | '\r' => {
                    ("a line break in a text", "end the line with `\\` to continue it on the next")
                }
                _ => ("a control or direction character in a text", "remove it: it would reach a terminal"),
            };
            self.advise(place, format!("{message} (U+{:04X})", u32::from(character)), help);
        }
        value.clone()
    }

    pub fn optional_text(&mut self, text: Option<&Text>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    pub fn texts(&mut self, texts: &[Text]) -> Vec<String> {
        texts.iter().map(|text| self.text(text)).collect()
    }

    /// An id of lower-case letters, digits and hyphens.
    pub fn id(&mut self, id: &Text, what: &str) -> String {
        let value = id.get_ref();
        let good = value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !good || value.is_empty() || value.starts_with('-') || value.ends_with('-') {
            let message = format!("`{}` is no {what}", printable(value, QUOTED));
            self.advise(id.span(), message, "use lower-case letters, digits and single hyphens between them");
        }
        value.clone()
    }

    /// Notes a value that may occur once; the second time is an error that names the first.
    pub fn once(&mut self, seen: &mut BTreeMap<String, Range<usize>>, text: &Text, what: &str) {
        if let Some(first) = seen.get(text.get_ref()) {
            let help = format!("first on line {}", self.line(first));
            let message = format!("{what} `{}` a second time", self.shown(text));
            self.error(text.span(), message, Some(help));
        } else {
            seen.insert(text.get_ref().clone(), text.span());
        }
    }

    /// A word from a closed set; `None` after an error.
    pub fn word<T: DeserializeOwned>(&mut self, word: &Text, what: &str) -> Option<T> {
        match parse_word(word.get_ref()) {
            Ok(value) => Some(value),
            Err(known) => {
                let message = format!("unknown {what} `{}`", self.shown(word));
                self.error(word.span(), message, advice(word.get_ref(), known.iter().copied()));
                None
            }
        }
    }

    /// Notes that the step at `position` asks for an answer. Nothing is typed twice.
    pub fn asks(&mut self, field: FieldName, position: usize, step: &Text, span: Range<usize>) {
        match self.asked.get(&field) {
            Some((_, earlier)) => {
                let message = format!("`{}` is asked a second time", field.as_str());
                let help = format!("step `{}` asks for it", printable(earlier, QUOTED));
                self.error(span, message, Some(help));
            }
            None => {
                self.asked.insert(field, (position, step.get_ref().clone()));
            }
        }
    }

    /// An answer that is used by the step at `position` must be asked there or before.
    pub fn uses(&mut self, field: FieldName, position: usize, span: Range<usize>) {
        let name = field.as_str();
        match self.asked.get(&field) {
            Some((asked, _)) if *asked <= position => {}
            Some((_, step)) => {
                let help = format!("step `{}` asks for it: move that step up", printable(step, QUOTED));
                self.error(span, format!("`{name}` is used before it is asked"), Some(help));
            }
            None => {
                let kind = match field {
                    FieldName::Region | FieldName::Management | FieldName::ClientType => "choose",
                    FieldName::AppName
                    | FieldName::Instance
                    | FieldName::Company
                    | FieldName::ShortDescription
                    | FieldName::DeveloperName
                    | FieldName::DeveloperEmail
                    | FieldName::ClientId
                    | FieldName::ClientSecret
                    | FieldName::AccountId
                    | FieldName::SecretToken
                    | FieldName::ConnectionName => "fill",
                };
                let help = format!("add a step of kind `{kind}` that asks for `{name}`, here or before");
                self.error(span, format!("`{name}` is used and no step asks for it"), Some(help));
            }
        }
    }

    /// A template in the step at `position`.
    pub fn template(&mut self, text: &Text, role: Role, position: usize) -> Template {
        let value = self.text(text);
        let template = match Template::parse(&value) {
            Ok(template) => template,
            Err(error) => {
                let place = place_in_string(self.text, text.span(), error.at..error.at + error.length);
                let help = match &error.fault {
                    TemplateFault::UnknownName(word) => advice(word, Name::all().map(Name::as_str)),
                    TemplateFault::Secret => {
                        Some("a value to copy takes it as `secret = \"…\"`, masked on screen".to_owned())
                    }
                    TemplateFault::Marks => None,
                };
                self.error(place, error.message, help);
                return Template::default();
            }
        };
        let mut at = 0;
        for piece in &template.pieces {
            let length = piece.to_string().len();
            let place = place_in_string(self.text, text.span(), at..at + length);
            at += length;
            match piece {
                Piece::Name(name) => self.uses_name(*name, position, place),
                Piece::Label(_) if role != Role::Prose => {
                    self.advise(place, "a screen label in a value", "`**` belongs to sentences only");
                }
                Piece::Label(_) | Piece::Text(_) => {}
            }
        }
        if role != Role::Prose {
            self.address(text, &template, role);
        }
        template
    }

    pub fn templates(&mut self, texts: &[Text], position: usize) -> Vec<Template> {
        texts.iter().map(|text| self.template(text, Role::Prose, position)).collect()
    }

    fn uses_name(&mut self, name: Name, position: usize, place: Range<usize>) {
        let source = match name {
            Name::Field(field) => Some(field),
            Name::RedirectUrl => self.addresses.redirect,
            Name::ReceiverUrl => self.addresses.receiver,
        };
        match source {
            Some(field) => self.uses(field, position, place),
            None => {
                let message = format!("nothing gives `{}` a value in this procedure", name.as_str());
                self.advise(
                    place,
                    message,
                    "it comes from `[redirect]`: a `rule`, and its regions if it has any",
                );
            }
        }
    }

    /// A page, and a value that begins like one, must be https and ASCII whatever the names in it stand for.
    /// Lookalike characters such as U+2024 pass for a dot and make another host.
    fn address(&mut self, text: &Text, template: &Template, role: Role) {
        let sample = template.pieces.iter().map(|piece| match piece {
            Piece::Text(text) | Piece::Label(text) => text.as_str(),
            Piece::Name(Name::RedirectUrl | Name::ReceiverUrl) => "https://receiver.example.com",
            Piece::Name(Name::Field(FieldName::Instance)) => "receiver.example.com",
            Piece::Name(Name::Field(_)) => "name",
        });
        let sample: String = sample.collect();
        if role == Role::Page || sample.starts_with("http://") || sample.starts_with("https://") {
            self.https(text, &sample);
        }
    }

    /// Whether `address`, which stands in the file as `text`, is an https URL in ASCII.
    pub fn https(&mut self, text: &Text, address: &str) -> bool {
        if let Some((at, character)) = text.get_ref().char_indices().find(|(_, c)| !c.is_ascii()) {
            let place = place_in_string(self.text, text.span(), at..at + character.len_utf8());
            let message = format!("`{}` (U+{:04X}) in an address", printable(&character.to_string(), 1), {
                u32::from(character)
            });
            self.advise(place, message, "an address is ASCII: type the character again");
            return false;
        }
        let problem = match Url::parse(address) {
            Err(error) => format!("not an address: {error}"),
            Ok(url) if url.scheme() != "https" => "an address that is not https".to_owned(),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "an address with a user name in it".to_owned()
            }
            Ok(_) => return true,
        };
        self.advise(text.span(), problem, "write it in full, from `https://` on");
        false
    }

    /// Where a character of a string stands in the file, by its 1-based column; the whole string without one.
    pub fn character(&self, text: &Text, column: Option<usize>) -> Range<usize> {
        let found = column.and_then(|column| text.get_ref().char_indices().nth(column.checked_sub(1)?));
        match found {
            Some((at, character)) => place_in_string(self.text, text.span(), at..at + character.len_utf8()),
            None => text.span(),
        }
    }

    /// Values to copy; each is a template or a secret.
    pub fn copies(&mut self, values: &[wire::CopyValue], position: usize) -> Vec<CopyValue> {
        values.iter().filter_map(|value| self.copy(value, position)).collect()
    }

    fn copy(&mut self, value: &wire::CopyValue, position: usize) -> Option<CopyValue> {
        let label = self.text(&value.label);
        let source = match (&value.template, &value.secret) {
            (Some(template), None) => CopySource::Template(self.template(template, Role::Value, position)),
            (None, Some(secret)) => {
                let field: FieldName = self.word(secret, "field")?;
                if !field.is_secret() {
                    let help = format!("write `template = \"{{{{{}}}}}\"`", field.as_str());
                    self.error(secret.span(), format!("`{}` is not a secret", field.as_str()), Some(help));
                }
                self.uses(field, position, secret.span());
                CopySource::Secret(field)
            }
            (Some(_), Some(secret)) => {
                self.advise(secret.span(), "a value with both `template` and `secret`", "keep one of them");
                return None;
            }
            (None, None) => {
                let help = "add `template = \"…\"` or `secret = \"…\"`";
                self.advise(value.label.span(), "a value to copy without a value", help);
                return None;
            }
        };
        Some(CopyValue { label, value: source })
    }
}
