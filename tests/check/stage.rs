//! A sandbox, a store, connections of each kind, and the real driver between them.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zoom_setup::check::{CheckOptions, CheckReport, Checked, FindingCode, History, Limits, Subject};
use zoom_setup::oauth::authorize::{Cloud, Endpoints};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ClientAuthentication, Grant, TokenRequest, pkce};
use zoom_setup::ports::{Clock, Entropy, Store, StoreFailure, Zoom};
use zoom_setup::procedure::{AppKind, FieldName, Management, Receiver, registry};
use zoom_setup::runtime::check::{self, CheckEvent, CheckPorts, TokenPorts};
use zoom_setup::runtime::{JournaledRenewer, Renewals};
use zoom_setup::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxOptions};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, FORMAT, GrantRecord, Owner, SecretKey};
use zoom_setup::store::{
    Disk, FileStore, HistoryFile, StoreKind, StoreLimits, StoreOptions, StoreParts, SystemDisk,
};
use zoom_setup::zoom::{Limits as ZoomLimits, ZoomClient};

pub const PASSPHRASE: &str = "correct horse battery";
pub const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";
/// What the apps hold, and the connections shall have.
pub const SCOPES: [&str; 3] =
    ["meeting:read:list_meetings:admin", "user:read:list_users:admin", "user:read:user:admin"];

/// A clock that is set by hand.
pub struct HandClock(AtomicI64);

impl HandClock {
    pub fn pass(&self, span: SignedDuration) {
        self.0.fetch_add(span.as_millis() as i64, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// One that goes on by itself.
pub struct RunningClock;

impl Clock for RunningClock {
    fn now(&self) -> Timestamp {
        zoom_setup::system::SystemClock.now()
    }
}

/// Different bytes each time.
pub struct Counter(AtomicU64);

impl Entropy for Counter {
    fn bytes(&self) -> Result<[u8; 32], String> {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(bytes)
    }
}

/// A kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Account,
    Owned,
    Receiver,
}

pub struct Stage {
    pub sandbox: Arc<Sandbox>,
    pub clock: Arc<HandClock>,
    pub store: FileStore,
    pub options: CheckOptions,
    pub zoom: Arc<dyn Zoom>,
    pub renewing_zoom: Arc<dyn Zoom>,
    pub limits: Limits,
    /// Of the driver and its client; the sandbox has the one that is set by hand.
    pub driver_clock: Arc<dyn Clock>,
    pub disk: Arc<FullDisk>,
    /// Why the secrets stay shut, if they do.
    pub opened: Result<(), StoreFailure>,
    directory: tempfile::TempDir,
    entropy: Arc<dyn Entropy>,
}

/// A disk on which token files can be replaced only so many times more.
#[derive(Default)]
pub struct FullDisk {
    room: Mutex<Option<usize>>,
    /// Nothing else takes them either, but a directory of this name.
    only: Mutex<Option<&'static str>>,
}

impl FullDisk {
    /// `None`: as often as one likes.
    pub fn room_for(&self, files: Option<usize>) {
        *self.room.lock().unwrap() = files;
    }

    /// No place takes what the token files do not, but directories of this name.
    pub fn only_into(&self, name: &'static str) {
        *self.only.lock().unwrap() = Some(name);
    }
}

impl Disk for FullDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.read(path)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.head(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        let full = || StoreFailure::Io { message: format!("{}: no space left on the disk", path.display()) };
        let of_tokens = path.parent().is_some_and(|parent| parent.ends_with("zoom-setup/tokens"));
        let only = *self.only.lock().unwrap();
        if only.is_some_and(|name| !of_tokens && !path.to_string_lossy().contains(name)) {
            return Err(full());
        }
        let mut room = self.room.lock().unwrap();
        match room.as_mut().filter(|_| of_tokens) {
            Some(0) => return Err(full()),
            Some(left) => *left -= 1,
            None => {}
        }
        SystemDisk.replace(path, bytes)
    }

    fn second_name(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        SystemDisk.second_name(path, name)
    }

    fn set_aside(&self, path: &Path, name: &Path) -> Result<(), StoreFailure> {
        SystemDisk.set_aside(path, name)
    }

    fn remove(&self, path: &Path) -> Result<(), StoreFailure> {
        SystemDisk.remove(path)
    }
}

impl Stage {
    pub fn new(faults: &[Fault]) -> Self {
        Self::with(faults, 1, |_| {})
    }

    pub fn with(faults: &[Fault], strikes: u32, change: impl FnOnce(&mut SandboxOptions)) -> Self {
        let clock = Arc::new(HandClock(AtomicI64::new(1_795_428_000_000)));
        let entropy: Arc<dyn Entropy> = Arc::new(Counter(AtomicU64::new(1)));
        let mut options = SandboxOptions::new(
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Counter(AtomicU64::new(1 << 32))),
        );
        options.consent = Consent::Automatic;
        options.faults = faults.to_vec();
        options.strikes = strikes;
        change(&mut options);
        let sandbox = Arc::new(Sandbox::start(options).unwrap());
        let scopes: BTreeSet<String> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
        let general = AppConfiguration {
            redirect_url: Some(REDIRECT.to_owned()),
            allow_list: vec![REDIRECT.to_owned()],
            scopes: scopes.clone(),
            management: Some(Management::Admin),
            ..AppConfiguration::default()
        };
        assert!(sandbox.configure(AppKind::General, general).is_empty());
        let account = AppConfiguration { scopes, activated: true, ..AppConfiguration::default() };
        assert!(sandbox.configure(AppKind::ServerToServer, account).is_empty());
        let endpoints =
            Endpoints::parse(Some(sandbox.oauth_url()), Some(sandbox.api_url()), Cloud::Zoom).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let disk = Arc::new(FullDisk::default());
        let driver_clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let zoom: Arc<dyn Zoom> = Arc::new(client(&endpoints, &driver_clock));
        Self {
            store: open(&directory, &disk, "elsewhere"),
            opened: Ok(()),
            options: CheckOptions { refresh: false, lag_delays_s: vec![0, 0], endpoints },
            renewing_zoom: Arc::clone(&zoom),
            zoom,
            limits: Limits { retry_after: SignedDuration::ZERO, ..Limits::default() },
            driver_clock,
            sandbox,
            clock,
            disk,
            directory,
            entropy,
        }
    }

    /// From now on the driver and its client look at this clock.
    pub fn look_at(&mut self, clock: Arc<dyn Clock>) {
        self.zoom = Arc::new(client(&self.options.endpoints, &clock));
        self.renewing_zoom = Arc::clone(&self.zoom);
        self.driver_clock = clock;
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("zoom-setup")
    }

    pub fn history(&self) -> HistoryFile {
        HistoryFile::new(&self.data_dir())
    }

    /// A connection of that kind as it stands after a set-up; one that is owned here has logged in.
    pub fn connect(&mut self, name: &str, kind: Kind) -> Connection {
        let app_kind = if kind == Kind::Account { AppKind::ServerToServer } else { AppKind::General };
        let app = self.sandbox.app_page(app_kind);
        let mut answers = BTreeMap::from([(FieldName::ClientId, app.client_id.clone())]);
        if let Some(account_id) = &app.account_id {
            answers.insert(FieldName::AccountId, account_id.clone());
        }
        answers.insert(FieldName::Instance, "dev12345.service-now.com".to_owned());
        let procedure = if kind == Kind::Account { "servicenow-external-content" } else { "servicenow-dex" };
        let tokens = (kind == Kind::Owned).then(|| self.log_in());
        let mut connection = Connection {
            format: FORMAT,
            name: name.to_owned(),
            procedure: procedure.to_owned(),
            receiver: Receiver::ServiceNow,
            app_kind,
            rehearsal: false,
            created: self.clock.now(),
            credentials_since: BTreeMap::new(),
            owner: if kind == Kind::Receiver { Owner::Receiver } else { Owner::Wizard },
            answers,
            secrets: BTreeMap::from([(FieldName::ClientSecret, app.client_secret.fingerprint())]),
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            grant: None,
            verification: None,
            compared: BTreeMap::default(),
            unknown: Default::default(),
        };
        let key = SecretKey::ConnectionField(name.to_owned(), FieldName::ClientSecret);
        let mut secrets = vec![(key, Some(app.client_secret))];
        if let Some((tokens, scopes)) = &tokens {
            connection.grant = Some(GrantRecord {
                obtained_at: tokens.obtained_at,
                expires_at: tokens.expires_at,
                scopes: Some(scopes.clone()),
                api_url: None,
                refreshable: true,
                refreshed_at: None,
                unknown: Default::default(),
            });
            secrets.push((SecretKey::ConnectionTokens(name.to_owned()), Some(tokens.to_secret())));
        }
        self.store.write_secrets(secrets).unwrap();
        self.store.save_connection(&connection).unwrap();
        connection
    }

    /// A login at the sandbox, as the wizard makes one.
    pub fn log_in(&self) -> (StoredTokens, Vec<String>) {
        let app = self.sandbox.app_page(AppKind::General);
        let bytes = self.entropy.bytes().unwrap();
        let verifier = pkce::Verifier::from_bytes(&bytes);
        let state = pkce::state_from(&bytes);
        let url = zoom_setup::oauth::authorize::authorize_url(
            &self.options.endpoints,
            &app.client_id,
            REDIRECT,
            &state,
            &verifier.challenge(),
        );
        block_on(async {
            let client = zoom_setup::zoom::follow_redirects_on_loopback().unwrap();
            let answer = client.get(url).send().await.unwrap();
            let location = answer.headers()["location"].to_str().unwrap().to_owned();
            let landed = url::Url::parse(&location).unwrap();
            let code = landed.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
            let request = TokenRequest {
                client: ClientAuthentication::Basic {
                    client_id: app.client_id.clone(),
                    client_secret: app.client_secret.clone(),
                },
                grant: Grant::AuthorizationCode {
                    code: Secret::new(code),
                    redirect_uri: REDIRECT.to_owned(),
                    verifier: verifier.into_secret(),
                },
            };
            let grant = self.zoom.token(request).await.unwrap();
            let scopes = grant.scopes.clone().unwrap();
            (StoredTokens::from_grant(&grant, self.clock.now(), None), scopes)
        })
    }

    /// Changes the stored connection.
    pub fn change(&mut self, name: &str, change: impl Fn(&mut Connection)) {
        assert!(self.store.update_connection(name, &mut |connection| change(connection)).unwrap());
    }

    pub fn ports(&self) -> CheckPorts {
        let tokens = self.opened.clone().and_then(|()| self.store.tokens()).map(|store| {
            let renewer = JournaledRenewer::new(
                Arc::clone(&store),
                Arc::clone(&self.renewing_zoom),
                Arc::clone(&self.driver_clock),
                Renewals::default(),
            );
            TokenPorts { store, renewer: Arc::new(renewer) }
        });
        CheckPorts {
            zoom: Arc::clone(&self.zoom),
            tokens,
            clock: Arc::clone(&self.driver_clock),
            entropy: Arc::clone(&self.entropy),
        }
    }

    pub fn subjects(&self) -> Vec<Subject> {
        let procedures: Vec<_> = registry::embedded().unwrap().into_iter().map(Arc::new).collect();
        let (connections, unreadable) = self.store.connections().unwrap();
        assert_eq!(unreadable, [""; 0]);
        let history = self.history().read().unwrap_or_else(|_| History::default());
        check::subjects(&self.store, &self.opened, connections, &procedures, &history)
    }

    /// Checks everything that is stored.
    pub fn check(&self) -> Vec<Checked> {
        self.check_telling(&mut |_| {})
    }

    pub fn check_telling(&self, tell: &mut dyn FnMut(CheckEvent)) -> Vec<Checked> {
        let ports = self.ports();
        let work = check::check(
            &ports,
            self.subjects(),
            self.options.clone(),
            self.limits,
            std::future::pending(),
            tell,
        );
        block_on(async { tokio::time::timeout(Duration::from_secs(60), work).await.unwrap() })
    }

    pub fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }

    /// From now on every address leads to a port where nobody listens.
    pub fn nobody_answers(&mut self) {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let base = format!("http://{free}");
        self.options.endpoints = Endpoints::parse(Some(&base), Some(&base), Cloud::Zoom).unwrap();
        let clock = Arc::clone(&self.driver_clock);
        self.look_at(clock);
    }

    /// The report of the one connection, the check of which is stopped before it begins.
    pub fn stopped_at_once(&self) -> CheckReport {
        let (ports, mut quiet) = (self.ports(), |_| {});
        let work = check::check(
            &ports,
            self.subjects(),
            self.options.clone(),
            self.limits,
            std::future::ready(()),
            &mut quiet,
        );
        block_on(work).remove(0).report
    }

    /// The report of the connection of that name, of all that are checked.
    pub fn report_of(&self, name: &str) -> CheckReport {
        self.check().into_iter().map(|checked| checked.report).find(|report| report.name == name).unwrap()
    }

    /// Every secret that is stored.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut out = Vec::new();
        for connection in self.store.connections().unwrap().0 {
            let name = connection.name;
            let field = SecretKey::ConnectionField(name.clone(), FieldName::ClientSecret);
            out.extend(self.store.read_secret(&field).unwrap());
            let tokens = self.store.read_secret(&SecretKey::ConnectionTokens(name)).unwrap();
            if let Some(tokens) = tokens.as_ref().and_then(StoredTokens::from_secret) {
                out.push(tokens.access_token);
                out.extend(tokens.refresh_token);
            }
        }
        assert!(!out.is_empty());
        out
    }

    /// The report of the one connection.
    pub fn report(&self) -> CheckReport {
        let mut all = self.check();
        assert_eq!(all.len(), 1);
        all.remove(0).report
    }

    /// The same store, told of another place for what it does not take: below the directory of the data directory.
    pub fn rescue_place(&mut self, name: &str) {
        self.store = open(&self.directory, &self.disk, name);
    }

    /// The same store, shut, since it needs a passphrase.
    pub fn shut(&mut self) {
        let mut store = shut(&self.directory, &self.disk, "elsewhere");
        self.opened = store.unlock(None).map(drop);
        assert!(self.opened.is_err());
        self.store = store;
    }
}

pub fn codes(report: &CheckReport) -> Vec<FindingCode> {
    report.findings.iter().map(|finding| finding.code).collect()
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client(endpoints: &Endpoints, clock: &Arc<dyn Clock>) -> ZoomClient {
    let limits = ZoomLimits { total: Duration::from_secs(5), ..ZoomLimits::default() };
    ZoomClient::new(endpoints.clone(), Arc::clone(clock), limits)
}

fn shut(directory: &tempfile::TempDir, disk: &Arc<FullDisk>, rescue_place: &str) -> FileStore {
    let limits = StoreLimits { work_factor: 2, ..StoreLimits::default() };
    let rescue_places = vec![directory.path().join(rescue_place)];
    let parts = StoreParts {
        limits,
        rescue_places,
        disk: Arc::clone(disk) as Arc<dyn Disk>,
        ..StoreParts::default()
    };
    let options = StoreOptions { data_dir: directory.path().join("zoom-setup"), kind: StoreKind::File };
    FileStore::with_parts(options, parts).unwrap()
}

fn open(directory: &tempfile::TempDir, disk: &Arc<FullDisk>, rescue_place: &str) -> FileStore {
    let mut store = shut(directory, disk, rescue_place);
    store.unlock(Some(&Secret::new(PASSPHRASE))).unwrap();
    store
}
