/**
 * The signals of requests: `request.signal` aborts if the host cancels the call, because the client has disconnected or
 * the request's time is up.
 */
import type { Call } from "./call.js";

const controllers = new WeakMap<Call, AbortController>();

function controllerOf(call: Call): AbortController {
  let controller = controllers.get(call);
  if (controller === undefined) {
    controller = new AbortController();
    controllers.set(call, controller);
  }
  return controller;
}

/** Returns the error of an operation whose call was cancelled. */
export function cancelled(): DOMException {
  return new DOMException("the request was cancelled", "AbortError");
}

/** Returns the signal of a call. */
export function signalOf(call: Call): AbortSignal {
  return controllerOf(call).signal;
}

/** Aborts the signal of a call. */
export function abortCall(call: Call | null | undefined): void {
  if (call) controllerOf(call).abort(cancelled());
}
