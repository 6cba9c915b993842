/**
 * Work besides the reply: background work after it, and waiting for a time.
 */
import { engine } from "./engine/engine.js";
import { logUncaught } from "./engine/uncaught.js";
import { needCall, operate } from "./io.js";

/**
 * Lets a promise continue after the reply. Without it, the operations and timers of a request end with its reply.
 *
 * ```js
 * app.post("/orders", async ({ body }) => {
 *   const order = await save(body);
 *   waitUntil(sendMail(order));
 *   return order;
 * });
 * ```
 *
 * The client does not wait for the promise. Its rejection is logged. The request, its local context and its signal are
 * not available after the reply; read what the work needs before.
 */
export function waitUntil(promise: PromiseLike<unknown>): void {
  needCall("`waitUntil`");
  const task = engine.io.hold();
  const release = () => engine.io.release(task);
  Promise.resolve(promise).then(release, (error: unknown) => {
    logUncaught(error, "background work");
    release();
  });
}

/**
 * Waits for a number of milliseconds. Rejects with the reason of `signal` when it aborts, and with an `AbortError` when the
 * request is cancelled, so that `finally` runs; a callback of `setTimeout` does not run then.
 */
export async function sleep(ms: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  if (!(ms >= 0 && ms <= 0x7fffffff))
    throw new RangeError(`cannot sleep for \`${ms}\` ms; give a number from 0 to 2147483647`);
  await operate("sleep", { ms }, { signal: options.signal });
}
