//! An admin at the keyboard: keys by name, and the plain steps of a set-up done the way a person does them.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use zoom_setup::app::model::{HomeItem, Model, Screen};
use zoom_setup::app::proof::{Shown, shown};
use zoom_setup::app::wizard::{AuthorizationPhase, StepState, VerifyingPhase, Wizard};
use zoom_setup::oauth::verdict::Verdict;
use zoom_setup::procedure::{FieldName, StepKind};
use zoom_setup::setup::Check;

/// A key by its name in the key bar: `Enter`, `Shift-Tab`, `Ctrl-Y`, `F1`, `Space`, `r`.
pub fn key(name: &str) -> Event {
    let (name, modifiers) = match name.strip_prefix("Ctrl-") {
        Some(rest) => (rest, KeyModifiers::CONTROL),
        None => (name, KeyModifiers::NONE),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Shift-Tab" => KeyCode::BackTab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "Space" => KeyCode::Char(' '),
        "F1" => KeyCode::F(1),
        other => {
            let mut characters = other.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else {
                panic!("no such key: {other}")
            };
            let character = if modifiers.is_empty() { character } else { character.to_ascii_lowercase() };
            KeyCode::Char(character)
        }
    };
    Event::Key(KeyEvent::new(code, modifiers))
}

/// Most presses that any loop here makes.
const MOST: usize = 200;

pub trait Admin {
    fn model(&self) -> &Model;

    /// One terminal event, and whatever it sets going, as far as that ends by itself.
    fn event(&mut self, event: Event);

    /// What the admin types into a field.
    fn value(&self, field: FieldName) -> Option<String>;

    /// Whether the program was cut off, so that keys do nothing any more.
    fn gone(&self) -> bool {
        false
    }

    /// Keys by name, separated by spaces.
    fn press(&mut self, keys: &str) {
        for name in keys.split(' ') {
            self.event(key(name));
        }
    }

    /// Text as typed, key by key.
    fn text(&mut self, text: &str) {
        for character in text.chars() {
            self.event(Event::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE)));
        }
    }

    /// A bracketed paste.
    fn paste(&mut self, text: &str) {
        self.event(Event::Paste(text.to_owned()));
    }

    fn wizard(&self) -> &Wizard {
        match &self.model().screen {
            Screen::Wizard(wizard) => wizard,
            other => panic!("no wizard on screen but {other:?}; notice {:?}", self.model().notice),
        }
    }

    fn step(&self) -> String {
        self.wizard().current().id.clone()
    }

    fn notice(&self) -> String {
        self.model().notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default()
    }

    /// Where the login stands.
    fn login(&self) -> &AuthorizationPhase {
        match &self.wizard().state {
            StepState::Authorize(authorization) => &authorization.phase,
            other => panic!("not at the login but {other:?}"),
        }
    }

    fn verifying(&self) -> &VerifyingPhase {
        match &self.wizard().state {
            StepState::Verify(verifying) => &verifying.phase,
            other => panic!("not at the checks but {other:?}"),
        }
    }

    fn checks(&self) -> &[Check] {
        match &self.wizard().state {
            StepState::Verify(verifying) => &verifying.checks,
            other => panic!("not at the checks but {other:?}"),
        }
    }

    fn check(&self, code: &str) -> &Check {
        self.checks().iter().find(|check| check.code == code).unwrap_or_else(|| panic!("no {code} check"))
    }

    /// What the step shows of Zoom's answer to its question.
    fn verdict(&self) -> &Verdict {
        match shown(self.model()) {
            Some(Shown::Answered { record, .. }) => &record.verdict,
            other => panic!("no answer at {} but {other:?}: {}", self.step(), self.notice()),
        }
    }

    /// Does plain steps until the step of that id, and what it asks for, up to Zoom's answer.
    fn answer_of(&mut self, id: &str) {
        self.walk_to(id);
        for _press in 0..MOST {
            if matches!(shown(self.model()), Some(Shown::Answered { .. })) {
                return;
            }
            self.fill_in();
            self.press("Enter");
            assert_eq!(self.step(), id, "no answer was shown: {}", self.notice());
        }
        panic!("no answer at {id}");
    }

    /// Pastes what the field with the focus asks for, if it is empty.
    fn fill_in(&mut self) {
        let StepState::Fill(form) = &self.wizard().state else { return };
        let field = &form.fields[form.focus];
        if field.input.text().is_empty()
            && field.kept.is_none()
            && let Some(value) = self.value(field.spec.name)
        {
            self.paste(&value);
        }
    }

    /// Begins a set-up from the home screen.
    fn begin(&mut self, procedure: &str) {
        self.press("Home");
        for _press in 0..MOST {
            let Screen::Home { selected } = &self.model().screen else { panic!("not at home") };
            let here = match self.model().home_items().get(*selected) {
                Some(HomeItem::New(index)) => self.model().procedures[*index].id == procedure,
                Some(
                    HomeItem::Resume(_)
                    | HomeItem::Rehearse
                    | HomeItem::Review
                    | HomeItem::Check
                    | HomeItem::Connection(_),
                )
                | None => false,
            };
            if here {
                return self.press("Enter");
            }
            self.press("Down");
        }
        panic!("{procedure} is not on the home screen");
    }

    /// Does a step that needs nothing of Zoom. Returns whether it was one.
    fn plain_step(&mut self) -> bool {
        let index = self.wizard().step;
        match self.wizard().current().kind.clone() {
            StepKind::Instruct | StepKind::Copy | StepKind::Choose { .. } => {
                self.press("Enter");
                // Past the answer to the step's question; a refusal is asked about once more.
                for _answer in 0..2 {
                    if !self.gone() && self.wizard().step == index {
                        self.press("Enter");
                    }
                }
            }
            StepKind::Fill { fields } => {
                for _field in 0..=2 * fields.len() + 1 {
                    if self.wizard().step != index {
                        break;
                    }
                    self.fill_in();
                    self.press("Enter");
                }
            }
            StepKind::Scopes => {
                for _scope in 0..MOST {
                    if self.wizard().scopes_to_add().is_empty() {
                        break;
                    }
                    self.press("n");
                }
                self.press("Enter");
            }
            StepKind::Activate | StepKind::Authorize | StepKind::Verify | StepKind::HandOver => return false,
        }
        assert!(
            self.wizard().step == index + 1 || self.gone(),
            "{} did not go on: {}",
            self.step(),
            self.notice()
        );
        true
    }

    /// Does plain steps until the step of that id is on screen.
    fn walk_to(&mut self, id: &str) {
        while self.step() != id {
            assert!(self.plain_step(), "stuck at {} on the way to {id}", self.step());
        }
    }

    /// Does plain steps until one of another sort comes.
    fn walk(&mut self) {
        while self.plain_step() {}
    }
}
