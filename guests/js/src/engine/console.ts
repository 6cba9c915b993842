/**
 * `console` of StarlingMonkey, which ignores format specifiers and failed assertions, and does not write the id of
 * the request.
 */
import { call } from "../call.js";
import { wellFormed } from "../text.js";
import { engine } from "./engine.js";

/** Formats an object for a specifier, because the engine does not expose the formatting of `console`. */
function shown(value: unknown): string {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return String(value);
  try {
    if (value instanceof Error || typeof value === "function") return String(value);
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "[Circular]";
  }
}

function substitute(specifier: string, value: unknown): string {
  const isNumber = typeof value !== "object" && typeof value !== "symbol";
  switch (specifier) {
    case "%d":
      if (typeof value === "bigint") return `${value}n`;
      return String(isNumber ? Number(value) : Number.NaN);
    case "%i":
      if (typeof value === "bigint") return `${value}n`;
      return String(isNumber ? Number.parseInt(String(value), 10) : Number.NaN);
    case "%f":
      return String(typeof value === "symbol" ? Number.NaN : Number.parseFloat(String(value)));
    case "%c":
      return "";
    default:
      return typeof value === "bigint" ? `${value}n` : shown(value);
  }
}

/** Returns the arguments of a function of `console` with the specifiers in the first one replaced. */
export function format(values: readonly unknown[]): unknown[] {
  const [first, ...rest] = values;
  if (typeof first !== "string" || rest.length === 0 || !first.includes("%")) return [...values];
  let next = 0;
  const text = first.replace(/%[sdifjoOc%]/g, (specifier) => {
    if (specifier === "%%") return "%";
    return next < rest.length ? substitute(specifier, rest[next++]) : specifier;
  });
  return [text, ...rest.slice(next)];
}

/** The levels of the log, by function of `console`. */
const LEVELS = {
  log: "info",
  info: "info",
  debug: "debug",
  warn: "warn",
  error: "error",
  trace: "info",
  group: "info",
  groupCollapsed: "info",
  dirxml: "info",
} as const;

/** Formats a value for the log: an error with its stack, an object as JSON. */
function entry(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return `${value}n`;
  if (!(value instanceof Error)) return shown(value);
  const frames = (value.stack ?? "").trimEnd().replace(/^/gm, "  at ");
  return frames.trim() === "at" ? String(value) : `${value}\n${frames}`;
}

let hasLog = true;

/** Writes a line to the host's log. Returns false outside of calls, and on a host without the operation `log`. */
function submit(level: string, values: readonly unknown[]): boolean {
  if (!hasLog || !call.current) return false;
  const val = wellFormed(values.map(entry).join(" "));
  const [status] = engine.io.call("log", `{"level":"${level}"}`, { tag: "text", val });
  hasLog = status !== 1;
  return hasLog;
}

/** Replaces the functions of `console`. In a call, they write to the host's log. */
export function installConsole(): void {
  for (const [name, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, string][]) {
    const write = console[name].bind(console);
    console[name] = (...values: unknown[]) => {
      const list = format(values);
      if (!submit(level, list)) write(...list);
    };
  }
  console.assert = (condition?: unknown, ...values: unknown[]) => {
    if (condition) return;
    const [first, ...rest] = values;
    if (typeof first === "string") console.error(`Assertion failed: ${first}`, ...rest);
    else console.error("Assertion failed", ...values);
  };
}
