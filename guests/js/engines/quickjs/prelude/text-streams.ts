/** `TextEncoderStream` and `TextDecoderStream` (https://encoding.spec.whatwg.org). */
import { encode } from "spikard:natives/text";
import { type ReadableStream, TransformStream } from "web-streams-polyfill";
import { expose } from "./define.ts";
import type { DecoderOptions, TextDecoder } from "./text.ts";

// Not imported, because this bundle would get a second class.
const Decoder = (globalThis as unknown as { TextDecoder: typeof TextDecoder }).TextDecoder;

export class TextEncoderStream {
  readonly #stream: TransformStream<string, Uint8Array>;

  constructor() {
    // A high surrogate at the end of a chunk, whose low surrogate can start the next one.
    let high = "";
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        let text = high + String(chunk);
        high = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : "";
        if (high !== "") text = text.slice(0, -1);
        if (text !== "") controller.enqueue(encode(text));
      },
      flush(controller) {
        if (high !== "") controller.enqueue(encode(high));
      },
    });
  }

  get encoding(): string {
    return "utf-8";
  }
  get readable(): ReadableStream<Uint8Array> {
    return this.#stream.readable;
  }
  get writable(): TransformStream<string, Uint8Array>["writable"] {
    return this.#stream.writable;
  }
}

export class TextDecoderStream {
  readonly #decoder: TextDecoder;
  readonly #stream: TransformStream<Uint8Array, string>;

  constructor(label?: string, options?: DecoderOptions) {
    const decoder = new Decoder(label, options);
    this.#decoder = decoder;
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        const text = decoder.decode(chunk, { stream: true });
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decoder.decode();
        if (text !== "") controller.enqueue(text);
      },
    });
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }
  get fatal(): boolean {
    return this.#decoder.fatal;
  }
  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }
  get readable(): ReadableStream<string> {
    return this.#stream.readable;
  }
  get writable(): TransformStream<Uint8Array, string>["writable"] {
    return this.#stream.writable;
  }
}

expose({ TextEncoderStream, TextDecoderStream }, { TextDecoderStream: 0 });
