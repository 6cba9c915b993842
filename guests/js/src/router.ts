/**
 * Routers: routes with a common prefix, tags, policies and hooks, which an app or another router mounts.
 */
import { checkDependencies, type Dependencies, type ValuesOf } from "./dependencies.js";
import type { Definition } from "./describe.js";
import { addException, type ErrorClass, type ExceptionHandler, type Exceptions } from "./exceptions.js";
import { type BeforeHook, type ErrorHook, KINDS, type ResponseHook, type RouteHooks } from "./hooks.js";
import type { BodyOf, Handler, ParamsOf, RouteOptions } from "./options.js";
import type { Policies } from "./policies.js";
import { POLICIES } from "./settings.js";
import { describe } from "./text.js";

/** Adds a route of one method. */
export interface AddRoute<Prefix extends string = "", Self = unknown, Provided extends object = object> {
  /** Adds a route that declares only the parameters of its path. */
  <const P extends string>(
    path: P,
    handler: Handler<ParamsOf<`${Prefix}${P}`, Record<never, never>>, unknown, Provided>,
  ): Self;
  /** Adds a route with options. */
  <const P extends string, const O extends RouteOptions>(
    path: P,
    options: O,
    handler: Handler<ParamsOf<`${Prefix}${P}`, O>, BodyOf<O>, Provided>,
  ): Self;
}

/** The options of a router. A route's own policies replace those of the router; its tags and hooks come after them. */
export interface RouterOptions extends Policies {
  /** Tags of the routes in the OpenAPI document. */
  readonly tags?: readonly string[];
  /** Hooks of the routes. */
  readonly hooks?: RouteHooks;
}

const OPTIONS = new Set(["tags", "hooks", ...Object.keys(POLICIES)]);

/** What routes get from the routers around them. */
type Inherited = Readonly<Record<string, unknown>> & {
  readonly tags?: readonly string[];
  readonly hooks?: Readonly<Record<string, unknown>>;
};

interface Mount {
  readonly prefix: string;
  readonly router: Router<string>;
}

/** The routers around a router, and their dependencies and exception handlers. */
interface Scope {
  readonly routers: readonly Router<string>[];
  readonly dependencies: readonly Dependencies[];
  readonly exceptions: Exceptions;
}

const NO_SCOPE: Scope = { routers: [], dependencies: [], exceptions: new Map() };

/**
 * Routes that an app mounts under a prefix.
 *
 * ```js
 * const users = new Router({ tags: ["users"], jwt });
 * users.get("/{id}", ({ params }) => find(params.id));
 * app.route("/users", users);
 * ```
 *
 * If the prefix has parameters, name it as the type argument, so that `params` has their types:
 * `new Router<"/teams/{team:int}">()`.
 */
export class Router<Prefix extends string = "", Provided extends object = object> {
  private readonly entries: (Definition | Mount)[] = [];
  private readonly ownOptions: RouterOptions;
  private dependencies: Dependencies | undefined;
  protected readonly exceptions = new Map<object, ExceptionHandler<never>>();
  protected readonly hooks = {
    onRequest: [] as BeforeHook[],
    preValidation: [] as BeforeHook[],
    preHandler: [] as BeforeHook[],
    onResponse: [] as ResponseHook[],
    onError: [] as ErrorHook[],
  };

  constructor(options: RouterOptions = {}) {
    this.ownOptions = options;
  }

  /** Adds a GET route. It answers HEAD too. */
  readonly get: AddRoute<Prefix, this, Provided> = this.adder("get");
  /** Adds a POST route. */
  readonly post: AddRoute<Prefix, this, Provided> = this.adder("post");
  /** Adds a PUT route. */
  readonly put: AddRoute<Prefix, this, Provided> = this.adder("put");
  /** Adds a PATCH route. */
  readonly patch: AddRoute<Prefix, this, Provided> = this.adder("patch");
  /** Adds a DELETE route. */
  readonly delete: AddRoute<Prefix, this, Provided> = this.adder("delete");
  /** Adds a HEAD route, which replaces the HEAD reply of a GET route. */
  readonly head: AddRoute<Prefix, this, Provided> = this.adder("head");
  /** Adds an OPTIONS route. */
  readonly options: AddRoute<Prefix, this, Provided> = this.adder("options");

  /**
   * Mounts a router: adds its routes under a prefix, with its tags, policies and hooks. Routes that the router gets later are
   * included. A path `/` of the router is the prefix itself.
   */
  route(prefix: string, router: Router<string>): this {
    if (!(router instanceof Router))
      throw new TypeError(`the router at \`${String(prefix)}\` is ${describe(router)}; give a \`Router\``);
    if (typeof prefix !== "string" || !/^\/(?:.*[^/])?$/.test(prefix))
      throw new TypeError(`the prefix ${describe(prefix)} does not begin with \`/\`, or ends with one`);
    this.entries.push({ prefix: prefix === "/" ? "" : prefix, router });
    return this;
  }

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

  /**
   * Adds a hook that runs when the host rejects a request, or a handler or hook fails. One of the app also sees requests that
   * no route handles.
   */
  onError(hook: ErrorHook): this {
    return this.hook("onError", hook);
  }

  /**
   * Adds a handler for the errors of a class, which handlers, hooks and dependencies throw. The handler of the most
   * specific class replies.
   *
   * ```js
   * app.onException(OutOfStock, (error) => new Reply({ missing: error.item }, { status: 409 }));
   * ```
   */
  onException<E>(type: ErrorClass<E>, handler: ExceptionHandler<E>): this {
    addException(this.exceptions, type, handler);
    return this;
  }

  /**
   * Returns a router at the same path whose handlers get more members in their context: the values of functions that run
   * before the handler, at most once per request.
   *
   * ```js
   * const members = app.with({ user: ({ request }) => findUser(request.header("authorization")) });
   * members.get("/me", ({ user }) => user);
   * ```
   */
  with<D extends Dependencies<Provided>>(dependencies: D): Router<Prefix, Provided & ValuesOf<D>> {
    const inner = new Router<Prefix, Provided & ValuesOf<D>>();
    inner.dependencies = checkDependencies(dependencies);
    this.entries.push({ prefix: "", router: inner as unknown as Router<string> });
    return inner;
  }

  /** Returns the routes, with those of mounted routers. */
  protected definitions(prefix = "", outer: Inherited = {}, around: Scope = NO_SCOPE): Definition[] {
    const self = this as unknown as Router<string>;
    if (around.routers.includes(self))
      throw new TypeError(`the router at \`${prefix}\` contains itself; mount another one`);
    const inner = {
      routers: [...around.routers, self],
      dependencies: this.dependencies ? [...around.dependencies, this.dependencies] : around.dependencies,
      exceptions: new Map([...around.exceptions, ...this.exceptions]),
    };
    return this.entries.flatMap((entry) => {
      if ("router" in entry) {
        const { router } = entry;
        const at = prefix + entry.prefix;
        return router.definitions(at, merge(outer, router.inherited(at)), inner);
      }
      const path = prefix !== "" && entry.path === "/" ? prefix : prefix + entry.path;
      const options = merge(outer, entry.options as Inherited) as RouteOptions;
      const { dependencies, exceptions } = inner;
      return [{ ...entry, path, options, dependencies, exceptions }];
    });
  }

  /** Returns what the routes of this router get from it when it is mounted. */
  protected inherited(prefix: string): Inherited {
    for (const name of Object.keys(this.ownOptions)) {
      if (OPTIONS.has(name)) continue;
      throw new TypeError(
        `the router at \`${prefix}\` has no option \`${name}\`; the options are ${[...OPTIONS].join(", ")}`,
      );
    }
    return merge(this.ownOptions as Inherited, { hooks: this.hooks });
  }

  private hook(kind: keyof RouteHooks, hook: unknown): this {
    (this.hooks[kind] as unknown[]).push(hook);
    return this;
  }

  private adder(method: string): AddRoute<Prefix, this, Provided> {
    return (path: string, ...rest: unknown[]): this => {
      const [options, handler] = rest.length > 1 ? rest : [{}, rest[0]];
      this.entries.push({ method, path, options: options as RouteOptions, handler });
      return this;
    };
  }
}

/** Joins the options of a router with those inside of it: policies of `inner` replace others, tags and hooks come after. */
function merge(outer: Inherited, inner: Inherited): Inherited {
  const tags = [...(outer.tags ?? []), ...(inner.tags ?? [])];
  const hooks = mergeHooks(outer.hooks, inner.hooks);
  return {
    ...outer,
    ...inner,
    ...(tags.length === 0 ? {} : { tags }),
    ...(hooks === undefined ? {} : { hooks }),
  } as Inherited;
}

function mergeHooks(outer: Inherited["hooks"], inner: Inherited["hooks"]): Inherited["hooks"] {
  // A value that is no object is an error, which the description of the route reports.
  if (outer === undefined || typeof inner !== "object" || inner === null) return inner ?? outer;
  const merged: Record<string, unknown> = { ...outer, ...inner };
  for (const kind of Object.keys(KINDS)) {
    const list = [outer[kind] ?? [], inner[kind] ?? []].flat();
    if (list.length > 0) merged[kind] = list;
  }
  return merged;
}
