//! The guard in front of `tiny_http`.
//!
//! `tiny_http` 0.12 reads heads without a limit on time, length or number, starts threads without a
//! bound, ends its accept loop for good on the first error of `accept`, panics where a peer reset its
//! connection before it was looked at, and reads an announced body into memory when a request is dropped.
//! So the guard owns the public port: it bounds connections and time, reads one head with [`HeadReader`],
//! and passes a request on in clean form over the private way. What comes back it carries to the
//! client. A client that is slow, silent or gone costs one bounded thread and nothing else.

use super::desk::{Desk, PASS_FIELD};
use super::head::{BadHead, Head, HeadReader, Progress};
use super::page::{Answer, Page, Tone};
use super::private::Private;
use super::{Limits, lock};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Stack of a connection's thread in bytes; its buffers are on the heap.
const STACK: usize = 256 * 1024;
/// Requests that are with `tiny_http` at once; each costs four descriptors, and running out of them would
/// end it. The one that is held is among them.
const PASSED_LIMIT: usize = 12;
/// An answer of the desk is far below this many bytes.
const ANSWER_LIMIT: u64 = 256 * 1024;
/// How much a client may still send after its answer before the connection is cut, in bytes.
const LINGER_BYTES: u64 = 1024 * 1024;
/// Time limit of a write to a client, and of the wait for a client to read its answer and close.
const WRITE_LIMIT: Duration = Duration::from_secs(5);
const LINGER_LIMIT: Duration = Duration::from_secs(1);
/// How long a connection may take for its request, or its client for the answer, before it makes room for a new one.
/// In a flood the connections wait in the system's queue, so the honest request is there when its turn comes.
const GRACE: Duration = Duration::from_millis(50);
/// How long a new connection waits for room. It waits in the system's queue otherwise, so this is no loss to it.
const ROOM_LIMIT: Duration = Duration::from_secs(1);
/// Pause after `accept` failed, unless a connection ends first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long stopping tries to wake `accept`, and the pause between two tries.
const STOP_LIMIT: Duration = Duration::from_secs(2);
const WAKE_PAUSE: Duration = Duration::from_millis(50);
/// What helps where a request could not be taken.
const RELOAD: &str = "Reload this page.";
/// How long stopping waits for answers that are on their way.
const ANSWERS_LIMIT: Duration = Duration::from_millis(500);

/// The running guard. [`Guard::stop`] frees the port.
pub(super) struct Guard {
    gate: Arc<Gate>,
    address: SocketAddr,
    /// Disconnects when the port is closed.
    closed: Receiver<()>,
    accepting: Option<JoinHandle<()>>,
}

/// What the guard's threads share.
struct Gate {
    desk: Arc<Desk>,
    private: Private,
    pass: String,
    limits: Limits,
    stopping: AtomicBool,
    connections: Mutex<Connections>,
    ended: Condvar,
    /// How many requests are with `tiny_http`.
    passed: Mutex<usize>,
    returned: Condvar,
}

#[derive(Default)]
struct Connections {
    next: u64,
    open: BTreeMap<u64, Open>,
}

struct Open {
    stream: Arc<TcpStream>,
    phase: Phase,
    /// When that began.
    since: Instant,
}

/// Where a connection stands. One that nobody has looked at, or that is being answered, may not make room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Queued,
    Reading,
    Answering,
    Lingering,
}

impl Guard {
    /// Takes over a bound listener.
    pub(super) fn start(
        listener: TcpListener,
        desk: Arc<Desk>,
        private: Private,
        pass: String,
        limits: Limits,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let gate = Arc::new(Gate {
            desk,
            private,
            pass,
            limits,
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
            ended: Condvar::new(),
            passed: Mutex::new(0),
            returned: Condvar::new(),
        });
        // Two threads, since starting a thread takes longer than opening a connection: if `accept` waited
        // for it, a burst would overflow the system's queue, and the honest browser would have to retry.
        let (admitted, to_serve) = mpsc::channel();
        let (open, closed) = mpsc::channel();
        let named = |name: &str| thread::Builder::new().name(name.to_owned()).stack_size(STACK);
        {
            let gate = Arc::clone(&gate);
            named("callback-serve").spawn(move || to_serve.iter().for_each(|id| gate.start_serving(id)))?;
        }
        let accepting = {
            let gate = Arc::clone(&gate);
            named("callback-accept").spawn(move || {
                gate.accept(&listener, &admitted);
                drop(listener);
                drop(open);
            })?
        };
        Ok(Self { gate, address, closed, accepting: Some(accepting) })
    }

    /// Closes the port, lets answers under way reach their clients, and cuts everything else.
    pub(super) fn stop(&mut self) {
        let Some(accepting) = self.accepting.take() else { return };
        self.gate.stopping.store(true, Ordering::SeqCst);
        self.gate.cut(|phase| phase == Phase::Queued || phase == Phase::Reading);
        self.gate.ended.notify_all();
        // `accept` blocks; a connection of our own wakes it. Without descriptors that may fail at first.
        let until = Instant::now() + STOP_LIMIT;
        while Instant::now() < until {
            drop(TcpStream::connect_timeout(&self.address, STOP_LIMIT));
            if self.closed.recv_timeout(WAKE_PAUSE) == Err(RecvTimeoutError::Disconnected) {
                let _ = accepting.join();
                break;
            }
        }
        let connections = lock(&self.gate.connections);
        drop(self.gate.ended.wait_timeout_while(connections, ANSWERS_LIMIT, |connections| {
            connections.open.values().any(|open| open.phase == Phase::Answering)
        }));
        self.gate.cut(|_| true);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Gate {
    /// Accepts until told to stop. No error ends it: the honest callback may be next.
    fn accept(&self, listener: &TcpListener, admitted: &Sender<u64>) {
        loop {
            let accepted = listener.accept();
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            match accepted {
                Ok((stream, _)) => {
                    // Serving ends only after accepting, so somebody receives it.
                    let _ = self.admit(stream).map(|id| admitted.send(id));
                }
                Err(error) if is_of_one_connection(error.kind()) => {}
                Err(_) => {
                    // Descriptors or memory are used up. Free one and wait for its end.
                    let mut connections = lock(&self.connections);
                    connections.cut_oldest();
                    drop(self.ended.wait_timeout(connections, ACCEPT_PAUSE));
                }
            }
        }
    }

    /// Enters a connection; the oldest one that has had its time makes room. `None`: no room.
    fn admit(&self, stream: TcpStream) -> Option<u64> {
        let until = Instant::now() + ROOM_LIMIT;
        let mut connections = lock(&self.connections);
        while connections.open.len() >= self.limits.connections && !connections.cut_oldest() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stopping.load(Ordering::SeqCst) {
                return None;
            }
            connections = self
                .ended
                .wait_timeout(connections, left.min(GRACE))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        connections.next += 1;
        let id = connections.next;
        let open = Open { stream: Arc::new(stream), phase: Phase::Queued, since: Instant::now() };
        connections.open.insert(id, open);
        Some(id)
    }

    /// Gives a connection a thread, unless it was cut in the meantime.
    fn start_serving(self: &Arc<Self>, id: u64) {
        let Some(stream) = lock(&self.connections).open.get(&id).map(|open| Arc::clone(&open.stream)) else {
            return;
        };
        let gate = Arc::clone(self);
        let started = thread::Builder::new().name("callback-connection".to_owned()).stack_size(STACK).spawn(
            move || {
                // A client that breaks off is no error of this program.
                let _ = gate.serve(id, &stream);
                drop(stream);
                gate.forget(id);
            },
        );
        if started.is_err() {
            self.forget(id);
        }
    }

    fn forget(&self, id: u64) {
        lock(&self.connections).open.remove(&id);
        self.ended.notify_all();
    }

    fn enter(&self, id: u64, phase: Phase) {
        if let Some(open) = lock(&self.connections).open.get_mut(&id) {
            open.phase = phase;
            open.since = Instant::now();
        }
        self.ended.notify_all();
    }

    fn cut(&self, which: impl Fn(Phase) -> bool) {
        for open in lock(&self.connections).open.values().filter(|open| which(open.phase)) {
            let _ = open.stream.shutdown(Shutdown::Both);
        }
    }

    /// One connection: one head in, one answer out.
    fn serve(&self, id: u64, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_LIMIT))?;
        self.enter(id, Phase::Reading);
        let reading = self.read_head(stream)?;
        self.enter(id, Phase::Answering);
        match reading {
            Reading::Nothing => return Ok(()),
            Reading::Unfinished => {
                self.desk.report_seen("A connection was ignored (408): its request never ended".to_owned());
                let text = "The request did not end in time.";
                deliver(stream, &Answer::page(408, Page::new(Tone::Calm, "Too slow", text, "")).bytes(true))?;
            }
            Reading::Bad(bad) => {
                self.desk.report_seen(bad.line());
                deliver(stream, &bad.answer().bytes(true))?;
            }
            Reading::Head(head) => {
                let answer = self.ask_desk(&head).unwrap_or_else(|_| {
                    let text = "zoom-setup could not take this request.";
                    Answer::page(503, Page::new(Tone::Bad, "Not available", text, RELOAD)).bytes(true)
                });
                self.deliver_to_browser(stream, &head, &answer)?;
            }
        }
        self.enter(id, Phase::Lingering);
        linger(stream)
    }

    /// Reads one head, within the limits of size and time.
    fn read_head(&self, stream: &TcpStream) -> io::Result<Reading> {
        let until = Instant::now() + self.limits.head;
        let mut reader = HeadReader::default();
        let mut buffer = vec![0_u8; 4096];
        let mut stream = stream;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let got = if left.is_zero() {
                Err(ErrorKind::TimedOut.into())
            } else {
                stream.set_read_timeout(Some(left))?;
                stream.read(&mut buffer)
            };
            match got {
                Ok(0) => return Ok(Reading::Nothing),
                Ok(count) => match reader.push(&buffer[..count]) {
                    Progress::More => {}
                    Progress::Complete(head) => return Ok(Reading::Head(head)),
                    Progress::Bad(bad) => return Ok(Reading::Bad(bad)),
                },
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A silent connection is what a browser opens in advance; nothing to say about it.
                Err(error) if is_timeout(error.kind()) && reader.is_untouched() => {
                    return Ok(Reading::Nothing);
                }
                Err(error) if is_timeout(error.kind()) => return Ok(Reading::Unfinished),
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes a head on when it is its turn. The others take no time, so the wait is short.
    fn ask_desk(&self, head: &Head) -> io::Result<Vec<u8>> {
        let full = |passed: &mut usize| *passed >= PASSED_LIMIT;
        let mut passed = self
            .returned
            .wait_timeout_while(lock(&self.passed), WRITE_LIMIT, full)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        if full(&mut passed) {
            return Err(ErrorKind::TimedOut.into());
        }
        *passed += 1;
        drop(passed);
        let answer = self.pass_on(head);
        *lock(&self.passed) -= 1;
        self.returned.notify_one();
        answer
    }

    /// Sends a head in clean form and waits for the answer, which may be held for a while.
    fn pass_on(&self, head: &Head) -> io::Result<Vec<u8>> {
        let mut stream = self.private.connect(self.limits.hold + WRITE_LIMIT)?;
        let mut clean = format!("{} {} HTTP/1.1\r\n", head.method, head.target);
        for (name, value) in &head.fields {
            clean.push_str(&format!("{name}: {value}\r\n"));
        }
        clean.push_str(&format!("{PASS_FIELD}: {}\r\nConnection: close\r\n\r\n", self.pass));
        stream.write_all(clean.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(ANSWER_LIMIT).read_to_end(&mut answer)?;
        if answer.is_empty() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
    }

    /// Carries the desk's answer to the client, and tells the desk what became of the follow-up.
    fn deliver_to_browser(&self, stream: &TcpStream, head: &Head, answer: &[u8]) -> io::Result<()> {
        let sends_away = answer.starts_with(b"HTTP/1.1 303 ");
        if sends_away && is_gone(stream) {
            self.desk.follow_up_over();
        }
        let delivered = deliver(stream, answer);
        let is_follow_up = head.target == self.desk.done_path() && answer.starts_with(b"HTTP/1.1 200 ");
        if is_follow_up || (sends_away && delivered.is_err()) {
            self.desk.follow_up_over();
        }
        delivered
    }
}

impl Connections {
    /// Cuts the oldest connection that has had its time; its thread then ends by itself.
    fn cut_oldest(&mut self) -> bool {
        let had_its_time = |open: &Open| match open.phase {
            Phase::Queued | Phase::Answering => false,
            Phase::Reading | Phase::Lingering => open.since.elapsed() >= GRACE,
        };
        let oldest = self.open.iter().find(|(_, open)| had_its_time(open)).map(|(id, _)| *id);
        let Some(open) = oldest.and_then(|id| self.open.remove(&id)) else { return false };
        let _ = open.stream.shutdown(Shutdown::Both);
        true
    }
}

/// What reading a head came to.
enum Reading {
    /// The client closed, or never said a word.
    Nothing,
    /// It began and did not end in time.
    Unfinished,
    Bad(BadHead),
    Head(Head),
}

/// Writes an answer and says that nothing more will come.
fn deliver(mut stream: &TcpStream, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)
}

/// Reads on until the client closes, within limits. Closing with unread bytes would reset the
/// connection and could take the answer away from the client.
fn linger(mut stream: &TcpStream) -> io::Result<()> {
    let until = Instant::now() + LINGER_LIMIT;
    let mut buffer = vec![0_u8; 16 * 1024];
    let mut rest = LINGER_BYTES;
    while rest > 0 {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => break,
            count => rest = rest.saturating_sub(count as u64),
        }
    }
    Ok(())
}

/// Whether the client has closed its end; then nobody will follow a redirect.
fn is_gone(stream: &TcpStream) -> bool {
    let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0_u8; 1]));
    let blocking_again = stream.set_nonblocking(false);
    match peeked {
        Ok(count) => count == 0 || blocking_again.is_err(),
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Errors of `accept` that concern the connection, not the listener.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::BrokenPipe
    )
}
