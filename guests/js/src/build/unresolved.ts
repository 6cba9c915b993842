/**
 * Explains imports that cannot be resolved.
 */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { relative } from "node:path";
import type { Plugin } from "rolldown";

/** Replacements for modules of Node.js. */
const INSTEAD: Record<string, string> = {
  assert: "throw an `HttpError` or an `Error`",
  buffer: "use `Uint8Array`, `TextEncoder` and `atob`, or the npm package `buffer`",
  crypto: "use the global `crypto`",
  events: "use `EventTarget`, or the npm package `events`",
  path: "use the npm package `pathe`",
  perf_hooks: "use the global `performance`",
  punycode: "use the npm package `punycode`",
  querystring: "use `URLSearchParams`",
  stream: "use `ReadableStream`",
  "stream/web": "use the global `ReadableStream`",
  string_decoder: "use `TextDecoder`",
  timers: "use the global `setTimeout`",
  "timers/promises": "use the global `setTimeout` in a `Promise`",
  url: "use the global `URL`",
  util: "use `TextEncoder`, `structuredClone` or `console`, or the npm package `util`",
};

/** Returns where a file imports a module, such as `src/app.js:3`. */
function place(importer: string | undefined, id: string): string {
  if (importer === undefined) return "the app";
  const file = relative(process.cwd(), importer);
  try {
    const lines = readFileSync(importer, "utf8").split("\n");
    const line = lines.findIndex((text) => text.includes(`"${id}"`) || text.includes(`'${id}'`));
    return line < 0 ? file : `${file}:${line + 1}`;
  } catch {
    return file;
  }
}

function explain(id: string, importer: string | undefined): string {
  const where = place(importer, id);
  const name = id.replace(/^node:/, "");
  if (builtinModules.includes(name)) {
    const instead = INSTEAD[name] ?? "a component has no files, sockets or processes";
    return `${where}: cannot import \`${id}\`, a module of Node.js that is not available in a component: ${instead}`;
  }
  const remedy = /^[./]/.test(id) ? "check the path" : "install the package with npm";
  return `${where}: cannot resolve \`${id}\`: ${remedy}`;
}

/** Returns a plugin that adds a sentence to `problems` for each import that cannot be resolved. */
export function unresolvedPlugin(problems: Set<string>, isExternal: (id: string) => boolean): Plugin {
  return {
    name: "spikard-wasm-unresolved",
    async resolveId(id, importer, options) {
      if (isExternal(id)) return null;
      const found = id.startsWith("node:")
        ? null
        : await this.resolve(id, importer, { ...options, skipSelf: true });
      if (found !== null && !found.external) return found;
      problems.add(explain(id, importer));
      return { id, external: true };
    },
  };
}
