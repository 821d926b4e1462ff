//! Templates: text with `**screen labels**` and `{{names}}` from a closed set.

use super::FieldName;
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

/// What is wrong with a template; `at` is the byte offset in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    pub at: usize,
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Template {
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
