//! What a run has to say: tables, a page, and the forms that other tools read.

mod action;
mod attribution;
mod chart;
mod html;
mod markdown;
pub mod profile;
mod profile_result;
pub mod summary;

use anyhow::Result;

use crate::run::Folder;

use summary::Summary;

/// Writes all reports of a run; says which files.
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

/// The tables that matter most, for the terminal.
pub fn headline(folder: &Folder) -> String {
    markdown::headline(&Summary::of(folder))
}

/// A number as people read it: three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 1000.0 => {
            let digits = format!("{value:.0}");
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers() {
        for (value, text) in [
            (1_234_567.0, "1,234,567"),
            (999.6, "1000"),
            (99.96, "100.0"),
            (0.5, "0.500"),
            (0.0, "0"),
        ] {
            assert_eq!(super::number(value), text);
        }
    }
}
