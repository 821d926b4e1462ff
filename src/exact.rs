//! Exact comparison of strings that must be identical somewhere, with the first difference named.
//!
//! Pure, and a library of its own: it knows URLs, ids and the accidents of copying, not this program.
//!
//! Zoom compares a redirect URL byte by byte: scheme, host, port, path, a capital, a slash at the end. Two
//! strings that differ in one invisible character look the same to the person who compares them by eye.
//! [`compare`] compares by byte and, where the two differ, says where, what it is called and what to do:
//!
//! ```
//! use zoom_setup::exact::{Comparison, Name, compare};
//!
//! let expected = "https://dev1.service-now.com/oauth_redirect.do";
//! let Comparison::Different(difference) = compare(expected, "https://dev1.com/oauth_redirect.do") else {
//!     panic!("not the same");
//! };
//! assert_eq!(difference.column, 14);
//! assert_eq!(difference.named[0].name, Name::DomainMissing);
//! assert_eq!(difference.named.len(), 1);
//! ```
//!
//! Rules:
//! - Same means the same bytes. One exception, which is always told: a single line end (`\n`, `\r\n` or `\r`)
//!   behind the given text is left out, since terminals and editors add one to a copied line and no form field
//!   keeps it. A second one counts, and so does white space of any other kind.
//! - Every difference is found by comparing, never by naming: [`Difference::column`] is right whatever the
//!   names say. There is always at least one [`Named`]; if nothing better fits it is [`Name::Characters`].
//! - Several differences at once are all named, in the order of their places in the given text.
//! - A text that has nothing in common with the expected one is [`Name::Unrelated`] and nothing else. Whoever
//!   shows results should not show such a text: it may be a secret pasted into the wrong place.
//! - [`picture()`] draws both texts cut to a width, with the column of the caret in terminal columns.
//! - Secrets are compared with [`secret::hints`], which tells what can be told without revealing either.

mod address;
mod name;
mod picture;
pub mod secret;
mod surface;

pub use name::{Name, Named};
pub use picture::{Picture, Signs, picture};

use strsim::normalized_levenshtein;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same bytes. `line_end`: the given text had one line end behind it, which was left out.
    Same {
        line_end: bool,
    },
    Different(Difference),
}

/// Where two texts differ, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Bytes from the start of either text to the first character that differs.
    pub byte: usize,
    /// The same place as a column: 1-based, in characters.
    pub column: usize,
    /// At least one, in the order of their places.
    pub named: Vec<Named>,
}

/// Least similarity (1 is the same) of two texts of which one can be a mistaken form of the other.
const RELATED: f64 = 0.35;

/// Longest text, in characters, whose similarity is measured; the measure takes the product of both lengths.
const MEASURED: usize = 600;

/// Compares what should stand somewhere with what was copied from there.
pub fn compare(expected: &str, given: &str) -> Comparison {
    if let Some(line_end) = same(expected, given) {
        return Comparison::Same { line_end };
    }
    let given = without_line_end(given);
    let (byte, column) = first_difference(expected, given);
    Comparison::Different(Difference { byte, column, named: named(expected, given, column) })
}

/// Whether the two are the same, without a word about how they differ. `Some`: they are; `true` if a line end was
/// left out for it.
pub fn same(expected: &str, given: &str) -> Option<bool> {
    if expected == given {
        return Some(false);
    }
    (expected == without_line_end(given)).then_some(true)
}

/// The text without one line end behind it.
pub(crate) fn without_line_end(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix(['\n', '\r'])).unwrap_or(text)
}

/// Byte offset and 1-based column of the first character that differs. The two texts are not the same.
fn first_difference(expected: &str, given: &str) -> (usize, usize) {
    let same = expected.chars().zip(given.chars()).take_while(|(one, other)| one == other);
    let (bytes, count) =
        same.fold((0, 0), |(bytes, count), (character, _)| (bytes + character.len_utf8(), count + 1));
    (bytes, count + 1)
}

fn named(expected: &str, given: &str, column: usize) -> Vec<Named> {
    if given.is_empty() {
        return vec![Named::new(Name::Empty, 1, "Nothing stands there")];
    }
    let mut found = Vec::new();
    let text = surface::cleaned(expected, given, &mut found);
    // Behind a wildcard nothing can be compared.
    if text.text() != expected && found.iter().all(|named| named.name != Name::Wildcard) {
        if !is_related(expected, &text.text().to_ascii_lowercase()) {
            return vec![Named::new(Name::Unrelated, 1, "This is another text altogether")];
        }
        address::differences(expected, text, &mut found);
    }
    if found.is_empty() {
        let (of, by) = (expected.chars().nth(column - 1), given.chars().nth(column - 1));
        found.push(Named::new(Name::Characters, column, name::characters(of, by)));
    }
    found.sort_by_key(|named| named.column);
    found
}

/// Whether one can be a mistaken form of the other. `given`: in lower case.
fn is_related(expected: &str, given: &str) -> bool {
    let expected = expected.to_ascii_lowercase();
    if given.contains("://") || given.contains(&expected) || expected.contains(given) {
        return true;
    }
    // The host of an expected address, or its first part, makes it a form of it too.
    let host = expected.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next());
    if host.is_some_and(|host| given.contains(host)) {
        return true;
    }
    given.chars().count() <= MEASURED
        && expected.chars().count() <= MEASURED
        && normalized_levenshtein(&expected, given) >= RELATED
}
