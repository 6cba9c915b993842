//! `build` of one JavaScript or TypeScript file, without Node.js.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use spikard_wasm_testing::Run;
use tempfile::TempDir;

use super::failed;
use crate::support::host;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// `build FILE` with a `PATH` that has no tools, so that nothing runs Node.js.
fn build(folder: &Path, file: &str) -> Command {
    let mut command = host().command(["build", file, "-o", "app.wasm"]);
    command.current_dir(folder).env("PATH", folder);
    command
}

fn build_error(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let run = Run::of(&mut build(folder.path(), files[0].0));
    assert!(!folder.path().join("app.wasm").exists());
    failed(&run)
}

const APP: &str = r#"import { HttpError, Spikard, type Context } from "@spikard/wasm";
import { total, Order } from "./lib/orders.js";
import prices from "./prices.json";

enum Size { Small = 1, Large = 2 }

const app = new Spikard({ name: "orders" });
app.post("/orders", { body: { type: "object", required: ["item"] } }, async ({ body }: any): Promise<Order> => {
  const { item, size } = body as { item: string; size?: keyof typeof Size };
  const { twice } = await import("./lib/late");
  const order: Order = { item, total: total(item, prices) * Size[size ?? "Small"] };
  return { ...order, total: twice(order.total) / 2 };
});
export const { definition, handler } = app.component();
"#;

const ORDERS: &str = r#"export interface Order { item: string; total: number }

export function total(item: string, prices: Record<string, number>): number {
  const price = prices[item];
  if (price === undefined) {
    throw new TypeError(`no price of ${item}` as string);
  }
  return price;
}
"#;

#[test]
fn a_typescript_file_and_its_imports_are_built_and_served() {
    let folder = folder(&[
        ("app.ts", APP),
        ("lib/orders.ts", ORDERS),
        (
            "lib/late.ts",
            "export const twice = (n: number): number => n * 2;\n",
        ),
        ("prices.json", r#"{"pen": 3, "__proto__": {"ink": 9}}"#),
    ]);
    let run = Run::of(&mut build(folder.path(), "app.ts"));
    assert_eq!(run.code, Some(0), "{run:?}");
    let warning =
        "`app.ts:5` needs more than the removal of types; stacks show other lines of that file";
    assert!(
        run.stderr.contains(warning) && run.stderr.lines().count() == 1,
        "{run:?}"
    );
    assert!(
        run.stdout
            .starts_with("built app.wasm from app.ts (JavaScript, "),
        "{}",
        run.stdout
    );
    let server = host().serve(Some(&folder.path().join("app.wasm"))).start();
    let client = server.client();
    let order = |order: serde_json::Value| {
        client.post("/orders", "application/json", order.to_string().as_bytes())
    };
    let reply = order(json!({"item": "pen", "size": "Large"}));
    assert_eq!(reply.json(), json!({"item": "pen", "total": 6}));
    for item in ["cup", "ink"] {
        let _ = order(json!({ "item": item })).problem(500);
    }
    // The stack has the lines of the files.
    let line = server.logged("no price of cup");
    assert!(line.contains("lib/orders.ts:6:"), "{line}");
}

#[test]
fn a_broken_file_is_one_sentence_with_its_line() {
    let error = build_error(&[("app.ts", "const a: number = 1;\nconst b: = 2;\n")]);
    assert!(
        error.starts_with("error: app.ts:2:10: syntax error: "),
        "{error}"
    );
    let error = build_error(&[("app.js", "\nimport { a } from './a';\n")]);
    assert_eq!(
        error,
        "error: app.js:2: cannot resolve `./a`: check the path\n"
    );
    let error = build_error(&[("app.js", "import 'node:fs';\n")]);
    assert!(
        error.starts_with("error: app.js:1: cannot import `node:fs`, "),
        "{error}"
    );
    let error = build_error(&[
        ("app.ts", "\nimport { a, b } from './b';\na(b);\n"),
        (
            "b.ts",
            "export type b = 1;\nexport const a = console.log;\n",
        ),
    ]);
    assert_eq!(
        error,
        "error: app.ts:2: `b.ts` has no export `b`; if it is a type, write `import type` or `export type`\n"
    );
    let error = build_error(&[("app.mjs", "export const definition = {}, handler = {};\n")]);
    assert!(
        error.contains("the export `definition` of the app has no function `describe`"),
        "{error}"
    );
    let error = build_error(&[("app.js", "")]);
    assert!(
        error.contains(
            "the app does not export `definition`, and its default export is not a fetch handler: end its main module with"
        ),
        "{error}"
    );
}

#[test]
fn a_package_needs_nodejs() {
    let error = build_error(&[("app.ts", "import { z } from 'zod';\nz();\n")]);
    assert!(
        error.contains("app.ts:1 imports `zod`, which needs a bundler"),
        "{error}"
    );
    assert!(error.contains("install Node.js"), "{error}");
}

#[test]
fn an_error_of_the_top_level_has_its_stack() {
    let folder = folder(&[(
        "app.ts",
        "type A = 1;\nfunction f(): never {\n  throw new Error('no');\n}\nf();\n",
    )]);
    let run = Run::of(&mut build(folder.path(), "app.ts"));
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    let expected = "error: Error: no\n    at f (app.ts:3:13)\n    at <anonymous> (app.ts:5:1)\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn the_output_replaces_only_a_component() {
    let source = "import { Spikard } from '@spikard/wasm';\nconst app = new Spikard({ name: 'a' });\n\
                  export const { definition, handler } = app.component();\n";
    let folder = folder(&[("app.js", source)]);
    let mut command = host().command(["build", "app.js", "-o", "app.js"]);
    let said = failed(&Run::of(command.current_dir(folder.path())));
    assert!(
        said.contains("`app.js` exists and is not WebAssembly"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("app.js")).expect("the file"),
        source
    );
    for _ in 0..2 {
        let run = Run::of(&mut build(folder.path(), "app.js"));
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    }
    let before = fs::read(folder.path().join("app.wasm")).expect("the component");
    fs::write(folder.path().join("app.js"), "throw 1;").expect("the file");
    let run = Run::of(&mut build(folder.path(), "app.js"));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        fs::read(folder.path().join("app.wasm")).expect("the component"),
        before
    );
    for command in ["compile", "openapi"] {
        let mut command = host().command([command, "app.wasm", "-o", "app.wasm"]);
        let said = failed(&Run::of(command.current_dir(folder.path())));
        assert!(said.contains("`app.wasm` is the input"), "{said}");
    }
    for command in ["serve", "inspect", "openapi", "compile"] {
        let mut command = host().command([command, "app.js"]);
        let said = failed(&Run::of(command.current_dir(folder.path())));
        assert!(
            said.contains("is source code, not a component; run `spikard-wasm build app.js"),
            "{said}"
        );
    }
}
