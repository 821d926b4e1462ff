//! Zoom's OAuth scopes: what each unlocks, search over them, and required against granted.
//!
//! The catalogue is data (`assets/scopes.txt`, which says where it comes from). Zoom adds scopes, so an id
//! that is not in it is unknown and never invalid.

pub mod catalogue;
pub mod compare;
pub mod cover;
pub mod doubt;
pub mod explain;
pub mod granted;
mod pairs;
pub mod proof;
pub mod report;
pub mod review;
pub mod search;
pub mod source;
pub mod words;

pub use catalogue::{Catalogue, ScopeInfo, Style};
pub use compare::{KindFinding, KindProblem, ScopeDiff};
pub use cover::{Cover, CoverKind};
pub use search::SearchHit;

use serde::Serialize;

/// Whose data a scope reaches, by Zoom's scopes overview. Ordered by reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No suffix: the user's own data; user-managed apps.
    User,
    /// `:admin`: the account; admin-managed and Server-to-Server apps.
    Admin,
    /// `:master`: sub accounts; only for the owner of a primary account.
    Master,
}

impl Level {
    /// As in the catalogue: `user`, `admin`, `master`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::Master => "master",
        }
    }

    /// What the id says by itself. The word stands last, or third of four in some classic ids
    /// (`meeting_token:read:admin:local_recording`).
    pub fn by_shape(id: &str) -> Self {
        let has = |word: &str| id.split(':').skip(1).any(|segment| segment == word);
        if has("master") {
            Self::Master
        } else if has("admin") {
            Self::Admin
        } else {
            Self::User
        }
    }
}
