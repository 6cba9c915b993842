/**
 * The app: routes and their handlers, and the component they make.
 */
import { type Definition, describeRoute, settingsText } from "./describe.js";
import { handle } from "./handle.js";
import type { Component, Description } from "./host/types.js";
import type { BodyOf, Handler, ParamsOf, RouteOptions } from "./options.js";
import { shortening } from "./shorten.js";

/** What an app is called, and the limits of its routes. */
export interface AppOptions {
  /** The app's name, as logs show it. `app` by default. */
  readonly name?: string;
  /** The app's version. `0.0.0` by default. */
  readonly version?: string;
  /** The largest body in bytes, where a route does not set its own. */
  readonly bodyLimit?: number;
  /** The longest a call may take in milliseconds, where a route does not set its own. */
  readonly timeoutMs?: number;
}

/** Adds a route of one method to an app. */
export interface AddRoute {
  /** Adds a route that declares nothing but the parameters of its path. */
  <const P extends string>(path: P, handler: Handler<ParamsOf<P, Record<never, never>>>): Spikard;
  /** Adds a route with what it declares. */
  <const P extends string, const O extends RouteOptions>(
    path: P,
    options: O,
    handler: Handler<ParamsOf<P, O>, BodyOf<O>>,
  ): Spikard;
}

const APP_OPTIONS = new Set(["name", "version", "bodyLimit", "timeoutMs"]);

/**
 * An app of HTTP handlers.
 *
 * ```js
 * const app = new Spikard({ name: "hello", version: "1.0.0" });
 * app.get("/hello/{name}", ({ params }) => ({ message: `Hello, ${params.name}!` }));
 * export const { handler, definition } = app.component();
 * ```
 */
export class Spikard {
  private readonly settings: AppOptions;
  private readonly routes: Definition[] = [];

  constructor(options: AppOptions = {}) {
    this.settings = options;
  }

  /** Adds a GET route. It answers HEAD too. */
  readonly get: AddRoute = this.adder("get");
  /** Adds a POST route. */
  readonly post: AddRoute = this.adder("post");
  /** Adds a PUT route. */
  readonly put: AddRoute = this.adder("put");
  /** Adds a PATCH route. */
  readonly patch: AddRoute = this.adder("patch");
  /** Adds a DELETE route. */
  readonly delete: AddRoute = this.adder("delete");
  /** Adds a HEAD route, instead of what a GET route answers. */
  readonly head: AddRoute = this.adder("head");
  /** Adds an OPTIONS route. */
  readonly options: AddRoute = this.adder("options");

  /** The component's exports: the app's main module exports both. */
  component(): Component {
    const targets = this.routes.map(({ handler, options }) => ({
      handler: handler as Handler,
      status: options.status,
    }));
    return {
      definition: { describe: () => this.describe() },
      handler: { handle: shortening(handle(targets)) },
    };
  }

  private describe(): Description {
    try {
      for (const name of Object.keys(this.settings)) {
        if (!APP_OPTIONS.has(name)) {
          throw new TypeError(`the app has an option \`${name}\`: known are ${[...APP_OPTIONS].join(", ")}`);
        }
      }
      const { name = "app", version = "0.0.0", bodyLimit, timeoutMs } = this.settings;
      const settings = settingsText({ body_limit: bodyLimit, timeout_ms: timeoutMs });
      return { name, version, settings, routes: this.routes.map(describeRoute) };
    } catch (error) {
      // A string is what both engines take as the error of `describe`.
      throw error instanceof Error ? error.message : String(error);
    }
  }

  private adder(method: string): AddRoute {
    return (path: string, ...rest: unknown[]): this => {
      const [options, handler] = rest.length > 1 ? rest : [{}, rest[0]];
      this.routes.push({ method, path, options: options as RouteOptions, handler });
      return this;
    };
  }
}
