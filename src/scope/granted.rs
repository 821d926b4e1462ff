//! Granted scopes as they come: a token's `scope` string, a token answer, a list that somebody pasted.

use super::Catalogue;
use serde_json::Value;

/// The scopes that a text names, in its order, each once, case kept. The text may be
///
/// - a `scope` string as a token answer has it (RFC 6749 section 3.3), or a list with blanks, commas or line
///   ends between; what follows a `#` at the beginning of a line is a remark
/// - a token answer whole, as JSON: its `scope` is taken and nothing else is looked at. `None` if it has none:
///   the scopes are not confirmed then (RFC 6749 section 5.1)
/// - a list of strings, as JSON
///
/// # Errors
/// JSON of another shape, in words for the person who gave it.
pub fn parse_granted(catalogue: &Catalogue, text: &str) -> Result<Option<Vec<String>>, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with(['{', '[']) {
        return Ok(Some(of_words(catalogue, text)));
    }
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("begins like JSON and is not: line {}", error.line()))?;
    let list = if let Some(answer) = value.as_object() {
        let Some(scope) = answer.get("scope").filter(|scope| !scope.is_null()) else { return Ok(None) };
        if let Some(scope) = scope.as_str() {
            return Ok(Some(of_words(catalogue, scope)));
        }
        scope
    } else {
        &value
    };
    let ids = list.as_array().and_then(|ids| ids.iter().map(Value::as_str).collect::<Option<Vec<&str>>>());
    match ids {
        Some(ids) => Ok(Some(joined(catalogue, ids))),
        None => Err("is JSON, and neither a token answer with a scope nor a list of scopes".to_owned()),
    }
}

fn of_words(catalogue: &Catalogue, text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')));
    // Marks of a pasted list and quotes around an id are not part of it.
    let bare =
        words.map(|word| word.trim_matches(['"', '\'', '`', '*', '-', '•'])).filter(|word| !word.is_empty());
    joined(catalogue, bare)
}

/// Each id once, in order. One published scope has a blank in it, so a token's list splits it in two: the
/// halves are put together again.
pub fn joined<'a>(catalogue: &Catalogue, ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for id in ids {
        let whole =
            out.last().map(|before| format!("{before} {id}")).filter(|whole| catalogue.get(whole).is_some());
        match whole {
            Some(whole) => {
                out.pop();
                if !out.contains(&whole) {
                    out.push(whole);
                }
            }
            None if out.iter().any(|known| known == id) => {}
            None => out.push(id.to_owned()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("user:read:admin meeting:read:admin", &["user:read:admin", "meeting:read:admin"])]
    #[case("# those of the app\nuser:read:admin,\n - meeting:read:admin\n", &["user:read:admin", "meeting:read:admin"])]
    #[case("\u{feff}\"user:read:admin\"\u{a0}'meeting:read:admin';", &["user:read:admin", "meeting:read:admin"])]
    #[case("User:Read user:read User:Read", &["User:Read", "user:read"])]
    #[case("[\"a:b\", \"c:d\", \"a:b\"]", &["a:b", "c:d"])]
    #[case("{\"access_token\": \"hidden\", \"scope\": \"a:b c:d\"}", &["a:b", "c:d"])]
    #[case("{\"scope\": [\"a:b\"]}", &["a:b"])]
    #[case("{\"scope\": \"\"}", &[])]
    #[case("a:b contact_center:write:queue disposition:admin c:d", &["a:b", "contact_center:write:queue disposition:admin", "c:d"])]
    #[case("", &[])]
    fn lists_as_they_come(#[case] text: &str, #[case] expected: &[&str]) {
        let expected = expected.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(parse_granted(Catalogue::embedded(), text), Ok(Some(expected)));
    }

    #[test]
    fn an_answer_without_a_scope_confirms_nothing() {
        let parse = |text| parse_granted(Catalogue::embedded(), text);
        assert_eq!(parse("{\"access_token\": \"hidden\"}"), Ok(None));
        for bad in ["{\"scope\": 5}", "[1]", "{", "{\"access_token\": \"hidden\" "] {
            let error = parse(bad).unwrap_err();
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn total_and_each_once(text in "\\PC{0,80}") {
            if let Ok(Some(ids)) = parse_granted(Catalogue::embedded(), &text) {
                let unique: std::collections::BTreeSet<_> = ids.iter().collect();
                prop_assert_eq!(unique.len(), ids.len());
                prop_assert!(ids.iter().all(|id| !id.is_empty()));
            }
        }
    }
}
