/**
 * The lifespan of an app: functions that run once per host, before the first request and after the last one, and once per
 * instance.
 *
 * `start` and `stop` are calls of `handler.handle` with numbers after those of the routes. The functions of an instance run
 * in its first request, whose handler or hooks wait for them.
 */
import { call } from "./call.js";
import { logUncaught } from "./engine/uncaught.js";
import { isHttpError } from "./errors.js";
import type { BeforeHook, HookLists } from "./hooks.js";
import type { Handler } from "./options.js";
import { signalOf } from "./signals.js";
import { describe } from "./text.js";
import { type GlobalContext, globals } from "./values.js";

/** The context of the functions of a lifespan. It has no request. */
export interface LifespanContext {
  /** Values that all requests and instances of the app share. */
  readonly globals: GlobalContext;
}

/** Runs at the start or the end of an app or an instance. It can be async. */
export type LifespanFunction = (context: LifespanContext) => unknown;

/** The functions of each kind, in the order in which they run. */
export interface LifespanLists {
  readonly onStart: readonly LifespanFunction[];
  readonly onStop: readonly LifespanFunction[];
  readonly onInstance: readonly LifespanFunction[];
}

/** The numbers of the calls, for the host. */
export interface LifespanSetting {
  start?: number;
  stop?: number;
}

/** Returns a function that can be added to a list, or throws. */
export function lifespanFunction(value: unknown, kind: keyof LifespanLists): LifespanFunction {
  if (typeof value === "function") return value as LifespanFunction;
  throw new TypeError(`the ${kind} function of the app is ${describe(value)}; give a function`);
}

/** The calls of the lifespan, as handlers that follow those of the routes, and the setting that numbers them. */
export function lifespanCalls(
  { onStart, onStop }: LifespanLists,
  routes: number,
): { handlers: Handler[]; setting: LifespanSetting | undefined } {
  const handlers: Handler[] = [];
  const setting: LifespanSetting = {};
  const add = (kind: "start" | "stop", run: Handler) => {
    setting[kind] = routes + handlers.length;
    handlers.push(run);
  };
  if (onStart.length > 0) add("start", () => runAll(onStart, "onStart"));
  if (onStop.length > 0) add("stop", () => runEach(onStop));
  return { handlers, setting: handlers.length > 0 ? setting : undefined };
}

/** Runs functions in order, until one fails. */
async function runAll(functions: readonly LifespanFunction[], kind: string): Promise<void> {
  try {
    for (const run of functions) await run({ globals });
  } catch (error) {
    // There is no client for an `HttpError`.
    throw isHttpError(error) ? new Error(`${kind} threw ${String(error)}`, { cause: error }) : error;
  }
}

/** Runs functions in order, also after one has failed. Throws the first error. */
async function runEach(functions: readonly LifespanFunction[]): Promise<void> {
  const errors: unknown[] = [];
  for (const run of functions) {
    await runAll([run], "onStop").catch((error: unknown) => {
      if (errors.length > 0) logUncaught(error, "onStop");
      errors.push(error);
    });
  }
  if (errors.length > 0) throw errors[0];
}

/** Runs the functions of an instance in its first call. Calls that arrive meanwhile wait for them. */
export class InstanceGate {
  private readonly functions: readonly LifespanFunction[];
  private isReady = false;
  /** Ends when the run in progress has ended, successfully or not, or its call was cancelled. */
  private running: Promise<void> | undefined;

  constructor(functions: readonly LifespanFunction[]) {
    this.functions = functions;
  }

  /** Returns a promise if the call has to wait. */
  enter(): Promise<void> | undefined {
    return this.isReady ? undefined : this.wait();
  }

  private async wait(): Promise<void> {
    const own = call.current;
    while (this.running !== undefined && !this.isReady) {
      await this.running;
      if (own) call.enter(own);
    }
    if (this.isReady) return;
    await this.lead();
    if (own) call.enter(own);
  }

  /** Starts a run in the call in progress. A failed or cancelled one is repeated by the next call. */
  private lead(): Promise<void> {
    const run = runAll(this.functions, "onInstance");
    let end = (): void => {};
    const running = new Promise<void>((resolve) => {
      end = () => {
        if (this.running === running) this.running = undefined;
        resolve();
      };
    });
    this.running = running;
    if (call.current) signalOf(call.current).addEventListener("abort", end, { once: true });
    return run
      .then(() => {
        this.isReady = true;
      })
      .finally(end);
  }

  /** Returns a handler that runs after the functions of the instance. */
  handler(handler: Handler): Handler {
    return (context) => {
      const wait = this.enter();
      return wait === undefined ? handler(context) : wait.then(() => handler(context));
    };
  }

  /** Returns hooks that run after the functions of the instance. */
  hooks(hooks: HookLists): HookLists {
    const first: BeforeHook = () => this.enter();
    return Object.fromEntries(
      Object.entries(hooks).map(([kind, list]) => [kind, list.length === 0 ? list : [first, ...list]]),
    ) as unknown as HookLists;
  }
}
