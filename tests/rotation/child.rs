//! The test program as a child of itself: it refreshes, and dies or waits where it is told to. What it dies at are
//! calls of the ports; the program itself knows nothing of it.

use super::support::{PATIENCE, Untouchable, key, open};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use zoom_setup::oauth::authorize::{Cloud, Endpoints};
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::{
    ApiAnswer, ApiRead, ClientAuthentication, Failure, PreflightAnswer, PreflightRequest, RevokeRequest,
    TokenGrant, TokenRequest,
};
use zoom_setup::ports::{
    Adopted, Clock, HeldTokens, PortFuture, Renewal, RenewalRequest, Renewer, Store, StoreFailure,
    TokenStore, Zoom,
};
use zoom_setup::procedure::AppKind;
use zoom_setup::runtime::{JournaledRenewer, Renewals};
use zoom_setup::sandbox::Sandbox;
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;
use zoom_setup::store::{Disk, StoreKind, StoreLimits, StoreParts, SystemDisk, stage};
use zoom_setup::system::SystemClock;
use zoom_setup::zoom::{Limits, ZoomClient};

/// What the child is to do, and with what; set on children only.
const ROLE: &str = "ZOOM_SETUP_TEST_ROLE";
const POINT: &str = "ZOOM_SETUP_TEST_POINT";
const DATA: &str = "ZOOM_SETUP_TEST_DATA";
const ELSEWHERE: &str = "ZOOM_SETUP_TEST_ELSEWHERE";
const ZOOM: &str = "ZOOM_SETUP_TEST_ZOOM";
const CLIENT: &str = "ZOOM_SETUP_TEST_CLIENT";
const SECRET: &str = "ZOOM_SETUP_TEST_SECRET";

/// Where the child dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    BeforeLock,
    Locked,
    MarkStaged,
    MarkRenamed,
    BeforeRequest,
    /// Killed from outside: Zoom has the request and holds its answer back.
    Requested,
    Answered,
    PairStaged,
    PairRenamed,
    Stored,
    LetGo,
    /// The disk is full when the new pair comes.
    FullBeforeRescue,
    FullRescueStaged,
    FullRescued,
    /// Nothing was sent, and the mark is still there.
    NotSent,
    /// Zoom has refused, and the mark is still there.
    Refused,
}

impl Point {
    pub const ALL: [Self; 16] = [
        Self::BeforeLock,
        Self::Locked,
        Self::MarkStaged,
        Self::MarkRenamed,
        Self::BeforeRequest,
        Self::Requested,
        Self::Answered,
        Self::PairStaged,
        Self::PairRenamed,
        Self::Stored,
        Self::LetGo,
        Self::FullBeforeRescue,
        Self::FullRescueStaged,
        Self::FullRescued,
        Self::NotSent,
        Self::Refused,
    ];

    pub const fn words(self) -> &'static str {
        match self {
            Self::BeforeLock => "before the lock",
            Self::Locked => "with the lock, before the mark",
            Self::MarkStaged => "the mark written beside its place",
            Self::MarkRenamed => "the mark in its place, its directory not synced",
            Self::BeforeRequest => "the mark on disk, before the request",
            Self::Requested => "Zoom has the request, no answer yet",
            Self::Answered => "the answer is here, nothing written",
            Self::PairStaged => "the new pair written beside its place",
            Self::PairRenamed => "the new pair in its place, its directory not synced",
            Self::Stored => "the new pair on disk, before the lock is let go",
            Self::LetGo => "after the lock is let go",
            Self::FullBeforeRescue => "the disk is full, before the pair is put elsewhere",
            Self::FullRescueStaged => "the disk is full, the pair written elsewhere, not in its place",
            Self::FullRescued => "the disk is full, the pair is elsewhere",
            Self::NotSent => "no connection, before the mark is taken away",
            Self::Refused => "Zoom refused, before the mark is taken away",
        }
    }

    fn full(self) -> bool {
        matches!(self, Self::FullBeforeRescue | Self::FullRescueStaged | Self::FullRescued)
    }
}

#[expect(clippy::disallowed_methods, reason = "a kill skips destructors; that is what is tried here")]
fn die() -> ! {
    std::process::abort()
}

/// Dies if this is where to.
fn at(here: Point, point: Option<Point>) {
    if point == Some(here) {
        die();
    }
}

/// The file system, on which the child dies at a step of its nth write of tokens.
struct DyingDisk {
    point: Option<Point>,
    writes: AtomicUsize,
}

impl DyingDisk {
    /// Stages, renames and syncs as the store does, with a step after which it ends.
    fn dying(path: &Path, bytes: &[u8], renamed: bool) -> ! {
        let staged = stage(path, bytes).unwrap();
        if renamed {
            staged.persist(path).unwrap();
        }
        die()
    }
}

impl Disk for DyingDisk {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.read(path)
    }

    fn head(&self, path: &Path) -> Result<Option<Vec<u8>>, StoreFailure> {
        SystemDisk.head(path)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreFailure> {
        match (self.writes.fetch_add(1, Ordering::SeqCst), self.point) {
            (0, Some(Point::MarkStaged)) => Self::dying(path, bytes, false),
            (0, Some(Point::MarkRenamed)) => Self::dying(path, bytes, true),
            (1, Some(Point::Answered | Point::NotSent | Point::Refused)) => die(),
            (1, Some(Point::PairStaged)) => Self::dying(path, bytes, false),
            (1, Some(Point::PairRenamed)) => Self::dying(path, bytes, true),
            (1, Some(point)) if point.full() => {
                Err(StoreFailure::Io { message: "no space left on device".to_owned() })
            }
            (2, Some(Point::FullBeforeRescue)) => die(),
            (2, Some(Point::FullRescueStaged)) => Self::dying(path, bytes, false),
            (_, _) => SystemDisk.replace(path, bytes),
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

/// The token store, before and after whose lock the child dies.
struct DyingTokens {
    tokens: Arc<dyn TokenStore>,
    point: Option<Point>,
}

impl TokenStore for DyingTokens {
    fn hold(&self, key: &SecretKey) -> Result<Box<dyn HeldTokens>, StoreFailure> {
        at(Point::BeforeLock, self.point);
        let held = self.tokens.hold(key)?;
        at(Point::Locked, self.point);
        Ok(Box::new(DyingHeld { held, point: self.point }))
    }

    fn look(&self, key: &SecretKey) -> Result<Option<TokenRecord>, StoreFailure> {
        self.tokens.look(key)
    }
}

struct DyingHeld {
    held: Box<dyn HeldTokens>,
    point: Option<Point>,
}

impl Drop for DyingHeld {
    fn drop(&mut self) {
        at(Point::Stored, self.point);
    }
}

impl HeldTokens for DyingHeld {
    fn read(&self) -> Result<Option<TokenRecord>, StoreFailure> {
        self.held.read()
    }
    fn write(&mut self, record: &TokenRecord) -> Result<(), StoreFailure> {
        self.held.write(record)
    }
    fn remove(&mut self) -> Result<(), StoreFailure> {
        self.held.remove()
    }
    fn rescue(&mut self, record: &TokenRecord) -> Result<String, StoreFailure> {
        let place = self.held.rescue(record)?;
        at(Point::FullRescued, self.point);
        Ok(place)
    }
    fn rescue_into(&mut self, directory: &Path, record: &TokenRecord) -> Result<String, StoreFailure> {
        self.held.rescue_into(directory, record)
    }
    fn adopted(&self) -> Option<&Adopted> {
        self.held.adopted()
    }
}

/// Zoom, before whose request the child dies, or after whose answer it does something to its disk.
struct DyingZoom {
    zoom: ZoomClient,
    point: Option<Point>,
    then: Option<fn(&Path)>,
    data: PathBuf,
}

impl Zoom for DyingZoom {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        at(Point::BeforeRequest, self.point);
        Box::pin(async move {
            let result = self.zoom.token(request).await;
            if let Some(then) = self.then {
                then(&self.data);
            }
            result
        })
    }
    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        self.zoom.revoke(request)
    }
    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        self.zoom.read(request)
    }
    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        self.zoom.preflight(request)
    }
}

/// The only connection of these tests, and a data directory that children share.
pub struct Site {
    directory: tempfile::TempDir,
    /// Where Zoom is.
    pub zoom: String,
    client_id: String,
    client_secret: Secret,
}

impl Site {
    /// A data directory below that one, with the tokens of a login at that sandbox.
    pub fn new(sandbox: &Sandbox, login: &serde_json::Value, directory: tempfile::TempDir) -> Self {
        let app = sandbox.app_page(AppKind::General);
        let site = Self {
            directory,
            zoom: sandbox.oauth_url().to_owned(),
            client_id: app.client_id,
            client_secret: app.client_secret,
        };
        let token = |name: &str| Secret::new(login[name].as_str().unwrap());
        let now = SystemClock.now();
        let pair = zoom_setup::oauth::token::StoredTokens {
            access_token: token("access_token"),
            refresh_token: Some(token("refresh_token")),
            obtained_at: now,
            expires_at: now + jiff::SignedDuration::from_hours(1),
        };
        site.tokens().hold(&key("Acme")).unwrap().write(&TokenRecord::of_login(pair)).unwrap();
        site
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("zoom-setup")
    }

    pub fn elsewhere(&self) -> PathBuf {
        self.directory.path().join("elsewhere")
    }

    pub fn tokens(&self) -> Arc<dyn TokenStore> {
        tokens(&self.data(), &self.elsewhere(), Arc::new(SystemDisk), PATIENCE)
    }

    /// The same for whoever has no patience.
    pub fn impatient(&self) -> Arc<dyn TokenStore> {
        tokens(&self.data(), &self.elsewhere(), Arc::new(SystemDisk), Duration::from_millis(20))
    }

    pub fn record(&self) -> TokenRecord {
        self.tokens().look(&key("Acme")).unwrap().unwrap()
    }

    /// A renewal in this process, to its end.
    pub fn renew(&self) -> Renewal {
        let zoom = client(&self.zoom);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (id, secret) = (self.client_id.clone(), self.client_secret.clone());
        runtime.block_on(renew_once(self.tokens(), Arc::new(zoom), id, secret))
    }

    /// A child in that role.
    pub fn child(&self, role: &str, point: Option<Point>) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        self.describe(&mut command, role, point);
        command.args(["--exact", "child::inside_a_child", "--nocapture"]);
        command
    }

    /// The same under a shell that runs this script first, in a mount namespace of its own. `None`: the system has no
    /// such thing for this user.
    pub fn mounted(&self, role: &str, script: &str) -> Option<Command> {
        let ours = |command: &mut Command| {
            command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c"]);
        };
        let mut probe = Command::new("unshare");
        ours(&mut probe);
        let data = self.data().display().to_string();
        let probe = probe.args(["mount -t tmpfs tmpfs \"$0\"", &data]).stdin(Stdio::null());
        let output = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !output.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new("unshare");
        ours(&mut command);
        let line = format!("set -e\n{script}\nexec \"$0\" --exact child::inside_a_child --nocapture");
        command.arg(line).arg(std::env::current_exe().unwrap());
        self.describe(&mut command, role, None);
        Some(command)
    }

    fn describe(&self, command: &mut Command, role: &str, point: Option<Point>) {
        let point = point.and_then(|point| Point::ALL.iter().position(|known| *known == point));
        command
            .env(ROLE, role)
            .env(POINT, point.map_or_else(String::new, |point| point.to_string()))
            .env(DATA, self.data())
            .env(ELSEWHERE, self.elsewhere())
            .env(ZOOM, &self.zoom)
            .env(CLIENT, &self.client_id)
            .env(SECRET, self.client_secret.expose())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
    }
}

/// Everything that a child says until it ends.
pub fn said(child: Child) -> (bool, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tokens(data: &Path, elsewhere: &Path, disk: Arc<dyn Disk>, tokens_wait: Duration) -> Arc<dyn TokenStore> {
    let limits = StoreLimits { lock_wait: PATIENCE, tokens_wait, ..StoreLimits::default() };
    let rescue_places = vec![elsewhere.to_owned()];
    let parts = StoreParts { disk, keyring: Arc::new(Untouchable), limits, rescue_places };
    open(data, StoreKind::Rehearsal, parts).tokens().unwrap()
}

fn client(zoom: &str) -> ZoomClient {
    let endpoints = Endpoints::parse(Some(zoom), Some(zoom), Cloud::Zoom).unwrap();
    ZoomClient::new(endpoints, Arc::new(SystemClock), Limits { total: PATIENCE, ..Limits::default() })
}

async fn renew_once(
    tokens: Arc<dyn TokenStore>,
    zoom: Arc<dyn Zoom>,
    client_id: String,
    client_secret: Secret,
) -> Renewal {
    let client = ClientAuthentication::Basic { client_id, client_secret };
    let renewer = JournaledRenewer::new(tokens, zoom, Arc::new(SystemClock), Renewals::default());
    renewer.renew(RenewalRequest { key: key("Acme"), client, when_less_than_s: None }).await
}

/// What came of it, in a word.
pub fn word(renewal: &Renewal) -> &'static str {
    match renewal {
        Renewal::Fresh { .. } => "fresh",
        Renewal::Renewed { .. } => "renewed",
        Renewal::NotStored { rescued: Some(_), .. } => "rescued",
        Renewal::NotStored { rescued: None, .. } => "lost",
        Renewal::Refused { .. } => "refused",
        Renewal::NotSent { .. } => "not sent",
        Renewal::Unknown { .. } => "unknown",
        Renewal::NoRefreshToken { .. } => "no refresh token",
        Renewal::NoTokens => "no tokens",
        Renewal::Store(_) => "store",
    }
}

/// Fills the file system that the data is on.
fn fill(data: &Path) {
    let mut filler = std::fs::File::create(data.join("filler")).unwrap();
    // Down to the last byte.
    for size in [64 * 1024, 1024, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

/// From now on nothing can be written there, as with a disk that the system has made read-only after an error. By a
/// mount on top: a file system on which a lock is held stays as it is.
fn lock_up(data: &Path) {
    let mount = |arguments: &[&str]| {
        assert!(Command::new("mount").args(arguments).arg(data).status().unwrap().success());
    };
    mount(&["--bind", &data.display().to_string()]);
    mount(&["-o", "remount,bind,ro"]);
}

/// Nothing by itself: what a child does.
#[test]
fn inside_a_child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let text = |name: &str| std::env::var(name).unwrap();
    let point = text(POINT).parse::<usize>().ok().map(|index| Point::ALL[index]);
    let (data, elsewhere) = (PathBuf::from(text(DATA)), PathBuf::from(text(ELSEWHERE)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let renew = |tokens: Arc<dyn TokenStore>, then: Option<fn(&Path)>| {
        let zoom = Arc::new(DyingZoom { zoom: client(&text(ZOOM)), point, then, data: data.clone() });
        let (id, secret) = (text(CLIENT), Secret::new(text(SECRET)));
        runtime.block_on(renew_once(tokens, zoom, id, secret))
    };
    let waiting = || {
        println!("ready");
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).unwrap();
    };
    match role.as_str() {
        "renew" => {
            let disk = Arc::new(DyingDisk { point, writes: AtomicUsize::new(0) });
            let inner = tokens(&data, &elsewhere, disk, PATIENCE);
            println!("ended: {}", word(&renew(Arc::new(DyingTokens { tokens: inner, point }), None)));
            at(Point::LetGo, point);
        }
        "renew on a full disk" | "renew on a disk that is locked up" => {
            let then = if role.contains("full") { fill } else { lock_up };
            let tokens = tokens(&data, &elsewhere, Arc::new(SystemDisk), PATIENCE);
            println!("ended: {}", word(&renew(tokens, Some(then))));
        }
        "rotate" => {
            let tokens = tokens(&data, &elsewhere, Arc::new(SystemDisk), PATIENCE);
            waiting();
            let mut rotations = 0;
            while rotations < 25 {
                match renew(tokens.clone(), None) {
                    Renewal::Renewed { .. } => rotations += 1,
                    // Another was quicker.
                    Renewal::Fresh { .. } => {}
                    Renewal::NotStored { .. }
                    | Renewal::Refused { .. }
                    | Renewal::NotSent { .. }
                    | Renewal::Unknown { .. }
                    | Renewal::NoRefreshToken { .. }
                    | Renewal::NoTokens
                    | Renewal::Store(_) => panic!("a rotation failed"),
                }
            }
            println!("ended: {rotations}");
        }
        "hold" => {
            let _held = tokens(&data, &elsewhere, Arc::new(SystemDisk), PATIENCE).hold(&key("Acme")).unwrap();
            waiting();
        }
        other => panic!("no role {other}"),
    }
}

/// Completes when the condition holds; it must within the patience of these tests.
pub fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < end, "not in time: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
