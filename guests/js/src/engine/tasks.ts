/**
 * Tasks on StarlingMonkey: calls of handlers and hooks that wait for operations.
 *
 * The engine runs all microtasks before an export returns, and aborts if an export itself waits. So an export writes the
 * status 0 as its result, and the reply over it if its promise settles within the export. A promise that settles in a
 * later export is answered with `io.reply`.
 */

import { report } from "spikard:handler/failure@0.1.0";
import * as io from "spikard:handler/io@0.1.0";
import { ownBytes } from "../bytes.js";
import { type Call, call } from "../call.js";
import type { Content, RawReply, Settled } from "../host/types.js";
import type { Io, RawResult } from "../io.js";
import { markTask, shortener } from "../shorten.js";
import { abortCall } from "../signals.js";
import { endCall } from "./engine.js";
import { logUncaught, warnOfLeftovers } from "./uncaught.js";

/** The value of a promise whose call was answered with `io.reply`. The glue of the component writes nothing then. */
export const LATE = false;

/** An operation in progress. */
interface Operation {
  readonly task: Task;
  readonly done: (...result: RawResult) => void;
  readonly stop: () => void;
  /** A timer: `quiet` if it ends with its call without a warning. */
  readonly timer: "loud" | "quiet" | undefined;
}

class Task {
  readonly context: Call;
  readonly number: number;
  /** The number of promises of `waitUntil` that are pending. */
  held = 0;
  answered = false;
  cancelled = false;
  /** Whether the export of the call has returned. */
  late = false;

  constructor(context: Call, number: number) {
    this.context = context;
    this.number = number;
  }
}

const EMPTY: Content = { tag: "empty" };

/** The tasks that have not ended, by number and by context. */
const tasks = new Map<number, Task>();
const operations = new Map<number, Operation>();
/** The last task that was in progress. */
let current: Task | undefined;
let lastOperation = 0;
/** Counts the exports that can settle promises of earlier calls. */
let epoch = 0;

/** Returns the task in progress, or throws if it has ended. */
function currentTask(what: string): Task {
  const own = call.current;
  if (current !== undefined && current.context === own) return current;
  if (own) {
    const number = io.task();
    current = new Task(own, number);
    tasks.set(number, current);
    call.leftovers = true;
    return current;
  }
  if (current !== undefined && current.held > 0) return current;
  throw new Error(
    `\`${what}\` was called after its request had ended; await the work in the handler, or pass its promise to \`waitUntil\``,
  );
}

/** Makes a task current. */
function resumeTask(task: Task): void {
  current = task;
  call.current = task.answered ? null : task.context;
  call.leftovers = true;
}

/** Makes the call of a context current. Returns its task, if it has one that has not ended. */
function enter(own: Call | null | undefined): Task | undefined {
  if (current === undefined || current.context !== own) {
    const task = [...tasks.values()].find(({ context }) => context === own);
    if (task === undefined) return undefined;
    io.select(task.number);
    resumeTask(task);
  } else {
    resumeTask(current);
  }
  return current;
}

/** Makes a call current that waits. Returns false if it has ended. */
export function enterCall(own: Call): boolean {
  const task = enter(own);
  return task !== undefined && !task.answered;
}

const TAGS = ["empty", "json", "text", "bytes"];

/** Converts a result of the host. */
function rawResult([status, head, body]: [number, string, Content]): RawResult {
  const tag = TAGS.indexOf(body.tag);
  switch (body.tag) {
    case "empty":
      return [status, head, tag, undefined];
    case "json":
      return [status, head, tag, JSON.parse(body.val)];
    case "bytes":
      return [status, head, tag, ownBytes(body.val)];
    default:
      return [status, head, tag, body.val];
  }
}

function start(
  kind: string,
  head: string,
  body: Content | undefined,
  done: Operation["done"],
  stop: Operation["stop"],
  timer?: Operation["timer"],
): number | RawResult {
  const task = currentTask(kind);
  do lastOperation = (lastOperation % 0x7fff_ffff) + 1;
  while (operations.has(lastOperation));
  const op = lastOperation;
  const result = io.submit(task.number, op, kind, head, body ?? EMPTY);
  if (result[0] !== 0) return rawResult(result);
  operations.set(op, { task, done, stop, timer });
  return op;
}

function stop(op: number): void {
  if (operations.delete(op)) io.abandon(op);
}

export const operationsOfTasks: Io = {
  start: (kind, head, body, done, stop) => start(kind, head, body, done, stop),
  stop,
  call: (kind, head, body) => rawResult(io.call(kind, head, body ?? EMPTY)),
  hold() {
    const task = currentTask("waitUntil");
    task.held += 1;
    return task.number;
  },
  release(number) {
    const task = tasks.get(number);
    if (task === undefined) return;
    task.held -= 1;
    if (task.answered && task.held === 0) drop(task);
  },
};

/** Starts a timer. Returns the number of its operation, or `undefined` if the timer is due at once. */
export function startTimer(ms: number, due: () => void, timer: "loud" | "quiet"): number | undefined {
  const started = start("sleep", JSON.stringify({ ms }), undefined, due, () => {}, timer);
  if (typeof started === "number") return started;
  const [status, head] = started;
  if (status === 1) throw new Error(`the host set no timer: ${JSON.parse(head).message}`);
  return undefined;
}

export const stopTimer = stop;

/** Abandons what a task has left, and forgets it. */
function drop(task: Task): void {
  tasks.delete(task.number);
  // A promise of this task can be one of another, which has no operation of its own.
  if ([...tasks.values()].some((other) => !other.answered)) return;
  for (const [op, { task: owner, timer }] of operations) {
    if (owner !== task) continue;
    stop(op);
    if (timer !== "quiet" && !task.cancelled) warnOfLeftovers(timer === undefined);
  }
}

/** Ends the call of a context: abandons its operations, unless a promise of `waitUntil` needs them. */
export function endTask(own: Call | null | undefined): void {
  if (current === undefined || current.context !== own) return;
  current.answered = true;
  if (current.held === 0) drop(current);
}

/** Fails the call in progress. */
export function reportFailure(message: string, detail: string): void {
  const task = current?.context === call.current ? current : undefined;
  if (task?.late !== true) report(message, detail);
  else if (!task.answered && !task.cancelled) io.fail(task.number, message, detail);
}

const shorten = shortener((text) => new TextEncoder().encode(text));

/** Answers a call that has returned to the host. `none` is the change of a hook that has none. */
function answer(task: Task, reply: readonly [number, string, Content | undefined] | undefined): void {
  if (task.answered || task.cancelled) return;
  if (reply === undefined) {
    io.reply(task.number, 0, "", undefined);
    return;
  }
  const [status, headers, body] = reply;
  if (body === undefined) io.reply(task.number, status, headers, undefined);
  else io.reply(task.number, ...shorten([status, headers, body]));
}

/** Shortens a reply that has a body. */
function short<T>(result: T): T {
  const reply = result as readonly [number, string, Content | undefined] | undefined;
  return reply?.[2] === undefined ? result : (shorten(reply as unknown as RawReply) as T);
}

/** The `settle` of this engine. The promise is one of `LATE` if it was answered with `io.reply`. */
export function settle<T>(
  value: PromiseLike<unknown>,
  succeed: (value: unknown) => Settled<T>,
  fail: (error: unknown) => T,
): Promise<T> {
  const own = call.current;
  const at = ++epoch;
  // Only an operation of another task could settle the promise if this one starts none, and only this export knows the
  // number of the task.
  if (operations.size > 0) currentTask("a handler");
  const isHere = () => epoch === at && call.current === own;
  const within =
    <V, R>(run: (value: V) => R) =>
    (given: V): R => {
      if (!isHere()) {
        const task = enter(own);
        if (task !== undefined) task.late = true;
      }
      return run(given);
    };
  const deliver = (result: T): T => {
    if (isHere()) {
      endCall(own);
      return short(result);
    }
    const task = enter(own);
    if (task !== undefined) {
      answer(task, result as never);
      endCall(own);
    }
    return LATE as T;
  };
  return markTask(Promise.resolve(value).then(within(succeed), within(fail)).then(deliver));
}

/** The export `resumable`. */
export const resumable = {
  resume(op: number, status: number, head: string, body: Content): void {
    epoch += 1;
    const operation = operations.get(op);
    if (operation === undefined) return;
    operations.delete(op);
    operation.task.late = true;
    resumeTask(operation.task);
    try {
      operation.done(...rawResult([status, head, body]));
    } catch (error) {
      logUncaught(error, "an operation");
    }
  },

  cancel(number: number): void {
    epoch += 1;
    const task = tasks.get(number);
    if (task === undefined) return;
    task.cancelled = true;
    task.late = true;
    resumeTask(task);
    try {
      abortCall(task.context);
    } catch (error) {
      logUncaught(error, "a listener of the request's signal");
    }
    for (const [op, { task: owner, stop: end }] of operations) {
      if (owner !== task) continue;
      operations.delete(op);
      end();
    }
  },
};
