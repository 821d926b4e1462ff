//! An embedded Zoom on 127.0.0.1, for rehearsals and tests: app registry, authorize page, token endpoint,
//! revoke, and the API reads that verification uses. Where the real Zoom is not known to be strict, this one
//! is: PKCE with S256 and a state are required, redirect URLs match byte for byte, nothing is taken from a
//! query, a code that was presented once is spent.
//!
//! It runs on threads of its own and prints nothing. Everything in it is invented.

mod api;
mod apps;
mod authorize;
mod cable;
mod fault;
mod message;
mod page;
mod registry;
mod server;
mod service;
mod state_file;
mod token;
mod world;

pub use fault::{Fault, UnknownFault};
pub use registry::{AppConfiguration, Dropped, SandboxApp};

use crate::ports::{Clock, Entropy};
use crate::procedure::AppKind;
use server::Server;
use service::Service;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use world::World;

/// Who answers the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// A person, by a form with Allow and Decline.
    Page,
    /// Nobody: every login is allowed at once. For tests.
    Automatic,
}

/// How the sandbox is to run.
pub struct SandboxOptions {
    /// `None`: the port of the last run if the state file names one that is free, else any free port.
    pub port: Option<u16>,
    /// Faults to play.
    pub faults: Vec<Fault>,
    /// How often each fault strikes; see [`Fault::answers_struck`].
    pub strikes: u32,
    /// How long [`Fault::Slow`] holds an answer back.
    pub slow_for: Duration,
    pub consent: Consent,
    /// Where tokens, codes and app configuration survive a restart; its directory must exist.
    pub state_file: Option<PathBuf>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl SandboxOptions {
    /// A sandbox on any port, without faults or state file, with a consent page. Faults strike once, a slow
    /// answer takes 15 seconds (a client of this program waits 10).
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            port: None,
            faults: Vec::new(),
            strikes: 1,
            slow_for: Duration::from_secs(15),
            consent: Consent::Page,
            state_file: None,
            clock,
            entropy,
        }
    }
}

/// Why the sandbox does not start. In words, one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SandboxFailure {
    /// The port is taken or not allowed.
    Port { port: u16, detail: String },
    /// No random bytes, no threads, no socket.
    System { detail: String },
}

impl fmt::Display for SandboxFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { port, detail } => {
                write!(formatter, "The sandbox cannot listen on 127.0.0.1:{port}: {detail}")
            }
            Self::System { detail } => write!(formatter, "The sandbox cannot start: {detail}"),
        }
    }
}

impl std::error::Error for SandboxFailure {}

/// What became of the refreshes since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshes {
    /// The tokens were rotated, whether or not the answer arrived.
    pub rotated: usize,
    /// The token was not the live one: spent, revoked, expired or made up. A client that loses tokens, or spends one
    /// twice, shows here.
    pub refused: usize,
}

/// A running sandbox. Dropping it ends it and frees the port.
pub struct Sandbox {
    service: Arc<Service>,
    // Held for its Drop.
    _server: Server,
}

impl Sandbox {
    /// Binds 127.0.0.1 and serves. An unreadable state file is not fatal: the sandbox starts afresh, puts a
    /// line into [`Sandbox::notices`], and replaces the file on its first change.
    pub fn start(options: SandboxOptions) -> Result<Self, SandboxFailure> {
        let mut notices = Vec::new();
        let loaded = options.state_file.as_ref().map(|path| (path, state_file::load(path)));
        let mut world = match loaded {
            None | Some((_, Ok(None))) => World::new(),
            Some((_, Ok(Some(world)))) => world,
            Some((path, Err(why))) => {
                notices.push(format!(
                    "The sandbox starts afresh, since its state in {} cannot be read: {why}",
                    path.display()
                ));
                World::new()
            }
        };
        let listener = match options.port {
            Some(port) => server::bind(port)
                .map_err(|error| SandboxFailure::Port { port, detail: error.to_string() })?,
            None => server::bind(world.port)
                .or_else(|_| server::bind(0))
                .map_err(|error| SandboxFailure::System { detail: error.to_string() })?,
        };
        let system = |error: std::io::Error| SandboxFailure::System { detail: error.to_string() };
        let address = listener.local_addr().map_err(system)?;
        // Saved with the next change.
        world.port = address.port();
        let mut service = Service {
            clock: options.clock,
            entropy: options.entropy,
            consent: options.consent,
            faults: fault::Faults::new(&options.faults, options.strikes),
            refreshes: service::RefreshCounts::default(),
            base_url: format!("http://{address}"),
            page_key: String::new(),
            tickets: authorize::Tickets::default(),
            state_file: options.state_file,
            world: Mutex::new(world),
            notices: Mutex::new(notices),
        };
        service.page_key = service
            .random_text()
            .map_err(|_| SandboxFailure::System { detail: "the system gives no random bytes".to_owned() })?;
        let service = Arc::new(service);
        let server = Server::start(listener, Arc::clone(&service), options.slow_for).map_err(system)?;
        Ok(Self { service, _server: server })
    }

    /// `http://127.0.0.1:PORT`, in the place of `https://zoom.us`; its `/` is the app page.
    pub fn oauth_url(&self) -> &str {
        &self.service.base_url
    }

    /// `http://127.0.0.1:PORT`, in the place of `https://api.zoom.us`.
    pub fn api_url(&self) -> &str {
        &self.service.base_url
    }

    /// The values that the app's page shows, for the wizard to offer.
    pub fn app_page(&self, kind: AppKind) -> SandboxApp {
        self.service.app_page(kind)
    }

    /// Somebody presses Regenerate: the app's page shows another secret, and the one before is worth nothing.
    pub fn regenerate_secret(&self, kind: AppKind) {
        self.service.change(|world| world.regenerate(kind));
    }

    /// Takes over what the admin has entered on the app's pages, and names what Zoom's forms would not keep.
    /// Tokens already issued keep their scopes.
    pub fn configure(&self, kind: AppKind, configuration: AppConfiguration) -> Vec<Dropped> {
        self.service.configure(kind, configuration)
    }

    /// What the app's pages hold now.
    pub fn configuration(&self, kind: AppKind) -> AppConfiguration {
        self.service.world().app(kind).clone()
    }

    /// What became of the refreshes since the start.
    pub fn refreshes(&self) -> Refreshes {
        self.service.refreshes.read()
    }

    /// What the admin should know and has not been told: an unreadable or unwritable state file. Each line is
    /// given once.
    pub fn notices(&self) -> Vec<String> {
        std::mem::take(&mut self.service.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("url", &self.service.base_url).finish_non_exhaustive()
    }
}
