/**
 * Builds a component from a bundle with the tool of each engine.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { componentize as withStarlingMonkey } from "@bytecodealliance/componentize-js";
import { componentize as withQuickJs } from "componentize-qjs";
import type { Bundle, EngineName, World } from "./bundle.js";

const PACKAGE = new URL("../../", import.meta.url);
const WIT = fileURLToPath(new URL("wit", PACKAGE));
const QUICKJS_WIT = fileURLToPath(new URL("wit-quickjs", PACKAGE));

/** Builds a component from a bundle, for its world of the WIT package in `wit`. */
export async function componentize(
  { code, world }: Bundle,
  engine: EngineName,
  wit = WIT,
): Promise<Uint8Array> {
  if (!existsSync(wit) || !statSync(wit).isDirectory()) {
    throw new Error(`no WIT folder \`${wit}\`: give the one that \`spikard-wasm wit -o DIR\` writes`);
  }
  const folder = mkdtempSync(join(tmpdir(), "spikard-wasm-"));
  try {
    return await (engine === "quickjs" ? quickJs : starlingMonkey)(code, world, wit, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function starlingMonkey(
  source: string,
  world: World,
  wit: string,
  folder: string,
): Promise<Uint8Array> {
  const sourcePath = join(folder, "app.js");
  writeFileSync(sourcePath, source);
  const { component } = await withStarlingMonkey({
    sourcePath,
    witPath: resolve(wit),
    worldName: world,
    // Keep clocks, random and stdio. Without them, time stands still, random numbers repeat, and an error during
    // module evaluation traps without a message.
    disableFeatures: ["http", "fetch-event"],
  });
  return component;
}

async function quickJs(source: string, world: World, wit: string, folder: string): Promise<Uint8Array> {
  // Add the worlds for QuickJS to the WIT package.
  cpSync(wit, folder, { recursive: true });
  cpSync(QUICKJS_WIT, folder, { recursive: true });
  const { component } = await withQuickJs({
    witPath: folder,
    world: `${world}-quickjs`,
    jsSource: source,
    sync: true,
  });
  return component;
}
