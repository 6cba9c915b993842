//! What a route's policies do with its requests and responses: the part that needs HTTP.
//! The policies themselves, and their pure part, are in `spikard_wasm_app::policy`.

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
