//! Rows about the way to Zoom and back: name, connection, TLS, proxy, time, size, and answers that are not
//! Zoom's at all.

use super::evidence::{Mark, Subject};
use super::table::{ALWAYS, Row, When};
use crate::oauth::Call;
use crate::oauth::DiagnosisClass::{CheckFailed, Refused, Unreachable};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "dns",
        when: When { subjects: &[Subject::Dns], ..ALWAYS },
        heading: "The name {host} could not be looked up",
        cause: "This machine has no network, or its name server does not know the name: {detail}.",
        next: "Check the network (VPN, Wi-Fi, name server), then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "connect",
        when: When { subjects: &[Subject::Connect], ..ALWAYS },
        heading: "No connection to {host}",
        cause: "A firewall, a missing proxy setting or a broken network: {detail}. Nothing was sent.",
        next: "Check that a browser on this machine reaches https://{host}; if it needs a proxy, set \
               HTTPS_PROXY and start again. Otherwise press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "no-trust-store",
        when: When {
            subjects: &[Subject::Tls],
            texts: &["no ca certificates", "no trust anchors", "ssl_cert_file"],
            ..ALWAYS
        },
        heading: "This machine's list of trusted certificates can't be used",
        cause: "No certificate could be loaded from the system's store, or from SSL_CERT_FILE if that is \
                set: {detail}.",
        next: "Check SSL_CERT_FILE if it is set, or install the package ca-certificates, then start again.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "certificate-time",
        when: When {
            subjects: &[Subject::Tls],
            texts: &["expired", "not valid yet", "notvalidyet", "not yet valid"],
            ..ALWAYS
        },
        heading: "The certificate of {host} is not valid today",
        cause: "This machine's clock is wrong, or something between here and Zoom shows an old \
                certificate: {detail}.",
        next: "Check this machine's date and time first, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "certificate-name",
        when: When {
            subjects: &[Subject::Tls],
            texts: &["not valid for name", "notvalidforname", "not valid for any names"],
            ..ALWAYS
        },
        heading: "The certificate shown is not that of {host}",
        cause: "A proxy, a portal or a wrong name server answers in Zoom's place: {detail}.",
        next: "Check the network (open https://{host} in a browser; a guest Wi-Fi may want a login), then \
               press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "tls-intercepted",
        when: When { subjects: &[Subject::Tls], marks: &[Mark::IssuerNamed], ..ALWAYS },
        heading: "The connection to {host} is opened on the way",
        cause: "The certificate shown was issued by {issuer}, which this machine does not trust. A \
                security proxy that reads the traffic does that.",
        next: "Ask your network team for the proxy's root certificate as a PEM file, add it to the \
               system's store or name a bundle that holds it in SSL_CERT_FILE, and start again.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "tls-intercepted",
        when: When {
            subjects: &[Subject::Tls],
            texts: &["unknownissuer", "unknown issuer", "self-signed", "caused by an unknown"],
            ..ALWAYS
        },
        heading: "The certificate of {host} comes from an unknown issuer",
        cause: "A security proxy that reads the traffic shows a certificate of its own, or this machine's \
                list of trusted certificates is out of date: {detail}.",
        next: "Ask your network team for the proxy's root certificate as a PEM file, add it to the \
               system's store or name a bundle that holds it in SSL_CERT_FILE, and start again.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "tls-failed",
        when: When { subjects: &[Subject::Tls], ..ALWAYS },
        heading: "No secure connection to {host}",
        cause: "The other side does not speak TLS as expected; a proxy or firewall is the likely cause: \
                {detail}.",
        next: "Check that a browser on this machine opens https://{host}, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "proxy-login",
        when: When { subjects: &[Subject::Proxy], texts: &["authorization required", "407"], ..ALWAYS },
        heading: "The proxy {proxy} wants a login",
        cause: "It answered 407: it takes no request without user name and password.",
        next: "Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT of your proxy and start again, or ask \
               your network team for an exception for {host}.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "proxy",
        when: When { subjects: &[Subject::Proxy], ..ALWAYS },
        heading: "The proxy {proxy} did not connect to {host}",
        cause: "It could not be reached, or it does not let this address through: {detail}.",
        next: "Check HTTPS_PROXY and NO_PROXY, or ask your network team to allow {host}; then start again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "timed-out",
        when: When { subjects: &[Subject::TimedOut], calls: &[Call::ExchangeCode], ..ALWAYS },
        heading: "{host} gave no answer within {limit}",
        cause: "The code may have been used already, and a code works only once, so it is not sent again.",
        next: "Begin the login again to get a new code.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "timed-out",
        when: When { subjects: &[Subject::TimedOut], calls: &[Call::Refresh], ..ALWAYS },
        heading: "{host} gave no answer within {limit}",
        cause: "The refresh token may have been spent already, and each works only once, so it is not sent \
                again.",
        next: "Begin a new login when Zoom answers again.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "timed-out",
        when: When { subjects: &[Subject::TimedOut], ..ALWAYS },
        heading: "{host} gave no answer within {limit}",
        cause: "Zoom or the network is slow, or a firewall swallows the traffic.",
        next: "Press r to try again; if it stays so, look at https://status.zoom.us.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "answer-lost",
        when: When { subjects: &[Subject::AnswerLost], calls: &[Call::ExchangeCode], ..ALWAYS },
        heading: "The connection broke before the answer came",
        cause: "The code may have been used already, and a code works only once, so it is not sent again: \
                {detail}.",
        next: "Begin the login again to get a new code.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "answer-lost",
        when: When { subjects: &[Subject::AnswerLost], calls: &[Call::Refresh], ..ALWAYS },
        heading: "The connection broke before the answer came",
        cause: "The refresh token may have been spent already, and each works only once, so it is not sent \
                again: {detail}.",
        next: "Begin a new login.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "answer-lost",
        when: When { subjects: &[Subject::AnswerLost], ..ALWAYS },
        heading: "The connection broke before the answer came",
        cause: "The network or {host} dropped the connection, also on a second attempt where one is safe: \
                {detail}.",
        next: "Press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "answer-too-large",
        when: When { subjects: &[Subject::TooLarge], ..ALWAYS },
        heading: "The answer of {host} is larger than {limit}",
        cause: "Zoom's answers are small. Something else answers in its place, and reading was stopped.",
        next: "Check --oauth-url, --api-url and the proxy settings, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "malformed-answer",
        when: When { subjects: &[Subject::Malformed], calls: &[Call::ExchangeCode, Call::Refresh], ..ALWAYS },
        heading: "The answer of {host} is not a token answer",
        cause: "The answer says success, but {detail}. What was sent (code or refresh token) is likely \
                spent.",
        next: "Begin a new login; if it happens again, check --oauth-url and the proxy settings.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "malformed-answer",
        when: When { subjects: &[Subject::Malformed], ..ALWAYS },
        heading: "The answer of {host} can't be read",
        cause: "The answer says success, but {detail}. Something may answer in Zoom's place.",
        next: "Check --oauth-url, --api-url and the proxy settings, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "address-forbidden",
        when: When { subjects: &[Subject::Forbidden], ..ALWAYS },
        heading: "This address is not asked",
        cause: "Secrets go only over https, or to this machine itself: {detail}.",
        next: "Use an https address with --oauth-url or --api-url, or leave them out.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "clock-skew",
        when: When { subjects: &[Subject::Clock], ..ALWAYS },
        heading: "The clock of this machine is wrong",
        cause: "Compared with the time in Zoom's answer, {skew}. Expiry times shown here are off by as \
                much.",
        next: "Turn on automatic time in the system's settings, then check again.",
        class: CheckFailed,
        retry: true,
    },
    Row {
        code: "rate-limited-daily",
        when: When { statuses: &[(429, 429)], marks: &[Mark::DailyLimit], ..ALWAYS },
        heading: "Zoom's daily limit is reached",
        cause: "All apps of the account share one number of calls a day, and it is used up.",
        next: "Wait until Zoom answers again: {wait}.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "rate-limited-daily",
        when: When { statuses: &[(429, 429)], texts: &["daily", "per day"], ..ALWAYS },
        heading: "Zoom's daily limit is reached",
        cause: "All apps of the account share one number of calls a day, and it is used up.",
        next: "Wait until the next day in UTC, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "rate-limited",
        when: When { statuses: &[(429, 429)], ..ALWAYS },
        heading: "Zoom asks for fewer calls",
        cause: "The account made too many calls in a short time; all its apps count together.",
        next: "Wait a moment, then press r to try again {wait}.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "proxy-login",
        when: When { statuses: &[(407, 407)], ..ALWAYS },
        heading: "A proxy wants a login",
        cause: "The answer is 407, which only a proxy gives.",
        next: "Set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT of your proxy and start again.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "redirected",
        when: When { statuses: &[(300, 399)], ..ALWAYS },
        heading: "{host} sends the request elsewhere",
        cause: "The answer is {status}, a redirect, which is not followed because it could carry the \
                secret to a stranger. A proxy's login page or a wrong address does that.",
        next: "Check --oauth-url and --api-url if you gave them; else open any page in the browser to sign \
               in to the network, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "wrong-path",
        when: When { subjects: &[Subject::Html, Subject::Empty], statuses: &[(404, 405)], ..ALWAYS },
        heading: "There is no such page on {host}",
        cause: "The answer is {status} and not from Zoom's interface: the address in use is not Zoom's.",
        next: "Check --oauth-url and --api-url; they stand for https://zoom.us and https://api.zoom.us, \
               without /oauth or /v2.",
        class: Unreachable,
        retry: false,
    },
    Row {
        code: "zoom-unavailable",
        when: When {
            subjects: &[Subject::Html, Subject::Empty, Subject::Text],
            statuses: &[(500, 599)],
            ..ALWAYS
        },
        heading: "{host} is out of order",
        cause: "The answer is {status}: Zoom, or a gateway before it, has a fault of its own.",
        next: "Wait a minute, then press r to try again; https://status.zoom.us tells of known trouble.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "html-answer",
        when: When { subjects: &[Subject::Html], ..ALWAYS },
        heading: "A web page came instead of an answer",
        cause: "Zoom's interface never sends pages here. A proxy's login or block page is the likely cause.",
        next: "Open https://{host} in a browser on this machine, sign in to the network if asked, then \
               press r to try again.",
        class: Unreachable,
        retry: true,
    },
];

/// What is left when nothing else fits.
pub(super) const LAST_ROWS: &[Row] = &[
    Row {
        code: "zoom-unavailable",
        when: When { statuses: &[(500, 599)], ..ALWAYS },
        heading: "{host} is out of order",
        cause: "The answer is {status}: Zoom has a fault of its own.",
        next: "Wait a minute, then press r to try again; https://status.zoom.us tells of known trouble.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "empty-answer",
        when: When { subjects: &[Subject::Empty], ..ALWAYS },
        heading: "{host} answered without a text",
        cause: "The answer is {status} and empty. A proxy or firewall may have cut it.",
        next: "Press r to try again; if it stays so, check the proxy settings.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "not-activated-or-wrong-account",
        when: When { calls: &[Call::AccountCredentials], statuses: &[(400, 499)], ..ALWAYS },
        heading: "Zoom gives this app no token",
        cause: "Zoom does not say which it is: (1) the app is not activated, (2) the Account ID is not \
                this app's, (3) the app is not a Server-to-Server app, or the account does not allow that \
                kind.",
        next: "Check in this order: (1) the app's Activation page says it is activated; (2) the Account ID \
               is the one on the app's App Credentials page, not the account number; (3) that page shows \
               an Account ID at all. Then press r to try again.",
        class: Refused,
        retry: true,
    },
    Row {
        code: "malformed-answer",
        when: When { statuses: &[(200, 299)], ..ALWAYS },
        heading: "The answer of {host} can't be read",
        cause: "The answer says success ({status}) and carries none. Something may answer in Zoom's place.",
        next: "Check --oauth-url, --api-url and the proxy settings, then press r to try again.",
        class: Unreachable,
        retry: true,
    },
    Row {
        code: "authorize-refused",
        when: When { subjects: &[Subject::Callback, Subject::AuthorizePage], ..ALWAYS },
        heading: "Zoom ended the login with an error",
        cause: "It is none of the known ones; Zoom's own words are all there is.",
        next: "Begin the login again; if it ends the same way, look Zoom's words up in its developer forum.",
        class: Refused,
        retry: true,
    },
    UNKNOWN,
];

/// A refusal that is in no table.
pub(super) const UNKNOWN: Row = Row {
    code: "refused",
    when: ALWAYS,
    heading: "Zoom refused {call}",
    cause: "It is none of the known refusals; Zoom's own words are all there is.",
    next: "Look Zoom's words up in its developer forum; press r to try again.",
    class: Refused,
    retry: true,
};
