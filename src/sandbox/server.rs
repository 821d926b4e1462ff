//! HTTP on loopback: tiny_http behind a cable, one thread a request, answers written whole with `Connection: close`
//! (tiny_http drops that header from its own responses).

use super::cable::{Cable, Plug};
use super::message::{Answer, Call, Delivery, Method};
use super::page;
use super::service::Service;
use jiff::Timestamp;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Largest body that is read, in bytes.
const BODY_LIMIT: u64 = 64 * 1024;
/// Requests answered at the same time; more are turned away.
const REQUESTS_AT_ONCE: usize = 64;

/// Set once, to end every wait.
#[derive(Default)]
struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits. `true` if the end came first.
    fn wait(&self, limit: Duration) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, _) =
            self.changed.wait_timeout_while(set, limit, |set| !*set).unwrap_or_else(PoisonError::into_inner);
        *set
    }
}

/// The running server. Dropping it ends every wait and frees the port.
pub(super) struct Server {
    inner: Arc<tiny_http::Server>,
    dispatcher: Option<JoinHandle<()>>,
    stop: Arc<Stop>,
    /// Holds the public port.
    cable: Option<Cable>,
}

/// What the threads of the server share.
#[derive(Clone)]
struct Desk {
    service: Arc<Service>,
    plug: Plug,
    stop: Arc<Stop>,
    late: Duration,
    /// The only `Host` that is answered.
    host: String,
    busy: Arc<AtomicUsize>,
}

/// Binds the port, or any free one, on 127.0.0.1.
pub(super) fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

impl Server {
    /// Serves on a bound listener; `late` is how long a late answer is held back.
    pub(super) fn start(listener: TcpListener, service: Arc<Service>, late: Duration) -> io::Result<Self> {
        let public = listener.local_addr()?;
        let plug = Plug::default();
        let behind = bind(0)?;
        let cable = Cable::lay(listener, behind.local_addr()?.port(), plug.clone())?;
        let inner = Arc::new(tiny_http::Server::from_listener(behind, None).map_err(io::Error::other)?);
        let stop = Arc::new(Stop::default());
        let desk = Desk {
            service,
            plug,
            stop: Arc::clone(&stop),
            late,
            host: public.to_string(),
            busy: Arc::default(),
        };
        let receiver = Arc::clone(&inner);
        let dispatcher = Builder::new().name("sandbox".to_owned()).spawn(move || {
            while let Ok(request) = receiver.recv() {
                desk.dispatch(request);
            }
        })?;
        Ok(Self { inner, dispatcher: Some(dispatcher), stop, cable: Some(cable) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.set();
        self.inner.unblock();
        if let Some(dispatcher) = self.dispatcher.take() {
            let _ = dispatcher.join();
        }
        drop(self.cable.take());
    }
}

/// Counts a request in until dropped.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Desk {
    /// Gives the request a thread of its own, so that a slow sender or a late answer holds up nobody.
    fn dispatch(&self, request: tiny_http::Request) {
        let seat = Seat(Arc::clone(&self.busy));
        if self.busy.fetch_add(1, Ordering::SeqCst) >= REQUESTS_AT_ONCE {
            let answer = Answer::token_refusal(503, "Too many requests at once", "temporarily_unavailable");
            // Nobody to tell when the client is gone.
            let _ = write(request, &answer, self.service.clock.now());
            return;
        }
        let desk = self.clone();
        // Without a thread the request is dropped, which tiny_http answers with 500.
        let _ = Builder::new().name("sandbox request".to_owned()).spawn(move || {
            desk.serve(request);
            drop(seat);
        });
    }

    fn serve(&self, mut request: tiny_http::Request) {
        let answer = match read(&mut request, &self.host) {
            Ok(call) => self.service.answer(&call),
            Err(refusal) => refusal,
        };
        let at_once = match answer.delivery {
            Delivery::AtOnce => true,
            Delivery::Late => !self.stop.wait(self.late),
            Delivery::Cut => {
                if let Some(client) = request.remote_addr() {
                    self.plug.pull(client.port());
                }
                true
            }
        };
        // An answer that is still held back when the sandbox ends goes out as an error, not as a success.
        let answer = if at_once { answer } else { page::error(503, "The sandbox has ended", "") };
        let _ = write(request, &answer, self.service.clock.now());
    }
}

/// Reads a request whole, or says what is wrong with it.
fn read(request: &mut tiny_http::Request, host: &str) -> Result<Call, Answer> {
    let values = |name: &'static str| -> Vec<String> {
        let named = request.headers().iter().filter(|header| header.field.equiv(name));
        named.map(|header| header.value.as_str().to_owned()).collect()
    };
    // Any other name may be a web page's that was pointed at this machine (DNS rebinding).
    if values("Host").as_slice() != [host] {
        return Err(page::error(421, "Wrong host", "The sandbox answers under its own address only."));
    }
    let authorization = values("Authorization");
    let content_type = values("Content-Type")
        .first()
        .map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let chunked = !values("Transfer-Encoding").is_empty();
    let (path, query) = match request.url().split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (request.url().to_owned(), None),
    };
    let method = if *request.method() == tiny_http::Method::Get {
        Method::Get
    } else if *request.method() == tiny_http::Method::Post {
        Method::Post
    } else {
        Method::Other
    };
    if chunked {
        return Err(Answer::token_refusal(411, "Content-Length required", "invalid_request"));
    }
    let too_large = || Answer::token_refusal(413, "Request too large", "invalid_request");
    if request.body_length().is_some_and(|length| length as u64 > BODY_LIMIT) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    if request.as_reader().take(BODY_LIMIT).read_to_end(&mut body).is_err() {
        return Err(Answer::token_refusal(400, "Bad Request", "invalid_request"));
    }
    Ok(Call { method, path, query, authorization, content_type, body })
}

fn write(request: tiny_http::Request, answer: &Answer, now: Timestamp) -> io::Result<()> {
    let head_only = *request.method() == tiny_http::Method::Head;
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let fixed = [
        ("Date", date),
        ("Content-Type", answer.content_type.to_owned()),
        ("Content-Length", answer.body.len().to_string()),
        ("Cache-Control", "no-store".to_owned()),
        ("Referrer-Policy", "no-referrer".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
        ("Connection", "close".to_owned()),
    ];
    // What the answer brings of its own counts: the date of a clock that is off.
    let own = |name: &str| answer.headers.iter().any(|(named, _)| *named == name);
    let fixed = fixed.iter().filter(|(name, _)| !own(name));
    for (name, value) in fixed.chain(&answer.headers) {
        let value: String = value.chars().filter(|character| !character.is_control()).collect();
        head.push_str(name);
        head.push_str(": ");
        head.push_str(&value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut writer = request.into_writer();
    writer.write_all(head.as_bytes())?;
    if !head_only {
        writer.write_all(&answer.body)?;
    }
    writer.flush()
}

/// Reason phrases of the statuses in use.
fn reason(status: u16) -> &'static str {
    tiny_http::StatusCode(status).default_reason_phrase()
}
