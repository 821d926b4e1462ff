//! From a list of scopes to the text of the catalogue.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Words that Zoom published misspelled inside an id. Such an id is kept, since tokens carry it, and marked.
const MISSPELLED: [&str; 6] = ["clousre", "registraion", "statues", "team_manages", "udpate", "wirte"];

/// One entry of the list.
#[derive(Deserialize)]
struct Entry {
    scope: String,
    style: String,
    level: String,
    label: Option<String>,
    #[serde(default)]
    classic: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
}

/// The comment at the beginning of a catalogue.
pub fn head(catalogue: &str) -> String {
    catalogue.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect()
}

/// The catalogue: the head, then a block for each scope, sorted by id.
///
/// # Errors
/// A list that is no such JSON, a scope that stands in it twice, a text that would break the line format.
pub fn catalogue(head: &str, list: &str) -> Result<String, String> {
    let entries: Vec<Entry> = serde_json::from_str(list).map_err(|error| error.to_string())?;
    let mut sorted = BTreeMap::new();
    for entry in entries {
        let id = entry.scope.clone();
        if sorted.insert(id.clone(), entry).is_some() {
            return Err(format!("{id} stands in the list twice"));
        }
    }
    // Few lists of sources serve thousands of scopes, so a scope names its list by number.
    let sources: BTreeSet<String> = sorted.values().map(sources).filter(|keys| !keys.is_empty()).collect();
    let sources: Vec<String> = sources.into_iter().collect();
    let mut out = head.to_owned();
    for (number, keys) in sources.iter().enumerate() {
        writeln!(out, "from {number}\t{keys}").map_err(|error| error.to_string())?;
    }
    for entry in sorted.values() {
        block(&mut out, entry, &sources).map_err(|error| error.to_string())?;
    }
    let lines = sorted.values().map(lines).sum::<usize>() + head.lines().count() + sources.len();
    if out.lines().count() == lines { Ok(out) } else { Err("a text has a line break in it".to_owned()) }
}

fn lines(entry: &Entry) -> usize {
    let odd = usize::from(oddity(&entry.scope).is_some());
    let from = usize::from(!entry.sources.is_empty());
    1 + classic(entry).count() + entry.operations.len() + entry.events.len() + odd + from
}

/// The keys of the sources of a scope.
fn sources(entry: &Entry) -> String {
    entry.sources.join(" ")
}

fn block(out: &mut String, entry: &Entry, lists: &[String]) -> std::fmt::Result {
    write!(out, "{}\t{}\t{}", entry.scope, entry.style, entry.level)?;
    if let Some(label) = &entry.label {
        write!(out, "\t{label}")?;
    }
    out.push('\n');
    classic(entry).try_for_each(|id| writeln!(out, "\tclassic {id}"))?;
    entry.operations.iter().try_for_each(|operation| writeln!(out, "\t{operation}"))?;
    entry.events.iter().try_for_each(|event| writeln!(out, "\tevent {event}"))?;
    if let Some(oddity) = oddity(&entry.scope) {
        writeln!(out, "\todd {oddity}")?;
    }
    if let Ok(number) = lists.binary_search(&sources(entry)) {
        writeln!(out, "\tfrom {number}")?;
    }
    Ok(())
}

/// Two scopes stand in both of Zoom's tables and so name themselves.
fn classic(entry: &Entry) -> impl Iterator<Item = &String> {
    entry.classic.iter().filter(|id| **id != entry.scope)
}

/// What is odd about a published id.
fn oddity(id: &str) -> Option<&'static str> {
    if id.contains(' ') {
        Some("published with a blank, which also separates the scopes of a token")
    } else if MISSPELLED.iter().any(|word| id.split(':').any(|part| has_word(part, word))) {
        Some("published misspelled")
    } else if id.split(':').any(|part| part == "patch") {
        Some("published with patch where other scopes have update")
    } else {
        None
    }
}

/// Whether a part of an id such as `list_system_statues` holds the word.
fn has_word(part: &str, word: &str) -> bool {
    let around = part.split_once(word);
    around.is_some_and(|(before, after)| {
        (before.is_empty() || before.ends_with('_')) && (after.is_empty() || after.starts_with('_'))
    })
}
