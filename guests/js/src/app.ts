/**
 * The app: routes with their handlers, hooks, and the exports of the component.
 */
import { host } from "#host";
import { type Definition, describeRoute, settingsText } from "./describe.js";
import { handle, serve } from "./handle.js";
import { hookExports, hookLists, hookSetting } from "./hooks.js";
import type { Component, Description } from "./host/types.js";
import type { Handler } from "./options.js";
import type { AppPolicies } from "./policies.js";
import { Router } from "./router.js";
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
export class Spikard extends Router {
  private readonly settings: AppOptions;

  /** Values that all requests and instances of the app share. */
  readonly globals: GlobalContext = globals;

  constructor(options: AppOptions = {}) {
    super();
    this.settings = options;
  }

  /** Returns the exports of the component. Export all three from the main module, or two if the app has no hooks. */
  component(): Component {
    const routes = this.definitions();
    // These errors occur during module evaluation, so they fail the build.
    if (this.hasHooks(routes) && host.replyBody === undefined) throw new TypeError(HOOKS_NOT_EXPORTED);
    const targets = routes.map(({ handler, options }) => ({
      handler: handler as Handler,
      status: options.status,
    }));
    const handler = { handle: shortening(handle(targets)) };
    serve(targets, handler.handle);
    return {
      definition: { describe: () => this.describe(routes) },
      handler,
      hooks: hookExports(
        hookLists(this.hooks),
        routes.map(({ options }) => hookLists(options.hooks)),
      ),
    };
  }

  /** An app can be mounted as a router, unless it has options that only the outermost app can have. */
  protected override inherited(prefix: string): ReturnType<Router["inherited"]> {
    const { name, version, ...policies } = this.settings;
    for (const option of Object.keys(policies)) {
      if (!(option in APP_POLICIES)) continue;
      throw new TypeError(
        `the app at \`${prefix}\` has the option \`${option}\`; set it on the app that mounts it`,
      );
    }
    return { ...policies, hooks: this.hooks };
  }

  private hasHooks(routes: readonly Definition[]): boolean {
    return (
      Object.values(this.hooks).some((hooks) => hooks.length > 0) ||
      routes.some(({ options }) => options.hooks !== undefined)
    );
  }

  private describe(definitions: readonly Definition[]): Description {
    try {
      for (const name of Object.keys(this.settings)) {
        if (!APP_OPTIONS.has(name)) {
          const names = [...APP_OPTIONS].join(", ");
          throw new TypeError(`the app has no option \`${name}\`; the options are ${names}`);
        }
      }
      const { name = "app", version = "0.0.0" } = this.settings;
      const hooks = hookSetting(this.hooks, "the app");
      const routes = definitions.map(describeRoute);
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
}
