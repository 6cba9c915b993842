/** `Blob` and `File` (https://w3c.github.io/FileAPI). */
import { decode, encode } from "spikard:natives/text";
import { bufferOf, bytesOf, concat, expose, isBufferSource, need, usv } from "./define.ts";
import { type ReadableStream, readableStream } from "./lazy.ts";

export type BlobPart = ArrayBuffer | ArrayBufferView | Blob | string;

export interface BlobOptions {
  type?: string;
  endings?: "transparent" | "native";
}

/** Returns the bytes of a blob without a copy. Callers must not change them. */
export let blobBytes: (blob: Blob) => Uint8Array<ArrayBuffer>;

/** Returns a blob with a type as it is. The constructor puts types into lower case. */
export let blobOf: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;

function typeOf(type: unknown): string {
  const text = String(type);
  return /[^\x20-\x7e]/.test(text) ? "" : text.toLowerCase();
}

export class Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  constructor(parts?: Iterable<BlobPart>, options?: BlobOptions) {
    const list: Uint8Array[] = [];
    if (parts !== undefined) {
      if (typeof parts !== "object" || parts === null || typeof parts[Symbol.iterator] !== "function") {
        throw new TypeError("the parts of a Blob are not a list; give an array");
      }
      const native = options?.endings === "native";
      for (const part of parts) {
        if (part instanceof Blob) list.push(part.#bytes);
        else if (isBufferSource(part)) list.push(bytesOf(part));
        else list.push(encode(native ? usv(part).replace(/\r\n|\r/g, "\n") : usv(part)));
      }
    }
    this.#bytes = concat(list);
    this.#type = options?.type === undefined ? "" : typeOf(options.type);
  }

  static {
    blobBytes = (blob) => blob.#bytes;
    blobOf = (bytes, type) => {
      const blob = new Blob([bytes]);
      blob.#type = type;
      return blob;
    };
  }

  get size(): number {
    return this.#bytes.length;
  }
  get type(): string {
    return this.#type;
  }

  slice(start?: number, end?: number, type?: string): Blob {
    return new Blob([this.#bytes.subarray(start ?? 0, end ?? this.size)], { type: type ?? "" });
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return bufferOf(this.#bytes);
  }
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes.slice();
  }
  async text(): Promise<string> {
    return decode(0, this.#bytes, false, false) as string;
  }
  stream(): ReadableStream<Uint8Array> {
    const bytes = this.#bytes;
    return new (readableStream())({
      type: "bytes",
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes.slice());
        controller.close();
      },
    });
  }
}

export class File extends Blob {
  readonly #name: string;
  readonly #lastModified: number;

  constructor(parts: Iterable<BlobPart>, name: string, options?: BlobOptions & { lastModified?: number }) {
    need(2, arguments.length, "new File");
    super(parts, options);
    this.#name = usv(name);
    this.#lastModified =
      options?.lastModified === undefined ? Date.now() : Math.trunc(Number(options.lastModified)) || 0;
  }

  get name(): string {
    return this.#name;
  }
  get lastModified(): number {
    return this.#lastModified;
  }
  get webkitRelativePath(): string {
    return "";
  }
}

expose({ Blob, File }, { Blob: 0, slice: 0, File: 2 });
