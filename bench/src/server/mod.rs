//! Targets as processes: built, started on a free port, waited for, stopped with all
//! that they started.

pub mod artificial;
mod build;
mod exec;
mod places;
mod process;

pub use build::{Availability, availability, build, version};
pub use exec::{Cores, exec};
pub use places::Places;
pub use process::{Server, Start, free_port};
