//! Sizes, colours, and what a program does while nobody touches it.

use super::home::Home;
use super::pty::{DOWN, ENTER, Terminal};
use super::walk::{self, is_stored};
use rstest::rstest;
use std::collections::BTreeMap;
use std::fs;

// Row W08 of docs/callback-rows.md.
#[rstest]
#[case(40, 12)]
#[case(200, 60)]
#[case(300, 100)]
fn a_whole_set_up_at_other_sizes(#[case] columns: u16, #[case] rows: u16) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], columns, rows);
    walk::until(&mut terminal, "the stored connection", |screen| {
        assert!(screen.contains("REHEARSAL"), "{screen}");
        is_stored(screen)
    });
}

// Row W08 of docs/callback-rows.md.
#[rstest]
#[case(39, 12)]
#[case(40, 11)]
#[case(60, 3)]
#[case(20, 5)]
fn below_the_least_size_one_clear_line(#[case] columns: u16, #[case] rows: u16) {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse"], columns, rows);
    let told = format!("needs 40x12; this terminal is {columns}x{rows}.");
    terminal
        .wait_until(&told, |screen| screen.split_whitespace().collect::<Vec<_>>().join(" ").contains(&told));
    terminal.resize(80, 24);
    terminal.wait_for(&["REHEARSAL", "quit"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_restored();
}

#[test]
fn one_cell_is_survived() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse"], 1, 1);
    terminal.wait_bytes(b"\x1b[?1049h");
    terminal.resize(80, 24);
    terminal.wait_for(&["REHEARSAL", "quit"]);
    terminal.resize(1, 1);
    terminal.resize(80, 24);
    terminal.keys(DOWN);
    terminal.wait_for(&["REHEARSAL", "quit"]);
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

/// Parameters of every SGR sequence that sets a colour.
fn colours(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let sequences = text.split("\u{1b}[").skip(1).filter_map(|rest| {
        let end = rest.find(|character: char| !(character.is_ascii_digit() || ";:?".contains(character)))?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let is_colour = |sequence: &String| {
        let numbers: Vec<u16> = sequence.split([';', ':']).filter_map(|part| part.parse().ok()).collect();
        numbers.iter().any(|number| matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107))
    };
    sequences.filter(is_colour).collect()
}

#[rstest]
#[case::variable(&["--rehearse", "new", "celigo-s2s"], &[("NO_COLOR", "1")], false)]
#[case::flag(&["--rehearse", "--no-color", "new", "celigo-s2s"], &[], false)]
#[case::empty_counts_as_not_set(&["--rehearse", "new", "celigo-s2s"], &[("NO_COLOR", "")], true)]
fn colours_only_where_they_are_wanted(
    #[case] arguments: &[&str],
    #[case] environment: &[(&str, &str)],
    #[case] coloured: bool,
) {
    let home = Home::new();
    let mut terminal = Terminal::start_with(&home, arguments, 80, 24, environment);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("q");
    terminal.end();
    let found = colours(&terminal.bytes());
    assert_eq!(!found.is_empty(), coloured, "{found:?}");
}

#[test]
fn ascii_draws_no_signs() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "--ascii", "new", "celigo-s2s"], 80, 24);
    walk::until(&mut terminal, "the stored connection", is_stored);
    terminal.keys("q");
    terminal.end();
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let signs: String = text.chars().filter(|sign| "✓›✗○●·…─│╭↓↑━•—".contains(*sign)).collect();
    assert_eq!(signs, "");
}

/// What each thread of a process has used: switches of its own will, and ticks of the processor.
fn activity(process: u32) -> BTreeMap<String, (u64, u64)> {
    let mut found = BTreeMap::new();
    for thread in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let directory = thread.unwrap().path();
        let status = fs::read_to_string(directory.join("status")).unwrap();
        let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        let stat = fs::read_to_string(directory.join("stat")).unwrap();
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let ticks: u64 =
            rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
        let name = directory.file_name().unwrap().to_string_lossy().into_owned();
        found.insert(name, (switches.trim().parse().unwrap(), ticks));
    }
    found
}

/// Another terminal goes through a whole set-up meanwhile. The one at rest must not have moved: no thread woke, no
/// byte was written.
fn rests(terminal: &Terminal, what: &str) {
    // What the last key set going comes to its end first: the same twice, with work of others between.
    let settle = |activity: &BTreeMap<String, (u64, u64)>| {
        let other = Home::new();
        let ran = other.run(&["procedures", "--json"]).ends(0);
        assert!(!ran.stdout.is_empty());
        self::activity(terminal.id()) == *activity
    };
    super::home::until("it does not come to rest", || {
        let now = activity(terminal.id());
        settle(&now).then_some(())
    });
    let (before, written) = (activity(terminal.id()), terminal.bytes().len());
    let home = Home::new();
    let mut busy = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    walk::until(&mut busy, "the stored connection", is_stored);
    assert_eq!(activity(terminal.id()), before, "{what}: a thread woke");
    assert_eq!(terminal.bytes().len(), written, "{what}: something was drawn");
}

#[test]
fn at_rest_nothing_moves() {
    let home = Home::new();
    let mut terminal = Terminal::start(
        &home,
        &["--data-dir", &home.data().display().to_string(), "--store", "memory"],
        80,
        24,
    );
    terminal.wait_for(&["quit"]);
    rests(&terminal, "home");
    terminal.keys(ENTER);
    terminal.wait_until("a step", |screen| walk::position(screen).is_some());
    rests(&terminal, "a step");
    walk::press(&mut terminal, ENTER);
    terminal.wait_for(&["Choose two names"]);
    terminal.keys("Example");
    terminal.wait_for(&["Example"]);
    rests(&terminal, "a field");
}
