/**
 * The handlers that read and write the table `world`.
 */
import { Database } from "@spikard/wasm";

export const database = new Database();

const WORLD = 'select id, randomnumber as "randomNumber" from world';
const random = () => 1 + Math.floor(Math.random() * 10000);
const rows = (text) => Math.min(Math.max(Number.parseInt(text, 10) || 1, 1), 500);
const ids = (text) => Array.from({ length: rows(text) }, random);
const world = (id) => database.first(`${WORLD} where id = $1`, [id]);

/** Replies with one row. */
export const db = () => world(random());

/** Replies with a number of rows, each from a query of its own. */
export const queries = ({ params }) => Promise.all(ids(params.queries).map(world));

/** Gives a number of rows new values with one statement, sorted by id so that two updates cannot deadlock. */
export async function updates({ params }) {
  const worlds = await Promise.all(ids(params.queries).map(world));
  const changed = worlds.map(({ id }) => ({ id, randomNumber: random() }));
  const sorted = changed.toSorted((a, b) => a.id - b.id);
  const values = sorted.map((_, i) => `(cast($${2 * i + 1} as integer), cast($${2 * i + 2} as integer))`);
  await database.execute(
    `update world set randomnumber = fresh.column2 from (values ${values.join(", ")}) as fresh where world.id = fresh.column1`,
    sorted.flatMap(({ id, randomNumber }) => [id, randomNumber]),
  );
  return changed;
}

let cache;

/** Replies with rows that each instance reads once. */
export async function cachedQueries({ params }) {
  cache ??= database.query(`${WORLD} order by id`, []);
  const worlds = await cache;
  return ids(params.count).map((id) => worlds[id - 1]);
}
