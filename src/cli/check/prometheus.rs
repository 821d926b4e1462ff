//! The result in Prometheus' text format, fit for node_exporter's textfile collector, which wants no timestamps on
//! samples. Points in time are values in unix seconds.

use crate::check::{CheckReport, Status};
use crate::secret::printable;
use crate::setup::Owner;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;

/// A metric: name, what it says, and its samples.
struct Metric {
    name: &'static str,
    help: &'static str,
    samples: Vec<(String, String)>,
}

/// The whole text. `unreadable`: how many records can't be read; `None`: not all connections were checked. `at`: when the run ended, `took`: how long it was.
pub fn write(
    reports: &[CheckReport],
    unreadable: Option<usize>,
    at: Timestamp,
    took: SignedDuration,
) -> String {
    let each = |value: &dyn Fn(&CheckReport) -> Option<String>| -> Vec<(String, String)> {
        reports.iter().filter_map(|report| Some((label(report), value(report)?))).collect()
    };
    let time = |at: Option<Timestamp>| at.map(|at| at.as_second().to_string());
    let scopes = |count: usize, report: &CheckReport| report.scopes.known.then(|| count.to_string());
    let metrics = [
        Metric {
            name: "zoom_setup_connection_info",
            help: "A stored connection: its procedure and who refreshes its grant.",
            samples: reports.iter().map(|report| (info(report), "1".to_owned())).collect(),
        },
        Metric {
            name: "zoom_setup_connection_status",
            help: "State of a connection: 1 for the state it is in, 0 for the others.",
            samples: reports.iter().flat_map(states).collect(),
        },
        Metric {
            name: "zoom_setup_connection_finding",
            help: "1 for each finding of the last check, by its stable code.",
            samples: reports.iter().flat_map(findings).collect(),
        },
        Metric {
            name: "zoom_setup_connection_checked_timestamp_seconds",
            help: "When the connection was checked.",
            samples: each(&|report| time(Some(report.at))),
        },
        Metric {
            name: "zoom_setup_connection_access_token_expires_timestamp_seconds",
            help: "End of the life of the access token that is stored here.",
            samples: each(&|report| time(report.access_token_expires)),
        },
        Metric {
            name: "zoom_setup_connection_refresh_token_obtained_timestamp_seconds",
            help: "When the refresh token that is stored here was given; unused it lives for about 90 days.",
            samples: each(&|report| time(report.refresh_token_from)),
        },
        Metric {
            name: "zoom_setup_connection_scopes_missing",
            help: "Scopes that were chosen and are not granted.",
            samples: each(&|report| scopes(report.scopes.missing.len(), report)),
        },
        Metric {
            name: "zoom_setup_connection_scopes_excess",
            help: "Scopes that are granted and were not chosen.",
            samples: each(&|report| scopes(report.scopes.excess.len(), report)),
        },
        Metric {
            name: "zoom_setup_connections_unreadable",
            help: "Records of connections that can't be read, so that nothing is known of these.",
            samples: unreadable.map(|count| (String::new(), count.to_string())).into_iter().collect(),
        },
        Metric {
            name: "zoom_setup_check_completed_timestamp_seconds",
            help: "When the check of all connections ended.",
            samples: vec![(String::new(), at.as_second().to_string())],
        },
        Metric {
            name: "zoom_setup_check_duration_seconds",
            help: "How long the check of all connections took.",
            samples: vec![(String::new(), format!("{:.3}", took.as_secs_f64()))],
        },
    ];
    let mut text = String::new();
    for metric in metrics.iter().filter(|metric| !metric.samples.is_empty()) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {} {}", metric.name, metric.help);
        let _ = writeln!(text, "# TYPE {} gauge", metric.name);
        for (labels, value) in &metric.samples {
            let _ = writeln!(text, "{}{labels} {value}", metric.name);
        }
    }
    text
}

fn label(report: &CheckReport) -> String {
    format!("{{connection=\"{}\"}}", escaped(&report.name))
}

fn info(report: &CheckReport) -> String {
    let owner = match report.owner {
        Owner::Wizard => "wizard",
        Owner::Receiver => "receiver",
    };
    let (name, procedure) = (escaped(&report.name), escaped(&report.procedure));
    format!("{{connection=\"{name}\",procedure=\"{procedure}\",owner=\"{owner}\"}}")
}

fn states(report: &CheckReport) -> impl Iterator<Item = (String, String)> + '_ {
    let name = escaped(&report.name);
    Status::ALL.into_iter().map(move |status| {
        let labels = format!("{{connection=\"{name}\",status=\"{}\"}}", status.as_str());
        (labels, u8::from(report.status == status).to_string())
    })
}

fn findings(report: &CheckReport) -> impl Iterator<Item = (String, String)> + '_ {
    let name = escaped(&report.name);
    report.findings.iter().map(move |finding| {
        (format!("{{connection=\"{name}\",code=\"{}\"}}", finding.code.as_str()), "1".to_owned())
    })
}

/// The value of a label: backslash, quotation mark and line feed are escaped.
fn escaped(text: &str) -> String {
    printable(text, 200).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
