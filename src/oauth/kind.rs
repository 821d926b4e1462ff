//! Signs that the app is of the wrong kind, each with what shows it.

use super::verdict::{Judgement, Verdict};
use crate::procedure::{AppKind, Management};
use crate::scope::{Catalogue, KindProblem, Level};
use std::collections::BTreeSet;

/// What is known about an app. What is not known is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    pub app_kind: AppKind,
    /// How a General app shall be managed.
    pub management: Option<Management>,
    /// Scopes that the app shall have.
    pub chosen: &'a BTreeSet<String>,
    /// Scopes of its token.
    pub granted: Option<&'a [String]>,
    /// The Account ID that was entered.
    pub account_id: Option<&'a str>,
    /// The account that the token or the API names.
    pub token_account: Option<&'a str>,
    /// Verdict on the pair.
    pub pair: Option<&'a Verdict>,
    /// Verdict on the authorize page.
    pub redirect: Option<&'a Verdict>,
}

/// One sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFinding {
    /// Stable id: `user-managed`, `admin-managed`, `master-scopes`, `other-account`, `other-view`, `other-kind`.
    pub code: &'static str,
    /// Whether the receiver can't work with it; otherwise it is only worth a look.
    pub wrong: bool,
    /// What it means, a sentence without a full stop.
    pub message: String,
    /// What to do.
    pub next: String,
    /// What shows it.
    pub evidence: Vec<String>,
}

impl KindFinding {
    /// The sentence with its evidence.
    pub fn text(&self) -> String {
        format!("{}. Seen: {}", self.message, self.evidence.join(", "))
    }
}

/// Every sign in what was observed, gravest first.
pub fn findings(observed: &Observed<'_>) -> Vec<KindFinding> {
    let mut found: Vec<KindFinding> = scopes(observed).into_iter().chain(account(observed)).collect();
    found.extend(verdicts(observed));
    found.sort_by_key(|finding| !finding.wrong);
    found
}

/// What the granted scopes say.
fn scopes(observed: &Observed<'_>) -> Vec<KindFinding> {
    let catalogue = Catalogue::embedded();
    let granted = observed.granted.unwrap_or_default();
    let mut found: Vec<KindFinding> = catalogue
        .wrong_kind(observed.chosen, granted, observed.app_kind, observed.management)
        .into_iter()
        .map(|finding| {
            let (code, wrong) = match finding.problem {
                KindProblem::UserLevelOnly => ("user-managed", true),
                KindProblem::AdminLevel => ("admin-managed", false),
                KindProblem::MasterLevel => ("master-scopes", false),
            };
            KindFinding {
                code,
                wrong,
                message: finding.message,
                next: finding.next,
                evidence: finding.evidence,
            }
        })
        .collect();
    let twins = user_twins(observed.chosen, granted);
    if !twins.is_empty() && !found.iter().any(|finding| finding.code == "user-managed") {
        found.push(KindFinding {
            code: "user-managed",
            wrong: true,
            message: "Scopes are there for one user only where the account is meant: they lack :admin"
                .to_owned(),
            next: "In Zoom, make the app admin-managed and add the :admin scopes, then ask for a new token."
                .to_owned(),
            evidence: twins,
        });
    }
    found
}

/// Chosen account-wide scopes of which only the user's own form is granted.
fn user_twins(chosen: &BTreeSet<String>, granted: &[String]) -> Vec<String> {
    chosen
        .iter()
        .filter(|wanted| !granted.contains(wanted) && Level::by_shape(wanted) == Level::Admin)
        .filter_map(|wanted| {
            let twin = wanted.strip_suffix(":admin")?;
            granted.iter().any(|id| id == twin).then(|| format!("{twin} in place of {wanted}"))
        })
        .collect()
}

/// Whether the token is of the account that was entered.
fn account(observed: &Observed<'_>) -> Option<KindFinding> {
    let (entered, seen) = (observed.account_id?, observed.token_account?);
    (entered != seen).then(|| KindFinding {
        code: "other-account",
        wrong: false,
        message: "The token names another account than the Account ID that was entered".to_owned(),
        next: "Compare with the Account ID on the page App Credentials, and enter that one.".to_owned(),
        evidence: vec![format!("entered {entered}"), format!("the token says {seen}")],
    })
}

/// What the answers to earlier questions say together.
fn verdicts(observed: &Observed<'_>) -> Vec<KindFinding> {
    let mut found = Vec::new();
    if let Some(verdict) = observed.pair.filter(|verdict| verdict.code == "wrong-kind") {
        found.push(KindFinding {
            code: "other-kind",
            wrong: true,
            message: verdict.heading.clone(),
            next: verdict.candidates.first().map(|candidate| candidate.test.clone()).unwrap_or_default(),
            evidence: verdict.zoom.iter().cloned().collect(),
        });
    }
    let known = observed.pair.is_some_and(|verdict| verdict.judgement == Judgement::Proved);
    if let Some(verdict) =
        observed.redirect.filter(|verdict| known && verdict.judgement == Judgement::Refused)
    {
        found.push(KindFinding {
            code: "other-view",
            wrong: false,
            message: "Zoom knew the pair and refused the login page: the pair may be of Production where \
                      Development is set up, or the reverse"
                .to_owned(),
            next:
                "Look in which view the client ID stands: each has its own pair and its own redirect fields."
                    .to_owned(),
            evidence: verdict.zoom.iter().cloned().collect(),
        });
    }
    found
}

#[cfg(test)]
mod tests;
