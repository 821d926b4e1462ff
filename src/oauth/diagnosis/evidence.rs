//! What a failure shows, in the form that the table's conditions are about.

use super::wait;
use crate::oauth::{Call, Failure, FailureKind};
use crate::secret::printable;
use jiff::Timestamp;
use serde_json::Value;

/// Longest text of Zoom that is repeated, in characters.
const LONGEST_TEXT: usize = 300;
/// How much of a body without structure is looked at, in characters.
const LONGEST_SCAN: usize = 20_000;

/// Where and as what a failure shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An answer with a JSON object.
    Json,
    /// An answer with an HTML page.
    Html,
    /// An answer without a body.
    Empty,
    /// An answer with other text.
    Text,
    /// `error=` in the redirect.
    Callback,
    /// A number on the authorize page.
    AuthorizePage,
    Dns,
    Connect,
    Tls,
    Proxy,
    TimedOut,
    AnswerLost,
    TooLarge,
    Malformed,
    Forbidden,
    /// This machine's clock.
    Clock,
}

/// Something that is found out beyond codes and texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The text names the scopes that are missing.
    ScopesNamed,
    /// `Retry-After` is an ISO-8601 date and time: the daily limit.
    DailyLimit,
    /// The issuer of the certificate is known.
    IssuerNamed,
}

/// A failure, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) subject: Subject,
    pub(super) call: Option<Call>,
    pub(super) status: Option<u16>,
    /// Zoom's number: `4734`, `124`.
    pub(super) number: Option<u32>,
    /// OAuth `error`, lower-case.
    pub(super) error: Option<String>,
    /// Every text there is, lower-case.
    pub(super) text: String,
    pub(super) marks: Vec<Mark>,
    /// Zoom's own code and text, printable.
    pub(super) zoom: Option<String>,
    /// Values for the placeholders of the texts, by name.
    pub(super) values: Vec<(&'static str, String)>,
}

impl Evidence {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            call: None,
            status: None,
            number: None,
            error: None,
            text: String::new(),
            marks: Vec::new(),
            zoom: None,
            values: Vec::new(),
        }
    }

    pub(super) fn of_failure(failure: &Failure, now: Timestamp) -> Self {
        let mut evidence = match &failure.kind {
            FailureKind::Answered { status, body, content_type, retry_after } => {
                Self::of_answer(*status, body, content_type, retry_after.as_deref(), now)
            }
            FailureKind::Dns { detail } => Self::of_detail(Subject::Dns, detail),
            FailureKind::Connect { detail } => Self::of_detail(Subject::Connect, detail),
            FailureKind::Tls { detail, issuer } => {
                let mut evidence = Self::of_detail(Subject::Tls, detail);
                if let Some(issuer) = issuer {
                    evidence.marks.push(Mark::IssuerNamed);
                    evidence.values.push(("issuer", printable(issuer, 120)));
                }
                evidence
            }
            FailureKind::Proxy { detail, proxy } => {
                let mut evidence = Self::of_detail(Subject::Proxy, detail);
                evidence.values.push(("proxy", printable(proxy, 120)));
                evidence
            }
            FailureKind::TimedOut { limit_s } => {
                let mut evidence = Self::new(Subject::TimedOut);
                evidence.values.push(("limit", wait::span_in_words(*limit_s)));
                evidence
            }
            FailureKind::AnswerLost { detail } => Self::of_detail(Subject::AnswerLost, detail),
            FailureKind::TooLarge { limit_bytes } => {
                let mut evidence = Self::new(Subject::TooLarge);
                evidence.values.push(("limit", format!("{} kB", limit_bytes / 1_000)));
                evidence
            }
            FailureKind::Malformed { detail } => Self::of_detail(Subject::Malformed, detail),
            FailureKind::Forbidden { detail } => Self::of_detail(Subject::Forbidden, detail),
        };
        evidence.call = Some(failure.call);
        evidence.values.push(("host", printable(&failure.host, 120)));
        evidence.values.push(("call", failure.call.words().to_owned()));
        evidence
    }

    fn of_detail(subject: Subject, detail: &str) -> Self {
        let mut evidence = Self::new(subject);
        evidence.text = detail.to_lowercase();
        evidence.values.push(("detail", printable(detail, LONGEST_TEXT)));
        evidence
    }

    fn of_answer(
        status: u16,
        body: &str,
        content_type: &str,
        retry_after: Option<&str>,
        now: Timestamp,
    ) -> Self {
        let json = serde_json::from_str::<Value>(body).ok().filter(Value::is_object);
        let trimmed = body.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
        let mut evidence = match json {
            Some(json) => Self::of_json(status, &json),
            None if trimmed.is_empty() => {
                let mut evidence = Self::new(Subject::Empty);
                evidence.zoom = Some(format!("{status}, without a text"));
                evidence
            }
            None if content_type.contains("html") || trimmed.starts_with('<') => {
                let mut evidence = Self::new(Subject::Html);
                evidence.zoom = Some(match title_of(trimmed) {
                    Some(title) => format!("{status}, a page titled \"{title}\""),
                    None => format!("{status}, a page without a title"),
                });
                evidence
            }
            None => {
                let mut evidence = Self::new(Subject::Text);
                let text: String = trimmed.chars().take(LONGEST_SCAN).collect();
                evidence.number = scan_authorize_page(&text).map(u32::from);
                evidence.zoom = Some(format!("{status}: {}", printable(&text, LONGEST_TEXT)));
                evidence.name_scopes(&text);
                evidence.text = text.to_lowercase();
                evidence
            }
        };
        evidence.status = Some(status);
        evidence.values.push(("status", status.to_string()));
        if let Some(retry_after) = retry_after {
            if wait::is_iso_date(retry_after) {
                evidence.marks.push(Mark::DailyLimit);
            }
            if let Some(words) = wait::in_words(retry_after, now) {
                evidence.values.push(("wait", words));
            }
        }
        evidence
    }

    fn of_json(status: u16, json: &Value) -> Self {
        let mut evidence = Self::new(Subject::Json);
        // Some answers wrap code and message into an `error` object.
        let inner = json.get("error").filter(|value| value.is_object()).unwrap_or(json);
        let texts: Vec<&str> = ["reason", "message", "errorMessage", "error_description", "description"]
            .into_iter()
            .filter_map(|key| inner.get(key).and_then(Value::as_str))
            .filter(|text| !text.is_empty())
            .collect();
        let fields = field_messages(inner);
        let all =
            texts.iter().copied().chain(fields.iter().map(String::as_str)).collect::<Vec<_>>().join("; ");
        let numbered =
            ["code", "errorCode", "error_code"].into_iter().find_map(|key| number_of(inner.get(key)));
        evidence.number = numbered.or_else(|| scan_authorize_page(&all).map(u32::from));
        let error = json.get("error").and_then(Value::as_str).filter(|text| !text.is_empty());
        let head = match (error, numbered) {
            (Some(error), Some(number)) => format!("{status} {} (code {number})", printable(error, 80)),
            (Some(error), None) => format!("{status} {}", printable(error, 80)),
            (None, Some(number)) => format!("{status} code {number}"),
            (None, None) => status.to_string(),
        };
        evidence.zoom =
            Some(if all.is_empty() { head } else { format!("{head}: {}", printable(&all, LONGEST_TEXT)) });
        evidence.error = error.map(str::to_lowercase);
        evidence.name_scopes(&all);
        evidence.text = all.to_lowercase();
        evidence
    }

    pub(super) fn of_callback(error: &str, description: Option<&str>) -> Self {
        let mut evidence = Self::new(Subject::Callback);
        let shown = printable(error, 80);
        let text = description.unwrap_or_default();
        evidence.error = Some(error.to_lowercase());
        evidence.number = scan_authorize_page(text).or_else(|| scan_authorize_page(error)).map(u32::from);
        evidence.name_scopes(text);
        evidence.zoom = Some(if text.is_empty() {
            shown.clone()
        } else {
            format!("{shown}: {}", printable(text, LONGEST_TEXT))
        });
        evidence.text = text.to_lowercase();
        evidence
    }

    pub(super) fn of_authorize_page(number: u16) -> Self {
        let mut evidence = Self::new(Subject::AuthorizePage);
        evidence.number = Some(u32::from(number));
        evidence.zoom = Some(format!("{number} on the authorize page"));
        evidence
    }

    pub(super) fn of_clock(skew: String) -> Self {
        let mut evidence = Self::new(Subject::Clock);
        evidence.values.push(("skew", skew));
        evidence
    }

    fn name_scopes(&mut self, text: &str) {
        if let Some(scopes) = missing_scopes(text) {
            self.marks.push(Mark::ScopesNamed);
            self.values.push(("scopes", scopes.join(", ")));
        }
    }

    /// The value of a placeholder, where this failure has one.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// `errors: [{field, message}]` of the API's validation answers.
fn field_messages(json: &Value) -> Vec<String> {
    json.get("errors")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(5)
        .filter_map(|entry| {
            let message = entry.get("message").and_then(Value::as_str)?;
            let field = entry.get("field").or_else(|| entry.get("setting")).and_then(Value::as_str);
            Some(field.map_or_else(|| message.to_owned(), |field| format!("{field}: {message}")))
        })
        .collect()
}

fn number_of(value: Option<&Value>) -> Option<u32> {
    match value? {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.replace([',', '.', ' '], "").parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn title_of(page: &str) -> Option<String> {
    // ASCII lower-casing keeps every byte position.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = page[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| printable(&title, 80))
}

/// The scopes that an answer of Zoom says are missing, in answer order. They are alternatives: any one of
/// them would do. The number that comes with it varies (104, 201, 4700, 4711), so only the text counts.
///
/// `None` if the text is about something else.
pub fn missing_scopes(text: &str) -> Option<Vec<String>> {
    let lower = text.to_ascii_lowercase();
    let marker = ["does not contain scopes", "does not contain scope", "missing scopes", "missing scope"]
        .into_iter()
        .find_map(|marker| lower.find(marker).map(|start| start + marker.len()))?;
    let rest = text[marker..].trim_start_matches([':', ' ']);
    let list = match rest.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => rest.split(['"', '}', ';', '\n']).next().unwrap_or_default().trim_end_matches('.'),
    };
    let mut scopes: Vec<String> = Vec::new();
    for name in list.split([',', ' ']) {
        let name = name.trim_matches(|character: char| {
            character.is_whitespace() || matches!(character, '"' | '\'' | '\\' | '[' | ']')
        });
        let is_scope = name.contains([':', '_'])
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_-.".contains(&byte));
        if is_scope && !scopes.iter().any(|known| known == name) && scopes.len() < 50 {
            scopes.push(name.to_owned());
        }
    }
    (!scopes.is_empty()).then_some(scopes)
}

/// The error number (4700 to 4799) that a page of Zoom shows, in any digit grouping (`4,700`, `4.700`,
/// `4 700`), or as `errorCode` of a JSON text.
pub fn scan_authorize_page(text: &str) -> Option<u16> {
    let text = without_entities(text);
    // A bare number counts only where Zoom's table has one, because pages are full of numbers.
    let bare = || grouped_numbers(&text).into_iter().find(|(_, _, number)| (4700..=4741).contains(number));
    marked_number(&text).or_else(|| bare().map(|(_, _, number)| number))
}

/// As [`scan_authorize_page`], but only a number that stands where an error's does: as `errorCode` of a JSON
/// text or, `in_words`, in parentheses. For texts that nobody has chosen, such as a whole page.
pub fn scan_error(text: &str, in_words: bool) -> Option<u16> {
    let text = without_entities(text);
    if in_words { marked_number(&text) } else { json_number(&text) }
}

fn without_entities(text: &str) -> String {
    text.replace("&nbsp;", " ").replace("&#160;", " ")
}

fn marked_number(text: &str) -> Option<u16> {
    let in_parentheses = || {
        grouped_numbers(text)
            .into_iter()
            .find(|(start, end, _)| text[..*start].ends_with('(') && text[*end..].starts_with(')'))
    };
    json_number(text).or_else(|| in_parentheses().map(|(_, _, number)| number))
}

fn json_number(text: &str) -> Option<u16> {
    let before = |start: usize| text[..start].trim_end_matches([' ', '"', ':', '\\']);
    let names_error = |start: usize| {
        let before = before(start);
        before.ends_with("errorCode") || before.ends_with("error_code")
    };
    grouped_numbers(text).into_iter().find(|(start, _, _)| names_error(*start)).map(|(_, _, number)| number)
}

/// Every `47dd` that stands by itself: start, end (bytes), number.
fn grouped_numbers(text: &str) -> Vec<(usize, usize, u16)> {
    let is_group_mark = |character: char| {
        matches!(character, ',' | '.' | '\'' | '\u{2019}' | '_') || character.is_whitespace()
    };
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '#');
    let mut found = Vec::new();
    for (start, _) in text.match_indices('4') {
        let mut rest = text[start + 1..].chars();
        let mut end = start + 1;
        let Some(mut next) = rest.next() else { continue };
        if is_group_mark(next) {
            end += next.len_utf8();
            let Some(after) = rest.next() else { continue };
            next = after;
        }
        if next != '7' {
            continue;
        }
        let digits: String = rest.take(2).filter(char::is_ascii_digit).collect();
        let Some(number) = format!("47{digits}").parse::<u16>().ok().filter(|_| digits.len() == 2) else {
            continue;
        };
        end += 3;
        let mut ahead = text[end..].chars();
        let follower = ahead.next();
        let grouped_on = follower.is_some_and(|mark| matches!(mark, ',' | '.'))
            && ahead.next().is_some_and(|character| character.is_ascii_digit());
        let mut behind = text[..start].chars().rev();
        let leader = behind.next();
        let grouped_before = leader.is_some_and(|mark| matches!(mark, ',' | '.'))
            && behind.next().is_some_and(|character| character.is_ascii_digit());
        let alone = !leader.is_some_and(is_word) && !follower.is_some_and(is_word);
        if alone && !grouped_on && !grouped_before {
            found.push((start, end, number));
        }
    }
    found
}
