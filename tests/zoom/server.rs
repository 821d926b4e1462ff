//! A server on loopback that does exactly what a test says, and notes what it gets.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use zoom_setup::oauth::authorize::{Cloud, Endpoints};

/// What the server does after it has read a request.
pub enum Then {
    /// The connection stays open for the next request.
    Keep,
    /// The connection is closed.
    Close,
}

/// A server that notes what it gets.
pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `respond` gets the number of the request (from 1), the request and the connection.
    pub fn start(respond: impl Fn(usize, &str, &mut TcpStream) -> Then + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let respond = Arc::new(respond);
        let thread = thread::spawn({
            let (requests, connections, stop) =
                (Arc::clone(&requests), Arc::clone(&connections), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    connections.fetch_add(1, Ordering::SeqCst);
                    let (requests, respond) = (Arc::clone(&requests), Arc::clone(&respond));
                    thread::spawn(move || serve(stream.unwrap(), &requests, respond.as_ref()));
                }
            }
        });
        Self { address, requests, connections, stop, thread: Some(thread) }
    }

    /// A server that always gives the same answer and closes.
    pub fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(move |_, _, stream| {
            let _ = stream.write_all(answer.as_bytes());
            Then::Close
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn endpoints(&self) -> Endpoints {
        Endpoints::parse(Some(&self.url()), Some(&self.url()), Cloud::Zoom).unwrap()
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<String>>,
    respond: &(dyn Fn(usize, &str, &mut TcpStream) -> Then + Send + Sync),
) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    while let Some(request) = read_request(&mut stream) {
        let number = {
            let mut requests = requests.lock().unwrap();
            requests.push(request.clone());
            requests.len()
        };
        match respond(number, &request, &mut stream) {
            Then::Keep => {}
            Then::Close => {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }
}

/// One request with its body, or `None` at the end of the connection.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0; 1];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(|text| text.trim().to_owned())
        })
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

pub fn json(status: &str, body: &str) -> String {
    with_headers(status, "Content-Type: application/json;charset=UTF-8\r\n", body)
}

pub fn with_headers(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
