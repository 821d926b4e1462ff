//! The authorize step: the wizard's own test login.

use super::diagnosis::diagnosis;
use super::entry::one_of;
use super::page::{Body, NARROW, Own, Page};
use super::step::opening;
use super::text::{plural, remaining};
use super::theme::Look;
use super::waiting::{log, paste_box, waiting};
use crate::app::model::Model;
use crate::app::wizard::{Authorization, AuthorizationPhase, LoginWay, PortProblem, Wizard};
use crate::setup::loopback_redirect;
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
        AuthorizationPhase::Offer { selected } => {
            return offer(model, wizard, authorization, *selected, full, look);
        }
        AuthorizationPhase::Preparing { .. } => {
            page.plain(format!("Preparing the login{}", look.signs.ellipsis));
        }
        AuthorizationPhase::Waiting { .. } => {
            waiting(&mut page, model, wizard, authorization);
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
            log(&mut page, &authorization.log);
        }
        AuthorizationPhase::PortTaken { problems } => {
            port_taken(&mut page, problems, wizard.procedure.receiver.label());
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

/// Law 1 and the three ways, the likeliest to work first.
fn offer<'a>(
    model: &'a Model,
    wizard: &'a Wizard,
    authorization: &'a Authorization,
    selected: usize,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let mut page = Page::new(full, look);
    for (index, way) in wizard.login_ways().into_iter().enumerate() {
        let start = page.len();
        let taken = index == selected;
        one_of(&mut page, taken, title(way), why(wizard, way));
        if taken && way == LoginWay::Loopback {
            allow(&mut page, &model.settings.loopback_ports, authorization.next_address);
        }
        if taken {
            page.focus_from(start);
        }
    }
    let mut own = Own { share: 75, ..Own::rows(page) };
    if !wizard.is_public_client() {
        let on = wizard.takes_loopback();
        let sign = if on { look.signs.done } else { look.signs.open };
        let words = if full < NARROW { "PKCE is on in this app" } else { PKCE };
        own.foot.item(look.accent("Space"), vec![Span::raw(format!("{sign} {words}"))]);
    }
    let text = opening(wizard, full, look);
    if full >= NARROW {
        own.head.text(vec![look.strong(
            "Zoom keeps one grant per user and app, and a new login ends the one before. So the wizard logs in \
             first, the receiver last.",
        )]);
    }
    Body { text, own: Some(own) }
}

/// What only the admin can see, on the app's page in Zoom.
const PKCE: &str = "PKCE (Public client OAuth) is switched on in this app";

const fn title(way: LoginWay) -> &'static str {
    match way {
        LoginWay::Loopback => "Test login, caught here",
        LoginWay::Receiver => "Test login over the receiver's URL",
        LoginWay::Skip => "No test login",
    }
}

/// What a way takes, and why it stands where it stands.
fn why(wizard: &Wizard, way: LoginWay) -> &'static str {
    match (way, wizard.takes_loopback()) {
        (LoginWay::Receiver, false) => {
            "First, since Zoom's changelog allows a loopback address to PKCE apps only. You paste the browser's \
             final address: the code is in it, even where the receiver shows an error page."
        }
        (LoginWay::Receiver, true) => "Nothing more to allow. You paste the browser's final address here.",
        (LoginWay::Loopback, false) => {
            "Takes PKCE, switched on in the app (Space says that it is). The browser comes back by itself."
        }
        (LoginWay::Loopback, true) if wizard.is_public_client() => {
            "First, since an app without a client secret is a PKCE app. The browser comes back by itself."
        }
        (LoginWay::Loopback, true) => {
            "First, since PKCE is on in this app. The browser comes back by itself."
        }
        (LoginWay::Skip, _) => "If the receiver runs on this app already: a test login would cut it off.",
    }
}

/// What Zoom must allow for a login that is caught here.
fn allow<'a>(page: &mut Page<'a>, ports: &[u16], next: usize) {
    let look = page.look;
    let style = |index: usize| if index == next { look.theme.accent } else { look.theme.value };
    let mut addresses = ports.iter().map(|port| loopback_redirect(*port)).enumerate();
    page.text(vec![look.dim("For OAuth Allow Lists in Zoom ("), look.accent("c"), look.dim(" copies it):")]);
    if let Some((index, address)) = addresses.next() {
        page.value(&address, style(index));
    }
    if ports.len() > 1 {
        page.styled(
            "Zoom's changelog says that the port does not count there. Should it count in your form, add these as \
             well; they are used if the first port is busy:",
            look.theme.dim,
        );
    }
    for (index, address) in addresses {
        page.value(&address, style(index));
    }
}

/// Why nothing can listen, and the ways on.
fn port_taken<'a>(page: &mut Page<'a>, problems: &'a [PortProblem], receiver: &'static str) {
    let look = page.look;
    let sign = Span::styled(look.signs.bad, look.theme.failure);
    let heading = match problems {
        [one] => format!("Port {} of this machine cannot be used", one.port),
        [] | [..] => format!("None of {} ports of this machine can be used", problems.len()),
    };
    page.item(sign, vec![Span::styled(heading, look.theme.failure)]);
    page.gap();
    for problem in problems {
        page.item(look.dim(look.signs.bullet), vec![Span::raw(problem.message())]);
    }
    page.gap();
    page.item(
        look.accent("Enter"),
        vec![Span::raw(
            "takes any free port. Zoom says that it ignores the port of a PKCE app's loopback address; if it shows \
             4,700, add the new address to OAuth Allow Lists.",
        )],
    );
    page.item(
        look.accent("p"),
        vec![Span::raw(format!("goes over {receiver}'s redirect URL, and you paste: that takes no port."))],
    );
    page.item(look.accent("r"), vec![Span::raw("tries the same again, once whoever has it has ended.")]);
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
