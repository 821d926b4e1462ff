//! Every screen at three sizes, and what must hold at any size.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::result_large_err,
    reason = "what cannot be built here is a failed test"
)]

mod checking;
mod connections;
mod desk;
mod proofs;
mod qr;
mod refreshes;
mod review;
mod states;
mod world;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use world::SECRET;
use zoom_setup::app::model::{Model, Screen};
use zoom_setup::app::wizard::StepState;
use zoom_setup::ui::{Drawn, Theme, view};

fn draw_with(model: &Model, theme: &Theme, columns: u16, rows: u16) -> (Drawn, Terminal<TestBackend>) {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut drawn = Drawn::default();
    terminal.draw(|frame| drawn = view(model, theme, frame)).unwrap();
    (drawn, terminal)
}

fn draw(model: &Model, columns: u16, rows: u16) -> (Drawn, Terminal<TestBackend>) {
    draw_with(model, &Theme::coloured(), columns, rows)
}

/// The text of the rows, without the blanks at their ends.
fn rows(buffer: &Buffer) -> Vec<String> {
    (0..buffer.area.height)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol)).unwrap().max(1);
            }
            row.trim_end().to_owned()
        })
        .collect()
}

fn text(model: &Model, columns: u16, height: u16) -> String {
    rows(draw(model, columns, height).1.backend().buffer()).join("\n")
}

/// Every state of every screen.
fn all() -> Vec<(String, Model)> {
    let others =
        states::all().into_iter().chain(desk::all()).chain(connections::all()).chain(refreshes::all());
    others.map(|(name, model)| (name.to_owned(), model)).chain(review::all()).chain(checking::all()).collect()
}

fn snapshot(columns: u16, height: u16) {
    for (name, model) in all().into_iter().chain(review::more()).chain(checking::more_states()) {
        insta::assert_snapshot!(format!("{name}_{columns}x{height}"), text(&model, columns, height));
    }
}

#[test]
fn at_80_by_24() {
    snapshot(80, 24);
}

#[test]
fn at_40_by_12() {
    snapshot(40, 12);
}

#[test]
fn at_200_by_60() {
    snapshot(200, 60);
}

#[test]
fn in_ascii() {
    for (name, mut model) in states::all() {
        if !["home", "copy_redirect", "choose", "fill_secret", "scopes", "verify_failed", "removal"]
            .contains(&name)
        {
            continue;
        }
        model.settings.ascii = true;
        let shown = text(&model, 80, 24);
        insta::assert_snapshot!(format!("{name}_ascii"), shown);
        let signs: Vec<char> =
            shown.chars().filter(|character| "✓›!✗○●·…─│╭↓↑━•—".contains(*character)).collect();
        assert!(signs.iter().all(|sign| *sign == '!'), "{name} draws {signs:?}");
    }
}

#[test]
fn in_rehearsal() {
    for (name, model) in states::all() {
        if ["home_empty", "fill_kept", "login_waiting", "document"].contains(&name) {
            let model = world::rehearse(model, Some("redirect-mismatch"));
            insta::assert_snapshot!(format!("{name}_rehearsal_80x24"), text(&model, 80, 24));
            insta::assert_snapshot!(format!("{name}_rehearsal_40x12"), text(&model, 40, 12));
        }
    }
}

#[test]
fn any_size_is_drawn() {
    for (name, mut model) in all() {
        for rehearsal in [false, true] {
            if rehearsal {
                model = world::rehearse(model, Some("redirect-mismatch"));
            }
            for columns in [1, 2, 3, 9, 39, 40, 41, 59, 69, 79, 80, 119, 120, 121, 163, 164, 165, 220] {
                for height in [1, 2, 11, 12, 13, 17, 18, 24, 70] {
                    model.scroll = (columns * height) % 40;
                    let (drawn, _) = draw(&model, columns, height);
                    assert!(drawn.max_scroll < 400, "{name} at {columns}x{height}");
                }
            }
        }
    }
}

proptest::proptest! {
    // Row W08 of docs/callback-rows.md.
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_size_at_random(columns in 1_u16..=220, height in 1_u16..=70, scroll in 0_u16..=500, ascii: bool) {
        for (_, mut model) in all() {
            model.scroll = scroll;
            model.settings.ascii = ascii;
            draw(&model, columns, height);
        }
    }
}

// Row W08 of docs/callback-rows.md.
#[test]
fn secrets_are_not_drawn() {
    for (name, model) in all() {
        for (columns, height) in [(40, 12), (80, 24), (120, 40), (200, 60)] {
            let model = world::rehearse(model.clone(), None);
            let shown = text(&model, columns, height);
            assert!(!shown.contains(&SECRET[..8]), "{name} at {columns}x{height}:\n{shown}");
        }
    }
}

#[test]
fn a_peek_shows_the_one_field() {
    let (_, mut model) = states::all().into_iter().find(|(name, _)| *name == "fill_secret").unwrap();
    if let Screen::Wizard(wizard) = &mut model.screen
        && let StepState::Fill(form) = &mut wizard.state
    {
        form.fields[1].peek = true;
    }
    assert!(text(&model, 80, 24).contains(SECRET));
}

#[test]
fn rehearsal_is_said_everywhere() {
    for (name, model) in all() {
        for fault in [None, Some("wrong-secret")] {
            let model = world::rehearse(model.clone(), fault);
            for (columns, height) in [(10, 9), (30, 8), (40, 12), (80, 24), (200, 60)] {
                let shown = text(&model, columns, height);
                assert!(shown.contains("REHEARSAL"), "{name} at {columns}x{height}:\n{shown}");
            }
        }
    }
}

#[test]
fn no_colour_means_none() {
    // A QR code is black on white, whatever the theme: cameras expect it.
    for (name, model) in all().into_iter().filter(|(name, _)| name != "login_qr") {
        let model = world::rehearse(model, Some("deny"));
        let (_, terminal) = draw_with(&model, &Theme::plain(), 200, 60);
        for cell in terminal.backend().buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}: {cell:?}");
        }
    }
}

#[test]
fn colours_are_those_of_the_terminal() {
    for (name, model) in all() {
        let (_, terminal) = draw(&world::rehearse(model, None), 200, 60);
        for cell in terminal.backend().buffer().content() {
            for colour in [cell.fg, cell.bg] {
                assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(_)), "{name}: {colour:?}");
            }
        }
    }
}

/// Selecting the rows of the address in the terminal gives the address and nothing else.
#[test]
fn the_address_of_the_login_stands_alone() {
    for (columns, height) in [(80, 24), (100, 30), (200, 60)] {
        let model = states::waiting(Some(53682));
        let (_, terminal) = draw(&model, columns, height);
        let rows = rows(terminal.backend().buffer());
        let start = rows.iter().position(|row| row.starts_with("https://zoom.us/")).unwrap();
        let count = states::ADDRESS.len().div_ceil(usize::from(columns));
        assert_eq!(rows[start..start + count].concat(), states::ADDRESS, "at {columns}x{height}");
        assert_eq!(rows[start + count], "", "at {columns}x{height}");
    }
}

#[test]
fn a_value_wider_than_the_screen_stands_at_the_edge() {
    let (_, mut model) = states::all().into_iter().find(|(name, _)| *name == "copy_redirect").unwrap();
    let host = format!("{}.example.com", "long-name-of-an-instance-".repeat(5));
    if let Screen::Wizard(wizard) = &mut model.screen {
        wizard.setup.answers.insert(zoom_setup::procedure::FieldName::Instance, host.clone());
    }
    let value = format!("https://{host}/oauth_redirect.do");
    for (columns, height) in [(80, 40), (130, 40), (200, 60)] {
        let rows = rows(draw(&model, columns, height).1.backend().buffer());
        let shown = rows.iter().position(|row| row.trim_start().starts_with("https://long")).unwrap();
        let joined: String =
            rows[shown..].iter().take_while(|row| !row.is_empty()).map(|row| row.trim_start()).collect();
        assert!(joined.starts_with(&value), "at {columns}: {joined}");
    }
}

#[test]
fn all_of_the_text_can_be_reached_by_scrolling() {
    for (name, mut model) in states::all() {
        // Where something is selected as well, the list below the text has rows of its own.
        if !["read_needs", "read_create", "activate_failed", "verify_failed", "connection", "document"]
            .contains(&name)
        {
            continue;
        }
        let (drawn, _) = draw(&model, 40, 12);
        let mut seen = std::collections::BTreeSet::new();
        for scroll in 0..=drawn.max_scroll {
            model.scroll = scroll;
            seen.extend(rows(draw(&model, 40, 12).1.backend().buffer()));
        }
        model.scroll = 0;
        if drawn.max_scroll > 0 {
            // What a tall screen of the same width shows is there line by line.
            for row in rows(draw(&model, 40, 70).1.backend().buffer()).iter().skip(6).take(30) {
                let word = row.trim();
                assert!(
                    word.is_empty() || seen.iter().any(|line| line.contains(word)) || model.overlay.is_some(),
                    "{name}: {word:?} is nowhere in {seen:#?}"
                );
            }
        }
    }
}

#[test]
fn with_the_paste_box_open_no_letter_is_named_as_a_key() {
    let mut seen = 0;
    for (name, model) in all() {
        let pasting = model
            .wizard()
            .and_then(|wizard| wizard.authorization())
            .is_some_and(|authorization| authorization.pasting);
        if !pasting || model.overlay.is_some() {
            continue;
        }
        seen += 1;
        let text = text(&model, 100, 60).replace('\n', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for key in
            ["press p", "e adds", "o opens", "c copies", "v shows", " p takes", "p opens", "save, press r"]
        {
            assert!(!text.contains(key), "{name}: {key}\n{text}");
        }
        assert!(text.contains("Enter uses it") && text.contains("Esc closes the box"), "{name}\n{text}");
    }
    assert!(seen > 1, "{seen}");
}

#[test]
fn no_way_to_log_in_is_scrolled_away_by_another() {
    let mut offers = 0;
    for (name, model) in all().into_iter().filter(|(name, _)| name.starts_with("login_offer")) {
        offers += 1;
        let text = text(&model, 80, 24);
        for way in ["Test login, caught here", "Test login over the receiver's URL", "No test login"] {
            assert!(text.contains(way), "{name}: {way}\n{text}");
        }
    }
    assert!(offers > 1);
}

#[test]
fn on_the_receivers_way_the_paste_is_named_before_the_tunnel() {
    let (_, model) = all().into_iter().find(|(name, _)| *name == "login_waiting_receiver_ssh").unwrap();
    let text = text(&model, 80, 60);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}\n{text}"));
    assert!(at("The answer comes by paste") < at("https://zoom.us/oauth/authorize"));
    assert!(at("https://zoom.us/oauth/authorize") < at("ssh -L"));
}

#[test]
fn no_value_is_left_out_without_a_mark() {
    let models: Vec<_> = all()
        .into_iter()
        .filter_map(|(name, model)| {
            let labels: Vec<String> =
                model.wizard()?.copy_items().into_iter().map(|item| item.label).collect();
            let shown = model.overlay.is_none()
                && matches!(model.wizard()?.state, StepState::Read { .. } | StepState::HandOver { .. });
            (shown && !labels.is_empty()).then_some((name, model, labels))
        })
        .collect();
    assert!(models.len() > 5, "{}", models.len());
    for (name, model, labels) in models {
        for columns in [40, 41, 59, 60, 61, 79, 80, 81, 100] {
            for height in 12..=40 {
                let text = text(&model, columns, height);
                // A long label is broken; its first words are enough to know it by.
                let seen = |label: &&String| {
                    let words = label.split(" (").next().unwrap();
                    text.contains(&format!("{words}:")) || text.contains(&format!("{words} ("))
                };
                let left_out = labels.len() - labels.iter().filter(seen).count();
                let marked = text.lines().any(|line| {
                    ["\u{2191}", "\u{2193}"].iter().any(|sign| {
                        line.split(sign).skip(1).any(|rest| {
                            rest.trim_start().starts_with(|next: char| next.is_ascii_digit())
                                && !rest.contains("PgDn")
                        }) || line.ends_with(sign)
                    })
                });
                assert!(left_out == 0 || marked, "{name} {columns}x{height}: {left_out} left out\n{text}");
            }
        }
    }
}

#[test]
fn the_cursor_stands_where_text_goes() {
    for (name, column) in [("fill_empty", 2), ("fill_secret", 34), ("scopes_search", 14), ("unlock_new", 10)]
    {
        let (_, model) = states::all().into_iter().find(|(state, _)| *state == name).unwrap();
        let (_, mut terminal) = draw(&model, 80, 24);
        let position = ratatui::backend::Backend::get_cursor_position(terminal.backend_mut()).unwrap();
        assert_eq!(position.x, column, "{name} at {position}");
    }
}

#[test]
fn the_screen_does_not_move_while_waiting() {
    let mut model = states::waiting(Some(53682));
    let before = rows(draw(&model, 80, 24).1.backend().buffer());
    model.now = jiff::Timestamp::from_second(model.now.as_second() + 1).unwrap();
    let after = rows(draw(&model, 80, 24).1.backend().buffer());
    let changed = before.iter().zip(&after).filter(|(one, other)| one != other).count();
    assert_eq!(changed, 1, "only the countdown changes");
}

#[test]
fn too_small_says_so() {
    let model = world::model();
    let shown = text(&model, 39, 12).replace('\n', " ");
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "zoom-setup needs 40x12; this terminal is 39x12. Enlarge it; nothing is lost."
    );
}

/// The rows that the terminal itself shall break: where the address stands whole, and nowhere else.
#[test]
fn the_address_is_reported_where_it_stands_whole() {
    let mut model = states::waiting(Some(53682));
    for (columns, height) in [(80, 24), (100, 30), (200, 60)] {
        let (drawn, terminal) = draw(&model, columns, height);
        let link = drawn.link.unwrap();
        let rows = rows(terminal.backend().buffer());
        assert_eq!(link.address, states::ADDRESS);
        assert!(rows[usize::from(link.row)].starts_with("https://zoom.us/"), "at {columns}x{height}");
    }
    assert_eq!(draw(&model, 40, 12).0.link, None, "it is cut there");
    model.scroll = 3;
    assert_eq!(draw(&model, 80, 18).0.link, None, "scrolled away in part");
    model.scroll = 0;
    model.overlay = Some(zoom_setup::app::model::Overlay::Help);
    assert_eq!(draw(&model, 80, 24).0.link, None, "never under an overlay");
}
