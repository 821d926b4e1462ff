//! Procedures, set-ups, connections and verifications to build models from.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use zoom_setup::app::model::{Library, Model, Rehearsal, Screen, SecretStore, Settings};
use zoom_setup::app::wizard::{StepState, Wizard};
use zoom_setup::oauth::authorize::Endpoints;
use zoom_setup::oauth::{Diagnosis, DiagnosisClass};
use zoom_setup::ports::Unlocked;
use zoom_setup::procedure::{FieldName, Procedure, StepKind, registry};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{
    AccountFacts, Check, Connection, Done, GrantRecord, Outcome, Owner, Setup, Verification,
};

/// A secret that must never be drawn.
pub const SECRET: &str = "Xq7hiddenZ9secret4YvalueW2neverP";

static PROCEDURES: LazyLock<Vec<Arc<Procedure>>> =
    LazyLock::new(|| registry::embedded().unwrap().into_iter().map(Arc::new).collect());

/// 2026-03-12 10:00 UTC.
pub fn now() -> Timestamp {
    "2026-03-12T10:00:00Z".parse().unwrap()
}

pub fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() - seconds).unwrap()
}

pub fn model() -> Model {
    let settings = Settings {
        endpoints: Endpoints::zoom(),
        rehearsal: None,
        loopback_ports: vec![53682, 53683, 53684],
        authorize_limit_s: 300,
        lag_delays_s: vec![2, 5, 10],
        remote: None,
        ascii: false,
        interactive: true,
    };
    let mut model = Model::new(now(), settings, PROCEDURES.clone());
    model.library.loaded = true;
    model.secret_store = SecretStore::Open(Unlocked::Keyring);
    model
}

/// Puts the model into rehearsal of a fault.
pub fn rehearse(mut model: Model, fault: Option<&str>) -> Model {
    let offers = BTreeMap::from([
        (FieldName::ClientId, Secret::new("aB3dEfGhIjKlMnOpQrStUv")),
        (FieldName::ClientSecret, Secret::new(SECRET)),
    ]);
    model.settings.rehearsal = Some(Rehearsal {
        fault: fault.map(str::to_owned),
        stand_in: false,
        general: offers.clone(),
        server_to_server: offers,
    });
    model
}

pub fn procedure(id: &str) -> Arc<Procedure> {
    PROCEDURES.iter().find(|procedure| procedure.id == id).unwrap().clone()
}

pub fn answers() -> BTreeMap<FieldName, String> {
    [
        (FieldName::AppName, "ServiceNow DEX"),
        (FieldName::Instance, "dev12345.service-now.com"),
        (FieldName::Region, "eu"),
        (FieldName::ClientId, "aB3dEfGhIjKlMnOpQrStUv"),
        (FieldName::AccountId, "qW8rTyUiOpAsDfGhJkLzXc"),
        (FieldName::ConnectionName, "DEX for Zoom"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

pub fn setup(procedure: &Procedure, step: usize) -> Setup {
    Setup {
        format: 1,
        id: format!("{}-1f3a", procedure.id),
        procedure: procedure.id.clone(),
        rehearsal: false,
        created: ago(90_000),
        updated: ago(7_500),
        current: procedure.steps[step].id.clone(),
        answers: answers(),
        secrets: BTreeMap::from([(FieldName::ClientSecret, Secret::new(SECRET).fingerprint())]),
        scopes: procedure.scopes.iter().take(6).map(|scope| scope.id.clone()).collect(),
        scopes_added: procedure.scopes.iter().take(2).map(|scope| scope.id.clone()).collect(),
        done: procedure.steps[..step]
            .iter()
            .map(|step| {
                (
                    step.id.clone(),
                    Done {
                        at: ago(7_500),
                        check_again: false,
                        not_proved: false,
                        unknown: Default::default(),
                    },
                )
            })
            .collect(),
        grant: None,
        decision: None,
        verification: None,
        connection: None,
        compared: BTreeMap::new(),
        proofs: BTreeMap::new(),
        replaces: None,
        unknown: Default::default(),
    }
}

pub fn wizard(id: &str, step: usize, state: StepState) -> Wizard {
    let procedure = procedure(id);
    Wizard {
        setup: setup(&procedure, step),
        secrets: BTreeMap::from([(FieldName::ClientSecret, Secret::new(SECRET))]),
        tokens: None,
        refreshing: None,
        tokens_unstored: false,
        tokens_with: None,
        step,
        state,
        unsaved: BTreeSet::new(),
        saving: None,
        loading: None,
        storing: None,
        pending: None,
        pasted: BTreeMap::new(),
        proving: zoom_setup::app::proof::Proving::default(),
        procedure,
    }
}

pub fn on(wizard: Wizard) -> Model {
    let mut model = model();
    model.screen = Screen::Wizard(Box::new(wizard));
    model
}

/// The first step of that kind.
pub fn kind(id: &str, wanted: fn(&StepKind) -> bool) -> usize {
    procedure(id).steps.iter().position(|step| wanted(&step.kind)).unwrap()
}

pub fn step(id: &str, name: &str) -> usize {
    procedure(id).step_index(name).unwrap()
}

pub fn diagnosis() -> Diagnosis {
    Diagnosis {
        code: "invalid-client".to_owned(),
        heading: "Zoom does not know this pair of client ID and secret".to_owned(),
        cause: "The secret was regenerated, or ID and secret come from different apps or from different \
                views (Development, Production)."
            .to_owned(),
        next: "Go back to the credentials (Esc), copy both again from the Development view.".to_owned(),
        zoom: Some("400 invalid_client: Invalid client_id or client_secret".to_owned()),
        class: DiagnosisClass::Refused,
        retry: false,
    }
}

pub fn grant() -> GrantRecord {
    GrantRecord {
        obtained_at: ago(60),
        expires_at: ago(-3_540),
        scopes: Some(vec!["user:read:user:admin".to_owned(), "report:read:user:admin".to_owned()]),
        api_url: None,
        refreshable: true,
        refreshed_at: None,
        unknown: Default::default(),
    }
}

pub fn check(title: &str, outcome: Outcome, detail: &str, next: Option<&str>) -> Check {
    Check {
        code: title.to_lowercase(),
        title: title.to_owned(),
        outcome,
        detail: detail.to_owned(),
        next: next.map(str::to_owned),
        diagnosis: (outcome == Outcome::Fail).then(diagnosis),
        unknown: Default::default(),
    }
}

pub fn checks(failed: bool) -> Vec<Check> {
    let scopes = if failed {
        let detail = "Zoom granted 5 of 6 scopes.";
        check(
            "Scopes",
            Outcome::Fail,
            detail,
            Some("Add the missing one on Zoom's page Scopes, then log in again."),
        )
    } else {
        check("Scopes", Outcome::Pass, "All 6 chosen scopes are granted.", None)
    };
    vec![
        check("Token", Outcome::Pass, "Zoom gave the wizard's test login a token.", None),
        check("Refresh", Outcome::Pass, "Zoom gave a new pair; it was stored before use.", None),
        check("Account", Outcome::Pass, "The token belongs to Aiko 山田 (admin@example.com).", None),
        scopes,
        check(
            "App kind",
            Outcome::Warning,
            "Two scopes end in neither :admin nor :master.",
            Some("Look at them."),
        ),
        check("Dashboard", Outcome::NotChecked, "No read of it is harmless enough to be tried.", None),
    ]
}

pub fn verification(failed: bool) -> Verification {
    let id = "user:read:user:admin".to_owned();
    Verification {
        at: ago(30),
        checks: checks(failed),
        account: Some(account()),
        granted: Some(vec![id.clone()]),
        missing: if failed {
            vec!["dashboard:read:list_meeting_participants_qos:admin".to_owned()]
        } else {
            vec![]
        },
        excess: if failed { vec![id] } else { vec![] },
        unknown: Default::default(),
    }
}

pub fn account() -> AccountFacts {
    AccountFacts {
        account_id: Some("qW8rTyUiOpAsDfGhJkLzXc".to_owned()),
        user_id: Some("KdYKjnimT4KPd8FFgQt9FQ".to_owned()),
        email: Some("admin@example.com".to_owned()),
        name: Some("Aiko 山田".to_owned()),
        unknown: Default::default(),
    }
}

pub fn connection(name: &str, owner: Owner) -> Connection {
    let procedure = procedure("servicenow-dex");
    Connection {
        format: 1,
        name: name.to_owned(),
        procedure: procedure.id.clone(),
        receiver: procedure.receiver,
        app_kind: procedure.app_kind,
        rehearsal: false,
        created: ago(864_000),
        owner,
        answers: answers(),
        secrets: BTreeMap::from([(FieldName::ClientSecret, Secret::new(SECRET).fingerprint())]),
        scopes: procedure.scopes.iter().map(|scope| scope.id.clone()).collect(),
        grant: (owner == Owner::Wizard).then(grant),
        verification: Some(verification(false)),
        compared: BTreeMap::new(),
        unknown: Default::default(),
        credentials_since: BTreeMap::new(),
    }
}

pub fn home() -> Model {
    let mut model = model();
    let mut early = setup(&procedure("celigo-oauth"), 2);
    early.answers.remove(&FieldName::AppName);
    early.updated = ago(400_000);
    let mut wide = setup(&procedure("servicenow-omnichannel"), 7);
    wide.answers.insert(FieldName::AppName, "会議の自動化と録画の管理アプリ 🎥 for all of Acme".to_owned());
    model.library = Library {
        loaded: true,
        setups: vec![setup(&procedure("servicenow-dex"), 5), wide, early],
        connections: vec![
            connection("DEX for Zoom", Owner::Receiver),
            connection("検証用 connection", Owner::Wizard),
        ],
        unreadable: vec!["celigo-oauth-77aa.json, line 3: expected a comma (it is left as it is)".to_owned()],
    };
    model
}
