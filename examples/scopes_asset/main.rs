//! Rebuilds the scope catalogue, `assets/scopes.txt`, from a newer list:
//!
//! ```sh
//! cargo run --example scopes_asset -- newer.json > scopes.txt && mv scopes.txt assets/scopes.txt
//! ```
//!
//! The list is JSON: an array of `{scope, style, level, label, classic, operations, events, sources}`; other
//! keys are passed over. The head of the catalogue (its lines with `#`) is kept: say there by hand what the new
//! list is. Then run the tests; they hold the catalogue to its format.

mod render;

use std::io::{Error, Write};

fn main() -> std::io::Result<()> {
    let list = std::env::args_os()
        .nth(1)
        .ok_or_else(|| Error::other("name the list: cargo run --example scopes_asset -- newer.json"))?;
    let list = std::fs::read_to_string(list)?;
    let old = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scopes.txt"))?;
    let text = render::catalogue(&render::head(&old), &list).map_err(Error::other)?;
    std::io::stdout().lock().write_all(text.as_bytes())
}
