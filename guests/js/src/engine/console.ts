/**
 * `console` of StarlingMonkey, which ignores format specifiers and failed assertions.
 */

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

/** Replaces the functions of `console`. */
export function installConsole(): void {
  for (const name of [
    "log",
    "info",
    "debug",
    "warn",
    "error",
    "trace",
    "group",
    "groupCollapsed",
    "dirxml",
  ] as const) {
    const write = console[name].bind(console);
    console[name] = (...values: unknown[]) => write(...format(values));
  }
  console.assert = (condition?: unknown, ...values: unknown[]) => {
    if (condition) return;
    const [first, ...rest] = values;
    if (typeof first === "string") console.error(`Assertion failed: ${first}`, ...rest);
    else console.error("Assertion failed", ...values);
  };
}
