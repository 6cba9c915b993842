//! Metrics by app, route and worker; always recorded.
//!
//! Each worker writes its own counters without locks or atomic read-modify-write operations. A
//! scrape adds them up; only a scrape takes a lock.

mod app;
mod expose;
mod figures;
mod histogram;
mod listener;
mod names;
mod route;

pub(crate) use app::{AppFigures, WorkerFigures};
pub(crate) use figures::Figures;
pub(crate) use names::{ANY_ROUTE, AppName, CLIENT_CLOSED, NO_ROUTE, PATH};
pub(crate) use route::{Part, StageTimes};
