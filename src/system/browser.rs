//! Opening an address in the user's browser, detached from this program and its terminal.

use super::place::Machine;
use crate::ports::Browser;
use crate::secret::{Secret, printable};
use std::process::{Command, Stdio};

/// Separates the commands in `$BROWSER`: that of `$PATH`.
const BROWSER_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// What decides how, and whether, a browser can be opened. A value, so that tests need not touch the
/// environment of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrowserEnvironment {
    /// `$BROWSER`, if not blank.
    pub browser: Option<String>,
    /// There is a desktop on this machine: `$DISPLAY` or `$WAYLAND_DISPLAY`, and always on macOS and Windows.
    pub display: bool,
    /// Linux under Windows (WSL), where the browser is the one of Windows.
    pub wsl: bool,
    /// The terminal is on another machine (`$SSH_CONNECTION`, `$SSH_TTY`).
    pub ssh: bool,
}

impl BrowserEnvironment {
    /// The environment of a machine.
    pub fn of(machine: &Machine<'_>) -> Self {
        Self {
            browser: machine.variable("BROWSER"),
            display: machine.display(),
            wsl: machine.wsl(),
            ssh: machine.over_ssh(),
        }
    }

    /// Whether there is anything to try. If not, [`SystemBrowser`] refuses at once.
    pub const fn can_open(&self) -> bool {
        self.browser.is_some() || self.wsl || self.display
    }
}

/// One way to open the address.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Attempt {
    /// Start this program.
    Run { program: String, arguments: Vec<String> },
    /// Ask the desktop (`xdg-open` and its kin, `open`, the Windows shell; `PowerShell` under WSL).
    Desktop,
}

/// The user's browser: `$BROWSER` first, then the desktop's choice. Under WSL `wslview` comes between.
///
/// Starting takes up to a quarter of a second per launcher of the desktop, which is watched that long for an
/// immediate failure; the browser itself is never waited for.
#[derive(Clone, Debug)]
pub struct SystemBrowser {
    environment: BrowserEnvironment,
}

impl SystemBrowser {
    /// For the environment as it is.
    pub fn new(environment: BrowserEnvironment) -> Self {
        Self { environment }
    }

    fn attempts(&self, url: &str) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        if let Some(commands) = &self.environment.browser {
            attempts.extend(
                commands.split(BROWSER_SEPARATOR).filter_map(|command| browser_command(command, url)),
            );
        }
        if self.environment.wsl {
            attempts.push(Attempt::Run { program: "wslview".to_owned(), arguments: vec![url.to_owned()] });
        }
        if self.environment.wsl || self.environment.display {
            attempts.push(Attempt::Desktop);
        }
        attempts
    }
}

impl Browser for SystemBrowser {
    fn open(&self, url: &str) -> Result<Option<Secret>, String> {
        let url = web_address(url)?;
        let attempts = self.attempts(&url);
        if attempts.is_empty() {
            return Err("no local display: neither DISPLAY nor WAYLAND_DISPLAY nor BROWSER is set".to_owned());
        }
        let mut failures = Vec::new();
        for attempt in attempts {
            let (name, outcome) = match &attempt {
                Attempt::Run { program, arguments } => (printable(program, 60), start(program, arguments)),
                Attempt::Desktop => ("the desktop's browser".to_owned(), open::that_detached(&url)),
            };
            match outcome {
                Ok(()) => return Ok(None),
                // The kind, not the text: the text may repeat the command line with the address in it.
                Err(error) => failures.push(format!("{name} ({})", error.kind())),
            }
        }
        Err(format!("no browser could be started; tried {}", failures.join(", ")))
    }
}

/// The address in its normal form, if it is one for a browser. Anything else could start another program.
fn web_address(url: &str) -> Result<String, String> {
    let refused = || "only http and https addresses are opened in the browser".to_owned();
    let parsed = url::Url::parse(url).map_err(|_| refused())?;
    match parsed.scheme() {
        "http" | "https" => Ok(parsed.into()),
        _ => Err(refused()),
    }
}

/// One command of `$BROWSER`: words, of which `%s` stands for the address; without `%s` it comes last.
fn browser_command(command: &str, url: &str) -> Option<Attempt> {
    let mut words = words(command).into_iter();
    let program = words.next()?;
    let mut given = false;
    let mut arguments: Vec<String> = words
        .map(|word| {
            given |= word.contains("%s");
            word.replace("%s", url)
        })
        .collect();
    if !given {
        arguments.push(url.to_owned());
    }
    Some(Attempt::Run { program, arguments })
}

/// Splits at blanks; quotes keep blanks together. No shell has a say.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for character in text.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => word.get_or_insert_default().push(character),
            None if character == '"' || character == '\'' => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Starts a program without a terminal and in a process group of its own, so that Ctrl-C here does not end
/// it there. A thread waits for its end, so that no zombie stays.
fn start(program: &str, arguments: &[String]) -> std::io::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    #[cfg(windows)]
    {
        const DETACHED_PROCESS: u32 = 0x0000_0008;
        std::os::windows::process::CommandExt::creation_flags(&mut command, DETACHED_PROCESS);
    }
    let mut child = command.spawn()?;
    // Without the thread it stays a zombie until this program ends, which is all that is lost.
    let _ = std::thread::Builder::new().name("browser".to_owned()).spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const URL: &str = "https://zoom.us/oauth/authorize?a=1&b=2";

    fn run(program: &str, arguments: &[&str]) -> Attempt {
        Attempt::Run {
            program: program.to_owned(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        }
    }

    #[rstest]
    #[case("firefox", vec![run("firefox", &[URL])])]
    #[case("firefox --private-window %s", vec![run("firefox", &["--private-window", URL])])]
    #[case("x --url=%s -n", vec![run("x", &[&format!("--url={URL}"), "-n"])])]
    #[case(r#""/opt/my browser/run" 'a b'"#, vec![run("/opt/my browser/run", &["a b", URL])])]
    #[case("x ''", vec![run("x", &["", URL])])]
    #[case("  ", vec![])]
    #[cfg_attr(not(windows), case("one:two -x", vec![run("one", &[URL]), run("two", &["-x", URL])]))]
    #[case("x;rm $HOME `id`", vec![run("x;rm", &["$HOME", "`id`", URL])])]
    fn browser_variable(#[case] variable: &str, #[case] expected: Vec<Attempt>) {
        if cfg!(windows) && variable.contains(';') {
            return;
        }
        let environment = BrowserEnvironment { browser: Some(variable.to_owned()), ..Default::default() };
        assert_eq!(SystemBrowser::new(environment).attempts(URL), expected);
    }

    #[test]
    fn wsl_asks_windows_and_a_desktop_its_own() {
        let wsl = BrowserEnvironment { wsl: true, ..Default::default() };
        assert_eq!(SystemBrowser::new(wsl).attempts(URL), [run("wslview", &[URL]), Attempt::Desktop]);
        let desktop = BrowserEnvironment { display: true, ..Default::default() };
        assert_eq!(SystemBrowser::new(desktop).attempts(URL), [Attempt::Desktop]);
    }

    #[test]
    fn without_a_display_it_says_so() {
        let error = SystemBrowser::new(BrowserEnvironment::default()).open(URL).unwrap_err();
        assert!(error.contains("no local display"), "{error}");
    }

    #[rstest]
    #[case("file:///etc/passwd")]
    #[case("javascript:alert(1)")]
    #[case("-version")]
    #[case("zoom.us/oauth")]
    #[case("")]
    fn other_addresses_are_refused(#[case] url: &str) {
        let environment =
            BrowserEnvironment { browser: Some("/nonexistent".to_owned()), ..Default::default() };
        let error = SystemBrowser::new(environment).open(url).unwrap_err();
        assert!(error.contains("only http and https"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named_and_the_address_is_not() {
        let environment =
            BrowserEnvironment { browser: Some("/nonexistent/browser --x".to_owned()), ..Default::default() };
        let error = SystemBrowser::new(environment).open("https://zoom.us/?state=s3cret").unwrap_err();
        assert!(error.contains("/nonexistent/browser") && !error.contains("s3cret"), "{error}");
    }
}
