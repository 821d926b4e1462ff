//! Where Zoom is, and the address at which a login begins.

use crate::error::Error;
use crate::secret::Secret;
use url::{Host, Url};

/// Which of Zoom's two clouds. They share nothing: accounts, apps and credentials are separate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cloud {
    /// `zoom.us`.
    #[default]
    Zoom,
    /// `zoomgov.com`, Zoom for Government.
    ZoomGov,
}

impl Cloud {
    /// As on the command line: `zoom`, `zoomgov`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zoom => "zoom",
            Self::ZoomGov => "zoomgov",
        }
    }

    /// The cloud of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Zoom, Self::ZoomGov].into_iter().find(|cloud| cloud.as_str() == text)
    }
}

/// Zoom's addresses. Both bases are without a final slash; each is https, or http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    oauth: String,
    api: String,
}

impl Endpoints {
    /// `https://zoom.us` and `https://api.zoom.us`.
    pub fn zoom() -> Self {
        Self { oauth: "https://zoom.us".to_owned(), api: "https://api.zoom.us".to_owned() }
    }

    /// `https://zoomgov.com` and `https://api.zoomgov.com`.
    pub fn zoomgov() -> Self {
        Self { oauth: "https://zoomgov.com".to_owned(), api: "https://api.zoomgov.com".to_owned() }
    }

    /// The addresses of a cloud, each replaced by a given one (`--oauth-url`, `--api-url`).
    ///
    /// # Errors
    /// A usage error for an address that is not https (or http on a loopback address), or that carries user
    /// information, a query or a fragment.
    pub fn parse(oauth_url: Option<&str>, api_url: Option<&str>, cloud: Cloud) -> Result<Self, Error> {
        let mut endpoints = match cloud {
            Cloud::Zoom => Self::zoom(),
            Cloud::ZoomGov => Self::zoomgov(),
        };
        if let Some(text) = oauth_url {
            endpoints.oauth = parse_base("--oauth-url", text)?;
        }
        if let Some(text) = api_url {
            endpoints.api = parse_base("--api-url", text)?;
        }
        Ok(endpoints)
    }

    /// What stands for `https://zoom.us`.
    pub fn oauth_base(&self) -> &str {
        &self.oauth
    }

    /// Where the browser begins a login.
    pub fn authorize(&self) -> String {
        format!("{}/oauth/authorize", self.oauth)
    }

    /// The token endpoint.
    pub fn token(&self) -> String {
        format!("{}/oauth/token", self.oauth)
    }

    /// The revoke endpoint.
    pub fn revoke(&self) -> String {
        format!("{}/oauth/revoke", self.oauth)
    }

    /// The base to read from, given `api_url` of a token answer. That address is used only where it is https
    /// under `zoom.us` or `zoomgov.com`, or where it is one of the configured servers; a token must not
    /// travel to a host that an answer made up. Where the configured API is not Zoom's (a rehearsal, a test
    /// server), an answer can't send the program out to Zoom either.
    pub fn api_base(&self, api_url: Option<&str>) -> String {
        api_url.and_then(|text| self.honoured(text)).unwrap_or_else(|| self.api.clone())
    }

    /// Address of an API path (`/users/me`) below `/v2`.
    pub fn api(&self, api_url: Option<&str>, path: &str) -> String {
        format!("{}/v2{path}", self.api_base(api_url))
    }

    fn honoured(&self, text: &str) -> Option<String> {
        let base = checked_base(text).ok()?;
        let url = Url::parse(&base).ok()?;
        let configured = [&self.api, &self.oauth]
            .into_iter()
            .filter_map(|base| Url::parse(base).ok())
            .any(|known| known.origin() == url.origin());
        let of_zoom = url.scheme() == "https" && url.port().is_none() && is_zoom_host(&url);
        let zoom_is_configured = Url::parse(&self.api).is_ok_and(|api| is_zoom_host(&api));
        // Some answers name the version too; the paths of this program bring it themselves.
        let base = base.strip_suffix("/v2").unwrap_or(&base).to_owned();
        (configured || (of_zoom && zoom_is_configured)).then_some(base)
    }
}

/// The address that starts a login in the browser (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
///
/// There is no `scope`: Zoom then grants what the app has, and refuses some lists of scopes outright. The
/// challenge method is always named, since Zoom takes `plain` where it is not.
pub fn authorize_url(
    endpoints: &Endpoints,
    client_id: &str,
    redirect_uri: &str,
    state: &Secret,
    challenge: &str,
) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state.expose())
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("{}?{query}", endpoints.authorize())
}

/// Whether a host is a literal loopback address (`127.0.0.0/8`, `::1`). The name `localhost` is not: what it
/// resolves to is up to the machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Whether the look at the authorize page may go to that address: https under `zoom.us` or `zoomgov.com`, or the
/// server that is configured in their place.
pub fn is_zooms(endpoints: &Endpoints, url: &Url) -> bool {
    let configured = Url::parse(&endpoints.oauth).is_ok_and(|base| base.origin() == url.origin());
    let zoom_is_configured = Url::parse(&endpoints.oauth).is_ok_and(|base| is_zoom_host(&base));
    let of_zoom = url.scheme() == "https" && url.port().is_none() && is_zoom_host(url);
    configured || (of_zoom && zoom_is_configured)
}

fn is_zoom_host(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        ["zoom.us", "zoomgov.com"]
            .into_iter()
            .any(|domain| host == domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.')))
    })
}

fn parse_base(flag: &str, text: &str) -> Result<String, Error> {
    checked_base(text).map_err(|problem| {
        Error::usage(format!("{flag} {problem}"))
            .hint(format!("Give an address like https://example.com or http://127.0.0.1:8080 to {flag}"))
    })
}

/// The address without a final slash, or what is wrong with it. The address is not part of the text: it may
/// carry a password.
fn checked_base(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "is not an address")?;
    if url.host().is_none() {
        return Err("names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries a user name or password, which has no place there");
    }
    if url.query().is_some() {
        return Err("has a query (the part after ?), which has no place there");
    }
    if url.fragment().is_some() {
        return Err("has a fragment (the part after #), which has no place there");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err("is plain http, which is allowed only for a loopback address such as 127.0.0.1");
        }
        _ => return Err("is not an https address"),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn with_servers(oauth: &str, api: &str) -> Endpoints {
        Endpoints::parse(Some(oauth), Some(api), Cloud::Zoom).unwrap()
    }

    #[test]
    fn clouds_have_their_own_servers() {
        let zoom = Endpoints::parse(None, None, Cloud::Zoom).unwrap();
        assert_eq!(zoom.token(), "https://zoom.us/oauth/token");
        assert_eq!(zoom.revoke(), "https://zoom.us/oauth/revoke");
        assert_eq!(zoom.api(None, "/users/me"), "https://api.zoom.us/v2/users/me");
        let gov = Endpoints::parse(None, None, Cloud::ZoomGov).unwrap();
        assert_eq!(gov.authorize(), "https://zoomgov.com/oauth/authorize");
        assert_eq!(gov.api(None, "/users/me"), "https://api.zoomgov.com/v2/users/me");
        assert_eq!(Cloud::parse("zoomgov"), Some(Cloud::ZoomGov));
        assert_eq!(Cloud::parse("ZoomGov"), None);
    }

    #[rstest]
    #[case("https://example.com", "https://example.com")]
    #[case("https://example.com/", "https://example.com")]
    #[case("https://example.com/fake/zoom/", "https://example.com/fake/zoom")]
    #[case("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    #[case("http://[::1]:8080/", "http://[::1]:8080")]
    fn bases_that_are_taken(#[case] given: &str, #[case] base: &str) {
        assert_eq!(with_servers(given, given).oauth_base(), base);
        assert_eq!(with_servers(given, given).api_base(None), base);
    }

    // Rows B08, N04 of docs/callback-rows.md.
    #[rstest]
    #[case("example.com", "not an address")]
    #[case("http://example.com", "plain http")]
    #[case("http://localhost:8080", "plain http")]
    #[case("ftp://example.com", "not an https")]
    #[case("https://me:pw@example.com", "user name")]
    #[case("https://example.com?a=b", "query")]
    #[case("https://example.com#a", "fragment")]
    fn bases_that_are_refused(#[case] given: &str, #[case] word: &str) {
        for problem in [
            Endpoints::parse(Some(given), None, Cloud::Zoom).unwrap_err(),
            Endpoints::parse(None, Some(given), Cloud::Zoom).unwrap_err(),
        ] {
            assert!(problem.message.contains(word), "{}", problem.message);
            assert!(!problem.message.contains("pw"), "a password must not be repeated");
            assert_eq!(problem.hints.len(), 1);
        }
    }

    #[rstest]
    #[case("https://api.zoom.us", "https://api.zoom.us")]
    #[case("https://eu01api.zoom.us/", "https://eu01api.zoom.us")]
    #[case("https://api-us.zoom.us", "https://api-us.zoom.us")]
    #[case("https://api.zoom.us/v2/", "https://api.zoom.us")]
    #[case("https://zoom.us", "https://zoom.us")]
    #[case("https://api.zoomgov.com", "https://api.zoomgov.com")]
    fn api_addresses_of_zoom_are_honoured(#[case] given: &str, #[case] base: &str) {
        assert_eq!(Endpoints::zoom().api_base(Some(given)), base);
    }

    #[rstest]
    #[case("http://api.zoom.us")]
    #[case("https://evilzoom.us")]
    #[case("https://zoom.us.example.com")]
    #[case("https://example.com/zoom.us")]
    #[case("https://me@api.zoom.us")]
    #[case("https://api.zoom.us:8443")]
    #[case("https://api.zoom.us?x=.zoom.us")]
    #[case("http://127.0.0.1:8080")]
    #[case("nonsense")]
    fn foreign_api_addresses_are_not(#[case] given: &str) {
        assert_eq!(Endpoints::zoom().api_base(Some(given)), "https://api.zoom.us");
    }

    #[test]
    fn configured_servers_are_honoured_and_keep_the_program_with_them() {
        let endpoints = with_servers("http://127.0.0.1:9000", "http://127.0.0.1:9001");
        assert_eq!(endpoints.api_base(Some("http://127.0.0.1:9000")), "http://127.0.0.1:9000");
        assert_eq!(endpoints.api_base(Some("http://127.0.0.1:9001/v2")), "http://127.0.0.1:9001");
        assert_eq!(endpoints.api_base(Some("http://127.0.0.1:9002")), "http://127.0.0.1:9001");
        assert_eq!(endpoints.api_base(Some("https://api.zoom.us")), "http://127.0.0.1:9001");
    }

    #[rstest]
    #[case("https://zoom.us/oauth/authorize?a=b", true)]
    #[case("https://us02web.zoom.us/x", true)]
    #[case("https://marketplace.zoom.us/v2/authorize", true)]
    #[case("https://zoomgov.com/x", true)]
    #[case("http://zoom.us/x", false)]
    #[case("https://zoom.us:8443/x", false)]
    #[case("https://evilzoom.us/x", false)]
    #[case("https://zoom.us.example.com/x", false)]
    #[case("https://example.com/?zoom.us", false)]
    #[case("http://127.0.0.1:9000/x", false)]
    fn a_look_ahead_stays_with_zoom(#[case] address: &str, #[case] allowed: bool) {
        let url = Url::parse(address).unwrap();
        assert_eq!(is_zooms(&Endpoints::zoom(), &url), allowed);
        // A test server keeps the program with it.
        let own = with_servers("http://127.0.0.1:9000", "http://127.0.0.1:9001");
        assert_eq!(is_zooms(&own, &url), address.starts_with("http://127.0.0.1:9000/"));
    }

    // Rows B02, B06, P03 of docs/callback-rows.md.
    #[test]
    fn authorize_url_has_pkce_and_no_scope() {
        let address = authorize_url(
            &Endpoints::zoom(),
            "id+1",
            "https://dev12345.service-now.com/oauth_redirect.do",
            &Secret::new("st"),
            "ch",
        );
        assert_eq!(
            address,
            "https://zoom.us/oauth/authorize?response_type=code&client_id=id%2B1&redirect_uri=https%3A%2F%2F\
             dev12345.service-now.com%2Foauth_redirect.do&state=st&code_challenge=ch\
             &code_challenge_method=S256"
        );
    }
}
