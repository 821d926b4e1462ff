//! Chromium without a window, driven over the DevTools protocol. It speaks over two pipes (`--remote-debugging-pipe`):
//! one JSON text a message, ended by NUL. So there is no port to guess, and it ends when this program does.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. A browser starts slowly on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps it to this machine and to its profile: no name is resolved, no proxy asked, no service of the maker called.
pub const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Chromium, if it is installed; otherwise it is said that the test is skipped. `ZOOM_SETUP_E2E=require` makes that a
/// failure.
pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let found = std::env::split_paths(&path)
        .flat_map(|directory| names.map(|name| directory.join(name)))
        .find(|program| program.is_file());
    let required = std::env::var("ZOOM_SETUP_E2E").is_ok_and(|value| value == "require");
    assert!(found.is_some() || !required, "ZOOM_SETUP_E2E=require, and no Chromium on the PATH");
    if found.is_none() {
        println!("skipped: Chromium is not installed (ZOOM_SETUP_E2E=require makes this a failure)");
    }
    found
}

/// What has come from the browser.
#[derive(Default)]
struct Heard {
    messages: Vec<Value>,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Heard>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first message from `start` on that fits.
    #[track_caller]
    fn wait(&self, what: &str, start: usize, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut heard = self.lock();
        loop {
            if let Some(message) = heard.messages.iter().skip(start).find(|message| fits(message)) {
                return message.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !heard.ended, "waiting for {what}");
            heard = self.changed.wait_timeout(heard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A running browser with one tab. Dropping it ends the browser.
pub struct Chromium {
    child: Child,
    writer: Mutex<(ChildStdin, u64)>,
    shared: Arc<Shared>,
    /// The tab's session.
    session: String,
}

impl Chromium {
    /// Starts it with a profile of its own.
    pub fn start(program: &Path, profile: &Path) -> Self {
        // What it leaves in the temporary directory goes with the profile.
        std::fs::create_dir_all(profile).unwrap();
        // The browser wants its two pipes as descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh"])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(["--remote-debugging-pipe", "about:blank"])
            .env("TMPDIR", profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let writer = Mutex::new((child.stdin.take().unwrap(), 0));
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        let shared = Arc::new(Shared::default());
        let sink = Arc::clone(&shared);
        std::thread::spawn(move || {
            loop {
                let mut bytes = Vec::new();
                let count = reader.read_until(0, &mut bytes).unwrap_or(0);
                let mut heard = sink.lock();
                heard.ended = count == 0;
                bytes.pop();
                heard.messages.extend(serde_json::from_slice::<Value>(&bytes).ok());
                sink.changed.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        let mut browser = Self { child, writer, shared, session: String::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// A command to the tab, or to the browser while there is no tab. Gives its result.
    #[track_caller]
    fn call(&self, method: &str, parameters: Value) -> Value {
        let id = {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.1 += 1;
            let id = writer.1;
            let mut message = json!({ "id": id, "method": method, "params": parameters });
            if !self.session.is_empty() {
                message["sessionId"] = json!(self.session);
            }
            let mut bytes = serde_json::to_vec(&message).unwrap();
            bytes.push(0);
            writer.0.write_all(&bytes).unwrap();
            writer.0.flush().unwrap();
            id
        };
        let answer = self.shared.wait(method, 0, |message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// How many messages have come; what comes from now on has a higher place.
    fn mark(&self) -> usize {
        self.shared.lock().messages.len()
    }

    /// Types an address into the bar, so to speak, and waits until its page is there.
    #[track_caller]
    pub fn open(&self, address: &str) {
        let mark = self.mark();
        self.call("Page.navigate", json!({ "url": address }));
        self.shared.wait(address, mark, |message| message["method"] == "Page.loadEventFired");
    }

    /// Clicks the first element that fits, as a mouse does, and waits for the page that follows.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let place = self.evaluate(&format!(
            "(() => {{ const box = document.querySelector({selector:?}).getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        let mark = self.mark();
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 }),
            );
        }
        self.shared.wait(selector, mark, |message| message["method"] == "Page.loadEventFired");
    }

    /// The value of an expression in the page. The page's own policy does not forbid that.
    #[track_caller]
    pub fn evaluate(&self, expression: &str) -> Value {
        let result =
            self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// What the page shows.
    #[track_caller]
    pub fn text(&self) -> String {
        self.evaluate("document.body.innerText").as_str().unwrap().to_owned()
    }

    /// What the address bar shows.
    #[track_caller]
    pub fn address(&self) -> String {
        self.evaluate("location.href").as_str().unwrap().to_owned()
    }

    /// A screen of that size, in the light or the dark.
    pub fn dress(&self, width: u32, height: u32, phone: bool, dark: bool) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone }),
        );
        let scheme = if dark { "dark" } else { "light" };
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }

    /// From now on no page may run a script of its own.
    pub fn switch_scripts_off(&self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    }

    /// Writes what is seen to a PNG file.
    pub fn picture(&self, path: &Path) {
        use base64::Engine;
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// The addresses of everything that was fetched so far, redirects among them.
    pub fn fetched(&self) -> Vec<String> {
        self.told("Network.requestWillBeSent", |event| &event["request"]["url"])
    }

    /// Everything that the console shows as a warning or an error, breaches of the page's policy among them.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.told("Runtime.exceptionThrown", |event| &event["exceptionDetails"]["text"]);
        let heard = self.shared.lock();
        for message in &heard.messages {
            let (level, text) = if message["method"] == "Log.entryAdded" {
                (&message["params"]["entry"]["level"], &message["params"]["entry"]["text"])
            } else if message["method"] == "Runtime.consoleAPICalled" {
                (&message["params"]["type"], &message["params"]["args"])
            } else {
                continue;
            };
            if level == "error" || level == "warning" {
                out.push(text.as_str().map_or_else(|| text.to_string(), str::to_owned));
            }
        }
        out
    }

    fn told(&self, method: &str, what: impl Fn(&Value) -> &Value) -> Vec<String> {
        let heard = self.shared.lock();
        let events = heard.messages.iter().filter(|message| message["method"] == method);
        events.filter_map(|event| what(&event["params"]).as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its first process ends all others.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
