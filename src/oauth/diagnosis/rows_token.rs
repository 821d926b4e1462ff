//! Rows about the token and revoke endpoints: texts that were seen there, RFC 6749 section 5.2, and Zoom's
//! numbers 4700 to 4741, wherever they show.

use super::table::{ALWAYS, Row, When};
use crate::oauth::Call;
use crate::oauth::DiagnosisClass::{CheckFailed, Refused, Unreachable};

/// The calls that ask for a token.
const TOKEN_CALLS: &[Call] = &[Call::ExchangeCode, Call::Refresh, Call::AccountCredentials];
/// The calls of the token and revoke endpoints.
const ENDPOINT_CALLS: &[Call] = &[Call::ExchangeCode, Call::Refresh, Call::AccountCredentials, Call::Revoke];

/// Text shared by the rows of a refused pair.
const PAIR_HEADING: &str = "Zoom does not know this pair of client ID and secret";
const PAIR_CAUSE: &str = "One of the two was cut or mistyped, the secret was regenerated since, or one is \
                          from the Development view and the other from Production. The Secret Token of the \
                          Access page is not the client secret.";
const PAIR_NEXT: &str = "Copy both again from App Credentials of one view into the step that asks for them (s \
                         lists the steps), and try again.";

/// Text shared by the rows of a refused code.
const CODE_CAUSE: &str = "Zoom does not say which it is: the code is older than five minutes, it was used \
                          before, the redirect URL is not the one of the login, or the code is of another \
                          login.";
const CODE_NEXT: &str = "Begin the login again and finish it within five minutes. If it is refused again, \
                         press = on this step and paste back the redirect URL that stands in the app: it \
                         points at the difference.";

/// Text shared by the rows of a spent refresh token.
const SPENT_CAUSE: &str = "Each refresh token works once, for about 90 days. Somebody else used it \
                           (another copy of this connection), a newer login replaced it, or it was \
                           revoked.";
const SPENT_NEXT: &str = "Begin a new login to get a new pair, and let only one side refresh it.";

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "invalid-client",
        when: When { calls: ENDPOINT_CALLS, errors: &["invalid_client"], ..ALWAYS },
        heading: PAIR_HEADING,
        cause: PAIR_CAUSE,
        next: PAIR_NEXT,
        class: Refused,
        retry: false,
    },
    Row {
        code: "invalid-client",
        when: When { texts: &["invalid client_id or client_secret", "invalid client secret"], ..ALWAYS },
        heading: PAIR_HEADING,
        cause: PAIR_CAUSE,
        next: PAIR_NEXT,
        class: Refused,
        retry: false,
    },
    Row {
        code: "invalid-client",
        when: When { numbers: &[4702, 4704], ..ALWAYS },
        heading: PAIR_HEADING,
        cause: PAIR_CAUSE,
        next: PAIR_NEXT,
        class: Refused,
        retry: false,
    },
    Row {
        code: "app-disabled",
        when: When { numbers: &[4717], ..ALWAYS },
        heading: "The app is switched off",
        cause: "A Server-to-Server app was deactivated, or Zoom disabled the app.",
        next: "Open the app's Activation page, activate it, and press r to try again; if it is active \
               there, ask Zoom support.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "app-disabled",
        when: When {
            texts: &[
                "app has been disabled",
                "app is disabled",
                "app has been deactivated",
                "app is deactivated",
                "app is not activated",
            ],
            ..ALWAYS
        },
        heading: "The app is switched off",
        cause: "A Server-to-Server app was not activated or was deactivated, or Zoom disabled the app.",
        next: "Open the app's Activation page, activate it, and press r to try again; if it is active \
               there, ask Zoom support.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "wrong-account",
        when: When { calls: TOKEN_CALLS, texts: &["account does not exist"], ..ALWAYS },
        heading: "Zoom does not know this Account ID",
        cause: "The Account ID was cut or mistyped, or the account number was taken instead.",
        next: "Copy the Account ID from the app's App Credentials page, put it in here, and try again.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "account-refused",
        when: When { calls: &[Call::AccountCredentials], texts: &["bad request"], ..ALWAYS },
        heading: "Zoom refuses the request, most likely for its Account ID",
        cause: "This answer was reported for a wrong Account ID: cut, with a space, or the account number in \
                its place. Zoom does not say so itself; an app that is not activated may get the same.",
        next: "Copy the Account ID from the app's App Credentials page, check that the app is activated, and \
               press r to try again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "app-kind-not-allowed",
        when: When {
            texts: &["does not enabled the oauth app type", "not enabled the oauth app type"],
            ..ALWAYS
        },
        heading: "This account does not allow this kind of app",
        cause: "The app is not a Server-to-Server app, or the role of its creator lacks the permission for \
                that kind.",
        next: "Check (1) that the app is a Server-to-Server OAuth app and activated, (2) that the role has \
               View and Edit for Server-to-Server OAuth app under Role Settings, Advanced features; then \
               try again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "unsupported-grant",
        when: When { errors: &["unsupported_grant_type"], ..ALWAYS },
        heading: "This kind of app does not give such tokens",
        cause: "A General app was used where a Server-to-Server app is needed, or the other way round.",
        next: "Check the app's kind on its page against this set-up, and use the credentials of the right \
               app.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "unsupported-grant",
        when: When { texts: &["unsupported grant type", "grant type not supported"], ..ALWAYS },
        heading: "This kind of app does not give such tokens",
        cause: "A General app was used where a Server-to-Server app is needed, or the other way round.",
        next: "Check the app's kind on its page against this set-up, and use the credentials of the right \
               app.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "unsupported-grant",
        when: When { numbers: &[4705], ..ALWAYS },
        heading: "This kind of app does not give such tokens",
        cause: "A General app was used where a Server-to-Server app is needed, or the other way round.",
        next: "Check the app's kind on its page against this set-up, and use the credentials of the right \
               app.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "credentials-missing",
        when: When { numbers: &[4706], ..ALWAYS },
        heading: "The credentials did not reach Zoom",
        cause: "Client ID, secret or grant type were missing when the request arrived. They were sent; a \
                proxy that strips headers or bodies is the likely cause.",
        next: "Check that the Client ID and secret here are not empty, and ask your network team whether a \
               proxy changes requests to {host}.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "credentials-missing",
        when: When {
            texts: &[
                "client id or secret missing",
                "client_id or client_secret is missing",
                "missing grant type",
            ],
            ..ALWAYS
        },
        heading: "The credentials did not reach Zoom",
        cause: "Client ID, secret or grant type were missing when the request arrived. They were sent; a \
                proxy that strips headers or bodies is the likely cause.",
        next: "Check that the Client ID and secret here are not empty, and ask your network team whether a \
               proxy changes requests to {host}.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "redirect-mismatch",
        when: When { numbers: &[4709], ..ALWAYS },
        heading: "The redirect URL is not the one of the login",
        cause: "Zoom wants the same redirect URL, byte by byte, when the login begins and when the code is \
                exchanged.",
        next: "Begin the login again from here, without changing the redirect URL in between.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "redirect-mismatch",
        when: When {
            calls: &[Call::ExchangeCode],
            texts: &["redirect uri mismatch", "redirect_uri mismatch"],
            ..ALWAYS
        },
        heading: "The redirect URL is not the one of the login",
        cause: "Zoom wants the same redirect URL, byte by byte, when the login begins and when the code is \
                exchanged.",
        next: "Begin the login again from here, without changing the redirect URL in between.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "scopes-changed",
        when: When { numbers: &[4711], ..ALWAYS },
        heading: "The app's scopes changed since this login",
        cause: "The token holds scopes that the app no longer has, or lacks new ones; old tokens keep old \
                scopes.",
        next: "Begin a new login, so that the token is made with the scopes of today.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "invalid-jwt-header",
        when: When { numbers: &[4724], ..ALWAYS },
        heading: "The token is not one of Zoom's",
        cause: "It was cut or changed on its way, or it is of another kind.",
        next: "Begin a new login to get a new token.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "zoom-lookup-failed",
        when: When { numbers: &[4732], ..ALWAYS },
        heading: "Zoom could not make an authorization code",
        cause: "A service inside Zoom failed; nothing here is wrong.",
        next: "Wait a minute and begin the login again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "code-expired",
        when: When { numbers: &[4733], ..ALWAYS },
        heading: "The authorization code is too old",
        cause: "A code works for five minutes.",
        next: "Begin the login again and finish it within five minutes.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "code-invalid",
        when: When { numbers: &[4734], ..ALWAYS },
        heading: "Zoom does not know this authorization code",
        cause: CODE_CAUSE,
        next: CODE_NEXT,
        class: Refused,
        retry: true,
    },
    Row {
        code: "token-owner-gone",
        when: When { numbers: &[4735], ..ALWAYS },
        heading: "The user of this token is gone",
        cause: "The Zoom user who logged in was removed or deactivated.",
        next: "Begin a new login as a user who will stay, best one that belongs to nobody in person.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "refresh-token-unknown",
        when: When { numbers: &[4737], ..ALWAYS },
        heading: "Zoom has no login for this token",
        cause: "The login behind it was removed: the app was uninstalled, or a newer login replaced it.",
        next: "Begin a new login to get a new pair.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "token-disabled-by-admin",
        when: When { numbers: &[4738], ..ALWAYS },
        heading: "A Zoom admin took the approval away",
        cause: "The app's pre-approval in this account was turned off, so its tokens stopped.",
        next: "Ask the Zoom admin to approve the app again in the Marketplace, then begin a new login.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "token-out-of-tolerance",
        when: When { numbers: &[4740], ..ALWAYS },
        heading: "Too many newer tokens were made since this one",
        cause: "Zoom keeps only a few old tokens of this generation, and this one is no longer among them.",
        next: "Begin a new login; if it happens again, ask Zoom support about token tolerance.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "token-superseded",
        when: When { numbers: &[4741], ..ALWAYS },
        heading: "A newer login replaced this token",
        cause: "Zoom keeps one grant for each user and app: when the same user logged in again, this one \
                was revoked.",
        next: "Use the token of the newest login; if the receiver holds that one, nothing is wrong there. \
               Otherwise begin a new login.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "code-expired",
        when: When { calls: &[Call::ExchangeCode], errors: &["invalid_grant"], ..ALWAYS },
        heading: "Zoom does not accept the authorization code",
        cause: CODE_CAUSE,
        next: CODE_NEXT,
        class: Refused,
        retry: true,
    },
    Row {
        code: "code-expired",
        when: When {
            calls: &[Call::ExchangeCode],
            texts: &["authorization code", "code is expired", "code expired"],
            ..ALWAYS
        },
        heading: "Zoom does not accept the authorization code",
        cause: CODE_CAUSE,
        next: CODE_NEXT,
        class: Refused,
        retry: true,
    },
    Row {
        code: "refresh-token-spent",
        when: When { calls: &[Call::Refresh], errors: &["invalid_grant"], ..ALWAYS },
        heading: "The refresh token does not work any more",
        cause: SPENT_CAUSE,
        next: SPENT_NEXT,
        class: Refused,
        retry: false,
    },
    Row {
        code: "refresh-token-spent",
        when: When {
            calls: &[Call::Refresh],
            texts: &["invalid token", "invalid refresh token", "token is expired", "token expired"],
            ..ALWAYS
        },
        heading: "The refresh token does not work any more",
        cause: SPENT_CAUSE,
        next: SPENT_NEXT,
        class: Refused,
        retry: false,
    },
    Row {
        code: "token-already-gone",
        when: When {
            calls: &[Call::Revoke],
            errors: &["invalid_grant", "invalid_token", "invalid_request"],
            ..ALWAYS
        },
        heading: "Zoom does not know the token that was to be revoked",
        cause: "It expired, was replaced or was revoked before.",
        next: "Look at the app under Added Apps in Zoom's Marketplace; if it is still there and should not \
               be, remove it there.",
        class: CheckFailed,
        retry: false,
    },
    Row {
        code: "zoom-4700",
        when: When { calls: ENDPOINT_CALLS, numbers: &[4700], ..ALWAYS },
        heading: "Zoom refused with its catch-all number",
        cause: "4700 stands for many things. At the token endpoint it is most often an empty or cut token, \
                or a redirect URL that the app does not have.",
        next: "Check the values that were entered against the app's page, then begin the login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "zoom-4700",
        when: When { texts: &["token cannot be empty"], ..ALWAYS },
        heading: "Zoom got an empty token",
        cause: "The stored token is empty or a proxy removed it from the request.",
        next: "Begin a new login; if it happens again, check the proxy settings.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "invalid-request",
        when: When { calls: &[Call::ExchangeCode, Call::Refresh], errors: &["invalid_request"], ..ALWAYS },
        heading: "Zoom did not understand the request",
        cause: "A value is missing or cut: the client ID, the redirect URL, or the code.",
        next: "Check the Client ID and the redirect URL here against the app's page, then begin the login \
               again.",
        class: Refused,
        retry: true,
    },
];
