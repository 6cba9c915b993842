/**
 * The results of operations in Node.js.
 */
import type { Content } from "../host/types.js";

/** The failure of an operation. */
export class Failed extends Error {
  readonly head: object;

  constructor(code: string, message: string, more: object = {}) {
    super(message);
    this.head = { code, message, ...more };
  }
}

/** What an operation returns: by default the status 200, and neither head nor body. */
export interface Outcome {
  readonly status?: number;
  readonly head?: object;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly json?: unknown;
}

/** An operation of a kind. `owner` identifies the task. */
export type Operation = (
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own head
  head: any,
  body: Content,
  owner: object,
) => Outcome | undefined | Promise<Outcome | undefined>;
