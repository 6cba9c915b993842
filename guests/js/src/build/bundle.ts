/**
 * Bundles an app and its imports into a single module for an engine.
 */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";

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
  const { code, exports } = await generate(app, engine, true);
  for (const name of ["definition", "handler"]) {
    if (exports.includes(name)) continue;
    throw new Error(
      `\`${basename(app)}\` does not export \`${name}\`: ` +
        "end it with `export const { definition, handler, hooks } = app.component();`",
    );
  }
  if (exports.includes("hooks")) return { code, world: "http-app-with-hooks" };
  // The module's exports are only known after the first run.
  return { code: (await generate(app, engine, false)).code, world: "http-app" };
}

async function generate(app: string, engine: EngineName, hooks: boolean) {
  const build = await rolldown({
    input: ENTRY,
    cwd: dirname(app),
    platform: "neutral",
    tsconfig: true,
    // The host's interfaces only exist in the component.
    external: (id) => /^(spikard|wasi):/.test(id) && (hooks || id !== REPLY),
    plugins: [entryPlugin(app, engine), noReplyPlugin],
    resolve: { mainFields: ["module", "main"], conditionNames: [engine, "import", "default"] },
    // QuickJS cannot run native promises here (engine/promise.ts), so async functions become generators.
    ...(engine === "quickjs" ? { transform: { target: "es2016" } } : {}),
    onLog(level, log, handle) {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      // QuickJS supports the syntax that cannot be lowered, such as BigInt literals.
      if (log.code !== "TOLERATED_TRANSFORM") handle(level, log);
    },
  });
  try {
    const { output } = await build.generate({ format: "esm", codeSplitting: false });
    return output[0];
  } finally {
    await build.close();
  }
}
