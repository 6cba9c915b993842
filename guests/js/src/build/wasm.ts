/**
 * Reads and writes the sections of WebAssembly modules and components (https://webassembly.github.io/spec/core/binary/).
 */

/** A section: its id, and its content. */
export interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

const PREAMBLE = 8;

/** Reads an unsigned LEB128 number. */
export function readLeb(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, scale = 1; ; at++, scale *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error("the WebAssembly file ends within a number");
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

/** Returns an unsigned number in LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** Returns a signed 32-bit number in LEB128, the operand of `i32.const`. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    if (rest === (low & 0x40 ? -1 : 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** Returns the sections of a module or a component. */
export function sections(file: Uint8Array): Section[] {
  const found: Section[] = [];
  for (let at = PREAMBLE; at < file.length; ) {
    const { value: size, end } = readLeb(file, at + 1);
    found.push({ id: file[at] as number, content: file.subarray(end, end + size) });
    at = end + size;
  }
  return found;
}

/** Returns a file with the preamble of `file` and other sections. */
export function withSections(file: Uint8Array, list: readonly Section[]): Uint8Array {
  const parts: Uint8Array[] = [file.subarray(0, PREAMBLE)];
  for (const { id, content } of list) parts.push(Uint8Array.from([id, ...leb(content.length)]), content);
  return concat(parts);
}

/** Joins arrays of bytes. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
