/**
 * Calls handlers, and answers for what they throw.
 */
import { call } from "./call.js";
import { Context } from "./context.js";
import { endCall, engine } from "./engine/engine.js";
import { answer } from "./failure.js";
import type { Component, RawReply, Settled } from "./host/types.js";
import type { Handler } from "./options.js";
import { lower } from "./reply.js";
import { wellFormedJson } from "./text.js";
import { isThenable } from "./thenable.js";

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

// QuickJS finds a variable of the module sooner than a global.
const PlainObject = Object;
const { stringify } = JSON;

/**
 * The `handle` of a component with these routes. All of the way a plain reply takes is in this one
 * function: on QuickJS a call and an `instanceof` cost about a tenth of a microsecond each.
 */
export function handle(targets: readonly Target[]): Component["handler"]["handle"] {
  return (route, params, body) => {
    const { handler, status } = targets[route] as Target;
    const context = new Context(params, body);
    call.current = context;
    let reply: RawReply;
    try {
      const value = handler(context) as Record<string, unknown> | null;
      if (typeof value !== "object" || value === null) {
        if (typeof value === "function" && isThenable(value)) return settle(value, status);
        reply = lower(value, status);
      } else if (typeof value.then === "function") {
        return settle(value as unknown as PromiseLike<unknown>, status);
      } else if (value.constructor !== PlainObject) {
        reply = lower(value, status);
      } else {
        const text: string | undefined = stringify(value);
        if (text === undefined || text === "{}") {
          // Also an iterator may have the constructor `Object`: `lower` refuses it.
          reply = lower(value, status);
        } else {
          json.val = text.indexOf("\\ud") < 0 ? text : wellFormedJson(text);
          reply = [status ?? 200, "", json];
        }
      }
    } catch (error) {
      reply = fail(error);
    }
    if (call.leftovers) endCall(context);
    else call.current = null;
    return reply;
  };
}

function settle(value: PromiseLike<unknown>, status: number | undefined): Settled<RawReply> {
  return engine.settle(value, (late) => succeed(late, status), fail);
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
