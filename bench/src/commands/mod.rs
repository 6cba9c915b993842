//! The commands, each in its own file.

pub mod list;
pub mod report;
pub mod run;
pub mod verify;
