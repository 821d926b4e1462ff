//! A diagnosis as it appears on every screen.

use super::page::Page;
use crate::oauth::Diagnosis;
use ratatui::text::Span;

/// Heading, likely cause, next step, Zoom's own words.
pub fn diagnosis<'a>(page: &mut Page<'a>, diagnosis: &'a Diagnosis) {
    let look = page.look;
    let sign = Span::styled(look.signs.bad, look.theme.failure);
    page.item(sign, vec![Span::styled(diagnosis.heading.as_str(), look.theme.failure)]);
    page.gap();
    page.fact("Cause", 10, vec![Span::raw(diagnosis.cause.as_str())]);
    page.fact("Next", 10, vec![look.strong(diagnosis.next.as_str())]);
    if let Some(zoom) = &diagnosis.zoom {
        page.fact("Zoom said", 10, vec![look.dim(zoom.as_str())]);
    }
}
