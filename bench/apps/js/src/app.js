/**
 * The handlers of the suite `core`; bench/workloads defines their replies.
 */
import { Spikard } from "@spikard/wasm";
import { MORE_ROUTES } from "./more-routes.js";

const app = new Spikard({ name: "bench-app" });

app.get("/health", () => ({ status: "ok" }));

app.get("/hello", () => ({ message: "Hello, World!" }));

app.post("/echo", { body: {} }, ({ body }) => body);

const properties = {};
for (let i = 0; i < 5; i++) {
  properties[`text${i}`] = { type: "string", minLength: 1, maxLength: 64 };
  properties[`count${i}`] = { type: "integer", minimum: 0 };
  properties[`price${i}`] = { type: "number", minimum: 0 };
  properties[`flag${i}`] = { type: "boolean" };
}
const body = { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
app.post("/validated-20", { body }, ({ body }) => body);

app.get("/hooks/0", () => ({ hooks: 0 }));

const count = ({ local }) => {
  local.set("hooks", (local.get("hooks") ?? 0) + 1);
};
const counted = ({ local }) => ({ hooks: local.get("hooks") ?? 0 });
app.get("/hooks/1", { hooks: { preHandler: [count] } }, counted);
app.get("/hooks/3", { hooks: { preHandler: [count, count, count] } }, counted);

const integer = { type: "integer", minimum: 0, required: true };

app.get("/cpu", { query: { seed: integer, rounds: integer } }, ({ params }) => {
  let value = (2166136261 ^ params.seed) >>> 0;
  for (let round = 0; round < params.rounds; round++) {
    value = Math.imul(value ^ (round & 255), 16777619) >>> 0;
  }
  return { hash: value };
});

app.get("/allocate", { query: { items: integer } }, ({ params }) => {
  const all = [];
  for (let id = 0; id < params.items; id++) {
    all.push({ id, name: `item-${id}`, tags: [`a${id}`, `b${id}`] });
  }
  const kept = all.filter((item) => item.id % 3 === 0 && item.tags.length === 2);
  const bytes = kept.reduce((sum, item) => sum + item.name.length, 0);
  return { items: all.length, kept: kept.length, bytes };
});

app.get("/slow", { query: { ms: integer } }, async ({ params }) => {
  await new Promise((resolve) => setTimeout(resolve, params.ms));
  return { slept: params.ms };
});

app.get("/spin", { query: { ms: integer } }, ({ params }) => {
  const until = Date.now() + params.ms;
  while (Date.now() < until);
  return { spun: params.ms };
});

for (let route = 0; route < MORE_ROUTES; route++) {
  app.get(`/routes/r${route}/{id}`, ({ params }) => ({ route, id: params.id }));
}

export const { definition, handler, hooks } = app.component();
