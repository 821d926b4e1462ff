//! Opening a browser for real: a script stands for it.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests end the test, too")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use zoom_setup::ports::Browser;
use zoom_setup::system::{BrowserEnvironment, SystemBrowser};

const URL: &str = "https://zoom.us/oauth/authorize?client_id=a&state=b%20c;d";

fn script(path: &Path, body: &str) {
    // Written under another name: a file that is open for writing anywhere cannot be started.
    let draft = path.with_extension("draft");
    fs::write(&draft, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(&draft, path).unwrap();
}

fn browser(command: String) -> SystemBrowser {
    SystemBrowser::new(BrowserEnvironment { browser: Some(command), ..Default::default() })
}

/// What the file holds once it holds anything, waiting at most 10 s.
fn eventually(path: &Path) -> String {
    until("the script wrote nothing", || fs::read_to_string(path).ok().filter(|text| text.ends_with('\n')))
}

fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < end, "{what}");
        #[expect(clippy::disallowed_methods, reason = "a script's file gives no other sign; bounded above")]
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Fields of `/proc/<pid>/stat` after the name: state, parent, process group.
fn stat(pid: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

// Row N01 of docs/callback-rows.md.
#[test]
fn the_browser_gets_the_address_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let (program, out) = (home.path().join("browser"), home.path().join("out"));
    script(
        &program,
        &format!(
            "{{ printf '%s\\n' \"$#\" \"$@\"; readlink /proc/self/fd/0; }} > {out}.tmp; mv {out}.tmp {out}",
            out = out.display()
        ),
    );
    browser(format!("/nonexistent:{} --new %s", program.display())).open(URL).unwrap();
    assert_eq!(eventually(&out), format!("2\n--new\n{URL}\n/dev/null\n"));
}

#[test]
fn a_browser_that_stays_is_detached_and_one_that_ends_leaves_no_zombie() {
    let home = tempfile::tempdir().unwrap();
    let (program, out, stop) =
        (home.path().join("browser"), home.path().join("pid"), home.path().join("stop"));
    script(
        &program,
        &format!(
            "echo $$ > {out}.tmp; mv {out}.tmp {out}; n=0; while [ ! -e {stop} ] && [ $n -lt 1000 ]; do sleep 0.02; n=$((n+1)); done",
            out = out.display(),
            stop = stop.display()
        ),
    );
    // Returns while the script still runs.
    browser(program.display().to_string()).open(URL).unwrap();
    let pid = eventually(&out).trim().to_owned();
    let fields = stat(&pid).unwrap();
    assert_ne!(fields[0], "Z");
    assert_eq!(fields[2], pid, "it shares the process group of the terminal");
    fs::write(&stop, "").unwrap();
    until("a zombie stays", || stat(&pid).is_none().then_some(()));
}
