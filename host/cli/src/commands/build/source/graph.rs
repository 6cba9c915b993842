//! Finds and reads the files of an app: its main module, and the files that its modules import.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use spikard_wasm_runtime::{Link, SourceModule};

use super::names::{EXTENSIONS, SDK_NAME};
use super::{imports, node, resolve, typescript};

/// Error of an app that only a bundler can build.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NeedsBundler(String);

/// The test client of the SDK.
const TESTING: &str = "@spikard/wasm/testing";

/// Maximum size of the sources of an app in bytes; QuickJS needs some 20 times as much memory.
const SIZE: u64 = 32 << 20;

/// Maximum depth of brackets, for which the stack of the parser is large enough.
const NESTING: usize = 10_000;

/// The modules of an app.
#[derive(Debug)]
pub(super) struct Graph {
    /// The main module is the first. Modules have the names of their files, relative to the folder
    /// of the main module.
    pub(super) modules: Vec<SourceModule>,
    pub(super) imports: Vec<NamedImports>,
}

/// The names that a module imports from another one.
#[derive(Debug)]
pub(super) struct NamedImports {
    /// File and line of the import, such as `app.ts:3`.
    pub(super) place: String,
    /// Name of the imported module.
    module: String,
    names: Vec<String>,
}

impl NamedImports {
    /// Returns true if this imports the export from the module.
    pub(super) fn has(&self, export: &str, module: &str) -> bool {
        self.module == module && self.names.iter().any(|name| name == export)
    }
}

/// Reads the modules of an app.
pub(super) fn read(entry: &Path) -> Result<Graph> {
    // An import of the main module finds its canonical path.
    let entry = &entry.canonicalize().unwrap_or_else(|_| entry.to_owned());
    let root = entry.parent().unwrap_or(Path::new("")).to_owned();
    let mut names = HashMap::from([(entry.to_owned(), name(entry, &root))]);
    // Files, and the import that names each.
    let mut queue = VecDeque::from([(entry.to_owned(), None)]);
    let mut graph = Graph {
        modules: Vec::new(),
        imports: Vec::new(),
    };
    let mut size = 0;
    while let Some((path, importer)) = queue.pop_front() {
        let name = names[&path].clone();
        let (source, imports) = module(&path, &name, importer.as_deref())?;
        size += source.len() as u64;
        if size > SIZE {
            bail!(
                "the sources of the app have over {} MB with `{name}`; move data out of them",
                SIZE >> 20
            );
        }
        let mut links = Vec::new();
        for import in imports {
            let place = format!("{name}:{}", import.line);
            let module = match target(&import, &path, &place)? {
                None => import.specifier,
                Some(file) => {
                    let imported = match names.get(&file) {
                        Some(known) => known.clone(),
                        None => {
                            let new = self::name(&file, &root);
                            names.insert(file.clone(), new.clone());
                            queue.push_back((file, Some(place.clone())));
                            new
                        }
                    };
                    links.push(Link {
                        specifier: import.specifier,
                        name: imported.clone(),
                    });
                    imported
                }
            };
            graph.imports.push(NamedImports {
                place,
                module,
                names: import.names,
            });
        }
        graph.modules.push(SourceModule {
            name,
            source,
            links,
        });
    }
    Ok(graph)
}

fn name(path: &Path, root: &Path) -> String {
    let relative = path
        .strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string();
    match cfg!(windows) {
        true => relative.replace('\\', "/"),
        false => relative,
    }
}

/// Reads a file as a JavaScript module, with its imports.
fn module(
    path: &Path,
    name: &str,
    importer: Option<&str>,
) -> Result<(String, Vec<imports::Import>)> {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let extension = extension.to_ascii_lowercase();
    if extension != "json" && !EXTENSIONS.contains(&&*extension) {
        return Err(NeedsBundler(format!(
            "`{name}` has the extension `.{extension}`, which only a bundler can import"
        ))
        .into());
    }
    let size = fs::metadata(path).map_or(0, |file| file.len());
    if size > SIZE {
        bail!(
            "`{name}` has {} MB, but a source file may have {}; move data out of it",
            size >> 20,
            SIZE >> 20
        );
    }
    let bytes = fs::read(path).with_context(|| match importer {
        Some(place) => format!("{place}: failed to read `{name}`"),
        None => format!("failed to read `{name}`"),
    })?;
    let text = String::from_utf8(bytes)
        .with_context(|| format!("`{name}` is not valid UTF-8; save it in that encoding"))?;
    if text.contains('\0') {
        bail!("`{name}` has a NUL character; remove it");
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if nesting(text) > NESTING {
        bail!(
            "`{name}` nests brackets more than {NESTING} levels deep; move the data into a text that `JSON.parse` reads"
        );
    }
    if extension == "json" {
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .with_context(|| format!("`{name}` is not valid JSON"))?;
        // Not a literal, in which `__proto__` would be no property.
        let source = format!("export default JSON.parse({});\n", serde_json::json!(text));
        return Ok((source, Vec::new()));
    }
    let is_typescript = extension.ends_with("ts");
    let mut source = match is_typescript {
        true => typescript::to_javascript(name, text)?,
        false => text.to_owned(),
    };
    let needs = imports::read(name, &mut source, is_typescript)?;
    if let Some(line) = needs.decorator {
        let reason = format!(
            "{name}:{line} has a decorator, which needs a bundler and `\"experimentalDecorators\": true` in tsconfig.json"
        );
        return Err(NeedsBundler(reason).into());
    }
    Ok((source, needs.imports))
}

/// Returns the depth of the brackets in a source. Brackets in strings count too, which is precise
/// enough for a limit that no usual source comes near.
fn nesting(source: &str) -> usize {
    let mut depth = 0_usize;
    let mut most = 0;
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

/// Returns the file that an import names; `None` for a module of the engine or the SDK.
fn target(import: &imports::Import, importer: &Path, place: &str) -> Result<Option<PathBuf>> {
    let specifier = &import.specifier;
    if specifier == SDK_NAME || specifier.starts_with("spikard:") {
        return Ok(None);
    }
    if specifier.starts_with("./")
        || specifier.starts_with("../")
        || matches!(&**specifier, "." | "..")
    {
        let found = resolve::relative(importer, specifier);
        return found
            .map(Some)
            .with_context(|| format!("{place}: cannot resolve `{specifier}`: check the path"));
    }
    // A package can have the name of a module of Node.js.
    let is_package = || {
        let mut folders = importer.ancestors();
        folders.any(|folder| folder.join("node_modules").join(specifier).is_dir())
    };
    if let Some(instead) = node::instead(specifier)
        && !is_package()
    {
        bail!(
            "{place}: cannot import `{specifier}`, a module of Node.js that is not available in a component: {instead}"
        );
    }
    if specifier.starts_with("wasi:") {
        bail!(
            "{place}: cannot import `{specifier}`, which is not available in a component on QuickJS"
        );
    }
    if specifier.starts_with("file:") || Path::new(specifier).is_absolute() {
        bail!("{place}: cannot import `{specifier}`: use a relative path");
    }
    if specifier.contains("://") {
        bail!("{place}: cannot import `{specifier}`: download the file and use a relative path");
    }
    if let Some(package) = specifier.strip_prefix("npm:") {
        bail!("{place}: cannot import `{specifier}`: write `{package}`");
    }
    if specifier == TESTING {
        bail!(
            "{place}: cannot import `{specifier}`, which is for tests in Node.js; remove the import"
        );
    }
    let reason = format!("{place} imports `{specifier}`, which needs a bundler");
    Err(NeedsBundler(reason).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(files: &[(&str, &str)]) -> (tempfile::TempDir, Result<Graph>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let modules = read(&folder.path().join(files[0].0));
        (folder, modules)
    }

    fn error(files: &[(&str, &str)]) -> String {
        format!("{:#}", app(files).1.unwrap_err())
    }

    #[test]
    fn reads_each_file_once() {
        let files = [
            (
                "app.ts",
                "import { a } from './lib/a.js';\nimport d from './d.json';\na(d);\n",
            ),
            (
                "lib/a.ts",
                "import '../app';\nexport const a = (x: number) => x;\n",
            ),
            ("d.json", "{\"b\": [1]}"),
        ];
        let (_folder, graph) = app(&files);
        let graph = graph.expect("modules");
        let import = &graph.imports[0];
        assert_eq!(import.place, "app.ts:1");
        assert!(import.has("a", "lib/a.ts") && !import.has("b", "lib/a.ts"));
        let modules = graph.modules;
        let names: Vec<_> = modules.iter().map(|module| &*module.name).collect();
        assert_eq!(names, ["app.ts", "lib/a.ts", "d.json"]);
        assert_eq!(
            modules[2].source,
            "export default JSON.parse(\"{\\\"b\\\": [1]}\");\n"
        );
        let links: Vec<_> = modules[0]
            .links
            .iter()
            .map(|link| (&*link.specifier, &*link.name))
            .collect();
        assert_eq!(links, [("./lib/a.js", "lib/a.ts"), ("./d.json", "d.json")]);
        assert_eq!(modules[1].links[0].name, "app.ts");
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        assert_eq!(
            error(&[("app.js", "\nimport './b.js';\n")]),
            "app.js:2: cannot resolve `./b.js`: check the path"
        );
        assert!(
            error(&[("app.js", "import './b.json';"), ("b.json", "{")])
                .starts_with("`b.json` is not valid JSON: ")
        );
        let events = error(&[("app.js", "import 'events';")]);
        assert!(events.ends_with("use `EventTarget`"), "{events}");
        let builtin = error(&[("app.js", "import fs from 'node:fs';")]);
        assert!(
            builtin.starts_with("app.js:1: cannot import `node:fs`"),
            "{builtin}"
        );
        let deep = format!("x({}{})", "[".repeat(NESTING), "]".repeat(NESTING));
        assert!(error(&[("app.js", &deep)]).contains("nests brackets more than 10000 levels deep"));
        let local = error(&[("app.js", "import 'file:///a.js';")]);
        assert!(local.ends_with("use a relative path"), "{local}");
        assert!(error(&[("app.js", "import 'npm:zod';")]).ends_with("write `zod`"));
        assert!(error(&[("app.js", "a\0")]).contains("`app.js` has a NUL character"));
    }

    #[test]
    fn a_package_needs_a_bundler() {
        for (file, text) in [
            ("app.ts", "import { z } from 'zod';\nz();"),
            ("app.js", "import 'zod';"),
        ] {
            let error = app(&[(file, text)]).1.unwrap_err();
            assert!(error.is::<NeedsBundler>(), "{error}");
        }
        let files = [
            ("app.js", "import 'events';"),
            ("node_modules/events/index.js", ""),
        ];
        let error = app(&files).1.unwrap_err();
        assert!(error.is::<NeedsBundler>(), "{error}");
        let error = app(&[("app.ts", "\n@a\nclass B {}")]).1.unwrap_err();
        assert!(error.is::<NeedsBundler>(), "{error}");
        assert!(
            error.to_string().starts_with("app.ts:2 has a decorator"),
            "{error}"
        );
        let error = app(&[("app.js", "import './a.txt';"), ("a.txt", "")])
            .1
            .unwrap_err();
        assert!(error.is::<NeedsBundler>(), "{error}");
    }
}
