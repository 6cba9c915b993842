/**
 * Operations: everything that a handler can wait for. `docs/operations.md` in the repository lists the kinds with their
 * arguments and results.
 */
import { call } from "./call.js";
import { engine } from "./engine/engine.js";
import type { Content } from "./host/types.js";
import { cancelled } from "./signals.js";
import { wellFormedJson } from "./text.js";

/** The result of an operation: its status, its head, the tag of its body, and the body as a JavaScript value. */
export type RawResult = readonly [status: number, head: string, tag: number, value: unknown];

/** The result of an operation that succeeded. */
export interface Result {
  readonly status: number;
  /** The head, a JSON object. */
  readonly head: { readonly [name: string]: unknown };
  /** The value of a JSON body, a string, a `Uint8Array`, or `undefined`. */
  readonly body: unknown;
}

/** How an engine runs operations. */
export interface Io {
  /**
   * Starts an operation of the task in progress. Returns its result if it is ready, or its number; then the engine later
   * calls `done` with the result, or `stop` if the task is cancelled.
   */
  start(
    kind: string,
    head: string,
    body: Content | undefined,
    done: (...result: RawResult) => void,
    stop: () => void,
  ): number | RawResult;
  /** Abandons an operation. */
  stop(op: number): void;
  /** Runs an operation that does not wait. */
  call(kind: string, head: string, body: Content | undefined): RawResult;
  /** Keeps the task in progress after its reply, until `release` gets the returned number. */
  hold(): number;
  release(task: number): void;
}

/** The error of an operation: of a database, a store, a request, or another kind. `SqlError` extends it. */
export class OperationError extends Error {
  override readonly name: string = "OperationError";
  /** What went wrong, such as `timeout`, `unavailable`, `denied` or `too-large`. */
  readonly code: string;
  /** The kind of the operation, such as `kv.get`. */
  readonly kind: string;

  constructor(message: string, code: string, kind: string) {
    super(message);
    this.code = code;
    this.kind = kind;
  }
}

/** The head of a failed operation. */
export interface FailedHead {
  readonly code?: string;
  readonly message?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly columns?: readonly string[];
  readonly sqlstate?: string;
}

type ErrorOf = (head: FailedHead, kind: string) => Error;

const plainError: ErrorOf = ({ message, code }, kind) =>
  new OperationError(message ?? `the operation \`${kind}\` failed`, code ?? "failed", kind);

function parseHead(head: string): { readonly [name: string]: unknown } {
  return head === "" ? {} : JSON.parse(head);
}

/** Returns the text of the head of an operation. */
export function textOf(head: object): string {
  return wellFormedJson(JSON.stringify(head));
}

/** Throws unless a call is in progress or was, because the host has no operations while it builds a component. */
export function needCall(what: string): void {
  if (call.current !== undefined) return;
  throw new Error(
    `${what} was used at the top level of a module, which runs when the component is built; ` +
      "use it in a handler or a hook",
  );
}

/** How an operation differs from the usual. */
export interface OperateOptions<T> {
  /** The data of the operation. */
  readonly body?: Content | undefined;
  /** Abandons the operation. */
  readonly signal?: AbortSignal | null | undefined;
  /** Creates the error of a failure. */
  readonly error?: ErrorOf;
  /** Converts the result. */
  readonly convert?: (result: Result) => T;
}

/** Runs an operation. `head` is an object, or its JSON text. */
export function operate<T = Result>(
  kind: string,
  head: object | string,
  options: OperateOptions<T> = {},
): Promise<T> {
  const { body, signal, error = plainError, convert } = options;
  return new Promise((resolve, reject) => {
    needCall(`\`${kind}\``);
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let onAbort: (() => void) | undefined;
    const end = () => {
      if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort);
    };
    const done = (status: number, text: string, _tag: number, value: unknown) => {
      end();
      try {
        const parsed = parseHead(text);
        if (status === 1) reject(error(parsed, kind));
        else {
          const result = { status, head: parsed, body: value };
          resolve(convert === undefined ? (result as T) : convert(result));
        }
      } catch (invalid) {
        reject(invalid);
      }
    };
    const stop = () => {
      end();
      reject(cancelled());
    };
    const text = typeof head === "string" ? head : textOf(head);
    const started = engine.io.start(kind, text, body, done, stop);
    if (typeof started !== "number") {
      // On QuickJS, an index is several times faster than a pattern or a spread, which use an iterator.
      done(started[0], started[1], started[2], started[3]);
    } else if (signal) {
      onAbort = () => {
        engine.io.stop(started);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
    }
  });
}

/** Runs an operation that is always ready. */
export function operateNow(kind: string, head: object, body?: Content): Result {
  needCall(`\`${kind}\``);
  const result = engine.io.call(kind, textOf(head), body);
  const status = result[0];
  const parsed = parseHead(result[1]);
  if (status === 1) throw plainError(parsed, kind);
  return { status, head: parsed, body: result[3] };
}
