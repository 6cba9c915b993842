//! Runs targets as processes: builds them, starts them and their services on free ports, waits until
//! they are ready, and stops them with all descendants.

pub mod artificial;
mod build;
mod child;
mod exec;
mod local;
mod paths;
mod port;
mod process;
mod service;
pub mod upstream;

pub use build::{
    Availability, availability, build, build_services, missing_service, service_availability,
    version,
};
pub use exec::{Cores, exec};
pub use paths::Paths;
pub use port::free_port;
pub use process::{Server, Start};
