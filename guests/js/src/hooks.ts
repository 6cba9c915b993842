/**
 * Hooks: functions that run before and after the handlers of an app or of one route.
 */
import { call } from "./call.js";
import { Context } from "./context.js";
import { endCall, engine } from "./engine/engine.js";
import { type Exceptions, withExceptions } from "./exceptions.js";
import { answer } from "./failure.js";
import { HookReply } from "./hook-reply.js";
import type { ChangedReply, EarlyReply, HookExports, RawReply, Settled } from "./host/types.js";
import { lowerAny } from "./reply.js";
import { shortener } from "./shorten.js";
import { isThenable } from "./thenable.js";

/**
 * The context of a hook. `params` is empty except in `preHandler`. To read the body, call `request.rawBody()`.
 */
export type HookContext<Params = Record<string, unknown>> = Omit<Context<Params>, "body">;

/**
 * Runs before the handler. It returns `undefined` to continue, or anything that a handler can return to end the
 * request early. It can be async, and can throw an `HttpError`.
 */
export type BeforeHook = (context: HookContext) => unknown;

/**
 * Runs for each reply. It can change the reply or return another one: anything that a handler can return. A reply that
 * sets no status keeps the current one.
 */
export type ResponseHook = (reply: HookReply, context: HookContext) => unknown;

/**
 * Runs when the host rejects a request, or a handler or hook fails. `reply` has the problem document for the client.
 * `message` is the message of the host's log. Do not send it to clients.
 */
export type ErrorHook = (reply: HookReply, context: HookContext, message: string) => unknown;

/** The hooks of a route, one or several of each kind. They run after the app's hooks. */
export interface RouteHooks {
  /** Run for each request that matches the route, before validation. */
  readonly onRequest?: BeforeHook | readonly BeforeHook[];
  /** Run just before the host validates the request. */
  readonly preValidation?: BeforeHook | readonly BeforeHook[];
  /** Run after validation, before the handler. */
  readonly preHandler?: BeforeHook | readonly BeforeHook[];
  /** Run for each reply of the handler or of a hook. */
  readonly onResponse?: ResponseHook | readonly ResponseHook[];
  /** Run when the host rejects the request, or the handler or a hook fails. */
  readonly onError?: ErrorHook | readonly ErrorHook[];
}

/** The kinds of hooks, with the host's names for them. */
export const KINDS = {
  onRequest: "on-request",
  preValidation: "pre-validation",
  preHandler: "pre-handler",
  onResponse: "on-response",
  onError: "on-error",
} as const;

/** The hooks of each kind, in the order in which they run. */
export interface HookLists {
  readonly onRequest: readonly BeforeHook[];
  readonly preValidation: readonly BeforeHook[];
  readonly preHandler: readonly BeforeHook[];
  readonly onResponse: readonly ResponseHook[];
  readonly onError: readonly ErrorHook[];
}

type AnyHook = BeforeHook | ResponseHook | ErrorHook;

function listed<F>(hooks: F | readonly F[] | undefined): readonly F[] {
  return hooks === undefined ? [] : Array.isArray(hooks) ? hooks : [hooks as F];
}

/** Converts the hooks of each kind to a list. */
export function hookLists(hooks: RouteHooks | undefined): HookLists {
  return {
    onRequest: listed(hooks?.onRequest),
    preValidation: listed(hooks?.preValidation),
    preHandler: listed(hooks?.preHandler),
    onResponse: listed(hooks?.onResponse),
    onError: listed(hooks?.onError),
  };
}

/**
 * Returns the setting `hooks`: the kinds that have a hook, or `undefined` if none has. Throws a `TypeError` if the
 * hooks are invalid. `what` names their owner in the error.
 */
export function hookSetting(hooks: unknown, what: string): string[] | undefined {
  if (hooks === undefined) return undefined;
  if (typeof hooks !== "object" || hooks === null || Array.isArray(hooks)) {
    throw new TypeError(`the hooks of ${what} are \`${String(hooks)}\`: give an object of functions`);
  }
  for (const [kind, given] of Object.entries(hooks)) {
    if (!Object.hasOwn(KINDS, kind)) {
      throw new TypeError(`${what} has no hook \`${kind}\`; the hooks are ${Object.keys(KINDS).join(", ")}`);
    }
    for (const hook of listed<unknown>(given)) {
      if (typeof hook === "function") continue;
      throw new TypeError(
        `the ${kind} hook of ${what} is \`${String(hook)}\`: give a function or a list of them`,
      );
    }
  }
  const lists = hookLists(hooks);
  const kinds = (Object.keys(KINDS) as (keyof RouteHooks)[]).filter((kind) => lists[kind].length > 0);
  return kinds.length === 0 ? undefined : kinds.map((kind) => KINDS[kind]);
}

/** Returns hooks whose errors become the replies of exception handlers. */
export function hooksWithExceptions(hooks: HookLists, exceptions: Exceptions | undefined): HookLists {
  const early = (list: readonly BeforeHook[]) => list.map((hook) => withExceptions(hook, exceptions, 0));
  return {
    onRequest: early(hooks.onRequest),
    preValidation: early(hooks.preValidation),
    preHandler: early(hooks.preHandler),
    onResponse: hooks.onResponse.map((hook) => withExceptions(hook, exceptions, 1)),
    onError: hooks.onError.map((hook) => withExceptions(hook, exceptions, 1)),
  };
}

/** Returns the `hooks` export of a component. For each route, the app's hooks run first, then the route's own. */
export function hookExports(app: HookLists, routes: readonly HookLists[]): HookExports {
  const chains = routes.map((route) => ({
    onRequest: [...app.onRequest, ...route.onRequest],
    preValidation: [...app.preValidation, ...route.preValidation],
    preHandler: [...app.preHandler, ...route.preHandler],
    onResponse: [...app.onResponse, ...route.onResponse],
    onError: [...app.onError, ...route.onError],
  }));
  // The host calls `onError` with another number for a request that no route handles.
  const of = (route: number) => chains[route] ?? app;
  const shorten = shortener();
  const early = (hooks: readonly BeforeHook[], params: string) => runEarly(hooks, params, shorten);
  const late = (
    status: number,
    headers: string,
    hooks: readonly (ResponseHook | ErrorHook)[],
    message: string,
  ) => runLate([status, headers], hooks, message, shorten);
  return {
    onRequest: (route) => early(of(route).onRequest, ""),
    preValidation: (route) => early(of(route).preValidation, ""),
    preHandler: (route, params) => early(of(route).preHandler, params),
    onResponse: (route, status, headers) => late(status, headers, of(route).onResponse, ""),
    onError: (route, status, headers, message) => late(status, headers, of(route).onError, message),
  };
}

type Shorten = (reply: RawReply) => RawReply;

/** Runs hooks until one returns a reply. */
function runEarly(hooks: readonly BeforeHook[], params: string, shorten: Shorten): Settled<EarlyReply> {
  const context = new Context(params, { tag: "empty" });
  call.current = context;
  return run<EarlyReply>(
    () => first(hooks, (hook) => hook(context)),
    (value) => {
      if (value === undefined) return undefined;
      const reply = lowerAny(value, undefined);
      return reply instanceof Promise ? reply.then(shorten) : shorten(reply);
    },
    refuse(shorten),
  );
}

/** Runs all hooks. Each one gets the reply as the hooks before it changed it. */
function runLate(
  [status, headers]: [status: number, headers: string],
  hooks: readonly (ResponseHook | ErrorHook)[],
  message: string,
  shorten: Shorten,
): Settled<ChangedReply> {
  const context = new Context("", { tag: "empty" });
  call.current = context;
  const reply = new HookReply(status, headers);
  const take = (value: unknown): void | Promise<void> => {
    if (value === undefined) return;
    const raw = lowerAny(value, reply.status);
    if (raw instanceof Promise) return raw.then((late) => reply.become(late));
    reply.become(raw);
  };
  return run<ChangedReply>(
    () =>
      first(hooks, (hook) => {
        const value = hook(reply, context, message);
        return isThenable(value) ? Promise.resolve(value).then(take) : take(value);
      }),
    () => {
      const changed = reply.changes();
      if (changed === undefined) return undefined;
      const [newStatus, newHeaders, body] = changed;
      return body === undefined ? changed : shorten([newStatus, newHeaders, body]);
    },
    refuse(shorten),
  );
}

/** Returns a function that converts the error of a hook to a reply, or reports it to the host. */
function refuse(shorten: Shorten): (error: unknown) => RawReply | undefined {
  return (error) => {
    const reply = answer(error, "hook");
    return reply === undefined ? undefined : shorten(reply);
  };
}

/** Calls hooks in order and awaits their promises, until one returns a value other than `undefined`. */
function first<F extends AnyHook>(hooks: readonly F[], call: (hook: F) => unknown, from = 0): unknown {
  for (let at = from; at < hooks.length; at++) {
    const value = call(hooks[at] as F);
    if (isThenable(value)) {
      return Promise.resolve(value).then((late) => (late === undefined ? first(hooks, call, at + 1) : late));
    }
    if (value !== undefined) return value;
  }
  return undefined;
}

/**
 * Starts a chain of hooks, converts its value with `finish` or its error with `fail`, and ends the call. If the chain
 * returns a promise, this happens when the promise settles.
 */
function run<T>(
  start: () => unknown,
  finish: (value: unknown) => Settled<T>,
  fail: (error: unknown) => T,
): Settled<T> {
  const own = call.current;
  const end = (value: unknown): Settled<T> => {
    try {
      const result = finish(value);
      return result instanceof Promise ? result.catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  };
  let result: T;
  try {
    const value = start();
    if (isThenable(value)) return engine.settle(value, end, fail);
    const finished = end(value);
    if (finished instanceof Promise) return engine.settle(finished, (late) => late as T, fail);
    result = finished;
  } catch (error) {
    result = fail(error);
  }
  endCall(own);
  return result;
}
