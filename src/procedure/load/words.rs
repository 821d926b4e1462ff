//! Words from closed sets, and the nearest known one to a wrong one.

use crate::secret::printable;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::fmt;

/// The member of a closed set that `word` names, or every word of the set.
///
/// The set is the enum's own `Deserialize`, so there is no second list to keep in step.
pub(super) fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, &'static [&'static str]> {
    let deserializer: StrDeserializer<'_, UnknownWord> = word.into_deserializer();
    T::deserialize(deserializer).map_err(|unknown| unknown.known)
}

/// What serde says about a word that is no variant; keeps the list of variants.
#[derive(Debug)]
struct UnknownWord {
    known: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("unknown word")
    }
}

impl std::error::Error for UnknownWord {}

impl serde::de::Error for UnknownWord {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self { known: &[] }
    }

    fn unknown_variant(_variant: &str, known: &'static [&'static str]) -> Self {
        Self { known }
    }
}

/// Longest word that is compared; longer ones are no slips of the finger.
const LONGEST_SLIP: usize = 64;

/// The known word that `word` was probably meant to be: nearest by edit distance, at most a third of its
/// letters wrong; else the only one that contains it.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim();
    let length = word.chars().count();
    if length == 0 || length > LONGEST_SLIP {
        return None;
    }
    let known: Vec<&str> = known.into_iter().collect();
    let lower = word.to_lowercase();
    let close = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= (length / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    let mut containing = known.iter().filter(|candidate| length >= 3 && candidate.contains(&lower));
    close.or(match (containing.next(), containing.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) | (None, _) => None,
    })
}

/// Advice after an unknown word: the nearest one, or the whole set.
pub(super) fn advice<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.dedup();
    match nearest(word, known.iter().copied()) {
        Some(meant) => Some(format!("did you mean `{}`?", printable(meant, 80))),
        None if known.is_empty() => None,
        None => Some(format!("known: {}", quoted(&known))),
    }
}

/// `a`, `b`, `c`
pub(super) fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{}`", printable(word, 80))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::{FieldName, Phase};

    #[test]
    fn advice_is_fit_for_a_terminal() {
        assert_eq!(advice("dot", ["\0dot"]).unwrap(), "did you mean `dot`?");
        assert!(!advice("x", ["\u{1b}[2Jlong-word"]).unwrap().contains('\u{1b}'));
    }

    #[test]
    fn words_come_from_the_enum_itself() {
        assert_eq!(parse_word::<Phase>("hand-over"), Ok(Phase::HandOver));
        let known = parse_word::<FieldName>("nobody").unwrap_err();
        assert_eq!(known.len(), FieldName::ALL.len());
        for name in FieldName::ALL {
            assert_eq!(parse_word::<FieldName>(name.as_str()), Ok(name));
        }
    }

    #[test]
    fn nearest_forgives_slips_and_nothing_more() {
        let known = ["instruct", "hand-over", "verify"];
        assert_eq!(nearest("intsruct", known), Some("instruct"));
        assert_eq!(nearest("hand_over", known), Some("hand-over"));
        assert_eq!(nearest("Verify", known), Some("verify"));
        assert_eq!(nearest("over", known), Some("hand-over"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"v".repeat(100_000), known), None);
    }
}
