//! Choose and fill steps.

use super::page::{Body, MARGIN, Own, Page};
use super::step::opening;
use super::text::columns;
use super::theme::Look;
use super::verdict;
use crate::app::input::TextField;
use crate::app::model::Model;
use crate::app::update::offer;
use crate::app::wizard::{Field, Form, Wizard};
use crate::entry::{Checked, Finding};
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthChar;

/// Options with the reason for each.
pub fn choose<'a>(wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Body<'a> {
    let options = wizard.options().iter().map(|option| (option.title.as_str(), option.why.as_str()));
    let mut page = Page::new(full, look);
    radio(&mut page, options, selected);
    Body { text: opening(wizard, full, look), own: Some(Own { share: 70, ..Own::rows(page) }) }
}

/// Titles with a reason below each, one of them taken.
pub fn radio<'a>(page: &mut Page<'a>, options: impl Iterator<Item = (&'a str, &'a str)>, selected: usize) {
    for (index, (title, why)) in options.enumerate() {
        one_of(page, index == selected, title, why);
    }
}

/// A title with the reason below it, taken or not.
pub fn one_of<'a>(page: &mut Page<'a>, taken: bool, title: &'a str, why: &'a str) {
    let look = page.look;
    let start = page.len();
    let (sign, style) = if taken {
        (look.signs.radio_on, look.theme.accent)
    } else {
        (look.signs.radio_off, look.theme.value)
    };
    page.marked(taken, vec![Span::styled(format!("{sign} "), style), Span::styled(title, style)]);
    if !why.is_empty() {
        page.item(Span::raw(" ".repeat(columns(sign))), vec![look.dim(why)]);
    }
    if taken {
        page.focus_from(start);
    }
}

/// Fields with their live check.
pub fn fill<'a>(model: &'a Model, wizard: &'a Wizard, form: &'a Form, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    for (index, field) in form.fields.iter().enumerate() {
        let start = page.len();
        let focused = index == form.focus;
        let style = if focused { look.theme.accent } else { look.theme.strong };
        let mut head = vec![Span::styled(field.spec.label.as_str(), style)];
        if !field.spec.required {
            head.push(look.dim("  optional"));
        }
        page.marked(focused, head);
        let from = input(&mut page, &field.input, field.peek, focused);
        remarks(&mut page, field, focused, from);
        if focused {
            if let Some(offer) = offer(model) {
                page.item(look.accent("Ctrl-Y:"), vec![Span::raw(offer_words(field, &offer, model))]);
            }
            page.focus_from(start);
        }
        page.gap();
    }
    let (text, share) = answered(model, opening(wizard, full, look), 70, full, look);
    Body { text, own: Some(Own { share, ..Own::rows(page) }) }
}

/// What Zoom answered about the step stands above everything else of it, and gets its room.
pub fn answered<'a>(
    model: &'a Model,
    opening: Page<'a>,
    share: usize,
    full: u16,
    look: Look<'a>,
) -> (Page<'a>, usize) {
    match verdict::of_step(model, full, look) {
        None => (opening, share),
        Some(mut text) => {
            text.gap();
            text.append(opening);
            (text, share.min(SHARE_BESIDE_ANSWER))
        }
    }
}

/// Share of the height in percent that is left to the part that is worked in, beside an answer.
const SHARE_BESIDE_ANSWER: usize = 40;

/// What Ctrl-Y would do.
fn offer_words(
    field: &Field,
    offer: &[(crate::procedure::FieldName, crate::secret::Secret)],
    model: &Model,
) -> String {
    if let Checked::Bad { cleaned: Some(cleaned), .. } = &field.checked {
        return if field.spec.name.is_secret() {
            "take it without the characters that do not belong".to_owned()
        } else {
            format!("take {cleaned}")
        };
    }
    if let [(crate::procedure::FieldName::ClientId, id), (crate::procedure::FieldName::ClientSecret, _)] =
        offer
        && model.wizard().is_some_and(|wizard| wizard.credentials().client_secret == Some(id))
    {
        return "put ID and secret into each other's field".to_owned();
    }
    if model.settings.rehearsal.is_some() {
        return "take the rehearsal's values".to_owned();
    }
    match offer {
        [(name, value)] if !name.is_secret() => format!("take {}", value.expose()),
        [] | [..] => "take what is offered".to_owned(),
    }
}

/// The input line; gives the first character shown, so that a caret can point at a column of the text.
pub fn input(page: &mut Page<'_>, field: &TextField, peek: bool, focused: bool) -> usize {
    let look = page.look;
    let room = page.width.saturating_sub(1).clamp(1, 64);
    let masked = field.is_masked() && !peek;
    let cursor = field.cursor();
    let shown: Vec<char> = field.text().chars().map(|character| shown_as(character, masked, look)).collect();
    let width = |characters: &[char]| -> usize {
        characters.iter().map(|character| character.width().unwrap_or(0)).sum()
    };
    // The cursor needs a column of its own behind the text.
    let mut from = 0;
    while width(&shown[from..cursor.min(shown.len())]) >= room {
        from += 1;
    }
    let mut text = String::new();
    let mut used = 0;
    for character in &shown[from..] {
        let size = character.width().unwrap_or(0);
        if used + size > room {
            break;
        }
        text.push(*character);
        used += size;
    }
    text.extend(std::iter::repeat_n(' ', room - used));
    if focused {
        let column = usize::from(MARGIN) + width(&shown[from..cursor.min(shown.len())]);
        page.cursor = Some((u16::try_from(column).unwrap_or(u16::MAX), page.len()));
    }
    page.line(Span::styled(text, look.theme.input));
    from
}

/// How a character of an input appears: masked, or with a sign where it could not be seen.
const fn shown_as(character: char, masked: bool, look: Look<'_>) -> char {
    if masked {
        return look.signs.mask;
    }
    match character {
        '\u{a0}'
        | '\u{ad}'
        | '\u{180e}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}'
        | '\u{3000}'
        | '\u{feff}' => look.signs.hidden,
        other => other,
    }
}

/// What is to be said about a field: the result of its check, or where to find the value.
pub fn remarks<'a>(page: &mut Page<'a>, field: &'a Field, focused: bool, from: usize) {
    let look = page.look;
    match &field.checked {
        Checked::Empty => {
            if let Some(kept) = &field.kept {
                let removal = if field.is_removable() { ", Ctrl-U removes it" } else { "" };
                let text = format!("kept: {kept}{}type to replace{removal}", look.signs.dash);
                page.item(Span::styled(look.signs.good, look.theme.success), vec![Span::raw(text)]);
            } else if field.visited && field.spec.required {
                let sign = Span::styled(look.signs.bad, look.theme.failure);
                page.item(sign, vec![Span::styled("This is needed.", look.theme.failure)]);
            }
            help(page, field);
        }
        Checked::Good { value, warnings } => {
            let sign = Span::styled(look.signs.good, look.theme.success);
            if !field.spec.name.is_secret() && value != field.input.text() {
                page.item(sign, vec![look.dim("kept as "), look.strong(value.as_str())]);
            } else if warnings.is_empty() {
                page.item(sign, vec![look.dim("looks right")]);
            }
            for warning in warnings {
                finding(page, warning, look.signs.warn, look.theme.warning);
            }
            if focused && !warnings.is_empty() {
                help(page, field);
            }
        }
        Checked::Bad { finding: bad, .. } => {
            if let Some(column) = bad.column {
                caret(page, field, column, from);
            }
            finding(page, bad, look.signs.bad, look.theme.failure);
            help(page, field);
        }
    }
}

/// Where to find the value.
fn help<'a>(page: &mut Page<'a>, field: &'a Field) {
    if !field.spec.help.is_empty() {
        page.styled(field.spec.help.as_str(), page.look.theme.dim);
    }
}

/// Message and hint of a finding.
fn finding<'a>(page: &mut Page<'a>, finding: &'a Finding, sign: &'static str, style: Style) {
    let mut spans = vec![Span::styled(finding.message.as_str(), style)];
    if !finding.hint.is_empty() {
        let stopped = finding.message.ends_with(['.', '!', '?', ':']);
        spans.push(Span::raw(if stopped { " " } else { ". " }));
        spans.push(Span::raw(finding.hint.as_str()));
    }
    page.item(Span::styled(sign, style), spans);
}

/// A caret below the character at a 1-based column, if it is in sight.
fn caret(page: &mut Page<'_>, field: &Field, column: usize, from: usize) {
    let look = page.look;
    let Some(before) = column.checked_sub(1 + from) else { return };
    let masked = field.input.is_masked() && !field.peek;
    let indent: usize = field
        .input
        .text()
        .chars()
        .skip(from)
        .take(before)
        .map(|character| shown_as(character, masked, look).width().unwrap_or(0))
        .sum();
    if indent < page.width {
        page.line(Span::styled(format!("{}^", " ".repeat(indent)), look.theme.failure));
    }
}
