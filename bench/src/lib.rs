//! Measures HTTP servers beside each other, in a way that a stranger can check: how is in
//! `docs/benchmarking/method.md`, what the figures cannot say in `docs/benchmarking/bias.md`.
//!
//! It knows a server as a process and a socket. Targets, workloads and loads are data:
//! [`defs`] reads them, [`server`] runs targets, [`load`] loads them from a process of its
//! own, [`run`] puts rounds together, [`stats`] judges, [`report`] writes.

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
pub mod shot;
pub mod stats;
pub mod template;
