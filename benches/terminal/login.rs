//! A whole login without a terminal, by a file of answers, against a sandbox here; the benchmark itself is
//! the browser.

use crate::process::{self, mebibytes};
use crate::spread::Spread;
use crate::{Failure, Table};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zoom_setup::procedure::AppKind;
use zoom_setup::sandbox::{AppConfiguration, Consent, Sandbox, SandboxOptions};
use zoom_setup::system::{SystemClock, SystemEntropy};

/// Logins that are timed.
const LOGINS: usize = 30;
/// Logins whose memory is watched; that takes time itself.
const WATCHED: usize = 5;
/// Addresses that a browser follows for one login, at most.
const REDIRECTS: usize = 8;

/// The port that a login tries first, as it stands in the address.
const FIRST_PORT: &str = "127.0.0.1%3A28473";

const SCOPES: [&str; 6] = [
    "report:read:user:admin",
    "dashboard:read:list_meeting_participants_qos:admin",
    "dashboard:read:meeting_participant_qos:admin",
    "dashboard:read:list_zoomrooms:admin",
    "dashboard:read:issues_zoomroom:admin",
    "user:read:user:admin",
];

/// Measures logins with a Zoom of their own, and whole rehearsals.
pub fn measure(table: &mut Table, binary: &Path, directory: &Path) -> Result<(), Failure> {
    let mut options = SandboxOptions::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    options.consent = Consent::Automatic;
    let sandbox = Sandbox::start(options)?;
    let redirect = "https://dev12345.service-now.com/oauth_redirect.do".to_owned();
    sandbox.configure(
        AppKind::General,
        AppConfiguration {
            redirect_url: Some(redirect.clone()),
            allow_list: vec![redirect, "http://127.0.0.1/callback".to_owned()],
            scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            ..AppConfiguration::default()
        },
    );
    let app = sandbox.app_page(AppKind::General);
    let answers = directory.join("answers.toml");
    let text = format!(
        "app_name = \"DEX for Zoom\"\nconnection_name = \"DEX for Zoom\"\ninstance = \"dev12345\"\n\
         client_id = \"{}\"\nclient_secret = \"{}\"\nsecret_token = \"{}\"\nscopes = \"required\"\n\
         manual_steps = \"done\"\nauthorize = \"loopback\"\nafter_login = \"revoke\"\n",
        app.client_id,
        app.client_secret.expose(),
        app.secret_token.as_ref().map_or("", |token| token.expose()),
    );
    std::fs::write(&answers, text)?;
    let job = Job { binary, data: directory.join("login"), answers, sandbox: &sandbox };

    let (mut listening, mut done, mut elsewhere) = (Vec::new(), Vec::new(), 0);
    for _login in 0..LOGINS {
        let times = job.run(&mut |_process| {})?;
        listening.push(times.listening);
        done.push(times.done);
        elsewhere += usize::from(!times.first_port);
    }
    // Who holds the first port is looked up for the message, which takes a while.
    if elsewhere > 0 {
        table.row("unattended login: first port was taken", "", format!("{elsewhere} of {LOGINS} times"));
    }
    table.row("unattended login: start to listening", "<= 10 ms", Spread::of(listening).to_string());
    table.row("unattended login: start to done", "<= ortie, 32 ms", Spread::of(done).to_string());

    let mut highest = None;
    for _login in 0..WATCHED {
        job.run(&mut |process| highest = highest.max(process::peak(process)))?;
    }
    let figure = highest.map_or_else(|| "not known here".to_owned(), mebibytes);
    table.row("unattended login: peak memory", "<= 10 MiB", figure);

    let mut rehearsals = Vec::new();
    for _rehearsal in 0..LOGINS / 3 {
        let begun = Instant::now();
        let status = job.rehearsal().status()?;
        if !status.success() {
            return Err(format!("a rehearsal ended with {status}").into());
        }
        rehearsals.push(begun.elapsed());
    }
    table.row("unattended rehearsal, its own Zoom included", "", Spread::of(rehearsals).to_string());
    Ok(())
}

struct Job<'a> {
    binary: &'a Path,
    data: PathBuf,
    answers: PathBuf,
    sandbox: &'a Sandbox,
}

struct Times {
    listening: Duration,
    done: Duration,
    /// Whether the port that is tried first could be had.
    first_port: bool,
}

impl Job<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.binary);
        command.args(["new", "servicenow-dex", "--store", "memory", "--answers"]).arg(&self.answers);
        command.arg("--data-dir").arg(&self.data);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn rehearsal(&self) -> Command {
        let mut command = self.command();
        command.arg("--rehearse").env_remove("BROWSER").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command
    }

    /// One login. `watch` is called until it has ended.
    fn run(&self, watch: &mut dyn FnMut(u32)) -> Result<Times, Failure> {
        let mut command = self.command();
        command.args(["--oauth-url", self.sandbox.oauth_url(), "--api-url", self.sandbox.api_url()]);
        // A browser that does nothing: the real one here reads the address from the talk.
        command.env("BROWSER", "true").stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn()?;
        let outcome = self.accompany(&mut child, begun, watch);
        if outcome.is_err() {
            // It may have ended by itself; either way nothing is left of it.
            let _ = child.kill();
            let _ = child.wait();
        }
        outcome
    }

    fn accompany(
        &self,
        child: &mut Child,
        begun: Instant,
        watch: &mut dyn FnMut(u32),
    ) -> Result<Times, Failure> {
        let mut talk = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let mut said = String::new();
        let url = loop {
            let mut line = String::new();
            if talk.read_line(&mut line)? == 0 {
                return Err(format!("the login did not begin: {said}").into());
            }
            watch(child.id());
            if let Some((_, url)) = line.split_once("in the browser: ") {
                break url.trim().to_owned();
            }
            said.push_str(&line);
        };
        // The line is written once the port listens.
        let listening = begun.elapsed();
        let first_port = url.contains(FIRST_PORT);
        let browser = std::thread::spawn(move || follow(&url).map_err(|error| error.to_string()));
        let mut buffer = [0; 1024];
        while let Ok(length @ 1..) = talk.read(&mut buffer) {
            said.push_str(&String::from_utf8_lossy(&buffer[..length]));
            watch(child.id());
        }
        let status = child.wait()?;
        let done = begun.elapsed();
        if !status.success() {
            return Err(format!("the login ended with {status}: {said}").into());
        }
        browser.join().map_err(|_| "the browser panicked")??;
        Ok(Times { listening, done, first_port })
    }
}

/// Follows an address and its redirects, as a browser would.
fn follow(url: &str) -> Result<(), Failure> {
    let mut url = url::Url::parse(url)?;
    for _redirect in 0..REDIRECTS {
        let port = url.port().ok_or("an address without a port")?;
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        let head = format!(
            "GET {}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n",
            url.path()
        );
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let location = answer
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("location"))
            .map(|(_, value)| value.trim().to_owned());
        match location {
            Some(location) => url = url.join(&location)?,
            None => return Ok(()),
        }
    }
    Err("too many redirects".into())
}
