//! The exact-string desk in its states, made by the core from what is pasted.

use super::states;
use super::world::{SECRET, model, now, on, step, wizard};
use zoom_setup::app::message::{Intent, Msg};
use zoom_setup::app::model::{Model, Screen};
use zoom_setup::app::update::update;
use zoom_setup::app::wizard::StepState;
use zoom_setup::procedure::FieldName;
use zoom_setup::secret::Secret;

pub const REDIRECT: &str = "https://dev12345.service-now.com/oauth_redirect.do";

fn at(procedure: &str, name: &str) -> Model {
    on(wizard(procedure, step(procedure, name), StepState::Read { selected: 0 }))
}

fn send(model: &mut Model, msg: Msg) {
    update(model, now(), msg);
}

/// The desk, open, with the row at that index selected.
fn open(mut model: Model, row: usize) -> Model {
    send(&mut model, Msg::Intent(Intent::Desk));
    send(&mut model, Msg::Intent(Intent::First));
    for _row in 0..row {
        send(&mut model, Msg::Intent(Intent::Down));
    }
    model
}

/// The same, with that pasted.
fn pasted(model: Model, row: usize, text: &str) -> Model {
    let mut model = open(model, row);
    send(&mut model, Msg::Paste(Secret::new(text)));
    model
}

fn dex() -> Model {
    at("servicenow-dex", "redirect-url")
}

fn early() -> Model {
    let mut model = at("celigo-oauth", "needs");
    if let Screen::Wizard(wizard) = &mut model.screen {
        wizard.setup.answers.clear();
        wizard.secrets.clear();
    }
    open(model, 0)
}

/// One of each, the selected one different.
fn mixed() -> Model {
    let model = pasted(dex(), 0, REDIRECT);
    let model = pasted(model, 5, &format!("{SECRET} "));
    pasted(model, 1, " http://Dev12345.com/oauth_redirect.do/")
}

/// As it is found after the program was started again.
fn resumed() -> Model {
    let mut model = pasted(dex(), 1, "https://dev12345.com/oauth_redirect.do");
    model.notice = None;
    if let Screen::Wizard(wizard) = &mut model.screen {
        wizard.pasted.clear();
    }
    model
}

fn boxed() -> Model {
    let mut model = open(dex(), 1);
    send(&mut model, Msg::Intent(Intent::PasteBox));
    for character in "https://dev1".chars() {
        send(&mut model, Msg::Character(character));
    }
    model
}

fn help() -> Model {
    let mut model = open(dex(), 0);
    send(&mut model, Msg::Intent(Intent::Help));
    model
}

/// On the step itself, after two comparisons.
fn step_after() -> Model {
    let mut model = pasted(dex(), 0, REDIRECT);
    send(&mut model, Msg::Intent(Intent::Down));
    send(&mut model, Msg::Paste(Secret::new("https://https://dev12345.service-now.com/oauth_redirect.do")));
    send(&mut model, Msg::Intent(Intent::Back));
    model.notice = None;
    model
}

fn long() -> Model {
    let mut model = dex();
    let host = format!("{}.example.com", "long-name-of-an-instance-".repeat(5));
    if let Screen::Wizard(wizard) = &mut model.screen {
        wizard.setup.answers.insert(FieldName::Instance, host.clone());
    }
    pasted(model, 0, &format!("https://{}/oauth_redirect.do", host.replace(".example", ".Example")))
}

pub fn all() -> Vec<(&'static str, Model)> {
    let s2s = || at("celigo-s2s", "needs");
    vec![
        ("desk_fresh", open(dex(), 0)),
        ("desk_early", early()),
        ("desk_loopback", open(dex(), 3)),
        ("desk_same", pasted(dex(), 0, &format!("{REDIRECT}\n"))),
        ("desk_domain_missing", pasted(dex(), 0, "https://dev12345.com/oauth_redirect.do")),
        ("desk_one_dot_leader", pasted(dex(), 0, &REDIRECT.replacen('.', "\u{2024}", 1))),
        ("desk_slash", pasted(dex(), 2, &format!("{REDIRECT}/"))),
        ("desk_localhost", pasted(dex(), 3, "http://localhost:53682/callback")),
        ("desk_look_alike", pasted(dex(), 0, &REDIRECT.replacen('e', "\u{435}", 1))),
        (
            "desk_region",
            pasted(at("celigo-oauth", "redirect-url"), 2, "https://integrator.io/connection/oauth2callback"),
        ),
        ("desk_mixed", mixed()),
        ("desk_resumed", resumed()),
        ("desk_unrelated", pasted(dex(), 0, "some words that were in the clipboard")),
        ("desk_secret_as_address", pasted(dex(), 0, SECRET)),
        ("desk_secret_same", pasted(dex(), 5, SECRET)),
        ("desk_secret_hidden", pasted(dex(), 5, &format!("{}\u{200b}{}", &SECRET[..7], &SECRET[7..]))),
        ("desk_client_id", pasted(dex(), 4, SECRET)),
        ("desk_s2s", open(s2s(), 0)),
        ("desk_s2s_different", pasted(s2s(), 0, "1234567890")),
        ("desk_box", boxed()),
        ("desk_help", help()),
        ("desk_long", long()),
        ("desk_on_the_step", step_after()),
        ("desk_over_the_login", open(states::waiting(Some(40_411)), 3)),
        ("desk_ascii_signs", {
            let mut shown = mixed();
            shown.settings = zoom_setup::app::model::Settings { ascii: true, ..model().settings };
            shown
        }),
    ]
}
