/**
 * Streams (https://streams.spec.whatwg.org), from the package `web-streams-polyfill`. This is the entry of a bundle of its
 * own; see `lazy.ts`.
 */

import { streams } from "spikard:natives";
import {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
} from "web-streams-polyfill";
import { define } from "./define.ts";
import "./text-streams.ts";

// Defines only what an app has not replaced.
const globals = {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};
for (const [name, value] of Object.entries(globals)) {
  if (Object.getOwnPropertyDescriptor(globalThis, name)?.get !== undefined) define({ [name]: value });
}
streams(ReadableStream);
