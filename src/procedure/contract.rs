//! Which scopes a procedure is about, and why: by its document, and by the receiver's own list of actions.

use super::Procedure;
use serde::{Deserialize, Serialize};

/// A scope with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeEntry {
    pub id: String,
    pub need: ScopeNeed,
    /// Why it is needed, or what it would allow.
    pub reason: String,
    /// The document's human label it stands behind, if the document has labels.
    pub label: Option<String>,
    /// Ids of the document's steps that ask for it, or for the label it stands behind.
    pub documented: Vec<String>,
}

/// Why a scope is in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeNeed {
    /// The documented job does not work without it. Pre-chosen.
    Required,
    /// Part of the document's wider labels, or of actions beyond the job. Not chosen.
    Optional,
    /// Classic id for an app made before granular scopes. Not chosen; an alternative to granular ones.
    Classic,
}

impl ScopeNeed {
    /// As in the file: `required`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Classic => "classic",
        }
    }
}

/// The receiver's own list of what it does, and with which scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionList {
    /// Who publishes it, and as what.
    pub source: String,
    pub actions: Vec<Action>,
}

/// One thing that the receiver can do with the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// As the receiver calls it: `End meeting`.
    pub name: String,
    /// The scope it needs, as the receiver says.
    pub scope: String,
    /// The scope that Zoom's own list has for it, where that is another one. Which of them is right at run
    /// time is not known.
    pub zoom: Option<String>,
    /// What Zoom says, where the two disagree.
    pub note: Option<String>,
}

/// A scope that the document names and that must not be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvoidedScope {
    pub id: String,
    /// Ids of the document's steps that name it.
    pub documented: Vec<String>,
    pub why: String,
}

impl Procedure {
    /// What the procedure says about a scope.
    pub fn scope(&self, id: &str) -> Option<&ScopeEntry> {
        self.scopes.iter().find(|scope| scope.id == id)
    }

    /// The receiver's actions that use a scope, by its own list or by Zoom's.
    pub fn actions_with<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Action> {
        let actions = self.actions.iter().flat_map(|list| &list.actions);
        actions.filter(move |action| action.scope == id || action.zoom.as_deref() == Some(id))
    }

    /// Why a scope must not be added, if the document names it without need.
    pub fn avoided(&self, id: &str) -> Option<&AvoidedScope> {
        self.avoid.iter().find(|avoided| avoided.id == id)
    }
}
