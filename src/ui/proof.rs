//! Activation and verification: what was proved, what was not.

use super::diagnosis::diagnosis;
use super::entry::radio;
use super::page::{Body, Own, Page};
use super::step::opening;
use super::text::{age, column, plural};
use super::theme::Look;
use super::verdict::verdict as verdict_of;
use crate::app::model::Model;
use crate::app::wizard::{Activation, Verifying, VerifyingPhase, Wizard};
use crate::oauth::kind::KindFinding;
use crate::setup::{AccountFacts, Check, GrantDecision, Verification};
use ratatui::text::Span;

/// Server-to-Server: the token that shows that the app is activated.
pub fn activate<'a>(
    model: &'a Model,
    wizard: &'a Wizard,
    activation: &'a Activation,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let mut page = Page::new(full, look);
    let good = Span::styled(look.signs.good, look.theme.success);
    let warn = Span::styled(look.signs.warn, look.theme.warning);
    match activation {
        Activation::Ready => {
            let mut text = opening(wizard, full, look);
            text.gap();
            text.text(vec![
                look.accent("Enter"),
                Span::raw(" asks Zoom for a token: only an activated app gets one."),
            ]);
            return Body::text(text);
        }
        Activation::Asking { attempt, of, .. } => {
            page.strong_line(format!("Asking Zoom for a token{}", look.signs.ellipsis));
            page.styled(format!("Attempt {attempt} of {of}"), look.theme.dim);
        }
        Activation::Lagging { attempt, of, missing, until, .. } => {
            let seconds = (until.as_second() - model.now.as_second()).max(0);
            page.item(warn, vec![look.strong("A token came, but not yet with all scopes.")]);
            page.styled(
                format!(
                    "New scopes can take some seconds. Attempt {attempt} of {of}; the next one in {seconds} s."
                ),
                look.theme.dim,
            );
            names(&mut page, "Still missing", missing);
        }
        Activation::Failed { verdict: refused } => {
            verdict_of(&mut page, refused, wizard);
        }
        Activation::Granted { missing, findings } if missing.is_empty() => {
            let text = "The app is active: Zoom issued a token with all chosen scopes.";
            page.item(good, vec![Span::styled(text, look.theme.success)]);
            kinds(&mut page, findings);
        }
        Activation::Granted { missing, findings } => {
            let text = "The app is active: Zoom issued a token. Some chosen scopes are not in it.";
            page.item(warn, vec![Span::styled(text, look.theme.warning)]);
            kinds(&mut page, findings);
            names(&mut page, "Missing", missing);
            page.gap();
            page.text(vec![
                Span::raw("Add them on the page "),
                Span::styled("Scopes", look.theme.label),
                Span::raw(", then press "),
                look.accent("r"),
                Span::raw("."),
            ]);
        }
    }
    page.gap();
    page.append(opening(wizard, full, look));
    Body::text(page)
}

/// Signs that the app is of the wrong kind, each with what shows it.
fn kinds(page: &mut Page<'_>, findings: &[KindFinding]) {
    let look = page.look;
    for finding in findings {
        let (sign, style) = if finding.wrong {
            (look.signs.bad, look.theme.failure)
        } else {
            (look.signs.warn, look.theme.warning)
        };
        page.gap();
        page.item(Span::styled(sign, style), vec![Span::styled(finding.text(), style)]);
        page.item(look.dim("Next:"), vec![look.strong(finding.next.clone())]);
    }
}

/// Ids below a heading, each on its own line.
fn names<'a>(page: &mut Page<'a>, title: &'static str, ids: &'a [String]) {
    if ids.is_empty() {
        return;
    }
    page.heading(title);
    for id in ids {
        page.value(id, page.look.theme.value);
    }
}

/// The checks, the scopes, and what becomes of the test login.
pub fn verify<'a>(
    model: &'a Model,
    wizard: &'a Wizard,
    verifying: &'a Verifying,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let mut page = Page::new(full, look);
    match &verifying.phase {
        VerifyingPhase::Ready => {
            let mut text = opening(wizard, full, look);
            text.gap();
            text.text(vec![look.accent("Enter"), Span::raw(" asks Zoom now.")]);
            return Body::text(text);
        }
        VerifyingPhase::Running { stage, .. } => {
            page.strong_line(format!("{}{}", stage.label(), look.signs.ellipsis));
            page.gap();
            checks(&mut page, &verifying.checks);
            return Body::text(page);
        }
        VerifyingPhase::Revoking { .. } => {
            page.strong_line(format!("Revoking the test login{}", look.signs.ellipsis));
            page.gap();
        }
        VerifyingPhase::RevokeFailed { problem } => {
            diagnosis(&mut page, problem);
            page.gap();
            page.text(vec![
                look.accent("r"),
                Span::raw(" revokes again. The tokens are still here, and still valid."),
            ]);
            page.gap();
        }
        VerifyingPhase::Finished => verdict(&mut page, wizard, &verifying.checks),
        VerifyingPhase::Deciding { .. } => {}
    }
    checks(&mut page, &verifying.checks);
    if let Some(verification) = &wizard.setup.verification {
        scopes(&mut page, wizard, verification);
    }
    if let Some(account) = &verifying.account {
        account_facts(&mut page, account);
    }
    super::desk::proved(&mut page, wizard);
    if let Some(verification) = &wizard.setup.verification {
        page.gap();
        page.styled(format!("Checked {}.", age(model.now, verification.at)), look.theme.dim);
    }
    let own = match &verifying.phase {
        VerifyingPhase::Deciding { selected } => Some(decision(*selected, full, look)),
        VerifyingPhase::Ready
        | VerifyingPhase::Running { .. }
        | VerifyingPhase::Finished
        | VerifyingPhase::Revoking { .. }
        | VerifyingPhase::RevokeFailed { .. } => None,
    };
    Body { text: page, own }
}

/// The result in one line, and the next key.
fn verdict(page: &mut Page<'_>, wizard: &Wizard, checks: &[Check]) {
    use crate::setup::Outcome;
    let look = page.look;
    let count = |outcome: Outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let (failed, warned, open) = (count(Outcome::Fail), count(Outcome::Warning), count(Outcome::NotChecked));
    if failed > 0 {
        // A General app's token keeps the scopes and the kind it was granted with, and a refresh token that may be
        // spent is not sent again: only a new login helps.
        let anew =
            !wizard.is_server_to_server() && (granted_too_little(checks) || wizard.refreshing.is_some());
        let then = if anew { "Esc to the login, and r there logs in anew" } else { "press r" };
        let text = format!("{} failed. Put it right, then {then}.", plural(failed, "check"));
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![Span::styled(text, look.theme.failure)]);
    } else if count(Outcome::Pass) == 0 {
        let text = format!("Nothing was proved: {}.", not_checked(open));
        let sign = Span::styled(look.signs.warn, look.theme.warning);
        page.item(sign, vec![Span::styled(text, look.theme.warning)]);
    } else {
        let mut parts = vec![format!("{} passed", plural(count(Outcome::Pass), "check"))];
        if warned > 0 {
            parts.push(plural(warned, "warning"));
        }
        if open > 0 {
            parts.push(not_checked(open));
        }
        let sign = Span::styled(look.signs.good, look.theme.success);
        page.item(sign, vec![Span::styled(format!("{}.", parts.join(", ")), look.theme.success)]);
    }
    let decided = match wizard.setup.decision {
        Some(GrantDecision::RevokeAndHandOver) => Some("The test login is revoked."),
        Some(GrantDecision::KeepAndOwn) => Some("The wizard keeps its login and owns the refresh."),
        Some(GrantDecision::Skipped) | None => None,
    };
    if failed == 0 {
        page.text(vec![look.accent("Enter"), Span::raw(" stores the connection and goes on.")]);
    }
    if let Some(decided) = decided {
        page.styled(decided, look.theme.dim);
    }
    page.gap();
}

/// Whether what failed is a matter of what the login was granted.
fn granted_too_little(checks: &[Check]) -> bool {
    checks.iter().any(|check| {
        check.outcome == crate::setup::Outcome::Fail && matches!(check.code.as_str(), "scopes" | "app-kind")
    })
}

/// So many checks without an outcome.
fn not_checked(count: usize) -> String {
    format!("{count} not checked")
}

/// The table of checks.
pub fn checks<'a>(page: &mut Page<'a>, checks: &'a [Check]) {
    let look = page.look;
    let wide = page.width >= 60;
    for check in checks {
        let word = Span::styled(column(check.outcome.word(), 11, ""), look.outcome(check.outcome));
        if wide {
            let title = column(&check.title, 16, look.signs.ellipsis);
            page.item(word, vec![look.strong(title), Span::raw(" "), Span::raw(check.detail.as_str())]);
        } else {
            page.item(word, vec![look.strong(check.title.as_str())]);
            page.item(Span::raw(" "), vec![Span::raw(check.detail.as_str())]);
        }
        let indent = || Span::raw(if wide { "           " } else { " " });
        if let Some(next) = &check.next {
            page.item(indent(), vec![look.dim("Next: "), look.strong(next.as_str())]);
        }
        if let Some(zoom) = check.diagnosis.as_ref().and_then(|diagnosis| diagnosis.zoom.as_ref()) {
            page.item(indent(), vec![look.dim("Zoom said: "), look.dim(zoom.as_str())]);
        }
    }
}

/// Required, granted, missing, excess, with what to do for each.
fn scopes<'a>(page: &mut Page<'a>, wizard: &Wizard, verification: &'a Verification) {
    let look = page.look;
    page.heading("Scopes");
    let chosen = format!("{} chosen", wizard.setup.scopes.len());
    let counts = match &verification.granted {
        Some(granted) => vec![
            chosen,
            format!("{} granted", granted.len()),
            format!("{} missing", verification.missing.len()),
            format!("{} more than chosen", verification.excess.len()),
        ],
        None => vec![chosen, "granted: not checked".to_owned()],
    };
    page.plain(counts.join(look.signs.between));
    if !verification.missing.is_empty() {
        page.text(vec![
            Span::styled("Missing", look.theme.failure),
            Span::raw(": chosen, and not in the token."),
        ]);
        for id in &verification.missing {
            page.value(id, look.theme.value);
        }
    }
    if !verification.excess.is_empty() {
        page.text(vec![
            Span::styled("More than chosen", look.theme.warning),
            Span::raw(": nothing here needs them. Remove them in Zoom, unless you know what for."),
        ]);
        for id in &verification.excess {
            page.value(id, look.theme.value);
        }
    }
}

/// Who the token belongs to.
fn account_facts<'a>(page: &mut Page<'a>, account: &'a AccountFacts) {
    page.heading("The token belongs to");
    let facts = [
        ("User", &account.name),
        ("Email", &account.email),
        ("User ID", &account.user_id),
        ("Account ID", &account.account_id),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            page.fact(name, 10, vec![Span::raw(value.as_str())]);
        }
    }
}

/// What becomes of the test login.
fn decision<'a>(selected: usize, full: u16, look: Look<'a>) -> Own<'a> {
    let mut page = Page::new(full, look);
    let options = [
        (
            "Revoke the test login and hand over",
            "For a receiver that logs in itself. It then owns the refresh, and nothing of the login stays here.",
        ),
        (
            "Keep the test login; this wizard owns the refresh",
            "For checks from here. A later login of the receiver with the same user ends it.",
        ),
    ];
    radio(&mut page, options.into_iter(), selected);
    let mut own = Own::rows(page);
    own.head.strong_line("What becomes of the test login?");
    own
}
