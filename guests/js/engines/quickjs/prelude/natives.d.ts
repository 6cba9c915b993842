/** The functions that the engine provides to the prelude (`src/globals.rs` and `src/web`). */

declare module "spikard:natives" {
  /** Logs a text; `level` is 0 for debug, 1 for info, 2 for warn, 3 for error. */
  export function log(text: string, level: number): void;
  /** Evaluates `streams.ts`, and returns the class that it passed to `streams`. */
  export function loadStreams(): unknown;
  /** Returns the same class if the module was evaluated. */
  export function loadedStreams(): unknown;
  /** Stores the class of streams for `loadStreams`. */
  export function streams(type: unknown): void;
  /** Sets a timer that is cleared at the end of the call without a warning. */
  export function quietTimeout(callback: () => void, delay: number): number;
}

declare module "spikard:natives/clock" {
  /** Returns the milliseconds since the time origin. */
  export function now(): number;
  /** Returns the time origin, in milliseconds of Unix time. */
  export function timeOrigin(): number;
}

declare module "spikard:natives/values" {
  /** Returns the class of a value; see `Kind` in `kind.ts`. */
  export function kind(value: unknown): number;
  /** Returns the state of a promise (0 for pending, 1 for fulfilled, 2 for rejected) and its result. */
  export function promise(value: Promise<unknown>): [state: number, result?: unknown];
  /** Returns the target of a proxy; `null` if it is revoked. */
  export function proxyTarget(value: object): unknown;
}

declare module "spikard:natives/text" {
  export function encode(text: string): Uint8Array<ArrayBuffer>;
  export function encodeInto(text: string, target: Uint8Array): [read: number, written: number];
  /** Returns `null` if the bytes are malformed and `fatal` is true. */
  export function decode(
    encoding: number,
    bytes: Uint8Array,
    fatal: boolean,
    ignoreBOM: boolean,
  ): string | null;
  /** Returns the number of bytes at the end that start a character in UTF-8 but do not complete it. */
  export function incompleteBytes(bytes: Uint8Array): number;
  /** Returns a text with one character for each byte. */
  export function latin1(bytes: Uint8Array): string;
  /** Returns the position of bytes in others, or -1. */
  export function find(bytes: Uint8Array, part: Uint8Array, start: number): number;
}

declare module "spikard:natives/url" {
  /** The text of a URL, and the positions of its parts in the order of `Position` in `url.ts`. */
  export type Parts = [href: string, ...positions: number[]];
  /** Returns `null` if the URL is invalid, and `undefined` if the base is invalid. */
  export function parse(text: string, base?: string): Parts | null | undefined;
  /** Changes a part of a URL. Returns `null` if the URL does not change. */
  export function set(href: string, part: number, value: string): Parts | null;
  export function origin(href: string): string;
  /** Parses `application/x-www-form-urlencoded`. Returns names and values in turn. */
  export function parseForm(text: string): string[];
  export function serializeForm(list: readonly string[]): string;
}

declare module "spikard:natives/crypto" {
  export function digest(hash: number, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  export function hmac(hash: number, key: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  export function pbkdf2(
    hash: number,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
  ): Uint8Array<ArrayBuffer>;
  /** Returns `null` if the length is too large. */
  export function hkdf(
    hash: number,
    key: Uint8Array,
    salt: Uint8Array,
    info: Uint8Array,
    length: number,
  ): Uint8Array<ArrayBuffer> | null;
  /** Returns `null` if the tag of a ciphertext does not match. */
  export function aesGcm(
    encrypt: boolean,
    key: Uint8Array,
    iv: Uint8Array,
    bytes: Uint8Array,
    additional: Uint8Array,
    tag: number,
  ): Uint8Array<ArrayBuffer> | null;
  export function fillRandom(bytes: Uint8Array): void;
  export function randomUUID(): string;
}

/** The globals of the engine that TypeScript declares only for browsers. */
declare class DOMException extends Error {
  constructor(message?: string, name?: string);
  readonly code: number;
}
declare function btoa(text: string): string;
declare function queueMicrotask(callback: () => void): void;
