/**
 * Converts byte arrays of other realms.
 *
 * StarlingMonkey creates the host's byte arrays in a separate realm, whose `Uint8Array` is a different class.
 */

/** Returns bytes as a `Uint8Array` of this realm that shares their memory. */
export function ownBytes(bytes: ArrayBufferView): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Returns the bytes of an `ArrayBuffer` or a view of one, or `undefined` for any other value. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return ownBytes(value);
  if (Object.prototype.toString.call(value) !== "[object ArrayBuffer]") return undefined;
  return new Uint8Array(value as ArrayBuffer);
}
