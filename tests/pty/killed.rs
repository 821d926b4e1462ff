//! kill -9 at any moment, then the same again: same step, same answers.

use super::home::{Home, free_port};
use super::pty::{CTRL_Y, ENTER, TAB, Terminal};
use super::walk::{self, is_stored, position};
use std::fs;

/// The stored set-up without its times.
fn stored(home: &Home) -> serde_json::Value {
    let files = fs::read_dir(home.data().join("rehearsal/setups")).unwrap().map(|file| file.unwrap().path());
    // A file that was being written when the end came has a dot in front, and is nobody's business.
    let mut files = files.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
    let mut value: serde_json::Value =
        serde_json::from_slice(&fs::read(files.next().unwrap()).unwrap()).unwrap();
    assert!(files.next().is_none(), "one set-up");
    value.as_object_mut().unwrap().remove("updated");
    value
}

/// After each key of a whole set-up.
#[test]
fn after_every_key() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    terminal.wait_until("the first step", |screen| position(screen).is_some() && walk::is_ready(screen));
    let (mut deaths, mut deaths_here) = (0, 0);
    let mut step = (1, 14);
    'set_up: loop {
        // A key more than the last time, so that the end comes after each key of the step once.
        let mut screen = String::new();
        for _key in 0..=deaths_here {
            screen = walk::one_key(&mut terminal);
            if is_stored(&screen) {
                break 'set_up;
            }
        }
        let here = position(&screen).unwrap();
        deaths_here = if here == step { deaths_here + 1 } else { 0 };
        step = here;
        terminal.kill();
        let before = stored(&home);
        deaths += 1;
        assert!(deaths < 100, "it does not come to an end:\n{screen}");
        terminal = Terminal::start(&home, &["--rehearse", "resume"], 80, 24);
        let again =
            terminal.wait_until("the step", |screen| position(screen).is_some() && walk::is_ready(screen));
        assert_eq!(position(&again), Some(here), "before:\n{screen}\nafter:\n{again}");
        assert_eq!(stored(&home)["answers"], before["answers"]);
    }
    let list = home.run(&["--rehearse", "connections", "--json"]).ends(0).json();
    assert_eq!(list["connections"].as_array().unwrap().len(), 1);
    assert_eq!(list["connections"][0]["outcome"], "pass");
}

/// While keys are still being worked off: whatever was shown as taken is there again.
#[test]
fn in_the_middle_of_anything() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["--rehearse", "new", "celigo-s2s"], 80, 24);
    let mut shown =
        position(&terminal.wait_until("the first step", |screen| position(screen).is_some())).unwrap().0;
    for round in 0..25 {
        // More keys than steps are handled before the end comes; how many is left to chance.
        for key in [CTRL_Y, ENTER, TAB, CTRL_Y, ENTER].iter().cycle().skip(round % 5).take(1 + round % 4) {
            terminal.keys(key);
        }
        terminal.kill();
        let last = terminal.screen();
        if let Some((here, _)) = position(&last) {
            shown = shown.max(here);
        }
        terminal = Terminal::start(&home, &["--rehearse", "resume"], 80, 24);
        let again =
            terminal.wait_until("a step", |screen| position(screen).is_some() && walk::is_ready(screen));
        let here = position(&again).unwrap().0;
        assert!(here >= shown, "round {round}: step {shown} was on the screen:\n{last}\nnow:\n{again}");
        stored(&home);
        if here > 8 {
            break;
        }
    }
}

/// While the browser is out: the login is taken up again, and the same address still does.
#[test]
fn while_a_login_waits() {
    let home = Home::new();
    let nothing = [("BROWSER", "true")];
    let arguments = ["--rehearse", "new", "servicenow-dex", "--port", &free_port()];
    let mut terminal = Terminal::start_with(&home, &arguments, 80, 40, &nothing);
    walk::until(&mut terminal, "the login", |screen| screen.contains("Test login over the receiver's URL"));
    terminal.keys(ENTER);
    terminal.wait_for(&["paste address", "The login began"]);
    let secrets = || fs::read(home.data().join("rehearsal/rehearsal-secrets.age")).unwrap();
    let before = secrets();
    terminal.keys("e");
    terminal.wait_for(&["Five minutes more"]);
    // On a busy machine the disk may be behind the screen for a moment.
    super::home::until("the longer wait is not stored", || (secrets() != before).then_some(()));
    let url = super::journeys::address(&terminal.screen());
    terminal.kill();
    let mut terminal = Terminal::start_with(&home, &["--rehearse", "resume"], 80, 40, &nothing);
    let again =
        terminal.wait_for(&["Waiting for the browser   14:", "Taken up again", "The answer comes by paste"]);
    // Another sandbox has another port; everything else of the address is the same.
    let query = |url: &str| url.split_once('?').unwrap().1.to_owned();
    assert_eq!(query(&super::journeys::address(&again)), query(&url));
    let back = super::zoom::consent(&super::journeys::address(&again));
    terminal.paste(&back);
    walk::press(&mut terminal, ENTER);
    terminal.wait_for(&["Zoom granted the login"]);
}
