//! The view: draws a [`Model`], and nothing else. No I/O, no clock, no state of its own.
//!
//! A screen is a header, a body and a key bar. A body is text that scrolls, and below it the part that is
//! worked in (`page::Body`). Values to copy stand alone in their rows.

mod bar;
mod checking;
mod connection;
mod copy;
mod desk;
mod diagnosis;
mod dialog;
mod entry;
mod home;
mod login;
mod overlay;
mod page;
mod proof;
mod qr;
mod review;
mod rotate;
mod scopes;
mod step;
mod text;
mod theme;
mod verdict;
mod waiting;

use crate::app::model::{Model, Overlay, Screen};
use crate::app::wizard::{AuthorizationPhase, Wizard};
use page::{MEASURE, rule};
use ratatui::Frame;
use ratatui::layout::Rect;
use theme::Look;
pub use theme::Theme;

/// Smallest terminal that is drawn.
pub const MIN_SIZE: (u16, u16) = (40, 12);

/// From this width on, a second column stands beside the main one.
const WIDE: u16 = 120;
/// Columns of the main column where others stand beside it.
const MAIN: u16 = MEASURE + 4;
/// Columns between two columns.
const GUTTER: u16 = 4;
/// Columns of the list of steps beside the step.
const STEPS: u16 = 44;

/// What the drawing found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Lines by which the text of the screen can be scrolled; 0 if all of it is seen.
    pub max_scroll: u16,
    /// Lines of the text that are seen at once: as far as a page down may go without leaving one out.
    pub page: u16,
    /// An address that stands whole on the screen, over its full width.
    pub link: Option<Link>,
}

/// An address that fills whole rows of the screen from the left edge on. Written by the terminal's own line
/// breaking, a selection of it holds no line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its first row, from 0.
    pub row: u16,
    /// ASCII, one column a character.
    pub address: String,
}

/// Draws the model.
pub fn view(model: &Model, theme: &Theme, frame: &mut Frame<'_>) -> Drawn {
    let look = Look::new(theme, model.settings.ascii);
    let area = frame.area();
    if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
        too_small(model, frame, area, look);
        return Drawn::default();
    }
    let roomy = area.height >= 18;
    bar::header(frame, row(area, 0), model, look);
    let mut top = 1;
    if roomy {
        rule(frame, row(area, 1), "", look);
        top = 2;
    }
    bar::keys(frame, row(area, area.height - 1), model, look);
    let bottom = if roomy || bar::has_notice(model) { 2 } else { 1 };
    bar::notice(frame, row(area, area.height - 2), model, look);
    let middle = Rect { y: area.y + top, height: area.height - top - bottom, ..area };
    middle_part(model, frame, middle, roomy, look)
}

/// One row of an area.
const fn row(area: Rect, index: u16) -> Rect {
    Rect { x: area.x, y: area.y + index, width: area.width, height: 1 }
}

/// What does not fit is not drawn half: one clear line says what to do.
fn too_small(model: &Model, frame: &mut Frame<'_>, area: Rect, look: Look<'_>) {
    let mut text = format!(
        "zoom-setup needs {}x{}; this terminal is {}x{}. Enlarge it; nothing is lost.",
        MIN_SIZE.0, MIN_SIZE.1, area.width, area.height
    );
    if let Some(word) = bar::rehearsal(model, 0, look) {
        text = format!("{} {text}", word.split_whitespace().next().unwrap_or_default());
    }
    let lines = text::wrap(vec![look.text(text)], usize::from(area.width));
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
}

/// The overlay if it fills the screen, otherwise the screen, and what lies above it.
fn middle_part(model: &Model, frame: &mut Frame<'_>, area: Rect, roomy: bool, look: Look<'_>) -> Drawn {
    let padded = if roomy { Rect { y: area.y + 1, height: area.height - 1, ..area } } else { area };
    match (&model.overlay, model.wizard()) {
        (Some(Overlay::Help), _) => {
            overlay::help(model, area.width, look).draw(frame, padded, model.scroll, look)
        }
        (Some(Overlay::Document), Some(wizard)) => {
            overlay::document(wizard, area.width, look).draw(frame, padded, model.scroll, look)
        }
        (Some(Overlay::Steps { selected }), Some(wizard)) => {
            overlay::steps(wizard, Some(*selected), area.width, look).draw(frame, padded, look);
            Drawn::default()
        }
        (Some(Overlay::Desk(desk)), _) if desk.help => {
            overlay::help(model, area.width, look).draw(frame, padded, model.scroll, look)
        }
        (Some(Overlay::Desk(desk)), Some(wizard)) => desk::draw(model, wizard, desk, frame, padded, look),
        (Some(Overlay::Unlock(form)), _) => {
            dialog::boxed(frame, padded, model.scroll, look, |full| dialog::unlock(form, full, look))
        }
        (Some(Overlay::ConfirmRemoval { name, .. }), _) => {
            dialog::boxed(frame, padded, model.scroll, look, |full| dialog::setup_removal(name, full, look))
        }
        (Some(Overlay::Document | Overlay::Steps { .. } | Overlay::Desk(_)) | None, _) => {
            screen(model, frame, area, roomy, look)
        }
    }
}

/// The screen without its overlay.
fn screen(model: &Model, frame: &mut Frame<'_>, area: Rect, roomy: bool, look: Look<'_>) -> Drawn {
    let padded = if roomy { Rect { y: area.y + 1, height: area.height - 1, ..area } } else { area };
    if let Some(removing) = &model.removing {
        return dialog::boxed(frame, padded, model.scroll, look, |full| {
            dialog::connection_removal(model, removing, full, look)
        });
    }
    let wide = area.width >= WIDE;
    let main = if wide { Rect { width: MAIN, ..padded } } else { padded };
    if let Some(rotating) = &model.rotating {
        if wide {
            let beside = beside(padded, MAIN, MEASURE);
            connection::aside(model, &rotating.connection.name, beside.width, look).draw(frame, beside, 0);
        }
        return rotate::body(model, rotating, main.width, look).draw(frame, main, model.scroll, look);
    }
    if let Some(reviewing) = &model.review {
        return review::draw(model, reviewing, frame, area, roomy, look);
    }
    match &model.screen {
        Screen::Home { selected } => {
            home::draw(frame, main, model, *selected, look);
            if wide {
                let beside = beside(padded, MAIN, MEASURE);
                home::aside(model, *selected, beside.width, look).draw(frame, beside, 0);
            }
            Drawn::default()
        }
        Screen::Wizard(wizard) => set_up(model, wizard, frame, area, roomy, look),
        Screen::Checks(checks) => checking::draw(model, checks, frame, area, roomy, look),
        Screen::Connection { name, .. } => {
            if wide {
                let beside = beside(padded, MAIN, MEASURE);
                connection::aside(model, name, beside.width, look).draw(frame, beside, 0);
            }
            connection::body(model, name, main.width, look).draw(frame, main, model.scroll, look)
        }
    }
}

/// The area right of the first columns, at most `width` wide.
fn beside(area: Rect, columns: u16, width: u16) -> Rect {
    let taken = (columns + GUTTER).min(area.width);
    Rect { x: area.x + taken, width: (area.width - taken).min(width), ..area }
}

/// Progress, title and body of a step, and on a wide screen the steps and the document beside it.
fn set_up(
    model: &Model,
    wizard: &Wizard,
    frame: &mut Frame<'_>,
    area: Rect,
    roomy: bool,
    look: Look<'_>,
) -> Drawn {
    if let Some(authorization) = wizard.authorization().filter(|authorization| authorization.qr)
        && let AuthorizationPhase::Waiting { url, deadline, .. } = &authorization.phase
    {
        qr::draw(frame, area, model, url, *deadline, look);
        return Drawn::default();
    }
    step::progress(frame, row(area, 0), wizard, look);
    let gap = u16::from(roomy);
    let below = |area: Rect, rows: u16| {
        let rows = rows.min(area.height);
        Rect { y: area.y + rows, height: area.height - rows, ..area }
    };
    let rest = below(area, 1 + gap);
    let wide = area.width >= WIDE && !step::needs_width(wizard, MAIN);
    let main = if wide { Rect { width: MAIN, ..rest } } else { rest };
    let used = step::title(frame, main, wizard, look);
    let main = below(main, used + gap);
    if wide {
        let list = beside(rest, MAIN, STEPS);
        overlay::steps(wizard, None, list.width, look).draw(frame, list, look);
        let document = beside(rest, MAIN + GUTTER + STEPS, MEASURE);
        if document.width >= 40 {
            overlay::document(wizard, document.width, look).text.draw(frame, document, 0);
        }
    }
    step::body(model, wizard, main.width, look).draw(frame, main, model.scroll, look)
}
