/**
 * The handlers of the suites with databases, other services and timers; bench/workloads defines their
 * replies.
 */
import { config, Reply, Spikard, sleep } from "@spikard/wasm";
import { fortunes } from "./fortunes.js";
import { cachedQueries, db, queries, updates } from "./worlds.js";

const app = new Spikard({ name: "bench-data" });
const headers = { server: "spikard-wasm" };
const named = (handler) => async (context) => new Reply(await handler(context), { headers });
const text = { type: "string" };
const integer = { type: "integer", minimum: 0, required: true };

app.get("/health", () => ({ status: "ok" }));
app.get("/json", () => new Reply({ message: "Hello, World!" }, { headers }));
app.get("/plaintext", () => new Reply("Hello, World!", { headers }));

app.get("/db", named(db));
app.get("/queries", { query: { queries: text } }, named(queries));
app.get("/updates", { query: { queries: text } }, named(updates));
app.get("/cached-queries", { query: { count: text } }, named(cachedQueries));
app.get("/fortunes", async () => {
  const page = await fortunes();
  return new Reply(page, { headers: { ...headers, "content-type": "text/html; charset=utf-8" } });
});

async function call(upstream, number) {
  const response = await fetch(`${upstream}/numbers/${number}`);
  return (await response.json()).number;
}

app.get("/fetch", { query: { calls: integer } }, async ({ params: { calls } }) => {
  const upstream = config("upstream");
  const numbers = await Promise.all(Array.from({ length: calls }, (_, number) => call(upstream, number)));
  return { calls, sum: numbers.reduce((sum, number) => sum + number, 0) };
});

app.get("/wait", { query: { ms: integer } }, async ({ params: { ms } }) => {
  await sleep(ms);
  return { waited: ms };
});

// One operation that is ready at once, and the same handler without it.
app.get("/operation", () => ({ greeting: config("greeting") }));
app.get("/no-operation", () => ({ greeting: "hello" }));

export const { definition, handler, hooks } = app.component();
