//! The check of `[[steps]]`: order, kinds and what belongs to each, what is asked and claimed.

use super::checker::{Checker, Role};
use super::words::{advice, quoted};
use crate::procedure::wire::{self, KindWord, Text};
use crate::procedure::{
    AppKind, Choice, ClientType, FieldName, FieldSpec, Name, Phase, ScreenLabel, Step, StepKind, Who,
};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the steps refer to.
pub(super) struct Context<'a> {
    pub app_kind: Option<AppKind>,
    /// As in `management`.
    pub management: Vec<&'a str>,
    /// Ids of the redirect rule's regions; empty under another rule.
    pub regions: Vec<&'a str>,
    /// Ids of `[[corrections]]`, in order.
    pub corrections: Vec<&'a str>,
    /// Whether there is any `[[scopes]]`.
    pub scopes: bool,
    /// What an error about a missing step points at when there are no steps.
    pub anchor: Range<usize>,
}

/// A kind of which a procedure has one step, and where that stands.
struct Single {
    kind: KindWord,
    word: &'static str,
    phase: Phase,
    /// App kind it belongs to; `None`: both.
    only: Option<AppKind>,
}

const SINGLES: [Single; 5] = [
    Single { kind: KindWord::Scopes, word: "scopes", phase: Phase::Scopes, only: None },
    Single {
        kind: KindWord::Activate,
        word: "activate",
        phase: Phase::Activation,
        only: Some(AppKind::ServerToServer),
    },
    Single {
        kind: KindWord::Authorize,
        word: "authorize",
        phase: Phase::Authorize,
        only: Some(AppKind::General),
    },
    Single { kind: KindWord::Verify, word: "verify", phase: Phase::Verify, only: None },
    Single { kind: KindWord::HandOver, word: "hand-over", phase: Phase::HandOver, only: None },
];

/// The phases as files write them, in order.
const PHASES: [&str; 9] = [
    "prepare",
    "app-type",
    "credentials",
    "redirect-url",
    "scopes",
    "activation",
    "authorize",
    "verify",
    "hand-over",
];

/// A phase as files write it.
const fn phase_word(phase: Phase) -> &'static str {
    PHASES[phase as usize]
}

/// Notes which step asks for which answer, before any template is read. Wrong field names are reported by
/// [`check`].
pub(super) fn note_questions(checker: &mut Checker<'_>, steps: &[wire::Step]) {
    for (position, step) in steps.iter().enumerate() {
        let names = step.fields.iter().map(|field| &field.name);
        for name in names.chain(step.choose.as_ref().map(|choose| &choose.field)) {
            if let Some(field) = FieldName::parse(name.get_ref()) {
                checker.asks(field, position, &step.id, name.span());
            }
        }
    }
}

/// The steps. Where a word is wrong an error is noted and any member of its set stands in, so that the check
/// can go on; the result is dropped then.
pub(super) fn check(checker: &mut Checker<'_>, steps: &[wire::Step], context: &Context<'_>) -> Vec<Step> {
    let mut ids = BTreeMap::new();
    let mut latest: Option<Phase> = None;
    let mut kinds = Vec::new();
    let mut checked = Vec::new();
    for (position, step) in steps.iter().enumerate() {
        checker.once(&mut ids, &step.id, "step id");
        let phase: Option<Phase> = checker.word(&step.phase, "phase");
        if let (Some(phase), Some(before)) = (phase, latest)
            && phase < before
        {
            let message = format!("phase `{}` after `{}`", phase_word(phase), phase_word(before));
            checker.error(step.phase.span(), message, Some(format!("order: {}", PHASES.join(", "))));
        }
        latest = latest.max(phase);
        let kind: Option<KindWord> = checker.word(&step.kind, "step kind");
        if let Some(kind) = kind {
            belongings(checker, step, kind, phase);
            needed_answers(checker, step, kind, position);
            kinds.push(kind);
        }
        checked.push(Step {
            id: checker.id(&step.id, "step id"),
            phase: phase.unwrap_or(Phase::Prepare),
            title: checker.text(&step.title),
            who: checker.word(&step.who, "person").unwrap_or(Who::ZoomAdmin),
            kind: step_kind(checker, step, kind, position, context),
            text: checker.templates(&step.text, position),
            labels: labels(checker, step),
            copy: checker.copies(&step.copy, position),
            open: step.open.as_ref().map(|open| checker.template(open, Role::Page, position)),
            unlocks: checker.optional_text(step.unlocks.as_ref()),
            pitfalls: checker.templates(&step.pitfalls, position),
            documented: checker.texts(&step.documented),
            corrections: corrections(checker, step, context),
        });
    }
    if kinds.len() == steps.len() {
        singles(checker, steps, &kinds, context);
    }
    checked
}

/// A kind's own tables stand exactly where they belong, and a kind of its own phase stands there.
fn belongings(checker: &mut Checker<'_>, step: &wire::Step, kind: KindWord, phase: Option<Phase>) {
    let word = step.kind.get_ref();
    let here = step.kind.span();
    match (step.fields.first(), kind == KindWord::Fill) {
        (Some(field), false) => {
            let message = format!("fields in a step of kind `{word}`");
            checker.advise(field.name.span(), message, "fields belong to a step of kind `fill`");
        }
        (None, true) => checker.advise(here.clone(), "nothing to fill in", "add `[[steps.fields]]`"),
        (Some(_), true) | (None, false) => {}
    }
    match (&step.choose, kind == KindWord::Choose) {
        (Some(choose), false) => {
            let message = format!("a choice in a step of kind `{word}`");
            checker.advise(
                choose.field.span(),
                message,
                "`[steps.choose]` belongs to a step of kind `choose`",
            );
        }
        (None, true) => checker.advise(here.clone(), "nothing to choose", "add `[steps.choose]`"),
        (Some(_), true) | (None, false) => {}
    }
    if kind == KindWord::Copy && step.copy.is_empty() {
        checker.advise(here.clone(), "nothing to copy", "add `[[steps.copy]]`");
    }
    if kind == KindWord::Instruct && step.text.is_empty() {
        checker.advise(here, "an instruction without text", "add `text = [\"…\"]`");
    }
    let own = SINGLES.iter().find(|single| single.kind == kind).map(|single| single.phase);
    if let (Some(own), Some(phase)) = (own, phase)
        && own != phase
    {
        let message = format!("a step of kind `{word}` in phase `{}`", phase_word(phase));
        let help = format!("it belongs to phase `{}`", phase_word(own));
        checker.error(step.phase.span(), message, Some(help));
    }
}

/// Answers that a kind works with, whether or not a template names them.
fn needed_answers(checker: &mut Checker<'_>, step: &wire::Step, kind: KindWord, position: usize) {
    let fields: &[FieldName] = match kind {
        KindWord::Activate => &[FieldName::AccountId, FieldName::ClientId, FieldName::ClientSecret],
        // Without a client secret it is a public client, which shows who it is by PKCE alone.
        KindWord::Authorize => &[FieldName::ClientId],
        KindWord::Instruct
        | KindWord::Choose
        | KindWord::Fill
        | KindWord::Copy
        | KindWord::Scopes
        | KindWord::Verify
        | KindWord::HandOver => &[],
    };
    for field in fields {
        checker.uses(*field, position, step.kind.span());
    }
}

fn step_kind(
    checker: &mut Checker<'_>,
    step: &wire::Step,
    kind: Option<KindWord>,
    position: usize,
    context: &Context<'_>,
) -> StepKind {
    match kind {
        Some(KindWord::Choose) => choose(checker, step, context),
        Some(KindWord::Fill) => {
            let fields = step.fields.iter().map(|field| fill(checker, field, position));
            StepKind::Fill { fields: fields.collect() }
        }
        Some(KindWord::Copy) => StepKind::Copy,
        Some(KindWord::Scopes) => StepKind::Scopes,
        Some(KindWord::Activate) => StepKind::Activate,
        Some(KindWord::Authorize) => StepKind::Authorize,
        Some(KindWord::Verify) => StepKind::Verify,
        Some(KindWord::HandOver) => StepKind::HandOver,
        Some(KindWord::Instruct) | None => StepKind::Instruct,
    }
}

fn fill(checker: &mut Checker<'_>, field: &wire::Field, position: usize) -> FieldSpec {
    let name: Option<FieldName> = checker.word(&field.name, "field");
    if matches!(name, Some(FieldName::Region | FieldName::Management | FieldName::ClientType)) {
        let message = format!("`{}` is filled in", field.name.get_ref());
        checker.advise(
            field.name.span(),
            message,
            "it is one of a few: ask for it in a step of kind `choose`",
        );
    }
    let suggestion = field.suggestion.as_ref().map(|suggestion| {
        let template = checker.template(suggestion, Role::Value, position);
        let itself = template.names().any(|used| Some(used) == name.map(Name::Field));
        if itself {
            checker.advise(suggestion.span(), "a suggestion made from its own field", "leave it out");
        }
        if name.is_some_and(FieldName::is_secret) {
            checker.advise(suggestion.span(), "a suggestion for a secret", "leave it out");
        }
        template
    });
    FieldSpec {
        name: name.unwrap_or(FieldName::AppName),
        label: checker.text(&field.label),
        help: checker.text(&field.help),
        required: field.required,
        suggestion,
    }
}

fn choose(checker: &mut Checker<'_>, step: &wire::Step, context: &Context<'_>) -> StepKind {
    let Some(choose) = &step.choose else {
        return StepKind::Instruct;
    };
    let field: Option<FieldName> = checker.word(&choose.field, "field");
    if field.is_some_and(FieldName::is_secret) {
        checker.advise(choose.field.span(), "a choice of a secret", "ask for it in a step of kind `fill`");
    }
    if choose.options.is_empty() {
        checker.advise(choose.field.span(), "a choice of nothing", "add `[[steps.choose.options]]`");
    }
    let mut values = BTreeMap::new();
    let mut options = Vec::new();
    for option in &choose.options {
        checker.once(&mut values, &option.value, "option");
        options.push(Choice {
            value: checker.text(&option.value),
            title: checker.text(&option.title),
            why: checker.text(&option.why),
        });
    }
    match field {
        Some(FieldName::Management) => exactly(checker, choose, &context.management, "`management`"),
        Some(FieldName::Region) => exactly(checker, choose, &context.regions, "`redirect.regions`"),
        Some(FieldName::ClientType) => {
            exactly(checker, choose, &ClientType::ALL.map(ClientType::as_str), "the kinds of client");
        }
        Some(_) | None => {}
    }
    StepKind::Choose { field: field.unwrap_or(FieldName::AppName), options }
}

/// The options are those that are listed elsewhere, no more and no less.
fn exactly(checker: &mut Checker<'_>, choose: &wire::Choose, listed: &[&str], place: &str) {
    for option in &choose.options {
        if !listed.contains(&option.value.get_ref().as_str()) {
            let message = format!("option `{}` is not in {place}", checker.shown(&option.value));
            checker.error(
                option.value.span(),
                message,
                advice(option.value.get_ref(), listed.iter().copied()),
            );
        }
    }
    let offered = |value: &&&str| !choose.options.iter().any(|option| option.value.get_ref() == **value);
    let missing: Vec<&str> = listed.iter().filter(offered).copied().collect();
    if !missing.is_empty() {
        let message = format!("{place} has {} too", quoted(&missing));
        checker.advise(choose.field.span(), message, "add an option for each, or take it out there");
    }
}

fn labels(checker: &mut Checker<'_>, step: &wire::Step) -> Vec<ScreenLabel> {
    let mut labels = Vec::new();
    for label in &step.labels {
        let place = label.span();
        let label = label.get_ref();
        if label.today.is_none() && label.documented.is_none() {
            checker.advise(place, "a label of no page", "add `today`, `documented` or both");
        }
        labels.push(ScreenLabel {
            today: checker.optional_text(label.today.as_ref()),
            documented: checker.optional_text(label.documented.as_ref()),
            note: checker.optional_text(label.note.as_ref()),
        });
    }
    labels
}

fn corrections(checker: &mut Checker<'_>, step: &wire::Step, context: &Context<'_>) -> Vec<usize> {
    let mut seen = BTreeMap::new();
    let mut indexes = Vec::new();
    for reference in &step.corrections {
        checker.once(&mut seen, reference, "correction");
        match context.corrections.iter().position(|id| id == reference.get_ref()) {
            Some(index) => indexes.push(index),
            None => {
                let message = format!("no correction `{}`", checker.shown(reference));
                let help = advice(reference.get_ref(), context.corrections.iter().copied());
                let help = help.or_else(|| Some("the file has no `[[corrections]]`".to_owned()));
                checker.error(reference.span(), message, help);
            }
        }
    }
    indexes
}

/// Kinds that occur once: as many as there must be, where they must be.
fn singles(checker: &mut Checker<'_>, steps: &[wire::Step], kinds: &[KindWord], context: &Context<'_>) {
    let end = steps.last().map_or(context.anchor.clone(), |step| step.id.span());
    for single in &SINGLES {
        let found = steps.iter().zip(kinds).filter(|(_, kind)| **kind == single.kind);
        let found: Vec<&Text> = found.map(|(step, _)| &step.kind).collect();
        let word = single.word;
        let belongs = match (single.only, context.app_kind) {
            (Some(only), Some(app_kind)) => Some(only == app_kind),
            (Some(_), None) => None,
            (None, Some(_) | None) => Some(true),
        };
        match belongs {
            Some(true) => {
                if found.is_empty() {
                    let help = format!("add it in phase `{}`", phase_word(single.phase));
                    checker.error(end.clone(), format!("no step of kind `{word}`"), Some(help));
                }
                for second in found.iter().skip(1) {
                    let help = "a procedure has exactly one";
                    checker.advise(second.span(), format!("a second step of kind `{word}`"), help);
                }
            }
            Some(false) => {
                for wrong in found {
                    let app = context.app_kind.map_or("", AppKind::label);
                    let message = format!("a step of kind `{word}` for a {app}");
                    let help = match single.only {
                        Some(AppKind::General) => "a Server-to-Server app has no login",
                        Some(AppKind::ServerToServer) => "a General app has nothing to activate",
                        None => "leave it out",
                    };
                    checker.advise(wrong.span(), message, help);
                }
            }
            None => {}
        }
    }
    let is_hand_over = |kind: &KindWord| *kind == KindWord::HandOver;
    if let Some(at) = kinds.iter().position(is_hand_over)
        && at + 1 < kinds.len()
    {
        checker.advise(steps[at].kind.span(), "the hand-over is not the last step", "move it to the end");
    }
    if !context.scopes
        && let Some(at) = kinds.iter().position(|kind| *kind == KindWord::Scopes)
    {
        checker.advise(steps[at].kind.span(), "a scope checklist without scopes", "add `[[scopes]]`");
    }
}

/// Ids of the document are claimed once: by a step or by an omission.
pub(super) fn claims(checker: &mut Checker<'_>, file: &wire::File) {
    let mut claimed = BTreeMap::new();
    let by_steps = file.steps.iter().flat_map(|step| &step.documented);
    for id in by_steps.chain(file.omissions.iter().map(|omission| &omission.documented)) {
        checker.once(&mut claimed, id, "documented step");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::load::words::parse_word;

    #[test]
    fn phase_words_are_those_of_the_enum_in_its_order() {
        for word in PHASES {
            assert_eq!(parse_word::<Phase>(word).map(phase_word), Ok(word));
        }
        assert_eq!(parse_word::<Phase>("").unwrap_err(), PHASES);
    }
}
