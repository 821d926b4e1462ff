//! The pure core: a [`model::Model`], the [`message::Msg`]s that change it, the [`message::Effect`]s it asks
//! for. [`update::update`] is the only place that changes a model; it does no I/O. Keys become
//! [`message::Intent`]s by the table in [`keymap`], which also draws the key bar and the help.

pub mod checking;
pub mod desk;
pub mod input;
pub mod keymap;
pub mod message;
pub mod model;
pub mod proof;
pub mod removal;
pub mod review;
pub mod rotation;
pub mod update;
pub mod wizard;
