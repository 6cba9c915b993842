/** The bodies of `Request` and `Response` (https://fetch.spec.whatwg.org/#body-mixin). */
import { decode, encode } from "spikard:natives/text";
import { Blob, blobBytes, blobOf } from "./blob.ts";
import { bufferOf, bytesOf, concat, isBufferSource, usv } from "./define.ts";
import { FormData, parse, serialize } from "./form-data.ts";
import type { Headers } from "./headers.ts";
import { isReadableStream, type ReadableStream, readableStream } from "./lazy.ts";
import { mimeType } from "./mime.ts";
import { URLSearchParams } from "./url.ts";

export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream;

/** A body that the host is receiving: the SDK's `fetch` passes it as a member with this name. */
const incoming: unique symbol = Symbol.for("spikard.incoming") as never;

interface Incoming {
  /** Returns the next bytes, or `undefined` at the end. */
  pull(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): void;
}

/**
 * The source of a body. A string is encoded only if its bytes are needed, and an incoming body becomes a stream only if the
 * stream is used.
 */
type Source = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | Incoming | null;

function isIncoming(source: Source): source is Incoming {
  return typeof source === "object" && source !== null && "pull" in source;
}

function streamOf(source: Incoming): ReadableStream<Uint8Array> {
  return new (readableStream())({
    type: "bytes",
    async pull(controller) {
      const bytes = await source.pull();
      if (bytes !== undefined) {
        controller.enqueue(bytes);
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: () => source.cancel(),
  });
}

function extract(init: unknown): { source: Source; type: string | null } {
  if (init === null || init === undefined) return { source: null, type: null };
  if (typeof init === "object" && incoming in init) {
    return { source: (init as { [incoming]: Incoming })[incoming], type: null };
  }
  if (isReadableStream(init)) {
    if (init.locked) throw new TypeError("the stream of the body is locked; release its reader first");
    return { source: init, type: null };
  }
  if (init instanceof Blob) return { source: blobBytes(init), type: init.type || null };
  if (isBufferSource(init)) return { source: bytesOf(init).slice(), type: null };
  if (init instanceof URLSearchParams) {
    return { source: init.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  if (init instanceof FormData) {
    const { bytes, type } = serialize(init);
    return { source: bytes, type };
  }
  return { source: usv(init), type: "text/plain;charset=UTF-8" };
}

const used = (): TypeError =>
  new TypeError("the body was read already; call `clone` before you read it twice");

/** The base of `Request` and `Response`. */
export abstract class Body {
  #source: Source = null;
  #stream: ReadableStream<Uint8Array> | undefined;
  #used = false;
  abstract get headers(): Headers;

  /** Sets the body, and the content type unless the headers have one. */
  protected static set(body: Body, init: unknown): void {
    const { source, type } = extract(init);
    body.#source = source;
    if (type !== null && !body.headers.has("content-type")) body.headers.append("content-type", type);
  }

  /** Gives the body of a message to another one. */
  protected static move(from: Body, to: Body): void {
    if (from.bodyUsed || from.#stream?.locked) throw used();
    to.#source = from.#stream ?? from.#source;
    from.#stream = undefined;
    from.#used = from.#source !== null;
  }

  /** Copies the body of a message to another one. */
  protected static copy(from: Body, to: Body): void {
    if (from.bodyUsed || from.#stream?.locked) throw used();
    const stream = isIncoming(from.#source) ? from.body : (from.#stream ?? from.#source);
    if (!isReadableStream(stream)) {
      to.#source = stream;
      return;
    }
    const [own, other] = stream.tee() as [ReadableStream<Uint8Array>, ReadableStream<Uint8Array>];
    from.#source = own;
    from.#stream = own;
    to.#source = other;
  }

  get body(): ReadableStream<Uint8Array> | null {
    const source = this.#source;
    if (source === null) return null;
    if (isIncoming(source)) this.#stream ??= streamOf(source);
    this.#stream ??= isReadableStream(source)
      ? source
      : new (readableStream())({
          type: "bytes",
          pull: (controller) => {
            const bytes = typeof source === "string" ? encode(source) : (source as Uint8Array).slice();
            if (bytes.length > 0) controller.enqueue(bytes);
            controller.close();
            controller.byobRequest?.respond(0);
          },
        });
    return this.#stream;
  }

  get bodyUsed(): boolean {
    return (
      this.#used ||
      (this.#stream !== undefined && (this.#stream as unknown as { _disturbed: boolean })._disturbed)
    );
  }

  /** Takes the source of the body, so that nothing can read it again. */
  async #take(): Promise<string | Uint8Array<ArrayBuffer>> {
    if (this.bodyUsed || this.#stream?.locked) throw used();
    const source = this.#stream ?? this.#source;
    if (source === null) return "";
    this.#used = true;
    const parts: Uint8Array[] = [];
    if (isIncoming(source)) {
      for (;;) {
        const bytes = await source.pull();
        if (bytes === undefined) return concat(parts);
        parts.push(bytes);
      }
    }
    if (!isReadableStream(source)) return source;
    const reader = source.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return concat(parts);
      if (!(value instanceof Uint8Array)) {
        throw new TypeError("the stream of the body has a chunk that is not a Uint8Array; encode it first");
      }
      parts.push(value);
    }
  }

  async #bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const source = await this.#take();
    return typeof source === "string" ? encode(source) : source;
  }

  async text(): Promise<string> {
    const source = await this.#take();
    if (typeof source !== "string") return decode(0, source, false, false) as string;
    return source.startsWith("\ufeff") ? source.slice(1) : source;
  }
  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(await this.#bytes());
  }
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#bytes()).slice();
  }
  async blob(): Promise<Blob> {
    return blobOf(await this.#bytes(), mimeType(this.headers.get("content-type") ?? ""));
  }
  async formData(): Promise<FormData> {
    const type = this.headers.get("content-type") ?? "";
    const [name] = type.split(";", 1) as [string];
    switch (name.trim().toLowerCase()) {
      case "multipart/form-data": {
        const boundary = /;[ \t]*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(type);
        const text = boundary?.[1] ?? boundary?.[2] ?? "";
        if (text === "") throw new TypeError("the content type of the body has no boundary");
        return parse(await this.#bytes(), text);
      }
      case "application/x-www-form-urlencoded": {
        const form = new FormData();
        for (const [key, value] of new URLSearchParams(await this.text())) form.append(key, value);
        return form;
      }
    }
    throw new TypeError(
      `the content type of the body is \`${type}\`; a form has multipart/form-data or application/x-www-form-urlencoded`,
    );
  }
}
