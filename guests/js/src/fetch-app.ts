/**
 * Apps that are fetch handlers: an object with a function `fetch` as the default export, such as an app of Hono, or
 * listeners of the event `fetch`. Such an app does not use the SDK; this module makes a component of it, whose routes pass
 * every request on. The build imports it before the app.
 */
import { Spikard } from "./app.js";
import { waitUntil } from "./background.js";
import { latin1 } from "./bytes.js";
import { call } from "./call.js";
import type { Context } from "./context.js";
import { config, secret } from "./environment.js";
import type { Component } from "./host/types.js";
import { notAnApp } from "./not-an-app.js";
import { isResponse } from "./reply.js";
import { describe } from "./text.js";

/** The methods that both a route and a `Request` can have. */
const METHODS = ["get", "head", "post", "put", "patch", "delete", "options"] as const;

/** The second argument of `fetch`: settings and secrets, by name. */
type Environment = Readonly<Record<string, string | undefined>>;

/** The third argument of `fetch`. */
interface ExecutionContext {
  waitUntil(promise: PromiseLike<unknown>): void;
  passThroughOnException(): void;
  readonly props: object;
}

type FetchFunction = (request: Request, env: Environment, context: ExecutionContext) => unknown;

type Listener = ((event: FetchEvent) => unknown) | { handleEvent(event: FetchEvent): unknown };

/** The listeners of the event `fetch`. */
const listeners: Listener[] = [];

/** The event of a request (https://w3c.github.io/ServiceWorker/#fetchevent-interface). */
class FetchEvent extends Event {
  readonly request: Request;
  /** The promise of the response. */
  response: unknown;
  isAnswered = false;

  constructor(request: Request) {
    super("fetch", { cancelable: true });
    this.request = request;
  }

  respondWith(response: unknown): void {
    if (this.isAnswered) throw new DOMException("`respondWith` was called already", "InvalidStateError");
    this.isAnswered = true;
    this.response = response;
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    waitUntil(promise);
  }
}

/** Calls the listeners until one responds. */
const dispatch: FetchFunction = (request) => {
  const event = new FetchEvent(request);
  for (const listener of listeners) {
    if (typeof listener === "function") listener.call(globalThis, event);
    else listener.handleEvent(event);
    if (event.isAnswered) return event.response;
  }
  throw new Error(
    "no listener of the event `fetch` called `event.respondWith`; call it before the listener returns",
  );
};

type Listen = (type: string, listener: unknown, options?: unknown) => void;
const globals = globalThis as unknown as { addEventListener?: Listen; removeEventListener?: Listen };

/** Defines `addEventListener`. Events of other types do not occur in a component. */
function installListeners(): void {
  const set = (name: "addEventListener" | "removeEventListener", value: Listen) =>
    Object.defineProperty(globals, name, { value, writable: true, configurable: true });
  set("addEventListener", (type, listener) => {
    const isListener = typeof listener === "function" || (typeof listener === "object" && listener !== null);
    if (type === "fetch" && isListener && !listeners.includes(listener as Listener))
      listeners.push(listener as Listener);
  });
  set("removeEventListener", (type, listener) => {
    const at = listeners.indexOf(listener as Listener);
    if (type === "fetch" && at >= 0) listeners.splice(at, 1);
  });
}

const environment: Environment = new Proxy(
  {},
  {
    get(_, name) {
      if (typeof name !== "string" || !call.current) return undefined;
      return granted(config, name) ?? granted(secret, name);
    },
  },
);

/** Returns a value, or `undefined` if the operator has granted none of its kind. */
function granted(read: (name: string) => string | undefined, name: string): string | undefined {
  try {
    return read(name);
  } catch {
    return undefined;
  }
}

const executionContext: ExecutionContext = { waitUntil, passThroughOnException() {}, props: {} };

/** Returns the request as a `Request` of the Fetch standard. */
function requestOf({ request, body }: Context): Request {
  // The standard decodes headers as ISO 8859-1.
  const { method, path, queryString } = request;
  const headers = request.rawHeaders.map(([name, value]): [string, string] => [name, latin1(value)]);
  const has = body instanceof Uint8Array && body.length > 0 && method !== "GET" && method !== "HEAD";
  // A proxy that terminates TLS in front of the host sets this header.
  const scheme = request.header("x-forwarded-proto")?.split(",", 1)[0]?.trim() === "https" ? "https" : "http";
  const url = (host: string) => `${scheme}://${host}${path}${queryString === "" ? "" : `?${queryString}`}`;
  const authority = request.header("host") ?? "localhost";
  return new Request(url(/^[^/?#@\\]+$/.test(authority) ? authority : "localhost"), {
    method,
    headers,
    signal: request.signal,
    ...(has ? { body: body as Uint8Array<ArrayBuffer> } : {}),
  });
}

/** Returns the component of an app. */
function componentOf(answer: FetchFunction): Component {
  const app = new Spikard({ openapi: false });
  const handler = async (context: Context) => {
    const response = await answer(requestOf(context), environment, executionContext);
    if (isResponse(response)) return response;
    throw new TypeError(`the fetch handler returned ${describe(response)}; return a \`Response\``);
  };
  for (const method of METHODS) {
    for (const path of ["/", "/{*path}"]) app[method](path, { rawBody: true, name: "fetch" }, handler);
  }
  return app.component();
}

/** Returns the component of an app from the exports of its main module, or `undefined` if it is not a fetch handler. */
export function findFetchComponent(exports: { readonly default?: unknown }): Component | undefined {
  const app = exports.default as { readonly fetch?: unknown } | null | undefined;
  if (typeof app?.fetch === "function")
    return componentOf((...values) => (app as { readonly fetch: FetchFunction }).fetch(...values));
  return listeners.length > 0 ? componentOf(dispatch) : undefined;
}

/** The same, but throws an error with the name of the module. */
export function fetchComponent(exports: object, name: string): Component {
  const component = findFetchComponent(exports);
  if (component !== undefined) return component;
  throw new TypeError(notAnApp(name));
}

installListeners();
