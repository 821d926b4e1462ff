//! From the text of a procedure file to a [`Procedure`], or to everything that is wrong with it.
//!
//! Pure: reading files is the command line's business. What the TOML reader refuses (syntax, a missing or
//! unknown key, a wrong type) ends the check there; of what follows all errors are collected.

mod checker;
mod contract;
mod diagnostic;
mod steps;
mod words;

pub use diagnostic::LoadError;
pub use words::nearest;

use super::wire::{self, RuleWord, Text};
use super::{
    AppKind, Correction, FieldName, HandOver, Management, Need, NeedKind, Omission, Procedure, Receiver,
    RedirectRule, RegionRedirect, Source, Who,
};
use crate::entry::redirect;
use crate::secret::printable;
use checker::{Addresses, Checker};
use std::collections::BTreeMap;
use toml::de::{DeTable, Deserializer};

/// The version of the file format this loader reads.
pub const FORMAT: i64 = 1;

/// Checks a procedure file. `file_name` is used in errors, and its last part must be the id plus `.toml`.
///
/// # Errors
/// All errors found, in the order of the file.
pub fn load(file_name: &str, text: &str) -> Result<Procedure, Vec<LoadError>> {
    let file = read(file_name, text)?;
    let mut checker = Checker::new(file_name, text);
    let procedure = check(&mut checker, file_name, &file);
    let errors = checker.into_errors();
    if errors.is_empty() { Ok(procedure) } else { Err(errors) }
}

/// The file in its wire shape.
fn read(file_name: &str, text: &str) -> Result<wire::File, Vec<LoadError>> {
    let (table, mut errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        match serde::Deserialize::deserialize(Deserializer::from(table)) {
            Ok(file) => return Ok(file),
            Err(error) => errors.push(error),
        }
    }
    let mut found: Vec<LoadError> = Vec::new();
    for error in errors {
        let (message, help) = in_our_words(error.message());
        let error = LoadError::new(file_name, text, error.span().unwrap_or(0..0), message, help);
        // One slip often makes the reader stumble several times on the same line.
        if found.last().is_none_or(|last| last.line != error.line) {
            found.push(error);
        }
    }
    Err(found)
}

/// The reader's message without its lists of words, and advice. Serde's messages quote the words in
/// backticks, the wrong one first; a message of another shape is passed on.
fn in_our_words(message: &str) -> (String, Option<String>) {
    let message = printable(message, 400);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((unknown, known))) = (message.starts_with("unknown field"), quoted.split_first()) {
        return (format!("unknown key `{unknown}`"), words::advice(unknown, known.iter().copied()));
    }
    if let (true, [missing]) = (message.starts_with("missing field"), quoted.as_slice()) {
        return (format!("`{missing}` is missing"), Some(format!("add `{missing} = …` to this table")));
    }
    (message, None)
}

fn check(checker: &mut Checker<'_>, file_name: &str, file: &wire::File) -> Procedure {
    if *file.format.get_ref() != FORMAT {
        let message = format!("format {} is not known", file.format.get_ref());
        checker.error(file.format.span(), message, Some(format!("this program reads format {FORMAT}")));
    }
    let app_kind: Option<AppKind> = checker.word(&file.app_kind, "app kind");
    let receiver: Option<Receiver> = checker.word(&file.receiver, "receiver");
    let management = management(checker, file, app_kind);
    let redirect = redirect(checker, file, app_kind);
    checker.addresses = addresses(file, receiver, redirect.as_ref());
    steps::note_questions(checker, &file.steps);
    let context = steps::Context {
        app_kind,
        management: file.management.iter().map(|word| word.get_ref().as_str()).collect(),
        regions: file
            .redirect
            .iter()
            .flat_map(|rule| &rule.regions)
            .map(|r| r.id.get_ref().as_str())
            .collect(),
        corrections: file.corrections.iter().map(|correction| correction.id.get_ref().as_str()).collect(),
        scopes: !file.scopes.is_empty(),
        anchor: file.id.span(),
    };
    let steps = steps::check(checker, &file.steps, &context);
    steps::claims(checker, file);
    questions_that_must_be(checker, file);
    Procedure {
        id: id(checker, file_name, &file.id),
        title: checker.text(&file.title),
        receiver: receiver.unwrap_or(Receiver::ServiceNow),
        app_kind: app_kind.unwrap_or(AppKind::General),
        management,
        source: source(checker, &file.source),
        minutes: minutes(checker, file),
        needs: needs(checker, &file.needs),
        scopes: contract::scopes(checker, file),
        actions: contract::actions(checker, file),
        avoid: contract::avoid(checker, file),
        redirect,
        steps,
        corrections: corrections(checker, file),
        omissions: omissions(checker, &file.omissions),
        unverified: checker.texts(&file.unverified),
        handover: hand_over(checker, file),
    }
}

fn id(checker: &mut Checker<'_>, file_name: &str, id: &Text) -> String {
    let value = checker.id(id, "procedure id");
    let base = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    let stem = base.strip_suffix(".toml").unwrap_or(base);
    if value != stem {
        let (stem, shown) = (printable(stem, 60), checker.shown(id));
        let help = format!("name the file `{shown}.toml`, or write `{stem}` here");
        checker.error(id.span(), "the id is not the name of the file", Some(help));
    }
    value
}

fn minutes(checker: &mut Checker<'_>, file: &wire::File) -> u16 {
    match u16::try_from(*file.minutes.get_ref()) {
        Ok(minutes) if (1..=600).contains(&minutes) => minutes,
        Ok(_) | Err(_) => {
            checker.advise(
                file.minutes.span(),
                "not a number of minutes",
                "about how long it takes, 1 to 600",
            );
            0
        }
    }
}

fn source(checker: &mut Checker<'_>, source: &wire::Source) -> Source {
    if let Some(updated) = &source.updated {
        // Other ISO 8601 forms parse too; the file keeps to one.
        let date = updated.get_ref().parse::<jiff::civil::Date>();
        if date.map(|date| date.to_string()).ok().as_ref() != Some(updated.get_ref()) {
            checker.advise(updated.span(), "not a date", "write it as year-month-day: \"2026-03-12\"");
        }
    }
    Source {
        document: checker.text(&source.document),
        publisher: checker.text(&source.publisher),
        release: checker.optional_text(source.release.as_ref()),
        updated: checker.optional_text(source.updated.as_ref()),
    }
}

fn management(checker: &mut Checker<'_>, file: &wire::File, app_kind: Option<AppKind>) -> Vec<Management> {
    match (app_kind, file.management.first()) {
        (Some(AppKind::ServerToServer), Some(first)) => {
            let help = "only a General app is admin- or user-managed: leave it out";
            checker.advise(first.span(), "`management` for a Server-to-Server app", help);
        }
        (Some(AppKind::General), None) => {
            let help = "add `management = [\"admin\"]`, or `user`, or both, the recommended one first";
            checker.advise(file.app_kind.span(), "a General app without `management`", help);
        }
        (Some(AppKind::General), Some(_)) | (Some(AppKind::ServerToServer), None) | (None, _) => {}
    }
    let mut seen = BTreeMap::new();
    let mut management = Vec::new();
    for word in &file.management {
        checker.once(&mut seen, word, "management");
        management.extend(checker.word::<Management>(word, "management"));
    }
    management
}

fn redirect(checker: &mut Checker<'_>, file: &wire::File, app_kind: Option<AppKind>) -> Option<RedirectRule> {
    let Some(redirect) = &file.redirect else {
        if app_kind == Some(AppKind::General) {
            let help = "add `[redirect]` with `rule = \"servicenow-instance\"` or `rule = \"regions\"`";
            checker.advise(file.app_kind.span(), "a General app without `[redirect]`", help);
        }
        return None;
    };
    if app_kind == Some(AppKind::ServerToServer) {
        let help = "nobody is redirected: leave `[redirect]` out";
        checker.advise(redirect.rule.span(), "a redirect rule for a Server-to-Server app", help);
    }
    let rule: RuleWord = checker.word(&redirect.rule, "redirect rule")?;
    match rule {
        RuleWord::ServiceNowInstance => {
            if let Some(region) = redirect.regions.first() {
                let help = "they belong to `rule = \"regions\"`";
                checker.advise(region.id.span(), "regions under another rule", help);
            }
            if file.receiver.get_ref() != "servicenow" {
                let help = "only ServiceNow has instances: use `rule = \"regions\"`";
                checker.advise(redirect.rule.span(), "another receiver's redirect rule", help);
            }
            Some(RedirectRule::ServiceNowInstance)
        }
        RuleWord::Regions => {
            if redirect.regions.is_empty() {
                checker.advise(redirect.rule.span(), "no regions", "add `[[redirect.regions]]`");
            }
            let mut seen = BTreeMap::new();
            let regions = redirect.regions.iter().map(|region| {
                checker.once(&mut seen, &region.id, "region");
                self::region(checker, region)
            });
            Some(RedirectRule::Regions(regions.collect()))
        }
    }
}

/// The receiver and Zoom compare redirect URLs byte by byte, so only the normal form is taken.
fn region(checker: &mut Checker<'_>, region: &wire::Region) -> RegionRedirect {
    let address = region.url.get_ref();
    match redirect::check(address) {
        Err(finding) => {
            let place = checker.character(&region.url, finding.column);
            let help = lower_first(finding.hint.trim_end_matches('.'));
            checker.advise(place, lower_first(&finding.message), &help);
        }
        // ServiceNow and Celigo have none, and a receiver's callback that needs one is not known.
        Ok(()) if address.contains('?') => {
            checker.advise(
                region.url.span(),
                "a redirect URL with a query",
                "a redirect URL ends with its path",
            );
        }
        Ok(()) if !address.starts_with("https://") => {
            let help = "a receiver's redirect URL is https; http is for the wizard's own loopback";
            checker.advise(region.url.span(), "a redirect URL that is not https", help);
        }
        Ok(()) => {}
    }
    RegionRedirect {
        id: checker.id(&region.id, "region id"),
        title: checker.text(&region.title),
        url: address.clone(),
        documented: region.documented,
    }
}

/// A sentence as errors of a file begin: small.
fn lower_first(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// Which answers the receiver's addresses are made of.
fn addresses(file: &wire::File, receiver: Option<Receiver>, redirect: Option<&RedirectRule>) -> Addresses {
    let of_rule = redirect.map(|rule| match rule {
        RedirectRule::ServiceNowInstance => FieldName::Instance,
        RedirectRule::Regions(_) => FieldName::Region,
    });
    // A Server-to-Server procedure has no rule; a ServiceNow instance is an address all the same.
    let instance = (receiver == Some(Receiver::ServiceNow)).then_some(FieldName::Instance);
    // A rule that is wrong has been reported; its consequences need not be.
    let unknown_rule = file.redirect.is_some() && redirect.is_none();
    let fallback = unknown_rule.then_some(FieldName::Instance);
    Addresses { redirect: of_rule.or(fallback), receiver: of_rule.or(instance).or(fallback) }
}

/// Answers that the procedure as a whole cannot do without.
fn questions_that_must_be(checker: &mut Checker<'_>, file: &wire::File) {
    let end = file.steps.len();
    if let (Some(redirect), Some(field)) = (&file.redirect, checker.addresses.redirect) {
        checker.uses(field, end, redirect.rule.span());
    }
    if let [first, _, ..] = file.management.as_slice() {
        checker.uses(FieldName::Management, end, first.span());
    }
}

fn needs(checker: &mut Checker<'_>, needs: &[wire::Need]) -> Vec<Need> {
    let need = |need: &wire::Need| Need {
        kind: checker.word(&need.kind, "kind of need").unwrap_or(NeedKind::Other),
        text: checker.text(&need.text),
        who: checker.word(&need.who, "person").unwrap_or(Who::ZoomAdmin),
    };
    needs.iter().map(need).collect()
}

fn corrections(checker: &mut Checker<'_>, file: &wire::File) -> Vec<Correction> {
    let mut seen = BTreeMap::new();
    let correction = |correction: &wire::Correction| {
        checker.id(&correction.id, "correction id");
        checker.once(&mut seen, &correction.id, "correction");
        let mut references = file.steps.iter().flat_map(|step| &step.corrections);
        if !references.any(|reference| reference.get_ref() == correction.id.get_ref()) {
            let message = format!("no step shows the correction `{}`", checker.shown(&correction.id));
            checker.advise(
                correction.id.span(),
                message,
                "name it in the `corrections` of the step it is about",
            );
        }
        Correction {
            documented: checker.text(&correction.documented),
            used: checker.text(&correction.used),
            why: checker.text(&correction.why),
        }
    };
    file.corrections.iter().map(correction).collect()
}

fn omissions(checker: &mut Checker<'_>, omissions: &[wire::Omission]) -> Vec<Omission> {
    let omission = |omission: &wire::Omission| Omission {
        documented: checker.text(&omission.documented),
        why: checker.text(&omission.why),
    };
    omissions.iter().map(omission).collect()
}

fn hand_over(checker: &mut Checker<'_>, file: &wire::File) -> HandOver {
    let (wire, end) = (&file.handover, file.steps.len());
    if wire.fields.is_empty() {
        let help = "add `[[handover.fields]]`: the receiver's form in its own labels";
        checker.advise(wire.last_button.span(), "a hand-over without fields", help);
    }
    HandOver {
        path: checker.templates(&wire.path, end),
        fields: checker.copies(&wire.fields, end),
        last_button: checker.text(&wire.last_button),
        success: checker.template(&wire.success, checker::Role::Prose, end),
        notes: checker.templates(&wire.notes, end),
    }
}
