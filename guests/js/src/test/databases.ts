/**
 * SQL databases of the test client: SQLite of Node.js or of the package `better-sqlite3`, or functions of the test.
 */
import { createRequire } from "node:module";
import type { Content } from "../host/types.js";
import { Failed, type Operation, type Outcome } from "./outcome.js";
import { Lock, SqliteConnection, type SqliteDatabase } from "./sqlite.js";

/** The result of a statement. */
export interface TestRows {
  readonly rows?: readonly object[];
  readonly changes?: number;
  readonly lastId?: number;
}

/** A database of a test, as a function for its statements. */
export interface QueryDatabase {
  /**
   * Runs a statement. `parameters` have the types of JSON, and objects for others, such as `{ timestamp: "..." }`. `begin`,
   * `commit` and `rollback` are statements too.
   */
  query(
    statement: string,
    parameters: readonly unknown[],
  ): readonly object[] | TestRows | undefined | Promise<readonly object[] | TestRows | undefined>;
}

/**
 * A database of a test: the path of a SQLite database (`":memory:"` for one in memory), a `DatabaseSync` of `node:sqlite`, a
 * `Database` of `better-sqlite3`, or an object with a function `query`.
 */
export type TestDatabase = string | SqliteDatabase | QueryDatabase;

const NO_SQLITE =
  "this version of Node.js has no `node:sqlite`, which it has since 22.13; pass `databases` to the test client with a " +
  "`Database` of `better-sqlite3`, or with an object that has a function `query`";

function open(path: string): SqliteDatabase {
  let module: { DatabaseSync: new (path: string) => SqliteDatabase };
  try {
    module = createRequire(import.meta.url)("node:sqlite");
  } catch {
    throw new Failed("unavailable", NO_SQLITE);
  }
  return new module.DatabaseSync(path);
}

interface Connection {
  run(statement: string, parameters: readonly unknown[]): Outcome | Promise<Outcome>;
}

/** Calls the function of a test. */
class QueryConnection implements Connection {
  private readonly database: QueryDatabase;

  constructor(database: QueryDatabase) {
    this.database = database;
  }

  async run(statement: string, parameters: readonly unknown[]): Promise<Outcome> {
    const value = (await this.database.query(statement, parameters)) ?? {};
    const { rows, changes, lastId } = (Array.isArray(value) ? { rows: value } : value) as TestRows;
    return {
      head: { changes: changes ?? 0, ...(lastId === undefined ? {} : { last_id: lastId }) },
      json: rows ?? [],
    };
  }
}

interface Opened {
  readonly connection: Connection;
  readonly lock: Lock;
}

interface Open {
  readonly database: Opened;
  readonly owner: object;
  readonly unlock: () => void;
}

/** The databases of a test client. Transactions of a database run one after the other. */
export class TestDatabases {
  private readonly given: Readonly<Record<string, TestDatabase>> | undefined;
  private readonly opened = new Map<string, Opened>();
  private readonly transactions = new Map<number, Open>();
  /** The tasks that have ended. */
  private readonly ended = new WeakSet<object>();
  private last = 0;

  readonly kinds: Readonly<Record<string, Operation>> = {
    "sql.query": async ({ database, sql, transaction }, body) => {
      const parameters = parametersOf(body);
      if (transaction !== undefined) return this.find(transaction).database.connection.run(sql, parameters);
      const { connection, lock } = this.open(database);
      return lock.run(async () => connection.run(sql, parameters));
    },
    "sql.begin": async ({ database }, _, owner) => {
      const opened = this.open(database);
      const unlock = await opened.lock.take();
      try {
        await opened.connection.run("begin", []);
      } catch (error) {
        unlock();
        throw error;
      }
      this.last += 1;
      this.transactions.set(this.last, { database: opened, owner, unlock });
      if (this.ended.has(owner)) await this.finish(this.last, "rollback");
      return { head: { transaction: this.last } };
    },
    "sql.commit": ({ transaction }) => this.finish(transaction, "commit"),
    "sql.rollback": ({ transaction }) => this.finish(transaction, "rollback"),
  };

  constructor(given: Readonly<Record<string, TestDatabase>> | undefined) {
    this.given = given;
  }

  /** Rolls back the transactions of a task. */
  end(owner: object): void {
    this.ended.add(owner);
    for (const [number, { owner: own }] of this.transactions)
      if (own === owner) this.finish(number, "rollback").catch(() => {});
  }

  private open(name: string): Opened {
    const known = this.opened.get(name);
    if (known !== undefined) return known;
    // As `spikard-wasm dev`, the client has a database without being asked.
    const database = this.given === undefined ? ":memory:" : this.given[name];
    if (database === undefined) {
      const names = Object.keys(this.given ?? {}).map((one) => `\`${one}\``);
      throw new Failed(
        "denied",
        `the test client has no database \`${name}\`; its option \`databases\` has ${names.join(", ") || "none"}`,
      );
    }
    const opened = { connection: connect(database), lock: new Lock() };
    this.opened.set(name, opened);
    return opened;
  }

  private find(transaction: number): Open {
    const open = this.transactions.get(transaction);
    if (open === undefined) throw new Failed("invalid", "the transaction has ended; begin a new one");
    return open;
  }

  private async finish(transaction: number, statement: "commit" | "rollback"): Promise<undefined> {
    const { database, unlock } = this.find(transaction);
    this.transactions.delete(transaction);
    try {
      await database.connection.run(statement, []);
    } finally {
      unlock();
    }
    return undefined;
  }
}

function connect(database: TestDatabase): Connection {
  if (typeof database === "string") return new SqliteConnection(open(database));
  return "prepare" in database ? new SqliteConnection(database) : new QueryConnection(database);
}

function parametersOf(body: Content): readonly unknown[] {
  return body.tag === "json" ? JSON.parse(body.val) : [];
}
