//! The sandbox's state on disk: one JSON file, replaced as a whole, readable by its owner only.

use super::world::{FORMAT, World};
use std::io::{self, Write};
use std::path::Path;

/// Reads the state. `Ok(None)` if there is no file; an error says why the file is of no use.
pub(super) fn load(path: &Path) -> Result<Option<World>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let world: World = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if world.format != FORMAT {
        return Err(format!("its format is {}, this program reads {FORMAT}", world.format));
    }
    Ok(Some(world))
}

/// Writes the state beside its place and moves it there. The temporary file is made with mode 0600.
pub(super) fn save(path: &Path, world: &World) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(serde_json::to_string(world)?.as_bytes())?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    Ok(())
}
