//! The result for people: a table, then a line of advice for each connection that needs one.

use crate::check::{CheckReport, Entry, Finding, FindingCode, History, REFRESH_TOKEN_LIFE, Status};
use crate::procedure::{AppKind, Receiver};
use crate::secret::printable;
use crate::setup::Owner;
use std::collections::BTreeMap;
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

/// Widest line.
pub const COLUMNS: usize = 80;
/// Below this each connection takes two lines.
const TABLE_COLUMNS: usize = 72;
/// Widths of the first four columns; the last takes the rest.
const WIDTHS: [usize; 4] = [11, 24, 8, 15];
/// Checks of before that are shown.
const SHOWN_CHECKS: usize = 8;
/// Names that a line gathers.
const MOST_NAMES: usize = 6;

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// One connection that was named: everything.
    One,
    /// A table.
    Many,
}

/// The whole text, in lines of at most so many columns. `unreadable`: the records that can't be read, a line each.
pub fn write(
    reports: &[CheckReport],
    unreadable: &[String],
    shown: Shown,
    history: &History,
    columns: usize,
) -> String {
    let mut page = Page { text: String::new(), columns: columns.min(COLUMNS) };
    match (shown, reports) {
        (Shown::One, [report]) => one(report, history.of(&report.name), &mut page),
        (Shown::One | Shown::Many, []) => {}
        (Shown::One | Shown::Many, reports) => many(reports, &mut page),
    }
    if !unreadable.is_empty() {
        if !page.text.is_empty() {
            page.line("");
        }
        for line in unreadable {
            page.wrapped("", 2, &format!("not known: a record can't be read. {line}"));
        }
        page.wrapped(
            "  ",
            2,
            "What is damaged: zoom-setup store. What has a backup comes back with: zoom-setup store repair",
        );
    }
    page.text
}

struct Page {
    text: String,
    columns: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Text behind a lead; further lines stand under the text. A word that is longer than a line, such as an address,
    /// stays whole.
    fn wrapped(&mut self, lead: &str, hang: usize, text: &str) {
        let hang = " ".repeat(hang);
        let options = Options::new(self.columns)
            .initial_indent(lead)
            .subsequent_indent(&hang)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        let text = printable(text, 2000);
        for line in textwrap::wrap(&text, options) {
            self.line(&line);
        }
    }
}

fn many(reports: &[CheckReport], page: &mut Page) {
    let wide = page.columns >= TABLE_COLUMNS;
    if wide {
        row(page, ["STATE", "CONNECTION", "ACCESS", "REFRESH TOKEN", "SCOPES"]);
    }
    for report in reports {
        let cells = [report.status.word(), &report.name, &access(report), &refresh(report), &scopes(report)];
        if wide {
            row(page, cells);
        } else {
            let [state, name, access, refresh, scopes] = cells;
            let name = cell(name, page.columns.saturating_sub(WIDTHS[0] + 2));
            page.line(&format!("{state:<11}  {name}"));
            page.wrapped("  ", 2, &format!("access {access}, refresh {refresh}, scopes {scopes}"));
        }
    }
    let found: Vec<&CheckReport> = reports.iter().filter(|report| !report.findings.is_empty()).collect();
    if !found.is_empty() {
        page.line("");
        advice(&found, page);
    }
    receivers(reports, page);
}

/// One line of advice each. What nobody was asked about is gathered: it has one reason.
fn advice(found: &[&CheckReport], page: &mut Page) {
    let mut gathered: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for report in found {
        let Some(worst) = report.findings.first() else { continue };
        if worst.severity == Status::NotChecked {
            gathered.entry((&worst.message, &worst.next)).or_default().push(&report.name);
            continue;
        }
        let more = match report.findings.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" ({more} more: zoom-setup check {})", printable(&report.name, 100)),
        };
        let name = printable(&report.name, 100);
        page.wrapped("", 2, &format!("{name}: {}. {}{more}", worst.message, worst.next));
    }
    for ((message, next), names) in gathered {
        page.wrapped("", 2, &format!("{}: {message}. {next}", gather(&names)));
    }
}

/// What cannot be known of grants that the receivers own, once for each receiver.
fn receivers(reports: &[CheckReport], page: &mut Page) {
    for receiver in [Receiver::ServiceNow, Receiver::Celigo] {
        let of: Vec<&CheckReport> = reports
            .iter()
            .filter(|report| report.owner == Owner::Receiver && report.receiver == receiver)
            .collect();
        let Some(first) = of.first() else { continue };
        let names: Vec<&str> = of.iter().map(|report| report.name.as_str()).collect();
        page.line("");
        page.wrapped("", 2, &format!("{}: not known from here.", gather(&names)));
        for line in &first.unknown {
            page.wrapped("  - ", 4, line);
        }
        if let Some(place) = first.places.first() {
            page.wrapped("  Look there: ", 4, &format!("{}.", place.label));
        }
        page.wrapped("  ", 2, "Links to it: zoom-setup check NAME");
    }
}

fn one(report: &CheckReport, before: &[Entry], page: &mut Page) {
    page.line(&format!("{}: {}", printable(&report.name, 100), report.status.word()));
    pair(page, "Procedure", &report.procedure);
    pair(page, "Zoom app", report.app_kind.label());
    let owner = match (report.app_kind, report.owner) {
        (AppKind::ServerToServer, _) => "nothing to refresh: a new token is asked for each time".to_owned(),
        (AppKind::General, Owner::Wizard) => "done by zoom-setup".to_owned(),
        (AppKind::General, Owner::Receiver) => {
            format!("done by {}, never from here", report.receiver.label())
        }
    };
    pair(page, "Refresh", &owner);
    if report.app_kind == AppKind::General && report.owner == Owner::Wizard {
        let left = match report.access_token_s() {
            None if looked(report) => "none".to_owned(),
            None => "not known".to_owned(),
            Some(..=0) => "over".to_owned(),
            Some(1..) => format!("{} left", access(report)),
        };
        pair(page, "Access token", &left);
        let new = if report.refreshed { ", new in this check" } else { "" };
        pair(page, "Refresh token", &format!("{}{new}", refresh(report)));
    }
    pair(page, "Scopes", &scopes(report));
    for line in &report.proved {
        page.wrapped("  + ", 4, line);
    }
    for finding in &report.findings {
        told(finding, page);
    }
    if !report.unknown.is_empty() {
        page.line("");
        page.line("Not known from here:");
        for line in &report.unknown {
            page.wrapped("  - ", 4, line);
        }
    }
    if !report.places.is_empty() {
        page.line("");
        page.line(&format!("Look in {}:", report.receiver.label()));
        for place in &report.places {
            page.wrapped("  - ", 4, &place.label);
            if let Some(url) = &place.url {
                // Whole, to be copied or clicked.
                page.line(&format!("    {}", printable(url, 2000)));
            }
        }
    }
    if !before.is_empty() {
        page.line("");
        page.line("Checks before:");
        for entry in before.iter().rev().take(SHOWN_CHECKS) {
            let codes: Vec<&str> = entry.findings.iter().map(|code| code.as_str()).collect();
            let at = entry.at.strftime("%Y-%m-%d %H:%M UTC");
            let line = format!("{at}  {:<11}  {}", entry.status.word(), codes.join(", "));
            page.wrapped("  ", 4, line.trim_end());
        }
    }
}

fn told(finding: &Finding, page: &mut Page) {
    page.line("");
    let stopped = finding.code == FindingCode::Stopped;
    let word = if stopped { "stopped" } else { finding.severity.word() };
    page.wrapped("", 2, &format!("{word}: {} ({})", finding.message, finding.code.as_str()));
    page.wrapped("  ", 2, &finding.cause);
    page.wrapped("  ", 2, &finding.next);
    if let Some(zoom) = &finding.zoom {
        page.wrapped("  Zoom said: ", 4, zoom);
    }
}

fn pair(page: &mut Page, label: &str, value: &str) {
    page.wrapped(&format!("  {label:<14} "), 17, value);
}

/// Whether what is stored was looked at.
fn looked(report: &CheckReport) -> bool {
    let shut = [FindingCode::StoreLocked, FindingCode::StoreUnreadable, FindingCode::Stopped];
    !shut.into_iter().any(|code| report.has(code))
}

/// What is left of the access token.
fn access(report: &CheckReport) -> String {
    match report.access_token_s() {
        None => "-".to_owned(),
        Some(..=0) => "over".to_owned(),
        Some(left @ 1..60) => format!("{left} s"),
        Some(left @ 60..7_200) => format!("{} min", left / 60),
        Some(left @ 7_200..) => format!("{} h", left / 3_600),
    }
}

/// How old the refresh token is, of the about 90 days that it lives.
fn refresh(report: &CheckReport) -> String {
    match (report.app_kind, report.owner) {
        (AppKind::ServerToServer, _) => "none needed".to_owned(),
        (AppKind::General, Owner::Receiver) => format!("{}'s", report.receiver.label()),
        (AppKind::General, Owner::Wizard) => {
            let life = REFRESH_TOKEN_LIFE.as_hours() / 24;
            let none = if looked(report) { "none" } else { "not known" };
            let days = report.refresh_token_days();
            days.map_or_else(|| none.to_owned(), |days| format!("{days} of ~{life} days"))
        }
    }
}

fn scopes(report: &CheckReport) -> String {
    let drift = &report.scopes;
    if !drift.known {
        return "not known".to_owned();
    }
    match (drift.missing.len(), drift.excess.len()) {
        (0, 0) => "as chosen".to_owned(),
        (0, more) => format!("{more} more"),
        (missing, 0) => format!("{missing} missing"),
        (missing, more) => format!("{missing} missing, {more} more"),
    }
}

fn row(page: &mut Page, cells: [&str; 5]) {
    let [state, name, access, refresh, scopes] = cells;
    let line = format!(
        "{}  {}  {}  {}  {}",
        cell(state, WIDTHS[0]),
        cell(name, WIDTHS[1]),
        cell(access, WIDTHS[2]),
        cell(refresh, WIDTHS[3]),
        cell(scopes, 12),
    );
    page.line(&line);
}

/// Text cut or padded to a number of columns; wide characters count for two.
fn cell(text: &str, columns: usize) -> String {
    let text = printable(text, columns.max(1) * 4);
    let mut out = String::new();
    let fits = text.width() <= columns;
    for character in text.chars() {
        let room = if fits { columns } else { columns.saturating_sub(1) };
        if out.width() + character.to_string().width() > room {
            break;
        }
        out.push(character);
    }
    if !fits {
        out.push('…');
    }
    let missing = columns.saturating_sub(out.width());
    out + &" ".repeat(missing)
}

fn gather(names: &[&str]) -> String {
    let some: Vec<String> = names.iter().take(MOST_NAMES).map(|name| printable(name, 60)).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => some.join(", "),
        more => format!("{} and {more} more", some.join(", ")),
    }
}
