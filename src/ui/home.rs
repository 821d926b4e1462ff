//! The home screen: unfinished set-ups, new set-ups, connections.

use super::checking::sign;
use super::page::{List, Page};
use super::text::{age, column, columns, plural, shorten};
use super::theme::Look;
use crate::app::model::{HomeItem, Model};
use crate::check::Status;
use crate::procedure::{AppKind, Procedure, ScopeNeed, Who};
use crate::setup::{Connection, Outcome, Owner, Setup};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of a fact beside a name.
const FACT: usize = 18;

/// A row of the screen.
enum Row {
    Blank,
    Section(&'static str),
    Receiver(&'static str),
    /// First row of the item at that index of [`Model::home_items`].
    Item(usize),
    /// A row below it, and which one.
    Detail(usize, usize),
    Remark(String),
    Problem(usize),
}

/// Draws the list. All of it moves with the selection.
pub fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, selected: usize, look: Look<'_>) {
    let items = model.home_items();
    let narrow = area.width < 70;
    let rows = rows(model, &items, narrow);
    let first = rows.iter().position(|row| matches!(row, Row::Item(index) if *index == selected));
    // The heading above the first item is worth more than the row at the cursor's distance.
    let focus = if selected == 0 { 0 } else { first.unwrap_or(0) };
    let width = usize::from(area.width.saturating_sub(1)).min(usize::from(super::page::MEASURE) + 4);
    let names = name_width(model, width);
    let list = List {
        count: rows.len(),
        selected: focus,
        line: Box::new(|index| match &rows[index] {
            Row::Blank => Line::default(),
            Row::Section(title) => Line::from(vec![Span::raw("  "), look.strong(*title)]),
            Row::Receiver(name) => Line::from(vec![Span::raw("  "), look.dim(*name)]),
            Row::Remark(text) => Line::from(vec![
                Span::raw("    "),
                look.dim(shorten(text, width.saturating_sub(4), look.signs.ellipsis)),
            ]),
            Row::Problem(index) => problem(model, *index, width, look),
            Row::Item(index) => {
                let room = if narrow { width.saturating_sub(4) } else { names };
                item(model, &items[*index], *index == selected, room, !narrow, look)
            }
            Row::Detail(index, line) => {
                let facts = facts(model, &items[*index], look);
                let texts = if narrow && *line == 0 { facts.beside } else { facts.below };
                let text =
                    shorten(&texts.join(look.signs.between), width.saturating_sub(6), look.signs.ellipsis);
                Line::from(vec![Span::raw("      "), look.dim(text)])
            }
        }),
    };
    list.draw(frame, area, look);
}

/// Width of the column of names: the longest name, as far as the facts beside it leave room.
fn name_width(model: &Model, width: usize) -> usize {
    let procedures = model.procedures.iter().map(|procedure| columns(&procedure.title));
    let setups = model.library.setups.iter().map(|setup| columns(&setup_name(model, setup)));
    let connections = model.library.connections.iter().map(|connection| columns(&connection.name));
    procedures
        .chain(setups)
        .chain(connections)
        .max()
        .unwrap_or(0)
        .clamp(10, width.saturating_sub(2 * FACT + 8).max(10))
}

/// The rows from top to bottom.
fn rows(model: &Model, items: &[HomeItem], narrow: bool) -> Vec<Row> {
    let mut rows = vec![Row::Section("Continue")];
    let push = |rows: &mut Vec<Row>, index: usize| {
        rows.push(Row::Item(index));
        if narrow {
            rows.push(Row::Detail(index, 0));
        }
        if matches!(items[index], HomeItem::Resume(_) | HomeItem::Connection(_)) {
            rows.push(Row::Detail(index, 1));
        }
    };
    let library = &model.library;
    if library.setups.is_empty() {
        let text = if library.loaded { "Nothing unfinished." } else { "Reading what is stored" };
        rows.push(Row::Remark(text.to_owned()));
    }
    let mut receiver = None;
    let mut connections = false;
    for (index, item) in items.iter().enumerate() {
        match item {
            HomeItem::Resume(_) => {}
            HomeItem::New(procedure) => {
                let label = model.procedures[*procedure].receiver.label();
                if receiver.is_none() {
                    rows.extend([Row::Blank, Row::Section("New set-up")]);
                }
                if receiver.replace(label) != Some(label) {
                    rows.push(Row::Receiver(label));
                }
            }
            HomeItem::Rehearse => rows.push(Row::Receiver("First time?")),
            HomeItem::Review => rows.push(Row::Receiver("An app that exists already?")),
            HomeItem::Check => {
                connections = true;
                rows.extend([Row::Blank, Row::Section("Connections")]);
            }
            HomeItem::Connection(_) => {}
        }
        push(&mut rows, index);
    }
    if !connections {
        rows.extend([Row::Blank, Row::Section("Connections")]);
        let text = if !library.loaded {
            "Reading what is stored"
        } else if model.procedures.is_empty() {
            "No connection yet."
        } else {
            "No connection yet. Choose a procedure above and press Enter."
        };
        rows.push(Row::Remark(text.to_owned()));
    }
    if !library.unreadable.is_empty() {
        rows.extend([Row::Blank, Row::Section("Files that could not be read")]);
        rows.extend((0..library.unreadable.len()).map(Row::Problem));
    }
    rows
}

/// A file that could not be read.
fn problem<'a>(model: &'a Model, index: usize, width: usize, look: Look<'_>) -> Line<'a> {
    let text = model.library.unreadable.get(index).map_or("", String::as_str);
    let room = width.saturating_sub(columns(look.signs.warn) + 3);
    Line::from(vec![
        Span::raw("  "),
        Span::styled(look.signs.warn, look.theme.warning),
        Span::raw(" "),
        Span::raw(shorten(text, room, look.signs.ellipsis)),
    ])
}

/// The line of an item: sign, name, and beside it the facts.
fn item<'a>(
    model: &Model,
    item: &HomeItem,
    selected: bool,
    room: usize,
    with_facts: bool,
    look: Look<'_>,
) -> Line<'a> {
    let sign = if selected { look.signs.selected } else { " " };
    let (name, name_style) = (name(model, item), if selected { look.theme.accent } else { look.theme.value });
    let mut spans = vec![look.accent(format!("  {sign} "))];
    spans.push(Span::styled(column(&name, room, look.signs.ellipsis), name_style));
    if with_facts {
        for fact in facts(model, item, look).beside {
            spans.push(Span::raw("  "));
            spans.push(look.dim(column(&fact, FACT, look.signs.ellipsis)));
        }
    }
    Line::from(spans)
}

/// What an unfinished set-up is called: the app's name or, before it has one, the procedure's title.
fn setup_name(model: &Model, setup: &Setup) -> String {
    if let Some(replaced) = &setup.replaces {
        return format!("Log in again: {}", replaced.connection);
    }
    setup.answers.get(&crate::procedure::FieldName::AppName).filter(|name| !name.is_empty()).map_or_else(
        || {
            model
                .procedure(&setup.procedure)
                .map_or_else(|| setup.procedure.clone(), |procedure| procedure.title.clone())
        },
        Clone::clone,
    )
}

fn name(model: &Model, item: &HomeItem) -> String {
    match item {
        HomeItem::Resume(index) => setup_name(model, &model.library.setups[*index]),
        HomeItem::New(index) => model.procedures[*index].title.clone(),
        HomeItem::Rehearse => "Rehearse it all".to_owned(),
        HomeItem::Review => "Review its scopes".to_owned(),
        HomeItem::Check => "Check connections".to_owned(),
        HomeItem::Connection(index) => model.library.connections[*index].name.clone(),
    }
}

/// What is said about an item.
struct Facts {
    /// In columns beside the name; below it on a narrow screen.
    beside: Vec<String>,
    /// Below the name.
    below: Vec<String>,
}

fn facts(model: &Model, item: &HomeItem, look: Look<'_>) -> Facts {
    match item {
        HomeItem::Resume(index) => resume_facts(model, &model.library.setups[*index], look),
        HomeItem::New(index) => new_facts(&model.procedures[*index]),
        HomeItem::Rehearse => Facts {
            beside: vec!["no account needed".to_owned(), "embedded Zoom".to_owned()],
            below: Vec::new(),
        },
        HomeItem::Review => Facts {
            beside: vec!["search, explain".to_owned(), "no account needed".to_owned()],
            below: Vec::new(),
        },
        HomeItem::Check => Facts { beside: check_facts(model), below: Vec::new() },
        HomeItem::Connection(index) => connection_facts(model, &model.library.connections[*index], look),
    }
}

fn resume_facts(model: &Model, setup: &Setup, look: Look<'_>) -> Facts {
    let age = age(model.now, setup.updated);
    let Some(procedure) = model.procedure(&setup.procedure) else {
        let missing = format!("its procedure {} is not loaded", setup.procedure);
        return Facts { beside: vec![age], below: vec![missing] };
    };
    let done = procedure.steps.iter().filter(|step| setup.done.contains_key(&step.id)).count();
    let all = procedure.steps.len();
    let mut below = Vec::new();
    if setup.rehearsal {
        below.push("REHEARSAL".to_owned());
    }
    if let Some(index) = procedure.step_index(&setup.current) {
        below.push(format!("next: {}", procedure.steps[index].title));
    }
    Facts { beside: vec![format!("{} {done} of {all}", progress_bar(done, all, 6, look)), age], below }
}

/// `━━━───`: so many of so many, in `width` columns.
pub fn progress_bar(done: usize, all: usize, width: usize, look: Look<'_>) -> String {
    let filled = (done * width).checked_div(all).unwrap_or(0).min(width);
    format!("{}{}", look.signs.bar_done.repeat(filled), look.signs.bar_open.repeat(width - filled))
}

fn kind_label(kind: AppKind) -> &'static str {
    match kind {
        AppKind::General => "General app",
        AppKind::ServerToServer => "Server-to-Server",
    }
}

fn new_facts(procedure: &Procedure) -> Facts {
    let scopes = plural(procedure.scope_ids(ScopeNeed::Required).len(), "scope");
    let effort = format!("{scopes}, {} min", procedure.minutes);
    Facts { beside: vec![effort, kind_label(procedure.app_kind).to_owned()], below: Vec::new() }
}

/// How many connections need a hand, as the last checks found.
fn check_facts(model: &Model) -> Vec<String> {
    let connections = &model.library.connections;
    let count = |wanted: Status| {
        let is = |one: &&Connection| model.checking.last(one).is_some_and(|last| last.status == wanted);
        connections.iter().filter(is).count()
    };
    let (unhealthy, warning) = (count(Status::Unhealthy), count(Status::Warning));
    let healthy = count(Status::Healthy);
    let checked = connections.iter().filter(|one| model.checking.last(one).is_some()).count();
    let found = match (unhealthy, warning) {
        (1.., _) => format!("{unhealthy} unhealthy"),
        (0, 1..) => plural(warning, "warning"),
        (0, 0) if healthy > 0 => format!("{healthy} healthy"),
        (0, 0) => "alive? how long?".to_owned(),
    };
    vec![found, format!("{checked} of {} checked", connections.len())]
}

fn connection_facts(model: &Model, connection: &Connection, look: Look<'_>) -> Facts {
    let checked = model.checking.last(connection).map(|last| {
        let (sign, _) = sign(Some(last.status), look);
        vec![format!("{sign} {}", last.status.word()), age(model.now, last.at)]
    });
    let verified = match &connection.verification {
        Some(verification) if verification.failed() => format!("FAIL {}", age(model.now, verification.at)),
        Some(verification) if verification.checks.iter().any(|check| check.outcome == Outcome::Pass) => {
            format!("verified {}", age(model.now, verification.at))
        }
        Some(_) | None => "not verified".to_owned(),
    };
    let procedure = model
        .procedure(&connection.procedure)
        .map_or_else(|| connection.procedure.clone(), |procedure| procedure.title.clone());
    let mut below = vec![procedure, owner(connection).to_owned()];
    if connection.rehearsal {
        below.insert(0, "REHEARSAL".to_owned());
    }
    Facts { beside: checked.unwrap_or_else(|| vec![verified]), below }
}

/// Who spends the refresh token, in words.
pub fn owner(connection: &Connection) -> &'static str {
    match (connection.app_kind, connection.owner) {
        (AppKind::ServerToServer, _) => "nothing to refresh",
        (AppKind::General, Owner::Wizard) => "refreshed by this wizard",
        (AppKind::General, Owner::Receiver) => "refreshed by the receiver",
    }
}

/// The second column of a wide home screen: what the selected line is about.
pub fn aside<'a>(model: &'a Model, selected: usize, full: u16, look: Look<'a>) -> Page<'a> {
    let mut page = Page::new(full, look);
    let items = model.home_items();
    let procedure = match items.get(selected) {
        Some(HomeItem::Resume(index)) => model.procedure(&model.library.setups[*index].procedure),
        Some(HomeItem::New(index)) => model.procedures.get(*index),
        Some(HomeItem::Rehearse | HomeItem::Review | HomeItem::Check) => None,
        Some(HomeItem::Connection(index)) => model.procedure(&model.library.connections[*index].procedure),
        None => None,
    };
    if let Some(procedure) = procedure {
        about(&mut page, procedure);
    }
    page
}

/// What a procedure is and needs.
pub fn about<'a>(page: &mut Page<'a>, procedure: &'a Procedure) {
    let look = page.look;
    page.text(vec![
        look.strong(procedure.title.as_str()),
        look.dim(look.signs.between),
        look.dim(procedure.receiver.label()),
    ]);
    page.gap();
    page.fact("Zoom app", 10, vec![Span::raw(procedure.app_kind.label())]);
    page.fact("Document", 10, vec![Span::raw(procedure.source.document.as_str())]);
    let origin = [
        Some(procedure.source.publisher.as_str()),
        procedure.source.release.as_deref(),
        procedure.source.updated.as_deref(),
    ];
    let origin: Vec<&str> = origin.into_iter().flatten().collect();
    page.fact("From", 10, vec![Span::raw(origin.join(look.signs.between))]);
    needs(page, procedure);
    page.heading("Phases");
    for phase in procedure.phases() {
        let steps = procedure.steps.iter().filter(|step| step.phase == phase).count();
        let name = column(phase.label(), 14, look.signs.ellipsis);
        page.item(look.dim(look.signs.bullet), vec![Span::raw(name), look.dim(plural(steps, "step"))]);
    }
}

/// What is needed before the first step, by who sees to it.
pub fn needs<'a>(page: &mut Page<'a>, procedure: &'a Procedure) {
    let look = page.look;
    for (who, title) in [
        (Who::ZoomAdmin, "The Zoom admin needs".to_owned()),
        (Who::ReceiverAdmin, format!("The {} admin needs", procedure.receiver.label())),
    ] {
        let mut needs = procedure.needs.iter().filter(|need| need.who == who).peekable();
        if needs.peek().is_none() {
            continue;
        }
        page.heading(title);
        for need in needs {
            page.item(look.dim(look.signs.bullet), vec![Span::raw(need.text.as_str())]);
        }
    }
}
