//! How much memory an act can make the listener take: measured on a process of its own, by the high-water mark that
//! the kernel keeps. W02.

use super::support::*;
use rstest::rstest;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// Tells this program, started again, to be the listener.
const ROLE: &str = "ZOOM_SETUP_TEST_LISTENER";

/// What the listener may grow by, in KiB. Its own bounds allow 64 connections with a head of 64 KiB and a stack each,
/// which is below 10 MiB; without bounds the acts below would take 100 MB and more.
const GROWTH_LIMIT_KIB: u64 = 12 * 1024;

/// The process under attack. Ended on drop.
struct Victim {
    child: Child,
    port: u16,
}

impl Victim {
    fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .args(["--exact", "memory::listener_of_its_own", "--nocapture", "--test-threads=1"])
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| Some(line.split_once("listening on ")?.1.trim().parse().unwrap()))
            .expect("it listens");
        // Whatever else it says is read, so that it never writes to a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// `VmHWM` of the process, in KiB.
    fn high_water_mark(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel keeps it");
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Its standard input ends, and with it the process.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Not a test of its own: what [`Victim`] runs.
#[test]
fn listener_of_its_own() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let listening = listen();
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listening.bound.port).unwrap();
    out.flush().unwrap();
    // Until the other end hangs up.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

/// As many connections at once as an act has, each pouring the same.
fn pour_at_once(port: u16, connections: usize, bytes: &[u8]) {
    std::thread::scope(|scope| {
        for _connection in 0..connections {
            scope.spawn(|| {
                let mut stream = connect(port);
                pour(&mut stream, bytes);
                drop(stream);
            });
        }
    });
}

#[rstest]
#[case::w02_request_line_of_a_megabyte([b"GET /".as_slice(), &vec![b'a'; 1 << 20]].concat())]
#[case::w02_ten_thousand_headers(
    format!("GET /callback HTTP/1.1\r\n{}\r\n", "X-Filler: abcdefgh\r\n".repeat(10_000)).into_bytes()
)]
#[case::one_header_of_a_megabyte([b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; 1 << 20]].concat())]
#[case::an_announced_body([b"GET / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n".as_slice(), &vec![b'a'; 1 << 20]].concat())]
#[case::binary_noise([b"\0".as_slice(), &vec![0xff; 1 << 20]].concat())]
#[case::open_heads([b"GET / HTTP/1.1\r\nX: ".as_slice(), &vec![b'a'; 60_000]].concat())]
fn memory_stays_bounded_under(#[case] bytes: Vec<u8>) {
    let victim = Victim::start();
    // One visit first: what every listener needs once is not growth.
    assert_eq!(status(&exchange(victim.port, get(victim.port, "/", ""))), 404);
    let before = victim.high_water_mark();
    for _wave in 0..3 {
        pour_at_once(victim.port, 50, &bytes);
    }
    let growth = victim.high_water_mark() - before;
    assert!(growth <= GROWTH_LIMIT_KIB, "grew by {growth} KiB from {before} KiB");
}
