/**
 * `TextEncoderStream` and `TextDecoderStream` (https://encoding.spec.whatwg.org) for StarlingMonkey. QuickJS has its
 * own (`engines/quickjs/prelude/text-streams.ts`), which use functions of that engine.
 */

interface Controller {
  enqueue(chunk: unknown): void;
}
interface Stream {
  readonly readable: object;
  readonly writable: object;
}
interface Transformer {
  transform(chunk: unknown, controller: Controller): void;
  flush(controller: Controller): void;
}

/** Returns a stream of the engine, whose class the type library of Node.js does not declare as a global. */
function streamOf(transformer: Transformer): Stream {
  const { TransformStream } = globalThis as unknown as {
    TransformStream: new (transformer: Transformer) => Stream;
  };
  return new TransformStream(transformer);
}

export class TextEncoderStream {
  readonly #stream: Stream;

  constructor() {
    const encoder = new TextEncoder();
    // A high surrogate at the end of a chunk, whose low surrogate can start the next one.
    let high = "";
    this.#stream = streamOf({
      transform(chunk, controller) {
        let text = high + String(chunk);
        high = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : "";
        if (high !== "") text = text.slice(0, -1);
        if (text !== "") controller.enqueue(encoder.encode(text));
      },
      flush(controller) {
        if (high !== "") controller.enqueue(encoder.encode(high));
      },
    });
  }

  get encoding(): string {
    return "utf-8";
  }
  get readable(): object {
    return this.#stream.readable;
  }
  get writable(): object {
    return this.#stream.writable;
  }
}

export class TextDecoderStream {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #stream: Stream;

  constructor(...args: ConstructorParameters<typeof TextDecoder>) {
    const decoder = new TextDecoder(...args);
    this.#decoder = decoder;
    const enqueue = (text: string, controller: Controller): void => {
      if (text !== "") controller.enqueue(text);
    };
    this.#stream = streamOf({
      transform: (chunk, controller) =>
        enqueue(decoder.decode(chunk as Uint8Array, { stream: true }), controller),
      flush: (controller) => enqueue(decoder.decode(), controller),
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
  get readable(): object {
    return this.#stream.readable;
  }
  get writable(): object {
    return this.#stream.writable;
  }
}
