/**
 * The app that the benchmarks call: a constant, JSON read and written, a text echoed,
 * and a request that keeps the CPU busy.
 */
import { Spikard } from "@spikard/wasm";

const app = new Spikard({ name: "bench-boundary" });

app.get("/hello", () => ({ message: "Hello, World!" }));

app.post("/echo", { body: {} }, ({ body }) => body);

app.post("/text", ({ body }) => body);

app.get("/spin", { query: { ms: { type: "integer" } } }, ({ params }) => {
  const until = Date.now() + params.ms;
  while (Date.now() < until);
  return { spun: params.ms };
});

export const { definition, handler, hooks } = app.component();
