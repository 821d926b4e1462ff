//! The set-up screen: progress, title, what every step has in common, and the part of its kind.

use super::home::{needs, progress_bar};
use super::page::{Body, MARGIN, Page};
use super::text::{columns, shorten, spans_columns, template};
use super::theme::Look;
use super::{copy, entry, login, proof, scopes};
use crate::app::model::Model;
use crate::app::wizard::{Progress, StepState, Wizard};
use crate::procedure::{Phase, ScreenLabel, StepKind, Who};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The body of the current step.
pub fn body<'a>(model: &'a Model, wizard: &'a Wizard, full: u16, look: Look<'a>) -> Body<'a> {
    match &wizard.state {
        StepState::Read { selected } => copy::read(model, wizard, *selected, full, look),
        StepState::Choose { selected } => entry::choose(wizard, *selected, full, look),
        StepState::Fill(form) => entry::fill(model, wizard, form, full, look),
        StepState::Scopes(list) => scopes::checklist(wizard, list, full, look),
        StepState::Activate(activation) => proof::activate(model, wizard, activation, full, look),
        StepState::Authorize(authorization) => login::authorize(model, wizard, authorization, full, look),
        StepState::Verify(verifying) => proof::verify(model, wizard, verifying, full, look),
        StepState::HandOver { selected } => copy::hand_over(model, wizard, *selected, full, look),
    }
}

/// Whether values on the screen need its whole width, so that nothing may stand beside them.
pub fn needs_width(wizard: &Wizard, full: u16) -> bool {
    match &wizard.state {
        StepState::Read { .. } | StepState::HandOver { .. } => copy::exceeds(wizard, full),
        StepState::Authorize(authorization) => login::shows_address(authorization),
        StepState::Choose { .. }
        | StepState::Fill(_)
        | StepState::Scopes(_)
        | StepState::Activate(_)
        | StepState::Verify(_) => false,
    }
}

/// Sign and style of a progress.
pub const fn progress_sign(progress: Progress, look: Look<'_>) -> (&'static str, Style) {
    match progress {
        Progress::Open => (look.signs.open, look.theme.dim),
        Progress::Current => (look.signs.current, look.theme.accent),
        Progress::Done => (look.signs.done, look.theme.success),
        Progress::CheckAgain => (look.signs.again, look.theme.warning),
    }
}

/// The phases on one line, in full, in short words, or as a count with a bar: what fits.
pub fn progress(frame: &mut Frame<'_>, area: Rect, wizard: &Wizard, look: Look<'_>) {
    let width = usize::from(area.width.saturating_sub(MARGIN + 1));
    let phases = wizard.phase_progress();
    let full = phase_line(&phases, Phase::label, "  ", look);
    let spans =
        [short_label as fn(Phase) -> &'static str, shortest_label].into_iter().fold(full, |line, label| {
            if spans_columns(&line) <= width { line } else { phase_line(&phases, label, " ", look) }
        });
    let spans = if spans_columns(&spans) <= width { spans } else { counted(wizard, width, look) };
    let x = area.x + MARGIN.min(area.width);
    frame.buffer_mut().set_line(x, area.y, &Line::from(spans), area.right() - x);
}

fn phase_line<'a>(
    phases: &[(Phase, Progress)],
    label: impl Fn(Phase) -> &'static str,
    gap: &'static str,
    look: Look<'_>,
) -> Vec<Span<'a>> {
    let mut spans = Vec::with_capacity(phases.len() * 3);
    for (phase, progress) in phases {
        if !spans.is_empty() {
            spans.push(Span::raw(gap));
        }
        let (sign, style) = progress_sign(*progress, look);
        let words = match progress {
            Progress::Current => look.theme.accent,
            Progress::CheckAgain => look.theme.warning,
            Progress::Open | Progress::Done => look.theme.dim,
        };
        spans.push(Span::styled(sign, style));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(label(*phase), words));
    }
    spans
}

/// Words for a phase where room is scarce.
const fn short_label(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Prepare",
        Phase::AppType => "App",
        Phase::Credentials => "Credentials",
        Phase::RedirectUrl => "URL",
        Phase::Scopes => "Scopes",
        Phase::Activation => "Activate",
        Phase::Authorize => "Authorize",
        Phase::Verify => "Verify",
        Phase::HandOver => "Finish",
    }
}

/// Words for a phase where all nine stand on one line of 80 columns.
const fn shortest_label(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepare => "Prep",
        Phase::Activation => "Active",
        Phase::Authorize => "Login",
        Phase::AppType
        | Phase::Credentials
        | Phase::RedirectUrl
        | Phase::Scopes
        | Phase::Verify
        | Phase::HandOver => short_label(phase),
    }
}

/// `Step 5 of 14 · Credentials  ━━━───`
fn counted<'a>(wizard: &Wizard, width: usize, look: Look<'_>) -> Vec<Span<'a>> {
    let (step, all) = (wizard.step + 1, wizard.procedure.steps.len());
    let words = format!("Step {step} of {all}{}{}", look.signs.between, wizard.current().phase.label());
    let words = shorten(&words, width, look.signs.ellipsis);
    let room = width.saturating_sub(columns(&words) + 2).min(20);
    let mut spans = vec![look.accent(words)];
    if room >= 4 {
        spans.push(look.dim(format!("  {}", progress_bar(step, all, room, look))));
    }
    spans
}

/// Title of the step at the left; who does it and which step it is at the right, or below where it is
/// narrow. Gives the rows used.
pub fn title(frame: &mut Frame<'_>, area: Rect, wizard: &Wizard, look: Look<'_>) -> u16 {
    if area.height == 0 {
        return 0;
    }
    let step = wizard.current();
    let who = who(wizard, step.who);
    let count = format!("{} of {}", wizard.step + 1, wizard.procedure.steps.len());
    let side = format!("{who}{}{count}", look.signs.between);
    let x = area.x + MARGIN.min(area.width);
    let width = usize::from(area.right() - x).saturating_sub(1).min(usize::from(super::page::MEASURE));
    let fits = columns(&step.title) + columns(&side) + 2 <= width;
    let room = u16::try_from(width).unwrap_or(area.width);
    if fits {
        let gap = width - columns(&step.title) - columns(&side);
        let line =
            Line::from(vec![look.strong(step.title.as_str()), Span::raw(" ".repeat(gap)), look.dim(side)]);
        frame.buffer_mut().set_line(x, area.y, &line, room);
        return 1;
    }
    let title = shorten(&step.title, width, look.signs.ellipsis);
    frame.buffer_mut().set_line(x, area.y, &Line::from(look.strong(title)), room);
    if area.height < 10 {
        return 1;
    }
    frame.buffer_mut().set_line(x, area.y + 1, &Line::from(look.dim(who)), room);
    2
}

/// Who does a step.
pub fn who(wizard: &Wizard, who: Who) -> String {
    match who {
        Who::ZoomAdmin => "Zoom admin".to_owned(),
        Who::ReceiverAdmin => format!("{} admin", wizard.procedure.receiver.label()),
    }
}

/// What every step begins with: what to do, pitfalls, labels, what it unlocks, a hint at corrections.
pub fn opening<'a>(wizard: &'a Wizard, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = instructions(wizard, full, look);
    page.append(details(wizard, full, look));
    page
}

/// What to do.
pub fn instructions<'a>(wizard: &'a Wizard, full: u16, look: Look<'a>) -> Page<'a> {
    let step = wizard.current();
    let values = wizard.values();
    let mut page = Page::new(full, look);
    if wizard.setup.done.get(&step.id).is_some_and(|done| done.check_again) {
        let sign = Span::styled(look.signs.again, look.theme.warning);
        let text = "An answer this step depends on has changed. Look at it again.";
        page.item(sign, vec![Span::styled(text, look.theme.warning)]);
        page.gap();
    }
    for sentence in &step.text {
        page.text(template(sentence, &values, look));
    }
    if step.kind == StepKind::Instruct && wizard.step == 0 {
        needs(&mut page, &wizard.procedure);
        page.gap();
        page.plain(format!("About {} minutes in all.", wizard.procedure.minutes));
    }
    page
}

/// What else is to be known.
pub fn details<'a>(wizard: &'a Wizard, full: u16, look: Look<'a>) -> Page<'a> {
    let step = wizard.current();
    let values = wizard.values();
    let mut page = Page::new(full, look);
    // The first gap of a page is left out, and this page always stands below another.
    page.line(Line::default());
    for pitfall in &step.pitfalls {
        page.item(Span::styled(look.signs.warn, look.theme.warning), template(pitfall, &values, look));
    }
    labels(&mut page, &step.labels);
    page.gap();
    if let Some(unlocks) = &step.unlocks {
        page.text(vec![look.dim("Then: "), Span::raw(unlocks.as_str())]);
    }
    if !step.corrections.is_empty() {
        page.text(vec![
            Span::styled(look.signs.warn, look.theme.warning),
            look.dim(" The document differs here: "),
            look.accent(document_key(wizard)),
            look.dim(" shows it."),
        ]);
    }
    page.trim();
    page
}

/// The key for the document: a letter is text where fields are filled in.
const fn document_key(wizard: &Wizard) -> &'static str {
    if matches!(wizard.state, StepState::Fill(_)) { "Ctrl-D" } else { "d" }
}

/// Labels under both generations of screens, for those that differ or need a word; the others stand in the
/// text already.
pub fn labels<'a>(page: &mut Page<'a>, labels: &'a [ScreenLabel]) {
    let look = page.look;
    let worth =
        |label: &&ScreenLabel| label.today.is_none() || label.documented.is_some() || label.note.is_some();
    let mut labels = labels.iter().filter(worth).peekable();
    if labels.peek().is_none() {
        return;
    }
    page.heading("On the page");
    for label in labels {
        let mut spans = Vec::new();
        match (&label.today, &label.documented) {
            (Some(today), Some(documented)) => {
                spans.push(Span::styled(today.as_str(), look.theme.label));
                spans.push(look.dim(format!("{}older screens: ", look.signs.between)));
                spans.push(Span::raw(documented.as_str()));
            }
            (Some(today), None) => spans.push(Span::styled(today.as_str(), look.theme.label)),
            (None, Some(documented)) => {
                spans.push(Span::raw(documented.as_str()));
                spans.push(look.dim(format!("{}older screens only", look.signs.between)));
            }
            (None, None) => {}
        }
        if let Some(note) = &label.note {
            spans.push(look.dim(format!("{}{note}", look.signs.between)));
        }
        page.item(look.dim(look.signs.bullet), spans);
    }
}
