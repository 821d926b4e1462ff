//! Stores, disks and a Zoom for the tests of rotation.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{
    ApiAnswer, ApiRead, Call, ClientAuthentication, Failure, FailureKind, Grant, PreflightAnswer,
    PreflightRequest, RevokeRequest, TokenGrant, TokenRequest,
};
use zoom_setup::ports::{
    Clock, PortFuture, Renewal, RenewalRequest, Renewer, Store, StoreFailure, TokenStore, Zoom,
};
use zoom_setup::runtime::{JournaledRenewer, Renewals};
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{
    Disk, FileStore, Keyring, KeyringProblem, StoreKind, StoreLimits, StoreOptions, StoreParts, SystemDisk,
};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn key(name: &str) -> SecretKey {
    SecretKey::ConnectionTokens(name.to_owned())
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// A pair that was given at that second.
pub fn pair(name: &str, from: i64) -> StoredTokens {
    StoredTokens {
        access_token: Secret::new(format!("{name}-access")),
        refresh_token: Some(Secret::new(format!("{name}-refresh"))),
        obtained_at: at(from),
        expires_at: at(from + 3_600),
    }
}

pub fn grant(name: &str) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new(format!("{name}-access")),
        refresh_token: Some(Secret::new(format!("{name}-refresh"))),
        expires_in_s: 3_600,
        scopes: None,
        api_url: None,
        clock_offset_s: None,
    }
}

/// A keyring that nobody may ask.
pub struct Untouchable;

impl Keyring for Untouchable {
    fn get(&self, _user: &str) -> Result<Option<Secret>, KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn set(&self, _user: &str, _secret: &Secret) -> Result<(), KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn delete(&self, _user: &str) -> Result<(), KeyringProblem> {
        panic!("the keyring was asked")
    }
    fn locked(&self) -> Option<bool> {
        panic!("the keyring was asked")
    }
}

/// A data directory, and other places for what it does not take.
pub struct Place {
    directory: tempfile::TempDir,
    pub disk: Arc<dyn Disk>,
    pub tokens_wait: Duration,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), disk: Arc::new(SystemDisk), tokens_wait: PATIENCE }
    }

    pub fn with_disk(disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..Self::new() }
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("zoom-setup")
    }

    pub fn elsewhere(&self) -> PathBuf {
        self.directory.path().join("elsewhere")
    }

    /// The token files, with their locks.
    pub fn token_files(&self) -> Vec<PathBuf> {
        files_below(&self.data().join("rehearsal-tokens"))
    }

    /// The age file of the only key.
    pub fn token_file(&self) -> PathBuf {
        let found = self.token_files();
        found.into_iter().find(|path| path.extension().is_some_and(|end| end == "age")).unwrap()
    }

    pub fn store(&self) -> FileStore {
        self.store_of(StoreKind::Rehearsal)
    }

    pub fn store_of(&self, kind: StoreKind) -> FileStore {
        open(&self.data(), kind, self.parts())
    }

    pub fn parts(&self) -> StoreParts {
        let limits = StoreLimits {
            lock_wait: PATIENCE,
            tokens_wait: self.tokens_wait,
            work_factor: 2,
            ..StoreLimits::default()
        };
        StoreParts {
            disk: Arc::clone(&self.disk),
            keyring: Arc::new(Untouchable),
            limits,
            rescue_places: vec![self.elsewhere()],
        }
    }

    pub fn tokens(&self) -> Arc<dyn TokenStore> {
        self.store().tokens().unwrap()
    }
}

pub fn open(data_dir: &Path, kind: StoreKind, parts: StoreParts) -> FileStore {
    let options = StoreOptions { data_dir: data_dir.to_owned(), kind };
    let mut store = FileStore::with_parts(options, parts).unwrap();
    store.unlock(Some(&Secret::new("correct horse"))).unwrap();
    store
}

pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Stores the pair of a login.
pub fn log_in(tokens: &dyn TokenStore, key: &SecretKey, pair: StoredTokens) {
    tokens.hold(key).unwrap().write(&TokenRecord::of_login(pair)).unwrap();
}

/// A clock that stands still.
pub struct Still(pub Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// What the file system does to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// Refuses it.
    Full,
    /// Loses its end.
    Garbles,
}

/// The file system, with a fault below one directory from the nth write there on.
pub struct FaultyDisk {
    pub fault: DiskFault,
    /// Writes that still succeed.
    pub good: Mutex<usize>,
    /// Part of the paths that it strikes.
    pub below: &'static str,
}

impl Disk for FaultyDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.read(path)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.head(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        if !path.to_string_lossy().contains(self.below) {
            return SystemDisk.replace(path, bytes);
        }
        let mut good = self.good.lock().unwrap();
        if *good > 0 {
            *good -= 1;
            return SystemDisk.replace(path, bytes);
        }
        match self.fault {
            DiskFault::Full => Err(StoreFailure::Io { message: "no space left on device".to_owned() }),
            DiskFault::Garbles => SystemDisk.replace(path, &bytes[..bytes.len() - 3]),
        }
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

/// A Zoom that answers a refresh as the test says, and remembers what it was sent.
pub struct Scripted {
    answers: Mutex<VecDeque<Result<TokenGrant, FailureKind>>>,
    pub sent: Mutex<Vec<String>>,
    /// Held while an answer is held back.
    pub gate: tokio::sync::Semaphore,
}

impl Scripted {
    pub fn new(answers: impl IntoIterator<Item = Result<TokenGrant, FailureKind>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            sent: Mutex::default(),
            gate: tokio::sync::Semaphore::new(tokio::sync::Semaphore::MAX_PERMITS),
        })
    }

    pub fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

impl Zoom for Scripted {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        Box::pin(async move {
            let Grant::RefreshToken { refresh_token } = request.grant else { panic!("no refresh") };
            self.sent.lock().unwrap().push(refresh_token.expose().to_owned());
            let _gate = self.gate.acquire().await.unwrap();
            let answer = self.answers.lock().unwrap().pop_front().unwrap();
            answer.map_err(|kind| Failure {
                call: Call::Refresh,
                host: "zoom.us".to_owned(),
                kind,
                clock_offset_s: None,
            })
        })
    }

    fn revoke(&self, _: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        panic!("nothing is revoked")
    }

    fn read(&self, _: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        panic!("nothing is read")
    }

    fn preflight(&self, _: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        panic!("nothing is looked at")
    }
}

pub fn request(key: SecretKey) -> RenewalRequest {
    let client = ClientAuthentication::Public { client_id: "client".to_owned() };
    RenewalRequest { key, client, when_less_than_s: None }
}

pub fn renewer(tokens: Arc<dyn TokenStore>, zoom: Arc<dyn Zoom>, now: Timestamp) -> JournaledRenewer {
    counted(tokens, zoom, now, Renewals::default())
}

/// The same, counted by the test.
pub fn counted(
    tokens: Arc<dyn TokenStore>,
    zoom: Arc<dyn Zoom>,
    now: Timestamp,
    under_way: Renewals,
) -> JournaledRenewer {
    JournaledRenewer::new(tokens, zoom, Arc::new(Still(now)), under_way)
}

/// One renewal of the key, to its end.
pub fn renew(tokens: Arc<dyn TokenStore>, zoom: Arc<dyn Zoom>, key: &SecretKey) -> Renewal {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { renewer(tokens, zoom, at(60)).renew(request(key.clone())).await })
}
