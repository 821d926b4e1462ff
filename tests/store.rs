//! The store on a real file system: what is on disk, what survives, what is refused.

#[path = "store/keys.rs"]
mod keys;
#[path = "store/records.rs"]
mod records;
#[path = "store/support.rs"]
mod support;
#[path = "store/writes.rs"]
mod writes;
