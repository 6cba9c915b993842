/**
 * Promises with their own job queue, for QuickJS.
 *
 * A synchronous export cannot run the job queue of QuickJS, so a pending native promise would stay pending.
 * `JobPromise` implements ECMA-262, section 27.2, without species, and `runJobs` runs its queue. Async functions
 * use it because the bundler lowers them to generators, which use the global `Promise`.
 */

import { call } from "../call.js";
import { logUncaught } from "./uncaught.js";

type Job = () => void;
type State = "pending" | "fulfilled" | "rejected";
type Settle = (value: unknown) => void;
type Executor = (resolve: Settle, reject: Settle) => void;

let queue: Job[] = [];
const schedule: (job: Job) => void = globalThis.queueMicrotask;
let scheduled = false;

/** Adds a job to the queue. */
export function enqueue(job: Job): void {
  queue.push(job);
  call.leftovers = true;
  // During module evaluation the engine runs its own queue, so a native job runs this one. The flag becomes part of
  // the component's snapshot, so this happens once.
  if (!scheduled) {
    scheduled = true;
    schedule(() => runJobs());
  }
}

/** Runs jobs until the queue is empty. Logs the error of a job and continues with the next one. */
export function runJobs(): void {
  while (queue.length > 0) {
    const jobs = queue;
    queue = [];
    for (const job of jobs) {
      try {
        job();
      } catch (error) {
        // During module evaluation there is no host to log to; the error fails the build.
        if (call.current === undefined) throw error;
        logUncaught(error, "a microtask");
      }
    }
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A promise whose reactions `runJobs` runs. */
export class JobPromise {
  private state: State = "pending";
  private value: unknown = undefined;
  private reactions: Job[] = [];

  constructor(executor: Executor) {
    if (typeof executor !== "function") throw new TypeError("a promise needs an executor function");
    let called = false;
    const once =
      (settle: Settle): Settle =>
      (value) => {
        if (called) return;
        called = true;
        settle(value);
      };
    const reject = once((reason) => this.settle("rejected", reason));
    try {
      executor(
        once((value) => this.follow(value)),
        reject,
      );
    } catch (error) {
      reject(error);
    }
  }

  private settle(state: State, value: unknown): void {
    this.state = state;
    this.value = value;
    for (const reaction of this.reactions) enqueue(reaction);
    this.reactions = [];
  }

  /** Adopts the state of a thenable, or fulfills the promise with any other value. */
  private follow(value: unknown): void {
    try {
      if (value === this) throw new TypeError("a promise cannot resolve to itself");
      const then = isObject(value) ? (value as { then?: unknown }).then : undefined;
      if (typeof then === "function") enqueue(() => this.adopt(value as object, then as Executor));
      else this.settle("fulfilled", value);
    } catch (error) {
      this.settle("rejected", error);
    }
  }

  private adopt(thenable: object, then: Executor): void {
    let called = false;
    const once = (settle: Settle) => (result: unknown) => {
      if (called) return;
      called = true;
      settle(result);
    };
    const reject = once((reason) => this.settle("rejected", reason));
    const resolve = once((result) => this.follow(result));
    try {
      then.call(thenable, resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  // biome-ignore lint/suspicious/noThenProperty: this class is a promise
  then(onFulfilled?: unknown, onRejected?: unknown): JobPromise {
    const derived = this.constructor as typeof JobPromise;
    return new derived((resolve, reject) => {
      const react = () => {
        const callback = this.state === "fulfilled" ? onFulfilled : onRejected;
        if (typeof callback !== "function") {
          (this.state === "fulfilled" ? resolve : reject)(this.value);
          return;
        }
        try {
          resolve(callback(this.value));
        } catch (error) {
          reject(error);
        }
      };
      if (this.state === "pending") this.reactions.push(react);
      else enqueue(react);
    });
  }

  catch(onRejected?: unknown): JobPromise {
    return this.then(undefined, onRejected);
  }

  finally(callback?: unknown): JobPromise {
    if (typeof callback !== "function") return this.then(callback, callback);
    return this.then(
      (value: unknown) => JobPromise.resolve(callback()).then(() => value),
      (reason: unknown) =>
        JobPromise.resolve(callback()).then(() => {
          throw reason;
        }),
    );
  }

  get [Symbol.toStringTag](): string {
    return "Promise";
  }

  static resolve(value?: unknown): JobPromise {
    return value instanceof JobPromise ? value : new JobPromise((resolve) => resolve(value));
  }

  static reject(reason?: unknown): JobPromise {
    return new JobPromise((_, reject) => reject(reason));
  }

  static try(callback: (...args: unknown[]) => unknown, ...args: unknown[]): JobPromise {
    return new JobPromise((resolve) => resolve(callback(...args)));
  }

  static withResolvers(): { promise: JobPromise; resolve: Settle; reject: Settle } {
    let resolve: Settle = () => {};
    let reject: Settle = () => {};
    const promise = new JobPromise((yes, no) => {
      resolve = yes;
      reject = no;
    });
    return { promise, resolve, reject };
  }

  static race(values: Iterable<unknown>): JobPromise {
    return new JobPromise((resolve, reject) => {
      for (const value of values) JobPromise.resolve(value).then(resolve, reject);
    });
  }

  static all(values: Iterable<unknown>): JobPromise {
    return collect(values, (promise, done, _, reject) => promise.then(done, reject));
  }

  static allSettled(values: Iterable<unknown>): JobPromise {
    return collect(values, (promise, done) =>
      promise.then(
        (value: unknown) => done({ status: "fulfilled", value }),
        (reason: unknown) => done({ status: "rejected", reason }),
      ),
    );
  }

  static any(values: Iterable<unknown>): JobPromise {
    return collect(
      values,
      (promise, done, resolve) => promise.then(resolve, done),
      (errors) => {
        throw new AggregateError(errors, "every promise was rejected");
      },
    );
  }
}

/** Collects one result per value in an array, and resolves to the array or to the result of `finish`. */
function collect(
  values: Iterable<unknown>,
  watch: (promise: JobPromise, done: Settle, resolve: Settle, reject: Settle) => void,
  finish: (results: unknown[]) => unknown = (results) => results,
): JobPromise {
  return new JobPromise((resolve, reject) => {
    const results: unknown[] = [];
    let pending = 1;
    const end = () => {
      pending -= 1;
      if (pending > 0) return;
      try {
        resolve(finish(results));
      } catch (error) {
        reject(error);
      }
    };
    let index = 0;
    for (const value of values) {
      const at = index++;
      pending += 1;
      const done = (result: unknown) => {
        results[at] = result;
        end();
      };
      watch(JobPromise.resolve(value), done, resolve, reject);
    }
    end();
  });
}
