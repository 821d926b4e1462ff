//! Checks many connections at once: carries the questions of [`crate::check`] to the ports, within its turns.

use crate::check::{
    Answer, CheckOptions, Checked, Checking, History, Limits, Next, Question, Randomness, Request, Service,
    Subject, TOLD_WAIT, Turn, Turns, Verdict,
};
use crate::ports::{Clock, Entropy, Renewal, Renewer, Store, StoreFailure, TokenStore, Zoom};
use crate::procedure::{FieldName, Procedure};
use crate::setup::values::AnswerValues;
use crate::setup::{Connection, SecretKey};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What checks need of the world.
#[derive(Clone)]
pub struct CheckPorts {
    pub zoom: Arc<dyn Zoom>,
    /// Tokens and who refreshes them, or why the secrets stay shut.
    pub tokens: Result<TokenPorts, StoreFailure>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Tokens that rotate, and who refreshes them.
#[derive(Clone)]
pub struct TokenPorts {
    pub store: Arc<dyn TokenStore>,
    pub renewer: Arc<dyn Renewer>,
}

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckEvent {
    /// The first question of this connection is on its way.
    Started { name: String },
    /// It waits: for its account's rate limit, or for scopes that may be late.
    Waiting { name: String, until: Timestamp },
    /// Its result.
    Finished(Box<Checked>),
}

/// One connection under way.
struct Running {
    /// `None` once it is finished.
    checking: Option<Checking>,
    account: String,
    started: bool,
    /// How often the present question was asked.
    tries: u32,
}

/// An answer on its way back.
type Asked = BoxFuture<'static, (usize, Option<Service>, Answer)>;

/// The connections to check, with their secrets as far as they can be read. `opened`: whether the store was unlocked.
pub fn subjects(
    store: &dyn Store,
    opened: &Result<(), StoreFailure>,
    connections: Vec<Connection>,
    procedures: &[Arc<Procedure>],
    history: &History,
) -> Vec<Subject> {
    let by_id: BTreeMap<&str, &Arc<Procedure>> =
        procedures.iter().map(|procedure| (procedure.id.as_str(), procedure)).collect();
    connections
        .into_iter()
        .map(|connection| {
            let key = SecretKey::ConnectionField(connection.name.clone(), FieldName::ClientSecret);
            let client_secret = match opened {
                Err(failure) => Err(failure.clone()),
                Ok(()) if connection.secrets.contains_key(&FieldName::ClientSecret) => {
                    store.read_secret(&key)
                }
                Ok(()) => Ok(None),
            };
            let procedure = by_id.get(connection.procedure.as_str());
            let values = procedure.map(|procedure| AnswerValues { answers: &connection.answers, procedure });
            Subject {
                client_secret,
                redirect_url: values.and_then(|values| values.redirect_url()),
                receiver_url: values.and_then(|values| values.receiver_url()),
                before: history.last(&connection.name).cloned(),
                connection,
            }
        })
        .collect()
}

/// Checks them all; results in the order given. When `cancelled` completes, nothing more is asked: a refresh that was
/// begun is waited for, the rest is reported as far as it is known.
pub async fn check<F: FnMut(CheckEvent) + ?Sized>(
    ports: &CheckPorts,
    subjects: Vec<Subject>,
    options: CheckOptions,
    limits: Limits,
    cancelled: impl Future<Output = ()>,
    tell: &mut F,
) -> Vec<Checked> {
    Run::new(ports, subjects, options, limits, tell).run(cancelled).await
}

/// Writes what checks changed into the records of the connections, as they are now. Gives a line for each that could
/// not be written: the tokens themselves are stored all the same.
pub fn keep(store: &dyn Store, results: &[Checked]) -> Vec<String> {
    let mut problems = Vec::new();
    for checked in results {
        let Some(change) = &checked.change else { continue };
        let name = &checked.report.name;
        let kept = store.update_connection(name, &mut |connection| {
            if let Some(grant) = &mut connection.grant {
                change.apply(grant);
            }
        });
        if let Err(failure) = kept {
            problems.push(format!("{name}: {}", crate::app::update::store_failure_text(&failure)));
        }
    }
    problems
}

struct Run<'a, F: ?Sized> {
    ports: &'a CheckPorts,
    turns: Turns,
    running: Vec<Running>,
    done: Vec<Option<Checked>>,
    asked: FuturesUnordered<Asked>,
    /// Those that spend something, apart: they are never dropped.
    spending: FuturesUnordered<Asked>,
    tell: &'a mut F,
}

impl<'a, F: FnMut(CheckEvent) + ?Sized> Run<'a, F> {
    fn new(
        ports: &'a CheckPorts,
        subjects: Vec<Subject>,
        options: CheckOptions,
        limits: Limits,
        tell: &'a mut F,
    ) -> Self {
        let options = Arc::new(options);
        let now = ports.clock.now();
        let running: Vec<Running> = subjects
            .into_iter()
            .map(|subject| {
                let account = subject.account().to_owned();
                let checking = Checking::new(subject, &options, randomness(ports), now);
                Running { checking: Some(checking), account, started: false, tries: 0 }
            })
            .collect();
        let done = running.iter().map(|_| None).collect();
        Self {
            ports,
            turns: Turns::new(limits),
            running,
            done,
            asked: FuturesUnordered::new(),
            spending: FuturesUnordered::new(),
            tell,
        }
    }

    async fn run(mut self, cancelled: impl Future<Output = ()>) -> Vec<Checked> {
        for index in 0..self.running.len() {
            self.queue(index, Timestamp::MIN);
        }
        tokio::pin!(cancelled);
        loop {
            let wake = self.start();
            if self.asked.is_empty() && self.spending.is_empty() && wake.is_none() {
                break;
            }
            let sleep = wake.map(|at| at.duration_since(self.ports.clock.now()));
            tokio::select! {
                biased;
                () = &mut cancelled => {
                    self.stop().await;
                    break;
                }
                Some(answer) = self.spending.next() => self.answered(answer),
                Some(answer) = self.asked.next() => self.answered(answer),
                () = pause(sleep), if sleep.is_some() => {}
            }
        }
        self.done.into_iter().flatten().collect()
    }

    /// Wants a turn for the connection's next question, or finishes it.
    fn queue(&mut self, index: usize, not_before: Timestamp) {
        let Some(running) = self.running.get_mut(index) else { return };
        let turn = running.checking.as_ref().map_or(Turn::Done, Checking::next);
        match turn {
            Turn::Ask { not_before: own, .. } => {
                let at = own.max(not_before);
                self.turns.wants(index, &running.account, at);
                let now = self.ports.clock.now();
                if at.duration_since(now) > TOLD_WAIT
                    && let Some(checking) = &running.checking
                {
                    let name = checking.subject().connection.name.clone();
                    (self.tell)(CheckEvent::Waiting { name, until: at });
                }
            }
            Turn::Done => self.finish(index),
        }
    }

    /// Starts what may start; says when more may.
    fn start(&mut self) -> Option<Timestamp> {
        loop {
            match self.turns.next(self.ports.clock.now()) {
                Next::Go(index) => self.ask(index),
                Next::Wait(until) => return Some(until),
                Next::Idle => return None,
            }
        }
    }

    fn ask(&mut self, index: usize) {
        let Some(running) = self.running.get_mut(index) else { return };
        let turn = running.checking.as_ref().map_or(Turn::Done, Checking::next);
        let Turn::Ask { question, .. } = turn else {
            self.turns.ended(&running.account);
            return self.finish(index);
        };
        let service = question.service();
        if let Some(why) = self.turns.refuses(&running.account, service) {
            self.turns.ended(&running.account);
            return self.take(index, Answer::NotAsked(why));
        }
        running.tries += 1;
        if !std::mem::replace(&mut running.started, true)
            && let Some(checking) = &running.checking
        {
            (self.tell)(CheckEvent::Started { name: checking.subject().connection.name.clone() });
        }
        let spends = question.spends();
        let carried = carry(self.ports.clone(), question);
        let future: Asked = Box::pin(async move { (index, service, carried.await) });
        if spends { self.spending.push(future) } else { self.asked.push(future) }
    }

    fn answered(&mut self, (index, service, answer): (usize, Option<Service>, Answer)) {
        let now = self.ports.clock.now();
        let Some(running) = self.running.get(index) else { return };
        self.turns.ended(&running.account);
        match self.turns.judge(&running.account, service, answer, running.tries, now) {
            Verdict::Again(at) => self.queue(index, at),
            Verdict::Take(answer) => self.take(index, *answer),
        }
    }

    fn take(&mut self, index: usize, answer: Answer) {
        let now = self.ports.clock.now();
        if let Some(running) = self.running.get_mut(index) {
            running.tries = 0;
            if let Some(checking) = &mut running.checking {
                checking.answered(answer, now);
            }
        }
        self.queue(index, Timestamp::MIN);
    }

    fn finish(&mut self, index: usize) {
        let now = self.ports.clock.now();
        let checking = self.running.get_mut(index).and_then(|running| running.checking.take());
        if let (Some(checking), Some(done)) = (checking, self.done.get_mut(index)) {
            let checked = checking.finish(now);
            *done = Some(checked.clone());
            (self.tell)(CheckEvent::Finished(Box::new(checked)));
        }
    }

    /// Nothing more is asked. What was begun and spends something comes to its end.
    async fn stop(&mut self) {
        self.asked.clear();
        while let Some((index, _, answer)) = self.spending.next().await {
            let now = self.ports.clock.now();
            if let Some(checking) = self.running.get_mut(index).and_then(|running| running.checking.as_mut())
            {
                checking.answered(answer, now);
            }
        }
        for index in 0..self.running.len() {
            if let Some(checking) = self.running.get_mut(index).and_then(|running| running.checking.as_mut())
            {
                checking.stop();
            }
            self.finish(index);
        }
    }
}

fn randomness(ports: &CheckPorts) -> Result<Randomness, String> {
    let bytes = || ports.entropy.bytes();
    Ok(Randomness([bytes()?, bytes()?, bytes()?]))
}

async fn pause(time: Option<SignedDuration>) {
    let time = time.and_then(|time| Duration::try_from(time).ok()).unwrap_or_default();
    tokio::time::sleep(time).await;
}

/// Carries one question to its port.
async fn carry(ports: CheckPorts, question: Question) -> Answer {
    match question.into_request() {
        Request::Token(request) => Answer::Token(ports.zoom.token(request).await),
        Request::Read(read) => Answer::Read(ports.zoom.read(read).await),
        Request::Preflight(request) => Answer::Preflight(ports.zoom.preflight(request).await),
        Request::Renew(request) => match &ports.tokens {
            Ok(tokens) => Answer::Renewed(tokens.renewer.renew(request).await),
            Err(failure) => Answer::Renewed(Renewal::Store(failure.clone())),
        },
        Request::Look(key) => match ports.tokens {
            Ok(TokenPorts { store, .. }) => {
                let looked = tokio::task::spawn_blocking(move || store.look(&key)).await;
                Answer::Looked(looked.unwrap_or_else(|_| Err(ended_early())))
            }
            Err(failure) => Answer::Looked(Err(failure)),
        },
    }
}

fn ended_early() -> StoreFailure {
    StoreFailure::Io { message: "reading the tokens ended early".to_owned() }
}
