//! Procedures as plain text of at most 80 columns.

use crate::cli::page::Page;
use crate::procedure::{
    AppKind, CopySource, CopyValue, Management, NeedKind, Piece, Procedure, Receiver, RedirectRule,
    ScopeNeed, Step, StepKind, Template, Who,
};
use crate::scope::explain::action_words;
use std::fmt::Write as _;

/// The list, grouped by receiver.
pub(super) fn list(procedures: &[Procedure]) -> String {
    let mut page = Page::default();
    let mut receivers: Vec<Receiver> = procedures.iter().map(|procedure| procedure.receiver).collect();
    receivers.sort();
    receivers.dedup();
    for receiver in receivers {
        page.heading(receiver.label());
        for procedure in procedures.iter().filter(|procedure| procedure.receiver == receiver) {
            page.item(2, &procedure.id, "");
            page.item(4, "", &procedure.title);
            page.item(4, "", &summary(procedure));
        }
    }
    page.text
}

/// Kind, size and time, in one line.
pub(super) fn summary(procedure: &Procedure) -> String {
    let required = procedure.scope_ids(ScopeNeed::Required).len();
    format!(
        "{}, {} steps, {required} required {}, about {} minutes",
        procedure.app_kind.label(),
        procedure.steps.len(),
        if required == 1 { "scope" } else { "scopes" },
        procedure.minutes
    )
}

/// Everything about one procedure.
pub(super) fn show(procedure: &Procedure) -> String {
    let mut page = Page::default();
    page.item(0, "", &format!("{} ({})", procedure.title, procedure.id));
    page.item(0, "", &format!("For {}. {}.", procedure.receiver.label(), summary(procedure)));
    if procedure.app_kind == AppKind::General {
        page.item(0, "", &format!("Management: {}.", management(&procedure.management)));
    }
    source(&mut page, procedure);
    needs(&mut page, procedure);
    redirect(&mut page, procedure);
    steps(&mut page, procedure);
    hand_over(&mut page, procedure);
    scopes(&mut page, procedure);
    if !procedure.omissions.is_empty() {
        page.heading("Not carried over from the document");
        for omission in &procedure.omissions {
            page.item(2, &format!("{}: ", omission.documented), &omission.why);
        }
    }
    page.list("Not verified", &procedure.unverified);
    page.text
}

fn management(ways: &[Management]) -> String {
    let ways: Vec<&str> = ways
        .iter()
        .map(|way| match way {
            Management::Admin => "admin-managed",
            Management::User => "user-managed",
        })
        .collect();
    ways.join(" (recommended) or ")
}

fn source(page: &mut Page, procedure: &Procedure) {
    let source = &procedure.source;
    page.heading("Document");
    page.item(2, "", &source.document);
    let mut origin = source.publisher.clone();
    if let Some(release) = &source.release {
        let _ = write!(origin, ", release {release}");
    }
    if let Some(updated) = &source.updated {
        let _ = write!(origin, ", updated {updated}");
    }
    page.item(2, "", &origin);
}

fn needs(page: &mut Page, procedure: &Procedure) {
    if procedure.needs.is_empty() {
        return;
    }
    page.heading("What you need");
    for need in &procedure.needs {
        let kind = match need.kind {
            NeedKind::Role => "role",
            NeedKind::Plan => "plan",
            NeedKind::Subscription => "subscription",
            NeedKind::Installed => "installed",
            NeedKind::Other => "other",
        };
        let who = who(need.who, procedure.receiver);
        page.item(2, "- ", &format!("{} ({who}, {kind})", need.text));
    }
}

fn who(who: Who, receiver: Receiver) -> String {
    match who {
        Who::ZoomAdmin => "Zoom admin".to_owned(),
        Who::ReceiverAdmin => format!("{} admin", receiver.label()),
    }
}

fn scopes(page: &mut Page, procedure: &Procedure) {
    for (need, heading) in [
        (ScopeNeed::Required, "Required scopes"),
        (ScopeNeed::Optional, "Optional scopes"),
        (ScopeNeed::Classic, "Classic scopes, for an app made before granular ones"),
    ] {
        let mut scopes = procedure.scopes.iter().filter(|scope| scope.need == need).peekable();
        if scopes.peek().is_none() {
            continue;
        }
        page.heading(heading);
        for scope in scopes {
            page.item(2, "", &scope.id);
            page.item(4, "", &scope.reason);
            if let Some(label) = &scope.label {
                page.item(4, "", &format!("In the document: \"{label}\""));
            }
            for action in procedure.actions_with(&scope.id).filter(|action| action.zoom.is_some()) {
                page.item(4, "", &action_words(procedure, action));
            }
        }
    }
    if !procedure.avoid.is_empty() {
        page.heading("Named by the document, and not to be added");
        for avoided in &procedure.avoid {
            page.item(2, "", &avoided.id);
            page.item(4, "", &avoided.why);
        }
    }
}

fn redirect(page: &mut Page, procedure: &Procedure) {
    match &procedure.redirect {
        None => {}
        Some(RedirectRule::ServiceNowInstance) => {
            page.heading("Redirect URL");
            page.item(2, "", "https://<instance>/oauth_redirect.do");
        }
        Some(RedirectRule::Regions(regions)) => {
            page.heading("Redirect URL");
            for region in regions {
                page.item(2, &format!("{}: ", region.id), &region.title);
                page.item(4, "", &region.url);
                if !region.documented {
                    page.item(4, "", "Pattern only: compare it with the read-only field of the form.");
                }
            }
        }
    }
}

fn steps(page: &mut Page, procedure: &Procedure) {
    let mut phase = None;
    for (index, step) in procedure.steps.iter().enumerate() {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            page.heading(&format!("Phase: {}", step.phase.label()));
        }
        page.item(2, &format!("{:>2}. ", index + 1), &step.title);
        let mut about = format!("[{}] {}", step.id, who(step.who, procedure.receiver));
        if !step.documented.is_empty() {
            let _ = write!(about, "; in the document: {}", step.documented.join(", "));
        }
        page.item(6, "", &about);
        self::step(page, step);
        for correction in step.corrections.iter().filter_map(|index| procedure.corrections.get(*index)) {
            page.item(6, "In the document: ", &correction.documented);
            page.item(8, "Used: ", &correction.used);
            page.item(8, "Why: ", &correction.why);
        }
    }
}

fn step(page: &mut Page, step: &Step) {
    for text in &step.text {
        page.item(6, "", &plain(text));
    }
    if let Some(open) = &step.open {
        page.item(6, "Opens: ", &plain(open));
    }
    match &step.kind {
        StepKind::Choose { field, options } => {
            page.item(6, "Asks for: ", field.as_str());
            for option in options {
                page.item(8, &format!("{}: ", option.value), &format!("{}. {}", option.title, option.why));
            }
        }
        StepKind::Fill { fields } => {
            for field in fields {
                let optional = if field.required { "" } else { ", optional" };
                let secret = if field.name.is_secret() { ", secret" } else { "" };
                let asked = format!("{} ({}{optional}{secret})", field.label, field.name.as_str());
                page.item(6, "Asks for: ", &asked);
                page.item(8, "", &field.help);
                if let Some(suggestion) = &field.suggestion {
                    page.item(8, "Suggested: ", &plain(suggestion));
                }
            }
        }
        StepKind::Instruct
        | StepKind::Copy
        | StepKind::Scopes
        | StepKind::Activate
        | StepKind::Authorize
        | StepKind::Verify
        | StepKind::HandOver => {}
    }
    copies(page, 6, "Copy: ", &step.copy);
    for label in &step.labels {
        let quoted = |text: &str| format!("\"{text}\"");
        let mut words = match (&label.today, &label.documented) {
            (Some(today), Some(documented)) => {
                format!("{}, in the document {}", quoted(today), quoted(documented))
            }
            (Some(today), None) => quoted(today),
            (None, Some(documented)) => format!("{}, older screens only", quoted(documented)),
            (None, None) => String::new(),
        };
        if let Some(note) = &label.note {
            let _ = write!(words, " ({note})");
        }
        page.item(6, "Label: ", &words);
    }
    for pitfall in &step.pitfalls {
        page.item(6, "Take care: ", &plain(pitfall));
    }
    if let Some(unlocks) = &step.unlocks {
        page.item(6, "Unlocks: ", unlocks);
    }
}

fn copies(page: &mut Page, indent: usize, lead: &str, values: &[CopyValue]) {
    for value in values {
        let source = match &value.value {
            CopySource::Template(template) => plain(template),
            CopySource::Secret(field) => format!("<{}> (secret)", field.as_str()),
        };
        page.item(indent, &format!("{lead}{}: ", value.label), &source);
    }
}

fn hand_over(page: &mut Page, procedure: &Procedure) {
    let hand_over = &procedure.handover;
    page.heading(&format!("Hand-over to {}", procedure.receiver.label()));
    for sentence in &hand_over.path {
        page.item(2, "", &plain(sentence));
    }
    copies(page, 4, "", &hand_over.fields);
    page.item(2, "Press last: ", &hand_over.last_button);
    page.item(2, "It worked when: ", &plain(&hand_over.success));
    for note in &hand_over.notes {
        page.item(2, "- ", &plain(note));
    }
}

/// A template for a reader without a set-up: labels in quotes, names in angle brackets.
fn plain(template: &Template) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Label(label) => format!("\"{label}\""),
        Piece::Name(name) => format!("<{}>", name.as_str()),
    };
    template.pieces.iter().map(piece).collect()
}
