//! The token and revoke endpoints as data: what is sent, and what the answers mean.

use super::{ClientAuthentication, Grant, RevokeRequest, TokenGrant, TokenRequest};
use crate::secret::{Secret, printable};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Life of an access token where the answer gives none or nonsense, in seconds. Zoom's is one hour.
const DEFAULT_LIFE_S: u64 = 3_600;
/// Longest life that is believed, in seconds: one year.
const LONGEST_LIFE_S: u64 = 365 * 24 * 3_600;

/// Value of the `Authorization` header of a confidential client: `Basic` with each half form-encoded before
/// they are joined (RFC 6749 section 2.3.1), so that a `:` in the client ID does not end it.
pub fn basic_header(client_id: &str, client_secret: &Secret) -> Secret {
    let id: String = byte_serialize(client_id.as_bytes()).collect();
    let secret: String = byte_serialize(client_secret.expose().as_bytes()).collect();
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
}

/// The header that shows who the client is; a public client has none.
pub fn authorization_header(client: &ClientAuthentication) -> Option<Secret> {
    match client {
        ClientAuthentication::Basic { client_id, client_secret } => {
            Some(basic_header(client_id, client_secret))
        }
        ClientAuthentication::Public { .. } => None,
    }
}

/// Form body of a token request (RFC 6749 sections 4.1.3 and 6, RFC 7636 section 4.5). A public client names
/// itself in it.
pub fn token_form(request: &TokenRequest) -> Secret {
    let mut form = Serializer::new(String::new());
    match &request.grant {
        Grant::AuthorizationCode { code, redirect_uri, verifier } => form
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", verifier.expose()),
        Grant::RefreshToken { refresh_token } => form
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token.expose()),
        Grant::AccountCredentials { account_id } => {
            form.append_pair("grant_type", "account_credentials").append_pair("account_id", account_id)
        }
    };
    with_client(form, &request.client)
}

/// Form body of a revoke request (RFC 7009 section 2.1).
pub fn revoke_form(request: &RevokeRequest) -> Secret {
    let mut form = Serializer::new(String::new());
    form.append_pair("token", request.token.expose());
    with_client(form, &request.client)
}

fn with_client(mut form: Serializer<'_, String>, client: &ClientAuthentication) -> Secret {
    match client {
        ClientAuthentication::Basic { .. } => {}
        ClientAuthentication::Public { client_id } => {
            form.append_pair("client_id", client_id);
        }
    }
    Secret::new(form.finish())
}

/// Reads a successful token answer (RFC 6749 section 5.1). Unknown fields are ignored.
///
/// # Errors
/// What is wrong, in words without any value of the answer.
pub fn parse_token_answer(body: &str) -> Result<TokenGrant, String> {
    let answer: Value = serde_json::from_str(body).map_err(|_| "it is not JSON".to_owned())?;
    let access_token = text_of(&answer, "access_token").ok_or("it has no access_token")?;
    if !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its access_token has characters that no token has".to_owned());
    }
    let token_type = text_of(&answer, "token_type").ok_or("it has no token_type")?;
    if !token_type.eq_ignore_ascii_case("bearer") {
        // RFC 6749 section 7.1: a token of an unknown type must not be used.
        return Err(format!("its token_type is {}, not bearer", printable(token_type, 40)));
    }
    Ok(TokenGrant {
        access_token: Secret::new(access_token),
        refresh_token: text_of(&answer, "refresh_token").map(Secret::new),
        expires_in_s: life_of(answer.get("expires_in")),
        scopes: scopes_of(answer.get("scope")),
        api_url: text_of(&answer, "api_url").map(str::to_owned),
        clock_offset_s: None,
    })
}

/// Reads the answer to a revocation. An empty body is fine (RFC 7009 section 2.2); Zoom sends
/// `{"status":"success"}`.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_revoke_answer(body: &str) -> Result<(), String> {
    if body.trim().is_empty() {
        return Ok(());
    }
    let answer: Value = serde_json::from_str(body).map_err(|_| "it is not JSON".to_owned())?;
    match text_of(&answer, "status") {
        Some(status) if status.eq_ignore_ascii_case("success") => Ok(()),
        Some(status) => Err(format!("its status is {}, not success", printable(status, 40))),
        None => Err("it does not say that the token was revoked".to_owned()),
    }
}

fn text_of<'a>(answer: &'a Value, key: &str) -> Option<&'a str> {
    answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn life_of(value: Option<&Value>) -> u64 {
    let seconds = match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => None,
    };
    match seconds {
        // The cast saturates, and the cap is far below what it could cut.
        Some(seconds) if seconds >= 1.0 => (seconds as u64).min(LONGEST_LIFE_S),
        Some(_) | None => DEFAULT_LIFE_S,
    }
}

/// Scopes in answer order without duplicates; case is kept (RFC 6749 section 3.3).
fn scopes_of(value: Option<&Value>) -> Option<Vec<String>> {
    let names: Vec<&str> = match value? {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).flat_map(str::split_whitespace).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    let mut scopes: Vec<String> = Vec::new();
    for name in names {
        let name = printable(name, 200);
        if !scopes.contains(&name) {
            scopes.push(name);
        }
    }
    Some(scopes)
}

/// What an access token says about itself. Zoom's tokens are JWTs, but their claims are not documented and
/// the signature can't be checked: never more than a hint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenHint {
    pub account_id: Option<String>,
    pub user_id: Option<String>,
    /// The client ID it was issued to: tells the development pair from the production pair.
    pub client_id: Option<String>,
    pub expires: Option<Timestamp>,
}

/// Reads the claims of an access token; `None` where it is no JWT or says nothing of interest.
pub fn token_hint(access_token: &Secret) -> Option<TokenHint> {
    let mut parts = access_token.expose().split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    // The names changed between token versions 6 and 7.
    let first = |keys: [&str; 2]| {
        keys.into_iter().find_map(|key| text_of(&claims, key)).map(|text| printable(text, 80))
    };
    let issuer = text_of(&claims, "iss").and_then(|issuer| {
        issuer.strip_prefix("zm:cid:").or_else(|| issuer.strip_prefix("urn:zoom:connect:clientid:"))
    });
    let hint = TokenHint {
        account_id: first(["aid", "accountId"]),
        user_id: first(["uid", "userId"]),
        client_id: issuer.map(|id| printable(id, 80)).or_else(|| first(["clientId", "client_id"])),
        expires: claims
            .get("exp")
            .and_then(Value::as_i64)
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
    };
    (hint != TokenHint::default()).then_some(hint)
}

/// Tokens as they lie in the secret store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTokens {
    pub access_token: Secret,
    pub refresh_token: Option<Secret>,
    pub obtained_at: Timestamp,
    /// End of the access token's life.
    pub expires_at: Timestamp,
}

/// Form of stored tokens inside the secret store.
#[derive(Serialize, Deserialize)]
struct TokensWire<T> {
    access_token: T,
    refresh_token: Option<T>,
    obtained_at: Timestamp,
    expires_at: Timestamp,
}

impl StoredTokens {
    /// The tokens of a grant, obtained at `now`. Where the answer brought no refresh token the one of
    /// `previous` stays (RFC 6749 section 6); where it brought one the old one is spent and gone.
    pub fn from_grant(grant: &TokenGrant, now: Timestamp, previous: Option<&Self>) -> Self {
        let life = SignedDuration::from_secs(i64::try_from(grant.expires_in_s).unwrap_or(i64::MAX));
        Self {
            access_token: grant.access_token.clone(),
            refresh_token: grant
                .refresh_token
                .clone()
                .or_else(|| previous.and_then(|tokens| tokens.refresh_token.clone())),
            obtained_at: now,
            expires_at: now.checked_add(life).unwrap_or(Timestamp::MAX),
        }
    }

    /// For the secret store.
    pub fn to_secret(&self) -> Secret {
        let wire = TokensWire {
            access_token: self.access_token.expose(),
            refresh_token: self.refresh_token.as_ref().map(Secret::expose),
            obtained_at: self.obtained_at,
            expires_at: self.expires_at,
        };
        // Four plain values always serialize; an empty secret reads back as no tokens.
        Secret::new(serde_json::to_string(&wire).unwrap_or_default())
    }

    /// From the secret store; `None` if it is not what [`Self::to_secret`] wrote. There is no reason given,
    /// because a parser's message quotes the text.
    pub fn from_secret(secret: &Secret) -> Option<Self> {
        let wire: TokensWire<String> = serde_json::from_str(secret.expose()).ok()?;
        Some(Self {
            access_token: Secret::new(wire.access_token),
            refresh_token: wire.refresh_token.map(Secret::new),
            obtained_at: wire.obtained_at,
            expires_at: wire.expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn basic() -> ClientAuthentication {
        ClientAuthentication::Basic { client_id: "id".to_owned(), client_secret: Secret::new("secret") }
    }

    fn public() -> ClientAuthentication {
        ClientAuthentication::Public { client_id: "i d".to_owned() }
    }

    fn now() -> Timestamp {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    // Row F06 of docs/callback-rows.md.
    #[test]
    fn halves_are_form_encoded_before_basic() {
        let header = basic_header("a:b c", &Secret::new("p+%:é"));
        let encoded = header.expose().strip_prefix("Basic ").unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap(), b"a%3Ab+c:p%2B%25%3A%C3%A9");
        // Zoom's own identifiers consist of characters that stay as they are.
        assert_eq!(basic_header("aZ-_9", &Secret::new("xY1")).expose(), "Basic YVotXzk6eFkx");
        assert_eq!(authorization_header(&public()), None);
    }

    // Rows B02, B14, F20, P04 of docs/callback-rows.md.
    #[test]
    fn forms_carry_what_each_grant_needs_and_nothing_else() {
        let code = Grant::AuthorizationCode {
            code: Secret::new("c+1"),
            redirect_uri: "http://127.0.0.1:4000/callback".to_owned(),
            verifier: Secret::new("v"),
        };
        assert_eq!(
            token_form(&TokenRequest { client: basic(), grant: code }).expose(),
            "grant_type=authorization_code&code=c%2B1&redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback\
             &code_verifier=v"
        );
        let refresh = Grant::RefreshToken { refresh_token: Secret::new("r") };
        assert_eq!(
            token_form(&TokenRequest { client: public(), grant: refresh }).expose(),
            "grant_type=refresh_token&refresh_token=r&client_id=i+d"
        );
        let account = Grant::AccountCredentials { account_id: "a".to_owned() };
        assert_eq!(
            token_form(&TokenRequest { client: basic(), grant: account }).expose(),
            "grant_type=account_credentials&account_id=a"
        );
        assert_eq!(
            revoke_form(&RevokeRequest { client: basic(), token: Secret::new("t") }).expose(),
            "token=t"
        );
        assert_eq!(
            revoke_form(&RevokeRequest { client: public(), token: Secret::new("t") }).expose(),
            "token=t&client_id=i+d"
        );
    }

    // Rows F07, F15, F17 of docs/callback-rows.md.
    #[test]
    fn a_full_answer() {
        let grant = parse_token_answer(
            r#"{"access_token":"a.b.c","token_type":"Bearer","refresh_token":"r","expires_in":3599,
                "scope":"b:x  A:y b:x","api_url":"https://api.zoom.us","new":{"x":1}}"#,
        )
        .unwrap();
        assert_eq!(
            grant,
            TokenGrant {
                access_token: Secret::new("a.b.c"),
                refresh_token: Some(Secret::new("r")),
                expires_in_s: 3599,
                scopes: Some(vec!["b:x".to_owned(), "A:y".to_owned()]),
                api_url: Some("https://api.zoom.us".to_owned()),
                clock_offset_s: None,
            }
        );
    }

    // Row F16 of docs/callback-rows.md.
    #[rstest]
    #[case("", 3600)]
    #[case(r#","expires_in":null"#, 3600)]
    #[case(r#","expires_in":"1800""#, 1800)]
    #[case(r#","expires_in":1800.9"#, 1800)]
    #[case(r#","expires_in":0"#, 3600)]
    #[case(r#","expires_in":-5"#, 3600)]
    #[case(r#","expires_in":"soon""#, 3600)]
    #[case(r#","expires_in":"NaN""#, 3600)]
    #[case(r#","expires_in":1e300"#, 31_536_000)]
    fn life_of_the_token(#[case] field: &str, #[case] seconds: u64) {
        let body = format!(r#"{{"access_token":"a","token_type":"bearer"{field}}}"#);
        let grant = parse_token_answer(&body).unwrap();
        assert_eq!(grant.expires_in_s, seconds);
        assert_eq!((grant.scopes, grant.refresh_token, grant.api_url), (None, None, None));
    }

    // Row F08 of docs/callback-rows.md.
    #[test]
    fn no_scope_differs_from_an_empty_one() {
        let with = |scope: &str| {
            parse_token_answer(&format!(r#"{{"access_token":"a","token_type":"bearer","scope":{scope}}}"#))
                .unwrap()
                .scopes
        };
        assert_eq!(with("null"), None);
        assert_eq!(with(r#""""#), Some(Vec::new()));
        assert_eq!(with(r#"["a b","a"]"#), Some(vec!["a".to_owned(), "b".to_owned()]));
    }

    // Row F17 of docs/callback-rows.md.
    #[test]
    fn tokens_of_16_kb_are_fine() {
        let token = "t".repeat(16 * 1024);
        let body = format!(r#"{{"access_token":"{token}","refresh_token":"{token}","token_type":"bearer"}}"#);
        assert_eq!(parse_token_answer(&body).unwrap().access_token.expose(), token);
    }

    // Row F15 of docs/callback-rows.md.
    #[rstest]
    #[case("", "not JSON")]
    #[case("<html>", "not JSON")]
    #[case("[]", "no access_token")]
    #[case(r#"{"access_token":1}"#, "no access_token")]
    #[case(r#"{"access_token":"","token_type":"bearer"}"#, "no access_token")]
    #[case(r#"{"access_token":"hunter2"}"#, "no token_type")]
    #[case(r#"{"access_token":"hunter2","token_type":"mac"}"#, "is mac")]
    #[case(r#"{"access_token":"hunter2\r\nX: y","token_type":"bearer"}"#, "characters")]
    fn answers_that_are_refused(#[case] body: &str, #[case] words: &str) {
        let problem = parse_token_answer(body).unwrap_err();
        assert!(problem.contains(words), "{problem}");
        assert!(!problem.contains("hunter2"));
    }

    #[rstest]
    #[case(r#"{"status":"success"}"#, true)]
    #[case("", true)]
    #[case(r#"{"status":"failed"}"#, false)]
    #[case(r#"{"reason":"x"}"#, false)]
    #[case("<html>", false)]
    fn revoke_answers(#[case] body: &str, #[case] fine: bool) {
        assert_eq!(parse_revoke_answer(body).is_ok(), fine);
    }

    fn jwt(claims: &str) -> Secret {
        Secret::new(format!("{}.{}.sig", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn hints_of_both_token_generations() {
        let new = token_hint(&jwt(r#"{"aid":"A","uid":"U","iss":"zm:cid:C","exp":1700000000}"#)).unwrap();
        let old = token_hint(&jwt(
            r#"{"accountId":"A","userId":"U","iss":"urn:zoom:connect:clientid:C","exp":1700000000}"#,
        ))
        .unwrap();
        assert_eq!(new, old);
        assert_eq!(new.account_id.as_deref(), Some("A"));
        assert_eq!(new.user_id.as_deref(), Some("U"));
        assert_eq!(new.client_id.as_deref(), Some("C"));
        assert_eq!(new.expires, Timestamp::from_second(1_700_000_000).ok());
    }

    #[rstest]
    #[case("opaque")]
    #[case("a.b.c")]
    #[case("..")]
    #[case("e30.e30.x")]
    fn a_token_without_claims_gives_no_hint(#[case] token: &str) {
        assert_eq!(token_hint(&Secret::new(token)), None);
    }

    // Row F21 of docs/callback-rows.md.
    #[test]
    fn stored_tokens_keep_the_old_refresh_token_only_where_none_came() {
        let mut grant =
            parse_token_answer(r#"{"access_token":"a1","token_type":"bearer","refresh_token":"r1"}"#)
                .unwrap();
        let first = StoredTokens::from_grant(&grant, now(), None);
        assert_eq!(first.expires_at, now() + SignedDuration::from_secs(3600));
        grant.refresh_token = None;
        assert_eq!(
            StoredTokens::from_grant(&grant, now(), Some(&first)).refresh_token,
            Some(Secret::new("r1"))
        );
        grant.refresh_token = Some(Secret::new("r2"));
        let second = StoredTokens::from_grant(&grant, now(), Some(&first));
        assert_eq!(second.refresh_token, Some(Secret::new("r2")));
        assert_eq!(StoredTokens::from_secret(&second.to_secret()), Some(second));
        assert_eq!(StoredTokens::from_secret(&Secret::new("{}")), None);
    }

    proptest! {
        #[test]
        fn no_answer_panics(body in any::<String>()) {
            let _ = parse_token_answer(&body);
            let _ = parse_revoke_answer(&body);
            let _ = token_hint(&Secret::new(body));
        }
    }
}
