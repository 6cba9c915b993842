/**
 * PostgreSQL through `pg`, with a pool and named (prepared) statements.
 */
import pg from "pg";

const WORLD = 'select id, randomnumber as "randomNumber" from world';
// One statement, sorted by id so that two updates cannot deadlock.
const UPDATE = `update world set randomnumber = new.value
  from (select unnest($1::int[]) as id, unnest($2::int[]) as value) as new where world.id = new.id`;

/** Opens a pool with as many connections as the host has for each worker. */
export function open(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 16 });
  return {
    world: async (id) =>
      (await pool.query({ name: "world", text: `${WORLD} where id = $1`, values: [id] })).rows[0],
    update: (worlds) => {
      const sorted = worlds.toSorted((a, b) => a.id - b.id);
      const values = [sorted.map(({ id }) => id), sorted.map(({ randomNumber }) => randomNumber)];
      return pool.query({ name: "update", text: UPDATE, values });
    },
    fortunes: async () =>
      (await pool.query({ name: "fortunes", text: "select id, message from fortune" })).rows,
    all: async () => (await pool.query(`${WORLD} order by id`)).rows,
  };
}
