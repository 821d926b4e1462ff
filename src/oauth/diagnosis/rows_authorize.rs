//! Rows about the browser's part of a login: the authorize page, and `error=` in the redirect (RFC 6749
//! section 4.1.2.1).

use super::evidence::Subject;
use super::table::{ALWAYS, Row, When};
use crate::oauth::DiagnosisClass::{Refused, Unreachable};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "invalid-redirect",
        when: When { subjects: &[Subject::AuthorizePage, Subject::Callback], numbers: &[4700], ..ALWAYS },
        heading: "Zoom does not accept the redirect URL",
        cause: "It is missing from the app's OAuth Redirect URL or from its OAuth Allow Lists, or differs \
                there in a letter's case, a slash, http or a port. Zoom is reported to refuse localhost \
                since 2026.",
        next: "Copy the redirect URL from here into both fields of the app, in the view (Development or \
               Production) whose client ID you use, save, and begin the login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "invalid-redirect",
        when: When { texts: &["invalid redirect"], ..ALWAYS },
        heading: "Zoom does not accept the redirect URL",
        cause: "It is missing from the app's OAuth Redirect URL or from its OAuth Allow Lists, or differs \
                there in a letter's case, a slash, http or a port.",
        next: "Copy the redirect URL from here into both fields of the app, in the view (Development or \
               Production) whose client ID you use, save, and begin the login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "unknown-client-id",
        when: When {
            subjects: &[Subject::AuthorizePage, Subject::Callback],
            numbers: &[4702, 4704],
            ..ALWAYS
        },
        heading: "Zoom does not know the client ID",
        cause: "It is mistyped, belongs to another cloud or view (Development, Production), or the app was \
                deleted.",
        next: "Copy the Client ID again from the app's App Credentials, correct it here, and begin the \
               login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "admin-approval-needed",
        when: When {
            subjects: &[Subject::Callback],
            texts: &["admin is required", "account admin", "pre-approv", "preapprov", "cannot authorize"],
            ..ALWAYS
        },
        heading: "A Zoom admin must allow this app first",
        cause: "The account takes only apps that an admin installs or has approved.",
        next: "Ask the account's owner or admin to approve the app in the Zoom App Marketplace, or log in \
               as one, then begin the login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "access-denied",
        when: When { subjects: &[Subject::Callback], errors: &["access_denied"], ..ALWAYS },
        heading: "The login was declined",
        cause: "Somebody pressed Decline, or the signed-in user may not add this app.",
        next: "Begin the login again, sign in as a user who may add the app, and press Allow.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "invalid-scope",
        when: When { errors: &["invalid_scope"], ..ALWAYS },
        heading: "Zoom refuses the scopes",
        cause: "The app has no scope yet, or user and admin scopes do not fit how the app is managed. This \
                program asks for no scope by name; Zoom takes those of the app.",
        next: "Check that the app's Scopes page lists the chosen scopes, that admin scopes belong to an \
               Admin-managed app, and that it is saved; then begin the login again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "unauthorized-client",
        when: When { errors: &["unauthorized_client"], ..ALWAYS },
        heading: "This app may not do that",
        cause: "The app is of another kind than this way needs, is not published to this account, or is \
                switched off.",
        next: "Check that you signed in to the account that owns the app, and that the app's kind is the \
               one this set-up asks for; then try again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "authorize-invalid-request",
        when: When { subjects: &[Subject::Callback], errors: &["invalid_request"], ..ALWAYS },
        heading: "Zoom did not understand the login address",
        cause: "Part of the address was lost on the way, for example when it was copied over two lines, or \
                the redirect URL is not the registered one.",
        next: "Copy the whole login address again, open it, and compare the redirect URL with the app's.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "unsupported-response-type",
        when: When { subjects: &[Subject::Callback], errors: &["unsupported_response_type"], ..ALWAYS },
        heading: "This app does not give authorization codes",
        cause: "The client ID belongs to an app without a login, such as a Server-to-Server app.",
        next: "Check that the Client ID is that of a General app, correct it here, and begin the login \
               again.",
        class: Refused,
        retry: false,
    },
    Row {
        code: "zoom-unavailable",
        when: When { subjects: &[Subject::Callback], errors: &["server_error"], ..ALWAYS },
        heading: "Zoom had a fault during the login",
        cause: "Zoom says that the fault is on its side.",
        next: "Wait a minute and begin the login again; https://status.zoom.us tells of known trouble.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "temporarily-unavailable",
        when: When { errors: &["temporarily_unavailable"], ..ALWAYS },
        heading: "Zoom is busy",
        cause: "Zoom says that it can't take the request at this time.",
        next: "Wait a few minutes, then try again.",
        class: Unreachable,
        retry: true,
    },
];
