/**
 * The app of the boundary benchmarks: a constant, a JSON round trip, a text echo, a busy loop,
 * and a route with hooks.
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

const count = ({ local }) => {
  local.set("hooks", (local.get("hooks") ?? 0) + 1);
};
const mark = (reply) => reply.headers.set("x-hooked", "1");
app.get("/hooked", { hooks: { preHandler: [count], onResponse: [mark] } }, ({ local }) => ({
  hooks: local.get("hooks") ?? 0,
}));

export const { definition, handler, hooks } = app.component();
