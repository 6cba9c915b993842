//! The conformance runner: makes real apps of fixtures, serves them with the real
//! binary and compares what comes back. `docs/conformance.md` is its manual.
//!
//! A fixture (`fixture`) becomes a case (`case`): routes and settings, a request,
//! and an expectation. `author` decides who must write the reply, which decides what
//! the guest may know. Cases are packed into apps (`pack`), each app is a component
//! and a host (`app`), and `compare` judges.

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
