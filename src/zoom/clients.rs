//! The HTTP clients, each made when first needed.

use super::{certificate, failures};
use crate::oauth::FailureKind;
use crate::oauth::authorize::is_loopback;
use reqwest::{Client, Proxy, redirect, retry};
use std::collections::BTreeMap;
use std::env;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// How long an idle connection for reads is kept.
const IDLE: Duration = Duration::from_secs(5);

/// Which proxy is used for hosts other than loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyChoice {
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, else the settings of the system.
    System,
    /// This one, for every host.
    Fixed(String),
}

/// What sets one client apart from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Profile {
    route: Route,
    /// Connections are not used twice. A request that spends a code or a refresh token must not meet a
    /// connection that the server is about to close: whether it arrived would be unknown.
    fresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// http on loopback: no TLS, so no trust store is read, and no proxy.
    PlainLoopback,
    /// https on loopback: no proxy.
    Loopback,
    /// Anywhere else: proxy as chosen.
    Outside,
}

impl Profile {
    pub(super) fn of(url: &Url, fresh: bool) -> Self {
        // The name localhost may be answered by anybody, so no secret goes there in the clear; but a proxy
        // could only ever lead to its own machine under that name.
        let is_local = is_loopback(url) || url.host_str() == Some("localhost");
        let route = match (is_local, url.scheme()) {
            (true, "http") => Route::PlainLoopback,
            (true, _) => Route::Loopback,
            (false, _) => Route::Outside,
        };
        Self { route, fresh }
    }
}

/// The clients made so far. Nothing is made, read or looked up before the first call.
pub(super) struct Clients {
    connect_limit: Duration,
    proxy: ProxyChoice,
    made: Mutex<BTreeMap<Profile, Client>>,
}

impl Clients {
    pub(super) fn new(connect_limit: Duration, proxy: ProxyChoice) -> Self {
        Self { connect_limit, proxy, made: Mutex::new(BTreeMap::new()) }
    }

    /// The client of a profile.
    ///
    /// # Errors
    /// The trust store can't be used, or the proxy's address can't.
    pub(super) fn get(&self, profile: Profile) -> Result<Client, FailureKind> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(&profile) {
            return Ok(client.clone());
        }
        let client = self.make(profile)?;
        made.insert(profile, client.clone());
        Ok(client)
    }

    fn make(&self, profile: Profile) -> Result<Client, FailureKind> {
        let tls = match profile.route {
            Route::PlainLoopback => certificate::without_trust(),
            Route::Loopback | Route::Outside => certificate::with_system_trust(),
        };
        let tls =
            tls.map_err(|error| FailureKind::Tls { detail: failures::deepest(&error), issuer: None })?;
        let builder = Client::builder()
            .user_agent(concat!("zoom-setup/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .connect_timeout(self.connect_limit)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(if profile.fresh { 0 } else { usize::MAX });
        let builder = match (profile.route, &self.proxy) {
            (Route::PlainLoopback | Route::Loopback, _) => builder.no_proxy(),
            (Route::Outside, ProxyChoice::System) => builder,
            (Route::Outside, ProxyChoice::Fixed(address)) => {
                let proxy = Proxy::all(address).map_err(|error| self.proxy_failure(profile, error))?;
                builder.no_proxy().proxy(proxy)
            }
        };
        builder.build().map_err(|error| self.proxy_failure(profile, error))
    }

    fn proxy_failure(&self, profile: Profile, error: reqwest::Error) -> FailureKind {
        FailureKind::Proxy {
            detail: failures::deepest(&error.without_url()),
            proxy: self.proxy_name(profile),
        }
    }

    /// The proxy's host and port for the texts, without user information.
    pub(super) fn proxy_name(&self, profile: Profile) -> String {
        let address = match (profile.route, &self.proxy) {
            (Route::PlainLoopback | Route::Loopback, _) => None,
            (Route::Outside, ProxyChoice::Fixed(address)) => Some(address.clone()),
            // The order in which they are looked at when a request is made.
            (Route::Outside, ProxyChoice::System) => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
                .into_iter()
                .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty())),
        };
        address.and_then(|address| host_and_port(&address)).unwrap_or_else(|| "of this system".to_owned())
    }
}

fn host_and_port(address: &str) -> Option<String> {
    let url = Url::parse(address)
        .ok()
        .filter(Url::has_host)
        .or_else(|| Url::parse(&format!("http://{address}")).ok())?;
    let host = url.host_str()?;
    Some(match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// A client that follows a login from one loopback address to another, and nowhere else: the stand-in for a
/// browser in a rehearsal on a machine without one.
///
/// # Errors
/// One line.
pub fn follow_redirects_on_loopback() -> Result<Client, String> {
    let tls = certificate::without_trust().map_err(|error| error.to_string())?;
    let policy = redirect::Policy::custom(|attempt| {
        if attempt.previous().len() < 5 && is_loopback(attempt.url()) {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .redirect(policy)
        .timeout(Duration::from_secs(60))
        .build()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http://me:pw@proxy.example.com:3128/", Some("proxy.example.com:3128"))]
    #[case("proxy.example.com:3128", Some("proxy.example.com:3128"))]
    #[case("me:pw@proxy.example.com:3128", Some("proxy.example.com:3128"))]
    #[case("https://proxy.example.com", Some("proxy.example.com:443"))]
    #[case("", None)]
    fn proxy_names_carry_no_password(#[case] address: &str, #[case] name: Option<&str>) {
        assert_eq!(host_and_port(address).as_deref(), name);
    }

    #[test]
    fn loopback_literals_have_routes_of_their_own() {
        let route = |address: &str| Profile::of(&Url::parse(address).unwrap(), true).route;
        assert_eq!(route("http://127.0.0.1:1/"), Route::PlainLoopback);
        assert_eq!(route("https://[::1]/"), Route::Loopback);
        assert_eq!(route("https://zoom.us/"), Route::Outside);
        assert_eq!(route("https://localhost/"), Route::Loopback);
        assert_eq!(route("https://localhost.example.com/"), Route::Outside);
    }
}
