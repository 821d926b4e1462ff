//! Which keys of a login work in which stretch of it.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "applies names the keys that sometimes do nothing; every other key does something always"
)]

use crate::app::message::Intent;
use crate::app::wizard::{Authorization, AuthorizationPhase};

/// Whether an intent does anything on the authorize step: most keys belong to one stretch of the login.
pub fn applies(authorization: &Authorization, page: bool, intent: Intent) -> bool {
    let waiting = matches!(authorization.phase, AuthorizationPhase::Waiting { .. });
    // The address is of use only while something waits for the answer.
    let live = matches!(authorization.phase, AuthorizationPhase::Waiting { late: false, .. });
    let ended = match &authorization.phase {
        AuthorizationPhase::Granted | AuthorizationPhase::Skipped => Some(true),
        AuthorizationPhase::Failed { .. }
        | AuthorizationPhase::PortTaken { .. }
        | AuthorizationPhase::NotStored { .. } => Some(false),
        AuthorizationPhase::Offer { .. }
        | AuthorizationPhase::Preparing { .. }
        | AuthorizationPhase::Waiting { .. }
        | AuthorizationPhase::Exchanging { .. }
        | AuthorizationPhase::Storing { .. } => None,
    };
    let must_end = matches!(
        authorization.phase,
        AuthorizationPhase::Exchanging { .. } | AuthorizationPhase::Storing { .. }
    );
    let on_its_way = must_end || matches!(authorization.phase, AuthorizationPhase::Preparing { .. });
    match intent {
        Intent::Copy | Intent::QrCode | Intent::Extend => live,
        Intent::PasteBox => waiting || matches!(authorization.phase, AuthorizationPhase::PortTaken { .. }),
        Intent::TakeOffer => authorization.landed.is_some(),
        Intent::Open => live || (page && !on_its_way && !waiting),
        Intent::Retry => waiting || (ended.is_some() && authorization.phase != AuthorizationPhase::Skipped),
        Intent::Back => authorization.pasting || !must_end,
        _ => true,
    }
}
