//! A data directory with connections.

use crate::table::Failure;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;
use zoom_setup::check::{Entry, Status};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::ports::{Clock, Store};
use zoom_setup::procedure::{AppKind, FieldName, Receiver};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Connection, FORMAT, GrantRecord, Owner, SecretKey};
use zoom_setup::store::{FileStore, HistoryFile, StoreKind, StoreOptions};
use zoom_setup::system::SystemClock;

pub const PASSPHRASE: &str = "correct horse battery";
/// As many as the external content connector asks for.
pub const SCOPES: [&str; 17] = [
    "cloud_recording:read:list_user_recordings:admin",
    "meeting:read:list_meetings:admin",
    "meeting:read:list_past_instances:admin",
    "meeting:read:list_past_participants:admin",
    "meeting:read:meeting:admin",
    "meeting:read:participant:admin",
    "meeting:read:past_meeting:admin",
    "meeting:read:past_qa:admin",
    "meeting:read:summary:admin",
    "user:read:list_users:admin",
    "user:read:user:admin",
    "webinar:read:list_panelists:admin",
    "webinar:read:list_past_instances:admin",
    "webinar:read:list_past_participants:admin",
    "webinar:read:list_webinars:admin",
    "webinar:read:past_qa:admin",
    "webinar:read:webinar:admin",
];

/// A kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Account,
    /// Wizard-owned, its access token good for half an hour.
    Fresh,
    /// Wizard-owned, its access token over.
    Due,
    Receiver,
}

/// The directory.
pub struct Stage {
    directory: tempfile::TempDir,
    names: Vec<String>,
}

impl Stage {
    /// So many connections, the kinds in turn; each with an account and an app of its own.
    pub fn new(count: usize, kinds: &[Kind]) -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let mut stage = Self { directory, names: Vec::new() };
        let options = StoreOptions { data_dir: stage.data_dir(), kind: StoreKind::File };
        let mut store = FileStore::open(options).map_err(words)?;
        store.unlock(Some(&Secret::new(PASSPHRASE))).map_err(words)?;
        let now = SystemClock.now();
        let mut secrets = Vec::new();
        for (index, kind) in kinds.iter().cycle().take(count).enumerate() {
            let connection = connection(index, *kind, now);
            let name = connection.name.clone();
            let key = SecretKey::ConnectionField(name.clone(), FieldName::ClientSecret);
            secrets.push((key, Some(Secret::new("0123456789abcdefghijABCDEFGHIJxy"))));
            if matches!(kind, Kind::Fresh | Kind::Due) {
                let left = if *kind == Kind::Fresh { 1_800 } else { -60 };
                let tokens = StoredTokens {
                    access_token: Secret::new("token"),
                    refresh_token: Some(Secret::new("refresh")),
                    obtained_at: now - SignedDuration::from_hours(24),
                    expires_at: now + SignedDuration::from_secs(left),
                };
                secrets.push((SecretKey::ConnectionTokens(name.clone()), Some(tokens.to_secret())));
            }
            store.save_connection(&connection).map_err(words)?;
            stage.names.push(name);
        }
        store.write_secrets(secrets).map_err(words)?;
        Ok(stage)
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("zoom-setup")
    }

    /// So many checks of each, as earlier runs would have left them.
    pub fn remember(&self, times: i64) -> Result<(), Failure> {
        let file = HistoryFile::new(&self.data_dir());
        let now = SystemClock.now();
        for time in (1..=times).rev() {
            let entries: Vec<Entry> = self
                .names
                .iter()
                .map(|name| Entry {
                    connection: name.clone(),
                    at: now - SignedDuration::from_hours(time),
                    status: Status::Healthy,
                    findings: Vec::new(),
                    refreshed: false,
                    access_token_expires: None,
                    refresh_token_from: None,
                    missing: Vec::new(),
                    excess: Vec::new(),
                    granted: Some(SCOPES.map(str::to_owned).to_vec()),
                })
                .collect();
            file.append(&entries).map_err(words)?;
        }
        Ok(())
    }
}

fn words(failure: zoom_setup::ports::StoreFailure) -> Failure {
    format!("the store: {failure:?}").into()
}

fn connection(index: usize, kind: Kind, now: Timestamp) -> Connection {
    let app_kind = if kind == Kind::Account { AppKind::ServerToServer } else { AppKind::General };
    let (procedure, receiver) = match kind {
        Kind::Account => ("servicenow-external-content", Receiver::ServiceNow),
        Kind::Fresh | Kind::Due => ("celigo-oauth", Receiver::Celigo),
        Kind::Receiver => ("servicenow-dex", Receiver::ServiceNow),
    };
    let mut answers = BTreeMap::from([
        (FieldName::ClientId, format!("client{index:016}")),
        (FieldName::Instance, format!("dev{index:05}.service-now.com")),
        (FieldName::Region, "na".to_owned()),
    ]);
    if kind == Kind::Account {
        answers.insert(FieldName::AccountId, format!("account{index:015}"));
    }
    let secret = Secret::new("0123456789abcdefghijABCDEFGHIJxy").fingerprint();
    let owned = matches!(kind, Kind::Fresh | Kind::Due);
    Connection {
        format: FORMAT,
        name: format!("connection {index}"),
        procedure: procedure.to_owned(),
        receiver,
        app_kind,
        rehearsal: false,
        created: now,
        credentials_since: BTreeMap::new(),
        owner: if kind == Kind::Receiver { Owner::Receiver } else { Owner::Wizard },
        answers,
        secrets: BTreeMap::from([(FieldName::ClientSecret, secret)]),
        scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        grant: owned.then(|| GrantRecord {
            obtained_at: now,
            expires_at: now,
            scopes: Some(SCOPES.map(str::to_owned).to_vec()),
            api_url: None,
            refreshable: true,
            refreshed_at: None,
            unknown: Default::default(),
        }),
        verification: None,
        compared: BTreeMap::default(),
        unknown: Default::default(),
    }
}
