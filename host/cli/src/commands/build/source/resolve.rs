//! Finds the file that an import names.

use std::path::{Path, PathBuf};

/// Extensions to try for an import without one, in this order.
const TRIED: [&str; 7] = ["ts", "mts", "tsx", "js", "mjs", "jsx", "json"];

/// Returns the file that a relative import in `importer` names: the file itself, the TypeScript
/// file that is compiled to it, the file with an extension, or the `index` of a folder. The path
/// is canonical, so that a file is one module.
pub(super) fn relative(importer: &Path, specifier: &str) -> Option<PathBuf> {
    find(&importer.parent()?.join(specifier))?
        .canonicalize()
        .ok()
}

fn find(path: &Path) -> Option<PathBuf> {
    let path = path.to_owned();
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn finds_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = &folder.path().canonicalize().expect("the folder");
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
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("b.ts", root.join("a/link.ts")).expect("a link");
            assert_eq!(found("./link").as_deref(), Some("a/b.ts"));
        }
        assert_eq!(found("./missing"), None);
        assert_eq!(found("./d.ts"), None);
    }
}
