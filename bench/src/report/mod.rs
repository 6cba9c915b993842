//! The reports of a run: tables, a page, and formats for other tools.

mod action;
mod attribution;
mod chart;
mod html;
mod markdown;
mod number;
pub mod profile;
mod profile_result;
pub mod summary;

use anyhow::Result;

use crate::run::Folder;

use summary::Summary;

/// Writes all reports of a run and returns their file names.
pub fn write(folder: &Folder) -> Result<Vec<String>> {
    let summary = Summary::of(folder);
    let mut files: Vec<(String, Vec<u8>)> = vec![
        (
            "summary.json".to_owned(),
            serde_json::to_vec_pretty(&summary)?,
        ),
        (
            "summary.md".to_owned(),
            markdown::document(&summary).into_bytes(),
        ),
        (
            "report.html".to_owned(),
            html::document(&summary)?.into_bytes(),
        ),
        (
            "benchmark-smaller-is-better.json".to_owned(),
            action::smaller(&summary)?,
        ),
        (
            "benchmark-bigger-is-better.json".to_owned(),
            action::bigger(&summary)?,
        ),
    ];
    files.extend(profile_result::files(folder)?);
    let mut written = vec![folder.file("rows.jsonl").display().to_string()];
    for (name, text) in files {
        let path = folder.file(&name);
        crate::run::write_file(&path, &text)?;
        written.push(name);
    }
    Ok(written)
}

/// Returns the most important tables, for the terminal.
pub fn headline(folder: &Folder) -> String {
    markdown::headline(&Summary::of(folder))
}
