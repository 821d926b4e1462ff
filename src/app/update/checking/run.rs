//! A check from its beginning to its end, and the next one of a watch. One at a time.

use super::{relist, screen_mut, selected_name};
use crate::app::checking::{Checks, Run, Watch, countdown, is_refreshed_here, on_screen, until_it_changes};
use crate::app::message::{Effect, Ticket};
use crate::app::model::{Model, SecretStore, Tone};
use crate::app::update::{notify, secrets, store_failure_text};
use crate::check::{CheckOptions, CheckReport, Status};
use crate::ports::StoreFailure;
use crate::procedure::AppKind;
use crate::setup::Connection;
use jiff::SignedDuration;

/// How often a watch checks that was begun by a key.
pub const WATCH: SignedDuration = SignedDuration::from_mins(5);

/// Checks the selected connection.
pub fn one(model: &mut Model, refresh: bool, out: &mut Vec<Effect>) {
    if let Some(name) = selected_name(model) {
        start(model, vec![name], refresh, out);
    }
}

/// Checks everything that is listed.
pub fn all(model: &mut Model, out: &mut Vec<Effect>) {
    let Some((checks, _)) = on_screen(model) else { return };
    let names = names(checks, &model.library.connections);
    if names.is_empty() {
        return notify(model, Tone::Information, "No connection is listed that could be checked.");
    }
    start(model, names, false, out);
}

fn names(checks: &Checks, connections: &[Connection]) -> Vec<String> {
    let listed = checks.list.iter().filter_map(|index| connections.get(*index));
    listed.map(|connection| connection.name.clone()).collect()
}

/// Refreshes the token of the selected connection now, if that is the wizard's to do.
pub fn refresh(model: &mut Model, out: &mut Vec<Effect>) {
    let Some((_, Some(connection))) = on_screen(model) else { return };
    if is_refreshed_here(connection) {
        return one(model, true, out);
    }
    let text = match connection.app_kind {
        AppKind::ServerToServer => "Nothing to refresh: each use asks for a new token.".to_owned(),
        AppKind::General => {
            format!("{} owns this refresh. From here it would end its login.", connection.receiver.label())
        }
    };
    notify(model, Tone::Information, text);
}

fn start(model: &mut Model, names: Vec<String>, refresh: bool, out: &mut Vec<Effect>) {
    if model.checking.is_running() {
        return notify(model, Tone::Information, "A check runs. Esc stops it; then another can begin.");
    }
    let ticket = model.ticket();
    model.checking.awaited = names.iter().cloned().collect();
    let name = names.first().filter(|_| names.len() == 1).cloned();
    model.checking.run =
        Some(Run { ticket, count: names.len(), found: [0; Status::ALL.len()], name, refreshed: false });
    if let Some(watch) = screen_mut(model).and_then(|checks| checks.watch.as_mut()) {
        watch.due = None;
    }
    let options = CheckOptions {
        refresh,
        lag_delays_s: model.settings.lag_delays_s.clone(),
        endpoints: model.settings.endpoints.clone(),
    };
    secrets::with_store(model, Effect::Check { ticket, names, options }, out);
}

/// Some more connections are checked.
pub fn checked(model: &mut Model, ticket: Ticket, reports: Vec<CheckReport>) {
    let Some(run) = model.checking.run.as_mut().filter(|run| run.ticket == ticket) else { return };
    for report in &reports {
        run.found[report.status as usize] += 1;
        run.refreshed |= report.refreshed;
    }
    // Whoever has not left the top wants to see what is worst, as it comes in.
    let many = run.count > 1;
    let at_top = screen_mut(model).is_some_and(|checks| checks.selected == 0);
    let kept = if many && at_top { None } else { selected_name(model) };
    for report in reports {
        model.checking.take(report);
    }
    relist(model, kept.as_deref());
}

/// Everything is checked, or nothing could be asked.
pub fn ended(model: &mut Model, ticket: Ticket, result: &Result<(), StoreFailure>, out: &mut Vec<Effect>) {
    let Some(run) = model.checking.run.take_if(|run| run.ticket == ticket) else { return };
    model.checking.awaited.clear();
    match result {
        Ok(()) => {
            let (tone, text) = summary(model, &run);
            notify(model, tone, text);
        }
        Err(failure) => {
            notify(model, Tone::Failure, format!("Not checked: {}", store_failure_text(failure)));
        }
    }
    if run.refreshed {
        out.push(Effect::LoadLibrary);
    }
    wait_for_next(model, out);
}

/// Stops what runs. What is known stays; a refresh that was begun is brought to its end by whoever began it.
pub fn stop(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(run) = model.checking.run.take() else { return };
    if let SecretStore::Unlocking { waiting, .. } = &mut model.secret_store {
        waiting.retain(|effect| !matches!(effect, Effect::Check { ticket, .. } if *ticket == run.ticket));
    }
    out.push(Effect::Cancel { ticket: run.ticket });
    model.checking.awaited.clear();
    let left = run.count.saturating_sub(run.done());
    let text = format!("Stopped: {} checked, {left} not. What is known stays.", run.done());
    notify(model, Tone::Information, text);
    wait_for_next(model, out);
}

/// What a check came to, in one line.
fn summary(model: &Model, run: &Run) -> (Tone, String) {
    let worst = Status::ALL.into_iter().rev().find(|status| run.found(*status) > 0);
    let tone = match worst {
        Some(Status::Unhealthy) => Tone::Failure,
        Some(Status::Warning) => Tone::Warning,
        Some(Status::Healthy) => Tone::Success,
        Some(Status::NotChecked) | None => Tone::Information,
    };
    let report = |name: &String| model.checking.reports.get(name);
    if let Some(report) = run.name.as_ref().and_then(report) {
        let why = report.findings.first().map(|finding| format!(": {}", finding.message)).unwrap_or_default();
        return (tone, format!("{}: {}{why}", report.name, report.status.word()));
    }
    let parts: Vec<String> = Status::ALL
        .into_iter()
        .rev()
        .filter(|status| run.found(*status) > 0)
        .map(|status| format!("{} {}", run.found(status), status.word()))
        .collect();
    let of = if run.done() < run.count { format!(" of {}", run.count) } else { String::new() };
    let found = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    (tone, format!("Checked {}{of}{found}.", run.done()))
}

/// From now on everything is checked again and again; the first check is begun by whoever asks for this.
pub fn watch(model: &mut Model, every: SignedDuration) {
    let ticket = model.ticket();
    if let Some(checks) = screen_mut(model) {
        checks.watch = Some(Watch { every, ticket, due: None });
        checks.every = Some(every);
    }
}

/// `w`: the watch, or no longer.
pub fn turn_watch(model: &mut Model, out: &mut Vec<Effect>) {
    if screen_mut(model).is_some_and(|checks| checks.watch.is_some()) {
        super::end_watch(model, out);
        return notify(model, Tone::Information, "Nothing is checked by itself any more.");
    }
    let every = screen_mut(model).and_then(|checks| checks.every).unwrap_or(WATCH);
    watch(model, every);
    if !model.checking.is_running() {
        wait_for_next(model, out);
    }
    let text = format!(
        "All are checked again every {}. w ends that.",
        countdown(u64::try_from(every.as_millis()).unwrap_or(0))
    );
    notify(model, Tone::Information, text);
}

/// The next check of a watch is due after its time.
fn wait_for_next(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(watch) = screen_mut(model).and_then(|checks| checks.watch.as_mut()) else { return };
    watch.due = now.checked_add(watch.every).ok();
    sleep(model, out);
}

/// Until it is due, or until the words of the countdown change.
fn sleep(model: &mut Model, out: &mut Vec<Effect>) {
    let now = model.now;
    let ticket = model.ticket();
    let Some(watch) = screen_mut(model).and_then(|checks| checks.watch.as_mut()) else { return };
    let Some(left) = watch.left(now) else { return };
    watch.ticket = ticket;
    out.push(Effect::Wake { ticket, milliseconds: until_it_changes(left) });
}

/// A time has come.
pub fn woke(model: &mut Model, ticket: Ticket, out: &mut Vec<Effect>) {
    let now = model.now;
    let Some(watch) = screen_mut(model).and_then(|checks| checks.watch.as_ref()) else { return };
    if watch.ticket != ticket {
        return;
    }
    match watch.left(now) {
        None => {}
        Some(1..) => sleep(model, out),
        Some(0) => {
            let Some((checks, _)) = on_screen(model) else { return };
            let watched = |connection: &&Connection| checks.is_about(connection);
            let names = model.library.connections.iter().filter(watched).map(|one| one.name.clone());
            let names = names.collect();
            start(model, names, false, out);
        }
    }
}
