/**
 * Makes a component of the engine's module, and compresses it.
 *
 *   node component.mjs MODULE OUTPUT
 */
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { componentNew } from "@bytecodealliance/jco";

const [module, output] = process.argv.slice(2);
const component = await componentNew(readFileSync(module), []);
const compressed = brotliCompressSync(component, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: component.length,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
  },
});
writeFileSync(output, compressed);
