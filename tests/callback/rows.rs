//! `docs/callback-rows.md` cannot rot: every row is in it once, and every test that it names is there and says which
//! row it is for.

use std::collections::BTreeMap;
use std::path::Path;

/// The groups of rows, by letter, and how many rows each has.
const GROUPS: [(char, usize); 6] = [('N', 11), ('P', 7), ('B', 18), ('F', 23), ('I', 5), ('W', 8)];

/// What a row says where no test can prove it.
const NO_TEST: &str = "Does not apply. ";

/// One line of the tables.
#[derive(Debug)]
struct Row {
    id: String,
    required: String,
    source: String,
    proof: String,
}

fn rows(document: &str) -> Vec<Row> {
    let cells = |line: &str| -> Option<Row> {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = line.split(" | ").collect();
        let [id, required, source, proof] = cells.as_slice() else { panic!("not four cells: {line}") };
        let own = |text: &str| text.to_owned();
        Some(Row { id: own(id), required: own(required), source: own(source), proof: own(proof) })
    };
    document.lines().filter_map(cells).filter(|row| row.id != "row").collect()
}

/// The tests that a cell names: ``path::name`` between back quotes.
fn tests(proof: &str) -> Vec<(&str, &str)> {
    proof.split('`').skip(1).step_by(2).filter_map(|name| name.split_once("::")).collect()
}

/// What stands at the test of that name and directly above it: comments and attributes; above a case only its comments.
/// `None`: there is no such test, or more than one.
fn place(source: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let (function, case) = (format!("fn {name}("), format!("#[case::{name}("));
    let is_function = |line: &str| line.trim_start().trim_start_matches("async ").starts_with(&function);
    let is_case = |line: &str| line.trim_start().starts_with(&case);
    let mut found = lines.iter().enumerate().filter(|(_, line)| is_function(line) || is_case(line));
    let (at, line) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let above = lines[..at].iter().rev().take_while(|above| {
        let text = above.trim();
        if is_case(line) { text.starts_with("//") } else { !text.is_empty() && text != "}" }
    });
    let above: Vec<&str> = above.copied().collect();
    let is_test = is_case(line) || above.iter().any(|line| line.trim_start().starts_with("#["));
    is_test.then(|| format!("{name}\n{}", above.join("\n")))
}

/// Whether the text has the row's id as a word, in either case.
fn names(text: &str, id: &str) -> bool {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    words.into_iter().any(|word| word.eq_ignore_ascii_case(id))
}

#[test]
fn every_row_is_there_once_with_a_test_that_says_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path));
    let rows = rows(&read("docs/callback-rows.md").unwrap());

    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *count.entry(row.id.clone()).or_default() += 1;
    }
    let expected: BTreeMap<String, usize> = GROUPS
        .into_iter()
        .flat_map(|(letter, last)| (1..=last).map(move |number| (format!("{letter}{number:02}"), 1)))
        .collect();
    assert_eq!(count, expected, "rows, and how often each is there");

    let mut wrong = Vec::new();
    for Row { id, required, source, proof } in &rows {
        if required.is_empty() || source.is_empty() {
            wrong.push(format!("{id}: says nothing"));
        }
        let named = tests(proof);
        match proof.strip_prefix(NO_TEST) {
            Some(reason) if reason.len() < 40 => wrong.push(format!("{id}: no reason why there is no test")),
            None if named.is_empty() => wrong.push(format!("{id}: neither a test nor a reason")),
            Some(_) | None => {}
        }
        for (path, name) in named {
            match read(path).ok().and_then(|text| place(&text, name)) {
                None => wrong.push(format!("{id}: {path} has no test {name}, or more than one")),
                Some(text) if !proof.starts_with(NO_TEST) && !names(&text, id) => {
                    wrong.push(format!("{id}: {path}::{name} does not say that it is for this row"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_missing_is_seen() {
    let source = "// Row N01.\n#[rstest]\n#[case::n02_case(1)]\n// P03\n#[case::other(2)]\nfn table() {}\n\nfn helper() {}\n\
                  \n#[test]\nasync fn waits() {}\n#[test]\nfn twice() {}\n#[test]\nfn twice() {}\n";
    assert!(names(&place(source, "table").unwrap(), "N01"));
    assert!(names(&place(source, "n02_case").unwrap(), "N02"));
    assert!(!names(&place(source, "n02_case").unwrap(), "P03"));
    assert!(names(&place(source, "other").unwrap(), "P03"));
    assert!(!names(&place(source, "other").unwrap(), "N02"));
    assert!(place(source, "waits").is_some());
    for none in ["helper", "twice", "absent"] {
        assert_eq!(place(source, none), None, "{none}");
    }
    let table =
        "| row | a | b | c |\n|---|---|---|---|\n| X01 | asked | RFC | `a.rs::b`, `c/d.rs::e` |\ntext\n";
    let [row] = &rows(table)[..] else { panic!("one row") };
    assert_eq!((row.id.as_str(), tests(&row.proof)), ("X01", vec![("a.rs", "b"), ("c/d.rs", "e")]));
}
