//! Readable records as bytes: JSON with a checksum, so that one changed bit is found wherever it is.
//!
//! The checksum is over the values, not over the text: somebody may indent the file anew or put its fields in another
//! order. A file without one is taken as it is; that is also how a change by hand is made to count.

use crate::secret::printable;
use crate::setup::FORMAT;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Name of the field that holds the checksum.
const FIELD: &str = "checksum";

/// What a checksum begins with.
const PREFIX: &str = "sha256:";

/// Why a record cannot be read, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A newer zoom-setup wrote it.
    Newer(String),
    /// It is damaged, or never was a record.
    Damaged(String),
}

impl Unfit {
    /// The words.
    pub fn how(&self) -> &str {
        match self {
            Self::Newer(how) | Self::Damaged(how) => how,
        }
    }
}

#[derive(Serialize)]
struct Stamped<'a, T> {
    #[serde(flatten)]
    record: &'a T,
    checksum: String,
}

/// The record as it is written.
pub fn stamp<T: Serialize>(record: &T) -> Result<Vec<u8>, serde_json::Error> {
    let checksum = checksum(&serde_json::to_value(record)?);
    let mut bytes = serde_json::to_vec_pretty(&Stamped { record, checksum })?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The record in these bytes.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unfit> {
    let broken = |error: serde_json::Error| Unfit::Damaged(printable(&error.to_string(), 200));
    let mut fields: Map<String, Value> = serde_json::from_slice(bytes).map_err(broken)?;
    let stamp = take_checksum(&mut fields);
    let format = fields.get("format").and_then(Value::as_u64);
    let mut content = Value::Object(fields);
    if let Some((name, stamp)) = &stamp
        && (name != FIELD || *stamp != checksum(&content))
    {
        // Another version may count otherwise; unless only the number of the format is damaged.
        let other = format.filter(|format| *format != u64::from(FORMAT));
        content["format"] = FORMAT.into();
        if let Some(other) = other.filter(|_| *stamp != checksum(&content)) {
            return Err(other_format(other));
        }
        return Err(Unfit::Damaged(format!(
            "its checksum does not fit, so it is damaged or was changed by hand (if it was you: remove the line \
             {FIELD:?}, and it counts again)"
        )));
    }
    match format {
        Some(format) if format == u64::from(FORMAT) => serde_json::from_value(content).map_err(broken),
        Some(format) => Err(other_format(format)),
        None => Err(Unfit::Damaged("it has no number of a format".to_owned())),
    }
}

fn other_format(found: u64) -> Unfit {
    let words = super::records::other_format(u32::try_from(found).unwrap_or(u32::MAX), FORMAT);
    if found > u64::from(FORMAT) { Unfit::Newer(words) } else { Unfit::Damaged(words) }
}

/// Takes the checksum out, under the name it has: damage can be there, too.
fn take_checksum(fields: &mut Map<String, Value>) -> Option<(String, String)> {
    let is_checksum = |value: &Value| {
        value.as_str().and_then(|text| text.strip_prefix(PREFIX)).is_some_and(|hex| {
            hex.len() == 2 * Sha256::output_size() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    let name = fields
        .contains_key(FIELD)
        .then(|| FIELD.to_owned())
        .or_else(|| fields.iter().find(|(_, value)| is_checksum(value)).map(|(name, _)| name.clone()))?;
    let value = fields.remove(&name)?;
    Some((name, value.as_str().unwrap_or_default().to_owned()))
}

/// SHA-256 over the JSON without blanks, its fields in the order of their names.
fn checksum(content: &Value) -> String {
    let digest = Sha256::digest(content.to_string().as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{PREFIX}{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Value {
        json!({"format": 1, "name": "Acme — Produktion", "scopes": ["a:b", "c:d"], "grant": null, "length": 22})
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_found() {
        let whole = stamp(&record()).unwrap();
        assert_eq!(parse::<Value>(&whole), Ok(record()));
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[place] ^= 1 << bit;
                let parsed = parse::<Value>(&flipped);
                assert!(parsed.is_err(), "byte {place}, bit {bit}: {parsed:?}");
            }
            // The last byte is the line feed after the last brace.
            let cut = parse::<Value>(&whole[..place]);
            assert_eq!(cut.is_err(), place + 1 < whole.len(), "cut to {place} bytes");
        }
    }

    #[test]
    fn a_changed_value_counts_once_the_checksum_is_gone() {
        let mut value: Value = serde_json::from_slice(&stamp(&record()).unwrap()).unwrap();
        value["name"] = "Acme".into();
        let Err(Unfit::Damaged(how)) = parse::<Value>(value.to_string().as_bytes()) else { panic!("taken") };
        assert!(how.contains("checksum"), "{how}");
        value.as_object_mut().unwrap().remove(FIELD);
        assert_eq!(parse::<Value>(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn other_indents_and_orders_are_the_same_record() {
        let value: Value = serde_json::from_slice(&stamp(&record()).unwrap()).unwrap();
        assert_eq!(parse::<Value>(value.to_string().as_bytes()), Ok(record()));
    }

    #[test]
    fn a_newer_format_is_told_from_a_damaged_one() {
        let mut newer = record();
        newer["format"] = 2.into();
        let own = stamp(&newer).unwrap();
        assert!(matches!(parse::<Value>(&own), Err(Unfit::Newer(_))));
        newer[FIELD] = "counted otherwise".into();
        assert!(matches!(parse::<Value>(newer.to_string().as_bytes()), Err(Unfit::Newer(_))));
        let text = String::from_utf8(stamp(&record()).unwrap()).unwrap();
        let flipped = text.replace("\"format\": 1", "\"format\": 3");
        assert!(matches!(parse::<Value>(flipped.as_bytes()), Err(Unfit::Damaged(_))));
    }
}
