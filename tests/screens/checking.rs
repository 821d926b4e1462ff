//! The check of connections in its states. What is found is found by the check itself, from answers as Zoom gives them.

use super::world::{self, SECRET, ago, now, procedure};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, LazyLock};
use zoom_setup::app::checking::CheckRequest;
use zoom_setup::app::keymap::{Key, intent, mode};
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::model::{Model, Screen};
use zoom_setup::app::update::update;
use zoom_setup::check::{
    Answer, CheckOptions, CheckReport, Checking, Entry, FindingCode, History, NotAsked, Randomness, Request,
    Status, Subject, Turn,
};
use zoom_setup::oauth::authorize::Endpoints;
use zoom_setup::oauth::renewal::TokenRecord;
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ApiAnswer, Call, Failure, FailureKind, PreflightAnswer, TokenGrant};
use zoom_setup::ports::{Renewal, StoreFailure};
use zoom_setup::procedure::{AppKind, FieldName};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, GrantRecord, Owner};

/// States of which each stands for a view.
const ANY_SIZE: [&str; 8] = [
    "check_empty",
    "check_mixed",
    "check_running",
    "check_watch",
    "check_details_superseded",
    "check_details_receiver",
    "check_search",
    "check_help",
];

fn refused(call: Call, status: u16, body: &str) -> Failure {
    Failure {
        call,
        host: "zoom.us".to_owned(),
        kind: FailureKind::Answered {
            status,
            body: body.to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: None,
        },
        clock_offset_s: None,
    }
}

/// What the world answers to a check.
#[derive(Clone)]
struct World {
    /// Seconds that the access token has left, and days since the pair was given.
    token: (i64, i64),
    renewal: fn(&StoredTokens) -> Renewal,
    /// What the token endpoint says to a made-up code, or to account credentials.
    refusal: Option<&'static str>,
    granted: fn(&Connection) -> Vec<String>,
    not_asked: Option<NotAsked>,
    clock_offset_s: Option<i64>,
}

fn chosen(connection: &Connection) -> Vec<String> {
    connection.scopes.iter().cloned().collect()
}

fn unknown_pair(_: &StoredTokens) -> Renewal {
    Renewal::NoTokens
}

const WELL: World = World {
    token: (2_520, 31),
    renewal: unknown_pair,
    refusal: Some(r#"{"reason":"Invalid authorization code [x]","error":"invalid_grant"}"#),
    granted: chosen,
    not_asked: None,
    clock_offset_s: None,
};

fn tokens(world: &World) -> StoredTokens {
    StoredTokens {
        access_token: Secret::new(SECRET),
        refresh_token: Some(Secret::new(SECRET)),
        obtained_at: ago(world.token.1 * 86_400),
        expires_at: ago(-world.token.0),
    }
}

/// Carries a check to its end.
fn check(connection: &Connection, world: &World, before: Option<Entry>) -> CheckReport {
    let subject = Subject {
        connection: connection.clone(),
        client_secret: Ok(Some(Secret::new(SECRET))),
        redirect_url: Some("https://dev12345.service-now.com/oauth_redirect.do".to_owned()),
        receiver_url: Some("https://dev12345.service-now.com".to_owned()),
        before,
    };
    let options =
        Arc::new(CheckOptions { refresh: false, lag_delays_s: Vec::new(), endpoints: Endpoints::zoom() });
    let mut checking = Checking::new(subject, &options, Ok(Randomness([[7; 32]; 3])), now());
    while let Turn::Ask { question, .. } = checking.next() {
        let answer = match (question.into_request(), &world.not_asked) {
            (_, Some(why)) => Answer::NotAsked(why.clone()),
            (Request::Look(_), None) => Answer::Looked(Ok(Some(TokenRecord::of_login(tokens(world))))),
            (Request::Renew(_), None) => Answer::Renewed((world.renewal)(&tokens(world))),
            (Request::Read(_), None) => Answer::Read(Ok(ApiAnswer {
                body: serde_json::json!({"id": "u1"}),
                clock_offset_s: world.clock_offset_s,
            })),
            (Request::Token(_), None) => Answer::Token(match world.refusal {
                Some(body) => Err(refused(Call::ExchangeCode, 400, body)),
                None => Ok(TokenGrant {
                    access_token: Secret::new(SECRET),
                    refresh_token: None,
                    expires_in_s: 3600,
                    scopes: Some((world.granted)(connection)),
                    api_url: None,
                    clock_offset_s: world.clock_offset_s,
                }),
            }),
            (Request::Preflight(_), None) => Answer::Preflight(Ok(PreflightAnswer::SignIn)),
        };
        checking.answered(answer, now());
    }
    checking.finish(now()).report
}

/// A connection of the wizard's own, made months ago and refreshed since.
fn own(name: &str) -> Connection {
    let connection = world::connection(name, Owner::Wizard);
    let grant = connection.grant.map(|grant| GrantRecord {
        obtained_at: ago(120 * 86_400),
        refreshed_at: Some(ago(31 * 86_400)),
        scopes: Some(connection.scopes.iter().cloned().collect()),
        ..grant
    });
    Connection { grant, verification: None, ..connection }
}

fn receivers(name: &str) -> Connection {
    world::connection(name, Owner::Receiver)
}

fn server(name: &str) -> Connection {
    let of = procedure("servicenow-external-content");
    Connection {
        procedure: of.id.clone(),
        app_kind: AppKind::ServerToServer,
        scopes: of.scopes.iter().map(|scope| scope.id.clone()).collect(),
        grant: None,
        verification: None,
        ..world::connection(name, Owner::Wizard)
    }
}

fn less(connection: &Connection) -> Vec<String> {
    let mut scopes = chosen(connection);
    scopes.truncate(scopes.len() - 2);
    scopes
}

fn more(connection: &Connection) -> Vec<String> {
    [chosen(connection), vec!["user:delete:user:admin".to_owned()]].concat()
}

fn refresh_refused(tokens: &StoredTokens) -> Renewal {
    refused_with(tokens, "Invalid Token!")
}

fn refused_with(tokens: &StoredTokens, reason: &str) -> Renewal {
    let body = format!(r#"{{"reason":"{reason}","error":"invalid_grant"}}"#);
    Renewal::Refused { tokens: tokens.clone(), failure: refused(Call::Refresh, 400, &body) }
}

fn interrupted(tokens: &StoredTokens) -> Renewal {
    Renewal::Unknown { tokens: tokens.clone(), since: ago(86_400), failure: None }
}

fn not_stored(tokens: &StoredTokens) -> Renewal {
    Renewal::NotStored {
        tokens: tokens.clone(),
        grant: TokenGrant {
            access_token: Secret::new(SECRET),
            refresh_token: Some(Secret::new(SECRET)),
            expires_in_s: 3600,
            scopes: None,
            api_url: None,
            clock_offset_s: None,
        },
        failure: StoreFailure::Io { message: "the disk is full".to_owned() },
        rescued: Some("/run/user/1000/zoom-setup".to_owned()),
    }
}

fn superseded(tokens: &StoredTokens) -> Renewal {
    refused_with(tokens, "Token has been revoked (4741)")
}

fn disabled(tokens: &StoredTokens) -> Renewal {
    refused_with(tokens, "The app has been disabled (4717)")
}

fn by_admin(tokens: &StoredTokens) -> Renewal {
    refused_with(tokens, "Token disabled by admin (4738)")
}

fn owner_removed(tokens: &StoredTokens) -> Renewal {
    refused_with(tokens, "Owner of the token does not exist (4735)")
}

/// One connection for each thing that can be found, and what the world says of it.
fn everything() -> Vec<(&'static str, Connection, World)> {
    let renewed = |renewal| World { token: (-60, 31), renewal, ..WELL };
    vec![
        ("healthy", own("DEX for Zoom"), WELL),
        ("superseded", own("DEX test instance"), renewed(superseded)),
        ("disabled", own("Callback, old"), renewed(disabled)),
        ("by_admin", own("Callback, new"), renewed(by_admin)),
        ("owner_removed", own("Reports"), renewed(owner_removed)),
        ("old", own("Reports, quarterly"), World { token: (2_520, 78), ..WELL }),
        ("expired", own("Archive"), World { token: (-60, 97), renewal: refresh_refused, ..WELL }),
        ("refused", own("Archive, second"), renewed(refresh_refused)),
        ("interrupted", own("Recordings"), renewed(interrupted)),
        ("not_stored", own("Recordings, EU"), renewed(not_stored)),
        ("clock", own("Webinars"), World { clock_offset_s: Some(95), ..WELL }),
        ("receiver", receivers("ServiceNow production"), WELL),
        (
            "credentials",
            receivers("ServiceNow staging"),
            World {
                refusal: Some(r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#),
                ..WELL
            },
        ),
        ("scopes_missing", server("External content"), World { refusal: None, granted: less, ..WELL }),
        ("scopes_gained", server("External content, US"), World { refusal: None, granted: more, ..WELL }),
        ("server", server("検証用 connection"), World { refusal: None, ..WELL }),
        (
            "unreachable",
            server("Finance"),
            World {
                not_asked: Some(NotAsked::OutOfReach {
                    times: 3,
                    failure: Failure {
                        call: Call::AccountCredentials,
                        host: "zoom.us".to_owned(),
                        kind: FailureKind::TimedOut { limit_s: 15 },
                        clock_offset_s: None,
                    },
                }),
                ..WELL
            },
        ),
        (
            "limited",
            server("Finance, EU"),
            World {
                not_asked: Some(NotAsked::Limited { until: Some(ago(-600)), zoom: Some("429".to_owned()) }),
                ..WELL
            },
        ),
    ]
}

fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let now = model.now;
    update(model, now, msg)
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

/// Checks of earlier days: mostly well, one out of reach, one that got worse.
fn past(name: &str, days: i64) -> Vec<Entry> {
    let at = |day: i64| ago((days - day) * 86_400 + 3_600);
    (0..days)
        .map(|day| {
            let (status, findings) = match (name.len() as i64 + day) % 7 {
                3 => (Status::NotChecked, vec![FindingCode::Unreachable]),
                5 => (Status::Warning, vec![FindingCode::ClockSkew]),
                _ => (Status::Healthy, Vec::new()),
            };
            entry(name, at(day), status, findings)
        })
        .collect()
}

fn entry(name: &str, at: Timestamp, status: Status, findings: Vec<FindingCode>) -> Entry {
    Entry {
        connection: name.to_owned(),
        at,
        status,
        findings,
        refreshed: false,
        access_token_expires: Some(at + SignedDuration::from_mins(40)),
        refresh_token_from: Some(at - SignedDuration::from_hours(48)),
        missing: Vec::new(),
        excess: Vec::new(),
        granted: Some(Vec::new()),
    }
}

/// These connections, on the screen of the check.
fn stored(connections: Vec<Connection>, history: History) -> Model {
    let mut model = world::model();
    model.library.connections = connections;
    model.library.connections.sort_by(|one, other| one.name.cmp(&other.name));
    send(&mut model, Msg::HistoryLoaded(history));
    let at = model.home_items().iter().position(|item| *item == zoom_setup::app::model::HomeItem::Check);
    model.screen = Screen::Home { selected: at.unwrap_or(0) };
    press(model, if at.is_some() { "\n" } else { "" })
}

fn remembered(connections: &[Connection], days: i64) -> History {
    let mut history = History::default();
    for connection in connections {
        past(&connection.name, days).into_iter().for_each(|entry| history.add(entry));
    }
    history
}

fn running(model: &Model) -> Ticket {
    model.checking.run.as_ref().unwrap().ticket
}

/// All of them checked.
fn mixed() -> Model {
    let all = everything();
    let connections: Vec<Connection> = all.iter().map(|(_, connection, _)| connection.clone()).collect();
    let mut model = press(stored(connections.clone(), remembered(&connections, 5)), "R");
    let ticket = running(&model);
    let reports = all.iter().map(|(_, connection, world)| check(connection, world, None)).collect();
    send(&mut model, Msg::Checked { ticket, reports });
    send(&mut model, Msg::CheckEnded { ticket, result: Ok(()) });
    model
}

/// One of them checked, its details open.
fn details(which: &str) -> Model {
    let (_, connection, world) = everything().into_iter().find(|(name, ..)| *name == which).unwrap();
    let mut model =
        press(stored(vec![connection.clone()], remembered(std::slice::from_ref(&connection), 3)), "r");
    let ticket = running(&model);
    send(&mut model, Msg::Checked { ticket, reports: vec![check(&connection, &world, None)] });
    send(&mut model, Msg::CheckEnded { ticket, result: Ok(()) });
    model.notice = None;
    press(model, "\n")
}

/// Some are checked, the rest is awaited.
fn half(model: Model) -> Model {
    let mut model = press(model, "R");
    let ticket = running(&model);
    let reports =
        everything().into_iter().take(4).map(|(_, connection, world)| check(&connection, &world, None));
    let reports = reports.collect();
    send(&mut model, Msg::Checked { ticket, reports });
    model
}

fn remembered_only() -> Model {
    let all = everything();
    let connections: Vec<Connection> =
        all.iter().take(8).map(|(_, connection, _)| connection.clone()).collect();
    let mut history = remembered(&connections[1..], 9);
    let findings = vec![FindingCode::Superseded, FindingCode::RefreshTokenOld];
    history.add(entry("DEX test instance", ago(7_200), Status::Unhealthy, findings));
    stored(connections, history)
}

fn watched() -> Model {
    let connections: Vec<Connection> =
        everything().into_iter().map(|(_, connection, _)| connection).collect();
    let mut model = stored(connections.clone(), remembered(&connections, 4));
    send(
        &mut model,
        Msg::Check(CheckRequest { names: Vec::new(), watch: Some(SignedDuration::from_mins(5)) }),
    );
    let ticket = running(&model);
    let reports = everything().iter().map(|(_, connection, world)| check(connection, world, None)).collect();
    send(&mut model, Msg::Checked { ticket, reports });
    send(&mut model, Msg::CheckEnded { ticket, result: Ok(()) });
    model.notice = None;
    model.now += SignedDuration::from_secs(70);
    model
}

/// A thousand connections, a few of them ill.
fn thousand() -> Model {
    let connections: Vec<Connection> = (0..1_000)
        .map(|number| match number % 3 {
            0 => own(&format!("Tenant {number:04}")),
            1 => receivers(&format!("Tenant {number:04}")),
            _ => server(&format!("Tenant {number:04}")),
        })
        .collect();
    let mut model = press(stored(connections.clone(), remembered(&connections, 8)), "R");
    let ticket = running(&model);
    let reports = connections
        .iter()
        .enumerate()
        .take(700)
        .map(|(number, connection)| {
            let refusal = (connection.app_kind == AppKind::General).then_some(WELL.refusal).flatten();
            let ended = World { token: (-60, 31), renewal: superseded, ..WELL };
            let world = if number % 99 == 0 { ended } else { WELL };
            check(connection, &World { refusal, ..world }, None)
        })
        .collect();
    send(&mut model, Msg::Checked { ticket, reports });
    model
}

/// One of each view, for what must hold at any size.
pub fn all() -> Vec<(String, Model)> {
    static ALL: LazyLock<Vec<(String, Model)>> = LazyLock::new(|| {
        states().into_iter().filter(|(name, _)| ANY_SIZE.contains(&name.as_str())).collect()
    });
    ALL.clone()
}

/// The states that only their three sizes are looked at.
pub fn more_states() -> Vec<(String, Model)> {
    let states = states().into_iter().filter(|(name, _)| !ANY_SIZE.contains(&name.as_str()));
    let found =
        everything().into_iter().map(|(which, ..)| (format!("check_details_{which}"), details(which)));
    let thousand = ("check_thousand".to_owned(), thousand());
    let found = found.filter(|(name, _)| !ANY_SIZE.contains(&name.as_str()));
    states.chain(found).chain([thousand]).collect()
}

fn states() -> Vec<(String, Model)> {
    let one = |which: &str| everything().into_iter().find(|(name, ..)| *name == which).unwrap().1;
    let mut checked_home = press(mixed(), "\u{1b}");
    checked_home.notice = None;
    checked_home.screen = Screen::Home { selected: checked_home.home_items().len() - 18 };
    let empty = {
        let mut model = world::model();
        send(&mut model, Msg::Check(CheckRequest::default()));
        model
    };
    let mut ascii = mixed();
    ascii.settings.ascii = true;
    let others = [
        ("check_empty", empty),
        (
            "check_nothing_known",
            stored(vec![own("DEX for Zoom"), receivers("ServiceNow production")], History::default()),
        ),
        ("check_remembered", remembered_only()),
        ("check_mixed", mixed()),
        ("check_mixed_further", press(mixed(), ">>>>>>>>>>>>>>")),
        ("check_mixed_end", press(mixed(), "G")),
        (
            "check_running",
            half(stored(everything().into_iter().map(|(_, one, _)| one).collect(), History::default())),
        ),
        ("check_stopped", press(half(remembered_only()), "\u{1b}")),
        ("check_watch", watched()),
        ("check_filter", press(mixed(), "ff")),
        ("check_search", press(mixed(), "/arch")),
        ("check_search_nothing", press(mixed(), "/qqqq\n")),
        ("check_details_superseded", details("superseded")),
        ("check_details_receiver", details("receiver")),
        ("check_details_second_place", press(details("receiver"), "\t")),
        ("check_details_never", press(stored(vec![one("superseded")], History::default()), "\n")),
        ("check_no_refresh_for_the_receiver", press(details("receiver"), "\u{1b}u")),
        ("check_no_login_for_the_receiver", press(details("receiver"), "\u{1b}l")),
        ("check_locked", {
            let mut model = press(mixed(), "R");
            let ticket = running(&model);
            let failure = StoreFailure::Io { message: "the keyring is locked".to_owned() };
            send(&mut model, Msg::CheckEnded { ticket, result: Err(failure) });
            model
        }),
        ("check_help", press(mixed(), "?")),
        ("check_ascii", ascii),
        ("check_at_home", checked_home),
    ];
    others.map(|(name, model)| (name.to_owned(), model)).into()
}

/// A field that no state uses otherwise is in the answers of all of them.
#[test]
fn the_places_of_a_receiver_lead_to_its_instance() {
    let model = details("receiver");
    let connection = &model.library.connections[0];
    assert!(connection.answers[&FieldName::Instance].contains("service-now.com"));
    let places = zoom_setup::app::checking::places(&model, connection);
    assert!(
        places.iter().any(|place| place.url.as_ref().is_some_and(|url| url.contains("oauth_credential")))
    );
}
