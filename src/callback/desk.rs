//! The desk: requests from `tiny_http` in, answers out, and the one login that may be waiting for its end.

use super::head::Head;
use super::judge::{Expected, Verdict, go_line};
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
    /// No callback yet; where [`super::judge::GO_PATH`] leads, once that is known.
    Waiting { offered: Option<String> },
    /// It is here and its browser waits for the end.
    Held { code: Option<Secret>, writer: Writer, until: Instant },
    /// The end took too long; the browser was told to look at the terminal.
    Late { code: Option<Secret> },
    /// The end is known.
    Answered { code: Option<Secret>, end: CallbackPage },
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
        match std::mem::replace(self, Self::Waiting { offered: None }) {
            Self::Held { code, writer, .. } => Some((code, writer)),
            other @ (Self::Waiting { .. } | Self::Late { .. } | Self::Answered { .. }) => {
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
            stage: Mutex::new(Stage::Waiting { offered: None }),
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
            Stage::Waiting { .. } | Stage::Late { .. } | Stage::Answered { .. } => None,
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
            let page = Page::new(
                Tone::Calm,
                "Still working",
                "The login arrived, and zoom-setup is not finished with it yet.",
                "Close this tab. The terminal shows how the login ends.",
            );
            send(writer, &Answer::page(202, page).cleaning_address().bytes(true));
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
                self.reporter.seen(refusal.line(&head));
                send(writer, &refusal.answer().bytes(with_body));
            }
            Verdict::FollowUp => {
                let page = match &*lock(&self.stage) {
                    Stage::Answered { end: CallbackPage::Expired, .. } => Answer::page(410, Page::over()),
                    Stage::Answered { end, .. } => Answer::page(200, Page::final_page(end)),
                    Stage::Waiting { .. } | Stage::Held { .. } | Stage::Late { .. } => Answer::page(
                        404,
                        Page::new(
                            Tone::Calm,
                            "Nothing here yet",
                            "The login is not finished.",
                            "Look at the terminal: it shows how far the login is.",
                        ),
                    ),
                };
                send(writer, &page.bytes(with_body));
            }
            Verdict::Go => {
                let answer = self.go();
                self.reporter.seen(go_line(answer.status));
                send(writer, &answer.bytes(with_body));
            }
            Verdict::Callback(outcome) => self.callback(outcome, writer),
        }
    }

    /// Where the short address leads: to the login that was offered, and nowhere else.
    fn go(&self) -> Answer {
        match &*lock(&self.stage) {
            Stage::Waiting { offered: Some(url) } => {
                let page =
                    Page::new(Tone::Calm, "On to the login", "Your browser is being sent to Zoom.", "");
                Answer::redirect(302, url.clone(), page)
            }
            Stage::Waiting { offered: None } => Answer::page(
                404,
                Page::new(
                    Tone::Calm,
                    "No login yet",
                    "zoom-setup has not begun a login.",
                    "Look at the terminal, then reload this page.",
                ),
            ),
            Stage::Held { .. } | Stage::Late { .. } | Stage::Answered { .. } => {
                Answer::page(410, Page::over())
            }
        }
    }

    /// From now on [`super::judge::GO_PATH`] leads there, until the callback is here.
    pub(super) fn offer_login(&self, url: &str) {
        // It becomes a field of an answer; an address is printable ASCII (RFC 3986 section 2).
        if let Stage::Waiting { offered } = &mut *lock(&self.stage)
            && !url.is_empty()
            && url.bytes().all(|byte| byte.is_ascii_graphic())
        {
            *offered = Some(url.to_owned());
        }
    }

    /// The right state. The first one is the login, all others are told so.
    fn callback(&self, outcome: CallbackOutcome, writer: Writer) {
        let code = match &outcome {
            CallbackOutcome::Code(code) => Some(code.clone()),
            CallbackOutcome::Error { .. } => None,
        };
        let mut stage = lock(&self.stage);
        let (known, end) = match &*stage {
            Stage::Waiting { .. } => {
                let until = Instant::now() + self.limits.hold;
                *stage = Stage::Held { code, writer, until };
                drop(stage);
                self.reporter.arrived(outcome);
                return;
            }
            Stage::Held { code, .. } | Stage::Late { code } => (code, None),
            Stage::Answered { code, end } => (code, Some(end)),
        };
        let other = known.is_some() && code.is_some() && *known != code;
        let expired = matches!(end, Some(CallbackPage::Expired));
        let (status, why) = if expired {
            (410, "the time of this login is over")
        } else if other {
            (409, "the login already arrived with another code")
        } else {
            (200, "the login already arrived")
        };
        let answer = Answer::page(status, Page::again(end));
        // The address of an expired login stays as it is: the terminal still takes it by paste.
        let answer = if expired { answer } else { answer.cleaning_address() };
        drop(stage);
        self.reporter.seen(format!("GET {} ignored ({status}): {why}", self.expected.path));
        send(writer, &answer.bytes(true));
    }

    /// Ends the login: the browser that waits is sent to the clean address, where `page` is.
    pub(super) fn answer(&self, end: CallbackPage) {
        let mut stage = lock(&self.stage);
        if let Some((code, writer)) = stage.take_held() {
            let page = Page::final_page(&end);
            let expired = end == CallbackPage::Expired;
            *stage = Stage::Answered { code, end };
            if expired {
                // In place, since its address can still be pasted.
                send(writer, &Answer::page(410, page).bytes(true));
                return;
            }
            *lock(&self.follow_up) = FollowUp::Expected;
            // 303 after the exchange, so that no code stays in the address bar (RFC 9700 section 4.3.1); a
            // history that keeps redirects keeps a spent one. The page is in the body too, for who does not follow.
            let answer = Answer::redirect(303, self.expected.done_path.clone(), page);
            send(writer, &answer.bytes(true));
            return;
        }
        match &mut *stage {
            // Finished another way (pasted): a later visit is told so.
            Stage::Waiting { .. } => *stage = Stage::Answered { code: None, end },
            Stage::Late { code } => *stage = Stage::Answered { code: code.take(), end },
            // The first end counts.
            Stage::Held { .. } | Stage::Answered { .. } => {}
        }
    }

    /// Gives up: a browser that still waits is told.
    pub(super) fn abandon(&self) {
        let mut stage = lock(&self.stage);
        if let Some((code, writer)) = stage.take_held() {
            let end = CallbackPage::Failed {
                heading: "The wizard stopped".to_owned(),
                cause: "zoom-setup stopped waiting before this login was finished.".to_owned(),
                next: "Go back to the terminal: it says why.".to_owned(),
            };
            let page = Page::final_page(&end);
            *stage = Stage::Answered { code, end };
            send(writer, &Answer::page(503, page).cleaning_address().bytes(true));
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
    pub(super) fn report_seen(&self, line: String) {
        self.reporter.seen(line);
    }
}

/// Writes an answer into the private connection to the guard, whose buffer holds it whole. That the
/// other end is gone is no concern of the desk.
fn send(mut writer: Writer, bytes: &[u8]) {
    let _ = writer.write_all(bytes).and_then(|()| writer.flush());
}
