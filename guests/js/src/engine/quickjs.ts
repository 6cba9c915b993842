/**
 * What QuickJS lacks, for handlers: import this module first. The `spikard-wasm-js` command does.
 *
 * Globals it sets where the engine has none, or none that works in a component: `Promise`,
 * `queueMicrotask`, timers, `console`, `TextEncoder`, `TextDecoder`, `Math.random`, `crypto`.
 */
import { call } from "../call.js";
import { console } from "./console.js";
import { endCall, engine } from "./engine.js";
import { enqueue, JobPromise, runJobs } from "./promise.js";
import { crypto, random } from "./random.js";
import { Utf8Decoder, Utf8Encoder } from "./text.js";
import { clearTimer, dropTimers, runNextTimer, setInterval, setTimeout } from "./timers.js";

const NEVER_SETTLES =
  "the promise never settles: nothing is left to run that would settle it (a native promise, " +
  "as code not bundled by `spikard-wasm-js` makes them, never does on QuickJS)";

Math.random = random;
const globals = {
  Promise: JobPromise,
  queueMicrotask: enqueue,
  setTimeout,
  setInterval,
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  console,
  crypto,
  TextEncoder: Utf8Encoder,
  TextDecoder: Utf8Decoder,
};
for (const [name, value] of Object.entries(globals)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

// componentize-qjs panics at a big integer.
engine.int64 = (integer) => integer;

engine.dropLeftovers = () => {
  runJobs();
  dropTimers();
};

engine.settle = <T>(
  value: PromiseLike<unknown>,
  succeed: (value: unknown) => T,
  fail: (error: unknown) => T,
): T => {
  let outcome: { readonly value: unknown } | { readonly error: unknown } | undefined;
  // A thenable need not return a promise, nor call back once: the promise made of it does.
  JobPromise.resolve(value).then(
    (late: unknown) => {
      outcome = { value: late };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  const settled = () => outcome;
  runJobs();
  while (settled() === undefined && runNextTimer()) runJobs();
  const end = settled() ?? { error: new Error(NEVER_SETTLES) };
  const reply = "value" in end ? succeed(end.value) : fail(end.error);
  endCall(call.current);
  return reply;
};
