//! `update`: the one place that changes a [`Model`].

use super::model::{HomeItem, Model, Screen};
use super::wizard::StepState;
use crate::procedure::FieldName;
use crate::secret::Secret;

/// The line of the home screen under the cursor.
pub fn selected_home_item(model: &Model) -> Option<HomeItem> {
    match &model.screen {
        Screen::Home { selected } => model.home_items().get(*selected).cloned(),
        Screen::Wizard(_) | Screen::Connection { .. } => None,
    }
}

/// What Ctrl-Y would put into the fields of the current step: the cleaned text of the field with the focus,
/// or in rehearsal the sandbox's values.
pub fn offer(model: &Model) -> Option<Vec<(FieldName, Secret)>> {
    use crate::entry::Checked;
    let wizard = model.wizard()?;
    let StepState::Fill(form) = &wizard.state else { return None };
    let field = form.fields.get(form.focus)?;
    if let Checked::Bad { cleaned: Some(cleaned), .. } = &field.checked {
        return Some(vec![(field.spec.name, Secret::new(cleaned.clone()))]);
    }
    let rehearsal = model.settings.rehearsal.as_ref()?;
    let values = if wizard.is_server_to_server() { &rehearsal.server_to_server } else { &rehearsal.general };
    let offered: Vec<(FieldName, Secret)> = form
        .fields
        .iter()
        .filter_map(|field| values.get(&field.spec.name).map(|value| (field.spec.name, value.clone())))
        .collect();
    (!offered.is_empty()).then_some(offered)
}
