/** `TextEncoder` and `TextDecoder` (https://encoding.spec.whatwg.org) with UTF-8, UTF-16 and windows-1252. */
import { decode, encode, encodeInto, incompleteBytes } from "spikard:natives/text";
import { bytesOf, concat, expose } from "./define.ts";
import { trim } from "./trim.ts";

/** The names of the encodings, in the order of the native function `decode`, and their labels. */
const ENCODINGS: Readonly<Record<string, string>> = {
  "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
  "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
  "utf-16be": "unicodefffe utf-16be",
  "windows-1252":
    "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 " +
    "iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
};
const NAMES = Object.keys(ENCODINGS);

export interface DecoderOptions {
  fatal?: boolean;
  ignoreBOM?: boolean;
}

/** The global `TextEncoder`. */
export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(text: string = ""): Uint8Array<ArrayBuffer> {
    return encode(text);
  }

  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    const [read, written] = encodeInto(text, target);
    return { read, written };
  }
}

const EMPTY = new Uint8Array();

/** The global `TextDecoder`. */
export class TextDecoder {
  readonly #encoding: number;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** The bytes of an incomplete character from the last call with `stream`. */
  #pending: Uint8Array = EMPTY;
  /** Whether the stream is past the position of a byte order mark. */
  #started = false;

  constructor(label: string = "utf-8", options?: DecoderOptions) {
    const name = trim(String(label), "\t\n\f\r ").toLowerCase();
    this.#encoding = NAMES.findIndex((encoding) => ENCODINGS[encoding]?.split(" ").includes(name));
    if (this.#encoding < 0) {
      throw new RangeError(
        `the encoding \`${label}\` is not supported on QuickJS; use utf-8, utf-16le, utf-16be or windows-1252`,
      );
    }
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding(): string {
    return NAMES[this.#encoding] as string;
  }
  get fatal(): boolean {
    return this.#fatal;
  }
  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string {
    let bytes: Uint8Array = input === undefined ? EMPTY : bytesOf(input);
    if (this.#pending.length > 0) bytes = concat([this.#pending, bytes]);
    const ignoreBOM = this.#ignoreBOM || this.#started;
    this.#pending = EMPTY;
    this.#started = false;
    if (options?.stream) {
      const rest = this.#incomplete(bytes);
      if (rest > 0) {
        this.#pending = bytes.slice(bytes.length - rest);
        bytes = bytes.subarray(0, bytes.length - rest);
      }
      this.#started = ignoreBOM || bytes.length > 0;
    }
    const text = decode(this.#encoding, bytes, this.#fatal, ignoreBOM);
    if (text !== null) return text;
    this.#pending = EMPTY;
    throw Object.assign(new TypeError(`the bytes are not valid ${this.encoding}`), {
      code: "ERR_ENCODING_INVALID_ENCODED_DATA",
    });
  }

  /** Returns the number of bytes at the end that do not complete a character. */
  #incomplete(bytes: Uint8Array): number {
    if (this.#encoding === 0) return incompleteBytes(bytes);
    if (this.#encoding === 3) return 0;
    const odd = bytes.length % 2;
    const unit = bytes[bytes.length - odd - (this.#encoding === 1 ? 1 : 2)] ?? 0;
    return odd + (unit >= 0xd8 && unit <= 0xdb ? 2 : 0);
  }
}

expose({ TextEncoder, TextDecoder }, { decode: 0 });
