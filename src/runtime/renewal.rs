//! Refreshing tokens so that no pair is lost: the mark, the question to Zoom, the new pair, each on disk before the
//! next. What each of them means is in `oauth/renewal.rs`.

use crate::oauth::renewal::{Aftermath, Decision, TokenRecord, aftermath, decide};
use crate::oauth::token::StoredTokens;
use crate::oauth::{Failure, Grant, TokenGrant, TokenRequest};
use crate::ports::{
    Clock, HeldTokens, PortFuture, Renewal, RenewalRequest, Renewer, StoreFailure, TokenStore, Zoom,
};
use crate::setup::SecretKey;
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// Refreshes any number of keys at once.
#[derive(Clone)]
pub struct JournaledRenewer {
    tokens: Arc<dyn TokenStore>,
    zoom: Arc<dyn Zoom>,
    clock: Arc<dyn Clock>,
    under_way: Renewals,
}

/// How many renewals are under way.
#[derive(Clone)]
pub struct Renewals(watch::Sender<usize>);

impl Default for Renewals {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Renewals {
    /// Whether any is under way.
    pub fn any(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Completes when none is under way: to be awaited before the runtime ends. What waits for a lock and is no
    /// longer wanted does not count; the rest takes at most Zoom's time limit and two writes.
    pub async fn settled(&self) {
        // The sender is here, so the channel is open.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }

    fn begin(&self) -> UnderWay {
        self.0.send_modify(|count| *count += 1);
        UnderWay(self.clone())
    }
}

/// Counts one, until it is dropped.
struct UnderWay(Renewals);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| *count -= 1);
    }
}

/// A key that is held, and what the caller saw before it waited for it.
struct Holding {
    held: Box<dyn HeldTokens>,
    seen: Option<StoredTokens>,
}

/// A key whose record carries the mark on disk.
struct Marked {
    held: Box<dyn HeldTokens>,
    record: TokenRecord,
    since: Timestamp,
}

impl JournaledRenewer {
    /// `under_way` counts what this one has under way, with that of others.
    pub fn new(
        tokens: Arc<dyn TokenStore>,
        zoom: Arc<dyn Zoom>,
        clock: Arc<dyn Clock>,
        under_way: Renewals,
    ) -> Self {
        Self { tokens, zoom, clock, under_way }
    }

    async fn run(self, request: RenewalRequest, answer: &mut oneshot::Sender<Renewal>) -> Renewal {
        let holding = tokio::select! {
            holding = hold(Arc::clone(&self.tokens), request.key) => holding,
            // Whoever asked has left while another held the lock, so nothing is begun.
            () = answer.closed() => return ended_early(),
        };
        let Holding { held, seen } = match holding {
            Ok(holding) => holding,
            Err(failure) => return Renewal::Store(failure),
        };
        let record = match held.read() {
            Ok(Some(record)) => record,
            Ok(None) => return Renewal::NoTokens,
            Err(failure) => return Renewal::Store(failure),
        };
        let now = self.clock.now();
        let tokens = record.tokens.clone();
        let (record, refresh_token) = match decide(&record, request.when_less_than_s, now, seen.as_ref()) {
            Decision::Use => {
                return Renewal::Fresh { tokens, adopted: held.adopted().cloned() };
            }
            Decision::Unknown { since } => return Renewal::Unknown { tokens, since, failure: None },
            Decision::NoRefreshToken => return Renewal::NoRefreshToken { tokens },
            Decision::Spend { marked, refresh_token } => (marked, refresh_token),
        };
        // From here on nothing stops it but the end of the process.
        let marked = match on_disk(move || mark(held, record, now)).await {
            Some(Ok(marked)) => marked,
            Some(Err(failure)) => return Renewal::Store(failure),
            None => return ended_early(),
        };
        let grant = Grant::RefreshToken { refresh_token };
        let result = self.zoom.token(TokenRequest { client: request.client, grant }).await;
        let clock = self.clock;
        on_disk(move || close(marked, result, clock.now())).await.unwrap_or_else(ended_early)
    }
}

impl Renewer for JournaledRenewer {
    fn renew(&self, request: RenewalRequest) -> PortFuture<'_, Renewal> {
        Box::pin(async move {
            let (mut sender, receiver) = oneshot::channel();
            let (renewer, under_way) = (self.clone(), self.under_way.begin());
            // A task of its own: whoever asked may lose interest, a refresh token that was sent may not be lost.
            tokio::spawn(async move {
                let renewal = renewer.run(request, &mut sender).await;
                drop(under_way);
                let _ = sender.send(renewal);
            });
            receiver.await.unwrap_or_else(|_| ended_early())
        })
    }
}

/// Waits for the lock on a thread of its own, which the end of the program need not wait for.
async fn hold(tokens: Arc<dyn TokenStore>, key: SecretKey) -> Result<Holding, StoreFailure> {
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("tokens".to_owned());
    let started = thread.spawn(move || {
        let holding = tokens.look(&key).and_then(|seen| {
            let held = tokens.hold(&key)?;
            Ok(Holding { held, seen: seen.map(|record| record.tokens) })
        });
        // Nobody may wait any more; then the lock is let go of here.
        drop(sender.send(holding));
    });
    let failure = |error: String| StoreFailure::Io { message: format!("the tokens cannot be held: {error}") };
    started.map_err(|error| failure(error.to_string()))?;
    receiver.await.map_err(|_| failure("the thread that waits ended early".to_owned()))?
}

/// Runs a write away from the screen. It is not abandoned: the runtime waits for it. `None`: it panicked.
async fn on_disk<T: Send + 'static>(write: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(write).await.ok()
}

fn mark(
    mut held: Box<dyn HeldTokens>,
    record: TokenRecord,
    since: Timestamp,
) -> Result<Marked, StoreFailure> {
    match held.write(&record) {
        Ok(()) => Ok(Marked { held, record, since }),
        Err(failure) => {
            // The write may have come to its end all the same, and nothing is sent now. Where this fails too, the
            // next run sees a mark and asks for a new authorization, which is the safe side.
            let _ = held.write(&record.settled());
            Err(failure)
        }
    }
}

/// Stores what Zoom answered.
fn close(marked: Marked, result: Result<TokenGrant, Failure>, now: Timestamp) -> Renewal {
    let Marked { mut held, record, since } = marked;
    let failure = match result {
        Ok(grant) => {
            let renewed = record.renewed(&grant, now);
            let tokens = renewed.tokens.clone();
            return match held.write(&renewed) {
                Ok(()) => Renewal::Renewed { tokens, grant },
                Err(failure) => {
                    let rescued = held.rescue(&renewed).ok();
                    Renewal::NotStored { tokens, grant, failure, rescued }
                }
            };
        }
        Err(failure) => failure,
    };
    let tokens = record.tokens.clone();
    let unspent = aftermath(&failure);
    // A mark that cannot be taken away is what the next run will see, so it is what this one says.
    if unspent == Aftermath::Unknown || held.write(&record.settled()).is_err() {
        return Renewal::Unknown { tokens, since, failure: Some(failure) };
    }
    match unspent {
        Aftermath::NotSent => Renewal::NotSent { tokens, failure },
        Aftermath::Refused | Aftermath::Unknown => Renewal::Refused { tokens, failure },
    }
}

/// A task that panicked, or whose caller has left.
fn ended_early() -> Renewal {
    Renewal::Store(StoreFailure::Io { message: "the refresh ended early; run the check again".to_owned() })
}
