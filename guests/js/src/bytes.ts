/**
 * Bytes, whatever realm they are of: StarlingMonkey makes those of the host in a realm of its own, where
 * `Uint8Array` is another class.
 */

/** Bytes as a `Uint8Array` of this realm, over the same memory. */
export function ownBytes(bytes: ArrayBufferView): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes of a buffer or of a view of one; `undefined` for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return ownBytes(value);
  if (Object.prototype.toString.call(value) !== "[object ArrayBuffer]") return undefined;
  return new Uint8Array(value as ArrayBuffer);
}
