/** `String.prototype.normalize` of StarlingMonkey returns the same as the function of Node.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { normalizationTables } from "../dist/build/normalization.js";
import { installNormalize, normalizer } from "../dist/engine/normalize.js";

const FORMS = ["NFC", "NFD", "NFKC", "NFKD"];
const normalize = normalizer(normalizationTables());

/** Compares the four forms of texts. */
function compare(texts) {
  const wrong = [];
  for (const text of texts)
    for (const form of FORMS)
      if (normalize(text, form) !== text.normalize(form)) wrong.push([form, escape(text)]);
  assert.deepEqual(wrong.slice(0, 20), [], `Unicode ${process.versions.unicode}`);
}

test("every code point, lone surrogates included", () => {
  compare(Array.from({ length: 0x110000 }, (_, point) => String.fromCodePoint(point)));
});

test("every Hangul syllable, decomposed and in parts", () => {
  const texts = [];
  for (let point = 0xac00; point <= 0xd7a3; point++) {
    const jamo = String.fromCodePoint(point).normalize("NFD");
    texts.push(jamo, `${jamo}\u11a8`, `${jamo}\u0301`, `${jamo.slice(0, 1)}\u0301${jamo.slice(1)}`);
  }
  compare(texts);
});

test("every pair that composes, with marks between and after", () => {
  const texts = [];
  for (let point = 0; point < 0x30000; point++) {
    const character = String.fromCodePoint(point);
    const parts = character.normalize("NFD");
    if (parts === character || (point >= 0xac00 && point <= 0xd7a3)) continue;
    const [first, ...rest] = parts;
    for (const mark of ["\u0301", "\u0334", "\u0345", "a"])
      texts.push(character + mark, first + mark + rest.join(""), mark + parts);
  }
  compare(texts);
});

test("random sequences of marks, composites and surrogates", () => {
  const interesting = [];
  for (let point = 0; point < 0x30000; point++) {
    const character = String.fromCodePoint(point);
    const moves = `\u0345${character}\u0334`;
    if (moves.normalize("NFKD") !== moves) interesting.push(character);
  }
  interesting.push("a", "\n", "\ud800", "\udc00", "\u1100", "\u1161", "\u11a8", "\u{1f600}");
  let seed = 7;
  const random = (limit) => {
    seed = (seed * 48271) % 2147483647;
    return seed % limit;
  };
  const text = () =>
    Array.from({ length: 1 + random(12) }, () => interesting[random(interesting.length)]).join("");
  compare(Array.from({ length: 100_000 }, text));
});

test("errors and conversions are those of the standard", () => {
  const own = Object.getOwnPropertyDescriptor(String.prototype, "normalize");
  const call = (value, ...args) => String.prototype.normalize.call(value, ...args);
  const results = () => [
    String.prototype.normalize.length,
    String.prototype.normalize.name,
    Object.keys(String.prototype),
    call("e\u0301"),
    call("e\u0301", undefined),
    call(12),
    call("e\u0301", { toString: () => "NFC" }),
    ...[["a", "nfc"], ["a", null], [null], [undefined], ["a", Symbol("s")], [Symbol("s")]].map((args) => {
      try {
        return call(...args);
      } catch (error) {
        return error.constructor.name;
      }
    }),
  ];
  const expected = results();
  try {
    delete String.prototype.normalize;
    installNormalize(normalizationTables());
    assert.notEqual(String.prototype.normalize, own.value);
    assert.deepEqual(results(), expected);
    assert.throws(() => "é".normalize("NFX"), {
      message: "`NFX` is not a normalization form: give NFC, NFD, NFKC or NFKD",
    });
  } finally {
    Object.defineProperty(String.prototype, "normalize", own);
  }
  installNormalize(normalizationTables());
  assert.equal(String.prototype.normalize, own.value);
});
