//! Rows about the REST API: missing scopes in every shape, and the codes of Zoom's API error page.

use super::evidence::Mark;
use super::table::{ALWAYS, Row, When};
use crate::oauth::Call;
use crate::oauth::DiagnosisClass::{CheckFailed, Refused};

const READ: &[Call] = &[Call::Read];

/// Missing scopes come before everything else: the number that comes with the text varies (104, 201, 4700,
/// 4711) and means other things elsewhere.
pub(super) const SCOPE_ROWS: &[Row] = &[
    Row {
        code: "missing-scope",
        when: When { marks: &[Mark::ScopesNamed], ..ALWAYS },
        heading: "The token lacks a scope",
        cause: "This read needs any one of: {scopes}. Either the app does not have it, or the token was \
                made before it was added.",
        next: "Add the scope on the app's Scopes page if it is not there; then begin a new login \
               (Server-to-Server: press r), because a token keeps the scopes it was made with.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "missing-scope",
        when: When { calls: READ, errors: &["insufficient_scope"], ..ALWAYS },
        heading: "The token lacks a scope",
        cause: "Zoom does not say which one this read needs.",
        next: "Look at the missing scopes of this set-up, add them on the app's Scopes page, then begin a \
               new login (Server-to-Server: press r).",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "missing-scope",
        when: When { calls: READ, numbers: &[104, 4700, 4711], ..ALWAYS },
        heading: "The token lacks a scope",
        cause: "Zoom does not say which one this read needs.",
        next: "Look at the missing scopes of this set-up, add them on the app's Scopes page, then begin a \
               new login (Server-to-Server: press r).",
        class: CheckFailed,
        retry: true,
    },
];

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "account-blocked",
        when: When {
            texts: &["has been denied for this user", "access to the zoom rest api has been denied"],
            ..ALWAYS
        },
        heading: "Zoom blocked this user's access to the API",
        cause: "Zoom itself switched it off for this account or user.",
        next: "Ask Zoom support for the reason; nothing on this side can change it.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "token-in-query",
        when: When { texts: &["not supported as query parameter"], ..ALWAYS },
        heading: "Zoom saw the token in an address",
        cause: "This program sends it in a header only; a proxy or gateway must have moved it.",
        next: "Ask your network team whether a proxy changes requests to {host}.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "access-token-expired",
        when: When {
            calls: READ,
            texts: &["token is expired", "token expired", "token has expired"],
            ..ALWAYS
        },
        heading: "The access token is too old",
        cause: "An access token lives for one hour.",
        next: "Press r to refresh it where this program owns the grant; otherwise begin a new login.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "rest-api-not-enabled",
        when: When { texts: &["does not enabled rest api", "not enabled rest api"], ..ALWAYS },
        heading: "The account does not allow this kind of app any more",
        cause: "The credentials are those of an old JWT app, which Zoom switched off.",
        next: "Make a new app of the kind this set-up asks for, and use its credentials.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "wrong-token-kind",
        when: When { calls: READ, texts: &["invalid api key or secret"], ..ALWAYS },
        heading: "This token is not made for the API",
        cause: "It was obtained with the grant client_credentials, which gives a token of the app and not \
                of an account.",
        next: "Use a token of the login, or for a Server-to-Server app one of its Account ID; begin again \
               from here.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "plan-missing",
        when: When {
            calls: READ,
            texts: &[
                "only available for paid",
                "paid account",
                "upgrade your plan",
                "subscription plan",
                "webinar plan",
            ],
            ..ALWAYS
        },
        heading: "The Zoom plan does not include this read",
        cause: "Reports need Pro, dashboards need Business, webinars need a webinar plan. The scope itself \
                may be right.",
        next: "Check the account's plan under Billing in Zoom, or leave out what needs this read.",
        class: CheckFailed,
        retry: false,
    },
    Row {
        code: "user-not-in-account",
        when: When { calls: READ, numbers: &[1010], ..ALWAYS },
        heading: "This user belongs to another Zoom account",
        cause: "The app reads only users of its own account.",
        next: "Use a user of the account that owns the app.",
        class: CheckFailed,
        retry: false,
    },
    Row {
        code: "user-not-found",
        when: When { calls: READ, numbers: &[1001], ..ALWAYS },
        heading: "Zoom does not know this user",
        cause: "The e-mail address is not the one in Zoom, the user is of another account, or \"me\" was \
                asked with a Server-to-Server token, which has no user.",
        next: "Check the user's e-mail address in Zoom's User Management, then press r to try again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "meeting-not-found",
        when: When { calls: READ, numbers: &[3001], ..ALWAYS },
        heading: "The meeting or webinar does not exist or is over",
        cause: "The scope is right, or Zoom would have said so; the number is unknown or expired.",
        next: "Use a meeting of this account that still exists, then press r to try again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "marketplace-route",
        when: When { calls: READ, numbers: &[1500], ..ALWAYS },
        heading: "Zoom's Marketplace interface refuses this read",
        cause: "The app is not a General app in draft, or the read does not exist for it.",
        next: "Look at the app's page in the Marketplace instead.",
        class: CheckFailed,
        retry: false,
    },
    Row {
        code: "request-invalid",
        when: When { calls: READ, numbers: &[300], ..ALWAYS },
        heading: "Zoom found a value in the request wrong",
        cause: "A user, meeting or date that was asked for has the wrong form.",
        next: "Check the value that Zoom names, then press r to try again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "no-permission",
        when: When { calls: READ, numbers: &[200], ..ALWAYS },
        heading: "The signed-in user may not read this",
        cause: "The token is good; the user's role or the account's plan does not allow it.",
        next: "Check the user's role in Zoom's Role Management, or log in as an admin, then press r to try \
               again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "no-permission",
        when: When { calls: READ, texts: &["no permission"], ..ALWAYS },
        heading: "The signed-in user may not read this",
        cause: "The token is good; the user's role or the account's plan does not allow it.",
        next: "Check the user's role in Zoom's Role Management, or log in as an admin, then press r to try \
               again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "access-token-expired",
        when: When { calls: READ, numbers: &[201], ..ALWAYS },
        heading: "The access token is too old",
        cause: "An access token lives for one hour.",
        next: "Press r to refresh it where this program owns the grant; otherwise begin a new login.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "access-token-invalid",
        when: When { calls: READ, numbers: &[124], ..ALWAYS },
        heading: "Zoom does not accept the access token",
        cause: "It was revoked, a newer login or token replaced it, or it was cut.",
        next: "Press r to get a new one where this program owns the grant; otherwise begin a new login.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "access-token-invalid",
        when: When { calls: READ, statuses: &[(401, 401)], ..ALWAYS },
        heading: "Zoom does not accept the access token",
        cause: "It was revoked, a newer login or token replaced it, or it was cut.",
        next: "Press r to get a new one where this program owns the grant; otherwise begin a new login.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "no-permission",
        when: When { calls: READ, statuses: &[(403, 403)], ..ALWAYS },
        heading: "The signed-in user may not read this",
        cause: "Zoom forbids this read to the token's user.",
        next: "Check the user's role in Zoom's Role Management, or log in as an admin, then press r to try \
               again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "not-found",
        when: When { calls: READ, statuses: &[(404, 404)], ..ALWAYS },
        heading: "Zoom has nothing under this address",
        cause: "What was asked for does not exist in this account.",
        next: "Check that the app and what is looked for belong to the same Zoom account.",
        class: CheckFailed,
        retry: false,
    },
];
