/**
 * The globals of the QuickJS engine. The same expressions run in the engine, while it builds a component, and in
 * Node.js, and have to give the same values.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CASES, inNode, moduleOf } from "./web-apis.js";

/** Builds a component of a source, and returns what the source writes meanwhile. */
function run(source) {
  const folder = mkdtempSync(join(tmpdir(), "quickjs-globals-"));
  try {
    const app = `${source}\nexport const definition = { describe() {} }, handler = { handle() {} };\n`;
    writeFileSync(join(folder, "app.js"), app);
    const build = new URL("../dist/build/componentize.js", import.meta.url);
    const script = `
      import { readFileSync } from "node:fs";
      import { componentize } from ${JSON.stringify(build.href)};
      const map = { version: 3, file: "", sources: [], sourcesContent: [], names: [], mappings: "", sourceRoot: "" };
      await componentize({ code: readFileSync("app.js", "utf8"), map, world: "http-app" }, "quickjs");
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    assert.equal(status, 0, stderr);
    return { stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Results that differ from those of Node.js 20, which does not follow the standards here. */
const DIFFERENCES = {
  // Node.js decodes ISO-8859-1 instead.
  'new TextDecoder("windows-1252").decode(bytes(0x61, 0x80, 0x9f, 0xe9, 0xff))': ["value", "a€Ÿéÿ"],
  // Errors with other classes.
  "crypto.getRandomValues([])": ["error", "TypeError"],
  'crypto.subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]).then((key) => crypto.subtle.exportKey("raw", key))':
    ["error", "InvalidAccessError"],
  "AbortSignal.timeout(-1)": ["error", "TypeError"],
  "structuredClone(1, { transfer: [{}] })": ["error", "DataCloneError"],
  // The prototype has the constants too.
  '[Event.AT_TARGET, new Event("x").AT_TARGET]': ["value", [2, 2]],
};

for (const [name, cases] of Object.entries(CASES)) {
  test(`${name}: the engine and Node.js agree`, async () => {
    const { stdout } = run(`{ ${moduleOf(cases)} console.log(JSON.stringify(results)); }`);
    const actual = JSON.parse(stdout.trimEnd().split("\n").at(-1));
    const expected = (await inNode(cases)).map((result, at) =>
      cases[at] in DIFFERENCES ? JSON.stringify(DIFFERENCES[cases[at]]) : result,
    );
    const differences = cases.flatMap((code, at) =>
      actual[at] === expected[at] ? [] : [{ code, engine: actual[at], node: expected[at] }],
    );
    assert.deepEqual(differences, []);
  });
}

/** Statements that must have the same output as in Node.js. */
const OUTPUT = `
console.log("text", 1, -0, 2n, true, null, undefined, Symbol("s"));
console.log("%s %d %i %f %j %% %c|%x", "a", "4.5", 4.7, "1.5", { a: 1 }, "color: red", "rest");
console.log("%s %s %s %s", { a: { b: 1 } }, [1, [2]], class A {}, -0, "more", { x: 1 });
console.log("%O|%d|%i", { a: { b: { c: { d: 1 } } } }, 5n, "x");
console.log("%");
console.log("100%", 5);
console.log({ a: 1, "b-c": "it's", d: [1, 2, [3, [4, [5]]]], e: { f: { g: { h: 1 } } } });
console.log([1, , 3], [undefined, null], new Array(3), []);
console.log([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], Array.from({ length: 30 }, (_, i) => i * 37));
console.log(["apple", "banana", "cherry", "dates", "elder", "fig", "grape", "honey"]);
console.log(Array.from({ length: 120 }, (_, i) => i));
console.log(new Map([["a", 1], [{ k: 1 }, new Map()]]), new Set([1, "x", new Set()]), new WeakMap(), new WeakSet());
console.log({ f() {}, g: () => {}, h: class B extends Map {}, i: async () => {}, j: function* gen() {} });
console.log({ get a() { return 1; }, set a(v) {}, get b() { return 1; }, set c(v) {} });
console.log(new (class Foo { x = 1; #y = 2; })(), new (class extends Array {})(1, 2, 3), Object.create(null), Object.create({}));
console.log(new Date(0), /a/g, new Date(NaN), [new Date(0)], Promise.resolve(1), new Promise(() => {}));
console.log(new Uint8Array([1, 2]), new Float64Array(2), new ArrayBuffer(3), new DataView(new ArrayBuffer(1)), [new Uint8Array(1)]);
console.log(Object(1), Object("s"), Object(true), Object(1n), Object(Symbol("q")));
{ const o = { a: 1 }; o.self = o; o.deep = { o, list: [o] }; console.log(o); const l = [1]; l.push(l); console.log(l, new Map([["m", o]])); }
console.log({ [Symbol("s")]: 1, "": 2, 3: 4, undefined: undefined, "ü": 5 });
console.log("multi\\nline", ["multi\\nline"], ["it's", 'a "q"', "both ' \\"", "\\x00\\x1b\\t\\\\"]);
console.log({ long: "a".repeat(100), other: "b".repeat(30), third: ["c".repeat(40), "d".repeat(40)] });
console.log({ text: "a line that is long enough\\nand another line that is long enough to be split in two parts here" });
console.log([[[[1]]]], { a: [{ b: { c: 1 } }] }, [{ a: 1, b: 2 }, { a: 3, b: 4 }]);
console.log(new Proxy({ a: 1 }, { get() { throw new Error("trap"); }, ownKeys() { throw new Error("trap"); } }));
console.log((function () { return arguments; })(1, 2), [1, 2][Symbol.iterator]().toString(), globalThis === self ? 1 : 1);
console.log(new URL("http://a/?b=c"), new URLSearchParams("a=1&b=2"), [new URLSearchParams()]);
console.log({ [Symbol.toStringTag]: "Tag", a: 1 }, new (class X { get [Symbol.toStringTag]() { return "Y"; } })());
console.log({ a: { b: { c: {} } } }, { a: { b: { c: [] } } }, { a: { b: { c: [1] } } });
console.dir({ a: { b: { c: { d: {} } } } }, { depth: 0 });
console.dirxml({ a: 1 }, 2);
console.group("group"); console.info("in\\ntwo lines"); console.group(); console.debug({ a: 1 }); console.groupEnd(); console.groupEnd(); console.groupEnd();
console.groupCollapsed("g"); console.log("x"); console.groupEnd();
console.count(); console.count("x"); console.count(); console.countReset(); console.count(); console.count(undefined); console.count(null);
console.table(5); console.assert(true, "no"); console.timeStamp("x");
console.warn("to stderr"); console.error("%s", "also"); console.assert(false); console.assert(false, "why %s", 1);
`;

test("console writes what Node.js writes", () => {
  const globals = "globalThis.self ??= globalThis;";
  const engine = run(`${globals}\n${OUTPUT}`);
  const node = spawnSync(process.execPath, ["--input-type=module", "-e", `${globals}\n${OUTPUT}`], {
    encoding: "utf8",
  });
  assert.equal(node.status, 0, node.stderr);
  assert.equal(engine.stdout, node.stdout);
  assert.equal(engine.stderr, node.stderr);
});

test("console shows errors with their stack, cause and properties", () => {
  const { stdout } = run(`
    console.log(new TypeError("boom", { cause: new Error("inner") }));
    console.log(Object.assign(new Error("with"), { code: "E" }));
    console.log({ error: new RangeError("nested") });
    console.log(new DOMException("dom", "AbortError"));
    console.log(new AggregateError([new Error("one")], "many"));
    console.trace("here %s", 1);
  `);
  assert.match(stdout, /^TypeError: boom\n {4}at .*app\.js:2[\s\S]*\[cause\]: Error: inner\n {6}at /);
  assert.match(stdout, /Error: with\n {4}at .* \{\n {2}code: 'E'\n\}/);
  assert.match(stdout, /\{\n {2}error: RangeError: nested\n {6}at /);
  assert.match(stdout, /AbortError: dom/);
  assert.match(stdout, /\[errors\]: \[/);
  assert.match(stdout, /^Trace: here 1\n {4}at .*app\.js:7/m);
});

test("console limits the labels that it keeps, and times", () => {
  const { stdout, stderr } = run(`
    for (let at = 0; at < 1100; at++) console.count("label" + at);
    console.count("label0");
    console.count("label1099");
    console.time("t"); console.time("t"); console.timeLog("t", { a: 1 }); console.timeEnd("t"); console.timeEnd("t");
    console.countReset("missing");
    console.table([{ a: 1, b: "x" }, { a: 2, c: true }]); console.table(new Map([["k", 1]])); console.table([1, [2]], ["0"]);
  `);
  assert.match(stdout, /label0: 1\nlabel1099: 2\nt: [\d.]+ms \{ a: 1 \}\nt: [\d.]+ms\n/);
  assert.match(
    stdout,
    /│ \(index\) │ a │ b {3}│ c {4}│\n├─────────┼───┼─────┼──────┤\n│ 0 {7}│ 1 │ 'x' │ {6}│\n│ 1 {7}│ 2 │ {5}│ true │/,
  );
  assert.match(stdout, /│ \(iteration index\) │ Key │ Values │/);
  assert.match(
    stderr,
    /timer `t` already exists[\s\S]*timer `t` does not exist[\s\S]*counter `missing` does not exist/,
  );
});

test("a component has no `fetch` and no `navigator`, and the classes of the standards", () => {
  const { stdout } = run(`
    console.log(typeof fetch, typeof navigator, self === globalThis, typeof Symbol.dispose, "fetch" in globalThis);
    const names = ["Headers", "Request", "Response", "Blob", "File", "FormData", "URL", "TextDecoder", "EventTarget", "AbortSignal", "Crypto", "SubtleCrypto", "CryptoKey", "Performance"];
    for (const name of names) {
      const type = globalThis[name];
      const enumerable = Object.prototype.propertyIsEnumerable.call(globalThis, name);
      if (type.name !== name || type.prototype[Symbol.toStringTag] !== name || enumerable) console.log("wrong", name);
    }
  `);
  assert.equal(stdout, "undefined undefined true symbol false\n");
});

test("listeners that throw are logged", () => {
  const { stdout, stderr } = run(`
    const target = new EventTarget();
    target.addEventListener("x", () => { throw new Error("boom"); });
    target.addEventListener("x", () => console.log("second"));
    target.dispatchEvent(new Event("x"));
  `);
  assert.equal(stdout, "second\n");
  assert.match(stderr, /^uncaught error in an event listener: Error: boom\n/);
});
