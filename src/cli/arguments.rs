//! The command line as types. Doc comments are the help texts.

use super::handoff::SheetFormat;
use super::log::LogLevel;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// From a vendor's written procedure to a Zoom OAuth app that provably works.
///
/// Without a command: the home screen. Everything can be rehearsed first: add --rehearse.
#[derive(Debug, Parser)]
#[command(name = "zoom-setup", version, about, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 a check failed · 2 usage or bad input · 3 cancelled · \
4 network or Zoom out of reach · 5 Zoom refused the credentials or grant · 6 the store can't be read or written · \
70 internal";

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Do everything against the embedded Zoom; with a name, rehearse that fault.
    #[arg(long, global = true, value_name = "FAULT", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub rehearse: Option<String>,
    /// Which Zoom.
    #[arg(long, global = true, value_enum, default_value_t = CloudArgument::Zoom)]
    pub cloud: CloudArgument,
    // Not doc comments: rustdoc wants angle brackets around addresses, and the help has none.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Stands for https://zoom.us (/oauth/authorize, /oauth/token, /oauth/revoke below it)"
    )]
    pub oauth_url: Option<String>,
    #[arg(long, global = true, value_name = "URL", help = "Stands for https://api.zoom.us (/v2/… below it)")]
    pub api_url: Option<String>,
    /// Where set-ups, connections and secrets are kept.
    #[arg(long, global = true, value_name = "DIR", env = "ZOOM_SETUP_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// How the key to the secrets is kept.
    #[arg(long, global = true, value_enum, value_name = "KIND")]
    pub store: Option<StoreArgument>,
    /// Procedures of your own, beside the built-in ones.
    #[arg(long, global = true, value_name = "DIR")]
    pub procedures: Option<PathBuf>,
    /// No colours (also: NO_COLOR).
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Draw with ASCII characters only.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Write a log for support to this file: endpoints, answers, times, fingerprints. No secret is in it.
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// How much goes into the log.
    #[arg(long, global = true, value_enum, value_name = "LEVEL", default_value_t = LogLevel::Info)]
    pub log_level: LogLevel,
}

/// Which of Zoom's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CloudArgument {
    Zoom,
    Zoomgov,
}

/// How the key to the secrets is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreArgument {
    /// The operating system's keyring; a passphrase where there is none.
    Auto,
    /// The keyring or nothing.
    Keyring,
    /// Behind a passphrase (ZOOM_SETUP_PASSPHRASE where no prompt is possible).
    File,
    /// Nothing on disk; everything is gone at the end.
    Memory,
}

/// Sub-commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin a set-up.
    New {
        /// Id of the procedure (see: zoom-setup procedures).
        procedure: Option<String>,
        /// Take the answers from this TOML file (- for standard input) and run without a terminal.
        #[arg(long, value_name = "FILE")]
        answers: Option<PathBuf>,
        /// Listen for the browser on this port of 127.0.0.1 only (1024 to 65535). Without it: 28473, or one of two
        /// more if that is busy.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..))]
        port: Option<u16>,
    },
    /// Go on with an unfinished set-up.
    Resume {
        /// Id of the set-up; without it, the one worked on last.
        setup: Option<String>,
        /// Listen for the browser on this port of 127.0.0.1 only (1024 to 65535). Without it: 28473, or one of two
        /// more if that is busy.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..))]
        port: Option<u16>,
    },
    /// List the documented procedures.
    Procedures {
        /// Machine-readable.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<ProceduresCommand>,
    },
    /// List the stored connections.
    Connections {
        /// Machine-readable.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<ConnectionsCommand>,
    },
    /// Is it alive, will it refresh, until when, and whose job is it.
    ///
    /// Checks the connections that are named, or all. A grant that the receiver owns is never refreshed or logged in
    /// from here.
    Check(CheckArguments),
    /// What an app needs, has and lacks; search and explain scopes.
    Scopes {
        #[command(subcommand)]
        command: ScopesCommand,
    },
    /// Write the hand-over sheet of a connection.
    Handoff {
        /// Name of the connection.
        connection: String,
        #[arg(long, value_enum, default_value_t = SheetFormat::Markdown)]
        format: SheetFormat,
        /// Put the secrets into the sheet. Whoever reads it can act as the app.
        #[arg(long)]
        reveal_secrets: bool,
        /// Write to this file (which must not exist) instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Where secrets and set-ups are kept, whether all of it is whole; bring back, and move the key.
    Store {
        /// Machine-readable.
        #[arg(long)]
        json: bool,
        #[command(subcommand)]
        command: Option<StoreCommand>,
    },
    /// Run the embedded Zoom on its own.
    Sandbox {
        /// Port on 127.0.0.1; any free one without it.
        #[arg(long)]
        port: Option<u16>,
        /// Play this fault.
        #[arg(long, value_name = "NAME")]
        fault: Option<String>,
    },
}

/// `procedures …`.
#[derive(Debug, Subcommand)]
pub enum ProceduresCommand {
    /// Show one procedure whole.
    Show {
        id: String,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Check a procedure file of your own.
    Lint { file: PathBuf },
}

/// `scopes …`.
#[derive(Debug, Subcommand)]
pub enum ScopesCommand {
    /// Review the scopes of a connection, or of an app that exists already.
    ///
    /// In a terminal it opens on the screen; with --json, --format, --prove or without a terminal it prints, and ends
    /// with 1 if something required is missing.
    Review(ReviewArguments),
    /// Search all published scopes: ids, labels, API paths, events.
    Search {
        /// Words, or an operation such as "GET /users".
        #[arg(required = true)]
        text: Vec<String>,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 40)]
        limit: usize,
    },
    /// What one scope lets an app do, who asks for it, and what is narrower.
    Explain {
        scope: String,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
}

/// What to review, and how to tell.
#[derive(Clone, Debug, Args)]
pub struct ReviewArguments {
    /// Name of a stored connection.
    pub connection: Option<String>,
    /// What the app is for (see: zoom-setup procedures); without it, what the connection was made for.
    #[arg(long, value_name = "ID")]
    pub procedure: Option<String>,
    /// What was granted: a file with a scope string, a list or a token answer (- for standard input).
    #[arg(long, value_name = "FILE")]
    pub granted: Option<PathBuf>,
    /// Prove what was granted by one harmless read for each scope. Nothing is changed in Zoom.
    #[arg(long, requires = "connection", conflicts_with = "granted")]
    pub prove: bool,
    /// Machine-readable.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How to tell.
    #[arg(long, value_enum)]
    pub format: Option<ReviewFormat>,
}

/// Form of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReviewFormat {
    /// To read here.
    Text,
    /// For a change ticket.
    Markdown,
    /// For programs, as --json.
    Json,
}

/// What to export, and how.
#[derive(Clone, Debug, Args)]
pub struct ExportArguments {
    /// Name of the connection.
    pub name: String,
    /// Write to this file (which must not exist) instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// With its secrets, as an age file behind a passphrase (asked for twice, or ZOOM_SETUP_EXPORT_PASSPHRASE).
    #[arg(long, requires = "output")]
    pub with_secrets: bool,
    /// With its secrets and the login that is kept here. Once the file is verified, the connection is removed here.
    #[arg(long = "move", requires = "output")]
    pub moved: bool,
}

/// What to check, and how to tell.
#[derive(Clone, Debug, Default, Args)]
pub struct CheckArguments {
    /// Names of stored connections; without any, all of them.
    #[arg(value_name = "NAME", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All connections.
    #[arg(long)]
    pub all: bool,
    /// Refresh each grant that this program owns, due or not.
    #[arg(long)]
    pub refresh: bool,
    /// Machine-readable.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// How to tell.
    #[arg(long, value_enum)]
    pub format: Option<CheckFormat>,
    /// Write the result to this file, which is replaced as a whole, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Stay on the screen of the check, and check again every so many minutes (1 to 1440).
    #[arg(
        long,
        value_name = "MINUTES",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5",
        value_parser = clap::value_parser!(u16).range(1..=1440),
        conflicts_with_all = ["json", "format", "output", "refresh"]
    )]
    pub watch: Option<u16>,
}

/// Form of a check's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// To read here.
    Text,
    /// For programs, as --json.
    Json,
    /// One line for Nagios and its kin; the exit codes are a plugin's: 0 ok, 1 warning, 2 critical, 3 unknown.
    Nagios,
    /// For Prometheus, by node_exporter's textfile collector.
    Prometheus,
}

/// `connections …`.
#[derive(Debug, Subcommand)]
pub enum ConnectionsCommand {
    /// List the stored connections, as without a command.
    List {
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Show one connection.
    Show {
        name: String,
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Remove a connection and its secrets from this machine.
    ///
    /// On a terminal it asks first. Without one it removes at once, but a login that is kept here needs --revoke or
    /// --keep-grant.
    Remove {
        name: String,
        /// Revoke the login that is kept here at Zoom first. If that fails, nothing is removed.
        #[arg(long)]
        revoke: bool,
        /// Leave the login alive at Zoom.
        #[arg(long, conflicts_with = "revoke")]
        keep_grant: bool,
    },
    /// Give a connection another name on this machine.
    Rename { old: String, new: String },
    /// Write a connection to a file, for another machine or to keep.
    ///
    /// Without more it is JSON without secrets. A login that is kept here never leaves but by --move: two copies of
    /// it would spend one refresh token.
    Export(ExportArguments),
    /// Take a connection from a file that was exported.
    Import {
        file: PathBuf,
        /// Store it under this name.
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
    },
    /// Replace the client secret: Zoom must know the new one before it takes the old one's place.
    ///
    /// On a terminal it opens a screen that explains what stops when. Without one the new secret is taken from
    /// ZOOM_CLIENT_SECRET or standard input.
    Rotate { name: String },
}

/// `store …`.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Say where the data is, how the key is kept, and which files are whole (the same as without a word).
    Status {
        /// Machine-readable.
        #[arg(long)]
        json: bool,
    },
    /// Bring back damaged files from their backups and from what can still be read of them.
    ///
    /// Says first what it would bring back, and asks. Damaged files are set aside, never deleted.
    Repair {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Move the key of the secrets into the keyring or behind a passphrase, or change the passphrase.
    ///
    /// Every secret is opened through the new place before the old one is emptied. The old passphrase is taken from
    /// ZOOM_SETUP_PASSPHRASE, the new one from ZOOM_SETUP_NEW_PASSPHRASE, or both are asked for.
    Move {
        /// Where the key shall be.
        #[arg(long, value_enum)]
        to: KeyArgument,
    },
}

/// Where the key shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyArgument {
    /// In the operating system's keyring.
    Keyring,
    /// In a file, behind a passphrase.
    File,
}
