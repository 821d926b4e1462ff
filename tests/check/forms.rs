//! The forms for monitors.

use super::stage::*;
use jiff::SignedDuration;
use zoom_setup::check::{CheckReport, Outcome, Status};
use zoom_setup::cli::check::{json, nagios, prometheus, text};
use zoom_setup::error::PluginState;
use zoom_setup::sandbox::Fault;

/// One of each kind, one of them broken, under names that have to be escaped.
fn reports() -> (Stage, Vec<CheckReport>) {
    let mut stage = Stage::new(&[Fault::WrongAccount]);
    stage.connect("acme \"prod\" \\ a|b=c's", Kind::Account);
    stage.connect("owned", Kind::Owned);
    stage.connect("receivers", Kind::Receiver);
    let reports = stage.check().into_iter().map(|checked| checked.report).collect();
    (stage, reports)
}

#[test]
fn for_nagios() {
    let (_stage, reports) = reports();
    let line = nagios::write(&reports, &[]);
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(line.matches('|').count(), 1, "only the bar before the performance data: {line}");
    insta::assert_snapshot!("nagios", line);
    assert_eq!(nagios::state(&reports, &[]), Some(PluginState::Critical));
    let healthy: Vec<CheckReport> = reports[1..].to_vec();
    assert_eq!(nagios::state(&healthy, &[]), None, "what cannot be known from here is no fault");
    assert!(nagios::write(&healthy, &[]).starts_with("ZOOM OK - 1 of 2 healthy |"));
    let warned = |status| vec![CheckReport { status, ..healthy[0].clone() }];
    assert_eq!(nagios::state(&warned(Status::Warning), &[]), Some(PluginState::Warning));
    assert_eq!(nagios::state(&[], &[]), Some(PluginState::Unknown));
    assert!(nagios::failed("no | bar\nhere").starts_with("ZOOM UNKNOWN - no / bar"));
    assert_eq!(nagios::failed("two\nlines").matches('\n').count(), 1);
}

#[test]
fn for_prometheus() {
    let (stage, reports) = reports();
    let text = prometheus::write(&reports, Some(0), stage.clock_now(), SignedDuration::from_millis(1_234));
    for line in text.lines() {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(line.starts_with("# ") || value.parse::<f64>().is_ok(), "{line}");
        assert!(series.starts_with("# ") || series.starts_with("zoom_setup_"), "{line}");
    }
    // Of each metric the help, the type, then all of its samples.
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for name in &names {
        assert_eq!(text.matches(&format!("# HELP {name} ")).count(), 1);
    }
    assert!(text.contains(r#"connection="acme \"prod\" \\ a|b=c's""#));
    insta::assert_snapshot!("prometheus", text);
}

#[test]
fn no_form_holds_a_secret() {
    let (stage, reports) = reports();
    let history = stage.history().read().unwrap();
    let forms = [
        text::write(&reports, &[], text::Shown::Many, &history, 80),
        reports
            .iter()
            .map(|report| text::write(std::slice::from_ref(report), &[], text::Shown::One, &history, 80))
            .collect(),
        json::write(&reports, &[]).unwrap(),
        nagios::write(&reports, &[]),
        prometheus::write(&reports, Some(0), stage.clock_now(), SignedDuration::ZERO),
        format!("{reports:?}"),
    ];
    for secret in stage.secrets() {
        assert!(forms.iter().all(|form| !form.contains(secret.expose())));
    }
}

#[test]
fn what_is_not_known_is_null() {
    let (_stage, reports) = reports();
    let document: serde_json::Value = serde_json::from_str(&json::write(&reports, &[]).unwrap()).unwrap();
    assert_eq!(document["format"], 1);
    let [account, owned, receivers] = &document["connections"].as_array().unwrap()[..] else {
        panic!("{document}")
    };
    assert_eq!(account["status"], "unhealthy");
    assert!(account["access_token"]["expires_in_s"].is_null() && account["scopes"]["missing"].is_null());
    assert_eq!(account["findings"][0]["code"], "account-refused");
    assert_eq!(owned["access_token"]["expires_in_s"], 3_599);
    assert_eq!(owned["refresh_token"]["age_days"], 0);
    assert_eq!(owned["scopes"]["missing"], serde_json::json!([]));
    assert_eq!((&receivers["owner"], &receivers["status"]), (&"receiver".into(), &"not_checked".into()));
    assert!(receivers["scopes"]["excess"].is_null() && receivers["refresh_token"]["age_days"].is_null());
    assert!(receivers["places"][1]["url"].as_str().unwrap().starts_with("https://dev12345.service-now.com/"));
}

#[test]
fn the_most_urgent_decides_what_a_run_comes_to() {
    use zoom_setup::check::{Finding, FindingCode};
    let (_stage, reports) = reports();
    let healthy = &reports[1];
    let with = |code: FindingCode, status: Status| {
        let finding = Finding {
            code,
            severity: status,
            message: "m".to_owned(),
            cause: "c.".to_owned(),
            next: "n.".to_owned(),
            zoom: None,
        };
        CheckReport { status, findings: vec![finding], ..healthy.clone() }
    };
    let unreachable = with(FindingCode::Unreachable, Status::NotChecked);
    let limited = with(FindingCode::RateLimited, Status::NotChecked);
    let locked = with(FindingCode::StoreLocked, Status::NotChecked);
    let broken = with(FindingCode::AppDisabled, Status::Unhealthy);
    let stopped = with(FindingCode::Stopped, Status::NotChecked);
    let unsaved = with(FindingCode::NewPairNotStored, Status::Unhealthy);
    let warned = with(FindingCode::ClockSkew, Status::Warning);
    let unreadable = ["a record".to_owned()];
    assert_eq!(Outcome::of(&[], &unreadable), Outcome::Store);
    assert_eq!(Outcome::of(std::slice::from_ref(&unreachable), &unreadable), Outcome::Store);
    assert_eq!(Outcome::of(std::slice::from_ref(&broken), &unreadable), Outcome::Unhealthy);
    let mut run = vec![healthy.clone(), warned];
    assert_eq!(Outcome::of(&[], &[]), Outcome::Fine);
    for (next, outcome) in [
        (healthy.clone(), Outcome::Fine),
        (limited, Outcome::NoAnswer),
        (unreachable, Outcome::NoAnswer),
        (locked, Outcome::Store),
        (broken, Outcome::Unhealthy),
        (stopped, Outcome::Stopped),
        (unsaved, Outcome::Store),
    ] {
        run.push(next);
        assert_eq!(Outcome::of(&run, &[]), outcome);
    }
}
