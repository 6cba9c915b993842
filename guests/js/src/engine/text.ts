/**
 * `TextEncoder` and `TextDecoder` for QuickJS, with UTF-8 only.
 *
 * As in the Encoding Standard, a malformed sequence becomes U+FFFD, or a `TypeError` if `fatal` is set.
 */

/** The global `TextEncoder`. */
export class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array {
    const bytes: number[] = [];
    for (const character of String(text)) {
      let code = character.codePointAt(0) as number;
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else {
        bytes.push(
          0xf0 | (code >> 18),
          0x80 | ((code >> 12) & 63),
          0x80 | ((code >> 6) & 63),
          0x80 | (code & 63),
        );
      }
    }
    return Uint8Array.from(bytes);
  }
}

/** Returns the length of the sequence that a byte starts and the range of its second byte; `undefined` if none. */
function lead(byte: number): [length: number, low: number, high: number] | undefined {
  if (byte >= 0xc2 && byte <= 0xdf) return [2, 0x80, 0xbf];
  if (byte >= 0xe0 && byte <= 0xef) return [3, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf];
  if (byte >= 0xf0 && byte <= 0xf4) return [4, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf];
  return undefined;
}

/** The global `TextDecoder`. It supports UTF-8 only, and no streaming. */
export class Utf8Decoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(label = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
      throw new RangeError(`the encoding \`${label}\` is not supported on this engine; use utf-8`);
    }
    this.fatal = options.fatal === true;
    this.ignoreBOM = options.ignoreBOM === true;
  }

  decode(input: ArrayBuffer | ArrayBufferView = new Uint8Array()): string {
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new Uint8Array(input);
    let text = "";
    let at = !this.ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    while (at < bytes.length) {
      const byte = bytes[at++] as number;
      if (byte < 0x80) {
        text += String.fromCharCode(byte);
        continue;
      }
      const [length, low, high] = lead(byte) ?? [0, 0, 0];
      let code = byte & (0xff >> (length + 1));
      let read = 1;
      for (; read < length; read++) {
        const next = bytes[at];
        if (next === undefined || next < (read === 1 ? low : 0x80) || next > (read === 1 ? high : 0xbf))
          break;
        code = (code << 6) | (next & 63);
        at++;
      }
      if (length > 0 && read === length) text += String.fromCodePoint(code);
      else if (this.fatal) throw new TypeError("the bytes are not utf-8");
      else text += "\ufffd";
    }
    return text;
  }
}
