/**
 * The body of a request that is sent while the app produces it: a stream, whose chunks the host takes one after the other.
 */
import { bytesOf } from "./bytes.js";
import type { Content } from "./host/types.js";
import { operate, type Result } from "./io.js";
import { describe } from "./text.js";

let last = 0;

/** A body that is sent as a stream. */
export class Upload {
  /** The number of the body in the task. */
  readonly number: number;
  private readonly reader: ReadableStreamDefaultReader<unknown>;
  private hasEnded = false;

  constructor(stream: ReadableStream<unknown>) {
    last = (last % 0x7fff_ffff) + 1;
    this.number = last;
    this.reader = stream.getReader();
  }

  /** Sends the body while `result`, the request, is in progress. An error of the stream aborts `controller`. */
  sendWith(result: Promise<Result>, controller: AbortController): void {
    this.send().catch((error: unknown) => controller.abort(error));
    result.catch((reason: unknown) => this.end(reason));
  }

  /** Cancels the stream, because the request has ended. */
  private end(reason: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    // Nothing is left to do if the stream cannot be cancelled.
    this.reader.cancel(reason).catch(() => {});
  }

  private async send(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read();
      if (this.hasEnded) return;
      if (done) {
        await this.write({ end: true });
        this.hasEnded = true;
        return;
      }
      const bytes = bytesOf(value);
      if (bytes === undefined)
        throw new TypeError(`a chunk of the request's body is ${describe(value)}; give a Uint8Array`);
      if (bytes.length > 0) await this.write({}, { tag: "bytes", val: bytes });
      if (this.hasEnded) return;
    }
  }

  /** Waits until the connection has taken the bytes. */
  private async write(more: object, body?: Content): Promise<void> {
    try {
      await operate("fetch.write", { upload: this.number, ...more }, { body });
    } catch (error) {
      // The request has ended; its own result says why.
      if (!this.hasEnded && (error as { code?: unknown }).code !== "invalid") throw error;
      this.end(error);
    }
  }
}
