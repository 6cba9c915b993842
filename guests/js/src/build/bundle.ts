/**
 * Bundles an app and its imports into a single module for an engine.
 */
import { realpathSync } from "node:fs";
import type { SourceMapPayload } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";
import { notAnApp } from "../not-an-app.js";
import { expressionsPlugin, propertiesIn, withoutComments } from "./expressions.js";
import { normalizationTables } from "./normalization.js";
import { readable } from "./report.js";
import { unresolvedPlugin } from "./unresolved.js";

/** The engines a component may run on. */
export const ENGINES = ["starlingmonkey", "quickjs"] as const;
export type EngineName = (typeof ENGINES)[number];

const ENTRY = "\0spikard-wasm-entry";
const UNICODE = "\0spikard-wasm-unicode";
/** The folder of the SDK's modules. */
const SDK = fileURLToPath(new URL("..", import.meta.url));
/** The module that makes a component of a fetch handler. */
const FETCH_APP = fileURLToPath(new URL("../fetch-app.js", import.meta.url));

/** Returns the path of the module with the polyfills and workarounds for an engine. */
function supportOf(engine: EngineName | "normalize" | "properties"): string {
  return fileURLToPath(new URL(`../engine/${engine}.js`, import.meta.url));
}

/** The exports that the world needs of an app without hooks, which the host never calls. */
const NO_HOOKS = `const none = () => undefined;
export const hooks = { onRequest: none, preValidation: none, preHandler: none, onResponse: none, onError: none };
`;

/** How to generate a bundle. */
interface Shape {
  readonly engine: EngineName;
  /** Whether the app exports `hooks`. */
  readonly hooks: boolean;
  /** Whether the app is a fetch handler. */
  readonly isFetchHandler: boolean;
  /** The module with Unicode polyfills. */
  readonly unicode: string;
}

/** Returns a plugin for the bundle's entry, which imports the engine's polyfills before the app. */
function entryPlugin(app: string, { engine, hooks, isFetchHandler, unicode }: Shape): Plugin {
  const [support, adds] = [supportOf(engine), UNICODE].map((id) => `import ${JSON.stringify(id)};\n`);
  // QuickJS has the export `resumable` itself.
  const resumable = `export { resumable } from ${JSON.stringify(supportOf(engine))};\n`;
  const more = engine === "starlingmonkey" ? resumable + (hooks ? "" : NO_HOOKS) : "";
  const main = isFetchHandler
    ? `import { fetchComponent } from ${JSON.stringify(FETCH_APP)};
import * as app from ${JSON.stringify(app)};
export const { definition, handler, hooks } = fetchComponent(app, ${JSON.stringify(basename(app))});
`
    : `export * from ${JSON.stringify(app)};\n`;
  const modules = new Map([
    [ENTRY, `${support}${adds}${main}${more}`],
    [UNICODE, unicode],
  ]);
  return {
    name: "spikard-wasm-entry",
    resolveId: (id) => (modules.has(id) ? id : null),
    load: (id) => modules.get(id) ?? null,
  };
}

/** Returns the module with the Unicode polyfills that a bundle needs on StarlingMonkey. */
function unicodeFor(bundled: string): string {
  const code = withoutComments(bundled);
  const call = (name: string, module: "normalize" | "properties", argument: object): string =>
    `import { ${name} } from ${JSON.stringify(supportOf(module))};\n${name}(${JSON.stringify(argument)});\n`;
  const properties = propertiesIn(code);
  return (
    (/\bnormalize\b/.test(code) ? call("installNormalize", "normalize", normalizationTables()) : "") +
    (properties === undefined ? "" : call("installProperties", "properties", properties))
  );
}

/** The WIT world of components. */
export const WORLD = "http-service";

/** A bundled module. */
export interface Bundle {
  readonly code: string;
  /** The source map of the code (https://tc39.es/ecma426/). */
  readonly map: SourceMapPayload;
}

/** The interface that only hooks need. The SDK uses its export `body`, which is `undefined` if the app exports no hooks. */
const REPLY = "spikard:handler/reply@0.1.0";

/** Replaces that interface in an app without hooks. */
const noReplyPlugin: Plugin = {
  name: "spikard-wasm-no-reply",
  resolveId: (id) => (id === REPLY ? `\0${id}` : null),
  load: (id) => (id === `\0${REPLY}` ? "export const body = undefined;\n" : null),
};

/** Bundles the app whose main module is `app`. Throws if an import cannot be resolved. */
export async function bundle(app: string, engine: EngineName): Promise<Bundle> {
  let shape: Shape = { engine, hooks: true, isFetchHandler: false, unicode: "" };
  let last = await generate(app, shape);
  if (!last.exports.includes("definition") && !last.exports.includes("handler")) {
    if (!last.mayFetch) throw new Error(notAnApp(basename(app)));
    shape = { ...shape, isFetchHandler: true };
    last = await generate(app, shape);
  }
  for (const name of ["definition", "handler"]) {
    if (last.exports.includes(name)) continue;
    throw new Error(
      `\`${basename(app)}\` does not export \`${name}\`: ` +
        "end it with `export const { definition, handler, hooks } = app.component();`",
    );
  }
  // Only the first run shows whether the app exports `hooks`, and which polyfills it needs.
  const hooks = last.exports.includes("hooks");
  const unicode = engine === "starlingmonkey" ? unicodeFor(last.code) : "";
  if (!hooks || unicode !== "") last = await generate(app, { ...shape, hooks, unicode });
  const { code, map } = last;
  return { code, map };
}

async function generate(app: string, shape: Shape) {
  const { engine, hooks } = shape;
  const problems = new Set<string>();
  /** Whether the app has a default export or adds a listener, one of which every fetch handler does. */
  let mayFetch = false;
  const main = realpathSync(app);
  // The host's interfaces only exist in the component.
  const external = (id: string) => /^(spikard|wasi):/.test(id) && (hooks || id !== REPLY);
  const build = await rolldown({
    input: ENTRY,
    cwd: dirname(app),
    // Like components, browsers do not have the modules of Node.js.
    platform: "browser",
    tsconfig: true,
    external,
    plugins: [
      entryPlugin(app, shape),
      {
        name: "spikard-wasm-fetch",
        moduleParsed: ({ id, code, exports }) => {
          mayFetch ||= id === main && exports.includes("default");
          mayFetch ||= !id.startsWith(SDK) && /\baddEventListener\b/.test(code ?? "");
        },
      },
      noReplyPlugin,
      unresolvedPlugin(problems, external),
      engine === "starlingmonkey" && expressionsPlugin,
    ],
    resolve: { conditionNames: [engine, "browser", "import", "default"] },
  });
  try {
    const { output } = await build.generate({
      format: "esm",
      codeSplitting: false,
      // Dead code elimination would remove the exports after a `throw`.
      minify: false,
      sourcemap: "hidden",
      sourcemapPathTransform: (source, map) => resolve(dirname(map), source),
    });
    if (problems.size > 0) throw new Error([...problems].join("\n"));
    const { code, map, exports } = output[0];
    return { code, exports, mayFetch, map: JSON.parse(String(map)) as SourceMapPayload };
  } catch (error) {
    throw readable(error, dirname(app));
  } finally {
    await build.close();
  }
}
