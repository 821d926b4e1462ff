//! What support needs to know of a run, and no secret: which endpoint was asked, what came back, how long it took,
//! and fingerprints by which two people can compare. Decorators of the ports, so that the adapters stay plain and
//! nothing is missed. Without a log file none of it is put together.

use crate::oauth::authorize::Endpoints;
use crate::oauth::diagnosis::diagnose;
use crate::oauth::probe::is_made_up;
use crate::oauth::renewal::TokenRecord;
use crate::oauth::{
    ApiAnswer, ApiRead, ClientAuthentication, Failure, Grant, PreflightAnswer, PreflightRequest,
    RevokeRequest, TokenGrant, TokenRequest,
};
use crate::ports::{Adopted, Clock, HeldTokens, PortFuture, Store, StoreFailure, TokenStore, Unlocked, Zoom};
use crate::secret::{Secret, hide};
use crate::setup::{Connection, SecretKey, Setup};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tracing::{debug, info, trace, warn};

/// Zoom's endpoints, with a line in the log for each call.
pub struct LoggedZoom {
    zoom: Arc<dyn Zoom>,
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
}

impl LoggedZoom {
    /// `endpoints` are those that `zoom` asks.
    pub fn new(zoom: Arc<dyn Zoom>, endpoints: Endpoints, clock: Arc<dyn Clock>) -> Self {
        Self { zoom, endpoints, clock }
    }

    /// A call that did not succeed. `sent` is what must not be repeated: Zoom's texts quote what it was sent.
    fn failed(&self, endpoint: &str, failure: &Failure, sent: &[&Secret], begun: Instant) {
        let diagnosis = diagnose(failure, self.clock.now());
        warn!(
            endpoint,
            call = failure.call.words(),
            status = failure.kind.status(),
            code = diagnosis.code,
            zoom = diagnosis.zoom.map(|text| hide(&text, sent)),
            clock_offset_s = failure.clock_offset_s,
            ms = milliseconds(begun),
            "{}",
            hide(&diagnosis.heading, sent)
        );
    }
}

impl Zoom for LoggedZoom {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        Box::pin(async move {
            let endpoint = self.endpoints.token();
            let sent = secrets_of(&request);
            let made_up = is_made_up(&request);
            let begun = Instant::now();
            debug!(
                endpoint,
                grant = grant_type(&request.grant),
                client = %Secret::new(client_id(&request.client)).fingerprint(),
                sent = fingerprints(&sent),
                "asking for a token"
            );
            let result = self.zoom.token(request).await;
            match &result {
                Ok(grant) => {
                    let refresh_token = grant.refresh_token.clone().map(|token| ("refresh token", token));
                    let access_token = ("access token", grant.access_token.clone());
                    let given: Vec<_> = [access_token].into_iter().chain(refresh_token).collect();
                    info!(
                        endpoint,
                        status = 200,
                        sent = fingerprints(&sent),
                        given = fingerprints(&given),
                        expires_in_s = grant.expires_in_s,
                        scopes = grant.scopes.as_ref().map(Vec::len),
                        clock_offset_s = grant.clock_offset_s,
                        ms = milliseconds(begun),
                        "token given"
                    );
                }
                Err(failure) if made_up && failure.kind.status().is_some() => {
                    let code = diagnose(failure, self.clock.now()).code;
                    let status = failure.kind.status();
                    info!(
                        endpoint,
                        status,
                        code,
                        ms = milliseconds(begun),
                        "asked about the pair with a made-up code"
                    );
                }
                Err(failure) => {
                    let sent: Vec<&Secret> = sent.iter().map(|(_, secret)| secret).collect();
                    self.failed(&endpoint, failure, &sent, begun);
                }
            }
            result
        })
    }

    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let endpoint = self.endpoints.revoke();
            let token = request.token.clone();
            let begun = Instant::now();
            let result = self.zoom.revoke(request).await;
            match &result {
                Ok(()) => info!(
                    endpoint,
                    token = %token.fingerprint(),
                    ms = milliseconds(begun),
                    "token revoked"
                ),
                Err(failure) => self.failed(&endpoint, failure, &[&token], begun),
            }
            result
        })
    }

    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        Box::pin(async move {
            let endpoint = without_query(&self.endpoints.api(request.api_url.as_deref(), &request.path));
            let token = request.access_token.clone();
            let begun = Instant::now();
            let result = self.zoom.read(request).await;
            match &result {
                Ok(answer) => info!(
                    endpoint,
                    token = %token.fingerprint(),
                    clock_offset_s = answer.clock_offset_s,
                    ms = milliseconds(begun),
                    "read"
                ),
                Err(failure) => self.failed(&endpoint, failure, &[&token], begun),
            }
            result
        })
    }

    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        Box::pin(async move {
            let endpoint = without_query(&request.url);
            let redirect_uri = without_query(&request.redirect_uri);
            let begun = Instant::now();
            let result = self.zoom.preflight(request).await;
            match &result {
                Ok(answer) => {
                    let end = end_of(answer);
                    info!(endpoint, redirect_uri, end, ms = milliseconds(begun), "looked at the sign-in");
                }
                Err(failure) => self.failed(&endpoint, failure, &[], begun),
            }
            result
        })
    }
}

/// The store, with a line in the log for each change.
pub struct LoggedStore(Box<dyn Store>);

impl LoggedStore {
    /// Logs what is done to that store.
    pub fn new(store: Box<dyn Store>) -> Self {
        Self(store)
    }
}

/// Logs the end of a store operation and passes it on.
fn stored<T>(what: &str, name: &str, result: Result<T, StoreFailure>) -> Result<T, StoreFailure> {
    match &result {
        Ok(_) => debug!(name, "{what}"),
        Err(failure) => warn!(name, ?failure, "not done: {what}"),
    }
    result
}

impl Store for LoggedStore {
    fn setups(&self) -> Result<(Vec<Setup>, Vec<String>), StoreFailure> {
        stored("set-ups listed", "", self.0.setups())
    }

    fn save_setup(&self, setup: &Setup) -> Result<(), StoreFailure> {
        stored("set-up saved", &setup.id, self.0.save_setup(setup))
    }

    fn remove_setup(&self, id: &str) -> Result<(), StoreFailure> {
        stored("set-up removed", id, self.0.remove_setup(id))
    }

    fn connections(&self) -> Result<(Vec<Connection>, Vec<String>), StoreFailure> {
        stored("connections listed", "", self.0.connections())
    }

    fn save_connection(&self, connection: &Connection) -> Result<(), StoreFailure> {
        stored("connection saved", &connection.name, self.0.save_connection(connection))
    }

    fn remove_connection(&self, name: &str) -> Result<(), StoreFailure> {
        stored("connection removed", name, self.0.remove_connection(name))
    }

    fn update_connection(
        &self,
        name: &str,
        change: &mut dyn FnMut(&mut Connection),
    ) -> Result<bool, StoreFailure> {
        stored("connection brought up to date", name, self.0.update_connection(name, change))
    }

    fn rename_connection(&self, from: &str, connection: &Connection) -> Result<(), StoreFailure> {
        let names = format!("{from} to {}", connection.name);
        stored("connection renamed", &names, self.0.rename_connection(from, connection))
    }

    fn unlock(&mut self, passphrase: Option<&Secret>) -> Result<Unlocked, StoreFailure> {
        let begun = Instant::now();
        let result = self.0.unlock(passphrase);
        match &result {
            Ok(by) => info!(?by, ms = milliseconds(begun), "secrets unlocked"),
            Err(StoreFailure::NeedsPassphrase { why, .. }) => debug!(why, "a passphrase is needed"),
            Err(failure) => warn!(?failure, ms = milliseconds(begun), "secrets not unlocked"),
        }
        result
    }

    fn read_secret(&self, key: &SecretKey) -> Result<Option<Secret>, StoreFailure> {
        let result = self.0.read_secret(key);
        if let Ok(found) = &result {
            let fingerprint = found.as_ref().map(|secret| secret.fingerprint().to_string());
            trace!(key = key.path(), fingerprint, "secret read");
        }
        result
    }

    fn write_secrets(&mut self, changes: Vec<(SecretKey, Option<Secret>)>) -> Result<(), StoreFailure> {
        let lines: Vec<String> = changes
            .iter()
            .map(|(key, secret)| match secret {
                Some(secret) => format!("{} = {}", key.path(), secret.fingerprint()),
                None => format!("{} removed", key.path()),
            })
            .collect();
        let begun = Instant::now();
        let result = self.0.write_secrets(changes);
        match &result {
            Ok(()) => info!(changes = lines.join("; "), ms = milliseconds(begun), "secrets written"),
            Err(failure) => warn!(changes = lines.join("; "), ?failure, "secrets not written"),
        }
        result
    }

    fn tokens(&self) -> Result<Arc<dyn TokenStore>, StoreFailure> {
        Ok(Arc::new(LoggedTokens(self.0.tokens()?)))
    }
}

/// Rotating tokens, with a line in the log for each step of a rotation.
struct LoggedTokens(Arc<dyn TokenStore>);

impl TokenStore for LoggedTokens {
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure> {
        let begun = Instant::now();
        match self.0.hold(key) {
            Ok(held) => {
                debug!(key = key.path(), ms = milliseconds(begun), adopted = ?held.adopted(), "tokens held");
                Ok(Box::new(LoggedHeld { key: key.path(), held }))
            }
            Err(failure) => {
                warn!(key = key.path(), ?failure, ms = milliseconds(begun), "tokens not held");
                Err(failure)
            }
        }
    }

    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        stored("tokens looked at", &key.path(), self.0.look(key))
    }

    fn set_damaged_aside(&self, key: &SecretKey) -> Result<bool, StoreFailure> {
        let aside = self.0.set_damaged_aside(key)?;
        if aside {
            warn!(key = key.path(), "damaged tokens set aside");
        }
        Ok(aside)
    }
}

/// Tokens that are held, until it is dropped.
struct LoggedHeld {
    key: String,
    held: Box<dyn HeldTokens>,
}

impl Drop for LoggedHeld {
    fn drop(&mut self) {
        debug!(key = self.key, "tokens let go");
    }
}

impl HeldTokens for LoggedHeld {
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure> {
        stored("tokens read", &self.key, self.held.read())
    }

    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure> {
        let begun = Instant::now();
        let result = self.held.write(record);
        let refresh_token = record.tokens.refresh_token.as_ref().map(|token| token.fingerprint().to_string());
        let marked = record.refreshing.is_some();
        match &result {
            Ok(()) => {
                info!(key = self.key, refresh_token, marked, ms = milliseconds(begun), "tokens written");
            }
            Err(failure) => warn!(key = self.key, refresh_token, marked, ?failure, "tokens not written"),
        }
        result
    }

    fn remove(&mut self) -> Result<(), StoreFailure> {
        stored("tokens removed", &self.key, self.held.remove())
    }

    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure> {
        rescued(&self.key, self.held.rescue(record))
    }

    fn rescue_into(&mut self, directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure> {
        rescued(&self.key, self.held.rescue_into(directory, record))
    }

    fn adopted(&self) -> Option<&Adopted> {
        self.held.adopted()
    }
}

/// Logs where a pair was put that the store did not take.
fn rescued(key: &str, result: Result<String, StoreFailure>) -> Result<String, StoreFailure> {
    match &result {
        Ok(place) => warn!(key, place, "new pair put elsewhere"),
        Err(failure) => warn!(key, ?failure, "new pair not put elsewhere"),
    }
    result
}

/// Every secret that a request carries, by name.
fn secrets_of(request: &TokenRequest) -> Vec<(&'static str, Secret)> {
    let client = match &request.client {
        ClientAuthentication::Basic { client_secret, .. } => Some(("client secret", client_secret)),
        ClientAuthentication::Public { .. } => None,
    };
    let grant = match &request.grant {
        Grant::AuthorizationCode { code, verifier, .. } => vec![("code", code), ("verifier", verifier)],
        Grant::RefreshToken { refresh_token } => vec![("refresh token", refresh_token)],
        Grant::AccountCredentials { .. } => Vec::new(),
    };
    client.into_iter().chain(grant).map(|(name, secret)| (name, secret.clone())).collect()
}

/// Logged by fingerprint, too: somebody may have pasted the secret into the field of the ID.
fn client_id(client: &ClientAuthentication) -> &str {
    match client {
        ClientAuthentication::Basic { client_id, .. } | ClientAuthentication::Public { client_id } => {
            client_id
        }
    }
}

const fn grant_type(grant: &Grant) -> &'static str {
    match grant {
        Grant::AuthorizationCode { .. } => "authorization_code",
        Grant::RefreshToken { .. } => "refresh_token",
        Grant::AccountCredentials { .. } => "account_credentials",
    }
}

fn fingerprints(secrets: &[(&str, Secret)]) -> String {
    let texts: Vec<String> =
        secrets.iter().map(|(name, secret)| format!("{name} {}", secret.fingerprint())).collect();
    texts.join("; ")
}

/// The address up to its query, where states and codes are.
fn without_query(address: &str) -> String {
    address.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn end_of(answer: &PreflightAnswer) -> String {
    match answer {
        PreflightAnswer::Page { status, .. } => format!("a page, {status}"),
        PreflightAnswer::SignIn => "the sign-in".to_owned(),
        PreflightAnswer::SentBack { error: Some((error, _)) } => format!("sent back: {error}"),
        PreflightAnswer::SentBack { error: None } => "sent back".to_owned(),
        PreflightAnswer::Elsewhere { host } => format!("another host: {host}"),
        PreflightAnswer::TooManyRedirects => "too many redirects".to_owned(),
    }
}

fn milliseconds(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}
