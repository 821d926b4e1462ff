#![expect(clippy::result_large_err, reason = "answers as the port gives them")]

use super::*;
use crate::oauth::FailureKind;
use crate::secret::Secret;
use proptest::prelude::*;
use rstest::rstest;

const ID: &str = "aB3dEfGhIjKlMnOpQrStUv";
const ACCOUNT: &str = "qW8rTyUiOpAsDfGhJkLzXc";

fn now() -> Timestamp {
    "2026-03-12T10:00:00Z".parse().unwrap()
}

fn answered(call: Call, status: u16, body: &str) -> Result<TokenGrant, Failure> {
    Err(Failure {
        call,
        host: "zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status,
            body: body.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: None,
        },
        clock_offset_s: None,
    })
}

fn failed(kind: FailureKind) -> Result<TokenGrant, Failure> {
    Err(Failure { call: Call::ExchangeCode, host: "zoom.us".to_owned(), kind, clock_offset_s: None })
}

fn granted() -> Result<TokenGrant, Failure> {
    Ok(TokenGrant {
        access_token: Secret::new("token-value"),
        refresh_token: None,
        expires_in_s: 3_600,
        scopes: None,
        api_url: None,
        clock_offset_s: None,
    })
}

struct Entered {
    id: String,
    secret: Option<Secret>,
    account: Option<String>,
    token: Option<Secret>,
}

impl Entered {
    fn good() -> Self {
        Self {
            id: ID.to_owned(),
            secret: Some(Secret::new("RehearsalSecretGeneral0000000001")),
            account: None,
            token: None,
        }
    }

    fn server(account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..Self::good() }
    }

    fn as_given(&self) -> Credentials<'_> {
        Credentials {
            app_kind: if self.account.is_some() { AppKind::ServerToServer } else { AppKind::General },
            client_id: &self.id,
            client_secret: self.secret.as_ref(),
            account_id: self.account.as_deref(),
            secret_token: self.token.as_ref(),
        }
    }
}

#[rstest]
#[case(
    400,
    r#"{"reason":"Invalid authorization code [x]","error":"invalid_grant"}"#,
    "pair-known",
    Judgement::Proved
)]
#[case(
    400,
    r#"{"reason":"Invalid authorization code [x]","error":"invalid_request"}"#,
    "pair-known",
    Judgement::Proved
)]
#[case(400, r#"{"error":"invalid_grant"}"#, "pair-known", Judgement::Proved)]
#[case(
    400,
    r#"{"reason":"Code is expired (4733)","error":"invalid_grant"}"#,
    "pair-known",
    Judgement::Proved
)]
#[case(400, r#"{"reason":"Invalid code (4,734)","error":"x"}"#, "pair-known", Judgement::Proved)]
#[case(
    400,
    r#"{"reason":"Redirect URI mismatch (4709)","error":"invalid_request"}"#,
    "pair-known",
    Judgement::Proved
)]
#[case(
    401,
    r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
    "invalid-client",
    Judgement::Refused
)]
#[case(400, r#"{"reason":"Invalid client secret"}"#, "invalid-client", Judgement::Refused)]
#[case(400, r#"{"errorCode":4702,"errorMessage":"Invalid client"}"#, "invalid-client", Judgement::Refused)]
#[case(400, r#"{"reason":"x (4,704)","error":"y"}"#, "invalid-client", Judgement::Refused)]
#[case(
    400,
    r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#,
    "wrong-kind",
    Judgement::Refused
)]
#[case(400, r#"{"reason":"Grant type not supported (4705)"}"#, "wrong-kind", Judgement::Refused)]
#[case(400, r#"{"error":"unauthorized_client"}"#, "wrong-kind", Judgement::Refused)]
#[case(400, r#"{"reason":"The app has been disabled (4717)"}"#, "app-disabled", Judgement::Refused)]
// What is not the token endpoint's own refusal decides nothing, whatever words are in it.
#[case(429, r#"{"error":"invalid_grant"}"#, "rate-limited", Judgement::Open)]
#[case(500, r#"{"error":"invalid_client"}"#, "", Judgement::Open)]
#[case(400, "<html>invalid_grant authorization code</html>", "html-answer", Judgement::Open)]
#[case(400, "Invalid authorization code", "", Judgement::Open)]
#[case(400, "[\"invalid_grant\"]", "", Judgement::Open)]
#[case(400, r#"{"reason":"something else"}"#, "", Judgement::Open)]
fn answers_about_a_pair(
    #[case] status: u16,
    #[case] body: &str,
    #[case] code: &str,
    #[case] judgement: Judgement,
) {
    let verdict = pair(&answered(Call::ExchangeCode, status, body), Entered::good().as_given(), now());
    assert_eq!(verdict.judgement, judgement, "{verdict:?}");
    assert!(code.is_empty() || verdict.code == code, "{verdict:?}");
    assert!(judgement == Judgement::Proved || !verdict.candidates.is_empty(), "{verdict:?}");
    assert!(judgement != Judgement::Open || verdict.heading.starts_with("Not checked"), "{verdict:?}");
    assert!(verdict.zoom.is_some(), "Zoom's own words are always there");
}

#[rstest]
#[case(FailureKind::Dns { detail: "x".to_owned() }, "dns")]
#[case(FailureKind::Connect { detail: "x".to_owned() }, "connect")]
#[case(FailureKind::Tls { detail: "x".to_owned(), issuer: None }, "tls-failed")]
#[case(FailureKind::Proxy { detail: "x".to_owned(), proxy: "p:1".to_owned() }, "proxy")]
#[case(FailureKind::TimedOut { limit_s: 10 }, "timed-out")]
#[case(FailureKind::AnswerLost { detail: "x".to_owned() }, "answer-lost")]
#[case(FailureKind::TooLarge { limit_bytes: 1 }, "answer-too-large")]
#[case(FailureKind::Malformed { detail: "x".to_owned() }, "malformed-answer")]
#[case(FailureKind::Forbidden { detail: "x".to_owned() }, "address-forbidden")]
fn without_an_answer_nothing_is_decided(#[case] kind: FailureKind, #[case] code: &str) {
    for verdict in [
        pair(&failed(kind.clone()), Entered::good().as_given(), now()),
        account(&failed(kind), Entered::server(ACCOUNT).as_given(), Moment::Credentials, now()),
    ] {
        assert_eq!(verdict.judgement, Judgement::Open);
        assert!(verdict.code.starts_with(code), "{verdict:?}");
        let words = &verdict.candidates[0];
        assert!(!words.test.contains("login again") && !words.cause.contains("code may"), "{words:?}");
    }
}

#[test]
fn a_token_for_a_made_up_code_is_no_proof() {
    let verdict = pair(&granted(), Entered::good().as_given(), now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("token-for-nothing", Judgement::Open));
}

#[test]
fn a_public_client_is_never_proved() {
    let public = Entered { secret: None, ..Entered::good() };
    let refused = answered(Call::ExchangeCode, 400, r#"{"error":"invalid_grant"}"#);
    let verdict = pair(&refused, public.as_given(), now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), ("public-client", Judgement::Open));
    let refused = answered(Call::ExchangeCode, 400, r#"{"error":"invalid_client"}"#);
    let verdict = pair(&refused, public.as_given(), now());
    assert_eq!(verdict.judgement, Judgement::Refused);
    assert!(verdict.candidates[0].test.contains("Public Client"), "{verdict:?}");
    assert!(verdict.candidates.iter().all(|one| !one.cause.contains("secret")), "it has none: {verdict:?}");
}

fn causes(entered: &Entered) -> Vec<String> {
    let refused = answered(Call::ExchangeCode, 400, r#"{"error":"invalid_client"}"#);
    pair(&refused, entered.as_given(), now()).candidates.into_iter().map(|one| one.cause).collect()
}

#[test]
fn reasons_come_in_their_order() {
    let causes = causes(&Entered::good());
    let words = ["hidden character", "other environment", "regenerated", "Secret Token", "another app"];
    assert_eq!(causes.len(), words.len());
    for (cause, word) in causes.iter().zip(words) {
        assert!(cause.contains(word), "{word}: {causes:?}");
    }
    // Of values of the usual shape nothing was cut or hidden, and no rule of the entry is repeated.
    assert!(causes[0].contains("none was found"), "{causes:?}");
    assert!(!causes.iter().any(|cause| cause.contains("cut") || cause.contains("rules")), "{causes:?}");
    assert!(causes[3].ends_with("pasted as client secret."), "{causes:?}");
}

#[test]
fn what_the_entries_speak_for_comes_first() {
    let cut = Entered { secret: Some(Secret::new("RehearsalSecret")), ..Entered::good() };
    let words = "Client ID: 22 characters, as usual; client secret: 15 characters, not 32.";
    assert!(causes(&cut)[0].contains(words), "{:?}", causes(&cut));
    let shaped = Entered { secret: Some(Secret::new("REHEARSAL-token-000001")), ..Entered::good() };
    assert!(causes(&shaped)[0].contains("Secret Token was pasted"), "{:?}", causes(&shaped));
    let same = Secret::new("SomeTokenThatIsNeitherLong");
    let same = Entered { secret: Some(same.clone()), token: Some(same), ..Entered::good() };
    assert!(causes(&same).iter().any(|cause| cause.contains("are the same")), "{:?}", causes(&same));
    let other = Entered { token: Some(Secret::new("another")), ..Entered::good() };
    assert!(!causes(&other).iter().any(|cause| cause.contains("Secret Token")), "{:?}", causes(&other));
    let swapped = Entered {
        id: "RehearsalSecretGeneral0000000001".to_owned(),
        secret: Some(Secret::new(ID)),
        ..Entered::good()
    };
    assert!(causes(&swapped)[0].contains("each other's field"), "{:?}", causes(&swapped));
}

#[test]
fn a_server_to_server_app_has_one_view() {
    assert!(causes(&Entered::server(ACCOUNT)).iter().all(|cause| !cause.contains("Production")));
}

const BAD: &str = r#"{"reason":"Bad Request","error":"invalid_request"}"#;
const UNKNOWN: &str = r#"{"reason":"Account does not exist","error":"invalid_request"}"#;
const KIND: &str = r#"{"reason":"Account does not enabled the OAuth app type","error":"invalid_request"}"#;
const OFF: &str = r#"{"reason":"The app has been disabled (4717)","error":"invalid_request"}"#;
const ODD: &str = r#"{"reason":"Not today","error":"invalid_request"}"#;

#[rstest]
#[case::unknown(UNKNOWN, ACCOUNT, "wrong-account", Judgement::Refused)]
#[case::number(BAD, "5001234567", "wrong-account", Judgement::Refused)]
#[case::number_with_hyphens(BAD, "500-123-4567", "wrong-account", Judgement::Refused)]
#[case::short(BAD, "qW8rTyUiOp", "wrong-account", Judgement::Refused)]
#[case::same_as_the_id(BAD, ID, "wrong-account", Judgement::Refused)]
#[case::well_formed(BAD, ACCOUNT, "account-refused", Judgement::Open)]
#[case::odd(ODD, ACCOUNT, "not-activated-or-wrong-account", Judgement::Open)]
#[case::kind(KIND, ACCOUNT, "wrong-kind", Judgement::Refused)]
#[case::off(OFF, ACCOUNT, "not-active-yet", Judgement::Expected)]
#[case::pair(r#"{"error":"invalid_client"}"#, ACCOUNT, "invalid-client", Judgement::Refused)]
fn answers_at_the_credentials(
    #[case] body: &str,
    #[case] entered: &str,
    #[case] code: &str,
    #[case] judgement: Judgement,
) {
    let answer = answered(Call::AccountCredentials, 400, body);
    let verdict = account(&answer, Entered::server(entered).as_given(), Moment::Credentials, now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), (code, judgement), "{verdict:?}");
}

#[rstest]
#[case::well_formed(BAD, "account-refused")]
#[case::odd(ODD, "not-activated-or-wrong-account")]
#[case::off(OFF, "not-activated")]
#[case::kind(KIND, "wrong-kind")]
fn answers_at_the_activation_are_lists_of_what_it_can_be(#[case] body: &str, #[case] code: &str) {
    let moment = Moment::Activation { token_at: None };
    let answer = answered(Call::AccountCredentials, 400, body);
    let verdict = account(&answer, Entered::server(ACCOUNT).as_given(), moment, now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), (code, Judgement::Refused), "{verdict:?}");
    assert!(verdict.candidates.len() > 1, "{verdict:?}");
    assert!(verdict.candidates.iter().all(|one| !one.test.is_empty() && one.cause != one.test));
}

#[test]
fn a_token_of_before_tells_deactivated_from_not_activated() {
    let moment = Moment::Activation { token_at: Some(now()) };
    let answer = answered(Call::AccountCredentials, 400, OFF);
    let verdict = account(&answer, Entered::server(ACCOUNT).as_given(), moment, now());
    assert_eq!(verdict.code, "deactivated");
    assert!(verdict.evidence[0].contains("2026-03-12 10:00 UTC"), "{verdict:?}");
    let verdict = account(&granted(), Entered::server(ACCOUNT).as_given(), moment, now());
    assert_eq!((verdict.code.as_str(), verdict.judgement), (TOKEN_GRANTED, Judgement::Proved));
}

#[test]
fn no_secret_is_in_a_verdict() {
    let mark = "MARKERsecretMARKERsecretMARKER12";
    let entered =
        Entered { secret: Some(Secret::new(mark)), token: Some(Secret::new(mark)), ..Entered::good() };
    for body in [r#"{"error":"invalid_client"}"#, r#"{"error":"invalid_grant"}"#, ODD] {
        let verdict = pair(&answered(Call::ExchangeCode, 400, body), entered.as_given(), now());
        assert!(!format!("{verdict:?}").contains("MARKER"), "{verdict:?}");
    }
}

proptest! {
    /// Whatever comes back: no panic, and good only where the code alone was refused.
    #[test]
    fn only_a_refused_code_proves_a_pair(
        status in 200_u16..600,
        body in prop_oneof![
            any::<String>(),
            (r#"[a-z_ ]{0,24}"#, r#"[A-Za-z0-9 (),_]{0,40}"#)
                .prop_map(|(error, reason)| format!(r#"{{"error":"{error}","reason":"{reason}"}}"#)),
        ],
        html: bool,
    ) {
        let content_type = if html { "text/html" } else { "application/json" };
        let failure = Failure {
            call: Call::ExchangeCode,
            host: "zoom.us".to_owned(),
            kind: FailureKind::Answered {
                status,
                body: body.clone(),
                content_type: content_type.to_owned(),
                retry_after: None,
            },
            clock_offset_s: None,
        };
        let verdict = pair(&Err(failure.clone()), Entered::good().as_given(), now());
        if verdict.judgement == Judgement::Proved {
            let lower = body.to_lowercase();
            let signs = ["invalid_grant", "authorization code", "code is expired", "code expired", "redirect",
                "47", "4,7", "4 7"];
            prop_assert!(signs.iter().any(|sign| lower.contains(sign)), "{}", body);
            prop_assert!((400..500).contains(&status));
        }
        let entered = Entered::server(ACCOUNT);
        let verdict = account(&Err(failure), entered.as_given(), Moment::Credentials, now());
        prop_assert!(verdict.judgement != Judgement::Proved, "only a token proves: {}", body);
    }

    #[test]
    fn any_entry_has_its_reasons(id in "\\PC{0,60}", secret in "\\PC{0,60}", account_id in "\\PC{0,30}") {
        let entered = Entered {
            id,
            secret: Some(Secret::new(secret)),
            account: Some(account_id),
            token: None,
        };
        let pair = entered.as_given().pair_candidates();
        prop_assert!((2..=5).contains(&pair.len()));
        let (_, account) = entered.as_given().account_candidates();
        prop_assert!((1..=2).contains(&account.len()));
    }
}
