//! Conformance runner: turns fixtures into apps, serves them with the real binary and
//! compares the responses. `docs/conformance.md` is its manual.
//!
//! The runner turns a fixture (`fixture`) into a case (`case`): routes, settings, a request
//! and an expected response. `author` decides which component must write the reply; the
//! guest gets the reply only if the handler or a hook must write it. `pack` distributes
//! cases over apps, `app` builds and serves each app, and `compare` checks the responses.

mod answer;
mod app;
mod author;
mod case;
mod compare;
mod declare;
mod deviations;
mod exchange;
mod fixture;
mod implied;
mod members;
mod multipart;
mod pack;
mod path;
mod policies;
mod request;
mod run;
mod schema;
mod settings;
mod template;
mod token;

pub use app::Template;
pub use deviations::Deviations;
pub use run::{Outcome, Report, run};
