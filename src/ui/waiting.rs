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
    // While the box has the focus, letters are text: no key is named that would be typed into it.
    let pasting = authorization.pasting;
    if *late {
        too_late(page, model, pending.useless_at(), pasting);
    } else {
        let mut first = vec![
            look.strong("Waiting for the browser"),
            Span::raw("   "),
            look.accent(countdown(model.now, *deadline)),
            look.dim(" left"),
        ];
        if !pasting {
            first.extend([look.dim(", "), look.accent("e"), look.dim(" adds five minutes")]);
        }
        page.text(first);
        match (authorization.way, &model.settings.remote) {
            (LoginWay::Loopback, Some(remote)) => far_away(page, remote, *port, pasting),
            (LoginWay::Receiver, _) => by_paste(page, wizard.procedure.receiver.label(), pasting),
            (LoginWay::Loopback | LoginWay::Skip, _) => {}
        }
        address(page, url, pasting);
        let told = model.settings.remote.as_ref().is_some_and(has_tunnel);
        match (authorization.way, &model.settings.remote, *port) {
            (LoginWay::Receiver, Some(remote), Some(port)) => besides(page, remote, port),
            (_, _, Some(port)) if !told => page.text(vec![
                look.dim("In short, for a browser that reaches this machine: "),
                Span::raw(short(port)),
            ]),
            _ => {}
        }
        if authorization.way == LoginWay::Loopback {
            by_itself(page, model, *port, pasting);
        }
        passed(page, passed_over);
    }
    log(page, &authorization.log);
    if !late {
        redirect_refused(page, &pending.redirect_uri, pasting);
    }
}

/// The listener's time is over; a late code can still be pasted.
fn too_late<'a>(page: &mut Page<'a>, model: &Model, until: Timestamp, pasting: bool) {
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
    if pasting {
        return;
    }
    page.text(vec![
        look.accent("p"),
        Span::raw(" opens the box for it, "),
        look.accent("r"),
        Span::raw(" begins a new login."),
    ]);
}

/// Where the program runs, and where a second shell beside it is.
const fn place(remote: &Remote) -> (&'static str, &'static str) {
    match remote {
        Remote::Ssh { .. } => ("You are here over SSH.", "here"),
        Remote::Container => ("You are in a container.", "in this container"),
        Remote::Pod { .. } => ("You are in a pod of Kubernetes.", "in this pod"),
        Remote::Wsl => ("You are in WSL.", "here"),
        Remote::NoDisplay { .. } => ("This machine has no display, so no browser opens here.", "here"),
    }
}

/// The line that leads a distant browser to the port, where there is one.
fn tunnel(remote: &Remote, port: u16) -> Option<String> {
    match remote {
        Remote::Ssh { target } | Remote::NoDisplay { target } => {
            Some(format!("ssh -L {port}:127.0.0.1:{port} {target}"))
        }
        Remote::Pod { name } => Some(format!("kubectl port-forward pod/{name} {port}:{port}")),
        Remote::Container | Remote::Wsl => None,
    }
}

/// The line for a second shell that takes the final address.
fn hand_in(port: u16, look: Look<'_>) -> String {
    format!("curl '{}?{}'", loopback_redirect(port), look.signs.ellipsis)
}

/// On the receiver's way the answer is pasted and needs no port; what else works from afar, in short.
fn besides<'a>(page: &mut Page<'a>, remote: &'a Remote, port: u16) {
    let look = page.look;
    let (place, shell) = place(remote);
    if let Some(line) = tunnel(remote, port) {
        let words = format!(" Where the browser is, this line makes {} lead here:", short(port));
        page.text(vec![look.dim(place), look.dim(words)]);
        page.value(&line, look.theme.value);
    } else {
        page.styled(place, look.theme.dim);
    }
    let words = format!(
        "A second shell {shell} takes the final address too ({} is its part after ?):",
        look.signs.ellipsis
    );
    page.styled(words, look.theme.dim);
    page.value(&hand_in(port, look), look.theme.value);
}

/// What leads to this machine from where the browser probably is.
fn far_away<'a>(page: &mut Page<'a>, remote: &'a Remote, port: Option<u16>, pasting: bool) {
    let look = page.look;
    let (place, shell) = place(remote);
    let Some(port) = port else {
        let mut words = vec![
            look.strong(place),
            Span::raw(" Open the address below in any browser, and paste the final one"),
        ];
        if !pasting {
            words.extend([Span::raw(" ("), look.accent("p"), Span::raw(")")]);
        }
        words.push(Span::raw("."));
        return page.text(words);
    };
    let words = match remote {
        Remote::Ssh { .. } | Remote::Pod { .. } => " Where the browser is, run:",
        Remote::NoDisplay { .. } => " If you can log in here over SSH, run where the browser is:",
        Remote::Container => {
            " Its 127.0.0.1 is its own: a published port does not lead there, the network of the host does \
             (--network host). Otherwise paste."
        }
        Remote::Wsl => {
            " The browser of Windows usually reaches this listener. If its last page does not load, paste the \
             address of that page."
        }
    };
    page.text(vec![look.strong(place), Span::raw(words)]);
    let dots = look.signs.ellipsis;
    let hand_over =
        format!("a second shell {shell} takes the final address too ({dots} is its part after ?):");
    if let Some(line) = tunnel(remote, port) {
        page.value(&line, look.theme.value);
        page.text(vec![
            Span::raw("and open "),
            Span::raw(short(port)),
            Span::raw(format!(" there. Or open the long address anywhere: {hand_over}")),
        ]);
    } else {
        page.text(vec![Span::raw(format!("Besides, {hand_over}"))]);
    }
    page.value(&hand_in(port, look), look.theme.value);
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
fn address<'a>(page: &mut Page<'a>, url: &'a str, pasting: bool) {
    let look = page.look;
    if pasting {
        page.styled("Sign in, select Allow. No page? This is its address:", look.theme.dim);
    } else {
        page.text(vec![
            look.dim("Sign in, select Allow. No page? "),
            look.accent("o"),
            look.dim(" opens it, "),
            look.accent("c"),
            look.dim(" copies it, "),
            look.accent("v"),
            look.dim(" shows a QR code:"),
        ]);
    }
    page.link(url, look.theme.value);
    page.gap();
}

/// Over the receiver's redirect URL nothing comes back by itself.
fn by_paste<'a>(page: &mut Page<'a>, receiver: &'static str, pasting: bool) {
    let look = page.look;
    let sign = Span::styled(look.signs.warn, look.theme.warning);
    let mut words = vec![Span::raw(format!(
        "The answer comes by paste: the browser ends at {receiver}, perhaps on an error page. Copy its whole \
         address, or the text of Zoom's error page, and "
    ))];
    if pasting {
        words.push(Span::raw("paste it below."));
    } else {
        words.extend([Span::raw("press "), look.accent("p"), Span::raw(".")]);
    }
    page.item(sign, words);
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
fn redirect_refused<'a>(page: &mut Page<'a>, redirect_uri: &'a str, pasting: bool) {
    let look = page.look;
    page.gap();
    let then = if pasting { "Esc, then " } else { "" };
    page.text(vec![
        look.dim("Zoom shows Invalid redirect (4,700)? Put this into OAuth Allow Lists, save, press "),
        look.accent(format!("{then}r")),
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
    if let Some(problem) = &authorization.paste_problem {
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![Span::styled(problem.as_str(), look.theme.failure)]);
    }
    if authorization.landed.is_some() && paste.text().is_empty() {
        page.item(
            look.accent("Ctrl-Y:"),
            vec![Span::raw("paste the address that the rehearsal's browser ended at")],
        );
    }
    if authorization.pasting {
        page.text(vec![
            look.accent("Enter"),
            look.dim(" uses it, "),
            look.accent("Esc"),
            look.dim(" closes the box, and the letters are keys again."),
        ]);
    }
    page.focus_from(start);
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
