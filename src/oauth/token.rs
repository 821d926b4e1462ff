//! Placeholder until the zoom branch lands.

use crate::secret::Secret;
use jiff::Timestamp;

/// Tokens as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTokens {
    pub access_token: Secret,
    pub refresh_token: Option<Secret>,
    pub obtained_at: Timestamp,
    pub expires_at: Timestamp,
}
