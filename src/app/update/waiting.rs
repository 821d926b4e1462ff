//! The browser is out: the countdown, what the listener saw, and the paste box.

use super::authorization::state_mut;
use super::exchange::{exchange, fail};
use super::keys::Typed;
use super::{notify, pending};
use crate::app::input::TextField;
use crate::app::message::{Effect, Ticket};
use crate::app::model::{Model, Tone};
use crate::app::update::activation::later;
use crate::app::wizard::AuthorizationPhase;
use crate::oauth::callback::{self as paste, Answer, PasteProblem};
use crate::oauth::{Diagnosis, diagnosis};
use crate::ports::{BoundPort, CallbackEvent, CallbackOutcome, ListenFailure, PortProblem};
use crate::secret::Secret;

/// What one press of `e` adds, in seconds.
const EXTENSION_S: u64 = 300;
/// Longest time that one login waits in all, in seconds: its state and verifier shall not lie about for longer.
const LONGEST_S: u64 = 3600;

/// Opens the paste box.
pub fn open_paste_box(model: &mut Model) {
    if let Some(authorization) = state_mut(model)
        && matches!(authorization.phase, AuthorizationPhase::Waiting { .. })
    {
        authorization.paste.get_or_insert_with(|| TextField::masked(""));
        authorization.pasting = true;
        authorization.qr = false;
    }
}

/// Text for the paste box.
pub fn typed(model: &mut Model, typed: Typed<'_>) {
    if let Some(authorization) = state_mut(model)
        && let Some(field) = &mut authorization.paste
    {
        typed.apply(field);
        authorization.paste_problem = None;
        if field.text() == "?" && matches!(typed, Typed::Character(_)) {
            notify(model, Tone::Information, "In the box ? is text. F1 shows the keys.");
        }
    }
}

/// Ctrl-Y in the paste box: the address at which the rehearsal's browser ended.
pub fn take_landed(model: &mut Model) {
    if let Some(authorization) = state_mut(model)
        && let (Some(field), Some(landed)) = (&mut authorization.paste, &authorization.landed)
    {
        field.set("");
        field.paste(landed);
        authorization.paste_problem = None;
    }
}

/// The stand-in for a browser ended at an address outside this machine. A person would copy it out of the address
/// bar; here it is offered.
pub fn browser_landed(model: &mut Model, address: Secret) {
    let now = model.now;
    let Some(authorization) = state_mut(model) else { return };
    if matches!(authorization.phase, AuthorizationPhase::Waiting { .. }) {
        authorization.landed = Some(address);
        authorization
            .note(now, "The rehearsal's browser came to its last page; its address is there to paste");
        open_paste_box(model);
    }
}

/// `e`: five minutes more, up to an hour in all.
pub fn extend(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { pending, deadline, late: false, .. } = &mut authorization.phase else {
        return;
    };
    let most = later(pending.begun_at, LONGEST_S);
    let longer = later(*deadline, EXTENSION_S).min(most);
    if longer <= *deadline {
        let text = "One login waits an hour at the most. r begins a new one.";
        return notify(model, Tone::Information, text);
    }
    *deadline = longer;
    pending.expires_at = longer;
    pending::keep(model, out);
    let text =
        if longer == most { "Longer now: an hour in all, which is the most." } else { "Five minutes more." };
    notify(model, Tone::Information, text);
}

/// A second has passed: the countdown moves, or the time is up.
pub fn woke(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    let now = model.now;
    let next = model.ticket();
    let interactive = model.settings.interactive;
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { tick, deadline, ticket: listener, late, port, pending, .. } =
        &mut authorization.phase
    else {
        return;
    };
    if *tick != ticket {
        return;
    }
    let up = now >= *deadline;
    let just_now = up && !*late;
    if just_now {
        *late = true;
        *port = None;
        out.push(Effect::ExpireCallback { ticket: *listener });
    }
    // Where nobody can paste, nothing more can come.
    if up && (!interactive || now >= pending.useless_at()) {
        let problem = pending::over(pending);
        return fail(model, problem, None, out);
    }
    *tick = next;
    out.push(Effect::Wake { ticket: next, milliseconds: 1_000 });
    if just_now {
        authorization.qr = false;
        authorization.note(now, "The time to wait is over; nothing listens any more");
    }
}

/// The listener of a login that is out is bound, or can't be.
pub fn listening(
    model: &mut Model,
    ticket: Ticket,
    result: Result<BoundPort, ListenFailure>,
    out: &mut Vec<Effect>,
) {
    let now = model.now;
    let stand_in = model.settings.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.stand_in);
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { port, passed_over, url, late, .. } = &mut authorization.phase else {
        return;
    };
    // The stand-in of the run before is gone, with the address at which it had ended.
    let again = (stand_in && !*late).then(|| Effect::OpenBrowser { url: url.clone() });
    match result {
        // Its time ended while the port was being bound.
        Ok(_) if *late => out.push(Effect::Cancel { ticket }),
        Ok(bound) => {
            *port = Some(bound.port);
            *passed_over = bound.passed_over;
            out.push(Effect::OfferLogin { ticket, url: url.clone() });
        }
        Err(failure) => {
            for line in failure_lines(&failure) {
                authorization.note(now, line);
            }
        }
    }
    out.extend(again);
}

/// Why nothing listens, a line each.
pub fn failure_lines(failure: &ListenFailure) -> Vec<String> {
    match failure {
        ListenFailure::NoPort { problems } => problems.iter().map(PortProblem::message).collect(),
        ListenFailure::Other { detail } => vec![format!("Nothing can listen here: {detail}")],
    }
}

/// Something reached the listener.
pub fn callback(model: &mut Model, ticket: Ticket, event: CallbackEvent, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket: listener, pending, .. } = &authorization.phase else { return };
    if *listener != ticket {
        return;
    }
    match event {
        CallbackEvent::Seen { line } => authorization.note(now, line),
        CallbackEvent::Arrived { outcome: CallbackOutcome::Code(code) } => {
            let pending = pending.clone();
            authorization.note(now, "The callback came with a code");
            exchange(model, code, &pending, Some(ticket), out);
        }
        CallbackEvent::Arrived { outcome: CallbackOutcome::Error { error, description } } => {
            let problem = diagnosis::diagnose_callback_error(&error, description.as_deref());
            authorization.note(now, "The callback came with an error in the place of a code");
            fail(model, problem, Some(ticket), out);
        }
    }
}

/// Enter in the paste box.
pub fn use_paste(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let issuer = model.settings.endpoints.oauth_base().to_owned();
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket, pending, .. } = &authorization.phase else { return };
    let (ticket, pending) = (*ticket, pending.clone());
    let Some(field) = &authorization.paste else { return };
    match paste::parse_paste(field.text(), &pending, &issuer) {
        Ok(outcome) => {
            let what = match outcome.answer {
                Answer::Code(_) => "A code was pasted",
                Answer::Error { .. } => "An error in the place of a code was pasted",
            };
            authorization.note(now, what);
            if let Some(note) = outcome.note {
                authorization.note(now, note);
            }
            // The listener has done its part: the port is freed.
            out.push(Effect::Cancel { ticket });
            match outcome.answer {
                Answer::Code(code) => exchange(model, code, &pending, None, out),
                Answer::Error { error, description } => {
                    let problem = diagnosis::diagnose_callback_error(&error, description.as_deref());
                    fail(model, problem, None, out);
                }
            }
        }
        Err(problem) => {
            // No answer, but perhaps the text of the page on which Zoom refused the login.
            let refused = matches!(problem, PasteProblem::NotRecognised)
                .then(|| diagnosis::scan_authorize_page(field.text()))
                .flatten();
            if let Some(number) = refused {
                authorization.note(now, "The text of an error page of Zoom was pasted");
                return page_refused(model, diagnosis::diagnose_authorize_page(number), out);
            }
            authorization.note(now, format!("Pasted, and not usable: {}", problem.message()));
            authorization.paste_problem = Some(format!("{}. {}", problem.message(), problem.hint()));
        }
    }
}

/// The browser was not opened, or says at which page the login stopped.
pub fn browser_refused(model: &mut Model, why: &str, out: &mut Vec<Effect>) {
    let now = model.now;
    match diagnosis::scan_authorize_page(why) {
        Some(number) => page_refused(model, diagnosis::diagnose_authorize_page(number), out),
        None => {
            if let Some(authorization) = state_mut(model) {
                authorization.note(now, format!("No browser was opened: {why}"));
            }
            let text =
                format!("The browser did not open ({why}). The address is on the screen: c copies it.");
            notify(model, Tone::Warning, text);
        }
    }
}

/// The login ended on an error page of Zoom: no callback will come.
pub fn page_refused(model: &mut Model, problem: Diagnosis, out: &mut Vec<Effect>) {
    let Some(authorization) = state_mut(model) else { return };
    let AuthorizationPhase::Waiting { ticket, .. } = authorization.phase else { return };
    fail(model, problem, Some(ticket), out);
}
