//! The desk: requests from `tiny_http` in, answers out, and the one login that may be waiting for its end.

use super::head::Head;
use super::judge::{Expected, Verdict};
use super::page::{Answer, Page, Tone};
use super::{Limits, Reporter, lock};
use crate::ports::{CallbackOutcome, CallbackPage};
use crate::secret::Secret;
use std::io::Write;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Header by which the guard marks what it passed on; nothing else may reach the desk.
pub(super) const PASS_FIELD: &str = "X-Guard-Pass";

type Writer = Box<dyn Write + Send>;

/// State shared by the thread that receives, the control and the guard.
pub(super) struct Desk {
    expected: Expected,
    pass: String,
    limits: Limits,
    reporter: Reporter,
    stage: Mutex<Stage>,
    follow_up: Mutex<FollowUp>,
    follow_up_changed: Condvar,
}

/// How far the one login is.
enum Stage {
    /// No callback yet.
    Waiting,
    /// It is here and its browser waits for the end.
    Held { code: Option<Secret>, writer: Writer, until: Instant },
    /// The end took too long; the browser was told to look at the terminal.
    Late { code: Option<Secret> },
    /// The end is known.
    Answered { code: Option<Secret>, page: Page },
}

/// The visit to the clean address that follows the redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FollowUp {
    NotExpected,
    Expected,
}

impl Stage {
    /// Takes the waiting browser out, if there is one; the caller says what comes then.
    fn take_held(&mut self) -> Option<(Option<Secret>, Writer)> {
        match std::mem::replace(self, Self::Waiting) {
            Self::Held { code, writer, .. } => Some((code, writer)),
            other @ (Self::Waiting | Self::Late { .. } | Self::Answered { .. }) => {
                *self = other;
                None
            }
        }
    }
}

impl Desk {
    pub(super) fn new(expected: Expected, pass: String, limits: Limits, reporter: Reporter) -> Self {
        Self {
            expected,
            pass,
            limits,
            reporter,
            stage: Mutex::new(Stage::Waiting),
            follow_up: Mutex::new(FollowUp::NotExpected),
            follow_up_changed: Condvar::new(),
        }
    }

    pub(super) fn done_path(&self) -> &str {
        &self.expected.done_path
    }

    /// Receives until `stopping` says so after a wake-up. Blocks; has a thread of its own.
    pub(super) fn work(&self, server: &tiny_http::Server, stopping: &dyn Fn() -> bool) {
        loop {
            let received = match self.hold_left() {
                None => server.recv().ok(),
                Some(left) => server.recv_timeout(left).ok().flatten(),
            };
            if stopping() {
                return;
            }
            self.end_long_hold();
            if let Some(request) = received {
                self.receive(request);
            }
        }
    }

    /// Time until the waiting browser gets an interim answer.
    fn hold_left(&self) -> Option<Duration> {
        match &*lock(&self.stage) {
            Stage::Held { until, .. } => Some(until.saturating_duration_since(Instant::now())),
            Stage::Waiting | Stage::Late { .. } | Stage::Answered { .. } => None,
        }
    }

    /// Tells a browser that waited too long to look at the terminal. Nothing is claimed.
    fn end_long_hold(&self) {
        let mut stage = lock(&self.stage);
        if !matches!(&*stage, Stage::Held { until, .. } if *until <= Instant::now()) {
            return;
        }
        if let Some((code, writer)) = stage.take_held() {
            *stage = Stage::Late { code };
            let text = "The login arrived and zoom-setup is not finished with it yet. \
                        The terminal shows how it ends; this tab can be closed.";
            send(writer, &Answer::page(202, Page::new(Tone::Calm, "Still working", text)).bytes(true));
        }
    }

    fn receive(&self, request: tiny_http::Request) {
        let passed = request
            .headers()
            .iter()
            .any(|header| header.field.equiv(PASS_FIELD) && header.value.as_str() == self.pass.as_str());
        let head = Head {
            method: request.method().to_string(),
            target: request.url().to_owned(),
            fields: request
                .headers()
                .iter()
                .map(|header| {
                    (header.field.as_str().as_str().to_ascii_lowercase(), header.value.as_str().to_owned())
                })
                .collect(),
        };
        let writer = request.into_writer();
        // Without the pass it did not come through the guard; it gets no word, only the end.
        if !passed {
            return;
        }
        let with_body = head.method != "HEAD";
        match self.expected.judge(&head) {
            Verdict::Refused(refusal) => {
                self.reporter.ignored(refusal.line(&head));
                send(writer, &refusal.answer().bytes(with_body));
            }
            Verdict::FollowUp => {
                let page = match &*lock(&self.stage) {
                    Stage::Answered { page, .. } => Answer::page(200, page.clone()),
                    Stage::Waiting | Stage::Held { .. } | Stage::Late { .. } => Answer::page(
                        404,
                        Page::new(
                            Tone::Calm,
                            "Nothing here yet",
                            "The login is not finished; the terminal shows it.",
                        ),
                    ),
                };
                send(writer, &page.bytes(with_body));
            }
            Verdict::Callback(outcome) => self.callback(outcome, writer),
        }
    }

    /// The right state. The first one is the login, all others are told so.
    fn callback(&self, outcome: CallbackOutcome, writer: Writer) {
        let code = match &outcome {
            CallbackOutcome::Code(code) => Some(code.clone()),
            CallbackOutcome::Error { .. } => None,
        };
        let mut stage = lock(&self.stage);
        let (known, page) = match &*stage {
            Stage::Waiting => {
                let until = Instant::now() + self.limits.hold;
                *stage = Stage::Held { code, writer, until };
                drop(stage);
                self.reporter.arrived(outcome);
                return;
            }
            Stage::Held { code, .. } | Stage::Late { code } => (code, None),
            Stage::Answered { code, page } => (code, Some(page)),
        };
        let other = known.is_some() && code.is_some() && *known != code;
        let status = if other { 409 } else { 200 };
        let answer = Answer::page(status, already_done(page));
        drop(stage);
        let why =
            if other { "the login already arrived with another code" } else { "the login already arrived" };
        self.reporter.ignored(format!("GET {} ignored ({status}): {why}", self.expected.path));
        send(writer, &answer.bytes(true));
    }

    /// Ends the login: the browser that waits is sent to the clean address, where `page` is.
    pub(super) fn answer(&self, page: &CallbackPage) {
        let page = Page::final_page(page);
        let mut stage = lock(&self.stage);
        if let Some((code, writer)) = stage.take_held() {
            *stage = Stage::Answered { code, page: page.clone() };
            *lock(&self.follow_up) = FollowUp::Expected;
            // 303 after the exchange, so that no code stays in the address bar (RFC 9700 section 4.3.1); a
            // history that keeps redirects keeps a spent one. The page is in the body too, for who does not follow.
            let location = Some(self.expected.done_path.clone());
            send(writer, &Answer { status: 303, location, page: Some(page) }.bytes(true));
            return;
        }
        match &mut *stage {
            // Finished another way (pasted): a later visit is told so.
            Stage::Waiting => *stage = Stage::Answered { code: None, page },
            Stage::Late { code } => *stage = Stage::Answered { code: code.take(), page },
            // The first end counts.
            Stage::Held { .. } | Stage::Answered { .. } => {}
        }
    }

    /// Gives up: a browser that still waits is told.
    pub(super) fn abandon(&self) {
        let mut stage = lock(&self.stage);
        if let Some((code, writer)) = stage.take_held() {
            let text = "zoom-setup stopped waiting before this login was finished. The terminal says why.";
            let page = Page::new(Tone::Bad, "The wizard stopped", text);
            *stage = Stage::Answered { code, page: page.clone() };
            send(writer, &Answer::page(503, page).bytes(true));
        }
    }

    /// The guard's word that the follow-up was served, or that nobody is there to make one.
    pub(super) fn follow_up_over(&self) {
        *lock(&self.follow_up) = FollowUp::NotExpected;
        self.follow_up_changed.notify_all();
    }

    /// Waits for the follow-up, if one is expected, at most [`Limits::follow_up`].
    pub(super) fn await_follow_up(&self) {
        let waiting = lock(&self.follow_up);
        drop(self.follow_up_changed.wait_timeout_while(waiting, self.limits.follow_up, |follow_up| {
            *follow_up == FollowUp::Expected
        }));
    }

    /// For the guard: a connection that did not even become a request.
    pub(super) fn report_ignored(&self, line: String) {
        self.reporter.ignored(line);
    }
}

/// The page for a callback that comes again: how the login ended, or that it has not yet.
fn already_done(end: Option<&Page>) -> Page {
    match end {
        Some(page) => Page::new(page.tone, format!("Already done: {}", page.heading), page.text.as_str()),
        None => Page::new(
            Tone::Calm,
            "Already done",
            "This login arrived once and is being worked on. The terminal shows how it ends.",
        ),
    }
}

/// Writes an answer into the private connection to the guard, whose buffer holds it whole. That the
/// other end is gone is no concern of the desk.
fn send(mut writer: Writer, bytes: &[u8]) {
    let _ = writer.write_all(bytes).and_then(|()| writer.flush());
}
