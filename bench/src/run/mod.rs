//! A run consists of rounds that measure each target with a fresh server, in alternating order.
//! One target is measured twice per round as a control.

mod folder;
mod job;
mod phases;
mod rounds;
mod row;
mod stages;

pub(crate) use folder::write_file;
pub use folder::{Folder, Plan, Settings};
pub use job::JobContext;
pub use rounds::{Lane, carry_out};
pub use row::{Memory, Row, SCHEMA, Sample, Status};
