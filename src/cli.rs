//! The outside: one file per sub-command, writing to `&mut dyn Write`.

pub mod procedures;
