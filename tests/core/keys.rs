//! The key table: no two meanings of a key, no key that does nothing, no letters taken from a text field.

use super::admin::{Admin, key};
use super::support::{Core, Storing};
use std::collections::BTreeSet;
use zoom_setup::app::keymap::{Binding, Key, Mode, all, applies, bar, bindings, mode};
use zoom_setup::app::message::{Intent, Msg};
use zoom_setup::app::model::Model;
use zoom_setup::app::update::update;
use zoom_setup::app::wizard::AuthorizationPhase;

const MODES: [Mode; 36] = [
    Mode::Home,
    Mode::Read,
    Mode::Choose,
    Mode::Field,
    Mode::Scopes,
    Mode::ScopeSearch,
    Mode::Activate,
    Mode::LoginOffer,
    Mode::LoginWaiting,
    Mode::PasteBox,
    Mode::LoginEnded,
    Mode::Verify,
    Mode::Decide,
    Mode::HandOver,
    Mode::Connection,
    Mode::Reading,
    Mode::Steps,
    Mode::Desk,
    Mode::DeskPaste,
    Mode::Unlock,
    Mode::ConfirmRemoval,
    Mode::Review,
    Mode::ReviewProving,
    Mode::ReviewSearch,
    Mode::ReviewPaste,
    Mode::ReviewToDo,
    Mode::ReviewSubjects,
    Mode::Rotate,
    Mode::RotateBusy,
    Mode::Rotated,
    Mode::Remove,
    Mode::RemoveBusy,
    Mode::Checks,
    Mode::ChecksRunning,
    Mode::ChecksDetail,
    Mode::ChecksSearch,
];

#[test]
fn no_key_has_two_meanings_in_a_mode() {
    for mode in MODES {
        let mut seen = Vec::new();
        for binding in bindings(mode) {
            for key in binding.keys {
                assert!(!seen.contains(key), "{mode:?} binds {key:?} twice");
                seen.push(*key);
            }
        }
        assert!(seen.contains(&Key::Ctrl('c')), "{mode:?} can be left");
    }
}

#[test]
fn letters_are_text_in_a_text_field() {
    for mode in MODES.into_iter().filter(|mode| mode.is_text()) {
        for binding in bindings(mode) {
            let letters = binding.keys.iter().any(|key| matches!(key, Key::Char(_)));
            assert!(!letters, "{mode:?} takes {} from the text", binding.shown);
        }
    }
}

#[test]
fn what_is_shown_is_the_first_key() {
    for binding in all() {
        let name = binding.shown.split(' ').next().unwrap();
        let expected = match binding.keys[0] {
            Key::Char(' ') => "Space".to_owned(),
            Key::Char(character) => character.to_string(),
            Key::Ctrl(character) => format!("Ctrl-{}", character.to_ascii_uppercase()),
            Key::Function(number) => format!("F{number}"),
            Key::BackTab => "Shift-Tab".to_owned(),
            Key::PageUp => "PgUp".to_owned(),
            Key::PageDown => "PgDn".to_owned(),
            other => format!("{other:?}"),
        };
        // Where Esc and q mean the same, the letter is shown.
        assert!(
            name == expected || (name == "q" && binding.keys.contains(&Key::Char('q'))),
            "{name}: {expected}"
        );
    }
}

/// Models on every screen, as the core itself comes to them.
fn screens() -> Vec<Model> {
    let mut models = Vec::new();
    let mut keep = |core: &Core| {
        let mut model = core.model.clone();
        // There is something to scroll in both directions, and nothing said that a key would take away.
        model.max_scroll = 40;
        model.scroll = 20;
        model.notice = None;
        models.push(model);
    };
    let mut core = Core::new();
    keep(&core);
    core.press("Down Down");
    keep(&core);
    for (procedure, last) in
        [("celigo-oauth", "authorize"), ("servicenow-dex", "authorize"), ("celigo-s2s", "activation")]
    {
        let mut core = Core::new();
        core.begin(procedure);
        loop {
            keep(&core);
            if core.step() == last {
                break;
            }
            core.plain_step();
        }
    }
    let mut core = Core::at("celigo-oauth", "region");
    core.press("Down");
    keep(&core);
    let mut core = Core::at("servicenow-dex", "credentials");
    core.press("Tab");
    keep(&core);
    core.text("half\u{2024}typed");
    keep(&core);
    let mut core = Core::at("servicenow-omnichannel", "scopes");
    core.press("Down Down");
    keep(&core);
    core.press("/");
    core.text("meeting");
    keep(&core);
    core.press("Enter");
    keep(&core);
    for overlay in ["?", "d", "s Up"] {
        let mut core = Core::at("servicenow-dex", "redirect-url");
        core.press(overlay);
        keep(&core);
    }
    // The desk, with its box and its help.
    let mut core = Core::at("servicenow-dex", "redirect-url");
    for keys in ["=", "Down", "p", "F1", "Esc Esc ?"] {
        core.press(keys);
        keep(&core);
    }
    let mut core = Core::at("celigo-oauth", "needs");
    core.press("=");
    keep(&core);
    // The question of a step: under way, answered in both ways, and on a step without fields.
    let mut core = Core::at("servicenow-dex", "credentials");
    core.asks = true;
    core.paste(super::support::CLIENT_ID);
    core.press("Enter");
    core.paste(super::support::CLIENT_SECRET);
    core.press("Enter");
    assert_eq!(mode(&core.model), Mode::Busy);
    keep(&core);
    for body in [super::support::CODE_REFUSED, r#"{"error":"invalid_client"}"#] {
        core.token(Err(super::support::refusal(zoom_setup::oauth::Call::ExchangeCode, 400, body)));
        keep(&core);
        core.press("Ctrl-R");
    }
    let mut core = Core::at("servicenow-dex", "redirect-url");
    core.press("Enter");
    keep(&core);
    // The login, stretch by stretch.
    let mut core = Core::at("servicenow-dex", "authorize");
    core.press("Down");
    keep(&core);
    core.press("Up Enter");
    keep(&core);
    let mut core = super::login::waiting();
    keep(&core);
    core.press("p");
    keep(&core);
    core.text("nonsense");
    core.press("Enter");
    keep(&core);
    core.paste(super::support::CODE);
    core.press("Enter");
    let mut core = super::login::waiting();
    core.paste(super::support::CODE);
    core.press("Enter");
    keep(&core);
    core.storing = Storing::Silent;
    let grant = core.grant();
    core.token(Ok(grant));
    keep(&core);
    let mut core = Core::at("servicenow-dex", "authorize");
    super::login::granted(&mut core);
    keep(&core);
    core.press("r");
    core.storing = Storing::Fails;
    core.bound(47_823);
    assert!(matches!(core.login(), AuthorizationPhase::Failed { .. }));
    keep(&core);
    // The waiting: with a QR code, with an address to take, past its time, with all ports busy.
    let mut core = super::login::waiting();
    core.press("v");
    keep(&core);
    let mut core = super::login::waiting();
    core.send(Msg::BrowserOpened(Ok(Some(zoom_setup::secret::Secret::new(
        "https://dev12345.service-now.com/",
    )))));
    keep(&core);
    keep(&super::waiting::late());
    keep(&super::waiting::busy());
    // The checks.
    let mut core = Core::at("servicenow-dex", "authorize");
    super::login::granted(&mut core);
    core.press("Enter");
    keep(&core);
    let mut core = super::steps::verified();
    keep(&core);
    core.press("Down");
    keep(&core);
    core.press("Up Enter");
    keep(&core);
    let mut core = Core::at("servicenow-dex", "authorize");
    core.press("Down Down Enter");
    keep(&core);
    core.press("Enter");
    keep(&core);
    core.walk();
    core.press("Down");
    keep(&core);
    core.press("Enter");
    keep(&core);
    core.press("x");
    keep(&core);
    core.press("Esc Esc End");
    keep(&core);
    // The passphrase, old and new.
    for new in [false, true] {
        let mut core = Core::at("servicenow-dex", "scopes");
        core.restart();
        core.unlock =
            Err(zoom_setup::ports::StoreFailure::NeedsPassphrase { new, why: "no keyring".to_owned() });
        keep(&core);
        core.press("Enter");
        keep(&core);
    }
    // An activation that failed.
    let mut core = Core::at("celigo-s2s", "activation");
    core.press("Enter");
    core.token(Err(super::support::refusal(
        zoom_setup::oauth::Call::AccountCredentials,
        400,
        super::support::DISABLED,
    )));
    keep(&core);
    // The review: its panes, its views, its boxes, and while a proof is under way.
    for keys in ["Down", "Tab", "Shift-Tab", "d", "d Down", "w Down", "p", "/", "f", "F", "Esc / a b Down"] {
        let mut core = super::reviewing::mixed();
        core.press(keys);
        keep(&core);
    }
    let mut core = Core::new();
    super::reviewing::connection(&mut core, "celigo-oauth", Some(vec!["user:read:user:admin".to_owned()]));
    core.press("End v t");
    keep(&core);
    core.press("Down");
    keep(&core);
    core.press("Esc");
    keep(&core);
    // A new client secret: entered, asked about, refused, stored.
    let mut core = super::rotating::at_the_field("celigo-oauth");
    keep(&core);
    core.text("half\u{2024}typed");
    keep(&core);
    core.press("Ctrl-U");
    core.paste(super::support::CLIENT_SECRET);
    core.press("Enter");
    keep(&core);
    core.token(Err(super::support::refusal(
        zoom_setup::oauth::Call::ExchangeCode,
        400,
        super::support::CODE_REFUSED,
    )));
    keep(&core);
    // Removing: a connection whose login is kept here, one without, and while Zoom is asked.
    for id in ["celigo-oauth", "celigo-s2s"] {
        let mut core = super::removing::asked(id);
        keep(&core);
        core.press("Down");
        keep(&core);
        core.press("Up Enter");
        keep(&core);
    }
    // A set-up about to be removed.
    let mut core = Core::at("servicenow-dex", "scopes");
    core.restart();
    core.press("x");
    keep(&core);
    // The check: its list, its details, its search, and while it runs.
    for mut core in super::checking::screens() {
        keep(&core);
        core.press("Enter");
        keep(&core);
    }
    // Secrets on their way.
    let mut core = Core::at("servicenow-dex", "scopes");
    core.restart();
    core.storing = Storing::Silent;
    core.press("Enter");
    keep(&core);
    models
}

/// Whether the key changes anything or asks for anything.
fn works(model: &Model, intent: Intent) -> bool {
    let mut after = model.clone();
    let effects = update(&mut after, model.now, Msg::Intent(intent));
    !effects.is_empty() || Model { next_ticket: model.next_ticket, ..after } != *model
}

/// Moving does nothing at the end of a list; it works if the other way does.
const fn moves(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Up
            | Intent::Down
            | Intent::PageUp
            | Intent::PageDown
            | Intent::First
            | Intent::Last
            | Intent::FocusNext
            | Intent::FocusPrevious
    )
}

#[test]
fn the_key_bar_shows_only_what_works() {
    for model in screens() {
        for binding in bar(&model) {
            assert!(
                works(&model, binding.intent) || moves(binding.intent),
                "{} ({}) does nothing in {:?}: {:?}",
                binding.shown,
                binding.label,
                mode(&model),
                model.wizard().map(|wizard| &wizard.state)
            );
        }
        for binding in bindings(mode(&model)) {
            if !applies(&model, binding.intent) {
                assert!(!bar(&model).contains(&binding));
            }
        }
    }
}

#[test]
fn every_key_of_every_mode_works_somewhere() {
    let screens = screens();
    let seen: BTreeSet<String> = screens.iter().map(|model| format!("{:?}", mode(model))).collect();
    for wanted in MODES {
        assert!(seen.contains(&format!("{wanted:?}")), "{wanted:?} is on no screen here");
        let idle: Vec<&Binding> = bindings(wanted)
            .filter(|binding| {
                !screens.iter().any(|model| mode(model) == wanted && works(model, binding.intent))
            })
            .collect();
        assert!(idle.is_empty(), "{wanted:?}: {idle:?}");
    }
}

#[test]
fn help_and_back_leave_everything_as_it_was() {
    for model in screens().into_iter().filter(|model| model.overlay.is_none()) {
        let mut after = model.clone();
        update(&mut after, model.now, Msg::Intent(Intent::Help));
        update(&mut after, model.now, Msg::Intent(Intent::Back));
        assert_eq!(Model { scroll: model.scroll, ..after }, model);
    }
}

#[test]
fn control_c_leaves_from_everywhere() {
    for model in screens() {
        let mut after = model.clone();
        let mut left = false;
        for _press in 0..2 {
            let event = key("Ctrl-C");
            let msg = zoom_setup::runtime::message(&after, event).unwrap();
            let effects = update(&mut after, model.now, msg);
            left |= effects.iter().any(|effect| matches!(effect, zoom_setup::app::message::Effect::Exit(_)));
        }
        assert!(left, "{:?}", mode(&model));
    }
}
