/**
 * The command `spikard-wasm-js`, which builds a component or a bundle from an app.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle, ENGINES, type EngineName, WORLD } from "./bundle.js";
import { componentize } from "./componentize.js";

const USAGE = `usage: spikard-wasm-js build [APP] [--engine starlingmonkey|quickjs] [--wit DIR] [-o FILE]
       spikard-wasm-js bundle [APP] [--engine starlingmonkey|quickjs] [-o FILE]

build    Build a component from an app
bundle   Bundle an app into a single JavaScript module

APP is the app's main module, or a folder with a package.json whose "main" names that module. Without
"main", the module is src/app.ts or src/app.js. [default: the current folder]

  -e, --engine NAME   JavaScript engine: starlingmonkey or quickjs [default: starlingmonkey]
  -w, --wit DIR       WIT package to build against [default: the one in @spikard/wasm]
  -o, --output FILE   Output file [default: app.wasm or app.bundle.js]
  -h, --help          Print this help`;

/** An error in the command line or the project. */
class UsageError extends Error {}

/** Runs the command and returns its exit code: 2 for a usage error, 1 for a failure. */
export async function main(args: string[]): Promise<number> {
  try {
    await run(args);
    return 0;
  } catch (error) {
    const usage =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    return usage ? 2 : 1;
  }
}

async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: "string", short: "e", default: "starlingmonkey" },
      wit: { type: "string", short: "w" },
      output: { type: "string", short: "o" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [command, app = ".", extra] = positionals;
  if (command !== "build" && command !== "bundle") {
    throw new UsageError(
      command === undefined ? USAGE : `unknown command \`${command}\`: use build or bundle`,
    );
  }
  if (extra !== undefined) throw new UsageError(`unexpected argument \`${extra}\`: give one app`);
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) {
    throw new UsageError(`unknown engine \`${values.engine}\`: use ${ENGINES.join(" or ")}`);
  }
  const entry = findEntry(app);
  checkManifests(dirname(entry));
  if (command === "bundle") await writeBundle(entry, engine, values.output ?? "app.bundle.js");
  else await writeComponent(entry, engine, values.wit, values.output ?? "app.wasm");
}

async function writeBundle(entry: string, engine: EngineName, output: string): Promise<void> {
  const { code } = await bundle(entry, engine);
  await writeFile(output, code);
  console.log(`wrote ${output} (for the world ${WORLD})`);
}

async function writeComponent(
  entry: string,
  engine: EngineName,
  wit: string | undefined,
  output: string,
): Promise<void> {
  const component = await componentize(await bundle(entry, engine), engine, wit);
  await writeFile(output, component);
  console.log(`wrote ${output} (${engine}, ${(component.length / 1e6).toFixed(1)} MB)`);
}

/** Reads a package.json. */
function readManifest(path: string): { main?: unknown } {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof manifest === "object" && manifest !== null) return manifest;
  } catch (error) {
    throw new UsageError(`\`${path}\` is not valid JSON: ${(error as Error).message}`);
  }
  throw new UsageError(`\`${path}\` is not a JSON object`);
}

/** Checks the package.json that the bundler reads for the modules of a folder. The bundler ignores an unreadable one. */
function checkManifests(folder: string): void {
  const manifest = join(folder, "package.json");
  if (existsSync(manifest)) readManifest(relative(process.cwd(), manifest));
  else if (dirname(folder) !== folder) checkManifests(dirname(folder));
}

/** Returns the path of an app's main module. */
function findEntry(app: string): string {
  if (!existsSync(app))
    throw new UsageError(`no file or folder \`${app}\`: give the app's main module or its folder`);
  if (!statSync(app).isDirectory()) return resolve(app);
  const manifest = join(app, "package.json");
  const main = existsSync(manifest) ? readManifest(manifest).main : undefined;
  const candidates = typeof main === "string" ? [main] : ["src/app.ts", "src/app.js"];
  const entry = candidates.map((file) => resolve(app, file)).find((file) => existsSync(file));
  if (entry !== undefined) return entry;
  throw new UsageError(
    `no ${candidates.join(" or ")} in \`${app}\`: name the app's module in "main" of package.json`,
  );
}
