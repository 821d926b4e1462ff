//! The checks of a verification as values: outcomes, and what an API answer says about account and user.

use crate::app::wizard::Wizard;
use crate::oauth::authorize::Endpoints;
use crate::oauth::kind::KindFinding;
use crate::oauth::verdict::{Judgement, Verdict};
use crate::oauth::{Diagnosis, Failure, diagnosis};
use crate::procedure::FieldName;
use crate::secret::printable;
use crate::setup::{AccountFacts, Check, Outcome, ProofRecord, Question};
use jiff::Timestamp;
use serde_json::Value;

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(|text| printable(text, 120))
}

pub fn user(body: &Value) -> AccountFacts {
    let parts = [text(body, "first_name"), text(body, "last_name")];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    AccountFacts {
        account_id: text(body, "account_id"),
        user_id: text(body, "id"),
        email: text(body, "email"),
        name: text(body, "display_name").or((!joined.is_empty()).then_some(joined)),
        unknown: Default::default(),
    }
}

pub fn first_user(body: &Value) -> AccountFacts {
    body.get("users").and_then(|users| users.get(0)).map(user).unwrap_or_default()
}

pub fn describe(facts: &AccountFacts) -> String {
    let known: Vec<&str> = [facts.name.as_deref(), facts.email.as_deref()].into_iter().flatten().collect();
    let who = if known.is_empty() { "a user it does not name".to_owned() } else { known.join(", ") };
    match &facts.account_id {
        Some(account) => format!("{who} (account {account})"),
        None => who,
    }
}

/// Scopes of a verification.
pub struct Scopes<'a> {
    /// As the token answers named them.
    pub granted: Option<&'a [String]>,
    pub server_to_server: bool,
    pub chosen: usize,
    /// Chosen and not granted.
    pub missing: &'a [String],
    /// Granted and not chosen.
    pub excess: &'a [String],
    /// The app is user-managed, from which all that is missing follows.
    pub by_kind: bool,
}

/// Most ids that a line names; of more it gives the number.
const MOST_NAMED: usize = 3;

/// `2 missing (a, b)`, or nothing where there are none.
fn named(ids: &[String], what: &str) -> Option<String> {
    match ids.len() {
        0 => None,
        1..=MOST_NAMED => Some(format!("{} {what} ({})", ids.len(), ids.join(", "))),
        many => Some(format!("{many} {what}")),
    }
}

/// Chosen, granted and required scopes, compared.
pub fn scopes_check(scopes: &Scopes<'_>) -> Check {
    let Scopes { server_to_server, chosen, missing, excess, by_kind, .. } = *scopes;
    let Some(granted) = scopes.granted else {
        let detail = "The token answer named no scopes, so they are not confirmed.";
        return not_checked("scopes", "Scopes", detail);
    };
    let (outcome, next) = if !missing.is_empty() {
        // A token keeps the scopes it was granted with; only a new one can have more.
        let what = if by_kind {
            "That follows from the kind of the app: see App kind."
        } else if server_to_server {
            "Add what is missing on the Scopes page in Zoom, then press r."
        } else {
            "Add what is missing on the Scopes page in Zoom. Then Esc to the login, and r there logs in anew."
        };
        (Outcome::Fail, Some(what.to_owned()))
    } else if !excess.is_empty() {
        (Outcome::Warning, Some("Remove what is not needed on the Scopes page in Zoom.".to_owned()))
    } else {
        (Outcome::Pass, None)
    };
    let counts = format!("{chosen} chosen, {} granted", granted.len());
    let none = || missing.is_empty().then(|| "none missing".to_owned());
    let parts = [Some(counts), named(missing, "missing").or_else(none), named(excess, "more than chosen")];
    let detail = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Check {
        code: "scopes".to_owned(),
        title: "Scopes".to_owned(),
        outcome,
        detail,
        next,
        diagnosis: None,
        unknown: Default::default(),
    }
}

/// What the document requires and was not chosen is named, and warned of, whatever else the check says.
pub fn warn_left_out(check: &mut Check, left_out: &[String]) {
    if left_out.is_empty() {
        return;
    }
    let detail = check.detail.trim_end_matches('.');
    check.detail = format!("{detail}. {} required not chosen: {}", left_out.len(), left_out.join(", "));
    if check.outcome != Outcome::Fail {
        check.outcome = Outcome::Warning;
        let next = "The documented job needs them: on the step Scopes, a chooses them. Add them in Zoom too.";
        check.next = Some(next.to_owned());
    }
}

pub fn pass(code: &str, title: &str, detail: &str) -> Check {
    Check {
        code: code.to_owned(),
        title: title.to_owned(),
        outcome: Outcome::Pass,
        detail: detail.to_owned(),
        next: None,
        diagnosis: None,
        unknown: Default::default(),
    }
}

pub fn not_checked(code: &str, title: &str, why: &str) -> Check {
    Check { outcome: Outcome::NotChecked, ..pass(code, title, why) }
}

pub fn failed(code: &str, title: &str, problem: &Diagnosis) -> Check {
    Check {
        outcome: Outcome::Fail,
        next: Some(problem.next.clone()),
        diagnosis: Some(problem.clone()),
        ..pass(code, title, &problem.heading)
    }
}

/// What earlier steps proved about a General app, or why it is not proved.
pub fn proved_before(wizard: &Wizard, endpoints: &Endpoints) -> Vec<Check> {
    if wizard.is_server_to_server() {
        // The token call proves all of it anew.
        return Vec::new();
    }
    let when = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC");
    let mut checks = Vec::new();
    // The secret went along when the code was exchanged.
    let token_came = wizard.tokens.is_some() && wizard.secrets.contains_key(&FieldName::ClientSecret);
    checks.push(match wizard.proof(Question::Pair, endpoints) {
        Some(ProofRecord { verdict, .. }) if token_came && verdict.judgement != Judgement::Proved => {
            pass("pair", "Pair", "Zoom gave the test login a token for it.")
        }
        None if token_came => pass("pair", "Pair", "Zoom gave the test login a token for it."),
        None => not_checked("pair", "Pair", "Zoom was not asked about this client ID and secret."),
        Some(ProofRecord { at, verdict, .. }) => {
            let detail = format!("{} ({})", verdict.summary(), when(*at));
            match verdict.judgement {
                Judgement::Proved => pass("pair", "Pair", &format!("Zoom knew it at {}.", when(*at))),
                Judgement::Expected | Judgement::Open => not_checked("pair", "Pair", &detail),
                Judgement::Refused => warned("pair", "Pair", &detail, verdict),
            }
        }
    });
    // That nothing wrong was seen proves nothing, so only a refusal is worth a line.
    if let Some(ProofRecord { at, verdict, .. }) = wizard.proof(Question::Redirect, endpoints)
        && verdict.judgement == Judgement::Refused
    {
        let detail = format!("{} ({})", verdict.heading, when(*at));
        checks.push(warned("redirect", "Redirect URL", &detail, verdict));
    }
    checks
}

fn warned(code: &str, title: &str, detail: &str, verdict: &Verdict) -> Check {
    Check {
        outcome: Outcome::Warning,
        next: verdict.candidates.first().map(|candidate| candidate.test.clone()),
        ..pass(code, title, detail)
    }
}

/// A sign that the app is of the wrong kind.
pub fn kind_check(finding: KindFinding) -> Check {
    Check {
        outcome: if finding.wrong { Outcome::Fail } else { Outcome::Warning },
        next: Some(finding.next.clone()),
        ..pass("app-kind", "App kind", &finding.text())
    }
}

/// A wrong clock makes tokens look expired; said once.
pub fn note_clock(checks: &mut Vec<Check>, offset_s: Option<i64>) {
    if checks.iter().any(|check| check.code == "clock") {
        return;
    }
    if let Some(problem) = offset_s.and_then(diagnosis::clock_finding) {
        checks.push(Check {
            outcome: Outcome::Warning,
            next: Some(problem.next.clone()),
            diagnosis: Some(problem.clone()),
            ..pass("clock", "Clock", &problem.heading)
        });
    }
}

/// Whether asking for the list of users can tell more than `/users/me` did: the answer was a refusal of
/// this path, not of the token, and not a limit (zoom-oauth facts, sections 0 and 7).
pub fn tell_more(failure: &Failure) -> bool {
    failure.kind.status().is_some_and(|status| (400..500).contains(&status) && status != 401 && status != 429)
}
