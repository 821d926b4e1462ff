//! HTML pages: one frame, no assets from outside, every value escaped.

use super::message::Answer;
use std::fmt::Write;

const FRAME: &str = include_str!("../../assets/pages/sandbox_frame.html");
const ERROR: &str = include_str!("../../assets/pages/sandbox_error.html");

/// Markup that is safe to put into a page.
pub(super) struct Markup(String);

impl Markup {
    /// Text as text.
    pub(super) fn text(text: &str) -> Self {
        Self(html_escape::encode_quoted_attribute(text).into_owned())
    }

    /// `<li>` elements, a line each.
    pub(super) fn items<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut out = String::new();
        for text in texts {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "<li><code>{}</code></li>", Self::text(text).0);
        }
        Self(out)
    }

    /// The attribute that ticks a box.
    pub(super) fn checked(yes: bool) -> Self {
        Self(if yes { " checked".to_owned() } else { String::new() })
    }

    /// A list of `items` in a paragraph of its own, or nothing.
    pub(super) fn list(heading: &str, items: &[String]) -> Self {
        if items.is_empty() {
            return Self(String::new());
        }
        let items = Self::items(items.iter().map(String::as_str)).0;
        Self(format!("<p>{}</p>\n<ul>\n{items}</ul>", Self::text(heading).0))
    }

    /// A template with its `{{names}}` replaced in one pass, so that a value is never read as a template. A
    /// name without a value becomes nothing.
    pub(super) fn filled(template: &str, values: &[(&str, Self)]) -> Self {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let Some((name, after)) = after.split_once("}}") else {
                break;
            };
            if let Some((_, value)) = values.iter().find(|(key, _)| *key == name) {
                out.push_str(&value.0);
            }
            rest = after;
        }
        out.push_str(rest);
        Self(out)
    }
}

/// A whole page. `form_target` is an origin that a form of the page may end up at, besides the sandbox.
pub(super) fn page(status: u16, title: &str, main: Markup, form_target: Option<&str>) -> Answer {
    let html = Markup::filled(FRAME, &[("title", Markup::text(title)), ("main", main)]).0;
    let target = form_target.map(|origin| format!(" {origin}")).unwrap_or_default();
    Answer::html(status, html).header(
        "Content-Security-Policy",
        format!(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'{target}; base-uri 'none'; \
             frame-ancestors 'none'"
        ),
    )
}

/// An error page with a heading like Zoom's.
pub(super) fn error(status: u16, heading: &str, text: &str) -> Answer {
    let main = Markup::filled(ERROR, &[("heading", Markup::text(heading)), ("text", Markup::text(text))]);
    page(status, "Error", main, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_never_templates() {
        let answer = error(400, "<b>{{text}}</b>", "\"x\" & 'y'");
        let html = String::from_utf8(answer.body).unwrap();
        assert!(html.contains("&lt;b&gt;{{text}}&lt;/b&gt;"), "{html}");
        assert!(html.contains("&quot;x&quot; &amp; &#x27;y&#x27;"), "{html}");
    }
}
