/**
 * Computes the tables of `engine/normalize.ts` with Node's `String.prototype.normalize`, so they have the Unicode version
 * of Node (`process.versions.unicode`). The npm package `unorm`, from 2019, has an outdated version of Unicode.
 */
import type { Tables } from "../engine/normalize.js";

const LAST = 0x10ffff;
const BLOCK = 64;
/** Marks of the lowest and the highest combining class, 1 and 240. */
const LOWEST = "\u0334";
const HIGHEST = "\u0345";

const isHangul = (point: number): boolean => point >= 0xac00 && point <= 0xd7a3;
const isSurrogate = (point: number): boolean => point >= 0xd800 && point <= 0xdfff;

/** Returns the characters that normalization changes or moves. */
function candidates(): string[] {
  const found: string[] = [];
  for (let start = 0; start <= LAST; start += BLOCK) {
    if (isSurrogate(start)) continue;
    const block = Array.from({ length: BLOCK }, (_, at) => String.fromCodePoint(start + at));
    // Between two marks, any character that is not a starter moves.
    const text = block.map((character) => HIGHEST + character + LOWEST).join("");
    if (text.normalize("NFKD") === text) continue;
    found.push(...block.filter((character) => !isHangul(character.codePointAt(0) as number)));
  }
  return found;
}

/** Returns marks by combining class. */
function sorted(marks: readonly string[]): string[][] {
  const classes: string[][] = [];
  for (const mark of marks) {
    let [low, high] = [0, classes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = classes[middle]?.[0] as string;
      // Two marks change places if the first one has the higher class.
      if ((other + mark).normalize("NFD") !== other + mark) high = middle;
      else if ((mark + other).normalize("NFD") !== mark + other) low = middle + 1;
      else {
        low = middle;
        high = -1;
      }
    }
    if (high === -1) classes[low]?.push(mark);
    else classes.splice(low, 0, [mark]);
  }
  return classes;
}

let created: Tables | undefined;

/** Returns the tables. */
export function normalizationTables(): Tables {
  if (created !== undefined) return created;
  const [composed, canonical, compatible, marks]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (const character of candidates()) {
    const parts = character.normalize("NFD");
    const all = character.normalize("NFKD");
    if (all !== parts) compatible.push(character + all);
    if (parts === character) {
      const moves = [HIGHEST + character, character + LOWEST].some((text) => text.normalize("NFD") !== text);
      if (moves) marks.push(character);
    } else if (character.normalize("NFC") === character) {
      const list = Array.from(parts);
      const last = list.pop() as string;
      composed.push(character + list.join("").normalize("NFC") + last);
    } else {
      canonical.push(character + parts);
    }
  }
  created = {
    composed: composed.join("\n"),
    canonical: canonical.join("\n"),
    compatible: compatible.join("\n"),
    marks: sorted(marks)
      .map((list) => list.join(""))
      .join("\n"),
  };
  return created;
}
