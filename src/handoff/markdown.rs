//! The sheet as Markdown (CommonMark). No tables: a value stands in a code span on a line of its own, so it
//! can be copied whole and cannot break out.

use super::{FormField, ScopeNote, Sheet, SheetValue};
use crate::procedure::FieldName;
use crate::secret::{Secret, printable};
use std::fmt::Write;

/// Longest text from outside on a line, in characters.
const LONGEST: usize = 4096;

/// Lines of a document. Writing to a `String` cannot fail, so results of `write!` are of no interest here.
struct Page(String);

impl Page {
    fn heading(&mut self, text: &str) {
        let _ = write!(self.0, "\n## {}\n\n", prose(text));
    }

    /// `line` is Markdown already.
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn bullets(&mut self, lines: &[String]) {
        for line in lines {
            self.line(&format!("- {}", prose(line)));
        }
    }

    /// A label, and its value alone on the next line.
    fn value(&mut self, label: &str, value: &str) {
        self.line(&format!("- {}:", prose(label)));
        self.line(&format!("  {value}"));
    }

    fn scopes(&mut self, heading: &str, scopes: &[String]) {
        if scopes.is_empty() {
            self.line(&format!("- {heading}: none"));
            return;
        }
        self.line(&format!("- {heading}:"));
        for scope in scopes {
            self.line(&format!("  - {}", code(scope)));
        }
    }
}

/// The sheet as a Markdown document.
pub fn markdown(sheet: &Sheet) -> String {
    let mut page = Page(format!("# {}\n\n", prose(&sheet.title)));
    if sheet.rehearsal {
        page.line("> **REHEARSAL.** Made with the embedded sandbox. Nothing here is good for a real Zoom.");
        page.line("");
    }
    origin(&mut page, sheet);
    page.heading("Who owns the refresh");
    page.bullets(&sheet.ownership);
    form(&mut page, sheet);
    app(&mut page, sheet);
    scopes(&mut page, sheet);
    checks(&mut page, sheet);
    if !sheet.corrections.is_empty() {
        page.heading("Where the document is not followed");
        for correction in &sheet.corrections {
            page.line(&format!("- Document: {}", prose(&correction.documented)));
            page.line(&format!("  - Used: {}", prose(&correction.used)));
            page.line(&format!("  - Why: {}", prose(&correction.why)));
        }
    }
    if !sheet.notes.is_empty() {
        page.heading("Notes");
        page.bullets(&sheet.notes);
    }
    page.heading("Not tried");
    page.bullets(&sheet.not_tried);
    page.0
}

fn origin(page: &mut Page, sheet: &Sheet) {
    page.line(&format!("- Procedure: {} ({})", prose(&sheet.procedure_title), code(&sheet.procedure)));
    let source = &sheet.source;
    let mut document = format!("{}, {}", prose(&source.document), prose(&source.publisher));
    if let Some(release) = &source.release {
        let _ = write!(document, ", release {}", prose(release));
    }
    match &source.updated {
        Some(updated) => {
            let _ = write!(document, ", updated {}", prose(updated));
        }
        None => document.push_str(", without a date"),
    }
    page.line(&format!("- Document: {document}"));
    page.line(&format!("- Stored: {}", sheet.created.strftime("%Y-%m-%dT%H:%M:%SZ")));
}

fn form(page: &mut Page, sheet: &Sheet) {
    page.heading(&format!("The form in {}", sheet.receiver.label()));
    for (index, step) in sheet.form.path.iter().enumerate() {
        page.line(&format!("{}. {}", index + 1, prose(step)));
    }
    if !sheet.form.path.is_empty() {
        page.line("");
    }
    for FormField { label, value } in &sheet.form.fields {
        page.value(label, &shown(value));
    }
    page.line("");
    page.line(&format!("Press last: **{}**", prose(&sheet.form.last_button)));
    page.line("");
    page.line(&format!("It worked when: {}", prose(&sheet.form.success)));
}

fn app(page: &mut Page, sheet: &Sheet) {
    let app = &sheet.app;
    page.heading("The Zoom app");
    let management = app.management.map(|management| format!(", {}-managed", management.as_str()));
    page.line(&format!("- Kind: {}{}", app.kind.label(), management.unwrap_or_default()));
    let plain = [("Name", &app.name), ("Account ID", &app.account_id), ("Client ID", &app.client_id)];
    for (label, value) in plain {
        if let Some(value) = value {
            page.value(label, &code(value));
        }
    }
    for (field, value) in &app.secrets {
        page.value(secret_label(*field), &shown(value));
    }
    if let Some(redirect) = &app.redirect {
        let url = match &redirect.url {
            Some(url) => code(url),
            None => "(not known: the answer it is made from is missing)".to_owned(),
        };
        for field in redirect.zoom_fields {
            page.value(field, &url);
        }
    }
}

/// Zoom's label of a secret. Fields that are none cannot be among an app's secrets and keep their name.
const fn secret_label(field: FieldName) -> &'static str {
    match field {
        FieldName::ClientSecret => "Client Secret",
        FieldName::SecretToken => "Secret Token",
        FieldName::AppName
        | FieldName::Instance
        | FieldName::Region
        | FieldName::Management
        | FieldName::ClientType
        | FieldName::Company
        | FieldName::ShortDescription
        | FieldName::DeveloperName
        | FieldName::DeveloperEmail
        | FieldName::ClientId
        | FieldName::AccountId
        | FieldName::ConnectionName => field.as_str(),
    }
}

fn scopes(page: &mut Page, sheet: &Sheet) {
    let scopes = &sheet.scopes;
    page.heading("Scopes");
    let note = |page: &mut Page, scope: &ScopeNote| {
        let reason = scope.reason.as_deref().map(|reason| format!(": {}", prose(reason)));
        page.line(&format!("- {}", code(&scope.id)));
        page.line(&format!("  {}{}", scope.role.label(), reason.unwrap_or_default()));
    };
    for scope in &scopes.chosen {
        note(page, scope);
    }
    if scopes.chosen.is_empty() {
        page.line("None chosen.");
    }
    if !scopes.required_not_chosen.is_empty() {
        page.line("");
        page.line("Required by the procedure and not chosen:");
        page.line("");
        for scope in &scopes.required_not_chosen {
            note(page, scope);
        }
    }
    page.line("");
    if !scopes.compared {
        page.line("Which scopes Zoom granted is not known.");
        return;
    }
    page.line("As granted by Zoom:");
    page.line("");
    page.scopes("granted", &scopes.granted);
    page.scopes("missing", &scopes.missing);
    page.scopes("granted without being chosen", &scopes.excess);
}

fn checks(page: &mut Page, sheet: &Sheet) {
    page.heading("What was checked");
    match sheet.verified_at {
        Some(at) => page.line(&format!("Checked: {at}")),
        None if sheet.checks.is_empty() => {
            return page.line("Nothing: the connection was never verified.");
        }
        None => page.line("The connection was never verified."),
    }
    page.line("");
    for check in &sheet.checks {
        let word = check.outcome.word();
        page.line(&format!("- **{word}** {}: {}", prose(&check.title), prose(&check.detail)));
        let zoom = check.diagnosis.as_ref().and_then(|diagnosis| diagnosis.zoom.as_ref());
        if let Some(zoom) = zoom {
            page.line(&format!("  - Zoom said: {}", code(zoom)));
        }
        if let Some(next) = &check.next {
            page.line(&format!("  - Next: {}", prose(next)));
        }
    }
    let Some(account) = &sheet.account else { return };
    let facts = [
        ("Account ID", &account.account_id),
        ("User ID", &account.user_id),
        ("User", &account.name),
        ("E-mail", &account.email),
    ];
    page.line("");
    page.line("The token belongs to:");
    page.line("");
    for (label, value) in facts {
        if let Some(value) = value {
            page.value(label, &code(value));
        }
    }
}

fn shown(value: &SheetValue) -> String {
    match value {
        SheetValue::Plain(text) => code(text),
        SheetValue::Unknown { waits_for } => format!("(not known: {})", prose(waits_for)),
        SheetValue::Secret { revealed: Some(secret), .. } => revealed(secret),
        SheetValue::Secret { fingerprint: Some(fingerprint), revealed: None } => {
            format!("{} (left out)", code(&fingerprint.to_string()))
        }
        SheetValue::Secret { fingerprint: None, revealed: None } => "(not stored)".to_owned(),
    }
}

/// A secret as it is or not at all: one with a character dropped would look right and fail.
fn revealed(secret: &Secret) -> String {
    let safe = printable(secret.expose(), usize::MAX);
    if safe == secret.expose() {
        code(&safe)
    } else {
        format!(
            "{} (holds characters that cannot stand here; use JSON)",
            code(&secret.fingerprint().to_string())
        )
    }
}

/// A code span (CommonMark 6.1): the fence is longer than any run of backticks inside, so nothing ends it
/// early, and nothing in it is markup.
fn code(text: &str) -> String {
    let text = printable(text, LONGEST);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let longest_run = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest_run + 1);
    // One space at both ends is dropped by readers, if the text is not all spaces.
    let edge = |character: char| character == '`' || character == ' ';
    let padded = (text.starts_with(edge) || text.ends_with(edge)) && !text.chars().all(|c| c == ' ');
    let pad = if padded { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text on one line in which nothing is markup (CommonMark 2.4).
fn prose(text: &str) -> String {
    let text = printable(text, LONGEST);
    let text = text.trim();
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut digits_only = true;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let first = out.is_empty();
        let escaped = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '&' | '~' => true,
            // Inside a word it is no emphasis, and `redirect_url` stays readable.
            '_' => {
                !(before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric()))
            }
            '#' | '-' | '+' | '=' => first,
            '.' | ')' => !first && digits_only,
            _ => false,
        };
        digits_only = digits_only && character.is_ascii_digit();
        if escaped {
            out.push('\\');
        }
        out.push(character);
        before = character;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("abc", "`abc`")]
    #[case("a`b", "``a`b``")]
    #[case("`a``", "``` `a`` ```")]
    #[case(" a", "`  a `")]
    #[case("a|b", "`a|b`")]
    #[case("a\nb", "`a b`")]
    #[case("", "(empty)")]
    fn code_spans(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(code(text), expected);
    }

    #[rstest]
    #[case("plain words, 4.5 (yes)", "plain words, 4.5 (yes)")]
    #[case("redirect_url and _x_", "redirect_url and \\_x\\_")]
    #[case("# a", "\\# a")]
    #[case("1. a", "1\\. a")]
    #[case("- a", "\\- a")]
    #[case("[a](b) <i> *x* `y` a|b", "\\[a\\](b) \\<i\\> \\*x\\* \\`y\\` a\\|b")]
    #[case("a\n# b", "a # b")]
    fn prose_is_no_markup(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(prose(text), expected);
    }

    proptest! {
        #[test]
        fn both_stay_on_one_line(text in any::<String>()) {
            prop_assert!(!code(&text).contains(['\n', '\r']));
            prop_assert!(!prose(&text).contains(['\n', '\r']));
        }

        #[test]
        fn a_code_span_ends_only_at_its_end(text in "[a` |]{1,20}") {
            let span = code(&text);
            let fence = span.chars().take_while(|character| *character == '`').count();
            let inner = &span[fence..span.len() - fence];
            prop_assert!(inner.split(|character| character != '`').all(|run| run.len() != fence));
        }
    }
}
