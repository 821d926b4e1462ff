//! Who may ask Zoom next, of many: so many at once and no more, accounts in turn, those at their rate limit later, and
//! nobody any more once it is plain that nobody answers. Pure: time comes in with each call.

use super::checking::{Answer, NotAsked};
use crate::oauth::diagnosis::{diagnose, retry_at};
use crate::oauth::{DiagnosisClass, Failure};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Most requests to Zoom in flight.
pub const AT_ONCE: usize = 32;
/// Slots that one account may hold however many others wait, so that a slow one does not hold them.
const LEAST_SHARE: usize = 4;
/// A rate limit that ends within this is waited for; a longer one is told and left.
pub const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(15);
/// How often an account's rate limit is waited for.
pub const PATIENCE: u32 = 3;
/// The wait where a rate limit names none; each further one is twice as long.
const UNNAMED_WAIT: SignedDuration = SignedDuration::from_secs(2);
/// After this a question that got no good answer is asked once more.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// So many requests in a row without any answer, and a service counts as out of reach.
pub const SILENCE: u32 = 4;
/// A wait that is shorter is not worth telling.
pub const TOLD_WAIT: SignedDuration = SignedDuration::from_millis(1_500);

/// What of Zoom is asked. Each is a host of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    OAuth,
    Api,
}

/// Bounds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most requests in flight.
    pub at_once: usize,
    /// Most wait for a rate limit.
    pub longest_wait: SignedDuration,
    /// Pause before a question is asked once more.
    pub retry_after: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { at_once: AT_ONCE, longest_wait: LONGEST_WAIT, retry_after: RETRY_AFTER }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is the turn of this one: it holds a slot until [`Turns::ended`].
    Go(usize),
    /// Nobody's before that time, or before something ends.
    Wait(Timestamp),
    /// Nobody's before something ends. With nothing in flight: everybody is done.
    Idle,
}

/// What an answer is good for.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is the answer.
    Take(Box<Answer>),
    /// The same question is to be asked again, not before this.
    Again(Timestamp),
}

/// The order of turns. Connections are numbers given by the caller.
#[derive(Clone, Debug)]
pub struct Turns {
    limits: Limits,
    accounts: Vec<Account>,
    by_name: BTreeMap<String, usize>,
    /// Accounts in the order of their turns.
    order: VecDeque<usize>,
    in_flight: usize,
    /// Of each service the requests in a row that nobody answered, and the last failure.
    silent: BTreeMap<Service, (u32, Option<Failure>)>,
}

#[derive(Clone, Debug, Default)]
struct Account {
    /// Connections that want a turn, and from when on.
    waiting: VecDeque<(usize, Timestamp)>,
    in_flight: usize,
    not_before: Option<Timestamp>,
    /// How often its limit was met.
    limited: u32,
    /// Nothing more is asked for it.
    closed: Option<NotAsked>,
}

impl Turns {
    /// Nobody waits yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            accounts: Vec::new(),
            by_name: BTreeMap::new(),
            order: VecDeque::new(),
            in_flight: 0,
            silent: BTreeMap::new(),
        }
    }

    /// A connection wants a turn, not before that time.
    pub fn wants(&mut self, connection: usize, account: &str, not_before: Timestamp) {
        let index = self.account(account);
        if let Some(account) = self.accounts.get_mut(index) {
            account.waiting.push_back((connection, not_before));
        }
    }

    /// Whose turn it is.
    pub fn next(&mut self, now: Timestamp) -> Next {
        if self.in_flight >= self.limits.at_once {
            return Next::Idle;
        }
        let open = self.accounts.iter().filter(|account| account.has_work()).count().max(1);
        let share = (self.limits.at_once / open).max(LEAST_SHARE);
        let mut earliest: Option<Timestamp> = None;
        for _ in 0..self.order.len() {
            let Some(index) = self.order.pop_front() else { break };
            self.order.push_back(index);
            let Some(account) = self.accounts.get_mut(index) else { continue };
            if account.waiting.is_empty() || account.in_flight >= share {
                continue;
            }
            let pause = account.not_before.unwrap_or(Timestamp::MIN);
            let ready = account.waiting.iter().position(|(_, not_before)| pause.max(*not_before) <= now);
            match ready.and_then(|at| account.waiting.remove(at)) {
                Some((connection, _)) => {
                    account.in_flight += 1;
                    self.in_flight += 1;
                    return Next::Go(connection);
                }
                None => {
                    let soonest = account.waiting.iter().map(|(_, not_before)| pause.max(*not_before)).min();
                    earliest = [earliest, soonest].into_iter().flatten().min();
                }
            }
        }
        earliest.map_or(Next::Idle, Next::Wait)
    }

    /// A request of that account is over.
    pub fn ended(&mut self, account: &str) {
        let index = self.account(account);
        if let Some(account) = self.accounts.get_mut(index) {
            account.in_flight = account.in_flight.saturating_sub(1);
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Requests in flight.
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Until when an account pauses, if it does.
    pub fn pauses(&self, account: &str, now: Timestamp) -> Option<Timestamp> {
        let index = self.by_name.get(account)?;
        self.accounts.get(*index)?.not_before.filter(|until| *until > now)
    }

    /// Whether asking is of no use any more, and why.
    pub fn refuses(&self, account: &str, service: Option<Service>) -> Option<NotAsked> {
        let service = service?;
        let closed = self.by_name.get(account).and_then(|index| self.accounts.get(*index)?.closed.clone());
        let silent = || match self.silent.get(&service) {
            Some((times, Some(failure))) if *times >= SILENCE => {
                Some(NotAsked::OutOfReach { times: *times, failure: failure.clone() })
            }
            Some(_) | None => None,
        };
        closed.or_else(silent)
    }

    /// Judges an answer; `tries` is how often the question was asked, this time included.
    pub fn judge(
        &mut self,
        account: &str,
        service: Option<Service>,
        answer: Answer,
        tries: u32,
        now: Timestamp,
    ) -> Verdict {
        let Some(service) = service else { return Verdict::Take(Box::new(answer)) };
        let silence = answer.failure().filter(|failure| failure.kind.is_silence()).cloned();
        let heard = self.silent.entry(service).or_default();
        *heard = match silence {
            Some(failure) => (heard.0.saturating_add(1), Some(failure)),
            None => (0, None),
        };
        let out_of_reach = heard.0 >= SILENCE;
        if let Some(retry_after) = answer.limited() {
            let until = retry_after.and_then(|header| retry_at(header, now));
            return self.limited(account, until, answer, now);
        }
        let problem = answer.failure().map(|failure| diagnose(failure, now));
        let worth_it =
            problem.is_some_and(|problem| problem.retry && problem.class == DiagnosisClass::Unreachable);
        // A refresh that Zoom answered in any way is not repeated; a limited one was not looked at.
        let harmless =
            answer.repeatable() && !matches!(answer, Answer::Renewed(crate::ports::Renewal::Refused { .. }));
        if worth_it && harmless && tries < 2 && !out_of_reach {
            return Verdict::Again(now.checked_add(self.limits.retry_after).unwrap_or(now));
        }
        Verdict::Take(Box::new(answer))
    }

    /// The account's rate limit is met: a short wait is waited for, a few times.
    fn limited(&mut self, name: &str, until: Option<Timestamp>, answer: Answer, now: Timestamp) -> Verdict {
        let index = self.account(name);
        let longest = self.limits.longest_wait;
        let Some(account) = self.accounts.get_mut(index) else { return Verdict::Take(Box::new(answer)) };
        // Of several requests that met the same limit the first has counted it.
        let already = account.not_before.is_some_and(|pause| pause > now);
        if !already {
            account.limited = account.limited.saturating_add(1);
        }
        let unnamed = UNNAMED_WAIT.saturating_mul(1 << account.limited.saturating_sub(1).min(8));
        let end = until.unwrap_or_else(|| now.checked_add(unnamed).unwrap_or(now));
        let short = end.duration_since(now) <= longest;
        if short && account.limited <= PATIENCE && account.closed.is_none() {
            account.not_before = Some(account.not_before.map_or(end, |pause| pause.max(end)));
            return Verdict::Again(end);
        }
        let zoom = answer.failure().and_then(|failure| diagnose(failure, now).zoom);
        let why = NotAsked::Limited { until, zoom };
        let why = account.closed.get_or_insert(why).clone();
        // Whoever waits learns it at its next turn, which is now.
        account.not_before = None;
        Verdict::Take(Box::new(Answer::NotAsked(why)))
    }

    fn account(&mut self, name: &str) -> usize {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = self.accounts.len();
        self.accounts.push(Account::default());
        self.by_name.insert(name.to_owned(), index);
        self.order.push_back(index);
        index
    }
}

impl Account {
    fn has_work(&self) -> bool {
        self.in_flight > 0 || !self.waiting.is_empty()
    }
}
