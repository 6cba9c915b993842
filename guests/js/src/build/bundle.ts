/**
 * Bundles an app and what it imports into the one module that an engine takes.
 */
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, rolldown } from "rolldown";

/** The engines a component may run on. */
export const ENGINES = ["starlingmonkey", "quickjs"] as const;
export type EngineName = (typeof ENGINES)[number];

const ENTRY = "\0spikard-wasm-entry";

/** What an engine lacks. */
function supportOf(engine: EngineName): string {
  return fileURLToPath(new URL(`../engine/${engine}.js`, import.meta.url));
}

/** The bundle's entry: what the engine lacks comes before anything of the app. */
function entryPlugin(app: string, engine: EngineName): Plugin {
  const source = `import ${JSON.stringify(supportOf(engine))};\nexport * from ${JSON.stringify(app)};\n`;
  return {
    name: "spikard-wasm-entry",
    resolveId: (id) => (id === ENTRY ? id : null),
    load: (id) => (id === ENTRY ? source : null),
  };
}

/** The worlds a component may be made for: with hooks, where the app's main module exports them. */
export const WORLDS = ["http-app", "http-app-with-hooks"] as const;
export type World = (typeof WORLDS)[number];

/** A module that an engine takes, and the world it is of. */
export interface Bundle {
  readonly code: string;
  readonly world: World;
}

/** The interface that only the world with hooks has; the SDK sees by `body` whether it is there. */
const REPLY = "spikard:handler/reply@0.1.0";

/** What stands for that interface in the world without it. */
const noReplyPlugin: Plugin = {
  name: "spikard-wasm-no-reply",
  resolveId: (id) => (id === REPLY ? `\0${id}` : null),
  load: (id) => (id === `\0${REPLY}` ? "export const body = undefined;\n" : null),
};

/** Bundles the app whose main module is `app`. What it cannot resolve is an error. */
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
  // What the module exports is known only now.
  return { code: (await generate(app, engine, false)).code, world: "http-app" };
}

async function generate(app: string, engine: EngineName, hooks: boolean) {
  const build = await rolldown({
    input: ENTRY,
    cwd: dirname(app),
    platform: "neutral",
    tsconfig: true,
    // The host's interfaces exist in the component only.
    external: (id) => /^(spikard|wasi):/.test(id) && (hooks || id !== REPLY),
    plugins: [entryPlugin(app, engine), noReplyPlugin],
    resolve: { mainFields: ["module", "main"], conditionNames: [engine, "import", "default"] },
    // QuickJS cannot run its own promises here (engine/promise.ts): async functions become generators.
    ...(engine === "quickjs" ? { transform: { target: "es2016" } } : {}),
    onLog(level, log, handle) {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      // QuickJS has the syntax that cannot be lowered, such as literals of big integers.
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
