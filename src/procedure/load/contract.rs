//! The check of `[[scopes]]`, `[actions]` and `[[avoid]]`: which scopes, by whose word, and that each word is
//! in the file.

use super::checker::Checker;
use super::words::advice;
use crate::procedure::wire::{self, Text};
use crate::procedure::{Action, ActionList, AvoidedScope, ScopeEntry, ScopeNeed};
use std::collections::BTreeMap;

pub(super) fn scopes(checker: &mut Checker<'_>, file: &wire::File) -> Vec<ScopeEntry> {
    let mut seen = BTreeMap::new();
    let scope = |scope: &wire::Scope| {
        checker.once(&mut seen, &scope.id, "scope");
        ScopeEntry {
            id: scope_id(checker, &scope.id),
            need: checker.word(&scope.need, "need").unwrap_or(ScopeNeed::Optional),
            reason: checker.text(&scope.reason),
            label: checker.optional_text(scope.label.as_ref()),
            documented: documented(checker, &scope.documented, file),
        }
    };
    file.scopes.iter().map(scope).collect()
}

pub(super) fn actions(checker: &mut Checker<'_>, file: &wire::File) -> Option<ActionList> {
    let wire = file.actions.as_ref()?;
    if wire.list.is_empty() {
        checker.advise(wire.source.span(), "a list of no actions", "add `[[actions.list]]`");
    }
    let mut list: Vec<Action> = Vec::new();
    for action in &wire.list {
        let (name, scope) = (checker.text(&action.name), scope_id(checker, &action.scope));
        if list.iter().any(|known| known.name == name && known.scope == scope) {
            let message = format!("action `{}` with this scope a second time", checker.shown(&action.name));
            checker.error(action.name.span(), message, None);
        }
        let zoom = action.zoom.as_ref().map(|zoom| {
            if zoom.get_ref() == action.scope.get_ref() {
                let help = "`zoom` is for where Zoom's list has another scope: leave it out";
                checker.advise(zoom.span(), "the same scope twice", help);
            }
            scope_id(checker, zoom)
        });
        list.push(Action { name, scope, zoom, note: checker.optional_text(action.note.as_ref()) });
    }
    Some(ActionList { source: checker.text(&wire.source), actions: list })
}

pub(super) fn avoid(checker: &mut Checker<'_>, file: &wire::File) -> Vec<AvoidedScope> {
    let mut seen = BTreeMap::new();
    let avoided = |avoid: &wire::Avoid| {
        checker.once(&mut seen, &avoid.id, "scope to avoid");
        if file.scopes.iter().any(|scope| scope.id.get_ref() == avoid.id.get_ref()) {
            let message = format!("`{}` is both asked for and to be avoided", checker.shown(&avoid.id));
            checker.advise(avoid.id.span(), message, "keep it in `[[scopes]]` or in `[[avoid]]`");
        }
        AvoidedScope {
            id: scope_id(checker, &avoid.id),
            documented: documented(checker, &avoid.documented, file),
            why: checker.text(&avoid.why),
        }
    };
    file.avoid.iter().map(avoided).collect()
}

/// Steps of the document, each of which a step of the file or an omission claims.
fn documented(checker: &mut Checker<'_>, ids: &[Text], file: &wire::File) -> Vec<String> {
    let by_steps = file.steps.iter().flat_map(|step| &step.documented);
    let claimed: Vec<&str> = by_steps
        .chain(file.omissions.iter().map(|omission| &omission.documented))
        .map(|id| id.get_ref().as_str())
        .collect();
    let mut seen = BTreeMap::new();
    for id in ids {
        checker.once(&mut seen, id, "documented step");
        if !claimed.contains(&id.get_ref().as_str()) {
            let message = format!("no step claims the documented step `{}`", checker.shown(id));
            checker.error(id.span(), message, advice(id.get_ref(), claimed.iter().copied()));
        }
    }
    checker.texts(ids)
}

fn scope_id(checker: &mut Checker<'_>, id: &Text) -> String {
    if !looks_like_a_scope(id.get_ref()) {
        let message = format!("`{}` does not look like a scope", checker.shown(id));
        checker.advise(id.span(), message, "as in `user:read:list_users:admin`, or classic `user:read`");
    }
    id.get_ref().clone()
}

/// Two to five parts of lower-case letters, digits and underscores, with colons between: the shape of every
/// scope that a procedure could need. (Zoom also lists three odd ones, of one part or with a blank.)
fn looks_like_a_scope(id: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    (2..=5).contains(&id.split(':').count()) && id.split(':').all(part)
}
