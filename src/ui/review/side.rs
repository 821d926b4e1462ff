//! The products of the list, and what a review can be of.

use super::LONGEST;
use crate::app::model::Model;
use crate::app::review::{Pane, Reviewing, SubjectChoice, subjects as choices};
use crate::secret::printable;
use crate::ui::page::List;
use crate::ui::text::{column, spans_columns};
use crate::ui::theme::Look;
use ratatui::text::{Line, Span};

/// Columns of the number of scopes.
const COUNT: usize = 5;

/// The products with how many scopes each has, and what of it is missing or in excess.
pub fn tree<'a>(reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> List<'a> {
    let focused = reviewing.pane == Pane::Tree;
    let room = usize::from(full).saturating_sub(2 + COUNT + 1).min(44);
    List {
        count: reviewing.branches.len(),
        selected: reviewing.branch,
        line: Box::new(move |index| {
            let Some(branch) = reviewing.branches.get(index) else { return Line::default() };
            let selected = index == reviewing.branch;
            let marker = if selected && focused { look.signs.selected } else { " " };
            let style = if selected { look.theme.accent } else { look.theme.value };
            let wrong: Vec<Span<'_>> = [
                (look.signs.missing, branch.missing, look.theme.failure),
                (look.signs.excess, branch.excess, look.theme.warning),
            ]
            .into_iter()
            .filter(|(_, count, _)| *count > 0)
            .map(|(sign, count, style)| Span::styled(format!(" {sign}{count}"), style))
            .collect();
            let name = room.saturating_sub(spans_columns(&wrong));
            let name = column(&printable(&branch.product, LONGEST), name, look.signs.ellipsis);
            let mut spans = vec![look.accent(marker), Span::raw(" "), Span::styled(name, style)];
            spans.extend(wrong);
            spans.push(look.dim(format!("{:>COUNT$}", branch.count)));
            Line::from(spans)
        }),
    }
}

/// What a review can be of: nothing, a procedure, or a stored connection.
pub fn subjects<'a>(model: &'a Model, reviewing: &'a Reviewing, full: u16, look: Look<'a>) -> List<'a> {
    let choices = choices(model);
    let width = usize::from(full).saturating_sub(30).clamp(16, 60);
    List {
        count: choices.len(),
        selected: reviewing.subject,
        line: Box::new(move |index| {
            let (name, kind) = match choices.get(index) {
                Some(SubjectChoice::Nothing) => ("No procedure".to_owned(), "look up, explain".to_owned()),
                Some(SubjectChoice::Procedure(index)) => {
                    let procedure = &model.procedures[*index];
                    (procedure.title.clone(), format!("procedure, {}", procedure.receiver.label()))
                }
                Some(SubjectChoice::Connection(index)) => {
                    let connection = &model.library.connections[*index];
                    (printable(&connection.name, LONGEST), "stored connection".to_owned())
                }
                None => return Line::default(),
            };
            let selected = index == reviewing.subject;
            let marker = if selected { look.signs.selected } else { " " };
            let style = if selected { look.theme.accent } else { look.theme.value };
            let name = column(&name, width, look.signs.ellipsis);
            Line::from(vec![
                look.accent(marker),
                Span::raw(" "),
                Span::styled(name, style),
                Span::raw("  "),
                look.dim(kind),
            ])
        }),
    }
}
