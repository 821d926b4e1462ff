//! The exact-string desk: the list of strings, and what is known of the selected one.

use super::entry::input;
use super::page::{Body, List, MARGIN, Own, Page, rule};
use super::text::{age, columns, plural, shorten};
use super::theme::Look;
use super::{Drawn, MAIN, WIDE, beside};
use crate::app::desk::{Desk, DeskRow, hints, holds_secret, rows};
use crate::app::model::Model;
use crate::app::wizard::Wizard;
use crate::exact::{Comparison, Name, Signs, compare, picture};
use crate::procedure::{CopySource, CopyValue, Name as TemplateName};
use crate::secret::Secret;
use crate::setup::compared::{self, ExactString};
use crate::setup::{Check, Outcome};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the names before the two strings.
const LEAD: usize = 10;

/// The list, and the selected string below it or, where it is wide, beside it.
pub fn draw(
    model: &Model,
    wizard: &Wizard,
    desk: &Desk,
    frame: &mut Frame<'_>,
    area: Rect,
    look: Look<'_>,
) -> Drawn {
    let rows = rows(wizard, &model.settings);
    let Some(row) = rows.get(desk.selected) else { return Drawn::default() };
    let wide = area.width >= WIDE;
    let left = if wide { Rect { width: MAIN, ..area } } else { area };
    let used = head(frame, left, look);
    let below = |area: Rect, rows: u16| {
        let rows = rows.min(area.height);
        Rect { y: area.y + rows, height: area.height - rows, ..area }
    };
    let rest = below(left, used);
    let detail_width = if wide { beside(area, MAIN, u16::MAX).width } else { area.width };
    let body = body(model, wizard, desk, row, detail_width, look);
    // The list gives way to what is to be read about its selected row.
    let busy = desk.paste.is_some() || row.standing(wizard).is_some_and(|compared| !compared.same);
    let least = if busy && used == 0 { 1 } else { 3 };
    let room = usize::from(rest.height).saturating_sub(body.len() + 1);
    let shown = if wide { rows.len() } else { rows.len().min(room.max(least)) };
    let shown = u16::try_from(shown).unwrap_or(rest.height).min(rest.height);
    let list = List {
        count: rows.len(),
        selected: desk.selected,
        line: Box::new(|index| match rows.get(index) {
            Some(row) => line(model, wizard, row, index == desk.selected, left.width, look),
            None => Line::default(),
        }),
    };
    list.draw(frame, Rect { height: shown, ..rest }, look);
    let detail_area = if wide {
        beside(area, MAIN, u16::MAX)
    } else {
        let after = below(rest, shown);
        if after.height == 0 {
            return Drawn::default();
        }
        rule(frame, Rect { height: 1, ..after }, "", look);
        below(after, 1)
    };
    body.draw(frame, detail_area, model.scroll, look)
}

/// What is known of the selected string, and the box.
fn body<'a>(
    model: &Model,
    wizard: &Wizard,
    desk: &'a Desk,
    row: &DeskRow,
    full: u16,
    look: Look<'a>,
) -> Body<'a> {
    let text = detail(model, wizard, row, full, look);
    let own = desk.paste.as_ref().map(|field| {
        let mut page = Page::new(full, look);
        let asked = format!("What stands in {}? Paste it here:", row.place());
        page.marked(true, vec![Span::styled(asked, look.theme.accent)]);
        input(&mut page, field, false, true);
        Own { share: 60, ..Own::rows(page) }
    });
    Body { text, own }
}

/// Title and what to do, where there is room. Gives the rows used.
fn head(frame: &mut Frame<'_>, area: Rect, look: Look<'_>) -> u16 {
    if area.height < 14 {
        return 0;
    }
    let mut page = Page::new(area.width, look);
    page.strong_line("The same everywhere, byte for byte");
    page.styled("Copy what stands in a field and paste it here: it is compared at once.", look.theme.dim);
    page.gap();
    let used = u16::try_from(page.len()).unwrap_or(area.height);
    page.draw(frame, Rect { height: used, ..area }, 0);
    used
}

/// Sign, field and result of a string.
fn line<'a>(
    model: &Model,
    wizard: &Wizard,
    row: &DeskRow,
    marked: bool,
    width: u16,
    look: Look<'a>,
) -> Line<'a> {
    let standing = row.standing(wizard);
    let (sign, style, found) = match (&row.expected, standing) {
        (Err(_), _) => (look.signs.open, look.theme.dim, "not known yet".to_owned()),
        (Ok(_), None) => (look.signs.open, look.theme.dim, "not compared".to_owned()),
        (Ok(_), Some(compared)) if compared.same => {
            let found = format!("same{}{}", look.signs.between, age(model.now, compared.at));
            (look.signs.good, look.theme.success, found)
        }
        (Ok(_), Some(compared)) => {
            let found = format!("different{}{}", look.signs.between, age(model.now, compared.at));
            (look.signs.bad, look.theme.failure, found)
        }
    };
    let room = usize::from(width).saturating_sub(columns(sign) + usize::from(MARGIN) + 2).min(76);
    // Where it is narrow the sign says that nothing was compared, and the label needs the room.
    let found = match standing {
        None if room < 50 => String::new(),
        Some(_) if room < 50 => found.split(look.signs.between).next().unwrap_or_default().to_owned(),
        Some(_) | None => found,
    };
    let system = format!("{}: ", row.system);
    let label_room = room.saturating_sub(columns(&system) + columns(&found) + 2);
    let label = shorten(&row.label, label_room, look.signs.ellipsis);
    let gap = room.saturating_sub(columns(&system) + columns(&label) + columns(&found));
    let name = if marked { look.theme.accent } else { look.theme.value };
    Line::from(vec![
        look.accent(if marked { look.signs.selected } else { " " }),
        Span::raw(" "),
        Span::styled(sign, style),
        Span::raw(" "),
        look.dim(system),
        Span::styled(label, name),
        Span::raw(" ".repeat(gap)),
        Span::styled(found, style),
    ])
}

/// What must stand there, and what was found.
fn detail<'a>(model: &Model, wizard: &Wizard, row: &DeskRow, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let expected = match &row.expected {
        Ok(expected) => expected,
        Err(waits) => {
            page.plain(waits.clone());
            return page;
        }
    };
    let standing = row.standing(wizard);
    let given = standing.and_then(|_| wizard.pasted.get(&row.string));
    match (standing, given) {
        (Some(compared), Some(given)) if row.is_address() && !compared.same => {
            address(&mut page, wizard, row, expected, given, full);
        }
        (Some(compared), Some(given)) if !row.is_address() => {
            fingerprints(&mut page, wizard, row, expected, given, compared.same);
        }
        (Some(_) | None, _) => shown(&mut page, row, expected),
    }
    if standing.is_some_and(|compared| !compared.same) && given.is_none() {
        let text = "It was different when it was compared. Paste it once more to see where.";
        page.item(Span::styled(look.signs.bad, look.theme.failure), vec![Span::raw(text)]);
    }
    page.gap();
    match standing {
        Some(compared) if compared.same => {
            let when = format!("The same, byte for byte, {}.", age(model.now, compared.at));
            page.item(Span::styled(look.signs.good, look.theme.success), vec![Span::raw(when)]);
        }
        Some(_) => mend(&mut page, row),
        None => how(&mut page, row),
    }
    page
}

/// The expected string, as far as it may be seen.
fn shown(page: &mut Page<'_>, row: &DeskRow, expected: &Secret) {
    let look = page.look;
    if !row.is_secret() {
        page.value(expected.expose(), look.theme.value);
    }
    if !row.is_address() {
        page.plain(expected.fingerprint().to_string());
    }
}

/// Both values by fingerprint, and what can be said of one that is another.
fn fingerprints(
    page: &mut Page<'_>,
    wizard: &Wizard,
    row: &DeskRow,
    expected: &Secret,
    given: &Secret,
    same: bool,
) {
    let look = page.look;
    if !row.is_secret() {
        page.value(expected.expose(), look.theme.value);
    }
    page.fact("Expected", LEAD, vec![Span::raw(expected.fingerprint().to_string())]);
    page.fact("Pasted", LEAD, vec![Span::raw(given.fingerprint().to_string())]);
    if same {
        return;
    }
    page.gap();
    for hint in hints(wizard, row, expected, given) {
        page.item(Span::styled(look.signs.bad, look.theme.failure), vec![Span::raw(hint)]);
    }
}

/// The two addresses one above the other, the caret, and every difference by name.
fn address(
    page: &mut Page<'_>,
    wizard: &Wizard,
    row: &DeskRow,
    expected: &Secret,
    given: &Secret,
    full: u16,
) {
    let look = page.look;
    let bad = |page: &mut Page<'_>, text: String| {
        page.item(
            Span::styled(look.signs.bad, look.theme.failure),
            vec![Span::styled(text, look.theme.failure)],
        );
    };
    let Comparison::Different(difference) = compare(expected.expose(), given.expose()) else { return };
    if let Some(secret) = holds_secret(wizard, given.expose()) {
        let what =
            if secret == crate::procedure::FieldName::SecretToken { "Secret Token" } else { "Client Secret" };
        shown(page, row, expected);
        page.gap();
        return bad(page, format!("The {what} was pasted, not an address. It is not shown."));
    }
    if difference.named.iter().any(|named| named.name == Name::Unrelated) {
        shown(page, row, expected);
        page.gap();
        let length = plural(given.expose().chars().count(), "character");
        return bad(page, format!("Another text altogether, of {length}. It is not shown."));
    }
    draw_picture(page, expected, given, full);
    if let [named] = difference.named.as_slice() {
        let says = Span::styled(format!("{}. ", named.says), look.theme.failure);
        let sign = Span::styled(look.signs.bad, look.theme.failure);
        page.item(sign, vec![says, Span::raw(named.name.advice())]);
    } else {
        let count = difference.named.len();
        bad(page, format!("{count} differences, the first at column {}.", difference.column));
        for named in &difference.named {
            let says = look.strong(format!("{}. ", named.says));
            page.item(look.dim(look.signs.bullet), vec![says, Span::raw(named.name.advice())]);
        }
    }
}

/// The picture, behind the names of its lines where there is room for them.
fn draw_picture(page: &mut Page<'_>, expected: &Secret, given: &Secret, full: u16) {
    let look = page.look;
    let signs = Signs { hidden: look.signs.hidden, ellipsis: look.signs.ellipsis };
    let named = page.width >= 50;
    let lead = if named { LEAD } else { 0 };
    let room = usize::from(full.saturating_sub(MARGIN + 1)).saturating_sub(lead);
    let drawn = picture(expected.expose(), given.expose(), room, signs);
    let lead = |name: &str| {
        let name = if named { format!("{name:<LEAD$}") } else { String::new() };
        look.dim(name)
    };
    page.line(vec![lead("Expected"), Span::styled(drawn.expected, look.theme.value)]);
    page.line(vec![lead("Pasted"), Span::styled(drawn.given, look.theme.value)]);
    let caret = format!("{}^", " ".repeat(drawn.caret));
    page.line(vec![lead(""), Span::styled(caret, look.theme.failure)]);
}

/// What to do with a string that is not compared yet.
fn how(page: &mut Page<'_>, row: &DeskRow) {
    let look = page.look;
    let mut words = vec![Span::raw(format!("Must stand in {}. ", row.place()))];
    if row.string == ExactString::Loopback {
        words.push(Span::raw("Only if you let Zoom send the test login to this computer. "));
    }
    if row.read_only {
        words.push(Span::raw("The form shows it, if at all. "));
    }
    words.extend([
        look.accent("c"),
        Span::raw(" copies it. Copy what stands there and paste it here, or press "),
        look.accent("p"),
        Span::raw(" for a box."),
    ]);
    page.text(words);
    if !row.is_address() {
        page.styled("What you paste is not shown and not kept: fingerprints are compared.", look.theme.dim);
    }
}

/// What to do about a difference.
fn mend(page: &mut Page<'_>, row: &DeskRow) {
    let look = page.look;
    if row.read_only {
        let text = format!(
            "{} makes this address: choose the other region here, if this is the right account there.",
            row.system
        );
        return page.plain(text);
    }
    page.text(vec![
        Span::raw(format!("Mend it in {}: ", row.place())),
        look.accent("c"),
        Span::raw(
            " copies the right one, paste it over all of the old. Save there, then paste it back here.",
        ),
    ]);
}

/// Whether a value to copy is the redirect URL.
pub fn is_redirect(copy: &CopyValue) -> bool {
    matches!(&copy.value, CopySource::Template(template) if template.names().any(|name| name == TemplateName::RedirectUrl))
}

/// One line on a step: what was compared of the strings that matter there, and the key.
pub fn summary(page: &mut Page<'_>, model: &Model, wizard: &Wizard, wanted: impl Fn(ExactString) -> bool) {
    let look = page.look;
    let rows: Vec<DeskRow> =
        rows(wizard, &model.settings).into_iter().filter(|row| wanted(row.string)).collect();
    let all = rows.iter().all(|row| row.standing(wizard).is_some_and(|compared| compared.same));
    let wrong = rows.iter().any(|row| row.standing(wizard).is_some_and(|compared| !compared.same));
    let (sign, style): (&str, Style) = match (wrong, all) {
        (true, _) => (look.signs.bad, look.theme.failure),
        (false, true) => (look.signs.good, look.theme.success),
        (false, false) => (look.signs.open, look.theme.dim),
    };
    let text = if rows.iter().all(|row| row.standing(wizard).is_none()) {
        "What stands there was not compared yet. ".to_owned()
    } else {
        format!("Compared: {}. ", crate::app::desk::summary(&rows, wizard))
    };
    page.item(Span::styled(sign, style), vec![Span::raw(text), look.accent("="), look.dim(" compares.")]);
}

/// The comparisons among the checks of the verify step.
pub fn proved(page: &mut Page<'_>, wizard: &Wizard) {
    let look = page.look;
    let fingerprints = wizard.secrets.iter().map(|(field, secret)| (*field, secret.fingerprint())).collect();
    let checks = compared::checks(&wizard.procedure, &wizard.values(), &fingerprints, &wizard.setup.compared);
    page.heading("Pasted back and compared");
    for Check { outcome, title, detail, .. } in checks {
        let word = Span::styled(super::text::column(outcome.word(), 11, ""), look.outcome(outcome));
        let mut spans =
            vec![look.strong(super::text::column(&title, 16, look.signs.ellipsis)), Span::raw(" ")];
        if page.width < 60 {
            page.item(word, vec![look.strong(title)]);
            page.item(Span::raw(" "), vec![Span::raw(detail)]);
            continue;
        }
        spans.push(Span::raw(detail));
        if outcome != Outcome::Pass {
            spans.extend([Span::raw(" "), look.accent("="), look.dim(" compares.")]);
        }
        page.item(word, spans);
    }
}
