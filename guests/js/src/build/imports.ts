/**
 * The imports of the engine while a component is built: output, clocks and random numbers. There is no request.
 */
import { writeSync } from "node:fs";

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  cabi_realloc(old: number, oldSize: number, align: number, size: number): number;
}

const STDOUT = 1;
const STDERR = 2;

/** Sleeps in this thread. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Writes all bytes. A pipe with a slow reader accepts only some of them, or fails with EAGAIN. */
function write(stream: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(stream, bytes, at);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EAGAIN") throw error;
      sleep(1);
    }
  }
}

/** Returns the imports of the engine's module. `exports` returns its exports. */
export function imports(exports: () => Exports): object {
  const view = () => new DataView(exports().memory.buffer);
  let wait = 0n;

  const known: Record<string, Record<string, (...values: never[]) => unknown>> = {
    "wasi:cli/stdout": { "get-stdout": () => STDOUT },
    "wasi:cli/stderr": { "get-stderr": () => STDERR },
    "wasi:io/streams": {
      "[method]output-stream.blocking-write-and-flush": (
        stream: number,
        start: number,
        size: number,
        result: number,
      ) => {
        write(stream, new Uint8Array(exports().memory.buffer, start, size));
        view().setUint8(result, 0);
      },
      "[resource-drop]output-stream": () => {},
    },
    "wasi:io/error": { "[resource-drop]error": () => {} },
    "wasi:io/poll": {
      "[method]pollable.block": () => sleep(Number(wait) / 1e6),
      "[resource-drop]pollable": () => {},
    },
    "wasi:clocks/monotonic-clock": {
      now: () => process.hrtime.bigint(),
      "subscribe-duration": (nanoseconds: bigint) => {
        wait = nanoseconds;
        return 1;
      },
    },
    "wasi:clocks/wall-clock": {
      now: (result: number) => {
        const now = Date.now();
        view().setBigUint64(result, BigInt(Math.floor(now / 1000)), true);
        view().setUint32(result + 8, (now % 1000) * 1e6, true);
      },
    },
    "wasi:random/random": {
      "get-random-bytes": (size: bigint, result: number) => {
        const count = Number(size);
        const start = exports().cabi_realloc(0, 0, 1, count);
        crypto.getRandomValues(new Uint8Array(exports().memory.buffer, start, count));
        view().setUint32(result, start, true);
        view().setUint32(result + 4, count, true);
      },
    },
  };

  // Any other function needs a request.
  const missing = (name: string) => () => {
    throw new Error(
      `the app calls \`${name}\` while it is built; call it in a handler or a hook, where there is a request`,
    );
  };
  const functions = (module: string) =>
    new Proxy({}, { get: (_, name: string) => known[module.replace(/@.*/, "")]?.[name] ?? missing(name) });
  return new Proxy({}, { get: (_, module: string) => functions(module) });
}
