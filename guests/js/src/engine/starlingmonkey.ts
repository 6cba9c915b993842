/**
 * Workarounds for StarlingMonkey. Import this module first, as the `spikard-wasm-js` command does.
 *
 * - `Math.random` asks the host for a seed, which traps during module evaluation, when some libraries call it. Until
 *   the first call, this module replaces it with a generator that has a fixed seed.
 * - The engine would run the remaining timers of a call during the next call, and aborts if a callback throws. This
 *   module clears the timers of a call when it ends, and logs the errors of callbacks.
 * - Long strings cross the boundary faster as bytes (`Engine.encode`).
 * - Some Web APIs are missing or differ from the standards (`missing.ts`, `console.ts`). The build adds Unicode support
 *   to bundles that need it (`normalize.ts`, `properties.ts`).
 */
import { call } from "../call.js";
import { installConsole } from "./console.js";
import { engine } from "./engine.js";
import { installMissing } from "./missing.js";
import { runCallback, warnOfDroppedTimers } from "./uncaught.js";

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

type Id = number;
type SetTimer = (callback: unknown, delay?: unknown, ...args: unknown[]) => Id;
type ClearTimer = (id?: unknown) => void;

const globals = globalThis as unknown as {
  setTimeout: SetTimer;
  setInterval: SetTimer;
  clearTimeout: ClearTimer;
  clearInterval: ClearTimer;
  queueMicrotask: (job: unknown) => void;
};
const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = globals;

/** The timers of the call in progress, each with the function that clears it. */
const timers = new Map<Id, ClearTimer>();

function timer(set: SetTimer, clear: ClearTimer, repeats: boolean): SetTimer {
  return (callback, delay, ...args) => {
    if (typeof callback !== "function") return set(callback, delay, ...args);
    const id = set(() => {
      if (!repeats) timers.delete(id);
      runCallback(() => callback(...args), "a timer");
    }, delay);
    if (call.current) {
      timers.set(id, clear);
      call.leftovers = true;
    } else if (call.current === null) {
      // A job of a call that has ended set this timer.
      clear(id);
      warnOfDroppedTimers();
    }
    return id;
  };
}

function clearing(clear: ClearTimer): ClearTimer {
  return (id) => {
    timers.delete(id as Id);
    clear(id);
  };
}

engine.dropLeftovers = () => {
  for (const [id, clear] of timers) {
    clear(id);
    warnOfDroppedTimers();
  }
  timers.clear();
};

globals.setTimeout = timer(setTimeout, clearTimeout, false);
globals.setInterval = timer(setInterval, clearInterval, true);
globals.clearTimeout = clearing(clearTimeout);
globals.clearInterval = clearing(clearInterval);
globals.queueMicrotask = (job) =>
  queueMicrotask(typeof job === "function" ? () => runCallback(() => job(), "a microtask") : job);
