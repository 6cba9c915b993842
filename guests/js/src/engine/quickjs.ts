/**
 * Polyfills for QuickJS. Import this module first, as the `spikard-wasm-js` command does.
 *
 * It sets the globals that QuickJS does not have, or that do not work in a component: `Promise`,
 * `queueMicrotask`, timers, `console`, `TextEncoder`, `TextDecoder`, `Math.random` and `crypto`.
 */
import { call } from "../call.js";
import { console } from "./console.js";
import { endCall, engine } from "./engine.js";
import { enqueue, JobPromise, runJobs } from "./promise.js";
import { crypto, random } from "./random.js";
import { Utf8Decoder, Utf8Encoder } from "./text.js";
import { clearTimer, dropTimers, runNextTimer, setInterval, setTimeout } from "./timers.js";

const NEVER_SETTLES =
  "the promise never settles: no job or timer is left that could settle it (on QuickJS, a native promise, " +
  "such as one from code that `spikard-wasm-js` did not bundle, never settles)";

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

// componentize-qjs panics on a BigInt.
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
  // A thenable might not return a promise, and might call back more than once; a promise does not.
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
