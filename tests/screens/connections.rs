//! Removing a connection, and replacing its client secret.

use super::world::{SECRET, connection, home, now, procedure};
use zoom_setup::app::input::TextField;
use zoom_setup::app::message::Ticket;
use zoom_setup::app::model::{Model, Notice, Tone};
use zoom_setup::app::removal::{RemovalPhase, RemovalProblem, Removing};
use zoom_setup::app::rotation::{Rotating, RotationPhase};
use zoom_setup::app::wizard::Field;
use zoom_setup::entry::{self, Checked};
use zoom_setup::error::ErrorKind;
use zoom_setup::oauth::probe::{self, Moment};
use zoom_setup::oauth::verdict::Verdict;
use zoom_setup::oauth::{Call, Failure, FailureKind};
use zoom_setup::procedure::{AppKind, FieldName, FieldSpec};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, Owner};

const WRONG: &str = r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#;

/// A connection of a Server-to-Server app.
fn server() -> Connection {
    let procedure = procedure("servicenow-external-content");
    Connection {
        name: "External content".to_owned(),
        procedure: procedure.id.clone(),
        receiver: procedure.receiver,
        app_kind: procedure.app_kind,
        grant: None,
        ..connection("", Owner::Wizard)
    }
}

fn removing(connection: Connection, change: impl FnOnce(&mut Removing)) -> Model {
    let mut model = home();
    let mut removing = Removing::new(connection);
    change(&mut removing);
    model.removing = Some(Box::new(removing));
    model
}

fn rotating(connection: Connection, text: &str, change: impl FnOnce(&mut Rotating)) -> Model {
    let mut model = home();
    let spec = FieldSpec {
        name: FieldName::ClientSecret,
        label: "New client secret".to_owned(),
        help: "In Zoom: the app, App Credentials, Client secret.".to_owned(),
        required: true,
        suggestion: None,
    };
    let checked = entry::check(FieldName::ClientSecret, text, &[]);
    let input = TextField::masked(text);
    let mut rotating = Rotating {
        procedure: model.procedure(&connection.procedure).cloned(),
        connection,
        field: Field { spec, input, checked, peek: false, kept: None, visited: false },
        phase: RotationPhase::Enter,
        verdict: None,
        asked: Vec::new(),
        proved: None,
        not_stored: None,
    };
    change(&mut rotating);
    model.rotating = Some(Box::new(rotating));
    model
}

/// What Zoom says to a pair or account that it refuses, or not at all.
fn verdict(rotating: &Rotating, kind: FailureKind) -> Verdict {
    let failure =
        Failure { call: Call::ExchangeCode, host: "zoom.us".to_owned(), kind, clock_offset_s: None };
    let secret = Secret::new(SECRET);
    let given = rotating.credentials(&secret);
    match rotating.connection.app_kind {
        AppKind::General => probe::pair(&Err(failure), given, now()),
        AppKind::ServerToServer => {
            probe::account(&Err(failure), given, Moment::Activation { token_at: rotating.token_at() }, now())
        }
    }
}

fn refused() -> FailureKind {
    FailureKind::Answered {
        status: 400,
        body: WRONG.to_owned(),
        content_type: "application/json".to_owned(),
        retry_after: None,
    }
}

fn stored(connection: Connection, same: bool) -> Model {
    rotating(connection, "", |rotating| {
        let secret = Secret::new(if same { SECRET } else { "Yr8hiddenZ9secret4YvalueW2neverQ" });
        rotating.phase = RotationPhase::Stored { secret, same };
    })
}

pub fn all() -> Vec<(&'static str, Model)> {
    let kept = || connection("検証用 connection", Owner::Wizard);
    let handed = || connection("DEX for Zoom", Owner::Receiver);
    let mut compared = stored(handed(), false);
    compared.notice = Some(Notice {
        tone: Tone::Failure,
        text: "Not the new secret. It is the secret from before.".to_owned(),
    });
    vec![
        ("remove_kept", removing(kept(), |_| ())),
        ("remove_handed_over", removing(handed(), |_| ())),
        ("remove_server", removing(server(), |removing| removing.selected = 1)),
        (
            "remove_revoking",
            removing(kept(), |removing| removing.phase = RemovalPhase::Revoking { ticket: Ticket(1) }),
        ),
        (
            "remove_not_revoked",
            removing(kept(), |removing| {
                let text = "Zoom did not answer in time. Zoom or the network is slow.".to_owned();
                removing.problem = Some(RemovalProblem { kind: ErrorKind::Unreachable, text });
            }),
        ),
        (
            "remove_revoked_not_removed",
            removing(kept(), |removing| {
                removing.revoked = true;
                let text = "cannot write /data/zoom-setup: No space left on device".to_owned();
                removing.problem = Some(RemovalProblem { kind: ErrorKind::Store, text });
            }),
        ),
        ("rotate_empty", rotating(handed(), "", |_| ())),
        ("rotate_kept", rotating(kept(), SECRET, |_| ())),
        ("rotate_server", rotating(server(), SECRET, |_| ())),
        ("rotate_hidden_character", rotating(handed(), &format!("{SECRET}\u{200b}x"), |_| ())),
        (
            "rotate_asking",
            rotating(handed(), SECRET, |rotating| {
                rotating.phase = RotationPhase::Asking { ticket: Ticket(1), secret: Secret::new(SECRET) };
            }),
        ),
        (
            "rotate_refused",
            rotating(handed(), SECRET, |rotating| rotating.verdict = Some(verdict(rotating, refused()))),
        ),
        (
            "rotate_server_refused",
            rotating(server(), SECRET, |rotating| rotating.verdict = Some(verdict(rotating, refused()))),
        ),
        (
            "rotate_out_of_reach",
            rotating(handed(), SECRET, |rotating| {
                rotating.verdict = Some(verdict(rotating, FailureKind::TimedOut { limit_s: 10 }));
            }),
        ),
        (
            "rotate_not_stored",
            rotating(handed(), SECRET, |rotating| {
                rotating.not_stored =
                    Some("cannot write /data/zoom-setup: No space left on device".to_owned());
            }),
        ),
        ("rotate_stored", stored(handed(), false)),
        ("rotate_stored_kept", stored(kept(), false)),
        ("rotate_stored_server", stored(server(), false)),
        ("rotate_stored_same", stored(handed(), true)),
        ("rotate_compared", compared),
    ]
}

#[test]
fn the_field_is_masked_and_a_rehearsal_offers_to_regenerate() {
    let (_, model) = all().into_iter().find(|(name, _)| *name == "rotate_empty").unwrap();
    let model = super::world::rehearse(model, None);
    insta::assert_snapshot!("rotate_rehearsal_80x24", super::text(&model, 80, 24));
    let (_, mut model) = all().into_iter().find(|(name, _)| *name == "rotate_kept").unwrap();
    assert!(!super::text(&model, 80, 24).contains(SECRET));
    if let Some(rotating) = &mut model.rotating {
        assert!(matches!(rotating.field.checked, Checked::Good { .. }));
        rotating.field.peek = true;
    }
    assert!(super::text(&model, 80, 24).contains(SECRET));
}
