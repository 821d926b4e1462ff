//! A check as the screen asks for it: prepared by the store's thread, carried beside the screen, its results brought in
//! batches, and remembered at its end.

use super::check::{CheckEvent, CheckPorts, TokenPorts, check};
use super::store_thread::CheckStore;
use super::{JournaledRenewer, Renewals};
use crate::app::message::{Msg, Ticket};
use crate::check::{CheckOptions, CheckReport, Limits};
use crate::ports::{Clock, Entropy, Zoom};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Pause between two batches of results: the screen is drawn anew for each.
const BATCH: Duration = Duration::from_millis(50);

/// What a check needs.
pub struct CheckWorld {
    pub zoom: Arc<dyn Zoom>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub store: CheckStore,
    pub renewals: Renewals,
}

/// A check that was begun.
pub struct CheckUnderWay {
    /// Its drop stops the check.
    go_on: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl CheckUnderWay {
    /// Nothing more is asked. A refresh that was begun is brought to its end, and what is known is remembered.
    pub fn stop(&mut self) {
        self.go_on = None;
    }

    /// Whether nothing of it is under way any more.
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Stops it and waits until it is over.
    pub async fn ended(mut self) {
        self.stop();
        // Fails only if it panicked, which is reported by itself.
        let _ = self.task.await;
    }
}

/// Begins a check.
pub fn start(
    world: CheckWorld,
    ticket: Ticket,
    names: Vec<String>,
    options: CheckOptions,
    results: mpsc::UnboundedSender<Msg>,
) -> CheckUnderWay {
    let (go_on, stopped) = oneshot::channel();
    let task = tokio::spawn(run(world, ticket, names, options, results, stopped));
    CheckUnderWay { go_on: Some(go_on), task }
}

async fn run(
    world: CheckWorld,
    ticket: Ticket,
    names: Vec<String>,
    options: CheckOptions,
    results: mpsc::UnboundedSender<Msg>,
    stopped: oneshot::Receiver<()>,
) {
    // The receiver of the results is gone only when the program ends; then nobody waits for them.
    let send = |msg| drop(results.send(msg));
    let prepared = match world.store.prepare(names).await {
        Ok(prepared) => prepared,
        Err(failure) => return send(Msg::CheckEnded { ticket, result: Err(failure) }),
    };
    let ports = CheckPorts {
        zoom: Arc::clone(&world.zoom),
        tokens: prepared.tokens.map(|store| TokenPorts {
            renewer: Arc::new(JournaledRenewer::new(
                Arc::clone(&store),
                world.zoom,
                Arc::clone(&world.clock),
                world.renewals,
            )),
            store,
        }),
        clock: world.clock,
        entropy: world.entropy,
    };
    let (sender, inbox) = mpsc::unbounded_channel();
    let many = prepared.subjects.len() > 1;
    let checking = async {
        let mut tell = |event| match event {
            CheckEvent::Finished(checked) => drop(sender.send(checked.report)),
            CheckEvent::Started { .. } | CheckEvent::Waiting { .. } => {}
        };
        // Both ends of the channel mean the same: stop.
        let stopped = async { drop(stopped.await) };
        let checked = check(&ports, prepared.subjects, options, Limits::default(), stopped, &mut tell).await;
        drop(sender);
        checked
    };
    let (checked, ()) = tokio::join!(checking, forward(inbox, ticket, many, &results));
    let recorded = world.store.record(checked).await;
    send(Msg::CheckEnded { ticket, result: Ok(()) });
    if let Err(failure) = recorded {
        send(Msg::StoreFailed(failure));
    }
}

/// Brings results on, several at once where they come quickly.
async fn forward(
    mut inbox: mpsc::UnboundedReceiver<CheckReport>,
    ticket: Ticket,
    many: bool,
    results: &mpsc::UnboundedSender<Msg>,
) {
    while let Some(first) = inbox.recv().await {
        let mut reports = vec![first];
        while let Ok(next) = inbox.try_recv() {
            reports.push(next);
        }
        let _ = results.send(Msg::Checked { ticket, reports });
        if many {
            tokio::time::sleep(BATCH).await;
        }
    }
}
