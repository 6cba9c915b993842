//! What the host counts and times: always on, by app, route and worker.
//!
//! Every worker writes figures of its own, without locks and without atomic additions;
//! whoever asks for the metrics adds them up. Only that takes a lock.

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
pub(crate) use route::{Part, Taken};
