//! The diagnosis of everything that can go wrong with Zoom: heading, likely cause, next step, and always
//! Zoom's own code and text.
//!
//! There is one table, `table::ROWS`, in parts by where a failure shows. A failure is read into
//! `evidence::Evidence`; the first row whose conditions it meets is the diagnosis. Sources of the rows:
//! RFC 6749 sections 4.1.2.1 and 5.2, Zoom's OAuth error messages page (4700 to 4741), Zoom's API error
//! page, and bodies that were reported in public. None was tried against a live Zoom by this program.

mod evidence;
mod rows_api;
mod rows_authorize;
mod rows_token;
mod rows_transport;
mod table;
mod wait;

use super::{Call, Diagnosis, DiagnosisClass, Failure};
use crate::error::{Error, ErrorKind};
use evidence::Evidence;
pub use evidence::{missing_scopes, scan_authorize_page, scan_error};
use jiff::Timestamp;
pub use wait::{retry_at, span_in_words};

/// A clock that is off by more than this many seconds is worth saying.
pub const CLOCK_TOLERANCE_S: i64 = 30;

/// A failed call in words. `now` is this machine's time, for waiting times.
pub fn diagnose(failure: &Failure, now: Timestamp) -> Diagnosis {
    let mut diagnosis = table::first_match(&Evidence::of_failure(failure, now));
    if let Some(offset_s) = failure.clock_offset_s.filter(|offset_s| is_skewed(*offset_s)) {
        diagnosis.cause = format!("{} Also, {}.", diagnosis.cause, skew_in_words(offset_s));
    }
    diagnosis
}

/// An `error` that came with the redirect (RFC 6749 section 4.1.2.1), in words.
pub fn diagnose_callback_error(error: &str, description: Option<&str>) -> Diagnosis {
    table::first_match(&Evidence::of_callback(error, description))
}

/// An error number that stands on Zoom's authorize page ([`scan_authorize_page`]), in words.
pub fn diagnose_authorize_page(number: u16) -> Diagnosis {
    table::first_match(&Evidence::of_authorize_page(number))
}

/// A clock that is off by more than [`CLOCK_TOLERANCE_S`], as a diagnosis of its own. `offset_s` is the server's time minus
/// this machine's.
pub fn clock_finding(offset_s: i64) -> Option<Diagnosis> {
    is_skewed(offset_s).then(|| table::first_match(&Evidence::of_clock(skew_in_words(offset_s))))
}

impl Call {
    /// What was being done, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Probe => "the question",
            Self::ExchangeCode => "exchanging the code",
            Self::Refresh => "refreshing the token",
            Self::AccountCredentials => "asking for a token",
            Self::Revoke => "revoking the token",
            Self::Read => "reading from the API",
        }
    }
}

impl DiagnosisClass {
    /// The kind of error that a command ends with.
    pub const fn error_kind(self) -> ErrorKind {
        match self {
            Self::Unreachable => ErrorKind::Unreachable,
            Self::Refused => ErrorKind::Refused,
            Self::CheckFailed => ErrorKind::CheckFailed,
        }
    }
}

impl From<Diagnosis> for Error {
    fn from(diagnosis: Diagnosis) -> Self {
        let mut error = Self::new(diagnosis.class.error_kind(), diagnosis.heading)
            .hint(diagnosis.cause)
            .hint(diagnosis.next);
        if let Some(zoom) = diagnosis.zoom {
            error = error.hint(format!("Zoom said: {zoom}"));
        }
        error
    }
}

/// The heading as part of a sentence: `The answer …` becomes `the answer …`; names keep their capital.
pub(super) fn lower_first(heading: &str) -> String {
    ["The ", "This ", "No ", "Too ", "A "].into_iter().find(|word| heading.starts_with(word)).map_or_else(
        || heading.to_owned(),
        |word| format!("{}{}", word.to_lowercase(), &heading[word.len()..]),
    )
}

fn is_skewed(offset_s: i64) -> bool {
    offset_s.unsigned_abs() > CLOCK_TOLERANCE_S.unsigned_abs()
}

fn skew_in_words(offset_s: i64) -> String {
    let direction = if offset_s > 0 { "behind" } else { "ahead of" };
    format!("this machine's clock is {} {direction} Zoom's", wait::span_in_words(offset_s.unsigned_abs()))
}

#[cfg(test)]
mod tests;
