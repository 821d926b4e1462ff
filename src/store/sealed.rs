//! The encrypted file: key path → value as JSON, sealed with `age` to one X25519 identity.
//!
//! The format is the public one of age-encryption.org/v1, so that nobody depends on this program to get at
//! their secrets: `age -d -i key.txt secrets.age`. Where the key is behind a passphrase, it is itself an age
//! file: `age -d key.age > key.txt`.

use super::backup;
use super::disk::{Disk, shown};
use crate::ports::StoreFailure;
use crate::secret::Secret;
use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, scrypt, x25519};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Version of the JSON inside the encrypted file.
const FORMAT: u32 = 1;

/// Largest scrypt work factor that is accepted from a file, as a power of two: 1 GiB of memory, some seconds.
/// Above what the `age` and `rage` tools choose, so that a key re-encrypted with them still opens.
pub const LARGEST_WORK_FACTOR: u8 = 20;

/// The text before every X25519 identity.
const IDENTITY_PREFIX: &str = "AGE-SECRET-KEY-1";

/// All secrets, by [`crate::setup::SecretKey::path`].
pub type SecretMap = BTreeMap<String, Secret>;

/// What is inside the encrypted file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Document {
    secrets: SecretMap,
    /// Fields that a newer zoom-setup has written beside the secrets, as the JSON text they came in: they may be
    /// secret, too.
    unknown: SecretMap,
}

/// Why an encrypted file does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenFailure {
    /// It is whole, and for another key or passphrase.
    WrongKey,
    /// A newer zoom-setup wrote it: in words.
    Newer(String),
    /// It is damaged or not ours: how.
    Damaged(String),
}

/// `secrets.age`, with the key that opens it.
pub struct SealedFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    identity: x25519::Identity,
    /// Where the key came from, for the messages: "the key in the keyring".
    key_name: String,
    /// Whether a copy is kept of what was written last.
    backed_up: bool,
    /// Head of the file that was read last, and what was in it.
    cache: RefCell<Option<(Vec<u8>, Document)>>,
}

impl SealedFile {
    /// Opens the file if there is one, which proves the key.
    ///
    /// # Errors
    /// The file is there and the key does not open it, or it cannot be understood.
    pub fn open(
        disk: Arc<dyn Disk>,
        path: PathBuf,
        identity: x25519::Identity,
        key_name: String,
        backed_up: bool,
    ) -> Result<Self, StoreFailure> {
        let file = Self { disk, path, identity, key_name, backed_up, cache: RefCell::new(None) };
        file.refresh()?;
        Ok(file)
    }

    /// One secret, as the file has it now: another process may have written since.
    pub fn read(&self, key: &str) -> Result<Option<Secret>, StoreFailure> {
        self.refresh()?;
        Ok(self.cache.borrow().as_ref().and_then(|(_, document)| document.secrets.get(key).cloned()))
    }

    /// The key that everything of this store is encrypted to.
    pub const fn identity(&self) -> &x25519::Identity {
        &self.identity
    }

    /// Where the key came from, for the messages.
    pub fn key_name(&self) -> &str {
        &self.key_name
    }

    /// Applies the changes to what the file has now, replaces it, and reads it back. The caller holds the
    /// lock between processes.
    pub fn write(&self, changes: Vec<(String, Option<Secret>)>) -> Result<(), StoreFailure> {
        self.refresh()?;
        let mut document = self.cache.borrow().as_ref().map(|(_, kept)| kept.clone()).unwrap_or_default();
        // A login that is pending is over in minutes; what is removed goes from the backup, too.
        let lasts = changes.iter().any(|(key, value)| value.is_none() || !is_pending(key));
        for (key, value) in changes {
            match value {
                Some(value) => document.secrets.insert(key, value),
                None => document.secrets.remove(&key),
            };
        }
        let sealed = seal(&document, &self.identity.to_public()).map_err(|error| self.failure(&error))?;
        // Opened before the old file goes: what cannot be read back must never replace what can.
        if open(&sealed, &self.identity).as_ref() != Ok(&document) {
            return Err(
                self.failure("what was encrypted does not decrypt to the same again; nothing was changed")
            );
        }
        *self.cache.borrow_mut() = None;
        if self.backed_up && lasts {
            backup::keep_copy(self.disk.as_ref(), &self.path, &sealed)?;
        }
        self.disk.replace(&self.path, &sealed)?;
        match self.disk.read(&self.path)? {
            Some(bytes) if bytes == sealed => {}
            Some(_) | None => {
                return Err(self.failure(
                    "what was written does not read back; the disk may be full or failing, do not rely on it",
                ));
            }
        }
        let head = self.disk.head(&self.path)?.unwrap_or_default();
        *self.cache.borrow_mut() = Some((head, document));
        Ok(())
    }

    fn refresh(&self) -> Result<(), StoreFailure> {
        let Some(head) = self.disk.head(&self.path)? else {
            *self.cache.borrow_mut() = None;
            return self.refuse_lost();
        };
        if self.cache.borrow().as_ref().is_some_and(|(known, _)| *known == head) {
            return Ok(());
        }
        // The file may be replaced between the two reads; the bytes that are decrypted decide.
        let Some(bytes) = self.disk.read(&self.path)? else {
            *self.cache.borrow_mut() = None;
            return Ok(());
        };
        let document = open(&bytes, &self.identity).map_err(|failure| {
            let backup = self.disk.read(&backup::of(&self.path)).ok().flatten();
            let judged = examine(&bytes, backup.as_deref(), &self.identity).err();
            self.unreadable(&bytes, backup.as_deref(), &judged.unwrap_or(failure))
        })?;
        let head = bytes.get(..head.len()).unwrap_or(&bytes).to_vec();
        *self.cache.borrow_mut() = Some((head, document));
        Ok(())
    }

    /// A file that is gone while its backup is there was not removed by this program.
    fn refuse_lost(&self) -> Result<(), StoreFailure> {
        let backup = backup::of(&self.path);
        if self.disk.head(&backup)?.is_none() {
            return Ok(());
        }
        Err(StoreFailure::Unreadable {
            message: format!(
                "{} is gone, and its backup is there. Bring it back with: zoom-setup store repair. Or move {} away to \
                 begin without its secrets",
                shown(&self.path),
                shown(&backup)
            ),
        })
    }

    fn unreadable(&self, bytes: &[u8], backup: Option<&[u8]>, failure: &OpenFailure) -> StoreFailure {
        let path = shown(&self.path);
        let message = match failure {
            OpenFailure::WrongKey => format!(
                "{path} was encrypted with another key than {}; it is left as it is. Bring back the key or the \
                 file that belongs to it, or move the file away to begin without its secrets",
                self.key_name
            ),
            OpenFailure::Newer(how) => format!("{path}: {how}; it is left as it is"),
            OpenFailure::Damaged(how) => {
                let read = salvage(bytes, &self.identity).len();
                let kept = backup.and_then(|bytes| open(bytes, &self.identity).ok());
                let kept = kept.map_or(0, |document| document.secrets.len());
                let advice = if read + kept == 0 {
                    let beside = if backup.is_some() {
                        "its backup is damaged, too"
                    } else {
                        "there is no backup beside it"
                    };
                    format!(
                        "Nothing in it can be read, and {beside}. Restore it from a backup of yours, or move it away to \
                         begin without its secrets"
                    )
                } else {
                    format!(
                        "Of its secrets {read} can still be read, and its backup holds {kept}. Bring them back with: \
                         zoom-setup store repair"
                    )
                };
                format!("{path} cannot be understood: {how}; it is left as it is. {advice}")
            }
        };
        StoreFailure::Unreadable { message }
    }

    fn failure(&self, what: &str) -> StoreFailure {
        StoreFailure::Io { message: format!("{}: {what}", shown(&self.path)) }
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SealedFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Encrypts the document. The errors hold none of its secrets.
fn seal(document: &Document, recipient: &x25519::Recipient) -> Result<Vec<u8>, String> {
    // Counted first, so that the buffer never moves and leaves a copy of the secrets behind.
    let mut length = Counter(0);
    serde_json::to_writer(&mut length, document).map_err(|_| "cannot be put into JSON".to_owned())?;
    let mut plain = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *plain, document).map_err(|_| "cannot be put into JSON".to_owned())?;
    age::encrypt(recipient, &plain).map_err(|error| format!("cannot be encrypted: {error}"))
}

/// Decrypts the document.
fn open(bytes: &[u8], identity: &x25519::Identity) -> Result<Document, OpenFailure> {
    let plain = decrypt(bytes, identity)?;
    // The texts of these errors may quote what they read; only the place is passed on.
    let place = |error: serde_json::Error| {
        OpenFailure::Damaged(format!(
            "inside, line {} column {}, it is not as written",
            error.line(),
            error.column()
        ))
    };
    let header: Header = serde_json::from_slice(&plain).map_err(place)?;
    if header.format != FORMAT {
        let how = super::records::other_format(header.format, FORMAT);
        return Err(if header.format > FORMAT { OpenFailure::Newer(how) } else { OpenFailure::Damaged(how) });
    }
    let mut document = Document::default();
    document.collect(&plain).map_err(place)?;
    Ok(document)
}

/// The secrets in these bytes. Damage at their beginning looks as if they were for another key; a key that opens their
/// backup is the right one.
pub fn examine(
    bytes: &[u8],
    backup: Option<&[u8]>,
    identity: &x25519::Identity,
) -> Result<SecretMap, OpenFailure> {
    match open(bytes, identity) {
        Err(OpenFailure::WrongKey) if backup.is_some_and(|backup| open(backup, identity).is_ok()) => {
            Err(OpenFailure::Damaged("it does not open with the key that opens its backup".to_owned()))
        }
        opened => opened.map(|document| document.secrets),
    }
}

/// The secrets that can be read of damaged bytes: what lies before the damage in chunks of 64 KiB, each of which
/// proves itself (age-encryption.org/v1, payload). A file that fits into one chunk is read whole or not at all.
pub fn salvage(bytes: &[u8], identity: &x25519::Identity) -> SecretMap {
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    // The failure is known already; what was read before it is what counts.
    let _ = decrypt_into(bytes, identity, &mut plain);
    let mut document = Document::default();
    let _ = document.collect(&plain);
    document.secrets
}

/// A new file with what can be read of a damaged one and what its backup holds. What is in both is taken from the
/// damaged file, which was written last and proves itself. Tokens in the backup stay there: they may be spent.
pub fn brought_back(
    damaged: &[u8],
    backup: Option<&[u8]>,
    identity: &x25519::Identity,
) -> Result<Vec<u8>, String> {
    let mut document = backup.and_then(|bytes| open(bytes, identity).ok()).unwrap_or_default();
    document.secrets.retain(|key, _| !key.ends_with("/tokens"));
    document.secrets.extend(salvage(damaged, identity));
    let sealed = seal(&document, &identity.to_public())?;
    if open(&sealed, identity).as_ref() == Ok(&document) {
        Ok(sealed)
    } else {
        Err("what was encrypted does not decrypt to the same again; nothing was changed".to_owned())
    }
}

/// The identity as one line: `AGE-SECRET-KEY-1…`.
pub fn identity_line(identity: &x25519::Identity) -> Secret {
    Secret::new(identity.to_string().expose_secret())
}

/// The identity file: what `age -i` takes.
pub fn identity_file(identity: &x25519::Identity) -> Secret {
    let text = identity.to_string();
    Secret::new(format!("# public key: {}\n{}\n", identity.to_public(), text.expose_secret()))
}

/// The identity in such a file, or in a keyring entry.
pub fn parse_identity(text: &Secret) -> Option<x25519::Identity> {
    text.expose().lines().map(str::trim).find(|line| line.starts_with(IDENTITY_PREFIX))?.parse().ok()
}

/// Encrypts the identity file with a passphrase; `work_factor` is the base-2 logarithm of scrypt's N.
pub fn seal_identity(
    identity: &x25519::Identity,
    passphrase: &Secret,
    work_factor: u8,
) -> Result<Vec<u8>, String> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
    recipient.set_work_factor(work_factor);
    age::encrypt(&recipient, identity_file(identity).expose().as_bytes())
        .map_err(|error| format!("the key cannot be encrypted: {error}"))
}

/// Decrypts an identity file with its passphrase.
pub fn open_identity(bytes: &[u8], passphrase: &Secret) -> Result<x25519::Identity, OpenFailure> {
    let mut key = scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
    key.set_max_work_factor(LARGEST_WORK_FACTOR);
    let plain = decrypt(bytes, &key)?;
    std::str::from_utf8(&plain)
        .ok()
        .and_then(|text| parse_identity(&Secret::new(text)))
        .ok_or_else(|| OpenFailure::Damaged("there is no age identity inside".to_owned()))
}

/// The plain text of an age file.
pub fn decrypt(bytes: &[u8], identity: &impl age::Identity) -> Result<Zeroizing<Vec<u8>>, OpenFailure> {
    // The plain text is shorter than the file, so the buffer never moves.
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    decrypt_into(bytes, identity, &mut plain)?;
    Ok(plain)
}

/// The same; what was read before a failure stays in the buffer.
fn decrypt_into(
    bytes: &[u8],
    identity: &impl age::Identity,
    plain: &mut Zeroizing<Vec<u8>>,
) -> Result<(), OpenFailure> {
    let damaged = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed => OpenFailure::WrongKey,
        DecryptError::ExcessiveWork { required, .. } => OpenFailure::Damaged(format!(
            "its scrypt work factor is {required}, the most is {LARGEST_WORK_FACTOR}"
        )),
        DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::KeyDecryptionFailed
        | DecryptError::UnknownFormat
        | DecryptError::Io(_)
        | _ => OpenFailure::Damaged("it is no age file, or it is cut off or damaged".to_owned()),
    };
    let decryptor = age::Decryptor::new_buffered(bytes).map_err(damaged)?;
    let mut reader = decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).map_err(damaged)?;
    reader.read_to_end(plain).map_err(|_| OpenFailure::Damaged("it is cut off or damaged".to_owned()))?;
    Ok(())
}

/// Whether this is the key of a login that is not over ([`crate::setup::SecretKey::SetupPending`]).
fn is_pending(key: &str) -> bool {
    key.starts_with("setup/") && key.ends_with("/pending")
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("format", &FORMAT)?;
        map.serialize_entry("secrets", &Exposed(&self.secrets))?;
        for (field, json) in &self.unknown {
            let json: &RawValue = serde_json::from_str(json.expose()).map_err(S::Error::custom)?;
            map.serialize_entry(field, json)?;
        }
        map.end()
    }
}

/// Secrets on their way into the encrypted file.
struct Exposed<'a>(&'a SecretMap);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value.expose())))
    }
}

impl Document {
    /// Takes up what the JSON text holds, up to where it ends or is not as written.
    fn collect(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let mut text = serde_json::Deserializer::from_slice(json);
        text.deserialize_map(Fields(self))?;
        text.end()
    }
}

struct Fields<'a>(&'a mut Document);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "format" => drop(map.next_value::<u32>()?),
                "secrets" => map.next_value_seed(Pairs(&mut self.0.secrets))?,
                _ => {
                    let json = map.next_value::<&RawValue>()?;
                    self.0.unknown.insert(field, Secret::new(json.get()));
                }
            }
        }
        Ok(())
    }
}

struct Pairs<'a>(&'a mut SecretMap);

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            self.0.insert(key, value.0);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Header {
    format: u32,
}

/// A secret on its way in. [`Secret`] itself is not deserializable, so that no readable file can hold one.
struct Value(Secret);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Value;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value(Secret::new(text)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Counts the bytes that would be written.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(pairs: &[(&str, &str)]) -> Document {
        let secrets = pairs.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect();
        Document { secrets, ..Document::default() }
    }

    #[test]
    fn an_identity_file_gives_its_identity_back() {
        let identity = x25519::Identity::generate();
        let back = parse_identity(&identity_file(&identity)).unwrap();
        assert_eq!(back.to_public().to_string(), identity.to_public().to_string());
        assert!(parse_identity(&Secret::new("AGE-SECRET-KEY-1NOTAKEY")).is_none());
        assert!(parse_identity(&Secret::new("")).is_none());
    }

    #[test]
    fn a_passphrase_opens_its_own_file_only() {
        let identity = x25519::Identity::generate();
        let sealed = seal_identity(&identity, &Secret::new("right"), 2).unwrap();
        let back = open_identity(&sealed, &Secret::new("right")).unwrap();
        assert_eq!(back.to_public().to_string(), identity.to_public().to_string());
        assert_eq!(open_identity(&sealed, &Secret::new("wrong")).err(), Some(OpenFailure::WrongKey));
        assert!(matches!(open_identity(b"hello", &Secret::new("right")), Err(OpenFailure::Damaged(_))));
    }

    #[test]
    fn a_newer_document_is_named_as_such() {
        let identity = x25519::Identity::generate();
        let bytes = age::encrypt(&identity.to_public(), br#"{"format":2,"secrets":{},"more":1}"#).unwrap();
        let Err(OpenFailure::Newer(how)) = open(&bytes, &identity) else { panic!("opened") };
        assert!(how.contains("newer") && how.contains("format 2"), "{how}");
    }

    #[test]
    fn an_error_never_quotes_the_plain_text() {
        let identity = x25519::Identity::generate();
        let bytes = age::encrypt(&identity.to_public(), br#"{"format":1,"secrets":"hunter2"}"#).unwrap();
        let Err(OpenFailure::Damaged(how)) = open(&bytes, &identity) else { panic!("opened") };
        assert!(!how.contains("hunter2"), "{how}");
    }

    #[test]
    fn another_key_and_a_cut_file_are_told_apart() {
        let identity = x25519::Identity::generate();
        let sealed = seal(&map(&[("a", "b")]), &identity.to_public()).unwrap();
        assert_eq!(open(&sealed, &x25519::Identity::generate()), Err(OpenFailure::WrongKey));
        for length in 0..sealed.len() {
            assert!(
                matches!(open(&sealed[..length], &identity), Err(OpenFailure::Damaged(_))),
                "cut to {length} bytes"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(pairs in prop::collection::btree_map(".{0,40}", ".{0,80}", 0..12)) {
            let identity = x25519::Identity::generate();
            let secrets: SecretMap =
                pairs.into_iter().map(|(key, value)| (key, Secret::new(value))).collect();
            let document = Document { secrets, ..Document::default() };
            let sealed = seal(&document, &identity.to_public()).unwrap();
            prop_assert_eq!(open(&sealed, &identity), Ok(document));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(open(&bytes, &x25519::Identity::generate()).is_err());
        }
    }
}
