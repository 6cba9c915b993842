/**
 * Builds a component from an app for QuickJS: runs the engine until it has loaded the app, and stores its memory as
 * the initial memory of the component.
 */
import { SourceMap } from "node:module";
import { relative } from "node:path";
import { Worker } from "node:worker_threads";
import type { Bundle } from "./bundle.js";
import { imports } from "./imports.js";
import { concat, leb, readLeb, type Section, sections, signedLeb, withSections } from "./wasm.js";

/** The part of Node's `WebAssembly` that this file uses. Only the type library of browsers declares it. */
interface WebAssembly {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly;

/** Ids of sections. */
const CORE_MODULE = 1;
const MEMORY = 5;
const GLOBAL = 6;
const DATA = 11;
const DATA_COUNT = 12;

const PAGE = 65536;
/** Maximum number of consecutive zero bytes in a data segment; a new segment costs about as many bytes. */
const GAP = 16;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  cabi_realloc(old: number, oldSize: number, align: number, size: number): number;
  engine_allocate(size: number): number;
  engine_load(source: number, size: number): number;
}

/** Stack size of the thread that loads an app, in MB. QuickJS reaches its own limit first and throws an error. */
const STACK_MB = 16;
/** How long an app may take to load, in seconds. */
const LIMIT = 60;

/** Returns the component of an app. `engine` is the component of the engine. */
export async function snapshot(
  engine: Uint8Array,
  bundle: Pick<Bundle, "code" | "map">,
): Promise<Uint8Array> {
  const worker = new Worker(new URL("./snapshot-worker.js", import.meta.url), {
    workerData: { engine, bundle },
    execArgv: [],
    resourceLimits: { stackSizeMb: STACK_MB },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      worker.on("message", ({ component, error }) =>
        error === undefined ? resolve(component) : reject(new Error(error)),
      );
      worker.on("error", reject);
      timer = setTimeout(() => {
        reject(
          new Error(
            `the app did not load within ${LIMIT} s: its top level does not end; move the work into a handler`,
          ),
        );
      }, LIMIT * 1000);
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** Same as `snapshot`, in this thread. */
export function snapshotHere(engine: Uint8Array, bundle: Pick<Bundle, "code" | "map">): Uint8Array {
  const parts = sections(engine);
  const index = parts.findIndex(({ id }) => id === CORE_MODULE);
  const module = (parts[index] as Section).content;
  const memory = load(module, bundle);
  return withSections(
    engine,
    parts.map((part, at) => (at === index ? { id: CORE_MODULE, content: withMemory(module, memory) } : part)),
  );
}

/** Runs the engine until it has loaded the app, and returns its memory. */
function load(module: Uint8Array, { code, map }: Pick<Bundle, "code" | "map">): Uint8Array {
  let exports: Exports | undefined;
  exports = new Instance(
    new Module(module),
    imports(() => exports as Exports),
  ).exports as Exports;
  const text = new TextEncoder().encode(code);
  const start = exports.engine_allocate(text.length);
  new Uint8Array(exports.memory.buffer, start, text.length).set(text);
  const message = exports.engine_load(start, text.length);
  const memory = new Uint8Array(exports.memory.buffer);
  if (message === 0) return memory;
  throw new Error(
    mapped(new TextDecoder().decode(memory.subarray(message, memory.indexOf(0, message))), map),
  );
}

/** Replaces positions in the bundle with positions in the app's files, and removes the frames of the engine. */
function mapped(message: string, map: Bundle["map"]): string {
  const sources = new SourceMap(map);
  return message
    .split("\n")
    .filter((line) => !/^ +at .*\((?:native|prelude\.js.*)\)$/.test(line))
    .map((line) =>
      line.replace(/\bapp\.js:(\d+):(\d+)/g, (position, row: string, column: string) => {
        const entry = sources.findEntry(Number(row) - 1, Number(column) - 1);
        if (!("originalSource" in entry)) return position;
        const { originalSource, originalLine, originalColumn } = entry;
        return `${relative(process.cwd(), originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
      }),
    )
    .join("\n")
    .trimEnd();
}

/** Returns a module with another initial memory. */
function withMemory(module: Uint8Array, memory: Uint8Array): Uint8Array {
  const list = sections(module);
  const globals = list.find(({ id }) => id === GLOBAL) as Section;
  // The first global is the stack pointer. Below it is the stack, which nothing uses between calls.
  const stack = readLeb(globals.content, readLeb(globals.content, 0).end + 3).value;
  memory.fill(0, 0, stack);
  const data: Section = { id: DATA, content: segments(memory) };
  return withSections(
    module,
    list
      .filter(({ id }) => id !== DATA_COUNT)
      .map((section) => {
        if (section.id === DATA) return data;
        if (section.id !== MEMORY) return section;
        return { id: MEMORY, content: Uint8Array.from([1, 0, ...leb(memory.length / PAGE)]) };
      }),
  );
}

/** Returns the data section of a memory. */
function segments(memory: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let count = 0;
  for (let at = 0; at < memory.length; ) {
    while (at < memory.length && memory[at] === 0) at++;
    const start = at;
    let end = at;
    for (; at < memory.length && at - end < GAP; at++) if (memory[at] !== 0) end = at + 1;
    if (start === end) break;
    // An active segment: `i32.const start`, `end`, and the bytes.
    parts.push(
      Uint8Array.from([0, 0x41, ...signedLeb(start), 0x0b, ...leb(end - start)]),
      memory.subarray(start, end),
    );
    count++;
  }
  return concat([Uint8Array.from(leb(count)), ...parts]);
}
