//! `zoom-setup sandbox`: the embedded Zoom on its own.

use crate::error::{Error, ErrorKind};
use crate::ports::{Clock, Entropy};
use crate::procedure::AppKind;
use crate::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxFailure, SandboxOptions};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

/// What the sandbox alone needs to know.
pub struct StandAlone {
    /// `None`: any free port.
    pub port: Option<u16>,
    pub fault: Option<Fault>,
    /// Scopes that the General app begins with. No wizard ticks them here; its page can change them.
    pub general_scopes: BTreeSet<String>,
    /// Scopes that the Server-to-Server app begins with.
    pub server_to_server_scopes: BTreeSet<String>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Where a wizard that is pointed at this sandbox listens. The port is ignored.
const LOOPBACK_REDIRECT: &str = "http://127.0.0.1/callback";

/// Starts the sandbox, says where it is and what its apps are, and serves until `until` returns.
pub fn run(options: StandAlone, out: &mut dyn Write, until: impl FnOnce()) -> Result<(), Error> {
    let fault = options.fault;
    let mut sandbox_options = SandboxOptions::new(options.clock, options.entropy);
    sandbox_options.port = options.port;
    sandbox_options.faults = fault.into_iter().collect();
    sandbox_options.consent = Consent::Page;
    let sandbox = Sandbox::start(sandbox_options).map_err(not_started)?;
    sandbox.configure(
        AppKind::General,
        AppConfiguration {
            redirect_url: Some(LOOPBACK_REDIRECT.to_owned()),
            allow_list: vec![LOOPBACK_REDIRECT.to_owned()],
            scopes: options.general_scopes,
            public_client: true,
            ..AppConfiguration::default()
        },
    );
    sandbox.configure(
        AppKind::ServerToServer,
        AppConfiguration {
            scopes: options.server_to_server_scopes,
            activated: true,
            ..AppConfiguration::default()
        },
    );
    introduce(&sandbox, fault, out)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("Nothing can be printed: {error}")))?;
    until();
    Ok(())
}

fn not_started(failure: SandboxFailure) -> Error {
    match failure {
        SandboxFailure::Port { .. } => Error::usage(failure.to_string())
            .hint("Leave --port out for any free port, or choose another above 1023"),
        SandboxFailure::System { .. } => Error::new(ErrorKind::Internal, failure.to_string()),
    }
}

fn introduce(sandbox: &Sandbox, fault: Option<Fault>, out: &mut dyn Write) -> io::Result<()> {
    let url = sandbox.oauth_url();
    writeln!(out, "REHEARSAL: an embedded Zoom at {url}, until Ctrl-C. Its values open nothing at Zoom.")?;
    writeln!(out)?;
    writeln!(out, "Point the wizard at it:")?;
    writeln!(out, "  zoom-setup --oauth-url {url} --api-url {} new", sandbox.api_url())?;
    writeln!(out, "App page, to change redirect URLs, scopes and activation: {url}/")?;
    for kind in [AppKind::General, AppKind::ServerToServer] {
        let app = sandbox.app_page(kind);
        writeln!(out)?;
        writeln!(out, "{}", kind.label())?;
        if let Some(account_id) = &app.account_id {
            writeln!(out, "  Account ID        {account_id}")?;
        }
        writeln!(out, "  Client ID         {}", app.client_id)?;
        // Invented, and the same in every copy of the program: there is nothing to hide.
        writeln!(out, "  Client Secret     {}", app.client_secret.expose())?;
        if let Some(public_client_id) = &app.public_client_id {
            writeln!(out, "  Public client ID  {public_client_id}")?;
        }
        if let Some(secret_token) = &app.secret_token {
            writeln!(out, "  Secret Token      {}", secret_token.expose())?;
        }
        if let Some(redirect_url) = sandbox.configuration(kind).redirect_url {
            writeln!(out, "  Redirect URL      {redirect_url} (any port)")?;
        }
    }
    if let Some(fault) = fault {
        writeln!(out)?;
        let only = match (fault.applies_to(AppKind::General), fault.applies_to(AppKind::ServerToServer)) {
            (true, false) => " (General app only)",
            (false, true) => " (Server-to-Server app only)",
            (true, true) | (false, false) => "",
        };
        writeln!(out, "Fault {fault}: {}{only}; after that all is well.", fault.description())?;
    }
    out.flush()
}
