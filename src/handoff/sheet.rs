//! What a sheet holds, gathered from a connection and its procedure.

use super::ownership;
use crate::procedure::{
    AppKind, CopySource, CopyValue, Correction, FieldName, Management, Name, Procedure, Receiver, ScopeNeed,
    Source, Template,
};
use crate::secret::{Fingerprint, Secret};
use crate::setup::compared;
use crate::setup::values::AnswerValues;
use crate::setup::{AccountFacts, Check, Connection, FORMAT, Outcome, Owner};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Both of Zoom's fields that must hold the redirect URL.
const ZOOM_REDIRECT_FIELDS: [&str; 2] = ["OAuth Redirect URL", "OAuth Allow Lists"];

/// A hand-over sheet. Values are exact; renderers make them safe for where they write.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sheet {
    /// Version of the JSON form.
    pub format: u32,
    /// Made against the embedded sandbox: nothing in it is good for a real Zoom.
    pub rehearsal: bool,
    pub title: String,
    /// Name of the connection.
    pub connection: String,
    pub created: Timestamp,
    /// Id of the procedure.
    pub procedure: String,
    pub procedure_title: String,
    pub source: Source,
    pub receiver: Receiver,
    pub owner: Owner,
    /// Who owns the refresh and what follows from it, in words.
    pub ownership: Vec<String>,
    pub form: ReceiverForm,
    pub app: AppFacts,
    pub scopes: ScopeFacts,
    /// When it was verified; `None`: never.
    pub verified_at: Option<Timestamp>,
    /// Whose token was used to verify.
    pub account: Option<AccountFacts>,
    pub checks: Vec<Check>,
    /// Where the document is wrong and what was used instead.
    pub corrections: Vec<Correction>,
    pub notes: Vec<String>,
    /// What nobody saw a real Zoom or the receiver do.
    pub not_tried: Vec<String>,
}

/// The receiver's form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReceiverForm {
    /// How to get there, a sentence each.
    pub path: Vec<String>,
    /// Field by field in the receiver's labels.
    pub fields: Vec<FormField>,
    pub last_button: String,
    /// What shows that it worked.
    pub success: String,
}

/// A field of the receiver's form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormField {
    pub label: String,
    #[serde(flatten)]
    pub value: SheetValue,
}

/// A value on the sheet.
#[derive(Clone, Debug, PartialEq)]
pub enum SheetValue {
    Plain(String),
    /// Depends on an answer that was not given.
    Unknown {
        waits_for: String,
    },
    /// `fingerprint` is `None` if no such secret is stored; `revealed` only if the caller gave it.
    Secret {
        fingerprint: Option<Fingerprint>,
        revealed: Option<Secret>,
    },
}

/// The Zoom app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AppFacts {
    pub name: Option<String>,
    pub kind: AppKind,
    /// How a General app is managed.
    pub management: Option<Management>,
    pub client_id: Option<String>,
    pub account_id: Option<String>,
    /// Secrets by name, in the order of a set-up.
    pub secrets: BTreeMap<FieldName, SheetValue>,
    /// General apps only.
    pub redirect: Option<Redirect>,
}

/// The redirect URL of a General app.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Redirect {
    /// `None` while the answer it depends on is not known.
    pub url: Option<String>,
    /// Zoom's fields that must hold the same bytes.
    pub zoom_fields: [&'static str; 2],
}

/// Scopes: chosen with reasons, and what a verification saw.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScopeFacts {
    pub chosen: Vec<ScopeNote>,
    /// Required by the procedure and not chosen.
    pub required_not_chosen: Vec<ScopeNote>,
    /// Whether granted scopes are known. If not, the three lists below are empty and say nothing.
    pub compared: bool,
    pub granted: Vec<String>,
    pub missing: Vec<String>,
    pub excess: Vec<String>,
}

/// A scope with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeNote {
    pub id: String,
    pub role: ScopeRole,
    pub reason: Option<String>,
}

/// Why a scope is among the chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeRole {
    Required,
    Optional,
    /// The procedure's alternative for apps made before granular scopes.
    Classic,
    /// The procedure does not name it; the admin added it.
    Added,
}

impl ScopeRole {
    /// For a reader.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Classic => "classic",
            Self::Added => "added by the admin",
        }
    }

    const fn of(need: ScopeNeed) -> Self {
        match need {
            ScopeNeed::Required => Self::Required,
            ScopeNeed::Optional => Self::Optional,
            ScopeNeed::Classic => Self::Classic,
        }
    }
}

/// Gathers the sheet of a connection. `secrets` holds those to reveal; with an empty map the sheet has
/// fingerprints only.
pub fn sheet(connection: &Connection, procedure: &Procedure, secrets: &BTreeMap<FieldName, Secret>) -> Sheet {
    let values = AnswerValues { answers: &connection.answers, procedure };
    let answer = |field| values.answer(field).map(str::to_owned);
    let render = |template: &Template| template.render_lossy(&values);
    let verification = connection.verification.as_ref();
    let compared = compared::checks(procedure, &values, &connection.secrets, &connection.compared);
    let handover = &procedure.handover;
    let secret_names: BTreeSet<FieldName> =
        connection.secrets.keys().chain(secrets.keys()).copied().filter(|name| name.is_secret()).collect();
    Sheet {
        format: FORMAT,
        rehearsal: connection.rehearsal,
        title: format!("Zoom for {}: {}", connection.receiver.label(), connection.name),
        connection: connection.name.clone(),
        created: connection.created,
        procedure: connection.procedure.clone(),
        procedure_title: procedure.title.clone(),
        source: procedure.source.clone(),
        receiver: connection.receiver,
        owner: connection.owner,
        ownership: ownership::sentences(connection, procedure),
        form: ReceiverForm {
            path: handover.path.iter().map(render).collect(),
            fields: handover
                .fields
                .iter()
                .map(|field| form_field(field, &values, connection, secrets))
                .collect(),
            last_button: handover.last_button.clone(),
            success: render(&handover.success),
        },
        app: AppFacts {
            name: answer(FieldName::AppName),
            kind: connection.app_kind,
            management: management(connection),
            client_id: answer(FieldName::ClientId),
            account_id: answer(FieldName::AccountId),
            secrets: secret_names
                .into_iter()
                .map(|name| (name, secret_value(name, connection, secrets)))
                .collect(),
            redirect: procedure
                .redirect
                .as_ref()
                .map(|_| Redirect { url: values.redirect_url(), zoom_fields: ZOOM_REDIRECT_FIELDS }),
        },
        scopes: scope_facts(connection, procedure),
        verified_at: verification.map(|done| done.at),
        account: verification.and_then(|done| done.account.clone()),
        checks: verification
            .map(|done| done.checks.clone())
            .unwrap_or_default()
            .into_iter()
            .chain(compared.iter().filter(|check| check.outcome != Outcome::NotChecked).cloned())
            .collect(),
        corrections: procedure.corrections.clone(),
        notes: handover
            .notes
            .iter()
            .map(render)
            .filter(|note| ownership::holds(note, connection.owner))
            .collect(),
        not_tried: not_tried(connection, procedure, &compared),
    }
}

fn management(connection: &Connection) -> Option<Management> {
    match connection.app_kind {
        AppKind::ServerToServer => None,
        AppKind::General => {
            let answer = connection.answers.get(&FieldName::Management)?;
            [Management::Admin, Management::User].into_iter().find(|known| known.as_str() == answer)
        }
    }
}

fn form_field(
    field: &CopyValue,
    values: &AnswerValues<'_>,
    connection: &Connection,
    secrets: &BTreeMap<FieldName, Secret>,
) -> FormField {
    let value = match &field.value {
        CopySource::Secret(name) => secret_value(*name, connection, secrets),
        CopySource::Template(template) => match template.render(values) {
            Some(text) => SheetValue::Plain(text),
            None => SheetValue::Unknown { waits_for: unknown_names(template, values) },
        },
    };
    FormField { label: field.label.clone(), value }
}

/// The names of a template that have no value, for a reader.
fn unknown_names(template: &Template, values: &AnswerValues<'_>) -> String {
    use crate::procedure::template::Values;
    let unknown: BTreeSet<Name> = template.names().filter(|name| values.value(*name).is_none()).collect();
    unknown.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

fn secret_value(
    name: FieldName,
    connection: &Connection,
    secrets: &BTreeMap<FieldName, Secret>,
) -> SheetValue {
    let revealed = secrets.get(&name).cloned();
    let fingerprint = match &revealed {
        Some(secret) => Some(secret.fingerprint()),
        None => connection.secrets.get(&name).cloned(),
    };
    SheetValue::Secret { fingerprint, revealed }
}

fn scope_facts(connection: &Connection, procedure: &Procedure) -> ScopeFacts {
    let note = |id: &str| {
        let known = procedure.scopes.iter().find(|scope| scope.id == id);
        ScopeNote {
            id: id.to_owned(),
            role: known.map_or(ScopeRole::Added, |scope| ScopeRole::of(scope.need)),
            reason: known.map(|scope| scope.reason.clone()),
        }
    };
    let mut chosen: Vec<ScopeNote> = connection.scopes.iter().map(|id| note(id)).collect();
    chosen.sort_by_key(|scope| scope.role);
    let required_not_chosen = procedure
        .scope_ids(ScopeNeed::Required)
        .into_iter()
        .filter(|id| !connection.scopes.contains(*id))
        .map(note)
        .collect();
    let verification = connection.verification.as_ref();
    let granted = verification.and_then(|done| done.granted.clone());
    let compared = granted.is_some();
    let seen = |list: fn(&crate::setup::Verification) -> &Vec<String>| {
        verification.filter(|_| compared).map(list).cloned().unwrap_or_default()
    };
    ScopeFacts {
        chosen,
        required_not_chosen,
        compared,
        missing: seen(|done| &done.missing),
        excess: seen(|done| &done.excess),
        granted: granted.unwrap_or_default(),
    }
}

fn not_tried(connection: &Connection, procedure: &Procedure, compared: &[Check]) -> Vec<String> {
    let receiver = connection.receiver.label();
    let mut lines = Vec::new();
    if connection.rehearsal {
        lines.push(
            "Everything: this was a rehearsal, and the embedded sandbox answered in Zoom's place.".to_owned(),
        );
    }
    match &connection.verification {
        None => lines.push("The connection was never verified by zoom-setup.".to_owned()),
        Some(verification) => {
            let open = verification.checks.iter().filter(|check| check.outcome == Outcome::NotChecked);
            lines.extend(open.map(|check| format!("{}: {}", check.title, check.detail)));
        }
    }
    let open = compared.iter().filter(|check| check.outcome == Outcome::NotChecked);
    lines.extend(open.map(|check| format!("{}: {}", check.title, check.detail)));
    lines.push(format!(
        "{receiver}'s own form and its last button, {}: zoom-setup cannot see them.",
        procedure.handover.last_button
    ));
    lines.extend(procedure.unverified.iter().cloned());
    lines
}
