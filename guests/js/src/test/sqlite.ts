/**
 * SQLite through `node:sqlite` or the package `better-sqlite3`, with the results and errors of the host.
 */
import { Failed, type Outcome } from "./outcome.js";

/** A prepared statement of either package. */
export interface SqliteStatement {
  all(...parameters: never[]): unknown[];
  run(...parameters: never[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  /** `better-sqlite3`: whether the statement returns rows. */
  readonly reader?: boolean;
  /** `node:sqlite`: the columns of the rows. */
  columns?(): readonly unknown[];
  setReadBigInts?(enabled: boolean): void;
  safeIntegers?(enabled: boolean): void;
}

/** The part of a `DatabaseSync` of `node:sqlite`, or of a `Database` of `better-sqlite3`, that the client uses. */
export interface SqliteDatabase {
  prepare(statement: string): SqliteStatement;
  exec(statements: string): unknown;
}

/** Literals, quoted names and comments of SQL, which have no placeholders, and placeholders. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\d+)/g;

/** Converts placeholders `$1` to `?`, in the order of their parameters. */
function positional(statement: string, parameters: readonly unknown[]): [string, unknown[]] {
  const ordered: unknown[] = [];
  const text = statement.replace(TOKENS, (token: string, number: string | undefined) => {
    if (number === undefined) return token;
    const at = Number(number);
    if (at < 1 || at > parameters.length)
      throw new Failed(
        "invalid",
        `the statement has the placeholder \`${token}\`, and got ${parameters.length} parameters`,
      );
    ordered.push(parameters[at - 1]);
    return "?";
  });
  return [text, ordered.length === 0 ? [...parameters] : ordered];
}

/** Converts a parameter to a value of SQLite. */
function sqliteValue(parameter: unknown): unknown {
  if (typeof parameter === "boolean") return parameter ? 1 : 0;
  if (typeof parameter !== "object" || parameter === null) return parameter;
  const [[type, value] = ["", undefined]] = Object.entries(parameter);
  switch (type) {
    case "int":
      return BigInt(value as string);
    case "bytes":
      return Buffer.from(value as string, "base64");
    case "json":
      return JSON.stringify(value);
    case "array":
      throw new Failed("invalid", "SQLite has no arrays; pass the list as JSON, and use `json_each`");
    default:
      return value;
  }
}

const CODES: Readonly<Record<string, string>> = {
  UNIQUE: "unique",
  "PRIMARY KEY": "unique",
  "FOREIGN KEY": "foreign-key",
  "NOT NULL": "not-null",
  CHECK: "check",
};

/** Converts an error of SQLite. */
function failed(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Failed) return error;
  const { message } = error;
  const match = /^(UNIQUE|PRIMARY KEY|FOREIGN KEY|NOT NULL|CHECK) constraint failed(?:: (.*))?$/.exec(
    message,
  );
  if (match !== null) {
    const [, kind = "", names = ""] = match;
    if (kind === "CHECK") return new Failed("check", message, { constraint: names });
    const columns = names.split(", ").filter((name) => name !== "");
    const [table] = columns[0]?.split(".") ?? [];
    return new Failed(CODES[kind] ?? "sql", message, {
      ...(table === undefined ? {} : { table }),
      columns: columns.map((name) => name.slice(name.indexOf(".") + 1)),
    });
  }
  const code = /syntax error|incomplete input|unrecognized token/.test(message)
    ? "syntax"
    : /locked|busy/.test(message)
      ? "busy"
      : /readonly/.test(message)
        ? "read-only"
        : "sql";
  return new Failed(code, message);
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

function integer(value: bigint): number | string {
  return value <= SAFE && value >= -SAFE ? Number(value) : String(value);
}

function returnsRows(statement: SqliteStatement, text: string): boolean {
  if (statement.reader !== undefined) return statement.reader;
  if (statement.columns !== undefined) return statement.columns().length > 0;
  return /^\s*(?:select|with|values|pragma|explain)\b|\breturning\b/i.test(text);
}

/** A connection to a database. */
export class SqliteConnection {
  private readonly database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.database = database;
    database.exec("pragma foreign_keys = on");
  }

  run(statement: string, parameters: readonly unknown[]): Outcome {
    try {
      return this.execute(statement, parameters);
    } catch (error) {
      throw failed(error);
    }
  }

  private execute(statement: string, parameters: readonly unknown[]): Outcome {
    const [text, ordered] = positional(statement, parameters);
    const values = ordered.map(sqliteValue) as never[];
    const prepared = this.database.prepare(text);
    if (!returnsRows(prepared, text)) {
      const { changes, lastInsertRowid } = prepared.run(...values);
      return { head: { changes: Number(changes), last_id: integer(BigInt(lastInsertRowid)) }, json: [] };
    }
    prepared.setReadBigInts?.(true);
    prepared.safeIntegers?.(true);
    const types: Record<string, string> = {};
    const rows = prepared.all(...values).map((row) =>
      Object.fromEntries(
        Object.entries(row as object).map(([name, value]) => {
          if (typeof value === "bigint") {
            if (typeof integer(value) === "string") types[name] = "int";
            return [name, integer(value)];
          }
          if (!(value instanceof Uint8Array)) return [name, value];
          types[name] = "bytes";
          return [name, Buffer.from(value).toString("base64")];
        }),
      ),
    );
    const isChange = !/^\s*(?:select|values|pragma|explain)\b/i.test(text);
    const count = isChange ? { changes: rows.length } : { changes: 0 };
    return { head: { ...count, ...(Object.keys(types).length === 0 ? {} : { types }) }, json: rows };
  }
}

/** Runs functions one after the other. */
export class Lock {
  private tail: Promise<void> = Promise.resolve();

  /** Waits for the lock, and returns a function that releases it. */
  async take(): Promise<() => void> {
    const before = this.tail;
    let release: () => void = () => {};
    this.tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.take();
    try {
      return await work();
    } finally {
      release();
    }
  }
}
