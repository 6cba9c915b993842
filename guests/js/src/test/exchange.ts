/**
 * The operations of a request of the test client.
 */
import { type Call, call } from "../call.js";
import { engine } from "../engine/engine.js";
import { warnOfLeftovers } from "../engine/uncaught.js";
import { type TestCall, testCall } from "../host/node.js";
import type { Content, Host } from "../host/types.js";
import type { RawResult } from "../io.js";
import { abortCall } from "../signals.js";
import type { Services } from "./operations.js";

interface Pending {
  readonly stop: () => void;
}

/** A request, with its operations in progress. */
export class Exchange implements TestCall {
  readonly host: Partial<Host>;
  readonly services: Services;
  current: Call | null | undefined;
  leftovers = false;
  /** `fetch` of the test. */
  readonly fetch: typeof fetch | undefined;
  private readonly pending = new Map<number, Pending>();
  private held = 0;
  private answered = false;
  private cancelled = false;
  private readonly waiting: (() => void)[] = [];

  constructor(host: Partial<Host>, services: Services, ownFetch: typeof fetch | undefined) {
    this.host = host;
    this.services = services;
    this.fetch = ownFetch;
  }

  start(
    kind: string,
    head: string,
    body: Content | undefined,
    done: (...result: RawResult) => void,
    stop: () => void,
  ): number | RawResult {
    const result = this.services.run(kind, head, body, this);
    if (!(result instanceof Promise)) return result;
    call.leftovers = true;
    lastOperation += 1;
    const op = lastOperation;
    this.pending.set(op, { stop });
    result.then(
      (late) => {
        if (this.pending.delete(op)) done(...late);
      },
      (error: unknown) => {
        this.pending.delete(op);
        done(1, JSON.stringify({ code: "failed", message: String(error) }), 0, undefined);
      },
    );
    return op;
  }

  stop(op: number): void {
    this.pending.delete(op);
  }

  hold(): void {
    this.held += 1;
    call.leftovers = true;
  }

  release(): void {
    this.held -= 1;
    if (this.held === 0 && this.answered) this.drop();
  }

  /** Ends the request. Operations continue only for promises of `waitUntil`. */
  end(): void {
    this.answered = true;
    if (this.held === 0) this.drop();
  }

  /** Cancels the request, as the host does when the client disconnects. */
  cancel(): void {
    this.cancelled = true;
    abortCall(this.current);
    for (const [op, { stop }] of this.pending) {
      this.pending.delete(op);
      stop();
    }
  }

  /** Resolves when the promises of `waitUntil` have settled. */
  finished(): Promise<void> {
    if (this.held === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private drop(): void {
    if (this.pending.size > 0 && !this.cancelled) warnOfLeftovers(true);
    this.pending.clear();
    this.services.end(this);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

let lastOperation = 0;
let lastTask = 0;
const holders = new Map<number, Exchange>();

function exchange(): Exchange {
  const own = testCall();
  if (own instanceof Exchange) return own;
  throw new Error(
    "an operation was used outside of a request of the test client; call the app with `client.get` or the like",
  );
}

/** Makes the engine run operations with the test client. */
export function installOperations(): void {
  engine.io = {
    start: (...values) => exchange().start(...values),
    stop: (op) => exchange().stop(op),
    call(kind, head, body) {
      const own = exchange();
      const result = own.services.run(kind, head, body, own);
      if (result instanceof Promise) throw new Error(`the operation \`${kind}\` waits`);
      return result;
    },
    hold() {
      const own = exchange();
      own.hold();
      lastTask += 1;
      holders.set(lastTask, own);
      return lastTask;
    },
    release(task) {
      holders.get(task)?.release();
      holders.delete(task);
    },
  };
}

let isReplaced = false;

/** Lets the requests of a client use another `fetch`. Other code keeps the one that it has. */
export function installFetch(): void {
  if (isReplaced) return;
  isReplaced = true;
  const original = globalThis.fetch;
  globalThis.fetch = (...values) => {
    const own = testCall();
    const run = own instanceof Exchange ? (own.fetch ?? original) : original;
    return run(...values);
  };
}
