//! What lies above a screen and fills it: help, document, steps.

use super::page::{Body, List, Page};
use super::step::{progress_sign, who};
use super::text::{column, columns, shorten};
use super::theme::Look;
use crate::app::keymap::{self, Binding};
use crate::app::model::Model;
use crate::app::wizard::{Progress, Wizard};
use ratatui::text::{Line, Span};

/// All keys of the screen below, from the table that the keys themselves come from.
pub fn help<'a>(model: &Model, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    let bindings: Vec<&Binding> = keymap::bindings(keymap::help_mode(model)).collect();
    let keys = bindings.iter().map(|binding| columns(binding.shown)).max().unwrap_or(0) + 2;
    let labels = bindings.iter().map(|binding| columns(binding.label)).max().unwrap_or(0) + 4;
    page.strong_line("Keys on this screen");
    page.gap();
    let cell = |binding: &Binding| {
        vec![
            look.accent(column(binding.shown, keys, look.signs.ellipsis)),
            Span::raw(column(binding.label, labels, look.signs.ellipsis)),
        ]
    };
    if page.width >= 2 * (keys + labels) {
        let half = bindings.len().div_ceil(2);
        let (left, right) = bindings.split_at(half);
        for (index, binding) in left.iter().enumerate() {
            let mut spans = cell(binding);
            if let Some(other) = right.get(index) {
                spans.extend(cell(other));
            }
            page.line(spans);
        }
    } else {
        for binding in &bindings {
            page.line(cell(binding));
        }
    }
    if keymap::help_mode(model).is_text() {
        page.gap();
        page.styled("All other printable keys are text.", look.theme.dim);
    }
    Body::text(page)
}

/// What the document says about the current step, and where it is wrong.
pub fn document<'a>(wizard: &'a Wizard, full: u16, look: Look<'a>) -> Body<'a> {
    let mut page = Page::new(full, look);
    let (procedure, step) = (&wizard.procedure, wizard.current());
    let source = &procedure.source;
    page.strong_line(source.document.as_str());
    let mut origin = vec![Span::raw(source.publisher.as_str())];
    if let Some(release) = &source.release {
        origin.push(look.dim(look.signs.between));
        origin.push(look.dim(format!("release {release}")));
    }
    if let Some(updated) = &source.updated {
        origin.push(look.dim(look.signs.between));
        origin.push(look.dim(format!("updated {updated}")));
    }
    page.text(origin);
    page.gap();
    if step.documented.is_empty() {
        page.styled("This step has no number in the document; the wizard adds it.", look.theme.dim);
    } else {
        let noun = if step.documented.len() == 1 { "step" } else { "steps" };
        page.plain(format!("Here: {noun} {} of the document.", step.documented.join(", ")));
    }
    if !step.labels.is_empty() {
        page.heading("Labels: on the page today / in the document");
        for label in &step.labels {
            let today = label.today.as_deref();
            let documented = label.documented.as_deref();
            let spans = match (today, documented) {
                (Some(today), Some(documented)) => {
                    vec![Span::styled(today, look.theme.label), look.dim(" / "), Span::raw(documented)]
                }
                (Some(today), None) => vec![Span::styled(today, look.theme.label), look.dim(" / the same")],
                (None, Some(documented)) => {
                    vec![look.dim("older screens only / "), Span::raw(documented)]
                }
                (None, None) => continue,
            };
            page.item(look.dim(look.signs.bullet), spans);
        }
    }
    let corrections: Vec<_> =
        step.corrections.iter().filter_map(|index| procedure.corrections.get(*index)).collect();
    if !corrections.is_empty() {
        page.heading("Where the document is wrong");
    }
    for correction in corrections {
        page.fact("It says", 10, vec![Span::raw(correction.documented.as_str())]);
        page.fact("Used here", 10, vec![look.strong(correction.used.as_str())]);
        page.fact("Why", 10, vec![look.dim(correction.why.as_str())]);
        page.gap();
    }
    if !procedure.unverified.is_empty() {
        page.heading("Known from documents only, not from a live Zoom");
        for fact in &procedure.unverified {
            page.item(look.dim(look.signs.bullet), vec![Span::raw(fact.as_str())]);
        }
    }
    Body::text(page)
}

/// A row of the list of steps.
enum StepRow {
    Blank,
    Phase(&'static str),
    Step(usize),
}

fn step_rows(wizard: &Wizard) -> Vec<StepRow> {
    let mut rows = Vec::new();
    let mut phase = None;
    for (index, step) in wizard.procedure.steps.iter().enumerate() {
        if phase.replace(step.phase) != Some(step.phase) {
            if index > 0 {
                rows.push(StepRow::Blank);
            }
            rows.push(StepRow::Phase(step.phase.label()));
        }
        rows.push(StepRow::Step(index));
    }
    rows
}

/// All steps by phase with their progress. `selected`: the cursor, if there is one.
pub fn steps<'a>(wizard: &'a Wizard, selected: Option<usize>, full: u16, look: Look<'a>) -> List<'a> {
    let rows = step_rows(wizard);
    let focus = selected.unwrap_or(wizard.step);
    let at = rows.iter().position(|row| matches!(row, StepRow::Step(index) if *index == focus));
    let room = usize::from(full).saturating_sub(5 + columns(look.signs.open));
    List {
        count: rows.len(),
        selected: if focus == 0 { 0 } else { at.unwrap_or(0) },
        line: Box::new(move |index| match rows.get(index) {
            Some(StepRow::Phase(label)) => Line::from(vec![Span::raw("  "), look.dim(*label)]),
            Some(StepRow::Step(step)) => step_line(wizard, *step, selected == Some(*step), room, look),
            Some(StepRow::Blank) | None => Line::default(),
        }),
    }
}

fn step_line<'a>(wizard: &'a Wizard, index: usize, marked: bool, room: usize, look: Look<'a>) -> Line<'a> {
    let step = &wizard.procedure.steps[index];
    let progress = wizard.step_progress(index);
    let (sign, style) = match progress {
        // Its usual sign is that of the selected line, which stands beside it here.
        Progress::Current => (look.signs.radio_on, look.theme.accent),
        Progress::Open | Progress::Done | Progress::CheckAgain => progress_sign(progress, look),
    };
    let marker = if marked { look.signs.selected } else { " " };
    let title = shorten(&step.title, room, look.signs.ellipsis);
    let used = columns(&title);
    let title_style =
        if marked || progress == Progress::Current { look.theme.accent } else { look.theme.value };
    let mut spans = vec![
        look.accent(marker),
        Span::raw(" "),
        Span::styled(sign, style),
        Span::raw(" "),
        Span::styled(title, title_style),
    ];
    let note = match progress {
        Progress::CheckAgain => "check again".to_owned(),
        Progress::Current if marked => "you are here".to_owned(),
        Progress::Open | Progress::Current | Progress::Done => {
            if marked {
                who(wizard, step.who)
            } else {
                String::new()
            }
        }
    };
    if !note.is_empty() && used + columns(&note) + 3 <= room {
        spans.push(look.dim(format!("   {note}")));
    }
    Line::from(spans)
}
