//! Small boxes in the place of a screen: the passphrase form and the questions before a removal.

use super::Drawn;
use super::entry::{input, radio};
use super::page::{Body, Own, Page};
use super::theme::Look;
use crate::app::model::{Model, UnlockForm};
use crate::app::removal::{RemovalPhase, Removing};
use crate::handoff::removal;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::Span;
use ratatui::widgets::{Block, Widget};

/// Borders of ASCII characters only.
const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Columns of a box, borders included.
const WIDTH: u16 = 66;

/// Draws a body in a box in the middle of the area, or over all of it where that is small. `make` gets the
/// columns inside. Tells how far the text can be scrolled.
pub fn boxed<'a>(
    frame: &mut Frame<'_>,
    area: Rect,
    scroll: u16,
    look: Look<'a>,
    make: impl FnOnce(u16) -> Body<'a>,
) -> Drawn {
    if area.width < WIDTH || area.height < 16 {
        return make(area.width).draw(frame, area, scroll, look);
    }
    let body = make(WIDTH - 2);
    let height = u16::try_from(body.len() + 4).unwrap_or(u16::MAX).min(area.height);
    let outer = Rect {
        x: area.x + (area.width - WIDTH) / 2,
        y: area.y + (area.height - height) / 2,
        width: WIDTH,
        height,
    };
    let set = if look.signs.rule == "-" { ASCII_BORDER } else { border::ROUNDED };
    let block = Block::bordered().border_set(set).border_style(look.theme.accent);
    let inner = block.inner(outer);
    block.render(outer, frame.buffer_mut());
    let padded = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    body.draw(frame, padded, scroll, look)
}

/// The passphrase form, with the reason why it is there.
pub fn unlock<'a>(form: &'a UnlockForm, full: u16, look: Look<'a>) -> Body<'a> {
    let mut text = Page::new(full, look);
    text.strong_line(if form.new { "Choose a passphrase" } else { "The passphrase, please" });
    text.gap();
    if form.new {
        text.plain(
            "Secrets are kept in an encrypted file, and this passphrase opens it. It is asked for at each start; \
             without it the secrets cannot be read.",
        );
    } else {
        text.plain("The secrets are in an encrypted file behind a passphrase.");
    }
    if !form.why.is_empty() {
        text.text(vec![look.dim("Why a passphrase: "), look.dim(form.why.as_str())]);
    }
    let mut page = Page::new(full, look);
    let mut fields = vec![("Passphrase", &form.passphrase)];
    if form.new {
        fields.push(("The same again", &form.repeat));
    }
    for (index, (label, field)) in fields.into_iter().enumerate() {
        let start = page.len();
        let focused = index == form.focus;
        let style = if focused { look.theme.accent } else { look.theme.strong };
        page.marked(focused, vec![Span::styled(label, style)]);
        input(&mut page, field, false, focused);
        if focused {
            page.focus_from(start);
        }
    }
    if let Some(error) = &form.error {
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![Span::styled(error.as_str(), look.theme.failure)]);
    }
    Body { text, own: Some(Own { share: 60, ..Own::rows(page) }) }
}

/// The question before a set-up is removed.
pub fn setup_removal<'a>(name: &'a str, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    page.text(vec![Span::raw("Remove the set-up "), look.strong(name), Span::raw("?")]);
    page.gap();
    page.plain(
        "Its answers, its secrets and a test login's tokens are deleted here. The app at Zoom is not touched.",
    );
    page.gap();
    page.text(vec![
        look.accent("Enter"),
        Span::raw(" removes it, "),
        look.accent("Esc"),
        Span::raw(" keeps it."),
    ]);
    Body::text(page)
}

/// What becomes of a connection, or what is under way with it.
pub fn connection_removal<'a>(
    model: &'a Model,
    removing: &'a Removing,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let connection = &removing.connection;
    let mut text = Page::new(full, look);
    text.text(vec![
        Span::raw("Remove the connection "),
        look.strong(connection.name.as_str()),
        Span::raw("?"),
    ]);
    let under_way = match removing.phase {
        RemovalPhase::Asking => None,
        RemovalPhase::Reading { .. } | RemovalPhase::Renewing { .. } => {
            Some("Getting ready to revoke: Zoom wants an access token that lives")
        }
        RemovalPhase::Revoking { .. } => Some("Asking Zoom to revoke the login"),
        RemovalPhase::Deleting { .. } => Some("Removing it here"),
    };
    if let Some(words) = under_way {
        text.gap();
        text.strong_line(format!("{words}{}", look.signs.ellipsis));
        return Body::text(text);
    }
    if let Some(problem) = &removing.problem {
        text.gap();
        let what = if removing.revoked {
            "Revoked at Zoom, and not removed here."
        } else {
            "Nothing was revoked and nothing removed."
        };
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        text.item(
            sign,
            vec![Span::styled(what, look.theme.failure), Span::raw(" "), Span::raw(problem.text.as_str())],
        );
    }
    text.gap();
    text.plain(removal::what(connection, model.procedure(&connection.procedure).map(|found| &**found)));
    for paragraph in removal::consequences(connection) {
        text.item(look.dim(look.signs.bullet), vec![Span::raw(paragraph)]);
    }
    let mut page = Page::new(full, look);
    let choices = removing.choices().iter().map(|choice| (choice.label(), ""));
    radio(&mut page, choices, removing.selected);
    Body { text, own: Some(Own::rows(page)) }
}
