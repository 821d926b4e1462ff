//! Where the facts of the catalogue come from, and how far that can be trusted. The keys are those of its
//! `from` lines.

/// A source of facts about scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What was read, and of when.
    pub words: String,
    pub trust: Trust,
}

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// A page or document of Zoom, or an unchanged copy.
    Zoom,
    /// A specification of Zoom that it has replaced since.
    OldZoom,
    /// Somebody else, who cites Zoom.
    ThirdParty,
}

/// Zoom's table of granular scopes.
pub const GRANULAR_TABLE: &str = "zoom-granular-table";
/// Zoom's table of classic scopes.
pub const CLASSIC_TABLE: &str = "zoom-classic-table";
/// Zoom's table of the scopes that an app has for itself.
pub const APP_OWNED_TABLE: &str = "zoom-marketplace-table";
/// A list of scopes and functions by a third party.
pub const THIRD_PARTY_REGISTRY: &str = "noclick-registry";
/// An old specification of Zoom, in a published library.
pub const OLD_SPECIFICATION: &str = "crate-zoom-api";
/// Ending of the keys of Zoom's reference for primary (master) accounts.
pub const MASTER_REFERENCE: &str = "-ma";

/// The source of that key. `None`: a key of a newer list, which nobody has described here.
pub fn describe(key: &str) -> Option<Source> {
    let (words, trust) = match key {
        GRANULAR_TABLE => ("Zoom's page of granular scopes, as of February 2026", Trust::Zoom),
        CLASSIC_TABLE => ("Zoom's page of classic scopes, as of February 2026", Trust::Zoom),
        "zoom-app-manifests" => ("Zoom's example app manifests, July 2026", Trust::Zoom),
        APP_OWNED_TABLE => ("Zoom's page about app-owned scopes, July 2026", Trust::Zoom),
        "ballerina-meetings" => ("Zoom's specification of Meetings, June 2025", Trust::Zoom),
        OLD_SPECIFICATION => ("an older specification of Zoom, of unknown date", Trust::OldZoom),
        THIRD_PARTY_REGISTRY => {
            ("a third party's list, undated, which says it follows Zoom's", Trust::ThirdParty)
        }
        "page-morbit" => ("a third party's help page, March 2026", Trust::ThirdParty),
        "readme-kotlin-zoom-sdk" => {
            ("the description of a third party's library, undated", Trust::ThirdParty)
        }
        _ => return of_a_family(key),
    };
    Some(Source { words: words.to_owned(), trust })
}

/// Copies of Zoom's specifications, one a product.
fn of_a_family(key: &str) -> Option<Source> {
    let (product, date) =
        [("devdocs-", "February 2026"), ("renkei-", "August 2026"), ("apievangelist-", "July 2026")]
            .into_iter()
            .find_map(|(family, date)| Some((key.strip_prefix(family)?, date)))?;
    let (product, part) = match (product.strip_suffix("-events"), product.strip_suffix(MASTER_REFERENCE)) {
        (Some(product), _) => (product, " webhooks"),
        (None, Some(product)) => (product, " for primary accounts"),
        (None, None) => (product, ""),
    };
    let words = format!("Zoom's specification of {}{part}, {date}", product.replace('-', " "));
    Some(Source { words, trust: Trust::Zoom })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_words() {
        let words = |key: &str| describe(key).map(|source| source.words);
        assert_eq!(
            words("devdocs-team-chat-events").unwrap(),
            "Zoom's specification of team chat webhooks, February 2026"
        );
        assert_eq!(
            words("devdocs-users-ma").unwrap(),
            "Zoom's specification of users for primary accounts, February 2026"
        );
        assert_eq!(words("renkei-canvas").unwrap(), "Zoom's specification of canvas, August 2026");
        assert_eq!(describe("page-morbit").unwrap().trust, Trust::ThirdParty);
        assert_eq!(words("of-a-newer-list"), None);
    }
}
