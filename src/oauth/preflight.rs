//! What the authorize page says before anybody signs in. Zoom can refuse client ID and redirect URL there; that
//! it says nothing proves nothing, since an error may come only after the sign-in.

use super::authorize::{Endpoints, authorize_url};
use super::diagnosis::{diagnose_authorize_page, diagnose_callback_error, scan_error};
use super::pkce::Verifier;
use super::probe::undecided;
use super::verdict::{Candidate, Judgement, Verdict};
use super::{Call, Diagnosis, DiagnosisClass, Failure, FailureKind, PreflightAnswer, PreflightRequest};
use crate::secret::{Secret, printable};
use jiff::Timestamp;
use serde_json::Value;

/// Longest sentence of Zoom that is repeated, in characters.
const LONGEST_SENTENCE: usize = 300;

/// The look at the page on which a login over this redirect URL would begin.
pub fn request(
    endpoints: &Endpoints,
    client_id: &str,
    redirect_uri: String,
    state: &Secret,
    verifier: &Verifier,
) -> PreflightRequest {
    let url = authorize_url(endpoints, client_id, &redirect_uri, state, &verifier.challenge());
    PreflightRequest { url, redirect_uri }
}

/// What was asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Host that was asked, for the texts.
    pub host: &'a str,
    /// The redirect URL that was sent.
    pub redirect_uri: &'a str,
    /// The token endpoint knows the pair of this client ID: if the authorize page refuses it all the same, the
    /// other view's fields are the likely cause.
    pub pair_known: bool,
}

/// The verdict on the client ID and the redirect URL.
pub fn read(answer: &Result<PreflightAnswer, Failure>, asked: Asked<'_>, now: Timestamp) -> Verdict {
    match answer {
        Err(failure) => undecided(failure, now),
        Ok(PreflightAnswer::SignIn) => {
            nothing_wrong("Zoom took client ID and redirect URL as far as its sign-in page.", asked)
        }
        Ok(PreflightAnswer::SentBack { error: None }) => {
            nothing_wrong("Zoom sends the browser to this redirect URL without a complaint.", asked)
        }
        Ok(PreflightAnswer::SentBack { error: Some((error, description)) }) => {
            let problem = diagnose_callback_error(error, description.as_deref());
            Verdict::of_diagnosis(Judgement::Refused, &problem)
                .seen("Zoom took the redirect URL and sent the refusal there, before any sign-in.")
        }
        Ok(PreflightAnswer::Elsewhere { host }) => open(
            "Not checked: the way leads away from Zoom",
            format!("The authorize page sends the browser on to {}.", printable(host, 120)),
        ),
        Ok(PreflightAnswer::TooManyRedirects) => open(
            "Not checked: Zoom sends the browser in circles",
            "The authorize page sent on more than five times, without a sign-in page.".to_owned(),
        ),
        Ok(PreflightAnswer::Page { status, body, content_type, retry_after }) => {
            if let Some((number, sentence)) = refusal(body) {
                return refused(number, sentence, asked);
            }
            if (200..=299).contains(status) && !body.trim().is_empty() {
                return nothing_wrong("Zoom showed a page without an error number.", asked);
            }
            let failure = Failure {
                call: Call::Probe,
                host: asked.host.to_owned(),
                kind: FailureKind::Answered {
                    status: *status,
                    body: body.clone(),
                    content_type: content_type.clone(),
                    retry_after: retry_after.clone(),
                },
                clock_offset_s: None,
            };
            undecided(&failure, now)
        }
    }
}

/// The refusal that stands on the authorize page, as a diagnosis with Zoom's own sentence; `None` where the page
/// refuses nothing.
pub fn problem(answer: &Result<PreflightAnswer, Failure>) -> Option<Diagnosis> {
    match answer {
        Ok(PreflightAnswer::Page { body, .. }) => {
            refusal(body).map(|(number, sentence)| on_page(number, sentence))
        }
        Ok(
            PreflightAnswer::SignIn
            | PreflightAnswer::SentBack { .. }
            | PreflightAnswer::Elsewhere { .. }
            | PreflightAnswer::TooManyRedirects,
        )
        | Err(_) => None,
    }
}

fn on_page(number: u16, sentence: Option<String>) -> Diagnosis {
    let problem = diagnose_authorize_page(number);
    match sentence {
        Some(sentence) => Diagnosis { zoom: Some(sentence), ..problem },
        None => problem,
    }
}

fn nothing_wrong(seen: &str, asked: Asked<'_>) -> Verdict {
    Verdict::new(
        "nothing-wrong-seen",
        Judgement::Expected,
        "Nothing wrong seen before sign-in. That is not proof.",
    )
    .seen(seen)
    .seen(format!("Sent: {}", printable(asked.redirect_uri, LONGEST_SENTENCE)))
    .seen("Zoom can still refuse after the sign-in; only a login shows it.")
}

fn open(heading: &str, seen: String) -> Verdict {
    let candidate = Candidate::new(
        "A network login, a proxy or a changed page of Zoom stands in between.",
        "Open Zoom in a browser on this machine. The login will show whether the URL is right.",
    );
    Verdict {
        class: DiagnosisClass::Unreachable,
        ..Verdict::new("preflight-open", Judgement::Open, heading).seen(seen).candidates(vec![candidate])
    }
}

fn refused(number: u16, sentence: Option<String>, asked: Asked<'_>) -> Verdict {
    let problem = on_page(number, sentence);
    let view = Candidate::new(
        if asked.pair_known {
            "The pair is known, so it may be that of the other view: Development and Production have a pair and \
             redirect fields each."
        } else {
            "The client ID is of the other view: Development and Production have a client ID and redirect fields each."
        },
        "In Zoom, look in which view this client ID stands, and enter the URL there.",
    );
    let own = match problem.code.as_str() {
        "invalid-redirect" => vec![
            Candidate::new(
                "It is missing in one of the two fields, or was not saved.",
                "Copy it from here into OAuth Redirect URL and into OAuth Allow Lists, then save.",
            ),
            Candidate::new(
                "It differs there in one character: a capital letter, a slash at the end, http, a space.",
                "Press = on this step and paste back what stands in each field: it points at the difference.",
            ),
            view,
        ],
        "unknown-client-id" => vec![
            Candidate::new(
                "The client ID was cut or mistyped, or the app was deleted.",
                "Copy the Client ID again from the app's App Credentials.",
            ),
            view,
        ],
        _ => vec![Candidate::new(&problem.cause, &problem.next)],
    };
    Verdict::new(&problem.code, Judgement::Refused, &problem.heading)
        .seen(format!("Sent: {}", printable(asked.redirect_uri, LONGEST_SENTENCE)))
        .candidates(own)
        .quoting(problem.zoom)
}

/// Zoom's error number with its sentence: in JSON, in the visible text of a page, or in a page's data.
fn refusal(body: &str) -> Option<(u16, Option<String>)> {
    if let Ok(json) = serde_json::from_str::<Value>(body) {
        let number = scan_error(&json.to_string(), true)?;
        let text = ["errorMessage", "message", "reason"].into_iter().find_map(|key| json.get(key)?.as_str());
        let sentence = text.filter(|text| !text.is_empty());
        return Some((
            number,
            sentence.map(|text| format!("{number}: {}", printable(text, LONGEST_SENTENCE))),
        ));
    }
    let visible = visible_text(body);
    for line in &visible {
        if let Some(number) = scan_error(line, true) {
            return Some((number, Some(printable(line, LONGEST_SENTENCE))));
        }
    }
    // The number may stand in a line of its own, or only in data that a script shows.
    scan_error(&visible.join(" "), true).or_else(|| scan_error(body, false)).map(|number| (number, None))
}

/// The text of a page that a reader sees, a line for each element. A body that is no page is its own text.
fn visible_text(body: &str) -> Vec<String> {
    // ASCII lower-casing keeps every byte position.
    let lower = body.to_ascii_lowercase();
    // Looked for once, since a hostile page can have any number of heads.
    let head_end = lower.find("</head");
    let mut shown = String::new();
    let mut at = 0;
    while let Some(start) = lower[at..].find('<').map(|start| at + start) {
        shown.push_str(&body[at..start]);
        let rest = &lower[start..];
        let end = ["script", "style", "template", "head"].into_iter().find_map(|name| {
            let after = rest[1..].strip_prefix(name)?;
            if !after.starts_with(['>', ' ', '\t', '\n', '\r', '/']) {
                return None;
            }
            if name == "head" {
                // Its end tag may be left out, and then everything follows it.
                return head_end.and_then(|end| end.checked_sub(start)).filter(|end| *end > 0);
            }
            Some(rest.find(&format!("</{name}")).unwrap_or(rest.len()))
        });
        let end = match end {
            Some(end) => end,
            None if rest.starts_with("<!--") => rest.find("-->").map_or(rest.len(), |end| end + 3),
            // A bare angle bracket is text.
            None if !rest[1..]
                .starts_with(|next: char| next.is_ascii_alphabetic() || "/!?".contains(next)) =>
            {
                shown.push('<');
                at = start + 1;
                continue;
            }
            None => rest.find('>').map_or(rest.len(), |end| end + 1),
        };
        if !is_inline(rest) {
            shown.push('\n');
        }
        at = start + end;
    }
    shown.push_str(&body[at..]);
    html_escape::decode_html_entities(&shown)
        .lines()
        .map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// Whether a tag stands inside a line.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(name.len());
    matches!(
        &name[..end],
        "a" | "b" | "code" | "em" | "font" | "i" | "small" | "span" | "strong" | "u" | "wbr"
    )
}

#[cfg(test)]
mod tests;
