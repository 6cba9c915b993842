/**
 * SQL databases.
 */
import { type FailedHead, OperationError, operate, type Result, textOf } from "./io.js";
import { keep } from "./kept.js";
import {
  type ColumnTypes,
  convertRows,
  type Integers,
  parametersText,
  type SqlParameter,
  SqlValue,
} from "./sql-values.js";
import { textArgument, wellFormed } from "./text.js";

/** The error of a database. */
export class SqlError extends OperationError {
  override readonly name: string = "SqlError";
  /** The constraint that was violated, as far as the database reports it. */
  readonly constraint: string | undefined;
  /** Its table. */
  readonly table: string | undefined;
  /** Its columns. */
  readonly columns: readonly string[];
  /** The code of the database, such as `23505`. */
  readonly sqlstate: string | undefined;

  /**
   * `code` is `unique`, `foreign-key`, `not-null`, `check`, `serialization`, `busy`, `read-only`, `syntax`, `sql`, or a
   * code of all operations, such as `timeout` and `unavailable`.
   */
  constructor({ code, message, constraint, table, columns, sqlstate }: FailedHead, kind: string) {
    super(message ?? "the database reported an error without a message", code ?? "sql", kind);
    this.constraint = constraint;
    this.table = table;
    this.columns = columns ?? [];
    this.sqlstate = sqlstate;
  }
}

const sqlError = (head: FailedHead, kind: string) => new SqlError(head, kind);

/** A row: an object with a member for each column. */
export type SqlRow = Record<string, unknown>;

/** A part of a statement with its parameters. `sql` creates it. */
export class SqlFragment {
  readonly strings: readonly string[];
  readonly values: readonly (SqlParameter | SqlFragment)[];

  constructor(strings: readonly string[], values: readonly (SqlParameter | SqlFragment)[]) {
    this.strings = strings;
    this.values = values;
  }
}

/**
 * A part of a statement. Every value becomes a parameter; another part is inserted with its parameters.
 *
 * ```js
 * const onlyOpen = open ? sql`and closed_at is null` : sql``;
 * await db.query`select * from tickets where owner = ${user.id} ${onlyOpen}`;
 * ```
 */
export function sql(
  strings: TemplateStringsArray,
  ...values: readonly (SqlParameter | SqlFragment)[]
): SqlFragment {
  return new SqlFragment(strings, values);
}

/** The result of a statement that changes rows. */
export interface Executed {
  /** The number of rows that changed. */
  readonly changes: number;
  /** SQLite: the id of the last inserted row. */
  readonly lastId: number | bigint | undefined;
}

/** Runs a statement: as a template whose values become parameters, or as a text with a list of parameters. */
export interface RunSql<Returned> {
  (strings: TemplateStringsArray, ...values: readonly (SqlParameter | SqlFragment)[]): Promise<Returned>;
  (statement: string | SqlFragment, parameters?: readonly SqlParameter[]): Promise<Returned>;
}

function flatten(fragment: SqlFragment, parameters: unknown[]): string {
  return fragment.strings.reduce((text, part, at) => {
    const value = fragment.values[at - 1];
    if (value instanceof SqlFragment) return text + flatten(value, parameters) + part;
    parameters.push(value);
    return `${text}$${parameters.length}${part}`;
  });
}

/** A statement and its parameters. */
interface Statement {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

function statementOf(first: unknown, rest: readonly unknown[]): Statement {
  if (typeof first === "string") {
    const given = rest[0];
    if (given !== undefined && !Array.isArray(given))
      throw new TypeError("the parameters of a statement are not a list; give an array");
    return { text: wellFormed(first), parameters: given ?? [] };
  }
  const parameters: unknown[] = [];
  if (Array.isArray(first) && "raw" in first) {
    const values = rest as readonly SqlParameter[];
    return { text: flatten(new SqlFragment(first as readonly string[], values), parameters), parameters };
  }
  if (first instanceof SqlFragment) return { text: flatten(first, parameters), parameters };
  return { text: textArgument(first, "the statement"), parameters };
}

/** What a database and a transaction have in common. */
abstract class Queries {
  protected abstract readonly integers: Integers;
  /** Returns the text of the head of a statement's operation. */
  protected abstract head(statement: string): string;

  /**
   * Returns all rows of a statement.
   *
   * ```js
   * const users = await db.query`select id, name from users where name like ${pattern}`;
   * const same = await db.query("select id, name from users where name like $1", [pattern]);
   * ```
   */
  query<Row extends object = SqlRow>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlParameter | SqlFragment)[]
  ): Promise<Row[]>;
  query<Row extends object = SqlRow>(
    statement: string | SqlFragment,
    parameters?: readonly SqlParameter[],
  ): Promise<Row[]>;
  query<Row extends object = SqlRow>(first: unknown, ...rest: readonly unknown[]): Promise<Row[]> {
    return this.run(first, rest, (result) => this.rows(result) as Row[]);
  }

  /** Returns the first row of a statement, or `undefined`. */
  first<Row extends object = SqlRow>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlParameter | SqlFragment)[]
  ): Promise<Row | undefined>;
  first<Row extends object = SqlRow>(
    statement: string | SqlFragment,
    parameters?: readonly SqlParameter[],
  ): Promise<Row | undefined>;
  first<Row extends object = SqlRow>(first: unknown, ...rest: readonly unknown[]): Promise<Row | undefined> {
    return this.run(first, rest, (result) => this.rows(result)[0] as Row | undefined);
  }

  /** Runs a statement that changes rows. */
  execute(
    strings: TemplateStringsArray,
    ...values: readonly (SqlParameter | SqlFragment)[]
  ): Promise<Executed>;
  execute(statement: string | SqlFragment, parameters?: readonly SqlParameter[]): Promise<Executed>;
  execute(first: unknown, ...rest: readonly unknown[]): Promise<Executed> {
    return this.run(first, rest, executed);
  }

  private rows({ head, body }: Result): SqlRow[] {
    const rows = (body as SqlRow[] | undefined) ?? [];
    convertRows(rows, head.types as ColumnTypes | undefined, this.integers);
    return rows;
  }

  /** Runs a statement. Not `async`: on QuickJS, each promise between the operation and its caller takes microseconds. */
  private run<T>(first: unknown, rest: readonly unknown[], convert: (result: Result) => T): Promise<T> {
    try {
      const { text, parameters } = statementOf(first, rest);
      const body = { tag: "json", val: parametersText(parameters) } as const;
      return operate("sql.query", this.head(text), { body, error: sqlError, convert });
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function executed({ head }: Result): Executed {
  const { changes, last_id: lastId } = head as { changes?: number; last_id?: number | string };
  return {
    changes: changes ?? 0,
    lastId: typeof lastId === "string" ? BigInt(lastId) : lastId,
  };
}

/** The options of a transaction. */
export interface TransactionOptions {
  /** Whether the transaction only reads. */
  readonly readOnly?: boolean;
  /** The isolation level, as far as the database has it. */
  readonly isolation?: "read committed" | "repeatable read" | "serializable";
}

/** A transaction in progress. `Database.transaction` creates it. */
export class Transaction extends Queries {
  protected override readonly integers: Integers;
  private readonly database: string;
  private readonly number: number;
  private readonly state: { ended: boolean; savepoints: number } = { ended: false, savepoints: 0 };

  constructor(database: string, number: number, integers: Integers) {
    super();
    this.database = database;
    this.number = number;
    this.integers = integers;
  }

  protected override head(sql: string): string {
    if (this.state.ended)
      throw new Error("the transaction has ended; await its statements within the function of `transaction`");
    return textOf({ database: this.database, transaction: this.number, sql });
  }

  /**
   * Runs a function in a part of the transaction (a savepoint), which ends like a transaction: an error undoes only its
   * changes.
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    this.state.savepoints += 1;
    const name = `spikard_${this.state.savepoints}`;
    await this.execute(`savepoint ${name}`);
    let value: T;
    try {
      value = await work(this);
    } catch (error) {
      await this.execute(`rollback to savepoint ${name}`);
      await this.execute(`release savepoint ${name}`);
      throw error;
    }
    await this.execute(`release savepoint ${name}`);
    return value;
  }

  /** Ends the transaction. */
  async end(kind: "sql.commit" | "sql.rollback"): Promise<void> {
    this.state.ended = true;
    await operate(kind, { transaction: this.number }, { error: sqlError });
  }
}

/** The options of a database. */
export interface DatabaseOptions {
  /**
   * The type of 64-bit integers: `number` returns a `bigint` only for one beyond 2^53 - 1, `bigint` and `string` always.
   * [default: number]
   */
  readonly integers?: Integers;
}

/**
 * A SQL database of the host, which the grant `sql` names. Create it anywhere, and use it in handlers and hooks.
 *
 * ```ts
 * const db = new Database();
 *
 * app.get("/users/{id}", { path: { id: { type: "integer" } } }, async ({ params }) => {
 *   const user = await db.first<{ id: number; name: string }>`select id, name from users where id = ${params.id}`;
 *   if (user === undefined) throw new HttpError(404, `no user ${params.id}`);
 *   return user;
 * });
 * ```
 *
 * Parameters are always bound: `null`, booleans, numbers, strings, `bigint`, `Date` (a timestamp), `Uint8Array` (bytes),
 * arrays, and plain objects (JSON). Rows have `Date` for timestamps, `Uint8Array` for bytes, and strings for decimals,
 * dates, times and UUIDs.
 */
export class Database extends Queries {
  /** The name of the database. */
  readonly name: string;
  protected override readonly integers: Integers;
  /** Heads of operations by statement. */
  private readonly heads = new Map<string, string>();

  constructor(name = "main", options: DatabaseOptions = {}) {
    super();
    this.name = textArgument(name, "the name of a database");
    this.integers = options.integers ?? "number";
  }

  /** A parameter of the type JSON, for a value that is not a plain object. */
  static json(value: unknown): SqlValue {
    return new SqlValue("json", value);
  }

  /** A parameter of the type decimal, from its text. */
  static decimal(text: string): SqlValue {
    return new SqlValue("decimal", textArgument(text, "the decimal"));
  }

  protected override head(sql: string): string {
    return this.heads.get(sql) ?? keep(this.heads, sql, textOf({ database: this.name, sql }));
  }

  /**
   * Runs a function in a transaction. Commits when its promise fulfills, and rolls back when it rejects. The host rolls
   * back also when the request is cancelled or its instance fails.
   *
   * ```js
   * await db.transaction(async (tx) => {
   *   await tx.execute`update accounts set balance = balance - ${amount} where id = ${from}`;
   *   await tx.execute`update accounts set balance = balance + ${amount} where id = ${to}`;
   * });
   * ```
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T> | T,
    options: TransactionOptions = {},
  ): Promise<T> {
    const { readOnly, isolation } = options;
    const begin = { database: this.name, read_only: readOnly, isolation };
    const { head } = await operate("sql.begin", begin, { error: sqlError });
    const tx = new Transaction(this.name, head.transaction as number, this.integers);
    let value: T;
    try {
      value = await work(tx);
    } catch (error) {
      try {
        await tx.end("sql.rollback");
      } catch {
        // The host rolls back when the task ends. The first error says more.
      }
      throw error;
    }
    await tx.end("sql.commit");
    return value;
  }
}
