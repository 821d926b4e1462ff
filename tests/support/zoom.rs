//! `zoom-setup sandbox` as a process of its own, and a browser that presses Allow.

use super::home::{Home, PATIENCE, signal};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// What an admin registers for the receivers of the tests, and for the test login.
const REDIRECTS: [&str; 3] = [
    "https://dev12345.service-now.com/oauth_redirect.do",
    "https://integrator.io/connection/oauth2callback",
    "http://127.0.0.1/callback",
];

/// A stand-alone sandbox. Dropping it ends it.
pub struct StandAlone {
    child: Child,
    pub url: String,
    /// `General app: Client ID` and so on, as printed.
    introduction: String,
}

impl StandAlone {
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child =
            home.command(&[&["sandbox"], arguments].concat()).stdin(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut introduction = String::new();
        // The Server-to-Server app comes last, and its secret is its last line.
        while introduction.matches("Client Secret").count() < 2 {
            let line =
                lines.next().unwrap_or_else(|| panic!("the sandbox ended early: {introduction}")).unwrap();
            introduction.push_str(&line);
            introduction.push('\n');
        }
        let (_, rest) = introduction.split_once("--oauth-url ").unwrap();
        let url = rest.split_whitespace().next().unwrap().to_owned();
        // Whatever else it says is read, so that it never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let zoom = Self { child, url, introduction };
        zoom.register(&REDIRECTS);
        zoom
    }

    /// Enters redirect URLs on the app page, as an admin does.
    pub fn register(&self, redirects: &[&str]) {
        let page = exchange(&format!("{}/", self.url), None).body;
        let after = |mark: &str, end: &str| {
            let (_, rest) = page.split_once(mark).unwrap_or_else(|| panic!("{mark}: {page}"));
            rest.split(end).next().unwrap().to_owned()
        };
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("key", &after("name=\"key\" value=\"", "\""))
            .append_pair("app", "general")
            .append_pair("redirect_url", redirects[0])
            .append_pair("allow_list", &redirects.join("\n"))
            .append_pair("scopes", &after("name=\"scopes\" rows=\"6\">", "</textarea>"))
            .append_pair("public_client", "on")
            .finish();
        assert_eq!(exchange(&format!("{}/", self.url), Some(&form)).status, 200);
    }

    /// The options that point a wizard here.
    pub fn options(&self) -> [&str; 4] {
        ["--oauth-url", &self.url, "--api-url", &self.url]
    }

    /// The nth value under that label, from the top.
    pub fn value(&self, label: &str, nth: usize) -> &str {
        let mut lines = self.introduction.lines().filter_map(|line| line.trim().strip_prefix(label));
        lines.nth(nth).unwrap_or_else(|| panic!("{label} in {}", self.introduction)).trim()
    }

    /// Ends it by a signal; gives the exit code.
    pub fn end(mut self, name: &str) -> Option<i32> {
        signal(self.child.id(), name);
        self.child.wait().unwrap().code()
    }
}

impl Drop for StandAlone {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, `Location` if any, body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// One HTTP exchange with a loopback address, as a browser without cookies does it.
pub fn exchange(url: &str, form: Option<&str>) -> Answer {
    let url = url::Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let (method, body) = form.map_or(("GET", ""), |form| ("POST", form));
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut bytes = Vec::new();
    // An answer is whole even if the end of the connection is abrupt.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    Answer { status, location, body: body.to_owned() }
}

/// Opens the authorize address and presses Allow. Returns the address that Zoom sends the browser to.
pub fn consent(authorize_url: &str) -> String {
    let mut page = exchange(authorize_url, None);
    if let Some(sign_in) = page.location.take_if(|location| location.contains("/oauth/signin?")) {
        page = exchange(&sign_in, None);
    }
    if let Some(location) = page.location {
        return location;
    }
    let (_, rest) = page.body.split_once("name=\"ticket\"").unwrap_or_else(|| panic!("{page:?}"));
    let ticket = rest.split('"').nth(1).unwrap();
    let base = authorize_url.split('?').next().unwrap();
    let answer = exchange(base, Some(&format!("ticket={ticket}&decision=allow")));
    if let Some(location) = answer.location.clone() {
        return location;
    }
    // In a rehearsal nothing leaves this machine: the page shows where the browser would be.
    let landing = answer.body.split("<code>").find(|part| part.contains("?code="));
    let address = landing.and_then(|part| part.split("</code>").next());
    address.unwrap_or_else(|| panic!("no way back from the consent page: {answer:?}")).replace("&amp;", "&")
}
