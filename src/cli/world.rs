//! The world a command works in, put together from the global options.

use super::arguments::{CloudArgument, Global, StoreArgument};
use super::procedures as procedure_files;
use crate::app::model::{Rehearsal, Settings};
use crate::callback::TinyHttpListener;
use crate::error::{Error, ErrorKind};
use crate::oauth::authorize::{Cloud, Endpoints};
use crate::ports::{Browser, Clipboard, Clock, RehearsalApp, Rehearsing, Store, StoreFailure};
use crate::procedure::{AppKind, FieldName, Management, Procedure, registry};
use crate::runtime::{LoggedStore, LoggedZoom, Ports};
use crate::sandbox::{AppConfiguration, Consent, Fault, Sandbox, SandboxOptions};
use crate::secret::{Secret, passphrase_fault, printable};
use crate::store::{
    FileStore, HistoryFile, StoreKind, StoreOptions, StoreParts, create_private_directory, default_data_dir,
};
use crate::system::{
    BrowserEnvironment, Machine, SystemBrowser, SystemClipboard, SystemClock, SystemEntropy,
};
use crate::terminal;
use crate::zoom::{Limits, ZoomClient};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Loopback ports to listen on, in this order. Below the ports that systems lend to outgoing connections (32768 on
/// Linux, 49152 elsewhere), so that only another listener can have one; and a fixed list, because they are registered
/// in Zoom's allow list where the port counts there. Zoom's changelog ("PKCE loopback support") says that it does
/// not count for a PKCE app.
const LOOPBACK_PORTS: [u16; 3] = [28_473, 28_474, 28_475];
/// How long a login may take in the browser, in seconds: an admin may have to find a password first.
const AUTHORIZE_LIMIT_S: u64 = 600;
/// Waits between further tries while granted scopes lag, in seconds; half a minute in all.
const LAG_DELAYS_S: [u64; 4] = [2, 4, 8, 16];
/// The same against the sandbox, which does not need that long.
const REHEARSAL_LAG_DELAYS_S: [u64; 3] = [1, 1, 1];

/// What a command works with.
pub struct World {
    pub settings: Settings,
    pub procedures: Vec<Arc<Procedure>>,
    pub store: Box<dyn Store>,
    /// The last checks of each connection.
    pub history: HistoryFile,
    pub passphrase: Option<Secret>,
    sandbox: Option<Arc<Sandbox>>,
    environment: BrowserEnvironment,
}

impl World {
    /// Everything, with the sandbox running if this is a rehearsal.
    ///
    /// # Errors
    /// Bad options, a bad procedure file, no data directory, no sandbox.
    pub fn new(global: &Global, interactive: bool) -> Result<Self, Error> {
        Self::with(procedures(global)?, global, interactive)
    }

    /// Everything, around procedures that are loaded already: reading them is half of a start.
    ///
    /// # Errors
    /// As [`Self::new`], less the procedures.
    pub fn with(procedures: Vec<Arc<Procedure>>, global: &Global, interactive: bool) -> Result<Self, Error> {
        let machine = Machine::of_process();
        let environment = BrowserEnvironment::of(&machine);
        let mut endpoints = endpoints(global)?;
        let data_dir = data_dir(global)?;
        let mut rehearsal = None;
        let mut sandbox = None;
        if let Some(name) = &global.rehearse {
            let started = start_sandbox(name, &data_dir, interactive && environment.can_open())?;
            endpoints = Endpoints::parse(Some(started.oauth_url()), Some(started.api_url()), Cloud::Zoom)?;
            rehearsal = Some(offers(&started, name, !environment.can_open()));
            sandbox = Some(Arc::new(started));
        }
        let lag_delays_s =
            if rehearsal.is_some() { REHEARSAL_LAG_DELAYS_S.to_vec() } else { LAG_DELAYS_S.to_vec() };
        let settings = Settings {
            endpoints,
            rehearsal,
            loopback_ports: LOOPBACK_PORTS.to_vec(),
            authorize_limit_s: AUTHORIZE_LIMIT_S,
            lag_delays_s,
            remote: machine.remote(),
            ascii: global.ascii,
            interactive,
        };
        let history = history(global, &data_dir);
        let store = open_store(global)?;
        let passphrase = secret_variable("ZOOM_SETUP_PASSPHRASE");
        Ok(Self { settings, procedures, store, history, passphrase, sandbox, environment })
    }

    /// The same, listening on that port and no other, if one is named.
    #[must_use]
    pub fn with_port(mut self, port: Option<u16>) -> Self {
        if let Some(port) = port {
            self.settings.loopback_ports = vec![port];
        }
        self
    }

    /// For commands that only look at what is stored.
    ///
    /// # Errors
    /// As [`Self::new`], less the sandbox.
    pub fn without_zoom(global: &Global) -> Result<Self, Error> {
        let quiet = Global { rehearse: None, ..global.clone() };
        let mut world = Self::new(&quiet, false)?;
        if global.rehearse.is_some() {
            world.history = history(global, &data_dir(global)?);
            world.store = open_store(global)?;
        }
        Ok(world)
    }

    /// The procedure of that id.
    ///
    /// # Errors
    /// A stored connection can follow a procedure that is not loaded.
    pub fn procedure(&self, id: &str) -> Result<Arc<Procedure>, Error> {
        self.procedures.iter().find(|procedure| procedure.id == id).cloned().ok_or_else(|| {
            Error::usage(format!("the procedure {id} is not loaded"))
                .hint("If it is one of your own, name its folder: --procedures DIR")
        })
    }

    /// Makes the secrets readable, with the passphrase of the environment or one that is typed.
    ///
    /// # Errors
    /// Exit code 6: no way in.
    pub fn open_secrets(&mut self) -> Result<(), Error> {
        self.unlock_secrets().map_err(store_error)
    }

    /// The same, for those who can go on without.
    ///
    /// # Errors
    /// No way in.
    pub fn unlock_secrets(&mut self) -> Result<(), StoreFailure> {
        let first = self.store.unlock(None);
        let Err(StoreFailure::NeedsPassphrase { new, why }) = &first else {
            return first.map(drop);
        };
        let unread = |why: String| StoreFailure::NeedsPassphrase { new: *new, why };
        let passphrase = match &self.passphrase {
            Some(passphrase) => passphrase.clone(),
            None if terminal::is_interactive() && *new => {
                let _ = writeln!(std::io::stderr(), "Secrets need a passphrase: {}.", printable(why, 1000));
                new_passphrase().map_err(unread)?
            }
            None if terminal::is_interactive() => {
                typed_passphrase("Passphrase of the secrets: ").map_err(unread)?
            }
            None => return first.map(drop),
        };
        self.store.unlock(Some(&passphrase)).map(drop)
    }

    /// The ports for a runtime, and what the model needs.
    pub fn into_parts(self) -> (Ports, Settings, Vec<Arc<Procedure>>) {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let endpoints = self.settings.endpoints.clone();
        let zoom = Arc::new(ZoomClient::new(endpoints.clone(), Arc::clone(&clock), Limits::default()));
        let system_clipboard = SystemClipboard::new(&self.environment);
        let browser: Arc<dyn Browser> = if self.sandbox.is_some() && !self.environment.can_open() {
            Arc::new(StandInBrowser)
        } else {
            Arc::new(SystemBrowser::new(self.environment))
        };
        let ports = Ports {
            zoom: Arc::new(LoggedZoom::new(zoom, endpoints, Arc::clone(&clock))),
            listener: Arc::new(TinyHttpListener::default()),
            browser,
            clipboard: Arc::new(BothClipboards {
                system: system_clipboard,
                terminal: self.settings.interactive,
            }),
            clock,
            entropy: Arc::new(SystemEntropy),
            store: self.store,
            history: self.history,
            procedures: self.procedures.clone(),
            rehearsing: self.sandbox.map(|sandbox| Arc::new(SandboxPage { sandbox }) as Arc<dyn Rehearsing>),
            passphrase: self.passphrase,
            export_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        };
        (ports, self.settings, self.procedures)
    }
}

/// A passphrase that is typed, without echo.
///
/// # Errors
/// The terminal is gone; in words.
pub fn typed_passphrase(prompt: &str) -> Result<Secret, String> {
    let typed = rpassword::prompt_password(prompt);
    typed.map(Secret::new).map_err(|error| format!("no passphrase was read: {error}"))
}

/// A new passphrase, typed twice.
///
/// # Errors
/// It is empty, or the two are not the same; in words.
pub fn new_passphrase() -> Result<Secret, String> {
    let chosen = typed_passphrase("New passphrase: ")?;
    if let Some(fault) = passphrase_fault(&chosen) {
        return Err(fault);
    }
    if chosen == typed_passphrase("The same again: ")? {
        Ok(chosen)
    } else {
        Err("the two passphrases are not the same, so nothing was changed".to_owned())
    }
}

/// The built-in procedures and the author's own.
///
/// # Errors
/// A file that is not usable, with line and caret in the hints.
pub fn procedures(global: &Global) -> Result<Vec<Arc<Procedure>>, Error> {
    let embedded = registry::embedded().map_err(|errors| procedure_files::load_failure(&errors))?;
    let all = match &global.procedures {
        None => embedded,
        Some(directory) => registry::from_files(embedded, procedure_files::read_directory(directory)?)
            .map_err(|errors| procedure_files::load_failure(&errors))?,
    };
    Ok(all.into_iter().map(Arc::new).collect())
}

/// The procedure of that id, alone where the program carries it and no files of the author's may take its place;
/// otherwise all there are.
///
/// # Errors
/// As [`procedures`].
pub fn procedures_with(global: &Global, id: &str) -> Result<Vec<Arc<Procedure>>, Error> {
    match registry::embedded_one(id) {
        Some(found) if global.procedures.is_none() => {
            let found = found.map_err(|errors| procedure_files::load_failure(&errors))?;
            Ok(vec![Arc::new(found)])
        }
        Some(_) | None => procedures(global),
    }
}

/// The fault of that name.
///
/// # Errors
/// Names the faults there are.
pub fn parse_fault(name: &str) -> Result<Fault, Error> {
    name.parse::<Fault>().map_err(|unknown| {
        let list: Vec<&str> = Fault::ALL.into_iter().map(Fault::as_str).collect();
        let _ = unknown;
        Error::usage(format!("there is no fault {}", crate::secret::printable(name, 60)))
            .hint(format!("Faults that can be rehearsed: {}", list.join(", ")))
    })
}

/// A store failure as the end of a command.
pub fn store_error(failure: StoreFailure) -> Error {
    let hint = match &failure {
        StoreFailure::NeedsPassphrase { .. } | StoreFailure::WrongPassphrase => {
            Some("The passphrase is taken from ZOOM_SETUP_PASSPHRASE where no prompt is possible.")
        }
        StoreFailure::Locked { .. } => Some("Close the other zoom-setup, or wait and try again."),
        StoreFailure::Io { .. } | StoreFailure::Unreadable { .. } => None,
    };
    let error = Error::new(ErrorKind::Store, crate::app::update::store_failure_text(&failure));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// How to go on with a set-up that was left, as advice: the command as it has to be typed for this data, with the
/// port that was asked for.
pub fn go_on(global: &Global, port: Option<u16>) -> String {
    if global.store == Some(StoreArgument::Memory) {
        return "--store memory keeps nothing; begin again with: zoom-setup new".to_owned();
    }
    let rehearse = if global.rehearse.is_some() { " --rehearse" } else { "" };
    let directory = global.data_dir.as_ref().map_or_else(String::new, |directory| {
        format!(" --data-dir '{}'", crate::secret::printable(&directory.display().to_string(), 200))
    });
    let port = port.map_or_else(String::new, |port| format!(" --port {port}"));
    format!("Every answer is kept. Go on with: zoom-setup{rehearse} resume{directory}{port}")
}

/// A secret from the environment; empty counts as not set.
pub fn secret_variable(name: &str) -> Option<Secret> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Secret::new)
}

fn endpoints(global: &Global) -> Result<Endpoints, Error> {
    let cloud = match global.cloud {
        CloudArgument::Zoom => Cloud::Zoom,
        CloudArgument::Zoomgov => Cloud::ZoomGov,
    };
    Endpoints::parse(global.oauth_url.as_deref(), global.api_url.as_deref(), cloud)
}

fn data_dir(global: &Global) -> Result<PathBuf, Error> {
    let base = match &global.data_dir {
        Some(directory) => directory.clone(),
        None => default_data_dir().map_err(store_error)?,
    };
    // Rehearsals have a place of their own, so that nothing invented mixes with what is real.
    Ok(if global.rehearse.is_some() { base.join("rehearsal") } else { base })
}

fn history(global: &Global, data_dir: &Path) -> HistoryFile {
    if global.store == Some(StoreArgument::Memory) {
        HistoryFile::nowhere()
    } else {
        HistoryFile::new(data_dir)
    }
}

fn open_store(global: &Global) -> Result<Box<dyn Store>, Error> {
    Ok(Box::new(LoggedStore::new(Box::new(file_store(global)?))))
}

/// The store of these options, for commands about the store itself. Nothing is read yet.
///
/// # Errors
/// Exit code 6: the data directory is something else.
pub fn file_store(global: &Global) -> Result<FileStore, Error> {
    let kind = match (global.store, global.rehearse.is_some()) {
        (Some(StoreArgument::Memory), _) => StoreKind::Memory,
        (Some(StoreArgument::Keyring), _) => StoreKind::Keyring,
        (Some(StoreArgument::File), _) => StoreKind::File,
        (Some(StoreArgument::Auto) | None, true) => StoreKind::Rehearsal,
        (Some(StoreArgument::Auto) | None, false) => StoreKind::Auto,
    };
    let mut parts = StoreParts::default();
    // A place of the user's own for what the data directory does not take: looked into first, filled first.
    let named = std::env::var_os("ZOOM_SETUP_RESCUE_DIR").filter(|directory| !directory.is_empty());
    parts.rescue_places.splice(0..0, named.map(PathBuf::from));
    FileStore::with_parts(StoreOptions { data_dir: data_dir(global)?, kind }, parts).map_err(store_error)
}

fn start_sandbox(name: &str, data_dir: &Path, person: bool) -> Result<Sandbox, Error> {
    let mut options = SandboxOptions::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    if !name.is_empty() {
        options.faults.push(parse_fault(name)?);
    }
    if !person {
        options.consent = Consent::Automatic;
    }
    // Without its directory the sandbox keeps its state in memory, which a rehearsal in memory wants anyway.
    if create_private_directory(data_dir).is_ok() {
        options.state_file = Some(data_dir.join("sandbox.json"));
    }
    Sandbox::start(options).map_err(|failure| {
        Error::new(ErrorKind::Internal, failure.to_string()).hint("Close other rehearsals and try again.")
    })
}

/// What the wizard offers in rehearsal: the values of the sandbox's app page, and examples for the rest.
fn offers(sandbox: &Sandbox, fault: &str, stand_in: bool) -> Rehearsal {
    let examples = || -> BTreeMap<FieldName, Secret> {
        [
            (FieldName::Instance, "dev12345"),
            (FieldName::Company, "Example Company"),
            (FieldName::DeveloperName, "Example Admin"),
            (FieldName::DeveloperEmail, "admin@example.com"),
        ]
        .into_iter()
        .map(|(field, value)| (field, Secret::new(value)))
        .collect()
    };
    let page = |kind| {
        let app = sandbox.app_page(kind);
        let mut offers = examples();
        offers.insert(FieldName::ClientId, Secret::new(app.client_id));
        offers.insert(FieldName::ClientSecret, app.client_secret);
        if let Some(account_id) = app.account_id {
            offers.insert(FieldName::AccountId, Secret::new(account_id));
        }
        if let Some(secret_token) = app.secret_token {
            offers.insert(FieldName::SecretToken, secret_token);
        }
        offers
    };
    Rehearsal {
        fault: (!fault.is_empty()).then(|| fault.to_owned()),
        stand_in,
        general: page(AppKind::General),
        server_to_server: page(AppKind::ServerToServer),
    }
}

/// Tells the sandbox what the wizard knows.
struct SandboxPage {
    sandbox: Arc<Sandbox>,
}

impl Rehearsing for SandboxPage {
    fn configure(&self, app: RehearsalApp) {
        let kind = if app.server_to_server { AppKind::ServerToServer } else { AppKind::General };
        let configuration = AppConfiguration {
            redirect_url: app.redirects.first().cloned(),
            allow_list: app.redirects,
            scopes: app.scopes.into_iter().collect(),
            management: (!app.server_to_server).then_some(if app.user_managed {
                Management::User
            } else {
                Management::Admin
            }),
            public_client: false,
            activated: app.activated,
        };
        // What Zoom's form would not keep shows up as a finding of the verification.
        drop(self.sandbox.configure(kind, configuration));
    }

    fn regenerate(&self, server_to_server: bool) -> Secret {
        let kind = if server_to_server { AppKind::ServerToServer } else { AppKind::General };
        self.sandbox.regenerate_secret(kind);
        self.sandbox.app_page(kind).client_secret
    }
}

/// In rehearsal on a machine without a browser: follows the login by itself, as far as it goes. The sandbox
/// consents without a page then.
struct StandInBrowser;

impl Browser for StandInBrowser {
    /// Returns when the login has ended, with the address of the receiver if it ended there. An error page of the
    /// sandbox is told in the error, since nobody sees it.
    fn open(&self, url: &str) -> Result<Option<Secret>, String> {
        let client = crate::zoom::follow_redirects_on_loopback()?;
        let runtime = super::set_up::tokio_runtime().map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let Ok(answer) = client.get(url).send().await else { return Ok(None) };
            if answer.status().is_redirection() {
                // It leads off this machine, to which nothing is sent in a rehearsal.
                let location = answer.headers().get(reqwest::header::LOCATION);
                return Ok(location.and_then(|location| location.to_str().ok()).map(Secret::new));
            }
            // Where it was sent on, to the sign-in or back to the listener, that knows more than the answer says.
            if answer.status().is_success() || answer.url().as_str() != url {
                return Ok(None);
            }
            let page = answer.text().await.unwrap_or_default();
            let heading = page.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
            Err(heading.map_or("an error page", |(heading, _)| heading).to_owned())
        })
    }
}

/// The terminal's clipboard (OSC 52), and the system's where there is a local display.
struct BothClipboards {
    system: SystemClipboard,
    terminal: bool,
}

impl Clipboard for BothClipboards {
    fn copy(&self, text: &Secret) -> String {
        let sent = self.terminal && terminal::copy_by_terminal(text.expose()).is_ok();
        match (self.system.copy(text), sent) {
            (Ok(()), true) => "copied to the clipboard, and sent to the terminal's".to_owned(),
            (Ok(()), false) => "copied to the clipboard".to_owned(),
            (Err(_), true) => "sent to the terminal's clipboard".to_owned(),
            (Err(why), false) => format!("not copied ({why}); select it by hand"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use clap::Parser;

    #[test]
    fn the_command_to_go_on_keeps_the_port() {
        let arguments = Arguments::try_parse_from(["zoom-setup", "--rehearse", "new", "--port", "40000"]);
        let global = arguments.unwrap().global;
        let words = go_on(&global, Some(40_000));
        assert!(words.ends_with("zoom-setup --rehearse resume --port 40000"), "{words}");
        assert!(go_on(&global, None).ends_with("resume"));
    }
}
