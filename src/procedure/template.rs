//! Templates: text with `**screen labels**` and `{{names}}` from a closed set.
//!
//! There are no escapes and nothing nests: `**` always opens or closes a label, `{{` always opens a name.
//! `Display` gives the source back, byte for byte.

use super::FieldName;
use crate::secret::printable;
use std::fmt;

/// Parsed text of a procedure file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Template {
    /// In reading order.
    pub pieces: Vec<Piece>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// Words that stand on a screen of Zoom or the receiver; shown so that the eye finds them.
    Label(String),
    Name(Name),
}

/// Names a template may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A non-secret answer.
    Field(FieldName),
    /// The receiver's redirect URL.
    RedirectUrl,
    /// `https://` + host of the receiver: the ServiceNow instance or the Celigo region.
    ReceiverUrl,
}

impl Name {
    /// Every name that may stand in a template.
    pub fn all() -> impl Iterator<Item = Self> {
        let fields = FieldName::ALL.into_iter().filter(|field| !field.is_secret()).map(Self::Field);
        fields.chain([Self::RedirectUrl, Self::ReceiverUrl])
    }

    /// As written between the braces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field(field) => field.as_str(),
            Self::RedirectUrl => "redirect_url",
            Self::ReceiverUrl => "receiver_url",
        }
    }

    /// The name, if it is one and may stand in a template (secrets may not).
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "redirect_url" => Some(Self::RedirectUrl),
            "receiver_url" => Some(Self::ReceiverUrl),
            other => FieldName::parse(other).filter(|field| !field.is_secret()).map(Self::Field),
        }
    }
}

/// Gives the values of names.
pub trait Values {
    /// The value, or `None` while it is not known.
    fn value(&self, name: Name) -> Option<String>;
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Byte offset in its text.
    pub at: usize,
    /// Bytes it is about, from `at` on.
    pub length: usize,
    pub message: String,
    pub fault: TemplateFault,
}

/// The sort of mistake, for advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// Marks that do not pair up, or have the wrong thing between them.
    Marks,
    /// A secret between the braces.
    Secret,
    /// A word between the braces that is no name.
    UnknownName(String),
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TemplateError {}

const LABEL: &str = "**";
const OPEN: &str = "{{";
const CLOSE: &str = "}}";

impl Template {
    /// Reads the text of a procedure file.
    ///
    /// # Errors
    /// A mark without its partner, an empty label or name, a name inside a label, a name that is not in the
    /// closed set or is a secret.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            if let Some(inside) = rest.strip_prefix(LABEL) {
                let Some(length) = inside.find(LABEL) else {
                    return Err(TemplateError::new(at, 2, "`**` opens a screen label that never ends"));
                };
                let label = &inside[..length];
                check_label(label, at + LABEL.len())?;
                pieces.push(Piece::Label(label.to_owned()));
                at += LABEL.len() * 2 + length;
            } else if let Some(inside) = rest.strip_prefix(OPEN) {
                let Some(length) = inside.find(CLOSE) else {
                    return Err(TemplateError::new(at, 2, "`{{` opens a name that never ends"));
                };
                pieces.push(Piece::Name(parse_name(&inside[..length], at + OPEN.len())?));
                at += OPEN.len() + length + CLOSE.len();
            } else {
                let length = [LABEL, OPEN].into_iter().filter_map(|mark| rest.find(mark)).min();
                let plain = &rest[..length.unwrap_or(rest.len())];
                if let Some(stray) = plain.find(CLOSE) {
                    return Err(TemplateError::new(at + stray, 2, "`}}` without a `{{` before it"));
                }
                pieces.push(Piece::Text(plain.to_owned()));
                at += plain.len();
            }
        }
        Ok(Self { pieces })
    }

    /// The names it uses, in reading order.
    pub fn names(&self) -> impl Iterator<Item = Name> + '_ {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(*name),
            Piece::Text(_) | Piece::Label(_) => None,
        })
    }

    /// The text with every name replaced, or `None` if one has no value yet. Label marks are dropped.
    pub fn render(&self, values: &dyn Values) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Label(text) => Some(text.clone()),
                Piece::Name(name) => values.value(*name),
            })
            .collect()
    }

    /// As [`Self::render`], with `<name>` standing for what is not known yet.
    pub fn render_lossy(&self, values: &dyn Values) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Label(text) => text.clone(),
                Piece::Name(name) => values.value(*name).unwrap_or_else(|| format!("<{}>", name.as_str())),
            })
            .collect()
    }
}

impl TemplateError {
    fn new(at: usize, length: usize, message: impl Into<String>) -> Self {
        Self { at, length, message: message.into(), fault: TemplateFault::Marks }
    }
}

fn check_label(label: &str, at: usize) -> Result<(), TemplateError> {
    let length = label.len();
    if label.is_empty() {
        return Err(TemplateError::new(at - LABEL.len(), LABEL.len() * 2, "an empty screen label"));
    }
    if label.trim() != label {
        // Most likely the marks are paired wrongly and this is the text between two labels.
        return Err(TemplateError::new(at, length, "a screen label with a blank next to its `**`"));
    }
    match [OPEN, CLOSE].into_iter().filter_map(|mark| label.find(mark)).min() {
        Some(mark) => Err(TemplateError::new(at + mark, 2, "a name can't stand inside a screen label")),
        None => Ok(()),
    }
}

fn parse_name(word: &str, at: usize) -> Result<Name, TemplateError> {
    if let Some(name) = Name::parse(word) {
        return Ok(name);
    }
    let shown = printable(word, 40);
    if word.is_empty() {
        return Err(TemplateError::new(at - OPEN.len(), 4, "no name between `{{` and `}}`"));
    }
    if FieldName::parse(word).is_some() {
        let message = format!("`{shown}` is a secret and can't stand in a text");
        return Err(TemplateError { at, length: word.len(), message, fault: TemplateFault::Secret });
    }
    let message = format!("unknown name `{shown}`");
    Err(TemplateError { at, length: word.len(), message, fault: TemplateFault::UnknownName(word.to_owned()) })
}

impl fmt::Display for Template {
    /// As written in the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| write!(formatter, "{piece}"))
    }
}

impl fmt::Display for Piece {
    /// As written in the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Label(label) => write!(formatter, "{LABEL}{label}{LABEL}"),
            Self::Name(name) => write!(formatter, "{OPEN}{}{CLOSE}", name.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pieces_in_reading_order() {
        let template = Template::parse("Paste {{client_id}} into **Client ID** (a * b {c}).").unwrap();
        assert_eq!(
            template.pieces,
            [
                Piece::Text("Paste ".into()),
                Piece::Name(Name::Field(FieldName::ClientId)),
                Piece::Text(" into ".into()),
                Piece::Label("Client ID".into()),
                Piece::Text(" (a * b {c}).".into()),
            ]
        );
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, at, length, message) in [
            ("a **b", 2, 2, "`**` opens a screen label that never ends"),
            ("a ****", 2, 4, "an empty screen label"),
            ("a** and **b", 3, 5, "a screen label with a blank next to its `**`"),
            ("**a {{region}}**", 4, 2, "a name can't stand inside a screen label"),
            ("ä {{region", 3, 2, "`{{` opens a name that never ends"),
            ("region}}", 6, 2, "`}}` without a `{{` before it"),
            ("a {{}}", 2, 4, "no name between `{{` and `}}`"),
            ("{{ region }}", 2, 8, "unknown name ` region `"),
            ("{{client_secret}}", 2, 13, "`client_secret` is a secret and can't stand in a text"),
        ] {
            let error = Template::parse(text).unwrap_err();
            assert_eq!((error.at, error.length, error.message.as_str()), (at, length, message), "{text}");
        }
    }

    #[test]
    fn every_name_parses_and_no_secret_does() {
        for name in Name::all() {
            assert_eq!(Name::parse(name.as_str()), Some(name));
            assert!(!matches!(name, Name::Field(field) if field.is_secret()));
        }
        assert_eq!(Name::all().count(), FieldName::ALL.len());
    }

    struct OnlyRegion;
    impl Values for OnlyRegion {
        fn value(&self, name: Name) -> Option<String> {
            (name == Name::Field(FieldName::Region)).then(|| "eu".to_owned())
        }
    }

    #[test]
    fn rendering_needs_every_value() {
        let known = Template::parse("**Region**: {{region}}").unwrap();
        assert_eq!(known.render(&OnlyRegion).as_deref(), Some("Region: eu"));
        let unknown = Template::parse("{{region}}/{{company}}").unwrap();
        assert_eq!(unknown.render(&OnlyRegion), None);
        assert_eq!(unknown.render_lossy(&OnlyRegion), "eu/<company>");
    }

    proptest! {
        #[test]
        fn what_parses_displays_as_it_was(text in r"([a-z *{}ä]|\*\*|\{\{region\}\}|\*\*[A-Z]{1,3}\*\*){0,12}") {
            match Template::parse(&text) {
                Ok(template) => prop_assert_eq!(template.to_string(), text),
                Err(error) => {
                    prop_assert!(text.get(error.at..error.at + error.length).is_some(), "{:?}", error);
                }
            }
        }

        #[test]
        fn never_panics(text in r"\PC{0,60}") {
            let _ = Template::parse(&text);
        }
    }
}
