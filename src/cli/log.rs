//! The log file. Only this program writes to it: what libraries log is not known to be free of secrets.

use crate::error::{Error, ErrorKind};
use crate::secret::printable;
use clap::ValueEnum;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How much goes into the log. No level holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What went wrong.
    Warn,
    /// Also each call to Zoom, each request on the listener, each change of secrets.
    Info,
    /// Also each step of the program and each file that is saved.
    Debug,
    /// Also each secret that is read, by fingerprint.
    Trace,
}

impl LogLevel {
    const fn level(self) -> Level {
        match self {
            Self::Warn => Level::WARN,
            Self::Info => Level::INFO,
            Self::Debug => Level::DEBUG,
            Self::Trace => Level::TRACE,
        }
    }
}

/// Writes a log to the end of a new or existing file, which only its owner reads.
///
/// # Errors
/// The file can't be written.
pub fn start(path: &Path, level: LogLevel) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let shown = printable(&path.display().to_string(), 200);
    let file = options.open(path).map_err(|error| {
        Error::usage(format!("{shown}: {error}")).hint("--log-file names a file in a folder that is there.")
    })?;
    let lines = tracing_subscriber::fmt()
        .with_max_level(level.level())
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .finish();
    let own = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level.level());
    lines.with(own).try_init().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        system = std::env::consts::OS,
        process = std::process::id(),
        "begun"
    );
    Ok(())
}
