//! What the verify step says of a refresh, in the words of the core.

use super::states::verify;
use super::world::{SECRET, ago, grant, now};
use zoom_setup::app::message::{Effect, Msg, Ticket};
use zoom_setup::app::model::{Model, SecretStore};
use zoom_setup::app::update::update;
use zoom_setup::app::wizard::{VerifyStage, VerifyingPhase};
use zoom_setup::oauth::token::StoredTokens;
use zoom_setup::oauth::{ApiAnswer, Call, Failure, FailureKind, TokenGrant};
use zoom_setup::ports::{Adopted, Renewal, StoreFailure, Unlocked};
use zoom_setup::secret::Secret;
use zoom_setup::setup::{Check, Outcome};

fn tokens() -> StoredTokens {
    StoredTokens {
        access_token: Secret::new(SECRET),
        refresh_token: Some(Secret::new(SECRET)),
        obtained_at: ago(60),
        expires_at: ago(-3_540),
    }
}

/// The refresh ends so; where there is a token then, the API says whose it is.
fn after(renewal: Renewal) -> Model {
    let token = Check {
        code: "token".to_owned(),
        title: "Token".to_owned(),
        outcome: Outcome::Pass,
        detail: "Zoom gave the wizard's test login a token.".to_owned(),
        next: None,
        diagnosis: None,
        unknown: Default::default(),
    };
    let ticket = Ticket(1);
    let mut model =
        verify(VerifyingPhase::Running { ticket, stage: VerifyStage::Refresh }, vec![token], None);
    model.secret_store = SecretStore::Open(Unlocked::Keyring);
    if let zoom_setup::app::model::Screen::Wizard(wizard) = &mut model.screen {
        wizard.tokens = Some(tokens());
        wizard.setup.grant = Some(grant());
    }
    let effects = update(&mut model, now(), Msg::Renewed { ticket, result: Box::new(renewal) });
    for effect in effects {
        if let Effect::Read { ticket, .. } = effect {
            let body = serde_json::json!({ "id": "u1", "account_id": "a1", "email": "admin@example.com" });
            let answer = ApiAnswer { body, clock_offset_s: None };
            update(&mut model, now(), Msg::Read { ticket, result: Box::new(Ok(answer)) });
        }
    }
    model
}

fn lost() -> Failure {
    let kind = FailureKind::AnswerLost { detail: "connection reset by peer".to_owned() };
    Failure { call: Call::Refresh, host: "zoom.us".to_owned(), kind, clock_offset_s: None }
}

fn not_stored(rescued: Option<&str>) -> Model {
    let grant = TokenGrant {
        access_token: Secret::new(SECRET),
        refresh_token: Some(Secret::new(SECRET)),
        expires_in_s: 3_599,
        scopes: None,
        api_url: None,
        clock_offset_s: None,
    };
    after(Renewal::NotStored {
        tokens: tokens(),
        grant,
        failure: full(),
        rescued: rescued.map(str::to_owned),
    })
}

fn full() -> StoreFailure {
    StoreFailure::Io {
        message: "cannot write /home/admin/.local/share/zoom-setup/tokens: No space left on device"
            .to_owned(),
    }
}

const PLACE: &str =
    "/run/user/1000/zoom-setup-rescued-0011223344556677/setup-dex-tokens-8899aabbccddeeff.age";

pub fn all() -> Vec<(&'static str, Model)> {
    let adopted = Adopted { place: PLACE.to_owned(), failure: None };
    vec![
        (
            "refresh_lost",
            after(Renewal::Unknown { tokens: tokens(), since: ago(0), failure: Some(lost()) }),
        ),
        (
            "refresh_interrupted",
            after(Renewal::Unknown { tokens: tokens(), since: ago(7_200), failure: None }),
        ),
        ("refresh_not_stored", not_stored(None)),
        ("refresh_rescued", not_stored(Some(PLACE))),
        ("refresh_brought_back", after(Renewal::Fresh { tokens: tokens(), adopted: Some(adopted) })),
        (
            "refresh_locked",
            after(Renewal::Store(StoreFailure::Locked {
                message: "another zoom-setup (process 4711) has held /home/admin/.local/share/zoom-setup/tokens/\
                          setup-dex-tokens-8899aabbccddeeff.lock for more than 15 s; let it finish or end it, then \
                          try again"
                    .to_owned(),
            })),
        ),
    ]
}
