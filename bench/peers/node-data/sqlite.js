/**
 * SQLite through `better-sqlite3`, whose calls do not wait.
 */
import Database from "better-sqlite3";

/** Opens a file with the settings that the host uses. */
export function open(url) {
  const database = new Database(url.slice("sqlite:".length), { timeout: 5000 });
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = normal");
  database.pragma("cache_size = -8000");
  const world = database.prepare('select id, randomnumber as "randomNumber" from world where id = ?');
  const update = database.prepare("update world set randomnumber = ? where id = ?");
  const fortunes = database.prepare("select id, message from fortune");
  const all = database.prepare('select id, randomnumber as "randomNumber" from world order by id');
  return {
    world: (id) => world.get(id),
    update: database.transaction((worlds) => {
      for (const { id, randomNumber } of worlds) update.run(randomNumber, id);
    }).immediate,
    fortunes: () => fortunes.all(),
    all: () => all.all(),
  };
}
