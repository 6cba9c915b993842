/** `console.table`. */
import { kind } from "spikard:natives/values";
import { inspect } from "./inspect.ts";
import { Kind } from "./kind.ts";

const cell = (value: unknown): string => inspect(value, { depth: 0 }).replaceAll("\n", " ");

/** Maximum number of rows and columns. */
const LIMIT = 1000;

/** Returns a table of an object's members, or `undefined` if the value is not an object. */
export function table(data: unknown, only?: readonly string[]): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const type = kind(data);
  const rows: [string, unknown][] =
    type === Kind.Map
      ? Array.from(data as Map<unknown, unknown>, (entry, at) => [String(at), entry])
      : type === Kind.Set
        ? Array.from(data as Set<unknown>, (value, at) => [String(at), value])
        : Object.entries(data);
  rows.length = Math.min(rows.length, LIMIT);
  const index = type === Kind.Map || type === Kind.Set ? "(iteration index)" : "(index)";
  if (type === Kind.Map) {
    const lines = rows.map(([at, entry]) => [at, ...(entry as unknown[]).map(cell)]);
    return render([index, "Key", "Values"], lines);
  }
  const columns = only === undefined ? new Set<string>() : new Set(Array.from(only, String));
  let values = false;
  for (const [, row] of rows) {
    if (typeof row !== "object" || row === null) values = true;
    else if (only === undefined) {
      for (const key of Object.keys(row)) if (columns.size < LIMIT) columns.add(key);
    }
  }
  const lines = rows.map(([name, row]) => {
    const object = typeof row === "object" && row !== null;
    const members = Array.from(columns, (key) =>
      object && Object.hasOwn(row, key) ? cell((row as Record<string, unknown>)[key]) : "",
    );
    return [name, ...members, ...(values ? [object ? "" : cell(row)] : [])];
  });
  return render([index, ...columns, ...(values ? ["Values"] : [])], lines);
}

function render(head: readonly string[], rows: readonly string[][]): string {
  const size = (text: string): number => Array.from(text).length;
  const widths = head.map(
    (title, at) => rows.reduce((most, row) => Math.max(most, size(row[at] ?? "")), size(title)) + 2,
  );
  const line = (row: readonly string[]): string =>
    `│${widths.map((width, at) => ` ${row[at]}${" ".repeat(width - 1 - size(row[at] ?? ""))}`).join("│")}│`;
  const rule = (start: string, middle: string, end: string): string =>
    start + widths.map((width) => "─".repeat(width)).join(middle) + end;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")].join(
    "\n",
  );
}
