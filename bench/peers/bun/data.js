/**
 * The workloads with databases, other services and timers, on Bun.
 *
 * `DATABASE_URL` is `postgres://...` or `sqlite:PATH`, `UPSTREAM_URL` the address of the upstream.
 */
import { Database } from "bun:sqlite";
import { SQL } from "bun";
import { page } from "../node-data/fortunes.js";

const { DATABASE_URL, UPSTREAM_URL } = process.env;

/** PostgreSQL with as many connections as the host has for each worker; Bun prepares statements. */
function postgres(url) {
  const sql = new SQL(url, { max: 16 });
  return {
    world: async (id) =>
      (await sql`select id, randomnumber as "randomNumber" from world where id = ${id}`)[0],
    // One statement, sorted by id so that two updates cannot deadlock.
    update: (worlds) => {
      const sorted = worlds.toSorted((a, b) => a.id - b.id);
      const ids = sql.array(
        sorted.map(({ id }) => id),
        "INT",
      );
      const values = sql.array(
        sorted.map(({ randomNumber }) => randomNumber),
        "INT",
      );
      return sql`update world set randomnumber = new.value
        from (select unnest(${ids}::int[]) as id, unnest(${values}::int[]) as value) as new where world.id = new.id`;
    },
    fortunes: () => sql`select id, message from fortune`,
    all: () => sql`select id, randomnumber as "randomNumber" from world order by id`,
  };
}

/** SQLite with the settings that the host uses. */
function sqlite(url) {
  const database = new Database(url.slice("sqlite:".length));
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000; pragma cache_size = -8000",
  );
  const world = database.query('select id, randomnumber as "randomNumber" from world where id = ?');
  const update = database.query("update world set randomnumber = ? where id = ?");
  const fortunes = database.query("select id, message from fortune");
  const all = database.query('select id, randomnumber as "randomNumber" from world order by id');
  return {
    world: (id) => world.get(id),
    update: database.transaction((worlds) => {
      for (const { id, randomNumber } of worlds) update.run(randomNumber, id);
    }).immediate,
    fortunes: () => fortunes.all(),
    all: () => all.all(),
  };
}

const database = DATABASE_URL && (DATABASE_URL.startsWith("sqlite:") ? sqlite : postgres)(DATABASE_URL);

const after = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const query = (request, name) => new URL(request.url).searchParams.get(name);
const headers = { server: "bun" };
const json = (value) => Response.json(value, { headers });
const text = (body, type) => new Response(body, { headers: { ...headers, "content-type": type } });

const random = () => 1 + Math.floor(Math.random() * 10000);
const rows = (number) => Math.min(Math.max(Number.parseInt(number, 10) || 1, 1), 500);
const ids = (number) => Array.from({ length: rows(number) }, random);

let cache;
const call = async (number) => (await (await fetch(`${UPSTREAM_URL}/numbers/${number}`)).json()).number;

const routes = {
  "/health": () => json({ status: "ok" }),
  "/json": () => json({ message: "Hello, World!" }),
  "/plaintext": () => text("Hello, World!", "text/plain; charset=utf-8"),
  "/db": async () => json(await database.world(random())),
  "/queries": async (request) => json(await Promise.all(ids(query(request, "queries")).map(database.world))),
  "/updates": async (request) => {
    const worlds = await Promise.all(ids(query(request, "queries")).map(database.world));
    const changed = worlds.map(({ id }) => ({ id, randomNumber: random() }));
    await database.update(changed);
    return json(changed);
  },
  "/fortunes": async () => text(page(await database.fortunes()), "text/html; charset=utf-8"),
  "/cached-queries": async (request) => {
    cache ??= database.all();
    const worlds = await cache;
    return json(ids(query(request, "count")).map((id) => worlds[id - 1]));
  },
  "/fetch": async (request) => {
    const calls = Number(query(request, "calls"));
    const numbers = await Promise.all(Array.from({ length: calls }, (_, number) => call(number)));
    return json({ calls, sum: numbers.reduce((sum, number) => sum + number, 0) });
  },
  "/wait": async (request) => {
    const ms = Number(query(request, "ms"));
    await Bun.sleep(ms);
    return json({ waited: ms });
  },
};

Bun.serve({
  port: after("--port", 8000),
  hostname: "127.0.0.1",
  routes,
  fetch: () => new Response("", { status: 404 }),
});
