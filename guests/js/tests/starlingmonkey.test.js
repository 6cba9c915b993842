/**
 * The globals of StarlingMonkey, with the additions of the build. The same expressions run in the engine, while a
 * component is built, and in Node.js. They must have the same values, except for those in `DIFFER`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { CASES, inNode, moduleOf } from "./web-apis.js";

const BIN = fileURLToPath(new URL("../bin/spikard-wasm-js.js", import.meta.url));

/** Expressions that need timers, tasks or random numbers, which do not exist while a component is built. */
const NOT_IN_BUILD = /setTimeout|timeout\(|performance|random|Response\(f\)|\.stream\(\)/i;

/** The expressions whose values differ. `README.md` lists the important ones. */
const DIFFER = [
  // Setters of URLs.
  /u\.hostname = "x:1"/,
  /u\.href = "nonsense"/,
  // The class of an error, or none.
  /digest\("MD5"/,
  /structuredClone\(Symbol/,
  /\{ name: "HMAC" \}/,
  // Functions of `crypto.subtle`.
  /exportKey/,
  /generateKey/,
  /PBKDF2|HKDF|AES-GCM/,
  // Bodies have a content-length, a `Blob` has no type, and invalid arguments are accepted.
  /new Response\("aé"\)/,
  /r\.clone\(\)/,
  /statusText: "\\n"/,
  /Response\.error/,
  /\.blob\(\)/,
  /Response\("broken"/,
  /r\.body\.getReader\(\)/,
  /method: "PUT"/,
  /u:p@a"/,
  /"TRACE"/,
  /"a b" \}\)/,
  /body: new ReadableStream\(\)/,
  // A property that no text of the app has.
  /RegExp\("\\\\p\{" \+ name/,
  // Node.js decodes ISO-8859-1 instead of windows-1252.
  /windows-1252/,
];

/** Builds a component of a source, and returns what the source writes meanwhile. */
function run(source) {
  const folder = mkdtempSync(fileURLToPath(new URL("tmp-", import.meta.url)));
  try {
    writeFileSync(join(folder, "app.js"), source);
    const args = [BIN, "build", "app.js"];
    const options = { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
    assert.equal(status, 0, stderr);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Expressions that use the additions of the build. */
const ADDED = [
  `["NFC", "NFD", "NFKC", "NFKD"].map((form) => { let text = ""; for (let at = 0; at < 0x30000; at += 29) text += String.fromCodePoint(at).normalize(form); return digest(text); })`,
  `"a".normalize("nfc")`,
  `["\\ud800é".normalize("NFD"), "각".normalize("NFD").length, "e\\u0323\\u0301".normalize().length]`,
  `["É", "é", "1", "😀", "\\ud800"].map((text) => [/\\p{Lu}/u.test(text), /^\\P{L}$/u.test(text), /[^\\p{L}\\p{Nd}]/v.test(text)])`,
  `/^[[\\p{L}\\p{Nd}]--[a-z]]+$/v.test("É1")`,
  `/^\\p{RGI_Emoji}$/v.test("👨‍👩‍👧")`,
  `/\\p{L}/.test("p{L}")`,
  `new RegExp("^[\\\\p{Script=Greek}-]+$", "u").test("α-ω")`,
  `RegExp("\\\\p{" + name, "u")`,
  `z.emoji().safeParse("😀").success`,
  `z.string().normalize("NFD").parse("é").length`,
  `(async () => { const list = []; for await (const chunk of new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); } })) { list.push(chunk); break; } return list; })()`,
];

const PRELUDE = `
const name = ["Lt}"][0];
const digest = (text) => { let sum = 0; for (let at = 0; at < text.length; at++) sum = (sum * 31 + text.charCodeAt(at)) % 1000003; return [text.length, sum]; };
`;

test("StarlingMonkey and Node.js agree, except for what is listed", async () => {
  const cases = [...Object.values(CASES).flat(), ...ADDED].filter((code) => !NOT_IN_BUILD.test(code));
  // All cases start at once, so that one which never ends does not stop the others.
  const stdout = run(`import { z } from "zod";
    ${PRELUDE}
    const results = [];
    [${cases.map((code) => `async () => { ${moduleOf([code])} return results[0]; }`).join(",\n")}].forEach(async (run, at) => { results[at] = await run(); });
    (async () => { for (let at = 0; at < 10_000; at++) await undefined; console.log(JSON.stringify(results)); })();
    console.log("%s %d %j|", "a", "4", { a: 1 }, "rest");
    export const definition = { describe() {} }, handler = { handle() {} };`);
  const lines = stdout.split("\n");
  assert.equal(lines[0], 'a 4 {"a":1}| rest');
  const actual = JSON.parse(lines.find((line) => line.startsWith("[")));
  const { z } = await import("zod");
  globalThis.z = z;
  const expected = await inNode(cases, PRELUDE);
  const differ = cases.filter((_, at) => actual[at] !== expected[at]);
  assert.deepEqual(
    differ.filter((code) => !DIFFER.some((known) => known.test(code))),
    [],
  );
  const agreed = DIFFER.filter((known) => !differ.some((code) => known.test(code)));
  assert.deepEqual(agreed, [], "these no longer differ: remove them from the list, and from README.md");
});
