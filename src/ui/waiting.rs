//! The browser is out: every way back in at once, the nearest first.

use super::entry::input;
use super::page::{Own, Page};
use super::theme::Look;
use crate::app::model::{Model, Remote};
use crate::app::wizard::{Authorization, AuthorizationPhase, LogLine, LoginWay, PortProblem, Wizard};
use crate::setup::loopback_redirect;
use jiff::Timestamp;
use ratatui::text::Span;

/// `04:05`, never below zero.
pub fn countdown(now: Timestamp, deadline: Timestamp) -> String {
    let seconds = (deadline.as_second() - now.as_second()).max(0);
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// What is read while the login waits; [`paste_box`] goes below it.
pub fn waiting<'a>(
    page: &mut Page<'a>,
    model: &'a Model,
    wizard: &'a Wizard,
    authorization: &'a Authorization,
) {
    let look = page.look;
    let AuthorizationPhase::Waiting { url, port, passed_over, deadline, late, pending, .. } =
        &authorization.phase
    else {
        return;
    };
    if *late {
        too_late(page, model, pending.useless_at());
    } else {
        page.text(vec![
            look.strong("Waiting for the browser"),
            Span::raw("   "),
            look.accent(countdown(model.now, *deadline)),
            look.dim(" left, "),
            look.accent("e"),
            look.dim(" adds five minutes"),
        ]);
        if let Some(remote) = &model.settings.remote {
            far_away(page, remote, *port);
        }
        if authorization.way == LoginWay::Receiver {
            by_paste(page, wizard.procedure.receiver.label());
        }
        address(page, url);
        let told = model.settings.remote.as_ref().is_some_and(has_tunnel);
        if let Some(port) = port.filter(|_| !told) {
            page.text(vec![
                look.dim("In short, for a browser that reaches this machine: "),
                Span::raw(short(port)),
            ]);
        }
        if authorization.way == LoginWay::Loopback {
            by_itself(page, model, *port, authorization.paste.is_some());
        }
        passed(page, passed_over);
    }
    log(page, &authorization.log);
    if !late {
        redirect_refused(page, &pending.redirect_uri);
    }
}

/// The listener's time is over; a late code can still be pasted.
fn too_late<'a>(page: &mut Page<'a>, model: &Model, until: Timestamp) {
    let look = page.look;
    page.text(vec![
        Span::styled("The time to wait is over", look.theme.warning),
        Span::raw("   "),
        look.accent(countdown(model.now, until)),
        look.dim(" left to paste"),
    ]);
    page.gap();
    page.plain(
        "Nothing listens here any more. A code that Zoom gave at the last moment lives five minutes, so the final \
         address can still be pasted until the time above is over. Then this login is forgotten.",
    );
    page.text(vec![
        look.accent("p"),
        Span::raw(" opens the box for it, "),
        look.accent("r"),
        Span::raw(" begins a new login."),
    ]);
}

/// What leads to this machine from where the browser probably is.
fn far_away<'a>(page: &mut Page<'a>, remote: &'a Remote, port: Option<u16>) {
    let look = page.look;
    let (place, shell) = match remote {
        Remote::Ssh { .. } => ("You are here over SSH.", "here"),
        Remote::Container => ("You are in a container.", "in this container"),
        Remote::Pod { .. } => ("You are in a pod of Kubernetes.", "in this pod"),
        Remote::Wsl => ("You are in WSL.", "here"),
        Remote::NoDisplay { .. } => ("This machine has no display, so no browser opens here.", "here"),
    };
    let Some(port) = port else {
        return page.text(vec![
            look.strong(place),
            Span::raw(" Open the address below in any browser, and paste the final one ("),
            look.accent("p"),
            Span::raw(")."),
        ]);
    };
    let first = match remote {
        Remote::Ssh { target } => {
            page.text(vec![look.strong(place), Span::raw(" Where the browser is, run:")]);
            Some(format!("ssh -L {port}:127.0.0.1:{port} {target}"))
        }
        Remote::NoDisplay { target } => {
            page.text(vec![
                look.strong(place),
                Span::raw(" If you can log in here over SSH, run where the browser is:"),
            ]);
            Some(format!("ssh -L {port}:127.0.0.1:{port} {target}"))
        }
        Remote::Pod { name } => {
            page.text(vec![look.strong(place), Span::raw(" Where the browser is, run:")]);
            Some(format!("kubectl port-forward pod/{name} {port}:{port}"))
        }
        Remote::Container => {
            page.text(vec![
                look.strong(place),
                Span::raw(
                    " Its 127.0.0.1 is its own: a published port does not lead there, the network of the host does \
                     (--network host). Otherwise paste.",
                ),
            ]);
            None
        }
        Remote::Wsl => {
            page.text(vec![
                look.strong(place),
                Span::raw(
                    " The browser of Windows usually reaches this listener. If its last page does not load, paste \
                     the address of that page.",
                ),
            ]);
            None
        }
    };
    let dots = look.signs.ellipsis;
    let hand_over =
        format!("a second shell {shell} takes the final address too ({dots} is its part after ?):");
    if let Some(line) = first {
        page.value(&line, look.theme.value);
        page.text(vec![
            Span::raw("and open "),
            Span::raw(short(port)),
            Span::raw(format!(" there. Or open the long address anywhere: {hand_over}")),
        ]);
    } else {
        page.text(vec![Span::raw(format!("Besides, {hand_over}"))]);
    }
    page.value(&format!("curl '{}?{dots}'", loopback_redirect(port)), look.theme.value);
}

/// Whether a line is shown that leads a distant browser to the listener.
const fn has_tunnel(remote: &Remote) -> bool {
    match remote {
        Remote::Ssh { .. } | Remote::Pod { .. } | Remote::NoDisplay { .. } => true,
        Remote::Container | Remote::Wsl => false,
    }
}

/// The short address, which leads to the long one.
fn short(port: u16) -> String {
    format!("http://127.0.0.1:{port}/go")
}

/// The long address and the keys for it.
fn address<'a>(page: &mut Page<'a>, url: &'a str) {
    let look = page.look;
    page.text(vec![
        look.dim("Sign in, select Allow. No page? "),
        look.accent("o"),
        look.dim(" opens it, "),
        look.accent("c"),
        look.dim(" copies it, "),
        look.accent("v"),
        look.dim(" shows a QR code:"),
    ]);
    page.link(url, look.theme.value);
    page.gap();
}

/// Over the receiver's redirect URL nothing comes back by itself.
fn by_paste<'a>(page: &mut Page<'a>, receiver: &'static str) {
    let look = page.look;
    let sign = Span::styled(look.signs.warn, look.theme.warning);
    page.item(
        sign,
        vec![
            Span::raw(format!(
                "The answer comes by paste: the browser ends at {receiver}, perhaps on an error page. Copy its \
                 whole address, or the text of Zoom's error page, and press "
            )),
            look.accent("p"),
            Span::raw("."),
        ],
    );
}

/// Over the loopback address the answer comes to the listener.
fn by_itself<'a>(page: &mut Page<'a>, model: &'a Model, port: Option<u16>, pasting: bool) {
    let look = page.look;
    match port {
        Some(port) => {
            let sign = Span::styled(look.signs.good, look.theme.success);
            page.item(sign, vec![look.dim("Listening on "), Span::raw(loopback_redirect(port))]);
            if !model.settings.loopback_ports.contains(&port) {
                page.styled("A port outside the list. Add its address to OAuth Allow Lists:", look.theme.dim);
                page.value(&loopback_redirect(port), look.theme.value);
            }
        }
        None => page.item(
            Span::styled(look.signs.warn, look.theme.warning),
            vec![Span::raw("Nothing listens here: paste the final address of the browser.")],
        ),
    }
    if !pasting {
        page.text(vec![
            look.accent("p"),
            look.dim(" takes the final address by paste, or the text of Zoom's error page."),
        ]);
    }
}

/// Ports of the list that somebody else has.
fn passed<'a>(page: &mut Page<'a>, passed_over: &'a [PortProblem]) {
    let look = page.look;
    for problem in passed_over {
        let sign = Span::styled(look.signs.warn, look.theme.warning);
        page.item(sign, vec![Span::raw(format!("{}, so the next one was taken.", problem.message()))]);
    }
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
pub fn paste_box<'a>(authorization: &'a Authorization, full: u16, look: Look<'a>) -> Option<Own<'a>> {
    let paste = authorization.paste.as_ref()?;
    let mut page = Page::new(full, look);
    page.marked(authorization.pasting, vec![look.strong("Final address, its query, or the code")]);
    let start = page.len();
    input(&mut page, paste, false, authorization.pasting);
    if authorization.landed.is_some() && paste.text().is_empty() {
        page.item(
            look.accent("Ctrl-Y:"),
            vec![Span::raw("paste the address that the rehearsal's browser ended at")],
        );
    }
    page.focus_from(start);
    if let Some(problem) = &authorization.paste_problem {
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![Span::styled(problem.as_str(), look.theme.failure)]);
    }
    Some(Own::rows(page))
}

/// What happened to the login, newest first.
pub fn log<'a>(page: &mut Page<'a>, log: &'a [LogLine]) {
    let look = page.look;
    if log.is_empty() {
        return;
    }
    page.heading("What was seen, newest first (times in UTC)");
    for line in log.iter().rev() {
        let time = look.dim(line.at.strftime("%H:%M:%S").to_string());
        page.item(time, vec![Span::raw(line.text.as_str())]);
    }
}
