/**
 * Random numbers for QuickJS.
 *
 * A component is a snapshot taken after module evaluation. It includes the seed of the engine's `Math.random`, which
 * would therefore return the same numbers in every instance. This module uses random bytes from the host.
 */
import { getRandomBytes } from "wasi:random/random@0.2.12";
import { call } from "../call.js";

const BATCH = 64;
const beforeSnapshot = Math.random;
let batch: DataView | undefined;
let used = BATCH;

/** The global `Math.random`. Returns 53 random bits, and fetches the bytes of 64 numbers at a time. */
export function random(): number {
  if (batch === undefined || used === BATCH) {
    if (call.current === undefined) return beforeSnapshot();
    const bytes = getRandomBytes(BATCH * 8);
    batch = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    used = 0;
  }
  const at = 8 * used++;
  const high = batch.getUint32(at) >>> 5;
  const low = batch.getUint32(at + 4) >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/** The global `crypto` without `subtle`. */
export const crypto = {
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(getRandomBytes(array.byteLength));
    return array;
  },

  randomUUID(): string {
    const bytes = getRandomBytes(16);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  },
};
