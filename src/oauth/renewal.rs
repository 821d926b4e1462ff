//! The record of a connection's tokens, with the mark of a refresh under way: the journal of rotation. Pure.
//!
//! Zoom spends a refresh token by being asked. So the mark is on disk before the request leaves, and the new pair
//! replaces pair and mark at once. A mark that is found when nobody holds the lock means that the end of that
//! refresh is not known: the token may be spent, and is never sent again.

use super::token::StoredTokens;
use crate::secret::Fingerprint;
use jiff::Timestamp;

/// The tokens of one connection as they are on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    pub tokens: StoredTokens,
    /// A refresh that was begun with the refresh token in here.
    pub refreshing: Option<Refreshing>,
}

/// A refresh that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshing {
    pub since: Timestamp,
    /// The refresh token that is spent by it.
    pub spends: Fingerprint,
}
