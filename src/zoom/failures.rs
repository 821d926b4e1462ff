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
    // Once the connection stands, a broken record is an answer that was lost: what was asked may be done.
    if error.is_connect()
        && let Some(tls) = chain(&error).find_map(tls_error)
    {
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

pub(super) fn tls_failure(error: &rustls::Error) -> FailureKind {
    let untrusted = if let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error {
        other.0.downcast_ref::<Untrusted>()
    } else {
        None
    };
    match untrusted {
        Some(untrusted) => FailureKind::Tls {
            detail: printable(&untrusted.to_string(), LONGEST_DETAIL),
            issuer: Some(printable(&untrusted.issuer, LONGEST_DETAIL)),
        },
        None => FailureKind::Tls { detail: printable(&error.to_string(), LONGEST_DETAIL), issuer: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoom::certificate;
    use reqwest::dns::{Name, Resolve, Resolving};
    use std::sync::Arc;

    /// A name server that knows nothing.
    struct Empty;

    impl Resolve for Empty {
        fn resolve(&self, _name: Name) -> Resolving {
            Box::pin(async { Err(io::Error::other("no such name\u{1b}[31m").into()) })
        }
    }

    /// A name server that never answers.
    struct Silent;

    impl Resolve for Silent {
        fn resolve(&self, _name: Name) -> Resolving {
            Box::pin(std::future::pending())
        }
    }

    async fn failure_with(resolver: impl Resolve + 'static) -> FailureKind {
        let limit = Duration::from_millis(50);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(certificate::without_trust().unwrap())
            .no_proxy()
            .connect_timeout(limit)
            .dns_resolver(Arc::new(resolver))
            .build()
            .unwrap();
        let error = client.get("https://zoom.example.com/?code=hunter2").send().await.unwrap_err();
        kind_of(error, "none", limit)
    }

    #[tokio::test]
    async fn an_unknown_name_is_told_from_other_connection_failures() {
        assert_eq!(failure_with(Empty).await, FailureKind::Dns { detail: "no such name[31m".to_owned() });
    }

    #[tokio::test]
    async fn a_connection_that_does_not_come_about_in_time_was_not_sent() {
        assert_eq!(
            failure_with(Silent).await,
            FailureKind::Connect { detail: "no connection within 1 s".to_owned() }
        );
    }
}
