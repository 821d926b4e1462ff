//! Where to look at the receiver for what cannot be known from here: menu paths in its own labels, and deep links
//! where instance or region are known.
//!
//! ServiceNow: its pages on the connections dashboard and on managing tokens; lists open under
//! `<table>_list.do?sysparm_query=…`. Celigo: its connection page. None was opened by this program.

use super::Place;
use super::checking::Subject;
use crate::procedure::{AppKind, FieldName, Receiver};
use url::form_urlencoded::byte_serialize;

/// The places of a connection, the most telling first.
pub(super) fn of(subject: &Subject) -> Vec<Place> {
    let origin = subject.receiver_url.as_deref();
    match (subject.connection.receiver, subject.connection.app_kind) {
        (Receiver::ServiceNow, AppKind::General) => {
            let id = subject.answer(FieldName::ClientId);
            let search =
                if subject.connection.procedure == "servicenow-dex" { "DEX for Zoom" } else { "Zoom" };
            vec![
                Place {
                    label: format!(
                        "Process Automation > Workflow Studio > Integrations: search {search}, View Details. The card \
                         shows the state of access and refresh token"
                    ),
                    url: None,
                },
                list(
                    origin,
                    "oauth_credential",
                    "peer.client_id",
                    id,
                    "Manage Tokens: type and Expires of each token",
                ),
                list(
                    origin,
                    "oauth_entity",
                    "client_id",
                    id,
                    "System OAuth > Application Registry: client ID and redirect URL",
                ),
            ]
        }
        (Receiver::ServiceNow, AppKind::ServerToServer) => vec![Place {
            label: "The external content connector of Zoom: Validate Connection".to_owned(),
            url: origin.map(str::to_owned),
        }],
        (Receiver::Celigo, AppKind::General) => vec![Place {
            label: "Resources > Connections: the Zoom connection shows offline when its login is dead"
                .to_owned(),
            url: origin.map(str::to_owned),
        }],
        (Receiver::Celigo, AppKind::ServerToServer) => vec![Place {
            label: "Resources > Connections: open the Zoom connection and test it".to_owned(),
            url: origin.map(str::to_owned),
        }],
    }
}

/// A list of an instance, filtered to one client ID.
fn list(origin: Option<&str>, table: &str, column: &str, client_id: &str, label: &str) -> Place {
    let query: String = byte_serialize(format!("{column}={client_id}").as_bytes()).collect();
    Place {
        label: label.to_owned(),
        url: origin.map(|origin| format!("{origin}/{table}_list.do?sysparm_query={query}")),
    }
}
