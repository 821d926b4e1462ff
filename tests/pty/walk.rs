//! Walking through a set-up by what the screen says, as a newcomer would.

use super::pty::{CTRL_Y, ENTER, Terminal};

/// No procedure takes more keys than this.
const MOST_KEYS: usize = 250;

/// The screen without the line of notices, which comes and goes by itself.
pub fn body(screen: &str) -> String {
    let rows: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let keep = |index: usize| index + 2 != rows.len();
    rows.iter()
        .enumerate()
        .filter(|(index, _)| keep(*index))
        .map(|(_, row)| *row)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The key bar.
pub fn bar(screen: &str) -> &str {
    screen.trim_end().lines().last().unwrap_or_default()
}

/// Whether the program waits for a key, and not for the world.
pub fn is_ready(screen: &str) -> bool {
    bar(screen).starts_with("Enter ") || bar(screen).starts_with("r try again") || is_stored(screen)
}

/// The set-up is over: its connection is on the screen.
pub fn is_stored(screen: &str) -> bool {
    screen.starts_with("zoom-setup  connection")
}

/// `8 of 15`, if a step is on the screen.
pub fn position(screen: &str) -> Option<(usize, usize)> {
    screen.lines().find_map(|line| {
        let (before, after) = line.split_once(" of ")?;
        let here = before.rsplit(' ').next()?.parse().ok()?;
        let all = after.split_whitespace().next()?.parse().ok()?;
        Some((here, all))
    })
}

/// The line under the one that has the focus, in the first column of the screen.
fn focused_value(screen: &str) -> String {
    let mut lines = screen.lines().skip_while(|line| !line.starts_with(['›', '>']));
    lines.nth(1).unwrap_or_default().chars().take(78).collect::<String>().trim().to_owned()
}

/// Whether fields are being filled in. There, secrets on their way into the store change the screen by themselves.
fn is_form(screen: &str) -> bool {
    bar(screen).starts_with("Enter next ") && !bar(screen).contains("next step")
}

/// The step, the field of it that has the focus, and what Zoom answered.
fn place(screen: &str) -> (Option<(usize, usize)>, String, String) {
    // Zoom's answer to the step's question stands at the top, and its second line says what the keys do then.
    let answered = screen.contains(" goes on") || screen.contains("asks again (");
    let answer = screen.lines().nth(6).filter(|_| answered).unwrap_or_default().trim_end().to_owned();
    let focus = screen.lines().find(|line| line.starts_with(['›', '>'])).unwrap_or_default();
    (position(screen), focus.chars().take(30).collect(), answer)
}

/// Confirms, and waits for the next field, step or stage.
#[track_caller]
fn confirm(terminal: &mut Terminal) -> String {
    let before = terminal.screen();
    if !is_form(&before) {
        return press(terminal, ENTER);
    }
    terminal.keys(ENTER);
    terminal
        .wait_until("the next field or step", |screen| place(screen) != place(&before) && is_ready(screen))
}

/// Sends keys, and waits for what comes of them.
#[track_caller]
pub fn press(terminal: &mut Terminal, keys: &str) -> String {
    let before = body(&terminal.screen());
    terminal.keys(keys);
    terminal
        .wait_until(&format!("an effect of {keys:?}"), |screen| body(screen) != before && is_ready(screen))
}

/// One key forward on a screen that is ready: takes offers, ticks scopes, confirms.
#[track_caller]
pub fn one_key(terminal: &mut Terminal) -> String {
    let screen = terminal.screen();
    // What a small key bar leaves out, the step itself says.
    let kept = screen.contains("kept: sha256:") || screen.contains("Secret Token  optional");
    if is_form(&screen) && focused_value(&screen).is_empty() && !kept {
        return press(terminal, CTRL_Y);
    }
    // The rehearsal's browser ended somewhere: its address is offered to an empty box.
    if bar(&screen).starts_with("Enter use it") && screen.contains("Ctrl-Y:") {
        return press(terminal, CTRL_Y);
    }
    let ticked = screen.lines().find_map(|line| {
        let (ticked, rest) = line.trim().strip_prefix("added ")?.split_once(" of ")?;
        Some(rest.split(' ').next() == Some(ticked))
    });
    if ticked == Some(false) {
        return press(terminal, "n");
    }
    confirm(terminal)
}

/// Walks until the screen fits.
#[track_caller]
pub fn until(terminal: &mut Terminal, what: &str, fits: impl Fn(&str) -> bool) -> String {
    let mut screen = terminal.wait_until("a screen that is ready", is_ready);
    for _key in 0..MOST_KEYS {
        if fits(&screen) {
            return screen;
        }
        screen = one_key(terminal);
    }
    panic!("{what} did not come; the screen is\n{screen}");
}
