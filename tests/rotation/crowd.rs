//! Many writers at once, writers that die, and disks that fail under a writer.

use super::child::{Site, said, word};
use super::kills::logged_in;
use super::support::{files_below, key};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::Barrier;
use zoom_setup::ports::{Renewal, StoreFailure};
use zoom_setup::sandbox::{Fault, Refreshes};

const PROCESSES: usize = 8;
/// What each of them does; the child's role knows it, too.
const ROTATIONS: usize = 25;

/// A child of that role once it is ready, and what it says from then on.
fn ready(site: &Site, role: &str) -> (Child, impl Iterator<Item = String>) {
    let mut child = site.child(role, None).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("ready")), "{role}");
    (child, lines)
}

#[test]
fn eight_processes_rotate_two_hundred_times_and_lose_nothing() {
    let (stage, site) = logged_in(&[]);
    let mut children: Vec<_> = (0..PROCESSES).map(|_| ready(&site, "rotate")).collect();
    for (child, _) in &mut children {
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    for (mut child, mut lines) in children {
        assert!(lines.any(|line| line == format!("ended: {ROTATIONS}")), "a child failed");
        lines.for_each(drop);
        assert!(child.wait().unwrap().success());
    }
    let rotated = PROCESSES * ROTATIONS;
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated, refused: 0 });
    let last = site.record();
    assert_eq!(last.refreshing, None);
    assert_eq!(stage.read(last.tokens.access_token.expose(), "/v2/users/me").status, 200);
    assert!(matches!(site.renew(), Renewal::Renewed { .. }));
}

#[test]
fn threads_of_one_process_do_the_same() {
    let (stage, site) = logged_in(&[]);
    let start = Barrier::new(PROCESSES);
    let rotated: usize = std::thread::scope(|scope| {
        let rotate = || {
            start.wait();
            (0..5).filter(|_| matches!(site.renew(), Renewal::Renewed { .. })).count()
        };
        let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(rotate)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(rotated > 0);
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated, refused: 0 });
    assert_eq!(stage.read(site.record().tokens.access_token.expose(), "/v2/users/me").status, 200);
}

#[test]
fn the_lock_of_a_holder_that_dies_is_free() {
    let (_stage, site) = logged_in(&[]);
    let (mut child, _lines) = ready(&site, "hold");
    let Err(StoreFailure::Locked { message }) = site.impatient().hold(&key("Acme")).map(drop) else {
        panic!("it is held")
    };
    assert!(message.contains(&format!("process {}", child.id())), "{message}");
    let before = site.record();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| site.tokens().hold(&key("Acme")).unwrap().read().unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(waiter.join().unwrap(), Some(before));
    });
    assert!(matches!(site.renew(), Renewal::Renewed { .. }));
}

#[test]
fn a_connection_that_is_dropped_after_zoom_rotated_is_not_tried_again() {
    let (stage, site) = logged_in(&[Fault::LostRefresh]);
    let first = site.record().tokens;
    let Renewal::Unknown { tokens, failure: Some(failure), .. } = site.renew() else { panic!("known") };
    assert_eq!((tokens, failure.kind.status()), (first, None));
    assert!(matches!(site.renew(), Renewal::Unknown { failure: None, .. }));
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 1, refused: 0 });
}

/// A refresh on a file system of its own that fails once Zoom has answered, in a child that has that mount. What is
/// stored there does not outlast the child, what was put elsewhere does. `false`: this user gets no such mount.
fn on_a_real_disk(role: &str) -> bool {
    let (stage, site) = logged_in(&[]);
    let data = site.data().display().to_string();
    let script = format!(
        "kept=$(mktemp -d)\ncp -a '{data}/.' \"$kept\"\nmount -t tmpfs -o size=256k tmpfs '{data}'\n\
         cp -a \"$kept/.\" '{data}'\nrm -rf \"$kept\""
    );
    let Some(mut command) = site.mounted(role, &script) else {
        return false;
    };
    let (ended, out) = said(command.stdin(Stdio::null()).spawn().unwrap());
    assert!(ended && out.contains("ended: rescued"), "{out}");
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 1, refused: 0 });
    // The disk as it was before the mount: the old pair, which is spent, and elsewhere the new one.
    let Renewal::Fresh { tokens, adopted: Some(_) } = site.renew() else { panic!("the new pair is found") };
    assert_eq!(stage.read(tokens.access_token.expose(), "/v2/users/me").status, 200);
    let again = site.renew();
    assert!(matches!(again, Renewal::Renewed { .. }), "{}", word(&again));
    assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 2, refused: 0 });
    for directory in files_below(&site.elsewhere()) {
        assert!(files_below(&directory).is_empty(), "what is stored is gone elsewhere");
    }
    true
}

#[test]
fn a_disk_that_is_full_when_the_pair_comes() {
    if !on_a_real_disk("renew on a full disk") {
        println!("skipped: no mount namespace for this user");
    }
}

#[test]
fn a_disk_that_is_read_only_when_the_pair_comes() {
    if !on_a_real_disk("renew on a disk that is locked up") {
        println!("skipped: no mount namespace for this user");
    }
}

/// The same by the directory's mode, which root passes over.
#[cfg(unix)]
#[test]
fn a_directory_that_nobody_may_write_to_sends_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let (stage, site) = logged_in(&[]);
    let directory = site.data().join("rehearsal-tokens");
    let mode = |mode| std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let ignored = tempfile::tempfile_in(&directory).is_ok();
    if ignored {
        println!("skipped: this user writes in directories of any mode");
    } else {
        let renewal = site.renew();
        assert!(matches!(renewal, Renewal::Store(_)), "{}", word(&renewal));
        assert_eq!(stage.sandbox.refreshes(), Refreshes { rotated: 0, refused: 0 });
    }
    mode(0o700);
    assert!(matches!(site.renew(), Renewal::Renewed { .. }));
}
