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

/** Bundles the app whose main module is `app`. What it cannot resolve is an error. */
export async function bundle(app: string, engine: EngineName): Promise<string> {
  const build = await rolldown({
    input: ENTRY,
    cwd: dirname(app),
    platform: "neutral",
    tsconfig: true,
    // The host's interfaces exist in the component only.
    external: [/^spikard:/, /^wasi:/],
    plugins: [entryPlugin(app, engine)],
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
    const [chunk] = output;
    for (const name of ["definition", "handler"]) {
      if (chunk.exports.includes(name)) continue;
      throw new Error(
        `\`${basename(app)}\` does not export \`${name}\`: ` +
          "end it with `export const { definition, handler } = app.component();`",
      );
    }
    return chunk.code;
  } finally {
    await build.close();
  }
}
