//! A long address on the screen that a terminal can select without line breaks, and open.
//!
//! The frame puts each row of it where it belongs, so to the terminal they are separate lines. This writes the same
//! characters once more in one go: the terminal breaks the line by itself, and remembers that it did. Around them
//! stands the mark of a hyperlink (OSC 8). The frame's own characters are the same, so that what is drawn later
//! stays right.

use crate::ui::Link;
use crossterm::cursor::{MoveTo, RestorePosition, SavePosition};
use crossterm::queue;
use crossterm::style::Print;
use std::io::{self, Write};

/// The address that stands on the screen as one line.
#[derive(Debug, Default)]
pub struct Written {
    /// Whether the terminal knows hyperlinks, or at least leaves out what it does not know.
    hyperlinks: bool,
    shown: Option<Link>,
}

impl Written {
    /// For a terminal of that name (`$TERM`). The consoles of the kernels print what they do not know.
    pub fn new(term: Option<&str>) -> Self {
        let plain = term.is_none_or(|term| term.is_empty() || term == "dumb" || term.starts_with("linux"));
        Self { hyperlinks: !plain || cfg!(windows), shown: None }
    }

    /// Whether the screen holds an address at another place than this one, whose rows the terminal takes for one
    /// line: they are one until they are erased.
    pub fn stale(&self, link: Option<&Link>) -> bool {
        self.shown.is_some() && self.shown.as_ref() != link
    }

    /// The screen was erased.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Writes the address that was just drawn, unless it stands there already.
    ///
    /// # Errors
    /// What the terminal said.
    pub fn write(&mut self, link: Option<&Link>, out: &mut impl Write) -> io::Result<()> {
        let Some(link) = link.filter(|link| self.shown.as_ref() != Some(*link)) else { return Ok(()) };
        queue!(out, SavePosition, MoveTo(0, link.row))?;
        if self.hyperlinks && is_plain(&link.address) {
            queue!(out, Print(format_args!("\u{1b}]8;;{0}\u{1b}\\{0}\u{1b}]8;;\u{1b}\\", link.address)))?;
        } else {
            queue!(out, Print(&link.address))?;
        }
        queue!(out, RestorePosition)?;
        out.flush()?;
        self.shown = Some(link.clone());
        Ok(())
    }
}

/// A web address of visible ASCII: nothing else may stand in the mark of a hyperlink.
fn is_plain(address: &str) -> bool {
    let web = address.starts_with("https://") || address.starts_with("http://");
    web && address.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn link(row: u16, address: &str) -> Link {
        Link { row, address: address.to_owned() }
    }

    fn written(term: Option<&str>, address: &str) -> String {
        let mut out = Vec::new();
        Written::new(term).write(Some(&link(3, address)), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[rstest]
    #[case(Some("xterm-256color"), "https://zoom.us/a", true)]
    #[case(Some("dumb"), "https://zoom.us/a", cfg!(windows))]
    #[case(Some("linux"), "https://zoom.us/a", cfg!(windows))]
    #[case(Some("linux-16color"), "https://zoom.us/a", cfg!(windows))]
    #[case(None, "https://zoom.us/a", cfg!(windows))]
    #[case(Some("xterm"), "ftp://zoom.us/a", false)]
    #[case(Some("xterm"), "https://zoom.us/a b", false)]
    #[case(Some("xterm"), "https://zoom.us/\u{7}", false)]
    fn hyperlinks_where_they_are_understood(
        #[case] term: Option<&str>,
        #[case] address: &str,
        #[case] marked: bool,
    ) {
        assert_eq!(written(term, address).contains("\u{1b}]8;;"), marked);
    }

    #[test]
    fn it_is_written_once_for_a_place() {
        let mut written = Written::new(Some("xterm"));
        let (here, below) = (link(3, "https://zoom.us/a"), link(4, "https://zoom.us/a"));
        let mut out = Vec::new();
        written.write(Some(&here), &mut out).unwrap();
        assert!(String::from_utf8_lossy(&out).starts_with("\u{1b}7\u{1b}[4;1H"), "{out:?}");
        let length = out.len();
        written.write(Some(&here), &mut out).unwrap();
        assert_eq!(out.len(), length);
        assert!(written.stale(Some(&below)) && written.stale(None) && !written.stale(Some(&here)));
        written.forget();
        assert!(!written.stale(None));
        written.write(Some(&here), &mut out).unwrap();
        assert_eq!(out.len(), 2 * length);
    }
}
