//! The two built-in apps and what their Marketplace pages hold.

use crate::procedure::{AppKind, Management};
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const GENERAL_CLIENT_ID: &str = "REHEARSAL-general-0001";
const GENERAL_CLIENT_SECRET: &str = "RehearsalSecretGeneral0000000001";
const PRODUCTION_CLIENT_ID: &str = "REHEARSAL-product-0001";
const PRODUCTION_CLIENT_SECRET: &str = "RehearsalSecretProduction0000001";
const PUBLIC_CLIENT_ID: &str = "REHEARSAL-public-00001";
const SECRET_TOKEN: &str = "REHEARSAL-token-000001";
const SERVER_CLIENT_ID: &str = "REHEARSAL-s2s-app-0001";
const SERVER_CLIENT_SECRET: &str = "RehearsalSecretServer00000000001";

/// The account that both apps belong to.
pub(super) const ACCOUNT_ID: &str = "REHEARSAL-account-0001";
/// The only user, who owns the account.
pub(super) const USER_ID: &str = "REHEARSAL-user-0000001";
/// That user's address.
pub(super) const USER_EMAIL: &str = "admin@example.com";

/// What an app's page in the sandbox shows: the values an admin would copy. All invented, shaped like Zoom's,
/// and the same in every sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxApp {
    pub client_id: String,
    pub client_secret: Secret,
    /// Server-to-Server only.
    pub account_id: Option<String>,
    /// General only; signs webhooks, no part of OAuth.
    pub secret_token: Option<Secret>,
    /// General only: the id without a secret that counts once the public client is switched on.
    pub public_client_id: Option<String>,
    /// General only: ID and secret of the Production view. The pair is good, but no redirect URL stands there.
    pub production_pair: Option<(String, Secret)>,
}

/// A client secret after it was regenerated so often. Every one has the same length and its own end.
pub(super) fn secret_of(kind: AppKind, regenerated: u32) -> Secret {
    let app = app_page(kind);
    if regenerated == 0 {
        return app.client_secret;
    }
    let text = app.client_secret.expose();
    let stem: String = text.chars().take(text.len() - 8).collect();
    Secret::new(format!("{stem}{:08}", 1 + regenerated))
}

/// The values of the built-in app of that kind.
pub(super) fn app_page(kind: AppKind) -> SandboxApp {
    match kind {
        AppKind::General => SandboxApp {
            client_id: GENERAL_CLIENT_ID.to_owned(),
            client_secret: Secret::new(GENERAL_CLIENT_SECRET),
            account_id: None,
            secret_token: Some(Secret::new(SECRET_TOKEN)),
            public_client_id: Some(PUBLIC_CLIENT_ID.to_owned()),
            production_pair: Some((PRODUCTION_CLIENT_ID.to_owned(), Secret::new(PRODUCTION_CLIENT_SECRET))),
        },
        AppKind::ServerToServer => SandboxApp {
            client_id: SERVER_CLIENT_ID.to_owned(),
            client_secret: Secret::new(SERVER_CLIENT_SECRET),
            account_id: Some(ACCOUNT_ID.to_owned()),
            secret_token: None,
            public_client_id: None,
            production_pair: None,
        },
    }
}

/// What the admin has entered on an app's pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppConfiguration {
    /// The field "OAuth Redirect URL". General only.
    pub redirect_url: Option<String>,
    /// The list "OAuth Allow List". A login works only with a URL that stands here, and only while the URL
    /// of the redirect field stands here too. General only.
    pub allow_list: Vec<String>,
    /// Scopes added.
    pub scopes: BTreeSet<String>,
    /// How a General app is managed; `None` counts as managed by an admin.
    pub management: Option<Management>,
    /// Whether the public PKCE client is switched on. General only.
    pub public_client: bool,
    /// Whether the app is activated. Server-to-Server only.
    pub activated: bool,
}

/// Something that Zoom's form would not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The value as entered.
    pub value: String,
    /// Why it is not kept, in one line without a full stop.
    pub why: &'static str,
}

impl AppConfiguration {
    /// Takes out what Zoom's forms do not accept.
    pub(super) fn clean(&mut self, kind: AppKind) -> Vec<Dropped> {
        let mut dropped = Vec::new();
        let mut keep = |value: &str, verdict: Result<(), &'static str>| match verdict {
            Ok(()) => true,
            Err(why) => {
                dropped.push(Dropped { value: value.to_owned(), why });
                false
            }
        };
        self.redirect_url = self.redirect_url.take().filter(|url| keep(url, check_redirect(kind, url)));
        self.allow_list.retain(|url| keep(url, check_redirect(kind, url)));
        let management = self.management.unwrap_or(Management::Admin);
        self.scopes.retain(|scope| keep(scope, check_scope(kind, management, scope)));
        dropped
    }

    /// Whether a login with this redirect URL is allowed: byte for byte as listed, except that the port of a
    /// loopback URL is ignored for a client that uses PKCE (RFC 8252 section 7.3; Zoom's changelog entry
    /// "PKCE loopback support").
    pub(super) fn allows_redirect(&self, requested: &str, pkce: bool) -> bool {
        let field_is_listed =
            self.redirect_url.as_ref().is_some_and(|field| self.allow_list.iter().any(|url| url == field));
        field_is_listed
            && self.allow_list.iter().any(|listed| match (without_port(listed), without_port(requested)) {
                (Some(listed), Some(requested)) => pkce && listed == requested,
                (None, None) => listed == requested,
                (Some(_), None) | (None, Some(_)) => false,
            })
    }
}

/// Path and query of a URL on `http://127.0.0.1`, with or without a port; `None` for any other URL.
pub(super) fn without_port(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://127.0.0.1")?;
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let end = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
            let (digits, rest) = after.split_at(end);
            digits.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

fn check_redirect(kind: AppKind, text: &str) -> Result<(), &'static str> {
    if kind == AppKind::ServerToServer {
        return Err("a Server-to-Server app has no redirect URL");
    }
    if !text.chars().all(|character| character.is_ascii_graphic()) {
        return Err("wrong URL format: only visible ASCII characters");
    }
    let Ok(url) = url::Url::parse(text) else {
        return Err("wrong URL format");
    };
    if url.host_str() == Some("localhost") {
        return Err("Zoom refuses localhost; it takes http://127.0.0.1 with PKCE");
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("wrong URL format: no user name and no fragment");
    }
    let host = text.split("://").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if host.chars().any(|character| character.is_ascii_uppercase()) {
        return Err("wrong URL format: upper-case letters in the host");
    }
    if text.starts_with("https://") || without_port(text).is_some() {
        Ok(())
    } else {
        Err("wrong URL format: https, or http://127.0.0.1")
    }
}

/// Levels by suffix: `:admin` and `:master` need an app that an admin manages; no suffix is the user's own.
/// One app does not mix the two (Zoom's "Create an OAuth app").
fn check_scope(kind: AppKind, management: Management, scope: &str) -> Result<(), &'static str> {
    let segments: Vec<&str> = scope.split(':').collect();
    let well_formed = (2..=4).contains(&segments.len())
        && segments.iter().all(|segment| {
            !segment.is_empty()
                && segment.chars().all(|character| {
                    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
                })
        });
    if !well_formed {
        return Err("no scope of Zoom's looks like this");
    }
    let admin_level = scope.ends_with(":admin") || scope.ends_with(":master");
    match (kind, management, admin_level) {
        (AppKind::General, Management::User, true) => Err("a user-managed app takes no admin scopes"),
        (AppKind::General, Management::Admin, false) => Err("an admin-managed app takes admin scopes only"),
        (AppKind::ServerToServer, Management::Admin | Management::User, false) => {
            Err("a Server-to-Server app takes admin scopes only")
        }
        (AppKind::General, Management::User, false)
        | (AppKind::General, Management::Admin, true)
        | (AppKind::ServerToServer, Management::Admin | Management::User, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listing(urls: &[&str]) -> AppConfiguration {
        AppConfiguration {
            redirect_url: urls.first().map(|url| (*url).to_owned()),
            allow_list: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..AppConfiguration::default()
        }
    }

    #[test]
    fn the_values_have_zooms_shapes() {
        let general = app_page(AppKind::General);
        let server = app_page(AppKind::ServerToServer);
        let public = general.public_client_id.clone().unwrap();
        for id in [general.client_id.as_str(), &server.client_id, &public, ACCOUNT_ID, USER_ID] {
            assert_eq!(id.len(), 22, "{id}");
            assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{id}");
        }
        for secret in [general.client_secret, server.client_secret] {
            assert_eq!(secret.expose().len(), 32);
            assert!(secret.expose().chars().all(|c| c.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn a_redirect_matches_byte_for_byte() {
        let app = listing(&["https://dev12345.service-now.com/oauth_redirect.do"]);
        assert!(app.allows_redirect("https://dev12345.service-now.com/oauth_redirect.do", true));
        assert!(!app.allows_redirect("https://dev12345.service-now.com/oauth_redirect.do/", true));
        assert!(!app.allows_redirect("https://dev12345.service-now.com/Oauth_redirect.do", true));
        assert!(!app.allows_redirect("https://dev12345.service-now.com", true));
    }

    #[test]
    fn both_fields_are_needed() {
        let mut app = listing(&["https://a.example.com/x"]);
        app.allow_list.clear();
        assert!(!app.allows_redirect("https://a.example.com/x", true));
        let mut app = listing(&["https://a.example.com/x"]);
        app.redirect_url = None;
        assert!(!app.allows_redirect("https://a.example.com/x", true));
        app.redirect_url = Some("https://b.example.com/x".to_owned());
        assert!(!app.allows_redirect("https://a.example.com/x", true));
    }

    #[test]
    fn the_port_is_ignored_on_loopback_with_pkce_only() {
        let app = listing(&["http://127.0.0.1/callback"]);
        assert!(app.allows_redirect("http://127.0.0.1:52936/callback", true));
        assert!(!app.allows_redirect("http://127.0.0.1:52936/callback", false));
        assert!(!app.allows_redirect("http://127.0.0.1:52936/other", true));
        assert!(!app.allows_redirect("http://127.0.0.1:0/callback", true));
        assert!(!app.allows_redirect("http://127.0.0.1:99999/callback", true));
        assert!(!app.allows_redirect("http://127.0.0.1.example.com/callback", true));
        assert!(!app.allows_redirect("http://127.0.0.1:80@example.com/callback", true));
        assert!(!app.allows_redirect("http://localhost:52936/callback", true));
        assert!(
            !listing(&["https://a.example.com/callback"])
                .allows_redirect("http://127.0.0.1:52936/callback", true)
        );
    }

    #[test]
    fn what_the_form_refuses_is_dropped_and_named() {
        let mut app = listing(&[
            "http://localhost:3000/callback",
            "https://A.example.com/x",
            "https://eu․example.com/x",
        ]);
        app.allow_list.push("http://example.com/x".to_owned());
        app.allow_list.push("https://a.example.com/x#y".to_owned());
        app.scopes = ["user:read:user:admin", "user:read:user", "Nonsense"].map(str::to_owned).into();
        let dropped = app.clean(AppKind::General);
        assert_eq!(app.redirect_url, None);
        assert!(app.allow_list.is_empty());
        assert_eq!(app.scopes, BTreeSet::from(["user:read:user:admin".to_owned()]));
        assert_eq!(dropped.len(), 8, "{dropped:?}");
    }

    #[test]
    fn a_user_managed_app_takes_no_admin_scopes() {
        let mut app = AppConfiguration {
            management: Some(Management::User),
            scopes: ["user:read:user:admin", "user:read:user"].map(str::to_owned).into(),
            ..AppConfiguration::default()
        };
        assert_eq!(app.clean(AppKind::General)[0].value, "user:read:user:admin");
        assert_eq!(app.scopes, BTreeSet::from(["user:read:user".to_owned()]));
        app.scopes = ["user:read:user".to_owned()].into();
        assert_eq!(app.clean(AppKind::ServerToServer).len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_outside_the_list_is_allowed(text in "\\PC{0,60}") {
            let app = listing(&["https://a.example.com/x"]);
            prop_assert_eq!(app.allows_redirect(&text, true), text == "https://a.example.com/x");
        }

        #[test]
        fn a_loopback_url_is_never_anything_else(text in "http://127\\.0\\.0\\.1\\PC{0,20}") {
            if without_port(&text).is_some() {
                let url = url::Url::parse(&text).unwrap();
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                prop_assert_eq!(url.username(), "");
            }
        }
    }
}
