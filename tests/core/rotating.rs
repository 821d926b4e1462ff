//! Replacing a client secret: the old one stays until Zoom knows the new one, and every mistake is named.

use super::admin::Admin;
use super::reviewing::connection;
use super::support::{CLIENT_ID, CLIENT_SECRET, CODE_REFUSED, Core, DISABLED, Storing, grant, refusal};
use zoom_setup::app::keymap::{Mode, mode};
use zoom_setup::app::message::{Effect, Msg};
use zoom_setup::app::model::Overlay;
use zoom_setup::app::proof::MOST_TIMES_SAME;
use zoom_setup::app::rotation::{Rotating, RotationPhase};
use zoom_setup::app::update::rotate::open;
use zoom_setup::entry::Checked;
use zoom_setup::oauth::verdict::Judgement;
use zoom_setup::oauth::{Call, ClientAuthentication, Failure, FailureKind, Grant, TokenRequest};
use zoom_setup::ports::StoreFailure;
use zoom_setup::procedure::FieldName;
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Owner, SecretKey};

/// A secret that must never be seen. 32 letters and digits, as Zoom's are.
const NEW_SECRET: &str = "MARKER6newSecretabcdefgh12345678";
const UNKNOWN_PAIR: &str = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;

/// At the field, for a connection of that procedure.
pub fn at_the_field(id: &str) -> Core {
    let mut core = Core::new();
    let name = connection(&mut core, id, None);
    core.pass(864_000);
    open(&mut core.model, &name);
    core
}

fn rotating(core: &Core) -> &Rotating {
    core.model.rotating.as_deref().unwrap()
}

fn enter(core: &mut Core, secret: &str) {
    core.press("Ctrl-U");
    core.paste(secret);
    core.press("Enter");
}

fn asked(core: &Core) -> TokenRequest {
    core.last(|effect| match effect {
        Effect::Token { request, .. } => Some(request.clone()),
        _ => None,
    })
}

/// Zoom answers the question about the pair.
fn known(core: &mut Core) -> Vec<Effect> {
    core.token(Err(refusal(Call::ExchangeCode, 400, CODE_REFUSED)))
}

fn stored(core: &Core) -> &Secret {
    let name = rotating(core).connection.name.clone();
    &core.secrets[&SecretKey::ConnectionField(name, FieldName::ClientSecret)]
}

/// Nothing of the connection is another than before.
fn assert_untouched(core: &Core, before: &Core) {
    assert_eq!(core.secrets, before.secrets);
    assert_eq!(core.connections, before.connections);
}

#[test]
fn the_new_secret_is_asked_about_before_it_is_stored() {
    let mut core = at_the_field("celigo-oauth");
    let before = rotating(&core).connection.clone();
    enter(&mut core, NEW_SECRET);
    let request = asked(&core);
    let ClientAuthentication::Basic { client_id, client_secret } = request.client else { panic!("no pair") };
    assert_eq!((client_id.as_str(), client_secret.expose()), (CLIENT_ID, NEW_SECRET));
    let Grant::AuthorizationCode { code, .. } = request.grant else { panic!("{:?}", request.grant) };
    assert!(code.expose().starts_with("zoom-setup-test-"), "the refresh token is not spent on a question");
    assert_eq!(stored(&core).expose(), CLIENT_SECRET, "the old one is stored until the new one is proved");

    let effects = known(&mut core);
    let order: Vec<&str> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Unlock { .. } => "unlock",
            Effect::WriteSecrets { .. } => "secret",
            Effect::SaveConnection { .. } => "record",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, ["unlock", "secret", "record"]);
    assert_eq!(stored(&core).expose(), NEW_SECRET);
    let now = &core.connections[&before.name];
    assert_eq!(now.secrets[&FieldName::ClientSecret], Secret::new(NEW_SECRET).fingerprint());
    assert_eq!(now.secret_since(FieldName::ClientSecret), core.now);
    assert_eq!(before.secret_since(FieldName::ClientSecret), before.created);
    assert_eq!((&now.answers, &now.grant, now.owner), (&before.answers, &before.grant, before.owner));
    let tokens = SecretKey::ConnectionTokens(before.name.clone());
    assert!(core.secrets.contains_key(&tokens), "the login that is kept stays as it is");
    assert!(matches!(rotating(&core).phase, RotationPhase::Stored { same: false, .. }));
    assert_eq!(core.model.connection(&before.name), Some(now), "the screens below show it at once");
}

#[test]
fn a_server_to_server_secret_is_proved_by_a_token() {
    let mut core = at_the_field("celigo-s2s");
    enter(&mut core, NEW_SECRET);
    assert!(matches!(asked(&core).grant, Grant::AccountCredentials { .. }));
    core.token(Ok(grant(Vec::new())));
    assert_eq!(stored(&core).expose(), NEW_SECRET);
    assert_eq!(core.secrets.len(), 1, "the token that proved it is not kept");
}

#[test]
fn a_refused_secret_changes_nothing() {
    for (id, status, body) in [
        ("celigo-oauth", 400, UNKNOWN_PAIR),
        ("celigo-s2s", 400, UNKNOWN_PAIR),
        ("celigo-s2s", 400, DISABLED),
    ] {
        let mut core = at_the_field(id);
        let before = at_the_field(id);
        enter(&mut core, NEW_SECRET);
        core.token(Err(refusal(Call::AccountCredentials, status, body)));
        assert_eq!(mode(&core.model), Mode::Rotate);
        assert_eq!(rotating(&core).verdict.as_ref().unwrap().judgement, Judgement::Refused, "{id} {body}");
        assert_untouched(&core, &before);
        // Another value is another question, and what was said of the first is gone.
        core.press("Backspace");
        assert_eq!(rotating(&core).verdict, None);
    }
}

#[test]
fn what_cannot_be_proved_is_not_stored() {
    for kind in [
        FailureKind::TimedOut { limit_s: 10 },
        FailureKind::Dns { detail: "no such host".to_owned() },
        FailureKind::Answered {
            status: 429,
            body: "{}".to_owned(),
            content_type: "application/json".to_owned(),
            retry_after: Some("3".to_owned()),
        },
    ] {
        for id in ["celigo-oauth", "celigo-s2s"] {
            let mut core = at_the_field(id);
            let before = at_the_field(id);
            enter(&mut core, NEW_SECRET);
            core.token(Err(Failure { kind: kind.clone(), ..refusal(Call::Probe, 0, "") }));
            assert_eq!(rotating(&core).verdict.as_ref().unwrap().judgement, Judgement::Open);
            assert_untouched(&core, &before);
            core.press("Enter");
            assert_eq!(mode(&core.model), Mode::RotateBusy, "Enter asks once more");
        }
    }
}

#[test]
fn a_store_that_fails_keeps_the_old_secret_and_does_not_ask_zoom_again() {
    let mut core = at_the_field("celigo-oauth");
    core.storing = Storing::Fails;
    enter(&mut core, NEW_SECRET);
    known(&mut core);
    assert_eq!(stored(&core).expose(), CLIENT_SECRET);
    assert!(rotating(&core).not_stored.as_ref().unwrap().contains("the disk is full"));
    let questions = core.count(|effect| matches!(effect, Effect::Token { .. }));
    core.storing = Storing::Works;
    core.press("Enter");
    assert_eq!(core.count(|effect| matches!(effect, Effect::Token { .. })), questions);
    assert_eq!(stored(&core).expose(), NEW_SECRET);
}

#[test]
fn a_passphrase_that_is_not_given_keeps_the_old_secret() {
    let mut core = at_the_field("celigo-oauth");
    core.unlock = Err(StoreFailure::NeedsPassphrase { new: false, why: "no keyring".to_owned() });
    enter(&mut core, NEW_SECRET);
    known(&mut core);
    assert!(matches!(core.model.overlay, Some(Overlay::Unlock(_))));
    core.press("Esc");
    assert_eq!(stored(&core).expose(), CLIENT_SECRET);
    assert!(rotating(&core).not_stored.is_some());
    core.unlock = Ok(zoom_setup::ports::Unlocked::Keyring);
    core.press("Enter");
    assert_eq!(stored(&core).expose(), NEW_SECRET);
}

#[test]
fn the_same_secret_is_no_rotation() {
    let mut core = at_the_field("celigo-oauth");
    let before = rotating(&core).connection.clone();
    enter(&mut core, CLIENT_SECRET);
    known(&mut core);
    assert!(matches!(rotating(&core).phase, RotationPhase::Stored { same: true, .. }));
    assert_eq!(core.connections[&before.name], before, "its age is what it was");
}

#[test]
fn what_cannot_be_the_secret_is_said_before_zoom_is_asked() {
    let hidden = format!("{}\u{200b}", &NEW_SECRET[..31]);
    for text in [CLIENT_ID, hidden.as_str(), "••••••••", ""] {
        let mut core = at_the_field("celigo-oauth");
        core.paste(text);
        core.press("Enter");
        assert_eq!(core.count(|effect| matches!(effect, Effect::Random { .. })), 0, "{text:?}");
        assert_eq!(mode(&core.model), Mode::Rotate);
    }
    let mut core = at_the_field("celigo-oauth");
    core.paste(&hidden);
    assert!(matches!(rotating(&core).field.checked, Checked::Bad { .. }));
    core.press("Ctrl-Y");
    assert_eq!(rotating(&core).field.input.text(), &NEW_SECRET[..31], "without what cannot be seen");
}

#[test]
fn the_secret_token_is_known_by_its_fingerprint() {
    let mut core = Core::new();
    let name = connection(&mut core, "celigo-oauth", None);
    let token = Secret::new(NEW_SECRET).fingerprint();
    core.connections.get_mut(&name).unwrap().secrets.insert(FieldName::SecretToken, token);
    core.load();
    open(&mut core.model, &name);
    core.paste(NEW_SECRET);
    let Checked::Bad { finding, .. } = &rotating(&core).field.checked else { panic!("taken") };
    assert!(finding.message.contains("Secret Token"));
}

#[test]
fn one_secret_is_asked_about_a_few_times_only() {
    let mut core = at_the_field("celigo-oauth");
    enter(&mut core, NEW_SECRET);
    for _time in 0..MOST_TIMES_SAME {
        core.token(Err(refusal(Call::ExchangeCode, 400, UNKNOWN_PAIR)));
        core.press("Enter");
    }
    assert_eq!(core.count(|effect| matches!(effect, Effect::Token { .. })), MOST_TIMES_SAME);
    assert!(core.notice().contains("not asked again"), "{}", core.notice());
}

#[test]
fn cancelling_drops_the_answer() {
    let mut core = at_the_field("celigo-oauth");
    let before = at_the_field("celigo-oauth");
    enter(&mut core, NEW_SECRET);
    let ticket = core.token_ticket();
    assert!(core.keys("Esc").contains(&Effect::Cancel { ticket }));
    known(&mut core);
    assert_untouched(&core, &before);
    core.press("Esc");
    assert!(core.model.rotating.is_none());
}

#[test]
fn afterwards_it_is_copied_and_compared() {
    let mut core = at_the_field("servicenow-dex");
    enter(&mut core, NEW_SECRET);
    known(&mut core);
    let effects = core.keys("c");
    assert!(matches!(&effects[..], [Effect::Copy { text, .. }] if text.expose() == NEW_SECRET));
    core.paste(CLIENT_SECRET);
    assert!(core.notice().contains("from before"), "{}", core.notice());
    core.paste(&NEW_SECRET[..31]);
    assert!(core.notice().contains("end is missing"), "{}", core.notice());
    core.paste(NEW_SECRET);
    assert!(core.notice().starts_with("The same"), "{}", core.notice());
    core.press("Enter");
    assert!(core.model.rotating.is_none());
}

#[test]
fn it_opens_from_the_screen_of_a_connection_and_goes_back_there() {
    let mut core = Core::new();
    connection(&mut core, "servicenow-dex", None);
    core.press("End Enter");
    let screen = core.model.screen.clone();
    core.press("n");
    assert_eq!(mode(&core.model), Mode::Rotate);
    core.press("Esc");
    assert_eq!((core.model.screen.clone(), core.model.rotating.is_none()), (screen, true));
}

#[test]
fn a_public_client_has_nothing_to_replace() {
    let mut core = Core::new();
    let name = connection(&mut core, "servicenow-dex", None);
    core.connections.get_mut(&name).unwrap().secrets.clear();
    core.load();
    core.send(Msg::Rotate { connection: name });
    assert!(core.model.rotating.is_none());
    assert!(core.notice().contains("public client"), "{}", core.notice());
}

#[test]
fn the_receivers_connection_is_never_touched_by_it() {
    let mut core = Core::new();
    let name = connection(&mut core, "servicenow-dex", None);
    core.connections.get_mut(&name).unwrap().owner = Owner::Receiver;
    core.load();
    open(&mut core.model, &name);
    enter(&mut core, NEW_SECRET);
    known(&mut core);
    let forbidden = |effect: &Effect| {
        matches!(effect, Effect::Revoke { .. } | Effect::Listen { .. } | Effect::OpenBrowser { .. })
            || matches!(effect, Effect::Token { request, .. } if matches!(request.grant, Grant::RefreshToken { .. }))
    };
    assert_eq!(core.count(forbidden), 0, "no login, no refresh, no revocation (law 1)");
}
