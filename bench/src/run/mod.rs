//! A run: rounds in which each target is measured by a fresh server, in one order and then
//! in its reverse, with one target measured twice as a control.

mod folder;
mod job;
mod phases;
mod rounds;
mod row;
mod stages;

pub(crate) use folder::write_file;
pub use folder::{Folder, Plan, Settings};
pub use job::Tools;
pub use rounds::{Lane, carry_out};
pub use row::{Memory, Row, SCHEMA, Sample, Status};
