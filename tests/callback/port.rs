//! The port: which one, who holds it, and that it is free again.

use super::support::*;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::Duration;
use zoom_setup::callback::{Limits, TinyHttpListener};
use zoom_setup::ports::{CallbackPage, ListenFailure, Listener, PortProblem, PortReason};

// Row N07 of docs/callback-rows.md.
#[test]
fn the_port_is_free_after_a_drop_while_a_request_is_held_and_its_browser_is_told() {
    let mut listening = listen();
    let port = listening.bound.port;
    let mut browser = connect(port);
    let idle = many(port, 10, b"");
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    drop(listening);
    assert_port_is_free(port);
    let answer = drain(&mut browser);
    assert_eq!(status(&answer), 503, "{answer}");
    assert_hardened(&answer);
    assert!(answer.contains("The wizard stopped"), "{answer}");
    drop(idle);
}

#[test]
fn a_drop_right_after_the_answer_still_serves_the_final_page() {
    let mut listening = listen_with(Limits { follow_up: DEADLINE, ..Limits::default() });
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    listening.control.answer(CallbackPage::Done);
    std::thread::scope(|scope| {
        scope.spawn(move || drop(listening));
        assert_eq!(status(&drain(&mut browser)), 303);
        let last = exchange(port, get(port, "/callback/done", ""));
        assert!(last.contains("Zoom login finished"), "{last}");
    });
    assert_port_is_free(port);
}

#[test]
fn a_drop_does_not_wait_for_a_browser_that_has_gone() {
    let mut listening = listen_with(Limits { follow_up: Duration::from_secs(600), ..Limits::default() });
    let port = listening.bound.port;
    let mut browser = connect(port);
    browser.write_all(get(port, &honest_target(), "").as_bytes()).unwrap();
    await_arrival(&mut listening, HONEST_LIMIT);
    browser.shutdown(Shutdown::Both).unwrap();
    drop(browser);
    listening.control.answer(CallbackPage::Done);
    drop(listening);
    assert_port_is_free(port);
}

// Row N07 of docs/callback-rows.md.
#[test]
fn the_port_can_be_had_again_and_again() {
    let first = listen();
    let port = first.bound.port;
    drop(first);
    for _ in 0..20 {
        let again = TinyHttpListener::default().listen(request(&[port])).expect("the port is free");
        assert_eq!(again.bound.port, port);
        let idle = many(port, 3, b"GET ");
        drop(again);
        drop(idle);
    }
}

// Row N06 of docs/callback-rows.md.
#[test]
fn only_loopback_version_four_is_bound() {
    let listening = listen();
    assert!(TcpStream::connect((std::net::Ipv6Addr::LOCALHOST, listening.bound.port)).is_err());
    assert!(
        TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), listening.bound.port)).is_ok(),
        "bound beyond 127.0.0.1"
    );
}

// Row W05 of docs/callback-rows.md.
#[test]
fn a_busy_port_names_its_holder() {
    let first = listen();
    let failure = TinyHttpListener::default().listen(request(&[first.bound.port])).map(|_| ()).unwrap_err();
    let ListenFailure::NoPort { problems } = failure else { panic!("{failure:?}") };
    let [PortProblem { port, reason: PortReason::InUse { holder } }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(*port, first.bound.port);
    if cfg!(target_os = "linux") {
        let holder = holder.as_ref().expect("the holder is this test");
        assert!(holder.contains(&format!("process {}", std::process::id())), "{holder}");
    }
    honest_login_works(first);
}

// Row W05 of docs/callback-rows.md.
#[test]
fn two_listeners_do_not_disturb_each_other() {
    let (first, second) = (listen(), listen());
    assert_ne!(first.bound.port, second.bound.port);
    honest_login_works(first);
    honest_login_works(second);
}

// Row W05 of docs/callback-rows.md.
#[test]
fn the_first_port_that_can_be_had_is_bound_and_the_others_are_told() {
    let (first, second) = (listen(), listen());
    let free = {
        let third = listen();
        third.bound.port
    };
    let ports = [first.bound.port, second.bound.port, free];
    let listening = TinyHttpListener::default().listen(request(&ports)).expect("the third is free");
    assert_eq!(listening.bound.port, free);
    let passed_over: Vec<u16> = listening.bound.passed_over.iter().map(|problem| problem.port).collect();
    assert_eq!(passed_over, ports[..2]);
    for problem in &listening.bound.passed_over {
        let message = problem.message();
        assert!(message.starts_with(&format!("Port {} is held by ", problem.port)), "{message}");
        if cfg!(target_os = "linux") {
            assert!(message.ends_with(&format!("(process {})", std::process::id())), "{message}");
        }
    }
    let failure = TinyHttpListener::default().listen(request(&ports)).map(|_| ()).unwrap_err();
    let ListenFailure::NoPort { problems } = failure else { panic!("{failure:?}") };
    assert_eq!(problems.iter().map(|problem| problem.port).collect::<Vec<_>>(), ports);
}
