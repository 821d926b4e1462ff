//! `new PROCEDURE --answers FILE`: the same core without a terminal. One line a step on standard error, the
//! hand-over sheet on standard output.

mod file;

use super::arguments::Global;
use super::set_up::tokio_runtime;
use super::world::{self, World};
use crate::app::keymap::{self, Mode};
use crate::app::message::{Intent, Msg};
use crate::app::model::{Model, Overlay, Screen, SecretStore, Tone};
use crate::app::proof::{Shown, shown};
use crate::app::update::connection_of;
use crate::app::wizard::{Activation, AuthorizationPhase, LoginWay, StepState, VerifyingPhase};
use crate::error::{Error, ErrorKind};
use crate::handoff;
use crate::oauth::verdict::Judgement;
use crate::oauth::{Diagnosis, DiagnosisClass};
use crate::ports::Clock;
use crate::procedure::{FieldName, Procedure, StepKind};
use crate::runtime::{Runtime, Signals, step};
use crate::secret::Secret;
use crate::setup::{Connection, Outcome, Verification};
use crate::system::SystemClock;
use file::{AfterLogin, Answers, Authorize};
use std::collections::BTreeMap;
use std::io::{LineWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// More rounds than any procedure has steps and retries; a set-up that does not end by then is a defect.
const MOST_ROUNDS: usize = 400;

/// Runs a set-up from a file of answers.
///
/// # Errors
/// Exit codes of the contract: 1 a check failed, 2 bad answers, 3 interrupted, 4 and 5 Zoom, 6 store.
pub fn run(
    global: &Global,
    procedure: Option<&str>,
    path: &Path,
    port: Option<u16>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let Some(id) = procedure else {
        return Err(Error::usage("an answers file needs the procedure it answers")
            .hint("zoom-setup new PROCEDURE --answers FILE; the ids: zoom-setup procedures"));
    };
    let mut answers = file::read(path)?;
    let known = world::procedures_with(global, id)?;
    let Some(procedure) = known.iter().find(|known| known.id == id).cloned() else {
        let known: Vec<Procedure> = known.into_iter().map(Arc::unwrap_or_clone).collect();
        return Err(super::procedures::unknown_procedure(&known, id));
    };
    if let Some(secret) = world::secret_variable("ZOOM_CLIENT_SECRET") {
        answers.values.entry(FieldName::ClientSecret).or_insert(secret);
    }
    let world = World::with(known, global, false)?.with_port(port);
    take_app_page(&mut answers, &world, &procedure);
    file::complete(&answers, &procedure)?;

    let (ports, settings, procedures) = world.into_parts();
    let model = Model::new(SystemClock.now(), settings, procedures);
    let tokio = tokio_runtime()?;
    let connection = tokio.block_on(async {
        let runtime =
            Runtime::new(ports).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let mut driver = Driver {
            model,
            runtime,
            answers,
            any_port: port.is_none(),
            talk: LineWriter::new(std::io::stderr()),
            urls_told: false,
        };
        let mut signals = Signals::new();
        let result = tokio::select! {
            // What failed can be mended in place: the set-up stands at that step.
            result = driver.drive(&procedure) => result.map_err(|error| match error.kind {
                ErrorKind::Unreachable | ErrorKind::Refused | ErrorKind::CheckFailed => {
                    error.hint(world::go_on(global, port))
                }
                ErrorKind::Usage
                | ErrorKind::Cancelled
                | ErrorKind::Left
                | ErrorKind::Store
                | ErrorKind::Internal
                | ErrorKind::Plugin(_) => error,
            }),
            () = crate::terminal::panicked() => {
                return Err(Error::new(ErrorKind::Internal, "a defect of this program ended it")
                    .hint(world::go_on(global, port)));
            }
            () = signals.next() => Err(Error::new(ErrorKind::Cancelled, "interrupted")
                .hint(world::go_on(global, port))),
        };
        driver.runtime.finish().await;
        result
    })?;
    let sheet = handoff::sheet(&connection, &procedure, &BTreeMap::new());
    out.write_all(handoff::markdown(&sheet).as_bytes()).map_err(|error| super::output(&error))?;
    let failed = connection.verification.as_ref().is_some_and(Verification::failed);
    if failed {
        return Err(failure_of(&connection));
    }
    Ok(())
}

/// In rehearsal the sandbox's app page stands in for the values that were copied from Zoom's.
fn take_app_page(answers: &mut Answers, world: &World, procedure: &Procedure) {
    let Some(rehearsal) = &world.settings.rehearsal else { return };
    let offers = match procedure.app_kind {
        crate::procedure::AppKind::General => &rehearsal.general,
        crate::procedure::AppKind::ServerToServer => &rehearsal.server_to_server,
    };
    for field in [FieldName::ClientId, FieldName::ClientSecret, FieldName::AccountId, FieldName::SecretToken]
    {
        if let Some(value) = offers.get(&field) {
            answers.values.entry(field).or_insert_with(|| value.clone());
        }
    }
}

/// The error of a set-up that was stored although a check failed.
fn failure_of(connection: &Connection) -> Error {
    let checks = connection.verification.iter().flat_map(|verification| &verification.checks);
    let failed: Vec<_> = checks.filter(|check| check.outcome == Outcome::Fail).collect();
    let titles: Vec<&str> = failed.iter().map(|check| check.title.as_str()).collect();
    let diagnosed = failed.iter().find_map(|check| check.diagnosis.as_ref());
    let kind = if failed.iter().any(|check| check.code == "store") {
        ErrorKind::Store
    } else {
        diagnosed.map_or(ErrorKind::CheckFailed, |problem| kind_of(problem.class))
    };
    let mut error = Error::new(kind, format!("failed: {}", titles.join(", ")));
    for check in failed {
        if let Some(next) = &check.next {
            error = error.hint(next.clone());
        }
    }
    error
}

const fn kind_of(class: DiagnosisClass) -> ErrorKind {
    match class {
        DiagnosisClass::Unreachable => ErrorKind::Unreachable,
        DiagnosisClass::Refused => ErrorKind::Refused,
        DiagnosisClass::CheckFailed => ErrorKind::CheckFailed,
    }
}

fn refused(problem: &Diagnosis) -> Error {
    let mut error = Error::new(kind_of(problem.class), problem.heading.clone())
        .hint(problem.cause.clone())
        .hint(problem.next.clone());
    if let Some(zoom) = &problem.zoom {
        error = error.hint(format!("Zoom said: {zoom}"));
    }
    error
}

/// Drives the core as an admin would, from the file.
struct Driver<W> {
    model: Model,
    runtime: Runtime,
    answers: Answers,
    /// Whether another port than those that were named will do.
    any_port: bool,
    talk: W,
    urls_told: bool,
}

impl<W: Write> Driver<W> {
    async fn drive(&mut self, procedure: &Procedure) -> Result<Connection, Error> {
        self.runtime.perform(crate::app::message::Effect::LoadLibrary);
        while !self.model.library.loaded {
            self.next().await;
        }
        self.stored()?;
        self.send(Msg::Begin { procedure: procedure.id.clone() }).await?;
        for _round in 0..MOST_ROUNDS {
            let Some(wizard) = self.model.wizard() else { break };
            let index = wizard.step;
            let result = self.one_step().await;
            let Err(error) = result else {
                if let Some(connection) = self.finished() {
                    // The wizard did nothing there: the admin enters the values.
                    let place = connection.receiver.label();
                    self.line(procedure, index, &format!("yours to do in {place}"));
                    return Ok(connection);
                }
                continue;
            };
            self.line(procedure, index, "FAIL");
            return Err(error);
        }
        Err(Error::new(ErrorKind::Internal, "the set-up did not come to an end"))
    }

    /// The connection, once the wizard is through.
    fn finished(&self) -> Option<Connection> {
        match &self.model.screen {
            Screen::Connection { name, .. } => self.model.connection(name).cloned(),
            Screen::Home { .. } | Screen::Wizard(_) | Screen::Checks(_) => None,
        }
    }

    /// Answers the current step, and says what came of it.
    async fn one_step(&mut self) -> Result<(), Error> {
        let Some(wizard) = self.model.wizard() else { return Ok(()) };
        let procedure = Arc::clone(&wizard.procedure);
        let index = wizard.step;
        let outcome = match &wizard.state {
            StepState::Read { .. } => {
                self.confirm().await?;
                self.proved(index, true).await?;
                "not checked"
            }
            StepState::HandOver { .. } => {
                let connection = connection_of(wizard, self.model.now);
                self.confirm().await?;
                debug_assert!(self.finished().is_none_or(|stored| stored.name == connection.name));
                return Ok(());
            }
            StepState::Choose { .. } => {
                self.choose().await?;
                "done"
            }
            StepState::Fill(_) => {
                self.fill().await?;
                "done"
            }
            StepState::Scopes(_) => {
                let scopes = self.answers.scopes(&procedure);
                self.send(Msg::ProvideScopes(scopes)).await?;
                self.confirm().await?;
                "not checked"
            }
            StepState::Activate(_) => self.activate().await?,
            StepState::Authorize(_) => self.authorize().await?,
            StepState::Verify(_) => self.verify().await?,
        };
        if self.model.wizard().is_some_and(|wizard| wizard.step == index) {
            return Err(self.stuck(index, &procedure));
        }
        self.line(&procedure, index, outcome);
        Ok(())
    }

    /// A step that did not go on: the core's own words say why.
    fn stuck(&self, index: usize, procedure: &Procedure) -> Error {
        let why =
            self.model.notice.as_ref().map_or("the step was not accepted", |notice| notice.text.as_str());
        Error::usage(format!("{}: {why}", procedure.steps[index].title))
            .hint("Correct the answers file and run the command again.")
    }

    async fn choose(&mut self) -> Result<(), Error> {
        let Some(wizard) = self.model.wizard() else { return Ok(()) };
        if let StepKind::Choose { field, options } = &wizard.current().kind {
            let field = *field;
            if let Some(value) = self.answers.values.get(&field) {
                let fits = |value: &Secret| {
                    options.iter().any(|option| option.value.eq_ignore_ascii_case(value.expose().trim()))
                };
                if !fits(value) {
                    let list: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
                    return Err(Error::usage(format!(
                        "{} in the answers file is none of the choices",
                        field.as_str()
                    ))
                    .hint(format!("Choices: {}", list.join(", "))));
                }
                let value = value.clone();
                self.send(Msg::Provide { field, value }).await?;
            }
        }
        self.confirm().await
    }

    async fn fill(&mut self) -> Result<(), Error> {
        let Some(wizard) = self.model.wizard() else { return Ok(()) };
        let index = wizard.step;
        let StepState::Fill(form) = &wizard.state else { return Ok(()) };
        let names: Vec<FieldName> = form.fields.iter().map(|field| field.spec.name).collect();
        for field in &names {
            if let Some(value) = self.answers.values.get(field).cloned() {
                self.send(Msg::Provide { field: *field, value }).await?;
            }
        }
        if let Some(error) = self.bad_field() {
            return Err(error);
        }
        // Once for each field, and once more past the answer of Zoom.
        for _field in 0..=names.len() + 1 {
            if self.model.wizard().is_none_or(|wizard| wizard.step != index) {
                break;
            }
            self.confirm().await?;
            self.proved(index, false).await?;
        }
        Ok(())
    }

    /// What Zoom answered about the step, if it was asked, in a line. A refusal of what everything rests on ends
    /// the run; anything else is marked and goes on, once `forward` or by the next confirmation.
    async fn proved(&mut self, index: usize, forward: bool) -> Result<(), Error> {
        if self.model.wizard().is_none_or(|wizard| wizard.step != index) {
            return Ok(());
        }
        let Some(Shown::Answered { record, .. }) = shown(&self.model) else { return Ok(()) };
        let verdict = record.verdict.clone();
        let word = match verdict.judgement {
            Judgement::Proved => Outcome::Pass.word(),
            Judgement::Expected | Judgement::Open => Outcome::NotChecked.word(),
            Judgement::Refused => Outcome::Fail.word(),
        };
        let _ = writeln!(self.talk, "    {word:<11} {}", verdict.summary());
        if verdict.judgement == Judgement::Open
            && let Some(zoom) = &verdict.zoom
        {
            let _ = writeln!(self.talk, "                Zoom said: {zoom}");
        }
        match verdict.judgement {
            Judgement::Refused => Err(Error::from(&verdict)),
            Judgement::Proved | Judgement::Expected | Judgement::Open if forward => self.confirm().await,
            Judgement::Proved | Judgement::Expected | Judgement::Open => Ok(()),
        }
    }

    /// The first field whose value the entry rules refuse.
    fn bad_field(&self) -> Option<Error> {
        let StepState::Fill(form) = &self.model.wizard()?.state else { return None };
        form.fields.iter().find_map(|field| match &field.checked {
            crate::entry::Checked::Bad { finding, .. } => Some(
                Error::usage(format!(
                    "{} in the answers file: {}",
                    field.spec.name.as_str(),
                    finding.message
                ))
                .hint(finding.hint.clone()),
            ),
            crate::entry::Checked::Empty | crate::entry::Checked::Good { .. } => None,
        })
    }

    async fn activate(&mut self) -> Result<&'static str, Error> {
        self.confirm().await?;
        let Some(StepState::Activate(activation)) = self.model.wizard().map(|wizard| &wizard.state) else {
            return Ok("done");
        };
        match activation {
            Activation::Failed { verdict } => Err(Error::from(verdict)),
            Activation::Granted { missing, findings } => {
                let outcome = if missing.is_empty() { "PASS" } else { "WARN, scopes are missing" };
                for finding in findings {
                    let word = if finding.wrong { Outcome::Fail } else { Outcome::Warning }.word();
                    let _ = writeln!(self.talk, "    {word:<11} App kind: {}", finding.text());
                }
                self.confirm().await?;
                Ok(outcome)
            }
            Activation::Ready | Activation::Asking { .. } | Activation::Lagging { .. } => Ok("not checked"),
        }
    }

    async fn authorize(&mut self) -> Result<&'static str, Error> {
        let way = match self.answers.authorize {
            Authorize::Skip => LoginWay::Skip,
            Authorize::Loopback => LoginWay::Loopback,
        };
        if let Some(value) = self.answers.values.get(&FieldName::ClientType).cloned() {
            self.send(Msg::Provide { field: FieldName::ClientType, value }).await?;
        }
        let ways = self.model.wizard().map_or([way; 3], crate::app::wizard::Wizard::login_ways);
        let index = ways.iter().position(|other| *other == way).unwrap_or(0);
        for _step in 0..ways.len() {
            self.send(Msg::Intent(Intent::Up)).await?;
        }
        for _step in 0..index {
            self.send(Msg::Intent(Intent::Down)).await?;
        }
        self.confirm().await?;
        if self.any_port && matches!(self.login(), Some(AuthorizationPhase::PortTaken { .. })) {
            // Nobody is here to choose, and Zoom says that it ignores the port of a loopback redirect.
            self.confirm().await?;
        }
        match self.login() {
            None => Ok("not checked, skipped"),
            Some(AuthorizationPhase::Granted) => {
                self.confirm().await?;
                Ok("PASS")
            }
            Some(AuthorizationPhase::Failed { problem }) => Err(refused(problem)),
            Some(AuthorizationPhase::NotStored { message }) => {
                Err(Error::new(ErrorKind::Store, message.clone()))
            }
            Some(AuthorizationPhase::PortTaken { problems }) => {
                let error = Error::new(ErrorKind::CheckFailed, "there is no port to listen on");
                Err(problems.iter().fold(error, |error, problem| error.hint(problem.message())))
            }
            Some(
                AuthorizationPhase::Offer { .. }
                | AuthorizationPhase::Preparing { .. }
                | AuthorizationPhase::Waiting { .. }
                | AuthorizationPhase::Exchanging { .. }
                | AuthorizationPhase::Storing { .. }
                | AuthorizationPhase::Skipped,
            ) => Ok("not checked"),
        }
    }

    fn login(&self) -> Option<&AuthorizationPhase> {
        Some(&self.model.wizard()?.authorization()?.phase)
    }

    async fn verify(&mut self) -> Result<&'static str, Error> {
        // The checks began when the step opened.
        let checks = match self.model.wizard().map(|wizard| &wizard.state) {
            Some(StepState::Verify(verifying)) => verifying.checks.clone(),
            Some(_) | None => return Ok("not checked"),
        };
        let outcome = self.model.wizard().and_then(|wizard| wizard.setup.verification.as_ref());
        let outcome = outcome.map(Verification::outcome);
        for check in &checks {
            let _ = writeln!(self.talk, "    {:<11} {}: {}", check.outcome.word(), check.title, check.detail);
            if let Some(zoom) = check.diagnosis.as_ref().and_then(|problem| problem.zoom.as_ref()) {
                let _ = writeln!(self.talk, "                Zoom said: {zoom}");
            }
        }
        // Once takes note of failures, once more goes on to the decision about the login, and that one is taken:
        // a connection that fails is stored as failing.
        for _press in 0..4 {
            let Some(StepState::Verify(verifying)) = self.model.wizard().map(|wizard| &wizard.state) else {
                break;
            };
            let undecided = verifying.phase == VerifyingPhase::Deciding { selected: 0 };
            if undecided && self.answers.after_login == AfterLogin::Keep {
                self.send(Msg::Intent(Intent::Down)).await?;
            }
            self.confirm().await?;
        }
        Ok(outcome.map_or("not checked", Outcome::word))
    }

    async fn confirm(&mut self) -> Result<(), Error> {
        self.send(Msg::Intent(Intent::Confirm)).await
    }

    /// One message, then whatever it set going.
    async fn send(&mut self, msg: Msg) -> Result<(), Error> {
        step(&mut self.model, &mut self.runtime, msg);
        while busy(&self.model) {
            self.tell_login();
            self.next().await;
        }
        while let Some(msg) = self.runtime.ready() {
            step(&mut self.model, &mut self.runtime, msg);
        }
        self.stored()
    }

    async fn next(&mut self) {
        let msg = self.runtime.next().await;
        step(&mut self.model, &mut self.runtime, msg);
    }

    /// The address of a login that waits, once: the browser may not have opened.
    fn tell_login(&mut self) {
        if self.urls_told {
            return;
        }
        if let Some(AuthorizationPhase::Waiting { url, .. }) = self.login() {
            let url = url.clone();
            self.urls_told = true;
            let _ = writeln!(self.talk, "    Waiting for the login in the browser: {url}");
        }
    }

    /// A store that wants a passphrase, or failed, ends the run.
    fn stored(&self) -> Result<(), Error> {
        if let Some(Overlay::Unlock(form)) = &self.model.overlay {
            return Err(Error::new(ErrorKind::Store, format!("secrets need a passphrase: {}", form.why))
                .hint("Set ZOOM_SETUP_PASSPHRASE, or use --store memory to keep nothing."));
        }
        match &self.model.notice {
            Some(notice) if notice.tone == Tone::Failure => {
                Err(Error::new(ErrorKind::Store, notice.text.clone()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn line(&mut self, procedure: &Procedure, index: usize, outcome: &str) {
        let step = &procedure.steps[index];
        let count = procedure.steps.len();
        let _ = writeln!(
            self.talk,
            "[{:>2}/{count}] {:<13} {}: {outcome}",
            index + 1,
            step.phase.label(),
            step.title
        );
    }
}

/// Whether the core waits for the world.
fn busy(model: &Model) -> bool {
    if matches!(model.overlay, Some(Overlay::Unlock(_))) {
        return false;
    }
    let store = matches!(model.secret_store, SecretStore::Unlocking { .. });
    let call = matches!(keymap::screen_mode(model), Mode::Busy | Mode::LoginWaiting);
    let write = model.wizard().is_some_and(|wizard| {
        wizard.saving.is_some() || wizard.loading.is_some() || wizard.storing.is_some()
    });
    model.starting.is_some() || store || call || write
}
