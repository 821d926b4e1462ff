//! The proof of a connection's scopes on request: a token without touching the grant, then one read after
//! another.

use crate::cli::set_up::tokio_runtime;
use crate::cli::world::{self, World};
use crate::error::Error;
use crate::oauth::token::StoredTokens;
use crate::oauth::{ClientAuthentication, Diagnosis, Grant, TokenRequest, diagnosis};
use crate::ports::{Clock, Zoom};
use crate::procedure::{AppKind, FieldName};
use crate::runtime::{Ports, Signals};
use crate::scope::Catalogue;
use crate::scope::proof::{Pace, Proof, ProofRead, ProofSubject, Proved, TokenUser};
use crate::secret::{Secret, printable};
use crate::setup::{Connection, SecretKey};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::future::Future;
use std::io::Write;
use std::time::Duration;

/// What came of a proof.
#[derive(Clone, Debug)]
pub struct ProofReport {
    pub at: Timestamp,
    /// Whether the scopes were asked for just now, by a new token.
    pub asked_now: bool,
    pub granted: Option<Vec<String>>,
    pub results: Vec<Proved>,
    /// What ended it before its time.
    pub stopped: Option<Diagnosis>,
    /// Whether the user did.
    pub cancelled: bool,
}

/// A token to read with.
struct Token {
    access_token: Secret,
    api_url: Option<String>,
    granted: Option<Vec<String>>,
    asked_now: bool,
}

/// Proves the scopes of a stored connection. Progress goes to standard error.
///
/// # Errors
/// No token that could be used without touching the grant; secrets that stay shut; Zoom's refusal.
pub fn connection(mut world: World, connection: &Connection) -> Result<ProofReport, Error> {
    world.open_secrets()?;
    let rehearsal = world.settings.rehearsal.is_some();
    let (ports, ..) = world.into_parts();
    tokio_runtime()?.block_on(async {
        let token = token(&ports, connection).await?;
        let granted = token.granted.clone().unwrap_or_else(|| connection.scopes.iter().cloned().collect());
        let user = match connection.app_kind {
            AppKind::General => TokenUser::SignedIn,
            AppKind::ServerToServer => TokenUser::Account,
        };
        let now = ports.clock.now();
        let subject = ProofSubject {
            granted: &granted,
            user,
            today: now.to_zoned(TimeZone::UTC).date(),
            pace: if rehearsal { Pace::REHEARSAL } else { Pace::ZOOM },
        };
        let proof = Proof::new(Catalogue::embedded(), subject, now);
        let mut signals = Signals::new();
        let (proof, cancelled) = run(
            (ports.zoom.as_ref(), ports.clock.as_ref()),
            (token.api_url.as_deref(), &token.access_token),
            proof,
            signals.next(),
            &mut |done, all, read| {
                let operation = printable(&read.operation(), 200);
                let _ = writeln!(std::io::stderr(), "proving, {done} of {all} done: {operation}");
            },
        )
        .await;
        Ok(ProofReport {
            at: now,
            asked_now: token.asked_now,
            granted: token.granted,
            results: proof.results(),
            stopped: proof.stopped().cloned(),
            cancelled,
        })
    })
}

/// Reads one after another until the plan has no more, or `cancelled` completes. Says whether it did.
pub async fn run(
    (zoom, clock): (&dyn Zoom, &dyn Clock),
    (api_url, access_token): (Option<&str>, &Secret),
    mut proof: Proof,
    cancelled: impl Future<Output = ()>,
    progress: &mut dyn FnMut(usize, usize, &ProofRead),
) -> (Proof, bool) {
    tokio::pin!(cancelled);
    while let Some(read) = proof.next() {
        let (done, all) = proof.progress();
        progress(done, all, &read);
        let wait = read.not_before.as_millisecond().saturating_sub(clock.now().as_millisecond());
        let one = async {
            tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
            zoom.read(read.request(api_url, access_token)).await
        };
        tokio::select! {
            result = one => proof.answered(&read, &result, clock.now()),
            () = &mut cancelled => return (proof, true),
        }
    }
    (proof, false)
}

/// A token that costs the grant nothing (law 1): a new one for a Server-to-Server app, which has no grant; for
/// a General app the one that is stored, while it lives. A refresh token is not spent here.
async fn token(ports: &Ports, connection: &Connection) -> Result<Token, Error> {
    match connection.app_kind {
        AppKind::ServerToServer => {
            // Law 1: what could disturb a live integration is said before.
            let _ = writeln!(
                std::io::stderr(),
                "Asking Zoom for a token of this app. Zoom's pages of today say that it leaves the receiver's token \
                 alone; older reports say otherwise."
            );
            let answer = |field| connection.answers.get(&field).cloned().unwrap_or_default();
            let client_id = answer(FieldName::ClientId);
            let key = SecretKey::ConnectionField(connection.name.clone(), FieldName::ClientSecret);
            let client_secret = ports.store.read_secret(&key).map_err(world::store_error)?;
            let Some(client_secret) = client_secret else {
                return Err(Error::usage("the client secret of this connection is not stored here")
                    .hint("Review it without --prove, or set the connection up here."));
            };
            let request = TokenRequest {
                client: ClientAuthentication::Basic { client_id, client_secret },
                grant: Grant::AccountCredentials { account_id: answer(FieldName::AccountId) },
            };
            let grant = ports
                .zoom
                .token(request)
                .await
                .map_err(|failure| diagnosis::diagnose(&failure, ports.clock.now()))?;
            Ok(Token {
                access_token: grant.access_token,
                api_url: grant.api_url,
                granted: grant.scopes,
                asked_now: true,
            })
        }
        AppKind::General => {
            let key = SecretKey::ConnectionTokens(connection.name.clone());
            let stored = ports.store.read_secret(&key).map_err(world::store_error)?;
            let Some(tokens) = stored.as_ref().and_then(StoredTokens::from_secret) else {
                let receiver = connection.receiver.label();
                return Err(Error::usage(format!(
                    "{receiver} holds the grant of this connection, so there is no token here to prove with"
                ))
                .hint(format!(
                    "A login of this program would cut {receiver} off: Zoom keeps one grant per user and app."
                ))
                .hint("Review it without --prove; what was granted last is stored."));
            };
            if tokens.expires_at <= ports.clock.now() {
                return Err(Error::usage("the stored access token is older than its hour")
                    .hint("The proof does not spend the refresh token: each works once, and the grant hangs on it.")
                    .hint("Review it without --prove; what was granted last is stored."));
            }
            let grant = connection.grant.as_ref();
            Ok(Token {
                access_token: tokens.access_token,
                api_url: grant.and_then(|grant| grant.api_url.clone()),
                granted: grant.and_then(|grant| grant.scopes.clone()),
                asked_now: false,
            })
        }
    }
}
