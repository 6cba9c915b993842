/**
 * Exception handlers: functions that turn the errors of handlers, hooks and dependencies into replies.
 */
import { isHttpError } from "./errors.js";
import type { HookContext } from "./hooks.js";
import { isResponse, Reply } from "./reply.js";
import { describe } from "./text.js";
import { isThenable } from "./thenable.js";

/** A class of errors. */
// biome-ignore lint/suspicious/noExplicitAny: constructors have different parameters
export type ErrorClass<E> = abstract new (...values: any[]) => E;

/**
 * Returns the reply to an error: anything that a handler can return, with the status 500 unless it sets another one. With
 * `undefined`, the error keeps its reply.
 */
export type ExceptionHandler<E = unknown> = (error: E, context: HookContext) => unknown;

/** The exception handlers, by the prototype of their class. */
export type Exceptions = ReadonlyMap<object, ExceptionHandler<never>>;

/** Adds an exception handler. */
export function addException(
  to: Map<object, ExceptionHandler<never>>,
  type: unknown,
  handler: unknown,
): void {
  const prototype = typeof type === "function" ? (type as { prototype?: unknown }).prototype : undefined;
  if (typeof prototype !== "object" || prototype === null)
    throw new TypeError(`the first argument of \`onException\` is ${describe(type)}; give a class of errors`);
  if (typeof handler !== "function")
    throw new TypeError(`the exception handler is ${describe(handler)}; give a function`);
  to.set(prototype, handler as ExceptionHandler<never>);
}

/** Returns the handler of the most specific class of an error. */
function find(exceptions: Exceptions, error: unknown): ExceptionHandler | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    const handler = exceptions.get(type);
    if (handler !== undefined) return handler as ExceptionHandler;
  }
  return undefined;
}

/** Returns the reply to an error, or throws the error. */
function replyTo(error: unknown, exceptions: Exceptions, context: HookContext): unknown {
  const handler = find(exceptions, error);
  if (handler === undefined) throw error;
  const value = handler(error, context);
  const finish = (reply: unknown) => {
    if (reply === undefined) throw error;
    return withStatus(reply, isHttpError(error) ? error.status : 500);
  };
  return isThenable(value) ? Promise.resolve(value).then(finish) : finish(value);
}

/** Sets the status of a reply that has none. */
function withStatus(reply: unknown, status: number): unknown {
  if (isResponse(reply)) return reply;
  if (!(reply instanceof Reply)) return new Reply(reply, { status });
  if (reply.status !== undefined) return reply;
  return new Reply(reply.body, { status, ...(reply.headers && { headers: reply.headers }) });
}

/**
 * Returns a handler or hook whose errors become the replies of exception handlers. `contextAt` is the position of the
 * context in its arguments.
 */
// biome-ignore lint/suspicious/noExplicitAny: handlers and hooks have different parameters
export function withExceptions<F extends (...values: any[]) => unknown>(
  run: F,
  exceptions: Exceptions | undefined,
  contextAt: number,
): F {
  if (exceptions === undefined || exceptions.size === 0) return run;
  const wrapped = (...values: unknown[]) => {
    const fail = (error: unknown) => replyTo(error, exceptions, values[contextAt] as HookContext);
    try {
      const value = run(...values);
      return isThenable(value) ? Promise.resolve(value).then(undefined, fail) : value;
    } catch (error) {
      return fail(error);
    }
  };
  return wrapped as F;
}
