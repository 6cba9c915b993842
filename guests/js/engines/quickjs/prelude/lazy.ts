/**
 * The globals for streams. The module that defines them, `streams.ts`, takes a fifth of the memory of the engine, so it
 * is evaluated when one of them is used. If the source of an app names one, that is while the component is built.
 */
import { loadedStreams, loadStreams } from "spikard:natives";
import type { ReadableStream as Polyfill } from "web-streams-polyfill";
import { define } from "./define.ts";

// biome-ignore lint/suspicious/noExplicitAny: as in the standard library of TypeScript
export type ReadableStream<T = any> = Polyfill<T>;

const NAMES = [
  "ByteLengthQueuingStrategy",
  "CountQueuingStrategy",
  "ReadableByteStreamController",
  "ReadableStream",
  "ReadableStreamBYOBReader",
  "ReadableStreamBYOBRequest",
  "ReadableStreamDefaultController",
  "ReadableStreamDefaultReader",
  "TextDecoderStream",
  "TextEncoderStream",
  "TransformStream",
  "TransformStreamDefaultController",
  "WritableStream",
  "WritableStreamDefaultController",
  "WritableStreamDefaultWriter",
];

/** The class of streams, if it is in use. An app that replaces the global does not replace it. */
let used: typeof Polyfill | undefined;

const globals = globalThis as unknown as Record<string, unknown>;

for (const name of NAMES) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    enumerable: false,
    get() {
      readableStream();
      return globals[name];
    },
    set(value) {
      define({ [name]: value });
    },
  });
}

/** Returns the class of streams. */
export function readableStream(): typeof Polyfill {
  used ??= loadStreams() as typeof Polyfill;
  return used;
}

/** Returns true for a stream. Without the class, there is none. */
// biome-ignore lint/suspicious/noExplicitAny: as in the standard library of TypeScript
export function isReadableStream(value: unknown): value is ReadableStream<any> {
  used ??= loadedStreams() as typeof Polyfill | undefined;
  return used !== undefined && value instanceof used;
}
