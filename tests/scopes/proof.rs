//! The proof against the sandbox, with a cable between that writes down every request.

use super::sandboxed::{client, sandbox, token};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use zoom_setup::cli::scopes::prove::run;
use zoom_setup::ports::Clock;
use zoom_setup::procedure::{ScopeNeed, registry};
use zoom_setup::scope::Catalogue;
use zoom_setup::scope::proof::{Outcome, Pace, Proof, ProofSubject, TokenUser};
use zoom_setup::system::SystemClock;

/// The first lines of all requests that went through.
type Lines = Arc<Mutex<Vec<String>>>;

/// Passes requests on, one a connection, and writes down the first line of each. Gives its address.
fn cable(to: &str) -> (String, Lines) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let target = to.strip_prefix("http://").unwrap().to_owned();
    let lines = Lines::default();
    let seen = Arc::clone(&lines);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            pass_on(stream.unwrap(), &target, &seen);
        }
    });
    (address, lines)
}

fn pass_on(mut from: TcpStream, target: &str, lines: &Lines) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte).unwrap() == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let (first, rest) = head.split_once("\r\n").unwrap();
    lines.lock().unwrap().push(first.to_owned());
    // The sandbox answers to its own name only.
    let rest = rest.lines().filter(|line| !line.to_ascii_lowercase().starts_with("host:"));
    let rest: String = rest.map(|line| format!("{line}\r\n")).collect();
    let mut to = TcpStream::connect(target).unwrap();
    to.write_all(format!("{first}\r\nHost: {target}\r\nConnection: close\r\n{rest}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).unwrap();
    // The client has gone, if it stopped.
    let _ = from.write_all(&answer);
}

fn plan(granted: &[String]) -> Proof {
    let subject = ProofSubject {
        granted,
        user: TokenUser::Account,
        today: "2026-11-23".parse().unwrap(),
        pace: Pace::REHEARSAL,
    };
    Proof::new(Catalogue::embedded(), subject, SystemClock.now())
}

/// Everything that any bundled procedure asks for, writing scopes among it.
fn everything() -> Vec<String> {
    let procedures = registry::embedded().unwrap();
    let scopes = procedures.iter().flat_map(|procedure| &procedure.scopes);
    let mut ids: Vec<String> = scopes.map(|scope| scope.id.clone()).collect();
    ids.sort();
    ids.dedup();
    ids
}

#[tokio::test]
async fn nothing_but_get_leaves_the_program() {
    let all = everything();
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    let sandbox = sandbox(&ids);
    let (address, lines) = cable(sandbox.api_url());
    let zoom = client(&sandbox, &address);
    let grant = token(&sandbox, &zoom).await;
    let granted = grant.scopes.unwrap();
    assert!(granted.iter().any(|id| id.contains(":delete:")), "a proof that could do harm");
    let never = std::future::pending();
    let (proof, cancelled) =
        run((&zoom, &SystemClock), (None, &grant.access_token), plan(&granted), never, &mut |_, _, _| ())
            .await;
    assert!(!cancelled);
    assert!(proof.stopped().is_none(), "{:?}", proof.stopped());
    let lines = lines.lock().unwrap();
    assert!(lines.len() >= 30, "{} requests", lines.len());
    for line in lines.iter() {
        assert!(line.starts_with("GET /v2/") && line.ends_with(" HTTP/1.1"), "{line}");
    }
    let changing = |proved: &&zoom_setup::scope::proof::Proved| proved.outcome == Outcome::NotProvable;
    assert!(proof.results().iter().filter(changing).count() >= 30);
}

/// Every scope that a bundled procedure requires has a result that is no doubt.
#[tokio::test]
async fn what_the_procedures_require_is_proved() {
    for procedure in registry::embedded().unwrap() {
        let required = procedure.scope_ids(ScopeNeed::Required);
        let sandbox = sandbox(&required);
        let zoom = client(&sandbox, sandbox.api_url());
        let grant = token(&sandbox, &zoom).await;
        let plan = plan(&grant.scopes.unwrap());
        let never = std::future::pending();
        let (proof, _) =
            run((&zoom, &SystemClock), (None, &grant.access_token), plan, never, &mut |_, _, _| ()).await;
        for proved in proof.results() {
            assert!(
                matches!(proved.outcome, Outcome::Works | Outcome::NotFoundButAllowed | Outcome::NotProvable),
                "{}: {proved:?}",
                procedure.id
            );
        }
        let events = proof.results().into_iter().find(|one| one.scope == "meeting:read:participant:admin");
        assert!(events.is_none_or(|proved| proved.outcome == Outcome::NotProvable));
    }
}

/// The plan is made for what the token is said to have; Zoom's answer is what counts.
#[tokio::test]
async fn a_scope_that_the_token_lacks_is_found_out() {
    let sandbox = sandbox(&["user:read:list_users:admin"]);
    let zoom = client(&sandbox, sandbox.api_url());
    let grant = token(&sandbox, &zoom).await;
    let said = ["user:read:list_users:admin".to_owned(), "meeting:read:list_meetings:admin".to_owned()];
    let mut steps = Vec::new();
    let never = std::future::pending();
    let (proof, _) = run(
        (&zoom, &SystemClock),
        (None, &grant.access_token),
        plan(&said),
        never,
        &mut |done, all, read| steps.push((done, all, read.operation())),
    )
    .await;
    let results = proof.results();
    let Outcome::ScopeMissing { any_of } = &results[0].outcome else { panic!("{results:?}") };
    assert!(any_of.contains(&"meeting:read:list_meetings:admin".to_owned()), "{any_of:?}");
    assert_eq!(results[1].outcome, Outcome::Works);
    assert_eq!(steps[0], (0, 2, "GET /users".to_owned()));
    assert_eq!(steps[1], (1, 2, "GET /users/{userId}/meetings".to_owned()));
}

#[tokio::test]
async fn it_can_be_stopped() {
    let sandbox = sandbox(&["user:read:list_users:admin"]);
    let zoom = client(&sandbox, sandbox.api_url());
    let grant = token(&sandbox, &zoom).await;
    let plan = plan(&["user:read:list_users:admin".to_owned()]);
    let now = std::future::ready(());
    let (proof, cancelled) =
        run((&zoom, &SystemClock), (None, &grant.access_token), plan, now, &mut |_, _, _| ()).await;
    assert!(cancelled);
    assert_eq!(proof.results()[0].outcome, Outcome::NotTried);
}
