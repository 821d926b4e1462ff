//! What can be said about two secrets that differ, without revealing either.

use crate::characters::disguise;
use crate::secret::Secret;

/// Another value of the same set-up, with what it is called: `the Secret Token`.
pub type Other<'a> = (&'a str, &'a Secret);

/// Sentences about a given value that is not the expected one, the most telling first; never empty. No character
/// of the two is told but hidden ones, by name and column, which belong to no secret. Told are the lengths, as in
/// a fingerprint, how the one contains the other, and which other known value it is.
pub fn hints(expected: &Secret, given: &Secret, others: &[Other<'_>]) -> Vec<String> {
    let (want, have) = (expected.expose(), super::without_line_end(given.expose()));
    let mut hints = Vec::new();
    if have.trim().is_empty() {
        return vec!["Nothing was pasted.".to_owned()];
    }
    for (name, value) in others {
        if !value.is_empty() && value.expose() == have.trim() {
            hints.push(format!("It is {name}: the values are swapped."));
        }
    }
    hidden(want, have, &mut hints);
    let bare: String = have.chars().filter(|character| !is_hidden(*character)).collect();
    if bare == want {
        hints.push("Apart from that it is the same.".to_owned());
    } else if bare.eq_ignore_ascii_case(want) {
        hints.push("It differs in capital and small letters only.".to_owned());
    } else if bare == format!("{want}{want}") {
        hints.push("It was pasted twice.".to_owned());
    } else if want.starts_with(&bare) {
        hints.push("Its end is missing: it was not copied whole.".to_owned());
    } else if want.ends_with(&bare) {
        hints.push("Its beginning is missing: it was not copied whole.".to_owned());
    } else if bare.contains(want) {
        hints.push("The right value is in it, with more around it.".to_owned());
    }
    let (is, should) = (have.chars().count(), want.chars().count());
    if is != should {
        hints.push(format!("It has {is} characters, not {should}."));
    } else if hints.is_empty() {
        hints.push("It has the right length and is another value.".to_owned());
    }
    hints
}

/// Quotes around it, and the first hidden character by name and column.
fn hidden(want: &str, have: &str, hints: &mut Vec<String>) {
    let quotes = ['"', '\'', '`', '\u{201c}', '\u{2018}', '<', '('];
    if have.trim_start().starts_with(quotes) && !want.starts_with(quotes) {
        hints.push("It stands in quotes or brackets.".to_owned());
    }
    let found: Vec<(usize, char)> = (1..)
        .zip(have.chars())
        .filter(|(_, character)| is_hidden(*character) && !want.contains(*character))
        .collect();
    if let Some((column, character)) = found.first() {
        let what = match disguise(*character) {
            Some(disguise) => format!("{} ({})", crate::characters::code_point(*character), disguise.name),
            None => "a space".to_owned(),
        };
        let more = match found.len() {
            1 => String::new(),
            count => format!(", and {} more characters that cannot be seen", count - 1),
        };
        hints.push(format!("Column {column} holds {what}{more}."));
    }
}

fn is_hidden(character: char) -> bool {
    character == ' ' || disguise(character).is_some_and(|disguise| !disguise.visible)
}
