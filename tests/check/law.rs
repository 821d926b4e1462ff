//! Law 1: whatever is answered, a connection that its receiver owns is neither refreshed nor given a token.

use super::stage::{Kind, Stage};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};
use zoom_setup::check::{Answer, CheckOptions, Checking, NotAsked, Randomness, Request, Subject, Turn};
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ApiAnswer, Call, Failure, FailureKind, Grant, PreflightAnswer, TokenGrant};
use zoom_setup::ports::{Renewal, StoreFailure};
use zoom_setup::secret::Secret;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_428_000).unwrap()
}

fn tokens(left_s: i64) -> StoredTokens {
    StoredTokens {
        access_token: Secret::new("access"),
        refresh_token: Some(Secret::new("refresh")),
        obtained_at: now(),
        expires_at: now() + SignedDuration::from_secs(left_s),
    }
}

fn grant() -> TokenGrant {
    TokenGrant {
        access_token: Secret::new("access"),
        refresh_token: Some(Secret::new("refresh")),
        expires_in_s: 3_599,
        scopes: Some(Vec::new()),
        api_url: None,
        clock_offset_s: Some(90),
    }
}

fn failure(call: Call, status: u16, body: &str) -> Failure {
    let kind = FailureKind::Answered {
        status,
        body: body.to_owned(),
        content_type: "application/json".to_owned(),
        retry_after: None,
    };
    Failure { call, host: "zoom.us".to_owned(), kind, clock_offset_s: None }
}

/// One of each sort that can come, whether or not it fits the question.
fn answers() -> Vec<Answer> {
    let refusals = [
        (400, r#"{"reason":"Invalid authorization code","error":"invalid_grant"}"#),
        (400, r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#),
        (400, r#"{"reason":"Token has been revoked (4741)","error":"invalid_grant"}"#),
        (400, r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#),
        (401, r#"{"code":124,"message":"Invalid access token."}"#),
        (429, "{}"),
        (503, "<html>"),
    ];
    let io = StoreFailure::Io { message: "no".to_owned() };
    let lost = Failure {
        call: Call::Read,
        host: "zoom.us".to_owned(),
        kind: FailureKind::AnswerLost { detail: "gone".to_owned() },
        clock_offset_s: None,
    };
    let mut all = vec![
        Answer::Token(Ok(grant())),
        Answer::Read(Ok(ApiAnswer { body: serde_json::Value::Null, clock_offset_s: None })),
        Answer::Preflight(Ok(PreflightAnswer::SignIn)),
        Answer::Preflight(Ok(PreflightAnswer::TooManyRedirects)),
        Answer::Looked(Ok(None)),
        Answer::Looked(Ok(Some(TokenRecord::of_login(tokens(60))))),
        Answer::Looked(Ok(Some(TokenRecord::of_login(tokens(3_000))))),
        Answer::Looked(Err(io.clone())),
        Answer::Renewed(Renewal::Fresh { tokens: tokens(3_000), adopted: None }),
        Answer::Renewed(Renewal::Renewed { tokens: tokens(3_000), grant: grant() }),
        Answer::Renewed(Renewal::NotStored {
            tokens: tokens(3_000),
            grant: grant(),
            failure: io.clone(),
            rescued: None,
        }),
        Answer::Renewed(Renewal::Unknown { tokens: tokens(60), since: now(), failure: None }),
        Answer::Renewed(Renewal::NoRefreshToken { tokens: tokens(60) }),
        Answer::Renewed(Renewal::NoTokens),
        Answer::Renewed(Renewal::Store(io)),
        Answer::Renewed(Renewal::NotSent { tokens: tokens(60), failure: lost.clone() }),
        Answer::NotAsked(NotAsked::Limited { until: None, zoom: None }),
        Answer::NotAsked(NotAsked::OutOfReach { times: 4, failure: lost.clone() }),
        Answer::Read(Err(lost)),
    ];
    for (status, body) in refusals {
        all.push(Answer::Token(Err(failure(Call::ExchangeCode, status, body))));
        all.push(Answer::Read(Err(failure(Call::Read, status, body))));
        all.push(Answer::Preflight(Err(failure(Call::Probe, status, body))));
        all.push(Answer::Renewed(Renewal::Refused {
            tokens: tokens(60),
            failure: failure(Call::Refresh, status, body),
        }));
    }
    all
}

/// A subject of each kind, and how to check.
fn subjects() -> &'static (Vec<Subject>, CheckOptions) {
    static SUBJECTS: OnceLock<(Vec<Subject>, CheckOptions)> = OnceLock::new();
    SUBJECTS.get_or_init(|| {
        let mut stage = Stage::new(&[]);
        stage.connect("account", Kind::Account);
        stage.connect("owned", Kind::Owned);
        stage.connect("receivers", Kind::Receiver);
        stage.connect("receivers account", Kind::Account);
        stage.change("receivers account", |connection| {
            connection.owner = zoom_setup::setup::Owner::Receiver;
        });
        let options = CheckOptions { refresh: true, ..stage.options.clone() };
        (stage.subjects(), options)
    })
}

/// What a check asks when it is answered so. Fails if it does not come to an end.
fn asked(subject: &Subject, options: &CheckOptions, picks: &[usize]) -> Vec<Request> {
    let (options, answers) = (Arc::new(options.clone()), answers());
    let mut checking =
        Checking::new(subject.clone(), &options, Ok(Randomness([[1; 32], [2; 32], [3; 32]])), now());
    let mut out = Vec::new();
    for pick in picks.iter().cycle().take(40) {
        let Turn::Ask { question, .. } = checking.next() else { break };
        out.push(question.into_request());
        checking.answered(answers[pick % answers.len()].clone(), now());
    }
    assert_eq!(checking.next(), Turn::Done, "{out:?}");
    checking.finish(now());
    out
}

proptest! {
    #[test]
    fn a_receivers_grant_is_never_touched(picks in prop::collection::vec(any::<usize>(), 1..8), refresh: bool) {
        let (subjects, options) = subjects();
        let options = CheckOptions { refresh, ..options.clone() };
        for subject in subjects.iter().filter(|subject| subject.connection.name.starts_with("receivers")) {
            for request in asked(subject, &options, &picks) {
                match request {
                    Request::Token(request) => match request.grant {
                        Grant::AuthorizationCode { code, .. } => {
                            prop_assert!(code.expose().starts_with("zoom-setup-test-"));
                        }
                        Grant::RefreshToken { .. } | Grant::AccountCredentials { .. } => prop_assert!(false),
                    },
                    Request::Preflight(_) => {}
                    Request::Renew(_) | Request::Read(_) | Request::Look(_) => prop_assert!(false),
                }
            }
        }
    }

    #[test]
    fn every_check_comes_to_an_end(picks in prop::collection::vec(any::<usize>(), 1..8), refresh: bool) {
        let (subjects, options) = subjects();
        for subject in subjects {
            let requests = asked(subject, &CheckOptions { refresh, ..options.clone() }, &picks);
            let renewals = requests.iter().filter(|request| matches!(request, Request::Renew(_))).count();
            prop_assert!(renewals <= 1, "a refresh is asked for once");
        }
    }
}
