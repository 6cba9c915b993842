/**
 * Runs the host's contract code, a core WebAssembly module, for the test client in Node.js.
 *
 * Each call passes an operation, the number of a request, and bytes. The result is the length of a JSON text (four
 * bytes, little-endian), the text, and further bytes.
 */
import { readFileSync } from "node:fs";
import type { Description } from "./host/types.js";

/** A reply from the host itself. */
export interface HostReply {
  readonly status: number;
  readonly headers: readonly [name: string, value: string][];
  /** A problem document, or an empty string. */
  readonly body: string;
  /** The message for `on-error` hooks. */
  readonly message: string;
}

/** A request in progress: it has either a reply from the host, or a route. */
export interface Begun {
  readonly exchange: number;
  readonly id: string;
  readonly cookies: [name: string, value: string][];
  readonly reply?: HostReply;
  readonly route?: number;
  readonly hooks?: readonly string[];
  readonly local?: readonly [key: string, text: string][];
}

/** The validated parameters and body of a request, or the reply that rejects it. */
export interface Checked {
  readonly refusal?: HostReply;
  readonly params: string;
  readonly body: "empty" | "json" | "text" | "form" | "bytes";
  readonly text: string;
  readonly raw: Uint8Array;
  readonly files: readonly Uint8Array[];
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  contract_alloc(length: number): number;
  contract_free(address: number, length: number): void;
  contract_call(operation: number, exchange: number, address: number, length: number): bigint;
}

/** The part of Node's `WebAssembly` that this file uses. Only the type library of browsers declares it. */
interface Engine {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { name: string }[];
  };
  Instance: new (module: object, imports: object) => { exports: unknown };
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;

const FILE = new URL("./contract.wasm", import.meta.url);
const ENOSYS = 52;
let compiled: object | undefined;

function compile(): object {
  if (compiled !== undefined) return compiled;
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(FILE);
  } catch {
    throw new Error(
      `\`${FILE.pathname}\`, the host's contract code, is missing; reinstall @spikard/wasm, or run scripts/contract-module in its repository`,
    );
  }
  compiled = new Module(bytes);
  return compiled;
}

/** The contract of an app: its routes, schemas and policies. */
export class Contract {
  private readonly exports: Exports;
  /** The reply to a request whose handler failed. */
  readonly failed: HostReply;

  /** Throws an error with the host's message if the host would not load the app. */
  constructor(description: Description, secrets: Readonly<Record<string, string>> | undefined) {
    const module = compile();
    const view = () => new DataView(this.exports.memory.buffer);
    // Node provides the clock and the random numbers. Any other import returns ENOSYS.
    const functions: Record<string, (...args: never[]) => unknown> = {
      clock_time_get: (id: number, _precision: bigint, at: number) => {
        const now = id === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
        view().setBigUint64(at, now, true);
        return 0;
      },
      random_get: (at: number, length: number) => {
        crypto.getRandomValues(new Uint8Array(this.exports.memory.buffer, at, length));
        return 0;
      },
      environ_sizes_get: (count: number, size: number) => {
        view().setUint32(count, 0, true);
        view().setUint32(size, 0, true);
        return 0;
      },
      environ_get: () => 0,
      proc_exit: (code: number) => {
        throw new Error(`the contract module exited with ${code}`);
      },
    };
    const imports: Record<string, unknown> = {};
    for (const { name } of Module.imports(module)) imports[name] = functions[name] ?? (() => ENOSYS);
    const instance = new Instance(module, { wasi_snapshot_preview1: imports });
    this.exports = instance.exports as Exports;
    this.failed = this.send<{ failed: HostReply }>(0, 0, { description, secrets: secrets ?? null })[0].failed;
  }

  /** Finds the route of a request and applies its policies. */
  begin(head: {
    method: string;
    path: string;
    query: string;
    headers: readonly (readonly [name: string, value: string])[];
    local: readonly string[];
  }): Begun {
    return this.send<Begun>(1, 0, head)[0];
  }

  /** Validates the parameters and the body of a request. */
  read(exchange: number, body: Uint8Array): Checked {
    const [value, bytes] = this.send<Omit<Checked, "raw" | "files"> & { raw: number; files: number[] }>(
      2,
      exchange,
      body,
    );
    let from = value.raw ?? 0;
    const files = (value.files ?? []).map((length) => {
      const file = bytes.slice(from, from + length);
      from += length;
      return file;
    });
    return { ...value, raw: bytes.slice(0, value.raw ?? 0), files };
  }

  /** Ends a request. Returns the headers of its reply, and whether HTTP forbids content in it. */
  finish(
    exchange: number,
    status: number,
    headers: readonly (readonly [name: string, value: string])[],
  ): { headers: [name: string, value: string][]; bodiless: boolean } {
    return this.send<{ headers: [string, string][]; bodiless: boolean }>(3, exchange, { status, headers })[0];
  }

  private send<T>(operation: number, exchange: number, input: object): [value: T, bytes: Uint8Array] {
    const { contract_alloc: alloc, contract_call: call, contract_free: free, memory } = this.exports;
    // `instanceof Uint8Array` is false for an array of another realm.
    const bytes = ArrayBuffer.isView(input)
      ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
      : new TextEncoder().encode(JSON.stringify(input));
    const address = alloc(bytes.length);
    new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
    const packed = BigInt.asUintN(64, call(operation, exchange, address, bytes.length));
    const at = Number(packed >> 32n);
    const size = Number(packed & 0xffff_ffffn);
    const frame = new Uint8Array(memory.buffer, at, size).slice();
    free(at, size);
    const end = 4 + new DataView(frame.buffer).getUint32(0, true);
    const value = JSON.parse(new TextDecoder().decode(frame.subarray(4, end)));
    if (value.error !== undefined) throw new TypeError(value.error);
    return [value, frame.subarray(end)];
  }
}
