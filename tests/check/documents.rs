//! What the documentation says of the codes is what the program knows.

use zoom_setup::check::FindingCode;

#[test]
fn every_code_is_documented_once() {
    let text = include_str!("../../docs/monitoring.md");
    let documented: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code))
        .collect();
    let mut known: Vec<&str> = FindingCode::ALL.into_iter().map(FindingCode::as_str).collect();
    let mut found = documented.clone();
    known.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, known);
    // The state that each has where it is made is the one that is written down.
    for code in FindingCode::ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", code.as_str()))).unwrap();
        let snapshot = std::fs::read_to_string(format!(
            "{}/tests/check/snapshots/check__findings__{}.snap",
            env!("CARGO_MANIFEST_DIR"),
            code.as_str()
        ));
        let snapshot = snapshot.unwrap();
        let (_, after) = snapshot.split_once(&format!("\"code\": \"{}\"", code.as_str())).unwrap();
        let severity = after.split('"').nth(3).unwrap().replace('_', " ");
        assert!(row.contains(&format!("| {severity}")), "{row}: {severity}");
    }
}

#[test]
fn codes_and_states_lead_back_from_their_names() {
    use zoom_setup::check::Status;
    for code in FindingCode::ALL {
        assert_eq!(FindingCode::parse(code.as_str()), Some(code));
    }
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
    }
    assert_eq!((FindingCode::parse("no"), Status::parse("no")), (None, None));
}
