//! The commands, each in its own file.

pub mod list;
pub mod verify;
