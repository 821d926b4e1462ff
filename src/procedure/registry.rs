//! The procedures the program carries, and an author's own beside them.

use super::Procedure;
use super::load::{LoadError, load};

/// The embedded files: name and text.
pub const EMBEDDED: [(&str, &str); 5] = [
    (
        "assets/procedures/servicenow-omnichannel.toml",
        include_str!("../../assets/procedures/servicenow-omnichannel.toml"),
    ),
    ("assets/procedures/servicenow-dex.toml", include_str!("../../assets/procedures/servicenow-dex.toml")),
    (
        "assets/procedures/servicenow-external-content.toml",
        include_str!("../../assets/procedures/servicenow-external-content.toml"),
    ),
    ("assets/procedures/celigo-oauth.toml", include_str!("../../assets/procedures/celigo-oauth.toml")),
    ("assets/procedures/celigo-s2s.toml", include_str!("../../assets/procedures/celigo-s2s.toml")),
];

/// The embedded procedures, in the order they are offered. Parses each time: call it once, and only where
/// procedures are needed.
///
/// # Errors
/// What is wrong with an embedded file: a defect of the program that `tests/procedures.rs` rules out.
pub fn embedded() -> Result<Vec<Procedure>, Vec<LoadError>> {
    load_all(EMBEDDED)
}

/// The embedded procedure of that id alone, where only one is needed: reading all of them is half of a start.
/// `None`: no embedded file has that name.
///
/// # Errors
/// As [`embedded`].
pub fn embedded_one(id: &str) -> Option<Result<Procedure, Vec<LoadError>>> {
    let is_named = |path: &str| {
        path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml")).is_some_and(|name| name == id)
    };
    EMBEDDED.into_iter().find(|(path, _)| is_named(path)).map(|(path, text)| load(path, text))
}

/// `embedded` with an author's files (name, text) merged in. A file with the id of an embedded procedure
/// takes its place; others follow, in the order given.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn from_files(
    embedded: Vec<Procedure>,
    files: Vec<(String, String)>,
) -> Result<Vec<Procedure>, Vec<LoadError>> {
    let own = load_all(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))?;
    let mut procedures = embedded;
    for procedure in own {
        match procedures.iter_mut().find(|known| known.id == procedure.id) {
            Some(known) => *known = procedure,
            None => procedures.push(procedure),
        }
    }
    Ok(procedures)
}

fn load_all<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Procedure>, Vec<LoadError>> {
    let mut procedures = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in files {
        match load(name, text) {
            Ok(procedure) => procedures.push(procedure),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(procedures) } else { Err(errors) }
}
