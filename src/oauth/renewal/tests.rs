use super::*;
use crate::oauth::Call;
use jiff::SignedDuration;
use proptest::prelude::*;
use rstest::rstest;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn pair(name: &str, from: i64) -> StoredTokens {
    StoredTokens {
        access_token: Secret::new(format!("{name}-access")),
        refresh_token: Some(Secret::new(format!("{name}-refresh"))),
        obtained_at: at(from),
        expires_at: at(from + 3_600),
    }
}

fn login(name: &str) -> TokenRecord {
    TokenRecord::of_login(pair(name, 0))
}

fn grant(refresh_token: Option<&str>) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new("new-access"),
        refresh_token: refresh_token.map(Secret::new),
        expires_in_s: 3_600,
        scopes: None,
        api_url: None,
        clock_offset_s: None,
    }
}

fn spends(decision: &Decision) -> bool {
    matches!(decision, Decision::Spend { .. })
}

#[test]
fn a_pair_that_is_fresh_enough_is_used_and_an_old_one_is_refreshed() {
    let record = login("one");
    let seen = Some(&record.tokens);
    assert_eq!(decide(&record, Some(300), at(3_300), seen), Decision::Use);
    assert!(spends(&decide(&record, Some(300), at(3_301), seen)));
    assert!(spends(&decide(&record, None, at(0), seen)));
    assert!(spends(&decide(&record, Some(300), at(9_999_999), seen)));
}

#[test]
fn whoever_waited_takes_what_another_got() {
    let (old, new) = (pair("old", 0), TokenRecord::of_login(pair("new", 100)));
    assert_eq!(decide(&new, None, at(100), Some(&old)), Decision::Use);
    assert_eq!(decide(&new, None, at(100), None), Decision::Use, "there was nothing before");
    // One that came while another waited for hours is of no use by now.
    assert!(spends(&decide(&new, None, at(3_700), Some(&old))));
}

#[test]
fn a_mark_is_never_passed_over() {
    let marked = login("one").marked(at(7)).unwrap();
    for wish in [None, Some(0), Some(300)] {
        for seen in [None, Some(&marked.tokens), Some(&pair("other", 0))] {
            assert_eq!(decide(&marked, wish, at(8), seen), Decision::Unknown { since: at(7) });
        }
    }
    assert_eq!(marked.marked(at(9)), None);
}

#[test]
fn without_a_refresh_token_there_is_nothing_to_send() {
    let tokens = StoredTokens { refresh_token: None, ..pair("one", 0) };
    let record = TokenRecord::of_login(tokens);
    assert_eq!(decide(&record, None, at(0), Some(&record.tokens)), Decision::NoRefreshToken);
    assert_eq!(decide(&record, Some(300), at(0), Some(&record.tokens)), Decision::Use);
}

#[test]
fn the_chain_of_spent_tokens_tells_which_pair_is_newer() {
    let first = login("one");
    let second = first.marked(at(1)).unwrap().renewed(&grant(Some("two")), at(2));
    let third = second.marked(at(3)).unwrap().renewed(&grant(Some("three")), at(4));
    // Also where the clock was set back in between.
    let early = first.marked(at(1)).unwrap().renewed(&grant(Some("two")), at(-9_999));
    for newer in [&second, &early] {
        assert!(newer.is_newer_than(Some(&first)));
        assert!(newer.is_newer_than(first.marked(at(1)).as_ref()));
        assert!(!first.is_newer_than(Some(newer)));
    }
    assert!(third.is_newer_than(Some(&first)) && !first.is_newer_than(Some(&third)));
    // A pair that was sent since is the same pair.
    assert!(!second.is_newer_than(second.marked(at(3)).as_ref()));
    assert!(second.is_newer_than(None));
    assert!(!second.is_newer_than(Some(&TokenRecord::of_login(pair("login", 60)))));
}

fn failure(kind: FailureKind) -> Failure {
    Failure { call: Call::Refresh, host: "zoom.us".to_owned(), kind, clock_offset_s: None }
}

fn answered(status: u16, body: &str) -> FailureKind {
    FailureKind::Answered { status, body: body.to_owned(), content_type: String::new(), retry_after: None }
}

#[rstest]
#[case::dns(FailureKind::Dns { detail: String::new() }, Aftermath::NotSent)]
#[case::connect(FailureKind::Connect { detail: String::new() }, Aftermath::NotSent)]
#[case::tls(FailureKind::Tls { detail: String::new(), issuer: None }, Aftermath::NotSent)]
#[case::proxy(FailureKind::Proxy { detail: String::new(), proxy: String::new() }, Aftermath::NotSent)]
#[case::forbidden(FailureKind::Forbidden { detail: String::new() }, Aftermath::NotSent)]
#[case::late(FailureKind::TimedOut { limit_s: 10 }, Aftermath::Unknown)]
#[case::lost(FailureKind::AnswerLost { detail: String::new() }, Aftermath::Unknown)]
#[case::large(FailureKind::TooLarge { limit_bytes: 1 }, Aftermath::Unknown)]
#[case::malformed(FailureKind::Malformed { detail: String::new() }, Aftermath::Unknown)]
#[case::invalid_token(
    answered(400, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#),
    Aftermath::Refused
)]
#[case::bare(answered(400, r#"{"error":"invalid_grant"}"#), Aftermath::Refused)]
#[case::old_form(
    answered(401, r#"{"reason":"Invalid Token!","error":"invalid_request"}"#),
    Aftermath::Refused
)]
#[case::number(
    answered(400, r#"{"errorCode":4741,"errorMessage":"Token has been revoked"}"#),
    Aftermath::Refused
)]
#[case::rate_limit(answered(429, "<html>"), Aftermath::Refused)]
#[case::oauth_error_at_500(answered(500, r#"{"error":"invalid_client"}"#), Aftermath::Refused)]
#[case::refusal_at_200(answered(200, r#"{"error":"invalid_grant"}"#), Aftermath::Refused)]
#[case::server_error(answered(500, r#"{"error":"server_error"}"#), Aftermath::Unknown)]
#[case::unavailable(answered(503, r#"{"reason":"x","error":"temporarily_unavailable"}"#), Aftermath::Unknown)]
#[case::gateway(answered(502, "<html>Bad Gateway</html>"), Aftermath::Unknown)]
#[case::page_of_a_proxy(answered(403, "<html>Sign in</html>"), Aftermath::Unknown)]
#[case::login_page(answered(200, "<html>Sign in</html>"), Aftermath::Unknown)]
#[case::redirect(answered(302, ""), Aftermath::Unknown)]
#[case::no_object(answered(400, "[]"), Aftermath::Unknown)]
fn what_a_failure_means_for_the_token(#[case] kind: FailureKind, #[case] expected: Aftermath) {
    assert_eq!(aftermath(&failure(kind)), expected);
}

#[test]
fn a_document_reads_back_and_keeps_what_it_does_not_know() {
    let record = login("one").marked(at(1)).unwrap();
    let document = TokenDocument::new("connection/Acme/tokens".to_owned(), record.clone());
    assert_eq!(TokenDocument::from_json(document.to_json().expose().as_bytes()), Ok(document.clone()));
    let text = document.to_json().expose().replacen('{', r#"{"new":{"deep":[1]},"#, 1);
    let read = TokenDocument::from_json(text.as_bytes()).unwrap();
    assert_eq!(read.record, record);
    let next = read.with(record.renewed(&grant(Some("two")), at(2)));
    assert!(next.to_json().expose().contains(r#""new":{"deep":[1]}"#));
    assert!(!format!("{next:?}").contains("access-"), "{next:?}");
}

#[test]
fn a_newer_or_damaged_document_is_refused_without_a_quote() {
    let newer = br#"{"format":2,"access":"hunter2"}"#;
    assert_eq!(TokenDocument::from_json(newer), Err(DocumentProblem::OtherFormat(2)));
    for damaged in [&br#"{"format":1,"access_token":"hunter2"}"#[..], b"", b"[]", br#"{"format":"hunter2"}"#]
    {
        let problem = TokenDocument::from_json(damaged).unwrap_err();
        assert!(matches!(problem, DocumentProblem::Damaged { .. }));
        assert!(!format!("{problem:?}").contains("hunter2"));
    }
}

#[test]
fn tokens_of_an_earlier_version_are_a_record_without_a_mark() {
    let tokens = pair("one", 0);
    assert_eq!(TokenRecord::from_secret(&tokens.to_secret()), Some(TokenRecord::of_login(tokens.clone())));
    let marked = TokenRecord::of_login(tokens.clone()).marked(at(1)).unwrap();
    assert_eq!(TokenRecord::from_secret(&marked.to_secret()), Some(marked.clone()));
    // What only wants the pair reads it from either.
    assert_eq!(StoredTokens::from_secret(&marked.to_secret()), Some(tokens));
    assert_eq!(TokenRecord::from_secret(&Secret::new("kept")), None);
}

/// What can happen to a connection's tokens.
#[derive(Clone, Debug)]
enum Event {
    /// A writer that has the lock; `stale`: it saw another pair before it waited.
    Refresh { wish: Option<u64>, stale: bool, end: End },
    /// Somebody logs in anew.
    Login,
    /// Time passes, or the clock is set.
    Clock(i64),
}

/// How a refresh ends.
#[derive(Clone, Copy, Debug)]
enum End {
    KilledBeforeTheMark,
    KilledWithTheMark,
    /// Sent, and killed before the answer was stored.
    KilledAfterTheRequest,
    NotSent,
    Refused,
    Unknown,
    /// A pair; `keeps`: the answer brought no refresh token (RFC 6749 section 6).
    Renewed {
        keeps: bool,
    },
    /// A pair that the store does not take, and another place does.
    Rescued,
    /// A pair that no place takes.
    Lost,
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        1 => Just(End::KilledBeforeTheMark),
        1 => Just(End::KilledWithTheMark),
        1 => Just(End::KilledAfterTheRequest),
        1 => Just(End::NotSent),
        1 => Just(End::Refused),
        1 => Just(End::Unknown),
        4 => any::<bool>().prop_map(|keeps| End::Renewed { keeps }),
        2 => Just(End::Rescued),
        1 => Just(End::Lost),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let wish = prop_oneof![Just(None), (0..4_000u64).prop_map(Some)];
    let event = prop_oneof![
        8 => (wish, any::<bool>(), ends()).prop_map(|(wish, stale, end)| Event::Refresh { wish, stale, end }),
        1 => Just(Event::Login),
        2 => (-7_200..7_200i64).prop_map(Event::Clock),
    ];
    prop::collection::vec(event, 0..40)
}

proptest! {
    /// Disk, another place, Zoom and any number of runs: a refresh token that was sent is sent again only where Zoom
    /// has said that it was not spent, or that it stays.
    #[test]
    fn no_sequence_of_events_sends_a_spent_token(events in events()) {
        let mut now = at(0);
        let mut names = 0;
        let mut name = || { names += 1; format!("token-{names}") };
        let mut stored = TokenRecord::of_login(pair(&name(), 0));
        let mut elsewhere: Option<TokenRecord> = None;
        let mut spent: Vec<Secret> = Vec::new();
        for event in events {
            // Whoever takes the lock looks elsewhere first.
            if let Some(found) = elsewhere.take() && found.is_newer_than(Some(&stored)) {
                stored = found;
            }
            match event {
                Event::Clock(by) => now += SignedDuration::from_secs(by),
                Event::Login => {
                    let tokens = StoredTokens { obtained_at: now, ..pair(&name(), 0) };
                    stored = TokenRecord::of_login(tokens);
                }
                Event::Refresh { wish, stale, end } => {
                    let other = pair("other", 0);
                    let seen = if stale { &other } else { &stored.tokens };
                    let decision = decide(&stored, wish, now, Some(seen));
                    let Decision::Spend { marked, refresh_token } = decision else { continue };
                    if matches!(end, End::KilledBeforeTheMark) { continue }
                    prop_assert!(marked.refreshing.is_some());
                    prop_assert_eq!(&marked.tokens, &stored.tokens);
                    stored = marked;
                    if matches!(end, End::KilledWithTheMark) { continue }
                    prop_assert!(!spent.contains(&refresh_token), "a spent token was sent");
                    match end {
                        End::KilledBeforeTheMark | End::KilledWithTheMark => {}
                        End::NotSent | End::Refused => stored = stored.settled(),
                        End::KilledAfterTheRequest | End::Unknown | End::Lost => spent.push(refresh_token),
                        End::Renewed { keeps } => {
                            let next = name();
                            let grant = grant(if keeps { None } else { Some(&next) });
                            if !keeps { spent.push(refresh_token) }
                            stored = stored.renewed(&grant, now);
                        }
                        End::Rescued => {
                            spent.push(refresh_token);
                            elsewhere = Some(stored.renewed(&grant(Some(&name())), now));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_a_document_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = TokenDocument::from_json(&bytes);
    }

    #[test]
    fn any_tokens_read_back(access in ".{0,60}", refresh in prop::option::of(".{0,60}"), begun in any::<bool>()) {
        let tokens = StoredTokens {
            access_token: Secret::new(access),
            refresh_token: refresh.map(Secret::new),
            ..pair("one", 0)
        };
        let record = TokenRecord::of_login(tokens);
        let record = if begun { record.marked(at(3)).unwrap_or(record) } else { record };
        prop_assert_eq!(TokenRecord::from_secret(&record.to_secret()), Some(record));
    }
}
