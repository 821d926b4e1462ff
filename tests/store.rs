//! The store on a real file system: what is on disk, what survives, what is refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests end the test, too")]

#[path = "store/damage.rs"]
mod damage;
#[path = "store/keys.rs"]
mod keys;
#[path = "store/moving.rs"]
mod moving;
#[path = "store/records.rs"]
mod records;
#[path = "store/renames.rs"]
mod renames;
#[path = "store/support.rs"]
mod support;
#[path = "store/unknown.rs"]
mod unknown;
#[path = "store/writes.rs"]
mod writes;
