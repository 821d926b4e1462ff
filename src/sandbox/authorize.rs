//! The authorize page: checks, consent, and the way back to the redirect URL.

use super::Consent;
use super::fault::Fault;
use super::message::{Answer, Call, Method, Parameters};
use super::page::{Markup, error, page};
use super::registry::{USER_EMAIL, app_page, without_port};
use super::service::Service;
use super::world::Code;
use crate::procedure::AppKind;
use crate::secret::printable;
use std::sync::{Mutex, PoisonError};

const CONSENT: &str = include_str!("../../assets/pages/sandbox_consent.html");
const LANDING: &str = include_str!("../../assets/pages/sandbox_landing.html");

/// Path of the sign-in page, behind which the consent is asked for.
pub(super) const SIGN_IN: &str = "/oauth/signin";
/// How long a consent page stays good, in seconds.
const TICKET_LIFE_S: i64 = 10 * 60;
/// How many consent pages may be open at once; the oldest goes first.
const TICKETS_KEPT: usize = 64;

/// A login that stands at the consent page.
struct Login {
    client_id: String,
    redirect_uri: String,
    state: String,
    challenge: String,
}

struct Ticket {
    text: String,
    expires_at: i64,
    login: Login,
}

/// Open consent pages. A form counts only with the ticket of its page, once, so no other site can press Allow.
#[derive(Default)]
pub(super) struct Tickets(Mutex<Vec<Ticket>>);

impl Tickets {
    fn open(&self, text: String, login: Login, now: i64) {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.retain(|ticket| ticket.expires_at > now);
        let surplus = (tickets.len() + 1).saturating_sub(TICKETS_KEPT);
        tickets.drain(..surplus);
        tickets.push(Ticket { text, expires_at: now + TICKET_LIFE_S, login });
    }

    /// The scopes and the redirect URL belong to the page; the ticket stays good for its form.
    fn redirect_of(&self, text: &str, now: i64) -> Option<String> {
        let tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = tickets.iter().find(|ticket| ticket.text == text && ticket.expires_at > now)?;
        Some(ticket.login.redirect_uri.clone())
    }

    fn take(&self, text: &str, now: i64) -> Option<Login> {
        let mut tickets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = tickets.iter().position(|ticket| ticket.text == text && ticket.expires_at > now)?;
        Some(tickets.remove(index).login)
    }
}

/// A page for paths that are none.
pub(super) fn not_found() -> Answer {
    error(404, "Not found", "The sandbox has /, /oauth/authorize, /oauth/token, /oauth/revoke and /v2/….")
}

/// `GET /oauth/authorize` checks and sends on to the sign-in; `POST` is the form of the consent page.
pub(super) fn answer(service: &Service, call: &Call) -> Answer {
    let result = match call.method {
        Method::Get => begin(service, call),
        Method::Post => decide(service, call),
        Method::Other => {
            let page = error(405, "Method not allowed", "This page takes GET and POST.");
            return page.header("Allow", "GET, POST");
        }
    };
    result.unwrap_or_else(|refusal| refusal)
}

fn begin(service: &Service, call: &Call) -> Result<Answer, Answer> {
    let parameters = call.query_parameters();
    let login = checked(service, &parameters)?;
    let ticket = service.random_text()?;
    service.tickets.open(ticket.clone(), login, service.now());
    // As Zoom does: what is wrong with client or redirect shows here, everything else behind the sign-in.
    Ok(Answer::redirect(format!("{}{SIGN_IN}?ticket={ticket}", service.base_url)))
}

/// `GET /oauth/signin`: who comes here counts as signed in, and is asked for consent.
pub(super) fn sign_in(service: &Service, call: &Call) -> Answer {
    match call.method {
        Method::Get => ask_consent(service, call).unwrap_or_else(|refusal| refusal),
        Method::Post | Method::Other => {
            error(405, "Method not allowed", "This page takes GET.").header("Allow", "GET")
        }
    }
}

fn ask_consent(service: &Service, call: &Call) -> Result<Answer, Answer> {
    let parameters = call.query_parameters();
    let ticket = parameters.get("ticket").unwrap_or_default();
    let redirect_uri = service.tickets.redirect_of(ticket, service.now()).ok_or_else(out_of_date)?;
    if service.faults.strike(Fault::Deny) {
        let login = service.tickets.take(ticket, service.now()).ok_or_else(out_of_date)?;
        return Ok(declined(service, &login));
    }
    match service.consent {
        Consent::Automatic => {
            let login = service.tickets.take(ticket, service.now()).ok_or_else(out_of_date)?;
            allowed(service, &login)
        }
        Consent::Page => {
            let scopes = service.world().general.scopes.clone();
            let main = Markup::filled(
                CONSENT,
                &[
                    ("user", Markup::text(USER_EMAIL)),
                    ("scopes", Markup::items(scopes.iter().map(String::as_str))),
                    ("redirect", Markup::text(&redirect_uri)),
                    ("ticket", Markup::text(ticket)),
                ],
            );
            // A browser applies form-action to the redirect that follows the form as well.
            let origin = url::Url::parse(&redirect_uri)
                .map(|url| url.origin().ascii_serialization())
                .unwrap_or_default();
            Ok(page(200, "Allow this app?", main, Some(&origin)))
        }
    }
}

fn out_of_date() -> Answer {
    error(400, "This page is out of date", "Start the login again from the wizard.")
}

fn decide(service: &Service, call: &Call) -> Result<Answer, Answer> {
    let form = call
        .form()
        .filter(|form| call.query.is_none() && !form.repeated())
        .ok_or_else(|| error(400, "Bad request", "This is not the form of the consent page."))?;
    let login = form
        .get("ticket")
        .and_then(|ticket| service.tickets.take(ticket, service.now()))
        .ok_or_else(out_of_date)?;
    match form.get("decision") {
        Some("allow") => allowed(service, &login),
        Some(_) | None => Ok(declined(service, &login)),
    }
}

/// The checks. What concerns client and redirect ends on a page, the rest at the redirect URL (RFC 6749
/// section 4.1.2.1).
fn checked(service: &Service, parameters: &Parameters) -> Result<Login, Answer> {
    if parameters.repeated() {
        return Err(error(400, "Bad request (4,700)", "A parameter comes more than once."));
    }
    let app = app_page(AppKind::General);
    let configuration = service.world().general.clone();
    let client_id = parameters.get("client_id").unwrap_or_default();
    let public =
        configuration.public_client && app.public_client_id.as_deref().is_some_and(|id| id == client_id);
    let production = app.production_pair.as_ref().is_some_and(|(id, _)| id == client_id);
    if client_id != app.client_id && !public && !production {
        let heading = format!("Invalid client_id: {} (4,702)", printable(client_id, 80));
        return Err(error(400, &heading, "No app has this client ID."));
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default();
    let challenge = parameters.get("code_challenge");
    // The fields of the Production view are its own, and nobody has filled them in.
    if production
        || service.faults.strike(Fault::RedirectMismatch)
        || !configuration.allows_redirect(redirect_uri, challenge.is_some())
    {
        let heading = format!("Invalid redirect: {} (4,700)", printable(redirect_uri, 300));
        return Err(error(
            400,
            &heading,
            "The redirect URL must stand in the field OAuth Redirect URL and in the OAuth Allow List, letter \
             for letter.",
        ));
    }
    if let Some(scope) = parameters.get("scope") {
        let heading = format!("Invalid scope: {}", printable(scope, 300));
        return Err(error(400, &heading, "Leave scope out; the scopes of the app apply."));
    }
    if configuration.scopes.is_empty() {
        return Err(error(400, "This app has no scopes", "Add at least one scope to the app."));
    }
    let state = parameters.get("state");
    let refused = |code: &str, description: &str| {
        way_back(service, redirect_uri, &[("error", code), ("error_description", description)], state)
    };
    if parameters.get("response_type") != Some("code") {
        return Err(refused("unsupported_response_type", "response_type must be code"));
    }
    let Some(state) = state else {
        return Err(refused("invalid_request", "state required"));
    };
    // RFC 7636 section 4.4.1. Without a method the challenge would count as plain.
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(refused("invalid_request", "code_challenge_method must be S256"));
    }
    // A SHA-256 in base64url without padding has 43 characters.
    let challenge = challenge.filter(|challenge| {
        challenge.len() == 43
            && challenge
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
    });
    let Some(challenge) = challenge else {
        return Err(refused("invalid_request", "code challenge required"));
    };
    Ok(Login {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
        challenge: challenge.to_owned(),
    })
}

fn declined(service: &Service, login: &Login) -> Answer {
    let pairs = [("error", "access_denied"), ("error_description", "The user declined the request")];
    way_back(service, &login.redirect_uri, &pairs, Some(&login.state))
}

fn allowed(service: &Service, login: &Login) -> Result<Answer, Answer> {
    let code = service.random_text()?;
    let now = service.now();
    service.change(|world| {
        let record = Code::new(
            code.clone(),
            login.client_id.clone(),
            login.redirect_uri.clone(),
            login.challenge.clone(),
            world.general.scopes.clone(),
            now,
        );
        world.add_code(record);
    });
    Ok(way_back(service, &login.redirect_uri, &[("code", &code)], Some(&login.state)))
}

/// Sends the browser to the redirect URL. With a consent page there is a real browser, and a rehearsal must
/// not send one to somebody's real system: then an address outside this machine is shown, not followed.
fn way_back(service: &Service, redirect_uri: &str, pairs: &[(&str, &str)], state: Option<&str>) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .extend_pairs(state.map(|state| ("state", state)))
        .finish();
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let address = format!("{redirect_uri}{separator}{query}");
    match service.consent {
        Consent::Page if without_port(redirect_uri).is_none() => {
            let main = Markup::filled(LANDING, &[("address", Markup::text(&address))]);
            page(200, "End of the login", main, None)
        }
        Consent::Page | Consent::Automatic => Answer::redirect(address),
    }
}
