/**
 * Dependencies: values that a request needs, such as its user, which functions compute before the handler runs.
 *
 * `router.with({ user: findUser })` returns a router whose handlers get `user` in their context. Each function runs at
 * most once per request. A generator yields the value, and continues after the handler to clean up.
 */
import type { Context } from "./context.js";
import type { Handler } from "./options.js";
import { describe } from "./text.js";

/**
 * Computes a value of a request. It can be async, throw an `HttpError`, or be a generator that yields the value once. The
 * context has the dependencies of outer routers.
 */
export type Dependency<Provided extends object = object> = (context: Context & Provided) => unknown;

/** Dependencies by the name that the context gives them. */
export interface Dependencies<Provided extends object = object> {
  readonly [name: string]: Dependency<Provided>;
}

type ValueOf<R> =
  R extends AsyncGenerator<infer T> ? T : R extends Generator<infer T> ? Awaited<T> : Awaited<R>;

/** The values of dependencies. */
export type ValuesOf<D> = {
  readonly [N in keyof D]: D[N] extends (...values: never[]) => infer R ? ValueOf<R> : never;
};

/** The members of a context, whose names a dependency cannot have. */
const RESERVED = new Set(["params", "body", "request", "local", "globals"]);

/** Returns dependencies, or throws a `TypeError` if they are invalid. */
export function checkDependencies(dependencies: unknown): Dependencies {
  if (typeof dependencies !== "object" || dependencies === null)
    throw new TypeError(`the dependencies are ${describe(dependencies)}; give an object of functions`);
  for (const [name, run] of Object.entries(dependencies)) {
    if (RESERVED.has(name))
      throw new TypeError(
        `a dependency has the name \`${name}\`, which every context has; choose another one`,
      );
    if (typeof run !== "function")
      throw new TypeError(`the dependency \`${name}\` is ${describe(run)}; give a function`);
  }
  return dependencies as Dependencies;
}

/** Returns the dependencies of all levels, with the replacements of a test. */
export function replaceDependencies(
  levels: readonly Dependencies[],
  replacements: Dependencies | undefined,
): readonly Dependencies[] {
  if (replacements === undefined) return levels;
  return levels.map((level) =>
    Object.fromEntries(
      Object.entries(level).map(([name, run]) => [
        name,
        Object.hasOwn(replacements, name) ? (replacements[name] as Dependency) : run,
      ]),
    ),
  );
}

/** Returns an error if a test replaces a dependency that no route has. */
export function unknownDependency(
  replacements: Dependencies | undefined,
  routes: readonly { readonly dependencies?: readonly Dependencies[] }[],
): string | undefined {
  const names = new Set(routes.flatMap(({ dependencies = [] }) => dependencies.flatMap(Object.keys)));
  const unknown = Object.keys(replacements ?? {}).find((name) => !names.has(name));
  if (unknown === undefined) return undefined;
  const known = names.size === 0 ? "it has none" : `its dependencies are ${[...names].join(", ")}`;
  return `the app has no dependency \`${unknown}\`; ${known}`;
}

/** Returns a handler that runs after its dependencies: one level after the other, those of a level at the same time. */
export function withDependencies(handler: Handler, levels: readonly Dependencies[]): Handler {
  if (levels.length === 0) return handler;
  return async (context) => {
    const scope = new Resolution(context as Context);
    let value: unknown;
    try {
      for (const level of levels) await scope.provide(level);
      value = await handler(context);
    } catch (error) {
      await scope.fail(error);
      throw error;
    }
    await scope.end();
    return value;
  };
}

type AnyGenerator = AsyncGenerator<unknown> | Generator<unknown>;

function isGenerator(value: unknown): value is AnyGenerator {
  return /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}

/** The dependencies of a request. */
class Resolution {
  private readonly context: Context;
  /** The values by function: a function can have several names. */
  private readonly values = new Map<Dependency, Promise<unknown>>();
  private readonly generators: { readonly name: string; readonly generator: AnyGenerator }[] = [];

  constructor(context: Context) {
    this.context = context;
  }

  /** Adds the values of a level to the context. Throws the first error, after all functions have ended. */
  async provide(level: Dependencies): Promise<void> {
    const names = Object.keys(level);
    const results = await Promise.allSettled(
      names.map((name) => this.resolve(name, level[name] as Dependency)),
    );
    for (const [at, result] of results.entries()) {
      if (result.status === "rejected") throw result.reason;
      Object.assign(this.context, { [names[at] as string]: result.value });
    }
  }

  private resolve(name: string, run: Dependency): Promise<unknown> {
    const known = this.values.get(run);
    if (known !== undefined) return known;
    const value = this.compute(name, run);
    this.values.set(run, value);
    return value;
  }

  private async compute(name: string, run: Dependency): Promise<unknown> {
    const value = run(this.context);
    if (!isGenerator(value)) return value;
    const { done, value: yielded } = await value.next();
    if (done)
      throw new TypeError(`the dependency \`${name}\` is a generator that yields nothing; yield its value`);
    this.generators.push({ name, generator: value });
    return yielded;
  }

  /** Continues the generators in reverse order. */
  async end(): Promise<void> {
    for (let last = this.generators.pop(); last !== undefined; last = this.generators.pop()) {
      const { name, generator } = last;
      try {
        if ((await generator.next()).done) continue;
        await generator.return(undefined);
        throw new TypeError(`the dependency \`${name}\` yields twice; yield its value once`);
      } catch (error) {
        await this.fail(error);
        throw error;
      }
    }
  }

  /** Throws an error into the generators in reverse order. An error of one replaces the others. */
  async fail(error: unknown): Promise<void> {
    let current = error;
    for (let last = this.generators.pop(); last !== undefined; last = this.generators.pop()) {
      try {
        if (!(await last.generator.throw(current)).done) await last.generator.return(undefined);
      } catch (thrown) {
        current = thrown;
      }
    }
    if (current !== error) throw current;
  }
}
