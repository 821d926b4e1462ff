//! A file that leaves this machine, encrypted behind a passphrase: the public `age` tool opens it.

use super::sealed::{LARGEST_WORK_FACTOR, OpenFailure, decrypt};
use crate::secret::Secret;
use age::scrypt;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

/// Base-2 logarithm of scrypt's N for a file that travels: 18, a second and 256 MiB, as the `age` tool takes.
const WORK_FACTOR: u8 = 18;
/// How an age file begins.
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// Whether the bytes are an age file.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Encrypts a text behind a passphrase.
///
/// # Errors
/// In words, without any of the text.
pub fn seal(text: &Secret, passphrase: &Secret) -> Result<Vec<u8>, String> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
    recipient.set_work_factor(WORK_FACTOR);
    age::encrypt(&recipient, text.expose().as_bytes())
        .map_err(|error| format!("it cannot be encrypted: {error}"))
}

/// Decrypts such a file.
///
/// # Errors
/// The passphrase is another; the file is damaged.
pub fn open(bytes: &[u8], passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, OpenFailure> {
    let mut key = scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
    key.set_max_work_factor(LARGEST_WORK_FACTOR);
    decrypt(bytes, &key)
}
