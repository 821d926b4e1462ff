//! Hand-over sheets and the listing of connections: what stands in them, and what never does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use zoom_setup::check::{Entry, FindingCode, History, Status};
use zoom_setup::cli::connections;
use zoom_setup::cli::connections::list::{KeptLogin, Surroundings};
use zoom_setup::cli::handoff::{SheetFormat, write_sheet};
use zoom_setup::handoff::{Sheet, sheet};
use zoom_setup::oauth::{Diagnosis, DiagnosisClass};
use zoom_setup::procedure::{
    AppKind, CopySource, CopyValue, Correction, FieldName, HandOver, Name, Piece, Procedure, Receiver,
    RedirectRule, ScopeEntry, ScopeNeed, Source, Template,
};
use zoom_setup::secret::Secret;
use zoom_setup::setup::compared::{Compared, ExactString};
use zoom_setup::setup::{AccountFacts, Check, Connection, FORMAT, GrantRecord, Outcome, Owner, Verification};

const CLIENT_SECRET: &str = "Vn3kQpXw71LrTzMb40YsHcGd82JfAeUo";
const SECRET_TOKEN: &str = "tok-9QmZr2LxW5";
const FORMATS: [SheetFormat; 3] = [SheetFormat::Markdown, SheetFormat::Json, SheetFormat::Env];

fn text(text: &str) -> Template {
    Template { pieces: vec![Piece::Text(text.to_owned())] }
}

fn name(name: Name) -> Template {
    Template { pieces: vec![Piece::Name(name)] }
}

fn field(label: &str, value: Template) -> CopyValue {
    CopyValue { label: label.to_owned(), value: CopySource::Template(value) }
}

fn scope(id: &str, need: ScopeNeed, reason: &str) -> ScopeEntry {
    ScopeEntry { id: id.to_owned(), need, reason: reason.to_owned(), label: None, documented: Vec::new() }
}

fn procedure() -> Procedure {
    Procedure {
        id: "servicenow-omnichannel".to_owned(),
        title: "Zoom for Omnichannel Callback in ServiceNow".to_owned(),
        receiver: Receiver::ServiceNow,
        app_kind: AppKind::General,
        management: Vec::new(),
        source: Source {
            document: "Set up the Zoom spoke".to_owned(),
            publisher: "ServiceNow".to_owned(),
            release: Some("Zurich".to_owned()),
            updated: Some("2026-03-12".to_owned()),
        },
        minutes: 30,
        needs: Vec::new(),
        scopes: vec![
            scope("meeting:write:meeting:admin", ScopeNeed::Required, "creates the call-back meeting"),
            scope("user:read:user:admin", ScopeNeed::Required, "finds the host by e-mail"),
            scope("meeting:delete:meeting:admin", ScopeNeed::Required, "removes a cancelled meeting"),
            scope("report:read:list_meeting_participants:admin", ScopeNeed::Optional, "lists participants"),
        ],
        actions: None,
        avoid: Vec::new(),
        redirect: Some(RedirectRule::ServiceNowInstance),
        steps: Vec::new(),
        corrections: vec![Correction {
            documented: "https://<instance name>.com/oauth_redirect.do".to_owned(),
            used: "https://<instance>.service-now.com/oauth_redirect.do".to_owned(),
            why: "The document leaves out service-now; Zoom then answers 4,700.".to_owned(),
        }],
        omissions: Vec::new(),
        unverified: vec!["Whether the spoke retries after a rate limit.".to_owned()],
        handover: HandOver {
            path: vec![
                Template {
                    pieces: vec![
                        Piece::Text("Open ".to_owned()),
                        Piece::Label("Process Automation > Workflow Studio".to_owned()),
                        Piece::Text(" on ".to_owned()),
                        Piece::Name(Name::ReceiverUrl),
                        Piece::Text(".".to_owned()),
                    ],
                },
                text("On the Zoom card, select Configure."),
            ],
            fields: vec![
                field("Connection Name", name(Name::Field(FieldName::ConnectionName))),
                field("Connection URL", text("https://api.zoom.us")),
                field("OAuth Client ID", name(Name::Field(FieldName::ClientId))),
                CopyValue {
                    label: "OAuth Client Secret".to_owned(),
                    value: CopySource::Secret(FieldName::ClientSecret),
                },
                field("OAuth Redirect URL", name(Name::RedirectUrl)),
                field("Company", name(Name::Field(FieldName::Company))),
            ],
            last_button: "Configure and Get OAuth Token".to_owned(),
            success: text("A message says that the token is available."),
            notes: vec![text("Repeat this when the scopes of the app change.")],
        },
    }
}

fn check(code: &str, title: &str, outcome: Outcome, detail: &str, next: Option<&str>) -> Check {
    Check {
        code: code.to_owned(),
        title: title.to_owned(),
        outcome,
        detail: detail.to_owned(),
        next: next.map(str::to_owned),
        diagnosis: None,
        unknown: Default::default(),
    }
}

fn connection() -> Connection {
    let mut scopes_check = check(
        "scopes",
        "Scopes",
        Outcome::Fail,
        "1 chosen scope is not granted",
        Some("Add it in Zoom, then authorize again."),
    );
    scopes_check.diagnosis = Some(Diagnosis {
        code: "missing-scope".to_owned(),
        heading: "A scope is missing".to_owned(),
        cause: "It was not added to the app.".to_owned(),
        next: "Add it.".to_owned(),
        zoom: Some(
            "400 4711: Invalid access token, does not contain scopes:[user:read:user:admin].".to_owned(),
        ),
        class: DiagnosisClass::CheckFailed,
        retry: false,
    });
    let answers = [
        (FieldName::AppName, "Acme call-back"),
        (FieldName::Instance, "dev12345.service-now.com"),
        (FieldName::Management, "admin"),
        (FieldName::ClientId, "aB3dE5gH7jK9mN1pQ3sT5w"),
        (FieldName::ConnectionName, "acme-zoom"),
    ];
    let secrets = [(FieldName::ClientSecret, CLIENT_SECRET), (FieldName::SecretToken, SECRET_TOKEN)];
    Connection {
        format: FORMAT,
        name: "acme-zoom".to_owned(),
        procedure: "servicenow-omnichannel".to_owned(),
        receiver: Receiver::ServiceNow,
        app_kind: AppKind::General,
        rehearsal: false,
        created: "2026-11-20T09:30:00Z".parse().unwrap(),
        owner: Owner::Receiver,
        answers: answers.map(|(field, value)| (field, value.to_owned())).into(),
        secrets: secrets.map(|(field, value)| (field, Secret::new(value).fingerprint())).into(),
        scopes: ["meeting:write:meeting:admin", "user:read:user:admin", "user:read:list_users:admin"]
            .map(str::to_owned)
            .into(),
        grant: None,
        verification: Some(Verification {
            at: "2026-11-20T09:28:10Z".parse().unwrap(),
            checks: vec![
                check("token", "Token", Outcome::Pass, "issued for 3599 s", None),
                check("app-kind", "App kind", Outcome::Warning, "one scope is user level", None),
                scopes_check,
                check("refresh", "Refresh", Outcome::NotChecked, "the receiver owns the refresh", None),
            ],
            account: Some(AccountFacts {
                account_id: Some("Xy7abcDEFghiJKLmnoPQRs".to_owned()),
                user_id: Some("u-1".to_owned()),
                email: Some("admin@example.com".to_owned()),
                name: Some("Admin | of `acme`".to_owned()),
                unknown: Default::default(),
            }),
            granted: Some(
                ["meeting:write:meeting:admin", "user:read:list_users:admin", "zra:read:team_list:admin"]
                    .map(str::to_owned)
                    .into(),
            ),
            missing: vec!["user:read:user:admin".to_owned()],
            excess: vec!["zra:read:team_list:admin".to_owned()],
            unknown: Default::default(),
        }),
        credentials_since: BTreeMap::new(),
        compared: [(ExactString::ZoomRedirect, true), (ExactString::ZoomAllowList, false)]
            .map(|(string, same)| {
                let expected =
                    Secret::new("https://dev12345.service-now.com/oauth_redirect.do").fingerprint();
                (
                    string,
                    Compared {
                        at: "2026-11-20T09:20:00Z".parse().unwrap(),
                        same,
                        expected,
                        unknown: Default::default(),
                    },
                )
            })
            .into(),
        unknown: Default::default(),
    }
}

fn revealing() -> BTreeMap<FieldName, Secret> {
    BTreeMap::from([
        (FieldName::ClientSecret, Secret::new(CLIENT_SECRET)),
        (FieldName::SecretToken, Secret::new(SECRET_TOKEN)),
    ])
}

fn written(sheet: &Sheet, format: SheetFormat) -> String {
    let mut out = Vec::new();
    write_sheet(sheet, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn markdown() {
    insta::assert_snapshot!(written(
        &sheet(&connection(), &procedure(), &BTreeMap::new()),
        SheetFormat::Markdown
    ));
}

#[test]
fn json() {
    insta::assert_snapshot!(written(
        &sheet(&connection(), &procedure(), &BTreeMap::new()),
        SheetFormat::Json
    ));
}

#[test]
fn env() {
    insta::assert_snapshot!(written(&sheet(&connection(), &procedure(), &BTreeMap::new()), SheetFormat::Env));
}

#[test]
fn env_revealed() {
    insta::assert_snapshot!(written(&sheet(&connection(), &procedure(), &revealing()), SheetFormat::Env));
}

#[test]
fn secrets_stand_in_a_sheet_only_when_they_are_given() {
    let hidden = sheet(&connection(), &procedure(), &BTreeMap::new());
    let shown = sheet(&connection(), &procedure(), &revealing());
    for format in FORMATS {
        for secret in [CLIENT_SECRET, SECRET_TOKEN] {
            assert!(!written(&hidden, format).contains(secret), "{format:?}");
            assert!(written(&shown, format).contains(secret), "{format:?}");
            // Not even a part that would narrow a guess.
            let pieces = secret.as_bytes().windows(6);
            for piece in pieces.map(|piece| std::str::from_utf8(piece).unwrap()) {
                assert!(!written(&hidden, format).contains(piece), "{format:?}: {piece}");
            }
        }
        assert!(written(&hidden, format).contains(&Secret::new(CLIENT_SECRET).fingerprint().sha256));
    }
    assert!(!format!("{shown:?}").contains(CLIENT_SECRET));
}

#[test]
fn a_rehearsal_says_so_in_every_format() {
    let rehearsed = Connection { rehearsal: true, ..connection() };
    let rehearsed = sheet(&rehearsed, &procedure(), &BTreeMap::new());
    assert!(written(&rehearsed, SheetFormat::Markdown).contains("**REHEARSAL.**"));
    let json: serde_json::Value = serde_json::from_str(&written(&rehearsed, SheetFormat::Json)).unwrap();
    assert_eq!(json["rehearsal"], true);
    let env = written(&rehearsed, SheetFormat::Env);
    assert!(env.contains("# REHEARSAL") && env.contains("\nZOOM_REHEARSAL=1\n"), "{env}");
    for format in FORMATS {
        let real = sheet(&connection(), &procedure(), &BTreeMap::new());
        assert!(!written(&real, format).contains("REHEARSAL"), "{format:?}");
    }
}

#[test]
fn json_carries_the_contract() {
    let json: serde_json::Value = serde_json::from_str(&written(
        &sheet(&connection(), &procedure(), &BTreeMap::new()),
        SheetFormat::Json,
    ))
    .unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["rehearsal"], false);
    assert_eq!(json["app"]["kind"], "general");
    assert_eq!(json["app"]["redirect"]["url"], "https://dev12345.service-now.com/oauth_redirect.do");
    let secret = &json["form"]["fields"][3];
    assert_eq!(secret["label"], "OAuth Client Secret");
    assert_eq!((&secret["secret"], &secret["value"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(secret["fingerprint"]["length"], 32);
    assert_eq!(json["scopes"]["required_not_chosen"][0]["id"], "meeting:delete:meeting:admin");
    keys_are_snake_case(&json);
}

fn keys_are_snake_case(value: &serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                assert!(
                    key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                    "{key}"
                );
                keys_are_snake_case(value);
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(keys_are_snake_case),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[test]
fn without_a_verification_nothing_is_claimed() {
    let bare = Connection { verification: None, compared: BTreeMap::new(), ..connection() };
    let bare = sheet(&bare, &procedure(), &BTreeMap::new());
    assert!(!bare.scopes.compared && bare.checks.is_empty());
    let markdown = written(&bare, SheetFormat::Markdown);
    assert!(markdown.contains("never verified"), "{markdown}");
    assert!(!markdown.contains("PASS"), "{markdown}");
    assert!(markdown.contains("Which scopes Zoom granted is not known."), "{markdown}");
}

#[test]
fn every_owner_has_its_law() {
    let words = |kind, owner| {
        let connection = Connection { app_kind: kind, owner, ..connection() };
        sheet(&connection, &procedure(), &BTreeMap::new()).ownership.join("\n")
    };
    let receiver = words(AppKind::General, Owner::Receiver);
    assert!(
        receiver.contains("ServiceNow owns the refresh") && receiver.contains("Authorize ServiceNow last")
    );
    let wizard = words(AppKind::General, Owner::Wizard);
    assert!(
        wizard.contains("zoom-setup owns the refresh") && wizard.contains("Configure and Get OAuth Token")
    );
    assert!(words(AppKind::ServerToServer, Owner::Receiver).contains("no refresh token"));
}

/// Text that tries to leave its place in each of the formats.
const HOSTILE: &str =
    "x`y``z|\n# Heading\nZOOM_EVIL=1\n</a><script>$(touch pwned)`id`'; false\u{1b}[2J\u{9b}2J\u{202e}";

#[test]
fn hostile_text_stays_in_its_place() {
    let mut connection = connection();
    connection.name = HOSTILE.to_owned();
    for field in [FieldName::AppName, FieldName::ConnectionName, FieldName::ClientId, FieldName::AccountId] {
        connection.answers.insert(field, HOSTILE.to_owned());
    }
    connection.scopes = BTreeSet::from([HOSTILE.to_owned()]);
    let verification = connection.verification.as_mut().unwrap();
    verification.missing = vec![HOSTILE.to_owned()];
    verification.checks = vec![check("token", HOSTILE, Outcome::Pass, HOSTILE, Some(HOSTILE))];
    verification.account.as_mut().unwrap().name = Some(HOSTILE.to_owned());
    let hostile = sheet(&connection, &procedure(), &BTreeMap::new());

    for format in FORMATS {
        let text = written(&hostile, format);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{format:?}");
        assert!(!text.contains('\u{202e}'), "{format:?}");
    }
    let markdown = written(&hostile, SheetFormat::Markdown);
    assert!(!markdown.lines().any(|line| line.starts_with("# Heading") || line.starts_with("ZOOM_EVIL")));
    // Where it is prose the opening bracket is escaped, which is enough for there to be no tag; elsewhere it is
    // inside a fence of three backticks.
    for line in markdown.lines().filter(|line| line.contains("<script>")) {
        assert!(line.contains("```") || line.contains("\\<script>"), "{line}");
    }
    let env = written(&hostile, SheetFormat::Env);
    for line in env.lines() {
        assert!(line.starts_with('#') || line.starts_with("ZOOM_"), "{line}");
        assert!(!line.starts_with("ZOOM_EVIL"), "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(&written(&hostile, SheetFormat::Json)).unwrap();
    assert_eq!(json["connection"], HOSTILE);
}

/// A real shell reads the variables back and runs nothing.
#[cfg(unix)]
#[test]
fn a_shell_reads_the_variables_back() {
    let mut connection = connection();
    let odd = "a b'c\"d$(exit 7)`exit 8`\\ $HOME ; exit 9 | & # e";
    connection.answers.insert(FieldName::AppName, odd.to_owned());
    let secret = "two\nlines'$(exit 7)";
    let revealed = BTreeMap::from([(FieldName::ClientSecret, Secret::new(secret))]);
    let env = written(&sheet(&connection, &procedure(), &revealed), SheetFormat::Env);
    let script = format!("{env}\nprintf '%s\\0' \"$ZOOM_APP_NAME\" \"$ZOOM_CLIENT_SECRET\" \"$ZOOM_SCOPES\"");
    let output = std::process::Command::new("sh").arg("-eu").arg("-c").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let values: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().split_terminator('\0').collect();
    let scopes = "meeting:write:meeting:admin user:read:user:admin user:read:list_users:admin";
    assert_eq!(values[..2], [odd, secret]);
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(words(values[2]), words(scopes));
}

fn now() -> jiff::Timestamp {
    "2026-12-24T09:30:00Z".parse().unwrap()
}

/// One connection was checked since.
fn checked() -> History {
    let mut history = History::default();
    history.add(Entry {
        connection: "acme-server".to_owned(),
        at: "2026-12-23T20:30:00Z".parse().unwrap(),
        status: Status::Unhealthy,
        findings: vec![FindingCode::CredentialsRefused],
        refreshed: false,
        access_token_expires: None,
        refresh_token_from: None,
        missing: Vec::new(),
        excess: Vec::new(),
        granted: None,
    });
    history
}

fn listed(connections: &[Connection], json: bool) -> String {
    let mut out = Vec::new();
    let known = Surroundings { history: &checked(), now: now() };
    connections::list::list(connections, known, json, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn several() -> Vec<Connection> {
    let wide = Connection {
        name: "zoom-会議室-とても長い名前の接続".to_owned(),
        rehearsal: true,
        owner: Owner::Wizard,
        grant: Some(GrantRecord {
            obtained_at: "2026-11-20T09:28:10Z".parse().unwrap(),
            expires_at: "2026-11-20T10:28:09Z".parse().unwrap(),
            scopes: None,
            api_url: None,
            refreshable: true,
            refreshed_at: None,
            unknown: Default::default(),
        }),
        ..connection()
    };
    let server = Connection {
        name: "acme-server".to_owned(),
        procedure: "servicenow-external-content".to_owned(),
        app_kind: AppKind::ServerToServer,
        verification: None,
        ..connection()
    };
    vec![connection(), wide, server]
}

#[test]
fn connections_list() {
    insta::assert_snapshot!(listed(&several(), false));
    assert_eq!(listed(&[], false), "No stored connections. Make one with: zoom-setup new\n");
}

#[test]
fn connections_list_json() {
    let json: serde_json::Value = serde_json::from_str(&listed(&several(), true)).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["connections"][0]["outcome"], "fail");
    assert_eq!(json["connections"][2]["outcome"], "not_checked");
    assert_eq!(json["connections"][2]["verified_at"], serde_json::Value::Null);
    keys_are_snake_case(&json);
    let empty: serde_json::Value = serde_json::from_str(&listed(&[], true)).unwrap();
    assert_eq!(empty["connections"], serde_json::json!([]));
}

#[test]
fn connections_show() {
    let mut out = Vec::new();
    let known = Surroundings { history: &checked(), now: now() };
    let procedure = procedure();
    let shown = (&connection(), Some(&procedure));
    connections::list::show(shown, known, &KeptLogin::None, false, &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn connections_show_json_and_no_secret() {
    for procedure in [Some(procedure()), None] {
        let mut out = Vec::new();
        let known = Surroundings { history: &checked(), now: now() };
        let shown = (&connection(), procedure.as_ref());
        connections::list::show(shown, known, &KeptLogin::None, true, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&json["format"], &json["name"]), (&1.into(), &"acme-zoom".into()));
        let url = procedure.map(|_| "https://dev12345.service-now.com/oauth_redirect.do");
        assert_eq!(json["redirect_url"], serde_json::json!(url));
        keys_are_snake_case(&json);
    }
}

#[test]
fn people_get_lines_that_fit() {
    use unicode_width::UnicodeWidthStr;
    let mut text = listed(&several(), false);
    for connection in several() {
        let mut out = Vec::new();
        let known = Surroundings { history: &checked(), now: now() };
        let shown = (&connection, Some(&procedure()));
        connections::list::show(shown, known, &KeptLogin::None, false, &mut out).unwrap();
        text.push_str(&String::from_utf8(out).unwrap());
    }
    for line in text.lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
    }
}
