//! The parts of route policies that handle HTTP requests and responses. The policies and their
//! pure logic are in `spikard_wasm_app::policy`.

pub(crate) mod accept_encoding;
mod compression;
pub(crate) mod conditions;
mod contained;
mod file_path;
mod headers;
mod passage;
mod preflight;
mod static_files;

pub(crate) use self::passage::Passage;
pub(crate) use self::preflight::preflight;
pub(crate) use self::static_files::StaticFiles;

#[cfg(test)]
mod tests;
