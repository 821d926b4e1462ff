//! A stand-in for the admin's browser: a small HTTP client that follows redirects on loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;
use url::Url;
use zoom_setup::ports::Browser;
use zoom_setup::secret::Secret;

/// Where a visit ended.
#[derive(Clone, Debug)]
pub struct Landing {
    /// What the address bar shows.
    pub address: String,
    /// 0 where nothing answers.
    pub status: u16,
    pub page: String,
}

/// How far the browser gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Loopback is this machine: a redirect to the listener arrives.
    Loopback,
    /// The browser is on another machine: a redirect to loopback or to the receiver ends on an error page, with the
    /// address in the bar.
    Elsewhere,
    /// It does not open at all.
    Nothing,
}

pub struct TestBrowser {
    pub reach: Mutex<Reach>,
    landings: Mutex<Vec<Landing>>,
}

impl TestBrowser {
    pub fn new() -> Self {
        Self { reach: Mutex::new(Reach::Loopback), landings: Mutex::new(Vec::new()) }
    }

    pub fn set(&self, reach: Reach) {
        *self.reach.lock().unwrap() = reach;
    }

    pub fn landings(&self) -> Vec<Landing> {
        self.landings.lock().unwrap().clone()
    }

    fn visit(&self, address: &str, reach: Reach) -> Landing {
        let mut url = Url::parse(address).unwrap();
        let zoom = url.origin();
        for _hop in 0..5 {
            let local = url.scheme() == "http" && url.host_str() == Some("127.0.0.1");
            if !local || (url.origin() != zoom && reach == Reach::Elsewhere) {
                return Landing { address: url.into(), status: 0, page: String::new() };
            }
            let (status, location, page) = get(&url);
            match location {
                Some(location) => url = url.join(&location).unwrap(),
                None => return Landing { address: url.into(), status, page },
            }
        }
        panic!("too many redirects from {address}");
    }
}

impl Browser for TestBrowser {
    fn open(&self, url: &str) -> Result<Option<Secret>, String> {
        let reach = *self.reach.lock().unwrap();
        if reach == Reach::Nothing {
            return Err("no browser here".to_owned());
        }
        let landing = self.visit(url, reach);
        self.landings.lock().unwrap().push(landing);
        Ok(None)
    }
}

/// Status, `Location` and body. Status 0 where the connection ends without an answer.
pub fn get(url: &Url) -> (u16, Option<String>, String) {
    let authority = format!("127.0.0.1:{}", url.port().unwrap());
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let Ok(mut stream) = TcpStream::connect(&authority) else { return (0, None, String::new()) };
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let mut bytes = Vec::new();
    if stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut bytes)).is_err() {
        return (0, None, String::new());
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return (0, None, String::new()) };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    (status, location, body.to_owned())
}
