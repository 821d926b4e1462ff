//! The app page at `/`: the values of both apps, and the forms an admin fills in at Zoom's.

use super::message::{Answer, Call, Method, Parameters};
use super::page::{Markup, error, page};
use super::registry::{AppConfiguration, Dropped, SandboxApp};
use super::service::Service;
use crate::procedure::{AppKind, Management};

const APPS: &str = include_str!("../../assets/pages/sandbox_apps.html");

/// `GET /` shows the page, `POST /` saves one of its forms.
pub(super) fn page_of(service: &Service, call: &Call) -> Answer {
    match call.method {
        Method::Get => render(service, &[]),
        Method::Post => match saved(service, call) {
            Some(dropped) => render(service, &dropped),
            None => error(400, "Bad request", "This is not a form of the app page. Load the page again."),
        },
        Method::Other => {
            error(405, "Method not allowed", "This page takes GET and POST.").header("Allow", "GET, POST")
        }
    }
}

/// Takes over a form. `None` if it is none of ours.
fn saved(service: &Service, call: &Call) -> Option<Vec<Dropped>> {
    let form = call.form().filter(|form| !form.repeated())?;
    if form.get("key") != Some(service.page_key.as_str()) {
        return None;
    }
    if form.get("regenerate").is_some() {
        let kind = match form.get("app")? {
            "general" => AppKind::General,
            "server_to_server" => AppKind::ServerToServer,
            _ => return None,
        };
        service.change(|world| world.regenerate(kind));
        return Some(Vec::new());
    }
    let (kind, configuration) = match form.get("app")? {
        "general" => (
            AppKind::General,
            AppConfiguration {
                redirect_url: form.get("redirect_url").map(|url| url.trim().to_owned()),
                allow_list: lines(&form, "allow_list").collect(),
                scopes: lines(&form, "scopes").collect(),
                management: Some(match form.get("user_managed") {
                    Some(_) => Management::User,
                    None => Management::Admin,
                }),
                public_client: form.get("public_client").is_some(),
                activated: false,
            },
        ),
        "server_to_server" => (
            AppKind::ServerToServer,
            AppConfiguration {
                scopes: lines(&form, "scopes").collect(),
                activated: form.get("activated").is_some(),
                ..AppConfiguration::default()
            },
        ),
        _ => return None,
    };
    Some(service.configure(kind, configuration))
}

fn lines<'a>(form: &'a Parameters, key: &str) -> impl Iterator<Item = String> + 'a {
    form.get(key).unwrap_or_default().split_whitespace().map(str::to_owned)
}

fn render(service: &Service, dropped: &[Dropped]) -> Answer {
    let (general, server) = (service.app_page(AppKind::General), service.app_page(AppKind::ServerToServer));
    let secret_token = general.secret_token.as_ref().map(|token| token.expose()).unwrap_or_default();
    let notes: Vec<String> =
        dropped.iter().map(|dropped| format!("{}: {}", dropped.value, dropped.why)).collect();
    let (of_general, of_server) = {
        let world = service.world();
        (world.general.clone(), world.server_to_server.clone())
    };
    let main = Markup::filled(
        APPS,
        &[
            ("notes", Markup::list("Not saved:", &notes)),
            ("key", Markup::text(&service.page_key)),
            ("general_client_id", Markup::text(&general.client_id)),
            ("general_client_secret", Markup::text(general.client_secret.expose())),
            (
                "general_production_id",
                optional(&general, |app| app.production_pair.as_ref().map(|(id, _)| id.as_str())),
            ),
            (
                "general_production_secret",
                optional(&general, |app| app.production_pair.as_ref().map(|(_, secret)| secret.expose())),
            ),
            ("general_public_client_id", optional(&general, |app| app.public_client_id.as_deref())),
            ("general_secret_token", Markup::text(secret_token)),
            ("general_redirect_url", Markup::text(of_general.redirect_url.as_deref().unwrap_or_default())),
            ("general_allow_list", Markup::text(&of_general.allow_list.join("\n"))),
            ("general_scopes", scope_lines(&of_general)),
            ("general_user_managed", Markup::checked(of_general.management == Some(Management::User))),
            ("general_public_client", Markup::checked(of_general.public_client)),
            ("server_account_id", optional(&server, |app| app.account_id.as_deref())),
            ("server_client_id", Markup::text(&server.client_id)),
            ("server_client_secret", Markup::text(server.client_secret.expose())),
            ("server_scopes", scope_lines(&of_server)),
            ("server_activated", Markup::checked(of_server.activated)),
        ],
    );
    page(200, "Your apps", main, None)
}

fn optional(app: &SandboxApp, value: impl Fn(&SandboxApp) -> Option<&str>) -> Markup {
    Markup::text(value(app).unwrap_or_default())
}

fn scope_lines(configuration: &AppConfiguration) -> Markup {
    let scopes: Vec<&str> = configuration.scopes.iter().map(String::as_str).collect();
    Markup::text(&scopes.join("\n"))
}
