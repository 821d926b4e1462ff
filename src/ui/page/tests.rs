use super::*;
use crate::ui::Theme;

/// Six labels with a value of one or two rows each, the one at `selected` with the focus.
fn values<'a>(theme: &'a Theme, selected: usize) -> Page<'a> {
    let mut page = Page::new(80, Look::new(theme, false));
    for index in 0..6 {
        let start = page.len();
        page.marked(index == selected, vec![Span::raw(format!("Label {index}:"))]);
        page.value(&"v".repeat(40 + 50 * (index % 2)), Style::new());
        if index == selected {
            page.focus_from(start);
        }
    }
    page
}

#[test]
fn a_value_is_not_cut_from_its_label() {
    let theme = Theme::plain();
    for selected in 0..6 {
        let page = values(&theme, selected);
        let seams = page.seams();
        assert_eq!(seams.len(), 7);
        for height in 3..page.len() {
            let shown = page.window(height);
            assert!(shown.len() <= height, "{selected} {height}: {shown:?}");
            assert!(seams.contains(&shown.start) && seams.contains(&shown.end), "{selected}: {shown:?}");
            let focus = page.focus.clone().unwrap_or_default();
            assert!(shown.start <= focus.start && focus.end <= shown.end, "{selected}: {shown:?}");
        }
        assert_eq!(page.window(page.len()), 0..page.len());
    }
}

#[test]
fn the_focus_is_always_in_sight() {
    for count in 1..30 {
        for height in 1..12 {
            for selected in 0..count {
                let offset = centred(selected..selected + 1, count, height);
                assert!((offset..offset + height).contains(&selected), "{count} {height} {selected}");
                assert!(offset == 0 || offset + height <= count, "{count} {height} {selected}");
            }
        }
    }
}
