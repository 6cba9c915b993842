/**
 * The app: routes with their handlers, hooks, and the exports of the component.
 */
import { host } from "#host";
import { type Definition, describeRoute, settingsText } from "./describe.js";
import { handle, serve } from "./handle.js";
import {
  type BeforeHook,
  type ErrorHook,
  hookExports,
  hookLists,
  hookSetting,
  type ResponseHook,
  type RouteHooks,
} from "./hooks.js";
import type { Component, Description } from "./host/types.js";
import type { BodyOf, Handler, ParamsOf, RouteOptions } from "./options.js";
import type { AppPolicies } from "./policies.js";
import { APP_POLICIES, POLICIES, policySettings } from "./settings.js";
import { shortening } from "./shorten.js";
import { type GlobalContext, globals } from "./values.js";

/** The name and version of an app, and the policies of its routes. */
export interface AppOptions extends AppPolicies {
  /** The app's name, as logs show it. `app` by default. */
  readonly name?: string;
  /** The app's version. `0.0.0` by default. */
  readonly version?: string;
}

/** Adds a route of one method to an app. */
export interface AddRoute {
  /** Adds a route that declares only the parameters of its path. */
  <const P extends string>(path: P, handler: Handler<ParamsOf<P, Record<never, never>>>): Spikard;
  /** Adds a route with options. */
  <const P extends string, const O extends RouteOptions>(
    path: P,
    options: O,
    handler: Handler<ParamsOf<P, O>, BodyOf<O>>,
  ): Spikard;
}

const APP_SHAPES = { ...POLICIES, ...APP_POLICIES };
const APP_OPTIONS = new Set(["name", "version", ...Object.keys(APP_SHAPES)]);

const HOOKS_NOT_EXPORTED =
  "the app has hooks, which its main module does not export: " +
  "end it with `export const { definition, handler, hooks } = app.component();`";

/**
 * An app of HTTP handlers.
 *
 * ```js
 * const app = new Spikard({ name: "hello", version: "1.0.0" });
 * app.get("/hello/{name}", ({ params }) => ({ message: `Hello, ${params.name}!` }));
 * export const { definition, handler, hooks } = app.component();
 * ```
 */
export class Spikard {
  private readonly settings: AppOptions;
  private readonly routes: Definition[] = [];
  private readonly hooks = {
    onRequest: [] as BeforeHook[],
    preValidation: [] as BeforeHook[],
    preHandler: [] as BeforeHook[],
    onResponse: [] as ResponseHook[],
    onError: [] as ErrorHook[],
  };

  /** Values that all requests and instances of the app share. */
  readonly globals: GlobalContext = globals;

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
  /** Adds a HEAD route, which replaces the HEAD reply of a GET route. */
  readonly head: AddRoute = this.adder("head");
  /** Adds an OPTIONS route. */
  readonly options: AddRoute = this.adder("options");

  /** Adds a hook that runs for each request that matches a route, before validation. */
  onRequest(hook: BeforeHook): this {
    return this.hook("onRequest", hook);
  }

  /** Adds a hook that runs just before the host validates the request. */
  preValidation(hook: BeforeHook): this {
    return this.hook("preValidation", hook);
  }

  /** Adds a hook that runs after validation, before the handler. */
  preHandler(hook: BeforeHook): this {
    return this.hook("preHandler", hook);
  }

  /** Adds a hook that runs for each reply of a handler or of a hook. */
  onResponse(hook: ResponseHook): this {
    return this.hook("onResponse", hook);
  }

  /** Adds a hook that runs when the host rejects a request, or a handler or hook fails. */
  onError(hook: ErrorHook): this {
    return this.hook("onError", hook);
  }

  /** Returns the exports of the component. Export all three from the main module, or two if the app has no hooks. */
  component(): Component {
    // This error occurs during module evaluation, so it fails the build.
    if (this.hasHooks() && host.replyBody === undefined) throw new TypeError(HOOKS_NOT_EXPORTED);
    const targets = this.routes.map(({ handler, options }) => ({
      handler: handler as Handler,
      status: options.status,
    }));
    const handler = { handle: shortening(handle(targets)) };
    serve(targets, handler.handle);
    return {
      definition: { describe: () => this.describe() },
      handler,
      hooks: hookExports(
        hookLists(this.hooks),
        this.routes.map(({ options }) => hookLists(options.hooks)),
      ),
    };
  }

  private hasHooks(): boolean {
    return (
      Object.values(this.hooks).some((hooks) => hooks.length > 0) ||
      this.routes.some(({ options }) => options.hooks !== undefined)
    );
  }

  private describe(): Description {
    try {
      for (const name of Object.keys(this.settings)) {
        if (!APP_OPTIONS.has(name)) {
          const names = [...APP_OPTIONS].join(", ");
          throw new TypeError(`the app has no option \`${name}\`; the options are ${names}`);
        }
      }
      const { name = "app", version = "0.0.0" } = this.settings;
      const hooks = hookSetting(this.hooks, "the app");
      const routes = this.routes.map(describeRoute);
      const settings = settingsText({
        ...policySettings({ ...this.settings }, APP_SHAPES, "the app"),
        hooks,
      });
      return { name, version, settings, routes };
    } catch (error) {
      // Both engines accept a string as the error of `describe`.
      throw error instanceof Error ? error.message : String(error);
    }
  }

  private hook<Kind extends keyof RouteHooks>(kind: Kind, hook: unknown): this {
    (this.hooks[kind] as unknown[]).push(hook);
    return this;
  }

  private adder(method: string): AddRoute {
    return (path: string, ...rest: unknown[]): this => {
      const [options, handler] = rest.length > 1 ? rest : [{}, rest[0]];
      this.routes.push({ method, path, options: options as RouteOptions, handler });
      return this;
    };
  }
}
