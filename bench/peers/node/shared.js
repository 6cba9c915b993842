/**
 * Shared parts of the servers: the command line, processes, and the handlers that do work.
 */
import cluster from "node:cluster";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const after = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

/** Serves with `--port N` and `--workers N`; several workers are processes that share the port. */
export function serve(listen) {
  const workers = after("--workers", 1);
  if (workers > 1 && cluster.isPrimary) {
    for (let i = 0; i < workers; i++) cluster.fork();
    cluster.on("exit", () => process.exit(1));
    process.on("SIGTERM", () => process.exit(0));
  } else {
    listen(after("--port", 8000));
    process.on("SIGTERM", () => process.exit(0));
  }
}

/** The number of extra numbered routes that the workload or load requires. */
export const MORE_ROUTES = Number(process.env.MORE_ROUTES ?? 0);

/** The CPU-bound handler. */
export function cpu({ seed, rounds }) {
  let value = (2166136261 ^ seed) >>> 0;
  for (let round = 0; round < rounds; round++) {
    value = Math.imul(value ^ (round & 255), 16777619) >>> 0;
  }
  return { hash: value };
}

/** The handler that allocates. */
export function allocate({ items }) {
  const all = [];
  for (let id = 0; id < items; id++) {
    all.push({ id, name: `item-${id}`, tags: [`a${id}`, `b${id}`] });
  }
  const kept = all.filter((item) => item.id % 3 === 0 && item.tags.length === 2);
  const bytes = kept.reduce((sum, item) => sum + item.name.length, 0);
  return { items: all.length, kept: kept.length, bytes };
}

/** The handler that sleeps. */
export async function slow({ ms }) {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return { slept: ms };
}

/** The handler that blocks the process. */
export function spin({ ms }) {
  const until = Date.now() + ms;
  while (Date.now() < until);
  return { spun: ms };
}

/** Creates a validator for frameworks that have none; it returns the errors, if any. */
export function checker(schema, { coerce = false } = {}) {
  const ajv = new Ajv({ coerceTypes: coerce });
  addFormats(ajv);
  const check = ajv.compile(schema);
  return (value) => (check(value) ? undefined : check.errors);
}
