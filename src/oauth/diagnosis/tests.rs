//! The table, row by row: a sample of what Zoom or the network gives, and the row it must meet.

use super::*;
use crate::oauth::FailureKind;
use rstest::rstest;
use std::collections::BTreeSet;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn failure(call: Call, kind: FailureKind) -> Failure {
    Failure { call, host: "zoom.us".to_owned(), kind, clock_offset_s: None }
}

fn answered(call: Call, status: u16, body: &str) -> Failure {
    answered_as(call, status, "application/json", body, None)
}

fn answered_as(
    call: Call,
    status: u16,
    content_type: &str,
    body: &str,
    retry_after: Option<&str>,
) -> Failure {
    failure(
        call,
        FailureKind::Answered {
            status,
            body: body.to_owned(),
            content_type: content_type.to_owned(),
            retry_after: retry_after.map(str::to_owned),
        },
    )
}

fn assert_useful(diagnosis: &Diagnosis) {
    for text in [&diagnosis.heading, &diagnosis.cause, &diagnosis.next] {
        assert!(!text.is_empty() && !text.contains(['{', '}']), "{}: {text}", diagnosis.code);
        assert!(!text.chars().any(char::is_control), "{}: {text:?}", diagnosis.code);
    }
}

// Row F18 of docs/callback-rows.md.
#[rstest]
// Token endpoint, bodies as seen in public.
#[case(
    Call::ExchangeCode,
    400,
    r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
    "invalid-client"
)]
#[case(
    Call::AccountCredentials,
    401,
    r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
    "invalid-client"
)]
#[case(Call::Refresh, 401, r#"{"error":"invalid_client"}"#, "invalid-client")]
#[case(
    Call::AccountCredentials,
    400,
    r#"{"reason":"Bad Request","error":"invalid_request"}"#,
    "account-refused"
)]
#[case(
    Call::AccountCredentials,
    400,
    r#"{"reason":"Bad request","error":"invalid_request"}"#,
    "account-refused"
)]
#[case(
    Call::AccountCredentials,
    403,
    r#"{"reason":"Not for you","error":"invalid_request"}"#,
    "not-activated-or-wrong-account"
)]
#[case(
    Call::AccountCredentials,
    400,
    r#"{"reason":"Account does not exist","error":"invalid_request"}"#,
    "wrong-account"
)]
#[case(
    Call::AccountCredentials,
    400,
    r#"{"reason":"Account does not enabled the OAuth app type","error":"invalid_request"}"#,
    "app-kind-not-allowed"
)]
#[case(
    Call::AccountCredentials,
    400,
    r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#,
    "unsupported-grant"
)]
#[case(Call::AccountCredentials, 400, r#"{"reason":"unsupported grant type"}"#, "unsupported-grant")]
#[case(
    Call::ExchangeCode,
    400,
    r#"{"reason":"Invalid authorization code [abc]","error":"invalid_grant"}"#,
    "code-expired"
)]
#[case(
    Call::ExchangeCode,
    400,
    r#"{"reason":"Invalid authorization code abc","error":"invalid_request"}"#,
    "code-expired"
)]
#[case(Call::ExchangeCode, 400, r#"{"error":"invalid_grant"}"#, "code-expired")]
#[case(Call::Refresh, 400, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#, "refresh-token-spent")]
#[case(Call::Refresh, 401, r#"{"reason":"Invalid Token!","error":"invalid_request"}"#, "refresh-token-spent")]
#[case(Call::Refresh, 400, r#"{"error":"invalid_grant"}"#, "refresh-token-spent")]
#[case(Call::Revoke, 400, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#, "token-already-gone")]
#[case(Call::ExchangeCode, 400, r#"{"error":"invalid_scope"}"#, "invalid-scope")]
#[case(Call::ExchangeCode, 400, r#"{"error":"unauthorized_client"}"#, "unauthorized-client")]
#[case(Call::ExchangeCode, 400, r#"{"error":"invalid_request","reason":"Bad Request"}"#, "invalid-request")]
#[case(
    Call::ExchangeCode,
    400,
    r#"{"error":"invalid_request","reason":"Redirect URI mismatch."}"#,
    "redirect-mismatch"
)]
#[case(Call::ExchangeCode, 400, r#"{"reason":"Invalid redirect url"}"#, "invalid-redirect")]
#[case(Call::AccountCredentials, 400, r#"{"reason":"The app has been disabled"}"#, "app-disabled")]
#[case(Call::ExchangeCode, 400, r#"{"reason":"Missing grant type."}"#, "credentials-missing")]
#[case(Call::ExchangeCode, 400, r#"{"reason":"Token cannot be empty."}"#, "zoom-4700")]
#[case(Call::ExchangeCode, 503, r#"{"error":"temporarily_unavailable"}"#, "temporarily-unavailable")]
#[case(Call::ExchangeCode, 500, r#"{"reason":"oops"}"#, "zoom-unavailable")]
#[case(Call::ExchangeCode, 400, r#"{"error":"brand_new"}"#, "refused")]
#[case(Call::Refresh, 400, "[1]", "refused")]
#[case(Call::ExchangeCode, 400, "Bad things", "refused")]
#[case(Call::ExchangeCode, 200, r#"{"status":true}"#, "malformed-answer")]
// REST API.
#[case(Call::Read, 401, r#"{"code":124,"message":"Invalid access token."}"#, "access-token-invalid")]
#[case(Call::Read, 401, r#"{"code":124,"message":"Access token is expired."}"#, "access-token-expired")]
#[case(Call::Read, 401, r#"{"code":201,"message":"Access token is expired."}"#, "access-token-expired")]
#[case(Call::Read, 401, r#"{"code":201,"message":"x"}"#, "access-token-expired")]
#[case(Call::Read, 401, r#"{"code":124,"message":"Invalid access token, this access token is not supported as query parameter string."}"#, "token-in-query")]
#[case(Call::Read, 401, r#"{"error":"invalid_token"}"#, "access-token-invalid")]
#[case(
    Call::Read,
    400,
    r#"{"code":104,"message":"Invalid access token, does not contain scopes:[user:read:admin]."}"#,
    "missing-scope"
)]
#[case(
    Call::Read,
    401,
    r#"{"code":201,"message":"Invalid access token, does not contain scopes: [a:b:c, d:e:f]."}"#,
    "missing-scope"
)]
#[case(
    Call::Read,
    400,
    r#"{"code":4700,"message":"Invalid access token, does not contain scopes:[a:b]."}"#,
    "missing-scope"
)]
#[case(
    Call::Read,
    400,
    r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[\"a:b\"]."}"#,
    "missing-scope"
)]
#[case(Call::Read, 403, r#"{"error":"insufficient_scope"}"#, "missing-scope")]
#[case(Call::Read, 400, r#"{"code":4711,"message":"x"}"#, "missing-scope")]
#[case(
    Call::Read,
    400,
    r#"{"code":200,"message":"Account does not enabled REST API."}"#,
    "rest-api-not-enabled"
)]
#[case(Call::Read, 400, r#"{"code":200,"message":"Invalid api key or secret."}"#, "wrong-token-kind")]
#[case(Call::Read, 400, r#"{"code":200,"message":"No permission."}"#, "no-permission")]
#[case(
    Call::Read,
    400,
    r#"{"code":200,"message":"Only available for Paid or ZMP account: abc."}"#,
    "plan-missing"
)]
#[case(
    Call::Read,
    400,
    r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"from","message":"Invalid field."}]}"#,
    "request-invalid"
)]
#[case(Call::Read, 404, r#"{"code":1001,"message":"User does not exist: me"}"#, "user-not-found")]
#[case(
    Call::Read,
    400,
    r#"{"code":1010,"message":"User does not belong to this account."}"#,
    "user-not-in-account"
)]
#[case(Call::Read, 404, r#"{"code":3001,"message":"Meeting does not exist."}"#, "meeting-not-found")]
#[case(
    Call::Read,
    404,
    r#"{"code":1500,"message":"You can only export Draft General app's manifest now"}"#,
    "marketplace-route"
)]
#[case(
    Call::Read,
    400,
    r#"{"message":"Access to the Zoom REST API has been denied for this user. Contact Zoom Support"}"#,
    "account-blocked"
)]
#[case(Call::Read, 403, r#"{"message":"x"}"#, "no-permission")]
#[case(Call::Read, 400, r#"{"message":"No permission."}"#, "no-permission")]
#[case(Call::Read, 404, r#"{"message":"x"}"#, "not-found")]
#[case(Call::Read, 401, r#"{"code":4741,"message":"Token has been revoked"}"#, "token-superseded")]
#[case(
    Call::Read,
    400,
    r#"{"error":{"code":124,"message":"Invalid access token."}}"#,
    "access-token-invalid"
)]
fn answers_of_zoom(#[case] call: Call, #[case] status: u16, #[case] body: &str, #[case] code: &str) {
    let diagnosis = diagnose(&answered(call, status, body), now());
    assert_eq!(diagnosis.code, code, "{diagnosis:?}");
    assert_useful(&diagnosis);
    let zoom = diagnosis.zoom.unwrap();
    assert!(zoom.starts_with(&status.to_string()), "{zoom}");
    // Every text and number that Zoom sent is repeated.
    for part in body.split(['"', '{', '}', ':', ',']).filter(|part| part.len() > 12 && part.contains(' ')) {
        assert!(zoom.contains(part.trim_matches(['\\', ' '])), "{zoom} lacks {part}");
    }
}

// Row F18 of docs/callback-rows.md.
/// Zoom's numbered table, in each shape that a number arrives in.
#[rstest]
#[case(4700, "zoom-4700")]
#[case(4702, "invalid-client")]
#[case(4704, "invalid-client")]
#[case(4705, "unsupported-grant")]
#[case(4706, "credentials-missing")]
#[case(4709, "redirect-mismatch")]
#[case(4711, "scopes-changed")]
#[case(4717, "app-disabled")]
#[case(4724, "invalid-jwt-header")]
#[case(4732, "zoom-lookup-failed")]
#[case(4733, "code-expired")]
#[case(4734, "code-invalid")]
#[case(4735, "token-owner-gone")]
#[case(4737, "refresh-token-unknown")]
#[case(4738, "token-disabled-by-admin")]
#[case(4740, "token-out-of-tolerance")]
#[case(4741, "token-superseded")]
fn numbers_in_every_shape(#[case] number: u16, #[case] code: &str) {
    let grouped = format!("{},{}", number / 1000, number % 1000);
    let shapes = [
        format!(r#"{{"code":{number},"message":"x"}}"#),
        format!(r#"{{"code":"{number}","reason":"x"}}"#),
        format!(r#"{{"status":false,"errorCode":{number},"errorMessage":"x","result":null}}"#),
        format!(r#"{{"reason":"Something ({grouped})","error":"invalid_request"}}"#),
        format!("Something went wrong ({grouped})"),
    ];
    for shape in shapes {
        let diagnosis = diagnose(&answered(Call::Refresh, 400, &shape), now());
        assert_eq!(diagnosis.code, code, "{shape}");
        assert_useful(&diagnosis);
        let zoom = diagnosis.zoom.unwrap();
        assert!(zoom.contains(&number.to_string()) || zoom.contains(&grouped), "{zoom}");
    }
}

#[rstest]
#[case(4700, "invalid-redirect")]
#[case(4702, "unknown-client-id")]
#[case(4738, "token-disabled-by-admin")]
#[case(4799, "authorize-refused")]
fn numbers_on_the_authorize_page(#[case] number: u16, #[case] code: &str) {
    let diagnosis = diagnose_authorize_page(number);
    assert_eq!(diagnosis.code, code);
    assert!(diagnosis.zoom.as_ref().unwrap().contains(&number.to_string()));
    assert_useful(&diagnosis);
}

// Row F12 of docs/callback-rows.md.
#[rstest]
#[case("invalid_request", None, "authorize-invalid-request")]
#[case("unauthorized_client", None, "unauthorized-client")]
#[case("access_denied", Some("User said no"), "access-denied")]
#[case("ACCESS_DENIED", None, "access-denied")]
#[case(
    "access_denied",
    Some("An account admin is required to install this type of app"),
    "admin-approval-needed"
)]
#[case("unsupported_response_type", None, "unsupported-response-type")]
#[case("invalid_scope", None, "invalid-scope")]
#[case("server_error", None, "zoom-unavailable")]
#[case("temporarily_unavailable", None, "temporarily-unavailable")]
#[case("invalid_request", Some("Invalid redirect: https://example.com (4,700)"), "invalid-redirect")]
#[case("4702", None, "unknown-client-id")]
#[case("other", Some("Token disabled by admin (4,738)"), "token-disabled-by-admin")]
#[case("brand_new", None, "authorize-refused")]
fn errors_in_the_redirect(#[case] error: &str, #[case] description: Option<&str>, #[case] code: &str) {
    let diagnosis = diagnose_callback_error(error, description);
    assert_eq!(diagnosis.code, code);
    let zoom = diagnosis.zoom.as_ref().unwrap();
    assert!(zoom.contains(error) && zoom.contains(description.unwrap_or_default()), "{zoom}");
    assert_useful(&diagnosis);
}

// Row F19 of docs/callback-rows.md.
#[rstest]
#[case(
    200,
    "text/html",
    "<!doctype html><TITLE>\n Sign in to\nWiFi </TITLE>",
    "html-answer",
    "a page titled \"Sign in to WiFi\""
)]
#[case(403, "text/plain", "<html>blocked", "html-answer", "without a title")]
#[case(404, "text/html", "<html><title>404</title>", "wrong-path", "404")]
#[case(502, "text/html", "<html>", "zoom-unavailable", "502")]
#[case(503, "application/json", "", "zoom-unavailable", "503")]
#[case(200, "application/json", " \n", "empty-answer", "without a text")]
#[case(302, "text/html", "<html>moved", "redirected", "302")]
#[case(307, "application/json", "", "redirected", "307")]
#[case(407, "text/html", "<html>", "proxy-login", "407")]
#[case(404, "application/json", "", "wrong-path", "404")]
fn answers_that_are_not_of_zoom(
    #[case] status: u16,
    #[case] content_type: &str,
    #[case] body: &str,
    #[case] code: &str,
    #[case] zoom: &str,
) {
    for call in [Call::ExchangeCode, Call::Refresh, Call::AccountCredentials, Call::Revoke, Call::Read] {
        let diagnosis = diagnose(&answered_as(call, status, content_type, body, None), now());
        assert_eq!(diagnosis.code, code, "{call:?}");
        assert!(diagnosis.zoom.as_ref().unwrap().contains(zoom));
        assert_useful(&diagnosis);
    }
}

// Row F19 of docs/callback-rows.md.
#[rstest]
#[case(Some("2"), "", "rate-limited", "in 2 seconds")]
#[case(None, "", "rate-limited", "in a minute")]
#[case(Some("Mon, 23 Nov 2026 10:02:00 GMT"), "", "rate-limited", "2026-11-23 10:02 UTC, in 2 minutes")]
#[case(Some("2026-11-24T00:00:00Z"), "", "rate-limited-daily", "2026-11-24 00:00 UTC, in 14 hours")]
#[case(None, "You have reached the daily limit", "rate-limited-daily", "next day")]
fn limits(#[case] retry_after: Option<&str>, #[case] message: &str, #[case] code: &str, #[case] words: &str) {
    let body = format!(r#"{{"code":429,"message":"{message}"}}"#);
    let diagnosis = diagnose(&answered_as(Call::Read, 429, "application/json", &body, retry_after), now());
    assert_eq!(diagnosis.code, code);
    assert!(diagnosis.next.contains(words), "{}", diagnosis.next);
    assert!(diagnosis.retry);
    assert_useful(&diagnosis);
}

fn detail(text: &str) -> String {
    text.to_owned()
}

#[rstest]
#[case(Call::Read, FailureKind::Dns { detail: detail("no such host") }, "dns", "no such host")]
#[case(Call::Read, FailureKind::Connect { detail: detail("connection refused") }, "connect", "refused")]
#[case(Call::Read, FailureKind::Tls { detail: detail("x"), issuer: Some(detail("Example Proxy CA")) }, "tls-intercepted", "Example Proxy CA")]
#[case(Call::Read, FailureKind::Tls { detail: detail("invalid peer certificate: UnknownIssuer"), issuer: None }, "tls-intercepted", "UnknownIssuer")]
#[case(Call::Read, FailureKind::Tls { detail: detail("invalid peer certificate: certificate expired: verification time 1"), issuer: Some(detail("Example CA")) }, "certificate-time", "expired")]
#[case(Call::Read, FailureKind::Tls { detail: detail("invalid peer certificate: certificate not valid for name \"zoom.us\""), issuer: None }, "certificate-name", "not valid for name")]
#[case(Call::Read, FailureKind::Tls { detail: detail("No CA certificates were loaded from the system"), issuer: None }, "no-trust-store", "loaded")]
#[case(Call::Read, FailureKind::Tls { detail: detail("received corrupt message"), issuer: None }, "tls-failed", "corrupt")]
#[case(Call::Read, FailureKind::Proxy { detail: detail("tunnel error: proxy authorization required"), proxy: detail("proxy.example.com:3128") }, "proxy-login", "407")]
#[case(Call::Read, FailureKind::Proxy { detail: detail("tunnel error: unsuccessful"), proxy: detail("proxy.example.com:3128") }, "proxy", "unsuccessful")]
#[case(Call::ExchangeCode, FailureKind::TimedOut { limit_s: 10 }, "timed-out", "only once")]
#[case(Call::Refresh, FailureKind::TimedOut { limit_s: 10 }, "timed-out", "only once")]
#[case(Call::Read, FailureKind::TimedOut { limit_s: 10 }, "timed-out", "slow")]
#[case(Call::ExchangeCode, FailureKind::AnswerLost { detail: detail("reset") }, "answer-lost", "not sent again")]
#[case(Call::Refresh, FailureKind::AnswerLost { detail: detail("reset") }, "answer-lost", "not sent again")]
#[case(Call::Revoke, FailureKind::AnswerLost { detail: detail("reset") }, "answer-lost", "second attempt")]
#[case(Call::Read, FailureKind::TooLarge { limit_bytes: 1_000_000 }, "answer-too-large", "stopped")]
#[case(Call::Refresh, FailureKind::Malformed { detail: detail("it has no access_token") }, "malformed-answer", "no access_token")]
#[case(Call::Read, FailureKind::Malformed { detail: detail("it is not JSON") }, "malformed-answer", "not JSON")]
#[case(Call::Read, FailureKind::Forbidden { detail: detail("plain http") }, "address-forbidden", "plain http")]
fn the_way_to_zoom(#[case] call: Call, #[case] kind: FailureKind, #[case] code: &str, #[case] cause: &str) {
    let diagnosis = diagnose(&failure(call, kind), now());
    assert_eq!(diagnosis.code, code, "{diagnosis:?}");
    assert!(diagnosis.cause.contains(cause), "{}", diagnosis.cause);
    assert_eq!(diagnosis.class.error_kind(), ErrorKind::Unreachable);
    assert_eq!(diagnosis.zoom, None);
    assert_useful(&diagnosis);
}

// Row F10 of docs/callback-rows.md.
#[test]
fn a_lost_code_is_never_offered_again() {
    for kind in [FailureKind::TimedOut { limit_s: 10 }, FailureKind::AnswerLost { detail: detail("reset") }] {
        let diagnosis = diagnose(&failure(Call::ExchangeCode, kind), now());
        assert!(!diagnosis.retry && diagnosis.next.contains("new code"), "{diagnosis:?}");
    }
}

#[test]
fn the_time_limit_is_named() {
    let diagnosis = diagnose(&failure(Call::Read, FailureKind::TimedOut { limit_s: 10 }), now());
    assert_eq!(diagnosis.heading, "zoom.us gave no answer within 10 seconds");
}

#[test]
fn alternatives_of_a_missing_scope_are_listed() {
    let body = r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:user, user:read:user:admin]."}"#;
    let diagnosis = diagnose(&answered(Call::Read, 400, body), now());
    assert!(
        diagnosis.cause.contains("any one of: user:read:user, user:read:user:admin."),
        "{}",
        diagnosis.cause
    );
    assert_eq!(diagnosis.class, DiagnosisClass::CheckFailed);
    assert_eq!(
        diagnosis.zoom.as_deref(),
        Some(
            "400 code 4711: Invalid access token, does not contain scopes:[user:read:user, user:read:user:admin]."
        )
    );
}

#[rstest]
#[case("does not contain scopes:[a:b]", Some(vec!["a:b"]))]
#[case("does not contain scopes: [ \"a:b\" , 'c:d:admin' ].", Some(vec!["a:b", "c:d:admin"]))]
#[case("Does Not Contain Scopes[a:b,a:b]", Some(vec!["a:b"]))]
#[case(r#"{\"message\":\"does not contain scopes:[\"a_b:c\"]\"}"#, Some(vec!["a_b:c"]))]
#[case("does not contain scope: user_profile.", Some(vec!["user_profile"]))]
#[case("does not contain scopes:[]", None)]
#[case("does not contain scopes:[\u{1b}[31m]", None)]
#[case("does not contain scopes", None)]
#[case("No permission.", None)]
fn scopes_in_texts(#[case] text: &str, #[case] scopes: Option<Vec<&str>>) {
    let scopes = scopes.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(missing_scopes(text), scopes);
}

#[rstest]
#[case("Invalid redirect: https://example.com/cb (4,700)", Some(4700))]
#[case("Redirección no válida (4.700)", Some(4700))]
#[case("Redirection non valide (4\u{202f}700)", Some(4700))]
#[case("(4\u{a0}702)", Some(4702))]
#[case("(4&nbsp;702)", Some(4702))]
#[case("4 700", Some(4700))]
#[case("4'700", Some(4700))]
#[case("4700", Some(4700))]
#[case("Error code: 4734.", Some(4734))]
#[case(
    r#"{"status":false,"errorCode":4700,"errorMessage":"Invalid redirect url","result":null}"#,
    Some(4700)
)]
#[case(r#"{\"errorCode\" : \"4,702\"}"#, Some(4702))]
#[case(r#"<a href="/x/4711"></a> {"errorCode":4702}"#, Some(4702))]
#[case("price 14,700", None)]
#[case("4,700,000", None)]
#[case("1,4,700", None)]
#[case("14700 47001 a4700 4700b #4700 -4700", None)]
#[case("(4,799)", Some(4799))]
#[case("4799", None)]
#[case("4 7", None)]
#[case("4", None)]
#[case("é4é7", None)]
#[case("", None)]
fn numbers_in_pages(#[case] text: &str, #[case] number: Option<u16>) {
    assert_eq!(scan_authorize_page(text), number);
}

#[test]
fn a_wrong_clock_is_said_and_has_a_diagnosis_of_its_own() {
    let mut failed = answered(Call::Refresh, 400, r#"{"error":"invalid_grant"}"#);
    failed.clock_offset_s = Some(-300);
    let diagnosis = diagnose(&failed, now());
    assert!(
        diagnosis.cause.ends_with("Also, this machine's clock is 5 minutes ahead of Zoom's."),
        "{}",
        diagnosis.cause
    );
    failed.clock_offset_s = Some(30);
    assert!(!diagnose(&failed, now()).cause.contains("clock"));
    assert_eq!(clock_finding(30), None);
    assert_eq!(clock_finding(-30), None);
    let finding = clock_finding(7_200).unwrap();
    assert_eq!(finding.code, "clock-skew");
    assert!(finding.cause.contains("2 hours behind"), "{}", finding.cause);
    assert!(clock_finding(i64::MIN).is_some());
}

#[test]
fn texts_of_a_server_are_printable_and_bounded() {
    let body = format!(r#"{{"reason":"a\u001b[31m{}","error":"x\u0007"}}"#, "b".repeat(5_000));
    let zoom = diagnose(&answered(Call::Read, 400, &body), now()).zoom.unwrap();
    assert!(!zoom.chars().any(char::is_control));
    assert!(zoom.chars().count() < 400);
}

#[test]
fn a_diagnosis_becomes_an_error_with_its_exit_code_and_advice() {
    let diagnosis = diagnose(&answered(Call::ExchangeCode, 400, r#"{"error":"invalid_client"}"#), now());
    let error = Error::from(diagnosis.clone());
    assert_eq!(error.kind.exit_code(), 5);
    assert_eq!(error.message, diagnosis.heading);
    assert_eq!(error.hints, [diagnosis.cause, diagnosis.next, "Zoom said: 400 invalid_client".to_owned()]);
}

#[test]
fn every_code_of_the_table_is_stable_and_met_by_a_test_here() {
    let source = include_str!("tests.rs");
    let codes: BTreeSet<&str> = table::ROWS.iter().copied().flatten().map(|row| row.code).collect();
    for code in codes {
        assert!(source.contains(&format!("\"{code}\"")), "no sample meets {code}");
    }
}

proptest::proptest! {
    #[test]
    fn no_answer_panics(status in 100_u16..600, body in proptest::arbitrary::any::<String>(), retry in ".{0,40}") {
        let diagnosis = diagnose(&answered_as(Call::Read, status, "", &body, Some(&retry)), now());
        proptest::prop_assert!(!diagnosis.heading.is_empty());
    }

    #[test]
    fn no_page_panics(text in proptest::arbitrary::any::<String>(), tail in "[4,7. 0(]{0,12}") {
        let _ = scan_authorize_page(&format!("{text}{tail}"));
        let _ = missing_scopes(&format!("{text} does not contain scopes:[{tail}"));
    }
}
