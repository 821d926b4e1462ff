//! The API reads that verification uses: token, then scope, then parameters, with Zoom's error bodies.

use super::message::{Answer, Call, Method, Parameters, segment_decoded};
use super::registry::{ACCOUNT_ID, USER_EMAIL, USER_ID};
use super::service::Service;
use super::world::{AccessRefusal, Bearer};
use crate::procedure::AppKind;
use jiff::civil::Date;
use serde_json::{Value, json};

/// A read, from Zoom's list of granular scopes and its API reference.
struct Read {
    /// Segments below `/v2`; `*` stands for an id.
    path: &'static str,
    /// Granular scopes, any one of which is enough. Named in the refusal.
    granular: &'static [&'static str],
    /// Classic scopes that are enough as well (apps made before granular scopes).
    classic: &'static [&'static str],
    kind: Kind,
}

/// What a read answers.
#[derive(Clone, Copy)]
enum Kind {
    /// The user.
    User,
    /// All users: there is one.
    Users,
    /// An empty list under this key, of the user whose id is in the path.
    OfUser(&'static str),
    /// The same, for a range of dates that must be given.
    OfUserInRange(&'static str),
    /// An empty list under this key, of the account.
    OfAccount(&'static str),
    /// The same, for a range of dates that must be given.
    OfAccountInRange(&'static str),
    /// Something with an id; nothing of that sort exists here. 3001 and this text.
    Missing(&'static str),
}

const MEETING: Kind = Kind::Missing("Meeting does not exist");
const WEBINAR: Kind = Kind::Missing("Webinar does not exist");

const fn read(
    path: &'static str,
    granular: &'static [&'static str],
    classic: &'static [&'static str],
    kind: Kind,
) -> Read {
    Read { path, granular, classic, kind }
}

const DASHBOARD_MEETINGS: &[&str] = &["dashboard_meetings:read:admin"];
const DASHBOARD_ROOMS: &[&str] = &["dashboard_zr:read:admin", "dashboard_home:read:admin"];
const MEETING_READ: &[&str] = &["meeting:read:admin"];
const RECORDING_READ: &[&str] = &["recording:read", "recording:read:admin"];
const WEBINAR_READ: &[&str] = &["webinar:read:admin"];

const READS: [Read; 25] = [
    read(
        "users/*",
        &["user:read:user", "user:read:user:admin"],
        &["user:read", "user:read:admin", "user:write", "user:write:admin"],
        Kind::User,
    ),
    read("users", &["user:read:list_users:admin"], &["user:read:admin", "user:write:admin"], Kind::Users),
    read(
        "users/*/meetings",
        &["meeting:read:list_meetings", "meeting:read:list_meetings:admin"],
        &["meeting:read", "meeting:read:admin"],
        Kind::OfUser("meetings"),
    ),
    read(
        "users/*/webinars",
        &["webinar:read:list_webinars", "webinar:read:list_webinars:admin"],
        &["webinar:read", "webinar:read:admin"],
        Kind::OfUser("webinars"),
    ),
    read(
        "users/*/recordings",
        &["cloud_recording:read:list_user_recordings", "cloud_recording:read:list_user_recordings:admin"],
        &["recording:read", "recording:read:admin"],
        Kind::OfUser("meetings"),
    ),
    read(
        "meetings/*/recordings",
        &["cloud_recording:read:list_recording_files", "cloud_recording:read:list_recording_files:admin"],
        RECORDING_READ,
        MEETING,
    ),
    read(
        "meetings/*/transcript",
        &["cloud_recording:read:meeting_transcript", "cloud_recording:read:meeting_transcript:admin"],
        RECORDING_READ,
        MEETING,
    ),
    read(
        "report/users/*/meetings",
        &["report:read:user:admin"],
        &["report:read:admin"],
        Kind::OfUserInRange("meetings"),
    ),
    read(
        "metrics/zoomrooms",
        &["dashboard:read:list_zoomrooms:admin"],
        DASHBOARD_ROOMS,
        Kind::OfAccount("zoom_rooms"),
    ),
    read(
        "metrics/zoomrooms/issues",
        &["dashboard:read:issues_zoomroom:admin"],
        DASHBOARD_ROOMS,
        Kind::OfAccountInRange("issues"),
    ),
    read(
        "metrics/issues/zoomrooms",
        &["dashboard:read:list_zoomrooms:admin"],
        DASHBOARD_ROOMS,
        Kind::OfAccountInRange("zoom_rooms"),
    ),
    read(
        "metrics/meetings/*/participants/qos",
        &["dashboard:read:list_meeting_participants_qos:admin"],
        DASHBOARD_MEETINGS,
        MEETING,
    ),
    read(
        "metrics/meetings/*/participants/*/qos",
        &["dashboard:read:meeting_participant_qos:admin"],
        DASHBOARD_MEETINGS,
        MEETING,
    ),
    read("meetings/*", &["meeting:read:meeting", "meeting:read:meeting:admin"], MEETING_READ, MEETING),
    read(
        "meetings/*/meeting_summary",
        &["meeting:read:summary", "meeting:read:summary:admin"],
        &["meeting_summary:read:admin"],
        MEETING,
    ),
    read("past_meetings/*", &["meeting:read:past_meeting:admin"], MEETING_READ, MEETING),
    read("past_meetings/*/instances", &["meeting:read:list_past_instances:admin"], MEETING_READ, MEETING),
    read(
        "past_meetings/*/participants",
        &["meeting:read:list_past_participants:admin"],
        MEETING_READ,
        MEETING,
    ),
    read("past_meetings/*/qa", &["meeting:read:past_qa:admin"], MEETING_READ, MEETING),
    read("webinars/*", &["webinar:read:webinar:admin"], WEBINAR_READ, WEBINAR),
    read("webinars/*/panelists", &["webinar:read:list_panelists:admin"], WEBINAR_READ, WEBINAR),
    read("past_webinars/*/instances", &["webinar:read:list_past_instances:admin"], WEBINAR_READ, WEBINAR),
    read(
        "past_webinars/*/participants",
        &["webinar:read:list_past_participants:admin"],
        WEBINAR_READ,
        WEBINAR,
    ),
    read("past_webinars/*/qa", &["webinar:read:past_qa:admin"], WEBINAR_READ, WEBINAR),
    read(
        "metrics/issues/zoomrooms/*",
        &["dashboard:read:issues_zoomroom:admin"],
        DASHBOARD_ROOMS,
        Kind::Missing("Zoom Room does not exist"),
    ),
];

/// `GET /v2/…`; `path` is what follows `/v2/`.
pub(super) fn answer(service: &Service, call: &Call, path: &str) -> Answer {
    let Some((read, ids)) = find(path) else {
        return Answer::api_refusal(404, 2300, "This API endpoint is not recognized.");
    };
    match call.method {
        Method::Get => {}
        Method::Post | Method::Other => return Answer::method_not_allowed("GET"),
    }
    perform(service, call, read, &ids).unwrap_or_else(|refusal| refusal)
}

fn perform(service: &Service, call: &Call, read: &Read, ids: &[String]) -> Result<Answer, Answer> {
    let parameters = call.query_parameters();
    if parameters.get("access_token").is_some() {
        let message = "Invalid access token, this access token is not supported as query parameter string.";
        return Err(Answer::api_refusal(401, 124, message));
    }
    let bearer = authenticated(service, call)?;
    let user = ids.first().map(String::as_str).filter(|_| is_of_user(read.kind));
    let own = bearer.kind == AppKind::General
        && user.is_some_and(|user| user == "me" || user == USER_ID || user == USER_EMAIL);
    // A user-level scope (no :admin) reaches what is the user's own, and nothing by another's id.
    let accepted = |scope: &&&str| {
        bearer.scopes.contains(**scope) && (own || user.is_none() || scope.ends_with(":admin"))
    };
    if !read.granular.iter().chain(read.classic).any(|scope| accepted(&scope)) {
        let message =
            format!("Invalid access token, does not contain scopes:[{}].", read.granular.join(", "));
        return Err(Answer::api_refusal(400, 4711, &message));
    }
    if let Some(user) = user {
        known_user(&bearer, user)?;
    }
    let page_size = page_size(&parameters)?;
    let list = |key: &str| json!({ "page_count": 1, "page_size": page_size, "total_records": 0, "next_page_token": "", key: [] });
    let body = match read.kind {
        Kind::User => person(),
        Kind::Users => json!({
            "page_count": 1,
            "page_number": 1,
            "page_size": page_size,
            "total_records": 1,
            "next_page_token": "",
            "users": [person()],
        }),
        Kind::OfUser(key) | Kind::OfAccount(key) => list(key),
        Kind::OfUserInRange(key) | Kind::OfAccountInRange(key) => {
            dated(&parameters)?;
            list(key)
        }
        Kind::Missing(message) => {
            let id = ids.first().map(String::as_str).unwrap_or_default();
            return Err(Answer::api_refusal(404, 3001, &format!("{message}: {id}.")));
        }
    };
    Ok(service.perhaps_ahead(Answer::json(200, &body)))
}

/// The read of a path and the ids in it. A literal segment goes before an id, since no id here is `zoomrooms`.
fn find(path: &str) -> Option<(&'static Read, Vec<String>)> {
    let given: Vec<&str> = path.split('/').collect();
    READS.iter().find_map(|read| {
        let wanted: Vec<&str> = read.path.split('/').collect();
        let matches = wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, given)| if *wanted == "*" { !given.is_empty() } else { wanted == given });
        matches.then(|| {
            let ids = wanted.iter().zip(&given).filter(|(wanted, _)| **wanted == "*");
            (read, ids.map(|(_, given)| segment_decoded(given)).collect())
        })
    })
}

const fn is_of_user(kind: Kind) -> bool {
    match kind {
        Kind::User | Kind::OfUser(_) | Kind::OfUserInRange(_) => true,
        Kind::Users | Kind::OfAccount(_) | Kind::OfAccountInRange(_) | Kind::Missing(_) => false,
    }
}

fn authenticated(service: &Service, call: &Call) -> Result<Bearer, Answer> {
    let invalid = || Answer::api_refusal(401, 124, "Invalid access token.");
    let token = call.bearer_token().ok_or_else(invalid)?;
    let bearer = service.world().bearer(token, service.now()).map_err(|refusal| match refusal {
        AccessRefusal::Invalid => invalid(),
        AccessRefusal::Expired => Answer::api_refusal(401, 124, "Access token is expired."),
        AccessRefusal::Superseded => Answer::api_refusal(401, 4741, "Token has been revoked."),
    })?;
    let struck = (bearer.kind == AppKind::General).then(|| service.faults.strike_at_grant()).flatten();
    match struck {
        Some(end) => {
            let (number, text) = end.refusal();
            Err(Answer::api_refusal(401, number, &format!("{text}.")))
        }
        None => Ok(bearer),
    }
}

/// A Server-to-Server token has no `me`: Zoom's own repository says not to use it, some tools do. Refused here,
/// so that whoever relies on it is found out.
fn known_user(bearer: &Bearer, user: &str) -> Result<(), Answer> {
    let known = match bearer.kind {
        AppKind::General => user == "me" || user == USER_ID || user == USER_EMAIL,
        AppKind::ServerToServer => user == USER_ID || user == USER_EMAIL,
    };
    if known { Ok(()) } else { Err(Answer::api_refusal(404, 1001, &format!("User does not exist: {user}."))) }
}

fn page_size(parameters: &Parameters) -> Result<u16, Answer> {
    match parameters.get("page_size") {
        None => Ok(30),
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=300).contains(size))
            .ok_or_else(|| Answer::api_refusal(400, 300, "Invalid field: page_size.")),
    }
}

/// `from` and `to`, both needed, at most a month apart.
fn dated(parameters: &Parameters) -> Result<(), Answer> {
    let date = |key: &str| parameters.get(key).and_then(|text| text.parse::<Date>().ok());
    let days = match (date("from"), date("to")) {
        (Some(from), Some(to)) => to.duration_since(from).as_hours() / 24,
        (Some(_) | None, None) | (None, Some(_)) => -1,
    };
    if (0..=31).contains(&days) {
        Ok(())
    } else {
        Err(Answer::api_refusal(400, 300, "Invalid field: from, to."))
    }
}

fn person() -> Value {
    json!({
        "id": USER_ID,
        "account_id": ACCOUNT_ID,
        "email": USER_EMAIL,
        "first_name": "Rehearsal",
        "last_name": "Admin",
        "display_name": "Rehearsal Admin",
        "type": 2,
        "role_name": "Owner",
        "status": "active",
        "timezone": "UTC",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_read() {
        assert_eq!(find("users/me").unwrap().1, ["me"]);
        assert_eq!(find("users/a%40example.com/meetings").unwrap().1, ["a@example.com"]);
        assert_eq!(find("metrics/zoomrooms/issues").unwrap().0.path, "metrics/zoomrooms/issues");
        assert_eq!(find("metrics/issues/zoomrooms").unwrap().0.path, "metrics/issues/zoomrooms");
        for path in ["", "users/", "users/me/", "users//meetings", "nonsense"] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn scopes_of_a_list_are_level_pairs() {
        for read in &READS {
            assert!(read.granular.iter().any(|scope| scope.ends_with(":admin")), "{}", read.path);
            assert!(read.classic.iter().any(|scope| scope.ends_with(":admin")), "{}", read.path);
        }
    }
}
