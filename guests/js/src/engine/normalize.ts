/**
 * `String.prototype.normalize` (https://unicode.org/reports/tr15/) for StarlingMonkey, which does not have it. The
 * build adds this module and its tables to bundles that contain the name of the function.
 */
import { Decompositions } from "./decompositions.js";

/** The tables; `build/normalization.ts` creates them. */
export interface Tables {
  /** Decompositions into two characters that compose again: a line for each character, in ascending order. */
  readonly composed: string;
  /** All other canonical decompositions, each in full. */
  readonly canonical: string;
  /** The compatibility decompositions, each in full. */
  readonly compatible: string;
  /** The characters that are not starters, by combining class in ascending order, with a line feed between classes. */
  readonly marks: string;
}

// Hangul syllables are computed: "Conjoining Jamo Behavior" in chapter 3 of the Unicode Standard.
const [L, V, T, S] = [0x1100, 0x1161, 0x11a7, 0xac00];
const [V_COUNT, T_COUNT, S_COUNT, L_COUNT] = [21, 28, 11172, 19];

/** Encodes a pair of characters as a number. */
const pair = (first: number, second: number): number => first * 0x110000 + second;

/** Returns a function that normalizes a text. It throws for an unknown form. */
export function normalizer(tables: Tables): (text: string, form: string) => string {
  const composed = new Decompositions(tables.composed);
  const canonical = new Decompositions(tables.canonical);
  const compatible = new Decompositions(tables.compatible);
  const pairs = new Map<number, number>();
  composed.each((character, [first, second]) => {
    pairs.set(pair(first as number, second as number), character);
  });
  const classes = new Map<number, number>();
  let own = 1;
  for (const mark of tables.marks) {
    if (mark === "\n") own++;
    else classes.set(mark.codePointAt(0) as number, own);
  }

  function decompose(character: number, all: boolean, into: number[]): void {
    const syllable = character - S;
    if (syllable >= 0 && syllable < S_COUNT) {
      into.push(
        L + Math.floor(syllable / (V_COUNT * T_COUNT)),
        V + (Math.floor(syllable / T_COUNT) % V_COUNT),
      );
      if (syllable % T_COUNT !== 0) into.push(T + (syllable % T_COUNT));
      return;
    }
    const parts =
      (all ? compatible.get(character) : undefined) ?? composed.get(character) ?? canonical.get(character);
    if (parts === undefined) into.push(character);
    else for (const part of parts) decompose(part, all, into);
  }

  /** Sorts each run of marks by class. */
  function order(list: number[]): void {
    for (let start = 0; start < list.length; start++) {
      if (!classes.has(list[start] as number)) continue;
      let end = start + 1;
      while (end < list.length && classes.has(list[end] as number)) end++;
      if (end - start > 1) {
        const run = list.slice(start, end);
        run.sort((a, b) => (classes.get(a) as number) - (classes.get(b) as number));
        for (const [at, mark] of run.entries()) list[start + at] = mark;
      }
      start = end;
    }
  }

  function composite(first: number, second: number): number | undefined {
    if (first >= L && first < L + L_COUNT && second >= V && second < V + V_COUNT)
      return S + ((first - L) * V_COUNT + (second - V)) * T_COUNT;
    const syllable = first - S;
    if (syllable >= 0 && syllable < S_COUNT && syllable % T_COUNT === 0 && second > T && second < T + T_COUNT)
      return first + (second - T);
    return pairs.get(pair(first, second));
  }

  function compose(list: number[]): number[] {
    const result: number[] = [];
    let starter = -1;
    /** The class of the last character after the starter that did not compose. */
    let last = 0;
    for (const character of list) {
      const own = classes.get(character) ?? 0;
      // A mark of the same class blocks a mark; any character in between blocks a starter.
      if (starter >= 0 && (result.length === starter + 1 || (own !== 0 && last < own))) {
        const whole = composite(result[starter] as number, character);
        if (whole !== undefined) {
          result[starter] = whole;
          continue;
        }
      }
      result.push(character);
      last = own;
      if (own === 0) starter = result.length - 1;
    }
    return result;
  }

  return (text, form) => {
    if (!["NFC", "NFD", "NFKC", "NFKD"].includes(form))
      throw new RangeError(`\`${form}\` is not a normalization form: give NFC, NFD, NFKC or NFKD`);
    // Below these characters, nothing changes.
    if (!(form === "NFC" ? /[^\0-\u02ff]/ : /[^\0-\x7f]/).test(text)) return text;
    let list: number[] = [];
    for (const character of text) decompose(character.codePointAt(0) as number, form.includes("K"), list);
    order(list);
    if (form.endsWith("C")) list = compose(list);
    let result = "";
    for (const character of list) result += String.fromCodePoint(character);
    return result;
  };
}

/** Adds the function to strings, if the engine does not have it. */
export function installNormalize(tables: Tables): void {
  if ("normalize" in String.prototype) return;
  const convert = normalizer(tables);
  const { normalize } = {
    normalize(this: unknown, form: unknown = undefined): string {
      if (this === null || this === undefined)
        throw new TypeError(`normalize was called on ${this}: call it on a string`);
      const text = `${this as string}`;
      return convert(text, form === undefined ? "NFC" : `${form as string}`);
    },
  };
  Object.defineProperty(String.prototype, "normalize", {
    value: normalize,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}
