//! The loopback listener for the callback (RFC 8252 section 7.3): [`TinyHttpListener`] behind
//! [`crate::ports::Listener`].
//!
//! ```text
//! browser ─▶ guard (public port: bounds, one clean head) ─▶ tiny_http ─▶ desk (judge, hold, answer) ─▶ events
//! ```
//!
//! The browser is answered after the exchange, never before: its request is held until
//! [`ListenerControl::answer`]. Only a request with the right path, method, `Host` and state counts;
//! everything else is answered, named in a line, and changes nothing. `GET /go` leads to the login that was
//! offered, for a person's own visit only.
//!
//! Dropping the [`Listening`] frees the port. If the login was just answered, the drop first waits for the
//! browser to fetch the final page, at most [`Limits::follow_up`]; so drop it where blocking for that long
//! does no harm.

mod desk;
mod guard;
mod head;
mod judge;
mod page;
mod port;
mod private;

use crate::ports::{
    CallbackEvent, CallbackOutcome, CallbackPage, ListenFailure, ListenRequest, Listener, ListenerControl,
    Listening,
};
use desk::Desk;
use guard::Guard;
use judge::Expected;
use private::Private;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::mpsc;

/// Most lines about requests that one listener sends.
const LINES_LIMIT: usize = 200;

/// Bounds of the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. One more makes the oldest go that has had its time and is not being answered.
    pub connections: usize,
    /// Time from accepting a connection to the end of its request head.
    pub head: Duration,
    /// How long the browser is held for the end of the exchange before it is told to look at the terminal.
    pub hold: Duration,
    /// How long a drop waits for the browser to fetch the final page after the answer.
    pub follow_up: Duration,
}

impl Default for Limits {
    /// 64 connections, 10 s for a head, 60 s of holding, 2 s for the final page.
    fn default() -> Self {
        Self {
            connections: 64,
            head: Duration::from_secs(10),
            hold: Duration::from_secs(60),
            follow_up: Duration::from_secs(2),
        }
    }
}

/// Catches the callback on 127.0.0.1 with `tiny_http`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TinyHttpListener {
    /// Bounds; the default suits a person at a browser.
    pub limits: Limits,
}

impl Listener for TinyHttpListener {
    fn listen(&self, request: ListenRequest) -> Result<Listening, ListenFailure> {
        let other = |what: &str| {
            let what = what.to_owned();
            move |error: &dyn std::fmt::Display| ListenFailure::Other { detail: format!("{what}: {error}") }
        };
        // Bound before anything else: from here on a callback waits in the system's queue.
        let (listener, bound) = port::bind(&request.ports)?;
        let opened = Private::open().map_err(|error| other("the private socket")(&error))?;
        let server = tiny_http::Server::from_listener(opened.listener, None)
            .map_err(|error| other("the HTTP server")(&error))?;
        let mut pass = [0_u8; 16];
        getrandom::fill(&mut pass).map_err(|error| other("randomness")(&error))?;
        let pass: String = pass.iter().map(|byte| format!("{byte:02x}")).collect();

        let (sender, events) = mpsc::unbounded_channel();
        let expected = Expected {
            port: bound.port,
            done_path: format!("{}/done", request.path.trim_end_matches('/')),
            path: request.path,
            state: request.state,
            issuer: request.issuer,
        };
        let reporter = Reporter { sender, lines: AtomicUsize::new(0) };
        let desk = Arc::new(Desk::new(expected, pass.clone(), self.limits, reporter));
        let server = Arc::new(server);
        let stopping = Arc::new(AtomicBool::new(false));
        let working = {
            let (desk, server, stopping) = (Arc::clone(&desk), Arc::clone(&server), Arc::clone(&stopping));
            thread::Builder::new()
                .name("callback-desk".to_owned())
                .spawn(move || desk.work(&server, &|| stopping.load(Ordering::SeqCst)))
                .map_err(|error| other("a thread")(&error))?
        };
        let mut control = Control {
            desk: Arc::clone(&desk),
            guard: None,
            stopping,
            working: Some(working),
            server,
            _directory: opened.directory,
        };
        let guard = Guard::start(listener, desk, opened.private, pass, self.limits);
        control.guard = Some(guard.map_err(|error| other("a thread")(&error))?);
        Ok(Listening { bound, events, control: Box::new(control) })
    }
}

/// Answers the browser that waits; its drop stops the threads and frees the port.
struct Control {
    desk: Arc<Desk>,
    guard: Option<Guard>,
    stopping: Arc<AtomicBool>,
    working: Option<JoinHandle<()>>,
    /// The last owner once the desk's thread has ended, so `tiny_http` ends with this drop.
    server: Arc<tiny_http::Server>,
    /// Goes after the server.
    _directory: Option<tempfile::TempDir>,
}

impl ListenerControl for Control {
    fn offer_login(&self, url: &str) {
        self.desk.offer_login(url);
    }

    fn answer(&self, page: CallbackPage) {
        self.desk.answer(page);
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.desk.abandon();
        self.desk.await_follow_up();
        if let Some(mut guard) = self.guard.take() {
            guard.stop();
        }
        self.stopping.store(true, Ordering::SeqCst);
        self.server.unblock();
        if let Some(working) = self.working.take() {
            let _ = working.join();
        }
    }
}

/// Sends events. Lines are bounded: a flood of requests must not fill the memory.
struct Reporter {
    sender: mpsc::UnboundedSender<CallbackEvent>,
    lines: AtomicUsize,
}

impl Reporter {
    fn seen(&self, line: String) {
        let before = self.lines.fetch_add(1, Ordering::Relaxed);
        if before <= LINES_LIMIT {
            let line = if before < LINES_LIMIT {
                line
            } else {
                format!("More than {LINES_LIMIT} requests came; further ones are not listed")
            };
            // Nobody reads any more when the receiver is gone; then there is nobody to tell.
            let _ = self.sender.send(CallbackEvent::Seen { line });
        }
    }

    fn arrived(&self, outcome: CallbackOutcome) {
        let _ = self.sender.send(CallbackEvent::Arrived { outcome });
    }
}

/// A lock whose data stay usable after a panic elsewhere: they are replaced whole, never half.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
