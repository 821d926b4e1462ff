//! Findings: what a diagnosis, the store or the time makes of a connection. Zoom's refusals have their words from
//! the table of [`crate::oauth::diagnosis`]; what to do about them is said for a connection that was set up once.

use super::checking::{NotAsked, Subject};
use super::{Finding, FindingCode, REFRESH_TOKEN_LIFE, REFRESH_TOKEN_OLD, ScopeDrift, Status, words};
use crate::oauth::diagnosis::{diagnose, span_in_words};
use crate::oauth::verdict::Verdict;
use crate::oauth::{Diagnosis, DiagnosisClass};
use crate::ports::{Adopted, StoreFailure};
use crate::secret::printable;
use jiff::{SignedDuration, Timestamp};

/// Most scopes that a sentence names.
const MOST_NAMED: usize = 3;

fn finding(
    code: FindingCode,
    severity: Status,
    message: impl Into<String>,
    cause: impl Into<String>,
    next: impl Into<String>,
) -> Finding {
    Finding { code, severity, message: message.into(), cause: cause.into(), next: next.into(), zoom: None }
}

/// The finding that a row of the diagnosis table is.
pub(super) fn code_of(problem: &Diagnosis) -> FindingCode {
    match problem.code.as_str() {
        "invalid-client" | "unknown-client-id" => FindingCode::CredentialsRefused,
        "wrong-account" | "account-refused" | "not-activated-or-wrong-account" => FindingCode::AccountRefused,
        "app-disabled" => FindingCode::AppDisabled,
        "token-owner-gone" => FindingCode::OwnerRemoved,
        "token-disabled-by-admin" => FindingCode::DisabledByAdmin,
        "token-superseded" => FindingCode::Superseded,
        "refresh-token-spent" | "refresh-token-unknown" | "scopes-changed" => {
            FindingCode::RefreshTokenRefused
        }
        "access-token-expired" | "access-token-invalid" => FindingCode::TokenRefused,
        "rate-limited" | "rate-limited-daily" => FindingCode::RateLimited,
        "clock-skew" => FindingCode::ClockSkew,
        _ if problem.class == DiagnosisClass::Unreachable => FindingCode::Unreachable,
        _ => FindingCode::Refused,
    }
}

fn severity_of(code: FindingCode) -> Status {
    match code {
        FindingCode::ClockSkew
        | FindingCode::RefreshTokenOld
        | FindingCode::ScopesGained
        | FindingCode::RedirectRefused
        | FindingCode::RescuedPairStored => Status::Warning,
        FindingCode::Unreachable
        | FindingCode::RateLimited
        | FindingCode::StoreLocked
        | FindingCode::StoreUnreadable
        | FindingCode::Stopped => Status::NotChecked,
        FindingCode::CredentialsRefused
        | FindingCode::AccountRefused
        | FindingCode::Superseded
        | FindingCode::AppDisabled
        | FindingCode::DisabledByAdmin
        | FindingCode::OwnerRemoved
        | FindingCode::RefreshTokenExpired
        | FindingCode::RefreshTokenRefused
        | FindingCode::RefreshInterrupted
        | FindingCode::NewPairNotStored
        | FindingCode::NoRefreshToken
        | FindingCode::TokenRefused
        | FindingCode::ScopesMissing
        | FindingCode::SecretMissing
        | FindingCode::Refused => Status::Unhealthy,
    }
}

/// What a failed question amounts to.
pub(super) fn of_diagnosis(subject: &Subject, problem: &Diagnosis) -> Finding {
    let code = code_of(problem);
    let next = words::next(code, subject).unwrap_or_else(|| words::without_keys(&problem.next));
    Finding {
        zoom: problem.zoom.clone(),
        ..finding(code, severity_of(code), &problem.heading, &problem.cause, next)
    }
}

/// A clock that is off.
pub(super) fn of_clock(problem: &Diagnosis) -> Finding {
    let next = words::without_keys(&problem.next);
    finding(FindingCode::ClockSkew, Status::Warning, &problem.heading, &problem.cause, next)
}

/// A refresh that Zoom refused. `age`: of the refresh token.
pub(super) fn of_refused_refresh(
    subject: &Subject,
    problem: &Diagnosis,
    age: Option<SignedDuration>,
) -> Finding {
    let plain = of_diagnosis(subject, problem);
    match age.filter(|age| *age >= REFRESH_TOKEN_LIFE) {
        Some(age) if plain.code == FindingCode::RefreshTokenRefused => Finding {
            zoom: plain.zoom,
            ..finding(
                FindingCode::RefreshTokenExpired,
                Status::Unhealthy,
                format!("The refresh token is {} old, and Zoom refuses it", days(age)),
                "A refresh token that nobody uses lives for about 90 days.",
                words::log_in_again(subject),
            )
        },
        Some(_) | None => plain,
    }
}

/// Nobody was asked.
pub(super) fn not_asked(why: &NotAsked, now: Timestamp) -> Finding {
    match why {
        NotAsked::Limited { until, zoom } => {
            let again = match until {
                Some(until) => format!("Check again {}.", words::moment(*until, now)),
                None => "Check again in a few minutes.".to_owned(),
            };
            Finding {
                zoom: zoom.clone(),
                ..finding(
                    FindingCode::RateLimited,
                    Status::NotChecked,
                    match until {
                        Some(until) => format!("Zoom's rate limit is reached until {}", words::clock(*until)),
                        None => "Zoom's rate limit is reached".to_owned(),
                    },
                    "All apps of an account share its limit. Nothing more was asked for this account.",
                    again,
                )
            }
        }
        NotAsked::OutOfReach { times, failure } => {
            let problem = diagnose(failure, now);
            Finding {
                zoom: problem.zoom,
                ..finding(
                    FindingCode::Unreachable,
                    Status::NotChecked,
                    problem.heading,
                    format!(
                        "{} {times} requests in a row got no answer, so this was not asked.",
                        problem.cause
                    ),
                    words::without_keys(&problem.next),
                )
            }
        }
    }
}

/// The check was stopped.
pub(super) fn stopped() -> Finding {
    finding(
        FindingCode::Stopped,
        Status::NotChecked,
        "Stopped before it was checked to its end",
        "The check was ended from outside.",
        "Check again.",
    )
}

/// What the store says.
pub(super) fn of_store(failure: &StoreFailure) -> Finding {
    let (code, message, next) = match failure {
        StoreFailure::NeedsPassphrase { why, .. } => (
            FindingCode::StoreLocked,
            format!("The secrets are locked, and need a passphrase ({})", printable(why, 300)),
            "Unlock the keyring, or set ZOOM_SETUP_PASSPHRASE where no prompt is possible; then check again.",
        ),
        StoreFailure::WrongPassphrase => (
            FindingCode::StoreLocked,
            "The passphrase does not open the secrets".to_owned(),
            "Give the right passphrase in ZOOM_SETUP_PASSPHRASE, and check again.",
        ),
        StoreFailure::Locked { message } => (
            FindingCode::StoreLocked,
            printable(message, 300).trim_end_matches('.').to_owned(),
            "Let the other zoom-setup finish, and check again.",
        ),
        StoreFailure::Io { message } => (
            FindingCode::StoreUnreadable,
            printable(message, 300).trim_end_matches('.').to_owned(),
            "Make room on the disk, or make the file or directory that is named readable and writable, and check again.",
        ),
        StoreFailure::Unreadable { message } => (
            FindingCode::StoreUnreadable,
            printable(message, 300).trim_end_matches('.').to_owned(),
            "See what is damaged with: zoom-setup store. What has a backup comes back with: zoom-setup store repair.",
        ),
    };
    let cause = "Nothing was asked of Zoom with what cannot be read, and nothing was spent.";
    finding(code, Status::NotChecked, message, cause, next)
}

/// What the store says of the tokens. These have no backup: it would bring back a pair that is spent.
pub(super) fn of_token_store(subject: &Subject, failure: &StoreFailure) -> Finding {
    let plain = of_store(failure);
    match failure {
        // Secrets that stay shut as a whole are another matter.
        StoreFailure::Unreadable { .. } if subject.client_secret.as_ref().err() != Some(failure) => Finding {
            cause:
                "Nothing was asked of Zoom. Tokens have no backup: it could bring back a pair that is spent."
                    .to_owned(),
            next: words::new_login(subject),
            ..plain
        },
        StoreFailure::Unreadable { .. }
        | StoreFailure::Io { .. }
        | StoreFailure::Locked { .. }
        | StoreFailure::NeedsPassphrase { .. }
        | StoreFailure::WrongPassphrase => plain,
    }
}

/// The question about the pair got no answer of Zoom's. Its code was made up: there is nothing to begin again.
pub(super) fn of_unanswered_pair(subject: &Subject, problem: &Diagnosis) -> Finding {
    let plain = of_diagnosis(subject, problem);
    // These words of the table are of a code or a token that somebody holds; those of the way to Zoom fit here, too.
    if !matches!(problem.code.as_str(), "timed-out" | "answer-lost" | "malformed-answer") {
        return plain;
    }
    Finding {
        cause: "Zoom did not answer the question whether it knows the client ID and secret. It was asked with a \
                made-up code, so nothing was spent, and the login at the receiver is untouched."
            .to_owned(),
        next: "Whoever runs the network: see that this machine reaches Zoom (proxy, firewall). Then check again."
            .to_owned(),
        ..plain
    }
}

/// The client secret is not here.
pub(super) fn secret_missing(subject: &Subject, severity: Status) -> Finding {
    finding(
        FindingCode::SecretMissing,
        severity,
        "The client secret is not stored here",
        "The connection was stored without it, or its secrets were removed. Without it Zoom cannot be asked.",
        words::store_secret(subject),
    )
}

/// No refresh token is stored; `lives`: the access token does, for now.
pub(super) fn no_refresh_token(subject: &Subject, lives: bool) -> Finding {
    let (severity, cause) = if lives {
        (Status::Warning, "Zoom gave none with the login. The access token works until its hour is over.")
    } else {
        (Status::Unhealthy, "The tokens were removed here, or Zoom never gave a refresh token.")
    };
    let next = words::log_in_again(subject);
    finding(FindingCode::NoRefreshToken, severity, "There is no refresh token here", cause, next)
}

/// A refresh whose end nobody knows.
pub(super) fn interrupted(subject: &Subject, since: Timestamp, problem: Option<&Diagnosis>) -> Finding {
    let why = match problem {
        Some(problem) => format!("{}.", problem.heading),
        None => "The program was ended in the middle of it, or Zoom's answer was lost.".to_owned(),
    };
    let log_in = words::log_in_again(subject);
    // A page in Zoom's place, or no answer: a login takes the same way.
    let next = match problem.filter(|problem| problem.class == DiagnosisClass::Unreachable) {
        Some(_) => format!(
            "Whoever runs the network: mend the way to Zoom first. Then {}",
            words::lower_first(&log_in)
        ),
        None => log_in,
    };
    Finding {
        zoom: problem.and_then(|problem| problem.zoom.clone()),
        ..finding(
            FindingCode::RefreshInterrupted,
            Status::Unhealthy,
            format!("A refresh was begun {} and its end is not known", words::clock(since)),
            format!(
                "{why} Zoom may have spent the refresh token, which works once, so it is not sent again."
            ),
            next,
        )
    }
}

/// A new pair that hangs by a thread.
pub(super) fn not_stored(failure: &StoreFailure, rescued: Option<&str>) -> Finding {
    let said = match failure {
        StoreFailure::Io { message }
        | StoreFailure::Unreadable { message }
        | StoreFailure::Locked { message }
        | StoreFailure::NeedsPassphrase { why: message, .. } => printable(message, 300),
        StoreFailure::WrongPassphrase => "the passphrase does not open the secrets".to_owned(),
    };
    let (message, next) = match rescued {
        Some(place) => (
            format!(
                "Zoom gave a new pair, and the store did not take it; it is kept in {}",
                printable(place, 300)
            ),
            "Mend the store soon: the next check takes the pair from there. The old pair is spent, so do not remove \
             that file.",
        ),
        None => (
            "Zoom gave a new pair, and the store did not take it".to_owned(),
            "Mend the store, then log in again: the old pair is spent, and the new one was in this run only.",
        ),
    };
    let cause = format!("{}.", said.trim_end_matches('.'));
    finding(FindingCode::NewPairNotStored, Status::Unhealthy, message, cause, next)
}

/// A pair that an earlier run could not store.
pub(super) fn adopted(adopted: &Adopted) -> Finding {
    match &adopted.failure {
        Some(failure) => not_stored(failure, Some(&adopted.place)),
        None => finding(
            FindingCode::RescuedPairStored,
            Status::Warning,
            format!("A pair that was kept in {} is stored now", printable(&adopted.place, 300)),
            "An earlier run could not store it.",
            "Nothing has to be done; see that the store has room and can be written.",
        ),
    }
}

/// No randomness, no question with a made-up code.
pub(super) fn no_randomness(why: &str) -> Finding {
    finding(
        FindingCode::Refused,
        Status::NotChecked,
        "Nothing could be asked",
        format!("This system gives no randomness: {}.", printable(why, 200)),
        "Check again.",
    )
}

/// A verdict that is no diagnosis.
pub(super) fn of_verdict(verdict: &Verdict, severity: Status) -> Finding {
    let (cause, next) = match verdict.candidates.first() {
        Some(candidate) => (candidate.cause.clone(), words::without_keys(&candidate.test)),
        None => (verdict.evidence.join(" "), "Check again.".to_owned()),
    };
    let code = match verdict.class {
        DiagnosisClass::Unreachable => FindingCode::Unreachable,
        DiagnosisClass::Refused | DiagnosisClass::CheckFailed => FindingCode::Refused,
    };
    let message = verdict.heading.trim_end_matches('.');
    Finding { zoom: verdict.zoom.clone(), ..finding(code, severity, message, cause, next) }
}

/// The sign-in page refuses.
pub(super) fn of_redirect(subject: &Subject, verdict: &Verdict) -> Finding {
    let receiver = subject.connection.receiver.label();
    let cause = format!(
        "The URL was changed or removed in one of Zoom's two fields. The live grant does without it; the next login \
         of {receiver} does not."
    );
    let next = words::redirect(subject);
    let message = verdict.heading.trim_end_matches('.');
    Finding {
        zoom: verdict.zoom.clone(),
        ..finding(FindingCode::RedirectRefused, Status::Warning, message, cause, next)
    }
}

/// Scopes that were lost or gained. `known_now`: an answer of this check named them.
pub(super) fn of_scopes(subject: &Subject, drift: &ScopeDrift, known_now: bool) -> Vec<Finding> {
    let when = if known_now { "" } else { " (as granted last)" };
    let mut out = Vec::new();
    if !drift.missing.is_empty() {
        out.push(finding(
            FindingCode::ScopesMissing,
            Status::Unhealthy,
            format!("{} missing{when}: {}", scopes(drift.missing.len()), named(&drift.missing)),
            if drift.missing.len() == 1 {
                "It was removed from the app, or never added: a token holds what the app had when it was made."
            } else {
                "They were removed from the app, or never added: a token holds what the app had when it was made."
            },
            words::scopes_missing(subject, drift.missing.len()),
        ));
    }
    if !drift.excess.is_empty() {
        out.push(finding(
            FindingCode::ScopesGained,
            Status::Warning,
            format!("{} more than chosen{when}: {}", scopes(drift.excess.len()), named(&drift.excess)),
            "Somebody added them to the app, or the set-up chose fewer.",
            words::scopes_gained(subject),
        ));
    }
    out
}

/// A refresh token that gets old, unless something worse was said about it.
pub(super) fn of_age(
    subject: &Subject,
    findings: &[Finding],
    from: Timestamp,
    now: Timestamp,
) -> Option<Finding> {
    let age = now.duration_since(from);
    let gone = [
        FindingCode::RefreshTokenExpired,
        FindingCode::RefreshTokenRefused,
        FindingCode::RefreshInterrupted,
        FindingCode::Superseded,
        FindingCode::OwnerRemoved,
        FindingCode::DisabledByAdmin,
    ];
    if age < REFRESH_TOKEN_OLD || findings.iter().any(|found| gone.contains(&found.code)) {
        return None;
    }
    let left = REFRESH_TOKEN_LIFE.saturating_sub(age);
    let cause = if left.is_positive() {
        format!("Unused it lives for about 90 days, so about {} are left.", days(left))
    } else {
        "Unused it lives for about 90 days; whether Zoom still takes it was not seen.".to_owned()
    };
    let message = format!("The refresh token is {} old", days(age));
    Some(finding(FindingCode::RefreshTokenOld, Status::Warning, message, cause, words::refresh(subject)))
}

fn scopes(count: usize) -> String {
    format!("{count} scope{}", if count == 1 { "" } else { "s" })
}

fn named(ids: &[String]) -> String {
    let some: Vec<String> = ids.iter().take(MOST_NAMED).map(|id| printable(id, 120)).collect();
    match ids.len().saturating_sub(MOST_NAMED) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}

fn days(span: SignedDuration) -> String {
    match u64::try_from(span.as_hours() / 24) {
        Ok(1) => "1 day".to_owned(),
        Ok(days @ 2..) => format!("{days} days"),
        Ok(0) | Err(_) => span_in_words(span.as_secs().unsigned_abs()),
    }
}
