//! The whole program but its terminal: the real runtime, HTTP client, listener, store and sandbox, driven by keys.

use super::admin::Admin;
use super::browser::TestBrowser;
use super::watch::Watch;
use crossterm::event::Event;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zoom_setup::app::keymap::{self, Mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::model::{Model, Overlay, Rehearsal, SecretStore, Settings};
use zoom_setup::app::wizard::{AuthorizationPhase, StepState};
use zoom_setup::callback::TinyHttpListener;
use zoom_setup::oauth::authorize::{Cloud, Endpoints};
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::ports::{
    Adopted, Clipboard, Clock, HeldTokens, Listener, RehearsalApp, Rehearsing, Store, StoreFailure,
    TokenStore, Unlocked,
};
use zoom_setup::procedure::{AppKind, FieldName, Management, Procedure, registry};
use zoom_setup::runtime::{LoggedStore, LoggedZoom, Ports, Runtime, message, step};
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxOptions};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, SecretKey, Setup};
use zoom_setup::store::{FileStore, HistoryFile, StoreKind, StoreLimits, StoreOptions, StoreParts};
use zoom_setup::system::{SystemClock, SystemEntropy};
use zoom_setup::zoom::{Limits, ZoomClient};

/// How long anything may take before a test fails.
const DEADLINE: Duration = Duration::from_secs(60);
/// Opens the secrets of every test.
pub const PASSPHRASE: &str = "correct horse battery";

/// What the sandbox keeps.
const STATE: &str = "sandbox.json";

/// What outlives the program: disk, Zoom, the browser.
pub struct World {
    pub sandbox: Arc<Sandbox>,
    pub browser: Arc<TestBrowser>,
    pub copied: Arc<Copied>,
    pub settings: Settings,
    pub limits: Limits,
    pub listener: Arc<dyn Listener>,
    /// The passphrase of the environment.
    pub passphrase: Option<Secret>,
    directory: tempfile::TempDir,
    procedures: Vec<Arc<Procedure>>,
    power: Arc<Power>,
}

/// The power supply of the machine: after so many operations of the store it fails, and nothing is written any
/// more.
pub struct Power {
    left: Mutex<usize>,
}

impl Power {
    fn new() -> Self {
        Self { left: Mutex::new(usize::MAX) }
    }

    /// Runs an operation under power; none is under way when the power fails.
    fn on<T>(&self, operation: impl FnOnce() -> Result<T, StoreFailure>) -> Result<T, StoreFailure> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            return Err(StoreFailure::Io { message: "no power".to_owned() });
        }
        *left -= 1;
        operation()
    }
}

impl World {
    pub fn new(faults: &[Fault]) -> Self {
        Self::with_strikes(faults, 1)
    }

    /// Each fault strikes so often.
    pub fn with_strikes(faults: &[Fault], strikes: u32) -> Self {
        let mut options = SandboxOptions::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
        options.consent = Consent::Automatic;
        options.faults = faults.to_vec();
        options.strikes = strikes;
        options.slow_for = Duration::from_secs(50);
        let directory = tempfile::tempdir().unwrap();
        options.state_file = Some(directory.path().join(STATE));
        let sandbox = Arc::new(Sandbox::start(options).unwrap());
        let endpoints =
            Endpoints::parse(Some(sandbox.oauth_url()), Some(sandbox.api_url()), Cloud::Zoom).unwrap();
        let settings = Settings {
            endpoints,
            rehearsal: Some(Rehearsal {
                fault: faults.first().map(|fault| fault.as_str().to_owned()),
                stand_in: false,
                general: page(&sandbox, AppKind::General),
                server_to_server: page(&sandbox, AppKind::ServerToServer),
            }),
            loopback_ports: vec![free_port()],
            authorize_limit_s: 600,
            lag_delays_s: vec![0, 0, 0],
            remote: None,
            ascii: false,
            interactive: true,
        };
        Self {
            sandbox,
            browser: Arc::new(TestBrowser::new()),
            copied: Arc::default(),
            settings,
            listener: Arc::new(TinyHttpListener::default()),
            limits: Limits { total: DEADLINE, ..Limits::default() },
            passphrase: Some(Secret::new(PASSPHRASE)),
            directory,
            procedures: registry::embedded().unwrap().into_iter().map(Arc::new).collect(),
            power: Arc::new(Power::new()),
        }
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("zoom-setup")
    }

    pub fn exports(&self) -> &Path {
        self.directory.path()
    }

    /// A store on the same disk.
    pub fn store(&self) -> FileStore {
        let limits = StoreLimits { work_factor: 2, ..StoreLimits::default() };
        let rescue_places = vec![self.directory.path().join("elsewhere")];
        let parts = StoreParts { limits, rescue_places, ..StoreParts::default() };
        let options = StoreOptions { data_dir: self.data(), kind: StoreKind::File };
        FileStore::with_parts(options, parts).unwrap()
    }

    /// The same, unlocked.
    pub fn open_store(&self) -> FileStore {
        let mut store = self.store();
        store.unlock(Some(&Secret::new(PASSPHRASE))).unwrap();
        store
    }

    /// From now on the store does so many more operations.
    pub fn power_for(&self, operations: usize) {
        *self.power.left.lock().unwrap() = operations;
    }

    /// Every readable file of the store: set-ups and connections, by name.
    pub fn records(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for folder in ["setups", "connections"] {
            let Ok(entries) = std::fs::read_dir(self.data().join(folder)) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
        found
    }

    /// Watches for every secret of this world.
    fn watch(&self) -> Watch {
        let apps = [AppKind::General, AppKind::ServerToServer].map(|kind| self.sandbox.app_page(kind));
        let secrets = apps.into_iter().flat_map(|app| {
            let production = app.production_pair.map(|(_, secret)| secret);
            [Some(app.client_secret), app.secret_token, production].into_iter().flatten()
        });
        let mut secrets: Vec<String> = secrets.map(|secret| secret.expose().to_owned()).collect();
        secrets.push(PASSPHRASE.to_owned());
        Watch::new(secrets, self.directory.path().join(STATE))
    }

    fn ports(&self) -> Ports {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let endpoints = self.settings.endpoints.clone();
        let zoom = Arc::new(ZoomClient::new(endpoints.clone(), Arc::clone(&clock), self.limits));
        let store = MortalStore { store: self.store(), power: Arc::clone(&self.power) };
        Ports {
            zoom: Arc::new(LoggedZoom::new(zoom, endpoints, Arc::clone(&clock))),
            listener: Arc::clone(&self.listener),
            browser: Arc::clone(&self.browser) as Arc<dyn zoom_setup::ports::Browser>,
            clipboard: Arc::clone(&self.copied) as Arc<dyn Clipboard>,
            clock,
            entropy: Arc::new(SystemEntropy),
            store: Box::new(LoggedStore::new(Box::new(store))),
            history: HistoryFile::new(&self.data()),
            procedures: self.procedures.clone(),
            rehearsing: Some(Arc::new(AppPage(Arc::clone(&self.sandbox)))),
            passphrase: self.passphrase.clone(),
            export_directory: self.exports().to_owned(),
        }
    }
}

/// What the sandbox's app page shows.
fn page(sandbox: &Sandbox, kind: AppKind) -> BTreeMap<FieldName, Secret> {
    let app = sandbox.app_page(kind);
    let mut values = BTreeMap::from([
        (FieldName::ClientId, Secret::new(app.client_id)),
        (FieldName::ClientSecret, app.client_secret),
    ]);
    values.extend(app.account_id.map(|id| (FieldName::AccountId, Secret::new(id))));
    values.extend(app.secret_token.map(|token| (FieldName::SecretToken, token)));
    values
}

/// A port that was free a moment ago. If somebody takes it meanwhile, the login says so and [`Harness::log_in`]
/// takes another.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// One run of the program.
pub struct Harness {
    /// Before the world, so that it still finds the sandbox's state when it is dropped.
    pub watch: Watch,
    pub world: World,
    pub model: Model,
    runtime: Option<Runtime>,
    tokio: Option<tokio::runtime::Runtime>,
}

impl Harness {
    /// Starts at the home screen, with what is on the disk.
    pub fn start(world: World) -> Self {
        let model = Model::new(SystemClock.now(), world.settings.clone(), world.procedures.clone());
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut runtime = {
            let _inside = tokio.enter();
            Runtime::new(world.ports()).unwrap()
        };
        runtime.perform(Effect::LoadLibrary);
        let watch = world.watch();
        let mut harness = Self { watch, world, model, runtime: Some(runtime), tokio: Some(tokio) };
        harness.until("the library is loaded", |model| model.library.loaded);
        harness
    }

    /// The program is killed: nothing that was not done is done any more, and nobody says goodbye.
    pub fn kill(mut self) -> World {
        self.world.power_for(0);
        drop(self.runtime.take());
        if let Some(tokio) = self.tokio.take() {
            tokio.shutdown_background();
        }
        let world = self.world;
        *world.power.left.lock().unwrap() = usize::MAX;
        // A new supply, so that the killed run can't come back to life.
        World { power: Arc::new(Power::new()), ..world }
    }

    /// Killed and started again.
    pub fn restart(self) -> Self {
        Self::start(self.kill())
    }

    /// Goes on with the newest set-up.
    pub fn resume(&mut self) {
        assert!(!self.model.library.setups.is_empty(), "there is a set-up to go on with");
        self.press("Home Enter");
    }

    /// Handles what comes until the condition holds.
    pub fn until(&mut self, what: &str, done: impl Fn(&Model) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !done(&self.model) {
            let left = end.saturating_duration_since(Instant::now());
            let (Some(runtime), Some(tokio)) = (&mut self.runtime, &self.tokio) else {
                panic!("not running")
            };
            let next = tokio.block_on(async { tokio::time::timeout(left, runtime.next()).await });
            match next {
                Ok(msg) => self.handle(msg),
                Err(_) => {
                    panic!("not in time: {what}; {:?}", self.model.wizard().map(|wizard| &wizard.state))
                }
            }
            if self.dead() {
                return;
            }
        }
    }

    /// Waits until everything asked of the store is done: it works in order.
    pub fn until_stored(&mut self) {
        self.model.library.loaded = false;
        if let Some(runtime) = &mut self.runtime {
            runtime.perform(Effect::LoadLibrary);
        }
        self.until("the store is done", |model| model.library.loaded);
    }

    /// Waits until the passphrase form shows this error.
    pub fn until_passphrase_form_says(&mut self, words: &str) {
        self.until(words, |model| match &model.overlay {
            Some(Overlay::Unlock(form)) => form.error.as_ref().is_some_and(|error| error.contains(words)),
            Some(_) | None => false,
        });
    }

    /// Waits until no set-up is on the disk any more.
    pub fn until_setups_are_gone(&mut self) {
        let folder = self.world.data().join("setups");
        self.until("the set-up is gone", move |_| {
            std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_none())
        });
    }

    /// Waits until the core asked for the end.
    pub fn until_exit(&mut self) {
        let end = Instant::now() + DEADLINE;
        while !self.exited() {
            assert!(Instant::now() < end, "no exit in time");
            let (Some(runtime), Some(tokio)) = (&mut self.runtime, &self.tokio) else {
                panic!("not running")
            };
            let next = tokio.block_on(async { tokio::time::timeout(DEADLINE, runtime.next()).await });
            self.handle(next.unwrap());
        }
    }

    /// One key, and then the end as soon as the condition holds: nobody waits for what the key set going.
    pub fn leave_once(mut self, key: Event, what: &str, holds: impl Fn(&World) -> bool) -> World {
        let msg = message(&self.model, key).unwrap();
        self.handle(msg);
        let end = Instant::now() + DEADLINE;
        while !holds(&self.world) {
            assert!(Instant::now() < end, "not in time: {what}");
            let Some(tokio) = &self.tokio else { panic!("not running") };
            tokio.block_on(tokio::task::yield_now());
        }
        assert!(self.runtime.as_ref().is_some_and(Runtime::is_refreshing));
        self.stop()
    }

    /// An orderly end: what was asked of the store is done.
    pub fn stop(mut self) -> World {
        if let (Some(runtime), Some(tokio)) = (self.runtime.take(), &self.tokio) {
            tokio.block_on(runtime.finish());
        }
        self.world
    }

    /// Whether the power failed.
    pub fn dead(&self) -> bool {
        *self.world.power.left.lock().unwrap() == 0
    }

    /// Whether the core asked for the end.
    pub fn exited(&self) -> bool {
        self.runtime.as_ref().is_some_and(|runtime| runtime.exit().is_some())
    }

    fn handle(&mut self, msg: Msg) {
        let (Some(runtime), Some(tokio)) = (&mut self.runtime, &self.tokio) else { panic!("not running") };
        let _inside = tokio.enter();
        self.watch.saw(&msg);
        step(&mut self.model, runtime, msg);
        self.watch.saw_model(&self.model);
    }

    /// Waits for the end of a login that is under way.
    pub fn until_login_ends(&mut self) {
        self.until("the login ends", |model| match model.wizard().map(|wizard| &wizard.state) {
            Some(StepState::Authorize(authorization)) => !matches!(
                authorization.phase,
                AuthorizationPhase::Preparing { .. }
                    | AuthorizationPhase::Waiting { .. }
                    | AuthorizationPhase::Exchanging { .. }
                    | AuthorizationPhase::Storing { .. }
            ),
            Some(_) | None => true,
        });
    }

    /// The keys that begin a login, pressed, until it ends. Somebody else may have the port.
    pub fn log_in(&mut self, keys: &str) {
        self.press(keys);
        self.until_login_ends();
        if !self.dead() && matches!(self.login(), AuthorizationPhase::PortTaken { .. }) {
            self.press("r");
            self.until_login_ends();
        }
    }

    /// The keys on the offer that begin a login which is caught on this machine.
    pub fn caught_here(&self) -> &'static str {
        if self.wizard().takes_loopback() { "Enter" } else { "Down Enter" }
    }

    /// Waits until the browser has come to an end somewhere for the nth time, and says where.
    pub fn landing(&mut self, nth: usize) -> super::browser::Landing {
        let browser = Arc::clone(&self.world.browser);
        self.until("the browser lands", |_| browser.landings().len() >= nth);
        browser.landings()[nth - 1].clone()
    }
}

/// Whether the core waits for something that comes by itself. The browser does not.
fn busy(model: &Model) -> bool {
    if matches!(model.overlay, Some(Overlay::Unlock(_))) {
        return false;
    }
    if model.starting.is_some() || matches!(model.secret_store, SecretStore::Unlocking { .. }) {
        return true;
    }
    if model.review.as_ref().is_some_and(|reviewing| reviewing.proving.is_some()) {
        return true;
    }
    if model.rotating.as_ref().is_some_and(|rotating| rotating.is_busy())
        || model.removing.as_ref().is_some_and(|removing| removing.is_busy())
    {
        return true;
    }
    let Some(wizard) = model.wizard() else { return !model.library.loaded };
    let writing = wizard.saving.is_some() || wizard.loading.is_some() || wizard.storing.is_some();
    writing || keymap::screen_mode(model) == Mode::Busy
}

impl Admin for Harness {
    fn model(&self) -> &Model {
        &self.model
    }

    fn event(&mut self, event: Event) {
        if self.dead() {
            return;
        }
        if let Some(msg) = message(&self.model, event) {
            self.handle(msg);
        }
        self.until("the core is at rest", |model| !busy(model));
    }

    fn gone(&self) -> bool {
        self.dead()
    }

    fn value(&self, field: FieldName) -> Option<String> {
        let text = match field {
            FieldName::Instance => "dev12345",
            FieldName::Company => "Example Company",
            FieldName::DeveloperName => "Example Admin",
            FieldName::DeveloperEmail => "admin@example.com",
            FieldName::AppName
            | FieldName::Region
            | FieldName::Management
            | FieldName::ClientType
            | FieldName::ShortDescription
            | FieldName::ConnectionName => return None,
            FieldName::ClientId | FieldName::ClientSecret | FieldName::AccountId | FieldName::SecretToken => {
                let rehearsal = self.model.settings.rehearsal.as_ref().unwrap();
                let values = if self.wizard().is_server_to_server() {
                    &rehearsal.server_to_server
                } else {
                    &rehearsal.general
                };
                return values.get(&field).map(|value| value.expose().to_owned());
            }
        };
        Some(text.to_owned())
    }
}

/// What was copied, in order.
#[derive(Default)]
pub struct Copied(pub Mutex<Vec<String>>);

impl Clipboard for Copied {
    fn copy(&self, text: &Secret) -> String {
        self.0.lock().unwrap().push(text.expose().to_owned());
        "copied".to_owned()
    }
}

/// The sandbox's app page, filled in as the wizard says.
struct AppPage(Arc<Sandbox>);

impl Rehearsing for AppPage {
    fn configure(&self, app: RehearsalApp) {
        let kind = if app.server_to_server { AppKind::ServerToServer } else { AppKind::General };
        let management = if app.user_managed { Management::User } else { Management::Admin };
        let configuration = AppConfiguration {
            redirect_url: app.redirects.first().cloned(),
            allow_list: app.redirects,
            scopes: app.scopes.into_iter().collect(),
            management: (kind == AppKind::General).then_some(management),
            public_client: false,
            activated: app.activated,
        };
        drop(self.0.configure(kind, configuration));
    }

    fn regenerate(&self, server_to_server: bool) -> Secret {
        let kind = if server_to_server { AppKind::ServerToServer } else { AppKind::General };
        self.0.regenerate_secret(kind);
        self.0.app_page(kind).client_secret
    }
}

/// A store that stops for good when the power fails.
struct MortalStore {
    store: FileStore,
    power: Arc<Power>,
}

impl MortalStore {
    fn on<T>(
        &mut self,
        operation: impl FnOnce(&mut FileStore) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        self.power.on(|| operation(&mut self.store))
    }

    /// The same for a method that does not change the store itself.
    fn with<T>(
        &self,
        operation: impl FnOnce(&FileStore) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        self.power.on(|| operation(&self.store))
    }
}

impl Store for MortalStore {
    fn setups(&self) -> Result<(Vec<Setup>, Vec<String>), StoreFailure> {
        self.with(Store::setups)
    }
    fn save_setup(&self, setup: &Setup) -> Result<(), StoreFailure> {
        self.with(|store| store.save_setup(setup))
    }
    fn remove_setup(&self, id: &str) -> Result<(), StoreFailure> {
        self.with(|store| store.remove_setup(id))
    }
    fn connections(&self) -> Result<(Vec<Connection>, Vec<String>), StoreFailure> {
        self.with(Store::connections)
    }
    fn save_connection(&self, connection: &Connection) -> Result<(), StoreFailure> {
        self.with(|store| store.save_connection(connection))
    }
    fn remove_connection(&self, name: &str) -> Result<(), StoreFailure> {
        self.with(|store| store.remove_connection(name))
    }
    fn rename_connection(&self, from: &str, connection: &Connection) -> Result<(), StoreFailure> {
        self.with(|store| store.rename_connection(from, connection))
    }
    fn update_connection(
        &self,
        name: &str,
        change: &mut dyn FnMut(&mut Connection),
    ) -> Result<bool, StoreFailure> {
        self.with(|store| store.update_connection(name, change))
    }
    fn unlock(&mut self, passphrase: Option<&Secret>) -> Result<Unlocked, StoreFailure> {
        self.on(|store| store.unlock(passphrase))
    }
    fn read_secret(&self, key: &SecretKey) -> Result<Option<Secret>, StoreFailure> {
        self.with(|store| store.read_secret(key))
    }
    fn write_secrets(&mut self, changes: Vec<(SecretKey, Option<Secret>)>) -> Result<(), StoreFailure> {
        self.on(|store| store.write_secrets(changes))
    }
    fn tokens(&self) -> Result<Arc<dyn TokenStore>, StoreFailure> {
        let tokens = self.store.tokens()?;
        Ok(Arc::new(MortalTokens { tokens, power: Arc::clone(&self.power) }))
    }
}

/// Tokens that hang on the same supply.
struct MortalTokens {
    tokens: Arc<dyn TokenStore>,
    power: Arc<Power>,
}

impl TokenStore for MortalTokens {
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure> {
        let held = self.power.on(|| self.tokens.hold(key))?;
        Ok(Box::new(MortalHeld { held, power: Arc::clone(&self.power) }))
    }
    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        self.tokens.look(key)
    }
}

struct MortalHeld {
    held: Box<dyn HeldTokens>,
    power: Arc<Power>,
}

impl HeldTokens for MortalHeld {
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure> {
        self.held.read()
    }
    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure> {
        self.power.on(|| self.held.write(record))
    }
    fn remove(&mut self) -> Result<(), StoreFailure> {
        self.power.on(|| self.held.remove())
    }
    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.power.on(|| self.held.rescue(record))
    }
    fn rescue_into(&mut self, directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.power.on(|| self.held.rescue_into(directory, record))
    }
    fn adopted(&self) -> Option<&Adopted> {
        self.held.adopted()
    }
}
