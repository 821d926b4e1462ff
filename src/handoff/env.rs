//! The sheet as shell variables, one a line, fit for `. ./file` in a POSIX shell.

use super::{Sheet, SheetValue};
use crate::procedure::{AppKind, FieldName};
use crate::secret::printable;
use std::fmt::Write;

/// Longest comment or value, in characters.
const LONGEST: usize = 4096;

/// Variables of the Zoom app. Secrets are commented out with their fingerprint unless the sheet has them.
pub fn env(sheet: &Sheet) -> String {
    let mut out = String::new();
    comment(&mut out, &sheet.title);
    comment(&mut out, &format!("Procedure: {}", sheet.procedure));
    if sheet.rehearsal {
        comment(&mut out, "REHEARSAL: made with the embedded sandbox, of no use with a real Zoom.");
        assign(&mut out, "ZOOM_REHEARSAL", "1");
    }
    let kind = match sheet.app.kind {
        AppKind::General => "general",
        AppKind::ServerToServer => "server_to_server",
    };
    assign(&mut out, "ZOOM_APP_KIND", kind);
    let plain = [
        ("ZOOM_APP_NAME", &sheet.app.name),
        ("ZOOM_ACCOUNT_ID", &sheet.app.account_id),
        ("ZOOM_CLIENT_ID", &sheet.app.client_id),
    ];
    for (name, value) in plain {
        if let Some(value) = value {
            assign(&mut out, name, &printable(value, LONGEST));
        }
    }
    for (field, value) in &sheet.app.secrets {
        secret(&mut out, *field, value);
    }
    if let Some(url) = sheet.app.redirect.as_ref().and_then(|redirect| redirect.url.as_ref()) {
        assign(&mut out, "ZOOM_REDIRECT_URL", &printable(url, LONGEST));
    }
    let scopes: Vec<&str> = sheet.scopes.chosen.iter().map(|scope| scope.id.as_str()).collect();
    assign(&mut out, "ZOOM_SCOPES", &printable(&scopes.join(" "), usize::MAX));
    out
}

fn secret(out: &mut String, field: FieldName, value: &SheetValue) {
    let name = format!("ZOOM_{}", field.as_str().to_ascii_uppercase());
    match value {
        // As it is: a secret that was changed on the way would be worse than one that looks odd.
        SheetValue::Secret { revealed: Some(secret), .. } => assign(out, &name, secret.expose()),
        SheetValue::Secret { fingerprint: Some(fingerprint), revealed: None } => {
            comment(out, &format!("{name}= left out: {fingerprint}"));
        }
        SheetValue::Secret { fingerprint: None, revealed: None } => {
            comment(out, &format!("{name}= not stored"));
        }
        SheetValue::Plain(text) => assign(out, &name, &printable(text, LONGEST)),
        SheetValue::Unknown { waits_for } => comment(out, &format!("{name}= not known: {waits_for}")),
    }
}

// Writing to a String cannot fail, so the results below are of no interest.

fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", printable(text, LONGEST));
}

fn assign(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name}={}", quote(value));
}

/// A word that a POSIX shell reads as exactly this text (XCU 2.2.2: single quotes keep every character).
pub fn quote(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-./:@%+,".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // NUL cannot stand in a shell word at all.
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("abc_DEF-1", "abc_DEF-1")]
    #[case(
        "https://dev12345.service-now.com/oauth_redirect.do",
        "https://dev12345.service-now.com/oauth_redirect.do"
    )]
    #[case("", "''")]
    #[case("a b", "'a b'")]
    #[case("$(id)`id`", "'$(id)`id`'")]
    #[case("it's", r"'it'\''s'")]
    #[case("~", "'~'")]
    fn words(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(quote(text), expected);
    }

    /// What a shell makes of a quoted word, by the rules of XCU 2.2.
    fn unquote(word: &str) -> String {
        let mut out = String::new();
        let mut rest = word.chars();
        let mut quoted = false;
        while let Some(character) = rest.next() {
            match character {
                '\'' => quoted = !quoted,
                '\\' if !quoted => out.extend(rest.next()),
                other => {
                    assert!(quoted || other.is_ascii_alphanumeric() || "_-./:@%+,".contains(other), "{word}");
                    out.push(other);
                }
            }
        }
        assert!(!quoted, "{word}");
        out
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_a_shell(text in "[^\u{0}]{0,20}|['$`\\\\\n ]{0,12}") {
            prop_assert_eq!(unquote(&quote(&text)), text);
        }
    }
}
