/**
 * Calls handlers, and replies for their errors.
 */
import { call } from "./call.js";
import { Context } from "./context.js";
import { endCall, engine } from "./engine/engine.js";
import { answer } from "./failure.js";
import { parseForm } from "./form.js";
import type { Component, RawReply, Settled } from "./host/types.js";
import { holdsEmpty } from "./json-form.js";
import type { Handler } from "./options.js";
import { isResponse, lower, lowerAny } from "./reply.js";
import { Request } from "./request.js";
import { abortCall } from "./signals.js";
import { wellFormedJson } from "./text.js";
import { isThenable } from "./thenable.js";
import { globals, LocalContext } from "./values.js";

/** The parts of a route that a call needs. */
export interface Target {
  readonly handler: Handler;
  readonly status: number | undefined;
}

/** The content of every plain JSON reply. The host reads it before the next call begins, so it can be reused. */
const json: { tag: "json"; val: string } = { tag: "json", val: "" };

// QuickJS resolves a module variable faster than a global.
const PlainObject = Object;
const { stringify } = JSON;

/**
 * Returns the `handle` export of a component with these routes. The whole path of a plain reply is in this one
 * function, because on QuickJS a call or an `instanceof` takes about a tenth of a microsecond.
 */
export function handle(targets: readonly Target[]): Component["handler"]["handle"] {
  const routes = targets.map(({ handler, status }) => {
    // Reused for every plain JSON reply of the route, like its content.
    const plain: RawReply = [status ?? 200, "", json];
    return { handler, status, plain };
  });
  return (route, params, body) => {
    const target = routes[route] as (typeof routes)[number];
    // Not called as a method: `this` stays `undefined`.
    const { handler } = target;
    const context = new Context(params, body);
    call.current = context;
    let reply: RawReply;
    try {
      const value = handler(context) as Record<string, unknown> | null;
      if (typeof value !== "object" || value === null) {
        if (typeof value === "function" && isThenable(value)) return settle(value, target.status);
        reply = lower(value, target.status);
      } else if (typeof value.then === "function") {
        return settle(value as unknown as PromiseLike<unknown>, target.status);
      } else if (value.constructor !== PlainObject) {
        if (isResponse(value)) return settle(Promise.resolve(value), target.status);
        reply = lower(value, target.status);
      } else {
        const text: string | undefined = stringify(value);
        if (text === undefined || holdsEmpty(text)) {
          // `lower` rejects an object without a JSON form, such as an iterator or a promise.
          reply = lower(value, target.status);
        } else {
          // QuickJS searches faster in `replace` than in `indexOf`, which compares at each position.
          json.val = text.replace("\\ud", "") === text ? text : wellFormedJson(text);
          reply = target.plain;
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

/** Registers the handlers of the routes, on an engine that runs them itself if the app exports `own`. */
export function serve(targets: readonly Target[], own: Component["handler"]["handle"]): void {
  engine.serve?.({
    handle: own,
    routes: targets,
    prototype: Context.prototype,
    call,
    lower: lowerAny,
    fail,
    form: parseForm,
    request: (context) => new Request(context),
    local: (context) => new LocalContext(context),
    cancel: abortCall,
    globals,
  });
}

function settle(value: PromiseLike<unknown>, status: number | undefined): Settled<RawReply> {
  return engine.settle(value, (late) => succeed(late, status), fail);
}

function succeed(value: unknown, status: number | undefined): Settled<RawReply> {
  try {
    const reply = lowerAny(value, status);
    return reply instanceof Promise ? reply.catch(fail) : reply;
  } catch (error) {
    return fail(error);
  }
}

/** Returns the reply for the error of a handler. The host replaces the empty 500 with its own reply. */
function fail(error: unknown): RawReply {
  return answer(error, "handler") ?? [500, "", { tag: "empty" }];
}
