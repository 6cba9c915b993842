//! Finds the file that an import names.

use std::path::{Component, Path, PathBuf};

/// Extensions to try for an import without one, in this order.
const TRIED: [&str; 5] = ["ts", "mts", "js", "mjs", "json"];

/// Returns the file that a relative import in `importer` names: the file itself, the TypeScript
/// file that is compiled to it, the file with an extension, or the `index` of a folder.
pub(super) fn relative(importer: &Path, specifier: &str) -> Option<PathBuf> {
    let path = normalized(&importer.parent()?.join(specifier));
    if path.is_file() {
        return Some(path);
    }
    let typescript = match path.extension().and_then(|extension| extension.to_str()) {
        Some("js") => Some(path.with_extension("ts")),
        Some("mjs") => Some(path.with_extension("mts")),
        _ => None,
    };
    let with = |extension: &str| {
        let mut name = path.clone().into_os_string();
        name.push(format!(".{extension}"));
        PathBuf::from(name)
    };
    let index = TRIED.map(|extension| path.join(format!("index.{extension}")));
    let mut candidates = typescript.into_iter().chain(TRIED.map(with)).chain(index);
    candidates.find(|path| path.is_file())
}

/// Removes `.` and `..` where possible, so that a file has one name.
fn normalized(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn finds_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        fs::create_dir_all(root.join("a/lib")).expect("a folder");
        for file in [
            "a/app.ts",
            "a/b.ts",
            "a/c.mts",
            "a/d.js",
            "a/e.json",
            "a/lib/index.ts",
            "f.js",
        ] {
            fs::write(root.join(file), "").expect("a file");
        }
        let found = |specifier| {
            let path = relative(&root.join("a/app.ts"), specifier)?;
            Some(
                path.strip_prefix(root)
                    .expect("below the folder")
                    .display()
                    .to_string(),
            )
        };
        for (specifier, file) in [
            ("./b", "a/b.ts"),
            ("./b.ts", "a/b.ts"),
            ("./b.js", "a/b.ts"),
            ("./c.mjs", "a/c.mts"),
            ("./d", "a/d.js"),
            ("./e", "a/e.json"),
            ("./e.json", "a/e.json"),
            ("./lib", "a/lib/index.ts"),
            ("../f.js", "f.js"),
            (".././a/b", "a/b.ts"),
        ] {
            assert_eq!(found(specifier).as_deref(), Some(file), "{specifier}");
        }
        assert_eq!(found("./missing"), None);
        assert_eq!(found("./d.ts"), None);
    }
}
