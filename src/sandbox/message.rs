//! Requests and answers as data, so that the endpoints know nothing of sockets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The methods that some endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Other,
}

/// A request, read whole.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path as sent, without the query.
    pub(super) path: String,
    /// Query as sent; `None` if there is no question mark.
    pub(super) query: Option<String>,
    /// Values of every `Authorization` header.
    pub(super) authorization: Vec<String>,
    /// `Content-Type` in lower case, without parameters.
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// The value after `Basic ` or `Bearer ` of the only `Authorization` header.
    fn credentials(&self, scheme: &str) -> Option<&str> {
        let [header] = self.authorization.as_slice() else {
            return None;
        };
        let (given, value) = header.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| value.trim_start())
    }

    /// RFC 6750 section 2.1.
    pub(super) fn bearer_token(&self) -> Option<&str> {
        self.credentials("Bearer")
    }

    /// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    pub(super) fn basic_pair(&self) -> Option<(String, String)> {
        let bytes = STANDARD.decode(self.credentials("Basic")?).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((form_decoded(id), form_decoded(secret)))
    }

    /// Body of type `application/x-www-form-urlencoded`; `None` for any other type.
    pub(super) fn form(&self) -> Option<Parameters> {
        (self.content_type.as_deref() == Some("application/x-www-form-urlencoded"))
            .then(|| Parameters::parse(&self.body))
    }

    /// The query's parameters.
    pub(super) fn query_parameters(&self) -> Parameters {
        Parameters::parse(self.query.as_deref().unwrap_or_default().as_bytes())
    }
}

/// Undoes form-encoding of one value.
fn form_decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26");
    let value = url::form_urlencoded::parse(format!("v={escaped}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned());
    value.unwrap_or_default()
}

/// Undoes percent-encoding of one path segment, where `+` is itself.
pub(super) fn segment_decoded(segment: &str) -> String {
    form_decoded(&segment.replace('+', "%2B"))
}

/// Parameters of a query or form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn parse(bytes: &[u8]) -> Self {
        Self(
            url::form_urlencoded::parse(bytes)
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// The value, unless it is missing or empty (RFC 6749 section 3.1: empty counts as omitted).
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// Whether some parameter comes twice, which RFC 6749 section 3.1 forbids.
    pub(super) fn repeated(&self) -> bool {
        self.0.iter().enumerate().any(|(index, (name, _))| self.0[..index].iter().any(|(n, _)| n == name))
    }
}

/// How an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    AtOnce,
    /// Held back longer than a client waits.
    Late,
    /// Never: the connection is cut.
    Cut,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// Further headers. Values hold no line breaks; the server drops control characters in any case.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delivery: Delivery,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json;charset=UTF-8",
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            delivery: Delivery::AtOnce,
        }
    }

    pub(super) fn html(status: u16, body: String) -> Self {
        Self {
            status,
            content_type: "text/html; charset=utf-8",
            headers: Vec::new(),
            body: body.into_bytes(),
            delivery: Delivery::AtOnce,
        }
    }

    /// 302 to an address that was checked.
    pub(super) fn redirect(location: String) -> Self {
        Self::html(302, String::new()).header("Location", location)
    }

    #[must_use]
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub(super) fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Refusal of the token endpoint: Zoom's `{"reason": …, "error": …}`.
    pub(super) fn token_refusal(status: u16, reason: &str, error: &str) -> Self {
        Self::json(status, &json!({ "reason": reason, "error": error }))
    }

    /// Refusal of the API: Zoom's `{"code": …, "message": …}`.
    pub(super) fn api_refusal(status: u16, code: u32, message: &str) -> Self {
        Self::json(status, &json!({ "code": code, "message": message }))
    }

    /// 405 in the manner of the token endpoint.
    pub(super) fn method_not_allowed(allowed: &str) -> Self {
        Self::token_refusal(405, "Request method not supported", "invalid_request").header("Allow", allowed)
    }

    /// What a proxy that wants a login puts in the place of Zoom's answer.
    pub(super) fn proxy_login() -> Self {
        let page = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>\
                    <h1>Sign in to the network</h1><p>Your session with the web gateway has ended.</p>\
                    </body></html>";
        Self::html(200, page.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(authorization: &[&str]) -> Call {
        Call {
            method: Method::Post,
            path: "/".to_owned(),
            query: None,
            authorization: authorization.iter().map(|text| (*text).to_owned()).collect(),
            content_type: None,
            body: Vec::new(),
        }
    }

    #[test]
    fn basic_halves_are_form_decoded() {
        let encoded = STANDARD.encode("a%2Db:c+d%26e=f:g");
        let pair = call(&[&format!("basic {encoded}")]).basic_pair();
        assert_eq!(pair, Some(("a-b".to_owned(), "c d&e=f:g".to_owned())));
    }

    #[test]
    fn two_authorization_headers_are_none() {
        assert_eq!(call(&["Bearer a", "Bearer b"]).bearer_token(), None);
        assert_eq!(call(&["Bearer a"]).bearer_token(), Some("a"));
        assert_eq!(call(&["Basic ***"]).basic_pair(), None);
    }

    #[test]
    fn repeated_and_empty_parameters() {
        let parameters = Parameters::parse(b"a=1&b=&a=2");
        assert!(parameters.repeated());
        assert_eq!(parameters.get("b"), None);
        assert_eq!(segment_decoded("a%40b+c&d"), "a@b+c&d");
    }
}
