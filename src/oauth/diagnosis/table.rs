//! The table: its columns, its order, and how a row becomes a diagnosis.

use super::evidence::{Evidence, Mark, Subject};
use super::{rows_api, rows_authorize, rows_token, rows_transport};
use crate::oauth::{Call, Diagnosis, DiagnosisClass};

/// One thing that can go wrong.
pub(super) struct Row {
    /// Stable id.
    pub(super) code: &'static str,
    pub(super) when: When,
    /// The texts may hold `{name}` placeholders ([`PLACEHOLDERS`]).
    pub(super) heading: &'static str,
    pub(super) cause: &'static str,
    pub(super) next: &'static str,
    pub(super) class: DiagnosisClass,
    pub(super) retry: bool,
}

/// Conditions of a row. An empty list is no condition; all that are there must hold.
pub(super) struct When {
    pub(super) subjects: &'static [Subject],
    pub(super) calls: &'static [Call],
    /// First and last status of each range.
    pub(super) statuses: &'static [(u16, u16)],
    pub(super) numbers: &'static [u32],
    /// Values of the OAuth `error`.
    pub(super) errors: &'static [&'static str],
    /// Lower-case parts, one of which the text contains.
    pub(super) texts: &'static [&'static str],
    pub(super) marks: &'static [Mark],
}

/// No condition at all; the base of every row's `when`.
pub(super) const ALWAYS: When =
    When { subjects: &[], calls: &[], statuses: &[], numbers: &[], errors: &[], texts: &[], marks: &[] };

/// All rows in order; the first that fits is taken, so the particular stands before the general.
pub(super) const ROWS: [&[Row]; 6] = [
    rows_transport::ROWS,
    rows_authorize::ROWS,
    rows_api::SCOPE_ROWS,
    rows_token::ROWS,
    rows_api::ROWS,
    rows_transport::LAST_ROWS,
];

/// The closed set of placeholders, each with what stands there where the failure does not say.
const PLACEHOLDERS: [(&str, &str); 10] = [
    ("host", "Zoom"),
    ("call", "asking Zoom"),
    ("detail", "no detail was given"),
    ("status", "an unknown status"),
    ("issuer", "an unknown issuer"),
    ("proxy", "the proxy"),
    ("limit", "the limit"),
    ("scopes", "a scope that the answer does not name"),
    ("wait", "in a minute"),
    ("skew", "this machine's clock is off"),
];

/// The diagnosis of the first row that fits.
pub(super) fn first_match(evidence: &Evidence) -> Diagnosis {
    let row = ROWS
        .iter()
        .copied()
        .flatten()
        .find(|row| row.when.holds(evidence))
        .unwrap_or(&rows_transport::UNKNOWN);
    Diagnosis {
        code: row.code.to_owned(),
        heading: fill(row.heading, evidence),
        cause: fill(row.cause, evidence),
        next: fill(row.next, evidence),
        zoom: evidence.zoom.clone(),
        class: row.class,
        retry: row.retry,
    }
}

impl When {
    fn holds(&self, evidence: &Evidence) -> bool {
        let is_in_range =
            |status: u16| self.statuses.iter().any(|(first, last)| (*first..=*last).contains(&status));
        (self.subjects.is_empty() || self.subjects.contains(&evidence.subject))
            && (self.calls.is_empty() || evidence.call.is_some_and(|call| self.calls.contains(&call)))
            && (self.statuses.is_empty() || evidence.status.is_some_and(is_in_range))
            && (self.numbers.is_empty()
                || evidence.number.is_some_and(|number| self.numbers.contains(&number)))
            && (self.errors.is_empty()
                || evidence.error.as_deref().is_some_and(|error| self.errors.contains(&error)))
            && (self.texts.is_empty() || self.texts.iter().any(|text| evidence.text.contains(text)))
            && self.marks.iter().all(|mark| evidence.marks.contains(mark))
    }
}

/// Replaces placeholders in one pass, so that a `{host}` inside a server's text stays what it is.
fn fill(template: &str, evidence: &Evidence) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rest = after;
            break;
        };
        let stand_in = PLACEHOLDERS.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| *text);
        out.push_str(evidence.value(name).unwrap_or(stand_in));
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_are_well_formed() {
        for row in ROWS.iter().copied().flatten().chain([&rows_transport::UNKNOWN]) {
            let kebab = row
                .code
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(kebab && !row.code.is_empty(), "{}", row.code);
            for text in [row.heading, row.cause, row.next] {
                assert!(text.len() > 8, "{}", row.code);
                for part in text.split('{').skip(1) {
                    let name = part.split('}').next().unwrap();
                    assert!(PLACEHOLDERS.iter().any(|(known, _)| *known == name), "{}: {{{name}}}", row.code);
                }
            }
            assert!(!row.heading.ends_with('.'), "{}: a heading has no full stop", row.code);
            assert!(row.cause.ends_with('.') && row.next.ends_with('.'), "{}", row.code);
        }
    }

    #[test]
    fn every_row_asks_for_an_action() {
        const VERBS: [&str; 17] = [
            "Add", "Ask", "Begin", "Check", "Choose", "Copy", "Give", "Look", "Make", "Open", "Press", "Put",
            "Set", "Use", "Wait", "Turn", "Upgrade",
        ];
        for row in ROWS.iter().copied().flatten().chain([&rows_transport::UNKNOWN]) {
            let first = row.next.split(' ').next().unwrap();
            assert!(VERBS.contains(&first.trim_end_matches([',', ';'])), "{}: {first}", row.code);
        }
    }

    #[test]
    fn a_server_text_is_not_taken_for_a_placeholder() {
        let failure = crate::oauth::Failure {
            call: Call::Read,
            host: "{detail}".to_owned(),
            kind: crate::oauth::FailureKind::Dns { detail: "x".to_owned() },
            clock_offset_s: None,
        };
        let evidence = Evidence::of_failure(&failure, jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(fill("{host} {detail} {", &evidence), "{detail} x ");
    }
}
