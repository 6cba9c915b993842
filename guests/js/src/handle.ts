/**
 * Calls handlers, and answers for what they throw.
 */
import { Context } from "./context.js";
import { engine } from "./engine/engine.js";
import { answer } from "./failure.js";
import type { Component, RawReply } from "./host/types.js";
import type { Handler } from "./options.js";
import { lower } from "./reply.js";

/** What a call needs of a route. */
export interface Target {
  readonly handler: Handler;
  readonly status: number | undefined;
}

/**
 * The content of every plain JSON reply. It crosses before the next call begins, and filling it again
 * costs QuickJS a tenth less than making another.
 */
const json: { tag: "json"; val: string } = { tag: "json", val: "" };

/**
 * The `handle` of a component with these routes. All of the way a plain reply takes is in this one
 * function: on QuickJS a call and an `instanceof` cost about a tenth of a microsecond each.
 */
export function handle(targets: readonly Target[]): Component["handler"]["handle"] {
  return (route, params, body) => {
    const { handler, status } = targets[route] as Target;
    engine.started = true;
    try {
      const value = handler(new Context(params, body)) as Record<string, unknown> | null;
      if (typeof value !== "object" || value === null) return lower(value, status);
      if (typeof value.then === "function") {
        return engine.settle(
          (value as unknown as PromiseLike<unknown>).then((late) => succeed(late, status), fail),
        );
      }
      if (value.constructor !== Object) return lower(value, status);
      json.val = JSON.stringify(value);
      return [status ?? 200, "", json];
    } catch (error) {
      return fail(error);
    }
  };
}

function succeed(value: unknown, status: number | undefined): RawReply {
  try {
    return lower(value, status);
  } catch (error) {
    return fail(error);
  }
}

/** The reply for what a handler threw; the host puts its own in the place of the last one. */
function fail(error: unknown): RawReply {
  return answer(error, "handler") ?? [500, "", { tag: "empty" }];
}
