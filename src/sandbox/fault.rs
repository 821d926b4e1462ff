//! Faults by name: what can go wrong at Zoom, so that a rehearsal can show it.

use crate::procedure::AppKind;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A fault that the sandbox plays. Each strikes a few times ([`Fault::answers_struck`]) and then never again,
/// so that the remedy, or trying again, leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The token endpoint refuses a good pair of client id and secret.
    WrongSecret,
    /// The app counts as not activated (Server-to-Server) or disabled (General).
    NotActivated,
    /// A grant lacks one of the app's scopes.
    MissingScope,
    /// Token answers lack scopes that the app has; later answers have them.
    ScopeLag,
    /// The authorize page does not know the redirect URL.
    RedirectMismatch,
    /// The consent is declined.
    Deny,
    /// The authorization code counts as expired.
    ExpiredCode,
    /// The pair counts as that of an app of the other kind.
    WrongKind,
    /// The Account ID is refused.
    WrongAccount,
    /// The app is deactivated after its first token.
    Deactivated,
    /// The app is user-managed: its scopes lack `:admin`.
    UserManaged,
    /// The app holds a scope that reaches into sub accounts.
    MasterScope,
    /// The answer takes longer than a client waits.
    Slow,
    /// The rate limit is reached.
    RateLimit,
    /// The rate limit is reached, with seconds in Retry-After.
    RateLimitSeconds,
    /// The rate limit is reached, with an HTTP date in Retry-After.
    RateLimitDate,
    /// A proxy's login page in place of JSON.
    Html,
    /// The connection ends without an answer.
    Drop,
    /// A newer login of the same user and app has replaced the grant.
    Superseded,
    /// An administrator took the approval of the app away.
    DisabledByAdmin,
    /// The user that the token belongs to is gone.
    OwnerRemoved,
    /// The refresh token counts as too old.
    ExpiredRefresh,
    /// Zoom's clock is 45 seconds ahead.
    ClockSkew,
    /// A refresh rotates the pair, and its answer is lost.
    LostRefresh,
}

impl Fault {
    /// Every fault, in the order of a set-up.
    pub const ALL: [Self; 24] = [
        Self::WrongSecret,
        Self::NotActivated,
        Self::MissingScope,
        Self::ScopeLag,
        Self::RedirectMismatch,
        Self::Deny,
        Self::ExpiredCode,
        Self::WrongKind,
        Self::WrongAccount,
        Self::Deactivated,
        Self::UserManaged,
        Self::MasterScope,
        Self::Slow,
        Self::RateLimit,
        Self::RateLimitSeconds,
        Self::RateLimitDate,
        Self::Html,
        Self::Drop,
        Self::Superseded,
        Self::DisabledByAdmin,
        Self::OwnerRemoved,
        Self::ExpiredRefresh,
        Self::ClockSkew,
        Self::LostRefresh,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrongSecret => "wrong-secret",
            Self::NotActivated => "not-activated",
            Self::MissingScope => "missing-scope",
            Self::ScopeLag => "scope-lag",
            Self::RedirectMismatch => "redirect-mismatch",
            Self::Deny => "deny",
            Self::ExpiredCode => "expired-code",
            Self::WrongKind => "wrong-kind",
            Self::WrongAccount => "wrong-account",
            Self::Deactivated => "deactivated",
            Self::UserManaged => "user-managed",
            Self::MasterScope => "master-scope",
            Self::Slow => "slow",
            Self::RateLimit => "rate-limit",
            Self::Html => "html",
            Self::Drop => "drop",
            Self::Superseded => "superseded",
            Self::DisabledByAdmin => "disabled-by-admin",
            Self::OwnerRemoved => "owner-removed",
            Self::ExpiredRefresh => "expired-refresh",
            Self::ClockSkew => "clock-skew",
            Self::RateLimitSeconds => "rate-limit-seconds",
            Self::RateLimitDate => "rate-limit-date",
            Self::LostRefresh => "lost-refresh",
        }
    }

    /// What it does, in one line without a full stop.
    pub const fn description(self) -> &'static str {
        match self {
            Self::WrongSecret => "the first check of the client id and secret answers invalid_client",
            Self::NotActivated => "the first token call says that the app is disabled (4717)",
            Self::MissingScope => "the first grant lacks one of the app's scopes",
            Self::ScopeLag => "the first two token answers lack scopes that the app has",
            Self::RedirectMismatch => {
                "the first look at the login ends on Zoom's page `Invalid redirect` (4,700)"
            }
            Self::Deny => "the first login is declined on the consent page",
            Self::ExpiredCode => "the first authorization code is refused as expired (4733)",
            Self::WrongKind => "the first call is refused as that of an app of the other kind",
            Self::WrongAccount => "the first Account ID is refused with Bad Request",
            Self::Deactivated => "the app is deactivated after its first token, for one call",
            Self::UserManaged => "the first grant has the scopes of a user-managed app, without :admin",
            Self::MasterScope => "the first grant has a scope that reaches into sub accounts",
            Self::Slow => "the first answer takes longer than a client waits",
            Self::RateLimit => "the first call is refused with 429 and a date in Retry-After",
            Self::Html => "the first call is answered by the login page of a proxy",
            Self::Drop => "the first token call is cut off before its answer",
            Self::Superseded => {
                "the first refresh or read is refused, since a newer login replaced the grant (4741)"
            }
            Self::DisabledByAdmin => {
                "the first refresh or read is refused, since an admin took the approval away (4738)"
            }
            Self::OwnerRemoved => {
                "the first refresh or read is refused, since the user of the token is gone (4735)"
            }
            Self::ExpiredRefresh => {
                "the first refresh is refused as that of a token that is spent or too old"
            }
            Self::ClockSkew => {
                "the first token of a refresh or an account, or the first read, carries a date 45 s ahead"
            }
            Self::RateLimitSeconds => "the first call is refused with 429 and one second in Retry-After",
            Self::RateLimitDate => "the first call is refused with 429 and an HTTP date in Retry-After",
            Self::LostRefresh => "the first refresh rotates the tokens, and its answer is lost",
        }
    }

    /// Whether the fault shows while an app of this kind is set up. Server-to-Server has no login, so nothing of a
    /// login can fail; what befalls a grant later shows in a check.
    pub const fn applies_to(self, kind: AppKind) -> bool {
        match self {
            Self::RedirectMismatch
            | Self::Deny
            | Self::ExpiredCode
            | Self::Superseded
            | Self::DisabledByAdmin
            | Self::OwnerRemoved
            | Self::ExpiredRefresh
            | Self::ClockSkew
            | Self::LostRefresh => matches!(kind, AppKind::General),
            Self::WrongAccount | Self::Deactivated => matches!(kind, AppKind::ServerToServer),
            Self::WrongSecret
            | Self::NotActivated
            | Self::MissingScope
            | Self::ScopeLag
            | Self::WrongKind
            | Self::UserManaged
            | Self::MasterScope
            | Self::Slow
            | Self::RateLimit
            | Self::RateLimitSeconds
            | Self::RateLimitDate
            | Self::Html
            | Self::Drop => true,
        }
    }

    /// How many answers are struck when the fault is to strike `strikes` times: [`Fault::ScopeLag`] takes two
    /// answers a strike, since scopes that come in late are late more than once.
    pub const fn answers_struck(self, strikes: u32) -> u32 {
        match self {
            Self::ScopeLag => strikes.saturating_mul(2),
            Self::WrongSecret
            | Self::NotActivated
            | Self::MissingScope
            | Self::RedirectMismatch
            | Self::Deny
            | Self::ExpiredCode
            | Self::WrongKind
            | Self::WrongAccount
            | Self::Deactivated
            | Self::UserManaged
            | Self::MasterScope
            | Self::Slow
            | Self::RateLimit
            | Self::Superseded
            | Self::DisabledByAdmin
            | Self::OwnerRemoved
            | Self::ExpiredRefresh
            | Self::ClockSkew
            | Self::RateLimitSeconds
            | Self::RateLimitDate
            | Self::Html
            | Self::Drop
            | Self::LostRefresh => strikes,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A name that is no fault. Its text lists the names that are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault;

impl fmt::Display for UnknownFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Fault::ALL.into_iter().map(Fault::as_str).collect();
        write!(formatter, "no such fault; there are: {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == text).ok_or(UnknownFault)
    }
}

/// How a grant ends without its client's doing. Told by the token endpoint and by the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantEnd {
    Superseded,
    DisabledByAdmin,
    OwnerRemoved,
}

impl GrantEnd {
    /// Number and text of Zoom's error table.
    pub(super) const fn refusal(self) -> (u32, &'static str) {
        match self {
            Self::Superseded => (4741, "Token has been revoked"),
            Self::DisabledByAdmin => (4738, "Token disabled by admin"),
            Self::OwnerRemoved => (4735, "Owner of the token does not exist"),
        }
    }
}

/// The faults that are still to strike.
pub(super) struct Faults {
    left: Mutex<BTreeMap<Fault, u32>>,
    /// A scope is withheld from Server-to-Server tokens.
    withheld: AtomicBool,
}

impl Faults {
    pub(super) fn new(faults: &[Fault], strikes: u32) -> Self {
        let left = faults.iter().map(|fault| (*fault, fault.answers_struck(strikes))).collect();
        Self { left: Mutex::new(left), withheld: AtomicBool::new(false) }
    }

    /// Whether a Server-to-Server token lacks a scope. Once [`Fault::MissingScope`] has struck, every token does
    /// until the app's pages are saved again: asking once more must not mend what only the picker can.
    pub(super) fn withholds_scope(&self) -> bool {
        if self.strike(Fault::MissingScope) {
            self.withheld.store(true, Ordering::Relaxed);
        }
        self.withheld.load(Ordering::Relaxed)
    }

    /// The Server-to-Server app's pages were saved.
    pub(super) fn saved(&self) {
        self.withheld.store(false, Ordering::Relaxed);
    }

    /// Whether the grant of a General app counts as ended now.
    pub(super) fn strike_at_grant(&self) -> Option<GrantEnd> {
        [
            (Fault::Superseded, GrantEnd::Superseded),
            (Fault::DisabledByAdmin, GrantEnd::DisabledByAdmin),
            (Fault::OwnerRemoved, GrantEnd::OwnerRemoved),
        ]
        .into_iter()
        .find_map(|(fault, end)| self.strike(fault).then_some(end))
    }

    /// Whether the fault strikes now. A strike is used up by asking.
    pub(super) fn strike(&self, fault: Fault) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.get_mut(&fault) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_fault() {
        for fault in Fault::ALL {
            assert_eq!(fault.as_str().parse(), Ok(fault));
        }
        assert!("no-such".parse::<Fault>().unwrap_err().to_string().contains("wrong-secret"));
    }

    #[test]
    fn a_fault_strikes_as_often_as_asked_and_no_more() {
        let faults = Faults::new(&[Fault::Deny, Fault::ScopeLag], 1);
        assert!(faults.strike(Fault::Deny));
        assert!(!faults.strike(Fault::Deny));
        assert!(faults.strike(Fault::ScopeLag));
        assert!(faults.strike(Fault::ScopeLag));
        assert!(!faults.strike(Fault::ScopeLag));
        assert!(!faults.strike(Fault::Html));
    }
}
