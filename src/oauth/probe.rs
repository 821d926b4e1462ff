//! What the token endpoint's answer says about entered credentials.
//!
//! A General app's pair is asked about with an authorization code that was made up here: Zoom refuses the pair,
//! or it refuses only the code. That the two are told apart is concluded from published answers; it was not
//! tried against a live Zoom. A Server-to-Server app is asked for a token.

use super::credentials::Credentials;
use super::diagnosis::{self, diagnose};
use super::pkce::Verifier;
use super::verdict::{Candidate, Judgement, Verdict};
use super::{
    Call, ClientAuthentication, Diagnosis, DiagnosisClass, Failure, Grant, TokenGrant, TokenRequest,
};
use crate::procedure::AppKind;
use crate::secret::Secret;
use jiff::Timestamp;
use serde_json::Value;

/// Code of the verdict that a token came.
pub const TOKEN_GRANTED: &str = "token-granted";

/// Sent with a made-up code where the receiver's redirect URL is not known: any address does for that.
const ANY_REDIRECT: &str = "http://127.0.0.1/callback";

/// How a made-up code begins. Zoom repeats the code in its refusal, and nobody shall take it for a secret.
const MADE_UP: &str = "zoom-setup-test-";

/// The question about a General app's pair: an exchange of a code that was made up here. Nothing else can be put
/// into it, so it neither spends nor obtains anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairProbe {
    request: TokenRequest,
}

impl PairProbe {
    /// About that client. `random` makes the code, which must be no other's.
    pub fn new(
        client: ClientAuthentication,
        redirect_uri: Option<String>,
        random: &Secret,
        verifier: Verifier,
    ) -> Self {
        let grant = Grant::AuthorizationCode {
            code: Secret::new(format!("{MADE_UP}{}", random.expose())),
            redirect_uri: redirect_uri.unwrap_or_else(|| ANY_REDIRECT.to_owned()),
            verifier: verifier.into_secret(),
        };
        Self { request: TokenRequest { client, grant } }
    }

    /// For the port.
    pub fn into_request(self) -> TokenRequest {
        self.request
    }
}

/// Whether a request asks with a code that was made up here, so that its refusal is the answer that is hoped for.
pub fn is_made_up(request: &TokenRequest) -> bool {
    match &request.grant {
        Grant::AuthorizationCode { code, .. } => code.expose().starts_with(MADE_UP),
        Grant::RefreshToken { .. } | Grant::AccountCredentials { .. } => false,
    }
}

/// Where a Server-to-Server token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At the credentials. The app need not be activated yet.
    Credentials,
    /// At the activation; with the time at which these values last got a token in this set-up.
    Activation { token_at: Option<Timestamp> },
}

/// The verdict on a General app's pair.
pub fn pair(answer: &Result<TokenGrant, Failure>, given: Credentials<'_>, now: Timestamp) -> Verdict {
    let failure = match answer {
        Ok(_) => {
            let seen = "Zoom gave a token for a code that was made up here. No Zoom does that, so something else \
                        answers in its place. The token was dropped.";
            return Verdict {
                class: DiagnosisClass::Unreachable,
                ..Verdict::new("token-for-nothing", Judgement::Open, "Not checked: the answer makes no sense")
                    .seen(seen)
                    .candidates(vec![Candidate::new(
                        "A test server or a wrong address stands in Zoom's place.",
                        "Check --oauth-url and the proxy settings.",
                    )])
            };
        }
        Err(failure) => failure,
    };
    let problem = diagnose(failure, now);
    match (problem.code.as_str(), is_refusal(failure)) {
        ("invalid-client", true) => wrong_pair(&problem, given),
        ("code-expired" | "code-invalid" | "redirect-mismatch", true) => known_pair(&problem, given),
        ("unsupported-grant" | "unauthorized-client", true) => wrong_kind(&problem, AppKind::General),
        ("app-disabled", true) => Verdict::of_diagnosis(Judgement::Refused, &problem),
        _ => undecided(failure, now),
    }
}

/// The verdict on a Server-to-Server app's three values.
pub fn account(
    answer: &Result<TokenGrant, Failure>,
    given: Credentials<'_>,
    moment: Moment,
    now: Timestamp,
) -> Verdict {
    let failure = match answer {
        Ok(_) => {
            let heading = "Zoom gave a token: Account ID, client ID and secret belong together";
            return Verdict::new(TOKEN_GRANTED, Judgement::Proved, heading)
                .seen("Only an activated app gets one, so the app is active. The token was not kept.");
        }
        Err(failure) => failure,
    };
    let problem = diagnose(failure, now);
    match (problem.code.as_str(), is_refusal(failure)) {
        ("invalid-client", true) => wrong_pair(&problem, given),
        ("wrong-account", true) => Verdict::new("wrong-account", Judgement::Refused, &problem.heading)
            .seen("Zoom names the account, so ID and secret were not what it refused.")
            .candidates(given.account_candidates().1)
            .quoting(problem.zoom.clone()),
        ("account-refused" | "not-activated-or-wrong-account", true) => {
            account_or_activation(&problem, given, moment)
        }
        ("app-kind-not-allowed" | "unsupported-grant" | "unauthorized-client", true) => {
            wrong_kind(&problem, AppKind::ServerToServer)
        }
        ("app-disabled", true) => disabled(&problem, moment),
        _ => undecided(failure, now),
    }
}

/// Whether the answer is a refusal of the token endpoint: 4xx with a JSON object (RFC 6749 section 5.2). What a
/// proxy or a busy server says counts for nothing.
fn is_refusal(failure: &Failure) -> bool {
    let refused = failure.kind.status().is_some_and(|status| (400..=499).contains(&status) && status != 429);
    let object = |body: &str| serde_json::from_str::<Value>(body).is_ok_and(|json| json.is_object());
    refused && failure.kind.body().is_some_and(object)
}

fn known_pair(problem: &Diagnosis, given: Credentials<'_>) -> Verdict {
    let verdict = match given.client_secret {
        Some(_) => Verdict::new("pair-known", Judgement::Proved, "Zoom knows this pair of client ID and secret")
            .seen("It was asked with a made-up code, and refused only the code."),
        None => {
            Verdict::new("public-client", Judgement::Open, "Zoom did not refuse the client ID; that proves nothing")
                .seen("A public client has no secret to prove. Its ID went along with a made-up code, and Zoom refused the code.")
                .seen("Whether Zoom looks at the ID first is not documented. The login will show it.")
        }
    };
    verdict.quoting(problem.zoom.clone())
}

fn wrong_pair(problem: &Diagnosis, given: Credentials<'_>) -> Verdict {
    let mut candidates = given.pair_candidates();
    let heading = if given.client_secret.is_some() {
        problem.heading.clone()
    } else {
        let test = "In the app, look whether Public Client OAuth is switched on, and take the public ID.";
        let cause = "The app's public client is switched off, or this is its other client ID.";
        candidates.insert(0, Candidate::new(cause, test));
        "Zoom does not take this client ID without a secret".to_owned()
    };
    Verdict::new(&problem.code, Judgement::Refused, heading)
        .seen("Zoom does not say why. The reasons, likeliest first:")
        .candidates(candidates)
        .quoting(problem.zoom.clone())
}

/// The pair is of an app of the kind that is not wanted.
fn wrong_kind(problem: &Diagnosis, wanted: AppKind) -> Verdict {
    let (heading, seen, candidates) = match wanted {
        AppKind::General => (
            "This looks like the pair of a Server-to-Server app; a General app is needed",
            "Zoom did not refuse the pair. It refused that such an app exchanges authorization codes.",
            vec![Candidate::new(
                "The pair was copied from a Server-to-Server OAuth app.",
                "Look at the app's App Credentials: if they show an Account ID, create a General app and take its pair.",
            )],
        ),
        AppKind::ServerToServer => (
            "This looks like the pair of a General app; a Server-to-Server app is needed",
            "Zoom did not refuse the pair. It refused a token with an Account ID for such an app.",
            vec![
                Candidate::new(
                    "The pair was copied from a General app.",
                    "Look at the app's App Credentials: if they show no Account ID, create a Server-to-Server OAuth app.",
                ),
                Candidate::new(
                    "The account does not allow this kind, or the creator's role lacks the permission.",
                    "Look under Roles, Role Settings, Advanced features for View and Edit of Server-to-Server OAuth app.",
                ),
            ],
        ),
    };
    Verdict::new("wrong-kind", Judgement::Refused, heading)
        .seen(seen)
        .candidates(candidates)
        .quoting(problem.zoom.clone())
}

/// An answer that can mean the Account ID or the activation.
fn account_or_activation(problem: &Diagnosis, given: Credentials<'_>, moment: Moment) -> Verdict {
    let (evident, mut candidates) = given.account_candidates();
    let verdict = match moment {
        Moment::Credentials | Moment::Activation { .. } if evident => Verdict::new(
            "wrong-account",
            Judgement::Refused,
            "Zoom gives no token, most likely because of the Account ID",
        ),
        Moment::Credentials => {
            candidates.push(Candidate::new(
                "The app is not activated yet, and all three are right.",
                "Nothing to do here: the step Activation asks again.",
            ));
            Verdict::new(
                &problem.code,
                Judgement::Open,
                "Not decided: a wrong Account ID, or not activated yet",
            )
        }
        Moment::Activation { .. } => {
            candidates.push(not_activated());
            candidates.extend(unfinished());
            Verdict::new(
                &problem.code,
                Judgement::Refused,
                "Zoom gives no token: the Account ID or the activation",
            )
        }
    };
    verdict
        .seen("Zoom's answer names neither; it was reported for a wrong Account ID.")
        .candidates(candidates)
        .quoting(problem.zoom.clone())
}

fn not_activated() -> Candidate {
    Candidate::new(
        "The app was not activated.",
        "Open the page Activation: if it offers Activate, press it; if it offers Deactivate, it is active.",
    )
}

/// Why Activate is refused or missing.
fn unfinished() -> [Candidate; 2] {
    [
        Candidate::new(
            "Activate is grey or missing: a required field is empty.",
            "Open the page Information: company, name and e-mail must be filled in.",
        ),
        Candidate::new(
            "Activate is grey or missing: the app has no scope.",
            "Open the page Scopes: at least one must be listed.",
        ),
    ]
}

/// Zoom calls the app disabled.
fn disabled(problem: &Diagnosis, moment: Moment) -> Verdict {
    let by_zoom = Candidate::new(
        "Zoom disabled the app itself.",
        "If the page Activation shows it as active, ask Zoom support.",
    );
    let verdict = match moment {
        Moment::Credentials => Verdict::new(
            "not-active-yet",
            Judgement::Expected,
            "Zoom knows this app; it is not active yet",
        )
        .seen("That is as expected here: a later step activates it, and proves all three values by a token."),
        Moment::Activation { token_at: Some(at) } => {
            let since = at.strftime("%Y-%m-%d %H:%M UTC");
            let cause = "Somebody deactivated it since.";
            let test = "Open the page Activation and activate it again; ask the other admins of the account.";
            Verdict::new("deactivated", Judgement::Refused, "The app was active and is switched off now")
                .seen(format!(
                    "Zoom gave a token for these values at {since}; now it calls the app disabled."
                ))
                .candidates(vec![Candidate::new(cause, test), by_zoom])
        }
        Moment::Activation { token_at: None } => {
            let mut candidates = vec![not_activated()];
            candidates.extend(unfinished());
            candidates.push(by_zoom);
            Verdict::new("not-activated", Judgement::Refused, "The app is not activated")
                .seen(
                    "Zoom calls the app disabled, and no token came for these values in this set-up before.",
                )
                .candidates(candidates)
        }
    };
    verdict.quoting(problem.zoom.clone())
}

/// Nothing that can be concluded from; the diagnosis says why. Nothing was spent by asking, so it is that of a
/// question.
pub(super) fn undecided(failure: &Failure, now: Timestamp) -> Verdict {
    let problem = diagnose(&Failure { call: Call::Probe, ..failure.clone() }, now);
    let mut verdict = Verdict::of_diagnosis(Judgement::Open, &problem);
    verdict.heading = format!("Not checked: {}", diagnosis::lower_first(&problem.heading));
    verdict
}

#[cfg(test)]
mod tests;
