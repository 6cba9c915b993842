/**
 * Bundles the SDK for apps that the host builds without Node.js.
 *
 *   node scripts/sdk.mjs OUTPUT
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const [output] = process.argv.slice(2);
const ENTRY = "\0sdk";
const built = (file) => JSON.stringify(fileURLToPath(new URL(`../dist/${file}`, import.meta.url)));
const build = await rolldown({
  input: ENTRY,
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  platform: "browser",
  external: /^spikard:/,
  plugins: [
    {
      name: "sdk",
      resolveId: (id) => (id === ENTRY ? id : null),
      load: (id) =>
        id === ENTRY
          ? `import ${built("engine/quickjs.js")};\nimport ${built("engine/adopt.js")};\nexport * from ${built("index.js")};\n`
          : null,
    },
  ],
  resolve: { conditionNames: ["quickjs", "browser", "import", "default"] },
});
const bundle = await build.generate({
  format: "esm",
  codeSplitting: false,
  comments: false,
  // Names stay, for stacks.
  minify: { mangle: false, compress: false, codegen: { removeWhitespace: true } },
});
await build.close();
writeFileSync(output, bundle.output[0].code);
