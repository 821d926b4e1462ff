#![expect(clippy::result_large_err, reason = "it is what the port answers")]

use super::*;
use crate::oauth::{Call, FailureKind};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn proof(granted: &[&str], user: TokenUser) -> Proof {
    let granted: Vec<String> = granted.iter().map(|id| (*id).to_owned()).collect();
    let today = "2026-11-23".parse().unwrap();
    let subject = ProofSubject { granted: &granted, user, today, pace: Pace::ZOOM };
    Proof::new(Catalogue::embedded(), subject, now())
}

fn found(body: serde_json::Value) -> Result<ApiAnswer, Failure> {
    Ok(ApiAnswer { body, clock_offset_s: None })
}

fn refused(status: u16, code: u32, message: &str, retry_after: Option<&str>) -> Result<ApiAnswer, Failure> {
    Err(Failure {
        call: Call::Read,
        host: "api.zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status,
            body: json!({ "code": code, "message": message }).to_string(),
            content_type: "application/json".to_owned(),
            retry_after: retry_after.map(str::to_owned),
        },
        clock_offset_s: None,
    })
}

/// Answers every read by its path; what was read, in order.
fn run(proof: &mut Proof, answer: impl Fn(&str) -> Result<ApiAnswer, Failure>) -> Vec<String> {
    let mut seen = Vec::new();
    let mut at = now();
    while let Some(read) = proof.next() {
        assert_eq!(proof.next().as_ref(), Some(&read), "asking twice changes nothing");
        assert!(seen.len() < 1_000, "no end: {seen:?}");
        at = at.max(read.not_before);
        proof.answered(&read, &answer(&read.path), at);
        seen.push(read.path);
    }
    seen
}

#[test]
fn lists_give_the_ids_and_prove_on_the_way() {
    let granted = [
        "meeting:read:meeting:admin",
        "user:read:list_users:admin",
        "meeting:read:list_meetings:admin",
        "user:read:user:admin",
    ];
    let mut proof = proof(&granted, TokenUser::Account);
    let seen = run(&mut proof, |path| {
        found(match path {
            "/users?page_size=1" => json!({ "page_size": 1, "users": [{ "id": "u/1" }] }),
            "/users/u%25252F1/meetings?page_size=1" | "/users/u%252F1/meetings?page_size=1" => {
                json!({ "meetings": [{ "id": 777 }] })
            }
            _ => json!({}),
        })
    });
    assert_eq!(
        seen,
        ["/users?page_size=1", "/users/u%252F1/meetings?page_size=1", "/meetings/777", "/users/u%252F1"]
    );
    assert!(proof.results().iter().all(|proved| proved.outcome == Outcome::Works));
    assert_eq!(proof.progress(), (4, 4));
    assert_eq!(proof.results()[1].operation.as_deref(), Some("GET /meetings/{meetingId}"));
}

#[test]
fn without_an_id_a_made_up_one_still_tells_scope_from_absence() {
    let mut proof = proof(&["meeting:read:meeting:admin", "user:read:user:admin"], TokenUser::SignedIn);
    let seen = run(&mut proof, |path| match path {
        "/users/me" => found(json!({ "id": "u" })),
        path if path.starts_with("/meetings/") => {
            refused(404, 3001, "Meeting does not exist: 10000000000.", None)
        }
        _ => refused(400, 4711, "Invalid access token, does not contain scopes:[x:y:z, x:y:z:admin].", None),
    });
    assert!(seen.contains(&"/meetings/10000000000".to_owned()), "{seen:?}");
    let results = proof.results();
    assert_eq!(results[0].outcome, Outcome::NotFoundButAllowed);
    assert!(results[0].detail.contains("3001"), "{}", results[0].detail);
    assert_eq!(results[1].outcome, Outcome::Works);
}

#[rstest]
#[case::scope(400, 4711, "Invalid access token, does not contain scopes:[user:read:list_users:admin].",
    Outcome::ScopeMissing { any_of: vec!["user:read:list_users:admin".to_owned()] })]
#[case::scope_by_another_number(400, 104, "Invalid access token, does not contain scopes.",
    Outcome::ScopeMissing { any_of: vec![] })]
#[case::plan(400, 200, "Only available for Paid or ZMP account", Outcome::PlanOrRoleMissing)]
#[case::role(400, 200, "No permission.", Outcome::PlanOrRoleMissing)]
#[case::absent(404, 1001, "User does not exist: nobody.", Outcome::NotFoundButAllowed)]
#[case::absent_otherwise(404, 4404, "Not there", Outcome::NotFoundButAllowed)]
#[case::no_such_address(404, 2300, "This API endpoint is not recognized.", Outcome::Inconclusive)]
#[case::a_bad_value(400, 300, "Invalid field: from.", Outcome::Inconclusive)]
fn refusals_are_read(
    #[case] status: u16,
    #[case] code: u32,
    #[case] message: &str,
    #[case] expected: Outcome,
) {
    let mut proof = proof(&["user:read:list_users:admin"], TokenUser::Account);
    run(&mut proof, |_| refused(status, code, message, None));
    assert_eq!(proof.results()[0].outcome, expected);
}

#[rstest]
#[case("meeting:read:participant:admin", NotProvable::EventsOnly)]
#[case("meeting:write:meeting:admin", NotProvable::ChangesOnly)]
#[case("user:read:token:admin", NotProvable::HandsOut)]
#[case("user_zak:read", NotProvable::HandsOut)]
#[case("meeting:read:list_meetings:master", NotProvable::NeedsId)]
#[case("made:up:thing:admin", NotProvable::Unknown)]
#[case("ai_companion:read:search", NotProvable::NothingDocumented)]
fn what_no_read_can_show(#[case] id: &str, #[case] why: NotProvable) {
    assert_eq!(provable(Catalogue::embedded(), id), Err(why));
    let mut proof = proof(&[id], TokenUser::Account);
    assert_eq!(run(&mut proof, |path| panic!("{path} was read")), [] as [String; 0]);
    assert_eq!(proof.results()[0].outcome, Outcome::NotProvable);
}

#[test]
fn a_read_that_several_scopes_allow_says_so() {
    let proof = proof(&["user:read:admin", "user:read:list_users:admin"], TokenUser::Account);
    let granular = &proof.results()[1];
    assert_eq!(granular.also, ["user:read:admin"]);
    // The wide one has reads of its own.
    assert_eq!(proof.results()[0].also, [] as [String; 0]);
}

#[test]
fn reports_are_asked_with_a_range_and_slowly() {
    let mut proof = proof(&["report:read:user:admin"], TokenUser::SignedIn);
    let list = proof.next().unwrap();
    proof.answered(&list, &found(json!({ "users": [] })), now());
    let report = proof.next().unwrap();
    assert_eq!(report.path, "/report/users/me/meetings?page_size=1&from=2026-11-16&to=2026-11-23");
    assert_eq!(report.not_before.as_millisecond() - now().as_millisecond(), Pace::ZOOM.ordinary_ms);
    proof.answered(&report, &found(json!({})), report.not_before);
    assert_eq!(proof.not_before.as_millisecond() - report.not_before.as_millisecond(), Pace::ZOOM.heavy_ms);
}

#[test]
fn a_short_limit_is_waited_out_and_a_long_one_ends_it() {
    let mut short = proof(&["user:read:list_users:admin"], TokenUser::Account);
    let read = short.next().unwrap();
    short.answered(&read, &refused(429, 429, "rate", Some("5")), now());
    let again = short.next().unwrap();
    assert_eq!(
        (again.path.as_str(), again.not_before.as_second() - now().as_second()),
        (read.path.as_str(), 5)
    );
    short.answered(&again, &found(json!({})), again.not_before);
    assert_eq!(short.results()[0].outcome, Outcome::Works);

    for retry_after in ["3600", "2026-11-24T00:00:00Z"] {
        let mut long = proof(&["user:read:list_users:admin"], TokenUser::Account);
        assert_eq!(run(&mut long, |_| refused(429, 429, "daily", Some(retry_after))).len(), 1);
        assert!(long.stopped().is_some());
        assert_eq!(long.results()[0].outcome, Outcome::NotTried);
    }
    let mut endless = proof(&["user:read:list_users:admin"], TokenUser::Account);
    assert_eq!(run(&mut endless, |_| refused(429, 429, "rate", None)).len(), 1 + usize::from(PATIENCE));
}

#[test]
fn a_dead_token_ends_it_at_once() {
    let mut proof = proof(&["user:read:list_users:admin", "user:read:user:admin"], TokenUser::Account);
    let seen = run(&mut proof, |_| refused(401, 124, "Invalid access token.", None));
    assert_eq!(seen.len(), 1);
    assert!(proof.results().iter().all(|proved| proved.outcome == Outcome::NotTried));
    assert_eq!(proof.stopped().unwrap().code, "access-token-invalid");
}

/// Every provable scope of the whole catalogue: only documented GETs, no id left open, and an end.
#[test]
fn the_whole_catalogue_is_read_with_documented_gets_only() {
    let all: Vec<&str> = Catalogue::embedded().entries().iter().map(|entry| entry.id).collect();
    for chunk in all.chunks(200) {
        let mut proof = proof(chunk, TokenUser::Account);
        let mut reads = 0;
        while let Some(read) = proof.next() {
            assert!(read.path.starts_with('/') && !read.path.contains(['{', '}', ' ']), "{}", read.path);
            let operation = read.operation();
            let documented = Catalogue::embedded().entries().iter().flat_map(ScopeInfo::operations);
            assert!(documented.into_iter().any(|known| known == operation), "{operation}");
            proof.answered(&read, &found(json!({ "list": [{ "id": "x" }] })), now());
            reads += 1;
            assert!(reads <= 1_000);
        }
        assert_eq!(proof.progress(), (chunk.len(), chunk.len()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever Zoom answers, it comes to an end and every scope has a result.
    #[test]
    fn total(
        picks in proptest::collection::vec(0..3_305_usize, 1..8),
        answers in proptest::collection::vec((0..4_u8, 200..600_u16, 0..5_000_u32), 1..20),
    ) {
        let entries = Catalogue::embedded().entries();
        let ids: Vec<&str> = picks.iter().map(|at| entries[*at].id).collect();
        let unique: BTreeSet<&&str> = ids.iter().collect();
        let mut proof = proof(&ids, TokenUser::SignedIn);
        let mut count = 0;
        while let Some(read) = proof.next() {
            let (kind, status, code) = answers[count % answers.len()];
            let answer = match kind {
                0 => found(json!({ "a": [{ "id": code }] })),
                1 => found(json!([])),
                _ => refused(status, code, "said", None),
            };
            proof.answered(&read, &answer, read.not_before);
            count += 1;
            prop_assert!(count < 200);
        }
        prop_assert_eq!(proof.results().len(), unique.len());
    }
}
