//! The token and revoke endpoints, with the refusals that were seen of Zoom. Where no body was ever published
//! (4706, 4709, 4717, 4733, 4741) the reason is the official table's text with its number.

use super::fault::Fault;
use super::message::{Answer, Call, Delivery, Method, Parameters};
use super::registry::app_page;
use super::service::Service;
use super::world::{ACCESS_LIFE_S, CodeRefusal, RefreshRefusal};
use crate::procedure::AppKind;
use crate::secret::{Secret, printable};
use serde_json::json;
use std::collections::BTreeSet;

/// A client that showed who it is.
struct Client {
    kind: AppKind,
    id: String,
}

/// `POST /oauth/token`.
pub(super) fn answer(service: &Service, call: &Call) -> Answer {
    issue(service, call).unwrap_or_else(|refusal| refusal)
}

/// `POST /oauth/revoke` (RFC 7009).
pub(super) fn revoke(service: &Service, call: &Call) -> Answer {
    let result = readable(call).and_then(|form| {
        let client = authenticate(service, call, &form)?;
        let token = form.get("token").ok_or_else(bad_request)?;
        let now = service.now();
        if service.change(|world| world.revoke(&client.id, token, now)) {
            Ok(Answer::json(200, &json!({ "status": "success" })))
        } else {
            Err(Answer::token_refusal(400, "Invalid Token!", "invalid_request"))
        }
    });
    result.unwrap_or_else(|refusal| refusal)
}

fn bad_request() -> Answer {
    Answer::token_refusal(400, "Bad Request", "invalid_request")
}

fn invalid_client() -> Answer {
    Answer::token_refusal(400, "Invalid client_id or client_secret", "invalid_client")
}

fn unsupported_grant() -> Answer {
    Answer::token_refusal(400, "unsupported grant type", "unsupported_grant_type")
}

fn invalid_code(code: &str) -> Answer {
    let reason = format!("Invalid authorization code [{}]", printable(code, 64));
    Answer::token_refusal(400, &reason, "invalid_grant")
}

/// The form of a request that may be one at all: POST, nothing in the query, form-encoded, no parameter twice.
fn readable(call: &Call) -> Result<Parameters, Answer> {
    match call.method {
        Method::Post => {}
        Method::Get | Method::Other => return Err(Answer::method_not_allowed("POST")),
    }
    if call.query.is_some() {
        return Err(bad_request());
    }
    let form = call.form().ok_or_else(unsupported_grant)?;
    if form.repeated() { Err(bad_request()) } else { Ok(form) }
}

/// The client comes first: a wrong pair is told before anything about the grant, so that a made-up code proves
/// a pair.
fn authenticate(service: &Service, call: &Call, form: &Parameters) -> Result<Client, Answer> {
    let general = app_page(AppKind::General);
    if form.get("client_secret").is_some() {
        return Err(invalid_client());
    }
    if call.authorization.is_empty() {
        let id = form.get("client_id").ok_or_else(|| {
            Answer::token_refusal(400, "Client ID or secret missing (4706)", "invalid_client")
        })?;
        let enabled = service.world().general.public_client;
        return if enabled && general.public_client_id.as_deref() == Some(id) {
            Ok(Client { kind: AppKind::General, id: id.to_owned() })
        } else {
            Err(invalid_client())
        };
    }
    let (id, secret) = call.basic_pair().ok_or_else(invalid_client)?;
    let secret = Secret::new(secret);
    let kinds = [AppKind::General, AppKind::ServerToServer];
    let kind = kinds.into_iter().find(|kind| {
        let app = service.app_page(*kind);
        let pairs = [(&app.client_id, &app.client_secret)].into_iter();
        let production = app.production_pair.iter().map(|(id, secret)| (id, secret));
        pairs.chain(production).any(|pair| pair == (&id, &secret))
    });
    // RFC 6749 section 2.3: one way of authentication a request; an id in the body must be the same one.
    let contradicted = form.get("client_id").is_some_and(|named| named != id);
    match kind {
        Some(kind) if !contradicted && !service.faults.strike(Fault::WrongSecret) => Ok(Client { kind, id }),
        Some(_) | None => Err(invalid_client()),
    }
}

fn issue(service: &Service, call: &Call) -> Result<Answer, Answer> {
    let form = readable(call)?;
    let client = authenticate(service, call, &form)?;
    let grant_type = form
        .get("grant_type")
        .ok_or_else(|| Answer::token_refusal(400, "Missing grant type (4706)", "invalid_request"))?;
    if service.faults.strike(Fault::WrongKind) {
        return Err(match client.kind {
            AppKind::General => unsupported_grant(),
            AppKind::ServerToServer => not_that_kind(),
        });
    }
    match (client.kind, grant_type) {
        (AppKind::General, "authorization_code") => exchange(service, &client, &form),
        (AppKind::General, "refresh_token") => refresh(service, &client, &form),
        (AppKind::ServerToServer, "account_credentials") => account_credentials(service, &client, &form),
        (AppKind::General, "account_credentials") => Err(not_that_kind()),
        (AppKind::General | AppKind::ServerToServer, _) => Err(unsupported_grant()),
    }
}

fn not_that_kind() -> Answer {
    Answer::token_refusal(400, "Account does not enabled the OAuth app type", "invalid_request")
}

fn disabled() -> Answer {
    Answer::token_refusal(400, "The app has been disabled (4717)", "invalid_request")
}

fn exchange(service: &Service, client: &Client, form: &Parameters) -> Result<Answer, Answer> {
    if service.faults.strike(Fault::NotActivated) {
        return Err(disabled());
    }
    let code = form.get("code").ok_or_else(|| invalid_code(""))?;
    let redirect_uri = form.get("redirect_uri").unwrap_or_default();
    let verifier = form.get("code_verifier").unwrap_or_default();
    let minted = service.mint(&client.id)?;
    let now = service.now();
    let redeemed = service.change(|world| {
        let mut scopes = world.redeem((&client.id, code), redirect_uri, verifier, &minted.access, now)?;
        if service.faults.strike(Fault::ExpiredCode) {
            return Err(CodeRefusal::Expired);
        }
        if service.faults.strike(Fault::MissingScope) {
            scopes.pop_last();
        }
        wrong_kind_of_scopes(service, &mut scopes);
        let in_answer = lagging(service, &scopes);
        world.grant((client.kind, &client.id), &minted, scopes, in_answer.clone(), now);
        Ok(in_answer)
    });
    match redeemed {
        Ok(scopes) => Ok(token_answer(service, &minted.access, Some(&minted.refresh), &scopes)),
        Err(CodeRefusal::Invalid) => Err(invalid_code(code)),
        Err(CodeRefusal::Expired) => {
            Err(Answer::token_refusal(400, "Code is expired (4733)", "invalid_grant"))
        }
        Err(CodeRefusal::RedirectMismatch) => {
            Err(Answer::token_refusal(400, "Redirect URI mismatch (4709)", "invalid_grant"))
        }
    }
}

fn refresh(service: &Service, client: &Client, form: &Parameters) -> Result<Answer, Answer> {
    if service.faults.strike(Fault::NotActivated) {
        return Err(disabled());
    }
    if let Some(struck) = service.faults.strike_at_grant() {
        let (number, text) = struck.refusal();
        return Err(Answer::token_refusal(400, &format!("{text} ({number})"), "invalid_grant"));
    }
    let invalid = || Answer::token_refusal(400, "Invalid Token!", "invalid_grant");
    let token = form.get("refresh_token").ok_or_else(invalid)?;
    if service.faults.strike(Fault::ExpiredRefresh) {
        return Err(invalid());
    }
    let minted = service.mint(&client.id)?;
    let now = service.now();
    let refreshed = service
        .change(|world| world.refresh((&client.id, token), &minted, |scopes| lagging(service, scopes), now));
    service.refreshes.note(refreshed.is_ok());
    match refreshed {
        Ok(scopes) => {
            let answer = token_answer(service, &minted.access, Some(&minted.refresh), &scopes);
            let answer = service.perhaps_ahead(answer);
            let lost = service.faults.strike(Fault::LostRefresh);
            Ok(if lost { answer.delivered(Delivery::Cut) } else { answer })
        }
        Err(RefreshRefusal::Invalid) => Err(invalid()),
        Err(RefreshRefusal::Superseded) => {
            Err(Answer::token_refusal(400, "Token has been revoked (4741)", "invalid_grant"))
        }
    }
}

fn account_credentials(service: &Service, client: &Client, form: &Parameters) -> Result<Answer, Answer> {
    let known = form.get("account_id") == app_page(client.kind).account_id.as_deref();
    if !known || service.faults.strike(Fault::WrongAccount) {
        return Err(bad_request());
    }
    let (activated, mut scopes) = {
        let world = service.world();
        let app = world.app(client.kind);
        (app.activated, app.scopes.clone())
    };
    // Zoom lets nobody activate an app without a scope.
    if !activated || scopes.is_empty() || service.faults.strike(Fault::NotActivated) {
        return Err(disabled());
    }
    if service.world().has_granted(client.kind) && service.faults.strike(Fault::Deactivated) {
        return Err(disabled());
    }
    wrong_kind_of_scopes(service, &mut scopes);
    let minted = service.mint(&client.id)?;
    if service.faults.withholds_scope() {
        scopes.pop_last();
    }
    let in_answer = lagging(service, &scopes);
    let now = service.now();
    service.change(|world| world.grant((client.kind, &client.id), &minted, scopes, in_answer.clone(), now));
    Ok(service.perhaps_ahead(token_answer(service, &minted.access, None, &in_answer)))
}

/// An app of the wrong kind: its scopes are those of one user, or reach into sub accounts.
fn wrong_kind_of_scopes(service: &Service, scopes: &mut BTreeSet<String>) {
    if service.faults.strike(Fault::UserManaged) {
        *scopes =
            scopes.iter().map(|scope| scope.strip_suffix(":admin").unwrap_or(scope).to_owned()).collect();
    }
    if service.faults.strike(Fault::MasterScope) {
        scopes.insert("account:master".to_owned());
    }
}

/// The scopes that an answer has so far: the first half while they lag.
fn lagging(service: &Service, scopes: &BTreeSet<String>) -> BTreeSet<String> {
    if service.faults.strike(Fault::ScopeLag) {
        scopes.iter().take(scopes.len() / 2).cloned().collect()
    } else {
        scopes.clone()
    }
}

fn token_answer(
    service: &Service,
    access_token: &str,
    refresh_token: Option<&str>,
    scopes: &BTreeSet<String>,
) -> Answer {
    let scope: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut body = json!({
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": ACCESS_LIFE_S,
        "scope": scope.join(" "),
        "api_url": service.base_url,
    });
    if let Some(refresh_token) = refresh_token {
        body["refresh_token"] = json!(refresh_token);
    }
    Answer::json(200, &body)
}
