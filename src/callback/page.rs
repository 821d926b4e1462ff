//! What the browser gets: one page template and the answer around it, written byte by byte, because
//! `tiny_http` drops a `Connection` header that is set on its own responses.

use crate::ports::CallbackPage;
use crate::secret::printable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use html_escape::encode_quoted_attribute;
use sha2::{Digest, Sha256};

const TEMPLATE: &str = include_str!("../../assets/pages/callback.html");

/// Takes the query out of the address bar of a page that came without a redirect: a code of another login may be
/// in it. The page needs no script otherwise; where none may run, the query stays.
const CLEAN_ADDRESS: &str = include_str!("../../assets/pages/callback.js");

/// Longest text of a field on the page, in characters.
const FIELD_LIMIT: usize = 600;

/// How a page looks: a mark and a colour. The mark carries the meaning without the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Calm,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Calm => "calm",
        }
    }

    const fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Bad => "!",
            Self::Calm => "…",
        }
    }
}

/// A page before it is HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub tone: Tone,
    pub heading: String,
    /// What happened.
    pub text: String,
    /// What to do now; empty where there is nothing to do.
    pub next: String,
}

impl Page {
    pub(super) fn new(
        tone: Tone,
        heading: impl Into<String>,
        text: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self { tone, heading: heading.into(), text: text.into(), next: next.into() }
    }

    /// The page at the end of a login.
    pub(super) fn final_page(page: &CallbackPage) -> Self {
        match page {
            CallbackPage::Done => Self::new(
                Tone::Good,
                "Zoom login finished",
                "Zoom granted the login, and zoom-setup has its token.",
                "Close this tab and go back to the terminal.",
            ),
            CallbackPage::Declined => Self::new(
                Tone::Bad,
                "The login was declined",
                "Zoom says that somebody pressed Decline, or that the signed-in user may not add this app. \
                 No token was issued.",
                "Go back to the terminal and press r to begin again. Sign in as a user who may add the app, and \
                 press Allow.",
            ),
            CallbackPage::Expired => Self::new(
                Tone::Bad,
                "This login took too long",
                "Its time was over before the browser came back, so zoom-setup did not take the answer by itself.",
                "Go back to the terminal and press r to begin a new login. Or copy the address of this page, press \
                 p there and paste it: its code is good for about five minutes.",
            ),
            CallbackPage::Failed { heading, cause, next } => {
                Self::new(Tone::Bad, heading.as_str(), cause.as_str(), next.as_str())
            }
        }
    }

    /// The page of an address that led to a login, or to its end, and does no more.
    pub(super) fn over() -> Self {
        Self::new(
            Tone::Calm,
            "This login is over",
            "It has come back to zoom-setup, or its time has run out.",
            "Look at the terminal: it shows how the login ended and how to begin another.",
        )
    }

    /// The page for a callback that comes again: how the login ended, or that it has not yet.
    pub(super) fn again(end: Option<&CallbackPage>) -> Self {
        match end {
            // That did not happen because of a first visit, so there is nothing to tell of one.
            Some(CallbackPage::Expired) => Self::final_page(&CallbackPage::Expired),
            Some(end) => {
                let page = Self::final_page(end);
                Self { heading: format!("Already done: {}", page.heading), ..page }
            }
            None => Self::new(
                Tone::Calm,
                "Already done",
                "This login has arrived before and is being worked on.",
                "Close this tab. The terminal shows how the login ends.",
            ),
        }
    }

    /// The page as HTML, every field escaped.
    fn html(&self, clean_address: bool) -> String {
        let script =
            if clean_address { format!("<script>{CLEAN_ADDRESS}</script>\n") } else { String::new() };
        let heading = encode_quoted_attribute(&printable(&self.heading, FIELD_LIMIT)).into_owned();
        let text = encode_quoted_attribute(&printable(&self.text, FIELD_LIMIT)).into_owned();
        let next = encode_quoted_attribute(&printable(&self.next, FIELD_LIMIT)).into_owned();
        // One pass: a field whose text looks like a placeholder is never filled in a second time.
        let mut html = String::with_capacity(TEMPLATE.len() + heading.len() * 2 + text.len());
        let mut rest = TEMPLATE;
        while let Some((before, after)) = rest.split_once("{{") {
            html.push_str(before);
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            html.push_str(match name {
                "heading" => &heading,
                "text" => &text,
                "next" => &next,
                "script" => &script,
                "tone" => self.tone.class(),
                "mark" => self.tone.mark(),
                _ => "",
            });
            rest = after;
        }
        html.push_str(rest);
        html
    }
}

/// The policy that admits the template's own style sheet and the script, if it is there, by their hashes, and
/// nothing else.
fn content_security_policy(clean_address: bool) -> String {
    let style = TEMPLATE
        .split_once("<style>")
        .and_then(|(_, after)| after.split_once("</style>"))
        .map_or("", |(style, _)| style);
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let script = if clean_address { format!("script-src {}; ", hash(CLEAN_ADDRESS)) } else { String::new() };
    format!(
        "default-src 'none'; style-src {}; {script}base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(style)
    )
}

/// An HTTP answer. Every one closes its connection and carries the hardening headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    /// Only on a redirect: a path of this listener or the login that was offered, never something from a request.
    pub location: Option<String>,
    /// `None`: an answer without content (204).
    pub page: Option<Page>,
    /// Whether the page takes the query out of the address bar.
    pub clean_address: bool,
}

impl Answer {
    pub(super) fn page(status: u16, page: Page) -> Self {
        Self { status, location: None, page: Some(page), clean_address: false }
    }

    /// No page at all.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, location: None, page: None, clean_address: false }
    }

    /// To another address, with a page for who does not follow.
    pub(super) fn redirect(status: u16, location: String, page: Page) -> Self {
        Self { status, location: Some(location), page: Some(page), clean_address: false }
    }

    /// The same for a visit of the callback's path, which has a query.
    pub(super) fn cleaning_address(self) -> Self {
        Self { clean_address: true, ..self }
    }

    /// The whole answer. `with_body` is false for a HEAD request (RFC 9110 section 9.3.2).
    pub(super) fn bytes(&self, with_body: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let mut field = |name: &str, value: &str| {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        };
        field("Connection", "close");
        field("Cache-Control", "no-store");
        field("Referrer-Policy", "no-referrer");
        field("X-Content-Type-Options", "nosniff");
        field("X-Frame-Options", "DENY");
        field("Cross-Origin-Resource-Policy", "same-origin");
        field("Content-Security-Policy", &content_security_policy(self.clean_address));
        if self.status == 405 {
            field("Allow", "GET");
        }
        if let Some(location) = &self.location {
            field("Location", location);
        }
        let body = self.page.as_ref().map(|page| page.html(self.clean_address));
        if let Some(body) = &body {
            field("Content-Type", "text/html; charset=utf-8");
            field("Content-Length", &body.len().to_string());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if let Some(body) = body.filter(|_| with_body) {
            bytes.extend_from_slice(body.as_bytes());
        }
        bytes
    }
}

/// Reason phrases of the statuses that are used here (RFC 9110 section 15).
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        303 => "See Other",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        414 => "URI Too Long",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Row B17 of docs/callback-rows.md.
    #[test]
    fn every_field_is_escaped() {
        let page = CallbackPage::Failed {
            heading: "<script>alert('1')</script>".to_owned(),
            cause: "<b>{{next}}</b>".to_owned(),
            next: "\"><img src=x onerror=y> & {{heading}}\u{1b}[31m".to_owned(),
        };
        let html = Page::final_page(&page).html(false);
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("<img"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;"));
        assert!(html.contains("&quot;&gt;&lt;img src=x onerror=y&gt; &amp; {{heading}}[31m"));
        assert!(html.contains("&lt;b&gt;{{next}}&lt;/b&gt;"), "{html}");
    }

    // Row B09 of docs/callback-rows.md.
    #[test]
    fn the_template_is_filled_and_fetches_nothing() {
        let html = Page::new(Tone::Calm, "Heading", "Text", "Next").html(false);
        assert!(!html.contains("{{") && !html.contains("}}"));
        for forbidden in ["<script", "http:", "https:", "src=", "url(", "@import", "style="] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert!(html.contains("<style>") && html.contains("prefers-color-scheme: dark"));
    }

    // Row B16 of docs/callback-rows.md.
    #[test]
    fn the_policy_names_the_hashes_of_what_is_sent() {
        for clean in [false, true] {
            let html = Page::new(Tone::Good, "a", "b", "c").html(clean);
            let policy = content_security_policy(clean);
            for tag in ["style", "script"] {
                let part = html
                    .split_once(&format!("<{tag}>"))
                    .map(|(_, rest)| rest.split_once(&format!("</{tag}>")).unwrap().0);
                let allowed = part.map(|part| {
                    format!("{tag}-src 'sha256-{}';", STANDARD.encode(Sha256::digest(part.as_bytes())))
                });
                assert_eq!(allowed.is_some(), clean || tag == "style");
                match allowed {
                    Some(allowed) => assert!(policy.contains(&allowed), "{policy}"),
                    None => assert!(!policy.contains(tag), "{policy}"),
                }
            }
        }
    }

    #[test]
    fn an_answer_without_a_body_still_announces_its_length() {
        let answer = Answer::page(405, Page::new(Tone::Calm, "a", "b", "c"));
        let with = String::from_utf8(answer.bytes(true)).unwrap();
        let without = String::from_utf8(answer.bytes(false)).unwrap();
        assert!(with.starts_with(&without));
        assert!(without.ends_with("\r\n\r\n"));
        assert!(without.contains("\r\nAllow: GET\r\n"));
    }
}
