//! What belongs to the store by its records, and is nowhere: no repair brings it back.

use super::backup;
use super::health::{FoundKey, KeyPlace};
use super::sealed;
use super::tokens;
use super::{FileStore, Records};
use crate::ports::StoreFailure;
use crate::procedure::{AppKind, FieldName};
use crate::setup::{Owner, SecretKey};
use age::x25519::Identity;
use std::collections::BTreeSet;

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Something is encrypted, and its key is in no place where this kind of store keeps one.
    Key,
    /// A connection names a secret by its fingerprint, and the secrets do not have it.
    Secret { connection: String, field: FieldName },
    /// By the connection's record this program holds its login, and there are no tokens of it.
    Login { connection: String },
}

impl FileStore {
    /// What is gone, as far as it can be told with that key.
    pub(super) fn losses(&self, found: &FoundKey) -> Result<Vec<Loss>, StoreFailure> {
        let mut losses = Vec::new();
        // A keyring that cannot be asked may well have it.
        if found.place == KeyPlace::NotFound && found.problem.is_none() {
            losses.push(Loss::Key);
        }
        let Records::Files(records) = &self.records else { return Ok(losses) };
        let Some(held) = self.held(found.identity.as_ref()) else { return Ok(losses) };
        let (connections, _) = records.connections()?;
        for connection in connections {
            let name = &connection.name;
            for field in connection.secrets.keys() {
                if !held.contains(&SecretKey::ConnectionField(name.clone(), *field).path()) {
                    losses.push(Loss::Secret { connection: name.clone(), field: *field });
                }
            }
            let is_login = connection.owner == Owner::Wizard
                && connection.app_kind == AppKind::General
                && connection.grant.is_some();
            let key = SecretKey::ConnectionTokens(name.clone()).path();
            // An earlier version kept tokens among the other secrets.
            if is_login && !held.contains(&key) && !self.has_tokens(&key) {
                losses.push(Loss::Login { connection: name.clone() });
            }
        }
        Ok(losses)
    }

    /// Under what secrets can be read, now or after a repair. `None`: they cannot be looked at.
    fn held(&self, identity: Option<&Identity>) -> Option<BTreeSet<String>> {
        let path = &self.layout.secrets;
        let now = self.disk.read(path).ok()?;
        let kept = self.disk.read(&backup::of(path)).ok()?;
        if now.is_none() && kept.is_none() {
            return Some(BTreeSet::new());
        }
        let identity = identity?;
        if let Some(secrets) = now.as_deref().and_then(|bytes| sealed::examine(bytes, None, identity).ok()) {
            return Some(secrets.into_keys().collect());
        }
        let parts = [now, kept].into_iter().flatten();
        Some(parts.flat_map(|bytes| sealed::salvage(&bytes, identity).into_keys()).collect())
    }

    /// Whether there are tokens, in their own place or in one that took them when it did not. What cannot be read is
    /// told among the files.
    fn has_tokens(&self, key: &str) -> bool {
        let directory = &self.layout.tokens;
        let rescued = self.rescue_places.iter().map(|place| tokens::rescue_file(directory, place, key));
        std::iter::once(tokens::file_of(directory, key))
            .chain(rescued)
            .any(|path| path.try_exists().unwrap_or(true))
    }
}
