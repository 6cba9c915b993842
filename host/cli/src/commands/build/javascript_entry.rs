//! Finds the main module of a JavaScript or TypeScript app.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Main modules to try if `main` of package.json names no file, in this order.
const DEFAULT_ENTRIES: [&str; 2] = ["src/app.ts", "src/app.js"];

/// The file that `main` of package.json names, otherwise `src/app.ts` or `src/app.js`. The
/// fallback also applies if `main` names no file, because `npm init -y` writes `index.js`
/// without creating it.
pub(super) fn find(folder: &Path) -> Result<PathBuf> {
    let main = main_of_package(folder)?;
    let candidates: Vec<&str> = main.as_deref().into_iter().chain(DEFAULT_ENTRIES).collect();
    let mut paths = candidates.iter().map(|entry| folder.join(entry));
    match paths.find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!(
            "no main module in `{}`: tried `{}`; create one of them, or set `main` in package.json",
            folder.display(),
            candidates.join("`, `")
        ),
    }
}

fn main_of_package(folder: &Path) -> Result<Option<String>> {
    let path = folder.join("package.json");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read `{}`", path.display()));
        }
    };
    let package: Value = serde_json::from_str(&text)
        .with_context(|| format!("`{}` is not valid JSON", path.display()))?;
    Ok(package["main"].as_str().map(ToOwned::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entry that is found in a folder of these files, relative to it.
    fn found(files: &[(&str, &str)]) -> Result<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let entry = find(folder.path())?;
        let entry = entry.strip_prefix(folder.path()).expect("below the folder");
        Ok(entry.display().to_string())
    }

    const NPM_INIT: (&str, &str) = ("package.json", r#"{"main": "index.js"}"#);

    #[test]
    fn main_comes_first() {
        let files = [NPM_INIT, ("index.js", ""), ("src/app.ts", "")];
        assert_eq!(found(&files).unwrap(), "index.js");
    }

    #[test]
    fn a_main_that_does_not_exist_falls_back_to_src_app() {
        assert_eq!(
            found(&[NPM_INIT, ("src/app.js", "")]).unwrap(),
            "src/app.js"
        );
        assert_eq!(
            found(&[NPM_INIT, ("src/app.ts", "")]).unwrap(),
            "src/app.ts"
        );
    }

    #[test]
    fn without_main_typescript_comes_first() {
        let sources = [("src/app.js", ""), ("src/app.ts", "")];
        assert_eq!(found(&sources).unwrap(), "src/app.ts");
        let package = ("package.json", r#"{"main": 1}"#);
        assert_eq!(found(&[package, ("src/app.js", "")]).unwrap(), "src/app.js");
    }

    #[test]
    fn errors_name_the_files_that_were_tried() {
        let error = found(&[NPM_INIT]).unwrap_err().to_string();
        assert!(
            error.contains("tried `index.js`, `src/app.ts`, `src/app.js`"),
            "{error}"
        );
        let error = found(&[("package.json", "{")]).unwrap_err().to_string();
        assert!(error.contains("package.json` is not valid JSON"), "{error}");
    }
}
