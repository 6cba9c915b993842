/**
 * Converts parameters and rows of SQL between JavaScript and the JSON that the host understands.
 */
import { base64, bytesOf, fromBase64 } from "./bytes.js";
import { wellFormedJson } from "./text.js";

/** A value with a type of SQL that JavaScript does not have. `Database.json` and `Database.decimal` create them. */
export class SqlValue {
  readonly type: "json" | "decimal" | "date" | "time" | "uuid";
  readonly value: unknown;

  constructor(type: SqlValue["type"], value: unknown) {
    this.type = type;
    this.value = value;
  }
}

/** A parameter of a statement. A list is an array of SQL, a plain object is JSON. */
export type SqlParameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | ArrayBuffer
  | SqlValue
  | readonly SqlParameter[]
  | { readonly [name: string]: unknown };

/** The type of integers that the database returns. */
export type Integers = "number" | "bigint" | "string";

/** Returns parameters as the text of a JSON array. */
export function parametersText(parameters: readonly unknown[]): string {
  let encoded = parameters;
  for (const value of parameters) {
    if (isPlain(value)) continue;
    encoded = parameters.map((value, at) => encode(value, `parameter ${at + 1}`));
    break;
  }
  return wellFormedJson(JSON.stringify(encoded));
}

/** Returns true for a value that JSON expresses as it is. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "string" || typeof value === "boolean" || value === null;
}

function encode(value: unknown, what: string): unknown {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw new TypeError(`${what} is \`${value}\`, which JSON cannot express; pass it as a string`);
    case "bigint":
      return { int: String(value) };
    case "object":
      return value === null ? null : encodeObject(value, what);
    default:
      throw new TypeError(`${what} is of type \`${typeof value}\`; give \`null\` or a value`);
  }
}

function encodeObject(value: object, what: string): unknown {
  if (value instanceof SqlValue) return { [value.type]: value.value };
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError(`${what} is an invalid date`);
    return { timestamp: value.toISOString() };
  }
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { bytes: base64(bytes) };
  if (Array.isArray(value)) return { array: value.map((item) => encode(item, `an item of ${what}`)) };
  return { json: value };
}

/** The types of columns that need a conversion, by name. */
export type ColumnTypes = { readonly [column: string]: string };

/** Converts the values of rows, in place. */
export function convertRows(
  rows: Record<string, unknown>[],
  types: ColumnTypes | undefined,
  integers: Integers,
): void {
  if (types === undefined) return;
  for (const column in types) {
    const convert = converter(types[column] as string, integers);
    if (convert === undefined) continue;
    for (const row of rows) {
      const value = row[column];
      if (value === null || value === undefined) continue;
      // A number needs no conversion to a number, which is the usual case.
      if (typeof value === "number" && convert === ownInteger) continue;
      row[column] = deep(value, convert);
    }
  }
}

/** Converts a value, or each item of an array of SQL. */
function deep(value: unknown, convert: (value: unknown) => unknown): unknown {
  if (value === null || value === undefined) return value;
  return Array.isArray(value) ? value.map((item) => deep(item, convert)) : convert(value);
}

/** The host sends an integer as a string only if a number cannot express it. */
function ownInteger(value: unknown): unknown {
  return typeof value === "string" ? BigInt(value) : value;
}

function converter(type: string, integers: Integers): ((value: unknown) => unknown) | undefined {
  switch (type) {
    case "int":
      if (integers === "bigint") return (value) => BigInt(value as string | number);
      if (integers === "string") return String;
      return ownInteger;
    case "bytes":
      return (value) => fromBase64(value as string);
    case "timestamp":
      return (value) => new Date(value as string);
    case "float":
      return Number;
    default:
      // `decimal`, `date`, `time` and `uuid` are strings.
      return undefined;
  }
}
