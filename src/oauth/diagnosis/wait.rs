//! `Retry-After` in its three shapes, and spans of time in words.

use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Longest wait that is believed, in seconds: one week.
const LONGEST_WAIT_S: i64 = 7 * 24 * 3_600;

/// When a `Retry-After` header allows the next request. It comes as seconds or HTTP date (RFC 9110 section
/// 10.2.3), and from Zoom's daily limit as an ISO-8601 date and time. `None` for anything else.
pub fn retry_at(retry_after: &str, now: Timestamp) -> Option<Timestamp> {
    match parse(retry_after)? {
        RetryAfter::Seconds(seconds) => {
            now.checked_add(SignedDuration::from_secs(seconds.min(LONGEST_WAIT_S))).ok()
        }
        RetryAfter::IsoDate(at) | RetryAfter::HttpDate(at) => Some(at),
    }
}

/// Whether the header is an ISO-8601 date and time: the sign of Zoom's daily limit.
pub(super) fn is_iso_date(retry_after: &str) -> bool {
    matches!(parse(retry_after), Some(RetryAfter::IsoDate(_)))
}

/// The waiting time in words: `in 30 seconds`, `at 2026-11-24 00:00 UTC, in 14 hours`.
pub(super) fn in_words(retry_after: &str, now: Timestamp) -> Option<String> {
    let at = retry_at(retry_after, now)?;
    let is_date = !matches!(parse(retry_after)?, RetryAfter::Seconds(_));
    let seconds = at.as_second().saturating_sub(now.as_second());
    let span = match u64::try_from(seconds) {
        Ok(seconds) if seconds > 0 => format!("in {}", span_in_words(seconds)),
        Ok(_) | Err(_) => "now".to_owned(),
    };
    Some(if is_date { format!("at {}, {span}", at.strftime("%Y-%m-%d %H:%M UTC")) } else { span })
}

/// A span in its largest fitting unit: `90 seconds`, `3 minutes`, `2 hours`, `4 days`.
pub fn span_in_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => ((seconds + 30) / 60, "minute"),
        7_200..172_800 => ((seconds + 1_800) / 3_600, "hour"),
        172_800.. => ((seconds + 43_200) / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

enum RetryAfter {
    Seconds(i64),
    IsoDate(Timestamp),
    HttpDate(Timestamp),
}

fn parse(text: &str) -> Option<RetryAfter> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(RetryAfter::Seconds(text.parse().unwrap_or(i64::MAX)));
    }
    let with_zone = text.parse::<Timestamp>().ok();
    // A date without a zone is taken as UTC, which is what Zoom's headers count in.
    let without_zone =
        || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    if let Some(at) = with_zone.or_else(without_zone) {
        return Some(RetryAfter::IsoDate(at));
    }
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(RetryAfter::HttpDate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("30", Some("in 30 seconds"))]
    #[case("1", Some("in 1 second"))]
    #[case("0", Some("now"))]
    #[case("300", Some("in 5 minutes"))]
    #[case("99999999999999999999", Some("in 7 days"))]
    #[case("2026-11-24T00:00:00Z", Some("at 2026-11-24 00:00 UTC, in 14 hours"))]
    #[case("2026-11-24T00:00:00", Some("at 2026-11-24 00:00 UTC, in 14 hours"))]
    #[case("2026-11-24T01:00:00+01:00", Some("at 2026-11-24 00:00 UTC, in 14 hours"))]
    #[case("Mon, 23 Nov 2026 10:02:00 GMT", Some("at 2026-11-23 10:02 UTC, in 2 minutes"))]
    #[case("2026-11-23T09:00:00Z", Some("at 2026-11-23 09:00 UTC, now"))]
    #[case("soon", None)]
    #[case("", None)]
    #[case("-5", None)]
    fn all_shapes_of_retry_after(#[case] text: &str, #[case] words: Option<&str>) {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        assert_eq!(in_words(text, now).as_deref(), words);
    }
}
