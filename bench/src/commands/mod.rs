//! The commands, one module each.

pub mod baseline;
pub mod compare;
pub mod cross_check;
pub mod doctor;
pub mod list;
pub mod micro;
pub mod profile;
pub mod report;
pub mod run;
pub mod verify;
