//! Every page of the callback as a person sees it: its words, in the light and the dark, on a desk and on a phone;
//! nothing fetched but the page itself, no complaint in the console, and no code left in the address bar.
//! The pictures are in `target/pages`.

use super::chromium::{Chromium, installed};
use super::home::Home;
use rstest::rstest;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zoom_setup::callback::{Limits, TinyHttpListener};
use zoom_setup::ports::{CallbackEvent, CallbackPage, ListenRequest, Listener, ListenerControl, Listening};
use zoom_setup::secret::Secret;

const STATE: &str = "state_of_the_login";
const CODE: &str = "code_of_the_login";

/// Width and height, whether it is a phone, and the name.
const SCREENS: [(u32, u32, bool, &str); 3] =
    [(1280, 800, false, "desk"), (390, 844, true, "phone"), (320, 568, true, "small-phone")];

struct Stage {
    browser: Chromium,
    control: Option<Box<dyn ListenerControl>>,
    events: tokio::sync::mpsc::UnboundedReceiver<CallbackEvent>,
    port: u16,
    _home: Home,
}

impl Stage {
    fn new(limits: Limits) -> Option<Self> {
        let program = installed()?;
        let home = Home::new();
        let browser = Chromium::start(&program, &home.path("profile"));
        let request = ListenRequest {
            ports: Vec::new(),
            path: "/callback".to_owned(),
            state: Secret::new(STATE),
            issuer: "https://zoom.us".to_owned(),
        };
        let Listening { bound, events, control } = TinyHttpListener { limits }.listen(request).unwrap();
        Some(Self { browser, control: Some(control), events, port: bound.port, _home: home })
    }

    fn url(&self, target: &str) -> String {
        format!("http://127.0.0.1:{}{target}", self.port)
    }

    fn callback(&self, answer: &str) -> String {
        self.url(&format!("/callback?{answer}&state={STATE}"))
    }

    /// The login comes back, and the program answers that.
    fn ends_with(&mut self, answer: &str, page: CallbackPage) {
        let url = self.callback(answer);
        let (events, control) = (&mut self.events, self.control.as_ref().unwrap());
        std::thread::scope(|scope| {
            let visit = scope.spawn(|| self.browser.open(&url));
            while let Some(event) = events.blocking_recv() {
                if matches!(event, CallbackEvent::Arrived { .. }) {
                    break;
                }
            }
            control.answer(page);
            visit.join().unwrap();
        });
    }

    /// Looks at the page that is open, from every side.
    #[track_caller]
    fn looks_right(&self, name: &str, address: &str, words: &[&str]) {
        assert_eq!(self.browser.address(), self.url(address));
        let text = self.browser.text();
        for word in words {
            assert!(text.contains(word), "{word:?} is not in {text:?}");
        }
        assert!(!text.contains("{{"), "{text}");
        let html = self.browser.evaluate("document.documentElement.outerHTML").to_string();
        assert!(!html.contains(CODE) && !html.contains(STATE), "{html}");
        let mut colours = Vec::new();
        for dark in [false, true] {
            for (width, height, phone, screen) in SCREENS {
                self.browser.dress(width, height, phone, dark);
                let wide = self.browser.evaluate("document.documentElement.scrollWidth").as_u64().unwrap();
                assert!(wide <= u64::from(width), "{wide} wide on {width}");
                let small = "[...document.querySelectorAll('h1, p, footer')].filter(element => \
                             parseFloat(getComputedStyle(element).fontSize) < 14).length";
                assert_eq!(self.browser.evaluate(small), 0, "text that is too small to read");
                let shade = if dark { "dark" } else { "light" };
                self.browser.picture(&picture(&format!("{name}-{screen}-{shade}")));
            }
            colours.push(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        }
        assert_ne!(colours[0], colours[1], "light and dark are the same");
        for url in self.browser.fetched() {
            let own = url == "about:blank" || url.starts_with("data:") || url.starts_with(&self.url("/"));
            assert!(own, "{url} was fetched");
            assert!(!url.ends_with(".ico") && !url.ends_with(".css") && !url.ends_with(".js"), "{url}");
        }
        // That a page has the status of a failure is said by the browser itself.
        let complaints = self.browser.complaints();
        let of_status =
            |line: &&String| line.starts_with("Failed to load resource: the server responded with");
        assert_eq!(complaints.iter().filter(|line| !of_status(line)).collect::<Vec<_>>(), [""; 0]);
    }
}

fn picture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("pages").join(format!("{name}.png"))
}

fn failure_in_markup() -> CallbackPage {
    CallbackPage::Failed {
        heading: "The login's code is too old <img src=x onerror=alert(1)>".to_owned(),
        cause: "Zoom's codes are good for five minutes & once. <script>document.title='x'</script>"
            .to_owned(),
        next: "Press r in the terminal to log in again.".to_owned(),
    }
}

#[rstest]
// Rows B09, B10, B16 of docs/callback-rows.md.
#[case::success(
    "success", "code=CODE", CallbackPage::Done, &["Zoom login finished", "Close this tab", "your terminal"]
)]
// Row B10 of docs/callback-rows.md.
#[case::declined(
    "declined", "error=access_denied", CallbackPage::Declined,
    &["The login was declined", "No token was issued", "press r to begin again", "press Allow"]
)]
// Row B17 of docs/callback-rows.md.
#[case::failed("failed", "code=CODE", failure_in_markup(), &["is too old <img", "<script>document.title='x'", "Press r in the"])]
fn an_ended_login(
    #[case] name: &str,
    #[case] answer: &str,
    #[case] end: CallbackPage,
    #[case] words: &[&str],
) {
    let Some(mut stage) = Stage::new(Limits::default()) else { return };
    stage.ends_with(&answer.replace("CODE", CODE), end);
    // The browser was sent on: the code is not in the bar, and going back does not bring it there.
    stage.looks_right(name, "/callback/done", words);
    assert_ne!(stage.browser.evaluate("document.title"), "x");
}

// Rows B10, W03 of docs/callback-rows.md.
#[test]
fn a_login_that_is_done_already() {
    let Some(mut stage) = Stage::new(Limits::default()) else { return };
    stage.ends_with(&format!("code={CODE}"), CallbackPage::Done);
    stage.browser.open(&stage.callback(&format!("code={CODE}")));
    stage.looks_right(
        "already-done",
        "/callback/done",
        &["Already done: Zoom login finished", "Close this tab and go back to the terminal"],
    );
}

// Row B10 of docs/callback-rows.md.
#[test]
fn an_answer_of_another_login() {
    let Some(stage) = Stage::new(Limits::default()) else { return };
    stage.browser.open(&stage.url(&format!("/callback?code={CODE}&state=another")));
    stage.looks_right(
        "wrong-state",
        "/callback/done",
        &[
            "This answer is of another login",
            "older tab",
            "still waits for the newest login",
            "Close this tab",
        ],
    );
}

#[test]
fn an_answer_that_is_too_late() {
    let Some(stage) = Stage::new(Limits::default()) else { return };
    stage.control.as_ref().unwrap().answer(CallbackPage::Expired);
    stage.browser.open(&stage.callback(&format!("code={CODE}")));
    // The one page whose address keeps the code: it can still be pasted.
    stage.looks_right(
        "expired",
        &format!("/callback?code={CODE}&state={STATE}"),
        &["This login took too long", "press r to begin a new login", "copy the address of this page"],
    );
}

// Row B10 of docs/callback-rows.md.
#[test]
fn an_exchange_that_takes_long() {
    let Some(stage) = Stage::new(Limits { hold: Duration::ZERO, ..Limits::default() }) else { return };
    stage.browser.open(&stage.callback(&format!("code={CODE}")));
    stage.looks_right(
        "still-working",
        "/callback/done",
        &["Still working", "The terminal shows how the login ends"],
    );
}

#[rstest]
#[case::nothing_here("nothing-here", "/", "/", &["Nothing here", "shows the address to open"])]
#[case::not_yet("not-yet", "/callback/done", "/callback/done", &["Nothing here yet", "Look at the terminal"])]
#[case::damaged(
    "damaged", "/callback?code=CODE&code=b&state=STATE", "/callback/done",
    &["This answer is damaged", "still waits", "open the address that the terminal shows"]
)]
#[case::no_code("no-code", "/callback?state=STATE", "/callback/done", &["carries no code", "still waits"])]
#[case::not_from_zoom(
    "not-from-zoom", "/callback?code=CODE&state=STATE&iss=https://example.com", "/callback/done",
    &["This answer is not from Zoom", "names another server"]
)]
#[case::no_login_yet("no-login-yet", "/go", "/go", &["No login yet", "reload this page"])]
fn a_page_on_the_way(
    #[case] name: &str,
    #[case] target: &str,
    #[case] address: &str,
    #[case] words: &[&str],
) {
    let Some(stage) = Stage::new(Limits::default()) else { return };
    stage.browser.open(&stage.url(&target.replace("CODE", CODE).replace("STATE", STATE)));
    stage.looks_right(name, address, words);
}

/// The short address: typed it leads to the login, from a foreign page it does not.
#[test]
fn the_short_address() {
    let Some(stage) = Stage::new(Limits::default()) else { return };
    // The login stands for itself: a page of the listener that is there anyway.
    let login = stage.url("/callback/done");
    stage.control.as_ref().unwrap().offer_login(&login);
    stage.browser.open(&format!("data:text/html,<a href='{}'>a foreign page</a>", stage.url("/go")));
    stage.browser.click("a");
    stage.looks_right(
        "go-from-a-foreign-page",
        "/go",
        &["Not from another page", "type the address into the address bar yourself"],
    );
    stage.browser.open(&stage.url("/go"));
    assert_eq!(stage.browser.address(), login);
}

/// No script is needed: without, the page says the same.
#[test]
fn without_scripts_the_page_says_the_same() {
    let Some(stage) = Stage::new(Limits::default()) else { return };
    stage.browser.switch_scripts_off();
    stage.browser.open(&stage.url(&format!("/callback?code={CODE}&state=another")));
    let text = stage.browser.text();
    assert!(text.contains("This answer is of another login") && text.contains("Close this tab"), "{text}");
}
