/**
 * `console` for QuickJS, on the component's standard output and standard error.
 */
import { getStderr } from "wasi:cli/stderr@0.2.12";
import { getStdout } from "wasi:cli/stdout@0.2.12";
import { Utf8Encoder } from "./text.js";

const encoder = new Utf8Encoder();

/** A value in a line of text: strings as they are, errors with their stack, anything else as JSON. */
export function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value}\n${value.stack ?? ""}`.trimEnd();
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}n` : member));
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function writer(stream: typeof getStdout): (...values: unknown[]) => void {
  return (...values) => {
    // Taken anew each time: a stream taken while the module is evaluated would be dead afterwards.
    const output = stream();
    const bytes = encoder.encode(`${values.map(show).join(" ")}\n`);
    // What WASI takes at once.
    for (let at = 0; at < bytes.length; at += 4096) output.blockingWriteAndFlush(bytes.slice(at, at + 4096));
    output[Symbol.dispose]();
  };
}

const out = writer(getStdout);
const err = writer(getStderr);

/** The global `console`. */
export const console = { log: out, info: out, debug: out, warn: err, error: err, trace: err };
