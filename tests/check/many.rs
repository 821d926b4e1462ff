//! Many at once: slots, accounts, rate limits, a host that is out of reach, and the end from outside.

use super::stage::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use zoom_setup::check::{AT_ONCE, Checked, FindingCode, SILENCE, Status, Subject};
use zoom_setup::oauth::{
    ApiAnswer, ApiRead, Call, Failure, FailureKind, Grant, PreflightAnswer, PreflightRequest, RevokeRequest,
    TokenGrant, TokenRequest,
};
use zoom_setup::ports::{PortFuture, Renewal, RenewalRequest, Renewer, Zoom};
use zoom_setup::procedure::FieldName;
use zoom_setup::runtime::check::{self, CheckEvent, TokenPorts};
use zoom_setup::sandbox::Fault;
use zoom_setup::secret::Secret;

/// Counts what goes to another Zoom.
pub struct Counting {
    zoom: Arc<dyn Zoom>,
    calls: AtomicUsize,
}

impl Counting {
    pub fn new(zoom: Arc<dyn Zoom>) -> Self {
        Self { zoom, calls: AtomicUsize::new(0) }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Zoom for Counting {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.zoom.token(request)
    }
    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        self.zoom.revoke(request)
    }
    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.zoom.read(request)
    }
    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.zoom.preflight(request)
    }
}

/// Zoom does what it is asked for, and the answer does not arrive.
pub struct Losing(pub Arc<dyn Zoom>);

impl Zoom for Losing {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        Box::pin(async {
            self.0.token(request).await?;
            let kind = FailureKind::AnswerLost { detail: "connection reset".to_owned() };
            Err(Failure { call: Call::Refresh, host: "zoom.us".to_owned(), kind, clock_offset_s: None })
        })
    }
    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        self.0.revoke(request)
    }
    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        self.0.read(request)
    }
    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        self.0.preflight(request)
    }
}

/// The answer to the question about a pair is lost.
pub struct Unheard(pub Arc<dyn Zoom>);

impl Zoom for Unheard {
    fn token(&self, _: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        Box::pin(async {
            let kind = FailureKind::AnswerLost { detail: "connection reset".to_owned() };
            Err(Failure { call: Call::ExchangeCode, host: "zoom.us".to_owned(), kind, clock_offset_s: None })
        })
    }
    fn revoke(&self, request: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        self.0.revoke(request)
    }
    fn read(&self, request: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        self.0.read(request)
    }
    fn preflight(&self, request: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        self.0.preflight(request)
    }
}

/// What an account's token endpoint does.
#[derive(Clone)]
enum Manner {
    /// A token, after every other task had a turn.
    Good,
    /// Nothing before the bell rings.
    Silent(Arc<Notify>),
    /// 429 so often, with this header.
    Limited(usize, &'static str),
    /// No connection.
    Gone,
}

/// A Zoom that is made up, for accounts only.
#[derive(Default)]
struct Accounts {
    manners: BTreeMap<String, Manner>,
    now: AtomicUsize,
    most: AtomicUsize,
    /// Accounts in the order in which they were asked.
    asked: Mutex<Vec<String>>,
}

impl Accounts {
    fn times(&self, account: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.starts_with(account)).count()
    }

    async fn answer(&self, account: String) -> Result<TokenGrant, Failure> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.asked.lock().unwrap().push(account.clone());
        let manner = self.manners.iter().find(|(name, _)| account.starts_with(*name));
        let fail = |kind| Failure {
            call: Call::AccountCredentials,
            host: "zoom.us".to_owned(),
            kind,
            clock_offset_s: None,
        };
        let result = match manner.map_or(Manner::Good, |(_, manner)| manner.clone()) {
            Manner::Good => {
                tokio::task::yield_now().await;
                Ok(grant())
            }
            Manner::Silent(bell) => {
                bell.notified().await;
                Ok(grant())
            }
            Manner::Limited(times, _) if self.times(&account) > times => Ok(grant()),
            Manner::Limited(_, header) => Err(fail(FailureKind::Answered {
                status: 429,
                body: r#"{"code":429,"message":"You have reached the limit."}"#.to_owned(),
                content_type: "application/json".to_owned(),
                retry_after: Some(header.to_owned()),
            })),
            Manner::Gone => {
                tokio::task::yield_now().await;
                Err(fail(FailureKind::Connect { detail: "refused".to_owned() }))
            }
        };
        self.now.fetch_sub(1, Ordering::SeqCst);
        result
    }
}

fn grant() -> TokenGrant {
    TokenGrant {
        access_token: Secret::new("access"),
        refresh_token: None,
        expires_in_s: 3_599,
        scopes: Some(SCOPES.map(str::to_owned).to_vec()),
        api_url: None,
        clock_offset_s: None,
    }
}

impl Zoom for Accounts {
    fn token(&self, request: TokenRequest) -> PortFuture<'_, Result<TokenGrant, Failure>> {
        let Grant::AccountCredentials { account_id } = request.grant else { panic!("only accounts") };
        Box::pin(self.answer(account_id))
    }
    fn revoke(&self, _: RevokeRequest) -> PortFuture<'_, Result<(), Failure>> {
        panic!("nothing is revoked")
    }
    fn read(&self, _: ApiRead) -> PortFuture<'_, Result<ApiAnswer, Failure>> {
        panic!("a token that was asked for is not used")
    }
    fn preflight(&self, _: PreflightRequest) -> PortFuture<'_, Result<PreflightAnswer, Failure>> {
        panic!("an account has no login")
    }
}

/// Subjects of those accounts, named by number; `account#` gives each an account of its own.
fn subjects(accounts: &[(&str, usize)]) -> (Stage, Vec<Subject>) {
    let mut stage = Stage::new(&[]);
    stage.connect("one", Kind::Account);
    let one = stage.subjects().remove(0);
    let mut all = Vec::new();
    for (account, count) in accounts {
        for number in 0..*count {
            let mut subject = one.clone();
            subject.connection.name = format!("{account} {number}");
            let account = match account.strip_suffix('#') {
                Some(name) => format!("{name}-{number}"),
                None => (*account).to_owned(),
            };
            subject.connection.answers.insert(FieldName::AccountId, account);
            all.push(subject);
        }
    }
    (stage, all)
}

fn run(
    stage: &mut Stage,
    zoom: &Arc<Accounts>,
    subjects: Vec<Subject>,
    tell: &mut dyn FnMut(CheckEvent),
) -> Vec<Checked> {
    stage.look_at(Arc::new(RunningClock));
    stage.zoom = Arc::clone(zoom) as Arc<dyn Zoom>;
    let ports = stage.ports();
    let work =
        check::check(&ports, subjects, stage.options.clone(), stage.limits, std::future::pending(), tell);
    block_on(async { tokio::time::timeout(Duration::from_secs(60), work).await.unwrap() })
}

fn count(results: &[Checked], status: Status) -> usize {
    results.iter().filter(|checked| checked.report.status == status).count()
}

#[test]
fn no_more_than_so_many_requests_are_in_flight() {
    for accounts in [[("own#", 500)], [("same", 500)]] {
        let (mut stage, subjects) = subjects(&accounts);
        let zoom = Arc::new(Accounts::default());
        let results = run(&mut stage, &zoom, subjects, &mut |_| {});
        assert_eq!(count(&results, Status::Healthy), 500);
        assert_eq!(zoom.most.load(Ordering::SeqCst), AT_ONCE);
        // In the order given, whatever the order of the answers.
        let names: Vec<&str> = results.iter().map(|checked| checked.report.name.as_str()).collect();
        assert_eq!(
            (names[0], names[499]),
            (&*format!("{} 0", accounts[0].0), &*format!("{} 499", accounts[0].0))
        );
    }
}

#[test]
fn slow_accounts_do_not_hold_the_others() {
    let bell = Arc::new(Notify::new());
    let (mut stage, subjects) = subjects(&[("slow", 100), ("slower", 100), ("other#", 200)]);
    let zoom = Arc::new(Accounts {
        manners: BTreeMap::from([("slow".to_owned(), Manner::Silent(Arc::clone(&bell)))]),
        ..Accounts::default()
    });
    let mut others = 0;
    let results = run(&mut stage, &zoom, subjects, &mut |event| {
        if let CheckEvent::Finished(checked) = event {
            others += usize::from(checked.report.name.starts_with("other"));
        }
        // Nobody slow is answered before every other has its result.
        if others == 200 {
            bell.notify_waiters();
            bell.notify_one();
        }
    });
    assert_eq!(count(&results, Status::Healthy), 400);
}

#[test]
fn a_limit_stops_its_account_and_no_other() {
    let (mut stage, subjects) = subjects(&[("limited", 50), ("other#", 50)]);
    let zoom = Arc::new(Accounts {
        manners: BTreeMap::from([("limited".to_owned(), Manner::Limited(usize::MAX, "3600"))]),
        ..Accounts::default()
    });
    let results = run(&mut stage, &zoom, subjects, &mut |_| {});
    assert_eq!((count(&results, Status::Healthy), count(&results, Status::NotChecked)), (50, 50));
    for checked in &results[..50] {
        assert_eq!(codes(&checked.report), [FindingCode::RateLimited]);
        assert!(checked.report.findings[0].next.contains("in 60 minutes"), "{:?}", checked.report.findings);
    }
    // Those that were on their way, and nobody after them.
    assert!(zoom.times("limited") <= AT_ONCE, "{}", zoom.times("limited"));
}

#[test]
fn a_short_limit_is_waited_for_while_the_others_go_on() {
    let (mut stage, subjects) = subjects(&[("limited", 3), ("other#", 100)]);
    let zoom = Arc::new(Accounts {
        manners: BTreeMap::from([("limited".to_owned(), Manner::Limited(3, "1"))]),
        ..Accounts::default()
    });
    let results = run(&mut stage, &zoom, subjects, &mut |_| {});
    assert_eq!(count(&results, Status::Healthy), 103);
    let asked = zoom.asked.lock().unwrap().clone();
    let again = asked.iter().rposition(|account| account == "limited").unwrap();
    let last_other = asked.iter().rposition(|account| account.starts_with("other")).unwrap();
    assert!(last_other < again, "the others did not wait");
}

#[test]
fn a_limit_that_stays_is_given_up() {
    let (mut stage, subjects) = subjects(&[("limited", 1)]);
    let zoom = Arc::new(Accounts {
        manners: BTreeMap::from([("limited".to_owned(), Manner::Limited(usize::MAX, "0"))]),
        ..Accounts::default()
    });
    let results = run(&mut stage, &zoom, subjects, &mut |_| {});
    assert_eq!(codes(&results[0].report), [FindingCode::RateLimited]);
    assert_eq!(zoom.times("limited"), 4, "once, and three times more");
}

#[test]
fn every_shape_of_retry_after_is_understood() {
    for fault in [Fault::RateLimitSeconds, Fault::RateLimitDate, Fault::RateLimit] {
        let mut stage = Stage::with(&[fault], 1, |options| {
            options.clock = Arc::new(RunningClock);
        });
        stage.connect("acme", Kind::Account);
        stage.look_at(Arc::new(RunningClock));
        let mut waits = 0;
        let results = stage
            .check_telling(&mut |event| waits += usize::from(matches!(event, CheckEvent::Waiting { .. })));
        assert_eq!(results[0].report.status, Status::Healthy, "{fault}: {:?}", results[0].report.findings);
        if fault != Fault::RateLimitDate {
            assert_eq!(waits, usize::from(fault == Fault::RateLimit), "{fault}: a wait of seconds is told");
        }
    }
}

#[test]
fn nobody_storms_a_host_that_is_out_of_reach() {
    let (mut stage, subjects) = subjects(&[("gone#", 1_000)]);
    let zoom = Arc::new(Accounts {
        manners: BTreeMap::from([("gone".to_owned(), Manner::Gone)]),
        ..Accounts::default()
    });
    let results = run(&mut stage, &zoom, subjects, &mut |_| {});
    assert!(results.iter().all(|checked| codes(&checked.report) == [FindingCode::Unreachable]));
    let asked = zoom.asked.lock().unwrap().len();
    assert!(asked <= AT_ONCE + usize::try_from(SILENCE).unwrap(), "{asked} requests");
    let told = results.iter().filter(|checked| checked.report.findings[0].cause.contains("in a row"));
    assert!(told.count() > 900, "the rest is told why nobody asked");
}

#[test]
fn a_lost_answer_is_asked_for_once_more() {
    // The client repeats by itself once, so two are lost before this is seen.
    let mut stage = Stage::with(&[Fault::Drop], 2, |_| {});
    stage.connect("acme", Kind::Account);
    assert_eq!(stage.report().status, Status::Healthy);
    let mut stage = Stage::with(&[Fault::Drop], 4, |_| {});
    stage.connect("acme", Kind::Account);
    assert_eq!(codes(&stage.report()), [FindingCode::Unreachable]);
}

/// Refreshes when the bell rings, and not before.
struct Bellows {
    begun: Arc<Notify>,
    bell: Arc<Notify>,
    renewer: Arc<dyn Renewer>,
}

impl Renewer for Bellows {
    fn renew(&self, request: RenewalRequest) -> PortFuture<'_, Renewal> {
        Box::pin(async {
            self.begun.notify_one();
            self.bell.notified().await;
            self.renewer.renew(request).await
        })
    }
}

#[test]
fn who_is_stopped_reports_what_is_known_and_ends_what_was_begun() {
    let mut stage = Stage::new(&[]);
    stage.connect("owned", Kind::Owned);
    stage.connect("slow", Kind::Account);
    stage.options.refresh = true;
    let (begun, bell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let silent = Arc::new(Accounts {
        manners: BTreeMap::from([(String::new(), Manner::Silent(Arc::new(Notify::new())))]),
        ..Accounts::default()
    });
    let mut ports = stage.ports();
    let TokenPorts { store, renewer } = ports.tokens.unwrap();
    let renewer = Bellows { begun: Arc::clone(&begun), bell: Arc::clone(&bell), renewer };
    ports.tokens = Ok(TokenPorts { store, renewer: Arc::new(renewer) });
    ports.zoom = silent;
    let mut finished = Vec::new();
    let results = block_on(async {
        // The end comes while the refresh is under way; only then may it go on.
        let stop = async {
            begun.notified().await;
            bell.notify_one();
        };
        let mut tell = |event| {
            if let CheckEvent::Finished(checked) = event {
                finished.push(checked.report.name.clone());
            }
        };
        let work =
            check::check(&ports, stage.subjects(), stage.options.clone(), stage.limits, stop, &mut tell);
        tokio::time::timeout(Duration::from_secs(60), work).await.unwrap()
    });
    assert_eq!(finished, ["owned", "slow"]);
    let [owned, slow] = &results[..] else { panic!("{results:?}") };
    assert!(owned.report.refreshed && owned.change.is_some(), "{:?}", owned.report);
    assert_eq!(codes(&owned.report), [FindingCode::Stopped]);
    assert_eq!(codes(&slow.report), [FindingCode::Stopped]);
    // The pair that came is the one that is stored.
    assert_eq!(stage.report_of("owned").status, Status::Healthy);
}
