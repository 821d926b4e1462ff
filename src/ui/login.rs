//! The authorize step: the wizard's own test login.

use super::diagnosis::diagnosis;
use super::entry::{input, radio};
use super::page::{Body, Own, Page};
use super::step::opening;
use super::text::{plural, remaining};
use super::theme::Look;
use crate::app::model::Model;
use crate::app::wizard::{Authorization, AuthorizationPhase, LoginWay, Wizard};
use jiff::Timestamp;
use ratatui::text::Span;

/// The shape of the page, by where the login stands.
pub fn authorize<'a>(
    model: &'a Model,
    wizard: &'a Wizard,
    authorization: &'a Authorization,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let mut page = Page::new(full, look);
    match &authorization.phase {
        AuthorizationPhase::Offer { selected } => return offer(model, wizard, *selected, full, look),
        AuthorizationPhase::Preparing { .. } => {
            page.plain(format!("Preparing the login{}", look.signs.ellipsis));
        }
        AuthorizationPhase::Waiting { url, port, deadline, pending, .. } => {
            waiting(&mut page, model, authorization, url, *port, *deadline);
            redirect_refused(&mut page, &pending.redirect_uri);
            return Body { text: page, own: paste_box(authorization, full, look) };
        }
        AuthorizationPhase::Exchanging { .. } => {
            page.strong_line("The browser is back.");
            page.plain("The code is being exchanged for tokens. The browser waits for the result.");
        }
        AuthorizationPhase::Storing { .. } => {
            page.strong_line("Zoom granted the login.");
            page.plain("The tokens are being stored. They count once they are on disk.");
        }
        AuthorizationPhase::Failed { problem } => {
            diagnosis(&mut page, problem);
            page.gap();
            page.text(vec![
                look.accent("r"),
                Span::raw(" tries again, "),
                look.accent("Esc"),
                Span::raw(" goes back to the three ways."),
            ]);
            requests(&mut page, &authorization.requests);
        }
        AuthorizationPhase::PortTaken { port, holder, detail } => {
            port_taken(&mut page, *port, holder.as_deref(), detail.as_deref());
        }
        AuthorizationPhase::NotStored { message } => {
            let sign = Span::styled(look.signs.bad, look.theme.failure);
            let heading = "Zoom granted the login, but its tokens could not be stored";
            page.item(sign, vec![Span::styled(heading, look.theme.failure)]);
            page.gap();
            page.fact("Cause", 10, vec![Span::raw(message.as_str())]);
            page.fact(
                "Next",
                10,
                vec![
                    Span::raw("Put the store right, then "),
                    look.accent("r"),
                    Span::raw(" logs in again. The login that was granted ends with the new one."),
                ],
            );
        }
        AuthorizationPhase::Granted => granted(&mut page, model, wizard),
        AuthorizationPhase::Skipped => {
            page.strong_line("No test login.");
            page.plain(
                "The receiver logs in at the end, and only that shows whether the app works. What a login \
                 would have proved is marked as not checked.",
            );
        }
    }
    Body::text(page)
}

/// Whether an address is on screen that needs the whole width.
pub const fn shows_address(authorization: &Authorization) -> bool {
    matches!(authorization.phase, AuthorizationPhase::Waiting { .. })
}

/// The loopback address that Zoom must allow.
fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}/callback")
}

/// Below this width only what is worked in keeps its place.
const NARROW: u16 = 60;

/// Law 1 and the three ways.
fn offer<'a>(model: &'a Model, wizard: &'a Wizard, selected: usize, full: u16, look: Look<'a>) -> Body<'a> {
    let mut allow = Page::new(full, look);
    if LoginWay::ALL.get(selected) == Some(&LoginWay::Loopback) {
        allow.styled("For OAuth Allow Lists in Zoom:", look.theme.dim);
        allow.value(&loopback(model.settings.loopback_port), look.theme.value);
    }
    let mut page = Page::new(full, look);
    let ways = LoginWay::ALL.iter().map(|way| match way {
        LoginWay::Loopback => (
            "Test login, caught here",
            "Zoom must allow the address below. The browser comes back by itself.",
        ),
        LoginWay::Receiver => (
            "Test login over the receiver's URL",
            "Nothing more to allow. You paste the browser's final address here.",
        ),
        LoginWay::Skip => {
            ("No test login", "If the receiver runs on this app already: a test login would cut it off.")
        }
    });
    radio(&mut page, ways, selected);
    let mut own = Own { share: 75, ..Own::rows(page) };
    // On a narrow screen only the ways themselves keep their place.
    if full < NARROW {
        allow.gap();
        allow.append(opening(wizard, full, look));
        return Body { text: allow, own: Some(own) };
    }
    let text = opening(wizard, full, look);
    own.foot.line(ratatui::text::Line::default());
    own.foot.append(allow);
    own.head.text(vec![look.strong(
        "Zoom keeps one grant per user and app, and a new login ends the one before. So the wizard logs in \
         first, the receiver last.",
    )]);
    Body { text, own: Some(own) }
}

/// `4:05`, never below zero.
fn countdown(now: Timestamp, deadline: Timestamp) -> String {
    let seconds = (deadline.as_second() - now.as_second()).max(0);
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// The browser is out: every way back in at once.
fn waiting<'a>(
    page: &mut Page<'a>,
    model: &'a Model,
    authorization: &'a Authorization,
    url: &'a str,
    port: Option<u16>,
    deadline: Timestamp,
) {
    let look = page.look;
    page.text(vec![
        look.strong("Waiting for the browser"),
        Span::raw("   "),
        look.accent(countdown(model.now, deadline)),
        look.dim(" left"),
    ]);
    page.text(vec![
        look.dim("Sign in, select Allow. If no page opened: "),
        look.accent("o"),
        look.dim(" opens it, "),
        look.accent("c"),
        look.dim(" copies its address:"),
    ]);
    page.gap();
    page.flush(url, look.theme.value);
    page.gap();
    if let Some(port) = port {
        let sign = Span::styled(look.signs.good, look.theme.success);
        page.item(sign, vec![look.dim("Listening on "), Span::raw(loopback(port))]);
        if port != model.settings.loopback_port {
            page.styled("Another port than before. Add its address to OAuth Allow Lists:", look.theme.dim);
            page.value(&loopback(port), look.theme.value);
        }
        if let Some(remote) = &model.settings.remote {
            page.styled("You are here over SSH. Run this where the browser is:", look.theme.dim);
            page.value(&format!("ssh -L {port}:127.0.0.1:{port} {}", remote.target), look.theme.value);
        }
    } else {
        page.item(
            Span::styled(look.signs.warn, look.theme.warning),
            vec![Span::raw("Nothing listens here: paste the final address of the browser.")],
        );
    }
    if authorization.paste.is_none() {
        page.text(vec![
            look.accent("p"),
            look.dim(" takes the final address by paste, or the text of Zoom's error page."),
        ]);
    }
    requests(page, &authorization.requests);
}

/// What to do where Zoom refuses the login before it begins: no callback comes then.
fn redirect_refused<'a>(page: &mut Page<'a>, redirect_uri: &'a str) {
    let look = page.look;
    page.gap();
    page.text(vec![
        look.dim("Zoom shows Invalid redirect (4,700)? Put this into OAuth Allow Lists, save, press "),
        look.accent("r"),
        look.dim(":"),
    ]);
    page.value(redirect_uri, look.theme.value);
}

/// The masked box for the final address, once it is open.
fn paste_box<'a>(authorization: &'a Authorization, full: u16, look: Look<'a>) -> Option<Own<'a>> {
    let paste = authorization.paste.as_ref()?;
    let mut page = Page::new(full, look);
    page.marked(authorization.pasting, vec![look.strong("Final address, its query, or the code")]);
    let start = page.len();
    input(&mut page, paste, false, authorization.pasting);
    page.focus_from(start);
    if let Some(problem) = &authorization.paste_problem {
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![Span::styled(problem.as_str(), look.theme.failure)]);
    }
    Some(Own::rows(page))
}

/// What the listener saw, newest first.
fn requests<'a>(page: &mut Page<'a>, requests: &'a [String]) {
    if requests.is_empty() {
        return;
    }
    page.heading("Requests seen, newest first");
    for request in requests.iter().rev() {
        page.item(page.look.dim(page.look.signs.bullet), vec![Span::raw(request.as_str())]);
    }
}

fn port_taken<'a>(page: &mut Page<'a>, port: u16, holder: Option<&'a str>, detail: Option<&'a str>) {
    let look = page.look;
    let sign = Span::styled(look.signs.bad, look.theme.failure);
    let heading = format!("Port {port} of this machine cannot be used");
    page.item(sign, vec![Span::styled(heading, look.theme.failure)]);
    page.gap();
    if let Some(holder) = holder {
        page.fact("Held by", 10, vec![Span::raw(holder)]);
    }
    if let Some(detail) = detail {
        page.fact("Reason", 10, vec![Span::raw(detail)]);
    }
    page.fact(
        "Next",
        10,
        vec![
            look.accent("Enter"),
            Span::raw(" takes any free port: Zoom ignores the port of a PKCE client's loopback address. "),
            look.accent("r"),
            Span::raw(" tries this one again. "),
            look.accent("Esc"),
            Span::raw(" goes back to the three ways."),
        ],
    );
}

/// What was granted, as far as may be shown.
fn granted<'a>(page: &mut Page<'a>, model: &Model, wizard: &'a Wizard) {
    let look = page.look;
    let sign = Span::styled(look.signs.good, look.theme.success);
    page.item(sign, vec![Span::styled("Zoom granted the login; the tokens are stored.", look.theme.success)]);
    page.gap();
    if let Some(grant) = &wizard.setup.grant {
        page.fact("Token", 10, vec![Span::raw(remaining(model.now, grant.expires_at))]);
        let scopes = match &grant.scopes {
            Some(scopes) => plural(scopes.len(), "scope"),
            None => "Zoom named no scopes: not checked".to_owned(),
        };
        page.fact("Granted", 10, vec![Span::raw(scopes)]);
        let refresh = if grant.refreshable { "can be refreshed" } else { "no refresh token came" };
        page.fact("Refresh", 10, vec![Span::raw(refresh)]);
    }
    page.gap();
    page.plain("The next step proves what this login can do.");
}
