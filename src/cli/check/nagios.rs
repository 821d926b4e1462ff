//! The result as a plugin of Nagios and its kin tells it: one line with performance data, and the plugin's exit codes
//! (Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and "Plugin Return Codes").

use crate::check::{CheckReport, FindingCode, REFRESH_TOKEN_LIFE, REFRESH_TOKEN_OLD, Status};
use crate::error::PluginState;
use crate::secret::printable;
use std::fmt::Write;

/// Connections that the line names.
const MOST_NAMED: usize = 5;
/// Of so many connections each has performance data of its own; of more only the counts are told.
const MOST_MEASURED: usize = 20;

/// The state; `None`: OK. `unreadable`: the records that can't be read, a line each. A connection that is broken counts more than one that could not be looked at, and that more
/// than a warning.
pub fn state(reports: &[CheckReport], unreadable: &[String]) -> Option<PluginState> {
    let open = |report: &CheckReport| {
        report.status == Status::NotChecked
            && report.findings.iter().any(|found| found.severity == Status::NotChecked)
    };
    if reports.iter().any(|report| report.status == Status::Unhealthy) {
        Some(PluginState::Critical)
    } else if reports.is_empty() || !unreadable.is_empty() || reports.iter().any(open) {
        Some(PluginState::Unknown)
    } else if reports.iter().any(|report| report.status == Status::Warning) {
        Some(PluginState::Warning)
    } else {
        None
    }
}

/// The line.
pub fn write(reports: &[CheckReport], unreadable: &[String]) -> String {
    let count = |status: Status| reports.iter().filter(|report| report.status == status).count();
    let all = reports.len();
    let mut line = match state(reports, unreadable) {
        None => format!("ZOOM OK - {} of {all} healthy", count(Status::Healthy)),
        Some(PluginState::Critical) => {
            format!("ZOOM CRITICAL - {} of {all} unhealthy", count(Status::Unhealthy))
        }
        Some(PluginState::Warning) => {
            format!("ZOOM WARNING - {} of {all} need a hand", count(Status::Warning))
        }
        // These are told below, and nobody knows how many connections there are.
        Some(PluginState::Unknown) if !unreadable.is_empty() => {
            format!("ZOOM UNKNOWN - {} of {all} healthy", count(Status::Healthy))
        }
        Some(PluginState::Unknown) if reports.is_empty() => {
            "ZOOM UNKNOWN - no connection is stored".to_owned()
        }
        Some(PluginState::Unknown) => {
            format!("ZOOM UNKNOWN - {} of {all} could not be checked", count(Status::NotChecked))
        }
    };
    if let Some(problem) = super::unreadable_in_words(unreadable.len()) {
        // Writing to a String cannot fail.
        let _ = write!(line, ", {problem} (see: zoom-setup store)");
    }
    let mut found: Vec<&CheckReport> = reports.iter().filter(|report| !report.findings.is_empty()).collect();
    found.sort_by_key(|report| std::cmp::Reverse(report.status));
    let named: Vec<String> = found.iter().take(MOST_NAMED).map(|report| named(report)).collect();
    if !named.is_empty() {
        let _ = write!(line, "; findings: {}", named.join(", "));
    }
    if let Some(more @ 1..) = found.len().checked_sub(MOST_NAMED) {
        let _ = write!(line, " and {more} more");
    }
    line.push_str(" |");
    for status in Status::ALL {
        let critical = if status == Status::Unhealthy { ";;0;0;" } else { ";;;0;" };
        let _ = write!(line, " {}={}{critical}{all}", status.as_str(), count(status));
    }
    let _ = write!(line, " unreadable={};0;;0;", unreadable.len());
    if all <= MOST_MEASURED {
        for report in reports {
            measured(report, &mut line);
        }
    }
    line.push('\n');
    line
}

/// The line of a plugin that could not do its work.
pub fn failed(message: &str) -> String {
    format!("ZOOM UNKNOWN - {}\n", plain(message, 300))
}

fn named(report: &CheckReport) -> String {
    let codes: Vec<&str> =
        report.findings.iter().map(|finding| finding.code).map(FindingCode::as_str).collect();
    format!("{} ({})", plain(&report.name, 60), codes.join(" "))
}

/// `'label'=value[unit];[warning];[critical];[least];[most]`, in seconds.
fn measured(report: &CheckReport, line: &mut String) {
    // An apostrophe in a label is doubled, and an equals sign not allowed.
    let name = plain(&report.name, 60).replace('\'', "''").replace('=', "-");
    if let Some(left) = report.access_token_s() {
        let _ = write!(line, " '{name} access left'={}s;;;0;", left.max(0));
    }
    if let Some(from) = report.refresh_token_from {
        let age = report.at.duration_since(from).as_secs().max(0);
        let (old, end) = (REFRESH_TOKEN_OLD.as_secs(), REFRESH_TOKEN_LIFE.as_secs());
        let _ = write!(line, " '{name} refresh age'={age}s;{old};{end};0;");
    }
}

/// On one line, and without the bar that begins the performance data.
fn plain(text: &str, limit: usize) -> String {
    printable(text, limit).replace('|', "/")
}
