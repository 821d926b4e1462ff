//! The core without a world: its store and its randomness are answered at once from memory, everything else is
//! noted for the test to answer.

use super::admin::Admin;
use crossterm::event::Event;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock};
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::model::{Model, Settings};
use zoom_setup::app::update::update;
use zoom_setup::app::wizard::StepState;
use zoom_setup::oauth::authorize::Endpoints;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ApiAnswer, Call, Failure, FailureKind, PreflightAnswer, TokenGrant};
use zoom_setup::ports::{
    BoundPort, ListenFailure, PortProblem, PortReason, Renewal, RenewalRequest, StoreFailure, Unlocked,
};
use zoom_setup::procedure::{FieldName, Procedure, registry};
use zoom_setup::runtime::message;
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, Question, SecretKey, Setup};

/// A client secret that must never be seen. 32 letters and digits, as Zoom's are.
pub const CLIENT_SECRET: &str = "MARKER1clientSecretabcdefgh12345";
pub const ACCESS: &str = "MARKER2accessToken";
pub const REFRESH: &str = "MARKER3refreshToken";
pub const CODE: &str = "MARKER4authorizationCode";
pub const SECRET_TOKEN: &str = "MARKER5secretTokn";
pub const CLIENT_ID: &str = "aB3dEfGhIjKlMnOpQrStUv";

static PROCEDURES: LazyLock<Vec<Arc<Procedure>>> =
    LazyLock::new(|| registry::embedded().unwrap().into_iter().map(Arc::new).collect());

pub fn start_of_time() -> Timestamp {
    "2026-03-12T10:00:00Z".parse().unwrap()
}

pub fn settings() -> Settings {
    Settings {
        endpoints: Endpoints::zoom(),
        rehearsal: None,
        loopback_ports: vec![47_823, 47_824, 47_825],
        authorize_limit_s: 600,
        lag_delays_s: vec![2, 4],
        remote: None,
        ascii: false,
        interactive: true,
    }
}

/// How the store in memory answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    Works,
    /// What is asked of it is left to the test to answer; set-ups are saved all the same.
    Silent,
    /// Secrets can't be written.
    Fails,
}

pub struct Core {
    pub model: Model,
    pub now: Timestamp,
    pub storing: Storing,
    /// What the store says when it is to be opened.
    pub unlock: Result<Unlocked, StoreFailure>,
    pub secrets: BTreeMap<SecretKey, Secret>,
    pub setups: BTreeMap<String, Setup>,
    pub connections: BTreeMap<String, Connection>,
    /// Every effect so far, in order.
    pub effects: Vec<Effect>,
    /// Whether the questions about what was entered are left to the test to answer. Otherwise Zoom knows the pair,
    /// calls a Server-to-Server app not active yet, and has nothing against the redirect URL.
    pub asks: bool,
}

/// What Zoom says to a made-up code, where it knows the pair.
pub const CODE_REFUSED: &str = r#"{"reason":"Invalid authorization code [x]","error":"invalid_grant"}"#;
/// What it says before the activation.
pub const DISABLED: &str = r#"{"reason":"The app has been disabled (4717)","error":"invalid_request"}"#;

impl Core {
    /// At home, with nothing stored.
    pub fn new() -> Self {
        let mut core = Self {
            model: Model::new(start_of_time(), settings(), PROCEDURES.clone()),
            now: start_of_time(),
            storing: Storing::Works,
            unlock: Ok(Unlocked::Keyring),
            secrets: BTreeMap::new(),
            setups: BTreeMap::new(),
            connections: BTreeMap::new(),
            effects: Vec::new(),
            asks: false,
        };
        core.load();
        core
    }

    /// At a step of a new set-up.
    pub fn at(procedure: &str, step: &str) -> Self {
        let mut core = Self::new();
        core.begin(procedure);
        core.walk_to(step);
        core
    }

    pub fn load(&mut self) {
        self.send(Msg::LibraryLoaded {
            setups: self.setups.values().cloned().collect(),
            connections: self.connections.values().cloned().collect(),
            unreadable: Vec::new(),
        });
    }

    /// The program is started again on what is stored.
    pub fn restart(&mut self) {
        self.model = Model::new(self.now, self.model.settings.clone(), PROCEDURES.clone());
        self.load();
    }

    /// One message, and the answers of the store to what it asks for. The effects of all of it, in order.
    pub fn send(&mut self, msg: Msg) -> Vec<Effect> {
        let mut seen = Vec::new();
        let mut waiting = VecDeque::from([msg]);
        for _round in 0..100 {
            let Some(msg) = waiting.pop_front() else {
                self.effects.extend(seen.iter().cloned());
                without_secrets(&self.model.screen);
                without_secrets(&self.model.overlay);
                without_secrets(&self.model.notice);
                return seen;
            };
            without_secrets(&msg);
            for effect in update(&mut self.model, self.now, msg) {
                without_secrets(&effect);
                waiting.extend(self.answer(&effect));
                seen.push(effect);
            }
        }
        panic!("no end of messages");
    }

    /// Keys, and the effects of them.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let before = self.effects.len();
        self.press(keys);
        self.effects[before..].to_vec()
    }

    fn answer(&mut self, effect: &Effect) -> Option<Msg> {
        if let Effect::Random { ticket } = effect {
            return Some(Msg::Random { ticket: *ticket, result: Ok(Box::new([7; 64])) });
        }
        if let Some(msg) = self.proved(effect) {
            return Some(msg);
        }
        if let Effect::SaveSetup(setup) = effect {
            self.setups.insert(setup.id.clone(), (**setup).clone());
            return None;
        }
        let result = match self.storing {
            Storing::Works => Ok(()),
            Storing::Fails => Err(StoreFailure::Io { message: "the disk is full".to_owned() }),
            Storing::Silent => return None,
        };
        match effect.clone() {
            Effect::Unlock { ticket, .. } => Some(Msg::Unlocked { ticket, result: self.unlock.clone() }),
            Effect::ReadSecrets { ticket, keys } => {
                let found = keys.into_iter().map(|key| (key.clone(), self.secrets.get(&key).cloned()));
                Some(Msg::SecretsRead { ticket, result: Ok(found.collect()) })
            }
            Effect::WriteSecrets { ticket, changes } => {
                if result.is_ok() {
                    self.apply(changes);
                }
                Some(Msg::SecretsWritten { ticket, result })
            }
            Effect::RemoveSetup { id, secrets } => {
                self.setups.remove(&id);
                self.apply(secrets.into_iter().map(|key| (key, None)).collect());
                None
            }
            Effect::SaveConnection { ticket, connection } => {
                self.connections.insert(connection.name.clone(), *connection);
                Some(Msg::ConnectionSaved { ticket, result })
            }
            Effect::RemoveConnection { ticket, name, secrets } => {
                if result.is_ok() {
                    self.connections.remove(&name);
                    self.apply(secrets.into_iter().map(|key| (key, None)).collect());
                }
                Some(Msg::ConnectionRemoved { ticket, result })
            }
            Effect::LoadLibrary => Some(Msg::LibraryLoaded {
                setups: self.setups.values().cloned().collect(),
                connections: self.connections.values().cloned().collect(),
                unreadable: Vec::new(),
            }),
            Effect::SaveSetup(_)
            | Effect::Random { .. }
            | Effect::Wake { .. }
            | Effect::Listen { .. }
            | Effect::AnswerCallback { .. }
            | Effect::OfferLogin { .. }
            | Effect::ExpireCallback { .. }
            | Effect::Cancel { .. }
            | Effect::Token { .. }
            | Effect::Renew { .. }
            | Effect::Revoke { .. }
            | Effect::Read { .. }
            | Effect::Preflight { .. }
            | Effect::Check { .. }
            | Effect::OpenBrowser { .. }
            | Effect::Copy { .. }
            | Effect::Export { .. }
            | Effect::ConfigureSandbox(_)
            | Effect::Regenerate { .. }
            | Effect::Exit(_) => None,
        }
    }

    /// The answer to a question about what was entered.
    fn proved(&self, effect: &Effect) -> Option<Msg> {
        let asking = self.model.wizard()?.proving.asking.clone()?;
        if self.asks {
            return None;
        }
        match effect {
            Effect::Token { ticket, .. } if *ticket == asking.ticket => {
                let (call, body) = match asking.question {
                    Question::Account => (Call::AccountCredentials, DISABLED),
                    Question::Pair | Question::Redirect => (Call::ExchangeCode, CODE_REFUSED),
                };
                Some(Msg::Token { ticket: *ticket, result: Box::new(Err(refusal(call, 400, body))) })
            }
            Effect::Preflight { ticket, .. } if *ticket == asking.ticket => {
                Some(Msg::Preflight { ticket: *ticket, result: Box::new(Ok(PreflightAnswer::SignIn)) })
            }
            _ => None,
        }
    }

    fn apply(&mut self, changes: Vec<(SecretKey, Option<Secret>)>) {
        for (key, value) in changes {
            match value {
                Some(value) => self.secrets.insert(key, value),
                None => self.secrets.remove(&key),
            };
        }
    }

    /// Ticket of the last call of the token endpoint.
    pub fn token_ticket(&self) -> Ticket {
        self.last(|effect| match effect {
            Effect::Token { ticket, .. } => Some(*ticket),
            _ => None,
        })
    }

    /// Ticket of the last read of the API, and its path.
    pub fn read_call(&self) -> (Ticket, String) {
        self.last(|effect| match effect {
            Effect::Read { ticket, request } => Some((*ticket, request.path.clone())),
            _ => None,
        })
    }

    /// The newest effect that fits.
    pub fn last<T>(&self, fits: impl FnMut(&Effect) -> Option<T>) -> T {
        self.effects.iter().rev().find_map(fits).unwrap_or_else(|| panic!("no such effect"))
    }

    pub fn count(&self, fits: impl Fn(&Effect) -> bool) -> usize {
        self.effects.iter().filter(|effect| fits(effect)).count()
    }

    /// Zoom answers the last token call.
    pub fn token(&mut self, result: Result<TokenGrant, Failure>) -> Vec<Effect> {
        let ticket = self.token_ticket();
        self.send(Msg::Token { ticket, result: Box::new(result) })
    }

    /// The last refresh comes to this end.
    pub fn renewed(&mut self, renewal: Renewal) -> Vec<Effect> {
        let ticket = self.renewal().0;
        self.send(Msg::Renewed { ticket, result: Box::new(renewal) })
    }

    /// Zoom answers the last refresh, and the store takes the new pair.
    pub fn refreshed(&mut self, result: Result<TokenGrant, Failure>) -> Vec<Effect> {
        let tokens = self.wizard().tokens.clone().unwrap();
        let renewal = match result {
            Ok(grant) => {
                let tokens = StoredTokens::from_grant(&grant, self.now, Some(&tokens));
                let key = self.renewal().1.key;
                self.secrets.insert(key, tokens.to_secret());
                Renewal::Renewed { tokens, grant }
            }
            Err(failure) => Renewal::Refused { tokens, failure },
        };
        self.renewed(renewal)
    }

    /// Ticket of the last refresh, and whose tokens it is for.
    pub fn renewal(&self) -> (Ticket, RenewalRequest) {
        self.last(|effect| match effect {
            Effect::Renew { ticket, request } => Some((*ticket, request.clone())),
            _ => None,
        })
    }

    /// The API answers the last read.
    pub fn read(&mut self, result: Result<ApiAnswer, Failure>) -> Vec<Effect> {
        let ticket = self.read_call().0;
        self.send(Msg::Read { ticket, result: Box::new(result) })
    }

    /// The listener is bound.
    pub fn bound(&mut self, port: u16) -> Vec<Effect> {
        let ticket = self.last(|effect| match effect {
            Effect::Listen { ticket, .. } => Some(*ticket),
            _ => None,
        });
        self.send(Msg::Listening { ticket, result: Ok(bound_to(port)) })
    }

    /// A grant of every chosen scope.
    pub fn grant(&self) -> TokenGrant {
        grant(self.wizard().setup.scopes.iter().cloned().collect())
    }

    /// Seconds pass, unseen by the core until the next message.
    pub fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// The set-up as it is on disk.
    pub fn on_disk(&self) -> &Setup {
        &self.setups[&self.wizard().setup.id]
    }
}

/// No `Debug` text of the core tells a secret: each of the tests' secrets begins with a mark.
#[track_caller]
fn without_secrets(value: &impl std::fmt::Debug) {
    let text = format!("{value:?}");
    if let Some(at) = text.find("MARKER") {
        panic!("a secret in a Debug text: {:?}", text.get(at.saturating_sub(200)..at + 20));
    }
}

pub fn grant(scopes: Vec<String>) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new(ACCESS),
        refresh_token: Some(Secret::new(REFRESH)),
        expires_in_s: 3600,
        scopes: Some(scopes),
        api_url: Some("https://api.zoom.us".to_owned()),
        clock_offset_s: None,
    }
}

/// A refusal with a JSON body.
pub fn refusal(call: Call, status: u16, body: &str) -> Failure {
    Failure {
        call,
        host: "zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status,
            body: body.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: None,
        },
        clock_offset_s: None,
    }
}

pub fn me() -> ApiAnswer {
    ApiAnswer {
        body: serde_json::json!({ "id": "u1", "account_id": "a1", "email": "admin@example.com" }),
        clock_offset_s: None,
    }
}

impl Admin for Core {
    fn model(&self) -> &Model {
        &self.model
    }

    fn event(&mut self, event: Event) {
        if let Some(msg) = message(&self.model, event) {
            self.send(msg);
        }
    }

    fn value(&self, field: FieldName) -> Option<String> {
        let text = match field {
            FieldName::Instance => "dev12345",
            FieldName::Company => "Example Company",
            FieldName::DeveloperName => "Example Admin",
            FieldName::DeveloperEmail => "admin@example.com",
            FieldName::ClientId => CLIENT_ID,
            FieldName::ClientSecret => CLIENT_SECRET,
            FieldName::AccountId => "qW8rTyUiOpAsDfGhJkLzXc",
            FieldName::SecretToken => SECRET_TOKEN,
            FieldName::AppName
            | FieldName::Region
            | FieldName::Management
            | FieldName::ClientType
            | FieldName::ShortDescription
            | FieldName::ConnectionName => return None,
        };
        Some(text.to_owned())
    }
}

/// The form of the current step.
pub fn form(core: &Core) -> &zoom_setup::app::wizard::Form {
    match &core.wizard().state {
        StepState::Fill(form) => form,
        other => panic!("no form but {other:?}"),
    }
}

/// What the listener says when it is bound to the first port it tried.
pub fn bound_to(port: u16) -> BoundPort {
    BoundPort { port, passed_over: Vec::new() }
}

/// What it says when the only port it tried is held by somebody.
pub fn taken(port: u16, holder: Option<&str>) -> ListenFailure {
    let reason = PortReason::InUse { holder: holder.map(str::to_owned) };
    ListenFailure::NoPort { problems: vec![PortProblem { port, reason }] }
}
