//! The result for programs.

use crate::check::{CheckReport, Finding, Place};
use crate::handoff::json::document;
use crate::procedure::{AppKind, Receiver};
use crate::setup::{FORMAT, Owner};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    connections: Vec<Row<'a>>,
    /// Records of connections that can't be read, in words: nothing is known of these.
    unreadable: &'a [String],
}

/// `null` where nothing is known.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    procedure: &'a str,
    receiver: Receiver,
    app_kind: AppKind,
    owner: Owner,
    checked_at: Timestamp,
    status: &'static str,
    refreshed: bool,
    access_token: AccessToken,
    refresh_token: RefreshToken,
    scopes: Scopes<'a>,
    findings: Vec<Found<'a>>,
    proved: &'a [String],
    unknown: &'a [String],
    places: Vec<Where<'a>>,
}

#[derive(Serialize)]
struct AccessToken {
    /// Negative: it is over.
    expires_in_s: Option<i64>,
}

#[derive(Serialize)]
struct RefreshToken {
    age_days: Option<i64>,
}

#[derive(Serialize)]
struct Scopes<'a> {
    missing: Option<&'a [String]>,
    excess: Option<&'a [String]>,
}

#[derive(Serialize)]
struct Found<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    cause: &'a str,
    next: &'a str,
    zoom: Option<&'a str>,
}

#[derive(Serialize)]
struct Where<'a> {
    label: &'a str,
    url: Option<&'a str>,
}

/// The whole document. `unreadable`: the records that can't be read, a line each.
///
/// # Errors
/// Only if a value could not be serialized, which would be a defect of this program.
pub fn write(reports: &[CheckReport], unreadable: &[String]) -> serde_json::Result<String> {
    document(&Document { format: FORMAT, connections: reports.iter().map(row).collect(), unreadable })
}

fn row(report: &CheckReport) -> Row<'_> {
    let scopes = &report.scopes;
    Row {
        name: &report.name,
        procedure: &report.procedure,
        receiver: report.receiver,
        app_kind: report.app_kind,
        owner: report.owner,
        checked_at: report.at,
        status: report.status.as_str(),
        refreshed: report.refreshed,
        access_token: AccessToken { expires_in_s: report.access_token_s() },
        refresh_token: RefreshToken { age_days: report.refresh_token_days() },
        scopes: Scopes {
            missing: scopes.known.then_some(scopes.missing.as_slice()),
            excess: scopes.known.then_some(scopes.excess.as_slice()),
        },
        findings: report.findings.iter().map(found).collect(),
        proved: &report.proved,
        unknown: &report.unknown,
        places: report
            .places
            .iter()
            .map(|Place { label, url }| Where { label, url: url.as_deref() })
            .collect(),
    }
}

fn found(finding: &Finding) -> Found<'_> {
    Found {
        code: finding.code.as_str(),
        severity: finding.severity.as_str(),
        message: &finding.message,
        cause: &finding.cause,
        next: &finding.next,
        zoom: finding.zoom.as_deref(),
    }
}
