//! Every finding, made on purpose at the sandbox or the store, and its words.

use super::many::{Counting, Losing, Unheard};
use super::stage::*;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use zoom_setup::check::{CheckReport, FindingCode, History, Status};
use zoom_setup::cli::check::{json, text, unsaved};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::Store;
use zoom_setup::procedure::{AppKind, FieldName};
use zoom_setup::sandbox::Fault;
use zoom_setup::secret::Secret;
use zoom_setup::setup::SecretKey;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How each code is made.
fn made(code: FindingCode) -> (Stage, CheckReport) {
    let fault = |fault: Fault, kind: Kind| {
        let mut stage = Stage::new(&[fault]);
        stage.connect("acme", kind);
        (stage, None)
    };
    let due = |faults: &[Fault], age: SignedDuration| {
        let mut stage = Stage::new(faults);
        stage.connect("acme", Kind::Owned);
        stage.clock.pass(age);
        (stage, None)
    };
    let (stage, report): (Stage, Option<CheckReport>) = match code {
        FindingCode::CredentialsRefused => {
            let mut stage = Stage::new(&[]);
            stage.connect("acme", Kind::Receiver);
            stage.sandbox.regenerate_secret(AppKind::General);
            (stage, None)
        }
        FindingCode::AccountRefused => fault(Fault::WrongAccount, Kind::Account),
        FindingCode::AppDisabled => fault(Fault::NotActivated, Kind::Account),
        FindingCode::Refused => fault(Fault::WrongKind, Kind::Account),
        FindingCode::ScopesMissing => fault(Fault::MissingScope, Kind::Account),
        FindingCode::ClockSkew => fault(Fault::ClockSkew, Kind::Account),
        FindingCode::RedirectRefused => fault(Fault::RedirectMismatch, Kind::Receiver),
        FindingCode::Superseded => due(&[Fault::Superseded], DAY),
        FindingCode::DisabledByAdmin => due(&[Fault::DisabledByAdmin], DAY),
        FindingCode::OwnerRemoved => due(&[Fault::OwnerRemoved], DAY),
        FindingCode::RefreshTokenRefused => due(&[Fault::ExpiredRefresh], DAY),
        FindingCode::RefreshInterrupted => {
            let (mut stage, _) = due(&[], DAY);
            stage.renewing_zoom = Arc::new(Losing(Arc::clone(&stage.zoom)));
            (stage, None)
        }
        FindingCode::RefreshTokenExpired => due(&[], DAY * 91),
        FindingCode::RefreshTokenOld => {
            let (mut stage, _) = due(&[], DAY * 80);
            let key = SecretKey::ConnectionField("acme".to_owned(), FieldName::ClientSecret);
            stage.store.write_secrets(vec![(key, None)]).unwrap();
            (stage, None)
        }
        FindingCode::SecretMissing => {
            let (mut stage, _) = fault(Fault::Deny, Kind::Account);
            let key = SecretKey::ConnectionField("acme".to_owned(), FieldName::ClientSecret);
            stage.store.write_secrets(vec![(key, None)]).unwrap();
            (stage, None)
        }
        FindingCode::NoRefreshToken => {
            let (mut stage, _) = due(&[], DAY);
            let key = SecretKey::ConnectionTokens("acme".to_owned());
            stage.store.write_secrets(vec![(key, None)]).unwrap();
            (stage, None)
        }
        FindingCode::TokenRefused => {
            let (mut stage, _) = due(&[], SignedDuration::ZERO);
            let tokens = StoredTokens {
                access_token: Secret::new("made-up"),
                refresh_token: None,
                obtained_at: stage.clock_now(),
                expires_at: stage.clock_now() + SignedDuration::from_mins(50),
            };
            let key = SecretKey::ConnectionTokens("acme".to_owned());
            stage.store.write_secrets(vec![(key, Some(tokens.to_secret()))]).unwrap();
            (stage, None)
        }
        FindingCode::ScopesGained => {
            let (mut stage, _) = fault(Fault::Deny, Kind::Account);
            stage.change("acme", |connection| {
                connection.scopes = BTreeSet::from([SCOPES[2].to_owned()]);
            });
            (stage, None)
        }
        FindingCode::NewPairNotStored => {
            let (stage, _) = due(&[], DAY);
            // The mark still fits, the pair does not.
            stage.disk.room_for(Some(1));
            (stage, None)
        }
        FindingCode::RescuedPairStored => {
            let (stage, _) = due(&[], DAY);
            stage.disk.room_for(Some(1));
            assert_eq!(codes(&stage.report()), [FindingCode::NewPairNotStored]);
            stage.disk.room_for(None);
            (stage, None)
        }
        FindingCode::StoreLocked => {
            let (mut stage, _) = due(&[], DAY);
            stage.shut();
            (stage, None)
        }
        FindingCode::StoreUnreadable => {
            let (stage, _) = due(&[], DAY);
            let entry = std::fs::read_dir(stage.data_dir().join("tokens")).unwrap();
            let file = entry
                .map(|entry| entry.unwrap().path())
                .find(|path| path.extension().is_some_and(|end| end == "age"));
            std::fs::write(file.unwrap(), "no age file").unwrap();
            (stage, None)
        }
        FindingCode::Unreachable => {
            let (mut stage, _) = due(&[], DAY);
            stage.nobody_answers();
            (stage, None)
        }
        FindingCode::RateLimited => {
            let (mut stage, _) = fault(Fault::RateLimit, Kind::Account);
            stage.limits.longest_wait = SignedDuration::from_secs(1);
            (stage, None)
        }
        FindingCode::Stopped => {
            let (stage, _) = due(&[], DAY);
            let report = stage.stopped_at_once();
            (stage, Some(report))
        }
    };
    let report = report.unwrap_or_else(|| stage.report());
    (stage, report)
}

/// What differs between machines has names.
fn tidy(stage: &Stage, text: String) -> String {
    let data = stage.data_dir();
    let parent = data.parent().and_then(Path::to_str).unwrap().to_owned();
    let port = stage.options.endpoints.oauth_base().rsplit(':').next().unwrap().to_owned();
    let text = text.replace(&parent, "PLACE").replace(&port, "PORT");
    // The name of a rescue directory carries a digest of the data directory.
    text.lines()
        .map(|line| line.split(' ').map(without_digest).collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

fn without_digest(word: &str) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(|character: char| character.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find(|character: char| !character.is_ascii_hexdigit()).unwrap_or(from.len());
        out.push_str(if end >= 16 { "DIGEST" } else { &from[..end] });
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

#[test]
fn every_finding_is_made_and_says_what_to_do() {
    for code in FindingCode::ALL {
        let (stage, report) = made(code);
        let found = report.findings.iter().find(|finding| finding.code == code);
        let Some(found) = found else { panic!("{}: {:?}", code.as_str(), report.findings) };
        assert!(!found.message.ends_with('.'), "{}", found.message);
        assert!(found.cause.ends_with('.') && found.next.ends_with('.'), "{found:?}");
        assert_eq!(report.status, report.findings[0].severity, "the worst is first and decides");
        // Nobody has these keys outside the wizard's steps.
        for keys in ["press r", "Press r", "lists the steps", "start again"] {
            assert!(!found.next.contains(keys), "{}: {}", code.as_str(), found.next);
        }
        let reports = [report];
        let one = text::write(&reports, &[], text::Shown::One, &History::default(), text::COLUMNS);
        let many = text::write(&reports, &[], text::Shown::Many, &History::default(), text::COLUMNS);
        let document = json::write(&reports, &[]).unwrap();
        let all = format!("{many}\n{:-<80}\n{one}\n{:-<80}\n{document}", "", "");
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(code.as_str(), tidy(&stage, all));
        });
    }
}

#[test]
fn a_grant_that_ended_is_told_by_the_api_too() {
    for (fault, code) in [
        (Fault::Superseded, FindingCode::Superseded),
        (Fault::DisabledByAdmin, FindingCode::DisabledByAdmin),
        (Fault::OwnerRemoved, FindingCode::OwnerRemoved),
    ] {
        let mut stage = Stage::new(&[fault]);
        stage.connect("acme", Kind::Owned);
        let report = stage.report();
        assert_eq!(codes(&report), [code]);
        assert!(!report.refreshed, "a grant that ended is not refreshed");
    }
}

#[test]
fn healthy_and_what_proves_it() {
    let mut stage = Stage::new(&[]);
    stage.connect("account", Kind::Account);
    stage.connect("owned", Kind::Owned);
    stage.connect("receivers", Kind::Receiver);
    let reports: Vec<CheckReport> = stage.check().into_iter().map(|checked| checked.report).collect();
    let states: Vec<Status> = reports.iter().map(|report| report.status).collect();
    assert_eq!(states, [Status::Healthy, Status::Healthy, Status::NotChecked]);
    assert!(reports.iter().all(|report| report.findings.is_empty() && !report.proved.is_empty()));
    // What lies at the receiver is not known from here.
    assert!(!reports[2].unknown.is_empty() && !reports[2].scopes.known && reports[2].granted.is_none());
    let many = text::write(&reports, &[], text::Shown::Many, &History::default(), text::COLUMNS);
    let narrow = text::write(&reports, &[], text::Shown::Many, &History::default(), 40);
    let one = text::write(&reports[2..], &[], text::Shown::One, &History::default(), text::COLUMNS);
    for line in many.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for line in narrow.lines() {
        assert!(line.chars().count() <= 40, "{line}");
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("healthy", format!("{many}\n{:-<80}\n{narrow}\n{:-<80}\n{one}", "", ""));
    });
}

#[test]
fn a_due_grant_is_refreshed_and_its_record_brought_up_to_date() {
    let mut stage = Stage::new(&[]);
    let before = stage.connect("acme", Kind::Owned);
    stage.clock.pass(SignedDuration::from_mins(56));
    let checked = stage.check().remove(0);
    assert!(checked.report.refreshed && checked.report.status == Status::Healthy, "{:?}", checked.report);
    assert_eq!(checked.report.access_token_s(), Some(3_599));
    assert_eq!(checked.report.refresh_token_days(), Some(0));
    // Somebody else changed the record meanwhile: that stays.
    stage.change("acme", |connection| {
        connection.answers.insert(FieldName::Instance, "dev99999.service-now.com".to_owned());
    });
    assert_eq!(zoom_setup::runtime::check::keep(&stage.store, &[checked]), [""; 0]);
    let after = stage.store.connections().unwrap().0.remove(0);
    let (before, grant) = (before.grant.unwrap(), after.grant.unwrap());
    assert_eq!(grant.refreshed_at, Some(stage.clock_now()));
    assert_eq!(grant.obtained_at, before.obtained_at);
    assert_eq!(grant.expires_at, stage.clock_now() + SignedDuration::from_secs(3_599));
    assert_eq!(after.answers[&FieldName::Instance], "dev99999.service-now.com");
    // The new token is what is stored, and what the next check reads with.
    let report = stage.report();
    assert!(!report.refreshed && report.status == Status::Healthy);
}

#[test]
fn what_is_not_due_is_refreshed_only_if_asked() {
    let mut stage = Stage::new(&[]);
    stage.connect("acme", Kind::Owned);
    stage.clock.pass(SignedDuration::from_mins(54));
    assert!(!stage.report().refreshed);
    stage.options.refresh = true;
    assert!(stage.report().refreshed);
}

#[test]
fn a_refused_access_token_is_replaced_once() {
    let mut stage = Stage::new(&[]);
    stage.connect("acme", Kind::Owned);
    // Another copy refreshed: the access token that is stored here ended before its hour.
    let key = SecretKey::ConnectionTokens("acme".to_owned());
    let stored = StoredTokens::from_secret(&stage.store.read_secret(&key).unwrap().unwrap()).unwrap();
    let tokens = StoredTokens { access_token: Secret::new("ended"), ..stored };
    stage.store.write_secrets(vec![(key, Some(tokens.to_secret()))]).unwrap();
    let report = stage.report();
    assert!(report.refreshed && report.status == Status::Healthy, "{:?}", report.findings);
}

#[test]
fn scopes_that_come_in_late_are_waited_for_and_lasting_ones_only_once() {
    let mut stage = Stage::new(&[Fault::ScopeLag]);
    stage.connect("acme", Kind::Account);
    let report = stage.report();
    assert_eq!((report.status, report.scopes.missing.len()), (Status::Healthy, 0), "{:?}", report.findings);
    // Missing for good: asked three times, and once when the last check found the same.
    let mut stage = Stage::new(&[Fault::MissingScope]);
    stage.connect("acme", Kind::Account);
    let zoom = Arc::new(Counting::new(Arc::clone(&stage.zoom)));
    stage.zoom = zoom.clone();
    let report = stage.report();
    assert_eq!((codes(&report), zoom.calls()), (vec![FindingCode::ScopesMissing], 3));
    stage.history().append(&[zoom_setup::check::Entry::of(&report)]).unwrap();
    stage.report();
    assert_eq!(zoom.calls(), 4);
}

#[test]
fn a_pair_that_nothing_took_is_put_where_somebody_says() {
    let mut stage = Stage::new(&[]);
    stage.connect("acme", Kind::Owned);
    stage.clock.pass(DAY);
    stage.disk.room_for(Some(1));
    stage.disk.only_into("by-hand");
    let results = stage.check();
    let finding = &results[0].report.findings[0];
    assert_eq!(finding.code, FindingCode::NewPairNotStored);
    assert!(finding.next.contains("in this run only"), "{finding:?}");
    assert!(results[0].unsaved.as_ref().is_some_and(|unsaved| unsaved.rescued.is_none()));
    // A place that takes nothing, then one that does.
    let place = stage.data_dir().parent().unwrap().join("by-hand");
    let mut typed = std::io::Cursor::new(format!("/dev/null/nowhere\n{}\n", place.display()));
    let mut told = Vec::new();
    unsaved::ask_by(&stage.store, &results, &mut typed, &mut told);
    let told = String::from_utf8(told).unwrap();
    assert_eq!(told.matches("for the new pair of acme").count(), 2, "{told}");
    assert!(told.contains(&format!("Kept in {}", place.display())), "{told}");
    let pair = &results[0].unsaved.as_ref().unwrap().tokens;
    assert!(!told.contains(pair.access_token.expose()));
    // It is the pair that lives: brought back, it is taken by Zoom.
    stage.disk.room_for(None);
    stage.rescue_place("by-hand");
    let brought_back = stage.report();
    assert!(codes(&brought_back).contains(&FindingCode::RescuedPairStored), "{:?}", brought_back.findings);
    stage.options.refresh = true;
    assert_eq!(stage.report().status, Status::Healthy);
    // Whoever gives it up is not asked again.
    let mut told = Vec::new();
    unsaved::ask_by(&stage.store, &results, &mut std::io::Cursor::new("\n"), &mut told);
    assert_eq!(String::from_utf8(told).unwrap().matches("new pair").count(), 1);
}

#[test]
fn a_lost_answer_about_a_pair_is_no_login() {
    let mut stage = Stage::new(&[]);
    stage.connect("acme", Kind::Receiver);
    stage.zoom = Arc::new(Unheard(Arc::clone(&stage.zoom)));
    let report = stage.report();
    assert_eq!(codes(&report), [FindingCode::Unreachable]);
    let found = &report.findings[0];
    assert!(found.cause.contains("nothing was spent") && found.next.contains("network"), "{found:?}");
    assert!(!found.next.contains("login"), "{found:?}");
}

#[test]
fn a_full_disk_is_no_damage_and_an_interrupted_refresh_has_two_causes() {
    let mut stage = Stage::new(&[]);
    stage.connect("it's acme", Kind::Owned);
    stage.clock.pass(DAY);
    stage.disk.room_for(Some(0));
    let report = stage.report();
    assert_eq!(codes(&report), [FindingCode::StoreUnreadable]);
    assert!(report.findings[0].next.starts_with("Make room"), "{:?}", report.findings);
    stage.disk.room_for(None);
    stage.renewing_zoom = Arc::new(Losing(Arc::clone(&stage.zoom)));
    assert_eq!(codes(&stage.report()), [FindingCode::RefreshInterrupted]);
    // The next look knows only that it was begun.
    let report = stage.report();
    let found = &report.findings[0];
    assert_eq!(found.code, FindingCode::RefreshInterrupted);
    assert!(found.cause.starts_with("The program was ended") && found.cause.contains("answer was lost"));
    // The name is a word of a shell.
    assert!(found.next.contains(r"check --watch 'it'\''s acme', then press l"), "{found:?}");
}
