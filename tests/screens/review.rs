//! The review of scopes in its states, made by the core from what is granted and pressed.

use super::world::{self, now, on, procedure, step, wizard};
use zoom_setup::app::keymap::{Key, intent, mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::model::Model;
use zoom_setup::app::model::SecretStore;
use zoom_setup::app::review::ReviewRequest;
use zoom_setup::app::update::update;
use zoom_setup::app::wizard::{ScopeList, StepState};
use zoom_setup::oauth::{ApiAnswer, Call, Failure, FailureKind, TokenGrant};
use zoom_setup::ports::Unlocked;
use zoom_setup::procedure::{FieldName, ScopeNeed};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, Owner, SecretKey};

/// A key of each procedure, the classic scopes of an older app that do for it.
const PROCEDURES: [(&str, &str, &[&str]); 5] = [
    (
        "omnichannel",
        "servicenow-omnichannel",
        &["meeting:read:admin", "meeting:write:admin", "recording:read:admin", "user:read:admin"],
    ),
    (
        "dex",
        "servicenow-dex",
        &[
            "dashboard_home:read:admin",
            "dashboard_meetings:read:admin",
            "dashboard_zr:read:admin",
            "report:read:admin",
            "user:read:admin",
        ],
    ),
    (
        "content",
        "servicenow-external-content",
        &[
            "meeting:read:admin",
            "meeting_summary:read:admin",
            "recording:read:admin",
            "user:read:admin",
            "webinar:read:admin",
        ],
    ),
    ("celigo", "celigo-oauth", &["user:read:admin"]),
    ("s2s", "celigo-s2s", &["user:read:admin"]),
];

/// States of which each stands for a view.
const ANY_SIZE: [&str; 9] = [
    "review_explained",
    "review_products",
    "review_to_do_receiver",
    "review_search",
    "review_what_for",
    "review_paste",
    "review_proving",
    "review_proved_refused",
    "review_help",
];

fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    update(model, now(), msg)
}

/// Keys as characters; `\n` is Enter, `\t` Tab, `\u{1b}` Esc, `>` Down.
fn press(mut model: Model, keys: &str) -> Model {
    for character in keys.chars() {
        let key = match character {
            '\n' => Key::Enter,
            '\t' => Key::Tab,
            '\u{1b}' => Key::Esc,
            '>' => Key::Down,
            other => Key::Char(other),
        };
        let msg = intent(mode(&model), key).map_or(Msg::Character(character), Msg::Intent);
        send(&mut model, msg);
    }
    model
}

fn required(id: &str) -> Vec<String> {
    procedure(id).scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
}

fn with(id: &str, granted: Option<Vec<String>>) -> Model {
    let mut model = world::model();
    let request =
        ReviewRequest { procedure: Some(id.to_owned()), granted: Some(granted), ..ReviewRequest::default() };
    send(&mut model, Msg::Review(request));
    model
}

/// One missing, two too many, one of them unknown.
fn mixed() -> Model {
    let mut granted = required("servicenow-dex");
    granted.remove(2);
    granted.extend(["user:delete:user:admin".to_owned(), "brand:new:thing:admin".to_owned()]);
    with("servicenow-dex", Some(granted))
}

fn connected(owner: Owner, granted: Option<Vec<String>>) -> Model {
    let mut model = world::model();
    let mut connection: Connection = world::connection("DEX for Zoom", owner);
    if let Some(grant) = &mut connection.grant {
        grant.scopes = granted.clone();
    }
    if let Some(verification) = &mut connection.verification {
        verification.granted = granted;
    }
    model.library.connections = vec![connection];
    let request = ReviewRequest { connection: Some("DEX for Zoom".to_owned()), ..ReviewRequest::default() };
    send(&mut model, Msg::Review(request));
    model
}

/// A Server-to-Server connection whose proof has come to the nth read; some are refused.
fn proving(reads: usize) -> Model {
    let mut model = world::model();
    let of = procedure("servicenow-external-content");
    let connection = Connection {
        procedure: of.id.clone(),
        app_kind: of.app_kind,
        scopes: required(&of.id).into_iter().collect(),
        grant: None,
        verification: None,
        ..world::connection("External content", Owner::Wizard)
    };
    model.library.connections = vec![connection];
    model.secret_store = SecretStore::Open(Unlocked::Keyring);
    let request =
        ReviewRequest { connection: Some("External content".to_owned()), ..ReviewRequest::default() };
    send(&mut model, Msg::Review(request));
    let mut waiting = press_effects(&mut model, 't');
    let mut done = 0;
    let mut time = now();
    while let Some(effect) = waiting.pop() {
        let msg = match effect {
            Effect::ReadSecrets { ticket, keys } => {
                let found = keys.into_iter().map(|key: SecretKey| (key, Some(Secret::new(world::SECRET))));
                Msg::SecretsRead { ticket, result: Ok(found.collect()) }
            }
            Effect::Token { ticket, .. } => Msg::Token {
                ticket,
                result: Box::new(Ok(TokenGrant {
                    access_token: Secret::new(world::SECRET),
                    refresh_token: None,
                    expires_in_s: 3600,
                    scopes: Some(required(&of.id)),
                    api_url: None,
                    clock_offset_s: None,
                })),
            },
            Effect::Wake { ticket, milliseconds } => {
                time = time
                    .checked_add(jiff::SignedDuration::from_millis(i64::try_from(milliseconds).unwrap()))
                    .unwrap();
                Msg::Woke { ticket }
            }
            Effect::Read { ticket, request } => {
                if done == reads {
                    break;
                }
                done += 1;
                Msg::Read { ticket, result: Box::new(read(&request.path)) }
            }
            _ => continue,
        };
        waiting.extend(update(&mut model, time, msg));
    }
    model.now = now();
    model
}

fn press_effects(model: &mut Model, key: char) -> Vec<Effect> {
    let intent = intent(mode(model), Key::Char(key)).unwrap();
    send(model, Msg::Intent(intent))
}

fn read(path: &str) -> Result<ApiAnswer, Failure> {
    let refused = |status, body: &str| Failure {
        call: Call::Read,
        host: "api.zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status,
            body: body.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: None,
        },
        clock_offset_s: None,
    };
    if path.contains("recordings") {
        let body = "{\"code\":4711,\"message\":\"Invalid access token, does not contain scopes:[cloud_recording:read:list_user_recordings:admin].\"}";
        return Err(refused(400, body));
    }
    if path.contains("webinars") {
        return Err(refused(400, "{\"code\":200,\"message\":\"Webinar plan is missing.\"}"));
    }
    let body = serde_json::json!({"users": [{"id": "u1"}], "meetings": [{"id": 95_000_000_000_u64}]});
    Ok(ApiAnswer { body, clock_offset_s: None })
}

fn in_set_up() -> Model {
    let list = ScopeList { rows: Vec::new(), selected: 0, search: None, searching: false };
    let mut model = on(wizard("celigo-oauth", step("celigo-oauth", "scopes"), StepState::Scopes(list)));
    if let zoom_setup::app::model::Screen::Wizard(wizard) = &mut model.screen {
        wizard.setup.answers.insert(FieldName::Management, "admin".to_owned());
    }
    press(model, "v")
}

/// Each procedure with everything granted, with one missing, with too much, with classic scopes, and with none
/// reported.
fn procedures() -> Vec<(String, Model)> {
    let mut models = Vec::new();
    for (name, id, classic) in PROCEDURES {
        let mut less = required(id);
        less.remove(0);
        less.push("group:read:list_groups:admin".to_owned());
        let more = [required(id), vec!["user:delete:user:admin".to_owned()]].concat();
        let classic = classic.iter().map(|id| (*id).to_owned()).collect();
        for (state, granted) in [
            ("everything", Some(required(id))),
            ("one_missing", Some(less)),
            ("excess", Some(more)),
            ("classic", Some(classic)),
            ("none_reported", None),
        ] {
            models.push((format!("review_{name}_{state}"), with(id, granted)));
        }
    }
    models
}

/// One of each view, for what must hold at any size.
pub fn all() -> Vec<(String, Model)> {
    states().into_iter().filter(|(name, _)| ANY_SIZE.contains(&name.as_str())).collect()
}

/// The states that only their three sizes are looked at.
pub fn more() -> Vec<(String, Model)> {
    let states = states().into_iter().filter(|(name, _)| !ANY_SIZE.contains(&name.as_str()));
    procedures().into_iter().chain(states).collect()
}

fn states() -> Vec<(String, Model)> {
    let granted = || Some(required("servicenow-dex").split_off(1));
    let others = [
        ("review_explained", press(mixed(), ">>\n")),
        ("review_products", press(mixed(), "\t\t>")),
        ("review_missing", press(mixed(), "ffff")),
        ("review_next_copied", press(mixed(), "n")),
        ("review_to_do", press(mixed(), "dn")),
        ("review_to_do_receiver", press(connected(Owner::Receiver, granted()), "d")),
        ("review_to_do_wizard", press(connected(Owner::Wizard, granted()), "d>")),
        ("review_to_do_nothing", press(with("celigo-s2s", Some(required("celigo-s2s"))), "d")),
        ("review_to_do_unknown", press(with("celigo-s2s", None), "d")),
        ("review_published", press(mixed(), "F")),
        ("review_search", press(mixed(), "F/meeting part")),
        ("review_search_beside", press(mixed(), "F/get /users\n>")),
        ("review_search_nothing", press(mixed(), "/qqqq")),
        ("review_what_for", press(connected(Owner::Wizard, granted()), "w")),
        ("review_paste", press(mixed(), "pabc")),
        ("review_paste_refused", {
            let mut model = press(mixed(), "p");
            send(&mut model, Msg::Paste(Secret::new("nothing of the kind")));
            model
        }),
        ("review_anything", {
            let mut model = world::model();
            send(&mut model, Msg::Review(ReviewRequest::default()));
            model
        }),
        ("review_broad", press(with("celigo-s2s", Some(vec!["user:write:admin".to_owned()])), "\n")),
        ("review_proving", proving(3)),
        ("review_proved", proving(usize::MAX)),
        ("review_proved_refused", press(proving(usize::MAX), "gffff\n")),
        ("review_set_up", in_set_up()),
        ("review_help", press(mixed(), "?")),
        ("review_ascii_signs", {
            let mut model = mixed();
            model.settings.ascii = true;
            model
        }),
    ];
    others.map(|(name, model)| (name.to_owned(), model)).into()
}
