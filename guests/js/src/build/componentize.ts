/**
 * Builds a component from a bundle: with componentize-js, or as a snapshot of QuickJS.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { componentize as withStarlingMonkey } from "@bytecodealliance/componentize-js";
import { type Bundle, type EngineName, WORLD } from "./bundle.js";
import { snapshot } from "./snapshot.js";

const PACKAGE = new URL("../../", import.meta.url);
const WIT = fileURLToPath(new URL("wit", PACKAGE));
const WIZER = fileURLToPath(new URL("wizer.js", import.meta.url));
const QUICKJS = new URL("engines/quickjs/engine.wasm.br", PACKAGE);

/** Builds a component from a bundle, with the WIT package in `wit`. */
export async function componentize(bundle: Bundle, engine: EngineName, wit?: string): Promise<Uint8Array> {
  if (engine === "quickjs") {
    if (wit === undefined) return snapshot(quickJsEngine(), bundle);
    throw new Error("`--wit` has no effect on QuickJS, whose engine has its own WIT package: leave it out");
  }
  const package_ = wit ?? WIT;
  if (!existsSync(package_) || !statSync(package_).isDirectory()) {
    throw new Error(`no WIT folder \`${package_}\`: give the one that \`spikard-wasm wit -o DIR\` writes`);
  }
  const folder = mkdtempSync(join(tmpdir(), "spikard-wasm-"));
  try {
    return await starlingMonkey(bundle.code, package_, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function starlingMonkey(source: string, wit: string, folder: string): Promise<Uint8Array> {
  const sourcePath = join(folder, "app.js");
  writeFileSync(sourcePath, source);
  // componentize-js writes the bindings just before it runs wizer.
  const wizerBin = join(folder, "wizer");
  const quoted = [process.execPath, WIZER, await wizerPath()].map(
    (part) => `'${part.replaceAll("'", "'\\''")}'`,
  );
  writeFileSync(wizerBin, `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`, { mode: 0o700 });
  const { component } = await withStarlingMonkey({
    sourcePath,
    witPath: resolve(wit),
    worldName: WORLD,
    ...(process.platform === "win32" ? {} : { wizerBin }),
    // Keep clocks, random and stdio. Without them, time stands still, random numbers repeat, and an error during
    // module evaluation traps without a message.
    disableFeatures: ["http", "fetch-event"],
  });
  return component;
}

/** Returns the path of the wizer that componentize-js uses. */
async function wizerPath(): Promise<string> {
  const from = createRequire(fileURLToPath(import.meta.resolve("@bytecodealliance/componentize-js")));
  return (await import(pathToFileURL(from.resolve("@bytecodealliance/wizer")).href)).default;
}

/** Returns the component of the engine. */
function quickJsEngine(): Uint8Array {
  return brotliDecompressSync(readFileSync(QUICKJS));
}
