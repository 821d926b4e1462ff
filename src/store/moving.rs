//! Moving the key between the keyring and a passphrase.
//!
//! The key itself stays, and with it every encrypted file: only the place of the key changes. The new place is proved,
//! by opening every secret through it, before the old one is emptied. Until then the old one opens everything; from
//! then on both do; so a kill at any step leaves a store that opens.

use super::backup;
use super::disk::{self, shown};
use super::health::{FileState, KeyPlace, Opened};
use super::keyring::KeyringProblem;
use super::sealed::{self, SecretMap};
use super::{FileStore, StoreKind};
use crate::ports::StoreFailure;
use crate::secret::{Secret, passphrase_fault};
use age::x25519::Identity;
use std::path::Path;

/// Where the key is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPlace {
    Keyring,
    /// Behind this passphrase.
    Passphrase(Secret),
}

/// What a move did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: KeyPlace,
    pub to: KeyPlace,
    /// How many secrets were opened through the new place before the old one was emptied.
    pub secrets: usize,
    /// How many files of tokens were.
    pub tokens: usize,
}

/// What the key opens. Tokens may rotate meanwhile, so that they are opened and counted only.
struct Content {
    secrets: SecretMap,
    tokens: usize,
}

impl FileStore {
    /// Where the key is now, as far as can be seen.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn key_place(&self, passphrase: Option<&Secret>) -> Result<KeyPlace, StoreFailure> {
        self.find_key(passphrase).map(|found| found.place)
    }

    /// What a passphrase costs ([`super::StoreLimits::passphrase_cost`]).
    pub fn passphrase_cost(&self) -> String {
        self.limits.passphrase_cost()
    }

    /// Moves the key, or puts it behind another passphrase. `passphrase` opens the old place, where it needs one.
    ///
    /// # Errors
    /// Nothing can be moved here, a file is damaged, the new place does not keep the key, or the old one cannot be
    /// opened. The old place counts until everything was opened through the new one.
    pub fn move_key(&self, to: &NewPlace, passphrase: Option<&Secret>) -> Result<Moved, StoreFailure> {
        match self.kind {
            StoreKind::Memory => {
                return Err(refused("--store memory keeps nothing, so there is no key to move"));
            }
            StoreKind::Rehearsal => {
                return Err(refused(
                    "the key of a rehearsal lies in the open, since nothing in it is real; there is nothing to move",
                ));
            }
            StoreKind::Auto | StoreKind::Keyring | StoreKind::File => {}
        }
        if !self.layout.data_dir.is_dir() {
            return Err(nothing_yet());
        }
        let _lock = disk::lock(&self.layout.lock, self.limits.lock_wait)?;
        let found = self.find_key(passphrase)?;
        let Some(identity) = found.identity else {
            return Err(match found.opened {
                Opened::NeedsPassphrase => {
                    StoreFailure::NeedsPassphrase { new: false, why: "the key is behind it now".to_owned() }
                }
                Opened::WrongPassphrase => StoreFailure::WrongPassphrase,
                Opened::No(why) => StoreFailure::Unreadable { message: format!("{why}. Nothing was moved") },
                Opened::Yes | Opened::Nothing => nothing_yet(),
            });
        };
        self.refuse_damaged(passphrase)?;
        let content = self.content(&identity)?;
        match to {
            NewPlace::Keyring => self.to_keyring(&identity, &content)?,
            NewPlace::Passphrase(chosen) => self.to_passphrase(&identity, chosen, &content)?,
        }
        let to = match to {
            NewPlace::Keyring => KeyPlace::Keyring,
            NewPlace::Passphrase(_) => KeyPlace::Passphrase,
        };
        Ok(Moved { from: found.place, to, secrets: content.secrets.len(), tokens: content.tokens })
    }

    fn to_keyring(&self, identity: &Identity, content: &Content) -> Result<(), StoreFailure> {
        let user = self.keyring_user()?;
        let text = sealed::identity_line(identity);
        match self.keyring.get(&user).map_err(|problem| unusable(&problem))? {
            Some(entry) if entry == text => {}
            Some(_) => {
                return Err(StoreFailure::Unreadable {
                    message: format!(
                        "the keyring has another key under {user:?} of {:?} already; it is left as it is. Remove it with \
                         the keyring's own program if nothing needs it, then try again",
                        super::SERVICE
                    ),
                });
            }
            None => {
                self.keyring.prove(&user).map_err(|problem| unusable(&problem))?;
                self.keyring.keep(&user, &text).map_err(|problem| unusable(&problem))?;
            }
        }
        let kept = self.keyring.get(&user).map_err(|problem| unusable(&problem))?;
        self.prove(kept.as_ref().and_then(sealed::parse_identity), content, "the keyring")?;
        // The backup first: with the key gone and its backup there, this would look like a loss.
        self.disk.remove(&backup::of(&self.layout.passphrase_key))?;
        self.disk.remove(&self.layout.passphrase_key)
    }

    fn to_passphrase(
        &self,
        identity: &Identity,
        chosen: &Secret,
        content: &Content,
    ) -> Result<(), StoreFailure> {
        if let Some(fault) = passphrase_fault(chosen) {
            return Err(refused(&fault));
        }
        let path = &self.layout.passphrase_key;
        let first = self.disk.head(path)?.is_none();
        let bytes = sealed::seal_identity(identity, chosen, self.limits.work_factor)
            .map_err(|message| StoreFailure::Io { message })?;
        let kept = backup::keep_copy(self.disk.as_ref(), path, &bytes)
            .and_then(|()| self.disk.replace(path, &bytes))
            .and_then(|()| {
                let written = self.disk.read(path)?.unwrap_or_default();
                self.prove(sealed::open_identity(&written, chosen).ok(), content, &shown(path))
            });
        if let Err(failure) = kept {
            if first {
                // The keyring counts again, as if nothing had been tried. Where this fails, too, the file opens or is
                // reported.
                let _ = self.disk.remove(&backup::of(path));
                let _ = self.disk.remove(path);
            }
            return Err(failure);
        }
        match self.kind {
            StoreKind::Auto | StoreKind::Keyring => self.empty_keyring(identity),
            StoreKind::File | StoreKind::Memory | StoreKind::Rehearsal => Ok(()),
        }
    }

    /// Removes the key from the keyring, if it is this one. A keyring that is not there holds nothing that counts: the
    /// passphrase does from now on.
    fn empty_keyring(&self, identity: &Identity) -> Result<(), StoreFailure> {
        let user = self.keyring_user()?;
        let gone = |problem: KeyringProblem| StoreFailure::Io {
            message: format!(
                "the key is behind the passphrase now, and its copy in the keyring could not be removed: {problem}. {} \
                 Then: zoom-setup store move --to file",
                problem.next()
            ),
        };
        match self.keyring.get(&user) {
            Ok(Some(entry)) if entry == sealed::identity_line(identity) => {}
            Ok(Some(_) | None) | Err(KeyringProblem::Missing { .. }) => return Ok(()),
            Err(problem) => return Err(gone(problem)),
        }
        self.keyring.delete(&user).map_err(gone)?;
        match self.keyring.get(&user) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(gone(KeyringProblem::Failed {
                said: "it said yes, and the entry is still there".to_owned(),
            })),
            Err(problem) => Err(gone(problem)),
        }
    }

    /// Whether the key from the new place opens everything that the old one did.
    fn prove(&self, identity: Option<Identity>, content: &Content, place: &str) -> Result<(), StoreFailure> {
        let opened = match identity {
            Some(identity) => Some(self.content(&identity)?),
            None => None,
        };
        if opened.is_some_and(|opened| opened.secrets == content.secrets) {
            Ok(())
        } else {
            Err(StoreFailure::Io {
                message: format!(
                    "what was put into {place} does not open the secrets; the old place still does"
                ),
            })
        }
    }

    fn content(&self, identity: &Identity) -> Result<Content, StoreFailure> {
        let unreadable = |path: &Path| StoreFailure::Unreadable {
            message: format!("{} does not open; look at it with: zoom-setup store", shown(path)),
        };
        let secrets = match self.disk.read(&self.layout.secrets)? {
            Some(bytes) => {
                sealed::examine(&bytes, None, identity).map_err(|_| unreadable(&self.layout.secrets))?
            }
            None => SecretMap::new(),
        };
        let mut tokens = 0;
        for path in self.token_files()? {
            // One that was removed since the directory was read holds nothing any more.
            if let Some(bytes) = self.disk.read(&path)? {
                sealed::decrypt(&bytes, identity).map_err(|_| unreadable(&path))?;
                tokens += 1;
            }
        }
        Ok(Content { secrets, tokens })
    }

    /// The key must open everything before it moves: what is damaged could not be told from what does not open.
    fn refuse_damaged(&self, passphrase: Option<&Secret>) -> Result<(), StoreFailure> {
        let damaged = self.sealed_files(passphrase)?.into_iter().find_map(|file| match file.state {
            FileState::Whole | FileState::NotOpened => None,
            FileState::Newer(how) | FileState::Damaged(how) => Some((file.path, how)),
            FileState::Gone => Some((file.path, "it is gone, and its backup is there".to_owned())),
        });
        match damaged {
            None => Ok(()),
            Some((path, how)) => Err(StoreFailure::Unreadable {
                message: format!("{}: {how}; nothing was moved. Look with: zoom-setup store", shown(&path)),
            }),
        }
    }
}

fn unusable(problem: &KeyringProblem) -> StoreFailure {
    StoreFailure::Io {
        message: format!("the keyring cannot be used: {problem}. {} Nothing was moved", problem.next()),
    }
}

fn nothing_yet() -> StoreFailure {
    refused(
        "no secret was stored here yet, so there is no key to move. Name the place when the first one is stored: --store keyring or --store file",
    )
}

fn refused(why: &str) -> StoreFailure {
    StoreFailure::Io { message: why.to_owned() }
}
