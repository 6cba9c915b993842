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

const CHUNK = 8192;

/** Decodes bytes as ISO 8859-1. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK)
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return text;
}

/** Returns bytes in Base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(latin1(bytes));
}

/** Returns the bytes of a text in Base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
