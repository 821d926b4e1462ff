//! Proof Key for Code Exchange (RFC 7636) and the `state` value, from random bytes given as parameter.

use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A code verifier: 32 random bytes as 43 characters of base64url (RFC 7636 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier(Secret);

impl Verifier {
    /// Makes the verifier. The bytes must come from the operating system and be used for one login only.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The `S256` challenge that goes into the authorize URL.
    pub fn challenge(&self) -> String {
        challenge(&self.0)
    }

    /// The value that the token request carries as `code_verifier`.
    pub fn into_secret(self) -> Secret {
        self.0
    }
}

/// The `S256` challenge of a verifier: base64url of its SHA-256, without padding (RFC 7636 section 4.2).
pub fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

/// A `state` of 256 bits (RFC 6749 section 10.10 asks for a value that can't be guessed). Base64url, because
/// Zoom was seen to mangle a state that is not URL-safe.
pub fn state_from(bytes: &[u8; 32]) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // Rows P02, P07 of docs/callback-rows.md.
    #[test]
    fn challenge_is_that_of_rfc_7636_appendix_b() {
        let bytes = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = Verifier::from_bytes(&bytes);
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(verifier.into_secret().expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    proptest! {
        // Rows F22, P01, P07 of docs/callback-rows.md.
        #[test]
        fn verifier_state_and_challenge_are_url_safe_and_long_enough(bytes: [u8; 32]) {
            let verifier = Verifier::from_bytes(&bytes);
            let challenge = verifier.challenge();
            let state = state_from(&bytes);
            for text in [challenge.as_str(), verifier.into_secret().expose(), state.expose()] {
                prop_assert_eq!(text.len(), 43);
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            }
        }
    }
}
