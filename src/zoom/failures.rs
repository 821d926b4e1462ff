//! From an error of the HTTP client to the kind of failure.

use super::certificate::Untrusted;
use crate::oauth::FailureKind;
use crate::secret::printable;
use rustls::CertificateError;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Longest detail that is kept, in characters.
const LONGEST_DETAIL: usize = 200;
/// Most links of an error chain that are looked at.
const LONGEST_CHAIN: usize = 20;

/// What kind of failure a request that brought no answer is. `proxy` is the name used if it was the proxy.
pub(super) fn kind_of(error: reqwest::Error, proxy: &str, connect_limit: Duration) -> FailureKind {
    let error = error.without_url();
    let is_tunnel = chain(&error).any(|link| link.to_string().starts_with("tunnel error"));
    if is_tunnel {
        let details: Vec<String> = chain(&error)
            .skip_while(|link| !link.to_string().starts_with("tunnel error"))
            .map(ToString::to_string)
            .collect();
        return FailureKind::Proxy {
            detail: printable(&details.join(": "), LONGEST_DETAIL),
            proxy: proxy.to_owned(),
        };
    }
    if let Some(tls) = chain(&error).find_map(tls_error) {
        return tls_failure(tls);
    }
    let detail = deepest(&error);
    if error.is_dns() {
        FailureKind::Dns { detail }
    } else if error.is_connect() && error.is_timeout() {
        FailureKind::Connect { detail: format!("no connection within {} s", connect_limit.as_secs().max(1)) }
    } else if error.is_connect() {
        FailureKind::Connect { detail }
    } else {
        // Sent, or at least begun to be sent.
        FailureKind::AnswerLost { detail }
    }
}

/// The innermost text of an error, printable.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    let text = chain(error).last().map(ToString::to_string).unwrap_or_default();
    printable(&text, LONGEST_DETAIL)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |link| inner(*link)).take(LONGEST_CHAIN)
}

/// The next link. An `io::Error` that wraps another error names that one's source, not the error itself.
fn inner<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match link.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => link.source(),
    }
}

fn tls_error<'a>(link: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    link.downcast_ref::<rustls::Error>()
}

fn tls_failure(error: &rustls::Error) -> FailureKind {
    let untrusted = match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref::<Untrusted>()
        }
        _ => None,
    };
    match untrusted {
        Some(untrusted) => FailureKind::Tls {
            detail: printable(&untrusted.to_string(), LONGEST_DETAIL),
            issuer: Some(printable(&untrusted.issuer, LONGEST_DETAIL)),
        },
        None => FailureKind::Tls { detail: printable(&error.to_string(), LONGEST_DETAIL), issuer: None },
    }
}
