//! How things look, by role. Meaning is always carried by a sign or a word as well ([`Signs`]).

use crate::app::model::Tone;
use crate::setup::Outcome;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// Styles by role. Only the terminal's own sixteen colours, so that every palette works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Where the eye shall go: the selected line, keys, the current step.
    pub accent: Style,
    /// Headings.
    pub strong: Style,
    /// What may be overlooked.
    pub dim: Style,
    /// Words that stand on a screen of Zoom or the receiver.
    pub label: Style,
    /// Values that are copied.
    pub value: Style,
    /// Text being typed.
    pub input: Style,
    pub success: Style,
    pub warning: Style,
    pub failure: Style,
    /// The word REHEARSAL.
    pub rehearsal: Style,
}

impl Theme {
    /// One accent colour, and the three colours of outcomes.
    pub const fn coloured() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Self {
            accent: bold.fg(Color::Cyan),
            strong: bold,
            dim: Style::new().add_modifier(Modifier::DIM),
            label: bold.fg(Color::Cyan),
            value: Style::new(),
            input: Style::new().add_modifier(Modifier::UNDERLINED),
            success: Style::new().fg(Color::Green),
            warning: Style::new().fg(Color::Yellow),
            failure: bold.fg(Color::Red),
            rehearsal: bold.fg(Color::Black).bg(Color::Yellow),
        }
    }

    /// No colour at all (`NO_COLOR`): weight, underline and reverse only.
    pub const fn plain() -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Self {
            accent: bold,
            strong: bold,
            dim: Style::new().add_modifier(Modifier::DIM),
            label: bold,
            value: Style::new(),
            input: Style::new().add_modifier(Modifier::UNDERLINED),
            success: Style::new(),
            warning: bold,
            failure: bold,
            rehearsal: bold.add_modifier(Modifier::REVERSED),
        }
    }
}

/// The signs of the screen. All of a group have the same width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub done: &'static str,
    pub current: &'static str,
    pub again: &'static str,
    /// Passed without proof.
    pub unproved: &'static str,
    pub open: &'static str,
    /// Before a good result, a bad one, and a warning or pitfall.
    pub good: &'static str,
    pub bad: &'static str,
    pub warn: &'static str,
    /// Before the selected line.
    pub selected: &'static str,
    pub radio_on: &'static str,
    pub radio_off: &'static str,
    pub bullet: &'static str,
    /// Between two facts on one line.
    pub between: &'static str,
    /// Between a statement and its explanation.
    pub dash: &'static str,
    /// A character of a secret.
    pub mask: char,
    /// A character that would not be seen.
    pub hidden: char,
    pub ellipsis: &'static str,
    pub rule: &'static str,
    pub down: &'static str,
    pub up: &'static str,
    pub bar_done: &'static str,
    pub bar_open: &'static str,
    /// How a scope stands; one column each.
    pub granted: &'static str,
    pub covered: &'static str,
    pub missing: &'static str,
    pub excess: &'static str,
    pub not_granted: &'static str,
    pub not_confirmed: &'static str,
    /// What is being found out; one column.
    pub awaited: &'static str,
}

/// Signs for a terminal with Unicode.
pub const UNICODE: Signs = Signs {
    done: "✓",
    current: "›",
    again: "!",
    unproved: "?",
    open: "○",
    good: "✓",
    bad: "✗",
    warn: "!",
    selected: "›",
    radio_on: "●",
    radio_off: "○",
    bullet: "•",
    between: " · ",
    dash: " — ",
    mask: '•',
    hidden: '□',
    ellipsis: "…",
    rule: "─",
    down: "↓",
    up: "↑",
    bar_done: "━",
    bar_open: "─",
    granted: "✓",
    covered: "≈",
    missing: "✗",
    excess: "!",
    not_granted: "○",
    not_confirmed: "?",
    awaited: "…",
};

/// Signs for a terminal with ASCII only.
pub const ASCII: Signs = Signs {
    done: "[x]",
    current: " > ",
    again: " ! ",
    unproved: " ? ",
    open: "[ ]",
    good: "[x]",
    bad: " x ",
    warn: " ! ",
    selected: ">",
    radio_on: "(*)",
    radio_off: "( )",
    bullet: "-",
    between: ", ",
    dash: " - ",
    mask: '*',
    hidden: '?',
    ellipsis: "...",
    rule: "-",
    down: "v",
    up: "^",
    bar_done: "#",
    bar_open: "-",
    granted: "+",
    covered: "~",
    missing: "x",
    excess: "!",
    not_granted: "o",
    not_confirmed: "?",
    awaited: ".",
};

/// Theme and signs together, as every part of the view gets them.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    pub theme: &'a Theme,
    pub signs: &'static Signs,
}

impl<'a> Look<'a> {
    /// The look for a terminal.
    pub const fn new(theme: &'a Theme, ascii: bool) -> Self {
        Self { theme, signs: if ascii { &ASCII } else { &UNICODE } }
    }

    /// Plain text.
    pub fn text<'t>(self, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::raw(text)
    }

    /// Text that may be overlooked.
    pub fn dim<'t>(self, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.theme.dim)
    }

    /// A heading.
    pub fn strong<'t>(self, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.theme.strong)
    }

    /// Text that the eye shall find.
    pub fn accent<'t>(self, text: impl Into<std::borrow::Cow<'t, str>>) -> Span<'t> {
        Span::styled(text, self.theme.accent)
    }

    /// Style and sign of a tone.
    pub const fn tone(self, tone: Tone) -> (Style, &'static str) {
        match tone {
            Tone::Information => (self.theme.strong, self.signs.bullet),
            Tone::Success => (self.theme.success, self.signs.good),
            Tone::Warning => (self.theme.warning, self.signs.warn),
            Tone::Failure => (self.theme.failure, self.signs.bad),
        }
    }

    /// Style of an outcome; its word says the rest.
    pub const fn outcome(self, outcome: Outcome) -> Style {
        match outcome {
            Outcome::Pass => self.theme.success,
            Outcome::Warning => self.theme.warning,
            Outcome::Fail => self.theme.failure,
            Outcome::NotChecked => self.theme.dim,
        }
    }
}
