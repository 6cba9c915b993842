//! Builds a component from one JavaScript or TypeScript file and the files that it imports, without
//! Node.js.
//!
//! `graph` finds the files, `typescript` removes the types and keeps each position, `imports`
//! finds the imports of a file. The engine and the SDK are embedded in this program. An app that
//! imports a package needs a bundler, which runs in Node.js.

mod graph;
mod imports;
mod names;
mod node;
mod resolve;
mod typescript;

use std::io::Read;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::json;
use spikard_wasm_runtime::{Cache, SnapshotError, SourceModule, snapshot};

use crate::commands::Spinner;

pub(super) use self::graph::NeedsBundler;
use self::graph::{Graph, NamedImports};
pub(super) use self::names::EXTENSIONS;
use self::names::SDK_NAME;

/// The engine's component, compressed.
const ENGINE: &[u8] = include_bytes!("../../../../../guests/js/engines/quickjs/engine.wasm.br");

/// The SDK as one module. `guests/js/scripts/sdk.mjs` builds it.
const SDK: &str = include_str!("../../../assets/sdk.js");

/// Builds the component of the app whose main module is `entry`, on QuickJS.
///
/// # Errors
/// The app has an error, or [`NeedsBundler`].
pub(super) fn build(entry: &Path, cache: Option<&Cache>) -> Result<Vec<u8>> {
    let Graph {
        mut modules,
        imports,
    } = read(entry)?;
    let main = format!(
        "import {};\nexport * from {};\n",
        json!(SDK_NAME),
        json!(modules[0].name)
    );
    modules.push(SourceModule {
        name: SDK_NAME.to_owned(),
        source: SDK.to_owned(),
        links: Vec::new(),
    });
    let mut engine = Vec::new();
    brotli_decompressor::Decompressor::new(ENGINE, 64 << 10)
        .read_to_end(&mut engine)
        .context("failed to decompress the JavaScript engine")?;
    let mut spinner = Spinner::default();
    match snapshot(&engine, &modules, &main, cache, &mut spinner.progress()) {
        Ok(component) => Ok(component),
        Err(SnapshotError::App(message)) => bail!(explain(&message, &imports)),
        Err(error) => Err(error.into()),
    }
}

/// Reads the modules of an app in a thread with a large stack, because the parser is recursive.
fn read(entry: &Path) -> Result<Graph> {
    const STACK: usize = 256 << 20;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, || graph::read(entry));
        let thread = thread.context("failed to spawn a thread")?;
        thread
            .join()
            .unwrap_or_else(|_| Err(anyhow!("the parser panicked")))
    })
}

/// Explains why an app failed to load.
fn explain(message: &str, imports: &[NamedImports]) -> String {
    if let Some((export, module)) = missing_export(message)
        && let Some(import) = imports.iter().find(|import| import.has(export, module))
    {
        let place = &import.place;
        let hint = match place.rsplit_once(':') {
            Some((file, _)) if file.ends_with("ts") => {
                "; if it is a type, write `import type` or `export type`"
            }
            _ => "",
        };
        return format!("{place}: `{module}` has no export `{export}`{hint}");
    }
    let message = readable(message);
    let (first, stack) = message.split_once('\n').unwrap_or((&message, ""));
    match missing_global(first) {
        Some(instead) => format!("{first}: {instead}\n{stack}").trim_end().to_owned(),
        None => message,
    }
}

/// Returns what to use instead of a global that an error of QuickJS names, if a component does not
/// have it.
fn missing_global(message: &str) -> Option<&'static str> {
    let rest = message.strip_prefix("ReferenceError: ")?;
    match rest.strip_suffix(" is not defined")? {
        "require" | "module" | "exports" => {
            Some("the app is not bundled, so its modules must use `import` and `export`")
        }
        "process" | "Buffer" | "__dirname" | "__filename" | "global" => {
            Some("a component does not have the globals of Node.js")
        }
        "fetch" | "Intl" | "WebAssembly" => {
            Some("QuickJS does not have it; docs/web-apis.md lists the Web APIs")
        }
        _ => None,
    }
}

/// Returns the export and the module that an error of QuickJS names.
fn missing_export(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("SyntaxError: Could not find export '")?;
    let (export, rest) = rest.split_once("' in module '")?;
    Some((export, rest.split_once('\'')?.0))
}

/// Removes the frames of the engine from a message with a stack.
fn readable(message: &str) -> String {
    let is_engine = |line: &str| {
        let frame = line.trim_start().strip_prefix("at ");
        frame.is_some_and(|frame| {
            frame.ends_with("(native)")
                || frame.contains("prelude.js:")
                || frame.contains("spikard:main")
        })
    };
    let lines: Vec<&str> = message.lines().filter(|line| !is_engine(line)).collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_export_is_found_in_the_message() {
        let message = "SyntaxError: Could not find export 'a' in module 'lib/b.ts'\n";
        assert_eq!(missing_export(message), Some(("a", "lib/b.ts")));
        assert_eq!(missing_export("SyntaxError: x"), None);
    }

    #[test]
    fn a_missing_global_has_a_remedy() {
        let message = "ReferenceError: require is not defined\n    at <anonymous> (app.js:1:1)\n";
        assert_eq!(
            explain(message, &[]),
            "ReferenceError: require is not defined: the app is not bundled, so its modules must use `import` and `export`\n    at <anonymous> (app.js:1:1)"
        );
        assert_eq!(
            explain("ReferenceError: a is not defined", &[]),
            "ReferenceError: a is not defined"
        );
    }

    #[test]
    fn frames_of_the_engine_are_removed() {
        let message =
            "TypeError: x\n    at f (app.ts:1:2)\n    at map (native)\n    at g (prelude.js:1:1)\n";
        assert_eq!(readable(message), "TypeError: x\n    at f (app.ts:1:2)");
    }
}
