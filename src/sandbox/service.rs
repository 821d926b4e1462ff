//! The sandbox's state behind one lock, and which endpoint answers which path.

use super::fault::{Fault, Faults};
use super::message::{Answer, Call, Delivery};
use super::registry::{ACCOUNT_ID, AppConfiguration, Dropped, SandboxApp, USER_ID, app_page, secret_of};
use super::world::{ACCESS_LIFE_S, Minted, REFRESH_LIFE_S, World};
use super::{Consent, Refreshes, api, apps, authorize, state_file, token};
use crate::ports::{Clock, Entropy};
use crate::procedure::AppKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How far ahead the clock of [`Fault::ClockSkew`] is, in seconds.
const SKEW_S: i64 = 45;

/// The refusal of a rate limit.
fn limited(which: &str, kind: &str, retry_after: &str) -> Answer {
    let message = format!(
        "You have reached the maximum {which} rate limit for this API. Refer to the response header for details on \
         when you can make another request."
    );
    Answer::api_refusal(429, 429, &message)
        .header("X-RateLimit-Category", "Light")
        .header("X-RateLimit-Type", kind)
        .header("X-RateLimit-Limit", "6000")
        .header("X-RateLimit-Remaining", "0")
        .header("Retry-After", retry_after)
}

/// How many refreshes there were since the start.
#[derive(Default)]
pub(super) struct RefreshCounts {
    rotated: AtomicUsize,
    refused: AtomicUsize,
}

impl RefreshCounts {
    /// One more, that rotated the tokens or was refused.
    pub(super) fn note(&self, rotated: bool) {
        let count = if rotated { &self.rotated } else { &self.refused };
        count.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn read(&self) -> Refreshes {
        Refreshes {
            rotated: self.rotated.load(Ordering::SeqCst),
            refused: self.refused.load(Ordering::SeqCst),
        }
    }
}

/// Everything the endpoints share.
pub(super) struct Service {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) consent: Consent,
    pub(super) faults: Faults,
    pub(super) refreshes: RefreshCounts,
    /// `http://127.0.0.1:PORT`.
    pub(super) base_url: String,
    /// Must come with a form of the app page, so that no other site can post one.
    pub(super) page_key: String,
    pub(super) tickets: authorize::Tickets,
    pub(super) state_file: Option<PathBuf>,
    pub(super) world: Mutex<World>,
    pub(super) notices: Mutex<Vec<String>>,
}

impl Service {
    /// Seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    /// The world, to read.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The app's page as it is now.
    pub(super) fn app_page(&self, kind: AppKind) -> SandboxApp {
        let client_secret = secret_of(kind, self.world().regenerated(kind));
        SandboxApp { client_secret, ..app_page(kind) }
    }

    /// Changes the world and saves it before the answer goes out.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let result = change(&mut world);
        world.prune(self.now());
        if let Some(path) = &self.state_file
            && let Err(error) = state_file::save(path, &world)
        {
            self.notice(format!(
                "The sandbox's state could not be saved in {}, so it will not survive a restart: {}",
                path.display(),
                // The whole text names a temporary file, a new one each time.
                error.kind()
            ));
        }
        result
    }

    /// Keeps what a form of the app's pages would keep.
    pub(super) fn configure(&self, kind: AppKind, mut configuration: AppConfiguration) -> Vec<Dropped> {
        let dropped = configuration.clean(kind);
        if kind == AppKind::ServerToServer {
            self.faults.saved();
        }
        // The same again changes nothing, and costs no write.
        if *self.world().app(kind) != configuration {
            self.change(|world| *world.app_mut(kind) = configuration);
        }
        dropped
    }

    /// Keeps a line for the caller; each once.
    pub(super) fn notice(&self, line: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&line) {
            notices.push(line);
        }
    }

    /// 32 random bytes as base64url, or the answer of a server that has none.
    pub(super) fn random_text(&self) -> Result<String, Answer> {
        let bytes = self
            .entropy
            .bytes()
            .map_err(|_| Answer::token_refusal(500, "The system gives no random bytes", "server_error"))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// New tokens for a client. They look like Zoom's (JWT with header `HS512`, claims as in its version 10
    /// samples), but the signature is random bytes: nothing verifies it, tokens are looked up whole.
    pub(super) fn mint(&self, client_id: &str) -> Result<Minted, Answer> {
        let now = self.now();
        let token = |kind: u8, life_s: i64| -> Result<String, Answer> {
            let header = json!({ "alg": "HS512", "v": "2.0", "kid": "rehearsal" });
            let claims = json!({
                "ver": 10,
                "iss": format!("zm:cid:{client_id}"),
                "aud": "https://oauth.zoom.us",
                "type": kind,
                "uid": USER_ID,
                "aid": ACCOUNT_ID,
                "nbf": now,
                "iat": now,
                "exp": now + life_s,
                "jti": self.random_text()?,
            });
            let (header, claims) =
                (URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
            Ok(format!("{header}.{claims}.{}{}", self.random_text()?, self.random_text()?))
        };
        Ok(Minted { access: token(0, ACCESS_LIFE_S)?, refresh: token(1, REFRESH_LIFE_S)? })
    }

    /// What stands in front of Zoom and answers in its place: a proxy's login page, or the rate limit.
    fn intercepted(&self) -> Option<Answer> {
        if self.faults.strike(Fault::Html) {
            return Some(Answer::proxy_login());
        }
        let second = |ahead: i64| Timestamp::from_second(self.now() + ahead).unwrap_or(Timestamp::MAX);
        if self.faults.strike(Fault::RateLimit) {
            // A daily limit carries Retry-After as an ISO-8601 date; here it is a few seconds ahead.
            let again = second(3).to_string();
            return Some(limited("daily", "Daily-limit", &again).header("X-RateLimit-Reset", again));
        }
        if self.faults.strike(Fault::RateLimitSeconds) {
            return Some(limited("per-second", "QPS", "1"));
        }
        if self.faults.strike(Fault::RateLimitDate) {
            let again = second(2).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            return Some(limited("per-second", "QPS", &again));
        }
        None
    }

    /// Answers a request that came whole.
    pub(super) fn answer(&self, call: &Call) -> Answer {
        match call.path.as_str() {
            "/" | "/marketplace" => apps::page_of(self, call),
            "/oauth/authorize" => authorize::answer(self, call),
            authorize::SIGN_IN => authorize::sign_in(self, call),
            "/oauth/token" => {
                // The work is done before the answer is held back or cut: what was asked for has happened,
                // and the client cannot know.
                let answer = self.intercepted().unwrap_or_else(|| token::answer(self, call));
                if self.faults.strike(Fault::Drop) {
                    answer.delivered(Delivery::Cut)
                } else {
                    self.perhaps_late(answer)
                }
            }
            "/oauth/revoke" => token::revoke(self, call),
            path => match path.strip_prefix("/v2/") {
                Some(path) => {
                    let answer = self.intercepted().unwrap_or_else(|| api::answer(self, call, path));
                    self.perhaps_late(answer)
                }
                None => authorize::not_found(),
            },
        }
    }

    /// The answer with the date of a clock that is ahead, if it is.
    pub(super) fn perhaps_ahead(&self, answer: Answer) -> Answer {
        if !self.faults.strike(Fault::ClockSkew) {
            return answer;
        }
        let date = Timestamp::from_second(self.now() + SKEW_S).unwrap_or(Timestamp::MAX);
        answer.header("Date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }

    fn perhaps_late(&self, answer: Answer) -> Answer {
        if self.faults.strike(Fault::Slow) { answer.delivered(Delivery::Late) } else { answer }
    }
}
