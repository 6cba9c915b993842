/**
 * Workarounds for StarlingMonkey. Import this module first, as the `spikard-wasm-js` command does.
 *
 * - `Math.random` asks the host for a seed, which traps during module evaluation, when some libraries call it. Until
 *   the first call, this module replaces it with a generator that has a fixed seed.
 * - The engine runs no timers between exports, and aborts if a callback throws. This module sets timers with the host, and
 *   logs the errors of callbacks.
 * - The engine's `fetch` traps. This module replaces it.
 * - Long strings cross the boundary faster as bytes (`Engine.encode`).
 * - Some Web APIs are missing or differ from the standards (`missing.ts`, `console.ts`). The build adds Unicode support
 *   to bundles that need it (`normalize.ts`, `properties.ts`).
 */
import { call } from "../call.js";
import { fetch } from "../fetch.js";
import { installConsole } from "./console.js";
import { engine } from "./engine.js";
import { installMissing } from "./missing.js";
import {
  endTask,
  enterCall,
  operationsOfTasks,
  reportFailure,
  settle,
  startTimer,
  stopTimer,
} from "./tasks.js";
import { runCallback } from "./uncaught.js";

export { resumable } from "./tasks.js";

installMissing();
installConsole();

const native = Math.random;
let state = 20_261_120;

Math.random = () => {
  if (call.current !== undefined) return native();
  // A Lehmer generator with the constants of Park and Miller.
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};

const encoder = new TextEncoder();
engine.encode = (text) => encoder.encode(text);
engine.dropsByteOrderMark = true;

engine.io = operationsOfTasks;
engine.settings = new Map();
engine.settle = settle;
engine.endCall = endTask;
engine.report = reportFailure;
engine.incoming = (body) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await body.pull();
      if (bytes === undefined) controller.close();
      else controller.enqueue(bytes);
    },
    cancel: () => body.cancel(),
  });
call.enter = enterCall;

type Id = number;
type SetTimer = (callback: unknown, delay?: unknown, ...args: unknown[]) => Id;
type ClearTimer = (id?: unknown) => void;

const globals = globalThis as unknown as {
  setTimeout: SetTimer;
  setInterval: SetTimer;
  clearTimeout: ClearTimer;
  clearInterval: ClearTimer;
  queueMicrotask: (job: unknown) => void;
  fetch: unknown;
};
const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = globals;

/** The operation of each pending timer of a call; `undefined` for one that is due. */
const timers = new Map<Id, number | undefined>();
let lastTimer = 0;

/** As in HTML, a delay is a signed 32-bit integer. */
const delayOf = (delay: unknown, least: number): number => Math.max(Number(delay) | 0, least);

/**
 * Sets a timer. In a call it is an operation of the host, because the engine runs no timers between exports. The engine's own
 * timers run while the component is built.
 */
function addTimer(callback: () => void, delay: number, repeats: boolean, kind: "loud" | "quiet"): Id {
  lastTimer += 1;
  const id = lastTimer;
  const set = () => {
    const op = startTimer(delay, due, kind);
    timers.set(id, op);
    if (op === undefined) queueMicrotask(() => timers.has(id) && due());
  };
  const due = () => {
    timers.delete(id);
    if (repeats) set();
    runCallback(callback, "a timer");
  };
  set();
  return id;
}

function setter(native: SetTimer, repeats: boolean): SetTimer {
  return (callback, delay, ...args) => {
    if (typeof callback !== "function") throw new TypeError("a timer needs a callback function");
    const run = () => callback(...args);
    if (call.current === undefined) return native(() => runCallback(run, "a timer"), delay);
    return addTimer(run, delayOf(delay, repeats ? 1 : 0), repeats, "loud");
  };
}

function clearer(native: ClearTimer): ClearTimer {
  return (id) => {
    if (call.current === undefined) {
      native(id);
      return;
    }
    const op = timers.get(id as Id);
    timers.delete(id as Id);
    if (op !== undefined) stopTimer(op);
  };
}

globals.setTimeout = setter(setTimeout, false);
globals.setInterval = setter(setInterval, true);
globals.clearTimeout = clearer(clearTimeout);
globals.clearInterval = clearer(clearInterval);
globals.queueMicrotask = (job) =>
  queueMicrotask(typeof job === "function" ? () => runCallback(() => job(), "a microtask") : job);
globals.fetch = fetch;

/** The functions of `AbortSignal` whose timers end with their call without a warning. */
const quiet = {
  timeout(milliseconds: number): AbortSignal {
    const delay = Number(milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER))
      throw new TypeError(`\`${milliseconds}\` is not a number of milliseconds; give one from 0 to 2^53 - 1`);
    const controller = new AbortController();
    const abort = () =>
      controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    addTimer(abort, Math.min(delay, 0x7fffffff), false, "quiet");
    return controller.signal;
  },
};
Object.defineProperty(AbortSignal, "timeout", { value: quiet.timeout, writable: true, configurable: true });
