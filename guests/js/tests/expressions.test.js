/** `\p{...}` in regular expressions of apps for StarlingMonkey. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bundle } from "../dist/build/bundle.js";
import { propertiesIn } from "../dist/build/expressions.js";
import { installProperties, replaceProperties } from "../dist/engine/properties.js";

const END = "export const definition = 1, handler = 2;\n";

/** Bundles a module, and removes its file. */
async function bundled(source, engine, name = "app.ts") {
  const folder = mkdtempSync(fileURLToPath(new URL("tmp-", import.meta.url)));
  try {
    writeFileSync(join(folder, name), source + END);
    return await bundle(join(folder, name), engine);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The characters of Node's version of Unicode; the one of the build is newer. */
const ASSIGNED = Array.from({ length: 0x110000 }, (_, point) => String.fromCodePoint(point)).filter(
  (character) => !/\p{Cn}/u.test(character),
);

/** Returns how many characters two expressions do not agree on. */
const disagreements = (a, b) =>
  ASSIGNED.filter((character) => a.test(character) !== b.test(character)).length;

test("literals match what they match in Node.js", async () => {
  const literals = [
    String.raw`/^\p{Lu}/u`,
    String.raw`/^\P{Script=Greek}/u`,
    String.raw`/[^\p{L}\p{N}_]/u`,
    String.raw`/[\P{Alphabetic}x]/su`,
    String.raw`/(?<=^)(?<name>\p{sc=Latn})/u`,
    String.raw`/[[\p{L}\p{Emoji}]--[a-z]]/v`,
    String.raw`/[\p{ASCII}&&\p{Lowercase}]/v`,
    String.raw`/\p{Zl}/u`,
  ];
  const { code } = await bundled(`export const list = [${literals}];`, "starlingmonkey");
  assert.doesNotMatch(code, /\\[pP]\{/);
  const list = [...code.matchAll(/^\t(\/.*\/[a-z]+),?$/gm)].map(([, literal]) => literal);
  assert.equal(list.length, literals.length);
  for (const [at, literal] of literals.entries())
    assert.equal(disagreements(new Function(`return ${list[at]}`)(), new Function(`return ${literal}`)()), 0);
});

test("an expression without the flags u and v stays, and so do apps for QuickJS", async () => {
  const { code } = await bundled("export const e = /\\p{L}/g;", "starlingmonkey");
  assert.match(code, /\/\\p\{L\}\/g/);
  const quickjs = await bundled('export const e = /\\p{L}/u, t = "é".normalize();', "quickjs");
  assert.match(quickjs.code, /\/\\p\{L\}\/u/);
  assert.doesNotMatch(quickjs.code, /installNormalize|installProperties/);
});

test("the source map has the positions of the app's source", async () => {
  const lines = [
    'export const é: string = "😀"; export const a = /\\p{L}/u, b: RegExp = /\\p{Lu}/v; export const here = Math.random();',
    'export const c = () => [/\\P{L}/u, "é".normalize("NFD"), there(1)];',
    "declare function there(number: number): void;",
  ];
  const { code, map } = await bundled(`${lines.join("\n")}\n`, "starlingmonkey");
  const positions = new SourceMap(map);
  const out = code.split("\n");
  for (const [line, text] of [
    [0, "here = "],
    [1, '"é"'],
    [1, "there(1)"],
  ]) {
    const at = out.findIndex((each) => each.includes(text));
    const { originalSource, originalLine } = positions.findEntry(at, out[at].indexOf(text));
    assert.match(originalSource, /app\.ts$/);
    assert.equal(originalLine, line, text);
  }
  const at = out.findIndex((each) => each.includes("here = "));
  const { originalColumn } = positions.findEntry(at, out[at].indexOf("here = "));
  assert.equal(originalColumn, lines[0].indexOf("here = "));
});

test("an invalid expression is one sentence with its file, line and column", async () => {
  const source = 'export const é = "é";\n  export const e = /\\p{Foo}/u;\n';
  await assert.rejects(bundled(source, "starlingmonkey"), {
    message: /^[^\n]*app\.ts:2:20: invalid regular expression `\/\\p\{Foo\}\/u`: Unknown property: Foo$/,
  });
});

test("only bundles that name normalize or a property in a text get more code", async () => {
  const comment = "/** normalize \\p{L} */ export function f() {}\n";
  const plain = await bundled(`${comment}export const e = /\\p{L}/u;`, "starlingmonkey");
  assert.doesNotMatch(plain.code, /installNormalize|installProperties/);
  const both = await bundled('export const e = (t) => t.normalize() + "\\\\p{L}";', "starlingmonkey");
  assert.match(both.code, /^installNormalize\(/m);
  assert.match(both.code, /^installProperties\(/m);
});

const TABLE = propertiesIn(
  String.raw`"\\p{Lu}" \P{Lu} \p{Zl} \p{L} \p{Ps} \P{Any} \p{RGI_Emoji} \p{Foo} \p{${1}}`,
);

test("the table has the properties that the code names", () => {
  assert.deepEqual(Object.keys(TABLE), ["p{Lu}", "P{Lu}", "p{Zl}", "p{L}", "p{Ps}", "P{Any}"]);
  assert.equal(propertiesIn("p{L}"), undefined);
  assert.deepEqual(propertiesIn(String.raw`"\\p{" + name`), {});
});

test("patterns at run time match what they match in Node.js", () => {
  for (const [pattern, flags] of [
    ["^\\p{Lu}", "u"],
    ["[^\\p{Lu}x]", "u"],
    ["[\\P{Lu}x]", "u"],
    ["[\\[\\p{Zl}\\]]\\P{Lu}?|\\P{Any}|[\\P{Any}]", "u"],
    ["\\\\p|[\\p{Ps}]", "u"],
    ["[\\p{L}--[\\p{Lu}a]]", "v"],
    ["[[^\\p{Ps}]&&\\P{Lu}]", "v"],
  ])
    assert.equal(
      disagreements(new RegExp(replaceProperties(pattern, flags, TABLE), flags), new RegExp(pattern, flags)),
      0,
      pattern,
    );
  assert.throws(() => replaceProperties("\\p{Lt}", "u", TABLE), {
    name: "SyntaxError",
    message:
      "StarlingMonkey does not support `\\p{Lt}` in a pattern that is created at run time: " +
      "use a literal, such as `/\\p{Lt}/u`, or put the complete property in a string literal",
  });
});

test("the constructor of regular expressions behaves as before", () => {
  const Native = RegExp;
  const make = (...args) => new RegExp(...args);
  try {
    installProperties(TABLE);
    assert.notEqual(RegExp, Native);
    assert.equal(make("\\p{Lu}", "u").source, `[${TABLE["p{Lu}"]}]`);
    assert.equal(make("\\p{Lu}").source, "\\p{Lu}");
    assert.equal(Reflect.apply(RegExp, undefined, ["\\p{Lu}", "v"]).source, `[${TABLE["p{Lu}"]}]`);
    assert.equal(make(make("[\\p{Lu}]"), "u").source, `[${TABLE["p{Lu}"]}]`);
    assert.throws(() => make("\\p{Lt}", "u"), SyntaxError);
    const literal = /a/g;
    assert.equal(RegExp(literal), literal);
    assert.deepEqual(
      [literal.constructor === RegExp, literal instanceof RegExp, RegExp[Symbol.species] === RegExp],
      [true, true, true],
    );
    assert.deepEqual("a1b".split(/\d/), ["a", "b"]);
    assert.deepEqual([..."ab".matchAll(/./g)].length, 2);
    class Derived extends RegExp {}
    assert.ok(new Derived("\\p{Lu}", "u") instanceof Derived);
    assert.equal(make().source, "(?:)");
    assert.throws(() => make("("), SyntaxError);
  } finally {
    globalThis.RegExp = Native;
    Native.prototype.constructor = Native;
  }
});
