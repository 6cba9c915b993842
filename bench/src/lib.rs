//! Benchmarks HTTP servers side by side. `docs/benchmarking/method.md` describes the method, and
//! `docs/benchmarking/bias.md` the limits of the figures.
//!
//! The harness knows a server only as a process and a socket. Targets, workloads and loads are
//! data: [`defs`] reads them, [`server`] runs targets, [`load`] sends requests from a separate
//! process, [`run`] arranges the rounds, [`stats`] judges differences, and [`report`] writes the
//! results.

pub mod cli;
pub mod client;
pub mod commands;
pub mod defs;
pub mod fingerprint;
pub mod flame;
pub mod load;
pub mod nearest;
pub mod options;
pub mod proc;
pub mod report;
pub mod run;
pub mod server;
pub mod shape;
pub mod shot;
pub mod stats;
pub mod table;
pub mod template;
