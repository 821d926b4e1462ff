//! Figures beside their goals, in columns.

use std::error::Error;
use std::io::Write;

/// Whatever ends a measurement.
pub type Failure = Box<dyn Error>;

/// Figures beside their goals.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    /// One row: what was measured, its goal, the figure.
    pub fn row(&mut self, what: impl Into<String>, goal: &str, figure: impl Into<String>) {
        self.rows.push([what.into(), goal.to_owned(), figure.into()]);
    }

    /// All rows under the name of what they are about.
    pub fn print(&self, out: &mut dyn Write, about: &str) -> std::io::Result<()> {
        writeln!(out, "{}", about)?;
        let width =
            |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        for [what, goal, figure] in &self.rows {
            writeln!(out, "{what:<w$}  {goal:<g$}  {figure}", w = width(0), g = width(1))?;
        }
        out.flush()
    }
}
