/**
 * What StarlingMonkey lacks, for handlers: random numbers while the module is evaluated, quick long strings,
 * and callbacks that cannot abort the engine. Import this module first. The `spikard-wasm-js` command does.
 *
 * The engine's `Math.random` asks the host for a seed, which traps before the component runs, and
 * libraries do call it while they are loaded. Until then it is a generator with a fixed seed.
 *
 * The engine runs the timers that a call left within the next call, and aborts at what a callback throws. So
 * the timers of a call are cleared when it ends, and what a callback throws is logged.
 */
import { call } from "../call.js";
import { engine } from "./engine.js";
import { runCallback, warnOfDroppedTimers } from "./uncaught.js";

const native = Math.random;
let state = 20_261_120;

Math.random = () => {
  if (call.current !== undefined) return native();
  // Lehmer's generator with the constants of Park and Miller.
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

/** The timers of the call in progress, and what clears each. */
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
      // A job of a call that has ended set it.
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
