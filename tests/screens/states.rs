//! Models in every state that a screen can show, built without the core.

use super::world::{
    SECRET, ago, checks, diagnosis, grant, home, kind, model, now, on, procedure, step, verification, wizard,
};
use zoom_setup::app::input::TextField;
use zoom_setup::app::message::Ticket;
use zoom_setup::app::model::{Library, Model, Notice, Overlay, Screen, Tone, UnlockForm};
use zoom_setup::app::wizard::{
    Activation, Authorization, AuthorizationPhase, Field, Form, LoginWay, ScopeList, ScopeRow, StepState,
    VerifyStage, Verifying, VerifyingPhase, Wizard,
};
use zoom_setup::entry::{Checked, Finding};
use zoom_setup::oauth::PendingAuthorization;
use zoom_setup::ports::{PortProblem, PortReason, Remote};
use zoom_setup::procedure::{FieldName, Procedure, StepKind};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Check, Done, GrantDecision, Outcome, Verification};

pub fn read(id: &str, name: &str) -> Model {
    on(wizard(id, step(id, name), StepState::Read { selected: 0 }))
}

/// A fill step whose fields stand as given: text and check.
pub fn fill(id: &str, name: &str, entries: Vec<(&str, Checked)>) -> Model {
    let index = step(id, name);
    let StepKind::Fill { fields } = &procedure(id).steps[index].kind else {
        panic!("{name} is no fill step")
    };
    let fields = fields
        .iter()
        .zip(entries)
        .map(|(spec, (text, checked))| Field {
            spec: spec.clone(),
            input: if spec.name.is_secret() { TextField::masked(text) } else { TextField::plain(text) },
            checked,
            peek: false,
            kept: (spec.name.is_secret() && text.is_empty()).then(|| Secret::new(SECRET).fingerprint()),
            visited: false,
        })
        .collect();
    on(wizard(id, index, StepState::Fill(Form { fields, focus: 0 })))
}

pub fn good(value: &str) -> Checked {
    Checked::Good { value: value.to_owned(), warnings: Vec::new() }
}

fn scope_rows(procedure: &Procedure) -> Vec<ScopeRow> {
    procedure
        .scopes
        .iter()
        .map(|scope| ScopeRow {
            id: scope.id.clone(),
            need: Some(scope.need),
            reason: scope.reason.clone(),
            label: scope.label.clone(),
        })
        .collect()
}

fn scopes(search: Option<&str>) -> Model {
    let id = "servicenow-omnichannel";
    let index = kind(id, |kind| *kind == StepKind::Scopes);
    let rows = scope_rows(&procedure(id));
    let list = ScopeList {
        rows,
        selected: if search.is_some() { 0 } else { 3 },
        search: search.map(TextField::plain),
        searching: search.is_some(),
    };
    on(wizard(id, index, StepState::Scopes(list)))
}

pub fn activate(activation: Activation) -> Model {
    let id = "celigo-s2s";
    on(wizard(id, kind(id, |kind| *kind == StepKind::Activate), StepState::Activate(activation)))
}

pub fn authorize(phase: AuthorizationPhase) -> Model {
    let id = "servicenow-dex";
    let state = Authorization {
        phase,
        way: LoginWay::Loopback,
        paste: None,
        pasting: false,
        paste_problem: None,
        landed: None,
        qr: false,
        next_address: 0,
        log: Vec::new(),
    };
    let mut wizard = wizard(id, kind(id, |kind| *kind == StepKind::Authorize), StepState::Authorize(state));
    wizard.setup.grant = Some(grant());
    on(wizard)
}

/// The address of the login, without a browser to open it.
pub const ADDRESS: &str = "https://zoom.us/oauth/authorize?response_type=code&client_id=aB3dEfGhIjKlMnOpQrStUv&\
redirect_uri=http%3A%2F%2F127.0.0.1%3A53682%2Fcallback&state=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6&code_challenge=\
E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

pub fn waiting(port: Option<u16>) -> Model {
    authorize(AuthorizationPhase::Waiting {
        ticket: Ticket(1),
        tick: Ticket(2),
        pending: PendingAuthorization {
            state: Secret::new("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6"),
            verifier: Secret::new(SECRET),
            redirect_uri: "http://127.0.0.1:53682/callback".to_owned(),
            client_id: "aB3dEfGhIjKlMnOpQrStUv".to_owned(),
            begun_at: ago(28),
            expires_at: ago(-272),
        },
        url: ADDRESS.to_owned(),
        port,
        passed_over: Vec::new(),
        deadline: ago(-272),
        late: false,
    })
}

pub fn authorization(model: &mut Model) -> &mut Authorization {
    match &mut model.screen {
        Screen::Wizard(wizard) => match &mut wizard.state {
            StepState::Authorize(authorization) => authorization,
            other => panic!("not the authorize step: {other:?}"),
        },
        other => panic!("no set-up: {other:?}"),
    }
}

/// Each of the reasons for which a port can't be had.
pub fn port_problems() -> Vec<PortProblem> {
    let reserved =
        "access permissions forbid it (os error 10013): Windows may have reserved a range around it";
    [
        PortReason::InUse { holder: Some("rclone (process 4711)".to_owned()) },
        PortReason::InUse { holder: None },
        PortReason::NotAllowed { detail: reserved.to_owned() },
    ]
    .into_iter()
    .zip(53682..)
    .map(|(reason, port)| PortProblem { port, reason })
    .collect()
}

fn waiting_over_ssh() -> Model {
    let mut model = waiting(Some(53682));
    model.settings.remote = Some(Remote::Ssh { target: "admin@bastion.example.com".to_owned() });
    let state = authorization(&mut model);
    state.note(ago(20), "GET /favicon.ico: not the callback, answered 404");
    state.note(ago(5), "GET /callback without state: ignored, still waiting");
    model
}

/// Of the wizard on screen.
fn set_up(model: &mut Model) -> &mut zoom_setup::app::wizard::Wizard {
    match &mut model.screen {
        Screen::Wizard(wizard) => wizard,
        other => panic!("no set-up: {other:?}"),
    }
}

fn offer_pkce() -> Model {
    let mut model = authorize(AuthorizationPhase::Offer { selected: 0 });
    set_up(&mut model).setup.answers.insert(FieldName::ClientType, "pkce".to_owned());
    model
}

fn offer_public() -> Model {
    let mut model = authorize(AuthorizationPhase::Offer { selected: 0 });
    forget_client_secret(set_up(&mut model));
    model
}

/// The procedure asks for none, as one of somebody's own may.
pub fn forget_client_secret(wizard: &mut Wizard) {
    for step in &mut std::sync::Arc::make_mut(&mut wizard.procedure).steps {
        if let StepKind::Fill { fields } = &mut step.kind {
            fields.retain(|field| field.name != FieldName::ClientSecret);
        }
    }
    wizard.secrets.remove(&FieldName::ClientSecret);
    if let StepState::Fill(form) = &mut wizard.state {
        form.fields.retain(|field| field.spec.name != FieldName::ClientSecret);
        form.focus = form.fields.len() - 1;
    }
}

fn waiting_at(remote: Remote) -> Model {
    let mut model = waiting(Some(53682));
    model.settings.remote = Some(remote);
    model
}

/// Over the receiver's redirect URL.
pub fn waiting_for_paste() -> Model {
    let mut model = waiting(Some(53682));
    let state = authorization(&mut model);
    state.way = LoginWay::Receiver;
    state.note(ago(28), "The login began; the browser was asked to open its address");
    if let AuthorizationPhase::Waiting { pending, .. } = &mut state.phase {
        pending.redirect_uri = "https://dev12345.service-now.com/oauth_redirect.do".to_owned();
    }
    model
}

/// The receiver's way, from afar: the paste comes first, the tunnel after it.
fn receiver_over_ssh() -> Model {
    let mut model = waiting_for_paste();
    model.settings.remote = waiting_over_ssh().settings.remote;
    model
}

fn waiting_passed_over() -> Model {
    let mut model = waiting(Some(53684));
    if let AuthorizationPhase::Waiting { passed_over, .. } = &mut authorization(&mut model).phase {
        *passed_over = port_problems()[..2].to_vec();
    }
    model
}

/// Taken up again, and its port belongs to somebody else now.
fn waiting_without_a_port() -> Model {
    let mut model = waiting(None);
    model.settings.remote = Some(Remote::Ssh { target: "admin@203.0.113.7".to_owned() });
    let state = authorization(&mut model);
    state.note(ago(1), "Taken up again: this login was begun before, and is still good");
    state.note(ago(0), port_problems()[0].message());
    model
}

fn waiting_late() -> Model {
    let mut model = waiting(None);
    let state = authorization(&mut model);
    if let AuthorizationPhase::Waiting { late, deadline, pending, .. } = &mut state.phase {
        *late = true;
        *deadline = ago(12);
        pending.expires_at = ago(12);
    }
    state.note(ago(612), "The login began; the browser was asked to open its address");
    state.note(ago(12), "The time to wait is over; nothing listens any more");
    model
}

fn waiting_qr() -> Model {
    let mut model = waiting(Some(53682));
    authorization(&mut model).qr = true;
    model
}

fn pasting_offer() -> Model {
    let mut model = waiting_for_paste();
    let state = authorization(&mut model);
    state.paste = Some(TextField::masked(""));
    state.pasting = true;
    state.landed = Some(Secret::new("https://dev12345.service-now.com/oauth_redirect.do?code=abc"));
    model
}

/// As the core words it: the login began yesterday.
fn over() -> zoom_setup::oauth::Diagnosis {
    let mut model = waiting(None);
    if let AuthorizationPhase::Waiting { tick, pending, deadline, .. } = &mut authorization(&mut model).phase
    {
        *tick = Ticket(77);
        pending.begun_at = ago(90_000);
        pending.expires_at = ago(89_400);
        *deadline = ago(89_400);
    }
    let woke = zoom_setup::app::message::Msg::Woke { ticket: Ticket(77) };
    zoom_setup::app::update::update(&mut model, now(), woke);
    match &authorization(&mut model).phase {
        AuthorizationPhase::Failed { problem } => problem.clone(),
        other => panic!("not over: {other:?}"),
    }
}

fn pasting() -> Model {
    let mut model = waiting(None);
    let state = authorization(&mut model);
    state.way = LoginWay::Receiver;
    state.paste = Some(TextField::masked("https://dev12345.service-now.com/oauth_redirect.do?code=abc"));
    state.pasting = true;
    state.paste_problem =
        Some("The address has no state: copy it whole, from https:// to its end.".to_owned());
    model
}

pub fn verify(phase: VerifyingPhase, checks_so_far: Vec<Check>, result: Option<Verification>) -> Model {
    let id = "servicenow-dex";
    let state = Verifying {
        phase,
        checks: checks_so_far,
        granted: None,
        account: result.as_ref().and_then(|verification| verification.account.clone()),
        api_url: None,
        acknowledged: false,
    };
    let mut wizard = wizard(id, kind(id, |kind| *kind == StepKind::Verify), StepState::Verify(state));
    wizard.setup.verification = result;
    on(wizard)
}

fn above(mut model: Model, overlay: Overlay) -> Model {
    model.overlay = Some(overlay);
    model
}

fn unlock(new: bool) -> Overlay {
    Overlay::Unlock(UnlockForm {
        new,
        why: "no Secret Service on the session bus".to_owned(),
        passphrase: TextField::masked(SECRET),
        repeat: TextField::masked(""),
        focus: usize::from(new),
        error: (!new).then(|| "This passphrase does not open the file.".to_owned()),
    })
}

fn instance_with_dot() -> Model {
    let bad = Checked::Bad {
        finding: Finding {
            message: "U+2024 (one dot leader) looks like a full stop and is none.".to_owned(),
            hint: "It comes from the document's typesetting.".to_owned(),
            column: Some(9),
        },
        cleaned: Some("dev12345.service-now.com".to_owned()),
    };
    fill("servicenow-dex", "instance", vec![("dev12345\u{2024}service-now.com", bad)])
}

fn credentials() -> Model {
    let secret = Checked::Good {
        value: SECRET.to_owned(),
        warnings: vec![Finding {
            message: "This is the length of a Secret Token.".to_owned(),
            hint: "Compare with Client Secret under App Credentials.".to_owned(),
            column: None,
        }],
    };
    let id = "aB3dEfGhIjKlMnOpQrStUv";
    let mut model = fill("servicenow-dex", "credentials", vec![(id, good(id)), (SECRET, secret)]);
    if let Screen::Wizard(wizard) = &mut model.screen
        && let StepState::Fill(form) = &mut wizard.state
    {
        form.focus = 1;
    }
    model
}

/// Every state by name.
pub fn all() -> Vec<(&'static str, Model)> {
    let asking = Activation::Asking { ticket: Ticket(1), attempt: 1, of: 4 };
    let missing = vec!["user:read:list_users:admin".to_owned()];
    let lagging = Activation::Lagging {
        ticket: Ticket(1),
        attempt: 2,
        of: 4,
        missing: missing.clone(),
        until: ago(-5),
    };
    let mut changed = read("servicenow-dex", "redirect-url");
    if let Screen::Wizard(wizard) = &mut changed.screen {
        let again = Done { at: now(), check_again: true, not_proved: false, unknown: Default::default() };
        wizard.setup.done.insert("redirect-url".to_owned(), again.clone());
        let not_proved =
            Done { at: now(), check_again: false, not_proved: true, unknown: Default::default() };
        wizard.setup.done.insert("credentials".to_owned(), not_proved);
        wizard.setup.done.insert("instance".to_owned(), again);
        wizard.setup.answers.remove(&FieldName::Instance);
    }
    let mut left_out = scopes(None);
    let mut listed = changed.clone();
    listed.overlay = Some(Overlay::Steps { selected: 3 });
    if let Screen::Wizard(wizard) = &mut left_out.screen {
        let few: Vec<String> = wizard.setup.scopes.iter().skip(5).cloned().collect();
        wizard.setup.scopes = few.into_iter().collect();
        wizard.setup.scopes_added = wizard.setup.scopes.clone();
    }
    let mut noticed = read("servicenow-dex", "redirect-url");
    let text = "Sent to the terminal's clipboard. If nothing arrives there, select the value with the mouse.";
    noticed.notice = Some(Notice { tone: Tone::Success, text: text.to_owned() });
    let mut empty = model();
    empty.library = Library { loaded: true, ..Library::default() };
    let mut reading = model();
    reading.library = Library::default();
    let mut gone = home();
    gone.screen = Screen::Connection { name: "DEX for Zoom".to_owned() };
    let mut handed = hand_over("servicenow-dex");
    if let Screen::Wizard(wizard) = &mut handed.screen {
        wizard.setup.decision = Some(GrantDecision::RevokeAndHandOver);
    }
    let removal =
        Overlay::ConfirmRemoval { setup: "servicenow-dex-1f3a".to_owned(), name: "DEX for Zoom".to_owned() };
    let selected = step("servicenow-dex", "credentials");
    let mut states = vec![
        ("scopes_required_left_out", left_out),
        ("steps_not_proved", listed),
        ("home", home()),
        ("home_empty", empty),
        ("home_reading", reading),
        ("read_needs", read("servicenow-dex", "needs")),
        ("read_create", read("servicenow-dex", "create-app")),
        ("copy_redirect", read("servicenow-dex", "redirect-url")),
        ("copy_changed", changed),
        ("copy_noticed", noticed),
        ("choose", choose()),
        ("fill_empty", fill("servicenow-dex", "instance", vec![("", Checked::Empty)])),
        ("fill_bad", instance_with_dot()),
        ("fill_secret", credentials()),
        (
            "fill_kept",
            fill("servicenow-dex", "credentials", vec![("", Checked::Empty), ("", Checked::Empty)]),
        ),
        ("scopes", scopes(None)),
        ("scopes_search", scopes(Some("meeting past"))),
        ("activate_ready", activate(Activation::Ready)),
        ("activate_asking", activate(asking)),
        ("activate_lagging", activate(lagging)),
        ("activate_failed", activate(Activation::Failed { verdict: super::proofs::not_activated(None) })),
        ("activate_granted", activate(Activation::Granted { missing: vec![], findings: vec![] })),
        ("activate_missing", activate(Activation::Granted { missing, findings: vec![] })),
        ("login_offer", authorize(AuthorizationPhase::Offer { selected: 0 })),
        ("login_offer_loopback", authorize(AuthorizationPhase::Offer { selected: 1 })),
        ("login_offer_pkce", offer_pkce()),
        ("login_offer_public", offer_public()),
        (
            "login_preparing",
            authorize(AuthorizationPhase::Preparing {
                ticket: Ticket(1),
                any_port: false,
                login: None,
                port: None,
                passed_over: Vec::new(),
                pending: None,
            }),
        ),
        ("login_waiting", waiting(Some(53682))),
        ("login_waiting_ssh", waiting_over_ssh()),
        ("login_waiting_receiver", waiting_for_paste()),
        ("login_waiting_receiver_ssh", receiver_over_ssh()),
        ("login_waiting_container", waiting_at(Remote::Container)),
        ("login_waiting_pod", waiting_at(Remote::Pod { name: "tools-7d9f".to_owned() })),
        ("login_waiting_wsl", waiting_at(Remote::Wsl)),
        ("login_waiting_no_display", waiting_at(Remote::NoDisplay { target: "admin@box".to_owned() })),
        ("login_waiting_passed_over", waiting_passed_over()),
        ("login_waiting_late", waiting_late()),
        ("login_waiting_no_port", waiting_without_a_port()),
        ("login_qr", waiting_qr()),
        ("login_pasting", pasting()),
        ("login_pasting_offer", pasting_offer()),
        ("login_over", authorize(AuthorizationPhase::Failed { problem: over() })),
        ("login_exchanging", authorize(AuthorizationPhase::Exchanging { ticket: Ticket(1), listener: None })),
        ("login_storing", authorize(AuthorizationPhase::Storing { ticket: Ticket(1), listener: None })),
        ("login_failed", authorize(AuthorizationPhase::Failed { problem: diagnosis() })),
        ("login_port_taken", authorize(AuthorizationPhase::PortTaken { problems: port_problems() })),
        (
            "login_one_port_taken",
            authorize(AuthorizationPhase::PortTaken { problems: port_problems()[..1].to_vec() }),
        ),
        (
            "login_not_stored",
            authorize(AuthorizationPhase::NotStored {
                message: "secrets.age: no space left on the device".to_owned(),
            }),
        ),
        ("login_granted", authorize(AuthorizationPhase::Granted)),
        ("login_skipped", authorize(AuthorizationPhase::Skipped)),
        ("verify_ready", verify(VerifyingPhase::Ready, vec![], None)),
        (
            "verify_running",
            verify(
                VerifyingPhase::Running { ticket: Ticket(1), stage: VerifyStage::Me },
                checks(false).into_iter().take(2).collect(),
                None,
            ),
        ),
        ("verify_failed", verify(VerifyingPhase::Finished, checks(true), Some(verification(true)))),
        ("verify_passed", verify(VerifyingPhase::Finished, checks(false), Some(verification(false)))),
        ("verify_nothing", verify_nothing()),
        ("login_other_port", waiting(Some(40_411))),
        (
            "verify_deciding",
            verify(VerifyingPhase::Deciding { selected: 0 }, checks(false), Some(verification(false))),
        ),
        (
            "verify_revoking",
            verify(VerifyingPhase::Revoking { ticket: Ticket(1) }, checks(false), Some(verification(false))),
        ),
        (
            "verify_revoke_failed",
            verify(
                VerifyingPhase::RevokeFailed { problem: diagnosis() },
                checks(false),
                Some(verification(false)),
            ),
        ),
        ("hand_over", handed),
        ("hand_over_s2s", hand_over("servicenow-external-content")),
        ("connection", gone),
        ("help_home", above(home(), Overlay::Help)),
        ("help_scopes", above(scopes(None), Overlay::Help)),
        ("document", above(read("servicenow-dex", "create-app"), Overlay::Document)),
        ("steps", above(read("servicenow-dex", "redirect-url"), Overlay::Steps { selected })),
        ("unlock_new", above(credentials(), unlock(true))),
        ("unlock_again", above(home(), unlock(false))),
        ("removal", above(home(), removal)),
    ];
    states.extend(super::proofs::all());
    states
}

fn choose() -> Model {
    let id = "celigo-oauth";
    let index = kind(id, |kind| matches!(kind, StepKind::Choose { .. }));
    on(wizard(id, index, StepState::Choose { selected: 1 }))
}

fn hand_over(id: &str) -> Model {
    on(wizard(id, kind(id, |kind| *kind == StepKind::HandOver), StepState::HandOver { selected: 0 }))
}

/// The receiver is to log in, so nothing could be asked.
fn verify_nothing() -> Model {
    let checks: Vec<Check> =
        checks(false).into_iter().filter(|check| check.outcome == Outcome::NotChecked).collect();
    let verification =
        Verification { checks: checks.clone(), account: None, granted: None, ..verification(false) };
    verify(VerifyingPhase::Finished, checks, Some(verification))
}
