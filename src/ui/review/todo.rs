//! What is to be done on Zoom's Scopes page, and what follows from it for the live grant.

use super::LONGEST;
use crate::app::model::Model;
use crate::app::review::Reviewing;
use crate::scope::review::{Renewal, RenewalBy};
use crate::secret::printable;
use crate::ui::page::{Body, Own, Page};
use crate::ui::text::shorten;
use crate::ui::theme::Look;
use crate::ui::{Drawn, MAIN, WIDE, beside};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// The tasks, and above them, or beside them where it is wide, who must renew the grant.
pub fn draw(
    model: &Model,
    reviewing: &Reviewing,
    frame: &mut Frame<'_>,
    area: Rect,
    look: Look<'_>,
) -> Drawn {
    let wide = area.width >= WIDE;
    let main = if wide { Rect { width: MAIN, ..area } } else { area };
    let tasks = tasks(reviewing, main.width, look);
    let empty = tasks.len() == 0;
    let own = Own { share: 60, ..Own::rows(tasks) };
    if wide && !empty {
        let text = Page::new(main.width, look);
        Body { text, own: Some(own) }.draw(frame, main, 0, look);
        let right = beside(area, MAIN, MAIN);
        return Body::text(words(reviewing, right.width, look)).draw(frame, right, model.scroll, look);
    }
    let text = words(reviewing, main.width, look);
    Body { text, own: Some(own).filter(|_| !empty) }.draw(frame, main, model.scroll, look)
}

/// The scopes to add and to remove, in the order of Zoom's picker.
fn tasks<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let todo = &reviewing.review.todo;
    let add = todo.add.iter().map(|item| (item.scope.as_str(), item.why.as_str()));
    let remove = todo.remove.iter().map(|item| (item.scope.as_str(), item.why.as_str()));
    for (index, (scope, why)) in add.chain(remove).enumerate() {
        if index == 0 && !todo.add.is_empty() {
            page.heading(format!("Add on Zoom's Scopes page ({})", todo.add.len()));
        }
        if index == todo.add.len() {
            page.heading(format!("Remove there ({})", todo.remove.len()));
        }
        let selected = index == reviewing.task;
        let ticked = reviewing.ticked.contains(scope);
        let tick = if ticked { Span::styled("[x] ", look.theme.success) } else { Span::raw("[ ] ") };
        let style = if selected { look.theme.accent } else { look.theme.value };
        let start = page.len();
        let id = printable(scope, LONGEST);
        let shown = shorten(&id, page.width.saturating_sub(4), look.signs.ellipsis);
        let cut = shown != id;
        page.marked(selected, vec![tick, Span::styled(shown, style)]);
        if selected && cut {
            page.value(&id, look.theme.value);
        }
        if selected {
            page.item(Span::raw("   "), vec![look.dim(why)]);
            page.focus_from(if index == 0 { 0 } else { start });
        }
    }
    page
}

/// Who must renew the grant, and what else was noticed.
fn words<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let review = &reviewing.review;
    if !review.compared {
        page.strong_line("Nothing to do can be told yet");
        page.plain(
            "It is not known what was granted. Paste it with p, or ask with t where this program holds a token. Until \
             then n copies what the app needs, one after another.",
        );
    } else if review.todo.is_empty() {
        page.text(vec![
            Span::styled(format!("{} ", look.signs.good), look.theme.success),
            look.strong("Nothing to add, nothing to remove"),
        ]);
    }
    if let Some(renewal) = &review.todo.renewal {
        renewed(&mut page, reviewing, renewal);
    }
    if !review.remarks.is_empty() {
        page.heading("Remarks");
    }
    for remark in &review.remarks {
        for scope in &remark.scopes {
            page.styled(printable(scope, LONGEST), look.theme.strong);
        }
        page.item(look.dim(look.signs.bullet), vec![Span::raw(remark.text.as_str())]);
    }
    page
}

fn renewed<'a>(page: &mut Page<'a>, reviewing: &'a Reviewing, renewal: &'a Renewal) {
    let look = page.look;
    let receiver = reviewing
        .about
        .procedure
        .as_ref()
        .map_or("the receiving system", |procedure| procedure.receiver.label());
    let (style, sign) = match renewal.by {
        RenewalBy::Nobody => (look.theme.strong, look.signs.bullet),
        RenewalBy::Receiver | RenewalBy::Wizard | RenewalBy::Holder => (look.theme.warning, look.signs.warn),
    };
    let by = match renewal.by {
        RenewalBy::Nobody => "After a change nobody has to log in again".to_owned(),
        RenewalBy::Receiver => {
            format!("After a change the grant must be renewed, by the admin of {receiver}")
        }
        RenewalBy::Wizard => "After a change the grant must be renewed, by this program".to_owned(),
        RenewalBy::Holder => "After a change the grant must be renewed, by whoever holds it".to_owned(),
    };
    page.text(vec![Span::styled(format!("{sign} {by}"), style)]);
    for step in &renewal.steps {
        page.item(look.dim(look.signs.bullet), vec![Span::raw(step.as_str())]);
    }
}
