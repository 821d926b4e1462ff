//! The review of scopes on the screen: what is listed, found, ticked and copied, and the proof.

use super::admin::Admin;
use super::support::{ACCESS, CLIENT_ID, CLIENT_SECRET, Core, grant, refusal, start_of_time};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::review::{Filter, Pane, ReviewRequest, Reviewing, Stage};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ApiAnswer, Call, TokenGrant};
use zoom_setup::procedure::{FieldName, Procedure, ScopeNeed};
use zoom_setup::scope::Catalogue;
use zoom_setup::scope::proof::Outcome;
use zoom_setup::scope::review::State;
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, GrantRecord, Owner, SecretKey};

const LIST_USERS: &str = "user:read:list_users:admin";
const DELETE_USER: &str = "user:delete:user:admin";

pub fn reviewing(core: &Core) -> &Reviewing {
    core.model.review.as_deref().unwrap()
}

fn ids(core: &Core) -> Vec<&str> {
    let reviewing = reviewing(core);
    reviewing.list.iter().map(|listed| reviewing.id(listed)).collect()
}

fn procedure(core: &Core, id: &str) -> Procedure {
    Procedure::clone(core.model.procedure(id).unwrap())
}

fn required(core: &Core, id: &str) -> Vec<String> {
    procedure(core, id).scope_ids(ScopeNeed::Required).into_iter().map(str::to_owned).collect()
}

/// A stored connection and its secrets.
pub fn connection(core: &mut Core, id: &str, granted: Option<Vec<String>>) -> String {
    let procedure = procedure(core, id);
    let name = format!("{id} here");
    let server = procedure.app_kind == zoom_setup::procedure::AppKind::ServerToServer;
    let tokens = TokenGrant { scopes: granted.clone(), ..grant(Vec::new()) };
    let tokens = StoredTokens::from_grant(&tokens, start_of_time(), None);
    let answers = [(FieldName::ClientId, CLIENT_ID), (FieldName::AccountId, "qW8rTyUiOpAsDfGhJkLzXc")];
    let connection = Connection {
        format: 1,
        name: name.clone(),
        procedure: procedure.id.clone(),
        receiver: procedure.receiver,
        app_kind: procedure.app_kind,
        rehearsal: false,
        created: start_of_time(),
        owner: Owner::Wizard,
        answers: answers.map(|(field, text)| (field, text.to_owned())).into(),
        secrets: BTreeMap::from([(FieldName::ClientSecret, Secret::new(CLIENT_SECRET).fingerprint())]),
        scopes: required(core, id).into_iter().collect(),
        grant: (!server).then(|| GrantRecord {
            obtained_at: start_of_time(),
            expires_at: tokens.expires_at,
            scopes: granted,
            api_url: None,
            refreshable: true,
            refreshed_at: None,
            unknown: Default::default(),
        }),
        verification: None,
        compared: BTreeMap::new(),
        unknown: Default::default(),
        credentials_since: BTreeMap::new(),
    };
    core.secrets.insert(
        SecretKey::ConnectionField(name.clone(), FieldName::ClientSecret),
        Secret::new(CLIENT_SECRET),
    );
    if !server {
        core.secrets.insert(SecretKey::ConnectionTokens(name.clone()), tokens.to_secret());
    }
    core.connections.insert(name.clone(), connection);
    core.load();
    name
}

/// The review of a procedure with that granted.
pub fn with(id: &str, granted: Option<Vec<String>>) -> Core {
    let mut core = Core::new();
    let request =
        ReviewRequest { procedure: Some(id.to_owned()), granted: Some(granted), ..ReviewRequest::default() };
    core.send(Msg::Review(request));
    core
}

/// Everything that is required but the first scope, and one too many.
pub fn mixed() -> Core {
    let mut granted = required(&Core::new(), "servicenow-external-content");
    granted.remove(0);
    granted.push(DELETE_USER.to_owned());
    with("servicenow-external-content", Some(granted))
}

fn filter(core: &mut Core, wanted: Filter) {
    for _press in Filter::ALL {
        if reviewing(core).filter == wanted {
            return;
        }
        core.press("f");
    }
    panic!("{wanted:?} is not reached");
}

fn copied(effects: &[Effect]) -> Vec<String> {
    let text = |effect: &Effect| match effect {
        Effect::Copy { text, .. } => Some(text.expose().to_owned()),
        _ => None,
    };
    effects.iter().filter_map(text).collect()
}

#[test]
fn each_filter_lists_as_many_as_it_says() {
    let mut core = mixed();
    for wanted in Filter::ALL {
        if reviewing(&core).counts[wanted.index()] == 0 {
            continue;
        }
        filter(&mut core, wanted);
        assert_eq!(ids(&core).len(), reviewing(&core).counts[wanted.index()], "{wanted:?}");
        let unique: BTreeSet<&str> = ids(&core).into_iter().collect();
        assert_eq!(unique.len(), ids(&core).len(), "{wanted:?} lists each once");
        let in_tree: usize = reviewing(&core).branches.iter().map(|branch| branch.count).sum();
        assert_eq!(in_tree, ids(&core).len(), "{wanted:?}");
    }
    filter(&mut core, Filter::State(State::Excess));
    assert_eq!(ids(&core), [DELETE_USER]);
    filter(&mut core, Filter::State(State::Missing));
    assert_eq!(ids(&core), [required(&core, "servicenow-external-content")[0].as_str()]);
    filter(&mut core, Filter::Published);
    assert_eq!(ids(&core).len(), Catalogue::embedded().entries().len());
}

#[test]
fn a_filter_that_lists_nothing_is_passed_over_and_the_cursor_stays_on_its_scope() {
    let mut core = with("celigo-s2s", Some(vec![LIST_USERS.to_owned()]));
    let mut seen = Vec::new();
    for _press in Filter::ALL {
        assert_eq!(reviewing(&core).selected_id(), Some(LIST_USERS));
        seen.push(reviewing(&core).filter);
        core.press("f");
    }
    assert!(!seen.contains(&Filter::State(State::Missing)) && seen.contains(&Filter::Published));
    core.press("F");
    core.press("f");
    assert_eq!(reviewing(&core).selected_id(), Some(LIST_USERS));
}

#[test]
fn a_search_finds_among_what_is_listed_best_first_and_esc_goes_back() {
    let mut core = mixed();
    core.press("/");
    core.text("delete user");
    assert_eq!(ids(&core)[0], DELETE_USER);
    assert!(!reviewing(&core).list[0].positions.is_empty(), "what matched is marked");
    core.press("Enter f");
    assert!(ids(&core).len() < 60 && reviewing(&core).search.is_some(), "a filter keeps the search");
    filter(&mut core, Filter::Published);
    assert!(ids(&core).len() > 3);
    core.press("Esc");
    assert_eq!(ids(&core).len(), Catalogue::embedded().entries().len());
    core.press("/");
    core.text("GET /users");
    core.press("Down");
    assert_eq!((reviewing(&core).searching, reviewing(&core).selected_id()), (false, Some(LIST_USERS)));
    assert!(reviewing(&core).list[0].beside.is_some(), "found in its operations");
    core.press("/");
    core.text("zzqqzz");
    assert!(ids(&core).is_empty());
    core.press("Esc");
    assert_eq!(mode(&core.model), Mode::Review);
}

#[test]
fn an_unknown_scope_is_listed_and_found() {
    let mut core = with("celigo-s2s", Some(vec!["brand:new:thing:admin".to_owned()]));
    filter(&mut core, Filter::State(State::Unknown));
    assert_eq!(ids(&core), ["brand:new:thing:admin"]);
    filter(&mut core, Filter::Published);
    assert_eq!(ids(&core).len(), Catalogue::embedded().entries().len() + 1);
    core.press("/");
    core.text("NEW brand");
    assert!(ids(&core).contains(&"brand:new:thing:admin"));
}

#[test]
fn n_copies_what_is_missing_one_after_another() {
    let id = "servicenow-dex";
    let wanted = required(&Core::new(), id);
    let mut core = with(id, Some(vec!["user:read:user:admin".to_owned()]));
    filter(&mut core, Filter::State(State::Granted));
    let mut got = Vec::new();
    for _scope in 1..wanted.len() {
        let effects = core.keys("n");
        got.extend(copied(&effects));
        assert_eq!(reviewing(&core).selected_id(), got.last().map(String::as_str));
        assert!(reviewing(&core).ticked.contains(got.last().unwrap()));
    }
    let mut missing: Vec<String> =
        wanted.into_iter().filter(|scope| scope != "user:read:user:admin").collect();
    missing.sort();
    assert_eq!(got, missing, "in the order of Zoom's picker");
    assert!(copied(&core.keys("n")).is_empty());
    assert!(core.notice().contains("ticked"), "{}", core.notice());
    // A tick is taken back with Space, and that one comes next.
    core.press("Home");
    let first = reviewing(&core).selected_id().unwrap().to_owned();
    core.press("Space");
    assert_eq!(copied(&core.keys("n")), [first]);
}

#[test]
fn one_and_all_are_copied() {
    let mut core = mixed();
    core.press("Down");
    let selected = reviewing(&core).selected_id().unwrap().to_owned();
    assert_eq!(copied(&core.keys("c")), [selected]);
    filter(&mut core, Filter::State(State::Required));
    let all = ids(&core).join("\n");
    assert_eq!(copied(&core.keys("C")), [all]);
    core.press("d");
    let to_add = reviewing(&core).to_add().join("\n");
    assert_eq!(copied(&core.keys("C")), [to_add], "on the to-do: what is to be added");
    let task = reviewing(&core).tasks().next().unwrap().to_owned();
    assert_eq!(copied(&core.keys("c")), std::slice::from_ref(&task));
    core.press("Space");
    assert!(reviewing(&core).ticked.contains(&task));
    assert_eq!(core.keys("Esc Esc").len(), 0);
    assert!(core.model.review.is_none());
}

#[test]
fn the_tree_leads_the_list() {
    let mut core = with("servicenow-dex", None);
    core.press("Shift-Tab Down");
    let product = reviewing(&core).branches[1].product.clone();
    assert!(reviewing(&core).selected_id().unwrap().starts_with(&format!("{product}:")));
    core.press("Enter");
    assert_eq!(reviewing(&core).pane, Pane::List);
    core.press("End");
    assert_eq!(reviewing(&core).branch, reviewing(&core).branches.len() - 1, "the tree follows the list");
    core.press("Tab Tab Tab");
    assert_eq!(reviewing(&core).pane, Pane::List);
}

#[test]
fn a_paste_is_what_was_granted_with_its_line_ends() {
    let mut core = Core::new();
    core.press("End v");
    assert_eq!(reviewing(&core).filter, Filter::Published, "about nothing yet: everything is listed");
    core.paste("user:read:list_users:admin\nuser:delete:user:admin\r\n");
    assert_eq!(ids(&core), [DELETE_USER, LIST_USERS]);
    assert_eq!(reviewing(&core).counts[Filter::State(State::Missing).index()], 0);
    // What it is for is chosen after: the list stays.
    core.press("w Down Down Down Down Down Enter");
    assert_eq!(reviewing(&core).about.procedure.as_ref().unwrap().id, "celigo-s2s");
    assert_eq!(reviewing(&core).review.ids(State::Excess), [DELETE_USER]);
    core.paste("{\"access_token\": \"MARKER\", \"token_type\": \"bearer\"}");
    assert!(!reviewing(&core).review.compared, "an answer that names none confirms nothing");
    assert!(!format!("{:?}", core.model).contains("MARKER"));
    // Typed into the box, where nothing is shown.
    core.press("p");
    core.text("user:read:list_users:admin");
    assert!(!format!("{:?}", core.model.review).contains("list_users:admin\"))"), "the box is masked");
    core.press("Enter");
    assert_eq!(reviewing(&core).review.ids(State::Granted), [LIST_USERS]);
    for nothing in ["hunter2hunter2", "", "{\"scope\": 5}"] {
        core.paste(nothing);
        assert_eq!(reviewing(&core).review.ids(State::Granted), [LIST_USERS], "{nothing}");
        assert!(!core.notice().is_empty() && !core.notice().contains("hunter2"), "{}", core.notice());
    }
}

#[test]
fn words_between_scopes_are_not_kept() {
    let mut core = with("celigo-s2s", None);
    core.paste(&format!("our secret is {CLIENT_SECRET} and the scope {LIST_USERS}"));
    assert_eq!(reviewing(&core).about.granted.as_deref(), Some(&[LIST_USERS.to_owned()][..]));
}

#[test]
fn it_opens_from_home_a_connection_and_the_steps() {
    let mut core = Core::new();
    core.press("v");
    assert_eq!(reviewing(&core).about.procedure.as_ref().unwrap().id, core.model.procedures[0].id);
    core.press("Esc");
    let name = connection(&mut core, "celigo-oauth", Some(vec![LIST_USERS.to_owned()]));
    core.press("End v");
    assert_eq!(reviewing(&core).review.ids(State::Granted), [LIST_USERS]);
    core.press("Esc Enter v Esc");
    assert!(
        matches!(&core.model.screen, zoom_setup::app::model::Screen::Connection { name: of } if *of == name)
    );
    core.press("Esc End Up Up Enter");
    assert!(reviewing(&core).about.procedure.is_none(), "the line of the home screen");

    let mut core = Core::at("servicenow-dex", "scopes");
    core.press("v");
    assert_eq!(reviewing(&core).counts[Filter::State(State::Required).index()], 6);
    let first = copied(&core.keys("n"));
    assert_eq!(core.on_disk().scopes_added.iter().collect::<Vec<_>>(), first.iter().collect::<Vec<_>>());
    core.press("Esc");
    assert_eq!(core.step(), "scopes");
    core.press("v");
    assert!(reviewing(&core).ticked.contains(&first[0]), "ticks are those of the checklist");
    let mut core = super::steps::verified();
    core.press("v");
    assert!(reviewing(&core).review.compared);
    core.press("Esc");
    assert_eq!(mode(&core.model), Mode::Decide);
}

fn answer(body: serde_json::Value) -> ApiAnswer {
    ApiAnswer { body, ..super::support::me() }
}

/// Reads until the proof is done, each answered by its path: with that JSON, or refused with that body.
fn prove(core: &mut Core, answers: impl Fn(&str) -> Result<serde_json::Value, &'static str>) -> Vec<String> {
    let mut paths = Vec::new();
    for _read in 0..200 {
        let Some(proving) = reviewing(core).proving.clone() else { return paths };
        match proving.stage {
            Stage::Pause(reads) => {
                assert!(reads.next.not_before > core.now, "the pace is kept");
                core.now = reads.next.not_before;
                core.send(Msg::Woke { ticket: proving.ticket });
            }
            Stage::Read(_) => {
                let (ticket, path) = core.read_call();
                assert_eq!(ticket, proving.ticket);
                paths.push(path.clone());
                let result = answers(&path);
                core.read(result.map(answer).map_err(|body| refusal(Call::Read, 400, body)));
            }
            Stage::Secrets | Stage::Token => panic!("nothing is read: {proving:?}"),
        }
    }
    panic!("no end of reads: {paths:?}");
}

#[test]
fn a_proof_asks_for_a_token_and_reads_one_after_another() {
    let mut core = Core::new();
    connection(&mut core, "servicenow-external-content", None);
    core.press("End v");
    assert!(!reviewing(&core).review.compared);
    core.press("t");
    assert_eq!(mode(&core.model), Mode::ReviewProving);
    let scopes = required(&core, "servicenow-external-content");
    core.token(Ok(TokenGrant { refresh_token: None, ..grant(scopes.clone()) }));
    assert!(reviewing(&core).review.compared, "what the new token was granted is known");
    let paths = prove(&mut core, |path| {
        if path.starts_with("/users?") {
            Ok(serde_json::json!({"users": [{"id": "u1"}]}))
        } else if path.contains("recordings") {
            let body = r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[cloud_recording:read:list_user_recordings:admin]."}"#;
            Err(body)
        } else {
            Ok(serde_json::json!({}))
        }
    });
    assert!(paths.iter().all(|path| path.starts_with('/')) && paths.len() > 3, "{paths:?}");
    let found = reviewing(&core).found.clone().unwrap();
    assert_eq!(found.results.len(), scopes.len(), "every granted scope has a result");
    assert!(found.results.values().all(|proved| proved.outcome != Outcome::NotTried));
    assert!(found.results.values().any(|proved| matches!(proved.outcome, Outcome::ScopeMissing { .. })));
    assert_eq!(found.results[LIST_USERS].outcome, Outcome::Works);
    assert!(core.notice().contains("refused by Zoom"), "{}", core.notice());
    // The report has it.
    core.press("e");
    let (name, text) = core.last(|effect| match effect {
        Effect::Export { file_name, text } => Some((file_name.clone(), text.expose().to_owned())),
        _ => None,
    });
    assert!(
        name.starts_with("zoom-scopes-") && text.contains("## Proof of") && text.contains("scope missing")
    );
    for secret in [CLIENT_SECRET, ACCESS] {
        assert!(!text.contains(secret) && !format!("{:?}", core.model).contains(secret));
    }
}

#[test]
fn esc_stops_a_proof_and_late_answers_are_dropped() {
    let mut core = Core::new();
    connection(
        &mut core,
        "celigo-oauth",
        Some(vec![LIST_USERS.to_owned(), "user:read:user:admin".to_owned()]),
    );
    core.press("End v t");
    let (ticket, _) = core.read_call();
    core.press("Tab");
    assert_eq!(reviewing(&core).pane, Pane::Detail, "one can look around meanwhile");
    let effects = core.keys("Esc");
    assert!(effects.contains(&Effect::Cancel { ticket }));
    assert!(reviewing(&core).proving.is_none() && reviewing(&core).found.as_ref().unwrap().cancelled);
    let before = core.model.clone();
    core.send(Msg::Read { ticket, result: Box::new(Ok(answer(serde_json::json!({})))) });
    assert_eq!(core.model.review, before.review);
    assert!(reviewing(&core).proved(LIST_USERS).is_some_and(|proved| proved.outcome == Outcome::NotTried));
}

#[test]
fn no_proof_touches_the_grant() {
    let mut core = Core::new();
    let name = connection(&mut core, "celigo-oauth", Some(vec![LIST_USERS.to_owned()]));
    core.pass(4_000);
    core.press("End v t");
    assert!(reviewing(&core).proving.is_none() && core.notice().contains("does not spend the refresh token"));
    core.secrets.remove(&SecretKey::ConnectionTokens(name));
    core.press("t");
    assert!(core.notice().contains("holds the grant"), "{}", core.notice());
    let calls = core.count(|effect| matches!(effect, Effect::Token { .. } | Effect::Read { .. }));
    assert_eq!(calls, 0);
    // A list has no token, and neither has a set-up before its login.
    let mut core = mixed();
    core.press("t");
    assert!(core.notice().contains("needs a token"), "{}", core.notice());
    let mut core = Core::at("servicenow-dex", "scopes");
    core.press("v t");
    assert!(core.notice().contains("No login"), "{}", core.notice());
}

#[test]
fn a_set_up_is_proved_with_its_own_login() {
    let mut core = super::steps::verified();
    core.press("v t");
    assert!(core.count(|effect| matches!(effect, Effect::Read { .. })) > 0);
    let paths = prove(&mut core, |_| Ok(serde_json::json!({})));
    assert!(!paths.is_empty());
    let mut core = Core::at("celigo-s2s", "scopes");
    core.press("v t");
    core.token(Err(refusal(Call::AccountCredentials, 400, super::support::DISABLED)));
    assert!(
        reviewing(&core).proving.is_none() && core.notice().starts_with("Not proved"),
        "{}",
        core.notice()
    );
}

#[test]
fn the_store_that_stays_shut_ends_the_proof() {
    let mut core = Core::new();
    connection(&mut core, "celigo-s2s", None);
    core.unlock =
        Err(zoom_setup::ports::StoreFailure::NeedsPassphrase { new: false, why: "no keyring".to_owned() });
    core.press("End v t");
    assert_eq!(mode(&core.model), Mode::Unlock);
    core.press("Esc");
    assert!(reviewing(&core).proving.is_none(), "the review is there again");
    assert_eq!(mode(&core.model), Mode::Review);
}

const KEYS: [&str; 27] = [
    "Enter",
    "Esc",
    "Tab",
    "Shift-Tab",
    "Up",
    "Down",
    "Down",
    "PgDn",
    "PgUp",
    "Home",
    "End",
    "Space",
    "/",
    "f",
    "F",
    "c",
    "C",
    "n",
    "e",
    "d",
    "t",
    "p",
    "w",
    "Backspace",
    "a",
    "u",
    ":",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    /// Whatever is pressed: every cursor points at something, the counts are those of the list, and the branches hold all of it.
    #[test]
    fn any_keys(keys in proptest::collection::vec(proptest::sample::select(&KEYS[..]), 1..60), dex: bool) {
        let mut core = if dex { with("servicenow-dex", None) } else { mixed() };
        for name in keys {
            core.event(super::admin::key(name));
            core.send(Msg::Drawn { max_scroll: 30, page: 10 });
            let Some(reviewing) = core.model.review.as_deref() else { break };
            prop_assert!(reviewing.selected < reviewing.list.len().max(1));
            prop_assert!(reviewing.branch < reviewing.branches.len().max(1));
            prop_assert!(reviewing.task < reviewing.tasks().count().max(1));
            let in_tree: usize = reviewing.branches.iter().map(|branch| branch.count).sum();
            prop_assert_eq!(in_tree, reviewing.list.len());
            if reviewing.search.is_none() {
                prop_assert_eq!(reviewing.list.len(), reviewing.counts[reviewing.filter.index()]);
            }
        }
    }
}
