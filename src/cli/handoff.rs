//! `handoff CONNECTION`: writes the sheet of a stored connection.

use crate::handoff::{Sheet, env, json, markdown};
use clap::ValueEnum;
use std::io::{self, Write};

/// Form of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SheetFormat {
    /// To read, print or put into a ticket.
    Markdown,
    /// For programs.
    Json,
    /// Shell variables of the Zoom app.
    Env,
}

/// Writes a sheet.
///
/// # Errors
/// Those of `out`.
pub fn write_sheet(sheet: &Sheet, format: SheetFormat, out: &mut dyn Write) -> io::Result<()> {
    let text = match format {
        SheetFormat::Markdown => markdown(sheet),
        SheetFormat::Json => json(sheet)?,
        SheetFormat::Env => env(sheet),
    };
    out.write_all(text.as_bytes())
}
