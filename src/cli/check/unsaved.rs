//! A new pair that the store did not take: said at once, and where nothing else took it, a directory is asked for.

use super::progress::Progress;
use crate::check::{Checked, FindingCode, Unsaved};
use crate::oauth::renewal::TokenRecord;
use crate::ports::Store;
use crate::secret::{Secret, printable};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

/// How often a directory is asked for.
const ATTEMPTS: usize = 3;

/// Says it, while the other checks go on.
pub(super) fn tell(checked: &Checked, progress: &mut Progress) {
    let report = &checked.report;
    let found = report.findings.iter().find(|finding| finding.code == FindingCode::NewPairNotStored);
    let Some(finding) = found else { return };
    progress.clear();
    let name = printable(&report.name, 100);
    let _ = writeln!(io::stderr(), "{name}: {}. {} {}", finding.message, finding.cause, finding.next);
}

/// Asks for another place where there is somebody to ask.
pub(super) fn ask(store: &dyn Store, results: &[Checked]) {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        ask_by(store, results, &mut io::stdin().lock(), &mut io::stderr());
    }
}

/// Asks for a directory for each pair that is nowhere but here; an empty answer gives it up.
pub fn ask_by(store: &dyn Store, results: &[Checked], input: &mut dyn BufRead, out: &mut dyn Write) {
    for checked in results {
        if let Some(unsaved @ Unsaved { rescued: None, .. }) = &checked.unsaved {
            ask_for(store, &checked.report.name, unsaved, input, out);
        }
    }
}

fn ask_for(store: &dyn Store, name: &str, unsaved: &Unsaved, input: &mut dyn BufRead, out: &mut dyn Write) {
    let name = printable(name, 100);
    for _ in 0..ATTEMPTS {
        // Nothing can be done about a closed standard error.
        let _ =
            write!(out, "A directory that can be written, for the new pair of {name} (empty: give it up): ");
        let _ = out.flush();
        let mut typed = String::new();
        match input.read_line(&mut typed) {
            Ok(read) if read > 0 && !typed.trim().is_empty() => {}
            Ok(_) | Err(_) => return,
        }
        let told = match rescue(store, Path::new(typed.trim()), unsaved) {
            Ok(place) => {
                let place = printable(&place, 400);
                let _ = writeln!(
                    out,
                    "Kept in {place}. Once the store can be written, check {name} with ZOOM_SETUP_RESCUE_DIR set to the \
                     directory that you named: that brings it back."
                );
                return;
            }
            Err(failure) => failure,
        };
        let _ = writeln!(out, "{}", printable(&told, 400));
    }
}

fn rescue(store: &dyn Store, directory: &Path, unsaved: &Unsaved) -> Result<String, String> {
    let words = |failure| super::words(&failure);
    let tokens = store.tokens().map_err(words)?;
    let mut held = tokens.hold(&unsaved.key).map_err(words)?;
    let before = held.read().map_err(words)?;
    let replaces = before.and_then(|record| record.tokens.refresh_token.as_ref().map(Secret::fingerprint));
    let record = TokenRecord { tokens: unsaved.tokens.clone(), refreshing: None, replaces };
    held.rescue_into(directory, &record).map_err(words)
}
