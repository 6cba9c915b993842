//! Definitions of targets, workloads, services and loads as TOML files. An unknown field or name is
//! an error that suggests the nearest known one.

mod build;
mod catalogue;
mod files;
mod load;
mod over;
mod service;
mod started;
mod target;
mod workload;

pub use build::Build;
pub use catalogue::Catalogue;
pub use load::{Arrivals, Cache, Knee, Load, LoadKind, Over};
pub use over::{SweepOverride, Sweeps};
pub use service::Service;
pub use target::{App, Kind, Need, Ready, Run, Target, Variant};
pub use workload::{Check, List, Part, Reply, Request, Workload};
