//! The walls of `ARCHITECTURE.md`, kept by reading the source: who may know whom, and how a file may look.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "architecture/source.rs"]
mod source;

use source::{Named, code_only, declared_modules, named_paths};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines.
const LONGEST_FILE: usize = 600;

/// The world: whatever makes a result depend on more than its arguments.
const WORLD: [&str; 21] = [
    "age",
    "arboard",
    "crossterm",
    "getrandom",
    "keyring",
    "open",
    "ratatui",
    "reqwest",
    "rustls",
    "rustls_platform_verifier",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "tempfile",
    "tiny_http",
    "tokio",
    "tracing",
];

/// Clocks. `Duration` is a number like any other.
const CLOCKS: [&str; 4] =
    ["std::time", "std::time::Instant", "std::time::SystemTime", "std::time::UNIX_EPOCH"];

/// Rooms that act on the world.
const ADAPTERS: [&str; 4] = ["callback", "store", "system", "zoom"];

/// Rooms that put the others together.
const SHELL: [&str; 5] = ["cli", "runtime", "sandbox", "terminal", "ui"];

/// Values: they know the field and nothing else.
const VALUES: [&str; 9] =
    ["characters", "entry", "error", "exact", "handoff", "oauth", "procedure", "scope", "secret"];

/// What a room must not name. A prefix forbids all below it, but `std::time` forbids only itself and the
/// clocks, so that durations stay possible.
fn forbidden(room: &str) -> BTreeSet<String> {
    let rooms = |names: &[&str]| names.iter().map(|name| format!("crate::{name}")).collect::<Vec<_>>();
    let outside = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut out: Vec<String> = Vec::new();
    let is_value = VALUES.contains(&room) || room == "setup";
    if is_value || room == "app" || room == "check" {
        out.extend(outside(&WORLD));
        out.extend(outside(&CLOCKS));
        out.extend(rooms(&ADAPTERS));
        out.extend(rooms(&SHELL));
    }
    if is_value {
        out.extend(rooms(&["app", "ports"]));
    }
    if room == "check" {
        out.extend(rooms(&["app"]));
    }
    if room == "ui" {
        let drawing = ["ratatui"];
        out.extend(outside(&WORLD).into_iter().filter(|name| !drawing.contains(&name.as_str())));
        out.extend(outside(&CLOCKS));
        out.extend(rooms(&ADAPTERS));
        out.extend(rooms(&["cli", "ports", "runtime", "sandbox", "terminal"]));
    }
    if room == "ports" {
        out.extend(rooms(&["app"]));
        out.extend(rooms(&ADAPTERS));
        out.extend(rooms(&SHELL));
    }
    if ADAPTERS.contains(&room) {
        out.extend(rooms(&["app", "cli", "runtime", "sandbox", "terminal", "ui"]));
        out.extend(rooms(&ADAPTERS).into_iter().filter(|name| *name != format!("crate::{room}")));
        out.extend(outside(&["ratatui"]));
    }
    if room == "sandbox" {
        // It stands in for Zoom, so it must not share the code that it is there to try.
        out.extend(rooms(&["app", "cli", "runtime", "store", "system", "terminal", "ui", "zoom"]));
        out.extend(outside(&["ratatui", "crossterm", "reqwest"]));
    }
    if room == "terminal" {
        out.extend(rooms(&["app", "cli", "runtime", "sandbox"]));
        out.extend(rooms(&ADAPTERS));
    }
    out.into_iter().collect()
}

/// The first rule that a path breaks.
fn broken_rule<'a>(named: &Named, rules: &'a BTreeSet<String>) -> Option<&'a str> {
    rules.iter().map(String::as_str).find(|rule| {
        let rule: Vec<&str> = rule.split("::").collect();
        let named: Vec<&str> = named.path.iter().map(String::as_str).collect();
        if rule == ["std", "time"] {
            // The module itself or all of it, behind which a clock could hide.
            return named == rule || named == ["std", "time", "*"];
        }
        named.starts_with(&rule)
    })
}

/// What is wrong with the imports of a file of this text that stands in this module.
fn wall_breaks(text: &str, module: &[&str]) -> Vec<String> {
    let Some(room) = module.first() else { return Vec::new() };
    let rules = forbidden(room);
    named_paths(text, module)
        .iter()
        .filter_map(|named| {
            let rule = broken_rule(named, &rules)?;
            Some(format!("line {}: {room} must not know {rule}: {}", named.line, named.path.join("::")))
        })
        .collect()
}

/// What is wrong with the looks of a file.
fn manners(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE {
        out.push(format!("{lines} lines; at most {LONGEST_FILE}"));
    }
    for (index, line) in text.lines().enumerate() {
        let words = line.split(|character: char| !character.is_alphanumeric());
        for mark in words.filter(|word| matches!(*word, "TODO" | "FIXME" | "XXX" | "HACK")) {
            out.push(format!("line {}: {mark}", index + 1));
        }
    }
    out
}

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(directory: &Path) -> BTreeSet<PathBuf> {
    let mut out = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.insert(path);
            }
        }
    }
    out
}

/// A file of the crate.
struct Module {
    path: Vec<String>,
    only_tests: bool,
    text: String,
}

/// Every file that the roots reach, by its place on disk. Panics where a declared module has no file.
fn modules() -> BTreeMap<PathBuf, Module> {
    let root = source_root();
    let mut out = BTreeMap::new();
    let mut open: Vec<(PathBuf, Vec<String>, bool)> =
        ["lib.rs", "main.rs"].iter().map(|name| (root.join(name), Vec::new(), false)).collect();
    while let Some((file, path, only_tests)) = open.pop() {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for declared in declared_modules(&text) {
            let mut path = path.clone();
            path.push(declared.name);
            let file = root.join(path.join("/")).with_extension("rs");
            open.push((file, path, only_tests || declared.only_tests));
        }
        out.insert(file, Module { path, only_tests, text });
    }
    out
}

/// Fails with all findings at once, each with its file.
fn assert_none(findings: &[(PathBuf, String)]) {
    let root = source_root();
    let lines: Vec<String> = findings
        .iter()
        .map(|(file, what)| format!("src/{}: {what}", file.strip_prefix(&root).unwrap().display()))
        .collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

#[test]
fn walls_hold() {
    let mut findings = Vec::new();
    for (file, module) in modules() {
        let path: Vec<&str> = module.path.iter().map(String::as_str).collect();
        if !module.only_tests {
            findings.extend(wall_breaks(&module.text, &path).into_iter().map(|what| (file.clone(), what)));
        }
    }
    assert_none(&findings);
}

#[test]
fn every_room_has_rules_or_is_known_to_need_none() {
    let free = ["cli", "runtime"];
    let rooms = declared_modules(&fs::read_to_string(source_root().join("lib.rs")).unwrap());
    assert!(!rooms.is_empty());
    for room in rooms {
        assert!(
            !forbidden(&room.name).is_empty() || free.contains(&room.name.as_str()),
            "the room {} has no rules: add it to tests/architecture.rs",
            room.name
        );
    }
}

#[test]
fn files_have_manners() {
    let mut findings = Vec::new();
    for file in rust_files(&source_root()) {
        let text = fs::read_to_string(&file).unwrap();
        findings.extend(manners(&text).into_iter().map(|what| (file.clone(), what)));
        if file.file_name().is_some_and(|name| name == "mod.rs") {
            findings.push((file.clone(), "is called mod.rs; use the name of the module".to_owned()));
        }
    }
    assert_none(&findings);
}

#[test]
fn every_file_is_part_of_the_crate() {
    let reached: BTreeSet<PathBuf> = modules().into_keys().collect();
    let findings: Vec<(PathBuf, String)> = rust_files(&source_root())
        .difference(&reached)
        .map(|file| (file.clone(), "no module declares it".to_owned()))
        .collect();
    assert_none(&findings);
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let reasons = fs::read_to_string(root.join("deny.toml")).unwrap();
    let given: BTreeSet<&str> = reasons
        .lines()
        .filter_map(|line| line.strip_prefix("#   ")?.split_once(": "))
        .filter(|(_, reason)| !reason.trim().is_empty())
        .map(|(name, _)| name)
        .collect();
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let direct: BTreeSet<&str> = tables
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .chain(
            manifest
                .get("target")
                .and_then(toml::Value::as_table)
                .into_iter()
                .flat_map(|targets| targets.values())
                .flat_map(|target| tables.iter().filter_map(|table| target.get(*table)?.as_table())),
        )
        .flat_map(|table| table.keys().map(String::as_str))
        .collect();
    assert!(!direct.is_empty());
    assert_eq!(given, direct, "deny.toml says at its head why each direct dependency is here");
}

mod the_checker {
    use super::*;

    #[test]
    fn sees_a_broken_wall_in_every_spelling() {
        let broken = [
            ("use std::fs;", "app"),
            ("use std::{fmt, fs::File};", "app"),
            ("use std::{collections::{BTreeMap, BTreeSet}, env};", "oauth"),
            ("fn f() { let _ = std::fs::read(\"x\"); }", "scope"),
            ("fn f() { tokio::spawn(async {}); }", "app"),
            ("pub use reqwest::Client as Http;", "oauth"),
            ("use ::tokio::sync::mpsc;", "setup"),
            ("use std::time::{Duration, Instant};", "app"),
            ("use std::time;", "app"),
            ("use std::time::*;", "app"),
            ("use crate::zoom::Client;", "app"),
            ("use crate::{error::Error, ui};", "app"),
            ("use super::store;", "app"),
            ("use super::super::store;", "app::update"),
            ("fn f() { getrandom::fill(&mut [0]).ok(); }", "secret"),
            ("fn f() -> super::ports::Listening { todo!() }", "oauth"),
            ("use tokio::time;", "ui"),
            ("use crate::ports::Store;", "ui"),
            ("use crossterm::event::Event;", "ui"),
            ("use crate::app::Model;", "zoom"),
            ("use crate::ui::theme;", "store"),
            ("use crate::callback;", "zoom"),
            ("use crate::zoom;", "sandbox"),
            ("use crate::app::Msg;", "ports"),
            ("#[cfg(test)]\nmod tests { use std::fs; }\nuse std::net::TcpStream;", "entry"),
        ];
        for (text, module) in broken {
            let module: Vec<&str> = module.split("::").collect();
            assert!(!wall_breaks(text, &module).is_empty(), "{module:?} may not: {text}");
        }
    }

    #[test]
    fn lets_the_rest_be() {
        let fine = [
            ("use std::time::Duration;", "app"),
            ("use std::{collections::BTreeMap, fmt};", "oauth"),
            ("use crate::ports::CallbackOutcome;", "app"),
            ("use crate::oauth::callback;", "app"),
            ("use super::callback;", "oauth::token"),
            ("// use std::fs;\n/* tokio::spawn /* nested */ */ fn f() {}", "app"),
            ("/// See [`crate::zoom`].\nfn f() {}", "oauth"),
            ("const A: &str = \"std::fs \\\" tokio::spawn\";", "app"),
            ("const A: &str = r#\"use std::fs; \" \"#;", "app"),
            ("const A: char = '\"'; const B: char = '\\''; fn f<'a>(a: &'a str) {}", "app"),
            ("#[cfg(test)]\nmod tests {\n use std::fs;\n fn f() { std::env::var(\"A\"); }\n}", "app"),
            ("#[cfg(test)]\nuse std::fs;", "app"),
            ("use ratatui::Frame;", "ui"),
            ("use tokio::net::TcpListener;", "callback"),
            ("use crate::callback::Desk;", "callback"),
            ("use crate::zoom::Client;", "cli"),
        ];
        for (text, module) in fine {
            let module: Vec<&str> = module.split("::").collect();
            assert_eq!(wall_breaks(text, &module), [""; 0], "{module:?} may: {text}");
        }
    }

    #[test]
    fn gives_the_line() {
        let found = wall_breaks("use std::fmt;\n\nfn f() {\n    std::fs::read(\"a\\n\n\");\n}\n", &["app"]);
        assert_eq!(found, ["line 4: app must not know std::fs: std::fs::read"]);
    }

    #[test]
    fn sees_bad_manners() {
        assert_eq!(manners("a\n// TODO: b\n"), ["line 2: TODO"]);
        assert_eq!(manners("fn f() {} // FIXME"), ["line 1: FIXME"]);
        assert_eq!(manners("const TODOS: u8 = 1;"), [""; 0]);
        assert_eq!(manners(&"a\n".repeat(LONGEST_FILE)), [""; 0]);
        assert_eq!(manners(&"a\n".repeat(LONGEST_FILE + 1)).len(), 1);
    }

    #[test]
    fn finds_declared_modules() {
        let text = "pub mod one;\n// mod no;\n#[cfg(test)]\nmod two;\nmod three { mod four; }\n#[cfg(unix)]\nmod five;";
        let found: Vec<(String, bool)> =
            declared_modules(text).into_iter().map(|module| (module.name, module.only_tests)).collect();
        let expected = [("one", false), ("two", true), ("four", false), ("five", false)];
        assert_eq!(found, expected.map(|(name, only)| (name.to_owned(), only)));
    }

    #[test]
    fn keeps_every_line_in_place() {
        let text = "a \"b\n c\" /* d\n */ e 'f' '\\n' r#\"g\n\"# h";
        let code = code_only(text);
        assert_eq!(code.lines().count(), text.lines().count());
        assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "e", "h"]);
    }
}
