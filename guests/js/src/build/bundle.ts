/**
 * Bundles an app and its imports into a single module for an engine.
 */
import type { SourceMapPayload } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";
import { readable } from "./report.js";
import { unresolvedPlugin } from "./unresolved.js";

/** The engines a component may run on. */
export const ENGINES = ["starlingmonkey", "quickjs"] as const;
export type EngineName = (typeof ENGINES)[number];

const ENTRY = "\0spikard-wasm-entry";

/** Returns the path of the module with the polyfills and workarounds for an engine. */
function supportOf(engine: EngineName): string {
  return fileURLToPath(new URL(`../engine/${engine}.js`, import.meta.url));
}

/** Returns a plugin for the bundle's entry, which imports the engine's module before the app. */
function entryPlugin(app: string, engine: EngineName): Plugin {
  const source = `import ${JSON.stringify(supportOf(engine))};\nexport * from ${JSON.stringify(app)};\n`;
  return {
    name: "spikard-wasm-entry",
    resolveId: (id) => (id === ENTRY ? id : null),
    load: (id) => (id === ENTRY ? source : null),
  };
}

/** The WIT worlds of components. An app whose main module exports `hooks` uses the one with hooks. */
export const WORLDS = ["http-app", "http-app-with-hooks"] as const;
export type World = (typeof WORLDS)[number];

/** A bundled module and its WIT world. */
export interface Bundle {
  readonly code: string;
  readonly world: World;
  /** The source map of the code (https://tc39.es/ecma426/). */
  readonly map: SourceMapPayload;
}

/** The interface that only the world with hooks has. The SDK checks for it with its export `body`. */
const REPLY = "spikard:handler/reply@0.1.0";

/** Replaces that interface in the world that does not have it. */
const noReplyPlugin: Plugin = {
  name: "spikard-wasm-no-reply",
  resolveId: (id) => (id === REPLY ? `\0${id}` : null),
  load: (id) => (id === `\0${REPLY}` ? "export const body = undefined;\n" : null),
};

/** Bundles the app whose main module is `app`. Throws if an import cannot be resolved. */
export async function bundle(app: string, engine: EngineName): Promise<Bundle> {
  const { code, map, exports } = await generate(app, engine, true);
  for (const name of ["definition", "handler"]) {
    if (exports.includes(name)) continue;
    throw new Error(
      `\`${basename(app)}\` does not export \`${name}\`: ` +
        "end it with `export const { definition, handler, hooks } = app.component();`",
    );
  }
  if (exports.includes("hooks")) return { code, map, world: "http-app-with-hooks" };
  // The module's exports are only known after the first run.
  const without = await generate(app, engine, false);
  return { code: without.code, map: without.map, world: "http-app" };
}

async function generate(app: string, engine: EngineName, hooks: boolean) {
  const problems = new Set<string>();
  // The host's interfaces only exist in the component.
  const external = (id: string) => /^(spikard|wasi):/.test(id) && (hooks || id !== REPLY);
  const build = await rolldown({
    input: ENTRY,
    cwd: dirname(app),
    // Packages for browsers do not use modules of Node.js either.
    platform: "browser",
    tsconfig: true,
    external,
    plugins: [entryPlugin(app, engine), noReplyPlugin, unresolvedPlugin(problems, external)],
    resolve: { conditionNames: [engine, "browser", "import", "default"] },
  });
  try {
    const { output } = await build.generate({
      format: "esm",
      codeSplitting: false,
      // Without the removal of dead code, which would remove the exports after a `throw`.
      minify: false,
      sourcemap: "hidden",
      sourcemapPathTransform: (source, map) => resolve(dirname(map), source),
    });
    if (problems.size > 0) throw new Error([...problems].join("\n"));
    const { code, map, exports } = output[0];
    return { code, exports, map: JSON.parse(String(map)) as SourceMapPayload };
  } catch (error) {
    throw readable(error, dirname(app));
  } finally {
    await build.close();
  }
}
