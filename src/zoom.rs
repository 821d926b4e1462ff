//! Zoom over HTTP: [`reqwest`] behind [`crate::ports::Zoom`].
//!
//! What goes out is decided in [`crate::oauth`]; this room only carries it, within limits: a total time for
//! each call, a bounded body, no redirect followed, secrets only over https or to a loopback address, and at
//! most one repetition where nothing can have been spent.

mod certificate;
mod clients;
mod failures;
mod preflight;

use crate::oauth::authorize::{Endpoints, is_loopback};
use crate::oauth::token;
use crate::oauth::{
    ApiAnswer, ApiRead, Call, Failure, FailureKind, Grant, PreflightAnswer, PreflightRequest, RevokeRequest,
    TokenGrant, TokenRequest,
};
use crate::ports::{Clock, PortFuture, Zoom};
use crate::secret::Secret;
use clients::{Clients, Profile};
pub use clients::{ProxyChoice, follow_redirects_on_loopback};
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Bounds of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time from the first look-up to the last byte, a repetition included.
    pub total: Duration,
    /// Longest body that is read, in bytes.
    pub body_bytes: u64,
}

impl Default for Limits {
    /// 10 seconds, 1 MB.
    fn default() -> Self {
        Self { total: Duration::from_secs(10), body_bytes: 1_000_000 }
    }
}

/// Zoom's endpoints over HTTP. Cheap to make: HTTP clients, the trust store and proxy settings are read at
/// the first call that needs them.
pub struct ZoomClient {
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
    limits: Limits,
    connect_limit: Duration,
    clients: Clients,
}

impl ZoomClient {
    /// A client that uses the proxy settings of the system (`HTTPS_PROXY`, `NO_PROXY`).
    pub fn new(endpoints: Endpoints, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self::with_proxy(endpoints, clock, limits, ProxyChoice::System)
    }

    /// A client with a proxy of the caller's choice. Loopback addresses never go through it.
    pub fn with_proxy(
        endpoints: Endpoints,
        clock: Arc<dyn Clock>,
        limits: Limits,
        proxy: ProxyChoice,
    ) -> Self {
        // Two attempts to connect fit into the total. So a dead address ends as "no connection, nothing
        // sent", and not as a time-out after which a code may have been spent.
        let connect_limit = limits.total * 2 / 5;
        Self { endpoints, clock, limits, connect_limit, clients: Clients::new(connect_limit, proxy) }
    }

    async fn ask_for_token(&self, request: TokenRequest) -> Result<TokenGrant, Failure> {
        let (call, repeat) = match &request.grant {
            Grant::AuthorizationCode { .. } => (Call::ExchangeCode, Repeat::IfNotSent),
            Grant::RefreshToken { .. } => (Call::Refresh, Repeat::IfNotSent),
            Grant::AccountCredentials { .. } => (Call::AccountCredentials, Repeat::IfLost),
        };
        let outgoing = Outgoing {
            call,
            address: self.endpoints.token(),
            authorization: token::authorization_header(&request.client),
            form: Some(token::token_form(&request)),
            accept: JSON,
            repeat,
        };
        let (host, answer) = self.send(&outgoing).await?;
        if !answer.is_success() {
            return Err(answer.into_failure(call, host));
        }
        match token::parse_token_answer(&answer.body) {
            Ok(grant) => Ok(TokenGrant { clock_offset_s: answer.clock_offset_s, ..grant }),
            Err(detail) => Err(answer.into_misfit(call, host, detail)),
        }
    }

    async fn ask_to_revoke(&self, request: RevokeRequest) -> Result<(), Failure> {
        let outgoing = Outgoing {
            call: Call::Revoke,
            address: self.endpoints.revoke(),
            authorization: token::authorization_header(&request.client),
            form: Some(token::revoke_form(&request)),
            accept: JSON,
            // Revoking twice does no harm.
            repeat: Repeat::IfLost,
        };
        let (host, answer) = self.send(&outgoing).await?;
        if !answer.is_success() {
            return Err(answer.into_failure(Call::Revoke, host));
        }
        match token::parse_revoke_answer(&answer.body) {
            Ok(()) => Ok(()),
            Err(detail) => Err(answer.into_misfit(Call::Revoke, host, detail)),
        }
    }

    async fn ask_the_api(&self, request: ApiRead) -> Result<ApiAnswer, Failure> {
        let outgoing = Outgoing {
            call: Call::Read,
            address: self.endpoints.api(request.api_url.as_deref(), &request.path),
            authorization: Some(Secret::new(format!("Bearer {}", request.access_token.expose()))),
            form: None,
            accept: JSON,
            repeat: Repeat::IfLost,
        };
        let (host, answer) = self.send(&outgoing).await?;
        if !answer.is_success() {
            return Err(answer.into_failure(Call::Read, host));
        }
        match serde_json::from_str(&answer.body) {
            Ok(body) => Ok(ApiAnswer { body, clock_offset_s: answer.clock_offset_s }),
            Err(_) => Err(answer.into_misfit(Call::Read, host, "it is not JSON".to_owned())),
        }
    }

    /// Sends within the time limit, at most twice. The host is the one asked, for the texts.
    async fn send(&self, outgoing: &Outgoing) -> Result<(String, Answer), Failure> {
        let (host, checked) = checked_address(&outgoing.address);
        let fail = |kind| Failure { call: outgoing.call, host: host.clone(), kind, clock_offset_s: None };
        let url = checked.map_err(|detail| fail(FailureKind::Forbidden { detail }))?;
        let attempts = async {
            match self.attempt(outgoing, &url).await {
                Err(kind) if outgoing.repeat.allows(&kind) => self.attempt(outgoing, &url).await,
                first => first,
            }
        };
        match tokio::time::timeout(self.limits.total, attempts).await {
            Ok(Ok(answer)) => Ok((host, answer)),
            Ok(Err(kind)) => Err(fail(kind)),
            Err(_elapsed) => Err(fail(FailureKind::TimedOut { limit_s: self.limits.total.as_secs().max(1) })),
        }
    }

    async fn attempt(&self, outgoing: &Outgoing, url: &Url) -> Result<Answer, FailureKind> {
        let profile = Profile::of(url, outgoing.form.is_some());
        let client = self.clients.get(profile)?;
        let proxy = self.clients.proxy_name(profile);
        let mut request = match &outgoing.form {
            Some(form) => client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.expose().to_owned()),
            None => client.get(url.clone()),
        };
        request = request.header(ACCEPT, outgoing.accept);
        if let Some(authorization) = &outgoing.authorization {
            let mut value =
                HeaderValue::from_str(authorization.expose()).map_err(|_| FailureKind::Forbidden {
                    detail: "the stored token has characters that no token has".to_owned(),
                })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let mut response =
            request.send().await.map_err(|error| failures::kind_of(error, &proxy, self.connect_limit))?;
        let too_large = FailureKind::TooLarge { limit_bytes: self.limits.body_bytes };
        if response.content_length().is_some_and(|length| length > self.limits.body_bytes) {
            return Err(too_large);
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let length = u64::try_from(body.len() + chunk.len()).unwrap_or(u64::MAX);
                    if length > self.limits.body_bytes {
                        return Err(too_large);
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => break,
                Err(error) => {
                    return Err(FailureKind::AnswerLost { detail: failures::deepest(&error.without_url()) });
                }
            }
        }
        let headers = response.headers();
        Ok(Answer {
            status: response.status().as_u16(),
            content_type: header_text(headers, &CONTENT_TYPE)
                .map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
                .unwrap_or_default(),
            retry_after: header_text(headers, &RETRY_AFTER),
            location: header_text(headers, &LOCATION),
            clock_offset_s: header_text(headers, &DATE).and_then(|date| self.clock_offset_s(&date)),
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// The server's time minus this machine's, in seconds.
    fn clock_offset_s(&self, date: &str) -> Option<i64> {
        let server = DateTimeParser::new().parse_timestamp(date).ok()?;
        Some(server.as_second() - self.clock.now().as_second())
    }
}

impl Zoom for ZoomClient {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        Box::pin(self.ask_for_token(request))
    }

    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        Box::pin(self.ask_to_revoke(request))
    }

    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        Box::pin(self.ask_the_api(request))
    }

    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        Box::pin(self.look_ahead(request))
    }
}

/// What the endpoints answer with.
const JSON: &str = "application/json";

/// A request, ready to go.
struct Outgoing {
    call: Call,
    address: String,
    /// Value of the `Authorization` header.
    authorization: Option<Secret>,
    /// Sent by POST; without it the request is a GET.
    form: Option<Secret>,
    accept: &'static str,
    repeat: Repeat,
}

/// When a request may be sent a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// Only if no connection came about, so that nothing was sent: codes and refresh tokens work once.
    IfNotSent,
    /// Also if the connection broke before the answer.
    IfLost,
}

impl Repeat {
    fn allows(self, kind: &FailureKind) -> bool {
        match kind {
            FailureKind::Connect { .. } => true,
            FailureKind::AnswerLost { .. } => self == Self::IfLost,
            FailureKind::Answered { .. }
            | FailureKind::Dns { .. }
            | FailureKind::Tls { .. }
            | FailureKind::Proxy { .. }
            | FailureKind::TimedOut { .. }
            | FailureKind::TooLarge { .. }
            | FailureKind::Malformed { .. }
            | FailureKind::Forbidden { .. } => false,
        }
    }
}

/// An answer as it came.
struct Answer {
    status: u16,
    /// Lower-case, without parameters.
    content_type: String,
    retry_after: Option<String>,
    /// Where a redirect leads; followed only by the look at the authorize page.
    location: Option<String>,
    clock_offset_s: Option<i64>,
    body: String,
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    fn into_failure(self, call: Call, host: String) -> Failure {
        let clock_offset_s = self.clock_offset_s;
        let kind = FailureKind::Answered {
            status: self.status,
            body: self.body,
            content_type: self.content_type,
            retry_after: self.retry_after,
        };
        Failure { call, host, kind, clock_offset_s }
    }

    /// A success that is not what was asked for. A page, an empty body or an error in JSON says more as it
    /// stands; of anything else only `detail` is kept, since the body may hold a token.
    fn into_misfit(self, call: Call, host: String, detail: String) -> Failure {
        let body = self.body.trim_start();
        let is_page = self.content_type.contains("html") || body.starts_with('<');
        let is_error = serde_json::from_str::<Value>(body).is_ok_and(|json| {
            let has = |key: &str| json.get(key).is_some();
            !has("access_token") && ["error", "reason", "errorCode", "code"].into_iter().any(has)
        });
        if is_page || is_error || body.is_empty() {
            return self.into_failure(call, host);
        }
        Failure { call, host, kind: FailureKind::Malformed { detail }, clock_offset_s: self.clock_offset_s }
    }
}

/// The host for the texts, and the address if secrets may go there: https, or http on a loopback address,
/// and exactly as it was put together, so that no path climbs out of its place.
fn checked_address(address: &str) -> (String, Result<Url, String>) {
    let Ok(url) = Url::parse(address) else {
        return ("an unknown host".to_owned(), Err("the address can't be read".to_owned()));
    };
    let host = url.host_str().unwrap_or("an unknown host").to_owned();
    let checked = if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        Err(format!("{host} is neither https nor a loopback address"))
    } else if url.as_str() != address || url.fragment().is_some() {
        Err("the path is not in its plain form".to_owned())
    } else {
        Ok(url)
    };
    (host, checked)
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://api.zoom.us/v2/users/me", true)]
    #[case("http://127.0.0.1:4000/v2/users?page_size=1", true)]
    #[case("https://api.zoom.us/v2/past_meetings/%252Fab%252F%252Fcd%253D%253D", true)]
    #[case("http://api.zoom.us/v2/users/me", false)]
    #[case("http://localhost:4000/v2/users/me", false)]
    #[case("https://api.zoom.us/v2/../oauth/token", false)]
    #[case("https://api.zoom.us/v2/users/a b", false)]
    #[case("https://api.zoom.us/v2/users\\me", false)]
    #[case("https://api.zoom.us/v2/users/\r\nme", false)]
    #[case("nonsense", false)]
    fn addresses_that_may_be_asked(#[case] address: &str, #[case] allowed: bool) {
        assert_eq!(checked_address(address).1.is_ok(), allowed);
    }

    #[test]
    fn codes_and_refresh_tokens_are_repeated_only_if_nothing_was_sent() {
        let connect = FailureKind::Connect { detail: String::new() };
        let lost = FailureKind::AnswerLost { detail: String::new() };
        let late = FailureKind::TimedOut { limit_s: 1 };
        assert_eq!([&connect, &lost, &late].map(|kind| Repeat::IfNotSent.allows(kind)), [true, false, false]);
        assert_eq!([&connect, &lost, &late].map(|kind| Repeat::IfLost.allows(kind)), [true, true, false]);
    }
}
