/**
 * The app: routes with their handlers, hooks, and the exports of the component.
 */
import { host } from "#host";
import {
  type ConfigDeclaration,
  type ConfigOf,
  type ConfigSchema,
  configObject,
  configSchema,
} from "./declared.js";
import {
  type Dependencies,
  replaceDependencies,
  unknownDependency,
  withDependencies,
} from "./dependencies.js";
import { type Definition, describeRoute, settingsText } from "./describe.js";
import { withExceptions } from "./exceptions.js";
import { handle, serve } from "./handle.js";
import {
  type HookLists,
  hookExports,
  hookLists,
  hookSetting,
  hooksWithExceptions,
  type RouteHooks,
} from "./hooks.js";
import type { Component, Description } from "./host/types.js";
import {
  InstanceGate,
  type LifespanFunction,
  type LifespanSetting,
  lifespanCalls,
  lifespanFunction,
} from "./lifespan.js";
import type { Handler } from "./options.js";
import type { AppPolicies } from "./policies.js";
import { Router } from "./router.js";
import { APP_POLICIES, POLICIES, policySettings } from "./settings.js";
import { shortening } from "./shorten.js";
import { type GlobalContext, globals } from "./values.js";

/** The name and version of an app, its settings, and the policies of its routes. */
export interface AppOptions<Config = ConfigDeclaration> extends AppPolicies {
  /** The app's name, as logs show it. `app` by default. */
  readonly name?: string;
  /** The app's version. `0.0.0` by default. */
  readonly version?: string;
  /**
   * The settings that the operator supplies, by name, or the schema of an object. The host checks them before it starts;
   * `app.config` has their values.
   */
  readonly config?: Config;
}

const APP_SHAPES = { ...POLICIES, ...APP_POLICIES };
const APP_OPTIONS = new Set(["name", "version", "config", ...Object.keys(APP_SHAPES)]);

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
export class Spikard<const Config extends ConfigDeclaration = Record<never, never>> extends Router {
  private readonly settings: AppOptions;
  private readonly configSchema: ConfigSchema | undefined;
  private readonly lifespan = {
    onStart: [] as LifespanFunction[],
    onStop: [] as LifespanFunction[],
    onInstance: [] as LifespanFunction[],
  };

  /** Values that all requests and instances of the app share. */
  readonly globals: GlobalContext = globals;

  /** The values of the declared settings, for handlers, hooks and the functions of the lifespan. */
  readonly config: ConfigOf<Config>;

  constructor(options: AppOptions<Config> = {}) {
    super();
    this.settings = options;
    const { config } = options;
    this.configSchema = config === undefined ? undefined : configSchema(config);
    this.config = (this.configSchema ? configObject(this.configSchema) : {}) as ConfigOf<Config>;
  }

  /**
   * Adds a function that runs once per host, before the host accepts requests. If it fails, the host does not start.
   *
   * ```js
   * app.onStart(async () => loadCatalog());
   * ```
   */
  onStart(run: LifespanFunction): this {
    this.lifespan.onStart.push(lifespanFunction(run, "onStart"));
    return this;
  }

  /** Adds a function that runs once per host, after the last request. */
  onStop(run: LifespanFunction): this {
    this.lifespan.onStop.push(lifespanFunction(run, "onStop"));
    return this;
  }

  /**
   * Adds a function that runs once per instance, before its first handler or hook. If it fails, so does the request, and
   * the next one repeats it.
   */
  onInstance(run: LifespanFunction): this {
    this.lifespan.onInstance.push(lifespanFunction(run, "onInstance"));
    return this;
  }

  /**
   * Returns the exports of the component. Export all three from the main module, or two if the app has no hooks.
   * `dependencies` replaces those of the app, for tests.
   */
  component(dependencies?: Dependencies): Component {
    const routes = this.definitions();
    // These errors occur during module evaluation, so they fail the build.
    if (this.hasHooks(routes) && host.replyBody === undefined) throw new TypeError(HOOKS_NOT_EXPORTED);
    const unknown = unknownDependency(dependencies, routes);
    if (unknown !== undefined) throw new TypeError(unknown);
    const { onInstance } = this.lifespan;
    const gate = onInstance.length > 0 ? new InstanceGate(onInstance) : undefined;
    const calls = lifespanCalls(this.lifespan, routes.length);
    const targets = [
      ...routes.map((route) => {
        const handler = handlerOf(route, dependencies);
        return { handler: gate?.handler(handler) ?? handler, status: route.options.status };
      }),
      ...calls.handlers.map((handler) => ({ handler, status: undefined })),
    ];
    const handler = { handle: shortening(handle(targets)) };
    serve(targets, handler.handle);
    const lists = (own: RouteHooks | undefined, exceptions: Definition["exceptions"]): HookLists => {
      const hooks = hooksWithExceptions(hookLists(own), exceptions);
      return gate?.hooks(hooks) ?? hooks;
    };
    return {
      definition: { describe: () => this.describe(routes, calls.setting) },
      handler,
      hooks: hookExports(
        lists(this.hooks, this.exceptions),
        routes.map(({ options, exceptions }) => lists(options.hooks, exceptions)),
      ),
    };
  }

  /** An app can be mounted as a router, unless it has options that only the outermost app can have. */
  protected override inherited(prefix: string): ReturnType<Router["inherited"]> {
    const { name, version, ...policies } = this.settings;
    const parts = Object.entries(this.lifespan).filter(([, list]) => list.length > 0);
    for (const part of [...Object.keys(policies), ...parts.map(([kind]) => kind)]) {
      if (!(part in APP_POLICIES || part === "config" || part in this.lifespan)) continue;
      throw new TypeError(`the app at \`${prefix}\` has \`${part}\`; set it on the app that mounts it`);
    }
    return { ...policies, hooks: this.hooks };
  }

  private hasHooks(routes: readonly Definition[]): boolean {
    return (
      Object.values(this.hooks).some((hooks) => hooks.length > 0) ||
      routes.some(({ options }) => options.hooks !== undefined)
    );
  }

  private describe(definitions: readonly Definition[], lifespan: LifespanSetting | undefined): Description {
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
        lifespan,
        config: this.configSchema,
      });
      return { name, version, settings, routes };
    } catch (error) {
      // Both engines accept a string as the error of `describe`.
      throw error instanceof Error ? error.message : String(error);
    }
  }
}

/** Returns the handler of a route, with its dependencies and exception handlers. */
function handlerOf(route: Definition, replacements: Dependencies | undefined): Handler {
  const { handler, dependencies = [], exceptions } = route;
  const levels = replaceDependencies(dependencies, replacements);
  return withExceptions(withDependencies(handler as Handler, levels), exceptions, 0);
}
