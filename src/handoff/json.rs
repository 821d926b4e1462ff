//! The sheet as JSON, and the one way this program writes JSON that may meet a terminal.

use super::{Sheet, SheetValue};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt::Write;

/// The sheet as a JSON document, keys in `snake_case`, ending with a line feed.
///
/// # Errors
/// Only if a value could not be serialized, which would be a defect of this program.
pub fn json(sheet: &Sheet) -> serde_json::Result<String> {
    document(sheet)
}

/// Any value as an indented JSON document that is safe on a terminal: characters that steer one or reorder
/// text are written as `\u` escapes. They can only stand in strings, so the values stay what they are.
///
/// # Errors
/// As [`serde_json::to_string_pretty`].
pub fn document(value: &impl Serialize) -> serde_json::Result<String> {
    let plain = serde_json::to_string_pretty(value)?;
    let mut out = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        match character {
            '\n' => out.push('\n'),
            steering if steering.is_control() || is_invisible(steering) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(steering));
            }
            other => out.push(other),
        }
    }
    out.push('\n');
    Ok(out)
}

/// Marks of direction and order, line and paragraph separators, zero-width characters. All are in the
/// Basic Multilingual Plane, so four digits hold them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

impl Serialize for SheetValue {
    /// `{value, secret, fingerprint, waits_for}`; `value` is null for what is not known or not revealed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        match self {
            Self::Plain(text) => {
                map.serialize_entry("value", text)?;
                map.serialize_entry("secret", &false)?;
            }
            Self::Unknown { waits_for } => {
                map.serialize_entry("value", &None::<&str>)?;
                map.serialize_entry("secret", &false)?;
                map.serialize_entry("waits_for", waits_for)?;
            }
            Self::Secret { fingerprint, revealed } => {
                map.serialize_entry("value", &revealed.as_ref().map(crate::secret::Secret::expose))?;
                map.serialize_entry("secret", &true)?;
                map.serialize_entry("fingerprint", fingerprint)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn documents_are_safe_and_keep_their_values(text in "\\PC{0,20}", odd in any::<char>(), odder in "[\u{0}-\u{a0}\u{2028}\u{202e}\u{feff}]{0,6}") {
            let value = format!("{text}{odd}{odder}");
            let written = document(&vec![&value]).unwrap();
            prop_assert!(written.chars().all(|c| c == '\n' || !c.is_control()));
            let steering = ['\u{202e}', '\u{feff}', '\u{2028}', '\u{9b}'];
            prop_assert!(!written.contains(steering));
            let back: Vec<String> = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(back, vec![value]);
        }
    }
}
