//! Definitions as data: targets, workloads and loads, each a TOML file that names every
//! field it may have. Whatever is unknown is refused, with the nearest name that exists.

mod build;
mod catalogue;
mod files;
mod load;
mod over;
mod started;
mod target;
mod workload;

pub use build::Build;
pub use catalogue::Catalogue;
pub use load::{Arrivals, Cache, Knee, Load, LoadKind, Over};
pub use over::{Sweeps, Swept};
pub use target::{App, Kind, Need, Ready, Run, Target, Variant};
pub use workload::{Check, Part, Reply, Request, Workload};
