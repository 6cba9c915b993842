/**
 * Bundles the prelude and the streams into a module each, for the engine's build script.
 *
 *   node bundle.mjs FOLDER
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("pass the folder for the output: node bundle.mjs FOLDER");

for (const [input, output] of [
  ["index.ts", "prelude.js"],
  ["streams.ts", "streams.js"],
]) {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(input, import.meta.url)),
    external: /^spikard:/,
    platform: "neutral",
    resolve: { mainFields: ["module", "main"] },
  });
  await bundle.write({ file: join(folder, output), format: "esm", minify: true });
}
