//! The QR code of a login, read back from the screen as a camera does.

use super::{draw_with, rows, states, text};
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use rstest::rstest;
use zoom_setup::app::model::Model;
use zoom_setup::ui::Theme;

/// Pixels along each side of a module in the picture that is read.
const PIXELS: usize = 4;

fn model(ascii: bool) -> Model {
    let (_, mut model) = states::all().into_iter().find(|(name, _)| *name == "login_qr").unwrap();
    model.settings.ascii = ascii;
    model
}

/// The modules as drawn, row by row: `true` is dark. Every one is black or white.
fn modules(buffer: &Buffer, ascii: bool) -> Vec<Vec<bool>> {
    let dark = |colour: Color| match colour {
        Color::Black => true,
        Color::White => false,
        other => panic!("a module is {other:?}"),
    };
    let mut modules = Vec::new();
    for y in 0..buffer.area.height {
        let drawn = |x: &u16| buffer[(*x, y)].bg != Color::Reset;
        let cells: Vec<_> = (0..buffer.area.width).filter(drawn).map(|x| &buffer[(x, y)]).collect();
        if cells.is_empty() {
            continue;
        }
        if ascii {
            assert!(cells.iter().all(|cell| cell.symbol() == " "));
            assert!(cells.chunks(2).all(|pair| pair[0].bg == pair[1].bg), "a module is two columns wide");
            modules.push(cells.iter().step_by(2).map(|cell| dark(cell.bg)).collect());
        } else {
            assert!(cells.iter().all(|cell| cell.symbol() == "▀"));
            modules.push(cells.iter().map(|cell| dark(cell.fg)).collect());
            modules.push(cells.iter().map(|cell| dark(cell.bg)).collect());
        }
    }
    modules
}

#[rstest]
#[case::half_blocks(false, Theme::coloured(), 67, 38)]
#[case::half_blocks_without_colour(false, Theme::plain(), 200, 60)]
#[case::ascii(true, Theme::plain(), 132, 70)]
fn what_is_drawn_is_the_address(
    #[case] ascii: bool,
    #[case] theme: Theme,
    #[case] columns: u16,
    #[case] height: u16,
) {
    let (_, terminal) = draw_with(&model(ascii), &theme, columns, height);
    let modules = modules(terminal.backend().buffer(), ascii);
    let (width, height) = (modules[0].len(), modules.len());
    assert!(modules.iter().all(|row| row.len() == width));
    let pixel = |x: usize, y: usize| if modules[y / PIXELS][x / PIXELS] { 0 } else { 255 };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width * PIXELS, height * PIXELS, pixel);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "{width}x{height}");
    assert_eq!(grids[0].decode().unwrap().1, states::ADDRESS);
}

#[test]
fn one_that_does_not_fit_says_how_much_it_takes() {
    for (ascii, wanted) in [(false, (67, 38)), (true, (132, 70))] {
        let model = model(ascii);
        let told = format!("{} columns and {} rows", wanted.0, wanted.1);
        for (columns, height) in [(wanted.0 - 1, wanted.1), (wanted.0, wanted.1 - 1)] {
            let words = text(&model, columns, height).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(&told), "at {columns}x{height}: {words}");
        }
        let (_, terminal) = draw_with(&model, &Theme::coloured(), wanted.0, wanted.1);
        let shown = rows(terminal.backend().buffer()).join("\n");
        assert!(!shown.contains("columns and"), "{shown}");
        assert!(!ascii || !shown.contains('▀'), "{shown}");
    }
}
