/**
 * The engine QuickJS (`engines/quickjs`), which has promises, timers and the other globals itself and runs handlers
 * without JavaScript of this package. Import this module first, as the `spikard-wasm-js` command does.
 */
import { dropLeftovers, serve, settle } from "spikard:engine";
import { call } from "../call.js";
import { endCall, engine } from "./engine.js";

engine.int64 = (integer) => integer;
engine.dropLeftovers = dropLeftovers;
engine.serve = serve;

engine.settle = <T>(
  value: PromiseLike<unknown>,
  succeed: (value: unknown) => T,
  fail: (error: unknown) => T,
): T => {
  let reply: T;
  try {
    // A thenable might not return a promise, and might call back more than once; a promise does not.
    reply = succeed(settle(Promise.resolve(value)));
  } catch (error) {
    reply = fail(error);
  }
  endCall(call.current);
  return reply;
};
