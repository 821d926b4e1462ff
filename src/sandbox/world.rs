//! What the sandbox knows: app configurations, codes and grants. No I/O; times are seconds since the epoch.

use super::registry::AppConfiguration;
use crate::procedure::AppKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Version of the state file.
pub(super) const FORMAT: u32 = 1;
/// Life of an authorization code (error 4733: five minutes).
pub(super) const CODE_LIFE_S: i64 = 5 * 60;
/// Life of an access token as Zoom announces it.
pub(super) const ACCESS_LIFE_S: i64 = 3599;
/// Life of a refresh token (90 days).
pub(super) const REFRESH_LIFE_S: i64 = 90 * 24 * 60 * 60;
/// How long dead codes and tokens are remembered, so that their use gets the right answer.
const MEMORY_S: i64 = 60 * 60;
/// How many grants are kept, oldest dropped first.
const GRANTS_KEPT: usize = 64;
/// How many codes are kept, oldest dropped first.
const CODES_KEPT: usize = 64;

/// Everything that survives a restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) format: u32,
    /// Port of the last run, tried first by the next, so that addresses handed out stay good.
    pub(super) port: u16,
    pub(super) general: AppConfiguration,
    pub(super) server_to_server: AppConfiguration,
    /// How often the secret of each app was regenerated.
    #[serde(default)]
    regenerated: (u32, u32),
    codes: Vec<Code>,
    grants: Vec<Grant>,
}

/// An authorization code and what it is bound to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) code: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// RFC 7636 S256 challenge.
    pub(super) challenge: String,
    pub(super) scopes: BTreeSet<String>,
    pub(super) expires_at: i64,
    spent: Option<Spent>,
}

/// What became of a code that was presented.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Spent {
    /// It was refused.
    Refused,
    /// It became this grant, named by its first access token.
    Granted(String),
}

impl Code {
    pub(super) fn new(
        code: String,
        client_id: String,
        redirect_uri: String,
        challenge: String,
        scopes: BTreeSet<String>,
        now: i64,
    ) -> Self {
        Self { code, client_id, redirect_uri, challenge, scopes, expires_at: now + CODE_LIFE_S, spent: None }
    }
}

/// A grant: what a login or a Server-to-Server token call gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Grant {
    /// First access token; names the grant.
    first: String,
    kind: AppKind,
    client_id: String,
    scopes: BTreeSet<String>,
    access: Token,
    /// Scopes of the present access token; fewer than the grant's while they lag.
    access_scopes: BTreeSet<String>,
    refresh: Option<Token>,
    ended: Option<Ended>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Token {
    text: String,
    expires_at: i64,
}

/// How a grant ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Ended {
    /// A newer authorization of the same user and app (4741).
    Superseded,
    /// Revoked by its client, or by the second use of its code (RFC 6749 section 4.1.2).
    Revoked,
}

/// Why a code is not exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeRefusal {
    /// Not a code, another client's, used before, or the verifier does not fit.
    Invalid,
    Expired,
    RedirectMismatch,
}

/// Why a refresh token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefreshRefusal {
    /// Not a refresh token, another client's, used before, revoked or expired.
    Invalid,
    Superseded,
}

/// Why an access token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AccessRefusal {
    Invalid,
    Expired,
    Superseded,
}

/// Who asks the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) kind: AppKind,
    pub(super) scopes: BTreeSet<String>,
}

/// Fresh tokens, made before the world is touched.
#[derive(Clone, Debug)]
pub(super) struct Minted {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            port: 0,
            general: AppConfiguration::default(),
            server_to_server: AppConfiguration::default(),
            regenerated: (0, 0),
            codes: Vec::new(),
            grants: Vec::new(),
        }
    }

    pub(super) fn app(&self, kind: AppKind) -> &AppConfiguration {
        match kind {
            AppKind::General => &self.general,
            AppKind::ServerToServer => &self.server_to_server,
        }
    }

    pub(super) fn app_mut(&mut self, kind: AppKind) -> &mut AppConfiguration {
        match kind {
            AppKind::General => &mut self.general,
            AppKind::ServerToServer => &mut self.server_to_server,
        }
    }

    /// How often the secret of that app was regenerated.
    pub(super) const fn regenerated(&self, kind: AppKind) -> u32 {
        match kind {
            AppKind::General => self.regenerated.0,
            AppKind::ServerToServer => self.regenerated.1,
        }
    }

    /// Counts one more: every secret before it is worth nothing.
    pub(super) const fn regenerate(&mut self, kind: AppKind) {
        match kind {
            AppKind::General => self.regenerated.0 += 1,
            AppKind::ServerToServer => self.regenerated.1 += 1,
        }
    }

    /// Whether a token of that app was ever given, as far as is remembered.
    pub(super) fn has_granted(&self, kind: AppKind) -> bool {
        self.grants.iter().any(|grant| grant.kind == kind)
    }

    pub(super) fn add_code(&mut self, code: Code) {
        self.codes.push(code);
    }

    /// Spends a code for good, whether or not what came with it fits: a code that was seen is a code lost.
    /// `name` is the access token that the grant will begin with. Answers the scopes of the login.
    pub(super) fn redeem(
        &mut self,
        (client_id, code): (&str, &str),
        redirect_uri: &str,
        verifier: &str,
        name: &str,
        now: i64,
    ) -> Result<BTreeSet<String>, CodeRefusal> {
        let Some(record) =
            self.codes.iter_mut().find(|record| record.code == code && record.client_id == client_id)
        else {
            return Err(CodeRefusal::Invalid);
        };
        if let Some(spent) = &record.spent {
            if let Spent::Granted(first) = spent
                && let Some(grant) = self.grants.iter_mut().find(|grant| grant.first == *first)
            {
                grant.ended.get_or_insert(Ended::Revoked);
            }
            return Err(CodeRefusal::Invalid);
        }
        record.spent = Some(Spent::Refused);
        if record.expires_at <= now {
            return Err(CodeRefusal::Expired);
        }
        if record.redirect_uri != redirect_uri {
            return Err(CodeRefusal::RedirectMismatch);
        }
        if record.challenge != challenge_of(verifier) {
            return Err(CodeRefusal::Invalid);
        }
        record.spent = Some(Spent::Granted(name.to_owned()));
        Ok(record.scopes.clone())
    }

    /// Adds a grant. One of a General app ends every earlier one of that app, since there is one user (4741).
    /// Server-to-Server tokens live side by side, as Zoom's documentation of today says.
    pub(super) fn grant(
        &mut self,
        (kind, client_id): (AppKind, &str),
        minted: &Minted,
        scopes: BTreeSet<String>,
        access_scopes: BTreeSet<String>,
        now: i64,
    ) {
        let refresh = match kind {
            AppKind::General => {
                for grant in self.grants.iter_mut().filter(|grant| grant.kind == kind) {
                    grant.ended.get_or_insert(Ended::Superseded);
                }
                Some(Token { text: minted.refresh.clone(), expires_at: now + REFRESH_LIFE_S })
            }
            AppKind::ServerToServer => None,
        };
        self.grants.push(Grant {
            first: minted.access.clone(),
            kind,
            client_id: client_id.to_owned(),
            scopes,
            access: Token { text: minted.access.clone(), expires_at: now + ACCESS_LIFE_S },
            access_scopes,
            refresh,
            ended: None,
        });
    }

    /// Spends a refresh token and rotates both tokens; the earlier access token is no longer good. `lag` says
    /// which scopes the new access token has. Answers those.
    pub(super) fn refresh(
        &mut self,
        (client_id, refresh_token): (&str, &str),
        minted: &Minted,
        lag: impl FnOnce(&BTreeSet<String>) -> BTreeSet<String>,
        now: i64,
    ) -> Result<BTreeSet<String>, RefreshRefusal> {
        let found = self.grants.iter_mut().find_map(|grant| {
            let matches = grant.client_id == client_id
                && grant
                    .refresh
                    .as_ref()
                    .is_some_and(|token| token.text == refresh_token && token.expires_at > now);
            matches.then_some(grant)
        });
        let Some(grant) = found else {
            return Err(RefreshRefusal::Invalid);
        };
        match grant.ended {
            Some(Ended::Superseded) => return Err(RefreshRefusal::Superseded),
            Some(Ended::Revoked) => return Err(RefreshRefusal::Invalid),
            None => {}
        }
        grant.access_scopes = lag(&grant.scopes);
        grant.access = Token { text: minted.access.clone(), expires_at: now + ACCESS_LIFE_S };
        grant.refresh = Some(Token { text: minted.refresh.clone(), expires_at: now + REFRESH_LIFE_S });
        Ok(grant.access_scopes.clone())
    }

    /// Ends the grant of an access token. `false` if the client has no such live token.
    pub(super) fn revoke(&mut self, client_id: &str, access_token: &str, now: i64) -> bool {
        let found = self.grants.iter_mut().find(|grant| {
            grant.client_id == client_id
                && grant.access.text == access_token
                && grant.access.expires_at > now
                && grant.ended.is_none()
        });
        match found {
            Some(grant) => {
                grant.ended = Some(Ended::Revoked);
                true
            }
            None => false,
        }
    }

    /// Whom an access token stands for.
    pub(super) fn bearer(&self, access_token: &str, now: i64) -> Result<Bearer, AccessRefusal> {
        let Some(grant) = self.grants.iter().find(|grant| grant.access.text == access_token) else {
            return Err(AccessRefusal::Invalid);
        };
        match grant.ended {
            Some(Ended::Superseded) => return Err(AccessRefusal::Superseded),
            Some(Ended::Revoked) => return Err(AccessRefusal::Invalid),
            None => {}
        }
        if grant.access.expires_at <= now {
            return Err(AccessRefusal::Expired);
        }
        // Deactivating a Server-to-Server app stops its tokens.
        if grant.kind == AppKind::ServerToServer && !self.server_to_server.activated {
            return Err(AccessRefusal::Invalid);
        }
        Ok(Bearer { kind: grant.kind, scopes: grant.access_scopes.clone() })
    }

    /// Forgets what is long dead, so that the state stays small.
    pub(super) fn prune(&mut self, now: i64) {
        self.codes.retain(|code| code.expires_at + MEMORY_S > now);
        self.grants.retain(|grant| {
            let last = grant.refresh.as_ref().map_or(grant.access.expires_at, |refresh| refresh.expires_at);
            last + MEMORY_S > now
        });
        let surplus = self.codes.len().saturating_sub(CODES_KEPT);
        self.codes.drain(..surplus);
        let surplus = self.grants.len().saturating_sub(GRANTS_KEPT);
        self.grants.drain(..surplus);
    }
}

/// RFC 7636 section 4.2, method S256.
fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 7636.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn world_with_code() -> World {
        let mut world = World::new();
        world.add_code(Code::new(
            "code".to_owned(),
            "client".to_owned(),
            "https://a.example.com/x".to_owned(),
            CHALLENGE.to_owned(),
            BTreeSet::from(["user:read:user:admin".to_owned()]),
            1000,
        ));
        world
    }

    fn minted(name: &str) -> Minted {
        Minted { access: format!("{name}-access"), refresh: format!("{name}-refresh") }
    }

    #[test]
    fn a_code_is_good_until_its_last_second_and_once() {
        let redirect = "https://a.example.com/x";
        let mut world = world_with_code();
        assert!(world.redeem(("client", "code"), redirect, VERIFIER, "t", 1299).is_ok());
        assert_eq!(
            world.redeem(("client", "code"), redirect, VERIFIER, "u", 1299),
            Err(CodeRefusal::Invalid)
        );
        let mut world = world_with_code();
        assert_eq!(
            world.redeem(("client", "code"), redirect, VERIFIER, "t", 1300),
            Err(CodeRefusal::Expired)
        );
    }

    #[test]
    fn a_refused_code_is_spent_but_not_by_another_client() {
        let redirect = "https://a.example.com/x";
        let mut world = world_with_code();
        assert_eq!(world.redeem(("other", "code"), redirect, VERIFIER, "t", 1001), Err(CodeRefusal::Invalid));
        assert_eq!(
            world.redeem(("client", "code"), "https://a.example.com/", VERIFIER, "t", 1001),
            Err(CodeRefusal::RedirectMismatch)
        );
        assert_eq!(
            world.redeem(("client", "code"), redirect, VERIFIER, "t", 1001),
            Err(CodeRefusal::Invalid)
        );
    }

    #[test]
    fn reuse_of_a_code_ends_its_grant() {
        let redirect = "https://a.example.com/x";
        let mut world = world_with_code();
        let minted = minted("one");
        let scopes = world.redeem(("client", "code"), redirect, VERIFIER, &minted.access, 1001).unwrap();
        world.grant((AppKind::General, "client"), &minted, scopes.clone(), scopes, 1001);
        assert!(world.bearer("one-access", 1002).is_ok());
        let _ = world.redeem(("client", "code"), redirect, VERIFIER, "two", 1002);
        assert_eq!(world.bearer("one-access", 1002), Err(AccessRefusal::Invalid));
        assert_eq!(
            world.refresh(("client", "one-refresh"), &minted, BTreeSet::clone, 1002),
            Err(RefreshRefusal::Invalid)
        );
    }

    #[test]
    fn a_newer_grant_of_a_general_app_ends_the_earlier_one() {
        let mut world = World::new();
        world.grant((AppKind::General, "client"), &minted("one"), BTreeSet::new(), BTreeSet::new(), 0);
        world.grant((AppKind::General, "client"), &minted("two"), BTreeSet::new(), BTreeSet::new(), 1);
        assert_eq!(world.bearer("one-access", 2), Err(AccessRefusal::Superseded));
        assert!(world.bearer("two-access", 2).is_ok());
        assert_eq!(world.bearer("two-access", 1 + ACCESS_LIFE_S), Err(AccessRefusal::Expired));
    }

    #[test]
    fn server_to_server_tokens_stop_with_the_app() {
        let mut world = World::new();
        world.server_to_server.activated = true;
        let kind = AppKind::ServerToServer;
        world.grant((kind, "client"), &minted("one"), BTreeSet::new(), BTreeSet::new(), 0);
        world.grant((kind, "client"), &minted("two"), BTreeSet::new(), BTreeSet::new(), 0);
        assert!(world.bearer("one-access", 2).is_ok());
        assert!(world.bearer("two-access", 2).is_ok());
        world.server_to_server.activated = false;
        assert_eq!(world.bearer("two-access", 2), Err(AccessRefusal::Invalid));
    }

    #[test]
    fn the_state_stays_small() {
        let mut world = World::new();
        world.server_to_server.activated = true;
        for number in 0..200 {
            let minted = minted(&number.to_string());
            world.grant((AppKind::ServerToServer, "c"), &minted, BTreeSet::new(), BTreeSet::new(), 0);
        }
        world.prune(0);
        assert_eq!(world.grants.len(), GRANTS_KEPT);
        assert!(world.bearer("199-access", 1).is_ok());
        world.prune(ACCESS_LIFE_S + MEMORY_S);
        assert!(world.grants.is_empty());
    }
}
