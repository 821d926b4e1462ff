//! What the embedded Zoom grants, reviewed: each procedure with everything, with one missing, with too much, with
//! classic scopes, and with none reported.

use super::classic::CLASSIC;
use std::collections::BTreeSet;
use std::sync::Arc;
use zoom_setup::oauth::authorize::{Cloud, Endpoints};
use zoom_setup::oauth::{ClientAuthentication, Grant, TokenGrant, TokenRequest};
use zoom_setup::ports::Zoom;
use zoom_setup::procedure::{AppKind, Procedure, ScopeNeed, registry};
use zoom_setup::sandbox::{AppConfiguration, Sandbox, SandboxOptions};
use zoom_setup::scope::Catalogue;
use zoom_setup::scope::review::{Review, State, Subject, review};
use zoom_setup::system::{SystemClock, SystemEntropy};
use zoom_setup::zoom::{Limits, ZoomClient};

/// The sandbox with a Server-to-Server app that is activated and has these scopes.
pub fn sandbox(scopes: &[&str]) -> Sandbox {
    let sandbox =
        Sandbox::start(SandboxOptions::new(Arc::new(SystemClock), Arc::new(SystemEntropy))).unwrap();
    let configuration = AppConfiguration {
        scopes: scopes.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>(),
        activated: true,
        ..AppConfiguration::default()
    };
    let dropped = sandbox.configure(AppKind::ServerToServer, configuration);
    assert!(dropped.is_empty(), "{dropped:?}");
    sandbox
}

pub fn client(sandbox: &Sandbox, api_url: &str) -> ZoomClient {
    let endpoints = Endpoints::parse(Some(sandbox.oauth_url()), Some(api_url), Cloud::Zoom).unwrap();
    ZoomClient::new(endpoints, Arc::new(SystemClock), Limits::default())
}

/// A token of that app, and with it the granted scopes as the answer reports them.
pub async fn token(sandbox: &Sandbox, zoom: &ZoomClient) -> TokenGrant {
    let app = sandbox.app_page(AppKind::ServerToServer);
    let client = ClientAuthentication::Basic { client_id: app.client_id, client_secret: app.client_secret };
    let grant = Grant::AccountCredentials { account_id: app.account_id.unwrap() };
    zoom.token(TokenRequest { client, grant }).await.unwrap()
}

async fn granted(scopes: &[&str]) -> Option<Vec<String>> {
    let sandbox = sandbox(scopes);
    let zoom = client(&sandbox, sandbox.api_url());
    token(&sandbox, &zoom).await.scopes
}

fn reviewed(procedure: &Procedure, granted: Option<&[String]>) -> Review {
    review(Catalogue::embedded(), &Subject { procedure: Some(procedure), granted, ..Subject::default() })
}

fn ids(review: &Review, state: State) -> BTreeSet<String> {
    review.ids(state).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn each_procedure_is_reviewed_right() {
    for procedure in registry::embedded().unwrap() {
        let id = procedure.id.as_str();
        let required = procedure.scope_ids(ScopeNeed::Required);
        let all: BTreeSet<String> = required.iter().map(|one| (*one).to_owned()).collect();
        let none = BTreeSet::new();

        let whole = reviewed(&procedure, granted(&required).await.as_deref());
        assert_eq!(ids(&whole, State::Granted), all, "{id}");
        assert_eq!(
            (ids(&whole, State::Missing), ids(&whole, State::Excess)),
            (none.clone(), none.clone()),
            "{id}"
        );
        assert!(whole.todo.is_empty(), "{id}");

        // Something else beside, as no token comes without a scope.
        let (lost, rest) = required.split_first().unwrap();
        let with = [rest, &["group:read:list_groups:admin"]].concat();
        let less = reviewed(&procedure, granted(&with).await.as_deref());
        assert_eq!(less.ids(State::Missing), [*lost], "{id}");
        assert_eq!(less.ids(State::Excess), ["group:read:list_groups:admin"], "{id}");

        let with = [required.as_slice(), &["user:delete:user:admin"]].concat();
        let more = reviewed(&procedure, granted(&with).await.as_deref());
        assert_eq!(more.ids(State::Excess), ["user:delete:user:admin"], "{id}");
        assert!(ids(&more, State::Missing).is_empty(), "{id}");

        let (_, classic) = CLASSIC.iter().find(|(of, _)| *of == id).unwrap();
        let older = reviewed(&procedure, granted(classic).await.as_deref());
        assert_eq!(
            (ids(&older, State::Missing), ids(&older, State::Excess)),
            (none.clone(), none.clone()),
            "{id}"
        );
        assert_eq!(older.covered.len(), required.len(), "{id}");

        let unknown = reviewed(&procedure, None);
        assert!(!unknown.compared && ids(&unknown, State::Missing).is_empty(), "{id}");
    }
}
