/** The command `spikard-wasm-js`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../bin/spikard-wasm-js.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spikard-wasm-test-"));
mkdirSync(join(folder, "node_modules/@spikard"), { recursive: true });
symlinkSync(fileURLToPath(new URL("..", import.meta.url)), join(folder, "node_modules/@spikard/wasm"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Writes a project and returns its folder. */
function project(name, files) {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  return name;
}

const APP = `import { Spikard } from "@spikard/wasm";
export const { definition, handler } = new Spikard().get("/", async () => "hi").component();
`;

test("help", () => {
  const { status, stdout } = run("--help");
  assert.equal(status, 0);
  assert.match(stdout, /^usage: spikard-wasm-js build/);
});

test("a usage error is one sentence with exit code 2", () => {
  const mistakes = [
    [["bild"], "error: unknown command `bild`: use build or bundle\n"],
    [["build", "a", "b"], "error: unexpected argument `b`: give one app\n"],
    [["build", "--engine", "v8"], "error: unknown engine `v8`: use starlingmonkey or quickjs\n"],
    [["build", "nowhere"], "error: no file or folder `nowhere`: give the app's main module or its folder\n"],
    [
      ["build", project("empty", { "package.json": "{}" })],
      'error: no src/app.ts or src/app.js in `empty`: name the app\'s module in "main" of package.json\n',
    ],
    [
      ["build", project("lost", { "package.json": '{"main":"app.js"}' })],
      'error: no app.js in `lost`: name the app\'s module in "main" of package.json\n',
    ],
  ];
  for (const [args, message] of mistakes)
    assert.deepEqual(run(...args), { status: 2, stdout: "", stderr: message });
  assert.equal(run("build", "--engin", "v8").status, 2);
});

test("a failed build has exit code 1", () => {
  const app = project("broken", { "src/app.js": 'import "nothing-of-this-name";' });
  const { status, stderr } = run("bundle", app);
  assert.equal(status, 1);
  assert.match(stderr, /nothing-of-this-name/);
  const bare = project("bare", { "src/app.js": "export const handler = {};" });
  assert.deepEqual(run("bundle", bare), {
    status: 1,
    stdout: "",
    stderr:
      "error: `app.js` does not export `definition`: " +
      "end it with `export const { definition, handler, hooks } = app.component();`\n",
  });
  const here = project("here", { "src/app.js": APP });
  assert.deepEqual(run("build", here, "--wit", "nowhere"), {
    status: 1,
    stdout: "",
    stderr: "error: no WIT folder `nowhere`: give the one that `spikard-wasm wit -o DIR` writes\n",
  });
});

test("an error in a module is one sentence with its file and line", () => {
  const cases = [
    [{ "a.js": "export {};\nconst x = ;\n" }, "a.js:2:11: syntax error: Unexpected token\n"],
    [
      { "a.js": 'import x from "./b.json";', "b.json": "{bad" },
      "b.json:1:2: key must be a string at line 1 column 2\n",
    ],
    [
      { "a.js": '\nimport "./b.js";', "b.js": Buffer.of(0xff, 0xfe, 0x80) },
      "a.js:2:8: Could not load b.js (stream did not contain valid UTF-8)\n",
    ],
    [
      { "a.js": 'import { x } from "./b.js";\nx();', "b.js": "export {};" },
      'a.js:1:10: "x" is not exported by "b.js" (Missing export)\n',
    ],
    [
      { "a.js": 'import x from "./b.css";', "b.css": "body {}\n" },
      /^error: the app: Bundling CSS is no longer supported.*\n$/,
    ],
    [{ "a.ts": "export {};", "tsconfig.json": "{" }, /^error: the app: Failed to load tsconfig .*\n$/],
  ];
  for (const [index, [files, expected]] of cases.entries()) {
    const name = project(`error-${index}`, files);
    const { status, stdout, stderr } = run("bundle", join(name, Object.keys(files)[0]));
    assert.deepEqual({ status, stdout }, { status: 1, stdout: "" });
    if (expected instanceof RegExp) assert.match(stderr, expected);
    else assert.equal(stderr.replaceAll(`${name}/`, ""), `error: ${expected}`);
  }
});

test("an invalid package.json is an error in the project", () => {
  const name = project("manifest", { "package.json": "{", "src/app.js": APP });
  const { status, stderr } = run("bundle", join(name, "src/app.js"));
  assert.equal(status, 2);
  assert.match(stderr, /^error: `manifest\/package.json` is not valid JSON: .*\n$/);
  assert.equal(run("bundle", name).stderr, stderr);
});

test("bundle writes one module that only imports the host", () => {
  const app = project("ts", {
    "src/app.ts": APP.replace('"hi"', '("hi" as string satisfies string)'),
    "package.json": '{"type":"module"}',
  });
  for (const [engine, imports, exports] of [
    ["starlingmonkey", /^spikard:/, /^export \{ definition, handler, hooks, resumable \};$/m],
    ["quickjs", /^(spikard|wasi):/, /^export \{ definition, handler \};$/m],
  ]) {
    const { status, stdout, stderr } = run("bundle", app, "--engine", engine, "-o", `${engine}.js`);
    assert.deepEqual(
      { status, stdout, stderr },
      { status: 0, stdout: `wrote ${engine}.js (for the world http-service)\n`, stderr: "" },
    );
    const source = readFileSync(join(folder, `${engine}.js`), "utf8");
    for (const [, name] of source.matchAll(/^import .* from "(.*)";$/gm)) assert.match(name, imports);
    assert.match(source, exports);
    assert.doesNotMatch(source, /"spikard:handler\/reply@/);
  }
});

test("an app that exports hooks uses the interface of replies", () => {
  const hooked = APP.replace("handler }", "handler, hooks }");
  const app = project("hooked", { "src/app.js": hooked });
  assert.equal(
    run("bundle", app, "-o", "hooked.js").stdout,
    "wrote hooked.js (for the world http-service)\n",
  );
  assert.match(readFileSync(join(folder, "hooked.js"), "utf8"), /from "spikard:handler\/reply@0\.1\.0"/);
  const { status, stderr } = run("build", app, "-e", "quickjs", "-o", "hooked.wasm");
  assert.equal(status, 0, stderr);
});

test("an app that does not export its hooks fails to build", () => {
  const app = project("unexported", {
    "src/app.js": APP.replace(".get(", ".onRequest(() => {}).get("),
  });
  const { status, stderr } = run("build", app, "-e", "quickjs", "-o", "unexported.wasm");
  assert.equal(status, 1);
  assert.match(stderr, /the app has hooks, which its main module does not export: end it with `export const/);
});

test("build writes a component for QuickJS", () => {
  const app = project("js", { "package.json": '{"main":"main.js"}', "main.js": APP });
  const { status, stdout, stderr } = run("build", app, "-e", "quickjs", "-o", "app.wasm");
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^wrote app\.wasm \(quickjs, [\d.]+ MB\)\n$/);
  // The preamble of a component, not of a core module.
  assert.deepEqual(
    [...readFileSync(join(folder, "app.wasm")).subarray(0, 8)],
    [0, 97, 115, 109, 13, 0, 1, 0],
  );
});
