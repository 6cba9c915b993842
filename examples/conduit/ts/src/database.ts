import { Database, type SqlFragment, type SqlParameter, sql } from "@spikard/wasm";

/** The database that the operator grants as `main`. */
export const db = new Database("main");

/** Joins parts of a statement, of which there is at least one. */
export function join(parts: readonly SqlFragment[], separator: SqlFragment): SqlFragment {
  return parts.reduce((joined, part) => sql`${joined}${separator}${part}`);
}

/** Returns an assignment of an UPDATE, or none if the value is `undefined`. */
export function set(column: SqlFragment, value: SqlParameter | undefined): SqlFragment[] {
  return value === undefined ? [] : [sql`${column} = ${value}`];
}
