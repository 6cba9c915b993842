/**
 * Timers for QuickJS: `setTimeout`, `setInterval` and the functions that clear them. The callbacks run while the SDK
 * awaits the promise of a handler or hook.
 */
import { subscribeDuration } from "wasi:clocks/monotonic-clock@0.2.12";
import { type Call, call } from "../call.js";
import { runCallback, warnOfDroppedTimers } from "./uncaught.js";

interface Timer {
  due: number;
  every: number | undefined;
  run: () => void;
  /** The call that set the timer; `undefined` for a timer from module evaluation, which can run in any call. */
  call: Call | null | undefined;
}

const timers = new Map<number, Timer>();
let last = 0;

function add(callback: unknown, delay: unknown, repeat: boolean, args: unknown[]): number {
  if (typeof callback !== "function") throw new TypeError("a timer needs a callback function");
  // As in HTML, the delay is a signed 32-bit integer: Infinity and 2^32 become 0.
  const wait = Math.max(0, Number(delay) | 0);
  const run = () => callback(...args);
  last += 1;
  const every = repeat ? Math.max(1, wait) : undefined;
  timers.set(last, { due: Date.now() + wait, every, run, call: call.current });
  call.leftovers = true;
  return last;
}

export const setTimeout = (callback: unknown, delay?: unknown, ...args: unknown[]) =>
  add(callback, delay, false, args);

export const setInterval = (callback: unknown, delay?: unknown, ...args: unknown[]) =>
  add(callback, delay, true, args);

/** Removes a timer; unknown ids are ignored. */
export function clearTimer(id?: unknown): void {
  timers.delete(id as number);
}

/** Clears the timers of the call in progress. */
export function dropTimers(): void {
  for (const [id, timer] of timers) {
    if (timer.call !== call.current) continue;
    timers.delete(id);
    warnOfDroppedTimers();
  }
}

/** Sleeps until the next timer is due and runs it. Returns false if there is none. */
export function runNextTimer(): boolean {
  let id: number | undefined;
  let next: Timer | undefined;
  for (const [key, timer] of timers) {
    if (next === undefined || timer.due < next.due) [id, next] = [key, timer];
  }
  if (id === undefined || next === undefined) return false;
  const wait = next.due - Date.now();
  if (wait > 0) {
    const pollable = subscribeDuration(Math.ceil(wait * 1e6));
    pollable.block();
    pollable[Symbol.dispose]();
  }
  if (next.every === undefined) timers.delete(id);
  else next.due = Date.now() + next.every;
  runCallback(next.run, "a timer");
  return true;
}
