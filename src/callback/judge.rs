//! What a request is: the callback, a follow-up, or something to answer and ignore. Pure.

use super::head::{BadHead, Head};
use super::page::{Answer, Page, Tone};
use crate::oauth::callback::{Callback, CallbackProblem, check_state};
use crate::ports::CallbackOutcome;
use crate::secret::{Secret, printable};

/// The short address that leads to the login: short enough to be typed.
pub(super) const GO_PATH: &str = "/go";

/// Longest path in an event line, in characters.
const PATH_SHOWN: usize = 60;

/// What the listener waits for.
#[derive(Debug)]
pub(super) struct Expected {
    pub port: u16,
    /// Exact path of the callback.
    pub path: String,
    /// Where the browser is sent after the answer, so that no code stays in the address bar.
    pub done_path: String,
    pub state: Secret,
    /// What `iss` must be, where there is one.
    pub issuer: String,
}

/// What a request turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right path, right state. Nobody without the state gets here.
    Callback(CallbackOutcome),
    /// A visit of [`Expected::done_path`].
    FollowUp,
    /// A visit of [`GO_PATH`]: the admin wants to be sent to the login.
    Go,
    /// Anything else.
    Refused(Refusal),
}

/// Why a request is not the callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// `Host` is missing or another: a foreign name that resolves to loopback (DNS rebinding).
    Host,
    Path,
    Method,
    /// The browser looks ahead; the code must not be spent on that.
    Prefetch,
    /// A script, a frame or an image asks, not a person's tab (Fetch metadata).
    NotNavigation,
    /// Another site's page asks to begin a login (Fetch metadata).
    ForeignSite,
    StateMissing,
    StateWrong,
    Repeated,
    Encoding,
    CodeTooLong,
    /// `iss` names another server: an answer to a login that was begun elsewhere (RFC 9207 section 2.4).
    ForeignIssuer,
    /// The right state, with neither code nor error.
    Nothing,
}

impl Expected {
    /// Judges a request. The order matters: nothing is said about paths or states to a foreign `Host`.
    pub(super) fn judge(&self, head: &Head) -> Verdict {
        match self.outcome(head) {
            Ok(verdict) => verdict,
            Err(refusal) => Verdict::Refused(refusal),
        }
    }

    fn outcome(&self, head: &Head) -> Result<Verdict, Refusal> {
        if !head.field("host").next().is_some_and(|host| self.is_own_authority(host)) {
            return Err(Refusal::Host);
        }
        let target = self.origin_form(&head.target)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != self.path && path != self.done_path && path != GO_PATH {
            return Err(Refusal::Path);
        }
        if head.method != "GET" {
            return Err(Refusal::Method);
        }
        let ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
            .into_iter()
            .flat_map(|name| head.field(name))
            .any(|value| {
                let value = value.to_ascii_lowercase();
                ["prefetch", "prerender", "preview"].into_iter().any(|word| value.contains(word))
            });
        if ahead {
            return Err(Refusal::Prefetch);
        }
        let is_page = head.field("sec-fetch-mode").all(|mode| mode.eq_ignore_ascii_case("navigate"))
            && head.field("sec-fetch-dest").all(|place| place.eq_ignore_ascii_case("document"));
        if !is_page {
            return Err(Refusal::NotNavigation);
        }
        if path == self.done_path {
            return Ok(Verdict::FollowUp);
        }
        if path == GO_PATH {
            // Typed, from a bookmark, or from outside any page (`none`). The callback itself comes from Zoom's
            // site; this address comes from nobody's.
            let own = |site: &str| ["none", "same-origin"].iter().any(|own| site.eq_ignore_ascii_case(own));
            return if head.field("sec-fetch-site").all(own) {
                Ok(Verdict::Go)
            } else {
                Err(Refusal::ForeignSite)
            };
        }
        let callback = Callback::parse(query).map_err(refusal)?;
        // Before anything else in it is looked at (RFC 6749 section 10.12).
        if callback.state.is_none() {
            return Err(Refusal::StateMissing);
        }
        if !check_state(&self.state, callback.state.as_ref()) {
            return Err(Refusal::StateWrong);
        }
        callback.answer(&self.issuer).map(Verdict::Callback).map_err(refusal)
    }

    /// The literal of RFC 8252 section 7.3 with the port that was bound; what the redirect URI says.
    fn is_own_authority(&self, authority: &str) -> bool {
        authority == format!("127.0.0.1:{}", self.port) || (self.port == 80 && authority == "127.0.0.1")
    }

    /// Path and query of a target; the absolute form must be taken too (RFC 9112 section 3.2.2).
    fn origin_form<'a>(&self, target: &'a str) -> Result<&'a str, Refusal> {
        if target.starts_with('/') {
            return Ok(target);
        }
        let rest = target.strip_prefix("http://").ok_or(Refusal::Path)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if self.is_own_authority(authority) { Ok(path) } else { Err(Refusal::Host) }
    }
}

fn refusal(problem: CallbackProblem) -> Refusal {
    match problem {
        CallbackProblem::Repeated { .. } => Refusal::Repeated,
        CallbackProblem::Encoding { .. } => Refusal::Encoding,
        CallbackProblem::Nothing => Refusal::Nothing,
        CallbackProblem::CodeTooLong => Refusal::CodeTooLong,
        CallbackProblem::ForeignIssuer { .. } => Refusal::ForeignIssuer,
    }
}

impl Refusal {
    const fn status(self) -> u16 {
        match self {
            Self::Prefetch => 204,
            Self::Path => 404,
            Self::Method => 405,
            Self::ForeignSite => 403,
            Self::Host
            | Self::NotNavigation
            | Self::StateMissing
            | Self::StateWrong
            | Self::Repeated
            | Self::Encoding
            | Self::CodeTooLong
            | Self::ForeignIssuer
            | Self::Nothing => 400,
        }
    }

    /// Why, in words that fit after a dash.
    const fn why(self) -> &'static str {
        match self {
            Self::Host => "addressed to another host name than 127.0.0.1 with this port",
            Self::Path => "not the callback path",
            Self::Method => "not a GET",
            Self::Prefetch => "the browser only looked ahead",
            Self::NotNavigation => "not opened by a browser tab",
            Self::ForeignSite => "another site's page asked to begin a login",
            Self::StateMissing => "no state, so not the login this wizard waits for",
            Self::StateWrong => "another state, so not the login this wizard waits for",
            Self::Repeated => "a parameter occurs twice",
            Self::Encoding => "a parameter is not readable text",
            Self::CodeTooLong => "its code is longer than 8 kB",
            Self::ForeignIssuer => "it names another issuer than Zoom",
            Self::Nothing => "the right state, with neither a code nor an error",
        }
    }

    pub(super) fn answer(self) -> Answer {
        let page = match self {
            Self::Prefetch => return Answer::empty(204),
            Self::Host => Page::new(
                Tone::Bad,
                "Wrong address",
                "zoom-setup answers only under the address 127.0.0.1 with its own port.",
                "Copy the address from the terminal again.",
            ),
            Self::Path => Page::new(
                Tone::Calm,
                "Nothing here",
                "Only the end of a Zoom login has a page here.",
                "Look at the terminal: it shows the address to open.",
            ),
            Self::Method => Page::new(
                Tone::Calm,
                "Not this way",
                "A Zoom login comes back as a plain page visit, and this was none.",
                "Look at the terminal: it shows the address to open.",
            ),
            Self::NotNavigation => Page::new(
                Tone::Bad,
                "Open this in a tab",
                "A Zoom login counts only in a browser tab of its own, not from inside another page.",
                "Open the address that the terminal shows in a new tab.",
            ),
            Self::ForeignSite => Page::new(
                Tone::Bad,
                "Not from another page",
                "A page of another site led here. zoom-setup begins no login for it.",
                "If you want this login, type the address into the address bar yourself.",
            ),
            Self::StateMissing | Self::StateWrong => Page::new(
                Tone::Bad,
                "This answer is of another login",
                "It does not carry the state that zoom-setup gave to its newest login; perhaps it comes from an \
                 older tab. It changed nothing, and the terminal still waits for the newest login.",
                "Close this tab and finish the newest one. If there is none, open the address that the \
                 terminal shows.",
            ),
            Self::Repeated | Self::Encoding | Self::CodeTooLong => Page::new(
                Tone::Bad,
                "This answer is damaged",
                "The address is not as Zoom sends it. It changed nothing, and the terminal still waits.",
                "Close this tab and open the address that the terminal shows.",
            ),
            Self::ForeignIssuer => Page::new(
                Tone::Bad,
                "This answer is not from Zoom",
                "It names another server as the one that issued it. It changed nothing, and the terminal still \
                 waits.",
                "Close this tab and other login pages, then open the address that the terminal shows.",
            ),
            Self::Nothing => Page::new(
                Tone::Bad,
                "This answer carries no code",
                "Zoom sent neither a code nor an error. It changed nothing, and the terminal still waits.",
                "Close this tab and open the address that the terminal shows.",
            ),
        };
        let answer = Answer::page(self.status(), page);
        match self {
            Self::Host
            | Self::Path
            | Self::Method
            | Self::Prefetch
            | Self::NotNavigation
            | Self::ForeignSite => answer,
            Self::StateMissing
            | Self::StateWrong
            | Self::Repeated
            | Self::Encoding
            | Self::CodeTooLong
            | Self::ForeignIssuer
            | Self::Nothing => answer.cleaning_address(),
        }
    }

    /// The line for the screen: method and path without the query, so no secret can be in it.
    pub(super) fn line(self, head: &Head) -> String {
        let path = head.target.split(['?', '#']).next().unwrap_or_default();
        let what = printable(&format!("{} {path}", head.method), PATH_SHOWN);
        format!("{what} ignored ({}): {}", self.status(), self.why())
    }
}

impl BadHead {
    const fn status(self) -> u16 {
        match self {
            Self::Tls | Self::NotHttp | Self::Malformed => 400,
            Self::Version => 505,
            Self::LineTooLong => 414,
            Self::TooLarge => 431,
        }
    }

    pub(super) fn answer(self) -> Answer {
        let (text, next) = match self {
            Self::Tls => (
                "zoom-setup speaks plain HTTP here, and this browser asked for HTTPS.",
                "Open the address with http:// in front, not https://.",
            ),
            Self::NotHttp | Self::Malformed | Self::Version => (
                "zoom-setup takes plain HTTP/1.1 page visits only.",
                "Open the address that the terminal shows in a browser.",
            ),
            Self::LineTooLong | Self::TooLarge => (
                "The request is longer than the answer of a Zoom login ever is.",
                "If cookies of other programs on 127.0.0.1 are the reason, use a private window.",
            ),
        };
        Answer::page(self.status(), Page::new(Tone::Bad, "Not a page visit", text, next))
    }

    pub(super) fn line(self) -> String {
        let why = match self {
            Self::Tls => "a TLS handshake; the address begins with http://, not https://",
            Self::NotHttp => "not HTTP",
            Self::Version => "another HTTP version",
            Self::LineTooLong => "its address is too long",
            Self::TooLarge => "its headers are too long",
            Self::Malformed => "its headers are malformed",
        };
        format!("A connection was ignored ({}): {why}", self.status())
    }
}

/// The line for a visit of [`GO_PATH`] that got this status.
pub(super) fn go_line(status: u16) -> String {
    let what = match status {
        302 => "sent on to the login",
        404 => "no login is offered yet",
        _ => "the login is over",
    };
    format!("GET {GO_PATH} ({status}): {what}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn expected() -> Expected {
        Expected {
            port: 8123,
            path: "/callback".to_owned(),
            done_path: "/callback/done".to_owned(),
            state: Secret::new("right"),
            issuer: "https://zoom.us".to_owned(),
        }
    }

    fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> Head {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Head {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: fields.iter().map(own).collect(),
        }
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:8123");
    const HONEST: &str = "/callback?code=c&state=right";

    #[rstest]
    #[case::plain(head("GET", HONEST, &[HOST]))]
    #[case::other_order(head("GET", "/callback?state=right&code=c", &[HOST]))]
    #[case::absolute(head("GET", "http://127.0.0.1:8123/callback?code=c&state=right", &[HOST]))]
    #[case::tab(head("GET", HONEST, &[HOST, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]))]
    #[case::unknown_parameters(head("GET", "/callback?code=c&state=right&x=1&x=2", &[HOST]))]
    #[case::i01_own_issuer(head("GET", "/callback?code=c&state=right&iss=https%3A%2F%2Fzoom.us", &[HOST]))]
    #[case::from_zoom(head("GET", HONEST, &[HOST, ("sec-fetch-site", "cross-site")]))]
    fn honest(#[case] head: Head) {
        let code = CallbackOutcome::Code(Secret::new("c"));
        assert_eq!(expected().judge(&head), Verdict::Callback(code));
    }

    #[rstest]
    #[case::no_host(head("GET", HONEST, &[]), Refusal::Host)]
    #[case::foreign(head("GET", HONEST, &[("host", "evil.example.com:8123")]), Refusal::Host)]
    #[case::localhost(head("GET", HONEST, &[("host", "localhost:8123")]), Refusal::Host)]
    #[case::no_port(head("GET", HONEST, &[("host", "127.0.0.1")]), Refusal::Host)]
    #[case::other_port(head("GET", HONEST, &[("host", "127.0.0.1:8124")]), Refusal::Host)]
    #[case::suffixed(head("GET", HONEST, &[("host", "127.0.0.1:8123.example.com")]), Refusal::Host)]
    #[case::absolute_foreign(head("GET", "http://example.com/callback?code=c&state=right", &[HOST]), Refusal::Host)]
    #[case::absolute_user(head("GET", "http://a@127.0.0.1:8123/callback?code=c&state=right", &[HOST]), Refusal::Host)]
    #[case::https(head("GET", "https://127.0.0.1:8123/callback", &[HOST]), Refusal::Path)]
    #[case::star(head("OPTIONS", "*", &[HOST]), Refusal::Path)]
    #[case::favicon(head("GET", "/favicon.ico", &[HOST]), Refusal::Path)]
    #[case::root(head("GET", "/", &[HOST]), Refusal::Path)]
    #[case::slash_after(head("GET", "/callback/?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::slash_before(head("GET", "//callback?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::upper(head("GET", "/Callback?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::dots(head("GET", "/x/../callback?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::encoded(head("GET", "/%63allback?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::fragment(head("GET", "/callback#?code=c&state=right", &[HOST]), Refusal::Path)]
    #[case::head(head("HEAD", HONEST, &[HOST]), Refusal::Method)]
    #[case::post(head("POST", HONEST, &[HOST]), Refusal::Method)]
    #[case::lower_case(head("get", HONEST, &[HOST]), Refusal::Method)]
    #[case::prerender(head("GET", HONEST, &[HOST, ("sec-purpose", "prefetch;prerender")]), Refusal::Prefetch)]
    #[case::purpose(head("GET", HONEST, &[HOST, ("purpose", "Prefetch")]), Refusal::Prefetch)]
    #[case::preview(head("GET", HONEST, &[HOST, ("x-purpose", "preview")]), Refusal::Prefetch)]
    #[case::x_moz(head("GET", HONEST, &[HOST, ("x-moz", "prefetch")]), Refusal::Prefetch)]
    #[case::fetch(head("GET", HONEST, &[HOST, ("sec-fetch-mode", "no-cors")]), Refusal::NotNavigation)]
    #[case::frame(
        head("GET", HONEST, &[HOST, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")]),
        Refusal::NotNavigation
    )]
    #[case::no_query(head("GET", "/callback", &[HOST]), Refusal::StateMissing)]
    #[case::empty_state(head("GET", "/callback?code=c&state=", &[HOST]), Refusal::StateMissing)]
    #[case::wrong(head("GET", "/callback?code=c&state=wrong", &[HOST]), Refusal::StateWrong)]
    #[case::prefix(head("GET", "/callback?code=c&state=righ", &[HOST]), Refusal::StateWrong)]
    #[case::longer(head("GET", "/callback?code=c&state=rightt", &[HOST]), Refusal::StateWrong)]
    #[case::error_wrong_state(head("GET", "/callback?error=x&state=no", &[HOST]), Refusal::StateWrong)]
    #[case::error_no_state(head("GET", "/callback?error=x", &[HOST]), Refusal::StateMissing)]
    #[case::two_codes(head("GET", "/callback?code=c&code=d&state=right", &[HOST]), Refusal::Repeated)]
    #[case::bytes(head("GET", "/callback?code=%ff&state=right", &[HOST]), Refusal::Encoding)]
    // Row B11 of docs/callback-rows.md.
    #[case::i02_foreign_issuer(
        head("GET", "/callback?code=c&state=right&iss=https://example.com", &[HOST]),
        Refusal::ForeignIssuer
    )]
    #[case::i05_foreign_issuer_of_an_error(
        head("GET", "/callback?error=access_denied&state=right&iss=https://example.com", &[HOST]),
        Refusal::ForeignIssuer
    )]
    #[case::foreign_issuer_and_state(
        head("GET", "/callback?code=c&state=wrong&iss=https://example.com", &[HOST]),
        Refusal::StateWrong
    )]
    #[case::go_from_another_site(head("GET", "/go", &[HOST, ("sec-fetch-site", "cross-site")]), Refusal::ForeignSite)]
    #[case::go_from_a_sibling(head("GET", "/go", &[HOST, ("sec-fetch-site", "same-site")]), Refusal::ForeignSite)]
    #[case::go_unknown_site(head("GET", "/go", &[HOST, ("sec-fetch-site", "")]), Refusal::ForeignSite)]
    #[case::go_two_sites(
        head("GET", "/go", &[HOST, ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")]),
        Refusal::ForeignSite
    )]
    #[case::go_ahead(head("GET", "/go", &[HOST, ("sec-purpose", "prefetch;prerender")]), Refusal::Prefetch)]
    #[case::go_posted(head("POST", "/go", &[HOST]), Refusal::Method)]
    #[case::no_code(head("GET", "/callback?state=right", &[HOST]), Refusal::Nothing)]
    #[case::empty_code(head("GET", "/callback?code=&state=right", &[HOST]), Refusal::Nothing)]
    fn refused(#[case] head: Head, #[case] refusal: Refusal) {
        assert_eq!(expected().judge(&head), Verdict::Refused(refusal));
    }

    #[rstest]
    #[case::plain(head("GET", "/go", &[HOST]))]
    #[case::typed(head("GET", "/go", &[HOST, ("sec-fetch-site", "none")]))]
    #[case::reloaded(head("GET", "/go", &[HOST, ("sec-fetch-site", "same-origin")]))]
    #[case::with_a_query(head("GET", "/go?url=https://example.com", &[HOST]))]
    fn the_short_address(#[case] head: Head) {
        assert_eq!(expected().judge(&head), Verdict::Go);
    }

    #[test]
    fn a_line_has_no_query_and_no_control_characters() {
        let line = Refusal::StateWrong.line(&head("GET", "/callback?code=topsecret&state=wrong", &[HOST]));
        assert_eq!(
            line,
            "GET /callback ignored (400): another state, so not the login this wizard waits for"
        );
        let long = Refusal::Path.line(&head("GET", &format!("/{}", "a".repeat(5000)), &[HOST]));
        assert!(long.chars().count() < 160);
    }
}
