//! Runs targets as processes: builds them, starts them on a free port, waits until they are ready,
//! and stops them with all descendants.

pub mod artificial;
mod build;
mod exec;
mod paths;
mod process;

pub use build::{Availability, availability, build, version};
pub use exec::{Cores, exec};
pub use paths::Paths;
pub use process::{Server, Start, free_port};
